"""Cuts a text into sentences, and makes of each what the rules for statements in words read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tutor_app.adapters.checking.scanner import plain

_MARKS: Final = re.compile(r"\\[()\[\]]|(?<!\\)\$|\*\*|\\(?:left|right)(?![a-zA-Z])|\\boxed(?=\{)")
"""The signs around a formula and inside it that say nothing."""
_WORDY: Final = re.compile(
    r"(?i)\b[CP] ?\(|\b(?:eigenvalues?|inverse|gcd|gcf|hcf|lcm"
    r"|common|prime|composite|even|odd|perfect|divisible|multiple|factors?|divisors?|remainder|sum"
    r"|product|average|mean|median|range|difference|roots?|solutions?|zeros?|zeroes|choose|ways|permutations|percent"
    r"|discriminant|expands?|expanding|simplif\w*|factor\w*|(?:anti)?derivative|integral|limit|slope|intercept|distance"
    r"|midpoint"
    r"|vertex|square of|cube of|area|perimeter|circumference|volume|surface|hypotenuse|than|or|and|per|has|there"
    r"|number|from|between|determinant|det|modulus|magnitude"
    r"|absolute|conjugate|dozens?|discount|price|cost|age|length"
    r"|width|weight|system|equations|solv(?:ed?|ing)|satisf\w+"
    r"|substituting|plugging|putting|inserting|adding|subtract\w*"
    r"|when|at|term|angles|on|dividing|multiplying|intersect\w*|ratio|round(?:ed|ing)?"
    r"|for)\b|[%∩∪]|\\c[au]p\b|\\setminus|\d(?:\s?[a-z]{2}|\s[a-z])"
)
"""What a sentence must hold for any rule to fit."""
_SENTENCE_END: Final = re.compile(
    r"(?:(?<!\.\.)[.!?]|(?<=\.\.)\.(?=\s+[A-Z]))(?=\s|$)|\n(?=[^\S\n]*\n)"
    r"|(?<=[.!?])\n|\n(?=[^\S\n]*(?:[-*•]|\d{1,9}[.)]|Step\b))"
)


def flattened(sentence: str) -> str:
    """The sentence with formula signs blanked, every character in its place; empty where no rule can fit."""
    flat = _MARKS.sub(lambda m: " " * len(m[0]), plain(sentence))
    return flat if _WORDY.search(flat) else ""


def squeezed(flat: str) -> tuple[str, list[int]]:
    """The text with every run of white space as one sign, and where each of its characters stood; with the end.

    A picture or formula signs leave long runs, over which patterns would go again and again.
    """
    places = [k for k, c in enumerate(flat) if not c.isspace() or not k or not flat[k - 1].isspace()]
    return "".join(flat[k] for k in places), [*places, len(flat)]


def sentences(text: str, begin: int = 0) -> Iterator[tuple[int, int]]:
    """Where each sentence from the place ``begin`` on begins and ends; an empty line or a list's next item ends one."""
    at = begin
    for m in _SENTENCE_END.finditer(text, begin):
        if m.start() > at:
            yield at, m.end()
        at = m.end()
    if at < len(text):
        yield at, len(text)
