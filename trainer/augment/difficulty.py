"""Difficulty enhancement (MuMath): a condition or a step more; the answer is what most solutions agree on."""

from __future__ import annotations

from trainer.augment.asked import Asked, several
from trainer.data.problems import Problem
from trainer.teacher.work import NotMade
from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript


def difficulty(problem: Problem, asked: Asked, cancel: Cancel) -> list[Transcript]:
    """A harder problem.

    Raises:
        NotMade: If it is no longer than the problem, or the votes do not agree.
    """

    def need_more(question: str) -> None:
        if len(question.split()) < len(problem.text.split()) + 4:
            raise NotMade("nothing was added to the problem")

    def one(sample: int) -> Transcript:
        question = asked.question("difficulty", problem, cancel, sample, check=need_more)
        return asked.voted("difficulty", problem, question, cancel)

    return several(asked, one)
