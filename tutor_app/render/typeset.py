r"""LaTeX to vector outlines: what the screen, the print preview and the PDF draw.

:func:`typeset` is a pure function of (source, style) that never raises and never blocks for long: what cannot be
parsed, even after :mod:`tutor_app.text.repair`, comes back as a :class:`Formula` without ink, and whoever draws
it shows its source. Sizes are in em, so one result serves every zoom, theme and resolution. It starts no thread;
:mod:`tutor_app.ui.bridge` calls it from one.
"""

from __future__ import annotations

import re
import threading
import warnings
import xml.etree.ElementTree as ET
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPainterPathStroker, QPen, QTransform

from tutor_app.text.latex_import import prepare_import
from tutor_app.text.math_spacing import prepare
from tutor_app.text.repair import attempts, break_finer, break_rows
from tutor_app.text.scan import FENCES, levels

MAX_SOURCE: Final = 6000
"""Longer sources are shown as they are."""
MAX_DEPTH: Final = 24
"""Deeper nesting is shown as source: nobody can read it, and fences around fences grow higher than a page."""
WIDE: Final = 22.0
"""Width in em from which the pieces of a formula are prepared, for columns too narrow to hold it in one line."""

PIECE: Final = 12.0
"""Width in em from which a piece is cut again."""

_GAP: Final = 0.28  # in em, between the pieces of a line
_BEARING: Final = 0.06  # in em, of space at most between a formula's ends and its ink
_SIZE: Final = 24.0  # ziamath's own base size; its smallest script size is absolute and tuned to it
_PATH_TOKEN: Final = re.compile(r"[MLQCZ]|-?\d+(?:\.\d+)?(?:e-?\d+)?")
_ziamath_lock = threading.Lock()  # ziamath keeps its fonts' state in module globals
_symbols: dict[str, tuple[QPainterPath, float, float, float, float]] = {}


@dataclass(frozen=True, slots=True)
class Ink:
    """An outline to fill.

    Attributes:
        path: In em, baseline at y = 0, y downwards.
        color: A colour the source asked for, or empty for the colour of the text.
    """

    path: QPainterPath
    color: str = ""


