"""From a text to its claims: the chains are found, every link of them judged."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.chains import Chain, chains
from tutor_app.adapters.checking.judging import Judgement, factors, judge
from tutor_app.adapters.checking.prose import Expression
from tutor_app.adapters.checking.scanner import scan, without_notes
from tutor_app.adapters.grading.algebra import rational, same
from tutor_app.adapters.grading.terms import Number, Term, product
from tutor_app.core.claims import Claim

MAX_CHARACTERS: Final = 200_000
"""Of one piece; what stands after them is not read."""
_SCALES: Final = tuple(Number(Fraction(n)) for n in (100, 1000, 10**6))


class Reading:
    """Reads the paragraphs of one solution in order, and keeps what they define."""

    def claims(self, text: str) -> list[Claim]:
        """The statements of the next piece of the solution, in order, each with its verdict."""
        if len(text) > MAX_CHARACTERS:
            text = text[:MAX_CHARACTERS]
        return list(_claims(text))


def _claims(text: str) -> Iterator[Claim]:
    bare, missing = without_notes(text)
    for chain in chains(scan(bare)):
        for k in range(len(chain.relations)):
            found = _link(chain, k)
            if found is not None:
                start, end = (_place(missing, at) for at in (chain.members[k].start, chain.members[k + 1].end))
                yield Claim(start, end, text[start:end], found.verdict, found.right, found.reason)


def _place(missing: list[tuple[int, int]], at: int) -> int:
    """Where a place of the text without notes is in the whole text."""
    return at + missing[bisect_right(missing, (at, 1 << 62)) - 1][1]


def _link(chain: Chain, k: int) -> Judgement | None:
    """The verdict on one link, or None if it states nothing that could be checked."""
    left, relation, right = chain.members[k], chain.relations[k], chain.members[k + 1]
    a, b = left.value, right.value
    if a is None:
        return None
    if b is None:
        return None if relation == "is" else Judgement("unchecked", "unreadable")
    if not a.operations and not b.operations:
        return None  # "5 = 5", "2 hours = 120 minutes"
    if relation == "is" and (not a.operations or b.operations or not left.clear):
        return None
    found = judge(_readings(a), relation, _readings(b), approximate=chain.approximate, whole=chain.whole)
    if found.verdict != "false":
        return found
    doubt = _doubt(chain, k, a, b)
    return Judgement("unchecked", doubt) if doubt else found


def _doubt(chain: Chain, k: int, a: Expression, b: Expression) -> str:
    """Why a link that is wrong as read may not be wrong as meant; empty if there is no doubt."""
    left, right = chain.members[k], chain.members[k + 1]
    if not (left.clear and right.clear):
        return "unclear"
    if _bare(a) and set(a.units) != set(b.units):
        return "units"
    if a.adds and factors(a.units):
        return "units"  # "4 pounds - 6 ounces"
    if any(_scaled(a.term, b.term, Number(f)) for f in factors(a.units, b.units)):
        return "units"
    if not a.operations and not left.first:
        return "unclear"  # "Week 2 = 35 + 35"
    if chain.spelled[k] and b.units and rational(a.term) is not None and a.operations == 1:
        return "units"  # "3/4 is equal to $15"
    if b.first is not None and judge((a.term,), "=", (b.first,)).verdict == "true":
        return "running"  # "5 + 3 = 8 + 2 = 10"
    if any(_scaled(a.term, b.term, scale) for scale in _SCALES):
        return "units"
    return ""


def _scaled(a: Term, b: Term, scale: Number) -> bool:
    """Whether one side counts in units of which the other has so many: cents, thousands, millions."""
    return bool(same(product(scale, a), b) or same(a, product(scale, b)))


def _bare(value: Expression) -> bool:
    """Whether it is one number or proper fraction."""
    if not value.operations:
        return True
    return bool(value.units) and value.operations == 1 and isinstance(value.term, Number) and 0 < value.term.value < 1


def _readings(value: Expression) -> tuple[Term, ...]:
    return tuple(t for t in (value.term, value.plain, value.dashed) if t is not None)
