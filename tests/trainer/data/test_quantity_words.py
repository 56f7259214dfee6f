import pytest

from trainer.data.gsm8k import what
from trainer.data.quantity_words import is_noun_phrase, is_quantity
from trainer.data.sentences import sentences


@pytest.mark.parametrize(
    ("rest", "named"),
    [
        ("24 clips sold in May.", "the number of clips sold in May"),
        ("24 cars have parked at the back", "the number of cars parked at the back"),
        ("24 grams are sold every week.", "the number of grams sold every week"),
        ("24 apples remain.", "the number of apples remaining"),
        ("24 liters before anyone noticed.", "the number of liters"),
        ("24 hands in Peter’s class", "the number of hands in Peter's class"),
        ("24 pieces of used brick in all", "the number of pieces of used brick in all"),
        ("24 days left to finish the pills.", "the number of days left to finish the pills"),
        # What would be a sentence, or ends in the middle of one.
        ("24 students wore colored lipstick.", ""),
        ("24 students like Math.", ""),
        ("24 students got B and above.", ""),
        ("24 students neither likes the 3 subjects.", ""),
        ("24 students attended the class.", ""),
        ("24 children don't swim.", ""),
        ("24 hens lay eggs.", ""),
        ("24 balloons touch the ceiling.", ""),
        ("24 beans green.", ""),
        ("24 green beans.", ""),
        ("24 minutes to fill 240 packets.", ""),
        ("24 dollars for $3 shirts", ""),
        ("24 cups potatoes", ""),
        ("24 minutes screen time.", ""),
        ("24 hours driving.", "the number of hours driving"),
        ("24 inches tall.", "the number of inches tall"),
        ("24 miles to school.", "the number of miles to school"),
        ("24 pounds left.", "the number of pounds left"),
    ],
)
def test_what_a_plan_may_say_of_a_result(rest: str, named: str) -> None:
    assert what("She has 4 * 6 = ", rest) == named


def test_a_subject_is_named_only_if_a_number_can_be_one() -> None:
    assert what("The total cost of the trip is 4 * 6 = ", "24") == "the total cost of the trip"
    assert what("The first three episodes are 4 * 6 = ", "24 minutes long.") == "the number of minutes long"
    assert not is_quantity("the houses")
    assert is_quantity("Dorothy's profit")


def test_a_participle_describes_and_has_no_object() -> None:
    assert is_noun_phrase(["clips", "sold", "in", "May"])
    assert is_noun_phrase(["books", "donated", "last", "week"])
    assert not is_noun_phrase(["boys", "collected", "shells"])


def test_a_doctor_of_philosophy_ends_no_sentence() -> None:
    found = sentences("It takes him long to get his Ph.D.  How many years is he there? Dr. Wu knows.")
    assert found == ["It takes him long to get his Ph.D. How many years is he there?", "Dr. Wu knows."]


@pytest.mark.parametrize(
    ("before", "rest", "named"),
    [
        ("The total number of call hours is 52*30 = ", "1560 minutes.", ""),
        ("The total number of pizzas in the boxes is 120*10 = ", "1200 pieces.", ""),
        ("The number of red roses she picks is 12 * .5 = ", "6 roses.", "the number of red roses she picks"),
        ("The number of boxes is 4 * 6 = ", "24.", "the number of boxes"),
        ("The number of trips is 4 * 6 = ", "24 because he walks.", "the number of trips"),
    ],
)
def test_a_number_of_things_is_given_in_these_things(before: str, rest: str, named: str) -> None:
    assert what(before, rest) == named
