"""The wrong rules that students apply: what each makes of an expression, at one place of it.

Whether a line was really made so is compared by :mod:`tutor_app.adapters.checking.work.slips`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.work.lines import read_side
from tutor_app.adapters.checking.work.orders import wrong_orders
from tutor_app.adapters.checking.work.slip_powers import wrong_powers
from tutor_app.adapters.checking.work.values import differ
from tutor_app.adapters.grading.terms import (
    HALF,
    MINUS_ONE,
    Call,
    Number,
    Power,
    Product,
    Sum,
    Term,
    negative,
    product,
    quotient,
    symbols,
    total,
)

MOST: Final = 200
"""Wrong forms that are tried of one side."""
_FRACTION: Final = re.compile(r"\\frac\{(-?\d+)\}\{(\d+)\}")
_MIXED_SUM: Final = re.compile(r"(\d+)\s*\\frac\{(\d+)\}\{(\d+)\}\s*([+-])\s*(\d+)\s*\\frac\{(\d+)\}\{(\d+)\}")
_FRACTION_TIMES: Final = re.compile(_FRACTION.pattern + r"\s*\\(?:cdot|times)\s*" + _FRACTION.pattern)
_WHOLE_OR_FRACTION: Final = re.compile(r"(?:\\frac\{(-?\d+)\}\{(\d+)\}|(-?\d+))")
_FRACTION_BY: Final = re.compile(rf"{_WHOLE_OR_FRACTION.pattern}\s*\\div\s*{_FRACTION.pattern}")
_FRACTION_BY_WHOLE: Final = re.compile(
    rf"{_FRACTION.pattern}\s*\\div\s*(\d+)|\\frac\{{\(?{_FRACTION.pattern}\)?\}}\{{(\d+)\}}"
)
_DIVIDED_BY_GROUP: Final = re.compile(
    r"\\div\s*\((?P<group>[^()]*)\)"
    r"|\\frac\{(?P<above>[\d.]+)\}\{(?P<first>[\d.]+)\s*(?P<rest>(?:\\cdot|\\times|\+|-)[^{}]*)\}"
)
_FRACTION_OVER: Final = re.compile(rf"\\frac\{{\(?{_WHOLE_OR_FRACTION.pattern}\)?\}}\{{\(?{_FRACTION.pattern}\)?\}}")

Variant = tuple[str, Term]


def wrong_forms(term: Term, source: str) -> Iterator[Variant]:
    """What wrong rules make of one side."""
    yield from (("fractions", wrong) for wrong in fractions_added(source))
    yield from _fractions_turned(source)
    yield from _multiplied_instead(source)
    yield from _orders(term, source)
    yield from itertools.islice(variants(term), MOST)
    terms = terms_of(term)
    for t in terms if len(terms) > 1 else ():
        yield "sign", total(term, product(Number(Fraction(-2)), t))
    yield "sign", negative(term)


def fractions_added(source: str) -> Iterator[Term]:
    """Numerators added, and denominators; of mixed numbers the whole numbers too."""
    if (m := _MIXED_SUM.search(source)) is not None:
        sign = 1 if m[4] == "+" else -1
        whole, above = int(m[1]) + sign * int(m[5]), int(m[2]) + sign * int(m[6])
        for below in (int(m[3]) + int(m[7]), int(m[3]) + sign * int(m[7]), max(int(m[3]), int(m[7]))):
            if below:
                yield Number(whole + Fraction(above, below))
    found = list(_FRACTION.finditer(source))
    for a, b in itertools.pairwise(found):
        between = source[a.end() : b.start()].strip()
        if between not in ("+", "-"):
            continue
        sign = 1 if between == "+" else -1
        above = int(a[1]) + sign * int(b[1])
        for below in {
            int(a[2]) + sign * int(b[2]),
            int(a[2]) + int(b[2]),
            max(int(a[2]), int(b[2])),
            int(a[2]) * int(b[2]),
        }:
            if below:
                wrong = read_side(f"{source[: a.start()]}\\frac{{{above}}}{{{below}}}{source[b.end() :]}")
                if wrong is not None:
                    yield wrong


def _fractions_turned(source: str) -> Iterator[Variant]:
    """Multiplied crosswise, or divided without turning the second fraction, or with the first one turned."""
    if (m := _FRACTION_TIMES.fullmatch(source.strip())) is not None:
        a, b, c, d = (int(g) for g in m.groups())
        if b and c:
            yield "reciprocal", Number(Fraction(a * d, b * c))
            yield "reciprocal", Number(Fraction(b * c, a * d) if a and d else Fraction(0))
    if (m := _FRACTION_OVER.fullmatch(source.strip()) or _FRACTION_BY.fullmatch(source.strip())) is not None:
        a, b, c, d = (int(g) for g in (m[1] or m[3], m[2] or 1, m[4], m[5]))
        if b and d and a and c and b * d != 1:
            yield "reciprocal", Number(Fraction(a * c, b * d))
            yield "reciprocal", Number(Fraction(b * c, a * d))
            yield "reciprocal", Number(Fraction(b * d, a * c))


def _multiplied_instead(source: str) -> Iterator[Variant]:
    """A fraction multiplied by the whole number by which it is to be divided."""
    if (m := _FRACTION_BY_WHOLE.fullmatch(source.strip())) is not None:
        a, b, n = (int(g) for g in m.groups() if g is not None)
        if b and n and a % b:
            yield "reciprocal", Number(Fraction(a * n, b))


def _orders(term: Term, source: str) -> Iterator[Variant]:
    """Something is worked out before its turn, or a power takes in what stands before it."""
    if (m := re.fullmatch(r"-\s*(\d+)\^\{?(\d)\}?", source.strip())) is not None:
        yield "order", Number(Fraction(int(m[1]) ** int(m[2])))
    if not symbols(term) and _DIVIDED_BY_GROUP.search(source):  # "64 / (4 * 2)" to "64 / 4 * 2"
        bare = read_side(_DIVIDED_BY_GROUP.sub(_without_brackets, source))
        if bare is not None:
            yield "order", bare
    for other in wrong_orders(source):
        wrong = read_side(other)
        if wrong is not None and (symbols(term) or not symbols(wrong)):
            yield "order", wrong


def _without_brackets(m: re.Match[str]) -> str:
    return rf"\div {m['group']}" if m["group"] else rf"\frac{{{m['above']}}}{{{m['first']}}} {m['rest']}"


def variants(term: Term) -> Iterator[Variant]:
    """A wrong rule applied at one place of an expression."""
    yield from _here(term)
    match term:
        case Sum(terms):
            for k, t in enumerate(terms):
                for slip, wrong in variants(t):
                    yield slip, total(*terms[:k], wrong, *terms[k + 1 :])
        case Product(factors):
            for k, f in enumerate(factors):
                for slip, wrong in variants(f):
                    yield slip, product(*factors[:k], wrong, *factors[k + 1 :])
        case Power(base, exponent):
            for slip, wrong in variants(base):
                yield slip, Power(wrong, exponent)
            for slip, wrong in variants(exponent):
                yield slip, Power(base, wrong)
        case Call(name, (argument, *more)):
            for slip, wrong in variants(argument):
                yield slip, Call(name, (wrong, *more))


def _here(term: Term) -> Iterator[Variant]:
    match term:
        case Power(Sum(terms), exponent) if exponent != MINUS_ONE:
            yield "square", total(*(_powered(t, exponent) for t in terms))
            if any(is_negative(t) for t in terms):
                yield (
                    "square",
                    total(*(negative(p) if is_negative(t) else p for t in terms for p in (_powered(t, exponent),))),
                )
            if exponent == Number(Fraction(2)) and len(terms) == 2:
                a, b = terms
                squares = total(Power(a, exponent), Power(b, exponent))
                yield "square", total(squares, product(a, b))  # the 2 of 2ab forgotten
                yield "sign", total(squares, product(Number(Fraction(-2)), a, b))
        case Power(Product(factors), exponent) if exponent != MINUS_ONE:
            kinds = {type(f) for f in factors}
            slip = "powers" if {Number, Power} <= kinds else "distribution"  # "(2x^3)^2" to "2x^6"
            for k, f in enumerate(factors):
                yield slip, product(Power(f, exponent), *factors[:k], *factors[k + 1 :])
                yield slip, product(f, *(Power(g, exponent) for j, g in enumerate(factors) if j != k))
        case Product(factors):
            yield from _of_product(factors)
        case Sum(terms):
            yield from _of_sum(terms)
    yield from wrong_powers(term)


def _powered(term: Term, exponent: Term) -> Term:
    """A term's own power, without its sign where the power is a root."""
    return Power(negative(term) if exponent == HALF and is_negative(term) else term, exponent)


