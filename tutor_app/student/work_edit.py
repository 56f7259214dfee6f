"""The editor of a student's own lines of work, one a row."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from tutor_app.core.work import PICTURE_ENDINGS
from tutor_app.text.pasted import has_lost_marks, text_of_html

PICTURE: Final = "A picture cannot be read here. Type what is in it, one line a row."
FILE: Final = "A file cannot be read here. Open it, and paste its lines."


class WorkEdit(QPlainTextEdit):
    """Plain text; Tab leaves it.

    Signals:
        check_asked: Ctrl+Enter.
        refused: Why something that was pasted or dropped is not taken.
    """

    check_asked = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("work")
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.document().setDocumentMargin(8)
        self.setPlaceholderText("One line a row, as on paper:\n2(x + 3) = 14\n2x + 6 = 14\nx = 4")
        self.setAccessibleName("My lines")
        self.setAccessibleDescription("Type or paste your own lines, one a row; Control and Enter checks them.")
        self.verticalScrollBar().setAccessibleName("Scroll what I typed")
        self.horizontalScrollBar().setAccessibleName("Scroll what I typed sideways")

    def lines(self) -> list[str]:
        """The rows, without empty ones at the end."""
        rows = self.toPlainText().split("\n")
        while rows and not rows[-1].strip():
            rows.pop()
        return rows

    def go_to(self, row: int) -> None:
        """Put the cursor at the end of a row."""
        cursor = self.textCursor()
        cursor.setPosition(self.document().findBlockByNumber(row).position())
        cursor.movePosition(cursor.MoveOperation.EndOfBlock)
        self.setTextCursor(cursor)

    def event(self, event: QEvent) -> bool:
        """Ctrl+Enter is this field's own while it has the focus; elsewhere it solves the problem."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _checks(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter checks."""
        if _checks(event):
            self.check_asked.emit()
            event.accept()
            return
        super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text and HTML; of all else it is said why not."""
        return source.hasText() or source.hasHtml() or source.hasUrls() or source.hasImage()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste or drop: pictures and files are refused, raised and lowered signs of HTML are kept."""
        names = [url.path().lower() for url in source.urls()]
        if source.hasHtml() and (text := text_of_html(source.html())).strip():
            self.insertPlainText(text if has_lost_marks(source.html()) or not source.hasText() else source.text())
            if "<img" in source.html().lower():
                self.refused.emit(PICTURE)
        elif source.hasImage() or (names and all(name.endswith(PICTURE_ENDINGS) for name in names)):
            self.refused.emit(PICTURE)
        elif any(url.isLocalFile() for url in source.urls()):
            self.refused.emit(FILE)
        elif source.hasHtml() and "<img" in source.html().lower():
            self.refused.emit(PICTURE)
        else:
            super().insertFromMimeData(source)


def _checks(event: QKeyEvent) -> bool:
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and bool(
        event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier)
    )
