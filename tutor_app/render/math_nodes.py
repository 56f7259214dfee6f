"""Some of ziamath's layout nodes, done over: signs, scripts above and below, rows, tables, enclosures and text.

Signs and rows without ink have a height of zero (ziamath gives them limits that are the wrong way round, and whatever
is put around them grows to hundreds of em), and large operators never stretch with the row they stand in.

Rows are measured once instead of once for every level above them (ziamath's time doubles with each level of nesting).
Tables have rules and the even baselines of a book. Arrows with words are as long as the words. Text with a character
that the mathematics font lacks (Chinese, Hebrew, emoji) is set by Qt in the face of the prose, with its fall-backs,
shaping and direction. Importing this module registers the nodes in ziamath; everything else is laid out by ziamath as
it is. Refuses to parse: what to draw was decided in the MathML.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from PySide6.QtCore import QPointF
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QPainterPath, QTransform
from ziafont.fonttypes import BBox
from ziafont.glyph import fmt
from ziamath import operators
from ziamath.drawable import Box, Drawable, HLine, VLine
from ziamath.nodes import (
    Menclose,
    Midentifier,
    Mnode,
    Mnumber,
    Moperator,
    Mover,
    Mrow,
    Mtable,
    Mtext,
    Munder,
    Munderover,
)

from tutor_app.render.theme import text_font

COLUMN_RULES: Final = "columnrules"
"""Attribute of ``mtable``: number of rules at each edge of its columns, the left end first, as ``1 0 2``."""
ROW_RULES: Final = "rowrules"
"""Attribute of ``mtable``: rules at each edge of its rows, the top first: a count, or columns as ``1-2,4-4``."""

_OUTLINE_SIZE: Final = 128
# In text sizes. A row has at least these height and depth, so that baselines are even; TeX's strut.
_STRUT_ABOVE: Final = 0.84
_STRUT_BELOW: Final = 0.36
_ROW_GAP: Final = 0.3  # at least, between the ink of two rows
_JOT: Final = 0.3  # more between the rows of an alignment
_BOX_PAD: Final = (0.3, 0.22)  # beside and above what is boxed
_BLANK: Final = (0.5, 0.7)  # width and height of the room in an empty box: a digit's
_FLAT: Final = 0.02  # what is lower than this has no ink: nothing, or a space
_SIDE: Final = 0.06  # between a matrix and its fences
_COLUMN_GAP: Final = 0.9
_RULE_GAP: Final = 0.42  # between a rule and its cells
_DOUBLE: Final = 0.14  # between the two lines of a double rule
_ARROW_ENDS: Final = 0.7  # by which an arrow is longer than the words above and below it
_ARROWS: Final = frozenset("\u2190\u2192\u2194\u21d0\u21d2\u21d4\u21a6\u21a9\u21aa\u21bc\u21bd\u21c0\u21c1")
_LENGTH: Final = "data-length"
"""Attribute of an ``mo`` that is a base: how long it is drawn, in points."""


@cache
def _is_stretchy(sign: str) -> bool:
    params = [operators.get_params(sign, form) for form in ("prefix", "infix", "postfix")]
    return any(p.get("stretchy", "false") != "false" and p.get("largeop") != "true" for p in params)


def _level(box: BBox) -> BBox:
    """A box whose limits are the right way round: one without ink is flat and stands on the baseline."""
    return box if box.ymax >= box.ymin else BBox(box.xmin, box.xmax, 0.0, 0.0)


class Sign(Moperator, tag="mo"):  # type: ignore[misc, call-arg]
    """An operator or a fence; a sum or a product has its own size, whatever stands beside it."""

    def _setup(self, **kwargs: Any) -> None:
        if length := self.element.get(_LENGTH):
            self.width = float(length)
        if self.params.get("largeop") == "true":
            self.params["stretchy"] = "false"
        super()._setup(**kwargs)
        self.bbox: BBox = _level(self.bbox)
        if self.params.get("largeop") == "true" and self.style.displaystyle:
            self._centre()

    def _centre(self) -> None:
        """Put a large sign on the axis of the formula, as TeX does: the font's unions stand on the baseline."""
        axis = self.units_to_points(self.font.math.consts.axisHeight)
        up = axis - (self.bbox.ymin + self.bbox.ymax) / 2
        self.nodexy = [(x, y - up) for x, y in self.nodexy]  # type: ignore[has-type]
        box = self.bbox
        self.bbox = BBox(box.xmin, box.xmax, box.ymin + up, box.ymax + up)


class Number(Mnumber, tag="mn"):  # type: ignore[misc, call-arg]
    """A number; an empty one is flat."""

    def _setup(self, **kwargs: Any) -> None:
        super()._setup(**kwargs)
        self.bbox: BBox = _level(self.bbox)


