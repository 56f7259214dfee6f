"""Marks stretches of the text of a page, behind it: matches of a search, the selection, differences.

Qt's own marks are washed over formulas and make them pale; these are not. Nothing here changes the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPalette, QTextCursor
from PySide6.QtWidgets import QTextEdit

from tutor_app.render.theme import Theme

_ROUND: Final = 2.5


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of text.

    Attributes:
        first: Position of its first character.
        last: Position behind its last one.
        color: Name of a colour of the theme.
        line: Name of the colour of a line under it; empty for none.
    """

    first: int
    last: int
    color: str
    line: str = ""


class Marks:
    """The marks of one page; takes the painting of the selection over from it."""

    def __init__(self, view: QTextEdit) -> None:
        self._view = view
        self._marks: list[Mark] = []
        self._linked: list[Mark] = []
        palette = view.palette()
        palette.setBrush(QPalette.ColorRole.Highlight, QBrush(Qt.BrushStyle.NoBrush))
        view.setPalette(palette)

    def set(self, marks: list[Mark]) -> None:
        """Show these, besides the selection."""
        self._marks = marks
        self._view.viewport().update()

    def set_linked(self, marks: list[Mark]) -> None:
        """Show these below the others: what belongs to something beside the page."""
        if marks != self._linked:
            self._linked = marks
            self._view.viewport().update()

    @property
    def linked(self) -> list[Mark]:
        """What :meth:`set_linked` has set."""
        return list(self._linked)

    def paint(self, painter: QPainter, theme: Theme) -> None:
        """Draw what can be seen, in the viewport's coordinates."""
        marks = list(self._seen()) if self._marks or self._linked else []
        chosen = self._view.textCursor()
        if chosen.hasSelection():
            marks.append(Mark(chosen.selectionStart(), chosen.selectionEnd(), "selection"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for mark in marks:
            for rect in self.rects(mark.first, mark.last):
                painter.setBrush(theme.color(mark.color))
                painter.drawRoundedRect(rect.adjusted(-1, 0, 1, 0), _ROUND, _ROUND)
                if mark.line:
                    painter.fillRect(
                        QRectF(rect.left() - 1, rect.bottom() - 2, rect.width() + 2, 2), theme.color(mark.line)
                    )

    def rects(self, first: int, last: int) -> list[QRectF]:
        """Where a stretch of text stands in the viewport, line by line, as far as it can be seen."""
        found: list[QRectF] = []
        document = self._view.document()
        cursor = QTextCursor(document)
        block = document.findBlock(max(first, self._top()))
        last = min(last, document.characterCount() - 1)
        while block.isValid() and block.position() <= last:
            cursor.setPosition(block.position())
            if block.isVisible():
                if self._view.cursorRect(cursor).top() > self._view.viewport().height():
                    break
                for n in range(block.layout().lineCount()):
                    line = block.layout().lineAt(n)
                    start = max(first - block.position(), line.textStart())
                    end = min(last - block.position(), line.textStart() + line.textLength())
                    if start < end:
                        cursor.setPosition(block.position() + start)
                        place = self._view.cursorRect(cursor)
                        x1, x2 = (line.cursorToX(at)[0] for at in (start, end))  # type: ignore[index]
                        left = place.center().x() + min(0.0, x2 - x1)
                        found.append(QRectF(left, place.top(), abs(x2 - x1), place.height()))
            block = block.next()
        return found

    def _top(self) -> int:
        """Position of the beginning of the first block that can be seen."""
        position = self._view.cursorForPosition(QPoint(8, 0)).position()
        return self._view.document().findBlock(position).position()

    def _seen(self) -> Iterator[Mark]:
        viewport = self._view.viewport()
        low = self._top()
        bottom = self._view.cursorForPosition(QPoint(viewport.width(), viewport.height())).position()
        block = self._view.document().findBlock(bottom)
        high = block.position() + block.length()
        return (m for m in (*self._linked, *self._marks) if m.last >= low and m.first <= high)
