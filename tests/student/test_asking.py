"""Questions about the solution on the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.holding import until_stopped
from tests.ui.scripted import QUADRATIC, REPAIRED, ScriptedServices
from tests.windows import until_done
from tutor_app.core.parts import Answer, Code, Output, Question, Text
from tutor_app.core.transcript import Transcript
from tutor_app.render.sources import plain_source
from tutor_app.student.suggestions import asks_to_draw, question_about, suggestions
from tutor_app.window.window import MainWindow

Open = Callable[..., MainWindow]
LEFT_OUT = "The model's context is full: it is not told of the first 2 questions and their replies."


def shown(window: MainWindow) -> str:
    document = window.view.document()
    return plain_source(document, 0, document.characterCount() - 1)


def solved(qtbot: QtBot, open_window: Open, services: ScriptedServices, **size: int) -> MainWindow:
    window = open_window(services, **size)
    window.box.set_text("Find the roots.")
    window.solve()
    until_done(qtbot, window)
    return window


def ask(qtbot: QtBot, window: MainWindow, question: str) -> None:
    window.panels.ask.edit.setPlainText(question)
    QTest.keyClick(window.panels.ask.edit, Qt.Key.Key_Return)
    until_done(qtbot, window)


def chip(window: MainWindow, label: str) -> QPushButton:
    return next(b for b in window.panels.ask.suggestions.buttons if b.text() == label)


def test_what_was_named_of_one_solution_is_not_asked_about_of_another(qtbot: QtBot, open_window: Open) -> None:
    window = solved(qtbot, open_window, ScriptedServices())
    window.student.asking.ask_about("$x = 2$")
    assert window.panels.ask.about.text() == "About: x = 2"
    window.new_problem()
    window.box.set_text("Find the roots again.")
    window.solve()
    until_done(qtbot, window)
    assert window.panels.ask.about.text() == ""
    assert "Why these steps?" in [button.text() for button in window.panels.ask.suggestions.buttons]


def test_a_question_and_its_reply_stand_below_the_solution_and_in_the_library(qtbot: QtBot, open_window: Open) -> None:
    reply = (
        Text("We test both:"),
        Code("print([x**2 - 5*x + 6 for x in (2, 3)])"),
        Output(stdout="[0, 0]\n"),
        Text("Both are $\\boxed{0}$."),
        Answer("0"),
    )
    services = ScriptedServices(replies={"Are both roots right?": reply})
    window = open_window(services)
    assert not window.panels.ask.isVisible()
    window.box.set_text("Find the roots.")
    window.solve()
    assert not window.panels.ask.isVisible()
    until_done(qtbot, window)
    assert window.panels.ask.isVisible()
    ask(qtbot, window, "Are both roots right?")
    text = shown(window)
    places = [text.index(s) for s in ("Find the roots.", "roots: [2, 3]", "Are both roots right?", "[0, 0]")]
    assert places == sorted(places)
    assert window.panels.ask.edit.toPlainText() == ""
    (entry,) = services.entries("")
    kept = services.solution(entry.id)
    assert kept.solution == (*QUADRATIC, Question("Are both roots right?"), *reply)
    assert kept.answer == QUADRATIC[-1]
    ask(qtbot, window, "And why?")
    assert [asked for asked, _ in services.solution(entry.id).replies] == [
        "Find the roots.",
        "Are both roots right?",
        "And why?",
    ]
    assert len(list(services.entries(""))) == 1
    asked = [s for s in window.view.sections() if s.kind == "question"]
    assert [s.title for s in asked] == ["Are both roots right?", "And why?"]
    window.page_menu.copy_block("text", asked[0].first)
    assert QGuiApplication.clipboard().text() == "Question: Are both roots right?\n"
    assert window.shown_solution() == services.solution(entry.id)


def test_a_saved_solution_goes_on_and_looks_the_same_when_it_is_opened_again(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices(left_out=2)
    key = services.add("Sum the squares.", REPAIRED)
    window = open_window(services)
    window.saved.open(key)
    until(lambda: not window.view.page.is_empty)
    ask(qtbot, window, "Why?")
    streamed = shown(window)
    assert LEFT_OUT in streamed
    assert streamed.index("Why?") < streamed.index(LEFT_OUT) < streamed.index("Because")
    window.apply_theme()
    assert shown(window) == streamed
    window.new_problem()
    assert not window.panels.ask.isVisible()
    window.saved.open(key)
    until(lambda: not window.view.page.is_empty)
    assert shown(window).startswith(streamed)


def test_a_reply_is_stopped_and_what_there_is_stays(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = solved(qtbot, open_window, services)
    services.hold_solve = until_stopped
    window.panels.ask.edit.setPlainText("Why?")
    window.panels.ask.ask_button.click()
    assert window.panels.ask.stop_button.isVisible()
    assert window.box.stop_button.isVisible()
    until(lambda: "Beca" in shown(window))
    window.panels.ask.stop_button.click()
    until_done(qtbot, window)
    assert shown(window).endswith("You stopped the solution.")
    assert window.panels.ask.ask_button.isVisible()
    assert window.box.solve_button.isVisible()


def test_nothing_is_asked_without_a_question(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = solved(qtbot, open_window, services)
    ask(qtbot, window, "  \n ")
    assert window.status.state.text() == "Type a question first."
    assert not [call for call in services.calls if call.startswith("ask")]
    ask(qtbot, window, "x" * 20_001)
    assert "20,001 characters" in shown(window)
    assert window.shown_solution() is not None
    assert window.view.page.parts() == QUADRATIC


def test_shift_and_enter_begin_another_line(qtbot: QtBot, open_window: Open) -> None:
    window = solved(qtbot, open_window, ScriptedServices())
    edit = window.panels.ask.edit
    edit.setPlainText("a")
    edit.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(edit, "b")
    assert edit.toPlainText() == "a\nb"


def test_what_is_selected_is_what_the_question_is_about(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = solved(qtbot, open_window, services)
    box = window.panels.ask
    cursor = window.view.document().find("Both are integers, and indeed")
    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
    window.view.setTextCursor(cursor)
    assert box.about.text() == "About: Both are integers, and indeed (x\u22122)(x\u22123) = x² \u2212 5x + 6."
    chip(window, "Why this step?").click()
    until_done(qtbot, window)
    about = "> Both are integers, and indeed $(x-2)(x-3) = x^2 - 5x + 6$."
    assert services.calls[-1] == f"ask {about}\n\nWhy is this step right?"
    assert not box.about.isVisible()
    window.view.setTextCursor(window.view.document().find("integers"))
    box.drop.click()
    assert not box.about.isVisible()
    ask(qtbot, window, "Why?")
    assert services.calls[-1] == "ask Why?"


@pytest.mark.parametrize(
    ("parts", "labels"),
    [
        (
            QUADRATIC,
            [
                "Why these steps?",
                "Check it",
                "Another way",
                "Explain more simply",
                "Another like this",
                "A similar problem",
            ],
        ),
        ((Text("It is so."),), ["Another way", "Explain more simply", "A similar problem"]),
        ((Answer("4"),), ["Check it", "A similar problem"]),
    ],
)
def test_only_what_makes_sense_is_suggested(parts: tuple[Text | Answer, ...], labels: list[str]) -> None:
    assert [s.label for s in suggestions(Transcript.of("p", *parts))] == labels


def test_a_question_quotes_what_it_is_about() -> None:
    assert question_about(" Why? ", "") == " Why? "
    assert question_about("Why?", "$a$\n$b$") == "> $a$\n> $b$\n\nWhy?"
    assert question_about("Why?", "a" * 700) == "> " + "a" * 600 + "\n\nWhy?"


def test_suggestions_that_do_not_fit_are_in_a_menu(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = solved(qtbot, open_window, services, width=500, height=700)
    row = window.panels.ask.suggestions
    there = [b.text() for b in row.buttons if b.isVisible()]
    rest = [a.text() for a in row.more.menu().actions()]
    assert row.more.isVisible()
    assert there + rest == [b.text() for b in row.buttons]
    assert rest
    row.more.menu().actions()[-1].trigger()
    until_done(qtbot, window)
    assert services.calls[-1] == "ask Give me a similar problem with other numbers, without its solution."
    window.resize(1200, 700)
    assert all(b.isVisible() for b in row.buttons)
    assert not row.more.isVisible()
    window.resize(800, 450)
    assert not row.isVisible()


def test_what_can_be_drawn_is_drawn_by_the_program(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    window.box.set_text("Solve $x^2 = 4$.")
    window.solve()
    until_done(qtbot, window)
    until(lambda: any(b.text() == "Draw it" for b in window.panels.ask.suggestions.buttons))
    chip(window, "Draw it").click()
    until_done(qtbot, window)
    assert services.calls[-1] == "draw"
    assert "Draw it." in shown(window)
    assert [p.figure.alt for p in window.view.page.pictures] == ["a curve"]
    last = window.view.cards()[-1]
    assert window.view.folding.is_folded(last.number, "code")
    assert not window.view.folding.is_folded(last.number, "output")
    assert window.status.state.text() == "It is drawn."
    (entry,) = services.entries("")
    assert services.solution(entry.id).replies[1][0] == "Draw it."
    window.new_problem()
    window.saved.open(entry.id)
    until(lambda: len(window.view.cards()) > 1)
    *_, before, drawn = (card.number for card in window.view.cards())
    assert window.view.folding.is_folded(drawn, "code")  # still, when it comes back from the library
    assert not window.view.folding.is_folded(before, "code")


def test_a_typed_wish_to_draw_is_drawn_by_the_program_too(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    window.box.set_text("Solve $x^2 = 4$.")
    window.solve()
    until_done(qtbot, window)
    until(lambda: any(b.text() == "Draw it" for b in window.panels.ask.suggestions.buttons))
    ask(qtbot, window, "draw it, please")
    assert services.calls[-1] == "draw"
    assert window.panels.ask.edit.toPlainText() == ""
    ask(qtbot, window, "Draw a conclusion")
    assert services.calls[-1] == "ask Draw a conclusion"


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Draw it", True),
        ("plot the function.", True),
        ("Can you sketch the graph?", True),
        ("Draw what the problem is about.", True),
        ("draw y = x^3", False),
        ("Why did you draw it?", False),
        ("Plot it and explain the zeros", False),
    ],
)
def test_what_is_a_wish_to_draw(question: str, wanted: bool) -> None:
    assert asks_to_draw(question) == wanted


def test_the_menu_of_a_place_asks_about_its_formula_or_step(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = solved(qtbot, open_window, services)
    box = window.panels.ask
    at = window.view.document().find("Both are integers").selectionStart()
    menu = window.page_menu.menu(at)
    step = next(a for a in menu.actions() if a.text() == "Ask about this step")
    step.trigger()
    assert box.about.text().startswith(
        "About: Both are integers, and indeed (x\u22122)(x\u22123) = x\u00b2 \u2212 5x + 6."
    )
    assert box.edit.hasFocus()
    formula = window.view.document().find("indeed").selectionEnd() + 1
    next(a for a in window.page_menu.menu(formula).actions() if a.text() == "Ask about this formula").trigger()
    ask(qtbot, window, "Why?")
    assert services.calls[-1] == "ask > $(x-2)(x-3) = x^2 - 5x + 6$\n\nWhy?"
    assert box.about.text() == ""
    problem = window.page_menu.menu(window.view.document().find("Find the roots").selectionStart())
    assert not [a for a in problem.actions() if a.text().startswith("Ask")]


def test_what_the_search_found_is_not_what_the_question_is_about(qtbot: QtBot, open_window: Open) -> None:
    window = solved(qtbot, open_window, ScriptedServices())
    window.panels.finder.open()
    QTest.keyClicks(window.panels.finder.edit, "roots")
    until(lambda: bool(window.panels.finder.found))
    QTest.keyClick(window.panels.finder.edit, Qt.Key.Key_Escape)
    assert window.view.textCursor().selectedText() == "roots"
    assert not window.panels.ask.about.isVisible()
