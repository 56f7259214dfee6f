"""Writes tiny GGUF files for tests: valid ones, and ones that are wrong in exactly one way."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor_app.adapters.models.gguf import TENSOR_TYPES

TOKENS = ("<unk>", "<s>", "</s>", "a", "b")
_TYPE_NUMBERS = {name: number for number, (name, _, _) in TENSOR_TYPES.items()}

U32, F32, BOOL, STRING, ARRAY, U64 = 4, 6, 7, 8, 9, 10


def text(s: str | bytes) -> bytes:
    raw = s.encode() if isinstance(s, str) else s
    return struct.pack("<Q", len(raw)) + raw


def value(v: object) -> bytes:
    """A typed value, with its type number in front."""
    if isinstance(v, Raw):
        return v.data
    if isinstance(v, bool):
        return struct.pack("<I?", BOOL, v)
    if isinstance(v, int):
        return struct.pack("<II", U32, v)
    if isinstance(v, float):
        return struct.pack("<If", F32, v)
    if isinstance(v, str):
        return struct.pack("<I", STRING) + text(v)
    if isinstance(v, tuple) and v and isinstance(v[0], str):
        return struct.pack("<IIQ", ARRAY, STRING, len(v)) + b"".join(text(x) for x in v)
    if isinstance(v, tuple):
        return struct.pack(f"<IIQ{len(v)}I", ARRAY, U32, len(v), *v)
    raise TypeError(type(v))


@dataclass(frozen=True)
class Raw:
    """A value given as bytes, for hostile files."""

    data: bytes


@dataclass(frozen=True)
class TensorSpec:
    name: str = "token_embd.weight"
    shape: tuple[int, ...] = (256, 5)
    type: str | int = "Q4_K"
    offset: int | None = None


METADATA: Mapping[str, object] = {
    "general.architecture": "llama",
    "general.name": "Tiny",
    "llama.context_length": 512,
    "llama.block_count": 2,
    "llama.embedding_length": 256,
    "llama.feed_forward_length": 512,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.tokens": TOKENS,
}

TENSORS = (TensorSpec(), TensorSpec("output_norm.weight", (256,), "F32"), TensorSpec("output.weight", (256, 5), "Q6_K"))


def gguf_bytes(
    metadata: Mapping[str, object] | None = None,
    tensors: Sequence[TensorSpec] = TENSORS,
    *,
    magic: bytes = b"GGUF",
    version: int = 3,
    n_tensors: int | None = None,
    n_keys: int | None = None,
    alignment: int = 32,
    without: Sequence[str] = (),
    tail: bytes = b"",
) -> bytes:
    """A whole file; ``metadata`` is merged into :data:`METADATA`, ``without`` drops keys."""
    entries = {k: v for k, v in {**METADATA, **(metadata or {})}.items() if k not in without}
    out = magic + struct.pack("<I", version)
    out += struct.pack("<Q", len(tensors) if n_tensors is None else n_tensors)
    out += struct.pack("<Q", len(entries) if n_keys is None else n_keys)
    for key, v in entries.items():
        out += text(key) + value(v)
    offset = end = 0
    for t in tensors:
        number = t.type if isinstance(t.type, int) else _TYPE_NUMBERS[t.type]
        _, block, block_bytes = TENSOR_TYPES.get(number, ("", 1, 1))
        elements = 1
        for n in t.shape:
            elements *= n
        at = offset if t.offset is None else t.offset
        out += text(t.name) + struct.pack(f"<I{len(t.shape)}Q", len(t.shape), *t.shape)
        out += struct.pack("<IQ", number, at)
        end = offset + elements // block * block_bytes
        offset = -(-end // alignment) * alignment
    out += bytes(-len(out) % alignment)
    data = bytes(i * 7 % 251 for i in range(min(end, 1 << 16)))
    return out + data + tail


def write_gguf(path: Path, metadata: Mapping[str, object] | None = None, **options: object) -> Path:
    path.write_bytes(gguf_bytes(metadata, **options))  # type: ignore[arg-type]
    return path
