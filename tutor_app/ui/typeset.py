r"""LaTeX to vector outlines: what the screen, the print preview and the PDF draw.

:func:`typeset` is a pure function of (source, style) that never raises and never blocks for long: what cannot be
parsed, even after :mod:`tutor_app.ui.latex_repair`, comes back as a :class:`Formula` without ink, and whoever draws
it shows its source. Sizes are in em, so one result serves every zoom, theme and resolution. It starts no thread;
:mod:`tutor_app.ui.bridge` calls it from one.
"""

from __future__ import annotations

import re
import threading
import warnings
import xml.etree.ElementTree as ET
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPainterPathStroker, QPen, QTransform

from tutor_app.ui.latex_repair import attempts, break_lines

MAX_SOURCE: Final = 6000
"""Longer sources are shown as they are: ziamath needs seconds for them."""
MAX_DEPTH: Final = 9
"""Deeper nesting is shown as source: ziamath's layout time doubles with every level (2 s at depth 10)."""
WIDE: Final = 22.0
"""Width in em from which the pieces of a formula are prepared, for columns too narrow to hold it in one line."""

_SIZE: Final = 24.0  # ziamath's own base size; its smallest script size is absolute and tuned to it
_PATH_TOKEN: Final = re.compile(r"[MLQCZ]|-?\d+(?:\.\d+)?(?:e-?\d+)?")
_SIGNS: Final = frozenset("+-\u2212\u00b1\u2213")
_BINARY: Final = frozenset("+-\u2212\u00b1\u2213\u00d7\u00f7\u22c5\u00b7\u2217\u222a\u2229\u2295\u2297\u2218")
_RELATIONS: Final = frozenset(
    "=<>\u2264\u2265\u2260\u2248\u2261\u223c\u2245\u221d\u2208\u2209\u2282\u2286\u2192\u21d2\u27f9\u21d4\u27fa"
)
_CLOSING: Final = frozenset([")", "]", "}", "|", "\u27e9", "\u2309", "\u230b", "!", "\u2032", "%", "\u2026", "\u22ef"])
# Spaces of TeX (5, 4 and 3 mu), over 4/3: ziamath takes an em for 4/3 of the text size.
_RELATION_SPACE: Final = "0.208em"
_BINARY_SPACE: Final = "0.167em"
_COMMA_SPACE: Final = "0.125em"
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
        pieces: The same formula cut at its relations (or rows), for columns it does not fit into; may be empty.
    """

    source: str
    display: bool
    inks: tuple[Ink, ...] = ()
    width: float = 0.0
    ascent: float = 0.0
    descent: float = 0.0
    pieces: tuple[Formula, ...] = ()

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
    if formula.width <= WIDE:
        return formula
    parts = break_lines(source)
    pieces = [p for s in parts if (p := _first_that_works(s, display))] if len(parts) > 1 else []
    if len(pieces) < len(parts):
        pieces = []
    return Formula(source, display, formula.inks, formula.width, formula.ascent, formula.descent, tuple(pieces))


def spoken_source(source: str) -> str:
    """The LaTeX on one line, for accessible text and tool tips."""
    return " ".join(source.split())


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


def fit(formula: Formula, em: float, available: float, floor: float = 0.72) -> Fitted:
    """Place ``formula`` in a column ``available`` wide.

    It is shrunk down to ``floor`` of its size; one that is wider still is broken at its relations, and what then
    does not fit is shrunk as far as it must: nothing is ever cut off.
    """
    natural = formula.width * em
    if natural <= available or available <= 0:
        return _single(formula, em, 1.0)
    scale = available / natural
    if scale >= floor or not formula.pieces:
        return _single(formula, em, scale)
    indent = min(2 * em, available / 8)
    rows: list[list[Formula]] = [[]]
    used = 0.0
    for piece in formula.pieces:
        width = piece.width * em
        room = available - (indent if len(rows) > 1 else 0)
        if rows[-1] and used + width > room:
            rows.append([])
            used = 0.0
        rows[-1].append(piece)
        used += width + 0.28 * em
    out = Fitted()
    y = 0.0
    for i, row in enumerate(rows):
        x = indent if i else 0.0
        total = sum(p.width for p in row) * em + 0.28 * em * (len(row) - 1)
        shrink = min(1.0, (available - x) / total) if total else 1.0
        ascent = max(p.ascent for p in row) * em * shrink
        descent = max(p.descent for p in row) * em * shrink
        if i:
            y += ascent + 0.45 * em
        else:
            out.ascent = ascent
        for piece in row:
            out.lines.append(Placed(piece, x, y, shrink))
            x += (piece.width + 0.28) * em * shrink
        out.width = max(out.width, x - 0.28 * em * shrink)
        y += descent
    out.descent = y
    return out


def _single(formula: Formula, em: float, scale: float) -> Fitted:
    k = em * scale
    return Fitted(formula.width * k, formula.ascent * k, formula.descent * k, [Placed(formula, 0.0, 0.0, scale)])


def _depth(source: str) -> int:
    depth = deepest = 0
    for m in re.finditer(r"\\left\b|\\right\b|\\begin\b|\\end\b|\\.|[{}]", source, re.DOTALL):
        token = m[0]
        if token in ("{", "\\left", "\\begin"):
            depth += 1
            deepest = max(deepest, depth)
        elif token in ("}", "\\right", "\\end"):
            depth -= 1
    return deepest


def _first_that_works(source: str, display: bool) -> Formula | None:
    for candidate in attempts(source):
        formula = _by_ziamath(source, candidate, display)
        if formula is not None:
            return formula
    return None


@cache
def _ziamath() -> tuple[Any, Any]:
    """Ziamath's two functions: LaTeX to MathML, MathML to a layout."""
    with warnings.catch_warnings():
        # ziamath 0.13 finds its font by a function that Python 3.11 and 3.12 deprecate and 3.13 does not.
        warnings.simplefilter("ignore", DeprecationWarning)
        from ziamath import Math  # 0.1 s and 15 MB: not before there is a formula
        from ziamath.tex import tex2mml
    return tex2mml, Math