class Identifier(Midentifier, tag="mi"):  # type: ignore[misc, call-arg]
    """A variable or a name; an empty one is flat."""

    def _setup(self, **kwargs: Any) -> None:
        super()._setup(**kwargs)
        self.bbox: BBox = _level(self.bbox)


class _WithLongArrow:
    """An arrow that is the base (``\\xrightarrow``) reaches beyond what stands above and below it."""

    def __init__(self, element: ET.Element, parent: Mnode, **kwargs: Any) -> None:
        base, *labels = element
        has_words = any(label.tag == "mpadded" for label in labels)  # else it is an overset: a sign with its own length
        if base.tag == "mo" and not base.get(_LENGTH) and (base.text or "").strip() in _ARROWS and has_words:
            node = Mnode(element, parent, **kwargs)
            length = 0.0
            for label in labels:
                node.increase_child_scriptlevel(label)
                box = Mnode.fromelement(label, parent=node, **kwargs).bbox
                length = max(length, box.xmax - box.xmin)
            base.set(_LENGTH, f"{length + _ARROW_ENDS * node.glyphsize:.2f}")
        super().__init__(element, parent, **kwargs)  # type: ignore[call-arg]


class Over(_WithLongArrow, Mover, tag="mover"):  # type: ignore[misc, call-arg]
    """A base with something above it; an arrow is as long as the words above it need."""


class Under(_WithLongArrow, Munder, tag="munder"):  # type: ignore[misc, call-arg]
    """A base with something below it; an arrow is as long as the words below it need."""


class UnderOver(_WithLongArrow, Munderover, tag="munderover"):  # type: ignore[misc, call-arg]
    """A base between two things; an arrow is as long as the longer of them needs."""


def _has_stretchy(elements: list[ET.Element]) -> bool:
    """Whether one of ``elements`` takes its height from the row: a fence, also as the base of a power."""
    for element in elements:
        if element.tag in ("mo", "mi"):
            given = element.get("stretchy")
            if given == "true" or (given is None and _is_stretchy((element.text or "").strip())):
                return True
        elif element.tag not in ("mrow", "mtable", "mtd", "mtr", "math") and _has_stretchy(list(element)):
            return True
    return False


class Row(Mrow, tag="mrow"):  # type: ignore[misc, call-arg]
    """A row that is laid out a second time only if it has fences to stretch, and not within such a measurement."""

    def _get_height_nostretch(self, line: list[ET.Element], **kwargs: Any) -> tuple[float, float]:
        if kwargs.get("nostretch") or not _has_stretchy(line):
            return 9999.0, -9999.0
        low, high = super()._get_height_nostretch(line, **kwargs)
        return low, high

    def _setup_single_line(self, line: list[ET.Element], **kwargs: Any) -> None:
        """Set the children side by side, in time linear in their number."""
        kwargs["rowymin"], kwargs["rowymax"] = self._get_height_nostretch(line, **kwargs)
        box = [0.0, 0.0, 9999.0, -9999.0]
        x = 0.0
        for child in line:
            if child.tag == "mo" and not (child.text or "").strip():
                continue
            node = Mnode.fromelement(child, parent=self, **kwargs)
            inner = node.bbox
            box[0] = x + inner.xmin if not self.nodes else min(box[0], x + inner.xmin)
            box[1] = max(box[1], x + inner.xmax)
            box[2:] = min(box[2], inner.ymin), max(box[3], inner.ymax)
            self.nodes.append(node)
            self.nodexy.append((x, 0))
            x += node.xadvance()
        self.bbox = _level(BBox(*box))
        self._xadvance = x


class Enclosure(Menclose, tag="menclose"):  # type: ignore[misc, call-arg]
    """A box with room around what is in it, or strokes; ziamath's are higher than what is drawn by their descent."""

    def _setup(self, **kwargs: Any) -> None:
        inner = self.base.bbox
        if "box" in self.notation and inner.ymax - inner.ymin < _FLAT * self.glyphsize:
            width, height = (size * self.glyphsize for size in _BLANK)
            inner = BBox(inner.xmin, inner.xmin + max(width, inner.xmax - inner.xmin), 0.0, height)
        lw = self.units_to_points(self.font.math.consts.radicalRuleThickness)
        if self.notation == ["box"]:
            x, y = _BOX_PAD[0] * self.glyphsize, _BOX_PAD[1] * self.glyphsize
            width, height = inner.xmax - inner.xmin + 2 * x, inner.ymax - inner.ymin + 2 * y
            self.nodes += [Box(width, height, lw, style=self.style, **kwargs), self.base]
            self.nodexy += [(lw / 2, y - inner.ymin), (x - inner.xmin, 0)]
            self.bbox = BBox(0, width + lw, inner.ymin - y, inner.ymax + y)
            return
        super()._setup(**kwargs)
        if "updiagonalarrow" not in self.notation:
            self.bbox = BBox(0, inner.xmax - inner.xmin + 4 * lw, inner.ymin - 2 * lw, inner.ymax + 2 * lw)


