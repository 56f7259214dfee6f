"""A small block of prose with mathematics: previews, cards, list entries. Draws; decides nothing."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAbstractTextDocumentLayout, QPainter, QPaintEvent, QPalette, QResizeEvent, QTextDocument
from PySide6.QtWidgets import QSizePolicy, QWidget

from tutor_app.render.blocks import Writer
from tutor_app.render.prose import write_markdown
from tutor_app.render.theme import Theme
from tutor_app.text.speech import spoken_prose
from tutor_app.ui.formulas import Formulas


class MathText(QWidget):
    """Prose with typeset formulas, as high as it needs to be for its width.

    Args:
        formulas: Where they are typeset.
        theme: The colours.
        size: Of the text, in pixels.
        parent: The widget that it stands in.
        spoken: Whether a screen reader reads it; off where the parent's own name has its words.
    """

    def __init__(
        self,
        formulas: Formulas,
        theme: Theme,
        size: float = 15.0,
        parent: QWidget | None = None,
        *,
        spoken: bool = True,
    ) -> None:
        super().__init__(parent)
        self._spoken = spoken
        self._formulas = formulas
        self._theme = theme
        self._size = size
        self._text = ""
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        formulas.ready.connect(self._exchange)
        self._build()

    def set_text(self, text: str) -> None:
        """Show ``text``."""
        if text != self._text:
            self._text = text
            if self._spoken:
                self.setAccessibleName(spoken_prose(text))
            self._build()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self._build()

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self._size = pixels
        self._build()

    def _build(self) -> None:
        self._document = QTextDocument(self)
        self._document.setDocumentMargin(0)
        self._writer = Writer(self._document, self._theme, self._formulas, self._size)
        self._lay_out()
        if self._text.strip():
            write_markdown(self._writer, self._text, bottom=0.3, leading=0.25)
        self._changed()

    def _exchange(self, keys: list[tuple[str, bool]]) -> None:
        if self._writer.exchange(keys):
            self._changed()

    def _lay_out(self) -> None:
        self._document.setTextWidth(max(60, self.width()))

    def _changed(self) -> None:
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Yes."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of the laid-out text."""
        if round(self._document.textWidth()) != max(60, width):
            self._document.setTextWidth(max(60, width))
        return math.ceil(self._document.size().height())

    def sizeHint(self) -> QSize:
        """Wide enough to read."""
        return QSize(320, self.heightForWidth(max(320, self.width())))

    def minimumSizeHint(self) -> QSize:
        """One line."""
        return QSize(120, round(self._size * 1.4))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the lines anew."""
        self._lay_out()
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()  # layouts remember the height for the width before

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text."""
        if round(self._document.textWidth()) != max(60, self.width()):  # a layout has asked for another width's height
            self._lay_out()
        painter = QPainter(self)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, self._theme.color("ink"))
        context.clip = QRectF(event.rect())
        painter.setClipRect(event.rect())
        self._document.documentLayout().draw(painter, context)
        painter.end()
