"""Equations that apply a law that does not hold: "(a + b)^2 = a^2 + b^2", "1/x + 1/y = 2/(x + y)".

Such an equation may also be one that is to be solved. It is called false only where one side is exactly what a wrong
rule makes of the other, and nothing in the text solves it, supposes it, asks for it or tells of it as a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.chains import Chain
from tutor_app.adapters.checking.clauses import is_condition, is_refuted
from tutor_app.adapters.checking.judging import Judgement
from tutor_app.adapters.checking.work.slip_rules import variants
from tutor_app.adapters.checking.work.values import agree
from tutor_app.adapters.grading.terms import (
    MINUS_ONE,
    Call,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    product,
    symbols,
    total,
    walk,
)

MOST: Final = 120
"""Wrong forms of one side that are looked at."""
LARGEST: Final = 30
"""Parts of a side."""
_LAWS: Final = frozenset(("square", "distribution", "fractions", "logs", "function", "sign"))
_ASSERTED: Final = re.compile(
    r"(?i)\b(?:so|since|because|thus|therefore|hence|then|by|have|know|gives?|is|always|law|rule)\b"
)
_SOLVED: Final = re.compile(
    r"(?i)\bsolv|\bsolutions?\b|\broots?\b(?! of)|\bequations?\b|\bsatisf|\bvectors?\b|matri|\bmod|perpendicular"
    r"|orthogonal|\bindependent|\bdisjoint|characteristic|\bcongruent|\binequality|\bunknown"
)
"""Anywhere in a text: it is about an equation, or about what is computed with in another way."""
_POSED: Final = re.compile(
    r"(?i)\b(?:if|iff|when|whenever|where|which|what|whether|find|only|let|given|suppose|assume|such that|unless|except"
    r"|not|never|isn't|doesn't|cannot|students?|mistakes?|wrong|wrongly|false|incorrect|common|think|thinks|believ\w+|claim\w*"
    r"|error|prove|show|determine|values?|some|exists?|case|cases|holds?|true|does|do|is it|no|want|need|must|should"
    r"|positive|negative|nonnegative|real|integers?|equal|same|set|sets|setting|comparing|equating|condition|both|meets?"
    r"|told|gives? the|intersect)\b|\?|≠|\\neq?(?![a-z])"
)
"""In the sentence: it is a condition, a question, or told as a mistake."""
_FOR: Final = re.compile(r"(?i)\bfor\b")
"""Behind it: it holds for some."""
_SENTENCE: Final = re.compile(r"[.!?](?=\s)|\n\s*\n")
_SEGMENTS: Final = re.compile(r"(?<![a-zA-Z\\])[A-Z]{2}(?![a-z])")
_VECTORS: Final = (r"\mathbf", r"\bold", r"\vec", r"\overrightarrow", r"\det", "matrix")
NEAR: Final = 160
"""Characters before and behind an equation that belong to its sentence."""


@dataclass(frozen=True, slots=True)
class Told:
    """An equation with unknowns as it was told.

    Attributes:
        start: Where it stands.
        end: Where it ends.
        names: Its unknowns.
        law: Why it is wrong if it is meant as a law; None of any other equation.
    """

    start: int
    end: int
    names: frozenset[str]
    law: Judgement | None = None


def told_of(chain: Chain, k: int, found: Judgement | None, text: str) -> Told | None:
    """The k-th link of a chain as an equation with unknowns; None if it has none, or could not solve an equation.

    Args:
        chain: In which it stands.
        k: Which link, from 0.
        found: What was found about it alone.
        text: In which the chain stands.
    """
    left, right = chain.members[k : k + 2]
    if left.value is None or right.value is None:
        return None
    a, b = left.value.term, right.value.term
    names = symbols(a) | symbols(b)
    if not names or (found is not None and found.reason == "identity"):
        return None
    if isinstance(a, Call) and isinstance(a.args[0], Symbol):
        return None  # a function is defined
    plain = chain.relations[k] == "=" and not (left.value.units or right.value.units) and left.clear and right.clear
    if not plain or (found is not None and found.verdict != "unchecked") or is_condition(chain) or is_refuted(chain):
        return Told(left.start, right.end, names)
    law = _law(chain, k, a, b, text)
    return Told(left.start, right.end, names, law)


def broken(told: Sequence[Told], text: str) -> Iterator[tuple[int, int, Judgement]]:
    """Where the equations stand that are wrong as laws and cannot be meant otherwise, with the verdicts on them."""
    if not any(one.law for one in told) or _SOLVED.search(text):
        return
    for one in told:
        if one.law is None or any(other.law is None and other.names & one.names for other in told):
            continue
        before = _SENTENCE.split(text[max(0, one.start - NEAR) : one.start])[-1]
        after = _SENTENCE.split(text[one.end : one.end + NEAR])[0]
        if _POSED.search(before) or _POSED.search(after) or _FOR.search(after):
            continue
        bare = not _ASSERTED.search(before) and one.law.reason == "identity?"
        if not bare:
            yield one.start, one.end, Judgement("false", "identity", one.law.right)


def _law(chain: Chain, k: int, a: Term, b: Term, text: str) -> Judgement | None:
    """The verdict on an equation of which one side is what a wrong rule makes of the other."""
    source = text[chain.members[k].start : chain.members[k + 1].end]
    if any(sign in source for sign in _VECTORS) or _SEGMENTS.search(source):
        return None
    if not (symbols(a) and symbols(b)) or max(sum(1 for _ in walk(side)) for side in (a, b)) > LARGEST:
        return None
    several = len(symbols(a) | symbols(b)) > 1
    if not any(_is_made(x, y, several) for x, y in ((a, b), (b, a))):
        return None
    x, y = symbolic.built(a), symbolic.built(b)
    if x is None or y is None or symbolic.equal(x, y) is not False:
        return None
    known = any(
        isinstance(p, Call) or (isinstance(p, Power) and symbols(p.exponent)) for side in (a, b) for p in walk(side)
    )
    root = any(
        isinstance(p, Power) and isinstance(p.exponent, Number) and p.exponent.value.denominator > 1
        for side in (a, b)
        for p in walk(side)
    )
    # Of one unknown, with functions or roots, it is rather an equation unless words assert it.
    return Judgement(
        "false", "identity" if several or not (known or root) else "identity?", symbolic.counterexample(x, y)
    )


@lru_cache(maxsize=1024)
def _is_made(a: Term, b: Term, several: bool) -> bool:
    """Whether a wrong rule makes ``b`` of ``a``."""
    if isinstance(a, Symbol | Number) or symbols(a) != symbols(b):
        return False
    for slip, wrong in islice((*_taken_apart(a), *variants(a)), MOST):
        if slip not in _LAWS or not agree(wrong, b):
            continue
        if slip == "fractions" and not (isinstance(wrong, Product) and _is_mediant(wrong)):
            continue
        if slip == "sign" and not (several and _is_opposite(a)):
            continue
        if any(isinstance(p, Call) and p.name in ("abs", "f", "g", "h", "P", "p", "E") for p in walk(a)):
            continue
        return True
    return False


def _taken_apart(term: Term) -> Iterator[tuple[str, Term]]:
    """A power of a sum, or one over a sum, as the sum of those of its terms."""
    match term:
        case Power(base, Sum(terms)):
            yield "square", total(*(Power(base, t) for t in terms))
        case Power(Sum(terms), exponent) if exponent == MINUS_ONE:
            yield "square", total(*(Power(t, exponent) for t in terms))
        case Product((factor, Power(Sum(terms), exponent))) if exponent == MINUS_ONE:
            yield "square", total(*(product(factor, Power(t, exponent)) for t in terms))


def _is_mediant(wrong: Product) -> bool:
    """Whether it is one fraction over a sum."""
    below = [f.base for f in wrong.factors if isinstance(f, Power) and f.exponent == MINUS_ONE]
    return len(below) == 1 and isinstance(below[0], Sum)


def _is_opposite(term: Term) -> bool:
    """Whether it is a square of a sum, or the opposite of one."""
    match term:
        case Power(Sum(), _):
            return True
        case Product((Number(value), Sum())):
            return value == -1
        case _:
            return False
