"""What several attempts at a problem come to: votes, chances and how sure a rate is.

Pure functions over verdicts. Whether two answers are equal is asked of the caller, which has the grader: an answer in
another form is a vote for the same value, and an empty answer is no vote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from typing import Final

from tutor_app.core.votes import grouped

Z95: Final = 1.959964
"""The normal distribution's value for 95 %."""


def wilson(right: int, n: int, z: float = Z95) -> tuple[float, float]:
    """The interval in which a rate lies (Wilson 1927), which holds for few trials and for rates near 0 and 1.

    Args:
        right: Successes.
        n: Trials; 0 gives the whole interval.
        z: How sure; 95 % by default.

    Returns:
        Both ends, from 0 to 1.
    """
    if n == 0:
        return 0.0, 1.0
    rate, spread = right / n, z * z / n
    middle = (rate + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(rate * (1 - rate) / n + spread / (4 * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def pass_at_k(n: int, right: int, k: int) -> float:
    """The chance that one of ``k`` attempts is right, without bias (Chen et al. 2021, equation 1).

    Args:
        n: Attempts that were made, at least ``k``.
        right: How many of them were right.
        k: How many one would make.

    Raises:
        ValueError: If there were fewer than ``k`` attempts.
    """
    if not 0 < k <= n:
        raise ValueError(f"pass@{k} needs at least {k} attempts, there are {n}")
    return 1.0 - comb(n - right, k) / comb(n, k)


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
