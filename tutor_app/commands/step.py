"""``tutor step``: walk through the code of a saved solution, or of a file, step by step, or print its trace table.

The code runs again in the sandbox, with the blocks before it, and is recorded. On a terminal the keys are Thonny's (F7
into, F6 over, F8 to the end, Shift reverses) or plain letters; elsewhere every step is printed as a sentence.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import shutil
import sys
import threading
from typing import TYPE_CHECKING, Final

from tutor_app.commands.export import start_qt, transcripts_of
from tutor_app.commands.shared import DONE, INTERRUPTED, Subparsers, interrupt_sets, user_path
from tutor_app.commands.step_walk import key_reader, walk
from tutor_app.core.comparing import ComparedLine, Repair, blocks_of, repaired_blocks, repairs
from tutor_app.core.errors import UserFault
from tutor_app.core.narration import sentence, why_no_steps
from tutor_app.core.parts import Code, Part
from tutor_app.core.trace_values import Record
from tutor_app.core.unfolding import unfolded
from tutor_app.tutor.stepping import record_block, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tutor_app.core.ports import CodeExecutor
    from tutor_app.core.trace import Recording
    from tutor_app.handout.trace_table import TraceTable

MOST_SENTENCES: Final = 2_000
FORMATS: Final = ("pdf", "html", "tex", "md")


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser(
        "step", parents=[common], help="walk through code step by step, or print its trace table", description=__doc__
    )
    parser.add_argument(
        "code", metavar="ID|latest|FILE", help="a saved solution, an exported transcript (.json), or a Python file"
    )
    parser.add_argument("--block", type=int, metavar="N", help="which block of the solution (default: the last one)")
    parser.add_argument("--table", action="store_true", help="print the trace table")
    parser.add_argument("--json", action="store_true", help="print the recording as JSON")
    parser.add_argument("--to", choices=FORMATS, help="write the trace table to a file of this format")
    parser.add_argument("-o", "--output", default="", metavar="PATH", help="file to write")
    parser.add_argument("--lines", default="", metavar="3,5-9", help="lines of the table (default: all)")
    parser.add_argument(
        "--names", default="", metavar="A,B", help="variables of the table (default: those that change)"
    )
    parser.add_argument("--expressions", action="store_true", help="show in the table how each line is worked out")
    parser.add_argument(
        "--errors",
        action="store_true",
        help="show each block that failed beside the one that repaired it; runs nothing",
    )
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="wall seconds per block (default 10)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Record, and show what was asked for; returns the exit code.

    Raises:
        UserFault: If the code is not found or the request makes no sense.
        SandboxFault: If code cannot be run on this computer.
    """
    from tutor_app.adapters.sandbox.sessions import Limits, Sandbox

    lines = lines_of(args.lines)
    parts = _parts(args.code, args.data_dir)
    if args.errors:
        for text in _repairs_as_text(parts):
            print(text)
        return DONE
    if not (math.isfinite(args.timeout) and args.timeout > 0):
        raise UserFault("The time limit must be a number of seconds above 0.")
    block = max(len(blocks_of(parts)) - 1, 0) if args.block is None else args.block - 1
    cancel = threading.Event()
    executor: CodeExecutor = Sandbox(Limits(seconds=args.timeout), spares=0)
    try:
        with interrupt_sets(cancel):
            recording = record_block(parts, block, executor=executor, record=Record(), cancel=cancel)
    finally:
        executor.close()
    if args.json:
        print(recording.to_json())
    elif not len(recording) or not recording.outline.statements:
        if args.table or args.to or args.output:
            raise UserFault(f"There is no table. {why_no_steps(recording)}")
        print(why_no_steps(recording))
    elif args.table or args.to or args.output:
        _table(args, recording, lines)
    elif sys.stdin.isatty() and sys.stdout.isatty():
        walk(recording, key_reader(), sys.stdout, _size)
    else:
        _sentences(recording)
        if block in repaired_blocks(parts):
            print(f"Block {repaired_blocks(parts)[block] + 1} repaired it; --errors shows how.")
    return INTERRUPTED if cancel.is_set() else DONE


def _size() -> tuple[int, int]:
    size = shutil.get_terminal_size()
    return size.columns, size.lines


