"""Planned memory against what torch really holds, and published models against their known numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")

import torch

from trainer.__main__ import main
from trainer.config import TrainConfig, load
from trainer.models import bases, parts
from trainer.train import plan
from trainer.train.loss import SupervisedLoss

FP32 = TrainConfig(precision="fp32", ce_chunk=16)


def module(kind: str, width: int, inner: int, heads: int, shared: int, layers: int, **others: Any) -> SupervisedLoss:
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        kind,
        vocab_size=500,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=shared,
        head_dim=width // heads,
        tie_word_embeddings=True,
    )
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).train()
    if others.get("checkpointed"):
        bases.checkpoint_activations(model)
    return SupervisedLoss(model, 16)


def kept(made: SupervisedLoss, tokens: int) -> int:
    """Bytes that torch keeps for the backward pass of a row, weights left out."""
    own = {p.untyped_storage().data_ptr() for p in made.parameters()}
    found: dict[int, int] = {}

    def keep(t: torch.Tensor) -> torch.Tensor:
        storage = t.untyped_storage()
        if storage.data_ptr() not in own:
            found[storage.data_ptr()] = storage.nbytes()
        return t

    ids, positions = torch.randint(0, 500, (1, tokens)), torch.arange(tokens)[None]
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        loss = made(ids, positions, ids)
    assert loss.isfinite()
    return sum(found.values())


# The second is as wide as SmolLM2-135M.
@pytest.mark.parametrize("sizes", [(64, 192, 4, 2), (576, 1536, 9, 3), (128, 256, 4, 4)], ids=str)
@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("checkpointed", [False, True])
def test_planned_memory_is_what_torch_holds(kind: str, sizes: tuple[int, int, int, int], checkpointed: bool) -> None:
    made = module(kind, *sizes, layers=3, checkpointed=checkpointed)
    shape = parts.causal(made.model).config.to_dict()
    layer, inputs, ends = plan.kept_activations(shape, FP32, 150)
    planned = 3 * (inputs if checkpointed else layer) + ends
    assert planned == pytest.approx(kept(made, 150), rel=0.1)
    counts = plan.counts(shape, FP32)
    assert counts.total == sum(p.numel() for p in made.parameters())
    whole = plan.make(shape, FP32, plan.CARDS["a100-40"], 1, tokens=1e6, mfu=0.4)
    assert (whole.weights, whole.gradients, whole.optimizer) == (4 * counts.total, 4 * counts.total, 8 * counts.total)


def test_adapters_are_counted_as_peft_makes_them() -> None:
    config = TrainConfig(precision="fp32", method="lora", lora_r=4)
    made = module("llama", 64, 192, 4, 2, layers=2)
    shape = parts.causal(made.model).config.to_dict()
    adapted = bases.with_adapters(made.model, config)
    assert plan.counts(shape, config).trained == sum(p.numel() for p in adapted.parameters() if p.requires_grad)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("llama-2-7b", 6_738_415_616),
        ("llama-2-13b", 13_015_864_320),
        ("llama-2-70b", 68_976_648_192),
        ("codellama-7b", 6_738_546_688),
        ("codellama-34b", 33_743_970_304),
    ],
)
def test_published_models_have_their_published_parameters(name: str, parameters: int) -> None:
    assert plan.counts(plan.SHAPES[name], TrainConfig()).total == parameters


CONFIGS = Path(__file__).parents[3] / "trainer" / "configs"


@pytest.mark.parametrize(
    ("file", "base", "gpus", "fits"),
    [
        ("stage1.toml", "llama-2-7b", 8, True),
        ("stage2.toml", "codellama-13b", 8, True),
        ("stage1-34b.toml", "codellama-34b", 16, True),
        ("stage1-70b.toml", "llama-2-70b", 16, True),
        ("stage2-70b.toml", "codellama-70b", 16, True),
        ("stage1.toml", "llama-2-70b", 8, False),
        ("stage1.toml", "llama-2-7b", 1, False),
    ],
)
def test_the_recipes_fit_where_they_are_meant_for(file: str, base: str, gpus: int, fits: bool) -> None:
    config = load(CONFIGS / file)
    made = plan.make(plan.SHAPES[base], config, plan.CARDS["h100-80"], gpus, tokens=1e8, mfu=0.4)
    assert made.fits == fits


@pytest.mark.parametrize(
    ("size", "file", "gpus", "hours"),
    [
        ("llama-2-7b", "stage1.toml", 8, 3.7),
        ("codellama-7b", "stage2.toml", 8, 4.4),
        ("llama-2-13b", "stage1.toml", 8, 7.1),
        ("codellama-13b", "stage2.toml", 8, 8.5),
        ("codellama-34b", "stage1-34b.toml", 16, 9.2),
        ("codellama-34b", "stage2-34b.toml", 16, 11.0),
        ("llama-2-70b", "stage1-70b.toml", 16, 53.3),
        ("codellama-70b", "stage2-70b.toml", 16, 50.0),
    ],
)
def test_every_recipe_has_a_plan(
    capsys: pytest.CaptureFixture[str], size: str, file: str, gpus: int, hours: float
) -> None:
    config = load(CONFIGS / file)
    stage = int(file[5])
    # As published: 3 epochs of 128 samples, linear from 2e-5 (1e-5 from 34B on), warm-up 0.03, no decay.
    assert (config.stage, config.epochs, config.batch_size, config.schedule) == (stage, 3, 128, "linear")
    assert (config.lr, config.warmup_ratio, config.weight_decay) == (2e-5 if gpus == 8 else 1e-5, 0.03, 0.0)
    assert config.max_length == (2048 if gpus == 8 else 1536)
    asked = ["train", "--plan", "--config", str(CONFIGS / file), "--base", size, "--gpus", str(gpus)]
    assert main(asked) == 0
    said = capsys.readouterr().out
    for row in (
        "weights",
        "gradients",
        "optimiser",
        "activations, rows of",
        "in all",
        "\nIt fits.\n",
        "tokens/s on each",
    ):
        assert row in said
    assert f"{hours} hours for 3 epochs" in said


def test_the_command_says_what_a_run_takes(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["train", "--plan", "--config", str(CONFIGS / "stage1.toml"), "--base", "llama-2-7b"]
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert "6.74B parameters, 6.74B trained; 8 x h100-80" in said
    assert "\nIt fits.\n" in said
    assert main([*asked, "--gpus", "1"]) == 0
    assert "It does not fit: try" in capsys.readouterr().out
    assert main([*asked, "--card", "abacus"]) == 2
    assert "There is no card 'abacus'. Known are h100-80" in capsys.readouterr().err
    assert main([*asked[:-1], "no-such-model"]) == 2
    assert "is neither a model folder nor a known shape" in capsys.readouterr().err
    assert main([*asked[:1], *asked[2:]]) == 2
    assert "Training needs --data and --run" in capsys.readouterr().err
