"""Votes by value, unbiased chances and intervals, against figures worked out by hand or published."""

import itertools
import random
from fractions import Fraction

import pytest

from trainer.evaluate.statistics import effective, pass_at_k, wilson
from trainer.teacher.votes import Vote, majority


def test_the_interval_is_wilsons() -> None:
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)  # Newcombe 1998 gives such figures
    assert wilson(0, 10)[0] == 0.0
    assert round(wilson(0, 10)[1], 4) == 0.2775
    assert wilson(10, 10)[1] == pytest.approx(1.0)
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("problems", "worth"),
    [
        ([(1, 1), (1, 0), (1, 1)], 3),  # one attempt each: as many as there are
        ([(8, 8), (8, 0), (8, 8), (8, 0)], 4),  # attempts that always agree: the problems
        ([(8, 8), (8, 4), (8, 4), (8, 0)], 6),  # 16 x 16 / (4 x (4² + 4²) / 3): 6 of 32
        ([(4, 2), (4, 2)], 8),  # as even as can be: all
        ([(8, 8), (8, 8)], 2),
        ([(8, 0), (8, 0), (8, 0)], 3),
        ([(8, 4)], 1),
        ([], 0),
    ],
)
def test_attempts_at_one_problem_are_worth_less_than_problems(problems: list[tuple[int, int]], worth: float) -> None:
    assert effective(problems) == pytest.approx(worth)


def test_the_interval_of_several_attempts_holds_the_rate() -> None:
    """Problems of which half are nearly always solved and half nearly never, 25 of them, eight attempts each."""
    rng = random.Random(5)
    held = naive = 0
    for _ in range(400):
        chances = [rng.choice((0.95, 0.05)) for _ in range(25)]
        problems = [(8, sum(rng.random() < chance for _ in range(8))) for chance in chances]
        right, n = sum(c for _, c in problems), 200
        worth = effective(problems)
        low, high = wilson(right / n * worth, worth)
        held += low <= 0.5 <= high
        low, high = wilson(right, n)
        naive += low <= 0.5 <= high
    assert held >= 0.92 * 400
    assert naive < 0.7 * 400


@pytest.mark.parametrize(("n", "right", "k"), [(5, 2, 1), (5, 2, 3), (6, 1, 2), (4, 4, 2), (4, 0, 4), (7, 3, 5)])
def test_a_chance_is_that_of_all_choices(n: int, right: int, k: int) -> None:
    choices = list(itertools.combinations([i < right for i in range(n)], k))
    assert pass_at_k(n, right, k) == pytest.approx(sum(map(any, choices)) / len(choices))


def test_more_attempts_than_there_are_cannot_be_told() -> None:
    with pytest.raises(ValueError, match="needs at least 3"):
        pass_at_k(2, 1, 3)


def same_value(a: str, b: str) -> bool:
    return Fraction(a) == Fraction(b)


def test_equal_answers_in_other_forms_are_one_vote() -> None:
    assert majority(["0.5", "1/2", "2", "2/4", "2"], same_value) == Vote(0, 3, 5, tied=False)


def test_an_empty_answer_never_wins() -> None:
    assert majority(["", "", " ", "7"], same_value) == Vote(3, 1, 1, tied=False)
    assert majority(["", ""], same_value) == Vote(-1, 0, 0, tied=False)


def test_a_tie_is_told_and_the_first_answer_wins() -> None:
    assert majority(["3", "4", "4", "3"], same_value) == Vote(0, 2, 4, tied=True)
