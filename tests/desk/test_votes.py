"""Asking several times from the window, and the attempts behind a voted solution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.holding import Gate, until_stopped
from tests.ui.scripted import ATTEMPTS, ScriptedServices
from tests.windows import until_done
from tutor_app.core.events import VoteCast
from tutor_app.core.parts import Code, Question, Text
from tutor_app.core.settings import Settings
from tutor_app.core.transcript import Transcript
from tutor_app.core.votes import promoted, settled
from tutor_app.desk.votes.differences import Word, differences, marks, words_of
from tutor_app.desk.votes.progress import progress_text
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", "support raise")
Open = Callable[..., MainWindow]
PROBLEM = "She sells 84 rolls in bags of 6 for 2 euros. How much?"


def asked(qtbot: QtBot, open_window: Open, services: ScriptedServices) -> MainWindow:
    window = open_window(services)
    window.use_problem(PROBLEM)
    QTest.mouseClick(window.voting.button, Qt.MouseButton.LeftButton)
    return window


def test_the_button_says_how_many_times_and_the_setting_changes_it(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices())
    assert window.voting.button.text() == "Ask 8 times"
    assert not window.voting.progress.isVisible()
    window.use_settings(Settings(theme="light", votes=5))
    assert window.voting.button.text() == "Ask 5 times"
    window.use_problem(PROBLEM)
    QTest.keyClick(window.box.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until_done(qtbot, window)
    assert [row.attempts for row in [window.shown_solution()] if row] == [()]


def test_a_vote_shows_how_it_goes_and_what_has_won(qtbot: QtBot, open_window: Open) -> None:
    gate = Gate()
    services = ScriptedServices(hold_vote=gate, hold_vote_at=4)
    window = asked(qtbot, open_window, services)
    until(lambda: window.voting.progress.words.text() == "4 of 8, leading: 28 with 2")
    assert window.voting.progress.isVisible()
    assert not window.voting.button.isVisible()
    assert not any(action.isEnabled() for action in window.voting.actions)
    gate.open()
    until_done(qtbot, window)
    assert services.calls[0] == f"vote 8 {PROBLEM}"
    shown = window.shown_solution()
    assert shown is not None
    assert (shown.chosen, shown.answer.latex if shown.answer else "") == (2, "28")
    assert len(shown.attempts) == 8
    assert not window.voting.progress.isVisible()
    assert window.voting.button.isVisible()
    control = window.view.votes_control
    assert control is not None
    assert control.accessibleName() == "Agrees with 4 of 7 votes, ended early after 7 of 8"


def test_a_vote_can_be_stopped_and_what_there_is_stays(qtbot: QtBot, open_window: Open) -> None:
    window = asked(qtbot, open_window, ScriptedServices(hold_vote=until_stopped, hold_vote_at=3))
    until(lambda: window.voting.progress.words.text().startswith("3 of 8"))
    QTest.mouseClick(window.box.stop_button, Qt.MouseButton.LeftButton)
    until_done(qtbot, window)
    assert window.status.state.text() == "You stopped the solution."
    shown = window.shown_solution()
    assert shown is not None
    assert len(shown.attempts) == 8


def test_the_attempts_open_from_the_tally_in_full_and_side_by_side(qtbot: QtBot, open_window: Open) -> None:
    window = asked(qtbot, open_window, ScriptedServices())
    until_done(qtbot, window)
    control = window.view.votes_control
    assert control is not None
    control.click()
    dialog = window.voting.dialog
    assert dialog.isVisible()
    assert dialog.tally.text() == "4 of 8 attempts agree; 1 stopped early, the lead could not be lost."
    assert dialog.options.text() == "28: 4 attempts (2, 3, 5, 7)   14: 2 attempts (1, 4), counting 0.5"
    assert dialog.list.count() == 8
    assert dialog.list.currentRow() == 2
    assert not dialog.promote.isEnabled()
    assert dialog.view.page.parts() == (*ATTEMPTS[2].parts[:-1], dialog.view.page.parts()[-1])
    said = [dialog.list.item(n).data(Qt.ItemDataRole.AccessibleTextRole) for n in (0, 5, 2)]
    assert said[0] == "Attempt 1: 14; code, the likeliest word; its code printed something else"
    assert said[1] == "Attempt 6: no answer; words alone, temperature 0.7, seed 5; no answer"
    assert said[2].endswith("it is the solution that is shown")
    QTest.keyClick(dialog.list, Qt.Key.Key_Down)
    assert dialog.view.page.parts() == ATTEMPTS[3].parts
    assert not dialog.beside.isVisible()
    dialog.compare.setCurrentIndex(1)
    assert dialog.beside.isVisible()
    assert dialog.beside.page.parts() == ATTEMPTS[0].parts
    dialog.resize(1100, 600)
    assert dialog.view.y() == dialog.beside.y()
    dialog.resize(760, 560)
    assert dialog.view.x() == dialog.beside.x()


def test_where_two_attempts_differ_is_marked_on_both_and_said(qtbot: QtBot, open_window: Open) -> None:
    window = asked(qtbot, open_window, ScriptedServices())
    until_done(qtbot, window)
    window.voting.show_attempts()
    dialog = window.voting.dialog
    assert not dialog.differing.isVisible()
    assert not dialog.next_difference.isVisible()
    dialog.compare.setCurrentIndex(1)
    assert dialog.differing.text() == "The two differ in 3 places, underlined."
    assert dialog.view.accessibleDescription().startswith("1: here 2, beside it 0. 2: here ")
    here, there = words_of(dialog.view.document()), words_of(dialog.beside.document())
    assert [(d.left[-1].text, d.right[-1].text) for d in differences(here, there)] == [
        ("2", "0"), ("$\\boxed{28}$", "$\\boxed{14}$"), ("28", "14")
    ]  # fmt: skip
    assert not any(word.text in ("Attempt", "stopped") for word in here[-4:])  # what the program says is left out
    dialog.next_difference.click()
    dialog.compare.setCurrentIndex(3)  # the same attempt beside itself
    assert dialog.differing.text() == "The two are the same, word by word."
    assert not dialog.next_difference.isEnabled()
    dialog.compare.setCurrentIndex(0)
    assert dialog.view.accessibleDescription() == ""


def test_words_that_only_one_has_are_a_difference_of_their_own() -> None:
    left = [Word(text, 2 * n, 2 * n + 1) for n, text in enumerate(("so", "x", "is", "10", "now"))]
    right = [Word(text, 2 * n, 2 * n + 1) for n, text in enumerate(("so", "x", "is", "9"))]
    (found,) = differences(left, right)
    assert found.sentence() == "here 10 now, beside it 9"
    assert [(m.first, m.last, m.line) for m in marks([found], beside=False)] == [(6, 9, "warn")]
    assert [(m.first, m.last) for m in marks([found], beside=True)] == [(6, 7)]
    (only,) = differences(left, left[:4])
    assert only.sentence() == "here now, beside it nothing"
    assert marks([only], beside=True) == []
    assert differences(left, left) == []


def test_an_attempt_takes_the_place_of_the_solution_on_the_page_and_in_the_library(
    qtbot: QtBot, open_window: Open
) -> None:
    services = ScriptedServices()
    window = asked(qtbot, open_window, services)
    until_done(qtbot, window)
    window.voting.show_attempts()
    window.voting.dialog.list.setCurrentRow(0)
    QTest.mouseClick(window.voting.dialog.promote, Qt.MouseButton.LeftButton)
    until(lambda: window.status.state.text() == "Attempt 1 is the solution now")
    shown = window.shown_solution()
    assert shown is not None
    assert (shown.chosen, shown.answer.latex if shown.answer else "") == (0, "14")
    control = window.view.votes_control
    assert control is not None
    assert control.accessibleName() == "Agrees with 2 of 7 votes, ended early after 7 of 8"
    kept = services.library.get(window.saved.shown_id)
    assert (kept.chosen, len(kept.attempts)) == (0, 8)
    assert kept.solution == shown.solution


def test_the_code_of_an_attempt_is_stepped_through(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = asked(qtbot, open_window, services)
    until_done(qtbot, window)
    window.voting.show_attempts()
    window.voting.dialog.list.setCurrentRow(6)
    step = window.voting.dialog.view.control(0, "step")
    assert step is not None
    step.click()
    until(lambda: "record block 0" in services.calls)


def test_a_solution_without_a_vote_has_no_attempts_to_open(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices())
    window.use_problem(PROBLEM)
    window.solve()
    until_done(qtbot, window)
    assert window.view.votes_control is None
    window.voting.show_attempts()
    assert not window.voting.dialog.isVisible()
    assert [a.isEnabled() for a in window.voting.actions] == [True, False]


@pytest.mark.parametrize(
    ("cast", "said"),
    [
        (VoteCast(0, 1, 8), "1 of 8"),
        (VoteCast(2, 3, 8, "12", 3), "3 of 8, leading: 12 with 3"),
        (VoteCast(4, 5, 8, "\\frac{1}{2}", 2), "5 of 8, leading: 1/2 with 2"),
        (VoteCast(-1, 0, 4), "0 of 4"),
    ],
)
def test_what_is_said_while_a_vote_is_held(cast: VoteCast, said: str) -> None:
    assert progress_text(cast) == said


def test_what_was_asked_about_a_solution_stays_when_another_attempt_takes_its_place() -> None:
    attempts = settled(ATTEMPTS, lambda a, b: a == b)
    voted = promoted(replace(Transcript.of(PROBLEM), attempts=attempts), 1)
    parts = (*voted.solution, Question("Why 14 bags?"), Text("Since 84 is 14 times 6."))
    other = promoted(voted.with_solution(parts), 2)
    assert other.solution[1] == Code("bags = 84 // 6\nprint(2 * bags)")
    assert other.solution[-2:] == parts[-2:]
    assert other.answer is not None
    assert other.answer.latex == "28"
