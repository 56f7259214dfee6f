"""Whether two answers are equal: the face of the grading.

Most answers end here in some microseconds: the same text, the same number. What is left is read and compared by
exact arithmetic in this process, which is bounded in time and memory by its own limits. Only what that cannot decide
goes to the grading process (:mod:`tutor_app.adapters.grading.worker`), where SymPy works under a wall clock and a
memory limit and is killed when it exceeds them. Never evaluates an answer as code; never imports SymPy here.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tutor_app.adapters import child
from tutor_app.adapters.child import AnswerProcess, ProcessClosed, ProcessDied
from tutor_app.adapters.grading.finding import Finding
from tutor_app.core.errors import HostFault
from tutor_app.core.several import questions

Verdict = Literal["correct", "incorrect", "unknown"]
Mode = Literal["strict", "paper"]

MAX_CHARACTERS: Final = 8_000
_NUMBER: Final = re.compile(r"\s*\$?\s*(-?)\s*\$?\s*(\d{1,3}(?:,\d{3})+|\d{1,1000})(\.0{1,20})?\s*\$?\s*")


@dataclass(frozen=True, slots=True)
class Grade:
    """A verdict.

    Attributes:
        verdict: ``unknown`` if the comparison ran out of time or memory, or one of the two cannot be read.
        reason: A short code, such as ``equal``, ``rounded``, ``unit_dropped``, ``different_value``, ``timeout``.
        seconds: Wall time.
    """

    verdict: Verdict
    reason: str
    seconds: float


class Grader:
    """Grades answers; safe to use from several threads. Close it, or use it in a ``with`` statement.

    Args:
        timeout: Wall seconds for one comparison in the grading process.
        accept_rounded: Whether the correct rounding of an exact gold answer to three or more digits is correct
            (reason ``rounded``). If not, it is incorrect, with the reason ``rounded``.
    """

    def __init__(self, *, timeout: float = 5.0, accept_rounded: bool = True) -> None:
        self._timeout = timeout
        self._accept_rounded = accept_rounded
        self._process = AnswerProcess(worker_command, "grading")

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the grading process; safe to call twice. A comparison under way becomes ``unknown``."""
        self._process.close()

    @property
    def process_id(self) -> int | None:
        """The identifier of the grading process, or None while none runs."""
        return self._process.pid

    def grade(self, gold: str, answer: str, *, mode: Mode = "strict") -> Grade:
        """Whether the answer is as good as the gold answer.

        Args:
            gold: The published answer, LaTeX or plain.
            answer: The solver's final answer, without the words around it.
            mode: ``paper`` grades as the published results were graded; see :mod:`tutor_app.adapters.grading.paper`.

        Raises:
            HostFault: If the grading process is needed and cannot be started.
        """
        began = time.perf_counter()
        found = self._find(gold, answer, mode)
        if found.reason == "rounded" and not self._accept_rounded and mode == "strict":
            found = Finding(False, "rounded")
        verdict: Verdict = {True: "correct", False: "incorrect", None: "unknown"}[found.same]  # type: ignore[assignment]
        return Grade(verdict, found.reason, time.perf_counter() - began)

    def grade_parts(self, gold: str, answers: Sequence[str]) -> Grade:
        """Whether several answers are as good as a gold answer of several parts, all of them.

        In order, where the gold answer labels its parts or separates them by semicolons; otherwise as one list, for
        which order counts only where it does for :meth:`grade`: not where the gold answer is a set.

        Args:
            gold: The published answer.
            answers: Of the solver, one a part.

        Raises:
            HostFault: If the grading process is needed and cannot be started.
        """
        if len(answers) == 1:
            return self.grade(gold, answers[0])
        golds = pieces_of(gold)
        if not golds:
            return self.grade(gold, ", ".join(answers))
        if len(golds) != len(answers):
            return Grade("incorrect", "other_count", 0.0)
        grades = [self.grade(piece, answer) for piece, answer in zip(golds, answers, strict=True)]
        worst = min(grades, key=lambda grade: ("incorrect", "unknown", "correct").index(grade.verdict))
        return Grade(worst.verdict, worst.reason, sum(grade.seconds for grade in grades))

    def _find(self, gold: str, answer: str, mode: Mode) -> Finding:
        # Imported at the first comparison: the readers are 4 MB that a window may never need.
        if mode == "paper":
            from tutor_app.adapters.grading.paper import paper_same

            found = paper_same(gold, answer, None)
            return found if found.same is not None else self._ask(gold, answer, paper=True)
        quick = _quick(gold, answer)
        if quick is not None:
            return quick
        from tutor_app.adapters.grading.judging import judge

        found = judge(gold, answer, None)
        return self._ask(gold, answer, paper=False) if found.reason == "needs_algebra" else found

    def _ask(self, gold: str, answer: str, *, paper: bool) -> Finding:
        request = {"gold": gold, "answer": answer, "paper": paper}
        with _faults():
            try:
                reply = self._process.ask(request, self._timeout)
            except TimeoutError:
                return Finding(None, "timeout")
            except ProcessDied:
                return Finding(None, "worker_died")
        return Finding(reply["same"], str(reply["reason"]))


def pieces_of(gold: str) -> tuple[str, ...]:
    """The parts of a gold answer that labels them, ``(a) 3 (b) 5``, or separates them by semicolons; else none."""
    if labelled := questions(gold):
        texts = [question.text for question in labelled]
        return tuple(text.strip(" ,;.").removesuffix(" and").strip(" ,;") for text in texts)
    pieces = [piece.strip() for piece in gold.split(";")]
    return tuple(pieces) if len(pieces) > 1 and all(pieces) and not set("[]()\\{}") & set(gold) else ()


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    """Say for the user why the grading process cannot be used."""
    try:
        yield
    except ProcessClosed:
        raise HostFault("The grader is closed.", "Make a new one.") from None
    except OSError as e:
        raise HostFault(
            f"The grading process could not be started: {e.strerror or e}.",
            "Close other programs and try again, or reinstall if it happens again.",
        ) from e


def _quick(gold: str, answer: str) -> Finding | None:
    """What needs no reading: the same text, two whole numbers, no answer at all, too much of an answer."""
    if not answer.strip():
        return Finding(False, "no_answer")
    if gold.strip() == answer.strip():
        return Finding(True, "same_text")
    if max(len(gold), len(answer)) > MAX_CHARACTERS:
        return Finding(None if len(gold) > MAX_CHARACTERS else False, "too_long")
    a, b = _NUMBER.fullmatch(gold), _NUMBER.fullmatch(answer)
    if a and b:
        if _whole(a) == _whole(b):
            return Finding(True, "equal")
        return Finding(False, "different_value")
    return None


def _whole(m: re.Match[str]) -> int:
    return int(m[1] + m[2].replace(",", ""))


def worker_command() -> list[str]:
    """The command that starts the grading process."""
    return child.worker_command("--grading-worker", Path(__file__).with_name("worker.py"))
