"""Solution reorganisation (MuMath): the question stays, its solution is told again as explicit, numbered steps."""

from __future__ import annotations

import re

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
    text = asked.write("reorganise", f"Question: {problem.text}\n\nSolution: {problem.reasoning}", cancel)
    steps = [int(n) for n in re.findall(r"^\s*\**(\d+)[.)]", text, re.MULTILINE)]
    if len(steps) < 3 or steps[:3] != [1, 2, 3]:
        raise NotMade("the solution is not in numbered steps")
    return [asked.solved("reorganise", problem, text)]
