"""Rephrasing (MuMath, from MetaMath): the same problem in other words; its answer stays the gold one.

No number may be lost or added, and a solution of the new wording must come to the gold answer.
"""

from __future__ import annotations

import functools

from trainer.augment.asked import Asked, need_gold, need_same_numbers, several
from trainer.data.problems import Problem
from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript


def rephrase(problem: Problem, asked: Asked, cancel: Cancel) -> list[Transcript]:
    """The problem in other words.

    Raises:
        NotMade: If no wording is good.
    """
    gold = need_gold(problem)

    def one(sample: int) -> Transcript:
        check = functools.partial(need_same_numbers, problem.text)
        question = asked.question("rephrase", problem, cancel, sample, check=check)
        return asked.confirmed("rephrase", problem, question, gold, "gold", cancel)

    return several(asked, one)
