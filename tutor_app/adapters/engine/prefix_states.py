"""Keeps the states of constant beginnings of prompts, in memory and on disk, for the model process."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import OrderedDict
from pathlib import Path
from typing import Final

PREFIX_STATES_IN_MEMORY: Final = 4


class PrefixStates:
    """States of constant beginnings, a few in memory and a bounded number of bytes on disk."""

    def __init__(self, folder: str, identity: str, limit: int) -> None:
        self._folder = Path(folder) if folder else None
        self._identity, self._limit = identity.encode("utf-8", "backslashreplace"), limit
        self._memory: OrderedDict[str, bytes] = OrderedDict()

    def _key(self, ids: list[int]) -> str:
        return hashlib.sha256(self._identity + f"|{ids}".encode()).hexdigest()[:40]

    def get(self, ids: list[int]) -> bytes | None:
        """The state after ``ids``, if it was kept."""
        key = self._key(ids)
        if key in self._memory:
            self._memory.move_to_end(key)
            return self._memory[key]
        if self._folder is None:
            return None
        try:
            data = (self._folder / f"{key}.kv").read_bytes()
            digest, state = data[:32], data[32:]
            if hashlib.sha256(state).digest() != digest:
                return None
            os.utime(self._folder / f"{key}.kv")
        except OSError:
            return None
        self._remember(key, state)
        return state

    def drop(self, ids: list[int]) -> None:
        """Forget a state that turned out not to fit."""
        key = self._key(ids)
        self._memory.pop(key, None)
        if self._folder is not None:
            with contextlib.suppress(OSError):
                (self._folder / f"{key}.kv").unlink()

    def put(self, ids: list[int], state: bytes) -> None:
        """Keep the state after ``ids``; a disk that cannot be written is no reason to fail."""
        key = self._key(ids)
        self._remember(key, state)
        if self._folder is None or len(state) > self._limit:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # What a process that was killed left half written counts, too, and goes in its turn.
            kept = [*self._folder.glob("*.kv"), *self._folder.glob("*.part")]
            kept.sort(key=lambda p: p.stat().st_mtime, reverse=True)
            room = self._limit - len(state)
            for path in kept:
                room -= path.stat().st_size
                if room < 0:
                    path.unlink()
            part = self._folder / f"{key}.{os.getpid()}.part"
            part.write_bytes(hashlib.sha256(state).digest() + state)
            part.replace(self._folder / f"{key}.kv")
        except OSError:
            return

    def _remember(self, key: str, state: bytes) -> None:
        self._memory[key] = state
        self._memory.move_to_end(key)
        while len(self._memory) > PREFIX_STATES_IN_MEMORY or sum(map(len, self._memory.values())) > self._limit:
            self._memory.popitem(last=False)
