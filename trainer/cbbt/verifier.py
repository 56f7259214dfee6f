"""A verifier from a closed model: soft tokens before "Is this solution right?" and a light head on what comes out.

The black box (:mod:`trainer.cbbt.llama_box`) gives the margin of "Yes" over "No" and a hidden state. The soft tokens
are tuned by two-sided estimates on batches of solutions; then a linear head over margin and hidden state is trained
by its exact gradient, begun as the untuned question, and stopped and calibrated on validation problems. The split is by
problem; the held-out problems are judged once, at the end. Every step of the prompt is saved, and a run that was ended
goes on from there.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trainer.cbbt.box import Box, Budget, size_of
from trainer.cbbt.estimator import Vector, two_sided
from trainer.cbbt.optimiser import Adam, Schedule, clip, intrinsic_clip
from trainer.cbbt.prompts import LowRankPrompt
from trainer.runs import ProgressLine, digest, write_atomically
from tutor_app.core.errors import UserFault

STEP: Final = 0.1
"""Of the differences. A quantised model answers a little differently in other batches, which drowns smaller ones."""
STATE: Final = "verifier.npz"
FORMAT: Final = "mumath-verifier"
READ_AT_ONCE: Final = 4

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Solution:
    """A solution that was graded.

    Attributes:
        problem: Its number.
        text: Problem and solution, as the verifier reads them.
        answer: That it came to; equal answers are the same text.
        right: Whether that is the published one.
    """

    problem: int
    text: str
    answer: str
    right: bool


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
        decay: Of the head's weights, which are many more than the solutions.
        seed: Of splits and everything random.
    """

    queries: int = 400
    tokens: int = 2
    inner: int = 32
    directions: int = 4
    batch: int = 8
    lr: float = 2e-2
    decay: float = 0.02
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """Rows of the solutions, split by problem."""

    train: Rows
    validation: Rows
    held_out: Rows


def split_by_problem(solutions: Sequence[Solution], seed: int) -> Parts:
    """Half of the problems to train on, a fifth to select on, the rest held out.

    Raises:
        UserFault: If a part would have no right or no wrong solution.
    """
    problems = sorted({s.problem for s in solutions})
    order = np.random.default_rng(seed).permutation(len(problems))
    part_of = {
        problems[p]: min(2, int(np.searchsorted((0.5, 0.7), i / len(problems), "right"))) for i, p in enumerate(order)
    }
    rows: list[list[int]] = [[], [], []]
    for i, solution in enumerate(solutions):
        rows[part_of[solution.problem]].append(i)
    for name, part in zip(("train on", "select on", "judge at the end"), rows, strict=True):
        right = sum(solutions[i].right for i in part)
        if not 0 < right < len(part):
            raise UserFault(
                f"Of the {len(part)} solutions to {name}, {right} are right.",
                "A verifier needs right and wrong ones in each part: give solutions of more problems.",
            )
    return Parts(*(np.array(part, dtype=np.int64) for part in rows))


class JudgeBox:
    """The model behind its boundary, with the solutions read into it.

    Args:
        box: Where it is.
        budget: Counts prompts, and solutions judged as sequences.
    """

    def __init__(self, box: Box, budget: Budget) -> None:
        self._box, self.budget = box, budget
        self.embedding, self.width = size_of(box.info, "embedding"), size_of(box.info, "features")

    def start(self, tokens: int) -> Vector:
        """The embeddings that the soft tokens begin as."""
        answer = self._box.ask("start", {}, {"prompt": (tokens, self.embedding)}, tokens=tokens)
        return np.asarray(answer["prompt"], dtype=np.float64)

    def read(self, texts: Sequence[str]) -> Rows:
        """Lengths of solutions in tokens; 0 for one that is too long."""
        lengths = []
        progress = ProgressLine("solutions read", len(texts))
        for first in range(0, len(texts), READ_AT_ONCE):
            part = list(texts[first : first + READ_AT_ONCE])
            lengths.append(self._box.ask("read", {}, {"lengths": (len(part),)}, texts=part)["lengths"])
            progress.step(len(part))
        return np.concatenate(lengths)

    def judge(self, prompts: Vector, items: Rows) -> tuple[Vector, Vector]:
        """Margins ``[prompts, items]`` and hidden states ``[prompts, items, width]``."""
        self.budget.take(len(prompts), each=len(items))
        margins, states = [], []
        for first in range(0, len(items), READ_AT_ONCE):
            part = items[first : first + READ_AT_ONCE]
            shapes = {"margins": (len(prompts), len(part)), "features": (len(prompts), len(part), self.width)}
            found = self._box.ask("judge", {"prompts": prompts.astype(np.float32), "items": part}, shapes)
            margins.append(found["margins"].astype(np.float64))
            states.append(found["features"].astype(np.float64))
        return np.concatenate(margins, axis=1), np.concatenate(states, axis=1)


