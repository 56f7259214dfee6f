r"""Finds the mathematics in prose: ``$..$``, ``$$..$$``, ``\(..\)``, ``\[..\]``, bare environments, bare ``\boxed{}``.

One left-to-right scan, never a chain of regular-expression rewrites: what is money, code or an escaped sign is
decided where it stands. Refuses to judge whether a formula is well formed (that is :mod:`tutor_app.render.typeset`),
and knows nothing of Markdown beyond code, which it must not look into.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

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
_SPECIAL: Final = re.compile(r"[\\$`]")
_BEGIN: Final = re.compile(r"\\begin\s*\{([A-Za-z]+)(\*?)\}")
_BRACE_OR_TICK: Final = re.compile(r"\\.|[{}]|`+", re.DOTALL)
_FENCE: Final = re.compile(r"(?m)^ {0,3}(`{3,})")
_PROSE: Final = re.compile(r"[A-Za-z]{2,},? +[A-Za-z]{2,}|^ *\d[\d,.]*,? +[A-Za-z]{2,}")
_SENTENCE: Final = re.compile(
    r"(?<![\\A-Za-z])[A-Za-z]{2,},? +[A-Za-z]{2,},? +[A-Za-z]{2,}|^ *\d[\d,.]*,? +[A-Za-z]{2,}"
)
_GROUPS: Final = re.compile(r"\\[A-Za-z]+\s*(\{[^{}]*\})?")
_LOWER: Final = re.compile(r"[a-z]{2,}")
_AMOUNT: Final = re.compile(r"\s*\d[\d,]*(\.\d+)?[.,;!?]?(\s|$)")


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
    segments: list[Segment] = []
    absent: set[str] = set()  # closers known not to occur any more: keeps hostile text from costing a square
    open_at = -1
    start = i = 0
    n = len(text)

    def emit(at: int, end: int, kind: Kind, source: str) -> None:
        nonlocal start
        if start < at:
            segments.append(Segment("text", text[start:at], text[start:at]))
        segments.append(Segment(kind, source, text[at:end]))
        start = end

    def find(closer: str, at: int) -> int:
        if closer in absent:
            return -1
        found = _closer_outside_code(text, closer, at, absent)
        if found < 0:
            absent.add(closer)
        return found

    while i < n:
        m = _SPECIAL.search(text, i)
        if m is None:
            break
        i = m.start()
        c = text[i]
        if c == "`":
            j = _skip_code(text, i, absent)
            if j < 0:  # a fence that does not close
                open_at = i if open_at < 0 else open_at
                break
            i = j
            continue
        if c == "$":
            if text.startswith("$$", i):
                end = find("$$", i + 2)
                if end >= 0 and text[i + 2 : end].strip():
                    emit(i, end + 2, "display", text[i + 2 : end].strip())
                    i = end + 2
                else:
                    if end < 0 and open_at < 0:
                        open_at = i
                    i += 2
                continue
            end = _closing_dollar(text, i, absent)
            if end >= 0:
                emit(i, end + 1, "inline", text[i + 1 : end].strip())
                i = end + 1
            else:
                i += 1
            continue
        pair = text[i : i + 2]
        if pair in ("\\(", "\\["):
            end = find("\\)" if pair == "\\(" else "\\]", i + 2)
            if end >= 0:
                kind: Kind = "inline" if pair == "\\(" else "display"
                source = text[i + 2 : end].strip()
                if source:
                    emit(i, end + 2, kind, source)
                i = end + 2
            else:
                if pair == "\\[" and open_at < 0:
                    open_at = i
                i += 2
            continue
        if pair == "\\b":
            if text.startswith("\\boxed", i) and (end := _balanced(text, i + 6)) >= 0:
                emit(i, end, "inline", text[i:end])
                i = end
                continue
            m = _BEGIN.match(text, i)
            if m and m[1] in ENVIRONMENTS:
                end = _environment_end(text, m, absent)
                if end >= 0:
                    emit(i, end, "display", text[i:end])
                    i = end
                    continue
                if open_at < 0:
                    open_at = i
        i += 2
    if start < n:
        segments.append(Segment("text", text[start:], text[start:]))
    return Split(tuple(segments), open_at)


def _find_unescaped(text: str, closer: str, at: int) -> int:
    r"""Index of ``closer`` from ``at`` on, skipping ``\\`` (a line break, as in ``\\[2pt]``) and ``\$``."""
    while (found := text.find(closer, at)) >= 0:
        slashes = 0
        while found - slashes > at and text[found - slashes - 1] == "\\":
            slashes += 1
        if slashes % 2 == 0:
            return found
        at = found + 1
    return -1


def _closer_outside_code(text: str, closer: str, at: int, absent: set[str]) -> int:
    r"""Index of ``closer`` from ``at`` on, where it is not in a code span; -1 if there is none.

    A backtick inside braces is a quotation mark (``\text{`a'}``).
    """
    found = _find_unescaped(text, closer, at)
    depth = 0
    while found >= 0:
        for m in _BRACE_OR_TICK.finditer(text, at, found):
            if m[0][0] == "`" and depth <= 0:
                at = _skip_code(text, m.start(), absent)
                if at < 0:
                    return -1
                if at > found:
                    found = _find_unescaped(text, closer, at)
                break
            depth += (m[0] == "{") - (m[0] == "}")
        else:
            return found
    return -1


def _skip_code(text: str, i: int, absent: set[str]) -> int:
    """End of the code span or fence whose backticks start at ``i``; -1 for a fence that never closes."""
    j = i
    while j < len(text) and text[j] == "`":
        j += 1
    ticks = text[i:j]
    line_start = text.rfind("\n", 0, i) + 1
    if len(ticks) >= 3 and not text[line_start:i].strip():
        for m in _FENCE.finditer(text, j):
            if len(m[1]) >= len(ticks):
                return m.end()
        return -1
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


def _balanced(text: str, i: int) -> int:
    """Index after the brace group that starts at ``i`` (spaces allowed before it), or -1."""
    while i < len(text) and text[i] == " ":
        i += 1
    if i >= len(text) or text[i] != "{":
        return -1
    depth = 0
    for j in range(i, min(len(text), i + _MAX_INLINE)):
        if text[j] == "{" and text[j - 1] != "\\":
            depth += 1
        elif text[j] == "}" and text[j - 1] != "\\":
            depth -= 1
            if depth == 0:
                return j + 1
    return -1


def _environment_end(text: str, begin: re.Match[str], absent: set[str]) -> int:
    name = begin[1] + begin[2]
    opener, closer = f"\\begin{{{name}}}", f"\\end{{{name}}}"
    if closer in absent:
        return -1
    depth, at = 1, begin.end()
    while (end := text.find(closer, at)) >= 0:
        depth += text.count(opener, at, end) - 1
        at = end + len(closer)
        if depth <= 0:
            return at
    absent.add(closer)
    return -1


def _closing_dollar(text: str, i: int, absent: set[str]) -> int:
    """Index of the ``$`` that closes the one at ``i``, or -1 if that one is money or a lone sign.

    The closer is the next dollar outside braces in the same paragraph, with no code in between. ``$5 and $7`` is
    money: the closer must not follow a space or precede a digit, except that a formula set off by spaces on both
    sides is accepted when it reads as one.
    """
    depth = 0
    j = i + 1
    limit = min(len(text), i + _MAX_INLINE)
    while j < limit:
        c = text[j]
        if c == "\\":
            j += 2
            continue
        if c == "{":
            depth += 1
            if depth > _MAX_BRACES:
                return -1
        elif c == "}":
            depth = max(0, depth - 1)
        elif c == "`" and depth == 0:
            ticks = j
            while ticks < limit and text[ticks] == "`":
                ticks += 1
            if _skip_code(text, j, absent) != ticks:
                return -1
            j = ticks
            continue
        elif c == "\n" and text[j + 1 : j + 2] == "\n":
            return -1
        elif c == "$" and depth == 0:
            break
        j += 1
    else:
        return -1
    body = text[i + 1 : j]
    if j >= limit or not body.strip() or text[j + 1 : j + 2] == "$":
        return -1
    if _SENTENCE.search(_GROUPS.sub("", body)) or "\\(" in body:
        return -1
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
