"""The list of keys, from the actions themselves."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QScrollArea, QWidget

from tutor_app.ui.building import bare_scroll, column_of
from tutor_app.ui.dialog_buttons import close_row

_BESIDE, _ABOVE = 24, 72  # what a desktop takes of its screen for frames and titles, in pixels


class ShortcutsDialog(QDialog):
    """Every action that has a key, in two columns; they scroll where the screen is low."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        rows = [
            (a.text().rstrip("\u2026"), " or ".join(k.toString(QKeySequence.SequenceFormat.NativeText) for k in keys))
            for a in actions
            if (keys := a.shortcuts())
        ]
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(28, 24, 28, 4)
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(7)
        for n, (text, keys_text) in enumerate(rows):
            half = (len(rows) + 1) // 2
            column = 0 if n < half else 2
            what, keys_label = QLabel(text), QLabel(keys_text)
            keys_label.setObjectName("muted")
            grid.addWidget(what, n % half, column)
            grid.addWidget(keys_label, n % half, column + 1)
        scroll = QScrollArea()
        scroll.setWidget(table)
        bare_scroll(scroll)
        scroll.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that keys scroll it
        last = close_row(self)
        last.setContentsMargins(28, 0, 28, 20)
        column_of((scroll, 1), last, parent=self, margins=(0, 0, 0, 0), spacing=16)
        wanted = table.sizeHint() + QSize(scroll.verticalScrollBar().sizeHint().width(), last.sizeHint().height() + 16)
        self.resize(wanted.boundedTo(self.screen().availableSize() - QSize(_BESIDE, _ABOVE)))
        self.setAccessibleDescription("; ".join(f"{text}: {keys_text}" for text, keys_text in rows))
