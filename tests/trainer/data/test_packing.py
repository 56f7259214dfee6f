"""Rows for several ranks: as few as best fit needs, made up to a multiple of the ranks, and of about one length."""

import pytest

pytest.importorskip("tokenizers", reason="the trainer's packages are not installed")

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.data.packing import IGNORED, Sample, best_fit, make_rows, share, spread


def samples(lengths: list[int]) -> list[Sample]:
    return [Sample(str(i), np.full(n, i, dtype=np.int32), np.ones(n, dtype=bool)) for i, n in enumerate(lengths)]


lengths = st.lists(st.integers(2, 60), min_size=1, max_size=40)


@given(lengths, st.integers(1, 12))
def test_spreading_keeps_every_item_once_and_within_bounds(items: list[int], rows: int) -> None:
    found = spread(items, 64, rows)
    if found is None:
        assert rows > len(items) or sum(items) > 64 * rows - 60 * rows
        return
    assert len(found) == rows
    assert sorted(i for row in found for i in row) == list(range(len(items)))
    assert all(row and sum(items[i] for i in row) <= 64 for row in found)


@given(lengths, st.integers(1, 8))
def test_every_token_is_in_one_row_however_many_ranks_there_are(items: list[int], ranks: int) -> None:
    rows = make_rows(samples(items), 64, packing=True, ranks=ranks)
    assert sum(map(len, rows)) == sum(items)
    assert all(len(r) <= 64 for r in rows)
    shares = share(rows, ranks)
    assert len({len(s) for s in shares}) == 1
    assert sum(r.n_targets for s in shares for r in s) == sum(n - 1 for n in items)


def test_one_rank_has_the_rows_of_best_fit() -> None:
    items = [50, 40, 30, 20, 10, 10]
    found = make_rows(samples(items), 64, packing=True)
    assert [len(r) for r in found] == [sum(items[i] for i in row) for row in best_fit(items, 64)]


def test_ranks_get_as_much_each() -> None:
    # 128 samples of unlike length for 8 ranks: packed as tightly as can be, some would idle.
    rng = np.random.Generator(np.random.PCG64(1))
    items = [int(n) for n in rng.integers(80, 700, 128)]
    tokens = [sum(map(len, s)) for s in share(make_rows(samples(items), 2048, packing=True, ranks=8), 8)]
    assert max(tokens) < 1.05 * sum(items) / 8
    blanks = [r for s in share(make_rows(samples([5, 5]), 64, packing=True, ranks=4), 4) for r in s]
    assert sum(bool((r.targets == IGNORED).all()) for r in blanks) >= 2
