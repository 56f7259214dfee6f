"""Words and answers against what the code printed: contradictions are found, and nothing is said where none is sure."""

from __future__ import annotations

import pytest

from tutor_app.core.against_output import Printed, asked_stems, contradicted, differing, printed, same, with_claim
from tutor_app.core.claims import Claim, Tally, claim_line
from tutor_app.core.parts import Answer, Code, CodeError, Output, Part, Question, Text
from tutor_app.core.verdicts import Verdict

BUSES = "435 people go on a trip. A bus has 48 seats. How many buses are needed?"
LEFT = "Ann has 31 apples and gives away 14. How many apples are left?"
AREA = "A triangle has sides 13, 20 and 21. Find the area of the triangle."
COST = "A pen costs $3 and a book $12. What is the total cost of 4 pens and 2 books?"


def solution(words: str, stdout: str, answer: str) -> tuple[Part, ...]:
    return Text(words), Code("print(result)"), Output(stdout), Text(f"So \\boxed{{{answer}}}."), Answer(answer)


def statements(parts: tuple[Part, ...], problem: str) -> list[tuple[str, str]]:
    return [(claim.text, claim.right) for claim in contradicted(parts, problem).values()]


@pytest.mark.parametrize(
    ("problem", "words", "stdout", "answer", "statement"),
    [
        (BUSES, "We divide.\n\nSo 9 buses are needed.\n\nLet me check:", "10\n", "10", "So 9 buses are needed"),
        (BUSES, "As $435 / 48 = 9.06$, 9 buses are needed.", "10", "10", "As $435 / 48 = 9.06$, 9 buses are needed"),
        (f"{BUSES[:-1]} for all of them?", "Thus 9 buses are needed.", "10", "10", "Thus 9 buses are needed"),
        (BUSES, "Buses needed: 9", "Buses needed: 10\n", "10 buses", "Buses needed: 9"),
        (BUSES, "The answer is 9.", "435 48\n10\n", "10", "The answer is 9"),
        (BUSES, "- The number of buses needed is **9**.", "10", "10", "The number of buses needed is **9"),
        (LEFT, "31 - 14 = 18, therefore 18 apples are left.", "17", "17", "31 - 14 = 18, therefore 18 apples are left"),
        (LEFT, "The answer is \\boxed{18}.", "17.0", "17", "The answer is \\boxed{18}"),
        (AREA, "Then the area of the triangle is 128.", "126.0", "126", "Then the area of the triangle is 128"),
        (COST, "The total cost is $34.", "Total cost: 36", "$36", "The total cost is $34"),
        (COST, "Total cost = 34", "Total cost: 36", "36", "Total cost = 34"),
    ],
)  # fmt: skip
def test_a_result_in_words_before_code_that_prints_another_differs_from_it(
    problem: str, words: str, stdout: str, answer: str, statement: str
) -> None:
    parts = solution(words, stdout, answer)
    number = stdout.split()[-1]
    assert statements(parts, problem) == [(statement, number)]
    (claim,) = contradicted(parts, problem).values()
    assert words[claim.start : claim.end] == statement
    assert claim.verdict == "differs"
    assert claim_line(claim).startswith("≠ ")
    assert claim_line(claim).endswith(f": the code prints {number}")


@pytest.mark.parametrize(
    ("verdict", "said", "line"),
    [
        (Verdict("unchecked", "unrecognised"), "differs", "≠ So 9 buses are needed: the code prints 10"),
        (Verdict("votes", agree=7, of=8), "differs", "≠ So 9 buses are needed: the code prints 10"),
        (Verdict("wrong", "recomputed", "9"), "differs", "≠ So 9 buses are needed: the code prints 10"),
        (Verdict("checked", "recomputed"), "false", "✗ So 9 buses are needed: it is 10"),
        (Verdict("numeric", "points"), "false", "✗ So 9 buses are needed: it is 10"),
    ],
)
def test_only_a_result_that_was_computed_independently_makes_the_words_false(
    verdict: Verdict, said: str, line: str
) -> None:
    *parts, _ = solution("So 9 buses are needed.", "10", "10")
    (claim,) = contradicted((*parts, Answer("10", verdict=verdict)), BUSES).values()
    assert (claim.verdict, claim_line(claim)) == (said, line)


@pytest.mark.parametrize(
    ("problem", "words", "code_prints"),
    [
        (BUSES, "So 10 buses are needed.", "9"),
        (LEFT, "31 - 14 = 17, therefore 17 apples are left.", "45"),
        (AREA, "Then the area of the triangle is 126.", "130.0"),
        (COST, "Total cost = 36", "Total cost: 27"),
        (COST, "The answer is 36.", "15"),
    ],
)
def test_right_words_before_wrong_code_are_never_called_false(problem: str, words: str, code_prints: str) -> None:
    number = code_prints.split()[-1]
    found = contradicted(solution(words, code_prints, number), problem)
    assert [claim.verdict for claim in found.values()] == ["differs"]
    assert Tally.of(found.values()).sentence() == "1 statement, not checked; 1 differs from what the code prints"


