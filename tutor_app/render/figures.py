"""A figure ready to draw: from its outlines where that is possible, else from its PNG."""

from __future__ import annotations

import base64
import re
from typing import Any, Final

from PySide6.QtCore import QByteArray, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QPaintEngine,
    QPainter,
    QPainterPath,
)

from tutor_app.core.parts import Figure
from tutor_app.render.theme import Theme

_UNDRAWN: Final = re.compile(r"""(?<=<path)(?=\s[^<>]*?\bd=(["'])\s*(?:[Mm]\s*[-+.\deE]+[\s,]+[-+.\deE]+\s*)?\1)""")
"""In front of the attributes of a path that goes nowhere: a blank, or a line outside of the axes.

Qt would put a dot there where lines have square ends, and a fault into a PDF.
"""


class Picture:
    """A figure ready to draw: vector where that is possible, else its PNG."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self._renderer: Any = None
        self._image: QImage | None = None
        self._pixmap: tuple[tuple[int, int], QImage] | None = None
        self._tried_vector = False

    def size(self, available: float) -> QSizeF:
        """Size in pixels, no wider than the column and bounded in height."""
        w, h = float(self.figure.width or 480), float(self.figure.height or 360)
        w, h = max(w, 1.0), max(h, 1.0)
        k = min(1.0, available / w, 560.0 / h)
        return QSizeF(w * k + 16, h * k + 16)

    def draw(self, painter: QPainter, rect: QRectF, theme: Theme) -> None:
        """Draw on a card of its own; vector when the device is a printer or a PDF."""
        inner = rect.adjusted(8, 8, -8, -8)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.addRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.fillPath(path, theme.color("figure_back"))
        painter.setPen(theme.color("line"))
        painter.drawPath(path)
        if self._on_screen(painter):
            painter.drawImage(inner, self._raster(inner, painter.device().devicePixelRatioF()))
        elif (renderer := self.vector()) is not None:
            renderer.render(painter, inner)
        else:
            painter.drawImage(inner, self.image())
        painter.restore()

    @staticmethod
    def _on_screen(painter: QPainter) -> bool:
        return painter.paintEngine().type() == QPaintEngine.Type.Raster

    def _raster(self, rect: QRectF, ratio: float) -> QImage:
        """The picture at the size of ``rect``, made once per size: a plot has thousands of strokes."""
        want = (max(1, round(rect.width() * ratio)), max(1, round(rect.height() * ratio)))
        if self._pixmap is None or self._pixmap[0] != want:
            image = QImage(*want, QImage.Format.Format_ARGB32_Premultiplied)
            image.fill(Qt.GlobalColor.transparent)
            p = QPainter(image)
            p.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
            if (renderer := self.vector()) is not None:
                renderer.render(p, QRectF(0, 0, *want))
            else:
                p.drawImage(QRectF(0, 0, *want), self.image())
            p.end()
            self._pixmap = (want, image)
        return self._pixmap[1]

    def vector(self) -> Any:
        """What draws it from its outlines, or None."""
        if not self._tried_vector:
            self._tried_vector = True
            svg = self.figure.svg
            # The sandbox has cleaned it already; what could load something else is refused here again.
            if svg and not re.search(
                r"<!ENTITY|<script|(?:href|src)\s*=\s*[\"'](?!#|data:)|url\((?![\"']?#)|@import", svg
            ):
                from PySide6.QtSvg import QSvgRenderer

                renderer = QSvgRenderer(QByteArray(_UNDRAWN.sub(' display="none"', svg).encode()))
                if renderer.isValid():
                    renderer.setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
                    self._renderer = renderer
        return self._renderer

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
