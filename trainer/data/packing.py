"""Records to token ids with their loss mask, and best-fit packing into rows without contamination.

The mask comes from the dialect's spans and from nothing else: no text is searched for fences. A record of which
nothing would be supervised is refused by its id; one that is too long is left out and counted, never cut, since a
cut sample would teach the model not to come to an end.
"""

from __future__ import annotations

import bisect
import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from trainer.models.tokenizer import SpanTokenizer
from tutor_app.core.dialect import Dialect, render
from tutor_app.core.errors import UserFault
from tutor_app.core.transcript import Transcript

IGNORED: Final = -100


@dataclass(frozen=True, slots=True)
class Sample:
    """One record as the model sees it.

    Attributes:
        name: The record's id.
        ids: Token ids, int32, shape ``(n,)``.
        supervised: Whether each token is a target, shape ``(n,)``.
    """

    name: str
    ids: Any
    supervised: Any

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def targets(self) -> int:
        """Number of supervised tokens."""
        return int(self.supervised.sum())


def encode(record: Transcript, dialect: Dialect, tokenizer: SpanTokenizer) -> Sample:
    """Ids and mask of a record.

    Raises:
        UserFault: If nothing in it is supervised.
    """
    ids, mask = tokenizer.ids(render(record, dialect), dialect)
    supervised = np.array(mask, dtype=bool)
    # Nothing predicts a document's first token.
    supervised[:1] = False
    name = str(record.meta.get("id", ""))
    # An empty solution still supervises the end of the turn: that alone teaches nothing but silence.
    if supervised.sum() <= 1:
        raise UserFault(f"Record {name} has nothing to train on: every token is masked.", "Leave it out.")
    return Sample(name, np.array(ids, dtype=np.int32), supervised)


class Data(Protocol):
    """A data set, ready to be batched: in memory, or in a store."""

    @property
    def samples(self) -> Sequence[Sample]:
        """In file order."""

    @property
    def too_long(self) -> tuple[str, ...]:
        """Ids of records longer than the limit."""

    @property
    def tokens(self) -> int:
        """The number of tokens of all samples."""

    @property
    def targets(self) -> int:
        """Supervised tokens of all samples."""

    def digest(self) -> str:
        """A hash of every id and every mask."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A data set in memory.

    Attributes:
        samples: In file order.
        too_long: Ids of records longer than the limit.
    """

    samples: tuple[Sample, ...]
    too_long: tuple[str, ...]

    @property
    def tokens(self) -> int:
        """The number of tokens of all samples."""
        return sum(len(s) for s in self.samples)

    def digest(self) -> str:
        """A hash of every id and every mask."""
        sha = hashlib.sha256()
        for s in self.samples:
            sha.update(f"{s.name} {len(s)} ".encode() + s.ids.tobytes() + s.supervised.tobytes())
        return sha.hexdigest()[:16]

    @property
    def targets(self) -> int:
        """Supervised tokens of all samples."""
        return sum(s.targets for s in self.samples)


def encode_all(records: Iterable[Transcript], dialect: Dialect, tokenizer: SpanTokenizer, max_length: int) -> Encoded:
    """Encode a data set.

    Raises:
        UserFault: If the tokenizer lacks a token, a record has nothing supervised, or none is short enough.
    """
    tokenizer.check(dialect)
    samples: list[Sample] = []
    too_long: list[str] = []
    for record in records:
        sample = encode(record, dialect, tokenizer)
        if len(sample) > max_length:
            too_long.append(sample.name)
        else:
            samples.append(sample)
    if not samples:
        raise UserFault(f"No record is at most {max_length} tokens long.", "Raise max_length or give other data.")
    return Encoded(tuple(samples), tuple(too_long))


