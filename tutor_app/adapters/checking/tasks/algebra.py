"""Tasks of algebra: evaluate, simplify, factor, expand, solve equations, inequalities and linear systems.

Loaded only in the checking process.
"""

from __future__ import annotations

import re
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.floors import floor_solutions, has_floor
from tutor_app.adapters.checking.tasks.problem import (
    ASK,
    OF,
    THE,
    Expected,
    Problem,
    Rules,
    body_of,
    modulo,
    tex,
    value_of,
    with_remainder,
)

_ALIGNED: Final = re.compile(
    r"\\begin\{(align\*?|aligned|cases|gather\*?|array)\}(?:\{[lcr]*\})?(.+?)\\end\{\1\}", re.DOTALL
)

rule: Final = Rules()
_NO_SOLUTION: Final = (r"\text{no solution}", r"\emptyset")
_REALS: Final = r"(?:,? (?:over|in|for|among) (?:the )?(?:reals?|real numbers|set of real numbers|ℝ))?"
_COLON: Final = re.compile(r"(?<=[\d)}]) : (?=[\d({])")
_TWO_WHOLE: Final = re.compile(r"(\d+)\s*(?:/|÷|\\div)\s*(\d+)")
_INSIDE: Final = re.compile(
    r"(?P<f>.+?),? (?:for|on|in|where|if|with|over|such that)(?: ⟦\d+⟧ in)?(?: the)?(?: interval| domain| range)? "
    r"(?P<at>⟦\d+⟧|[^ ]+ ?(?:<=?|≤) ?[a-z] ?(?:<=?|≤) ?[^ ]+|\[[^\[\]()]+[\])])"
)
"""An equation, and the interval of its unknown."""


@rule(
    rf"{ASK}:? (?P<f>.+)",
    r"(?P<f>(?:[\d(⟦√\\-]|(?:(?:arc)?(?:sin|cos|tan)|cot|sec|csc|log|ln|sqrt) ?[({_\d]).*?)(?: = ?\??)?",
)
def _evaluate(p: Problem, m: re.Match[str]) -> Expected:
    text = re.sub(r"\s*(?:=|equals?|equal to)\s*\??$", "", m["f"]) if "⟦" not in m["f"] else m["f"]
    given = re.sub(r"\s*=\s*\??$", "", p.formula(text))
    if "matrix}" in given and not re.match(r"\s*(?:\\left)?\|?\\(?:det|begin\{vmatrix)", given):
        found = ex.matrices(given)
        if found.shape == (1, 1):
            return Expected((tex(found[0]), tex(found)), given=given)
        return value_of(found, given)
    divided = _COLON.sub(r" \\div ", given)
    value = ex.scalar(divided)
    if two := _TWO_WHOLE.fullmatch(divided.strip()):
        # Of a colon that leaves a remainder, the ratio may be meant.
        return with_remainder(value_of(value, given), two[1], two[2], open_=divided != given)
    if divided != given and not value.is_Integer:
        raise Unsure  # a ratio may be meant
    operator = re.match(r"\s*\\(?:displaystyle\s*)?(?:int|lim|sum|prod|det|frac\s*\{\s*d\s*\}|begin)", given)
    if value.free_symbols and not operator:
        raise Unsure
    return value_of(value, given)


@rule(
    r"(?:fully |completely )?simplify(?: the (?:expression|fraction|following(?: expression)?))?:? "
    r"(?P<f>.+?)(?: (?:completely|fully))?",
    r"rationali[sz]e(?: the denominator)?(?: of|:)? (?P<f>.+)",
    r"(?:combine|collect)(?: the)? like terms(?: in| of)?:? (?P<f>.+)",
    r"reduce(?: the fraction)?:? (?P<f>.+?)(?: to (?:lowest|simplest) terms)?",
    r"(?:express|write|convert) (?P<f>⟦\d+⟧|[\d./ ]+) (?:as|in|to|into) (?:an? )?(?:(?:common|simplified|reduced|"
    r"single|improper) )?(?:fraction|mixed number|decimal|lowest terms|simplest form)(?: in "
    r"(?:lowest|simplest) terms| in simplest form)?",
)
def _simplify(p: Problem, m: re.Match[str]) -> Expected:
    given = p.formula(m["f"])
    value = ex.scalar(given)
    if "mixed" in m[0].lower() and value.is_Rational and not value.is_Integer and abs(value) > 1:
        return value_of(value, given, "mixed")
    return value_of(value, given, "new" if "decimal" in m[0].lower() else "simplest")