@dataclass(frozen=True, slots=True)
class Formula:
    """A typeset formula.

    Attributes:
        source: The LaTeX it was made from.
        display: Whether it stands on a line of its own.
        inks: What to fill; empty if it could not be typeset.
        width: In em.
        ascent: Above the baseline, in em.
        descent: Below the baseline, in em, positive.
        pieces: The same formula cut at its relations (or rows), for columns it does not fit into; may be empty. A
            long piece has pieces of its own.
        starts_row: Whether this piece begins a row of an alignment, and so a line.
    """

    source: str
    display: bool
    inks: tuple[Ink, ...] = ()
    width: float = 0.0
    ascent: float = 0.0
    descent: float = 0.0
    pieces: tuple[Formula, ...] = ()
    starts_row: bool = False

    @property
    def ok(self) -> bool:
        """Whether it could be typeset."""
        return bool(self.inks)

    @property
    def cost(self) -> int:
        """Number of path elements, what a cached formula weighs."""
        return sum(i.path.elementCount() for i in self.inks) + sum(p.cost for p in self.pieces) + 16

    def draw(self, painter: QPainter, x: float, baseline: float, em: float, color: QColor) -> None:
        """Fill the outlines with ``painter``; ``em`` is the text size in its units."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(x, baseline)
        painter.scale(em, em)
        painter.setPen(Qt.PenStyle.NoPen)
        for ink in self.inks:
            wanted = QColor(ink.color) if ink.color else color
            painter.setBrush(QBrush(wanted if wanted.isValid() else color))
            painter.drawPath(ink.path)
        painter.restore()


def typeset(source: str, display: bool) -> Formula:
    """Typeset ``source``; without ink if that cannot be done. Safe in any thread, one at a time."""
    failed = Formula(source, display)
    if not source.strip() or len(source) > MAX_SOURCE or _depth(source) > MAX_DEPTH:
        return failed
    formula = _first_that_works(source, display)
    if formula is None:
        return failed
    return formula if formula.width <= WIDE else replace(formula, pieces=_pieces(source, display))


def _pieces(source: str, display: bool) -> tuple[Formula, ...]:
    """A wide formula in parts; none if one of them cannot be typeset alone."""
    rows = break_rows(source)
    if sum(map(len, rows)) == 1:
        return _finer(source, display)
    pieces: list[Formula] = []
    for row in rows:
        parts = _parts(row, display)
        if not parts:
            return ()
        pieces += [
            replace(p, pieces=_finer(text, display) if p.width > PIECE else (), starts_row=i == 0)
            for i, (p, text) in enumerate(zip(parts, row, strict=True))
        ]
    return tuple(pieces)


def _finer(source: str, display: bool) -> tuple[Formula, ...]:
    parts = break_finer(source)
    return _parts(parts, display) if len(parts) > 1 else ()


def _parts(sources: list[str], display: bool) -> tuple[Formula, ...]:
    parts = [_first_that_works(s, display) for s in sources]
    found = tuple(p for p in parts if p is not None)
    return found if len(found) == len(parts) else ()


class FormulaCache:
    """Formulas by (source, display), the least recently used dropped first. Safe in any thread."""

    def __init__(self, max_cost: int = 600_000) -> None:
        self._max_cost = max_cost
        self._cost = 0
        self._formulas: OrderedDict[tuple[str, bool], Formula] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._formulas)

    def get(self, source: str, display: bool) -> Formula | None:
        """The formula, if it was made before and is still kept."""
        with self._lock:
            formula = self._formulas.get((source, display))
            if formula is not None:
                self._formulas.move_to_end((source, display))
            return formula

    def put(self, formula: Formula) -> None:
        """Keep a formula; one heavier than the whole cache is kept alone."""
        key = (formula.source, formula.display)
        with self._lock:
            old = self._formulas.pop(key, None)
            self._cost += formula.cost - (old.cost if old else 0)
            self._formulas[key] = formula
            while self._cost > self._max_cost and len(self._formulas) > 1:
                self._cost -= self._formulas.popitem(last=False)[1].cost

    def get_or_make(self, source: str, display: bool) -> Formula:
        """The formula, made here and now if need be (for print and tests)."""
        formula = self.get(source, display)
        if formula is None:
            formula = typeset(source, display)
            self.put(formula)
        return formula


@dataclass(slots=True)
class Placed:
    """One line of a formula fitted into a column: where it starts, its baseline, and its scale."""

    formula: Formula
    x: float
    baseline: float
    scale: float = 1.0


@dataclass(slots=True)
class Fitted:
    """A formula fitted into a column; all in the units of ``em``."""

    width: float = 0.0
    ascent: float = 0.0
    descent: float = 0.0
    lines: list[Placed] = field(default_factory=list)


def fit(formula: Formula, em: float, available: float, floor: float = 0.8) -> Fitted:
    """Place ``formula`` in a column ``available`` wide.

    It is shrunk down to ``floor`` of its size; one that is wider still is broken at its relations, then between its
    terms, and what then does not fit is shrunk as far as it must: nothing is ever cut off.
    """
    natural = formula.width * em
    if natural <= available or available <= 0:
        return _single(formula, em, 1.0)
    scale = available / natural
    if scale >= floor or not formula.pieces:
        return _single(formula, em, scale)
    indent = min(2 * em, available / 8)
    rows: list[_Line] = []
    for piece in formula.pieces:
        _add(rows, piece, em, available, indent, floor)
    scales = [min(1.0, (available - r.indent) / r.width) if r.width else 1.0 for r in rows]
    if min(scales) >= floor:  # all lines alike, unless one is so wide that the others would be too small
        scales = [min(scales)] * len(rows)
    out = Fitted()
    y = 0.0
    for i, (row, shrink) in enumerate(zip(rows, scales, strict=True)):
        x = row.indent
        ascent = max(p.ascent for p in row.pieces) * em * shrink
        descent = max(p.descent for p in row.pieces) * em * shrink
        if i:
            y += ascent + 0.45 * em
        else:
            out.ascent = ascent
        for piece in row.pieces:
            out.lines.append(Placed(piece, x, y, shrink))
            x += (piece.width + _GAP) * em * shrink
        out.width = max(out.width, x - _GAP * em * shrink)
        y += descent
    out.descent = y
    return out


@dataclass(slots=True)
class _Line:
    """A line that is being filled; lengths in the units of ``em``."""

    indent: float
    pieces: list[Formula]
    width: float = 0.0


def _add(rows: list[_Line], piece: Formula, em: float, available: float, indent: float, floor: float) -> None:
    """Put a piece into the last line, or into a new one if it does not fit there; a wide one in parts."""
    if piece.pieces and piece.width * em * floor > available - indent:
        for i, part in enumerate(piece.pieces):
            part = replace(part, starts_row=True) if i == 0 and piece.starts_row else part
            _add(rows, part, em, available, indent, floor)
        return
    width = piece.width * em
    line = rows[-1] if rows else None
    if line is None or piece.starts_row:
        line = _Line(0.0, [])
        rows.append(line)
    elif line.pieces and line.width + _GAP * em + width > available - line.indent:
        line = _Line(indent, [])
        rows.append(line)
    line.width += width + (_GAP * em if line.pieces else 0.0)
    line.pieces.append(piece)


def _single(formula: Formula, em: float, scale: float) -> Fitted:
    k = em * scale
    return Fitted(formula.width * k, formula.ascent * k, formula.descent * k, [Placed(formula, 0.0, 0.0, scale)])


def _depth(source: str) -> int:
    return max((depth + 1 for token, _, depth in levels(source, pairs=FENCES) if token in FENCES[0]), default=0)


def _first_that_works(source: str, display: bool) -> Formula | None:
    for candidate in attempts(source):
        formula = _by_ziamath(source, candidate, display)
        if formula is not None:
            return formula
    return None


@cache
def _ziamath() -> tuple[Any, Any, Callable[[str], bool]]:
    """LaTeX to MathML, MathML to a layout, and whether the mathematics font has all of a text."""
    with warnings.catch_warnings():
        # ziamath 0.13 finds its font by a function that Python 3.11 and 3.12 deprecate and 3.13 does not.
        warnings.simplefilter("ignore", DeprecationWarning)
        prepare_import()
        from tutor_app.render.lazy_fonts import open_fonts_lazily

        open_fonts_lazily()
        from ziamath import Math  # 0.1 s and 15 MB: not before there is a formula
        from ziamath.tex import tex2mml

        from tutor_app.render import math_nodes
    font = Math("<math/>").font
    return tex2mml, Math, lambda text: math_nodes.is_known(font, text)


def _by_ziamath(source: str, latex: str, display: bool) -> Formula | None:
    with _ziamath_lock:
        to_mathml, layout, known = _ziamath()
        try:
            mathml = ET.fromstring(to_mathml(latex, inline=not display))
            prepare(mathml, source, known)
            return _from_svg(source, display, layout(mathml, size=_SIZE, margin=0.0).svgxml())
        except Exception:  # noqa: BLE001  (parsers over hostile text: any failure means "show the source")
            return None


def _from_svg(source: str, display: bool, svg: ET.Element) -> Formula | None:
    left, _, width, _ = (float(v) for v in svg.attrib["viewBox"].split())
    paths: dict[str, QPainterPath] = {}
    for element in svg.iter():
        tag = element.tag
        if tag == "symbol":
            # Glyphs put together of parts have negative numbers, and these are not unique.
            if element.attrib["id"] not in _symbols or "_-" in element.attrib["id"]:
                _symbols[element.attrib["id"]] = _symbol(element)
            continue
        shape, color = _shape(tag, element)
        if shape is None:
            continue
        into = paths.get(color)
        if into is None:
            into = paths[color] = QPainterPath()
            into.setFillRule(Qt.FillRule.WindingFill)
        into.addPath(shape)
    if not paths:
        return None
    to_em = QTransform.fromScale(1 / _SIZE, 1 / _SIZE)
    to_em.translate(-left, 0)
    inks = tuple(Ink(to_em.map(p), c) for c, p in paths.items())
    # The box is that of the ink: ziamath's own misses what passes it (boxes, accents) and has spaces at its ends.
    box = QRectF()
    for ink in inks:
        box = box.united(ink.path.boundingRect())
    if min(box.width(), box.height()) < 0.005:  # \frac{}{}: nothing that could be seen
        return None
    start = min(0.0, box.left()) if box.left() < _BEARING else box.left() - _BEARING
    if start:
        inks = tuple(Ink(i.path.translated(-start, 0), i.color) for i in inks)
    end = max(box.right(), min(width / _SIZE, box.right() + _BEARING))
    return Formula(source, display, inks, end - start, -box.top(), max(box.bottom(), 0.0))


def _shape(tag: str, element: ET.Element) -> tuple[QPainterPath | None, str]:
    """The filled outline of one SVG element and its colour (empty for the default, black)."""
    a = element.attrib

    def number(name: str) -> float:
        return float(a.get(name, "0"))

    stroke = a.get("stroke")
    color = (stroke if stroke and a.get("fill", "none") == "none" else a.get("fill", "")) or ""
    color = "" if color in ("black", "none", "None") else color
    path = QPainterPath()
    if tag == "use":
        symbol = _symbols.get(a["href"].lstrip("#"))
        if symbol is None or symbol[0].isEmpty():
            return None, color
        outline, x0, y0, _, h = symbol
        k = number("height") / h
        t = QTransform.fromTranslate(number("x"), number("y"))
        t.scale(k, k)
        t.translate(-x0, -y0)
        return t.map(outline), color
    if tag == "text":
        from tutor_app.render.math_nodes import outline as set_text

        shape = set_text(element.text or "", a["bold"] == "True", a["italic"] == "True").path
        t = QTransform.fromTranslate(number("x"), number("y"))
        t.scale(number("font-size"), number("font-size"))
        return t.map(shape), color
    if tag == "rect":
        rect = QRectF(number("x"), number("y"), number("width"), number("height"))
        if not stroke:
            path.addRect(rect)
            return path, color
        path.addRoundedRect(rect, number("rx"), number("rx"))
    elif tag == "ellipse":
        path.addEllipse(QPointF(number("cx"), number("cy")), number("rx"), number("ry"))
    elif tag == "path" and "stroke" in a:
        path = _parse_path(a["d"])
    else:  # a <path> inside a <symbol>, or something that draws nothing
        return None, color
    stroker = QPainterPathStroker(QPen(Qt.GlobalColor.black, number("stroke-width") or 1.0))
    return stroker.createStroke(path), color


def _symbol(element: ET.Element) -> tuple[QPainterPath, float, float, float, float]:
    x, y, w, h = (float(v) for v in element.attrib["viewBox"].split())
    outline = QPainterPath()
    for child in element.iter("path"):
        outline.addPath(_parse_path(child.attrib.get("d", "")))
    outline.setFillRule(Qt.FillRule.WindingFill)
    return outline, x, y, w, h


def _parse_path(d: str) -> QPainterPath:
    """An SVG path of absolute M, L, Q, C and Z commands, which is all that ziamath writes."""
    path = QPainterPath()
    tokens = _PATH_TOKEN.findall(d)
    i = 0
    while i < len(tokens):
        op = tokens[i]
        i += 1
        if op == "Z":
            path.closeSubpath()
            continue
        count = {"M": 2, "L": 2, "Q": 4, "C": 6}[op]
        v = [float(t) for t in tokens[i : i + count]]
        i += count
        if op == "M":
            path.moveTo(v[0], v[1])
        elif op == "L":
            path.lineTo(v[0], v[1])
        elif op == "Q":
            path.quadTo(v[0], v[1], v[2], v[3])
        else:
            path.cubicTo(v[0], v[1], v[2], v[3], v[4], v[5])
    return path
