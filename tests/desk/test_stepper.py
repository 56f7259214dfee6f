from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QKeySequence, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.holding import go_on, until_stopped
from tests.ui.recordings import noted_number, recorded, variable
from tests.ui.scripted import CURVE, REPAIRED, ScriptedServices
from tutor_app.core.comparing import Beside
from tutor_app.core.parts import Answer, Code, CodeError, Figure, Output, Part, Text
from tutor_app.core.trace_values import Frame, Stage, Unfolding, Variable
from tutor_app.desk.stepper.calculation import Calculation
from tutor_app.desk.stepper.output_pane import OutputPane
from tutor_app.desk.stepper.panel import StepPanel
from tutor_app.desk.stepper.values import MOST_CALLS, rows_of, typeset_form
from tutor_app.render.theme import load
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]
CODE = (
    "def area(w, h):\n"  # 1
    "    a = w * h\n"  # 2
    "    return a\n"  # 3
    "total = 0\n"  # 4
    "for k in range(1, 4):\n"  # 5
    "    if k > 1:\n"  # 6
    "        total += area(k, 2)\n"  # 7
    "    print(k, total)\n"  # 8
    "mean = total / 3"  # 9
)
PARTS: tuple[Part, ...] = (
    Text("We add the areas."),
    Code("start = 5"),
    Output(),
    Text("Now the loop."),
    Code(CODE),
    Output(stdout="1 0\n2 4\n3 10\n", seconds=0.1),
    Answer("10/3"),
)


@pytest.fixture
def stepping(qtbot: QtBot, open_window: Open) -> MainWindow:
    """A window in which the second block of a saved solution is stepped through."""
    window = open_solution(qtbot, open_window, ScriptedServices())
    window.desk.open_card(1)
    until(lambda: len(window.desk.panel.stepper) > 0)
    return window


def open_solution(qtbot: QtBot, open_window: Open, services: ScriptedServices, width: int = 1300) -> MainWindow:
    key = services.add("Find the mean area.", PARTS)
    window = open_window(services, width)
    window.saved.open(key)
    until(lambda: len(window.view.cards()) == 2)
    return window


def press(window: QWidget, keys: str) -> None:
    combination = QKeySequence.fromString(keys)[0]  # type: ignore[index]
    QTest.keyClick(window, combination.key(), combination.keyboardModifiers())


def place(panel: StepPanel) -> tuple[int, str]:
    step = panel.stepper.step
    assert step is not None
    return step.line, step.event


def shown_values(panel: StepPanel) -> dict[str, str]:
    return {r.variable.name: r.variable.text for r in panel.view.values.values.rows if r.variable is not None}


