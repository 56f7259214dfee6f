"""One line under the problem: how plain typing was read as formulas, and a button that keeps it as typed."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from tutor_app.text.typing import Typed, read_typed
from tutor_app.ui.building import row_of, text_label

LONGEST: Final = 4000
"""Characters; a longer text is shown as typed, for the preview is made while somebody types."""


class ReadingLine(QWidget):
    """How the text was read. It never takes the focus by a click, and Tab reaches its button.

    Signals:
        changed: The user wants the text kept as typed, or read again.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept = False
        self.label = text_label("", "hint", plain=True)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.button = QPushButton()
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self._toggle)
        row_of((self.label, 1), self.button, parent=self, margins=(0, 0, 0, 0))
        self.hide()

    @property
    def kept(self) -> bool:
        """Whether the text is to stay as typed."""
        return self._kept

    def keep(self, on: bool) -> None:
        """Begin another text, to stay as typed or not; :meth:`read` shows it."""
        self._kept = on

    def read(self, text: str, *, shown: bool) -> str:
        """The text for the preview, with its formulas between dollar signs; tells what was read.

        Args:
            text: As typed. An empty one ends what was chosen for the text before.
            shown: Whether there is room for this line.
        """
        if not text.strip():
            self._kept = False
        found = read_typed(text) if shown and len(text) <= LONGEST else Typed(text)
        sentence = found.sentence()
        self.label.setText("Kept as typed" if self._kept else sentence)
        self.label.setToolTip(self.label.text())
        self.label.setAccessibleName(self.label.text())
        self.button.setText("Read as formulas" if self._kept else "Keep as typed")
        self.button.setAccessibleName(self.button.text())
        self.setVisible(bool(sentence))
        return text if self._kept else found.text

    def _toggle(self) -> None:
        self._kept = not self._kept
        self.changed.emit()
