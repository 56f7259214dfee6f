"""Wrong orders of operations in an expression: brackets are set where none stand, and the result is read again.

A pair of neighbours that would come later is taken together first (``2 + 3*4`` as ``(2 + 3)*4``), and what stands
beside a fraction is drawn into it (``3 + 12/6`` as ``(3 + 12)/6``), on every level of brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tutor_app.text.scan import BRACKETS, levels

MOST: Final = 40
"""Wrong forms of one expression."""
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<group>\\left\s*[(\[]|[(\[])|(?P<operator>\\(?:cdot|times|div)(?![a-z])|[-+*/^])"
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<command>\\[a-zA-Z]+)|(?P<letter>[a-zA-Z]))\s*"
)
_TAKES: Final = {r"\frac": 2, r"\dfrac": 2, r"\tfrac": 2, r"\sqrt": 1}
_SUMS: Final = ("+", "-")


@dataclass(frozen=True, slots=True)
class _Item:
    """An operand with the operation before it.

    Attributes:
        operator: ``+ - * / ^`` in the writing of the source; empty for factors that stand side by side.
        text: The operand, with its brackets.
        inner: Places of the texts in it, that are expressions of their own.
    """

    operator: str
    text: str
    inner: tuple[tuple[int, int], ...] = ()


def wrong_orders(source: str) -> Iterator[str]:
    """The expression as LaTeX with other orders of operations, at most :data:`MOST`; none if it is not understood.

    Args:
        source: LaTeX.
    """
    for count, found in enumerate(_wrong(source)):
        if count >= MOST:
            return
        yield found


def _wrong(source: str) -> Iterator[str]:
    items = _items(source)
    if items is None:
        return
    for k in range(1, len(items)):
        yield from _paired(items, k)
    if len(items) > 2 and all(item.operator != "^" for item in items):
        left = items[0].text
        for item in items[1:-1]:
            left = f"({left} {item.operator} {item.text})"
        yield f"{left} {items[-1].operator} {items[-1].text}"
    for k, item in enumerate(items):
        if len(item.inner) == 2:
            for regrouped in _regrouped(item):
                yield _joined([*items[:k], _Item(item.operator, regrouped), *items[k + 1 :]])
        for start, end in item.inner:
            for inner in _wrong(item.text[start:end]):
                changed = _Item(item.operator, item.text[:start] + inner + item.text[end:])
                yield _joined([*items[:k], changed, *items[k + 1 :]])


def _paired(items: list[_Item], k: int) -> Iterator[str]:
    """With an operand and the next taken together before everything else."""
    first, second = items[k - 1], items[k]
    if first.operator == "^":
        return
    if k > 1 or k + 1 < len(items):
        together = f"({first.text} {second.operator} {second.text})"
        yield _joined([*items[: k - 1], _Item(first.operator, together), *items[k + 1 :]])
        if k == 1 and first.operator == "-" and second.operator in _SUMS:  # -5 + 3*4 as (-5 + 3)*4
            yield _joined([_Item("", f"(-{first.text} {second.operator} {second.text})"), *items[2:]])
    for fraction, other, before in ((second, first, True), (first, second, False)):
        if len(fraction.inner) != 2 or (before and second.operator == "^"):
            continue
        (a, b), (c, d) = fraction.inner
        above, below = fraction.text[a:b], fraction.text[c:d]
        if before and second.operator in _SUMS:  # a + b/c as (a + b)/c
            drawn = f"\\frac{{{other.text} {second.operator} ({above})}}{{{below}}}"
        elif not before and second.operator != "^":  # a/b + c as a/(b + c)
            drawn = f"\\frac{{{above}}}{{({below}) {second.operator} {other.text}}}"
        else:
            continue
        yield _joined([*items[: k - 1], _Item(first.operator, drawn), *items[k + 1 :]])


def _regrouped(fraction: _Item) -> Iterator[str]:
    """A fraction over a fraction with the strokes in the other order: ``(100/10)/2`` as ``100/(10/2)``."""
    (a, b), (c, d) = fraction.inner
    above, below = fraction.text[a:b], fraction.text[c:d]
    for part, other, upper in ((above, below, True), (below, above, False)):
        items = _items(part)
        if items is None or len(items) != 1 or len(items[0].inner) != 2:
            continue
        (e, f), (g, h) = items[0].inner
        first, second = items[0].text[e:f], items[0].text[g:h]
        yield (
            f"\\frac{{{first}}}{{\\frac{{{second}}}{{{other}}}}}"
            if upper
            else f"\\frac{{\\frac{{{other}}}{{{first}}}}}{{{second}}}"
        )


def _joined(items: list[_Item]) -> str:
    text = f"{items[0].operator} {items[0].text}"
    for item in items[1:]:
        text += f"^{{{item.text}}}" if item.operator == "^" else f" {item.operator} {item.text}"
    return text.strip()


def _items(source: str) -> list[_Item] | None:
    """The operands of one level; None where something else stands in it."""
    items: list[_Item] = []
    at, operator = 0, ""
    while at < len(source):
        if source[at].isspace():
            at += 1
            continue
        if operator == "^" and source[at] == "{":
            end = _end(source, at)
            if end is None:
                return None
            items.append(_Item("^", source[at + 1 : end - 1]))
            at, operator = end, ""
            continue
        m = _TOKEN.match(source, at)
        if m is None:
            return None
        if m["operator"]:
            if operator:
                return None
            operator, at = m["operator"], m.end()
            continue
        read = _operand(source, m)
        if read is None:
            return None
        text, inner, at = read
        items.append(_Item(operator, text, inner))
        operator = ""
    return None if operator else items


def _operand(source: str, m: re.Match[str]) -> tuple[str, tuple[tuple[int, int], ...], int] | None:
    """The text of an operand, the places of the expressions in it, and where it ends."""
    if m["number"] or m["letter"]:
        return m[0].strip(), (), m.end()
    if m["group"]:
        start = m.start("group")
        end = _end(source, start)
        if end is None:
            return None
        opened = m.end("group") - start
        closed = len("\\right)") if source[:end].endswith(("\\right)", "\\right]")) else 1
        return source[start:end], ((opened, end - start - closed),), end
    start, at = m.start("command"), m.end()
    if m["command"] not in _TAKES:
        return (m["command"], (), at) if m["command"] == r"\pi" else None
    inner = []
    for _ in range(_TAKES[m["command"]]):
        end = _end(source, at) if source[at : at + 1] == "{" else None
        if end is None:
            return None
        inner.append((at + 1 - start, end - 1 - start))
        at = end
    return source[start:at], tuple(inner), at


def _end(source: str, start: int) -> int | None:
    """Where the bracket that opens at ``start`` has been closed."""
    for token, at, depth in levels(source, start, pairs=BRACKETS):
        if token in BRACKETS[1] and depth == 1:
            return at + len(token)
    return None
