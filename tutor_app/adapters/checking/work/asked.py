"""Numbers that problems of everyday ask for, beyond those whose answers are checked by themselves.

Proportions, shares, percentages, speeds, interest, chances of one throw or draw, means, right triangles. Each kind is
read as a whole: a number too many, and it is not known what the problem asks for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.work.riddles import third_side
from tutor_app.adapters.checking.work.shares import share
from tutor_app.adapters.checking.work.values import Value, alike

_ANY: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_N: Final = r"(\d+(?:\.\d+)?)"
_CURRENCY: Final = re.compile(r"[$€£]")
_WORDS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10}
_WORD: Final = re.compile(
    rf"(?<!under )(?<!over )(?<!than )\b(?:{'|'.join(_WORDS)})\b(?! (?:of|other|numbers?|leg|angle|side)\b)"
)
Numbers = Sequence[Fraction]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a problem asks for.

    Attributes:
        right: The number; others where several may be told.
        wrong: What common mistakes come to, with their slips.
        steps: Numbers on the way.
        is_closed: Nothing else stands on the way.
    """

    right: tuple[Value, ...]
    wrong: tuple[tuple[str, Value], ...] = ()
    steps: tuple[Value, ...] = ()
    is_closed: bool = False

    def allows(self, number: Value) -> bool:
        """Whether a number is right, or may stand on the way."""
        return any(_is_near(number, known) for known in (*self.right, *self.steps))

    def is_right(self, number: Value) -> bool:
        """Whether a number is what is asked for, as it may be rounded."""
        return any(_is_near(number, known) for known in self.right)

    def slip(self, number: Value) -> str:
        """The common mistake that comes to a number, or empty."""
        return next((slip for slip, wrong in self.wrong if _is_near(number, wrong)), "")


def _is_near(one: Value, other: Value) -> bool:
    return (
        alike(one, other)
        or (abs(float(one) - float(other)) <= 0.006 * abs(float(other)) and Fraction(one).denominator > 1)
        or (abs(float(one) - float(other)) <= 0.5 and abs(float(other)) > 20 and Fraction(other).denominator > 1)
    )


def asked(problem: str) -> Asked | None:
    """The number that a problem asks for; None if the problem is of no kind that is known here."""
    text = re.sub(r"\s+", " ", _CURRENCY.sub(" ", problem.lower().replace("\u2019", "'"))).strip()
    text = _WORD.sub(lambda m: str(_WORDS[m[0]]), re.sub(r"(?<=\d),(?=\d{3}\b)", "", text))
    numbers = [Fraction(n) for n in _ANY.findall(text)]
    for read in (
        _share, _percent_of_whole, _percent_changed, _percent_cheaper, _percent_of_paid, _percent_rest,
        _proportion, _inverse, _speed, _interest, _growth, _of_share, _missing, _thrown, _single_draw,
        _chosen, _not, _of_angle, _rectangle, _last_angle, _nth, _third_side, _step, _both,
    ):  # fmt: skip
        found = read(text, numbers)
        if found is not None:
            return found
    return None


def _share(text: str, numbers: Numbers) -> Asked | None:
    m = re.search(rf"\b(?:share|divide|split)\b.*?{_N}\b.*\bin the ratio (\d+ ?: ?\d+(?: ?: ?\d+)?)", text)
    if m is None:
        return None
    whole, parts = Fraction(m[1]), [Fraction(n) for n in m[2].split(":")]
    if len(numbers) != 1 + len(parts) or not all(parts):
        return None
    one = whole / sum(parts)
    shares = tuple(one * part for part in parts)
    steps = (sum(parts), one, whole, *(part / sum(parts) for part in parts))
    return Asked(shares, (), steps, is_closed=True)


