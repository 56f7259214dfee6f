"""Equations that are set up for problems told in words: those that cannot be about the story, and those that can."""

from __future__ import annotations

import pytest

from tutor_app.adapters.checking.work.judge import judge_work
from tutor_app.core.work import first_fault

AGES = "Paul is 6 years older than Nina. In 4 years he will be twice as old as she. How old is Nina?"
MULTIPLE = "Rita is 5 times as old as Otto. In 6 years she will be three times as old. How old is Otto?"
AGO = "Three years ago Max was four times as old as Ida. Max is 9 years older than Ida. How old is Ida?"
TOGETHER = "A kettle costs 14 euros more than a pan. Together they cost 60 euros. What does the pan cost?"
MARBLES = "Kim has 8 stamps fewer than Lea. They have 52 stamps together. How many stamps has Kim?"
BOUGHT = "2 cups and 3 plates cost 31 dollars. A plate costs 2 dollars more than a cup. What does a cup cost?"
GARDEN = "A garden is 6 m longer than it is wide. Its perimeter is 44 m. Find its width."
AREA = "The length of a rectangle is 3 cm more than its width. Its area is 54 cm². Find the width."
ROW = "The sum of three consecutive numbers is 48. Find the numbers."
EVEN = "The sum of three consecutive even numbers is 54. Find the numbers."
NUMBER = "A number is multiplied by 4, then 9 is subtracted. The result is 23. Find the number."
DOUBLED = "I think of a number, double it and add 11. The result is 35. What is my number?"
SUMS = "The sum of two numbers is 44. One is three times the other. Find them."
TAXI = "A taxi charges a basic fee of 3 euros plus 2 euros for each kilometre. A ride costs 21 euros. How far was it?"
LEG = "A right triangle has a hypotenuse of 17 and a leg of 8. Find the other leg."


@pytest.mark.parametrize(
    ("problem", "lines", "at", "slip"),
    [
        (AGES, ["p = n + 6", "p + 4 = 2n", "n + 10 = 2n"], 1, ""),
        (AGES, ["p = n + 6", "p + 4 = 2n + 4"], 1, "distribution"),
        (AGES, ["n = p + 6"], 0, "sign"),
        (AGES, ["x + 6 + 4 = 2x"], 0, ""),
        (MULTIPLE, ["r = 5t", "5t + 6 = 3t + 6"], 1, "distribution"),
        (AGO, ["4(x - 3) = x + 9"], 0, ""),
        (TOGETHER, ["p + p - 14 = 60"], 0, "sign"),
        (TOGETHER, ["x + 14x = 60"], 0, ""),
        (MARBLES, ["l + l + 8 = 52"], 0, "sign"),
        (BOUGHT, ["2c + 3p = 31", "c = p + 2"], 1, "sign"),
        (GARDEN, ["w + w + 6 = 44", "2w = 38"], 0, ""),
        (AREA, ["w(w - 3) = 54", "w² - 3w - 54 = 0"], 0, "sign"),
        (AREA, ["w + w + 3 = 54"], 0, ""),
        (ROW, ["3n = 48 - 5"], 0, ""),
        (NUMBER, ["4(x - 9) = 23"], 0, ""),
        (DOUBLED, ["2(x + 11) = 35"], 0, ""),
        (SUMS, ["x + x + 3 = 44"], 0, ""),
        (TAXI, ["5x = 21"], 0, ""),
        (TAXI, ["3x + 2 = 21"], 0, ""),
        (LEG, ["b² = 17² + 8²", "b² = 353"], 0, "sign"),
    ],
)
def test_an_equation_that_cannot_be_about_the_story(problem: str, lines: list[str], at: int | None, slip: str) -> None:
    found = judge_work(problem, lines)
    assert first_fault(found) == at, [line.remark() for line in found]
    assert at is None or found[at].slip == slip
    assert at is None or not any(sign.isdigit() for sign in found[at].counterexample)  # nothing of the answer is told


