"""The timeline of a recording and the buttons under it: every step can be reached by dragging, by key or by click."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QWidget,
)

from tutor_app.core.trace import Recording
from tutor_app.desk.stepper.stepper import SPEEDS, Stepper
from tutor_app.render.theme import Theme
from tutor_app.ui.building import column_of, row_of, text_label
from tutor_app.ui.icons import icon

_COLORS: Final = {"error": "bad", "figure": "good", "output": "accent"}
_MANY: Final = 1500  # more marks than this would be one bar


class Timeline(QSlider):
    """A slider over the steps, with a mark where something was printed or drawn or went wrong."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self._marks: Mapping[int, str] = {}
        self.setObjectName("timeline")
        self.setAccessibleName("Step")
        self.setToolTip("Drag to any step")
        self.setMinimumHeight(26)

    def set_steps(self, count: int, marks: Mapping[int, str]) -> None:
        """Offer so many steps."""
        self._marks = marks if len(marks) <= _MANY else {p: m for p, m in marks.items() if m == "error"}
        with QSignalBlocker(self):
            self.setRange(0, max(0, count - 1))
            self.setPageStep(max(1, count // 10))
            self.setValue(0)
        self.update()

    def show_step(self, position: int) -> None:
        """Move the handle, telling nobody."""
        with QSignalBlocker(self):
            self.setValue(position)

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.update()

    def x_of(self, position: int) -> float:
        """Where a step stands, in pixels."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, option, self)
        room = self.width() - handle
        return handle / 2 + room * position / max(1, self.maximum())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The groove with what has been done, the marks, the handle."""
        t = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        start, here, end = self.x_of(0), self.x_of(self.value()), self.x_of(self.maximum())
        for left, right, color in ((start, end, "line_strong"), (start, here, "accent")):
            painter.setBrush(t.color(color))
            painter.drawRoundedRect(QRectF(left - 2, middle - 2, right - left + 4, 4), 2, 2)
        for position, kind in self._marks.items():
            painter.setBrush(t.color(_COLORS[kind]))
            x = self.x_of(position)
            if kind == "error":
                painter.drawEllipse(QPointF(x, middle + 9), 3, 3)
            else:
                painter.drawRect(QRectF(x - 0.8, middle + 6, 1.6, 6))
        painter.setBrush(t.color("accent" if self.isEnabled() else "line_strong"))
        painter.drawEllipse(QPointF(here, middle), 7, 7)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(t.color("ink"))
            painter.drawEllipse(QPointF(here, middle), 9, 9)
        painter.end()


def marks_of(recording: Recording) -> dict[int, str]:
    """Positions worth a mark: where an error came, output was printed, a figure was drawn."""
    columns = recording.columns
    found: dict[int, str] = {}
    for what in ("output", "figures"):
        numbers = columns[what]
        kind = "output" if what == "output" else "figure"
        found |= {i: kind for i in range(1, len(numbers)) if numbers[i] > numbers[i - 1]}
    if recording.error_step is not None:
        found[recording.error_step] = "error"
    return found


class Transport(QWidget):
    """Timeline, buttons, speed, and where one is.

    Signals:
        speed_chosen: Steps a second.
    """

    speed_chosen = Signal(float)

    def __init__(self, stepper: Stepper, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stepper, self._theme = stepper, theme
        self.timeline = Timeline(theme)
        self.timeline.valueChanged.connect(stepper.go)
        self.place = text_label("", "muted")
        s = stepper
        self.buttons: dict[str, QToolButton] = {}
        for name, words, keys, slot in (
            ("to-start", "Back to the start or the breakpoint before", "Shift+F8", lambda: s.to_end(False)),
            ("over-back", "Back over the statement before", "Shift+F6", lambda: s.over(False)),
            ("step-back", "One step back", "Shift+F7", lambda: s.into(False)),
            ("play", "Play", "F5", self._toggle_play),
            ("step", "One step on, into calls and loops", "F7", lambda: s.into()),
            ("over", "Over the whole statement", "F6", lambda: s.over()),
            ("to-end", "On to the next breakpoint or the end", "F8", lambda: s.to_end()),
        ):
            self.buttons[name] = self._button(words, keys, slot)
        self.speed = QComboBox()
        self.speed.setAccessibleName("Speed of playing")
        self.speed.setToolTip("Speed of playing")
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}/s", speed)
        self.speed.setCurrentIndex(1)
        self.speed.currentIndexChanged.connect(lambda n: self._choose_speed(SPEEDS[n]))
        row = row_of(margins=(0, 0, 0, 0), spacing=1)
        for button in self.buttons.values():
            row.addWidget(button)
        row.addSpacing(4)
        row.addWidget(self.speed)
        row.addStretch(1)
        row.addWidget(self.place)
        column_of(self.timeline, row, parent=self, margins=(10, 0, 10, 6), spacing=0)
        stepper.opened.connect(self._opened)
        stepper.moved.connect(self._moved)
        stepper.playing_changed.connect(self._show_play)
        self.set_theme(theme)
        self._opened()

    def _button(self, words: str, keys: str, slot: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setObjectName("small")
        native = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
        button.setToolTip(f"{words} ({native})")
        button.setAccessibleName(words)
        button.setIconSize(QSize(20, 20))
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(slot)
        return button

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.timeline.set_theme(theme)
        for name, button in self.buttons.items():
            shown = "pause" if name == "play" and self._stepper.playing else name
            button.setIcon(icon(shown, theme.muted))

    def _toggle_play(self) -> None:
        self._stepper.play(not self._stepper.playing)

    def _show_play(self, on: bool) -> None:
        button = self.buttons["play"]
        button.setIcon(icon("pause" if on else "play", self._theme.muted))
        button.setAccessibleName("Pause" if on else "Play")
        button.setToolTip(f"{'Pause' if on else 'Play'} (F5)")

    def _choose_speed(self, speed: float) -> None:
        self._stepper.set_speed(speed)
        self.speed_chosen.emit(speed)

    def _opened(self) -> None:
        count = len(self._stepper)
        self.timeline.set_steps(count, marks_of(self._stepper.recording))
        for part in (self.timeline, self.speed, *self.buttons.values()):
            part.setEnabled(count > 1)
        self._moved(self._stepper.position)

    def _moved(self, position: int) -> None:
        self.timeline.show_step(position)
        count = len(self._stepper)
        words = f"{position + 1} / {count}" if count else ""
        self.place.setText(words)
        self.place.setAccessibleName(f"Step {position + 1} of {count}" if count else "No step")
