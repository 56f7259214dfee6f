"""Finds in a problem, or in an answer, what can be drawn: functions, equations, inequalities, figures, data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from string import ascii_uppercase
from typing import Any, Final

from tutor_app.adapters.checking.expressions import Unsure, term_of
from tutor_app.adapters.grading.readings import readings
from tutor_app.adapters.grading.terms import (
    Call,
    Group,
    Number,
    Piecewise,
    Power,
    Product,
    Relation,
    Sum,
    Symbol,
    Term,
    negative,
    symbols,
    total,
    walk,
)
from tutor_app.core.transcript import Transcript
from tutor_app.text.delimiters import split
from tutor_app.text.plain import plain
from tutor_app.text.typing import latex_of, read_typed
from tutor_app.tutor.drawing import programs
from tutor_app.tutor.drawing.charts import chart
from tutor_app.tutor.drawing.formulas import NotDrawable, python
from tutor_app.tutor.drawing.number_sets import number_set
from tutor_app.tutor.drawing.paths import path
from tutor_app.tutor.drawing.pieces import pieces
from tutor_app.tutor.drawing.programs import Curve, Drawing, Region, Stretch
from tutor_app.tutor.drawing.shapes import shape

LONGEST: Final = 4000
MOST: Final = 4
"""Formulas that are drawn into one picture."""
_SIGNS: Final = ("=", "<", ">", "<=", ">=")
_ABOUT_GRAPHS: Final = re.compile(
    r"(?i)\b(graphs?|plot|draw|sketch|curves?|parabola|functions?|integral|integrate|derivative|differentiate|minimum|"
    r"maximum|extrema|roots?|zeros?|factor(?:ise|ize)?|polynomial|area|tangent|asymptotes?)\b"
)
_VECTOR_MARKS: Final = re.compile(r"\\(?:vec|overrightarrow|mathbf)\s*\{?([A-Za-z])\}?")
_ASYMPTOTE: Final = re.compile(r"\[asy\].*?(?:\[/asy\]|$)", re.S)
"""The program of a figure, which some collections of problems have in their text."""
_FUNCTIONS: Final = frozenset("fghkpqrsuvw" + ascii_uppercase)
"""Letters that, in front of another one in brackets, are a function."""
_NO_BASE: Final = re.compile(r"\\log(?![A-Za-z_])")
_SYSTEM: Final = re.compile(r"\\begin\{(?:cases|aligned)\}((?:(?!&\s*[^=<>\s\\]).)*)\\end\{(?:cases|aligned)\}", re.S)
"""Equations one below the other; values with their conditions have an ampersand in front of something else."""
_XY: Final = re.compile(r"(?<![A-Za-z\\])xy(?![A-Za-z])")
"""In a picture of the plane these are two letters, no name."""
_BOUND: Final = r"\s*(\{[^{}]*\}|\\pi|\S)\s*"
_INTEGRAL: Final = re.compile(rf"\\int(?:\\limits)?\s*_{_BOUND}\^{_BOUND}(.*?)(?:\\[,;: ]|\s)*d\s*([a-z])\s*$", re.S)
_TANGENT: Final = re.compile(
    r"(?i)\btangent\b(?:\s+line)?[^.?!]*?\b(?:at|in|through)\s+(?:the\s+)?(?:point\s*)?(?:[A-Z]\s*)?(?:where\s+)?"
    r"(?:[a-z](?:\u2080|_0)?\s*=\s*(?P<place>[^,;.?!\s]+(?:\.\d+)?)|\(\s*(?P<across>[^,;|()\s]+)\s*[,;|])"
)
_BETWEEN: Final = re.compile(
    r"(?i)\b(?:area|region)\b[^.?!]*\b(?:between|bounded|enclosed)\b|\b(?:enclose|bound)\b[^.?!]*\b(?:area|region)\b"
)
_LINES: Final = re.compile(r"(?i)\blines\b|\bthe line\b|\bbounded\b|\benclosed\b")
_PLACE: Final = re.compile(r"(?i)\b(?:at|when|for|if|where|near|with|from|to|let|through|around|as)\s+x\s*=")
"""Where a value of x is a place to look at, and no line."""
_INFLECTION: Final = re.compile(r"(?i)\binfle[cx]|\bconca|\bconvex")
_SCALAR: Final = (Sum, Product, Power, Call, Piecewise)


@dataclass(frozen=True, slots=True)
class _Formula:
    """A formula of a text: how it is written, and what it means."""

    label: str
    term: Term


def drawing_of(transcript: Transcript) -> Drawing | None:
    """The drawing of a problem, or else of its answer."""
    answer = transcript.answer
    return find(transcript.problem) or (find(f"${answer.latex}$") if answer is not None else None)


def find(text: str, *, asked: bool = False) -> Drawing | None:
    """What can be drawn of a text.

    Args:
        text: As typed, perhaps with LaTeX between dollar signs.
        asked: Whether drawing it is what the user wants: then simple things, such as ``x = 2``, are drawn as well.
    """
    if len(text) > LONGEST or not text.strip():
        return None
    text = _ASYMPTOTE.sub(" ", text)
    latex = latex_of(text) if "$" not in text else None
    read = f"${latex}$" if latex else read_typed(text).text
    prose = plain(_VECTOR_MARKS.sub(r"\1", read).replace(r"\langle", "\u27e8").replace(r"\rangle", "\u27e9"))
    found = chart(prose, asked=asked) or shape(prose, vectors=bool(_VECTOR_MARKS.search(read)), asked=asked)
    if found or (found := pieces(prose) or number_set(prose, asked=asked)):
        return found
    formulas = [
        formula for s in split(read).segments if s.kind != "text" for formula in _formulas(s.source.strip(" .,;"))
    ]
    try:
        if curve := path([(f.label, f.term) for f in formulas], prose):
            return curve
        areas = (a for s in split(read).segments if s.kind != "text" and (a := _area(s.source)))
        bare = asked or latex is not None or bool(_ABOUT_GRAPHS.search(prose))
        graphs = next(areas, None) or _graphs(formulas, prose, bare=bare, asked=asked)
    except NotDrawable:
        return None
    if graphs is not None and _NO_BASE.search(read):
        return replace(graphs, description=f"{graphs.description}, with log as the natural logarithm")
    return graphs


def _formulas(latex: str) -> list[_Formula]:
    if m := _SYSTEM.fullmatch(latex):
        return [formula for row in m[1].split(r"\\") if "cases" not in row for formula in _formulas(row.strip(" .,;"))]
    try:
        term = readings(latex)[0] if "cases" in latex else term_of(_XY.sub(r"x y", latex))
    except (Unsure, IndexError):
        return []
    if isinstance(term, Group) and not term.brackets and all(isinstance(item, Relation) for item in term.items):
        parts = re.split(r",|;|\\(?:text\{\s*)?and\b\}?", latex)
        if len(parts) == len(term.items):
            return [_Formula(plain(f"${p}$"), t) for p, t in zip(parts, term.items, strict=True)]
    if "cases" in latex:
        return [_Formula(f"{plain('$' + latex.split('=')[0] + '$')}, given in pieces", term)]
    return [_Formula(_label(latex), term)]


def _label(latex: str) -> str:
    for command, sign in ((r"\lfloor", "\u230a"), (r"\lceil", "\u2308")):
        latex = re.sub(rf"{re.escape(command)}\s*", sign, latex)
    for command, sign in ((r"\rfloor", "\u230b"), (r"\rceil", "\u2309")):
        latex = re.sub(rf"\s*{re.escape(command)}", sign, latex)
    return plain(f"${latex}$")


def _graphs(formulas: Sequence[_Formula], prose: str, *, bare: bool, asked: bool) -> Drawing | None:
    explicit = [(f, found) for f in formulas if (found := _explicit(f.term)) is not None]
    curved = [(f, found) for f, found in explicit if symbols(found[2])]
    if curved or asked:  # a constant, as in y = 3, is a curve beside others, or where nothing else is there
        curved = [(f, found) for f, found in explicit if symbols(found[2]) or found[1] == "y"]
    plane = [f for f in formulas if isinstance(f.term, Relation) and _in_plane(f.term)]
    if plane and (any(f.term.ops[0] != "=" for f in plane if isinstance(f.term, Relation)) or _not_explicit(plane)):
        beside = [
            f for f in formulas if f not in plane and isinstance(f.term, Relation) and _in_plane(f.term, {"x", "y"})
        ]
        return programs.regions([_region(f) for f in [*plane, *beside][:MOST]])
    if (asked or _LINES.search(prose)) and (upright := _beside_upright_lines(formulas, explicit, prose)) is not None:
        return upright
    if curved:
        return _explicit_graphs(curved, prose)
    for f in formulas:
        if isinstance(f.term, Relation) and (drawing := _in_one(f, asked, _limits(formulas, f))) is not None:
            return drawing
    for f in formulas if bare else ():
        if isinstance(f.term, _SCALAR) and len(symbols(f.term)) == 1:
            (name,) = symbols(f.term)
            label = f"y = {f.label}" if name != "y" else f.label
            return programs.functions([Curve(label, python(f.term, {name: name}))], name, "y", **_wishes(prose, 1))
    return None


def _beside_upright_lines(
    formulas: Sequence[_Formula], explicit: Sequence[tuple[_Formula, tuple[str, str, Term]]], prose: str
) -> Drawing | None:
    """Lines such as ``x = 2`` beside graphs over x, or the area between two of them."""
    lines = [(f, f.term.members[1]) for f in formulas if isinstance(f.term, Relation) and _is_upright(f.term)]
    graphs = [(f, term) for f, (_, up, term) in explicit if up == "y" and symbols(term) <= {"x"}]
    if not lines or len(lines) + len(graphs) < 2 or _PLACE.search(prose):
        return None
    if len(lines) == 2 and len(graphs) == 1 and _BETWEEN.search(prose) and "x-axis" in prose:
        (curve, term), low, high = graphs[0], *(python(bound, {}) for _, bound in lines)
        said = f"{curve.label} and the area from {lines[0][0].label} to {lines[1][0].label}"
        return programs.area(Curve(curve.label, python(term, {"x": "x"})), "x", low, high, said)
    return programs.regions([_region(f) for f, _ in [*graphs, *lines][:MOST]])


def _is_upright(term: Relation) -> bool:
    return term.ops == ("=",) and term.members[0] == Symbol("x") and not symbols(term.members[1])


def _wishes(prose: str, curves: int) -> dict[str, Any]:
    """What else is to be drawn: tangents, the area between two graphs, points of inflection."""
    places = []
    for m in _TANGENT.finditer(prose) if curves == 1 else ():
        latex = latex_of(m["place"] or m["across"])
        try:
            places.append(python(term_of(latex), {}) if latex else "")
        except (Unsure, NotDrawable):
            continue
    between, bends = curves == 2 and bool(_BETWEEN.search(prose)), bool(_INFLECTION.search(prose))
    return {"tangents": [place for place in places if place][:2], "between": between, "bends": bends}


def _limits(formulas: Sequence[_Formula], equation: _Formula) -> tuple[str, str] | None:
    """Between which numbers the unknown of an equation lies, where that is told: ``0 <= x <= 2 pi``."""
    names = symbols(equation.term)
    for f in formulas:
        match f.term:
            case Relation((low, Symbol(name), high), ops) if (
                {name} == names and not symbols(low) | symbols(high) and {op[0] for op in ops} == {"<"}
            ):
                return python(low, {}), python(high, {})
    return None


def _area(latex: str) -> Drawing | None:
    """The area that a definite integral measures."""
    m = _INTEGRAL.search(latex.strip(" .,;?"))
    if m is None:
        return None
    try:
        ends = [part.removeprefix("{").removesuffix("}") for part in m.groups()[:2]]
        low, high, body = (term_of(part) for part in (*ends, m[3].strip()))
        code = python(body, {m[4]: m[4]})
        bounds = python(low, {}), python(high, {})
    except Unsure:
        return None
    label = f"y = {plain('$' + m[3].strip() + '$')}"
    if not symbols(body):
        return None
    said = f"{label} and the area from {m[4]} = {plain(f'${ends[0]}$')} to {plain(f'${ends[1]}$')}"
    return programs.area(Curve(label, code), m[4], *bounds, said)


def _explicit(term: Term) -> tuple[str, str, Term] | None:
    """For ``y = ...`` and ``f(x) = ...``: the variable, the name of the value, and what it is."""
    if not isinstance(term, Relation) or term.ops != ("=",):
        return None
    left, right = term.members
    inside = symbols(right)
    match left:
        case Call(name, (Symbol(variable),)) if len(name.rstrip("'")) == 1 and inside <= {variable}:
            return variable, f"{name}({variable})", right
        case Product((Symbol(name), Symbol(variable))) if (
            len(name) == 1 and name in _FUNCTIONS and inside == {variable}
        ):
            return variable, f"{name}({variable})", right
        case Symbol(name) if name not in inside and len(inside) <= 1 and (name != "x" or "y" not in inside):
            if not inside and name != "y":
                return None
            return next(iter(inside), "x"), name, right
        case _:
            return None


def _explicit_graphs(found: Sequence[tuple[_Formula, tuple[str, str, Term]]], prose: str) -> Drawing:
    variables = {variable for _, (variable, _, term) in found if symbols(term)} or {found[0][1][0]}
    variable = found[0][1][0] if len(variables) > 1 else next(iter(variables))
    same = [(f, up, term) for f, (v, up, term) in found if v == variable or not symbols(term)]
    curves = list({f.label: Curve(f.label, python(term, {variable: variable})) for f, _, term in same}.values())[:MOST]
    if len(curves) == 1 and _BETWEEN.search(prose) and f"{variable}-axis" in prose:
        curves.append(Curve("y = 0", "0.0"))
    up = same[0][1] if len(curves) == 1 else "y"
    return programs.functions(curves, variable, up, **_wishes(prose, len(curves)))


def _in_plane(term: Relation, least: AbstractSet[str] = frozenset()) -> bool:
    """Whether it is a curve or region; ``least`` are names of which one is enough."""
    names = symbols(term)
    there = names == {"x", "y"} or (names and names <= least)
    return bool(there) and len(term.ops) == 1 and term.ops[0] in _SIGNS and not _has_calls(term)


def _has_calls(term: Term) -> bool:
    """Whether an unknown function, such as ``f``, stands in it."""
    return any(isinstance(part, Call) and len(part.name.rstrip("'")) == 1 for part in walk(term))


def _not_explicit(plane: Sequence[_Formula]) -> bool:
    return any(_explicit(f.term) is None for f in plane)


def _region(formula: _Formula) -> Region:
    term = formula.term
    assert isinstance(term, Relation)
    left, right = term.members
    difference = left if right == Number(Fraction(0)) else total(left, negative(right))
    return Region(formula.label, python(difference, {"x": "x", "y": "y"}), term.ops[0])


def _in_one(formula: _Formula, asked: bool, limits: tuple[str, str] | None) -> Drawing | None:
    """An equation or inequality in one unknown, which may lie between limits."""
    term = formula.term
    assert isinstance(term, Relation)
    names = symbols(term)
    if len(names) != 1 or not set(term.ops) <= set(_SIGNS) or _has_calls(term):
        return None
    (name,) = names
    plain_chain = all(isinstance(member, Symbol) or not symbols(member) for member in term.members)
    if plain_chain and "=" in term.ops:
        if asked and name in ("x", "y") and term.ops == ("=",):
            return programs.regions([_region(formula)])
        return None
    if plain_chain:
        return _on_the_line(formula.label, term, name)
    code = {name: name}
    sides = list(dict.fromkeys(m for m in term.members if m != Number(Fraction(0))))
    curves = [Curve(f"y = {_written(m, name)}", python(m, code)) for m in sides][:MOST]
    condition = python(term, code) if "=" not in term.ops else ""
    said = f"{formula.label}: " + ("where the sides meet" if len(curves) > 1 else "where the left side is 0")
    if limits is not None and not condition:
        inside = f"({name} >= {limits[0]}) & ({name} <= {limits[1]})"
        curves = [Curve(c.label, f"np.where({inside}, {c.code}, np.nan)") for c in curves]
    said = said if not condition else f"where {formula.label} holds"
    return programs.functions(curves, name, "y", condition, said, limits=None if condition else limits)


def _written(term: Term, name: str) -> str:
    """A side of an equation as a label."""
    code = python(term, {name: name}).replace("np.", "").replace("**", "^").replace(" * ", "\u00b7")
    code = re.sub(r"\babs\(([^()]*)\)", r"|\1|", code)
    return plain(f"${re.sub(r'(?<=[0-9])·(?=[a-z])', '', code)}$")


def _on_the_line(label: str, term: Relation, name: str) -> Drawing | None:
    members, ops = term.members, term.ops
    low, high, with_low, with_high = "-np.inf", "np.inf", False, False
    for (a, b), op in zip(pairwise(members), ops, strict=True):
        if isinstance(a, Symbol) == isinstance(b, Symbol):
            return None
        bound = python(b if isinstance(a, Symbol) else a, {})
        if isinstance(a, Symbol) == op.startswith("<"):
            high, with_high = bound, "=" in op
        else:
            low, with_low = bound, "=" in op
    return programs.number_line(label, name, [Stretch(low, high, with_low, with_high)])