@pytest.mark.parametrize(
    ("problem", "lines"),
    [
        (AGES, ["p = n + 6", "p + 4 = 2(n + 4)", "n + 10 = 2n + 8", "n = 2"]),
        (AGES, ["let x be Nina's age", "x + 6 + 4 = 2(x + 4)", "x + 10 = 2x + 8", "x = 2"]),
        (AGES, ["x + 10 = 2(x + 4)", "x = 2"]),
        (AGES, ["in 4 years: 2y = y + 6", "y = 6", "6 - 4 = 2"]),
        (AGES, ["Let N be Nina's age in 4 years", "N + 6 = 2N", "N = 6", "6 - 4 = 2"]),
        (MULTIPLE, ["5x + 6 = 3(x + 6)", "2x = 12", "x = 6"]),
        (MULTIPLE, ["r = 5o", "r + 6 = 3(o + 6)", "5o + 6 = 3o + 18", "2o = 12", "o = 6"]),
        (AGO, ["m = i + 9", "m - 3 = 4(i - 3)", "i + 6 = 4i - 12", "3i = 18", "i = 6"]),
        (AGO, ["4a = a + 9", "a = 3", "3 + 3 = 6"]),
        (TOGETHER, ["k + p = 60", "k = p + 14", "2p + 14 = 60", "p = 23"]),
        (TOGETHER, ["60 - 14 = 46", "46/2 = 23"]),
        (TOGETHER, ["x + y = 60", "x - y = 14", "2x = 74", "x = 37", "y = 23"]),
        (MARBLES, ["k + l = 52", "l - k = 8", "2l = 60", "l = 30", "k = 22"]),
        (BOUGHT, ["2c + 3p = 31", "p = c + 2", "2c + 3c + 6 = 31", "5c = 25", "c = 5"]),
        (BOUGHT, ["2x + 3(x + 2) = 31", "5x = 25", "x = 5"]),
        (GARDEN, ["2w + 2(w + 6) = 44", "4w + 12 = 44", "w = 8"]),
        (GARDEN, ["w + w + 6 = 22", "2w = 16", "w = 8"]),
        (GARDEN, ["P = 2l + 2w", "l = w + 6", "44 = 4w + 12", "w = 8"]),
        (GARDEN, ["a = b + 6", "a + b = 22", "2b + 6 = 22", "b = 8"]),
        (AREA, ["w(w + 3) = 54", "w² + 3w - 54 = 0", "(w + 9)(w - 6) = 0", "w = 6"]),
        (ROW, ["n + n + 1 + n + 2 = 48", "3n + 3 = 48", "n = 15"]),
        (ROW, ["(n - 1) + n + (n + 1) = 48", "3n = 48", "n = 16"]),
        (EVEN, ["2k + 2k + 2 + 2k + 4 = 54", "6k + 6 = 54", "k = 8"]),
        (NUMBER, ["4x - 9 = 23", "4x = 32", "x = 8"]),
        (NUMBER, ["23 + 9 = 32", "32/4 = 8"]),
        (DOUBLED, ["2x + 11 = 35", "2x = 24", "x = 12"]),
        (SUMS, ["x + 3x = 44", "4x = 44", "x = 11"]),
        (SUMS, ["a + b = 44", "a = 3b", "4b = 44", "b = 11", "a = 33"]),
        (TAXI, ["3 + 2x = 21", "2x = 18", "x = 9"]),
        (TAXI, ["y = 2x + 3", "21 = 2x + 3", "x = 9"]),
        (LEG, ["17² = 8² + b²", "b² = 289 - 64", "b² = 225", "b = 15"]),
    ],
)
def test_an_equation_that_can_be_about_the_story(problem: str, lines: list[str]) -> None:
    found = judge_work(problem, lines)
    assert first_fault(found) is None, [line.remark() for line in found]


@pytest.mark.parametrize(
    "problem",
    [
        "Paul is 6 years older than Nina and 2 years younger than Ed. Together they are 40. How old is Nina?",
        "A number is multiplied by 4, 3 times another is added. The result is 23. Find the number.",
        "Kim has 8 stamps fewer than Lea. Ten of the stamps are red. They have 52 stamps together.",
    ],
)
def test_of_a_story_that_is_not_understood_nothing_is_refused(problem: str) -> None:
    assert first_fault(judge_work(problem, ["x + 7x = 31"])) is None
