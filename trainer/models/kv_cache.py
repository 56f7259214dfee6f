"""Keys and values of several sequences of unequal lengths, in the place of a transformers cache.

transformers' own caches pad sequences to one length and cannot let one of them go or begin anew; here each row is its
own sequence. Only what decoder layers ask of a cache is there: it serves attention over a mask that is made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


class KVCache:
    """Keys and values of several sequences, the part of a transformers cache that a decoder layer uses.

    Before each forward pass :meth:`aim` says which sequences take part and at which positions. Storage grows with the
    longest sequence.
    """

    def __init__(self, n_seq: int, n_ctx: int) -> None:
        self._n_seq, self._n_ctx = n_seq, n_ctx
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._rows: list[int] = []
        self._positions: torch.Tensor | None = None
        self._end = 0

    def aim(self, rows: Sequence[int], positions: torch.Tensor) -> torch.Tensor:
        """Choose sequences and their new positions, shape ``(rows, n)``; returns which keys each query may see.

        Returns:
            Bool, shape ``(rows, 1, n, keys)``.
        """
        self._rows, self._positions = list(rows), positions
        self._end = int(positions.max()) + 1
        keys = torch.arange(self._end, device=positions.device)
        return (keys[None, None, :] <= positions[:, :, None]).unsqueeze(1)

    def update(self, k: torch.Tensor, v: torch.Tensor, layer_idx: int, *_: Any, **__: Any) -> Any:
        """Take in new keys and values, shape ``(rows, heads, n, head_dim)``; returns all of the rows' so far."""
        found = []
        old = self._layers.get(layer_idx)
        kept: list[torch.Tensor] = []
        for new, store in zip((k, v), old or (None, None), strict=True):
            if store is None or store.shape[2] < self._end:
                grown = new.new_zeros((self._n_seq, new.shape[1], self._room(), new.shape[3]))
                if store is not None:
                    grown[:, :, : store.shape[2]] = store
                store = grown
            if len(self._rows) == 1:
                row, start = self._rows[0], self._end - new.shape[2]
                store[row, :, start : self._end] = new[0]
                found.append(store[row : row + 1, :, : self._end])
            else:
                assert self._positions is not None
                rows = torch.tensor(self._rows, device=new.device)
                store[rows, :, self._positions[:, 0]] = new[:, :, 0]
                found.append(store[rows, :, : self._end])
            kept.append(store)
        self._layers[layer_idx] = (kept[0], kept[1])
        return found[0], found[1]

    def copy(self, source: int, target: int, n: int) -> None:
        """Let a sequence begin as another does: its first ``n`` positions."""
        for k, v in self._layers.values():
            k[target, :, :n], v[target, :, :n] = k[source, :, :n], v[source, :, :n]

    def _room(self) -> int:
        return min(self._n_ctx, 1 << max(8, (self._end - 1).bit_length()))
