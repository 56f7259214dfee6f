"""A GGUF file as a base for training: its weights dequantised, under Hugging Face's names.

So real weights can be trained where no hub can be reached. Llama, Qwen2, Qwen3 and Gemma 1 to 3, rotary positions
unscaled, scaled linearly or as Llama 3 does; anything else is refused before a weight is read. What quantisation took
away stays lost: training starts from what the file holds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from trainer.models.rope import FACTORS, GLOBAL, LOCAL, from_factors
from tutor_app.adapters.models.gguf import read_gguf
from tutor_app.core.errors import UserFault

ARCHITECTURES: Final[Mapping[str, str]] = {
    "llama": "LlamaForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "gemma": "GemmaForCausalLM",
    "gemma2": "Gemma2ForCausalLM",
    "gemma3": "Gemma3ForCausalLM",
}
"""GGUF's name of an architecture, and Hugging Face's."""
EXPORTED: Final[Mapping[str, str]] = {
    **{hf: name for name, hf in ARCHITECTURES.items()},
    "MistralForCausalLM": "llama",
}
"""Hugging Face's name of an architecture, and GGUF's; to llama.cpp, Mistral is a Llama."""

_BLOCK: Final[Mapping[str, str]] = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_TOP: Final[Mapping[str, str]] = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
_GEMMA_BLOCK: Final = {
    **_BLOCK,
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
"""From Gemma 2 on, what is elsewhere the norm before the feed-forward layer stands behind the attention."""
_BLOCK_BACK: Final = {hf: name for name, hf in _BLOCK.items()}
_GEMMA_BACK: Final = {hf: name for name, hf in _GEMMA_BLOCK.items()}
_TOP_BACK: Final = {hf: name for name, hf in _TOP.items()}

CAPS: Final = {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0}
"""What Gemma 2's scores are capped at where a file does not say it."""

_SCALARS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What the names and the layout of tensors depend on.

    Attributes:
        architecture: GGUF's name.
        n_head: Attention heads.
        n_head_kv: Key-value heads.
    """

    architecture: str
    n_head: int
    n_head_kv: int


def hf_name(name: str, arch: str = "llama") -> str | None:
    """Hugging Face's name of a GGUF tensor, or None if it has none."""
    block = _GEMMA_BLOCK if arch in ("gemma2", "gemma3") else _BLOCK
    stem, _, suffix = name.rpartition(".")
    if stem in _TOP:
        return f"{_TOP[stem]}.{suffix}"
    parts = stem.split(".")
    if len(parts) == 3 and parts[0] == "blk" and parts[2] in block:
        return f"model.layers.{parts[1]}.{block[parts[2]]}.{suffix}"
    return None


def gguf_name(name: str, arch: str = "llama") -> str | None:
    """GGUF's name of a Hugging Face tensor, or None if it has none."""
    block = _GEMMA_BACK if arch in ("gemma2", "gemma3") else _BLOCK_BACK
    stem, _, suffix = name.rpartition(".")
    if stem in _TOP_BACK:
        return f"{_TOP_BACK[stem]}.{suffix}"
    parts = stem.split(".", 3)
    if len(parts) == 4 and parts[:2] == ["model", "layers"] and parts[3] in block:
        return f"blk.{parts[2]}.{block[parts[3]]}.{suffix}"
    return None


def offset(name: str, shape: Shape) -> float:
    """What llama.cpp's form of this (Hugging Face) tensor has added: Gemma's norms scale by one more than they say."""
    return 1.0 if shape.architecture.startswith("gemma") and name.endswith("norm.weight") else 0.0


def rotary_heads(name: str, shape: Shape) -> int:
    """Heads whose rows llama.cpp keeps in another order for this (Hugging Face) tensor, 0 for none.

    For the llama architecture it rotates neighbouring pairs, Hugging Face the two halves of a head.
    """
    if shape.architecture != "llama":
        return 0
    if ".q_proj." in name:
        return shape.n_head
    return shape.n_head_kv if ".k_proj." in name else 0


