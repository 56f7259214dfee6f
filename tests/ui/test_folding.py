from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import QUADRATIC, REPAIRED, ScriptedServices, events_of
from tests.windows import until_done
from tutor_app.core.events import CodeDelta, CodeEnded, CodeStarted, OutputDelta, RunFinished, TextDelta
from tutor_app.core.parts import Answer, Code, CodeError, Output, Part, Text, Thought
from tutor_app.render.outline import outline
from tutor_app.render.sources import plain_source
from tutor_app.ui.page.card_heads import FoldButton, HeadButton
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]


def opened(qtbot: QtBot, open_window: Open, parts: tuple[Part, ...] = REPAIRED, **size: int) -> MainWindow:
    services = ScriptedServices()
    key = services.add("Sum of $k^2$", parts)
    window = open_window(services, **size)
    window.saved.open(key)
    until(lambda: not window.view.page.is_empty)
    until_done(qtbot, window)
    return window


def shown(window: MainWindow) -> str:
    document = window.view.document()
    return plain_source(document, 0, document.characterCount() - 1)


def test_the_outline_says_what_stands_where(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, REPAIRED)
    found = outline(window.view.document())
    assert [(s.kind, s.card, s.failed) for s in found] == [
        ("problem", -1, False),
        ("text", -1, False),
        ("code", 0, False),
        ("output", 0, True),
        ("text", -1, False),
        ("code", 1, False),
        ("output", 1, False),
        ("text", -1, False),
        ("answer", -1, False),
    ]
    titles = [s.title for s in found]
    assert titles[0] == "Sum of k\u00b2"
    assert titles[1] == "Let me compute the sum directly."
    assert titles[3] == "NameError: name 'n' is not defined"
    assert titles[-1] == "385"
    assert [s.first for s in found] == sorted(s.first for s in found)


def test_headings_are_steps_of_their_own(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, (Text("Intro.\n\n## First\n\na\n\n## Second: $x$\n\nb"),))
    assert [s.title for s in window.view.sections()] == ["Sum of k\u00b2", "Intro.", "First", "Second: x"]


def test_a_click_on_a_head_folds_and_a_stub_opens(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window)
    view = window.view
    before, high = shown(window), view.verticalScrollBar().maximum()
    head = view.control(0, "code")
    assert isinstance(head, FoldButton)
    assert head.accessibleName() == "Code, 2 lines"
    assert head.isChecked()
    top = head.y()
    QTest.mouseClick(head, Qt.MouseButton.LeftButton)
    assert "range(1, n + 1))\nprint" not in shown(window).split("I forgot")[0]
    assert head.y() == top
    assert not head.isChecked()
    assert "Hidden" in head.accessibleDescription()
    stub = view.control(0, "output")
    assert stub is not None
    QTest.mouseClick(stub, Qt.MouseButton.LeftButton)
    assert stub.accessibleName() == "Error, 3 lines"
    assert "NameError" not in shown(window)
    assert "NameError" in view.document().toPlainText()  # it is only out of sight
    stub.click()
    head.click()
    assert shown(window) == before
    assert view.verticalScrollBar().maximum() == high


