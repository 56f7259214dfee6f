"""The verifier's head: logistic regression over margin, scores of the reading and hidden state, and its calibration.

The hidden state has more numbers than there are solutions, so its weights are held down by a penalty, which is chosen
by cross-validation over problems. The same cross-validation gives each solution a logit by a head that has not seen its
problem; Platt's gain and bias are fitted to those, because a head is too sure of what it was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from trainer.cbbt.estimator import Vector

FOLDS: Final = 5
DECAYS: Final = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Penalties of the hidden state's weights that are tried."""
LIGHT: Final = 0.01
"""Penalty of margin and scores, which are few."""

Right = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """What a black box says of solutions.

    Attributes:
        margins: Of "Yes" over "No", ``[n]``.
        states: Hidden states, ``[n, width]``.
        scores: Of the reading, ``[n, scores]``.
    """

    margins: Vector
    states: Vector
    scores: Vector

    def rows(self, rows: Rows) -> Found:
        """Those of some solutions."""
        return Found(self.margins[rows], self.states[rows], self.scores[rows])


@dataclass(frozen=True, slots=True)
class Head:
    """Probability of a right solution: ``sigmoid(gain * margin + bias + extras . scores + weights . unit(state))``."""

    gain: float
    bias: float
    extras: Vector
    weights: Vector

    def logits(self, found: Found) -> Vector:
        """One for each solution."""
        return np.asarray(
            self.gain * found.margins + self.bias + found.scores @ self.extras + _unit(found.states) @ self.weights
        )


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head, and what was seen while it was fitted.

    Attributes:
        head: Calibrated.
        decay: Chosen.
        logits: Of the rows that it was fitted on, each by a calibrated head that has not seen the row's problem.
    """

    head: Head
    decay: float
    logits: Vector


def fit_head(found: Found, right: Right, problems: Rows, *, states: bool = True, scores: bool = True) -> Fitted:
    """The head for some solutions.

    Args:
        found: Of these solutions.
        right: Whether each is right.
        problems: Of each; solutions of one problem are seen together or not at all.
        states: Whether hidden states are used.
        scores: Whether scores are used.
    """
    folds = fold_of(problems)
    target = right.astype(np.float64)
    best: tuple[float, float, Vector] | None = None
    for decay in DECAYS if states else DECAYS[:1]:
        logits = np.zeros(len(target))
        for fold in range(FOLDS):
            out = folds == fold
            if out.any():
                inside = np.flatnonzero(~out)
                head = _plain(found.rows(inside), target[inside], decay, states, scores)
                logits[out] = head.logits(found.rows(np.flatnonzero(out)))
        loss = log_loss(logits, target)
        if best is None or loss < best[0]:
            best = loss, decay, logits
    assert best is not None
    _, decay, logits = best
    gain, bias = calibrated(logits, target)
    head = _plain(found, target, decay, states, scores)
    scaled = Head(gain * head.gain, gain * head.bias + bias, gain * head.extras, gain * head.weights)
    return Fitted(scaled, decay, gain * logits + bias)


def fold_of(problems: Rows) -> Rows:
    """A fold for each row, the same for all rows of a problem."""
    different, index = np.unique(problems, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(different))
    return np.asarray(order[index] % FOLDS, dtype=np.int64)


def _plain(found: Found, target: Vector, decay: float, states: bool, scores: bool) -> Head:
    """Penalised logistic regression on columns of about equal size, in terms of the numbers as they come."""
    width, extra = found.states.shape[1] * states, found.scores.shape[1] * scores
    flat = np.concatenate([found.margins[:, None], found.scores[:, :extra]], axis=1)
    centre, spread = flat.mean(axis=0), np.maximum(flat.std(axis=0), 1e-6)
    columns, penalties = [(flat - centre) / spread], [np.full(1 + extra, LIGHT)]
    unit = _unit(found.states)[:, :width]
    middle = unit.mean(axis=0)
    reach = max(float(np.linalg.norm(unit - middle, axis=1).mean()), 1e-6) if width else 1.0
    columns.append((unit - middle) / reach)
    penalties.append(np.full(width, decay))
    values, bias = logistic(np.concatenate(columns, axis=1), target, np.concatenate(penalties))
    light, weights = values[: 1 + extra] / spread, values[1 + extra :] / reach
    bias -= float(light @ centre) + float(weights @ middle)
    return Head(
        float(light[0]),
        bias,
        np.concatenate([light[1:], np.zeros(found.scores.shape[1] - extra)]),
        np.concatenate([weights, np.zeros(found.states.shape[1] - width)]),
    )


def logistic(columns: Vector, target: Vector, penalties: Vector) -> tuple[Vector, float]:
    """Weights and bias with the smallest mean loss plus half the penalties times the squared weights, by Newton."""
    values = np.zeros(columns.shape[1] + 1)
    whole = np.concatenate([columns, np.ones((len(columns), 1))], axis=1)
    penalty = np.concatenate([penalties, [1e-6]])
    for _ in range(30):
        chance = sigmoid(whole @ values)
        slope = whole.T @ (chance - target) / len(target) + penalty * values
        bend = (whole.T * (chance * (1 - chance) / len(target))) @ whole + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        values = values - step / max(1.0, float(np.abs(whole @ step).max()) / 4)  # a long step may overshoot
        if float(np.abs(step).max()) < 1e-8:
            break
    return values[:-1], float(values[-1])


def calibrated(logits: Vector, target: Vector) -> tuple[float, float]:
    """Platt's gain and bias, pulled towards none by a small penalty since the rows are few."""
    values = np.array([1.0, 0.0])
    rows = np.stack([logits, np.ones_like(logits)], axis=1)
    for _ in range(50):
        chance = sigmoid(rows @ values)
        slope = rows.T @ (chance - target) / len(target) + 0.01 * (values - np.array([1.0, 0.0]))
        bend = (rows.T * (chance * (1 - chance) / len(target))) @ rows + 0.01 * np.eye(2)
        step = np.linalg.solve(bend, slope)
        values = values - step / max(1.0, float(np.abs(rows @ step).max()) / 4)
    return max(float(values[0]), 0.05), float(values[1])


def log_loss(logits: Vector, target: Vector) -> float:
    """Mean over the rows."""
    return float((np.logaddexp(0, logits) - target * logits).mean())


def sigmoid(x: Vector) -> Vector:
    """The logistic function."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def _unit(states: Vector) -> Vector:
    return np.asarray(states / np.linalg.norm(states, axis=-1, keepdims=True))
