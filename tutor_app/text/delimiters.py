r"""Finds the mathematics in prose: ``$..$``, ``$$..$$``, ``\(..\)``, ``\[..\]``, bare environments and bare boxes.

One left-to-right scan, never a chain of regular-expression rewrites: what is money, code or an escaped sign is
decided where it stands. Refuses to judge whether a formula is well formed (that is :mod:`tutor_app.render.typeset`),
and knows nothing of Markdown beyond code, which it must not look into.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from tutor_app.text.scan import group_end, levels

Kind = Literal["text", "inline", "display"]

ENVIRONMENTS: Final = frozenset(
    [
        "align",
        "aligned",
        "alignat",
        "alignedat",
        "array",
        "bmatrix",
        "Bmatrix",
        "cases",
        "dcases",
        "eqnarray",
        "equation",
        "flalign",
        "gather",
        "gathered",
        "matrix",
        "multline",
        "pmatrix",
        "smallmatrix",
        "split",
        "vmatrix",
        "Vmatrix",
    ]
)
"""Environments that stand for mathematics without any delimiter around them (starred forms too)."""

_MAX_INLINE: Final = 3000
_MAX_BRACES: Final = 40
_SPECIAL: Final = re.compile(r"[\\$`]|(?m:^)[ \t>]*~{3}")
_CODE_OPENER: Final = re.compile(r"(?m)(`+)|^[ \t>]*(~{3,})")
_BOUNDARY: Final = re.compile(r"(?m)^[ \t>]*(?:#{1,6}[ \t]+\S|(?:-[ \t]*){3,}$|(?:\*[ \t]*){3,}$|(?:_[ \t]*){3,}$)")
_UNQUOTED: Final = re.compile(r"\n[ \t]*\n(?![ \t]*>)")
_TABLE_RULE: Final = re.compile(r"(?m)^[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*+\|?[ \t]*$")
_BAR: Final = re.compile(r"\\.|\|")
_BLANK_LINE: Final = re.compile(r"\n[ \t>]*\n")
_BEGIN: Final = re.compile(r"\\begin\s*\{([A-Za-z]+)(\*?)\}")
_BOX: Final = re.compile(r"\\(?:boxed|fbox)\s*(?=\{)")
_FENCE: Final = re.compile(r"(?m)^[ \t>]*(`{3,}|~{3,})[ \t]*$")
_MARGIN: Final = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]?)*")
_PROSE: Final = re.compile(r"[A-Za-z]{2,},? +[A-Za-z]{2,}|^ *\d[\d,.]*,? +[A-Za-z]{2,}")
_SENTENCE: Final = re.compile(
    r"(?<![\\A-Za-z])[A-Za-z]{2,},? +[A-Za-z]{2,},? +[A-Za-z]{2,}|^ *\d[\d,.]*,? +[A-Za-z]{2,}"
)
_GROUPS: Final = re.compile(r"\\[A-Za-z]+\s*(\{[^{}]*\})?")
_LOWER: Final = re.compile(r"[a-z]{2,}")
_AMOUNT: Final = re.compile(r"\s*\d[\d,]*(\.\d+)?[.,;!?]?(\s|$)")
_NEW_BLOCK: Final = re.compile(r"\n[ \t>]*(?:[-*+][ \t]|\d{1,9}[.)][ \t]|\|)")
_PURE_AMOUNT: Final = re.compile(
    r"\d[\d,]*(?:\.\d+)?[ \t]?(?:[kKmMbB]|bn|thousand|million|billion)?[ \t]*[/\u2013\u2014-]?[ \t]*"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of prose.

    Attributes:
        kind: ``text``, ``inline`` or ``display``.
        source: The text itself, or the LaTeX between the delimiters (an environment keeps its own
            ``\\begin`` and ``\\end``).
        raw: Exactly what was written, delimiters included; joining all ``raw`` gives the text back.
    """

    kind: Kind
    source: str
    raw: str


@dataclass(frozen=True, slots=True)
class Split:
    """The segments of a text.

    Attributes:
        segments: In order.
        open_at: Where a display formula or code fence opens that does not close, or -1: text that is still
            growing must not be cut after that place.
    """

    segments: tuple[Segment, ...]
    open_at: int


def split(text: str) -> Split:
    """Cut ``text`` into prose and formulas; linear in its length.

    An opener without its closer is text.
    """
    return _Scan(text).run()


