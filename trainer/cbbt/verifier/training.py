"""A verifier from a closed model: soft tokens before "Is this solution right?" and a light head on what comes out.

The black box (:mod:`trainer.cbbt.verifier.llama_box`) gives the margin of "Yes" over "No" and a hidden state. The soft
tokens are tuned by two-sided estimates on batches of solutions; then heads (:mod:`trainer.cbbt.verifier.head`) are
fitted, calibrated, and one of them is chosen on the validation problems. The split is by problem; the held-out problems
are judged once, at the end, by all methods of the table. Every step of the prompt is saved, and a run that was ended
goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from trainer.cbbt.box import Box, Budget, size_of
from trainer.cbbt.estimator import Vector, two_sided
from trainer.cbbt.optimiser import Adam, Schedule, clip, intrinsic_clip
from trainer.cbbt.prompts import LowRankPrompt
from trainer.cbbt.state import StateFile
from trainer.cbbt.verifier.head import Fitted, Found, Head, Right, Rows, calibrated_over, fit_head, fold_of, log_loss
from trainer.cbbt.verifier.judged import Judged
from trainer.cbbt.verifier.report import Solution, measured, vote_power, voted
from trainer.runs import ProgressLine, digest
from tutor_app.adapters.verifying.reading import SCORES
from tutor_app.adapters.verifying.verifier import FORMAT, VERSION
from tutor_app.core.errors import UserFault

STEP: Final = 0.1
"""Of the differences. A quantised model answers a little differently in other batches, which drowns smaller ones."""
STATE: Final = "verifier.npz"
READ_AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierConfig:
    """A training.

    Attributes:
        queries: Budget of prompts for the tuning; each is judged on ``batch`` solutions.
        tokens: Soft tokens.
        inner: Intrinsic dimension of a token.
        directions: Of one estimate.
        batch: Solutions that a query is judged on.
        lr: Of the soft tokens.
        seed: Of splits and everything random.
    """

    queries: int = 400
    tokens: int = 2
    inner: int = 32
    directions: int = 4
    batch: int = 8
    lr: float = 2e-2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """Rows of the solutions, split by problem."""

    train: Rows
    validation: Rows
    held_out: Rows

    def without(self, rows: Rows) -> Parts:
        """The parts without some rows."""
        return Parts(*(part[~np.isin(part, rows)] for part in (self.train, self.validation, self.held_out)))

    def need_both(self, right: Right) -> None:
        """See that each part has right and wrong solutions.

        Raises:
            UserFault: If one has not.
        """
        named = {"train on": self.train, "select on": self.validation, "judge at the end": self.held_out}
        for name, part in named.items():
            count = int(right[part].sum())
            if not 0 < count < len(part):
                raise UserFault(
                    f"Of the {len(part)} solutions to {name} that can be read, {count} are right.",
                    "A verifier needs right and wrong ones in each part: give solutions of more problems.",
                )


def split_by_problem(solutions: Sequence[Solution], seed: int, held_out: Collection[int] = ()) -> Parts:
    """Two fifths of the problems to train on, a fifth to select on, the rest held out.

    Args:
        solutions: All.
        seed: Of the drawing.
        held_out: Problems that are held out; then two thirds of the others are to train on, and a third to select on.

    Raises:
        UserFault: If a part would have no right or no wrong solution.
    """
    problems = sorted({s.problem for s in solutions} - set(held_out))
    shares = (2 / 3, 1.0) if held_out else (0.4, 0.6)
    order = np.random.default_rng(seed).permutation(len(problems))
    part_of = {
        problems[p]: min(2, int(np.searchsorted(shares, i / len(problems), "right"))) for i, p in enumerate(order)
    } | dict.fromkeys(held_out, 2)
    rows: list[list[int]] = [[], [], []]
    for i, solution in enumerate(solutions):
        rows[part_of[solution.problem]].append(i)
    parts = Parts(*(np.array(part, dtype=np.int64) for part in rows))
    parts.need_both(np.array([s.right for s in solutions], dtype=bool))
    return parts


class JudgeBox:
    """The model behind its boundary, with the solutions read into it.

    Args:
        box: Where it is.
        budget: Counts prompts, and solutions judged as sequences.
        identity: Of the model; a state of another one is not gone on with.
    """

    def __init__(self, box: Box, budget: Budget, identity: str = "") -> None:
        self._box, self.budget, self.identity = box, budget, identity
        self.embedding, self.width = size_of(box.info, "embedding"), size_of(box.info, "features")

    def start(self, tokens: int) -> Vector:
        """The embeddings that the soft tokens begin as."""
        answer = self._box.ask("start", {}, {"prompt": (tokens, self.embedding)}, tokens=tokens)
        return np.asarray(answer["prompt"], dtype=np.float64)

    def read(self, texts: Sequence[str]) -> tuple[Rows, Vector]:
        """Lengths of solutions in tokens, 0 for one that is too long, and the scores of their reading."""
        lengths, scores = [], []
        progress = ProgressLine("solutions read", len(texts))
        for first in range(0, len(texts), READ_AT_ONCE):
            part = list(texts[first : first + READ_AT_ONCE])
            shapes = {"lengths": (len(part),), "scores": (len(part), len(SCORES))}
            found = self._box.ask("read", {}, shapes, texts=part)
            lengths.append(found["lengths"])
            scores.append(found["scores"])
            progress.step(len(part))
        return np.concatenate(lengths), np.concatenate(scores)

    def judge(self, prompts: Vector, items: Rows) -> tuple[Vector, Vector]:
        """Margins ``[prompts, items]`` and hidden states ``[prompts, items, width]``."""
        found = [(margins, states) for _, margins, states in self.judge_in_parts(prompts, items)]
        return np.concatenate([m for m, _ in found], axis=1), np.concatenate([s for _, s in found], axis=1)

    def judge_in_parts(self, prompts: Vector, items: Rows) -> Iterator[tuple[Rows, Vector, Vector]]:
        """The same of a few items at a time, with these items."""
        self.budget.take(len(prompts), each=len(items))
        for first in range(0, len(items), READ_AT_ONCE):
            part = items[first : first + READ_AT_ONCE]
            shapes = {"margins": (len(prompts), len(part)), "features": (len(prompts), len(part), self.width)}
            found = self._box.ask("judge", {"prompts": prompts.astype(np.float32), "items": part}, shapes)
            yield part, found["margins"].astype(np.float64), found["features"].astype(np.float64)


def judge_once(box: JudgeBox, prompts: Vector, texts: Sequence[str], rows: Rows, kept: Judged) -> tuple[Vector, Vector]:
    """What :meth:`JudgeBox.judge` says of rows, of which what is kept already is not asked again."""
    which, lacking = kept.missing(prompts, [texts[i] for i in rows])
    if which:
        progress = ProgressLine("solutions judged", len(lacking))
        for part, margins, states in box.judge_in_parts(prompts[which], rows[lacking]):
            for i, prompt in enumerate(prompts[which]):
                for column, row in enumerate(part):
                    kept.keep(prompt, texts[row], margins[i, column], states[i, column])
            progress.step(len(part))
    found = [[kept.get(prompt, texts[row]) for row in rows] for prompt in prompts]
    margins = np.array([[one[0] for one in of if one is not None] for of in found])
    states = np.array([[one[1] for one in of if one is not None] for of in found])
    return margins, states


class VerifierTuning:
    """Soft tokens under way.

    Args:
        box: With the solutions read in.
        right: Whether each is right.
        train: Rows that the tuning may judge.
        config: Settings.
        folder: For the state.

    Raises:
        UserFault: If the folder holds the state of another tuning.
    """

    def __init__(self, box: JudgeBox, right: Right, train: Rows, config: VerifierConfig, folder: Path) -> None:
        self._box, self._right, self._train, self._config = box, right, train, config
        self._prompt = LowRankPrompt(box.start(config.tokens), config.inner, 1, config.seed)
        self._values, self._adam = self._prompt.start(), Adam(self._prompt.size)
        self._rng = np.random.default_rng([config.seed, 7])
        identity = digest([asdict(config), right[train].tolist(), train.tolist(), box.embedding, box.identity])
        self._state = StateFile(folder / STATE, identity)
        self._load()

    @property
    def steps(self) -> int:
        """Steps that the budget pays for."""
        return self._config.queries // (2 * self._config.directions)

    def run(self) -> Vector:
        """The tuned soft tokens, ``[tokens, embedding]``."""
        config = self._config
        schedule = Schedule(self.steps, min(2, self.steps // 10), lr=config.lr, warmup_lr=config.lr / 10)
        progress = ProgressLine("steps", self.steps, self._adam.step)
        while self._adam.step < self.steps:
            rows = self._batch()
            found = two_sided(self._losses_of(rows), self._values, config.directions, self._rng, STEP)
            gradient = clip(found.gradient, intrinsic_clip(self._prompt.size))
            self._values = self._adam.move(self._values, gradient, schedule.at(self._adam.step))
            self._save()
            progress.step(note=f"loss {found.loss:.3f}")
        return np.asarray(self._prompt.tokens(self._values[None])[0])

    def _batch(self) -> Rows:
        """As many right as wrong solutions, as far as there are."""
        half = max(1, self._config.batch // 2)
        sides = [self._train[self._right[self._train] == side] for side in (True, False)]
        return np.concatenate([self._rng.permutation(side)[:half] for side in sides])

    def _losses_of(self, rows: Rows) -> Callable[[Vector], Vector]:
        """Losses on one batch. What the word "Yes" is worth in general is taken off: the head learns it anyway."""
        target = self._right[rows].astype(np.float64)

        def losses(values: Vector) -> Vector:
            margins, _ = self._box.judge(self._prompt.tokens(values), rows)
            centred = margins - margins.mean(axis=1, keepdims=True)
            return np.array([log_loss(row, target) for row in centred])

        return losses

    def _save(self) -> None:
        state = {
            "step": self._adam.step,
            "budget": [self._box.budget.spent, self._box.budget.sequences],
            "rng": self._rng.bit_generator.state,
        }
        self._state.save(state, {"values": self._values, "mean": self._adam.mean, "square": self._adam.square})

    def _load(self) -> None:
        size = (self._prompt.size,)
        kept = self._state.load(("step", "budget", "rng"), {"values": size, "mean": size, "square": size})
        if kept is None:
            return
        state, arrays = kept
        self._values, self._adam.mean, self._adam.square = arrays["values"], arrays["mean"], arrays["square"]
        try:
            self._adam.step = int(state["step"])
            self._box.budget.spent, self._box.budget.sequences = map(int, state["budget"])
            self._rng.bit_generator.state = state["rng"]
        except (ValueError, TypeError, KeyError):
            raise self._state.broken() from None


UNTUNED: Final = "the question, untuned"
HEADS: Final = {
    "adapter only": (False, True, False),
    "both": (True, True, False),
    "question and signs": (False, False, True),
    "prompt and signs": (True, False, True),
    "adapter and signs": (False, True, True),
    "both and signs": (True, True, True),
}
"""Heads of which one is chosen: whether over the tuned prompt, whether with hidden states, whether with the signs.

