"""Answers that people write in a way that may mean two things: what is said of them instead of "right" or "wrong".

``3,5`` is a list or three and a half, ``x+1/x-1`` is often meant as one fraction, a column of two numbers is a vector
and, in some countries, a binomial coefficient; a month has a number. Where the strict reading and the other one
disagree, nothing is claimed, unless the gold answer itself leaves only one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from tutor_app.adapters.grading.finding import Finding
from tutor_app.adapters.grading.phrases import month_number
from tutor_app.adapters.grading.readings import decimal_commas, readings
from tutor_app.adapters.grading.terms import Call, Matrix, Term, Words

Compare = Callable[[Sequence[Term], Sequence[Term]], Finding]

_BARE_SLASH: Final = re.compile(r"\s*([\w\s+\-*^.·]+?)\s*/\s*([\w\s+\-*^.·]+?)\s*")
_BRACKET: Final = re.compile(r"[{}\[\]()]")
_SUM: Final = re.compile(r"[\w)]\s*[-+]")
_TWO_DIGITS: Final = re.compile(r"\s*(0?)(\d{1,2})\s*")


def second_look(
    gold: str, answer: str, golds: Sequence[Term], answers: Sequence[Term], found: Finding, compare: Compare
) -> Finding:
    """The finding, or a more careful one.

    Args:
        gold: The published answer.
        answer: The solver's.
        golds: How the published one may be read.
        answers: How the solver's may be read.
        found: What comparing them has found.
        compare: Compares other readings.
    """
    if found:
        commas = [() if _BRACKET.search(text) else decimal_commas(text) for text in (gold, answer)]
        lists = all(commas) and not compare(*commas)
        return Finding(None, "list_or_decimal") if lists else found
    if found.same is not False:
        return found
    if (months := _months(gold, answer, golds, answers)) is not None:
        return months
    whole = [_one_fraction(text) for text in (gold, answer)]
    if any(whole) and (compare(whole[0], answers) or compare(golds, whole[1])):
        return Finding(None, "fraction_or_sum")
    chosen = _binomials(golds, answers, compare)
    return found if chosen is None else chosen


def _months(gold: str, answer: str, golds: Sequence[Term], answers: Sequence[Term]) -> Finding | None:
    """A month by its name against its number: "04" can be nothing else, "4" can."""
    for text, terms in ((gold, answers), (answer, golds)):
        m = _TWO_DIGITS.fullmatch(text)
        if m and any(isinstance(t, Words) and month_number(t.text) == int(m[2]) for t in terms):
            return Finding(True if m[1] else None, "month")
    return None


def _one_fraction(text: str) -> tuple[Term, ...]:
    """How a text reads if all before its only slash stands above the line, and all behind it below; else none."""
    m = _BARE_SLASH.fullmatch(text)
    if m is None or not (_SUM.search(m[1]) or _SUM.search(m[2])) or not re.search("[A-Za-z]", text):
        return ()
    return readings(f"({m[1]})/({m[2]})")


def _binomials(golds: Sequence[Term], answers: Sequence[Term], compare: Compare) -> Finding | None:
    """A binomial coefficient against a column of two."""
    columns, others = _as_binomials(answers), golds
    written = any(isinstance(t, Call) and t.name == "binomial" for t in golds)
    if not columns:
        columns = _as_binomials(golds)
        others = [t for t in answers if isinstance(t, Call) and t.name == "binomial"]
        written = False
    if not columns or not others or not compare(others, columns):
        return None
    return Finding(True if written else None, "binomial_or_vector")


def _as_binomials(terms: Sequence[Term]) -> list[Term]:
    columns = [t.rows for t in terms if isinstance(t, Matrix) and [len(row) for row in t.rows] == [1, 1]]
    return [Call("binomial", (rows[0][0], rows[1][0])) for rows in columns]
