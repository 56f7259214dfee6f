"""Rephrasing (MuMath, from MetaMath): the same problem in other words; its answer stays the gold one.

No number may be lost or added, and a solution of the new wording must come to the gold answer.
"""

from __future__ import annotations

import functools

from trainer.augment.asked import Asked, first_of, need_gold, need_same_numbers, several
from trainer.data.problems import Problem
from trainer.teacher.work import NotMade
from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript


def rephrase(problem: Problem, asked: Asked, cancel: Cancel) -> list[Transcript]:
    """The problem in other words.

    Raises:
        NotMade: If no wording is good.
    """
    gold = need_gold(problem)

    def worded(sample: int, seen: set[str]) -> Transcript:
        check = functools.partial(need_same_numbers, problem.text)
        question = asked.question("rephrase", problem, cancel, sample, check=check)
        if question in seen:
            raise NotMade("the same wording again")
        seen.add(question)
        return asked.confirmed("rephrase", problem, question, gold, "gold", cancel)

    def one(sample: int) -> Transcript:
        """A wording that changes what is meant is not solved to the gold answer: then another one is asked for."""
        seen: set[str] = set()
        samples = range(sample, sample + asked.tries * asked.per_problem, asked.per_problem)
        return first_of(functools.partial(worded, n, seen) for n in samples)

    return several(asked, one)
