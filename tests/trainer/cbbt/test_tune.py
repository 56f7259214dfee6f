"""The joint tuning over a real boundary: it learns, keeps its budget, selects without the test split, resumes."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.cbbt import toy_box
from trainer.cbbt.adapter import accuracy
from trainer.cbbt.box import Box, BoxFault, Budget, ProcessBox, Shapes
from trainer.cbbt.encoder import EncoderBox
from trainer.cbbt.frames import Array, Arrays, read_frame
from trainer.cbbt.shots import SealedSplit, Split, few_shot
from trainer.cbbt.tune import STATE, TuneConfig, Tuned, Tuning, published
from tutor_app.core.errors import UserFault

SECRET = (1.5 * np.random.default_rng(9).standard_normal((1, 1, toy_box.EMBEDDING))).astype(np.float32)
"""The prompt under which the images have their classes."""


def images_of(count: int) -> Split:
    labels = np.arange(count) % toy_box.CLASSES
    centres = toy_box.texts({}, {"prompts": SECRET})["features"][0]
    noise = np.random.default_rng(count).standard_normal((count, toy_box.FEATURES))
    return Split(toy_box.unit(centres[labels] + 0.15 * noise), labels)


TRAIN, VALIDATION, TEST = images_of(32), images_of(16), images_of(200)
BOTH = TuneConfig(queries=700, tokens=1, inner=12, rank=1, lr=0.05, epochs=14, warm_generations=0)
PROMPT = dataclasses.replace(BOTH, adapter="none")
PUBLISHED = published(queries=700, directions=8, batch=8, epochs=14, adapter="none")


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with ProcessBox(toy_box.command()) as box:
        yield box


def tuning_of(box: Box, config: TuneConfig, folder: Path | None = None) -> Tuning:
    return Tuning(EncoderBox(box, Budget(limit=config.queries)), TRAIN, VALIDATION, config, folder)


def same(a: Tuned, b: Tuned) -> bool:
    return (
        a.prompt.tolist() == b.prompt.tolist()
        and a.adapter.tolist() == b.adapter.tolist()
        and a.texts.tolist() == b.texts.tolist()
        and (a.epoch, a.queries, a.sequences, a.curve) == (b.epoch, b.queries, b.sequences, b.curve)
    )


@pytest.mark.parametrize(
    "config",
    [
        BOTH,
        PROMPT,
        dataclasses.replace(BOTH, tune_prompt=False, epochs=60, adapter_lr=1e-2),
        dataclasses.replace(BOTH, adapter="tip"),
        dataclasses.replace(PROMPT, inner=0),
    ],
    ids=["both", "prompt", "adapter", "cache", "every number"],
)
def test_each_kind_learns(box: Box, config: TuneConfig) -> None:
    tuning = tuning_of(box, config)
    found = tuning.run()
    logits = tuning.adapter.logits(found.adapter, TEST.features, found.texts, 10.0)
    texts = toy_box.texts({}, {"prompts": np.zeros_like(SECRET)})["features"][0]
    before = accuracy(TEST.features @ texts.T, TEST.labels)
    assert before < 0.8
    assert accuracy(logits, TEST.labels) > before + 0.1
    assert found.queries <= config.queries
    assert found.sequences == found.queries * toy_box.CLASSES


def test_the_warm_up_is_paid_from_the_same_budget(box: Box) -> None:
    pytest.importorskip("cma", reason="the extra cbbt is not installed")
    config = dataclasses.replace(PROMPT, warm_generations=5, epochs=1)
    found = tuning_of(box, config).run()
    assert found.queries == 1 + 5 * 16 + 5 * 8 + 1


def test_the_published_settings() -> None:
    config = published()
    assert (config.estimator, config.tokens, config.inner, config.directions) == ("one-sided", 1, 0, 256)
    assert (config.step_queries, config.lr, config.batch, config.epochs, config.adapter_start) == (
        257,
        2e-3,
        32,
        150,
        10,
    )


@pytest.mark.parametrize("queries", [1, 2, 9, 10, 50, 93])
@pytest.mark.parametrize("config", [PROMPT, PUBLISHED], ids=["two-sided", "one-sided"])
def test_a_budget_of_any_size_is_kept(box: Box, config: TuneConfig, queries: int) -> None:
    """However small: what cannot be paid for is not begun, and the untuned prompt is what is selected."""
    found = tuning_of(box, dataclasses.replace(config, queries=queries)).run()
    assert found.queries <= queries
    if queries < config.step_queries + 2:
        assert (found.queries, found.epoch) == (1, 0)


def test_the_adapter_begins_at_its_epoch(box: Box) -> None:
    tuning = tuning_of(box, dataclasses.replace(BOTH, epochs=10, adapter_start=10))
    found = tuning.run()
    assert found.adapter.tolist() == tuning.adapter.start().tolist()
    found = tuning_of(box, dataclasses.replace(BOTH, epochs=11, adapter_start=10)).run()
    assert tuning.epoch == 10
    assert found.queries > 0


def test_the_same_seed_gives_the_same_tuning(box: Box) -> None:
    first, second = (tuning_of(box, BOTH).run() for _ in range(2))
    assert same(first, second)
    assert not same(first, tuning_of(box, dataclasses.replace(BOTH, seed=1)).run())


@pytest.mark.parametrize("stop", [1, 7, 12])
def test_a_run_that_was_ended_goes_on_bit_for_bit(box: Box, tmp_path: Path, stop: int) -> None:
    whole = tuning_of(box, BOTH).run()
    begun = tuning_of(box, dataclasses.replace(BOTH), tmp_path)
    part = Part(box, after=1 + stop * (5 + 1))
    with pytest.raises(BoxFault):
        tuning_of(part, BOTH, tmp_path).run()
    assert begun.epoch == 0
    resumed = tuning_of(box, BOTH, tmp_path)
    assert resumed.epoch == stop
    assert same(resumed.run(), whole)
    steps = [json.loads(line)["step"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert steps == list(range(1, 15))


class Part:
    """A box that dies after some answers about texts."""

    def __init__(self, box: Box, after: int) -> None:
        self._box, self._left = box, after
        self.info = box.info

    def ask(self, op: str, arrays: Arrays, shapes: Shapes, **values: Any) -> dict[str, Array]:
        if op == "texts":
            self._left -= 1
            if self._left < 0:
                raise BoxFault("The black box ended by itself.")
        return self._box.ask(op, arrays, shapes, **values)

    def close(self) -> None:
        """The box belongs to another."""


def test_another_tuning_is_never_continued(box: Box, tmp_path: Path) -> None:
    tuning_of(box, dataclasses.replace(PROMPT, epochs=1), tmp_path).run()
    with pytest.raises(UserFault, match="begun with other settings"):
        tuning_of(box, dataclasses.replace(PROMPT, epochs=1, lr=0.1), tmp_path)
    (tmp_path / STATE).write_bytes(b"PK half")
    with pytest.raises(UserFault, match="is broken"):
        tuning_of(box, PROMPT, tmp_path)


def test_the_test_split_is_read_once() -> None:
    sealed = SealedSplit(TEST)
    assert sealed.read() is TEST
    with pytest.raises(RuntimeError, match="read already"):
        sealed.read()


def test_labels_of_other_images_change_nothing(box: Box) -> None:
    """Selection sees the validation split alone: the choice follows it, whatever a test split would say."""
    found = tuning_of(box, PROMPT).run()
    best = max(a for _, a in found.curve)
    assert found.validation == best
    wrong = Split(VALIDATION.features, (VALIDATION.labels + 1) % toy_box.CLASSES)
    other = Tuning(EncoderBox(box, Budget(limit=700)), TRAIN, wrong, PROMPT).run()
    assert other.epoch != found.epoch


def test_through_a_whole_tuning_only_outputs_cross(tmp_path: Path) -> None:
    log = tmp_path / "sent"
    with ProcessBox(toy_box.command(tap=log)) as box:
        tuning_of(box, dataclasses.replace(BOTH, epochs=3)).run()
    sent = log.read_bytes()
    stream, shapes = io.BytesIO(sent), set()
    while (frame := read_frame(stream)) is not None:
        shapes |= {(name, array.ndim, array.shape[1:]) for name, array in frame[1].items()}
    assert shapes == {("prompt", 2, (24,)), ("features", 3, (4, 8))}
    for weight in (toy_box.W1, toy_box.W2):
        assert not any(row.tobytes() in sent for row in (*weight, *np.ascontiguousarray(weight.T)))


@pytest.mark.parametrize("mode", ["nan", "narrow", "dies"])
def test_a_bad_box_ends_the_tuning_in_one_sentence(mode: str) -> None:
    with ProcessBox(toy_box.command(mode)) as box, pytest.raises(BoxFault, match="The black box"):
        tuning_of(box, PROMPT).run()


def test_shots_of_each_class() -> None:
    labels = np.repeat([0, 1, 2], 20)
    train, validation = few_shot(labels, 8, seed=1)
    assert np.bincount(labels[train]).tolist() == [8, 8, 8]
    assert np.bincount(labels[validation]).tolist() == [4, 4, 4]
    assert not set(train) & set(validation)
    assert few_shot(labels, 8, seed=1)[0].tolist() == train.tolist()
    assert few_shot(labels, 8, seed=2)[0].tolist() != train.tolist()
    assert len(few_shot(labels, 2, seed=1)[1]) == 6


@pytest.mark.parametrize(
    ("shots", "sentence"),
    [
        (16, "The class pear has 6 images, too few for 16 shots and 4 to select on. Choose at most 3 shots."),
        (4, "The class pear has 6 images, too few for 4 shots and 4 to select on. Choose at most 3 shots."),
        (0, "0 shots are too few. Give 1 or more."),
    ],
)
def test_a_class_with_too_few_images(shots: int, sentence: str) -> None:
    labels = np.array([0] * 30 + [1] * 6)
    with pytest.raises(UserFault) as e:
        few_shot(labels, shots, 0, ("apple", "pear"))
    assert str(e.value) == sentence
    assert len(few_shot(labels, 3, 0)[0]) == 6
