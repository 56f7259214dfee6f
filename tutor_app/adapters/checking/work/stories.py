"""The quantities of a problem told in words, and whether an equation that a student sets up can be about them.

Ages, prices, lengths and numbers of which sums, differences and multiples are told, rectangles, riddles about one
number, fixed prices with a rate. A story is known only where every number in it was understood and its quantities come
out positive. An equation is refused only where its letters can stand for no quantities of the story, now or at a time
that it tells; what a letter stands for is kept from line to line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import permutations, product
from typing import Final

from tutor_app.adapters.checking.work.lines import Statement, read_line, read_side
from tutor_app.adapters.checking.work.riddles import quantities_of_riddle
from tutor_app.adapters.checking.work.slips import with_one_sign_changed
from tutor_app.adapters.checking.work.state import Found
from tutor_app.adapters.checking.work.values import Unknown, Value, alike, value
from tutor_app.adapters.grading.terms import Number, Product, Sum, Symbol, Term, substituted, symbols, total
from tutor_app.adapters.grading.terms import product as multiplied

_N: Final = r"(\d+(?:\.\d+)?)"
_MONEY: Final = r"[$€£]? ?"
_UNITS: Final = (
    r"(?: ?(?:years?|euros?|dollars?|pounds?|cents?|cm|mm|km|m|kg|g|points?|meters?|metres?|centimet(?:er|re)s?|inches"
    r"|feet|ft|[€$£]))?"
)
_WHO: Final = r"(?:(?:the|an?|his|her|their|its) )?([a-z]+)"
_VERB: Final = r"(?:is|was|has|had|costs?|weighs?|earns?|owns|scored|got|collected|saved|gets)"
_MORE: Final = "more|older|taller|longer|heavier|dearer|wider|higher|bigger|larger|greater"
_LESS: Final = "younger|shorter|less|fewer|smaller|lighter|cheaper|narrower"
_AS: Final = r"(?:as |so )?(?:old|much|many|long|tall|heavy|expensive|big|large|wide|far|high)"
_THINGS: Final = r"(?: [a-z]+)?"
_MORE_THAN: Final = re.compile(
    rf"\b{_WHO} {_VERB} {_MONEY}{_N}{_UNITS}{_THINGS} ({_MORE}|{_LESS}){_THINGS} than {_WHO}\b"
)
_TIMES: Final = re.compile(rf"\b{_WHO} {_VERB} {_N} times {_AS}{_THINGS} as {_WHO}\b")
_LATER: Final = re.compile(rf"\bin {_N} years?,? {_WHO} (?:will be|is) {_N} times as old(?: as {_WHO})?\b")
_LATER_BEHIND: Final = re.compile(rf"\b{_WHO} will be {_N} times as old as {_WHO} in {_N} years\b")
_AGO: Final = re.compile(rf"\b{_N} years? ago,? {_WHO} was {_N} times as old(?: as {_WHO})?\b")
_HAVE: Final = r"(?:are|have|had|costs?|weigh|own|earn|scored|saved)"
_TOGETHER: Final = re.compile(
    rf"\b(?:together,? they {_HAVE}|(?:they|[a-z]+ and [a-z]+) (?:{_HAVE} together|together {_HAVE})"
    rf"|(?:the )?sum of (?:their|the|both) ages is|their ages add up to|together(?: they)? {_HAVE})"
    rf" {_MONEY}{_N}{_UNITS}"
)
_TOGETHER_BEHIND: Final = re.compile(
    rf"\b(?:they|[a-z]+ and [a-z]+) {_HAVE} {_MONEY}{_N}{_UNITS}(?: old)?{_THINGS} (?:together|altogether|in total)\b"
)
_BOUGHT: Final = re.compile(
    rf"\b{_N} ([a-z]+) and {_N} ([a-z]+) (?:together )?cost (?:a total of )?{_MONEY}{_N}{_UNITS}"
)
_LONGER_THAN_WIDE: Final = re.compile(
    rf"\b(?:rectangle|garden|field|room|it)\b[a-z ]*? is {_N}{_UNITS} longer than (?:it is )?(?:wide|broad)\b"
)
_AS_LONG_AS_WIDE: Final = re.compile(rf"\bis {_N} times as long as (?:it is )?(?:wide|broad)\b")
_LENGTH_IS: Final = re.compile(rf"\blength [a-z ]*?is {_N}{_UNITS} (?:more|longer|greater) than (?:its|the) width\b")
_LENGTH_TIMES: Final = re.compile(rf"\blength [a-z ]*?is {_N} times (?:its|the|as long as its) width\b")
_WIDTH_IS: Final = re.compile(rf"\bwidth [a-z ]*?is {_N}{_UNITS} (?:less|shorter|smaller) than (?:its|the) length\b")
_PERIMETER: Final = re.compile(rf"\bperimeter (?:[a-z ]*?)?(?:is|of) {_N}")
_AREA: Final = re.compile(rf"\barea (?:[a-z ]*?)?(?:is|of) {_N}")
_SUM: Final = re.compile(
    rf"\bsum of (?:two|2) (?:whole )?numbers is {_N}|\btwo numbers (?:add up to|have the sum) {_N}|\btheir sum is {_N}"
)
_DIFFERENCE: Final = re.compile(
    rf"\b(?:their difference|the difference (?:of|between) (?:the )?(?:two|2) numbers) is {_N}"
)
_LARGER: Final = r"(?:(?:one|1)(?: number| of them)?|the (?:larger|greater|bigger)(?: one| number)?)"
_OTHER: Final = r"(?:the other|another|the smaller)"
_ONE_TIMES: Final = re.compile(rf"\b{_LARGER} is {_N} times {_OTHER}")
_ONE_MORE: Final = re.compile(rf"\b{_LARGER} is {_N} (?:more|larger|greater|bigger) than {_OTHER}")
_PRICED: Final = re.compile(
    rf"\btickets? (?:cost|are) {_MONEY}(?P<p>\d+(?:\.\d+)?){_UNITS} for (?:an? |each )?(?P<a>[a-z]+) and {_MONEY}"
    rf"(?P<q>\d+(?:\.\d+)?){_UNITS} for (?:an? |each )?(?P<b>[a-z]+)"
)
_PRONOUNS: Final = frozenset(("he", "she", "it", "they", "him", "her", "them", "his", ""))
_NO_NAMES: Final = frozenset(("who", "which", "that", "there", "one", "number", "sum", "age", "price", "cost", "what"))
_WORDS: Final = {
    "twice": "2 times", "thrice": "3 times", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "twelve": "12",
}  # fmt: skip
_WORD: Final = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b(?! (?:of|other|numbers?|angles?|people|friends|boys|girls)\b)")
_LEFT: Final = re.compile(rf"\b(?:{'|'.join(w for w in _WORDS if w != 'one')}) of\b|\bhalf\b|\bthird of\b")
_ANY_NUMBER: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
MOST_WAYS: Final = 4000
"""Of giving letters their quantities."""

Equation = tuple[dict[str, Fraction], Fraction]
"""Coefficients of quantities, and what they come to."""


@dataclass(slots=True)
class Story:
    """What is known of a problem told in words.

    Attributes:
        readings: The quantities by their names, for each way to understand the pronouns.
        others: What else a letter may stand for, for each of them.
        years: How far the other times that are told are away.
        ways: What the letters so far may stand for; None before the first equation.
    """

    readings: list[dict[str, Value]]
    others: list[tuple[Value, ...]]
    years: tuple[Fraction, ...] = ()
    ways: list[dict[str, Value]] | None = field(default=None)

    def names(self, text: str) -> None:
        """Take up what a line says in words that letters stand for: at another time, and nothing is refused."""
        if re.search(r"(?i)\b(?:in \w+ years?|ago|after|later|before|then|will|was)\b", text):
            self.readings = []

    def judged(self, text: str, found: Found) -> Found:
        """The finding about a line, where it is an equation that cannot be about the story."""
        if found.kind == "words":
            self.names(text)
        if not self.readings or found.kind != "new":
            return found
        for statement in read_line(text).statements:
            if self.refuses(statement):
                slip = self.slip(statement)
                self.readings = []  # what is said behind it goes on from there
                return Found("false", "this does not fit what the problem tells", slip, alone=True)
        return found

    def refuses(self, statement: Statement) -> bool:
        """Whether an equation can be about no quantities of the story; else what its letters may be is kept."""
        names = sorted(statement.names)
        if not names or set(statement.relations) != {"="} or len(names) > 3 or _tells_number(statement):
            return False
        ways = [way for start in self._starts() for way in self._extended(start, names, statement)]
        if not ways or len(ways) > MOST_WAYS:
            return False
        held = [way for way in ways if _holds(statement, way)]
        if held:
            self.ways = held
        return not held

    def slip(self, statement: Statement) -> str:
        """The slip in an equation that was refused, or empty."""
        for slip, other in _other_forms(statement, self.years):
            if not Story(self.readings, self.others, self.years, self.ways).refuses(other):
                return slip
        return ""

    def _starts(self) -> list[dict[str, Value]]:
        return self.ways if self.ways is not None else [{"": Fraction(k)} for k in range(len(self.readings))]

    def _extended(
        self, way: dict[str, Value], names: Sequence[str], statement: Statement
    ) -> Iterator[dict[str, Value]]:
        """The ways in which letters that are new may stand for quantities."""
        reading = int(way[""])
        quantities = self.readings[reading]
        new = [name for name in names if name not in way]
        choices: list[tuple[Value, ...]] = []
        for name in new:
            own = [who for who in quantities if who[0] == name.lower()]
            if len(own) == 1 and len(quantities) > 1:
                choices.append((quantities[own[0]],))
            elif len(new) == 1 and (defined := _defined(name, statement, way)) is not None:
                choices.append((defined,))
            else:
                choices.append((*quantities.values(), *self.others[reading]))
        for values in product(*choices):
            yield {**way, **dict(zip(new, values, strict=True))}


def _tells_number(statement: Statement) -> bool:
    """Whether it says what number a letter is; that may be a quantity on the way."""
    return any(isinstance(statement.sides[k], Symbol) and not symbols(statement.sides[-1 - k]) for k in (0, -1))


def _defined(name: str, statement: Statement, way: Mapping[str, Value]) -> Value | None:
    """What a new letter stands for that is told by the others: ``p = 2w + 2l``."""
    for side, other in (statement.sides[:2], statement.sides[:2][::-1]):
        if side == Symbol(name) and name not in symbols(other) and symbols(other) <= way.keys():
            return _value(other, way)
    return None


def _value(term: Term, point: Mapping[str, Value]) -> Value | None:
    try:
        return value(term, point)
    except Unknown:
        return None


def _holds(statement: Statement, way: Mapping[str, Value]) -> bool:
    values = [_value(side, way) for side in statement.sides]
    known = [v for v in values if v is not None]
    return len(known) < len(values) or all(_is_close(known[0], v) for v in known[1:])


def _is_close(one: Value, other: Value) -> bool:
    exact = isinstance(one, Fraction) and isinstance(other, Fraction)
    return alike(one, other) or (not exact and abs(float(one) - float(other)) <= 0.005 * abs(float(one)))


def _other_forms(statement: Statement, years: Sequence[Fraction]) -> Iterator[tuple[str, Statement]]:
    """The equation with years on the other side too, with a factor taken to every term, or with one other sign."""
    for moved in years:
        turned = [read_side(_turned(source, abs(moved))) for source in statement.sources]
        known = tuple(side for side in turned if side is not None)
        changed_sides = sum(_turned(source, abs(moved)) != source for source in statement.sources)
        if len(known) == len(turned) and changed_sides > 1:
            yield "sign", Statement(known, statement.relations, False, statement.sources)
    for k, side in enumerate(statement.sides):
        for moved in years if isinstance(side, Product | Symbol) else ():
            later: dict[str, Term] = {name: total(Symbol(name), Number(moved)) for name in symbols(side)}
            yield "", _with_side(statement, k, substituted(side, later))
    for k, side in enumerate(statement.sides):
        if isinstance(side, Sum):
            for factor in {
                f.value for t in side.terms if isinstance(t, Product) for f in t.factors if isinstance(f, Number)
            }:
                scaled = [multiplied(Number(factor), t) if isinstance(t, Number) else t for t in side.terms]
                yield "distribution", _with_side(statement, k, total(*scaled))
    for k, source in enumerate(statement.sources):
        for changed in with_one_sign_changed(source):
            if (other_side := read_side(changed)) is not None:
                yield "sign", _with_side(statement, k, other_side)
    if len(statement.sides) == 2 and isinstance(statement.sides[0], Symbol):
        names = sorted(statement.names)
        for a, b in permutations(names, 2):
            swapped: dict[str, Term] = {a: Symbol(b), b: Symbol(a)}
            yield (
                "",
                Statement(
                    tuple(substituted(s, swapped) for s in statement.sides),
                    statement.relations,
                    False,
                    statement.sources,
                ),
            )


def _turned(source: str, number: Fraction) -> str:
    """A side with the years added instead of taken away, or the other way round."""
    return re.sub(rf"([-+])(?=\s*{number}(?!\d))", lambda m: "-" if m[1] == "+" else "+", source)


def _with_side(statement: Statement, place: int, side: Term) -> Statement:
    sides = (*statement.sides[:place], side, *statement.sides[place + 1 :])
    return Statement(sides, statement.relations, False, statement.sources)


# -- the problem ------------------------------------------------------------------------------------------------------


def read_story(problem: str) -> Story:
    """What is known of a problem; a story without readings if not all of it was understood."""
    text = _normalized(problem)
    if (riddle := quantities_of_riddle(text)) is not None:
        return Story([{"number": riddle[0]}], [riddle[1:]])
    if (found := _two_numbers(text) or _rectangle(text)) is not None:
        a, b = found.values()
        around: tuple[Value, ...] = (a + b, a - b, b - a, 2 * (a + b), a * b)
        return Story([found], [around])
    return _tickets(text) or _of_people(text) or Story([], [])


def _normalized(problem: str) -> str:
    text = re.sub(r"[\u2019']s?\b", "", problem.lower().replace("\u2009", " "))
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = _WORD.sub(lambda m: _WORDS[m[0]], text)
    return re.sub(r"\s+", " ", re.sub(r"\bhalf (?=as)", "0.5 times ", text)).strip()


def _with_moved(found: Mapping[str, Value], years: Sequence[Fraction]) -> list[Value]:
    """Quantities at the other times that are told."""
    return [v + y for v in found.values() for y in years]


def _all_understood(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether every number of a text stands in what was understood."""
    if _LEFT.search(text):
        return False
    numbers = [m.span() for m in _ANY_NUMBER.finditer(text)]
    return bool(numbers) and all(any(a <= x and y <= b for a, b in spans) for x, y in numbers)


