"""Values of practice: a problem that is asked, and how it was answered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exercise:
    """A problem to practise.

    Attributes:
        problem: Its text.
        answer: The right answer.
    """

    problem: str
    answer: str


@dataclass(frozen=True, slots=True)
class Marked:
    """An answer to it, compared with the right one.

    Attributes:
        right: None where the two cannot be compared.
        sentence: For the user.
    """

    right: bool | None
    sentence: str
