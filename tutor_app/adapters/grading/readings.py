"""Every way to understand an answer: as LaTeX, as what Python or SymPy prints, as words, with a unit.

Here are the readings that are a matter of the whole text; the grammars are in the two readers. Nothing is evaluated,
and nothing is guessed: a text that no reader understands to its end has no reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from tutor_app.adapters.grading.latex_reader import Parser, check
from tutor_app.adapters.grading.lexer import clean, plain_words, tokens
from tutor_app.adapters.grading.python_reader import read_python
from tutor_app.adapters.grading.terms import (
    INFINITY,
    Based,
    Group,
    Quantity,
    Term,
    Unreadable,
    Words,
    integer,
    negative,
    product,
)
from tutor_app.adapters.grading.units import SCALES

MAX_PRINTED: Final = 1_000
"""Characters of an array as NumPy prints it."""
_WORDS: Final = re.compile(r"[\w\s.,:;()'\-&]*[A-Za-z][\w\s.,:;()'\-&]*")
_WORDY: Final = re.compile(r"(?<![A-Za-z\d])[A-Za-z]{2}|\d\s?[ap]\.?\s?m\b")
_LETTERS: Final = re.compile(r"\(?[A-Za-z][).:]?(?:\s.*)?|[A-Z](?:(?:[\s,;&]|\band\b)+[A-Z])+")
_TEXT_ONLY: Final = re.compile(r"\(?\s*\\(?:text|mbox|textbf|textit|textrm|mathrm|mathbf)\s*\{([^{}]*)\}\s*\)?")
_SMALL_UNIT: Final = re.compile(
    r"(.*\d)(?:\s+([mgshlLVNJWA])|\s*([a-z]{1,3}(?:\^\{?[23]\}?)?\s*/\s*[a-z]{1,4}(?:\^\{?[23]\}?)?))"
)
_SET_BUILDER: Final = re.compile(
    r"\\?\{\s*[A-Za-z]\s*(?:\\in\s*\\mathbb\s*\{?R\}?\s*)?(?:\||:|\\mid|\\vert)\s*(.+?)\s*\\?\}"
)
_ORDER: Final = re.compile(r"[<>]|\\(?:le|ge|lt|gt|ne)q?(?![a-z])|!=")
_ALL_REALS: Final = re.compile(
    r"(?:the\s+)?(?:set\s+of\s+)?all\s+real(?:s|\s+numbers|\s+values(?:\s+of\s+[a-z])?|\s+[a-z])|Reals"
)
NO_SOLUTION: Final = re.compile(
    r"(?:there\s+(?:is|are)\s+)?no\s+(?:real\s+)?(?:solutions?|roots?)|(?:the\s+)?empty\s*set|none", re.IGNORECASE
)
_TO_RATIO: Final = re.compile(r"(\d+(?:\.\d+)?)\s+to\s+(\d+(?:\.\d+)?)")
_AND_FRACTION: Final = re.compile(r"(\d+)\s+and\s+(\d+)\s*/\s*(\d+)")
_LETTERED: Final = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{\s*\(([A-Z])\)\s*\}\s*\S.*")
_BARE_DIGITS: Final = re.compile(r"(?=.*\d)(?=.*[A-Fa-f])[0-9A-Fa-f]{2,20}")
_QUOTED: Final = re.compile(r"(['\"])(.*)\1", re.DOTALL)
_NUMPY: Final = re.compile(r"\[[\[\]\d\s.+\-e]*\d\.?\s+[\[\]\d\s.+\-e]*\]")
_MODULES: Final = re.compile(r"\b(?:np|numpy|math|cmath|sympy|sp)\.(?=[A-Za-z])")
_THOUSANDS: Final = re.compile(r"\d,\d{3}")
_SEPARATED: Final = re.compile(r",\s")
"""In brackets a comma separates, unless others do it visibly: "(1,000, 2,000)", but not "(-36,104)"."""


def readings(text: str) -> tuple[Term, ...]:
    """Every way to understand an answer, the likeliest first; empty if there is none."""
    try:
        cleaned = clean(text)
    except Unreadable:
        return ()
    found: list[Term] = []

    def attempt(read: Callable[[], Term]) -> None:
        try:
            term = read()
            check(term)
        except (Unreadable, RecursionError):
            return
        if term not in found:
            found.append(term)

    if m := _TEXT_ONLY.fullmatch(cleaned):
        attempt(partial(_whole, plain_words(m[1])))
        found.append(Words(plain_words(m[1]), marked=True))
        return tuple(found)
    if (m := _SET_BUILDER.fullmatch(cleaned)) and _ORDER.search(m[1]):
        cleaned = m[1]
    attempt(partial(_whole, cleaned))
    if not found and (r"\pm" in cleaned or r"\mp" in cleaned):
        attempt(lambda: Parser(tokens(cleaned), signs_inside=False).whole())
    if "\\" not in cleaned:
        attempt(lambda: read_python(_MODULES.sub("", cleaned)))
        if len(cleaned) < MAX_PRINTED and _NUMPY.fullmatch(cleaned):
            attempt(lambda: read_python(re.sub(r"(?<=[\d.\]])\s+(?=[-\d.\[])", ", ", cleaned)))
        if _ALL_REALS.fullmatch(cleaned):
            found.append(Group((negative(INFINITY), INFINITY), "()"))
        if cleaned in ("{}", "EmptySet"):
            found.append(Group((), "{}"))
        if _BARE_DIGITS.fullmatch(cleaned):
            found.append(Based(cleaned.upper(), 0))
        for other in _also(cleaned):
            attempt(partial(_whole, other))
        if _WORDS.fullmatch(cleaned) and (_WORDY.search(cleaned) or _LETTERS.fullmatch(cleaned)):
            found.append(Words(plain_words(cleaned)))
    if _THOUSANDS.search(cleaned) and _SEPARATED.search(cleaned) and any(bracket in cleaned for bracket in "(["):
        attempt(lambda: Parser(tokens(cleaned, thousands_in_brackets=True)).whole())
    if m := _SMALL_UNIT.fullmatch(cleaned):
        attempt(partial(_with_unit, m[1], m[2].lower() if m[2] else m[3]))
    if m := _LETTERED.fullmatch(cleaned):
        found.append(Words(f"({m[1]}) and so on", marked=True))
    # "3 million" may be 3, of millions, or the number.
    for term in tuple(found):
        if isinstance(term, Quantity) and term.unit in SCALES:
            found.append(product(integer(SCALES[term.unit]), term.value))
    return tuple(found)


def _also(text: str) -> list[str]:
    """What plain words may mean besides what they say."""
    found = []
    if m := _TO_RATIO.fullmatch(text):
        found.append(f"{m[1]}:{m[2]}")
    if m := _AND_FRACTION.fullmatch(text):
        found.append(rf"{m[1]}\frac{{{m[2]}}}{{{m[3]}}}")
    if m := _QUOTED.fullmatch(text):
        found.append(m[2])
    return found


def _whole(text: str) -> Term:
    return Parser(tokens(text)).whole()


def _with_unit(text: str, unit: str) -> Term:
    return Quantity(_whole(text), unit)
