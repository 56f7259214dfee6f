"""A model of the hub from the window: the form, what the hub says, and the download that follows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from tests.event_loop import until
from tests.ui.holding import Gate
from tests.ui.scripted import ScriptedServices
from tutor_app.core.values import Offer, PublishedAccuracy
from tutor_app.window.dialogs.hub import HubDialog
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", "support raise")
Open = Callable[..., MainWindow]


def opened(window: MainWindow) -> HubDialog:
    window.models.show()
    window.models.page.hub.click()
    return window.models.page.findChildren(HubDialog)[-1]


def test_a_file_of_the_hub_is_added_chosen_and_fetched(open_window: Open) -> None:
    gate = Gate()
    services = ScriptedServices(model="", hold_pull=gate)
    window = open_window(services)
    dialog = opened(window)
    assert not dialog.add.isEnabled()
    QTest.keyClicks(dialog.repository, "maker/extra-gguf")
    QTest.keyClicks(dialog.file, "Extra-Q4_K_M.gguf")
    QTest.keyClick(dialog.file, Qt.Key.Key_Return)
    page = window.models.page
    until(lambda: "124 MB of 397 MB" in page.line.text())
    assert services.calls[-2:] == ["add Extra-Q4_K_M.gguf of maker/extra-gguf", "pull extra-q4_k_m"]
    chosen = page.group.checkedButton()
    assert chosen is not None
    assert chosen.text() == "Extra-Q4_K_M"
    gate.open()
    until(lambda: "Extra-Q4_K_M" in window.status.model.text())


def test_what_the_hub_says_is_told_and_the_names_can_be_changed(open_window: Open) -> None:
    services = ScriptedServices(model="", fail_hub="The hub does not give x.gguf of maker/extra: it has no such file.")
    window = open_window(services)
    dialog = opened(window)
    dialog.repository.setText("maker/extra")
    dialog.file.setText("x.gguf")
    dialog.add.click()
    until(lambda: "no such file" in dialog.state.text())
    assert dialog.add.isEnabled()
    assert dialog.isVisible()
    services.fail_hub = ""
    dialog.file.setText("y.gguf")
    dialog.add.click()
    until(lambda: "pull y" in services.calls)
    assert services.calls[:2] == ["add x.gguf of maker/extra", "add y.gguf of maker/extra"]


def test_a_long_sentence_of_the_hub_makes_the_dialog_higher(open_window: Open) -> None:
    said = "The hub does not give x.gguf of maker/extra: it cannot be found. " * 4
    dialog = opened(open_window(ScriptedServices(model="", fail_hub=said.strip())))
    dialog.repository.setText("maker/extra")
    dialog.file.setText("x.gguf")
    dialog.add.click()
    until(lambda: dialog.state.text().startswith("The hub does not"))
    until(lambda: dialog.state.height() >= dialog.state.heightForWidth(dialog.state.width()))
    assert dialog.file.y() >= dialog.repository.geometry().bottom() + 8
    assert dialog.add.mapTo(dialog, dialog.add.rect().bottomRight()).y() < dialog.height()


def test_published_accuracy_is_shown_with_its_source_and_that_it_was_not_measured_here(open_window: Open) -> None:
    page = open_window(ScriptedServices()).models.page
    accuracy = (
        PublishedAccuracy("MATH", 79.7, True, False, "makers' page"),
        PublishedAccuracy("GSM8K", 84.8, False, False, "a table"),
        PublishedAccuracy("MATH", 90, False, True, "makers' page"),
    )
    page.set_offers([Offer("m", "Model", "MIT", 10**9, 2 * 10**9, "For all.", accuracy), Offer("n", "N", "MIT", 1, 1)])
    said = [label.text() for label in page.card.findChildren(QLabel) if "licence" in label.text()]
    assert said[-2].splitlines()[1:] == [
        "For all.",
        "Published, not measured by us: MATH 79.7 % with code, MATH 90 % thinking, without code (makers' page); "
        "GSM8K 84.8 % without code (a table)",
    ]
    assert "Published" not in said[-1]
