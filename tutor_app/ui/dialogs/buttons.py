"""Buttons that dialogs have alike."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton


def close_row(dialog: QDialog) -> QHBoxLayout:
    """The last row of a dialog that only tells: Close, at the right, which Enter presses."""
    close = QPushButton("Close")
    close.setObjectName("primary")
    close.setAccessibleName("Close")
    close.setDefault(True)
    close.clicked.connect(dialog.accept)
    row = QHBoxLayout()
    row.addStretch()
    row.addWidget(close)
    return row
