"""Scores of a solution from reading it, before any question is asked: how likely the model finds its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

SCORES: Final = ("log tokens", "mean probability", "mean log probability", "lowest log probability", "unsure tokens")
"""The numbers of :attr:`Reading.scores`; the last is the logarithm of 1 and how many tokens are unlikelier than 1/2."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A solution that was read.

    Attributes:
        tokens: With the problem and what comes before it; 0 for one that is too long to be judged.
        scores: What :data:`SCORES` names, of the solution's own tokens.
    """

    tokens: int
    scores: npt.NDArray[np.float64]


TOO_LONG: Final = Reading(0, np.zeros(len(SCORES)))


def scores_of(log_probabilities: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The scores of a solution whose tokens have these log probabilities; zeros if it has none."""
    found = np.asarray(log_probabilities, dtype=np.float64)
    if not found.size:
        return np.zeros(len(SCORES))
    unsure = np.log1p((found < np.log(0.5)).sum())
    return np.array([np.log(found.size), np.exp(found).mean(), found.mean(), found.min(), unsure])
