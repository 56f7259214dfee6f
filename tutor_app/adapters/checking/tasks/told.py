"""Tasks told freely, by the quantities in them: interest, speed and time; and averages of which a number is missing.

The words may stand in any order, so every word must be one that these tasks are told with; a number too many or a word
that is not known, and nothing is recognised. Loaded only in the checking process.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.problem import THE, Expected, Problem, Rules, tex, value_of
from tutor_app.adapters.checking.words import NUMBERS
from tutor_app.adapters.grading.units import measure

rule: Final = Rules()

_NUMBER: Final = r"\d[\d,]*(?:\.\d+)?"
_COUNT: Final = rf"(?:{_NUMBER}|{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
_QUESTION: Final = re.compile(
    r"(?i)(?:^|[.,;!:] )(?:(?:what|how|find|calculate|compute|determine|work out|after)\b(?:[^.;]|\.\d)*)$"
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_COMMON: Final = _set(
    """a an the is are was will be would does do did has have had it its he she they we you i what how much many find
    into calculate compute determine work out at of for in on to from by with and if that this there then after over per
    each every his her their my your our total long so"""
)


@dataclass(frozen=True, slots=True)
class _Story:
    """A text with its formulas put back, and its question."""

    told: str
    question: str

    @classmethod
    def of(cls, p: Problem, text: str) -> _Story:
        """The story that the line of a problem tells.

        Raises:
            Unsure: If it has no question at its end.
        """
        whole = re.sub(r"⟦(\d+)⟧", lambda m: p.formulas[int(m[1])], text)
        whole = re.sub(r"\\text\{([^{}]*)\}", r"\1", whole).replace("\\%", "%").replace("\\$", "$").replace("{,}", ",")
        whole = whole.strip().rstrip("?.! ")
        asked = _QUESTION.search(whole)
        if asked is None:
            raise Unsure
        return cls(whole[: asked.start()], whole[asked.start() :].lstrip(".,;!: "))

    def check_words(self, known: frozenset[str], strange: int = 0) -> None:
        """Refuse a story with other words than the known ones; names of people and things may be ``strange``.

        Raises:
            Unsure: If there is one.
        """
        others = {
            word.lower()
            for word in re.findall(r"[A-Za-z][A-Za-z'’-]*", f"{self.told} {self.question}")
            if word.lower() not in known and word.lower() not in _COMMON and word.lower() not in NUMBERS
        }
        if len(others) > strange or not _CHANGING.isdisjoint(others):
            raise Unsure


_CHANGING: Final = _set(
    """not no more less than another again twice double half third quarter before then both back return other rest stop
    stops stopped first second next later earlier remaining left together difference increase increases decrease
    decreases raises doubles triple tax fee withdraws deposits additional extra also faster slower ratio percent must
    need needs needed should required reach reaches become becomes apart towards toward opposite except"""
)
"""Words that make another task of it."""


def _fraction(text: str) -> Fraction:
    """A number in digits or words."""
    return Fraction(NUMBERS[text.lower()]) if text.lower() in NUMBERS else Fraction(text.replace(",", ""))


def _counts(text: str) -> bool:
    """Whether a number is left over, in digits or words."""
    return (
        re.search(rf"\d|\b(?:{'|'.join(word for word in NUMBERS if word != 'one')})\b", text, re.IGNORECASE) is not None
    )


def _shown(value: Fraction) -> str:
    import sympy as sp

    return tex(sp.Rational(value.numerator, value.denominator))


# --- interest ------------------------------------------------------------------------------------------------------

_PERCENT: Final = re.compile(rf"({_NUMBER}) ?(?:%|percent\b|per cent\b)")
_YEARS: Final = re.compile(rf"({_COUNT}) (year|month)s?\b")
_AMOUNT: Final = re.compile(rf"[$€£]? ?({_NUMBER})")
_PERIODS: Final = {
    "annually": 1, "yearly": 1, "once a year": 1, "every year": 1, "each year": 1, "semiannually": 2,
    "semi-annually": 2, "half-yearly": 2, "twice a year": 2, "every six months": 2, "quarterly": 4, "monthly": 12,
    "every month": 12,
}  # fmt: skip
_COMPOUNDED: Final = re.compile(rf"(?i)compound(?:ed|s|ing)?(?: (?:interest|once))?,? ({'|'.join(_PERIODS)})")
_YEARLY: Final = re.compile(r"(?i)\b(?:per|a|each|every) (?:year|annum)\b|\bannual(?:ly)?\b|\byearly\b|\bp\.?a\b\.?")
_ENDS: Final = re.compile(
    r"(?i)\b(?:total|final|future|maturity|accumulated|new)? ?(?:amount|value|balance|sum)\b|\bworth\b"
    r"|\b(?:have|has|owes?|repay|repaid|paid back|pay back|grows?|account|get back)\b"
)
_INTEREST_WORDS: Final = _set(
    """interest simple compound compounded compounds compounding annually annual yearly year years annum month months
    semiannually semi-annually half-yearly quarterly monthly once twice rate invest invests invested investing
    investment deposit deposits deposited borrow borrows borrowed loan lent lend lends principal bank account savings
    saving money sum amount value balance final future worth earn earns earned earning pay pays paid paying owe owes
    owed receive dollars dollar euros percent cent put puts accumulated accumulate grow grows earned due end she he
    maturity charged charges charge person man woman people who when which six rated p"""
)


@rule(r"(?P<story>(?=.*\b(?:interest|compounded)\b)(?=.*(?:%|percent)).{12,300}?)")
def _interest(p: Problem, m: re.Match[str]) -> Expected:
    """Simple or compound interest on one amount, or what the amount grows to."""
    story = _Story.of(p, m["story"])
    story.check_words(_INTEREST_WORDS, strange=1)
    whole = f"{story.told} {story.question}"
    if re.search(r"(?i)twice(?! a year)|double|first|at what|what (?:annual )?rate|how (?:long|many years)", whole):
        raise Unsure
    rates, spans = _PERCENT.findall(whole), _YEARS.findall(_PERIOD_WORDS.sub(" ", whole))
    without = _YEARS.sub(" ", _PERCENT.sub(" ", _PERIOD_WORDS.sub(" ", whole)))
    amounts = _AMOUNT.findall(without)
    if len(rates) != 1 or len(spans) != 1 or len(amounts) != 1 or _counts(_AMOUNT.sub(" ", without)):
        raise Unsure
    if _GIVEN_BACK.search(whole) or _OTHER_ASKED.search(story.question):
        raise Unsure
    asks = re.sub(
        r"(?i)\b(?:total |amount of )(?=(?:simple |compound )?interest)|\b(?:at|with) [^.]*interest", "", story.question
    )
    wants_interest = re.search(r"(?i)\binterest\b", asks.split(" at ")[0]) is not None
    if wants_interest == (
        _ENDS.search(re.sub(r"(?i)\binterest\b.*", "", asks) if wants_interest else asks) is not None
    ):
        raise Unsure
    principal, rate, years = _fraction(amounts[0]), _fraction(rates[0]) / 100, _fraction(spans[0][0])
    if spans[0][1] == "month":
        years /= 12
    final = _grown(whole, principal, rate, years)
    return _money(final - principal if wants_interest else final)


_GIVEN_BACK: Final = re.compile(
    r"(?i)\b(?:earns?|earned|yields?|gives?|grows? to|grew to|amounts? to|becomes?|interest "
    r"(?:is|of|was)|worth|have|has"
    r"|pays?|paid|receives?) [$€£]? ?\d[\d,.]*(?![\d,.]| ?(?:%|percent))"
)
"""An amount that is told as the result."""
_OTHER_ASKED: Final = re.compile(
    r"(?i)^(?:what|find|which|calculate|determine)\b(?: is)? (?:the )?(?:\w+ )?(?:rate|principal|time)"
)
_PERIOD_WORDS: Final = re.compile(r"(?i)every six months|(?:once|twice|one) a year")


def _grown(story: str, principal: Fraction, rate: Fraction, years: Fraction) -> Fraction:
    """The amount after some years, at a rate of growth a year."""
    compounded, simple = _COMPOUNDED.search(story), re.search(r"(?i)\bsimple\b", story)
    if "compound" in story.lower():
        periods = _PERIODS[compounded[1].lower()] if compounded else 1
        if simple or (not compounded and not _YEARLY.search(story)) or (years * periods).denominator != 1:
            raise Unsure
        if years * periods > 600:
            raise Unsure
        return principal * (1 + rate / periods) ** int(years * periods)
    if not simple and years != 1:
        raise Unsure
    return principal * (1 + rate * years)


def _money(value: Fraction) -> Expected:
    """An amount, which is rounded to cents where it has more places."""
    if (100 * value).denominator == 1:
        return Expected((_shown(value),))
    cents = Fraction(round(100 * value), 100)
    return Expected((f"{float(cents):.2f}", _shown(value)), open=True)


# --- speed, time, distance -----------------------------------------------------------------------------------------

_TIME_UNIT: Final = r"hours?|hrs?|h|minutes?|mins?|min|seconds?|secs?|s|days?"
_LENGTH_UNIT: Final = (
    r"kilomet(?:er|re)s?|km|met(?:er|re)s?|m|centimet(?:er|re)s?|cm|miles?|mi|feet|foot|ft|yards?|inches"
)
_RATE: Final = re.compile(
    rf"(?i)({_NUMBER}) ?(?:(?P<l>{_LENGTH_UNIT}) ?(?:per|/|an?|each|every) "
    rf"?(?P<t>{_TIME_UNIT})|(?P<k>mph|km/h|kmh|kph|m/s))(?![a-z])"
)
_LASTING: Final = re.compile(rf"(?i)({_COUNT}(?: ?/ ?\d+)?)(?P<half> and a half)?[ -]?(?P<t>{_TIME_UNIT})(?![a-z])")
_FAR: Final = re.compile(rf"(?i)({_NUMBER})[ -]?(?P<l>{_LENGTH_UNIT})(?![a-z/])")
_HOURS: Final = re.compile(r"(?i)\b(\d+) ?(?:hours?|hrs?|h),?(?: and)? (\d+) ?(?:minutes?|mins?)\b")
_SHORT: Final = {"mph": ("mile", "hour"), "km/h": ("km", "hour"), "kmh": ("km", "hour"), "kph": ("km", "hour"),
                 "m/s": ("m", "second")}  # fmt: skip
_MOTION_WORDS: Final = _set(
    """travel travels traveled travelled traveling travelling drive drives drove driving driven run runs ran running
    walk walks walked walking fly flies flew flying cycle cycles cycled cycling ride rides rode riding go goes went
    going move moves moved moving cover covers covered covering swim swims swam bike bikes biked bicycle train car bus
    truck plane airplane boat ship cyclist runner man woman boy girl person athlete snail jogger jogs jogged jog driver
    speed average constant steady rate fast far distance time trip journey take takes took hour hours hr hrs h minute
    minutes min mins second seconds sec s day days kilometer kilometers kilometre kilometres km meter meters metre
    metres m centimeter centimeters cm mile miles mi feet foot ft yard yards inches mph kmh kph when can need needs
    taken exactly moves straight at object ball kilometres"""
)


@rule(
    r"(?P<story>(?=.*\b(?:speed|how far|how long|how fast|what distance|how many|how much "
    r"time|time|distance)\b).{12,300}?)"
)
def _motion(p: Problem, m: re.Match[str]) -> Expected:
    """The third of speed, time and distance, by the two others."""
    story = _Story.of(p, m["story"])
    story.check_words(_MOTION_WORDS, strange=1)
    whole = _HOURS.sub(lambda h: f"{60 * int(h[1]) + int(h[2])}/60 hours", f"{story.told} {story.question}")
    rates = list(_RATE.finditer(whole))
    rest = _RATE.sub(" ", whole)
    times, lengths = list(_LASTING.finditer(rest)), list(_FAR.finditer(_LASTING.sub(" ", rest)))
    if _counts(_FAR.sub(" ", _LASTING.sub(" ", rest))) or len(rates) + len(times) + len(lengths) != 2:
        raise Unsure
    if max(len(rates), len(times), len(lengths)) > 1:
        raise Unsure
    rate, time, far = _speed(rates[0]) if rates else None, _span(times[0]) if times else None, None
    if lengths:
        far = _fraction(lengths[0][1]) * _factor(lengths[0]["l"], "length")
    unit = _unit_asked(story.question)
    if far is not None and time is not None and re.search(r"(?i)\bspeed\b|\bhow fast\b|\brate\b", story.question):
        per_length, per_time = unit if len(unit) == 2 else (lengths[0]["l"], times[0]["t"])
        value = far / time / _factor(per_length, "length") * _factor(per_time, "time")
        return _with_unit(value, f"{_plain(per_length)}/{_plain(per_time)}")
    if rate is not None and time is not None and re.search(r"(?i)how far|distance|how many|long is", story.question):
        length = unit[0] if unit and _kind(unit[0]) == "length" else _rate_units(rates[0])[0]
        if unit and length != unit[0]:
            raise Unsure
        return _with_unit(rate * time / _factor(length, "length"), _plain(length))
    if rate is not None and far is not None and re.search(r"(?i)how long|time|how many", story.question):
        span = unit[0] if unit and _kind(unit[0]) == "time" else _rate_units(rates[0])[1]
        if unit and span != unit[0]:
            raise Unsure
        return _with_unit(far / rate / _factor(span, "time"), _plain(span))
    raise Unsure


def _kind(unit: str) -> str:
    found = measure(unit.lower())
    return "" if found is None else found[0]


def _factor(unit: str, kind: str) -> Fraction:
    """How many base units one is.

    Raises:
        Unsure: If it does not measure that.
    """
    found = measure(unit.lower() if len(unit) > 1 else unit)
    if found is None or found[0] != kind:
        raise Unsure
    return found[1]


def _rate_units(m: re.Match[str]) -> tuple[str, str]:
    return _SHORT[m["k"].lower()] if m["k"] else (m["l"], m["t"])


def _speed(m: re.Match[str]) -> Fraction:
    length, time = _rate_units(m)
    return _fraction(m[1]) * _factor(length, "length") / _factor(time, "time")


def _span(m: re.Match[str]) -> Fraction:
    above, _, below = m[1].partition("/")
    number = _fraction(above.strip()) / (int(below) if below else 1) + (Fraction(1, 2) if m["half"] else 0)
    return number * _factor(m["t"], "time")


def _unit_asked(question: str) -> tuple[str, ...]:
    """The unit that the question names for the answer: "in metres per second", "how many hours"."""
    if m := re.search(rf"(?i)\bin (?P<l>{_LENGTH_UNIT}) ?(?:per|/|an?) ?(?P<t>{_TIME_UNIT})$", question):
        return m["l"], m["t"]
    if m := re.search(r"(?i)\bin (mph|km/h|kmh|kph|m/s)$", question):
        return _SHORT[m[1].lower()]
    if m := re.search(rf"(?i)\b(?:how many|in) ({_LENGTH_UNIT}|{_TIME_UNIT})(?![a-z/])(?! per)", question):
        return (m[1],)
    return ()


def _plain(unit: str) -> str:
    return unit.lower() if len(unit) > 2 else unit


def _with_unit(value: Fraction, unit: str) -> Expected:
    return Expected((f"{_shown(value)} \\text{{ {unit}}}",))


# --- averages ------------------------------------------------------------------------------------------------------

_ITEM: Final = r"-?\d+(?:\.\d+)?"
_MEAN: Final = r"(?:average|mean|arithmetic mean)"


@rule(
    rf"(?:if |find )?(?:the )?{_MEAN} of (?:the )?(?:numbers |values |data )?(?P<l>(?:{_ITEM}|[a-z])(?:(?:,| "
    rf"and|, and) "
    rf"(?:{_ITEM}|[a-z]))+) (?:is|equals) (?P<r>{_ITEM})[.,;] ?(?:then )?(?:find|what is|determine|solve "
    rf"for|calculate) "
    r"(?:the value of )?(?P<n>[a-z])",
)
def _missing(p: Problem, m: re.Match[str]) -> Expected:
    """The letter among numbers whose mean is told."""
    items = re.split(r"(?:,| and|, and) +(?:and )?", m["l"])
    known = [_signed(i) for i in items if not i.isalpha()]
    if [i for i in items if i.isalpha()] != [m["n"]]:
        raise Unsure
    return Expected((_shown(_signed(m["r"]) * len(items) - sum(known)),))


def _signed(text: str) -> Fraction:
    return Fraction(text)


@rule(
    rf"(?:find )?(?:the )?{_MEAN} of (?P<n>{_COUNT}) numbers is (?P<r>{_ITEM})[.,;] (?:(?P<k>{_COUNT}) of "
    rf"(?:the numbers|them|these)"
    rf"(?: numbers)? are|(?:if )?(?:the )?(?:first|other) (?P<k2>{_COUNT})(?: numbers)? are) "
    rf"(?P<l>{_ITEM}(?:(?:,| and|, and) {_ITEM})+)[.,;] (?:what is|find|determine|calculate) the "
    r"(?:remaining|missing|last|other|third|fourth|fifth|sixth)(?: number| one)?",
    rf"(?:find )?(?:the )?{_MEAN} of (?P<n>{_COUNT}) numbers is (?P<r>{_ITEM})[.,;] (?:what "
    rf"is|find|determine|calculate) "
    r"(?:their sum|the sum of (?:the|these) (?:\w+ )?numbers|their total)",
)
def _mean_told(p: Problem, m: re.Match[str]) -> Expected:
    """The number that is missing, or the sum, by the mean of several."""
    groups = m.groupdict()
    count, mean = _fraction(m["n"]), _signed(m["r"])
    if not groups.get("l"):
        return Expected((_shown(count * mean),))
    known = [_signed(n) for n in re.findall(_ITEM, m["l"])]
    if count != len(known) + 1 or _fraction(m["k"] or m["k2"]) != len(known):
        raise Unsure
    return Expected((_shown(count * mean - sum(known)),))


# --- percent -------------------------------------------------------------------------------------------------------


@rule(
    rf"{THE} (?:the )?(?:whole|number|amount),? (?:if|of which|when) (?P<r>\d+(?:\.\d+)?) ?(?:\\?%|percent)"
    rf"(?: of it)? is \$?(?P<a>{_NUMBER})",
    rf"\$?(?P<a>{_NUMBER}) is (?P<r>\d+(?:\.\d+)?) ?(?:\\?%|percent) of (?:what|which)(?: number| amount)?",
    rf"(?P<r>\d+(?:\.\d+)?) ?(?:\\?%|percent) of (?:what|which)(?: number| amount)? is \$?(?P<a>{_NUMBER})",
    rf"(?P<r>\d+(?:\.\d+)?) ?(?:\\?%|percent) of a number is \$?(?P<a>{_NUMBER})[.,;] (?:what is|find) the number",
)
def _whole(p: Problem, m: re.Match[str]) -> Expected:
    """The whole, by a part of it in percent."""
    rate: Any = ex.scalar(m["r"])
    if rate == 0:
        raise Unsure
    import sympy as sp

    return value_of(sp.nsimplify(100 * ex.scalar(m["a"].replace(",", "")) / rate))
