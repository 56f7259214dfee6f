"""Numbers of the command line: what is taken, and the one sentence for what is not."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

from trainer.arguments import at_least, number, seconds, share


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (at_least(0), "0", 0),
        (at_least(3), "12", 12),
        (number, "0.5", 0.5),
        (number, "1e3", 1000.0),
        (share, "0", 0.0),
        (share, "1", 1.0),
        (seconds, "2.5", 2.5),
    ],
)
def test_what_means_something_is_taken(read: Callable[[str], float], text: str, value: float) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (at_least(1), "0", "'0' is not a whole number of 1 or more"),
        (at_least(0), "2.5", "'2.5' is not a whole number of 0 or more"),
        (at_least(0), "many", "'many' is not a whole number of 0 or more"),
        (number, "-1", "'-1' is not a number of 0 or more"),
        (number, "nan", "'nan' is not a number of 0 or more"),
        (number, "inf", "'inf' is not a number of 0 or more"),
        (share, "1.01", "'1.01' is not a number from 0 to 1"),
        (share, "half", "'half' is not a number from 0 to 1"),
        (seconds, "0", "'0' is not a number of seconds"),
        (seconds, "1e9", "'1e9' is not a number of seconds"),
    ],
)
def test_what_means_nothing_is_refused_in_one_wording(read: Callable[[str], float], text: str, said: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"^{said}$"):
        read(text)
