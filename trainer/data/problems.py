"""Problems that new data is made from: questions, with or without a known answer and a solution.

Records (whatever made them), GSM8K and MATH lines, and plain ``{"question": ...}`` or ``{"problem": ...}`` lines are
read. A problem without an answer is kept: whether that is enough is decided by who uses it, and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.data.records import BadLine, Rejects, question_id, read_lines
from trainer.data.seeds import gsm8k, math
from tutor_app.core.errors import UserFault
from tutor_app.core.part_json import TranscriptFormatError
from tutor_app.core.parts import Part, Text
from tutor_app.core.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Problem:
    """A question to make data from.

    Attributes:
        text: The question.
        gold: Its answer; empty if none is known.
        solution: Its solution; may be empty.
        annotated: GSM8K's own answer text, with its calculator annotations, where the line has it.
        meta: Provenance: at least ``id``, ``source``, ``source_id``, ``licence``; of records all that they say.
    """

    text: str
    gold: str
    solution: tuple[Part, ...] = ()
    annotated: str = ""
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of the record or the question."""
        return str(self.meta["id"])

    @property
    def reasoning(self) -> str:
        """The words of the solution."""
        return "".join(p.text for p in self.solution if isinstance(p, Text)).strip()


def read_problem(value: Any, line: int) -> Problem:
    """A problem of any of the forms.

    Raises:
        BadLine: If there is no question.
    """
    if isinstance(value, dict) and "turns" in value:
        return _of_record(value)
    if isinstance(value, dict) and "####" in str(value.get("answer", "")) and "question" in value:
        record = gsm8k(value, line, "gsm8k-train", "MIT")
        return _of(record, annotated=str(value["answer"]))
    if isinstance(value, dict) and "problem" in value and "\\boxed" in str(value.get("solution", "")):
        return _of(math(value, line, "math-train", "MIT"))
    for key in ("question", "problem"):
        text = value.get(key) if isinstance(value, dict) else None
        if isinstance(text, str) and text.strip():
            gold = next((value[k] for k in ("gold", "gt", "answer") if k in value), "")
            if not isinstance(gold, str | int | float) or isinstance(gold, bool):
                raise BadLine("expected the answer to be a text or a number")
            id = question_id(text)
            meta = {"id": id, "source": "questions", "source_id": id, "licence": "unstated"}
            return Problem(text.strip(), str(gold).strip(), meta={**meta, "source_line": line})
    raise BadLine('expected a record, or an object with a text "question" or "problem"')


def _of_record(value: Any) -> Problem:
    try:
        record = Transcript.from_dict(value)
    except TranscriptFormatError as e:
        raise BadLine(f"expected a transcript: {e}") from None
    if not record.problem.strip():
        raise BadLine("expected a problem in the first user turn")
    return _of(record)


def _of(record: Transcript, annotated: str = "") -> Problem:
    id = question_id(record.problem)
    usual = {"id": id, "source": "questions", "source_id": id, "licence": "unstated"}
    gold = str(record.meta.get("gold", "")).strip()
    return Problem(record.problem.strip(), gold, record.solution, annotated, {**usual, **record.meta})


def read_problems(files: Sequence[Path], rejects: Rejects) -> list[Problem]:
    """The problems of some files, each question once.

    Raises:
        UserFault: If there are none, a file cannot be read, or a line is bad and ``rejects`` is strict.
    """
    found: dict[str, Problem] = {}
    for path in files:
        for problem in read_lines(path, read_problem, rejects):
            key = question_id(problem.text)
            known = found.get(key)
            if known is None or (problem.gold and not known.gold) or (problem.annotated and not known.annotated):
                found[key] = problem
    if not found:
        raise UserFault(f"There is no problem in {', '.join(map(str, files))}.", "Check the files.")
    return list(found.values())
