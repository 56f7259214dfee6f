"""Formulas in plain typing: "sqrt(9 + 16) = 5", "f'(x) = 2x", "(1 + 2i)(3 - i) = 5 + 5i", "ab + ab = 2ab".

The reader of prose knows numbers, units and letters that stand alone. What has functions, products of letters, names
with an index or the imaginary unit is handed to the reader of formulas instead, as one token. That is done only where
the whole of it is understood, and nothing beside it may be a part of it; all else stays prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from tutor_app.adapters.checking.formulas import pieces, value_of
from tutor_app.adapters.checking.scanner import LETTER_A, Token, plain, scan
from tutor_app.adapters.checking.words import BEFORE, FUNCTIONS, PARTS, SHORT
from tutor_app.adapters.grading.units import measure

MAX_TOKENS: Final = 80
"""Of one formula; what is longer stays prose."""
_INDEXED: Final = re.compile(r"[a-zA-Z]_(?:\{\w{1,3}\}|\d{1,3}|[a-z])")
_LOG: Final = re.compile(r"log_\{?\d{1,3}\}?")
_PRODUCT: Final = re.compile(r"[a-z]{2,3}|π[a-z]{1,2}")
_COMPLEX: Final = re.compile(
    r"(?i)\b(?:complex|imaginary|modulus|conjugates?|real part|argand|polar form)\b|\bi(?:\^2|²)"
)
_INDEX: Final = re.compile(
    r"\bi\s*(?:=|<|>|≤|≥|\bin\b|\bis\b|-?th\b)|\b(?:for|each|every|index|row|step|term|let)\s+i\b"
)
_VALUED: Final = re.compile(
    r"(?<![^\W\d_])(?P<a>[a-zA-Z])(?![^\W\d_])(?=[ $]*[-+*/^=<>)])|(?<=[-+*/^=(\d])(?P<b>[a-zA-Z])(?![^\W\d_])"
)
_JOINING: Final = "\\…|'&_°"
_GOING_ON: Final = frozenset(("of", "out", "percent", "remainder", "r", "degrees"))
"""What stands beside a part of a value."""
_NAMED_COMPLEX: Final = re.compile(r"[zw](?:_\d)?\s*=\s*-?[\d./√]+\s*[-+]\s*[\d./√]*i")
_OPERATORS: Final = "+-*/^√!"
_UNCLEAR: Final = re.compile(r"/\s*\d+\s*[a-zA-Zπ(]|/\s*\d+\s*√|(?<![\d.])\d+\s+\d+(?!\s*/)")
"""In a formula: "1/2x", which some mean as 1/(2x), and numbers beside each other."""

_TURNED: Final = re.compile(r"(?:sin|cos|tan|sec|csc|cot)(?:\^\d)?\(\s*-?[\d./*+ -]*\d\s*\)")
"""An angle that may be in degrees, though no sign says so."""


class _Text:
    """The names that a text introduces up to a place; so it is the same when the text grows."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _letters(self) -> dict[str, int]:
        """Where each letter first stands for a value: beside an operator or relation, or right behind a number."""
        first: dict[str, int] = {}
        for m in _VALUED.finditer(self._text):
            first.setdefault(m["a"] or m["b"], m.end())
        return first

    @cached_property
    def _imaginary(self) -> int:
        m = _COMPLEX.search(self._text)
        return m.end() if m else len(self._text) + 1

    @cached_property
    def _indexed(self) -> int:
        m = _INDEX.search(self._text)
        return m.end() if m else len(self._text) + 1

    def letters(self, at: int) -> frozenset[str]:
        """The letters that stand for values before the place."""
        return frozenset(letter for letter, first in self._letters.items() if first <= at)

    def line_end(self, at: int) -> int:
        """Where the line of the place ends."""
        end = self._text.find("\n", at)
        return end if end >= 0 else len(self._text)

    def is_imaginary(self, at: int) -> bool:
        """Whether it speaks of complex numbers before the place."""
        return self._imaginary <= at

    def is_index(self, at: int) -> bool:
        """Whether i counts something before the place."""
        return self._indexed <= at


