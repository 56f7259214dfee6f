"""Statements that a sentence makes in words."""

import pytest

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.reading import Reading


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    symbolic.warm()


def verdicts(*texts: str) -> list[str]:
    reading = Reading()
    return [claim.verdict for text in texts for claim in reading.text(text)]


TRUE = [
    "The gcd of 24 and 36 is 12.",
    "The least common multiple of 6, 8 and 9 is 72.",
    "101 is prime.",
    "87 is not prime.",
    "144 is a perfect square.",
    "84 is divisible by 7.",
    "The remainder when 50 is divided by 8 is 2.",
    "50 divided by 8 is 6 remainder 2.",
    "The divisors of 10 are 1, 2, 5, and 10.",
    "48 has 10 divisors.",
    "The prime factorization of 84 is $2^2 \\cdot 3 \\cdot 7$.",
    "The sum of 4, 9 and 2 is 15.",
    "The product of 6 and 7 is 42.",
    "The average of 5, 7 and 12 is 8.",
    "The median of 8, 2 and 5 is 5.",
    "The difference between 19 and 4 is 15.",
    "The cube root of 27 is 3.",
    "6 choose 2 is 15.",
    "There are 24 ways: the number of ways to arrange 4 books in a row is 24.",
    "12 is 30% of 40.",
    "The roots of $x^2 - 7x + 10 = 0$ are $2$ and $5$.",
    "The solutions of x^2 = 9 are x = 3 and x = -3.",
    "The equation $x^2 + 4 = 0$ has no real solutions.",
    "The discriminant of $x^2 - 4x + 1$ is 12.",
    "$x^2 - 16$ factors as $(x - 4)(x + 4)$.",
    "Expanding $(x - 2)^2$ gives $x^2 - 4x + 4$.",
    "The derivative of $x^4$ is $4x^3$.",
    "The integral of $2x$ from 0 to 5 is 25.",
    "The limit of $\\frac{3x}{x + 1}$ as x approaches infinity is 3.",
    "The slope of the line through (0, 1) and (2, 5) is 2.",
    "The slope of the line $y = -3x + 1$ is $-3$.",
    "The x-intercept of y = 2x - 8 is 4.",
    "The distance between (0, 0) and (6, 8) is 10.",
    "The midpoint of (1, 1) and (5, 9) is (3, 5).",
    "The vertex of the parabola $y = x^2 - 6x + 5$ is $(3, -4)$.",
    "The area of a circle with radius 5 is $25\\pi$.",
    "The perimeter of a rectangle with length 8 and width 3 is 22.",
    "The volume of a cube with side 4 is 64.",
    "The hypotenuse of a right triangle with legs 8 and 15 is 17.",
]
FALSE = [
    ("The gcd of 24 and 36 is 6.", "12"),
    ("87 is prime.", "87 = 3 * 29"),
    ("84 is divisible by 8.", "84 = 10 * 8 + 4"),
    ("50 divided by 8 is 6 remainder 3.", "6 remainder 2"),
    ("48 has 9 divisors.", "10"),
    ("The average of 5, 7 and 12 is 9.", "8"),
    ("6 choose 2 is 12.", "15"),
    ("12 is 25% of 40.", "10"),
    ("The roots of $x^2 - 7x + 10 = 0$ are $2$ and $4$.", "x = 5 or 2"),
    ("The equation $x^2 - 4 = 0$ has no real solutions.", "x = -2 or 2"),
    ("$x^2 + 16$ factors as $(x - 4)(x + 4)$.", "for x = 1 the left side is 17, the right side -15"),
    ("The derivative of $x^4$ is $x^3$.", "4 x^3"),
    ("The slope of the line through (0, 1) and (2, 5) is 3.", "2"),
    ("The distance between (0, 0) and (6, 8) is 14.", "10"),
    ("The area of a triangle with base 8 and height 5 is 40.", "20"),
    ("The volume of a cube with side 4 is 12.", "64"),
]


@pytest.mark.parametrize("text", TRUE)
def test_what_is_right_is_true(text: str) -> None:
    found = verdicts(text)
    assert found
    assert set(found) == {"true"}


@pytest.mark.parametrize(("text", "right"), FALSE)
def test_what_is_wrong_is_false_and_the_right_value_is_told(text: str, right: str) -> None:
    assert ("false", right) in {(claim.verdict, claim.right) for claim in Reading().text(text)}


def test_a_vertex_is_compared_with_the_parabola_that_was_told_before() -> None:
    reading = Reading()
    reading.text("We look at the parabola $y = x^2 - 4x + 3$.")
    (claim,) = reading.text("So its vertex is (2, 1).")
    assert (claim.text, claim.verdict, claim.right) == ("vertex is (2, 1)", "false", "(2, -1)")


def test_the_solution_of_a_system_is_put_into_both_equations() -> None:
    assert "true" in verdicts("We have $2x + y = 7$ and $x - y = 2$. Hence $x = 3$ and $y = 1$.")


@pytest.mark.parametrize(
    "text",
    [
        "If 87 is prime, then we are done.",
        "Is 87 prime? Suppose 87 is prime.",
        "Neither 43 nor 34 is a multiple of 4.",
        "The number of solutions is 3 for $x^2 = 4$.",
        "Let $x^2 - 9 = 0$. The sum of the roots is 0.",
        "The prime factors of 12 are 2 and 3.",
        "The least common multiple of 4 and 6 is $2^2 \\cdot 3$.",
        "The possible integer solutions of $x^2 - 5x + 6 = 0$ are 1, 2, 3 and 6.",
        "$n^2 + 34$ is a multiple of 4.",
    ],
)
def test_what_says_something_else_is_never_false(text: str) -> None:
    assert "false" not in verdicts(text)


TAILS = (
    "calculated using SymPy", "found by the power rule", "easy", "not hard to see", "a constant", "what we need",
    "the next thing to find", "b", "positive, so we go on", "2 more than I thought", "one of the values above",
    "3 cm longer than the other", "in the interval from 0 to 3", "undefined", "zero or positive", "always even",
    "at most 500",
)  # fmt: skip


@pytest.mark.parametrize("tail", TAILS)
def test_what_is_told_in_words_is_no_value(tail: str) -> None:
    """ "The integral is calculated using SymPy" tells no value, and so nothing that could be false."""
    heads = [text.rpartition(" is ")[0] for text in TRUE if " is " in text]
    assert len(heads) > 20
    text = "\n\n".join(f"{head} is {tail}." for head in heads)
    assert [claim.text for claim in Reading().text(text) if claim.verdict == "false"] == []
