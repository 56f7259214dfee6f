"""``tutor practice``: asks missed problems again, or one like a saved solution; answers are checked, missed ones kept.

Exit codes: 0 what was asked was right, or there was nothing to ask; 1 something was missed; 2 the request was not
understood; 3 code cannot be run here; 130 stopped by Ctrl+C.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
from collections.abc import Iterator
from datetime import date
from typing import TextIO

from tutor_app.commands.export import transcripts_of
from tutor_app.commands.shared import (
    DONE,
    INTERRUPTED,
    NO_ANSWER,
    Subparsers,
    interrupt_sets,
    usable_folders,
    user_path,
    user_settings,
)
from tutor_app.core.errors import UserFault
from tutor_app.core.hints import RESULT
from tutor_app.core.practice import Exercise
from tutor_app.core.terminal import printable
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.practice import missed
from tutor_app.tutor.worksheets import capped, note_limits, read_worksheet


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("practice", parents=[common], help="practise what was missed", description=__doc__)
    parser.add_argument(
        "solution", nargs="?", metavar="ID|latest|FILE.json", help="ask problems like this one instead of missed ones"
    )
    parser.add_argument("--worksheet", metavar="FILE", help="ask the problems of a teacher's file")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="how many problems like it (default 1)")
    parser.add_argument("--seed", type=int, metavar="N", help="draw the same numbers each time")
    parser.add_argument("--list", action="store_true", help="print what was missed, and when it is asked again")
    parser.add_argument("--erase", action="store_true", help="forget everything that was missed")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Practise; returns the exit code.

    Raises:
        UserFault: If there is no such solution, or no variant of it.
    """
    where = usable_folders(args)
    if args.erase:
        missed.erase(where.practice)
        print("The list of missed problems is erased.")
        return DONE
    if args.list:
        return _list(where)
    if args.worksheet is not None and args.solution is not None:
        raise UserFault("A worksheet and a solution cannot both be asked.", "Leave one of them out.")
    if not 1 <= args.count <= 50:
        raise UserFault(f"{args.count} problems cannot be asked.", "Choose 1 to 50.")
    stop = threading.Event()
    with interrupt_sets(stop):
        return practise((capped(where.config, p) for p in _problems(args, where, stop)), where, stop)


def _list(where: Folders) -> int:
    problems = missed.load(where.practice)
    for p in sorted(problems, key=lambda p: p.due):
        print(printable(f"{p.due}  missed {p.missed} x, right since {p.right_in_a_row} x: {p.problem}"))
    print(f"{len(problems)} problems in {where.practice}" if problems else "Nothing was missed.")
    return DONE


def _problems(args: argparse.Namespace, where: Folders, stop: threading.Event) -> Iterator[Exercise]:
    """The problems that are asked, each with its answer."""
    if args.worksheet is not None:
        sheet = read_worksheet(user_path(args.worksheet))
        note_limits(where.config, sheet)
        yield from sheet.exercises
        return
    if args.solution is None:
        yield from (Exercise(p.problem, p.answer) for p in missed.due(missed.load(where.practice), date.today()))
        return
    from tutor_app.adapters.grading.grader import Grader
    from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
    from tutor_app.tutor.practice.variants import variant

    found = transcripts_of([args.solution], args.data_dir)
    if not found:
        raise UserFault(f"{args.solution} holds no solution.")
    settings = user_settings(where)
    rng = random.Random(args.seed)
    limits = Limits(seconds=float(settings.code_timeout))
    sandbox = Sandbox(limits, spares=1, require_full=settings.require_full_sandbox)
    try:
        with Grader() as grader:
            for _ in range(args.count):
                yield variant(
                    found[0],
                    executor=sandbox,
                    same=lambda a, b: grader.grade(a, b).verdict == "correct",
                    rng=rng,
                    cancel=stop,
                )
    finally:
        sandbox.close()


def practise(
    problems: Iterator[Exercise],
    where: Folders,
    stop: threading.Event,
    answers: TextIO | None = None,
    today: date | None = None,
) -> int:
    """Ask problems one by one, until they or the answers end; returns the exit code."""
    from tutor_app.adapters.grading.grader import Grader
    from tutor_app.tutor.practice.marking import mark

    answers, today = answers or sys.stdin, today or date.today()
    offered = wrong = 0
    with Grader() as grader:
        for exercise in problems:
            offered += 1
            print(printable(f"\n{exercise.problem}"))
            if not exercise.answer:
                print("No answer to this problem is known here: tutor hint helps with it.")
                continue
            shows = "shows it" if exercise.hints_up_to >= RESULT else "goes on"
            missed_it = False
            while True:
                print(f"Your answer (an empty line {shows}): ", end="", flush=True)
                line = answers.readline()
                if stop.is_set():
                    return INTERRUPTED
                if not line:
                    break
                marked = mark(exercise, line, grader=grader, path=where.practice, today=today)
                print(printable(marked.sentence))
                missed_it = marked.right is False
                if not marked.again:
                    break
            wrong += missed_it
            if not line:
                print()
                break
    if not offered:
        print("Nothing is due today. tutor practice latest asks a problem like your last one.")
    return NO_ANSWER if wrong else DONE
