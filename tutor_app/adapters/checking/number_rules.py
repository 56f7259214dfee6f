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


@rule(
    r"(?<![\d.,/^+*-])\b(\d{1,12}) is (not |n't )?(?:also )?(?:an? )?(prime|composite|even|odd|perfect square"
    r"|perfect cube)\b(?! factor| power| to)"
)
def kind_of_number(m: re.Match[str], _context: Context) -> Judgement | None:
    """Primality, parity, perfect squares and cubes."""
    n, kind = int(m[1]), m[3].lower()
    if n < 1:
        return None
    import sympy as sp

    facts: dict[str, Callable[[], bool]] = {
        "prime": lambda: bool(sp.isprime(n)),
        "composite": lambda: n > 1 and not sp.isprime(n),
        "even": lambda: n % 2 == 0,
        "odd": lambda: n % 2 == 1,
        "perfect square": lambda: math.isqrt(n) ** 2 == n,
        "perfect cube": lambda: bool(sp.integer_nthroot(n, 3)[1]),
    }
    holds = facts[kind]()
    why = f"{n} is {'' if holds else 'not '}{kind}"
    if kind in ("prime", "composite") and not sp.isprime(n) and n > 3:
        p = min(sp.factorint(n))
        why = f"{n} = {p} * {n // p}"
    return truth(holds != bool(m[2]), "number", why)


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
    if set(said) < set(right):
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


@rule(
    rf"\b(sum|product|average|arithmetic mean|mean|median|range|difference) (?:of|between)(?: the numbers)?"
    rf" {LIST}{IS}{NUM}(?!\s*(?:%|percent|times))"
)
def of_list(m: re.Match[str], _context: Context) -> Judgement | None:
    """Sum, product, mean, median and range of numbers."""
    values, kind = numbers(m[2]), m[1].lower()
    if kind == "difference":
        if len(values) != 2:
            return None
        found = judge_value(abs(values[0] - values[1]), m[3], "difference")
        return (
            Judgement("true", "difference")
            if judge_value(values[0] - values[1], m[3], "") == Judgement("true", "")
            else found
        )
    ordered, n = sorted(values), len(values)
    right = {
        "sum": sum(values, Fraction(0)),
        "product": math.prod(values, start=Fraction(1)),
        "median": (ordered[(n - 1) // 2] + ordered[n // 2]) / 2,
        "range": ordered[-1] - ordered[0],
    }.get(kind, sum(values, Fraction(0)) / n)
    return judge_value(right, m[3], kind.split()[-1])


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
    rf"(?:\w+ ){{0,2}}\$?{NUM}(?: \w+)? is \$?{NUM}{LAST}"
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
    common, kind_of_number, divides, remainder, modular_inverse, division, divisors, divisor_count, factorization,
    of_list, root_of, power_of, choose, arrange, percent_of, part, compared,
)  # fmt: skip
