"""A newer version of the program: what is told of it, and whether it is newer. Fetches nothing and installs nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

_VERSION: Final = re.compile(r"\d{1,6}(\.\d{1,6}){0,3}")


@dataclass(frozen=True, slots=True)
class UpdateNote:
    """What the makers have signed about their newest version.

    Attributes:
        version: Such as ``0.2.0``.
        day: When it was released.
        changes: One sentence for each.
        page: Where it can be had.
    """

    version: str
    day: date
    changes: tuple[str, ...]
    page: str


@dataclass(frozen=True, slots=True)
class UpdateAnswer:
    """What a look for a newer version found.

    Attributes:
        running: The version of this program.
        note: Of the newest version.
    """

    running: str
    note: UpdateNote

    @property
    def newer(self) -> bool:
        """Whether the newest version is newer than this program."""
        return version_numbers(self.note.version) > version_numbers(self.running)

    @property
    def sentence(self) -> str:
        """The answer for the user."""
        if self.newer:
            return f"Version {self.note.version} of {self.note.day} is there; you have {self.running}."
        return f"You have the newest version, {self.running}."


def is_version(text: str) -> bool:
    """Whether it is a version of this program: one to four numbers with points between them."""
    return _VERSION.fullmatch(text) is not None


def version_numbers(text: str) -> tuple[int, int, int, int]:
    """A version as numbers that can be compared: ``0.10`` comes after ``0.9``, and ``1`` is ``1.0.0``."""
    first, second, third, fourth = [*map(int, text.split(".")), 0, 0, 0][:4]
    return first, second, third, fourth
