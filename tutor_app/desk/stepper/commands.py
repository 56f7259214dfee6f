"""The commands of stepping as actions: the keys of Thonny, with Shift for the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

if TYPE_CHECKING:
    from tutor_app.desk.stepper.panel import StepPanel
    from tutor_app.desk.stepper.stepper import Stepper


class StepCommands:
    """The actions.

    Args:
        owner: In whose windows the keys hold.
        panel: Gives what they steer, and makes it the first time.
        open_block: Opens the block that is being read.
        open_lab: Shows what failed beside what repaired it.
        projector: Opens or closes the projector's window.
    """

    def __init__(
        self,
        owner: QWidget,
        panel: Callable[[], StepPanel],
        open_block: Callable[[], None],
        open_lab: Callable[[], None],
        projector: Callable[[], None],
    ) -> None:
        self._owner = owner
        act = self._action

        def s() -> Stepper:
            return panel().stepper

        def line() -> int:
            return panel().view.code.cursor_line

        self.open = act("Step through this code", "Ctrl+F5", open_block)
        self.lab = act("Error lab: what failed and what repaired it", "Ctrl+Shift+F5", open_lab)
        self.walk = [
            act("Step into", "F7", lambda: s().into()),
            act("Step over the statement", "F6", lambda: s().over()),
            act("On to the next breakpoint or the end", "F8", lambda: s().to_end()),
            act("On to the cursor", "Ctrl+F8", lambda: s().to_line(line())),
        ]
        self.walk_back = [
            act("Step back", "Shift+F7", lambda: s().into(False)),
            act("Step back over the statement", "Shift+F6", lambda: s().over(False)),
            act("Back to the breakpoint before or the start", "Shift+F8", lambda: s().to_end(False)),
            act("Back to the cursor", "Ctrl+Shift+F8", lambda: s().to_line(line(), False)),
        ]
        self.others = [
            act("Play or pause the steps", "F5", lambda: s().play(not s().playing)),
            act("Breakpoint at the cursor", "F9", lambda: s().toggle_breakpoint(line())),
            act("Projector mode", "F11", projector),
        ]
        self.refresh(False)

    def _action(self, text: str, keys: str, slot: Callable[[], object]) -> QAction:
        action = QAction(text, self._owner)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _=False: slot())
        self._owner.addAction(action)
        return action

    @property
    def stepping(self) -> list[QAction]:
        """What needs a recording."""
        return [*self.walk, *self.walk_back, *self.others]

    def refresh(self, has_recording: bool) -> None:
        """Enable what makes sense."""
        for action in self.stepping:
            action.setEnabled(has_recording)

    def menu(self, title: str) -> QMenu:
        """All of them."""
        menu = QMenu(title, self._owner)
        menu.addActions([self.open, self.lab])
        for group in (self.walk, self.walk_back, self.others):
            menu.addSeparator()
            menu.addActions(group)
        return menu