def test_the_keyboard_reaches_the_heads(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window)
    head = window.view.control(0, "code")
    assert head is not None
    head.setFocus()
    QTest.keyClick(head, Qt.Key.Key_Space)
    assert window.view.folding.is_folded(0, "code")
    QTest.keyClick(window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert not window.view.folding.is_folded(0, "code")


def test_hiding_kinds_is_kept_in_the_settings(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window)
    window.menus.hide_code.trigger()
    until(lambda: window.services.load_settings().hide_code)
    assert "print(total)" not in shown(window)
    assert "NameError" in shown(window)
    window.menus.hide_outputs.trigger()
    assert "NameError" not in shown(window)
    window.view.toggle(0, "code")  # one of them all the same
    assert shown(window).count("print(total)") == 1
    window.menus.hide_code.trigger()
    window.menus.hide_outputs.trigger()
    assert shown(window).count("print(total)") == 2
    until(lambda: window.services.load_settings() == window.settings)
    assert not window.settings.hide_code


def test_thoughts_are_shown_from_the_menu_and_that_is_kept(qtbot: QtBot, open_window: Open) -> None:
    parts = (Thought("Hm, perhaps twelve."), Text("It is ten."), Answer("10"))
    window = opened(qtbot, open_window, parts)
    assert "perhaps twelve" not in shown(window)
    window.menus.show_thoughts.trigger()
    assert "perhaps twelve" in shown(window)
    until(lambda: window.services.load_settings().show_thoughts)
    services = ScriptedServices(default=parts)
    services.settings = services.settings.changed(show_thoughts=True)
    again = open_window(services)
    assert again.menus.show_thoughts.isChecked()
    again.box.set_text("p")
    again.solve()
    until_done(qtbot, again)
    assert "perhaps twelve" in shown(again)
    again.view.toggle(0, "thought")  # one of them can be folded all the same
    assert "perhaps twelve" not in shown(again)
    again.menus.show_thoughts.trigger()
    again.menus.show_thoughts.trigger()
    assert "perhaps twelve" in shown(again)


def test_a_window_starts_with_what_was_hidden(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    services.settings = services.settings.changed(hide_code=True, zoom=125)
    window = open_window(services)
    assert window.menus.hide_code.isChecked()
    assert window.view.document().defaultFont().pixelSize() == round(17 * 1.25)
    window.box.set_text("p")
    window.solve()
    until_done(qtbot, window)
    assert "import symbols" not in shown(window)
    assert "roots: [2, 3]" in shown(window)


@pytest.mark.parametrize("pieces", [3, 1000])
def test_a_stream_into_folded_blocks_ends_as_the_finished_page(qtbot: QtBot, open_window: Open, pieces: int) -> None:
    window = opened(qtbot, open_window, QUADRATIC)
    window.change_settings(hide_code=True, hide_outputs=True)
    whole = shown(window)
    window.view.begin("Sum of $k^2$")
    for event in events_of("p", QUADRATIC, pieces):
        window.view.feed([event])
        assert "import symbols" not in shown(window)
        assert "roots: [" not in shown(window)
    until_done(qtbot, window)
    assert shown(window) == whole
    window.change_settings(hide_code=False, hide_outputs=False)
    assert "import symbols" in shown(window)
    assert "roots: [2, 3]" in shown(window)


WARNED = (Code("f()"), Output(stdout="7", warnings="UserWarning: beware\nUserWarning: again"), Text("So 7."))


def test_warnings_are_folded_until_they_are_asked_for(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, WARNED)
    view = window.view
    assert "beware" not in shown(window)
    stub = view.control(0, "warnings")
    assert stub is not None
    assert (stub.accessibleName(), stub.isChecked()) == ("Warnings, 2 lines", False)
    stub.click()
    assert "7\n\nUserWarning: beware\nUserWarning: again\n" in shown(window)
    view.toggle(0, "output")
    assert "beware" not in shown(window)
    assert view.control(0, "warnings") is None
    view.reveal(view.document().find("again").position())
    assert "7\n\nUserWarning: beware" in shown(window)
    stub.click()
    assert "beware" not in shown(window)


@pytest.mark.parametrize("pieces", [1, 100])
def test_warnings_of_a_growing_solution_are_folded_as_they_come(open_window: Open, pieces: int) -> None:
    window = open_window()
    window.pages.setCurrentWidget(window.view)
    window.view.begin("p")
    events = list(events_of("p", (*WARNED, *WARNED)))
    for n in range(0, len(events), pieces):
        window.view.feed(events[n : n + pieces])
    assert "beware" not in shown(window)
    assert [window.view.control(n, "warnings") is not None for n in range(3)] == [True, True, False]


def test_a_block_with_nothing_but_warnings(qtbot: QtBot, open_window: Open) -> None:
    error = CodeError("ValueError", "no", 1, "Line 1: f()\nValueError: no")
    parts = (Code("f()"), Output(warnings="W"), Code("g()"), Output(status="error", error=error, warnings="V"))
    window = opened(qtbot, open_window, parts)
    assert "No output" in shown(window)
    for n in range(2):
        window.view.toggle(n, "warnings")
    assert "No output\n\nW" in shown(window)
    assert "ValueError: no\n\nV" in shown(window)


def test_an_open_block_counts_its_lines(open_window: Open) -> None:
    window = open_window()
    window.pages.setCurrentWidget(window.view)
    window.change_settings(hide_code=True)
    window.view.begin("p")
    window.view.feed([TextDelta("Now:"), CodeStarted(), CodeDelta("a = 1\nb = 2")])
    stub = window.view.control(0, "code")
    assert stub is not None
    assert stub.accessibleName() == "Code, 2 lines"
    window.view.feed([CodeDelta("\nc = 3"), CodeEnded("a = 1\nb = 2\nc = 3"), OutputDelta("x\n")])
    assert stub.accessibleName() == "Code, 3 lines"
    window.view.feed([RunFinished(Output(stdout="x\n"))])
    assert shown(window).endswith("x")


def test_answer_only(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window)
    whole = shown(window)
    window.menus.answer_only.trigger()
    lines = [line for line in shown(window).split("\n") if line.strip()]
    assert lines == ["Sum of $k^2$", "385"]
    assert window.view.verticalScrollBar().maximum() == 0
    stub = window.view.control(-1, "solution")
    assert stub is not None
    assert stub.accessibleName() == "Solution, 2 blocks of code"
    assert window.view.control(0, "code") is None
    stub.click()
    assert not window.menus.answer_only.isChecked()
    assert shown(window) == whole
    assert window.view.control(-1, "solution") is None


def test_answer_only_without_an_answer_keeps_the_last_words(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, (Text("First."), Code("1"), Output(value="1"), Text("Then nothing.")))
    window.menus.answer_only.trigger()
    assert "First." not in shown(window)
    assert "interrupted" in shown(window)


def test_answer_only_while_a_solution_is_written(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, QUADRATIC)
    window.show_answer_only(True)
    whole = shown(window)
    window.view.begin("Sum of $k^2$")
    window.view.show_answer_only(True)
    for event in events_of("p", QUADRATIC, 7):
        window.view.feed([event])
        assert "import symbols" not in shown(window)
    until_done(qtbot, window)
    assert shown(window) == whole


def test_folds_survive_theme_and_size(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window)
    window.view.toggle(0, "code")
    window.use_settings(window.settings.changed(theme="dark", zoom=150))
    assert window.view.folding.is_folded(0, "code")
    assert shown(window).count("print(total)") == 1
    window.new_problem()
    assert not window.view.folding.is_folded(0, "code")


def test_only_what_can_be_seen_has_controls(qtbot: QtBot, open_window: Open) -> None:
    parts: list[Part] = []
    for n in range(40):
        parts += [Text(f"Step {n}"), Code(f"print({n})"), Output(stdout=f"{n}\n")]
    window = opened(qtbot, open_window, (*parts, Answer("1")))
    there = [b for b in window.view.viewport().findChildren(FoldButton) if b.isVisible()]
    assert 2 <= len(there) <= 20
    assert window.view.control(39, "code") is None
    window.view.verticalScrollBar().setValue(window.view.verticalScrollBar().maximum())
    assert window.view.control(39, "code") is not None
    assert window.view.control(0, "code") is None


def test_the_copy_button_takes_the_code_of_its_block(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window)
    button = window.view.control(1, "copy")
    assert isinstance(button, HeadButton)
    assert button.accessibleName() == "Copy this code"
    button.click()
    code = REPAIRED[4]
    assert isinstance(code, Code)
    assert QApplication.clipboard().text() == code.source
    assert window.status.state.text() == "Copied the code"


def test_a_selection_takes_only_what_can_be_seen(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window)
    window.change_settings(hide_code=True)
    window.view.selectAll()
    assert "print(total)" not in window.view.selected_source()
    assert "385" in window.view.selected_source()
