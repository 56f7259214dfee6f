"""``tutor import``: exported solutions (JSON) into the library; those that are there already are not taken twice."""

from __future__ import annotations

import argparse

from tutor_app.commands.shared import DONE, Subparsers, opened_folders, user_path


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("import", parents=[common], help="take exported solutions (JSON) into the library")
    parser.add_argument("files", nargs="+", type=user_path, metavar="FILE.json", help="made by export --to json")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Import the files; returns the exit code."""
    from tutor_app.adapters.library import Library
    from tutor_app.export import read_transcripts
    from tutor_app.tutor.recorder import import_transcripts

    # All files are read before the first is taken: a mistake in the last one leaves nothing half done.
    transcripts = [t for path in args.files for t in read_transcripts(path)]
    with Library(opened_folders(args).library) as library:
        print(import_transcripts(transcripts, library).sentence)
    return DONE
