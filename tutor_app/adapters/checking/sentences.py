"""Cuts a text into sentences, and makes of each what the rules for statements in words read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tutor_app.adapters.checking.scanner import plain

_MARKS: Final = re.compile(r"\\[()\[\]]|(?<!\\)\$|\*\*|\\(?:left|right)(?![a-zA-Z])|\\boxed(?=\{)")
"""The signs around a formula and inside it that say nothing."""
_WORDY: Final = re.compile(
    r"(?i)\bC\(|\b(?:eigenvalues?|gcd|gcf|hcf|lcm|common|prime|composite|even|odd|perfect|divisible|multiple|factors?|divisors?|remainder|sum"
    r"|product|average|mean|median|range|difference|roots?|solutions?|zeros?|zeroes|choose|ways|permutations|percent"
    r"|discriminant|expands?|expanding|simplif\w*|factor\w*|derivative|integral|limit|slope|intercept|distance|midpoint"
    r"|vertex|area|perimeter|circumference|volume|surface|hypotenuse|or|and)\b|%"
)
"""What a sentence must hold for any rule to fit."""
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s|$)|\n(?=\s*\n)|(?<=[.!?])\n|\n(?=\s*(?:[-*•]|\d+[.)]|Step\b))")


def flattened(sentence: str) -> str:
    """The sentence with formula signs blanked, every character in its place; empty where no rule can fit."""
    flat = _MARKS.sub(lambda m: " " * len(m[0]), plain(sentence))
    return flat if _WORDY.search(flat) else ""


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends; a line break ends one, but for a display formula."""
    at = 0
    for m in _SENTENCE_END.finditer(text):
        if m.start() > at:
            yield at, m.end()
        at = m.end()
    if at < len(text):
        yield at, len(text)
