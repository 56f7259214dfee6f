"""What gives an answer away, and what does not."""

from __future__ import annotations

import pytest

from tutor_app.tutor.leaks import gives_divisor, leaks


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("She has 72 clips.", "72"),
        ("```python\nprint([3,8])\n```", "3, 8"),
        ("print([-4,4])", "\\pm 4"),
        ("print(math.sqrt(81))", "9"),
        ("print(comb(5, 2))", "10"),
        ("x = Fraction(6, 8)", "\\frac{3}{4}"),
        ("print(sum([2, 4, 9]))", "15"),
        ("print(round(200/3))", "67"),
        ("area = math.pi * 3**2", "9\\pi"),
        ("print(factorial(4))", "24"),
        ("print(max(2, 11, 7))", "11"),
        ("That is seventy-two clips.", "72"),
        ("Work out 48 + 24.", "72"),
        ("Work out 100 + 48 + 24 + 5.", "72"),
        ("It costs $1,250.", "1250"),
        ("one thousand two hundred and fifty", "1250"),
        ("The value is 7.50 dollars", "7.5"),
        ("Half of it is left.", "0.5"),
        ("a = 6\nprint(8 * 9)", "72"),
        ("It is $\\frac{1}{2}$.", "0.5"),
        ("take 2/4 of it", "\\frac{1}{2}"),
        ("So x = 3 works.", "x = 3"),
        ("The roots are 2 and 3.", "x = 2, x = 3"),
        ("Use $\\sqrt{16} + 1$.", "5"),
        ("It is (x+1)(x-2).", "(x + 1)(x - 2)"),
        ("The answer is yes.", "\\text{yes}"),
        ("a dozen eggs", "12"),
        ("Work out 180 - 50 - 60.", "70^\\circ"),
        ("third = 180 - (50 + 60)", "70^{\\circ}"),
        ("It is 70 degrees.", "70°"),
        ("25% of it", "0.25"),
        ("You pay 340 dollars.", "\\$340"),
    ],
)
def test_what_gives_an_answer_away(text: str, answer: str) -> None:
    assert leaks(text, answer)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("She has 172 clips and 720 pins.", "72"),
        ("print(solve(x**2 - 81, x))", "9"),
        ("print(comb(n, 2))", "10"),
        ("print(math.sqrt(...))", "9"),
        ("It costs 1,250 dollars.", "250"),
        ("print(sum(prices))", "15"),
        ("Work out 48 / 2.", "72"),
        ("Think about the whole.", "72"),
        ("often and seventeen", "10"),
        ("", "5"),
        ("anything", ""),
        ("x = 48\ny = x / 2\nprint(x + y)", "72"),
    ],
)
def test_what_does_not(text: str, answer: str) -> None:
    assert not leaks(text, answer)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Work out 7 × 13.", "Is 91 prime?"),
        ("print(91 % 7 == 0)", "Is 91 prime?"),
        ("print(... % 7 == 0)", "Is 91 prime?"),
        ("Begin with 11 * 13.", "Is 143 a prime number?"),
        ("Work out 5 × 7.", "Are 35 and 64 coprime?"),
        ("Divide: 2 × 3 × 17", "Is 51 a prime number?"),
    ],
)
def test_a_divisor_that_the_problem_does_not_name_is_a_secret(text: str, problem: str) -> None:
    assert gives_divisor(text, problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Work out 221 ÷ 17.", "Is 221 divisible by 17?"),
        ("Try 91 % 2.", "Is 91 prime?"),
        ("Work out 7 × 13.", "How much are 91 sweets at 7 each?"),
        ("Work out 1 × 91.", "Is 91 prime?"),
    ],
)
def test_what_the_problem_names_is_none(text: str, problem: str) -> None:
    assert not gives_divisor(text, problem)
