"""Few-shot splits: some images of each class to learn from, a few others to select on, and a sealed test split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from trainer.cbbt.adapter import Features, Labels
from tutor_app.core.errors import UserFault

VALIDATION_SHOTS: Final = 4
"""Of a class at most, as CoOp splits."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Rows with their labels.

    Attributes:
        features: ``[n, F]``.
        labels: ``[n]``.
        keys: ``[n, F]``, what a cache of these rows holds: the mean over augmented passes; None: the features.
    """

    features: Features
    labels: Labels
    keys: Features | None = None

    @property
    def cached(self) -> Features:
        """What a cache of these rows holds, ``[n, F]``."""
        return self.features if self.keys is None else self.keys


class SealedSplit:
    """A test split that can be read once, when everything has been chosen.

    Args:
        split: What is sealed.
    """

    def __init__(self, split: Split) -> None:
        self._split: Split | None = split

    def read(self) -> Split:
        """The split, the first time.

        Raises:
            RuntimeError: The second time: a choice could have been made by what it said.
        """
        if self._split is None:
            raise RuntimeError("the test split has been read already")
        split, self._split = self._split, None
        return split


def few_shot(labels: Labels, shots: int, seed: int, names: tuple[str, ...] = ()) -> tuple[Rows, Rows]:
    """Rows to learn from and rows to select on, ``shots`` and at most 4 of each class, none in both.

    Raises:
        UserFault: If a class has too few rows.
    """
    if shots < 1:
        raise UserFault(f"{shots} shots are too few.", "Give 1 or more.")
    rng = np.random.default_rng(seed)
    train, validation = [], []
    held = min(shots, VALIDATION_SHOTS)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        if len(rows) < shots + held:
            name = names[label] if label < len(names) else str(label)
            raise UserFault(
                f"The class {name} has {len(rows)} images, too few for {shots} shots and {held} to select on.",
                f"Choose at most {max(len(rows) // 2, len(rows) - VALIDATION_SHOTS)} shots.",
            )
        train.append(rows[:shots])
        validation.append(rows[shots : shots + held])
    return np.concatenate(train), np.concatenate(validation)
