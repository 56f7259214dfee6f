"""From two texts to a finding: the readings of both, compared; the same in both processes."""

from __future__ import annotations

import re
from functools import partial

from tutor_app.adapters.grading.algebra import rational
from tutor_app.adapters.grading.compare import Oracle, compare_readings
from tutor_app.adapters.grading.doubtful import second_look
from tutor_app.adapters.grading.finding import Finding
from tutor_app.adapters.grading.readings import decimal_commas, readings
from tutor_app.adapters.grading.solution_sets import SCALAR
from tutor_app.adapters.grading.terms import Quantity, Relation, Term, Words, symbols


def judge(gold: str, answer: str, oracle: Oracle | None) -> Finding:
    """Whether the answer means the gold answer; undecided where one of them cannot be read."""
    golds, answers = readings(gold), readings(answer)
    if not golds or not answers:
        return Finding(None, "unreadable_answer" if golds else "unreadable_gold")
    found = compare_readings(golds, answers, oracle)
    if not found and "," in answer and any(map(_has_places, golds)):
        # "3,5" for 3.5; never the other way round, for a gold "3,5" is a list.
        commas = decimal_commas(answer)
        if commas and compare_readings(golds, commas, oracle):
            return Finding(True, "decimal_comma")
    if found.same is False and _is_prose(answers) and not any(isinstance(t, Words) for t in golds):
        return Finding(None, "unreadable_answer")
    return second_look(gold, answer, golds, answers, found, partial(compare_readings, oracle=oracle))


def _has_places(term: Term) -> bool:
    """Whether a term is one number that is no whole number."""
    match term:
        case Quantity(value, _):
            return _has_places(value)
        case Relation((_, value), ("=",)):
            return _has_places(value)
        case _ if isinstance(term, SCALAR):
            exact = rational(term)
            return exact is not None and exact.denominator != 1
        case _:
            return False


def _is_prose(answers: tuple[Term, ...]) -> bool:
    """Whether an answer is a sentence without a number, which the readers take for a product of letters at most."""
    prose = any(isinstance(t, Words) and t.text.count(" ") >= 3 and not re.search(r"\d", t.text) for t in answers)
    return prose and all(isinstance(t, Words) or len(symbols(t)) >= 3 for t in answers)
