"""Asking several times from the window: the button, its menu rows, how the vote goes on, and the attempts behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QPushButton

from tutor_app.core.events import SolveEvent, VoteCast
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import promoted
from tutor_app.desk.votes.progress import VoteProgress
from tutor_app.render.theme import Theme

if TYPE_CHECKING:
    from tutor_app.desk.votes.attempts import AttemptsDialog
    from tutor_app.window.window import MainWindow


class Voting(QObject):
    """What the window has for votes.

    Attributes:
        button: Asks several times; beside Solve.
        progress: How far the vote is; beside Stop, while one is held.
        actions: The rows of the menu of solutions.

    Args:
        window: Whose problem is asked, and whose page shows what has won.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.button = QPushButton()
        self.progress = VoteProgress(window.theme)
        window.box.add_control(self.button, busy=False)
        window.box.add_control(self.progress, busy=True)
        self._dialog: AttemptsDialog | None = None
        self._ask = self._action("Ask several times", "Ctrl+Shift+Return", self.ask)
        self._open = self._action("Attempts of the vote\u2026", "Ctrl+Shift+V", self.show_attempts)
        self.actions = [self._ask, self._open]
        self.button.clicked.connect(self.ask)
        window.view.votes_asked.connect(self.show_attempts)
        window.bridge.batch.connect(self._on_events)
        self.refresh(there=False, busy=False)
        self.show_number()

    @property
    def dialog(self) -> AttemptsDialog:
        """The attempts behind the solution on the page; made when it is asked for the first time."""
        if self._dialog is None:
            from tutor_app.desk.votes.attempts import AttemptsDialog

            self._dialog = made = AttemptsDialog(self._window.formulas, self._window.theme, self._window)
            made.promote_asked.connect(self._promote)
            made.step_asked.connect(self._step)
            self._window.view.cleared.connect(made.close)
        return self._dialog

    def _action(self, text: str, keys: str, slot: Callable[[], None]) -> QAction:
        made = QAction(text, self._window)
        made.setShortcut(QKeySequence(keys))
        made.triggered.connect(lambda _=False: slot())
        self._window.addAction(made)
        return made

    def show_number(self) -> None:
        """Say how many times will be asked, as the settings have it."""
        votes = self._window.settings.votes
        self.button.setText(f"Ask {votes} times")
        self.button.setAccessibleName(f"Ask {votes} times")
        keys = "Ctrl+Shift+Enter"
        self.button.setToolTip(f"Solve it {votes} times at once; the answer that most attempts agree on wins ({keys})")

    def refresh(self, *, there: bool, busy: bool) -> None:
        """Enable what makes sense now.

        Args:
            there: Whether a solution is on the page.
            busy: Whether one is being written.
        """
        self._ask.setEnabled(not busy)
        self._open.setEnabled(there and not busy and bool(self._window.view.page.attempts))

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self.progress.set_theme(theme)
        if self._dialog is not None:
            self._dialog.set_theme(theme)

    def ask(self) -> None:
        """Ask the problem that is typed several times."""
        self._window.solve(self._window.settings.votes)

    def begin(self, votes: int) -> None:
        """A solution begins.

        Args:
            votes: Attempts that will vote; 1 is no vote.
        """
        self.progress.show_cast(VoteCast(-1, 0, votes))
        self.progress.setVisible(votes > 1)

    def show_attempts(self) -> None:
        """Open the list of the attempts behind the solution on the page."""
        shown = self._window.shown_solution()
        if shown is not None and shown.attempts and not self._window.bridge.busy:
            self.dialog.open_with(shown)

    def _on_events(self, events: list[SolveEvent]) -> None:
        for event in events:
            if isinstance(event, VoteCast):
                self.progress.show_cast(event)

    def _step(self, transcript: Transcript, block: int) -> None:
        self._window.desk.open_block(transcript, block)
        self._window.activateWindow()

    def _promote(self, number: int) -> None:
        """Make an attempt the solution on the page and in the library."""
        window = self._window
        shown, key = window.shown_solution(), window.saved.shown_id
        if shown is None or window.bridge.busy:
            return

        def done(transcript: Transcript) -> None:
            if window.saved.shown_id == key and not window.bridge.busy:
                window.saved.opened.emit(transcript)
                window.saved.refresh()
                window.status.say(f"Attempt {number + 1} is the solution now")

        def work() -> Transcript:
            # One that could not be kept in the library is changed on the page alone.
            return window.services.promote(key, number) if key else promoted(shown, number)

        window.bridge.run_in_background(work, done, window.faults.complain)
