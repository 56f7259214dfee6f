"""A window with scripted services, and formulas that answer at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import ScriptedServices
from tutor_app.render.typeset import Formula, FormulaCache
from tutor_app.window.window import MainWindow


class FormulasNow:
    """Typesets when asked."""

    def __init__(self) -> None:
        self.cache = FormulaCache()

    def get(self, source: str, display: bool) -> Formula | None:
        return self.cache.get_or_make(source, display)


@pytest.fixture(scope="session")
def formulas_now() -> FormulasNow:
    return FormulasNow()


@pytest.fixture
def open_window(qtbot: QtBot) -> Iterator[Callable[..., MainWindow]]:
    made: list[MainWindow] = []

    def make(services: ScriptedServices | None = None, width: int = 1100, height: int = 800) -> MainWindow:
        window = MainWindow(services or ScriptedServices())
        tester = QAbstractItemModelTester(window.history.model, window)
        assert tester is not None
        made.append(window)
        window.resize(width, height)
        window.show()
        qtbot.waitExposed(window)
        window.activateWindow()
        until(window.isActiveWindow)
        until(lambda: window.models.facts is not None and bool(window.start.cards))
        return window

    yield make
    for window in made:
        window.close()
        assert not window.bridge.busy
        window.deleteLater()
        # At once: the next window's style would be computed for the widgets of this one, too.
        QCoreApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)


def until_done(qtbot: QtBot, window: MainWindow) -> None:
    """Wait for the running solution, and for its formulas."""
    until(lambda: not window.bridge.busy)
    until(lambda: window.formulas.pending == 0)
