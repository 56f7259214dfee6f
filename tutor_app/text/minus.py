"""A hyphen that stands for a minus sign is shown as one: ``x² - 5x`` as ``x² − 5x``. All other hyphens stay.

Text in, text of the same length out. Ranges, dates, compound words and dashes between words are no differences: a
hyphen is one only where what stands beside it can be subtracted, and where the stretch around it is mathematics.
"""

from __future__ import annotations

import re
from typing import Final

MINUS: Final = "\u2212"
_LETTER: Final = r"(?<![^\W\d_])[^\W\d_](?![^\W\d_])"
_RUN: Final = re.compile(
    rf"(?:[\d.,!%°^_{{}}()\[\]|'+\-\u2212*/·×÷=<>≤≥≠≈±√πθ∞⁰¹²³⁴-⁹⁻₀-₉½⅓¼\ue000\ue001]|\\[A-Za-z]+|{_LETTER}|[ \t])+"
)
"""A stretch in which nothing stands that is no mathematics; marks in the place of formulas belong to it."""
_BINARY: Final = re.compile(
    r"(?<=[\w)\]}|!°%'\u2070-\u209c\ue001])([ \t]*)-(?=\1(?:[\w(\[|√\\\ue000]))",
)
_UNARY: Final = re.compile(r"(?:(?<![^\s(\[{,;=<>≤≥≠≈±+*/·×÷^_|\u201c\"'])|^)-(?=[\d.√π∞\\]|\w\b)")
_SIGNED_NUMBER: Final = re.compile(r"(?:(?<=[\s(\[{,;=<>≤≥≠≈±·×÷/*+|$])|^)-(?=\.?\d)(?![\d.,]*-)")
_TELLS: Final = re.compile(r"[=<>≤≥≠≈+*·×÷^√π²³⁰¹⁴-⁹]|\w[ \t]*\(|\)[ \t]*\w|\\")
"""What makes a stretch mathematics, whatever its hyphens are."""
_DATE: Final = re.compile(r"\d-\d+-\d")
_UNKNOWN: Final = re.compile(r"(?<![^\W\d_])[b-hj-z](?![^\W_]|[^\W\d_])")
"""A small letter that stands alone and is no word."""


def minus_signs(text: str) -> str:
    """Prose with minus signs where its hyphens are meant as such."""
    if "-" not in text:
        return text
    return _SIGNED_NUMBER.sub(MINUS, _RUN.sub(lambda m: _of_run(m[0]), text))


def _of_run(run: str) -> str:
    if "-" not in run or _DATE.search(run) or not (_TELLS.search(run) or _UNKNOWN.search(run)):
        return run
    return _UNARY.sub(MINUS, _BINARY.sub(rf"\1{MINUS}", run))
