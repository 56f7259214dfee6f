"""The rates on the repository's own labelled pairs, kind by kind: what is equal is accepted, nothing else is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tutor_app.adapters.grading.grader import Grader

ROWS = [
    json.loads(line) for line in Path(__file__).with_name("grader_pairs.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader(timeout=20) as made:
        yield made


def test_there_are_many_pairs_of_both_labels_and_none_twice() -> None:
    labels = Counter(row["label"] for row in ROWS)
    assert labels["equal"] >= 200
    assert labels["different"] >= 100
    assert len({(row["gold"], row["answer"]) for row in ROWS}) == len(ROWS)


def test_equal_answers_are_accepted(grader: Grader) -> None:
    equal = [(row["gold"], row["answer"]) for row in ROWS if row["label"] == "equal"]
    refused = [pair for pair in equal if grader.grade(*pair).verdict != "correct"]
    assert len(refused) <= 0.01 * len(equal), refused


def test_different_answers_are_never_accepted(grader: Grader) -> None:
    different = [(row["gold"], row["answer"]) for row in ROWS if row["label"] == "different"]
    assert [pair for pair in different if grader.grade(*pair).verdict == "correct"] == []


DOUBTS = ("list_or_decimal", "fraction_or_sum", "binomial_or_vector", "month")


def test_an_answer_that_was_read_and_differs_is_wrong_and_not_unknown(grader: Grader) -> None:
    """Only what may mean two things is left undecided."""
    different = [(row["gold"], row["answer"]) for row in ROWS if row["label"] == "different"]
    grades = {pair: grader.grade(*pair) for pair in different}
    unknown = {pair: grade.reason for pair, grade in grades.items() if grade.verdict == "unknown"}
    assert set(unknown.values()) <= set(DOUBTS), unknown
    assert len(unknown) < 10


@pytest.mark.parametrize(
    "answer", ["@@@", r"\undefinedthing{3}", "3 %% 4 ##", "((((", "it depends on what you mean by that"]
)
def test_what_cannot_be_read_could_not_be_checked(grader: Grader, answer: str) -> None:
    assert grader.grade("5", answer).verdict == "unknown"
    assert grader.grade(answer, "5").verdict in ("unknown", "incorrect")


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("4,7", "7,4"),
        (r"\frac{2n+3}{n-4}", "2n+3/n-4"),
        ("35", r"\begin{pmatrix}7\\3\end{pmatrix}"),
        (r"\begin{pmatrix}7\\3\end{pmatrix}", r"\binom{7}{3}"),
        ("September", "9"),
    ],
)
def test_what_may_mean_two_things_is_neither_right_nor_wrong(grader: Grader, gold: str, answer: str) -> None:
    assert grader.grade(gold, answer).verdict == "unknown"