def is_letter(word: str) -> bool:
    """Whether it is one letter, and no word."""
    return (len(word) == 1 and word.isalpha() and word not in "aAI") or word in LETTER_A.values()


def plain_letter(word: str) -> str:
    """The letter as it is typed."""
    return next((written for written, letter in LETTER_A.items() if letter == word), word)


def scan_typed(text: str, begin: int = 0) -> list[Token]:
    """The tokens of a text from the place ``begin`` on; a formula in plain typing that prose lacks is one of them."""
    found = scan(text, begin)
    view, said = plain(text[begin:]), _Text(text)
    out: list[Token] = []
    done = 0
    for start, end, source in _formulas(found, said, view, begin):
        out += found[done:start]
        first, last = found[start], found[end - 1]
        out.append(Token("formula", source, first.start, last.end, first.spaced, first.start))
        done = end
    return [*out, *found[done:]] if done else found


def _formulas(found: list[Token], text: _Text, view: str, shift: int) -> Iterator[tuple[int, int, str]]:
    """Where the formulas begin and end, and what stands there."""
    k = 0
    while k < len(found):
        end, special, related = _run(found, k, text)
        if special and related and end - k <= MAX_TOKENS:
            begin = k + _is_bullet(found, k)
            end -= found[end - 1].kind == "op" and found[end - 1].text == "-" and found[end - 1].spaced
            source = _source(found[begin:end], view, shift)
            if _is_whole(found, begin, end) and _is_understood(source, text, found[end - 1].end):
                yield begin, end, source
        k = max(end, k + 1)


def _run(found: list[Token], begin: int, text: _Text) -> tuple[int, bool, bool]:
    """Where a stretch that can be a formula ends, and whether it has what prose lacks, and a relation."""
    k, depth, bars, special, related = begin, 0, 0, False, False
    while k < len(found):
        token, after = found[k], found[k + 1] if k + 1 < len(found) else None
        glued = after is not None and not after.spaced
        if token.kind == "word":
            kind = _word(found, k, text)
            if not kind:
                break
            special = special or kind == "special"
        elif token.kind == "rel":
            if token.end - token.start > 2 or token.text == "is" or depth or bars % 2:
                break
            related = True
        elif token.kind == "close":
            if not depth:
                break
            depth -= 1
        elif token.kind == "open":
            depth += 1
        elif token.kind == "line":
            if depth or after is None or after.kind != "rel" or after.text not in "=~" or k == begin:
                break
        elif token.kind == "sep" and token.text == "|" and _is_bar(found, k, opens=bars % 2 == 0):
            bars, special = bars + 1, True
        elif token.kind == "sep" and token.text == "'":
            primed = k > begin and found[k - 1].text in ("f", "g", "h", "P", "'") and not token.spaced
            if not (primed and glued and after is not None and (after.kind == "open" or after.text == "'")):
                break
            special = True
        elif token.kind == "sep" and token.text == "°":
            if not special:
                break
        elif not (
            token.kind == "num"
            or (token.kind == "op" and token.text in _OPERATORS)
            or (token.kind == "sep" and token.text == "," and depth)
        ):
            break
        k += 1
    return k, special and not depth and bars % 2 == 0, related


def _word(found: list[Token], k: int, text: _Text) -> str:
    """``special`` for what prose cannot read, ``plain`` for a letter, empty for a word."""
    token = found[k]
    before, after = found[k - 1] if k else None, found[k + 1] if k + 1 < len(found) else None
    word = plain_letter(token.text)
    if word in FUNCTIONS or _LOG.fullmatch(word):
        applied = after is not None and ((after.kind == "open" and not after.spaced) or after.text == "^")
        return "special" if applied else ""
    if word in ("pi", "π"):
        return "special"
    coefficient = before is not None and before.kind == "num" and not token.spaced
    beside = coefficient or any(t is not None and (t.kind in ("op", "rel", "open", "close")) for t in (before, after))
    if word == "i":
        if not beside or (text.is_index(token.end) and not text.is_imaginary(token.end)):
            return ""
        return "special" if coefficient or (after is not None and after.text == "^") else "plain"
    if word == "e" and after is not None and after.text == "^" and not after.spaced:
        return "special"
    if is_letter(token.text) or (word in LETTER_A and coefficient):
        return "plain"
    if _INDEXED.fullmatch(word):
        return "special"
    if _PRODUCT.fullmatch(word) and word not in SHORT and beside and "i" not in word:
        letters, valued = set(word.removeprefix("π")), text.letters(text.line_end(token.end))
        inside = all(t is None or t.kind in ("op", "rel", "open", "close", "line") for t in (before, after))
        short = len(word) == 2 and measure(word) is None
        return "special" if letters <= valued or (short and (coefficient or inside)) else ""
    return ""


