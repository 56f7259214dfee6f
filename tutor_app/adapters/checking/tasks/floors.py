"""Equations in which the unknown is rounded down or up, solved piece by piece.

SymPy's own solver does not know them. Loaded only in the checking process.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from tutor_app.adapters.checking.expressions import Unsure

MOST_PIECES: Final = 400


def has_floor(expression: Any) -> bool:
    """Whether something with an unknown in it is rounded down or up."""
    return bool(_rounded(expression))


def floor_solutions(difference: Any, y: Any) -> Any:
    """All real numbers at which an expression with rounded parts is 0.

    Args:
        difference: Left minus right side.
        y: The unknown, a real symbol.

    Raises:
        Unsure: If the rounded parts are of no kind that is known, or infinitely many pieces would have to be looked at.
    """
    parts = _rounded(difference)
    if any(has_floor(part.args[0]) for part in parts):
        raise Unsure
    linear = _linear(difference, parts, y)
    if linear is not None:
        return _by_pieces(difference, *linear, y)
    if len(parts) != 1:
        raise Unsure
    return _by_value(difference, parts[0], y)


def _rounded(expression: Any) -> list[Any]:
    import sympy as sp

    return [part for part in expression.atoms(sp.floor, sp.ceiling) if part.args[0].free_symbols]


def _linear(difference: Any, parts: list[Any], y: Any) -> tuple[list[tuple[Any, Any, Any]], Any] | None:
    """The factor, slope and height of each rounded part, and the slope of the rest; None if anything is not linear."""
    import sympy as sp

    names = [sp.Dummy() for _ in parts]
    polynomial = sp.expand(difference.subs(dict(zip(parts, names, strict=True))))
    if not polynomial.is_polynomial(y, *names) or sp.Poly(polynomial, y, *names).total_degree() != 1:
        return None
    found = []
    for part, name in zip(parts, names, strict=True):
        inner = part.args[0]
        if not inner.is_polynomial(y) or sp.degree(inner, y) != 1:
            return None
        found.append((polynomial.coeff(name), inner.coeff(y), inner.subs(y, 0)))
    rest = polynomial.coeff(y)
    if not all(v.is_Rational for v in (rest, *(v for part in found for v in part), difference.subs(y, 0))):
        return None
    return found, rest


def _by_pieces(difference: Any, parts: list[tuple[Any, Any, Any]], rest: Any, y: Any) -> Any:
    """The solutions of a linear equation: between the places where a part jumps nothing is rounded."""
    import sympy as sp

    # A part differs from what it rounds by less than 1, so the solutions lie about that of the equation without.
    slope = rest + sum(factor * inner for factor, inner, _ in parts)
    if slope == 0:
        raise Unsure
    height = difference.subs(y, 0) - sum(
        factor * (part - part_height)
        for (factor, _, part_height), part in zip(parts, _at_zero(difference, y), strict=True)
    )
    middle, reach = -height / slope, sum(abs(factor) for factor, _, _ in parts) / abs(slope) + 1
    jumps: set[Any] = set()
    for _, inner, part_height in parts:
        ends = sorted(((middle - reach) * inner + part_height, (middle + reach) * inner + part_height))
        if ends[1] - ends[0] > MOST_PIECES:
            raise Unsure
        jumps.update((k - part_height) / inner for k in range(int(sp.floor(ends[0])), int(sp.ceiling(ends[1])) + 1))
    places = sorted(jumps)
    if len(places) > MOST_PIECES:
        raise Unsure
    found = [sp.FiniteSet(place) for place in places if difference.subs(y, place) == 0]
    for low, high in pairwise(places):
        piece = sp.Interval.open(low, high)
        between = (low + high) / 2
        value = difference.subs(y, between)
        if rest == 0:
            found += [piece] if value == 0 else []
        elif low < (root := between - value / rest) < high:
            found.append(sp.FiniteSet(root))
    return sp.Union(*found)


def _at_zero(difference: Any, y: Any) -> list[Any]:
    """The value of each rounded part where the unknown is 0."""
    return [part.subs(y, 0) for part in _rounded(difference)]


def _by_value(difference: Any, part: Any, y: Any) -> Any:
    """The solutions for every whole number that the only rounded part can be."""
    import sympy as sp

    k = sp.Dummy("k", real=True)
    equation, inner = difference.subs(part, k), part.args[0]
    if not equation.has(y):
        values = sp.solveset(equation, k, sp.S.Integers)
        if not isinstance(values, sp.FiniteSet) and values is not sp.S.EmptySet:
            raise Unsure
        return sp.Union(*(_where(part, inner, value, y) for value in values))
    if not equation.is_polynomial(y) or inner != y:
        raise Unsure
    found = []
    for root in sp.roots(equation, y):
        # The root must be rounded to the number that was put in: this bounds that number.
        over = _where(part, root, k, k)
        if over is sp.S.EmptySet:
            continue
        if over.inf.is_infinite or over.sup.is_infinite or over.sup - over.inf > MOST_PIECES:
            raise Unsure
        whole = range(int(sp.ceiling(over.inf)), int(sp.floor(over.sup)) + 1)
        found += [root.subs(k, n) for n in whole if over.contains(n) == sp.true]
    return sp.FiniteSet(*found)


def _where(part: Any, inner: Any, value: Any, y: Any) -> Any:
    """Where an expression is rounded to a value."""
    import sympy as sp

    down = isinstance(part, sp.floor)
    sides = (inner >= value, inner < value + 1) if down else (inner > value - 1, inner <= value)
    found = sp.S.Reals
    for side in sides:
        if side in (sp.true, sp.false):
            found = found if side == sp.true else sp.S.EmptySet
            continue
        found = found.intersect(sp.solve_univariate_inequality(side, y, relational=False))
    if not isinstance(found, sp.Interval | sp.Union | sp.FiniteSet) and found is not sp.S.EmptySet:
        raise Unsure
    return found
