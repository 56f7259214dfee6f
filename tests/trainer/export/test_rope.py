"""Rotary positions that are scaled, and windows: what llama.cpp computes of the file is what transformers computes."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")
pytest.importorskip("gguf", reason="the trainer's packages are not installed")
if find_spec("llama_cpp") is None:  # importing it would leave files open
    pytest.skip("llama-cpp-python is not installed", allow_module_level=True)

import numpy as np
import torch

from tests.trainer.tiny_models import code_records, texts
from trainer.export import gguf
from trainer.models import bases, exportable, gguf_base, rope
from trainer.models.tokenizer import SpanTokenizer, from_folder
from trainer.train.tiny import make_base, train_tokenizer
from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.core.errors import UserFault

LLAMA_31 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
NEAR = LLAMA_31 | {"rope_theta": 100.0, "original_max_position_embeddings": 64}
"""Scaled so that it shows within the few tokens of a test."""
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 32}


@pytest.fixture(scope="module")
def tokenizer() -> SpanTokenizer:
    return train_tokenizer(texts(code_records(40)), 500)


def base(folder: Path, tokenizer: SpanTokenizer, kind: str, **settings: Any) -> Path:
    """Of weights so large that attention depends on positions."""
    make_base(folder, tokenizer, kind=kind, width=128, initializer_range=0.15, **settings)
    return folder


def written_and_checked(folder: Path, work: Path) -> gguf.Gate:
    """Without problems being solved: what such weights say is noise."""
    tokenizer = from_folder(folder)
    exportable.check_exportable(folder, tokenizer)
    gguf.write_f16(folder, tokenizer, work / "m.gguf", name="Tiny", dialect="mumath")
    return gguf.check(work / "m.gguf", folder, tokenizer, "mumath", work, gguf.made_up_prompts())


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("llama", {"rope_parameters": NEAR}),
        ("llama", {"rope_parameters": LLAMA_31, "max_position_embeddings": 131072, "head_dim": 64}),
        ("llama", {"rope_parameters": LINEAR}),
        ("qwen2", {"rope_parameters": LINEAR}),
        ("qwen3", {"rope_parameters": YARN, "max_position_embeddings": 128}),
        ("mistral", {"sliding_window": None}),
        ("mistral", {"sliding_window": 128, "head_dim": 64, "tie_word_embeddings": False}),
    ],
)
def test_an_exported_file_computes_what_the_model_computes(
    tokenizer: SpanTokenizer, tmp_path: Path, kind: str, settings: dict[str, Any]
) -> None:
    folder = base(tmp_path / "base", tokenizer, kind, **settings)
    gate = written_and_checked(folder, tmp_path)
    assert gate.mismatches == 0
    assert gate.kl < 1e-5
    header = read_gguf(tmp_path / "m.gguf")
    assert header.architecture == ("llama" if kind == "mistral" else kind)
    window = settings.get("sliding_window")
    context = window or settings.get("max_position_embeddings", 2048)
    assert gguf_base.metadata(tmp_path / "m.gguf")[f"{header.architecture}.context_length"] == context


@pytest.mark.parametrize("settings", [NEAR, LINEAR])
def test_a_file_that_is_scaled_otherwise_fails_the_gate(
    tokenizer: SpanTokenizer, tmp_path: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = base(tmp_path / "base", tokenizer, "llama", rope_parameters=settings)
    monkeypatch.setattr(rope, "rope_of", lambda *_: rope.Rope(settings["rope_theta"]))
    assert "divergence" in written_and_checked(folder, tmp_path).failure("f16")


def test_the_factors_of_llama_31() -> None:
    factors = rope.frequency_factors(rope.rope_of({"rope_parameters": LLAMA_31}), 128)
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    config = LlamaConfig(head_dim=128, rope_parameters=dict(LLAMA_31), max_position_embeddings=131072)
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, torch.device("cpu"))
    plain = 500000.0 ** -(torch.arange(0, 128, 2) / 128)
    assert np.allclose(factors, (plain / scaled).numpy(), rtol=1e-5)
    assert factors[0] == 1.0
    assert factors[-1] == 8.0
    again = rope.from_factors(factors.tolist(), 500000.0)
    assert again is not None
    assert (again.factor, again.original) == (8.0, 8192)
    assert rope.from_factors([1.0, 2.0, 3.0, 4.0], 10000.0) is None


def test_a_file_with_factors_is_a_base(tokenizer: SpanTokenizer, tmp_path: Path) -> None:
    folder = base(
        tmp_path / "base", tokenizer, "llama", rope_parameters=LLAMA_31, max_position_embeddings=131072, head_dim=64
    )
    path = tmp_path / "m.gguf"
    gguf.write_f16(folder, from_folder(folder), path, name="Tiny", dialect="mumath")
    again = bases.prepare(path, tmp_path / "again", "mumath")
    assert rope.rope_of(bases.read_config(again)) == rope.rope_of({"rope_parameters": LLAMA_31})
    ids = torch.tensor([[3, 10, 20, 30, 40, 50]])
    logits = [bases.load_model(f).eval()(input_ids=ids, use_cache=False).logits for f in (folder, again)]
    assert torch.allclose(logits[0], logits[1], atol=2e-2)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"rope_scaling": {"type": "linear"}}, "lacks factor"),
        ({"rope_scaling": {"type": "linear", "factor": 0}}, "lacks factor"),
        ({"rope_parameters": {"rope_type": "llama3", "factor": 8}}, "lacks low_freq_factor, high_freq_factor"),
        ({"rope_parameters": NEAR | {"original_max_position_embeddings": None}}, "lacks original_max_position"),
        ({"rope_parameters": NEAR | {"high_freq_factor": 1.0}}, "high factor is not above its low"),
        ({"rope_scaling": {"type": "yarn", "factor": 4.0}}, "lacks original_max_position"),
        ({"rope_parameters": {"full_attention": 3}}, "no usable rope_parameters"),
        ({"rope_parameters": {"rope_theta": True}}, "no usable rope_parameters"),
        ({"rope_theta": -1}, "no usable rope_theta"),
    ],
)
def test_settings_that_are_incomplete_are_one_sentence(config: dict[str, Any], said: str) -> None:
    with pytest.raises(UserFault, match=said):
        rope.rope_of(config)


def test_every_form_of_the_settings_is_read() -> None:
    old = {"rope_theta": 5e5, "rope_scaling": {k: v for k, v in LLAMA_31.items() if k != "rope_theta"}}
    assert rope.rope_of(old) == rope.rope_of({"rope_parameters": LLAMA_31})
    assert rope.rope_of({}) == rope.Rope(10000.0)
    both = {"rope_parameters": {"full_attention": LINEAR, "sliding_attention": {"rope_theta": 1e4}}}
    assert rope.rope_of(both).kind == "linear"
    assert rope.rope_of(both, rope.LOCAL) == rope.Rope(10000.0)
    assert rope.rope_of({"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}}).kind == "dynamic"