The signs are the scores of the reading and what can be seen of a solution without a model.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training has come to.

    Attributes:
        head: Chosen.
        tuned: Whether it belongs to the tuned soft tokens, or to those that they began as.
        power: How much votes are weighed by it.
        report: To be kept in the verifier's file.
        rows: Of the table.
    """

    head: Head
    tuned: bool
    power: float
    report: dict[str, Any]
    rows: list[dict[str, Any]]


def concluded(solutions: Sequence[Solution], untuned: Found, tuned: Found, parts: Parts) -> Outcome:
    """Fit the heads, choose one on the validation problems, and judge the held-out ones once.

    Args:
        solutions: All.
        untuned: What the box says of them under the soft tokens that the tuning begins with.
        tuned: The same under the tuned ones.
        parts: Rows of ``solutions``; those of none were too long.
    """
    seen = np.concatenate([parts.train, parts.validation])
    right = np.array([s.right for s in solutions])
    problems = np.array([s.problem for s in solutions], dtype=np.int64)

    def fitted(is_tuned: bool, states: bool, scores: bool) -> Fitted:
        found = (tuned if is_tuned else untuned).rows(seen)
        return fit_head(found, right[seen], problems[seen], states=states, scores=scores)

    heads = {name: fitted(*settings) for name, settings in HEADS.items()}
    chosen = min(heads, key=lambda name: _loss_on_validation(heads[name], right[seen], len(parts.train)))
    held, target = parts.held_out, right[seen].astype(np.float64)

    def single(numbers: Vector) -> Vector:
        """A number as a calibrated logit of all rows; its order stays."""
        scaled = (numbers - numbers[seen].mean()) / max(float(numbers[seen].std()), 1e-9)
        gain, bias = calibrated_over(scaled[seen], target, fold_of(problems[seen]))
        return np.asarray(gain * scaled + bias)

    singles = {
        UNTUNED: single(untuned.margins),
        "mean token probability": single(untuned.scores[:, 1]),
        "length, shorter first": single(-untuned.scores[:, 0]),
        "prompt only": single(tuned.margins),
    }
    before = [solutions[i] for i in seen]
    powers = {name: vote_power(before, values[seen]) for name, values in singles.items()}
    powers |= {name: vote_power(before, fitted.logits) for name, fitted in heads.items()}
    logits = {name: values[held] for name, values in singles.items()}
    logits |= {name: heads[name].head.logits((tuned if HEADS[name][0] else untuned).rows(held)) for name in HEADS}
    kept = [solutions[i] for i in held]
    rows = measured(kept, logits, UNTUNED, powers)
    own = next(row for row in rows if row["method"] == chosen)
    report = {
        "solutions": len(kept), "problems": len({s.problem for s in kept}), "right": int(right[held].sum()),
        "chosen": chosen, "decay": heads[chosen].decay, "light": heads[chosen].light,
        "auc_untuned": rows[0]["auc"], "auc": own["auc"],
        "calibration_error": own["calibration_error"], "calibrated_on": len(seen),
        "vote_plain": round(voted(kept, np.ones(len(kept))), 4), "vote_weighed": own["vote"],
        "vote_power": own["power"],
    }  # fmt: skip
    return Outcome(heads[chosen].head, HEADS[chosen][0], powers[chosen], report, rows)


def _loss_on_validation(fitted: Fitted, right: Right, train: int) -> float:
    return log_loss(fitted.logits[train:], right[train:].astype(np.float64))


def to_json(prompt: Vector, head: Head, model_sha256: str, found: Mapping[str, Any], *, power: float = 0.0) -> str:
    """The verifier's file: what is put before the question, and the head; for one model only."""
    value = {
        "kind": FORMAT, "version": VERSION, "model_sha256": model_sha256, "prompt": prompt.astype(np.float32).tolist(),
        "vote_power": power, "gain": head.gain, "bias": head.bias, "extras": head.extras.tolist(),
        "low": head.low.tolist(), "high": head.high.tolist(),
        "weights": head.weights.astype(np.float32).tolist(), "report": dict(found),
    }  # fmt: skip
    return json.dumps(value) + "\n"
