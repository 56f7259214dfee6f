"""What the commands share: exit codes, the user's folders and settings, paths as typed, Ctrl+C, an opened tutor."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from tutor_app.tutor.paths import Folders, folders

if TYPE_CHECKING:
    from tutor_app.core.settings import Settings

DONE: Final = 0
NO_ANSWER: Final = 1
USAGE: Final = 2
FAILED: Final = 3
INTERRUPTED: Final = 130

Subparsers = Any
"""What ``add_subparsers`` returns; argparse gives the class no public name."""


def user_path(text: str) -> Path:
    """A path as typed, with ``~`` meaning the home folder also where no shell has replaced it (``--output=~/a.md``)."""
    # expanduser() raises for "~nobody-of-that-name"; such a text then is a plain name.
    with contextlib.suppress(RuntimeError):
        return Path(text).expanduser()
    return Path(text)


def opened_folders(args: argparse.Namespace) -> Folders:
    """The user's folders, or those under ``--data-dir``; made if they are missing.

    Raises:
        HostFault: If one cannot be made.
    """
    found = folders(args.data_dir)
    found.create()
    return found


def user_settings(where: Folders) -> Settings:
    """The user's settings; what was not understood is said on standard error."""
    from tutor_app.tutor.settings_file import load

    settings, complaints = load(where.settings)
    for complaint in complaints:
        print(f"tutor: {complaint}", file=sys.stderr)
    return settings


@contextlib.contextmanager
def interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """The first Ctrl+C raises ``stop``, so that what there is can be kept; a second one ends the program."""
    if threading.current_thread() is not threading.main_thread():  # only there may handlers be set
        yield
        return

    def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    old = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