def _percent_of_whole(text: str, numbers: Numbers) -> Asked | None:
    if len(numbers) != 2 or "%" in text or not re.search(r"\b(?:what|which|how many) percent(?:age)?\b", text):
        return None
    if not re.search(rf"{_N} (?:out )?of (?:the |its |them )?{_N}|\b(?:of|has|have|with) {_N} [a-z]+,? {_N}", text):
        return None
    if _CHANGES.search(text):
        return None
    small, large = sorted(numbers)
    part = small / large
    wrong = tuple(("percent", v) for v in (large / small, 100 * large / small))
    return Asked((100 * part, part, 100 - 100 * part, 1 - part), wrong, (large / 100, 100 / large, large - small))


_CHANGES: Final = re.compile(
    r"\b(?:more|less|rise|rose|grew|grow|fell|reduced|increased?|decreased?|rest|not|other|from|left)\b"
)
_BY_WHAT: Final = re.compile(
    r"\b(?:by (?:what|how many) percent(?:age)?"
    r"|what is the percent(?:age)? (?:of )?(?:increase|decrease|change|reduction))\b"
)
_FROM_TO: Final = re.compile(rf"\b(?:from|was|cost) {_N}\D{{0,25}}?\b(?:to|now|is now)\b\D{{0,12}}?{_N}")


def _percent_changed(text: str, numbers: Numbers) -> Asked | None:
    m = _FROM_TO.search(text)
    if m is None or len(numbers) != 2 or "%" in text:
        return None
    if not _BY_WHAT.search(text):
        return None
    a, b = Fraction(m[1]), Fraction(m[2])
    change, wrong = abs(b - a) / a, abs(b - a) / b
    others = [("percent", v) for v in (wrong, 100 * wrong, b / a, 100 * b / a, a / b, 100 * a / b)]
    return Asked((change, 100 * change, -change, -100 * change), tuple(others), (abs(b - a), b / a))


def _percent_cheaper(text: str, numbers: Numbers) -> Asked | None:
    m = re.search(rf"{_N} ?(?:%|percent) (?P<how>cheaper|off|less|dearer|more expensive|more)\b", text)
    if m is None or len(numbers) != 2 or not re.search(r"\bcosts?\b|\bprice\b", text):
        return None
    if not re.search(
        r"\bwhat (?:does it cost|is the (?:new|sale) price|is its (?:new )?price|do(?:es)? .* cost)\b", text
    ):
        return None
    if re.search(r"\b(?:before|originally|original|after|than)\b", text):
        return None
    part = Fraction(m[1]) / 100
    (amount,) = [n for n in numbers if n != Fraction(m[1])] or [Fraction(m[1])]
    sign = 1 if m["how"] in ("dearer", "more expensive", "more") else -1
    right = amount * (1 + sign * part)
    wrong = (amount + sign * 100 * part, amount - sign * amount * part, amount * part, amount / (1 + sign * part))
    return Asked((right,), tuple(("percent", v) for v in wrong), (amount / 100, 1 + sign * part, part))


def _percent_of_paid(text: str, numbers: Numbers) -> Asked | None:
    """The whole of which a part is told: "90 is 120 % of what it paid", "30 % of a number is 45"."""
    m = re.search(
        rf"{_N} ?(?:%|percent) of (?:what|the (?:price|cost|amount|purchase)|its (?:cost|price)|a number|my number)",
        text,
    )
    if m is None or len(numbers) != 2 or not re.search(r"\b(?:what|how much|find)\b.*[?.]?$", text[m.end() :] or text):
        return None
    part = Fraction(m[1])
    (told,) = [n for n in numbers if n != part] or [part]
    right = told * 100 / part
    wrong = (told * part / 100, told - told * part / 100, told * (2 - part / 100), told - part, told / (1 + part / 100))
    return (
        Asked((right,), tuple(("percent", v) for v in wrong), (told / part, part / 100, told / 100)) if part else None
    )


