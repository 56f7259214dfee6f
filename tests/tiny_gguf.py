"""Model files of a few hundred kilobytes that llama.cpp loads in milliseconds.

Two kinds: random weights, whose text depends on all of the context (what a test of caches needs), and weights
that recite a given list of tokens (what a test of texts needs). The vocabulary is one token per byte, in the
GPT-2 form, a few merged pairs, and control tokens. Nothing here is meant to be good at anything.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tests.adapters.gguf_files import ARRAY, F32, Raw, text, value

N_EMBD: Final = 64
N_HEAD: Final = 2
N_FF: Final = 96
CONTROL: Final = ("<s>", "</s>", "<|im_start|>", "<|im_end|>")
MERGES: Final = (b"th", b"he", b"in", b"an", b"re", b" t", b" a", b"ab", b"abc", b"``", b"```", b"\n\n")
"""Tokens of several bytes; each is a known token followed by one byte. They make the tokens that were drawn
differ from the tokens that their text would be cut into."""

_ALIGNMENT: Final = 32
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6
_INT32, _UINT16 = 5, 2
Array = npt.NDArray[np.float32]


def byte_letters() -> dict[int, str]:
    """The letter that stands for each byte in GPT-2's vocabulary: itself if printable, else one from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}


def vocabulary() -> list[str]:
    """Tokens by id, as written in the file."""
    letters = byte_letters()
    merged = ["".join(letters[b] for b in m) for m in MERGES]
    return [letters[b] for b in range(256)] + merged + list(CONTROL)


def token_id(token: bytes | str) -> int:
    """Id of a byte or merged token (bytes) or of a control token (text)."""
    if isinstance(token, bytes):
        letters = byte_letters()
        token = "".join(letters[b] for b in token)
    return vocabulary().index(token)


def random_weights(seed: int = 0, n_layer: int = 2, n_vocab: int = 0) -> dict[str, Array]:
    """Weights whose text depends on all of the context.

    Args:
        seed: Of the weights.
        n_layer: Layers.
        n_vocab: Tokens; by default as many as :func:`vocabulary` has. Control tokens are never drawn.
    """
    rng = np.random.default_rng(seed)
    n_vocab = n_vocab or len(vocabulary())

    def normal(rows: int, cols: int, size: float = 1.0) -> Array:
        return np.asarray(rng.standard_normal((rows, cols)) * size / np.sqrt(cols), np.float32)

    weights = {"token_embd.weight": normal(n_vocab, N_EMBD, 8.0), "output_norm.weight": np.ones(N_EMBD, np.float32)}
    for i in range(n_layer):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights[f"blk.{i}.{name}.weight"] = normal(N_EMBD, N_EMBD, 4.0 if name in ("attn_q", "attn_k") else 3.0)
        weights[f"blk.{i}.ffn_gate.weight"] = normal(N_FF, N_EMBD, 2.0)
        weights[f"blk.{i}.ffn_up.weight"] = normal(N_FF, N_EMBD, 2.0)
        weights[f"blk.{i}.ffn_down.weight"] = normal(N_EMBD, N_FF, 2.0)
        weights[f"blk.{i}.attn_norm.weight"] = np.ones(N_EMBD, np.float32)
        weights[f"blk.{i}.ffn_norm.weight"] = np.ones(N_EMBD, np.float32)
    output = normal(n_vocab, N_EMBD, 6.0)
    # Letters are likely, other bytes are rare, control tokens are not drawn.
    for token in range(n_vocab):
        letter = token < 256 and (chr(token).isascii() and (chr(token).isalnum() or chr(token) in " \n.,`"))
        output[token] *= 1.0 if letter or token >= 256 else 0.6
    output[n_vocab - len(CONTROL) :] = 0
    weights["output.weight"] = output
    return weights


def reciting_weights(tokens: Sequence[int]) -> dict[str, Array]:
    """Weights under which each of ``tokens`` is followed by the next, the last by the first, whatever came before.

    Args:
        tokens: Distinct ids.
    """
    assert len(set(tokens)) == len(tokens), "a token has one successor"
    weights = random_weights(n_layer=1)
    for name in weights:
        if name.startswith("blk.") and "norm" not in name:
            weights[name] = np.zeros_like(weights[name])
    embedding = np.sign(weights["token_embd.weight"])
    embedding[embedding == 0] = 1
    output = np.zeros_like(embedding)
    for here, after in zip(tokens, [*tokens[1:], tokens[0]], strict=True):
        output[after] = embedding[here]
    weights["token_embd.weight"], weights["output.weight"] = embedding, output
    return weights


