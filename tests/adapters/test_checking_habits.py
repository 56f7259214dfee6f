"""Ways of writing a right line that must not be taken for a fault, and slips within them that must be."""

from __future__ import annotations

import pytest

from tutor_app.adapters.checking.work.judge import judge_work
from tutor_app.adapters.checking.work.limits import limit_of, read_limits
from tutor_app.adapters.checking.work.notes import told
from tutor_app.core.work import first_fault


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        ("Solve 4/x <= 2", ["Case 1: x > 0", "4 <= 2x", "2 <= x", "Case 2: x < 0", "4 >= 2x", "x < 0 or x >= 2"]),
        ("Solve |x - 2| = 3x", ["case 1: x >= 2", "x - 2 = 3x", "x = -1, impossible", "case 2: x < 2", "2 - x = 3x",
                                "x = 1/2"]),
        ("Solve 6/x > 2", ["for x > 0: 6 > 2x", "for x < 0: 6 < 2x", "0 < x < 3"]),
        ("Solve ln(x) + ln(x - 2) = ln(8)", ["ln(x(x - 2)) = ln 8", "x^2 - 2x - 8 = 0", "x = 4 or x = -2",
                                             "because x > 2, only x = 4"]),
        ("Find the maximum of f(x) = x e^(-2x)", ["f'(x) = e^(-2x) - 2x e^(-2x)", "f'(x) = 0", "1 - 2x = 0",
                                                  "x = 1/2"]),
        ("Find where y = x^2 and y = 2x + 3 meet", ["x^2 - 2x - 3 = 0", "(x - 3)(x + 1) = 0, x = 3 and x = -1"]),
        ("How often is the sum of two dice at least 11?", ["sum 11: 2", "sum 12: 1", "2 + 1 = 3"]),
        ("A bag costs 51 euros after a reduction of 15%.", ["85% = 51", "1% = 51 / 85 = 0.6", "100% = 60"]),
        ("A car needs 7 l for 100 km. How much for 250 km?", ["100 km → 7 l", "1 km → 0.07 l",
                                                              "250 km → 0.07 · 250 = 17.5 l"]),
        ("A tank of 120 000 l is filled at 400 l/min.", ["120 000 / 400 = 300 min"]),
        ("Find the tangent to y = x^2 at x = 2", ["y' = 2x", "y'(2) = 4", "y(2) = 4", "y = 4x + b"]),
        ("Find lim x->0 (1 - cos(2x))/x^2", ["lim x->0 2sin(2x)/(2x)", "lim_{x→0} 2cos(2x)", "= 2"]),
        ("In triangle ABC, a = 3, b = 5, γ = 60°. Find c.", ["c² = a² + b² - 2ab cos γ", "c² = 34 - 15 = 19",
                                                             "c = √19 ≈ 4.36"]),
        ("Löse 2x + 1 = 6", ["2x = 5", "x = 2,5"]),
        ("Solve x^2 - 6x + 5 = 0", ["x_{1,2} = 3 ± √4", "x1,2 = 3 ± 2", "x = 1 or x = 5"]),
        ("Compute (1 + 3i)/(1 + i)", ["(1 + 3i)(1 - i) = 4 + 2i", "(1 + i)(1 - i) = 2", "(4 + 2i)/2", "2 + i"]),
        ("Integrate x/(x^2 + 4) from 0 to 1", ["t = x^2 + 4", "1/2 [ln t]_4^5", "= 1/2 (ln 5 - ln 4)"]),
        ("Differentiate sin(x^2)", ["u = x^2", "du/dx = 2x", "dy/dx = cos(x^2) * 2x"]),
        ("Prove 1 + tan(x)^2 = 1/cos(x)^2", ["= (cos²x + sin²x)/(cos x cos x)", "= 1/(cos x cos x)"]),
    ],
)  # fmt: skip
def test_no_right_line_is_called_a_fault(problem: str, lines: list[str]) -> None:
    found = judge_work(problem, lines)
    assert first_fault(found) is None, [(line.text, line.kind, line.counterexample) for line in found]
    assert "unread" not in {line.kind for line in found}


@pytest.mark.parametrize(
    ("problem", "lines", "at"),
    [
        ("Solve 6/x > 2", ["for x > 0: 6 < 2x"], 0),
        ("Solve |x - 2| = 3x", ["case 1: x >= 2", "x - 2 = 3x", "x = 1"], 2),
        ("Find lim x->3 (x^2 - 9)/(x - 3)", ["lim x->3 (x - 3)"], 0),
        ("Differentiate sin(x^2)", ["u = x^2", "u' = 2"], 1),
        ("In triangle ABC, a = 3, b = 5, γ = 60°. Find c.", ["c² = 9 + 25 - 2·3·5·cos 60°", "c² = 4 cos 60°"], 1),
        ("Find the tangent to y = x^2 at x = 2", ["y' = 3x"], 0),
        ("A bag costs 51 euros after a reduction of 15%.", ["1% = 51 / 85 = 6"], 0),
    ],
)  # fmt: skip
def test_a_slip_within_is_found(problem: str, lines: list[str], at: int) -> None:
    assert first_fault(judge_work(problem, lines)) == at


