"""The main window: makes the panels and what drives them, and says which page is shown.

Everything slow goes through the :class:`~tutor_app.ui.bridge.Bridge`. The panels and their places are in
:mod:`~tutor_app.window.panels`, the running solution in :mod:`~tutor_app.window.solving`, the list in
:mod:`~tutor_app.window.saved_solutions`, the commands in :mod:`~tutor_app.window.menus`. It reads no file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QGuiApplication,
    QIcon,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow

from tutor_app.core.settings import Settings, zoomed
from tutor_app.core.transcript import Transcript
from tutor_app.core.values import ImportResult, Sample
from tutor_app.core.window_state import WindowState
from tutor_app.desk.stepper.desk import StepDesk
from tutor_app.handout import wording
from tutor_app.render import theme as themes
from tutor_app.render.folding import Foldable
from tutor_app.resources import resources
from tutor_app.text.markup import load_markdown
from tutor_app.ui import style
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.page.page_menu import PageMenu
from tutor_app.ui.page.statement_list import StatementList
from tutor_app.ui.placing import PlaceKeeper
from tutor_app.ui.services import Services
from tutor_app.window.background_saver import BackgroundSaver
from tutor_app.window.dialogs.confinement import ConfinementController
from tutor_app.window.dialogs.models import ModelController
from tutor_app.window.dialogs.samples import SamplesDialog
from tutor_app.window.dialogs.settings import SettingsDialog
from tutor_app.window.dialogs.shortcuts import ShortcutsDialog
from tutor_app.window.exporter import Exporter
from tutor_app.window.faults import FaultReporter
from tutor_app.window.importer import Importer
from tutor_app.window.menus import Menus
from tutor_app.window.panels import Panels
from tutor_app.window.saved_solutions import SavedSolutions
from tutor_app.window.solving import Solving
from tutor_app.window.student_pages import StudentPages
from tutor_app.window.updates import Updates
from tutor_app.window.voting import Voting

log = logging.getLogger(__name__)

_PIXELS_PER_POINT: Final = 17 / 12  # the default of 12 points is the design size of 17 pixels


class MainWindow(QMainWindow):
    """The window.

    Args:
        services: The rest of the program.
    """

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services
        self.settings = services.load_settings()
        self.bridge = bridge = Bridge(self)
        self.formulas = Formulas(self.bridge, self)
        self.theme = themes.resolve(self.settings.theme)
        self._shown_meta: Mapping[str, object] = {}
        self._shown_problem = ""
        self._model_changed = self._confinement_changed = False
        self._warm = False
        self._when_known: Callable[[], None] | None = None
        self._samples: Sequence[Sample] = ()
        # Before any widget is made: a label polished with the platform's font keeps it.
        self._style_application()
        self.panels = Panels(self.formulas, self.theme)
        self._name_panels()
        self.faults = FaultReporter(self.status, services.log_folder)
        say, complain = self.status.say, self.faults.complain
        self._settings_saver = BackgroundSaver(self.bridge, services.save_settings, self._settings_saved, complain)
        self._state_saver: BackgroundSaver[WindowState] = BackgroundSaver(
            self.bridge, services.save_window_state, lambda: None, complain
        )
        self.setWindowTitle("MuMath Tutor")
        self.setWindowIcon(QIcon(str(resources() / "icons" / "app.svg")))
        self.setMinimumSize(480, 320)
        self.place = PlaceKeeper(self, services.window_state(), self._state_saver.put)
        self.models = ModelController(self.bridge, services, say=say, complain=complain)
        self.pages.addWidget(self.models.page)
        self.page_menu = PageMenu(self.view, self.bridge, services, say=say, complain=complain)
        self.saved = SavedSolutions(self.bridge, services, self.history, say=say, complain=complain)
        self.solving = Solving(self.bridge, services, self.view, self.status, complain)
        self.confinement = ConfinementController(self, self.bridge, services, self.status, self.theme, complain)
        self.exporter = Exporter(
            self,
            self.bridge,
            services,
            self.formulas.cache,
            shown=self.shown_solution,
            listed=self.saved.listed,
            place=self.place,
            say=say,
            complain=complain,
        )
        self.importer = Importer(
            self, bridge, services, use_model=self.models.use_file, imported=self._imported, say=say, complain=complain
        )
        self.setCentralWidget(self.panels)
        self.desk = StepDesk(
            self, self.view, services, bridge, self.formulas, self.theme, complain=complain, say=say, place=self.place
        )
        self.statements = StatementList(self.view, self.theme, self)
        self.student = StudentPages(self)
        self.voting = Voting(self)
        self.updates = Updates(self)
        self.menus = Menus(self)
        self.importer.watch_drops()
        self._connect()
        self._show_theme()
        self._apply_view()
        self._show_actions()
        self._show_home()
        self.saved.refresh()
        self.models.refresh()
        # Once the event loop turns: the window is painted first, and its cards follow.
        QTimer.singleShot(0, self, lambda: bridge.run_in_background(self._load_samples, self._samples_known, complain))
        self.box.edit.setFocus()

    # -- construction -------------------------------------------------------------------------------------------

    def _name_panels(self) -> None:
        p = self.panels
        self.history, self.box, self.view, self.start = p.history, p.box, p.view, p.start
        self.finder, self.steps, self.status, self.top, self.pages = p.finder, p.steps, p.status, p.top, p.pages

    def _connect(self) -> None:
        self.box.solve_asked.connect(self.solve)
        self.box.stop_asked.connect(self.solving.stop)
        self.box.edit.files_given.connect(self.importer.import_dropped)
        self.solving.started.connect(self._show_actions)
        self.solving.recorded.connect(self.saved.set_shown)
        self.solving.ended.connect(self._solving_ended)
        self.top.again.clicked.connect(self.solve_again)
        self.top.sidebar.clicked.connect(self.toggle_sidebar)
        self.view.zoom_asked.connect(self.zoom)
        self.start.chosen.connect(self.use_problem)
        self.start.more_asked.connect(self.show_samples)
        self.history.new_asked.connect(self.new_problem)
        self.history.samples_asked.connect(self.show_samples)
        self.history.settings_asked.connect(self.show_settings)
        self.saved.opened.connect(self._show_saved)
        self.saved.deleted.connect(self.new_problem)
        self.models.known.connect(self._models_known)
        self.models.asked.connect(self._show_models)
        self.models.page.close_asked.connect(self._leave_models)
        self.models.ready.connect(self._model_is_here)
        self.view.statements_asked.connect(self.statements.open_at)
        self.view.answer_only_left.connect(lambda: self.show_answer_only(False))
        self.finder.toggled.connect(self._show_actions)
        self.student.changed.connect(self._show_actions)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._scheme_changed)

    # -- solving ------------------------------------------------------------------------------------------------

    def solve(self, votes: int = 1) -> None:
        """Solve what is typed, or (``votes`` above 1) ask it several times."""
        problem = self.box.text.strip()
        if not self.can_solve(problem, lambda: self.solve(votes)):
            return
        self.student.stop()
        self._shown_problem = problem
        self._shown_meta = {}
        self.saved.set_shown("")
        self.box.set_shown_below(problem)
        self.menus.answer_only.setChecked(False)
        self.view.folding.answer_only = False
        self.pages.setCurrentWidget(self.view)
        self.setWindowTitle(wording.window_title(problem))
        as_typed = self.box.reading.kept
        self.solving.start(problem, before=self.write_settings, votes=votes, as_typed=as_typed)
        self.voting.begin(votes)

    def can_solve(self, problem: str, then: Callable[[], None]) -> bool:
        """Whether a problem can be solved now; tells the user what is missing.

        Args:
            problem: As typed.
            then: Called later if the models are not known yet.
        """
        if self.bridge.busy:
            return False
        if not problem:
            self.status.say("Type a problem first.")
            self.box.edit.setFocus()
        elif self.models.facts is None:  # asked for in the first moments: the answer is on its way
            self._when_known = then
            self.status.say("Looking for the model\u2026")
        elif not self.models.name:
            self.models.show()
            self.status.say("A model is needed first.")
        else:
            return True
        return False

    def solve_again(self) -> None:
        """Solve the problem that is shown once more."""
        if self.bridge.busy or not self._shown_problem:
            return
        self.box.set_text(self._shown_problem, as_typed=self.view.page.as_typed)
        self.solve()

    def _solving_ended(self) -> None:
        self._shown_meta = self.solving.meta
        self._show_model()
        self.saved.refresh()
        self._show_actions()

    # -- what is shown ------------------------------------------------------------------------------------------

    def _show_saved(self, transcript: Transcript) -> None:
        self._shown_problem = transcript.problem
        self._shown_meta = transcript.meta
        self.box.set_shown_below(transcript.problem)
        self.box.set_text(transcript.problem, as_typed=transcript.as_typed)
        self.view.show_transcript(transcript, wording.ending(transcript))
        self.bridge.run_in_background(
            lambda: self.services.check_statements(transcript), self.view.take_claims, self.faults.complain
        )
        self.pages.setCurrentWidget(self.view)
        self.status.say(wording.solved_by(transcript))
        self.status.numbers.setText("")
        self.setWindowTitle(wording.window_title(transcript.problem))
        self._show_actions()

    def new_problem(self) -> None:
        """An empty box and the start page."""
        if self.bridge.busy:
            self.status.say("Stop the running solution first (Esc).")
            return
        self._shown_problem = ""
        self.saved.set_shown("")
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
        then, self._when_known = self._when_known, None
        if then is not None:
            then()

    def _show_model(self) -> None:
        """Name the model that will answer, and where it runs if that is known."""
        info = self.services.model_info()
        name = self.models.name
        self.status.set_model(name, info.device if info is not None and info.name == name else "")

    def _load_samples(self) -> Sequence[Sample]:
        """*Worker.* The sample problems, and the parser of Markdown that their cards need."""
        load_markdown()
        return self.services.samples()

    def _samples_known(self, samples: Sequence[Sample]) -> None:
        self._samples = samples
        self.start.set_samples(samples)

    def _model_is_here(self) -> None:
        # Importing a model has chosen it, which the settings of the window do not know yet.
        self.settings = self.settings.changed(model=self.services.load_settings().model)
        self.status.say("Ready")
        if self.pages.currentWidget() is not self.view:  # the solution that is read stays
            self._show_home()
        self.box.edit.setFocus()

    def _show_models(self) -> None:
        if self.bridge.busy:
            self.status.say("Stop the running solution first (Esc).")
            return
        self.pages.setCurrentWidget(self.models.page)
        self.status.say("Ready")
        self.status.numbers.setText("")

    def _leave_models(self) -> None:
        """Back to the solution, or to the first page."""
        self.pages.setCurrentWidget(self.start if self.view.page.is_empty else self.view)
        self.box.edit.setFocus()

    def _show_home(self) -> None:
        if self.models.facts is None or self.models.name:
            self.pages.setCurrentWidget(self.start)
        else:
            self.models.show()

    def _imported(self, result: ImportResult) -> None:
        """Solutions have been imported: a single one is shown."""
        self.saved.refresh()
        if len(result.ids) == 1 and not self.bridge.busy:
            self.saved.open(result.ids[0])

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
        dialog = SettingsDialog(self.settings, self, {"model": models}, self.student.setting_rows())
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
        self._model_changed |= (settings.model, settings.server) != (before.model, before.server)
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
            self.confinement.look()

    def write_settings(self) -> None:
        """*Worker.* Write what was changed a moment ago: it holds for the next solution."""
        self._settings_saver.write()

    def change_settings(self, **values: object) -> None:
        """Keep a few new settings."""
        self.use_settings(self.settings.changed(**values))

    def show_shortcuts(self) -> None:
        """The list of keys."""
        dialog = ShortcutsDialog(self.actions(), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def focus_search(self) -> None:
        """Go to the search field."""
        self.panels.want_sidebar(True)
        self.history.search.setFocus()
        self.history.search.selectAll()

    def toggle_sidebar(self) -> None:
        """Show or hide the side bar."""
        self.panels.want_sidebar(not self.history.isVisible())
        self.panels.fit()

    # -- look ---------------------------------------------------------------------------------------------------

    def apply_theme(self) -> None:
        """Use the theme of the settings."""
        self.theme = themes.resolve(self.settings.theme)
        self._style_application()
        self._show_theme()

    def _show_theme(self) -> None:
        self.panels.set_theme(self.theme)
        self.desk.set_theme(self.theme)
        self.student.set_theme(self.theme)
        self.statements.set_theme(self.theme)
        self.voting.set_theme(self.theme)
        self.confinement.set_theme(self.theme)

    def _style_application(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            style.apply(app, self.theme)

    def _scheme_changed(self) -> None:
        if self.settings.theme == "system":
            self.apply_theme()

    def zoom(self, step: int) -> None:
        """Larger, smaller, or (0) normal text."""
        zoom = zoomed(self.settings.zoom, step)
        self.change_settings(zoom=zoom)
        self.status.say(f"Text size {zoom} %")

    def _apply_view(self) -> None:
        """Show what the settings say about size, folds and panels."""
        s = self.settings
        size = s.font_size * _PIXELS_PER_POINT * s.zoom / 100
        self.panels.set_size(size)
        self.desk.set_size(size)
        self.student.set_size(size)
        hidden: dict[Foldable, bool] = {
            "code": s.hide_code,
            "output": s.hide_outputs,
            "thought": not s.show_thoughts,
        }
        for part, on in hidden.items():
            if on != (part in self.view.folding.hidden):
                self.view.hide_parts(part, on)
        self.menus.show_settings(s)
        self.voting.show_number()
        self.panels.want_steps(s.steps)

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
            self.solving.stop()
        elif self.student.busy:
            self.student.stop()
        else:
            self.finder.leave()

    def _show_actions(self) -> None:
        there = not self.view.page.is_empty
        busy = self.bridge.busy
        if busy is not self.box.busy:
            self.box.set_busy(busy)
        self.top.show_state(there, busy)
        self.menus.refresh(there, busy, self.finder.isVisible() or self.student.busy)
        self.voting.refresh(there=there, busy=busy)
        if there and not busy:
            self.desk.prepare()

    def shown_solution(self) -> Transcript | None:
        """The solution on the page with how it was made, if there is one."""
        if self.view.page.is_empty:
            return None
        return replace(self.view.page.transcript(), meta=self._shown_meta)

    # -- Qt -----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A low window gives the room of the problem's box to the page."""
        super().resizeEvent(event)
        if event.oldSize().height() != event.size().height():
            self.box.fit_window()

    def showEvent(self, event: QShowEvent) -> None:
        """Load the faces of code once the window is there: at their first use they would cost a visible pause."""
        super().showEvent(event)
        if not self._warm:
            self._warm = True
            QTimer.singleShot(400, self, style.load_faces)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what runs; what was written so far is saved by the services."""
        QGuiApplication.styleHints().colorSchemeChanged.disconnect(self._scheme_changed)
        for saver in (self._settings_saver, self._state_saver):
            saver.flush()
        if not self.bridge.close():
            log.warning("a worker did not end in time")
        super().closeEvent(event)
