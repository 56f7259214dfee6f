from __future__ import annotations

import re

import pytest

from tests.export.solutions import BARE, EMPTY, FULL
from tutor_app.core.parts import Answer, Code, Figure, Output, Question, Text, Thought
from tutor_app.core.transcript import Transcript
from tutor_app.handout import steps, wording
from tutor_app.handout.fragment import fragment
from tutor_app.handout.options import Options


def kinds(options: Options) -> list[type]:
    return [type(p) for p in steps.chosen_parts(FULL, options)]


def test_choices_leave_out_what_they_say() -> None:
    assert Code not in kinds(Options(code=False))
    assert not {Output, Figure} & set(kinds(Options(output=False)))
    assert Answer not in kinds(Options(answer=False))
    assert kinds(Options(solution=False)) == []
    assert steps.chosen_parts(FULL, Options()) == FULL.solution


def test_thoughts_are_shown_only_where_they_are_asked_for() -> None:
    solved = Transcript.of("P", Thought("Is it $\\boxed{5}$?"), Text("No."), Thought("Sure."), Code("7"), Answer("7"))
    assert steps.chosen_parts(solved, Options()) == (Text("No."), Code("7"), Answer("7"))
    shown = steps.chosen_parts(solved, Options(thoughts=True))
    assert shown == solved.solution
    kinds = [[type(p).__name__ for p in step] for step in steps.split_steps(shown)]
    assert kinds == [["Thought", "Text"], ["Thought", "Code", "Answer"]]
    assert Thought("Is it $\\boxed{\\phantom{000}}$?") in steps.chosen_parts(
        solved, Options(thoughts=True, answer=False)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("so $\\boxed{12}$.", "so $\\boxed{\\phantom{000}}$."),
        ("$\\boxed{\\frac{1}{2}}$ and \\fbox{3}", "$\\boxed{\\phantom{000}}$ and \\boxed{\\phantom{000}}"),
        ("$\\boxed{\\{1\\}}$", "$\\boxed{\\phantom{000}}$"),
        ("$\\boxed{1", "$\\boxed{1"),
        ("none", "none"),
    ],
)
def test_boxes_are_emptied(text: str, expected: str) -> None:
    assert steps.without_boxes(text) == expected


def test_steps_are_prose_with_the_code_it_leads_to() -> None:
    found = steps.split_steps(FULL.solution)
    assert [[type(p).__name__ for p in step] for step in found] == [
        ["Text", "Code", "Output"],
        ["Text", "Code", "Figure", "Output"],
        ["Text", "Answer"],
    ]
    assert steps.split_steps(()) == []
    assert len(steps.split_steps(steps.chosen_parts(FULL, Options(code=False, output=False)))) == 3


def test_titles_are_plain_and_cut_at_a_word() -> None:
    assert wording.title_of(FULL) == "Let f(x) = x\u00b2 \u2212 5x + 6. Tickets cost $5 and $7. Find all real zeros."
    long = wording.title_of(Transcript.of("word " * 100), 30)
    assert len(long) <= 31
    assert long.endswith("word\u2026")
    assert wording.title_of(EMPTY) == "Solution"
    assert wording.heading([FULL, BARE], Options()) == "Worked solutions"
    assert wording.heading([FULL, BARE], Options(solution=False)) == "Problems"
    assert wording.heading([FULL], Options(title=" Week  3 ")) == "Week 3"


def test_provenance_tells_what_is_known_and_no_more() -> None:
    known = dict(wording.provenance(FULL))
    assert known["Model"] == "Kestrel 1.5B"
    assert known["Date"] == "2026-03-04 10:20"
    assert known["Time"] == "12 s, 2 blocks of code run"
    assert known["Check"] == "The answer agrees with the known answer."
    assert "End" not in known
    assert wording.provenance(BARE) == []
    assert "ran" not in wording.made_by(BARE)
    stopped = Transcript.of("p", Text("t"), meta={"ended": "stopped"})
    assert dict(wording.provenance(stopped))["End"] == "You stopped the solution."


def test_a_question_is_no_step_and_a_reply_is_numbered_anew() -> None:
    parts = (
        Text("First."),
        Code("a = 1"),
        Output(),
        Text("Then."),
        Answer("1"),
        Question("Why?"),
        Text("Because."),
        Code("b = 2"),
        Output(),
        Text("So."),
        Answer("2"),
        Answer("3"),
    )
    numbered = steps.numbered_steps(parts)
    assert [(step.number, type(step.parts[0])) for step in numbered] == [
        (1, Text),
        (2, Text),
        (0, Question),
        (1, Text),
        (2, Text),
    ]
    assert [step.parts for step in numbered] == steps.split_steps(parts)
    assert [step.number for step in steps.numbered_steps((Answer("1"),))] == [0]