def _by_ziamath(source: str, latex: str, display: bool) -> Formula | None:
    with _ziamath_lock:
        to_mathml, layout = _ziamath()
        try:
            mathml = ET.fromstring(to_mathml(latex, inline=not display))
            _tidy(mathml)
            math = layout(mathml, size=_SIZE, margin=0.0)
            if not _all_known(math.font, latex):
                return None
            return _from_svg(source, display, math.svgxml())
        except Exception:  # noqa: BLE001  (parsers over hostile text: any failure means "show the source")
            return None


def _tidy(mathml: ET.Element) -> None:
    """Spaces as in a book: ziamath takes every minus for a difference and sets the rows of tables by their ink."""
    for parent in mathml.iter():
        tag = parent.tag.rpartition("}")[2]
        if tag == "mtable":
            aligned = parent.get("displaystyle") == "true"
            parent.set("rowspacing", "0.42em" if aligned else "0.36em")
            if not aligned:
                parent.set("columnspacing", "0.6em")
        children = list(parent)
        for i, child in enumerate(children):
            if child.tag.rpartition("}")[2] == "mo" and child.text:
                _space_operator(child, children[:i], children[i + 1] if i + 1 < len(children) else None)


def _space_operator(mo: ET.Element, row: list[ET.Element], after: ET.Element | None) -> None:
    sign = (mo.text or "").strip()
    before = row[-1] if row else None
    if sign in _SIGNS and _is_unary(row):
        mo.set("form", "prefix")
        space = ("0em", "0em")
    elif sign in _BINARY and before is not None and after is not None:
        space = (_BINARY_SPACE, _BINARY_SPACE)
    elif sign in _RELATIONS:
        space = (_RELATION_SPACE, _RELATION_SPACE)
    elif sign == ",":
        thousands = _digits(before) and len(_digits(after)) == 3 and len(_digits(before)) <= 3
        space = ("0em", "0em" if thousands or after is None else _COMMA_SPACE)
    elif sign == "!":
        space = ("0em", "0em")
    else:
        return
    mo.set("lspace", space[0])
    mo.set("rspace", space[1])


def _is_unary(row: list[ET.Element]) -> bool:
    """Whether a sign after ``row`` belongs to the number behind it."""
    if not row:
        return True
    if row[-1].tag.rpartition("}")[2] != "mo":
        return False
    sign = (row[-1].text or "").strip()
    if sign == "|":  # an odd one opens: |-3|
        return sum((e.text or "").strip() == "|" for e in row) % 2 == 1
    return sign not in _CLOSING


def _digits(element: ET.Element | None) -> str:
    text = (element.text or "") if element is not None and element.tag.rpartition("}")[2] == "mn" else ""
    return text if text.isdigit() else ""


def _all_known(font: Any, latex: str) -> bool:
    """Whether the mathematics font has every character; one it lacks would be drawn as an empty box."""
    return all(font.glyphindex(c) for c in set(latex) if ord(c) > 0xFF and not c.isspace())


def _from_svg(source: str, display: bool, svg: ET.Element) -> Formula | None:
    left, top, width, height = (float(v) for v in svg.attrib["viewBox"].split())
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
    # An outline may pass ziamath's own box (boxes, accents): the larger of both is what must not be cut off.
    box = QRectF()
    for ink in inks:
        box = box.united(ink.path.boundingRect())
    ascent = max(-top / _SIZE, -box.top())
    descent = max((top + height) / _SIZE, box.bottom(), 0.0)
    return Formula(source, display, inks, max(width / _SIZE, box.right()), ascent, descent)


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
