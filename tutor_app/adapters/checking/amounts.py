"""Quantities as they are written, each with its units: "440 feet per minute", "3 h 20 min", "half an hour"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.words import NUMBERS
from tutor_app.adapters.grading.units import measure

_PLAIN: Final = r"\d[\d,]*(?:\.\d+)?|\.\d+"
_NUMBER: Final = rf"(?:(?:\d+ )?\d+/\d+|{_PLAIN}|half an?|an?|{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
_PER: Final = r"(?: ?/ ?| per )[A-Za-z]+"
WRITTEN: Final = rf"(?:\$?(?:{_PLAIN})(?: ?[A-Za-z]+(?: [a-z]+){{0,2}}?)?(?:{_PER})?)"
"""A number and the words after it."""
COMPOUND: Final = rf"(?:{_NUMBER} ?[A-Za-z]+(?:{_PER})?(?:,? (?:and )?(?:{_PLAIN}) ?[a-z]+)?)"
"""A number with one unit, or with two of the same kind; the number may be a word."""
_QUANTITY: Final = re.compile(
    rf"({_NUMBER}) ?(?:(?<![a-z]) ?|(?<=[a-z]) )([A-Za-z]+(?:[- ][A-Za-z]+){{0,2}}?)?\.?"
    r"(?:(?: ?/ ?| per )([A-Za-z]+))?\.?",
    re.IGNORECASE,
)
_TWO: Final = re.compile(rf"(.*[a-z]),? (?:and )?((?:{_PLAIN}) ?[a-z]+)", re.IGNORECASE)
_UNCERTAIN: Final = frozenset(
    """square cubic sq cu ton tons tonne tonnes cent cents pence dozen hundred thousand million billion percent degree
    degrees pair pairs x plus minus of more less and or""".split()  # noqa: SIM905
)
"""Words that are several units, or change what a number beside them counts."""
_KINDS: Final = frozenset(("time", "months", "length", "length^3", "mass", "money", "length/time"))


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its units.

    Attributes:
        value: In the units that are written.
        places: Decimals of the number as written, or None.
        kinds: What it measures, each with its power; a word that is no unit is a kind of its own.
        factor: How many base units one of it is.
        unit: The units as written.
        several: It is told in two units: "3 h 20 min".
    """

    value: Fraction
    places: int | None
    kinds: Counter[str]
    factor: Fraction
    unit: str
    several: bool = False

    @property
    def base(self) -> Fraction:
        """In base units."""
        return self.value * self.factor

    @property
    def measured(self) -> bool:
        """Whether all its units are units, and no words for what is counted."""
        return bool(self.kinds) and all(kind in _KINDS for kind in self.kinds)


def amount(text: str) -> Amount | None:
    """The quantity that a stretch of a sentence tells; None where its units are not certain."""
    text = " ".join(text.split())
    if (m := _TWO.fullmatch(text)) is not None:
        first, second = amount(m[1]), amount(m[2])
        if first is None or second is None or not first.measured or not same_kind((first, second)):
            return None
        if second.factor >= first.factor or second.several or first.places:
            return None  # "5 minutes 2 hours"
        value = first.value + second.base / first.factor
        return Amount(value, None, first.kinds, first.factor, first.unit, several=True)
    if (m := _QUANTITY.fullmatch(text)) is None:
        return None
    kinds, factor = Counter[str](), Fraction(1)
    for word, power in ((m[2], 1), (m[3], -1)):
        if not word:
            continue
        found = _kind(word)
        if found is None:
            return None
        for kind, exponent in found[0].items():
            kinds[kind] += power * exponent
        factor *= found[1] ** power
    value, places = _value(m[1])
    unit = " ".join(filter(None, ((m[2] or "").strip(), f"per {m[3]}" if m[3] else "")))
    return Amount(value, places, kinds, factor, unit)


def same_kind(amounts: Iterable[Amount]) -> bool:
    """Whether all measure the same."""
    first, *others = ({k: p for k, p in a.kinds.items() if p} for a in amounts)
    return all(other == first for other in others)


def _kind(word: str) -> tuple[dict[str, int], Fraction] | None:
    """The dimension of one unit, and how many base units it is; None where that is not certain."""
    words = word.lower().split()
    if not _UNCERTAIN.isdisjoint(words):
        return None
    found = measure(word)
    if len(words) > 1 and any(measure(w) is not None for w in words):
        return None  # "school days"
    if found is None:
        return {f"the word {words[-1].removesuffix('s')}": 1}, Fraction(1)
    if found[0] not in _KINDS:
        return None
    return ({"length": 1, "time": -1} if found[0] == "length/time" else {found[0]: 1}), found[1]


def _value(written: str) -> tuple[Fraction, int | None]:
    """A number in digits or words, and its decimals."""
    low = written.lower().replace(",", "")
    if low.startswith("half"):
        return Fraction(1, 2), None
    if "/" in low:
        *whole, part = low.split(" ")
        return sum(map(Fraction, whole), Fraction(part)), None
    if low in ("a", "an"):
        return Fraction(1), None
    if low in NUMBERS:
        return Fraction(NUMBERS[low]), None
    return Fraction(low), len(low.partition(".")[2]) or None
