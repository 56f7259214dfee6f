"""Values of terms at points, and the real solutions of equations; plain arithmetic with real numbers.

What is not a real number (a root of a negative number, a division by zero) has no value. SymPy is asked only for the
roots of polynomials.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking import symbolic
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

Value = Fraction | float
Point = Mapping[str, Value]
CLOSE: Final = 1e-7
LARGEST: Final = 10**40
TOUCHING: Final = 0.05
"""How near to zero a value must come between two steps to be looked at more closely."""
_REACH: Final = 40
_STEPS: Final = 800
_CONSTANTS: Final = {"pi": math.pi, "e": math.e}
_CALLS: Final[dict[str, Callable[[float], float]]] = {
    "sin": math.sin, "cos": math.cos, "tan": math.tan, "asin": math.asin, "acos": math.acos, "atan": math.atan,
    "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh, "exp": math.exp, "abs": abs,
    "cot": lambda x: 1 / math.tan(x), "sec": lambda x: 1 / math.cos(x), "csc": lambda x: 1 / math.sin(x),
    "log10": math.log10,
}  # fmt: skip


class Undefined(Exception):
    """There is no real value."""


class Unknown(Exception):
    """The meaning of a term is not known here."""


def value(term: Term, point: Point) -> Value | None:
    """The real value of a term at a point; None where there is none.

    Raises:
        Unknown: If the term has something that is not computed here.
    """
    try:
        found = _value(term, point)
    except (Undefined, ZeroDivisionError, OverflowError, ValueError):
        return None
    return None if isinstance(found, float) and not math.isfinite(found) else found


def real(term: Term) -> Value | None:
    """The value of a number; None where there is none or it is not known."""
    try:
        return value(term, {})
    except Unknown:
        return None


def _value(term: Term, point: Point) -> Value:
    match term:
        case Number(number):
            return number
        case Symbol(name):
            if name not in point:
                raise Unknown
            return point[name]
        case Constant(name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case Degrees(inner):
            return float(_value(inner, point)) * math.pi / 180
        case Sum(terms):
            added: Value = Fraction(0)
            for t in terms:
                added = added + _value(t, point)
            return _bounded(added)
        case Product(factors):
            out: Value = Fraction(1)
            for factor in factors:
                out = _bounded(out * _value(factor, point))
            return out
        case Power(base, exponent):
            return _bounded(_power(_value(base, point), _value(exponent, point)))
        case Call(name, args):
            return _call(name, [_value(a, point) for a in args])
        case _:
            raise Unknown


def _bounded(number: Value) -> Value:
    if number > LARGEST or number < -LARGEST:
        raise Undefined
    if isinstance(number, Fraction) and number.denominator > LARGEST:
        return float(number)
    return number


def _power(base: Value, exponent: Value) -> Value:
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        if base == 0 and exponent <= 0:
            raise Undefined
        if abs(exponent) > 200:
            return float(float(base) ** int(exponent))
        raised: Value = base ** int(exponent)
        return raised
    if base < 0:
        if isinstance(exponent, Fraction) and exponent.denominator % 2:
            odd: float = -((-float(base)) ** (1 / exponent.denominator))
            return float(odd**exponent.numerator)
        raise Undefined
    found: float = float(base) ** float(exponent)
    if isinstance(base, Fraction) and isinstance(exponent, Fraction):
        whole = Fraction(round(found)) if abs(found) < 1e15 else None
        if whole is not None and exponent.denominator <= 6 and whole**exponent.denominator == base**exponent.numerator:
            return whole
    return found


def _call(name: str, args: list[Value]) -> Value:
    if name == "log":
        over = math.log(args[0])
        return over if len(args) == 1 else over / math.log(args[1])
    if name == "abs":
        return -args[0] if args[0] < 0 else args[0]
    if name == "factorial" and (args[0] < 0 or args[0] != int(args[0])):
        raise Undefined
    if name == "factorial" and args[0] <= 60:
        return Fraction(math.factorial(int(args[0])))
    if name == "binomial" and all(a == int(a) and 0 <= a <= 60 for a in args):
        return Fraction(math.comb(int(args[0]), int(args[1])))
    if name in ("max", "min"):
        return (max if name == "max" else min)(args)
    if name == "sqrt":
        return _power(args[0], Fraction(1, 2))
    if name not in _CALLS or len(args) != 1:
        raise Unknown
    return _CALLS[name](float(args[0]))


def has_no_value(term: Term) -> bool:
    """Whether a number cannot be: an even root of a negative number, a division by zero, or the factorial of a part."""
    for part in walk(term):
        try:
            match part:
                case Power(base, Number(exponent)):
                    number = value(base, {})
                    if number is not None and (
                        (number < 0 and exponent.denominator % 2 == 0) or (number == 0 and exponent < 0)
                    ):
                        return True
                case Call("factorial", (argument,)):
                    number = value(argument, {})
                    if number is not None and (number < 0 or number != int(number)):
                        return True
        except Unknown:
            continue
    return False


def alike(a: Value, b: Value) -> bool:
    """Whether two values are equal, up to the rounding of floating point."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    return math.isclose(a, b, rel_tol=CLOSE, abs_tol=CLOSE)