def is_negative(term: Term) -> bool:
    """Whether a term begins with a minus."""
    match term:
        case Number(number):
            return number < 0
        case Product((Number(number), *_)):
            return number < 0
        case _:
            return False


def _of_product(factors: tuple[Term, ...]) -> Iterator[Variant]:
    below = [f.base for f in factors if isinstance(f, Power) and f.exponent == MINUS_ONE]
    above = [f for f in factors if not (isinstance(f, Power) and f.exponent == MINUS_ONE)]
    numbers = [f for f in above if isinstance(f, Number) and f.value.numerator == 1 and f.value.denominator > 1]
    if numbers:
        below = [*below, Number(Fraction(numbers[0].value.denominator))]
        above = [f for f in above if f is not numbers[0]]
    for f in factors:
        if isinstance(f, Power) and f.exponent == MINUS_ONE and _has_stroke(f.base):
            beside = [g for g in factors if g is not f]
            yield "reciprocal", product(*beside, f.base)  # divided without turning the fraction
            yield "reciprocal", product(*(Power(g, MINUS_ONE) for g in beside), f.base)
    for f in factors:
        if isinstance(f, Power) and f.exponent == MINUS_ONE and isinstance(f.base, Power) and not symbols(f):
            beside = [g for g in factors if g is not f]
            yield "order", Power(quotient(product(*beside), f.base.base), f.base.exponent)  # 36/3^2 as (36/3)^2
        if isinstance(f, Power) and f.exponent == MINUS_ONE and isinstance(f.base, Sum) and not symbols(f):
            beside = [g for g in factors if g is not f]
            divided = product(*beside, Power(f.base.terms[0], MINUS_ONE))
            yield "order", total(divided, *f.base.terms[1:])  # 20/(4 + 1) as 20/4 + 1
    if below:
        yield from _cancelled(product(*above) if above else Number(Fraction(1)), product(*below))
    for k, f in enumerate(factors):
        rest = factors[:k] + factors[k + 1 :]
        if isinstance(f, Sum):
            factor = product(*rest)
            for j, t in enumerate(f.terms):
                others = f.terms[:j] + f.terms[j + 1 :]
                slip = "sign" if factor == MINUS_ONE else "distribution"
                yield slip, total(product(factor, t), *others)  # only one term multiplied
                yield slip, total(t, *(product(factor, o) for o in others))
                if isinstance(factor, Number) and factor.value < 0:
                    yield slip, total(product(factor, t), *map(negative, others))
                yield "sign", total(negative(product(factor, t)), *(product(factor, o) for o in others))
            sums = [g for g in rest if isinstance(g, Sum)]
            if sums:
                g, others_ = sums[0], tuple(h for h in rest if h is not sums[0])
                pairs = zip(f.terms, g.terms, strict=False)
                yield "distribution", product(*others_, total(*(product(a, b) for a, b in pairs)))