def _two_numbers(text: str) -> dict[str, Value] | None:
    """Two numbers of which the sum is told with their difference, or how one comes of the other."""
    rules = _SUM.search(text), _DIFFERENCE.search(text) or _ONE_MORE.search(text), _ONE_TIMES.search(text)
    told = [m for m in rules if m is not None]
    if len(told) != 2 or not _all_understood(text, [m.span() for m in told]):
        return None
    whole, difference, times = (None if m is None else Fraction(next(filter(None, m.groups()))) for m in rules)
    if whole is not None and difference is not None:
        return {"larger": (whole + difference) / 2, "smaller": (whole - difference) / 2}
    if times is None or times == 1 or times <= 0:
        return None
    smaller = whole / (times + 1) if whole is not None else (difference or Fraction(0)) / (times - 1)
    return {"larger": times * smaller, "smaller": smaller} if smaller > 0 else None


def _rectangle(text: str) -> dict[str, Value] | None:
    """A rectangle of which the perimeter or area and how long it is by its width are told."""
    more = _LONGER_THAN_WIDE.search(text) or _LENGTH_IS.search(text) or _WIDTH_IS.search(text)
    times = _AS_LONG_AS_WIDE.search(text) or _LENGTH_TIMES.search(text)
    around, area = _PERIMETER.search(text), _AREA.search(text)
    told = [m for m in (more, times, around, area) if m is not None]
    if len(told) != 2 or (more is None) == (times is None) or not _all_understood(text, [m.span() for m in told]):
        return None
    plus, factor = Fraction(more[1]) if more else Fraction(0), Fraction(times[1]) if times else Fraction(1)
    if around is not None:
        width: Value = (Fraction(around[1]) / 2 - plus) / (1 + factor)
    else:
        assert area is not None
        under = plus * plus + 4 * factor * Fraction(area[1])
        root = float(under) ** 0.5
        exact = Fraction(round(root)) if round(root) ** 2 == under else root
        width = (exact - plus) / (2 * factor)
    if width <= 0:
        return None
    length = factor * width + plus
    return {"length": length, "width": width}


