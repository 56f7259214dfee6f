"""The main window: puts the panels together and passes their wishes to the services.

Everything slow goes through the :class:`~tutor_app.ui.bridge.Bridge`; the window itself only moves plain data between
panels. It decides nothing about a solution, reads no file and opens no address. It is long because it is the one
place where every panel meets the services; each method is a few lines and none knows another panel's inside. Its
commands are in :mod:`~tutor_app.ui.menus`, models in :mod:`~tutor_app.ui.dialogs.models`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
    QImage,
    QMoveEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tutor_app.core.confinement import Confinement
from tutor_app.core.errors import TutorError
from tutor_app.core.events import (
    AnswerFound,
    CodeEnded,
    CodeStarted,
    EndReason,
    Finished,
    Reading,
    Recorded,
    RoundStarted,
    RunFinished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
)
from tutor_app.core.ports import Cancel
from tutor_app.core.settings import Settings
from tutor_app.core.transcript import Transcript
from tutor_app.core.values import Entry, ImportResult, Sample
from tutor_app.core.window_state import WindowState
from tutor_app.handout import wording
from tutor_app.render import theme as themes
from tutor_app.resources import resources
from tutor_app.text.speech import spoken
from tutor_app.ui import style
from tutor_app.ui.announce import announce
from tutor_app.ui.background_saver import BackgroundSaver
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.dialogs.confinement import ConfinementDialog
from tutor_app.ui.dialogs.models import ModelController
from tutor_app.ui.dialogs.samples import SamplesDialog, StartPage
from tutor_app.ui.dialogs.settings import SettingsDialog
from tutor_app.ui.dialogs.shortcuts import ShortcutsDialog
from tutor_app.ui.exporter import Exporter
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.history_panel import HistoryPanel
from tutor_app.ui.icons import icon
from tutor_app.ui.importer import Importer
from tutor_app.ui.menus import Menus
from tutor_app.ui.page.find_bar import FindBar
from tutor_app.ui.page.page_menu import PageMenu
from tutor_app.ui.page.step_list import StepList
from tutor_app.ui.page.transcript_view import TranscriptView
from tutor_app.ui.placing import place
from tutor_app.ui.problem_box import ProblemBox
from tutor_app.ui.services import Services
from tutor_app.ui.status_line import StatusLine
from tutor_app.ui.top_bar import TopBar

log = logging.getLogger(__name__)

ZOOMS: Final = (70, 80, 90, 100, 110, 125, 150, 175, 200, 250)
"""Steps of the zoom, in per cent."""
_PIXELS_PER_POINT: Final = 17 / 12  # the default of 12 points is the design size of 17 pixels
ABOUT: Final = (
    "MuMath Tutor solves problems of mathematics on this computer, offline: a language model reasons, writes Python "
    "that runs confined, and gives an answer that is checked where it can be."
)
PAGE: Final = 200
"""Lines of the list of solutions that are fetched at once."""
_NARROW: Final = 760  # below this the side bar gives way to the page
_ROOM_FOR_STEPS: Final = 860  # width of page and table of steps together


class MainWindow(QMainWindow):
    """The window.

    Args:
        services: The rest of the program.
    """

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services
        self.settings = services.load_settings()
        self.state = services.window_state()
        self.bridge = Bridge(self)
        self.formulas = Formulas(self.bridge, self)
        self.theme = themes.resolve(_theme_choice(self.settings))
        self._shown_id = ""
        self._shown_meta: Mapping[str, object] = {}
        self._solved_problem = ""
        self._confinement: Confinement | None = None
        self._model_changed = self._confinement_changed = False
        self._sidebar_wanted = True
        self._warm = False
        self._solve_when_known = False
        self._samples: Sequence[Sample] = ()
        self._settings_saver = BackgroundSaver(
            self.bridge, services.save_settings, self._settings_saved, self._complain
        )
        self._state_saver = BackgroundSaver(self.bridge, services.save_window_state, lambda: None, self._complain)
        self.setWindowTitle("MuMath Tutor")
        self.setWindowIcon(QIcon(str(resources() / "icons" / "app.svg")))
        self.setMinimumSize(480, 320)
        self._restore_place()
        # Before any widget is made: a label polished with the platform's font keeps it.
        self._style_application()
        self._build()
        self.exporter = Exporter(
            self,
            self.bridge,
            services,
            self.formulas.cache,
            shown=self.shown_solution,
            listed=lambda: (self.history.search.text(), len(self.history.model.entries), self.history.model.has_more),
            folder=lambda: self.state.folder,
            remember=lambda folder: self._keep_state(replace(self.state, folder=folder)),
            say=self.status.say,
            complain=self._complain,
        )
        self.importer = Importer(
            self,
            self.bridge,
            services,
            use_model=self.models.use_file,
            brought=self._brought,
            say=self.status.say,
            complain=self._complain,
        )
        self.menus = Menus(self)
        self.setAcceptDrops(True)
        self.importer.watch_drops()
        self._connect()
        self._show_theme()
        self._apply_view()
        self._show_actions()
        self._show_home()
        self.refresh_history()
        self.models.refresh()
        self.bridge.run_in_background(services.samples, self._samples_known, self._complain)
        self.box.edit.setFocus()

    # -- construction -------------------------------------------------------------------------------------------

    def _build(self) -> None:
        s = self.services
        self.history = HistoryPanel(self.theme)
        self.history.setFixedWidth(272)
        self.box = ProblemBox(self.formulas, self.theme)
        self.view = TranscriptView(self.formulas, self.theme)
        self.start = StartPage(self.formulas, self.theme)
        self.finder = FindBar(self.view, self.theme)
        self.steps = StepList(self.view, self.theme)
        self.status = StatusLine()
        self.models = ModelController(self.bridge, s, say=self.status.say, sentence=self._sentence)
        self.page_menu = PageMenu(self.view, self.bridge, s, say=self.status.say, complain=self._complain)
        self.top = TopBar()

        box_row = QHBoxLayout()
        box_row.setContentsMargins(24, 4, 24, 10)
        box_row.addStretch(1)
        self.box.setMaximumWidth(760)
        box_row.addWidget(self.box, 1000)
        box_row.addStretch(1)

        self.pages = QStackedWidget()
        self.pages.setObjectName("pages")
        for page in (self.start, self.view, self.models.page):
            self.pages.addWidget(page)

        main = QWidget()
        main.setObjectName("main")
        main.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(main)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addLayout(box_row)
        column.addWidget(self.pages, 1)
        column.addWidget(self.status)
        self.status.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.history)
        row.addWidget(main, 1)
        row.addWidget(self.steps)
        self.setCentralWidget(centre)
        # From the problem to its solution, then around the side bar: the order a user needs.
        for first, second in (
            (self.box.edit, self.box.stop_button),
            (self.box.stop_button, self.box.solve_button),
            (self.box.solve_button, self.finder.edit),
            (self.finder.edit, self.finder.previous),
            (self.finder.previous, self.finder.next),
            (self.finder.next, self.finder.close_button),
            (self.finder.close_button, self.view),
            (self.view, self.steps.list),
            (self.steps.list, self.top.again),
            (self.top.again, self.top.copy),
            (self.top.copy, self.top.menu),
            (self.top.menu, self.top.sidebar),
            (self.top.sidebar, self.history.new_button),
            (self.history.new_button, self.history.search),
            (self.history.search, self.history.list),
            (self.history.list, self.history.undo_button),
            (self.history.undo_button, self.history.samples_button),
            (self.history.samples_button, self.history.settings_button),
            (self.history.settings_button, self.status.confined),
        ):
            QWidget.setTabOrder(first, second)

    def _connect(self) -> None:
        self.bridge.batch.connect(self._on_events)
        self.bridge.ended.connect(self._on_ended)
        self.box.solve_asked.connect(self.solve)
        self.box.stop_asked.connect(self.stop)
        self.box.edit.files_given.connect(self.importer.import_dropped)
        self.top.again.clicked.connect(self.solve_again)
        self.top.sidebar.clicked.connect(self.toggle_sidebar)
        self.view.zoom_asked.connect(self.zoom)
        self.start.chosen.connect(self.use_problem)
        self.start.more_asked.connect(self.show_samples)
        h = self.history
        h.new_asked.connect(self.new_problem)
        h.opened.connect(self.open_solution)
        h.search_asked.connect(lambda _: self.refresh_history())
        h.model.more_asked.connect(self._more_history)
        h.delete_asked.connect(self.delete_solution)
        h.undo_asked.connect(self.undelete_solution)
        h.samples_asked.connect(self.show_samples)
        h.settings_asked.connect(self.show_settings)
        self.models.known.connect(self._models_known)
        self.models.asked.connect(self._show_models)
        self.models.ready.connect(self._model_is_here)
        self.view.answer_only_left.connect(lambda: self.show_answer_only(False))
        self.finder.toggled.connect(self._show_actions)
        self.steps.length_changed.connect(self._fit_panels)
        self.pages.currentChanged.connect(lambda _: self._fit_panels())
        self.status.confined.clicked.connect(self.show_confinement)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._scheme_changed)

    # -- solving ------------------------------------------------------------------------------------------------

    def solve(self) -> None:
        """Solve what is typed."""
        problem = self.box.text.strip()
        if self.bridge.busy:
            return
        if not problem:
            self.status.say("Type a problem first.")
            self.box.edit.setFocus()
            return
        if self.models.facts is None:  # asked for in the first moments: the answer is on its way
            self._solve_when_known = True
            self.status.say("Looking for the model\u2026")
            return
        if not self.models.name:
            self.models.show()
            self.status.say("A model is needed first.")
            return
        self._solved_problem = problem
        self._shown_id = ""
        self._shown_meta = {}
        self.history.select("")
        self.box.set_shown_below(problem)
        self.view.begin(problem)
        self.menus.answer_only.setChecked(False)
        self.view.folding.answer_only = False
        self.pages.setCurrentWidget(self.view)
        self.box.set_busy(True)
        self.status.start()
        self.status.say("Starting the model\u2026")
        self.setWindowTitle(wording.window_title(problem))
        self.bridge.queue_typesetting(warm_up, lambda _: None)

        def run(cancel: Cancel) -> Iterator[SolveEvent]:
            self._settings_saver.write()  # what was changed a moment ago holds for this solution
            yield from self.services.solve(problem, cancel)

        self.bridge.solve(run)
        self._show_actions()

    def solve_again(self) -> None:
        """Solve the problem that is shown once more."""
        if self.bridge.busy or not self._solved_problem:
            return
        self.box.set_text(self._solved_problem)
        self.solve()

    def stop(self) -> None:
        """Stop the running solution."""
        if self.bridge.busy:
            self.bridge.stop()
            self.status.say("Stopping\u2026")

    def _on_events(self, events: list[SolveEvent]) -> None:
        self.view.feed(events)
        state = ""
        for event in events:
            match event:
                case Recorded(entry_id):
                    self._shown_id = entry_id
                case Reading(done, total):
                    state = (
                        f"Reading the problem\u2026 {100 * done // total} %" if total else "Reading the problem\u2026"
                    )
                case RoundStarted() | TextDelta() | ThoughtDelta() | RunFinished():
                    state = "Thinking\u2026"
                case CodeStarted():
                    state = "Writing code\u2026"
                case CodeEnded():
                    state = "Running code\u2026"
                case AnswerFound():
                    state = "Answer found"
                case Finished():
                    self._finished(event)
                    state = ""
        if state:
            self.status.say(state)

    def _finished(self, event: Finished) -> None:
        self.status.stop(event.usage)
        self.status.say(event.sentence())
        self._shown_meta = event.transcript.meta
        answer = event.transcript.answer
        words = f"{event.sentence()} Answer: " if answer is not None else event.sentence()

        def describe(latex: str) -> None:
            self.view.setAccessibleDescription(words + latex)
            announce(self.view, words + latex)

        # Finding the words for a formula takes a moment that the window should not wait.
        self.bridge.queue_typesetting(lambda: spoken(answer.latex) if answer is not None else "", describe)
        if event.reason is EndReason.ENGINE:
            log.warning("solution ended: %s", event.sentence())

    def _on_ended(self, error: Exception | None) -> None:
        self.box.set_busy(False)
        self.status.stop(None)
        if error is not None:
            sentence = self._sentence(error)
            self.view.fail(sentence)
            self.status.say(sentence)
        self._show_model()
        self.refresh_history()
        self._show_actions()

    # -- history ------------------------------------------------------------------------------------------------

    def refresh_history(self) -> None:
        """Fetch the list of solutions anew."""
        query = self.history.search.text()

        wanted = max(PAGE, len(self.history.model.entries))  # what was scrolled to stays there

        def show(entries: Sequence[Entry]) -> None:
            if query == self.history.search.text():
                self.history.set_entries(entries, len(entries) >= wanted)
                if self._shown_id:
                    self.history.select(self._shown_id)

        self.bridge.run_in_background(lambda: self.services.entries(query, wanted), show, self._complain)

    def _more_history(self, here: int) -> None:
        """Fetch the next page of the list."""
        query = self.history.search.text()

        def show(entries: Sequence[Entry]) -> None:
            if query == self.history.search.text():
                self.history.model.append(entries, len(entries) >= PAGE)

        self.bridge.run_in_background(lambda: self.services.entries(query, PAGE, here), show, self._complain)

    def open_solution(self, entry_id: str) -> None:
        """Show a saved solution."""
        if self.bridge.busy:
            self.status.say("Stop the running solution first (Esc).")
            self.history.select(self._shown_id)
            return
        self._shown_id = entry_id

        def show(transcript: Transcript) -> None:
            if self._shown_id != entry_id or self.bridge.busy:
                return
            self._solved_problem = transcript.problem
            self._shown_meta = transcript.meta
            self.box.set_shown_below(transcript.problem)
            self.box.set_text(transcript.problem)
            self.view.show_transcript(transcript, wording.ending(transcript))
            self.pages.setCurrentWidget(self.view)
            self.status.say(wording.solved_by(transcript))
            self.status.numbers.setText("")
            self.setWindowTitle(wording.window_title(transcript.problem))
            self.history.select(entry_id)
            self._show_actions()

        self.bridge.run_in_background(lambda: self.services.solution(entry_id), show, self._complain)

    def delete_solution(self, entry_id: str) -> None:
        """Move a solution to the trash and offer to take it back."""

        def done(_: None) -> None:
            self.history.deleted(entry_id)
            if entry_id == self._shown_id:
                self.new_problem()
            self.refresh_history()

        self.bridge.run_in_background(lambda: self.services.delete(entry_id), done, self._complain)

    def undelete_solution(self, entry_id: str) -> None:
        """Take a deletion back."""
        self.bridge.run_in_background(
            lambda: self.services.undelete(entry_id), lambda _: self.refresh_history(), self._complain
        )

    def new_problem(self) -> None:
        """An empty box and the start page."""
        if self.bridge.busy:
            self.status.say("Stop the running solution first (Esc).")
            return
        self._shown_id = self._solved_problem = ""
        self.history.select("")
        self.box.set_shown_below("")
        self.box.set_text("")
        self.view.clear_all()
        self._show_home()
        self.setWindowTitle("MuMath Tutor")
        self.status.say("Ready")
        self.status.numbers.setText("")
        self.box.edit.setFocus()
        self._show_actions()

    def use_problem(self, text: str) -> None:
        """Put a problem into the box, ready to be solved."""
        if self.bridge.busy:
            return
        self.box.set_text(text)
        self.box.edit.setFocus()

    def _models_known(self) -> None:
        """The first look at the models, or another one, has ended."""
        self._show_model()
        if self.pages.currentWidget() is self.start:
            self._show_home()
        if self._solve_when_known:
            self._solve_when_known = False
            self.solve()

    def _show_model(self) -> None:
        """Name the model that will answer, and where it runs if that is known."""
        info = self.services.model_info()
        name = self.models.name
        self.status.set_model(name, info.device if info is not None and info.name == name else "")

    def _samples_known(self, samples: Sequence[Sample]) -> None:
        self._samples = samples
        self.start.set_samples(samples)

    def _model_is_here(self) -> None:
        # Importing a model has chosen it, which the settings of the window do not know yet.
        self.settings = self.settings.changed(model=self.services.load_settings().model)
        self.status.say("Ready")
        self._show_home()
        self.box.edit.setFocus()

    def _show_models(self) -> None:
        if self.bridge.busy:
            self.status.say("Stop the running solution first (Esc).")
            return
        self.pages.setCurrentWidget(self.models.page)

    def _show_home(self) -> None:
        if self.models.facts is None or self.models.name:
            self.pages.setCurrentWidget(self.start)
        else:
            self.models.show()

    def _brought(self, brought: ImportResult) -> None:
        """Solutions have been imported: a single one is shown."""
        self.refresh_history()
        if len(brought.ids) == 1 and not self.bridge.busy:
            self.open_solution(brought.ids[0])

    # -- dialogs ------------------------------------------------------------------------------------------------

    def show_samples(self) -> None:
        """All sample problems."""
        dialog = SamplesDialog(self._samples, self.formulas, self.theme, self)
        dialog.chosen.connect(self.use_problem)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_settings(self) -> None:
        """The settings."""
        models = [("", "Best that is here"), *(self.models.facts.installed if self.models.facts else ())]
        dialog = SettingsDialog(self.settings, self, {"model": models})
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.use_settings(dialog.settings))
        dialog.open()

    def use_settings(self, settings: Settings) -> None:
        """Keep new settings and show what can be seen of them at once."""
        before, self.settings = self.settings, settings
        self._settings_saver.put(settings)
        if (settings.theme, settings.font_size) != (before.theme, before.font_size):
            self.apply_theme()
        self._apply_view()
        self._model_changed |= settings.model != before.model
        self._confinement_changed |= settings.require_full_sandbox != before.require_full_sandbox
        if self._model_changed or self._confinement_changed:
            self._settings_saver.flush()

    def _settings_saved(self) -> None:
        """What depends on the settings that the services know now."""
        if self._model_changed:
            self._model_changed = False
            self.models.refresh()
        if self._confinement_changed:
            self._confinement_changed = False
            self.look_at_confinement()

    def change_settings(self, **values: object) -> None:
        """Keep a few new settings."""
        self.use_settings(self.settings.changed(**values))

    def look_at_confinement(self) -> None:
        """Learn what holds on this computer where code runs, and say so at the foot of the window."""

        def seen(confinement: Confinement) -> None:
            self._confinement = confinement
            self.status.set_confinement(confinement, self.theme)

        self.bridge.run_in_background(self.services.confinement, seen, lambda _: None)

    def show_confinement(self) -> None:
        """What the model's code is kept from doing here."""

        def show(confinement: Confinement) -> None:
            dialog = ConfinementDialog(confinement, self.theme, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

        if self._confinement is not None:
            show(self._confinement)
        else:
            self.bridge.run_in_background(self.services.confinement, show, self._complain)

    def show_shortcuts(self) -> None:
        """The list of keys."""
        dialog = ShortcutsDialog(self.actions(), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_log(self) -> None:
        """Open the folder of the log in the platform's file manager."""
        folder = self.services.log_folder()
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(folder)):
            self.status.say(f"The log is in {folder}")

    def show_about(self) -> None:
        """What this program is."""
        box = QMessageBox(QMessageBox.Icon.NoIcon, "About MuMath Tutor", ABOUT, QMessageBox.StandardButton.Close, self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def focus_search(self) -> None:
        """Go to the search field."""
        self._sidebar_wanted = True
        self.history.show()
        self.history.search.setFocus()
        self.history.search.selectAll()

    def toggle_sidebar(self) -> None:
        """Show or hide the side bar."""
        self._sidebar_wanted = not self.history.isVisible()
        self.history.setVisible(self._sidebar_wanted)
        self._fit_panels()

    # -- look ---------------------------------------------------------------------------------------------------

    def apply_theme(self) -> None:
        """Use the theme of the settings."""
        self.theme = themes.resolve(_theme_choice(self.settings))
        self._style_application()
        self._show_theme()

    def _show_theme(self) -> None:
        t = self.theme
        self.box.stop_button.setIcon(icon("stop", t.bad))
        for part in (self.top, self.history, self.box, self.view, self.start, self.finder, self.steps):
            part.set_theme(t)
        if self._confinement is not None:
            self.status.set_confinement(self._confinement, t)

    def _style_application(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            style.apply(app, self.theme)

    def _scheme_changed(self) -> None:
        if _theme_choice(self.settings) == "system":
            self.apply_theme()

    def zoom(self, step: int) -> None:
        """Larger, smaller, or (0) normal text."""
        nearest = min(range(len(ZOOMS)), key=lambda n: abs(ZOOMS[n] - self.settings.zoom))
        zoom = 100 if step == 0 else ZOOMS[max(0, min(len(ZOOMS) - 1, nearest + step))]
        self.change_settings(zoom=zoom)
        self.status.say(f"Text size {zoom} %")

    def _apply_view(self) -> None:
        """Show what the settings say about size, folds and panels."""
        s = self.settings
        size = s.font_size * _PIXELS_PER_POINT * s.zoom / 100
        self.view.set_size(size)
        self.box.set_size(size)
        hidden = {part for part, on in (("code", s.hide_code), ("output", s.hide_outputs)) if on}
        for part in ("code", "output"):
            if (part in hidden) != (part in self.view.folding.hidden):
                self.view.hide_parts(part, part in hidden)
        self.menus.show_settings(s.hide_code, s.hide_outputs, s.steps)
        self._fit_panels()

    def show_answer_only(self, on: bool) -> None:
        """Show the problem and its answer alone, or all of the solution; holds for this solution."""
        self.menus.answer_only.setChecked(on)
        self.view.show_answer_only(on)

    def go_step(self, by: int) -> None:
        """Scroll to the next (1) or the previous (-1) step."""
        self.steps.go(by)

    def fold_here(self) -> None:
        """Open or fold the block that is being read."""
        self.view.toggle_here()

    def search_page(self, step: int = 0) -> None:
        """Search in the solution; go on to the next (1) or the previous (-1) match."""
        self.pages.setCurrentWidget(self.view)
        if step:
            self.finder.step(step)
        else:
            self.finder.open()

    def escape(self) -> None:
        """Stop what runs; else close the search."""
        if self.bridge.busy:
            self.stop()
        else:
            self.finder.leave()

    def _fit_panels(self) -> None:
        """The side bar and the table of steps give way in a narrow window."""
        self.history.setVisible(self._sidebar_wanted and self.width() >= _NARROW)
        wanted = {"always": True, "never": False}.get(self.settings.steps, self.steps.is_long)
        room = self.width() - (self.history.width() if self._sidebar_wanted else 0)
        there = self.pages.currentWidget() is self.view
        self.steps.setVisible(wanted and there and room >= _ROOM_FOR_STEPS)

    def _show_actions(self) -> None:
        there = not self.view.is_empty
        busy = self.bridge.busy
        self.top.show_state(there, busy)
        self.menus.refresh(there, busy, self.finder.isVisible())

    def shown_solution(self) -> Transcript | None:
        """The solution on the page with how it was made, if there is one."""
        if self.view.is_empty:
            return None
        return Transcript(self.view.transcript().turns, self._shown_meta)

    # -- faults -------------------------------------------------------------------------------------------------

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, TutorError):
            return str(error)
        log.error("unexpected failure", exc_info=error)
        return "Something unexpected went wrong in the program; the log (Help, Show the log) says what. You can go on."

    def _complain(self, error: Exception) -> None:
        self.status.say(self._sentence(error))

    # -- Qt -----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The side bar gives way in a narrow window."""
        self._fit_panels()
        super().resizeEvent(event)
        if event.oldSize().height() != event.size().height():
            self.box.fit_window()
        self._note_place()

    def moveEvent(self, event: QMoveEvent) -> None:
        """Remember where the window stands."""
        super().moveEvent(event)
        self._note_place()

    def changeEvent(self, event: QEvent) -> None:
        """Remember whether it fills the screen."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._note_place()

    def _restore_place(self) -> None:
        screens = sorted(QGuiApplication.screens(), key=lambda s: s is not QGuiApplication.primaryScreen())
        where = place(self.state, [s.availableGeometry() for s in screens])
        self.resize(where.size())
        self.move(where.topLeft())
        if self.state.maximized:
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def _note_place(self) -> None:
        """Keep where the window stands, once it is shown; while it fills the screen, where it stood before."""
        if not self.isVisible() or self.isMinimized():
            return
        if self.isMaximized() or self.isFullScreen():
            self._keep_state(replace(self.state, maximized=True))
        else:
            size, at = self.size(), self.pos()
            now = WindowState(at.x(), at.y(), size.width(), size.height(), False, self.state.folder)
            self._keep_state(now)

    def _keep_state(self, state: WindowState) -> None:
        if state != self.state:
            self.state = state
            self._state_saver.put(state)

    def showEvent(self, event: QShowEvent) -> None:
        """Load the faces of code once the window is there: at their first use they would cost a visible pause."""
        super().showEvent(event)
        if not self._warm:
            self._warm = True
            QTimer.singleShot(400, self, _load_faces)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Exported solutions and model files can be dropped on the window."""
        if Importer.paths_in(event.mimeData()):
            event.acceptProposedAction()
            self.status.say("Let go to import")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """The file was taken away again."""
        self.status.say("Ready")

    def dropEvent(self, event: QDropEvent) -> None:
        """Import what was dropped."""
        event.acceptProposedAction()
        self.importer.import_dropped(Importer.paths_in(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what runs; what was written so far is saved by the services."""
        QGuiApplication.styleHints().colorSchemeChanged.disconnect(self._scheme_changed)
        for saver in (self._settings_saver, self._state_saver):
            saver.flush()
        if not self.bridge.close():
            log.warning("a worker did not end in time")
        super().closeEvent(event)


def warm_up() -> None:
    """Import what the first lines of a solution will need, outside the GUI thread and while the model loads."""
    from tutor_app.render.code_colors import load_lexer
    from tutor_app.text.markup import load_markdown

    load_markdown()
    load_lexer()


def _load_faces() -> None:
    image = QImage(64, 64, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    for italic in (False, True):
        font = themes.mono_font(14)
        font.setItalic(italic)
        painter.setFont(font)
        painter.drawText(2, 20, "x = 1")
    painter.end()


def _theme_choice(settings: Settings) -> themes.ThemeChoice:
    return "light" if settings.theme == "light" else "dark" if settings.theme == "dark" else "system"
