"""The verdict of a final answer: by a known answer where there is one, else by an independent computation.

A check that cannot be made never stops a solution: its answer is then not checked.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.against_output import differing
from tutor_app.core.errors import HostFault
from tutor_app.core.parts import Answer, AnswerPart, Output, Part
from tutor_app.core.several import questions
from tutor_app.core.solve_settings import AnswerCheck
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import KNOWN_RIGHT, KNOWN_WRONG, NOT_LOOKED, Verdict
from tutor_app.tutor.about import about_what
from tutor_app.tutor.checked import StatementChecker
from tutor_app.tutor.replies import judged_reply
from tutor_app.tutor.samples import known_answer

log = logging.getLogger(__name__)

_BY_GOLD: Final = {
    "correct": KNOWN_RIGHT,
    "incorrect": KNOWN_WRONG,
    "unknown": Verdict("unchecked", "known"),
}
_OF_SEVERAL: Final = Verdict("unchecked", "unrecognised")


@contextlib.contextmanager
def reply_verdict_of(question: str, solved: Transcript, checker: StatementChecker | None) -> Iterator[AnswerCheck]:
    """What gives the answer of a reply its verdict, for as long as the context lasts.

    A reply about the problem is held against the answer of its solution: one that states another result has an answer,
    even if it boxes none. What is asked besides is checked as a problem of its own.

    Args:
        question: As asked.
        solved: The solution that it is about.
        checker: Computes answers independently; None where nobody asks for that.
    """
    with verdict_of(question, checker) as alone, Grader() as grader:

        def same(right: str, said: str) -> bool | None:
            return {"correct": True, "incorrect": False}.get(grader.grade(right, said).verdict)

        def judged(answer: Answer | None, parts: tuple[Part, ...]) -> Answer | None:
            try:
                found = judged_reply(question, solved, answer, parts, same)
            except HostFault as e:
                log.warning("the reply is not compared with the solution: %s", e)
                found = None
            if found is not None or answer is None:
                return found
            found = alone(answer, parts)
            assert found is not None
            unrecognised = found.verdict.how == "unrecognised" and about_what(question, solved) != "else"
            return replace(found, verdict=NOT_LOOKED) if unrecognised else found

        yield judged


@contextlib.contextmanager
def verdict_of(problem: str, checker: StatementChecker | None) -> Iterator[AnswerCheck]:
    """What gives an answer its verdict, for as long as the context lasts; each part of one of several has its own.

    Args:
        problem: As it is solved.
        checker: Computes answers independently; None where nobody asks for that.
    """
    gold = known_answer(problem)
    with contextlib.ExitStack() as stack:
        grader = stack.enter_context(Grader()) if gold else None

        def verdict(asked: str, latex: str, parts: tuple[Part, ...]) -> Verdict:
            return checker.answer(asked, latex, outputs_of(parts)) if checker is not None else NOT_LOOKED

        def judged(answer: Answer | None, parts: tuple[Part, ...]) -> Answer | None:
            if answer is None:
                return None
            try:
                if grader is not None:
                    known = grader.grade_parts(gold, [part.latex for part in answer.parts] or [answer.latex])
                    return replace(answer, verdict=_BY_GOLD[known.verdict])
                if not answer.parts:
                    found = verdict(problem, answer.latex, parts)
                    return replace(answer, verdict=against_output(found, answer.latex, parts))
                asked = _texts_of(problem, answer)
                several = [
                    replace(part, verdict=verdict(text, part.latex, parts) if text else _OF_SEVERAL)
                    for part, text in zip(answer.parts, asked, strict=True)
                ]
                return replace(answer, parts=tuple(several), verdict=_together(several))
            except HostFault as e:
                log.warning("the answer is not checked: %s", e)
            return answer

        yield judged


def against_output(verdict: Verdict, latex: str, parts: Sequence[Part]) -> Verdict:
    """The verdict, or where the answer could not be checked and is not what the code printed, that."""
    if verdict.kind != "unchecked" or not verdict.how:
        return verdict
    number = differing(parts, latex)
    return Verdict("unchecked", "output", number) if number else verdict


def _texts_of(problem: str, answer: Answer) -> list[str]:
    """What each part of an answer was asked, by its label, else by its place; empty where that cannot be told."""
    asked = questions(problem)
    by_label = {question.label: question.text for question in asked}
    in_order = [question.text for question in asked] if len(asked) == len(answer.parts) else []
    places = in_order or [""] * len(answer.parts)
    return [by_label.get(part.label, place) for part, place in zip(answer.parts, places, strict=True)]


def _together(parts: Sequence[AnswerPart]) -> Verdict:
    """Of all parts: wrong if one is, checked if all are, by exact means where all were."""
    wrong = next((part for part in parts if part.verdict.kind == "wrong"), None)
    if wrong is not None:
        return replace(wrong.verdict, right=f"{wrong.label} {wrong.verdict.right}".strip())
    verdicts = [part.verdict for part in parts]
    if all(verdict.kind in ("checked", "numeric") for verdict in verdicts):
        return next((verdict for verdict in verdicts if verdict.kind == "numeric"), verdicts[0])
    return next(verdict for verdict in verdicts if verdict.kind not in ("checked", "numeric"))


def outputs_of(parts: tuple[Part, ...]) -> tuple[str, ...]:
    """What the blocks of a solution printed, or else the values of their last lines."""
    outputs = [part for part in parts if isinstance(part, Output) and part.status == "ok"]
    return tuple(text for output in outputs if (text := output.stdout.strip() or output.value))
