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


@pytest.mark.parametrize(
    ("text", "verdict", "right"),
    [
        ("An antiderivative of $x^2$ is $2x$.", "false", "its derivative is 2"),
        ("The antiderivative of 3x^2 + 1 is x^3 + x + C.", "true", ""),
        ("A sphere of radius 3 has volume 27π.", "false", "36π"),
        ("A cone with radius 3 and height 4 has a volume of 12π.", "true", ""),
        ("A cube of edge 4 has the volume 16.", "false", "64"),
        ("The line y = 3x - 5 has slope 3 and y-intercept -5.", "true", ""),
        ("The line y = 3x - 5 has slope -5.", "false", "3"),
        ("The function f(x) = 4 - x has slope -1 and y-intercept 5.", "false", "4"),
        ("The line y = 2x + 4 has x-intercept (2, 0).", "false", "-2"),
        ("With g(x) = 5 - x^2 we have g(3) = -4.", "true", ""),
        ("For f(x) = 2x + 1 we get f(4) = 10.", "false", "9"),
        ("Since h(x) = x^2 - x, we have h(-2) = 6.", "true", ""),
    ],
)
def test_what_a_figure_a_line_or_a_function_has(text: str, verdict: str, right: str) -> None:
    assert [(c.verdict, c.right) for c in Reading().text(text)] == [(verdict, right)]


@pytest.mark.parametrize(
    "text",
    [
        "It is not true that 17 is divisible by 3.",
        "It is not the case that 51 is prime.",
        "It is wrong that 51 is prime.",
        "Suppose the sum were 7 + 8 = 16.",
        "If the price were $12 + $5 = $20, he would have overpaid.",
        "On a 12-hour clock, 9 + 5 = 2.",
        "A cylinder of radius 2 has volume 12.",
        "The line y = mx + 4 has slope 3.",
        "There are no other values of $x$ with $f(x) = 6$. Similarly, $f(1) = 2$ implies $f^{-1}(2) = 1$.",
        "For f(x) = x we look at the table. Here f(1) = 2.",
        "For f(x) = 2x for x < 3 and f(x) = x^2 otherwise, f(4) = 16.",
    ],
)
def test_what_is_denied_or_not_told_in_full_is_not_called_false(text: str) -> None:
    assert "false" not in [c.verdict for c in Reading().text(text)]
