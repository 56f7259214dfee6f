"""Leaves out training problems that overlap a test set, and reports every one.

Five rules, the first that fits is reported: the same text once case, punctuation and LaTeX spacing are gone; the same
text once every number is masked too (a test problem with other numbers); ``n`` words in a row in common; the same
numbers and operators in the same order with nearly the same words between them; or eight words in a row and most of the
others. Operators and signs are words: x² - 5x + 6 is not x² + 5x - 6. Alike is measured by Ratcliff and Obershelp's
ratio (1988) over words, as :class:`difflib.SequenceMatcher` has it. Only problems are compared: solutions share phrases
by nature. A paraphrase in other words is not found by this.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

from trainer.data import cores
from trainer.data.records import Rejects, read_lines
from trainer.data.testsets import question_of
from trainer.runs import ProgressLine
from tutor_app.core.errors import UserFault
from tutor_app.core.transcript import Transcript

DEFAULT_NGRAM: Final = 13
STAMP: Final = "decontaminated"
"""Key of ``meta`` that lists the test sets (name and hash) that a record was compared with."""
MIN_MASKED_WORDS: Final = 8
"""A shorter problem without its numbers ("what is # + #") says too little to be called the same."""

_SPACING: Final = re.compile(
    r"\\(?:[,;:!]|(?:quad|qquad|left|right|displaystyle|text|mbox|mathrm|dfrac|tfrac|frac)(?![a-z]))"
)
_WORD: Final = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|(?<![^\W\d_])-|-(?![^\W\d_])|(?<=[\w)])!|[+*/^=<>|]")
_OPERATORS: Final = str.maketrans(
    dict.fromkeys("\u2212\u2013", "-")
    | dict.fromkeys("\u00d7\u00b7\u22c5", "*")
    | {"\u00f7": "/", "\u2264": "<=", "\u2265": ">=", "\u00b2": "^2", "\u00b3": "^3", "\u221a": " sqrt "}
)
_LATEX_OPERATORS: Final = re.compile(r"\\(times|cdot|div|le|leq|ge|geq)(?![a-z])")
_LATEX_SIGNS: Final = {"times": "*", "cdot": "*", "div": "/", "le": "<=", "leq": "<=", "ge": ">=", "geq": ">="}
SHINGLE: Final = 3
"""Words in a row by which candidates for a comparison are found."""
COMMON: Final = 400
"""Test problems with the same words in a row from which on these say nothing."""
NEAR: Final = 0.8
"""Share of words in common at which texts with the same numbers and operators are the same problem."""
NEAR_NGRAM: Final = 8
"""Words in a row that make a text the same problem where also ..."""
NEAR_BESIDE: Final = 0.7
"""... this share of the words is common."""
_DIGIT_COMMA: Final = re.compile(r"(?<=\d),(?=\d{3})")


def words(text: str) -> list[str]:
    """Words, numbers and operators of a problem, lower case, without punctuation and LaTeX spacing."""
    plain = _LATEX_OPERATORS.sub(lambda m: f" {_LATEX_SIGNS[m[1]]} ", _DIGIT_COMMA.sub("", text).translate(_OPERATORS))
    return _WORD.findall(_SPACING.sub(" ", plain).lower().replace("**", "^"))


def _masked(tokens: Sequence[str]) -> str:
    return " ".join("#" if t[0].isdigit() else t for t in tokens)


def _shingles(tokens: Sequence[str]) -> set[str]:
    return {" ".join(tokens[i : i + SHINGLE]) for i in range(len(tokens) - SHINGLE + 1)}


def _mathematics(tokens: Sequence[str]) -> list[str]:
    """The numbers, operators and one-letter names."""
    return [t for t in tokens if not t.isalpha() or (len(t) == 1 and t not in "ai")]


def _says_enough(tokens: Sequence[str]) -> bool:
    return sum(t[0].isalnum() for t in tokens) >= MIN_MASKED_WORDS


_RAREST: Final = 12
ALONE: Final = 4000
"""Fewer records are not worth starting processes for."""
CHUNK: Final = 200
"""Problems that a process takes at once."""


@dataclass(slots=True)
class TestSet:
    """What of a benchmark a training problem is compared with."""

    __test__ = False  # not a test case, whatever its name says

    name: str
    exact: dict[str, int] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)
    ngrams: dict[str, int] = field(default_factory=dict)
    texts: dict[int, list[str]] = field(default_factory=dict)
    shingles: dict[str, list[int]] = field(default_factory=dict)

    def add(self, problem: str, line: int, n: int) -> None:
        """Take in a test problem."""
        tokens = words(problem)
        self.exact.setdefault(" ".join(tokens), line)
        if _says_enough(tokens):
            self.masked.setdefault(_masked(tokens), line)
        self.texts[line] = tokens
        for shingle in _shingles(tokens):
            self.shingles.setdefault(shingle, []).append(line)
        for i in range(len(tokens) - n + 1):
            self.ngrams.setdefault(" ".join(tokens[i : i + n]), line)

    def overlap(self, problem: str, n: int) -> tuple[str, int] | None:
        """The rule that fits, and the test set's line."""
        tokens = words(problem)
        if (line := self.exact.get(" ".join(tokens))) is not None:
            return "same text", line
        if _says_enough(tokens) and (line := self.masked.get(_masked(tokens))) is not None:
            return "same text, other numbers", line
        for i in range(len(tokens) - n + 1):
            if (line := self.ngrams.get(" ".join(tokens[i : i + n]))) is not None:
                return f"{n} words in a row", line
        return self._near(tokens)

    def _near(self, tokens: list[str]) -> tuple[str, int] | None:
        """A test problem with nearly the same words."""
        rare = sorted((found for s in _shingles(tokens) if (found := self.shingles.get(s))), key=len)
        candidates = dict.fromkeys(line for found in rare[:_RAREST] if len(found) <= COMMON for line in found)
        matcher: SequenceMatcher[str] = SequenceMatcher(autojunk=False)
        matcher.set_seq2(tokens)  # the one that is analysed
        for line in candidates:
            theirs = self.texts[line]
            matcher.set_seq1(theirs)
            if matcher.real_quick_ratio() < min(NEAR, NEAR_BESIDE) or matcher.quick_ratio() < min(NEAR, NEAR_BESIDE):
                continue
            alike = matcher.ratio()
            if alike >= NEAR and _mathematics(tokens) == _mathematics(theirs):
                return "nearly the same words", line
            longest = max(block.size for block in matcher.get_matching_blocks())
            if alike >= NEAR_BESIDE and longest >= NEAR_NGRAM and _mathematics(tokens) == _mathematics(theirs):
                return f"{NEAR_NGRAM} words in a row and most of the others", line
        return None


