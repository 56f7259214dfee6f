"""Unit words: which there are, which mean the same, and how many of one make another.

An answer without a unit is right where the question names it, so a missing unit is no error; a clashing one
("5 cm" for "5 m") is. Words that are no unit ("18 integers") only describe.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Final

Measure = tuple[str, Fraction]
"""The dimension of a unit, such as ``length`` or ``length^2/time``, and how many base units it is."""

SCALES: Final = {
    "dozen": 12, "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
}  # fmt: skip
_GALLON: Final = Fraction(3785411784, 10**12)
_TABLE: Final = {
    "length": {
        "nm nanometer nanometre": Fraction(1, 10**9),
        "μm micrometer micrometre micron": Fraction(1, 10**6),
        "mm millimeter millimetre": Fraction(1, 1000),
        "cm centimeter centimetre": Fraction(1, 100),
        "dm decimeter decimetre": Fraction(1, 10),
        "m meter metre": Fraction(1),
        "km kilometer kilometre": Fraction(1000),
        "in inch inche": Fraction(254, 10000),
        "ft foot feet": Fraction(3048, 10000),
        "yd yard": Fraction(9144, 10000),
        "mi mile": Fraction(1609344, 1000),
    },
    "length^2": {"ha hectare": Fraction(10000), "acre": Fraction(40468564224, 10**7)},
    "length^3": {
        "ml milliliter millilitre": Fraction(1, 10**6),
        "cl centiliter centilitre": Fraction(1, 10**5),
        "dl deciliter decilitre": Fraction(1, 10**4),
        "l L liter litre": Fraction(1, 1000),
        "gal gallon": _GALLON,
        "qt quart": _GALLON / 4,
        "pt pint": _GALLON / 8,
        "cup": _GALLON / 16,
        "tbsp tablespoon": _GALLON / 256,
        "tsp teaspoon": _GALLON / 768,
    },
    "mass": {
        "mg milligram": Fraction(1, 1000),
        "g gm gram": Fraction(1),
        "kg kilogram kilo": Fraction(1000),
        "t ton tonne": Fraction(10**6),
        "oz ounce": Fraction(45359237, 1600000),
        "lb pound": Fraction(45359237, 100000),
    },
    "time": {
        "ms millisecond": Fraction(1, 1000),
        "s sec second": Fraction(1),
        "min minute": Fraction(60),
        "h hr hour": Fraction(3600),
        "day": Fraction(86400),
        "week": Fraction(604800),
    },
    "months": {"month": Fraction(1), "yr year": Fraction(12), "decade": Fraction(120), "century": Fraction(1200)},
    "length/time": {
        "mph": Fraction(1609344, 3600000),
        "kph kmh kmph": Fraction(1000, 3600),
        "knot": Fraction(1852, 3600),
    },
    "money": {"cent ¢ penny": Fraction(1, 100), "$ dollar usd": Fraction(1)},
    "sterling": {"pence p": Fraction(1, 100), "£ gbp": Fraction(1)},
    "euro": {"€ euro eur": Fraction(1)},
    "yen": {"¥ yen jpy": Fraction(1)},
    "rupee": {"₹ rupee inr": Fraction(1)},
    "percent": {"% percent": Fraction(1)},
    "angle": {"deg degree": Fraction(1)},
    "arc": {"rad radian": Fraction(1)},
    "Celsius": {"C celsius": Fraction(1)},
    "Fahrenheit": {"F fahrenheit": Fraction(1)},
    "Kelvin": {"K kelvin": Fraction(1)},
    "force": {"N newton": Fraction(1), "kn kilonewton": Fraction(1000)},
    "energy": {
        "J joule": Fraction(1),
        "kj kilojoule": Fraction(1000),
        "mj megajoule": Fraction(10**6),
        "wh watthour": Fraction(3600),
        "kwh kilowatthour": Fraction(3600000),
    },
    "heat": {"cal calorie": Fraction(1), "kcal kilocalorie": Fraction(1000)},
    "power": {"W watt": Fraction(1), "kw kilowatt": Fraction(1000)},
    "voltage": {"V volt": Fraction(1)},
    "current": {"A amp ampere": Fraction(1), "ma milliampere": Fraction(1, 1000)},
    "resistance": {"Ω ohm": Fraction(1)},
    "pressure": {"pa pascal": Fraction(1), "kpa kilopascal": Fraction(1000)},
    "frequency": {"hz hertz": Fraction(1), "khz kilohertz": Fraction(1000), "mhz megahertz": Fraction(10**6)},
    "amount": {"mol mole": Fraction(1)},
    "before noon": {"am": Fraction(1)},
    "after noon": {"pm": Fraction(1)},
    "scale": {word: Fraction(n) for word, n in SCALES.items()},
}
_UNITS: Final = {
    word: (kind, factor) for kind, group in _TABLE.items() for words, factor in group.items() for word in words.split()
}
_POUND: Final = re.compile(r"pounds?")
_EXPONENT: Final = re.compile(r"\^?\{?(-?[123])\}?$")
_POWERS: Final = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_RAISED: Final = {"squared": 2, "cubed": 3}
_PER: Final = re.compile(r"\bper\b|(?<=\w )(?:an|a)\b|/")
_LETTERS: Final = frozenset(("kn", "ma", "pa", "kj", "mj", "kw", "wh"))
"""Units that have a capital; in small letters they are products of variables."""
_LETTERS_CLOSE: Final = frozenset(("pt", "ha", "yr", "nm", "dm", "cl", "dl", "qt", "ms"))
"""Units only after a space; close to a number they are products of variables."""
_JOINED: Final = re.compile(r"(?<=[a-z])\s*[-*·]\s*(?=[a-z])")


def is_unit(word: str, *, spaced: bool) -> bool:
    """Whether the word after a number is a unit, and not a product of variables."""
    word = word.strip(" .")
    return word not in _LETTERS and (spaced or word not in _LETTERS_CLOSE) and _single(word) is not None


def measures(unit: str) -> tuple[Measure, ...]:
    """All that a unit may measure; a pound is a mass and a currency."""
    found = measure(unit)
    if found is None:
        return ()
    return (found, ("sterling", Fraction(1))) if _POUND.fullmatch(unit.strip(" .").lower()) else (found,)


@lru_cache(maxsize=512)
def measure(unit: str) -> Measure | None:
    """The dimension of a unit, with its power, and how many base units it is; None for a word that only describes."""
    words = unit.replace(r"\$", "$").replace(".", " ").strip()
    words = re.sub(r"^degrees?\s+(?=\w)", "", words, flags=re.IGNORECASE)
    kinds: dict[str, int] = {}
    factor = Fraction(1)
    for k, part in enumerate(_PER.split(words)):
        found = _product(part)
        if found is None:
            return None
        for kind, power in found[0].items():
            kinds[kind] = kinds.get(kind, 0) + (power if k == 0 else -power)
        factor = factor * found[1] if k == 0 else factor / found[1]
    return (_spelled(kinds), factor) if kinds else None


def _product(words: str) -> tuple[dict[str, int], Fraction] | None:
    """The powers of what units side by side measure."""
    kinds: dict[str, int] = {}
    factor, power = Fraction(1), 1
    last: Measure | None = None
    for word in _JOINED.sub("", words.strip()).split():
        if word.lower() in _POWERS:
            power = _POWERS[word.lower()]
            continue
        raised = _RAISED.get(word.lower(), 0)
        if raised and last is not None:
            kinds[last[0]] = kinds.get(last[0], 0) + raised - 1
            factor *= last[1] ** (raised - 1)
            continue
        if m := _EXPONENT.search(word):
            power, word = int(m[1]), word[: m.start()]
            if word == "ms" and power < 0:  # metres per second, without the space
                kinds["length"], word = kinds.get("length", 0) + 1, "s"
        last = _single(word)
        if last is None:
            return None
        kinds[last[0]] = kinds.get(last[0], 0) + power
        factor *= last[1] ** power
        power = 1
    return (kinds, factor) if kinds else None


def _spelled(kinds: dict[str, int]) -> str:
    """One name for what is measured: areas and speeds whatever they are made of."""
    powers: dict[str, int] = {}
    for kind, power in kinds.items():
        above, _, below = kind.partition("/")
        base, _, exponent = above.partition("^")
        powers[base] = powers.get(base, 0) + power * int(exponent or 1)
        if below:
            powers[below] = powers.get(below, 0) - power
    above = " ".join(f"{k}^{p}" if p != 1 else k for k, p in sorted(powers.items()) if p > 0)
    below = " ".join(f"{k}^{-p}" if p != -1 else k for k, p in sorted(powers.items()) if p < 0)
    return f"{above}/{below}" if below else above


def _single(word: str) -> Measure | None:
    word = word.lower() if len(word) > 1 else word
    found = _UNITS.get(word)
    if found is None and len(word) > 2 and word.endswith("s"):
        found = _UNITS.get(word[:-1])
    return found
