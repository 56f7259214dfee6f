"""Numbers that problems of everyday ask for, and works that end with another one."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tutor_app.adapters.checking.work.asked import asked
from tutor_app.adapters.checking.work.judge import judge_work
from tutor_app.core.work import first_fault


@pytest.mark.parametrize(
    ("problem", "right"),
    [
        ("21 of 28 guests drink tea. What percentage is that?", 75),
        ("A fare rises from 40 to 46 euros. By how many percent?", 15),
        ("A hat costs 50 €. It is 12 % cheaper in the sale. What does it cost in the sale?", 44),
        ("A shop sells a desk for 99 €, which is 110% of what it paid. What did it pay?", 90),
        ("40 % of the 35 seats are taken. How many seats are free?", 21),
        ("4 kg of nuts cost 36 euros. How much do 7 kg cost?", 63),
        ("A recipe for 6 people needs 450 g of rice. How much is needed for 8 people?", 600),
        ("A car uses 8 litres for 100 km. How much does it use for 350 km?", 28),
        ("5 pumps empty a pool in 12 hours. How long do 4 pumps take?", 15),
        ("A train travels 210 km in 3 hours. How fast is it?", 70),
        ("A plane flies at 800 km/h for 2.5 hours. How far does it go?", 2000),
        ("Find the simple interest on $400 at 5% for 3 years", 60),
        ("The mean of four numbers is 9. Three of them are 7, 8 and 11. Find the fourth.", 10),
        ("A die is rolled. Find the probability of an even number.", Fraction(1, 2)),
        ("A bag has 2 red and 6 blue balls. One is drawn. What is the probability that it is not red?", Fraction(3, 4)),
        ("How many ways are there to choose 2 of 9 people?", 36),
        ("A right triangle has an angle of 30° and a hypotenuse of 14. Find the side opposite to the angle.", 7),
        ("A rectangle has an area of 40 cm² and a width of 5 cm. Find its perimeter.", 26),
        ("A ladder 13 m long leans against a wall. Its foot is 5 m from the wall. How high does it reach?", 12),
        ("An arithmetic sequence has a1 = 4 and d = 6. Find the 11th term.", 64),
    ],
)
def test_what_a_problem_asks_for(problem: str, right: Fraction | int) -> None:
    found = asked(problem)
    assert found is not None
    assert found.is_right(Fraction(right))
    assert not found.is_right(Fraction(right) * 3 + 1)


@pytest.mark.parametrize(
    "problem",
    [
        "21 of 28 guests drink tea and 3 drink milk. What percentage is that?",
        "5 machines make 5 rings in 5 minutes. How long do 100 machines take to make 100 rings?",
        "4 kg of nuts cost 36 euros, 2 kg of figs cost 10 euros. How much do 7 kg of nuts cost?",
        "A train travels 210 km in 3 hours and then 90 km in 1 hour. How fast is it?",
        "A bag has 2 red, 3 green and 6 blue balls. One is drawn. What is the probability that it is red?",
        "How many ways are there to choose a president and a clerk, 2 of 9 people?",
        "",
    ],
)
def test_what_is_not_read_as_a_whole_is_not_known(problem: str) -> None:
    assert asked(problem) is None


@pytest.mark.parametrize(
    ("problem", "lines", "at", "slip"),
    [
        ("21 of 28 guests drink tea. What percentage is that?", ["28/21 = 1.333", "133.3 %"], 0, "percent"),
        ("21 of 28 guests drink tea. What percentage is that?", ["21 : 28 = 0.75", "75 %"], None, ""),
        ("Share 77 in the ratio 3:8", ["77/3 = 25.67", "77/8 = 9.625"], 0, ""),
        ("Share 77 in the ratio 3:8", ["3 + 8 = 11", "77 : 11 = 7", "7·3 = 21", "7·8 = 56"], None, ""),
        ("4 kg of nuts cost 36 euros. How much do 7 kg cost?", ["36/4 = 9", "9·7 = 63"], None, ""),
        ("4 kg of nuts cost 36 euros. How much do 7 kg cost?", ["4/36·7 = 0.78"], 0, ""),
        ("A train travels 210 km in 3 hours. How fast is it?", ["210·3 = 630"], 0, "formula"),
        ("A train travels 210 km in 3 hours. How fast is it?", ["210/3 = 70 km/h"], None, ""),
        ("Find sin x if cos x = 8/17 and x is acute", ["sin² x = 1 - 64/289", "sin² x = 225/289", "sin x = 15/17"],
         None, ""),
        ("Solve 4x - 7 = 2x + 9", ["2x = 18"], 0, "arithmetic"),
        ("Find the area of a circle with radius 4", ["A = 16π", "A ≈ 50"], None, ""),
    ],
)  # fmt: skip
def test_works_that_end_with_it_or_with_something_else(
    problem: str, lines: list[str], at: int | None, slip: str
) -> None:
    found = judge_work(problem, lines)
    assert first_fault(found) == at, [line.remark() for line in found]
    assert at is None or found[at].slip == slip
