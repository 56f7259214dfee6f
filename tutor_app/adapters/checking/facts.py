"""The equations with unknowns that a text tells for certain, as material for the look back at the whole text.

What is supposed, asked, denied or rounded is left out, and so is what letters may mean otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tutor_app.adapters.checking.chains import Chain, Member
from tutor_app.adapters.checking.clauses import is_asked, is_put, is_refuted
from tutor_app.adapters.checking.judging import Judgement
from tutor_app.adapters.checking.systems import Row
from tutor_app.adapters.checking.words import (
    CONNECTING,
    DENYING,
    DOUBTING,
    OTHERS,
    SUPPOSING,
)
from tutor_app.adapters.grading.terms import Call, Symbol, Term, negative, symbols, total

NEAR: Final = 6
"""Words before an equation that may make it a supposition."""
NEXT: Final = 24
"""Characters beside an equation that may make it one of several."""
_OTHERWISE: Final = re.compile(
    r"\\not(?![a-z])|(?<![a-zA-Z\\\d])[a-zA-Z]\s*(?:\\left)?\(\s*-?\d|\\[a-zA-Z]+\(\s*-?\d"
    r"|(?<![a-zA-Z\\])[A-Z]{2}(?![a-z])|\^\s*\{?\s*\\circ|\\(?:angle|overline|vec|mathbf)|\d_\{?\d|\d\s*R\s*\d|/\s*\d+[a-z]"
)
"""In one side of an equation: a denial, the value of a function, what is named by its ends, degrees, other bases."""
_ANOTHER_BEFORE: Final = re.compile(
    r"(?:(?:^|[^,\s$\\}])\s*\$?\s*|\\text\s*\{\s*)\bor\b[^a-z,]*$|\beither\b[^a-z]*$", re.IGNORECASE
)
_ANOTHER_AFTER: Final = re.compile(
    r"[\s$]*(?:or\b|\\q?quad\s*\\text\s*\{\s*or|\\text\s*\{\s*or|,\s*(?:\\(?:text|quad)[{\s]*)?(?:or\s+)?-?\d)",
    re.IGNORECASE,
)
"""What makes it one of several cases: "x = 2 or x = 3", "x = 2, 3"; ", or" rather says the same in other words."""


@dataclass(frozen=True, slots=True)
class Fact:
    """An equation with unknowns, as it was told.

    Attributes:
        start: Where it stands in the text.
        end: Where it ends.
        left: Its left side.
        right: Its right side.
        row: What it says to be zero.
        doubtful: It may be wrong: nothing was found yet that it follows from.
        case: It is one of several: "x = 2 or x = 3".
    """

    start: int
    end: int
    left: Term
    right: Term
    row: Row
    doubtful: bool
    case: bool = False

    @property
    def difference(self) -> Term:
        """The expression that the equation says to be zero: its left side minus its right."""
        return total(self.left, negative(self.right))

    @property
    def named(self) -> str:
        """The name, or the value of a function, that it gives a number; or empty."""
        for side, other in ((self.left, self.right), (self.right, self.left)):
            if isinstance(side, Symbol) and not symbols(other):
                return side.name
            if isinstance(side, Call) and not symbols(other):
                return repr(side)
        return ""


def fact_of(chain: Chain, k: int, found: Judgement | None, text: str) -> Fact | None:
    """The k-th link of a chain as an equation of the system; None where it is not certain that it is one.

    Args:
        chain: In which it stands.
        k: Which link, from 0.
        found: What was found about it alone.
        text: In which the chain stands.
    """
    left, right = chain.members[k : k + 2]
    if set(chain.relations) != {"="} or left.value is None or right.value is None or chain.approximate:
        return None
    if any(m.value is None or m.value.units or m.value.others or not m.clear for m in (left, right)):
        return None  # "1/5e" may be two things
    if any("dots" in member.source or "..." in member.source for member in chain.members):
        return None
    if not chain.formula and (chain.spelled[k] or not _begins(chain, left)):
        return None
    if found is not None and found.verdict in ("false", "rounded"):
        return None
    a, b = left.value.term, right.value.term
    if not symbols(a) | symbols(b) or _OTHERWISE.search(text[left.start : right.end]):
        return None
    before, after = chain.before[-NEAR:], chain.after[:NEAR]
    if is_refuted(chain) or is_asked(chain) or not SUPPOSING.isdisjoint(chain.before):
        return None
    if (
        is_put(before)
        or not DOUBTING.isdisjoint(before)
        or not DENYING.isdisjoint((*before[-3:], *after))
        or not {"root", "roots"}.isdisjoint(after[:3])
    ):
        return None
    if before[-1:] in (("of",), ("has",), ("having",)):
        return None  # "the roots of x^2 = 4"
    if not OTHERS.isdisjoint(chain.before):
        return None
    row = Row.of(a, b)
    if row is None:
        return None
    doubtful = (found is None or found.verdict == "unchecked") and before[-1:] not in (("solving",), ("solve",))
    case = _ANOTHER_BEFORE.search(text[max(0, left.start - NEXT) : left.start]) is not None
    case = case or _ANOTHER_AFTER.match(text[right.end : right.end + NEXT]) is not None
    return Fact(left.start, right.end, a, b, row, doubtful, case)


def _begins(chain: Chain, left: Member) -> bool:
    """Whether the left side is not the end of a phrase: "the number in section 2 = x + 200"."""
    named = left.value is not None and bool(symbols(left.value.term))
    return named or not chain.before or chain.before[-1] in CONNECTING or chain.before[-1] in (",", ":")