class Table(Mtable, tag="mtable"):  # type: ignore[misc, call-arg]
    """A table with rules between its rows and columns, and rows at even distances where their height allows it."""

    def _setup(self, **kwargs: Any) -> None:
        cells = [[Mnode.fromelement(cell, parent=self, **kwargs) for cell in row] for row in self.element if len(row)]
        if not cells:
            self.bbox = BBox(0, 0, 0, 0)
            return
        em = self.glyphsize
        columns = max(len(row) for row in cells)
        vertical = _counts(self.element.get(COLUMN_RULES, ""), columns + 1)
        horizontal = (self.element.get(ROW_RULES, "").split() + ["0"] * (len(cells) + 1))[: len(cells) + 1]
        ruled = any(vertical) or any(h != "0" for h in horizontal)

        widths = [
            max((max(0.0, row[c].bbox.xmax) for row in cells if c < len(row)), default=0.0) for c in range(columns)
        ]
        edges, lefts = self._columns(widths, vertical, ruled)
        edges_of_rows, baselines, top, bottom = self._rows(cells, horizontal, ruled)
        # The middle of a table is on the axis of the formula; a single aligned row has the formula's own baseline.
        shift = -(top + bottom) / 2 - self.units_to_points(self.font.math.consts.axisHeight)
        for r, row in enumerate(cells):
            for c, cell in enumerate(row):
                spare = widths[c] - max(0.0, cell.bbox.xmax)
                x = lefts[c] + {"right": spare, "left": 0.0}.get(self._alignment(r, c), spare / 2)
                self._place(cell, x, baselines[r] + shift)

        thick = self.units_to_points(self.font.math.consts.fractionRuleThickness)
        for c, count in enumerate(vertical):
            for k in range(min(count, 2)):
                line = VLine(bottom - top, thick, style=self.style, **kwargs)
                self._place(line, edges[c] + k * _DOUBLE * em, top + shift)
        right = edges[-1] + (_DOUBLE * em if vertical[-1] > 1 else 0.0)
        for r, spec in enumerate(horizontal):
            for first, last, k in _spans(spec, columns):
                end = right if last + 1 == columns else edges[last + 1]
                line = HLine(end - edges[first], thick, style=self.style, **kwargs)
                self._place(line, edges[first], edges_of_rows[r] + k * _DOUBLE * em + shift - thick / 2)
        half = thick / 2 if ruled else 0.0
        if not ruled and self.element.get("displaystyle") != "true":
            right += 2 * _SIDE * em
            for i, (x, y) in enumerate(self.nodexy):
                self.nodexy[i] = (x + _SIDE * em, y)
        self.bbox = BBox(-half, right + half, -(bottom + shift) - half, -(top + shift) + half)

    def _columns(self, widths: list[float], vertical: list[int], ruled: bool) -> tuple[list[float], list[float]]:
        """Where the edges between columns are, the outer ones too, and where their cells begin."""
        em = self.glyphsize
        gaps = [self.size_px(s) for s in self.element.get("columnspacing", "").split()] or [_COLUMN_GAP * em]
        x = 0.0
        edges, lefts = [], []
        for c, width in enumerate(widths):
            if c and not ruled:
                x += gaps[(c - 1) % len(gaps)]
            edges.append(x)
            x += (_DOUBLE * em if vertical[c] > 1 else 0.0) + (_RULE_GAP * em if ruled else 0.0)
            lefts.append(x)
            x += width + (_RULE_GAP * em if ruled else 0.0)
        return [*edges, x], lefts

    def _rows(
        self, cells: list[list[Any]], horizontal: list[str], ruled: bool
    ) -> tuple[list[float], list[float], float, float]:
        """Where the edges of the rows are, their baselines, and the top and the bottom; y downwards."""
        em = self.glyphsize
        ink_above = [max((n.bbox.ymax for n in row if _has_ink(n)), default=0.0) for row in cells]
        ink_below = [max((-n.bbox.ymin for n in row if _has_ink(n)), default=0.0) for row in cells]
        jot = _JOT * em if self.element.get("displaystyle") == "true" else 0.0
        pad = _ROW_GAP / 2 * em if ruled else 0.0
        y = 0.0
        edges, baselines = [], []
        for i in range(len(cells)):
            if i and not ruled:
                spare = max(_STRUT_BELOW * em, ink_below[i - 1]) - ink_below[i - 1]
                spare += max(_STRUT_ABOVE * em, ink_above[i]) - ink_above[i]
                y += max(jot, _ROW_GAP * em + jot / 2 - spare)
            edges.append(y)
            y += (_DOUBLE * em if horizontal[i] == "2" else 0.0) + max(_STRUT_ABOVE * em, ink_above[i] + pad)
            baselines.append(y)
            y += max(_STRUT_BELOW * em, ink_below[i] + pad)
        edges.append(y)
        if ruled:
            return edges, baselines, 0.0, y + (_DOUBLE * em if horizontal[-1] == "2" else 0.0)
        # Struts keep rows apart; they do not make the whole higher than its ink.
        return edges, baselines, baselines[0] - ink_above[0], baselines[-1] + ink_below[-1]

    def _alignment(self, row: int, column: int) -> str:
        cell = self.element[row][column] if column < len(self.element[row]) else None
        given = cell.get("columnalign") if cell is not None else None
        if given is None:
            all_of = (self.element[row].get("columnalign") or self.element.get("columnalign") or "center").split()
            given = all_of[min(column, len(all_of) - 1)]
        return str(given)

    def _place(self, node: Any, x: float, y: float) -> None:
        self.nodes.append(node)
        self.nodexy.append((x, y))


