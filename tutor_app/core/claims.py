"""A statement in a solution that a machine can check, and what the check found; plain frozen values.

The module knows nothing of how statements are found or checked (:mod:`tutor_app.adapters.checking`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

ClaimVerdict = Literal["true", "rounded", "false", "differs", "unchecked"]

MARKS: Final[dict[ClaimVerdict, str]] = {"true": "✓", "rounded": "≈", "false": "✗", "differs": "≠", "unchecked": "·"}
"""One character for each verdict."""
REASONS: Final = {
    "unreadable": "not understood",
    "unclear": "where it begins or ends is unclear",
    "units": "the units differ",
    "time": "the time was over",
    "timeout": "it took too long",
    "memory": "it took too much memory",
    "too_long": "the text is too long",
    "beyond": "beyond what is computed exactly",
    "equation": "an equation that does not follow from what was said before",
    "value": "a value that no equation before it tells",
    "inequality": "an inequality with unknowns",
    "function": "a function that is not known",
    "fits": "it agrees with the others, but nothing would speak against another number in it",
    "approximate": "only nearly right",
    "running": "a calculation that goes on behind the equals sign",
    "base": "another arithmetic may be meant",
    "constant": "a letter that may be a name or a constant",
    "remainder": "a division with what is left over",
    "operation": "an operation that the problem may define",
}
"""Why a statement was not checked, for the user."""
ARITHMETIC: Final = frozenset(("different", "division_by_zero", "percent"))
"""Rules by which a statement about numbers alone is called false."""
LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement with its verdict.

    Attributes:
        start: Index of its first character in the text that it stands in.
        end: Index after its last character.
        text: What stands there.
        verdict: ``true``; ``rounded`` (true once the right side is taken as rounded); ``false``, only where that is
            certain; ``differs`` (the solution's own code prints another number; either may be right);
            ``unchecked``.
        right: Of a false statement the right value or a counterexample, of a rounded one the exact value, of one that
            differs what the code prints; else empty.
        reason: A short code: by which rule it was decided, or why it was not.
    """

    start: int
    end: int
    text: str
    verdict: ClaimVerdict
    right: str = ""
    reason: str = ""

    @property
    def marked(self) -> bool:
        """Whether it is underlined on a page: something speaks against it."""
        return self.verdict in ("false", "differs")


def claim_line(claim: Claim) -> str:
    """One claim in a line: its mark, its text and what there is to say about it."""
    text = " ".join(claim.text.split())
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return f"{MARKS[claim.verdict]} {text}{remark(claim)}"


def remark(claim: Claim) -> str:
    """The remark after a claim: the right value of a false one, the exact one of a rounded one, why not checked."""
    if claim.reason == "output":
        return f": the code prints {claim.right}"
    if claim.verdict == "unchecked":
        return f" (not checked: {REASONS.get(claim.reason, claim.reason)})"
    # A counterexample or a solution is a clause of its own; a value is what the left side is.
    plain = claim.right and not any(sign in claim.right for sign in ("=", "side", "defined", "never", "row ", "its "))
    return f": it is {claim.right}" if plain else f": {claim.right}" if claim.right else ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many statements got which verdict."""

    true: int = 0
    rounded: int = 0
    false: int = 0
    unchecked: int = 0
    differs: int = 0
    fits: int = 0  # of those that are not checked

    @classmethod
    def of(cls, claims: Iterable[Claim]) -> Tally:
        """Count the verdicts."""
        claims = tuple(claims)
        verdicts = [claim.verdict for claim in claims]
        fits = sum((claim.verdict, claim.reason) == ("unchecked", "fits") for claim in claims)
        counts = (verdicts.count(v) for v in ("true", "rounded", "false", "unchecked", "differs"))
        return replace(cls(*counts), fits=fits)

    @property
    def checked(self) -> int:
        """Statements that were decided."""
        return self.true + self.rounded + self.false

    @property
    def total(self) -> int:
        """All statements."""
        return self.checked + self.unchecked + self.differs

    def sentence(self) -> str:
        """For the user: ``14 of 16 statements checked, all true``; empty where there is none."""
        if 0 < self.fits == self.total:
            agree = "1 statement agrees" if self.fits == 1 else f"{self.fits} statements agree"
            return f"{agree} with the others, not checked"
        fits = f"; {self.fits} {'agrees' if self.fits == 1 else 'agree'} with the others, not checked"
        other = f"; {self.differs} {'differs' if self.differs == 1 else 'differ'} from what the code prints"
        return self._checked_sentence() + (fits if self.fits else "") + (other if self.differs else "")

    def _checked_sentence(self) -> str:
        if not self.total:
            return ""
        noun = "statement" if self.total == 1 else "statements"
        if not self.checked:
            return f"none of {self.total} {noun} checked" if self.total > 1 else "1 statement, not checked"
        found = f"{self.false} false" if self.false else "all true"
        return f"{self.checked} of {self.total} {noun} checked, {found}"
