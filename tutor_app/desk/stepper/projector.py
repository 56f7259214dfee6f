"""Projector mode: the step on a whole screen, in large type and high contrast, with code, values and figure alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from tutor_app.desk.stepper.stepper import Stepper
from tutor_app.desk.stepper.view import StepView
from tutor_app.render.theme import Theme
from tutor_app.ui import style
from tutor_app.ui.building import column_of
from tutor_app.ui.formulas import Formulas

_LINES: Final = 26  # of text on a screen, at the usual size
_SMALLEST, _LARGEST = 16.0, 96.0
_GROW: Final = 1.15


def contrast(theme: Theme) -> Theme:
    """The same theme in black and white, with strong marks, for a bright room."""
    ink, paper = ("#ffffff", "#000000") if theme.is_dark else ("#000000", "#ffffff")
    papers = ("window", "page", "field", "code_back", "output_back", "figure_back")
    inks = ("ink", "muted", "faint", "line_strong", "code_name", "code_operator", "code_comment")
    changed = dict.fromkeys(papers, paper) | dict.fromkeys(inks, ink)
    changed["mark"] = "#5c4a00" if theme.is_dark else "#ffe066"
    changed["error_back"] = "#6e1508" if theme.is_dark else "#ffd2c9"
    return replace(theme, **changed)


class Projector(QWidget):
    """A window of its own for the room; it follows the panel's stepper.

    Signals:
        closed: It was closed.
    """

    closed = Signal()

    def __init__(self, stepper: Stepper, formulas: Formulas, theme: Theme, owner: QWidget) -> None:
        super().__init__(owner, Qt.WindowType.Window)
        self._owner = owner
        self._scale = 1.0
        self.setWindowTitle("Step through the code")
        self.setObjectName("main")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.view = StepView(stepper, formulas, contrast(theme))
        self.view.show_essentials()
        self.view.values.setAccessibleName("Values, in projector mode")
        column_of(self.view, parent=self, margins=(0, 0, 0, 0))
        self.set_theme(theme)

    def open(self) -> None:
        """Fill a screen: the one beside the window's, where there are two."""
        screens = QGuiApplication.screens()
        own = self._owner.screen()
        other = next((s for s in screens if s is not own), own)
        self.setGeometry(other.geometry())
        self.showFullScreen()
        self.activateWindow()
        self.view.code.setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        strong = contrast(theme)
        self.setStyleSheet(style.style_sheet(strong))
        self.view.set_theme(strong)

    def zoom(self, step: int) -> None:
        """Larger (1), smaller (-1) or usual (0) type."""
        self._scale = 1.0 if step == 0 else self._scale * _GROW**step
        self._fit()

    def _fit(self) -> None:
        size = self.height() / _LINES * self._scale / 1.35
        self.view.set_size(max(_SMALLEST, min(_LARGEST, size)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Type as large as the screen allows."""
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes; Ctrl with plus, minus and 0 changes the size of the type."""
        sizes = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1, Qt.Key.Key_0: 0}
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.key() in sizes:
            self.zoom(sizes[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Back to the window."""
        super().closeEvent(event)
        self.closed.emit()
