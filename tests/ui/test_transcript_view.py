from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QTextBlock, QTextDocument, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import QUADRATIC, REPAIRED, events_of
from tutor_app.core.events import (
    AnswerFound,
    CodeDelta,
    CodeEnded,
    CodeStarted,
    EndReason,
    FigureDrawn,
    Finished,
    OutputDelta,
    Reading,
    RoundStarted,
    RunFinished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
    Usage,
)
from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Text, Thought
from tutor_app.core.transcript import Transcript
from tutor_app.render import theme
from tutor_app.render.properties import FORMULA, SOURCE
from tutor_app.render.sources import part_index, plain_source
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.page.transcript_view import TranscriptView


@pytest.fixture
def formulas(qtbot: QtBot) -> Iterator[Formulas]:
    bridge = Bridge()
    yield Formulas(bridge, bridge)
    assert bridge.close()
    bridge.deleteLater()


@pytest.fixture
def view(qtbot: QtBot, formulas: Formulas) -> TranscriptView:
    made = TranscriptView(formulas, theme.load("light"))
    qtbot.addWidget(made)
    made.resize(800, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def shown(view: TranscriptView) -> str:
    document: QTextDocument = view.document()
    text = plain_source(document, 0, document.characterCount() - 1)
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip())


def typeset_sources(view: TranscriptView) -> list[str]:
    out = []
    block = view.document().begin()
    while block.isValid():
        it = block.begin()
        while not it.atEnd():
            f = it.fragment().charFormat()
            if f.objectType() == FORMULA:
                out += [f.stringProperty(SOURCE)] * it.fragment().length()
            it += 1
        block = block.next()
    return out


def settle(qtbot: QtBot, formulas: Formulas) -> None:
    until(lambda: formulas.pending == 0)


def ending(reason: EndReason = EndReason.ANSWERED, detail: str = "") -> Finished:
    return Finished(reason, Transcript.of("p"), Usage(), detail)


@pytest.mark.parametrize("parts", [QUADRATIC, REPAIRED])
@pytest.mark.parametrize("pieces", [1, 7, 10_000])
def test_a_stream_ends_as_the_finished_page(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas, parts: tuple[Part, ...], pieces: int
) -> None:
    view.begin("Let $f(x)$ be given.")
    for event in events_of("p", parts, pieces):
        view.feed([event])
    settle(qtbot, formulas)
    streamed, sources = shown(view), typeset_sources(view)
    view.show_transcript(Transcript.of("Let $f(x)$ be given.", *parts))
    settle(qtbot, formulas)
    assert shown(view) == streamed
    assert typeset_sources(view) == sources
    assert len(sources) >= 3


def test_an_open_formula_is_plain_and_a_closed_one_is_typeset_at_once(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas
) -> None:
    view.begin("")
    view.feed([TextDelta("First $x^2$, then $y + ")])
    settle(qtbot, formulas)
    assert typeset_sources(view) == ["x^2"]
    assert shown(view) == "First $x^2$, then $y +"
    view.feed([TextDelta("1$ and \\[ z")])
    settle(qtbot, formulas)
    assert typeset_sources(view) == ["x^2", "y + 1"]
    assert shown(view).endswith("\\[ z")
    view.feed([TextDelta(" = 2 \\]")])
    settle(qtbot, formulas)
    assert typeset_sources(view) == ["x^2", "y + 1", "z = 2"]


def test_a_blank_line_inside_an_open_display_does_not_close_it(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas
) -> None:
    view.begin("")
    for piece in ("a\n\n$$x\n", "\n= 1", "$$\n\nend"):
        view.feed([TextDelta(piece)])
    view.feed([ending()])
    settle(qtbot, formulas)
    assert typeset_sources(view) == ["x\n\n= 1"]


def test_only_the_open_tail_is_written_again(qtbot: QtBot, view: TranscriptView, formulas: Formulas) -> None:
    view.begin("problem")
    view.feed([TextDelta("closed one\n\nclosed two\n\nopen")])
    document = view.document()
    changes: list[int] = []
    document.contentsChange.connect(lambda at, _removed, _added: changes.append(at))
    start = document.toPlainText().index("open")
    for _ in range(30):
        view.feed([TextDelta(" more words")])
    assert changes
    assert min(changes) >= start - 1
    assert view.document() is document


