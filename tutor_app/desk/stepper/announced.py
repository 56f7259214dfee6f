"""The sentence that announced the code, above the code: it follows the step, and a click on it shows it on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tutor_app.core.parts import Part, Text
from tutor_app.handout.announcing import announcements
from tutor_app.render.theme import Theme
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.math_text import MathText

_LEFT, _RIGHT, _ABOVE = 14, 12, 6
_MOST_LINES: Final = 3.4
"""Height of the sentence in lines; a longer one is cut and can be read on the page."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that announced some lines of a block.

    Attributes:
        part: Index of its part in the solution.
        text: As it was written.
        first_line: First line of the code, from 1.
        last_line: Last line.
    """

    part: int
    text: str
    first_line: int
    last_line: int


def sentences_of(parts: Sequence[Part], block: int) -> tuple[Sentence, ...]:
    """What announced a block, sentence by sentence.

    Args:
        parts: Of the solution.
        block: Number of the block, from 0.
    """
    found = []
    for a in announcements(parts, block):
        part = parts[a.part]
        if isinstance(part, Text):
            found.append(Sentence(a.part, part.text[a.start : a.end], a.first_line, a.last_line))
    return tuple(found)


class AnnouncedStrip(QWidget):
    """Shows the sentence for the line about to run; nothing where no sentence announced the block.

    Signals:
        chosen: Another sentence is the one for the step, or none is: a :class:`Sentence` or None.
        page_asked: The user wants to see the sentence on the page.
    """

    chosen = Signal(object)
    page_asked = Signal()

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._size = theme, 15.0
        self.sentences: tuple[Sentence, ...] = ()
        self.sentence: Sentence | None = None
        self.text = MathText(formulas, theme, self._size, self)
        self.setObjectName("stepSentence")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip("The sentence that announced this code; a click shows it on the page")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def set_sentences(self, sentences: Sequence[Sentence]) -> None:
        """Show what announced another block."""
        self.sentences = tuple(sentences)
        self.setVisible(bool(self.sentences))
        self._choose(self.sentences[0] if self.sentences else None, anew=True)

    def show_line(self, line: int) -> None:
        """Show what announced a line of the code; a line that nothing announced leaves the sentence before it."""
        before = [s for s in self.sentences if s.first_line <= line]
        if before:
            self._choose(before[-1])

    def show_sentence(self, sentence: Sentence) -> None:
        """Show one of the sentences."""
        self._choose(sentence)

    def _choose(self, sentence: Sentence | None, *, anew: bool = False) -> None:
        if sentence == self.sentence and not anew:
            return
        self.sentence = sentence
        if sentence is not None:
            self.text.set_text(sentence.text)
            lines = f"line {sentence.first_line}"
            if sentence.last_line > sentence.first_line:
                lines = f"lines {sentence.first_line} to {sentence.last_line}"
            self.setAccessibleName(f"Announces {lines}: {self.text.accessibleName()}")
        self._fit()
        self.chosen.emit(sentence)

    # -- look ---------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.text.set_theme(theme)
        self.update()

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self._size = pixels
        self.text.set_size(pixels)
        self._fit()

    def sizeHint(self) -> QSize:
        """As high as its sentence, within bounds."""
        return QSize(200, self._height())

    def _height(self) -> int:
        needed = self.text.heightForWidth(max(60, self.width() - _LEFT - _RIGHT))
        return round(min(needed, _MOST_LINES * 1.35 * self._size)) + 2 * _ABOVE

    def _fit(self) -> None:
        height = self._height()
        self.text.setGeometry(_LEFT, _ABOVE, self.width() - _LEFT - _RIGHT, height - 2 * _ABOVE)
        self.setFixedHeight(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Its lines break elsewhere."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A bar at its side, as beside the lines of the code that it announced."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.fillRect(QRectF(0, 4, 3, self.height() - 8), self._theme.color("accent"))
        if self.hasFocus():
            painter.setPen(self._theme.color("accent"))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show it on the page."""
        self.page_asked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter shows it on the page, too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.page_asked.emit()
            return
        super().keyPressEvent(event)
