"""The verdict of a final answer: computations are recognised, computed independently and compared; else nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tutor_app.adapters.checking.checker import Checker
from tutor_app.core.verdicts import Verdict

TYPED: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("typed_tasks.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with Checker() as found:
        yield found


@pytest.mark.parametrize(
    ("problem", "answer", "wrong"),
    [
        ("Solve x^2 - 7x + 10 = 0", "x = 2, x = 5", "x = 2, x = -5"),
        ("Solve for x: 4x - 3 = 17", "5", "14/4"),
        (r"Find the real solution of $\sqrt{x + 6} = x$.", "3", "-2"),
        (r"Solve $x^2 \le 9$.", "[-3, 3]", "(-3, 3)"),
        ("Solve the system 2x + y = 11 and x - y = 1", "(4, 3)", "(3, 4)"),
        (r"If $a + b = 9$ and $a - b = 3$, what is $ab$?", "18", "27"),
        (r"Simplify $\frac{x^2 - 9}{x + 3}$.", "x - 3", "x + 3"),
        ("Expand (x + 4)^2", "x^2 + 8x + 16", "x^2 + 16"),
        (r"Factor $x^2 - 5x - 14$.", "(x - 7)(x + 2)", "(x + 7)(x - 2)"),
        ("Differentiate x^4 - 3x", "4x^3 - 3", "4x^3"),
        (r"Compute $\int_0^2 3x^2\,dx$.", "8", "4"),
        ("Find the 10th term of 3, 7, 11, ...", "39", "43"),
        (r"What is the 6th term of the geometric sequence $2, 6, 18, \ldots$?", "486", "162"),
        ("Find the sum of the first 20 natural numbers", "210", "200"),
        ("Find the sum of the first 12 odd numbers", "144", "156"),
        ("Increase 200 by 15%", "230", "215"),
        (r"Reduce 80 by 25\%.", "60", "55"),
        ("Find the determinant of [[2, 3],[1, 4]]", "5", "11"),
        ("Integrate x^3", r"\frac{x^4}{4} + C", "x^4 + C"),
        (r"Find $\lim_{x \to 0} \frac{\sin 5x}{x}$.", "5", "1"),
        (r"Compute $\sum_{k=1}^{20} k$.", "210", "200"),
        (r"Compute $\prod_{k=1}^{5} k$.", "120", "24"),
        (r"Find the determinant of $\begin{pmatrix} 3 & 1 \\ 4 & 2 \end{pmatrix}$.", "2", "10"),
        (
            r"Find the inverse of the matrix $\begin{pmatrix} 2 & 0 \\ 0 & 4 \end{pmatrix}$.",
            r"\begin{pmatrix} 1/2 & 0 \\ 0 & 1/4 \end{pmatrix}",
            r"\begin{pmatrix} 2 & 0 \\ 0 & 4 \end{pmatrix}",
        ),
        ("What is the greatest common divisor of 84 and 126?", "42", "21"),
        ("Find the lcm of 6, 8 and 15.", "120", "720"),
        ("What is the prime factorization of 504?", r"2^3 \cdot 3^2 \cdot 7", r"2^3 \cdot 3 \cdot 7"),
        ("Find the mean of 4, 8 and 15.", "9", "8"),
        ("Find the median of 9, 1, 4, 6.", "5", "4"),
        ("What is the remainder when 3^200 is divided by 7?", "2", "1"),
        ("What is 15% of 60?", "9", "90"),
        ("Convert 2.5 km to m", "2500", "250"),
        ("Find the roots of x^2 - x - 12", "4, -3", "3, -4"),
        ("Evaluate 2x^2 - 1 when x = 4", "31", "63"),
        (r"If $f(x) = 2x - 1$ and $g(x) = x^2$, find $f(g(3))$.", "17", "25"),
        ("12 * 12 - 100", "44", "45"),
        ("What is the square root of 225?", "15", "25"),
    ],
)
def test_a_computation_is_recognised_and_computed(checker: Checker, problem: str, answer: str, wrong: str) -> None:
    assert checker.answer(problem, answer).kind == "checked"
    assert checker.answer(problem, wrong).kind == "wrong"


@pytest.mark.parametrize(
    "problem",
    [
        "Ann has 3 apples and buys 4 more. How many has she?",
        "Solve the riddle of the sphinx.",
        "Find x.",
        "Find the 10th term of 1, 2, 4, 7, ...",
        "Find the 5th term of 3, 7.",
        "Find the sum of the first 5 whole numbers",
        "Increase the number of rooms by 15%",
        "Find the sum of the integers between 4 and 9",
        "Find the sum of the even numbers between 4 and 10",
        "What fraction of the pupils is 3?",
        "What is 4/2 of 9?",
        "What is the value of the house if 3 rooms cost 5?",
        r"Evaluate $f(3)$.",
        r"Compute $\sin 30$.",
        r"Compute $\log 100$.",
        r"Compute $1 + 2 + \dots + 10$.",
        r"Compute $2 + 3$. Round your answer to the nearest ten.",
        r"Solve $x^2 + 4 = 0$.",
        r"Solve $x^2 = a$.",
        "",
        "x" * 5000,
    ],
)
def test_it_refuses_to_guess(checker: Checker, problem: str) -> None:
    assert checker.answer(problem, "7") == Verdict("unchecked", "unrecognised")


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        (r"Evaluate $(-8)^{2/3}$.", "4"),
        (r"Find $\sqrt[3]{-64}$.", "-4"),
        (r"Find $\left\lfloor \sqrt[3]{-10} \right\rfloor$.", "-3"),
        (r"Solve $\sqrt[3]{x} = -2$.", "-8"),
        ("Solve x^(1/5) = -1", "-1"),
        ("How many integer divisors does $5$ have?", "4"),
        ("Find $z$ if $|z - 1 + i| = 0$.", "1 - i"),
        ("Solve $|x + 2| = -1$", "no solution"),
        (r"Compute \[\sum_{k = 2}^\infty \frac{k - 3}{k(k^2 - 1)}.\]", "0"),
    ],
)
def test_a_right_answer_is_not_called_wrong(checker: Checker, problem: str, answer: str) -> None:
    assert checker.answer(problem, answer).kind in ("checked", "unchecked")


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        ("Solve 2x = 8", "-x = 4"),
        ("Solve x^2 - 5x + 6 = 0", "-x = 2, x = 3"),
        ("Solve 2x = 8", "2x = 4"),
        ("Compute 6 * 7", "-x = 42"),
    ],
)
def test_an_equation_that_does_not_tell_the_unknown_is_not_called_checked(
    checker: Checker, problem: str, answer: str
) -> None:
    assert checker.answer(problem, answer).kind in ("wrong", "unchecked")


@pytest.mark.parametrize(
    ("problem", "answer"),
    [
        (r"Compute $\sum_{k=1}^\infty \frac{1}{k(k+1)}$.", "1"),
        (r"Compute $\sum_{n=0}^\infty \frac{1}{3^n}$.", "3/2"),
        (r"Compute $\int_0^\infty e^{-2x}\,dx$.", "1/2"),
        (r"Find $\sqrt[3]{27}$.", "3"),
        ("How many positive divisors does 12 have?", "6"),
        ("Solve 2x = 8", "x = 4"),
        ("Evaluate 3x when x = 2", "6"),
    ],
)
def test_and_those_that_are_certain_still_are(checker: Checker, problem: str, answer: str) -> None:
    assert checker.answer(problem, answer).kind == "checked"


@pytest.mark.parametrize(
    ("problem", "answer"),
    [("Factor x^2 - 4", "x^2 - 4"), ("Expand (x + 1)(x + 2)", "(x + 1)(x + 2)"), ("Factor 2x^2 - 8", "2(x^2 - 4)")],
)
def test_the_right_value_in_another_form_is_not_called_checked(checker: Checker, problem: str, answer: str) -> None:
    assert checker.answer(problem, answer) == Verdict("unchecked", "form")


@pytest.mark.parametrize(
    ("problem", "answer", "wrong"),
    [
        ("Simplify $(5x+3) - 2(2x-4)$.", "x+11, 11+x", "x+11, 11-x"),
        ("Simplify $(5x+3) - 2(2x-4)$.", r"x+11 \text{ or } 11+x", r"x+10 \text{ or } 11+x"),
        ("Compute 3/4 - 1/4", "1/2 or 0.5", "1/2 or 0.25"),
        ("Compute 3/4 - 1/4", r"\frac{1}{2} \lor 0.5", r"\frac{1}{2} \lor -0.5"),
        ("Compute 2/3 - 1/3", "1/3, or 0.333", "1/3, or 3"),
        ("What is 15% of 60?", "9; 9.0", "9; 90"),
        ("Solve 4x - 3 = 17", "x = 5 or 5", "x = 5 or x = -5"),
        (r"Solve $x^2 \le 9$.", r"-3 \le x \le 3 \text{ or } [-3, 3]", r"-3 \le x \le 3 \text{ or } [-3, 2]"),
        ("Find the midpoint of (1, 2) and (4, 8)", r"(5/2, 5) or (2.5, 5)", "(5/2, 5) or (5, 5/2)"),
    ],
)
def test_one_value_may_be_told_in_several_forms(checker: Checker, problem: str, answer: str, wrong: str) -> None:
    assert checker.answer(problem, answer).kind == "checked"
    assert checker.answer(problem, wrong).kind == "wrong"


def test_several_forms_of_one_value_have_the_form_that_is_asked_for(checker: Checker) -> None:
    assert checker.answer("Factor x^2 - 4", "x^2 - 4 or -4 + x^2") == Verdict("unchecked", "form")
    assert checker.answer("Factor x^2 - 4", "(x - 2)(x + 2) or (x + 2)(x - 2)").kind == "checked"
    assert checker.answer("Solve x^2 - 5x + 6 = 0", "2 or 2").kind == "wrong"


def test_a_slope_may_stand_in_any_form_of_its_line(checker: Checker) -> None:
    problem = "Find the equation of the line through (1, 2) with slope 4"
    for answer in ("y = 4x - 2", "4x - y = 2", "y - 2 = 4(x - 1)", "8x - 2y - 4 = 0"):
        assert checker.answer(problem, answer) == Verdict("checked", "recomputed"), answer
    assert checker.answer(problem, "4x + y = 2") == Verdict("wrong", "recomputed", "y = 4 x - 2")
    assert checker.answer(problem, "4") == Verdict("unchecked", "unreadable")


@pytest.mark.parametrize("row", TYPED, ids=[row["problem"] for row in TYPED])
def test_tasks_as_they_are_typed(checker: Checker, row: dict[str, Any]) -> None:
    """Every right answer is checked, every wrong one found, and the right value in another form is neither."""
    problem = row["problem"]
    assert [checker.answer(problem, a).kind for a in row["right"]] == ["checked"] * len(row["right"])
    assert [checker.answer(problem, a).kind for a in row.get("wrong", ())] == ["wrong"] * len(row.get("wrong", ()))
    for answer in row.get("unfinished", ()):
        assert checker.answer(problem, answer).kind in ("unchecked", "wrong"), answer
    for answer in row.get("form", ()):
        assert checker.answer(problem, answer) == Verdict("unchecked", "form")


def test_how_it_was_checked(checker: Checker) -> None:
    assert checker.answer("Solve 2x = 8", "4").how == "substituted"
    assert checker.answer("Compute 6 * 7", "42").how == "recomputed"
    assert checker.answer("Compute 6 * 7", "42", ["working\n42\n"]).how == "code"
    assert checker.answer("Compute 6 * 7", "41", ["41"]) == Verdict("wrong", "recomputed", "42")


@pytest.mark.parametrize("dots", [r"\dotsm", r"\dots", r"\cdots", r"\dotsb", "...", "…"])
def test_what_dots_stand_for_is_not_computed(checker: Checker, dots: str) -> None:
    problem = (
        rf"Compute the product $\frac{{(9^2 - 8^2)(9^2 - 7^2) {dots} (9^2 - 0^2)}}{{(8^2 - 7^2) {dots} (8^2 - 0^2)}}$."
    )
    assert checker.answer(problem, "18").kind == "unchecked"


@pytest.mark.parametrize("problem", ["Compute $9^{9^{9^{9}}}$.", "Compute 10^10^10", "What is 99999999!?"])
def test_a_hostile_problem_costs_nothing_but_a_verdict(checker: Checker, problem: str) -> None:
    assert checker.answer(problem, "1").kind == "unchecked"
    assert checker.answer("Compute 6 * 7", "42").kind == "checked"


@pytest.mark.parametrize(
    ("problem", "right", "wrong"),
    [
        ("A lamp costs $60. It is reduced by 30%. What is the new price?", "42", "30"),
        ("A rent rose by 25% to 500 euros. What was it before?", "400", "375"),
        ("A shirt of $30 is 10% off. What does it cost?", "27", "20"),
        ("The first term of an arithmetic sequence is 5, the difference 2. Find the 9th term.", "21", "23"),
        ("A geometric sequence has first term 3 and ratio 2. Find the 5th term.", "48", "96"),
        ("u = (2, 1, 0), v = (3, -4, 7). Find u · v.", "2", "10"),
        ("Find the length of the vector (5, -12)", "13", "7"),
        ("A bag has 2 red and 3 blue balls. Two are drawn without replacement. What is the probability that both are "
         "blue?", "3/10", "9/25"),
        ("A scarf costs £40. The price rises by 10% and then falls by 20%. What is the price now?", "35.2", "36"),
        ("A bill of £60 rises by 5%. What is the new bill?", "63", "65"),
        ("How many cm² is 3 m²?", "30000", "300"),
        ("Rechne 36 km/h in m/s um", "10", "36"),
        ("A lesson lasts 105 minutes. How long is that in hours?", "1.75", "1.05"),
        ("A line passes through A(1, 4) and B(3, 10). Find its slope.", "3", "1/3"),
        ("How far apart are (2, 1) and (5, 5)?", "5", "7"),
        ("Berechne den Abstand von A(0|1) und B(5|13)", "13", "17"),
        ("Find the sum of the geometric series 3 + 6 + 12 + 24", "45", "48"),
        ("A bag has 3 red and 5 blue balls. Two are drawn without replacement. Find P(both blue).", "5/14", "25/64"),
        ("A box has 4 red and 2 black pens. Two are drawn without replacement. Find the probability of one of each "
         "colour.", "8/15", "4/15"),
        ("A die is thrown twice. What is the probability of two fives?", "1/36", "1/3"),
        ("A coin is tossed 3 times. Find the probability of exactly one head.", "3/8", "1/8"),
        ("Two dice are rolled. Find the probability that their sum is 9.", "1/9", "1/11"),
        ("A card is drawn from 52. P(king or spade)?", "4/13", "17/52"),
        ("Find the volume of a cone with base area 9 cm² and height 4 cm", "12", "36"),
    ],
)  # fmt: skip
def test_stories(checker: Checker, problem: str, right: str, wrong: str) -> None:
    assert checker.answer(problem, right).kind == "checked"
    assert checker.answer(problem, wrong).kind == "wrong"


@pytest.mark.parametrize(
    "problem",
    [
        "A lamp costs $60. It is reduced by 30%, then by 10%. What is the new price?",
        "Two lamps cost $60 each. The price is reduced by 30%. What is the new price?",
        "A lamp costs $60. It is reduced by 30%. How much is saved?",
        "A rent rose by 25%. What was it before?",
        "A scarf costs £40. The price rises by 10%. What is the rise?",
        "A bill of £60 with 5% tax rises by 10%. What is the new bill?",
        "How many m is 3 m²?",
        "A bag has 3 red and 5 blue balls. Two are drawn. Find P(both blue).",
        "A bag has 3 red, 1 green and 5 blue balls. Two are drawn without replacement. Find P(both blue).",
        "A die is thrown 5 times. What is the probability of two fives?",
        "A die is thrown twice. What is the probability of two heads?",
    ],
)
def test_stories_with_more_in_them_are_left_alone(checker: Checker, problem: str) -> None:
    assert checker.answer(problem, "1").kind == "unchecked"


@pytest.mark.parametrize(
    ("problem", "answers"),
    [
        ("20 : 4(5)", ["25", "1"]),
        ("30/5(2+1)", ["18", "2"]),
        ("$30 \\div 5(2+1)$", ["18", "2"]),
        ("$(x+1)/(x+2)(x+3)$ when x = 1", ["8/3", "1/6"]),
        ("Compute 9/3√4", ["6", "3/2"]),
        ("Find the mean of 200,400 and 600", ["400", "100500"]),
        ("Find the mean of 7,9,1,000", ["252", "254"]),
    ],
)
def test_what_may_be_meant_in_two_ways_is_not_judged(checker: Checker, problem: str, answers: list[str]) -> None:
    assert {checker.answer(problem, answer).kind for answer in answers} == {"unchecked"}


def test_a_fraction_before_a_letter_may_be_one_over_it(checker: Checker) -> None:
    problem = "Evaluate 1/4x when x = 8"
    assert [checker.answer(problem, answer).kind for answer in ("2", "1/32", "3")] == ["checked", "unchecked", "wrong"]


@pytest.mark.parametrize(
    ("problem", "answer", "other", "kind"),
    [
        ("sum of the first 6 terms of 1, 2, 4, …", "63", "42", "geometric"),
        ("Find the 4th term of 1, 2, 4, ...", "8", "7", "geometric"),
        ("Find the 5th term of 1, 2, 3, ...", "5", "8", "arithmetic"),
        ("Find the 4th term of 3, 5, 7, ...", "9", "11", "arithmetic"),
    ],
)
def test_how_a_sequence_goes_on_is_told_and_another_rule_is_not_wrong(
    checker: Checker, problem: str, answer: str, other: str, kind: str
) -> None:
    assert checker.answer(problem, answer, outputs=[answer]) == Verdict("checked", kind)
    assert checker.answer(problem, other) == Verdict("unchecked", "continued", answer)
    assert f"{kind} sequence" in Verdict("checked", kind).sentence()


def test_a_remainder_is_not_judged_where_no_division_is_asked_for(checker: Checker) -> None:
    assert checker.answer("Compute 3 + 4", "3 R 2") == Verdict("unchecked", "unreadable")
    assert checker.answer("Find the area of a circle with radius r", r"\pi r^2").kind != "wrong"


@pytest.mark.parametrize(
    "problem",
    [
        "Mia invests $800 at 3% simple interest for 5 years and withdraws $100 a year. How much interest is it?",
        "A train travels 240 km in 3 hours and another 60 km in 1 hour. What is its average speed?",
        "A car travels 60 km at 30 km/h and returns at 60 km/h. What is its average speed?",
        "How many three-digit numbers are even or divisible by 5?",
        "How many three-digit numbers have exactly two equal digits?",
        "How many three-digit numbers contain the digit 7 exactly once?",
        "How many three-digit numbers can be formed from the digits 1, 2, 3?",
        "How long does it take to drive 180 miles at 60 mph with a stop of 30 minutes?",
        "What principal earns $50 simple interest at 5% in 2 years?",
        "What amount invested at 5% simple interest for 2 years will earn $50?",
        "How much money must be in an account at 5% simple interest to have $550 after 2 years?",
        "At what rate of simple interest does $500 earn $50 in 2 years?",
        "Two cyclists ride at 18 km/h for 2 hours. How far do they ride in total?",
        "How far apart are two cars driving at 60 km/h in opposite directions after 2 hours?",
        "The average of five numbers is 12. Four of them are 10, 11 and 14. What is the fifth?",
        "A right triangle has sides 3 and 5. Find the third side.",
        "She invests $1000, part at 5% and the rest at 6% simple interest for 1 year. How much interest is it?",
    ],
)
def test_a_task_that_asks_for_more_than_its_numbers_is_not_recognised(checker: Checker, problem: str) -> None:
    assert {checker.answer(problem, answer).kind for answer in ("50", "500", "3.5")} == {"unchecked"}
