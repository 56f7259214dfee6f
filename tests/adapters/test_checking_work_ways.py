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
