"""Warm-up of the tuning: CMA-ES, a global search, for the first queries, as in SharpZO (NeurIPS 2025).

By the ``cma`` library, an optional extra (``cbbt``), imported only here.
"""

from __future__ import annotations

import numpy as np

from trainer.cbbt.estimator import Losses, Vector
from tutor_app.core.errors import UserFault


def evolve(
    losses: Losses, point: Vector, *, sigma: float, generations: int, population: int, rng: np.random.Generator
) -> Vector:
    """The mean of the distribution after some generations of CMA-ES; ``generations * population`` queries.

    Args:
        losses: Counts the queries; what it raises passes through.
        point: Where to begin.
        sigma: First standard deviation of each value.
        generations: To be made.
        population: Queries of each.
        rng: Of everything random; the library's own generator is left alone.

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
    for _ in range(generations):
        points = strategy.ask()
        strategy.tell(points, losses(np.stack(points)).tolist())
    return np.array(strategy.mean, dtype=np.float64)
