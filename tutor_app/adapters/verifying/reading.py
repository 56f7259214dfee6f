"""A solution as a verifier reads it: its text, and how likely the model finds the tokens of that text.

The same when a verifier is trained and when it is used. Runs no model: the log probabilities come from whoever does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tutor_app.core.parts import Answer, Code, Output, Part, Text

MOST_SOFT: Final = 32
"""Soft tokens that may stand before the question."""
_SOLUTION: Final = "\n\nSolution:"


def reading_text(problem: str, parts: Sequence[Part]) -> str:
    """The text that is read: the problem, then words, code, what it printed, and the answer."""
    found = []
    for part in parts:
        match part:
            case Text():
                found.append(part.text.strip())
            case Code():
                found.append(f"```python\n{part.source.strip()}\n```")
            case Output():
                found.append(f"```output\n{(part.feedback or part.stdout).strip()}\n```")
            case Answer():
                found.append(f"Answer: {part.latex}")
    return f"Problem: {problem}{_SOLUTION} " + "\n".join(found)


def problem_of(text: str) -> str:
    """The beginning of a text of :func:`reading_text` that comes before the solution."""
    before, mark, _ = text.partition(_SOLUTION)
    return before + mark


SCORES: Final = ("log tokens", "mean probability", "mean log probability", "lowest log probability", "unsure tokens")
"""The numbers of :attr:`Reading.scores`; the last is the logarithm of 1 and how many tokens are unlikelier than 1/2."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of reading a solution.

    Attributes:
        tokens: Length of the text in tokens, with the problem and what comes before it; 0 for one that is too long to
            be judged.
        scores: One number for each name in :data:`SCORES`, of the solution's own tokens alone, ``[len(SCORES)]``.
    """

    tokens: int
    scores: npt.NDArray[np.float64]


TOO_LONG: Final = Reading(0, np.zeros(len(SCORES)))


def scores_of(log_probabilities: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The scores of a solution.

    Args:
        log_probabilities: Of its tokens, ``[tokens]``, natural logarithms.

    Returns:
        ``[len(SCORES)]``; zeros if it has no tokens.
    """
    found = np.asarray(log_probabilities, dtype=np.float64)
    if not found.size:
        return np.zeros(len(SCORES))
    unsure = np.log1p((found < np.log(0.5)).sum())
    return np.array([np.log(found.size), np.exp(found).mean(), found.mean(), found.min(), unsure])
