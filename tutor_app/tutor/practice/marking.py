"""Compares an answer with the right one, and keeps what was missed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.hints import RESULT
from tutor_app.core.practice import Exercise, Marked
from tutor_app.tutor.practice import missed


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
        known = f", which is {exercise.answer}" if told else ""
        return Marked(None, f"That cannot be compared with the right answer{known}.")
    right = verdict == "correct"
    if not told and not given.strip():
        return Marked(False, "It stays open.")
    if not told:
        return Marked(right, "Right." if right else "That is not right. A hint may help.")
    kept = missed.answered(missed.load(path), exercise.problem, exercise.answer, right=right, today=today)
    missed.save(path, kept)
    return Marked(right, "Right." if right else f"It is {exercise.answer}.")
