"""What may stand in the box of a teacher's solution, and around it."""

import pytest

from trainer.synthesize.pseudo import solution_of
from trainer.teacher.boxes import box_fault
from trainer.teacher.teacher import Reply
from trainer.teacher.work import NotMade

QUESTION = "Mia has 5 apples in each of 2 bags and finds 5 more. How many apples does she have?"
WORDS = "There are 2 * 5 = 10 apples in the bags.\nTogether that makes 10 + 5 = 15 apples. "


@pytest.mark.parametrize(
    "said", [r"\fbox{15}", r"\boxed 15", r"\boxed15", r"$\boxed 15$", r"\fbox{15}.", r"\fbox 15", r"\boxed{15}"]
)
def test_other_boxes_are_read_and_written_as_the_usual_one(said: str) -> None:
    text, answer = solution_of(Reply(f"{WORDS}The answer is {said}", "eos"), QUESTION)
    assert answer == "15"
    assert r"\boxed{15}" in text
    assert "fbox" not in text


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (r"\boxed{X}", "a letter in the box"),
        (r"\boxed{n}", "a letter in the box"),
        (r"\boxed{\text{B}}", "a letter in the box"),
        (r"\boxed{\text{about } 15}", "words in the box"),
        (r"\boxed{at least 15 apples}", "words in the box"),
        (r"\boxed{15 or more}", "words in the box"),
        (r"\boxed{15 of the 20 apples}", "words in the box"),
        (r"\boxed{15 apples are left of 20}", "words in the box"),
        (r"\boxed{She does not have 15}", "words in the box"),
        (r"\boxed{Each of the bags has 15 apples}", "words in the box"),
        (r"\boxed{Half of the 15 apples}", "words in the box"),
        (r"\boxed{\text{She has enough}}", "words in the box"),
        (r"\boxed{15 manzanas}", "another language"),
        (r"\boxed{Quedan 15}", "another language"),
        (r"\boxed{15 \text{ pommes}}", "another language"),
        ("\\boxed{15} \U0001f389", "pictures in the reply"),
        ("\u2705 \\boxed{15}", "pictures in the reply"),
        ("\u2b50 \\boxed{15}", "pictures in the reply"),
    ],
)
def test_what_is_no_answer_is_refused_with_its_reason(said: str, why: str) -> None:
    with pytest.raises(NotMade, match=why):
        solution_of(Reply(f"{WORDS}The answer is {said}", "eos"), QUESTION)


@pytest.mark.parametrize(
    "box",
    [
        "15 apples are left",
        r"\text{15 apples are left}",
        r"15 \text{ apples remain}",
        "She has 15 apples",
        "The answer is 15",
        "Answer: 15",
        "15 apples in total",
        " 15 is the answer ",
        "Mia found 15 apples altogether.",
    ],
)
@pytest.mark.parametrize("said", [r"The answer is $\boxed{%s}$.", r"So $\fbox{%s}$"])
def test_a_sentence_in_a_box_is_read_as_the_one_number_that_it_tells(box: str, said: str) -> None:
    text, answer = solution_of(Reply(WORDS + said.replace("%s", box), "eos"), QUESTION)
    assert answer == "15"
    assert text == WORDS + said.replace("%s", "15").replace("fbox", "boxed")


def test_an_amount_in_a_sentence_loses_its_sign_and_its_commas() -> None:
    text, answer = solution_of(Reply(rf"{WORDS}\boxed{{The apples cost \$1,500.50}}", "eos"), QUESTION)
    assert (answer, text) == ("1500.50", rf"{WORDS}\boxed{{1500.50}}")


def test_an_answer_without_a_box_is_read_in_the_same_way() -> None:
    text, answer = solution_of(Reply(f"{WORDS}\nThe answer is: she has 15 apples left.", "eos"), QUESTION)
    assert answer == "15"
    assert text.endswith("The answer is $\\boxed{15}$.")


VALUES = r"""15|15 \text{ apples}|15 apples|15 slices of bread|15 miles per hour|15 more apples|3 hours 15 minutes
3\text{ hours and }15\text{ minutes}|5 \text{ or } 7|15 apples and 3 pears|\$15 each|\frac{1}{2}|x = 15|2x + 1
12 + 3 = 15|\text{Monday}|\text{June 20}|Day 3|(3, \text{blue})|10:30 \text{ a.m.}|15 \text{ cm}^2|\text{yes}|fifteen"""


@pytest.mark.parametrize("answer", VALUES.replace("\n", "|").split("|"))
def test_values_with_units_and_terms_are_answers(answer: str) -> None:
    assert not box_fault(answer, QUESTION)


def test_a_letter_is_an_answer_where_the_question_speaks_of_it() -> None:
    assert not box_fault("B", "Which is larger? (A) 2 + 2 (B) 2 * 3")
