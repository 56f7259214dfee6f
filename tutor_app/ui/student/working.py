"""The check of a user's own lines in the window: run in the background, shown, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript
from tutor_app.core.work import WorkReport
from tutor_app.ui.bridge import Bridge, Job
from tutor_app.ui.student.work_page import EMPTY, NO_PROBLEM, WorkPage


class WorkJudge(Protocol):
    """Judges lines, see :class:`tutor_app.ui.services.Services`."""

    def check_work(self, problem: str, work: str, solved: Transcript | None, cancel: Cancel) -> WorkReport:
        """*Worker.* Judge a user's own lines."""
        ...


class Working(QObject):
    """Has the lines checked.

    Signals:
        changed: A check has begun or ended.

    Args:
        bridge: Runs the check.
        judge: Checks.
        page: Where the lines are.
        complain: Tells the user what went wrong; returns the sentence.
    """

    changed = Signal()

    def __init__(self, bridge: Bridge, judge: WorkJudge, page: WorkPage, complain: Callable[[Exception], str]) -> None:
        super().__init__(bridge)
        self._bridge, self._judge, self._page, self._complain = bridge, judge, page, complain
        self._job: Job | None = None
        self._problem: str | None = None

    @property
    def busy(self) -> bool:
        """Whether lines are being checked."""
        return self._job is not None

    def check(self, problem: str, solved: Transcript | None) -> None:
        """Check the lines that are typed.

        Args:
            problem: That they are about; may be empty.
            solved: Its solution, if there is one.
        """
        page = self._page
        if self.busy:
            return
        page.read_lines()
        lines = page.lines()
        if not any(line.strip() for line in lines):
            page.tell(EMPTY)
            page.edit.setFocus()
            return
        self._problem = problem
        page.show_report(None)
        page.tell("Checking\u2026")
        page.set_busy(True)
        job = Job()
        work = "\n".join(lines)
        self._job = self._bridge.run_in_background(
            lambda: self._judge.check_work(problem, work, solved, job.cancel), self._done, self._failed, job=job
        )
        self.changed.emit()

    def cancel(self) -> None:
        """End the check; no line has a verdict then."""
        if self._job is not None:
            self._job.stop()
            self._over("The check was cancelled.")

    def forget(self, problem: str) -> None:
        """Take the verdicts away if they are about another problem."""
        if self._problem is not None and problem != self._problem:
            self.cancel()
            self._problem = None
            self._page.show_report(None)
            self._page.tell("The problem has changed since the check.")

    def _done(self, report: WorkReport) -> None:
        self._over("")
        self._page.show_report(report, "" if self._problem else NO_PROBLEM)

    def _failed(self, error: Exception) -> None:
        self._over(self._complain(error))

    def _over(self, sentence: str) -> None:
        self._job = None
        self._page.set_busy(False)
        self._page.tell(sentence)
        self.changed.emit()
