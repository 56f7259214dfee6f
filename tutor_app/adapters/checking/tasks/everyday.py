"""Tasks told in everyday words: conversions, points with names, changes by several percentages, draws and throws.

As everywhere in this package the whole text must be understood, or nothing is recognised. Loaded only in the checking
process.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import comb
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.problem import THE, Expected, Problem, Rules, tex, value_of
from tutor_app.adapters.grading.units import measure

rule: Final = Rules()

_AMOUNT: Final = r"(?P<a>\d+(?:[.,]\d+)?|\d+/\d+(?= (?:of|[a-z]{3})))"
_UNIT: Final = (
    r"(?P<{}>(?:square |cubic )?[a-zμ]+(?:[²³]|\^\{{?[23]\}}?)?(?:(?:/| per )[a-z]+(?:[²³]|\^\{{?[23]\}}?)?)?)"
)
_FROM, _TO = _UNIT.format("u"), _UNIT.format("v")


@rule(
    rf"(?:convert|change|express|write) {_AMOUNT} ?(?:of an? )?{_FROM} (?:in)?(?:to|into|in|as) {_TO}",
    rf"how many {_TO} (?:is|are|has|have|make|in)(?: there)?(?: in)? {_AMOUNT} ?(?:of an? )?{_FROM}",
    rf"(?:an?|the) [a-z ]{{3,40}}? (?:lasts|takes|weighs|is|holds|has) {_AMOUNT} ?{_FROM}(?: long)?\. "
    rf"(?:how (?:long|much|heavy|fast|far) is (?:that|it|this)|what is (?:that|it|this)) in {_TO}",
    rf"(?:rechne|wandle) {_AMOUNT} ?{_FROM} in {_TO} um",
    rf"wie viele? {_TO} (?:sind|hat|haben|ergeben) {_AMOUNT} ?{_FROM}",
)
def _converted(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    one, two = (measure(m[name].translate({0xB2: "^2", 0xB3: "^3"}).strip()) for name in "uv")
    if one is None or two is None or one[0] != two[0] or one[0].startswith("temperature"):
        raise Unsure
    factor = one[1] / two[1]
    value = tex(ex.scalar(m["a"].replace(",", ".")) * sp.Rational(factor.numerator, factor.denominator))
    unit = re.sub(r"²|\^\{?2\}?", "}^2", m["v"].strip())
    unit = re.sub(r"³|\^\{?3\}?", "}^3", unit)
    unit = unit if "}" in unit else unit + "}"
    return Expected((value, f"{value} \\text{{ {unit}"))


_POINT: Final = r"(?:[A-Z] ?=? ?)?\( ?(?P<{0}x>-?[\d./]+) ?[,;|] ?(?P<{0}y>-?[\d./]+) ?\)"
_BOTH: Final = rf"(?:the )?(?:points? )?{_POINT.format('a')} (?:and|to|und) {_POINT.format('b')}"


@rule(
    rf"an? (?:straight )?(?:line|segment)(?: segment)? (?:passes|goes|runs|is drawn) (?:through|from) {_BOTH}\. "
    r"(?:find|what is|determine|calculate|work out) (?:its|the|the line's) (?P<what>slope|gradient|midpoint|length)"
    r"(?: of the (?:line|segment))?",
    rf"{THE} (?:the )?(?P<what>distance|slope|gradient|midpoint|length)(?: of the (?:straight )?(?:line|segment|line "
    rf"segment)| of)?(?: [A-Z]{{2}})?(?: between| from| through| of| joining| passing through| with endpoints"
    rf"| connecting)? {_BOTH}",
    rf"how far (?:apart are|is it from) {_BOTH}",
    rf"(?:berechne|bestimme|compute) (?:den |die )?(?P<what>abstand|steigung|mittelpunkt)"
    rf"(?: der geraden?| der strecke)?(?: [A-Z]{{2}})?(?: von| zwischen| durch| der punkte)? {_BOTH}",
)
def _named_points(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    (a, b), (c, d) = ((ex.scalar(m[f"{n}x"]), ex.scalar(m[f"{n}y"])) for n in "ab")
    what = (m.groupdict().get("what") or "distance").lower()
    if what in ("distance", "length", "abstand"):
        return value_of(sp.sqrt((a - c) ** 2 + (b - d) ** 2))
    if what in ("midpoint", "mittelpunkt"):
        return Expected((f"({tex((a + c) / 2)}, {tex((b + d) / 2)})",))
    if a == c:
        raise Unsure
    return value_of((d - b) / (c - a))


@rule(
    rf"{THE} (?:the )?sum of (?:the )?(?:(?:finite )?(?:geometric|arithmetic) )?(?:series|progression|sum):? "
    r"(?P<f>-?\d+(?: ?[-+] ?\d+(?:/\d+)?){2,30})"
)
def _written_out(p: Problem, m: re.Match[str]) -> Expected:
    return value_of(ex.scalar(m["f"]))


_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?) ?(?:\\?%|percent\b|per cent\b)")
_VERB: Final = re.compile(
    r"\b(?P<up>increase[sd]?|ris(?:es|en|e)|rose|raised?|goes up|went up|grows?|grew|gains?)\b"
    r"|\b(?P<down>decrease[sd]?|reduced?|falls?|fell|drops?|dropped|discount(?:ed)?|goes down|went down"
    r"|lower(?:ed|s)?)\b",
    re.I,
)
_ENDS: Final = re.compile(
    r"(?:(?:what|how much) (?:is|does|will)(?: the| its| it)?(?: be)?(?: [a-z]+)?(?: cost| be)?"
    r" (?:now|then|at the end|afterwards|in the end|after (?:both|these|the two|the) changes|after that)"
    r"|(?:what is|what will be|find|work out|calculate) (?:the|its) (?:new|final) [a-z]+)"
    r"(?: after (?:both|these|the two) changes)?[?.]*$",
    re.I,
)
_COUNTED: Final = re.compile(r"(?<![\w.,])\d+(?:\.\d+)?(?![\w,]|\.\d)")


@rule(r"(?P<story>(?=.*(?:%|percent|per cent)).{12,300}?)")
def _changed_by_percents(p: Problem, m: re.Match[str]) -> Expected:
    """One amount that is changed by a percentage, or by one after the other: each behind its own verb."""
    import sympy as sp

    story = re.sub(r"⟦(\d+)⟧", lambda f: p.formulas[int(f[1])], m["story"]).replace("\\%", "%").replace("\\$", "$")
    asked = _ENDS.search(story)
    if asked is None:
        raise Unsure
    told = story[: asked.start()]
    percents = list(_PERCENT.finditer(told))
    amounts = _COUNTED.findall(_PERCENT.sub(" ", told))
    if (
        not 1 <= len(percents) <= 3
        or len(amounts) != 1
        or re.search(r"\b(?:of|to|than|each|per|vat|tax)\b\D*\d+ ?%", told)
    ):
        raise Unsure
    if told.find(amounts[0]) > percents[0].start() or re.search(
        r"\b(?:before|originally|after an?|than|per|each)\b", story, re.I
    ):
        raise Unsure
    value, begin = ex.scalar(amounts[0]), 0
    for percent in percents:
        verbs = list(_VERB.finditer(told, begin, percent.start()))
        if len(verbs) != 1 or not re.fullmatch(r"\s*(?:by|of)?\s*", told[verbs[0].end() : percent.start()]):
            raise Unsure
        part = ex.scalar(percent[1]) / 100
        value *= 1 + part if verbs[0]["up"] else 1 - part
        begin = percent.end()
    if _VERB.search(told, begin):
        raise Unsure
    return value_of(sp.nsimplify(value))


_COUNT: Final = {"one": 1, "two": 2, "three": 3, "1": 1, "2": 2, "3": 3}
_THINGS: Final = "(?:balls?|marbles?|counters?|beads?|sweets?|discs?|socks?|cards?|pens?|chips?)"
_P: Final = r"(?:(?:what is|find|calculate|determine|work out) )?(?:the probability (?:that|of|of getting) |P ?\()"
_KEPT: Final = (
    r"(?P<how>,? ?(?:one after the other,? ?)?(?:without (?:replacement|putting (?:it |them |the first (?:one )?)?back"
    r"|(?:any )?replacing(?: it)?|returning it)|with replacement))"
)


@rule(
    rf"an? (?:bag|box|jar|urn|drawer|bowl) (?:has|contains|holds) (?P<a>\d+) (?P<c>[a-z]+)(?: {_THINGS})?,? and "
    rf"(?P<b>\d+) (?P<e>[a-z]+) {_THINGS}[.;,] (?P<n>two|three|2|3) (?:{_THINGS} )?(?:is|are) "
    rf"(?:drawn|taken|picked|chosen)(?: out)?(?: at random)?{_KEPT}(?: at random)?[.;,] {_P}"
    rf"(?:(?P<all>both|all(?: three)?|two|three)(?: of them)?(?: {_THINGS})?(?: are| being)? (?P<q>[a-z]+)"
    rf"(?: {_THINGS})?"
    r"|(?P<none>no|neither is|none is|none are) (?P<z>[a-z]+)"
    r"|(?:they|both)?(?: are| have)?(?: of)? ?(?P<same>the same colou?r)"
    r"|(?P<least>at least one)(?: is| of them is)? (?P<l>[a-z]+)"
    rf"|(?:(?:they|the {_THINGS}) (?:are|have) )?(?:of )?(?P<mixed>one of each(?: colou?r)?|different colou?rs))\)?"
)
def _drawn(p: Problem, m: re.Match[str]) -> Expected:
    counts = {m["c"].lower(): int(m["a"]), m["e"].lower(): int(m["b"])}
    n, everything = _COUNT[m["n"].lower()], sum(counts.values())
    wanted = next((m[name].lower() for name in ("q", "z", "l") if m[name]), "")
    kept = "without" in m["how"]
    if len(counts) != 2 or n > everything or (wanted and wanted not in counts):
        raise Unsure
    if (m["all"] or "").lower() in ("both", "two") and n != 2:
        raise Unsure
    if n != 2 and (m["mixed"] or m["same"]):
        raise Unsure

    def in_a_row(many: int) -> Fraction:
        found = Fraction(1)
        for k in range(n):
            found *= Fraction(max(many - k * kept, 0), everything - k * kept)
        return found

    alike = sum(map(in_a_row, counts.values()), Fraction(0))
    if m["mixed"]:
        return _probability(1 - alike)
    if m["same"]:
        return _probability(alike)
    others = everything - counts[wanted]
    return _probability(
        in_a_row(counts[wanted]) if m["all"] else in_a_row(others) if m["none"] else 1 - in_a_row(others)
    )


def _probability(found: Fraction) -> Expected:
    import sympy as sp

    return value_of(sp.Rational(found.numerator, found.denominator))


_TIMES: Final = {
    "twice": 2, "two times": 2, "three times": 3, "four times": 4, "five times": 5, "2 times": 2, "3 times": 3,
    "4 times": 4, "5 times": 5, "6 times": 6,
}  # fmt: skip
_SEVERAL: Final = {
    "no": 0, "one": 1, "a": 1, "two": 2, "three": 3, "four": 4, "five": 5, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5,
}  # fmt: skip
_FACES: Final = r"(?P<face>(?:heads?|tails?|ones?|twos?|threes?|fours?|fives?|sixe?s?))"
_HOW_MANY: Final = "|".join(_SEVERAL)


@rule(
    rf"an? (?:fair |normal )?(?P<what>die|dice|coin) is (?:thrown|rolled|tossed|flipped) (?P<times>{'|'.join(_TIMES)})"
    rf"[.;,] {_P}(?P<how>exactly |at least )?(?P<many>{_HOW_MANY}) {_FACES}\)?",
    rf"(?P<two>two) (?:fair |normal )?(?P<what>dice|coins) are (?:thrown|rolled|tossed|flipped)[.;,] {_P}"
    rf"(?P<how>exactly |at least )?(?P<many>{_HOW_MANY}) {_FACES}\)?",
)
def _thrown(p: Problem, m: re.Match[str]) -> Expected:
    """How often one face comes in several throws; "two sixes" of two throws are all of them."""
    groups = m.groupdict()
    n = 2 if groups.get("two") else _TIMES[m["times"].lower()]
    k, coin = _SEVERAL[m["many"].lower()], m["what"].lower().startswith("coin")
    if coin != m["face"].lower().startswith(("head", "tail")) or k > n or (not m["how"] and 0 < k < n):
        raise Unsure
    chance = Fraction(1, 2 if coin else 6)
    last = n if (m["how"] or "").lower().startswith("at") else k
    return _probability(
        sum((comb(n, j) * chance**j * (1 - chance) ** (n - j) for j in range(k, last + 1)), Fraction(0))
    )


@rule(
    r"(?:what is|find|compute|calculate|determine) the (?:probability|chance) (?:of|that you|of getting) ?"
    r"(?:rolling|throwing|getting|roll|throw)? ?a (?:sum|total) of (?P<s>\d+) (?:with|on|when rolling|when throwing"
    r"|by rolling|from) (?:two|a pair of) (?:fair |normal |standard )?(?:six-sided )?dice",
    r"two (?:fair |normal )?dice are (?:thrown|rolled)[.;,] "
    rf"{_P}(?:(?:their|the) sum(?: of the (?:numbers|points|dice))?(?: is| being)?|a (?:sum|total) of) (?P<s>\d+)\)?",
)
def _sum_of_dice(p: Problem, m: re.Match[str]) -> Expected:
    total = int(m["s"])
    if not 2 <= total <= 12:
        raise Unsure
    return _probability(Fraction(6 - abs(7 - total), 36))


_CARDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("ace", "king", "queen", "jack", "ten"), ("rank", 4)),
    **dict.fromkeys(("heart", "spade", "club", "diamond"), ("suit", 13)),
}


@rule(
    rf"an? card is (?:drawn|taken|picked)(?: at random)? from (?:an? (?:pack|deck) of )?52(?: cards)?[.;,] {_P}"
    r"(?:it is )?(?:an? )?(?P<a>[a-z]+?)(?:s)?(?: or (?:an? )?(?P<b>[a-z]+?)(?:s)?)?\)?"
)
def _card(p: Problem, m: re.Match[str]) -> Expected:
    one, other = _CARDS.get(m["a"].lower()), _CARDS.get((m["b"] or "").lower())
    if one is None or (m["b"] and other is None):
        raise Unsure
    count = one[1] if other is None or m["a"] == m["b"] else one[1] + other[1] - (one[0] != other[0])
    return _probability(Fraction(count, 52))


@rule(
    rf"{THE} (?:the )?volume of an? (?P<what>pyramid|cone|prism|cylinder) (?:with|whose|of) (?:an? )?base area "
    r"(?:of |is )?(?P<a>\d+(?:\.\d+)?) ?(?:[a-z]+(?:²|\^2))?,? and (?:an? )?height "
    r"(?:of |is )?(?P<h>\d+(?:\.\d+)?) ?(?:[a-z]+)?"
)
def _volume_on_base(p: Problem, m: re.Match[str]) -> Expected:
    volume = ex.scalar(m["a"]) * ex.scalar(m["h"])
    return value_of(volume / 3 if m["what"].lower() in ("pyramid", "cone") else volume)
