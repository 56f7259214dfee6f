"""Decides one link ``a = b``: true, true when rounded, false, or not decided; by exact arithmetic, within limits.

False only where every reading of both sides says so. Refuses to decide what is beyond the limits of
:mod:`tutor_app.adapters.grading.algebra`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from tutor_app.adapters.grading.algebra import approximate as approximate_value
from tutor_app.adapters.grading.algebra import rational, real, same
from tutor_app.adapters.grading.terms import (
    MINUS_ONE,
    Constant,
    Number,
    Power,
    Product,
    Sum,
    Term,
    product,
    symbols,
    total,
    walk,
)
from tutor_app.adapters.grading.units import measure
from tutor_app.core.claims import ClaimVerdict

RELATIVE: Final = 1e-9
_REPEATING: Final = re.compile(r"(\d*)\.(\d{0,2}?)(3{2,}|6+7|6{2,}|3+4|1{2,}|16+7|83+|8{2,}9?)")


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one link.

    Attributes:
        verdict: None if it cannot be decided.
        reason: A short code.
        right: The right value, where one is known.
    """

    verdict: ClaimVerdict
    reason: str
    right: str = ""


def judge(
    lefts: Iterable[Term], relation: str, rights: Iterable[Term], *, approximate: bool = False, whole: bool = False
) -> Judgement:
    """The verdict over all readings: the best of them.

    Args:
        lefts: Readings of the left side.
        relation: ``= is ~ != < > <= >=``.
        rights: Readings of the right side.
        approximate: The text says that the value is rounded.
        whole: The text says that a whole part is meant.
    """
    best = Judgement("unchecked", "beyond")
    falses = others = 0
    rights = tuple(rights)
    for left in lefts:
        for right in rights:
            found = judge_pair(left, relation, right, approximate=approximate, whole=whole)
            if found.verdict == "true":
                return found
            if found.verdict == "rounded" or (found.verdict == "false" and best.verdict == "unchecked"):
                best = found
            falses += found.verdict == "false"
            others += found.verdict == "unchecked"
    if best.verdict == "false" and others:
        return Judgement("unchecked", "beyond")
    return best


def judge_pair(left: Term, relation: str, right: Term, *, approximate: bool = False, whole: bool = False) -> Judgement:
    """The verdict on one reading of both sides."""
    if relation in ("=", "is", "~"):
        return _equal(left, right, approximate=approximate or relation == "~", whole=whole)
    if relation == "!=":
        found = same(left, right)
        return _plain(None if found is None else not found, left)
    return _ordered(left, relation, right)


def _plain(truth: bool | None, left: Term) -> Judgement:
    if truth is None:
        return Judgement("unchecked", "beyond")
    return Judgement("true", "exact") if truth else Judgement("false", "different", shown(left))


def _ordered(left: Term, relation: str, right: Term) -> Judgement:
    a, b = rational(left), rational(right)
    if a is None or b is None:
        x, y = real(left), real(right)
        if x is None or y is None or math.isclose(x, y, rel_tol=RELATIVE):
            return Judgement("unchecked", "beyond")
        a, b = Fraction(x), Fraction(y)
    truth = {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}.get(relation)
    return _plain(truth, left)


def _equal(left: Term, right: Term, *, approximate: bool, whole: bool) -> Judgement:
    if symbols(left) or symbols(right):
        return Judgement("unchecked", "variables")
    exact = same(left, right)
    if exact:
        return Judgement("true", "exact")
    value = rational(left)
    number: Fraction | float | None = value if value is not None else real(left)
    if number is None and exact is False and _is_complex(left, right):
        return Judgement("false", "different", _complex_shown(left))
    if number is None:
        zero = divides_by_zero(left)
        return Judgement("false", "division_by_zero", "not defined") if zero else Judgement("unchecked", "beyond")
    decimal = real(right) if exact is None else None
    if decimal is not None and abs(Fraction(number) - Fraction(decimal)) <= 1e-13:
        return Judgement("true", "numeric")
    if isinstance(right, Number):
        reason = rounding(number, right, approximate=approximate)
        if reason:
            return Judgement("rounded", reason, shown(left))
        if (
            whole
            and _is_quotient(left)
            and right.value.denominator == 1
            and right.places is None
            and abs(Fraction(number) - right.value) < 1
        ):
            return Judgement("rounded", "whole_part", shown(left))
        if (
            approximate
            and isinstance(left, Number)
            and (other := rational(right)) is not None
            and rounding(other, left)
        ):
            return Judgement("rounded", "rounded", shown(right))
    if (repeated := _with_repeating(left)) != left:
        found = _equal(repeated, right, approximate=approximate, whole=whole)
        if found.verdict != "false":
            return Judgement("rounded", "rounded_input", found.right or shown(left))
    if approximate and _is_far(number, left, right):
        return Judgement("false", "different", shown(left))
    tolerance = 0.05 if approximate else 0.005
    if (approximate or (_decimals(left, right) and not _terminates(number))) and _near(number, right, tolerance):
        return Judgement("unchecked", "approximate")
    if exact is None:
        other_value = real(right)
        if other_value is None or math.isclose(float(number), other_value, rel_tol=1e-6, abs_tol=1e-9):
            return Judgement("unchecked", "beyond")
    return Judgement("false", "different", shown(left))


