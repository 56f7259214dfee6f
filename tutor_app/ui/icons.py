"""Icons in the colours of the theme. Reads only files that ship with the program."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from tutor_app.resources import resources

_DRAWN_IN = "#808080"


@lru_cache(maxsize=64)
def icon(name: str, color: str, side: int = 20) -> QIcon:
    """The icon ``name`` of ``resources/icons`` in ``color``."""
    svg = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8").replace(_DRAWN_IN, color)
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    out = QIcon()
    for ratio in (1, 2, 3):
        pixmap = QPixmap(side * ratio, side * ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, side * ratio, side * ratio))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        out.addPixmap(pixmap)
    return out
