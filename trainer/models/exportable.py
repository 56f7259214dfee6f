"""Checks that a base can be trained here, and exported to GGUF.

The first is refused before any training. The second is only told then: a run may be wanted for itself; the export
refuses it, with the same sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from trainer.models import gguf_base
from trainer.models.bases import read_config
from trainer.models.rope import GLOBAL, KINDS, LOCAL, rope_of
from trainer.models.tokenizer import SpanTokenizer
from tutor_app.core.errors import UserFault

NEEDED: Final = (
    "hidden_size",
    "intermediate_size",
    "max_position_embeddings",
    "num_attention_heads",
    "num_hidden_layers",
    "rms_norm_eps",
    "vocab_size",
)
"""Numbers of a configuration without which no GGUF file can be written."""


def check_sound(folder: Path, tokenizer: SpanTokenizer) -> None:
    """See that a base can be trained.

    Raises:
        UserFault: If not, and why.
    """
    config = read_config(folder)
    names = config.get("architectures")
    if not names or not isinstance(names[0], str):
        raise UserFault(f"config.json of {folder} names no architecture.", "Fetch the base again.")
    if names[0] in gguf_base.EXPORTED:
        lacking = [key for key in NEEDED if not isinstance(config.get(key), int | float)]
        if lacking:
            raise UserFault(f"config.json of {folder} does not say {', '.join(lacking)}.", "Fetch the base again.")
        rope_of(config)
    if config.get("quantization_config"):
        raise UserFault(
            "The base is quantised already, so its weights cannot be trained.", "Choose its original, or a GGUF file."
        )
    rows = config.get("vocab_size")
    if isinstance(rows, int) and tokenizer.n_vocab > rows:
        raise UserFault(
            f"The tokenizer has {tokenizer.n_vocab:,} tokens, the model {rows:,}.", "They do not belong together."
        )


def obstacle(folder: Path, tokenizer: SpanTokenizer) -> str:
    """What stands in the way of a GGUF file, as a sentence, or empty."""
    config = read_config(folder)
    name = config["architectures"][0]
    if name not in gguf_base.EXPORTED:
        return f"A {name} cannot be exported: known are {', '.join(gguf_base.EXPORTED)}."
    odd = [what for what, is_so in _oddities(config, gguf_base.EXPORTED[name]).items() if is_so]
    if odd:
        return f"The base {odd[0]}, which cannot be exported."
    if not tokenizer.pre:
        return "llama.cpp does not know the pre-tokenizer of the base, so it cannot be exported."
    return ""


def check_exportable(folder: Path, tokenizer: SpanTokenizer) -> None:
    """See that a model can become a GGUF file.

    Raises:
        UserFault: If not, and why.
    """
    check_sound(folder, tokenizer)
    if why := obstacle(folder, tokenizer):
        raise UserFault(why, "Its folder serves other programs, and `evaluate --model` judges it.")


def is_tied(config: Mapping[str, Any]) -> bool:
    """Whether the model's output is its embedding; Gemma's is unless told otherwise."""
    gemma = str(config.get("model_type")).startswith("gemma")
    return bool(config.get("tie_word_embeddings", gemma))


def window_of(config: Mapping[str, Any]) -> int:
    """Tokens that a position sees at most in layers with a window, or 0 if it sees all before it."""
    window = config.get("sliding_window")
    if not isinstance(window, int) or config.get("use_sliding_window") is False:
        return 0
    # Mistral and Gemma have no switch, Qwen has one that is off unless it is set.
    kind = str(config.get("model_type"))
    used = config.get("use_sliding_window") or kind in ("mistral", "gemma2", "gemma3_text")
    return window if used else 0


def period_of(config: Mapping[str, Any]) -> int:
    """Every how many layers one without a window follows those with one; 0 if they do not alternate so."""
    usual = 2 if config.get("model_type") == "gemma2" else int(config.get("sliding_window_pattern") or 6)
    kinds = config.get("layer_types")
    if kinds is None:
        return usual
    period = kinds.index(GLOBAL) + 1 if GLOBAL in kinds else len(kinds) + 1
    wanted = [GLOBAL if i % period == period - 1 else LOCAL for i in range(len(kinds))]
    return period if kinds == wanted else 0


def _oddities(config: Mapping[str, Any], arch: str) -> dict[str, object]:
    rope = rope_of(config)
    scaled = rope.kind not in KINDS or (rope.kind == "llama3" and arch != "llama")
    act = str(config.get("hidden_activation") or config.get("hidden_act") or "silu")
    # llama.cpp's gelu is the one by tanh; Gemma's first releases say gelu and mean it.
    acts = ("gelu_pytorch_tanh", "gelu") if arch.startswith("gemma") else ("silu",)
    return {
        "has biases in its feed-forward layers": config.get("mlp_bias"),
        f"has the activation {act}": act not in acts,
        "rotates only a part of each head": config.get("partial_rotary_factor", 1.0) != 1.0,
        f"scales its rotary positions by {rope.kind}": scaled,
        f"scales its rotary positions by {rope.kind} with {', '.join(rope.others)}": rope.others,
        "has attention biases": config.get("attention_bias") and arch != "qwen2",
        **(_gemma(config, arch) if arch.startswith("gemma") else {}),
    }


def _gemma(config: Mapping[str, Any], arch: str) -> dict[str, object]:
    """What llama.cpp takes for granted of Gemma."""
    found: dict[str, object] = {"has an output of its own": not is_tied(config)}
    if arch == "gemma":
        return found
    head, layers = int(config.get("head_dim") or 256), int(config["num_hidden_layers"])
    size = gguf_base.attention_scale(arch, layers, int(config["hidden_size"]), int(config["num_attention_heads"]), head)
    caps = [config.get(f"{name}_logit_softcapping") for name in ("attn", "final")]
    local = rope_of(config, LOCAL)
    return found | {
        "scales its attention by another size than its heads have": config.get("query_pre_attn_scalar", 256) != size,
        "has layers with and without a window in an unusual order": not (window_of(config) and period_of(config)),
        "caps its scores in another way": any(caps) if arch == "gemma3" else not all(caps),
        "scales the rotary positions of layers with a window": local.kind != "default",
        "sees what comes later": config.get("use_bidirectional_attention"),
    }
