"""Boxes that fail in the middle: one sentence, what was learned is kept, and the same call goes on from there."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.cbbt import failing_box, toy_box
from tests.trainer.cbbt.test_tune import BOTH, same, tuning_of
from tests.trainer.cbbt.verifier import toy_judge
from tests.trainer.cbbt.verifier.test_training import CONFIG, PARTS, RIGHT, SOLUTIONS
from trainer.cbbt.box import BoxFault, Budget, ProcessBox, Shapes
from trainer.cbbt.frames import Array, Arrays
from trainer.cbbt.tune import STATE
from trainer.cbbt.verifier.training import STATE as VERIFIER_STATE
from trainer.cbbt.verifier.training import JudgeBox, VerifierTuning
from tutor_app.core.errors import UserFault

FAILURES = {
    "slow": "The black box gave no answer within 2 seconds and was ended.",
    "dies": "The black box ended by itself, saying: out of memory.",
    "nan": "The black box answered {} that are not all finite numbers.",
    "narrow": "The black box answered {} of size",
}
REMEDY = "What was learned so far is kept: the same command goes on from there."


@pytest.mark.parametrize("mode", FAILURES)
def test_a_tuning_goes_on_after_its_box_has_failed(mode: str, tmp_path: Path) -> None:
    with ProcessBox(toy_box.command()) as box:
        whole = tuning_of(box, BOTH).run()
    # Of the answers one is about the start, one about the untuned texts, and six of each epoch.
    with ProcessBox(failing_box.command(mode, 2 + 3 * 6, toy_box.command()), seconds=2) as box:
        tuning = tuning_of(box, BOTH, tmp_path)
        with pytest.raises(BoxFault) as fault:
            tuning.run()
    assert fault.value.message.startswith(FAILURES[mode].format("features"))
    assert "\n" not in str(fault.value)
    assert fault.value.remedy in (REMEDY, "Check that it is the model it says it is.")
    assert (tmp_path / STATE).exists()
    with ProcessBox(toy_box.command()) as box:
        again = tuning_of(box, BOTH, tmp_path)
        assert again.epoch == 3
        assert same(again.run(), whole)


@pytest.mark.parametrize("mode", FAILURES)
def test_a_verifier_goes_on_after_its_box_has_failed(mode: str, tmp_path: Path) -> None:
    texts = [s.text for s in SOLUTIONS]

    def tuning(process: ProcessBox, folder: Path) -> VerifierTuning:
        box = JudgeBox(process, Budget(limit=CONFIG.queries))
        box.read(texts)
        folder.mkdir(exist_ok=True)
        return VerifierTuning(box, RIGHT, PARTS.train, CONFIG, folder)

    with ProcessBox(toy_judge.command()) as process:
        whole = tuning(process, tmp_path / "whole").run()
    # 30 answers about what is read, one about the start, two of each step.
    with ProcessBox(failing_box.command(mode, 31 + 5 * 2, toy_judge.command()), seconds=2) as process:
        begun = tuning(process, tmp_path / "run")
        with pytest.raises(BoxFault) as fault:
            begun.run()
    assert fault.value.message.startswith(FAILURES[mode].format("margins"))
    assert (tmp_path / "run" / VERIFIER_STATE).exists()
    with ProcessBox(toy_judge.command()) as process:
        assert tuning(process, tmp_path / "run").run().tolist() == whole.tolist()


class Wider:
    """A box of another model: its embeddings have one number more."""

    def __init__(self, box: ProcessBox) -> None:
        self._box = box
        self.info = {**box.info, "embedding": toy_box.EMBEDDING + 1}

    def ask(self, op: str, arrays: Arrays, shapes: Shapes, **values: Any) -> dict[str, Array]:
        if op == "start":
            return {"prompt": np.zeros((toy_box.TOKENS, toy_box.EMBEDDING + 1), np.float32)}
        return self._box.ask(op, {n: np.ascontiguousarray(a[..., :-1]) for n, a in arrays.items()}, shapes, **values)

    def close(self) -> None:
        """The box belongs to another."""


def test_a_model_of_another_dimension_does_not_go_on(tmp_path: Path) -> None:
    with ProcessBox(toy_box.command()) as box:
        tuning_of(box, dataclasses.replace(BOTH, epochs=1), tmp_path).run()
        kept = (tmp_path / STATE).read_bytes()
        with pytest.raises(UserFault, match="begun with other settings, data or another model"):
            tuning_of(Wider(box), dataclasses.replace(BOTH, epochs=1), tmp_path)
    assert (tmp_path / STATE).read_bytes() == kept


@pytest.mark.parametrize("mode", FAILURES)
def test_a_box_that_fails_at_once(mode: str, tmp_path: Path) -> None:
    """Nothing was learned yet: nothing broken is left behind either."""
    with (
        ProcessBox(failing_box.command(mode, 0, toy_box.command()), seconds=2) as box,
        pytest.raises(BoxFault, match="The black box"),
    ):
        tuning_of(box, BOTH, tmp_path).run()
    assert not (tmp_path / STATE).exists()
    with ProcessBox(toy_box.command()) as box:
        assert tuning_of(box, BOTH, tmp_path).epoch == 0
