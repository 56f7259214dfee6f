"""The panels of the window and how they share its room; in a narrow window the outer ones give way to the page."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from tutor_app.render.theme import Theme
from tutor_app.student.ask_box import AskBox
from tutor_app.ui.building import column_of, row_of
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.icons import icon
from tutor_app.ui.page.find_bar import FindBar
from tutor_app.ui.page.step_list import StepList
from tutor_app.ui.page.transcript_view import TranscriptView
from tutor_app.ui.problem_box import ProblemBox
from tutor_app.ui.status_line import StatusLine
from tutor_app.window.dialogs.samples import StartPage
from tutor_app.window.history_panel import HistoryPanel
from tutor_app.window.top_bar import TopBar

_NARROW: Final = 760  # below this the side bar gives way to the page
_ROOM_FOR_STEPS: Final = 860  # width of page and table of steps together


class Panels(QWidget):
    """Side bar, problem, page, table of steps and status line.

    Attributes:
        sidebar_wanted: Whether the side bar is shown where there is room for it.
    """

    def __init__(self, formulas: Formulas, theme: Theme) -> None:
        super().__init__()
        self.sidebar_wanted = True
        self._steps_wanted = "auto"
        self.history = HistoryPanel(theme)
        self.history.setFixedWidth(272)
        self.box = ProblemBox(formulas, theme)
        self.box.setMaximumWidth(760)
        self.view = TranscriptView(formulas, theme)
        self.start = StartPage(formulas, theme)
        self.ask = AskBox()
        self.ask.setMaximumWidth(760)
        self.finder = FindBar(self.view, theme)
        self.steps = StepList(self.view, theme)
        self.status = StatusLine()
        self.status.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.top = TopBar()
        self.pages = QStackedWidget()
        self.pages.setObjectName("pages")
        self.pages.addWidget(self.start)
        self.pages.addWidget(self.view)
        row_of(self.history, (self._main_column(), 1), self.steps, parent=self, margins=(0, 0, 0, 0), spacing=0)
        self._set_tab_order()
        self.steps.length_changed.connect(self.fit)
        self.pages.currentChanged.connect(lambda _: self.fit())

    def _main_column(self) -> QWidget:
        main = QWidget()
        main.setObjectName("main")
        main.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column_of(
            self.top,
            _centred(self.box, 10),
            (self.pages, 1),
            _centred(self.ask, 6),
            self.status,
            parent=main,
            margins=(0, 0, 0, 0),
            spacing=0,
        )
        return main

    def _set_tab_order(self) -> None:
        """From the problem to its solution, then around the side bar: the order a user needs."""
        order: list[QWidget] = [
            *(self.box.edit, self.box.work_button, self.box.hint_button, self.box.stop_button, self.box.solve_button),
            *(self.finder.edit, self.finder.previous, self.finder.next, self.finder.close_button),
            *(
                self.view,
                self.ask.drop,
                self.ask.edit,
                self.ask.stop_button,
                self.ask.ask_button,
                *self.ask.suggestions.controls,
            ),
            self.steps.list,
            *(self.top.again, self.top.copy, self.top.menu, self.top.sidebar),
            *(self.history.new_button, self.history.search, self.history.list, self.history.undo_button),
            *(self.history.samples_button, self.history.settings_button),
            *(self.status.log_button, self.status.confined),
        ]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self.box.stop_button.setIcon(icon("stop", theme.bad))
        for part in (self.top, self.history, self.box, self.view, self.start, self.finder, self.steps):
            part.set_theme(theme)

    def set_size(self, pixels: float) -> None:
        """Change the size of the text of the problem and its solution."""
        self.view.set_size(pixels)
        self.box.set_size(pixels)

    def want_steps(self, when: str) -> None:
        """Show the table of steps ``always``, ``never``, or for long solutions (``auto``)."""
        self._steps_wanted = when
        self.fit()

    def want_sidebar(self, on: bool) -> None:
        """Show or hide the side bar, until the window becomes too narrow for it."""
        self.sidebar_wanted = on
        self.history.setVisible(on)

    def fit(self) -> None:
        """Show the outer panels that were asked for as far as there is room for them."""
        width = self.width()
        self.history.setVisible(self.sidebar_wanted and width >= _NARROW)
        wanted = {"always": True, "never": False}.get(self._steps_wanted, self.steps.is_long)
        room = width - (self.history.width() if self.sidebar_wanted else 0)
        there = self.pages.currentWidget() is self.view
        self.steps.setVisible(wanted and there and room >= _ROOM_FOR_STEPS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The outer panels give way where there is no room for them."""
        super().resizeEvent(event)
        self.fit()


def _centred(widget: QWidget, below: int) -> QHBoxLayout:
    """A row with one widget in its middle, as wide as it may be."""
    row = QHBoxLayout()
    row.setContentsMargins(24, 4, 24, below)
    row.addStretch(1)
    row.addWidget(widget, 1000)
    row.addStretch(1)
    return row
