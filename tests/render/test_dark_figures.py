"""Figures on a dark page: their colours are turned round, hues stay, and paper stays white."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from tutor_app.core.parts import Figure
from tutor_app.render import theme as themes
from tutor_app.render.dark_figures import for_dark, ground_of
from tutor_app.render.figures import Picture

GROUND, INK = QColor("#202020"), QColor("#e0e0e0")
DEFS = '<defs><path d="M0 0L1 1" style="fill: #123456"/></defs>'


def drawn(ground: str, line: str) -> str:
    """A picture of 40 by 40 with a broad line in its middle."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" viewBox="0 0 40 40">{DEFS}'
        f'<path d="M0 0H40V40H0Z"{ground}/><path d="M0 16H40V24H0Z"{line}/></svg>'
    )


PLOT = drawn(' style="fill: #ffffff"', "")  # a shape that names no colour is black


def seen(svg: str, theme: themes.Theme) -> tuple[QColor, QColor, QColor]:
    """The colours of the card's margin, of the ground and of the line."""
    image = QImage(56, 56, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.magenta)
    painter = QPainter(image)
    Picture(Figure(svg, "", width=40, height=40)).draw(painter, QRectF(0, 0, 56, 56), theme)
    painter.end()
    return image.pixelColor(4, 28), image.pixelColor(28, 12), image.pixelColor(28, 28)


def test_white_and_black_become_ground_and_ink(qtbot: QtBot) -> None:
    dark = themes.load("dark")
    assert [c.name() for c in seen(PLOT, dark)] == [dark.figure_back, dark.figure_back, dark.ink]
    assert [c.name() for c in seen(PLOT, themes.load("light"))] == ["#ffffff", "#ffffff", "#000000"]
    assert [c.name() for c in seen(PLOT, themes.paper())] == ["#ffffff", "#ffffff", "#000000"]


def test_a_figure_with_a_dark_ground_of_its_own_stays(qtbot: QtBot) -> None:
    dark = themes.load("dark")
    own = drawn("", ' style="fill: #ffffff"')
    assert [c.name() for c in seen(own, dark)] == [dark.figure_back, "#000000", "#ffffff"]
    assert for_dark(own, GROUND, INK) == ""


def test_a_picture_of_pixels_stays_on_white(qtbot: QtBot) -> None:
    assert seen("", themes.load("dark"))[0].name() == "#ffffff"


@pytest.mark.parametrize("name", ["red", "#1f77b4", "#2a5d8f", "blue", "#b0432b", "rgb(0, 100, 0)", "#808000"])
def test_hues_stay_and_are_seen(name: str) -> None:
    before = QColor(0, 100, 0) if name.startswith("rgb") else QColor(name)
    turned = for_dark(drawn(' fill="white"', f' style="stroke: {name}; fill: none"'), GROUND, INK)
    after = QColor(turned.rpartition("stroke: ")[2].partition(";")[0])
    turn = abs(after.hslHueF() - before.hslHueF())
    assert min(turn, 1 - turn) < 0.02
    assert after.lightnessF() >= 0.44
    assert "fill: none" in turned


def test_the_ground_is_what_the_first_shape_fills() -> None:
    assert ground_of(PLOT) == QColor("white")
    assert ground_of(drawn("", "")) == QColor("black")
    assert ground_of("<svg></svg>") is None
    assert ground_of(PLOT.replace(DEFS, "<defs />").replace("</svg>", f"{DEFS}</svg>")) == QColor("white")
    assert for_dark("no figure", GROUND, INK) == ""


def test_a_figure_is_no_wider_than_its_column() -> None:
    picture = Picture(Figure("", "", width=900, height=300))
    assert picture.size(684).width() == pytest.approx(684)
    assert Picture(Figure("", "", width=100, height=50)).size(684).width() == pytest.approx(116)
