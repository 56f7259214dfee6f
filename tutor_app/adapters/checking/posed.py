"""Equations that were taken for wrong rewritings, and turn out to be solved by what is said after them.

"(x + 7)^2 = x^2 + 49" alone is a slip. Where the text goes on with an equation that says the same in another form, or
with a value that solves it, it was a condition, and states nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tutor_app.adapters.checking.chains import Chain
from tutor_app.adapters.checking.context import replaced
from tutor_app.adapters.checking.facts import Fact
from tutor_app.adapters.checking.judging import Judgement
from tutor_app.adapters.checking.words import REWRITING
from tutor_app.adapters.grading.algebra import proportional, same
from tutor_app.adapters.grading.terms import Symbol, Term, negative, symbols, total

MOST: Final = 40
"""Wrong rewritings of one text that may be equations; of one with more none is looked at again."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A lone equation with unknowns that was called a wrong rewriting.

    Attributes:
        start: Where it stands in the text.
        end: Where it ends.
        left: Its left side.
        right: Its right side.
    """

    start: int
    end: int
    left: Term
    right: Term

    @property
    def difference(self) -> Term:
        """The expression that the equation says to be zero: its left side minus its right."""
        return total(self.left, negative(self.right))


def rewriting_of(chain: Chain, k: int, found: Judgement | None) -> Rewriting | None:
    """What a link says, if it may be an equation after all: it stands alone, and no word announces a rewriting."""
    left, right = chain.members[k : k + 2]
    if found is None or (found.verdict, found.reason) != ("false", "identity") or len(chain.relations) > 1:
        return None
    if left.value is None or right.value is None or not REWRITING.isdisjoint(chain.before[-6:]):
        return None
    return Rewriting(left.start, right.end, left.value.term, right.value.term)


def solved(found: Sequence[Rewriting], facts: Sequence[Fact]) -> Iterator[tuple[int, int]]:
    """Where those stand that the text goes on to solve."""
    for one in found if len(found) <= MOST else ():
        later = [other for other in found if other is not one]
        if any(_is_restated(one, e.left, e.right) for e in later) or any(
            fact.start >= one.end and (_is_solution(one, fact) or _is_restated(one, fact.left, fact.right))
            for fact in facts
        ):
            yield one.start, one.end


def _is_restated(one: Rewriting, left: Term, right: Term) -> bool:
    """Whether an equation says the same in another form."""
    if not symbols(left) | symbols(right) or {repr(left), repr(right)} == {repr(one.left), repr(one.right)}:
        return False
    return bool(proportional(total(left, negative(right)), one.difference))


def _is_solution(one: Rewriting, fact: Fact) -> bool:
    """Whether an equation tells a value of the only unknown, and that solves it."""
    names = symbols(one.difference)
    for side, other in ((fact.left, fact.right), (fact.right, fact.left)):
        if isinstance(side, Symbol) and names == {side.name} and not symbols(other):
            return bool(same(replaced(one.left, side.name, other), replaced(one.right, side.name, other)))
    return False
