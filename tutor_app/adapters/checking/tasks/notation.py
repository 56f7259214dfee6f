"""Tasks of how a number is written, and of counting: fractions, percent, rounding, bases, arrangements, choices.

Loaded only in the checking process.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.problem import THE, Expected, Problem, Rules, tex, value_of
from tutor_app.adapters.checking.words import NUMBERS

rule: Final = Rules()

_NUMBER: Final = r"(?:⟦\d+⟧|-?[\d.,]+(?:/\d+)?(?: \d+/\d+)?)"
_PLACES: Final = {
    "whole number": 0, "integer": 0, "unit": 0, "one": 0, "ones": 0, "tenth": 1, "hundredth": 2, "thousandth": 3,
    "ten thousandth": 4, "ten-thousandth": 4, "ten": -1, "tens": -1, "hundred": -2, "thousand": -3, "million": -6,
}  # fmt: skip
_BASES: Final = {"binary": 2, "octal": 8, "decimal": 10}


def _rational(p: Problem, text: str) -> Any:
    """A rational number, with or without a percent sign."""
    inner = p.formula(text).strip()
    bare = re.sub(r"\s*\\?%$", "", inner)
    value = ex.scalar(bare)
    if not value.is_Rational:
        raise Unsure
    return value / 100 if bare != inner else value


def _terminates(value: Any) -> bool:
    below = int(value.q)
    for prime in (2, 5):
        while below % prime == 0:
            below //= prime
    return below == 1


@rule(
    rf"(?:convert|write|express|change|turn) (?P<f>{_NUMBER}(?:\s*(?:\\?%|percent))?) (?:as|to|into|in) (?:an? )?"
    r"(?P<to>percent(?:age)?|decimal(?: number| form)?|(?:common |simplified )?fraction(?: form)?(?: in (?:its )?"
    r"(?:lowest terms|simplest form))?)",
    rf"what is (?P<f>{_NUMBER}(?:\s*(?:\\?%|percent))?) (?:as|in) (?:an? )?(?P<to>percent(?:age)?|decimal|fraction)",
)
def _rewritten(p: Problem, m: re.Match[str]) -> Expected:
    text = re.sub(r"\s*percent$", "%", m["f"], flags=re.IGNORECASE)
    value, to = _rational(p, text), m["to"].lower()
    if to.startswith("percent"):
        return Expected((f"{tex(100 * value)}\\%",), form="percent")
    if to.startswith("decimal"):
        if not _terminates(value):
            raise Unsure
        return Expected((tex(value),), form="decimal")
    return Expected((tex(value),), form="reduced")


@rule(
    rf"round (?:off )?(?P<f>{_NUMBER}) to (?P<n>\d+|{'|'.join(list(NUMBERS)[1:10])}) decimal places?",
    rf"round (?:off )?(?P<f>{_NUMBER}) (?:correct )?to the nearest (?P<at>{'|'.join(_PLACES)})",
)
def _rounded(p: Problem, m: re.Match[str]) -> Expected:
    groups = m.groupdict()
    value = _rational(p, m["f"])
    if not _terminates(value):
        raise Unsure
    count = groups.get("n")
    places = _PLACES[m["at"].lower()] if count is None else int(NUMBERS.get(count.lower(), count))
    exact = Decimal(int(value.p)) / Decimal(int(value.q))
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return Expected((format(rounded, "f"),), form="literal")


@rule(
    r"convert (?P<f>\d+) from (?:base )?(?P<a>binary|octal|decimal|\d+) (?:in)?to (?:base )?(?P<b>binary|octal|decimal|"
    r"\d+)",
    r"(?:convert|write|express|change) (?:the )?(?P<a>binary|octal|decimal|base[- ]\d+) (?:number )?(?P<f>\d+) "
    r"(?:as|in|to|into) (?:an? )?(?:base )?(?P<b>binary|octal|decimal|\d+)(?: number)?",
    r"(?:convert|write|express|change) (?P<f>\d+) (?:as|in|to|into) (?:an? )?(?:base )?"
    r"(?P<b>binary|octal|(?<=base )\d+)(?: number)?",
)
def _based(_: Problem, m: re.Match[str]) -> Expected:
    def base(name: str | None) -> int:
        name = re.sub(r"^base[- ]", "", (name or "decimal").lower())
        return _BASES.get(name) or int(name)

    a, b = base(m.groupdict().get("a")), base(m["b"])
    if not (2 <= a <= 10 and 2 <= b <= 10 and len(m["f"]) <= 60):
        raise Unsure
    try:
        number = int(m["f"], a)
    except ValueError:
        raise Unsure from None
    digits = ""
    while number or not digits:
        number, digit = divmod(number, b)
        digits = f"{digit}{digits}"
    return Expected((digits,) if b == 10 else (digits, f"{digits}_{{{b}}}"))


@rule(
    rf"{THE} (?:the )?percent(?:age)? (?P<way>increase|decrease|change) (?:from|if .+? (?:goes|changes) from) "
    rf"\$?(?P<a>{_NUMBER}) to \$?(?P<b>{_NUMBER})",
)
def _percent_change(p: Problem, m: re.Match[str]) -> Expected:
    # A change that falls is Unsure: the sign may be left out, where the words tell it.
    return _change(p, m, grows=m["way"].lower() != "decrease")


def _change(p: Problem, m: re.Match[str], *, grows: bool) -> Expected:
    """By how many percent the second number is more than the first, or less."""
    a, b = _rational(p, m["a"]), _rational(p, m["b"])
    if a <= 0 or a == b or (b > a) != grows:
        raise Unsure
    change = abs(b - a) / a * 100
    return Expected((tex(change), f"{tex(change)}\\%"))


_HOW_MUCH: Final = (
    rf"(?:{THE} the percent(?:age)? (?:increase|decrease|change|reduction|discount)|by "
    r"(?:how many percent|(?:what|which) percent(?:age)?).*)"
)
_SUBJECT: Final = r"(?:the |an? )?[a-z ]{3,40}?"


@rule(
    rf"{_SUBJECT} (?P<up>rises?|rose|increases?|increased|goes up|went up|grows|grew) from \$?(?P<a>{_NUMBER})"
    rf"(?: [a-z]+)? to \$?(?P<b>{_NUMBER})(?: [a-z]+)?[.,] {_HOW_MUCH}",
    rf"{_SUBJECT} (?:is |was |has been )?(?:falls?|fell|fallen|decreases?|decreased|drops|dropped|goes down|went down"
    rf"|reduced|lowered|marked down) from \$?(?P<a>{_NUMBER})"
    rf"(?: [a-z]+)? to \$?(?P<b>{_NUMBER})(?: [a-z]+)?[.,] {_HOW_MUCH}",
)
def _percent_told(p: Problem, m: re.Match[str]) -> Expected:
    return _change(p, m, grows=m.groupdict().get("up") is not None)


@rule(
    r"convert (?P<f>⟦\d+⟧|-?[\d./]+)(?: degrees|°) (?:in)?to (?P<to>radians?)",
    r"convert (?P<f>⟦\d+⟧|[^ ]+) (?:radians )?(?:in)?to (?P<to>degrees?)",
)
def _angle(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    value = ex.scalar(re.sub(r"\^\s*\{?\\circ\}?|°", "", p.formula(m["f"])))
    if not value.is_number:
        raise Unsure
    if m["to"].lower().startswith("radian"):
        return Expected((tex(sp.pi * value / 180),))
    if not (value / sp.pi).is_Rational:
        raise Unsure
    return Expected((tex(180 * value / sp.pi), f"{tex(180 * value / sp.pi)}^\\circ"))


@rule(rf"(?:write|express|convert|put) (?P<f>{_NUMBER}) (?:in|to|into|as|using) (?:scientific notation|standard form)")
def _scientific(p: Problem, m: re.Match[str]) -> Expected:
    value = _rational(p, m["f"])
    if value <= 0 or not _terminates(value):
        raise Unsure
    return Expected((tex(value),), form="scientific")


_TEN: Final = r"(?:⟦\d+⟧|\d+(?:\.\d+)? ?[x×*·⋅] ?10 ?\^ ?[({]?-?\d+[)}]?)"


@rule(
    rf"(?:write|express|convert|put|change) (?P<f>{_TEN}) (?:in|to|into|as) (?:an? "
    rf")?(?:(?:ordinary|normal|usual|regular) "
    r"(?:number|form|notation|decimal)|(?:standard )?decimal(?: form| notation| number)?|standard notation|whole number"
    r"|(?P<open>standard form))",
    rf"what is (?P<f>{_TEN}) (?:as|in) (?:an? )?(?:(?:ordinary|normal|usual|regular) (?:number|form|notation|decimal)"
    r"|(?:standard )?decimal(?: form| notation| number)?|standard notation|whole number)",
)
def _without_powers(p: Problem, m: re.Match[str]) -> Expected:
    """A number in scientific notation, written out."""
    formula = re.sub(r"(?<=\d)\s*[x×·⋅]\s*(?=10)", r"\\times ", p.formula(m["f"]))
    value = ex.scalar(formula)
    if not re.search(r"10\s*\^", formula) or not value.is_Rational or not _terminates(value) or abs(value) > 10**30:
        raise Unsure
    return Expected((tex(value),), form="decimal", open=m.groupdict().get("open") is not None)


_COUNT: Final = rf"(?:\d+|{'|'.join(list(NUMBERS)[1:])})"
_THINGS: Final = (
    r"(?:different |distinct )?(?:people|persons|students|children|friends|men|women|boys|girls|players|books)"
)


def _count(text: str) -> int:
    n = int(NUMBERS.get(text.lower(), text))
    if n > 1000:
        raise Unsure
    return n


@rule(
    rf"(?:in )?how many (?:different )?ways can (?P<n>{_COUNT}) {_THINGS} (?:be (?:arranged|seated|lined up|placed|"
    r"put)|sit|stand|line up|be in line)(?: down)?(?P<where> (?:in a (?:row|line)|in line|on a (?:shelf|bench)|"
    r"around a (?:circular|"
    r"round) table|in a circle))?"
)
def _arrangements(_: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    n, where = _count(m["n"]), (m["where"] or "").lower()
    if not where and "line" not in m[0].lower():
        raise Unsure
    round_ = "table" in where or "circle" in where
    return value_of(sp.factorial(n - 1 if round_ else n))


@rule(
    rf"(?:in )?how many (?:different )?ways (?:can|are there to) (?:you |we |one )?(?:choose |select |pick )?(?:a |an "
    rf")?(?:committee|team|"
    rf"group|set)? ?(?:of )?(?P<k>{_COUNT})(?: {_THINGS}| members)? ?(?:can )?(?:be )?(?:chosen |selected |"
    rf"formed |picked |"
    rf"made )?(?:from|out of) (?:a (?:group|class|set|club) of )?(?P<n>{_COUNT})(?: {_THINGS}| members)?",
    rf"how many (?:different )?(?:committees|teams|groups|subsets) of (?P<k>{_COUNT})(?: {_THINGS}| "
    rf"members)? (?:can be "
    rf"(?:chosen|selected|formed|picked|made)|are there) (?:from|out of) (?:a (?:group|class|set|club) of )?"
    rf"(?P<n>{_COUNT})(?: {_THINGS}| members)?",
    rf"(?:what is |compute |calculate |evaluate |find )?(?P<n>{_COUNT}) choose (?P<k>{_COUNT})",
)
def _choices(_: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    n, k = _count(m["n"]), _count(m["k"])
    if k > n:
        raise Unsure
    return value_of(sp.Integer(math.comb(n, k)))


@rule(
    r"(?:in )?how many (?:different |distinct )?ways can (?:the |all (?:the )?)?letters (?:of|in) (?:the word )?"
    r"[\"“'‘]?(?:⟦(?P<mark>\d+)⟧|(?P<w>[a-z]{2,20}))[\"”'’]? be (?:arranged|rearranged|ordered)",
    r"how many (?:different |distinct )?(?:arrangements|permutations|anagrams) are there (?:of (?:all )?(?:the )?"
    r"letters (?:of|in) (?:the word )?)[\"“'‘]?(?:⟦(?P<mark>\d+)⟧|(?P<w>[a-z]{2,20}))[\"”'’]?",
    r"how many (?:different |distinct )?(?:arrangements|permutations|anagrams) (?:of (?:all )?(?:the "
    r")?letters (?:of|in) "
    r"(?:the word )?)[\"“'‘]?(?:⟦(?P<mark>\d+)⟧|(?P<w>[a-z]{2,20}))[\"”'’]? (?:are there|are possible|can be made)",
)
def _letters(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    word = m["w"] or re.sub(r"\\text\{(.*)\}", r"\1", p.formulas[int(m["mark"])]).replace(" ", "")
    if not re.fullmatch(r"[A-Za-z]{2,20}", word):
        raise Unsure
    ways = math.factorial(len(word))
    for times in Counter(word.lower()).values():
        ways //= math.factorial(times)
    return value_of(sp.Integer(ways))
