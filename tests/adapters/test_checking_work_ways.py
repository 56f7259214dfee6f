"""Ways in which students set out right lines that are no plain next steps: labels, side steps, points, checks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tutor_app.adapters.checking.checker import Checker
from tutor_app.adapters.checking.work.judge import judge_work
from tutor_app.core.work import first_fault


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with Checker() as made:
        yield made


@pytest.mark.parametrize("label", ["(1)·3: ", "3·(1): ", "(1)·3 => ", "(1) ", "② "])
def test_the_number_of_an_equation_is_no_factor(label: str) -> None:
    times = "" if label in ("(1) ", "② ") else "3"
    first = "6x + 3y = 27" if times else "2x + y = 9"
    lines = [f"{label}{first}", "(1) - (2): x = 4"] if not times else [f"{label}{first}"]
    assert first_fault(judge_work("Solve 2x + y = 9 and x + y = 5", lines)) is None
    wrong = first.replace("y =", "2y =")
    assert first_fault(judge_work("Solve 2x + y = 9 and x + y = 5", [f"{label}{wrong}"])) == 0


def test_a_quotient_is_no_label() -> None:
    assert judge_work("Work out 12 : 3", ["12 : 3 = 4"])[0].kind == "equivalent"
    assert judge_work("Work out 8 : 2", ["8 : 2 = 5"])[0].kind == "false"


def test_two_numbers_in_brackets_are_an_interval_only_where_an_inequality_is_solved() -> None:
    assert first_fault(judge_work("Find the maximum of f(x) = -x^2 + 4x", ["-2x + 4 = 0", "x = 2", "(2, 4)"])) is None
    assert first_fault(judge_work("Solve x^2 < 9", ["(-3, 3)"])) is None
    assert first_fault(judge_work("Solve x^2 < 9", ["(-3, 4)"])) == 0


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        (["b = 20 - a", "A = a(20 - a) = 20a - a^2", "A' = 20 - 2a = 0", "a = 10"], None),
        (["b = 20 - a", "A = a(20 - a) = 20a - a^2", "A' = 20 - a = 0", "a = 20"], 2),
        (["b = 20 - a", "A = a(20 - a) = 20a - a^2", "A' = 20 - 2a = 0", "a = 9"], 3),
    ],
)
def test_a_chain_that_ends_in_a_number_asks_where_it_is_so(lines: list[str], at: int | None) -> None:
    assert first_fault(judge_work("A rectangle has a perimeter of 40 m. What is the largest area?", lines)) == at


def test_a_check_behind_the_right_answer_is_no_wrong_answer(checker: Checker) -> None:
    problem = "Solve 3(x - 1) + 2 = 2(x + 2)"
    lines = ["3x - 1 = 2x + 4", "x = 5", "3(5 - 1) + 2 = 12 + 2 = 14", "2(5 + 2) = 14 ✓"]
    assert first_fault(checker.work(problem, lines)) is None


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        ("Expand (3x + 1)(x^2 - x)", ["3x · x^2 = 3x^3", "x^2 - x", "3x^3 - 3x^2 + x^2 - x", "3x^3 - 2x^2 - x"]),
        ("Work out (2 + 1/3) * 6", ["2 * 6 = 12", "12 + 2 = 14"]),
    ],
)
def test_a_line_beside_the_way_is_no_mistake_once_the_work_goes_on_from_before_it(
    problem: str, lines: list[str]
) -> None:
    assert first_fault(judge_work(problem, lines)) is None


@pytest.mark.parametrize(
    ("problem", "lines", "at"),
    [
        ("Solve 2x + 6 = 10", ["x + 3 = 7", "x = 4"], 0),
        ("Solve 2x + 6 = 10", ["x + 3 = 7", "2x = 4", "x = 2"], 0),
        ("Work out (2 + 1/3) * 6", ["2 * 6 = 13", "12 + 2 = 14"], 0),
        ("Simplify 2(x + 3) + x", ["2x + 3 + x", "3x + 3"], 0),
    ],
)
def test_a_line_from_which_the_work_goes_on_or_that_is_false_alone_is_a_mistake(
    problem: str, lines: list[str], at: int
) -> None:
    assert first_fault(judge_work(problem, lines)) == at


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        ("Rosa is 6 years older than twice the age of Kai. Together they are 36. How old is Kai?",
         ["Kai: k", "Rosa: 2k + 6", "k + 2k + 6 = 36", "3k = 30", "k = 10"]),
        ("The perimeter of a rectangle is 30 m. It is 3 m longer than wide. Find its sides.",
         ["2(a + b) = 30", "a + b = 15", "a = b + 3", "b + 3 + b = 15", "b = 6, a = 9"]),
        ("The product of two consecutive positive integers is 132. Find them.",
         ["n(n + 1) = 132", "n^2 + n - 132 = 0", "n = 11", "11 and 12"]),
    ],
)  # fmt: skip
def test_quantities_and_conditions_of_a_story_do_not_go_on_from_each_other(problem: str, lines: list[str]) -> None:
    assert first_fault(judge_work(problem, lines)) is None


def test_what_a_story_says_once_must_still_follow() -> None:
    story = "The perimeter of a rectangle is 30 m. It is 3 m longer than wide. Find its sides."
    assert first_fault(judge_work(story, ["2(a + b) = 30", "a + b = 60"])) == 1
    assert first_fault(judge_work(story, ["a + b = 15", "a = b + 3", "b = 7, a = 10"])) == 2
    assert first_fault(judge_work("Solve x^2 - 5x = 0", ["x = 5"])) == 0


@pytest.mark.parametrize(
    ("problem", "lines", "slip"),
    [
        ("How many m² is 7000 cm²?", ["7000/100 = 70 m²"], "unit"),
        ("A lesson lasts 105 minutes. How long is that in hours?", ["105/100 = 1.05 h"], "unit"),
        ("Find the distance between (2, 3) and (5, 7)", ["√((5 + 2)² + (7 + 3)²)"], "sign"),
        ("A die is thrown twice. What is the probability of two fives?", ["1/6 + 1/6 = 1/3"], ""),
        ("A bag has 3 red and 5 blue balls. Two are drawn without replacement. Find P(both blue).",
         ["5/8 · 4/8 = 5/16"], ""),
        ("Find the mean of 3, 8, 10", ["21/2"], ""),
    ],
)  # fmt: skip
def test_a_wrong_way_to_a_number_is_found_at_the_end(
    checker: Checker, problem: str, lines: list[str], slip: str
) -> None:
    found = checker.work(problem, lines)
    assert (first_fault(found), found[-1].slip) == (len(lines) - 1, slip)


@pytest.mark.parametrize(
    ("problem", "lines", "kind", "slip"),
    [
        ("Solve z^2 + 2z + 10 = 0", ["z = -1 ± √(1 - 10)", "z = -1 ± 3i"], "follows", ""),
        ("Solve z^2 + 2z + 10 = 0", ["z = -1 ± √(1 - 10)", "z = 1 ± 3i"], "false", "sign"),
        ("Solve z^2 + 2z + 10 = 0", ["z = -1 ± √(4 - 10)"], "false", ""),
        ("Compute (3 + i)(3 - i)", ["9 - i²", "9 + 1", "10"], "equivalent", ""),
        ("Compute (3 + i)(3 - i)", ["9 - i²", "9 - 1 = 8"], "false", "sign"),
    ],
)
def test_numbers_that_are_not_real(problem: str, lines: list[str], kind: str, slip: str) -> None:
    found = judge_work(problem, lines)
    assert (found[-1].kind, found[-1].slip) == (kind, slip)
    assert all(not line.is_fault for line in found[:-1])


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        ("Ida is 4 years younger than Leo. Together they are 30. How old is Leo?",
         ["l + e = 30", "e = l - 4", "2l - 4 = 30", "l = 17", "e = 13"]),
        ("Differentiate (x^2 + 3)/(x + 1)",
         ["(2x(x + 1) - (x^2 + 3))/(x + 1)^2", "2x^2 + 2x - x^2 - 3 = x^2 + 2x - 3",
          "f'(x) = (x^2 + 2x - 3)/(x + 1)^2"]),
        ("Differentiate cos²(2x)", ["outer: 2 cos 2x", "inner: -2 sin 2x", "f' = -4 sin 2x cos 2x"]),
        ("Find the extrema of f(x) = x^3 - 3x",
         ["f'(x) = 3x^2 - 3", "x = 1, x = -1", "f''(1) = 6 > 0 → minimum", "T(1|-2), H(-1|2)"]),
        ("Convert 54 km/h to m/s", ["54 km = 54000 m", "1 h = 3600 s", "54000/3600 = 15", "= 15 m/s"]),
        ("A bag has 3 red and 2 green balls. Two are drawn without replacement. Find the probability of two red.",
         ["P(R) = 3/5", "P(RR) = 3/5 · 2/4 = 3/10"]),
        ("Solve 2a - b = 3 and a + b = 6", ["3a = 9", "L = {(3|3)}"]),
        ("A tank is 1/4 full. After adding 20 litres it is 3/5 full. How much does it hold?",
         ["3/5 - 1/4 = 7/20", "7/20 → 20 l", "1/20 → 20/7 l"]),
        ("Work out 4² : 2", ["16 : 2 = 8"]),
        ("Solve (x + 3)/(x - 2) > 0",
         ["x + 3 > 0 and x - 2 > 0: x > 2", "x + 3 < 0 and x - 2 < 0: x < -3", "x < -3 or x > 2"]),
        ("Solve x^2 + 2x + 6 = 0", ["D = 4 - 24 = -20 < 0", "no real solution"]),
        ("Divide x^2 + x - 6 by x - 2", ["(x^2 + x - 6) : (x - 2) = x + 3"]),
        ("Simplify 60/84", ["÷2: 30/42", "÷6: 5/7"]),
        ("Two dice are thrown. What is the probability that the sum is 4?",
         ["(1,3), (2,2), (3,1)", "3 of 36", "3/36 = 1/12"]),
    ],
)  # fmt: skip
def test_right_works_of_many_habits_are_read_to_their_end(problem: str, lines: list[str]) -> None:
    assert {line.kind for line in judge_work(problem, lines)} <= {"equivalent", "follows", "new", "given", "words"}


@pytest.mark.parametrize(
    ("problem", "lines", "at", "slip"),
    [
        ("Solve 4(x - 3) = x + 9", ["4x - 3 = x + 9"], 0, "distribution"),
        ("Solve ln(x) + ln(3) = ln(12)", ["x + 3 = 12"], 0, "logs"),
        ("Solve 3^x = 12", ["x = 4"], 0, "inverse"),
        ("Solve 9x = 2x", ["9 = 2"], 0, "zero"),
        ("Solve x/3 + x/2 = 10", ["2x + 3x = 10"], 0, "distribution"),
        ("Solve x^2 + 2x + 6 = 0", ["D = 4 - 12 = -8 < 0"], 0, ""),
        ("Work out -3 - 8", ["5"], 0, "sign"),
        ("Compute (2 - 3i)(1 + i)", ["2 + 2i - 3i - 3i²", "2 - i - 3 = -1 - i"], 1, "sign"),
        ("Convert 30 m/s to km/h", ["30/3.6 = 8.33"], 0, "unit"),
        ("Find the sum of the first 8 terms of 2, 5, 8, ...", ["a_8 = 2 + 7·3 = 23", "8·(2 + 23) = 200"], 1, "formula"),
        ("Find the volume of a pyramid with base area 12 cm² and height 5 cm", ["V = 12·5 = 60 cm³"], 0, ""),
        ("Find lim x->4 (x^2 - 16)/(x - 4)", ["x - 4"], 0, "cancelled"),
        ("Differentiate 1/x^4", ["f = x^(-4)", "f' = -4x^(-3)"], 1, "derivative"),
        ("Add 1 h 50 min and 2 h 30 min", ["1.50 + 2.30 = 3.80"], 0, "unit"),
        ("Ida is 4 years younger than Leo. Together they are 30. How old is Leo?",
         ["l + e = 30", "e = l - 4", "l + l = 26"], 2, "sign"),
        ("A price of 80 € rises by 10% and then falls by 10%. What is the price now?", ["80 · 1 = 80"], 0, "percent"),
    ],
)  # fmt: skip
def test_more_slips_are_found_and_named(checker: Checker, problem: str, lines: list[str], at: int, slip: str) -> None:
    found = checker.work(problem, lines)
    assert (first_fault(found), found[at].slip) == (at, slip)


def test_an_unknown_called_e_is_told_by_its_name() -> None:
    found = judge_work("Ida and Leo are 30 together.", ["l + e = 30", "e = l - 4", "e = 12"])
    assert "e = 13" in found[-1].counterexample


def test_a_solution_is_not_called_lost_where_time_is_out_before_the_others_are_told() -> None:
    times = iter([0.0, 0.1, 100.0])
    found = judge_work("Solve x^2 = 9", ["x = 3", "x = -3"], lambda: next(times, 100.0))
    assert [line.kind for line in found] == ["unsure", "unsure"]


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        ("Solve x - 2y = 3 and 3x - 6y = 4", ["3·(1): 3x - 6y = 9", "(1) - (2): 0 = 5", "no solution"]),
        ("Find the minimum of f(x) = x + 9/x for x > 0",
         ["f'(x) = 1 - 9/x^2", "1 - 9/x^2 = 0", "x^2 = 9", "x = 3 (since x > 0)", "f(3) = 3 + 3 = 6"]),
    ],
)  # fmt: skip
def test_contradictions_and_domains_of_the_problem(problem: str, lines: list[str]) -> None:
    assert first_fault(judge_work(problem, lines)) is None


@pytest.mark.parametrize(
    ("problem", "lines", "slip"),
    [
        ("Solve 3(2x - 1) = 2(x + 5)", ["6x - 1 = 2x + 5"], "distribution"),
        ("Work out 8 : 2/3", ["8·2/3 = 16/3"], "reciprocal"),
        ("Find the 7th term of 2, 6, 18, ...", ["2·3^7 = 4374"], "formula"),
        ("A card is drawn from 52. What is the probability of an ace or a club?", ["4/52 + 13/52 = 17/52"], ""),
        ("Solve x^2 = 9", ["x = 3 (since x > 0)"], "plus_minus"),
    ],
)
def test_slips_at_two_places_and_of_formulas(checker: Checker, problem: str, lines: list[str], slip: str) -> None:
    found = checker.work(problem, lines)
    assert (first_fault(found), found[0].slip) == (0, slip)
