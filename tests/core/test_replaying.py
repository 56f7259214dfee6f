"""A finished solution as events: folded again, they give the same parts."""

from tutor_app.core.builder import Builder
from tutor_app.core.claims import Claim
from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Text, Thought
from tutor_app.core.replaying import replayed


def test_the_events_of_a_solution_make_it_again() -> None:
    parts: tuple[Part, ...] = (
        Thought("Let me see."),
        Text("2 + 2 = 4\n", (Claim(0, 9, "2 + 2 = 4", "true"),)),
        Code("print(4)"),
        Output("4\n", seconds=0.1),
        Figure("<svg/>", "", 2, 1),
        Text("1 + 1 = 3", (Claim(0, 9, "1 + 1 = 3", "false", right="2"),)),
        Answer("4"),
    )
    builder = Builder()
    for event in replayed(parts):
        builder.apply(event)
    assert builder.parts() == parts
