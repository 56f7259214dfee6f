"""The cards behind a page's problem, code, output, thoughts and answer, drawn on any painter.

They agree with the frames that :mod:`tutor_app.render.document` makes, down to the pixel: its lengths in em are the
same as here.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QTextDocument, QTextFrame

from tutor_app.render.cards import ANSWER, ERROR, OUTPUT, PROBLEM, RUN, THOUGHT, WARNINGS
from tutor_app.render.properties import ASIDE, FOLDED, KIND, LABEL
from tutor_app.render.theme import Theme, ui_font


def paint_backdrop(painter: QPainter, document: QTextDocument, theme: Theme, clip: QRectF, size: float) -> None:
    """Draw the cards behind a document's problem, code, output and answer.

    Args:
        painter: In the document's coordinates.
        document: Laid out.
        theme: Colours.
        clip: Only cards that touch it are drawn.
        size: Text size the document was built with.
    """
    layout = document.documentLayout()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for frame in document.rootFrame().childFrames():
        f = frame.frameFormat()
        kind = f.intProperty(KIND)
        if not kind:
            continue
        box = layout.frameBoundingRect(frame)
        box.adjust(0, f.topMargin(), 0, -f.bottomMargin())
        if box.top() > clip.bottom():
            break  # frames are in the order of the text
        if not box.intersects(clip):
            continue
        label = f.stringProperty(LABEL)
        if kind == PROBLEM:
            _bar(painter, box, theme, label, size)
        elif kind == ANSWER:
            _card(painter, box, theme.answer_back, theme.answer_line, theme)
            _label(painter, box, label, theme.color("accent"), size, 1.2, 0.75)
        elif kind == THOUGHT and not frame.childFrames()[0].frameFormat().property(FOLDED):
            painter.fillRect(QRectF(box.left(), box.top(), 2, box.height()), theme.color("line_strong"))
            _label(painter, box, label, theme.color("faint"), size, 1.1, 0.38)
        elif kind == RUN:
            _run_card(painter, document, frame, box, theme, label, f.stringProperty(ASIDE), size)
    painter.restore()


def _bar(painter: QPainter, box: QRectF, theme: Theme, label: str, size: float) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("accent"))
    painter.drawRoundedRect(QRectF(box.left(), box.top() + 2, 3, box.height() - 2), 1.5, 1.5)
    _label(painter, box, label, theme.color("accent"), size, 1.1, 0.15)


def _card(painter: QPainter, box: QRectF, back: str, line: str, theme: Theme) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.fillPath(path, QColor(back))
    painter.setPen(QPen(QColor(line), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    return path


def _run_card(
    painter: QPainter,
    document: QTextDocument,
    frame: QTextFrame,
    box: QRectF,
    theme: Theme,
    label: str,
    aside: str,
    size: float,
) -> None:
    path = _card(painter, box, theme.code_back, theme.line, theme)
    _label(painter, box, label, theme.color("faint"), size, 1.0, 0.62)
    if aside:
        _label(painter, box, aside, theme.color("faint"), size, 1.0, 0.62, right=True)
    for section in frame.childFrames():
        f = section.frameFormat()
        kind = f.intProperty(KIND)
        away = bool(f.property(FOLDED)) and not f.topMargin()  # warnings, with their output
        if kind not in (OUTPUT, ERROR, WARNINGS) or away:
            continue
        area = document.documentLayout().frameBoundingRect(section)
        top = area.top() + f.topMargin() - 0.45 * size
        painter.save()
        painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
        lower = QRectF(box.left(), top, box.width(), box.bottom() - top)
        painter.fillRect(lower.adjusted(1, 0, -1, -1), theme.color("error_back" if kind == ERROR else "output_back"))
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(QPointF(box.left(), top), QPointF(box.right(), top))
        if kind == ERROR:
            painter.fillRect(QRectF(box.left(), top, 3, lower.height()), theme.color("bad"))
        painter.restore()


def _label(
    painter: QPainter, box: QRectF, text: str, color: QColor, size: float, left: float, top: float, right: bool = False
) -> None:
    font = ui_font(size * 0.68)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(color)
    m = QFontMetricsF(font)
    x = box.right() - left * size * 0.6 - m.horizontalAdvance(text) - 4 if right else box.left() + left * size
    painter.drawText(QPointF(x, box.top() + top * size + m.ascent()), text)
