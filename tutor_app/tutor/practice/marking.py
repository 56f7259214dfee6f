"""Compares an answer with the right one, and keeps what was missed."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Final

from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.hints import RESULT
from tutor_app.core.practice import Exercise, Marked
from tutor_app.text.plain import plain
from tutor_app.tutor.practice import missed

_BETWEEN: Final = re.compile(
    r"\b(?:interval|range|domain|inequalit\w+|between|matrix|vector)\b|[<>≤≥]|\\(?:le|ge)", re.IGNORECASE
)
"""Of such a problem an answer in brackets may be something else than a list."""


def mark(exercise: Exercise, given: str, *, grader: Grader, path: Path, today: date) -> Marked:
    """Compare an answer; an empty one counts as missed.

    Of a problem whose hints end before its answer, the answer is neither told nor kept.

    Args:
        exercise: What was asked.
        given: As typed.
        grader: Compares.
        path: Of the list of missed problems.
        today: For when it is asked again.

    Raises:
        UserFault: If the list cannot be understood.
        HostFault: If it cannot be read or written.
    """
    if not exercise.answer:
        return Marked(None, "No answer to this problem is known here.")
    told = exercise.hints_up_to >= RESULT
    verdict = grader.grade(exercise.answer, given.strip()).verdict if given.strip() else "incorrect"
    if verdict == "unknown":
        known = f" {told_answer(exercise)}" if told else ""
        return Marked(None, f"That cannot be compared with the right answer.{known}", again=not told)
    right = verdict == "correct"
    if not told and not given.strip():
        return Marked(False, "It stays open.")
    if not told:
        return Marked(right, "Right." if right else "That is not right. Try again; a hint may help.", again=not right)
    kept = missed.answered(missed.load(path), exercise.problem, exercise.answer, right=right, today=today)
    missed.save(path, kept)
    wrong = "That is not right. " if given.strip() else ""
    return Marked(right, "Right." if right else wrong + told_answer(exercise))


def told_answer(exercise: Exercise) -> str:
    """The right answer in plain words: ``It is 5.``, ``They are 2 and 3.`` where code printed a list of them."""
    text = exercise.answer.strip()
    if _BETWEEN.search(exercise.problem):  # [0, 5] is an interval
        return f"It is {_shown(text)}."
    while (inside := _inside(text)) is not None:
        values = _separated(inside)
        if len(values) != 1:
            break
        text = values[0]
    else:
        values = _separated(text)
    if not values:
        return "There is none."
    shown = [_shown(value) for value in values]
    return f"It is {shown[0]}." if len(shown) == 1 else f"They are {', '.join(shown[:-1])} and {shown[-1]}."


def _inside(text: str) -> str | None:
    """What stands in a list, set or table that the whole text is; None of anything else, and of rows of a matrix."""
    whole = len(text) > 1 and text[0] + text[-1] in ("[]", "{}") and "[" not in text[1:-1]
    return text[1:-1] if whole else None


def _separated(text: str) -> list[str]:
    """The values of a list; a comma within brackets or a formula, or one of thousands, separates nothing."""
    if "\\" in text or "$" in text:
        return [text]
    values, depth = [""], 0
    for k, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0 and not re.match(r"\d{3}(?!\d)", text[k + 1 :]):
            values.append("")
        else:
            values[-1] += sign
    return [value.strip() for value in values if value.strip()]


def _shown(value: str) -> str:
    """A value as on paper: ``x = 5`` of the table ``x: 5``, a formula of SymPy's or LaTeX as one line."""
    if "\\" in value:
        return value if "$" in value else plain(f"${value}$")
    value = re.sub(r"^(\w+): ", r"\1 = ", value).strip("'\"")
    return re.sub(r"sqrt\((\w+)\)", r"√\1", value).replace("**", "^").replace("*", "·")
