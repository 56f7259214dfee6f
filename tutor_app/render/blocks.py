r"""Puts text, formulas and pictures into a QTextDocument: the low level under :mod:`prose` and :mod:`document`.

A formula is one object character, drawn from outlines on the baseline of the line it stands in. One that is not
typeset yet stands there as its source and is exchanged when it is ready, so a page never waits and never jumps
twice. Every text is inserted as plain text with explicit formats; no HTML is ever built or parsed, and no resource is
ever loaded.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Protocol

from PySide6.QtCore import QByteArray, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QImage,
    QPaintEngine,
    QPainter,
    QPainterPath,
    QPyTextObject,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)

from tutor_app.core.transcript import Figure
from tutor_app.render.table_columns import Cell
from tutor_app.render.theme import Theme, mono_font, text_font, ui_font
from tutor_app.render.typeset import Fitted, Formula, fit
from tutor_app.render.underline import draw_wave, underlines
from tutor_app.text.clean import without_controls

FORMULA: Final = QTextFormat.ObjectTypes.UserObject.value + 1
FIGURE: Final = QTextFormat.ObjectTypes.UserObject.value + 2
OBJECT_CHARACTER: Final = "\ufffc"
JOINER: Final = "\u2060"

# Properties of the characters that stand for objects.
SOURCE: Final = QTextFormat.Property.UserProperty.value + 1
DISPLAY: Final = SOURCE + 1
EM: Final = SOURCE + 2
RAW: Final = SOURCE + 3
FIGURE_KEY: Final = SOURCE + 4
# Property of frames: what they are, for the backdrop.
KIND: Final = SOURCE + 10
LABEL: Final = SOURCE + 11
ASIDE: Final = SOURCE + 12
# Property of frames: they are folded away.
FOLDED: Final = SOURCE + 20
# Property of blocks: the end of a page must not part it from what follows.
KEEP: Final = SOURCE + 13
# Property of blocks: index in the solution of the part they came from; missing for the problem and remarks.
PART: Final = SOURCE + 15
# Property of formulas in a table: how wide their cell is.
CELL: Final = SOURCE + 14
# Properties of characters: the false statement that they belong to, and what it says.
FALSE: Final = SOURCE + 16
FALSE_TEXT: Final = SOURCE + 17

_MAX_LINE: Final = 4000


class FormulaSource(Protocol):
    """Where formulas come from."""

    def get(self, source: str, display: bool) -> Formula | None:
        """The formula, or None if it is being made and will be announced."""
        ...


def clean(text: str) -> str:
    """Text for a document, where control characters and the signs of objects and frames would be taken as such."""
    return without_controls(text, "\ufffd")


@dataclass(slots=True)
class _Waiting:
    """A formula that stands in the document as its source until it is ready."""

    start: QTextCursor
    end: QTextCursor
    em: float
    raw: str
    cell: Cell | None


@dataclass(slots=True)
class Writer:
    """A place in a document and the formats to write with.

    Attributes:
        document: What is written into; its undo history is switched off.
        theme: Colours.
        formulas: Where formulas come from.
        size: Text size in pixels; everything else follows from it.
        cell: The cell of a table that is being written, if one is.
        part: Index in the solution of the part that is being written; -1 for what is none of it.
    """

    document: QTextDocument
    theme: Theme
    formulas: FormulaSource
    size: float = 17.0
    cell: Cell | None = None
    part: int = -1
    cursor: QTextCursor = field(init=False)
    objects: ObjectPainter = field(init=False)
    _fresh: bool = field(init=False, default=True)
    _waiting: dict[tuple[str, bool], list[_Waiting]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.document.setUndoRedoEnabled(False)
        self.cursor = QTextCursor(self.document)
        self.cursor.movePosition(QTextCursor.MoveOperation.End)
        self.objects = ObjectPainter(self.document, self.formulas, self.theme)
        self.document.documentLayout().registerHandler(FORMULA, self.objects)
        self.document.documentLayout().registerHandler(FIGURE, self.objects)
        self.document.setDefaultFont(text_font(self.size))
        self.document.setIndentWidth(self.size * 1.6)

    # -- formats ------------------------------------------------------------------------------------------------

    def text_format(
        self, *, bold: bool = False, italic: bool = False, scale: float = 1.0, color: str = "ink"
    ) -> QTextCharFormat:
        """The book face."""
        font = text_font(self.size * scale)
        font.setBold(bold)
        font.setItalic(italic)
        return self._format(font, color)

    def ui_format(self, *, scale: float = 0.78, bold: bool = False, color: str = "muted") -> QTextCharFormat:
        """The face of labels and remarks."""
        font = ui_font(self.size * scale)
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        return self._format(font, color)

    def mono_format(self, *, scale: float = 0.82, color: str = "ink") -> QTextCharFormat:
        """The face of code."""
        return self._format(mono_font(self.size * scale), color)

    def _format(self, font: QFont, color: str) -> QTextCharFormat:
        f = QTextCharFormat()
        f.setFont(font)
        f.setForeground(self.theme.color(color))
        return f

    # -- blocks -------------------------------------------------------------------------------------------------

    def fresh(self) -> None:
        """Say that the block at the cursor is empty and unused: the next :meth:`block` takes it."""
        self._fresh = True

    @property
    def is_fresh(self) -> bool:
        """Whether the block at the cursor is empty and unused."""
        return self._fresh

    @contextmanager
    def elsewhere(self, cursor: QTextCursor) -> Iterator[None]:
        """Write at the end of a block that is in use, then go back."""
        before, self.cursor = self.cursor, cursor
        fresh, self._fresh = self._fresh, False
        try:
            yield
        finally:
            self.cursor, self._fresh = before, fresh

    def block(
        self,
        *,
        top: float = 0.0,
        bottom: float = 0.0,
        left: float = 0.0,
        leading: float = 0.0,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        indent: int = 0,
        keep: bool = False,
        code: bool = False,
    ) -> QTextBlockFormat:
        """Begin a block; lengths in em.

        ``keep`` holds it together with what follows on a printed page; the lines of ``code`` run from left to right,
        whatever script their words are in.
        """
        f = QTextBlockFormat()
        f.setTopMargin(top * self.size)
        f.setBottomMargin(bottom * self.size)
        f.setLeftMargin(left * self.size)
        f.setAlignment(align)
        f.setIndent(indent)
        if leading:
            f.setLineHeight(leading * self.size, QTextBlockFormat.LineHeightTypes.LineDistanceHeight.value)
        if keep:
            f.setProperty(KEEP, True)
        if self.part >= 0:
            f.setProperty(PART, self.part)
        if code:
            f.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        if self._fresh:
            self.cursor.setBlockFormat(f)
            self.cursor.setBlockCharFormat(self.text_format())
            self._fresh = False
        else:
            self.cursor.insertBlock(f, self.text_format())
        return f

    def paragraph(self, **changes: Any) -> QTextBlockFormat:
        """Begin a block of running text."""
        return self.block(**{"bottom": 0.62, "leading": 0.34, **changes})

    def write(self, text: str, fmt: QTextCharFormat) -> None:
        """Insert text as it is; line ends become line breaks inside the block, absurdly long words can break."""
        text = clean(text)
        if len(text) > _MAX_LINE:
            text = re.sub(r"(\S{200})(?=\S)", "\\1\u200b", text)
        self.cursor.insertText(text.replace("\n", "\u2028"), fmt)

    def join(self) -> None:
        """Forbid a line break here, between a formula and what touches it.

        The character is in few fonts; set tiny, the font it is borrowed from cannot change the line's height.
        """
        font = text_font(1)
        font.setPixelSize(1)
        self.cursor.insertText(JOINER, self._format(font, "ink"))

    # -- formulas -----------------------------------------------------------------------------------------------

    def formula(self, source: str, display: bool, raw: str, scale: float = 1.0) -> None:
        """Insert a formula at the cursor; if it is not ready, its source, and remember to exchange it."""
        em = float(text_font(self.size * scale).pixelSize())  # as large as the text beside it, which Qt rounds
        formula = self.formulas.get(source, display)
        if formula is None:
            start = QTextCursor(self.cursor)
            start.setKeepPositionOnInsert(True)
            self.write(" ".join(raw.split()), self.text_format(color="muted"))
            end = QTextCursor(self.cursor)
            end.setKeepPositionOnInsert(True)
            self._waiting.setdefault((source, display), []).append(_Waiting(start, end, em, raw, self.cell))
            return
        self._insert(self.cursor, formula, em, raw, self.cell)

    def formula_width(self, source: str, display: bool) -> float:
        """Width of a formula in em; a guess from its length if it is not ready."""
        formula = self.formulas.get(source, display)
        if formula is None or not formula.ok:
            return 0.5 * len(re.sub(r"\\[A-Za-z]+|[{}_^\s]", "", source)) + 0.5
        return formula.width

    def exchange(self, ready: Iterable[tuple[str, bool]]) -> bool:
        """Put formulas that have become ready in their places; returns whether anything changed."""
        changed = False
        found = [(key, w) for key in ready for w in self._waiting.pop(key, ())]
        if not found:
            return False
        block = QTextCursor(self.document)
        block.beginEditBlock()
        try:
            for key, w in found:
                if w.end.position() <= w.start.position():
                    continue  # its text has been rewritten in the meantime
                formula = self.formulas.get(*key)
                if formula is None:
                    continue
                # A cursor of its own: the kept ones hold their position but not their anchor.
                place = QTextCursor(self.document)
                place.setPosition(w.start.position())
                place.setPosition(w.end.position(), QTextCursor.MoveMode.KeepAnchor)
                if "".join(place.selectedText().split()) != "".join(clean(w.raw).split()):
                    continue
                # In front of the source, and then the source goes: a cursor that marks the end of the source must
                # not be left in front of what takes its place.
                marked = _marked_in(place)
                place.setPosition(w.start.position())
                self._insert(place, formula, w.em, w.raw, w.cell, marked)
                place.setPosition(w.end.position(), QTextCursor.MoveMode.KeepAnchor)
                place.removeSelectedText()
                changed = True
        finally:
            block.endEditBlock()
        return changed

    def forget_waiting(self) -> None:
        """Forget formulas that stand in text that is about to be rewritten."""
        for key, waits in list(self._waiting.items()):
            waits[:] = [w for w in waits if w.end.position() > w.start.position()]
            if not waits:
                del self._waiting[key]

    def _insert(
        self,
        cursor: QTextCursor,
        formula: Formula,
        em: float,
        raw: str,
        cell: Cell | None,
        marked: QTextCharFormat | None = None,
    ) -> None:
        """Insert a formula; if its source was ``marked`` as false while it was not ready, it is, too."""
        if not formula.ok:
            fmt = self.mono_format(scale=0.82 * em / self.size)
            fmt.setBackground(self.theme.color("code_back"))
            _keep_mark(marked, fmt)
            cursor.insertText(clean(" ".join(formula.source.split())), fmt)
            return
        f = QTextCharFormat()
        f.setObjectType(FORMULA)
        f.setProperty(SOURCE, formula.source)
        f.setProperty(DISPLAY, formula.display)
        f.setProperty(EM, em)
        f.setProperty(RAW, raw)
        f.setForeground(self.theme.color("ink"))
        self.objects.keep(formula)
        if cell is not None:
            f.setProperty(CELL, [cell.least, cell.weight, cell.needed, cell.beside])
        fitted = self.objects.fitted(formula, em, cell)
        down = math.ceil(fitted.descent - 0.01)
        # Qt puts an object's bottom edge at the descent of *its own* font below the baseline, a whole number of
        # pixels: a font with just that descent is how an object gets a baseline of its own.
        if down > 0:
            f.setFont(_font_with_descent(down))
            f.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignBaseline)
        f.setToolTip("")
        _keep_mark(marked, f)
        cursor.insertText(OBJECT_CHARACTER, f)

    # -- pictures -----------------------------------------------------------------------------------------------

    def figure(self, figure: Figure) -> None:
        """Insert a picture at the cursor."""
        f = QTextCharFormat()
        f.setObjectType(FIGURE)
        f.setProperty(FIGURE_KEY, self.objects.add_figure(figure))
        f.setProperty(RAW, figure.alt or "figure")
        self.cursor.insertText(OBJECT_CHARACTER, f)


def _marked_in(place: QTextCursor) -> QTextCharFormat | None:
    """The format of what is marked as false in a stretch of text; None if nothing is."""
    probe = QTextCursor(place)
    for position in range(place.selectionStart() + 1, place.selectionEnd() + 1):
        probe.setPosition(position)
        if (fmt := probe.charFormat()).hasProperty(FALSE):
            return fmt
    return None


def _keep_mark(marked: QTextCharFormat | None, fmt: QTextCharFormat) -> None:
    if marked is not None and marked.hasProperty(FALSE):
        for name in (FALSE, FALSE_TEXT):
            fmt.setProperty(name, marked.stringProperty(name))
        fmt.setUnderlineStyle(marked.underlineStyle())
        fmt.setUnderlineColor(marked.underlineColor())


def _cell_of(fmt: QTextFormat) -> Cell | None:
    kept: Any = fmt.property(CELL)
    return Cell(*kept) if kept else None


@lru_cache(maxsize=512)
def _font_with_descent(pixels: int) -> QFont:
    size = max(1, round(pixels / 0.24))
    for candidate in sorted(range(max(1, size - 60), size + 60), key=lambda s: abs(s - size)):
        font = text_font(1)
        font.setPixelSize(candidate)
        if QFontMetrics(font).descent() == pixels:
            return font
    font = text_font(1)
    font.setPixelSize(size)
    return font


@lru_cache(maxsize=512)
def _descent(pixels: int) -> float:
    """What that font's descent, a whole number for Qt, is in fact: so far below the baseline is the object's edge."""
    return QFontMetricsF(_font_with_descent(pixels)).descent() if pixels > 0 else 0.0


def _whole_pixel(painter: QPainter, baseline: float) -> float:
    """The baseline where Qt's raster engine puts that of the text beside a formula: on a whole pixel of the device."""
    t = painter.combinedTransform()
    if painter.paintEngine().type() != QPaintEngine.Type.Raster or t.m12() or t.m21() or t.m22() <= 0:
        return baseline
    return (math.floor(t.m22() * baseline + t.dy() + 0.5) - t.dy()) / t.m22()


