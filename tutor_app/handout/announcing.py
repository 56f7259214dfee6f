"""Which sentence of a solution announced a block of code, where the numbering or the names make it plain.

A pure function of the parts. It answers nothing rather than guess: of two sentences that fit equally well, none is
named.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tutor_app.core.parts import Code, Part, Text
from tutor_app.text.delimiters import split

_END: Final = re.compile(r"(?<=[.!?:])[\"')\]*_]*(?=\s)|\n\s*\n|\n(?=[ \t]*(?:[-*+]|\d{1,3}[.)]|#{1,6})[ \t])")
_NUMBERED: Final = re.compile(
    r"^[\s*_#>-]*(?:(?:step|part|case|question|block)\s+(\d{1,3})\b|\(?(\d{1,3})[.)](?=\s))", re.IGNORECASE
)
_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_CODE_WORDS: Final = re.compile(
    r"\b(?:code|python|program|compute|calculate|run|script|sympy|solve it)\b", re.IGNORECASE
)
_COMMON: Final = frozenset(
    (
        "the", "and", "for", "with", "from", "total", "result", "answer", "value", "number", "solution", "def",
        "return", "print", "import", "sympy", "numpy", "each", "per", "her", "his", "they", "this", "that", "are",
        "was", "not", "find", "get", "calculate", "compute", "main", "range", "list", "sum", "len",
    )
)  # fmt: skip
_LEAST_SHARED: Final = 2


@dataclass(frozen=True, slots=True)
class Announcement:
    """A sentence that announced code.

    Attributes:
        part: Index of its part in the solution.
        start: Where it begins in that part's text, in characters.
        end: Where it ends.
        first_line: First line of the code that it announced, from 1.
        last_line: Last line of it.
    """

    part: int
    start: int
    end: int
    first_line: int
    last_line: int


def announcements(parts: Sequence[Part], block: int) -> tuple[Announcement, ...]:
    """The sentences that announced the block, or pieces of it, in the order of the text.

    Numbered sentences are linked with the comments that carry their numbers. Without these, one sentence is linked
    with the whole block: the only one there is before it, the one that ends in a colon right before it, or the one
    that names most of what the code names.

    Args:
        parts: Of the solution.
        block: Number of the block, from 0.
    """
    places = [i for i, part in enumerate(parts) if isinstance(part, Code)]
    if not 0 <= block < len(places):
        return ()
    at = places[block]
    code = parts[at]
    assert isinstance(code, Code)
    before = parts[at - 1] if at else None
    if not isinstance(before, Text) or not before.text.strip():
        return ()
    found = list(_sentences(before.text))
    numbered = _by_number(before.text, found, code.source)
    if numbered:
        return tuple(Announcement(at - 1, *where, *lines) for where, lines in numbered)
    chosen = _chosen(before.text, found, code.source)
    if chosen is None:
        return ()
    return (Announcement(at - 1, *chosen, 1, max(len(code.source.splitlines()), 1)),)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends; a full stop inside a formula ends none."""
    masked = "".join(s.raw if s.kind == "text" else "x" * len(s.raw) for s in split(text).segments)
    start = 0
    for end in (*(m.end() for m in _END.finditer(masked)), len(masked)):
        piece = text[start:end]
        inner = piece.strip()
        if inner and not _is_only_a_number(inner):
            yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
            start = end
        elif not inner:
            start = end


def _is_only_a_number(text: str) -> bool:
    return re.fullmatch(r"[\s*_#>-]*\(?\d{1,3}[.)]?[*_]*|[-*+#]+", text) is not None


def _number_of(text: str) -> str:
    match = _NUMBERED.match(text)
    return (match[1] or match[2]) if match else ""


def _by_number(
    text: str, sentences: list[tuple[int, int]], source: str
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Numbered sentences with the lines from the comment of the same number to the next such comment."""
    lines = source.splitlines()
    comments = [
        (number, i)
        for i, line in enumerate(lines, 1)
        if line.lstrip().startswith("#") and (number := _number_of(line.lstrip().lstrip("#")))
    ]
    by_number: dict[str, list[tuple[int, int]]] = {}
    for start, end in sentences:
        if number := _number_of(text[start:end]):
            by_number.setdefault(number, []).append((start, end))
    found = []
    for n, (number, line) in enumerate(comments):
        is_plain = [c for c, _ in comments].count(number) == 1 and len(by_number.get(number, ())) == 1
        if is_plain:
            last = comments[n + 1][1] - 1 if n + 1 < len(comments) else len(lines)
            found.append((by_number[number][0], (line, last)))
    return sorted(found)


def _chosen(text: str, sentences: list[tuple[int, int]], source: str) -> tuple[int, int] | None:
    if len(sentences) == 1:
        return sentences[0]
    last = sentences[-1]
    if text[slice(*last)].rstrip("*_ ").endswith(":"):
        return last
    named = _names(source)
    scores = [len(named & _words(text[start:end])) for start, end in sentences]
    best = max(scores, default=0)
    if best >= _LEAST_SHARED and scores.count(best) == 1:
        return sentences[scores.index(best)]
    speaking = [s for s in sentences if _CODE_WORDS.search(text[slice(*s)])]
    return last if speaking == [last] else None


def _words(text: str) -> set[str]:
    return {w.lower() for w in _WORD.findall(text)} - _COMMON


def _names(source: str) -> set[str]:
    """The words of the names that the code gives values to."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    names += [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    return {w for n in names for w in _words(n.replace("_", " ")) if not keyword.iskeyword(w)}