def test_a_card_opens_its_block_after_those_before_it(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_solution(qtbot, open_window, services)
    button = window.view.control(1, "step")
    assert button is not None
    assert button.accessibleName() == "Step through this code"
    button.click()
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    assert services.calls[-1] == "record block 1"
    assert panel.isVisible()
    assert panel.view.code.toPlainText() == CODE
    assert panel.blocks.currentText() == "Block 2 of 2"
    assert place(panel) == (1, "line")
    assert panel.view.code.hasFocus()


def test_the_keys_go_into_over_to_the_end_and_back(stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    press(stepping, "F7")
    assert place(panel) == (4, "line")
    press(stepping, "F7")
    press(stepping, "F6")  # the whole loop
    assert place(panel) == (9, "line")
    assert shown_values(panel)["total"] == "10"
    press(stepping, "Shift+F6")
    assert place(panel) == (5, "line")
    press(stepping, "Shift+F7")
    assert place(panel) == (4, "line")
    press(stepping, "F8")
    assert place(panel) == (0, "end")
    assert shown_values(panel)["mean"].startswith("3.33")
    press(stepping, "Shift+F8")
    assert panel.stepper.position == 0
    assert "total" not in shown_values(panel)


def test_to_the_cursor_and_to_breakpoints(stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    code = panel.view.code
    code.put_cursor(7)
    press(code, "Ctrl+F8")
    assert place(panel) == (7, "line")
    first = panel.stepper.position
    press(code, "Ctrl+F8")
    assert panel.stepper.position > first
    press(code, "Ctrl+Shift+F8")
    assert panel.stepper.position == first
    code.put_cursor(8)
    press(code, "F9")
    assert panel.stepper.breakpoints == {8}
    press(code, "F8")
    assert place(panel) == (8, "line")
    press(code, "Shift+F8")
    assert place(panel) == (8, "line")
    assert shown_values(panel)["k"] == "1"
    press(code, "F9")
    assert panel.stepper.breakpoints == set()


def test_a_line_that_does_not_run_again_is_said(stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    press(stepping, "F8")
    panel.view.code.put_cursor(4)
    before = panel.stepper.position
    press(panel.view.code, "Ctrl+F8")
    assert panel.stepper.position == before
    assert panel.view.words.text() == "Line 4 is not run after this step."


def test_a_click_on_a_number_sets_a_breakpoint(stepping: MainWindow) -> None:
    code = stepping.desk.panel.view.code
    line, top, height = code.visible_lines()[3]
    QTest.mouseClick(code.gutter, Qt.MouseButton.LeftButton, pos=QPointF(5, top + height / 2).toPoint())
    assert line == 4
    assert stepping.desk.panel.stepper.breakpoints == {4}


@pytest.mark.parametrize("part", ["code", "values", "text"])
def test_arrows_and_space_step_wherever_the_focus_is(stepping: MainWindow, part: str) -> None:
    panel = stepping.desk.panel
    parts: dict[str, QWidget] = {"code": panel.view.code, "values": panel.view.values, "text": panel.view.output.text}
    widget = parts[part]
    widget.setFocus()
    QTest.keyClick(widget, Qt.Key.Key_Right)
    QTest.keyClick(widget, Qt.Key.Key_Space)
    assert panel.stepper.position == 2
    QTest.keyClick(widget, Qt.Key.Key_Left)
    QTest.keyClick(widget, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert panel.stepper.position == 0
    QTest.keyClick(widget, Qt.Key.Key_End)
    assert place(panel) == (0, "end")
    QTest.keyClick(widget, Qt.Key.Key_Home)
    assert panel.stepper.position == 0


def test_the_timeline_is_dragged(stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    line = panel.view.transport.timeline
    middle = line.height() // 2
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(round(line.x_of(0)), middle))
    QTest.mouseMove(line, QPoint(round(line.x_of(10)), middle))
    assert panel.stepper.position == 10
    QTest.mouseMove(line, QPoint(line.width() + 40, middle))
    assert place(panel) == (0, "end")
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton, pos=QPoint(line.width(), middle))
    assert panel.view.transport.place.text() == f"{len(panel.stepper)} / {len(panel.stepper)}"
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_Left)
    assert panel.stepper.position == len(panel.stepper) - 2


def test_what_has_changed_is_marked(stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    panel.stepper.to_line(5)
    rows = [r for r in panel.view.values.values.rows if r.changed]
    assert [r.words for r in rows] == ["total is 0, changed"]
    panel.stepper.into()
    assert [r.words for r in panel.view.values.values.rows if r.changed] == ["k is 1, changed"]


def test_a_call_is_headed_by_its_arguments(stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    panel.stepper.to_line(2)
    rows = panel.view.values.values.rows
    assert rows[0].words == "area(w = 2, h = 2)"
    assert {r.variable.name for r in rows[1:3] if r.variable} == {"w", "h"}
    assert rows[3].words == "The block"


def test_go_to_where_a_name_changes(stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    panel.stepper.to_line(5)
    values = panel.view.values
    row = next(n for n, r in enumerate(values.values.rows) if r.variable is not None and r.variable.name == "total")
    menu = values.menu(values.values.index(row))
    assert menu is not None
    menu.actions()[0].trigger()
    assert shown_values(panel)["total"] == "4"
    menu.actions()[0].trigger()
    assert shown_values(panel)["total"] == "10"
    menu.actions()[0].trigger()
    assert panel.view.words.text() == "total does not change after this step."
    menu.actions()[1].trigger()
    assert shown_values(panel)["total"] == "4"


def test_the_turn_of_a_loop_is_chosen(stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    assert panel.view.loops.pickers() == []
    panel.stepper.to_line(6)
    (picker,) = panel.view.loops.pickers()
    assert (picker.value(), picker.maximum()) == (1, 3)
    picker.setValue(3)
    assert place(panel) == (6, "line")
    assert shown_values(panel)["k"] == "3"
    assert picker.accessibleName() == "Turn of the loop in line 5, of 3"


def test_output_stands_as_it_stood(stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    text = panel.view.output.text
    assert text.toPlainText() == ""
    panel.stepper.to_line(8)
    panel.stepper.into()
    assert text.toPlainText() == "1 0\n"
    panel.stepper.to_end()
    assert text.toPlainText() == "1 0\n2 4\n3 10\n"
    panel.stepper.into(False)
    panel.stepper.to_end(False)
    assert text.toPlainText() == ""


def test_of_a_long_output_the_latest_lines_are_shown(qtbot: QtBot) -> None:
    pane = OutputPane(load("dark"))
    qtbot.addWidget(pane)
    lines = [f"line {n}" for n in range(1, 5001)]
    for count in (3, 5000, 4999, 2, 3000):
        pane.show_output("\n".join(lines[:count]) + "\n", (), None)
        first, *shown = pane.text.toPlainText().rstrip("\n").split("\n")
        if count < 10:
            assert [first, *shown] == lines[:count]
        else:
            hidden = int(first.removeprefix("(").split(" ")[0].replace(",", ""))
            assert first == f"({hidden:,} lines printed before)"
            assert shown == lines[hidden:count]
            assert len(shown) >= 500


def test_figures_stand_as_they_stood(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    recording = recorded("a = 1\nb = 2\nc = 3")
    recording.figures = (Figure(CURVE, "", 400, 240, "a curve"),)
    for step in (2, 3):
        recording.columns["figures"][step] = 1
    services.recordings[0] = recording
    window = open_solution(qtbot, open_window, services)
    window.desk.open_card(0)
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    assert not panel.view.output.figure.isVisible()
    panel.stepper.to_end()
    assert panel.view.output.figure.isVisible()
    assert panel.view.output.figure.accessibleDescription() == "a curve"
    assert not panel.view.output.text.isVisible()
    panel.stepper.to_end(False)
    assert not panel.view.output.figure.isVisible()
    assert panel.view.output.text.isVisible()


@pytest.mark.parametrize("divided", [False, True])
def test_a_figure_has_room_until_the_user_divides_it(qtbot: QtBot, open_window: Open, divided: bool) -> None:
    services = ScriptedServices()
    recording = recorded("a = 1\nb = 2\nc = 3")
    recording.figures = (Figure(CURVE, "", 400, 240, "a curve"),)
    for step in (2, 3):
        recording.columns["figures"][step] = 1
    services.recordings[0] = recording
    window = open_solution(qtbot, open_window, services, width=800)
    window.desk.open_card(0)
    view = window.desk.panel.view
    until(lambda: len(window.desk.panel.stepper) > 0)
    known, output = view.right.sizes()
    assert output < (known + output) * 0.4
    if divided:
        view.right.moveSplitter(known - 10, 1)
    view.stepper.to_end()
    known, output = view.right.sizes()
    assert (output < (known + output) * 0.5) == divided


def test_an_error_stands_at_its_line_with_its_hint(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    services.recordings[0] = recorded("a = 3\nb = a - 3\nc = a / b\nprint(c)", hint="Something is divided by zero.")
    window = open_solution(qtbot, open_window, services)
    window.desk.open_card(0)
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    assert not panel.view.output.error.isVisible()
    press(window, "F8")
    assert place(panel) == (3, "error")
    assert panel.view.code.accessibleDescription() == "failed at line 3: c = a / b"
    assert panel.view.output.error.text() == "Something is divided by zero.\nZeroDivisionError: division by zero"
    press(window, "Shift+F7")
    assert not panel.view.output.error.isVisible()


def _has_width(widget: QWidget, width: int) -> bool:
    return widget.width() == width


def test_an_error_is_never_cut_off(qtbot: QtBot) -> None:
    pane = OutputPane(load("light"))
    qtbot.addWidget(pane)
    error = CodeError("NameError", "name 'sied' is not defined", 3, hint="Nothing called sied exists yet. " * 4)
    pane.resize(400, 120)
    pane.show()
    pane.show_output("", (), error)
    for width in (400, 240):
        pane.resize(width, 120)
        until(partial(_has_width, pane.error, width))
        assert pane.error.height() >= pane.error.heightForWidth(width)
    assert not pane.text.isVisible()
    pane.show_output("3\n", (), error)
    assert pane.text.isVisible()


def test_a_long_value_is_folded_and_opens(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    services.recordings[0] = recorded("text = 'word ' * 100\nend = 1")
    window = open_solution(qtbot, open_window, services)
    window.desk.open_card(0)
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    panel.stepper.to_end()
    values = panel.view.values
    index = values.values.index(0)
    folded = values.visualRect(index).height()
    values.setFocus()
    values.setCurrentIndex(index)
    QTest.keyClick(values, Qt.Key.Key_Return)
    values.doItemsLayout()
    assert values.visualRect(index).height() > 2 * folded
    QTest.keyClick(values, Qt.Key.Key_Return)
    values.doItemsLayout()
    assert values.visualRect(index).height() == folded


def test_a_line_is_worked_out_part_by_part(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    recording = recorded("area = 126\nh = 2 * area / 21\nprint(h)")
    for source, value in (("area", 126), ("2 * area", 252), ("2 * area / 21", 12.0)):
        kept = recording.columns.keep(variable("", value))
        recording.columns.note(1, noted_number(recording, 2, source), kept)
    services.recordings[0] = recording
    window = open_solution(qtbot, open_window, services)
    window.desk.open_card(0)
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    bar = panel.view.calculation
    assert not bar.isVisible()
    press(window, "F7")
    assert bar.isVisible()
    assert [s.text for s in bar.lines.stages] == ["2·area/21", "2·126/21", "252/21", "12"]
    bar.into.click()
    assert [s.text for s in bar.lines.stages] == ["2·area/21"]
    press(window, "F7")
    press(window, "F7")
    assert panel.view.words.text() == "2·126 is 252"
    assert bar.lines.accessibleName() == "h = 2·area/21 = 2·126/21 = 252/21"
    assert panel.stepper.position == 1
    press(window, "F7")
    press(window, "F7")
    assert panel.stepper.position == 2
    press(window, "Shift+F7")
    assert len(bar.lines.stages) == 4
    press(window, "Shift+F7")
    assert len(bar.lines.stages) == 3


def test_autoplay_walks_and_stops_at_a_breakpoint_and_at_the_end(qtbot: QtBot, stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    panel.view.transport.speed.setCurrentIndex(4)
    panel.stepper.toggle_breakpoint(5)
    with qtbot.waitSignal(panel.stepper.playing_changed, check_params_cb=lambda on: not on):
        press(stepping, "F5")
        assert panel.view.transport.buttons["play"].accessibleName() == "Pause"
    assert place(panel) == (5, "line")
    panel.stepper.toggle_breakpoint(5)
    panel.stepper.go(len(panel.stepper) - 3)
    with qtbot.waitSignal(panel.stepper.playing_changed, check_params_cb=lambda on: not on):
        press(stepping, "F5")
    assert place(panel) == (0, "end")


def test_every_step_is_said_in_words(stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    panel.stepper.to_line(5)
    assert panel.view.words.text() == "line 4: total becomes 0; next is line 5"
    assert panel.view.accessibleDescription() == panel.view.words.text()
    found = QAccessible.queryAccessibleInterface(panel.view.words)
    assert found is not None
    assert found.text(QAccessible.Text.Name) == panel.view.words.text()


def test_a_recording_can_be_cancelled_and_made_again(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices(hold_record=until_stopped)
    window = open_solution(qtbot, open_window, services)
    window.desk.open_card(1)
    panel = window.desk.panel
    assert panel.cancel_button.isVisible()
    assert panel.state.text().startswith("Running block 2 after block 1 once more in the sandbox")
    panel.cancel_button.click()
    assert panel.state.text() == "The recording was cancelled."
    services.hold_record = go_on
    panel.again_button.click()
    until(lambda: len(panel.stepper) > 0)
    assert panel.pages.currentWidget() is panel.view


def test_a_recording_that_fails_is_a_sentence(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices(fail_record="Code cannot be run on this computer.")
    window = open_solution(qtbot, open_window, services)
    window.desk.open_card(1)
    panel = window.desk.panel
    until(lambda: panel.again_button.isVisible())
    assert panel.state.text() == "Code cannot be run on this computer."
    assert len(panel.stepper) == 0


def test_another_block_is_chosen_in_the_panel(qtbot: QtBot, stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    panel.blocks.setCurrentIndex(0)
    panel.blocks.activated.emit(0)
    until(lambda: panel.view.code.toPlainText() == "start = 5")
    assert panel.blocks.currentText() == "Block 1 of 2"


def test_the_key_opens_the_code_that_is_being_read_and_escape_closes(qtbot: QtBot, open_window: Open) -> None:
    window = open_solution(qtbot, open_window, ScriptedServices())
    press(window, "Ctrl+F5")
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    assert panel.view.code.toPlainText() == "start = 5"
    press(panel.view.code, "Escape")
    assert not panel.isVisible()
    assert window.panels.isVisible()


def test_a_page_without_code_says_so(open_window: Open) -> None:
    window = open_window()
    window.desk.open_here()
    assert window.status.state.text() == "There is no code on the page to step through."
    assert not window.desk.panel.isVisible()


def test_another_solution_closes_the_panel(qtbot: QtBot, stepping: MainWindow) -> None:
    stepping.new_problem()
    assert not stepping.desk.panel.isVisible()
    assert len(stepping.desk.panel.stepper) == 0


def test_a_narrow_window_shows_the_panel_over_the_page(qtbot: QtBot, open_window: Open) -> None:
    window = open_solution(qtbot, open_window, ScriptedServices(), width=800)
    window.desk.open_card(0)
    until(lambda: len(window.desk.panel.stepper) > 0)
    assert window.panels.isHidden()
    window.desk.panel.close()
    assert window.panels.isVisible()


def test_width_and_place_are_remembered(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_solution(qtbot, open_window, services)
    window.desk.open_card(0)
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    window.resizeDocks([panel], [450], Qt.Orientation.Horizontal)
    until(lambda: panel.width() == 450)
    until(lambda: window.place.state.stepper_width == 450)
    panel.spread.click()
    assert window.panels.isHidden()
    assert window.place.state.stepper_spread
    panel.spread.click()
    assert window.panels.isVisible()
    assert not window.place.state.stepper_spread


def test_every_control_of_the_panel_has_a_name_and_is_reached_by_tab(stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    stepping.activateWindow()
    panel.blocks.setFocus()
    seen: list[QWidget] = []
    for _ in range(40):
        focus = stepping.focusWidget()
        assert focus is not None
        seen.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    view = panel.view
    wanted = [view.code, view.values, view.output.text, view.transport.timeline, *view.transport.buttons.values()]
    assert [w for w in seen if w in wanted][: len(wanted)] == wanted
    assert all(w.accessibleName() for w in (*wanted, panel.spread, panel.projector, panel.close_button))


def test_a_block_that_failed_can_be_stepped_through(open_window: Open) -> None:
    services = ScriptedServices()
    key = services.add("Sum", REPAIRED)
    window = open_window(services, 1300)
    window.saved.open(key)
    until(lambda: len(window.view.cards()) == 2)
    window.desk.open_card(0)
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    press(window, "F8")
    assert place(panel) == (1, "error")
    assert "name 'n' is not defined" in panel.view.output.error.text()


def test_projector_mode_is_one_key_and_has_the_same_keys(qtbot: QtBot, stepping: MainWindow) -> None:
    press(stepping, "F11")
    projector = stepping.desk.projector
    assert projector is not None
    until(projector.isActiveWindow)
    assert projector.isFullScreen()
    assert projector.view.code.isVisible()
    assert projector.view.values.isVisible()
    assert not projector.view.transport.isVisible()
    assert not projector.view.outputs.isVisible()  # without a figure values have its room
    before = stepping.desk.panel.stepper.position
    press(projector.view.code, "F7")
    QTest.keyClick(projector.view.code, Qt.Key.Key_Right)
    assert stepping.desk.panel.stepper.position == before + 2
    assert projector.view.code.line == stepping.desk.panel.view.code.line
    assert projector.view.code.font().pixelSize() > stepping.desk.panel.view.code.font().pixelSize()
    size = projector.view.code.font().pixelSize()
    press(projector.view.code, "Ctrl++")
    assert projector.view.code.font().pixelSize() > size
    press(projector.view.code, "Escape")
    assert not projector.isVisible()
    until(stepping.isActiveWindow)
    press(stepping, "F11")
    until(projector.isActiveWindow)
    press(projector, "F11")
    assert not projector.isVisible()


def test_what_if_runs_the_changed_code_and_says_what_came_out_differently(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_solution(qtbot, open_window, services)
    window.desk.open_card(0)
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    panel.what_if_button.click()
    assert panel.what_if.isVisible()
    (number,) = panel.what_if.numbers
    assert (number.parameter.name, number.field.text()) == ("start", "5")
    number.slider.setValue(number.slider.value() + 3)
    assert panel.view.code.toPlainText() == "start = 8"
    until(lambda: panel.stepper.recording.source == "start = 8")
    assert shown_values(panel) == {"start": "8", "originally": "5"}
    assert panel.what_if.differences.text() == "start: 5 \u2192 8"
    panel.view.code.setFocus()
    panel.view.code.selectAll()
    QTest.keyClicks(panel.view.code, "start = 1")
    panel.what_if.run_button.click()
    until(lambda: panel.what_if.differences.text() == "start: 5 \u2192 1")
    panel.what_if_button.click()
    assert panel.view.code.toPlainText() == "start = 5"
    assert panel.view.code.isReadOnly()
    assert panel.stepper.recording.source == "start = 5"
    assert window.view.page.transcript().solution[1] == Code("start = 5")


def test_watched_expressions_are_recorded_and_shown_first(qtbot: QtBot, stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    panel.stepper.to_line(5)
    panel.view.watch.setFocus()
    QTest.keyClicks(panel.view.watch, "total * 2")
    QTest.keyClick(panel.view.watch, Qt.Key.Key_Return)
    until(lambda: panel.stepper.recording.watches == ("total * 2",))
    assert place(panel) == (5, "line")
    rows = panel.view.values.values.rows
    assert rows[0].words == "Watched"
    assert rows[1].variable is not None
    assert rows[1].variable.name == "total * 2"
    menu = panel.view.values.menu(panel.view.values.values.index(1))
    assert menu is not None
    next(a for a in menu.actions() if a.text() == "Do not watch total * 2").trigger()
    until(lambda: panel.stepper.recording.watches == ())


def test_what_if_stands_beside_the_original(open_window: Open) -> None:
    services = ScriptedServices()
    key = services.add(
        "Sum", (Code("n = 2\ntotal = 0\nfor k in range(n):\n    total += k\nprint(total)"), Output("1\n"))
    )
    window = open_window(services, 1300)
    window.saved.open(key)
    until(lambda: len(window.view.cards()) == 1)
    window.desk.open_card(0)
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    view = panel.view
    assert not view.original_code.isVisible()
    panel.what_if_button.click()
    number = panel.what_if.numbers[0]
    number.slider.setValue(3)
    until(lambda: panel.stepper.beside is not None)
    assert view.original_code.toPlainText().startswith("n = 2")
    assert view.code.toPlainText().startswith("n = 3")
    assert [s.cursor.selectedText() for s in view.original_code.extraSelections()] == ["", "2"]
    assert [s.cursor.selectedText() for s in view.code.extraSelections()] == ["", "3"]
    rows = [r.words for r in view.values.values.rows]
    assert "n is 3" in rows
    assert rows[rows.index("n is 3") + 1] == "n is 2 in the original"
    assert "total is 1 in the original" in rows
    assert (view.original_output.text.toPlainText(), view.output.text.toPlainText()) == ("1\n", "3\n")
    panel.stepper.go(3)
    assert (view.code.line, view.original_code.line) == (4, 4)
    panel.stepper.to_line(4)
    panel.stepper.to_line(4)
    assert (view.code.line, view.original_code.line) == (4, 0)  # the original has no third turn
    assert not any(r.original_of for r in view.values.values.rows)
    panel.what_if.original_button.click()
    assert panel.stepper.beside is None
    assert not view.original_code.isVisible()
    assert not view.original_output.isVisible()
    assert not any(r.differs for r in view.values.values.rows)


def test_figures_of_both_runs_stand_side_by_side(qtbot: QtBot, stepping: MainWindow) -> None:
    panel = stepping.desk.panel
    original, changed = recorded("a = 1\nb = 2"), recorded("a = 3\nb = 2")
    for recording, alt in ((original, "a curve"), (changed, "a steeper curve")):
        recording.figures = (Figure(CURVE, "", 400, 240, alt),)
        recording.columns["figures"][-1] = 1
    panel.stepper.open(changed, Beside(changed, original))
    panel.stepper.to_end()
    views = (panel.view.original_output.figure, panel.view.output.figure)
    assert [v.accessibleDescription() for v in views] == ["a curve", "a steeper curve"]
    assert all(v.isVisible() for v in views)
    until(lambda: views[0].mapTo(stepping, QPoint()).x() < views[1].mapTo(stepping, QPoint()).x())


def test_typing_another_line_keeps_the_cursor_when_it_runs_again(qtbot: QtBot, open_window: Open) -> None:
    window = open_solution(qtbot, open_window, ScriptedServices())
    window.desk.open_card(0)
    panel = window.desk.panel
    until(lambda: len(panel.stepper) > 0)
    panel.what_if_button.click()
    code = panel.view.code
    code.setFocus()
    code.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClicks(code, " + 1")
    panel.what_if.run_button.click()
    until(lambda: panel.stepper.beside is not None)
    assert shown_values(panel)["start"] == "6"
    assert code.textCursor().position() == len("start = 5 + 1")


def test_of_a_deep_recursion_the_middle_calls_are_counted() -> None:
    frames = [Frame(0, "", 4, ()), *(Frame(n, "f", 2, (variable("n", n),)) for n in range(1, 1501))]
    rows = rows_of(frames, ())
    assert [(r.title, r.variable.text if r.variable else "") for r in rows[:3]] == [("f", ""), ("", "1500"), ("f", "")]
    assert [r.title for r in rows[-3:]] == ["", "1,300 more calls", "The block"]
    assert len(rows) == 2 * MOST_CALLS + 2


def test_small_mappings_and_tables_are_set_as_tables() -> None:
    ages = typeset_form(Variable("ages", "mapping", "{'ann': 12, 'bob': [7]}"))
    assert ages.latex == r"\begin{array}{r|l}\text{ann} & 12 \\ \text{bob} & \text{[7]}\end{array}"
    grid = typeset_form(Variable("grid", "sequence", "[['a', 1], ['b', -2]]"))
    assert grid.latex == r"\begin{array}{l|l}\text{a} & 1 \\ \text{b} & \text{-2}\end{array}"


def test_long_lines_are_wrapped_in_projector_mode_and_none_is_out_of_view(open_window: Open) -> None:
    source = "\n".join(f"name_{k} = {' + '.join(map(str, range(60)))}" for k in range(12))
    parts = (Text("We add."), Code(source), Output(stdout="1\n"), Answer("1"))
    services = ScriptedServices()
    window = open_window(services, 1300)
    window.saved.open(services.add("Add.", parts))
    until(lambda: len(window.view.cards()) == 1)
    window.desk.open_card(0)
    until(lambda: len(window.desk.panel.stepper) > 0)
    window.desk.toggle_projector()
    projector = window.desk.projector
    assert projector is not None
    code = projector.view.code
    code.show_line(12)
    line = code.document().findBlockByNumber(11)
    assert line.lineCount() > 1
    assert code.horizontalScrollBar().maximum() == 0
    assert 12 in [number for number, _, _ in code.visible_lines()]
    projector.close()


def test_a_calculation_too_high_for_its_room_shares_lines(qtbot: QtBot, open_window: Open) -> None:
    calculation = Calculation(open_window().formulas, load("light"))
    qtbot.addWidget(calculation)
    calculation.resize(600, 400)
    stages = tuple(Stage(f"{k} + 1", rf"\frac{{{k}}}{{2}} + 1") for k in range(5))
    calculation.show_stages(Unfolding("x", stages, True), 5)
    alone = calculation.content_height()
    calculation.set_room(alone / 2)
    assert calculation.content_height() < alone / 2
    calculation.set_room(alone)
    assert calculation.content_height() == alone
