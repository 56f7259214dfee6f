"""Shares of everyday: a percentage added to an amount or taken off before, and the other part of a ratio.

The numbers only; what is done with them is for :mod:`tutor_app.adapters.checking.work.asked`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

_N: Final = r"(\d+(?:\.\d+)?)"
_PERCENT: Final = re.compile(rf"{_N} ?(?:%|percent)")
_ADDED: Final = re.compile(r"\b(?:tip|tax|vat|service(?: charge)?|mark-?up|surcharge|fee)\b")
_IN_TOTAL: Final = re.compile(
    r"\b(?:in total|altogether|total (?:cost|price|amount|bill)|(?:final|selling|full) (?:price|bill|amount)"
    r"|with (?:the )?(?:tip|tax|vat))\b"
)
_TAKEN_OFF: Final = re.compile(r"\b(?:off|discount|reduction|reduced|cheaper)\b")
_PUT_ON: Final = re.compile(r"\b(?:rise|increase|raised|increased|went up|markup)\b")
_BEFORE: Final = re.compile(r"\b(?:original(?:ly)?|before|old price|regular price|full price|first price)\b")
_PARTS: Final = re.compile(
    rf"\bratio of (?P<a>[a-z]+) to (?P<b>[a-z]+) is (\d+) ?(?::|to) ?(\d+)\b.*?\b{_N} (?P<told>[a-z]+)"
    r".*?\bhow many (?P<asked>[a-z]+)"
)


@dataclass(frozen=True, slots=True)
class Share:
    """What is asked for.

    Attributes:
        right: The number.
        wrong: What common mistakes come to.
        steps: Numbers on the way.
    """

    right: Fraction
    wrong: tuple[Fraction, ...]
    steps: tuple[Fraction, ...]


def share(text: str, numbers: Sequence[Fraction]) -> Share | None:
    """The share that a problem asks for; None if it is of no kind that is known here.

    Args:
        text: The problem in small letters.
        numbers: All that stand in it.
    """
    return _with_percent(text, numbers) or _other_part(text, numbers)


def _with_percent(text: str, numbers: Sequence[Fraction]) -> Share | None:
    parts = _PERCENT.findall(text)
    if (
        len(parts) != 1
        or len(numbers) != 2
        or numbers[0] == numbers[1]
        or not re.search(r"\b(?:what|how much|find)\b", text)
    ):
        return None
    percent = Fraction(parts[0])
    (amount,) = [n for n in numbers if n != percent]
    part = percent / 100
    if _ADDED.search(text) and _IN_TOTAL.search(text) and not _BEFORE.search(text):
        wrong = (amount + percent, amount * (1 + part * 10), amount * part, amount - amount * part, amount * part * 10)
        return Share(amount * (1 + part), wrong, (amount * part, 1 + part, amount / 100, amount / 10))
    off, on = _TAKEN_OFF.search(text) is not None, _PUT_ON.search(text) is not None
    asks = re.search(r"\b(?:what|find|how much)\b[^.?]*", text[text.rfind(".", 0, -1) + 1 :])
    if (
        off == on
        or percent >= 100
        or asks is None
        or not _BEFORE.search(asks[0])
        or not re.search(r"\b(?:after|now|costs?|for)\b", text)
    ):
        return None
    right = amount / (1 - part) if off else amount / (1 + part)
    wrong = (amount * (1 + part), amount * (1 - part), amount + percent, amount - percent, amount * part)
    return Share(right, wrong, (amount / (100 - percent if off else 100 + percent), 1 - part, 1 + part, part))


def _other_part(text: str, numbers: Sequence[Fraction]) -> Share | None:
    m = _PARTS.search(text)
    if m is None or len(numbers) != 3 or m["told"] == m["asked"] or {m["told"], m["asked"]} != {m["a"], m["b"]}:
        return None
    parts = {m["a"]: Fraction(m[3]), m["b"]: Fraction(m[4])}
    told, known, wanted = Fraction(m[5]), parts[m["told"]], parts[m["asked"]]
    if not known or not wanted:
        return None
    wrong = (told * known / wanted, told + wanted - known, told / sum(parts.values()) * wanted)
    whole = Fraction(m[3]) + Fraction(m[4])
    return Share(told * wanted / known, wrong, (told / known, wanted / known, known / wanted, told * wanted, whole))
