"""Exact arithmetic on terms without SymPy: enough for nearly every answer, in microseconds.

A term becomes a quotient of two polynomials over the rationals, in the variables, in pi, e, i and in square roots
of primes, with ``i**2 = -1`` and ``sqrt(p)**2 = p``. There the question "is the difference zero?" has an exact
answer. What lies outside (a sine, a nested root, a symbolic exponent) becomes an indeterminate of its own: if the
difference still vanishes the terms are equal, otherwise nothing is known and floating point may tell them apart.

Everything is bounded: digits, exponents, number of monomials.
"""

from __future__ import annotations

import cmath
import hashlib
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

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
    walk,
)

MAX_STEPS: Final = 200_000
"""Products of monomials for one term, long coefficients counted more: some tenths of a second."""
MAX_BITS: Final = 60_000
MAX_MONOMIALS: Final = 1_000
MAX_EXPONENT: Final = 100_000
MAX_RADICAND: Final = 10**10
MAX_FACTORIAL: Final = 5_000

Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, Fraction]


class Beyond(Exception):
    """Outside this arithmetic, or beyond its limits."""


@dataclass(frozen=True, slots=True)
class Quotient:
    """Two polynomials, the lower one not zero.

    Attributes:
        above: Numerator.
        below: Denominator.
        opaque: Some indeterminate stands for a function, so a nonzero difference proves nothing.
    """

    above: Polynomial
    below: Polynomial
    opaque: bool = False

    def key(self) -> str:
        """A name for an indeterminate that stands for a function of this."""
        # A digest, because names nest: spelled out, a root of a root of a root would double at each level.
        # Hexadecimal, because the interpreter refuses to spell very long decimal numbers.
        spelled = "/".join(
            " ".join(f"{m}{c.numerator:x}:{c.denominator:x}" for m, c in sorted(p.items()))
            for p in (self.above, self.below)
        )
        return hashlib.blake2b(spelled.encode(), digest_size=16).hexdigest()


class _Budget(threading.local):
    """The number of steps that are left, for each thread its own."""

    steps = MAX_STEPS


_budget: Final = _Budget()
_UNIT: Final[Polynomial] = {(): Fraction(1)}


def rational(term: Term) -> Fraction | None:
    """The exact value of a term without variables or irrational numbers, else None."""
    if isinstance(term, Number):
        return term.value
    found = normal(term)
    if found is None or set(found.above) - {()} or set(found.below) != {()}:
        return None
    return found.above.get((), Fraction(0)) / found.below[()]


@lru_cache(maxsize=4096)
def normal(term: Term) -> Quotient | None:
    """The quotient of polynomials that a term is, or None if that is beyond this arithmetic."""
    _budget.steps = MAX_STEPS
    try:
        return _normal(term)
    except (Beyond, RecursionError, ArithmeticError, ValueError):
        return None


def same(a: Term, b: Term) -> bool | None:
    """Whether two terms have the same value, exactly; None if that cannot be told here."""
    if a == b:
        return True
    qa, qb = normal(a), normal(b)
    if qa is not None and qb is not None:
        _budget.steps = MAX_STEPS
        try:
            difference = _add(_times(qa.above, qb.below), _times(qb.above, qa.below), -1)
        except Beyond:
            return None
        if not difference:
            return True
        if not (qa.opaque or qb.opaque):
            return False
    return False if _apart(a, b) else None


def proportional(a: Term, b: Term) -> Fraction | None:
    """The constant c with a = c b, for the left sides of equations "... = 0"; None if there is none or unknown."""
    qa, qb = normal(a), normal(b)
    if qa is None or qb is None or set(qa.above) != set(qb.above) or not qa.above:
        return None
    key = min(qa.above)
    ratio = qa.above[key] / qb.above[key]
    return ratio if all(value == ratio * qb.above[k] for k, value in qa.above.items()) else None


def linear(term: Term) -> tuple[Fraction, Fraction] | None:
    """Slope and constant of a term that is linear in one variable with rational coefficients, else None."""
    found = normal(term)
    if found is None or found.opaque or set(found.below) != {()}:
        return None
    names = set(found.above) - {()}
    if len(names) != 1:
        return None
    (name,) = names
    if len(name) != 1 or name[0][1] != 1 or not name[0][0].startswith("x "):
        return None
    below = found.below[()]
    return found.above[name] / below, found.above.get((), Fraction(0)) / below


def approximate(term: Term) -> complex | None:
    """The value of a term without variables in floating point, or None."""
    if any(isinstance(part, Symbol) for part in walk(term)):
        return None
    found = _evaluate(term, 0)
    return None if found is None else found[0]


def real(term: Term) -> float | None:
    """The real value of a term without variables, or None."""
    if isinstance(term, Number):
        try:
            return float(term.value)
        except OverflowError:
            return None
    value = approximate(term)
    return value.real if value is not None and abs(value.imag) <= 1e-12 * max(1.0, abs(value.real)) else None


# --- quotients of polynomials --------------------------------------------------------------------------------


