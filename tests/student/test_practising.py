"""Practice in the window: a problem like the one shown, and those that were missed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import ScriptedServices
from tests.windows import until_done
from tutor_app.student.practice_dialog import PracticeDialog
from tutor_app.tutor.practice.missed import Missed
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]


def dialog_of(qtbot: QtBot, window: MainWindow) -> PracticeDialog:
    until(lambda: window.student.practice.dialog is not None)
    dialog = window.student.practice.dialog
    assert dialog is not None
    return dialog


def test_another_problem_like_this_is_asked_and_checked(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    window.box.set_text("What is 2 + 2")
    window.solve()
    until_done(qtbot, window)
    suggestions = window.panels.ask.suggestions
    next(b for b in suggestions.buttons if b.text() == "Another like this").click()
    dialog = dialog_of(qtbot, window)
    assert "3 + 5" in dialog.problem.accessibleName() or "3 plus 5" in dialog.problem.accessibleName()
    dialog.answer.setText("9")
    QTest.keyClick(dialog.answer, Qt.Key.Key_Return)
    until(lambda: dialog.message.text() == "That is not right. It is 8.")
    assert dialog.message.property("tone") == "bad"
    assert not dialog.check.isVisible()
    assert [m.problem for m in services.missed] == ["What is 3 + 5?"]
    dialog.next.click()
    until(dialog.check.isVisible)
    dialog.answer.setText("8")
    dialog.check.click()
    until(lambda: dialog.message.text() == "Right.")
    assert dialog.message.property("tone") == "good"
    dialog.box.click()
    assert window.box.text == "What is 3 + 5?"
    assert window.student.practice.dialog is None


def test_what_cannot_be_varied_is_said(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices())
    window.box.set_text("Add them.")
    window.solve()
    until_done(qtbot, window)
    window.student.practice.like_this()
    until(lambda: "No variant of this problem can be made" in window.status.state.text())
    assert window.student.practice.dialog is None


def test_missed_problems_are_asked_again(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    window.student.practice.missed()
    until(lambda: window.status.state.text() == "Nothing that was missed is due today.")
    services.missed = [Missed("What is 1 + 1?", "2")]
    window.student.practice.missed()
    dialog = dialog_of(qtbot, window)
    dialog.show_answer.click()
    until(lambda: dialog.message.text() == "It is 2.")
    dialog.next.click()
    assert dialog.message.text() == "That was all for today."
    assert not dialog.next.isVisible()
    assert dialog.close_button.isDefault()
    dialog.close_button.click()
    assert services.missed == [Missed("What is 1 + 1?", "2", 2, 0, "2026-03-02")]


def test_a_worksheet_asks_its_problems_and_says_where_its_hints_end(
    qtbot: QtBot, open_window: Open, tmp_path: Path
) -> None:
    path = tmp_path / "week.md"
    path.write_text("# Week 3\nhints_up_to: 3\n1. What is 2 + 3?\n   Answer: 5\n2. Explain it.\n", encoding="utf-8")
    window = open_window(ScriptedServices())
    window.student.practice.open_worksheet(path)
    dialog = dialog_of(qtbot, window)
    assert dialog.sheet.text() == "Week 3: problem 1 of 2; hints end with \u201cWhich idea\u201d"
    assert dialog.show_answer.text() == "Skip"
    QTest.keyClicks(dialog.answer, "6")
    QTest.keyClick(dialog.answer, Qt.Key.Key_Return)
    until(lambda: dialog.message.text() == "That is not right. Try again; a hint may help.")
    QTest.keyClicks(dialog.answer, "5")
    QTest.keyClick(dialog.answer, Qt.Key.Key_Return)
    until(lambda: dialog.message.text() == "Right.")
    QTest.keyClick(dialog.next, Qt.Key.Key_Return)
    until(lambda: dialog.sheet.text() == "Week 3: problem 2 of 2; hints end with \u201cWhich idea\u201d")
    assert not dialog.check.isEnabled()
    dialog.box.click()
    assert window.box.text == "Explain it."


def test_a_file_that_is_no_worksheet_is_said_in_the_window(open_window: Open, tmp_path: Path) -> None:
    path = tmp_path / "empty.md"
    path.write_text("Nothing here.", encoding="utf-8")
    window = open_window(ScriptedServices())
    window.student.practice.open_worksheet(path)
    until(lambda: "holds no problem" in window.status.state.text())


def test_a_worksheet_goes_on_where_it_was_left(open_window: Open, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "week.md"
    path.write_text("# Week\n1. What is 2 + 3?\n   Answer: 5\n2. What is 4 + 5?\n   Answer: 9\n", encoding="utf-8")
    window = open_window(ScriptedServices())
    practice, go_on = window.student.practice, window.student.go_on_action
    assert not go_on.isEnabled()
    practice.open_worksheet(path)
    dialog = dialog_of(qtbot, window)
    dialog.show_answer.click()
    until(dialog.next.isVisible)
    dialog.next.click()
    assert dialog.sheet.text() == "Week: problem 2 of 2"
    assert not go_on.isEnabled()
    dialog.box.click()
    assert window.box.text == "What is 4 + 5?"
    assert "Go on practising" in window.status.state.text()
    go_on.trigger()
    dialog = dialog_of(qtbot, window)
    assert dialog.sheet.text() == "Week: problem 2 of 2"
    dialog.close_button.click()
    until(lambda: practice.dialog is None)
    practice.open_worksheet(path)  # the file again: at the same place
    dialog = dialog_of(qtbot, window)
    assert dialog.sheet.text() == "Week: problem 2 of 2"
    dialog.answer.setText("9")
    dialog.check.click()
    until(lambda: dialog.message.text() == "Right.")
    dialog.close_button.click()
    until(lambda: practice.dialog is None)
    assert not go_on.isEnabled()
    practice.open_worksheet(path)  # all of it was done: from the beginning
    assert dialog_of(qtbot, window).sheet.text() == "Week: problem 1 of 2"


def test_a_variant_that_was_put_into_the_box_can_still_be_answered(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices())
    window.box.set_text("What is 2 + 2")
    window.solve()
    until_done(qtbot, window)
    window.student.practice.like_this()
    dialog_of(qtbot, window).box.click()
    assert window.box.text == "What is 3 + 5?"
    window.student.go_on_action.trigger()
    dialog = dialog_of(qtbot, window)
    assert "3" in dialog.problem.accessibleName()
    dialog.answer.setText("8")
    dialog.check.click()
    until(lambda: dialog.message.text() == "Right.")


def test_what_is_skipped_after_a_wrong_answer_is_not_called_wrong_again(
    qtbot: QtBot, open_window: Open, tmp_path: Path
) -> None:
    path = tmp_path / "week.md"
    path.write_text("# Week\nhints_up_to: 3\n1. What is 2 + 3?\n   Answer: 5\n", encoding="utf-8")
    window = open_window(ScriptedServices())
    window.student.practice.open_worksheet(path)
    dialog = dialog_of(qtbot, window)
    QTest.keyClicks(dialog.answer, "6")
    QTest.keyClick(dialog.answer, Qt.Key.Key_Return)
    until(lambda: dialog.message.property("tone") == "bad")
    dialog.show_answer.click()
    until(lambda: dialog.message.text() == "It stays open.")
    assert dialog.message.property("tone") == ""
