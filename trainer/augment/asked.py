"""What the methods that ask a teacher share: a new question becomes a record only with a label that was earned.

Three ways to a label. The gold answer is known and the question only reworded: a solution in words of the *new*
question must come to it, which shows that the question still means the same. The gold answer is unknown: a majority of
solutions in words. The question is kept: the new solution itself must come to the gold answer.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from trainer.data.number_words import numbers_in, ordinals
from trainer.data.problems import Problem
from trainer.data.records import question_id, record_id
from trainer.synthesize.pseudo import Thresholds, elect, reasoning_prompt, solution_of
from trainer.teacher.judge import Judge
from trainer.teacher.prompts import prompt_named
from trainer.teacher.replies import fault
from trainer.teacher.teacher import Reply, Teacher, prompt_hash
from trainer.teacher.work import NotMade
from tutor_app.core.parts import Answer, Part, Text
from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT

LONGEST_QUESTION: Final = 1500
"""Characters of a new question."""
_HEADING: Final = re.compile(
    r"^\s*(?:\*\*)?(?:(?:new|rewritten|rephrased|forward) )?(?:question|problem)\s*:(?:\*\*)?\s*", re.IGNORECASE
)
_ASKS: Final = re.compile(r"\?|\b(?:find|determine|calculate|compute)\b", re.IGNORECASE)


@functools.cache
def _worked_examples(method: str) -> frozenset[str]:
    """The questions that the prompt of a method shows, by their ids: a teacher may repeat one."""
    shown = prompt_named(method).demonstrations
    said = ("".join(p.text for p in d.solution if isinstance(p, Text)) for d in shown)
    return frozenset(question_id(text) for text in (*said, *(d.problem for d in shown)))


@dataclass(frozen=True, slots=True)
class Asked:
    """A teacher with what is asked of every new question.

    Attributes:
        teacher: Who is asked.
        judge: Of answers and statements.
        per_problem: New records of one problem, at most.
        tries: Solutions that are tried to confirm a known answer.
        votes: Solutions that vote for an unknown one.
        thresholds: When their majority counts.
    """

    teacher: Teacher
    judge: Judge
    per_problem: int = 1
    tries: int = 2
    votes: int = 5
    thresholds: Thresholds = field(default_factory=Thresholds)

    def write(self, method: str, text: str, cancel: Cancel, sample: int = 0) -> str:
        """What the teacher writes by the prompt of a method.

        Raises:
            NotMade: If it cannot be used; says why.
        """
        reply = self.teacher.ask(prompt_named(method), text, cancel, method, sample)
        if why := fault(reply):
            raise NotMade(why)
        return reply.text

    def question(self, method: str, problem: Problem, cancel: Cancel, sample: int = 0, *, asked: str = "") -> str:
        """A new question by the prompt of a method.

        Raises:
            NotMade: If it is none.
        """
        text = self.write(method, asked or problem.text, cancel, sample)
        text = _HEADING.sub("", text)
        text = " ".join(text.split())
        if len(text) > LONGEST_QUESTION:
            raise NotMade("the new question is too long")
        if "\\boxed" in text or "```" in text or not _ASKS.search(text):
            raise NotMade("the reply is no question")
        if text.count("?") > 2:
            raise NotMade("the reply asks several questions")
        if question_id(text) == question_id(problem.text):
            raise NotMade("the question was not changed")
        if question_id(text) in _worked_examples(method):
            raise NotMade("the question of a worked example")
        return text

    def confirmed(
        self,
        method: str,
        problem: Problem,
        question: str,
        gold: str,
        label: str,
        cancel: Cancel,
        *,
        backward: bool = False,
        **more: Any,
    ) -> Transcript:
        """A record of a question whose answer is known, with the first solution in words that comes to it.

        Raises:
            NotMade: If none does.
        """
        prompt = reasoning_prompt(self.teacher, backward=backward)
        for sample in range(self.tries):
            reply = self.teacher.ask(prompt, question, cancel, method, "confirm", sample)
            try:
                text, answer = solution_of(reply)
            except NotMade:
                continue
            if self.judge.equal(gold, answer) and not self.judge.false_statements((Text(text),)):
                return self.record(method, problem, question, text, gold, label, confirmed=sample + 1, **more)
        raise NotMade("no solution of the new question comes to the known answer")

    def voted(self, method: str, problem: Problem, question: str, cancel: Cancel, **more: Any) -> Transcript:
        """A record of a question whose answer is not known, labelled by a majority.

        Raises:
            NotMade: If the votes do not agree, or the solution that is kept says something false.
        """
        election = elect(self.teacher, question, self.votes, cancel, self.judge)
        election.check(self.thresholds)
        if self.judge.false_statements((Text(election.solution),)):
            raise NotMade("a statement is false")
        votes = [election.votes, election.samples]
        return self.record(
            method, problem, question, election.solution, election.answer, "majority", votes=votes, **more
        )

    def solved(self, method: str, problem: Problem, text: str) -> Transcript:
        """A record of the same question with a new solution in words, which must come to the gold answer.

        Raises:
            NotMade: If it does not, or says something false.
        """
        _, answer = solution_of(Reply(text, "eos"))
        if not self.judge.equal(problem.gold, answer):
            raise NotMade("the answer is not the one that is known")
        if self.judge.false_statements((Text(text),)):
            raise NotMade("a statement is false")
        return self.record(method, problem, problem.text, text, problem.gold, "gold")

    def record(
        self, method: str, problem: Problem, question: str, text: str, gold: str, label: str, **more: Any
    ) -> Transcript:
        """A record with all that tells where it came from."""
        parts: Sequence[Part] = (Text(text), Answer(gold, verdict=KNOWN_RIGHT))
        teacher = self.teacher
        prompt = reasoning_prompt(teacher, backward=True) if method == "fobar" else prompt_named(method)
        meta = {
            "id": record_id(str(problem.meta["source"]), method, question, text, teacher.name),
            "source": problem.meta["source"],
            "source_id": problem.meta["source_id"],
            "parent": problem.id,
            "parent_problem": problem.text,
            "method": method,
            "licence": problem.meta["licence"],
            "teacher": teacher.name,
            "prompt": prompt_hash(prompt),
            "seed": teacher.sampling.seed,
            "label": label,
            "gold": gold,
            **more,
        }
        return Transcript.of(question, *parts, meta=meta)


Method = Callable[[Problem, Asked, Cancel], list[Transcript]]
"""Makes new records of a problem with a teacher; raises :class:`NotMade`."""


def several(asked: Asked, one: Callable[[int], Transcript]) -> list[Transcript]:
    """Up to ``per_problem`` records; those that could not be made are left out, unless it is all.

    Raises:
        NotMade: If none was made; the reason of the first.
    """
    made: list[Transcript] = []
    why: NotMade | None = None
    for sample in range(asked.per_problem):
        try:
            record = one(sample)
        except NotMade as e:
            why = why or e
            continue
        if all(question_id(record.problem) != question_id(r.problem) for r in made):
            made.append(record)
    if not made and why is not None:
        raise why
    return made


def need_gold(problem: Problem) -> str:
    """The answer of a problem.

    Raises:
        NotMade: If none is known.
    """
    if not problem.gold:
        raise NotMade("a problem without an answer")
    return problem.gold


def need_same_numbers(old: str, new: str) -> None:
    """See that no number was lost, added or changed; "one" does not count, nor the count of what is numbered.

    "In three beds she found ..., in the third ..." may become "in the first bed ..., in the third ...".

    Raises:
        NotMade: If one was.
    """
    before, after = (set(numbers_in(t)) - {1} for t in (old, new))
    if before - after - set(ordinals(new)):
        raise NotMade("a number was lost")
    if after - before:
        raise NotMade("a number was added")
