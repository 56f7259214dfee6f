from __future__ import annotations

import pytest

from tutor_app.text.amounts import duration, size_text, time_left


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (999.6, "1 kB"),
        (1000, "1 kB"),
        (1049, "1.05 kB"),
        (99_949, "99.9 kB"),
        (99_960, "100 kB"),
        (999_499, "999 kB"),
        (999_600, "1 MB"),
        (491_400_064, "491 MB"),
        (999_600_000, "1 GB"),
        (1_117_320_768, "1.12 GB"),
        (1_900_000_000, "1.9 GB"),
        (5 * 10**12, "5000 GB"),
    ],
)
def test_sizes_in_words(n: float, said: str) -> None:
    assert size_text(n) == said


@pytest.mark.parametrize(
    ("seconds", "exact", "whole"),
    [
        (0, "0.0 s", "0 s"),
        (4.23, "4.2 s", "4 s"),
        (59.97, "1 min 00 s", "1 min 00 s"),
        (67, "1 min 07 s", "1 min 07 s"),
    ],
)
def test_elapsed_time(seconds: float, exact: str, whole: str) -> None:
    assert (duration(seconds), duration(seconds, whole=True)) == (exact, whole)


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0 s"), (44.2, "44 s"), (170, "3 min"), (7200, "2.0 h")])
def test_time_left_is_rough(seconds: float, said: str) -> None:
    assert time_left(seconds) == said
