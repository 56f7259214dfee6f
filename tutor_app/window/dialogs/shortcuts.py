"""The list of keys, from the actions themselves."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from tutor_app.ui.building import column_of
from tutor_app.ui.dialog_buttons import close_row


class ShortcutsDialog(QDialog):
    """Every action that has a key, in two columns."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        rows = [
            (a.text().rstrip("\u2026"), " or ".join(k.toString(QKeySequence.SequenceFormat.NativeText) for k in keys))
            for a in actions
            if (keys := a.shortcuts())
        ]
        grid = QGridLayout()
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(7)
        for n, (text, keys_text) in enumerate(rows):
            half = (len(rows) + 1) // 2
            column = 0 if n < half else 2
            what, keys_label = QLabel(text), QLabel(keys_text)
            keys_label.setObjectName("muted")
            grid.addWidget(what, n % half, column)
            grid.addWidget(keys_label, n % half, column + 1)
        column_of(grid, close_row(self), parent=self, margins=(28, 24, 28, 20), spacing=20)
        self.setAccessibleDescription("; ".join(f"{text}: {keys_text}" for text, keys_text in rows))
