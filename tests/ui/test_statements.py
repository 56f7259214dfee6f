from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tutor_app.core.claims import Claim
from tutor_app.core.events import (
    AnswerFound,
    ClaimsFound,
    EndReason,
    Finished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
    Usage,
)
from tutor_app.core.parts import Answer, Part, Text
from tutor_app.core.transcript import Transcript
from tutor_app.render import theme
from tutor_app.render.statements import false_spans
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.page.statement_list import StatementList
from tutor_app.ui.page.transcript_view import TranscriptView

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", "support raise")

WORDS = "So $435 \\div 48 = 9.575$ buses, and 2 + 2 = 4. Then 1/3 = 0.33, and f(2) = 9.\n\nAlso 3 * 4 = 13."
FALSE = Claim(4, 23, "435 \\div 48 = 9.575", "false", "9.0625", "arithmetic")
TRUE = Claim(36, 45, "2 + 2 = 4", "true")
ROUNDED = Claim(52, 62, "1/3 = 0.33", "rounded", "1/3")
UNCHECKED = Claim(68, 76, "f(2) = 9", "unchecked", "", "function")
LATER = Claim(84, 94, "3 * 4 = 13", "false", "12", "arithmetic")
ALL = (FALSE, TRUE, ROUNDED, UNCHECKED, LATER)
TEXT = Text(WORDS, claims=ALL)


@pytest.fixture
def formulas(qtbot: QtBot) -> Iterator[Formulas]:
    bridge = Bridge()
    yield Formulas(bridge, bridge)
    assert bridge.close()
    bridge.deleteLater()


@pytest.fixture
def view(qtbot: QtBot, formulas: Formulas) -> Iterator[TranscriptView]:
    made = TranscriptView(formulas, theme.load("light"))
    made.resize(800, 400)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
    made.deleteLater()


def show(qtbot: QtBot, view: TranscriptView, formulas: Formulas) -> None:
    """Show the example, all of it typeset."""
    view.show_transcript(Transcript.of("p", TEXT, Answer("10")))
    until(lambda: formulas.pending == 0)


def underlined(view: TranscriptView) -> list[str]:
    spans = false_spans(view.document(), range(len(view.page.parts())))
    return [key for key, _, _ in spans]


def control(view: TranscriptView, key: str) -> QAbstractButton:
    found = view.statement_control(key)
    assert found is not None
    return found


def focused() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def ending(*parts: Part) -> Finished:
    return Finished(EndReason.ANSWERED, Transcript.of("p", *parts), Usage())


def test_the_places_of_the_claims_in_the_examples_are_right() -> None:
    assert all(WORDS[c.start : c.end] == c.text for c in ALL)


def test_what_is_false_is_underlined_while_the_solution_streams(view: TranscriptView) -> None:
    view.begin("How many buses?")
    first, rest = WORDS.split("\n\n")
    view.feed([TextDelta(first[:40]), TextDelta(first[40:] + "\n")])
    assert underlined(view) == []
    document = view.document()
    view.feed([ClaimsFound(0, (FALSE, TRUE, ROUNDED))])
    assert underlined(view) == ["0:0"]
    for letter in "\n" + rest:  # what is being written is written anew again and again
        view.feed([TextDelta(letter)])
        assert underlined(view) == ["0:0"]
    view.feed([ClaimsFound(0, ALL), AnswerFound(Answer("10"))])
    assert underlined(view) == ["0:0", "0:4"]
    assert control(view, "").accessibleName() == "4 of 5 statements checked, 2 false."
    view.feed([ending(TEXT, Answer("10"))])
    assert underlined(view) == ["0:0", "0:4"]
    assert view.document() is document  # the page was never written anew


def test_the_tally_follows_what_is_found_after_the_answer(view: TranscriptView) -> None:
    view.begin("p")
    view.feed([TextDelta("It is 2 + 2 = 4."), AnswerFound(Answer("4"))])
    assert view.statement_control("") is None
    view.feed([ClaimsFound(0, (Claim(6, 15, "2 + 2 = 4", "true"),))])
    view.feed([Finished(EndReason.ANSWERED, Transcript.of("p"), Usage())])
    assert control(view, "").accessibleName() == "1 of 1 statement checked, all true."
    assert view.toPlainText().count("statement checked") == 1


