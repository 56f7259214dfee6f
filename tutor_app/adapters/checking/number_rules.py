"""Rules about whole numbers, lists of numbers, counting and percentages: "the gcd of 12 and 18 is 6"."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.context import Context
from tutor_app.adapters.checking.judging import Judgement
from tutor_app.adapters.checking.rules import (
    END,
    EXPR,
    IS,
    LAST,
    LIST,
    NUM,
    Rule,
    judge_value,
    numbers,
    rule,
    term_of,
    truth,
    whole,
)
from tutor_app.adapters.checking.words import NUMBERS
from tutor_app.adapters.grading.algebra import rational

MAX_PRIME: Final = 10**12


@rule(
    r"\b(gcd|gcf|hcf|(?:greatest|highest) common (?:divisor|factor)|lcm|least common (?:multiple|denominator))"
    rf"\s*(?:of|\()\s*{LIST}\s*\)?{IS}(\d[\d,]*){LAST}"
)
def common(m: re.Match[str], _context: Context) -> Judgement | None:
    """Greatest common divisor and least common multiple."""
    values = numbers(m[2])
    if any(v.denominator != 1 or v == 0 for v in values):
        return None
    least = m[1].lower().startswith(("l", "least"))
    return judge_value((math.lcm if least else math.gcd)(*map(int, values)), m[3], "lcm" if least else "gcd")


_KINDS: Final = r"(prime|composite|even|odd|perfect square|perfect cube)s?\b(?! factor| power| to| number of)"


@rule(rf"(?<![\d.,/^+*-])\b(\d{{1,12}}) is (not |n't )?(?:also )?(?:an? )?{_KINDS}")
def kind_of_number(m: re.Match[str], _context: Context) -> Judgement | None:
    """Primality, parity, perfect squares and cubes."""
    n, kind = int(m[1]), m[3].lower()
    if n < 1:
        return None
    holds = _is_of(n, kind)
    return truth(holds != bool(m[2]), "number", _why(n, kind, holds=holds))


@rule(rf"(?<![\d.,/^+*-]){LIST} are (?:all |both |each )?{_KINDS}", " are ")
def kind_of_numbers(m: re.Match[str], _context: Context) -> Judgement | None:
    """The same of several numbers: "41, 43 and 47 are all prime"."""
    values, kind = numbers(m[1]), m[2].lower()
    if any(v.denominator != 1 or not 1 <= v < MAX_PRIME for v in values):
        return None
    others = [int(v) for v in values if not _is_of(int(v), kind)]
    return truth(not others, "number", _why(others[0], kind, holds=False) if others else "")


def _is_of(n: int, kind: str) -> bool:
    import sympy as sp

    facts: dict[str, Callable[[], bool]] = {
        "prime": lambda: bool(sp.isprime(n)),
        "composite": lambda: n > 1 and not sp.isprime(n),
        "even": lambda: n % 2 == 0,
        "odd": lambda: n % 2 == 1,
        "perfect square": lambda: math.isqrt(n) ** 2 == n,
        "perfect cube": lambda: bool(sp.integer_nthroot(n, 3)[1]),
    }
    return facts[kind]()


def _why(n: int, kind: str, *, holds: bool) -> str:
    import sympy as sp

    if kind in ("prime", "composite") and not sp.isprime(n) and n > 3:
        p = min(sp.factorint(n))
        return f"{n} = {p} * {n // p}"
    return f"{n} is {'' if holds else 'not '}{kind}"


@rule(
    r"(?<![\d.,/^+*-])\b(\d{1,15}) is (not )?(divisible by|a multiple of|a factor of|a divisor of) (\d{1,15})\b"
    r"(?![\d.,]*\d|\s*[-+*/^])"
)
def divides(m: re.Match[str], _context: Context) -> Judgement | None:
    """Divisibility."""
    a, b = int(m[1]), int(m[4])
    if m[3].lower() in ("a factor of", "a divisor of"):
        a, b = b, a
    if b == 0:
        return None
    return truth((a % b == 0) != bool(m[2]), "number", f"{a} = {a // b} * {b} + {a % b}")


@rule(rf"\b(?:remainder (?:when|of|if) {NUM} (?:is )?divided by {NUM}){IS}(\d+)")
def remainder(m: re.Match[str], _context: Context) -> Judgement | None:
    """A remainder."""
    a, b = whole(m[1]), whole(m[2])
    return None if a is None or b is None or b < 1 else judge_value(a % b, m[3], "remainder")


@rule(rf"\b(?:modular |multiplicative )?inverse of {NUM} (?:modulo|mod|\(?\\p?mod) ?\{{?{NUM}\}}?\)?{IS}{NUM}(?!\s*\()")
def modular_inverse(m: re.Match[str], _context: Context) -> Judgement | None:
    """The inverse of a number in modular arithmetic."""
    a, n, said = (whole(m[k]) for k in (1, 2, 3))
    if a is None or n is None or said is None or n < 2:
        return None
    right = pow(a, -1, n) if math.gcd(a, n) == 1 else None
    holds = right is not None and (said - right) % n == 0
    return truth(holds, "remainder", f"{right}" if right is not None else "there is none: the side is no unit")


@rule(
    rf"{NUM}\s*(?:/|÷|divided by)\s*{NUM}\s*(?:is|=|equals|gives|leaves)\s*(?:(\d+)\s*,?\s*)?(?:with\s+)?"
    rf"(?:an?\s+)?(?:remainder(?: of)?|R)\s*(\d+)"
)
def division(m: re.Match[str], _context: Context) -> Judgement | None:
    """A division with a remainder."""
    a, b = whole(m[1]), whole(m[2])
    if a is None or b is None or b < 1:
        return None
    holds = int(m[4]) == a % b and (m[3] is None or int(m[3]) == a // b)
    return truth(holds, "remainder", f"{a // b} remainder {a % b}")


@rule(rf"\b(?:positive )?(?:divisors|factors) of (\d{{1,12}}){IS}((?:\d+\s*,\s*(?:and\s+)?|\d+\s+and\s+)+\d+)")
def divisors(m: re.Match[str], _context: Context) -> Judgement | None:
    """All divisors of a number."""
    import sympy as sp

    right = [int(d) for d in sp.divisors(int(m[1]))]
    said = [int(n) for n in numbers(m[2])]
    if set(said) < set(right) and not {1, int(m[1])} <= set(said):
        return None  # the prime ones, the proper ones, some of them
    return truth(sorted(said) == right, "divisors", ", ".join(map(str, right[:40])))


@rule(r"\b(\d{1,12}) has (?:exactly )?(\d+) (?:positive )?(?:divisors|factors)\b")
def divisor_count(m: re.Match[str], _context: Context) -> Judgement | None:
    """The number of divisors."""
    import sympy as sp

    return None if int(m[1]) < 1 else judge_value(int(sp.divisor_count(int(m[1]))), m[2], "divisors")


@rule(rf"\bprime factori[sz]ation of {NUM}{IS}{EXPR}{END}")
def factorization(m: re.Match[str], _context: Context) -> Judgement | None:
    """A prime factorisation, by its value."""
    n, said = whole(m[1]), term_of(m[2])
    value = None if said is None else rational(said)
    if n is None or n < 2 or value is None or n > MAX_PRIME:
        return None
    import sympy as sp

    right = " * ".join(f"{p}^{k}" if k > 1 else str(p) for p, k in sp.factorint(n).items())
    return truth(value == n, "factors", right)


# --- lists and counting ----------------------------------------------------------------------------------------


_KIND_OF_LIST: Final = r"(sum|product|average|arithmetic mean|mean|median|range|difference)"


@rule(
    rf"\b{_KIND_OF_LIST} (?:of|between)(?: the numbers)? {LIST}{IS}{NUM}(?!\s*(?:%|percent|times))",
)
def of_list(m: re.Match[str], _context: Context) -> Judgement | None:
    """Sum, product, mean, median and range of numbers."""
    return _of_list(m[1], numbers(m[2]), m[3])


@rule(
    rf"\b{_KIND_OF_LIST} (?:of|between)(?: the numbers)? {LIST}{IS}{NUM},? (?:and|while|but) "
    rf"(?P<left>(?:the|their|its) {_KIND_OF_LIST}{IS}{NUM})(?!\s*(?:%|percent|times|of))",
    " and ",
    "while",
    "but",
)
def of_same_list(m: re.Match[str], _context: Context) -> Judgement | None:
    """Another of the same numbers: "the median of 3, 8 and 20 is 8, and the range is 17"."""
    return _of_list(m[5], numbers(m[2]), m[6])


def _of_list(kind: str, values: list[Fraction], said: str) -> Judgement | None:
    kind = kind.lower()
    if kind == "difference":
        if len(values) != 2:
            return None
        found = judge_value(abs(values[0] - values[1]), said, "difference")
        return (
            Judgement("true", "difference")
            if judge_value(values[0] - values[1], said, "") == Judgement("true", "")
            else found
        )
    ordered, n = sorted(values), len(values)
    right = {
        "sum": sum(values, Fraction(0)),
        "product": math.prod(values, start=Fraction(1)),
        "median": (ordered[(n - 1) // 2] + ordered[n // 2]) / 2,
        "range": ordered[-1] - ordered[0],
    }.get(kind, sum(values, Fraction(0)) / n)
    return judge_value(right, said, kind.split()[-1])


@rule(
    r"\bsum of (?:all )?(?:the )?(?:first (?P<n>\d{1,6}) )?(?P<positive>positive |natural )?(?P<kind>even |odd )?"
    r"(?:integers|numbers)"
    rf"(?: (?:from|between) (?P<a>\d{{1,6}}) (?:to|through|and) (?P<b>\d{{1,6}})(?P<all>,? inclusive,?)?)?{IS}"
    rf"(?P<said>\d[\d,]*){LAST}",
    "sum of",
)
def of_range(m: re.Match[str], _context: Context) -> Judgement | None:
    """The sum of whole numbers in a row: "the integers from 1 to 40", "the first 20 odd numbers"."""
    kind = (m["kind"] or "").strip().lower()
    begin, step = {"even": 2, "odd": 1}.get(kind, 1), 2 if kind else 1
    if m["n"] and not m["a"]:
        if not (m["positive"] or kind):
            return None  # whether zero is the first of them is not told
        return judge_value(sum(begin + step * k for k in range(int(m["n"]))), m["said"], "sum")
    if not m["a"] or m["n"] or (" between " in m[0] and not m["all"]):
        return None
    values = (n for n in range(int(m["a"]), int(m["b"]) + 1) if not kind or n % 2 == begin % 2)
    return judge_value(sum(values), m["said"], "sum")


_PARTS: Final = r"\d+(?:\.\d+)?(?:(?: ?: ?| to )\d+(?:\.\d+)?){1,3}"


@rule(
    rf"\bratio (?:of )?(?:\w+ ){{0,4}}?(?P<left>(?P<a>{_PARTS})(?:,? (?:which )?(?:simplifies|reduces|is equivalent"
    rf"|is equal|can be (?:simplified|reduced)) to|,? is the same as|,? (?:which )?is| equals| ?=)"
    rf" (?:just |simply )?(?:the ratio )?(?P<b>{_PARTS}))(?![\d.]*\d| ?[:/])",
    "ratio",
)
def ratio(m: re.Match[str], _context: Context) -> Judgement | None:
    """A ratio in other numbers: "the ratio 18:24 simplifies to 3:4"."""
    a, b = ([Fraction(n) for n in re.findall(r"\d+(?:\.\d+)?", m[side])] for side in "ab")
    if len(a) != len(b) or 0 in (*a, *b):
        return None
    least = math.lcm(*(x.denominator for x in a))
    whole_parts = [int(x * least) for x in a]
    right = ":".join(str(x // math.gcd(*whole_parts)) for x in whole_parts)
    return truth(all(x * b[0] == y * a[0] for x, y in zip(a, b, strict=True)), "ratio", right)


_DIGITS: Final = {
    "million": 6, "hundred thousand": 5, "ten thousand": 4, "thousand": 3, "hundred": 2, "ten": 1, "dollar": 0,
    "whole number": 0, "integer": 0, "unit": 0, "one": 0, "tenth": -1, "hundredth": -2, "cent": -2, "thousandth": -3,
}  # fmt: skip
_NEAREST: Final = rf"to (?:the nearest (?P<unit>{'|'.join(_DIGITS)})|(?P<places>\d|one|two|three|four) decimal places?)"
_ROUNDED: Final = r"\$?(?P<a>-?\d[\d,]*(?:\.\d+)?)"


def _rounds_to(pattern: str) -> Rule:
    return rule(rf"{pattern} \$?(?P<b>-?\d[\d,]*(?:\.\d+)?){LAST}", "round")(_rounded)


def _rounded(m: re.Match[str], _context: Context) -> Judgement | None:
    """A number rounded to a place: "rounded to the nearest hundred, 3,847 is 3,800"."""
    value, said = (Fraction(m[k].replace(",", "")) for k in "ab")
    places = (m["places"] or "").lower()
    digits = _DIGITS[m["unit"].lower()] if m["unit"] else -(int(places) if places.isdigit() else NUMBERS[places])
    step = Fraction(10) ** digits
    low = math.floor(value / step) * step
    right = low if value - low < step / 2 else low + step
    if said == low and value - low == step / 2:
        return Judgement("true", "rounding")  # half to even
    return judge_value(right, m["b"], "rounding")


ROUNDING_RULES: Final[tuple[Rule, ...]] = (
    _rounds_to(rf"\brounded {_NEAREST},? {_ROUNDED} (?:is|becomes|equals|rounds to)"),
    _rounds_to(rf"\bround(?:ing)? {_ROUNDED} {_NEAREST},? (?:gives|yields|is|we get|makes it|results in)"),
    _rounds_to(rf"(?<![\d.,/^+*-]){_ROUNDED} (?:is )?(?:when )?rounded {_NEAREST} is"),
)


@rule(rf"\b(square|cube) root of {NUM}{IS}{EXPR}{END}")
def root_of(m: re.Match[str], _context: Context) -> Judgement | None:
    """Square and cube roots."""
    right = term_of(rf"\sqrt{'[3]' if m[1].lower() == 'cube' else ''}{{{m[2].replace(',', '')}}}")
    return None if right is None else judge_value(right, m[3], "root")


@rule(rf"\bthe (square|cube) of {NUM}{IS}{EXPR}{END}")
def power_of(m: re.Match[str], _context: Context) -> Judgement | None:
    """The square and the cube of a number."""
    base = whole(m[2])
    return None if base is None else judge_value(base ** (2 if m[1].lower() == "square" else 3), m[3], "power")


@rule(
    rf"\b(?:(\d{{1,4}}) choose (\d{{1,4}})|C\((\d{{1,4}}), ?(\d{{1,4}})\)|ways to (?:choose|select|pick) "
    rf"(\d{{1,4}}) (?:\w+ )?(?:from|out of|of) (?:a group of |a set of )?(\d{{1,4}})(?: \w+){{0,3}}){IS}(\d[\d,]*)"
)
def choose(m: re.Match[str], _context: Context) -> Judgement | None:
    """Combinations."""
    n, k = (int(m[1]), int(m[2])) if m[1] else (int(m[3]), int(m[4])) if m[3] else (int(m[6]), int(m[5]))
    return judge_value(math.comb(n, k), m[7], "counting") if k <= n else None


@rule(
    rf"\b(?:ways to (?:arrange|order|line up) (\d{{1,3}}) (?:different |distinct )?\w+(?: in a (?:row|line))?"
    rf"|permutations of (\d{{1,3}}) (?:different |distinct )?\w+){IS}(\d[\d,]*)(?!\s*!)"
)
def arrange(m: re.Match[str], _context: Context) -> Judgement | None:
    """Permutations of all."""
    return judge_value(math.factorial(int(m[1] or m[2])), m[3], "counting")


@rule(rf"(?<![\d./])\$?{NUM} is {NUM}\s*\\?(?:%|percent) of \$?{NUM}(?!\s*(?:of|%|[-+*/]))")
def percent_of(m: re.Match[str], _context: Context) -> Judgement | None:
    """A part told as a percentage."""
    values = [Fraction(g.replace(",", "").replace(" ", "")) for g in m.groups()]
    right = values[1] * values[2] / 100
    return judge_value(right, m[1], "percent")


@rule(
    rf"(?<![\d./]){NUM}\s*\\?(?:%|percent) (?:\w+ ){{0,2}}(?:on|of) (?:the |an? |his |her |their )?"
    rf"(?:\w+ ){{0,2}}\$?{NUM}(?: \w+)? (?:is|comes to|amounts to|works out to) \$?{NUM}{LAST}"
)
def part(m: re.Match[str], _context: Context) -> Judgement | None:
    """A percentage of an amount: "a 15% tip on $40 is $6"."""
    values = [Fraction(g.replace(",", "").replace(" ", "")) for g in m.groups()]
    found = judge_value(values[0] * values[1] / 100, m[3], "percent")
    return found if found is not None and found.verdict != "false" else None


@rule(rf"(?:^|[,:] |\b(?:so|and|then|that is|since) )\$?{NUM} (more|less) than \$?{NUM} (?:is|equals) \$?{NUM}{LAST}")
def compared(m: re.Match[str], _context: Context) -> Judgement | None:
    """A number more or less than another: "7 more than 15 is 22"."""
    values = [Fraction(m[n].replace(",", "").replace(" ", "")) for n in (1, 3)]
    right = values[1] + values[0] if m[2].lower() == "more" else values[1] - values[0]
    return judge_value(right, m[4], "sum")


NUMBER_RULES: Final[tuple[Rule, ...]] = (
    common, kind_of_number, kind_of_numbers, divides, remainder, modular_inverse, division, divisors, divisor_count,
    factorization, of_list, of_same_list, of_range, ratio, *ROUNDING_RULES, root_of, power_of, choose, arrange,
    percent_of, part, compared,
)  # fmt: skip
