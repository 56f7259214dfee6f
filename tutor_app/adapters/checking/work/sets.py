"""Solution sets, intervals and points of a student's lines, told as relations.

``L = {2, 5}`` is ``x = 2 or x = 5``, ``x ∈ (-1, 4]`` is ``-1 < x <= 4``, and ``(3, 1)`` tells the two unknowns of a
system. What the letters are is told by the lines before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_HEAD: Final = re.compile(
    r"\s*(?:(?:the )?solutions?(?: sets?)?\s*(?:is|are|:|=)?\s*"
    r"|(?:I?L|S|M|𝕃|\\mathbb\{?L\}?)\s*=\s*|(?P<name>[a-zA-Z])\s*(?:∈|\\in\b)\s*)?"
)
_SET: Final = re.compile(r"\\?\{(?P<members>(?:[^{}|]|(?<=[\d\s])\|(?=[-\s\d][^|(]*\)))+)\\?\}")
_OPEN: Final = r"(?P<open>[(\[\]])"
_END: Final = r"[^,;()\[\]{}∪]+(?:\([^()]*\)[^,;()\[\]{}∪]*)?"
_INTERVAL: Final = re.compile(rf"{_OPEN}(?P<low>{_END})[,;](?P<high>{_END})(?P<close>[)\]\[])")
_NAME: Final = re.compile(r"^\s*[A-Z](?:_\d)?\s*=?\s*(?=\()")
_POINT: Final = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_UNION: Final = re.compile(r"\s*(?:∪|\\cup\b|\bU\b|\bor\b)\s*")
_BETWEEN_POINTS: Final = re.compile(r"\s*(?:,|;|\band\b|\bor\b)\s*")
_NO_END: Final = re.compile(r"\s*[-+]?\s*(?:∞|\\infty|inf(?:inity)?|oo)\s*")


def told_as_relations(text: str, names: Sequence[str], *, of_points: bool, of_order: bool = True) -> str:
    """A line as relations between its unknowns; empty if it is no set, interval or point.

    Args:
        text: As typed.
        names: The unknowns, in order.
        of_points: The unknowns are told together, as coordinates.
        of_order: An inequality is being solved: elsewhere two numbers in brackets are a point, no interval.
    """
    head = _HEAD.match(text)
    rest = text[head.end() :].strip().strip("$.").strip() if head else text
    if of_points and len(names) > 1:
        if (m := _SET.fullmatch(rest)) is not None:
            rest = m["members"].strip()
        return _points(rest, names)
    name = head["name"] if head is not None and head["name"] else names[0] if len(names) == 1 else ""
    if not name:
        return ""
    if (m := _SET.fullmatch(rest)) is not None:
        members = re.split(r"\s*;\s*|\s*,\s+|,", m["members"])
        return " or ".join(f"{name} = {member.strip()}" for member in members)
    if not of_order and not (head is not None and head["name"]):
        return ""
    return " or ".join(found) if all(found := [_interval(part, name) for part in _UNION.split(rest)]) else ""


def _interval(text: str, name: str) -> str:
    m = _INTERVAL.fullmatch(text.strip())
    if m is None:
        return ""
    low = "" if _NO_END.fullmatch(m["low"]) else f"{m['low'].strip()} {'<=' if m['open'] == '[' else '<'} "
    high = "" if _NO_END.fullmatch(m["high"]) else f" {'<=' if m['close'] == ']' else '<'} {m['high'].strip()}"
    if not low and not high:
        return ""
    if not high:
        return f"{name} {'>=' if m['open'] == '[' else '>'} {m['low'].strip()}"
    return f"{low}{name}{high}"


def _points(text: str, names: Sequence[str]) -> str:
    text = _NAME.sub("", text)
    found = list(_POINT.finditer(text))
    if not found or _BETWEEN_POINTS.sub("", _POINT.sub("", text)).strip():
        return ""
    told = []
    for m in found:
        members = re.split(r"\s*[;|]\s*", m[1]) if re.search("[;|]", m[1]) else m[1].split(",")
        if len(members) != len(names):
            return ""
        told.append(" and ".join(f"{name} = {member.strip()}" for name, member in zip(names, members, strict=True)))
    return " or ".join(told)
