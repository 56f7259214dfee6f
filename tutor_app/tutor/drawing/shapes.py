"""Finds triangles, figures with given corners, vectors and data in the words of a problem."""

from __future__ import annotations

import re
from fractions import Fraction
from math import cos, pi, sin
from typing import Final

from tutor_app.tutor.drawing import programs
from tutor_app.tutor.drawing.programs import Curve, Drawing, Region
from tutor_app.tutor.drawing.triangles import NUMBER, UNIT, triangle

_SIGNED: Final = r"([-\u2212]?\s?\d+(?:\.\d+)?(?:/\d+)?)"
_SQUARE: Final = re.compile(rf"\bsquare\b[^.?!\d]*?\bsides?\b[^.?!\d]*?{NUMBER}", re.I)
_RECTANGLE: Final = re.compile(
    rf"\brectang(?:le|ular)\b[^.?!\d]*?{NUMBER}{UNIT}\s*(?:(?:long|wide|high)\s*)?(?:,\s*and|,|and|by|\u00d7|x)\s*[^.?!\d]*?{NUMBER}",
    re.I,
)
_CIRCLE: Final = re.compile(rf"\bcircle\b[^.?!\d]*?\bradius\b[^.?!\d]*?{NUMBER}", re.I)
_CORNER: Final = re.compile(rf"\b([A-Z])\s*(?:=\s*|at\s+)?\(\s*{_SIGNED}\s*,\s*{_SIGNED}\s*\)")
_PAIR: Final = re.compile(rf"\(\s*{_SIGNED}\s*,\s*{_SIGNED}\s*\)")
_COORDINATES: Final = rf"[(\u27e8<\[]\s*{_SIGNED}\s*[,;]\s*{_SIGNED}(?:\s*[,;]\s*{_SIGNED})?\s*[)\u27e9>\]]"
_VECTOR: Final = re.compile(
    rf"(?<![\w\u00d7\u00b7+*/(^-])(?<![\u00d7\u00b7+*/-]\s)([a-zA-Z])\s*=\s*{_COORDINATES}(?!\s*[-+\u00d7\u00b7*]\s*[\w(])"
)
_UNNAMED: Final = re.compile(rf"\bvectors?\s+{_COORDINATES}(?:\s*(?:,|,?\s*and)\s*{_COORDINATES})*", re.I)
_ARROW: Final = re.compile(
    rf"\bvectors?\b[^.?!]*?\bfrom\s+(?:the\s+point\s+)?([A-Z]?)\s*\(\s*{_SIGNED}\s*,\s*{_SIGNED}(?:\s*,\s*{_SIGNED})?\s*\)\s*"
    rf"to\s+(?:the\s+point\s+)?([A-Z]?)\s*\(\s*{_SIGNED}\s*,\s*{_SIGNED}(?:\s*,\s*{_SIGNED})?\s*\)"
)
_OF_POINTS: Final = re.compile(r"(?i)\bpoints?\b")
_OF_SAMPLES: Final = re.compile(r"(?i)\b(?:data|scatter|best|fit|regression|correlat\w+|trend|measure\w*|mean)\b")
_OF_A_CURVE: Final = re.compile(r"(?i)\b(?:y|[a-z]\s?\(\s?[a-z]\s?\))\s*=|\b(?:curve|graph|function|parabola|circle)\b")
_LINE_THROUGH: Final = re.compile(r"(?i)\bline\b[^.?!]*?\b(?:through|passes|contains|joins|joining|connects)\b")
_OF_SEGMENT: Final = re.compile(r"(?i)\b(?:segment|distance|midpoint)\b")
_NAMED_ARROW: Final = re.compile(r"(?i:\bvectors?)\s+([A-Z])([A-Z])\b")
_MULTIPLIED: Final = re.compile(r"(?<![\w^])([a-z])\s*[x\u00d7\u00b7*]\s*([a-z])(?!\w)")
_OF_VECTORS: Final = re.compile(
    r"(?i)\b(?:dot|cross|scalar)\s+product\b|"
    r"\bvectors?\b|\u27e8|\b(?:their|the) (?:sum|difference) (?:vector|arrow)|\bresultant\b|\btheir sum\b"
)
_CENTRE: Final = re.compile(rf"(?i)\bcent(?:er|re)\b[^.?!\d(]*\(\s*{_SIGNED}\s*,\s*{_SIGNED}\s*\)")
_RADIUS: Final = re.compile(rf"(?i)\bradius\b[^.?!\d(]*?{NUMBER}")
_REGULAR: Final = re.compile(
    rf"(?i)\bregular\s+(triangle|quadrilateral|pentagon|hexagon|heptagon|octagon|nonagon|decagon|dodecagon)\b"
    rf"[^.?!\d]*?\bsides?\b[^.?!\d]*?{NUMBER}"
)
_CORNERS_OF: Final = dict(
    triangle=3, quadrilateral=4, pentagon=5, hexagon=6, heptagon=7, octagon=8, nonagon=9, decagon=10, dodecagon=12
)
_LIST: Final = re.compile(rf"(?<![\w(.,]){_SIGNED}(?:\s*(?:,\s*and|,|;|and)\s*{_SIGNED}){{3,}}(?![\w%])")
_FIGURES: Final = re.compile(
    r"(?i)\b(triangle|quadrilateral|rectangle|square|parallelogram|trapezoid|trapezium|rhombus|kite|pentagon|hexagon|polygon)\b"
)
_OF_DATA: Final = re.compile(
    r"(?i)\b(data|mean|median|mode|average|scores?|marks|values|heights|ages|temperatures|weights|standard deviation|"
    r"measurements|results|scatter|points|outliers?|quartiles?|range|frequency)\b"
)


