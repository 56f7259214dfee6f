"""Why a statement that is wrong as read may not be wrong as meant: units, scales, other readings, unclear ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.chains import Chain
from tutor_app.adapters.checking.judging import factors, judge
from tutor_app.adapters.checking.prose import Expression
from tutor_app.adapters.checking.words import ALONE, APPLIED, RESULTS, TOTALS
from tutor_app.adapters.grading.algebra import rational, same
from tutor_app.adapters.grading.terms import (
    ONE,
    Call,
    Constant,
    Number,
    Product,
    Sum,
    Term,
    product,
    walk,
    without_degrees,
)

MANY: Final = 10
"""A share of more than so many may be told without what is left over."""
_SCALES: Final = (
    (Number(Fraction(100)), frozenset(("$", "¢", "cent", "cents", "%", "percent", "percentage", "dollar", "dollars"))),
    (Number(Fraction(1000)), frozenset(("thousand", "thousands", "k", "$"))),
    (Number(Fraction(10**6)), frozenset(("million", "millions", "$"))),
)
"""Scales in which one side may count, and the words that tell it."""


def means_whole(chain: Chain, a: Expression) -> bool:
    """Whether a quotient may be its whole part: the text says so, or things are shared out."""
    shared = len(a.units) > 1 and "$" not in a.units and isinstance(a.term, Number) and a.term.value > MANY
    return chain.whole or shared


def doubt_of(chain: Chain, k: int, a: Expression, b: Expression) -> str:
    """Why a link that is wrong as read may not be wrong as meant; empty if there is no doubt."""
    left, right = chain.members[k], chain.members[k + 1]
    if not (left.clear and right.clear):
        return "unclear"
    if _bare(a) and set(a.units) != set(b.units) and not _is_share(a, b):
        return "units"
    if a.adds and factors(a.units):
        return "units"  # "4 pounds - 6 ounces"
    if any(_scaled(a.term, b.term, Number(f)) for f in factors(a.units, b.units)):
        return "units"
    if _divides_with_rest(a.term, b.term):
        return "remainder"
    if not a.operations and not left.first:
        return "unclear"  # "Week 2 = 35 + 35"
    if chain.spelled[k] and b.units and rational(a.term) is not None and a.operations == 1:
        return "units"  # "3/4 is equal to $15"
    compared = k == len(chain.relations) - 1 and _is_compared(chain.after)
    if chain.relations[k] == "is" and (compared or not (k or stands_alone(chain) or _is_named(chain))):
        return "unclear"
    if not k and chain.before and chain.before[-1] in APPLIED:
        return "unclear"  # "squaring 2 + 3 = 25"
    if b.first is not None and judge((a.term,), "=", (b.first,)).verdict == "true":
        return "running"  # "5 + 3 = 8 + 2 = 10"
    near = {*a.units, *b.units, *chain.before, *chain.after}
    if any(_scaled(a.term, b.term, scale) for scale, words in _SCALES if not words.isdisjoint(near)):
        return "units"
    return _formal_doubt(left.source, a, b) if chain.formula else ""


def is_same_slip(before: Expression | None, after: Expression | None) -> bool:
    """Whether the sides before and behind a wrong one are equal, so that the one between them alone is wrong."""
    if before is None or after is None:
        return False
    return bool(same(before.term, after.term)) or judge((before.term,), "=", (after.term,)).verdict == "true"


def _divides_with_rest(a: Term, b: Term) -> bool:
    """Whether "500 ÷ 13 = 13 · 38 + 6" is meant: what is divided, as a multiple and what is left over."""
    if not isinstance(a, Number) or a.places is not None or not isinstance(b, Sum):
        return False
    return any(same(product(a, Number(f.value)), b) for t in b.terms for f in walk(t) if isinstance(f, Number))


def _is_compared(after: tuple[str, ...]) -> bool:
    """Whether the number before these words is no value by itself: "2 more than", "one of", "0 or more"."""
    return "than" in after[:4] or after[:1] in (("of",), ("times",), ("or",), ("to",))


def _is_named(chain: Chain) -> bool:
    """Whether the word before the first number names what it is: "a total of", "the sum 3 + 4"."""
    words = chain.before
    return words[-1] in ("of", ":", ",", "and", "since", "a", "one") or words[-1] in RESULTS | TOTALS


def stands_alone(chain: Chain) -> bool:
    """Whether the first number is told of by itself; it is not in "the cube root of 27 is at most 5"."""
    before = chain.before
    return not before or before[-1] in ALONE


def _formal_doubt(source: str, a: Expression, b: Expression) -> str:
    """The key of a doubt about the meaning of a formula; empty if there is none."""
    parts = [part for term in (a.term, b.term) for part in walk(term)]
    if source.count(r"\boxed") > 1:
        return "unclear"  # boxes to be filled in
    if any(isinstance(p, Constant) and p.name == "e" for p in parts) and not _NATURAL.search(source):
        return "constant"  # often the name of a variable
    if any(isinstance(p, Call) and p.name in "fghP" for p in parts):
        return "function"
    if r"\ast" in a.units or ("*" in source and b.operations and not _is_multiple_of_pi(b.term)):
        return "operation"  # "3 * 4 = 3^4 + 4" for an operation that the problem defines
    if b.term == ONE and a.units:
        return "units"  # "60 minutes / 1 hour = 1"
    return ""


_NATURAL: Final = re.compile(r"(?<![a-zA-Z])ln(?![a-zA-Z])")


def _is_multiple_of_pi(term: Term) -> bool:
    """Whether it is a number times pi."""
    parts = term.factors if isinstance(term, Product) else (term,)
    return all(isinstance(p, Number | Constant) for p in parts)


def _scaled(a: Term, b: Term, scale: Number) -> bool:
    """Whether one side counts in units of which the other has so many: cents, thousands, millions."""
    return bool(same(product(scale, a), b) or same(a, product(scale, b)))


def _bare(value: Expression) -> bool:
    """Whether it is one number or proper fraction."""
    if not value.operations:
        return True
    return bool(value.units) and value.operations == 1 and isinstance(value.term, Number) and 0 < value.term.value < 1


def _is_share(a: Expression, b: Expression) -> bool:
    """Whether a percentage is written as the fraction that it is: "2% = 2/100", not "25% = 50"."""
    value = rational(b.term)
    return set(a.units) == {"%"} and not b.units and value is not None and value.denominator > 1


def readings_of(value: Expression) -> Iterator[Term]:
    """Everything that an expression may mean, the likeliest first."""
    yield value.term
    yield from value.others


def equal_without_degrees(chain: Chain, a: Expression, b: Expression) -> bool:
    """Whether the sides are equal once degree signs are left out, as in "90 - 26 = 64°"."""
    x, y = (without_degrees(t) for t in (a.term, b.term))
    return (x, y) != (a.term, b.term) and judge((x,), "=", (y,), approximate=chain.approximate).verdict != "false"


_NO_AMOUNT: Final = re.compile(r"\s*(?:dollars\b)?\s*(?:/|(?:per|an?|each|every|for|bills?|notes?|coins?)\b)")
"""Behind an amount: it is what one thing costs, or how many notes there are."""


def is_money_by_money(chain: Chain, k: int, a: Expression, b: Expression, text: str) -> bool:
    """Whether a link divides dollars by dollars, and tells dollars: "$60 / $5 = 12 dollars"."""
    if a.units != ("$", "$") or a.operations != 1 or b.operations or len(chain.relations) > 1 or chain.formula:
        return False
    left, right = chain.members[k : k + 2]
    divided = "/" in text[left.start : left.end] or "÷" in text[left.start : left.end]
    told = text[right.start] == "$" or re.match(r"\s*dollars\b", text[right.end : right.end + 20]) is not None
    return left.clear and divided and told and not _NO_AMOUNT.match(text[right.end : right.end + 40])
