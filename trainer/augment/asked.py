"""What the methods that ask a teacher share: a new question becomes a record only with a label that was earned.

Four ways to a label. The gold answer is known and the question only reworded: a solution in words of the *new*
question must come to it, which shows that the question still means the same. A number was masked: a solution with code
must find it. The gold answer is unknown: a majority of solutions in words. The question is kept: the new solution
itself must come to the gold answer.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from trainer.data.number_words import numbers_in, ordinals
from trainer.data.problems import Problem
from trainer.data.records import question_id, record_id
from trainer.synthesize.code_nested import WRONG_ANSWER, attempt, prompt_for, refusal, shown_sentences
from trainer.synthesize.pseudo import Thresholds, elect, reasoning_prompt, solution_of
from trainer.teacher.judge import Judge
from trainer.teacher.prompts import prompt_named
from trainer.teacher.replies import fault
from trainer.teacher.teacher import Reply, Teacher, prompt_hash
from trainer.teacher.work import NotMade
from tutor_app.core.dialect import ALPACA
from tutor_app.core.parts import Answer, Code, Part, Text
from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT

T = TypeVar("T")
LONGEST_QUESTION: Final = 1500
"""Characters of a new question."""
LONGEST_SOLUTION: Final = 1800.0
"""Seconds of a solution with code, of all that are under way at once."""
_OTHER_ANSWER: Final = ("difficulty", "expression")
"""Methods whose change means something only if it changes the answer."""
_HEADING: Final = re.compile(
    r"^\s*(?:\*\*)?(?:(?:new|rewritten|rephrased|forward) )?(?:question|problem)\s*:(?:\*\*)?\s*", re.IGNORECASE
)
_ASKS: Final = re.compile(r"\?|\b(?:find|determine|calculate|compute)\b", re.IGNORECASE)


@functools.cache
def _worked_examples(method: str) -> frozenset[str]:
    """The questions that the prompt of a method shows, by their ids: a teacher may repeat one."""
    shown = prompt_named(method).demonstrations
    said = ["".join(p.text for p in d.solution if isinstance(p, Text)) for d in shown]
    last = [text.rsplit(": ", 1)[-1] for text in said]  # a new question may stand behind a heading of the prompt
    return frozenset(question_id(text) for text in (*said, *last, *(d.problem for d in shown)))


def _need_question(method: str, problem: Problem, text: str) -> None:
    """See that a reply is one new question.

    Raises:
        NotMade: If it is not.
    """
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


@dataclass(frozen=True, slots=True)
class Asked:
    """A teacher with what is asked of every new question.

    Attributes:
        teacher: Who is asked.
        judge: Of answers and statements.
        per_problem: New records of one problem, at most.
        tries: How often a new question, a new solution, or one that confirms a known answer is tried.
        votes: Solutions that vote for an unknown one.
        thresholds: When their majority counts.
    """

    teacher: Teacher
    judge: Judge
    per_problem: int = 1
    tries: int = 2
    votes: int = 5
    thresholds: Thresholds = field(default_factory=Thresholds)

    def write(self, method: str, text: str, cancel: Cancel, *what: object) -> str:
        """What the teacher writes by the prompt of a method.

        Raises:
            NotMade: If it cannot be used; says why.
        """
        reply = self.teacher.ask(prompt_named(method), text, cancel, method, *what)
        if why := fault(reply):
            raise NotMade(why)
        return reply.text

    def question(
        self,
        method: str,
        problem: Problem,
        cancel: Cancel,
        sample: int = 0,
        *,
        asked: str = "",
        check: Callable[[str], None] = lambda _: None,
        forms: Callable[[str], Sequence[str]] = lambda reply: [reply],
    ) -> str:
        """A new question by the prompt of a method, the first good one of so many tries.

        Args:
            method: Its name.
            problem: That is changed.
            cancel: Ends it early.
            sample: Tells it from others of the same problem.
            asked: What the teacher is given, if it is not the problem.
            check: Raises :class:`NotMade` if the method cannot use a question.
            forms: Questions that a reply gives, the best first.

        Raises:
            NotMade: If none is good; says why the first is not.
        """

        def one(*more: object) -> str:
            why: NotMade | None = None
            for form in forms(self.write(method, asked or problem.text, cancel, sample, *more)):
                text = " ".join(_HEADING.sub("", form).split())
                try:
                    _need_question(method, problem, text)
                    check(text)
                except NotMade as e:
                    why = why or e
                else:
                    return text
            raise why or NotMade("the reply is no question")

        return self._tried(one)

    def _tried(self, one: Callable[..., T]) -> T:
        """What comes of the first of so many tries that is good.

        Raises:
            NotMade: If none is; why the first is not.
        """
        return first_of(functools.partial(one, *(["again", again] if again else [])) for again in range(self.tries))

    def confirmed(
        self, method: str, problem: Problem, question: str, gold: str, label: str, cancel: Cancel
    ) -> Transcript:
        """A record of a question whose answer is known, with the first solution in words that comes to it.

        Raises:
            NotMade: If none does.
        """
        for sample in range(self.tries):
            reply = self.teacher.ask(reasoning_prompt(self.teacher), question, cancel, method, "confirm", sample)
            try:
                text, answer = solution_of(reply, question)
            except NotMade:
                continue
            if self.judge.equal(gold, answer) and not self.judge.false_statements((Text(text),)):
                return self.record(method, problem, question, _in_words(text, gold), gold, label, confirmed=sample + 1)
        raise NotMade("no solution of the new question comes to the known answer")

    def executed(
        self,
        method: str,
        problem: Problem,
        question: str,
        gold: str,
        label: str,
        cancel: Cancel,
        check: Callable[[Sequence[Part]], None] = lambda _: None,
    ) -> Transcript:
        """The same for a question that states the result and asks for a number before it: with code that really ran.

        In words a small model calculates with the known result as with any other number; in code it writes the problem
        as it stands, and SymPy undoes it. A teacher that was trained on words alone solves it in words.

        Args:
            method: Its name.
            problem: Of which the question was made.
            question: That is solved.
            gold: The number that was masked.
            label: How it is known.
            cancel: Ends it early.
            check: Raises :class:`NotMade` if a solution says what is not so.

        Raises:
            NotMade: If none does; why the first does not.
        """
        if self.teacher.dialect == ALPACA:
            return self.confirmed(method, problem, question, gold, label, cancel)
        prompt, why = prompt_for(self.teacher, "code-backward"), ""
        for sample in range(self.tries):
            made = attempt(self.teacher, question, sample, cancel, prompt=prompt, seconds=LONGEST_SOLUTION)
            fault = refusal(made, question, gold, self.judge, shown_sentences(prompt)) or _why_not(check, made.parts)
            if not fault:
                return self.record(method, problem, question, made.parts, gold, label, confirmed=sample + 1)
            why = why or fault
        if why == WRONG_ANSWER:
            why = "no solution of the new question comes to the known answer"
        raise NotMade(why)

    def voted(self, method: str, problem: Problem, question: str, cancel: Cancel, **more: Any) -> Transcript:
        """A record of a question whose answer is not known, labelled by a majority.

        Raises:
            NotMade: If the votes do not agree, or the solution that is kept says something false.
        """
        election = elect(self.teacher, question, self.votes, cancel, self.judge)
        election.check(self.thresholds)
        if election.answer.lstrip("$ ").startswith("-") and not problem.gold.startswith("-"):
            raise NotMade("the answer is negative, and that of the problem is not")
        if method in _OTHER_ANSWER and problem.gold and self.judge.equal(problem.gold, election.answer):
            raise NotMade("the answer is still that of the problem")
        if self.judge.false_statements((Text(election.solution),)):
            raise NotMade("a statement is false")
        votes = [election.votes, election.samples]
        parts = _in_words(election.solution, election.answer)
        return self.record(method, problem, question, parts, election.answer, "majority", votes=votes, **more)

    def solved(
        self,
        method: str,
        problem: Problem,
        cancel: Cancel,
        *,
        asked: str = "",
        check: Callable[[str], None] = lambda _: None,
    ) -> Transcript:
        """A record of the same question with a new solution in words, which must come to the gold answer.

        The first good one of so many tries; ``asked`` and ``check`` as of :meth:`question`.

        Raises:
            NotMade: If none does, or it says something false.
        """

        def one(*more: object) -> Transcript:
            text = self.write(method, asked or problem.text, cancel, 0, *more)
            check(text)
            text, answer = solution_of(Reply(text, "eos"), problem.text)
            if not self.judge.equal(problem.gold, answer):
                raise NotMade("the answer is not the one that is known")
            if self.judge.false_statements((Text(text),)):
                raise NotMade("a statement is false")
            return self.record(method, problem, problem.text, _in_words(text, problem.gold), problem.gold, "gold")

        return self._tried(one)

    def record(
        self,
        method: str,
        problem: Problem,
        question: str,
        parts: Sequence[Part],
        gold: str,
        label: str,
        **more: Any,
    ) -> Transcript:
        """A record with all that tells where it came from."""
        teacher = self.teacher
        prompt = prompt_for(teacher, "code-backward") if method == "fobar" else prompt_named(method)
        said = "".join(p.text if isinstance(p, Text) else p.source for p in parts if isinstance(p, Text | Code))
        meta = {
            "id": record_id(str(problem.meta["source"]), method, question, said, teacher.name),
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


def _why_not(check: Callable[[Sequence[Part]], None], parts: Sequence[Part]) -> str:
    try:
        check(parts)
    except NotMade as e:
        return str(e)
    return ""


def _in_words(text: str, gold: str) -> tuple[Part, ...]:
    return Text(text), Answer(gold, verdict=KNOWN_RIGHT)


Method = Callable[[Problem, Asked, Cancel], list[Transcript]]
"""Makes new records of a problem with a teacher; raises :class:`NotMade`."""


def first_of(ones: Iterable[Callable[[], T]]) -> T:
    """What comes of the first that makes anything: another wording, or another number that is masked.

    Raises:
        NotMade: If none does; why the first does not.
    """
    why: NotMade | None = None
    for one in ones:
        try:
            return one()
        except NotMade as e:
            why = why or e
    raise why or NotMade("nothing was tried")


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
