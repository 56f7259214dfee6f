"""Kinds of elements of a formula, as far as its words depend on them: simple, a fraction with a name, a fence ...

It looks at MathML and says nothing.
"""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Final

from tutor_app.text.speech_words import NAMES

MINUS: Final = frozenset("-\u2212")
UPRIGHT: Final = frozenset("|\u2016")
PAIRS: Final = {
    "(": ")", "[": "]", "{": "}", "\u230a": "\u230b", "\u2308": "\u2309", "\u27e8": "\u27e9", "|": "|",
    "\u2016": "\u2016",
}  # fmt: skip
_CLOSERS: Final = frozenset(")]}\u230b\u2309\u27e9")
FUNCTIONS: Final = frozenset("fghFGHPQp")
_ROWS: Final = frozenset(["math", "mrow", "mstyle", "mtd", "mpadded", "semantics", "merror"])


def text_of(element: ET.Element) -> str:
    """The text of an element itself, without white space around it."""
    return (element.text or "").strip()


def inner(elements: Sequence[ET.Element]) -> list[ET.Element]:
    """The parts of a row, out of the rows around it that hold nothing else."""
    parts = [e for e in elements if e.tag != "mspace"]
    while len(parts) == 1 and parts[0].tag in _ROWS:
        parts = [e for e in parts[0] if e.tag != "mspace"]
    return parts


def is_simple(elements: Sequence[ET.Element]) -> bool:
    """Whether nothing can be mistaken about where it ends: 3, x, 2x, -b, x_1, x^2."""
    parts = inner(elements)
    if parts and parts[0].tag == "mo" and text_of(parts[0]) in MINUS | {"+"}:
        parts = parts[1:]
    if len(parts) == 2 and parts[0].tag == "mn" and parts[1].tag == "mi":
        return True
    if len(parts) == 2 and text_of(parts[0]) in ("d", "\u2202"):
        return parts[1].tag == "mi"
    if len(parts) != 1:
        return False
    if parts[0].tag == "mover":
        return is_simple(parts[0][:1])
    return not len(parts[0]) or (parts[0].tag in ("msub", "msup") and all(not len(e) for e in parts[0]))


def is_vulgar(element: ET.Element) -> bool:
    """Whether a fraction has a name of its own, such as 3 quarters."""
    if element.tag != "mfrac" or element.get("linethickness") is not None:
        return False
    a, b = (inner([e]) for e in element)
    upper, lower = ("".join(map(text_of, p)) if len(p) == 1 and p[0].tag == "mn" else "" for p in (a, b))
    return upper.isdecimal() and lower.isdecimal() and int(upper) < 100 and 2 <= int(lower) <= 10


def is_evaluated(base: ET.Element) -> bool:
    r"""Whether limits at ``base`` are those of an evaluation: ``\left[x\right]_0^1``, ``\left.x\right|_0^1``."""
    if base.tag != "mrow" or len(base) < 2:
        return text_of(base) in ("]", "|")
    return text_of(base[-1]) == "]" or (text_of(base[-1]) == "|" and text_of(base[0]) != "|")


def is_limit(base: ET.Element) -> bool:
    """Whether it is the name of a limit."""
    return text_of(base) == "lim"


def is_vector(element: ET.Element) -> bool:
    """Whether it is written as a vector: with an arrow, or bold."""
    if element.tag == "mover":
        return text_of(element[1]) in ("\u2192", "\u20d7")
    text = text_of(element)
    return element.tag == "mi" and len(text) == 1 and "MATHEMATICAL BOLD" in unicodedata.name(text, "")


def is_applied(row: list[ET.Element], at: int) -> bool:
    """Whether a function's argument follows in parentheses: f(x), f'(x), sin(x)."""
    base = row[at]
    while base.tag in ("msup", "msub", "mover") and len(base):
        base = base[0]
    if at + 1 >= len(row) or (text_of(base) not in FUNCTIONS and text_of(base) not in NAMES):
        return False
    after = row[at + 1]
    first = text_of(after[0]) if after.tag == "mrow" and len(after) else ""
    return "(" in (text_of(after), first) and text_of(base) != "mod"


def base_of(element: ET.Element) -> ET.Element:
    """What carries its powers, indices and marks."""
    while element.tag in ("msup", "msub", "msubsup", "munder", "mover") and len(element):
        element = element[0]
    return element


def closing_fence(row: list[ET.Element], at: int) -> int | None:
    """Where the fence that opens at ``at`` is closed, with or without a power."""
    opening = text_of(row[at])
    wanted = {PAIRS[opening]} | ({"]"} if opening == "(" else {")"} if opening == "[" else set())
    depth = 0
    for i in range(at + 1, len(row)):
        sign = text_of(base_of(row[i]))
        if base_of(row[i]).tag not in ("mo", "mi"):
            continue
        if depth == 0 and sign in wanted:
            return i
        if sign in PAIRS and sign not in UPRIGHT:
            depth += 1
        elif sign in _CLOSERS:
            depth -= 1
            if depth < 0:
                return None
    return None