def test_code_grows_and_is_coloured_and_output_is_attached(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas
) -> None:
    view.begin("p")
    view.feed([TextDelta("Let me see:"), CodeStarted(), CodeDelta("import math\npri")])
    assert shown(view).endswith("import math\npri")
    view.feed([CodeDelta("nt(1)"), CodeEnded("import math\nprint(1)"), OutputDelta("one\ntw")])
    assert shown(view).endswith("import math\nprint(1)\none\ntw")
    view.feed([OutputDelta("o\n"), OutputDelta("oops\n", "stderr"), RunFinished(Output(stdout="one\ntwo\noops\n"))])
    assert shown(view).endswith("print(1)\none\ntwo\noops")
    found = view.document().find("import")
    ink = theme.load("light").color("ink")
    assert found.charFormat().foreground().color() != ink
    view.feed([TextDelta("So it is.")])
    assert shown(view).endswith("oops\nSo it is.")


def test_unchanged_code_is_replaced_by_its_dedented_form(view: TranscriptView) -> None:
    view.begin("p")
    view.feed([CodeStarted(), CodeDelta("    x = 1\n    y = 2\n"), CodeEnded("x = 1\ny = 2")])
    assert shown(view).endswith("x = 1\ny = 2")
    assert "    x" not in shown(view)


def test_notices_come_and_go(view: TranscriptView) -> None:
    view.begin("p")
    view.feed([Reading(25, 100)])
    assert "25 %" in shown(view)
    view.feed([Reading(100, 100), RoundStarted(1)])
    assert "Thinking" in shown(view)
    view.feed([TextDelta("Now")])
    assert "Thinking" not in shown(view)
    assert shown(view).endswith("Now")
    view.feed([ending(EndReason.STOPPED)])
    assert shown(view).endswith("You stopped the solution.")


def test_why_it_failed_is_said(view: TranscriptView) -> None:
    view.begin("p")
    view.feed([TextDelta("half a sen")])
    view.fail("The model process ran out of memory. Choose a smaller context.")
    assert "half a sen" in shown(view)
    assert shown(view).endswith("Choose a smaller context.")


@pytest.mark.parametrize("how", ["failed", "stopped", "running"])
def test_an_open_block_is_there_once_after_everything_is_written_anew(view: TranscriptView, how: str) -> None:
    view.begin("p")
    view.feed([TextDelta("First. "), CodeStarted(), CodeDelta("total = 1 +")])
    if how == "failed":
        view.fail("The model process ended.")
    elif how == "stopped":
        view.feed([Finished(EndReason.STOPPED, view.page.transcript(), Usage())])
    view.set_size(23)
    assert shown(view).count("total = 1 +") == 1
    assert view.page.parts() == (Text("First. "), Code("total = 1 +"))
    assert view.page.transcript() == Transcript.of("p", *view.page.parts())


def test_printed_output_of_a_stopped_block_is_part_of_what_is_shown(view: TranscriptView) -> None:
    view.begin("p")
    view.feed([CodeStarted(), CodeDelta("print(7)"), CodeEnded("print(7)"), OutputDelta("7\n")])
    assert view.page.parts() == (Code("print(7)"), Output(stdout="7\n", status="stopped"))
    view.set_size(23)
    assert shown(view).count("print(7)") == 1


def long_stream(n: int = 60) -> list[SolveEvent]:
    return [TextDelta(f"Paragraph {i} of a long solution.\n\n") for i in range(n)]


def test_follows_the_end_only_while_the_user_is_there(qtbot: QtBot, view: TranscriptView) -> None:
    bar = view.verticalScrollBar()
    view.begin("p")
    view.feed(long_stream())
    until(lambda: bar.value() == bar.maximum() > 500)
    bar.triggerAction(bar.SliderAction.SliderPageStepSub)
    assert not view.following
    place = bar.value()
    view.feed([*long_stream(20), TextDelta("an open tail ")])
    for _ in range(5):
        view.feed([TextDelta("and more ")])
        QApplication.processEvents()
        assert bar.value() == place
    bar.triggerAction(bar.SliderAction.SliderToMaximum)
    until(lambda: view.following)
    view.feed(long_stream(10))
    until(lambda: bar.value() == bar.maximum())


def test_arriving_formulas_do_not_move_the_page(qtbot: QtBot, view: TranscriptView, formulas: Formulas) -> None:
    view.begin("p")
    view.feed([TextDelta("".join(f"So $x_{{{i}}} = \\frac{{{i}}}{{7}}$.\n\n" for i in range(30)))])
    bar = view.verticalScrollBar()
    bar.triggerAction(bar.SliderAction.SliderToMinimum)
    settle(qtbot, formulas)
    assert bar.value() == 0
    assert len(typeset_sources(view)) == 30