def _is_far(number: Fraction | float, left: Term, right: Term) -> bool:
    """Whether a decimal is no rounding of a value that is made of whole numbers: more than its last digit is wrong."""
    if not isinstance(right, Number) or not right.places or _decimals(left):
        return False
    return abs(Fraction(number) - right.value) > Fraction(3, 2 * 10**right.places)


def divides_by_zero(term: Term) -> bool:
    """Whether a part of the term is one over zero."""
    return any(isinstance(p, Power) and p.exponent == MINUS_ONE and rational(p.base) == 0 for p in walk(term))


def _is_quotient(term: Term) -> bool:
    """Whether a term is one division that does not come out."""
    match term:
        case Number(value, None):
            return value.denominator != 1
        case Product((_, Power(_, exponent))):
            return exponent == MINUS_ONE
        case _:
            return False


def rounding(value: Fraction | float, written: Number, *, approximate: bool = False) -> str:
    """By which rule the written number is the value rounded; empty if by none."""
    exact = Fraction(value)
    gap = abs(exact - written.value)
    places = written.places or 0
    if written.places is not None and places > 0:
        step = Fraction(1, 10**places) if places < 400 else Fraction(0)
        if gap <= step / 2:
            return "rounded"
        if gap < step and abs(written.value) < abs(exact) and places >= 2:
            return "truncated"
        return ""
    if exact.denominator == 1 and not approximate:
        return ""
    if approximate:
        step = _last_digit(written)
        if gap <= step / 2:
            return "rounded"
        return "truncated" if gap < 1 else ""
    return ""


def _last_digit(written: Number) -> Fraction:
    """The value of one unit of the last digit that is not zero."""
    n, step = abs(int(written.value)), 1
    while n and n % 10 == 0 and step < 10**15:
        n, step = n // 10, step * 10
    return Fraction(step)


def _near(value: Fraction | float, right: Term, tolerance: float) -> bool:
    other = real(right)
    return other is not None and abs(Fraction(value) - Fraction(other)) <= Fraction(tolerance) * abs(Fraction(other))


def _is_complex(*terms: Term) -> bool:
    """Whether the terms are made of exact numbers and i by sums, products and whole powers."""
    parts = [part for term in terms for part in walk(term)]
    if not any(part == Constant("i") for part in parts):
        return False
    powers = [p for p in parts if isinstance(p, Power)]
    return all(isinstance(p.exponent, Number) and p.exponent.value.denominator == 1 for p in powers)


def _complex_shown(term: Term) -> str:
    value = approximate_value(term)
    return "" if value is None else f"{value.real:.10g} + {value.imag:.10g}i".replace("+ -", "- ")


def _decimals(*terms: Term) -> bool:
    """Whether a decimal is written in one of the terms."""
    return any(isinstance(part, Number) and part.places for term in terms for part in walk(term))


def _terminates(value: Fraction | float) -> bool:
    """Whether somebody would write the value out: it has at most six decimals."""
    return isinstance(value, Fraction) and 10**6 % value.denominator == 0


def _with_repeating(term: Term) -> Term:
    """The term with decimals that are a rounded third, sixth or ninth made exact: 0.33, 0.67, 8.333, 0.17, 0.83."""
    if isinstance(term, Number):
        return repeating(term)
    match term:
        case Sum(terms):
            return total(*map(_with_repeating, terms))
        case Product(factors):
            return product(*map(_with_repeating, factors))
        case Power(base, exponent):
            return Power(_with_repeating(base), exponent)
        case _:
            return term


def repeating(written: Number) -> Number:
    """The exact third, sixth or ninth that a decimal of two or more places is the rounding of; else itself."""
    if not written.places or written.places < 2 or written.places > 12:
        return written
    for below in (3, 6, 9):
        above = round(written.value * below)
        exact = Fraction(above, below)
        if exact.denominator in (3, 6, 9) and rounding(exact, Number(written.value, written.places)):
            return Number(exact)
    return written


def shown(term: Term) -> str:
    """A value for the user: whole, a short decimal, or a fraction."""
    exact = rational(term)
    if exact is None:
        found = real(term)
        return "" if found is None else _multiple_of_pi(term, found) or f"{found:.10g}"
    if max(abs(exact.numerator), exact.denominator) > 10**30:
        return f"{float(exact):.6g}" if abs(exact) < Fraction(10) ** 300 else ""
    if exact.denominator == 1:
        return str(exact.numerator)
    below = exact.denominator
    for p in (2, 5):
        while below % p == 0:
            below //= p
    if below == 1 and exact.denominator <= 10**6:
        return f"{float(exact):.12g}"
    return f"{exact.numerator}/{exact.denominator} (about {float(exact):.6g})"


def _multiple_of_pi(term: Term, value: float) -> str:
    """A value as "36π" where it is a multiple of pi; else empty."""
    times = Fraction(value / math.pi).limit_denominator(1000)
    if times in (0, 1) or not same(term, product(Number(times), Constant("pi"))):
        return ""
    return f"{times}π" if times.denominator == 1 else f"{times} π"


def factors(mine: Iterable[str], theirs: Iterable[str] = ()) -> set[Fraction]:
    """How many of one named unit make another, for every two that measure the same."""
    found = {m for unit in (*mine, *theirs) if (m := measure(unit)) is not None}
    return {x[1] / y[1] for x in found for y in found if x[0] == y[0] and x[1] != y[1]}


def unit_ratio(mine: str, theirs: str) -> Fraction:
    """How many of the one unit make another; both must measure the same."""
    a, b = measure(mine), measure(theirs)
    assert a is not None
    assert b is not None
    return a[1] / b[1]