def _counts(spec: str, length: int) -> list[int]:
    return ([int(n) for n in spec.split()] + [0] * length)[:length]


def _has_ink(node: Any) -> bool:
    """Whether a cell has a height; an empty one is flat."""
    return bool(node.bbox.ymax > node.bbox.ymin)


def _spans(spec: str, columns: int) -> list[tuple[int, int, int]]:
    """First column, last column and number of each rule at one edge of a row."""
    if spec.isdigit():
        return [(0, columns - 1, k) for k in range(min(int(spec), 2))]
    out = []
    for part in spec.split(","):
        first, last = (min(columns, max(1, int(n))) - 1 for n in part.split("-"))
        out.append((min(first, last), max(first, last), 0))
    return out


@dataclass(frozen=True, slots=True)
class Outline:
    """A run of text as Qt sets it, for a text size of 1.

    Attributes:
        path: Outline, baseline at y = 0, y downwards.
        advance: Width.
    """

    path: QPainterPath
    advance: float


@lru_cache(maxsize=512)
def outline(text: str, bold: bool, italic: bool) -> Outline:
    """The outline of ``text`` in the face of the prose.

    Raises:
        ValueError: Without a running Qt application, or if the text has no outline (bitmap emoji).
    """
    if QGuiApplication.instance() is None:
        raise ValueError("text in this script needs Qt's fonts")
    font = text_font(_OUTLINE_SIZE)
    font.setBold(bold)
    font.setItalic(italic)
    path = QPainterPath()
    path.addText(QPointF(0, 0), font, text)
    if path.isEmpty() and text.strip():
        raise ValueError("no outline")
    scale = 1 / _OUTLINE_SIZE
    return Outline(QTransform.fromScale(scale, scale).map(path), QFontMetricsF(font).horizontalAdvance(text) * scale)


class _Run(Drawable):  # type: ignore[misc]
    """A run of text, written into the drawing as an SVG ``text`` element."""

    def __init__(self, text: str, size: float, style: Any, phantom: bool) -> None:
        super().__init__()
        self.text, self.size, self.style, self.phantom = text, size, style, phantom
        variant = style.mathvariant
        shape = outline(text, variant.bold, variant.italic)
        box = shape.path.boundingRect()
        self.bbox = BBox(0, shape.advance * size, -box.bottom() * size, -box.top() * size)

    def draw(self, x: float, y: float, svg: ET.Element) -> tuple[float, float]:
        if not self.phantom:
            element = ET.SubElement(svg, "text")
            element.text = self.text
            variant = self.style.mathvariant
            element.attrib.update({"x": fmt(x), "y": fmt(y), "font-size": fmt(self.size)})
            element.attrib.update({"bold": str(variant.bold), "italic": str(variant.italic)})
            element.attrib["fill"] = str(self.style.mathcolor)
        return x + self.bbox.xmax, y


class TextRun(Mtext, tag="mtext"):  # type: ignore[misc, call-arg]
    """Text in the mathematics font, or set by Qt if that font lacks a character of it."""

    def _setup(self, **kwargs: Any) -> None:
        if not self.string:
            self.bbox = BBox(0, 0, 0, 0)
            return
        if is_known(self.font, self.string):
            super()._setup(**kwargs)
            return
        run = _Run(self.string.replace("\u00a0", " "), self.glyphsize, self.style, bool(kwargs.get("phantom")))
        self.nodes.append(run)
        self.nodexy.append((0, 0))
        self.bbox = run.bbox


def is_known(font: Any, text: str) -> bool:
    """Whether the mathematics font has every character of ``text``."""
    return all(c.isspace() or font.glyphindex(c) for c in set(text) if ord(c) > 0x7F)
