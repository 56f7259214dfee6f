"""Answers in everyday words: numbers, times, durations, dates, "yes", "does not exist", "all real numbers".

Only fixed forms are read; a sentence that is none of them stays a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from tutor_app.adapters.grading.terms import INFINITY, Clock, Group, Number, Quantity, Symbol, Term, Words, negative
from tutor_app.adapters.grading.units import measure

NO_LIMIT: Final = "does not exist"
_NO_LIMIT: Final = re.compile(
    r"(?:the\s+)?(?:(?:limit|value|it|derivative|slope|answer|integral|sum|expression|function)\s+)?(?:is\s+)?(?:d\.?\s?n\.?\s?e\.?|"
    r"(?:does\s+not|doesn't|do\s+not|doesnt)\s+exist|undefined|not\s+defined|no\s+(?:finite\s+)?limit|non-?existent|"
    r"not\s+exist(?:ent)?)(?:\s*\(?dne\)?)?"
    r"|there\s+is\s+no\s+limit|no\s+limit\s+exists|\(?dne\)?",
    re.IGNORECASE,
)
_REALS: Final = re.compile(
    r"(?:for\s+)?(?:the\s+)?(?:set\s+of\s+)?(?:all|any|every|each)?\s*(?:the\s+)?(?P<sign>positive|negative|non-?zero|"
    r"non-?negative|non-?positive)?\s*(?:the\s+)?(?:real(?:s)?(?:\s+numbers?|\s+values?(?:\s+(?:of|for)\s+[a-z])?)?"
    r"(?:\s+(?!n\b)[a-z])?|values?\s+of\s+[a-z])(?:\s+(?:works?|satisf(?:y|ies)))?|(?:for\s+)?(?:all|every)\s+[xyt]"
    r"|[a-z]\s+(?:is|can\s+be)\s+(?:any|every|all)\s+real(?:\s+numbers?)?"
    r"|infinitely\s+many\s+solutions?:\s*all\s+real\s+numbers",
    re.IGNORECASE,
)
_SIGNED: Final[dict[str, tuple[tuple[tuple[Term, ...], str], ...]]] = {
    "": (((negative(INFINITY), INFINITY), "()"),),
    "positive": (((Number(Fraction(0)), INFINITY), "()"),),
    "negative": (((negative(INFINITY), Number(Fraction(0))), "()"),),
    "nonnegative": (((Number(Fraction(0)), INFINITY), "[)"),),
    "nonpositive": (((negative(INFINITY), Number(Fraction(0))), "(]"),),
}
_INTEGERS: Final = re.compile(r"(?:the\s+)?(?:set\s+of\s+)?(?:all|any|every)?\s*(?:the\s+)?integers?", re.IGNORECASE)
_YES: Final = re.compile(r"(yes|no|true|false)(?:\s*[,;:.!—-]\s*(.*))?", re.IGNORECASE | re.DOTALL)
_ANY_SOLUTIONS: Final = re.compile(
    r"(?:there\s+are\s+)?(?:infinitely\s+many|(?:an\s+)?infinite(?:\s+number\s+of)?)(?:\s+(?:of\s+)?(?:solutions?|real\s+solutions?))?",
    re.IGNORECASE,
)
_LETTER: Final = re.compile(r"[A-Za-z]")
_CLOCK: Final = re.compile(
    r"(?:at\s+)?(\d{1,2}):([0-5]\d)(?::([0-5]\d))?\s*(?:([ap])\.?\s?m\b\.?|o'?\s?clock|h|hours|uhr)?",
    re.IGNORECASE,
)
_HOUR: Final = re.compile(
    r"(?:at\s+)?(\d{1,2})\s*(?:([ap])\.?\s?m\b\.?|o'?\s?clock(?:\s*([ap])\.?\s?m\.?)?)", re.IGNORECASE
)
_PAST: Final = re.compile(r"(half|quarter|a\s+quarter)\s+(past|to)\s+(\w+)", re.IGNORECASE)
_DOTTED: Final = re.compile(r"(\d{1,2})\.([0-5]\d)\s*([ap])\.?\s?m\b\.?", re.IGNORECASE)
_SHARE: Final = re.compile(r"([a-z]+(?:[\s-][a-z]+)?|([1-9]\d?/[1-9]\d?))\s+(?:of\s+)?an?\s+([a-z]+)", re.IGNORECASE)
_AND_A_HALF: Final = re.compile(r"(\d{1,6})\s+and\s+(?:a|one)[\s-]half(?:\s+([a-z]+))?", re.IGNORECASE)
_PART_OF_DAY: Final = re.compile(
    r"((?:at\s+)?\d{1,2}(?::[0-5]\d)?)\s+(?:in\s+the\s+(morning|afternoon|evening)|at\s+(night))", re.IGNORECASE
)
_MINUTES_PAST: Final = re.compile(
    r"([1-5]?\d)\s+(?:minutes\s+(?=past|to))?(past|(?<=minutes )to)\s+(1?\d)(?:\s*o'?clock)?"
)
_REMAINDER: Final = re.compile(
    r"(-?\d+)\s*,?\s*(?:(?:with|mit)\s+(?:a\s+)?)?(?:remainder|rem\.?|rest|[rR])\s*(?:of\s+|=\s*|:\s*)?(-?\d+)",
    re.IGNORECASE,
)
_QUOTIENT: Final = re.compile(
    r"(?:quotient|q)\s*(?:is|=|:)?\s*(-?\d+)\s*,?\s*(?:and\s+)?(?:remainder|r)\s*(?:is|=|:)?\s*(-?\d+)", re.IGNORECASE
)
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTH: Final = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_MONTH_DAY: Final = re.compile(
    rf"{_MONTH}\s+(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?(?:\s*,?\s*(\d{{4}}))?", re.IGNORECASE
)
_DAY_MONTH: Final = re.compile(
    rf"(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:\s*,?\s*(\d{{4}}))?", re.IGNORECASE
)
_ISO_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]+|'{1,2}|\")\.?\s*(?:,\s*(?:and\s+)?|and\s+)?")
_BASE_UNIT: Final = {
    "length": "m", "mass": "g", "time": "s", "money": "dollars", "length^3": "m^3", "months": "month", "sterling": "£",
}  # fmt: skip
_WORD_UNITS: Final = {"'": "ft", "''": "in", '"': "in", "hrs": "hour", "mins": "minute", "secs": "second"}
_SMALL: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_ROUND: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ONES: Final = {word: n for n, word in enumerate(_SMALL)}
_TENS: Final = {word: 10 * n for n, word in enumerate(_ROUND, 2)}
_ORDINALS: Final = {
    "first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight", "ninth": "nine",
    "twelfth": "twelve",
}  # fmt: skip
"""Places in an order that are not the number with a "th" behind it."""
_ORDINAL: Final = re.compile(r"(\d+)(?:st|nd|rd|th)")
_PLACE: Final = re.compile(r"(.+?)(?:\s+(place|term|position|number|one|row|column|day|floor|grade))?", re.IGNORECASE)
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY: Final = re.compile(r"(?:on\s+)?(?:an?\s+|the\s+)?([a-z]{3,9})\.?", re.IGNORECASE)
_SCALES: Final = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_FRACTIONS: Final = {
    "half": 2, "halve": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "twelfth": 12, "hundredth": 100,
}  # fmt: skip
_INFINITE: Final = re.compile(r"(?:(positive|negative|plus|minus|\+|-)\s*)?(?:infinity|infinite)", re.IGNORECASE)
_EMPTY: Final = re.compile(
    r"(?:there\s+(?:is|are)\s+)?no\s+(?:real\s+|such\s+|possible\s+|valid\s+)?(?:solutions?|roots?|values?|numbers?)"
    r"(?:\s+(?:exists?|of\s+[a-z]))?|(?:the\s+)?(?:empty|null)\s*set|no\s+such\s+[a-z]+(?:\s+exists?)?|unsolvable|"
    r"(?:the\s+)?(?:equation|system)\s+has\s+no\s+(?:real\s+)?solutions?|inconsistent",
    re.IGNORECASE,
)


def in_words(text: str) -> Iterator[Term]:
    """The meanings of a text of plain words, besides its words; none if it is none of the fixed forms."""
    text = text.strip().rstrip(".!").strip()
    if (found := clock(text)) is not None:
        yield found
    if m := _REALS.fullmatch(text):
        yield from _reals(m["sign"] or "", text)
    if _INTEGERS.fullmatch(text) and " " in text:
        yield Symbol("Z")
    if _NO_LIMIT.fullmatch(text):
        yield Words(NO_LIMIT, marked=True)
    if _EMPTY.fullmatch(text):
        yield Group((), "{}")
    if _ANY_SOLUTIONS.fullmatch(text):
        yield Words("infinitely many solutions", marked=True)
    if m := _YES.fullmatch(text):
        yield Words({"true": "yes", "false": "no"}.get(m[1].lower(), m[1].lower()), marked=True)
    if m := _INFINITE.fullmatch(text):
        yield negative(INFINITY) if (m[1] or "").lower() in ("negative", "minus", "-") else INFINITY
    if (place := _place(text)) is not None:
        yield Words(place, marked=True)
    if (named := _day_or_month(text)) is not None:
        yield Words(named, marked=True)
    if (date := _date(text)) is not None:
        yield Words(date, marked=True)
    if (measured := _compound(text)) is not None:
        yield measured
    if m := _SHARE.fullmatch(text):
        part = Fraction(m[2]) if m[2] else number_in_words(m[1])
        if part is not None and measure(m[3]) is not None:
            yield Quantity(Number(part), m[3])
    if (m := _AND_A_HALF.fullmatch(text)) and (not m[2] or measure(m[2]) is not None):
        half = Number(int(m[1]) + Fraction(1, 2))
        yield Quantity(half, m[2]) if m[2] else half
    if (value := number_in_words(text)) is not None:
        yield Number(value)
    elif m := re.fullmatch(r"([a-z][a-z -]*?)\s+([a-z]+)", text, re.IGNORECASE):
        value = number_in_words(m[1])
        if value is not None:
            yield Quantity(Number(value), m[2])


def _place(text: str) -> str | None:
    """The place in an order that "21st", "twenty-first" or "the 21st term" is; what it is a place of is kept."""
    m = _PLACE.fullmatch(text.lower().removeprefix("the "))
    if m is None:
        return None
    *before, last = re.split(r"[-\s]+", m[1])
    of = "" if m[2] in (None, "place", "position", "one") else f" of the {m[2]}s"
    if not before and (digits := _ORDINAL.fullmatch(last)):
        return f"number {int(digits[1][:300])} in the order{of}"
    stem = _ORDINALS.get(last) or (last[:-4] + "y" if last.endswith("ieth") else last.removesuffix("th"))
    if stem == last:
        return None
    value = 100 if [*before, stem] == ["hundred"] else _whole([*before, stem])
    return None if value is None else f"number {value} in the order{of}"


def month_number(name: str) -> int | None:
    """Which month of the year a whole name in small letters is."""
    return _MONTHS.index(name) + 1 if name in _MONTHS else None


def _day_or_month(text: str) -> str | None:
    """The whole name of a day of the week or of a month, which may be written in short."""
    m = _DAY.fullmatch(text)
    if m is None:
        return None
    written = m[1].lower()
    short = "sep" if written == "sept" else written
    known = [name for name in (*_DAYS, *_MONTHS) if name.startswith(short)]
    return known[0] if len(known) == 1 and (len(short) <= 5 or short == known[0]) else None


def remainder(text: str) -> Words | None:
    """The quotient and remainder that a text such as "7 R 3" is."""
    m = _REMAINDER.fullmatch(text.strip()) or _QUOTIENT.fullmatch(text.strip())
    return Words(f"{m[1]} remainder {m[2]}", marked=True) if m else None


def clock(text: str) -> Clock | None:
    """The time of day (or the duration with colons) that a text is."""
    text = text.strip()
    if "\\" in text or "=" in text or not (":" in text or _LETTER.search(text)):
        return None
    if m := _PART_OF_DAY.fullmatch(text):
        text = f"{m[1]} {'am' if (m[2] or '').lower() == 'morning' else 'pm'}"
    if m := _CLOCK.fullmatch(text):
        return Clock(tuple(int(f) for f in m.groups()[:3] if f is not None), f"{m[4].lower()}m" if m[4] else "")
    if m := _HOUR.fullmatch(text):
        half = m[2] or m[3]
        return Clock((int(m[1]), 0), f"{half.lower()}m" if half else "")
    if m := _DOTTED.fullmatch(text):
        return Clock((int(m[1]), int(m[2])), f"{m[3].lower()}m")
    if m := _MINUTES_PAST.fullmatch(text):
        hour, minutes = int(m[3]), int(m[1])
        return Clock((hour, minutes)) if m[2] == "past" else Clock(((hour - 2) % 12 + 1, 60 - minutes))
    if text.lower().removeprefix("12 ") in ("noon", "midday", "midnight"):
        return Clock((12, 0), "am" if "midnight" in text.lower() else "pm")
    if m := _PAST.fullmatch(text):
        hour = _ONES.get(m[3].lower()) or (int(m[3]) if m[3].isdecimal() and len(m[3]) < 3 else 0)
        minutes = 30 if m[1].lower() == "half" else 15
        if hour and m[2].lower() == "past":
            return Clock((hour, minutes))
        return Clock(((hour - 2) % 12 + 1, 60 - minutes)) if hour else None
    if m := re.fullmatch(r"(\w+)\s+o'?\s?clock", text, re.IGNORECASE):
        hour = _ONES.get(m[1].lower(), 0)
        return Clock((hour, 0)) if hour else None
    return None


def number_in_words(text: str) -> Fraction | None:
    """The value of "twenty-one", "two thirds" or "minus one hundred and five"."""
    words = re.sub(r"[-\s]+", " ", text.strip().lower()).split()
    if not words or len(words) > 20 or not all(w.isalpha() for w in words):
        return None
    sign = -1 if words[0] in ("minus", "negative") else 1
    words = words[1:] if sign < 0 else words
    if words in (["a", "dozen"], ["one", "dozen"], ["dozen"]):
        return Fraction(12 * sign)
    below = _FRACTIONS.get(words[-1], _FRACTIONS.get(words[-1].removesuffix("s"), 0)) if words else 0
    if below:
        above = words[:-1]
        if above and "and" in above:
            cut = above.index("and")
            whole, part = _whole(above[:cut]), 1 if above[cut + 1 :] in ([], ["a"]) else _whole(above[cut + 1 :])
            return None if whole is None or part is None else sign * (whole + Fraction(part, below))
        count = 1 if above in ([], ["a"]) else _whole(above)
        if above == [] and words[-1] not in ("half",):
            return None  # "third" alone is a place in an order
        return None if count is None else sign * Fraction(count, below)
    value = _whole(words)
    return None if value is None else Fraction(sign * value)


def _whole(words: list[str]) -> int | None:
    if not words or words[-1] == "and" or words[0] in ("and", "hundred", *_SCALES):
        return None
    result = current = 0
    last = 10**15
    for k, word in enumerate(words):
        if word in _ONES and (last >= 100 or (last == 10 and 0 < _ONES[word] < 10)):
            current, last = current + _ONES[word], 1
        elif word in _TENS and last >= 100:
            current, last = current + _TENS[word], 10
        elif word == "hundred" and 0 < current < 100:
            current, last = current * 100, 100
        elif word in _SCALES and current:
            result, current, last = result + current * _SCALES[word], 0, _SCALES[word]
        elif word == "a" and k == 0 and len(words) > 1 and words[1] in ("hundred", *_SCALES):
            current = 1
        elif word != "and":
            return None
    return result + current


def _reals(sign: str, text: str) -> Iterator[Term]:
    sign = sign.lower().replace("-", "")
    if not sign and text.lower().strip() in ("real", "x"):
        return
    if sign in _SIGNED:
        for items, brackets in _SIGNED[sign]:
            yield Group(items, brackets)


def _date(text: str) -> str | None:
    if m := _MONTH_DAY.fullmatch(text):
        month, day, year = m[1], m[2], m[3]
    elif m := _DAY_MONTH.fullmatch(text):
        month, day, year = m[2], m[1], m[3]
    elif m := _ISO_DATE.fullmatch(text):
        if not 1 <= int(m[2]) <= 12:
            return None
        month, day, year = _MONTHS[int(m[2]) - 1], m[3], m[1]
    else:
        return None
    name = next(full for full in _MONTHS if full.startswith(month.lower()[:3]))
    return f"{name} {int(day)}" + (f" {year}" if year else "")


def _compound(text: str) -> Quantity | None:
    """Two or more parts of one kind, the larger unit first: hours and minutes, feet and inches."""
    parts: list[tuple[Fraction, Fraction]] = []
    kind, at = "", 0
    while at < len(text):
        m = _PART.match(text, at)
        unit = measure(_WORD_UNITS.get(m[2].lower(), m[2])) if m else None
        if m is None or unit is None or unit[0] not in _BASE_UNIT or (kind and unit[0] != kind):
            return None
        kind, at = unit[0], m.end()
        if parts and unit[1] >= parts[-1][1]:
            return None
        parts.append((Fraction(m[1]), unit[1]))
    if len(parts) < 2:
        return None
    return Quantity(Number(sum((a * b for a, b in parts), Fraction(0))), _BASE_UNIT[kind])
