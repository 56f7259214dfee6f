"""The verifier's head: logistic regression over margin, scores and hidden state, and its calibration.

The hidden state has more numbers than there are solutions, so its weights are held down by a penalty, which is chosen
by cross-validation over problems; so is that of the signs. The same cross-validation gives each solution a logit by a
head that has not seen its problem; Platt's gain and bias are fitted to those, because a head is too sure of what it was
trained on. How much they are shrunk, and to what, is chosen over problems, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from trainer.cbbt.estimator import Vector

FOLDS: Final = 5
DECAYS: Final = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Penalties of the hidden state's weights that are tried."""
LIGHTS: Final = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Penalties of margin and scores that are tried; where hidden states are used, too, every second."""
SHRINKING: Final = tuple((centre, by) for centre in (1.0, 0.0) for by in (0.003, 0.01, 0.03, 0.1, 0.3))
"""What Platt's gain is pulled to, the head's own or none, and how much; of these one is chosen."""

Right = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """What a black box says of solutions.

    Attributes:
        margins: Of "Yes" over "No", ``[n]``.
        states: Hidden states, ``[n, width]``.
        scores: Of the reading, and traits, ``[n, scores]``.
    """

    margins: Vector
    states: Vector
    scores: Vector

    def rows(self, rows: Rows) -> Found:
        """Those of some solutions."""
        return Found(self.margins[rows], self.states[rows], self.scores[rows])


@dataclass(frozen=True, slots=True)
class Head:
    """Probability of a right solution: ``sigmoid(gain * margin + bias + extras . scores + weights . unit(state))``.

    Scores beyond ``low`` and ``high``, which is what the fit has seen, count as these: nothing is known of the rest.
    """

    gain: float
    bias: float
    extras: Vector
    weights: Vector
    low: Vector
    high: Vector

    def logits(self, found: Found) -> Vector:
        """One for each solution."""
        return np.asarray(
            self.gain * found.margins
            + self.bias
            + np.clip(found.scores, self.low, self.high) @ self.extras
            + _unit(found.states) @ self.weights
        )


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head, and what was seen while it was fitted.

    Attributes:
        head: Calibrated.
        decay: Chosen, of the hidden states' weights.
        light: Chosen, of the weights of margin and scores.
        logits: Of the rows that it was fitted on, each by a calibrated head that has not seen the row's problem.
    """

    head: Head
    decay: float
    light: float
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
    folds, target = fold_of(problems), right.astype(np.float64)
    penalties = [(decay, light) for decay in DECAYS for light in LIGHTS[::2]] if states else [(1.0, n) for n in LIGHTS]
    logits = np.zeros((len(penalties), len(target)))
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if outside.size:
            columns = _Columns.of(found.rows(inside), states=states, scores=scores)
            for i, penalty in enumerate(penalties):
                logits[i, outside] = columns.head(target[inside], *penalty).logits(found.rows(outside))
    best = int(np.argmin([log_loss(row, target) for row in logits]))
    gain, bias = calibrated_over(logits[best], target, folds)
    head = _Columns.of(found, states=states, scores=scores).head(target, *penalties[best])
    scaled = replace(
        head,
        gain=gain * head.gain,
        bias=gain * head.bias + bias,
        extras=gain * head.extras,
        weights=gain * head.weights,
    )
    return Fitted(scaled, *penalties[best], gain * logits[best] + bias)


