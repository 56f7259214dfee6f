"""Tasks of functions and lines: vertex, extreme values, intercepts, domain, inverse, tangent, lines through points.

Loaded only in the checking process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.symbolic import built
from tutor_app.adapters.checking.tasks.problem import OF, THE, Expected, Problem, Rules, body_of, tex, value_of
from tutor_app.adapters.grading.terms import Call, Number, Power, Product, Sum, Term

rule: Final = Rules()

_GRAPH: Final = r"(?:(?:the )?(?:graph|parabola|curve|quadratic|line)(?: of)?(?: with equation| given by)? )?"
_POINT: Final = r"(?:⟦\d+⟧|\([^()]*\))"


def _body(p: Problem, text: str) -> tuple[Any, Any]:
    """The expression of a function, and its unknown."""
    body = ex.scalar(body_of(p.formula(text)))
    return body, ex.variable(body)


def _quadratic(p: Problem, text: str) -> tuple[Any, Any, Any, Any]:
    import sympy as sp

    body, x = _body(p, text)
    if not body.is_polynomial(x):
        raise Unsure
    polynomial = sp.Poly(body, x)
    if polynomial.degree() != 2:
        raise Unsure
    a, b, c = polynomial.all_coeffs()
    return a, b, c, x


@rule(
    rf"{THE} (?:the )?(?:coordinates of the )?(?P<what>vertex|turning point) of{OF} ?{_GRAPH}(?P<f>.+)",
    rf"{THE} (?:the )?(?:equation (?:of|for) the )?(?P<what>axis of symmetry) of{OF} ?{_GRAPH}(?P<f>.+)",
    rf"{THE} (?:the )?(?P<what>discriminant) of{OF} ?(?P<f>.+)",
)
def _of_parabola(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    what = m["what"].lower()
    text = m["f"]
    if what == "discriminant":
        inner = re.sub(r"=\s*0\s*$", "", p.formula(text))
        body = ex.scalar(body_of(inner))
        x = ex.variable(body)
        if not body.is_polynomial(x) or sp.degree(body, x) != 2:
            raise Unsure
        return value_of(sp.discriminant(body, x))
    a, b, c, _ = _quadratic(p, text)
    at = -b / (2 * a)
    if what.startswith("axis"):
        return Expected((f"x = {tex(at)}",))
    return Expected((f"({tex(at)}, {tex(sp.expand(c - b**2 / (4 * a)))})",))


@rule(rf"{THE} (?:the )?(?P<what>minimum|maximum|least|greatest|largest|smallest) value of{OF} ?(?P<f>.+)")
def _extreme(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    a, b, c, _ = _quadratic(p, m["f"])
    if (a > 0) != (m["what"].lower() in ("minimum", "least", "smallest")):
        raise Unsure
    return value_of(sp.expand(c - b**2 / (4 * a)))


@rule(
    rf"{THE} (?:all )?(?:the )?(?P<axis>[xy])-?(?: |-)?intercepts? of{OF} ?{_GRAPH}(?P<f>.+)",
    rf"{THE} (?:all )?(?:the )?⟦(?P<mark>\d+)⟧-?intercepts? of{OF} ?{_GRAPH}(?P<f>.+)",
)
def _intercepts(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    axis = m.groupdict().get("axis") or p.formulas[int(m["mark"])].strip()
    given = p.formula(m["f"])
    x, y = sp.Symbol("x"), sp.Symbol("y")
    if "=" in given and not re.match(r"\s*(?:y|[a-zA-Z]\s*\(\s*x\s*\))\s*=", given):
        sides, ops = ex.relation(given)
        curve = sides[0] - sides[1]
        if ops != ("=",):
            raise Unsure
    else:
        curve = ex.scalar(body_of(given)) - y
    if curve.free_symbols != {x, y} or axis not in ("x", "y") or not curve.is_polynomial(x, y):
        raise Unsure
    on, other = (x, y) if axis == "x" else (y, x)
    roots = sorted(sp.real_roots(sp.Poly(curve.subs(other, 0), on), multiple=False), key=lambda r: float(r[0]))
    if not roots or any(r.has(sp.CRootOf) for r, _ in roots):
        raise Unsure
    values = [tex(r) for r, _ in roots]
    points = [f"({v}, 0)" if axis == "x" else f"(0, {v})" for v in values]
    return Expected((", ".join(values), ", ".join(points), ", ".join(f"{axis} = {v}" for v in values)))


def _conditions(term: Term) -> Iterator[tuple[Any, str]]:
    """The conditions under which a term has a real value: an expression and ``>``, ``>=`` or ``!=``, each against 0."""

    def expression(inner: Term) -> Any:
        found = built(inner)
        if found is None:
            raise Unsure
        return found

    match term:
        case Number():
            return
        case Sum(terms) | Product(terms):
            for t in terms:
                yield from _conditions(t)
        case Power(base, Number(exponent)):
            yield from _conditions(base)
            if exponent.denominator % 2 == 0:
                yield expression(base), ">" if exponent < 0 else ">="
            elif exponent < 0:
                yield expression(base), "!="
        case Call("log" | "ln", args):
            yield from _conditions(args[0])
            yield expression(args[0]), ">"
        case Power(Number(base), exponent) if base > 0:
            yield from _conditions(exponent)
        case _:
            if not expression(term).is_Symbol:
                raise Unsure


@rule(rf"{THE} (?:the )?(?:largest possible |real |natural )?domain of{OF} ?(?P<f>.+)")
def _domain(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    text = body_of(p.formula(m["f"]))
    term = ex.term_of(text)
    x = ex.variable(ex.scalar(text))
    y = sp.Symbol("y", real=True)
    found = sp.S.Reals
    for condition, op in _conditions(term):
        inner = condition.subs(x, y)
        if not inner.free_symbols:
            raise Unsure
        if op == "!=":
            zeros = sp.solveset(inner, y, sp.S.Reals)
            if not isinstance(zeros, sp.FiniteSet) and zeros is not sp.S.EmptySet:
                raise Unsure
            part = sp.S.Reals - zeros
        else:
            part = sp.solveset(inner > 0 if op == ">" else inner >= 0, y, sp.S.Reals)
        found = found.intersect(part)
    if found == sp.S.Reals:
        return Expected((r"(-\infty, \infty)", r"\mathbb{R}", r"\text{all real numbers}"))
    if not isinstance(found, sp.Interval | sp.Union) or found.atoms(sp.ConditionSet):
        raise Unsure
    forms = [tex(found), tex(found.as_relational(sp.Symbol(str(x))))]
    gaps = sp.S.Reals - found
    if isinstance(gaps, sp.FiniteSet):
        forms.append(", ".join(rf"{x} \ne {tex(v)}" for v in sorted(gaps, key=float)))
    return Expected(tuple(forms))


@rule(rf"{THE} (?:the )?inverse(?: function)?(?: of|:){OF} ?(?P<f>.+)")
def _inverse(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    body, x = _body(p, m["f"])
    above, below = sp.fraction(sp.together(body))
    if not above.is_polynomial(x) or not below.is_polynomial(x) or max(sp.degree(above, x), sp.degree(below, x)) > 1:
        raise Unsure  # whether it has one, and on which side, is not decided here
    y = sp.Dummy("y")
    (found,) = sp.solve(above - y * below, x)
    return value_of(sp.together(found.subs(y, x)), form="")


def _line(slope: Any, point: tuple[Any, ...]) -> Expected:
    import sympy as sp

    x = sp.Symbol("x")
    return Expected((f"y = {tex(sp.expand(slope * (x - point[0]) + point[1]))}",), form="equation")


@rule(
    rf"{THE} (?:the )?(?:an )?equation (?:of|for) (?:the |a )?(?:straight )?line (?:that )?(?:passes |passing |going |"
    rf"goes )?(?:through|joining|between|connecting) (?:the )?(?:points? )?(?P<a>{_POINT}) and (?P<b>{_POINT})",
)
def _line_through(p: Problem, m: re.Match[str]) -> Expected:
    a, b = ex.point(p.formula(m["a"])), ex.point(p.formula(m["b"]))
    if len(a) != 2 or len(b) != 2 or a == b:
        raise Unsure
    if a[0] == b[0]:
        return Expected((f"x = {tex(a[0])}",), form="equation")
    return _line((b[1] - a[1]) / (b[0] - a[0]), a)


@rule(
    rf"{THE} (?:the )?(?:an )?equation (?:of|for) (?:the |a )?(?:straight )?line (?:with|of|that has|having) (?:a )?"
    rf"slope(?: of)? (?P<k>⟦\d+⟧|-?[\d./]+) (?:(?:and )?(?:that )?(?:passes|passing|going|goes)? ?through (?:the )?"
    rf"(?:point )?(?P<a>{_POINT})|and (?:a )?(?:⟦\d+⟧|y)-?intercept(?: of)? (?P<b>⟦\d+⟧|-?[\d./]+))",
    rf"{THE} (?:the )?(?:an )?equation (?:of|for) (?:the |a )?(?:straight )?line (?:that )?(?:passes |passing |going |"
    rf"goes )?through (?:the )?(?:point )?(?P<a>{_POINT})(?: and)?,? (?:with|that has|having|has) (?:a )?slope(?: of)? "
    rf"(?P<k>⟦\d+⟧|-?[\d./]+)",
    rf"{THE} (?:the )?(?:an )?equation (?:of|for) (?:the |a )?(?:straight )?line (?:that is )?(?P<to>parallel|"
    rf"perpendicular) to (?:the line )?(?P<f>⟦\d+⟧|.+?) (?:and )?(?:that )?(?:passes|passing|going|goes)? ?through "
    rf"(?:the )?(?:point )?(?P<a>{_POINT})",
)
def _line_with(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    groups = m.groupdict()
    if groups.get("to"):
        slope = _slope(p.formula(m["f"]))
        if groups["to"].lower() == "perpendicular":
            if slope == 0:
                raise Unsure
            slope = -1 / slope
    else:
        slope = ex.scalar(p.formula(groups["k"]))
    at = ex.point(p.formula(groups["a"])) if groups.get("a") else (sp.Integer(0), ex.scalar(p.formula(groups["b"])))
    if len(at) != 2 or not slope.is_number:
        raise Unsure
    return _line(slope, at)


def _slope(equation: str) -> Any:
    """The slope of a line.

    Raises:
        Unsure: If it is none, or vertical.
    """
    import sympy as sp

    sides, ops = ex.relation(equation)
    x, y = sp.Symbol("x"), sp.Symbol("y")
    line = sides[0] - sides[1]
    if ops != ("=",) or not line.free_symbols <= {x, y} or not line.is_polynomial(x, y):
        raise Unsure
    polynomial = sp.Poly(line, x, y)
    if polynomial.total_degree() != 1 or polynomial.coeff_monomial(y) == 0:
        raise Unsure
    return -polynomial.coeff_monomial(x) / polynomial.coeff_monomial(y)


@rule(
    rf"{THE} (?:the )?slope of{OF} ?(?:the )?(?:line )?(?:with equation |given by )?(?P<f>⟦\d+⟧|[^()]*=.+)",
)
def _slope_of(p: Problem, m: re.Match[str]) -> Expected:
    return value_of(_slope(p.formula(m["f"])))


@rule(
    rf"{THE} (?:the )?(?:an )?equation (?:of|for) (?:the |a )?tangent(?: line)? (?:to|of) {_GRAPH}(?P<f>.+?) "
    rf"(?:at|where) (?:the point )?(?:where )?(?P<at>⟦\d+⟧|x ?= ?[^ ]+|{_POINT})",
)
def _tangent(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    body, x = _body(p, m["f"])
    at = p.formula(m["at"])
    if "=" in at:
        sides, ops = ex.relation(at)
        if ops != ("=",) or sides[0] != x:
            raise Unsure
        place = sides[1]
    else:
        place, height = ex.point(at)
        if sp.simplify(body.subs(x, place) - height) != 0:
            raise Unsure
    slope = sp.diff(body, x).subs(x, place)
    if not place.is_number or not slope.is_finite:
        raise Unsure
    return _line(slope, (place, body.subs(x, place)))


@rule(
    rf"{THE} (?:the )?average rate of change of{OF} ?(?P<f>.+?) (?:from|between|over|on) (?:the interval )?(?P<at>.+)"
)
def _average_rate(p: Problem, m: re.Match[str]) -> Expected:
    body, x = _body(p, m["f"])
    ends = re.fullmatch(r"\[(.+?),(.+?)\]", (p.formula(m["at"]) if "⟦" in m["at"] else m["at"]).strip())
    texts = list(ends.groups()) if ends else re.split(r"\s+(?:to|and)\s+", m["at"].strip())
    if len(texts) != 2:
        raise Unsure
    low, high = (ex.scalar(re.sub(r"^\s*[a-z]\s*=", "", t if ends else p.formula(t))) for t in texts)
    if not (low.is_number and high.is_number) or low == high:
        raise Unsure
    return value_of((body.subs(x, high) - body.subs(x, low)) / (high - low))


@rule(
    rf"{THE} (?:all )?(?:the )?(?P<what>critical (?:points|numbers|values)|inflection points?|points? of inflection) of"
    rf"{OF} ?(?P<f>.+)",
)
def _critical(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    body, x = _body(p, m["f"])
    if not body.is_polynomial(x) or sp.degree(body, x) < 2:
        raise Unsure
    order = 2 if "inflection" in m["what"].lower() else 1
    slope = sp.Poly(sp.diff(body, x, order), x)
    places = sorted((r for r, k in sp.roots(slope).items() if r.is_real and (order == 1 or k % 2)), key=float)
    if sum(sp.roots(slope).values()) != slope.degree() or not places:
        raise Unsure
    points = ", ".join(f"({tex(v)}, {tex(sp.expand(body.subs(x, v)))})" for v in places)
    return Expected((", ".join(tex(v) for v in places), points))


@rule(
    rf"{THE} (?:the )?area (?:under|below)(?: the)?(?: curve| graph)?(?: of)? (?P<f>.+?) (?:from|between) "
    r"(?:x ?= ?)?(?P<a>[^ ]+) (?:to|and) (?:x ?= ?)?(?P<b>[^ ]+)",
    rf"{THE} (?:the )?area (?:of the region )?(?:between|enclosed by|bounded by)(?: the)?(?: curves| graphs)?(?: of)? "
    r"(?P<f>⟦\d+⟧|y ?=.+?) and (?P<g>⟦\d+⟧|y ?=.+)",
)
def _area(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    body, x = _body(p, m["f"])
    if not m.groupdict().get("g"):
        low, high = ex.scalar(p.formula(m["a"])), ex.scalar(p.formula(m["b"]))
        y = sp.Symbol("y", real=True)
        if not (low < high) or sp.solveset(body.subs(x, y) < 0, y, sp.Interval(low, high)) is not sp.S.EmptySet:
            raise Unsure
        return value_of(ex.definite(body, x, low, high), form="")
    difference = body - ex.scalar(body_of(p.formula(m["g"])))
    if not difference.is_polynomial(x) or difference.free_symbols != {x}:
        raise Unsure
    ends = sorted(set(sp.real_roots(sp.Poly(difference, x))), key=float)
    if len(ends) != 2 or any(v.has(sp.CRootOf) for v in ends):
        raise Unsure
    return value_of(sp.Abs(sp.simplify(sp.integrate(difference, (x, *ends)))), form="")


@rule(
    r"(?:complete the square(?: for| of| in|:)?|write in vertex form:?) (?P<f>.+)",
    r"(?:write|express|rewrite|put) (?P<f>.+?) in vertex form",
)
def _square(p: Problem, m: re.Match[str]) -> Expected:
    given = p.formula(m["f"])
    a, b, c, x = _quadratic(p, m["f"])
    return value_of(a * x**2 + b * x + c, given, "square")


_SPAN: Final = re.compile(
    r"(?P<a>[^<≤\\]+?)\s*(?P<la><|≤|\\leq?(?![a-z]))\s*(?P<n>[a-zθ]|\\theta)\s*(?P<lb><|≤|\\leq?(?![a-z]))\s*(?P<b>.+)"
    r"|(?P<oa>[\[(])(?P<c>[^,]+),(?P<d>[^,]+)(?P<ob>[\])])"
)


@rule(
    r"(?:solve|find all (?:the )?(?:solutions|values)(?: of \S+)?(?: of| to| for which| such that| satisfying)?)"
    r"(?: the equation)?:? (?P<f>⟦\d+⟧|[^,⟦]+?),? (?:for|where|on|in|with|if|over)(?: the interval)? "
    r"(?P<d>⟦\d+⟧|[^⟦]+?)",
)
def _on_an_interval(p: Problem, m: re.Match[str]) -> Expected:
    """All solutions of an equation with sines, cosines or tangents on an interval."""
    import sympy as sp

    sides, ops = ex.relation(p.formula(m["f"]))
    span = _SPAN.fullmatch(p.formula(m["d"]).replace(r"\left", "").replace(r"\right", "").strip())
    if span is None or ops != ("=",) or "circ" in m.string or "°" in m.string:
        raise Unsure
    difference = sides[0] - sides[1]
    x = ex.variable(difference)
    if not difference.has(sp.sin, sp.cos, sp.tan) or (span["n"] and span["n"].lstrip("\\") not in (str(x), "θ")):
        raise Unsure
    low, high = (ex.scalar(span[one] or span[other]) for one, other in (("a", "c"), ("b", "d")))
    opens = [(span[sign] or "") == "<" or span[bracket] in ("(", ")") for sign, bracket in (("la", "oa"), ("lb", "ob"))]
    turns = _roots_in_turns(difference, x, low, high)
    values = [value for value in turns if not (opens[0] and value == low) and not (opens[1] and value == high)]
    if not values:
        raise Unsure
    return Expected((", ".join(map(tex, values)),), how="substituted")


GRID: Final = 4000


def _roots_in_turns(difference: Any, x: Any, low: Any, high: Any) -> list[Any]:
    """The roots of a trigonometric expression from ``low`` to ``high``, each a multiple of pi/24.

    Every place where it changes its sign or comes close to zero must be one of them, so that none is missed.

    Raises:
        Unsure: If another root may be there.
    """
    import sympy as sp

    begin, end = float(low), float(high)
    if not 0 < end - begin < 30:
        raise Unsure
    work = sp.lambdify(x, difference, "math")
    width = (end - begin) / GRID
    places = [begin + width * n for n in range(-1, GRID + 2)]
    heights = [float(work(place)) for place in places]
    steps = range(sp.ceiling(24 * low / sp.pi), sp.floor(24 * high / sp.pi) + 1)
    found = [step * sp.pi / 24 for step in steps if sp.simplify(difference.subs(x, step * sp.pi / 24)) == 0]
    near = [float(value) for value in found]
    for n in range(1, len(places) - 1):
        before, here, after = heights[n - 1 : n + 2]
        turns = before * here <= 0 or (abs(here) <= abs(before) and abs(here) <= abs(after) and abs(here) < 1e-4)
        if turns and abs(here) < 50 and not any(abs(value - places[n]) < 2 * width for value in near):
            raise Unsure
    return found
