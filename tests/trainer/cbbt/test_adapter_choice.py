"""An adapter after the prompt: better than the features alone, chosen on the validation split, without a query."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.trainer.cbbt import toy_box
from tests.trainer.cbbt.test_tune import PROMPT, TEST, TRAIN, VALIDATION
from trainer.__main__ import main
from trainer.cbbt import adapter_choice
from trainer.cbbt.adapter import accuracy
from trainer.cbbt.adapter_choice import RATES, RATIOS, chosen_adapter
from trainer.cbbt.box import ProcessBox
from trainer.cbbt.digits.experiment import METHODS
from trainer.cbbt.methods import Case, adapter_only, folder_name, prompt_then_adapter, tuned
from trainer.cbbt.shots import SealedSplit, Split

TEXTS = toy_box.texts({}, {"prompts": np.zeros((1, 1, toy_box.EMBEDDING), np.float32)})["features"][0]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_choice, "EPOCHS", 40)


def case() -> Case:
    return Case(TRAIN, VALIDATION, SealedSplit(TEST), 0)


def test_it_learns_and_says_what_was_chosen() -> None:
    best = chosen_adapter(TRAIN, VALIDATION, TEXTS, 10.0, 0)
    before = accuracy(TEST.features @ TEXTS.T, TEST.labels)
    logits = best.adapter.logits(best.values, TEST.features, TEXTS, 10.0)
    assert accuracy(logits, TEST.labels) > before + 0.05
    assert best.ratio in RATIOS
    assert best.rate in RATES
    assert accuracy(best.adapter.logits(best.values, VALIDATION.features, TEXTS, 10.0), VALIDATION.labels) == (
        best.validation
    )
    again = chosen_adapter(TRAIN, VALIDATION, TEXTS, 10.0, 0)
    assert again.values.tolist() == best.values.tolist()


def test_the_validation_split_alone_chooses() -> None:
    wrong = Split(VALIDATION.features, (VALIDATION.labels + 1) % toy_box.CLASSES)
    best, other = (chosen_adapter(TRAIN, split, TEXTS, 10.0, 0) for split in (VALIDATION, wrong))
    assert (best.ratio, best.rate, best.epoch) != (other.ratio, other.rate, other.epoch)


def test_both_take_the_prompt_that_was_tuned_alone(tmp_path: Path) -> None:
    with ProcessBox(toy_box.command()) as box:
        alone = tuned(PROMPT)(box, case(), tmp_path)
    # The box is gone: it would refuse to be asked about a single text more.
    with ProcessBox(toy_box.command("dies")) as box:
        both = prompt_then_adapter(PROMPT)(box, case(), tmp_path)
    assert both["queries"] == alone["queries"]
    assert both["validation"] >= alone["validation"]


def test_the_adapter_alone_asks_once() -> None:
    with ProcessBox(toy_box.command()) as box:
        scores = adapter_only(box, case(), Path())
    assert scores["queries"] == 1
    assert scores["test"] > 0.5


def test_folders() -> None:
    assert folder_name("both") == folder_name("prompt only") == "prompt-only"
    assert folder_name("both, jointly") == "both-jointly"
    assert len({folder_name(name) for name in METHODS}) == len(METHODS) - 1


def test_a_method_of_another_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="the extra trainer is not installed")
    from trainer.cbbt.digits.dual_encoder import DualShape, train_encoder

    train_encoder(count=256, epochs=1, shape=DualShape(32, 32, 24, 1)).save(tmp_path / "e")
    command = ["cbbt", "digits", "--encoder", str(tmp_path / "e"), "--run", str(tmp_path / "r"), "--methods", "all"]
    assert main(command) == 2
    assert "There is no method 'all'. Choose among zero-shot; linear probe;" in capsys.readouterr().err
