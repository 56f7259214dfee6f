"""Judges labelled works of students, line by line, and counts what is found.

Usage: ``python packaging/student_work.py [DATA.jsonl] [--list]``. Each line of the file is a JSON object with
``problem``, ``lines``, the number of the first wrong line as ``wrong`` (from 1; null if all are right) and the slip
there by its code as ``slip`` (empty if it has no name). Without a file the works of the repository's own tests are
taken. Lines after the first wrong one are not counted. Exits with 1 if more than 1 in 100 right lines is called false,
less than 90 % of the wrong ones is found at its line, or less than 70 % of the slips is named rightly.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tutor_app.adapters.checking.checker import Checker
from tutor_app.core.work import SLIPS, first_fault

CARRIED = Path(__file__).resolve().parents[1] / "tests" / "adapters" / "student_work.jsonl"


@dataclass
class Rates:
    """What was found in labelled works; ``misses`` holds a line of text for each thing that was judged otherwise."""

    right: int = 0
    alarms: int = 0
    wrong: int = 0
    found: int = 0
    slips: int = 0
    named: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def hold(self) -> bool:
        """Whether the rates are good enough."""
        few = 100 * self.alarms <= self.right
        return few and 10 * self.found >= 9 * self.wrong and 10 * self.named >= 7 * self.slips

    def __str__(self) -> str:
        rows = (
            ("right lines called false", self.alarms, self.right),
            ("wrong ones found at their line", self.found, self.wrong),
            ("slips named rightly", self.named, self.slips),
        )
        return "\n".join(f"{name:32} {n:6,} of {of:6,}  {n / of if of else 0:6.1%}" for name, n, of in rows)


def read_works(path: Path) -> list[dict[str, Any]]:
    """The works of a file.

    Raises:
        ValueError: a row is no labelled work.
    """
    works = []
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not row.strip():
            continue
        try:
            work = json.loads(row)
            wrong, count = work["wrong"], len(work["lines"])
            well = isinstance(work["problem"], str) and all(isinstance(line, str) for line in work["lines"])
            well &= wrong is None or (isinstance(wrong, int) and 1 <= wrong <= count)
            well &= work["slip"] in ("", *SLIPS)
        except (json.JSONDecodeError, KeyError, TypeError):
            well = False
        if not well:
            raise ValueError(f"{path}, row {number}: give problem, lines, wrong (from 1, or null) and slip (or empty)")
        works.append(work)
    return works


def rates(checker: Checker, works: Iterable[dict[str, Any]]) -> Rates:
    """Judges every work and compares the verdicts with the labels."""
    total = Rates()
    for work in works:
        lines, wrong = work["lines"], work["wrong"]
        verdicts = checker.work(work["problem"], lines)
        beginning = len(lines) if wrong is None else wrong - 1
        total.right += beginning
        for at in range(beginning):
            if verdicts[at].is_fault:
                total.alarms += 1
                total.misses.append(f"right, called {verdicts[at].kind}: {told(work, at)}")
        if wrong is None:
            continue
        verdict = verdicts[beginning]
        here = first_fault(verdicts) == beginning
        total.wrong += 1
        total.found += here
        if not here:
            total.misses.append(f"wrong, called {verdict.kind}: {told(work, beginning)}")
        if work["slip"]:
            total.slips += 1
            total.named += here and verdict.slip == work["slip"]
            if here and verdict.slip != work["slip"]:
                total.misses.append(f"{work['slip']}, named {verdict.slip or 'nothing'}: {told(work, beginning)}")
    return total


def told(work: dict[str, Any], at: int) -> str:
    """A line of a work with what stands before it."""
    before = " | ".join(work["lines"][:at])
    return f"{work['lines'][at]!r}  {work['problem']!r}" + (f"  after {before!r}" if before else "")


def main(argv: list[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description="judge labelled works of students, line by line")
    parser.add_argument("data", type=Path, nargs="?", default=CARRIED, help="JSON lines; without it the tests' own")
    parser.add_argument("--list", action="store_true", help="print each line that was judged otherwise")
    args = parser.parse_args(argv)
    try:
        works = read_works(args.data)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    with Checker() as checker:
        total = rates(checker, works)
    if args.list:
        print("\n".join(total.misses))
    print(f"{len(works):,} works of {args.data.name}")
    print(total)
    return int(not total.hold)


if __name__ == "__main__":
    sys.exit(main())
