"""The main window: puts the panels together and passes their wishes to the services.

Everything slow goes through the :class:`~tutor_app.ui.bridge.Bridge`; the window itself only moves plain data between
panels. It decides nothing about a solution, reads no file and opens no address. It is long because it is the one
place where every panel meets the services; each method is a few lines and none knows another panel's inside.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QGuiApplication,
    QIcon,
    QImage,
    QKeySequence,
    QPainter,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tutor_app.core.errors import TutorError
from tutor_app.core.events import (
    AnswerFound,
    CodeEnded,
    CodeStarted,
    EndReason,
    Finished,
    Reading,
    RoundStarted,
    RunFinished,
    SolveEvent,
    TextDelta,
)
from tutor_app.core.transcript import Transcript
from tutor_app.paths import resources
from tutor_app.settings import Settings
from tutor_app.ui import clipboard
from tutor_app.ui import theme as themes
from tutor_app.ui.bridge import Bridge, Job
from tutor_app.ui.exporter import Exporter
from tutor_app.ui.first_run import FirstRunPage
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.history_panel import HistoryPanel
from tutor_app.ui.icons import icon
from tutor_app.ui.plain import plain
from tutor_app.ui.problem_box import ProblemBox
from tutor_app.ui.samples import SamplesDialog, StartPage
from tutor_app.ui.services import Entry, PullProgress, Services
from tutor_app.ui.settings_dialog import SettingsDialog
from tutor_app.ui.shortcuts_dialog import ShortcutsDialog
from tutor_app.ui.status_line import StatusLine
from tutor_app.ui.transcript_view import TranscriptView

log = logging.getLogger(__name__)

ZOOMS: Final = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5)
_PIXELS_PER_POINT: Final = 17 / 12  # the default of 12 points is the design size of 17 pixels
_NARROW: Final = 760  # below this the side bar gives way to the page


class MainWindow(QMainWindow):
    """The window.

    Args:
        services: The rest of the program.
    """

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services
        self.settings = services.load_settings()
        self.bridge = Bridge(self)
        self.formulas = Formulas(self.bridge, self)
        self.theme = themes.resolve(_theme_choice(self.settings))
        self._zoom = ZOOMS.index(1.0)
        self._shown_id = ""
        self._shown_meta: Mapping[str, object] = {}
        self._solved_problem = ""
        self._download: Job | None = None
        self._sidebar_wanted = True
        self._warm = False
        self.setWindowTitle("MuMath Tutor")
        self.setWindowIcon(QIcon(str(resources() / "icons" / "app.svg")))
        self.resize(1280, 860)
        self.setMinimumSize(480, 420)
        # Before any widget is made: a label polished with the platform's font keeps it.
        self._style_application()
        self._build()
        self.exporter = Exporter(
            self,
            self.bridge,
            services,
            self.formulas.cache,
            shown=self.shown_solution,
            listed=lambda: [e.id for e in self.history.model.entries],
            say=self.status.say,
            complain=self._complain,
        )
        self._connect()
        self._make_actions()
        self._show_theme()
        self._apply_size()
        self._show_home()
        self.refresh_history()
        self.status.set_model(services.model_name(), "")
        self.box.edit.setFocus()

    # -- construction -------------------------------------------------------------------------------------------

    def _build(self) -> None:
        s = self.services
        self.history = HistoryPanel(self.theme)
        self.history.setFixedWidth(272)
        self.box = ProblemBox(self.formulas, self.theme)
        self.view = TranscriptView(self.formulas, self.theme)
        self.start = StartPage(s.samples(), self.formulas, self.theme)
        self.first_run = FirstRunPage(s.offers())
        self.status = StatusLine()
        self.sidebar_button = self._tool("sidebar", "Show or hide the side bar (Ctrl+B)", "Side bar")
        self.again_button = QPushButton("Solve again")
        self.again_button.setObjectName("flat")
        self.again_button.setAccessibleName("Solve again")
        self.again_button.setToolTip("Solve the same problem anew (Ctrl+R)")
        self.copy_button = QToolButton()
        self.copy_button.setText("Copy")
        self.copy_button.setAccessibleName("Copy the solution")
        self.copy_button.setToolTip("Copy the solution as text, Markdown or LaTeX")
        self.copy_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.copy_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.copy_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.menu_button = self._tool("more", "Menu", "Menu")
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.heading = QLabel("")
        self.heading.setObjectName("muted")

        top = QHBoxLayout()
        top.setContentsMargins(12, 8, 12, 0)
        top.setSpacing(4)
        top.addWidget(self.sidebar_button)
        top.addStretch()
        top.addWidget(self.again_button)
        top.addWidget(self.copy_button)
        top.addWidget(self.menu_button)

        box_row = QHBoxLayout()
        box_row.setContentsMargins(24, 4, 24, 10)
        box_row.addStretch(1)
        self.box.setMaximumWidth(760)
        box_row.addWidget(self.box, 1000)
        box_row.addStretch(1)

        self.pages = QStackedWidget()
        self.pages.setObjectName("pages")
        for page in (self.start, self.view, self.first_run):
            self.pages.addWidget(page)

        main = QWidget()
        main.setObjectName("main")
        main.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(main)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
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
        self.setCentralWidget(centre)
        # From the problem to its solution, then around the side bar: the order a reader needs.
        for first, second in (
            (self.box.edit, self.box.stop_button),
            (self.box.stop_button, self.box.solve_button),
            (self.box.solve_button, self.view),
            (self.view, self.again_button),
            (self.again_button, self.copy_button),
            (self.copy_button, self.menu_button),
            (self.menu_button, self.sidebar_button),
            (self.sidebar_button, self.history.new_button),
            (self.history.new_button, self.history.search),
            (self.history.search, self.history.list),
            (self.history.list, self.history.undo_button),
            (self.history.undo_button, self.history.samples_button),
            (self.history.samples_button, self.history.settings_button),
        ):
            QWidget.setTabOrder(first, second)

    def _tool(self, _icon: str, tip: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setToolTip(tip)
        button.setAccessibleName(name)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def _connect(self) -> None:
        self.bridge.batch.connect(self._on_events)
        self.bridge.ended.connect(self._on_ended)
        self.box.solve_asked.connect(self.solve)
        self.box.stop_asked.connect(self.stop)
        self.again_button.clicked.connect(self.solve_again)
        self.sidebar_button.clicked.connect(self.toggle_sidebar)
        self.view.zoom_asked.connect(self.zoom)
        self.start.chosen.connect(self.use_problem)
        self.start.more_asked.connect(self.show_samples)
        h = self.history
        h.new_asked.connect(self.new_problem)
        h.opened.connect(self.open_solution)
        h.search_asked.connect(lambda _: self.refresh_history())
        h.delete_asked.connect(self.delete_solution)
        h.undo_asked.connect(self.undelete_solution)
        h.samples_asked.connect(self.show_samples)
        h.settings_asked.connect(self.show_settings)
        f = self.first_run
        f.pull_asked.connect(self.pull)
        f.cancel_asked.connect(self.cancel_pull)
        f.import_asked.connect(self.import_model)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._scheme_changed)

    def _make_actions(self) -> None:
        def action(text: str, keys: str, slot: Callable[[], object]) -> QAction:
            a = QAction(text, self)
            if keys:
                a.setShortcuts([QKeySequence(k) for k in keys.split("|")])
            a.triggered.connect(lambda _=False: slot())
            self.addAction(a)
            return a

        new = action("New problem", "Ctrl+N", self.new_problem)
        again = action("Solve again", "Ctrl+R", self.solve_again)
        stop = action("Stop", "Esc", self.stop)
        samples = action("Sample problems\u2026", "Ctrl+O", self.show_samples)
        search = action("Search solutions", "Ctrl+K", self.focus_search)
        sidebar = action("Side bar", "Ctrl+B", self.toggle_sidebar)
        zoom_in = action("Larger text", "Ctrl++|Ctrl+=", lambda: self.zoom(1))
        zoom_out = action("Smaller text", "Ctrl+-", lambda: self.zoom(-1))
        zoom_reset = action("Normal text size", "Ctrl+0", lambda: self.zoom(0))
        export = action("Export\u2026", "Ctrl+Shift+E", self.exporter.ask)
        preview = action("Print preview", "", self.exporter.preview)
        paper = action("Print\u2026", "Ctrl+P", self.exporter.print)
        settings = action("Settings\u2026", "Ctrl+,", self.show_settings)
        models = action("Get another model\u2026", "", self.show_models)
        keys = action("Keyboard shortcuts", "Ctrl+/", self.show_shortcuts)
        leave = action("Quit", "Ctrl+Q", self.close)
        action("To the problem", "Ctrl+L", self.box.edit.setFocus)
        menu = QMenu(self)
        for group in (
            (new, again, stop, samples),
            (export, preview, paper),
            (search, sidebar),
            (zoom_in, zoom_out, zoom_reset),
            (settings, models, keys, leave),
        ):
            menu.addActions(list(group))
            menu.addSeparator()
        self.menu_button.setMenu(menu)
        copy = QMenu(self)
        self.copy_actions = [
            action("Copy as text", "Ctrl+Shift+C", lambda: self.copy("text")),
            action("Copy as Markdown", "Ctrl+Shift+M", lambda: self.copy("markdown")),
            action("Copy as LaTeX", "Ctrl+Shift+L", lambda: self.copy("latex")),
        ]
        copy.addActions(self.copy_actions)
        self.copy_button.setMenu(copy)
        self._solution_actions = [again, *self.copy_actions]
        self._paper_actions = [preview, paper]
        self._stop_action = stop
        self._show_actions()

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
        if not self.services.model_name():
            self.pages.setCurrentWidget(self.first_run)
            self.status.say("A model is needed first.")
            return
        self._solved_problem = problem
        self._shown_id = ""
        self._shown_meta = {}
        self.history.select("")
        self.box.set_shown_below(problem)
        self.view.begin(problem)
        self.pages.setCurrentWidget(self.view)
        self.box.set_busy(True)
        self.status.start()
        self.status.say("Starting the model\u2026")
        self.setWindowTitle(f"{plain(problem)[:60]} \u2013 MuMath Tutor")
        self.bridge.queue_typesetting(warm_up, lambda _: None)
        self.bridge.solve(lambda cancel: self.services.solve(problem, cancel))
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
                case Reading(done, total):
                    state = (
                        f"Reading the problem\u2026 {100 * done // total} %" if total else "Reading the problem\u2026"
                    )
                case RoundStarted() | TextDelta() | RunFinished():
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
        self.view.setAccessibleDescription(
            f"{event.sentence()} {'Answer: ' + plain(answer.latex) if answer is not None else ''}".strip()
        )
        if event.reason is EndReason.ENGINE:
            log.warning("solution ended: %s", event.sentence())

    def _on_ended(self, error: Exception | None) -> None:
        self.box.set_busy(False)
        self.status.stop(None)
        if error is not None:
            sentence = self._sentence(error)
            self.view.fail(sentence)
            self.status.say(sentence)
        info = self.services.model_info()
        if info is not None:
            self.status.set_model(info.name, info.device)
        self.refresh_history()
        self._show_actions()

    # -- history ------------------------------------------------------------------------------------------------

    def refresh_history(self) -> None:
        """Fetch the list of solutions anew."""
        query = self.history.search.text()

        def show(entries: Sequence[Entry]) -> None:
            if query == self.history.search.text():
                self.history.set_entries(entries)
                if not self._shown_id and self._solved_problem and not self.bridge.busy:
                    newest = next(iter(entries), None)
                    if newest is not None and newest.problem.strip() == self._solved_problem:
                        self._shown_id = newest.id
                if self._shown_id:
                    self.history.select(self._shown_id)

        self.bridge.run_in_background(lambda: self.services.entries(query), show, self._complain)

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
            self.view.show_transcript(transcript, _ending(transcript))
            self.pages.setCurrentWidget(self.view)
            self.status.say(_provenance(transcript))
            self.status.numbers.setText("")
            self.setWindowTitle(f"{plain(transcript.problem)[:60]} \u2013 MuMath Tutor")
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

    # -- models -------------------------------------------------------------------------------------------------

    def pull(self, model_id: str) -> None:
        """Fetch a model."""
        if self._download is not None:
            return
        self.first_run.set_running(True)
        job = Job()

        def report(p: PullProgress) -> None:
            self.bridge.post(lambda: self.first_run.show_progress(p))

        def done(_: None) -> None:
            self._download = None
            self.first_run.set_running(False)
            self._model_is_here()

        def failed(error: Exception) -> None:
            self._download = None
            self.first_run.show_error(self._sentence(error))

        self._download = job
        self.bridge.run_in_background(lambda: self.services.pull(model_id, report, job.cancel), done, failed, job=job)

    def cancel_pull(self) -> None:
        """Stop the download; what is here is kept for the next time."""
        if self._download is not None:
            self._download.stop()
            self._download = None
        self.first_run.set_running(False)

    def import_model(self) -> None:
        """Let the reader choose a GGUF file."""
        path, _ = QFileDialog.getOpenFileName(self, "Use a GGUF file", "", "GGUF models (*.gguf);;All files (*)")
        if path:
            self.use_model_file(path)

    def use_model_file(self, path: str) -> None:
        """Use a model file of the reader's own."""
        self.status.say("Checking the model file\u2026")
        self.bridge.run_in_background(
            lambda: self.services.import_model(path),
            lambda _: self._model_is_here(),
            lambda e: self.first_run.show_error(self._sentence(e)),
        )

    def _model_is_here(self) -> None:
        self.status.set_model(self.services.model_name(), "")
        self.status.say("Ready")
        self._show_home()
        self.box.edit.setFocus()

    def show_models(self) -> None:
        """The models that can be fetched."""
        if self.bridge.busy:
            self.status.say("Stop the running solution first (Esc).")
            return
        self.pages.setCurrentWidget(self.first_run)

    def _show_home(self) -> None:
        self.pages.setCurrentWidget(self.start if self.services.model_name() else self.first_run)

    # -- dialogs ------------------------------------------------------------------------------------------------

    def show_samples(self) -> None:
        """All sample problems."""
        dialog = SamplesDialog(self.services.samples(), self.formulas, self.theme, self)
        dialog.chosen.connect(self.use_problem)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def show_settings(self) -> None:
        """The settings."""
        dialog = SettingsDialog(self.settings, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.use_settings(dialog.settings))
        dialog.open()

    def use_settings(self, settings: Settings) -> None:
        """Keep new settings and show what can be seen of them at once."""
        self.settings = settings
        try:
            self.services.save_settings(settings)
        except TutorError as e:
            self._complain(e)
        self.apply_theme()
        self._apply_size()
        self.status.set_model(self.services.model_name(), "")

    def show_shortcuts(self) -> None:
        """The list of keys."""
        dialog = ShortcutsDialog(self.actions(), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

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

    # -- look ---------------------------------------------------------------------------------------------------

    def apply_theme(self) -> None:
        """Use the theme of the settings."""
        self.theme = themes.resolve(_theme_choice(self.settings))
        self._style_application()
        self._show_theme()

    def _show_theme(self) -> None:
        t = self.theme
        self.sidebar_button.setIcon(icon("sidebar", t.muted))
        self.menu_button.setIcon(icon("more", t.muted))
        self.copy_button.setIcon(icon("copy", t.muted))
        self.again_button.setIcon(icon("again", t.muted))
        self.box.stop_button.setIcon(icon("stop", t.bad))
        for part in (self.history, self.box, self.view, self.start):
            part.set_theme(t)

    def _style_application(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            themes.apply(app, self.theme)

    def _scheme_changed(self) -> None:
        if _theme_choice(self.settings) == "system":
            self.apply_theme()

    def zoom(self, step: int) -> None:
        """Larger, smaller, or (0) normal text."""
        normal = ZOOMS.index(1.0)
        self._zoom = normal if step == 0 else max(0, min(len(ZOOMS) - 1, self._zoom + step))
        self._apply_size()
        self.status.say(f"Text size {round(100 * ZOOMS[self._zoom])} %")

    def _apply_size(self) -> None:
        size = self.settings.font_size * _PIXELS_PER_POINT * ZOOMS[self._zoom]
        self.view.set_size(size)
        self.box.set_size(size)

    def copy(self, form: str) -> None:
        """Put the solution on the clipboard."""
        if self.view.is_empty:
            return
        make = {"text": clipboard.as_text, "markdown": clipboard.as_markdown, "latex": clipboard.as_latex}[form]
        QGuiApplication.clipboard().setText(make(self.view.transcript()))
        self.status.say({"text": "Copied as text", "markdown": "Copied as Markdown", "latex": "Copied as LaTeX"}[form])

    def _show_actions(self) -> None:
        there = not self.view.is_empty
        busy = self.bridge.busy
        self.again_button.setVisible(there and not busy)
        self.copy_button.setVisible(there)
        for a in self._solution_actions:
            a.setEnabled(there and (not busy or a in self.copy_actions))
        for a in self._paper_actions:
            a.setEnabled(there and not busy)
        self._stop_action.setEnabled(busy)

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
        return "Something unexpected went wrong in the program; the log says what. You can go on working."

    def _complain(self, error: Exception) -> None:
        self.status.say(self._sentence(error))

    # -- Qt -----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The side bar gives way in a narrow window."""
        self.history.setVisible(self._sidebar_wanted and self.width() >= _NARROW)
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Load the faces of code once the window is there: at their first use they would cost a visible pause."""
        super().showEvent(event)
        if not self._warm:
            self._warm = True
            QTimer.singleShot(400, self, _load_faces)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what runs; what was written so far is saved by the services."""
        QGuiApplication.styleHints().colorSchemeChanged.disconnect(self._scheme_changed)
        if not self.bridge.close():
            log.warning("a worker did not end in time")
        super().closeEvent(event)


def warm_up() -> None:
    """Import what the first lines of a solution will need, outside the GUI thread and while the model loads."""
    from tutor_app.ui.document import load_lexer
    from tutor_app.ui.prose import load_markdown

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


def _ending(transcript: Transcript) -> str:
    """A remark for a saved solution that did not end with an answer."""
    if "ended" not in transcript.meta:
        cut = bool(transcript.solution) and transcript.answer is None
        return "This solution was interrupted before its end." if cut else ""
    try:
        ended = EndReason(transcript.meta["ended"])
    except ValueError:
        return ""
    return "" if ended is EndReason.ANSWERED else str(transcript.meta.get("detail") or ended.sentence())


def _provenance(transcript: Transcript) -> str:
    """By whom, where and when: ``Solved by Qwen2.5-Coder 0.5B, 21 Nov 2026 at 21:09``."""
    said = "Solved"
    if name := transcript.meta.get("model"):
        said += f" by {name}"
    try:
        made = datetime.fromisoformat(str(transcript.meta.get("created", "")))
    except ValueError:
        return said if name else "Saved solution"
    return f"{said}, {made.day} {made:%b %Y} at {made:%H:%M}"
