"""Tasks of calculus and matrices: derivatives, integrals, limits, determinants, values of functions.

Loaded only in the checking process.
"""

from __future__ import annotations

import re
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.problem import OF, THE, Expected, Problem, Rules, body_of, tex, value_of

rule: Final = Rules()


@rule(
    r"differentiate(?: the function)?:? (?P<f>.+?)(?: with respect to (?P<x>⟦\d+⟧|[a-z]))?",
    rf"(?:{THE} )?d/d(?P<x>[a-z])(?: of)?:? (?P<f>[^=]+)",
    rf"{THE} (?:the )?(?:first )?(?P<d>second |third )?derivative(?: with respect to (?P<x>⟦\d+⟧|"
    rf"[a-z]))?(?: of|:){OF} (?P<f>.+?)(?: with respect to (?P<x2>⟦\d+⟧|[a-z]))?",
    rf"{THE} (?P<q>d[a-z]/d[a-z]|[a-z]'{{1,3}}|⟦\d+⟧) (?:if|for|when|given that|where) (?P<f>(?:⟦\d+⟧|y ?=.+))",
    r"(?:if|given(?: that)?|let) (?P<f>(?:⟦\d+⟧|y ?=.+?))[,.] (?:find|compute|what is|determine) "
    r"(?P<q>d[a-z]/d[a-z]|y'{1,3}|⟦\d+⟧)",
)
def _derivative(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    groups, given = m.groupdict(), p.formula(m["f"])
    order = {"s": 2, "t": 3}.get((groups.get("d") or " ")[0].lower(), 1)
    asked = groups.get("x") or groups.get("x2")
    if groups.get("q"):
        quotient = p.formula(m["q"]).replace(" ", "")
        found = re.fullmatch(r"d([a-z])/d([a-z])|\\[dt]?frac\{?d([a-z])\}?\{?d([a-z])\}?|([a-z])('{1,3})", quotient)
        named = re.match(r"\s*([a-z])\s*=", given)
        if found is None or named is None or named[1] != (found[1] or found[3] or found[5]):
            raise Unsure
        asked, order = found[2] or found[4], len(found[6] or "'")
    body = ex.scalar(re.sub(r"^\s*[a-z]\s*=", "", given) if groups.get("q") else body_of(given))
    x = sp.Symbol(p.formula(asked)) if asked else ex.variable(body)
    return value_of(sp.diff(body, x, order))


@rule(
    rf"{THE} (?:the )?(?:slope|gradient) of (?:the )?tangent(?: line)? to (?:the )?(?:graph of |curve |parabola "
    r"|function )*(?P<f>.+?) at (?:(?:the point )?where )?(?P<a>[a-z] ?= ?[^ ]+|⟦\d+⟧)"
)
def _slope_at(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    body = ex.scalar(body_of(p.formula(m["f"])))
    x = ex.variable(body)
    name, equals, at = p.formula(m["a"]).partition("=")
    if not equals or name.strip() != str(x):
        raise Unsure
    return value_of(sp.diff(body, x).subs(x, ex.scalar(at)))


@rule(
    r"integrate(?: the function)?:? (?P<f>.+?)(?: with respect to (?P<x>⟦\d+⟧|[a-z])| d(?P<dx>[a-z]))?"
    r"(?: from (?:[a-z] ?= ?)?(?P<a>[^ ]+) to (?:[a-z] ?= ?)?(?P<b>[^ ]+))?",
    rf"{THE} (?:the |an )?(?:indefinite integral|antiderivative|integral)(?: of|:){OF} (?P<f>.+?)(?: "
    rf"with respect to (?P<x>⟦\d+⟧|[a-z])| d(?P<dx>[a-z]))?(?: from (?P<a>[^ ]+) to (?P<b>[^ ]+))?",
)
def _integral(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    given = p.formula(m["f"])
    groups = m.groupdict()
    if "int" in given:
        return value_of(ex.scalar(given), form="")
    body = ex.scalar(body_of(given))
    asked = groups.get("x") or groups.get("dx")
    x = sp.Symbol(p.formula(asked)) if asked else ex.variable(body)
    if groups.get("a"):
        found = ex.definite(body, x, ex.scalar(p.formula(groups["a"])), ex.scalar(p.formula(groups["b"])))
    else:
        found = sp.integrate(body, x) + sp.Symbol("C")
    if found.has(sp.Integral):
        raise Unsure
    return value_of(found, form="")


@rule(
    rf"{THE} (?:the )?limit of{OF} (?P<f>.+?) as (?P<x>⟦\d+⟧|[a-z]) (?:approaches|goes to|tends to|->|"
    rf"→) (?P<a>infinity|.+?)",
    rf"{THE} (?:the )?limit of{OF} (?P<f>.+?) as (?P<xa>⟦\d+⟧)",
)
def _limit(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    groups = m.groupdict()
    if groups.get("xa"):
        found = re.fullmatch(r"([a-z])\s*\\(?:to|rightarrow)\s*(.+)", p.formula(groups["xa"]))
        if found is None:
            raise Unsure
        name, at = found[1], ex.scalar(found[2])
    else:
        name = p.formula(m["x"])
        at = sp.oo if m["a"].lower().startswith("infinity") else ex.scalar(p.formula(m["a"]))
    return value_of(ex.limit(ex.scalar(p.formula(m["f"])), name, at))


@rule(
    rf"{THE} (?:the )?(?P<what>determinant|inverse|transpose|trace|rank)(?: of|:){OF} (?P<f>.+)",
    rf"{THE} (?:the )?(?P<what>(?:largest |smallest )?eigenvalues?)(?: of|:){OF} (?P<f>.+)",
)
def _of_matrix(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    found, what = ex.matrix(p.formula(m["f"])), m["what"].lower()
    if what in ("determinant", "inverse", "trace") and not found.is_square:
        raise Unsure
    if what == "inverse":
        if sp.simplify(found.det()) == 0:
            raise Unsure
        return value_of(found.inv(), form="")
    if "eigenvalue" in what:
        values = list(found.eigenvals())
        if not all(v.is_real for v in values):
            raise Unsure
        ordered = [tex(v) for v in sorted(values, key=lambda v: float(v))]
        if "est" in what:
            return Expected((ordered[-1] if "largest" in what else ordered[0],))
        return Expected((", ".join(ordered),))
    if what == "determinant":
        return value_of(found.det())
    if what == "trace":
        return value_of(found.trace())
    return value_of(sp.Integer(found.rank()) if what == "rank" else found.T, form="")


@rule(
    r"(?P<what>multiply|add) (?:the )?matrices (?P<a>⟦\d+⟧|\[\[.+?\]\]) (?:and|by) (?P<b>⟦\d+⟧|\[\[.+?\]\])",
    rf"{THE} (?:the )?(?P<what>product|sum) of (?:the )?matrices (?P<a>⟦\d+⟧|\[\[.+?\]\]) and "
    r"(?P<b>⟦\d+⟧|\[\[.+?\]\])",
)
def _two_matrices(p: Problem, m: re.Match[str]) -> Expected:
    a, b = ex.matrix(p.formula(m["a"])), ex.matrix(p.formula(m["b"]))
    product = m["what"].lower() in ("multiply", "product")
    if (a.shape[1] != b.shape[0]) if product else (a.shape != b.shape):
        raise Unsure
    return value_of(a * b if product else a + b, form="")


@rule(
    r"(?:evaluate|find(?: the value of)?|what is(?: the value of)?|calculate|compute) (?P<f>.+?) "
    r"(?:when|if|for|at|given(?: that)?) (?P<at>.+)",
    r"(?P<at>⟦\d+⟧|[a-z]\([a-z]\) ?= ?[^.]+?)[,.] (?:evaluate|find|what is|calculate|compute) (?P<f>.+)",
    r"(?:if|let|given(?: that)?) (?P<at>.+?)[,.]? (?:then )?(?:evaluate|find(?: the value of)?|what "
    r"is(?: the value of)?|calculate|compute) (?P<f>.+)",
)
def _at(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    given: dict[Any, Any] = {}
    functions: dict[str, tuple[Any, Any]] = {}
    for text in p.listed(m["at"]):
        if f := re.fullmatch(r"\s*([a-zA-Z])\s*\(\s*([a-z])\s*\)\s*=\s*(.+)", text, re.DOTALL):
            functions[f[1]] = (sp.Symbol(f[2]), ex.scalar(f[3]))
            continue
        sides, ops = ex.relation(text)
        if ops != ("=",) or not sides[0].is_Symbol or not sides[1].is_number or sides[0] in given:
            raise Unsure
        given[sides[0]] = sides[1]
    asked = p.formula(m["f"])
    if functions:
        if given:
            raise Unsure
        return value_of(_composed(asked, functions))
    body = ex.scalar(asked)
    if not body.free_symbols or body.free_symbols != set(given):
        raise Unsure
    value = body.subs(given)
    return value_of(value)


def _composed(text: str, functions: dict[str, tuple[Any, Any]]) -> Any:
    """A value such as ``f(g(2)) - g(3)``, or an expression such as ``f(x + 1)`` or ``f'(x)``."""
    import sympy as sp

    text = re.sub(r"\^\s*\{?\s*((?:\\prime\s*)+)\}?", lambda m: "'" * m[1].count("prime"), text)
    text = text.replace("\\left", "").replace("\\right", "").replace("’", "'")
    for _ in range(12):
        m = re.search(r"(?<![A-Za-z\\])([a-zA-Z])('{0,3})\(([^()]*)\)", text)
        if m is None:
            value = ex.scalar(text)
            if not value.free_symbols <= {x for x, _ in functions.values()}:
                raise Unsure
            return value
        if m[1] not in functions:
            raise Unsure
        x, body = functions[m[1]]
        argument = ex.scalar(m[3])
        if not body.free_symbols <= {x}:
            raise Unsure
        value = sp.diff(body, x, len(m[2])).subs(x, argument)
        if value.is_finite is False or value.has(sp.nan, sp.zoo, sp.Derivative):
            raise Unsure
        text = f"{text[: m.start()]}({tex(value)}){text[m.end() :]}".replace("\\left", "").replace("\\right", "")
        text = re.sub(r"(?<![A-Za-z\\])([a-zA-Z]'{0,3})\(\((.+?)\)\)", r"\1(\2)", text)
        text = re.sub(r"([a-zA-Z]'{0,3})\(\(([^()]*)\)\)", r"\1(\2)", text)
    raise Unsure
