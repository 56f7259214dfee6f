"""Shapes of a figure end at its clip paths, on the screen and on paper."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from tutor_app.core.parts import Figure
from tutor_app.render import theme as themes
from tutor_app.render.clipped_figures import clipped
from tutor_app.render.figures import Picture

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="60" height="60" '
    'viewBox="0 0 60 60"><defs><clipPath id="axes"><rect x="10" y="10" width="40" height="40"/></clipPath>'
    '<path id="dot" d="M -2 -2 L 2 -2 L 2 2 L -2 2 z"/><path id="area" d="M 0 -30 L 60 -30 L 60 0 L 0 0 z"/></defs>'
)
RED = "fill: none; stroke: #ff0000; stroke-width: 4"


def ink(body: str) -> tuple[int, int]:
    """How many of a picture's pixels are drawn, inside of the axes and outside."""
    image = QImage(76, 76, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    Picture(Figure(f"{HEAD}{body}</svg>", "", width=60, height=60)).draw(
        painter, QRectF(0, 0, 76, 76), themes.load("light")
    )
    painter.end()
    inner = QRectF(16, 16, 44, 44)  # with the ends of a broad line that is cut aslant
    places = [(x, y) for x in range(9, 67) for y in range(9, 67) if image.pixelColor(x, y).name() != "#ffffff"]
    inside = sum(inner.contains(x, y) for x, y in places)
    return inside, len(places) - inside


@pytest.mark.parametrize(
    "shape",
    [
        f'<path clip-path="url(#axes)" d="M 30 -20 L 30 90" style="{RED}"/>',
        f'<path clip-path="url(#axes)" d="M -20 70 C 20 60 30 40 30 -90" style="{RED}"/>',
        f'<path clip-path="url(#axes)" d="M 0 30 Q 30 0 60 30" style="{RED}"/>',
        '<path clip-path="url(#axes)" d="M -9 30 L 70 -20 L 70 90 z" style="fill: #0000ff; fill-opacity: 0.5"/>',
        '<path clip-path="url(#axes)" d="M 5 20 L 25 20 L 25 90 L 5 90 z" fill="#00ff00" stroke="#000000"/>',
        '<g clip-path="url(#axes)"><use xlink:href="#area" x="0" y="45" style="fill: #0000ff"/></g>',
        f'<g clip-path="url(#axes)"><g><path d="M -30 30 L 90 30" style="{RED}"/></g></g>',
    ],
)
def test_what_crosses_the_axes_ends_there(qtbot: QtBot, shape: str) -> None:
    inside, outside = ink(shape)
    assert inside > 40
    assert outside == 0


def test_marks_are_there_as_a_whole_or_not_at_all(qtbot: QtBot) -> None:
    drawn = clipped(
        f'{HEAD}<g clip-path="url(#axes)"><use xlink:href="#dot" x="30" y="30"/><use xlink:href="#dot" x="50" y="20"/>'
        '<use xlink:href="#dot" x="55" y="20"/></g></svg>'
    )
    assert re.findall(r'x="(\d+)" y="(?:30|20)"', drawn) == ["30", "50"]


def test_what_is_inside_or_has_no_clip_path_stays(qtbot: QtBot) -> None:
    curve = "M 15 15 C 20 20 30 40 45 45"
    assert curve in clipped(f'{HEAD}<path clip-path="url(#axes)" d="{curve}" style="{RED}"/></svg>')
    assert ink(f'<path d="M 0 30 L 60 30" style="{RED}"/>')[1] > 40
    assert ink('<path clip-path="url(#axes)" d="M 0 0 L 9 0 L 9 9 z" style="fill: #ff0000"/>') == (0, 0)


@pytest.mark.parametrize(
    "svg",
    [
        "",
        "<svg clip-path",
        '<svg xmlns="http://www.w3.org/2000/svg"><path clip-path="url(#none)" d="M 0 0 L 5 5"/></svg>',
        f'{HEAD}<path clip-path="url(#axes)" d="m 0 0 l 90 90 a 3 3 0 0 1 5 5"/></svg>',
        f'{HEAD}<path clip-path="url(#axes)" d="L 90 90"/></svg>',
        f'{HEAD}<path clip-path="url(#axes)" d=""/></svg>',
    ],
)
def test_what_cannot_be_read_stays(svg: str) -> None:
    paths = re.findall(r' d="[^"]*"', svg)
    assert re.findall(r' d="[^"]*"', clipped(svg)) == paths
