"""``tutor draw``: draws a function, curve, inequality, figure, vectors or data, without a model; says what it marks.

Exit codes: 0 it is drawn; 1 there is nothing to draw; 2 the request was not understood; 3 code cannot be run here; 130
stopped by Ctrl+C.
"""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path
from typing import Final

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
from tutor_app.core.terminal import printable

_DEFAULT: Final = "drawing.svg"


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("draw", parents=[common], help="draw a function, figure or data", description=__doc__)
    parser.add_argument("text", help='what to draw, such as "y = x^2 - 4", or - to read it from standard input')
    parser.add_argument("--output", metavar="FILE", default=_DEFAULT, help="an .svg or .png file (drawing.svg)")
    parser.add_argument("--code", action="store_true", help="print the program that draws it, and draw nothing")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draw; returns the exit code.

    Raises:
        UserFault: If the file's name or the text is of no use.
    """
    from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
    from tutor_app.export import write_figure
    from tutor_app.tutor.drawing.finding import find
    from tutor_app.tutor.drawing.reply import picture

    path: Path = user_path(args.output)
    if path.suffix.lower() not in (".svg", ".png"):
        raise UserFault(f"{path.name} is no name for a picture.", "End it in .svg or .png.")
    text = sys.stdin.buffer.read().decode("utf-8", "replace") if args.text == "-" else args.text
    if not text.strip():
        raise UserFault("There is nothing to draw.", 'Type it in quotes: tutor draw "y = x^2 - 4".')
    drawing = find(text, asked=True)
    if drawing is None:
        print("Nothing in it can be drawn: functions, equations, inequalities, triangles, vectors and data can be.")
        return NO_ANSWER
    if args.code:
        print(drawing.program, end="")
        return DONE
    settings = user_settings(usable_folders(args))
    stop = threading.Event()
    sandbox = Sandbox(Limits(float(settings.code_timeout)), spares=0, require_full=settings.require_full_sandbox)
    try:
        with interrupt_sets(stop):
            figure, words = picture(drawing, sandbox, stop)
    finally:
        sandbox.close()
    print(printable(f"This draws {drawing.description}."))
    if words:
        print(printable(words))
    if stop.is_set():
        return INTERRUPTED
    if figure is None:
        return NO_ANSWER
    write_figure(path, figure)
    print(printable(figure.alt))
    print(f"Saved to {path}")
    return DONE
