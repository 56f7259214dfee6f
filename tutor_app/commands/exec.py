"""``tutor exec``: runs a snippet in the sandbox exactly as a model's block would run, and prints the outcome.

It adds nothing to the sandbox and takes nothing away. Exit codes: 0 the code ended well; 1 it raised; 2 it could
not be read; 3 code cannot be run on this computer; 4 it was stopped at a limit, by Ctrl+C, or died. With ``--json`` an
outcome is printed also where nothing could be run.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO, Final, TextIO

from tutor_app.commands.shared import Subparsers, interrupt_sets, user_path
from tutor_app.commands.terminal_view import Lines
from tutor_app.core.errors import SandboxFault, TutorError, UserFault
from tutor_app.core.events import FigureDrawn, OutputDelta, RunEvent, RunFinished
from tutor_app.core.parts import CodeError, Figure, Output
from tutor_app.core.ports import CodeExecutor
from tutor_app.text.decoding import decoded_program

OK, RAISED, UNREADABLE, NO_SANDBOX, CUT_SHORT = range(5)
MAX_SOURCE: Final = 1 << 20


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "exec", parents=[common], help="run Python exactly as a model's code is run", description=__doc__
    )
    parser.add_argument("file", help="a Python file, or - for standard input")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="wall seconds (default 10)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the file; returns the exit code."""
    return run_exec(args.file, as_json=args.json, timeout=args.timeout)


def run_exec(
    path: str,
    *,
    as_json: bool = False,
    timeout: float | None = None,
    executor: CodeExecutor | None = None,
    stdin: BinaryIO | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> int:
    """Run the snippet in the file ``path``, or on standard input for ``-``; returns the exit code.

    Args:
        path: File name or ``-``.
        as_json: Print one JSON object (status, stdout, value, value_latex, error, figures, seconds, truncated,
            warnings) instead of the output as it comes.
        timeout: Wall seconds; None means the sandbox's own limit.
        executor: What runs it; None means a sandbox of its own.
        stdin: Binary standard input.
        out: Standard output.
        err: Standard error.
    """
    out, err = out or sys.stdout, err or sys.stderr
    try:
        if timeout is not None and not (math.isfinite(timeout) and timeout > 0):
            raise UserFault("The time limit must be a number of seconds above 0.")
        code = _source(path, stdin)
    except UserFault as e:
        return _not_run(e, UNREADABLE, as_json, out, err)
    sandbox = executor or _sandbox()
    try:
        session = sandbox.open()
        cancel = threading.Event()
        with interrupt_sets(cancel):
            run = session.run(code, cancel=cancel, timeout=timeout)
            output = _as_json(run, out) if as_json else _as_text(run, out, err)
        session.close()
    except SandboxFault as e:
        return _not_run(e, NO_SANDBOX, as_json, out, err)
    finally:
        sandbox.close()
    return {"ok": OK, "error": RAISED}.get(output.status, CUT_SHORT)


def _sandbox() -> CodeExecutor:
    from tutor_app.adapters.sandbox.sessions import Limits, Sandbox

    return Sandbox(Limits(), spares=0)


def _not_run(fault: TutorError, code: int, as_json: bool, out: TextIO, err: TextIO) -> int:
    print(fault, file=err)
    if as_json:
        error = CodeError(type(fault).__name__, str(fault))
        print(json.dumps(outcome(Output(status="error", error=error), [])), file=out)
    return code


def outcome(output: Output, figures: list[Figure]) -> dict[str, Any]:
    """The JSON form of a run."""
    return {
        "status": output.status,
        "stdout": output.stdout,
        "value": output.value,
        "value_latex": output.value_latex,
        "error": asdict(output.error) if output.error else None,
        "figures": [
            {"mime": "image/png", "width": f.width, "height": f.height, "alt": f.alt, "png": f.png, "svg": f.svg}
            for f in figures
        ],
        "seconds": output.seconds,
        "truncated": output.truncated,
        "warnings": output.warnings,
    }


def _source(path: str, stdin: BinaryIO | None) -> str:
    if path == "-":
        data = (stdin or sys.stdin.buffer).read(MAX_SOURCE + 1)
    else:
        try:
            with user_path(path).open("rb") as file:
                data = file.read(MAX_SOURCE + 1)
        except OSError as e:
            raise UserFault(f"{path} cannot be read ({e.strerror}).") from None
    if len(data) > MAX_SOURCE:
        raise UserFault(f"The program is longer than {MAX_SOURCE >> 20} MiB.")
    text = decoded_program(data)
    if text is None:
        raise UserFault("The program is not UTF-8 text.", "Save it as UTF-8.")
    return text


def _as_json(run: Iterator[RunEvent], out: TextIO) -> Output:
    output, figures = Output(), []
    for event in run:
        if isinstance(event, FigureDrawn):
            figures.append(event.figure)
        elif isinstance(event, RunFinished):
            output = event.output
    print(json.dumps(outcome(output, figures)), file=out)
    return output


def _as_text(run: Iterator[RunEvent], out: TextIO, err: TextIO) -> Output:
    output = Output()
    lines = Lines(out.isatty() and err.isatty())
    for event in run:
        for text, stream in lines.add(event) if isinstance(event, OutputDelta) else lines.end():
            print(text, end="", file=err if stream == "stderr" else out, flush=True)
        if isinstance(event, OutputDelta):
            continue
        if isinstance(event, FigureDrawn):
            figure = event.figure
            print(f"[figure, {figure.width} x {figure.height}: {figure.alt}]", file=out, flush=True)
        else:
            output = event.output
    if output.value:
        print(output.value, file=out)
    if output.warnings:
        print(output.warnings, file=err)
    if output.error is not None:
        print(output.error.traceback or output.error.last_line, file=err)
        if output.error.hint:
            print(f"({output.error.hint})", file=err)
    return output
