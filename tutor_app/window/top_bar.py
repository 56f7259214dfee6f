"""The row above the problem: side bar, solve again, copy, menu. It only emits signals."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget

from tutor_app.render.theme import Theme
from tutor_app.ui.building import STRETCH, push_button, row_of
from tutor_app.ui.icons import icon


class TopBar(QWidget):
    """Four buttons; what the last two open is the window's menus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sidebar = _tool("Side bar", "Show or hide the side bar (Ctrl+B)")
        self.again = push_button("Solve again", "flat", tip="Solve the same problem anew (Ctrl+R)")
        self.copy = _tool("Copy the solution", "Copy the solution as text, Markdown or LaTeX")
        self.copy.setText("Copy")
        self.copy.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.menu = _tool("Menu", "Menu")
        for button in (self.copy, self.menu):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row_of(self.sidebar, STRETCH, self.again, self.copy, self.menu, parent=self, margins=(12, 8, 12, 0), spacing=4)

    def show_state(self, there: bool, busy: bool) -> None:
        """Offer what makes sense: whether a solution is on the page, and whether one is being written."""
        self.again.setVisible(there and not busy)
        self.copy.setVisible(there)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        for button, name in (
            (self.sidebar, "sidebar"),
            (self.menu, "more"),
            (self.copy, "copy"),
            (self.again, "again"),
        ):
            button.setIcon(icon(name, theme.muted))


def _tool(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setToolTip(tip)
    button.setAccessibleName(name)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
