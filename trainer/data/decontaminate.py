"""Leaves out training problems that overlap a test set, and reports every one.

Three rules, the first that fits is reported: the same text once case, punctuation and LaTeX spacing are gone; the
same text once every number is masked too (a test problem with other numbers); or ``n`` words in a row in common. Only
problems are compared: solutions share phrases by nature. Paraphrases are not found by this.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from trainer.data.records import BadLine, Rejects, read_lines
from tutor_app.core.errors import UserFault
from tutor_app.core.transcript import Transcript, TranscriptFormatError

DEFAULT_NGRAM: Final = 13
MIN_MASKED_WORDS: Final = 8
"""A shorter problem without its numbers ("what is # + #") says too little to be called the same."""

_SPACING: Final = re.compile(
    r"\\(?:[,;:!]|(?:quad|qquad|left|right|displaystyle|text|mbox|mathrm|dfrac|tfrac|frac)(?![a-z]))"
)
_WORD: Final = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+")
_DIGIT_COMMA: Final = re.compile(r"(?<=\d),(?=\d{3})")


def words(text: str) -> list[str]:
    """Words and numbers of a problem, lower case, without punctuation and LaTeX spacing."""
    return _WORD.findall(_SPACING.sub(" ", _DIGIT_COMMA.sub("", text)).lower())


def _masked(tokens: Sequence[str]) -> str:
    return " ".join("#" if t[0].isdigit() else t for t in tokens)


@dataclass(slots=True)
class TestSet:
    """What of a benchmark a training problem is compared with."""

    __test__ = False  # not a test case, whatever its name says

    name: str
    exact: dict[str, int] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)
    ngrams: dict[str, int] = field(default_factory=dict)

    def add(self, problem: str, line: int, n: int) -> None:
        """Take in a test problem."""
        tokens = words(problem)
        self.exact.setdefault(" ".join(tokens), line)
        if len(tokens) >= MIN_MASKED_WORDS:
            self.masked.setdefault(_masked(tokens), line)
        for i in range(len(tokens) - n + 1):
            self.ngrams.setdefault(" ".join(tokens[i : i + n]), line)

    def overlap(self, problem: str, n: int) -> tuple[str, int] | None:
        """The rule that fits, and the test set's line."""
        tokens = words(problem)
        if (line := self.exact.get(" ".join(tokens))) is not None:
            return "same text", line
        if len(tokens) >= MIN_MASKED_WORDS and (line := self.masked.get(_masked(tokens))) is not None:
            return "same text, other numbers", line
        for i in range(len(tokens) - n + 1):
            if (line := self.ngrams.get(" ".join(tokens[i : i + n]))) is not None:
                return f"{n} words in a row", line
        return None


def _problem(value: Any, _: int) -> str:
    if isinstance(value, dict) and "turns" in value:
        try:
            return Transcript.from_dict(value).problem
        except TranscriptFormatError as e:
            raise BadLine(f"expected a transcript: {e}") from None
    for key in ("question", "problem", "Question", "input"):
        text = value.get(key) if isinstance(value, dict) else None
        if isinstance(text, str) and text.strip():
            body = value.get("Body") or value.get("body")
            return f"{body} {text}" if isinstance(body, str) else text
    raise BadLine('expected a problem under "question" or "problem", or a transcript')


def read_test_set(path: Path, n: int = DEFAULT_NGRAM) -> TestSet:
    """A benchmark file.

    Raises:
        UserFault: If it cannot be read, a line has no problem, or there is none at all: comparing with an empty or
            misread test set would call everything clean.
    """
    found = TestSet(path.name)
    count = 0
    for count, problem in enumerate(read_lines(path, _problem, Rejects(strict=True)), 1):
        found.add(problem, count, n)
    if not count:
        raise UserFault(f"{path} holds no test problem.", "Check the path.")
    return found


@dataclass(frozen=True, slots=True)
class Report:
    """What was left out.

    Attributes:
        kept: Records.
        removed: One row for each record left out: id, test set, its line, rule, problem.
    """

    kept: int
    removed: tuple[dict[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """For a JSON file."""
        by = Counter(f"{r['test_set']}: {r['rule']}" for r in self.removed)
        return {"kept": self.kept, "removed": len(self.removed), "by_rule": dict(by), "rows": list(self.removed)}


def decontaminate(
    records: Iterable[Transcript], tests: Sequence[TestSet], n: int = DEFAULT_NGRAM
) -> tuple[list[Transcript], Report]:
    """Records that overlap no test set, and the report of the others.

    A record made from another is compared by its own problem; so an altered test problem is found by its masked
    numbers, however its source was named.
    """
    kept: list[Transcript] = []
    removed: list[dict[str, Any]] = []
    for record in records:
        hit = next(((t.name, o) for t in tests if (o := t.overlap(record.problem, n)) is not None), None)
        if hit is None:
            kept.append(record)
            continue
        name, (rule, line) = hit
        removed.append(
            {"id": record.meta.get("id"), "test_set": name, "line": line, "rule": rule, "problem": record.problem}
        )
    return kept, Report(len(kept), tuple(removed))


def report_text(report: Report) -> str:
    """The report as text."""
    out = [f"{report.kept:,} records kept, {len(report.removed):,} removed."]
    out += [f"  {rule}: {n}" for rule, n in report.to_dict()["by_rule"].items()]
    return "\n".join(out)


def dump(report: Report) -> str:
    """The report as JSON text."""
    return json.dumps(report.to_dict(), indent=2, ensure_ascii=False)
