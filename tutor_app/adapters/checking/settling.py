"""What of a text is settled while it grows, and what of it was not read: places and counts; nothing is judged."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Final

from tutor_app.adapters.checking.formulas import pieces
from tutor_app.adapters.checking.scanner import Token
from tutor_app.adapters.checking.sentences import sentences
from tutor_app.core.claims import Claim
from tutor_app.text.delimiters import split

LONG: Final = 2_000
"""Characters without the end of a sentence, after which the end of a line settles what is before it."""
MAX_UNREAD: Final = 2_000
"""Statements counted in what was not read."""
_RELATION: Final = re.compile(r"(?:[=≈≤≥<>]|\\(?:approx|leq?|geq?)(?![a-z]))\s?[^\s=]{1,40}")
_BEFORE: Final = re.compile(r"[^\s=]{0,40}\s?$")


def settled_places(text: str, tokens: Sequence[Token], begin: int) -> list[int]:
    """The places before which nothing is read otherwise when the text goes on, in order.

    Each is the beginning of a line that begins a sentence too, and has something in it already.

    Args:
        text: Without notes.
        tokens: Of the text from ``begin`` on.
        begin: Up to where it is settled.
    """
    ends = {end for _, end in sentences(text, begin)}
    picture = text.find("[asy]", max(begin, text.rfind("[/asy]")))  # one that is not closed
    last = picture if picture >= 0 else len(text)
    opened = split(text[begin:]).open_at
    last = min(last, begin + opened) if opened >= 0 else last
    found: list[int] = []
    for before, line, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if line.kind != "line" or line.end > last or before.end <= begin:
            continue
        if before.kind in ("op", "rel", "open", "line") or after.kind in ("op", "rel", "close"):
            continue
        since = found[-1] if found else begin
        if any(place_ in ends for place_ in range(before.end, line.end + 1)) or line.end - since > LONG:
            found.append(line.end)
    return found


def unjudged(text: str, tokens: Sequence[Token], begin: int) -> Iterator[Claim]:
    """The statements from a place on for which there was no time, at most so many as are worth counting."""
    count = 0
    for k, token in enumerate(tokens):
        if token.start < begin or token.kind not in ("rel", "formula"):
            continue
        spans = [(tokens[max(0, k - 1)].start, tokens[min(len(tokens) - 1, k + 1)].end)]
        if token.kind == "formula":
            members = list(pieces(token.text))
            spans = [(token.inner + a.start, token.inner + b.end) for a, b in itertools.pairwise(members) if b.relation]
        elif token.text == "is":
            continue
        for start, end in spans:
            yield Claim(start, end, text[start:end], "unchecked", reason="time")
            count += 1
        if count >= MAX_UNREAD:
            return


def unread(text: str, begin: int) -> Iterator[Claim]:
    """The statements from a place on that are too many to be read; at least one, so that it is told."""
    at = begin
    for m in itertools.islice(_RELATION.finditer(text, begin), MAX_UNREAD):
        # From the sign backwards: looked for from its left side on, a megabyte without any would take seconds.
        before = _BEFORE.search(text[max(at, m.start() - 41) : m.start()])
        start, at = m.start() - len(before[0] if before is not None else ""), m.end()
        yield Claim(start, at, text[start:at], "unchecked", reason="too_long")
    if at == begin and (rest := text[begin:].lstrip()[:80]):
        begin = text.index(rest, begin)
        yield Claim(begin, begin + len(rest), rest, "unchecked", reason="too_long")
