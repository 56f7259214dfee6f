"""Formulas look as they did when a person last looked at them (see ``packaging/golden_images.py``)."""

from __future__ import annotations

import pytest
from golden_images import EM, FOLDER, Sample, darkness, difference, render, samples
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPolygonF, QTransform

from tutor_app.render.typeset import Formula, Ink, typeset

FROZEN = [s for s in samples() if s.is_frozen]


def test_the_list_and_the_pictures_belong_together() -> None:
    assert len(FROZEN) >= 60
    assert len({s.name for s in samples()}) == len(samples())
    assert {s.path.name for s in FROZEN} == {p.name for p in FOLDER.glob("*.png")}
    assert sum(p.stat().st_size for p in FOLDER.glob("*.png")) < 400_000


@pytest.mark.parametrize("sample", FROZEN, ids=lambda s: s.name)
def test_looks_as_it_was_approved(sample: Sample) -> None:
    drawn = render(typeset(sample.latex, sample.display))
    assert not difference(drawn, QImage(str(sample.path)))


@pytest.mark.parametrize("sample", [s for s in samples() if not s.is_frozen], ids=lambda s: s.name)
def test_text_in_other_scripts_is_set(sample: Sample, qapp: object) -> None:
    formula = typeset(sample.latex, sample.display)
    assert formula.ok
    assert formula.width > 1.5
    assert (darkness(render(formula)) > 128).sum() > 20


def moved(image: QImage, part: QRect, by: QPoint) -> QImage:
    """The picture with one part of it somewhere else."""
    out = QImage(image)
    painter = QPainter(out)
    painter.fillRect(part, QColor("white"))
    painter.drawImage(part.topLeft() + by, image, part)
    painter.end()
    return out


@pytest.mark.parametrize("name", ["quadratic", "matrix-brackets", "array-rules", "signs", "accents", "scientific"])
def test_the_comparison_sees_a_part_that_moved_or_is_missing(name: str) -> None:
    approved = QImage(str(FOLDER / f"{name}.png"))
    ink = darkness(approved) > 128
    assert not difference(approved, approved)
    # A part: what is inked in a window of the size of one sign, where there is enough of it.
    size = round(0.45 * EM)
    parts = [
        QRect(x, y, size, size)
        for x in range(0, approved.width() - size, size)
        for y in range(0, approved.height() - size, size)
        if ink[y : y + size, x : x + size].sum() >= 20
    ]
    assert len(parts) >= 3
    for part in parts:
        missing = QImage(approved)
        painter = QPainter(missing)
        painter.fillRect(part, QColor("white"))
        painter.end()
        assert difference(missing, approved)
        assert difference(approved, missing)
    assert difference(
        moved(approved, approved.rect().adjusted(0, 0, -approved.width() // 2, 0), QPoint(0, 3)), approved
    )


def test_the_comparison_sees_a_sign_that_moved_by_two_pixels() -> None:
    formula = typeset("x-y", False)
    approved = render(formula)
    path = formula.inks[0].path
    pieces = path.toSubpathPolygons()
    minus = min(pieces, key=lambda p: p.boundingRect().height())
    rest = typeset("x-y", False)
    without = Ink(path.subtracted(_path(minus)))
    shifted = Ink(QTransform.fromTranslate(0, 2.4 / EM).map(_path(minus)))
    changed = Formula(rest.source, False, (without, shifted), rest.width, rest.ascent, rest.descent)
    assert difference(render(changed), approved)


def _path(polygon: QPolygonF) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(polygon)
    return path


def test_the_comparison_forgives_smoothing() -> None:
    """A quarter of a pixel is what another version of Qt may make of an edge."""
    for name in ("fraction-inline", "cases", "matrix-fractions"):
        sample = next(s for s in FROZEN if s.name == name)
        formula = typeset(sample.latex, sample.display)
        inks = tuple(Ink(QTransform.fromTranslate(0.25 / EM, 0.25 / EM).map(i.path), i.color) for i in formula.inks)
        nudged = Formula(formula.source, formula.display, inks, formula.width, formula.ascent, formula.descent)
        assert not difference(render(nudged), QImage(str(sample.path)))
