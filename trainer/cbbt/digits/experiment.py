"""The digits experiment: an encoder that saw drawn digits only is adapted, as a black box, to real handwriting.

Handwriting: the 1,797 digits that scikit-learn ships. Its first 900 give the shots and the validation split; the other
897, of other writers, are the test split, which each row of the table reads once, after everything was chosen.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from trainer.cbbt.adapter import Features, Labels
from trainer.cbbt.box import Box, Budget
from trainer.cbbt.digits.drawing import DIGITS, SIDE
from trainer.cbbt.encoder import EncoderBox
from trainer.cbbt.methods import (
    Case,
    Method,
    Scores,
    adapter_only,
    folder_name,
    linear_probe,
    prompt_then_adapter,
    tip_adapter,
    tuned,
    zero_shot,
)
from trainer.cbbt.shots import SealedSplit, Split, few_shot
from trainer.cbbt.tune import TuneConfig, published
from trainer.runs import Journal, ProgressLine, Run, digest
from tutor_app.core.errors import UserFault

POOL: Final = 900
QUERIES: Final = 8000
CLASSES: Final = DIGITS


def handwriting() -> tuple[Features, Labels]:
    """Images ``[1797, 16, 16]`` and labels.

    Raises:
        UserFault: If scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise UserFault(
            "The handwritten digits come with scikit-learn.", "Install it with: pip install -e .[trainer,cbbt]"
        ) from None
    from PIL import Image

    data = load_digits()
    large = [
        Image.fromarray((image * (255 / 16)).astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        for image in data.images
    ]
    images = np.stack([np.asarray(i, dtype=np.float32) for i in large]) / np.float32(255)
    return images, np.asarray(data.target, dtype=np.int64)


METHODS: Final[dict[str, Method]] = {
    "zero-shot": zero_shot,
    "linear probe": linear_probe,
    "Tip-Adapter": tip_adapter,
    "prompt only, as published": tuned(published(adapter="none", queries=QUERIES)),
    "prompt only, half the queries": tuned(TuneConfig(adapter="none", queries=QUERIES // 2)),
    "prompt only": tuned(TuneConfig(adapter="none", queries=QUERIES)),
    "prompt only, warm-up uphill": tuned(TuneConfig(adapter="none", queries=QUERIES, warm_uphill=0.1)),
    "adapter only": adapter_only,
    "both, jointly": tuned(TuneConfig(queries=QUERIES)),
    "both": prompt_then_adapter(TuneConfig(queries=QUERIES)),
}
"""The rows of the table."""


def experiment(
    box: Box, run: Run, shots: Sequence[int], seeds: Sequence[int], identity: str, names: Sequence[str] = ()
) -> list[Scores]:
    """Every method, or those of ``names``, for every number of shots and seed; goes on from what the run folder holds.

    Raises:
        UserFault: If scikit-learn is missing, or a class has too few images.
        BoxFault: If the box does not answer; finished rows and the state of the tuning under way are kept.
    """
    images, labels = handwriting()
    features = EncoderBox(box, Budget()).images(images)
    todo = list(itertools.product(shots, seeds, names or METHODS))
    with Journal(run.folder / "digits.journal", digest([identity, list(METHODS), len(images)])) as journal:
        done = {(r["shots"], r["seed"], r["method"]) for r in journal.rows}
        progress = ProgressLine("rows", len(todo), len([t for t in todo if t in done]))
        for shot, seed, name in todo:
            if (shot, seed, name) in done:
                continue
            train, validation = few_shot(labels[:POOL], shot, seed, CLASSES)
            case = Case(
                Split(features[train], labels[train]),
                Split(features[validation], labels[validation]),
                SealedSplit(Split(features[POOL:], labels[POOL:])),
                seed,
                identity=identity,
            )
            began = time.monotonic()
            scores = METHODS[name](box, case, run.folder / f"{folder_name(name)}-{shot}-{seed}")
            seconds = round(time.monotonic() - began, 1)
            journal.add({"shots": shot, "seed": seed, "method": name, "seconds": seconds, **scores})
            progress.step(note=f"{name}, {shot} shots: {scores['test']:.1%}")
        return [r for r in journal.rows if r["shots"] in shots and r["seed"] in seeds]
