"""Stepping in the window: the panel docked beside the page or over it, its commands, and what is remembered of it.

The panel is made when there is a solution to step through, not with the window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QMainWindow

from tutor_app.core.transcript import Transcript
from tutor_app.desk.stepper.commands import StepCommands
from tutor_app.render.theme import Theme
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.page.transcript_view import TranscriptView
from tutor_app.ui.placing import PlaceKeeper

if TYPE_CHECKING:
    from tutor_app.desk.stepper.panel import Recorder, StepPanel
    from tutor_app.desk.stepper.projector import Projector

_SHARE = 0.46  # of the window, at first
_SOON_MS = 300  # after a solution is on the page
_SMALLER = 0.88  # code and values than the page


class StepDesk(QObject):
    """Puts the panel into the window.

    Args:
        window: Where it is docked.
        view: The page, from whose code it is opened.
        recorder: Records blocks.
        bridge: Runs what takes time.
        formulas: Typesets values.
        theme: Colours.
        complain: Tells the user what went wrong; returns the sentence.
        say: Tells the user something at the foot of the window.
        place: Remembers how wide the panel was.
    """

    def __init__(
        self,
        window: QMainWindow,
        view: TranscriptView,
        recorder: Recorder,
        bridge: Bridge,
        formulas: Formulas,
        theme: Theme,
        *,
        complain: Callable[[Exception], str],
        say: Callable[[str], None],
        place: PlaceKeeper,
    ) -> None:
        super().__init__(window)
        page = window.centralWidget()
        assert page is not None
        self._page = page
        self._window, self._view, self._say = window, view, say
        self._keeper = place
        self._placed = False
        self._recorder, self._bridge, self._complain = recorder, bridge, complain
        self._formulas, self._theme = formulas, theme
        self._pixels = 0.0
        self._panel: StepPanel | None = None
        self.projector: Projector | None = None
        self.commands = StepCommands(window, lambda: self.panel, self.open_here, self.open_lab, self.toggle_projector)
        view.step_asked.connect(self.open_card)
        view.lab_asked.connect(self.open_lab)

    def prepare(self) -> None:
        """Make the panel soon: there is a solution, and opening it should not have to wait for that."""
        if self._panel is None:
            QTimer.singleShot(_SOON_MS, self, lambda: self.panel)

    @property
    def panel(self) -> StepPanel:
        """The panel; made when it is asked for the first time."""
        if self._panel is None:
            self._panel = self._make_panel()
        return self._panel

    def _make_panel(self) -> StepPanel:
        from tutor_app.desk.stepper.panel import StepPanel
        from tutor_app.desk.stepper.sentence_link import SentenceLink

        panel = StepPanel(self._recorder, self._bridge, self._formulas, self._theme, self._complain)
        if self._pixels:
            panel.set_size(self._pixels)
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, panel)
        panel.stepper.announced.connect(self._say)
        panel.stepper.opened.connect(lambda: self.commands.refresh(len(panel.stepper) > 0))
        panel.closed.connect(self._closed)
        panel.spread_asked.connect(self.spread)
        panel.projector_asked.connect(self.toggle_projector)
        panel.arranged.connect(self._remember)
        self._view.cleared.connect(panel.forget)
        self.link = SentenceLink(self._view, panel)
        return panel

    @property
    def is_spread(self) -> bool:
        """Whether the panel lies over the page."""
        return self._panel is not None and self._panel.is_open and self._page.isHidden()

    # -- opening ------------------------------------------------------------------------------------------------

    def open_here(self) -> None:
        """Step through the block with the cursor, else the first one that can be seen well, else the last."""
        cards = [c for c in self._view.cards() if c.has_code]
        if not cards:
            self._say("There is no code on the page to step through.")
            return
        at = self._view.reading_at()
        card = next((c for c in cards if c.frame.lastPosition() >= at), cards[-1])
        self.open_card(card.number)

    def open_card(self, number: int) -> None:
        """Step through the code of a card of the page."""
        block = sum(c.has_code for c in self._view.cards()[:number])
        self.open_block(self._view.page.transcript(), block)

    def open_block(self, transcript: Transcript, block: int) -> None:
        """Step through a block of a solution."""
        first = not self.panel.is_open
        self.panel.open_block(transcript, block)
        if first:
            self._place()

    def open_lab(self, number: int = -1) -> None:
        """Show what failed beside what repaired it: the block of a card, else the first of the solution."""
        block = sum(c.has_code for c in self._view.cards()[:number]) if number >= 0 else -1
        first = not self.panel.is_open
        if not self.panel.open_lab(self._view.page.transcript(), block):
            self._say("No block of this solution failed and was repaired.")
        elif first:
            self._place()

    def _place(self) -> None:
        from tutor_app.desk.stepper.panel import MIN_WIDTH, NARROW

        state, total = self._keeper.state, self._window.width()
        if not self._placed:
            self._placed = True
            self.panel.arrange(state.stepper_parts)
        self.spread(total < NARROW or state.stepper_spread, remember=False)
        width = state.stepper_width or round(total * _SHARE)
        self._window.resizeDocks([self.panel], [max(MIN_WIDTH, width)], Qt.Orientation.Horizontal)

    def spread(self, on: bool, *, remember: bool = True) -> None:
        """Lay the panel over the page, or put it beside it."""
        self._page.setVisible(not on)
        self.panel.spread.setChecked(on)
        if remember:
            keeper = self._keeper
            keeper.keep(replace(keeper.state, stepper_spread=on))

    def toggle_projector(self) -> None:
        """Open or close the projector's window."""
        if self.projector is not None and self.projector.isVisible():
            self.projector.close()
            return
        if self.projector is None:
            from tutor_app.desk.stepper.projector import Projector

            self.projector = Projector(self.panel.stepper, self._formulas, self._theme, self._window)
            self.projector.addActions(self.commands.stepping)
            self.projector.closed.connect(self._projector_closed)
        self.projector.open()

    def _projector_closed(self) -> None:
        self._window.activateWindow()
        self.panel.view.code.setFocus()

    def _closed(self) -> None:
        if self.projector is not None:
            self.projector.hide()
        self._page.show()
        self._view.setFocus()

    def _remember(self) -> None:
        if self.panel.is_open and not self.is_spread:
            keeper, parts = self._keeper, self.panel.arrangement()
            keeper.keep(replace(keeper.state, stepper_width=self.panel.width(), stepper_parts=parts))

    # -- look ---------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        if self._panel is not None:
            self._panel.set_theme(theme)
        if self.projector is not None:
            self.projector.set_theme(theme)

    def set_size(self, pixels: float) -> None:
        """Change the text size; code and values are a little smaller than the page."""
        self._pixels = pixels * _SMALLER
        if self._panel is not None:
            self._panel.set_size(self._pixels)