def best_fit(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Pack items into rows: longest first, each into the fullest row it fits into.

    Args:
        lengths: Of the items, each at most ``capacity``.
        capacity: Of a row.

    Returns:
        Rows of item numbers. Every item is in exactly one row.

    Raises:
        ValueError: If an item is longer than a row.
    """
    rows: list[list[int]] = []
    room: list[tuple[int, int]] = []  # (space left, row), sorted
    for item in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        n = lengths[item]
        if n > capacity:
            raise ValueError(f"an item of {n} does not fit into {capacity}")
        at = bisect.bisect_left(room, (n, -1))
        if at < len(room):
            space, row = room.pop(at)
        else:
            space, row = capacity, len(rows)
            rows.append([])
        rows[row].append(item)
        bisect.insort(room, (space - n, row))
    return rows


@dataclass(frozen=True, slots=True)
class Row:
    """Several samples behind one another; attention never crosses from one to the next.

    Attributes:
        ids: int64, shape ``(n,)``.
        positions: From 0 anew for each sample: this is what makes attention block-diagonal. Shape ``(n,)``.
        targets: The id that each position must predict, or -100, already shifted. Shape ``(n,)``.
    """

    ids: Any
    positions: Any
    targets: Any

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_targets(self) -> int:
        """Number of supervised tokens."""
        return int((self.targets != IGNORED).sum())


def make_row(samples: Sequence[Sample]) -> Row:
    """Put samples into a row."""
    ids = np.concatenate([s.ids for s in samples]).astype(np.int64)
    positions = np.concatenate([np.arange(len(s), dtype=np.int64) for s in samples])
    shifted = []
    for s in samples:
        targets = np.full(len(s), IGNORED, dtype=np.int64)
        targets[:-1] = np.where(s.supervised[1:], s.ids[1:], IGNORED)
        shifted.append(targets)
    return Row(ids, positions, np.concatenate(shifted))


def spread(lengths: Sequence[int], capacity: int, rows: int) -> list[list[int]] | None:
    """Put items into so many rows, evenly: longest first, each into the emptiest row.

    Returns:
        Rows of item numbers, none of them empty, or None if an item does not fit so.
    """
    if rows > len(lengths):
        return None
    filled: list[list[int]] = [[] for _ in range(rows)]
    used = [(0, row) for row in range(rows)]
    for item in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        n, row = heapq.heappop(used)
        if n + lengths[item] > capacity:
            return None
        filled[row].append(item)
        heapq.heappush(used, (n + lengths[item], row))
    return filled


def make_rows(samples: Sequence[Sample], capacity: int, *, packing: bool, ranks: int = 1) -> list[Row]:
    """Rows of a batch; without packing, one row for each sample.

    Best fit says how few rows will do. For several ranks their number is made up to a multiple of the ranks, and
    the rows to about one length: the ranks wait for the slowest.
    """
    if not packing:
        return [make_row([s]) for s in samples]
    lengths = [len(s) for s in samples]
    packed = best_fit(lengths, capacity)
    if ranks > 1:
        packed = spread(lengths, capacity, -(-len(packed) // ranks) * ranks) or packed
    return [make_row([samples[i] for i in row]) for row in packed]


def share(rows: Sequence[Row], ranks: int) -> list[list[Row]]:
    """Rows for each rank: evenly many (short ones are made up with rows without a target), evenly long.

    Ranks must take part in the same number of forward passes, or collective operations would wait for ever.
    """
    each = -(-len(rows) // ranks)
    shares: list[list[Row]] = [[] for _ in range(ranks)]
    for row in sorted(rows, key=len, reverse=True):
        free = [s for s in shares if len(s) < each]
        min(free, key=lambda s: sum(map(len, s))).append(row)
    for s in shares:
        while len(s) < each:
            like = rows[0]
            blank = np.full(1, IGNORED, dtype=np.int64)
            s.append(Row(like.ids[:1], like.positions[:1], blank))
    return shares


def order(n: int, seed: int, epoch: int) -> list[int]:
    """The order of samples in an epoch: a pure function of its arguments, so that resuming needs no state."""
    rng = np.random.Generator(np.random.PCG64([seed, epoch]))
    return [int(i) for i in rng.permutation(n)]


def batches(n: int, size: int, seed: int, epoch: int, skip: int = 0) -> Iterator[list[int]]:
    """Sample numbers of each step of an epoch, from step ``skip`` on; the last batch may be smaller."""
    drawn = order(n, seed, epoch)
    for start in range(skip * size, n, size):
        yield drawn[start : start + size]