@pytest.mark.parametrize("parts", [(Output(), Figure("<svg/>", "", 4, 4)), (Figure("<svg/>", "", 4, 4), Output())])
def test_no_output_is_told_on_either_side_of_a_picture(parts: tuple[Output | Figure, ...]) -> None:
    assert steps.without_silent_outputs((Code("draw()"), *parts)) == [Code("draw()"), Figure("<svg/>", "", 4, 4)]
    said = Output(stdout="1\n")
    assert steps.without_silent_outputs((said, Figure("<svg/>", "", 4, 4))) == [said, Figure("<svg/>", "", 4, 4)]


def test_an_output_without_words_after_a_picture_is_not_told() -> None:
    figure = Figure("", "", 1, 1, "a line")
    silent, loud = Output(seconds=1.0), Output("1\n")
    assert steps.without_silent_outputs((Code("x"), figure, silent)) == [Code("x"), figure]
    assert steps.without_silent_outputs((Code("x"), figure, loud)) == [Code("x"), figure, loud]
    assert steps.without_silent_outputs((Code("x"), silent)) == [Code("x"), silent]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("If $\\frac{\\sqrt[3]{2x-4}}{\\sqrt[3]{x+4}} = 2$", "If \u221b(2x\u22124)/\u221b(x+4) = 2"),
        ("$(3^{-1})^{-1} \\pmod{31}$", "(3\u207b\u00b9)\u207b\u00b9 (mod 31)"),
        ("$\\max\\{x^{n+1}, \\frac12\\}$ for \\$5", "max{x^(n+1), 1/2} for $5"),
        ("$\\frac{x+1}{2} \\binom{5}{2} \\sqrt[n]{x}$", "(x+1)/2 C(5, 2) root(x, n)"),
    ],
)
def test_titles_are_plain_text(text: str, title: str) -> None:
    assert wording.title_of(Transcript.of(text)) == title


def test_an_end_is_told_only_of_solutions_made_here() -> None:
    cut = Transcript.of("p", Text("It is"), meta={"engine": "e"})
    assert wording.ending(cut) == "This solution was interrupted before its end."
    assert dict(wording.provenance(cut))["End"] == wording.ending(cut)
    assert "End" not in dict(wording.provenance(Transcript.of("p", Text("It is"))))


@pytest.mark.parametrize(("runs", "said"), [(1, "1 block of code run"), (3, "3 blocks of code run")])
def test_blocks_are_counted_in_words(runs: int, said: str) -> None:
    transcript = Transcript.of("p", meta={"usage": {"seconds": 2, "runs": runs}})
    assert dict(wording.provenance(transcript))["Time"] == f"2 s, {said}"


def test_titles_keep_products_and_powers() -> None:
    title = wording.title_of(Transcript.of("What is **twice** 6*7*8 where n**2 = 9 m<sup>2</sup>?"))
    assert title == "What is twice 6*7*8 where n**2 = 9 m\u00b2?"


def test_definitions_of_the_problem_hold_in_the_solution() -> None:
    transcript = Transcript.of("$\\newcommand{\\QQ}{\\mathbb{Q}}$Take $q\\in\\QQ$", Text("$\\QQ^2$"), Answer("\\QQ"))
    shown = steps.resolved(transcript)
    assert shown.problem == "Take \\(q\\in\\mathbb{Q}\\)"
    assert shown.solution == (Text("\\(\\mathbb{Q}^2\\)"), Answer("\\mathbb{Q}"))


def test_a_piece_copied_as_latex_has_tables_lists_and_headings_of_latex() -> None:
    prose = "# Plan\n\n| a | $b$ |\n|-|-|\n| 5% | **c** |\n\n- one `x_1`\n- two\n\n1. *first*\n\n> said\n\n$$x=1$$"
    copied = fragment([Text(prose)], "latex")
    for wanted in (
        *("\\textbf{\\large Plan}", "\\begin{tabular}{|l|l|}", "\\textbf{a} & \\textbf{$b$}", "5\\% & \\textbf{c}"),
        *("\\begin{itemize}", "\\item{} one \\texttt{x\\_1}", "\\begin{enumerate}", "\\item{} \\emph{first}"),
        *("\\begin{quote}", "\\[x=1\\]"),
    ):
        assert wanted in copied
    assert "|-|" not in copied
    assert "**" not in copied
    assert not {"uchar", "fitted", "longformula"} & set(re.findall(r"\\([a-z]+)", copied))