def shape(prose: str, *, vectors: bool = False, asked: bool = False) -> Drawing | None:
    """What figure, vectors or data a problem is about.

    Args:
        prose: The problem as plain text, formulas included.
        vectors: Whether something is marked as a vector in it.
        asked: Whether the user wants it drawn: then one vector without a name is enough.
    """
    found = triangle(prose) or _vectors(prose, vectors, asked) or _corners(prose) or _measured(prose)
    return found or _data(prose, asked)


def _measured(prose: str) -> Drawing | None:
    """A square, rectangle or circle of a given size."""
    if (m := _SQUARE.search(prose)) and _value(m[1]) > 0:
        return _upright("Square", m[1], m[1])
    if (m := _RECTANGLE.search(prose)) and _value(m[1]) > 0 and _value(m[2]) > 0:
        return _upright("Rectangle", m[1], m[2])
    if m := _REGULAR.search(prose):
        return _regular(m[1].lower(), _value(m[2]))
    if not re.search(r"(?i)\bcircle\b", prose):
        return None
    if re.search(r"(?i)\bunit circle\b", prose):
        return _circle("unit circle", "x**2 + y**2 - 1")
    centre, radius = _CENTRE.search(prose), _RADIUS.search(prose)
    if centre and radius and _value(radius[1]) > 0:
        p, q = _signed(centre[1]), _signed(centre[2])
        label = f"circle around ({p}, {q}) with radius {radius[1]}"
        return _circle(label, f"(x - ({p}))**2 + (y - ({q}))**2 - ({radius[1]})**2")
    if (m := _CIRCLE.search(prose)) and _value(m[1]) > 0:
        label = f"circle of radius {m[1]}"
        return _circle(label, f"x**2 + y**2 - ({m[1]})**2")
    return None


def _circle(label: str, code: str) -> Drawing:
    title = label[0].upper() + label[1:]
    return programs.regions([Region(title, code, "=")], said=programs.with_article(label))


def _regular(kind: str, side: float) -> Drawing | None:
    """A figure with equal sides and angles."""
    if side <= 0:
        return None
    n = _CORNERS_OF[kind]
    radius = side / (2 * sin(pi / n))
    turns = [2 * pi * k / n - pi / 2 - pi / n for k in range(n)]
    places = {
        chr(ord("A") + k): (repr(round(radius * cos(t), 10)), repr(round(radius * sin(t), 10)))
        for k, t in enumerate(turns)
    }
    return programs.polygon(places, f"Regular {kind} with side {side:.6g}", grid=False)


def _upright(kind: str, wide: str, high: str) -> Drawing:
    places = {"A": ("0", "0"), "B": (wide, "0"), "C": (wide, high), "D": ("0", high)}
    sides = f"side {wide}" if kind == "Square" else f"sides {wide} and {high}"
    return programs.polygon(places, f"{kind} with {sides}", grid=False)


