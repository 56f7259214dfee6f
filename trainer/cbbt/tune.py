"""The joint tuning: a prompt by estimated gradients, an adapter by exact ones, selection on the validation split.

An epoch is some steps of the prompt, as long as the budget of queries lasts, then, from ``adapter_start`` on, one pass
of the adapter over the shots. After each the validation split says whether this is the best so far, and everything
is saved, so that a run that was ended goes on bit for bit. There is no way to hand it a test split.

The features of texts do not depend on the images they are compared with: every query is used on all shots at once
(``batch = 0``), where the published method used 32 of them.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from trainer.cbbt.adapter import Adapter, Bottleneck, Features, NoAdapter, TipCache, accuracy, cross_entropy
from trainer.cbbt.encoder import EncoderBox
from trainer.cbbt.estimator import Vector, one_sided, two_sided
from trainer.cbbt.optimiser import PUBLISHED_CLIP, Adam, Schedule, clip, intrinsic_clip
from trainer.cbbt.prompts import FullPrompt, LowRankPrompt, Prompt
from trainer.cbbt.shots import Split
from trainer.cbbt.state import StateFile
from trainer.cbbt.warmup import evolve
from trainer.runs import Run, digest

POPULATION: Final = 16
STATE: Final = "state.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneConfig:
    """A tuning.

    Attributes:
        estimator: ``one-sided`` as published, or ``two-sided``.
        tune_prompt: Whether the prompt is tuned at all.
        adapter: What is trained on the features.
        queries: Budget.
        tokens: Of the prompt; 0 is as many as the words that it begins as.
        inner: Intrinsic dimension of a token; 0 tunes every number of it, as published.
        rank: Of the offset of all tokens.
        directions: Of one estimate.
        lr: Of the prompt.
        batch: Shots whose loss a query measures; 0 is all of them.
        epochs: All.
        warm_generations: Of CMA-ES before the first step; 0 is none.
        warm_sigma: Its first standard deviation.
        warm_uphill: How far uphill of itself a point of the warm-up is judged; 0 is plain CMA-ES.
        adapter_start: First epoch of the adapter.
        adapter_lr: Of the adapter, which decays along a cosine.
        seed: Of everything random.
    """

    estimator: Literal["one-sided", "two-sided"] = "two-sided"
    tune_prompt: bool = True
    adapter: Literal["none", "bottleneck", "tip"] = "bottleneck"
    queries: int = 8000
    tokens: int = 4
    inner: int = 128
    rank: int = 4
    directions: int = 4
    lr: float = 1e-2
    batch: int = 0
    epochs: int = 150
    warm_generations: int = 30
    warm_sigma: float = 0.05
    warm_uphill: float = 0.0
    adapter_start: int = 10
    adapter_lr: float = 1e-3
    seed: int = 0

    @property
    def step_queries(self) -> int:
        """Queries of one step of the prompt."""
        return 2 * self.directions if self.estimator == "two-sided" else self.directions + 1


def published(**changes: Any) -> TuneConfig:
    """CBBT's own settings: one token, every number of it, 256 directions of one side, batches of 32."""
    values: dict[str, Any] = {
        "estimator": "one-sided", "tokens": 1, "inner": 0, "directions": 256, "lr": 2e-3, "batch": 32,
        "warm_generations": 0,
    }  # fmt: skip
    return TuneConfig(**{**values, **changes})


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was selected.

    Attributes:
        prompt: Soft tokens, ``[tokens, embedding]``.
        texts: Features of the classes under it, ``[C, F]``.
        adapter: The adapter's values.
        epoch: That was the best on the validation split.
        validation: Accuracy there.
        queries: Spent in all.
        sequences: Read in all.
        curve: ``(queries, validation accuracy)`` after each epoch.
    """

    prompt: Vector
    texts: Features
    adapter: Vector
    epoch: int
    validation: float
    queries: int
    sequences: int
    curve: tuple[tuple[int, float], ...]


class Tuning:
    """A tuning under way.

    Args:
        box: The encoder.
        train: The shots.
        validation: What is selected on.
        config: Settings.
        folder: For the state and the log; None keeps nothing.

    Raises:
        UserFault: If the folder holds the state of another tuning.
        BoxFault: If the box does not answer; the state is kept.
    """

    def __init__(
        self, box: EncoderBox, train: Split, validation: Split, config: TuneConfig, folder: Path | None = None
    ) -> None:
        self._box, self._train, self._validation, self._config, self._folder = box, train, validation, config, folder
        # Three streams: whether there is a warm-up or an adapter changes nothing for the others.
        self._rng, self._order = (np.random.default_rng([config.seed, n]) for n in (0, 1))
        first = box.start(config.tokens)
        self._prompt: Prompt = (
            LowRankPrompt(first, config.inner, config.rank, config.seed) if config.inner else FullPrompt(first)
        )
        self.adapter = _adapter(config, box, train)
        self._values, self._moments = self._prompt.start(), Adam(self._prompt.size)
        self._weights, self._weight_moments = self.adapter.start(), Adam(self.adapter.size)
        self._texts: Features | None = None
        self._epoch, self._warm = 0, False
        self._best: dict[str, Any] = {}
        self._curve: list[tuple[int, float]] = []
        self._identity = digest(
            [
                dataclasses.asdict(config),
                train.labels.tolist(),
                validation.labels.tolist(),
                [box.identity, box.embedding, box.width, box.classes],
            ]
        )
        self._load()

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return self._epoch

    def run(self) -> Tuned:
        """All epochs that are left."""
        if self._texts is None:
            self._texts = self._box.texts(self._prompt.tokens(self._values[None]))[0]
            self._select()  # the untuned prompt is a candidate too
        if not self._warm:
            self._warm_up()
        while self._epoch < self._config.epochs:
            self.one_epoch()
        return Tuned(
            prompt=self._prompt.tokens(self._best["values"][None])[0],
            texts=self._best["texts"],
            adapter=self._best["weights"],
            epoch=int(self._best["epoch"]),
            validation=float(self._best["accuracy"]),
            queries=self._box.budget.spent,
            sequences=self._box.budget.sequences,
            curve=tuple(self._curve),
        )

    def one_epoch(self) -> None:
        """The prompt's steps, the adapter's pass, the selection, the saving."""
        loss = self._prompt_steps() if self._config.tune_prompt else math.nan
        if self._epoch >= self._config.adapter_start or not self._config.tune_prompt:
            self._adapter_pass()
        self._epoch += 1
        found = self._select()
        self._note(loss, *found)
        self._save()

    def _warm_up(self) -> None:
        config = self._config
        if config.tune_prompt and self._warm_generations:
            self._values = evolve(
                self._losses_of(self._train),
                self._values,
                sigma=config.warm_sigma,
                generations=self._warm_generations,
                population=POPULATION,
                rng=self._rng,
                uphill=config.warm_uphill,
            )
        self._warm = True
        self._save()

    def _prompt_steps(self) -> float:
        """Mean loss of the steps; none are made when the budget cannot pay for a step and the look at its result."""
        config, budget = self._config, self._box.budget
        schedule = self._schedule()
        losses = []
        norm = intrinsic_clip(self._prompt.size) if config.inner else PUBLISHED_CLIP
        estimate = two_sided if config.estimator == "two-sided" else one_sided
        for _ in range(self._steps_per_epoch):
            if budget.left is not None and budget.left < config.step_queries + 1:
                break
            rows = self._rng.permutation(len(self._train.labels))[: config.batch or None]
            batch = Split(self._train.features[rows], self._train.labels[rows])
            found = estimate(self._losses_of(batch), self._values, config.directions, self._rng)
            rate = schedule.at(self._moments.step)
            self._values = self._moments.move(self._values, clip(found.gradient, norm), rate)
            losses.append(found.loss)
        if losses:
            self._texts = self._box.texts(self._prompt.tokens(self._values[None]))[0]
        return float(np.mean(losses)) if losses else math.nan

    @property
    def _steps_per_epoch(self) -> int:
        return max(5, math.ceil(len(self._train.labels) / 32))

    @property
    def _warm_generations(self) -> int:
        """Of the warm-up, which takes at most half of the budget."""
        config = self._config
        return min(config.warm_generations, config.queries // 2 // POPULATION if config.queries else 1 << 30)

    def _schedule(self) -> Schedule:
        """Over the steps that the budget pays for, with one epoch of warm-up as published."""
        config, each = self._config, self._steps_per_epoch
        steps = config.epochs * each
        if config.queries:
            left = config.queries - 1 - self._warm_generations * POPULATION
            steps = min(steps, each * left // (each * config.step_queries + 1))
        return Schedule(steps=max(1, steps), warmup=min(each, steps // 10), lr=config.lr)

    def _losses_of(self, batch: Split) -> Any:
        """Losses of prompts on one batch, the same for every prompt: common random numbers."""

        def losses(values: Vector) -> Vector:
            texts = self._box.texts(self._prompt.tokens(values))
            logits = self.adapter.logits(self._weights, batch.features, texts, self._box.scale)
            return cross_entropy(logits, batch.labels)

        return losses

    def _adapter_pass(self) -> None:
        config = self._config
        if not self.adapter.size:
            return
        assert self._texts is not None
        rate = Schedule(config.epochs, 0, lr=config.adapter_lr).at(self._epoch)
        order = self._order.permutation(len(self._train.labels))
        for first in range(0, len(order), 32):
            rows = order[first : first + 32]
            _, slope = self.adapter.slope(
                self._weights, self._train.features[rows], self._train.labels[rows], self._texts, self._box.scale
            )
            self._weights = self._weight_moments.move(self._weights, slope, rate)

    def _select(self) -> tuple[float, float]:
        """Accuracy and loss on the validation split; the best is kept, by accuracy, then by loss."""
        split = self._validation
        assert self._texts is not None
        logits = self.adapter.logits(self._weights, split.features, self._texts, self._box.scale)
        found = accuracy(logits, split.labels), float(cross_entropy(logits, split.labels))
        best = self._best
        if not best or (found[0], -found[1]) > (best["accuracy"], -best["loss"]):
            self._best = {
                "values": self._values.copy(),
                "weights": self._weights.copy(),
                "texts": self._texts.copy(),
                "epoch": self._epoch,
                "accuracy": found[0],
                "loss": found[1],
            }
        self._curve.append((self._box.budget.spent, found[0]))
        return found

    def _note(self, loss: float, right: float, held_out: float) -> None:
        if self._folder is None:
            return
        row = {"step": self._epoch, "queries": self._box.budget.spent, "validation": right, "val_loss": held_out}
        Run(self._folder).note(**(row if math.isnan(loss) else {**row, "loss": loss}))

    def _save(self) -> None:
        if self._folder is None:
            return
        assert self._texts is not None
        arrays: dict[str, Any] = {
            "values": self._values, "mean": self._moments.mean, "square": self._moments.square,
            "weights": self._weights, "weight_mean": self._weight_moments.mean,
            "weight_square": self._weight_moments.square, "texts": self._texts, "curve": np.array(self._curve),
            **{f"best_{k}": np.asarray(v) for k, v in self._best.items()},
        }  # fmt: skip
        state = {
            "epoch": self._epoch,
            "steps": [self._moments.step, self._weight_moments.step],
            "budget": [self._box.budget.spent, self._box.budget.sequences],
            "rng": [self._rng.bit_generator.state, self._order.bit_generator.state],
        }
        self._state_in(self._folder).save(state, arrays)

    def _state_in(self, folder: Path) -> StateFile:
        return StateFile(folder / STATE, self._identity)

    def _load(self) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        prompt, adapter = (self._prompt.size,), (self.adapter.size,)
        texts = (self._box.classes, self._box.width)
        shapes: dict[str, tuple[int | None, ...]] = {
            "values": prompt, "mean": prompt, "square": prompt, "weights": adapter, "weight_mean": adapter,
            "weight_square": adapter, "texts": texts, "curve": (None, 2), "best_values": prompt,
            "best_weights": adapter, "best_texts": texts, "best_epoch": (), "best_accuracy": (), "best_loss": (),
        }  # fmt: skip
        kept = self._state_in(self._folder).load(("epoch", "steps", "budget", "rng"), shapes)
        if kept is None:
            return
        state, arrays = kept
        self._values, self._weights, self._texts = arrays["values"], arrays["weights"], arrays["texts"]
        self._moments.mean, self._moments.square = arrays["mean"], arrays["square"]
        self._weight_moments.mean, self._weight_moments.square = arrays["weight_mean"], arrays["weight_square"]
        try:
            self._moments.step, self._weight_moments.step = map(int, state["steps"])
            self._box.budget.spent, self._box.budget.sequences = map(int, state["budget"])
            self._rng.bit_generator.state, self._order.bit_generator.state = state["rng"]
        except (ValueError, TypeError, KeyError):
            raise self._state_in(self._folder).broken() from None
        self._epoch, self._warm = int(state["epoch"]), True
        Run(self._folder).keep_metrics(self._epoch)
        self._curve = [(int(q), float(a)) for q, a in arrays["curve"]]
        best = {k.removeprefix("best_"): v for k, v in arrays.items() if k.startswith("best_")}
        self._best = {**best, "accuracy": float(best["accuracy"]), "loss": float(best["loss"])}


def _adapter(config: TuneConfig, box: EncoderBox, train: Split) -> Adapter:
    match config.adapter:
        case "bottleneck":
            return Bottleneck(box.width, seed=config.seed)
        case "tip":
            return TipCache(train.cached, train.labels, box.classes)
        case _:
            return NoAdapter()
