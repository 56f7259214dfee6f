"""The side bar: new problem, search, earlier solutions, and the way to samples and settings. It only emits signals."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from tutor_app.core.values import Entry
from tutor_app.core.verdicts import MARKS, VerdictKind
from tutor_app.render.theme import Theme, ui_font
from tutor_app.text.plain import plain
from tutor_app.text.speech import spoken, spoken_prose
from tutor_app.ui.building import column_of, once, push_button, row_of, text_label
from tutor_app.ui.icons import icon

_SEARCH_MS: Final = 180
_TOAST_MS: Final = 10_000
_ROLE: Final = Qt.ItemDataRole.UserRole
_SAID: Final[dict[VerdictKind, str]] = {"wrong": ", wrong", "checked": ", checked", "numeric": ", checked"}
"""The verdicts that the list tells, by a mark before the answer and in the words of a screen reader."""
Index = QModelIndex | QPersistentModelIndex


def when(seconds: float, now: float | None = None) -> str:
    """``14:05`` today, ``3 May`` this year, else with the year."""
    now = time.time() if now is None else now
    then, today = time.localtime(seconds), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    if then[0] == today[0]:
        return f"{then.tm_mday} {time.strftime('%b', then)}"
    return f"{then.tm_mday} {time.strftime('%b %Y', then)}"


class EntryModel(QAbstractListModel):
    """The entries as a list model, which asks for the next ones when the end is reached.

    Signals:
        more_asked: The number of entries that are here.
    """

    more_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries: Sequence[Entry] = ()
        self.has_more = False
        self._asked = False

    def set_entries(self, entries: Sequence[Entry], has_more: bool = False) -> None:
        """Replace all."""
        self.beginResetModel()
        self.entries = tuple(entries)
        self.has_more, self._asked = has_more, False
        self.endResetModel()

    def append(self, entries: Sequence[Entry], has_more: bool) -> None:
        """Add the next entries; those that are here already are left out."""
        known = {e.id for e in self.entries}
        new = [e for e in entries if e.id not in known]
        if new:
            self.beginInsertRows(QModelIndex(), len(self.entries), len(self.entries) + len(new) - 1)
            self.entries = (*self.entries, *new)
            self.endInsertRows()
        # Only now: whoever hears of the rows may ask for more of them.
        self.has_more, self._asked = has_more, False

    def canFetchMore(self, parent: Index) -> bool:
        """Whether there are entries behind the last one."""
        return self.has_more and not self._asked and not parent.isValid()

    def fetchMore(self, parent: Index) -> None:
        """Ask for the next entries; they are appended when they come."""
        if self.canFetchMore(parent):
            self._asked = True
            self.more_asked.emit(len(self.entries))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  (Qt's own signature)
        """Number of entries."""
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text of a line, and the entry itself."""
        if not index.isValid() or index.row() >= len(self.entries):
            return None
        entry = self.entries[index.row()]
        if role == _ROLE:
            return entry
        if role == Qt.ItemDataRole.AccessibleTextRole:
            answer = f", answer {spoken(entry.answer)}{_SAID.get(entry.verdict, '')}" if entry.answer else ""
            return f"{spoken_prose(entry.problem[:600])}{answer}, {when(entry.created)}"
        if role == Qt.ItemDataRole.DisplayRole:
            return plain(entry.problem)[:300]
        return None


class EntryDelegate(QStyledItemDelegate):
    """Two lines: the problem; its answer and when."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Two lines and air."""
        return QSize(160, 56)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw an entry."""
        entry: Entry = index.data(_ROLE)
        theme = self.theme
        rect: QRect = option.rect.adjusted(8, 2, -8, -2)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected or state & QStyle.StateFlag.State_MouseOver:
            chosen = state & QStyle.StateFlag.State_Selected
            painter.setBrush(theme.color("selection" if chosen else "accent_soft"))
            painter.setPen(theme.color("accent") if state & QStyle.StateFlag.State_HasFocus else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        text = rect.adjusted(10, 7, -10, -6)
        first, second = ui_font(13), ui_font(12)
        painter.setFont(first)
        painter.setPen(theme.color("ink"))
        metrics = QFontMetrics(first)
        title = metrics.elidedText(plain(entry.problem)[:400] or "(empty)", Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(text, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, title)
        painter.setFont(second)
        metrics = QFontMetrics(second)
        stamp = when(entry.created)
        painter.setPen(theme.color("muted"))
        painter.drawText(text, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight, stamp)
        if entry.answer:
            mark = MARKS[entry.verdict] if entry.verdict in _SAID else ""
            note = f"{mark} {plain(entry.answer)}".lstrip()
            color = "bad" if entry.verdict == "wrong" else "accent"
        else:
            note = {"running": "running\u2026", "interrupted": "interrupted"}.get(entry.status, "no answer")
            color = "muted"
        painter.setPen(theme.color(color))
        room = text.width() - metrics.horizontalAdvance(stamp) - 10
        note = metrics.elidedText(note, Qt.TextElideMode.ElideRight, room)
        painter.drawText(text, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, note)
        painter.restore()


class EntryList(QListView):
    """The list; Return opens, Delete deletes.

    Signals:
        delete_asked: The id of an entry.
    """

    delete_asked = Signal(str)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete, besides moving and opening."""
        if event.key() == Qt.Key.Key_Delete and self.currentIndex().isValid():
            entry: Entry = self.currentIndex().data(_ROLE)
            self.delete_asked.emit(entry.id)
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.activated.emit(self.currentIndex())
            return
        super().keyPressEvent(event)


