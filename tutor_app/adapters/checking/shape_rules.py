"""Statements in words about points, lines, parabolas and figures: slope, distance, vertex, area, volume."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.context import Context, replaced
from tutor_app.adapters.checking.judging import Judgement, shown
from tutor_app.adapters.checking.rules import END, EXPR, IS, Rule, judge_value, rule, term_of
from tutor_app.adapters.grading.algebra import linear, normal, same
from tutor_app.adapters.grading.terms import (
    HALF,
    Constant,
    Number,
    Power,
    Product,
    Sum,
    Term,
    integer,
    negative,
    quotient,
    root,
    symbols,
    total,
)

POINT: Final = r"(?:the point |point )?(?:[A-Z]\s*(?:=\s*)?)?\(\s*([^(),]{1,40})\s*,\s*([^(),]{1,40})\s*\)"
SIZE: Final = (
    r"(\d+(?:\.\d+)?(?:/\d+)?|\\[dt]?frac\{\d+\}\{\d+\}|\d*\\sqrt\{\d+\})(?: ?-?(?:cm|m|mm|km|in|ft|yd|inch"
    r"|inches|feet|foot|meters?|metres?|centimeters?|units?|miles?|yards?)\b)?"
)
_PLACE: Final = r"(\([^()]{1,80}\)|.{1,160}?)"
"""A value or a point."""
_PI: Final = Constant("pi")


def _points(m: re.Match[str], first: int) -> tuple[Term, Term, Term, Term] | None:
    terms = [term_of(m[first + i]) for i in range(4)]
    known = tuple(t for t in terms if t is not None and not symbols(t))
    return (known[0], known[1], known[2], known[3]) if len(known) == 4 else None


@rule(
    rf"\bslope of the (?:line|segment)(?: \w+)? (?:through|passing through|that passes through|between|joining"
    rf"|connecting|containing)(?: the points)? {POINT} and {POINT}{IS}{EXPR}{END}"
)
def slope(m: re.Match[str], _context: Context) -> Judgement | None:
    """The slope of a line through two points."""
    points = _points(m, 1)
    if points is None:
        return None
    a, b, c, d = points
    if same(a, c):
        return None
    return judge_value(quotient(total(d, negative(b)), total(c, negative(a))), m[5], "slope")


@rule(
    rf"\bline (?:through|passing through|joining)(?: the points)? {POINT} and {POINT} has (?:a |the )?slope (?:of )?"
    rf"{EXPR}{END}"
)
def has_slope(m: re.Match[str], context: Context) -> Judgement | None:
    """The same with the line before it."""
    return slope[1](m, context)


@rule(rf"\b(slope|[xy]-?\s?intercept) of (?:the line )?(?:with equation )?y ?= ?{EXPR}{IS}(?:at )?{_PLACE}{END}")
def of_line(m: re.Match[str], _context: Context) -> Judgement | None:
    """Slope and intercepts of a line that is given by its equation."""
    return _line_value(m[2], m[1], m[3])


@rule(
    rf"\b(?:line|graph(?: of)?|function) (?:with (?:the )?equation )?(?:y|f\(x\)) ?= ?{EXPR} has (?:a |the |an )?"
    rf"(slope|[xy]-?\s?intercept)(?: of| at| equal to)? {_PLACE}"
    rf"(?:,? and (?:(?:it )?has )?(?:a |the |an )?(slope|[xy]-?\s?intercept)(?: of| at| equal to)? {_PLACE})?{END}"
)
def line_has(m: re.Match[str], _context: Context) -> Judgement | None:
    """The same, told the other way round: "the line y = 2x + 3 has slope 2 and y-intercept 3"."""
    told = [(m[2], m[3]), *([(m[4], m[5])] if m[4] else [])]
    found = [_line_value(m[1], kind, said) for kind, said in told]
    if None in found:
        return None
    return next((f for f in found if f is not None and f.verdict != "true"), found[0])


def _line_value(equation: str, what: str, said: str) -> Judgement | None:
    """The verdict on a slope or an intercept of "y = equation"."""
    side = term_of(equation)
    line = None if side is None else linear(side)
    kind = what.lower()[0]
    if line is None or (kind == "x" and not line[0]):
        return None
    right = {"s": line[0], "y": line[1], "x": -line[1] / line[0] if line[0] else line[0]}[kind]
    if (point := re.fullmatch(POINT, said.strip())) is not None and kind in "xy":
        said = point[1] if kind == "x" else point[2]
    return judge_value(right, said, "slope" if kind == "s" else "intercept")


@rule(rf"\bdistance (?:between|from) {POINT} (?:and|to) {POINT}{IS}{EXPR}{END}")
def distance(m: re.Match[str], _context: Context) -> Judgement | None:
    """The distance between two points."""
    points = _points(m, 1)
    if points is None:
        return None
    a, b, c, d = points
    return judge_value(
        root(total(*(Power(total(y, negative(x)), integer(2)) for x, y in ((a, c), (b, d))))), m[5], "distance"
    )


@rule(
    rf"\bmidpoint (?:of|between)(?: the segment)?(?: (?:from|joining|connecting|with endpoints))? {POINT} (?:and"
    rf"|to) {POINT} (?:is|at|=) {POINT}"
)
def midpoint(m: re.Match[str], _context: Context) -> Judgement | None:
    """The midpoint of two points."""
    points = _points(m, 1)
    if points is None:
        return None
    a, b, c, d = points
    right = tuple(Product((HALF, total(x, y))) for x, y in ((a, c), (b, d)))
    return _point(right, (m[5], m[6]), "midpoint")


def _point(right: tuple[Term, ...], said: tuple[str, ...], reason: str) -> Judgement | None:
    found = [judge_value(x, s, reason) for x, s in zip(right, said, strict=True)]
    if None in found:
        return None
    if any(f is not None and f.verdict == "false" for f in found):
        return Judgement("false", reason, f"({', '.join(map(shown, right))})")
    return Judgement("true", reason)


@rule(
    rf"\bvertex(?: of (?:the )?(?:parabola|graph|function|quadratic)?(?: of)?(?: given by| with equation)?\s*"
    rf"(?:[yf](?:\(x\))? ?= ?)?{EXPR})?,? (?:is(?: located)?(?: at)?|at|lies at|=) {POINT}"
)
def vertex(m: re.Match[str], context: Context) -> Judgement | None:
    """The vertex of a parabola, given in the sentence or before."""
    written = None if not m[1] or not re.search(r"\^|\d", m[1]) else term_of(re.sub(r"^.*?=", "", m[1]))
    curve = written if written is not None else _parabola(context)
    if curve is None or (m[1] and re.search(r"\^", m[1]) and written is None):
        return None
    names = symbols(curve)
    if len(names) != 1:
        return None
    (name,) = names
    coefficients = _quadratic(curve, name)
    if coefficients is None:
        return None
    a, b, _ = coefficients
    x = Number(-b / (2 * a))
    return _point((x, replaced(curve, name, x)), (m[2], m[3]), "vertex")


def _parabola(context: Context) -> Term | None:
    """The one curve of second degree that was told so far; None if there are several or none."""
    curves = [*context.values.values(), *(body for _, body in context.functions.values())]
    found: list[Term] = []
    for curve in curves:
        if (
            len(symbols(curve)) == 1
            and _quadratic(curve, next(iter(symbols(curve))))
            and not any(same(curve, f) for f in found)
        ):
            found.append(curve)
    return found[0] if len(found) == 1 else None


def _quadratic(term: Term, name: str) -> tuple[Fraction, Fraction, Fraction] | None:
    quotient_ = normal(term)
    if quotient_ is None or quotient_.opaque or set(quotient_.below) != {()}:
        return None
    below = quotient_.below[()]
    powers = {(): 0, ((f"x {name}", 1),): 1, ((f"x {name}", 2),): 2}
    if set(quotient_.above) - set(powers):
        return None
    found = [Fraction(0)] * 3
    for monomial, coefficient in quotient_.above.items():
        found[powers[monomial]] = coefficient / below
    return (found[2], found[1], found[0]) if found[2] else None


# --- figures ---------------------------------------------------------------------------------------------------


@rule(
    rf"\b(area|circumference|perimeter) of (?:a|the|this) (circle|square|rectangle|triangle|right triangle"
    rf"|equilateral triangle)(?: is)? (?:with|of|whose) (?:a |an |its )?(radius|diameter|sides?(?: lengths?)?"
    rf"|length|base|legs|dimensions)(?: of| is)? {SIZE}(?: (?:and|by|\\times|x) (?:a |an |its )?(?:width|height"
    rf"|altitude)?(?: of| is)? ?{SIZE})?{IS}{EXPR}{END}"
)
def plane(m: re.Match[str], _context: Context) -> Judgement | None:
    """Area and perimeter of a figure whose sizes the sentence tells."""
    kind, figure, given = m[1].lower(), m[2].lower(), m[3].lower()
    a, b = term_of(m[4]), term_of(m[5]) if m[5] else None
    if a is None:
        return None
    right = _plane(kind, figure, given, a, b)
    return None if right is None else judge_value(right, m[6], kind)


@rule(
    rf"\b(circle|square|rectangle|triangle|right triangle) (?:with|of) (?:a |an |its )?"
    rf"(radius|diameter|sides?(?: lengths?)?|length|base|legs|dimensions)(?: of)? {SIZE}"
    rf"(?: (?:and|by|\\times|x) (?:a |an |its )?(?:width|height|altitude)?(?: of)? ?{SIZE})? has "
    rf"(?:an? |the )?(area|circumference|perimeter)(?: of)? {EXPR}{END}"
)
def has_plane(m: re.Match[str], _context: Context) -> Judgement | None:
    """The same, told the other way round: "a circle of radius 3 has area 9π"."""
    a, b = term_of(m[3]), term_of(m[4]) if m[4] else None
    if a is None:
        return None
    right = _plane(m[5].lower(), m[1].lower(), m[2].lower(), a, b)
    return None if right is None else judge_value(right, m[6], m[5].lower())


def _plane(kind: str, figure: str, given: str, a: Term, b: Term | None) -> Term | None:
    two = integer(2)
    if figure == "circle":
        r = a if given == "radius" else Product((HALF, a)) if given == "diameter" else None
        if r is None:
            return None
        return Product((_PI, Power(r, two))) if kind == "area" else Product((two, _PI, r))
    if figure == "square" and given.startswith("side"):
        return Power(a, two) if kind == "area" else Product((integer(4), a))
    if b is None:
        return None
    if figure == "rectangle":
        return Product((a, b)) if kind == "area" else Product((two, Sum((a, b))))
    if figure in ("triangle", "right triangle") and kind == "area" and given in ("base", "legs"):
        return Product((HALF, a, b))
    return None


@rule(
    rf"\b(volume|surface area) of (?:a|the|this) (cube|sphere|cylinder|cone)(?: is)? (?:with|of|whose) (?:a |an "
    rf"|its )?(radius|side(?: length)?|edge(?: length)?)(?: of| is)? {SIZE}(?: and (?:a )?height(?: of)?"
    rf" {SIZE})?{IS}{EXPR}{END}"
)
def solid(m: re.Match[str], _context: Context) -> Judgement | None:
    """Volume and surface of a solid whose sizes the sentence tells."""
    right = _solid(m[1], m[2], m[3], m[4], m[5])
    return None if right is None else judge_value(right, m[6], m[1].lower())


@rule(
    rf"\b(cube|sphere|cylinder|cone) (?:with|of) (?:a |an |its )?(radius|side(?: length)?|edge(?: length)?)(?: of)?"
    rf" {SIZE}(?: and (?:a )?height(?: of)? {SIZE})? has (?:an? |the )?(volume|surface area)(?: of)? {EXPR}{END}"
)
def has_solid(m: re.Match[str], _context: Context) -> Judgement | None:
    """The same, told the other way round: "a sphere of radius 3 has the volume 36π"."""
    right = _solid(m[5], m[1], m[2], m[3], m[4])
    return None if right is None else judge_value(right, m[6], m[5].lower())


def _solid(kind: str, figure: str, given: str, size: str, height: str | None) -> Term | None:
    """The volume or the surface area of a solid; None if it is not known, or something else is given."""
    a, h = term_of(size), term_of(height) if height else None
    figure, kind = figure.lower(), kind.lower()
    round_ = figure in ("cylinder", "cone")
    if a is None or (h is None) == round_ or (given.lower() == "radius") == (figure == "cube"):
        return None
    square, cube = Power(a, integer(2)), Power(a, integer(3))
    volumes: dict[str, Term] = {"cube": cube, "sphere": Product((Number(Fraction(4, 3)), _PI, cube))}
    if h is not None:
        volumes = {"cylinder": Product((_PI, square, h)), "cone": Product((Number(Fraction(1, 3)), _PI, square, h))}
    surfaces: dict[str, Term] = {"cube": Product((integer(6), square)), "sphere": Product((integer(4), _PI, square))}
    return (volumes if kind == "volume" else surfaces).get(figure)


@rule(rf"\bhypotenuse of (?:a|the) right triangle with legs (?:of )?(?:lengths? )?{SIZE} and {SIZE}{IS}{EXPR}{END}")
def hypotenuse(m: re.Match[str], _context: Context) -> Judgement | None:
    """The hypotenuse of a right triangle."""
    a, b = term_of(m[1]), term_of(m[2])
    if a is None or b is None:
        return None
    return judge_value(root(Sum((Power(a, integer(2)), Power(b, integer(2))))), m[3], "hypotenuse")


SHAPE_RULES: Final[tuple[Rule, ...]] = (
    slope,
    has_slope,
    of_line,
    line_has,
    distance,
    midpoint,
    vertex,
    plane,
    has_plane,
    solid,
    has_solid,
    hypotenuse,
)
