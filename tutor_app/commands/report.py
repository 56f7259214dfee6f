"""The report of ``tutor doctor --report``: one text file that a user can read through and send to whoever helps.

Versions, findings, settings and the end of the log; texts of the user (problems, names of models) only if asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from tutor_app.adapters.files import write_file
from tutor_app.adapters.library import Library
from tutor_app.core.errors import TutorError, UserFault
from tutor_app.core.settings import described
from tutor_app.tutor.log import last_lines
from tutor_app.tutor.paths import Folders
from tutor_app.tutor.settings_file import load

_PACKAGES: Final = ("llama-cpp-python", "PySide6", "sympy", "numpy", "matplotlib", "ziamath")
_PROBLEMS: Final = 20
"""Saved problems that are told, if any are."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that ``tutor doctor`` looked at.

    Attributes:
        name: What.
        ok: Whether the program can do its work with it.
        text: What was found and, if it is not well, what to do.
    """

    name: str
    ok: bool
    text: str

    @property
    def line(self) -> str:
        """The finding as a line of a terminal."""
        return f"{'ok ' if self.ok else '!! '} {self.name:16} {self.text}"


def write_report(path: Path, folders: Folders, findings: Iterable[Finding], *, problems: bool) -> None:
    """Write the report.

    Args:
        path: Of the report; an existing file is replaced.
        folders: Of the user.
        findings: What was looked at.
        problems: Tell the latest problems, too.

    Raises:
        UserFault: If the file cannot be written.
    """
    text = "\n".join(_lines(folders, findings, problems)) + "\n"
    home = str(Path.home())
    if len(home) > 1:
        text = text.replace(home, "~")  # it often holds the user's name
    try:
        write_file(path, text.encode("utf-8", "backslashreplace"))
    except (OSError, ValueError) as e:
        reason = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
        raise UserFault(f"The report cannot be written to {path}: {reason}.", "Choose another file.") from None


def _lines(folders: Folders, findings: Iterable[Finding], problems: bool) -> Iterator[str]:
    yield "MuMath Tutor, report"
    yield from ("", "What works", *(finding.line for finding in findings))
    yield from ("", "Packages", *(f"{name} {_version(name)}" for name in _PACKAGES))
    yield from ("", "Settings", *_settings(folders))
    yield from ("", "The end of the log", *last_lines(folders.log))
    if problems:
        yield from ("", "The latest problems", *_latest(folders))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is not installed"


def _settings(folders: Folders) -> Iterator[str]:
    settings, complaints = load(folders.settings)
    for name, value in asdict(settings).items():
        if described()[name].kind == "text":
            value = "(chosen)" if value else "(not chosen)"
        yield f"{name}: {value}"
    yield from complaints


def _latest(folders: Folders) -> Iterator[str]:
    if not folders.library.exists():
        return
    try:
        with Library(folders.library) as library:
            for entry in library.entries(limit=_PROBLEMS):
                yield f"[{entry.status}] {entry.problem}"
    except TutorError as e:
        yield str(e)