def _percent_rest(text: str, numbers: Numbers) -> Asked | None:
    m = re.search(rf"{_N} ?(?:%|percent) of (?:the |its )?{_N}\b", text)
    if (
        m is None
        or len(numbers) != 2
        or not re.search(r"\bhow many\b.*\b(?:free|left|not|remain(?:ing)?|empty|rest)\b", text)
    ):
        return None
    part, whole = Fraction(m[1]) / 100, Fraction(m[2])
    return Asked((whole * (1 - part),), (("percent", whole - 100 * part),), (whole * part, 1 - part, part, whole / 100))


_COSTS: Final = re.compile(
    rf"\b{_N} ?(?P<a>[a-z]+)(?: of [a-z]+)? (?:costs?|weighs?|lasts?|makes?) (?:about )?{_N}\D*?[.,;?]\D*?"
    rf"\b(?:what|how much|how many)\b\D*?\b{_N} ?(?P<c>[a-z]+)"
)
_NEEDED_FOR: Final = re.compile(
    rf"\bfor {_N} (?P<a>[a-z]+)\D*?{_N}\D*?\bhow (?:much|many)\b\D*?\bfor {_N} (?P<c>[a-z]+)"
)
_USES: Final = re.compile(
    rf"\b(?:uses?|needs?) {_N}\D*?\b(?:for|per|on|in) {_N} ?(?P<a>[a-z]+)\D*?\bhow (?:much|many)\b\D*?"
    rf"\b(?:for|on|in) {_N} ?(?P<c>[a-z]+)"
)


def _proportion(text: str, numbers: Numbers) -> Asked | None:
    if len(numbers) != 3 or re.search(r"%|percent|\beach\b|more than|workers|machines|pumps|taps", text):
        return None
    m = _COSTS.search(text) or _NEEDED_FOR.search(text)
    order = (1, 3, 4) if m is not None else ()
    if m is None and (m := _USES.search(text)) is not None:
        order = (2, 1, 4)
    if m is None or _stem(m["a"]) != _stem(m["c"]):
        return None
    a, b, c = (Fraction(m[k]) for k in order)
    if not a or not b or not c:
        return None
    return Asked((b * c / a,), (), (b / a, a / b, c / a, b * c, a * c), is_closed=True)


def _stem(word: str) -> str:
    return word.removesuffix("s")


_CREW: Final = r"(?:workers|men|women|people|painters|pumps|machines|taps|pipes|builders|printers|gardeners|diggers)"
_BY_CREW: Final = re.compile(
    rf"\b{_N} {_CREW}\D*?{_N} (?P<t>hours?|days?|minutes?|weeks?)\D*?\bhow (?:long|many (?:hours|days|minutes|weeks))\b"
    rf"\D*?\b{_N} (?:such |of these )?{_CREW}"
)


def _inverse(text: str, numbers: Numbers) -> Asked | None:
    m = _BY_CREW.search(text)
    if m is None or len(numbers) != 3:
        return None
    a, b, c = Fraction(m[1]), Fraction(m[2]), Fraction(m[4])
    return Asked((a * b / c,), (), (a * b, a / c, c / a), is_closed=True) if c else None


_SPEED_UNIT: Final = r"(?:km/h|mph|m/s|km per hour|miles per hour|miles an hour|metres per second)"
_LENGTH: Final = r"(?:km|kilomet(?:re|er)s?|miles?|m|met(?:re|er)s?)"


def _speed(text: str, numbers: Numbers) -> Asked | None:
    if len(numbers) != 2 or re.search(r"\b(?:and|then|back|return|minutes? and)\b", text):
        return None
    if (m := re.search(rf"{_N} ?{_LENGTH} in {_N} ?(?:h|hours?)\b", text)) and re.search(
        r"\bhow fast\b|\bspeed\b", text
    ):
        distance, time = Fraction(m[1]), Fraction(m[2])
        right, wrong = distance / time, (distance * time, time / distance)
    elif (
        m := re.search(rf"\bat (?:a speed of )?{_N} ?{_SPEED_UNIT} for {_N} ?(?:h|hours?)\b", text)
    ) and "how far" in text:
        speed, time = Fraction(m[1]), Fraction(m[2])
        right, wrong = speed * time, (speed / time, time / speed)
    elif (m := re.search(rf"{_N} ?(?:km|miles) at (?:a speed of )?{_N} ?{_SPEED_UNIT}", text)) and "how long" in text:
        distance, speed = Fraction(m[1]), Fraction(m[2])
        right, wrong = distance / speed, (distance * speed, speed / distance)
    else:
        return None
    others = tuple(right * f for f in (60, Fraction(1, 60), 1000, Fraction(5, 18), Fraction(18, 5)))
    return Asked((right, *others), tuple(("formula", v) for v in wrong))


