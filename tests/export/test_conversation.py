"""What was asked about a solution, in every form that is exported."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from tests.ui.recordings import recorded
from tutor_app.core.claims import Claim, ClaimVerdict
from tutor_app.core.parts import Answer, AnswerPart, Code, Figure, Output, Question, Text
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import Verdict
from tutor_app.export import export
from tutor_app.handout.fragment import fragment
from tutor_app.handout.options import Format, Options
from tutor_app.handout.steps import chosen_parts, split_steps
from tutor_app.handout.trace_table import with_chosen_tables

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


DRAWN = ASKED.with_solution(
    (
        *ASKED.solution,
        Question("Draw it."),
        Code("draw(42)"),
        Output("It is a point.\n"),
        Figure("", "", 4, 3, "a point"),
    ),
    replies=[{}, {"drawn": True}],
)


@pytest.mark.parametrize("format", ["md", "html", "tex"])
def test_a_drawing_is_shown_without_its_program(format: Format) -> None:
    text = export([DRAWN], format).data.decode()
    assert "draw(42)" not in text
    assert text.index("Because 48") < text.index("It is a point.")
    assert "print" in text


def test_there_is_no_trace_table_of_a_drawing() -> None:
    options = Options(trace_tables=True, calculations=False)
    solution = DRAWN.with_solution(
        tuple(Code("a = 6\nb = a * 7") if isinstance(p, Code) else p for p in DRAWN.solution)
    )
    tabled = with_chosen_tables(
        solution, options, lambda parts: [recorded(p.source) for p in parts if isinstance(p, Code)]
    )
    added = [part for part in tabled.solution if part not in solution.solution]
    assert len(added) == 1
    assert len(tabled.solution) == len(solution.solution) + 1
    assert tabled.solution.index(added[0]) < tabled.solution.index(Answer("42"))


def test_a_notebook_has_the_program_of_a_drawing() -> None:
    assert "draw(42)" in export([DRAWN], "ipynb").data.decode()
    assert Transcript.from_json(export([DRAWN], "json").data) == DRAWN


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_what_is_copied_has_the_question(form: str) -> None:
    copied = fragment(ASKED.solution, form)  # type: ignore[arg-type]
    assert "Question" in copied
    assert copied.index("not 48") < copied.index("Because 48")


TYPED = Transcript.of(
    "Solve x^2 - 5x + 6 = 0.",
    Text("Factor it."),
    Answer("2, 3"),
    Question("> x = symbols('x')\n\nWhy is (x - 2)(x - 3) = 0?"),
    Text("Multiply out."),
)


def test_what_is_typed_plainly_is_typeset_in_every_form_unless_it_was_to_stay_as_typed() -> None:
    text = export([TYPED], "md").data.decode()
    assert "Solve $x^2 - 5x + 6 = 0$." in text
    assert "Why is $(x - 2)(x - 3) = 0$?" in text
    assert "> x = symbols('x')" in text, "what is quoted stays"
    assert "$x^2 - 5x + 6 = 0$" in "".join(json.loads(export([TYPED], "ipynb").data)["cells"][0]["source"])
    assert "$x^2 - 5x + 6 = 0$" in export([TYPED], "tex").data.decode()
    assert "<math" in export([TYPED], "html").data.decode()
    kept = replace(TYPED, meta={"as_typed": True})
    assert "Solve x^2 - 5x + 6 = 0." in export([kept], "md").data.decode()
    assert Transcript.from_json(export([TYPED], "json").data).problem == TYPED.problem


def _claim(text: str, verdict: ClaimVerdict, right: str = "") -> Claim:
    return Claim(0, len(text), text, verdict, right)


CLAIMED = Transcript.of(
    "What is $6 \\cdot 7$?",
    Text("6 * 7 = 43", claims=(_claim("6 * 7 = 43", "false", "42"),)),
    Answer("43"),
    Question("Is that so?"),
    Text("7 * 6 = 42", claims=(_claim("7 * 6 = 42", "true"),)),
    Answer("42"),
)


def test_each_answer_has_the_tally_of_its_own_reply() -> None:
    page = export([CLAIMED], "html").data.decode()
    first, second = page.split('class="answer"')[1:]
    assert '<p class="bad tally">1 of 1 statement checked, 1 false.</p>' in first
    assert '<p class="note tally">1 of 1 statement checked, all true.</p>' in second
    assert "tally" not in page.partition("</style>")[2].replace("bad tally", "").replace("note tally", "")
    without = export([CLAIMED], "html", Options(statements=False)).data.decode()
    assert "checked" not in without.partition("</style>")[2]


def test_each_part_of_an_answer_has_its_own_line_and_colour() -> None:
    parts = (
        AnswerPart("3", "(a)", Verdict("checked", "substituted")),
        AnswerPart("4", "(b)", Verdict("votes")),
        AnswerPart("5", "(c)", Verdict("wrong", "recomputed", right="6")),
    )
    solved = Transcript.of("Three of them.", Text("Thus."), Answer("3, 4, 5", verdict=parts[2].verdict, parts=parts))
    page = export([solved], "html").data.decode()
    assert re.findall('<p class="(good|bad|note)">(.*?)</p>', page) == [
        ("good", "(a) checked: substituted back and computed independently."),
        ("bad", "(c) wrong: it is 6."),
    ]
