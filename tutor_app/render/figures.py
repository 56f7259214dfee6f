"""A figure ready to draw: from its outlines where that is possible, else from its PNG."""

from __future__ import annotations

import base64
import re
from typing import Any, Final

from PySide6.QtCore import QByteArray, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QPaintEngine,
    QPainter,
    QPainterPath,
)

from tutor_app.core.parts import Figure
from tutor_app.render.clipped_figures import clipped
from tutor_app.render.dark_figures import for_dark, ground_of
from tutor_app.render.theme import Theme

_MARGIN: Final = 8.0
"""Pixels between a picture and the edge of its card."""
_UNDRAWN: Final = re.compile(r"""(?<=<path)(?=\s[^<>]*?\bd=(["'])\s*(?:[Mm]\s*[-+.\deE]+[\s,]+[-+.\deE]+\s*)?\1)""")
"""In front of the attributes of a path that goes nowhere: a blank, or a line outside of the axes.

Qt would put a dot there where lines have square ends, and a fault into a PDF.
"""


class Picture:
    """A figure ready to draw: vector where that is possible, else its PNG."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self._renderers: dict[tuple[str, str], Any] = {}
        ground = ground_of(figure.svg)
        self._is_dark = ground is not None and ground.lightnessF() < 0.5
        self._image: QImage | None = None
        self._pixmap: tuple[tuple[int, int, str], QImage] | None = None

    def size(self, available: float) -> QSizeF:
        """Size in pixels, no wider than the column and bounded in height."""
        w, h = float(self.figure.width or 480), float(self.figure.height or 360)
        w, h = max(w, 1.0), max(h, 1.0)
        k = min(1.0, max(available - 2 * _MARGIN, 1.0) / w, 560.0 / h)
        return QSizeF(w * k + 2 * _MARGIN, h * k + 2 * _MARGIN)

    def draw(self, painter: QPainter, rect: QRectF, theme: Theme) -> None:
        """Draw on a card of its own; vector when the device is a printer or a PDF."""
        inner = rect.marginsRemoved(QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN))
        dark = self._dark(theme)
        renderer = self._vector(*dark) if dark else self.vector()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.addRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        is_fitting = theme.is_dark and (dark is not None or self._is_dark)
        painter.fillPath(path, theme.color("figure_back") if is_fitting else QColor("#ffffff"))
        painter.setPen(theme.color("line"))
        painter.drawPath(path)
        if self._on_screen(painter):
            painter.drawImage(inner, self._raster(inner, painter.device().devicePixelRatioF(), renderer, dark))
        elif renderer is not None:
            renderer.render(painter, inner)
        else:
            painter.drawImage(inner, self.image())
        painter.restore()

    @staticmethod
    def _on_screen(painter: QPainter) -> bool:
        return painter.paintEngine().type() == QPaintEngine.Type.Raster

    def _raster(self, rect: QRectF, ratio: float, renderer: Any, dark: tuple[str, str] | None) -> QImage:
        """The picture at the size of ``rect``, made once per size: a plot has thousands of strokes."""
        size = max(1, round(rect.width() * ratio)), max(1, round(rect.height() * ratio))
        want = (*size, "".join(dark or ()))
        if self._pixmap is None or self._pixmap[0] != want:
            image = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(Qt.GlobalColor.transparent)
            p = QPainter(image)
            p.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
            if renderer is not None:
                renderer.render(p, QRectF(0, 0, *size))
            else:
                p.drawImage(QRectF(0, 0, *size), self.image())
            p.end()
            self._pixmap = (want, image)
        return self._pixmap[1]

    def vector(self) -> Any:
        """What draws it from its outlines, or None."""
        return self._vector("", "")

    def _dark(self, theme: Theme) -> tuple[str, str] | None:
        """Its ground and ink on a dark page; None if it stays as it was drawn."""
        if not theme.is_dark or self._vector(theme.figure_back, theme.ink) is None:
            return None
        return theme.figure_back, theme.ink

    def _vector(self, ground: str, ink: str) -> Any:
        """What draws it from its outlines, on paper or in the colours of a dark page; or None."""
        key = ground, ink
        if key not in self._renderers:
            svg = for_dark(self.figure.svg, QColor(ground), QColor(ink)) if ground else self.figure.svg
            self._renderers[key] = _renderer(svg)
        return self._renderers[key]

    def image(self) -> QImage:
        """The PNG, or a grey card if it cannot be read."""
        if self._image is None:
            try:
                data = base64.b64decode(self.figure.png, validate=False)
            except ValueError:
                data = b""
            image = QImage.fromData(data) if data else QImage()
            if image.isNull():
                image = QImage(8, 8, QImage.Format.Format_RGB32)
                image.fill(QColor("#dddddd"))
            self._image = image
        return self._image


def _renderer(svg: str) -> Any:
    # The sandbox has cleaned it already; what could load something else is refused here again.
    if not svg or re.search(r"<!ENTITY|<script|(?:href|src)\s*=\s*[\"'](?!#|data:)|url\((?![\"']?#)|@import", svg):
        return None
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(QByteArray(_UNDRAWN.sub(' display="none"', clipped(svg)).encode()))
    if not renderer.isValid():
        return None
    renderer.setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
    return renderer
