"""``grade``: how well the grader tells equal answers from different ones, on a file of labelled pairs.

Reads JSON Lines with ``kind``, ``label`` (``equal``, ``different`` or ``rounded``), ``gold`` and ``answer``; prints
how many of each kind are accepted, and the rates over all. Pairs labelled ``rounded`` count for neither rate. It
judges the grader, never a model: that is ``evaluate``.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from trainer.arguments import seconds
from trainer.runs import json_of
from tutor_app.adapters.grading.grader import Grade, Grader, Mode
from tutor_app.core.errors import UserFault

LABELS: Final = ("equal", "different", "rounded")
_RIGHT: Final = {"equal": "correct", "different": "incorrect"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A gold answer and another, and what people say of them."""

    kind: str
    label: str
    gold: str
    answer: str


@dataclass(slots=True)
class Tally:
    """What the grader said of the pairs of a kind or of a label."""

    pairs: int = 0
    accepted: int = 0
    unknown: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, grade: Grade) -> None:
        """Count one more."""
        self.pairs += 1
        self.accepted += grade.verdict == "correct"
        self.unknown += grade.verdict == "unknown"
        self.reasons[grade.reason] += 1

    @property
    def rate(self) -> float:
        """Accepted, in percent."""
        return 100 * self.accepted / self.pairs if self.pairs else 0.0


def read_pairs(file: Path) -> Iterator[Pair]:
    """The pairs of a file.

    Raises:
        UserFault: If the file cannot be read or a line is of another form; it names the line.
    """
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _pair(line, f"{file}, line {number}")
    except OSError as e:
        raise UserFault(f"{file} cannot be read: {e.strerror or e}.", "Give a JSONL file with --pairs.") from e
    except UnicodeDecodeError as e:
        raise UserFault(f"{file} is not UTF-8 text.", "Give a JSONL file with --pairs.") from e


def _pair(line: str, where: str) -> Pair:
    try:
        row = json_of(line)
    except ValueError as e:
        raise UserFault(f"{where}: {e}.") from e
    fields = ("kind", "label", "gold", "answer")
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in fields):
        raise UserFault(f"{where}: expected an object with the texts kind, label, gold and answer.")
    if row["label"] not in LABELS:
        raise UserFault(f"{where}: the label is {row['label']!r}; expected one of {', '.join(LABELS)}.")
    return Pair(row["kind"], row["label"], row["gold"], row["answer"])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    parser.add_argument("--pairs", type=Path, required=True, metavar="FILE.jsonl", help="labelled pairs of answers")
    parser.add_argument("--paper", action="store_true", help="grade as the published results were graded")
    parser.add_argument("--exact", action="store_true", help="accept no rounded decimal for an exact gold answer")
    parser.add_argument("--mistakes", action="store_true", help="list the pairs that were judged against their label")
    parser.add_argument("--timeout", type=seconds, default=5.0, metavar="S", help="seconds for one hard comparison (5)")


def main(options: argparse.Namespace) -> int:
    """Grade every pair and print the rates."""
    mode: Mode = "paper" if options.paper else "strict"
    kinds: dict[tuple[str, str], Tally] = {}
    labels = {label: Tally() for label in LABELS}
    wrong: list[tuple[Pair, Grade]] = []
    began = time.monotonic()
    with Grader(timeout=options.timeout, accept_rounded=not options.exact) as grader:
        for pair in read_pairs(options.pairs):
            grade = grader.grade(pair.gold, pair.answer, mode=mode)
            kinds.setdefault((pair.label, pair.kind), Tally()).add(grade)
            labels[pair.label].add(grade)
            if _RIGHT.get(pair.label, grade.verdict) != grade.verdict:
                wrong.append((pair, grade))
    seconds = time.monotonic() - began
    count = sum(tally.pairs for tally in labels.values())
    if not count:
        raise UserFault(f"{options.pairs} has no pairs.")
    if options.mistakes:
        for pair, grade in wrong:
            print(f"{pair.label:9}  {pair.kind:20}  {pair.gold!r}  {pair.answer!r}  {grade.verdict}: {grade.reason}")
        print()
    print(f"{'label':9}  {'kind':24} {'pairs':>6} {'accepted':>9} {'unknown':>8}")
    for (label, kind), tally in sorted(kinds.items(), key=lambda item: (LABELS.index(item[0][0]), item[0][1])):
        print(f"{label:9}  {kind:24} {tally.pairs:6} {tally.rate:8.2f}% {tally.unknown:8}")
    print()
    for label, tally in labels.items():
        if tally.pairs:
            rounded = tally.reasons["rounded"] if not options.exact and mode == "strict" else 0
            note = f", {rounded} of them as correct roundings" if rounded else ""
            print(f"all {label}: {tally.accepted} of {tally.pairs} accepted ({tally.rate:.2f}%{note})")
    print(f"{mode} grading, {count} pairs in {seconds:.1f} s ({count / max(seconds, 1e-9):.0f} a second)")
    return 0
