"""Options that several steps share, and types for ``argparse`` that refuse numbers which mean nothing."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path


def at_least(least: int) -> Callable[[str], int]:
    """A whole number that is not below ``least``."""

    def whole(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of {least} or more")
        return value

    return whole


def number(text: str) -> float:
    """A finite number of 0 or more."""
    value = _read(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return value


def share(text: str) -> float:
    """A number from 0 to 1."""
    value = _read(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def seconds(text: str) -> float:
    """Some time, less than twelve days."""
    value = _read(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def _read(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def not_a_test_set(parser: argparse.ArgumentParser) -> None:
    """The option that lets a file through which is taken for a test set."""
    parser.add_argument(
        "--not-a-test-set", action="store_true", help="also take files that are named like, or look like, a test set"
    )


def add_input_files(parser: argparse.ArgumentParser, metavar: str) -> None:
    """The files that a data step reads, its run folder, and what it lets through."""
    parser.add_argument("files", nargs="+", type=Path, metavar=metavar)
    parser.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="run folder for the result")
    on_error = parser.add_mutually_exclusive_group()
    on_error.add_argument("--strict", action="store_true", help="stop at the first broken line (the default)")
    on_error.add_argument("--skip", action="store_true", help="go on past broken lines and list them")
    not_a_test_set(parser)


def add_limits(parser: argparse.ArgumentParser) -> None:
    """How much a data step makes, and with which seed."""
    parser.add_argument("--limit", type=at_least(0), default=0, metavar="N", help="only the first N items; 0 means all")
    parser.add_argument("--seed", type=at_least(0), default=0, help="another seed gives other wordings and numbers")