def read_test_set(path: Path, n: int = DEFAULT_NGRAM) -> TestSet:
    """A benchmark file.

    Raises:
        UserFault: If it cannot be read, a line has no problem, or there is none at all: comparing with an empty or
            misread test set would call everything clean.
    """
    found = TestSet(path.name)
    count = 0
    for count, problem in enumerate(read_lines(path, question_of, Rejects(strict=True)), 1):
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
        """The report for a JSON file."""
        by = Counter(f"{r['test_set']}: {r['rule']}" for r in self.removed)
        return {"kept": self.kept, "removed": len(self.removed), "by_rule": dict(by), "rows": list(self.removed)}


Hit = tuple[str, tuple[str, int]]
"""The test set that a problem overlaps, the rule that fits, and the test set's line."""
_compared: tuple[Sequence[TestSet], int] = ((), DEFAULT_NGRAM)


def _begin(tests: Sequence[TestSet], n: int) -> None:
    global _compared
    _compared = (tests, n)


def _hits(problems: Sequence[str]) -> list[Hit | None]:
    tests, n = _compared
    return [next(((t.name, o) for t in tests if (o := t.overlap(p, n)) is not None), None) for p in problems]


def decontaminate(
    records: Sequence[Transcript], tests: Sequence[TestSet], n: int = DEFAULT_NGRAM, *, processes: int = 0
) -> tuple[list[Transcript], Report]:
    """Records that overlap no test set, and the report of the others; the same whatever the number of processes.

    A record made from another is compared by its own problem; so an altered test problem is found by its masked
    numbers, however its source was named.

    Args:
        records: To compare.
        tests: With what.
        n: Words in a row that make an overlap.
        processes: That compare; 0 takes one for each processor, and this one alone for few records.

    Raises:
        HostFault: If a process dies.
    """
    processes = processes or (cores.count() if len(records) >= ALONE else 1)
    problems = (r.problem for r in records)
    hits = cores.spread(problems, _hits, begin=_begin, given=(tests, n), chunk=CHUNK, processes=processes)
    kept: list[Transcript] = []
    removed: list[dict[str, Any]] = []
    progress = ProgressLine("decontaminate", len(records))
    for record, hit in zip(progress.over(records), hits, strict=True):
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