def test_what_stands_before_a_number_is_told_apart() -> None:
    assert told("3 km → 12 min").named
    assert told("2 h → 120 min").text == "2 h = 120 min"
    assert told("since x > 0, only x = 5").text == "only x = 5"
    assert told("case 2: x < 3").assumed == "x < 3"
    assert not told("answer: 12").named


def test_limits_are_read_with_what_they_are_of() -> None:
    read = read_limits("lim_{x→2} (x^2 - 4)/(x - 2) = lim x->2 (x + 2) = 4")
    assert read is not None
    name, point, sides = read
    assert (name, point, len(sides)) == ("x", 2.0, 3)
    assert [round(found, 6) for side, _ in sides if (found := limit_of(side, name, point)) is not None] == [4, 4, 4]
    assert read_limits("x = 3") is None


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        ("Write 0.2727... as a fraction", ["x = 0.2727...", "100x = 27.2727...", "99x = 27", "x = 27/99 = 3/11"]),
        ("Solve x^2 - x - 6 >= 0", ["(x - 3)(x + 2) >= 0", "either both >= 0: x >= 3 and x >= -2, so x >= 3",
                                    "or both <= 0: x <= 3 and x <= -2, so x <= -2", "x <= -2 or x >= 3"]),
        ("60 g halve every 5 hours. What is left after 10 hours?", ["60 → 30 → 15", "15 g"]),
        ("Solve sin x = 2cos x for 0° <= x < 90°", ["divide by cos x (cos x = 0 is no solution)", "tan x = 2"]),
        ("Integrate 1/(x^2 - 4)", ["1/(x^2 - 4) = A/(x - 2) + B/(x + 2)", "1 = A(x + 2) + B(x - 2)",
                                   "x = 2: 1 = 4A", "1/4 ln|x - 2| - 1/4 ln|x + 2| + C"]),
        ("Convert 54 km/h into m/s", ["54 km/h = 54000 m/3600 s", "54000/3600 = 15", "54 km/h = 15 m/s"]),
        ("How many hours are 480 min?", ["480 min ÷ 60 = 8 h"]),
        ("Compute the integral of 2x/(x^2 + 1) from 0 to 1", ["[ln(x^2 + 1)]_0^1", "= ln 2 - ln 1"]),
        ("Solve x + y = 4 and x - y = 2", ["x = 3", "S(3|1)"]),
        ("Differentiate f(x) = x^2 from first principles", ["(2xh + h²)/h"]),
        ("Solve 2/(x - 3) = 1", ["D = R \\ {3}", "2 = x - 3", "x = 5", "5 ∈ D"]),
    ],
)  # fmt: skip
def test_no_right_line_of_other_habits_is_called_a_fault(problem: str, lines: list[str]) -> None:
    found = judge_work(problem, lines)
    assert first_fault(found) is None, [(line.text, line.kind, line.counterexample) for line in found]
    assert "unread" not in {line.kind for line in found}


@pytest.mark.parametrize(
    ("problem", "lines", "at", "slip"),
    [
        ("Compute the integral of 2x + 1 from 1 to 3", ["F(x) = x^2 + x", "F(3) = 12, F(1) = 2", "12 + 2 = 14"], 2,
         "sign"),
        ("Compute the determinant of [[2, 3], [1, -5]]", ["2·5 - 3·1 = 7"], 0, "sign"),
        ("A price falls from 50 to 40 euros. By how many percent?", ["50 - 40 = 10", "10/40 = 25%"], 1, "percent"),
        ("Find the median of 7, 1, 8, 3", ["(1 + 8)/2 = 4.5"], 0, ""),
        ("Find the angle between (1, 0, 2) and (0, 3, 1)", ["|a| = 1 + 4 = 5"], 0, ""),
        ("How many hours are 480 min?", ["480 min ÷ 100 = 4.8 h"], 0, "unit"),
        ("Solve x + y = 4 and x - y = 2", ["x = 3", "S(3|2)"], 1, None),
    ],
)  # fmt: skip
def test_a_wrong_end_is_found_by_its_sign_or_its_kind(
    problem: str, lines: list[str], at: int, slip: str | None
) -> None:
    found = judge_work(problem, lines)
    assert first_fault(found) == at
    assert slip is None or found[at].slip == slip
