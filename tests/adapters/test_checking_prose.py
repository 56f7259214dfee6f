"""Statements of arithmetic in prose: found where they stand, and judged."""

import pytest

from tutor_app.adapters.checking.reading import Reading
from tutor_app.core.claims import Claim, Tally


def check(text: str) -> list[Claim]:
    found = Reading().text(text)
    for claim in found:
        assert text[claim.start : claim.end] == claim.text
    return found


def verdicts(text: str) -> list[tuple[str, str]]:
    return [(claim.text, claim.verdict) for claim in check(text)]


@pytest.mark.parametrize(
    "text",
    [
        "She drives 12 + 7 = 19 miles.",
        "He needs 6 boxes * 4 pens/box = 24 pens.",
        "They pay 3 x $1.25 = $3.75.",
        "That is 1,200 - 350 = 850 seats.",
        "So 20% of $80 is $16.",
        "25% * 60 = 15",
        "Half of 318 is 159.",
        "Two thirds of 90 is 60.",
        "2/3 of 90 = 60",
        "15 divided by 3 equals 5.",
        "seven times six equals forty-two",
        "3 squared is 9",
        "2^10 = 1024",
        "5! = 120",
        "4² + 3² = 25",
        "√49 = 7",
        "½ × 8 = 4",
        "2 1/2 + 1 1/2 = 4",
        "10 − 4 = 6",
        "36 ÷ 4 = 9",
        "7 · 8 = 56",
        "12 : 4 = 3",
        "(3 + 4)(2) = 14",
        "60 / 3/4 = 80",
        "45 cents * 4 = $1.80",
        "30 * 4 = 120 minutes",
        "5 + 5 > 9",
        "2 * 3 ≠ 7",
        "17 mod 5 = 2",
        "the area is **6 * 7 = 42**",
        "- 5 + 3 = 8 apples",
        "1. 4 + 4 = 8",
        "| 3 + 3 = 6 | done |",
        "0.5 million + 0.5 million = 1 million",
        "5 + 3 +\n2 = 10",
    ],
)
def test_a_true_statement_is_true(text: str) -> None:
    assert [claim.verdict for claim in check(text)] == ["true"]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("She drives 12 + 7 = 18 miles.", "19"),
        ("435 people ÷ 48 seats per bus = 9.575 buses", "9.0625"),
        ("He pays 3 x $1.25 = $3.50.", "3.75"),
        ("So 20% of $80 is $18.", "16"),
        ("Half of 318 is 158.", "159"),
        ("seven times six equals forty-three", "42"),
        ("2^10 = 1000", "1024"),
        ("10 / 4 = 3", "2.5"),
        ("6 + 6 > 13", "12"),
        ("8/0 = 8", "not defined"),
        ("Day 1: 20 + 30 = 40", "50"),
    ],
)
def test_a_false_statement_is_false_and_told_right(text: str, right: str) -> None:
    assert [(claim.verdict, claim.right) for claim in check(text)] == [("false", right)]


@pytest.mark.parametrize(
    "text",
    [
        "10 / 3 = 3.33",
        "435 people ÷ 48 seats per bus = 9.06 buses",
        "2/3 = 0.667",
        "1/3 * 100 is about 33",
        "22 / 7 ≈ 3.14",
        "0.33 * 300 = 100",
        "100 / 3 = 33 full boxes",
    ],
)
def test_ordinary_rounding_is_no_mistake(text: str) -> None:
    assert [claim.verdict for claim in check(text)] == ["rounded"]


@pytest.mark.parametrize(
    "text",
    [
        "They met at 7:50 + 30 minutes = 8:20.",
        "5 + 3 = 8 + 2 = 10",
        "4 gallons = 4 * 4 quarts",
        "3/4 is equal to $15.",
        "1/2 a cup = 4 ounces",
        "Week 1 + Week 2 = 35 + 40",
        "4 pounds - 6 ounces = 58 ounces",
        "250 x 12 = 3 000 grams",
        "16,0000/10 = 16000",
        "The number of bikes + 12 = 15",
        "First add 4 to the 29 + 24 already up = 57",
        "They ran 6 km/ 1/30 hour/stop = 180",
        "5 * 3 = $15,000",
        "50 * 2 = $1",
    ],
)
def test_what_may_be_meant_otherwise_is_never_false(text: str) -> None:
    assert not [claim for claim in check(text) if claim.verdict == "false"]


def test_every_link_of_a_chain_is_a_statement() -> None:
    assert verdicts("2 + 3 + 4 = 5 + 4 = 10") == [("2 + 3 + 4 = 5 + 4", "true"), ("5 + 4 = 10", "false")]


def test_a_name_is_given_its_value_and_states_nothing() -> None:
    assert verdicts("Total = 5 + 6 = 11") == [("5 + 6 = 11", "true")]


