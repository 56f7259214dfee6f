"""Values of practice: a problem that is asked, and how it was answered."""

from __future__ import annotations

from dataclasses import dataclass

from tutor_app.core.hints import LEVELS


@dataclass(frozen=True, slots=True)
class Exercise:
    """A problem to practise.

    Attributes:
        problem: Its text.
        answer: The right answer; empty where a worksheet gives none.
        hints_up_to: The highest level of hints for it. Where that does not show the answer, practice does not tell it.
    """

    problem: str
    answer: str
    hints_up_to: int = len(LEVELS)


@dataclass(frozen=True, slots=True)
class Worksheet:
    """Problems that a teacher hands out.

    Attributes:
        title: Its heading, or the file's name.
        exercises: In order.
    """

    title: str
    exercises: tuple[Exercise, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """An answer to it, compared with the right one.

    Attributes:
        right: None where the two cannot be compared.
        sentence: For the user.
        again: Whether it can be answered once more: nothing of the right answer was told.
    """

    right: bool | None
    sentence: str
    again: bool = False
