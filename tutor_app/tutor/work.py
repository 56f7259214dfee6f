"""A student's own work: its lines judged one by one, and its last line against what the problem asks for.

The check is a computation: no model is asked. A check that cannot be made is said, never taken for a mistake.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Final, Protocol

from tutor_app.core.errors import HostFault
from tutor_app.core.verdicts import NOT_LOOKED, Verdict
from tutor_app.core.work import MARKS, MOST_LINES, LineVerdict, WorkReport
from tutor_app.text.typing import latex_of

log = logging.getLogger(__name__)

_CASES: Final = re.compile(r"\s+(?:or|and)\s+|,\s+|;\s*")
_LEAD: Final = re.compile(r"(?i)^\s*(?:so|thus|therefore|hence|answer|solution|=>|⇒|∴)\s*:?\s*")


class WorkChecker(Protocol):
    """Judges lines and answers, see :class:`tutor_app.adapters.checking.checker.Checker`."""

    def work(self, problem: str, lines: Sequence[str], /) -> tuple[LineVerdict, ...]:
        """The verdict of every line.

        Raises:
            HostFault: If nothing can be checked.
        """
        ...

    def answer(self, problem: str, answer: str, outputs: Sequence[str] = (), /) -> Verdict:
        """Whether an answer is what the problem asks for.

        Raises:
            HostFault: If nothing can be checked.
        """
        ...


def check_work(problem: str, work: str, checker: WorkChecker) -> WorkReport:
    """Check a student's work.

    Args:
        problem: As typed; may be empty.
        work: One formula or sentence in a line.
        checker: Computes.

    Raises:
        HostFault: If nothing can be checked here.
    """
    lines = work.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    found = checker.work(problem, lines[:MOST_LINES])
    left_out = max(0, len(lines) - MOST_LINES)
    answer = NOT_LOOKED
    if problem.strip() and found and not left_out and (latex := answer_of(found)):
        try:
            answer = checker.answer(problem, latex)
        except HostFault as e:
            log.warning("the last line is not checked: %s", e)
    return WorkReport(found, answer, left_out)


def answer_of(lines: Sequence[LineVerdict]) -> str:
    """What the last line says the answer is, as LaTeX; empty if it gives none."""
    last = next((line.text for line in reversed(lines) if line.kind not in ("empty", "words", "unread")), "")
    parts = [latex_of(part) for part in _CASES.split(_LEAD.sub("", last.strip().rstrip("."))) if part.strip()]
    if not parts or None in parts:
        return ""
    read = [part for part in parts if part]
    if len(read) == 1 and "=" in read[0] and read[0].count("=") > 1:
        return read[0].rpartition("=")[2].strip()
    return ", ".join(read)


def report_lines(report: WorkReport) -> list[str]:
    """The report for the terminal, a line each."""
    width = len(str(len(report.lines)))
    out = []
    for number, line in enumerate(report.lines, 1):
        remark = line.remark()
        out.append(
            f"{MARKS[line.kind]} {number:>{width}}  {line.text}"
            + (
                f"\n{' ' * (width + 4)}{remark}"
                if remark and line.kind not in ("equivalent", "follows", "given", "words", "new")
                else ""
            )
        )
    return [*out, *report.sentences()]
