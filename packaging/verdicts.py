"""Checks the answers of a file of problems, right ones and wrong ones, and counts the verdicts.

Usage: ``python packaging/verdicts.py [DATA.jsonl] [--limit N] [--list]``. Each line of the file is a JSON object with
``problem`` and its answer as ``answer`` or in the last box of ``solution``; without a file the program's own samples
are taken. Every problem whose answer gets a verdict is also asked with wrong answers: one number of the right one
changed, and the answers of other problems, unless the grader finds them equal to the right one. Exits with 1 if more
than 1 in 500 wrong answers is called checked.
"""

from __future__ import annotations

import argparse
import functools
import json
import random
import re
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tutor_app.adapters.checking.checker import Checker
from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.answers import final_boxes
from tutor_app.core.verdicts import Verdict
from tutor_app.tutor.samples import sample_problems

OTHERS = 3
NUMBER = re.compile(r"\d+")
RIGHT = ("checked", "numeric")

Row = tuple[str, str]
"""A problem and its right answer."""


@functools.cache
def checker() -> Checker:
    """The one of this process."""
    return Checker()


@functools.cache
def grader() -> Grader:
    """The one of this process."""
    return Grader()


def check(task: tuple[int, Row, list[str]]) -> tuple[Verdict, list[tuple[str, Verdict]]]:
    """The verdict of the right answer, and those of the wrong ones if it got one."""
    number, (problem, gold), others = task
    found = checker().answer(problem, gold)
    if found.how == "unrecognised":
        return found, []
    wrong = [other for other in [*changed(gold, random.Random(number)), *others] if other]
    wrong = [other for other in wrong if grader().grade(gold, other).verdict == "incorrect"]
    return found, [(other, checker().answer(problem, other)) for other in wrong]


def changed(gold: str, chance: random.Random) -> list[str]:
    """The answer with another number, and with another sign."""
    numbers = list(NUMBER.finditer(gold))
    found = [gold[1:] if gold.startswith("-") else f"-{gold}"]
    for m in chance.sample(numbers, min(2, len(numbers))):
        found.append(gold[: m.start()] + str(int(m[0]) + chance.choice((1, 2, 10))) + gold[m.end() :])
    return found


def rows_of(path: Path | None) -> list[Row]:
    """Problems with their right answers."""
    if path is None:
        return [(sample.problem, sample.answer) for sample in sample_problems()]
    found: list[Row] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        gold = str(data.get("answer") or final_boxes(str(data.get("solution", ""))))
        if gold:
            found.append((str(data.get("problem") or data.get("question")), gold))
    return found


def main(argv: list[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description="check the answers of a file of problems")
    parser.add_argument("data", type=Path, nargs="?", help="JSON lines; without it the program's samples")
    parser.add_argument("--limit", type=int, default=0, help="only so many rows, drawn at random")
    parser.add_argument("--list", action="store_true", help="print every verdict but the good ones of right answers")
    args = parser.parse_args(argv)
    rows = rows_of(args.data)
    chance = random.Random(1)
    if args.limit:
        rows = chance.sample(rows, min(args.limit, len(rows)))
    tasks = [
        (n, row, [other for _, other in chance.sample(rows, min(OTHERS, len(rows)))]) for n, row in enumerate(rows)
    ]
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    with ProcessPoolExecutor(max_workers=2) as pool:
        for (problem, gold), (found, others) in zip(rows, pool.map(check, tasks, chunksize=8), strict=True):
            right[f"{found.kind}: {found.how}" if found.kind == "unchecked" else found.kind] += 1
            wrong.update(verdict.kind for _, verdict in others)
            if args.list and found.kind not in RIGHT and found.how != "unrecognised":
                print(f"right answer {found.kind} {found.how} {found.right!r}: {gold!r}  {problem[:200]!r}")
            for other, verdict in others:
                if args.list and verdict.kind in RIGHT:
                    print(f"wrong answer {verdict.kind}: {other!r} for {gold!r}  {problem[:200]!r}")
    n, m = sum(right.values()), sum(wrong.values())
    told = sum(right[k] for k in (*RIGHT, "wrong"))
    good, bad = sum(right[k] for k in RIGHT), sum(wrong[k] for k in RIGHT)
    print(f"{n} problems with their right answers: {told} get a verdict ({told / n:.1%})")
    for name, count in right.most_common():
        print(f"  {count:6}  {name}")
    print(f"{m} wrong answers to {good} of these problems")
    for name, count in wrong.most_common():
        print(f"  {count:6}  {name}")
    print(f"wrong answers called checked: {bad} of {m}; right answers called wrong: {right['wrong']} of {n}")
    return int(bad * 500 > m)


if __name__ == "__main__":
    sys.exit(main())
