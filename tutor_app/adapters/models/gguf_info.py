"""Reads the header of a GGUF file: its keys, and where its tensors lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Scalar = int | float | bool | str
Value = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where one tensor lies.

    Attributes:
        name: As in the file.
        shape: Sizes, fastest-varying first (ggml's order).
        type: Name of the tensor type, for example ``Q4_K``.
        offset: Bytes from the start of the data section.
        bytes: Length.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    offset: int
    bytes: int


@dataclass(frozen=True, slots=True)
class GgufInfo:
    """What the header says; every property copes with a key that is missing or of the wrong type.

    Attributes:
        path: The file.
        size: Its length in bytes.
        version: Of the format.
        metadata: Scalars, texts and short arrays by key.
        tensors: In file order.
        data_offset: Where the data section starts, in bytes.
        n_vocab: Tokens in the vocabulary, 0 if there is none.
        bos_token: Text of the begin-of-sequence token, or empty.
        eos_token: Text of the end-of-sequence token, or empty.
    """

    path: Path
    size: int
    version: int
    metadata: Mapping[str, Value] = field(repr=False)
    tensors: tuple[Tensor, ...] = field(repr=False)
    data_offset: int
    n_vocab: int = 0
    bos_token: str = ""
    eos_token: str = ""

    def text(self, key: str) -> str:
        """A text value, or empty."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str, default: int = 0) -> int:
        """A whole, non-negative number; of an array (one per layer) the largest."""
        value = self.metadata.get(key)
        values = value if isinstance(value, tuple) else (value,)
        whole = [v for v in values if isinstance(v, int) and not isinstance(v, bool) and v >= 0]
        return max(whole, default=default)

    @property
    def architecture(self) -> str:
        """The architecture, for example ``qwen2`` or ``llama``."""
        return self.text("general.architecture")

    @property
    def name(self) -> str:
        """The model's own name, else the name of the file."""
        return plain_name(self.text("general.name")) or plain_name(self.path.stem) or "model"

    @property
    def context_length(self) -> int:
        """Tokens the model was trained for, or 0."""
        return self.number(f"{self.architecture}.context_length")

    @property
    def n_layer(self) -> int:
        """Transformer blocks, or 0."""
        return self.number(f"{self.architecture}.block_count")

    @property
    def chat_template(self) -> str:
        """Jinja2 source of the chat template, or empty."""
        return self.text("tokenizer.chat_template")

    @property
    def weight_bytes(self) -> int:
        """Bytes of all tensors."""
        return sum(t.bytes for t in self.tensors)


def plain_name(text: str) -> str:
    """A name for the user in one line; what stands for bytes that are no UTF-8 becomes a question mark."""
    return " ".join(text.encode("utf-8", "replace").decode().split())[:120]
