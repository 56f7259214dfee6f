"""A student's lines: the rates on the repository's own labelled works, and what is said about single lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from student_work import CARRIED, rates, read_works

from tutor_app.adapters.checking.checker import Checker
from tutor_app.adapters.checking.work.judge import judge_work
from tutor_app.adapters.checking.work.orders import MOST as MOST_ORDERS
from tutor_app.adapters.checking.work.orders import wrong_orders
from tutor_app.core.work import MOST_LINES, SLIPS, first_fault

WORKS = read_works(CARRIED)


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with Checker() as made:
        yield made


def test_the_corpus_is_large_and_its_labels_are_known() -> None:
    assert sum(len(work["lines"]) for work in WORKS) >= 300
    assert {work["slip"] for work in WORKS} - {""} <= set(SLIPS)
    assert len({work["topic"] for work in WORKS}) >= 20


def test_rates_on_the_corpus(checker: Checker) -> None:
    total = rates(checker, WORKS)
    assert total.right >= 3000
    assert total.wrong >= 1000
    assert total.alarms <= 0.01 * total.right, total.misses
    assert total.found >= 0.9 * total.wrong, total.misses
    assert total.named >= 0.7 * total.slips, total.misses


@pytest.mark.parametrize(
    ("problem", "lines", "at", "kind", "counterexample", "slip"),
    [
        ("Solve 4(x - 1) = 8", ["4x - 1 = 8"], 0, "false", "for x = 3 the left side is 11, the right side 8",
         "distribution"),
        ("Expand (x + 1)^2", ["x^2 + 1"], 0, "false", "for x = 2 the line before is 9, this one 5", "square"),
        ("Solve x^2 = 16", ["x = 4"], 0, "lost", "x = -4 solves the line before, not this one", "plus_minus"),
        ("Solve sqrt(x + 2) = x", ["x + 2 = x^2", "x = 2 or x = -1"], 0, "gained",
         "x = -1 solves this line, not the one before", ""),
        ("", ["3 + 5 = 9"], 0, "false", "the left side is 8, the right side 9", "arithmetic"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_a_counterexample(
    problem: str, lines: list[str], at: int, kind: str, counterexample: str, slip: str
) -> None:
    found = judge_work(problem, lines)[at]
    assert (found.kind, found.counterexample, found.slip) == (kind, counterexample, slip)


def test_what_cannot_be_read_is_no_mistake() -> None:
    found = judge_work("Solve x + 1 = 3", ["", "x + = 3", "first I subtract one", "x = 2", "⟦¤⟧"])
    assert [line.kind for line in found] == ["empty", "unread", "words", "equivalent", "unread"]
    assert first_fault(found) is None


@pytest.mark.parametrize(
    "line",
    [
        "\\frac{1}{2}=8/",
        "5y\U0001f525*-b^3*8/4 <= 1/48",
        "73\\96[@x()8<-4,)3_4x^b",
        "%17<6~3<|'?|0:1",
        "*2x <= 1",
        "9/2<1/4\u00c3\u00a9",
        "9/4=2\u0445 b^3\u00c3\u00a9",
        "3x+1 <= 4 \\frac",
        "x^2 = 5 sqrt \u2797 (2) x",
        "65.12 = 1/2-|x",
    ],
)
def test_a_formula_torn_out_of_signs_is_not_judged(line: str) -> None:
    assert judge_work("Solve 2x + 3 = 11", [line])[0].kind == "unread"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("so x = 5", "false"),
        ('"x = 5" is what I get (from line 1)', "false"),
        ("then I have [subtracted] 2x = 8, so it is x = 4.", "equivalent"),
        ("then I divide by 2: x = 4 → done", "equivalent"),
    ],
)
def test_a_formula_in_a_sentence_is_judged(line: str, kind: str) -> None:
    assert judge_work("Solve 2x + 3 = 11", [line])[0].kind == kind


@pytest.mark.parametrize("line", ["x", "-3y + a", "= 2x", "sin x"])
def test_an_unknown_letter_after_a_number_cannot_be_judged(line: str) -> None:
    assert judge_work("Work out 1/2 + 1/3", [line])[0].kind == "unsure"


def test_solutions_may_be_told_one_by_one() -> None:
    found = judge_work("Solve x^2 - x = 0", ["x(x - 1) = 0", "x = 0", "x - 1 = 0", "x = 1"])
    assert first_fault(found) is None


def test_the_solution_of_a_squared_equation_may_be_thrown_out_again() -> None:
    found = judge_work("Solve sqrt(x + 2) = x", ["x + 2 = x^2", "x = 2 or x = -1", "x = 2"])
    assert first_fault(found) is None


def test_many_lines_are_judged_within_bounds(checker: Checker) -> None:
    lines = ["x + 2 = 5", "x = 3"] * (MOST_LINES // 2)
    found = checker.work("Solve x + 2 = 5", lines)
    assert len(found) == MOST_LINES
    assert not any(line.is_fault for line in found)


def test_works_in_several_languages() -> None:
    found = judge_work("Solve x^2 = 4", ["x^2 - 4 = 0", "x = 2 oder x = -2"])
    assert [line.kind for line in found] == ["equivalent", "equivalent"]


@pytest.mark.parametrize(
    ("problem", "lines", "at"),
    [
        ("Divide 2/3 by 4/5", ["2/3 × 5/4", "5/6"], None),
        ("Divide 2/3 by 4/5", ["2/3 × 4/5", "8/15"], 0),
        ("Subtract 1/4 from 5/6", ["10/12 - 3/12", "7/12"], None),
        ("Subtract 1/4 from 5/6", ["3/12 - 10/12"], 0),
        ("Multiply 3x by x + 2", ["3x^2 + 6x"], None),
        ("Multiply 3x by x + 2", ["3x^2 + 2"], 0),
        ("Work out 2 1/2 × 1 1/5", ["5/2 × 6/5", "3"], None),
        ("Work out 2 1/2 × 1 1/5", ["2 1/10"], 0),
        ("Integrate 6x^2 from 0 to 2", ["[2x^3] from 0 to 2", "16 - 0", "16"], None),
        ("Find the side of a square whose area is 49.", ["s^2 = 49", "s = 7"], None),
        ("Solve |x - 3| = 5", ["x - 3 = 5", "x = 8"], 0),
    ],
)
def test_the_task_in_the_words_of_the_problem(problem: str, lines: list[str], at: int | None) -> None:
    assert first_fault(judge_work(problem, lines)) == at


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("\u89e3", "words"),
        ("\u7b54\u6848", "words"),
        ("\u0641\u0631\u0636", "words"),
        ("\u092e\u093e\u0928 \u0932\u094b", "words"),
        ("\u05e4\u05ea\u05e8\u05d5\u05df", "words"),
        ("Ответ: x = 4", "equivalent"),
        ("\u6240\u4ee5 x = 4", "equivalent"),
        ("donc x = 4", "equivalent"),
        (")(", "unread"),
        ("\u89e3 = )(", "unread"),
    ],
)
def test_words_of_any_script_are_words(line: str, kind: str) -> None:
    assert judge_work("Solve 2x = 8", [line])[0].kind == kind


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (["0,15 * 80 = 12"], "follows"),
        (["3,5 + 2,25 = 5,75"], "follows"),
        (["3,5 - 2,25 = 1,35"], "false"),
        (["1,250 + 250 = 1,500"], "follows"),
        (["12,5 % of 80 = 10"], "follows"),
        (["12,5 % of 80 = 11"], "false"),
        (["2,50 \u20ac + 3 \u20ac = 5,50 \u20ac"], "follows"),
        (["120 : 2 = 60"], "follows"),
        (["12 : 4 = 4"], "false"),
        (["3.5 + 2.25 = 5.85"], "false"),
        (["10/4 = 2.6"], "false"),
        (["1.5 * 1.5 = 2.15"], "false"),
        (["7/3 = 2.3"], "follows"),
        (["7/3 = 2.4"], "false"),
        (["A = 9 pi", "A \u2248 28.3"], "follows"),
        (["A = 9 pi", "A = 28.27"], "follows"),
        (["A = 9 pi", "A = 29.27"], "false"),
        (["x = 1/3", "x = 0.33"], "follows"),
        (["x = 1/3", "x = 0.34"], "false"),
        (["x = 5/2", "x = 2.51"], "false"),
        (["x^2 = 2", "x = \u00b11.41"], "follows"),
    ],
)
def test_decimals_commas_and_colons(lines: list[str], kind: str) -> None:
    assert judge_work("", lines)[-1].kind == kind


def test_words_of_a_language_that_writes_commas_make_them_certain() -> None:
    for line in ("x = 1,5 oder x = -1,5", "x = 1,5 ou x = -1,5", "x = 1,5 and x = -1,5"):
        assert judge_work("x^2 = 2.25", [line])[0].kind == ("unread" if "and" in line else "equivalent"), line


@pytest.mark.parametrize(
    ("problem", "line"), [("x^2 = 9", "x = -3,3"), ("x^2 - x - 6 = 0", "x=-2,3"), ("x^2 = 2,25", "x = 1,5 or x = -1,5")]
)
def test_a_comma_that_may_part_two_values_is_not_called_false(problem: str, line: str) -> None:
    assert judge_work(problem, [line])[0].kind == "unread"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("2 h 30 min = 150 min", "follows"),
        ("2 h 30 min = 130 min", "false"),
        ("3 * 1 h 20 min = 4 h", "follows"),
        ("1 kg and 250 g = 1250 g", "follows"),
        ("1/2 h = 30 min", "follows"),
        ("1 1/2 h = 90 min", "follows"),
        ("3/4 km = 700 m", "false"),
        ("120 km / 2 h = 60 km/h", "follows"),
        ("3.5 * 2 = 7 m^2", "follows"),
        ("3.5 * 2 = 8 m", "false"),
        ("3 m + 20 cm = 23 m", "false"),
    ],
)
def test_quantities_of_two_units_and_parts_of_a_unit(line: str, kind: str) -> None:
    assert judge_work("", [line])[0].kind == kind


@pytest.mark.parametrize(
    ("problem", "line", "kind"),
    [
        ("Solve 3x + 2 = 11", "3x = 9 \u21d2 x = 3", "equivalent"),
        ("Solve 3x + 2 = 11", "3x + 2 = 11 => 3x = 13 => x = 13/3", "false"),
        ("Solve 3x + 2 = 11", "3x = 9 \\Rightarrow x = 3", "equivalent"),
        ("Solve sin(x) = 1/2", "x = pi/6", "follows"),
        ("Solve sin(x) = 1/2", "x = pi/3", "false"),
        ("Solve log(x) = 2", "x = 100", "equivalent"),
        ("Solve ln(x) = 2", "x = 100", "false"),
        ("Make t the subject of v = u + a t", "t = v - u/a", "new"),
        ("", "P = 5^2 = 25", "follows"),
    ],
)
def test_arrows_ranges_bases_and_definitions(problem: str, line: str, kind: str) -> None:
    assert judge_work(problem, [line])[0].kind == kind


def test_what_cannot_be_computed_is_not_called_false() -> None:
    found = judge_work("Solve log_10(x) = 2", ["x = 100"])[0]
    assert not found.is_fault
    assert "side is ," not in found.counterexample


@pytest.mark.parametrize(
    ("problem", "lines", "kinds"),
    [
        ("Compute 3/8 of 56", ["3 * 56 / 8", "21"], ["equivalent", "equivalent"]),
        ("3/4 of 20 students have a bike. How many have none?", ["20 - 15 = 5"], ["follows"]),
        ("Find the sum 1 + 2 + ... + 50", ["50 * 51 / 2", "1275"], ["new", "equivalent"]),
        ("Convert 72 km/h to m/s", ["72 * 1000 / 3600", "20"], ["new", "equivalent"]),
        ("lim x->2 (x^2 - 4)/(x - 2)", ["x + 2", "4"], ["equivalent", "follows"]),
        ("lim x->2 (x^2 - 4)/(x - 2)", ["x + 2", "0"], ["equivalent", "false"]),
        ("Differentiate x^4 - 3x^2 + 5", ["4x^3 - 6x + 5"], ["false"]),
        ("Integrate 4x^3 - 2", ["x^4 - 2x + 7"], ["follows"]),
        ("Differentiate sin(3x)", ["cos(3x)"], ["false"]),
        ("Expand sin(a + b)", ["sin(a) + sin(b)"], ["false"]),
        ("Compute (2 + i)(3 - i)", ["6 + i - i^2", "6 + i - 1"], ["equivalent", "false"]),
        ("f(x) = x^2 and g(x) = x + 1. Find f(g(x)).", ["(x + 1)^2", "x^2 + 2x + 1"], ["equivalent", "equivalent"]),
        ("f(x) = x^2 and g(x) = x + 1. Find f(g(x)).", ["x^2 + 1"], ["false"]),
        ("f(x) = 3x + 1 and g(x) = x^2. Find f(g(2)).", ["4", "3 * 4 + 1 = 13"], ["new", "follows"]),
        ("Find the median of 3, 9, 4, 7, 5.", ["3, 4, 5, 7, 9", "5"], ["new", "new"]),
    ],
)
def test_tasks_of_many_kinds(checker: Checker, problem: str, lines: list[str], kinds: list[str]) -> None:
    assert [verdict.kind for verdict in checker.work(problem, lines)] == kinds


def test_numbers_of_different_units_are_not_added(checker: Checker) -> None:
    (found,) = checker.work("A rope of 3 m is cut by 40 cm. What is left?", ["3 - 40 = -37"])
    assert (found.kind, found.slip) == ("false", "unit")
    assert found.counterexample == "3 m and 40 cm have different units"
    (found,) = checker.work("A car drives 3 km and then 40 km. How far is it?", ["3 + 40 = 43"])
    assert not found.is_fault


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        (r"2 + 3 \cdot 4", r"(2 + 3) \cdot 4"),
        (r"3 + \frac{12}{2 + 4}", r"\frac{3 + (12)}{2 + 4}"),
        (r"\frac{24}{4} \cdot 2", r"\frac{24}{(4) \cdot 2}"),
        (r"\frac{2 + 3 \cdot 4}{7}", r"\frac{(2 + 3) \cdot 4}{7}"),
        (r"2(3 + 4)^{2}", r"(2  (3 + 4))^{2}"),
        (r"5 + 3(7 - 2)", r"(5 + 3)  (7 - 2)"),
    ],
)
def test_a_wrong_order_is_brackets_where_none_stand(source: str, wrong: str) -> None:
    assert wrong in list(wrong_orders(source))


@pytest.mark.parametrize("source", ["", "7", r"\sin x", "2 +", "((", r"\frac{1}{2", "2 ^ ^ 3", "x = 3"])
def test_what_has_no_other_order_gives_none(source: str) -> None:
    assert list(wrong_orders(source)) == []


def test_a_long_expression_gives_a_bounded_number_of_wrong_orders() -> None:
    assert len(list(wrong_orders(" + ".join(f"{k} \\cdot 2" for k in range(200))))) == MOST_ORDERS


@pytest.mark.parametrize(
    ("problem", "line", "kind", "counterexample"),
    [
        ("Solve sin x = 1/2", "x = pi/6 + pi k", "false", "for k = -1, x = -2.61799 does not solve the line before"),
        ("Solve tan x = 1", "x = pi/4 + pi n", "follows", ""),
        ("Solve cos x = 1/2 for 0 <= x <= 2pi", "x = pi/3", "lost",
         "x = 5.23599 solves the line before, not this one"),
        ("Find the determinant of [[2, 1],[5, 3]]", "2*3 - 1*5", "new", ""),
    ],
)  # fmt: skip
def test_angles_and_families(problem: str, line: str, kind: str, counterexample: str) -> None:
    (found,) = judge_work(problem, [line])
    assert (found.kind, found.counterexample) == (kind, counterexample)


def test_a_step_that_is_not_yet_the_answer_is_no_mistake() -> None:
    assert first_fault(judge_work("Find the distance between (1, 2) and (4, 6)", ["9 + 16", "25"])) is None
    assert first_fault(judge_work("Find the slope of the line through (1, 2) and (4, 8)", ["8 - 2", "6"])) is None


@pytest.mark.parametrize(
    ("problem", "line", "slip"),
    [
        ("Simplify y^2 * y^5", "y^10", "powers"),
        ("Simplify b^8 / b^4", "b^2", "powers"),
        ("Evaluate 3^-2", "-9", "powers"),
        ("Simplify sqrt(12)", "4 sqrt(3)", "powers"),
        ("Simplify ln(c) + ln(d)", "ln(c + d)", "logs"),
        ("Simplify log(9) - log(3)", "log(6)", "logs"),
        ("Expand cos(a + b)", "cos(a) + cos(b)", "function"),
        ("Simplify 4a + 3b", "7ab", "terms"),
        ("Compute (3/5) / (2/7)", "3/5 * 2/7", "reciprocal"),
        ("Solve 4x = 12", "x = 8", "inverse"),
        ("Differentiate (5x - 2)^3", "3(5x - 2)^2", "chain"),
        ("Differentiate y = sin(4x)", "y' = cos(4x)", "chain"),
        ("Differentiate x^3 cos(x)", "-3x^2 sin(x)", "product"),
        ("Differentiate x^5 + 4", "5x^4 + 4", "derivative"),
        ("Integrate x^3", "3x^2", "derivative"),
        ("Integrate sin(3x)", "-cos(3x) + C", "chain"),
        ("Compute the integral of 3x^2 from 1 to 2", "[3x^3]_1^2", "derivative"),
        ("Work out 14 * 7", "88", "arithmetic"),
        ("Solve 3(x + 5) = 21", "3(x + 5) = 3x + 5", "distribution"),
        ("Work out 9 + 6 × 2", "15 × 2 = 30", "order"),
        ("Simplify (4x + 2)/(4y)", "(x + 2)/y", "cancelled"),
        ("Simplify -(a - 2) - (b - 3)", "-a - 2 - b - 3", "sign"),
        ("Evaluate 4x^2 for x = 5", "20^2 = 400", "order"),
        ("Compute (6!)/(4!)", "(6/4)!", "function"),
        ("A tank holds 3 l, a cup 200 ml. How many cups fill it?", "3/200 = 0.015", "unit"),
        ("Convert 4.1 m to cm", "4.1 * 10 = 41 cm", "unit"),
        ("The legs of a right triangle are 5 and 12. Find the hypotenuse.", "c = 5 + 12 = 17", "square"),
        ("Find the area of a circle with radius 3 cm.", "A = 2 pi * 3 = 6 pi", "formula"),
        ("Find the dot product of (5, 2) and (1, -3)", "5 + 6 = 11", "sign"),
        ("A scarf costs $20. It is reduced by 10%. What is the new price?", "20 - 10 = 10", "percent"),
        ("Differentiate e^(5x)", "e^(5x)", "chain"),
        ("Solve log_2(x) = 5", "x = 10", "inverse"),
        ("Solve sqrt(x) + 3 = 7", "x + 9 = 49", "square"),
        ("Work out 24 / (6 + 2)", "4 + 2 = 6", "order"),
        ("Work out 3 × (-2)^2", "3 × -4 = -12", "sign"),
        ("Simplify 9 - (3t + 1)", "9 - 3t + 1 = 10 - 3t", "sign"),
        ("Solve |x - 1| < 3", "x - 1 < 3", "plus_minus"),
        ("Simplify (4a^3)^2", "8a^6", "powers"),
        ("Solve 4x/5 = 12", "4x = 12/5", "inverse"),
        ("Solve 7/x = 3", "x = 3/7", "inverse"),
        ("Solve sqrt(x + 1) = 9", "x + 1 = 3", "inverse"),
        ("Factor 3x^2 - 12", "3(x^2 - 12)", "distribution"),
        ("Work out 48 / 4^2", "12^2 = 144", "order"),
        ("Work out -3 × (2 - 7)", "-6 - 21 = -27", "sign"),
        ("Simplify ln(x)/ln(y)", "ln(x - y)", "logs"),
        ("Integrate x^3 + 6x", "x^4 + 6x^2 + C", "derivative"),
        ("Differentiate (x^3 + 2)/x", "3x^2/1 = 3x^2", "product"),
        ("Simplify (3 - i)(3 + i)", "9 - i^2 = 8", "sign"),
        ("Solve 3x + y = 10 and x - y = 2", "4x = 8", "sign"),
    ],
)
def test_a_slip_is_named(problem: str, line: str, slip: str) -> None:
    found = judge_work(problem, [line])[0]
    assert found.is_fault
    assert found.slip == slip


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        ("Compute the integral of 3x^2 from 1 to 2", ["[x^3]_1^2 = 8 - 1 = 7"]),
        ("Compute the integral of 3x^2 from 1 to 2", ["x^3", "8 - 1", "7"]),
        ("Solve 3(x + 5) = 21", ["3(x + 5) = 3x + 15", "3x + 15 = 21 -> 3x = 6 -> x = 2"]),
        ("Differentiate x^2 + 3x", ["dy/dx = 2x + 3"]),
        ("Work out 9 + 6 × 2", ["6 × 2 = 12", "9 + 12 = 21"]),
        ("", ["700 g + 50 g = 750 g"]),
        ("Two angles of a triangle are 40° and 65°. Find the third.", ["180 - 40 - 65 = 75°"]),
        ("Compute 2 1/3 ÷ 1 1/6", ["7/3 ÷ 7/6", "7/3 × 6/7 = 2"]),
        ("Solve (x - 2)(x + 5) < 0", ["x = 2, x = -5", "-5 < x < 2"]),
        ("Find the minimum of f(x) = x^2 - 8x", ["f'(x) = 2x - 8"]),
        ("Solve 2m + 3 = 11", ["2m = 8", "m = 4"]),
    ],
)
def test_ways_of_writing_right_lines(problem: str, lines: list[str]) -> None:
    assert {found.kind for found in judge_work(problem, lines)} <= {"equivalent", "follows"}


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        ("A bag costs $90 after a 10% discount. What was the original price?", ["90% = 90", "1% = 1", "100% = 100"]),
        ("Solve x/(x - 3) = 3/(x - 3)", ["x = 3", "not allowed, so there is no solution"]),
        ("Find the minimum of f(x) = x^2 - 8x", ["f'(x) = 2x - 8", "2x - 8 = 0", "x = 4", "f(4) = 16 - 32 = -16"]),
        ("Solve |x| < 3", ["x = 3, x = -3", "-3 < x < 3"]),
        ("Solve 5x - 3 = x + 9", ["4x = 12", "x = 3", "LHS = 5*3 - 3 = 12", "RHS = 3 + 9 = 12"]),
        ("Solve 3x + 2 = 3x + 7", ["2 = 7", "no solution"]),
        ("A box is 2 cm longer than wide and has area 35 cm^2. Find its width.",
         ["w(w + 2) = 35", "(w + 7)(w - 5) = 0", "w = 5 since w > 0"]),
        ("Two numbers add to 30 and differ by 8. Find them.",
         ["x + y = 30", "x - y = 8", "2x = 38", "x = 19", "y = 11"]),
        ("Similar figures have sides 2 and 5.", ["k = 5/2", "k^2 = 25/4"]),
    ],
)  # fmt: skip
def test_right_ways_round_are_no_mistakes(problem: str, lines: list[str]) -> None:
    assert first_fault(judge_work(problem, lines)) is None


def test_a_solution_that_is_none_is_a_fault_where_it_is_not_thrown_out() -> None:
    assert first_fault(judge_work("Solve x/(x - 3) = 3/(x - 3)", ["x = 3"])) == 0
    assert first_fault(judge_work("Solve 2x > 6", ["x = 3"])) == 0
    assert first_fault(judge_work("Solve 3x + 2 = 14", ["2 = 7"])) == 0
    assert first_fault(judge_work("Two numbers add to 30.", ["x + y = 30", "y = 30 + x"])) == 1
