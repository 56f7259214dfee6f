"""Shared parts of the commands: exit codes, folders and settings, paths as typed, Ctrl+C, an opened tutor."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from tutor_app.adapters.files import read_file
from tutor_app.adapters.signals import wishes_to_end
from tutor_app.adapters.whole import QT, cut_off
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.resources import reinstall
from tutor_app.tutor.paths import Folders, folders, with_stand_ins

if TYPE_CHECKING:
    from tutor_app.core.settings import Settings

DONE: Final = 0
NO_ANSWER: Final = 1
USAGE: Final = 2
FAILED: Final = 3
INTERRUPTED: Final = 130
MOST_KEY: Final = 4096
"""Bytes of a file that holds a server's key."""

Subparsers = Any
"""What ``add_subparsers`` returns; argparse gives the class no public name."""


def require_qt(failed: str, remedy: str = "") -> None:
    """Load Qt, or say why not.

    Args:
        failed: What cannot be done without it, as the beginning of a sentence.
        remedy: What else can be done; by default it is installed again.

    Raises:
        HostFault: If it is missing or not whole.
    """
    library = cut_off("PySide6", QT)
    why = f"{library} is cut off" if library else ""
    try:
        if not why:
            from PySide6 import QtGui  # noqa: F401
    except ImportError as e:
        why = str(e).rstrip(".")
    if why:
        raise HostFault(f"{failed}: {why}.", remedy or reinstall())


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


def usable_folders(args: argparse.Namespace) -> Folders:
    """The same for commands that can do their work without keeping it: in a home that cannot be written they go on.

    Folders that were named with ``--data-dir`` are never replaced.

    Raises:
        HostFault: If one that was named cannot be made.
    """
    if args.data_dir is not None:
        return opened_folders(args)
    found, sentence = with_stand_ins(folders())
    if sentence:
        print(f"tutor: {sentence}", file=sys.stderr)
    return found


def user_settings(where: Folders) -> Settings:
    """The user's settings; what was not understood is said on standard error."""
    from tutor_app.tutor.settings_file import load

    settings, complaints = load(where.settings)
    for complaint in complaints:
        print(f"tutor: {complaint}", file=sys.stderr)
    return settings


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose whose model answers."""
    parser.add_argument("--model", default="", help="starter, standard, a model's id, or a GGUF file")
    parser.add_argument(
        "--engine",
        metavar="URL",
        help="let the model of another computer's `tutor serve` answer; code runs here. `local` ignores the setting",
    )
    parser.add_argument(
        "--engine-key-file", type=user_path, metavar="FILE", help="holds the API key that the server asks for"
    )


def with_engine(args: argparse.Namespace, settings: Settings) -> Settings:
    """The settings with the server that the command line names; the key in them is sent to their own server only.

    Raises:
        UserFault: If the options contradict each other, or the key cannot be read.
    """
    if args.engine in (None, "local"):
        if args.engine_key_file is not None:
            raise UserFault("--engine-key-file is the key of a server.", "Name the server with --engine.")
        return settings.changed(server="", server_key="") if args.engine or args.model else settings
    if args.model:
        raise UserFault("--model names a model here, --engine a server with its own.", "Leave one of them out.")
    key = settings.server_key if args.engine == settings.server else ""
    if args.engine_key_file is not None:
        key = _key_in(args.engine_key_file)
    return settings.changed(server=args.engine, server_key=key)


def _key_in(file: Path) -> str:
    try:
        key = read_file(file, MOST_KEY).decode().strip()
    except OSError as e:
        raise UserFault(f"The API key cannot be read from {file}: {e.strerror}.") from None
    except ValueError:
        key = ""
    if not key or not key.isprintable():
        raise UserFault(f"{file} holds no API key.", "It must be one line, as `tutor serve` printed it.")
    return key


@contextlib.contextmanager
def interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """The first wish to end raises ``stop``, so that what there is can be kept; a second one ends the program."""

    def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    with wishes_to_end(on_interrupt):
        yield
