"""Rules for what a sentence states in words: a pattern over one sentence, and a function that judges what it found.

Formula signs are blanked in the sentence. A rule answers None when the sentence turns out to say something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.context import Context
from tutor_app.adapters.checking.formulas import value_of
from tutor_app.adapters.checking.judging import Judgement, judge, shown
from tutor_app.adapters.checking.words import SUPPOSING
from tutor_app.adapters.grading.terms import Number, Term, symbols

Judge = Callable[[re.Match[str], Context], Judgement | None]
Rule = tuple[re.Pattern[str], Judge, tuple[str, ...]]
"""A pattern, what judges its matches, and words of which a sentence must hold one for the pattern to be tried."""

MAX_SENTENCE: Final = 600
NUM: Final = r"(-?\d[\d,]*(?:\.\d+)?(?:\s*/\s*\d+)?)"
LIST: Final = r"((?:-?\d+(?:\.\d+)?(?:/\d+)?)(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+)-?\d+(?:\.\d+)?(?:/\d+)?)+)"
IS: Final = r"\s*(?:is|are|=|equals|is equal to)\s+(?:equal to\s+|just\s+|simply\s+|exactly\s+)?"
EXPR: Final = r"(.{1,160}?)"
LAST: Final = r"(?![\d%]|[,.]\d|\s*(?:\\(?!\s|text)|[-+*/^!=]|\{))"
"""What cannot follow a number that is stated as a value: then it is part of a larger expression."""
END: Final = r"(?=\s*(?:[,;:?]|\.(?!\d)|$|\b(?:and|so|because|since|which|where|but|units?|square|cubic|by|for|as)\b))"


def rule(pattern: str, *words: str) -> Callable[[Judge], Rule]:
    """Makes a rule of a function that judges what the pattern finds.

    Args:
        pattern: A space in it stands for any white space.
        words: In small letters; a sentence with none of them is passed over, so that a pattern that begins with any
            expression is not tried at every place.
    """
    # Blanked formula signs leave more than one space.
    spaced = pattern.replace(" ?", r"\s*").replace(" ", r"\s+")
    return lambda judges: (re.compile(spaced, re.IGNORECASE), judges, words)


def term_of(text: str) -> Term | None:
    """The meaning of a stretch of a sentence."""
    value = value_of(text.strip().strip("*").rstrip(".").strip())
    return None if value is None else value.term


def numbers(text: str) -> list[Fraction]:
    """The numbers of a list in words."""
    return [Fraction(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:/[1-9]\d*)?", text)]


def whole(text: str) -> int | None:
    """A whole number as written."""
    found = text.replace(",", "").replace(" ", "")
    return int(found) if re.fullmatch(r"-?\d{1,30}", found) else None


def judge_value(right: Fraction | int | Term, said: str, reason: str) -> Judgement | None:
    """The verdict on a value that a sentence states.

    Args:
        right: The value, worked out.
        said: The value in the sentence, as typed.
        reason: Kind of the statement, for the verdict.

    Returns:
        None where one of the two is no number.
    """
    other = term_of(said)
    value = right if not isinstance(right, Fraction | int) else Number(Fraction(right))
    if other is None or symbols(other) or symbols(value):
        return None
    found = judge((value,), "=", (other,))
    if found.verdict == "true":
        return Judgement("true", reason)
    return Judgement("false", reason, shown(value)) if found.verdict == "false" else found


def truth(holds: bool, reason: str, right: str) -> Judgement:
    """The verdict on what holds or does not."""
    return Judgement("true", reason) if holds else Judgement("false", reason, right)


def judged(sentence: str, context: Context, rules: tuple[Rule, ...]) -> Iterator[tuple[int, int, Judgement]]:
    """The statements in words of one sentence: where each begins and ends in it, and its verdict."""
    if len(sentence) > MAX_SENTENCE:
        return
    small = sentence.lower()
    for pattern, judges, words in rules:
        if words and not any(word in small for word in words):
            continue
        for m in pattern.finditer(sentence):
            try:
                found = judges(m, context)
            except (ArithmeticError, ValueError, TypeError, RecursionError, AttributeError):
                found = None
            if found is not None and not (found.verdict == "false" and _otherwise(sentence, m)):
                # What a pattern takes in before its left side belongs to something else: "d = " in "d = 3 km/h * 2 h".
                yield m.start("left") if "left" in pattern.groupindex else m.start(), m.end(), found


_GOES_ON: Final = re.compile(LAST)
_OPERATOR: Final = re.compile(r"(?:[-+*/^=({<>,_!]|\\[a-zA-Z]+|\{,\})\s*$")
_COMPARED: Final = re.compile(r"(?i)\b(?:than|other|others|interval|between|among)\b")
"""Words by which a number after "is" tells no value: "3 cm longer than the other"."""
_TELLS_MORE: Final = re.compile(r"(?i)\s*(?:(?:[a-z]+\s+){0,3}than\b|(?:times|of|or|to)\b)")
"""What follows a number that is no value by itself: "2 more than", "one of the values", "2 or 3"."""
_DENIED: Final = re.compile(
    r"(?i)\b(?:not (?:the case|true|correct|right|so)|false|wrong|incorrect|untrue|deny|denies|disprove[sd]?|doubts?)"
    r" that(?: the number)?\s*$"
)
"""Words right before a statement by which it does not hold."""
_CLAUSE: Final = re.compile(r"(?i)[,:;]|\b(?:then|so|therefore|hence)\b")


def _otherwise(sentence: str, m: re.Match[str]) -> bool:
    """Whether the match is a part of a larger expression, a condition or a question."""
    before, after = sentence[: m.start()], sentence[m.end() :]
    if m[0][:1].isdigit() and _OPERATOR.search(before):
        return True
    if m[0].rstrip()[-1:] in "0123456789})" and not _GOES_ON.match(after):
        return True
    if _TELLS_MORE.match(after) or _COMPARED.search(re.split(IS, m[0])[-1]):
        return True
    if _DENIED.search(before):
        return True
    clause = _CLAUSE.split(before)[-1].lower().split()
    return not (SUPPOSING | {"neither", "nor", "either"}).isdisjoint(clause) or sentence.rstrip().endswith("?")
