"""The wave under a formula that holds a false statement; Qt underlines text, but nothing that stands in its place."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from tutor_app.render.typeset import Fitted, Placed

_HEIGHT: Final = 0.04  # of the wave's half, in em
_PERIOD: Final = 0.19
_BELOW: Final = 0.13  # from the lowest ink to the middle of the wave
_STEPS: Final = 6  # straight pieces of one period


def underlines(fitted: Fitted, em: float, said: str) -> list[tuple[float, float, float]]:
    """Which lines of a formula hold a statement: left, right and lowest ink of each, from the first baseline's start.

    All lines if none is found to hold it.

    Args:
        fitted: The formula in its column.
        em: Size of its text.
        said: The statement as it was written.
    """
    wanted = _compact(said)
    found: list[Placed] = []
    whole = "".join(_compact(line.formula.source) for line in fitted.lines)
    at = whole.find(wanted)
    begin = 0
    for line in fitted.lines:
        end = begin + len(_compact(line.formula.source))
        if at >= 0 and begin < at + len(wanted) and end > at:
            found.append(line)
        begin = end
    return [
        (
            line.x,
            line.x + line.formula.width * em * line.scale,
            line.baseline + line.formula.descent * em * line.scale,
        )
        for line in found or fitted.lines
    ]


def draw_wave(painter: QPainter, left: float, right: float, lowest: float, em: float, color: QColor) -> None:
    """Draw a wave below what ends at ``lowest``."""
    steps = max(1, round((right - left) / (_PERIOD * em) * _STEPS))
    points = [
        QPointF(
            left + (right - left) * n / steps, lowest + em * (_BELOW + _HEIGHT * math.sin(2 * math.pi * n / _STEPS))
        )
        for n in range(steps + 1)
    ]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, max(0.8, em / 20), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPolyline(QPolygonF(points))
    painter.restore()


def _compact(source: str) -> str:
    return "".join(c for c in source if not (c.isspace() or c in "&$\\"))