def _has_stroke(term: Term) -> bool:
    """Whether it is a fraction."""
    return (isinstance(term, Number) and term.value.denominator > 1) or (
        isinstance(term, Product) and any(isinstance(f, Power) and f.exponent == MINUS_ONE for f in term.factors)
    )


def _cancelled(above: Term, below: Term) -> Iterator[Variant]:
    """A term taken out of a sum above and below the stroke."""
    tops = above.terms if isinstance(above, Sum) else (above,)
    bottoms = below.terms if isinstance(below, Sum) else (below,)
    if len(tops) < 2 and len(bottoms) < 2:
        return
    if len(tops) == len(bottoms) == 2:
        first, second = (quotient(a, b) for a, b in zip(tops, bottoms, strict=True))
        yield "cancelled", total(first, second)  # divided term by term
        yield "cancelled", total(first, negative(second))
    for i, a in enumerate(tops):
        top = tops[:i] + tops[i + 1 :]
        for j, b in enumerate(bottoms):
            if differ(a, b) is False:
                bottom = bottoms[:j] + bottoms[j + 1 :]
                for rest in {top, (*top, Number(Fraction(1)))} if top else {(Number(Fraction(1)),)}:
                    upper = total(*rest)
                    yield "cancelled", quotient(upper, total(*bottom)) if bottom else upper
        if len(bottoms) == 1:
            # Only one term is divided: (6x + 4)/2 to 3x + 4.
            yield "cancelled", total(product(a, Power(below, MINUS_ONE)), *top)
            for factor in _factors(a):
                yield from (
                    ("cancelled", quotient(total(_without(a, factor), *top), _without(below, other)))
                    for other in _factors(below)
                    if factor == other and isinstance(below, Product)
                )
                if differ(factor, below) is False and isinstance(a, Product):
                    yield "cancelled", total(product(*(f for f in a.factors if f is not factor)), *top)


def _without(term: Term, factor: Term) -> Term:
    """A product without one of its factors."""
    left = [f for f in _factors(term) if f is not factor]
    return product(*left) if left else Number(Fraction(1))


def _factors(term: Term) -> tuple[Term, ...]:
    return term.factors if isinstance(term, Product) else (term,)


