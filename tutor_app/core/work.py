"""The verdicts on the lines of a student's own work; plain frozen values.

The module knows nothing of how lines are read and judged (:mod:`tutor_app.adapters.checking.work.judge`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tutor_app.core.verdicts import NOT_LOOKED, Verdict

LineKind = Literal[
    "empty", "words", "unread", "picture", "given", "new", "equivalent", "follows", "lost", "gained", "false", "unsure"
]
UnreadReason = Literal["long", "open", "closed", "hole", "dots", "alone", "sign", "mixed", "other"]
PICTURE_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg", ".heic", ".tif", ".tiff", ".pdf")
"""How the names of files end that hold pictures of work, not its text."""
PICTURE_BEGINNINGS: Final = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
"""How the bytes of such files begin, whatever the name."""
SAYS: Final[dict[LineKind, str]] = {
    "empty": "",
    "words": "in words, not checked",
    "unread": "this line could not be read",
    "picture": "a picture cannot be read; type what is in it",
    "given": "read from the problem",
    "new": "a new statement, not compared with the lines before",
    "equivalent": "says the same as the line before",
    "follows": "follows",
    "lost": "a solution was lost here",
    "gained": "a solution was added here",
    "false": "this does not follow",
    "unsure": "could not be decided",
}
SLIPS: Final = {
    "sign": "a sign was changed or not changed",
    "distribution": "a factor was not multiplied with every term in the brackets",
    "square": "the square (or root) of a sum is not the sum of the squares (or roots)",
    "fractions": "fractions were added by their parts",
    "cancelled": "a term was cancelled that is no factor",
    "plus_minus": "a square has two roots: plus and minus",
    "zero": "it was divided by something that may be zero",
    "order": "the order of operations",
    "unit": "units were mixed without converting them",
    "direction": "an inequality turns when it is multiplied or divided by a negative number",
    "powers": "a rule of powers or roots was applied wrongly",
    "logs": "a rule of logarithms was applied wrongly",
    "function": "a function of a sum or a multiple is not the sum or the multiple of the function's values",
    "terms": "terms were put together that are not alike, or not by their numbers alone",
    "reciprocal": "to divide by a fraction is to multiply by this fraction turned over, and by no other",
    "inverse": "a step was undone by another operation than its inverse",
    "chain": "the inner function was left out (the chain rule)",
    "product": "a product or quotient is not differentiated factor by factor",
    "derivative": "a rule of differentiating or integrating was applied wrongly",
    "percent": "the percentage was taken of the wrong amount",
    "formula": "this is the formula of something else",
    "arithmetic": "a number was worked out wrongly",
}
"""Common slips by their code, in words for the student."""
UNREAD: Final[dict[UnreadReason, str]] = {
    "long": "it is too long for one line",
    "open": "a bracket is opened and not closed",
    "closed": "a bracket is closed that was not opened",
    "hole": "a value is left open",
    "dots": "it leaves out what the dots stand for",
    "alone": "beside one of its signs something is missing",
    "sign": "it has a sign that is not known here",
    "mixed": "words and formulas are mixed, so give the formula a line of its own",
    "other": "it is no formula that is known here",
}
"""Why a line could not be read."""
NO_CONSTANT: Final = "the constant of integration is missing (+ C)"
MARKS: Final[dict[LineKind, str]] = {
    "empty": " ", "words": "·", "unread": "?", "picture": "?", "given": "✓", "new": "·",
    "equivalent": "✓", "follows": "✓", "lost": "!", "gained": "!", "false": "✗", "unsure": "·",
}  # fmt: skip
QUIET: Final[frozenset[LineKind]] = frozenset(("empty", "given", "equivalent", "follows"))
"""Kinds of which the mark says enough: what is not vouched for is told in words."""
FAULTS: Final[frozenset[LineKind]] = frozenset(("lost", "gained", "false"))
LONGEST_LINE: Final = 400
MOST_LINES: Final = 500


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """One line.

    Attributes:
        text: As typed.
        shown: With its formulas between dollar signs.
        kind: What was found.
        counterexample: Where it fails: ``for x = 2 the left side is 12, the right side 10``; or empty.
        slip: A key of :data:`SLIPS` where the mistake is a common one, or empty.
        note: What is missing though the line is right, or why it could not be read; or empty.
    """

    text: str
    shown: str
    kind: LineKind
    counterexample: str = ""
    slip: str = ""
    note: str = ""

    @property
    def is_quiet(self) -> bool:
        """Whether its mark says enough."""
        return self.kind in QUIET and not self.note

    @property
    def is_fault(self) -> bool:
        """Whether something is wrong with it."""
        return self.kind in FAULTS

    def remark(self) -> str:
        """The remark for the student, one sentence; empty for an empty line."""
        said = SAYS[self.kind]
        if self.counterexample:
            said += f": {self.counterexample}"
        if self.slip:
            said += f"; {SLIPS[self.slip]}"
        if not self.note:
            return said
        return f"{said}: {self.note}" if self.kind == "unread" else f"{said}; {self.note}"


@dataclass(frozen=True, slots=True)
class WorkHint:
    """Help with the first line with a fault, which does not contain the right line.

    Attributes:
        line: Its number, from 1.
        text: Markdown with LaTeX.
        by_model: Whether a model has said it; else it belongs to the kind of mistake.
    """

    line: int
    text: str
    by_model: bool = False

    @property
    def title(self) -> str:
        """What stands above it."""
        return f"Hint for line {self.line}" + (", in the model\u2019s words" if self.by_model else "")


def first_fault(lines: Sequence[LineVerdict]) -> int | None:
    """The place of the first line with a fault, from 0; None if there is none."""
    return next((k for k, line in enumerate(lines) if line.is_fault), None)


@dataclass(frozen=True, slots=True)
class WorkReport:
    """What was found.

    Attributes:
        lines: A verdict for each line, in order.
        answer: Of the last line, where it can be checked independently.
        left_out: Lines beyond the most that are checked.
    """

    lines: tuple[LineVerdict, ...]
    answer: Verdict = NOT_LOOKED
    left_out: int = 0

    @property
    def first_fault(self) -> int | None:
        """The place of the first line with a fault, from 0."""
        return first_fault(self.lines)

    def sentences(self) -> tuple[str, ...]:
        """The remark on the whole work."""
        fault = self.first_fault
        read = [line for line in self.lines if line.kind not in ("empty", "words", "picture")]
        unread = [k + 1 for k, line in enumerate(self.lines) if line.kind in ("unread", "picture")]
        said = []
        if fault is not None:
            said.append(f"The first line to look at again is line {fault + 1}.")
        elif not read:
            said.append("There is no line that could be checked. Write one formula in each line.")
        elif not unread:
            said.append("No mistake was found.")
        else:
            said.append("No mistake was found in the lines that could be read.")
        if unread:
            said.append(f"Could not be read: {_numbers(unread)}.")
        if undecided := [k + 1 for k, line in enumerate(self.lines) if line.kind == "unsure"]:
            said.append(f"Could not be decided: {_numbers(undecided)}.")
        if (sentence := self.answer.sentence()) and self.answer.kind != "unchecked":
            found = f"{sentence[0].lower()}{sentence[1:]}"
            found = f"is {found}" if found.startswith("checked") else found
            said.append(f"Your last line {'is not the answer' if self.answer.kind == 'wrong' else found}.")
        if self.left_out:
            said.append(f"Only the first {MOST_LINES} lines were checked.")
        return tuple(said)


def _numbers(lines: Sequence[int]) -> str:
    more = len(lines) - 10
    shown = ", ".join(map(str, lines[:10])) + (f" and {more} more" if more > 0 else "")
    return f"line{'s' if len(lines) > 1 else ''} {shown}"
