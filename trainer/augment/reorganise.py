"""Solution reorganisation (MuMath): the question stays, its solution is told again as explicit, numbered steps."""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from typing import Final

from trainer.augment.asked import Asked, need_gold
from trainer.data.problems import Problem
from trainer.teacher.work import NotMade
from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript


def reorganise(problem: Problem, asked: Asked, cancel: Cancel) -> list[Transcript]:
    """The problem with its solution in numbered steps.

    Raises:
        NotMade: If the teacher's steps are none, or do not come to the gold answer.
    """
    need_gold(problem)
    if not problem.reasoning:
        raise NotMade("a problem without a solution")
    given = f"Question: {problem.text}\n\nSolution: {problem.reasoning}"
    check = functools.partial(_need_steps, problem.reasoning)
    return [asked.solved("reorganise", problem, cancel, asked=given, check=check)]


def _need_steps(told: str, text: str) -> None:
    """See that a solution is in numbered steps, and that each result of the one that was told is calculated in it.

    Raises:
        NotMade: If not.
    """
    steps = [int(n) for n in re.findall(r"^\s*\**(\d+)[.)]", text, re.MULTILINE)]
    if len(steps) < 3 or steps[:3] != [1, 2, 3]:
        raise NotMade("the solution is not in numbered steps")
    if {_value(n) for n in _RESULT.findall(told)} - {_value(n) for n in _RESULT_OR_FACT.findall(text)}:
        raise NotMade("a step of the solution was lost")


_NUMBER: Final = r"\s*\\?\$?\s*(-?\d[\d,]*(?:\.\d+)?)(?![A-Za-z\d])(?![ \t]*(?:[-+*/×=(]|x ?\d))"
_RESULT: Final = re.compile(rf"={_NUMBER}")
_RESULT_OR_FACT: Final = re.compile(rf"(?:=|\b(?:is|are|gives?|makes?)){_NUMBER}")


def _value(number: str) -> Fraction:
    return Fraction(number.replace(",", ""))