def test_the_wheel_zooms_only_with_control(qtbot: QtBot, view: TranscriptView) -> None:
    def wheel(modifiers: Qt.KeyboardModifier) -> None:
        event = QWheelEvent(
            QPointF(50, 50),
            QPointF(50, 50),
            QPoint(0, 0),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            modifiers,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(view.viewport(), event)

    asked: list[int] = []
    view.zoom_asked.connect(asked.append)
    wheel(Qt.KeyboardModifier.NoModifier)
    assert asked == []
    wheel(Qt.KeyboardModifier.ControlModifier)
    assert asked == [1]


def test_theme_and_size_change_in_the_middle_of_a_stream(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas
) -> None:
    events = [*events_of("p", QUADRATIC, 5)]
    view.begin("p")
    for n, event in enumerate(events):
        view.feed([event])
        if n % 9 == 0:
            view.set_theme(theme.load("dark" if n % 2 else "light"))
            view.set_size(17 if n % 2 else 21)
    settle(qtbot, formulas)
    streamed = shown(view)
    view.show_transcript(Transcript.of("p", *QUADRATIC))
    settle(qtbot, formulas)
    assert shown(view) == streamed


def test_what_is_shown_can_be_taken_back_as_a_transcript(view: TranscriptView) -> None:
    view.begin("p")
    view.feed([*events_of("p", QUADRATIC, 6)])
    assert view.page.transcript() == Transcript.of("p", *QUADRATIC)
    view.begin("q")
    view.feed([TextDelta("open"), CodeStarted(), CodeDelta("x =")])
    assert view.page.transcript().solution == (Text("open"), Code("x ="))


def test_nothing_can_be_put_into_the_page(view: TranscriptView) -> None:
    data = QMimeData()
    data.setText("x")
    data.setHtml("<img src='file:///etc/passwd'>")
    assert not view.canInsertFromMimeData(data)
    assert view.isReadOnly()
    assert view.loadResource(2, "file:///etc/passwd") is None
    view.begin("p")
    view.feed([AnswerFound(Answer("\\frac{1}{2}"))])
    view.selectAll()
    copied = view.createMimeDataFromSelection()
    assert not copied.hasHtml()
    assert "\\frac{1}{2}" in copied.text()


PIECES = st.lists(
    st.sampled_from(
        [
            "$",
            "$$",
            "x^2",
            "\\(",
            "\\)",
            "\\[",
            "\\]",
            "\n\n",
            "\n",
            "- a",
            "1. b",
            "**",
            "`",
            "```",
            "word ",
            "<b>",
            "| a | b |\n|--|--|\n",
            "\\begin{align}",
            "\\end{align}",
            "\\boxed{",
            "}",
            "# ",
            "    ",
            "\U0001f600",
            "\x00",
            "\u05d0",
        ]
    ),
    max_size=30,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=PIECES)
def test_any_text_in_any_pieces_is_shown(view: TranscriptView, pieces: list[str]) -> None:
    view.begin("p")
    for piece in pieces:
        view.feed([TextDelta(piece)])
    view.feed([ending()])
    text = "".join(pieces)
    assert view.page.transcript().solution == ((Text(text),) if text else ())
    for word in ("word", "\u05d0", "\U0001f600"):
        assert (word in shown(view)) == (word in text)


def indices(view: TranscriptView) -> dict[str, int]:
    """The first word of each line that is no remark, and the part it came from."""
    return {b.text().split()[0]: part_index(b) for b in blocks(view.document()) if b.text().strip()}


def test_every_block_knows_its_part_at_every_moment(view: TranscriptView) -> None:
    figure = Figure("", "", 4, 3, "a")
    events: list[tuple[SolveEvent, dict[str, int]]] = [
        (TextDelta("First.\n\nSecond "), {"First.": 0, "Second": 0}),
        (ThoughtDelta("hm"), {"Second": 0, "hm": 1}),
        (ThoughtEnded(), {"hm": 1}),
        (TextDelta("third"), {"hm": 1, "third": 2}),
        (CodeStarted(), {"third": 2}),
        (CodeDelta("f()\ng()"), {"f()": 3, "g()": 3}),
        (CodeEnded("f()\ng()"), {"f()": 3, "g()": 3}),
        (FigureDrawn(figure), {"\ufffc": 4}),
        (OutputDelta("7\n"), {"7": 4, "\ufffc": 5}),
        (RunFinished(Output(stdout="7\n", value="8")), {"f()": 3, "7": 4, "8": 4, "\ufffc": 5}),
        (TextDelta("so"), {"8": 4, "\ufffc": 5, "so": 6}),
        (AnswerFound(Answer("9")), {"so": 6}),
        (ending(EndReason.TOKENS), {"Problem": -1, "so": 6, "The": -1}),
    ]
    view.begin("Problem")
    for event, expected in events:
        view.feed([event])
        for again in range(2):
            found = indices(view)
            assert {word: found.get(word) for word in expected} == expected, (event, again)
            view.set_size(17 + again)
    kinds = [type(part) for part in view.page.parts()]
    assert kinds == [Text, Thought, Text, Code, Output, Figure, Text, Answer]


def test_what_is_said_below_a_solution_stays_after_a_change_of_size(view: TranscriptView) -> None:
    view.show_transcript(Transcript.of("p", Text("a")), "Cut off.")
    view.set_size(23)
    assert shown(view).endswith("Cut off.")
    view.begin("p")
    view.fail("No memory.")
    view.set_size(17)
    assert shown(view).endswith("No memory.")


def test_a_huge_line_without_an_end_stays_cheap(qtbot: QtBot, view: TranscriptView) -> None:
    view.begin("p")
    for _ in range(40):
        view.feed([TextDelta("digits" * 400)])
    longest = max(b.length() for b in blocks(view.document()))
    assert longest < 20_000
    assert shown(view).replace("\n", "").count("digits") >= 40 * 400 - 40


def blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def test_a_formula_that_is_ready_late_stays_when_the_tail_is_written_again(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas
) -> None:
    """A closed paragraph ends in a formula; the open tail begins right behind it."""
    view.begin("p")
    view.feed([TextDelta("First\n\n$$x = \\frac{5}{2}$$\n\nso the")])
    assert formulas.pending == 1
    settle(qtbot, formulas)
    assert typeset_sources(view) == ["x = \\frac{5}{2}"]
    view.feed([TextDelta("re it is")])
    assert typeset_sources(view) == ["x = \\frac{5}{2}"]
    view.feed([TextDelta("\n\n\\{ $y_{77}$"), TextDelta(" end"), ending()])
    settle(qtbot, formulas)
    assert typeset_sources(view) == ["x = \\frac{5}{2}", "y_{77}"]
    assert shown(view).endswith("so there it is\n{ $y_{77}$ end")


@pytest.mark.parametrize("ready", ["at the end", "as they come", "before the next event"])
def test_a_slow_stream_ends_as_the_finished_page(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas, ready: str
) -> None:
    """Formulas become ready at any moment of the stream."""
    view.begin("p")
    for event in events_of("p", QUADRATIC, 9):
        view.feed([event])
        if ready == "as they come":
            QApplication.processEvents()
        elif ready == "before the next event":
            settle(qtbot, formulas)
    settle(qtbot, formulas)
    streamed, sources = shown(view), typeset_sources(view)
    view.show_transcript(Transcript.of("p", *QUADRATIC))
    settle(qtbot, formulas)
    assert shown(view) == streamed
    assert typeset_sources(view) == sources


def test_what_turns_out_to_be_a_thought_is_folded_away(view: TranscriptView) -> None:
    view.begin("P")
    view.feed([TextDelta("Perhaps five.\n\nNo.")])
    assert shown(view).endswith("Perhaps five.\nNo.")
    view.feed([ThoughtEnded(before=True), TextDelta("It is seven.")])
    assert shown(view) == "P\nIt is seven."
    assert view.page.transcript().solution == (Thought("Perhaps five.\n\nNo."), Text("It is seven."))
    view.toggle(0, "thought")
    assert shown(view) == "P\nPerhaps five.\nNo.\nIt is seven."


@pytest.mark.parametrize("pieces", [1, 4, 1000])
def test_a_thought_grows_unseen_and_ends_as_on_the_finished_page(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas, pieces: int
) -> None:
    thought = "Perhaps $x^2$ is four,\nor **five**.\n\n- a\n- b"
    parts = (Text("First."), Thought(thought), Text("So $y$."))
    view.begin("P")
    view.feed([RoundStarted(1), TextDelta("First.\n")])
    for n in range(0, len(thought), pieces):
        view.feed([ThoughtDelta(thought[n : n + pieces])])
    assert shown(view) == "P\nFirst."
    growing = view.control(0, "thought")
    assert growing is not None
    assert growing.accessibleName().startswith("Thinking, ")
    view.set_size(19)
    assert shown(view) == "P\nFirst."
    view.feed([ThoughtEnded(), TextDelta("So $y$."), ending()])
    settle(qtbot, formulas)
    assert shown(view) == "P\nFirst.\nSo $y$."
    head = view.control(0, "thought")
    assert head is not None
    assert (head.accessibleName(), head.isChecked()) == ("Thoughts, 8 words", False)
    head.click()
    settle(qtbot, formulas)
    streamed = shown(view)
    assert "Perhaps $x^2$ is four, or five." in streamed.replace("\n", " ")
    assert typeset_sources(view) == ["x^2", "y"]
    view.show_transcript(Transcript.of("P", *parts))
    assert shown(view) == "P\nFirst.\nSo $y$."
    view.toggle(0, "thought")
    settle(qtbot, formulas)
    assert shown(view) == streamed


def test_an_empty_thought_has_no_card(view: TranscriptView) -> None:
    view.begin("P")
    view.feed([ThoughtDelta("\n\n"), ThoughtEnded(), TextDelta("It is seven."), ending()])
    assert shown(view) == "P\nIt is seven."
    assert view.control(0, "thought") is None


def test_a_thought_that_was_found_opens_and_one_that_never_closed_is_kept(view: TranscriptView) -> None:
    view.begin("P")
    view.feed([ThoughtDelta("a needle in it"), ending(EndReason.STOPPED)])
    assert "needle" not in shown(view)
    view.reveal(view.document().find("needle").position())
    assert shown(view) == "P\na needle in it\nYou stopped the solution."


def test_answer_only_puts_thoughts_away(view: TranscriptView) -> None:
    view.show_transcript(Transcript.of("P", Thought("Hm."), Text("So."), Answer("7")))
    view.toggle(0, "thought")
    view.show_answer_only(True)
    assert "Hm." not in shown(view)
    assert view.control(0, "thought") is None
    view.show_answer_only(False)
    assert "Hm." in shown(view)


def test_a_progress_bar_is_written_in_place(view: TranscriptView) -> None:
    view.begin("P")
    view.feed([CodeStarted(), CodeDelta("bar()"), CodeEnded("bar()"), OutputDelta("start\n \U0001d7d9 % done")])
    assert shown(view) == "P\nbar()\nstart\n \U0001d7d9 % done"
    view.feed([OutputDelta("50 %", back=9), OutputDelta("!", "stderr")])
    assert shown(view) == "P\nbar()\nstart\n50 %!"
    view.feed([OutputDelta("", back=3)])
    assert shown(view) == "P\nbar()\nstart\n50"
    view.set_size(20)
    assert shown(view) == "P\nbar()\nstart\n50"
    view.feed([OutputDelta(" more\nend\n"), RunFinished(Output(stdout="start\n50 more\nend\n")), ending()])
    assert shown(view) == "P\nbar()\nstart\n50 more\nend"
    assert view.page.transcript().solution == (Code("bar()"), Output(stdout="start\n50 more\nend\n"))


def test_a_very_long_line_is_taken_back_too(view: TranscriptView) -> None:
    view.begin("P")
    view.feed([CodeStarted(), CodeEnded("bar()"), OutputDelta("first\n" + "x" * 5000), OutputDelta("short", back=4990)])
    assert shown(view).split("first\n")[1] == "x" * 10 + "short"


@pytest.mark.parametrize("row", ["$${}$$", "| k | sum |\n|---|---|\n| 1 | $${}$$ |\n| 2 | ${}$ |"])
@pytest.mark.parametrize(("first", "then"), [(430, 900), (900, 430)])
def test_a_broken_formula_has_the_height_of_its_lines_at_any_width(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas, row: str, first: int, then: int
) -> None:
    terms = "+".join(f"\\frac{{b_{{{n}}}}}{{{n}}}" for n in range(1, 16))
    solution = Transcript.of("Add.", Text(row.replace("{}", terms)), Answer("8"))

    def height_at(width: int) -> float:
        view.resize(width, 600)
        return view.document().size().height()

    view.resize(first, 600)
    view.show_transcript(solution)
    settle(qtbot, formulas)
    broken = height_at(then)
    view.show_transcript(solution)
    settle(qtbot, formulas)
    assert broken == pytest.approx(height_at(then), abs=4)
