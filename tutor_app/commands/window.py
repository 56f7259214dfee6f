"""``tutor window``, and ``tutor`` alone: the window, or the terminal where there is no display to show it on.

``tutor FILE`` is the same with exported solutions, which are taken into the library and shown.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from tutor_app.commands.shared import DONE, Subparsers, opened_folders, require_qt, user_path, user_settings
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.resources import reinstall
from tutor_app.tutor.paths import folders, with_stand_ins

if TYPE_CHECKING:
    from tutor_app.tutor.paths import Folders

_PROBE_SECONDS: Final = 10.0
_ENDINGS: Final = (".json", ".jsonl", ".gguf")


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("window", parents=[common], help="open the window, as without a command")
    parser.add_argument(
        "files", nargs="*", type=file_path, metavar="FILE", help="exported solutions (JSON) or a model (GGUF) to open"
    )
    parser.set_defaults(run=run)


def file_path(text: str) -> Path:
    """The path of a file as typed, or as a desktop hands it over (``file:///home/...``)."""
    return Path(unquote(urlsplit(text).path)) if text.startswith("file:") else user_path(text)


def is_openable(text: str) -> bool:
    """Whether a word of the command line can only be a file: it is there, or its name says so."""
    return text.lower().endswith(_ENDINGS) or (not text.startswith("-") and os.path.isfile(file_path(text)))  # noqa: PTH113


def run(args: argparse.Namespace) -> int:
    """Show the window until it is closed; returns the exit code.

    Raises:
        HostFault: If Qt does not start as ``QT_QPA_PLATFORM`` asks, or is not installed.
        UserFault: If a file to open is not there.
    """
    for file in args.files:
        if not os.path.isfile(file):  # noqa: PTH113 - Path's raises for a name with a null byte
            raise UserFault(f"There is no file {file}.")
    where, notice = (opened_folders(args), "") if args.data_dir is not None else with_stand_ins(folders())
    if notice:
        print(f"tutor: {notice}", file=sys.stderr)
    wanted = display(os.environ)
    if not wanted:
        if args.files:
            return _show_in_terminal(args.files, where)
        print("No display: working in the terminal.", file=sys.stderr)
        return _converse(where)
    if not qt_starts():
        if os.environ.get("QT_QPA_PLATFORM"):
            raise HostFault(f"Qt does not start with {wanted}.", "Unset QT_QPA_PLATFORM, or set it to another value.")
        print(f"The display {wanted} cannot be used: working in the terminal.", file=sys.stderr)
        return _converse(where)
    from tutor_app.app import run_window

    return run_window(where, [str(file.absolute()) for file in args.files], notice=notice)


def _converse(where: Folders) -> int:
    """Work in the terminal instead."""
    from tutor_app.commands import terminal

    return terminal.converse(where, user_settings(where))


def _show_in_terminal(files: Sequence[Path], where: Folders) -> int:
    """Take solutions into the library and print them as Markdown."""
    from tutor_app.adapters.library import Library
    from tutor_app.export import export, read_transcripts
    from tutor_app.tutor.recorder import import_transcripts

    models = [file for file in files if file.suffix.lower() == ".gguf"]
    if models:
        raise UserFault(f"{models[0]} is a model.", f"Take it in with: tutor models import {models[0]}")
    transcripts = [t for file in files for t in read_transcripts(file)]
    with Library(where.library) as library:
        print(import_transcripts(transcripts, library).sentence, file=sys.stderr)
    print(export(transcripts, "md").data.decode(errors="replace"))
    return DONE


def display(environment: Mapping[str, str]) -> str:
    """Where a window would be shown, in words; empty if there is no such place."""
    if platform := environment.get("QT_QPA_PLATFORM"):
        return f"QT_QPA_PLATFORM={platform}"
    if sys.platform in ("win32", "darwin"):
        return "of this computer"
    return environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY") or ""


def qt_starts() -> bool:
    """Whether Qt can reach the display; it ends the whole program with abort() where it cannot, so a child tries.

    A stale ``DISPLAY`` (after reconnecting, or in a container), a refused connection and a missing library of Qt's
    platform all show here. Costs a fork and a connection to the display.

    Raises:
        HostFault: If Qt is not installed, or its part for such a display is missing.
    """
    require_qt("The window cannot be shown")
    from PySide6.QtGui import QGuiApplication

    if sys.platform != "linux":
        return True
    complaint, said = os.pipe()  # Qt's own, for which the caller has one sentence
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(said, 2)
            import resource

            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the abort is expected
            QGuiApplication([])
            code = 0
        finally:
            os._exit(code)
    os.close(said)
    with os.fdopen(complaint, "rb") as words:
        started = _ended_well(child)
        missing = b"Could not find the Qt platform plugin" in words.read()
        if missing and not started and not os.environ.get("QT_QPA_PLATFORM"):
            raise HostFault("The window cannot be shown: Qt's part for such a display is missing.", reinstall())
    return started


def _ended_well(child: int) -> bool:
    """Whether a child ends with 0 in time; one that does not end is killed."""
    deadline = time.monotonic() + _PROBE_SECONDS
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        if time.monotonic() > deadline:  # a display that accepts and never answers
            os.kill(child, 9)
            os.waitpid(child, 0)
            return False
        time.sleep(0.01)