@dataclass(frozen=True, slots=True)
class Head:
    """Probability of a right solution: ``sigmoid(gain * margin + bias + weights . unit(state))``."""

    gain: float
    bias: float
    weights: Vector

    def logits(self, margins: Vector, states: Vector) -> Vector:
        """One for each solution."""
        unit = states / np.linalg.norm(states, axis=-1, keepdims=True)
        return np.asarray(self.gain * margins + self.bias + unit @ self.weights)


def fit_head(
    margins: Vector, states: Vector, right: npt.NDArray[np.bool_], train: Rows, validation: Rows, decay: float
) -> Head:
    """The head with the smallest loss on the validation rows on its way, then calibrated there.

    Hidden states are centred on the training rows' mean, which the bias takes up.
    """
    unit = states / np.linalg.norm(states, axis=1, keepdims=True)
    scale = 1 / max(float(np.std(margins[train])), 1e-6)
    centre = unit[train].mean(axis=0)
    spread = max(float(np.linalg.norm(unit[train] - centre, axis=1).mean()), 1e-6)
    columns = np.concatenate([margins[:, None] * scale, np.ones((len(margins), 1)), (unit - centre) / spread], axis=1)
    target = right.astype(np.float64)
    values = np.zeros(columns.shape[1])
    values[0] = 1.0
    adam, best, best_loss = Adam(values.size), values, math.inf
    for _ in range(400):
        loss = log_loss(columns[validation] @ values, target[validation])
        if loss < best_loss:
            best, best_loss = values.copy(), loss
        slope = columns[train].T @ (_sigmoid(columns[train] @ values) - target[train]) / len(train)
        slope[2:] += decay * values[2:]
        values = adam.move(values, slope, 2e-2)
    gain, bias = calibrated(columns[validation] @ best, target[validation])
    weights = gain * best[2:] / spread
    return Head(gain * best[0] * scale, gain * best[1] + bias - float(weights @ centre), weights)


def calibrated(logits: Vector, target: Vector) -> tuple[float, float]:
    """Platt's gain and bias, pulled towards none by a small penalty since the rows are few."""
    values, adam = np.array([1.0, 0.0]), Adam(2)
    for _ in range(500):
        off = _sigmoid(values[0] * logits + values[1]) - target
        slope = np.array([float(off @ logits), float(off.sum())]) / len(target)
        values = adam.move(values, slope + 0.01 * (values - np.array([1.0, 0.0])), 2e-2)
    return max(float(values[0]), 0.05), float(values[1])


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

    def __init__(
        self, box: JudgeBox, right: npt.NDArray[np.bool_], train: Rows, config: VerifierConfig, folder: Path
    ) -> None:
        self._box, self._right, self._train, self._config = box, right, train, config
        self._path = folder / STATE
        self._prompt = LowRankPrompt(box.start(config.tokens), config.inner, 1, config.seed)
        self._values, self._adam = self._prompt.start(), Adam(self._prompt.size)
        self._rng = np.random.default_rng([config.seed, 7])
        self._identity = digest([asdict(config), right.tolist(), train.tolist(), box.embedding])
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
            "identity": self._identity,
            "step": self._adam.step,
            "budget": [self._box.budget.spent, self._box.budget.sequences],
            "rng": self._rng.bit_generator.state,
        }
        body = io.BytesIO()
        np.savez(
            body,
            state=np.frombuffer(json.dumps(state).encode(), dtype=np.uint8),
            values=self._values,
            mean=self._adam.mean,
            square=self._adam.square,
        )
        write_atomically(self._path, body.getvalue())

    def _load(self) -> None:
        if not self._path.exists():
            return
        try:
            with np.load(self._path) as file:
                arrays = {name: file[name] for name in file.files}
            state = json.loads(arrays["state"].tobytes())
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            raise UserFault(f"{self._path} is broken.", "Delete it to start afresh.") from None
        if state["identity"] != self._identity:
            raise UserFault(
                f"{self._path} was begun with other settings, solutions or another model.",
                "Delete it to start afresh, or choose another folder.",
            )
        self._values, self._adam.mean, self._adam.square = arrays["values"], arrays["mean"], arrays["square"]
        self._adam.step = int(state["step"])
        self._box.budget.spent, self._box.budget.sequences = state["budget"]
        self._rng.bit_generator.state = state["rng"]


