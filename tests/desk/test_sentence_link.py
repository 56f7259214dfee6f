from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import ScriptedServices
from tutor_app.core.parts import Answer, Code, Output, Part, Text
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]

PARTS: tuple[Part, ...] = (
    Text(
        "We go on like this:\n\n1. Take the **width** $w = 3$.\n"
        "2. Multiply it by $\\frac{3}{2}$ metres.\n\nThat is all."
    ),
    Code("import math\n# 1. the width\nw = 3\n# 2. multiply\na = w * 1.5\nprint(a)"),
    Output(stdout="4.5\n"),
    Text("The garden is a rectangle. Its *area* is the width times the height."),
    Code("width = 3\nheight = 4\narea = width * height"),
    Output(),
    Text("Roses are red. Violets are blue."),
    Code("roses = 1"),
    Output(),
    Answer("4.5"),
)


def opened(qtbot: QtBot, open_window: Open, card: int) -> MainWindow:
    services = ScriptedServices()
    key = services.add("Garden", PARTS)
    window = open_window(services, 1300)
    window.saved.open(key)
    until(lambda: len(window.view.cards()) == 3)
    window.desk.open_card(card)
    until(lambda: len(window.desk.panel.stepper) > 0)
    return window


def marked(window: MainWindow) -> list[str]:
    found = []
    for mark in window.view.marks.linked:
        cursor = QTextCursor(window.view.document())
        cursor.setPosition(mark.first)
        cursor.setPosition(mark.last, QTextCursor.MoveMode.KeepAnchor)
        found.append("".join(c if c != "\ufffc" else "*" for c in cursor.selectedText()))
    return found


def test_the_sentence_follows_the_step_and_is_marked_on_the_page(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, 0)
    panel = window.desk.panel
    assert panel.announced.isVisible()
    panel.stepper.to_line(3)
    assert panel.announced.accessibleName().startswith("Announces lines 2 to 3: ")
    assert panel.view.code.linked == range(2, 4)
    (words,) = marked(window)
    assert words.startswith("Take the width")
    panel.stepper.to_line(5)
    assert panel.view.code.linked == range(4, 7)
    (words,) = marked(window)
    assert words.startswith("Multiply it by")
    panel.stepper.to_end(False)
    assert panel.view.code.linked == range(4, 7)  # nothing announced line 1
    panel.close()
    assert marked(window) == []


def test_a_sentence_of_the_page_shows_its_lines(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, 0)
    panel = window.desk.panel
    panel.stepper.to_line(3)
    window.view.setFocus()
    found = window.view.document().find("Multiply it")
    found.clearSelection()
    window.view.setTextCursor(found)
    assert panel.view.code.linked == range(4, 7)
    panel.view.code.setFocus()
    panel.view.code.put_cursor(2)
    assert panel.view.code.linked == range(2, 4)


def test_a_whole_block_is_announced_by_one_sentence(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, 1)
    panel = window.desk.panel
    assert marked(window) == ["Its area is the width times the height"]
    assert panel.view.code.linked == range(1, 4)
    window.view.verticalScrollBar().setValue(0)
    QTest.mouseClick(panel.announced, Qt.MouseButton.LeftButton)
    rects = window.view.marks.rects(window.view.marks.linked[0].first, window.view.marks.linked[0].last)
    assert rects
    assert 0 <= rects[0].top() < window.view.viewport().height()


def test_nothing_is_shown_where_nothing_is_plain(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, 2)
    assert not window.desk.panel.announced.isVisible()
    assert marked(window) == []
    assert window.desk.panel.view.code.linked == range(0)


def test_the_mark_stays_when_the_page_is_written_anew(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, 1)
    window.zoom(1)
    assert marked(window) == ["Its area is the width times the height"]
