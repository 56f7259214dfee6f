"""Estimates how likely a solution is right, by its model's verifier, where nothing else has checked its answer.

The solution is judged when it has ended and its answer is shown, in the thread that solves. A verifier that says
nothing changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from tutor_app.core.events import Finished, SolveEvent
from tutor_app.core.parts import Answer, Part
from tutor_app.core.ports import Cancel


class SolutionVerifier(Protocol):
    """What judges solutions."""

    @property
    def graded(self) -> int:
        """Graded solutions that it was calibrated on; 0 if that is not known."""
        ...

    @property
    def power(self) -> float:
        """How much votes are weighed by it, see :func:`tutor_app.core.votes.vote_weight`."""
        ...

    def probability(self, problem: str, parts: Sequence[Part]) -> float | None:
        """How likely a solution is right; None where that cannot be said."""
        ...


def with_odds(
    events: Iterator[SolveEvent], problem: str, verifier: SolutionVerifier, cancel: Cancel
) -> Iterator[SolveEvent]:
    """Pass ``events`` on; the last one has the answer with its probability.

    Args:
        events: Of the solve loop.
        problem: As it is solved.
        verifier: Of the model that solves.
        cancel: A solution that was stopped is not judged.
    """
    for event in events:
        if isinstance(event, Finished) and not cancel.is_set():
            answer = event.transcript.answer
            if answer is not None and answer.verdict.open:
                parts = event.transcript.solution
                judged = odds_of(answer, verifier.probability(problem, parts), verifier.graded)
                made = tuple(judged if part is answer else part for part in parts)
                event = replace(event, transcript=event.transcript.with_solution(made))
        yield event


def odds_of(answer: Answer, probability: float | None, graded: int) -> Answer:
    """The answer with a probability in its verdict; as it is where there is none."""
    if probability is None:
        return answer
    return replace(answer, verdict=replace(answer.verdict, likely=round(100 * probability), graded=graded))
