"""Finds triangles, figures with given corners, vectors and data in the words of a problem."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from math import cos, radians, sqrt
from typing import Final

from tutor_app.tutor.drawing import programs
from tutor_app.tutor.drawing.programs import Drawing, Region

_NUM: Final = r"(\d+(?:\.\d+)?(?:/\d+)?)"
_SIGNED: Final = r"([-\u2212]?\s?\d+(?:\.\d+)?(?:/\d+)?)"
_UNIT: Final = r"(?:\s*(?:cm|mm|km|m|ft|feet|in|inch|inches|units?|metres?|meters?))?"
_THEN: Final = rf"{_UNIT}\s*(?:,\s*and|,|and|;)\s*"
_SIDES: Final = re.compile(rf"\bsides?\b[^.?!\d]*?{_NUM}{_THEN}{_NUM}{_THEN}{_NUM}", re.I)
_DASHED: Final = re.compile(rf"{_NUM}\s*[-\u2013]\s*{_NUM}\s*[-\u2013]\s*{_NUM}\s+(?:right\s+)?triangle", re.I)
_LEGS: Final = re.compile(rf"\blegs?\b[^.?!\d]*?{_NUM}{_THEN}{_NUM}", re.I)
_HYPOTENUSE: Final = re.compile(rf"\bhypotenuse\b[^.?!\d]*?{_NUM}", re.I)
_LEG: Final = re.compile(rf"\b(?:leg|side)\b[^.?!\d]*?{_NUM}", re.I)
_TWO_SIDES: Final = re.compile(
    rf"\bsides?\b[^.?!\d]*?{_NUM}{_THEN}{_NUM}[^.?!\d]*angle[^.?!\d]*?{_NUM}\s*\^?\s*(?:\u00b0|deg)", re.I
)
_EQUILATERAL: Final = re.compile(rf"\bequilateral\b[^.?!\d]*?\bsides?\b[^.?!\d]*?{_NUM}", re.I)
_NAMED_SIDE: Final = re.compile(rf"\b([A-Z])([A-Z])\s*=\s*{_NUM}")
_NAMED_ANGLE: Final = re.compile(
    rf"(?:\bangle\s*|\u2220\s*)([A-Z]{{1,3}})\s*(?:=|is|of)\s*{_NUM}\s*\^?\s*(?:\u00b0|deg)", re.I
)
_LETTERED: Final = re.compile(rf"\b([abc])\s*=\s*{_NUM}")
_SQUARE: Final = re.compile(rf"\bsquare\b[^.?!\d]*?\bsides?\b[^.?!\d]*?{_NUM}", re.I)
_RECTANGLE: Final = re.compile(
    rf"\brectang(?:le|ular)\b[^.?!\d]*?{_NUM}{_UNIT}\s*(?:(?:long|wide|high)\s*)?(?:,\s*and|,|and|by|\u00d7|x)\s*[^.?!\d]*?{_NUM}",
    re.I,
)
_CIRCLE: Final = re.compile(rf"\bcircle\b[^.?!\d]*?\bradius\b[^.?!\d]*?{_NUM}", re.I)
_CORNER: Final = re.compile(rf"\b([A-Z])\s*(?:=\s*|at\s+)?\(\s*{_SIGNED}\s*,\s*{_SIGNED}\s*\)")
_PAIR: Final = re.compile(rf"\(\s*{_SIGNED}\s*,\s*{_SIGNED}\s*\)")
_VECTOR: Final = re.compile(rf"\b([a-z])\s*=\s*[(\u27e8<\[]\s*{_SIGNED}\s*[,;]\s*{_SIGNED}\s*[)\u27e9>\]]")
_LIST: Final = re.compile(rf"(?<![\w(.,]){_SIGNED}(?:\s*(?:,\s*and|,|;|and)\s*{_SIGNED}){{3,}}(?![\w%])")
_FIGURES: Final = re.compile(
    r"(?i)\b(triangle|quadrilateral|rectangle|square|parallelogram|trapezoid|trapezium|rhombus|kite|pentagon|hexagon|polygon)\b"
)
_OF_DATA: Final = re.compile(
    r"(?i)\b(data|mean|median|mode|average|scores?|marks|values|heights|ages|temperatures|weights|standard deviation|"
    r"measurements|results|scatter|points|outliers?|quartiles?|range|frequency)\b"
)


def shape(prose: str, *, vectors: bool = False) -> Drawing | None:
    """What figure, vectors or data a problem is about.

    Args:
        prose: The problem as plain text, formulas included.
        vectors: Whether something is marked as a vector in it.
    """
    return _triangle(prose) or _vectors(prose, vectors) or _corners(prose) or _measured(prose) or _data(prose)


def _triangle(prose: str) -> Drawing | None:
    if not re.search(r"(?i)\btriang(?:le|ular)\b|\u25b3", prose):
        return None
    names = ["A", "B", "C"]
    if m := _TWO_SIDES.search(prose):
        b, c, angle = map(_value, m.groups())
        if not 0 < angle < 180:
            return None
        return _sided(names, sqrt(b * b + c * c - 2 * b * c * cos(radians(angle))), b, c)
    if m := _SIDES.search(prose) or _DASHED.search(prose):
        return _sided(names, *map(_value, m.groups()))
    if m := _EQUILATERAL.search(prose):
        return _sided(names, *[_value(m[1])] * 3)
    if re.search(r"(?i)\bright\b", prose):
        if m := _LEGS.search(prose):
            a, b = map(_value, m.groups())
            return _sided(names, sqrt(a * a + b * b), b, a)
        h, leg = _HYPOTENUSE.search(prose), _LEG.search(prose)
        if h and leg and _value(h[1]) > _value(leg[1]):
            c, a = _value(h[1]), _value(leg[1])
            return _sided(names, c, sqrt(c * c - a * a), a)
    letters = dict(_LETTERED.findall(prose))
    if len(letters) == 3:
        return _sided(names, *(_value(letters[name]) for name in "abc"))
    sides = {frozenset(m[:2]): _value(m[2]) for m in _NAMED_SIDE.findall(prose)}
    corners = sorted({letter for side in sides for letter in side})
    if len(corners) == 3 and len(sides) == 3:
        opposite = [sides[frozenset(corners) - {corner}] for corner in corners]
        return _sided(corners, *opposite)
    return _two_sides(sides, prose)


def _two_sides(sides: Mapping[frozenset[str], float], prose: str) -> Drawing | None:
    """A triangle by two named sides and the angle between them."""
    if len(sides) != 2 or not (m := _NAMED_ANGLE.search(prose)):
        return None
    (one, b), (two, c) = sides.items()
    between, angle = one & two, _value(m[2])
    if between != {m[1][-2] if len(m[1]) == 3 else m[1]} or not 0 < angle < 180:
        return None
    corners = [*between, *(two - between), *(one - between)]
    return _sided(corners, sqrt(b * b + c * c - 2 * b * c * cos(radians(angle))), b, c)


def _measured(prose: str) -> Drawing | None:
    """A square, rectangle or circle of a given size."""
    if (m := _SQUARE.search(prose)) and _value(m[1]) > 0:
        return _upright("Square", m[1], m[1])
    if (m := _RECTANGLE.search(prose)) and _value(m[1]) > 0 and _value(m[2]) > 0:
        return _upright("Rectangle", m[1], m[2])
    if (m := _CIRCLE.search(prose)) and _value(m[1]) > 0:
        label = f"circle of radius {m[1]}"
        return programs.regions([Region(label, f"x**2 + y**2 - ({m[1]})**2", "=")])
    return None


def _upright(kind: str, wide: str, high: str) -> Drawing:
    places = {"A": ("0", "0"), "B": (wide, "0"), "C": (wide, high), "D": ("0", high)}
    return programs.polygon(places, f"{kind} with sides {wide} and {high}", grid=False)


def _sided(names: list[str], a: float, b: float, c: float) -> Drawing | None:
    """A triangle whose side ``a`` lies opposite its first corner; None if there is none."""
    if min(a, b, c) <= 0 or 2 * max(a, b, c) >= a + b + c:
        return None
    x = (b * b + c * c - a * a) / (2 * c)
    y = sqrt(max(0.0, b * b - x * x))
    places = ((0.0, 0.0), (c, 0.0), (x, y))
    corners = {name: (_short(p), _short(q)) for name, (p, q) in zip(names, places, strict=True)}
    title = f"Triangle with sides {', '.join(f'{side:.6g}' for side in (a, b, c))}"
    return programs.polygon(corners, title, grid=False)


def _corners(prose: str) -> Drawing | None:
    found = {name: (_signed(x), _signed(y)) for name, x, y in _CORNER.findall(prose)}
    kind = _FIGURES.search(prose)
    if len(found) >= 3 and kind:
        return programs.polygon(found, f"{kind[1].capitalize()} {''.join(found)}", grid=True)
    pairs = _PAIR.findall(prose)
    if not found and len(pairs) == 2:
        found = {name: (_signed(x), _signed(y)) for name, (x, y) in zip("PQ", pairs, strict=True)}
    if len(found) == 2 and re.search(r"(?i)\b(segment|distance|midpoint|line|slope|gradient)\b", prose):
        return programs.polygon(found, f"Segment {''.join(found)}", grid=True)
    return None


def _vectors(prose: str, marked: bool) -> Drawing | None:
    if not marked and not re.search(r"(?i)\bvectors?\b|\u27e8", prose):
        return None
    found = {name: (_signed(x), _signed(y)) for name, x, y in _VECTOR.findall(prose)}
    return programs.vectors(found) if 1 <= len(found) <= 4 else None


def _data(prose: str) -> Drawing | None:
    if not _OF_DATA.search(prose) and not re.fullmatch(rf"[\s{{}}\[\]]*{_LIST.pattern}[\s{{}}\[\].]*", prose):
        return None
    pairs = _PAIR.findall(prose)
    if len(pairs) >= 3:
        return programs.data([], [(_signed(x), _signed(y)) for x, y in pairs])
    if (m := _LIST.search(prose)) and not re.search(r"(?i)\bsequence\b|\.\.\.|\u2026", prose):
        return programs.data([_signed(v) for v in re.findall(_SIGNED, m[0])])
    return None


def _value(text: str) -> float:
    try:
        return float(Fraction(text))
    except ZeroDivisionError:
        return 0.0


def _signed(text: str) -> str:
    """A number as Python writes it."""
    return text.replace("\u2212", "-").replace(" ", "")


def _short(value: float) -> str:
    rounded = round(value, 10)
    return str(int(rounded)) if rounded == int(rounded) else repr(rounded)
