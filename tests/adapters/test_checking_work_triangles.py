"""Lines about triangles, terms of a sequence that is written out, and areas and durations in other units."""

from __future__ import annotations

import pytest

from tutor_app.adapters.checking.work.judge import judge_work
from tutor_app.core.work import first_fault

BETWEEN = "In a triangle a = 5, b = 8 and the angle between them is 60°. Find c."
ACROSS = "In a triangle b = 7, c = 3 and alpha = 60°. Find a."
UNNAMED = "A triangle has sides 7 and 8 with an angle of 60° between them. Find the third side."
LEGS = "The legs of a right triangle are a = 5 and b = 12. Find sin alpha and tan beta."
OPPOSITE = "A right triangle has legs 3 and 4. Find the sine of the angle opposite the leg 3."
LISTED = "An arithmetic sequence starts 7, 11, 15. Find the 20th term."


@pytest.mark.parametrize(
    ("problem", "line", "slip"),
    [
        (BETWEEN, "c^2 = 25 + 64 + 2*5*8*cos(60°)", "sign"),
        (BETWEEN, "c = sqrt(89) = 9.43", "formula"),
        (ACROSS, "a^2 = 49 + 9", "formula"),
        (UNNAMED, "c² = 49 + 64", "formula"),
        (LEGS, "sin alpha = 12/13", "formula"),
        (LEGS, "tan β = 5/12", "formula"),
        (OPPOSITE, "sin α = 3/4", "formula"),
        (OPPOSITE, "sin(x) = 0.8", "formula"),
        (LISTED, "a_20 = 7 + 20 * 4 = 87", "formula"),
        ("A geometric sequence begins 3, 6, 12. Find the 5th term.", "a_5 = 3 * 2^5 = 96", "formula"),
        ("How many minutes are 2 h 45 min?", "2 * 100 + 45 = 245 min", "unit"),
        ("Compute \\int_1^2 (3x^2 - 2x) dx", "[x^3 - 2x^2]_1^2", "derivative"),
    ],
)
def test_what_is_not_what_the_problem_fixes_is_false(problem: str, line: str, slip: str) -> None:
    (found,) = judge_work(problem, [line])
    assert (found.kind, found.slip) == ("false", slip)


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        (BETWEEN, ["c^2 = 25 + 64 - 2*5*8*cos(60°)", "c^2 = 89 - 40", "c = 7"]),
        (ACROSS, ["a^2 = b^2 + c^2 - 2bc cos alpha", "a^2 = 49 + 9 - 42 * 0.5", "a = sqrt(37) = 6.08"]),
        (UNNAMED, ["h = 7 sin 60° = 6.06", "x = 7 cos 60° = 3.5", "c² = 6.06² + 4.5²", "c = 7.55"]),
        (LEGS, ["c = 13", "sin alpha = 5/13", "cos alpha = 12/13 = 0.92", "tan beta = 12/5 = 2.4"]),
        (OPPOSITE, ["c = 5", "sin α = 3/5", "cos α = 4/5", "tan α = 0.75"]),
        ("In a triangle a = 5, b = 8 and alpha = 30°. Find c.", ["c^2 = 25 + 64"]),
        ("A right triangle has legs 3 and 4. Find sin x.", ["sin x = 4/5"]),
        (LISTED, ["a_2 = 11", "a_20 = 7 + 19 * 4 = 83"]),
        ("Convert 0.35 m^2 to cm^2.", ["0.35 * 10000 = 3500", "3500 cm^2"]),
        ("How many m² are 4500 cm²?", ["4500/10000 = 0.45", "0.45 m²"]),
        ("How many minutes are 2 h 45 min?", ["2 * 60 + 45 = 165 min"]),
        ("Compute \\int_1^2 (3x^2 - 2x) dx", ["[x^3 - x^2]_1^2", "(8 - 4) - 0 = 4"]),
    ],
)
def test_right_lines_are_no_faults(problem: str, lines: list[str]) -> None:
    assert first_fault(judge_work(problem, lines)) is None