def shown(number: Value) -> str:
    """A value for the student: a whole number, a fraction, or a short decimal."""
    if isinstance(number, Fraction):
        if number.denominator == 1:
            return str(number.numerator)
        return f"{number.numerator}/{number.denominator}" if number.denominator < 1000 else f"{float(number):.6g}"
    nearest = Fraction(number).limit_denominator(60)
    if abs(float(nearest) - number) < 1e-9:
        return shown(nearest)
    return f"{number:.6g}"


def points(names: frozenset[str]) -> Iterator[dict[str, Value]]:
    """Points at which expressions are compared: small whole numbers first, then fractions and negative numbers."""
    ordered = sorted(names)
    for start in (2, 3, 5, 1, 7, 4, 10):
        yield {name: Fraction(start + 2 * k) for k, name in enumerate(ordered)}
    for start in (11, 13, 17):
        yield {name: Fraction(start) / (k + 1) for k, name in enumerate(ordered)}
    for part in (Fraction(1, 2), Fraction(7, 3), Fraction(13, 5)):
        yield {name: part + Fraction(k, 3) for k, name in enumerate(ordered)}
    for start in (-1, -2, -5):
        yield {name: Fraction(start - 3 * k) for k, name in enumerate(ordered)}


def differ(a: Term, b: Term, names: frozenset[str] | None = None) -> dict[str, Value] | bool | None:
    """Where two expressions differ.

    Returns:
        A point at which they do; False if they agree everywhere they were compared; None if that is not known.
    """
    compared = 0
    for point in points(symbols(a) | symbols(b) | (names or frozenset())):
        try:
            x, y = value(a, point), value(b, point)
        except Unknown:
            return None
        if x is None or y is None:
            continue
        if not alike(x, y):
            # Only where some letter is negative: the writer may have taken it to be positive.
            return point if all(v > 0 for v in point.values()) else None
        compared += 1
    return False if compared >= 3 else None


def agree(a: Term, b: Term) -> bool:
    """Whether two expressions agree wherever their letters are positive, as far as points tell."""
    compared = 0
    for point in points(symbols(a) | symbols(b)):
        if any(number < 0 for number in point.values()):
            continue
        try:
            x, y = value(a, point), value(b, point)
        except Unknown:
            return False
        if x is None or y is None:
            continue
        if not alike(x, y):
            return False
        compared += 1
    return compared >= 3


def roots(left: Term, right: Term, name: str) -> list[Value] | None:
    """The real solutions of an equation in one unknown; None if they are not known to be all."""
    difference = total(left, negative(right))
    found = _linear_root(difference, name)
    if found is None:
        found = _polynomial_roots(difference, name)
    if found is None:
        found = _roots_of_one_part(difference, name)
    if found is None:
        found = _roots_by_signs(difference, name)
    kept: list[Value] = []
    for root in found:
        point = {name: root}
        a, b = value(left, point), value(right, point)
        if a is not None and b is not None and not any(alike(root, k) for k in kept):
            kept.append(root)
    return kept


def _linear_root(difference: Term, name: str) -> list[Value] | None:
    """The root of a difference in which the unknown stands in sums and products only; None if it is not linear."""
    if any(isinstance(part, Power | Call) and name in symbols(part) for part in walk(difference)):
        return None
    at = [value(difference, {name: Fraction(k)}) for k in range(4)]
    zero, one, two, three = at
    if zero is None or one is None or two is None or three is None or one == zero:
        return None
    slope = one - zero
    if not (alike(two - one, slope) and alike(three - two, slope)) or alike(slope, Fraction(0)):
        return None
    return [-zero / slope]


def _roots_of_one_part(difference: Term, name: str) -> list[Value] | None:
    """The roots where the unknown stands in one logarithm, root, power or between bars only; None if it does not."""
    for part in dict.fromkeys(walk(difference)):
        if name not in symbols(part) or _undone(part, Fraction(1)) is None:
            continue
        with_letter = replaced(difference, part, Symbol("_"))
        told = _linear_root(with_letter, "_") if symbols(with_letter) == {"_"} else None
        if told and (undone := _undone(part, told[0])) is not None:
            inner, numbers = undone
            found = [(v, root) for v in numbers for root in roots(inner, Number(Fraction(v)), name) or ()]
            return [float(root) if isinstance(v, float) else root for v, root in found]
    return None


def replaced(term: Term, part: Term, new: Term) -> Term:
    """A term with another in the place of one of its parts."""
    match term:
        case _ if term == part:
            return new
        case Sum(terms):
            return Sum(tuple(replaced(t, part, new) for t in terms))
        case Product(factors):
            return Product(tuple(replaced(f, part, new) for f in factors))
        case Power(base, exponent):
            return Power(replaced(base, part, new), replaced(exponent, part, new))
        case _:
            return term


