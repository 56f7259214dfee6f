"""Reads and checks the header of a GGUF model file, before llama.cpp is trusted with it.

llama.cpp maps a model into memory and may abort its process on a damaged one. This reader finds the damage
first and says it in one sentence: it walks the whole header, works out where every tensor must lie, and compares
that with the length of the file. It is written for hostile files: every count and length is bounded before
anything is read or allocated, and nothing of the weights is touched.

It refuses to load weights, to repair a file, and to guess: a tensor type it does not know is an error, because its
extent cannot be checked.

Source of the layout: the GGUF specification of the ggml project, versions 2 and 3 (little-endian).
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, Literal

from tutor_app.adapters.files import require_answer
from tutor_app.adapters.models.gguf_info import GgufInfo, Scalar, Tensor, Value
from tutor_app.adapters.models.split import part_names, part_paths
from tutor_app.core.errors import ModelFileFault

MAX_HEADER_BYTES: Final = 128 * 2**20
"""No header of a real model comes near; the largest vocabularies need about 30 MiB."""
MAX_STRING_BYTES: Final = 8 * 2**20
MAX_KEY_BYTES: Final = 2**16 - 1
MAX_KEYS: Final = 2**16
MAX_TENSORS: Final = 2**17
MAX_STRINGS: Final = 2**22
"""Of one array; vocabularies and merge lists have up to about half a million."""
MAX_KEPT_ARRAY: Final = 1024
"""Longer arrays (scores, token types) are stepped over: nobody here asks for them."""
MAX_DIMENSIONS: Final = 4
_SCALARS: Final[Mapping[int, struct.Struct]] = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_STRING: Final = 8
_ARRAY: Final = 9
_U32: Final = struct.Struct("<I")
_U64: Final = struct.Struct("<Q")
TENSOR_TYPES: Final[Mapping[int, tuple[str, int, int]]] = MappingProxyType(
    {
        0: ("F32", 1, 4),
        1: ("F16", 1, 2),
        2: ("Q4_0", 32, 18),
        3: ("Q4_1", 32, 20),
        6: ("Q5_0", 32, 22),
        7: ("Q5_1", 32, 24),
        8: ("Q8_0", 32, 34),
        9: ("Q8_1", 32, 36),
        10: ("Q2_K", 256, 84),
        11: ("Q3_K", 256, 110),
        12: ("Q4_K", 256, 144),
        13: ("Q5_K", 256, 176),
        14: ("Q6_K", 256, 210),
        15: ("Q8_K", 256, 292),
        16: ("IQ2_XXS", 256, 66),
        17: ("IQ2_XS", 256, 74),
        18: ("IQ3_XXS", 256, 98),
        19: ("IQ1_S", 256, 50),
        20: ("IQ4_NL", 32, 18),
        21: ("IQ3_S", 256, 110),
        22: ("IQ2_S", 256, 82),
        23: ("IQ4_XS", 256, 136),
        24: ("I8", 1, 1),
        25: ("I16", 1, 2),
        26: ("I32", 1, 4),
        27: ("I64", 1, 8),
        28: ("F64", 1, 8),
        29: ("IQ1_M", 256, 56),
        30: ("BF16", 1, 2),
        34: ("TQ1_0", 256, 54),
        35: ("TQ2_0", 256, 66),
        39: ("MXFP4", 32, 17),
        40: ("NVFP4", 64, 36),
        41: ("Q1_0", 128, 18),
        42: ("Q2_0", 64, 18),
    }
)
"""Number of a tensor type: its name, elements of a block, bytes of a block. A test compares it with ggml's own."""
# What people really hand over instead of a model; the first bytes tell.
_OTHER_KINDS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"PK\x03\x04", "a zip archive or a PyTorch checkpoint"),
    (b"version https://git-lfs", "a Git LFS pointer: the model itself was never downloaded"),
    (b"<", "a web page, perhaps an error message that was saved as a model"),
    (b"\x80\x02", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x1f\x8b", "a compressed file"),
    (b"tjgg", "a model of the old GGML kind"),
    (b"lmgg", "a model of the old GGML kind"),
    (b"fmgg", "a model of the old GGML kind"),
    (b"\x89PNG", "a picture"),
    (b"%PDF", "a PDF"),
)