class HistoryPanel(QWidget):
    """The side bar.

    Signals:
        new_asked: A new problem.
        opened: The id of the entry to show.
        search_asked: The text to search for (after a pause in typing).
        delete_asked: The id of the entry to delete.
        undo_asked: The id of the entry to take back.
        samples_asked: Show the sample problems.
        settings_asked: Show the settings.
    """

    new_asked = Signal()
    opened = Signal(str)
    search_asked = Signal(str)
    delete_asked = Signal(str)
    undo_asked = Signal(str)
    samples_asked = Signal()
    settings_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        brand = text_label("MuMath Tutor", "brand")
        self.new_button = self._button("New problem", "New problem (Ctrl+N)", self.new_asked)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search solutions")
        self.search.setAccessibleName("Search solutions")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Search problems, reasoning, code and answers (Ctrl+K)")
        self.model = EntryModel(self)
        self.list = EntryList()
        self.list.setModel(self.model)
        self.delegate = EntryDelegate(theme, self.list)
        self.list.setItemDelegate(self.delegate)
        self.list.setAccessibleName("Earlier solutions")
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.empty = text_label("Solutions you make are kept here.", "muted", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.empty.setContentsMargins(18, 10, 18, 0)
        self.toast = QFrame()
        self.toast.setObjectName("toast")
        self.toast_text = QLabel("Solution deleted")
        self.undo_button = push_button("Undo", name="Undo deleting the solution")
        row_of((self.toast_text, 1), self.undo_button, parent=self.toast, margins=(12, 5, 6, 5))
        self.toast.hide()
        self.samples_button = self._button("Sample problems", "Choose a sample problem (Ctrl+O)", self.samples_asked)
        self.settings_button = self._button("Settings", "Settings (Ctrl+,)", self.settings_asked)

        layout = column_of(parent=self, margins=(0, 18, 0, 10), spacing=6)
        head = column_of(brand, margins=(18, 0, 14, 4), spacing=12)
        row = column_of(self.new_button, margins=(8, 0, 8, 0))
        find = column_of(self.search, margins=(14, 2, 14, 6))
        foot = column_of(self.toast, self.samples_button, self.settings_button, margins=(8, 4, 8, 0), spacing=2)
        layout.addLayout(head)
        layout.addLayout(row)
        layout.addLayout(find)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.list, 1)
        layout.addLayout(foot)

        self._deleted = ""
        self._shown_query = ""
        self._search_timer = once(self, _SEARCH_MS, lambda: self.search_asked.emit(self.search.text()))
        self._toast_timer = once(self, _TOAST_MS, self.toast.hide)
        self.search.textChanged.connect(lambda _: self._search_timer.start())
        self.list.clicked.connect(self._open)
        self.list.activated.connect(self._open)
        self.list.delete_asked.connect(self.delete_asked)
        self.list.customContextMenuRequested.connect(self._menu)
        self.undo_button.clicked.connect(self._undo)
        self.set_theme(theme)
        self.set_entries(())

    def _button(self, text: str, tip: str, signal: object) -> QPushButton:
        button = push_button(text, "flat", tip=tip)
        button.clicked.connect(lambda: signal.emit())  # type: ignore[attr-defined]
        return button

    # -- plain data in ------------------------------------------------------------------------------------------

    def set_entries(self, entries: Sequence[Entry], has_more: bool = False) -> None:
        """Show these entries; the chosen one stays chosen, and what another search has found begins at the top."""
        current = self.list.currentIndex()
        chosen = current.data(_ROLE).id if current.isValid() else ""
        bar = self.list.verticalScrollBar()
        place = bar.value() if self.search.text() == self._shown_query else 0
        self._shown_query = self.search.text()
        self.model.set_entries(entries, has_more)
        self.select(chosen)
        self.list.doItemsLayout()
        bar.setValue(place)
        self.list.setVisible(bool(entries))
        self.empty.setVisible(not entries)
        self.empty.setText(
            "No solution contains these words." if self.search.text().strip() else "Solutions you make are kept here."
        )

    def select(self, entry_id: str) -> None:
        """Mark an entry as the one that is shown; none for an unknown id."""
        for row, entry in enumerate(self.model.entries):
            if entry.id == entry_id:
                self.list.setCurrentIndex(self.model.index(row))
                return
        self.list.clearSelection()
        self.list.setCurrentIndex(QModelIndex())

    def deleted(self, entry_id: str) -> None:
        """Offer to take a deletion back."""
        self._deleted = entry_id
        self.toast.show()
        self._toast_timer.start()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self.delegate.theme = theme
        self.new_button.setIcon(icon("new", theme.accent))
        self.samples_button.setIcon(icon("book", theme.muted))
        self.settings_button.setIcon(icon("settings", theme.muted))
        self.list.viewport().update()

    # -- signals ---------------------------------------------------------------------------------------------

    def _open(self, index: QModelIndex) -> None:
        entry: Entry | None = index.data(_ROLE)
        if entry is not None:
            self.opened.emit(entry.id)

    def _undo(self) -> None:
        self.toast.hide()
        self._toast_timer.stop()
        if self._deleted:
            self.undo_asked.emit(self._deleted)
            self._deleted = ""

    def _menu(self, at: QPoint) -> None:
        index = self.list.indexAt(at)
        if not index.isValid():
            return
        entry: Entry = index.data(_ROLE)
        menu = QMenu(self)
        menu.addAction("Open", lambda: self.opened.emit(entry.id))
        menu.addAction("Delete", lambda: self.delete_asked.emit(entry.id))
        menu.exec(self.list.viewport().mapToGlobal(at))
        menu.deleteLater()
