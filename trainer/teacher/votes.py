"""The answer that most attempts at a problem agree on.

Whether two answers are equal is asked of the caller, which has the grader: an answer in another form is a vote for the
same value, and an empty answer is no vote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tutor_app.core.votes import grouped


@dataclass(frozen=True, slots=True)
class Vote:
    """What the attempts at a problem agree on.

    Attributes:
        winner: An attempt that gave the answer with the most votes (the first that did), or -1 if none gave an answer.
        votes: For that answer.
        cast: All votes; empty answers cast none.
        tied: Another answer has as many.
    """

    winner: int
    votes: int
    cast: int
    tied: bool


def majority(answers: Sequence[str], equal: Callable[[str, str], bool]) -> Vote:
    """Count equal answers as one; of a tie the answer that was given first wins.

    Args:
        answers: One an attempt, empty where there is none.
        equal: Whether two answers have the same value.
    """
    groups = grouped(answers, equal)
    if not groups:
        return Vote(-1, 0, 0, False)
    most = max(map(len, groups))
    first, *others = [g for g in groups if len(g) == most]
    return Vote(first[0], most, sum(map(len, groups)), bool(others))
