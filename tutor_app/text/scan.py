r"""The one scanner of LaTeX braces: tokens, groups and arguments. Pure text in, positions and text out.

A backslash takes the character after it along, so ``\{`` and ``\}`` open and close nothing. Refuses to know what a
command means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

_TOKEN: Final = re.compile(r"\\[A-Za-z]+|\\.|[^\\]|\\$", re.DOTALL)
_BRACE: Final = re.compile(r"\\.|[{}]", re.DOTALL)
_BLANKS: Final = re.compile(r"\s*")

Pairs = tuple[frozenset[str], frozenset[str]]
"""The tokens that open a group, and those that close one."""
BRACES: Final[Pairs] = (frozenset("{"), frozenset("}"))
ENVIRONMENTS: Final[Pairs] = (frozenset({"{", "\\begin"}), frozenset({"}", "\\end"}))
FENCES: Final[Pairs] = (ENVIRONMENTS[0] | {"\\left"}, ENVIRONMENTS[1] | {"\\right"})
BRACKETS: Final[Pairs] = (FENCES[0] | {"(", "["}, FENCES[1] | {")", "]"})


def tokens(source: str) -> list[str]:
    """Commands with their backslash, escaped characters, and single characters; joined they give the source."""
    return _TOKEN.findall(source)


def braces(source: str, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
    """The unescaped braces between two positions, in order."""
    stop = len(source) if end is None else end
    return (m for m in _BRACE.finditer(source, start, stop) if m[0] in "{}")


def levels(
    source: str, start: int = 0, end: int | None = None, pairs: Pairs = BRACES
) -> Iterator[tuple[str, int, int]]:
    """The tokens between two positions, each with its position and the number of groups that are open before it.

    A closer without its opener leaves that number at 0.
    """
    openers, closers = pairs
    depth = 0
    for m in _TOKEN.finditer(source, start, len(source) if end is None else end):
        token = m[0]
        yield token, m.start(), depth
        if token in openers:
            depth += 1
        elif token in closers and depth:
            depth -= 1


def unmatched(source: str) -> tuple[int, int]:
    """How many closing braces have no opening one, and how many opening ones are not closed."""
    strays = depth = 0
    for m in braces(source):
        if m[0] == "{":
            depth += 1
        elif depth:
            depth -= 1
        else:
            strays += 1
    return strays, depth


def group_end(source: str, at: int, longest: int | None = None) -> int:
    """Index after the brace group that begins at ``at``; -1 if none begins there or it does not close.

    Args:
        source: LaTeX.
        at: Where its opening brace stands.
        longest: How many characters it may have.
    """
    if source[at : at + 1] != "{":
        return -1
    depth = 0
    for m in braces(source, at, None if longest is None else min(len(source), at + longest)):
        depth += 1 if m[0] == "{" else -1
        if depth == 0:
            return m.end()
    return -1


def argument(source: str, at: int) -> tuple[str, int]:
    """One argument at ``at``: a brace group, a command, or a single character; and where it ends.

    A group that does not close reaches to the end.
    """
    at = skip_blanks(source, at)
    if at >= len(source):
        return "", at
    if source[at] == "{":
        end = group_end(source, at)
        return (source[at + 1 : end - 1], end) if end >= 0 else (source[at + 1 :], len(source))
    m = _TOKEN.match(source, at)
    return (m[0] if m[0] != "\\" else "", m.end()) if m else ("", at + 1)


def skip_blanks(source: str, at: int) -> int:
    """Index of what follows the white space at ``at``."""
    m = _BLANKS.match(source, at)
    return m.end() if m else at


def replace_command(source: str, name: str, count: int, build: Callable[[list[str]], str]) -> str:
    r"""Replace every ``\name`` and its ``count`` arguments, innermost too."""
    if "\\" + name not in source:
        return source
    out, at = "", 0
    for m in re.finditer(r"(?<!\\)(?:\\\\)*\\" + name + r"(?![A-Za-z])", source):
        begin = m.end() - len(name) - 1
        if begin < at:
            continue
        end, arguments = m.end(), []
        for _ in range(count):
            found, end = argument(source, end)
            arguments.append(replace_command(found, name, count, build))
        out += source[at:begin] + build(arguments)
        at = end
    return out + source[at:]
