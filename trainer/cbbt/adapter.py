"""Light adapters on the output features, trained by their exact gradient: it is on this side of the boundary.

Two, both of plain NumPy, over one vector of values so that saving and resuming are the same for them and the prompt:

* :class:`Bottleneck`: ``r relu(F W1) W2 + (1 - r) F``, normalised, with ``r = 0.2`` (CLIP-Adapter's form; CBBT's own
  trainer for it was not published).
* :class:`TipCache`: the features are left alone and ``α exp(-β (1 - F K)) V`` is added to the logits, ``K`` beginning
  as the features of the shots (Tip-Adapter-F, Zhang et al., ECCV 2022).
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from trainer.cbbt.estimator import Vector

Features = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

PUBLISHED_RATIO: Final = 0.2
PUBLISHED_LR: Final = 1e-3


class Adapter(Protocol):
    """What is trained on features."""

    @property
    def size(self) -> int:
        """Values that are trained."""

    def start(self) -> Vector:
        """The values that training begins with."""

    def logits(self, values: Vector, features: Features, texts: Features, scale: float) -> Vector:
        """Logits of rows, ``[n, F]`` and ``[..., C, F]`` to ``[..., n, C]``."""

    def slope(
        self, values: Vector, features: Features, labels: Labels, texts: Features, scale: float
    ) -> tuple[float, Vector]:
        """Mean cross entropy of rows and its gradient, ``[size]``; ``texts`` is ``[C, F]``."""


class NoAdapter:
    """The features as they are."""

    size: Final = 0

    def start(self) -> Vector:
        """No values."""
        return np.zeros(0)

    def logits(self, values: Vector, features: Features, texts: Features, scale: float) -> Vector:
        """Scaled cosines."""
        return _cosines(features, texts, scale)

    def slope(
        self, values: Vector, features: Features, labels: Labels, texts: Features, scale: float
    ) -> tuple[float, Vector]:
        """The loss, and nothing to change."""
        return float(cross_entropy(self.logits(values, features, texts, scale), labels)), np.zeros(0)


class Bottleneck:
    """A residual bottleneck.

    Args:
        features: Their width.
        hidden: Of the bottleneck; 0 is a quarter of the width, and at least 16 (fewer may all be silent for a row).
        ratio: Share of the bottleneck's output, the rest is the feature itself.
        seed: Of the first values.
    """

    def __init__(self, features: int, hidden: int = 0, ratio: float = PUBLISHED_RATIO, seed: int = 0) -> None:
        self._width, self._hidden, self._ratio, self._seed = features, hidden or max(16, features // 4), ratio, seed

    @property
    def size(self) -> int:
        """Values of both matrices."""
        return 2 * self._width * self._hidden

    def start(self) -> Vector:
        """A random first matrix and a second of zeros: it begins as the features themselves."""
        rng = np.random.default_rng(self._seed)
        first = rng.standard_normal((self._width, self._hidden)) * np.sqrt(2 / self._width)
        return np.concatenate([first.ravel(), np.zeros(self._width * self._hidden)])

    def logits(self, values: Vector, features: Features, texts: Features, scale: float) -> Vector:
        """Scaled cosines of the adapted features."""
        adapted = self._adapted(values, features)[0]
        return _cosines(adapted / np.linalg.norm(adapted, axis=1, keepdims=True), texts, scale)

    def slope(
        self, values: Vector, features: Features, labels: Labels, texts: Features, scale: float
    ) -> tuple[float, Vector]:
        """By the chain rule, through the normalisation."""
        _, second = self._matrices(values)
        adapted, hidden = self._adapted(values, features)
        length = np.linalg.norm(adapted, axis=1, keepdims=True)
        unit = adapted / length
        logits = _cosines(unit, texts, scale)
        to_unit = scale * _logit_slope(logits, labels) @ texts
        to_out = self._ratio * (to_unit - unit * (unit * to_unit).sum(axis=1, keepdims=True)) / length
        to_hidden = (to_out @ second.T) * (hidden > 0)
        slopes = np.concatenate([(features.T @ to_hidden).ravel(), (hidden.T @ to_out).ravel()])
        return float(cross_entropy(logits, labels)), slopes

    def _matrices(self, values: Vector) -> tuple[Vector, Vector]:
        first, second = np.split(values, 2)
        return first.reshape(self._width, self._hidden), second.reshape(self._hidden, self._width)

    def _adapted(self, values: Vector, features: Features) -> tuple[Vector, Vector]:
        first, second = self._matrices(values)
        hidden = np.maximum(features @ first, 0)
        return self._ratio * hidden @ second + (1 - self._ratio) * features, hidden


class TipCache:
    """A cache of the shots.

    Args:
        keys: Unit features of the shots, ``[shots, F]``; of several augmented passes, the normalised mean.
        labels: Of the shots.
        classes: How many there are.
        alpha: Weight of the cache.
        beta: Sharpness.
    """

    def __init__(self, keys: Features, labels: Labels, classes: int, alpha: float = 1.0, beta: float = 5.5) -> None:
        self._keys, self._votes = np.asarray(keys, dtype=np.float64), np.eye(classes)[labels]
        self._alpha, self._beta = alpha, beta

    @property
    def size(self) -> int:
        """Values of the keys."""
        return int(self._keys.size)

    def start(self) -> Vector:
        """The features of the shots: Tip-Adapter, which is not trained."""
        return self._keys.ravel().copy()

    def logits(self, values: Vector, features: Features, texts: Features, scale: float) -> Vector:
        """Scaled cosines and what the cache adds."""
        return _cosines(features, texts, scale) + self._alpha * self._near(values, features) @ self._votes

    def slope(
        self, values: Vector, features: Features, labels: Labels, texts: Features, scale: float
    ) -> tuple[float, Vector]:
        """Through the exponential."""
        near = self._near(values, features)
        logits = _cosines(features, texts, scale) + self._alpha * near @ self._votes
        to_near = self._alpha * _logit_slope(logits, labels) @ self._votes.T
        slopes = (self._beta * near * to_near).T @ features
        return float(cross_entropy(logits, labels)), np.asarray(slopes.ravel(), dtype=np.float64)

    def _near(self, values: Vector, features: Features) -> Vector:
        return np.asarray(np.exp(-self._beta * (1 - features @ values.reshape(self._keys.shape).T)))


def cross_entropy(logits: Vector, labels: Labels) -> Vector:
    """Mean over the rows, ``[..., n, C]`` to ``[...]``."""
    top = logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(logits - top).sum(axis=-1)) + top[..., 0]
    return np.asarray((log_sum - logits[..., np.arange(len(labels)), labels]).mean(axis=-1))


def accuracy(logits: Vector, labels: Labels) -> float:
    """Share of rows whose largest logit is that of their label."""
    return float((logits.argmax(axis=-1) == labels).mean())


def _cosines(features: npt.NDArray[np.floating], texts: Features, scale: float) -> Vector:
    return np.asarray(scale * features @ np.swapaxes(texts, -1, -2), dtype=np.float64)


def _logit_slope(logits: Vector, labels: Labels) -> Vector:
    """Gradient of the mean cross entropy with respect to the logits, ``[n, C]``."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    shares[np.arange(len(labels)), labels] -= 1
    return np.asarray(shares / len(labels))