def report(solutions: Sequence[Solution], rows: Rows, logits: Vector, untuned: Vector) -> dict[str, float | int]:
    """What ``rows`` say of the verifier, by its ``logits``, and of the ``untuned`` question, by its margins."""
    right = np.array([solutions[i].right for i in rows])
    chosen = [solutions[i] for i in rows]
    return {
        "solutions": len(rows),
        "problems": len({s.problem for s in chosen}),
        "right": int(right.sum()),
        "auc_untuned": round(auc(untuned, right), 4),
        "auc": round(auc(logits, right), 4),
        "calibration_error": round(calibration_error(_sigmoid(logits), right), 4),
        "vote_plain": round(voted(chosen, np.ones(len(rows))), 4),
        "vote_weighed": round(voted(chosen, _sigmoid(logits)), 4),
    }


def auc(scores: Vector, right: npt.NDArray[np.bool_]) -> float:
    """Share of pairs of a right and a wrong solution that are in the right order; equal scores count half."""
    good, bad = scores[right], scores[~right]
    above = (good[:, None] > bad[None]).mean() + 0.5 * (good[:, None] == bad[None]).mean()
    return float(above)


def calibration_error(probabilities: Vector, right: npt.NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error over equal bins (Guo et al., 2017)."""
    where = np.minimum((probabilities * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        inside = where == b
        if inside.any():
            total += inside.mean() * abs(probabilities[inside].mean() - right[inside].mean())
    return float(total)


def voted(solutions: Sequence[Solution], weights: Vector) -> float:
    """Share of problems whose answer of most weight is right; of equal ones the first given wins."""
    tallies: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    truth: dict[tuple[int, str], bool] = {}
    for solution, weight in zip(solutions, weights, strict=True):
        if solution.answer:
            tallies[solution.problem][solution.answer] += float(weight)
            truth[solution.problem, solution.answer] = solution.right
        else:
            tallies[solution.problem].setdefault("", 0.0)
            truth.setdefault((solution.problem, ""), False)
    best = {problem: max(tally, key=lambda a: tally[a]) for problem, tally in tallies.items()}
    return sum(truth[problem, answer] for problem, answer in best.items()) / len(best)


def log_loss(logits: Vector, target: Vector) -> float:
    """Mean over the rows."""
    return float((np.logaddexp(0, logits) - target * logits).mean())


def to_json(prompt: Vector, head: Head, model_sha256: str, found: Mapping[str, Any]) -> str:
    """The verifier's file: what is put before the question, and the head; for one model only."""
    value = {
        "kind": FORMAT, "version": 1, "model_sha256": model_sha256, "prompt": prompt.astype(np.float32).tolist(),
        "gain": head.gain, "bias": head.bias, "weights": head.weights.astype(np.float32).tolist(),
        "report": dict(found),
    }  # fmt: skip
    return json.dumps(value) + "\n"


def _sigmoid(x: Vector) -> Vector:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))
