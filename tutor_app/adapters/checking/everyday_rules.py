"""Rules about what everybody measures: quantities with their units written out, the clock, the calendar, counts.

"50 km/h * 3 days = 150 km" is right as numbers go and wrong all the same; here the units are computed, too.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.amounts import COMPOUND, WRITTEN, Amount, amount, same_kind
from tutor_app.adapters.checking.context import Context
from tutor_app.adapters.checking.judging import Judgement, judge, shown
from tutor_app.adapters.checking.rules import NUM, Rule, rule
from tutor_app.adapters.checking.words import NUMBERS
from tutor_app.adapters.grading.terms import Number

MEASURED: Final = "measured"
"""The reason of all verdicts of these rules; what is found of their numbers alone gives way to them."""
_SIGN: Final = re.compile(r"\s*(\*|/(?=\s*[\d.])|(?<=\s)x(?=\s+\d)|\b(?:times|divided by|multiplied by)\b)\s*")
_EQUAL: Final = r"(?:=|\bis\b|\bequals\b)"
_DONE: Final = r"(?![\w/*^(%]| ?[-+*/^] ?\d)"
"""What cannot follow the result."""
_ALONE: Final = r"(?<![\w.,/^*+)-])(?<![*+/-]\s)(?:= ?)?"
"""What cannot stand before it."""


@rule(
    rf"{_ALONE}(?P<left>{WRITTEN}(?: ?(?:\*|/|\bx\b|\btimes\b|\bdivided by\b) ?{WRITTEN}){{1,5}})"
    rf" ?{_EQUAL} ?(?P<right>{WRITTEN}){_DONE}",
    "/",
    "per",
)
def quantities(m: re.Match[str], _context: Context) -> Judgement | None:
    """A product or quotient of quantities, where it takes a conversion to tell the result in the unit that is told."""
    pieces = _SIGN.split(m["left"].strip())
    told, amounts = amount(m["right"]), [a for a in map(amount, pieces[::2]) if a is not None]
    if told is None or not told.kinds or len(amounts) < len(pieces) // 2 + 1 or not all(a.value for a in amounts):
        return None
    kinds, plain, value = Counter[str](), Fraction(1), Fraction(1)
    for sign, a in zip(["*", *pieces[1::2]], amounts, strict=True):
        power = -1 if sign in ("/", "divided by") else 1
        for kind, exponent in a.kinds.items():
            kinds[kind] += power * exponent
        plain *= a.value**power
        value *= a.base**power
    right = Number(value / told.factor)
    bare = any(not a.kinds for a in amounts)
    if {k: p for k, p in kinds.items() if p} != {k: p for k, p in told.kinds.items() if p}:
        return None
    if right.value == plain:
        return None  # nothing to be converted: plain arithmetic
    found = judge((right,), "=", (Number(told.value, told.places),))
    return None if bare and found.verdict != "true" else _measured(found, right, told)


@rule(
    rf"(?:^|[\s(])(?:at|of|going|doing|drives|runs|walks|flies"
    rf"|cycles|travell?ing|travels|driving|running|walking|moving)"
    rf" (?:a (?:constant |steady )?(?:speed|rate) of )?(?P<left>(?P<rate>{WRITTEN}) for (?P<time>{COMPOUND}),?"
    rf" (?:(?:it|he|she|they|we|you|the \w+|this|that|which) )?"
    rf"(?:travels?|covers?|goes|drives|runs|flies|cycles|walks|rides|moves|is|gives|means)"
    rf" (?P<told>{WRITTEN})(?: in total)?){_DONE}(?= ?(?:[,;:.)!]|$|\b(?:and|so|in|because|since|then)\b))",
    " for ",
)
def lasting(m: re.Match[str], _context: Context) -> Judgement | None:
    """The amount that a rate makes in a time: "a car going 60 mph for 45 minutes travels 45 miles"."""
    rate, lasts, told = (amount(m[name]) for name in ("rate", "time", "told"))
    if rate is None or lasts is None or told is None or not lasts.measured or not told.measured:
        return None
    if not same_kind((replace(rate, kinds=_joined(rate, lasts)), told)):
        return None
    right = Number(rate.base * lasts.base / told.factor)
    return _measured(judge((right,), "=", (Number(told.value, told.places),)), right, told)


def _joined(a: Amount, b: Amount) -> Counter[str]:
    """The dimension of the product of two quantities."""
    return Counter({kind: a.kinds[kind] + b.kinds[kind] for kind in {*a.kinds, *b.kinds}})


def _measured(found: Judgement, right: Number, told: Amount) -> Judgement:
    """The verdict of these rules, with the right value in the unit that was told."""
    return Judgement(
        found.verdict, MEASURED, f"{shown(right)} {told.unit}" if found.verdict == "false" else found.right
    )


@rule(
    rf"{_ALONE}(?P<left>{COMPOUND}(?: ?[-+] ?{COMPOUND}){{1,5}}) ?{_EQUAL} ?(?P<right>{COMPOUND}){_DONE}",
    "+",
    "-",
)
def mixed_sum(m: re.Match[str], _context: Context) -> Judgement | None:
    """A sum or difference of quantities in several units of one kind: "4 feet + 3 inches = 7 feet"."""
    pieces = re.split(r"\s*([-+])\s*", m["left"].strip())
    amounts = [a for a in map(amount, (*pieces[::2], m["right"])) if a is not None and a.measured]
    if len(amounts) != len(pieces) // 2 + 2 or not same_kind(amounts):
        return None
    *added, told = amounts
    if len({a.factor for a in added}) == 1 and not any(a.several for a in amounts) and told.factor == added[0].factor:
        return None
    signs = [1, *(-1 if sign == "-" else 1 for sign in pieces[1::2])]
    right = Number(sum((s * a.base for s, a in zip(signs, added, strict=True)), Fraction(0)) / told.factor)
    return _measured(judge((right,), "=", (Number(told.value, told.places),)), right, told)


@rule(
    rf"(?:^(?:after )?|= ?|[,;:(] ?|\b(?:so|since|because|as|that|then|means|takes?|took|lasts?|lasted|for) )"
    rf"(?P<left>{COMPOUND} ?(?:,? ?\b(?:which|that) (?:is|are|equals)\b"
    rf"|\b(?:is|are|equals|is equal to|is the same as)\b|=) (?:just |exactly )?(?P<right>{COMPOUND}))"
    r"(?= ?(?:[=,;:)!]|\.(?!\d)|$|\b(?:and|so|because|since|then)\b))",
    " is ",
    " are ",
    "equals",
    "=",
)
def converted(m: re.Match[str], _context: Context) -> Judgement | None:
    """One quantity in another unit: "2 hours is 120 minutes", "two weeks, which is 14 days"."""
    left = re.split(r",?\s*\b(?:which|that)\s+|\s+(?:is|are|equals)\b|\s*=", m["left"])[0]
    mine, told = amount(left), amount(m["right"])
    if mine is None or told is None or not (mine.measured and told.measured) or not same_kind((mine, told)):
        return None
    if mine.factor == told.factor and not mine.several and not told.several:
        return None
    if (mine.unit.lower().startswith("week") and told.value in (5, 6)) or re.match(r"(?i)an? |half ", m["right"]):
        return None  # of a week at school or at work
    right = Number(mine.base / told.factor)
    return _measured(judge((right,), "=", (Number(told.value, told.places),)), right, told)


# --- the calendar and the clock ---------------------------------------------------------------------------------


_DAYS: Final = {"january": 31, "march": 31, "april": 30, "may": 31, "june": 30, "july": 31, "august": 31,
                "september": 30, "october": 31, "november": 30, "december": 31}  # fmt: skip
_PARTS: Final = {
    ("second", "minute"): 60, ("second", "hour"): 3600, ("minute", "hour"): 60, ("minute", "day"): 1440,
    ("hour", "day"): 24, ("hour", "week"): 168, ("day", "week"): 7, ("day", "fortnight"): 14, ("month", "year"): 12,
    ("year", "decade"): 10, ("year", "century"): 100, ("cent", "dollar"): 100, ("inch", "foot"): 12,
    ("foot", "yard"): 3, ("inch", "yard"): 36, ("foot", "mile"): 5280, ("millimeter", "centimeter"): 10,
    ("centimeter", "meter"): 100, ("millimeter", "meter"): 1000, ("meter", "kilometer"): 1000,
    ("gram", "kilogram"): 1000, ("milligram", "gram"): 1000, ("milliliter", "liter"): 1000,
    ("ounce", "pound"): 16, ("cup", "pint"): 2,
    ("pint", "quart"): 2, ("quart", "gallon"): 4, ("cup", "quart"): 4, ("pint", "gallon"): 8, ("cup", "gallon"): 16,
    ("side", "triangle"): 3, ("side", "square"): 4, ("side", "pentagon"): 5, ("side", "hexagon"): 6,
    ("side", "octagon"): 8, ("edge", "cube"): 12, ("vertice", "cube"): 8, ("face", "cube"): 6,
}  # fmt: skip
_SPELLED: Final = {"feet": "foot", "inches": "inch", "centuries": "century", "vertices": "vertice", "metre": "meter"}
_NUMBER: Final = rf"(\d[\d,]*|{'|'.join(NUMBERS)})"
_WHOLE: Final = rf"((?:the month of )?(?:{'|'.join(_DAYS)})|(?:an?|one|each|every) [a-z]+)"
_BARE_END: Final = r"(?= ?(?:[,.;:)!]|$|\b(?:and|so|then|we|the total|it|this)\b))"


@rule(
    rf"\bthere (?:are|is) (?:exactly )?{_NUMBER} ([a-z]+) in {_WHOLE}{_BARE_END}"
    rf"|(?<![\w-]){_WHOLE} (?:has|consists of) (?:exactly )?{_NUMBER} ([a-z]+){_BARE_END}",
    "there are",
    "there is",
    " has ",
    "consists",
)
def parts(m: re.Match[str], _context: Context) -> Judgement | None:
    """How many of one everyday unit another has: "there are 60 minutes in an hour", "May has 31 days"."""
    said, part, whole = (m[1], m[2], m[3]) if m[1] else (m[5], m[6], m[4])
    right = _many(_singular(part), whole.lower())
    number = NUMBERS.get(said.lower()) or int(said.replace(",", "") or 0)
    if right is None or not number or (whole.lower().endswith(" week") and number in (5, 6)):
        return None  # of a week at school or at work
    return Judgement("true", MEASURED) if number == right else Judgement("false", MEASURED, str(right))


def _singular(word: str) -> str:
    low = word.lower()
    return _SPELLED.get(low) or low.removesuffix("s").replace("metre", "meter").replace("litre", "liter")


def _many(part: str, whole: str) -> int | None:
    """How many of a part a whole has; of a month the days."""
    name = whole.split()[-1]
    if name in _DAYS:
        named = whole.startswith("the month of") or name != "march"
        return _DAYS[name] if part == "day" and named else None
    return _PARTS.get((part, _singular(name)))


_CLOCK: Final = r"(\d{1,2})(?::(\d\d))? ?([ap])\.? ?m\.?"


@rule(
    rf"(?:{NUM} hours? \(? ?(?:from|between) {_CLOCK} (?:to|until|till|and|-) {_CLOCK}"
    rf"|\bfrom {_CLOCK} (?:to|until|till|-) {_CLOCK} ?,? ?(?:(?:which|that|this) )?(?:is|are|equals|=|makes) "
    rf"(?:a total of |equal to |exactly )?{NUM} hours?)(?! (?:and|\d)|-)",
    "from",
    "between",
)
def clock(m: re.Match[str], _context: Context) -> Judgement | None:
    """How long it is from one time of day to another."""
    groups = m.groups()
    said, times = (groups[0], groups[1:7]) if groups[0] else (groups[13], groups[7:13])
    begin, end = (_minutes(*times[n : n + 3]) for n in (0, 3))
    if begin is None or end is None or "/" in said:
        return None
    right = Fraction((end - begin) % 1440, 60) or Fraction(24)
    written = Fraction(said.replace(",", ""))
    if written == right:
        return Judgement("true", MEASURED)
    if written > 24 or abs(written - right) <= 1:
        return None  # several days; both ends counted, or a break left out
    return Judgement("false", MEASURED, f"{shown(Number(right))} hours")


def _minutes(hour: str, minute: str | None, half: str) -> int | None:
    h, m = int(hour), int(minute or 0)
    if not 1 <= h <= 12 or m > 59:
        return None
    return 60 * (h % 12 + (12 if half.lower() == "p" else 0)) + m


# --- counts ----------------------------------------------------------------------------------------------------


@rule(
    r"(?:\bnumber of [^=.;:]{1,60}?|\bthere (?:is|are|will be|would be) )\d[\d,]*(?:\.\d+)? ?- ?\d[\d,]*(?:\.\d+)?"
    r" ?= ?-(?P<n>\d[\d,]*) ?(?P<unit>[a-z]+)(?: of [a-z]+)?(?! ?(?:below|under|degrees))",
    "number of",
    "there ",
)
def counts(m: re.Match[str], _context: Context) -> Judgement | None:
    """A number of things that is told to be negative."""
    if (
        m["unit"].lower() in ("degree", "degrees", "points", "point", "dollars", "units")
        or int(m["n"].replace(",", "")) == 0
    ):
        return None
    return Judgement("false", MEASURED, "a number of things is never negative")


_WHOLE_THINGS: Final = (
    "people|persons?|students?|children|child|kids?|boys?|girls?|men|women|adults?|friends?|passengers?|employees?|workers?"
    "|players?|votes?|goals?|legs?|pencils?|coins?|marbles?|puppies|kittens|stamps?|buttons?|tickets?"
)


@rule(
    rf"(?<![\w.,)])(?:= ?)?(?P<left>\(?\d[\d\s.,()*/+x-]{{0,80}})= ?"
    rf"(?P<n>\d[\d,]*\.\d+|\d+ ?/ ?\d+) (?:{_WHOLE_THINGS})\b"
    r"(?! ?(?:/|=|\bper\b|\ban?\b|\beach\b|\bon average\b|\bof\b|[-\u2013]))",
    "=",
)
def fractions(m: re.Match[str], _context: Context) -> Judgement | None:
    """A number of people, or of things that nobody cuts up, that is told to be a fraction."""
    value = Fraction(m["n"].replace(",", "").replace(" ", ""))
    before = m.string[: m.start()].lower()
    if value.denominator == 1 or _SPREAD.search(before) or _SPREAD.search(m.string[m.end() :].lower()):
        return None
    return Judgement("false", MEASURED, "a number of them is never a fraction")


_SPREAD: Final = re.compile(
    r"average|mean\b|rate\b|ratio|probab|expect|about|approx|round|percent|per\b|equivalent|whole|nearest|not possible"
)
"""Words by which a count may be a fraction, or is told to be none."""

_AMOUNT: Final = r"\\?\$? ?\d[\d,]*(?:\.\d+)?"
_SIGNED: Final = re.compile(
    r"(?i)\b(?:negative|differ\w*|change[sd]?|changing|net|loss|profit|below|debt|owes?|short|impossible|not possible"
    r"|cannot|can't|contradict\w*|deficit|error|mistake|no solution)\b"
)
"""Words by which a negative number may be meant."""


@rule(
    rf"\b(?P<what>discount|price|cost|age|length|width|weight|perimeter|area|volume)\b[^=.;\d$]{{0,60}}?"
    rf"(?:\bis\b|\bbe\b|:)[^=.;\d$]{{0,20}}(?P<left>{_AMOUNT} ?- ?{_AMOUNT} ?= ?- ?{_AMOUNT})(?![\w*/^(]| "
    rf"?[-+*/^] ?\d)",
    "-",
)
def negative_measures(m: re.Match[str], _context: Context) -> Judgement | None:
    """A price, an age or a length that is told to be negative."""
    return (
        None if _SIGNED.search(m.string) else Judgement("false", MEASURED, f"a {m['what'].lower()} is never negative")
    )


@rule(
    rf"(?:^|[ ,(])(?P<k>\d+|{'|'.join(NUMBERS)}) times (?:fewer|less) [a-z]+ (?P<verb>[a-z]+ [a-z]+)\b[^.;=]{{0,60}}?"
    r"(?P<left>(?P<a>\d+) ?\* ?(?P<b>\d+) ?= ?(?P<n>\d+))[^.;=\d]{0,20}\b(?P=verb)\b",
    "times fewer",
    "times less",
)
def times_fewer(m: re.Match[str], _context: Context) -> Judgement | None:
    """Several times fewer, computed as several times more: "3 times fewer get on the bus, so 3 * 21 = 63 get on"."""
    factor = NUMBERS.get(m["k"].lower()) or int(m["k"])
    a, b = int(m["a"]), int(m["b"])
    if factor < 2 or factor not in (a, b) or a * b != int(m["n"]) or re.search(r"(?i)\bthan\b", m[0]):
        return None
    return Judgement("false", MEASURED, shown(Number(Fraction(a * b // factor, factor))))


@rule(
    rf"\b(?:by|another|additional) (?P<k>\d+) (?P<u>[a-z]+)\b[^.;=]{{0,60}}?"
    rf"(?P<left>(?P<a>\d+) ?(?P<sign>[-+]) ?(?P=k) ?= ?(?P<n>\d+) ?(?P<v>[a-z]+)){_DONE}",
    " by ",
    "another",
    "additional",
)
def other_unit(m: re.Match[str], _context: Context) -> Judgement | None:
    """A change in one unit that is added as if it were in another: "grew by 3 inches, so it is 4 + 3 = 7 feet"."""
    change, told = amount(f"{m['k']} {m['u']}"), amount(f"{m['n']} {m['v']}")
    if change is None or told is None or not (change.measured and told.measured) or not same_kind((change, told)):
        return None
    if change.factor == told.factor or "months" in told.kinds:
        return None
    step = change.base / told.factor
    right = Number(Fraction(m["a"]) + (step if m["sign"] == "+" else -step))
    return Judgement("false", MEASURED, f"{shown(right)} {told.unit}")


EVERYDAY_RULES: Final[tuple[Rule, ...]] = (
    quantities, mixed_sum, lasting, parts, converted, clock, counts, fractions, negative_measures, times_fewer,
    other_unit,
)  # fmt: skip
