"""Quantities with their units, the calendar, the clock and counts: what the units make of a statement."""

from fractions import Fraction

import pytest

from tutor_app.adapters.checking.amounts import amount
from tutor_app.adapters.checking.reading import Reading
from tutor_app.core.claims import Claim, claim_line


def false(text: str) -> list[Claim]:
    return [claim for claim in Reading().text(text, 20.0) if claim.verdict == "false"]


def measured(text: str) -> list[tuple[str, str]]:
    return [(c.verdict, c.right) for c in Reading().text(text, 20.0) if c.reason == "measured"]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("The ship sails 30 km/h * 2 days = 60 km.", "1440 km"),
        ("so the way is 40 km/h x 90 minutes = 3600 km", "60 km"),
        ("It takes 5 miles / 660 feet per minute = 0.0076 hours.", "2/3 (about 0.666667) hours"),
        ("She writes 4 letters/day * 3 weeks = 12 letters.", "84 letters"),
        ("Its height is 5 feet + 4 inches = 9 feet.", "16/3 (about 5.33333) feet"),
        ("The film lasts 1 hour + 45 minutes = 46 minutes.", "105 minutes"),
        ("2 h 40 min + 1 h 30 min = 4 h", "25/6 (about 4.16667) h"),
        ("72 km/h = 25 m/s", "20 m per s"),
        ("3 hours is 160 minutes.", "180 minutes"),
        ("The course runs for three weeks, which is 20 days.", "21 days"),
        ("A yard is 4 feet.", "3 feet"),
        ("3.5 kg = 350 g", "3500 g"),
        ("There are 31 days in the month of June.", "30"),
        ("There are 100 minutes in an hour, so we divide.", "60"),
        ("He was there for 3 hours (from 10:00 AM to 4:00 PM).", "6 hours"),
        ("From 7 am to 7 pm is 10 hours.", None),
        ("The shop is open from 6:30 AM to 8:30 PM, which is a total of 12 hours.", "14 hours"),
    ],
)
def test_a_result_that_its_units_contradict_is_false(text: str, right: str | None) -> None:
    found = false(text)
    assert [claim.reason for claim in found] == ["measured"]
    assert right in (None, found[0].right)


@pytest.mark.parametrize(
    "text",
    [
        "The ship sails 30 km/h * 2 days = 1440 km.",
        "It takes 5 miles / 660 feet per minute = 40 minutes.",
        "She writes 4 letters per day * 3 weeks = 84 letters.",
        "Its height is 5 feet + 4 inches = 64 inches.",
        "2 h 40 min + 1 h 30 min = 4 h 10 min",
        "1.2 km + 300 m = 1.5 km",
        "90 km/h = 25 m/s",
        "Two weeks are 14 days.",
        "Half an hour is 30 minutes.",
        "November has 30 days.",
        "Every hour has 60 minutes.",
        "From 9:15 AM to 1:45 PM is 4.5 hours.",
    ],
)
def test_a_result_in_another_unit_is_true(text: str) -> None:
    assert measured(text) == [("true", "")]
    assert false(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "6 feet * 12 inches = 72 inches",
        "3 hours * 60 = 180 minutes",
        "90 minutes / 60 minutes = 1.5 hours",
        "100 stickers / 3 friends = 33 stickers each",
        "There are 5 days in a week on which he works.",
        "There are 5 days in a week, so he works 5 * 8 = 40 hours.",
        "The first 2 hours is 30 minutes longer.",
        "A quarter of 2 hours is 30 minutes.",
        "1 hour 30 minutes is 90 minutes.",
        "So 3 weeks is 15 days of school.",
        "He works 8 hours/day * 5 days * $10/hour = $400.",
        "From 9 AM to 5 PM is 7.5 hours of work.",
        "On average 7 / 2 = 3.5 children came.",
        "Each of them gets 5 / 2 = 2.5 tickets on average.",
        "The change is 20 - 80 = -60 degrees.",
        "A square has 4 sides.",
    ],
)
def test_sloppy_units_and_work_weeks_are_not_called_false(text: str) -> None:
    assert false(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "So the number of jars that are left is 12 - 30 = -18 jars.",
        "There are 15 - 40 = -25 meters of rope left.",
        "That makes 50 / 4 = 12.5 students in a team.",
        "They scored 10 / 4 = 2.5 goals in the first half.",
    ],
)
def test_a_count_is_neither_negative_nor_a_fraction(text: str) -> None:
    (claim,) = false(text)
    assert "never" in claim.right
    assert "it is" not in claim_line(claim)


def test_a_false_result_is_one_statement_and_not_a_true_one_too() -> None:
    (claim,) = Reading().text("He rows 3 km/h * 2 days = 6 km.", 20.0)
    assert (claim.verdict, claim.text) == ("false", "3 km/h * 2 days = 6 km")
    assert claim_line(claim) == "✗ 3 km/h * 2 days = 6 km: it is 144 km"


@pytest.mark.parametrize(
    ("text", "false_ones"),
    [
        ("Its speed is 215 / 2.5 = 84 km/h.", 1),
        ("Its speed is 215 km / 2.5 h = 86 km/h.", 0),
        ("650 m + 50 m = 800 m", 1),
        ("So 5 g + 3 g = 8 g.", 0),
        ("So 3 m + 2 = 14, and m = 4.", 0),
        ("7 m - 4 = 2 m", 0),
        ("2 m = 8", 0),
    ],
)
def test_letters_behind_numbers_are_units_only_where_all_of_them_are(text: str, false_ones: int) -> None:
    assert len(false(text)) == false_ones


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("440 feet per minute", 440, "feet per minute"),
        ("half an hour", Fraction(1, 2), "hour"),
        ("3 h 20 min", Fraction(10, 3), "h"),
        ("twelve days", 12, "days"),
        ("1,200.5 kg", Fraction(2401, 2), "kg"),
    ],
)
def test_quantities_are_read(text: str, value: Fraction, unit: str) -> None:
    found = amount(text)
    assert found is not None
    assert (found.value, found.unit) == (value, unit)


@pytest.mark.parametrize(
    "text", ["3 square feet", "2 dozen", "20 percent", "5 school days", "3 minutes 2 hours", "x km"]
)
def test_quantities_that_are_not_certain_are_not_read(text: str) -> None:
    assert amount(text) is None
