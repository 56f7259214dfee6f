"""The student's side of the window: typing as on paper."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import ScriptedServices
from tests.windows import until_done
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]


def test_plain_typing_is_typeset_and_told(open_window: Open) -> None:
    window = open_window()
    QTest.keyClicks(window.box.edit, "Solve x^2 - 5x + 6 = 0")
    until(window.box.preview.isVisible)
    assert window.box.reading.label.text().startswith("Read as: ")
    assert "squared" in window.box.preview.accessibleName()
    assert window.box.text == "Solve x^2 - 5x + 6 = 0"


@pytest.mark.parametrize("typed", ["", "How many apples are left?", "It costs $5 on 12/03/2024."])
def test_prose_money_and_dates_say_nothing(open_window: Open, typed: str) -> None:
    window = open_window()
    window.box.set_text(typed)
    assert not window.box.reading.isVisible()


def test_one_click_keeps_it_as_typed_until_another_problem(open_window: Open) -> None:
    window = open_window()
    window.box.set_text("Solve x^2 = 4")
    window.box.edit.setFocus()
    QTest.mouseClick(window.box.reading.button, Qt.MouseButton.LeftButton)
    assert window.box.edit.hasFocus()
    assert window.box.reading.label.text() == "Kept as typed"
    assert not window.box.preview.isVisible()
    QTest.keyClick(window.box.reading.button, Qt.Key.Key_Space)
    assert window.box.preview.isVisible()
    QTest.keyClick(window.box.reading.button, Qt.Key.Key_Space)
    window.box.set_text("Solve y^2 = 9")
    assert window.box.preview.isVisible()


@pytest.mark.parametrize("kept", [False, True])
def test_the_page_shows_a_problem_as_the_preview_did(qtbot: QtBot, open_window: Open, kept: bool) -> None:
    window = open_window()
    window.box.set_text("Solve x^2 = 4")
    if kept:
        window.box.reading.button.click()
    window.solve()
    until_done(qtbot, window)
    page = window.view.page
    assert page.transcript().problem == "Solve x^2 = 4", "a model is sent what was typed"
    assert ("x^2 = 4" in window.view.toPlainText()) is kept
    copy = page.transcript()
    window.new_problem()
    window.view.show_transcript(copy)
    assert ("x^2 = 4" in window.view.toPlainText()) is kept


def test_what_is_typed_is_what_is_solved(open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    QTest.keyClicks(window.box.edit, "Solve x^2 = 4")
    QTest.keyClick(window.box.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: not window.bridge.busy)
    assert services.calls[0] == "solve Solve x^2 = 4"
