"""``tutor hint``: a problem is solved silently, and help is given step by step instead of the solution.

Exit codes: 0 there are hints; 2 the request was not understood; 3 the model or the sandbox failed;
130 stopped by Ctrl+C.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TextIO

from tutor_app.commands.shared import (
    DONE,
    INTERRUPTED,
    NO_ANSWER,
    Subparsers,
    add_engine_arguments,
    interrupt_sets,
    usable_folders,
    user_path,
    user_settings,
    with_engine,
)
from tutor_app.commands.solve import opened_tutor
from tutor_app.core.errors import LibraryFault, UserFault
from tutor_app.core.hints import LEVELS, Hint, Ladder
from tutor_app.core.problem import check_problem
from tutor_app.core.terminal import printable
from tutor_app.core.votes import MOST_VOTES
from tutor_app.tutor.given_hints import note_quietly
from tutor_app.tutor.hints import known_solution, ladder, silent_ladder
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.teacher import set_cap
from tutor_app.tutor.worksheets import cap_for, note_limits, read_worksheet


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "hint", parents=[common], help="get help step by step instead of the solution", description=__doc__
    )
    parser.add_argument("problem", nargs="?", help="the problem, or - to read it from standard input")
    parser.add_argument(
        "--worksheet", metavar="FILE", help="take the problem from a teacher's file: its number there stands for it"
    )
    parser.add_argument(
        "--level",
        type=int,
        metavar="N",
        help=f"the last level to show, 1 to {len(LEVELS)}; if left out, the first, and in a terminal the next on Enter",
    )
    parser.add_argument(
        "--votes", type=int, default=1, metavar="N", help="solve it N times and rely on what most attempts agree on"
    )
    add_engine_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--offline", action="store_true", help="never fetch a model that is missing")
    parser.add_argument(
        "--set-limit", type=int, metavar="N", help="for teachers: no hint above this level (with --pin)"
    )
    parser.add_argument("--pin", default="", help="the teacher's PIN, asked for if left out; the first is kept")
    parser.add_argument("--new-pin", default="", help="a PIN that takes the place of the one that was set")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show hints of the problem, solved silently if no verified solution is saved; returns the exit code."""
    where = usable_folders(args)
    if args.set_limit is not None:
        pin = args.pin or (getpass.getpass("PIN: ") if sys.stdin.isatty() else "")
        set_cap(where.config, args.set_limit, pin, args.new_pin)
        print(f"Hints now end with level {args.set_limit}: {LEVELS[args.set_limit - 1]}.")
        if args.new_pin:
            print("The PIN was changed.")
        return DONE
    if args.problem is None:
        raise UserFault("There is no problem.", 'Type it in quotes: tutor hint "...".')
    if args.level is not None and not 1 <= args.level <= len(LEVELS):
        raise UserFault(f"There is no level {args.level} of hints.", f"Choose 1 to {len(LEVELS)}.")
    if not 1 <= args.votes <= MOST_VOTES:
        raise UserFault(f"--votes {args.votes} is out of bounds.", f"Ask for 1 to {MOST_VOTES} attempts.")
    problem = sys.stdin.buffer.read().decode("utf-8", "replace") if args.problem == "-" else args.problem
    if args.worksheet is not None:
        problem = _of_worksheet(args.worksheet, problem, where)
    by_key = args.level is None and not args.json and args.problem != "-" and sys.stdin.isatty() and sys.stdout.isatty()
    found = _known(problem, where) or _solved(args, problem, where)
    if found is None:
        return INTERRUPTED
    given = partial(note_quietly, where.given_hints, check_problem(problem))
    if by_key:
        return step_by_step(found, given=given)
    return show(found, args.level or 1, as_json=args.json, given=given)


