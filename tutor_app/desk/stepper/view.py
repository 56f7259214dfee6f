"""A step on the screen: code, loops, values, output and figure, the step in words, the timeline.

The panel beside the page and the projector's window each hold one; all watch the same stepper. The parts stand side by
side where there is room, else one above the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSlider,
    QComboBox,
    QFrame,
    QLineEdit,
    QSplitter,
    QWidget,
)

from tutor_app.core.comparing import changes
from tutor_app.core.trace_values import Frame
from tutor_app.desk.stepper.calculation import CalculationBar
from tutor_app.desk.stepper.code_pane import CodePane
from tutor_app.desk.stepper.loops import LoopBar
from tutor_app.desk.stepper.output_pane import OutputPane
from tutor_app.desk.stepper.stepper import Stepper
from tutor_app.desk.stepper.timeline import Transport
from tutor_app.desk.stepper.values import ValuesView
from tutor_app.render.theme import Theme
from tutor_app.ui.announce import announce
from tutor_app.ui.building import column_of, row_of, text_label
from tutor_app.ui.formulas import Formulas

NARROW_PAIR: Final = 420
"""Pixels below which two blocks of code stand one above the other."""
FIGURE_SHARE: Final = 0.55
"""The figure's share of the height that values and output have together."""
WIDE: Final = 760
"""Pixels from which code and values stand side by side."""


