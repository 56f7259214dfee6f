"""A solution as the text that a verifier reads: the same when it is trained and when it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tutor_app.core.parts import Answer, Code, Output, Part, Text

MOST_SOFT: Final = 32
"""Soft tokens that may stand before the question."""
_SOLUTION: Final = "\n\nSolution:"


def reading_text(problem: str, parts: Sequence[Part]) -> str:
    """The problem, then words, code, what it printed, and the answer."""
    found = []
    for part in parts:
        match part:
            case Text():
                found.append(part.text.strip())
            case Code():
                found.append(f"```python\n{part.source.strip()}\n```")
            case Output():
                found.append(f"```output\n{(part.feedback or part.stdout).strip()}\n```")
            case Answer():
                found.append(f"Answer: {part.latex}")
    return f"Problem: {problem}{_SOLUTION} " + "\n".join(found)


def problem_of(text: str) -> str:
    """What of :func:`reading_text`'s text comes before the solution."""
    before, mark, _ = text.partition(_SOLUTION)
    return before + mark
