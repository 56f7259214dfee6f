"""The state of the stepping panel: which recording is open, at which step, with which breakpoints; and autoplay.

Every part of the panel watches one :class:`Stepper`; none of them knows another. It draws nothing and runs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from tutor_app.core.comparing import Beside
from tutor_app.core.narration import sentence
from tutor_app.core.parts import CodeError
from tutor_app.core.trace import Columns, Recording
from tutor_app.core.trace_values import Step, Unfolding
from tutor_app.core.unfolding import unfolded
from tutor_app.core.walk import back_over_statement, over_statement

SPEEDS: Final = (0.5, 1.0, 2.0, 5.0, 20.0)
"""Steps a second of the autoplay."""
EMPTY: Final = Recording("", Columns())


class Stepper(QObject):
    """A recording that is being walked through.

    Signals:
        opened: Another recording is here, or none.
        moved: The step has changed: its position.
        breakpoints_changed: A breakpoint was set or removed.
        playing_changed: Autoplay began or ended.
        unfolded: Another part of the line's calculation has been worked out, or stepping into them began or ended.
        announced: Something to tell the user, in words.
    """

    opened = Signal()
    moved = Signal(int)
    breakpoints_changed = Signal()
    playing_changed = Signal(bool)
    unfolded = Signal()
    announced = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.recording = EMPTY
        self.beside: Beside | None = None
        self.position = -1
        self.breakpoints: set[int] = set()
        self.unfolds = False
        self._stage = 0
        self._unfolding: tuple[int, Unfolding | None] = (-1, None)
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._play_on)

    # -- what is open -------------------------------------------------------------------------------------------

    def open(self, recording: Recording, beside: Beside | None = None) -> None:
        """Show a recording from its first step; the breakpoints stay if the code is the same.

        Args:
            recording: Of a run.
            beside: The original run, if this is one of changed code.
        """
        self.play(False)
        if recording.source != self.recording.source:
            self.breakpoints = set()
        self.recording, self.beside = recording, beside
        self.position = 0 if len(recording) else -1
        self._stage, self._unfolding = 0, (-1, None)
        self.opened.emit()
        self.moved.emit(self.position)

    def close(self) -> None:
        """Forget the recording."""
        self.open(EMPTY)

    def __len__(self) -> int:
        return len(self.recording)

    @property
    def step(self) -> Step | None:
        """The step that is shown."""
        return self.recording[self.position] if self.position >= 0 else None

    @property
    def error(self) -> CodeError | None:
        """Why the block failed, at the steps where the error passes."""
        step = self.step
        return self.recording.error if step is not None and step.event == "error" else None

    @property
    def words(self) -> str:
        """The step in a sentence."""
        return sentence(self.recording, self.position) if self.position >= 0 else self.recording.stopped

    # -- going --------------------------------------------------------------------------------------------------

    def go(self, position: int) -> None:
        """Go to a step; numbers outside stop at the ends."""
        position = max(0, min(len(self) - 1, position))
        if len(self) and position != self.position:
            self.position = position
            self._stage = 0
            self.moved.emit(position)

    def into(self, forward: bool = True) -> None:
        """One step."""
        r = self.recording
        if self._work_out(forward):
            return
        before = self.position
        self._walk(lambda at: r.forward(at) if forward else r.back(at), forward)
        if not forward and self.unfolds and self.position != before and self.unfolding is not None:
            self._stage = len(self.unfolding.stages) - 1  # the way back enters a line at its result
            self.unfolded.emit()

    # -- calculations -------------------------------------------------------------------------------------------

    @property
    def unfolding(self) -> Unfolding | None:
        """How the line about to run is worked out, if there is anything to work out."""
        at = self.position
        if self._unfolding[0] != at:
            self._unfolding = (at, unfolded(self.recording, at) if at >= 0 else None)
        return self._unfolding[1]

    @property
    def stages_shown(self) -> int:
        """How many lines of the calculation can be seen: all, unless one steps into it."""
        if self.unfolding is None:
            return 0
        return self._stage + 1 if self.unfolds else len(self.unfolding.stages)

    def set_unfolds(self, on: bool) -> None:
        """Whether :meth:`into` works a line out part by part before it goes on."""
        if on != self.unfolds:
            self.unfolds, self._stage = on, 0
            self.unfolded.emit()

    def _work_out(self, forward: bool) -> bool:
        """Show one part more or one less of the calculation; False if there is none."""
        if not self.unfolds or self.unfolding is None:
            return False
        stage = self._stage + (1 if forward else -1)
        if not 0 <= stage < len(self.unfolding.stages):
            return False
        self.play(False)
        self._stage = stage
        self.unfolded.emit()
        shown = self.unfolding.stages[stage]
        self.announced.emit(f"{shown.part} is {shown.part_value}" if forward and shown.part else shown.text)
        return True

    def over(self, forward: bool = True) -> None:
        """One statement of this frame, with everything it contains and calls."""
        r = self.recording
        self._walk(lambda at: over_statement(r, at) if forward else back_over_statement(r, at), forward)

    def to_end(self, forward: bool = True) -> None:
        """To the next breakpoint or the end; backwards to the one before or the start."""

        def find(at: int) -> int:
            found = self.recording.find(at, self.breakpoints, backwards=not forward)
            return found if found is not None else len(self) - 1 if forward else 0

        self._walk(find, forward)

    def to_line(self, line: int, forward: bool = True) -> None:
        """To the next or previous time that ``line`` runs."""
        found = self.recording.find(self.position, [line], backwards=not forward)
        self._jump(found, f"Line {line} is not run {'after' if forward else 'before'} this step.")

    def to_change(self, name: str, forward: bool = True) -> None:
        """To the next or previous change of a name."""
        found = self.recording.next_change(self.position, name, backwards=not forward)
        self._jump(found, f"{name} does not change {'after' if forward else 'before'} this step.")

    def _jump(self, found: int | None, otherwise: str) -> None:
        self.play(False)
        if found is None:
            self.announced.emit(otherwise)
        else:
            self.go(found)

    def _walk(self, find: Callable[[int], int], forward: bool) -> None:
        self.play(False)
        if not len(self):
            return
        found = find(self.position)
        if found == self.position:
            self.announced.emit("This is the last step." if forward else "This is the first step.")
        self.go(found)

    # -- breakpoints --------------------------------------------------------------------------------------------

    def toggle_breakpoint(self, line: int) -> None:
        """Set or remove a breakpoint."""
        self.breakpoints ^= {line}
        self.breakpoints_changed.emit()
        self.announced.emit(f"Breakpoint {'at' if line in self.breakpoints else 'removed from'} line {line}.")

    # -- autoplay -----------------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        """Whether steps follow each other by themselves."""
        return self._timer.isActive()

    def play(self, on: bool) -> None:
        """Begin or end autoplay; at the end it begins anew from the start."""
        if on == self.playing or (on and not len(self)):
            return
        if on:
            if self.position >= len(self) - 1:
                self.go(0)
            self._timer.start()
        else:
            self._timer.stop()
        self.playing_changed.emit(on)

    def set_speed(self, steps_a_second: float) -> None:
        """Set how fast autoplay is."""
        self._timer.setInterval(round(1000 / steps_a_second))

    def _play_on(self) -> None:
        self.go(self.position + 1)
        step = self.step
        if self.position >= len(self) - 1 or (step is not None and step.line in self.breakpoints):
            self.play(False)
