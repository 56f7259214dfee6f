"""Suggestions of questions about a solution: only those that make sense for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from tutor_app.core.parts import Code, Text
from tutor_app.core.transcript import Transcript

LONGEST_ABOUT: Final = 600
"""Characters of a selection that a question is about; more would be the solution once more."""

_DRAW: Final = re.compile(
    r"(?:please |can you |could you )?(?:draw|plot|sketch|graph)(?: (?:it|this|that|them|what the problem is about"
    r"|(?:the |a |its )?(?:graph|curve|function|equation|picture|problem|parabola|line|figure|triangle)))?(?: for me)?"
    r"(?:,? please)?[.!?]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question that is asked with one click.

    Attributes:
        label: For its button.
        question: What is asked.
        does: ``draw`` and ``vary`` are done by this program; else a model is asked.
    """

    label: str
    question: str
    does: Literal["ask", "draw", "vary"] = "ask"


def suggestions(transcript: Transcript, about: str = "", *, drawable: bool = False) -> Iterator[Suggestion]:
    """What could be asked now.

    Args:
        transcript: The solution, with what was asked about it before.
        about: What is selected of it, or empty.
        drawable: Whether what the problem is about can be drawn.
    """
    if about:
        yield Suggestion("Why this step?", "Why is this step right?")
        yield Suggestion("Explain more simply", "Explain this more simply, in short sentences.")
        yield Suggestion("Check it", "Check this with Python code.")
        return
    said = [part for part in transcript.solution if isinstance(part, Text | Code)]
    if len(said) > 1:
        yield Suggestion("Why these steps?", "Why is each step of the solution done?")
    if transcript.answer is not None:
        yield Suggestion("Check it", "Check the answer in another way, with Python code.")
    if said:
        yield Suggestion("Another way", "Solve the problem in another way.")
        yield Suggestion("Explain more simply", "Explain the solution more simply, in short sentences.")
    if drawable:
        yield Suggestion("Draw it", "Draw what the problem is about.", does="draw")
    if transcript.answer is not None and any(isinstance(part, Code) for part in transcript.replies[0][1]):
        told = "Practise: the same problem with other numbers, its answer by the code that ran."
        yield Suggestion("Another like this", told, does="vary")
    yield Suggestion("A similar problem", "Give me a similar problem with other numbers, without its solution.")


def asks_to_draw(question: str) -> bool:
    """Whether a question wants what the problem is about drawn, and no more: then no model has to be asked."""
    return _DRAW.fullmatch(question.strip()) is not None


def question_about(question: str, about: str) -> str:
    """The question with what it is about, as Markdown quotes it."""
    about = about.strip()[:LONGEST_ABOUT].rstrip()
    if not about:
        return question
    quoted = "\n".join(f"> {line}" for line in about.splitlines())
    return f"{quoted}\n\n{question.strip()}"
