"""The number boxes of the settings, the status line and the cards of the start page."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tutor_app.core.settings import Settings
from tutor_app.core.values import Entry, Sample
from tutor_app.render import theme as themes
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.status_line import StatusLine
from tutor_app.window.dialogs.samples import LEVELS, SampleCard
from tutor_app.window.dialogs.settings import NumberBox, SettingsDialog
from tutor_app.window.history_panel import EntryModel

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.mark.parametrize("language", ["de_DE", "en_US", "fr_FR", "de_CH", "pt_BR", "C"])
@pytest.mark.parametrize(("typed", "value"), [("0.65", 0.65), ("0,65", 0.65), ("1.", 1.0), ("0", 0.0), (".5", 0.5)])
def test_point_and_comma_are_both_the_decimal_sign(qtbot: QtBot, language: str, typed: str, value: float) -> None:
    dialog = SettingsDialog(Settings(temperature=0.3))
    qtbot.addWidget(dialog)
    box = dialog.controls["temperature"]
    assert isinstance(box, NumberBox)
    box.setLocale(QLocale(language))
    box.selectAll()
    QTest.keyClicks(box, typed)
    dialog.save.click()
    assert dialog.settings.temperature == pytest.approx(value)


def test_a_key_is_not_shown(qtbot: QtBot) -> None:
    dialog = SettingsDialog(Settings(server="http://x", server_key="a-secret"))
    qtbot.addWidget(dialog)
    server, key = dialog.controls["server"], dialog.controls["server_key"]
    assert isinstance(server, QLineEdit)
    assert isinstance(key, QLineEdit)
    assert (server.displayText(), key.displayText()) == ("http://x", "●" * 8)
    server.setText(" 192.168.1.5:8642 ")
    dialog.save.click()
    assert (dialog.settings.server, dialog.settings.server_key) == ("192.168.1.5:8642", "a-secret")


def test_the_value_is_shown_as_the_language_writes_it(qtbot: QtBot) -> None:
    box = NumberBox()
    qtbot.addWidget(box)
    box.setLocale(QLocale("de_DE"))
    box.setValue(0.25)
    assert box.text() == "0,25"
    assert box.value() == 0.25


def test_a_long_state_ends_in_an_ellipsis_and_is_whole_in_the_tool_tip(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.resize(420, 30)
    line.show()
    sentence = "The model process was killed for memory. Choose a smaller context in the settings and try once more."
    line.say(sentence)
    assert line.state.text() == sentence
    assert line.state.shown.endswith("\u2026")
    assert line.state.toolTip() == sentence
    line.resize(2000, 30)
    assert line.state.shown == sentence
    assert line.state.toolTip() == ""


def test_the_state_has_room_before_speed_and_model(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.resize(528, 30)
    line.show()
    line.set_model("A model with a long name 7B", "CPU, 8 threads")
    line.numbers.setText("256 tokens \u00b7 36.1 tokens/s \u00b7 8.4 s")
    line.say("The solution was stopped at the limit of its time in the settings.")
    assert line.state.shown == line.state.text()
    assert not line.numbers.isVisible()
    line.resize(1400, 30)
    assert line.numbers.isVisible()
    assert line.model.isVisible()


@pytest.mark.parametrize("width", [200, 260, 330, 420])
def test_a_card_is_as_high_as_its_problem(qtbot: QtBot, width: int) -> None:
    bridge = Bridge()
    problem = "A gardener plants $\\frac{2}{3}$ of a bed with roses and the rest with lilies. " * 3
    formulas = Formulas(bridge)
    card = SampleCard(Sample("fractions", 1, problem), formulas, themes.resolve("light"))
    qtbot.addWidget(card)
    card.resize(width, 136)
    card.show()

    def whole() -> bool:
        card.resize(width, card.minimumHeight())
        return card.text_area.height() >= card.text_area.heightForWidth(card.text_area.width())

    until(lambda: formulas.pending == 0 and whole())
    assert card.height() > 136
    bridge.close()


def test_levels_are_plain_degrees() -> None:
    assert LEVELS[1:] == ("very easy", "easy", "medium", "hard", "very hard")


def test_the_list_tells_which_answers_are_wrong(qtbot: QtBot) -> None:
    model = EntryModel()
    right = Entry("a", "Integrate $x^2$.", answer="9", created=1.0, verdict="checked")
    wrong = Entry("b", "Solve $x^2 = 4$.", answer="2", created=1.0, verdict="wrong")
    plain = Entry("c", "How many?", answer="7", created=1.0)
    model.set_entries((right, wrong, plain))
    said = [model.data(model.index(row, 0), Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert [str(line).split(", ")[1:-1] for line in said] == [
        ["answer 9", "checked"],
        ["answer 2", "wrong"],
        ["answer 7"],
    ]