def _tickets(text: str) -> Story | None:
    """How many of two kinds were sold or are there, by their prices, their number and what they come to."""
    m = _PRICED.search(text)
    if m is None:
        return None
    numbers = [Fraction(n) for n in _ANY_NUMBER.findall(text)]
    p, q = Fraction(m["p"]), Fraction(m["q"])
    rest = [n for n in numbers if n not in (p, q)]
    if len(numbers) != 4 or len(rest) != 2 or p == q or m["a"][0] == m["b"][0]:
        return None
    many, whole = rest
    first = (whole - q * many) / (p - q)
    second = many - first
    if min(first, second) < 0 or first.denominator > 1:
        return None
    return Story([{_single(m["a"]): first, _single(m["b"]): second}], [(many, whole, p * first, q * second)])


def _of_people(text: str) -> Story | None:
    """Two persons or things, of which sums, differences and multiples are told, now or at another time."""
    told: list[tuple[str, re.Match[str]]] = []
    for kind, pattern in (
        ("later", _LATER), ("later_behind", _LATER_BEHIND), ("ago", _AGO), ("bought", _BOUGHT), ("together", _TOGETHER),
        ("together", _TOGETHER_BEHIND),
        ("more", _MORE_THAN), ("times", _TIMES),
    ):  # fmt: skip
        for m in pattern.finditer(text):
            if not any(m.start() < other.end() and other.start() < m.end() for _, other in told):
                told.append((kind, m))
    names = list(
        dict.fromkeys(
            _single(who) for _, m in told for who in m.groups() if who and who.isalpha() and not _is_word(who)
        )
    )
    if len(names) != 2 or len(told) != 2 or not _all_understood(text, [m.span() for _, m in told]):
        return None
    first, second = names
    years = [Fraction(m[1]) if kind == "later" else Fraction(m[4]) if kind == "later_behind" else -Fraction(m[1])
             for kind, m in told if kind in ("later", "later_behind", "ago")]  # fmt: skip
    readings: list[dict[str, Value]] = []
    for order in ((first, second), (second, first)):
        equations = [_equation(kind, m, order) for kind, m in told]
        known = [e for e in equations if e is not None]
        found = _solved(known, names) if len(known) == 2 else None
        if found is not None and all(v > 0 for v in found.values()) and found not in readings:
            readings.append(found)
    wholes = [Fraction(m[1]) for kind, m in told if kind == "together"]
    others = [(*_with_moved(found, years), *wholes) for found in readings]
    return Story(readings, others, tuple(years)) if readings else None


