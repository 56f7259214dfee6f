"""The progress of a vote: a field for each attempt, and which answer leads. Draws plain data."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tutor_app.core.events import VoteCast
from tutor_app.render.theme import Theme
from tutor_app.text.plain import plain
from tutor_app.ui.building import row_of
from tutor_app.ui.status_line import ElidedLabel

_FIELD: Final = QSize(9, 8)
_GAP: Final = 3


def progress_text(cast: VoteCast) -> str:
    """The state of a vote in words: ``3 of 8, leading: 12 with 3``."""
    said = f"{cast.done} of {cast.of}"
    return f"{said}, leading: {plain(f'${cast.leading}$')} with {cast.votes}" if cast.votes else said


class _Fields(QWidget):
    """A field for each attempt: those that agree with the leading answer, those that do not, those under way."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.cast = VoteCast(-1, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """All fields in one row."""
        return QSize(max(1, self.cast.of) * (_FIELD.width() + _GAP), _FIELD.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The agreeing first."""
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setPen(Qt.PenStyle.NoPen)
        for n in range(self.cast.of):
            name = "accent" if n < self.cast.votes else "faint" if n < self.cast.done else "line"
            p.setBrush(self.theme.color(name))
            p.drawRoundedRect(QRectF(n * (_FIELD.width() + _GAP), 0, _FIELD.width(), _FIELD.height()), 2, 2)
        p.end()


class VoteProgress(QWidget):
    """The fields and the sentence beside them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields = _Fields(theme)
        self.words = ElidedLabel("")
        self.words.setObjectName("muted")
        self.setAccessibleName("Vote")
        row_of(self._fields, (self.words, 1), parent=self, margins=(12, 0, 0, 0), spacing=8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._fields.theme = theme
        self._fields.update()

    def show_cast(self, cast: VoteCast) -> None:
        """Show how far the vote is."""
        self._fields.cast = cast
        self._fields.updateGeometry()
        self._fields.update()
        self.words.setText(progress_text(cast))
        self.setAccessibleDescription(self.words.text())
