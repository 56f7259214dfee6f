"""The code of the stepping panel: colours, line numbers, breakpoints, and a bar on the line about to run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Final, Literal

from PySide6.QtCore import QPointF, QRect, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPolygonF,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from tutor_app.render.code_colors import Spans, spans
from tutor_app.render.theme import Theme, mono_font

_CONTEXT: Final = 2  # lines that stay in view above and below the one about to run
_SIGNS: Final = {"bad": "\u2212", "good": "+"}  # beside lines that differ, so that colour is not the only sign
_LINE_WASH, _CHARACTER_WASH = 0.13, 0.38


class _Colours(QSyntaxHighlighter):
    """Colours lines of code that are known already."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._spans: Spans = ()
        self._theme: Theme | None = None

    def use(self, found: Spans, theme: Theme) -> None:
        self._spans, self._theme = found, theme
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        """Colour one line."""
        number = self.currentBlock().blockNumber()
        if self._theme is None or number >= len(self._spans):
            return
        for column, length, color, italic in self._spans[number]:
            fmt = QTextCharFormat()
            fmt.setForeground(self._theme.color(color))
            fmt.setFontItalic(italic)
            self.setFormat(column, length, fmt)


class CodePane(QPlainTextEdit):
    """Shows a block; the cursor chooses a line, a click on a number sets a breakpoint.

    Signals:
        breakpoint_asked: The user clicked on a line's number: the line.
        edited: The user has changed the code: all of it.
        cursor_moved: The user has put the cursor into another line: its number.
    """

    breakpoint_asked = Signal(int)
    edited = Signal(str)
    cursor_moved = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._line, self._failed = 0, False
        self._breakpoints: Collection[int] = ()
        self._linked = range(0)
        self._changes: Mapping[int, Sequence[tuple[int, int]]] = {}
        self._side: Literal["bad", "good"] = "good"
        self._colours = _Colours(self.document())
        self._gutter = _Gutter(self)
        self.setObjectName("stepCode")
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setCursorWidth(2)
        self.setAccessibleName("Code")
        self.verticalScrollBar().setAccessibleName("Scroll the code")
        self.horizontalScrollBar().setAccessibleName("Scroll the code sideways")
        self.updateRequest.connect(self._scrolled)
        self.blockCountChanged.connect(lambda _: self._fit_gutter())
        self.cursorPositionChanged.connect(self._say_cursor)
        self.set_size(15.0)

    # -- what is shown ------------------------------------------------------------------------------------------

    def set_source(self, source: str) -> None:
        """Show a block."""
        self._line, self._changes = 0, {}
        self.setPlainText(source)
        self._colours.use(spans(source), self._theme)
        self._mark()

    def set_editable(self, on: bool) -> None:
        """Whether the user may change the code."""
        self.setReadOnly(not on)
        self.setUndoRedoEnabled(on)
        if on:
            self.textChanged.connect(self._say_edited)
        else:
            with suppress(RuntimeError):  # it was not editable before
                self.textChanged.disconnect(self._say_edited)
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )

    def wrap(self) -> None:
        """Wrap long lines, for good: nobody scrolls sideways in front of a class."""
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._mark()

    def replace_source(self, source: str) -> None:
        """Show changed code, telling nobody."""
        if source != self.toPlainText():
            with QSignalBlocker(self):
                self.set_source(source)

    def _say_cursor(self) -> None:
        if self.hasFocus():
            self.cursor_moved.emit(self.cursor_line)

    def _say_edited(self) -> None:
        self.edited.emit(self.toPlainText())

    def show_line(self, line: int, failed: bool = False) -> None:
        """Mark the line about to run, or the one that failed, and bring it into view; 0 marks none."""
        if (line, failed) == (self._line, self._failed):
            return
        self._line, self._failed = line, failed
        self._mark()
        if line:
            self.reveal(line)
        self.setAccessibleDescription(self._words())

    def set_breakpoints(self, lines: Collection[int]) -> None:
        """Mark the lines with breakpoints."""
        self._breakpoints = frozenset(lines)
        self._gutter.update()

    def mark_linked(self, lines: range) -> None:
        """Put a bar beside the lines that a sentence announced."""
        if lines != self._linked:
            self._linked = lines
            self._gutter.update()

    @property
    def linked(self) -> range:
        """The lines that a sentence announced."""
        return self._linked

    def mark_changes(self, changes: Mapping[int, Sequence[tuple[int, int]]], side: Literal["bad", "good"]) -> None:
        """Mark the lines that differ from those of another block.

        Args:
            changes: By the line's number, where it differs in characters; nowhere means all of it.
            side: Whether they were taken away or failed (``bad``), or are new (``good``).
        """
        self._changes, self._side = changes, side
        self._mark()

    @property
    def line(self) -> int:
        """The line that is marked, from 1; 0 if none is."""
        return self._line

    @property
    def cursor_line(self) -> int:
        """The line with the cursor, from 1."""
        return self.textCursor().blockNumber() + 1

    def put_cursor(self, line: int) -> None:
        """Put the cursor at the beginning of a line."""
        self.setTextCursor(QTextCursor(self.document().findBlockByNumber(line - 1)))

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self._colours.use(spans(self.toPlainText()), theme)
        self._mark()
        self._gutter.update()

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self.setFont(mono_font(pixels))
        self.setStyleSheet(f"font-size: {round(pixels)}px")  # the window's style sheet would win over the font
        self._fit_gutter()

    def _words(self) -> str:
        text = self.document().findBlockByNumber(self._line - 1).text().strip() if self._line else ""
        state = "failed at" if self._failed else "about to run"
        return f"{state} line {self._line}: {text}" if self._line else ""

    def _mark(self) -> None:
        marks: list[QTextEdit.ExtraSelection] = []
        for line, places in self._changes.items():
            marks.append(self._wash(line, _LINE_WASH))
            marks += [self._wash(line, _CHARACTER_WASH, place) for place in places]
        if self._line:
            mark = self._selection(self._line)
            mark.format.setBackground(self._theme.color("error_back" if self._failed else "mark"))
            marks.insert(0, mark)
        self.setExtraSelections(marks)
        self._gutter.update()

    def _wash(self, line: int, strength: float, place: tuple[int, int] | None = None) -> QTextEdit.ExtraSelection:
        mark = self._selection(line, place)
        color = self._theme.color(self._side)
        color.setAlphaF(strength)
        mark.format.setBackground(color)
        return mark

    def _selection(self, line: int, place: tuple[int, int] | None = None) -> QTextEdit.ExtraSelection:
        """A line, or some characters of it, to be marked."""
        mark = QTextEdit.ExtraSelection()
        mark.format = QTextCharFormat()
        mark.cursor = QTextCursor(self.document().findBlockByNumber(line - 1))
        if place is None:
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            if mark.cursor.block().lineCount() > 1:  # it is wrapped
                mark.cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        else:
            block = mark.cursor.block()
            start, end = (block.position() + min(at, block.length() - 1) for at in place)  # it may have been edited
            mark.cursor.setPosition(start)
            mark.cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        return mark

    def reveal(self, line: int) -> None:
        """Bring a line into view."""
        bar = self.verticalScrollBar()  # counts lines as they are wrapped
        shown = max(1, self.viewport().height() // max(1, self.fontMetrics().lineSpacing()) - 1)
        top = bar.value()
        block = self.document().findBlockByNumber(line - 1)
        first = block.firstLineNumber()
        last = first + max(block.lineCount(), 1) - 1
        if first < top + _CONTEXT:
            bar.setValue(max(0, first - _CONTEXT))
        elif last > top + shown - 1 - _CONTEXT:
            bar.setValue(min(last + 1 - shown + _CONTEXT, first))

    # -- the gutter ---------------------------------------------------------------------------------------------

    @property
    def gutter(self) -> QWidget:
        """The line numbers."""
        return self._gutter

    def gutter_width(self) -> int:
        """Pixels of the line numbers with their signs."""
        em = self.fontMetrics().horizontalAdvance("9")
        return em * (len(str(max(10, self.blockCount()))) + 4)

    def _fit_gutter(self) -> None:
        self.setViewportMargins(self.gutter_width(), 0, 0, 0)
        inside = self.contentsRect()
        self._gutter.setGeometry(QRect(inside.left(), inside.top(), self.gutter_width(), inside.height()))

    def _scrolled(self, rect: QRect, dy: int) -> None:
        if dy:
            self._gutter.scroll(0, dy)
        else:
            self._gutter.update(0, rect.y(), self._gutter.width(), rect.height())

    def line_at(self, y: float) -> int:
        """The line at a height of the viewport, from 1; 0 below the last."""
        for line, top, height in self.visible_lines():
            if top <= y < top + height:
                return line
        return 0

    def visible_lines(self) -> list[tuple[int, float, float]]:
        """Number, top and height of each line in view."""
        found = []
        block = self.firstVisibleBlock()
        while block.isValid():
            box = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if box.top() > self.viewport().height():
                break
            # The last block is higher than its line: it holds the margin below the text.
            found.append((block.blockNumber() + 1, box.top(), block.layout().boundingRect().height() or box.height()))
            block = block.next()
        return found

    def paint_gutter(self, painter: QPainter) -> None:
        """Draw the numbers, the breakpoints and the arrow of the line about to run."""
        t, width = self._theme, self._gutter.width()
        em = self.fontMetrics().horizontalAdvance("9")
        painter.fillRect(self._gutter.rect(), t.color("code_back"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        row = self.fontMetrics().lineSpacing() + 1.0
        for line, top, height in self.visible_lines():
            here = line == self._line
            color = t.color("bad" if here and self._failed else "ink" if here else "faint")
            painter.setPen(color)
            if line in self._linked:
                painter.fillRect(QRectF(width - 3, top, 3, height), t.color("accent"))
            height = min(height, row)  # of one that is wrapped the first part
            box = QRectF(0, top, width - 2.2 * em, height)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(line))
            middle = top + height / 2
            painter.setPen(Qt.PenStyle.NoPen)
            if line in self._changes and line not in self._breakpoints:
                painter.setPen(t.color(self._side))
                sign = QRectF(0, top, 1.8 * em, height)
                painter.drawText(sign, Qt.AlignmentFlag.AlignCenter, _SIGNS[self._side])
                painter.setPen(Qt.PenStyle.NoPen)
            if line in self._breakpoints:
                painter.setBrush(t.color("bad"))
                painter.drawEllipse(QPointF(0.9 * em, middle), 0.5 * em, 0.5 * em)
            if here:
                _arrow(painter, QPointF(width - 1.1 * em, middle), em, color if self._failed else t.color("mark_here"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the gutter beside the lines."""
        super().resizeEvent(event)
        self._fit_gutter()
        if self._line:
            self.reveal(self._line)


def _arrow(painter: QPainter, at: QPointF, em: float, color: QColor) -> None:
    k = 0.55 * em
    painter.setBrush(color)
    painter.drawPolygon(QPolygonF([at + QPointF(-k, -k), at + QPointF(k, 0), at + QPointF(-k, k)]))


class _Gutter(QWidget):
    """The line numbers; a click sets a breakpoint."""

    def __init__(self, pane: CodePane) -> None:
        super().__init__(pane)
        self._pane = pane
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click on a number to stop there (F9)")
        self.setAccessibleName("Line numbers and breakpoints")

    def sizeHint(self) -> QSize:
        """As wide as the numbers."""
        return QSize(self._pane.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the numbers."""
        painter = QPainter(self)
        self._pane.paint_gutter(painter)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Set or remove a breakpoint."""
        line = self._pane.line_at(event.position().y())
        if line:
            self._pane.breakpoint_asked.emit(line)
