"""The parts of models that are built in other ways than a Llama is."""

from typing import Any

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")

import torch

from trainer.models import parts
from tutor_app.core.errors import UserFault


def model(kind: str, **settings: Any) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(1)
    small: dict[str, Any] = {"vocab_size": 90, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    small |= {"intermediate_size": 48, "bos_token_id": None, "eos_token_id": 2, "pad_token_id": 2}
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **small | settings), dtype=torch.float32)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("gpt_neox", {}),
        ("phi", {}),
        ("cohere", {"logit_scale": 0.3, "num_key_value_heads": 1}),
        ("granite", {"logits_scaling": 7.0, "num_key_value_heads": 1}),
        ("starcoder2", {"num_key_value_heads": 1, "sliding_window": None}),
    ],
)
def test_other_architectures_are_taken_apart(kind: str, settings: dict[str, Any]) -> None:
    made = model(kind, **settings)
    assert len(parts.blocks(made)) == 2
    parts.check(made, packing=True)
    assert parts.changes_logits(made) == (kind in ("cohere", "granite"))


def test_what_a_model_does_in_between_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made = model("granite", logits_scaling=7.0, num_key_value_heads=1)
    monkeypatch.setattr(parts, "finished", lambda _, scores: scores)
    with pytest.raises(UserFault, match="changes its logits"):
        parts.check(made, packing=True)


def test_samples_that_would_see_one_another_are_found_out() -> None:
    made = model("gpt2", n_embd=32, n_layer=2, n_head=2)
    inner = made.transformer.forward
    made.transformer.forward = lambda *a, **k: inner(*a, **k | {"position_ids": None})
    with pytest.raises(UserFault, match="would see one another"):
        parts.check(made, packing=True)
    parts.check(made, packing=False)
