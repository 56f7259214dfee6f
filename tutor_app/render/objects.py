"""Measures and draws the objects of a document: its formulas, on the baseline of their line, and its pictures."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Protocol

from PySide6.QtCore import QRect, QRectF, QSizeF
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QPaintEngine,
    QPainter,
    QPyTextObject,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)

from tutor_app.core.parts import Figure
from tutor_app.render.figures import Picture
from tutor_app.render.properties import (
    CELL,
    DISPLAY,
    EM,
    FALSE,
    FALSE_TEXT,
    FIGURE,
    FIGURE_KEY,
    FORMULA,
    SOURCE,
)
from tutor_app.render.table_columns import Cell
from tutor_app.render.theme import Theme, text_font
from tutor_app.render.typeset import Fitted, Formula, fit
from tutor_app.render.underline import draw_wave, underlines


class FormulaSource(Protocol):
    """Where formulas come from."""

    def get(self, source: str, display: bool) -> Formula | None:
        """The formula, or None if it is being made and will be announced."""
        ...


def _cell_of(fmt: QTextFormat) -> Cell | None:
    kept: Any = fmt.property(CELL)
    return Cell(*kept) if kept else None


@lru_cache(maxsize=512)
def font_with_descent(pixels: int) -> QFont:
    """The font of the interface at the size at which its descent is that many pixels."""
    size = max(1, round(pixels / 0.24))
    for candidate in sorted(range(max(1, size - 60), size + 60), key=lambda s: abs(s - size)):
        font = text_font(1)
        font.setPixelSize(candidate)
        if QFontMetrics(font).descent() == pixels:
            return font
    font = text_font(1)
    font.setPixelSize(size)
    return font


@lru_cache(maxsize=512)
def _descent(pixels: int) -> float:
    """What that font's descent, a whole number for Qt, is in fact: so far below the baseline is the object's edge."""
    return QFontMetricsF(font_with_descent(pixels)).descent() if pixels > 0 else 0.0


def _whole_pixel(painter: QPainter, baseline: float) -> float:
    """The baseline where Qt's raster engine puts that of the text beside a formula: on a whole pixel of the device."""
    t = painter.combinedTransform()
    if painter.paintEngine().type() != QPaintEngine.Type.Raster or t.m12() or t.m21() or t.m22() <= 0:
        return baseline
    return (math.floor(t.m22() * baseline + t.dy() + 0.5) - t.dy()) / t.m22()


class ObjectPainter(QPyTextObject):
    """Measures and draws the formulas and pictures of one document."""

    def __init__(self, document: QTextDocument, formulas: FormulaSource, theme: Theme) -> None:
        super().__init__(document)
        self._document = document
        self._formulas = formulas
        self.theme = theme
        self.column = 0.0
        self._figures: list[Picture] = []
        self._kept: dict[tuple[str, bool], Formula] = {}
        self._broken = False  # a formula has been broken into lines, at some width of the column

    def keep(self, formula: Formula) -> None:
        """Hold on to a formula of this document: the shared cache may forget it while it is on the page."""
        self._kept[formula.source, formula.display] = formula

    def _formula(self, fmt: QTextFormat) -> Formula | None:
        key = (fmt.stringProperty(SOURCE), fmt.boolProperty(DISPLAY))
        return self._kept.get(key) or self._formulas.get(*key)

    def add_figure(self, figure: Figure) -> int:
        """Keep a picture; returns the key its character carries."""
        self._figures.append(Picture(figure))
        return len(self._figures) - 1

    @property
    def pictures(self) -> list[Picture]:
        """All pictures, by the keys that their characters carry."""
        return self._figures

    def picture(self, key: int) -> Picture:
        """The picture with that key."""
        return self._figures[key]

    def fitted(self, formula: Formula, em: float, cell: Cell | None = None) -> Fitted:
        """The formula placed in the column of the page, or in a cell of a table."""
        width = self.available()
        found = fit(formula, em, max(2 * em, cell.room(width) if cell is not None else width))
        self._broken = self._broken or len(found.lines) > 1
        return found

    def refit(self) -> None:
        """After the column has another width: formulas that are broken elsewhere have the descent of their lines now.

        Qt measures an object anew, but its baseline is in the font of its character, which was chosen for the width
        that it was inserted at.
        """
        if not self._broken:
            return
        changed: list[tuple[int, int, QTextCharFormat]] = []
        block = self._document.begin()
        while block.isValid():
            pieces = block.begin()
            while not pieces.atEnd():
                piece = pieces.fragment()
                fmt = piece.charFormat()
                formula = self._formula(fmt) if fmt.objectType() == FORMULA else None
                if formula is not None and formula.ok:
                    down = math.ceil(self.fitted(formula, fmt.doubleProperty(EM), _cell_of(fmt)).descent - 0.01)
                    font = font_with_descent(max(down, 0))
                    if fmt.font().pixelSize() not in (font.pixelSize(), -1):
                        fmt.setFont(font)
                        changed.append((piece.position(), piece.length(), fmt))
                pieces += 1
            block = block.next()
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        for position, length, fmt in changed:
            cursor.setPosition(position)
            cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(fmt)
        cursor.endEditBlock()

    def available(self) -> float:
        """Width of the page's column, in pixels."""
        width = self._document.textWidth()
        if width <= 0:
            width = self.column or 10_000.0
        return width - 2 * self._document.documentMargin() - 36

    def intrinsicSize(self, doc: QTextDocument, position: int, fmt: QTextFormat) -> QSizeF:
        """Size of an object, in pixels."""
        if fmt.objectType() == FIGURE:
            return self._figures[fmt.intProperty(FIGURE_KEY)].size(self.available())
        formula = self._formula(fmt)
        if formula is None or not formula.ok:
            return QSizeF(1, 1)
        fitted = self.fitted(formula, fmt.doubleProperty(EM), _cell_of(fmt))
        down = math.ceil(fitted.descent - 0.01)
        return QSizeF(fitted.width, math.ceil(fitted.ascent) + max(0, down))

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, doc: QTextDocument, position: int, fmt: QTextFormat
    ) -> None:
        """Draw an object; formulas from their outlines, at any resolution."""
        rect = QRectF(rect)
        if fmt.objectType() == FIGURE:
            self._figures[fmt.intProperty(FIGURE_KEY)].draw(painter, rect, self.theme)
            return
        formula = self._formula(fmt)
        if formula is None or not formula.ok:
            return
        em = fmt.doubleProperty(EM)
        fitted = self.fitted(formula, em, _cell_of(fmt))
        down = max(0, math.ceil(fitted.descent - 0.01))
        baseline = _whole_pixel(painter, rect.bottom() - _descent(down))
        if len(fitted.lines) > 1:  # the descent of the whole stack hangs below the first line's baseline
            baseline = rect.top() + math.ceil(fitted.ascent)
        for line in fitted.lines:
            line.formula.draw(
                painter, rect.left() + line.x, baseline + line.baseline, em * line.scale, fmt.foreground().color()
            )
        if fmt.hasProperty(FALSE):
            for left, right, y in underlines(fitted, em, fmt.stringProperty(FALSE_TEXT)):
                draw_wave(painter, rect.left() + left, rect.left() + right, baseline + y, em, self.theme.color("bad"))
