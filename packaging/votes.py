"""Measures what a vote of several attempts is worth against one greedy solution, in right answers and in time.

Usage: ``python packaging/votes.py DATA.jsonl [--count 60] [--start 0] [--votes 8] [--out FILE] [--to-the-last]``. Each
line of the file is a JSON object with ``question`` and ``answer`` (GSM8K: the answer has its calculations in
``<<...>>`` and ends in ``#### 42``).

The problems are short ones of at most two steps: of the rows, in the order of the file, whose question has at most 200
characters and whose answer at most two calculations, ``--count`` evenly spaced ones. ``--start`` shifts all of them by
so many places, for problems to develop with.

Each problem is solved greedily as ``tutor solve`` does it, by an engine of one sequence, and then by a vote. With
``--out`` every problem is kept with its attempts, and a run that was ended goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.events import Finished
from tutor_app.core.parts import Attempt
from tutor_app.core.settings import Settings
from tutor_app.core.solve import to_the_end
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import Equal, Option, answer_of, count
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.service import Tutor, open_tutor, solve_settings
from tutor_app.tutor.votes import vote, weighed

LONGEST: Final = 200
MOST_STEPS: Final = 2


@dataclass(frozen=True, slots=True)
class Task:
    """A problem: its line in the file from 0, its text and its published answer."""

    row: int
    question: str
    gold: str


def main(argv: list[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description="a vote of several attempts against one greedy solution")
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=60, help="problems, evenly spaced (60)")
    parser.add_argument("--start", type=int, default=0, help="shift the problems by so many places (0)")
    parser.add_argument("--votes", type=int, default=8, help="attempts of a vote (8)")
    parser.add_argument("--model", default="starter")
    parser.add_argument("--to-the-last", action="store_true", help="make every attempt to its end")
    parser.add_argument("--out", type=Path, help="keep every problem here, and go on from what is there")
    args = parser.parse_args(argv)
    tasks = short_problems(args.data.read_text(encoding="utf-8").splitlines(), args.count, args.start)
    done = {int(row["row"]): row for row in kept(args.out)}
    settings = Settings()
    folders = Folders.of_user()
    with (
        open_tutor(args.model, folders, settings=settings) as alone,
        open_tutor(args.model, folders, settings=settings, n_seq=args.votes, batched=True) as several,
    ):
        alone.warm()
        several.warm()
        for n, task in enumerate(tasks, 1):
            if task.row not in done:
                done[task.row] = measured(task, alone, several, args.votes, to_the_last=args.to_the_last)
                keep(args.out, done[task.row])
            row = done[task.row]
            print(f"{n}/{len(tasks)} {row['greedy_seconds']:.1f} s, {row['vote_seconds']:.1f} s", file=sys.stderr)
    print(report([done[task.row] for task in tasks]))
    return 0


def short_problems(lines: Sequence[str], number: int, start: int = 0) -> list[Task]:
    """The problems to measure with, see the module."""
    found = []
    for row, line in enumerate(lines):
        data = json.loads(line)
        if len(data["question"]) <= LONGEST and data["answer"].count("<<") <= MOST_STEPS:
            found.append(Task(row, data["question"], data["answer"].rsplit("####", 1)[-1].strip()))
    number = min(number, len(found))
    return [found[(n * len(found) // number + start) % len(found)] for n in range(number)]


def measured(task: Task, alone: Tutor, several: Tutor, votes: int, *, to_the_last: bool) -> dict[str, Any]:
    """One problem solved both ways."""
    budgets = solve_settings(Settings())
    began = time.monotonic()
    greedy = to_the_end(alone.solve(task.question, settings=budgets)).transcript
    between = time.monotonic()
    events = vote(several, task.question, votes=votes, settings=budgets, to_the_last=to_the_last)
    last = next(event for event in events if isinstance(event, Finished))
    for _ in events:
        pass
    return {
        "row": task.row,
        "gold": task.gold,
        "greedy": greedy.answer.latex if greedy.answer is not None else "",
        "greedy_seconds": round(between - began, 2),
        "vote_seconds": round(time.monotonic() - between, 2),
        "vote": last.transcript.to_dict(),
    }


def kept(path: Path | None) -> list[dict[str, Any]]:
    """What an earlier run has measured."""
    if path is None or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def keep(path: Path | None, row: Mapping[str, Any]) -> None:
    """Add one problem to the file."""
    if path is not None:
        with path.open("a", encoding="utf-8") as out:
            print(json.dumps(row, ensure_ascii=False), file=out)


def outcome(attempts: Sequence[Attempt], equal: Equal, *, weigh: bool) -> tuple[Option, ...]:
    """What a vote of these attempts comes to; one that was cut off has none."""
    ended = [weighed(a, equal, weigh=weigh) if a.ended else replace(a, weight=0.0) for a in attempts]
    return count([answer_of(a) for a in ended], [a.weight for a in ended], equal)


def report(rows: Sequence[Mapping[str, Any]]) -> str:
    """What came of it, as lines of text."""
    n = len(rows)
    with Grader() as grader:

        def right(gold: str, answer: str) -> bool:
            return bool(answer) and grader.grade(gold, answer).verdict == "correct"

        def equal(a: str, b: str) -> bool:
            return grader.grade(a, b).verdict == "correct"

        greedy = voted = weighty = either = 0
        singles: Counter[str] = Counter()
        right_by: Counter[str] = Counter()
        for row in rows:
            attempts = Transcript.from_dict(row["vote"]).attempts
            answers = [answer_of(a) for a in attempts]
            options, light = (outcome(attempts, equal, weigh=weigh) for weigh in (False, True))
            greedy += right(row["gold"], row["greedy"])
            voted += bool(options) and right(row["gold"], options[0].answer)
            weighty += bool(light) and right(row["gold"], light[0].answer)
            either += any(right(row["gold"], answer) for answer in answers)
            for attempt, answer in zip(attempts, answers, strict=True):
                if attempt.ended:
                    kinds = (f"{attempt.kind} attempts", *(f"attempts with the doubt {word!r}" for word in attempt.why))
                    singles.update(kinds)
                    right_by.update(kinds if right(row["gold"], answer) else ())
    slow = sum(row["greedy_seconds"] for row in rows)
    fast = sum(row["vote_seconds"] for row in rows)
    lines = [
        f"{n} problems",
        f"greedy: {greedy} right ({100 * greedy / n:.1f} %), {slow / n:.1f} s a problem",
        f"vote: {voted} right ({100 * voted / n:.1f} %), {fast / n:.1f} s a problem, {fast / slow:.2f} times greedy",
        f"votes weighed by what speaks against them: {weighty} right; one attempt at least: {either}",
    ]
    lines += [f"{kind}: {right_by[kind]} of {singles[kind]} right" for kind in sorted(singles)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
