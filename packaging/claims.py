"""Checks every statement of a file of solutions, and counts the verdicts.

Usage: ``python packaging/claims.py DATA.jsonl [--limit N] [--out FILE] [--mutate]``. Each line of the file is a JSON
object with ``steps`` (a list), ``solution`` or ``answer``. Notes of a calculator (``<<2+3=5>>``) are not part
of the text: it is counted how many of them stand in a statement that was checked. Rows that also tell a
``first_error_step`` are counted by whether that step was flagged, and whether an earlier one was.

A false statement is listed, unless ``claims_judged.jsonl`` beside this file says that it is false indeed; exits with 1
if one is left. With ``--mutate`` one number of every statement that was called true is changed, and it is counted how
many are then called false. One that exact arithmetic finds true all the same (``4 < 7`` for ``4 < 8``) is not counted.
An equation with unknowns may be another condition after the change, so the count is told for each rule by which the
statement was called true.
"""

from __future__ import annotations

import argparse
import functools
import json
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tutor_app.adapters.checking.checker import Checker, Excerpt
from tutor_app.core.claims import Claim, Tally

HERE = Path(__file__).resolve().parent
NOTE = re.compile(r"<<[^<>]*>>")
NUMBER = re.compile(r"(?<![\w.,^_])\d+(?:,\d{3})*(?:\.\d+)?(?![\w,]*\d)")


@dataclass
class Row:
    """What was found in one row.

    Attributes:
        number: Of the row, from 0.
        claims: With the step that each stands in, from 1; 0 where the row has no steps.
        seconds: Wall time of the check.
        notes: Notes of a calculator in it.
        noted: How many of them stand in a statement that was checked.
        first_error: The step at which it first goes wrong, or None if that is not told.
        changed: Statements of which a number was changed so that they are no longer true, by the rule of each.
        caught: How many of these were then called false, by the same rules.
        missed: The others, as changed.
    """

    number: int
    claims: list[tuple[int, Claim]] = field(default_factory=list)
    seconds: float = 0.0
    notes: int = 0
    noted: int = 0
    first_error: int | None = None
    changed: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)


@functools.cache
def checker() -> Checker:
    """The one of this process."""
    return Checker()


def start() -> None:
    """Start the checking process, so that its start is in no row's time."""
    checker().text("1 + 1 = 2")


def pieces(row: dict[str, Any]) -> list[tuple[int, str]]:
    """The texts of a row with the numbers of their steps."""
    steps = row.get("steps")
    if isinstance(steps, list):
        return [(n, str(step)) for n, step in enumerate(steps, 1)]
    return [(0, str(row.get("solution") or row.get("answer") or ""))]


def check(task: tuple[int, dict[str, Any], bool]) -> Row:
    """Check one row."""
    number, data, mutate = task
    found = Row(number, first_error=data.get("first_error_step"))
    texts = pieces(data)
    began = time.perf_counter()
    checked = checker().check([("text", NOTE.sub("", text)) for _, text in texts])
    found.claims = [(step, claim) for (step, _), claims in zip(texts, checked, strict=True) for claim in claims]
    found.seconds = time.perf_counter() - began
    for step, text in texts:
        spans = [(c.start, c.end) for s, c in found.claims if s == step and c.verdict != "unchecked"]
        removed = 0
        for m in NOTE.finditer(text):
            place = m.start() - removed
            removed += len(m[0])
            found.notes += 1
            found.noted += any(start < place <= end for start, end in spans)
    if mutate:
        _mutate(found, [(step, NOTE.sub("", text)) for step, text in texts])
    return found


COMPUTED: Final = ("exact", "number")
"""Reasons of statements that are found true by computing alone, whatever else is said."""


def _mutate(found: Row, texts: list[tuple[int, str]]) -> None:
    """Change one number of every true statement, each in a text that is else as it was."""
    for k, (step, claim) in enumerate(found.claims):
        if claim.verdict != "true":
            continue
        chance = random.Random(1000 * found.number + k)
        numbers = list(NUMBER.finditer(claim.text))
        if not numbers:
            continue
        m = chance.choice(numbers)
        start, end, other = claim.start + m.start(), claim.start + m.end(), other_number(m[0], chance)
        place = [s for s, _ in texts].index(step)
        text = texts[place][1]
        text = text[:start] + other + text[end:]
        others: list[Excerpt] = [("text", t) for _, t in texts[:place]]
        shown = text[claim.start : claim.end + len(other) - (end - start)]
        claims = checker().check([*others, ("text", text)])[-1]
        after = [c for c in claims if c.start <= start and c.end >= start + len(other)]
        false = any(c.verdict == "false" for c in after)
        if not false and any(c.verdict == "true" and c.reason in COMPUTED and c.start == claim.start for c in after):
            continue
        found.changed[claim.reason] += 1
        found.caught[claim.reason] += false
        if not false:
            before = text[max(0, claim.start - 25) : claim.start]
            verdicts = [(c.verdict, c.reason) for c in after]
            found.missed.append(f"{claim.reason}: {before!r} {claim.text!r} -> {shown!r}: {verdicts}")