def halves_to_pairs(weights: Any, n_head: int) -> Any:
    """Hugging Face's order of a head's rows to llama.cpp's; shape ``(rows, ...)``."""
    rows = weights.shape[0]
    split = weights.reshape(n_head, 2, rows // n_head // 2, *weights.shape[1:])
    return split.swapaxes(1, 2).reshape(weights.shape)


def pairs_to_halves(weights: Any, n_head: int) -> Any:
    """The other way."""
    rows = weights.shape[0]
    split = weights.reshape(n_head, rows // n_head // 2, 2, *weights.shape[1:])
    return split.swapaxes(1, 2).reshape(weights.shape)


def metadata(path: Path) -> dict[str, Any]:
    """Every key and value of the file, long lists included.

    Raises:
        ModelFileFault: If the file is missing, damaged or no GGUF.
    """
    # The adapter's reader checks every bound of a file of unknown origin; after it this simple one is safe.
    read_gguf(path)
    with path.open("rb") as f:
        f.seek(8)
        _, n_keys = struct.unpack("<QQ", f.read(16))
        return {_text(f): _value(f, _number(f, "I")) for _ in range(n_keys)}


def config_of(keys: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Settings of Hugging Face's configuration class.

    Raises:
        UserFault: If the architecture cannot be trained here.
    """
    arch = str(keys.get("general.architecture", ""))
    scaling = keys.get(f"{arch}.rope.scaling.type", "none")
    if arch not in ARCHITECTURES or scaling not in ("none", "linear"):
        what = f"the architecture {arch or 'unknown'}" + (f" with {scaling} rope scaling" if scaling != "none" else "")
        raise UserFault(
            f"{path.name} has {what}.",
            f"Known are {', '.join(ARCHITECTURES)}, unscaled, scaled linearly or as Llama 3 is.",
        )
    try:
        config = _config(keys, arch)
        if scaling == "linear":
            config["rope_parameters"] |= {"rope_type": scaling, "factor": float(keys[f"{arch}.rope.scaling.factor"])}
        if arch.startswith("gemma"):
            return config | _gemma(keys, arch, config)
        return config | _factors(path, config)
    except (KeyError, TypeError, ValueError) as e:
        raise UserFault(
            f"The header of {path.name} does not say what is needed ({e}).", "Choose another base."
        ) from None


def _config(keys: Mapping[str, Any], arch: str) -> dict[str, Any]:
    heads, width = int(keys[f"{arch}.attention.head_count"]), int(keys[f"{arch}.embedding_length"])
    return {
        "model_type": arch,
        "architectures": [ARCHITECTURES[arch]],
        "vocab_size": len(keys["tokenizer.ggml.tokens"]),
        "hidden_size": width,
        "intermediate_size": int(keys[f"{arch}.feed_forward_length"]),
        "num_hidden_layers": int(keys[f"{arch}.block_count"]),
        "num_attention_heads": heads,
        "num_key_value_heads": int(keys.get(f"{arch}.attention.head_count_kv", heads)),
        "head_dim": int(keys.get(f"{arch}.attention.key_length", width // heads)),
        "max_position_embeddings": int(keys.get(f"{arch}.context_length", 2048)),
        "rms_norm_eps": float(keys[f"{arch}.attention.layer_norm_rms_epsilon"]),
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": float(keys.get(f"{arch}.rope.freq_base", 10000.0)),
        },
        "bos_token_id": keys.get("tokenizer.ggml.bos_token_id"),
        "eos_token_id": keys.get("tokenizer.ggml.eos_token_id"),
        "hidden_act": "silu",
    }


def _gemma(keys: Mapping[str, Any], arch: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of Gemma's configuration that differ; llama.cpp's reader takes the same for granted."""
    found: dict[str, Any] = {
        "hidden_act": "gelu_pytorch_tanh",
        "head_dim": int(keys.get(f"{arch}.attention.key_length", 256)),
    }
    if arch == "gemma":
        return found
    layers = config["num_hidden_layers"]
    found |= {
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": attention_scale(
            arch, layers, config["hidden_size"], config["num_attention_heads"], found["head_dim"]
        ),
        "sliding_window": int(keys[f"{arch}.attention.sliding_window"]),
    }
    period = keys.get(f"{arch}.attention.sliding_window_pattern", 2 if arch == "gemma2" else 6)
    if not isinstance(period, int):
        raise ValueError("a pattern of windows for each layer")
    found["layer_types"] = [GLOBAL if i % period == period - 1 else LOCAL for i in range(layers)]
    if arch == "gemma2":
        return found | {name: float(keys.get(f"{arch}.{name}", usual)) for name, usual in CAPS.items()}
    local = {"rope_type": "default", "rope_theta": float(keys.get(f"{arch}.rope.freq_base_swa", 10000.0))}
    return found | {
        "model_type": "gemma3_text",
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
        "rope_parameters": {GLOBAL: config["rope_parameters"], LOCAL: local},
    }


def attention_scale(arch: str, layers: int, width: int, heads: int, head_size: int) -> int:
    """What Gemma 2 and 3 scale queries by (its root): the size of a head, but for the models of 27B."""
    return width // heads if layers == {"gemma2": 46, "gemma3": 62}.get(arch) else head_size


def _factors(path: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that the factors of a file's frequencies come from; none if it has none."""
    header = read_gguf(path)
    tensor = next((t for t in header.tensors if t.name == FACTORS), None)
    if tensor is None:
        return {}
    raw = np.memmap(path, dtype=np.uint8, mode="r", offset=header.data_offset + tensor.offset, shape=(tensor.bytes,))
    found = from_factors(raw.view(np.float32).tolist(), config["rope_parameters"]["rope_theta"])
    if tensor.type != "F32" or found is None:
        raise UserFault(f"{path.name} scales its rotary positions in a way that is not known.", "Choose another base.")
    scaled = {
        "rope_type": found.kind,
        "rope_theta": found.theta,
        "factor": found.factor,
        "low_freq_factor": found.low,
        "high_freq_factor": found.high,
        "original_max_position_embeddings": found.original,
    }
    return {"rope_parameters": scaled}


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of all tensors under Hugging Face's names, in file order.

    Raises:
        ModelFileFault: If the file is damaged.
        UserFault: If it holds a tensor that has no place in the architecture.
    """
    header = read_gguf(path)
    held = [t for t in header.tensors if t.name != FACTORS]
    return {_placed(t.name, header.architecture, path): tuple(reversed(t.shape)) for t in held}


def _placed(tensor: str, arch: str, path: Path) -> str:
    name = hf_name(tensor, arch)
    if name is None:
        raise UserFault(f"{path.name} holds {tensor}, which has no place in {arch}.", "Choose another base.")
    return name


def weights(path: Path, keys: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every tensor under Hugging Face's name, float32, in file order.

    Raises:
        ModelFileFault: If the file is damaged.
        UserFault: If it holds a tensor that has no place in the architecture.
    """
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    header = read_gguf(path)
    arch = header.architecture
    heads = int(keys[f"{arch}.attention.head_count"])
    shape = Shape(arch, heads, int(keys.get(f"{arch}.attention.head_count_kv", heads)))
    mapped = np.memmap(path, dtype=np.uint8, mode="r")
    for tensor in header.tensors:
        if tensor.name == FACTORS:
            continue
        name = _placed(tensor.name, arch, path)
        start = header.data_offset + tensor.offset
        raw = mapped[start : start + tensor.bytes]
        kind = GGMLQuantizationType[tensor.type]
        rows = tuple(reversed(tensor.shape))
        if tensor.type in ("F32", "F16"):
            values = raw.view(np.float32 if tensor.type == "F32" else np.float16).astype(np.float32)
        else:
            # The rows of the last axis are quantised each by itself.
            values = dequantize(raw.reshape(int(np.prod(rows[:-1])), -1), kind)
        values = values.reshape(rows)
        n = rotary_heads(name, shape)
        values = pairs_to_halves(values, n) if n else values
        yield name, values - np.float32(offset(name, shape))


def _number(f: BinaryIO, kind: str) -> Any:
    packed = struct.Struct(f"<{kind}")
    return packed.unpack(f.read(packed.size))[0]


def _text(f: BinaryIO) -> str:
    return f.read(_number(f, "Q")).decode("utf-8", "replace")


def _value(f: BinaryIO, kind: int) -> Any:
    if kind == 8:
        return _text(f)
    if kind != 9:
        return _number(f, _SCALARS[kind])
    of, count = _number(f, "I"), _number(f, "Q")
    if of in _SCALARS:
        packed = struct.Struct(f"<{count}{_SCALARS[of]}")
        return list(packed.unpack(f.read(packed.size)))
    return [_value(f, of) for _ in range(count)]
