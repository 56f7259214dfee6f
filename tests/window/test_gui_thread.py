"""The GUI thread asks the services for nothing that needs the disk, and what it keeps is written in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.scripted import QUADRATIC, ScriptedServices
from tests.windows import until_done
from tutor_app.core.errors import HostFault
from tutor_app.core.settings import Settings
from tutor_app.core.window_state import WindowState
from tutor_app.window.dialogs.settings import SettingsDialog
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]


class SettingsInWorkers(ScriptedServices):
    """Notes each settings file that is written, and where."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.written: list[tuple[Settings, bool]] = []
        self.refuse = False

    def save_settings(self, settings: Settings) -> None:
        if self.refuse:
            raise HostFault("The settings cannot be written.", "Make room.")
        super().save_settings(settings)
        self.written.append((settings, threading.current_thread() is threading.main_thread()))


def test_no_call_that_needs_the_disk_is_made_in_the_gui_thread(qtbot: QtBot, open_window: Open) -> None:
    disk = (
        "solve",
        "model_name",
        "installed_models",
        "offers",
        "memory_advice",
        "found_models",
        "confinement",
        "import_solutions",
        "entries",
        "solution",
        "delete",
        "undelete",
        "export",
        "export_name",
        "export_figure",
        "samples",
        "save_settings",
        "save_window_state",
        "import_model",
        "pull",
    )
    guilty: list[str] = []

    def guarded(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def checked(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread() is threading.main_thread():
                guilty.append(name)
            return call(*args, **kwargs)

        return checked

    services = ScriptedServices()
    old = services.add("Earlier", QUADRATIC)
    for name in disk:
        setattr(services, name, guarded(name, getattr(services, name)))
    window = open_window(services)
    window.box.set_text("p")
    window.solve()
    until_done(qtbot, window)
    window.zoom(1)
    window.menus.hide_code.trigger()
    window.show_settings()
    dialog = window.findChildren(SettingsDialog)[0]
    dialog.save.click()
    window.show_samples()
    window.saved.open(old)
    until(lambda: window.box.text == "Earlier")
    window.saved.delete(old)
    until(lambda: services.library.count(deleted=True) == 1)
    window.saved.undelete(old)
    window.models.show()
    window.confinement.look()
    window.resize(900, 700)
    until(lambda: services.settings.hide_code and services.state.width == 900)
    window.new_problem()
    window.close()
    assert guilty == []


def test_one_notch_of_zoom_keeps_the_device_in_the_status_line(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    window.box.set_text("p")
    window.solve()
    until_done(qtbot, window)
    shown = window.status.model.text()
    assert shown == "Qwen2.5-Coder 0.5B \u00b7 CPU, 2 threads"
    window.zoom(1)
    assert window.status.model.text() == shown


def test_many_changes_are_one_write_of_the_last_one(open_window: Open) -> None:
    services = SettingsInWorkers()
    window = open_window(services)
    for _ in range(5):
        window.zoom(1)
    until(lambda: bool(services.written))
    assert [(s.zoom, gui) for s, gui in services.written] == [(200, False)]


def test_what_was_changed_last_is_written_when_the_window_closes(open_window: Open) -> None:
    services = SettingsInWorkers()
    window = open_window(services)
    window.zoom(-1)
    window.close()
    assert [(s.zoom, gui) for s, gui in services.written] == [(90, False)]


def test_a_change_holds_for_a_solution_that_is_asked_for_at_once(qtbot: QtBot, open_window: Open) -> None:
    services = SettingsInWorkers()
    window = open_window(services)
    window.change_settings(max_rounds=9)
    window.box.set_text("p")
    window.solve()
    until_done(qtbot, window)
    assert services.written[0][0].max_rounds == 9


def test_settings_that_cannot_be_written_are_one_sentence(open_window: Open) -> None:
    services = SettingsInWorkers()
    services.refuse = True
    window = open_window(services)
    window.zoom(1)
    until(lambda: window.status.state.text() == "The settings cannot be written. Make room.")
    assert window.settings.zoom == 110


def test_an_imported_model_stays_chosen_after_the_next_change(open_window: Open) -> None:
    services = SettingsInWorkers(model="")

    def use(path: str) -> str:
        services.model = "Own"
        services.settings = services.settings.changed(model="own-id")
        return ""

    services.import_model = use  # type: ignore[method-assign]
    window = open_window(services)
    window.models.use_file("/x/own.gguf")
    until(lambda: window.pages.currentWidget() is window.start and window.models.name == "Own")
    window.zoom(1)
    until(lambda: services.settings.zoom == 110)
    assert services.settings.model == "own-id"


def test_a_problem_typed_in_the_first_moment_waits_for_the_model(qtbot: QtBot) -> None:
    window = MainWindow(ScriptedServices())
    window.box.set_text("p")
    window.solve()
    until(lambda: window.history.model.rowCount() == 1)
    until_done(qtbot, window)
    window.close()
    window.deleteLater()


# -- the list -------------------------------------------------------------------------------------------------------


def test_every_solution_is_reached_by_scrolling(open_window: Open) -> None:
    services = ScriptedServices()
    for n in range(430):
        services.add(f"Problem {n}", QUADRATIC[:1], 1000.0 + n)
    window = open_window(services)
    model, bar = window.history.model, window.history.list.verticalScrollBar()
    until(lambda: model.rowCount() in (200, 400))  # the tester of models asks for more, too

    def at_the_end(count: int) -> bool:
        bar.setValue(bar.maximum())
        return model.rowCount() == count and bar.value() == bar.maximum() > 0

    until(lambda: at_the_end(430))
    assert model.entries[-1].problem == "Problem 0"
    assert len({e.id for e in model.entries}) == 430
    assert not model.has_more
    place = bar.value()
    window.saved.refresh()  # what was scrolled to stays
    until(lambda: not window.history.model.has_more and bar.value() == place)
    assert model.rowCount() == 430


def test_what_a_search_finds_begins_at_the_top(open_window: Open) -> None:
    services = ScriptedServices()
    for n in range(60):
        services.add(f"Problem {n} {'odd' if n % 2 else 'even'}", QUADRATIC[:1], 1000.0 + n)
    window = open_window(services)
    bar = window.history.list.verticalScrollBar()
    until(lambda: window.history.model.rowCount() == 60)
    bar.setValue(bar.maximum())
    window.history.search.setText("odd")
    until(lambda: window.history.model.rowCount() == 30)
    assert bar.value() == 0
    bar.setValue(bar.maximum())
    window.history.search.clear()
    until(lambda: window.history.model.rowCount() == 60)
    assert bar.value() == 0


def test_the_running_solution_is_known_by_its_id(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    twin = services.add("p", QUADRATIC, 9e9)  # newer than everything, and with the same words
    window = open_window(services)
    window.box.set_text("p")
    window.solve()
    until_done(qtbot, window)
    until(lambda: window.history.model.rowCount() == 2)
    chosen = window.history.list.currentIndex().row()
    assert window.history.model.entries[chosen].id != twin


# -- the place of the window ----------------------------------------------------------------------------------------


def test_the_place_is_kept_and_comes_back(open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    window.resize(640, 500)
    window.move(40, 30)
    window.close()
    assert (services.state.width, services.state.height) == (640, 500)
    again = MainWindow(services)
    assert (again.width(), again.height()) == (640, 500)
    assert (again.x(), again.y()) == (services.state.x, services.state.y)
    again.close()
    again.deleteLater()


def test_a_window_that_filled_the_screen_does_so_again(qtbot: QtBot) -> None:
    window = MainWindow(ScriptedServices(state=WindowState(10, 10, 600, 500, True)))
    assert window.isMaximized()
    window.close()
    window.deleteLater()
