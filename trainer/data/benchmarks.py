"""Readers of the benchmarks MuMath-Code reports: each row becomes a problem and its gold answer.

The files are JSON Lines in the form their authors publish. Nothing is downloaded here, and nothing here trains.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tutor_app.core.answers import boxed
from tutor_app.core.errors import UserFault
from tutor_app.tutor.samples import sample_problems


@dataclass(frozen=True, slots=True)
class Task:
    """One problem of a benchmark.

    Attributes:
        index: Line in the file, from 0.
        problem: As the model is asked.
        gold: The published answer.
        group: Subject and level, where the benchmark has them.
    """

    index: int
    problem: str
    gold: str
    group: str = ""


Row = Mapping[str, Any]


def _gsm8k(row: Row) -> tuple[str, str, str]:
    """Cobbe et al. 2021: the gold answer follows ``####``."""
    return row["question"], row["answer"].rsplit("####", 1)[1].strip().replace(",", ""), ""


def _math(row: Row) -> tuple[str, str, str]:
    r"""Hendrycks et al. 2021: the gold answer is the last ``\boxed{}`` of the solution."""
    gold = [content for content, _ in boxed(row["solution"])]
    if not gold:
        raise KeyError(r"\boxed in solution")
    return row["problem"], gold[-1], f"{row.get('type', '')} {row.get('level', '')}".strip()


def _asked(*names: str) -> Callable[[Row], tuple[str, str, str]]:
    """A reader for rows that hold the question and the answer under one of several common keys."""

    def read(row: Row) -> tuple[str, str, str]:
        question = next((str(row[n]) for n in (*names, "question", "problem", "input") if n in row), None)
        answer = next((row[n] for n in ("target", "answer", "Answer", "ans", "gt") if n in row), None)
        if question is None or answer is None:
            raise KeyError("question and answer")
        return question, str(answer).replace(",", ""), str(row.get("Type", row.get("type", "")))

    return read


def _svamp(row: Row) -> tuple[str, str, str]:
    """Patel et al. 2021: body and question apart."""
    if "Body" in row:
        body = str(row["Body"]).strip()
        return f"{body}{'' if body.endswith(('.', '?', '!')) else '.'} {row['Question']}", str(row["Answer"]), ""
    return _asked()(row)


def _tabmwp(row: Row) -> tuple[str, str, str]:
    """Lu et al. 2023: a table as text before the question, choices after it."""
    title = f"{row['table_title']}\n" if row.get("table_title") else ""
    choices = f"\nChoices: {', '.join(map(str, row['choices']))}" if row.get("choices") else ""
    question = f"{title}{row.get('table', '')}\n\n{row['question']}{choices}".strip()
    return question, str(row["answer"]), ""


READERS: Final[Mapping[str, Callable[[Row], tuple[str, str, str]]]] = {
    "gsm8k": _gsm8k,
    "math": _math,
    "svamp": _svamp,
    "asdiv": _asked("body"),
    "gsm-hard": _asked(),
    "mawps": _asked(),
    "tabmwp": _tabmwp,
}


SAMPLES: Final = "samples"
"""The sample problems that come with the program: the one benchmark that needs no file."""


def read(benchmark: str, path: Path | None) -> Iterator[Task]:
    """Tasks of a file.

    Raises:
        UserFault: If the benchmark is unknown, or the file or a line is not in its form; names the line.
    """
    if benchmark == SAMPLES:
        for index, p in enumerate(sample_problems()):
            yield Task(index, p.problem, p.answer, f"{p.topic} {p.difficulty}")
        return
    reader = READERS.get(benchmark)
    if reader is None:
        raise UserFault(f"There is no benchmark {benchmark!r}.", f"Choose one of {SAMPLES}, {', '.join(READERS)}.")
    if path is None:
        raise UserFault(f"The benchmark {benchmark} needs its file.", "Give it with --data.")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror}.") from None
    rows = [(n, line) for n, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise UserFault(f"{path} is empty.")
    for index, (number, line) in enumerate(rows):
        try:
            problem, gold, group = reader(json.loads(line))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as e:
            what = re.sub(r"\s+", " ", str(e))
            raise UserFault(f"{path}, line {number} is not in the form of {benchmark}: {what}.") from None
        yield Task(index, problem, gold, group)
