"""Finds pieces of a text in what was made of it: Markdown's marks are gone there, and blanks are others.

Both are compared without blanks and marks; which of several equal pieces is meant is told by how many stand before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tutor_app.text.minus import MINUS

_DROPPED: Final = frozenset("*_`\\$#>|~\ufffc\u2060\u200b")
_CONTEXT: Final = 24
"""Characters before and behind a piece by which its place is guessed where the piece itself is not found."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a piece is.

    Attributes:
        first: Index of its first character in the compact form of what is searched.
        last: Index behind its last one.
        exact: False if it is not there, and this is a character near to where it would be.
    """

    first: int
    last: int
    exact: bool


def compact(text: str) -> tuple[str, list[int]]:
    """A text without blanks and marks, minus signs as hyphens, and where each of its characters stands in it."""
    text = text.replace(MINUS, "-")
    kept = [(c, n) for n, c in enumerate(text) if not (c.isspace() or c in _DROPPED)]
    return "".join(c for c, _ in kept), [n for _, n in kept]


def find(shown: str, text: str, spans: Iterable[tuple[int, int]]) -> list[Found]:
    """Where the pieces of a text are in what was made of it.

    Args:
        shown: The compact form of what was made; not empty.
        text: As it was written.
        spans: Index of the first character of each piece, and behind its last one.
    """
    written, offsets = compact(text)
    found = []
    for start, end in spans:
        first = sum(offset < start for offset in offsets)
        said = compact(text[start:end])[0]
        at = _occurrence(shown, written, first, said)
        if at >= 0:
            found.append(Found(at, at + len(said), True))
        else:
            at = _near(shown, written, first, said)
            found.append(Found(at, at + 1, False))
    return found


def _all(text: str, piece: str) -> list[int]:
    found, at = [], text.find(piece)
    while at >= 0:
        found.append(at)
        at = text.find(piece, at + 1)
    return found


def _occurrence(shown: str, written: str, first: int, said: str) -> int:
    """Index of what stands at ``first`` of the written text in what is shown; -1 if it is not there."""
    here = _all(shown, said) if said else []
    if not here:
        return -1
    there = _all(written, said)
    if len(here) == len(there) and first in there:
        return here[there.index(first)]
    return min(here, key=lambda at: abs(at - first))


def _near(shown: str, written: str, first: int, said: str) -> int:
    before, behind = written[max(0, first - _CONTEXT) : first], written[first + len(said) :][:_CONTEXT]
    if before and (at := _occurrence(shown, written, first - len(before), before)) >= 0:
        return min(at + len(before), len(shown) - 1)
    if behind and (at := _occurrence(shown, written, first + len(said), behind)) >= 0:
        return max(at - 1, 0)
    return min(len(shown) - 1, first * len(shown) // max(1, len(written)))
