"""``tutor terminal``: problems asked for and solved in the terminal; what ``tutor`` does where there is no display."""

from __future__ import annotations

import argparse
import sys

from tutor_app.commands.shared import DONE, Subparsers, opened_folders, user_settings
from tutor_app.commands.solve import opened_tutor, show
from tutor_app.core.errors import UserFault


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("terminal", parents=[common], help="ask for problems here instead of in the window")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask for problems until an empty line; without anyone to ask, show a sample being solved."""
    from tutor_app.tutor.samples import sample_problems

    where = opened_folders(args)
    settings = user_settings(where)
    with opened_tutor("", where, settings) as tutor:
        if not sys.stdin.isatty():
            sample = sample_problems()[0]
            print(f"No display and no terminal: solving a sample problem.\n\n{sample.problem}\n")
            return show(tutor, sample.problem, where, settings)
        print(f"Working in the terminal with {tutor.engine.info.name}. An empty line ends.")
        while True:
            try:
                problem = input("\nProblem> ").strip()
            except EOFError:
                return DONE
            if not problem:
                return DONE
            try:
                show(tutor, problem, where, settings)
            except UserFault as e:
                print(e)