def _known(problem: str, where: Folders) -> Ladder | None:
    """The hints of a saved solution that was verified; None where there is none, and the problem must be solved."""
    from tutor_app.adapters.library import Library

    problem = check_problem(problem)
    if not where.library.exists():
        return None
    with contextlib.suppress(LibraryFault), Library(where.library) as library:
        solved = known_solution(problem, library)
        return ladder(solved, cap=cap_for(where.config, problem)) if solved is not None else None
    return None


def _solved(args: argparse.Namespace, problem: str, where: Folders) -> Ladder | None:
    """Solve the problem silently for its hints; None if that was interrupted."""
    import threading

    from tutor_app.tutor.service import solve_settings
    from tutor_app.tutor.votes import vote

    settings = with_engine(args, user_settings(where))
    stop = threading.Event()
    votes = args.votes
    with (
        interrupt_sets(stop),
        opened_tutor(args.model, where, settings, offline=args.offline, at_once=max(1, votes)) as tutor,
    ):
        budgets = solve_settings(settings)
        if votes == 1:
            events = tutor.solve(problem, settings=budgets, cancel=stop)
        else:
            weigh = settings.weigh_votes
            events = vote(tutor, problem, votes=votes, settings=budgets, cancel=stop, weigh=weigh)
        try:
            return silent_ladder(events, cap=cap_for(where.config, problem))
        except UserFault:
            if stop.is_set():
                return None
            raise


def _of_worksheet(name: str, number: str, where: Folders) -> str:
    """A problem of a worksheet by its number; the worksheet's limit holds from now on."""
    sheet = read_worksheet(user_path(name))
    note_limits(where.config, sheet)
    if not number.isdecimal() or not 1 <= int(number) <= len(sheet.exercises):
        raise UserFault(
            f"{number!r} is no number of a problem of {sheet.title}.", f"Choose 1 to {len(sheet.exercises)}."
        )
    return sheet.exercises[int(number) - 1].problem


def show(
    found: Ladder,
    level: int,
    *,
    as_json: bool = False,
    given: Callable[[Hint], None] = lambda _: None,
    out: TextIO | None = None,
) -> int:
    """Show the hints up to a level; returns the exit code.

    Args:
        found: All of them.
        level: The last.
        as_json: Whether as one JSON object.
        given: Is told each hint that was shown.
        out: Where to.
    """
    out = out or sys.stdout
    shown = found.hints[:level]
    ending = found.ending() if level > len(found.hints) or not found.sure else ""
    for hint in shown:
        given(hint)
    more = f"Hint {len(shown)} of {len(found.hints)}; --level {len(shown) + 1} shows the next."
    if as_json:
        data = {"sure": found.sure, "levels": len(found.hints), "hints": [asdict(h) for h in shown], "ending": ending}
        print(json.dumps(data, ensure_ascii=False), file=out)
    else:
        for hint in shown:
            print(_told(hint), file=out)
        if ending:
            print(ending, file=out)
        if len(shown) < len(found.hints):
            print(more, file=out)
    return DONE if shown else NO_ANSWER


def step_by_step(
    found: Ladder,
    ask: Callable[[str], str] = input,
    *,
    given: Callable[[Hint], None] = lambda _: None,
    out: TextIO | None = None,
) -> int:
    """Show one hint at a time, the next at each Enter, and tell ``given``; returns the exit code."""
    out = out or sys.stdout
    if not found.sure:
        print(f"{found.ending()}\n", file=out)
    for number, hint in enumerate(found.hints, 1):
        print(_told(hint), file=out)
        given(hint)
        if number < len(found.hints):
            try:
                said = ask(f"Enter for hint {number + 1} of {len(found.hints)}, q to end: ")
            except (EOFError, KeyboardInterrupt):
                said = "q"
            if said.strip().lower().startswith("q"):
                return DONE
    if found.sure and found.ending():
        print(found.ending(), file=out)
    return DONE if found.hints else NO_ANSWER


def _told(hint: Hint) -> str:
    return printable(f"{hint.level}. {hint.title}\n{hint.text}\n")