class ObjectPainter(QPyTextObject):
    """Measures and draws the formulas and pictures of one document."""

    def __init__(self, document: QTextDocument, formulas: FormulaSource, theme: Theme) -> None:
        super().__init__(document)
        self._document = document
        self._formulas = formulas
        self.theme = theme
        self.column = 0.0
        self._figures: list[Picture] = []
        self._kept: dict[tuple[str, bool], Formula] = {}

    def keep(self, formula: Formula) -> None:
        """Hold on to a formula of this document: the shared cache may forget it while it is on the page."""
        self._kept[formula.source, formula.display] = formula

    def _formula(self, fmt: QTextFormat) -> Formula | None:
        key = (fmt.stringProperty(SOURCE), fmt.boolProperty(DISPLAY))
        return self._kept.get(key) or self._formulas.get(*key)

    def add_figure(self, figure: Figure) -> int:
        """Keep a picture; returns the key its character carries."""
        self._figures.append(Picture(figure))
        return len(self._figures) - 1

    @property
    def pictures(self) -> list[Picture]:
        """All pictures, by the keys that their characters carry."""
        return self._figures

    def picture(self, key: int) -> Picture:
        """The picture with that key."""
        return self._figures[key]

    def fitted(self, formula: Formula, em: float, cell: Cell | None = None) -> Fitted:
        """The formula placed in the column of the page, or in a cell of a table."""
        width = self.available()
        return fit(formula, em, max(2 * em, cell.room(width) if cell is not None else width))

    def available(self) -> float:
        """Width of the page's column, in pixels."""
        width = self._document.textWidth()
        if width <= 0:
            width = self.column or 10_000.0
        return width - 2 * self._document.documentMargin() - 36

    def intrinsicSize(self, doc: QTextDocument, position: int, fmt: QTextFormat) -> QSizeF:
        """Size of an object, in pixels."""
        if fmt.objectType() == FIGURE:
            return self._figures[fmt.intProperty(FIGURE_KEY)].size(self.available())
        formula = self._formula(fmt)
        if formula is None or not formula.ok:
            return QSizeF(1, 1)
        fitted = self.fitted(formula, fmt.doubleProperty(EM), _cell_of(fmt))
        down = math.ceil(fitted.descent - 0.01)
        return QSizeF(fitted.width, math.ceil(fitted.ascent) + max(0, down))

    def drawObject(
        self, painter: QPainter, rect: QRectF | QRect, doc: QTextDocument, position: int, fmt: QTextFormat
    ) -> None:
        """Draw an object; formulas from their outlines, at any resolution."""
        rect = QRectF(rect)
        if fmt.objectType() == FIGURE:
            self._figures[fmt.intProperty(FIGURE_KEY)].draw(painter, rect, self.theme)
            return
        formula = self._formula(fmt)
        if formula is None or not formula.ok:
            return
        em = fmt.doubleProperty(EM)
        fitted = self.fitted(formula, em, _cell_of(fmt))
        down = max(0, math.ceil(fitted.descent - 0.01))
        baseline = _whole_pixel(painter, rect.bottom() - _descent(down))
        if len(fitted.lines) > 1:  # the descent of the whole stack hangs below the first line's baseline
            baseline = rect.top() + math.ceil(fitted.ascent)
        for line in fitted.lines:
            line.formula.draw(
                painter, rect.left() + line.x, baseline + line.baseline, em * line.scale, fmt.foreground().color()
            )
        if fmt.hasProperty(FALSE):
            for left, right, y in underlines(fitted, em, fmt.stringProperty(FALSE_TEXT)):
                draw_wave(painter, rect.left() + left, rect.left() + right, baseline + y, em, self.theme.color("bad"))


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

                renderer = QSvgRenderer(QByteArray(svg.encode()))
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