def _normal(term: Term) -> Quotient:
    match term:
        case Number(value):
            _bounded(value)
            return Quotient({(): value} if value else {}, _UNIT)
        case Symbol(name):
            return _generator(f"x {name}")
        case Constant("oo"):
            raise Beyond
        case Constant(name):
            return _generator(name)
        case Degrees(value):
            angle = _normal(value)
            return _product(angle, Quotient({(("pi", 1),): Fraction(1, 180)}, _UNIT))
        case Sum(terms):
            out = Quotient({}, _UNIT)
            for t in terms:
                q = _normal(t)
                if out.below == q.below:
                    above, below = _add(out.above, q.above, 1), out.below
                else:
                    above = _add(_times(out.above, q.below), _times(q.above, out.below), 1)
                    below = _times(out.below, q.below)
                out = Quotient(above, below, out.opaque or q.opaque)
            return out
        case Product(factors):
            out = Quotient(_UNIT, _UNIT)
            for factor in factors:
                out = _product(out, _normal(factor))
            return out
        case Power(base, exponent):
            return _power(base, exponent)
        case Call(name, args):
            return _call(name, args)
        case _:
            raise Beyond


def _generator(name: str, *, opaque: bool = False) -> Quotient:
    return Quotient({((name, 1),): Fraction(1)}, _UNIT, opaque)


def _power(base: Term, exponent: Term) -> Quotient:
    n = rational(exponent)
    if n is None:
        return _generator(f"pow {_normal(base).key()} {_normal(exponent).key()}", opaque=True)
    inner = _normal(base)
    if n.denominator == 1:
        return _whole_power(inner, int(n))
    if n.denominator == 2 and not set(inner.above) - {()} and set(inner.below) == {()}:
        value = inner.above.get((), Fraction(0)) / inner.below[()]
        return _whole_power(_square_root(value), int(n.numerator))
    # Of anything else a root is an indeterminate; the worker knows more about it.
    return _generator(f"pow {inner.key()} {n}", opaque=True)


def _whole_power(q: Quotient, n: int) -> Quotient:
    if abs(n) > MAX_EXPONENT:
        raise Beyond
    above, below = (q.above, q.below) if n >= 0 else (q.below, q.above)
    if not below:
        raise ZeroDivisionError
    n = abs(n)
    bits = max((abs(c.numerator).bit_length() + c.denominator.bit_length() for c in above.values()), default=0)
    if bits * n > MAX_BITS * 2 or (max(len(above), len(below)) > 1 and n > 64):
        raise Beyond
    return Quotient(_raised(above, n), _raised(below, n), q.opaque)


def _raised(p: Polynomial, n: int) -> Polynomial:
    if len(p) == 1:
        ((monomial, c),) = p.items()
        return _reduced({tuple((g, k * n) for g, k in monomial): c**n})
    out = _UNIT
    for _ in range(n):
        out = _times(out, p)
    return out


def _square_root(value: Fraction) -> Quotient:
    radicand = abs(value.numerator) * value.denominator
    outside, primes = _square_free(radicand)
    monomial = tuple((f"root {p}", 1) for p in primes)
    coefficient = Fraction(outside, value.denominator)
    if value < 0:
        monomial = tuple(sorted((*monomial, ("i", 1))))
    return Quotient({tuple(sorted(monomial)): coefficient} if coefficient else {}, _UNIT)


