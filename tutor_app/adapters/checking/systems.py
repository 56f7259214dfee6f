"""Whether equations can hold together: sums of them, and the values that follow put into the others.

Floating point, because what is looked for is a contradiction, not a value. Every product of unknowns counts as an
unknown of its own, which misses solutions that do not exist and never invents a contradiction. What is no polynomial
(a root, an unknown exponent) is looked at once all its unknowns have values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tutor_app.adapters.checking.work.values import Unknown, alike, value
from tutor_app.adapters.grading.algebra import normal
from tutor_app.adapters.grading.terms import (
    Call,
    Constant,
    Degrees,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    negative,
    symbols,
    total,
    walk,
)

Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, float]

MAX_MONOMIALS: Final = 24
"""Of one equation."""
MAX_DEGREE: Final = 8
MAX_ROUNDS: Final = 4
"""Of putting values that were found into the other equations."""
EXACT: Final = 1e-7
ROUNDED: Final = 0.02
"""How far sides may differ that are equal, beside the largest number in them: of exact numbers, and of decimals."""
CANCELLED: Final = 1e-10
"""Largest difference, beside the numbers, that is taken for the rounding of floating point alone."""
_UNKNOWN: Final = frozenset("fghPpqQFG")
"""Functions that have no meaning of their own."""


@dataclass(frozen=True, slots=True)
class Row:
    """One equation of a system.

    Attributes:
        left: Its left side, applied functions replaced by names.
        right: Its right side.
        polynomial: What it says to be zero, or None if that is no polynomial.
        tolerance: How far its sides may differ.
    """

    left: Term
    right: Term
    polynomial: Polynomial | None
    tolerance: float

    @classmethod
    def of(cls, left: Term, right: Term) -> Row | None:
        """The row of an equation; None where it cannot be part of a system."""
        left, right = _named(left), _named(right)
        if any(isinstance(part, Degrees) for side in (left, right) for part in walk(side)):
            return None  # the sign is left out by some
        decimals = any(isinstance(part, Number) and part.places for side in (left, right) for part in walk(side))
        found = normal(total(left, negative(right)))
        if found is None:
            return None
        if found.opaque:
            return cls(left, right, None, ROUNDED if decimals else EXACT)
        polynomial: Polynomial = {}
        for monomial, coefficient in found.above.items():
            split = _split(monomial)
            if split is None or len(found.above) > MAX_MONOMIALS:
                return None
            names, factor = split
            polynomial[names] = polynomial.get(names, 0.0) + float(coefficient) * factor
        return cls(left, right, polynomial, ROUNDED if decimals else EXACT)


def without_solution(rows: Sequence[Row]) -> bool:
    """Whether equations contradict each other."""
    return solved(rows) is None


def solved(rows: Sequence[Row]) -> dict[str, float] | None:
    """The values that follow from equations; None where they contradict each other."""
    tolerance = max((row.tolerance for row in rows), default=EXACT)
    left = [row.polynomial for row in rows if row.polynomial is not None]
    known: dict[str, float] = {}
    try:
        for _ in range(MAX_ROUNDS):
            reduced = _eliminated(left, tolerance)
            if reduced is None:
                return None
            new = dict(_values(reduced))
            if not new:
                break
            known |= new
            left = [_put(row, known, tolerance) for row in left]
        holds = all(_may_hold(row, known, tolerance) for row in rows if row.polynomial is None)
    except ArithmeticError:
        return known
    return known if holds else None


def _named(term: Term) -> Term:
    """The term with a name for every function that is applied and has no meaning of its own: "f(3)"."""
    match term:
        case Call(name, _) if name[:1] in _UNKNOWN and len(name.rstrip("'")) == 1:
            return Symbol(repr(term))
        case Constant("e"):
            return Symbol("e")  # among unknowns rather one of them
        case Sum(parts):
            return replace(term, terms=tuple(map(_named, parts)))
        case Product(parts):
            return replace(term, factors=tuple(map(_named, parts)))
        case Power(base, exponent):
            return Power(_named(base), _named(exponent))
        case _:
            return term


def _split(monomial: tuple[tuple[str, int], ...]) -> tuple[Monomial, float] | None:
    """The unknowns of a monomial, and the number that its constants make; None if it cannot be told."""
    names, factor = [], 1.0
    for name, power in monomial:
        if abs(power) > MAX_DEGREE:
            return None
        if name.startswith("x "):
            names.append((name[2:], power))
        elif name == "pi":
            factor *= math.pi**power
        elif name.startswith("root "):
            factor *= math.sqrt(int(name[5:])) ** power
        else:
            return None
    return tuple(names), factor


def _eliminated(rows: Sequence[Polynomial], tolerance: float) -> dict[Monomial, Polynomial] | None:
    """The rows in reduced form by their leading monomials; None where a number that is not zero is zero."""
    done: dict[Monomial, Polynomial] = {}
    for row in rows:
        current = dict(row)
        scale = abs(row.get((), 0.0))  # the largest number that was added to what is left
        for lead in [m for m in current if m in done]:
            if lead in current:
                scale = max(scale, _subtract(current, done[lead], current.pop(lead) / done[lead][lead], lead))
        left = [m for m in current if m]
        if not left:
            if abs(current.get((), 0.0)) > tolerance * scale:
                return None
            continue
        lead = min(left, key=lambda m: (-sum(p for _, p in m), m))
        for other in done.values():
            if lead in other:
                _subtract(other, current, other.pop(lead) / current[lead], lead)
        done[lead] = current
    return done


def _subtract(row: Polynomial, other: Polynomial, times: float, lead: Monomial) -> float:
    """Take a multiple of another row from a row, but for the leading monomial; returns the number that was taken."""
    for monomial, coefficient in other.items():
        if monomial == lead:
            continue
        before, part = row.get(monomial, 0.0), times * coefficient
        if abs(before - part) > CANCELLED * max(abs(before), abs(part)):
            row[monomial] = before - part
        else:
            row.pop(monomial, None)
    return abs(times * other.get((), 0.0))


def _values(reduced: Mapping[Monomial, Polynomial]) -> Iterator[tuple[str, float]]:
    """The unknowns that have a value."""
    for lead, row in reduced.items():
        if len(lead) == 1 and lead[0][1] == 1 and not set(row) - {lead, ()}:
            yield lead[0][0], -row.get((), 0.0) / row[lead]


def _put(row: Polynomial, known: Mapping[str, float], tolerance: float) -> Polynomial:
    """The row with values put for names."""
    out: Polynomial = {}
    scales: dict[Monomial, float] = {}
    for monomial, coefficient in row.items():
        rest: list[tuple[str, int]] = []
        for name, power in monomial:
            if name in known:
                coefficient *= known[name] ** power
            else:
                rest.append((name, power))
        key = tuple(rest)
        out[key] = out.get(key, 0.0) + coefficient
        scales[key] = max(scales.get(key, 0.0), abs(coefficient))
    return {m: v for m, v in out.items() if abs(v) > (CANCELLED if m else tolerance) * scales[m]}


def _may_hold(row: Row, known: Mapping[str, float], tolerance: float) -> bool:
    """Whether the sides of an equation that is no polynomial are equal, or not all of its unknowns are known."""
    if not symbols(row.left) | symbols(row.right) <= known.keys():
        return True
    try:
        a, b = value(row.left, known), value(row.right, known)
    except Unknown:
        return True
    if a is None or b is None or alike(a, b):
        return True
    return abs(float(a) - float(b)) <= tolerance * max(abs(float(a)), abs(float(b)))
