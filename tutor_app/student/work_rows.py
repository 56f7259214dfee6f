"""A user's own lines, typeset one below the other, each with what was found about it. Draws; decides nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QAbstractTextDocumentLayout, QFontMetrics, QPainter, QPalette, QResizeEvent, QTextDocument
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from tutor_app.core.work import LONGEST_LINE, MARKS, MOST_LINES, SAYS, LineVerdict, WorkReport
from tutor_app.render.blocks import Writer
from tutor_app.render.prose import write_plain
from tutor_app.render.theme import Theme, ui_font
from tutor_app.text.speech import spoken_prose
from tutor_app.text.typing import read_typed
from tutor_app.ui.formulas import Formulas

Index = QModelIndex | QPersistentModelIndex
ROW: Final = Qt.ItemDataRole.UserRole
_NUMBER_WIDTH: Final = 34
_MARK_WIDTH: Final = 24
_PADDING: Final = 6
_REMARK_PIXELS: Final = 12
_KEPT: Final = 2 * MOST_LINES
"""Typeset lines that are kept."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line.

    Attributes:
        number: From 1.
        text: As typed.
        verdict: What was found, or None before the check.
        is_first_fault: Whether it is the first line with a fault.
    """

    number: int
    text: str
    verdict: LineVerdict | None = None
    is_first_fault: bool = False

    @property
    def shown(self) -> str:
        """The line with its formulas between dollar signs."""
        return read_typed(self.text[:LONGEST_LINE]).text

    @property
    def remark(self) -> str:
        """The remark below it; empty where the mark says enough."""
        v = self.verdict
        if v is None or v.is_quiet:
            return ""
        remark = v.remark()
        return f"{remark[:1].upper()}{remark[1:]}."

    def spoken(self) -> str:
        """The row as a screen reader says it."""
        found = self.verdict
        verdict = "" if found is None or not SAYS[found.kind] else f", {found.remark()}"
        return f"Line {self.number}: {spoken_prose(self.shown) or 'empty'}{verdict}"


class WorkModel(QAbstractListModel):
    """The lines as a list; what stands above a change keeps its verdicts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self.left_out = 0

    def set_lines(self, lines: Sequence[str]) -> bool:
        """Show these lines; returns whether any has changed."""
        self.left_out = max(0, len(lines) - MOST_LINES)
        lines = lines[:MOST_LINES]
        old = [row.text for row in self.rows]
        same = next((k for k, (a, b) in enumerate(zip(old, lines, strict=False)) if a != b), min(len(old), len(lines)))
        if same == len(old) == len(lines):
            return False
        if same < len(old):
            self.beginRemoveRows(QModelIndex(), same, len(old) - 1)
            del self.rows[same:]
            self.endRemoveRows()
        if same < len(lines):
            self.beginInsertRows(QModelIndex(), same, len(lines) - 1)
            self.rows += [Row(k + 1, text) for k, text in enumerate(lines) if k >= same]
            self.endInsertRows()
        return True

    def show_report(self, report: WorkReport | None) -> None:
        """Show what was found about the lines; nothing for None."""
        found: Sequence[LineVerdict] = report.lines if report is not None else ()
        first = report.first_fault if report is not None else None
        self.rows = [
            Row(k + 1, row.text, found[k] if k < len(found) and found[k].text == row.text else None, k == first)
            for k, row in enumerate(self.rows)
        ]
        if self.rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))
            self.layoutChanged.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  (Qt's own signature)
        """Number of lines."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The line itself, and its words."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken()
        return row.text if role == Qt.ItemDataRole.DisplayRole else None


class RowDelegate(QStyledItemDelegate):
    """Draws a line: its number, its mark, its formulas, and below them the remark.

    Only lines that come into sight are typeset, so that hundreds may be pasted.
    """

    def __init__(self, view: QListView, formulas: Formulas, theme: Theme) -> None:
        super().__init__(view)
        self._view, self._formulas, self.theme, self._size = view, formulas, theme, 16.0
        self._kept: dict[str, tuple[QTextDocument, Writer]] = {}
        formulas.ready.connect(self._exchange)

    def restyle(self, theme: Theme | None = None, size: float = 0.0) -> None:
        """Use other colours or another size."""
        self.theme, self._size = theme or self.theme, size or self._size
        self._kept.clear()
        self._view.doItemsLayout()

    def _exchange(self, keys: list[tuple[str, bool]]) -> None:
        if [writer for _, writer in self._kept.values() if writer.exchange(keys)]:
            self._view.scheduleDelayedItemsLayout()
            self._view.viewport().update()

    def _document(self, row: Row, width: int) -> QTextDocument:
        if row.text not in self._kept:
            if len(self._kept) > _KEPT:
                self._kept.clear()
            document = QTextDocument(self)
            document.setDocumentMargin(0)
            writer = Writer(document, self.theme, self._formulas, self._size)
            write_plain(writer, row.shown)
            self._kept[row.text] = (document, writer)
            self._view.scheduleDelayedItemsLayout()
        document = self._kept[row.text][0]
        if round(document.textWidth()) != width:
            document.setTextWidth(width)
        return document

    def _text_width(self) -> int:
        return max(80, self._view.viewport().width() - _NUMBER_WIDTH - _MARK_WIDTH - 2 * _PADDING)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """As high as the formulas and the remark."""
        row: Row = index.data(ROW)
        width = self._text_width()
        height = self._size * 1.5 + 2 * _PADDING
        if row.text in self._kept:  # what has not been in sight is not typeset yet
            height = max(height, self._document(row, width).size().height() + 2 * _PADDING)
        if row.remark:
            height += self._remark_height(row.remark, width) + 4
        return QSize(120, math.ceil(height))

    @staticmethod
    def _remark_height(remark: str, width: int) -> int:
        room = QRect(0, 0, width, 10_000)
        return QFontMetrics(ui_font(_REMARK_PIXELS)).boundingRect(room, Qt.TextFlag.TextWordWrap, remark).height()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a line."""
        row: Row = index.data(ROW)
        theme, rect = self.theme, option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_back(painter, option, row)
        width, top = self._text_width(), rect.top() + _PADDING
        left = rect.left() + _NUMBER_WIDTH + _MARK_WIDTH
        document = self._document(row, width)
        baseline = top + _baseline(document)
        tone = _tone(row)
        painter.setFont(ui_font(12))
        painter.setPen(theme.color("faint"))
        number = str(row.number)
        end = rect.left() + _NUMBER_WIDTH - 8
        painter.drawText(QPointF(end - painter.fontMetrics().horizontalAdvance(number), baseline), number)
        if row.verdict is not None:
            painter.setFont(ui_font(14))
            painter.setPen(theme.color(tone))
            mark = MARKS[row.verdict.kind]
            middle = rect.left() + _NUMBER_WIDTH + (_MARK_WIDTH - 6 - painter.fontMetrics().horizontalAdvance(mark)) / 2
            painter.drawText(QPointF(middle, baseline), mark)
        painter.save()
        painter.translate(left, top)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, theme.color("ink"))
        context.clip = QRectF(0, 0, width, document.size().height())
        document.documentLayout().draw(painter, context)
        painter.restore()
        if row.remark:
            painter.setFont(ui_font(_REMARK_PIXELS))
            painter.setPen(theme.color(tone))
            below = top + math.ceil(max(self._size * 1.5, document.size().height())) + 2
            painter.drawText(QRect(left, below, width, rect.bottom() - below), Qt.TextFlag.TextWordWrap, row.remark)
        painter.restore()

    def _paint_back(self, painter: QPainter, option: QStyleOptionViewItem, row: Row) -> None:
        box = QRectF(option.rect).adjusted(2.5, 1.5, -2.5, -1.5)
        if row.is_first_fault:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.color("error_back"))
            painter.drawRoundedRect(box, 6, 6)
            painter.setBrush(self.theme.color("bad"))
            painter.drawRoundedRect(QRectF(box.left(), box.top(), 3, box.height()), 1.5, 1.5)
        if option.state & QStyle.StateFlag.State_Selected:
            focused = option.state & QStyle.StateFlag.State_HasFocus
            painter.setPen(self.theme.color("accent" if focused else "line_strong"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 6, 6)


def _baseline(document: QTextDocument) -> float:
    """The baseline of the first line, from the top of the document."""
    layout = document.firstBlock().layout()
    line = layout.lineAt(0)
    return layout.position().y() + line.y() + line.ascent() if line.isValid() else 0.0


def _tone(row: Row) -> str:
    """The colour of the mark and the remark: only the first fault has that of faults."""
    v = row.verdict
    if v is None:
        return "muted"
    if v.is_fault:
        return "bad" if row.is_first_fault else "warn"
    return "good" if MARKS[v.kind] == "\u2713" else "muted"


class WorkRows(QListView):
    """The list; the arrow keys move in it."""

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        self._keeps = False  # the marked line in sight, until the user scrolls; a layout may ask for it at once
        super().__init__(parent)
        self.setObjectName("workRows")
        self.lines = WorkModel(self)
        self.setModel(self.lines)
        self.delegate = RowDelegate(self, formulas, theme)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName("My lines, typeset")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setAccessibleName("Scroll my lines")
        self.verticalScrollBar().actionTriggered.connect(lambda _: self._leave())
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)

    def show_row(self, row: int) -> None:
        """Mark a line, and scroll to it; it stays in sight while it and those above it are typeset."""
        index = self.lines.index(row)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)
            self._keeps = True

    def _leave(self) -> None:
        self._keeps = False

    def _keep_in_sight(self) -> None:
        if self._keeps and self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def doItemsLayout(self) -> None:
        """Typeset lines are higher than was thought, and push the marked one out of sight."""
        super().doItemsLayout()
        if self._keeps:
            QTimer.singleShot(0, self, self._keep_in_sight)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width breaks the lines anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()
