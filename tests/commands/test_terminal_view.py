import io

from tutor_app.commands.terminal_view import TerminalView
from tutor_app.core.claims import Claim
from tutor_app.core.events import (
    AnswerFound,
    ClaimsFound,
    CodeDelta,
    CodeEnded,
    CodeStarted,
    EndReason,
    FigureDrawn,
    Finished,
    OutputDelta,
    Reading,
    RunFinished,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
    Usage,
)
from tutor_app.core.parts import Answer, CodeError, Figure, Output, Text
from tutor_app.core.terminal import printable
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT, KNOWN_WRONG

EVENTS = (
    Reading(3, 9),
    TextDelta("Add them."),
    CodeStarted(),
    CodeDelta("print(2 "),
    CodeDelta("+ 2)\n"),
    CodeEnded("print(2 + 2)"),
    OutputDelta("4\n"),
    FigureDrawn(Figure("", "", 640, 480, "a line")),
    RunFinished(Output(stdout="4\n")),
    TextDelta("So it is four."),
    AnswerFound(Answer("4", "boxed", KNOWN_RIGHT)),
)


def shown(*events: object, colour: bool = False) -> str:
    out = io.StringIO()
    view = TerminalView(out, colour=colour)
    for event in events:
        view.write(event)  # type: ignore[arg-type]
    return out.getvalue()


def test_a_solution_reads_from_top_to_bottom() -> None:
    assert shown(*EVENTS).splitlines() == [
        "Add them.",
        "│ print(2 + 2)",
        "» 4",
        "[figure: a line]",
        "So it is four.",
        "Answer: 4",
        "✓ Agrees with the known answer",
    ]


def test_a_thought_is_left_out_but_for_its_length() -> None:
    thought = (ThoughtDelta("\nPerhaps\nfive. "), ThoughtDelta("No."), ThoughtEnded())
    empty = (ThoughtDelta("\n\n"), ThoughtEnded())
    lines = shown(*thought, TextDelta("It is "), *empty, TextDelta("seven.\n")).splitlines()
    assert lines == ["[thought: 3 words]", "It is seven."]
    stopped = Finished(EndReason.STOPPED, Transcript.of("p"), Usage())
    assert shown(ThoughtDelta("It"), stopped).splitlines()[0] == "[thought: 1 word]"


BAR = (OutputDelta("go\n 0 %"), OutputDelta("50 %", back=4), OutputDelta("!", "stderr"), OutputDelta("\n", back=1))


def test_a_progress_bar_is_one_line_in_a_file() -> None:
    assert shown(*BAR, OutputDelta("unfinished"), RunFinished(Output())) == "» go\n» 50 %\n» unfinished\n"


def test_a_progress_bar_moves_on_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    view = TerminalView(out, colour=False)
    for event in BAR[:2]:
        view.write(event)
    assert out.getvalue() == "» go\n»  0 %\x1b[4D\x1b[K50 %"


def test_every_colour_is_switched_off_again() -> None:
    text = shown(*EVENTS, colour=True)
    assert text.count("\x1b[0m") == text.count("\x1b[") / 2


def test_an_error_shows_its_line_and_its_hint() -> None:
    error = CodeError("NameError", "name 'x' is not defined", hint="A name is used before it is given a value.")
    text = shown(RunFinished(Output(status="error", error=error)))
    assert text == "» NameError: name 'x' is not defined\n  A name is used before it is given a value.\n"


def test_a_value_is_shown_where_nothing_was_printed() -> None:
    assert shown(RunFinished(Output(value="x**2"))) == "» x**2\n"
    assert shown(RunFinished(Output(value="1", warnings="UserWarning: a"))) == "» 1\n  UserWarning: a\n"


def test_the_end_is_said_in_a_sentence() -> None:
    usage = Usage(generated_tokens=20, decode_seconds=2.0, seconds=3.0)
    text = shown(Finished(EndReason.STOPPED, Transcript.of("p"), usage))
    assert text == "You stopped the solution. 3.0 s, 10.0 tokens/s.\n"


def test_nothing_a_model_writes_steers_the_terminal() -> None:
    text = shown(TextDelta("\x1b[2J\x07 \x9b31m \u202eabc\r"), OutputDelta("\x1b]0;title\x07\n"))
    assert not any(c in text for c in "\x1b\x07\x9b\u202e\r")
    assert printable("a\tb\n") == "a\tb\n"


def test_the_answer_says_where_it_comes_from() -> None:
    assert "(from the output)" in shown(AnswerFound(Answer("4", "output")))
    assert "✗ Differs from the known answer" in shown(AnswerFound(Answer("4", "boxed", KNOWN_WRONG)))


def test_statements_follow_the_line_that_they_stand_in() -> None:
    right, wrong = Claim(0, 9, "1 + 1 = 2", "true"), Claim(11, 20, "2 + 2 = 5", "false", "4")
    events = (
        TextDelta("1 + 1 = 2.\n2 + 2"),
        ClaimsFound(0, (right,)),
        TextDelta(" = 5.\nDone"),
        ClaimsFound(0, (right, wrong)),
        TextDelta("."),
    )
    transcript = Transcript.of("P", Text("1 + 1 = 2.\n2 + 2 = 5.\nDone.", (right, wrong)))
    lines = shown(*events, Finished(EndReason.NO_ANSWER, transcript, Usage())).splitlines()
    assert lines[:5] == ["1 + 1 = 2.", "2 + 2 = 5.", "  ✓ 1 + 1 = 2", "Done.", lines[4]]
    assert lines[5:] == ["  ✗ 2 + 2 = 5: it is 4", "2 of 2 statements checked, 1 false."]
