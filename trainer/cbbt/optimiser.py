"""Steps from estimated gradients: clipping, Adam, and the published schedule of a warm-up and a cosine."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from trainer.cbbt.estimator import Vector

PUBLISHED_CLIP: Final = 5.0
PUBLISHED_LR: Final = 2e-3
PUBLISHED_WARMUP_LR: Final = 1e-5


def clip(gradient: Vector, norm: float) -> Vector:
    """The gradient, shortened to ``norm`` if it is longer."""
    length = float(np.linalg.norm(gradient))
    return gradient * (norm / length) if length > norm else gradient


def intrinsic_clip(dimension: int) -> float:
    """ZIP's norm to clip at: the square root of the number of tuned values (Park et al., ICLR 2025)."""
    return math.sqrt(dimension)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Learning rate of each step: constant in the warm-up, then half a cosine to nothing.

    Attributes:
        steps: All steps.
        warmup: Steps of the warm-up.
        lr: Peak.
        warmup_lr: In the warm-up.
    """

    steps: int
    warmup: int
    lr: float = PUBLISHED_LR
    warmup_lr: float = PUBLISHED_WARMUP_LR

    def at(self, step: int) -> float:
        """The rate of a step, which counts from 0."""
        if step < self.warmup:
            return self.warmup_lr
        part = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.lr * 0.5 * (1 + math.cos(math.pi * min(1.0, part)))


@dataclass(slots=True)
class Adam:
    """Adam (Kingma and Ba, 2015) over one vector.

    Attributes:
        size: Of the vector.
        mean: First moment.
        square: Second moment.
        step: Steps done.
    """

    size: int
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    step: int = 0
    mean: Vector = field(init=False)
    square: Vector = field(init=False)

    def __post_init__(self) -> None:
        self.mean, self.square = np.zeros(self.size), np.zeros(self.size)

    def move(self, point: Vector, gradient: Vector, lr: float) -> Vector:
        """The point after one step."""
        self.step += 1
        self.mean = self.beta1 * self.mean + (1 - self.beta1) * gradient
        self.square = self.beta2 * self.square + (1 - self.beta2) * gradient**2
        mean = self.mean / (1 - self.beta1**self.step)
        square = self.square / (1 - self.beta2**self.step)
        return point - lr * mean / (np.sqrt(square) + self.eps)
