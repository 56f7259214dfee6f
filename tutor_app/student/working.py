"""The check of a user's own lines in the window: run in the background, shown, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript
from tutor_app.core.work import WorkHint, WorkReport
from tutor_app.student.work_page import EMPTY, NO_PROBLEM, WorkPage
from tutor_app.ui.bridge import Bridge, Job


class WorkJudge(Protocol):
    """Judges lines, see :class:`tutor_app.ui.services.Services`."""

    def check_work(self, problem: str, work: str, solved: Transcript | None, cancel: Cancel) -> WorkReport:
        """*Worker.* Judge a user's own lines."""
        ...

    def work_hint(self, problem: str, report: WorkReport, cancel: Cancel) -> WorkHint:
        """*Worker.* One hint about the first false line."""
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
        self._report: WorkReport | None = None
        page.hint_asked.connect(self.hint)

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
        self._problem, self._report = problem, None
        page.show_report(None)
        page.tell("Checking\u2026")
        page.set_busy(True)
        job = Job()
        work = "\n".join(lines)
        self._job = self._bridge.run_in_background(
            lambda: self._judge.check_work(problem, work, solved, job.cancel), self._done, self._failed, job=job
        )
        self.changed.emit()

    def hint(self) -> None:
        """Ask for a hint about the first false line of the last check."""
        report, problem = self._report, self._problem or ""
        if self.busy or report is None:
            return
        self._page.wait_for_hint(True)
        self._page.set_busy(True)
        job = Job()
        self._job = self._bridge.run_in_background(
            lambda: self._judge.work_hint(problem, report, job.cancel), self._hinted, self._failed, job=job
        )
        self.changed.emit()

    def cancel(self) -> None:
        """End the check, or the wait for a hint."""
        if self._job is not None:
            self._job.stop()
            self._over()
            if self._report is None:
                self._page.tell("Cancelled.")

    def forget(self, problem: str) -> None:
        """Take the verdicts away if they are about another problem."""
        if self._problem is not None and problem != self._problem:
            self.cancel()
            self._problem = self._report = None
            self._page.show_report(None)
            self._page.tell("The problem has changed since the check.")

    def _hinted(self, hint: WorkHint) -> None:
        self._over()
        self._page.show_hint(hint)

    def _done(self, report: WorkReport) -> None:
        self._over()
        self._report = report
        self._page.show_report(report, "" if self._problem else NO_PROBLEM)

    def _failed(self, error: Exception) -> None:
        self._over()
        self._page.tell(self._complain(error))

    def _over(self) -> None:
        self._job = None
        self._page.wait_for_hint(False)
        self._page.set_busy(False)
        self.changed.emit()
