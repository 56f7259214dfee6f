"""What a judge says of solutions, kept in files as it comes, so that a judging that was ended goes on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trainer.cbbt.estimator import Vector
from trainer.cbbt.verifier.head import Rows
from trainer.runs import write_atomically
from tutor_app.adapters.npz import npz, read_npz


class Judged:
    """Margins and hidden states, each of a prompt and a text.

    Args:
        folder: For a file each.
        identity: Of the model.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self._folder, self._identity = folder, identity

    def get(self, prompt: Vector, text: str) -> tuple[float, Vector] | None:
        """What was kept; None if nothing was, or it is broken."""
        try:
            found = read_npz(self._path(prompt, text))
            margin, state = float(found["margin"]), np.asarray(found["state"], dtype=np.float64)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return (margin, state) if math.isfinite(margin) and np.isfinite(state).all() else None

    def keep(self, prompt: Vector, text: str, margin: float, state: Vector) -> None:
        """Keep it.

        Raises:
            HostFault: If the disk does not take it.
        """
        write_atomically(self._path(prompt, text), npz(margin=np.float32(margin), state=state.astype(np.float32)))

    def missing(self, prompts: Vector, texts: Sequence[str]) -> tuple[list[int], Rows]:
        """Prompts and texts of which something is missing."""
        lacks = np.array([[self.get(prompt, text) is None for text in texts] for prompt in prompts], dtype=bool)
        lacks = lacks.reshape(len(prompts), len(texts))
        return np.flatnonzero(lacks.any(axis=1)).tolist(), np.flatnonzero(lacks.any(axis=0))

    def _path(self, prompt: Vector, text: str) -> Path:
        whole = hashlib.sha256(self._identity.encode())
        whole.update((np.asarray(prompt, dtype=np.float32) + np.float32(0)).tobytes())  # -0 is 0
        whole.update(text.encode("utf-8", "replace"))
        return self._folder / f"{whole.hexdigest()[:24]}.npz"
