"""Every command of the window as an action, with its key and its place in the menu bar and the short menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox

from tutor_app.core.settings import Settings
from tutor_app.handout.fragment import FORMS

if TYPE_CHECKING:
    from tutor_app.window.window import MainWindow

ABOUT: Final = (
    "MuMath Tutor solves problems of mathematics on this computer, offline: a language model reasons, writes Python "
    "that runs confined, and gives an answer that is checked where it can be."
)


class Menus:
    """The actions of a window, and its menus.

    Args:
        window: Whose methods the actions call.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        w = window
        act = self._action
        # In the order of the list of keys.
        self._new = act("New problem", "Ctrl+N", w.new_problem)
        self._samples = act("Sample problems\u2026", "Ctrl+O", w.show_samples)
        self.solve = act("Solve", "Ctrl+Return", w.solve)
        self.again = act("Solve again", "Ctrl+R", w.solve_again)
        self.stop = act("Stop", "Esc", w.escape)
        act("To the problem", "Ctrl+L", w.box.edit.setFocus)
        self._search = act("Search all solutions", "Ctrl+K", w.focus_search)
        self._import = act("Import solutions\u2026", "Ctrl+I", w.importer.ask)
        self._export = act("Export\u2026", "Ctrl+Shift+E", w.exporter.ask)
        self.preview = act("Print preview", "", w.exporter.preview)
        self.print = act("Print\u2026", "Ctrl+P", w.exporter.print)
        self.copy = [
            act("Copy as text", "Ctrl+Shift+C", lambda: w.page_menu.copy("text")),
            act("Copy as Markdown", "Ctrl+Shift+M", lambda: w.page_menu.copy("markdown")),
            act("Copy as LaTeX", "Ctrl+Shift+L", lambda: w.page_menu.copy("latex")),
        ]
        self.copy_block = [
            act(f"Copy step as {name}", "", partial(w.page_menu.copy_block, form)) for form, name in FORMS.items()
        ]
        self.find = act("Find in solution\u2026", "Ctrl+F", w.search_page)
        self.find_next = act("Next match", "F3|Ctrl+G", lambda: w.search_page(1))
        self.find_previous = act("Previous match", "Shift+F3|Ctrl+Shift+G", lambda: w.search_page(-1))
        self.hide_code = self._switch("Hide code", "Ctrl+Shift+H", lambda on: w.change_settings(hide_code=on))
        self.hide_outputs = self._switch("Hide outputs", "Ctrl+Shift+J", lambda on: w.change_settings(hide_outputs=on))
        self.show_thoughts = self._switch("Show thoughts", "", lambda on: w.change_settings(show_thoughts=on))
        self.answer_only = self._switch("Answer only", "Ctrl+Shift+A", w.show_answer_only)
        self.statements = act("List of statements\u2026", "Ctrl+Shift+T", lambda: w.statements.open_at(""))
        self.steps_up = act("Previous step", "Alt+Up", lambda: w.go_step(-1))
        self.steps_down = act("Next step", "Alt+Down", lambda: w.go_step(1))
        self.fold = act("Open or fold this block", "Ctrl+.", w.fold_here)
        self._sidebar = act("Side bar", "Ctrl+B", w.toggle_sidebar)
        self._steps = QActionGroup(w)
        self._step_menu = QMenu("Table of steps", w)
        self.steps: dict[str, QAction] = {}
        for value, text in (("auto", "For long solutions"), ("always", "Always"), ("never", "Never")):
            one = self._switch(text, "", partial(self._choose_steps, value))
            self._steps.addAction(one)
            self._step_menu.addAction(one)
            self.steps[value] = one
        self._zoom = [
            act("Larger text", "Ctrl++|Ctrl+=", lambda: w.zoom(1)),
            act("Smaller text", "Ctrl+-", lambda: w.zoom(-1)),
            act("Normal text size", "Ctrl+0", lambda: w.zoom(0)),
        ]
        self._settings = act("Settings\u2026", "Ctrl+,", w.show_settings)
        self._models = act("Get another model\u2026", "", w.models.show)
        self._confined = act("How code is confined\u2026", "", w.confinement.show)
        self._keys = act("Keyboard shortcuts", "Ctrl+/", w.show_shortcuts)
        self._log = act("Show the log", "", w.faults.show_log)
        self._about = act("About MuMath Tutor", "", self._show_about)
        self._leave = act("Quit", "Ctrl+Q", w.close)
        # macOS moves these three to where its users look for them.
        self._settings.setMenuRole(QAction.MenuRole.PreferencesRole)
        self._about.setMenuRole(QAction.MenuRole.AboutRole)
        self._leave.setMenuRole(QAction.MenuRole.QuitRole)
        self._make_bar(w)
        self._make_short_menus(w)

    def _make_bar(self, w: MainWindow) -> None:
        """Fill the menu bar."""
        typing = [
            [self._typed("Undo", "Ctrl+Z", "undo"), self._typed("Redo", "Ctrl+Shift+Z|Ctrl+Y", "redo")],
            [self._typed(name, f"Ctrl+{key}", name.lower()) for name, key in (("Cut", "X"), ("Copy", "C"))],
            [self._typed("Paste", "Ctrl+V", "paste"), self._typed("Select all", "Ctrl+A", "selectAll")],
        ]
        file = self._menu(
            "&File", [self._new, self._samples], [self._import, self._export], [self.preview, self.print], [self._leave]
        )
        edit = self._menu(
            "&Edit", typing[0], [*typing[1], *typing[2]], [self.find, self.find_next, self.find_previous, self._search]
        )
        self.view_menu = self._menu("&View", [self.hide_code, self.hide_outputs, self.show_thoughts, self.answer_only])
        self.view_menu.addMenu(self._step_menu)
        self._fill(self.view_menu, [self._sidebar], self._zoom)
        solution = self._menu(
            "&Solution",
            [self.solve, self.again, self.stop],
            w.student.actions,
            self.copy,
            self.copy_block,
            [self.fold, self.steps_up, self.steps_down, self.statements],
            w.voting.actions,
            [w.desk.commands.open, w.desk.commands.lab],
        )
        stepping = w.desk.commands.menu("S&tep")
        tools = self._menu("&Tools", [self._models, self._confined], [self._settings])
        help_menu = self._menu("&Help", [self._keys, self._log], w.updates.actions, [self._about])
        bar = w.menuBar()
        for shown in (file, edit, self.view_menu, solution, stepping, tools, help_menu):
            bar.addMenu(shown)

    def _make_short_menus(self, w: MainWindow) -> None:
        """Fill the menus of the row above the problem."""
        menu = QMenu(w)
        self._fill(menu, [self._new, self._samples], [self.again, self.stop], [self._import, self._export, self.print])
        menu.addMenu(self.view_menu)
        menu.addSeparator()
        menu.addActions([self._models, self._settings, self._keys, self._leave])
        w.top.menu.setMenu(menu)
        copy = QMenu(w)
        copy.addActions(self.copy)
        w.top.copy.setMenu(copy)

    def refresh(self, there: bool, busy: bool, searching: bool) -> None:
        """Enable what makes sense now.

        Args:
            there: Whether a solution is on the page.
            busy: Whether one is being written.
            searching: Whether the search in the page is open.
        """
        self.solve.setEnabled(not busy)
        self._window.student.hint_action.setEnabled(not busy)
        self.again.setEnabled(there and not busy)
        for a in (self.preview, self.print):
            a.setEnabled(there and not busy)
        for a in (*self.copy, *self.copy_block, self.find, self.find_next, self.find_previous):
            a.setEnabled(there)
        desk = self._window.desk.commands
        on_page = (self.answer_only, self.steps_up, self.steps_down, self.fold, self.statements)
        for a in (*on_page, desk.open, desk.lab):
            a.setEnabled(there)
        self.stop.setEnabled(busy or searching)

    def show_settings(self, settings: Settings) -> None:
        """Mark what the settings say."""
        self.hide_code.setChecked(settings.hide_code)
        self.hide_outputs.setChecked(settings.hide_outputs)
        self.show_thoughts.setChecked(settings.show_thoughts)
        self.steps[settings.steps].setChecked(True)

    def _action(self, text: str, keys: str, slot: Callable[[], object]) -> QAction:
        a = QAction(text, self._window)
        if keys:
            a.setShortcuts([QKeySequence(k) for k in keys.split("|")])
        a.triggered.connect(lambda _=False: slot())
        self._window.addAction(a)
        return a

    def _switch(self, text: str, keys: str, slot: Callable[[bool], object]) -> QAction:
        a = QAction(text, self._window)
        a.setCheckable(True)
        if keys:
            a.setShortcuts([QKeySequence(k) for k in keys.split("|")])
        a.triggered.connect(lambda on: slot(on))
        self._window.addAction(a)
        return a

    def _typed(self, text: str, keys: str, method: str) -> QAction:
        """A command of whatever has the focus; text that is being typed handles the keys itself."""

        def run() -> None:
            command = getattr(QApplication.focusWidget(), method, None)
            if command is not None:
                command()

        return self._action(text, keys, run)

    def _menu(self, title: str, *groups: Sequence[QAction]) -> QMenu:
        menu = QMenu(title, self._window)
        self._fill(menu, *groups)
        return menu

    def _show_about(self) -> None:
        close = QMessageBox.StandardButton.Close
        box = QMessageBox(QMessageBox.Icon.NoIcon, "About MuMath Tutor", ABOUT, close, self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def _choose_steps(self, value: str, on: bool) -> None:
        if on:
            self._window.change_settings(steps=value)

    @staticmethod
    def _fill(menu: QMenu, *groups: Sequence[QAction]) -> None:
        for group in groups:
            if menu.actions():
                menu.addSeparator()
            menu.addActions(list(group))
