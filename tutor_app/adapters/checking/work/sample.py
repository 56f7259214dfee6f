"""A few points at which many expressions are quickly compared with one, before any is compared with care."""

from __future__ import annotations

import math

from tutor_app.adapters.checking.work.values import Point, Unknown, points, value
from tutor_app.adapters.grading.terms import Number, Power, Product, Sum, Symbol, Term, symbols

_MOST = 4


class Sample:
    """The values of one expression at a few points.

    Args:
        whole: An expression with all letters that may occur.
        target: With which others are compared.
    """

    def __init__(self, whole: Term, target: Term) -> None:
        self._at: list[tuple[Point, float]] = []
        for point in points(symbols(whole) | symbols(target)):
            found = _value(target, point)
            if found is not None and abs(found) > _SMALL:
                self._at.append((point, found))
            if len(self._at) == _MOST:
                break

    def may_be(self, term: Term) -> bool:
        """Whether a term may be a number times the expression; surely not, where the answer is no."""
        ratio = None
        for point, told in self._at:
            found = _value(term, point)
            if found is None:
                continue
            if ratio is None:
                ratio = found / told
            elif not math.isclose(found / told, ratio, rel_tol=1e-6, abs_tol=1e-9):
                return False
        return True


_SMALL = 1e-12


def _value(term: Term, point: Point) -> float | None:
    try:
        return _float(term, point)
    except (Unknown, ArithmeticError, ValueError):
        return None


def _float(term: Term, point: Point) -> float:
    match term:
        case Number(number):
            return float(number)
        case Symbol(name):
            return float(point[name])
        case Sum(terms):
            return math.fsum(_float(t, point) for t in terms)
        case Product(factors):
            return math.prod(_float(f, point) for f in factors)
        case Power(base, exponent):
            return math.pow(_float(base, point), _float(exponent, point))
        case _:
            found = value(term, point)
            if found is None:
                raise ValueError("no value")
            return float(found)