def test_words_that_turn_out_to_be_a_thought_lose_their_mark(view: TranscriptView) -> None:
    view.begin("p")
    view.feed([TextDelta("Hm, 1 + 1 = 3.\n"), ClaimsFound(0, (Claim(4, 13, "1 + 1 = 3", "false", "2"),))])
    assert underlined(view) == ["0:0"]
    events: list[SolveEvent] = [ThoughtEnded(before=True), TextDelta("It is 1 + 1 = 2.")]
    view.feed(events)
    assert underlined(view) == []
    view.feed([ThoughtDelta("more"), ThoughtEnded()])
    assert underlined(view) == []


def test_a_retracted_verdict_takes_its_mark_away(view: TranscriptView) -> None:
    view.begin("p")
    said = Claim(0, 9, "1 + 1 = 3", "false", "2")
    view.feed([TextDelta("1 + 1 = 3 mod 1.\n"), ClaimsFound(0, (said,))])
    assert underlined(view) == ["0:0"]
    view.feed([ClaimsFound(0, ())])
    assert underlined(view) == []
    assert view.statement_control("0:0") is None


def test_a_formula_that_becomes_ready_keeps_its_mark(qtbot: QtBot, view: TranscriptView, formulas: Formulas) -> None:
    view.show_transcript(Transcript.of("p", TEXT))
    assert underlined(view) == ["0:0", "0:4"]
    until(lambda: formulas.pending == 0)
    ((key, first, last), _) = false_spans(view.document(), [0])
    assert (key, view.toPlainText()[first:last]) == ("0:0", "\ufffc")


def test_a_saved_solution_has_its_marks_at_once_and_keeps_them(view: TranscriptView) -> None:
    view.show_transcript(Transcript.of("p", TEXT, Answer("10")))
    assert underlined(view) == ["0:0", "0:4"]
    view.set_theme(theme.load("dark"))
    view.set_size(24)
    assert underlined(view) == ["0:0", "0:4"]
    view.clear_all()
    assert view.statement_control("0:0") is None
    assert view.statement_control("") is None


def test_what_is_found_of_a_shown_solution_is_marked_where_it_stands(view: TranscriptView) -> None:
    view.show_transcript(Transcript.of("p", Text(WORDS), Answer("10")))
    document = view.document()
    assert underlined(view) == []
    view.take_claims(Transcript.of("another", TEXT, Answer("10")))
    view.take_claims(Transcript.of("p", TEXT, Answer("11")))
    assert underlined(view) == []
    view.take_claims(Transcript.of("p", TEXT, Answer("10")))
    assert underlined(view) == ["0:0", "0:4"]
    assert control(view, "").accessibleName() == "4 of 5 statements checked, 2 false."
    assert view.document() is document
    view.set_size(24)
    assert underlined(view) == ["0:0", "0:4"]


def test_nothing_is_shown_where_all_is_well(view: TranscriptView) -> None:
    view.show_transcript(Transcript.of("p", Text("So 2 + 2 = 4.", claims=(Claim(3, 12, "2 + 2 = 4", "true"),))))
    assert underlined(view) == []
    assert view.page.false == ()


def test_the_tab_key_reaches_each_false_statement_and_says_what_is_right(qtbot: QtBot, view: TranscriptView) -> None:
    view.show_transcript(Transcript.of("p", TEXT, Answer("10")))
    view.activateWindow()
    view.setFocus()
    until(view.hasFocus)
    said = []
    for right in ("False: 435 \u00f7 48 = 9.575: it is 9.0625", "False: 3 * 4 = 13: it is 12", ""):
        QTest.keyClick(focused(), Qt.Key.Key_Tab)
        said.append(focused().accessibleName())
        until(lambda right=right: QToolTip.text() == right)  # type: ignore[misc]
    assert said == [
        "False statement: 435 divided by 48 equals 9.575: it is 9.0625",
        "False statement: 3 * 4 = 13: it is 12",
        "4 of 5 statements checked, 2 false.",
    ]


