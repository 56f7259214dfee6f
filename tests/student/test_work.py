"""Own lines in the window: typed, typeset, checked, and what is said about them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QAbstractSlider, QApplication
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.holding import until_stopped
from tests.ui.scripted import ScriptedServices
from tutor_app.core.errors import HostFault
from tutor_app.core.parts import Answer, Text
from tutor_app.core.verdicts import KNOWN_RIGHT
from tutor_app.student.work_edit import FILE, PICTURE
from tutor_app.student.work_page import CHANGED, EMPTY, NO_PROBLEM, WorkPage
from tutor_app.tutor.work_hints import GENERAL
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]
CONTROL = Qt.KeyboardModifier.ControlModifier


def opened(window: MainWindow, problem: str, lines: str) -> WorkPage:
    window.box.set_text(problem)
    page = window.student.work_page
    page.edit.setPlainText(lines)
    if window.pages.currentWidget() is not page:
        window.student.show_work()
    return page


def checked(qtbot: QtBot, window: MainWindow, problem: str, lines: str) -> WorkPage:
    page = opened(window, problem, lines)
    QTest.keyClick(page.edit, Qt.Key.Key_Return, CONTROL)
    until(lambda: not window.student.busy)
    return page


def kinds(page: WorkPage) -> list[str]:
    return [row.verdict.kind if row.verdict else "" for row in page.rows.lines.rows]


def test_lines_are_typeset_as_they_are_typed(open_window: Open) -> None:
    window = open_window()
    QTest.keyClick(window, Qt.Key.Key_K, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    page = window.student.work_page
    assert window.pages.currentWidget() is page
    assert page.edit.hasFocus()
    QAbstractItemModelTester(page.rows.lines, page)
    QTest.keyClicks(page.edit, "x^2 = 9")
    QTest.keyClick(page.edit, Qt.Key.Key_Return)
    QTest.keyClicks(page.edit, "x = 3")
    until(lambda: len(page.rows.lines.rows) == 2)
    assert [row.shown for row in page.rows.lines.rows] == ["$x^2 = 9$", "$x = 3$"]
    assert page.rows.lines.rows[0].spoken() == "Line 1: x squared equals 9"
    assert kinds(page) == ["", ""]


def test_the_first_false_line_is_marked_with_its_reason(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    page = checked(qtbot, window, "Solve 2(x+3) = 14", "2(x+3) = 14\n2x + 3 = 14\n2x = 11\nx = 5")
    assert kinds(page) == ["equivalent", "false", "equivalent", "false"]
    first, other = page.rows.lines.rows[1], page.rows.lines.rows[3]
    assert first.is_first_fault
    assert not other.is_first_fault
    assert first.remark == (
        "This does not follow: for x = 4 the left side is 11, the right side 14; "
        "a factor was not multiplied with every term in the brackets."
    )
    assert page.rows.lines.rows[0].remark == ""
    assert page.rows.currentIndex().row() == 1
    assert page.message.text().startswith("The first line to look at again is line 2.")
    assert page.message.property("bad") == "true"
    assert first.spoken().startswith("Line 2: 2 x plus 3 equals 14, this does not follow")


def test_the_first_false_line_is_seen_whole_once_it_is_typeset(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(width=800, height=600)
    lines = "2(x+3) = 14\n(2x + 6)/(1 + 1/(1 + 1/2)) = 14/(1 + 1/(1 + 1/2))\nI divide by two\n2x = 20\nx = 10\n"
    page = checked(qtbot, window, "Solve 2(x+3) = 14", lines + "1 + 1 = 2\n" * 30)
    rows = page.rows
    assert rows.lines.rows[3].is_first_fault

    def is_seen_whole() -> bool:
        place = rows.visualRect(rows.lines.index(3))
        return place.top() >= 0 and place.bottom() <= rows.viewport().height()

    until(lambda: window.formulas.pending == 0 and is_seen_whole())
    rows.verticalScrollBar().triggerAction(QAbstractSlider.SliderAction.SliderToMaximum)
    rows.delegate.restyle(size=15.0)  # lays the lines out anew
    until(lambda: rows.verticalScrollBar().value() > 0)
    assert not is_seen_whole()  # where the user has scrolled to stays


def test_right_work_gets_ticks_and_its_answer_is_judged(qtbot: QtBot, open_window: Open) -> None:
    page = checked(qtbot, open_window(), "Solve 2(x+3) = 14", "2x + 6 = 14\n\n2x = 8\nx = 4\n\n")
    assert kinds(page) == ["equivalent", "empty", "equivalent", "equivalent"]
    assert page.message.text().startswith("No mistake was found. Your last line is checked: ")
    assert page.message.property("bad") == "false"


def test_what_cannot_be_read_is_not_called_wrong(qtbot: QtBot, open_window: Open) -> None:
    lines = ")(x =\nLösung:\n答案 x = 4\n![my page](photo.png)\nx = 4"
    page = checked(qtbot, open_window(), "Solve 2(x+3) = 14", lines)
    assert kinds(page) == ["unread", "words", "equivalent", "picture", "equivalent"]
    assert page.rows.lines.rows[0].remark == "This line could not be read: a bracket is closed that was not opened."
    assert page.rows.lines.rows[1].remark == "In words, not checked."
    assert page.rows.lines.rows[3].remark == "A picture cannot be read; type what is in it."
    assert "Could not be read: lines 1, 4." in page.message.text()


def test_every_line_without_a_tick_says_why_when_another_one_is_false(qtbot: QtBot, open_window: Open) -> None:
    lines = "2(x + 3 = 14\nI divide by two\nlet u = x + 3\n2x = 20\nx = 10"
    page = checked(qtbot, open_window(), "Solve 2(x+3) = 14", lines)
    assert kinds(page) == ["unread", "words", "new", "false", "equivalent"]
    assert [row.remark.partition(";")[0] for row in page.rows.lines.rows] == [
        "This line could not be read: a bracket is opened and not closed.",
        "In words, not checked.",
        "A new statement, not compared with the lines before.",
        "This does not follow: for x = 4 the left side is 8, the right side 20",
        "",
    ]


def test_nothing_to_check_is_said(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    page = checked(qtbot, open_window(services), "Solve 2x = 8", " \n\n")
    assert page.message.text() == EMPTY
    assert not [call for call in services.calls if call.startswith("work on")]


def test_without_a_problem_the_lines_are_compared_with_each_other(qtbot: QtBot, open_window: Open) -> None:
    page = checked(qtbot, open_window(), "", "x^2 = 9\nx = 3")
    assert kinds(page) == ["new", "lost"]
    assert page.message.text().endswith(NO_PROBLEM)


def test_more_lines_than_are_checked(open_window: Open) -> None:
    window = open_window()
    page = opened(window, "", "1 + 1 = 2\n" * 503)
    until(lambda: bool(page.rows.lines.rows))
    assert len(page.rows.lines.rows) == 500
    assert page.message.text() == "Only the first 500 lines are shown and checked."
    QTest.mouseClick(page.check, Qt.MouseButton.LeftButton)
    until(lambda: not window.student.busy)
    assert set(kinds(page)) == {"follows"}
    assert "Only the first 500 lines were checked." in page.message.text()


def test_a_change_takes_the_verdicts_from_there_on(qtbot: QtBot, open_window: Open) -> None:
    page = checked(qtbot, open_window(), "Solve 2(x+3) = 14", "2x + 6 = 14\n2x = 8\nx = 5")
    page.edit.go_to(1)
    QTest.keyClick(page.edit, Qt.Key.Key_Space)
    QTest.keyClick(page.edit, Qt.Key.Key_Backspace)
    page.edit.go_to(2)
    QTest.keyClick(page.edit, Qt.Key.Key_Backspace)
    QTest.keyClicks(page.edit, "4")
    page.read_lines()
    assert kinds(page) == ["equivalent", "equivalent", ""]
    assert page.message.text() == CHANGED


def test_another_problem_takes_all_verdicts(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    page = checked(qtbot, window, "Solve 2x = 8", "x = 4")
    window.box.set_text("Solve 2x = 10")
    assert kinds(page) == [""]
    assert page.message.text() == "The problem has changed since the check."


def test_escape_cancels_the_check(open_window: Open) -> None:
    window = open_window(ScriptedServices(hold_work=until_stopped))
    page = opened(window, "Solve 2x = 8", "x = 4")
    page.check.setFocus()
    QTest.keyClick(page.check, Qt.Key.Key_Space)
    assert page.cancel.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.student.busy
    assert page.message.text() == "Cancelled."
    assert kinds(page) == [""]
    assert page.check.isVisible()


def test_the_last_line_is_compared_with_a_verified_solution(qtbot: QtBot, open_window: Open) -> None:
    problem = "A baker makes 36 rolls, then half as many. How many does she make?"
    parts = (Text("She makes 36 + 18."), Answer("54", verdict=KNOWN_RIGHT))
    services = ScriptedServices(script={problem: parts})
    window = open_window(services)
    window.box.set_text(problem)
    window.solve()
    until(lambda: not window.bridge.busy)
    page = checked(qtbot, window, problem, "36 / 2 = 18\n36 + 18 = 54")
    assert f"work on {problem}, solved" in services.calls
    assert page.message.text() == "No mistake was found. Your last line agrees with the known answer."
    page = checked(qtbot, window, problem, "36 / 2 = 18\n36 - 18 = 18")
    assert page.message.text() == "No mistake was found. Your last line is not the answer."


def test_pictures_and_files_are_refused_with_a_reason(open_window: Open, qtbot: QtBot) -> None:
    page = opened(open_window(), "", "x = 1")
    picture = QMimeData()
    picture.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    photo, file, both, text = QMimeData(), QMimeData(), QMimeData(), QMimeData()
    photo.setUrls([QUrl.fromLocalFile("/home/me/work.JPG")])
    file.setUrls([QUrl.fromLocalFile("/home/me/work.docx")])
    both.setHtml("<p>x<sup>2</sup> = 9 <img src='a.png'></p>")
    text.setText("\nx = 2")
    for source, said in ((picture, PICTURE), (photo, PICTURE), (file, FILE)):
        assert page.edit.canInsertFromMimeData(source)
        page.tell("")
        page.edit.insertFromMimeData(source)
        assert page.message.text() == said
        assert page.lines() == ["x = 1"]
    page.edit.insertFromMimeData(both)
    assert page.message.text() == PICTURE
    assert page.lines()[0].startswith("x^2 = 9")
    page.edit.setPlainText("x = 1")
    page.edit.go_to(0)
    page.edit.insertFromMimeData(text)
    assert page.lines() == ["x = 1", "x = 2"]


def test_a_line_is_edited_by_a_click_or_return(open_window: Open, qtbot: QtBot) -> None:
    page = opened(open_window(), "", "x = 1\nx = 2\nx = 3")
    page.read_lines()
    until(lambda: page.rows.visualRect(page.rows.lines.index(1)).height() > 0)
    QTest.mouseClick(
        page.rows.viewport(), Qt.MouseButton.LeftButton, pos=page.rows.visualRect(page.rows.lines.index(1)).center()
    )
    assert page.edit.hasFocus()
    assert page.edit.textCursor().blockNumber() == 1


def test_a_fault_is_a_sentence_below_the_lines(qtbot: QtBot, open_window: Open) -> None:
    class Broken(ScriptedServices):
        def check_work(self, *_: object) -> None:  # type: ignore[override]
            raise HostFault("The process that checks could not be started.")

    page = checked(qtbot, open_window(Broken()), "Solve 2x = 8", "x = 4")
    assert page.message.text() == "The process that checks could not be started."


def test_the_typeset_lines_go_below_where_it_is_narrow(open_window: Open) -> None:
    page = opened(open_window(width=800, height=600), "", "x = 1")
    assert page.rows.mapTo(page, page.rows.rect().topLeft()).y() > page.edit.height()
    assert page.check.isVisible()


def test_in_a_narrow_window_the_buttons_have_shorter_words(open_window: Open) -> None:
    window = open_window(width=480, height=400)
    assert (window.box.work_button.text(), window.box.hint_button.text()) == ("My work", "Hint")
    assert window.box.work_button.accessibleName() == "Check my work"
    assert window.box.minimumSizeHint().width() <= window.box.width()
    window.resize(1000, 700)
    assert window.box.hint_button.text() == "Give me a hint"


def test_one_hint_about_the_first_false_line(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    page = checked(qtbot, window, "Solve 2(x+3) = 14", "2(x+3) = 14\n2x + 3 = 14\nx = 9")
    assert page.hint_button.isVisible()
    QTest.keyClick(page.hint_button, Qt.Key.Key_Space)
    until(lambda: not window.student.busy)
    assert "hint about line 2" in services.calls
    assert page.hint_card.isVisible()
    assert page.hint_card.accessibleName() == f"Hint for line 2: {GENERAL['distribution']}"
    assert not page.hint_button.isVisible()
    window.resize(800, 600)
    until(lambda: page.hint.height() == page.hint.heightForWidth(page.hint.width()))
    page.edit.setPlainText("2(x+3) = 14\n2x + 6 = 14")
    page.read_lines()
    assert not page.hint_card.isVisible()


def test_waiting_for_a_hint_can_be_cancelled(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    page = checked(qtbot, window, "Solve 2x = 8", "x = 5")
    services.hold_work = until_stopped
    QTest.mouseClick(page.hint_button, Qt.MouseButton.LeftButton)
    QTest.mouseClick(page.cancel, Qt.MouseButton.LeftButton)
    assert not window.student.busy
    assert kinds(page) == ["false"]
    assert page.hint_button.isVisible()


def test_right_lines_need_no_hint(qtbot: QtBot, open_window: Open) -> None:
    page = checked(qtbot, open_window(), "Solve 2x = 8", "x = 4")
    assert not page.hint_button.isVisible()


def test_tab_goes_from_the_problem_to_the_lines(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    page = checked(qtbot, window, "Solve 2x = 8", "2x = 9")
    window.box.solve_button.setFocus()
    for wanted in (page.edit, page.check, page.hint_button, page.rows, page.close_button):
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        assert wanted.hasFocus(), wanted.accessibleName()


def test_what_is_said_about_a_page_ends_with_it(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    opened(window, "Solve x + 1 = 3", "x = 2")
    window.status.say("Hint 8 of 8")
    window.student.leave()
    assert window.status.state.text() == "Ready"
    window.status.say("Answer found")
    window.student.show_work()
    assert window.status.state.text() == "Ready"
