"""Wrong rules for powers, roots, logarithms, functions and unlike terms: what each makes of one expression.

Each looks at the top of a term only; :mod:`tutor_app.adapters.checking.work.slip_rules` goes through its parts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from typing import Final

from tutor_app.adapters.grading.terms import (
    HALF,
    MINUS_ONE,
    ONE,
    Call,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    integer,
    negative,
    product,
    quotient,
    symbols,
    total,
)

_SUMMED: Final = frozenset(("sin", "cos", "tan", "cot", "abs", "factorial", "exp"))
"""Functions whose value of a sum is no sum of values."""
_Powers = dict[Term, Fraction]


def wrong_powers(term: Term) -> Iterator[tuple[str, Term]]:
    """What wrong rules make of a term, with the name of each."""
    match term:
        case Power(base, exponent):
            yield from _of_power(base, exponent)
        case Product(factors):
            yield from _of_product(factors)
        case Sum(terms):
            for k, j in combinations(range(len(terms)), 2):
                rest = [t for n, t in enumerate(terms) if n not in (k, j)]
                for slip, wrong in _of_pair(terms[k], terms[j]):
                    yield slip, total(*rest, wrong)
        case Call(name, (argument, *more)):
            yield from _of_call(name, argument, tuple(more))


def _of_power(base: Term, exponent: Term) -> Iterator[tuple[str, Term]]:
    if isinstance(base, Power) and base.exponent != MINUS_ONE:
        yield "powers", Power(base.base, total(base.exponent, exponent))
        yield "powers", Power(base.base, Power(base.exponent, exponent))
    if not isinstance(exponent, Number):
        return
    n = exponent.value
    if isinstance(base, Product) and n > 1 and n.denominator == 1:
        for f in base.factors:
            rest = product(*(Power(g, exponent) for g in base.factors if g is not f))
            if isinstance(f, Number):
                yield "powers", product(f, exponent, rest)  # the number times the exponent
            elif isinstance(f, Power):
                yield "powers", product(Power(f.base, total(f.exponent, exponent)), rest)
    yield "powers", product(exponent, base)
    if n < 0:
        yield "powers", negative(Power(base, Number(-n)))
        yield "powers", Power(base, Number(-n))
    if n.denominator > 1:
        yield "powers", Power(base, Number(1 / n))
        if exponent == HALF and isinstance(base, Number) and base.value.denominator == 1:
            yield from _half_out_of_root(int(base.value))
    elif isinstance(base, Number):
        yield "powers", Power(exponent, base)


def _half_out_of_root(number: int) -> Iterator[tuple[str, Term]]:
    """``sqrt(50)`` as ``25 sqrt(2)``: the factor comes out of the root with its square."""
    for k in range(2, math.isqrt(abs(number)) + 1):
        if number % (k * k) == 0:
            for outside, inside in ((k * k, number // (k * k)), (number // (k * k), k * k), (number // (k * k), k)):
                yield "powers", product(integer(outside), Power(integer(inside), HALF))


def _of_product(factors: tuple[Term, ...]) -> Iterator[tuple[str, Term]]:
    below = [f.base for f in factors if isinstance(f, Power) and f.exponent == MINUS_ONE]
    above = [f for f in factors if not (isinstance(f, Power) and f.exponent == MINUS_ONE)]
    for k, j in combinations(range(len(above)), 2):
        rest = [f for f in factors if f is not above[k] and f is not above[j]]
        (a, m), (b, n) = _as_power(above[k]), _as_power(above[j])
        if a == b and not isinstance(a, Sum):
            yield "powers", product(*rest, Power(a, Number(m * n)))
            if isinstance(a, Number):
                yield "powers", product(*rest, Power(product(a, a), Number(m + n)))
        elif isinstance(a, Number) and isinstance(b, Number) and not m == n == 1:
            yield "powers", product(*rest, Power(product(a, b), Number(m + n)))
        if isinstance(above[k], Number) and isinstance(above[j], Number) and any(map(symbols, rest)):
            yield "terms", product(*rest, total(above[k], above[j]))
    if below:
        yield from _of_quotient(above, below)
    for f in factors[1:]:
        if isinstance(f, Call) and f.name == "log" and isinstance(factors[0], Number):
            rest = [g for g in factors[1:] if g is not f]
            yield "logs", product(*rest, Call("log", (product(factors[0], f.args[0]), *f.args[1:])))


def _of_quotient(above: list[Term], below: list[Term]) -> Iterator[tuple[str, Term]]:
    """Exponents divided or added, coefficients subtracted; the functions of two things as that of their quotient."""
    for f in above:
        for g in below:
            if isinstance(f, Call) and isinstance(g, Call) and f.name == g.name and f.args[1:] == g.args[1:]:
                rest = [h for h in above if h is not f]
                under = [Power(h, MINUS_ONE) for h in below if h is not g]
                for inner in (quotient(f.args[0], g.args[0]), total(f.args[0], negative(g.args[0]))):
                    slip = "logs" if f.name == "log" else "function"
                    yield slip, product(*rest, *under, Call(f.name, (inner, *f.args[1:])))
            elif isinstance(f, Call):
                rest = [h for h in above if h is not f]
                under = [Power(h, MINUS_ONE) for h in below if h is not g]
                yield "cancelled", product(*rest, *under, Call(f.name, (quotient(f.args[0], g), *f.args[1:])))
    for f in above:
        for g in below:
            (a, m), (b, n) = _as_power(f), _as_power(g)
            if isinstance(a, Number) and a == b and (m, n) != (Fraction(1), Fraction(1)):
                rest = [h for h in above if h is not f] + [Power(h, MINUS_ONE) for h in below if h is not g]
                yield from (("powers", product(*rest, Power(a, Number(k)))) for k in (m / n, m + n, n - m))
    top, bottom = _monomial(above), _monomial(below)
    if top is None or bottom is None:
        return
    (c, tops), (d, bottoms) = top, bottom
    shared = [base for base in tops if base in bottoms]
    if not shared:
        return
    right = {**tops, **{base: tops.get(base, Fraction(0)) - n for base, n in bottoms.items()}}
    for wrong in (
        {base: tops[base] / bottoms[base] for base in shared if bottoms[base]},
        {base: tops[base] + bottoms[base] for base in shared},
        {base: bottoms[base] - tops[base] for base in shared},
    ):
        yield "powers", _built(c / d, {**right, **wrong})
    yield "powers", _built(c - d, right)


def _of_pair(a: Term, b: Term) -> Iterator[tuple[str, Term]]:
    """Two terms of a sum put together that cannot be, or not so."""
    (c, one), (d, other) = _signed(a), _signed(b)
    if isinstance(one, Call) and isinstance(other, Call) and one.name == other.name and one.args[1:] == other.args[1:]:
        slip = "logs" if one.name == "log" else "function"
        x, y, rest = one.args[0], other.args[0], one.args[1:]
        if abs(c) == abs(d):
            yield slip, product(Number(c), Call(one.name, (total(x, product(Number(d / c), y)), *rest)))
        if c == -d:
            yield slip, product(Number(abs(c)), one, Power(other, MINUS_ONE))
            yield slip, product(Number(c), Call(one.name, (product(x, y), *rest)))
        elif c == d:
            yield slip, product(Number(c), one, other)
            yield slip, product(Number(c), Call(one.name, (quotient(x, y), *rest)))
        return
    first, second = _monomial([a]), _monomial([b])
    if first is None or second is None or not (first[1] or second[1]):
        return
    (c, left), (d, right) = first, second
    if left == right:
        ((base, n),) = list(left.items())[:1]
        doubled = {**left, base: 2 * n}
        yield "terms", _built(c + d, doubled)
        yield "terms", _built(c * d, doubled)
        yield "terms", _built(c * d, left)
        yield "terms", Number(c if abs(d) == 1 else c + d)
        return
    joined = {**left, **{base: left.get(base, Fraction(0)) + n for base, n in right.items()}}
    for exponents in (joined, left or right, right or left):
        yield "terms", _built(c + d, exponents)
    yield "terms", _built(c * d, joined)


def _of_call(name: str, argument: Term, more: tuple[Term, ...]) -> Iterator[tuple[str, Term]]:
    def of(inner: Term) -> Term:
        return Call(name, (inner, *more))

    if name == "log":
        match argument:
            case Sum(terms):
                yield "logs", total(*(negative(of(negative(t))) if _signed(t)[0] < 0 else of(t) for t in terms))
                if all(_signed(t)[0] >= 0 for t in terms):
                    yield "logs", product(*map(of, terms))
            case Product(factors):
                tops = [f for f in factors if not (isinstance(f, Power) and f.exponent == MINUS_ONE)]
                bottoms = [f.base for f in factors if isinstance(f, Power) and f.exponent == MINUS_ONE]
                if bottoms and tops:
                    yield "logs", quotient(of(product(*tops)), of(product(*bottoms)))
                    yield "logs", total(of(product(*tops)), of(product(*bottoms)))
                else:
                    yield "logs", product(*map(of, factors))
                    if isinstance(factors[0], Number):
                        yield "logs", product(factors[0], of(product(*factors[1:])))
            case Power(base, exponent):
                yield "logs", Power(of(base), exponent)
                yield "logs", total(of(base), of(exponent))
    elif name in _SUMMED:
        match argument:
            case Sum(terms):
                yield "function", total(*(negative(of(negative(t))) if _signed(t)[0] < 0 else of(t) for t in terms))
            case Product((Number() as factor, *rest)):
                yield "function", product(factor, of(product(*rest)))


def _as_power(term: Term) -> tuple[Term, Fraction]:
    """Base and exponent, where that is a number."""
    if isinstance(term, Power) and isinstance(term.exponent, Number):
        return term.base, term.exponent.value
    return term, Fraction(1)


def _signed(term: Term) -> tuple[Fraction, Term]:
    """A term as a number times the rest."""
    match term:
        case Number(value):
            return value, ONE
        case Product((Number(value), *rest)) if rest:
            return value, product(*rest)
        case _:
            return Fraction(1), term


def _monomial(factors: list[Term]) -> tuple[Fraction, _Powers] | None:
    """A product of a number and powers of letters; None of anything else."""
    number, powers = Fraction(1), _Powers()
    for factor in factors:
        for part in factor.factors if isinstance(factor, Product) else (factor,):
            base, exponent = _as_power(part)
            if isinstance(base, Number) and exponent.denominator == 1 and (base.value or exponent > 0):
                if abs(exponent) > 20:
                    return None
                number *= base.value ** int(exponent)
            elif isinstance(base, Symbol):
                powers[base] = powers.get(base, Fraction(0)) + exponent
            else:
                return None
    return (number, powers) if number else None


def _built(number: Fraction, powers: _Powers) -> Term:
    return product(Number(number), *(Power(base, Number(exponent)) for base, exponent in powers.items() if exponent))