def _is_bar(found: list[Token], k: int, *, opens: bool) -> bool:
    """Whether the bar at ``k`` is one of an absolute value: it stands close to what is inside."""
    before, after = found[k - 1] if k else None, found[k + 1] if k + 1 < len(found) else None
    if opens:
        return after is not None and not after.spaced and after.kind in ("num", "word", "open", "op")
    return before is not None and not found[k].spaced and before.kind in ("num", "word", "close", "sep")


def _is_bullet(found: list[Token], k: int) -> bool:
    """Whether the mark of a list stands there: "- ab = 6"."""
    mark, after, before = found[k], found[k + 1] if k + 1 < len(found) else None, found[k - 1] if k else None
    first = before is None or before.kind == "line"
    return first and mark.kind == "op" and mark.text in "-*+" and after is not None and after.spaced


def _source(tokens: Sequence[Token], view: str, shift: int) -> str:
    """The text there, every character in its place; an x that multiplies as a sign."""
    start = tokens[0].start
    source = list(view[start - shift : tokens[-1].end - shift])
    for token in tokens:
        if token.kind == "op" and token.text == "*" and token.end - token.start == 1:
            source[token.start - start] = "*"
    return "".join(source)


def _is_whole(found: list[Token], begin: int, end: int) -> bool:
    """Whether nothing beside the stretch may be a part of it."""
    return _begins_alone(found, begin) and _ends_alone(found, end)


def _begins_alone(found: list[Token], begin: int) -> bool:
    before = found[begin - 1] if begin else None
    if before is None or before.kind in ("line", "rel", "open"):
        return True
    match before.kind:
        case "word":
            return before.text.lower() not in BEFORE and not is_letter(before.text)
        case "close":
            return _is_mark(found, begin - 1)
        case "op":
            return before.text == ":" or _is_bullet(found, begin - 1)
        case _:
            return before.kind == "sep" and not before.text[0].isdigit() and before.text not in _JOINING


def _ends_alone(found: list[Token], end: int) -> bool:
    after, follows = (found[n] if n < len(found) else None for n in (end, end + 1))
    if after is None or after.kind == "close":
        return True
    match after.kind:
        case "line":
            return follows is None or follows.kind not in ("op", "rel") or _is_bullet(found, end + 1)
        case "sep":
            ended = follows is None or follows.text != "."
            return ended and not after.text[0].isdigit() and after.text not in _JOINING
        case "word":
            word = after.text.lower()
            return measure(word) is None and word not in PARTS and word not in _GOING_ON
        case _:
            return after.kind == "op" and after.text == "-"  # a dash


def _is_mark(found: list[Token], k: int) -> bool:
    """Whether a bracket ends the number of a list's item: "(b) ab = 6", "2) ab = 6"."""
    first = next((n for n in range(k, max(-1, k - 4), -1) if found[n].kind == "line"), -1 if k < 3 else None)
    return first is not None and all(t.kind in ("open", "close", "num", "word") for t in found[first + 1 : k + 1])


def _is_understood(source: str, text: _Text, at: int) -> bool:
    """Whether each of its members is read, and in one way."""
    if _UNCLEAR.search(source) or _TURNED.search(source):
        return False
    members = list(pieces(source))
    if len(members) < 2 or not all(value_of(member.source) is not None for member in members):
        return False
    bare = re.sub(r"[a-zA-Z]{2,}", " ", source)
    if _NAMED_COMPLEX.fullmatch(source.strip()):
        return True
    numbers = re.findall(r"[-+]\s*\d*\.?\d*\s*i\b", bare)
    return "i" not in bare or text.is_imaginary(at) or "^" in bare or "|" in bare or len(numbers) > 1
