"""The command line: ``tutor`` opens the window; its subcommands do the same work in a terminal.

Exit codes: 0 done (for ``solve``: an answer was found); 1 ``solve`` ended without an answer, or a check found
something wrong; 2 the request was not understood; 3 something on this computer failed; 130 interrupted.
``tutor exec`` has its own, told by ``tutor exec --help``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import platform
import signal
import sys
from collections.abc import Sequence
from typing import Final, TextIO

from tutor_app import __version__
from tutor_app.adapters.signals import wishes_to_end
from tutor_app.commands import window
from tutor_app.commands.shared import FAILED, INTERRUPTED, USAGE, user_path
from tutor_app.core.errors import TutorError, UserFault
from tutor_app.tutor.log import logging_to
from tutor_app.tutor.paths import folders

log = logging.getLogger(__name__)

COMMANDS: Final = (
    *("solve", "ask", "draw", "hint", "practice", "votes", "check", "exec", "step", "models", "export", "import"),
    *("serve", "doctor", "terminal", "window"),
)
"""Each has a module of its name here (``import_`` for ``import``) with ``add_parser`` and ``run``.

Only that of the chosen command is imported: together they need half of the program, which would be loaded with the
window.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command; returns the exit code."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        with wishes_to_end(signal.default_int_handler):
            code = _run(argv)
        sys.stdout.flush()  # at exit it would be too late to say what went wrong
    except OSError as e:
        code = _cannot_write(e)
    return code


def _run(argv: Sequence[str] | None) -> int:
    try:
        words = with_command(sys.argv[1:] if argv is None else argv)
        args = make_parser(wanted(words)).parse_args(words)
        with logging_to(folders(args.data_dir).log):
            return _logged(args)
    except SystemExit as e:  # --help, --version and mistakes in the arguments
        sys.stdout.flush()
        return e.code if isinstance(e.code, int) else USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except UserFault as e:
        _complain(str(e))
        return USAGE
    except TutorError as e:
        return _complain(str(e))
    except UnicodeEncodeError as e:  # a name with bytes that are no text, where text is needed
        name = e.object if len(e.object) <= 200 else f"{e.object[:200]}..."
        return _complain(f"{name} holds bytes that are no UTF-8 text. Rename the file or folder.")


def _logged(args: argparse.Namespace) -> int:
    """Run the command and log how it ended, without what the user typed."""
    name = str(args.run.__module__).rpartition(".")[2].strip("_")
    log.info("%s begins: tutor %s, Python %s, %s", name, __version__, platform.python_version(), platform.platform())
    try:
        code: int = args.run(args)
    except UserFault:
        log.info("%s was not understood", name)
        raise
    except TutorError as e:
        log.error("%s failed: %s", name, e)
        raise
    except Exception:
        log.exception("%s failed", name)
        raise
    log.info("%s ends with %d", name, code)
    return code


def make_parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of these commands; the chosen one's ``run`` is in the namespace."""
    # The option may stand before and after the command. argparse shares a parent's action, so that a default set
    # for the one place would overwrite, in the other place, what the user has typed: hence two actions.
    common = argparse.ArgumentParser(add_help=False)
    text = "keep everything in this folder instead of your own"
    common.add_argument("--data-dir", type=user_path, default=argparse.SUPPRESS, metavar="FOLDER", help=text)
    parser = argparse.ArgumentParser(prog="tutor", description=__doc__)
    parser.add_argument("--data-dir", type=user_path, metavar="FOLDER", help=text)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version, and a newer one that is known")
    parser.set_defaults(run=window.run, files=[])
    commands = parser.add_subparsers(title="commands", metavar="")
    for name in names:
        module = "import_" if name == "import" else name
        importlib.import_module(f"tutor_app.commands.{module}").add_parser(commands, common)
    return parser


def wanted(words: Sequence[str]) -> tuple[str, ...]:
    """The command that a command line names; all of them where it asks for help or names none that there is."""
    place = _place(words)
    if place == len(words):
        return ("window",)
    return (words[place],) if words[place] in COMMANDS else COMMANDS


def with_command(words: Sequence[str]) -> list[str]:
    """The words of a command line with ``window`` before a file that stands in the place of a command.

    That is how a desktop opens a file with this program: ``tutor FILE``. A command of the same name comes first.
    """
    place = _place(words)
    if place < len(words) and words[place] not in COMMANDS and window.is_openable(words[place]):
        return [*words[:place], "window", *words[place:]]
    return list(words)


def _place(words: Sequence[str]) -> int:
    """Where the command stands, or would stand: behind the folder."""
    place = 0
    while place < len(words) and words[place].startswith("--data-dir"):
        place += 1 if "=" in words[place] else 2
    return min(place, len(words))


class _Version(argparse.Action):
    """Prints the version, and what the last look for a newer one has found; asks no network."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: object) -> None:
        print(f"tutor {__version__}")
        with contextlib.suppress(ImportError):  # the version is wanted most where something is missing
            from tutor_app.tutor.updates import Updates

            known = Updates(folders(namespace.data_dir)).known()
            if known is not None and known.newer:
                print(f"{known.sentence} {known.note.page}")
        parser.exit()


def _complain(sentence: str) -> int:
    try:
        print(f"tutor: {sentence}", file=sys.stderr)
        sys.stderr.flush()
    except OSError:
        _drop(sys.stderr)
    return FAILED


def _cannot_write(error: OSError) -> int:
    """One sentence about an error that no command made one of: as a rule standard output is full or closed.

    What writes a file names it, so that an error without a name is one of the standard streams.
    """
    reason = error.strerror or str(error)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _drop(stream)
    if error.filename is not None:
        return _complain(f"{error.filename} cannot be used: {reason}.")
    if isinstance(error, BrokenPipeError):
        return FAILED  # who reads it has read enough, as in "tutor models list | head"
    return _complain(f"What there is to say cannot be written: {reason}.")


def _drop(stream: TextIO) -> None:
    """Send the rest to nowhere: Python tries once more when it ends, and would complain in words of its own."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _open_what_is_closed() -> None:
    """Give a closed standard stream (``>&-``) a place, lest the next file that is opened takes its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            with contextlib.suppress(OSError):
                descriptor = os.open(os.devnull, os.O_RDWR)
                if descriptor != number and sys.platform != "win32":
                    os.dup2(descriptor, number)
                setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
