r"""Puts symbols into a text that is being typed: templates with places to fill in, and names completed after ``\``.

It works by watching the keys of the text box, which keeps the focus all the time.
"""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QPlainTextEdit

from tutor_app.student.symbols import SLOT, Symbol, completions
from tutor_app.text.delimiters import split
from tutor_app.ui.announce import announce

_BEGUN: Final = re.compile(r"(?<!\\)\\([A-Za-z][A-Za-z0-9]*)$")
_ROW: Final = Qt.ItemDataRole.UserRole


class Inserter(QObject):
    """Inserts symbols into one text box.

    Signals:
        left: Esc was pressed while no list of names was open.

    Attributes:
        names: The list of names that fit what was begun; hidden while there is none.

    Args:
        edit: The text box.
    """

    left = Signal()

    def __init__(self, edit: QPlainTextEdit) -> None:
        super().__init__(edit)
        self._edit = edit
        self._slots: list[QTextCursor] = []
        self._template: tuple[QTextCursor, QTextCursor] | None = None
        self.names = QListWidget(edit.window())
        self.names.setObjectName("names")
        self.names.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.names.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.names.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.names.setAccessibleName("Symbols that fit")
        self.names.hide()
        self.names.itemClicked.connect(self._complete)
        edit.installEventFilter(self)
        edit.textChanged.connect(self._offer)
        edit.cursorPositionChanged.connect(self._moved)

    def insert(self, symbol: Symbol) -> None:
        """Put a symbol at the cursor; what is selected goes into its first place."""
        cursor = self._edit.textCursor()
        selected = cursor.selectedText().replace("\u2029", "\n")
        pieces = symbol.text(in_formula=in_formula(self._edit.toPlainText(), cursor.selectionStart())).split(SLOT)
        self._slots, self._template = [], None
        document = self._edit.document()
        cursor.beginEditBlock()
        cursor.removeSelectedText()
        first = cursor.position()
        slots = []
        for n, piece in enumerate(pieces):
            cursor.insertText(piece)
            if n < len(pieces) - 1:
                slots.append(cursor.position())
                if n == 0:
                    cursor.insertText(selected)
        last = cursor.position()
        cursor.endEditBlock()
        if slots:
            self._template = _at(QTextCursor(document), first), _at(QTextCursor(document), last)
            self._template[0].setKeepPositionOnInsert(True)
            self._slots = [_at(QTextCursor(document), place) for place in (*slots[1:], last)]
            cursor.setPosition(slots[0] + len(selected))
        self._edit.setTextCursor(cursor)
        self._edit.setFocus()

    # -- names ----------------------------------------------------------------------------------------------------

    def _begun(self) -> str:
        cursor = self._edit.textCursor()
        if cursor.hasSelection() or not self._edit.hasFocus():
            return ""
        before = cursor.block().text()[: cursor.positionInBlock()]
        m = _BEGUN.search(before)
        return m[1] if m else ""

    def _offer(self) -> None:
        """Show the names that fit what was begun, below the cursor."""
        begun = self._begun()
        found = completions(begun) if begun else []
        self.names.setVisible(bool(found))
        if not found:
            return
        self.names.clear()
        for symbol in found:
            item = QListWidgetItem(f"{symbol.shown}   \\{symbol.name}   {symbol.spoken}")
            item.setData(_ROW, symbol)
            self.names.addItem(item)
        self.names.setCurrentRow(0)
        row = self.names.sizeHintForRow(0)
        self.names.resize(self.names.sizeHintForColumn(0) + 24, row * len(found) + 12)
        window = self._edit.window()
        at = self._edit.viewport().mapTo(window, self._edit.cursorRect().bottomLeft() + QPoint(0, 4))
        at.setX(max(4, min(at.x(), window.width() - self.names.width() - 4)))
        self.names.move(at)
        self.names.raise_()

    def _complete(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        self.names.hide()
        cursor = self._edit.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, len(self._begun()) + 1)
        cursor.removeSelectedText()
        self._edit.setTextCursor(cursor)
        self.insert(item.data(_ROW))

    # -- keys -----------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys for the list of names, and Tab for the next place of a template."""
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            self.names.hide()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        elif (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
            and self.names.isVisible()
        ):
            event.accept()  # it closes the list, and stops nothing
            return True
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        key, plain = event.key(), event.modifiers() == Qt.KeyboardModifier.NoModifier
        if self.names.isVisible() and plain:
            if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                by = 1 if key == Qt.Key.Key_Down else -1
                self.names.setCurrentRow((self.names.currentRow() + by) % self.names.count())
                announce(self._edit, self.names.currentItem().data(_ROW).spoken)
                return True
            if key in (Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._complete(self.names.currentItem())
                return True
            if key == Qt.Key.Key_Escape:
                self.names.hide()
                return True
        if key == Qt.Key.Key_Escape and plain:
            self.left.emit()
        if key == Qt.Key.Key_Tab and plain and self._slots:
            place = self._slots.pop(0)
            cursor = self._edit.textCursor()
            cursor.setPosition(place.position())
            self._edit.setTextCursor(cursor)
            return True
        return False

    def _moved(self) -> None:
        """Outside the template, Tab leaves the box as ever; and a list of names is for the place it was made for."""
        if not self._begun():
            self.names.hide()
        if self._template is not None:
            first, last = self._template
            if not first.position() <= self._edit.textCursor().position() <= last.position():
                self._slots, self._template = [], None


def _at(cursor: QTextCursor, position: int) -> QTextCursor:
    cursor.setPosition(position)
    return cursor


def in_formula(text: str, at: int) -> bool:
    """Whether a place of a text is between dollar signs, or behind one that waits for its closing one."""
    start = 0
    for segment in split(text).segments:
        end = start + len(segment.raw)
        if segment.kind != "text" and start < at < end:
            return True
        if segment.kind == "text" and start <= at <= end:
            opened = re.findall(r"(?<!\\)\$(?!\s*\d)", text[start:at].rsplit("\n", 1)[-1])
            return len(opened) % 2 == 1
        start = end
    return False
