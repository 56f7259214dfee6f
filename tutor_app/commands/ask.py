"""``tutor ask``: a question about a saved solution, and the model's reply; the solution goes on with both.

"Draw it" asks no model; the program that draws is kept, and not printed.

Exit codes: 0 there is a reply; 1 the model said nothing; 2 the request was not understood; 3 the model or the sandbox
failed; 130 stopped by Ctrl+C, with what there was kept.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Generator, Iterator

from tutor_app.adapters.library import Library
from tutor_app.commands.export import solutions_of
from tutor_app.commands.shared import (
    Subparsers,
    add_engine_arguments,
    interrupt_sets,
    usable_folders,
    user_settings,
    with_engine,
)
from tutor_app.commands.solve import exit_code, opened_tutor
from tutor_app.commands.terminal_view import TerminalView
from tutor_app.core.errors import UserFault
from tutor_app.core.events import CodeDelta, CodeEnded, CodeStarted, Finished, SolveEvent, TextDelta
from tutor_app.core.solve import to_the_end
from tutor_app.student.suggestions import asks_to_draw
from tutor_app.tutor.worksheets import check_may_solve


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("ask", parents=[common], help="ask about a saved solution", description=__doc__)
    parser.add_argument("solution", metavar="ID|latest|FILE.json", help="a saved solution, or an exported transcript")
    parser.add_argument("question", help="what is asked, or - to read it from standard input")
    add_engine_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the transcript as JSON instead of the reply")
    parser.add_argument("--offline", action="store_true", help="never fetch a model that is missing")
    parser.add_argument("--no-save", action="store_true", help="do not keep the question and the reply")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask; returns the exit code.

    Raises:
        UserFault: If there is no such solution, or no question.
    """
    from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
    from tutor_app.tutor.drawing.finding import drawing_of
    from tutor_app.tutor.drawing.reply import draw
    from tutor_app.tutor.service import solve_settings

    where = usable_folders(args)
    settings = with_engine(args, user_settings(where))
    question = sys.stdin.buffer.read().decode("utf-8", "replace") if args.question == "-" else args.question
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        library = None if args.no_save else stack.enter_context(Library(where.library))
        found = solutions_of([args.solution], args.data_dir, library)
        if not found:
            raise UserFault(f"{args.solution} holds no solution.")
        key, transcript = found[0]
        for asked in (transcript.problem, question):  # a question may be another problem
            check_may_solve(where.config, asked)
        keeps = (lambda: library) if library is not None else None
        stack.enter_context(interrupt_sets(stop))
        events: Generator[SolveEvent, None, None]
        if asks_to_draw(question) and drawing_of(transcript) is not None:  # no model has to be asked
            limits = Limits(float(settings.code_timeout))
            sandbox = Sandbox(limits, spares=0, require_full=settings.require_full_sandbox)
            stack.callback(sandbox.close)
            drawn = draw(transcript, executor=sandbox, cancel=stop, library=keeps, key=key)
            stack.enter_context(contextlib.closing(drawn))
            events = _without_code(drawn)
        else:
            tutor = stack.enter_context(opened_tutor(args.model, where, settings, offline=args.offline))
            chosen = solve_settings(settings)
            events = tutor.ask(transcript, question, settings=chosen, cancel=stop, library=keeps, key=key)
        with contextlib.closing(events):  # before the library is: what there is must be kept if printing fails
            last: Finished | None
            last = to_the_end(events) if args.json else TerminalView(sys.stdout, progress=sys.stderr).show(events)
    assert last is not None
    if args.json:
        print(last.transcript.to_json())
    return exit_code(last, stop, answered=bool(last.transcript.replies[-1][1]), as_json=args.json)


def _without_code(events: Iterator[SolveEvent]) -> Generator[SolveEvent, None, None]:
    """A drawing for the terminal: its program has hundreds of lines that nobody has to read."""
    for event in events:
        if isinstance(event, CodeStarted):
            yield TextDelta("\n")
        elif not isinstance(event, CodeDelta | CodeEnded):
            yield event