def _interest(text: str, numbers: Numbers) -> Asked | None:
    m = re.search(r"\b(?P<kind>simple|compound) interest\b", text)
    rate = re.search(rf"{_N} ?(?:%|percent)", text)
    years = re.search(rf"\b{_N} years?\b", text)
    if m is None or rate is None or years is None or len(numbers) != 3 or re.search(r"month|quarter|half", text):
        return None
    part, time = Fraction(rate[1]) / 100, Fraction(years[1])
    rest = [n for n in numbers if n not in (Fraction(rate[1]), time)]
    if len(rest) != 1 or time.denominator > 1 or time > 60:
        return None
    amount = rest[0]
    simple, compound = amount * part * time, amount * ((1 + part) ** int(time) - 1)
    right, wrong = (simple, compound) if m["kind"] == "simple" else (compound, simple)
    slips = (("formula", wrong), ("formula", amount + wrong), ("percent", amount * 100 * part * time))
    return Asked((right, amount + right), slips, (amount * part, (1 + part) ** int(time), 1 + part))


_GROWS: Final = re.compile(
    rf"(?:grows?|increases?|rises?|gains?|falls?|decreases?|loses?|shrinks?|depreciates?)\D{{0,20}}? {_N}"
    r" ?(?:%|percent)(?: (?:a|per|every|each)|/) ?(?P<time>year|month|week|day|hour)"
)


def _growth(text: str, numbers: Numbers) -> Asked | None:
    """The amount in the end, where it grows or falls by a percentage again and again."""
    m = _GROWS.search(text)
    if m is None or len(numbers) != 3 or "simple" in text or not re.search(r"\b(?:after|in|for)\b.*\?|\bfind\b", text):
        return None
    times = re.search(rf"\b(?:after|in|for) (\d+) {m['time']}s?\b", text)
    if times is None or not re.search(r"\b(?:worth|how (?:much|many|large|big)|value|what)\b", text):
        return None
    many, part = int(times[1]), Fraction(m[1]) / 100
    part = -part if re.match(r"fall|decrease|lose|shrink|depreciate", m[0]) else part
    rest = [n for n in numbers if n not in (Fraction(m[1]), many)]
    if len(rest) != 1 or not 0 < many <= 40 or re.search(r"\b(?:more|less|by how|increase|interest)\b.*\?", text):
        return None
    amount = rest[0]
    steps = tuple(amount * (1 + part) ** k for k in range(1, many))
    wrong = (amount * (1 + many * part), amount * (1 - part) ** many, amount * many * (1 + part), amount + many * part)
    more = (1 + part, (1 + part) ** many, amount * abs(part))
    return Asked((amount * (1 + part) ** many,), tuple(("percent", v) for v in wrong), (*steps, *more))


def _of_share(text: str, numbers: Numbers) -> Asked | None:
    found = share(text, numbers)
    return None if found is None else Asked((found.right,), tuple(("percent", v) for v in found.wrong), found.steps)


def _missing(text: str, numbers: Numbers) -> Asked | None:
    """The number that is missing to a mean."""
    m = re.search(rf"\b(?:mean|average) of (\d+|{'|'.join(_WORDS)}) numbers is {_N}", text)
    if m is None or not re.search(r"\b(?:find|what is) the \w+(?: number| one)?[.?]?$", text):
        return None
    many, mean = Fraction(_WORDS.get(m[1]) or m[1]), Fraction(m[2])
    told = re.search(r"\bare ([\d., and]+)[.,;]", text[m.end() :])
    known = [Fraction(n) for n in _ANY.findall(told[1])] if told is not None else []
    if len(known) != many - 1:
        return None
    return Asked((many * mean - sum(known),), (), (many * mean, sum(known), sum(known) / len(known)))


