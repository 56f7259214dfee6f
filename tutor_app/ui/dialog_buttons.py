"""Buttons that dialogs have alike."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton

from tutor_app.ui.building import STRETCH, Item, Margins, push_button, row_of


def decision_row(
    dialog: QDialog, *decide: QPushButton, left: Sequence[Item] = (), margins: Margins | None = None
) -> QHBoxLayout:
    """The last row of a dialog that asks: Cancel, and what is decided, at the right.

    Args:
        dialog: Is closed by Cancel.
        decide: Buttons behind Cancel.
        left: What stands before.
        margins: Of the row.
    """
    cancel = push_button("Cancel")
    cancel.clicked.connect(dialog.reject)
    return row_of(*left, STRETCH, cancel, *decide, margins=margins, spacing=8)


def close_row(dialog: QDialog) -> QHBoxLayout:
    """The last row of a dialog that only tells: Close, at the right, which Enter presses."""
    close = push_button("Close", "primary", default=True)
    close.clicked.connect(dialog.accept)
    return row_of(STRETCH, close)