def read_gguf(path: Path, *, adapter: bool = False) -> GgufInfo:
    """Read the header and check that every tensor lies inside the file.

    Of a model in several files the first is named; what is said of it holds for all of them together.

    Args:
        path: The file.
        adapter: Whether an adapter is wanted instead of a whole language model.

    Raises:
        ModelFileFault: If the file is missing, unreadable, empty, truncated, of another kind, damaged, or not what
            is wanted; the sentence says which.
    """
    info = _read(path, "adapter" if adapter else "model")
    if info.number("split.count") < 2:
        return info
    parts = part_paths(path)
    if len(parts) != info.number("split.count"):
        raise ModelFileFault(
            f'"{path.name}" is one of {info.number("split.count")} parts of a model and has lost its name.',
            "Call the parts NAME-00001-of-0000N.gguf and so on again.",
        )
    for number, part in enumerate(parts, 1):
        if not part.exists():
            raise ModelFileFault(
                f'"{part.name}", part {number} of {len(parts)} of a model, is not beside the others.',
                "Put all parts into one folder.",
            )
    others = [read_part(part) for part in parts[1:]]
    tensors = tuple(t for one in (info, *others) for t in one.tensors)
    return replace(info, size=info.size + sum(other.size for other in others), tensors=tensors)


def read_part(path: Path) -> GgufInfo:
    """Read the header of one file of a model that has several.

    Raises:
        ModelFileFault: If the file is damaged or no part.
    """
    return _read(path, "part")


Wanted = Literal["model", "adapter", "part"]


def _read(path: Path, wanted: Wanted) -> GgufInfo:
    try:
        require_answer(path)
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise ModelFileFault(f'"{path}" is a folder.', "Name the .gguf file inside it.")
        if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for ever
            raise ModelFileFault(f'"{path}" is not a plain file.', "Name a .gguf file.")
        if found.st_size == 0:
            raise ModelFileFault(f'The model file "{path.name}" is empty (0 bytes).', "Fetch or copy it again.")
        with path.open("rb", buffering=2**18) as stream:
            return _Reader(stream, path, found.st_size, wanted).read()
    except FileNotFoundError:
        raise ModelFileFault(f'There is no file "{path}".', "Check the path.") from None
    except PermissionError:
        raise ModelFileFault(f'"{path}" cannot be read: permission denied.', "Check its access rights.") from None
    except OSError as e:
        raise ModelFileFault(f'"{path}" cannot be read: {e.strerror or e}.', "Check the disk.") from None
    except ValueError as e:  # a NUL in the path
        raise ModelFileFault(f"This is not a path of a file: {e}.", "Name a .gguf file.") from None


