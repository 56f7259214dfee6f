"""What may stand in the box of a teacher's solution, and around it."""

import pytest

from trainer.synthesize.pseudo import solution_of
from trainer.teacher.replies import box_fault
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
        (r"\boxed{the answer is 15}", "words in the box"),
        (r"\boxed{Answer: 15}", "words in the box"),
        (r"\boxed{\text{about } 15}", "words in the box"),
        ("\\boxed{15} \U0001f389", "pictures in the reply"),
        ("\u2705 \\boxed{15}", "pictures in the reply"),
        ("\u2b50 \\boxed{15}", "pictures in the reply"),
    ],
)
def test_what_is_no_answer_is_refused_with_its_reason(said: str, why: str) -> None:
    with pytest.raises(NotMade, match=why):
        solution_of(Reply(f"{WORDS}The answer is {said}", "eos"), QUESTION)


@pytest.mark.parametrize("answer", ["15", r"15 \text{ apples}", r"\frac{1}{2}", "x = 15", "2x + 1", r"\text{Monday}"])
def test_values_with_units_and_terms_are_answers(answer: str) -> None:
    assert not box_fault(answer, QUESTION)


def test_a_letter_is_an_answer_where_the_question_speaks_of_it() -> None:
    assert not box_fault("B", "Which is larger? (A) 2 + 2 (B) 2 * 3")
