"""A statement in a solution that a machine can check, and what the check found; plain frozen values.

The module knows nothing of how statements are found or checked (:mod:`tutor_app.adapters.checking`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

ClaimVerdict = Literal["true", "rounded", "false", "unchecked"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement with its verdict.

    Attributes:
        start: Index of its first character in the text that it stands in.
        end: Index after its last character.
        text: What stands there.
        verdict: ``true``; ``rounded`` (true once the right side is taken as rounded); ``false``, only where that is
            certain; ``unchecked``.
        right: Of a false statement the right value or a counterexample, of a rounded one the exact value; else empty.
        reason: A short code: by which rule it was decided, or why it was not.
    """

    start: int
    end: int
    text: str
    verdict: ClaimVerdict
    right: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many statements got which verdict."""

    true: int = 0
    rounded: int = 0
    false: int = 0
    unchecked: int = 0

    @classmethod
    def of(cls, claims: Iterable[Claim]) -> Tally:
        """Count the verdicts."""
        verdicts = [claim.verdict for claim in claims]
        return cls(*(verdicts.count(v) for v in ("true", "rounded", "false", "unchecked")))

    @property
    def checked(self) -> int:
        """Statements that were decided."""
        return self.true + self.rounded + self.false

    @property
    def total(self) -> int:
        """All statements."""
        return self.checked + self.unchecked

    def sentence(self) -> str:
        """For the user: ``14 of 16 statements checked, all true``; empty where there is none."""
        if not self.total:
            return ""
        noun = "statement" if self.total == 1 else "statements"
        if not self.checked:
            return f"none of {self.total} {noun} checked" if self.total > 1 else "1 statement, not checked"
        found = f"{self.false} false" if self.false else "all true"
        return f"{self.checked} of {self.total} {noun} checked, {found}"
