"""Lines whose meaning the problem fixes, several solutions told one by one, and slips in equations with letters."""

from __future__ import annotations

import pytest

from tutor_app.adapters.checking.work.judge import judge_work
from tutor_app.core.work import first_fault

SEQUENCE = "An arithmetic sequence has a1 = 8 and d = 3. Find a12 and the sum of the first 12 terms."
EVENTS = "P(A) = 0.6, P(B) = 0.3, A and B are independent. Find P(A or B)."
INVERSE = "Find the inverse of f(x) = 5x - 4"
TANGENT = "Find the tangent to y = x³ - x at x = 2"


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        (SEQUENCE, ["a12 = 8 + 11·3 = 41", "S12 = 12/2 · (8 + 41) = 294"]),
        ("A geometric sequence has first term 5 and common ratio 2. Find the 4th term.", ["u4 = 5·2^3 = 40"]),
        (EVENTS, ["P(A and B) = 0.6 · 0.3 = 0.18", "P(A or B) = 0.6 + 0.3 - 0.18 = 0.72"]),
        (INVERSE, ["y = 5x - 4", "x = 5y - 4", "x + 4 = 5y", "y = (x + 4)/5", "f^-1(x) = (x + 4)/5"]),
        (INVERSE, ["y = 5x - 4", "y + 4 = 5x", "x = (y + 4)/5", "f⁻¹(x) = (x + 4)/5"]),
        ("Find the inverse of f(x) = x² - 3 for x ≥ 0", ["y = x² - 3", "y + 3 = x²", "x = √(y + 3)"]),
        (TANGENT, ["y' = 3x² - 1", "m = 11", "y(2) = 6", "y = 11(x - 2) + 6", "y = 11x - 16"]),
        ("Work out 9 - 3(2 - 6)^2", ["(2 - 6)^2 = 16", "3·16 = 48", "9 - 48 = -39"]),
        ("500 grow at 3 % a year. What are they worth after 2 years?", ["500·1.03 = 515", "515·1.03 = 530.45"]),
        ("Solve x² - 10x + 7 = 0", ["x1,2 = 5 ± √18", "x1 = 5 + √18 ≈ 9.24", "x2 = 5 - √18 ≈ 0.76"]),
        ("Solve x² - 6x + 7 = 0", ["x = 3 ± √2", "x1 ≈ 4.41", "x2 ≈ 1.59"]),
        ("Solve 5/x < 10 for x > 0", ["5 < 10x", "x > 1/2"]),
        ("f(x) = (x + 4)/(x - 2). Find f'(x).", ["f'(x) = ((x - 2) - (x + 4))/(x - 2)²", "= -6/(x - 2)²"]),
        ("Write 0.0052 in scientific notation", ["5.2 · 10^-3"]),
        ("Integrate x^3", ["∫ x^3 dx = x^4/4 + C"]),
        ("Find the integral of 4x - 1", ["∫ (4x - 1) dx", "= 2x² - x + C"]),
        ("Find the integral of 6x", ["∫ 6x dx = 3x² + C"]),
        ("Compute the integral of x^2 from 0 to 3", ["[x³/3]₀³ = 9"]),
        ("Find the minimum of f(x) = x² - 14x + 1", ["f'(x) = 2x - 14", "2x = 14", "x = 7", "f(7) = -48"]),
        ("Find the turning points of f(x) = x³ - 12x", ["f'(x) = 3x² - 12", "3x² = 12", "x² = 4", "x = ±2"]),
        ("A bill of 60 gets a tip of 20%. What is paid in total?", ["60·0.2 = 12", "60 + 12 = 72"]),
        ("A bag costs 45 after 10% off. What was the original price?", ["45/0.9 = 50"]),
        ("The ratio of cats to dogs is 2:7. There are 8 cats. How many dogs are there?", ["8/2 = 4", "4·7 = 28"]),
    ],
)
def test_right_work_of_these_kinds_has_no_fault(problem: str, lines: list[str]) -> None:
    assert first_fault(judge_work(problem, lines)) is None


