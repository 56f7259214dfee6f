r"""From a formula of a problem to a SymPy expression, also of sums, products, integrals, limits and determinants.

What stands inside them is read by the grader's readers. A formula that can be read in two ways of different value is
not read at all. Loaded only in the checking process.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import Any, Final

from tutor_app.adapters.checking.symbolic import built, is_undefined
from tutor_app.adapters.grading.readings import readings
from tutor_app.adapters.grading.solution_sets import SCALAR
from tutor_app.adapters.grading.terms import Group, Matrix, Number, Power, Relation, Term
from tutor_app.text.scan import argument

LONGEST: Final = 400
CLOSE: Final = 1e-9
"""How near a numerical value must come to confirm an exact one, relative to it."""
MOST_TERMS: Final = 20_000
FUNCTIONS: Final = frozenset(
    """sqrt sin cos tan cot sec csc asin acos atan arcsin arccos arctan sinh cosh tanh ln exp abs pi log gcd
    lcm""".split()  # noqa: SIM905
)
"""Words of several letters that are functions or constants."""
DIVIDED_ON: Final = re.compile(
    r"(?:[/÷∕]|\\div(?![a-z])|(?<=\s):)\s*(?:\d+(?:\.\d+)?|[a-eik-zA-Z]|\([^()]*\))\s*(?:\(|√|\\sqrt(?![a-z]))"
)
"""A factor without a sign behind a division: whether it is multiplied by the quotient or divides is not certain."""
_WORD: Final = re.compile(r"(?<![A-Za-z\\])[A-Za-z]{2,}")
_NO_BASE: Final = re.compile(r"\\?log(?!_)")
_STYLE: Final = re.compile(r"\\(?:displaystyle|textstyle|limits|left|right|,|;|!|:|quad|qquad)(?![A-Za-z])\s?")
_SIZED: Final = re.compile(r"\\(?:left|right|big|Big|bigg|Bigg)(?![A-Za-z])")
_MATRIX: Final = re.compile(r"\\begin\{([pbBv]?)matrix\}(.*?)\\end\{\1matrix\}", re.DOTALL)
_MATRIX_PART: Final = re.compile(
    r"(?P<sign>[+-])|(?:\\cdot|\\times|\*)?"
    r"(?:(?P<matrix>M)(?:\^\{?(?:(?P<power>-?\d{1,3})|(?P<turned>T|\\top|\\(?:mathrm|text|mathsf)\{T\}))\}?)?"
    r"|(?P<number>\d{1,9}(?:\.\d+)?|\\[dt]?frac(?:\{-?\d{1,9}\}|\d)(?:\{\d{1,9}\}|\d)|\(-?\d{1,9}\)))"
)
"""A sign, a matrix that is named M, or a number in a sum of products."""
_OPERATORS: Final = re.compile(
    r"\\(?:int|sum|prod|lim|det|iint|oint|[chlvd]?dots[bcimo]?|begin|pmod|bmod)(?![A-Za-z])|\.\.\.|…"
)
_D: Final = re.compile(r"(?:\\,|\\;|\\ |\s)*(?:\\mathrm\{d\}|\\text\{d\}|d)\s?([a-zA-Z]|\\theta)\s*$")
_DERIVATIVE: Final = re.compile(r"\\[dt]?frac\s*\{\s*d\s*\}\s*\{\s*d\s?([a-zA-Z])\s*\}\s*(.+)$", re.DOTALL)
_DET: Final = re.compile(
    r"\\det\s*(?:\\left)?\s*\(?\s*(\\begin\{[pb]matrix\}.*\\end\{[pb]matrix\})\s*(?:\\right)?\s*\)?$", re.DOTALL
)
_LIMIT: Final = re.compile(r"\s*([a-zA-Z])\s*\\(?:to|rightarrow)(?![a-zA-Z])\s*(.+?)\s*(\^\{?[+-]\}?)?\s*$", re.DOTALL)


class Unsure(Exception):
    """The meaning of a formula is not certain, or cannot be computed."""


def term_of(text: str) -> Term:
    """The meaning of a formula.

    Raises:
        Unsure: If there is none, or it might be words.
    """
    text = _STYLE.sub(" ", _SIZED.sub("", text)).strip()
    if DIVIDED_ON.search(text):
        raise Unsure  # "12 : 2(3)"
    if not text or len(text) > LONGEST or _OPERATORS.search(_MATRIX.sub("", text)) or "\\\\" in _MATRIX.sub("", text):
        raise Unsure
    if any(word.lower() not in FUNCTIONS for word in _WORD.findall(re.sub(r"\\(?:begin|end)\{\w+\}|_\{?\w", "", text))):
        raise Unsure
    found = readings(text)
    if not found:
        raise Unsure
    return found[0]


def scalar(text: str, *, euler: bool = False) -> Any:
    """The expression of one number or formula.

    Args:
        text: The formula.
        euler: Whether an "e" in it can be no name: it is a bound of an integral.

    Raises:
        Unsure: If it has no certain meaning.
    """
    import sympy as sp

    text = text.strip()
    special = _special(text)
    if special is not None:
        return special
    term_of(text)
    if _NO_BASE.search(text):
        raise Unsure  # to the base 10 or e
    cleaned = _STYLE.sub(" ", _SIZED.sub("", text)).strip()
    terms = [t for t in readings(cleaned) if isinstance(t, SCALAR)]
    if any(map(_has_root_of_negative, terms)):
        raise Unsure
    expressions = {e for t in terms if (e := built(t)) is not None}
    if euler:
        expressions = {e.subs(sp.Symbol("e"), sp.E) for e in expressions}
    if not terms or len(expressions) != 1:
        raise Unsure
    expression = expressions.pop()
    if expression.atoms(sp.core.function.AppliedUndef) or is_undefined(expression):
        raise Unsure
    for call in expression.atoms(sp.sin, sp.cos, sp.tan, sp.cot, sp.sec, sp.csc):
        if call.args[0].is_Rational and call.args[0] != 0:
            raise Unsure  # degrees that were not written
    return expression


def _has_root_of_negative(term: Any) -> bool:
    """Whether an odd root of a negative number stands in a term: a real number in school, a complex one for SymPy."""
    if isinstance(term, Power) and isinstance(term.exponent, Number) and term.exponent.value.denominator not in (1, 2):
        base = built(term.base)
        if base is None or (base.is_number and not base.is_nonnegative):
            return True
    inner = [getattr(term, f.name) for f in fields(term)] if is_dataclass(term) else []
    return any(_has_root_of_negative(t) for value in inner for t in (value if isinstance(value, tuple) else (value,)))


def has_odd_root(expression: Any) -> bool:
    """Whether an unknown stands under a root that is neither a square root nor a power."""
    import sympy as sp

    return any(p.base.free_symbols and p.exp.is_Rational and p.exp.q > 2 for p in expression.atoms(sp.Pow))


def relation(text: str) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """The sides of a chain of relations, and the relations between them."""
    term = term_of(text)
    if not isinstance(term, Relation) or not set(term.ops) <= {"=", "<", ">", "<=", ">="}:
        raise Unsure
    sides = [built(member) if isinstance(member, SCALAR) else None for member in term.members]
    if None in sides or _NO_BASE.search(text):
        raise Unsure
    return tuple(sides), term.ops


def point(text: str) -> tuple[Any, ...]:
    """The coordinates of a point."""
    term = term_of(text)
    if not isinstance(term, Group) or term.brackets != "()":
        raise Unsure
    found = tuple(e for item in term.items if isinstance(item, SCALAR) and (e := built(item)) is not None)
    if len(found) != len(term.items) or not all(e.is_number for e in found):
        raise Unsure
    return found


def matrix(text: str) -> Any:
    """A matrix."""
    import sympy as sp

    term = term_of(text)
    if not isinstance(term, Matrix):
        raise Unsure
    rows = [[built(cell) if isinstance(cell, SCALAR) else None for cell in row] for row in term.rows]
    if any(cell is None for row in rows for cell in row):
        raise Unsure
    return sp.Matrix(rows)


def matrices(text: str) -> Any:
    """A sum of products of matrices, their powers, and numbers.

    Raises:
        Unsure: If it is none, or its parts do not fit; a sign between two columns means another product.
    """
    import sympy as sp

    found = list(_MATRIX.finditer(text))
    values = [matrix(m[0].replace("vmatrix", "pmatrix")) for m in found]
    if not values or any(m[1] in ("v", "") for m in found):
        raise Unsure
    between = _MATRIX.sub("M", _SIZED.sub("", text)).replace(" ", "").replace("\n", "").replace("(M)", "M")
    parts = list(_MATRIX_PART.finditer(between))
    if "".join(m[0] for m in parts) != between:
        raise Unsure
    remaining = iter(values)
    terms: list[Any] = []
    for m in parts:
        if m["sign"] or not terms:
            terms.append(sp.Integer(-1 if m["sign"] == "-" else 1))
        if m["matrix"]:
            one = next(remaining)
            one = one.T if m["turned"] else one ** int(m["power"]) if m["power"] else one
            terms[-1] = _multiplied(terms[-1], one)
        elif m["number"]:
            terms[-1] = _multiplied(terms[-1], scalar(m["number"]))
    if len(set(map(_shape, terms))) != 1 or not _shape(terms[0]):
        raise Unsure
    return sum(terms[1:], terms[0])


def _shape(value: Any) -> tuple[int, ...]:
    """The rows and columns of a matrix; none of a number."""
    return tuple(getattr(value, "shape", ()))


def _multiplied(left: Any, right: Any) -> Any:
    """The product of numbers and matrices."""
    if _shape(left) and _shape(right) and left.shape[1] != right.shape[0]:
        raise Unsure
    return left * right


def whole(expression: Any) -> int:
    """A whole number.

    Raises:
        Unsure: If it is none.
    """
    if not expression.is_Integer:
        raise Unsure
    return int(expression)


def variable(expression: Any) -> Any:
    """The only name in an expression."""
    names = expression.free_symbols
    if len(names) != 1:
        raise Unsure
    return next(iter(names))


def _special(text: str) -> Any | None:
    """A formula that is a determinant, a derivative, an integral, a limit, a sum or a product as a whole."""
    import sympy as sp

    text = re.sub(r"^\\(?:displaystyle|textstyle)\s*", "", text)
    if m := _DET.match(text):
        return matrix(m[1]).det()
    if (m := _MATRIX.fullmatch(text)) and m[1] == "v":
        return matrix(text.replace("vmatrix", "pmatrix")).det()
    if m := _DERIVATIVE.match(text):
        body = scalar(m[2])
        if isinstance(term_of(m[2]), Number) or not _bracketed(m[2]):
            raise Unsure
        return sp.diff(body, sp.Symbol(m[1]))
    m = re.match(r"\\(int|sum|prod|lim)(?![A-Za-z])\s*(?:\\limits)?", text)
    if m is None:
        return None
    low, high, rest = _bounds(text, m.end())
    if m[1] == "int":
        return _integral(low, high, rest)
    if m[1] == "lim":
        return _limit(low, rest)
    return _repeated(m[1], low, high, rest)


def _bracketed(text: str) -> bool:
    """Whether a formula is one term, so that what is applied to it is applied to all of it."""
    inner = _SIZED.sub("", text).strip()
    depth = 0
    for k, c in enumerate(inner):
        depth += (c in "({[") - (c in ")}]")
        if depth == 0 and c in "+-" and k:
            return False
    return True


def _bounds(text: str, at: int) -> tuple[str, str, str]:
    found = {"_": "", "^": ""}
    while at < len(text) and text[at] in "_^ ":
        if text[at] == " ":
            at += 1
            continue
        sign = text[at]
        found[sign], at = argument(text, at + 1)
    return found["_"], found["^"], text[at:]


def _integral(low: str, high: str, rest: str) -> Any:
    import sympy as sp

    m = _D.search(rest)
    if m is None:
        if (f := re.fullmatch(r"\s*\\[dt]?frac\s*\{\s*d\s?([a-z])\s*\}\s*\{(.+)\}\s*", rest)) is None:
            raise Unsure
        name, body = f[1], 1 / scalar(f[2])
    else:
        name, body = m[1].lstrip("\\"), scalar(rest[: m.start()]) if rest[: m.start()].strip() else sp.Integer(1)
    x = sp.Symbol(name)
    if bool(low) != bool(high):
        raise Unsure
    found = definite(body, x, scalar(low, euler=True), scalar(high, euler=True)) if low else sp.integrate(body, x)
    if found.has(sp.Integral):
        raise Unsure
    return found if low else found + sp.Symbol("C")


def _limit(low: str, rest: str) -> Any:

    m = _LIMIT.match(low)
    if m is None or not _bracketed(rest):
        raise Unsure
    return limit(scalar(rest), m[1], scalar(m[2]), (m[3] or "").strip("^{}"))


def limit(body: Any, name: str, at: Any, side: str = "") -> Any:
    """The limit of an expression, from both sides unless one is named."""
    import sympy as sp

    direction = side or ("-" if at == sp.oo else "+" if at == -sp.oo else "+-")
    try:
        found = sp.limit(body, sp.Symbol(name), at, direction)
    except ValueError:
        raise Unsure from None
    if found.has(sp.Limit, sp.AccumBounds):
        raise Unsure
    return found


def _repeated(kind: str, low: str, high: str, rest: str) -> Any:
    import sympy as sp

    m = re.fullmatch(r"\s*([a-zA-Z])\s*=\s*(.+)", low)
    if m is None or not high or not (_bracketed(rest) or rest.strip().startswith("(")) or m[1] == "e":
        raise Unsure
    if not _bracketed(rest):
        raise Unsure
    name = m[1]
    if name == "i":
        name, rest = _renamed(rest)
    over = (sp.Symbol(name), scalar(m[2]), scalar(high))
    body = scalar(rest)
    found = (sp.summation if kind == "sum" else sp.product)(body, over)
    if found.has(sp.Sum, sp.Product):
        raise Unsure
    if found.is_number and found.is_finite and not _confirmed(kind, body, over, found):
        raise Unsure
    return found


def _renamed(body: str) -> tuple[str, str]:
    """Another name for the index i of a sum, and the body with it: elsewhere an i is the imaginary unit."""
    free = next((c for c in "kjmnpq" if c not in body), "")
    written = re.sub(r"(?<![A-Za-z\\])i(?![A-Za-z])", free, body)
    if not free or "i" in re.sub(r"\\[a-zA-Z]+", "", written):
        raise Unsure
    return free, written


def definite(body: Any, x: Any, low: Any, high: Any) -> Any:
    """A definite integral, which a numerical one confirms where it is a number.

    Raises:
        Unsure: If it does not.
    """
    import sympy as sp

    found = sp.integrate(body, (x, low, high))
    if found.has(sp.Integral):
        raise Unsure
    if found.is_number and found.is_finite:
        numeric = sp.Integral(body, (x, low, high)).evalf(15)
        if not numeric.is_number or abs(numeric - found.evalf(15)) > CLOSE * (1 + abs(found.evalf(15))):
            raise Unsure
    return found


def _confirmed(kind: str, body: Any, over: tuple[Any, Any, Any], found: Any) -> bool:
    """Whether a number is what the terms of a sum or product come to; SymPy's closed forms are wrong at times."""
    import mpmath
    import sympy as sp

    x, low, high = over
    term = sp.lambdify(x, body, "mpmath")
    if not low.is_Integer or not (high.is_Integer or high == sp.oo):
        return False
    with mpmath.workdps(25):
        if high.is_Integer:
            if high - low > MOST_TERMS:
                return False
            terms = [term(mpmath.mpf(k)) for k in range(int(low), int(high) + 1)]
            numeric = mpmath.fsum(terms) if kind == "sum" else mpmath.fprod(terms)
        else:
            numeric = (mpmath.nsum if kind == "sum" else mpmath.nprod)(term, [int(low), mpmath.inf])
        value = mpmath.mpmathify(found.evalf(25))
        return bool(abs(numeric - value) <= CLOSE * (1 + abs(value)))
