"""Whether an equation is one number away from a rewriting, or from an equation that was stated before.

An equation that is to be solved is hardly ever so: that one other number in it would make both sides the same
expression, written in two ways, happens by a slip in a rewriting. The number that would have to be written is solved
for at a few points in floating point, which is quick; whoever says more has to prove it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Final

from tutor_app.adapters.grading.algebra import normal
from tutor_app.adapters.grading.terms import (
    ONE,
    Call,
    Constant,
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

_MOST_NUMBERS: Final = 40
_MOST_DIGITS: Final = 4
_MOST_PARTS: Final = 160
"""Of both sides; what is larger is not looked at."""
_MOST_NAMES: Final = 6
_POINTS: Final = (
    (1.37, 2.71, 0.83, 3.19, 1.93, 2.29),
    (2.17, 1.13, 3.41, 0.67, 2.83, 1.61),
    (0.59, 3.07, 1.79, 2.39, 0.91, 4.13),
    (3.53, 0.71, 2.63, 1.27, 4.37, 0.97),
)
_CLOSE: Final = 1e-9


@lru_cache(maxsize=1024)
def mended_identity(left: Term, right: Term) -> bool:
    """Whether another number in the place of one makes the sides the same expression, written in two ways.

    Sides that are then written alike prove nothing, nor does a single product: ``2x + 3 = 2x + 5`` and ``27y = y`` may
    be meant. A side without names is rather the value that an unknown is asked for.
    """
    a, b = symbols(left), symbols(right)
    if not a or not b or not (a <= b or b <= a):
        return False
    return any(_is_work(a, b) for a, b in _mended(left, right, None))


@lru_cache(maxsize=1024)
def mended_equation(left: Term, right: Term, before: Term) -> tuple[Term, Term] | None:
    """The sides of an equation with one number changed so that it says the same as one before; None if none does.

    Args:
        left: One side.
        right: The other.
        before: The difference of the sides of the equation before.
    """
    if symbols(left) | symbols(right) != symbols(before):
        return None
    return next(_mended(left, right, before), None)


def ratio_apart(a: Term, b: Term) -> bool:
    """Whether one side is always the same multiple of the other, but not equal to it: "3x + 5x = 7x"."""
    x, y = _at_points((a, b)) or ([], [])
    if not x or any(abs(value) <= _CLOSE for value in y):
        return False
    ratios = [p / q for p, q in zip(x, y, strict=True)]
    return abs(ratios[0] - 1) > _CLOSE and all(abs(r - ratios[0]) <= _CLOSE * abs(ratios[0]) for r in ratios)


def value_apart(a: Term, b: Term) -> bool:
    """Whether one side has the same value everywhere, and the other is another number: "(m + 6) - m = 5"."""
    x, y = _at_points((a, b)) or ([], [])
    if symbols(b) or not x:
        return False
    return abs(x[0] - y[0]) > _CLOSE * (1 + abs(y[0])) and all(abs(v - x[0]) <= _CLOSE * (1 + abs(v)) for v in x)


def _at_points(sides: tuple[Term, Term]) -> tuple[list[complex], list[complex]] | None:
    """The values of both sides at a few points, or None if they are beyond this."""
    names = sorted(symbols(sides[0]) | symbols(sides[1]))
    if not names or len(names) > _MOST_NAMES or sum(1 for side in sides for _ in walk(side)) > _MOST_PARTS:
        return None
    points = [dict(zip(names, point, strict=False)) for point in _POINTS]
    try:
        a, b = ([_value(side, point) for point in points] for side in sides)
    except (ArithmeticError, ValueError):
        return None
    return a, b


def written_alike(a: Term, b: Term) -> bool:
    """Whether two terms are the same but for the order of their parts."""
    return written_in_order(a) == written_in_order(b)


def _mended(left: Term, right: Term, before: Term | None) -> Iterator[tuple[Term, Term]]:
    """The sides with one number changed so that they are equal, or say the same as an equation before."""
    names = sorted(symbols(left) | symbols(right))
    size = sum(1 for side in (left, right) for _ in walk(side))
    numbers = [(n, k, p) for n, side in enumerate((left, right)) for k, p in enumerate(_written(side))]
    if not names or len(names) > _MOST_NAMES or size > _MOST_PARTS or len(numbers) > _MOST_NUMBERS:
        return
    points = [dict(zip(names, point, strict=False)) for point in _POINTS]
    try:
        known = [_above(before, point) for point in points] if before is not None else None
        scales = [_below(total(left, negative(right)), point) if known is not None else 1 + 0j for point in points]
        for side, k, written in numbers:
            sides = (left, right)
            if before is not None and k in _exponents(sides[side]):
                continue  # "a^3 = -1, so a^9 = (-1)^3"
            for value in _candidates(sides, side, k, written, points, scales, known):
                mended = _with(sides[side], k, Number(value))
                yield (mended, right) if side == 0 else (left, mended)
    except (ArithmeticError, ValueError):
        return


def _candidates(
    sides: tuple[Term, Term],
    side: int,
    k: int,
    written: Number,
    points: Sequence[Mapping[str, float]],
    scales: Sequence[complex],
    known: Sequence[complex] | None,
) -> Iterator[Fraction]:
    """What would have to be written in the place of one number."""

    def differences(number: Fraction) -> list[complex]:
        mended = _with(sides[side], k, Number(number))
        other = sides[1 - side]
        return [(_value(mended, p) - _value(other, p)) * scale for p, scale in zip(points, scales, strict=True)]

    zero, one, two = (differences(Fraction(n)) for n in (1, 2, 3))
    if all(abs(a - 2 * b + c) <= _CLOSE * (1 + abs(b)) for a, b, c in zip(zero, one, two, strict=True)):
        found = _solved(zero, [b - a for a, b in zip(zero, one, strict=True)], known)
        tried = [Fraction(1 + found).limit_denominator(1000)] if found is not None else []
        if written.value.denominator == 1:
            tried = [value for value in tried if value.denominator == 1]
    else:
        tried = list(_others(written))
    for value in tried:
        if value and value != written.value and _holds(differences(value), known, points):
            yield value


def _solved(start: Sequence[complex], slope: Sequence[complex], known: Sequence[complex] | None) -> float | None:
    """How far the number must be moved: ``start + t slope`` is zero, or a multiple of ``known``, at two points."""
    if known is None:
        at = next((n for n, s in enumerate(slope) if abs(s) > _CLOSE), -1)
        found = -start[at] / slope[at] if at >= 0 else None
    else:
        # start[0] + t slope[0] = c known[0], and the same for [1]
        below = slope[0] * known[1] - slope[1] * known[0]
        found = (start[1] * known[0] - start[0] * known[1]) / below if abs(below) > _CLOSE else None
    if found is None or abs(found.imag) > _CLOSE or abs(found) > 10 ** (2 * _MOST_DIGITS):
        return None
    return found.real


def _holds(left: Sequence[complex], known: Sequence[complex] | None, points: Sequence[Mapping[str, float]]) -> bool:
    """Whether the differences are zero, or one multiple of what is known, at all points."""
    if known is None:
        return all(abs(d) <= _CLOSE * 10 * (1 + sum(point.values())) for d, point in zip(left, points, strict=True))
    at = next((n for n, value in enumerate(known) if abs(value) > _CLOSE), -1)
    if at < 0 or abs(left[at]) <= _CLOSE:
        return False
    scale = left[at] / known[at]
    return all(abs(d - scale * e) <= 1e-7 * (1 + abs(d)) for d, e in zip(left, known, strict=True))


def _above(term: Term, point: Mapping[str, float]) -> complex:
    """The numerator of a term; an equation is kept when both sides are multiplied by what is below."""
    return _value(term, point) * _below(term, point)


def _below(term: Term, point: Mapping[str, float]) -> complex:
    """The denominator of a term."""
    found = normal(term)
    if found is None or found.opaque:
        return complex(1)
    return sum(
        (
            float(value) * math.prod((_part(name, point) ** power for name, power in monomial), start=complex(1))
            for monomial, value in found.below.items()
        ),
        complex(0),
    )


def _part(name: str, point: Mapping[str, float]) -> complex:
    if name == "pi":
        return complex(math.pi)
    if not name.startswith("x ") or name[2:] not in point:
        raise ValueError("a root or a constant")
    return complex(point[name[2:]])


def _value(term: Term, point: Mapping[str, float]) -> complex:
    match term:
        case Number(value):
            return complex(float(value))
        case Symbol(name):
            return complex(point[name])
        case Constant("pi"):
            return complex(math.pi)
        case Sum(parts):
            return sum((_value(part, point) for part in parts), complex(0))
        case Product(parts):
            return math.prod((_value(part, point) for part in parts), start=complex(1))
        case Power(base, exponent):
            below, above = _value(base, point), _value(exponent, point)
            if abs(above) > _MOST_NUMBERS:
                raise ValueError("the power is too high")
            return complex(below**above)
        case Call("factorial", (n,)):
            return _factorial(_value(n, point))
        case Call("binomial", (n, m)):
            above, below = _value(n, point), _value(m, point)
            return _factorial(above) / (_factorial(below) * _factorial(above - below))
        case _:
            raise ValueError("not made of sums, products and powers")


def _factorial(n: complex) -> complex:
    if abs(n.imag) > _CLOSE or abs(n.real) > _MOST_NUMBERS:
        raise ValueError("beyond this")
    return complex(math.gamma(n.real + 1))


def _written(term: Term) -> Iterator[Number]:
    """The numbers of a term in the order in which they are written, but for those that say "root" or "divided by"."""
    match term:
        case Number():
            yield term
        case Sum(parts) | Product(parts):
            for part in parts:
                yield from _written(part)
        case Power(base, exponent):
            yield from _written(base)
            if not _is_sign(exponent):
                yield from _written(exponent)
        case Call("factorial" | "binomial", arguments):
            for part in arguments:
                yield from _written(part)
        case _:
            return


def _exponents(term: Term) -> set[int]:
    """Which of the numbers of a term are exponents."""
    found, numbers = set[int](), itertools.count()

    def visit(t: Term, *, above: bool) -> None:
        match t:
            case Number():
                n = next(numbers)
                found.update({n} if above else ())
            case Sum(parts) | Product(parts):
                for part in parts:
                    visit(part, above=above)
            case Power(base, exponent):
                visit(base, above=above)
                if not _is_sign(exponent):
                    visit(exponent, above=True)
            case _:
                pass

    visit(term, above=False)
    return found


def _is_sign(exponent: Term) -> bool:
    return isinstance(exponent, Number) and (exponent.value.denominator != 1 or exponent.value < 0)


def _with(term: Term, k: int, value: Term) -> Term:
    """The term with another in the place of its number ``k``."""
    counter = itertools.count()

    def rebuilt(t: Term) -> Term:
        match t:
            case Number():
                return value if next(counter) == k else t
            case Sum(parts):
                return replace(t, terms=tuple(map(rebuilt, parts)))
            case Product(parts):
                return replace(t, factors=tuple(map(rebuilt, parts)))
            case Power(base, exponent):
                inner = rebuilt(base)
                return Power(inner, exponent if _is_sign(exponent) else rebuilt(exponent))
            case Call("factorial" | "binomial", arguments):
                return replace(t, args=tuple(map(rebuilt, arguments)))
            case _:
                return t

    return rebuilt(term)


def _others(written: Number) -> Iterator[Fraction]:
    """A whole number with one digit changed."""
    digits = str(abs(written.value.numerator))
    if written.value.denominator != 1 or len(digits) > _MOST_DIGITS:
        return
    for k, other in itertools.product(range(len(digits)), "0123456789"):
        changed = digits[:k] + other + digits[k + 1 :]
        if changed != digits and int(changed) and str(int(changed)) == changed:
            yield Fraction(int(changed) if written.value > 0 else -int(changed))


def _is_work(a: Term, b: Term) -> bool:
    """Whether it takes work to see that two sides are the same, and several parts of them agree."""
    if written_alike(a, b):
        return False
    found = normal(a)
    many = found is not None and len(found.above) + len(found.below) > 2
    return many or any(isinstance(t, Sum) and len(t.terms) > 1 for t in (a, b)) or any(map(_has_root, (a, b)))


def _has_root(term: Term) -> bool:
    """Whether something with an unknown and more stands under a root, or an exponent is calculated."""
    return any(
        isinstance(p, Power)
        and (
            (_is_sign(p.exponent) and isinstance(p.base, Product | Sum))
            or isinstance(p.exponent, Sum)
            or (isinstance(p.base, Power) and bool(symbols(p.exponent)))
        )
        for p in walk(term)
    )


@lru_cache(maxsize=1024)
def written_in_order(term: Term) -> Term:
    """The term with its parts in one order, to be compared with others."""
    match term:
        case Number(value):
            return Number(value)
        case Sum(parts):
            return Sum(tuple(sorted((written_in_order(p) for p in parts if p != Number(Fraction(0))), key=repr)))
        case Product(parts):
            kept = sorted((written_in_order(p) for p in parts if p != ONE), key=repr)
            return kept[0] if len(kept) == 1 else Product(tuple(kept))
        case Power(base, exponent):
            return Power(written_in_order(base), written_in_order(exponent))
        case _:
            return term
