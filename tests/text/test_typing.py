"""Plain typing and what is read of it; the pairs are labelled by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.text.delimiters import split
from tutor_app.text.typing import LONGEST, Formula, latex_of, once, read_typed

PAIRS = [
    json.loads(row) for row in Path(__file__).with_name("typed_pairs.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_there_are_many_pairs_and_none_twice() -> None:
    assert len(PAIRS) >= 200
    assert len({pair["typed"] for pair in PAIRS}) == len(PAIRS)
    assert sum(pair["typed"] == pair["read"] for pair in PAIRS) >= 40


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["typed"])
def test_a_typed_text_is_read_as_labelled(pair: dict[str, str]) -> None:
    assert read_typed(pair["typed"]).text == pair["read"]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["typed"])
def test_what_was_read_stays_as_it_is(pair: dict[str, str]) -> None:
    assert read_typed(pair["read"]).text == pair["read"]


def test_the_line_for_the_user_tells_what_was_read() -> None:
    read = read_typed("Solve x^2 = 9 and 1/2 + 1/3 and 2^3 and sqrt(4)")
    assert read.formulas[0] == Formula("x^2 = 9", "x^2 = 9")
    assert read.sentence() == "Read as: x² = 9; 1/2 + 1/3; 2³; and 1 more"
    assert read_typed("1,000 + 2").sentence() == "Read as: 1,000 + 2"
    assert read_typed("How many apples are left?").sentence() == ""


@pytest.mark.parametrize(
    ("line", "latex"),
    [
        ("2(x+1) = 6", "2(x + 1) = 6"),
        ("$\\frac{1}{2} + x$", "\\frac{1}{2} + x"),
        ("x = 3 because", None),
        ("", None),
        ("= 3", None),
    ],
)
def test_a_line_that_is_one_formula(line: str, latex: str | None) -> None:
    assert latex_of(line) == latex


def test_a_formula_copied_from_a_page_three_times_over_is_taken_once() -> None:
    assert once("x2−9=0x^2 - 9 = 0x2−9=0") == "$x^2 - 9 = 0$"
    assert once("12\\frac{1}{2}12") == "$\\frac{1}{2}$"
    assert once("x\n2\n+\n1\nx^2 + 1\nx \n2\n +1") == "$x^2 + 1$"
    assert once("a text without formulas") == "a text without formulas"


def test_a_very_long_text_stays() -> None:
    text = "x^2 " * LONGEST
    assert read_typed(text).text == text


def test_deep_brackets_end() -> None:
    assert read_typed("(" * 500 + "x^2" + ")" * 500).text
    assert read_typed("sqrt(" * 300).text == "sqrt(" * 300


@given(st.text(alphabet="x12+-*/^_=()[]{}|<>√² ∫,.!?$ abfromtdsin\\\n", max_size=60))
def test_any_text_is_read_and_its_formulas_can_be_found_again(text: str) -> None:
    read = read_typed(text)
    assert len([s for s in split(read.text).segments if s.kind != "text"]) >= min(1, len(read.formulas))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("find the integral of x^2 from 0 to 3", r"find $\int_0^3 x^2\,dx$"),
        ("What is the definite integral of x from 0 to 1?", r"What is $\int_0^1 x\,dx$?"),
        ("Evaluate the sum of k^2 from k=1 to 10.", r"Evaluate $\sum_{k = 1}^{10} k^2$."),
        ("the sum of 3 and 4", "the sum of 3 and 4"),
    ],
)
def test_an_article_before_a_sign_said_as_a_noun_goes_with_it(typed: str, read: str) -> None:
    assert read_typed(typed).text == read


@pytest.mark.parametrize("typed", ["x = 2,3", "The roots are x = -2,5 and x = 4", "y = 3,14"])
def test_what_may_be_a_decimal_or_two_numbers_stays_and_is_told(typed: str) -> None:
    found = read_typed(typed)
    (number,) = found.doubtful
    assert number in found.text
    first, second = number.split(",")
    assert found.sentence().startswith(f"{number} stays: write {first}.{second}, or {first}; {second} for two numbers")


@pytest.mark.parametrize(
    "typed", ["1,2,3", "(2,3)", "f(1,5)", "a = 1,000", "Berechne 3,5 + 2", "x = 0,5", "in 2,3 cases"]
)
def test_commas_that_are_certain_or_only_told_raise_no_doubt(typed: str) -> None:
    assert read_typed(typed).doubtful == ()


def test_the_problems_by_which_typing_and_latex_are_compared_are_read_so() -> None:
    folder = Path(__file__).parents[2] / "trainer" / "problems"
    typed, latex = (
        [json.loads(row)["problem"] for row in (folder / name).read_text(encoding="utf-8").splitlines()]
        for name in ("typed.jsonl", "typed-latex.jsonl")
    )
    assert len(typed) == 40
    assert [read_typed(problem).text for problem in typed] == latex


def test_a_line_that_has_fallen_apart_is_told() -> None:
    read = read_typed("Find ∫ 0 1 x 2 d x now")
    assert read.apart == ("Find ∫ 0 1 x 2 d x now",)
    assert read.sentence().startswith("Find ∫ 0 1 x 2 d x now stays as it is: powers, fractions and bounds")
    assert "∫ 0 1 x 2 d x + 1 2\u2026 stays" not in read_typed("x = 2").sentence()
    long = read_typed("The integral to be found here is ∫ 0 1 x 2 d x").sentence()
    assert long.startswith("The integral to be found\u2026 stays")
    both = read_typed("x 2 − 9 = 0\n3x = 12").sentence()
    assert both.endswith("Read as: 3x = 12")