class StepView(QWidget):
    """Shows the step of a stepper.

    Args:
        stepper: What is stepped through.
        formulas: Typesets values.
        theme: Colours.

    Signals:
        watch_asked: Watch an expression, or watch it no longer.
    """

    watch_asked = Signal(str)

    def __init__(self, stepper: Stepper, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stepper = stepper
        self._compared: list[QWidget] = []  # what is shown only where two runs are compared
        self._essentials = self._divided = False
        self.code = CodePane(theme)
        self.original_code = CodePane(theme)
        self.original_code.setAccessibleName("Original code")
        self.codes = self._pair("Original", self.original_code, "Changed", self.code)
        self.loops = LoopBar(stepper)
        self.calculation = CalculationBar(stepper, formulas, theme)
        self.values = ValuesView(formulas, theme)
        # Qt's own least heights would push the timeline out of a low window.
        self.code.setMinimumHeight(72)
        self.original_code.setMinimumHeight(72)
        self.values.setMinimumHeight(56)
        self.output = OutputPane(theme)
        self.original_output = OutputPane(theme)
        self.original_output.text.setAccessibleName("Output of the original so far")
        self.outputs = self._pair("Output of the original", self.original_output, "Output now", self.output)
        self.words = text_label("", "stepWords", plain=True, wrap=True)
        self.transport = Transport(stepper, theme)
        left = QFrame()
        left.setObjectName("stepLeft")
        column = column_of((self.codes, 1), self.calculation, self.loops, parent=left, margins=(0, 0, 0, 0), spacing=0)
        self.left = column
        self.right = QSplitter(Qt.Orientation.Vertical)
        self.watch = QLineEdit()
        self.watch.setPlaceholderText("Watch an expression")
        self.watch.setAccessibleName("Watch an expression")
        self.watch.returnPressed.connect(self._watch)
        known = QWidget()
        inner = column_of((self.values, 1), parent=known, margins=(0, 0, 0, 0), spacing=0)
        row = row_of(self.watch, margins=(8, 4, 8, 6))
        inner.addLayout(row)
        self.right.addWidget(known)
        self.right.addWidget(self.outputs)
        self.right.setSizes([300, 160])
        self.main = QSplitter(Qt.Orientation.Vertical)
        self.main.addWidget(left)
        self.main.addWidget(self.right)
        for splitter in (self.right, self.main):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(5)
        self.main.setSizes([460, 460])
        self.right.splitterMoved.connect(self._divided_by_user)
        self.body = column_of((self.main, 1), self.words, self.transport, parent=self, margins=(0, 0, 0, 0), spacing=0)
        self.code.breakpoint_asked.connect(stepper.toggle_breakpoint)
        self.values.watch_asked.connect(self.watch_asked)
        self.values.change_asked.connect(stepper.to_change)
        stepper.opened.connect(self._opened)
        stepper.moved.connect(lambda _: self.show_step())
        stepper.announced.connect(self.say)
        stepper.breakpoints_changed.connect(lambda: self.code.set_breakpoints(stepper.breakpoints))
        self.code.edited.connect(lambda _: self.code.mark_changes({}, "good"))
        for part in (self.code, self.original_code, self.values, self.output.text, self.original_output.text):
            part.installEventFilter(self)
        self._opened()

    def _pair(self, left: str, original: QWidget, right: str, now: QWidget) -> QSplitter:
        """Two parts side by side, the first of which is hidden while nothing is compared."""
        pair = QSplitter(Qt.Orientation.Horizontal)
        pair.setChildrenCollapsible(False)
        pair.setHandleWidth(5)
        for title, part in ((left, original), (right, now)):
            label = text_label(title, "labTitle")
            box = QWidget()
            column_of(label, (part, 1), parent=box, margins=(0, 0, 0, 0), spacing=0)
            pair.addWidget(box)
            self._compared += [label, *([box] if part is original else [])]
        return pair

    # -- what is shown ------------------------------------------------------------------------------------------

    def _opened(self) -> None:
        source, beside = self.stepper.recording.source, self.stepper.beside
        if self.code.toPlainText() != source:  # else it is what the user has just typed, and the cursor stays
            self.code.set_source(source)
        self.code.set_breakpoints(self.stepper.breakpoints)
        for part in self._compared:
            part.setVisible(beside is not None)
        self.code.mark_changes(changes(beside.lines, "right") if beside is not None else {}, "good")
        if beside is not None:
            self.original_code.set_source(beside.original.source)
            self.original_code.mark_changes(changes(beside.lines, "left"), "bad")
        self.show_step()

    def show_step(self) -> None:
        """Show the step of the stepper."""
        s, r = self.stepper, self.stepper.recording
        step = s.step
        if step is None:
            self.code.show_line(0)
            self.values.show_values((), ())
            self.output.show_output(r.printed, r.figures, r.error)
        else:
            self.code.show_line(0 if step.event == "end" else step.line, step.event == "error")
            original = self._show_original(s.position)
            self.values.show_values(r.frames(s.position), r.calls_at(s.position), r.watched_at(s.position), original)
            self.output.show_output(r.printed_at(s.position), r.figures_at(s.position), s.error)
        self._give_room()
        self.say(s.words)

    def _show_original(self, position: int) -> Sequence[Frame] | None:
        """Show the original beside it, if there is one; returns its frames where it stands at the same place."""
        beside = self.stepper.beside
        if beside is None:
            return None
        at, is_same = beside.step(position)
        r = beside.original
        step = r.step(at)
        fails = step.event == "error"
        self.original_code.show_line(step.line if is_same and step.event != "end" else 0, fails)
        self.original_output.show_output(r.printed_at(at), r.figures_at(at), r.error if fails else None)
        return r.frames(at) if is_same else None

    def _watch(self) -> None:
        expression = self.watch.text().strip()
        if expression:
            self.watch.clear()
            self.watch_asked.emit(expression)

    def show_essentials(self) -> None:
        """Show code, values and figures alone, for good; an error is still told."""
        for part in (self.transport, self.words, self.loops, self.watch):
            part.hide()
        self.calculation.show_lines_only()
        self.code.wrap()
        self.original_code.wrap()
        self.output.show_pictures_only()
        self.original_output.show_pictures_only()
        self._essentials = True
        self._give_room()

    def _divided_by_user(self) -> None:
        self._divided = True

    def _give_room(self) -> None:
        """A figure gets a good part of the room below the values, until the user divides it.

        Where there is neither figure nor error, values have all the room of the essentials.
        """
        if self._essentials:
            self.outputs.setVisible(not (self.output.isHidden() and self.original_output.isHidden()))
        known, output = self.right.sizes()
        if not self._divided and not self.output.figure.isHidden() and output < (known + output) * FIGURE_SHARE:
            self.right.setSizes([round((known + output) * (1 - FIGURE_SHARE)), round((known + output) * FIGURE_SHARE)])

    def say(self, words: str) -> None:
        """Show a sentence under the code, and have a screen reader say it."""
        self.words.setText(words)
        self.words.setAccessibleName(words)
        self.setAccessibleDescription(words)
        if self.isVisible():
            announce(self, words)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        for part in (self.code, self.original_code, self.calculation, self.values, self.transport):
            part.set_theme(theme)
        for output in (self.output, self.original_output):
            output.set_theme(theme)

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        for part in (self.code, self.original_code, self.calculation, self.values):
            part.set_size(pixels)
        for output in (self.output, self.original_output):
            output.set_size(pixels)
        self.words.setStyleSheet(f"font-size: {round(pixels * 0.92)}px")

    # -- keys and size ------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrows and the space bar step, whichever part has the focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self.take_key(event):
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows and the space bar step."""
        if not self.take_key(event):
            super().keyPressEvent(event)

    def take_key(self, event: QKeyEvent) -> bool:
        """Do what a key without Ctrl and Alt means for stepping; returns whether it means something."""
        shift = Qt.KeyboardModifier.ShiftModifier
        if event.modifiers() & ~(shift | Qt.KeyboardModifier.KeypadModifier):
            return False
        if isinstance(self.focusWidget(), QLineEdit | QComboBox | QAbstractSlider):
            return False
        if not self.code.isReadOnly() and self.code.hasFocus():
            return False
        key, s = event.key(), self.stepper
        if key == Qt.Key.Key_Space:
            s.into(not event.modifiers() & shift)
        elif event.modifiers() & shift:
            return False
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Left):
            s.into(key == Qt.Key.Key_Right)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            s.play(False)
            s.go(0 if key == Qt.Key.Key_Home else len(s) - 1)
        else:
            return False
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side, or one above the other."""
        super().resizeEvent(event)
        wanted = Qt.Orientation.Horizontal if event.size().width() >= WIDE else Qt.Orientation.Vertical
        if self.main.orientation() != wanted:
            self.main.setOrientation(wanted)
        narrow = self.codes.width() < NARROW_PAIR
        self.codes.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)
