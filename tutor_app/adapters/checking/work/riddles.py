"""Problems told in words that ask for one number: riddles, numbers in a row, a fixed price with a rate.

Each is read as a whole; a number too many, and it is not known what the problem asks for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.work.values import Value

_N: Final = r"(\d+(?:\.\d+)?)"
_ANY: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_GIVES: Final = (
    r"(?:the result is|the answer is|i get|you get|we get|he gets|she gets|one gets|gives|is|equals|makes|to get"
    r"|results in|comes to)"
)
_STEP: Final = re.compile(
    r"\b(?:(?P<times>multipl(?:y|ied|ies)(?: it| this| that| (?:a|the|my) (?:number|result|sum|difference))?(?: by)?"
    r"|times)|(?P<over>divid(?:e|ed|es)(?: it| the (?:number|result|sum|difference))?(?: by)?)"
    r"|(?P<plus>add(?:ing|s|ed)?|plus|increased by|increase it by)"
    r"|(?P<minus>subtract(?:ing|s)?|minus|decreased by|diminished by|take away|reduced by)) (?P<by>\d+(?:\.\d+)?)\b"
    r"|(?P<doubled>\bdoubl(?:e|ed|es)\b(?: it)?)|(?P<tripled>\btripl(?:e|ed|es)\b(?: it)?)"
    r"|\b(?P<what>\d+(?:\.\d+)?) (?:is|are) (?:then )?(?:(?P<added>added)|(?P<taken>subtracted|taken away))\b"
)
_KINDS: Final = ("times", "over", "plus", "minus", "doubled", "tripled", "added", "taken")
_NUMBER: Final = re.compile(r"\b(?:a|some|an unknown|certain|my|think of a) (?:certain )?number\b|\bnumber\b")
_RESULT: Final = re.compile(rf"\b{_GIVES} {_N}\b")
_EQUALS: Final = r"(?:is|gives|equals|makes)"
_TIMES_NUMBER: Final = re.compile(
    rf"\b{_N} times a number,? (?P<how>plus|minus|increased by|decreased by|reduced by) {_N},? {_EQUALS} {_N}\b"
)
_MORE_THAN_TIMES: Final = re.compile(rf"\b{_N} (?P<how>more|less) than {_N} times a number {_EQUALS} {_N}\b")
_ROW: Final = re.compile(
    rf"\bsum of (?P<n>\d+) consecutive (?P<kind>even |odd )?(?:whole |natural )?(?:numbers|integers) (?:is|equals) {_N}"
)
_PRICE: Final = rf"(?:[$€£] ?)?{_N}(?: ?(?:euros?|dollars?|pounds?|[€$£]))?"
_EACH: Final = r"(?:a|per|for (?:each|every)|each|every) [a-z]+"
_BASE: Final = r"(?:fixed|base|basic|flat|starting) (?:fee|charge|price|rate)"
_FIXED: Final = re.compile(
    rf"{_PRICE} (?:(?:a|per|each|every) (?:month|day|week|year|ride|visit|hour)|(?:as a |for the )?{_BASE})?,? ?"
    rf"(?:and|plus) {_PRICE} {_EACH}"
)
_BASE_FIRST: Final = re.compile(rf"{_BASE} of {_PRICE},? (?:and|plus) {_PRICE} {_EACH}")
_OTHER_LEG: Final = re.compile(r"\bright(?:-angled)? triangle\b.*\b(?:other|second|missing|third) (?:leg|side)\b")
_LEGS: Final = re.compile(r"\bright(?:-angled)? triangle\b.*\bhypotenuse\b")
_LADDER: Final = re.compile(r"\bladder\b.*\bhow high\b")
_DIAGONAL: Final = re.compile(r"\brectangle\b.*\bdiagonal\b|\bdiagonal of a rectangle\b")


def quantities_of_riddle(text: str) -> tuple[Value, ...] | None:
    """The number that is asked for, and others that a letter may stand for; None if the problem is of another kind.

    Args:
        text: In small letters, with digits for numbers.
    """
    numbers = [Fraction(n) for n in _ANY.findall(text)]
    for read in (_in_a_row, _times_number, _steps, _rate, third_side):
        found = read(text, numbers)
        if found is not None:
            return found
    return None


def _in_a_row(text: str, numbers: Sequence[Fraction]) -> tuple[Value, ...] | None:
    m = _ROW.search(text)
    if m is None or len(numbers) != 2:
        return None
    many, whole, step = int(m["n"]), Fraction(m[3]), 2 if m["kind"] else 1
    first = (whole - step * Fraction(many * (many - 1), 2)) / many
    if first.denominator > 1:
        return None
    members = [first + step * k for k in range(many)]
    halves = (
        [Fraction(math.floor(v / 2) + k) for v in (members[0], members[-1]) for k in (-1, 0, 1)] if m["kind"] else []
    )
    return (*members, first - step, whole / many, *halves, whole)


def _times_number(text: str, numbers: Sequence[Fraction]) -> tuple[Value, ...] | None:
    if (m := _TIMES_NUMBER.search(text)) is not None and len(numbers) == 3:
        many, change, result = Fraction(m[1]), Fraction(m[3]), Fraction(m[4])
        down = m["how"] not in ("plus", "increased by")
    elif (m := _MORE_THAN_TIMES.search(text)) is not None and len(numbers) == 3:
        many, change, result = Fraction(m[3]), Fraction(m[1]), Fraction(m[4])
        down = m["how"] == "less"
    else:
        return None
    product = result + change if down else result - change
    return (product / many, product, result) if many else None


_UNDONE: Final[dict[str, Callable[[Fraction, Fraction], Fraction]]] = {
    "times": lambda a, b: a / b, "over": lambda a, b: a * b, "plus": lambda a, b: a - b, "minus": lambda a, b: a + b,
}  # fmt: skip


def _steps(text: str, numbers: Sequence[Fraction]) -> tuple[Value, ...] | None:
    """A number to which one thing after the other is done: "think of a number, multiply it by 3 and add 4"."""
    if _NUMBER.search(text) is None or re.search(r"\b(?:digits?|numbers|percent|%|fraction|from a|from the)\b", text):
        return None
    steps: list[tuple[str, Fraction]] = []
    end = 0
    for m in _STEP.finditer(text):
        told = next(kind for kind in _KINDS if m[kind])
        kind = {"doubled": "times", "tripled": "times", "added": "plus", "taken": "minus"}.get(told, told)
        steps.append((kind, Fraction(m["by"] or m["what"] or (2 if m["doubled"] else 3))))
        end = m.end()
    result = _RESULT.search(text, end)
    doubled = len(re.findall(r"\b(?:doubl|tripl)", text))
    if not steps or result is None or len(numbers) != len(steps) - doubled + 1 or any(n == 0 for _, n in steps):
        return None
    if (begun := _NUMBER.search(text)) is None or begun.start() > end:
        return None
    values = [Fraction(result[1])]
    for kind, number in reversed(steps):
        values.append(_UNDONE[kind](values[-1], number))
    return tuple(reversed(values))


def _rate(text: str, numbers: Sequence[Fraction]) -> tuple[Value, ...] | None:
    """A fixed price and a price for each piece, of which a number is asked for that comes to a total."""
    m = _BASE_FIRST.search(text) or _FIXED.search(text)
    if m is None or len(numbers) != 3 or not re.search(r"\bhow (?:many|long|far)\b", text):
        return None
    fixed, rate = Fraction(m[1]), Fraction(m[2])
    rest = [n for n in numbers if n not in (fixed, rate)]
    if len(rest) != 1 or not rate or rest[0] <= fixed or re.search(r"\bcents?\b", text):
        return None
    many = (rest[0] - fixed) / rate
    return many, rest[0], rest[0] - fixed


def third_side(text: str, numbers: Sequence[Fraction]) -> tuple[Value, ...] | None:
    """The third side of a right triangle, the two that are told, and the square of the third."""
    if len(numbers) != 2 or re.search(r"\bangles? of\b|°|degrees|area|perimeter", text):
        return None
    a, b = sorted(numbers)
    if (_OTHER_LEG.search(text) and "hypotenuse" in text) or _LADDER.search(text):
        under = b * b - a * a
    elif _DIAGONAL.search(text) or (_LEGS.search(text) and re.search(r"\blegs\b", text)):
        under = a * a + b * b
    else:
        return None
    root = math.sqrt(under)
    return (Fraction(round(root)) if round(root) ** 2 == under else root), a, b, under
