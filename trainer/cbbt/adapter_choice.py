"""An adapter that is trained after the prompt: the text features stand still, its ratio and rate are chosen.

Training it costs no query, so every pair of a small grid is trained, and the validation split chooses, by accuracy,
then by loss, among all of their epochs.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np

from trainer.cbbt.adapter import Bottleneck, Features, accuracy, cross_entropy
from trainer.cbbt.estimator import Vector
from trainer.cbbt.optimiser import Adam, Schedule
from trainer.cbbt.shots import Split

RATIOS: Final = (0.2, 0.5, 0.8)
RATES: Final = (1e-3, 3e-3, 1e-2)
EPOCHS: Final = 150
BATCH: Final = 32


@dataclass(frozen=True, slots=True)
class ChosenAdapter:
    """What was chosen.

    Attributes:
        adapter: With its ratio.
        values: Its values.
        ratio: Chosen.
        rate: Chosen.
        epoch: That was the best on the validation split.
        validation: Accuracy there.
    """

    adapter: Bottleneck
    values: Vector
    ratio: float
    rate: float
    epoch: int
    validation: float


def chosen_adapter(train: Split, validation: Split, texts: Features, scale: float, seed: int) -> ChosenAdapter:
    """The best adapter of the grid for features of texts that stand still, ``[C, F]``."""
    best: ChosenAdapter | None = None
    best_key = (-1.0, 0.0)
    for ratio, rate in itertools.product(RATIOS, RATES):
        adapter = Bottleneck(texts.shape[1], ratio=ratio, seed=seed)
        values, moments, order = adapter.start(), Adam(adapter.size), np.random.default_rng([seed, 1])
        schedule = Schedule(EPOCHS, 0, lr=rate)
        for epoch in range(EPOCHS + 1):
            logits = adapter.logits(values, validation.features, texts, scale)
            key = accuracy(logits, validation.labels), -float(cross_entropy(logits, validation.labels))
            if best is None or key > best_key:
                best_key, best = key, ChosenAdapter(adapter, values.copy(), ratio, rate, epoch, key[0])
            rows = order.permutation(len(train.labels))
            for first in range(0, len(rows), BATCH):
                part = rows[first : first + BATCH]
                _, slope = adapter.slope(values, train.features[part], train.labels[part], texts, scale)
                values = moments.move(values, slope, schedule.at(epoch))
    assert best is not None
    return best
