"""Practice in the window: a problem like the one on the page, or those that were missed; answers are checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from tutor_app.core.hints import LEVELS, RESULT
from tutor_app.core.practice import Exercise, Marked, Worksheet
from tutor_app.render.theme import Theme
from tutor_app.text.typing import read_typed
from tutor_app.ui.announce import announce
from tutor_app.ui.bridge import Job
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.math_text import MathText
from tutor_app.ui.placing import fit_dialog

if TYPE_CHECKING:
    from tutor_app.ui.window import MainWindow


class PracticeDialog(QDialog):
    """Shows a problem and takes the answer to it.

    Signals:
        answered: The user's answer; empty to be shown the right one.
        next_asked: The user wants the next problem.
        box_asked: The user wants the problem in the problem's box.
    """

    answered = Signal(str)
    next_asked = Signal()
    box_asked = Signal()

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Practice")
        fit_dialog(self, 560, 320)
        self.sheet = QLabel()
        self.sheet.setObjectName("hint")
        self.sheet.setWordWrap(True)
        self.sheet.setTextFormat(Qt.TextFormat.PlainText)
        self.sheet.hide()
        self.problem = MathText(formulas, theme, 17)
        self.answer = QLineEdit()
        self.answer.setPlaceholderText("Your answer")
        self.answer.setAccessibleName("Your answer")
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.check = _button("Check")
        self.check.setObjectName("primary")
        self.check.setDefault(True)
        self.show_answer = _button("Show the answer")
        self.box = _button("Put it into the box")
        self.next = _button("Next")
        self.close_button = _button("Close")
        row = QHBoxLayout()
        row.addWidget(self.box)
        row.addStretch()
        for button in (self.show_answer, self.next, self.close_button, self.check):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(self.sheet)
        layout.addWidget(self.problem)
        layout.addWidget(self.answer)
        layout.addWidget(self.said)
        layout.addStretch()
        layout.addLayout(row)
        self.check.clicked.connect(lambda: self.answered.emit(self.answer.text()))
        self.show_answer.clicked.connect(lambda: self.answered.emit(""))
        self.next.clicked.connect(self.next_asked)
        self.box.clicked.connect(self.box_asked)
        self.close_button.clicked.connect(self.reject)

    def ask(self, exercise: Exercise, heading: str = "") -> None:
        """Show a problem.

        Args:
            exercise: What is asked.
            heading: Which worksheet it is of; empty for none.
        """
        self.sheet.setText(heading)
        self.sheet.setAccessibleName(heading)
        self.sheet.setVisible(bool(heading))
        self.show_answer.setText("Show the answer" if exercise.hints_up_to >= RESULT else "Skip")
        self.show_answer.setAccessibleName(self.show_answer.text())
        self.problem.set_text(read_typed(exercise.problem).text)
        self.answer.clear()
        self.said.clear()
        self._show_open(True)
        self.check.setEnabled(bool(exercise.answer))
        self.answer.setEnabled(bool(exercise.answer))
        self.answer.setPlaceholderText(
            "Your answer" if exercise.answer else "The worksheet gives no answer to compare yours with"
        )
        (self.answer if exercise.answer else self.box).setFocus()

    def tell(self, marked: Marked) -> None:
        """Say how it was answered."""
        self.said.setText(marked.sentence)
        self.said.setAccessibleName(marked.sentence)
        announce(self, marked.sentence)
        self._show_open(False)
        self.next.setFocus()

    def say(self, sentence: str) -> None:
        """Say what happens, or that there is nothing more."""
        self.said.setText(sentence)
        self.said.setAccessibleName(sentence)

    def _show_open(self, is_open: bool) -> None:
        self.answer.setEnabled(is_open)
        self.check.setVisible(is_open)
        self.show_answer.setVisible(is_open)
        self.next.setVisible(not is_open)


class Practising(QObject):
    """Drives the dialog.

    Attributes:
        dialog: The one that is open, or None.

    Args:
        window: Whose services and page are used.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.dialog: PracticeDialog | None = None
        self._waiting: list[Exercise] = []
        self._sheet: Worksheet | None = None
        self._exercise: Exercise | None = None
        self._more: Callable[[], None] = self._ask_next
        self._job: Job | None = None

    def like_this(self) -> None:
        """A problem like the one on the page, by other numbers."""
        shown = self._window.shown_solution()
        if shown is None:
            return
        self._more, self._sheet = self.like_this, None
        job = self._job = Job()
        self._window.status.say("Making a problem like this\u2026")

        def done(exercise: Exercise) -> None:
            self._window.status.say("Ready")
            self._show(exercise)

        self._window.bridge.run_in_background(
            lambda: self._window.services.another(shown, job.cancel), done, self._window.faults.complain, job=job
        )

    def missed(self) -> None:
        """The problems that were missed and are due."""

        def done(exercises: Sequence[Exercise]) -> None:
            self._waiting, self._sheet = list(exercises), None
            self._more = self._ask_next
            if exercises:
                self._ask_next()
            else:
                self._window.status.say("Nothing that was missed is due today.")

        self._window.bridge.run_in_background(self._window.services.missed_problems, done, self._window.faults.complain)

    def choose_worksheet(self) -> None:
        """Ask for a teacher's file."""
        kinds = "Worksheets (*.md *.txt *.jsonl);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a worksheet", "", kinds)
        if path:
            self.open_worksheet(Path(path))

    def open_worksheet(self, path: Path) -> None:
        """Ask the problems of a teacher's file; its limit of hints holds for them."""
        services = self._window.services

        def done(sheet: Worksheet) -> None:
            self._waiting, self._sheet = list(sheet.exercises), sheet
            self._more = self._ask_next
            self._window.student.hints.forget()
            self._ask_next()

        self._window.bridge.run_in_background(lambda: services.worksheet(path), done, self._window.faults.complain)

    def _ask_next(self) -> None:
        if self._waiting:
            self._show(self._waiting.pop(0))
        elif self.dialog is not None:
            self.dialog.say("That was all for today." if self._sheet is None else "That was all of the worksheet.")

    def _heading(self, exercise: Exercise) -> str:
        """Which problem of a worksheet it is, and where its hints end."""
        if self._sheet is None or exercise not in self._sheet.exercises:
            return ""
        exercises = self._sheet.exercises
        ends = exercise.hints_up_to < len(LEVELS)
        limit = f"; hints end with \u201c{LEVELS[exercise.hints_up_to - 1]}\u201d" if ends else ""
        return f"{self._sheet.title}: problem {len(exercises) - len(self._waiting)} of {len(exercises)}{limit}"

    def _show(self, exercise: Exercise) -> None:
        self._exercise = exercise
        if self.dialog is None:
            self.dialog = PracticeDialog(self._window.formulas, self._window.theme, self._window)
            self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.dialog.answered.connect(self._mark)
            self.dialog.next_asked.connect(lambda: self._more())
            self.dialog.box_asked.connect(self._to_box)
            self.dialog.finished.connect(self._closed)
            self.dialog.open()
        self.dialog.ask(exercise, self._heading(exercise))

    def _mark(self, given: str) -> None:
        exercise, services = self._exercise, self._window.services
        assert exercise is not None

        def done(marked: Marked) -> None:
            if self.dialog is not None and self._exercise is exercise:
                self.dialog.tell(marked)

        self._window.bridge.run_in_background(
            lambda: services.mark(exercise, given), done, self._window.faults.complain
        )

    def _to_box(self) -> None:
        exercise, dialog = self._exercise, self.dialog
        if exercise is not None and dialog is not None:
            dialog.accept()
            self._window.use_problem(exercise.problem)

    def _closed(self) -> None:
        self.dialog = self._exercise = None
        if self._job is not None:
            self._job.stop()


def _button(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setAccessibleName(text)
    button.setAutoDefault(False)
    return button
