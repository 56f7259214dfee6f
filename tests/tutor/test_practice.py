"""Variants of solved problems, and the list of missed ones."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tutor_app.adapters.grading.grader import Grader
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Answer, Code, Output, Text
from tutor_app.core.ports import NeverCancelled
from tutor_app.core.practice import Exercise
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.practice import missed
from tutor_app.tutor.practice.marking import told_answer
from tutor_app.tutor.practice.missed import Missed
from tutor_app.tutor.practice.variants import variant

ROLLS = Transcript.of(
    "A baker sells rolls in bags of 6 for 3 euros a bag. She sells 84 rolls. How much does she get?",
    Text("We count the bags."),
    Code("rolls = 84\nbags = rolls // 6\nprint('She gets', bags * 3)"),
    Output(stdout="She gets 42\n"),
    Answer("42"),
)
ROOTS = Transcript.of(
    "Find the roots of $x^2 - 5x + 6$.",
    Code("from sympy import symbols, solve\nx = symbols('x')\nprint(solve(x**2 - 5*x + 6, x))"),
    Output(stdout="[2, 3]\n"),
    Answer("\\{2, 3\\}"),
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(Limits(seconds=60), spares=2)
    yield box
    box.close()


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as made:
        yield made


def make(transcript: Transcript, sandbox: Sandbox, grader: Grader, seed: int = 1) -> Exercise:
    return variant(
        transcript,
        executor=sandbox,
        same=lambda a, b: grader.grade(a, b).verdict == "correct",
        rng=random.Random(seed),
        cancel=NeverCancelled(),
    )


def test_all_numbers_of_a_problem_and_its_code_are_changed(sandbox: Sandbox, grader: Grader) -> None:
    for seed in range(4):
        made = make(ROLLS, sandbox, grader, seed)
        words = "A baker sells rolls in bags of # for # euros a bag. She sells # rolls. How much does she get?"
        numbers = [int(word) for word in made.problem.split() if word.isdigit()]
        text = made.problem
        for number in numbers:
            text = text.replace(str(number), "#", 1)
        assert text == words
        size, price, rolls = numbers
        assert (size, price, rolls) != (6, 3, 84)
        assert made.answer == str(rolls // size * price)


def test_roots_stay_whole_numbers(sandbox: Sandbox, grader: Grader) -> None:
    made = make(ROOTS, sandbox, grader, 3)
    assert made.problem.startswith("Find the roots of $x^2 - ")
    a, b = (int(n) for n in made.answer.strip("[]").split(", "))
    assert f"- {a + b}x + {a * b}$" in made.problem
    assert (a, b) != (2, 3)


def test_a_number_before_a_letter_is_changed_and_other_numbers_are_found_each_time(
    sandbox: Sandbox, grader: Grader
) -> None:
    linear = set()
    for seed in range(4):
        made = make(ROOTS, sandbox, grader, seed)
        told = re.fullmatch(r"Find the roots of \$x\^2 - (\d+)x \+ (\d+)\$\.", made.problem)
        assert told is not None
        b, c = int(told[1]), int(told[2])
        roots = [int(root) for root in re.findall(r"\d+", made.answer)]
        assert (b, c) != (5, 6)
        assert all(x * x - b * x + c == 0 for x in roots)
        linear.add(b)
    assert linear != {5}


def changed(code: str, output: str, answer: str = "42", problem: str = ROLLS.problem) -> Transcript:
    return Transcript.of(problem, Code(code), Output(stdout=output), Answer(answer))


@pytest.mark.parametrize(
    ("transcript", "why"),
    [
        (Transcript.of("What is 3 + 4?", Text("It is 7."), Answer("7")), "no code with an answer"),
        (changed("print(84 // 6 * 3 + 1)", "43\n"), "does not print its answer"),
        (changed("bags = 14\nprint(bags * 3)", "42\n"), r"does not tell \(14\)"),
        (changed("x = 84\nprint(42)", "42\n"), r"does not tell \(42\)"),
        (changed("import random\nprint(84 // 6 * 3)", "42\n"), "something else each time"),
        (changed("print(6 * 7)", "42\n", problem="What is six times seven?"), "none of its numbers decides"),
        (changed("n = 84\nprint(100)", "100\n", "100"), "none of its numbers decides"),
    ],
)
def test_what_cannot_be_trusted_with_other_numbers_is_refused(
    sandbox: Sandbox, grader: Grader, transcript: Transcript, why: str
) -> None:
    with pytest.raises(UserFault, match=why):
        make(transcript, sandbox, grader)


def test_numbers_that_may_mean_something_else_stay(sandbox: Sandbox, grader: Grader) -> None:
    problem = "A square has sides of 9 cm. Two of them, 2 altogether, lie side by side. What is their area?"
    code = "side = 9\narea = side**2\nprint(2 * area)"
    made = make(changed(code, "162\n", "162", problem), sandbox, grader)
    side = int(made.problem.split("sides of ")[1].split()[0])
    assert ", 2 altogether," in made.problem
    assert made.answer == str(2 * side * side)


def test_a_number_of_the_time_is_changed_where_the_code_has_it_once(sandbox: Sandbox, grader: Grader) -> None:
    problem = "Ann has 24 apples and gives a third of them away. How many has she left?"
    made = make(changed("apples = 24\nprint(apples - apples // 3)", "16\n", "16", problem), sandbox, grader)
    apples = int(made.problem.split()[2])
    assert apples != 24
    assert made.answer == str(apples - apples // 3)
    twice = "A clock strikes 12 times at noon. How often in 3 days?"
    kept = make(changed("hours = 24 // 12\nprint(12 * 3 + hours - 2)", "36\n", "36", twice), sandbox, grader)
    assert kept.problem.startswith("A clock strikes 12 times at noon.")


@pytest.mark.parametrize("code", ["0.15 * 240", "15 / 100 * 240", "240 - 240 * 0.85", "240 * 1.15 - 240"])
def test_percent_are_changed_however_the_code_writes_them(sandbox: Sandbox, grader: Grader, code: str) -> None:
    made = make(changed(f"print(round({code}, 2))", "36.0\n", "36", "What is 15% of 240?"), sandbox, grader)
    share, whole = (int(n) for n in re.findall(r"\d+", made.problem))
    assert (share, whole) != (15, 240)
    assert float(made.answer) == pytest.approx(share * whole / 100)


def test_the_end_of_a_range_stands_behind_the_number_that_was_told(sandbox: Sandbox, grader: Grader) -> None:
    problem = "Compute the sum of the integers from 1 to 100."
    made = make(changed("print(sum(range(1, 101)))", "5050\n", "5050", problem), sandbox, grader)
    last = int(re.findall(r"\d+", made.problem)[-1])
    assert last != 100
    assert made.answer == str(last * (last + 1) // 2)


def test_numbers_stay_different_and_something_is_left(sandbox: Sandbox, grader: Grader) -> None:
    problem = "Tom reads 25 pages a day. The book has 300 pages. He has read 100. How many days does he need?"
    for seed in range(4):
        made = make(changed("print((300 - 100) / 25)", "8.0\n", "8", problem), sandbox, grader, seed)
        numbers = re.findall(r"\d+", made.problem)
        assert len(set(numbers)) == 3
        assert int(made.answer) > 0


def test_prices_stay_round(sandbox: Sandbox, grader: Grader) -> None:
    problem = "A worker earns 14.50 an hour for 38 hours. What is the pay?"
    for seed in range(3):
        made = make(changed("print(14.50 * 38)", "551.0\n", "551", problem), sandbox, grader, seed)
        price = re.findall(r"\d+\.\d+", made.problem)[0]
        assert price[-3:] in (".00", ".50")


def test_a_whole_answer_has_no_point(sandbox: Sandbox, grader: Grader) -> None:
    made = make(changed("print(84 / 6 * 3)", "42.0\n"), sandbox, grader)
    assert made.answer.isdigit()


def test_the_list_of_missed_problems(tmp_path: Path) -> None:
    path, day = tmp_path / "practice.json", date(2026, 3, 1)
    assert missed.load(path) == ()
    assert missed.answered((), "p", "4", right=True, today=day) == ()
    kept = missed.answered((), "p", "4", right=False, today=day)
    assert kept == (Missed("p", "4", 1, 0, "2026-03-02"),)
    assert missed.due(kept, day) == []
    assert missed.due(kept, date(2026, 3, 2)) == [kept[0]]
    days = []
    for _ in range(4):
        kept = missed.answered(kept, "p", "4", right=True, today=day)
        days.append(kept[0].due)
    assert days == ["2026-03-03", "2026-03-05", "2026-03-09", "2026-03-17"]
    missed.save(path, kept)
    assert missed.load(path) == kept
    assert '"problem": "p"' in path.read_text(encoding="utf-8")
    again = missed.answered(kept, "p", "4", right=False, today=day)
    assert again == (Missed("p", "4", 2, 0, "2026-03-02"),)
    kept = missed.answered(kept, "p", "4", right=True, today=day)
    assert kept == ()
    missed.save(path, kept)
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "[]", '{"problems": [{}]}', '{"problems": [{"problem": 1, "answer": "4"}]}'])
def test_a_file_that_is_no_list_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "practice.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserFault, match="Mend or erase it"):
        missed.load(path)


@pytest.mark.parametrize(
    ("answer", "problem", "said"),
    [
        ("5", "?", "It is 5."),
        ("[5]", "?", "It is 5."),
        ("[2, 3]", "?", "They are 2 and 3."),
        ("[1, 2, 3]", "?", "They are 1, 2 and 3."),
        ("{2, 3}", "?", "They are 2 and 3."),
        ("2, 3", "?", "They are 2 and 3."),
        ("12,500", "?", "It is 12,500."),
        ("[(2, 3)]", "?", "It is (2, 3)."),
        ("(2, 3)", "?", "It is (2, 3)."),
        ("{x: 5}", "?", "It is x = 5."),
        ("[{x: 5, y: 2}]", "?", "They are x = 5 and y = 2."),
        ("[-sqrt(2), sqrt(2)]", "?", "They are -√2 and √2."),
        ("[]", "Solve x^2 = -1 in real numbers.", "There is none."),
        ("3*x**2", "?", "It is 3·x^2."),
        ("\\frac{1}{2}", "?", "It is 1/2."),
        ("[0, 5]", "Which interval is it?", "It is [0, 5]."),
        ("[[1, 2], [3, 4]]", "?", "It is [[1, 2], [3, 4]]."),
        ("['Monday']", "?", "It is Monday."),
    ],
)
def test_the_right_answer_is_told_in_plain_words(answer: str, problem: str, said: str) -> None:
    assert told_answer(Exercise(problem, answer)) == said