def test_the_notes_of_a_calculator_are_read_over() -> None:
    assert verdicts("She has 5 * 4 = <<5*4=20>>20 pens.") == [("5 * 4 = <<5*4=20>>20", "true")]


def test_code_is_no_prose() -> None:
    assert check("```python\nx = 2 + 2 == 5\n```\n1 + 1 = 2")[0].text == "1 + 1 = 2"


@pytest.mark.parametrize(
    "text", ["", "=", "= = =", "2 +", "(" * 5000 + "1 = 1", "10^10^10^10 = 1", "9" * 5000 + " = 1 + 1"]
)
def test_hostile_text_costs_nothing_but_a_verdict(text: str) -> None:
    assert all(claim.verdict == "unchecked" for claim in check(text))


def test_the_tally_says_how_many_of_how_many() -> None:
    assert Tally.of(check("1 + 1 = 2, 2 + 2 = 4")).sentence() == "2 of 2 statements checked, all true"
    assert Tally.of(check("1 + 1 = 3")).sentence() == "1 of 1 statement checked, 1 false"
    assert Tally().sentence() == ""


@pytest.mark.parametrize(
    "text",
    [
        "Suppose 2 + 2 = 5.",
        "If 3 + 4 = 8, then we are lost.",
        "Is 3 + 4 = 8?",
        "This would give 6 = 3 + 4, a contradiction.",
    ],
)
def test_a_condition_or_a_question_states_nothing(text: str) -> None:
    assert not [claim for claim in check(text) if claim.verdict == "false"]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("2.5 hours = 150 minutes", "true"),
        ("3 feet = 30 inches", "false"),
        ("5 km = 5000 m", "true"),
        ("12 dozen = 144", "true"),
        ("8 > 10", "false"),
        ("$50 - 20% = $40", "true"),
        ("A 15% tip on $40 is $6.", "true"),
        ("- 5 * 6 = 32", "false"),
        ("2) 9 / 3 = 4", "false"),
    ],
)
def test_conversions_orders_and_lists(text: str, verdict: str) -> None:
    assert [claim.verdict for claim in check(text)] == [verdict]


def test_numbers_at_the_end_of_a_chain_are_compared() -> None:
    assert verdicts("2 + 2 = 4 = 5") == [("2 + 2 = 4", "true"), ("4 = 5", "false")]


@pytest.mark.parametrize("text", ["It is not true that 2 + 2 = 5.", "2 + 2 = 5 is wrong.", "We cannot have 3 + 4 = 8."])
def test_what_is_denied_is_not_stated(text: str) -> None:
    assert check(text) == []


@pytest.mark.parametrize("name", ["x_1", "x1", "x_{1}", "3x_2", "2k1", "2x1", "price_1", "x₁", "x_i", "a_{n}", "v'"])
def test_a_name_with_an_index_is_not_read_by_its_end(name: str) -> None:
    text = f"We have {name} + y = 9, so {name.lstrip('23')} = 7 and y = 2."
    assert "false" not in [claim.verdict for claim in Reading().text(text, 20.0)]
    assert [claim.verdict for claim in Reading().text("5 m2 + 3 m2 = 9 m2", 20.0)] == ["false"]


def test_what_is_short_of_is_told_by_its_value() -> None:
    assert [claim.verdict for claim in Reading().text("She is short of 40 - 13 = 37 stickers.", 20.0)] == ["false"]


def test_who_is_not_able_to_do_something_denies_no_calculation() -> None:
    assert [c.verdict for c in Reading().text("Tim was not able to catch 30 + 25 = 45 balls.", 20.0)] == ["false"]
    assert Reading().text("It is not 30 + 25 = 45.", 20.0) == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("One half of the block consists of 6 floors * 6 apartments/floor = 46 apartments.", "36"),
        ("The order is made up of 4 boxes * 12 eggs/box = 40 eggs.", "48"),
        ("He ran at a pace of 50 minutes / 10 kilometers = 6 minutes per kilometer.", "5"),
        ("Her brother takes care of 10 + 3 = 15 lambs.", "13"),
        ("She baked the equivalent of 24 + 12 = 38 cakes.", "36"),
        ("Two sevenths of 63 is 16.", "18"),
    ],
)
def test_what_something_consists_of_is_the_whole_calculation(text: str, right: str) -> None:
    assert [(claim.verdict, claim.right) for claim in check(text)] == [("false", right)]


@pytest.mark.parametrize(
    "text",
    [
        "He packs them in batches of 24 / 4 = 8.",
        "He was left with a remainder of 17 / 5 = 2.",
        "The square of 2 + 3 = 25.",
        "A third of 12 + 9 = 7.",
    ],
)
def test_what_is_no_whole_is_not_called_false(text: str) -> None:
    assert "false" not in [claim.verdict for claim in check(text)]
