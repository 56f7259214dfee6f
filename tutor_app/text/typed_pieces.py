r"""A function in pieces as it is typed: ``f(x) = {x^2 if x < 0; 2x if x >= 0}`` becomes an environment of LaTeX.

Only what can be read as a whole is taken: every piece is a formula with a condition that is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_HEAD: Final = re.compile(
    r"(?<![\w\\$}])(?:[A-Za-z]\w?'?\(\s*[a-z]\s*\)|[A-Za-z]|\|[a-z]\|)\s*=\s*\{\s*(?=[^{}]*[<>≤≥=≠])"
)
_WORD: Final = r"(?:if|for|when|falls|wenn|für|si|pour)"
_PIECE: Final = re.compile(rf"\s*(?P<value>[^;\n]+?)\s*,?\s+(?P<word>{_WORD})\s+(?P<condition>[^;\n]+?)\s*", re.I)
_OTHERWISE: Final = re.compile(r"\s*(?P<value>[^;\n]+?)\s*,?\s+(?P<word>otherwise|else|sonst|sinon)\s*", re.I)
_BETWEEN: Final = re.compile(rf"[;\n]|,(?=[^,;\n]+\s{_WORD}\s)|,(?=[^,;\n]+\s(?:otherwise|else|sonst|sinon)\b)", re.I)


def with_pieces(text: str, read: Callable[[str], str | None]) -> str:
    """The text with its functions in pieces as formulas between dollar signs.

    Args:
        text: As typed, without dollar signs.
        read: The LaTeX of one formula; None if it is none.
    """
    out, at = "", 0
    for head in _HEAD.finditer(text):
        end = text.find("}", head.end())
        if head.start() < at or end < 0:
            continue
        name = read(head[0].partition("=")[0].strip())
        pieces = _pieces(text[head.end() : end], read)
        if name is None or pieces is None:
            continue
        out += rf"{text[at : head.start()]}${name} = \begin{{cases}}{pieces}\end{{cases}}$"
        at = end + 1
    return out + text[at:]


def _pieces(inside: str, read: Callable[[str], str | None]) -> str | None:
    rows = []
    for part in _BETWEEN.split(inside):
        m = _PIECE.fullmatch(part) or _OTHERWISE.fullmatch(part)
        value = read(m["value"]) if m is not None else None
        if m is None or value is None:
            return None
        condition = m.groupdict().get("condition")
        told = read(condition) if condition else ""
        if told is None:
            return None
        rows.append(rf"{value} & \text{{{m['word']} }}{told}" if told else rf"{value} & \text{{{m['word']}}}")
    return r" \\ ".join(rows) if len(rows) > 1 else None
