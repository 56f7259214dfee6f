from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.event_loop import until
from tests.ui.holding import go_on, until_stopped
from tests.ui.scripted import QUADRATIC, REPAIRED, SAMPLES, ScriptedServices
from tests.windows import until_done
from tutor_app.core.errors import EngineFault
from tutor_app.core.settings import Settings, described
from tutor_app.core.transcript import Transcript
from tutor_app.core.values import Offer, Progress
from tutor_app.render.sources import plain_source
from tutor_app.text.plain import plain
from tutor_app.window.dialogs.samples import SamplesDialog, pick
from tutor_app.window.dialogs.settings import SettingsDialog
from tutor_app.window.dialogs.shortcuts import ShortcutsDialog
from tutor_app.window.menus import ABOUT
from tutor_app.window.window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
Open = Callable[..., MainWindow]


def shown(window: MainWindow) -> str:
    document = window.view.document()
    return plain_source(document, 0, document.characterCount() - 1)


def type_problem(window: MainWindow, text: str) -> None:
    window.box.edit.setFocus()
    QTest.keyClicks(window.box.edit, text)


def entries_shown(qtbot: QtBot, window: MainWindow, count: int) -> None:
    until(lambda: window.history.model.rowCount() == count)


def test_type_solve_read(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    assert window.pages.currentWidget() is window.start
    type_problem(window, "Find $x$ with $x^2 - 5x + 6 = 0$.")
    QTest.keyClick(window.box.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.bridge.busy
    assert window.box.stop_button.isVisible()
    assert not window.box.solve_button.isVisible()
    until_done(qtbot, window)
    assert services.solve_thread != threading.main_thread().name
    assert window.pages.currentWidget() is window.view
    text = shown(window)
    assert "Find $x$ with" in text
    assert "roots: [2, 3]" in text
    assert "Answer" not in window.status.state.text()
    assert window.status.state.text() == "The model gave its answer."
    assert "36.1 tokens/s" in window.status.numbers.text()
    assert "CPU, 2 threads" in window.status.model.text()
    assert window.box.solve_button.isVisible()
    entries_shown(qtbot, window, 1)
    assert "Find x" in window.windowTitle()


def test_stop_with_escape_keeps_what_is_there(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(ScriptedServices(hold_solve=until_stopped))
    type_problem(window, "p")
    window.solve()
    until(lambda: "look for" in shown(window))
    QTest.keyClick(window, Qt.Key.Key_Escape)
    until_done(qtbot, window)
    assert "look for" in shown(window)
    assert shown(window).endswith("You stopped the solution.")
    assert window.box.solve_button.isVisible()


def test_an_empty_problem_is_not_solved(open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    type_problem(window, "   ")
    window.solve()
    assert not window.bridge.busy
    assert "Type a problem" in window.status.state.text()
    assert services.calls == []


def test_a_failure_is_one_sentence_and_the_next_problem_works(
    qtbot: QtBot, open_window: Open, caplog: pytest.LogCaptureFixture
) -> None:
    services = ScriptedServices(
        fail_solve=EngineFault("The model process was killed for memory.", "Choose a smaller context.")
    )
    window = open_window(services)
    type_problem(window, "p")
    window.solve()
    until_done(qtbot, window)
    assert shown(window).endswith("The model process was killed for memory. Choose a smaller context.")
    services.fail_solve = RuntimeError("secret internals")
    window.solve()
    until_done(qtbot, window)
    assert "secret internals" not in shown(window)
    assert "unexpected" in shown(window)
    assert window.status.log_button.isVisible()
    services.fail_solve = None
    window.solve()
    until_done(qtbot, window)
    assert "roots: [2, 3]" in shown(window)


def test_solve_again_and_new(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    type_problem(window, "p")
    window.solve()
    until_done(qtbot, window)
    window.box.set_text("something else")
    QTest.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    until_done(qtbot, window)
    assert services.calls == ["solve p", "solve p"]
    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert window.box.text == ""
    assert window.pages.currentWidget() is window.start
    assert window.box.edit.hasFocus()
    assert not window.top.again.isVisible()


def test_history_opens_searches_deletes_and_takes_back(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    first = services.add("Sum $\\sum k^2$", REPAIRED, 1_000.0)
    services.add("Roots", QUADRATIC, 2_000.0)
    window = open_window(services)
    entries_shown(qtbot, window, 2)
    window.history.list.setCurrentIndex(window.history.model.index(1))
    QTest.keyClick(window.history.list, Qt.Key.Key_Return)
    until(lambda: "385" in shown(window))
    assert window.box.text == "Sum $\\sum k^2$"
    assert window.view.verticalScrollBar().value() == 0
    window.history.search.setText("quadratic formula")
    entries_shown(qtbot, window, 1)
    window.history.search.setText("nothing like it")
    entries_shown(qtbot, window, 0)
    assert window.history.empty.isVisible()
    window.history.search.clear()
    entries_shown(qtbot, window, 2)
    QTest.keyClick(window.history.list, Qt.Key.Key_Delete)
    entries_shown(qtbot, window, 1)
    assert [e.id for e in services.library.entries(deleted=True)] == [first]
    assert window.history.toast.isVisible()
    window.history.undo_button.click()
    entries_shown(qtbot, window, 2)
    assert not window.history.toast.isVisible()


def test_while_solving_another_solution_is_not_opened(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices(hold_solve=until_stopped)
    key = services.add("old", REPAIRED)
    window = open_window(services)
    type_problem(window, "p")
    window.solve()
    window.saved.open(key)
    assert "Stop the running solution" in window.status.state.text()
    window.new_problem()
    assert window.box.text == "p"
    window.solving.stop()
    until_done(qtbot, window)


def test_copy_in_three_forms(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    type_problem(window, "p")
    window.solve()
    until_done(qtbot, window)
    clipboard = QGuiApplication.clipboard()
    window.page_menu.copy("markdown")
    assert "```python\nfrom sympy" in clipboard.text()
    assert "```output\nroots: [2, 3]\n```" in clipboard.text()
    window.page_menu.copy("latex")
    assert "\\textbf{two}" in clipboard.text()
    assert "\\begin{verbatim}" in clipboard.text()
    window.page_menu.copy("text")
    assert "Answer: \\{2, 3\\}" in clipboard.text()


def test_preview_appears_only_for_mathematics(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    type_problem(window, "no formula, $5 and $7")
    assert not window.box.preview.isVisible()
    window.box.set_text("with $x^2$")
    until(lambda: window.box.preview.isVisible() and window.formulas.pending == 0)
    window.box.set_text("no formula, $5 and $7")
    until(lambda: not window.box.preview.isVisible())
    window.box.set_text("with $x^2$")
    until(lambda: window.box.preview.isVisible() and window.formulas.pending == 0)
    window.solve()
    until_done(qtbot, window)
    assert not window.box.preview.isVisible()  # the page below shows the problem


def test_hostile_problems_are_shown_and_solved(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    for text in (
        "<img src='file:///etc/passwd'> <b>x</b>",
        "a\x00b $x",
        "\u202eabc \U0001f600 \u05e9\u05dc\u05d5\u05dd",
        "x" * 20_000,
    ):
        window.box.set_text(text)
        window.solve()
        until_done(qtbot, window)
        until(lambda: "Answer" in window.view.accessibleDescription())
    assert len(services.calls) == 4


def test_first_run_downloads_with_progress_cancel_error_and_retry(open_window: Open) -> None:
    services = ScriptedServices(model="", hold_pull=until_stopped)
    window = open_window(services)
    page = window.models.page
    assert window.pages.currentWidget() is page
    assert "397 MB" in page.button.text()
    type_problem(window, "p")
    window.solve()
    assert not window.bridge.busy
    page.button.click()
    until(lambda: "124 MB of 397 MB" in page.line.text())
    assert "5.2 MB/s" in page.line.text()
    assert "52 s left" in page.line.text()
    assert page.cancel.isVisible()
    page.cancel.click()
    assert page.button.isVisible()
    services.hold_pull = go_on
    services.fail_pull = "The download stalled."
    page.button.click()
    until(lambda: "stalled" in page.error.text())
    assert page.error.isVisible()
    assert page.button.text().startswith("Try again")
    services.fail_pull = ""
    page.button.click()
    until(lambda: window.pages.currentWidget() is window.start)
    assert "0.5B" in window.status.model.text()
    assert window.box.text == "p"


def test_a_second_model_can_be_fetched(open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    window.models.show()
    page = window.models.page
    assert window.pages.currentWidget() is page
    assert page.title.text() == "Another model"
    assert [button.text() for button in page.group.buttons()] == ["Qwen2.5-Coder 1.5B"]  # not the one that is here
    page.close_button.click()
    assert window.pages.currentWidget() is window.start
    window.models.show()
    page.button.click()
    until(lambda: window.pages.currentWidget() is window.start)
    assert services.calls == ["pull standard"]
    assert "1.5B" in window.status.model.text()


def test_models_behind_the_first_are_folded(open_window: Open) -> None:
    window = open_window(ScriptedServices())
    page = window.models.page
    until(lambda: window.models.facts is not None)
    window.pages.setCurrentWidget(page)
    offers = [Offer(f"m{n}", f"Model {n}", "MIT", 10**9, 2 * 10**9) for n in range(7)]
    page.set_offers(offers)
    fold = next(b for b in page.card.findChildren(QPushButton) if b.text() == "More models (4)")
    until(lambda: page.group.button(2).isVisible())
    seen = [page.group.button(n).isVisible() for n in range(7)]
    assert seen == [True] * 3 + [False] * 4
    fold.click()
    assert all(page.group.button(n).isVisible() for n in range(7))
    page.group.button(6).click()
    page.set_offers(offers[::-1])  # what was chosen is never folded away, and comes first here
    assert page.group.button(0).isChecked()
    page.set_offers(offers)
    until(lambda: page.group.button(6).isVisible())


def test_a_model_file_of_ones_own(open_window: Open) -> None:
    window = open_window(ScriptedServices(model=""))
    window.models.use_file("/home/x/own.gguf")
    until(lambda: "own.gguf" in window.status.model.text())
    assert window.pages.currentWidget() is window.start


def test_a_file_that_is_no_model_is_told_in_sight_and_offers_no_second_try(open_window: Open) -> None:
    window = open_window(ScriptedServices(model=""))
    window.resize(800, 600)
    page = window.models.page
    until(lambda: window.models.facts is not None)
    page.show_error("The file is not a GGUF model.", of_download=False)
    until(lambda: not page.error.visibleRegion().isEmpty())
    assert page.button.text().startswith("Download")


def test_a_model_file_whose_template_cannot_be_used_says_so(open_window: Open) -> None:
    window = open_window(ScriptedServices(model="", import_note="Its template cannot be used."))
    window.models.use_file("/home/x/own.gguf")
    until(lambda: window.status.state.text() == "Its template cannot be used.")
    assert "own.gguf" in window.status.model.text()


def test_progress_without_a_total_and_after_the_end(open_window: Open) -> None:
    page = open_window(ScriptedServices(model="")).models.page
    page.show_progress(Progress("download", done=5, total=10))
    assert page.line.text() == ""
    page.set_running(True)
    page.show_progress(Progress("connect"))
    assert page.line.text() == "Connecting"
    assert page.bar.maximum() == 0


def test_theme_switch_recolours_everything(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    type_problem(window, "p")
    window.solve()
    until_done(qtbot, window)

    def corner() -> int:
        image = window.view.grab().toImage()
        return image.pixelColor(3, 3).lightness()

    assert corner() > 200
    window.use_settings(window.settings.changed(theme="dark"))
    until(lambda: corner() < 60)
    assert "roots: [2, 3]" in shown(window)
    window.use_settings(window.settings.changed(theme="light"))
    until(lambda: corner() > 200)


def test_zoom_by_keys(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    type_problem(window, "p")
    window.solve()
    until_done(qtbot, window)
    before = window.view.document().defaultFont().pixelSize()
    QTest.keyClick(window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert window.view.document().defaultFont().pixelSize() > before
    QTest.keyClick(window, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert window.view.document().defaultFont().pixelSize() == before
    for _ in range(30):
        window.zoom(-1)
    assert window.view.document().defaultFont().pixelSize() >= 8


def test_settings_dialog_is_made_from_the_settings_themselves(open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    window.show_settings()
    dialog = next(d for d in window.findChildren(SettingsDialog))
    assert set(dialog.controls) == set(described())
    for name, control in dialog.controls.items():
        assert control.accessibleName() == described()[name].title
    spin = dialog.controls["max_rounds"]
    assert isinstance(spin, QAbstractSpinBox)
    spin.setProperty("value", 7)
    theme = dialog.controls["theme"]
    assert isinstance(theme, QComboBox)
    theme.setCurrentIndex(theme.findData("dark"))
    dialog.save.click()
    until(lambda: services.settings == Settings(theme="dark", max_rounds=7))
    assert window.theme.is_dark


def test_sample_problems_go_into_the_box(open_window: Open) -> None:
    window = open_window()
    window.start.cards[0].click()
    assert window.box.text == window.start.cards[0].sample.problem
    window.show_samples()
    dialog = next(d for d in window.findChildren(SamplesDialog))
    assert dialog.list.count() == len(SAMPLES)
    dialog.topic.setCurrentIndex(dialog.topic.findData("calculus"))
    assert dialog.list.count() == 1
    dialog.use.click()
    assert "\\int_0^1" in window.box.text
    assert len({s.topic for s in pick(SAMPLES, 6)}) == 6
    assert pick((), 6) == []


def focusable(window: QWidget) -> list[QWidget]:
    kinds = (
        QAbstractButton,
        QAbstractItemView,
        QAbstractSlider,
        QAbstractSpinBox,
        QComboBox,
        QLineEdit,
        QPlainTextEdit,
        QProgressBar,
        QTextEdit,
    )
    return [w for w in window.findChildren(QWidget) if isinstance(w, kinds)]


@pytest.mark.parametrize("model", ["m", ""])
def test_every_control_has_an_accessible_name(open_window: Open, model: str) -> None:
    services = ScriptedServices(model=model)
    services.add("Roots", QUADRATIC)
    window = open_window(services)
    window.show_samples()
    window.show_settings()
    window.show_shortcuts()
    nameless = []
    for w in focusable(window):
        inner = w.parentWidget()
        # Parts that Qt makes for its own widgets speak through them.
        own = w.objectName().startswith("qt_") or isinstance(inner, QAbstractSpinBox | QComboBox | QMessageBox)
        own = own or (isinstance(w, QAbstractSlider) and _inside_scroll_area(w)) or isinstance(inner, QLineEdit)
        own = (
            own
            or w.metaObject().className().startswith("QComboBoxPrivate")
            or (
                inner is not None
                and inner.metaObject().className().startswith(("QComboBoxPrivate", "QDialogButtonBox"))
            )
        )
        if not own and not w.accessibleName():
            nameless.append(f"{type(w).__name__} {w.objectName()} in {type(inner).__name__}")
    assert not nameless
    for dialog in window.findChildren(QDialog):
        dialog.reject()


def _inside_scroll_area(w: QWidget) -> bool:
    parent = w.parentWidget()
    while parent is not None:
        if isinstance(parent, QAbstractScrollArea):
            return True
        parent = parent.parentWidget()
    return False


def test_everything_is_reached_by_the_tab_key(qtbot: QtBot, open_window: Open) -> None:
    services = ScriptedServices()
    services.add("Roots", QUADRATIC)
    window = open_window(services)
    entries_shown(qtbot, window, 1)
    type_problem(window, "p")
    window.solve()
    until_done(qtbot, window)
    window.activateWindow()
    window.box.edit.setFocus()
    seen: list[QWidget] = []
    for _ in range(40):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus in seen:
            break
        seen.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    controls = [window.view.control(0, what) for what in ("code", "copy", "step", "output")]
    wanted = [
        window.box.edit,
        window.student.palette_button,
        window.box.work_button,
        window.box.hint_button,
        window.box.solve_button,
        window.view,
        *controls,
        window.panels.ask.edit,
        window.panels.ask.ask_button,
        *window.panels.ask.suggestions.buttons,
        window.top.again,
        window.top.copy,
        window.top.menu,
        window.top.sidebar,
        window.history.new_button,
        window.history.search,
        window.history.list,
        window.history.samples_button,
        window.history.settings_button,
    ]
    assert None not in controls
    assert seen[: len(wanted)] == wanted


def test_keys_for_search_and_side_bar(open_window: Open) -> None:
    window = open_window()
    QTest.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert not window.history.isVisible()
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.history.search.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert window.box.edit.hasFocus()
    window.resize(640, 600)
    until(lambda: not window.history.isVisible())
    keys = [k.toString() for a in window.actions() for k in a.shortcuts()]
    assert len(keys) == len(set(keys))


def test_closing_in_the_middle_leaves_no_thread_and_no_timer(open_window: Open) -> None:
    window = open_window(ScriptedServices(hold_solve=until_stopped))
    type_problem(window, "p with $\\sqrt{2}$")
    window.solve()
    until(lambda: "look for" in shown(window))
    window.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("tutor-")]
    assert not [t for t in window.bridge.findChildren(QTimer) if t.isActive()]


def test_words_for_numbers() -> None:
    assert plain("Find $\\frac{1}{2} \\cdot x^{10}$\n now") == "Find 1/2 \u00b7 x\u00b9\u2070 now"


def test_a_saved_solution_says_how_it_ended_and_who_made_it(open_window: Open) -> None:
    services = ScriptedServices()
    window = open_window(services)
    made = {"model": "M 7B", "created": "2026-11-21T21:09:00+0000"}
    cases = {
        "answered": ("", {**made, "ended": "answered"}),
        "stopped": ("You stopped the solution.", {**made, "ended": "stopped"}),
        "failed": ("The model process was killed.", {"ended": "engine", "detail": "The model process was killed."}),
        "cut": ("interrupted before its end", {}),
    }
    for name, (remark, meta) in cases.items():
        services.put(name, Transcript.of("p", *QUADRATIC[:1], meta=meta), "finished")
        window.saved.open(name)
        until(_shows(window, remark, "look for"))
    services.put("again", Transcript.of("p", *QUADRATIC, meta=made), "finished")
    window.saved.open("again")
    until(lambda: window.status.state.text() == "Solved by M 7B, 21 Nov 2026 at 21:09")


def _shows(window: MainWindow, *texts: str) -> Callable[[], bool]:
    return lambda: all(text in shown(window) for text in texts)


def test_the_menu_bar_has_every_command(open_window: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    window = open_window(ScriptedServices(logs="/var/log/tutor"))
    titles = [a.text().replace("&", "") for a in window.menuBar().actions()]
    assert titles == ["File", "Edit", "View", "Solution", "Step", "Tools", "Help"]
    found = {a for top in window.menuBar().actions() for a in _commands(top.menu())}
    missing = [a.text() for a in window.actions() if a not in found]
    assert missing == ["To the problem"]
    opened: list[str] = []

    def note(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", note)
    next(a for a in found if a.text() == "Show the log").trigger()
    window.status.log_button.click()
    assert opened == ["/var/log/tutor", "/var/log/tutor"]
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: False)
    window.faults.show_log()
    assert window.status.state.text() == "The log is in /var/log/tutor"


def _commands(menu: object) -> list[QAction]:
    assert isinstance(menu, QMenu)
    inner = [a for sub in menu.actions() if sub.menu() is not None for a in _commands(sub.menu())]
    return [*menu.actions(), *inner]


def test_editing_commands_go_to_what_has_the_focus(open_window: Open) -> None:
    window = open_window()
    window.box.edit.setFocus()
    QTest.keyClicks(window.box.edit, "2+3")
    commands = {a.text(): a for a in window.actions()}
    commands["Select all"].trigger()
    commands["Cut"].trigger()
    assert window.box.text == ""
    commands["Paste"].trigger()
    assert window.box.text == "2+3"
    commands["Undo"].trigger()
    assert window.box.text == ""
    commands["Redo"].trigger()
    assert window.box.text == "2+3"


def test_the_page_of_models_fits_a_narrow_window(open_window: Open) -> None:
    window = open_window(ScriptedServices())
    page = window.models.page
    until(lambda: window.models.facts is not None)
    page.set_installed([])
    assert page.title.text() == "One download, then you are offline"
    page.set_installed(["x"])
    long = Offer("m", "A model with a rather long name 1.5B Instruct", "MIT", 10**9, 2 * 10**9, recommended=True)
    page.set_offers([Offer("s", "Small", "MIT", 10**9, 10**9), long])
    inner = page.widget()
    assert inner is not None
    assert inner.minimumSizeHint().width() <= 480


def test_the_keys_fit_a_low_screen_and_their_window_can_be_closed(open_window: Open) -> None:
    window = open_window(ScriptedServices())
    window.show_shortcuts()
    dialog = window.findChild(ShortcutsDialog)
    assert dialog is not None
    dialog.resize(700, 400)
    close = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Close")
    until(lambda: dialog.height() == 400)
    assert close.geometry().bottom() < 400
    close.click()


def test_a_long_title_ends_at_a_word(open_window: Open) -> None:
    window = open_window(ScriptedServices())
    type_problem(window, "Find the sum of all natural numbers up to one hundred and explain it well")
    window.solve()
    title = window.windowTitle()
    assert title == "Find the sum of all natural numbers up to one hundred and\u2026 \u2013 MuMath Tutor"
    window.escape()


def test_the_help_menu_tells_what_the_program_is(open_window: Open) -> None:
    window = open_window(ScriptedServices())
    (action,) = (a for a in window.findChildren(QAction) if a.text() == "About MuMath Tutor")
    action.trigger()
    (box,) = window.findChildren(QMessageBox)
    assert box.isVisible()
    assert box.text() == ABOUT
    box.close()
