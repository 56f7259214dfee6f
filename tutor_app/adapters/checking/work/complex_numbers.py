"""Values of terms with the imaginary unit, and whether such numbers solve an equation; plain arithmetic."""

from __future__ import annotations

import cmath
from collections.abc import Mapping, Sequence
from typing import Final

from tutor_app.adapters.checking.work.conditions import Condition
from tutor_app.adapters.checking.work.lines import read_side
from tutor_app.adapters.checking.work.slips import with_one_sign_changed
from tutor_app.adapters.grading.terms import Call, Constant, Number, Power, Product, Sum, Symbol, Term, symbols, walk

_CONSTANTS: Final = {"i": 1j, "pi": complex(cmath.pi), "e": complex(cmath.e)}
_CLOSE: Final = 1e-9
_NONE: Final[Mapping[str, complex]] = {}


def has_unit(*terms: Term) -> bool:
    """Whether the imaginary unit stands in one of them."""
    return any(part == Constant("i") for term in terms for part in walk(term))


def complex_value(term: Term, point: Mapping[str, complex] = _NONE) -> complex | None:
    """The value of a term at a point; None where there is none or it is not known."""
    try:
        return _value(term, point)
    except (KeyError, ZeroDivisionError, OverflowError, ValueError):
        return None


def _value(term: Term, point: Mapping[str, complex]) -> complex:
    match term:
        case Number(number):
            return complex(number)
        case Symbol(name):
            return point[name]
        case Constant(name):
            return _CONSTANTS[name]
        case Sum(terms):
            return sum((_value(t, point) for t in terms), 0j)
        case Product(factors):
            out = 1 + 0j
            for factor in factors:
                out *= _value(factor, point)
            return out
        case Power(base, Number(exponent)) if exponent.denominator == 1 and abs(exponent) < 100:
            return complex(_value(base, point) ** int(exponent))
        case Power(base, exponent):
            return complex(_value(base, point) ** _value(exponent, point))
        case Call("abs", (argument,)):
            return complex(abs(_value(argument, point)))
        case Call("sqrt", (argument,)):
            return cmath.sqrt(_value(argument, point))
    raise KeyError


def are_equal(a: complex, b: complex) -> bool:
    """Whether two numbers are equal, up to the rounding of floating point."""
    return abs(a - b) <= _CLOSE * (1 + abs(a))


def wrong_solution(new: Condition, references: Sequence[Condition]) -> tuple[str, str] | None:
    """Of a line that tells numbers, the first that solves none of the equations before it, with its slip.

    Returns:
        Its source and the slip; both empty if all solve one; None if that is not known.
    """
    (name,) = new.names
    for statement in new.statements:
        told = complex_value(statement.sides[-1])
        if statement.relations != ("=",) or statement.sides[0] != Symbol(name) or told is None:
            return None
        if symbols(statement.sides[-1]):
            return None
        held = [_holds(known, name, told) for known in references]
        if not held or None in held:
            return None
        if not any(held):
            source = statement.sources[-1].strip()
            negated = [] if source.startswith(("-", "+")) else [f"-{source}"]
            signs = [read_side(other) for other in (*with_one_sign_changed(source), *negated)]
            others = [complex_value(side) for side in signs if side is not None]
            is_sign = any(v is not None and _holds(known, name, v) for v in others for known in references)
            return statement.sources[-1], "sign" if is_sign else ""
    return "", ""


def _holds(condition: Condition, name: str, number: complex) -> bool | None:
    """Whether a number solves one of the cases; None if that is not known."""
    found: bool | None = False
    for case in condition.cases:
        sides = [[complex_value(side, {name: number}) for side in s.sides] for s in case]
        if any(v is None for each in sides for v in each):
            return None
        found = found or all(
            are_equal(each[0], v) for each in sides for v in each[1:] if each[0] is not None and v is not None
        )
    return found
