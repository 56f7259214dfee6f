"""Estimates a gradient from losses alone.

Two estimators over ``q`` directions on the unit sphere in ``D`` dimensions:

* :func:`one_sided`, as CBBT publishes it (Guo et al., Findings of EMNLP 2023, arXiv 2312.15901; in its code
  ``trainers/cooppara.py``, ``forward_backward`` and ``sub_rand``): differences to the loss at the point itself,
  ``q + 1`` queries, scaled by ``1 / epsilon``, which is ``D`` only up to 1,000 dimensions.
* :func:`two_sided`, ours: each direction and its opposite (antithetic), on the same batch and augmentation (common
  random numbers, which the caller's loss holds fixed), ``2 q`` queries. Directions are orthogonal to each other, so
  that no query repeats what another has measured, and the scale is ``D``.

In the paper's letters: the point is ``theta``, a direction ``u_i``, the step ``epsilon``, losses ``L`` (mean cross
entropy, in nats). Neither changes the point or knows a model; queries are counted by the loss it is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Losses = Callable[[Vector], Vector]
"""Losses of several points, ``[n, D]`` to ``[n]``, all on the same batch."""

SMALLEST_STEP: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the losses say of a point.

    Attributes:
        gradient: ``[D]``.
        loss: At the point; for :func:`two_sided` the mean over the pairs, which is that up to second order.
        queries: That it took.
    """

    gradient: Vector
    loss: float
    queries: int


def published_step(dimension: int) -> float:
    """CBBT's step, ``max(1 / D, 0.001)``."""
    return max(1 / dimension, SMALLEST_STEP)


def sphere(count: int, dimension: int, rng: np.random.Generator) -> Vector:
    """Directions that are uniform on the unit sphere and independent, ``[count, dimension]``."""
    raw = rng.standard_normal((count, dimension))
    return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True))


def orthogonal(count: int, dimension: int, rng: np.random.Generator) -> Vector:
    """Directions each uniform on the unit sphere and orthogonal to each other, in blocks of at most ``dimension``."""
    blocks = []
    for first in range(0, count, dimension):
        size = min(dimension, count - first)
        q, r = np.linalg.qr(rng.standard_normal((dimension, size)))
        blocks.append((q * np.sign(np.diag(r))).T)  # the signs make it uniform (Mezzadri 2007)
    return np.concatenate(blocks)


def one_sided(losses: Losses, point: Vector, q: int, rng: np.random.Generator, step: float | None = None) -> Estimate:
    """The published estimate, of ``q + 1`` queries.

    ``(1 / epsilon) (1 / q) sum_i ((L(theta + epsilon u_i) - L(theta)) / epsilon) u_i``, ``u_i`` independent.

    Args:
        losses: See :data:`Losses`.
        point: ``theta``, ``[D]``.
        q: Directions.
        rng: Of the directions.
        step: ``epsilon``; None is :func:`published_step`.
    """
    step = step or published_step(point.size)
    directions = sphere(q, point.size, rng)
    values = losses(np.concatenate([point[None], point + step * directions]))
    slopes = (values[1:] - values[0]) / step
    return Estimate(slopes @ directions / (q * step), float(values[0]), q + 1)


def two_sided(losses: Losses, point: Vector, q: int, rng: np.random.Generator, step: float | None = None) -> Estimate:
    """Our estimate, of ``2 q`` queries; arguments as for :func:`one_sided`.

    ``(D / q) sum_i ((L(theta + epsilon u_i) - L(theta - epsilon u_i)) / (2 epsilon)) u_i``, ``u_i`` orthogonal: what is
    even in ``u_i``, such as curvature, falls out of each difference.
    """
    step = step or published_step(point.size)
    directions = orthogonal(q, point.size, rng)
    values = losses(np.concatenate([point + step * directions, point - step * directions]))
    slopes = (values[:q] - values[q:]) / (2 * step)
    return Estimate(slopes @ directions * (point.size / q), float(values.mean()), 2 * q)


def expected_cosine(dimension: int, q: int, *, orthogonal: bool) -> float:
    """Mean cosine of an estimate of ``q`` directions to the true gradient, for a loss that is linear nearby.

    Independent directions measure each other's parts again: ``sqrt(q / (D + q - 1))``. Orthogonal ones see the part of
    the gradient in a random subspace: ``sqrt(q / D)``. Both up to terms of order ``1 / D``.
    """
    return math.sqrt(q / dimension) if orthogonal else math.sqrt(q / (dimension + q - 1))
