"""What is tuned: a few soft tokens, all of their numbers or low-rank factors in a small random subspace."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from trainer.cbbt.estimator import Vector


class Prompt(Protocol):
    """Soft tokens as a function of the values that are tuned.

    Attributes:
        size: Values that are tuned.
    """

    @property
    def size(self) -> int:
        """Values that are tuned."""

    def start(self) -> Vector:
        """The values whose tokens are those that the prompt begins with, ``[size]``."""

    def tokens(self, values: Vector) -> Vector:
        """Soft tokens, ``[n, size]`` to ``[n, tokens, embedding]``."""


class FullPrompt:
    """Every number of every token, as published.

    Args:
        first: The tokens it begins with, ``[tokens, embedding]``.
    """

    def __init__(self, first: Vector) -> None:
        self._first = np.asarray(first, dtype=np.float64)

    @property
    def size(self) -> int:
        """Values that are tuned."""
        return int(self._first.size)

    def start(self) -> Vector:
        """The first tokens themselves."""
        return self._first.ravel().copy()

    def tokens(self, values: Vector) -> Vector:
        """The values, in their places."""
        return values.reshape(len(values), *self._first.shape)


class LowRankPrompt:
    """An offset to the first tokens: low-rank factors in a random subspace, after ZIP (Park et al., ICLR 2025).

    With ``k`` tokens, rank ``r`` and intrinsic dimension ``d`` of a token, the offset is ``U V M``: ``U`` (``k x r``)
    and ``V`` (``r x d``) are tuned, ``M`` (``d x embedding``) is random, orthogonal and fixed. It has as many values
    as ``r (k + d)`` whatever the width of the model. ``M`` is scaled so that values of size 1 make numbers of size 1.

    Args:
        first: The tokens it begins with, ``[tokens, embedding]``.
        inner: ``d``.
        rank: ``r``.
        seed: Of ``M``.
    """

    def __init__(self, first: Vector, inner: int, rank: int = 1, seed: int = 0) -> None:
        self._first = np.asarray(first, dtype=np.float64)
        self._k, width = self._first.shape
        self._inner, self._rank = min(inner, width), rank
        rng = np.random.default_rng(seed)
        self._basis = np.linalg.qr(rng.standard_normal((width, self._inner)))[0].T * math.sqrt(width / self._inner)
        # Orthogonal columns: with equal ones all ranks would move alike.
        self._left = np.linalg.qr(rng.standard_normal((max(self._k, rank), rank)))[0][: self._k]

    @property
    def size(self) -> int:
        """Values that are tuned."""
        return int(self._rank * (self._k + self._inner))

    def start(self) -> Vector:
        """``U`` with orthogonal columns and ``V`` of zeros: no offset, and a gradient that is not zero."""
        return np.concatenate([self._left.ravel(), np.zeros(self._rank * self._inner)])

    def tokens(self, values: Vector) -> Vector:
        """The first tokens and the offsets."""
        left = values[:, : self._k * self._rank].reshape(-1, self._k, self._rank)
        right = values[:, self._k * self._rank :].reshape(-1, self._rank, self._inner)
        return np.asarray(self._first + left @ right @ self._basis)
