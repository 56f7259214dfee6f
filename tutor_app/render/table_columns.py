"""Widths of the columns of a table, from what their words and formulas need.

A column of words can become narrow, down to its longest word; a formula is broken or shrunk; a number is never cut in
two, so a table of many columns is set in smaller letters. Measures and decides; refuses to write anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QFontMetricsF

from tutor_app.render.theme import mono_font, text_font
from tutor_app.text.delimiters import Segment
from tutor_app.text.markup import MARK

CODE: Final = "\x01"
"""Stands before each word of a cell that is set in the face of code; no text that is shown contains it."""
CODE_SCALE: Final = 0.84
SMALLEST: Final = 0.55
"""Letters of a table are not made smaller than this part of their size."""

_PADDING: Final = 0.7  # in em, beside the text of a cell, both sides together
_RULES: Final = 2.0  # in pixels, for each column
_LONGEST: Final = 12.0  # in em: a longer word may be cut
_NARROW: Final = 7.0  # in em: what a formula can be shrunk or broken to
_SLACK: Final = 1.04  # letters are rounded to whole pixels


@dataclass(frozen=True, slots=True)
class Cell:
    """The share of a cell in the width of the page; lengths in pixels.

    Attributes:
        least: Width that its column needs.
        weight: Its part of what is left when every column has what it needs.
        needed: What all columns need together.
        beside: What is beside the text of a cell, both sides together.
    """

    least: float
    weight: float
    needed: float
    beside: float

    def room(self, available: float) -> float:
        """Width for what stands in the cell, in a table ``available`` wide."""
        if available <= self.needed:
            return self.least * available / self.needed - self.beside
        return self.least + (available - self.needed) * self.weight - self.beside


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a table get.

    Attributes:
        scale: Of its letters.
        least: Width that each column needs, in pixels, its padding included.
        weights: How what is left of the page is divided among them; their sum is 1.
        padding: What is beside the text of each cell, both sides together, in pixels.
        is_full: Whether the page is too narrow for all of it in one line: its columns then get their widths set.
    """

    scale: float
    least: tuple[float, ...]
    weights: tuple[float, ...]
    padding: float
    is_full: bool

    def percent(self, column: int, available: float) -> float:
        """Part of a table ``available`` wide that ``column`` gets, in hundredths."""
        return 100 * (self.cell(column).room(available) + self.padding) / available

    def cell(self, column: int) -> Cell:
        """A cell of ``column``."""
        return Cell(self.least[column], self.weights[column], sum(self.least), self.padding)


def divide(
    rows: Sequence[Sequence[str]],
    formulas: Sequence[Segment],
    formula_width: Callable[[Segment], float],
    size: float,
    available: float,
) -> Columns:
    """Divide a page among the columns of a table.

    Args:
        rows: The text of each cell, formulas as numbered marks, words of code behind :data:`CODE`; the first row is
            the head, in bold letters.
        formulas: What the marks stand for.
        formula_width: Width of a formula, in em.
        size: Text size in pixels.
        available: Width of the page in pixels.
    """
    head = text_font(size)
    head.setBold(True)
    plain, bold, mono = (QFontMetricsF(f) for f in (text_font(size), head, mono_font(size * CODE_SCALE)))
    count = max(len(row) for row in rows)
    least, natural = [0.0] * count, [0.0] * count
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            for line in text.split("\n"):
                faces = [(u, mono if CODE in u else plain if r else bold) for u in line.split()]
                units = [_unit(u.replace(CODE, ""), formulas, formula_width, m, size) for u, m in faces]
                least[c] = max([least[c], *(u[0] for u in units)])
                natural[c] = max(natural[c], sum(u[1] for u in units) + 0.25 * size * max(0, len(units) - 1))
    need = sum(least) * _SLACK
    padding = _PADDING * size + _RULES
    beside = padding * count
    scale = 1.0
    if need + beside > available:
        scale = max(SMALLEST, (available - beside) / need) if need else 1.0
        scale = max(SMALLEST, int(scale * size) / size)
    widths = [w * scale * _SLACK + padding for w in least]
    full = sum(natural) * scale * _SLACK + beside > available
    spare = [max(0.0, n - w) + 0.1 * size for n, w in zip(natural, least, strict=True)]
    return Columns(scale, tuple(widths), tuple(s / sum(spare) for s in spare), padding, full)


def _unit(
    text: str,
    formulas: Sequence[Segment],
    formula_width: Callable[[Segment], float],
    metrics: QFontMetricsF,
    size: float,
) -> tuple[float, float]:
    """Least and natural width of what is not parted at a space, in pixels."""
    words = MARK.sub("", text)
    natural = metrics.horizontalAdvance(words)
    can_break = any(ord(c) > 0x2E80 for c in words)  # Chinese and its like break between any two letters
    least = min(natural, size * (1.2 if can_break else _LONGEST))
    for m in MARK.finditer(text):
        if int(m[1]) < len(formulas):
            width = formula_width(formulas[int(m[1])]) * size
            natural += width
            least += min(width, _NARROW * size)
    return least, natural
