"""Reads the box of a teacher's solution: a value, a quantity with its unit, or words that tell a number.

A box that is a sentence gives its number where only one can be meant; otherwise it is refused.
"""

from __future__ import annotations

import re
from typing import Final

from trainer.data.number_words import numbers_in
from trainer.teacher.english import is_english
from tutor_app.core.answers import NUMBER

_SENTENCE: Final = re.compile(
    r"\b(?:(?:the|your|my|our|this|that|these|those|there|so|answers?|results?|solutions?|therefore|thus|hence|he|she|they"
    r"|we|you|it|in total|in all|altogether|left|remain\w*|still|finally)\b"
    r"|(?:is|are|was|were|will|can|must|equals?|gives?|gets?|makes?|has|have|had|needs?)\b(?=.*\w))",
    re.IGNORECASE,
)
"""Words of a sentence, which no quantity has."""
_VAGUE: Final = re.compile(
    r"\b(?:about|around|approx\w*|roughly|nearly|almost|some|at (?:least|most)|up to|over|under|above|below|than"
    r"|minimum|maximum|or|not|no|none|nothing|never|cannot|if|unless|between|minus|negative|each|every|per|maybe|perhaps|probably"
    r"|possibly|might|may|could|cents?)\b|n['’]t\b|[%?]",
    re.IGNORECASE,
)
"""Words with which a number does not say all of what is meant."""
_WRAPPED: Final = re.compile(r"\\(?:text|textbf|textrm|mathrm|mathbf|mbox)\s*\{([^{}]*)\}")
_SPACE: Final = re.compile(r"\\[ ,;:!]|~")
_SIGN: Final = re.compile(r"\\([$%])")
_PLAIN: Final = re.compile(r"(?![(\[])[\w\s.,:;!?'’\"$%/()-]*")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_UNIT: Final = r"(?:(?!(?:of|in|to|by|or|and|than|at)\b)[^\W\d_][\w'’./²³-]*)"
_QUANTITY: Final = (
    rf"-?\$?\s*(?:{NUMBER.pattern})(?:\s*/\s*\d+)?\s*%?\s*\(?{_UNIT}?(?:\s+(?:(?:of|in|by|to)\s+)?{_UNIT}){{0,3}}\)?"
)
_QUANTITIES: Final = re.compile(rf"{_QUANTITY}(?:\s*(?:,|and|or|,\s*and|,\s*or)?\s+{_QUANTITY})*\.?")
_NAMED: Final = re.compile(rf"[^\W\d_]+\.?\s+(?:{NUMBER.pattern})")
"""June 20, Day 3."""
_LETTER: Final = re.compile(r"([^\W\d_])")


def box_fault(content: str, question: str) -> str:
    """Why the content of a box cannot be the answer to a question; empty if it can.

    A letter is an answer where the question speaks of it, as of one of several choices.
    """
    plain = _plain(content)
    letter = _LETTER.fullmatch(plain)
    if letter is not None and not re.search(rf"(?<![^\W\d_]){letter[1]}(?![^\W\d_])", question):
        return "a letter in the box"
    if _is_words_and_numbers(plain) and not is_english(plain, question):
        return "another language"
    return "words in the box" if _is_sentence(plain) else ""


def number_told(content: str, question: str) -> str:
    """The number that the words of a box tell; empty if they are no sentence, or may mean more."""
    plain = _plain(content)
    found = NUMBER.findall(plain)
    if not _is_sentence(plain) or len(found) != 1 or sum(numbers_in(plain).values()) != 1:
        return ""
    if not _PLAIN.fullmatch(plain) or _VAGUE.search(plain) or not is_english(plain, question):
        return ""
    return str(found[0]).replace(",", "")


def _plain(content: str) -> str:
    """The content without marks of LaTeX around words."""
    return " ".join(_SIGN.sub(r"\1", _SPACE.sub(" ", _WRAPPED.sub(r" \1 ", content))).split())


def _is_words_and_numbers(plain: str) -> bool:
    return bool(_PLAIN.fullmatch(plain) and _WORD.search(plain) and NUMBER.search(plain))


def _is_sentence(plain: str) -> bool:
    if _SENTENCE.search(plain):
        return True
    is_value = _QUANTITIES.fullmatch(plain) or (_NAMED.fullmatch(plain) and not _VAGUE.search(plain))
    return _is_words_and_numbers(plain) and not is_value
