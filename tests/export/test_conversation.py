"""What was asked about a solution, in every form that is exported."""

from __future__ import annotations

import pytest

from tutor_app.core.transcript import Answer, Code, Output, Question, Text, Transcript
from tutor_app.export import export
from tutor_app.handout.fragment import fragment
from tutor_app.handout.options import Format, Options
from tutor_app.handout.steps import chosen_parts, split_steps

ASKED = Transcript.of(
    "What is $6 \\cdot 7$?",
    Text("Multiply."),
    Code("print(42)"),
    Output("42\n", feedback="42"),
    Answer("42"),
    Question("Why is $6 \\cdot 7$ not 48?"),
    Text("Because 48 is $6 \\cdot 8$."),
)


@pytest.mark.parametrize("format", ["md", "html", "ipynb", "tex"])
def test_every_form_has_the_question_between_the_answer_and_the_reply(format: Format) -> None:
    text = export([ASKED], format).data.decode()
    assert text.index("Question") < text.index("not 48") < text.index("Because 48")


def test_steps_begin_anew_with_a_question() -> None:
    steps = split_steps(chosen_parts(ASKED, Options()))
    assert [type(step[0]).__name__ for step in steps] == ["Text", "Question", "Text"]


def test_a_sheet_without_answers_has_no_questions_about_them() -> None:
    assert not any(isinstance(part, Question) for part in chosen_parts(ASKED, Options(answer=False)))


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_what_is_copied_has_the_question(form: str) -> None:
    copied = fragment(ASKED.solution, form)  # type: ignore[arg-type]
    assert "Question" in copied
    assert copied.index("not 48") < copied.index("Because 48")
