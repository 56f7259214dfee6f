"""What this program is, in a box."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

ABOUT: Final = (
    "MuMath Tutor solves problems of mathematics on this computer, offline: a language model reasons, writes Python "
    "that runs confined, and gives an answer that is checked where it can be."
)


def show_about(window: QWidget) -> None:
    """Tell what this program is."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, "About MuMath Tutor", ABOUT, QMessageBox.StandardButton.Close, window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
