"""Why a line could not be read is told by what is seen in it, never by what it may have meant."""

from __future__ import annotations

import pytest

from tutor_app.adapters.checking.work.judge import judge_work
from tutor_app.adapters.checking.work.unread import why_unread


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("3(y - 2 = 9", "open"),
        ("{4, 7", "open"),
        ("log(", "open"),
        ("y + 5) = 2", "closed"),
        (")y(", "closed"),
        ("y = ?", "hole"),
        ("y = ___", "hole"),
        ("1 + 2 + ... + n = 9 9 z", "dots"),
        ("y 3 = = 8", "alone"),
        ("2y + = 8", "alone"),
        ("= y =", "alone"),
        ("5 * / 2", "alone"),
        ("y^ = 4", "alone"),
        ("( ) = 3", "alone"),
        ("y @ 4 = 2", "sign"),
        ("y = 4 ☺", "sign"),
        ("3y 7 8 = some number", "mixed"),
        ("y 3 4 = 5 6", "other"),
        ("9" * 401, "long"),
    ],
)
def test_the_reason_is_what_is_seen(line: str, reason: str) -> None:
    assert why_unread(line) == reason


@pytest.mark.parametrize(
    "line", ["y in [0, 3)", "-y = -4", "y <= -3", "2 * -3", "(-4)", "y >= +2", "y = ±3", "y ** 2 = 4"]
)
def test_signs_that_may_stand_there_are_no_reason(line: str) -> None:
    assert why_unread(line) in ("other", "mixed")


def test_a_line_that_could_not_be_read_says_why_and_others_say_nothing_of_it() -> None:
    first, second, third = judge_work("Solve 3y = 12", ["3y = (12", "y is four I think", "y = 4"])
    assert (first.kind, first.note) == ("unread", "a bracket is opened and not closed")
    assert (second.kind, second.note) == ("words", "")
    assert (third.kind, third.note) == ("equivalent", "")