def _undone(part: Term, told: Value) -> tuple[Term, list[Value]] | None:
    """The argument of a function whose value is told, and the numbers that it can then be; None of other terms."""
    try:
        match part:
            case Call("log", (inner,)):
                return inner, [math.exp(told)]
            case Call("log", (inner, Number(base))) if base > 0:
                return inner, [_power(base, told)]
            case Call("abs", (inner,)):
                return inner, [] if told < 0 else [told, -told] if told else [told]
            case Power(inner, Number(exponent)) if exponent.numerator == 1 and exponent.denominator > 1 and told >= 0:
                return inner, [_power(told, Fraction(exponent.denominator))]
            case Power(Number(base), inner) if base > 0 and base != 1 and symbols(inner):
                return inner, [] if told <= 0 else [_exponent(base, told)]
            case Power(Constant("e"), inner) if symbols(inner):
                return inner, [] if told <= 0 else [math.log(told)]
    except (OverflowError, ValueError):
        return None
    return None


def _exponent(base: Fraction, told: Value) -> Value:
    """The logarithm, exact where it is a whole number."""
    found = math.log(told) / math.log(base)
    return Fraction(round(found)) if alike(_power(base, Fraction(round(found))), told) else found


def _polynomial_roots(difference: Term, name: str) -> list[Value] | None:
    """Exact where a root is rational."""
    import sympy as sp

    expression = symbolic.built(difference)
    if expression is None or expression.free_symbols - {sp.Symbol(name)}:
        return None
    try:
        with symbolic.limited():
            above = sp.fraction(sp.together(expression))[0]
            if not above.is_polynomial(sp.Symbol(name)):
                return None
            polynomial = sp.Poly(above, sp.Symbol(name))
            if polynomial.degree() < 1 or polynomial.degree() > 8:
                return [] if polynomial.degree() == 0 else None
            if not all(c.is_Rational for c in polynomial.all_coeffs()):
                return None
            found = set(sp.real_roots(polynomial))
            return [Fraction(int(r.p), int(r.q)) if r.is_Rational else float(r.evalf(17)) for r in found]
    except (symbolic.Late, ArithmeticError, ValueError, TypeError, NotImplementedError, AttributeError):
        return None


def _roots_by_signs(difference: Term, name: str) -> list[Value]:
    """The roots between -40 and 40 where the sign changes or the value is zero."""

    def at(x: Value) -> Value | None:
        return value(difference, {name: x})

    found: list[Value] = []
    before: tuple[Value, Value] | None = None
    falling = False
    for k in range(-_STEPS, _STEPS + 1):
        x = Fraction(k * _REACH, _STEPS)
        y = at(x)
        if y is not None and abs(float(y)) < 1e-12:
            found += [x] if _grows_away(at, x, y) else []
            before = None
            continue
        if y is not None and before is not None and (y < 0) != (before[1] < 0):
            root = _bisected(at, float(before[0]), float(x))
            if root is not None:
                found.append(root)
        elif y is not None and before is not None:
            size, size_before = abs(float(y)), abs(float(before[1]))
            if falling and size >= size_before and size_before < TOUCHING:
                touched = _touched(at, float(before[0]) - _REACH / _STEPS, float(x))
                found += [] if touched is None else [touched]
            falling = size < size_before
        before = None if y is None else (x, y)
        falling = falling and y is not None
    return found


def _grows_away(at: Callable[[Value], Value | None], x: Fraction, y: Value) -> bool:
    """Whether a value that is next to nothing is so only here, and not as ``3^x - 9^x`` is far to the left."""
    step = Fraction(_REACH, _STEPS)
    beside = [v for v in (at(x - step), at(x + step)) if v is not None]
    return y == 0 or not beside or abs(float(y)) <= max(abs(float(v)) for v in beside) / 1000


def _touched(at: Callable[[Value], Value | None], low: float, high: float) -> float | None:
    """Where a value touches zero without changing its sign, as ``sin x - 1`` does: the least size in between."""

    def size(x: float) -> float:
        y = at(x)
        return math.inf if y is None else abs(float(y))

    for _ in range(60):
        one, two = low + (high - low) / 3, high - (high - low) / 3
        if size(one) <= size(two):
            high = two
        else:
            low = one
    middle = (low + high) / 2
    return middle if size(middle) < 1e-12 else None


def _bisected(at: Callable[[Value], Value | None], low: float, high: float) -> float | None:
    first = at(low)
    if first is None:
        return None
    for _ in range(70):
        middle = (low + high) / 2
        y = at(middle)
        if y is None:
            return None
        if (y < 0) == (first < 0):
            low = middle
        else:
            high = middle
    end = at((low + high) / 2)
    return (low + high) / 2 if end is not None and abs(float(end)) < 1e-6 else None
