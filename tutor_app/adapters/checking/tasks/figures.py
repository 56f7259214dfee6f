"""Tasks of figures that are named with their measures: areas, perimeters, volumes, angles of polygons.

Loaded only in the checking process.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.problem import THE, Expected, Problem, Rules, tex, value_of

rule: Final = Rules()

_SHAPES: Final = (
    "equilateral triangle|right(?:-angled)? triangle|triangle|circle|square|rectangular (?:prism|box)|rectangle|"
    "parallelogram|trapezoid|trapezium|rhombus|cube|sphere|(?:right )?(?:circular )?cylinder|(?:right )?(?:circular )?"
    "cone|cuboid|box"
)
_ASKED: Final = (
    "total surface area|surface area|area|perimeter|circumference|volume|diagonal|hypotenuse|height|radius|diameter|"
    "side(?: length)?|(?:other|second|missing|remaining|third) (?:leg|side)"
)
_UNITS: Final = "mm|cm|dm|m|km|in|inch(?:es)?|ft|feet|foot|yards?|miles?|meters?|metres?|centimet(?:er|re)s?|units?"
_MEASURE: Final = re.compile(
    rf"\s*(?:and\s+|,\s*(?:and\s+)?)?(?P<name>(?:[a-z]+ ){{0,3}}?)(?:is |are |of |= ?|equal to )*"
    rf"(?P<value>⟦\d+⟧|\d+(?:\.\d+)?(?:/\d+)?(?: ?(?:π|pi\b))?)(?:\s*(?P<unit>{_UNITS})(?:\b(?!\^)"
    rf"|(?P<square>²|\^2)))?\s*",
    re.IGNORECASE,
)
_OF_IT: Final = rf"(?:{THE} (?:the length of )?|how (?:long|large|big|high) is )(?:its|the) "
_LONG: Final = rf"(?:⟦\d+⟧|\d+(?:\.\d+)?(?: ?(?:{_UNITS}))?)"
_SAME: Final = {
    "sides": "side", "side length": "side", "side lengths": "side", "edge": "side", "edges": "side", "legs": "leg",
    "edge length": "side", "lengths": "side", "bases": "base", "base length": "base", "diagonals": "diagonal",
    "parallel sides": "base", "altitude": "height", "perpendicular height": "height", "base radius": "radius",
    "sides of length": "side", "side of length": "side", "sides of lengths": "side", "legs of length": "leg",
    "edges of length": "side", "edge of length": "side", "legs of lengths": "leg", "bases of length": "base",
    "two legs": "leg", "both legs": "leg", "two diagonals": "diagonal",
    "one leg": "leg", "one of legs": "leg", "one side": "leg", "another leg": "leg", "other leg": "leg",
    "bases of lengths": "base", "diagonals of length": "diagonal", "diagonals of lengths": "diagonal",
}  # fmt: skip
Values = dict[str, list[Any]]


def _measures(p: Problem, text: str) -> tuple[Values, str]:
    """The measures of a figure by their names, and the unit of all of them."""
    values: Values = {}
    units: set[str] = set()
    at, name = 0, ""
    text = text.strip().rstrip(".?!,")
    while at < len(text):
        m = _MEASURE.match(text, at)
        if m is None or m.end() == at:
            raise Unsure
        at = m.end()
        words = " ".join(re.sub(r"\b(?:a|an|the|its|whose|has|have|with|of)\b(?! lengths?\b)", " ", m["name"]).split())
        name = _SAME.get(words.lower(), words.lower()) or name
        value = m["value"]
        inner, unit = p.formula(value), (m["unit"] or "").lower()
        if found := re.fullmatch(r"(.+?)\s*\\(?:text|mathrm)\s*\{\s*([a-z]+)\.?\s*\}", inner):
            inner, unit = found[1], found[2]
        if found := re.fullmatch(r"[a-z]\s*=\s*(.+)", inner):
            inner = found[1]
        number = ex.scalar(inner)
        if not number.is_number or not number.is_positive:
            raise Unsure
        values.setdefault(name, []).append(number)
        if (m["square"] is not None) != (name == "area" and bool(unit)):
            raise Unsure
        units.add(unit.rstrip("s") if unit not in ("inches", "feet") else unit)
    if len(units) > 1:
        raise Unsure
    return values, units.pop() if units else ""


def _heron(a: Any, b: Any, c: Any) -> Any:
    import sympy as sp

    s = (a + b + c) / 2
    if not all((s - side).is_positive for side in (a, b, c)):
        raise Unsure
    return sp.sqrt(s * (s - a) * (s - b) * (s - c))


def _root(value: Any) -> Any:
    import sympy as sp

    return sp.sqrt(value)


def _other_leg(hypotenuse: Any, leg: Any) -> Any:
    if not (hypotenuse - leg).is_positive:
        raise Unsure
    return _root(hypotenuse**2 - leg**2)


def _pi() -> Any:
    import sympy as sp

    return sp.pi


# Shape, what is asked and which measures are given, each with its formula and its dimension.
_FORMULAS: Final[dict[tuple[str, str, tuple[tuple[str, int], ...]], tuple[Callable[..., Any], int]]] = {
    ("circle", "area", (("radius", 1),)): (lambda r: _pi() * r**2, 2),
    ("circle", "area", (("diameter", 1),)): (lambda d: _pi() * d**2 / 4, 2),
    ("circle", "circumference", (("radius", 1),)): (lambda r: 2 * _pi() * r, 1),
    ("circle", "circumference", (("diameter", 1),)): (lambda d: _pi() * d, 1),
    ("circle", "radius", (("area", 1),)): (lambda a: _root(a / _pi()), 1),
    ("circle", "radius", (("circumference", 1),)): (lambda c: c / (2 * _pi()), 1),
    ("circle", "radius", (("diameter", 1),)): (lambda d: d / 2, 1),
    ("circle", "diameter", (("area", 1),)): (lambda a: 2 * _root(a / _pi()), 1),
    ("circle", "diameter", (("circumference", 1),)): (lambda c: c / _pi(), 1),
    ("circle", "diameter", (("radius", 1),)): (lambda r: 2 * r, 1),
    ("circle", "area", (("circumference", 1),)): (lambda c: c**2 / (4 * _pi()), 2),
    ("circle", "circumference", (("area", 1),)): (lambda a: 2 * _pi() * _root(a / _pi()), 1),
    ("square", "side", (("area", 1),)): (_root, 1),
    ("square", "side", (("perimeter", 1),)): (lambda u: u / 4, 1),
    ("square", "side", (("diagonal", 1),)): (lambda d: d / _root(2), 1),
    ("square", "area", (("side", 1),)): (lambda s: s**2, 2),
    ("square", "perimeter", (("side", 1),)): (lambda s: 4 * s, 1),
    ("square", "diagonal", (("side", 1),)): (lambda s: s * _root(2), 1),
    ("square", "area", (("perimeter", 1),)): (lambda u: u**2 / 16, 2),
    ("square", "area", (("diagonal", 1),)): (lambda d: d**2 / 2, 2),
    ("square", "perimeter", (("area", 1),)): (lambda a: 4 * _root(a), 1),
    ("rectangle", "area", (("length", 1), ("width", 1))): (lambda a, b: a * b, 2),
    ("rectangle", "perimeter", (("length", 1), ("width", 1))): (lambda a, b: 2 * (a + b), 1),
    ("rectangle", "diagonal", (("length", 1), ("width", 1))): (lambda a, b: _root(a**2 + b**2), 1),
    ("rectangle", "area", (("side", 2),)): (lambda a, b: a * b, 2),
    ("rectangle", "perimeter", (("side", 2),)): (lambda a, b: 2 * (a + b), 1),
    ("rectangle", "diagonal", (("side", 2),)): (lambda a, b: _root(a**2 + b**2), 1),
    ("parallelogram", "area", (("base", 1), ("height", 1))): (lambda b, h: b * h, 2),
    ("rhombus", "area", (("diagonal", 2),)): (lambda d, e: d * e / 2, 2),
    ("rhombus", "perimeter", (("side", 1),)): (lambda s: 4 * s, 1),
    ("trapezoid", "area", (("base", 2), ("height", 1))): (lambda a, b, h: (a + b) * h / 2, 2),
    ("triangle", "area", (("base", 1), ("height", 1))): (lambda b, h: b * h / 2, 2),
    ("triangle", "area", (("side", 3),)): (_heron, 2),
    ("triangle", "perimeter", (("side", 3),)): (lambda a, b, c: a + b + c, 1),
    ("equilateral triangle", "area", (("side", 1),)): (lambda s: s**2 * _root(3) / 4, 2),
    ("equilateral triangle", "perimeter", (("side", 1),)): (lambda s: 3 * s, 1),
    ("equilateral triangle", "height", (("side", 1),)): (lambda s: s * _root(3) / 2, 1),
    ("right triangle", "hypotenuse", (("leg", 2),)): (lambda a, b: _root(a**2 + b**2), 1),
    ("right triangle", "leg", (("hypotenuse", 1), ("leg", 1))): (lambda c, a: _other_leg(c, a), 1),
    ("right triangle", "area", (("hypotenuse", 1), ("leg", 1))): (lambda c, a: a * _other_leg(c, a) / 2, 2),
    ("right triangle", "area", (("leg", 2),)): (lambda a, b: a * b / 2, 2),
    ("right triangle", "perimeter", (("leg", 2),)): (lambda a, b: a + b + _root(a**2 + b**2), 1),
    ("cube", "volume", (("side", 1),)): (lambda s: s**3, 3),
    ("cube", "surface area", (("side", 1),)): (lambda s: 6 * s**2, 2),
    ("sphere", "volume", (("radius", 1),)): (lambda r: 4 * _pi() * r**3 / 3, 3),
    ("sphere", "volume", (("diameter", 1),)): (lambda d: _pi() * d**3 / 6, 3),
    ("sphere", "surface area", (("radius", 1),)): (lambda r: 4 * _pi() * r**2, 2),
    ("sphere", "surface area", (("diameter", 1),)): (lambda d: _pi() * d**2, 2),
    ("cylinder", "volume", (("height", 1), ("radius", 1))): (lambda h, r: _pi() * r**2 * h, 3),
    ("cylinder", "surface area", (("height", 1), ("radius", 1))): (lambda h, r: 2 * _pi() * r * (r + h), 2),
    ("cone", "volume", (("height", 1), ("radius", 1))): (lambda h, r: _pi() * r**2 * h / 3, 3),
    ("box", "volume", (("height", 1), ("length", 1), ("width", 1))): (lambda h, a, b: a * b * h, 3),
    ("box", "surface area", (("height", 1), ("length", 1), ("width", 1))): (
        lambda h, a, b: 2 * (a * b + a * h + b * h), 2,
    ),
    ("box", "volume", (("side", 3),)): (lambda a, b, c: a * b * c, 3),
}  # fmt: skip


def _shape(name: str) -> str:
    name = name.lower().replace("-angled", "")
    if name in ("trapezium", "cuboid") or name.endswith(("prism", "box")):
        return "trapezoid" if name == "trapezium" else "box"
    return next((s for s in ("cylinder", "cone") if name.endswith(s)), name)


@rule(
    rf"{THE} (?:the )?(?:exact )?(?:length of (?:the |its |a )?)?(?P<q>{_ASKED}) of (?:an? |the "
    rf")?(?P<s>{_SHAPES}) (?:with|whose|that has|which has|of|"
    rf"having|if) (?P<d>.+)",
    rf"(?:if )?(?:an? |the )(?P<s>{_SHAPES}) has (?P<d>[^.?]+?(?:\d\.\d[^.?]*?)?)[,.] (?:then )?"
    rf"{_OF_IT}(?P<q>{_ASKED})(?: of the \w+)?",
    rf"(?:if )?(?:an? |the )(?P<s>rectangle|rectangular \w+) is (?P<l>⟦\d+⟧|\d+(?:\.\d+)?(?: ?(?:{_UNITS}))?) "
    rf"(?:long|in length) "
    rf"(?:and|by) (?P<w>⟦\d+⟧|\d+(?:\.\d+)?(?: ?(?:{_UNITS}))?) (?:wide|in width)[,.] (?:then )?"
    rf"{_OF_IT}(?P<q>{_ASKED})(?: of the \w+)?",
    rf"{THE} (?:the )?(?:length of the )?(?P<q>{_ASKED}) of (?:an? |the )(?P<s>rectangle) (?:(?:that|which) is "
    rf"|measuring )?"
    rf"(?:(?P<w>{_LONG}) wide (?:and|by) (?P<l>{_LONG}) (?:long|high|tall)|(?P<l2>{_LONG}) (?:long )?(?:and|by) "
    rf"(?P<w2>{_LONG})(?: wide)?)",
    rf"in (?:an? |the )(?P<s>{_SHAPES}),? (?:the )?(?P<d>[^.?]+?(?:\d\.\d[^.?]*?)?)[,.] (?:then )?"
    rf"{_OF_IT}(?P<q>{_ASKED})(?: of the \w+)?",
    rf"(?:find )?(?:the )?(?P<d>[a-z][a-z ]*? of )(?:an? |the )(?P<s>{_SHAPES}) (?:is|are|measures?) "
    rf"(?P<v>[^.?]+?(?:\d\.\d[^.?]*?)?)[,.] "
    rf"{_OF_IT}(?P<q>{_ASKED})(?: of the \w+)?",
)
def _figure(p: Problem, m: re.Match[str]) -> Expected:
    groups = m.groupdict()
    if "l" in groups:
        data = f"length {m['l'] or m['l2']} and width {m['w'] or m['w2']}"
    else:
        data = m["d"] if "v" not in groups else f"{m['d'].removesuffix(' of ')} {m['v']}"
    values, unit = _measures(p, data)
    shape, asked = _shape(m["s"]), m["q"].lower().removeprefix("total ")
    asked = re.sub(r"^(?:other|second|missing|remaining|third) (?:leg|side)$", "leg", asked).replace(
        "side length", "side"
    )
    key = tuple(sorted((name, len(found)) for name, found in values.items()))
    formula = _FORMULAS.get((shape, asked, key))
    if formula is None and shape == "equilateral triangle":
        raise Unsure
    if formula is None and shape == "right triangle":
        formula = _FORMULAS.get(("triangle", asked, key))
    if formula is None:
        raise Unsure
    work, dimension = formula
    value = work(*(v for name, _ in key for v in values[name]))
    if not unit or unit == "unit":
        return value_of(value)
    power = f"^{dimension}" if dimension > 1 else ""
    return Expected((f"{tex(value)} \\text{{ {unit}}}{power}",))


_NAMED: Final = {
    "triangle": 3, "quadrilateral": 4, "pentagon": 5, "hexagon": 6, "heptagon": 7, "octagon": 8, "nonagon": 9,
    "decagon": 10, "dodecagon": 12,
}  # fmt: skip
_POLYGON: Final = (
    rf"(?P<s>(?:{'|'.join(_NAMED)})|(?:polygon|figure) with (?P<n>\d+) sides|(?P<n2>\d+)-(?:sided polygon|gon))"
)


@rule(
    rf"{THE} (?:the )?(?P<q>sum of the (?:measures of the )?interior angles|number of diagonals) (?:of|in) "
    rf"(?:an? |the )?(?:regular |convex )*{_POLYGON}",
    rf"how many degrees are (?:there )?in (?P<q>(?:each|one|an|every) (?:interior |exterior )?angle) (?:of|in) "
    rf"(?:an? |the )?regular {_POLYGON}",
    rf"{THE} (?:the )?(?:measure of )?(?P<q>(?:each|one|an|every) (?:interior|exterior) angle) (?:of|in) "
    rf"(?:an? |the )?regular {_POLYGON}",
    rf"how many (?P<q>diagonals) (?:does|are there in|has) (?:an? )?(?:regular |convex )*{_POLYGON}(?: have)?",
)
def _polygon(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    groups = m.groupdict()
    number = groups.get("n") or groups.get("n2")
    n = sp.Integer(int(number)) if number else sp.Integer(_NAMED[m["s"].lower()])
    if n < 3:
        raise Unsure
    asked = m["q"].lower()
    if "diagonals" in asked:
        return value_of(n * (n - 3) / 2)
    value = (n - 2) * 180 if asked.startswith("sum") else (n - 2) * 180 / n if "exterior" not in asked else 360 / n
    return Expected((tex(value), f"{tex(value)}^\\circ"))


_ANGLE: Final = r"(?P<{}>⟦\d+⟧|\d+(?:\.\d+)?) ?(?:°|degrees)?"
_OTHER: Final = (
    rf"{THE} (?:the )?(?:(?:measure|size) of )?(?:the |its )?(?:measure of the )?(?:third|remaining|other|missing)"
    r"(?: acute)?(?: angle| one)?(?: measure)?(?: of the triangle| in degrees)?"
)


@rule(
    rf"(?:if )?(?:in a triangle,? )?(?:the )?(?:measures of )?(?:two|2)?(?: of the)? ?(?:interior )?angles"
    rf"(?: (?:of|in) (?:a|the) triangle)? (?:are|measure|have measures(?: of)?) {_ANGLE.format('a')} and "
    rf"{_ANGLE.format('b')}[.,;] {_OTHER}",
    rf"(?:if )?(?:the )?(?:measures of the )?(?:interior )?angles (?:of|in) a triangle (?:are|measure) "
    rf"{_ANGLE.format('a')},? "
    rf"{_ANGLE.format('b')},? and (?P<x>[a-z]) ?(?:°|degrees)?[.,;] (?:what is|find|determine|solve for) "
    r"(?:the value of )?(?P=x)",
    rf"(?:if )?(?:a|the) triangle has (?:two )?angles (?:of|measuring) {_ANGLE.format('a')} and "
    rf"{_ANGLE.format('b')}[.,;] "
    rf"{_OTHER}",
    rf"(?:if )?(?:one|an) (?P<right>acute )angle (?:of|in) a right(?:-angled)? triangle (?:is|measures) "
    rf"{_ANGLE.format('a')}[.,;] {_OTHER}",
)
def _third_angle(p: Problem, m: re.Match[str]) -> Expected:
    """The angle of a triangle that is left."""
    groups = m.groupdict()
    given = [ex.scalar(re.sub(r"\^\s*\{?\\circ\}?|°", "", p.formula(groups[n]))) for n in "ab" if groups.get(n)]
    value = (90 if groups.get("right") else 180) - sum(given)
    if not value.is_positive or "triangle" not in m[0].lower():
        raise Unsure
    return Expected((tex(value), f"{tex(value)}^\\circ"))
