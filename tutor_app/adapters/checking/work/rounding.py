"""Whether a condition tells the solutions of another one rounded: in decimals, or in degrees."""

from __future__ import annotations

import math
from fractions import Fraction

from tutor_app.adapters.checking.work.conditions import Condition, Solutions
from tutor_app.adapters.checking.work.state import has_decimals, is_near
from tutor_app.adapters.grading.terms import Degrees, Number


def unrounded(before: Solutions, after: Solutions, new: Condition) -> Solutions:
    """The solutions of a condition, with those of the one before in the place of decimals that round them."""
    decimals = any(has_decimals(source) for statement in new.statements for source in statement.sources)
    if not (new.is_approximate or decimals):
        return after
    if not new.is_approximate and any(_has_end(v) for v in before.values):
        return after  # 2.5 can be written out: another decimal is another number
    return Solutions(tuple(next((v for v in before.values if _rounds(v, w)), w) for w in after.values))


def is_one_angle(before: Solutions, new: Condition) -> bool:
    """Whether a condition tells solutions of the one before in degrees, rounded to the decimals that are written."""
    told = [s.sides[-1] for s in new.statements]
    if not told or not all(isinstance(t, Degrees) and isinstance(t.value, Number) and t.value.places for t in told):
        return False
    exact = [float(v) * 180 / math.pi for v in before.values]
    return all(
        any(abs(v - float(t.value.value)) <= 0.5000001 * 10.0 ** -(t.value.places or 0) for v in exact)
        for t in told
        if isinstance(t, Degrees) and isinstance(t.value, Number)
    )


def _rounds(exact: Fraction | float, written: Fraction | float) -> bool:
    """Whether a number is another one rounded: to the decimals that are written, or to three digits."""
    if is_near(exact, written):
        return True
    places = next((k for k in range(1, 7) if written * 10**k == int(written * 10**k)), 0)
    enough = abs(written) * 10**places >= 10  # a single digit rounds too much together
    return enough and places > 0 and abs(float(exact) - float(written)) <= 0.5000001 * 10.0**-places


def _has_end(number: Fraction | float) -> bool:
    """Whether its decimals end."""
    if not isinstance(number, Fraction):
        return False
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1
