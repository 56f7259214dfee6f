"""An inline formula stands on the baseline of its line: measured on the pixels of real pages.

A capital I of the text and one of the formula stand side by side; where their feet end is compared, in fractions of a
pixel, whatever else is in the formula.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from golden_images import darkness, samples
from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPdfWriter, QTextDocument

from tests.windows import FormulasNow
from tutor_app.render.blocks import Writer
from tutor_app.render.prose import write_markdown
from tutor_app.render.theme import load
from tutor_app.render.typeset import Formula

SIZES = (12.0, 13.0, 15.0, 17.0, 20.4, 23.0, 27.0)
RATIOS = (1.0, 1.25, 1.5, 2.0)
MARGIN = 10

_BASES = (
    "x",
    "y",
    "p",
    "g",
    "Q",
    "f",
    "AB",
    "12",
    "\\alpha",
    "\\sum",
    "\\int",
    "(a)",
    "\\gamma",
    "\\sqrt{2}",
    "\\bar{z}",
)
_SHAPES = (
    "{}",
    "{}^2",
    "{}_1",
    "{}_i^n",
    "\\frac{{{}}}{{2}}",
    "\\dfrac{{1}}{{{}}}",
    "\\left({}\\right)",
    "\\sqrt{{{}}}",
)
FORMULAS = list(
    dict.fromkeys([s.latex for s in samples() if s.is_frozen and not s.display])
    | dict.fromkeys(shape.format(base) for base, shape in product(_BASES, _SHAPES))
    | dict.fromkeys(s.latex for s in samples() if s.is_frozen and s.display)
)


def page(latex: str, size: float, formulas: FormulasNow) -> QTextDocument:
    document = QTextDocument()
    document.setDocumentMargin(MARGIN)
    writer = Writer(document, load("light"), formulas, size)
    document.setTextWidth(4000)
    write_markdown(writer, f"I $\\mathrm{{I}}\\quad {latex}$")
    return document


def feet(latex: str, size: float, ratio: float, formulas: FormulasNow) -> list[float]:
    """Where the stems of the text's I and of the formula's end, in pixels of the device."""
    document = page(latex, size, formulas)
    image = QImage(
        round((2 * MARGIN + size) * ratio), round(document.size().height() * ratio), QImage.Format.Format_RGB32
    )
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    document.drawContents(painter)
    painter.end()
    ink = darkness(image).astype(float)[:, round(MARGIN * ratio) : round((MARGIN + 1.1 * size) * ratio)]
    totals = ink.sum(axis=0)
    columns = np.nonzero(totals > 0.55 * totals.max())[0]
    stems = np.split(columns, np.nonzero(np.diff(columns) > 2)[0] + 1)
    assert len(stems) == 2, (latex, size, ratio)
    return [_foot(ink[:, stem].sum(axis=1)) for stem in stems]


def _foot(stem: Any) -> float:
    """The lower edge: below the last full row there may be one that is partly covered."""
    full = int(np.nonzero(stem >= 0.93 * stem.max())[0][-1])
    return full + 1 + (stem[full + 1] / stem.max() if full + 1 < len(stem) else 0.0)


def test_two_hundred_formulas_stand_on_the_baseline(formulas_now: FormulasNow, qapp: object) -> None:
    assert len(FORMULAS) >= 200
    worst = {}
    for i, latex in enumerate(FORMULAS):
        size, ratio = SIZES[i % len(SIZES)], RATIOS[i // len(SIZES) % len(RATIOS)]
        text, formula = feet(latex, size, ratio, formulas_now)
        worst[latex, size, ratio] = abs(formula - text) / ratio
    assert {k: v for k, v in worst.items() if v > 0.5} == {}
    assert sum(v > 0.1 for v in worst.values()) < len(worst) / 50


@pytest.mark.parametrize(("size", "ratio"), list(product(SIZES, RATIOS)))
def test_at_every_size_and_density(size: float, ratio: float, formulas_now: FormulasNow, qapp: object) -> None:
    for latex in ("y_1", "\\frac{1}{2}", "\\sqrt{\\frac{a}{b}}", "x"):
        text, formula = feet(latex, size, ratio, formulas_now)
        assert abs(formula - text) / ratio <= 0.5


def test_on_paper_the_baseline_is_exact(
    formulas_now: FormulasNow, qapp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PDF has no pixels: the formula is drawn exactly where the line says its baseline is."""
    drawn: list[float] = []

    def record(self: Formula, painter: QPainter, x: float, baseline: float, em: float, color: QColor) -> None:
        drawn.append(baseline)

    monkeypatch.setattr(Formula, "draw", record)
    for latex, size in product(("x", "y^2", "\\frac{1}{2}", "\\frac{x}{\\frac{2}{3}}"), SIZES):
        document = page(latex, size, formulas_now)
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = QPdfWriter(buffer)
        writer.setPageMargins(QMarginsF())
        painter = QPainter(writer)
        document.drawContents(painter)
        painter.end()
        block = document.begin()
        line = block.layout().lineAt(0)
        top = document.documentLayout().blockBoundingRect(block).top()
        assert drawn.pop() == pytest.approx(top + line.y() + line.ascent(), abs=0.1)


def test_a_formula_is_as_large_as_its_text(formulas_now: FormulasNow, qapp: object) -> None:
    """Qt's pixel sizes are whole numbers; the formula follows them, not the number asked for."""
    for size in SIZES:
        document = page("x", size, formulas_now)
        image = QImage(round(2 * MARGIN + size), round(document.size().height()), QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        document.drawContents(painter)
        painter.end()
        ink = darkness(image).astype(float)[:, MARGIN : round(MARGIN + 1.1 * size)]
        totals = ink.sum(axis=0)
        columns = np.nonzero(totals > 0.55 * totals.max())[0]
        stems = np.split(columns, np.nonzero(np.diff(columns) > 2)[0] + 1)
        tops = [int(np.nonzero(ink[:, s].sum(axis=1) > 0.4 * ink[:, s].sum(axis=1).max())[0][0]) for s in stems]
        assert abs(tops[0] - tops[1]) <= 1
