"""``tutor window``, and ``tutor`` alone: the window, or the terminal where there is no display to show it on."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from typing import Final

from tutor_app.commands import terminal
from tutor_app.commands.shared import Subparsers, opened_folders, user_settings
from tutor_app.core.errors import HostFault

_PROBE_SECONDS: Final = 10.0


def add_parser(commands: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser = commands.add_parser("window", parents=[common], help="open the window, as without a command")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show the window until it is closed; returns the exit code.

    Raises:
        HostFault: If Qt does not start as ``QT_QPA_PLATFORM`` asks, or is not installed.
    """
    where = opened_folders(args)
    wanted = display(os.environ)
    if not wanted:
        print("No display: working in the terminal.", file=sys.stderr)
        return terminal.converse(where, user_settings(where))
    if not qt_starts():
        if os.environ.get("QT_QPA_PLATFORM"):
            raise HostFault(f"Qt does not start with {wanted}.", "Unset QT_QPA_PLATFORM, or set it to another value.")
        print(f"The display {wanted} cannot be used: working in the terminal.", file=sys.stderr)
        return terminal.converse(where, user_settings(where))
    from tutor_app.app import run_window

    return run_window(where)


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
        HostFault: If Qt is not installed.
    """
    try:
        from PySide6.QtGui import QGuiApplication
    except ImportError as e:
        raise HostFault(f"The window cannot be shown: {e}.", "Run `make run`, which installs what Qt needs.") from None
    if sys.platform != "linux":
        return True
    child = os.fork()
    if child == 0:
        code = 1
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)  # Qt's own complaint; the caller has one sentence for it
            import resource

            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the abort is expected
            QGuiApplication([])
            code = 0
        finally:
            os._exit(code)
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