def fold_of(problems: Rows) -> Rows:
    """A fold for each row, the same for all rows of a problem."""
    different, index = np.unique(problems, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(different))
    return np.asarray(order[index] % FOLDS, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Columns:
    """What is known of solutions as columns of about equal size, and the way back to the numbers as they come.

    Attributes:
        values: Margin and scores, then hidden states on their axes, ``[n, light + axes]``.
        centre: Means of margin and scores.
        spread: Their standard deviations.
        middle: Of the hidden states.
        axes: See :func:`_axes`.
        unused: Scores that are not used.
        low: Smallest scores.
        high: Largest scores.
    """

    values: Vector
    centre: Vector
    spread: Vector
    middle: Vector
    axes: Vector
    unused: int
    low: Vector
    high: Vector

    @classmethod
    def of(cls, found: Found, *, states: bool, scores: bool) -> _Columns:
        extra = found.scores.shape[1] * scores
        flat = np.concatenate([found.margins[:, None], found.scores[:, :extra]], axis=1)
        centre, spread = flat.mean(axis=0), np.maximum(flat.std(axis=0), 1e-6)
        unit = _unit(found.states)
        middle = unit.mean(axis=0)
        axes = _axes(unit - middle) if states else np.zeros((0, unit.shape[1]))
        values = np.concatenate([(flat - centre) / spread, (unit - middle) @ axes.T], axis=1)
        low, high = found.scores.min(axis=0), found.scores.max(axis=0)
        return cls(values, centre, spread, middle, axes, found.scores.shape[1] - extra, low, high)

    def head(self, target: Vector, decay: float, light: float) -> Head:
        """Penalised logistic regression on these columns."""
        few = len(self.centre)
        penalties = np.concatenate([np.full(few, light), np.full(len(self.axes), decay)])
        values, bias = logistic(self.values, target, penalties)
        flat, weights = values[:few] / self.spread, values[few:] @ self.axes
        bias -= float(flat @ self.centre) + float(weights @ self.middle)
        extras = np.concatenate([flat[1:], np.zeros(self.unused)])
        return Head(float(flat[0]), bias, extras, np.asarray(weights), self.low, self.high)


def _axes(centred: Vector) -> Vector:
    """Directions in which rows differ at all, scaled so that rows are about as long as 1; ``[at most rows, width]``.

    The weights of a penalised regression lie in the span of its rows, which are fewer than the width: fitted on these
    axes they are the same.
    """
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    length = max(float(np.linalg.norm(centred, axis=1).mean()), 1e-6)
    return np.asarray(axes[sizes > 1e-9 * max(float(sizes[0]), 1e-12)] / length)


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


def calibrated(logits: Vector, target: Vector, centre: float = 1.0, by: float = 0.01) -> tuple[float, float]:
    """Platt's gain and bias; the gain is pulled to ``centre`` since the rows are few, and the bias a little to 0."""
    middle, pull = np.array([centre, 0.0]), np.array([by, min(by, 0.01)])
    values = middle.copy()
    rows = np.stack([logits, np.ones_like(logits)], axis=1)
    for _ in range(50):
        chance = sigmoid(rows @ values)
        slope = rows.T @ (chance - target) / len(target) + pull * (values - middle)
        bend = (rows.T * (chance * (1 - chance) / len(target))) @ rows + np.diag(pull)
        step = np.linalg.solve(bend, slope)
        values = values - step / max(1.0, float(np.abs(rows @ step).max()) / 4)
    return max(float(values[0]), 0.05), float(values[1])


def calibrated_over(logits: Vector, target: Vector, folds: Rows) -> tuple[float, float]:
    """The same, shrunk as is best for problems that it was not fitted on."""

    def loss(shrinking: tuple[float, float]) -> float:
        seen = np.zeros_like(logits)
        for fold in set(folds.tolist()):
            inside, outside = folds != fold, folds == fold
            if not inside.any():
                return 0.0
            gain, bias = calibrated(logits[inside], target[inside], *shrinking)
            seen[outside] = gain * logits[outside] + bias
        return log_loss(seen, target)

    return calibrated(logits, target, *min(SHRINKING, key=loss))


def log_loss(logits: Vector, target: Vector) -> float:
    """Mean over the rows."""
    return float((np.logaddexp(0, logits) - target * logits).mean())


def sigmoid(x: Vector) -> Vector:
    """The logistic function."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def _unit(states: Vector) -> Vector:
    return np.asarray(states / np.linalg.norm(states, axis=-1, keepdims=True))
