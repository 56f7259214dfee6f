"""The line about to run as a calculation, typeset the way a student writes it: one line for each part worked out.

All of it, or, where the user steps into expressions, as much as has been worked out. Formulas that are not there yet
are drawn as text and asked for once the user stays at a step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QScrollArea, QWidget

from tutor_app.core.trace_values import Stage, Unfolding
from tutor_app.desk.stepper.stepper import Stepper
from tutor_app.render.theme import Theme, mono_font, text_font
from tutor_app.render.typeset import Fitted, fit
from tutor_app.ui.building import STRETCH, column_of, once, row_of, text_label
from tutor_app.ui.formulas import Formulas

_SETTLE_MS: Final = 60
_SHARE: Final = 0.45  # of the height of code and calculation together, before it scrolls
_LEAST: Final = 4.5  # em of height that it may always have


@dataclass(slots=True)
class _Row:
    """A line of the calculation: the numbers of its stages, and how far they reach above and below the baseline."""

    em: float
    stages: list[int]
    ascent: float
    descent: float

    @property
    def height(self) -> float:
        """Pixels, with the space to its neighbours."""
        return max(1.5 * self.em, self.ascent + self.descent + 0.6 * self.em)


class Calculation(QWidget):
    """The lines.

    Signals:
        height_changed: Formulas have come, or a line has: it may need more room.
    """

    height_changed = Signal()

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formulas, self._theme = formulas, theme
        self._em = 15.0
        self._unfolding: Unfolding | None = None
        self._count = 0
        self._room = 1e6
        self._settle = once(self, _SETTLE_MS, self._ask)
        formulas.ready.connect(self._ready)

    def show_stages(self, unfolding: Unfolding | None, count: int) -> None:
        """Show the first ``count`` lines."""
        self._unfolding, self._count = unfolding, count
        self._settle.start()
        self._fit()

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The lines in view."""
        return self._unfolding.stages[: self._count] if self._unfolding is not None else ()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self._theme = theme
        self.update()

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self._em = pixels
        self._fit()

    def _ask(self) -> None:
        for stage in self.stages:
            self._formulas.get(stage.latex, True)

    def _ready(self, keys: list[tuple[str, bool]]) -> None:
        if {(s.latex, True) for s in self.stages} & set(keys):
            self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(round(self.content_height()))
        self.height_changed.emit()
        self.update()

    def set_room(self, height: float) -> None:
        """What height there is before one has to scroll: where a line for each part is higher, parts share lines."""
        if height != self._room:
            self._room = height
            self.setFixedHeight(round(self.content_height()))
            self.update()

    def content_height(self) -> float:
        """Pixels of all lines."""
        return sum(row.height for row in self._rows()) + 0.6 * self._em

    def _rows(self) -> list[_Row]:
        """The lines: one for each stage, or, where these are too high together, as many stages as fit into each."""
        stages = self.stages
        em = self._em
        rows = [_Row(em, [n], *self._extent(s)) for n, s in enumerate(stages)]
        if len(rows) < 2 or sum(r.height for r in rows) + 0.6 * em <= self._room:
            return rows
        left, right = self._start(), self.width() - 0.8 * em
        found: list[_Row] = []
        x = right
        for n, stage in enumerate(stages):
            width = self._width(stage) + 2.4 * em  # the sign of equality and the space around it
            above, below = self._extent(stage)
            if found and x + width <= right:
                row = found[-1]
                row.stages.append(n)
                row.ascent, row.descent = max(row.ascent, above), max(row.descent, below)
            else:
                found.append(_Row(em, [n], above, below))
                x = left
            x += width
        return found

    def _width(self, stage: Stage) -> float:
        fitted = self._fitted(stage)
        if fitted is not None:
            return fitted.width
        return QFontMetricsF(mono_font(self._em * 0.9)).horizontalAdvance(stage.text)

    def _start(self) -> float:
        target = self._unfolding.target if self._unfolding is not None else ""
        name = QFontMetricsF(self._name_font()).horizontalAdvance(target) + 0.6 * self._em if target else 0
        return min(0.8 * self._em + name, 0.4 * self.width())

    def _name_font(self) -> QFont:
        return mono_font(self._em * 0.94)

    def _fitted(self, stage: Stage) -> Fitted | None:
        formula = self._formulas.cache.get(stage.latex, True)
        room = max(60.0, self.width() - self._start() - 2.4 * self._em)
        return fit(formula, self._em, room) if formula is not None and formula.ok else None

    def _extent(self, stage: Stage) -> tuple[float, float]:
        """How far it reaches above and below its baseline."""
        fitted = self._fitted(stage)
        return (fitted.ascent, fitted.descent) if fitted is not None else (0.7 * self._em, 0.2 * self._em)

    def sizeHint(self) -> QSize:
        """Its lines."""
        return QSize(200, round(self.content_height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Long lines break elsewhere."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lines, the last one strongest."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        t, em, start = self._theme, self._em, self._start()
        y = 0.3 * em
        has_target = self._unfolding is not None and bool(self._unfolding.target)
        for row in self._rows():
            left, baseline = start, y + (row.height - row.ascent - row.descent) / 2 + row.ascent
            for n in row.stages:
                painter.setPen(t.color("ink" if n == self._count - 1 else "muted"))
                if n == 0 and self._unfolding is not None and has_target:
                    painter.setFont(self._name_font())
                    painter.drawText(QPointF(0.8 * em, baseline), self._unfolding.target)
                if n or has_target:
                    painter.setFont(text_font(em * 1.06))
                    sign = self._unfolding.sign if n and self._unfolding is not None else "="
                    painter.drawText(QPointF(left - (0.2 * em if sign != "=" else 0), baseline), sign)
                self._paint_stage(painter, self.stages[n], QPointF(left + 1.2 * em, baseline))
                left += self._width(self.stages[n]) + 2.4 * em
            y += row.height
        painter.end()

    def _paint_stage(self, painter: QPainter, stage: Stage, at: QPointF) -> None:
        fitted = self._fitted(stage)
        color = painter.pen().color()
        if fitted is not None:
            for placed in fitted.lines:
                where = at.y() + placed.baseline
                placed.formula.draw(painter, at.x() + placed.x, where, self._em * placed.scale, color)
            return
        painter.setFont(mono_font(self._em * 0.9))
        text = QFontMetricsF(painter.font()).elidedText(stage.text, Qt.TextElideMode.ElideRight, self.width() - at.x())
        painter.drawText(at, text)


class CalculationBar(QWidget):
    """The calculation of a line, and whether stepping goes into it; nothing where there is nothing to work out."""

    def __init__(self, stepper: Stepper, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stepper = stepper
        self.setObjectName("stepCalculation")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.lines = Calculation(formulas, theme)
        self.lines.setObjectName("stepLines")
        self.lines.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.verticalScrollBar().setAccessibleName("Scroll the calculation")
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.lines)
        self.into = QCheckBox("Step into calculations")
        self.into.setAccessibleName("Step into calculations")
        self.into.setToolTip("F7 works a line out part by part before it goes on")
        self.into.setChecked(stepper.unfolds)
        self.into.toggled.connect(stepper.set_unfolds)
        self.place = text_label("", "muted")
        row = row_of(self.into, STRETCH, self.place, margins=(8, 2, 10, 2))
        column_of(self.area, row, parent=self, margins=(0, 0, 0, 0), spacing=0)
        self._em = 15.0
        stepper.moved.connect(lambda _: self.refresh())
        stepper.opened.connect(self.refresh)
        stepper.unfolded.connect(self.refresh)
        self.lines.height_changed.connect(self._fit)
        self.refresh()

    def show_lines_only(self) -> None:
        """Show no controls, for good."""
        self.into.hide()
        self.place.hide()

    def refresh(self) -> None:
        """Show the calculation of the step."""
        unfolding = self._stepper.unfolding
        self.setVisible(unfolding is not None)
        count = self._stepper.stages_shown
        self.lines.show_stages(unfolding, count)
        self.into.setChecked(self._stepper.unfolds)
        if unfolding is not None:
            self.place.setText(f"{count} of {len(unfolding.stages)}" if self._stepper.unfolds else "")
            self.lines.setAccessibleName(replace(unfolding, stages=self.lines.stages).words)

    def _fit(self) -> None:
        above = self.parentWidget()
        room = max(_LEAST * self._em, _SHARE * above.height()) if above is not None else 1e6
        self.lines.set_room(room)
        self.area.setFixedHeight(round(min(self.lines.content_height(), room)))
        if self._stepper.unfolds:  # what was worked out last is what is looked at
            bar = self.area.verticalScrollBar()
            bar.setValue(bar.maximum())

    def set_theme(self, theme: Theme) -> None:
        """Change the colours."""
        self.lines.set_theme(theme)

    def set_size(self, pixels: float) -> None:
        """Change the text size."""
        self._em = pixels
        self.lines.set_size(pixels)
        self.refresh()
