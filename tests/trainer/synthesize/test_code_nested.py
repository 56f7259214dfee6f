import pytest

from trainer.synthesize.code_nested import Attempt, code_fault, refusal
from trainer.teacher.judge import Judge
from trainer.teacher.replies import doubts
from tutor_app.core.parts import Answer, Code, CodeError, Output, Text


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (Output(status="died", error=CodeError("ProcessDied", "killed")), "code ran out of time or memory"),
        (Output(status="timeout", error=CodeError("TimeoutError", "10 s")), "code ran out of time or memory"),
        (Output(status="error", error=CodeError("MemoryError", "")), "code ran out of time or memory"),
        (Output(status="error", error=CodeError("NameError", "name 'pens' is not defined")), ""),
    ],
)
def test_a_repair_of_what_only_the_machine_broke_is_not_kept(first: Output, why: str) -> None:
    parts = (
        Text("The cost of the pens is their number times the price of one of them.\n"),
        Code("print(pens * 4)"),
        first,
        Text("\nThe number is 3.\n"),
        Code("print(3 * 4)"),
        Output(stdout="12\n"),
        Text("\nThe cost is $\\boxed{12}$."),
        Answer("12", source="boxed"),
    )
    with Judge() as judge:
        assert refusal(Attempt(parts, "answered", 0), "What do 3 pens at 4 euros cost?", "12", judge) == why


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        (["guests = 80\nmen = 40\nwomen = men / 2\nprint(men - women)"], "the code uses a variable for nothing"),
        (
            ["def left():\n    total, given = 9, 4\n    return total - 3\nprint(left())"],
            "the code uses a variable for nothing",
        ),
        (["total = 0\nfor _ in range(3):\n    total += 4\nprint(total)"], ""),
        (["total = 0\nfor week in range(3):\n    total += 4\nprint(total)"], ""),
        (["print(sum(2 for day in range(5)))"], ""),
        (["pens = 3\nprint(pens * cost)", "cost = 4\nprint(pens * cost)"], ""),  # what a failed block has set is kept
        (["pens = 3", "print(pens * 4)"], ""),
        (["print(3 * 4)"], ""),
        (["print(12)"], "the code computes nothing"),
    ],
)
def test_code_that_forgets_a_number_is_told(sources: list[str], why: str) -> None:
    assert code_fault(sources) == why


@pytest.mark.parametrize(
    ("words", "doubtful"),
    [
        ("They brought 20 - 50 = -30 panels, which is not possible, so it was 30.", True),
        ("The number of boxes in a crate is multiplied by the number of boxes in a crate.", True),
        ("The number of boxes in a crate is multiplied by the number of crates in a truck.", False),
        ("It is not possible to fill half a box, so 3 boxes are filled.", False),
    ],
)
def test_words_that_contradict_themselves_are_told(words: str, doubtful: bool) -> None:
    assert doubts(words) is doubtful