def map_words(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` applied to what lies outside code spans and fences."""
    out, start, i = "", 0, 0
    absent: set[str] = set()
    while m := _CODE_OPENER.search(text, i):
        at = m.end() - len(m[1] or m[2])
        end = _skip_code(text, at, absent)
        end = len(text) if end < 0 else end
        if end > m.end():
            out += change(text[start:at]) + text[at:end]
            start = end
        i = end
    return out + change(text[start:])


def fences(text: str) -> Iterator[tuple[int, int]]:
    """Where the fences of ``text`` that close begin, with their ticks, and end."""
    i = 0
    absent: set[str] = set()
    while m := _CODE_OPENER.search(text, i):
        at = m.end() - len(m[1] or m[2])
        i = _skip_code(text, at, absent)
        if i < 0:
            return
        if m.end() - at >= 3 and "\n" in text[at:i] and _FENCE.fullmatch(text, text.rfind("\n", 0, i) + 1, i):
            yield at, i


class _Scan:
    """One scan of a text from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._segments: list[Segment] = []
        self._start = 0
        self._open_at = -1
        self._ticks: set[str] = set()  # runs of ticks known not to occur any more
        self._absent: dict[str, int] = {}  # closers known not to occur before a place: hostile text costs no square
        self._blocks = [m.start() for m in _BOUNDARY.finditer(text)]
        self._rows = _table_rows(text) if "|" in text else []
        self._bars: dict[int, list[int]] = {}
        self._unquoted = [m.start() for m in _UNQUOTED.finditer(text)] if ">" in text else []

    def run(self) -> Split:
        """Scan it."""
        text, i = self._text, 0
        while m := _SPECIAL.search(text, i):
            i = m.end() - 3 if m[0].endswith("~~~") else m.start()
            match text[i]:
                case "`" | "~":
                    after = _skip_code(text, i, self._ticks)
                    if after < 0:  # a fence that does not close
                        self._open_at = i if self._open_at < 0 else self._open_at
                        break
                    i = after
                case "$":
                    i = self._dollar(i)
                case _:
                    i = self._backslash(i)
        if self._start < len(text):
            self._segments.append(Segment("text", text[self._start :], text[self._start :]))
        return Split(tuple(self._segments), self._open_at)

    def _dollar(self, i: int) -> int:
        text = self._text
        if text.startswith("$$", i):
            end = self._closer("$$", i + 2)
            if end >= 0 and text[i + 2 : end].strip() and not _is_prose(text[i + 2 : end]):
                return self._emit(i, end + 2, "display", text[i + 2 : end])
            if end < 0:
                self._is_open(i)
            return i + 2
        end = _closing_dollar(text, i, self._limit(i), self._ticks)
        return self._emit(i, end + 1, "inline", text[i + 1 : end]) if end >= 0 else i + 1

    def _backslash(self, i: int) -> int:
        text = self._text
        pair = text[i : i + 2]
        if pair in ("\\(", "\\["):
            end = self._closer("\\)" if pair == "\\(" else "\\]", i + 2)
            if end < 0:
                if pair == "\\[":
                    self._is_open(i)
                return i + 2
            if _is_prose(text[i + 2 : end]) or (pair == "\\(" and _opens_another(text[i + 2 : end])):
                return i + 2
            kind: Kind = "inline" if pair == "\\(" else "display"
            return self._emit(i, end + 2, kind, text[i + 2 : end]) if text[i + 2 : end].strip() else end + 2
        if box := _BOX.match(text, i):
            end = group_end(text, box.end(), _MAX_INLINE)
            if end >= 0:
                return self._emit(i, end, "inline", text[i:end])
        if pair == "\\b":
            m = _BEGIN.match(text, i)
            if m and m[1] in ENVIRONMENTS:
                end = self._environment_end(m)
                if end >= 0:
                    return self._emit(i, end, "display", text[i:end])
                self._is_open(i)
        return i + 2

    def _is_open(self, at: int) -> None:
        """Remember the first display that what is still to be written may close: not one before a heading."""
        if self._open_at < 0 and self._limit(at) == len(self._text):
            self._open_at = at

    def _emit(self, at: int, end: int, kind: Kind, source: str) -> int:
        text = self._text
        if self._start < at:
            self._segments.append(Segment("text", text[self._start : at], text[self._start : at]))
        marks = _line_margin(text, at).count(">")
        if marks and "\n" in source:
            source = re.sub(rf"\n[ \t]*(?:>[ \t]?){{1,{marks}}}", "\n", source)
        self._segments.append(Segment(kind, source.strip(), text[at:end]))
        self._start = end
        return end

    def _limit(self, i: int) -> int:
        """Where a formula that opens at ``i`` must have closed: before a heading, in its cell, in its quotation."""
        text = self._text
        k = bisect_right(self._blocks, i)
        limit = self._blocks[k] if k < len(self._blocks) else len(text)
        if self._rows and (k := bisect_right(self._rows, (i, len(text), 0)) - 1) >= 0:
            begin, end, columns = self._rows[k]
            if i < end:
                if begin not in self._bars:
                    self._bars[begin] = [m.start() for m in _BAR.finditer(text, begin, end) if m[0] == "|"]
                bars = self._bars[begin]
                inner = text[begin:end].strip(" \t>")
                cells = len(bars) + 1 - inner.startswith("|") - (inner.endswith("|") and len(inner) > 1)
                limit = min(limit, end)
                if cells <= columns:  # else a bar belongs to a formula
                    limit = min([*bars[bisect_right(bars, i) :][:1], limit])
        if self._unquoted and ">" in _line_margin(text, i):
            limit = min([*self._unquoted[bisect_right(self._unquoted, i) :][:1], limit])
        return limit

    def _closer(self, closer: str, at: int) -> int:
        limit = self._limit(at - 2)
        if self._absent.get(closer, -1) >= limit:
            return -1
        found = _closer_outside_code(self._text, closer, at, limit, self._ticks)
        if found < 0:
            self._absent[closer] = limit
        return found

    def _environment_end(self, begin: re.Match[str]) -> int:
        name = begin[1] + begin[2]
        opener, closer = f"\\begin{{{name}}}", f"\\end{{{name}}}"
        limit = self._limit(begin.start())
        if self._absent.get(closer, -1) >= limit:
            return -1
        depth, at = 1, begin.end()
        while (end := self._text.find(closer, at, limit)) >= 0:
            depth += self._text.count(opener, at, end) - 1
            at = end + len(closer)
            if depth <= 0:
                return at
        self._absent[closer] = limit
        return -1


def _line_margin(text: str, i: int) -> str:
    """The marks of lists and quotations at the beginning of the line that ``i`` is in."""
    begin = text.rfind("\n", 0, i) + 1
    m = _MARGIN.match(text, begin, i)
    return m[0] if m else ""


def _table_rows(text: str) -> list[tuple[int, int, int]]:
    """Beginning, end and number of columns of every line of a table that is no rule."""
    rows: list[tuple[int, int, int]] = []
    for m in _TABLE_RULE.finditer(text):
        if "|" not in m[0]:
            continue
        columns = len(re.findall(r"-+", m[0]))
        begin = text.rfind("\n", 0, max(0, m.start() - 1)) + 1
        if m.start():
            rows.append((begin, m.start() - 1, columns))
        at = m.end() + 1
        while at < len(text):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            if not text[at:end].strip(" \t>") or (_TABLE_RULE.fullmatch(text, at, end) and "|" in text[at:end]):
                break
            rows.append((at, end, columns))
            at = end + 1
    return sorted(rows)


def _is_prose(body: str) -> bool:
    """Whether what lies between two display delimiters is paragraphs: the first was never closed."""
    if not _BLANK_LINE.search(body):
        return False
    bare = _GROUPS.sub("", body)
    return _SENTENCE.search(bare) is not None or re.search(r"(?<!\\)\$", bare) is not None


def _opens_another(body: str) -> bool:
    r"""Whether another ``\(`` stands outside the texts of what begins with one: the first never closed."""
    return "\\(" in body and re.search(r"(?<!\\)(?:\\\\)*\\\(", _GROUPS.sub("", body)) is not None


def _find_unescaped(text: str, closer: str, at: int, limit: int) -> int:
    r"""Index of ``closer`` from ``at`` on, skipping ``\\`` (a line break, as in ``\\[2pt]``) and ``\$``."""
    while (found := text.find(closer, at, limit)) >= 0:
        slashes = 0
        while found - slashes > at and text[found - slashes - 1] == "\\":
            slashes += 1
        if slashes % 2 == 0:
            return found
        at = found + 1
    return -1


def _closer_outside_code(text: str, closer: str, at: int, limit: int, absent: set[str]) -> int:
    r"""Index of ``closer`` between ``at`` and ``limit``, where it is not in a code span; -1 if there is none.

    A backtick inside braces is a quotation mark (``\text{`a'}``).
    """
    found = _find_unescaped(text, closer, at, limit)
    while found >= 0:
        code = next((start for token, start, depth in levels(text, at, found) if token == "`" and depth == 0), -1)
        if code < 0:
            return found
        at = _skip_code(text, code, absent)
        if at < 0:
            return -1
        if at > found:
            found = _find_unescaped(text, closer, at, limit)
    return -1


def _skip_code(text: str, i: int, absent: set[str]) -> int:
    """End of the code span or fence whose ticks or tildes start at ``i``; -1 for a fence that never closes.

    A fence closes at any indentation: what models write in a list seldom keeps to its margin.
    """
    j = i
    while j < len(text) and text[j] == text[i]:
        j += 1
    ticks = text[i:j]
    line_start = text.rfind("\n", 0, i) + 1
    line_end = text.find("\n", j)
    info = text[j : line_end if line_end >= 0 else len(text)]
    is_first = _MARGIN.fullmatch(text, line_start, i) is not None
    if len(ticks) >= 3 and is_first and (ticks[0] == "~" or "`" not in info):
        for m in _FENCE.finditer(text, j):
            if m[1][0] == ticks[0] and len(m[1]) >= len(ticks):
                return m.end()
        return -1
    if ticks[0] == "~":
        return j
    if ticks in absent:
        return j
    at = j
    while (found := text.find(ticks, at)) >= 0:
        end = found + len(ticks)
        while end < len(text) and text[end] == "`":
            end += 1
        if end - found == len(ticks):
            return j if "\n\n" in text[j:found] else end
        at = end
    absent.add(ticks)
    return j


def _closing_dollar(text: str, i: int, limit: int, absent: set[str]) -> int:
    """Index of the ``$`` that closes the one at ``i``, or -1 if that one is money or a lone sign.

    The closer is the next dollar outside braces in the same paragraph, with no code in between. ``$5 and $7`` is
    money: the closer must not follow a space or precede a digit, except that a formula set off by spaces on both
    sides is accepted when it reads as one.
    """
    j = _next_dollar(text, i + 1, min(limit, i + _MAX_INLINE), absent)
    body = text[i + 1 : j]
    if j < 0 or not body.strip() or text[j + 1 : j + 2] == "$":
        return -1
    if _SENTENCE.search(_GROUPS.sub("", body)) or "\\(" in body:
        return -1
    if body[0].isdigit() and _is_amount(body, text[i - 1 : i], text[j + 1 : j + 2]):
        return -1
    follows = text[j + 1 : j + 2]
    if body[-1].isspace() and not body[0].isspace() and follows.isalnum() and _LOWER.search(_GROUPS.sub("", body)):
        return -1  # "$x and $y": both dollars open
    if any(s in body for s in "\\^_{"):
        return j
    before, after = body[0].isspace(), body[-1].isspace()
    if text[j + 1 : j + 2].isdigit() or _PROSE.search(body):
        return -1
    if _AMOUNT.match(body) and after and not before:
        return -1
    if before and not after and "=" not in body and _LOWER.search(body):
        return -1
    return j


def _next_dollar(text: str, start: int, limit: int, absent: set[str]) -> int:
    """Index of the first ``$`` outside braces, with neither code nor the end of a paragraph before it; else -1."""
    ticks = start
    for token, at, depth in levels(text, start, limit):
        if depth > _MAX_BRACES:
            return -1
        if token == "`" and depth == 0 and at >= ticks:
            ticks = at
            while ticks < limit and text[ticks] == "`":
                ticks += 1
            if _skip_code(text, at, absent) != ticks:
                return -1
        elif token == "\n" and _BLANK_LINE.match(text, at):
            return -1
        elif token == "$" and depth == 0:
            return at
    return -1


def _is_amount(body: str, before: str, after: str) -> bool:
    """Whether a number after a dollar is money, its pretended closer the next dollar's opener.

    Args:
        body: What lies between the two dollars; begins with a digit.
        before: The character before the first dollar.
        after: The character after the second.
    """
    opens_next = after != "" and not after.isspace() and (after.isalnum() or after in "\\(-{[|+")
    return (
        (opens_next and (body[-1].isspace() or body[-1] in "(*[\u201c\"'"))
        or (opens_next and _PURE_AMOUNT.fullmatch(body) is not None and body[-1] in "/\u2013\u2014-")
        or (before == "(" and re.match(r"[\d.,]+[ \t]?[A-Za-z%]*\)", body) is not None)
        or (before == "*" and re.match(r"[\d.,]+[A-Za-z%]?\*", body) is not None)
        or _NEW_BLOCK.search(body) is not None
    )
