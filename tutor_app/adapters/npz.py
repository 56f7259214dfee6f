"""Named arrays in one file (``.npz``), read without pickle."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def npz(**arrays: npt.ArrayLike) -> bytes:
    """The bytes of a file that holds these arrays."""
    body = io.BytesIO()
    values: dict[str, Any] = dict(arrays)
    np.savez(body, **values)
    return body.getvalue()


def read_npz(path: Path) -> dict[str, Array]:
    """The arrays of a file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is no such file, or broken.
    """
    data = path.read_bytes()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: np.asarray(file[name]) for name in file.files}
    except Exception:  # noqa: BLE001 - a torn file fails anywhere in zipfile, zlib and numpy
        raise ValueError(f"{path} holds no arrays") from None
