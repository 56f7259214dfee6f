"""How a student's lines are cut into pieces that are judged one after the other: steps joined by arrows, and parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tutor_app.adapters.checking.work.lines import read_line
from tutor_app.text.decimal_commas import with_points

_ARROW: Final = re.compile(
    r"\u21d2|\u27f9|\u21d4|\u27fa|\u2192|(?<!<)->|<?=>|\\(?:r|R|Leftr|Longr|Longleftr)ightarrow\b|\\implies\b|\\iff\b"
)
_WORDS: Final = re.compile(r"\s*(?:[^\W\d_]{3,}\.?[\s,!]*)+")
_PARTS: Final = re.compile(r"\s*[,;]\s+|\s+(?:and|or)\s+")


def all_with_points(texts: Sequence[str]) -> list[str]:
    """The problem and the lines with points for decimal commas: who writes one so writes all so."""
    apart = "\n\x1e\n"
    return with_points(apart.join(texts)).split(apart)


def parts_with_steps(text: str) -> list[str]:
    """The parts of a line if each goes several steps: ``x = 3 => y = 7, x = 7 => y = 3``; else empty."""
    parts = [part for part in _PARTS.split(text) if part.strip()]
    return parts if all(_ARROW.search(part) for part in parts) else []


def steps_of(text: str) -> list[str]:
    """The steps of a line that are joined by arrows; empty if what stands between them is not formulas."""
    pieces = [piece for piece in _ARROW.split(text) if piece.strip()]
    while len(pieces) > 1 and _WORDS.fullmatch(pieces[-1]):
        pieces.pop()  # "f''(2) = 12 > 0 -> minimum"
    if len(pieces) == 1 and pieces[0].strip() != text.strip() and _is_step(pieces[0]):
        return pieces
    return pieces if len(pieces) > 1 and "lim" not in text and all(map(_is_step, pieces)) else []


def _is_step(piece: str) -> bool:
    """Whether what stands between arrows is a formula, and not a letter alone that goes somewhere."""
    if re.search(r"[=<>\u2264\u2265]|\\[lg]eq?\b", piece):
        return True
    return bool(read_line(piece).cases) and not re.fullmatch(r"\s*[a-zA-Z]\s*", piece)
