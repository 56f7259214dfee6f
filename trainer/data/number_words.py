"""Which numbers a question says: in digits, in words, or by a unit or an idiom that stands for one."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from typing import Final

_TENS: Final = ("thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SPELLED: Final = {
    word: value
    for value, words in enumerate(
        (
            "two twice double doubled doubles half second",
            "three thrice triple tripled triples third",
            "four quadruple fourth quarter",
            "five fifth",
            "six sixth",
            "seven seventh",
            "eight eighth",
            "nine ninth",
            "ten tenth",
            "eleven eleventh",
            "twelve twelfth dozen",
            "thirteen thirteenth",
            "fourteen fourteenth",
            "fifteen fifteenth",
            "sixteen sixteenth",
            "seventeen seventeenth",
            "eighteen eighteenth",
            "nineteen nineteenth",
            "twenty twentieth",
        ),
        2,
    )
    for word in words.split()
} | {word: 10 * tens for tens, word in enumerate(_TENS, 3)}
_ORDINAL: Final = re.compile(
    rf"\b(?:(\d+)(?:st|nd|rd|th)|({'|'.join(w for w in _SPELLED if re.search('second|third|th$', w))}))\b", re.I
)
_MEANT: Final = tuple(
    (re.compile(rf"(?<![\w])(?:{words})(?![\w])" if words != "%" else "%", re.IGNORECASE), values)
    for words, values in (
        (r"one|once|an? hour|first|single|alone", (1,)),
        (
            r"hal(?:f|ves)|halfway|twice|doubl\w*|two|both|pairs?|couples?|twins?|round.?trip|back and forth|each way",
            (2,),
        ),
        (r"tripl\w*|thrice|three|thirds?|yards?|f(?:oo|ee)t", (3,)),
        (r"quarters?|fourths?|four|quadrupl\w*|quarts?|gallons?|seasons?", (4, 25)),
        (r"five|fifths?|nickels?|workdays?|weekdays?", (5,)),
        (r"six|sixths?", (6,)),
        (r"seven|days?|daily", (7,)),
        (r"weeks?|weekly", (7,)),
        (r"weekends?", (2,)),
        (r"eight|eighths?|pints?", (8,)),
        (r"nine", (9,)),
        (r"ten|tenths?|dimes?|decades?", (10,)),
        (r"dozens?|twelve|months?|monthly|years?|yearly|annual\w*|f(?:oo|ee)t|inch(?:es)?", (12,)),
        (r"pounds?|ounces?|lbs?|oz", (16,)),
        (r"eleven", (11,)),
        (r"fifteen", (15,)),
        (r"twenty|scores?", (20,)),
        (r"days?|daily|hours?|hourly", (24,)),
        (r"thirty|months?|monthly|half an hour", (28, 29, 30, 31)),
        *((word, (10 * tens,)) for tens, word in enumerate(_TENS[1:], 4)),
        (r"years?|yearly|annual\w*|weeks?|weekly|months?", (4, 52)),
        (r"hours?|minutes?|seconds?|hourly", (60, 3600)),
        (r"years?|yearly|annual\w*", (360, 365, 366)),
        (r"percent\w*|cents?|century|centuries|hundreds?|meters?|centimeters?|cm", (100,)),
        ("%", (100,)),
        (r"thousands?|kilo\w*|kg|km|grams?|lit(?:er|re)s?|ml|tons?|meters?", (1000,)),
    )
)
"""Words, and the numbers they may stand for in a calculation without being written in digits."""


def said_numbers(question: str) -> frozenset[Fraction]:
    """Every number that a question states in digits, and the hundred of its percentages."""
    found = {Fraction(m.replace(",", "")) for m in re.findall(r"\d[\d,]*(?:\.\d+)?", question)}
    found |= {Fraction(m) for m in re.findall(r"(?<![\d.])\.\d+", question)}
    return frozenset(found | {Fraction(100)} if re.search(r"%|percent", question, re.IGNORECASE) else found)


_PERCENTAGES: Final = re.compile(
    r"\d[\d,]*(?:\.\d+)?(?:\s*(?:%|percent)?\s*(?:,|and|or|to|-|–)\s*(?:and\s|or\s)?\s*\d[\d,]*(?:\.\d+)?)*"
    r"[\s-]*(?:%|per ?cent\b)",
    re.IGNORECASE,
)


def percentages(question: str) -> list[Fraction]:
    """The numbers of a question that are so many per cent, as often as they stand there."""
    found = (n for m in _PERCENTAGES.findall(question) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", m))
    spelled = re.findall(r"\b([a-z]+)[ -]per ?cent\b", question.lower())
    return [Fraction(n.replace(",", "")) for n in found] + [Fraction(_SPELLED[w]) for w in spelled if w in _SPELLED]


def meant_numbers(question: str) -> frozenset[Fraction]:
    """The numbers that words of a question stand for, all that each may mean."""
    found: set[int] = set()
    for pattern, values in _MEANT:
        if pattern.search(question):
            found.update(values)
    return frozenset(Fraction(v) for v in found)


_PARTS: Final = (
    (re.compile(r"\b(?:legs?|legged|feet|paws|walk\w* on)\b", re.IGNORECASE), (2, 4, 6, 8)),
    (re.compile(r"\b(?:wheels?|wheeled|tires?|tyres?)\b", re.IGNORECASE), (1, 2, 3, 4)),
    (re.compile(r"\b(?:eyes?|ears?|hands?|arms|wings?|shoes|socks|gloves)\b", re.IGNORECASE), (2,)),
    (re.compile(r"\b(?:fingers?|toes)\b", re.IGNORECASE), (5, 10)),
    (re.compile(r"\b(?:sides?|corners?|squares?|rectang\w+|perimeter)\b", re.IGNORECASE), (4,)),
    (re.compile(r"\b(?:triang\w+)\b", re.IGNORECASE), (3,)),
    (re.compile(r"\bmonth(?:s|ly)?\b", re.IGNORECASE), (4,)),
    (re.compile(r"\b(?:work|week|school) ?days?\b", re.IGNORECASE), (5,)),
)


def part_numbers(question: str) -> frozenset[Fraction]:
    """How many parts things that a question names may have without its being said: legs of a dog, weeks of a month."""
    return frozenset(Fraction(v) for pattern, values in _PARTS if pattern.search(question) for v in values)


def spelled_numbers(question: str) -> frozenset[Fraction]:
    """The numbers that a question spells out in words; unlike :func:`meant_numbers` without those of units."""
    words = re.findall(r"[a-z]+", question.lower())
    found = {_SPELLED[w.removesuffix("s")] for w in words if w.removesuffix("s") in _SPELLED}
    return frozenset(map(Fraction, found))


def number_words(text: str) -> frozenset[str]:
    """The words of a text that spell a number out, also within names: ``sets_of_two`` has "two"."""
    words = re.findall(r"[a-z]+", text.lower())
    return frozenset(w.removesuffix("s") for w in words if w.removesuffix("s") in _SPELLED)


def ordinals(question: str) -> frozenset[int]:
    """The places in an order that a question speaks of: 4 for "on the fourth day"."""
    return frozenset(int(digits) if digits else _SPELLED[word.lower()] for digits, word in _ORDINAL.findall(question))


_UP_TO_TWENTY: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_COUNTS: Final = {word: value for value, word in enumerate(_UP_TO_TWENTY.split())} | {
    word: 10 * tens for tens, word in enumerate(_TENS, 3)
}
_MULTIPLES: Final = {
    word: value
    for value, words in (
        (2, "twice double doubled doubles doubling"),
        (3, "thrice triple tripled triples tripling"),
        (4, "quadruple quadrupled quadruples"),
        (12, "dozen dozens"),
        (100, "hundred hundreds"),
        (1000, "thousand thousands"),
        (10**6, "million millions"),
    )
    for word in words.split()
}
_SCALES: Final = "hundred|thousand|million"
_SHARES: Final = {
    word: value
    for value, words in enumerate(
        ("half halves", "third", "quarter fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), 2
    )
    for word in words.split()
}
_NUMBER_SAID: Final = re.compile(
    r"(?P<digits>\d[\d,]*(?:\.\d+)?|(?<!\w)\.\d+)(?:/(?P<under>[1-9]\d*))?"
    rf"|\b(?:(?P<above>{'|'.join(list(_COUNTS)[1:10])})[ -]|an? (?=[a-z]+ (?:of|as|the|that|more|less|fewer|off)\b))"
    rf"(?P<share>{'|'.join(_SHARES)})s?\b"
    r"|\b(?P<half>half|halves|halved|halfway)\b"
    rf"|\b(?P<tens>twenty|{'|'.join(_TENS)})[ -](?P<ones>{'|'.join(list(_COUNTS)[1:10])})\b"
    rf"|\b(?P<count>{'|'.join(_COUNTS)})\b(?: (?P<scale>{_SCALES})\b)?"
    rf"|\b(?P<word>{'|'.join(_MULTIPLES)})\b",
    re.IGNORECASE,
)


def numbers_in(text: str) -> Counter[Fraction]:
    """How often a text says each number, in digits or in words: "twice", "a third of", "thirty-five", "2/5".

    "Three beds" and "the third bed" are different things: an ordinal is no number here.
    """
    found: Counter[Fraction] = Counter()
    for m in _NUMBER_SAID.finditer(text):
        said = {name: value.lower() for name, value in m.groupdict().items() if value}
        if "digits" in said:
            value = Fraction(said["digits"].replace(",", "")) / int(said.get("under", "1"))
        elif "share" in said:
            value = Fraction(_COUNTS[said.get("above", "one")], _SHARES[said["share"]])
        elif "half" in said:
            value = Fraction(1, 2)
        elif "tens" in said:
            value = Fraction(_COUNTS[said["tens"]] + _COUNTS[said["ones"]])
        elif "count" in said:
            value = Fraction(_COUNTS[said["count"]]) * _MULTIPLES.get(said.get("scale", ""), 1)
        else:
            value = Fraction(_MULTIPLES[said["word"]])
        found[value] += 1
    return found
