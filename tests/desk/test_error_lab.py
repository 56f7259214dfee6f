from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import REPAIRED, ScriptedServices
from tutor_app.core.parts import Answer, Code, CodeError, Output, Part, Text
from tutor_app.desk.stepper.error_lab import ErrorLab
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]


def failed(kind: str, message: str, line: int, hint: str) -> Output:
    return Output(status="error", error=CodeError(kind, message, line, "", hint))


TWICE: tuple[Part, ...] = (
    Text("First the mean."),
    Code("data = [3, 5]\nmean = sum(data) / len(dta)\nprint(mean)"),
    failed("NameError", "name 'dta' is not defined", 2, "Nothing is called dta; data is meant."),
    Code("data = [3, 5]\nmean = sum(data) / len(data)\nprint(mean)"),
    Output(stdout="4.0\n"),
    Text("Then a root."),
    Code("import math\nprint(math.sqrt(-4))"),
    failed("ValueError", "math domain error", 2, "A negative number has no real root."),
    Code("import cmath\nprint(cmath.sqrt(-4))"),
    Output(stdout="2j\n"),
    Answer("2i"),
)


def opened(qtbot: QtBot, open_window: Open, parts: tuple[Part, ...], cards: int) -> MainWindow:
    services = ScriptedServices()
    key = services.add("Sum", parts)
    window = open_window(services, 1300)
    window.saved.open(key)
    until(lambda: len(window.view.cards()) == cards)
    return window


def test_the_card_that_failed_opens_the_lab(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, REPAIRED, 2)
    assert window.view.control(1, "lab") is None
    button = window.view.control(0, "lab")
    assert button is not None
    assert button.accessibleName() == "Error lab: why it failed, and what repaired it"
    button.click()
    panel = window.desk.panel
    assert panel.pages.currentWidget() is panel.lab
    lab = panel.lab
    assert lab.failed_title.text() == "Block 1 failed"
    assert lab.repaired_title.text() == "Block 2 repaired it"
    assert lab.failed.toPlainText().startswith("total = sum(")
    assert lab.repaired.toPlainText().startswith("n = 10\ntotal = sum(")
    assert lab.hint.text() == "The name n is used before it was given a value."
    assert lab.exception.text() == "Line 1: NameError: name 'n' is not defined"
    assert lab.repaired.accessibleDescription() == "line 1, n = 10, was added"
    assert not lab.choice.isVisible()


def test_the_failing_block_is_walked_up_to_its_failure_and_the_lab_is_one_click_away(
    qtbot: QtBot, open_window: Open
) -> None:
    window = opened(qtbot, open_window, REPAIRED, 2)
    window.desk.commands.lab.trigger()
    panel = window.desk.panel
    panel.lab.walk_button.click()
    until(lambda: len(panel.stepper) > 0)
    assert panel.pages.currentWidget() is panel.view
    assert panel.block == 0
    panel.stepper.to_end()
    step = panel.stepper.step
    assert step is not None
    assert (step.line, step.event) == (1, "error")
    panel.lab_button.click()
    assert panel.pages.currentWidget() is panel.lab
    panel.lab_button.click()
    assert panel.pages.currentWidget() is panel.view
    assert panel.stepper.position == step.index
    panel.lab_button.click()
    panel.lab.repair_button.click()
    until(lambda: panel.block == 1 and len(panel.stepper) > 0)
    assert panel.view.code.toPlainText().startswith("n = 10")


def test_each_error_of_a_solution_can_be_chosen(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, TWICE, 4)
    window.desk.open_lab(2)
    lab = window.desk.panel.lab
    assert lab.choice.count() == 2
    assert lab.hint.text() == "A negative number has no real root."
    lab.choice.setCurrentIndex(0)
    assert lab.hint.text() == "Nothing is called dta; data is meant."
    assert lab.accessibleDescription() == (
        "line 2, mean = sum(data) / len(dta), became line 2, mean = sum(data) / len(data)"
    )
    lab.walk_button.click()
    assert window.desk.panel.block == 0


def test_what_differs_is_marked_in_the_characters_too(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, TWICE, 4)
    window.desk.open_lab(0)
    lab = window.desk.panel.lab
    whole, part = (s.cursor.selectedText() for s in lab.repaired.extraSelections())
    assert (whole, part) == ("", "a")  # the line, and the letter that was missing in it
    assert lab.failed.line == 2


def test_the_panel_offers_the_lab_only_where_there_is_one(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, TWICE[:2] + TWICE[4:5], 1)
    window.desk.open_card(0)
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    assert not panel.lab_button.isVisible()
    window.desk.commands.lab.trigger()
    assert window.status.state.text() == "No block of this solution failed and was repaired."
    assert panel.pages.currentWidget() is panel.view


def test_an_empty_lab_shows_nothing(qtbot: QtBot, open_window: Open) -> None:
    lab = ErrorLab(open_window().theme)
    qtbot.addWidget(lab)
    lab.set_repairs(())
    lab.show_block(0)
    assert lab.repair is None
    assert lab.failed.toPlainText() == ""
