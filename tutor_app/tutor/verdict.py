"""The verdict of a final answer: by a known answer where there is one, else by an independent computation.

A check that cannot be made never stops a solution: its answer is then not checked.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Final

from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.errors import HostFault
from tutor_app.core.transcript import Answer, Output, Part
from tutor_app.core.verdicts import KNOWN_RIGHT, KNOWN_WRONG, NOT_LOOKED, Verdict
from tutor_app.tutor.checked import StatementChecker
from tutor_app.tutor.samples import known_answer

log = logging.getLogger(__name__)

_BY_GOLD: Final = {
    "correct": KNOWN_RIGHT,
    "incorrect": KNOWN_WRONG,
    "unknown": Verdict("unchecked", "known"),
}


@contextlib.contextmanager
def verdict_of(
    problem: str, checker: StatementChecker | None
) -> Iterator[Callable[[Answer, tuple[Part, ...]], Verdict]]:
    """What tells the verdict of an answer, for as long as the context lasts.

    Args:
        problem: As it is solved.
        checker: Computes answers independently; None where nobody asks for that.
    """
    gold = known_answer(problem)
    with contextlib.ExitStack() as stack:
        grader = stack.enter_context(Grader()) if gold else None

        def verdict(answer: Answer, parts: tuple[Part, ...]) -> Verdict:
            try:
                if grader is not None:
                    return _BY_GOLD[grader.grade(gold, answer.latex).verdict]
                if checker is not None:
                    return checker.answer(problem, answer.latex, outputs_of(parts))
            except HostFault as e:
                log.warning("the answer is not checked: %s", e)
            return NOT_LOOKED

        yield verdict


def outputs_of(parts: tuple[Part, ...]) -> tuple[str, ...]:
    """What the blocks of a solution printed, or else the values of their last lines."""
    outputs = [part for part in parts if isinstance(part, Output) and part.status == "ok"]
    return tuple(text for output in outputs if (text := output.stdout.strip() or output.value))
