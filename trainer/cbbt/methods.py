"""Methods of few-shot adaptation over a black box, each with one look at the test split, and their table.

Every method is given the same shots, the same few images to select on and a sealed test split, and reads that once,
after everything has been chosen.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from trainer.cbbt.adapter import Features, NoAdapter, TipCache, accuracy
from trainer.cbbt.adapter_choice import chosen_adapter
from trainer.cbbt.box import Box, Budget
from trainer.cbbt.encoder import EncoderBox, Wording
from trainer.cbbt.shots import SealedSplit, Split
from trainer.cbbt.tune import TuneConfig, Tuned, Tuning

NEUTRAL_WORDS: Final = "a photo of a"
"""What a tuned prompt begins as where the template has no words before the class."""


@dataclass(frozen=True, slots=True)
class Case:
    """One few-shot problem.

    Attributes:
        train: The shots.
        validation: What is selected on.
        test: Sealed.
        seed: Of the shots and of everything random.
        wording: Of the classes; None where the box has its own.
        identity: Of the model and the images; a tuning that was begun with others is not gone on with.
    """

    train: Split
    validation: Split
    test: SealedSplit
    seed: int
    wording: Wording | None = None
    identity: str = ""

    def encoder(self, box: Box, limit: int = 0) -> EncoderBox:
        """The box, asked about this problem's classes."""
        return EncoderBox(box, Budget(limit=limit), self.wording, self.identity)

    def begun(self, config: TuneConfig) -> Case:
        """The same with words to begin a tuned prompt as, where the template has none before the class."""
        if self.wording is None or not config.tune_prompt or config.tokens or self.wording.words:
            return self
        return dataclasses.replace(self, wording=dataclasses.replace(self.wording, words=NEUTRAL_WORDS))


FOLDERS: Final = {"both": "prompt only"}
"""Methods that begin with what another one has learned, and take it from its folder."""


def folder_name(method: str) -> str:
    """A method's name as a part of the name of the folder with its state."""
    return FOLDERS.get(method, method).replace(" ", "-").replace(",", "")


Scores = dict[str, Any]
Method = Callable[[Box, Case, Path], Scores]


def zero_shot(box: Box, case: Case, folder: Path) -> Scores:
    """The words of the template, or "a", before the class."""
    encoder = case.encoder(box)
    texts = _template(encoder, case)
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
    encoder = case.encoder(box)
    texts = _template(encoder, case)

    def logits(split: Split, alpha: float, beta: float) -> Any:
        cache = TipCache(case.train.cached, case.train.labels, encoder.classes, alpha, beta)
        return cache.logits(cache.start(), split.features, texts, encoder.scale)

    grid = list(itertools.product((0.5, 1.0, 2.0, 4.0, 8.0), (1.0, 3.0, 5.5, 10.0, 20.0)))
    best = max(grid, key=lambda ab: accuracy(logits(case.validation, *ab), case.validation.labels))
    test = case.test.read()
    return {"test": accuracy(logits(test, *best), test.labels)}


def tuned(config: TuneConfig) -> Method:
    """A method that tunes."""

    def run(box: Box, case: Case, folder: Path) -> Scores:
        settings = dataclasses.replace(config, seed=case.seed)
        encoder = case.begun(settings).encoder(box, settings.queries)
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


def adapter_only(box: Box, case: Case, folder: Path) -> Scores:
    """The adapter over the words that are not tuned."""
    encoder = case.encoder(box)
    return {**_adapted(encoder, case, _template(encoder, case)), "queries": 1}


def prompt_then_adapter(config: TuneConfig) -> Method:
    """The prompt first, by the whole budget; then the adapter over its texts, which costs no query.

    The prompt is the one of :func:`tuned` with the same settings: in the folder of that method it is taken from there.
    """

    def run(box: Box, case: Case, folder: Path) -> Scores:
        encoder, found = _prompt(box, case, config, folder)
        scores = _adapted(encoder, case, found.texts)
        return {**scores, "queries": found.queries, "sequences": found.sequences}

    return run


def _prompt(box: Box, case: Case, config: TuneConfig, folder: Path) -> tuple[EncoderBox, Tuned]:
    settings = dataclasses.replace(config, seed=case.seed, adapter="none")
    encoder = case.begun(settings).encoder(box, settings.queries)
    return encoder, Tuning(encoder, case.train, case.validation, settings, folder).run()


def _adapted(encoder: EncoderBox, case: Case, texts: Features) -> Scores:
    best = chosen_adapter(case.train, case.validation, texts, encoder.scale, case.seed)
    test = case.test.read()
    logits = best.adapter.logits(best.values, test.features, texts, encoder.scale)
    chosen = {"validation": best.validation, "ratio": best.ratio, "rate": best.rate, "epoch": best.epoch}
    return {"test": accuracy(logits, test.labels), **chosen}


def _template(encoder: EncoderBox, case: Case) -> Features:
    """Features of the classes under the words that are not tuned."""
    found: Features = encoder.texts(encoder.start(0 if case.wording else 1)[None])[0]
    return found


def table(rows: Sequence[Scores], methods: Iterable[str], by: str = "shots") -> str:
    """Test accuracy as Markdown: the mean over the seeds, and its standard deviation.

    Args:
        rows: Of the experiment.
        methods: The table's rows, in their order.
        by: What the columns are: ``shots``, or ``set`` with a last column for the mean of all sets.
    """
    columns = sorted({r[by] for r in rows}) if by == "shots" else list(dict.fromkeys(r[by] for r in rows))
    found: dict[tuple[str, Any], list[Scores]] = defaultdict(list)
    for row in rows:
        found[row["method"], row[by]].append(row)
    names = [f"{n} shot{'s' if n > 1 else ''}" if by == "shots" else str(n) for n in columns]
    over_all = by == "set" and len(columns) > 1
    lines = [
        "| method | queries | " + " | ".join([*names, *(["mean"] if over_all else [])]) + " |",
        "|---|--:|" + "--:|" * (len(columns) + over_all),
    ]
    for name in methods:
        parts = [[r["test"] for r in found[name, n]] for n in columns]
        cells = [_cell(part) for part in parts]
        if over_all:
            cells.append(f"{100 * statistics.fmean(map(statistics.fmean, parts)):.1f}" if all(parts) else "")
        queries = max((r.get("queries", 0) for n in columns for r in found[name, n]), default=0)
        if any(cells):
            lines.append(f"| {name} | {queries:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(values: Sequence[float]) -> str:
    if not values:
        return ""
    mean = f"{100 * statistics.fmean(values):.1f}"
    return f"{mean} ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else mean
