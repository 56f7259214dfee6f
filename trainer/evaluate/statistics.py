"""What several attempts at a problem come to: chances and how sure a rate is. Pure functions over verdicts."""

from __future__ import annotations

from math import comb, sqrt
from typing import Final

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