def _thrown(text: str, numbers: Numbers) -> Asked | None:
    if not re.search(r"\b(?:a|an ordinary|a fair|1) (?:fair )?(?:die|dice) is (?:thrown|rolled)(?: once)?[.,]", text):
        return None
    faces = range(1, 7)
    m = re.search(
        r"\b(?:greater|more|higher|larger|less|smaller|lower) than (\d)\b|\bat (?:least|most) (?:a )?(\d)\b", text
    )
    if m is not None and len(numbers) == 1:
        n = int(m[1] or m[2])
        up, strict = re.match(r"greater|more|higher|larger|at least", m[0]) is not None, m[1] is not None
        good = [f for f in faces if (f > n if up else f < n) or (f == n and not strict)]
    elif not numbers and (m := re.search(r"\b(even|odd|prime) number\b", text)) is not None:
        good = [f for f in faces if {"even": f % 2 == 0, "odd": f % 2 == 1, "prime": f in (2, 3, 5)}[m[1]]]
    else:
        return None
    if re.search(r"\bnot\b|\btwice\b|\btimes\b", text):
        return None
    return _chance(Fraction(len(good), 6))


def _chance(right: Fraction) -> Asked:
    return Asked((right, 100 * right), (("", 1 - right),))


_BALL: Final = "(?:ball|marble|counter|bead|sweet)"
_BAG: Final = re.compile(
    rf"\b(?:bag|box|jar|urn|bowl) (?:has|contains|holds|with) {_N} ([a-z]+)(?: {_BALL}s?)? and {_N} ([a-z]+)"
    rf"(?: {_BALL}s?)?[.,;]"
)
_DRAWN: Final = re.compile(
    rf" (?:a|1) (?:{_BALL} |of them )?is \w+\b.*\bprobability\b.*?\b(?P<what>(?:not )?(?:an? )?[a-z]+)"
    rf"(?: {_BALL})?[?.]*$"
)


def _single_draw(text: str, numbers: Numbers) -> Asked | None:
    m = _BAG.search(text)
    goal = _DRAWN.search(text, m.end()) if m is not None else None
    if m is None or goal is None or len([n for n in numbers if n != 1]) != 2:
        return None
    counts = {m[2]: Fraction(m[1]), m[4]: Fraction(m[3])}
    words = goal["what"].replace("not ", "").removeprefix("a ").removeprefix("an ")
    if words not in counts or len(counts) != 2:
        return None
    right = counts[words] / sum(counts.values())
    right = 1 - right if re.search(rf"\bnot (?:an? )?{words}\b", text) else right
    a, b = counts.values()
    return Asked((right, 100 * right), (("", a / b), ("", b / a), ("", 1 - right)), (a + b,))


_CHOOSE: Final = re.compile(
    rf"\bways\b.*\b(?:choose|select|pick) {_N}(?: [a-z]+)? (?:of|from|out of) (?:a group of )?{_N}\b"
)
_CHOSEN: Final = re.compile(
    rf"\bhow many ways can {_N} (?:of|out of) (?:the )?{_N} [a-z]+ be (?:chosen|selected|picked)\b"
    rf"|\bhow many ways can (?:a (?:team|group|committee) of )?(\d+)(?: [a-z]+)? be (?:chosen|selected|picked|formed)"
    rf" (?:from|out of|of) (?:the |a (?:class|group) of )?(\d+)"
)


