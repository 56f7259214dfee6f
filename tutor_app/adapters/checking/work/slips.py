"""Names common slips: a wrong rule is applied to the line before, and compared with what the student wrote.

A slip is named only where the wrong rule gives exactly the student's line. Nothing is guessed from the look of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import islice
from typing import Final

from tutor_app.adapters.checking.work.lines import read_side
from tutor_app.adapters.checking.work.sample import Sample
from tutor_app.adapters.checking.work.slip_rules import (
    fractions_added,
    is_negative,
    terms_of,
    variants,
    wrong_forms,
)
from tutor_app.adapters.checking.work.values import Unknown, agree, alike, points, value
from tutor_app.adapters.grading.algebra import normal
from tutor_app.adapters.grading.terms import (
    HALF,
    MINUS_ONE,
    Call,
    Constant,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    negative,
    product,
    quotient,
    symbols,
    total,
)

MOST_COMPLEX: Final = 12
MOST_SIGNS: Final = 8
MOST_LETTERS: Final = 6
MOST_PAIRS: Final = 400
"""Wrong forms in which a rule is applied at two places."""
RANK: Final = (
    "reciprocal", "square", "cancelled", "logs", "function", "order", "fractions", "distribution", "sign", "powers",
    "terms",
)  # fmt: skip
"""Where two names fit, the first of them is told: what says more stands before what fits more often."""
_CERTAIN: Final = frozenset(("distribution", "square", "fractions", "cancelled"))
"""What says more than that a sign differs, where one side of an equation is as it was."""
_SIGN: Final = re.compile(r"(?<=[\w})\]\s])[+-]")
_LEADING: Final = re.compile(r"(?:(?<=[{(\[])|^)\s*-")
_WRITTEN: Final = re.compile(r"\d+(?:\.\d+)?|[a-zA-Z]+|[*/^]|\\(?:cdot|times|div|frac)")


def slip_between(old: Term, old_source: str, new: Term, new_source: str = "") -> str:
    """The slip that makes one expression of another, or empty.

    Args:
        old: The right expression.
        old_source: As LaTeX; empty if it is not known.
        new: What was made of it.
        new_source: As LaTeX; empty if it is not known.
    """
    if any(agree(wrong, new) for wrong in fractions_added(old_source)):
        return "fractions"
    fitting = {slip for slip, wrong in wrong_forms(old, old_source) if wrong == new or agree(wrong, new)}
    # A sum of squares taken for the square of a sum; a factor taken out of one term only.
    back = ("square", "distribution") if isinstance(old, Sum) else ("square",)
    fitting |= {s for s, right in islice(variants(new), MOST_PAIRS) if s in back and agree(right, old)}
    if any(agree(right, old) for right in _with_one_sign(new_source)):
        fitting.add("sign")
    if "sign" in fitting and old_source and _WRITTEN.findall(old_source) == _WRITTEN.findall(new_source):
        return "sign"  # nothing was worked out
    return first_of(fitting) or _twice(old, new) or ("arithmetic" if _is_miscounted(old, old_source, new) else "")


def first_of(fitting: Iterable[str]) -> str:
    """The name that says most of several."""
    fitting = set(fitting)
    if "terms" in fitting:
        fitting.discard("order")  # "3 + 2x" to "5x": what was put together says more
    return next((slip for slip in RANK if slip in fitting), next(iter(sorted(fitting - {""})), ""))


def _twice(old: Term, new: Term) -> str:
    """The wrong rule that gives a line where it is applied at two places."""
    tried = ((slip, wrong) for slip, once in variants(old) for again, wrong in variants(once) if again == slip)
    return first_of({slip for slip, wrong in islice(tried, MOST_PAIRS) if agree(wrong, new)})


def _is_miscounted(old: Term, source: str, new: Term) -> bool:
    """Whether a line is the right one but for one number that was worked out wrongly."""
    if not symbols(old) and not symbols(new):
        terms = [terms_of(side) for side in (old, new)]
        if isinstance(new, Number):
            return not isinstance(old, Number) or "frac" in source
        return len(terms[0]) == len(terms[1]) > 1 and sum(not agree(a, b) for a, b in zip(*terms, strict=True)) == 1
    a, b = normal(old), normal(new)
    if a is None or b is None or a.opaque or b.opaque or set(a.below) != {()} or set(b.below) != {()}:
        return False
    left, right = ({m: c / q.below[()] for m, c in q.above.items() if c} for q in (a, b))
    return left.keys() == right.keys() and len(left) > 1 and sum(left[m] != right[m] for m in left) == 1


def with_one_sign_changed(source: str) -> Iterator[str]:
    """An expression as LaTeX with one of its first :data:`MOST_SIGNS` signs changed, in the order of the signs."""
    for m in islice(_SIGN.finditer(source), MOST_SIGNS):
        k = m.start()
        yield source[:k] + ("-" if source[k] == "+" else "+") + source[k + 1 :]
    for m in islice(_LEADING.finditer(source), MOST_SIGNS):
        yield source[: m.start()] + source[m.end() :]


def _with_one_sign(source: str) -> Iterator[Term]:
    """What such expressions mean."""
    return (term for changed in with_one_sign_changed(source) if (term := read_side(changed)) is not None)


def slip_of_numbers(old: Term, old_source: str, new: Term, new_source: str, equal: Callable[[Term, Term], bool]) -> str:
    """The slip that makes one number of another where their values are not real, or empty.

    Args:
        old: Without letters.
        old_source: As LaTeX.
        new: Without letters.
        new_source: As LaTeX.
        equal: Whether two such numbers are equal; it is asked a few times only.
    """
    for slip, wrong in islice(wrong_forms(old, old_source), MOST_COMPLEX):
        if equal(wrong, new):
            return slip
    return "sign" if any(equal(right, old) for right in _with_one_sign(new_source)) else ""


def slip_of_equation(old: tuple[Term, Term], sources: tuple[str, str], new: tuple[Term, Term]) -> str:
    """The slip that makes one equation of another, or empty."""
    left, right = old
    pairs = (old, old[::-1])
    target = total(new[0], negative(new[1]))
    difference = total(left, negative(right))
    certain: set[str] = set()
    for side, source, told in zip(old, sources, new, strict=True):
        here = set() if agree(side, told) else {s for s, wrong in wrong_forms(side, source) if agree(wrong, told)}
        if not here & _CERTAIN and not agree(side, told):
            certain.clear()
            break
        certain |= here & _CERTAIN
    if certain:
        return first_of(certain)
    if _logarithms_dropped(old, target):
        return "logs"
    sample = Sample(total(left, right, target), target)
    for term in terms_of(left) + terms_of(right):
        for sign in (2, -2):
            wrong = total(difference, product(Number(Fraction(sign)), term))
            if sample.may_be(wrong) and _proportional(wrong, target):
                return "sign"
    # Multiplied or divided on one side, or only some terms of it.
    for number in _factors_of(left, right):
        for terms, other in ((terms_of(left), right), (terms_of(right), left)):
            for k in range(len(terms)):
                if len(terms) < 2:
                    break
                scaled = [product(number, t) if j != k else t for j, t in enumerate(terms)]
                wrong = total(*scaled, negative(product(number, other)))
                if sample.may_be(wrong) and _proportional(wrong, target):
                    return "cancelled" if _has_fraction_of_sum(old) and new[1] == old[1] else "distribution"
        for one, other in (old, old[::-1]):
            wrong = total(product(number, one), negative(other))
            if isinstance(one, Sum) and sample.may_be(wrong) and _proportional(wrong, target):
                return "distribution"  # only one side multiplied
    fitting: set[str] = set()
    for place, (side, source) in enumerate(zip(old, sources, strict=True)):
        for slip, wrong in wrong_forms(side, source):
            sides = (wrong, right) if place == 0 else (left, wrong)
            told = total(sides[0], negative(sides[1]))
            if slip not in fitting and sample.may_be(told) and _proportional(told, target):
                fitting.add(slip)
    if not fitting - {"powers", "terms", "order"} and any(
        _moved_unchanged(side, other, target) for side, other in pairs
    ):
        return "inverse"
    if not fitting - {"powers", "terms"} and (undone := _undone_wrongly(old, new)) and undone != "arithmetic":
        return undone
    if (squared := _squared_by_terms(old, new) or _roots_of_some(old, target) or _crossed(old, target)) != "":
        return squared
    return first_of(fitting) or _undone_wrongly(old, new)


def _factors_of(*sides: Term) -> Iterator[Term]:
    """By what an equation may have been multiplied or divided: small numbers, and letters that are factors in it."""
    for factor in (*range(2, 13), *(Fraction(1, n) for n in range(2, 13))):
        yield Number(Fraction(factor))
    seen: list[Term] = []
    for term in (t for side in sides for t in terms_of(side)):
        if not isinstance(term, Product):
            continue
        factors = [f for f in term.factors if not isinstance(f, Sum | Number)]
        whole = product(*(f for f in term.factors if not isinstance(f, Symbol)))
        for factor in [*factors, whole] if len(factors) > 1 else []:
            if factor not in seen and len(seen) < MOST_LETTERS:
                seen.append(factor)
                yield from (factor, Power(factor, MINUS_ONE))


def _moved_unchanged(side: Term, other: Term, target: Term) -> bool:
    """Whether a factor of one side was multiplied on the other, where it divides: ``y = x/3`` to ``3y = x/9``."""
    if not isinstance(side, Product) or len(symbols(side)) + len(symbols(other)) < 2:
        return False
    for k, f in enumerate(side.factors):
        rest = product(*side.factors[:k], *side.factors[k + 1 :])
        if symbols(rest) and not isinstance(f, Sum) and _proportional(total(rest, negative(product(f, other))), target):
            return True
    return False


def _roots_of_some(old: tuple[Term, Term], target: Term) -> str:
    """Whether squares in an equation were left out and other terms not: ``v^2 = u^2 + 2as`` to ``v = u + 2as``."""
    terms = [*terms_of(old[0]), *map(negative, terms_of(old[1]))]
    squares = [_root_of(t) for t in terms]
    rest = [t for t, root in zip(terms, squares, strict=True) if root is None]
    bare = [root for root in squares if root is not None]
    return "square" if len(bare) > 1 and rest and _proportional(total(*rest, *bare), target) else ""


def _root_of(term: Term) -> Term | None:
    """The base of a square, with the sign of the square; None of anything else."""
    match term:
        case Power(base, Number(n)) if n == 2 and symbols(base):
            return base
        case Product((Number(sign), Power(base, Number(n)))) if sign == -1 and n == 2 and symbols(base):
            return negative(base)
        case _:
            return None


def _crossed(old: tuple[Term, Term], target: Term) -> str:
    """Whether two fractions that are equal were multiplied by their own denominators: ``a/3 = b/2`` to ``3a = 2b``."""
    below = [_denominator(side) for side in old]
    if None in below or below[0] == below[1]:
        return ""
    sides = [product(side, Number(n * n)) for side, n in zip(old, below, strict=True) if n is not None]
    return "inverse" if _proportional(total(sides[0], negative(sides[1])), target) else ""


def _denominator(side: Term) -> Fraction | None:
    """The number below the stroke of a fraction."""
    match side:
        case Product(factors):
            for f in factors:
                if isinstance(f, Number) and f.value.numerator == 1 and f.value.denominator > 1:
                    return Fraction(f.value.denominator)
                if isinstance(f, Power) and f.exponent == MINUS_ONE and isinstance(f.base, Number):
                    return f.base.value
    return None


def _logarithms_dropped(old: tuple[Term, Term], target: Term) -> bool:
    """Whether every logarithm of a sum was left out: ``ln x + ln 2 = ln 10`` to ``x + 2 = 10``."""
    if not any(isinstance(t, Call) and t.name == "log" for side in old if isinstance(side, Sum) for t in side.terms):
        return False
    bare = [total(*map(_argument, terms_of(side))) for side in old]
    return _proportional(total(bare[0], negative(bare[1])), target)


def _argument(term: Term) -> Term:
    """The argument of a logarithm, with its sign."""
    match term:
        case Call("log", (inner, *_)):
            return inner
        case Product((Number(number), Call("log", (inner, *_)))) if number == -1:
            return negative(inner)
        case _:
            return term


def _raised(term: Term, exponent: Number) -> Term:
    """A power, where the square of a root and the root of a square are the base."""
    if isinstance(term, Power) and isinstance(term.exponent, Number) and term.exponent.value * exponent.value == 1:
        return term.base
    return Power(term, exponent)


def _has_fraction_of_sum(sides: tuple[Term, Term]) -> bool:
    """Whether a sum stands over a number on one side."""
    for side in sides:
        match side:
            case Product((Sum(), Power(Number(), exponent))) if exponent == MINUS_ONE:
                return True
            case Product((Sum(), Number(number))) if number.denominator > 1:
                return True
    return False


def _squared_by_terms(old: tuple[Term, Term], new: tuple[Term, Term]) -> str:
    """Whether both sides were squared (or a root was taken of both) and a sum term by term."""
    for exponent in (Number(Fraction(2)), HALF):
        for first, second in (old, old[::-1]):
            if not isinstance(first, Sum):
                continue
            squares = [_raised(t, exponent) for t in first.terms]
            kept = [negative(s) if is_negative(t) else s for t, s in zip(first.terms, squares, strict=True)]
            for wrong in (squares, kept):
                difference = total(*wrong, negative(_raised(second, exponent)))
                if _proportional(difference, total(new[0], negative(new[1]))):
                    return "square"
    return ""


def _undone_wrongly(old: tuple[Term, Term], new: tuple[Term, Term]) -> str:
    """Whether a letter alone was got by another operation than the one that undoes what was done to it."""
    if isinstance(old[1], Symbol | Product | Sum | Power) and not symbols(old[0]):
        old = old[1], old[0]
    if isinstance(new[1], Symbol):
        new = new[1], new[0]
    (side, number), (inner, told) = old, new
    if symbols(number) or symbols(told):
        return ""
    wrong: list[Term] = []
    right: Term = inner
    if isinstance(side, Product) and inner in side.factors:  # 2x/3 = 8: both numbers are one factor
        numbers = [f for f in side.factors if f != inner]
        side = Product((product(*numbers), inner)) if len(numbers) > 1 and not any(map(symbols, numbers)) else side
    one = Number(Fraction(1))
    match side:
        case Product(factors):
            for k, f in enumerate(factors):
                rest = product(*factors[:k], *factors[k + 1 :])
                if symbols(f) or rest != inner:
                    if isinstance(f, Power) and f.base == inner and f.exponent == MINUS_ONE:  # 5/x = 2
                        wrong += [quotient(number, rest), product(number, rest), quotient(one, number)]
                    continue
                right = quotient(number, f)
                wrong += [product(number, f), total(number, negative(f)), total(number, f), quotient(f, number)]
                if isinstance(f, Power) and f.exponent == MINUS_ONE:  # x/5 = 3
                    below = f.base
                    wrong += [total(number, negative(below)), total(number, below), quotient(below, number)]
        case Sum((first, Number() as a)) if first == inner:
            right, wrong = total(number, negative(a)), [quotient(number, a), product(number, a)]
        case Power(base, Number() as n) if base == inner:
            right = Power(number, quotient(one, n))
            wrong = [quotient(number, n), Power(number, n), product(number, n), number]
            if n == HALF:
                wrong += [Power(number, HALF), quotient(number, Number(Fraction(2)))]
        case Power(Number() | Constant() as base, exponent) if exponent == inner:
            wrong = [quotient(number, base), Power(number, Power(base, MINUS_ONE))]
        case Call("log", (argument, Number() as base)) if argument == inner:
            right, wrong = Power(base, number), [product(number, base), Power(number, base), quotient(number, base)]
        case Call("log", (argument,)) if argument == inner:
            wrong = [number, product(number, number)]
        case _:
            return ""
    if any(agree(term, told) for term in wrong):
        return "inverse"
    return (
        "arithmetic" if isinstance(side, Product | Sum) and isinstance(told, Number) and not agree(right, told) else ""
    )


def _proportional(a: Term, b: Term) -> bool:
    """Whether one is a number times the other, as far as points tell."""
    ratio = None
    seen = 0
    names = symbols(a) | symbols(b)
    if not symbols(b) <= symbols(a):
        return False
    for point in points(names):
        try:
            x, y = value(a, point), value(b, point)
        except Unknown:
            return False
        if x is None or y is None:
            continue
        if (abs(float(x)) < 1e-12) != (abs(float(y)) < 1e-12):
            return False
        if abs(float(y)) < 1e-12:
            continue
        if ratio is None:
            ratio = x / y
        elif not alike(x / y, ratio):
            return False
        seen += 1
    return seen >= 3
