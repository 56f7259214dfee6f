"""Whether an answer is worked out: "4 + 5", "70/5", "4√3 - 2√3" have the right value and are no results yet.

Loaded only in the checking process.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, TypeGuard

from tutor_app.adapters.checking.symbolic import built
from tutor_app.adapters.grading.readings import readings
from tutor_app.adapters.grading.solution_sets import SCALAR
from tutor_app.adapters.grading.terms import (
    ONE,
    Group,
    Matrix,
    Number,
    Power,
    Product,
    Relation,
    Sum,
    Symbol,
    Term,
    product,
    symbols,
    walk,
)

_WHOLE: Final = re.compile(
    r"\\[dt]?frac\s*\{\s*(-?\d{1,12})\s*\}\s*\{\s*(\d{1,12})\s*\}|(?<![\w.)}])(\d{1,12})\s*(?:/|\\div|÷)\s*(\d{1,12})(?![\d.(])"
)
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
    if any(_is_square(int(next(filter(None, m.groups())))) for m in _ROOT.finditer(answer)):
        return False
    if _MIXED.search(answer):
        return True
    found = readings(answer)
    return not found or not any(_is_open(part, fractions=fractions) for part in _scalars(found[0]))


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


def _is_square(n: int) -> bool:
    return math.isqrt(n) ** 2 == n


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
        if isinstance(part, Sum) and max(Counter(map(_kind, part.terms)).values(), default=0) > 1:
            return True
        if isinstance(part, Product):
            numbers = [f for f in part.factors if isinstance(f, Number) and abs(f.value) != 1]
            if len([f for f in numbers if f.value.denominator == 1 or f.places]) > 1:
                return True
            if _has_number_left(part) or (fractions and _cancels(part)):
                return True
    return False


def _has_number_left(term: Product) -> bool:
    """Whether a power beside a name or constant could be computed, or numbers be cancelled: "6^2 pi", "45 pi/180"."""
    if all(isinstance(f, Number) or (isinstance(f, Power) and isinstance(f.base, Number)) for f in term.factors):
        return False
    above = [int(f.value) for f in term.factors if isinstance(f, Number) and f.value.denominator == 1]
    powers = [(f.base, f.exponent) for f in term.factors if isinstance(f, Power)]
    numbers = [(b.value, e.value) for b, e in powers if isinstance(b, Number) and isinstance(e, Number)]
    if any(math.gcd(n, int(base)) > 1 for n in above for base, exponent in numbers if exponent == -1):
        return True
    return any(exponent in (2, 3) and base < 100 for base, exponent in numbers)


def _kind(term: Term) -> str:
    """What of a term stands beside its number: alike for like terms."""
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
