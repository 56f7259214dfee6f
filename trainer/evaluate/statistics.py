"""Accuracy over several attempts at a problem, and its confidence interval. Pure functions over verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt
from typing import Final

Z95: Final = 1.959964
"""The normal distribution's value for 95 %."""


def wilson(right: float, n: float, z: float = Z95) -> tuple[float, float]:
    """The interval in which a rate lies (Wilson 1927), which holds for few trials and for rates near 0 and 1.

    Args:
        right: Successes; a sum of chances counts as well, and makes the interval rather too wide.
        n: Trials, those of :func:`effective` where they depend on one another; 0 gives the whole interval.
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


def effective(problems: Sequence[tuple[int, int]]) -> float:
    """How many independent trials several attempts at each of some problems are worth.

    Attempts at one problem are much alike: eight of them say less than eight problems. Their number is divided by how
    much wider the rate spreads over problems than over independent trials (the design effect, Kish 1965). It is
    never less than the number of problems, which is what attempts that always agree are worth, nor more than that of
    attempts.

    Args:
        problems: For each how many attempts there were, and how many of them were right.
    """
    k, n, right = len(problems), sum(m for m, _ in problems), sum(c for _, c in problems)
    if k < 2 or n == k or right in (0, n):  # where nothing varies, nothing tells how alike they are
        return float(k)
    rate = right / n
    between = sum((c - rate * m) ** 2 for m, c in problems) * k / (k - 1)
    return min(float(n), max(float(k), n * n * rate * (1 - rate) / between)) if between else float(n)


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
