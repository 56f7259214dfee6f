"""A student's own work: its lines judged one by one, and its last line against what the problem asks for.

The check is a computation: no model is asked. A check that cannot be made is said, never taken for a mistake.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from tutor_app.adapters.checking.checker import Checker
from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.parts import Answer
from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import NOT_LOOKED, Verdict
from tutor_app.core.work import MARKS, MOST_LINES, LineVerdict, WorkReport, first_fault
from tutor_app.text.typing import latex_of

log = logging.getLogger(__name__)

_CASES: Final = re.compile(r"\s+(?:or|and)\s+|,\s+|;\s*")
_ROUNDED: Final = re.compile(r"\\approx|\d\.\d")
_UNKNOWN: Final = re.compile(r"([a-zA-Z])\s*=\s*[^=a-zA-Z]*(?:\\[a-z]+[^=a-zA-Z]*)*")
_LEAD: Final = re.compile(r"(?i)^\s*(?:so|thus|therefore|hence|answer|solution|=>|⇒|∴)\s*:?\s*")


_PICTURE: Final = re.compile(
    r"\ufffc|!\[[^\]]*\]\(|<img\b|data:image/|(?i:^\s*\[?(?:image|picture|photo|screenshot)\b[^\]=]*\]\s*$)"
    r"|(?i:^\s*\S.*\.(?:png|jpe?g|gif|heic|webp|bmp|svg|tiff?|pdf)\s*$)"
)
"""What stands for a picture in pasted text: its mark, its address, or its file."""
POLL_SECONDS: Final = 0.05


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


def check_work(
    problem: str,
    work: str,
    checker: WorkChecker,
    *,
    known: Answer | None = None,
    equal: Callable[[str, str], bool | None] | None = None,
) -> WorkReport:
    """Check a student's work.

    Args:
        problem: As typed; may be empty.
        work: One formula or sentence in a line.
        checker: Computes.
        known: The answer of a solution of the problem; it is used where it was verified and nothing else decides.
        equal: Whether two answers are equal, None where that is not known.

    Raises:
        HostFault: If nothing can be checked here.
    """
    lines = work.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    left_out = max(0, len(lines) - MOST_LINES)
    lines = lines[:MOST_LINES]
    pictures = {k for k, line in enumerate(lines) if _PICTURE.search(line)}
    judged = checker.work(problem, ["" if k in pictures else line for k, line in enumerate(lines)])
    found = tuple(
        LineVerdict(lines[k], lines[k], "picture") if k in pictures else verdict for k, verdict in enumerate(judged)
    )
    answer = NOT_LOOKED
    if problem.strip() and found and not left_out:
        try:
            answer = _judged(problem, found, checker, known, equal)
        except HostFault as e:
            log.warning("the last line is not checked: %s", e)
    return WorkReport(found, answer, left_out)


def _judged(
    problem: str,
    lines: Sequence[LineVerdict],
    checker: WorkChecker,
    known: Answer | None,
    equal: Callable[[str, str], bool | None] | None,
) -> Verdict:
    """The last line against what the problem asks for; with the lines before, where each tells one unknown."""
    latex, together = answer_of(lines), unknowns_of(lines)
    if not latex:
        return NOT_LOOKED
    if together:
        answer = checker.answer(problem, together)
        if answer.kind in ("checked", "numeric"):
            return answer
    answer = checker.answer(problem, latex)
    if answer.kind == "unchecked":
        return _compared(latex, known, equal) or answer
    if answer.kind == "wrong" and first_fault(lines) is None and _ROUNDED.search(latex):
        return NOT_LOOKED  # the lines have led to a rounded value
    return answer


def _compared(latex: str, known: Answer | None, equal: Callable[[str, str], bool | None] | None) -> Verdict | None:
    """The last line against the answer of a verified solution."""
    if known is None or equal is None or not known.verdict.verified:
        return None
    same = equal(known.latex, latex)
    return None if same is None else Verdict("checked" if same else "wrong", "known")


def check_work_until(cancel: Cancel, problem: str, work: str, solved: Transcript | None = None) -> WorkReport:
    """Check a student's work in a process of its own, which ends when ``cancel`` is raised.

    Args:
        cancel: Ends the check.
        problem: See :func:`check_work`.
        work: See :func:`check_work`.
        solved: A solution of the problem, if there is one.

    Raises:
        UserFault: If it was ended.
        HostFault: If nothing can be checked here.
    """
    known = solved.answer if solved is not None else None
    with Checker() as checker, Grader() as grader:

        def equal(gold: str, answer: str) -> bool | None:
            return {"correct": True, "incorrect": False}.get(grader.grade(gold, answer).verdict)

        with ended_by(cancel, checker):
            return check_work(problem, work, checker, known=known, equal=equal)


@contextmanager
def ended_by(cancel: Cancel, checker: Checker) -> Iterator[None]:
    """End a check when ``cancel`` is raised, by closing its process.

    Raises:
        UserFault: At the end, if it was.
    """
    over = threading.Event()

    def watch() -> None:
        while not over.wait(POLL_SECONDS):
            if cancel.is_set():
                checker.close()
                return

    thread = threading.Thread(target=watch, name="tutor-check-watch", daemon=True)
    thread.start()
    try:
        yield
    except HostFault:
        if not cancel.is_set():  # else it only says that the process has been closed
            raise
    finally:
        over.set()
        thread.join()
    if cancel.is_set():
        raise UserFault("Stopped.")


def answer_of(lines: Sequence[LineVerdict]) -> str:
    """What the last line says the answer is, as LaTeX; empty if it gives none."""
    last = next((line.text for line in reversed(lines) if line.kind not in ("empty", "words", "unread", "picture")), "")
    parts = [latex_of(part) for part in _CASES.split(_LEAD.sub("", last.strip().rstrip("."))) if part.strip()]
    if not parts or None in parts:
        return ""
    read = [part for part in parts if part]
    if len(read) == 1 and "=" in read[0]:
        left, _, right = read[0].rpartition("=")
        # A chain, or a calculation: what it comes to is the answer.
        if "=" in left or not re.search(r"(?<![\\a-zA-Z])[a-zA-Z]", left):
            return right.strip()
    return ", ".join(read)


def unknowns_of(lines: Sequence[LineVerdict]) -> str:
    """The unknowns that the last lines tell one by one, as LaTeX; empty if the last line tells the only one."""
    told: dict[str, str] = {}
    for line in reversed(lines):
        if line.kind in ("empty", "words", "unread", "picture"):
            continue
        latex = latex_of(_LEAD.sub("", line.text.strip().rstrip("."))) or ""
        m = _UNKNOWN.fullmatch(latex)
        if m is None or m[1] in told:
            # The way to an unknown may stand between it and another one.
            if told and "=" in latex:
                continue
            break
        told[m[1]] = latex
    return ", ".join(reversed(told.values())) if len(told) > 1 else ""


def report_lines(report: WorkReport) -> list[str]:
    """The report for the terminal, a line each."""
    width = len(str(len(report.lines)))
    out = []
    for number, line in enumerate(report.lines, 1):
        remark = line.remark()
        out.append(
            f"{MARKS[line.kind]} {number:>{width}}  {line.text}"
            + (f"\n{' ' * (width + 4)}{remark}" if remark and not line.is_quiet else "")
        )
    return [*out, *report.sentences()]