def _parts(name: str, data_dir: str | os.PathLike[str] | None) -> Sequence[Part]:
    if name.lower().endswith(".py"):
        return (Code(source_of(user_path(name))),)
    return transcripts_of([name], data_dir)[0].solution


def lines_of(text: str) -> frozenset[int]:
    """Numbers of lines from ``3,5-9``.

    Raises:
        UserFault: If it is something else.
    """
    found: set[int] = set()
    for piece in filter(None, (p.strip() for p in text.split(","))):
        match = re.fullmatch(r"(\d{1,6})(?:\s*-\s*(\d{1,6}))?", piece)
        if not match or int(match[2] or match[1]) < int(match[1]):
            raise UserFault(f"{piece!r} names no lines.", "Give them as in --lines 3,5-9.")
        found.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return frozenset(found)


def _table(args: argparse.Namespace, recording: Recording, lines: frozenset[int]) -> None:
    from tutor_app.handout.trace_table import as_text, trace_table

    names = [n.strip() for n in args.names.split(",") if n.strip()]
    for name in names:
        if not recording.where_changes(name):
            raise UserFault(f"This code gives no name {name} a value.", "Look at the names with --table alone.")
    table = trace_table(recording, lines=lines, names=names, calculations=args.expressions)
    if not table.rows and not lines:
        raise UserFault("There is no table.", why_no_steps(recording))
    if not table.rows:
        raise UserFault("None of these lines ran, so there is no table.", "Leave --lines out, or name other lines.")
    if not args.to and not args.output:
        print(as_text(table))
        return
    _write(args, recording, table)


def _write(args: argparse.Namespace, recording: Recording, table: TraceTable) -> None:
    from tutor_app.export import file_name, format_of, write_export
    from tutor_app.handout.options import Options
    from tutor_app.handout.trace_table import document

    chosen = args.to or format_of(args.output)
    if chosen not in FORMATS:
        raise UserFault(f"A trace table cannot be written as {args.output}.", f"Choose one of {', '.join(FORMATS)}.")
    if chosen in ("pdf", "tex"):
        start_qt()
    path = user_path(args.output or file_name("Trace table", chosen))
    for written in write_export(path, [document(recording, table, _title(args.code))], chosen, Options(made=False)):
        print(written)


def _title(name: str) -> str:
    return f"Trace table of {user_path(name).name}" if name.lower().endswith(".py") else "Trace table"


def _sentences(recording: Recording) -> None:
    for i in range(min(len(recording), MOST_SENTENCES)):
        print(f"{i + 1}. {sentence(recording, i)}")
        unfolding = unfolded(recording, i)
        if unfolding is not None:
            print(f"   {unfolding.words}")
    if len(recording) > MOST_SENTENCES:
        print(f"{len(recording) - MOST_SENTENCES} more steps are not printed; --json has them all.")
    if recording.stopped and len(recording) > MOST_SENTENCES:
        print(recording.stopped)


def _repairs_as_text(parts: Sequence[Part]) -> list[str]:
    """Each repair of a solution: the two blocks as a difference, and why the first failed, in plain words.

    Args:
        parts: Of the solution.

    Raises:
        UserFault: If no block failed and was repaired.
    """
    found = repairs(parts)
    if not found:
        raise UserFault("No block of this solution failed and was repaired.", "Step through a block without --errors.")
    return ["\n".join(_repair_lines(repair)) for repair in found]


def _repair_lines(repair: Repair) -> Iterator[str]:
    error = repair.error
    where = f" in line {error.line}" if error.line else ""
    yield f"Block {repair.failed + 1} failed{where}: {error.last_line}"
    if error.hint:
        yield error.hint
    yield f"Block {repair.repaired + 1} repaired it:"
    yield ""
    for line in repair.lines:
        yield from _difference(line)
    if all(line.kind == "same" for line in repair.lines):
        yield "Nothing was changed: the same code ran again."
    yield ""


def _difference(line: ComparedLine) -> Iterator[str]:
    if line.kind == "same":
        yield f"  {line.left_number:3}  {line.left}".rstrip()
    if line.kind in ("changed", "removed"):
        yield f"- {line.left_number:3}  {line.left}"
    if line.kind in ("changed", "added"):
        yield f"+ {line.right_number:3}  {line.right}"
