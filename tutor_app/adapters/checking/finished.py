"""Whether an answer is worked out: "4 + 5", "70/5", "4√3 - 2√3" have the right value and are no results yet.

Loaded only in the checking process.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final, TypeGuard

from tutor_app.adapters.checking.symbolic import built
from tutor_app.adapters.grading.readings import readings
from tutor_app.adapters.grading.solution_sets import SCALAR
from tutor_app.adapters.grading.terms import (
    ONE,
    Call,
    Constant,
    Degrees,
    Group,
    Matrix,
    Number,
    Power,
    Product,
    Relation,
    Sum,
    Symbol,
    Term,
    Words,
    product,
    symbols,
    walk,
)

_WHOLE: Final = re.compile(
    r"\\[dt]?frac\s*\{\s*(-?\d{1,12})\s*\}\s*\{\s*(\d{1,12})\s*\}|(?<![\w.)}√])(\d{1,12})\s*(?:/|\\div|÷)\s*(\d{1,12})(?![\d.(])"
)
_FRACTION: Final = re.compile(
    r"\\[dt]?frac\s*\{?\s*(\d{1,12})\s*\}?\s*\{?\s*(\d{1,12})\s*\}?|(?<![\d.)^}√])(\d{1,12})\s*/\s*(\d{1,12})(?![\d.!^*])"
)
_DIVISION: Final = re.compile(r"/|\\[dt]?frac|\\div|÷|:")
LONG: Final = 10**6
"""A number above it may be left as a power or factorial."""
_MIXED: Final = re.compile(r"\d(?:\s+\d+\s*/|\s*\\[dt]?frac)\s*(?![^+*]*[+*])")
"""A mixed number, which is read as a sum."""
_ROOT: Final = re.compile(
    r"\\sqrt\s*\{?\s*(\d{1,9})(?![\d.\w])|(?<!\\)sqrt\s*\(\s*(\d{1,9})\s*\)|√\s*(\d{1,9})(?![\d.])"
)


def is_finished(answer: str, *, fractions: bool) -> bool:
    """Whether nothing is left to be computed in an answer.

    Args:
        answer: LaTeX, or as printed.
        fractions: Whether factors that could be cancelled count, too.
    """
    for m in _WHOLE.finditer(answer):
        above, below = (int(g) for g in m.groups() if g is not None)
        if below == 0 or above % below == 0:
            return False
    if any(_has_square_in(int(next(filter(None, m.groups())))) for m in _ROOT.finditer(answer)):
        return False
    if is_reducible(answer):
        return False
    if _MIXED.search(answer):
        return True
    found = readings(answer)
    if found and isinstance(found[0], Number) and len(_DIVISION.findall(answer)) > 1:
        return False  # "(5/4)/2"
    if not found or any(isinstance(r, Words) and not re.search(r"\d", r.text) for r in found):
        return True  # "no solution"
    if any(_is_value(r, powers=True) for r in found[1:] if isinstance(r, Call)):
        return False  # "log2(64)"
    return not any(
        _is_open(part, fractions=fractions) or _is_value(part, powers=fractions) for part in _scalars(found[0])
    )


def is_reducible(answer: str) -> bool:
    """Whether a fraction of whole numbers in an answer could be reduced."""
    for m in _FRACTION.finditer(answer):
        above, below = (int(g) for g in m.groups() if g is not None)
        if below == 0 or math.gcd(above, below) != 1:
            return True
    return False


def is_solved(answer: str) -> bool:
    """Whether every inequality of an answer has its unknown alone on a side."""
    found = readings(answer)
    relations = [part for part in walk(found[0]) if isinstance(part, Relation)] if found else []
    return all(
        isinstance(side, Symbol) or not symbols(side)
        for r in relations
        if not set(r.ops) <= {"="}
        for side in r.members
        if isinstance(side, SCALAR)
    )


def _has_square_in(n: int) -> bool:
    """Whether a square can be taken out of its root."""
    return any(n % k**2 == 0 for k in range(2, math.isqrt(n) + 1))


def _is_value(term: Term, *, powers: bool) -> bool:
    """Whether it is a calculation of whole numbers that comes to a short number: "2^2 * 3^2", "5!", "log 64".

    Args:
        term: A part of an answer.
        powers: Whether a power alone is a result.
    """
    if isinstance(term, Number | Degrees) or symbols(term) or _is_scientific(term):
        return False
    if powers and isinstance(term, Power) and isinstance(term.base, Number):
        return False
    value = built(term)
    return value is not None and bool(value.is_Rational) and max(abs(value.p), value.q) <= LONG


def _is_scientific(term: Term) -> bool:
    """Whether it is a number times a power of ten."""
    *_, last = term.factors if isinstance(term, Product) else (term,)
    return isinstance(last, Power) and last.base == Number(Fraction(10)) and isinstance(term, Product)


def _scalars(term: Term) -> Iterator[Term]:
    """The numbers and formulas of which an answer is made."""
    match term:
        case Group(items):
            for item in items:
                yield from _scalars(item)
        case Relation(members):
            for member in members:
                yield from _scalars(member)
        case Matrix(rows):
            for row in rows:
                for cell in row:
                    yield from _scalars(cell)
        case _ if isinstance(term, SCALAR):
            yield term


def _is_open(term: Term, *, fractions: bool) -> bool:
    """Whether a sum, a product or a fraction in it could be computed."""
    for part in walk(term):
        if isinstance(part, Sum) and max(Counter(map(_kind, _spread(part))).values(), default=0) > 1:
            return True
        if isinstance(part, Product):
            numbers = [f for f in part.factors if isinstance(f, Number) and abs(f.value) != 1]
            if len([f for f in numbers if f.value.denominator == 1 or f.places]) > 1:
                return True
            bases = Counter(f.base if isinstance(f, Power) else f for f in part.factors if symbols(f))
            if max(bases.values(), default=0) > 1:
                return True  # "x^6 * x"
            if _has_number_left(part) or (fractions and _cancels(part)):
                return True
    return False


def _spread(term: Sum) -> Iterator[Term]:
    """Its terms, "2(x + 1)" as two of them."""
    for part in term.terms:
        match part:
            case Product((Number() as factor, Sum(terms))) if not symbols(factor):
                yield from (product(factor, inner) for inner in terms)
            case _:
                yield part


def _has_number_left(term: Product) -> bool:
    """Whether numbers be cancelled, or a power beside a name or constant be computed: "45 pi/180", "6^2 pi"."""
    above = [f for f in term.factors if not _below(f)]
    below = [f.base for f in term.factors if _below(f)]
    if math.gcd(math.prod(map(_content, above)), math.prod(map(_content, below))) > 1:
        return True
    if not any(symbols(f) or isinstance(f, Constant) for f in term.factors):
        return False
    powers = [(f.base, f.exponent) for f in term.factors if isinstance(f, Power)]
    numbers = [(b.value, e.value) for b, e in powers if isinstance(b, Number) and isinstance(e, Number)]
    return any(exponent in (2, 3) and base < 100 for base, exponent in numbers)


def _content(term: Term) -> int:
    """The whole number that can be taken out of a term."""
    match term:
        case Number(value, None) if value.denominator == 1 and value:
            return abs(int(value))
        case Product(factors):
            return 1 if any(map(_below, factors)) else math.prod(map(_content, factors))
        case Sum(terms):
            return math.gcd(*map(_content, terms))
        case _:
            return 1


def _kind(term: Term) -> str:
    """A term without its numerical factor: the same for like terms."""
    if isinstance(term, Number):
        return ""
    if isinstance(term, Product):
        return " ".join(sorted(repr(f) for f in term.factors if not isinstance(f, Number) and not _is_rational(f)))
    return "" if _is_rational(term) else repr(term)


def _is_rational(term: Term) -> bool:
    """Whether it is one over a number."""
    return _below(term) and isinstance(term.base, Number)


def _below(term: Term) -> TypeGuard[Power]:
    return isinstance(term, Power) and isinstance(term.exponent, Number) and term.exponent.value == -1


def _cancels(term: Product) -> bool:
    """Whether the two sides of a fraction have a factor with an unknown in common."""
    import sympy as sp

    above = [f for f in term.factors if not _below(f)]
    below = [f.base for f in term.factors if _below(f)]
    if not any(symbols(f) for f in below) or not any(symbols(f) for f in above):
        return False
    sides: list[Any] = [built(product(ONE, *side)) for side in (above, below)]
    if any(side is None or not side.is_polynomial() for side in sides):
        return False
    return bool(sp.gcd(sp.expand(sides[0]), sp.expand(sides[1])).free_symbols)
