"""The box under a solution: a question about it, what the question is about, and suggestions. It only emits signals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QMenu, QPushButton, QSizePolicy, QWidget

from tutor_app.student.suggestions import Suggestion
from tutor_app.text.plain import plain
from tutor_app.ui.building import column_of, push_button, row_of
from tutor_app.ui.problem_box import ProblemEdit
from tutor_app.ui.status_line import ElidedLabel

_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_GAP: Final = 6
_MOST: Final = 8
"""Suggestions there can be at once."""
_LOW: Final = 480  # a window lower than this has no room for suggestions


class AskEdit(ProblemEdit):
    """One line that grows; Enter asks, Shift and Enter begin another line."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter asks."""
        if event.key() in _ENTER and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.solve_asked.emit()
            event.accept()
            return
        super().keyPressEvent(event)


class Suggestions(QWidget):
    """Suggestions in one row; those that do not fit are in a menu at its end.

    Attributes:
        controls: All buttons there can be, in the order of the Tab key.

    Signals:
        chosen: A :class:`Suggestion`.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Suggestion, ...] = ()
        self.more = QPushButton("More", self)
        self.more.setAccessibleName("More suggestions")
        self.more.setMenu(QMenu(self.more))
        self.controls = [*(QPushButton(self) for _ in range(_MOST)), self.more]
        for n, button in enumerate(self.controls):
            button.setObjectName("chip")
            button.setAccessibleName(button.accessibleName() or "Suggestion")
            button.hide()
            if button is not self.more:
                button.clicked.connect(partial(self._choose, n))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_these(self, suggestions: Sequence[Suggestion]) -> None:
        """Replace the suggestions."""
        if tuple(suggestions) == self._shown:
            return
        self._shown = tuple(suggestions)
        for button in self.controls:
            button.hide()
        for button, suggestion in zip(self.buttons, self._shown, strict=True):
            button.setText(suggestion.label)
            button.setAccessibleName(suggestion.label)
            button.setToolTip(suggestion.question)
        self.setFixedHeight(self.more.sizeHint().height())
        self._place()

    @property
    def buttons(self) -> list[QPushButton]:
        """The buttons of the present suggestions."""
        return self.controls[: len(self._shown)]

    def _choose(self, number: int) -> None:
        self.chosen.emit(self._shown[number])

    def _place(self) -> None:
        widths = [button.sizeHint().width() for button in self.buttons]
        room, more = self.width(), self.more.sizeHint().width()
        fit = len(widths)
        if sum(widths) + _GAP * (fit - 1) > room:
            while fit and sum(widths[:fit]) + _GAP * fit + more > room:
                fit -= 1
        left = 0
        for n, button in enumerate(self.buttons):
            button.setVisible(n < fit)
            button.setGeometry(left, 0, widths[n], self.height())
            left += widths[n] + _GAP if n < fit else 0
        self.more.setVisible(fit < len(widths))
        self.more.setGeometry(left, 0, more, self.height())
        menu = self.more.menu()
        menu.clear()
        for suggestion in self._shown[fit:]:
            menu.addAction(suggestion.label, partial(self.chosen.emit, suggestion))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer of them fit."""
        super().resizeEvent(event)
        self._place()


class AskBox(QFrame):
    """A question about the solution above.

    Signals:
        asked: The user wants an answer to what is typed.
        suggested: The user wants an answer to a :class:`Suggestion`.
        stop_asked: The user wants the reply stopped.
        about_dropped: The question is not about the selection any more.
    """

    asked = Signal(str)
    suggested = Signal(object)
    stop_asked = Signal()
    about_dropped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problemCard")
        self.about = ElidedLabel()
        self.about.setObjectName("hint")
        self.drop = push_button("Ask about all of it", "link", name="Ask about all of the solution")
        self.drop.clicked.connect(self.about_dropped)
        self.edit = AskEdit()
        self.edit.set_least_lines(1)
        self.edit.setPlaceholderText("Ask about this")
        self.edit.setAccessibleName("Question about the solution")
        self.edit.setAccessibleDescription("Enter asks; Shift and Enter begin another line.")
        self.edit.verticalScrollBar().setAccessibleName("Scroll the question")
        self.edit.horizontalScrollBar().setAccessibleName("Scroll the question sideways")
        self.ask_button = push_button("Ask", tip="Ask about the solution (Enter)", name="Ask about the solution")
        self.stop_button = push_button("Stop", tip="Stop the reply (Esc)", name="Stop the reply")
        self.suggestions = Suggestions()
        above = row_of((self.about, 1), self.drop)
        line = row_of(
            (self.edit, 1),
            (self.ask_button, 0, Qt.AlignmentFlag.AlignBottom),
            (self.stop_button, 0, Qt.AlignmentFlag.AlignBottom),
            spacing=8,
        )
        column_of(above, line, self.suggestions, parent=self, margins=(16, 8, 8, 8), spacing=6)
        self.edit.solve_asked.connect(self._ask)
        self.ask_button.clicked.connect(self._ask)
        self.stop_button.clicked.connect(self.stop_asked)
        self.suggestions.chosen.connect(self.suggested)
        self.set_about("")
        self.set_busy(False)

    def set_about(self, source: str) -> None:
        """Say what the question will be about; empty for all of the solution."""
        text = plain(source)
        self.about.setText(f"About: {text}" if text else "")
        self.about.setAccessibleName(self.about.text())
        self.about.setVisible(bool(text))
        self.drop.setVisible(bool(text))

    def set_busy(self, busy: bool) -> None:
        """Show Stop while a reply is written."""
        self.ask_button.setVisible(not busy)
        self.stop_button.setVisible(busy)
        self.suggestions.setEnabled(not busy)

    def clear(self) -> None:
        """The question has been asked."""
        self.edit.clear()

    def fit_window(self) -> None:
        """The window has another height: there may be more or less room for the suggestions."""
        self.suggestions.setVisible(self.window().height() >= _LOW)

    def _ask(self) -> None:
        self.asked.emit(self.edit.toPlainText())
