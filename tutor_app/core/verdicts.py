"""The verdict on a final answer: whether it was checked, how, and what it should be; plain frozen values.

The module knows nothing of how an answer is checked (:mod:`tutor_app.adapters.checking.answers`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

VerdictKind = Literal["checked", "numeric", "votes", "unchecked", "wrong"]

HOW: Final = {
    "known": "agrees with the known answer",
    "substituted": "substituted back and computed independently",
    "recomputed": "recomputed exactly",
    "arithmetic": "recomputed exactly, with the terms read as an arithmetic sequence",
    "geometric": "recomputed exactly, with the terms read as a geometric sequence",
    "code": "agrees with the code and an independent computation",
    "points": "the same at random points to 50 digits",
    "votes": "attempts agree",
    "solution": "agrees with the checked answer above",
}
"""How an answer was checked, for the user."""
REASONS: Final = {
    "unrecognised": "the problem is no computation that the program recognises",
    "unfinished": "it could not be computed independently",
    "unreadable": "the answer is not understood",
    "continued": "how the terms go on is not said; by the usual rule it would be another value",
    "undecided": "whether it equals the computed answer could not be decided",
    "form": "the value is right, but it is not in the form that is asked for",
    "timeout": "the check took too long",
    "known": "it could not be compared with the known answer",
    "output": "the code printed another number",
    "solution": "the solution has another answer",
}
"""Why an answer was not checked, for the user."""
MARKS: Final[dict[VerdictKind, str]] = {"checked": "✓", "numeric": "✓", "votes": "≈", "unchecked": "·", "wrong": "✗"}
"""One character for each kind."""
TONES: Final[dict[VerdictKind, str]] = {
    "checked": "good",
    "numeric": "good",
    "votes": "muted",
    "unchecked": "muted",
    "wrong": "bad",
}
"""The colour of its words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found about an answer.

    Attributes:
        kind: ``checked`` (exactly), ``numeric`` (at random points), ``votes``, ``unchecked`` or ``wrong``.
        how: A key of :data:`HOW`, or for ``unchecked`` of :data:`REASONS`; empty where nobody has looked.
        right: Of a wrong answer, the right one as LaTeX or the point at which it fails; where the code printed another
            number, or the solution that is asked about has another answer, that one; else empty.
        agree: Attempts that gave this answer, where there was a vote.
        of: All attempts that had a vote; 0 where there was none.
        begun: Attempts that the vote was begun with, where some of them were not waited for; else 0.
        likely: How many of 100 answers like this are right, by the model's verifier; -1 where it has not said.
        graded: Graded solutions that the verifier was calibrated on; 0 where that is not known.
    """

    kind: VerdictKind = "unchecked"
    how: str = ""
    right: str = ""
    agree: int = 0
    of: int = 0
    likely: int = -1
    graded: int = 0
    begun: int = 0

    @property
    def has_outcome(self) -> bool:
        """Whether there is anything to say: somebody has looked."""
        return self.kind != "unchecked" or self.of > 0 or self.how != "" or self.likely >= 0

    @property
    def open(self) -> bool:
        """Whether it is still open if the answer is right: it was neither computed independently nor found wrong."""
        return self.kind in ("unchecked", "votes")

    def odds(self) -> str:
        """How likely an open answer is right, for the user, without a full stop; empty where no verifier has said."""
        if not self.open or not 0 <= self.likely <= 100:
            return ""
        basis = f", calibrated on {self.graded} graded solutions" if self.graded > 0 else ""
        verb = "is" if self.likely == 1 else "are"
        return f"{self.likely} of 100 answers like this {verb} right, by an estimate of the model's verifier{basis}"

    @property
    def verified(self) -> bool:
        """Whether the answer may be relied on: checked, or given by more than half of the votes."""
        return self.kind in ("checked", "numeric") or (self.kind == "votes" and 2 * self.agree > self.of)

    def sentence(self, right: str = "", said: str = "") -> str:
        """For the user, without a full stop: ``Checked: recomputed exactly``; empty where nobody has looked.

        Args:
            right: How to write :attr:`right`; as it is unless given.
            said: The answer itself, which a reply that differs from its solution is told with.
        """
        right = right or self.right
        voted = self.vote()
        match self.kind:
            case "checked" if self.how == "known":
                found = "Agrees with the known answer"
            case "checked" if self.how == "solution":
                found = "Agrees with the checked answer"
            case "checked":
                found = f"Checked: {HOW[self.how]}"
            case "numeric":
                found = f"Checked numerically: {HOW[self.how]}"
            case "wrong" if self.how == "known":
                found = "Differs from the known answer"
            case "wrong" if self.how == "solution":
                found = f"This reply says {said or 'something else'}, but the checked answer is {right}"
            case "wrong":
                found = f"Wrong: {right}" if "=" in right else f"Wrong: it is {right}"
            case "unchecked" if self.how == "solution":
                found = f"This reply says {said or 'something else'}, but the solution says {right}; neither is checked"
            case "unchecked" if self.how:
                found = f"Not checked: {REASONS[self.how]}" + (f", {right}" if right else "")
            case _:
                return voted[:1].upper() + voted[1:]
        return f"{found}; {voted}" if voted else found

    def vote(self) -> str:
        """What the vote says, in the middle of a sentence; empty where there was none."""
        if not self.of:
            return ""
        early = f", ended early after {self.of} of {self.begun}" if self.begun > self.of else ""
        return f"agrees with {self.agree} of {self.of} votes{early}"


NOT_LOOKED: Final = Verdict()
KNOWN_RIGHT: Final = Verdict("checked", "known")
KNOWN_WRONG: Final = Verdict("wrong", "known")
