"""``tutor hint``: a problem is solved silently, and help is given step by step instead of the solution.

Exit codes: 0 there are hints; 2 the request was not understood; 3 the model or the sandbox failed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TextIO

from tutor_app.commands.shared import DONE, NO_ANSWER, Subparsers, interrupt_sets, opened_folders, user_settings
from tutor_app.commands.solve import opened_tutor
from tutor_app.commands.terminal_view import printable
from tutor_app.core.errors import UserFault
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.hints import LEVELS, Ladder, ladder
from tutor_app.tutor.teacher import cap_of, set_cap


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "hint", parents=[common], help="get help step by step instead of the solution", description=__doc__
    )
    parser.add_argument("problem", nargs="?", help="the problem, or - to read it from standard input")
    parser.add_argument("--level", type=int, default=1, metavar="N", help=f"the last level to show, 1 to {len(LEVELS)}")
    parser.add_argument("--model", default="", help="starter, standard, a model's id, or a GGUF file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--offline", action="store_true", help="never fetch a model that is missing")
    parser.add_argument(
        "--set-limit", type=int, metavar="N", help="for teachers: no hint above this level (with --pin)"
    )
    parser.add_argument("--pin", default="", help="the teacher's PIN; the first one that is given is kept")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Solve the problem silently and show its hints; returns the exit code."""
    import threading

    from tutor_app.core.solve import to_the_end
    from tutor_app.tutor.service import solve_settings

    where = opened_folders(args)
    if args.set_limit is not None:
        set_cap(where.config, args.set_limit, args.pin)
        print(f"Hints now end with level {args.set_limit}: {LEVELS[args.set_limit - 1]}.")
        return DONE
    if args.problem is None:
        raise UserFault("There is no problem.", 'Type it in quotes: tutor hint "...".')
    if not 1 <= args.level <= len(LEVELS):
        raise UserFault(f"There is no level {args.level} of hints.", f"Choose 1 to {len(LEVELS)}.")
    problem = sys.stdin.buffer.read().decode("utf-8", "replace") if args.problem == "-" else args.problem
    settings = user_settings(where)
    stop = threading.Event()
    with interrupt_sets(stop), opened_tutor(args.model, where, settings, offline=args.offline) as tutor:
        last = to_the_end(tutor.solve(problem, settings=solve_settings(settings), cancel=stop))
    return show(last.transcript, args.level, cap_of(where.config), as_json=args.json)


def show(solved: Transcript, level: int, cap: int, *, as_json: bool = False, out: TextIO | None = None) -> int:
    """Show the hints of a solved problem up to a level; returns the exit code."""
    out = out or sys.stdout
    found: Ladder = ladder(solved, cap=cap)
    shown = found.hints[:level]
    ending = found.ending() if level > len(found.hints) else ""
    if as_json:
        data = {"sure": found.sure, "levels": len(found.hints), "hints": [asdict(h) for h in shown], "ending": ending}
        print(json.dumps(data, ensure_ascii=False), file=out)
    else:
        for hint in shown:
            print(printable(f"{hint.level}. {hint.title}\n{hint.text}\n"), file=out)
        if ending:
            print(ending, file=out)
    return DONE if shown else NO_ANSWER
