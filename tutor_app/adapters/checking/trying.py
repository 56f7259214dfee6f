"""Whether a statement was really checked: it is tried what would be said if one of its numbers were another.

An equation may agree with everything around it, and with another number in it still be called nothing worse than "not
checked": it might be a new condition, or another case. Then its agreement proves less than the word "true" says.
What is computed from its own numbers alone, as arithmetic is, needs no trial.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tutor_app.core.claims import Claim

TRIED: Final = frozenset(("identity", "equivalent", "solution", "substituted", "system"))
"""Rules by which a statement is called true because of what else was said, or because its two sides agree."""
COMPUTED: Final = frozenset(("exact", "numeric", "degrees"))
"""Rules by which a statement about numbers alone is called true."""
MOST: Final = 8
"""Numbers of one statement that are tried."""
_NUMBER: Final = re.compile(r"(?<![\w.,^_])\d+(?:,\d{3})*(?:\.\d+)?")


def needs_trial(claim: Claim) -> bool:
    """Whether it is called true by a rule that another number in it may leave without a word."""
    return claim.verdict == "true" and claim.reason in TRIED


def changes(claim: Claim) -> Iterator[tuple[int, str]]:
    """For every number of a statement, the place in the text of one of its digits and another digit for it."""
    numbers = list(_NUMBER.finditer(claim.text))
    step = -(-len(numbers) // MOST) or 1
    for m in numbers[::step]:
        at = m.end() - 1
        digit = int(claim.text[at])
        yield claim.start + at, str(digit + 3 if digit < 7 else digit - 4)


def found_false(claims: list[Claim], at: int) -> bool:
    """Whether a statement that holds a place is called false."""
    return any(claim.verdict == "false" and claim.start <= at < claim.end for claim in claims)


def found_computed(claims: list[Claim], start: int, at: int) -> bool:
    """Whether a statement is true after the change all the same, by its numbers alone: "0 * 3 = 0 * 5"."""
    return any(c.verdict == "true" and c.reason in COMPUTED and c.start == start <= at < c.end for c in claims)
