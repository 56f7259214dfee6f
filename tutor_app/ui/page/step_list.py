"""The table of steps beside a long solution: a click goes there, and it shows what is being read. Draws plain data."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from tutor_app.render.outline import Section
from tutor_app.render.theme import Theme, mono_font, ui_font
from tutor_app.text.speech import spoken_prose
from tutor_app.ui.announce import announce
from tutor_app.ui.building import column_of, once, text_label
from tutor_app.ui.page.transcript_view import TranscriptView

MANY_ROUNDS: Final = 3
MANY_STEPS: Final = 8
"""A solution with more cards, or more steps, than these is long."""
WIDTH: Final = 236
_REFRESH_MS: Final = 200
_ROLE: Final = Qt.ItemDataRole.UserRole
_NAMES: Final = {
    "problem": "Problem",
    "question": "Question",
    "thought": "",
    "text": "",
    "code": "Code",
    "output": "Output",
    "answer": "Answer",
}
_HEADED: Final = ("problem", "question", "answer")
"""Kinds whose name stands above the title."""


def in_words(section: Section) -> str:
    """A step as it is said: what it is, then its first words with their formulas in words."""
    name = "Error" if section.failed else _NAMES[section.kind]
    title = spoken_prose(section.title_source[:600]) if section.title_source else section.title
    return f"{name}: {title}" if name else title


class StepDelegate(QStyledItemDelegate):
    """A line: what it is in the margin, its first words beside."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """One line; problem and answer stand apart."""
        section: Section = index.data(_ROLE)
        return QSize(120, 44 if section.kind in _HEADED else 28)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw a step."""
        section: Section = index.data(_ROLE)
        t = self.theme
        here = bool(option.state & QStyle.StateFlag.State_Selected)
        rect = QRectF(option.rect).adjusted(6, 1, -10, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if here or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(t.color("selection" if here else "accent_soft"))
            painter.setPen(t.color("accent") if option.state & QStyle.StateFlag.State_HasFocus else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(rect, 6, 6)
        left = rect.left() + 12
        if section.kind in ("code", "output"):
            painter.setPen(t.color("line_strong"))
            painter.drawLine(int(left), option.rect.top(), int(left), option.rect.bottom() + 1)
            left += 12
        color = "ink" if here or section.kind in _HEADED else "muted"
        if section.failed:
            color = "bad"
        font = mono_font(11.5) if section.kind in ("code", "output") else ui_font(12.5)
        text = ("\u2715  " if section.failed else "\u2192 " if section.kind == "output" else "") + section.title
        if section.kind in _HEADED:
            label = ui_font(11)
            label.setWeight(QFont.Weight.DemiBold)
            painter.setFont(label)
            painter.setPen(t.color("accent"))
            painter.drawText(QRectF(left, rect.top() + 5, rect.right() - left, 15), _NAMES[section.kind])
            line = QRectF(left, rect.top() + 20, rect.right() - left - 6, 19)
        else:
            line = QRectF(left, rect.top(), rect.right() - left - 6, rect.height())
        painter.setFont(font)
        painter.setPen(t.color(color))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(line.width()))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.restore()


class StepItem(QListWidgetItem):
    """A line of the list; what a screen reader says of it is made when one asks."""

    def data(self, role: int) -> object:
        """The section, and words for it."""
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return in_words(super().data(_ROLE))
        if role == Qt.ItemDataRole.ToolTipRole:
            return super().data(_ROLE).title
        return super().data(role)


class StepList(QWidget):
    """The panel.

    Signals:
        length_changed: Whether the solution is long enough for a table of its steps has changed.
    """

    length_changed = Signal()

    def __init__(self, view: TranscriptView, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("steps")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        self._view = view
        self.sections: Sequence[Section] = ()
        self.is_long = False
        self._held = -1
        title = text_label("Steps", "section")
        title.setContentsMargins(18, 0, 0, 0)
        self.list = QListWidget()
        self.list.setAccessibleName("Steps of the solution")
        self.list.setAccessibleDescription("Enter goes to the chosen step.")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.setMouseTracking(True)
        self.delegate = StepDelegate(theme, self.list)
        self.list.setItemDelegate(self.delegate)
        column_of(title, (self.list, 1), parent=self, margins=(0, 14, 0, 8), spacing=8)
        self._timer = once(self, _REFRESH_MS, self.refresh)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        view.changed.connect(self._changed)
        view.verticalScrollBar().valueChanged.connect(lambda _: self._follow())

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self.delegate.theme = theme
        self.list.viewport().update()

    def showEvent(self, event: QShowEvent) -> None:
        """A hidden table marks nothing: catch up."""
        super().showEvent(event)
        self._follow()

    def go(self, by: int) -> None:
        """Scroll the page to the next (1) or the previous (-1) step."""
        self.refresh()
        if self.sections:
            here = bisect_right([s.first for s in self.sections], self._view.place_below_top()) - 1
            self._go_to(max(0, min(len(self.sections) - 1, here + by)))

    def _changed(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def refresh(self) -> None:
        """Read the page anew."""
        sections = [] if self._view.page.is_empty else self._view.sections()
        old, self.sections = self.sections, sections
        for n, section in enumerate(sections):
            if n < len(old) and self.list.item(n) is not None:
                if old[n] != section:
                    self.list.item(n).setData(_ROLE, section)
            else:
                item = StepItem()
                item.setData(_ROLE, section)
                self.list.addItem(item)
        while self.list.count() > len(sections):
            self.list.takeItem(self.list.count() - 1)
        self._follow()
        steps = sum(s.kind != "output" for s in sections)
        long = len(self._view.cards()) > MANY_ROUNDS or steps > MANY_STEPS
        if long != self.is_long:
            self.is_long = long
            self.length_changed.emit()

    def _follow(self) -> None:
        """Mark the step that is being read."""
        if not self.sections or not self.isVisible() or self._view.verticalScrollBar().value() == self._held:
            return
        self._held = -1
        n = bisect_right([s.first for s in self.sections], self._view.reading_at()) - 1
        n = max(0, min(n, self.list.count() - 1))
        # Who goes through the list by keyboard must not be carried off by a solution that is growing.
        browsing = self.list.hasFocus() and self._view.page.is_streaming
        if n != self.list.currentRow() and not browsing:
            self.list.setCurrentRow(n)

    def _go(self, item: QListWidgetItem) -> None:
        self._go_to(self.list.row(item))

    def _go_to(self, row: int) -> None:
        section = self.sections[row]
        self._held = -1
        self._view.reveal(section.first)
        self._view.go_to(section.first)
        # What the user chose stays marked until the page is scrolled on.
        self._held = self._view.verticalScrollBar().value()
        announce(self._view, in_words(section))
        self.list.setCurrentRow(row)