def _chosen(text: str, numbers: Numbers) -> Asked | None:
    m = _CHOOSE.search(text) or _CHOSEN.search(text)
    if m is None or len(numbers) != 2 or re.search(r"\border\b|president|row|first|prizes?", text):
        return None
    k, n = (int(Fraction(number)) for number in filter(None, m.groups()))
    if not 0 < k <= n < 60:
        return None
    return Asked((Fraction(math.comb(n, k)),), (("formula", Fraction(math.perm(n, k))), ("formula", Fraction(n * k))))


def _not(text: str, numbers: Numbers) -> Asked | None:
    m = re.search(rf"\bprobability (?:of|that) [a-z ]+ is {_N}[.,;].*\bprobability\b.*\bnot\b", text)
    if m is None or len(numbers) != 1 or not 0 < (chance := Fraction(m[1])) < 1:
        return None
    return Asked((1 - chance, 100 * (1 - chance)), ())


_ANGLE: Final = re.compile(rf"\bangles? (?:of|is|measures|=) {_N} ?(?:°|degrees)")
_ITS_SIDE: Final = re.compile(
    r"\b(?P<what>hypotenuse|opposite side|adjacent side|(?:side|leg) (?:opposite|adjacent)"
    rf"(?: to (?:it|this angle|the angle))?) (?:is |of |= ?)?(?:length )?{_N}"
)
_GOAL: Final = re.compile(
    r"\bfind the (?:length of the )?(?P<what>hypotenuse"
    r"|(?:(?:side|leg) )?(?:opposite|adjacent)(?: side| leg| to (?:the|this|that) angle)?)"
)


def _of_angle(text: str, numbers: Numbers) -> Asked | None:
    """A leg of a right triangle by an angle and the hypotenuse, or the hypotenuse by a leg."""
    if "right" not in text or len(numbers) != 2 or (m := _ANGLE.search(text)) is None:
        return None
    side, goal = _ITS_SIDE.search(text), _GOAL.search(text)
    if side is None or goal is None:
        return None
    kinds = [next(k for k in ("hypotenuse", "opposite", "adjacent") if k in found["what"]) for found in (side, goal)]
    if kinds[0] == kinds[1] or not 0 < float(m[1]) < 90:
        return None
    angle, length = math.radians(float(m[1])), float(side[2])
    sizes = {"hypotenuse": 1.0, "opposite": math.sin(angle), "adjacent": math.cos(angle)}
    right = length * sizes[kinds[1]] / sizes[kinds[0]]
    ratios = (math.sin(angle), math.cos(angle), math.tan(angle))
    wrong = [w for r in ratios for w in (length * r, length / r) if not alike(w, right)]
    return Asked((right,), tuple(("formula", w) for w in wrong), ratios)


def _rectangle(text: str, numbers: Numbers) -> Asked | None:
    """The other side or the perimeter of a rectangle by its area and one side, or the area by its perimeter."""
    area = re.search(rf"\barea (?:is |of )?{_N}", text)
    side = re.search(rf"\b(?:width|length|side) (?:is |of )?{_N}|\b{_N} ?(?:cm|m|mm|km)? (?:wide|long)\b", text)
    if "rectangle" not in text or area is None or side is None or len(numbers) != 2:
        return None
    whole, one = Fraction(area[1]), Fraction(next(filter(None, side.groups())))
    if not one:
        return None
    other = whole / one
    if re.search(r"\b(?:find|what is|calculate|work out) (?:its|the) perimeter\b", text):
        return Asked(
            (2 * (one + other),), (("formula", one + other), ("formula", whole * 2)), (other, 2 * one, 2 * other)
        )
    if re.search(
        r"\b(?:find|what is|calculate|work out) (?:its|the) (?:length|width|other side)\b|\bhow (?:long|wide)\b", text
    ):
        return Asked((other,), (("inverse", whole * one), ("inverse", whole - one), ("formula", whole / 2 - one)))
    return None


