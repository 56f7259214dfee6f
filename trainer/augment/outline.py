"""Problem outline and solution plan (MuMath's nested multi-task): three parts in one answer.

``[Outline]`` says what is known and asked, ``[Plan]`` what is calculated, ``[Execution]`` calculates. By a teacher, or
by rules from GSM8K's annotated steps. The plan of neither may state a result.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from trainer.augment.asked import Asked, need_gold
from trainer.augment.ground import record
from trainer.data.chain import NotAChain, Step, shown
from trainer.data.number_words import numbers_in, said_numbers
from trainer.data.problems import Problem
from trainer.data.records import question_id, record_id
from trainer.data.sentences import sentences
from trainer.synthesize.make_code import linked_chain
from trainer.teacher.work import NotMade
from tutor_app.core.parts import Text
from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript

_PARTS: Final = re.compile(
    r"\[Outline\]\s*(?P<outline>.+?)\s*\[Plan\]\s*(?P<plan>.+?)\s*\[Execution\]\s*(?P<execution>.+)", re.DOTALL
)
_IN_A_LIST: Final = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)
_EQUALS: Final = re.compile(r"=\s*\$?-?[\d.,]+")


def outline(problem: Problem, asked: Asked, cancel: Cancel) -> list[Transcript]:
    """The problem answered in the three parts by a teacher.

    Raises:
        NotMade: If a part is missing, the plan calculates, or the answer is not the gold one.
    """
    need_gold(problem)
    return [asked.solved("outline", problem, cancel, check=functools.partial(_need_parts, problem.text))]


def _need_parts(question: str, text: str) -> None:
    """See that a solution has the three parts, and that its plan says what is calculated, not how much it is.

    Raises:
        NotMade: If not.
    """
    found = _PARTS.fullmatch(text)
    if found is None:
        raise NotMade("not in the three parts")
    plan = _IN_A_LIST.sub("", found["plan"])
    if _EQUALS.search(plan) or set(numbers_in(plan)) - set(numbers_in(question)) - {1, 2, 100}:
        raise NotMade("the plan calculates")


def outline_by_rules(question: str, answer: str, *, seed: int = 0) -> Transcript:
    """A GSM8K problem answered in the three parts from its own steps.

    Raises:
        NotAChain: If the steps cannot be read, or one of them cannot be named without its result.
    """
    chain, gold = linked_chain(question, answer)
    known = sentences(question)
    if len(known) < 2 or not known[-1].endswith("?"):
        raise NotAChain("the question has no sentence that states what is known")
    if not all(step.sentence for step in chain.steps):
        raise NotAChain("a step speaks of a number that is not there")
    plan = [_planned(step) for step in chain.steps]
    if len({_WHOLE.sub("", p.casefold()) for p in plan}) < len(plan):
        raise NotAChain("two steps have the same name")
    if any(set(numbers_in(line)) - said_numbers(question) for line in plan):
        raise NotAChain("a step cannot be named without a result")
    parts = [
        "[Outline]",
        *_numbered([*(s for s in known[:-1]), f"Asked: {known[-1]}"]),
        "[Plan]",
        *_numbered(plan),
        "[Execution]",
        *_numbered(_once([s.sentence for s in chain.steps])),
        f"The answer is $\\boxed{{{shown(gold)}}}$.",
    ]
    return _record(question, "\n".join(parts), gold, seed)


_WHOLE: Final = re.compile(r" (?:total|whole|entire|combined|altogether|in all|in total|now)\b")
"""Words without which two steps have one name: the people in the house, and the total number of people in the house."""


def _planned(step: Step) -> str:
    if not step.what:
        raise NotAChain("a step has no name")
    return f"Find {step.what}."


def _once(lines: Sequence[str]) -> list[str]:
    return [line for i, line in enumerate(lines) if not i or line != lines[i - 1]]


def _numbered(lines: Sequence[str]) -> list[str]:
    return [f"{i}. {line}" for i, line in enumerate(lines, 1)]


def _record(question: str, text: str, gold: Fraction, seed: int) -> Transcript:
    key = record_id("gsm8k-train", "outline", question, text)
    return record(question, (Text(text),), gold, key, "outline", question_id(question), label="gold", seed=seed)
