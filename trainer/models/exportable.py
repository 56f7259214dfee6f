"""What a base must be to be trained here, and what stands in the way of a GGUF file of it.

The first is refused before any training. The second is only told then: a run may be wanted for itself; the export
refuses it, with the same sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from trainer.models import gguf_base
from trainer.models.bases import read_config
from trainer.models.rope import KINDS, rope_of
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


def window_of(config: Mapping[str, Any]) -> int:
    """Tokens that a position sees at most, or 0 if it sees all before it."""
    window = config.get("sliding_window")
    if not isinstance(window, int) or config.get("use_sliding_window") is False:
        return 0
    # Mistral has no switch, Qwen has one that is off unless it is set.
    used = config.get("use_sliding_window") or str(config.get("model_type")) == "mistral"
    return window if used else 0


def _oddities(config: Mapping[str, Any], arch: str) -> dict[str, object]:
    rope = rope_of(config)
    scaled = rope.kind not in KINDS or (rope.kind == "llama3" and arch != "llama")
    return {
        "has biases in its feed-forward layers": config.get("mlp_bias"),
        f"has the activation {config.get('hidden_act')}": config.get("hidden_act", "silu") != "silu",
        "rotates only a part of each head": config.get("partial_rotary_factor", 1.0) != 1.0,
        f"scales its rotary positions by {rope.kind}": scaled,
        f"scales its rotary positions by {rope.kind} with {', '.join(rope.others)}": rope.others,
        "has attention biases": config.get("attention_bias") and arch != "qwen2",
    }
