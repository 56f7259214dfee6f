"""The student's pages in the window: their places, their commands, and when they come and go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolButton, QWidget

from tutor_app.render.theme import Theme
from tutor_app.student.hinting import Hinting
from tutor_app.student.hints_page import HintsPage
from tutor_app.student.inserting import Inserter
from tutor_app.student.limit_dialog import LimitController
from tutor_app.student.palette import Palette
from tutor_app.student.work_page import WorkPage
from tutor_app.student.working import Working
from tutor_app.window.asking import Asking
from tutor_app.window.dialogs.settings import ButtonRow
from tutor_app.window.practising import Practising

if TYPE_CHECKING:
    from tutor_app.window.window import MainWindow


class StudentPages(QObject):
    """Puts the pages into the window.

    Attributes:
        actions: The commands, for the menus.

    Signals:
        changed: Something is being worked out, or that has ended.

    Args:
        window: Whose panels and services are used.
    """

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._panels = window, window.panels
        self._under: QWidget | None = None
        self.page = HintsPage(window.formulas, window.theme)
        window.pages.addWidget(self.page)
        self.hints = Hinting(
            window.bridge,
            window.services,
            self.page,
            votes=lambda: window.settings.votes,
            say=window.status.say,
            complain=window.faults.complain,
        )
        self.page.close_asked.connect(self.leave)
        window.box.edit.textChanged.connect(self._name_problem)
        window.box.hint_asked.connect(self.give_hint)
        self.asking = Asking(window)
        self.hint_action = self._action("Give me a hint", "Ctrl+J", self.give_hint)
        self.work_page = WorkPage(window.formulas, window.theme)
        window.pages.addWidget(self.work_page)
        self.work = Working(window.bridge, window.services, self.work_page, window.faults.complain)
        self.work_page.check_asked.connect(self.check_work)
        self.work_page.cancel_asked.connect(self.work.cancel)
        self.work_page.close_asked.connect(self.leave)
        window.box.work_asked.connect(self.show_work)
        window.pages.currentChanged.connect(lambda _: window.box.save_room(self._needs_room))
        work_action = self._action("Check my work", "Ctrl+Shift+K", self.show_work)
        for part in (self.hints, self.work):
            part.changed.connect(self.changed)
            part.changed.connect(self._count_time)
        symbols_action = self._add_palette()
        self.practice = Practising(window)
        missed_action = self._action("Practise what was missed", "", self.practice.missed)
        sheet_action = self._action("Open a worksheet\u2026", "", self.practice.choose_worksheet)
        self.go_on_action = self._action("Go on practising", "", self.practice.go_on)
        self.go_on_action.setEnabled(False)
        self.practice.changed.connect(lambda: self.go_on_action.setEnabled(self.practice.can_go_on))
        self.actions: list[QAction] = [
            *(self.hint_action, work_action, symbols_action, missed_action, sheet_action, self.go_on_action)
        ]
        self._set_tab_order()
        self.limit = LimitController(window.bridge, window.services, window.status.say, window.faults.complain)
        self.limit.changed.connect(self.hints.forget)

    def _add_palette(self) -> QAction:
        """The palette of symbols in the problem's box, and names completed there and where questions are asked."""
        box = self._panels.box
        self.palette = Palette(self._window.theme)
        self.palette.hide()
        self.inserter = Inserter(box.edit)
        self._other_inserters = [Inserter(edit) for edit in (self._panels.ask.edit, self.work_page.edit)]
        self.palette.chosen.connect(self.inserter.insert)
        self.inserter.left.connect(self._close_palette)
        self.palette_button = QToolButton()
        self.palette_button.setObjectName("small")
        self.palette_button.setText("\u221ax")
        self.palette_button.setToolTip("Symbols and templates (Ctrl+E)")
        self.palette_button.setAccessibleName("Symbols and templates")
        self.palette_button.setCheckable(True)
        self.palette_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.add_palette(self.palette, self.palette_button)
        QWidget.setTabOrder(box.edit, self.palette_button)
        self.palette_button.toggled.connect(self.palette.setVisible)
        return self._action("Symbols and templates", "Ctrl+E", self.palette_button.toggle)

    def _close_palette(self) -> None:
        """One part at a time: the sizes of a matrix first."""
        if self.palette.grid.isVisible():
            self.palette.grid.hide()
        else:
            self.palette_button.setChecked(False)

    def _set_tab_order(self) -> None:
        """From the problem to the page that is shown below it."""
        hints, work = self.page, self.work_page
        order: list[QWidget] = [
            *(self._panels.box.solve_button, hints.next, hints.sure, hints.cancel, hints.close_button),
            *(work.edit, work.check, work.hint_button, work.cancel, work.rows, work.hint_card, work.close_button),
        ]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    @property
    def busy(self) -> bool:
        """Whether something of a student's is being worked out."""
        return self.hints.busy or self.work.busy

    def give_hint(self) -> None:
        """The next hint for the problem that is typed."""
        problem = self._panels.box.text.strip()
        if not self._window.can_solve(problem, self.give_hint):
            return
        self._show(self.page)
        self.hints.give(problem, self._window.write_settings)
        self._name_problem()

    def setting_rows(self) -> Sequence[ButtonRow]:
        """What a teacher sets, for the dialog of the settings."""
        return (
            ButtonRow(
                "Teaching",
                "Limit of the hints",
                "How far hints go, for students; guarded by a PIN.",
                "Change\u2026",
                self.limit.show,
            ),
        )

    @property
    def _needs_room(self) -> bool:
        return self._panels.pages.currentWidget() in (self.page, self.work_page)

    @property
    def _shows_work(self) -> bool:
        return self._panels.pages.currentWidget() is self.work_page

    def show_work(self) -> None:
        """The page of own lines; where it is shown already, they are checked."""
        if self._shows_work and self.work_page.lines():
            self.check_work()
        else:
            self._show(self.work_page)
            self.work_page.edit.setFocus()

    def check_work(self) -> None:
        """Check the lines against the problem that is typed, and its solution if that is shown."""
        problem = self._panels.box.text.strip()
        shown = self._window.shown_solution()
        self.work.check(problem, shown if shown is not None and shown.problem.strip() == problem else None)

    def stop(self) -> None:
        """End what is being worked out."""
        self.hints.cancel()
        self.work.cancel()

    def leave(self) -> None:
        """Show again what was shown before the student's page."""
        self.stop()
        if self._under is not None:
            self._turn_to(self._under)
        self._panels.box.edit.setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self.page.set_theme(theme)
        self.work_page.set_theme(theme)
        self.palette.set_theme(theme)

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self.page.set_size(pixels)
        self.work_page.set_size(pixels)

    def _count_time(self) -> None:
        """Show how long it has taken while something is being worked out."""
        status = self._panels.status
        if self._window.bridge.busy:
            return
        if self.busy:
            status.start()
        else:
            status.stop(None)
            status.numbers.setText("")

    def _name_problem(self) -> None:
        problem = self._panels.box.text.strip()
        self.page.show_problem(problem != self.hints.problem)
        self.work.forget(problem)

    def _show(self, page: QWidget) -> None:
        pages = self._panels.pages
        if pages.currentWidget() not in (self.page, self.work_page):
            self._under = pages.currentWidget()
        self._turn_to(page)

    def _turn_to(self, page: QWidget) -> None:
        """Show a page; what was said about another one is over."""
        if self._panels.pages.currentWidget() is page:
            return
        self._panels.pages.setCurrentWidget(page)
        if not self.busy and not self._window.bridge.busy:
            self._panels.status.say("Ready")

    def _action(self, text: str, keys: str, slot: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _=False: slot())
        self._window.addAction(action)
        return action
