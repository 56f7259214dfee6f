"""Hints in the window: a problem is solved silently in the background, then one hint is released at each request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from tutor_app.core.hints import Hint, Ladder
from tutor_app.core.ports import Cancel
from tutor_app.student.hints_page import HintsPage
from tutor_app.ui.bridge import Bridge, Job


class HintSource(Protocol):
    """Makes hints, see :class:`tutor_app.ui.services.Services`."""

    def hints(self, problem: str, cancel: Cancel, *, votes: int = 1) -> Ladder:
        """*Worker.* All hints of a problem that may be shown."""
        ...

    def hint_given(self, problem: str, hint: Hint) -> None:
        """*Worker.* Keep that a hint was shown."""
        ...


class Hinting(QObject):
    """Asks for hints and releases them one by one.

    Attributes:
        problem: Whose hints are shown or being made.

    Signals:
        changed: Hints are being made, or that has ended.

    Args:
        bridge: Runs the silent solution.
        source: Makes the hints.
        page: Shows them.
        votes: How many attempts make sure of an answer.
        say: Tells the user something at the foot of the window.
        complain: Tells the user what went wrong; returns the sentence.
    """

    changed = Signal()

    def __init__(
        self,
        bridge: Bridge,
        source: HintSource,
        page: HintsPage,
        *,
        votes: Callable[[], int],
        say: Callable[[str], None],
        complain: Callable[[Exception], str],
    ) -> None:
        super().__init__(bridge)
        self._votes = votes
        self._bridge, self._source, self._page, self._say, self._complain = bridge, source, page, say, complain
        self.problem = ""
        self._ladder: Ladder | None = None
        self._job: Job | None = None
        page.next_asked.connect(self._release)
        page.sure_asked.connect(self.make_sure)
        page.cancel_asked.connect(self.cancel)

    @property
    def busy(self) -> bool:
        """Whether hints are being made."""
        return self._job is not None

    def give(self, problem: str, before: Callable[[], None]) -> None:
        """Release the next hint of a problem, or begin with its first one.

        Args:
            problem: As typed.
            before: Called in the worker before anything else, to write what the solution must know.
        """
        if problem == self.problem and (self.busy or self._ladder is not None):
            self._release()
            return
        self.cancel()
        self.problem, self._ladder = problem, None
        self._page.wait_for(problem)
        self._say("Looking for hints\u2026")
        job = Job()

        def make() -> Ladder:
            before()
            return self._source.hints(problem, job.cancel)

        self._job = self._bridge.run_in_background(make, self._made, self._failed, job=job)
        self.changed.emit()

    def make_sure(self) -> None:
        """Solve the problem several times, so that hints beyond the plan can be given where most attempts agree."""
        if self.busy or self._ladder is None or self._ladder.sure:
            return
        problem, votes, job = self.problem, self._votes(), Job()
        self._page.wait_for_votes(votes)
        self._say(f"Solving it {votes} times\u2026")
        self._job = self._bridge.run_in_background(
            lambda: self._source.hints(problem, job.cancel, votes=votes), self._voted, self._failed_vote, job=job
        )
        self.changed.emit()

    def cancel(self) -> None:
        """End the silent solution; the page says so, and keeps the hints that it has."""
        if self._job is None:
            return
        self._job.stop()
        self._job = None
        if self._ladder is not None:
            self._page.end_with(self._ladder.ending(), more=False, may_make_sure=True)
            self._say("Cancelled")
            self.changed.emit()
            return
        self.problem = ""
        self._page.fail("Cancelled. There are no hints for this problem yet.")
        self._say("Cancelled")
        self.changed.emit()

    def forget(self) -> None:
        """Make the hints again when the next one is asked for: what they depend on has changed."""
        self.cancel()
        self.problem, self._ladder = "", None

    def _made(self, ladder: Ladder) -> None:
        self._job = None
        self._ladder = ladder
        self._page.warn("" if ladder.sure else ladder.ending())
        self._release()
        self.changed.emit()

    def _voted(self, ladder: Ladder) -> None:
        self._job = None
        if ladder.sure:
            self._ladder = ladder
            self._page.warn("")
            self._release()
        else:
            self._page.end_with(f"The attempts do not agree on an answer. {ladder.ending()}", more=False)
        self.changed.emit()

    def _failed_vote(self, error: Exception) -> None:
        self._job = None
        self._page.end_with(self._complain(error), more=False, may_make_sure=True)
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        self._job = None
        self.problem = ""
        self._page.fail(self._complain(error))
        self.changed.emit()

    def _release(self) -> None:
        ladder, shown = self._ladder, len(self._page.cards)
        if ladder is None:
            return
        if shown < len(ladder.hints):
            hint, problem = ladder.hints[shown], self.problem
            self._page.add(hint, len(ladder.hints), ladder.ending(), may_make_sure=ladder.could_go_on)
            self._bridge.run_in_background(lambda: self._source.hint_given(problem, hint), lambda _: None)
            self._say(f"Hint {shown + 1} of {len(ladder.hints)}")
        elif not self.busy:
            self._say(ladder.ending() or "This was the last hint.")
            if ladder.sure:
                self._page.end_with(ladder.ending(), more=False)
