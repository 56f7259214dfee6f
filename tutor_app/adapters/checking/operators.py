r"""Reads what the reader of answers does not know: sums, products, integrals, limits, derivatives, determinants, \pm.

Each is recognised where it is a whole member of a chain, perhaps with a factor before it. Found values are SymPy
expressions; a member that is something else is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.formulas import value_of
from tutor_app.adapters.checking.judging import Judgement
from tutor_app.adapters.checking.prose import Expression
from tutor_app.adapters.grading.algebra import rational
from tutor_app.adapters.grading.terms import (
    Call,
    Matrix,
    Number,
    Power,
    Product,
    Sum,
    Term,
    symbols,
    total,
    walk,
)
from tutor_app.text.scan import argument, skip_blanks

_BIG: Final = re.compile(r"\s*(?:\\displaystyle\s*)?\\(sum|prod|int|lim)(?![a-zA-Z])\s*(?:\\limits\s*)?")
_DIFFERENTIAL: Final = re.compile(
    r"\\,|\\;|\\!|\\mathrm\s*\{\s*d\s*\}|\\operatorname\s*\{\s*d\s*\}|\\text\s*\{\s*d\s*\}"
)
_END_DX: Final = re.compile(r"(?s)(.*?)(?<![A-Za-z\\])d\s*([a-zA-Z])\s*$")
_FRACTION_DX: Final = re.compile(r"(?s)\\[dt]?frac\s*\{\s*d\s*([a-zA-Z])\s*\}\s*\{(.*)\}\s*$")
_DERIVATIVE: Final = re.compile(
    r"\s*\\[dt]?frac\s*\{\s*d\s*(?:\^\s*\{?([23])\}?)?\s*\}\s*\{\s*d\s*([a-zA-Z])\s*(?:\^\s*\{?[23]\}?)?\s*\}\s*"
)
_BETWEEN: Final = re.compile(
    r"(?s)\s*(?:\\left|\\[bB]igg?l?)?\s*(?:\[|\.)(?P<f>[^=\[\]]{1,200})(?:\\right|\\[bB]igg?r?)?\s*(?:\]|\||\\vert)\s*(?=[_^])"
)
"""An antiderivative between two bounds."""
_TO: Final = re.compile(r"\s*([a-zA-Z])\s*\\(?:to|rightarrow)(?![a-zA-Z])\s*(.+?)\s*$", re.DOTALL)
_INDEX: Final = re.compile(r"\s*([a-zA-Z])\s*=\s*(.+?)\s*$", re.DOTALL)
_CONSTANT: Final = re.compile(r"\+\s*[CcK]\s*$")


@dataclass(frozen=True, slots=True)
class Operated:
    """The value of a big operator.

    Attributes:
        value: As SymPy has it; of an indefinite integral the integrand.
        kind: ``sum``, ``prod``, ``int``, ``lim``, ``derivative`` or ``antiderivative``.
        name: Of an antiderivative, or one between bounds, its variable.
    """

    value: Any
    kind: str
    name: str = ""


def operated(source: str) -> Operated | None:
    """The value of a member that is a big operator, or None if it is none or cannot be computed."""
    text = re.sub(r"\\boxed\s*(?=\{)", "", source).strip()
    if (m := _DERIVATIVE.match(text)) is not None:
        return _derived(text[m.end() :], m[2], int(m[1] or 1))
    if (m := _BETWEEN.match(text)) is not None:
        return _between(m["f"], *_bounds(text, m.end()))
    m = _BIG.match(text)
    if m is None:
        return None
    low, high, rest = _bounds(text, m.end())
    read: Callable[[], Operated | None] = {
        "sum": lambda: _summed(low, high, rest, product=False),
        "prod": lambda: _summed(low, high, rest, product=True),
        "int": lambda: _integral(low, high, rest),
        "lim": lambda: _limit(low, rest),
    }[m[1]]
    return read()


def _bounds(text: str, at: int) -> tuple[str, str, str]:
    found = {"_": "", "^": ""}
    while (at := skip_blanks(text, at)) < len(text) and text[at] in "_^":
        sign = text[at]
        found[sign], at = argument(text, at + 1)
    return found["_"], found["^"], text[at:]


def _term(source: str) -> Term | None:
    value = value_of(source.strip())
    return None if value is None else value.term


def _derived(rest: str, name: str, times: int) -> Operated | None:
    term = _term(rest)
    if term is None or (isinstance(term, Sum) and not rest.strip().startswith(("(", "[", r"\left"))):
        return None
    expression = symbolic.built(term)
    for _ in range(times):
        if expression is None:
            return None
        import sympy as sp

        expression = sp.diff(expression, sp.Symbol(name))
    return Operated(expression, "derivative")


def _summed(low: str, high: str, rest: str, *, product: bool) -> Operated | None:
    index = _INDEX.match(low)
    if index is None:
        return None
    name = index[1]
    if name in "ie":  # which stand for constants elsewhere
        rest, name = re.sub(rf"(?<![a-zA-Z\\]){name}(?![a-zA-Z])", r"\\iota ", rest), "iota"
    body = _term(rest)
    if body is None:
        return None
    if isinstance(body, Sum) and not rest.strip().startswith(("(", "[", r"\left", r"\big")):
        return None  # where the sum ends is not told
    begin, end = _term(index[2]), _term(high)
    if begin is None or end is None:
        return None
    if symbols(body) - symbols(begin) - symbols(end) - {name} or any(
        isinstance(p, Call) and p.name in "fghP" for p in walk(body)
    ):
        return None  # "x_k" is another number for every k
    value = symbolic.summed(body, name, begin, end, product=product)
    return None if value is None else Operated(value, "prod" if product else "sum")


def _integral(low: str, high: str, rest: str) -> Operated | None:
    rest = _DIFFERENTIAL.sub(lambda m: "d" if "d" in m[0] else " ", rest)
    if (m := _FRACTION_DX.match(rest)) is not None:
        name, body = m[1], rf"\frac{{1}}{{{m[2]}}}"
    elif (m := _END_DX.match(rest)) is not None:
        name, body = m[2], m[1] or "1"
    else:
        return None
    term = _term(body)
    if term is None:
        return None
    if not low and not high:
        value = symbolic.built(term)
        return None if value is None else Operated(value, "antiderivative", name)
    begin, end = _term(low), _term(high)
    if begin is None or end is None:
        return None
    value = symbolic.integral(term, name, begin, end)
    return None if value is None else Operated(value, "int")


def _between(body: str, low: str, high: str, rest: str) -> Operated | None:
    """The value of an antiderivative at the upper bound less that at the lower one."""
    terms = [_term(source) for source in (body, low, high)]
    body_, begin, end = (None if term is None else symbolic.built(term) for term in terms)
    if rest.strip() or body_ is None or begin is None or end is None or len(body_.free_symbols) != 1:
        return None
    (name,) = body_.free_symbols
    value = body_.subs(name, end) - body_.subs(name, begin)
    return Operated(value, "int", name.name) if value.is_finite and not value.free_symbols else None


def _limit(low: str, rest: str) -> Operated | None:
    m = _TO.match(low)
    body = _term(rest)
    if m is None or body is None:
        return None
    point, side = m[2], "+-"
    if (one := re.match(r"(.+?)\^\s*\{?\s*([+-])\s*\}?$", point)) is not None:
        point, side = one[1], one[2]
    at = _term(point)
    if at is None:
        return None
    value = symbolic.limit(body, m[1], at, side)
    return None if value is None else Operated(value, "lim")


def judge_operated(left: str, right: str) -> Judgement | None:
    """The verdict on a link of which the left side is a big operator; None if it is not, or is beyond this."""
    found = operated(left)
    if found is None:
        return None
    other = operated(right)
    if found.kind == "antiderivative":
        return _antiderivative(found, right)
    if other is not None:
        value = other.value if other.kind == found.kind or other.kind != "antiderivative" else None
    else:
        term = _term(right)
        value = None if term is None else symbolic.built(term)
    if value is None:
        return None
    same = symbolic.equal(found.value, value)
    if same is None:
        return Judgement("unchecked", "beyond")
    if same:
        return Judgement("true", found.kind)
    if other is not None and other.name and not found.name and not re.search(rf"d\s*{other.name}(?![a-z])", left):
        return Judgement("unchecked", "beyond")  # in another variable, and the bounds may be of the first
    if value.is_number and found.value.is_number and value.is_Float:
        return Judgement("unchecked", "approximate")
    return Judgement("false", found.kind, symbolic.shown(found.value))


def _antiderivative(found: Operated, source: str) -> Judgement | None:
    """An integral without bounds is right when its derivative is the integrand."""
    term = _term(source.replace(r"\ln|", r"\ln |"))
    if term is None:
        return None
    slope = symbolic.derivative(term, found.name)
    if slope is None:
        return None
    same = symbolic.equal(slope, found.value)
    if same:
        return Judgement("true", "int")
    if same is None or not _CONSTANT.search(source):
        return Judgement("unchecked", "beyond")
    return Judgement("false", "int", f"its derivative is {symbolic.shown(slope)}")


# --- matrices ----------------------------------------------------------------------------------------------------


def matrix_value(term: Term) -> Matrix | None:
    """A matrix computed from sums, products and powers of matrices of numbers; None if it is none."""
    match term:
        case Matrix():
            return term
        case Product(factors):
            scalar: list[Term] = []
            value: Matrix | None = None
            for factor in factors:
                part = matrix_value(factor)
                if part is None:
                    scalar.append(factor)
                elif value is None:
                    value = part
                elif len(value.rows[0]) != len(part.rows):
                    return None
                else:
                    value = _times(value, part)
            if value is None:
                return None
            return (
                Matrix(tuple(tuple(Product((*scalar, cell)) for cell in row) for row in value.rows))
                if scalar
                else value
            )
        case Sum(terms):
            parts = [matrix_value(t) for t in terms]
            known = [p for p in parts if p is not None]
            if len(known) != len(parts) or len({(len(p.rows), len(p.rows[0])) for p in known}) != 1:
                return None
            rows = zip(*(p.rows for p in known), strict=True)
            return Matrix(tuple(tuple(total(*cells) for cells in zip(*row, strict=True)) for row in rows))
        case Power(base, Number(n, None)) if n.denominator == 1:
            inner = matrix_value(base)
            return None if inner is None or len(inner.rows) != len(inner.rows[0]) else _power(inner, int(n))
        case _:
            return None


def _times(a: Matrix, b: Matrix) -> Matrix:
    columns = list(zip(*b.rows, strict=True))
    return Matrix(
        tuple(
            tuple(total(*(Product((x, y)) for x, y in zip(row, column, strict=True))) for column in columns)
            for row in a.rows
        )
    )


def _power(base: Matrix, n: int) -> Matrix | None:
    if n == -1:
        return _inverse(base)
    if not 1 <= n <= 12:
        return None
    value = base
    for _ in range(n - 1):
        value = _times(value, base)
    return value


def determinant(matrix: Matrix) -> Any | None:
    """Of a square matrix whose entries SymPy knows."""
    import sympy as sp

    cells = [[symbolic.built(cell) for cell in row] for row in matrix.rows]
    if len(cells) != len(cells[0]) or len(cells) > 5 or any(c is None for row in cells for c in row):
        return None
    return sp.expand(sp.Matrix(cells).det())


def _inverse(matrix: Matrix) -> Matrix | None:
    import sympy as sp

    cells = [[symbolic.built(cell) for cell in row] for row in matrix.rows]
    if len(cells) > 4 or any(c is None or not c.is_Rational for row in cells for c in row):
        return None
    square = sp.Matrix(cells)
    if square.det() == 0:
        return None
    inverse = square.inv()
    return Matrix(
        tuple(tuple(Number(Fraction(int(x.p), int(x.q))) for x in inverse.row(i)) for i in range(inverse.rows))
    )


def judge_matrices(a: Term, b: Term) -> Judgement | None:
    """The verdict on a link between matrices; None if one side is none."""
    left, right = matrix_value(a), matrix_value(b)
    if left is None or right is None:
        return None
    if (len(left.rows), len(left.rows[0])) != (len(right.rows), len(right.rows[0])):
        return Judgement("unchecked", "beyond")
    pairs = [(x, y) for r, s in zip(left.rows, right.rows, strict=True) for x, y in zip(r, s, strict=True)]
    same = [symbolic.equal(symbolic.built(x), symbolic.built(y)) for x, y in pairs]
    if all(same):
        return Judgement("true", "matrix")
    if None in same or any(symbols(t) for pair in pairs for t in pair):
        return Judgement("unchecked", "beyond")
    wrong = same.index(False)
    row, column = divmod(wrong, len(left.rows[0]))
    value = symbolic.shown(symbolic.built(pairs[wrong][0]))
    return Judgement("false", "matrix", f"row {row + 1}, column {column + 1} is {value}")


# --- sums that go on -----------------------------------------------------------------------------------------------

_ELLIPSIS: Final = re.compile(r"\s*\+\s*(?:\\[cl]?dots[cb]?(?![a-z])|\.\.\.|…)\s*\+\s*")
MAX_GOING_ON: Final = 100_000


def judge_going_on(left: str, right: Expression | None) -> Judgement | None:
    """The verdict on "1 + 2 + 3 + ... + 100 = 5050": the terms are an arithmetic or geometric sequence, or powers."""
    halves = _ELLIPSIS.split(left)
    value = None if right is None else rational(right.term)
    if len(halves) != 2 or value is None or "-" in left:
        return None
    first = [_whole(t) for t in halves[0].split("+")]
    last = [_whole(t) for t in halves[1].split("+")]
    known = [t for t in (*first, *last) if t is not None]
    if len(known) != len(first) + len(last) or len(first) < 2 or known[-1] > 10**9:
        return None
    terms = _continued([t for t in first if t is not None], known[-1], len(last))
    if terms is None or terms[-len(last) :] != known[len(first) :]:
        return None
    total_ = sum(terms)
    if total_ == value:
        return Judgement("true", "sum")
    return (
        Judgement("false", "sum", str(total_)) if len(known) > 3 or len(first) > 2 else Judgement("unchecked", "beyond")
    )


def _whole(source: str) -> int | None:
    term = _term(source)
    value = None if term is None else rational(term)
    return int(value) if value is not None and value.denominator == 1 else None


def _continued(first: list[int], end: int, at_end: int) -> list[int] | None:
    """The terms from the first to the last, if they follow one of the usual rules."""
    rules: list[Callable[[int], int]] = [lambda n: first[0] + n * (first[1] - first[0])]
    if first[0] and first[1] % first[0] == 0 and abs(first[1] // first[0]) > 1 and len(first) > 2:
        rules.append(lambda n: first[0] * (first[1] // first[0]) ** n)
    if len(first) > 2:
        rules += [lambda n: (n + 1) ** 2, lambda n: (n + 1) ** 3]
    for follow in rules:
        if [follow(n) for n in range(len(first))] != first or follow(1) <= follow(0):
            continue
        terms: list[int] = []
        while (not terms or terms[-1] < end) and len(terms) < MAX_GOING_ON:
            terms.append(follow(len(terms)))
        if terms[-1] == end and len(terms) > len(first) + at_end - 1:
            return terms
    return None
