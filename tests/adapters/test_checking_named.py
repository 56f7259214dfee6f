"""Statements that name what they compute: moduli, conjugates, dozens, interest, changes by percent, determinants."""

import pytest

from tutor_app.adapters.checking.reading import Reading


def said(text: str) -> list[tuple[str, str]]:
    return [(claim.verdict, claim.right) for claim in Reading().text(text, 20.0)]


@pytest.mark.parametrize(
    "text",
    [
        "The modulus of 8 - 15i is 17.",
        r"The absolute value of $2 + i$ is $\sqrt{5}$.",
        "The complex conjugate of -4 + 9i is -4 - 9i.",
        "8 dozen eggs are 96 eggs.",
        "Three dozen rolls are 36 rolls, so there are enough.",
        "50 minutes = 5/6 hour",
        "2 1/4 hours is 135 minutes.",
        "The simple interest on $750 at 4% per year for two years is $60.",
        "A price of $40 increased by 35% is $54.",
        "360 decreased by 5% is 342.",
        "The determinant of [[4, 3], [2, 5]] is 14.",
    ],
)
def test_what_is_computed_by_name_is_true(text: str) -> None:
    assert [verdict for verdict, _ in said(text)] == ["true"]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("The modulus of 8 - 15i is 23.", "17"),
        ("The conjugate of -4 + 9i is 4 - 9i.", "-4 - 9 I"),
        ("8 dozen eggs are 98 eggs.", "96"),
        ("50 minutes = 3/4 hour", "5/6 (about 0.833333) hour"),
        ("The simple interest on $750 at 4% per year for two years is $62.", "60"),
        ("A price of $40 increased by 35% is $53.", "54"),
        ("det([[4, 3], [2, 5]]) = 26", "14"),
    ],
)
def test_what_is_computed_by_name_is_false(text: str, right: str) -> None:
    assert said(text) == [("false", right)]


@pytest.mark.parametrize(
    "text",
    [
        "3 dozen roses are 45 dollars.",
        "A dozen eggs is 3 dollars.",
        "Each of the 4 dozen boxes is 5 kilograms.",
        "The interest on $100 at 10% for 2 years is $21.",
        "$45 reduced by 15% is about $38.",
        "The price of $60 was reduced by 20% and is 10 dollars more than before.",
    ],
)
def test_what_may_be_meant_otherwise_is_left(text: str) -> None:
    assert "false" not in [verdict for verdict, _ in said(text)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"Solving $2y + 3 = 17$, we see that indeed $y = 8$.", "indeed $y = 8$"),
        (r"The solution of \(4y = 12\) is \(y = 5\).", r"solution of \(4y = 12\) is \(y = 5\)"),
        (r"The gcd of $12$ and $18$ is $5$.", "gcd of $12$ and $18$ is $5$"),
    ],
)
def test_the_place_of_a_statement_holds_formulas_whole(text: str, shown: str) -> None:
    found = [claim for claim in Reading().text(text, 20.0) if claim.verdict == "false"]
    assert shown in [claim.text for claim in found]
    assert all(text[claim.start : claim.end] == claim.text for claim in found)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Then 4 times fewer children go home, so 4 * 32 = 128 children go home.", "8"),
        ("The board was made longer by 6 inches, so it is 5 + 6 = 11 feet long.", "5.5 feet"),
        ("So the price of the hat is $20 - $45 = -$25.", "a price is never negative"),
        ("Each guest pays $90 / $15 = 6 dollars.", "6, which is no amount of money"),
    ],
)
def test_an_operation_or_unit_that_the_words_speak_against(text: str, right: str) -> None:
    assert ("false", right) in said(text)


@pytest.mark.parametrize(
    "text",
    [
        "Tom has 4 times fewer cards than Ann, so Ann has 4 * 32 = 128 cards.",
        "The board was made longer by 6 inches, so it is 50 + 6 = 56 inches long.",
        "The difference in price is $20 - $45 = -$25.",
        "She needs $90 / $15 = 6 tickets.",
        "He has $90 / $15 = 6 $15 notes.",
        "The ratio is $90 / $15 = 6.",
    ],
)
def test_such_words_that_agree_are_left(text: str) -> None:
    assert "false" not in [verdict for verdict, _ in said(text)]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (r"$\log 10000 = 4$", "true"),
        (r"$\log 10000 = 5$", "false"),
        ("log(0.01) = -2", "true"),
        (r"$\log 5 = 1.609$", "rounded"),
        ("log_10(100000) = 5", "true"),
        (r"$\ln e^6 = 5$", "false"),
        ("P(7, 2) = 42", "true"),
        ("P(7, 2) = 21", "false"),
        ("y = 3 is a solution of 4y - 5 = 7.", "true"),
        ("y = 2 satisfies 4y - 5 = 7.", "false"),
        ("Let w = 8 - 6i. Then |w| = 14.", "false"),
        ("(3a)(4b) = 12ab", "true"),
        ("π * 3^2 = 6π", "false"),
    ],
)
def test_logarithms_to_the_base_10_permutations_and_solutions(text: str, verdict: str) -> None:
    assert [found for found, _ in said(text)] == [verdict]


def test_the_solution_that_is_told_behind_an_equation_is_not_put_into_it_by_its_right_side() -> None:
    found = said(r"The only solution to $\cos y = 1$ on that interval is $y = 0$.")
    assert "false" not in [verdict for verdict, _ in found]