@rule(
    r"(?P<what>subtract) (?P<a>.+?) from (?P<b>.+)",
    r"(?P<what>add) (?P<b>.+?) (?:and|to|plus) (?P<a>.+)",
    r"(?P<what>multiply) (?P<b>.+?) (?:by|and|times) (?P<a>.+)",
    r"(?P<what>divide) (?P<b>.+?) by (?P<a>.+)",
    r"(?P<what>multiply):? (?P<f>.+)",
)
def _operation(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    if m.groupdict().get("f"):
        given = p.formula(m["f"])
        value = ex.scalar(given)
        return value_of(sp.expand(value), given, "expanded" if value.free_symbols else "new")
    a, b = ex.scalar(p.formula(m["a"])), ex.scalar(p.formula(m["b"]))
    what = m["what"].lower()
    if what == "divide":
        quotient = sp.cancel(b / a)
        if a == 0 or (a.free_symbols and not quotient.is_polynomial()):
            raise Unsure  # whether quotient and remainder or a fraction is meant is not said
        return with_remainder(value_of(quotient, form=""), str(b), str(a))
    value = sp.expand(b - a if what == "subtract" else b + a if what == "add" else b * a)
    return value_of(value, form="expanded" if value.free_symbols else "")


@rule(
    r"(?:fully |completely )?(?P<what>factor|factorise|factorize|expand|multiply out)(?: out)?(?: "
    r"completely| fully| and simplify| by grouping)?(?: the (?:expression|polynomial|quadratic|product|"
    r"following(?: expression)?))?(?: completely)?:? (?P<f>.+?)(?: (?:completely|fully|over the "
    r"integers|as (?:far|much) as possible))?"
)
def _rewrite(p: Problem, m: re.Match[str]) -> Expected:
    given = p.formula(m["f"])
    value = ex.scalar(given)
    if not value.free_symbols or not value.is_polynomial():
        raise Unsure
    return value_of(value, given, "factored" if m["what"].lower().startswith("factor") else "expanded")


@rule(
    r"solve(?: the (?:following )?(?:equation|inequality|quadratic(?: equation)?))?(?: for "
    rf"(?P<x>⟦\d+⟧|[a-z]))?{_REALS}(?: in)?[:,]? (?P<f>.+?)(?:,? for (?:real )?(?P<x2>⟦\d+⟧|[a-z]))?{_REALS}",
    r"(?:find|determine|what (?:is|are)) (?:all |the )?(?:possible |real |the )*(?:value|values|"
    r"solution|solutions|root|roots)(?: of (?P<x>⟦\d+⟧|[a-z]))? (?:that satisf(?:y|ies)|which "
    r"satisf(?:y|ies)|such that|for which|if|of|to|in|so that|satisfying)(?: the equation)? (?P<f>.+)",
    r"if (?P<f>.+?),? (?:then )?(?:what is|find|solve for|what is the value of|find the value of|"
    r"determine|compute) (?P<x>⟦\d+⟧|[a-z])",
    r"(?:find|solve for|determine) (?:all )?(?:the )?(?:real )?(?:numbers )?(?P<x>⟦\d+⟧|[a-z])"
    r"(?: if| such that| when| given that| in|:|,)(?: the equation)? (?P<f>.+)",
    r"(?P<f>.+?[=].+?),? (?:solve for|find|what is) (?P<x>⟦\d+⟧|[a-z])",
    r"what (?:real )?(?:value|values)(?: of (?P<x>⟦\d+⟧|[a-z]))? (?:satisf(?:y|ies)|makes?) (?:the equation "
    r")?(?P<f>.+?)"
    r"(?: true)?",
    r"for (?:what|which) (?:real )?(?:value|values)(?: of (?P<x>⟦\d+⟧|[a-z]))? (?:is|does) (?P<f>.+?)"
    r"(?: true| hold)?",
    r"for (?:what|which) (?:real )?(?P<x>⟦\d+⟧|[a-z]) (?:is|does|do we have) (?P<f>.+?)(?: true| hold)?",
)
def _solve(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    text, groups = m["f"], m.groupdict()
    within = _INSIDE.fullmatch(text)
    given = p.formula(within["f"] if within else text)
    asked = groups.get("x") or groups.get("x2") or ""
    sides, ops = ex.relation(given)
    names = set().union(*(s.free_symbols for s in sides))
    if len(names) != 1:
        raise Unsure
    x = names.pop()
    if asked and p.formula(asked) != str(x):
        raise Unsure
    if ops != ("=",):
        if within:
            raise Unsure
        return _inequality(sides, ops, x)
    difference = sides[0] - sides[1]
    if difference.has(sp.I) or ex.has_odd_root(difference):
        raise Unsure  # SymPy's roots of negative numbers are complex, and so may the unknown be
    y = sp.Symbol("y", real=True)
    among = _interval(p.formula(within["at"]), x) if within else sp.S.Reals
    if has_floor(difference):
        return _set_of_values(floor_solutions(difference.subs(x, y), y).intersect(among), x)
    found = sp.solveset(difference.subs(x, y), y, among)
    if found == sp.S.Reals and sp.expand(difference) == 0:
        return Expected((r"\mathbb{R}", r"\text{all real numbers}", r"(-\infty, \infty)"), "recomputed")
    if not isinstance(found, sp.FiniteSet) and found is not sp.S.EmptySet:
        found = _only_root(difference.subs(x, y), y, among)
    real = "real" in m[0].lower() or within is not None
    if not real:
        every = _complex_roots(difference, x)
        if every is not None and len(found) == 1 and "all" not in m[0].lower() and _is_odd_power(difference, x):
            # "x^3 = 27": the real root, or all three.
            return Expected((tex(next(iter(found))), ", ".join(map(tex, every))), "substituted")
        if len(found) != (len(every) if every is not None else len(found) or -1):
            raise Unsure  # whether complex ones are meant is not said
    # SymPy also gives what makes a logarithm of a negative number; the unknown is real where one stands.
    solved = sp.FiniteSet(*(v for v in found if _vanishes(difference.subs(x, v))))
    if solved != found and not difference.has(sp.log):
        raise Unsure
    return _set_of_values(solved, x)


def _is_odd_power(difference: Any, x: Any) -> bool:
    """Whether an equation says what an odd power of a linear expression is."""
    import sympy as sp

    if not difference.is_polynomial(x) or (degree := sp.degree(difference, x)) < 3 or degree % 2 == 0:
        return False
    return len(sp.roots(sp.diff(difference, x), x)) == 1 and sp.discriminant(difference, x) != 0


@rule(
    r"(?:solve|rearrange)(?: the)?(?: formula| equation)?:? (?P<f>⟦\d+⟧|[^ ]+ ?= ?.+?),? for (?P<x>⟦\d+⟧|[a-z])",
    r"solve for (?P<x>⟦\d+⟧|[a-z])(?: in)?[:,]? (?P<f>⟦\d+⟧|[^ ]+ ?= ?.+)",
    r"make (?P<x>⟦\d+⟧|[a-z]) the subject of(?: the)?(?: formula| equation)?:? (?P<f>⟦\d+⟧|[^ ]+ ?= ?.+)",
    r"rearrange(?: the)?(?: formula| equation)?:? (?P<f>⟦\d+⟧|[^ ]+ ?= ?.+?) to make (?P<x>⟦\d+⟧|[a-z]) the subject",
)
def _subject(p: Problem, m: re.Match[str]) -> Expected:
    """A formula solved for a letter that it has to the first power only: elsewhere the sign of a root is not said."""
    import sympy as sp

    sides, ops = ex.relation(p.formula(m["f"]))
    x = sp.Symbol(p.formula(m["x"]))
    difference = sp.numer(sp.together(sides[0] - sides[1])) if len(sides) == 2 else x
    if ops != ("=",) or len(difference.free_symbols) < 2 or not difference.is_polynomial(x):
        raise Unsure
    if sp.degree(difference, x) != 1 or difference.has(sp.I, sp.E):
        raise Unsure
    slope = sp.Poly(difference, x).coeff_monomial(x)
    return Expected((tex(sp.cancel(x - difference / slope)),), form="subject", given=str(x))


def _vanishes(left: Any) -> bool:
    import sympy as sp

    return bool(left == 0 or abs(left.evalf(40)) <= sp.Float("1e-30"))


def _interval(text: str, x: Any) -> Any:
    """The interval that ``0 \\le x < 2 \\pi`` or ``[0, 2 \\pi)`` is."""
    import sympy as sp

    text = re.sub(r"^\s*[a-z]\s*\\in(?![a-z])", "", text).replace("\\left", "").replace("\\right", "").strip()
    if m := re.fullmatch(r"([\[(])(.+),(.+)([\])])", text):
        low, high = ex.scalar(m[2]), ex.scalar(m[3])
        opened = (m[1] == "(", m[4] == ")")
    else:
        sides, ops = ex.relation(text)
        if len(sides) != 3 or sides[1] != x or not set(ops) <= {"<", "<="}:
            raise Unsure
        low, high = sides[0], sides[2]
        opened = (ops[0] == "<", ops[1] == "<")
    if not (low.is_number and high.is_number and low < high):
        raise Unsure
    return sp.Interval(low, high, *opened)


def _only_root(difference: Any, y: Any, among: Any) -> Any:
    """The one root of a strictly monotonic function of one interval.

    Raises:
        Unsure: If it is not known to be one, or no root is found.
    """
    import sympy as sp
    from sympy.calculus.util import continuous_domain

    domain = continuous_domain(difference, y, among)
    slope = sp.together(sp.diff(difference, y))
    if not isinstance(domain, sp.Interval) or sp.solveset(slope, y, domain) is not sp.S.EmptySet:
        raise Unsure
    roots = [r for r in sp.solve(difference, y) if r.is_real and domain.contains(r) == sp.true]
    if len(set(roots)) != 1:
        raise Unsure
    return sp.FiniteSet(*roots)


def _complex_roots(difference: Any, x: Any) -> list[Any] | None:
    """The different roots of a polynomial equation; None if it is none."""
    import sympy as sp

    above, below = sp.fraction(sp.together(difference))
    if not above.is_polynomial(x):
        return None
    roots = sp.Poly(above, x).all_roots() if sp.Poly(above, x).degree() > 0 else []
    return [r for r in set(roots) if below.subs(x, r) != 0]


def _inequality(sides: tuple[Any, ...], ops: tuple[str, ...], x: Any) -> Expected:
    import sympy as sp

    y = sp.Symbol("y", real=True)
    relations = {"<": sp.Lt, ">": sp.Gt, "<=": sp.Le, ">=": sp.Ge}
    if not set(ops) <= set(relations):
        raise Unsure
    found = sp.S.Reals
    for left, op, right in zip(sides, ops, sides[1:], strict=False):
        part = relations[op](left.subs(x, y), right.subs(x, y))
        if part in (sp.true, sp.false):
            raise Unsure
        found = found.intersect(sp.solve_univariate_inequality(part, y, relational=False))
    return _set_of_values(found, x)


def _set_of_values(found: Any, x: Any) -> Expected:
    """The task whose answer is a set of numbers: all values of an unknown."""
    import sympy as sp

    if found is sp.S.EmptySet:
        return Expected(_NO_SOLUTION, "recomputed")
    if isinstance(found, sp.FiniteSet):
        values = ", ".join(tex(v) for v in sorted(found, key=lambda v: float(v)))
        return Expected((values, f"\\{{{values}\\}}"), "substituted")
    if not isinstance(found, sp.Interval | sp.Union):
        raise Unsure
    return Expected((tex(found), tex(found.as_relational(sp.Symbol(str(x))))), "recomputed")


@rule(
    r"solve (?:the |this |for ⟦\d+⟧ and ⟦\d+⟧ in the )?(?:following )?(?:linear )?(?:system(?: of "
    r"(?:linear )?equations)?|simultaneous equations|equations)?:? ?(?P<f>.+)",
    r"solve for ⟦\d+⟧(?:, ⟦\d+⟧)*,? and ⟦\d+⟧(?: in the system)?[:,]? (?P<f>.+)",
    r"solve for [a-z](?:, [a-z])*,? and [a-z](?: in the system)?[:,]? (?P<f>.+)",
    r"(?P<f>.+?=.+?)\. (?:find|solve for) (?:[a-z]|⟦\d+⟧) and (?:[a-z]|⟦\d+⟧)",
    r"(?:find|determine) (?:[a-z]|⟦\d+⟧) and (?:[a-z]|⟦\d+⟧) (?:if|such that|when|given that|so that) (?P<f>.+)",
    r"find the (?:solution|ordered pair|ordered triple)(?: ⟦\d+⟧)? (?:of|to|that satisfies|which "
    r"satisfies|such that)(?: the)?(?: system)?(?: of equations)?:? ?(?P<f>.+)",
    r"if (?P<f>.+?),? (?:then )?(?:what is|find|compute)(?: the value of)? (?P<want>⟦\d+⟧)",
    r"(?:find|compute|what is)(?: the value of)? (?P<want>⟦\d+⟧) (?:if|given that|when) (?P<f>.+)",
    r"let ⟦\d+⟧ and ⟦\d+⟧ satisfy (?P<f>.+?)\. (?:what is|find|compute) (?P<want>⟦\d+⟧)",
)
def _system(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp
    from sympy.solvers.solveset import NonlinearError

    texts: list[str] = []
    for piece in re.split(r"\s*(?:,\s*and|,|;|\band\b)\s*", m["f"].strip().rstrip(".?,")):
        inner = p.formula(piece)
        aligned = _ALIGNED.fullmatch(inner.strip())
        texts += (
            re.split(r"\\\\", aligned[2].replace("&", ""))
            if aligned
            else inner.replace("\\text{ and }", ",").split(",")
        )
    texts = [t.strip().rstrip(".,;") for t in texts if t.strip()]
    read = [ex.relation(t) for t in texts]
    if any(ops != ("=",) for _, ops in read):
        raise Unsure
    equations = [sides[0] - sides[1] for sides, _ in read]
    names = sorted(set().union(*(e.free_symbols for e in equations)), key=str)
    want = m.groupdict().get("want")
    if not 2 <= len(names) == len(equations) or (not want and len(names) > 3):
        raise Unsure
    try:
        found = list(sp.linsolve(equations, names))
    except NonlinearError:
        return _nonlinear(equations, names, bool(want))
    if len(found) != 1 or any(v.free_symbols for v in found[0]):
        raise Unsure
    if want:
        aim = ex.scalar(p.formula(want))
        if not aim.free_symbols <= set(names) or not aim.free_symbols:
            raise Unsure
        return Expected((tex(aim.subs(dict(zip(names, found[0], strict=True)))),), "substituted")
    values = [tex(v) for v in found[0]]
    named = ", ".join(f"{n} = {v}" for n, v in zip(names, values, strict=True))
    return Expected((f"({', '.join(values)})", named), "substituted")


def _nonlinear(equations: list[Any], names: list[Any], want: bool) -> Expected:
    """All solutions of a system of two equations of polynomials, where all are real."""
    import sympy as sp

    if want or len(names) != 2 or not all(e.is_polynomial(*names) for e in equations):
        raise Unsure
    if not sp.polys.polytools.is_zero_dimensional(equations, *names):
        raise Unsure
    found = sp.solve_poly_system(equations, *names)
    if not found or len(found) > 8 or not all(v.is_real for pair in found for v in pair):
        raise Unsure
    if any(sp.simplify(e.subs(dict(zip(names, pair, strict=True)))) != 0 for e in equations for pair in found):
        raise Unsure
    return Expected((", ".join(f"({tex(a)}, {tex(b)})" for a, b in found),), "substituted")


@rule(rf"{THE} (?:all )?(?:the )?(?P<real>real )?(?:roots|zeros|zeroes)(?: of)?{OF} (?P<f>.+)")
def _roots(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    body = ex.scalar(body_of(re.sub(r"=\s*0\s*$", "", p.formula(m["f"]))))
    x = ex.variable(body)
    found = _complex_roots(body, x)
    if not found or (not m["real"] and not all(v.is_real for v in found)):
        raise Unsure
    values = ", ".join(tex(v) for v in sorted((v for v in found if v.is_real), key=lambda v: float(v)))
    if not values or any(v.has(sp.CRootOf) for v in found):
        raise Unsure
    return Expected((values,), "substituted")


@rule(
    rf"{THE} (?:the )?(?:sum|product) of (?:all )?(?:the )?(?:real )?(?:roots|zeros|solutions|zeroes)"
    rf"(?: of| to)?{OF} (?P<f>.+)",
)
def _roots_together(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    if "real" in m[0].lower():
        raise Unsure
    given = p.formula(m["f"])
    sides, ops = ex.relation(given) if "=" in given else ((ex.scalar(given), 0), ("=",))
    above = sp.together(sides[0] - sides[1])
    if ops != ("=",) or not above.is_polynomial():
        raise Unsure
    x = ex.variable(above)
    polynomial = sp.Poly(above, x)
    if polynomial.degree() < 1 or sp.discriminant(polynomial) == 0:
        raise Unsure
    roots = polynomial.all_coeffs()
    n = polynomial.degree()
    if "sum of" in m[0].lower():
        return value_of(-roots[1] / roots[0])
    return value_of((-1) ** n * roots[-1] / roots[0])


@rule(rf"{THE} (?:the )?(?P<what>remainder|quotient) when (?:the polynomial )?(?P<a>.+?) is divided by (?P<b>.+)")
def _divide(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    a_text, b = p.formula(m["a"]), ex.scalar(p.formula(m["b"]))
    remainder = m["what"].lower() == "remainder"
    if b.is_Integer and b > 0:
        if remainder:
            return value_of(sp.Integer(modulo(ex.term_of(a_text), int(b))))
        return value_of(sp.floor(ex.scalar(a_text) / b))
    a = ex.scalar(a_text)
    if not (a.is_polynomial() and b.is_polynomial()) or a.free_symbols | b.free_symbols != b.free_symbols:
        raise Unsure
    found = sp.div(a, b, ex.variable(b), domain="QQ")
    return value_of(found[1 if remainder else 0], form="")


@rule(
    rf"{THE} (?:the )?quotient and (?:the )?remainder (?:when|of|if) (?:the polynomial )?(?P<a>.+?) (?:is )?divided by "
    r"(?P<b>.+)",
    r"divide (?P<a>.+?) by (?P<b>.+?),? (?:with|giving|and (?:give|state|find)|stating) (?:a |the )?(?:quotient and "
    r"(?:the )?)?remainder",
)
def _divide_with_remainder(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    a, b = ex.scalar(p.formula(m["a"])), ex.scalar(p.formula(m["b"]))
    if a.is_Integer and b.is_Integer and a >= 0 and b > 0:
        quotient, remainder = divmod(int(a), int(b))
        parts = (str(quotient), str(remainder))
    elif a.is_polynomial() and b.is_polynomial() and b.free_symbols and a.free_symbols <= b.free_symbols:
        q, r = sp.div(a, b, ex.variable(b), domain="QQ")
        parts = (tex(q), tex(r))
    else:
        raise Unsure
    return Expected((f"({parts[0]}, {parts[1]})",), form="divided", divided=parts)
