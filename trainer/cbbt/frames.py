"""Frames of the black box's protocol: a JSON object and named arrays as ``.npy``, over a pipe or in an HTTP body.

A frame is a message of :mod:`tutor_app.adapters.wire` whose ``arrays`` names what follows: for each name a
little-endian u64 length and that many bytes of ``.npy``, float32, int64 or uint8, read without pickle. No object of a
framework, no function and no weight file has a form in it.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Mapping
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from tutor_app.adapters.wire import pack, read_message

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

LENGTH: Final = struct.Struct("<Q")
TYPES: Final = ("float32", "int64", "uint8")
LARGEST: Final = 1 << 32
"""Bytes of one array at most; a length above it is a broken stream."""
LARGEST_HEADER: Final = 1 << 26
"""Bytes of the JSON object at most. Four letters of a text, such as a page of HTML, are a greater length."""


def pack_frame(header: Mapping[str, Any], arrays: Arrays | None = None) -> bytes:
    """One frame as bytes.

    Raises:
        ValueError: If an array is of another type than those.
    """
    arrays = arrays or {}
    parts = [pack({**header, "arrays": list(arrays)})]
    for name, array in arrays.items():
        if array.dtype.name not in TYPES:
            raise ValueError(f"{name} is {array.dtype.name}")
        body = io.BytesIO()
        np.lib.format.write_array(body, np.ascontiguousarray(array), allow_pickle=False)
        parts += [LENGTH.pack(body.getbuffer().nbytes), body.getvalue()]
    return b"".join(parts)


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, Array]] | None:
    """Read one frame; None where the stream ends, in the middle of a frame too.

    Raises:
        ValueError: If what came is no frame.
    """
    try:
        header = read_message(stream, LARGEST_HEADER)
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None
    if header is None:
        return None
    names = header.pop("arrays", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("it does not name its arrays")
    arrays: dict[str, Array] = {}
    for name in names:
        head = stream.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return None
        (size,) = LENGTH.unpack(head)
        if size > LARGEST:
            raise ValueError(f"{name} has {size} bytes")
        body = stream.read(size)
        if len(body) < size:
            return None
        arrays[name] = _array(name, body)
    return header, arrays


def _array(name: str, body: bytes) -> Array:
    """The array of an ``.npy`` file, of which no more is believed than it holds.

    Raises:
        ValueError: If it is none, or of another type than those.
    """
    try:
        size, dtype = _stated(body)
    except Exception:  # noqa: BLE001 - numpy hands the header to Python's parser, which fails in many ways
        raise ValueError(f"{name} is no array") from None
    if dtype.name not in TYPES:
        raise ValueError(f"{name} is {dtype.name}")
    if size > len(body):  # numpy would take all the memory that the shape asks for
        raise ValueError(f"{name} states more numbers than it holds")
    return np.asarray(np.lib.format.read_array(io.BytesIO(body), allow_pickle=False))


def _stated(body: bytes) -> tuple[int, np.dtype[Any]]:
    """Bytes and type of an array, as its own header states them."""
    file = io.BytesIO(body)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if min(shape, default=0) < 0:
        raise ValueError
    return math.prod(shape) * dtype.itemsize, dtype