def _of_sum(terms: tuple[Term, ...]) -> Iterator[Variant]:
    # Only the first term of every bracket is multiplied: 3(2x - 1) - 2(x - 4) to 6x - 1 - 2x + 4.
    halves = [_first_multiplied(t) for t in terms]
    if sum(half is not None for half in halves) > 1:
        yield "distribution", total(*(t if half is None else half for t, half in zip(terms, halves, strict=True)))
    for k in range(1, len(terms)):
        if (drawn := _drawn_into_power(terms[k - 1], terms[k])) is not None:
            yield "order", total(*terms[: k - 1], drawn, *terms[k + 1 :])
    for one, other in itertools.combinations(terms, 2):
        under, more = _under_root(one), _under_root(other)
        if under is not None and more is not None:
            yield "square", total(*(t for t in terms if t not in (one, other)), Power(total(under, more), HALF))
    roots = [t for t in terms if isinstance(t, Power) and t.exponent == HALF]
    if len(roots) > 1:
        rest = [t for t in terms if t not in roots]
        yield "square", total(*rest, Power(total(*(t.base for t in roots)), HALF))
    for i in range(len(terms)):
        for j in range(i + 1, len(terms)):
            rest = [t for k, t in enumerate(terms) if k not in (i, j)]
            a, b = _stroke(terms[i]), _stroke(terms[j])
            if a[1] is not None or b[1] is not None:
                one = Number(Fraction(1))
                p, q = a[1] or one, b[1] or one
                upper = total(a[0], b[0])
                yield "fractions", total(*rest, quotient(upper, total(p, q)))
                if is_negative(b[0]):
                    for over in (upper, a[0]):
                        yield "fractions", total(*rest, quotient(over, total(p, negative(q))))
                if a[1] is not None and b[1] is not None:
                    yield "fractions", total(*rest, product(upper, Power(product(p, q), MINUS_ONE)))
                else:
                    yield "fractions", total(*rest, product(upper, Power(a[1] or b[1] or one, MINUS_ONE)))


def _drawn_into_power(before: Term, term: Term) -> Term | None:
    """``4 + 6^2/3`` as ``(4 + 6)^2/3``; None where no power stands first."""
    factors = _factors(term)
    first = next((f for f in factors if isinstance(f, Power) and f.exponent != MINUS_ONE), None)
    if first is None or symbols(term):
        return None
    return product(*(f for f in factors if f is not first), Power(total(before, first.base), first.exponent))


def _under_root(term: Term) -> Term | None:
    """The radicand of a square root, negative where the root is subtracted; None of anything else."""
    match term:
        case Power(base, exponent) if exponent == HALF:
            return base
        case Product((Number(sign), Power(base, exponent))) if sign == -1 and exponent == HALF:
            return negative(base)
        case _:
            return None


def _first_multiplied(term: Term) -> Term | None:
    """A number times a bracket, multiplied with its first term only, its sign with all; None if it is none."""
    match term:
        case Product((Number(number), Sum(terms))):
            sign = Number(Fraction(1 if number > 0 else -1))
            return total(product(Number(number), terms[0]), *(product(sign, t) for t in terms[1:]))
        case _:
            return None


def _stroke(term: Term) -> tuple[Term, Term | None]:
    """Numerator and denominator of a fraction; a denominator of None for what is none."""
    if isinstance(term, Number) and term.value.denominator > 1 and not term.places:
        return Number(Fraction(term.value.numerator)), Number(Fraction(term.value.denominator))
    if isinstance(term, Power) and term.exponent == MINUS_ONE:
        return Number(Fraction(1)), term.base
    if isinstance(term, Product):
        below = [f.base for f in term.factors if isinstance(f, Power) and f.exponent == MINUS_ONE]
        above: list[Term] = [f for f in term.factors if not (isinstance(f, Power) and f.exponent == MINUS_ONE)]
        for f in above:
            if isinstance(f, Number) and f.value.denominator > 1 and not f.places:
                below.append(Number(Fraction(f.value.denominator)))
                above = [Number(Fraction(f.value.numerator)) if g is f else g for g in above]
                break
        if below:
            return (product(*above) if above else Number(Fraction(1))), product(*below)
    return term, None


def terms_of(term: Term) -> list[Term]:
    """The terms of a sum, also those in brackets that are multiplied by a number."""
    match term:
        case Sum(terms):
            return [u for t in terms for u in terms_of(t)]
        case Product(factors) if any(isinstance(f, Sum) for f in factors):
            k = next(i for i, f in enumerate(factors) if isinstance(f, Sum))
            inner, rest = factors[k], factors[:k] + factors[k + 1 :]
            assert isinstance(inner, Sum)
            return [product(*rest, t) for t in inner.terms] if len(rest) <= 3 else [term]
        case _:
            return [term]
