"""A pseudo-answer for a question whose answer is not known: what most solutions in words agree on.

This is MuMath's majority and MuMath-Code's pseudo-answer guidance. The share counts all samples that were asked for, so
replies that came to nothing count against an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from trainer.teacher.boxes import box_fault, number_told
from trainer.teacher.judge import Judge
from trainer.teacher.prompts import prompt_named
from trainer.teacher.replies import doubts, fault
from trainer.teacher.teacher import Reply, Teacher
from trainer.teacher.votes import majority
from trainer.teacher.work import NotMade
from tutor_app.core.answers import find_answer
from tutor_app.core.dialect import ALPACA, MUMATH, PromptSet
from tutor_app.core.parts import Text
from tutor_app.core.ports import Cancel

_BARE_BOX: Final = re.compile(r"\\(?:boxed|fbox)\s*(-?\d+(?:[.,/]\d+)*)")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a majority counts.

    Attributes:
        votes: Least for the answer.
        share: Least of all samples, from 0 to 1.
    """

    votes: int = 3
    share: float = 0.5

    def met(self, votes: int, samples: int) -> bool:
        """Whether so many votes of so many samples are enough."""
        return votes >= self.votes and votes >= self.share * samples - 1e-9


@dataclass(frozen=True, slots=True)
class Election:
    """What the samples agree on.

    Attributes:
        answer: With the most votes; empty if no sample has an answer.
        votes: For it.
        samples: All that were asked for.
        tied: Another answer has as many.
        solution: The first solution that comes to it.
    """

    answer: str
    votes: int
    samples: int
    tied: bool
    solution: str

    def check(self, thresholds: Thresholds) -> None:
        """See that the majority counts.

        Raises:
            NotMade: If not.
        """
        if not self.answer:
            raise NotMade("no sample has an answer to vote for")
        if self.tied or not thresholds.met(self.votes, self.samples):
            raise NotMade("the votes do not agree")


def reasoning_prompt(teacher: Teacher) -> PromptSet:
    """What a teacher is shown for a solution in words: nothing, if it was trained on them."""
    return PromptSet() if teacher.dialect in (MUMATH, ALPACA) else prompt_named("reasoning-votes")


def solution_of(reply: Reply, question: str) -> tuple[str, str]:
    """The words of a solution of a question in words and its answer, which stands in ``\\boxed{}`` there.

    Raises:
        NotMade: If it is none; says why.
    """
    if why := fault(reply, question):
        raise NotMade(why)
    answer = find_answer((Text(reply.text),))
    if answer is None or answer.source not in ("boxed", "phrase") or not re.search(r"[^\W_]", answer.latex):
        raise NotMade("no boxed answer")
    value = number_told(answer.latex, question) or answer.latex
    if why := box_fault(value, question):
        raise NotMade(why)
    if "```" in reply.text:
        raise NotMade("code in a solution in words")
    if doubts(reply.text):
        raise NotMade("the solution doubts its problem")
    text = _BARE_BOX.sub(r"\\boxed{\1}", reply.text.replace("\\fbox{", "\\boxed{"))
    if answer.source == "phrase":
        text = f"{text.rstrip()}\nThe answer is $\\boxed{{{value}}}$."
    elif value != answer.latex:
        text = re.sub(rf"(\\boxed\s*\{{)\s*{re.escape(answer.latex)}\s*\}}", rf"\g<1>{value}}}", text)
    return text, value


def elect(teacher: Teacher, question: str, samples: int, cancel: Cancel, judge: Judge) -> Election:
    """Ask for so many solutions in words and count their answers.

    Raises:
        BudgetSpent: If a request could pass the budget.
        HostFault: If the model fails.
    """
    prompt = reasoning_prompt(teacher)
    found: list[tuple[str, str]] = []
    for sample in range(samples):
        reply = teacher.ask(prompt, question, cancel, "vote", sample)
        try:
            found.append(solution_of(reply, question))
        except NotMade:
            found.append(("", ""))
    vote = majority([answer for _, answer in found], judge.equal)
    text, answer = found[vote.winner] if vote.winner >= 0 else ("", "")
    return Election(answer, vote.votes, samples, vote.tied, text)