def write_model(path: Path, weights: Mapping[str, Array] | None = None, *, context: int = 4096) -> Path:
    """Write a model file; random weights unless some are given. Returns ``path``."""
    return _write(path, random_weights() if weights is None else weights, _tokenizer(), context)


def split_model(stem: str, parts: int = 2) -> dict[str, bytes]:
    """A model with random weights in several files, by their names, as llama-gguf-split makes them."""
    weights = random_weights()
    names = list(weights)
    files: dict[str, bytes] = {}
    for n in range(parts):
        here = names[n * len(names) // parts : (n + 1) * len(names) // parts]
        split: dict[str, object] = {
            "split.no": Raw(struct.pack("<IH", _UINT16, n)),
            "split.count": Raw(struct.pack("<IH", _UINT16, parts)),
            "split.tensors.count": Raw(struct.pack("<Ii", _INT32, len(names))),
        }
        known = {**_metadata(weights, 4096), **_tokenizer()} if n == 0 else {}
        files[f"{stem}-{n + 1:05d}-of-{parts:05d}.gguf"] = gguf(
            {**known, **split}, {name: weights[name] for name in here}
        )
    return files


def _tokenizer() -> dict[str, object]:
    letters = byte_letters()
    tokens = vocabulary()
    merges = [f"{''.join(letters[b] for b in m[:-1])} {letters[m[-1]]}" for m in MERGES]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tuple(tokens),
        "tokenizer.ggml.token_type": _int32([_CONTROL if t in CONTROL else _NORMAL for t in tokens]),
        "tokenizer.ggml.merges": tuple(merges),
        "tokenizer.ggml.bos_token_id": tokens.index("<s>"),
        "tokenizer.ggml.eos_token_id": tokens.index("<|im_end|>"),
        "tokenizer.ggml.add_bos_token": False,
    }


def write_sentencepiece_model(path: Path) -> Path:
    """Write a model file with random weights and a vocabulary as Llama 2 has it: scores instead of merges."""
    words = ("▁", *"abcdefghijklmnopqrstuvwxyz0123456789`<|>", "▁a", "``", "```", "ab", "▁ab")
    tokens = ("<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), *words)
    kinds = [_UNKNOWN, _CONTROL, _CONTROL, *[_BYTE] * 256, *[_NORMAL] * len(words)]
    scores = [0.0 if k != _NORMAL else float(len(t)) for t, k in zip(tokens, kinds, strict=True)]
    tokenizer: dict[str, object] = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": _int32(kinds),
        "tokenizer.ggml.scores": Raw(struct.pack(f"<IIQ{len(scores)}f", ARRAY, F32, len(scores), *scores)),
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
    }
    return _write(path, random_weights(n_vocab=len(tokens)), tokenizer, 4096)


def _write(path: Path, weights: Mapping[str, Array], tokenizer: Mapping[str, object], context: int) -> Path:
    path.write_bytes(gguf({**_metadata(weights, context), **tokenizer}, weights))
    return path


def _metadata(weights: Mapping[str, Array], context: int) -> dict[str, object]:
    return {
        "general.architecture": "llama",
        "general.name": "tiny",
        "llama.context_length": context,
        "llama.embedding_length": N_EMBD,
        "llama.block_count": sum(name.endswith("attn_q.weight") for name in weights),
        "llama.feed_forward_length": N_FF,
        "llama.attention.head_count": N_HEAD,
        "llama.attention.head_count_kv": N_HEAD,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": N_EMBD // N_HEAD,
    }


def _int32(values: Sequence[int]) -> Raw:
    return Raw(struct.pack(f"<IIQ{len(values)}i", ARRAY, _INT32, len(values), *values))


def gguf(meta: Mapping[str, object], tensors: Mapping[str, Array]) -> bytes:
    """A GGUF file, version 3: header, metadata, float32 tensors aligned to 32 bytes."""
    out = bytearray(struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(meta)))
    for key, entry in meta.items():
        out += text(key) + value(entry)
    offset = 0
    for name, array in tensors.items():
        out += text(name) + struct.pack("<I", array.ndim)
        out += b"".join(struct.pack("<Q", n) for n in reversed(array.shape))
        out += struct.pack("<IQ", 0, offset)
        offset += array.nbytes + -array.nbytes % _ALIGNMENT
    out += b"\0" * (-len(out) % _ALIGNMENT)
    for array in tensors.values():
        out += array.astype("<f4").tobytes() + b"\0" * (-array.nbytes % _ALIGNMENT)
    return bytes(out)