def _corners(prose: str) -> Drawing | None:
    found = {name: (_signed(x), _signed(y)) for name, x, y in _CORNER.findall(prose)}
    kind = _FIGURES.search(prose)
    if len(found) >= 3 and kind:
        return programs.polygon(found, f"{kind[1].capitalize()} {''.join(found)}", grid=True)
    pairs = _PAIR.findall(prose)
    if not found and len(pairs) == 2:
        found = {name: (_signed(x), _signed(y)) for name, (x, y) in zip("PQ", pairs, strict=True)}
    if len(found) == 2 and _LINE_THROUGH.search(prose) and not _OF_SEGMENT.search(prose):
        return _line(found)
    if len(found) == 2 and re.search(r"(?i)\b(segment|distance|midpoint|line|slope|gradient)\b", prose):
        return programs.polygon(found, f"Segment {''.join(found)}", grid=True)
    return None


def _line(points: dict[str, tuple[str, str]]) -> Drawing | None:
    """The line through two points."""
    (a, b), (c, d) = [(Fraction(x), Fraction(y)) for x, y in points.values()]
    if (a, b) == (c, d):
        return None
    if a == c:
        return programs.regions([Region(f"x = {_short(a)}", f"x - ({a})", "=")])
    slope = (d - b) / (c - a)
    start = b - slope * a
    times = {Fraction(1): "x", Fraction(-1): "\u2212x", Fraction(0): ""}.get(slope, f"{_short(slope)}x")
    added = f" {'+' if start > 0 else chr(0x2212)} {_short(abs(start))}" if start and times else ""
    label = f"y = {times}{added}" if times else f"y = {_short(start)}"
    curve = Curve(label, f"({slope}) * x + ({start})")
    return programs.functions([curve], "x", "y", points=[*points.values()])


def _short(value: Fraction) -> str:
    """A number for a label: ``2``, ``0.5``, ``(2/3)``."""
    if (value.denominator in (1, 2, 4, 5, 8, 10)) or not value:
        return f"{float(value):.6g}".replace("-", "\u2212")
    return f"({value})".replace("-", "\u2212")


def _vectors(prose: str, marked: bool, asked: bool) -> Drawing | None:
    named = {m[1]: _numbers(m.groups()[1:]) for m in _VECTOR.finditer(prose)}
    multiplied = any({m[1], m[2]} <= named.keys() and m[1] != m[2] for m in _MULTIPLIED.finditer(prose))
    if not marked and not multiplied and not _OF_VECTORS.search(prose):
        return None
    corners = {name: (_signed(x), _signed(y)) for name, x, y in _CORNER.findall(prose)}
    if (m := _NAMED_ARROW.search(prose)) and {m[1], m[2]} <= corners.keys():
        start, tip = corners[m[1]], corners[m[2]]
        way = tuple(str(Fraction(q) - Fraction(p)) for p, q in zip(start, tip, strict=True))
        return programs.vectors({m[1] + m[2]: way}, start)
    if m := _ARROW.search(prose):
        first, x, y, z, second, a, b, c = m.groups()
        ends = [(Fraction(_signed(q)) - Fraction(_signed(p))) for p, q in ((x, a), (y, b), (z, c)) if p and q]
        tail = tuple(_signed(p) for p in (x, y, z) if p)
        return programs.vectors({f"{first}{second}" or "v": tuple(map(str, ends))}, tail)
    found = named
    if not found and (m := _UNNAMED.search(prose)):
        told = [_numbers(one.groups()) for one in re.finditer(_COORDINATES, m[0])]
        if len(told) > 4 or (len(told) == 1 and not asked):
            return None
        found = dict(zip("abcd" if len(told) > 1 else "v", told, strict=False))
    return programs.vectors(found) if 1 <= len(found) <= 4 else None


def _numbers(written: tuple[str | None, ...]) -> tuple[str, ...]:
    return tuple(_signed(number) for number in written if number)


def _data(prose: str, asked: bool) -> Drawing | None:
    pairs = [(_signed(x), _signed(y)) for x, y in _PAIR.findall(prose)]
    places = _OF_POINTS.search(prose) is not None and not _OF_SAMPLES.search(prose)
    if asked and places and pairs and not _OF_A_CURVE.search(prose):
        return programs.data([], pairs, as_places=True)
    if not _OF_DATA.search(prose) and not re.fullmatch(rf"[\s{{}}\[\]]*{_LIST.pattern}[\s{{}}\[\].]*", prose):
        return None
    if len(pairs) >= 3:
        return programs.data([], pairs, as_places=places)
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
