"""Why a line could not be read, for its writer. Looks at the signs alone; decides nothing about what is right."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from tutor_app.core.work import LONGEST_LINE, UnreadReason
from tutor_app.text.typed_tokens import normalized

_KNOWN: Final = frozenset("+-*/^=<>()[]{}|.,!%'\"$€£\\_:;&√∛∫∑∏π∞°′″²³±∓×·÷⋅≤≥≠≈→⇒⇔∴∈∪∩∅ℝℤℕℚ∨∧¬∀∃−–—‖⟨⟩✓")
_HOLES: Final = re.compile(r"\?|_{2,}|□")
_DOTS: Final = re.compile(r"\.{3}|…|\\[lc]?dots")
_ARROWS: Final = re.compile(r"<=>|=>|<?-+>")
_COMPOUND: Final = re.compile(r"<=|>=|!=|==")
_RELATION: Final = "[=<>≤≥≠≈]"
_BINARY: Final = r"[-+*/^·×÷⋅±−]"
_ALONE: Final = re.compile(
    rf"^\s*[*/^·×÷⋅]|(?:{_RELATION}|{_BINARY})\s*$|{_RELATION}\s*(?:{_RELATION}|[*/^·×÷⋅])|{_BINARY}\s*(?:{_RELATION}|[)\]}}])"
    rf"|[(\[{{]\s*(?:[*/^·×÷⋅]|[)\]}}])|[*/^·×÷⋅]\s*[*/^·×÷⋅]"
)
"""A sign with nothing on one of its sides."""
_FUNCTIONS: Final = re.compile(
    "(?:arc|a)?(?:sin|cos|tan|cot|sec|csc)h?|log|exp|sqrt|cbrt|root|abs|max|min|lim|gcd|lcm|mod|det|frac|binom|inf(?:inity)?"
    "|alpha|beta|gamma|delta|theta|lambda|sigma|phi|omega",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"(?<!\\)[^\W\d_]{3,}")


def why_unread(text: str) -> UnreadReason:
    """The first thing about a line, as typed, that keeps it from being read; else that it is no known formula."""
    if len(text) > LONGEST_LINE:
        return "long"
    if hole := _bracket(text):
        return hole
    if _HOLES.search(text):
        return "hole"
    if _DOTS.search(text):
        return "dots"
    plain = _COMPOUND.sub("=", _ARROWS.sub(" ", normalized(text)))
    if _ALONE.search(plain.replace("**", "^")):
        return "alone"
    if any(c not in _KNOWN and not c.isspace() and unicodedata.category(c)[0] in "PSC" for c in text):
        return "sign"
    if any(_FUNCTIONS.fullmatch(word) is None for word in _WORD.findall(text)):
        return "mixed"
    return "other"


def _bracket(text: str) -> UnreadReason | None:
    """Whether a bracket has no partner; of any shape, for an interval has two."""
    depth = 0
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        if depth < 0:
            return "closed"
    return "open" if depth else None
