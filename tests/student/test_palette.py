"""Symbols and templates put into the problem, by mouse and by their names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import ScriptedServices
from tutor_app.student.inserting import in_formula
from tutor_app.student.symbols import ALL, SLOT, completions, matrix
from tutor_app.text.typing import read_typed
from tutor_app.window.window import MainWindow

Open = Callable[..., MainWindow]


@pytest.fixture
def window(qtbot: QtBot, open_window: Open) -> MainWindow:
    made = open_window(ScriptedServices())
    made.box.edit.setFocus()
    return made


def click(window: MainWindow, said: str) -> None:
    palette = window.student.palette
    buttons = [b for group in palette.symbols.values() for b in group]
    button = next(b for b in buttons if b.accessibleName() == said)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert QApplication.focusWidget() is window.box.edit


def keys(window: MainWindow, *typed: str | Qt.Key) -> None:
    for one in typed:
        if isinstance(one, str):
            QTest.keyClicks(window.box.edit, one)
        else:
            QTest.keyClick(window.box.edit, one)


def test_the_palette_comes_and_goes(window: MainWindow) -> None:
    student = window.student
    assert not student.palette.isVisible()
    student.palette_button.click()
    assert student.palette.isVisible()
    assert QApplication.focusWidget() is window.box.edit
    QTest.keyClick(window.box.edit, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert not student.palette.isVisible()


def test_a_template_is_filled_in_place_by_place(window: MainWindow) -> None:
    window.student.palette_button.click()
    click(window, "fraction")
    assert window.box.text == "()/()"
    keys(window, "x+1", Qt.Key.Key_Tab, "2", Qt.Key.Key_Tab, " = 3")
    assert window.box.text == "(x+1)/(2) = 3"
    assert QApplication.focusWidget() is window.box.edit
    keys(window, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is not window.box.edit


def test_what_is_selected_goes_into_the_template(window: MainWindow) -> None:
    window.student.palette_button.click()
    window.box.set_text("x + 1")
    window.box.edit.selectAll()
    click(window, "square root")
    assert window.box.text == "sqrt(x + 1)"
    window.box.edit.undo()
    assert window.box.text == "x + 1"


def test_tab_leaves_the_box_once_the_template_was_left(window: MainWindow) -> None:
    window.student.palette_button.click()
    window.box.set_text("a ")
    click(window, "fraction")
    keys(window, Qt.Key.Key_Home, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is not window.box.edit


def test_signs_and_greek(window: MainWindow) -> None:
    student = window.student
    student.palette_button.click()
    student.palette.groups["Signs"].click()
    click(window, "less than or equal")
    student.palette.groups["Greek"].click()
    click(window, "pi")
    assert window.box.text == "\u2264\u03c0"
    window.box.set_text("$2$")
    keys(window, Qt.Key.Key_Left)
    click(window, "pi")
    assert window.box.text == "$2\\pi $"


def test_a_matrix_by_a_small_grid(window: MainWindow) -> None:
    student = window.student
    student.palette_button.click()
    assert not student.palette.grid.isVisible()
    click(window, "matrix")
    assert student.palette.grid.isVisible()
    QTest.mouseClick(student.palette.grid, Qt.MouseButton.LeftButton, pos=QPoint(40, 24))  # third column, second row
    assert window.box.text == r"$\begin{pmatrix}  &  &  \\  &  &  \end{pmatrix}$"
    keys(window, "1", Qt.Key.Key_Tab, "2", Qt.Key.Key_Tab, "3", Qt.Key.Key_Tab, "4")
    assert window.box.text == r"$\begin{pmatrix} 1 & 2 & 3 \\ 4 &  &  \end{pmatrix}$"
    assert not student.palette.grid.isVisible()


def test_beside_the_cells_of_the_grid_nothing_is_chosen(window: MainWindow) -> None:
    window.student.palette_button.click()
    click(window, "matrix")
    grid = window.student.palette.grid
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=QPoint(grid.width() - 20, 10))
    assert window.box.text == ""
    assert grid.isVisible()


def test_one_row_is_no_rows() -> None:
    assert [matrix(*size).spoken for size in ((1, 3), (3, 1), (2, 2))] == [
        "matrix of 1 row and 3 columns",
        "matrix of 3 rows and 1 column",
        "matrix of 2 rows and 2 columns",
    ]


def test_escape_closes_the_sizes_and_then_the_palette(window: MainWindow) -> None:
    student = window.student
    student.palette_button.click()
    click(window, "matrix")
    keys(window, Qt.Key.Key_Escape)
    assert not student.palette.grid.isVisible()
    assert student.palette.isVisible()
    keys(window, "\\al", Qt.Key.Key_Escape)
    assert student.palette.isVisible()  # that one closed the names
    keys(window, Qt.Key.Key_Escape)
    assert not student.palette.isVisible()
    assert not student.palette_button.isChecked()
    assert QApplication.focusWidget() is window.box.edit


def test_names_are_completed_in_own_lines_too(window: MainWindow) -> None:
    window.student.show_work()
    edit = window.student.work_page.edit
    edit.setFocus()
    QTest.keyClicks(edit, "\\le")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.toPlainText() == "\u2264"


def test_a_backslash_completes_names(window: MainWindow) -> None:
    names = window.student.inserter.names
    keys(window, "2\\")
    assert not names.isVisible()
    keys(window, "pi")
    assert names.isVisible()
    assert names.item(0).text().endswith("pi")
    assert QApplication.focusWidget() is window.box.edit
    keys(window, Qt.Key.Key_Return)
    assert window.box.text == "2\u03c0"
    assert not names.isVisible()
    keys(window, "\\fr", Qt.Key.Key_Tab, "1", Qt.Key.Key_Tab, "2")
    assert window.box.text == "2\u03c0(1)/(2)"


def test_another_name_is_chosen_by_the_arrows_and_escape_leaves_what_is_typed(window: MainWindow) -> None:
    names = window.student.inserter.names
    keys(window, "\\p")
    assert [names.item(n).text().split("\\")[1].split()[0] for n in range(3)] == ["pi", "pm", "psi"]
    keys(window, Qt.Key.Key_Down, Qt.Key.Key_Return)
    assert window.box.text == "\u00b1"
    keys(window, "\\al", Qt.Key.Key_Escape)
    assert not names.isVisible()
    assert window.box.text == "\u00b1\\al"
    keys(window, Qt.Key.Key_Return)
    assert window.box.text == "\u00b1\\al\n"


def test_names_are_completed_in_questions_too(qtbot: QtBot, window: MainWindow) -> None:
    window.box.set_text("p")
    window.solve()
    until(lambda: not window.bridge.busy)
    edit = window.panels.ask.edit
    edit.setFocus()
    QTest.keyClicks(edit, "\\alpha")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert edit.toPlainText() == "\u03b1"


def test_names_that_fit() -> None:
    assert [s.name for s in completions("al")] == ["alpha"]
    assert [s.name for s in completions("ma")][:2] == ["matrix2x1", "matrix2x2"]
    assert [s.name for s in completions("matrix4x5")] == ["matrix4x5"]
    assert completions("matrix9x9") == completions("nothing") == []
    assert len({s.name for s in ALL}) == len(ALL)
    assert matrix(1, 2).latex == rf"\begin{{pmatrix}} {SLOT} & {SLOT} \end{{pmatrix}}"


@pytest.mark.parametrize(
    ("text", "at", "inside"),
    [
        ("a", 1, False),
        ("$a$", 1, True),
        ("$a$", 3, False),
        ("$x + ", 5, True),
        ("It costs $5, ", 13, False),
        ("", 0, False),
    ],
)
def test_where_a_formula_is(text: str, at: int, inside: bool) -> None:
    assert in_formula(text, at) is inside


def test_every_template_is_read_as_a_formula_when_it_is_filled_in() -> None:
    templates = [symbol for symbol in ALL if SLOT in symbol.plain]
    assert templates
    for symbol in templates:
        filled = ("x" if symbol.name in ("power", "sub") else "") + symbol.plain.replace(SLOT, "3")
        assert read_typed(filled).formulas, filled
