"""Hints in the window: solved silently, released one by one, and what ends them."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.tutor.test_hints import PROBLEM, solved
from tests.ui.holding import go_on, until_stopped
from tests.ui.scripted import ScriptedServices
from tutor_app.core.errors import EngineFault
from tutor_app.core.hints import LEVELS, NOT_SURE, PLAN
from tutor_app.core.verdicts import Verdict
from tutor_app.student.limit_dialog import LimitDialog
from tutor_app.window.dialogs.settings import SettingsDialog
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]
RETURN = Qt.Key.Key_Return


def ask(qtbot: QtBot, window: MainWindow, problem: str = PROBLEM) -> None:
    window.box.set_text(problem)
    window.box.hint_button.setFocus()
    QTest.keyClick(window.box.hint_button, Qt.Key.Key_Space)
    until(lambda: not window.student.busy)


def titles(window: MainWindow) -> list[str]:
    return [card.hint.title for card in window.student.page.cards]


def test_one_hint_a_click_and_the_answer_last(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices(default=solved().solution))
    ask(qtbot, window)
    page = window.student.page
    assert window.pages.currentWidget() is page
    assert titles(window) == ["What is asked"]
    assert page.state.text() == "Hint 1 of 8"
    assert page.cards[0].accessibleName() == (
        "Hint 1, What is asked: What you are looking for is a number of rolls. "
        "The question is: How many rolls does she make?"
    )
    assert window.view.page.is_empty
    assert list(window.services.entries("")) == []
    for count in range(2, 9):
        assert "54" not in " ".join(card.hint.text for card in page.cards[:6])
        page.next.setFocus()
        QTest.keyClick(page.next, Qt.Key.Key_Space)
        assert len(page.cards) == count
    assert titles(window) == list(LEVELS)
    assert page.cards[-1].hint.text == "The answer is $54$."
    services = cast(ScriptedServices, window.services)
    until(lambda: len(services.given) == 8)
    assert {(problem, hint.text) for problem, hint in services.given} == {(PROBLEM, c.hint.text) for c in page.cards}
    assert page.state.text() == "Hint 8 of 8, the last one"
    assert not page.next.isVisible()
    assert page.close_button.hasFocus()


def test_in_a_low_window_the_preview_leaves_its_room_to_the_hints(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(width=800, height=600)
    window.box.set_text("Solve x^2 = 4")
    assert window.box.preview.isVisible()
    window.student.give_hint()
    until(lambda: not window.student.busy)
    assert not window.box.preview.isVisible()
    window.student.leave()
    assert window.box.preview.isVisible()


def test_the_button_beside_solve_gives_the_next_one_too(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices(default=solved().solution)
    window = open_window(services)
    ask(qtbot, window)
    ask(qtbot, window)
    assert titles(window) == ["What is asked", "What is known"]
    assert [call for call in services.calls if call.startswith("hints")] == [f"hints {PROBLEM}"]
    assert not window.student.page.problem.isVisible()
    window.box.set_text("Another one")
    assert window.student.page.problem.isVisible()


def test_another_problem_begins_with_its_first_hint(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices(default=solved().solution))
    ask(qtbot, window)
    ask(qtbot, window)
    ask(qtbot, window, "What is 6 times 9?")
    assert titles(window) == ["What is asked"]
    assert "6 times 9" in window.student.page.cards[0].hint.text


def test_what_is_not_verified_ends_with_the_plan_and_says_so_at_once(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices(default=solved(Verdict("unchecked", "unrecognised")).solution))
    ask(qtbot, window)
    page = window.student.page
    assert page.warning.isVisible()
    assert page.warning.text() == NOT_SURE
    for _ in range(PLAN + 2):
        ask(qtbot, window)
    assert titles(window) == list(LEVELS[:PLAN])
    assert page.state.text() == NOT_SURE
    assert not page.next.isVisible()


def test_votes_make_sure_and_the_hints_go_on(qtbot: QtBot, open_window: Open) -> None:
    doubtful = solved(Verdict("unchecked", "unrecognised")).solution
    agreed = solved(Verdict("votes", "votes", agree=6, of=8)).solution
    services = ScriptedServices(default=doubtful, voted=agreed)
    window = open_window(services)
    page = window.student.page
    for _ in range(PLAN):
        assert not page.sure.isVisible()
        ask(qtbot, window)
    page.sure.setFocus()
    QTest.keyClick(page.sure, Qt.Key.Key_Space)
    assert page.cancel.hasFocus()
    assert len(page.cards) == PLAN
    until(lambda: not window.student.busy)
    assert services.calls[-1] == "hints by 8 votes"
    assert titles(window) == list(LEVELS[: PLAN + 1])
    assert not page.warning.isVisible()
    assert not page.sure.isVisible()
    ask(qtbot, window)
    ask(qtbot, window)
    assert page.cards[-1].hint.text == "The answer is $54$."


def test_attempts_that_do_not_agree_change_nothing(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices(default=solved(Verdict("unchecked", "unrecognised")).solution))
    page = window.student.page
    for _ in range(PLAN):
        ask(qtbot, window)
    QTest.mouseClick(page.sure, Qt.MouseButton.LeftButton)
    until(lambda: not window.student.busy)
    assert page.state.text() == f"The attempts do not agree on an answer. {NOT_SURE}"
    assert titles(window) == list(LEVELS[:PLAN])
    assert not page.sure.isVisible()


def test_making_sure_can_be_cancelled_and_the_hints_stay(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices(default=solved(Verdict("unchecked", "unrecognised")).solution)
    window = open_window(services)
    page = window.student.page
    for _ in range(PLAN):
        ask(qtbot, window)
    services.hold_hints = until_stopped
    QTest.mouseClick(page.sure, Qt.MouseButton.LeftButton)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.student.busy
    assert page.state.text() == NOT_SURE
    assert page.sure.isVisible()
    assert len(page.cards) == PLAN


def test_the_teachers_limit_ends_them(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices(default=solved().solution, cap=2))
    ask(qtbot, window)
    ask(qtbot, window)
    ask(qtbot, window)
    assert titles(window) == list(LEVELS[:2])
    assert window.student.page.state.text() == "Your teacher has chosen that the hints end here."


def limit_dialog(qtbot: QtBot, window: MainWindow) -> LimitDialog:
    """Opened from the settings."""
    window.show_settings()
    settings = next(d for d in window.findChildren(SettingsDialog) if d.isVisible())
    button = next(b for b in settings.findChildren(QPushButton) if b.accessibleName() == "Limit of the hints")
    QTest.keyClick(button, Qt.Key.Key_Space)
    until(lambda: bool(settings.findChildren(LimitDialog)))
    return settings.findChildren(LimitDialog)[0]


def test_the_first_pin_is_typed_twice_and_the_limit_holds_at_once(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices(default=solved().solution)
    window = open_window(services)
    for _ in range(3):
        ask(qtbot, window)
    dialog = limit_dialog(qtbot, window)
    assert dialog.level.currentText() == "8. The answer (no limit)"
    dialog.level.setCurrentIndex(1)
    QTest.keyClicks(dialog.pin, "2468")
    QTest.keyClicks(dialog.again, "2469")
    QTest.keyClick(dialog.save, Qt.Key.Key_Space)
    assert dialog.error.text() == "The two PINs are not the same."
    assert services.cap == 8
    dialog.again.setText("2468")
    with qtbot.waitSignal(window.student.limit.changed):
        QTest.keyClick(dialog.save, Qt.Key.Key_Space)
    assert (services.cap, services.pin) == (2, "2468")
    assert window.status.state.text() == "Hints now end with level 2: What is known"
    ask(qtbot, window)
    assert titles(window) == ["What is asked"]
    assert window.student.page.state.text() == "Hint 1 of 2"


def test_a_wrong_pin_changes_nothing(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices(cap=3, pin="2468")
    window = open_window(services)
    dialog = limit_dialog(qtbot, window)
    assert dialog.level.currentText() == "3. Which idea"
    dialog.level.setCurrentIndex(7)
    QTest.keyClicks(dialog.pin, "1111")
    QTest.keyClick(dialog.pin, RETURN)
    until(lambda: bool(dialog.error.text()))
    assert dialog.error.text() == "This is not the PIN that was set. Ask your teacher."
    assert dialog.pin.echoMode() == dialog.pin.EchoMode.Password
    assert services.cap == 3
    assert dialog.save.isEnabled()


def test_another_pin_takes_the_place_of_the_first(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices(cap=3, pin="2468")
    window = open_window(services)
    dialog = limit_dialog(qtbot, window)
    QTest.keyClicks(dialog.pin, "2468")
    QTest.keyClicks(dialog.new, "1357")
    QTest.keyClick(dialog.save, Qt.Key.Key_Space)
    assert dialog.error.text() == "The two PINs are not the same."
    QTest.keyClicks(dialog.again, "1357")
    with qtbot.waitSignal(window.student.limit.changed):
        QTest.keyClick(dialog.save, Qt.Key.Key_Space)
    assert (services.cap, services.pin) == (3, "1357")


def test_escape_cancels_and_the_next_wish_begins_anew(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices(default=solved().solution, hold_hints=until_stopped)
    window = open_window(services)
    window.box.set_text(PROBLEM)
    window.student.give_hint()
    page = window.student.page
    assert page.cancel.isVisible()
    assert page.state.text().startswith("Your problem is being solved silently")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.student.busy
    assert page.error.text() == "Cancelled. There are no hints for this problem yet."
    assert not page.cancel.isVisible()
    services.hold_hints = go_on
    ask(qtbot, window)
    assert titles(window) == ["What is asked"]
    assert not page.error.isVisible()


def test_solving_ends_the_silent_solution(open_window: Open) -> None:
    window = open_window(ScriptedServices(default=solved().solution, hold_hints=until_stopped))
    window.box.set_text(PROBLEM)
    window.student.give_hint()
    QTest.mouseClick(window.box.solve_button, Qt.MouseButton.LeftButton)
    assert not window.student.busy
    until(lambda: not window.bridge.busy)
    assert window.pages.currentWidget() is window.view
    assert window.view.page.transcript().answer is not None


def test_closing_shows_what_was_there_before(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices(default=solved().solution))
    ask(qtbot, window)
    QTest.keyClick(window.student.page.close_button, Qt.Key.Key_Space)
    assert window.pages.currentWidget() is window.start
    assert window.box.edit.hasFocus()


def test_a_fault_is_a_sentence_on_the_page(qtbot: QtBot, open_window: Open) -> None:
    class Broken(ScriptedServices):
        def hints(self, *_: object) -> None:  # type: ignore[override]
            raise EngineFault("The model could not be loaded.")

    window = open_window(Broken())
    ask(qtbot, window)
    assert window.student.page.error.text() == "The model could not be loaded."
    assert not window.student.page.next.isVisible()


@pytest.mark.parametrize(("model", "problem", "said"), [("m", " ", "Type a problem"), ("", "2+2", "A model is")])
def test_without_a_problem_or_a_model_it_says_so(open_window: Open, model: str, problem: str, said: str) -> None:
    window = open_window(ScriptedServices(model=model))
    window.box.set_text(problem)
    window.student.give_hint()
    assert window.status.state.text().startswith(said)
    assert window.pages.currentWidget() is not window.student.page
