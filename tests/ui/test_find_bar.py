from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import QUADRATIC, REPAIRED, ScriptedServices
from tests.windows import FormulasNow, until_done
from tutor_app.core.events import TextDelta
from tutor_app.core.parts import Code, Output, Text
from tutor_app.core.transcript import Transcript
from tutor_app.render import theme
from tutor_app.render.document import DocumentBuilder
from tutor_app.render.sources import source
from tutor_app.ui.page.find_bar import MAX_MARKS, matches
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]


@pytest.fixture
def page(qapp: QApplication, formulas_now: FormulasNow) -> Callable[[Transcript], QTextDocument]:
    kept: list[object] = []

    def make(transcript: Transcript) -> QTextDocument:
        document = QTextDocument()
        document.setTextWidth(700)
        builder = DocumentBuilder(document, theme.load("light"), formulas_now)
        builder.build(transcript)
        kept.append(builder)
        return document

    return make


def found(document: QTextDocument, query: str) -> list[str]:
    out = []
    for first, last in matches(document, query):
        block = document.findBlock(first)
        assert first >= block.position()
        assert last <= block.position() + block.length() - 1
        out.append(document.characterAt(first) if last == first + 1 else source(block))
    return out


def test_words_code_outputs_and_formulas_are_found(page: Callable[[Transcript], QTextDocument]) -> None:
    document = page(Transcript.of("Let $f(x) = x^2$ be given.", *QUADRATIC))
    assert len(matches(document, "ROOTS")) == 5  # prose, a name, an f-string twice, an output
    assert found(document, "sqrt{5^2")[0] == "\ufffc"
    assert len(matches(document, "x^2 - 5x")) == 2
    assert len(matches(document, "of $f(x) = x")) == 1  # words and the formula after them
    assert matches(document, "nowhere") == []
    assert matches(document, "  ") == []


def test_a_formula_with_two_matches_is_one(page: Callable[[Transcript], QTextDocument]) -> None:
    assert len(matches(page(Transcript.of("$aa + aa$ and aa")), "aa")) == 2


def test_positions_are_right_behind_wide_characters(page: Callable[[Transcript], QTextDocument]) -> None:
    document = page(Transcript.of("\U0001f600\u0130 $x$ needle"))
    ((first, last),) = matches(document, "Needle")
    assert document.toPlainText()[0] != "n"
    cursor_text = document.findBlock(first).text().encode("utf-16-le")
    block = document.findBlock(first).position()
    assert cursor_text[2 * (first - block) : 2 * (last - block)].decode("utf-16-le") == "needle"


def opened(qtbot: QtBot, open_window: Open, *parts: object) -> MainWindow:
    services = ScriptedServices()
    key = services.add("Sum", parts or REPAIRED)  # type: ignore[arg-type]
    window = open_window(services)
    window.saved.open(key)
    until(lambda: not window.view.page.is_empty)
    until_done(qtbot, window)
    return window


