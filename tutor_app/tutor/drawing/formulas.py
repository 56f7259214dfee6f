"""A formula as Python code for NumPy, for the programs that draw. What has no certain meaning there is refused."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from tutor_app.adapters.grading.terms import (
    HALF,
    Call,
    Constant,
    Degrees,
    Number,
    Piecewise,
    Power,
    Product,
    Relation,
    Sum,
    Symbol,
    Term,
)

_CALLS: Final = {
    "sin": "np.sin", "cos": "np.cos", "tan": "np.tan", "asin": "np.arcsin", "acos": "np.arccos", "atan": "np.arctan",
    "sinh": "np.sinh", "cosh": "np.cosh", "tanh": "np.tanh", "exp": "np.exp", "log10": "np.log10", "abs": "np.abs",
    "floor": "np.floor", "ceiling": "np.ceil", "sqrt": "np.sqrt", "cbrt": "np.cbrt", "log": "np.log",
}  # fmt: skip
_RECIPROCALS: Final = {"sec": "np.cos", "csc": "np.sin", "cot": "np.tan"}
_CONSTANTS: Final = {"pi": "np.pi", "e": "np.e"}
_SUM, _PRODUCT, _UNARY, _POWER, _ATOM = range(5)  # how tightly a text holds together


class NotDrawable(Exception):
    """There is no certain picture of it."""


def python(term: Term, names: Mapping[str, str]) -> str:
    """The code of a scalar term, or of a condition.

    Args:
        term: What is meant.
        names: What each variable is called in the program.

    Raises:
        NotDrawable: If it has other variables, or something that is no real function of numbers.
    """
    if isinstance(term, Relation):
        return _condition(term, names)
    return _code(term, names)[0]


def _condition(term: Relation, names: Mapping[str, str]) -> str:
    if not set(term.ops) <= {"<", ">", "<=", ">="}:
        raise NotDrawable
    sides = [_held(member, names, _SUM) for member in term.members]
    links = [f"({a} {op} {b})" for a, op, b in zip(sides, term.ops, sides[1:], strict=False)]
    return links[0] if len(links) == 1 else " & ".join(links)


def _code(term: Term, names: Mapping[str, str]) -> tuple[str, int]:
    match term:
        case Number(value, _, _):
            return _number(value)
        case Symbol(name) if name in names:
            return names[name], _ATOM
        case Constant(name) if name in _CONSTANTS:
            return _CONSTANTS[name], _ATOM
        case Degrees(value):
            return f"np.radians({_code(value, names)[0]})", _ATOM
        case Sum(terms):
            return _sum([_held(t, names, _PRODUCT) for t in terms]), _SUM
        case Product(factors):
            return _product(factors, names)
        case Power(base, exponent):
            return _power(base, exponent, names)
        case Call(name, args):
            return _call(name, args, names), _ATOM
        case Piecewise(pieces):
            return _pieces(pieces, names), _ATOM
        case _:
            raise NotDrawable


def _held(term: Term, names: Mapping[str, str], least: int) -> str:
    """The code of a part, in brackets unless it holds together at least that tightly."""
    text, tightness = _code(term, names)
    return text if tightness >= least else f"({text})"


def _number(value: Fraction) -> tuple[str, int]:
    text = str(abs(value.numerator)) if value.denominator == 1 else f"{abs(value.numerator)} / {value.denominator}"
    if value.denominator != 1 and not {p for p in _primes(value.denominator)} - {2, 5} and len(repr(float(value))) < 9:
        text = repr(abs(float(value)))
    tightness = _PRODUCT if " / " in text else _ATOM
    return (f"-{text}", min(tightness, _UNARY)) if value < 0 else (text, tightness)


def _primes(number: int) -> set[int]:
    found = set()
    for p in (2, 3, 5, 7):
        while number % p == 0:
            number //= p
            found.add(p)
    return found | ({number} if number > 1 else set())


def _sum(terms: list[str]) -> str:
    return terms[0] + "".join(f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in terms[1:])


def _product(factors: tuple[Term, ...], names: Mapping[str, str]) -> tuple[str, int]:
    above: list[Term] = []
    below: list[Term] = []
    sign = ""
    for factor in factors:
        match factor:
            case Power(base, Number(value, _, _)) if value < 0:
                below.append(base if value == -1 else Power(base, Number(-value)))
            case Number(value, _, _) if value < 0 and not sign:
                sign = "-"
                if value != -1:
                    above.append(Number(-value))
            case Number(value, _, _) if value == 1:
                pass
            case _:
                above.append(factor)
    text = " * ".join(_held(f, names, _UNARY) for f in above) or "1"
    for f in below:
        text += f" / {_held(f, names, _UNARY)}"
    return sign + text, _PRODUCT


def _power(base: Term, exponent: Term, names: Mapping[str, str]) -> tuple[str, int]:
    if base == Constant("e"):
        return f"np.exp({_code(exponent, names)[0]})", _ATOM
    if exponent == HALF:
        return f"np.sqrt({_code(base, names)[0]})", _ATOM
    match exponent:
        case Number(value, _, _) if value == Fraction(1, 3):
            return f"np.cbrt({_code(base, names)[0]})", _ATOM
        case Number(value, _, _) if value < 0:
            return f"1 / {_held(Power(base, Number(-value)), names, _UNARY)}", _PRODUCT
    return f"{_held(base, names, _ATOM)}**{_held(exponent, names, _ATOM)}", _POWER


def _call(name: str, args: tuple[Term, ...], names: Mapping[str, str]) -> str:
    codes = [_code(a, names)[0] for a in args]
    if name == "log" and len(args) == 2:
        return f"(np.log({codes[0]}) / np.log({codes[1]}))"
    if name in ("max", "min") and len(args) == 2:
        return f"np.{name}imum({codes[0]}, {codes[1]})"
    if len(args) != 1:
        raise NotDrawable
    if name in _RECIPROCALS:
        return f"(1 / {_RECIPROCALS[name]}({codes[0]}))"
    if name not in _CALLS:
        raise NotDrawable
    return f"{_CALLS[name]}({codes[0]})"


def _pieces(pieces: tuple[tuple[Term, Term | None], ...], names: Mapping[str, str]) -> str:
    text = "np.nan"
    for value, condition in reversed(pieces):
        code = _code(value, names)[0]
        text = code if condition is None else f"np.where({python(condition, names)}, {code}, {text})"
    return text
