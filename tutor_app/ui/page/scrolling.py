"""A page of text that cannot be written in: where one is on it, and whether its end is followed while it grows."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import (
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from tutor_app.render.theme import SPACE

_SLACK: Final = 4  # pixels from the end that still count as being at the end


class ScrollingPage(QTextEdit):
    """Follows its end while text arrives, as long as the user is at the end.

    Signals:
        zoom_asked: The user turned the wheel with Ctrl: +1 or -1.
    """

    zoom_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._following = True
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        bar = self.verticalScrollBar()
        bar.actionTriggered.connect(self._user_scrolled)
        bar.rangeChanged.connect(self._range_changed)

    def _is_growing(self) -> bool:
        """Whether text still arrives."""
        return False

    def scroll_to(self, position: int) -> None:
        """Bring a place into the upper third of the page, unless it can be seen well already."""
        top = self._top_of(position)
        bar = self.verticalScrollBar()
        if not bar.value() + 40 <= top <= bar.value() + self.viewport().height() - 60:
            bar.setValue(round(top - self.viewport().height() / 3))
        self._following = bar.value() >= bar.maximum() - _SLACK

    def go_to(self, position: int) -> None:
        """Bring a place to the top of the page."""
        self.verticalScrollBar().setValue(round(self._top_of(position) - 3 * SPACE))
        self._following = False

    def top_position(self) -> int:
        """Position in the text of the first line that can be seen."""
        return self.cursorForPosition(QPoint(8, 8)).position()

    def place_below_top(self) -> int:
        """Position in the text of what stands where :meth:`go_to` brings things."""
        return self.cursorForPosition(QPoint(self.viewport().width() // 2, 5 * SPACE)).position()

    def reading_at(self) -> int:
        """Position in the text of what is being read.

        At the top of the page while it is at its beginning, at the bottom at its end, and in between accordingly: so
        every line is what is being read at some time.
        """
        bar = self.verticalScrollBar()
        share = bar.value() / bar.maximum() if bar.maximum() else 0.0
        at = QPoint(self.viewport().width() // 2, round(5 * SPACE + share * (self.viewport().height() - 6 * SPACE)))
        return self.cursorForPosition(at).position()

    def _top_of(self, position: int) -> float:
        block = self.document().findBlock(position)
        while block.isValid() and not block.isVisible():
            block = block.previous()
        top = self.document().documentLayout().blockBoundingRect(block).top()
        line = block.layout().lineForTextPosition(position - block.position())
        return top + (line.y() if line.isValid() else 0.0)

    def _keep_place(self, value: int) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum() if self._following else value)

    def _user_scrolled(self, _action: int) -> None:
        bar = self.verticalScrollBar()
        self._following = bar.sliderPosition() >= bar.maximum() - _SLACK

    def _range_changed(self, _low: int, high: int) -> None:
        if self._following and self._is_growing():
            self.verticalScrollBar().setValue(high)

    @property
    def following(self) -> bool:
        """Whether the view stays at the end while text arrives."""
        return self._following

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl and the wheel zoom; the wheel alone scrolls."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if event.angleDelta().y():
                self.zoom_asked.emit(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
            return
        super().wheelEvent(event)

    def loadResource(self, kind: int, name: object) -> object:
        """Nothing in a transcript is ever loaded from anywhere."""
        return None

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Nothing can be dropped or pasted into a transcript."""
        return False
