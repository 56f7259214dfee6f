"""``tutor terminal``: problems asked for and solved in the terminal; what ``tutor`` does where there is no display."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tutor_app.commands.shared import DONE, Subparsers, add_engine_arguments, usable_folders, user_settings, with_engine
from tutor_app.commands.solve import opened_tutor, show
from tutor_app.core.errors import UserFault

if TYPE_CHECKING:
    from tutor_app.core.settings import Settings
    from tutor_app.tutor.paths import Folders


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("terminal", parents=[common], help="ask for problems here instead of in the window")
    add_engine_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask for problems with the model that the command line names."""
    where = usable_folders(args)
    return converse(where, with_engine(args, user_settings(where)), model=args.model)


def converse(where: Folders, settings: Settings, *, model: str = "") -> int:
    """Ask for problems until an empty line; without anyone to ask, show a sample being solved."""
    from tutor_app.tutor.samples import sample_problems

    with opened_tutor(model, where, settings) as tutor:
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