@lru_cache(maxsize=1024)
def _square_free(n: int) -> tuple[int, tuple[int, ...]]:
    """The number as a square times a product of distinct primes: the square's root, and the primes."""
    exact = math.isqrt(n)
    if exact * exact == n:
        return exact, ()
    if n > MAX_RADICAND:
        raise Beyond
    outside, primes, p = 1, [], 2
    while p * p <= n:
        count = 0
        while n % p == 0:
            n //= p
            count += 1
        outside *= p ** (count // 2)
        if count % 2:
            primes.append(p)
        p += 1 if p == 2 else 2
    if n > 1:
        primes.append(n)
    return outside, tuple(primes)


def _call(name: str, args: tuple[Term, ...]) -> Quotient:
    values = [rational(a) for a in args]
    whole = [int(v) for v in values if v is not None and v.denominator == 1]
    exact: Fraction | int | None = None
    if len(whole) == len(args):
        if name == "factorial" and 0 <= whole[0] <= MAX_FACTORIAL:
            exact = math.factorial(whole[0])
        elif name == "binomial" and 0 <= whole[1] <= whole[0] <= MAX_FACTORIAL:
            exact = math.comb(whole[0], whole[1])
        elif name == "gcd":
            exact = math.gcd(*whole)
        elif name == "lcm":
            exact = math.lcm(*whole)
    if len(args) == 1 and (value := values[0]) is not None:
        if name == "abs":
            exact = abs(value)
        elif name == "floor":
            exact = math.floor(value)
        elif name == "ceiling":
            exact = math.ceil(value)
    if name in ("max", "min") and None not in values:
        known = [v for v in values if v is not None]
        exact = max(known) if name == "max" else min(known)
    if exact is not None:
        return Quotient({(): Fraction(exact)} if exact else {}, _UNIT)
    inner = [_normal(a) for a in args]
    return _generator(f"{name} {' '.join(q.key() for q in inner)}", opaque=True)


def _product(a: Quotient, b: Quotient) -> Quotient:
    return Quotient(_times(a.above, b.above), _times(a.below, b.below), a.opaque or b.opaque)


def _add(a: Polynomial, b: Polynomial, sign: int) -> Polynomial:
    out = dict(a)
    for monomial, c in b.items():
        out[monomial] = out.get(monomial, Fraction(0)) + sign * c
        _bounded(out[monomial])
    return {m: c for m, c in out.items() if c}


def _times(a: Polynomial, b: Polynomial) -> Polynomial:
    if a == _UNIT:
        return b
    if b == _UNIT:
        return a
    if len(a) * len(b) > MAX_MONOMIALS * 10:
        raise Beyond
    out: Polynomial = {}
    for ma, ca in a.items():
        for mb, cb in b.items():
            powers = dict(ma)
            for generator, k in mb:
                powers[generator] = powers.get(generator, 0) + k
            monomial = tuple(sorted(powers.items()))
            out[monomial] = out.get(monomial, Fraction(0)) + ca * cb
            _bounded(out[monomial])
    if len(out) > MAX_MONOMIALS:
        raise Beyond
    return _reduced(out)


def _reduced(p: Polynomial) -> Polynomial:
    """With i squared and square roots squared replaced by what they are."""
    out: Polynomial = {}
    for monomial, c in p.items():
        kept = []
        for generator, k in monomial:
            if generator == "i":
                c = -c if k % 4 in (2, 3) else c
                k %= 2
            elif generator.startswith("root "):
                prime = int(generator[5:])
                if (k // 2) * prime.bit_length() > MAX_BITS:
                    raise Beyond
                c *= prime ** (k // 2)
                k %= 2
            if k:
                kept.append((generator, k))
        key = tuple(kept)
        out[key] = out.get(key, Fraction(0)) + c
        _bounded(out[key])
    return {m: c for m, c in out.items() if c}


def _bounded(value: Fraction) -> None:
    """Refuse what is too long, and count the step."""
    bits = value.numerator.bit_length() + value.denominator.bit_length()
    _budget.steps -= 1 + bits // 64
    if bits > MAX_BITS * 2 or _budget.steps < 0:
        raise Beyond


# --- floating point: only ever to tell terms apart --------------------------------------------------------------

_FUNCTIONS: Final[dict[str, Callable[[complex], complex]]] = {
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "asin": cmath.asin, "acos": cmath.acos, "atan": cmath.atan,
    "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "log": cmath.log, "abs": lambda z: complex(abs(z)),
    "cot": lambda z: 1 / cmath.tan(z), "sec": lambda z: 1 / cmath.cos(z), "csc": lambda z: 1 / cmath.sin(z),
}  # fmt: skip
_CONSTANTS: Final = {"pi": complex(math.pi), "e": complex(math.e), "i": 1j}


def _apart(a: Term, b: Term) -> bool:
    """Whether the values differ for sure at some point where both are defined."""
    for point in range(3):
        va, vb = _evaluate(a, point), _evaluate(b, point)
        if va is None or vb is None:
            continue
        # Rounding errors are as large as the largest number met on the way, times a little.
        if abs(va[0] - vb[0]) > 1e-9 * max(va[1], vb[1], 1e-3):
            return True
    return False


def _evaluate(term: Term, point: int) -> tuple[complex, float] | None:
    """The value with numbers put for the variables, and the largest magnitude met; None where it is undefined."""
    largest = 0.0

    def value(t: Term) -> complex:
        nonlocal largest
        found = step(t)
        size = abs(found)
        if not size < 1e100:
            raise OverflowError
        largest = max(largest, size)
        return found

    def step(t: Term) -> complex:
        match t:
            case Number(v):
                return complex(float(v))
            case Symbol(name):
                return complex(_sample(name, point))
            case Constant(name) if name in _CONSTANTS:
                return _CONSTANTS[name]
            case Degrees(inner):
                return value(inner) * math.pi / 180
            case Sum(terms):
                return sum(map(value, terms), 0j)
            case Product(factors):
                out = 1 + 0j
                for f in factors:
                    out *= value(f)
                return out
            case Power(base, exponent):
                return complex(value(base) ** value(exponent))
            case Call("log", (inner, base)):
                return cmath.log(value(inner)) / cmath.log(value(base))
            case Call(name, (inner,)) if name in _FUNCTIONS:
                return _FUNCTIONS[name](value(inner))
            case Call():
                exact = rational(t)
                if exact is not None:
                    return complex(float(exact))
                raise Beyond
            case _:
                raise Beyond

    try:
        return value(term), largest
    except (ArithmeticError, ValueError, Beyond, RecursionError):
        return None


def _sample(name: str, point: int) -> float:
    """A fixed positive number for a variable: the same in every process, which ``hash`` would not be."""
    seed = sum((k + 1) * ord(c) for k, c in enumerate(name)) + 7919 * point
    return 0.3 + (seed * 0.6180339887498949) % 1.0 * 1.9