def _is_word(who: str) -> bool:
    comparing = {*_MORE.split("|"), *_LESS.split("|")}
    return who in _PRONOUNS | _NO_NAMES | comparing


def _single(name: str) -> str:
    return name[:-1] if name.endswith("s") and len(name) > 3 and not name.endswith("ss") else name


def _equation(kind: str, m: re.Match[str], order: tuple[str, str]) -> Equation | None:
    """What a clause tells; the first of an order is who a pronoun means as the subject."""
    one = Fraction(1)
    if kind == "together":
        return {order[0]: one, order[1]: one}, Fraction(m[1])
    if kind == "bought":
        a, b = _single(m[2]), _single(m[4])
        return ({a: Fraction(m[1]), b: Fraction(m[3])}, Fraction(m[5])) if a != b else None
    if kind == "more":
        who, number, word, whom = m.groups()
    elif kind == "later_behind":
        who, number, whom, word = m.groups()
    else:
        who, number, whom, word = (m[1], m[2], m[3], "0") if kind == "times" else (m[2], m[3], m[4] or "", m[1])
    pair = _who(_single(who), _single(whom), order)
    if pair is None:
        return None
    subject, other = pair
    if kind == "more":
        return {subject: one, other: -one}, Fraction(number) * (1 if word in _MORE.split("|") else -1)
    years = -Fraction(word) if kind == "ago" else Fraction(word)
    times = Fraction(number)
    return {subject: one, other: -times}, (times - 1) * years


def _who(subject: str, other: str, order: tuple[str, str]) -> tuple[str, str] | None:
    known = [who if who in order else "" for who in (subject, other)]
    if not known[0] and not known[1]:
        return order
    if known[0]:
        known[1] = known[1] or next(who for who in order if who != known[0])
    else:
        known[0] = next(who for who in order if who != known[1])
    return (known[0], known[1]) if known[0] != known[1] else None


def _solved(equations: Sequence[Equation], names: Sequence[str]) -> dict[str, Value] | None:
    (a, r), (b, s) = equations
    x, y = names
    if not (a.keys() | b.keys()) <= {x, y}:
        return None
    p, q, u, v = a.get(x, Fraction(0)), a.get(y, Fraction(0)), b.get(x, Fraction(0)), b.get(y, Fraction(0))
    determinant = p * v - q * u
    if determinant == 0:
        return None
    return {x: (r * v - q * s) / determinant, y: (p * s - r * u) / determinant}