def _last_angle(text: str, numbers: Numbers) -> Asked | None:
    """The angle that is missing to all of a triangle or a quadrilateral."""
    shape = re.search(r"\b(triangle|quadrilateral)\b", text)
    goal = re.search(
        r"\b(?:find|what is|how large is) the (?:third|other|missing|last|fourth|4th)\b|\bthird angle of\b", text
    )
    if shape is None or goal is None or re.search(r"isosceles|right|exterior|sides?\b", text) or "angle" not in text:
        return None
    whole, many = (180, 2) if shape[1] == "triangle" else (360, 3)
    if len(numbers) == many + 1 and numbers[0] == many:
        numbers = numbers[1:]  # "two angles of a triangle"
    if len(numbers) != many or not 0 < sum(numbers) < whole:
        return None
    others = tuple(("formula", angles - sum(numbers)) for angles in (180, 360, 90) if angles != whole)
    return Asked((whole - sum(numbers),), others, (sum(numbers),))


_LISTED: Final = re.compile(
    r"\bcommon (?P<what>difference|ratio) of (?:the sequence )?(-?[\d.]+), ?(-?[\d.]+), ?(-?[\d.]+)"
)


def _step(text: str, numbers: Numbers) -> Asked | None:
    """The difference or ratio of a sequence that is written out."""
    m = _LISTED.search(text)
    if m is None:
        return None
    a, b = Fraction(m[2]), Fraction(m[3])
    if m["what"] == "difference":
        return Asked((b - a,), (("sign", a - b),))
    return Asked((b / a,), (("reciprocal", a / b),)) if a and b else None


_TWO_TAPS: Final = re.compile(
    rf"\b(?:1|one|a) (?P<who>tap|pipe|pump|worker|painter|machine)\b.*?\bin {_N} (?P<t>hours|minutes|days)"
    rf".*?\b(?:another|other|second)\b.*?\bin {_N} (?P=t)"
)


def _both(text: str, numbers: Numbers) -> Asked | None:
    """How long two take together."""
    m = _TWO_TAPS.search(text)
    if (
        m is None
        or len([n for n in numbers if n != 1]) != 2
        or not re.search(r"\bhow long\b.*\b(?:both|together)\b", text)
    ):
        return None
    a, b = Fraction(m[2]), Fraction(m[4])
    rate = 1 / a + 1 / b
    other = tuple(1 / rate * f for f in (60, Fraction(1, 60)))
    return Asked((1 / rate, *other), (("inverse", a + b), ("inverse", (a + b) / 2)), (rate, 1 / a, 1 / b, a * b, a + b))


def _nth(text: str, numbers: Numbers) -> Asked | None:
    """A term of a sequence of which the first one and the step are told."""
    m = re.search(r"\b(?P<kind>arithmetic|geometric) (?:sequence|progression)\b", text)
    n = re.search(r"\bfind (?:the |its )?(\d+)(?:st|nd|rd|th) term\b", text)
    first = re.search(rf"\b(?:a_?1|(?:first|1st) term) ?(?:=|is|of)? ?(-?{_N})", text)
    step = re.search(r"\b(?:d|r|q|(?:common )?(?:difference|ratio)) ?(?:=|is|of)? ?(-?\d+(?:\.\d+)?(?:/\d+)?)", text)
    if m is None or n is None or first is None or step is None:
        return None
    many, a, d = int(n[1]), Fraction(first[1]), Fraction(step[1])
    if m["kind"] == "arithmetic":
        return Asked((a + (many - 1) * d,), (("formula", a + many * d),), ((many - 1) * d,))
    if many > 30:
        return None
    power = d ** (many - 1)
    return Asked((a * power,), (("formula", a * d**many), ("formula", a + (many - 1) * d)), (power,))


def _third_side(text: str, numbers: Numbers) -> Asked | None:
    """The third side of a right triangle."""
    found = third_side(text, numbers)
    if found is None:
        return None
    right, a, b, under = (float(v) for v in found)
    other = a * a + b * b if not alike(under, a * a + b * b) else abs(b * b - a * a)
    return Asked((right,), (("sign", math.sqrt(other)), ("sign", other), ("inverse", under / 2)), (under, a * a, b * b))
