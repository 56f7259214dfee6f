"""Frames of the black box's protocol: a JSON object and named arrays as ``.npy``, over a pipe or in an HTTP body.

A frame is a message of :mod:`tutor_app.adapters.wire` whose ``arrays`` names what follows: for each name a
little-endian u64 length and that many bytes of ``.npy``, float32, int64 or uint8, read without pickle. No object of a
framework, no function and no weight file has a form in it.
"""

from __future__ import annotations

import io
import json
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
        header = read_message(stream)
    except (json.JSONDecodeError, UnicodeDecodeError) as e:
        raise ValueError(f"no frame: {e}") from None
    if header is None:
        return None
    arrays: dict[str, Array] = {}
    for name in header.pop("arrays", []):
        head = stream.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return None
        (size,) = LENGTH.unpack(head)
        if size > LARGEST:
            raise ValueError(f"{name} has {size} bytes")
        body = stream.read(size)
        if len(body) < size:
            return None
        array = np.lib.format.read_array(io.BytesIO(body), allow_pickle=False)
        if array.dtype.name not in TYPES:
            raise ValueError(f"{name} is {array.dtype.name}")
        arrays[str(name)] = array
    return header, arrays
