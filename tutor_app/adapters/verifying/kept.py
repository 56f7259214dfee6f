"""Keeps readings of solutions, in memory, or in files so that a reading that was ended goes on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from tutor_app.adapters.files import write_file
from tutor_app.adapters.npz import npz, read_npz
from tutor_app.adapters.verifying.reading import Reading
from tutor_app.core.errors import HostFault, UserFault


class Kept:
    """Keys and values of solutions, in the order in which they were read.

    Args:
        folder: For a file each; None keeps them in memory.
        model: Of whose keys and values these are; the files of another one are not used.
        layout: Of the context that takes them; the files of another one are not used either.
    """

    def __init__(self, folder: Path | None, model: Path, layout: str = "") -> None:
        self._folder = folder
        stat = model.stat() if folder is not None else None
        self._model = f"{stat.st_size} {stat.st_mtime_ns} {layout}" if stat is not None else ""
        self._states: list[bytes | Path] = []
        self._tokens: list[int] = []

    def __len__(self) -> int:
        return len(self._states)

    def tokens(self, item: int) -> int:
        """Length of a solution; 0 for one that is too long."""
        return self._tokens[item]

    def state(self, item: int) -> bytes:
        """Keys and values of a solution.

        Raises:
            UserFault: If its file is gone.
        """
        found = self._states[item]
        if isinstance(found, bytes):
            return found
        try:
            return bytes(read_npz(found)["state"].tobytes())
        except (OSError, ValueError, KeyError):
            raise UserFault(f"{found} is gone or broken.", "Start the same command again.") from None

    def take(self, text: str) -> Reading | None:
        """Take over what an earlier run has read of a text; None if it has not."""
        path = self._path(text)
        if path is None or not path.exists():
            return None
        try:
            found = read_npz(path)
            reading = Reading(int(found["tokens"]), found["scores"])
        except (OSError, ValueError, KeyError, TypeError):
            return None  # a disk that was full: it is read again
        self._states.append(path)
        self._tokens.append(reading.tokens)
        return reading

    def add(self, text: str, reading: Reading, state: bytes) -> None:
        """Keep what was read.

        Raises:
            HostFault: If the file cannot be written.
        """
        path = self._path(text)
        self._tokens.append(reading.tokens)
        self._states.append(state if path is None else path)
        if path is not None:
            kept = np.frombuffer(state, dtype=np.uint8)
            try:
                write_file(path, npz(state=kept, tokens=reading.tokens, scores=reading.scores))
            except OSError as e:
                raise HostFault(f"{path} cannot be written: {e.strerror}.", "Free some space.") from None

    def clear(self) -> None:
        """Forget all; files stay."""
        self._states.clear()
        self._tokens.clear()

    def _path(self, text: str) -> Path | None:
        if self._folder is None:
            return None
        name = hashlib.sha256(f"{self._model} {text}".encode("utf-8", "replace")).hexdigest()[:24]
        return self._folder / f"{name}.npz"
