"""Where a work that ends with what the problem does not ask for first came to it."""

from __future__ import annotations

import pytest

from tutor_app.adapters.checking.work.judge import judge_work
from tutor_app.core.work import first_fault


@pytest.mark.parametrize(
    ("problem", "lines", "at", "slip"),
    [
        ("Find the midpoint of P(2, 9) and Q(8, -1)", ["((8 - 2)/2, (-1 - 9)/2)", "(3, -5)"], 0, "sign"),
        ("Find the midpoint of P(2, 9) and Q(8, -1)", ["((2 + 8)/2, (9 + (-1))/2)", "M = (5, 4)"], None, ""),
        ("Find the midpoint of P(2, 9) and Q(8, -1)", ["(10, 8)", "(5, 4)"], None, ""),
        ("Add the vectors (4, -7) and (1, 2)", ["(5, 5)"], 0, "sign"),
        ("Add the vectors (4, -7) and (1, 2)", ["(4 + 1, -7 + 2)", "(5, -5)"], None, ""),
        ("Subtract the vector (1, 2) from (4, -7)", ["(5, -5)"], 0, "sign"),
        ("Given u = (3, 1) and v = (2, -6), find 2u - v", ["(6, 2)", "(6 - 2, 2 + 6)", "(4, 8)"], None, ""),
        ("Given u = (3, 1) and v = (2, -6), find 2u - v", ["(6, 2)", "(8, -4)"], 1, "sign"),
        ("Given A(2, 1) and B(5, 8), find the vector AB", ["(2 - 5, 1 - 8)", "(-3, -7)"], 0, "sign"),
        ("Given A(2, 1) and B(5, 8), find the vector AB", ["(7, 9)"], 0, "sign"),
        ("Find the area of a triangle with base 14 and height 3", ["14 * 3 = 42"], 0, "formula"),
        ("Find the area of a circle with diameter 6 cm", ["A = pi * 6^2", "A = 113.1 cm²"], 0, "formula"),
        ("Find the sum of the first 15 terms of 2, 5, 8, ...",
         ["a15 = 2 + 14 * 3 = 44", "S = 15 * (2 + 44) = 690"], 1, "formula"),
        ("Find the 12th term of 6, 10, 14, ...", ["a12 = 6 + 12 * 4 = 54"], 0, "formula"),
        ("Find the 12th term of 6, 10, 14, ...", ["a12 = 6 + 11 * 4", "a12 = 50"], None, ""),
        ("Three coins are thrown. What is the probability of exactly one head?", ["1/2 * 1/2 * 1/2 = 1/8"], None, ""),
    ],
)  # fmt: skip
def test_a_work_that_ends_with_something_else(problem: str, lines: list[str], at: int | None, slip: str) -> None:
    found = judge_work(problem, lines)
    assert first_fault(found) == at, [line.remark() for line in found]
    assert at is None or found[at].slip == slip


@pytest.mark.parametrize(
    ("problem", "lines", "at"),
    [
        ("Find the modulus of 8 - 6i", ["sqrt(64 + 36)", "10"], None),
        ("Find the modulus of 8 - 6i", ["sqrt(64 - 36)"], 0),
        ("Find the conjugate of 2 - 7i", ["2 + 7i"], None),
        ("Find the conjugate of 2 - 7i", ["-2 - 7i"], 0),
        ("Find the argument of 1 + i", ["pi/4"], None),
        ("Find the modulus and the argument of 1 + i", ["sqrt(1 + 1) = sqrt(2)", "45°"], None),
        ("Multiply 3 + 2i by its conjugate", ["(3 + 2i)(3 - 2i)", "9 + 4 = 13"], None),
    ],
)
def test_what_is_asked_of_a_complex_number(problem: str, lines: list[str], at: int | None) -> None:
    assert first_fault(judge_work(problem, lines)) == at


@pytest.mark.parametrize(
    ("problem", "lines", "kinds"),
    [
        ("Solve 2 log(x) = 6", ["log(x) = 3", "x = 1000"], ["equivalent", "equivalent"]),
        ("Solve 2 log(x) = 6", ["log(x) = 12"], ["false"]),
        ("Solve sqrt(x) = 11", ["x = 121"], ["equivalent"]),
        ("Solve ln(x) = 5", ["x = e⁵"], ["equivalent"]),
        ("Solve ln(x) = 5", ["x = 5e"], ["false"]),
        ("Solve log2(x - 3) = 8", ["x - 3 = 256", "x = 253"], ["equivalent", "false"]),
        ("Solve |x - 90| = 15", ["x = 105"], ["lost"]),
        ("Solve 3^x = 59049", ["x = 10"], ["equivalent"]),
    ],
)
def test_solutions_however_large_they_are(problem: str, lines: list[str], kinds: list[str]) -> None:
    assert [line.kind for line in judge_work(problem, lines)] == kinds


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        ("Simplify h + h + 2h", ["4 h"]),
        ("Simplify 9m - 4m", ["5 m"]),
        ("Solve log7(x) = 2", ["x = 49"]),
        ("Evaluate log3(9) + log4(16)", ["2 + 2", "4"]),
        ("Solve v = u + at for a", ["v - u = at", "a = (v - u)/t"]),
        ("The product of two consecutive positive numbers is 72. Find them.",
         ["n(n + 1) = 72", "n² + n - 72 = 0", "(n + 9)(n - 8) = 0", "n = 8"]),
        ("A car drives 100 km in 2 h. How fast is it?", ["100 km / 2 h = 50 km/h"]),
        ("How many minutes are 3 h?", ["3 h = 180 min"]),
    ],
)  # fmt: skip
def test_letters_that_are_units_or_words_elsewhere_and_other_right_lines(problem: str, lines: list[str]) -> None:
    assert all(line.kind in ("new", "equivalent", "follows") for line in judge_work(problem, lines))
