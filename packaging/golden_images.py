"""Pictures of formulas: how they are drawn, compared and laid out on a sheet to be looked at.

``python packaging/formulas.py --golden`` makes them anew. A comparison forgives the smoothing of edges, which differs
between versions of Qt, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from tutor_app.render.typeset import Formula, typeset

FOLDER: Final = Path(__file__).resolve().parents[1] / "tests" / "render" / "golden"
EM: Final = 22.0
_MARGIN: Final = 3
_INK: Final = 110  # darkness from which a pixel is certainly part of a stroke
_TRACE: Final = 24  # darkness that may be the edge of one
_ALLOWED: Final = 2  # pixels without a partner


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of ``golden/formulas.txt``."""

    name: str
    display: bool
    latex: str

    @property
    def is_frozen(self) -> bool:
        """Whether it looks the same on every machine."""
        return not self.name.startswith("~")

    @property
    def path(self) -> Path:
        """Where its picture is."""
        return FOLDER / f"{self.name}.png"


def samples() -> list[Sample]:
    """All formulas of the list."""
    lines = (FOLDER / "formulas.txt").read_text(encoding="utf-8").splitlines()
    fields = [line.split(None, 2) for line in lines if line.strip() and not line.startswith("#")]
    return [Sample(name, kind == "d", latex) for name, kind, latex in fields]


def render(formula: Formula) -> QImage:
    """A formula in black on white, its origin on a whole pixel."""
    width = int(formula.width * EM) + 2 * _MARGIN + 1
    above = int(formula.ascent * EM) + _MARGIN + 1
    below = int(formula.descent * EM) + _MARGIN + 1
    image = QImage(width, above + below, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    formula.draw(painter, _MARGIN, above, EM, QColor("black"))
    painter.end()
    return image.convertToFormat(QImage.Format.Format_Grayscale8)


def darkness(image: QImage) -> Any:
    """Rows of 0 (paper) to 255 (ink)."""
    image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return 255 - data[:, : image.width()].astype(int)


def difference(one: QImage, other: QImage) -> str:
    """What is different between two pictures, or nothing.

    Every pixel of a stroke must have at least an edge of a stroke within one pixel of it in the other picture.
    """
    if abs(one.width() - other.width()) > 1 or abs(one.height() - other.height()) > 1:
        return f"size {one.width()} x {one.height()} instead of {other.width()} x {other.height()}"
    a, b = darkness(one), darkness(other)
    height, width = max(a.shape[0], b.shape[0]), max(a.shape[1], b.shape[1])
    a, b = (np.pad(p, ((0, height - p.shape[0]), (0, width - p.shape[1]))) for p in (a, b))
    for name, strokes, traces in (("new", a, b), ("missing", b, a)):
        lonely = int(((strokes > _INK) & ~_near(traces > _TRACE)).sum())
        if lonely > _ALLOWED:
            return f"{lonely} {name} pixels"
    return ""


def _near(mask: Any) -> Any:
    """The mask and its neighbours."""
    padded = np.pad(mask, 1)
    height, width = mask.shape
    out = np.zeros_like(mask)
    for dy in range(3):
        for dx in range(3):
            out |= padded[dy : dy + height, dx : dx + width]
    return out


def freeze() -> Iterator[tuple[Sample, QImage]]:
    """Write every picture anew, and remove those of formulas that are not in the list any more."""
    known = set()
    for sample in samples():
        image = render(typeset(sample.latex, sample.display))
        if sample.is_frozen:
            known.add(sample.path)
            image.save(str(sample.path), None, 0)  # the smallest file
        yield sample, image
    for stale in set(FOLDER.glob("*.png")) - known:
        stale.unlink()


def sheet(pictures: list[tuple[Sample, QImage]], columns: int = 4, cell: int = 400) -> QImage:
    """All pictures with their names on one page, for a person to look at."""
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    heights = [max(image.height() for _, image in row) + 26 for row in rows]
    page = QImage(columns * cell, sum(heights), QImage.Format.Format_RGB32)
    page.fill(Qt.GlobalColor.white)
    painter = QPainter(page)
    font = QFont("DejaVu Sans")
    font.setPixelSize(11)
    painter.setFont(font)
    y = 0
    for row, height in zip(rows, heights, strict=True):
        for i, (sample, image) in enumerate(row):
            painter.setPen(QColor("#888888"))
            painter.drawText(QPointF(i * cell + 6, y + 13), sample.name)
            painter.drawImage(QRectF(i * cell + 6, y + 20, image.width(), image.height()), image)
        painter.setPen(QColor("#dddddd"))
        painter.drawLine(0, y + height - 1, page.width(), y + height - 1)
        y += height
    painter.end()
    return page
