"""Practice in the window: a problem like the one on the page, or those that were missed; answers are checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog

from tutor_app.core.hints import LEVELS
from tutor_app.core.practice import Exercise, Marked, Worksheet
from tutor_app.student.practice_dialog import PracticeDialog
from tutor_app.ui.bridge import Job

if TYPE_CHECKING:
    from tutor_app.window.window import MainWindow


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
