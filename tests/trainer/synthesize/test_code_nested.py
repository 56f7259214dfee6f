import pytest

from trainer.synthesize.code_nested import Attempt, refusal
from trainer.teacher.judge import Judge
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
