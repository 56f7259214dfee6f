"""Unit words: which there are, which mean the same, and how many of one make another.

An answer without a unit is right where the question names it, so a missing unit is no error; a clashing one
("5 cm" for "5 m") is. Words that are no unit ("18 integers") only describe.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

SCALES: Final = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_TABLE: Final = {
    "length": {
        "mm millimeter millimetre": Fraction(1, 1000),
        "cm centimeter centimetre": Fraction(1, 100),
        "m meter metre": Fraction(1),
        "km kilometer kilometre": Fraction(1000),
        "in inch inche": Fraction(254, 10000),
        "ft foot feet": Fraction(3048, 10000),
        "yd yard": Fraction(9144, 10000),
        "mi mile": Fraction(1609344, 1000),
    },
    "mass": {
        "mg milligram": Fraction(1, 1000),
        "g gm gram": Fraction(1),
        "kg kilogram": Fraction(1000),
        "oz ounce": Fraction(45359237, 1600000),
        "lb pound": Fraction(45359237, 100000),
    },
    "time": {
        "s sec second": Fraction(1),
        "min minute": Fraction(60),
        "h hr hour": Fraction(3600),
        "day": Fraction(86400),
        "week": Fraction(604800),
    },
    "volume": {"ml milliliter millilitre": Fraction(1, 1000), "l liter litre": Fraction(1)},
    "money": {"cent ¢": Fraction(1, 100), "$ dollar usd": Fraction(1)},
    "euro": {"€ euro eur": Fraction(1)},
    "yen": {"¥ yen jpy": Fraction(1)},
    "rupee": {"₹ rupee inr": Fraction(1)},
    "percent": {"% percent": Fraction(1)},
    "angle": {"deg degree": Fraction(1)},
    "before noon": {"am": Fraction(1)},
    "after noon": {"pm": Fraction(1)},
    "scale": {word: Fraction(n) for word, n in SCALES.items()},
    "speed": {"mph": Fraction(1), "kph kmh": Fraction(1000000, 1609344)},
}
_UNITS: Final = {
    word: (kind, factor) for kind, group in _TABLE.items() for words, factor in group.items() for word in words.split()
}
_EXPONENT: Final = re.compile(r"\^?\{?([23])\}?$")


def is_unit(word: str) -> bool:
    """Whether the word alone is a unit."""
    return _single(word.strip(" .")) is not None


def measure(unit: str) -> tuple[str, Fraction] | None:
    """What a unit measures, with its power, and how many base units it is; None for a word that only describes."""
    words = unit.lower().replace(r"\$", "$").replace(".", "").strip().replace("per", "/")
    power = 1
    if m := _EXPONENT.search(words):
        power, words = int(m[1]), words[: m.start()].strip()
    for prefix, n in (("square ", 2), ("sq ", 2), ("cubic ", 3), ("cu ", 3)):
        if words.startswith(prefix):
            power, words = n, words[len(prefix) :].strip()
    above, slash, below = (part.strip() for part in words.partition("/"))
    first = _single(above)
    if first is None:
        return None
    kind, factor = first[0], first[1] ** power
    if power > 1:
        kind += f"^{power}"
    if slash:
        second = _single(below)
        if second is None:
            return None
        kind, factor = f"{kind}/{second[0]}", factor / second[1]
    return kind, factor


def _single(word: str) -> tuple[str, Fraction] | None:
    word = word.lower() if len(word) > 1 else word
    found = _UNITS.get(word)
    if found is None and len(word) > 2 and word.endswith("s"):
        found = _UNITS.get(word[:-1])
    return found
