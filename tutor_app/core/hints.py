"""The hints that a user is given step by step instead of a solution; plain frozen values.

The module knows nothing of how hints are computed (:mod:`tutor_app.tutor.hints`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

LEVELS: Final = (
    "What is asked", "What is known", "Which idea", "The next step", "The plan", "The code", "Its result", "The answer"
)  # fmt: skip
PLAN: Final = 5
"""The level at which an unverified solution ends."""
RESULT: Final = 7
"""From this level on the answer is shown."""
NOT_SURE: Final = "This solution could not be verified, so the hints end with the plan. Check each step yourself."
GIVEN: Final = "hints_given"
"""Key of a transcript's ``meta``: the hints that were given for its problem, as plain rows, see :func:`hints_of`."""
SHORTEST_PIN: Final = 4
LONGEST_PIN: Final = 64


@dataclass(frozen=True, slots=True)
class HintLimit:
    """What a teacher has chosen.

    Attributes:
        level: The highest one that is shown.
        guarded: Whether a PIN is needed to change it.
    """

    level: int = len(LEVELS)
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Hint:
    """One step of the ladder.

    Attributes:
        level: From 1.
        title: What kind of help it is.
        text: Markdown with LaTeX.
    """

    level: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """All hints that may be shown, in order.

    Attributes:
        hints: From level 1.
        sure: Whether the solution was verified.
        capped: Whether the teacher's limit ends the ladder.
    """

    hints: tuple[Hint, ...]
    sure: bool
    capped: bool = False

    @property
    def could_go_on(self) -> bool:
        """Whether there would be more hints if the solution were verified."""
        return not self.sure and len(self.hints) >= PLAN

    def ending(self) -> str:
        """The remark at the end of a ladder that does not reach the answer; empty if it does."""
        if not self.sure and len(self.hints) >= PLAN:
            return NOT_SURE
        capped = "Your teacher has chosen that the hints end here." if self.capped else ""
        return capped if self.sure else f"This solution could not be verified. {capped}".strip()


def hints_of(rows: Any) -> tuple[Hint, ...]:
    """Hints from their plain rows, in order; what is none is left out."""
    found = []
    for row in rows if isinstance(rows, Sequence) and not isinstance(rows, str) else ():
        if isinstance(row, dict) and type(level := row.get("level")) is int and 1 <= level <= len(LEVELS):
            found.append(Hint(level, LEVELS[level - 1], str(row.get("text", ""))))
    return tuple(sorted(found, key=lambda hint: hint.level))
