"""Practice in the window: a problem like the one on the page, or those that were missed; answers are checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from tutor_app.core.hints import LEVELS
from tutor_app.core.practice import Exercise, Marked, Worksheet
from tutor_app.student.practice_dialog import PracticeDialog
from tutor_app.ui.bridge import Job

if TYPE_CHECKING:
    from tutor_app.window.window import MainWindow


class Practising(QObject):
    """Drives the dialog. Where it is closed in between, the place is kept: practice goes on there.

    Attributes:
        dialog: The one that is open, or None.

    Signals:
        changed: Whether there is something to go on with may have changed.

    Args:
        window: Whose services and page are used.
    """

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.dialog: PracticeDialog | None = None
        self._waiting: list[Exercise] = []
        self._sheet: Worksheet | None = None
        self._exercise: Exercise | None = None
        self._is_open = False  # whether it can still be answered
        self._left: dict[Worksheet, tuple[Exercise, ...]] = {}  # of each sheet, what was not dealt with yet
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

        def failed(error: Exception) -> None:
            sentence = self._window.faults.complain(error)
            if self.dialog is not None:
                self.dialog.end(sentence)

        self._window.bridge.run_in_background(
            lambda: self._window.services.another(shown, job.cancel), done, failed, job=job
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
            self._waiting, self._sheet = list(self._left.get(sheet) or sheet.exercises), sheet
            self._more = self._ask_next
            self._window.student.hints.forget()
            self._ask_next()

        self._window.bridge.run_in_background(lambda: services.worksheet(path), done, self._window.faults.complain)

    @property
    def can_go_on(self) -> bool:
        """Whether practice was left at a problem that is still to be answered, or with problems to come."""
        return self.dialog is None and (self._is_open or bool(self._waiting))

    def go_on(self) -> None:
        """Ask again where practice was left."""
        if self._is_open and self._exercise is not None:
            self._show(self._exercise)
        elif self._waiting:
            self._ask_next()

    def _ask_next(self) -> None:
        if self._waiting:
            self._show(self._waiting.pop(0))
        elif self.dialog is not None:
            self.dialog.end("That was all for today." if self._sheet is None else "That was all of the worksheet.")

    def _heading(self, exercise: Exercise) -> str:
        """Which problem of a worksheet it is, and where its hints end."""
        if self._sheet is None or exercise not in self._sheet.exercises:
            return ""
        exercises = self._sheet.exercises
        ends = exercise.hints_up_to < len(LEVELS)
        limit = f"; hints end with \u201c{LEVELS[exercise.hints_up_to - 1]}\u201d" if ends else ""
        return f"{self._sheet.title}: problem {len(exercises) - len(self._waiting)} of {len(exercises)}{limit}"

    def _keep_place(self) -> None:
        if self._sheet is not None:
            here = [self._exercise] if self._is_open and self._exercise is not None else []
            self._left[self._sheet] = (*here, *self._waiting)
        self.changed.emit()

    def _show(self, exercise: Exercise) -> None:
        self._exercise, self._is_open = exercise, True
        self._keep_place()
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
                self._is_open = marked.again
                self._keep_place()

        self._window.bridge.run_in_background(
            lambda: services.mark(exercise, given), done, self._window.faults.complain
        )

    def _to_box(self) -> None:
        exercise, dialog = self._exercise, self.dialog
        if exercise is not None and dialog is not None:
            dialog.accept()
            self._window.use_problem(exercise.problem)
            if self.can_go_on:
                self._window.status.say(
                    "\u201cGo on practising\u201d in the menu Solution leads back to where you were."
                )

    def _closed(self) -> None:
        self.dialog = None
        if self._job is not None:
            self._job.stop()
        self.changed.emit()
