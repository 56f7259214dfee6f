"""Weights in safetensors files, read and written one tensor after the other: no process ever holds a whole model.

Large models are split over several files with an index, as Hugging Face's library reads them. Nothing here knows what
a tensor means.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import torch

from trainer.runs import digest, sha256_of
from tutor_app.core.errors import UserFault

FILE_BYTES: Final = 5 * 10**9
"""Weights of one file at most, unless a single tensor is larger."""
_NAMES: Final = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.uint8: "U8"}

Shapes = Mapping[str, tuple[int, ...]]
"""The shapes of tensors, by name."""


@dataclass(frozen=True, slots=True)
class _File:
    """One file to be: its name, and of each tensor where it stands in it."""

    name: str
    header: bytes
    tensors: tuple[str, ...]


def damaged(path: Path, error: Exception) -> UserFault:
    """The sentence for a file of weights that cannot be read."""
    why = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return UserFault(f"{path} is cut off or damaged ({why}).", "Fetch or make it again.")


def hash_of(folder: Path) -> str:
    """Of all weights of a folder; empty where there is no safetensors file."""
    files = sorted(folder.glob("*.safetensors"))
    return digest([sha256_of(p) for p in files]) if files else ""


def shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of all tensors of a folder, in the order in which :func:`read` gives them.

    Raises:
        UserFault: If a file is damaged.
    """
    return {name: tuple(file.get_slice(name).get_shape()) for file, name in _opened(folder)}


def read(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of a folder's safetensors files, one after the other.

    Raises:
        UserFault: If a file is damaged.
    """
    for file, name in _opened(folder):
        yield name, file.get_tensor(name)


def _opened(folder: Path) -> Iterator[tuple[Any, str]]:
    from safetensors import SafetensorError, safe_open

    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(str(path), framework="pt") as file:
                for name in file.keys():  # noqa: SIM118  # it is no mapping
                    yield file, name
        except SafetensorError as e:
            raise damaged(path, e) from None


def write(
    folder: Path,
    wanted: Shapes,
    tensors: Iterable[tuple[str, torch.Tensor]],
    dtype: torch.dtype,
    *,
    stem: str = "model",
    file_bytes: int = FILE_BYTES,
) -> None:
    """Write tensors as they come; each is let go of before the next is asked for.

    Args:
        folder: Where ``STEM.safetensors`` goes, or several files and their index.
        wanted: Every tensor that will come, in that order.
        tensors: The tensors.
        dtype: In which they are kept.
        stem: Of the files' names.
        file_bytes: Size at which another file is begun.

    Raises:
        OSError: If the disk refuses.
        ValueError: If other tensors come than were announced.
    """
    files = _plan(wanted, dtype, stem, file_bytes)
    coming = iter(tensors)
    for file in files:
        with (folder / file.name).open("wb") as f:
            f.write(len(file.header).to_bytes(8, "little") + file.header)
            for expected in file.tensors:
                name, tensor = next(coming, ("nothing", torch.empty(0)))
                if name != expected or tuple(tensor.shape) != tuple(wanted[expected]):
                    raise ValueError(f"{name} {tuple(tensor.shape)} came instead of {expected} {wanted[expected]}")
                _put(f, tensor, dtype)
                del tensor
            f.flush()
            os.fsync(f.fileno())
    if (extra := next(coming, None)) is not None:
        raise ValueError(f"{extra[0]} was not announced")
    if len(files) > 1:
        index = {
            "metadata": {"total_size": sum(_bytes(s, dtype) for s in wanted.values())},
            "weight_map": {name: file.name for file in files for name in file.tensors},
        }
        (folder / f"{stem}.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _put(f: BinaryIO, tensor: torch.Tensor, dtype: torch.dtype) -> None:
    flat = tensor.detach().to("cpu", dtype).contiguous().reshape(-1)
    if flat.numel():
        f.write(memoryview(flat.view(torch.uint8).numpy()))


def _bytes(shape: tuple[int, ...], dtype: torch.dtype) -> int:
    return int(torch.Size(shape).numel() * dtype.itemsize)


def _plan(wanted: Shapes, dtype: torch.dtype, stem: str, file_bytes: int) -> list[_File]:
    groups: list[list[str]] = [[]]
    filled = 0
    for name, shape in wanted.items():
        size = _bytes(shape, dtype)
        if groups[-1] and filled + size > file_bytes:
            groups.append([])
            filled = 0
        groups[-1].append(name)
        filled += size
    files = []
    for i, group in enumerate(groups, 1):
        name = f"{stem}.safetensors" if len(groups) == 1 else f"{stem}-{i:05}-of-{len(groups):05}.safetensors"
        header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
        at = 0
        for tensor in group:
            size = _bytes(wanted[tensor], dtype)
            header[tensor] = {
                "dtype": _NAMES[dtype],
                "shape": list(wanted[tensor]),
                "data_offsets": [at, at + size],
            }
            at += size
        text = json.dumps(header, separators=(",", ":")).encode()
        files.append(_File(name, text + b" " * (-len(text) % 8), tuple(group)))
    return files
