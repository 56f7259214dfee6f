"""Readers of the benchmarks MuMath-Code reports: each row becomes a problem and its gold answer.

The files are JSON Lines in the form their authors publish, or one JSON array or object of the same rows, as SVAMP and
TabMWP come. Nothing is downloaded here, and nothing here trains.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trainer.runs import json_of
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
    return row["problem"], gold[-1], f"{row.get('type') or row.get('subject', '')} {row.get('level', '')}".strip()


def _svamp(row: Row) -> tuple[str, str, str]:
    """Patel et al. 2021: body and question apart; a body without a full stop gets one."""
    body = str(row["Body"]).strip()
    body += "" if body.endswith(".") else "."
    return f"{body} {str(row['Question']).strip()}", str(row["Answer"]), str(row.get("Type", ""))


_UNIT: Final = re.compile(r"\([^()]*\)")
_VALUE_AND_UNIT: Final = re.compile(r"(\([^()]*\d[^()]*\))\s+\([^()\d]*\)")


def _asdiv(row: Row) -> tuple[str, str, str]:
    """Miao et al. 2020: body and question apart; the gold answer is followed by its unit in brackets."""
    gold = answer = _VALUE_AND_UNIT.sub(r"\1", str(row["answer"]).strip())
    while _UNIT.search(gold):  # from within: a unit may have brackets of its own
        gold = _UNIT.sub("", gold)
    gold = re.sub(r"\s+(?=;)|(?<=\s)\s+", "", gold).strip(" ;")
    gold = gold or answer  # an answer of nothing but brackets, such as a pair of coordinates
    return f"{str(row['body']).strip()} {str(row['question']).strip()}", gold, str(row.get("solution_type", ""))


def _with_target(row: Row) -> tuple[str, str, str]:
    """GSM-Hard (Gao et al. 2022) and MAWPS (Koncel-Kedziorski et al. 2016): the answer is a number, or several."""
    target = row["target"]
    gold = ", ".join(map(str, target)) if isinstance(target, list) else str(target)
    if not gold.strip():
        raise KeyError("target")
    return str(row["input"]), gold, str(row.get("type", ""))


def _tabmwp(row: Row) -> tuple[str, str, str]:
    """Lu et al. 2023: a table as text, the question, and choices where there are any."""
    title = f'regarding "{row["table_title"]}" ' if row.get("table_title") else ""
    question = f"Read the following table {title}and answer a question:\n{row['table']}\n{row['question']}"
    if row.get("choices"):
        question += f" Please select from the following options: {row['choices']}"
    gold = str(row["answer"])
    if row.get("ans_type") in ("integer_number", "decimal_number"):
        gold = _as_decimal(gold)
    return question, gold, str(row.get("ans_type", ""))


def _as_decimal(gold: str) -> str:
    """A number as TabMWP's results were graded: a fraction as a decimal, a percentage as a share.

    What is neither, such as a mixed number or an amount with its sign, stays as it is published.
    """
    plain = gold.strip().replace(",", "")
    top, fraction, bottom = plain.partition("/")
    share, percent, _ = plain.partition("%")
    try:
        if fraction:
            return str(float(top) / float(bottom))
        return str(float(share) / 100 if percent else float(plain))
    except (ValueError, ZeroDivisionError):
        return gold


READERS: Final[Mapping[str, Callable[[Row], tuple[str, str, str]]]] = {
    "gsm8k": _gsm8k,
    "math": _math,
    "svamp": _svamp,
    "asdiv": _asdiv,
    "gsm-hard": _with_target,
    "mawps": _with_target,
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
        # By line feeds alone: a text may hold other characters that end a line elsewhere.
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror}.") from None
    except UnicodeDecodeError as e:
        raise UserFault(f"{path} is not UTF-8 text (byte {e.start}).", "Save it as UTF-8.") from None
    rows = _rows(lines)
    if not rows:
        raise UserFault(f"{path} is empty.")
    for index, (where, row) in enumerate(rows):
        try:
            problem, gold, group = reader(json_of(row) if isinstance(row, str) else row)
        except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as e:
            what = f"it lacks {e}" if isinstance(e, KeyError) else re.sub(r"\s+", " ", str(e))
            raise UserFault(f"{path}, {where} is not in the form of {benchmark}: {what}.") from None
        yield Task(index, problem.strip(), gold, group)


def _rows(lines: Sequence[str]) -> list[tuple[str, Any]]:
    """Rows with where they stand: lines of JSON text, or the parsed rows of a file that is one array or object."""
    found: list[tuple[str, Any]] = [(f"line {n}", line) for n, line in enumerate(lines, 1) if line.strip()]
    if not found or found[0][1].strip()[0] not in "[{":
        return found
    try:
        # A line that is whole begins JSON Lines; otherwise the text as a whole may be one value.
        first = json_of(found[0][1])
    except ValueError:
        first = None
    one_value = first is None or (len(found) == 1 and (isinstance(first, list) or _holds_rows(first)))
    if not one_value:
        return found
    try:
        whole = json_of("\n".join(lines))
    except ValueError:
        return found
    if isinstance(whole, dict) and not _holds_rows(whole):
        return [("its only row", whole)]
    values = whole.values() if isinstance(whole, dict) else whole
    return [(f"row {n}", row) for n, row in enumerate(values, 1)]


def _holds_rows(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(row, dict) for row in value.values())
