"""The state of a tuning under way, in one file: replaced as a whole, and gone on with by the very same tuning only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trainer.cbbt.frames import Array, Arrays
from trainer.runs import json_of, write_atomically
from tutor_app.adapters.npz import npz, read_npz
from tutor_app.core.errors import UserFault


class StateFile:
    """Where the state is kept.

    Args:
        path: Of the file.
        identity: Of everything that a tuning depends on.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self._path, self._identity = path, identity

    def save(self, values: Mapping[str, Any], arrays: Arrays) -> None:
        """Keep plain values and arrays instead of what was there.

        Raises:
            HostFault: If the disk does not take them.
        """
        plain = json.dumps({"identity": self._identity, **values}).encode()
        write_atomically(self._path, npz(state=np.frombuffer(plain, dtype=np.uint8), **arrays))

    def broken(self) -> UserFault:
        """What is said of values that cannot be gone on with."""
        return UserFault(f"{self._path} is broken.", "Delete it to start afresh.")

    def load(
        self, values: tuple[str, ...], shapes: Mapping[str, tuple[int | None, ...]]
    ) -> tuple[dict[str, Any], dict[str, Array]] | None:
        """The values and the arrays that were kept; None if nothing was.

        Args:
            values: Names that there must be.
            shapes: Names of arrays that there must be, with their sizes; None is any.

        Raises:
            UserFault: If the file is broken, or of another tuning.
        """
        if not self._path.exists():
            return None
        try:
            arrays = read_npz(self._path)
            plain = json_of(arrays.pop("state").tobytes())
            identity = plain["identity"]
            whole = identity != self._identity or (
                all(name in plain for name in values)
                and all(_fits(arrays[name], shape) for name, shape in shapes.items())
            )
        except (OSError, ValueError, KeyError, TypeError):
            whole = False
        if not whole:
            raise self.broken()
        if identity != self._identity:
            raise UserFault(
                f"{self._path} was begun with other settings, data or another model.",
                "Delete it to start afresh, or choose another folder.",
            )
        return plain, arrays


def _fits(array: Array, shape: tuple[int | None, ...]) -> bool:
    same = len(array.shape) == len(shape) and all(want in (None, n) for want, n in zip(shape, array.shape, strict=True))
    return same and bool(np.isfinite(array).all())
