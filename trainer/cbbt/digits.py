"""The digits experiment: an encoder that saw drawn digits only is adapted, as a black box, to real handwriting.

Handwriting: the 1,797 digits that scikit-learn ships. Its first 900 give the shots and the validation split; the other
897, of other writers, are the test split, which each row of the table reads once, after everything was chosen.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from trainer.cbbt.adapter import Features, Labels, NoAdapter, TipCache, accuracy
from trainer.cbbt.box import Box, Budget
from trainer.cbbt.drawing import DIGITS, SIDE
from trainer.cbbt.encoder import EncoderBox
from trainer.cbbt.shots import SealedSplit, Split, few_shot
from trainer.cbbt.tune import TuneConfig, Tuning, published
from trainer.runs import Journal, ProgressLine, Run, digest
from tutor_app.core.errors import UserFault

POOL: Final = 900
QUERIES: Final = 8000
CLASSES: Final = DIGITS


@dataclass(frozen=True, slots=True)
class Case:
    """One few-shot problem.

    Attributes:
        train: The shots.
        validation: What is selected on.
        test: Sealed.
        seed: Of the shots and of everything random.
    """

    train: Split
    validation: Split
    test: SealedSplit
    seed: int


Scores = dict[str, Any]
Method = Callable[[Box, Case, Path], Scores]


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


def zero_shot(box: Box, case: Case, folder: Path) -> Scores:
    """The word "a" before the class."""
    encoder = EncoderBox(box, Budget())
    texts = encoder.texts(encoder.start(1)[None])[0]
    test = case.test.read()
    return {"test": accuracy(NoAdapter().logits(np.zeros(0), test.features, texts, encoder.scale), test.labels)}


def linear_probe(box: Box, case: Case, folder: Path) -> Scores:
    """Logistic regression on the image features; its strength is selected on the validation split."""
    from sklearn.linear_model import LogisticRegression

    fitted = [
        LogisticRegression(C=c, max_iter=2000).fit(case.train.features, case.train.labels)
        for c in (0.1, 1.0, 10.0, 100.0, 1000.0)
    ]
    best = max(fitted, key=lambda m: m.score(case.validation.features, case.validation.labels))
    test = case.test.read()
    return {"test": float(best.score(test.features, test.labels))}


def tip_adapter(box: Box, case: Case, folder: Path) -> Scores:
    """The cache without training; α and β are selected on the validation split."""
    encoder = EncoderBox(box, Budget())
    texts = encoder.texts(encoder.start(1)[None])[0]

    def logits(split: Split, alpha: float, beta: float) -> Any:
        cache = TipCache(case.train.features, case.train.labels, encoder.classes, alpha, beta)
        return cache.logits(cache.start(), split.features, texts, encoder.scale)

    grid = list(itertools.product((0.5, 1.0, 2.0, 4.0, 8.0), (1.0, 3.0, 5.5, 10.0, 20.0)))
    best = max(grid, key=lambda ab: accuracy(logits(case.validation, *ab), case.validation.labels))
    test = case.test.read()
    return {"test": accuracy(logits(test, *best), test.labels)}


def tuned(config: TuneConfig) -> Method:
    """A method that tunes."""

    def run(box: Box, case: Case, folder: Path) -> Scores:
        settings = dataclasses.replace(config, seed=case.seed)
        encoder = EncoderBox(box, Budget(limit=settings.queries))
        tuning = Tuning(encoder, case.train, case.validation, settings, folder)
        found = tuning.run()
        test = case.test.read()
        logits = tuning.adapter.logits(found.adapter, test.features, found.texts, encoder.scale)
        return {
            "test": accuracy(logits, test.labels),
            "validation": found.validation,
            "queries": found.queries,
            "sequences": found.sequences,
            "epoch": found.epoch,
        }

    return run


METHODS: Final[dict[str, Method]] = {
    "zero-shot": zero_shot,
    "linear probe": linear_probe,
    "Tip-Adapter": tip_adapter,
    "prompt only, as published": tuned(published(adapter="none", queries=QUERIES)),
    "prompt only, half the queries": tuned(TuneConfig(adapter="none", queries=QUERIES // 2)),
    "prompt only": tuned(TuneConfig(adapter="none", queries=QUERIES)),
    "adapter only": tuned(TuneConfig(tune_prompt=False, tokens=1, queries=QUERIES)),
    "both": tuned(TuneConfig(queries=QUERIES)),
}
"""The rows of the table."""


def experiment(box: Box, run: Run, shots: Sequence[int], seeds: Sequence[int], identity: str) -> list[Scores]:
    """Every method for every number of shots and seed; goes on from what the run folder holds.

    Raises:
        UserFault: If scikit-learn is missing, or a class has too few images.
        BoxFault: If the box does not answer; finished rows and the state of the tuning under way are kept.
    """
    images, labels = handwriting()
    features = EncoderBox(box, Budget()).images(images)
    todo = list(itertools.product(shots, seeds, METHODS))
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
            )
            began = time.monotonic()
            scores = METHODS[name](box, case, run.folder / f"{name.replace(' ', '-').replace(',', '')}-{shot}-{seed}")
            seconds = round(time.monotonic() - began, 1)
            journal.add({"shots": shot, "seed": seed, "method": name, "seconds": seconds, **scores})
            progress.step(note=f"{name}, {shot} shots: {scores['test']:.1%}")
        return [r for r in journal.rows if r["shots"] in shots and r["seed"] in seeds]


def table(rows: Sequence[Scores]) -> str:
    """Test accuracy as Markdown: the mean over the seeds, and its standard deviation."""
    shots = sorted({r["shots"] for r in rows})
    found: dict[tuple[str, int], list[Scores]] = defaultdict(list)
    for row in rows:
        found[row["method"], row["shots"]].append(row)
    lines = [
        "| method | queries | " + " | ".join(f"{n} shot{'s' if n > 1 else ''}" for n in shots) + " |",
        "|---|--:|" + "--:|" * len(shots),
    ]
    for name in METHODS:
        cells = [_cell([r["test"] for r in found[name, n]]) for n in shots]
        queries = max((r.get("queries", 0) for n in shots for r in found[name, n]), default=0)
        if any(cells):
            lines.append(f"| {name} | {queries:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(values: Sequence[float]) -> str:
    if not values:
        return ""
    mean = f"{100 * statistics.fmean(values):.1f}"
    return f"{mean} ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else mean
