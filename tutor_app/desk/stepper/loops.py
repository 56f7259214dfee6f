"""The loops around a step: in which turn of each one is, and a way to every other turn."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QSpinBox, QWidget

from tutor_app.core.trace_values import Loop
from tutor_app.desk.stepper.stepper import Stepper
from tutor_app.render.theme import mono_font
from tutor_app.ui.building import column_of, row_of, text_label


class _Loop(QWidget):
    """One loop: its head, and the turn as a number that can be changed."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__()
        self._stepper = stepper
        self._loop: Loop | None = None
        self.head = QLabel()
        self.head.setFont(mono_font(12))
        self.head.setTextFormat(Qt.TextFormat.PlainText)
        self.spin = QSpinBox()
        self.spin.setKeyboardTracking(False)
        self.spin.valueChanged.connect(self._go)
        self.total = text_label("", "muted")
        turn = text_label("turn", "muted")
        row_of((self.head, 1), turn, self.spin, self.total, parent=self, margins=(10, 2, 10, 2), spacing=6)

    def show_loop(self, loop: Loop, turn: int, head: str) -> None:
        """Show where one is in a loop.

        Args:
            loop: The run of the loop.
            turn: From 1; 0 before the first.
            head: Its line.
        """
        self._loop = loop
        count = len(loop.turns)
        text = QFontMetrics(self.head.font()).elidedText(head, Qt.TextElideMode.ElideRight, 320)
        self.head.setText(text)
        self.head.setToolTip(head)
        self.total.setText(f"of {count}")
        self.spin.setAccessibleName(f"Turn of the loop in line {loop.line}, of {count}")
        with QSignalBlocker(self.spin):
            self.spin.setRange(0 if turn == 0 else 1, max(1, count))
            self.spin.setValue(turn)

    def _go(self, number: int) -> None:
        if self._loop is not None and 1 <= number <= len(self._loop.turns):
            self._stepper.play(False)
            self._stepper.go(self._loop.turns[number - 1])


class LoopBar(QWidget):
    """The loops around the step, the outermost first; nothing outside of loops."""

    def __init__(self, stepper: Stepper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stepper = stepper
        self._loops: list[_Loop] = []
        self._column = column_of(parent=self, margins=(0, 0, 0, 0), spacing=0)
        stepper.moved.connect(lambda _: self.refresh())
        stepper.opened.connect(self.refresh)

    def pickers(self) -> list[QSpinBox]:
        """The number of the turn of each loop around the step."""
        return [loop.spin for loop in self._loops if not loop.isHidden()]

    def refresh(self) -> None:
        """Show the loops of the step."""
        recording = self._stepper.recording
        found = recording.loops_at(self._stepper.position)
        while len(self._loops) < len(found):
            loop = _Loop(self._stepper)
            self._loops.append(loop)
            self._column.addWidget(loop)
        for n, loop in enumerate(self._loops):
            if n < len(found):
                run, turn = found[n]
                loop.show_loop(run, turn, recording.outline.line_text(run.line).rstrip(":"))
            loop.setVisible(n < len(found))
