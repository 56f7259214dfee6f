"""``tutor export``: saved solutions, or transcripts from files, to a file in any format.

The names on the command line are ids of the library, ``latest``, or JSON files that were exported before; several go
into one document in the order given. PDF is made without a window or a display.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from tutor_app.commands.shared import Subparsers, require_qt, user_path
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.transcript import Transcript
from tutor_app.export import export, format_of, read_transcripts, suggested_name, write_export
from tutor_app.handout.options import FORMATS, Options
from tutor_app.tutor.given_hints import with_given
from tutor_app.tutor.paths import folders
from tutor_app.tutor.worksheets import read_worksheet

if TYPE_CHECKING:
    from tutor_app.adapters.library import Library

LATEST: Final = "latest"
_LEAST_OF_ID: Final = 4
"""Characters; less is too short to be meant as the beginning of an id."""


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("export", parents=[common], help="solutions as PDF, HTML, LaTeX, notebook ...")
    parser.set_defaults(run=run)
    parser.add_argument(
        "solutions",
        nargs="*",
        metavar="ID|latest|FILE.json",
        help="a saved solution's id (its beginning is enough), the latest one, or an exported transcript",
    )
    parser.add_argument("--to", choices=tuple(FORMATS), help="format; left out, the ending of -o says it, else PDF")
    parser.add_argument("-o", "--output", default="", metavar="PATH", help="file to write; - writes to standard output")
    parser.add_argument("--title", default="", help="title of the document")
    parser.add_argument("--paper", choices=("a4", "letter"), default="a4", help="size of a page (default a4)")
    parser.add_argument("--large", action="store_true", help="large print")
    parser.add_argument("--steps", action="store_true", help="number the steps")
    parser.add_argument("--thoughts", action="store_true", help="show what a reasoning model thought, too")
    parser.add_argument("--no-statements", action="store_true", help="do not say which statements are false")
    parser.add_argument("--no-code", action="store_true", help="leave out the code")
    parser.add_argument("--no-output", action="store_true", help="leave out what the code printed and drew")
    parser.add_argument("--no-answer", action="store_true", help="leave out the answer, and empty every box around it")
    parser.add_argument(
        "--trace-tables", action="store_true", help="run the code again and show its steps as a table after each block"
    )
    parser.add_argument(
        "--no-calculations", action="store_true", help="leave out of these tables how each line is worked out"
    )
    parser.add_argument("--problems-only", action="store_true", help="an exercise sheet: the problems alone")
    parser.add_argument("--hints", action="store_true", help="list the hints that were given for each problem")
    parser.add_argument(
        "--worksheet",
        metavar="FILE",
        help="the problems of a teacher's file, as an exercise sheet, in place of solutions",
    )
    parser.add_argument("--no-provenance", action="store_true", help="do not say how a solution was made")


def options_of(args: argparse.Namespace) -> Options:
    """The options of the handout, from the command line."""
    return Options(
        solution=not (args.problems_only or args.worksheet),
        code=not args.no_code,
        output=not args.no_output,
        answer=not args.no_answer,
        steps=args.steps,
        thoughts=args.thoughts,
        statements=not args.no_statements,
        hints=args.hints,
        made=not args.no_provenance,
        trace_tables=args.trace_tables,
        calculations=not args.no_calculations,
        title=args.title,
        paper=args.paper,
        large=args.large,
    )


def run(args: argparse.Namespace) -> int:
    """Export what the arguments name; returns 0.

    Raises:
        UserFault: If a solution is not found or the request makes no sense.
        HostFault: If the library cannot be read or the file cannot be written.
    """
    chosen = args.to or (format_of(args.output) if args.output not in ("", "-") else None) or "pdf"
    if args.output not in ("", "-") and args.to is None and format_of(args.output) is None:
        raise UserFault(f"The name {args.output} does not say what to export to.", "Add --to, for example --to pdf.")
    if args.trace_tables and chosen == "json":
        raise UserFault("A transcript in JSON holds no trace tables.", "Leave --trace-tables out, or choose --to pdf.")
    transcripts = _wanted(args)
    options = options_of(args)
    if args.hints:
        transcripts = with_given(folders(args.data_dir).given_hints, transcripts)
    if args.trace_tables:
        transcripts = _with_trace_tables(transcripts, options)
    if chosen == "pdf":
        start_qt()
    elif chosen == "tex":  # its figures are vector where Qt can make them so
        with contextlib.suppress(HostFault):
            start_qt()
    if args.output == "-":
        exported = export(transcripts, chosen, options)
        if exported.files:
            raise UserFault("Its figures are files of their own, so it cannot be one stream.", "Give a path with -o.")
        sys.stdout.buffer.write(exported.data)
        sys.stdout.buffer.flush()
        return 0
    path = user_path(args.output or suggested_name(transcripts, chosen))
    for written in write_export(path, transcripts, chosen, options):
        sys.stdout.write(f"{written}\n")
    return 0


def _wanted(args: argparse.Namespace) -> list[Transcript]:
    """The solutions that are named, or the problems of a worksheet."""
    if bool(args.solutions) == bool(args.worksheet):
        raise UserFault(
            "There is nothing to export." if not args.solutions else "A worksheet is exported by itself.",
            "Name a solution, such as latest, or a teacher's file with --worksheet.",
        )
    if not args.worksheet:
        return transcripts_of(args.solutions, args.data_dir)
    sheet = read_worksheet(user_path(args.worksheet))
    args.title = args.title or sheet.title
    return [Transcript.of(exercise.problem) for exercise in sheet.exercises]


def _with_trace_tables(transcripts: list[Transcript], options: Options) -> list[Transcript]:
    """The transcripts with a trace table after each block, from a run in the sandbox."""
    from tutor_app.adapters.sandbox.sessions import Sandbox
    from tutor_app.handout.trace_table import with_chosen_tables
    from tutor_app.tutor.stepping import record_all

    sandbox = Sandbox(spares=0)
    try:
        record = partial(record_all, executor=sandbox)
        return [with_chosen_tables(transcript, options, record) for transcript in transcripts]
    finally:
        sandbox.close()


def transcripts_of(names: Sequence[str], data_dir: str | os.PathLike[str] | None = None) -> list[Transcript]:
    """The transcripts that the names mean, in order; see :func:`solutions_of`."""
    return [transcript for _, transcript in solutions_of(names, data_dir)]


def solutions_of(
    names: Sequence[str], data_dir: str | os.PathLike[str] | None = None, library: Library | None = None
) -> list[tuple[str, Transcript]]:
    """The solutions that the names mean, in order: id in the library, or nothing for one of a file; and transcript.

    Args:
        names: Ids, ``latest``, or files.
        data_dir: Of the user.
        library: One that is open; else it is opened, once, only if a name means a saved solution.

    Raises:
        UserFault: If a name means nothing, or more than one solution.
    """
    found: list[tuple[str, Transcript]] = []
    with contextlib.ExitStack() as stack:
        for name in names:
            if is_file(name):
                found += [("", transcript) for transcript in read_transcripts(user_path(name))]
                continue
            if library is None:
                from tutor_app.adapters.library import Library

                where = folders(data_dir).library
                if not where.exists():
                    raise UserFault("No solution has been saved yet.", "Solve a problem first.")
                library = stack.enter_context(Library(where))
            key = _solution_id(name, library)
            found.append((key, library.get(key)))
    return found


def is_file(name: str) -> bool:
    """Whether a name means a file rather than a saved solution."""
    return name.lower().endswith((".json", ".jsonl")) or user_path(name).is_file()


def _solution_id(name: str, library: Library) -> str:
    """The id of the saved solution that a name means.

    Raises:
        UserFault: If it means none, or more than one.
    """
    if name == LATEST:
        newest = library.entries(limit=1)
        if not newest:
            raise UserFault("No solution has been saved yet.", "Solve a problem first.")
        return newest[0].id
    if library.has(name):
        return name
    ids = library.ids(name) if len(name) >= _LEAST_OF_ID else ()
    if len(ids) > 1:
        raise UserFault(f"More than one saved solution's id begins with {name}.", "Give more of it.")
    if not ids and not library.count():
        raise UserFault("No solution has been saved yet.", "Solve a problem first.")
    if not ids:
        raise UserFault(f"There is no saved solution {name}, and no such file.", "Use its id, latest, or a JSON file.")
    return ids[0]


def start_qt() -> None:
    """Qt's fonts and painter without a window."""
    if sys.platform not in ("win32", "darwin"):  # there Qt ends the program if it cannot reach a display
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    require_qt("A PDF cannot be made", "Export to html instead, which needs less.")
    from PySide6.QtGui import QGuiApplication

    global _application
    _application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])


_application: object = None  # Qt's application must live as long as anything is drawn
