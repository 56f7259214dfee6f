"""Warm-up of the tuning: CMA-ES, a global search, for the first queries, after SharpZO (NeurIPS 2025).

SharpZO prefers flat regions: each point is judged a little way uphill from where it is. Its direction uphill comes from
queries of its own; here it is what the last generation's losses say, which costs none.

By the ``cma`` library, an optional extra (``cbbt``), imported only here.
"""

from __future__ import annotations

import numpy as np

from trainer.cbbt.estimator import Losses, Vector
from tutor_app.core.errors import UserFault


def evolve(
    losses: Losses,
    point: Vector,
    *,
    sigma: float,
    generations: int,
    population: int,
    rng: np.random.Generator,
    uphill: float = 0.0,
) -> Vector:
    """The mean of the distribution after some generations of CMA-ES; ``generations * population`` queries.

    Args:
        losses: Counts the queries; what it raises passes through.
        point: Where to begin.
        sigma: First standard deviation of each value.
        generations: To be made.
        population: Queries of each.
        rng: Of everything random; the library's own generator is left alone.
        uphill: How far uphill of itself a point is judged; 0 is plain CMA-ES.

    Raises:
        UserFault: If the library is not installed.
    """
    try:
        import cma
    except ImportError:
        raise UserFault(
            "The warm-up needs the package cma.", "Install it with: pip install -e .[cbbt], or leave out the warm-up."
        ) from None
    options = {
        "popsize": population,
        "seed": np.nan,  # or it would seed numpy's global generator
        "randn": lambda *shape: rng.standard_normal(shape),
        "verbose": -9,
        "CMA_diagonal": point.size > 100,  # full covariances of more would take longer than the queries
    }
    strategy = cma.CMAEvolutionStrategy(point, sigma, options)
    away = np.zeros(point.size)
    for _ in range(generations):
        points = np.stack(strategy.ask())
        found = losses(points + away)
        strategy.tell(list(points), found.tolist())
        if uphill:
            away = uphill * _direction_uphill(points, found)
    return np.array(strategy.mean, dtype=np.float64)


def _direction_uphill(points: Vector, found: Vector) -> Vector:
    """Of length 1: where the losses of points grow, as far as these say; zeros if they are all the same."""
    slope = np.asarray((found - found.mean()) @ (points - points.mean(axis=0)), dtype=np.float64)
    length = float(np.linalg.norm(slope))
    return np.asarray(slope / length) if length else slope
