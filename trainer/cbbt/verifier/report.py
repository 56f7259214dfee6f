"""How well verifiers put right solutions before wrong ones, say how likely they are, and weigh votes.

All of it is about held-out problems, which are judged once, when everything has been chosen. Intervals are bootstraps
over problems: solutions of one problem are not independent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from trainer.cbbt.estimator import Vector
from trainer.cbbt.verifier.head import Right, Rows, sigmoid
from tutor_app.core.votes import vote_weight

RESAMPLES: Final = 1000
POWERS: Final = (0.25, 0.5, 1.0)
"""Of the odds by which votes are weighed, which are tried."""


@dataclass(frozen=True, slots=True)
class Solution:
    """A solution that was graded.

    Attributes:
        problem: Its number.
        text: Problem and solution, as the verifier reads them.
        answer: That it came to; equal answers are the same text.
        right: Whether that is the published one.
        traits: What can be seen of it without a model.
    """

    problem: int
    text: str
    answer: str
    right: bool
    traits: tuple[float, ...] = ()


def with_equal_answers(solutions: Sequence[Solution], equal: Callable[[str, str], bool]) -> list[Solution]:
    """The solutions, with answers to a problem that are ``equal`` in one wording, that of the first."""
    wordings: dict[int, list[str]] = defaultdict(list)
    found = []
    for solution in solutions:
        given = wordings[solution.problem]
        same = next((a for a in given if a == solution.answer or equal(a, solution.answer)), None)
        if same is None:
            given.append(solution.answer)
        found.append(replace(solution, answer=solution.answer if same is None else same))
    return found


def measured(
    solutions: Sequence[Solution], logits: Mapping[str, Vector], first: str, powers: Mapping[str, float]
) -> list[dict[str, Any]]:
    """A row for each method.

    Args:
        solutions: Held out.
        logits: Of each method, calibrated; their order is the table's.
        first: The method that the others are compared with.
        powers: How much votes are weighed by each, see :func:`vote_power`.
    """
    right = np.array([s.right for s in solutions])
    draws = _draws(solutions)
    rows = []
    for name, values in logits.items():

        def area(chosen: Rows, values: Vector = values) -> float:
            return auc(values[chosen], right[chosen])

        def ahead(chosen: Rows, values: Vector = values) -> float:
            return auc(values[chosen], right[chosen]) - auc(logits[first][chosen], right[chosen])

        every = np.arange(len(solutions))
        rows.append(
            {
                "method": name,
                "auc": round(area(every), 4),
                "auc_95": _interval(draws, area),
                "ahead": round(ahead(every), 4),
                "ahead_95": _interval(draws, ahead),
                "calibration_error": round(calibration_error(sigmoid(values), right), 4),
                "power": powers[name],
                "vote": round(voted(solutions, vote_weights(values, powers[name])), 4),
            }
        )
    return rows


def table(rows: Sequence[Mapping[str, Any]], plain: float) -> str:
    """The rows of :func:`measured` as Markdown; ``plain`` is the share of problems that a plain vote gets right."""
    lines = ["| method | AUC | 95 % | ahead by | 95 % | calibration error | power of the vote | weighed vote |"]
    lines.append("|---|--:|---|--:|---|--:|--:|--:|")
    for row in rows:
        within, ahead = (f"{row[key][0]:.3f} to {row[key][1]:.3f}" for key in ("auc_95", "ahead_95"))
        lines.append(
            f"| {row['method']} | {row['auc']:.3f} | {within} | {row['ahead']:+.3f} | {ahead} "
            f"| {row['calibration_error']:.3f} | {row['power']:g} | {100 * row['vote']:.1f} % |"
        )
    return "\n".join([*lines, f"| a plain vote | | | | | | | {100 * plain:.1f} % |"])


def _draws(solutions: Sequence[Solution]) -> list[Rows]:
    """Rows of problems that were drawn with replacement, those with right and wrong solutions among them."""
    of: dict[int, list[int]] = defaultdict(list)
    for i, solution in enumerate(solutions):
        of[solution.problem].append(i)
    parts = [np.array(rows, dtype=np.int64) for rows in of.values()]
    right = np.array([s.right for s in solutions])
    rng = np.random.default_rng(0)
    drawn = (np.concatenate([parts[i] for i in rng.integers(len(parts), size=len(parts))]) for _ in range(RESAMPLES))
    return [rows for rows in drawn if 0 < right[rows].sum() < len(rows)]


def _interval(draws: Sequence[Rows], value: Callable[[Rows], float]) -> list[float]:
    found = [value(rows) for rows in draws]
    return [round(float(n), 4) for n in np.percentile(found, (2.5, 97.5))] if found else [0.0, 0.0]


def auc(scores: Vector, right: Right) -> float:
    """Share of pairs of a right and a wrong solution that are in the right order; equal scores count half."""
    good, bad = scores[right], scores[~right]
    above = (good[:, None] > bad[None]).mean() + 0.5 * (good[:, None] == bad[None]).mean()
    return float(above)


def calibration_error(probabilities: Vector, right: Right, bins: int = 10) -> float:
    """Expected calibration error over equal bins (Guo et al., 2017)."""
    where = np.minimum((probabilities * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        inside = where == b
        if inside.any():
            total += inside.mean() * abs(probabilities[inside].mean() - right[inside].mean())
    return float(total)


def vote_weights(logits: Vector, power: float) -> Vector:
    """What each vote counts, as the program counts it."""
    return np.array([vote_weight(float(p), power) for p in sigmoid(logits)])


def vote_power(solutions: Sequence[Solution], logits: Vector) -> float:
    """How much votes are to be weighed, from problems whose logits come from heads that have not seen them.

    The least power that finds most right answers, if it finds more than equal votes do by a standard deviation of the
    problems that change; else 0, which leaves them equal.

    Args:
        solutions: That were trained or selected on.
        logits: Of these solutions.
    """
    plain = winners(solutions, np.ones(len(solutions)))
    best, power = 0.0, 0.0
    for tried in POWERS:
        other = winners(solutions, vote_weights(logits, tried))
        gained = sum(other[p] and not plain[p] for p in plain)
        lost = sum(plain[p] and not other[p] for p in plain)
        if gained - lost > best and gained - lost >= max(1.0, (gained + lost) ** 0.5):
            best, power = float(gained - lost), tried
    return power


def voted(solutions: Sequence[Solution], weights: Vector) -> float:
    """Share of problems whose answer of most weight is right; of equal ones the first given wins."""
    found = winners(solutions, weights)
    return sum(found.values()) / len(found)


def winners(solutions: Sequence[Solution], weights: Vector) -> dict[int, bool]:
    """Whether the answer of most weight is right, for each problem."""
    tallies: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    truth: dict[tuple[int, str], bool] = {}
    for solution, weight in zip(solutions, weights, strict=True):
        if solution.answer:
            tallies[solution.problem][solution.answer] += float(weight)
            truth[solution.problem, solution.answer] = solution.right
        else:
            tallies[solution.problem].setdefault("", 0.0)
            truth.setdefault((solution.problem, ""), False)
    best = {problem: max(tally, key=lambda a: tally[a]) for problem, tally in tallies.items()}
    return {problem: truth[problem, answer] for problem, answer in best.items()}