class _Reader:
    """One pass over one header."""

    def __init__(self, stream: BinaryIO, path: Path, size: int, wanted: Wanted) -> None:
        self._stream = stream
        self._wanted = wanted
        self._path = path
        self._size = size
        self._at = 0
        self._tokens_at = 0
        self._n_tokens = 0

    def read(self) -> GgufInfo:
        version = self._preamble()
        n_tensors = self._count(MAX_TENSORS, "tensors")
        n_keys = self._count(MAX_KEYS, "entries")
        metadata: dict[str, Value] = {}
        seen: set[str] = set()
        for _ in range(n_keys):
            key = self._string(MAX_KEY_BYTES)
            if key in seen:
                raise self._damaged(f'the entry "{_short(key)}" occurs twice')
            seen.add(key)
            value = self._value(key)
            if value is not None:
                metadata[key] = value
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 1 <= alignment <= 2**20 or alignment & (alignment - 1):
            raise self._damaged("its alignment is not a power of two")
        tensors, end = self._tensors(n_tensors, alignment)
        data_offset = _padded(self._at, alignment)
        if data_offset + end > self._size:
            raise ModelFileFault(
                f'The model file "{self._path.name}" is truncated: it has {self._size:,} bytes and should have '
                f"{data_offset + end:,}.",
                "Fetch or copy it again.",
            )
        info = GgufInfo(
            self._path,
            self._size,
            version,
            MappingProxyType(metadata),
            tensors,
            data_offset,
            self._n_tokens,
            self._token(metadata.get("tokenizer.ggml.bos_token_id")),
            self._token(metadata.get("tokenizer.ggml.eos_token_id")),
        )
        self._must_be_model(info)
        return info

    def _preamble(self) -> int:
        start = self._stream.read(64)
        self._stream.seek(0)
        if not start.startswith(b"GGUF"):
            kind = next((what for magic, what in _OTHER_KINDS if start.lstrip().startswith(magic)), "")
            if not kind and start[8:10] == b'{"':
                kind = "a safetensors file: weights to be trained or exported, not to be run"
            problem = f"is not a GGUF model; it looks like {kind}" if kind else "is not a GGUF model"
            raise ModelFileFault(f'The file "{self._path.name}" {problem}.', "Choose a .gguf file.")
        self._take(4)
        version = _U32.unpack(self._take(4))[0]
        if version in (2, 3):
            return int(version)
        if version in (0x02000000, 0x03000000):
            raise ModelFileFault(
                f'The model file "{self._path.name}" was made for big-endian computers.', "Get the ordinary one."
            )
        raise ModelFileFault(
            f'The model file "{self._path.name}" has version {version} of the GGUF format; 2 and 3 can be read.',
            "Get a newer file of the model." if version < 2 else "Update this program.",
        )

    def _must_be_model(self, info: GgufInfo) -> None:
        name = self._path.name
        if self._wanted == "part":
            if info.number("split.count") < 2:
                raise ModelFileFault(f'"{name}" is no part of a model.', "Fetch the parts of one model again.")
            return
        if info.number("split.count") > 1 and info.number("split.no"):
            raise ModelFileFault(
                f'"{name}" is part {info.number("split.no") + 1} of {info.number("split.count")} of a model.',
                f"Choose the first, {part_names(name)[0]}.",
            )
        if not info.architecture:
            raise self._damaged("it does not name the model's architecture")
        kind = info.text("general.type")
        if self._wanted == "adapter":
            if kind != "adapter":
                raise ModelFileFault(f'"{name}" is a whole model, not an adapter.', "Use it without a base.")
            return
        if kind == "adapter":
            raise ModelFileFault(
                f'"{name}" is an adapter (LoRA), not a whole model.',
                "Name its model, too: `tutor models import FILE --base MODEL`.",
            )
        if kind in ("mmproj", "clip") or info.architecture == "clip":
            raise ModelFileFault(f'"{name}" is the picture part of a model.', "Choose the language model beside it.")
        if not info.tensors and info.number("split.count") < 2:  # the first of several parts may have none
            raise ModelFileFault(f'"{name}" holds no weights (only a vocabulary).', "Choose the whole model.")
        if not self._n_tokens:
            raise ModelFileFault(f'"{name}" has no vocabulary, so it is no language model.', "Choose another file.")

    def _tensors(self, count: int, alignment: int) -> tuple[tuple[Tensor, ...], int]:
        """The tensors and the end of the last one, in bytes from the start of the data section."""
        tensors = []
        names: set[str] = set()
        expected = end = 0
        for _ in range(count):
            name = self._string(MAX_KEY_BYTES)
            n_dims = _U32.unpack(self._take(4))[0]
            if name in names or n_dims > MAX_DIMENSIONS:
                raise self._damaged(f'the entry of the tensor "{_short(name)}" makes no sense')
            names.add(name)
            shape = struct.unpack(f"<{n_dims}Q", self._take(8 * n_dims))
            number = _U32.unpack(self._take(4))[0]
            offset = _U64.unpack(self._take(8))[0]
            if number not in TENSOR_TYPES:
                raise ModelFileFault(
                    f'"{self._path.name}" uses a kind of quantisation ({number}) that this program does not know.',
                    "Get another quantisation of the model, Q4_K_M for example, or update this program.",
                )
            kind, block, block_bytes = TENSOR_TYPES[number]
            elements = 1
            for n in shape:
                elements *= n
            if elements >= 2**63 or (shape and shape[0] % block):
                raise self._damaged(f'the size of the tensor "{_short(name)}" makes no sense')
            # llama.cpp requires the same: tensors one after the other, each padded.
            if offset != expected:
                raise self._damaged(f'the tensor "{_short(name)}" is not where it should be')
            length = elements // block * block_bytes
            end = offset + length
            expected = _padded(end, alignment)
            tensors.append(Tensor(name, shape, kind, offset, length))
        return tuple(tensors), end

    def _value(self, key: str) -> Value | None:
        kind = _U32.unpack(self._take(4))[0]
        if kind in _SCALARS:
            return self._scalar(kind)
        if kind == _STRING:
            return self._string(MAX_STRING_BYTES)
        if kind != _ARRAY:
            raise self._damaged(f'the entry "{_short(key)}" has an unknown type')
        of = _U32.unpack(self._take(4))[0]
        count = _U64.unpack(self._take(8))[0]
        if of == _STRING:
            if count > MAX_STRINGS:
                raise self._damaged(f'the list "{_short(key)}" is impossibly long')
            if key == "tokenizer.ggml.tokens":
                self._tokens_at, self._n_tokens = self._at, count
            self._skip_strings(count)
            return None
        if of not in _SCALARS:
            raise self._damaged(f'the list "{_short(key)}" has an unknown type')
        size = count * _SCALARS[of].size
        if count <= MAX_KEPT_ARRAY:
            return tuple(self._scalar(of) for _ in range(count))
        self._room(size)
        self._stream.seek(size, 1)
        self._at += size
        return None

    def _scalar(self, kind: int) -> Scalar:
        packed = _SCALARS[kind]
        value: Scalar = packed.unpack(self._take(packed.size))[0]
        return value

    def _skip_strings(self, count: int) -> None:
        # The hot loop: about 300,000 strings in a common model. Locals, and one bounds check per string.
        read, at, limit = self._stream.read, self._at, min(self._size, MAX_HEADER_BYTES)
        length_of = _U64.unpack
        for _ in range(count):
            head = read(8)
            if len(head) != 8:
                raise self._truncated()
            n = length_of(head)[0]
            at += 8 + n
            if at > limit:
                self._at = at - n
                self._room(n)
            if n > MAX_KEY_BYTES:
                raise self._damaged("a text in its header is impossibly long")
            read(n)
        self._at = at

    def _token(self, number: Value | None) -> str:
        """Text of one token of the vocabulary, or empty."""
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < self._n_tokens:
            return ""
        self._stream.seek(self._tokens_at)
        self._at = self._tokens_at
        self._skip_strings(number)
        return self._string(MAX_KEY_BYTES)

    def _string(self, limit: int) -> str:
        length = _U64.unpack(self._take(8))[0]
        if length > limit:
            # A length that does not even fit the file is what a cut-off or overwritten header looks like.
            raise self._damaged("a text in its header is impossibly long")
        return self._take(length).decode("utf-8", errors="replace")

    def _count(self, limit: int, what: str) -> int:
        n = int(_U64.unpack(self._take(8))[0])
        if n > limit:
            raise self._damaged(f"it claims to have {n:,} {what}")
        return n

    def _take(self, n: int) -> bytes:
        self._room(n)
        data = self._stream.read(n)
        if len(data) != n:  # shortened while it was read
            raise self._truncated()
        self._at += n
        return data

    def _room(self, n: int) -> None:
        if self._at + n > self._size:
            raise self._truncated()
        if self._at + n > MAX_HEADER_BYTES:
            raise self._damaged("its header is impossibly long")

    def _truncated(self) -> ModelFileFault:
        return ModelFileFault(
            f'The model file "{self._path.name}" is truncated: it ends inside its header, after {self._size:,} bytes.',
            "Fetch or copy it again.",
        )

    def _damaged(self, why: str) -> ModelFileFault:
        return ModelFileFault(f'The model file "{self._path.name}" is damaged: {why}.', "Fetch or copy it again.")


def _padded(n: int, alignment: int) -> int:
    return (n + alignment - 1) // alignment * alignment


def _short(text: str) -> str:
    """A name out of a file of unknown origin, fit for a one-line sentence."""
    printable = "".join(c if c.isprintable() else "?" for c in text[:48])
    return printable + ("..." if len(text) > 48 else "")
