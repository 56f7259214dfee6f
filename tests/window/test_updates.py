"""What is new, and a look for a newer version, in the window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import ScriptedServices
from tutor_app import __version__
from tutor_app.core.settings import Settings
from tutor_app.core.updates import UpdateAnswer, UpdateNote
from tutor_app.window.updates import WhatsNewDialog
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

Open = Callable[..., MainWindow]
NEWER = UpdateAnswer(
    "0.1.0", UpdateNote("0.2.0", date(2027, 1, 5), ("It is <b>faster</b>.",), "https://example.org/t?a&b")
)
HERE = f"This is version {__version__}."
SAME = UpdateAnswer("0.1.0", UpdateNote("0.1.0", date(2026, 11, 29), (), "https://example.org/t"))


def row(window: MainWindow, begin: str) -> Callable[[], None]:
    (action,) = [a for a in window.updates.actions if a.text().startswith(begin)]
    return action.trigger


def dialog(qtbot: QtBot, window: MainWindow) -> WhatsNewDialog:
    until(lambda: any(d.isVisible() for d in window.findChildren(WhatsNewDialog)))
    (found,) = [d for d in window.findChildren(WhatsNewDialog) if d.isVisible()]
    return found


def test_what_is_new_is_shown_and_nothing_is_asked(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices(update=NEWER))
    row(window, "What is new")()
    shown = dialog(qtbot, window)
    assert "The first version." in shown.notes.toPlainText()
    assert shown.answer.text() == HERE
    shown.close()


def test_a_newer_version_is_a_sentence_and_a_link(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices(update=NEWER))
    row(window, "Look for")()
    shown = dialog(qtbot, window)
    until(shown.look.isEnabled)
    assert shown.answer.text() == (
        "Version 0.2.0 of 2027-01-05 is there; you have 0.1.0. "
        '<a href="https://example.org/t?a&amp;b">https://example.org/t?a&amp;b</a>'
    )
    assert shown.notes.toPlainText() == "It is <b>faster</b>."
    shown.close()


@pytest.mark.parametrize(
    ("update", "said"),
    [
        (SAME, "You have the newest version, 0.1.0."),
        (None, "updates.example does not tell the newest version: the connection is refused."),
    ],
)
def test_no_newer_version_is_a_sentence(
    update: UpdateAnswer | None, said: str, qtbot: QtBot, open_window: Open
) -> None:
    window = open_window(ScriptedServices(update=update))
    row(window, "What is new")()
    shown = dialog(qtbot, window)
    shown.look.click()
    until(lambda: shown.answer.text() == said)
    assert "The first version." in shown.notes.toPlainText()
    shown.close()


def test_a_start_tells_a_newer_version_only_if_it_may_look(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices(update=NEWER, settings=Settings(theme="light", check_updates=True)))
    window.updates.start()
    until(lambda: window.status.state.text().startswith("Version 0.2.0 of 2027-01-05 is there"))
    row(window, "What is new")()
    assert "0.2.0" in dialog(qtbot, window).answer.text()
    quiet = open_window(ScriptedServices(update=NEWER))
    quiet.updates.start()
    row(quiet, "What is new")()
    assert dialog(qtbot, quiet).answer.text() == HERE
    assert "0.2.0" not in quiet.status.state.text()
