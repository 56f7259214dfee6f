"""Hyphens that are minus signs, and those that are none."""

from __future__ import annotations

import pytest

from tutor_app.text.finding import Found, compact, find
from tutor_app.text.minus import MINUS, minus_signs


@pytest.mark.parametrize(
    "text",
    [
        "So x² ~ 7x + 10 = 0 gives x = 2.",
        "x^2 ~ 7x ~ 1",
        "17~5=12",
        "(x~2)(x~3)",
        "(n~1)-th term",
        "f(x)~g(x)",
        "It is ~3 °C, or ~4.",
        "x = ~y, or ~x = y",
        "A ~ B = C",
        "2x~3y=7",
        "\ue0000\ue001 ~ \ue0001\ue001 = 3",
        "x = ~\\frac{1}{2}",
        "n ~ 1 of them",
    ],
)
def test_what_is_subtracted_gets_a_minus(text: str) -> None:
    assert minus_signs(text.replace("~", "-")) == text.replace("~", MINUS)


@pytest.mark.parametrize(
    "text",
    [
        "Pages 3 - 5 are missing, and 7-9",
        "a well-known 3-digit number on the x-axis",
        "a t-test, an F-16 and A-4 paper",
        "on 2024-05-01, from 1914-1918",
        "call 030-123-456",
        "a 2-by-3 matrix; the i-th and the 2n-th",
        "x = 3 - which is right",
        "x = 5 -- or not ---",
        "C-D-E",
        "no hyphen",
        "",
    ],
)
def test_other_hyphens_stay(text: str) -> None:
    assert minus_signs(text) == text


def test_a_piece_is_found_where_its_hyphens_are_shown_as_minus_signs() -> None:
    text = "So 12 - 5 = 8, and 20 - 3 = 16."
    shown = compact(minus_signs(text))[0]
    start = text.index("20")
    assert find(shown, text, [(start, len(text) - 1)]) == [Found(shown.index("20"), len(shown) - 1, True)]