def test_keys_open_go_round_and_close(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window)
    window.view.setFocus()
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    bar = window.finder
    assert bar.isVisible()
    assert bar.edit.hasFocus()
    QTest.keyClicks(bar.edit, "total")
    assert bar.count.text() == "1 of 5"
    QTest.keyClick(bar.edit, Qt.Key.Key_Return)
    assert bar.count.text() == "2 of 5"
    QTest.keyClick(bar.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(bar.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert bar.count.text() == "5 of 5"
    QTest.keyClick(window, Qt.Key.Key_F3)
    assert bar.count.text() == "1 of 5"
    QTest.keyClick(window, Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert bar.count.text() == "5 of 5"
    bar.edit.setText("nothing like it")
    assert bar.count.text() == "No match"
    assert not bar.next.isEnabled()
    bar.edit.setText("total")
    QTest.keyClick(bar.edit, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert window.view.hasFocus()
    assert window.view.textCursor().selectedText() == "total"
    assert window.view.extraSelections() == []


def test_what_is_selected_is_searched(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window)
    window.view.setTextCursor(window.view.document().find("range"))
    window.finder.open()
    assert window.finder.edit.text() == "range"
    assert window.finder.count.text() == "1 of 3"
    assert not window.view.textCursor().hasSelection()  # its colours would hide those of the match


def test_a_match_in_a_folded_block_opens_it(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window)
    window.change_settings(hide_code=True, hide_outputs=True)
    window.finder.open()
    window.finder.edit.setText("385")
    assert window.finder.count.text() == "1 of 3"
    assert not window.view.folding.is_folded(1, "output")
    assert window.view.folding.is_folded(1, "code")
    assert window.view.folding.is_folded(0, "output")
    window.finder.edit.setText("n = 10")
    window.finder.step(1)
    assert not window.view.folding.is_folded(1, "code")
    window.finder.leave()
    window.show_answer_only(True)
    window.finder.open()
    window.finder.edit.setText("directly")
    assert not window.view.folding.answer_only
    assert not window.menus.answer_only.isChecked()


def test_a_match_far_away_is_brought_into_view(qtbot: QtBot, open_window: Open) -> None:
    text = "\n\n".join(f"Paragraph {i} of many." for i in range(200))
    window = opened(qtbot, open_window, Text(text))
    window.finder.open()
    window.finder.edit.setText("paragraph 150 ")
    first, last = window.finder.found[0]
    (rect,) = window.view.marks.rects(first, last)
    assert 0 < rect.top() < window.view.viewport().height() - 40
    window.finder.edit.setText("paragraph")
    assert window.finder.count.text().endswith("of 200")


def test_the_search_follows_a_growing_solution(open_window: Open) -> None:
    window = open_window()
    window.view.begin("p")
    window.view.feed([TextDelta("needle one\n\nand ")])
    window.pages.setCurrentWidget(window.view)
    window.finder.open()
    window.finder.edit.setText("needle")
    assert window.finder.count.text() == "1 of 1"
    window.view.feed([TextDelta("another needle\n\nand a $needle$")])
    until(lambda: window.finder.count.text() == "1 of 3")
    window.finder.leave()


@pytest.mark.parametrize("name", ["light", "dark"])
def test_marks_can_be_seen_and_read(name: Literal["light", "dark"]) -> None:
    t = theme.load(name)
    assert contrast(t.color("ink"), t.color("mark")) >= 4.5
    assert contrast(t.color("mark_ink"), t.color("mark_here")) >= 4.5
    assert contrast(t.color("mark"), t.color("mark_here")) >= 1.8


def contrast(a: QColor, b: QColor) -> float:
    """Contrast ratio of the Web Content Accessibility Guidelines."""

    def luminance(c: QColor) -> float:
        parts = [c.redF(), c.greenF(), c.blueF()]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_current_match_is_painted_in_its_colour(qtbot: QtBot, open_window: Open) -> None:
    window = opened(qtbot, open_window, Text("Here is $\\sqrt{2}$ and there is $\\sqrt{3}$."))
    window.finder.open()
    window.finder.edit.setText("\\sqrt")
    image = window.view.viewport().grab().toImage()
    for n, color in ((0, "mark_here"), (1, "mark")):
        (rect,) = window.view.marks.rects(*window.finder.found[n])
        corner = image.pixelColor(int(rect.left() + 4), int(rect.top() + 2))
        assert corner == window.theme.color(color)


def test_thousands_of_matches(qtbot: QtBot, open_window: Open) -> None:
    lines = "\n".join("e e e e e e e e e e" for _ in range(250))
    window = opened(qtbot, open_window, Code("print()"), Output(stdout=lines))
    window.finder.open()
    window.finder.edit.setText("e")
    total = len(window.finder.found)
    assert total >= 2500
    assert window.finder.count.text() == f"1 of {total}"
    assert len(window.view.extraSelections()) == MAX_MARKS
    window.finder.step(-1)
    assert window.finder.count.text() == f"{total} of {total}"