def other_number(written: str, chance: random.Random) -> str:
    """The number with one of its digits changed; its form is kept."""
    places = [i for i, c in enumerate(written) if c.isdigit()]
    while True:
        at = chance.choice(places)
        digit = chance.choice([d for d in "0123456789" if d != written[at]])
        other = written[:at] + digit + written[at + 1 :]
        if not re.match(r"0\d", other):
            return other


def rows(path: Path, limit: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of the file, numbered from 0."""
    with path.open(encoding="utf-8") as lines:
        for number, text in enumerate(lines):
            if limit and number >= limit:
                return
            if text.strip():
                yield number, json.loads(text)


def judged() -> set[str]:
    """The statements that a person has looked at and found false."""
    path = HERE / "claims_judged.jsonl"
    if not path.exists():
        return set()
    lines = path.read_text(encoding="utf-8").splitlines()
    return {row["text"] for row in map(json.loads, filter(None, lines)) if row["judged"] == "false"}


def main(argv: list[str] | None = None) -> int:
    """Run the check; returns the exit code."""
    parser = argparse.ArgumentParser(description="Check every statement of a JSON-lines file of solutions.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=0, help="stop after this many rows (0: all)")
    parser.add_argument("--out", type=Path, help="write the false statements to this file, a JSON object a line")
    parser.add_argument("--mutate", action="store_true", help="change a number of every true statement and check again")
    parser.add_argument("--show", default="", metavar="REASON", help="print the statements with this reason")
    args = parser.parse_args(argv)
    try:
        tasks = [(number, row, args.mutate) for number, row in rows(args.data, args.limit)]
    except (OSError, ValueError) as e:
        print(f"{args.data} cannot be read as JSON lines: {e}.", file=sys.stderr)
        return 2
    with ProcessPoolExecutor(initializer=start) as pool:
        found = list(pool.map(check, tasks, chunksize=16))
    _print(found)
    if args.show:
        for row in found:
            for _, claim in row.claims:
                if args.show in (claim.reason, claim.verdict):
                    print(f"{row.number}: {claim.text!r} {claim.right}")
    false = [(row.number, step, claim) for row in found for step, claim in row.claims if claim.verdict == "false"]
    if args.out:
        args.out.write_text(
            "".join(
                json.dumps({"row": n, "step": step, "text": c.text, "right": c.right}, ensure_ascii=False) + "\n"
                for n, step, c in false
            ),
            encoding="utf-8",
        )
    known = judged()
    left = [(n, step, c) for n, step, c in false if c.text not in known]
    told = any(row.first_error is not None for row in found)
    print(f"{len(false) - len(left)} of the false ones were judged false by a person, {len(left)} not judged")
    if not told:
        for n, step, claim in left:
            print(f"row {n}, step {step}: {claim.text!r}: it is {claim.right}")
    return 1 if left and not told else 0


def _print(found: list[Row]) -> None:
    claims = [claim for row in found for _, claim in row.claims]
    tally = Tally.of(claims)
    share = tally.checked / tally.total if tally.total else 1.0
    print(f"{len(found)} rows, {tally.total} statements, {tally.checked} checked ({share:.1%})")
    per = 10_000 * tally.false / tally.checked if tally.checked else 0.0
    print(f"true {tally.true}, rounded {tally.rounded}, false {tally.false} ({per:.1f} in 10,000 checked)")
    for (verdict, reason), count in sorted(Counter((c.verdict, c.reason) for c in claims).items()):
        print(f"  {verdict:10} {reason:16} {count}")
    notes = sum(row.notes for row in found)
    if notes:
        noted = sum(row.noted for row in found)
        print(f"{noted} of {notes} notes of a calculator stand in a checked statement ({noted / notes:.2%})")
    seconds = sorted(row.seconds for row in found) or [0.0]
    slowest = max(found, key=lambda row: row.seconds, default=Row(0))
    print(f"time for a row: median {1000 * statistics.median(seconds):.1f} ms, longest {1000 * seconds[-1]:.0f} ms")
    print(f"  (the slowest is row {slowest.number}; {sum(s > 1 for s in seconds)} took more than a second)")
    changed, caught = (sum((getattr(row, name) for row in found), Counter[str]()) for name in ("changed", "caught"))
    if total := changed.total():
        share = caught.total() / total
        print(f"{caught.total()} of {total} statements with one number changed were called false ({share:.2%})")
        for rule, count in changed.most_common():
            print(f"  {rule:16} {caught[rule]} of {count} ({caught[rule] / count:.1%})")
        for text in [text for row in found for text in row.missed]:
            print(f"  missed: {text}")
    told = [(row, row.first_error) for row in found if row.first_error is not None]
    if told:
        at = sum(any(c.verdict == "false" and s == first for s, c in row.claims) for row, first in told)
        early = [(row.number, s, c) for row, first in told for s, c in row.claims if c.verdict == "false" and s < first]
        share = at / len(told)
        print(f"{at} of {len(told)} flagged at the first wrong step ({share:.1%}); {len(early)} flagged before it")
        for number, step, claim in early:
            print(f"  before it: row {number}, step {step}: {claim.text!r}: it is {claim.right}")


if __name__ == "__main__":
    sys.exit(main())
