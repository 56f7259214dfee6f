"""Lines whose formula has fallen apart: raised and stacked signs that a PDF gives one behind the other.

``∫ 0 1 x 2 d x`` may be the integral of a square or of a double. What stands where is not known, so that such a line
stays as it is typed; a part of it would be another formula.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tutor_app.text.typed_tokens import Token

_ATOM: Final = re.compile(r"\s*(?:\d{1,3}|[a-zπ])\s*")
"""A line of one sign, of which two in a row are the parts of a fraction or of bounds."""
_NAMED: Final = re.compile(r"[a-zA-Z]\d")


def scattered(found: Sequence[Token], spans: Sequence[tuple[int, int]], text: str) -> set[int]:
    """The numbers of such lines, from 0.

    Args:
        found: The tokens of a text.
        spans: First token of every formula and the one behind its last.
        text: What they were found in.
    """
    inside = {k for at, end in spans for k in range(at, end)}
    lines = {_line(text, token.start) for k, token in enumerate(found) if k not in inside and _is_sign(token)}
    rows = text.split("\n")
    begun = {_line(text, found[at].start) for at, _ in spans}
    lines |= {k for k in begun if k > 1 and all(map(_ATOM.fullmatch, rows[k - 2 : k]))}
    for n, (at, end) in enumerate(spans):
        before = found[at - 1] if at else None
        if before is None or "\n" in text[before.end : found[at].start]:
            continue
        line = _line(text, found[at].start)
        if n and spans[n - 1][1] == at:
            both = [any(found[k].kind == "rel" for k in range(*span)) for span in (spans[n - 1], (at, end))]
            lines |= {line} if not all(both) else set()
        elif found[at].spaced and _is_letter(found, at - 1, text) and _begins_late(found, at):
            lines.add(line)
    return lines


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at)


def _is_sign(token: Token) -> bool:
    """Whether it is the sign of an integral, a sum or a product, and no word for one."""
    return token.kind == "big" and token.end - token.start == 1


def _is_letter(found: Sequence[Token], at: int, text: str) -> bool:
    """Whether a letter stands there, perhaps with a number behind it that may be its exponent."""
    token = found[at]
    source = text[token.start : token.end]
    if token.kind == "num" and not token.spaced and at and found[at - 1].kind == "var":
        return True
    if token.kind == "var":
        return source not in ("a", "A", "I")
    return token.kind == "opaque" and _NAMED.fullmatch(source) is not None


def _begins_late(found: Sequence[Token], at: int) -> bool:
    """Whether a formula begins with what belongs to a letter before it: its exponent, or an operation."""
    first, second = found[at], found[at + 1] if at + 1 < len(found) else None
    return first.kind == "num" or (first.kind == "op" and second is not None and second.spaced)