@pytest.mark.parametrize(
    ("problem", "lines", "at", "slip"),
    [
        (SEQUENCE, ["a12 = 8 + 12·3 = 44"], 0, "formula"),
        (SEQUENCE, ["a12 = 41", "S12 = 12·(8 + 41) = 588"], 1, "formula"),
        (EVENTS, ["P(A or B) = 0.6 + 0.3 = 0.9"], 0, ""),
        (INVERSE, ["y = 5x - 4", "x = y/5 + 4"], 1, ""),
        (INVERSE, ["f^-1(x) = x/5 + 4"], 0, ""),
        (TANGENT, ["y' = 3x² - 1", "m = 11", "y = 11x + 6"], 2, ""),
        ("Write 27^(2/3) as a number", ["27·2/3 = 18"], 0, "powers"),
        ("800 grow at 5 % a year. What are they worth after 3 years?", ["800·1.15 = 920"], 0, "percent"),
        ("How many ways can 2 pupils be chosen from 9?", ["9·8 = 72"], 0, "formula"),
        ("Two angles of a triangle are 40° and 75°. Find the third.", ["360 - 115 = 245"], 0, "formula"),
        ("Write 0.0052 in scientific notation", ["5.2 · 10^3"], 0, ""),
        ("Solve x² - 6x + 7 = 0", ["x = 3 ± √2", "x1 ≈ 4.41", "x2 ≈ 1.95"], 2, ""),
        ("Solve 5x/6 = 10", ["x = 10 · 5/6"], 0, "inverse"),
        ("Solve A = (1/2)bh for h", ["A/2 = bh"], 0, "inverse"),
        ("Make t the subject of s = k + wt", ["t = s - k/w"], 0, "distribution"),
        ("Solve 3x² - 10x + 3 = 0", ["x = (10 ± 8)/3"], 0, "formula"),
        ("Solve 5x² + 8x - 4 = 0", ["x = -8 ± 12/10"], 0, "order"),
        ("Solve x² > 36", ["x > ±6"], 0, "plus_minus"),
        ("Compute the integral of x^2 from 1 to 3", ["[x³/3]₁³ = 9 + 1/3"], 0, "sign"),
        ("Find the minimum of f(x) = x² - 14x + 1", ["f'(x) = 2x - 14", "2x = -14"], 1, "sign"),
        ("Find the turning points of f(x) = x³ - 6x²", ["f'(x) = 3x² - 12x", "3x² = 12x", "x = 4"], 2, "zero"),
        ("A bill of 60 gets a tip of 20%. What is paid in total?", ["60 + 20 = 80"], 0, "percent"),
        ("A bag costs 45 after 10% off. What was the original price?", ["45·1.1 = 49.50"], 0, "percent"),
        ("The ratio of cats to dogs is 2:7. There are 8 cats. How many dogs?", ["8·2/7 = 2.29"], 0, "percent"),
        ("In a right triangle the hypotenuse is 9 and one angle is 25°. Find the side opposite it.",
         ["x = 9 cos 25°", "x ≈ 8.16"], 0, "formula"),
        ("A plan has scale 1:500. How many m are 8 cm?", ["8·500 = 4000 cm", "4000 cm = 400 m"], 1, "unit"),
        ("Work out 72 ÷ (6 × 3)", ["72 ÷ 6 × 3"], 0, "order"),
        ("Solve (3x - 2)/4 = (x + 1)/5", ["4(3x - 2) = 5(x + 1)"], 0, "inverse"),
        ("Make h the subject of a² = b² + 3ch", ["a - b = 3ch"], 0, "square"),
        ("Differentiate 5x³ - 3x² + x", ["15x² - 6x"], 0, "derivative"),
        ("Simplify (3y⁴)²", ["3y⁸"], 0, "powers"),
        ("Solve √(x + 3) = x - 3", ["x + 3 = x² - 9"], 0, "square"),
        ("Write as one logarithm: 4 log a + log b", ["log a⁴ + log b", "log(a⁴ + b)"], 1, "logs"),
        ("Integrate 5x⁴(x⁵ + 1)^2", ["u = x⁵ + 1, du = x⁴ dx"], 0, "derivative"),
        ("A train needs 2 h 40 min for 200 km. How fast is it?", ["200 / 2.4 = 83.3"], 0, "unit"),
        ("A taxi takes 12 and 4 per km. A bill is 56. How many km?", ["12 + 4x = 56", "16x = 56"], 1, "terms"),
        ("Solve 3x + 7y = 13 and 4x - y = 7", ["y = 7 - 4x", "3x + 7(7 - 4x) = 13"], 0, "sign"),
    ],
)  # fmt: skip
def test_a_wrong_line_of_these_kinds_is_found_and_named(problem: str, lines: list[str], at: int, slip: str) -> None:
    found = judge_work(problem, lines)
    assert first_fault(found) == at
    assert found[at].slip == slip
