"""Search in the open solution: the bar, and the marks on the page.

Formulas are searched by their LaTeX, code and outputs also where they are folded. The search follows a solution that
is still being written. It changes nothing on the page but marks and folds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextBlock, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QFrame, QLineEdit, QTextEdit, QToolButton

from tutor_app.render.properties import JOINER, OBJECT_CHARACTER
from tutor_app.render.sources import sourced
from tutor_app.render.theme import SPACE, Theme
from tutor_app.ui.building import once, row_of, text_label
from tutor_app.ui.icons import icon
from tutor_app.ui.page.marks import Mark
from tutor_app.ui.page.transcript_view import TranscriptView

MAX_MARKS: Final = 1000
"""Matches that are marked at once, the nearest ones; all are counted."""
_REFRESH_MS: Final = 150
_WIDTH: Final = 372
_ALIKE: Final = str.maketrans("\u2028\n\t\u00a0\u2212", "    -")


def matches(document: QTextDocument, query: str) -> list[tuple[int, int]]:
    """Where ``query`` stands in a page, as positions; upper and lower case are the same.

    A match inside a formula is the whole formula, counted once.
    """
    wanted = _folded(query)
    found: list[tuple[int, int]] = []
    if not wanted.strip():
        return found
    block = document.begin()
    while block.isValid():
        for start, end in _in_block(block, wanted):
            if not found or (block.position() + start, block.position() + end) != found[-1]:
                found.append((block.position() + start, block.position() + end))
        block = block.next()
    return found


def _folded(text: str) -> str:
    return text.lower().translate(_ALIKE)


def _in_block(block: QTextBlock, wanted: str) -> Iterator[tuple[int, int]]:
    text = block.text()
    low = _folded(text)
    places: list[tuple[int, int]] | None = None
    if OBJECT_CHARACTER in text or JOINER in text or "\u200b" in text or len(low) != len(text) or not text.isascii():
        # Positions count UTF-16 units and objects one each, so each character must remember where it stands.
        low, places = "", []
        for piece, at in sourced(block):
            width = 2 if len(piece) == 1 and ord(piece) > 0xFFFF else 1
            piece = _folded(piece)
            low += piece
            places += [(at, at + width)] * len(piece)
    at = low.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        yield (at, end) if places is None else (places[at][0], places[end - 1][1])
        at = low.find(wanted, end)


class FindBar(QFrame):
    """The bar, over the upper right corner of the page.

    Signals:
        toggled: It has been opened or closed.
    """

    toggled = Signal()

    def __init__(self, view: TranscriptView, theme: Theme) -> None:
        super().__init__(view)
        self.setObjectName("findBar")
        self.setAccessibleName("Find in the solution")
        self._view = view
        self._theme = theme
        self.found: list[tuple[int, int]] = []
        self.current = -1
        self.edit = QLineEdit()
        self.edit.setPlaceholderText("Find in this solution")
        self.edit.setAccessibleName("Find in this solution")
        self.edit.setAccessibleDescription("Formulas are searched by their LaTeX. Enter goes to the next match.")
        self.edit.installEventFilter(self)
        self.count = text_label("", "muted", name="Matches")
        self.count.setMinimumWidth(62)
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.previous = self._tool("Previous match", "Shift+Enter", -1)
        self.next = self._tool("Next match", "Enter", 1)
        self.close_button = QToolButton()
        self.close_button.setAccessibleName("Close the search")
        self.close_button.setToolTip("Close (Esc)")
        self.close_button.clicked.connect(self.leave)
        row = row_of((self.edit, 1), self.count, 4, parent=self, margins=(8, 6, 6, 6), spacing=2)
        for button in (self.previous, self.next, self.close_button):
            button.setObjectName("small")
            row.addWidget(button)
        self._timer = once(self, _REFRESH_MS, self._refresh)
        self.edit.textChanged.connect(lambda _: self._search())
        view.changed.connect(self._page_changed)
        view.installEventFilter(self)
        self.hide()
        self.set_theme(theme)

    def _tool(self, name: str, key: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setAccessibleName(name)
        button.setToolTip(f"{name} ({key})")
        button.clicked.connect(lambda: self.step(step))
        return button

    # -- what the window asks -----------------------------------------------------------------------------------

    def open(self) -> None:
        """Show the bar with what is selected on the page, ready to type."""
        selected = self._view.selected_source()
        if selected and "\n" not in selected and len(selected) <= 80:
            self.edit.setText(selected.strip().strip("$"))
        cursor = self._view.textCursor()  # what is selected would hide the colours of the matches
        cursor.setPosition(cursor.selectionStart())
        self._view.setTextCursor(cursor)
        self.show()
        self._stand()
        self.raise_()
        self.edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.edit.selectAll()
        self._search()
        self.toggled.emit()

    def leave(self) -> None:
        """Close the bar, take the marks away and give the focus back to the page."""
        if self.isVisible():
            self._timer.stop()
            if 0 <= self.current < len(self.found):  # the user goes on from what was found
                first, last = self.found[self.current]
                cursor = QTextCursor(self._view.document())
                cursor.setPosition(first)
                cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
                self._view.setTextCursor(cursor)
            self.hide()
            self._view.marks.set([])
            self._view.setExtraSelections([])
            self._view.setFocus()
            self.toggled.emit()

    def step(self, by: int) -> None:
        """To the next match (1) or the one before (-1), around the ends of the page."""
        if not self.isVisible():
            self.open()
            return
        if self.found:
            self.current = (self.current + by) % len(self.found)
            self._show()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.previous.setIcon(icon("up", theme.muted))
        self.next.setIcon(icon("down", theme.muted))
        self.close_button.setIcon(icon("close", theme.muted))
        self._mark()

    # -- inside -------------------------------------------------------------------------------------------------

    def _search(self) -> None:
        """Something else is searched for: from what is being read, onwards."""
        self.found = matches(self._view.document(), self.edit.text())
        self.current = -1
        if self.found:
            at = self._view.textCursor().selectionStart() or self._view.top_position()
            self.current = bisect_left(self.found, (at, 0)) % len(self.found)
        self._show()

    def _page_changed(self) -> None:
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def _refresh(self) -> None:
        """The page has changed under the search: the current match stays, wherever it stands now."""
        before = self.found[self.current][0] if 0 <= self.current < len(self.found) else 0
        ordinal = self.current
        self.found = matches(self._view.document(), self.edit.text())
        # Text is added at the end; formulas that became ready shift what follows but not how many come before.
        if not 0 <= ordinal < len(self.found):
            ordinal = bisect_left(self.found, (before, 0)) if self.found else -1
        self.current = min(ordinal, len(self.found) - 1)
        self._mark()
        self._count()

    def _show(self) -> None:
        if 0 <= self.current < len(self.found):
            self._view.reveal(self.found[self.current][0])
        self._mark()
        self._count()

    def _count(self) -> None:
        nothing = bool(self.edit.text().strip()) and not self.found
        text = f"{self.current + 1} of {len(self.found)}" if self.found else "No match" if nothing else ""
        self.count.setText(text)
        self.edit.setProperty("nothing", "true" if nothing else "false")
        self.edit.style().unpolish(self.edit)
        self.edit.style().polish(self.edit)
        for button in (self.previous, self.next):
            button.setEnabled(bool(self.found))

    def _mark(self) -> None:
        if not self.isVisible():
            return
        near = max(0, min(self.current - MAX_MARKS // 2, len(self.found) - MAX_MARKS))
        shown = list(enumerate(self.found[near : near + MAX_MARKS], near))
        self._view.marks.set([Mark(*range_, "mark_here" if n == self.current else "mark") for n, range_ in shown])
        inks = []
        for n, (first, last) in shown:
            ink = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self._view.document())
            cursor.setPosition(first)
            cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
            fmt = QTextCharFormat()
            fmt.setForeground(self._theme.color("mark_ink" if n == self.current else "ink"))
            ink.cursor, ink.format = cursor, fmt
            inks.append(ink)
        self._view.setExtraSelections(inks)

    def _stand(self) -> None:
        room = self._view.width() - self._view.verticalScrollBar().width() - 3 * SPACE
        width = min(_WIDTH, room)
        self.setGeometry(self._view.width() - width - self._view.verticalScrollBar().width() - SPACE, SPACE, width, 46)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the field; the bar keeps to the corner of the page."""
        if watched is self._view and event.type() == QEvent.Type.Resize and self.isVisible():
            self._stand()
        if watched is self.edit and isinstance(event, QKeyEvent):
            # Escape is also the window's key for Stop; here it closes the bar.
            if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress and self._key(event):
                return True
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        else:
            return False
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes, also from the buttons."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
            return
        super().keyPressEvent(event)