@pytest.mark.parametrize(
    ("problem", "words", "stdout", "answer"),
    [
        (BUSES, "So 10 buses are needed.", "10", "10"),
        (BUSES, "So 9.06 buses are needed.", "9.0625", "9.0625"),
        (BUSES, "At least 9 buses are needed.", "10", "10"),
        (BUSES, "About 9 buses are needed.", "10", "10"),
        (BUSES, "If 9 buses are needed, 3 people stay behind.", "10", "10"),
        (BUSES, "Are 9 buses needed?", "10", "10"),
        (BUSES, "A bus has 48 seats.", "10", "10"),
        (BUSES, "So 9 buses are needed.", "10", "9"),  # the solution does not go with its code
        (BUSES, "So 9 buses are needed.", "no number", "10"),
        (BUSES, "So 9 buses are needed.", "9 full, 1 more", "10"),
        (BUSES, "So 9 buses are needed.", "10", "x = 10"),
        (LEFT, "Ann has 31 apples.", "17", "17"),
        (LEFT, "Each of the 14 apples that are left is red.", "17", "17"),
        (LEFT, "The 31 apples are counted to know how many of the apples that she has are left.", "17", "17"),
        (COST, "The cost of the pens is $12.", "36", "36"),
        (COST, "The total cost of 4 pens is $12.", "36", "36"),
        ("How many are needed? How many are left?", "So 9 are needed.", "10", "10"),
        (LEFT, "The number of apples that are left is \\( x + 18 \\)", "17", "17"),
        (LEFT, "The apples left are 18 - x", "17", "17"),
        (LEFT, "The apples left are 18x", "17", "17"),
        ("", "We get 9.", "10", "10"),
    ],
)
def test_what_may_be_meant_otherwise_is_left_alone(problem: str, words: str, stdout: str, answer: str) -> None:
    assert statements(solution(words, stdout, answer), problem) == []


def test_only_the_text_right_before_the_code_of_the_first_reply_counts() -> None:
    parts: tuple[Part, ...] = (Text("So 9 buses are needed."), Text("Hm."), Code("x"), Output("10"), Answer("10"))
    assert contradicted(parts, BUSES) == {}
    later = (*solution("So 10 buses are needed.", "10", "10"), Question("And with 50 seats?"))
    reply = (Text("So 9 buses are needed."), Code("x"), Output("8"), Answer("8"))
    assert contradicted((*later, *reply), BUSES) == {}
    failed = Output("10", status="error", error=CodeError("ValueError", "no"))
    assert contradicted((Text("So 9 buses are needed."), Code("x"), failed, Answer("10")), BUSES) == {}


@pytest.mark.parametrize(
    ("stdout", "words", "answer", "number"),
    [
        ("10\n", "So \\boxed{9} buses are needed.", "9", "10"),
        ("-46", "The answer is \\boxed{46}.", "46", "-46"),
        ("Total: 80,000.0", "\\boxed{8000}", "8000", "80,000.0"),
        ("10", "So \\boxed{10} buses.", "10", ""),
        ("9.0625", "Rounded up, \\boxed{10} buses are needed.", "10", ""),
        ("9.0625", "So \\boxed{9}.", "9", ""),
        ("0.25", "That is \\boxed{25\\%}.", "25\\%", ""),
        ("3\n10", "So \\boxed{3}.", "3", ""),
        ("10", "Then 10 - 1 = 9, so \\boxed{9}.", "9", ""),
        ("10", "Without the 1 that is there already, \\boxed{9}.", "9", ""),
        ("10 9", "So \\boxed{8}.", "8", ""),
        ("10", "\\boxed{x = 9}", "x = 9", ""),
        ("10", "\\boxed{\\frac{1}{2}}", "\\frac{1}{2}", ""),
        ("no number", "So \\boxed{9}.", "9", ""),
    ],
)
def test_an_answer_that_nothing_explains_differs_from_the_output(
    stdout: str, words: str, answer: str, number: str
) -> None:
    assert differing((Text("We run:"), Code("x"), Output(stdout), Text(words)), answer) == number


def test_without_code_there_is_nothing_to_differ_from() -> None:
    assert differing((Text("So \\boxed{9}."),), "9") == ""
    assert differing((), "9") == ""


def test_the_number_of_an_output_is_that_of_its_last_line() -> None:
    assert printed(Output("435 48\nBuses needed: 10\n")) == Printed("10", "Buses needed")
    assert printed(Output(value="1,250.5")) == Printed("1,250.5")
    assert printed(Output("[2, 3]")) is None
    assert printed(Output("")) is None
    assert printed(Output("7", status="timeout")) is None


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [("1,000", "1000.0", True), ("9.06", "9.0625", True), ("10", "9.0625", True), ("9", "10", False),
     ("0.2", "20", True), ("0", "0.0", True), ("0", "5", False), ("-4", "4", False), ("3.14", "3.15", False)],
)  # fmt: skip
def test_numbers_are_alike_when_rounded_and_in_per_cent(a: str, b: str, alike: bool) -> None:
    assert same(a, b) is same(b, a) is alike


def test_a_statement_takes_the_place_of_what_was_not_checked_in_it_and_none_beside_what_is_false() -> None:
    claim = Claim(10, 30, "so 9 buses are needed", "differs", "10", "output")
    before, inside = Claim(0, 5, "1 = 1", "true"), Claim(13, 20, "9 = n", "unchecked", "", "value")
    assert with_claim((before, inside), claim) == (before, claim)
    known = Claim(12, 18, "4 = 5", "false", "4", "different")
    assert with_claim((known,), claim) == (known,)
    assert with_claim((before,), None) == (before,)


@pytest.mark.parametrize(
    ("problem", "stems"),
    [
        ("x y " * 250_000, set()),
        ("x y " * 250_000 + "\nHow many buses are needed?", {"bus", "need"}),
        ("A bus takes 9. Find the buses. They are full.", {"bus"}),
        ("Is it so? Find the buses.", set()),
    ],
)
def test_what_is_asked_for_is_found_in_a_text_of_any_length(problem: str, stems: set[str]) -> None:
    assert asked_stems(problem) == stems
