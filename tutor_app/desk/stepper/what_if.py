"""Runs a block again with other numbers or another line, and shows what came out differently.

What the model wrote is not changed: the edited block is recorded in its place, and the original is one click away.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QSlider, QWidget

from tutor_app.core.comparing import Comparison, Parameter, parameters, with_number
from tutor_app.ui.building import column_of, once, push_button, row_of, text_label

_MOST: Final = 4  # sliders
_WAIT_MS: Final = 250  # after the last move of a slider
_SHOWN: Final = 40
_LINES: Final = 2  # of differences; the values and the outputs themselves stand side by side
_SPOKEN: Final = 20


class _Number(QWidget):
    """A number of the code: a slider and a field.

    Signals:
        chosen: Another number, as it is written.
    """

    chosen = Signal(str)

    def __init__(self, parameter: Parameter) -> None:
        super().__init__()
        self.parameter = parameter
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(f"{parameter.name} in line {parameter.line}")
        self.slider.setRange(0, round((parameter.most - parameter.least) / parameter.step))
        self.slider.setValue(round((parameter.value - parameter.least) / parameter.step))
        self.field = QLineEdit(parameter.text)
        self.field.setAccessibleName(f"Value of {parameter.name} in line {parameter.line}")
        self.field.setMaximumWidth(90)
        self.slider.valueChanged.connect(self._moved)
        self.field.returnPressed.connect(self._typed)

    def _moved(self, steps: int) -> None:
        p = self.parameter
        value = p.least + steps * p.step
        text = str(round(value)) if p.step >= 1 and float(value).is_integer() else f"{value:.10g}"
        self.field.setText(text)
        self.chosen.emit(text)

    def _typed(self) -> None:
        p, text = self.parameter, self.field.text().strip()
        try:
            value = float(text)
        except ValueError:
            self.field.setText(p.text)
            return
        with QSignalBlocker(self.slider):
            self.slider.setValue(round((value - p.least) / p.step))
        self.chosen.emit(text)


class WhatIf(QWidget):
    """The numbers of the block, and what came out differently.

    Signals:
        run_asked: Run this code in place of the block.
        original_asked: Show the original again.
        source_changed: A number was changed: the code as it is now.
    """

    run_asked = Signal(str)
    original_asked = Signal()
    source_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stepCalculation")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._source = ""
        self.numbers: list[_Number] = []
        self.differences = text_label(
            "Change a number or a line of the code, and run it again.", "muted", wrap=True, plain=True
        )
        self.run_button = push_button("Run again", name="Run the changed code again")
        self.run_button.clicked.connect(lambda: self.run_asked.emit(self._source))
        self.original_button = push_button("Original", name="Show the original code again")
        self.original_button.clicked.connect(self.original_asked)
        self._grid = QGridLayout()
        row = row_of(self.run_button, self.original_button, (self.differences, 1), spacing=8)
        self._grid.setVerticalSpacing(2)
        column_of(self._grid, row, parent=self, margins=(10, 4, 10, 4), spacing=4)
        self._timer = once(self, _WAIT_MS, lambda: self.run_asked.emit(self._source))
        self.hide()

    def set_source(self, source: str) -> None:
        """Offer the numbers of this code."""
        found = parameters(source)[:_MOST]
        names = [(n.parameter.name, n.parameter.line) for n in self.numbers]
        self._source = source
        if names == [(p.name, p.line) for p in found]:
            return
        self._timer.stop()
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.numbers = [_Number(p) for p in found]
        for n, number in enumerate(self.numbers):
            name = QLabel(number.parameter.name)
            self._grid.addWidget(name, n, 0)
            self._grid.addWidget(number.slider, n, 1)
            self._grid.addWidget(number.field, n, 2)
            number.setParent(self)
            number.hide()
            number.chosen.connect(lambda text, number=number: self._choose(number, text))

    def numbers_from(self, source: str) -> None:
        """Offer the numbers of this code as they stand in it."""
        self.numbers_forget()
        self.set_source(source)

    def numbers_forget(self) -> None:
        """Offer no number."""
        self.set_source("")

    def set_text(self, source: str) -> None:
        """The user has edited the code."""
        self._source = source

    def _choose(self, number: _Number, text: str) -> None:
        p = number.parameter
        now = next((q for q in parameters(self._source) if (q.name, q.line) == (p.name, p.line)), None)
        if now is not None:
            self._source = with_number(self._source, now, text)
            self.source_changed.emit(self._source)
            self._timer.start()

    def show_differences(self, comparison: Comparison | None) -> None:
        """Say what came out differently."""
        found = differences(comparison) if comparison is not None else ["This is the original."]
        more = [f"and {len(found) - _LINES} more"] if len(found) > _LINES else []
        self.differences.setText("\n".join(found[:_LINES] + more))
        self.differences.setAccessibleName("\n".join(found[:_SPOKEN]))
        self.differences.setToolTip("\n".join(found[:_SPOKEN]) if more else "")


def differences(comparison: Comparison) -> list[str]:
    """What came out differently, in words, a line each."""
    if not comparison.differs:
        return ["Nothing came out differently."]
    out = []
    for name in comparison.names:
        before = _short(name.left.text) if name.left is not None else "nothing"
        after = _short(name.right.text) if name.right is not None else "nothing"
        out.append(f"{name.name}: {before} \u2192 {after}")
    for line in comparison.printed:
        if line.kind == "changed":
            out.append(f"printed: {_short(line.left)} \u2192 {_short(line.right)}")
        elif line.kind in ("added", "removed"):
            out.append(f"{'printed' if line.kind == 'added' else 'not printed'}: {_short(line.left or line.right)}")
    if comparison.figures_differ:
        out.append("The figures differ.")
    if comparison.error:
        out.append(comparison.error)
    return out


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "\u2026"
