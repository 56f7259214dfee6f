"""Decimals: which roundings of an exact value count, and what a computer prints for it."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from tutor_app.adapters.grading.algebra import rational, real
from tutor_app.adapters.grading.finding import Finding
from tutor_app.adapters.grading.terms import Number, Term

MIN_ROUNDED_DIGITS: Final = 3
FLOAT_DIGITS: Final = 15
"""A number printed with this many significant digits is a double, right to its last but one."""


def rounding(gold: Term, answer: Number) -> Finding | None:
    """Whether a decimal answer is the gold value as a computer prints it, or rounded well enough by hand."""
    if answer.places is None:
        return None
    value = rational(gold)
    floating = float(value) if value is not None and abs(value) < 10**15 else real(gold)
    if floating is None or floating == 0:
        return None
    exact = value if value is not None else Fraction(floating)
    error = abs(exact - answer.value)
    if answer.digits >= FLOAT_DIGITS and error <= abs(exact) * Fraction(1, 10**13):
        return Finding(True, "float_noise")
    if exact.denominator == 1 and value is not None:
        return None  # a whole number is exact
    enough = answer.digits >= MIN_ROUNDED_DIGITS or (answer.digits == 2 and answer.places == MIN_ROUNDED_DIGITS)
    if isinstance(gold, Number) and gold.places is not None:
        # The gold answer chose its precision; only one with a computer's many digits may be rounded.
        enough = gold.digits >= 7 and answer.digits >= 6 and answer.places >= 2
    if enough and answer.places > 0 and error <= _half_unit(answer.places, exact):
        return Finding(True, "rounded")
    return None


def to_gold_digits(gold: Number, answer: Term) -> Finding | None:
    """Whether the answer rounds to a decimal gold answer; one of one or two digits is taken as exact."""
    value = rational(answer)
    floating = real(answer)
    if gold.places is None or gold.places < 1 or gold.digits < MIN_ROUNDED_DIGITS or floating is None:
        return None
    if isinstance(answer, Number) and gold.digits >= FLOAT_DIGITS:
        error = abs(answer.value - gold.value)
        if error <= abs(gold.value) * Fraction(1, 10**13):
            return Finding(True, "float_noise")
    if isinstance(answer, Number) and answer.digits < gold.digits and answer.places is not None:
        return None
    places = gold.places - max(0, gold.digits - 12)
    exact = value if value is not None else Fraction(floating)
    if abs(exact - gold.value) <= _half_unit(places, exact):
        return Finding(True, "gold_digits")
    return None


def _half_unit(places: int, value: Fraction) -> Fraction:
    """Half a unit of the last place, and a little for the arithmetic that came before."""
    return Fraction(1, 2) / Fraction(10) ** places + abs(value) * Fraction(1, 10**13)