def test_what_is_right_stays_beside_it_once_qt_has_told_the_style_of_the_focus(view: TranscriptView) -> None:
    view.show_transcript(Transcript.of("p", TEXT, Answer("10")))
    view.activateWindow()
    view.setFocus()
    until(view.hasFocus)
    QTest.keyClick(view, Qt.Key.Key_Tab)
    QApplication.sendEvent(view.style(), QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    until(lambda: QToolTip.text() == "False: 435 \u00f7 48 = 9.575: it is 9.0625")


def test_a_false_statement_beyond_the_edge_is_brought_into_sight(qtbot: QtBot, view: TranscriptView) -> None:
    filler = "\n\n".join(f"Line {n} of many." for n in range(60))
    claim = Claim(len(filler) + 2, len(filler) + 11, "1 + 1 = 3", "false", "2")
    view.show_transcript(Transcript.of("p", Text(f"{filler}\n\n1 + 1 = 3", claims=(claim,))))
    assert view.verticalScrollBar().value() == 0
    control(view, "0:0").setFocus(Qt.FocusReason.TabFocusReason)
    assert view.verticalScrollBar().value() > 0
    assert view.viewport().rect().contains(control(view, "0:0").geometry())


def test_the_mouse_over_a_false_statement_shows_what_is_right(qtbot: QtBot, view: TranscriptView) -> None:
    view.show_transcript(Transcript.of("p", TEXT, Answer("10")))
    box = control(view, "0:4").geometry()
    at = box.center()
    QApplication.sendEvent(view.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, view.viewport().mapToGlobal(at)))
    assert QToolTip.text() == "False: 3 * 4 = 13: it is 12"
    # The text below is still selected by the mouse.
    assert control(view, "0:4").testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def test_folded_away_it_cannot_be_reached(view: TranscriptView) -> None:
    view.show_transcript(Transcript.of("p", TEXT, Answer("10")))
    view.show_answer_only(True)
    assert view.statement_control("0:0") is None
    assert view.statement_control("") is not None
    view.show_answer_only(False)
    assert view.statement_control("0:0") is not None


@pytest.fixture
def listing(view: TranscriptView) -> Iterator[StatementList]:
    made = StatementList(view, theme.load("light"))
    view.statements_asked.connect(made.open_at)
    yield made
    made.close()
    made.deleteLater()


def test_the_tally_opens_a_list_of_all_statements(view: TranscriptView, listing: StatementList) -> None:
    view.show_transcript(Transcript.of("p", TEXT, Answer("10")))
    control(view, "").click()
    assert listing.isVisible()
    assert listing.tally.text() == "4 of 5 statements checked, 2 false."
    assert listing.lines() == [
        "✗ 435 ÷ 48 = 9.575: it is 9.0625",
        "✓ 2 + 2 = 4",
        "≈ 1/3 = 0.33: it is 1/3",
        "· f(2) = 9 (not checked: a function that is not known)",
        "✗ 3 * 4 = 13: it is 12",
    ]
    listing.kind.setCurrentIndex(4)
    assert listing.lines() == ["· f(2) = 9 (not checked: a function that is not known)"]
    assert listing.kind.itemText(1) == "False (2)"


def test_each_line_of_the_list_leads_to_its_place(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas, listing: StatementList
) -> None:
    show(qtbot, view, formulas)
    listing.open_at("0:4")
    assert view.selected_source() == "3 * 4 = 13"
    chosen = []
    for row in range(4):
        listing.list.setCurrentRow(row)
        chosen.append(view.selected_source())
    assert chosen == ["$435 \\div 48 = 9.575$", "2 + 2 = 4", "1/3 = 0.33", "f(2) = 9"]


def test_the_list_unfolds_what_hides_its_statement(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas, listing: StatementList
) -> None:
    view.answer_only_left.connect(lambda: view.show_answer_only(False))
    show(qtbot, view, formulas)
    view.show_answer_only(True)
    listing.open_at("0:0")
    assert not view.folding.answer_only
    assert view.selected_source() == "$435 \\div 48 = 9.575$"


def test_an_opened_list_marks_its_first_line_and_leaves_the_page_where_it_is(
    qtbot: QtBot, view: TranscriptView, formulas: Formulas, listing: StatementList
) -> None:
    show(qtbot, view, formulas)
    listing.open_at("")
    until(listing.list.hasFocus)
    assert [item.text() for item in listing.list.selectedItems()] == listing.lines()[:1]
    assert view.selected_source() == ""
    QTest.keyClick(listing.list, Qt.Key.Key_Return)
    assert view.selected_source() == "$435 \\div 48 = 9.575$"
    QTest.keyClick(listing.list, Qt.Key.Key_Down)
    assert view.selected_source() == "2 + 2 = 4"


def test_the_list_follows_the_page(view: TranscriptView, listing: StatementList) -> None:
    view.begin("p")
    listing.open_at("")
    assert listing.lines() == []
    assert listing.tally.text() == "No statement that can be checked."
    view.feed([TextDelta("It is 2 + 2 = 4.\n"), ClaimsFound(0, (Claim(6, 15, "2 + 2 = 4", "true"),))])
    assert listing.lines() == ["✓ 2 + 2 = 4"]
    view.clear_all()
    assert not listing.isVisible()
