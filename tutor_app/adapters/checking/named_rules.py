"""Rules about what a sentence computes by name: a modulus, a conjugate, dozens, interest, a change by percent."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.context import Context, replaced
from tutor_app.adapters.checking.judging import Judgement, judge, shown
from tutor_app.adapters.checking.rules import END, IS, LAST, NUM, Rule, judge_value, rule, term_of, truth
from tutor_app.adapters.checking.words import NUMBERS
from tutor_app.adapters.grading.terms import Call, Number, symbols

_COMPLEX: Final = (
    r"(?:the complex number )?(?:\w ?= ?)?(\(?[-\d./√ ]*\d*(?: ?[-+] ?)?[\d./√]*i\b(?: ?[-+] ?[\d./√]+)?\)?)"
)


@rule(
    rf"\b(?:modulus|magnitude|absolute value) of {_COMPLEX}{IS}([-\w./√() ^\\{{}}]+?){END}",
    "modulus",
    "magnitude",
    "absol",
)
def modulus(m: re.Match[str], _context: Context) -> Judgement | None:
    """The absolute value of a complex number."""
    term = term_of(m[1])
    return None if term is None or symbols(term) else judge_value(Call("abs", (term,)), m[2], "modulus")


@rule(rf"\bconjugate of {_COMPLEX}{IS}([-+\w./√() ]+?){END}", "conjugate")
def conjugate(m: re.Match[str], _context: Context) -> Judgement | None:
    """The conjugate of a complex number."""
    import sympy as sp

    mine, told = (None if (term := term_of(said)) is None else symbolic.built(term) for said in (m[1], m[2]))
    if mine is None or told is None or mine.free_symbols or told.free_symbols:
        return None
    right = sp.conjugate(mine)
    equal = symbolic.equal(right, told)
    if equal is None:
        return None
    return Judgement("true", "conjugate") if equal else Judgement("false", "conjugate", symbolic.shown(right))


_COUNT: Final = rf"(?:\d[\d,]*(?:\.\d+)?|{'|'.join(NUMBERS)})"


@rule(
    rf"(?<![.,/*+$-]\s)(?<![\w.,/*+$-])({_COUNT}) dozens?(?: (?:of )?([a-z]+))? ?(?:is|are|=|equals?|makes?)"
    rf" (?:equal to |exactly )?({_COUNT})(?: ([a-z]+))?{END}",
    "dozen",
)
def dozens(m: re.Match[str], _context: Context) -> Judgement | None:
    """Dozens of something, counted: "5 dozen eggs are 60 eggs"."""
    if m[2] and m[4] and m[2].removesuffix("s") != m[4].removesuffix("s"):
        return None  # "2 dozen boxes are 24 kilograms"
    if m[4] and (m[4].startswith("dozen") or (not m[2] and m[4] in ("dollars", "cents", "boxes", "packs"))):
        return None
    mine, told = (Fraction(NUMBERS.get(said.lower(), 0) or said.replace(",", "")) for said in (m[1], m[3]))
    return judge_value(12 * mine, str(told), "dozen")


_MONEY: Final = r"\\?[$€£]? ?(\d[\d,]*(?:\.\d+)?)(?: dollars| euros| pounds)?"
_RATE: Final = r"(\d+(?:\.\d+)?) ?(?:\\?%|percent)(?: (?:simple )?interest)?"
_YEARLY: Final = r"(?: (?:per|a|each) (?:year|annum)| annually| yearly| p\.?a\.?)?"
_YEARS: Final = rf"({_COUNT}) years?"


@rule(
    rf"\bsimple interest (?:earned |paid |due )?(?:on|for|of) {_MONEY} (?:at|with)(?: an?| a rate of)?"
    rf" {_RATE}{_YEARLY} (?:for|over|in|after) {_YEARS}{IS}{_MONEY}{LAST}",
    "interest",
)
def interest(m: re.Match[str], _context: Context) -> Judgement | None:
    """Simple interest: "the simple interest on $1200 at 5% for 3 years is $180"."""
    principal, rate, told = (Fraction(m[n].replace(",", "")) for n in (1, 2, 4))
    right = principal * rate / 100 * (NUMBERS.get(m[3].lower()) or Fraction(m[3].replace(",", "")))
    places = len(m[4].partition(".")[2]) or None
    return _told(right, told, places, "interest")


@rule(
    rf"(?<![.,/*+-]\s)(?<![\w.,/*+-]){_MONEY},? (?:when |if |is |is first )?"
    rf"(increased|raised|decreased|reduced|lowered|discounted|marked down|marked up)"
    rf" by {_RATE},?{IS}{_MONEY}{LAST}(?! ?(?:%|percent))",
    " by ",
)
def changed(m: re.Match[str], _context: Context) -> Judgement | None:
    """A value after a change by percent: "$80 increased by 15% is $92"."""
    value, rate, told = (Fraction(m[n].replace(",", "")) for n in (1, 3, 4))
    sign = 1 if m[2].lower() in ("increased", "raised", "marked up") else -1
    return _told(value * (1 + sign * rate / 100), told, len(m[4].partition(".")[2]) or None, "percent")


def _told(right: Fraction, told: Fraction, places: int | None, reason: str) -> Judgement | None:
    """The verdict on a value, which may be rounded as it is written."""
    found = judge((Number(right),), "=", (Number(told, places),))
    if found.verdict == "true":
        return Judgement("true", reason)
    if found.verdict == "false" and right.denominator != 1 and abs(right - told) < 1:
        return None  # rounded to whole dollars
    return Judgement("false", reason, shown(Number(right))) if found.verdict == "false" else found


_MATRIX: Final = r"\[ ?(\[[-\d,./ ]+\](?: ?,? ?\[[-\d,./ ]+\])+) ?\]"


@rule(rf"\b(?:determinant of|det ?\(?) ?(?:the matrix )?(?:\w ?= ?)?{_MATRIX} ?\)?{IS}{NUM}{LAST}", "det")
def determinant(m: re.Match[str], _context: Context) -> Judgement | None:
    """The determinant of a matrix of numbers that is written as a list of its rows."""
    import sympy as sp

    rows = [[Fraction(n) for n in re.split(r"[ ,]+", row.strip(" ,"))] for row in re.findall(r"\[([^][]+)\]", m[1])]
    if len(rows) > 6 or any(len(row) != len(rows) for row in rows):
        return None
    value = sp.Matrix([[sp.Rational(n.numerator, n.denominator) for n in row] for row in rows]).det()
    return judge_value(Fraction(int(value.p), int(value.q)), m[2], "determinant")


@rule(rf"(?<![\w\\])P ?\( ?(\d{{1,3}}) ?, ?(\d{{1,3}}) ?\) ?= ?(\d[\d,]*){LAST}", "p(", "p (")
def permutations(m: re.Match[str], _context: Context) -> Judgement | None:
    """The number of permutations, P(6, 2) = 30; said to be the number of choices, it is false."""
    n, k, told = int(m[1]), int(m[2]), int(m[3].replace(",", ""))
    if not 1 <= k <= n:
        return None
    if told == math.perm(n, k):
        return Judgement("true", "permutations")
    meant = re.search(r"(?i)permut|arrang|order|ways", m.string) is not None
    meant = meant or (told == math.comb(n, k) > 1 and "point" not in m.string.lower())
    return Judgement("false", "permutations", str(math.perm(n, k))) if meant else None


@rule(
    r"(?:^|[,.;:(] ?|\b(?:that|so|and|since|because|then|hence|thus|therefore|but) )(?P<left>([a-z]) ?= ?"
    r"(-?\d+(?:\.\d+)?(?:/\d+)?) (?:is( not)? (?:an? |the |the only |one )?(?:solution|root) (?:of|to)|satisfies)"
    rf" (?:the equation )?([^=<>]{{1,80}}?) ?= ?([^=<>,;]{{1,60}}?)){END}",
    "solution of",
    "solution to",
    "root of",
    "satisfies",
)
def solves(m: re.Match[str], _context: Context) -> Judgement | None:
    """A value that is told to solve an equation: "x = 5 is a solution of 2x + 3 = 13"."""
    sides, value = [term_of(m[5]), term_of(m[6])], term_of(m[3])
    if None in sides or value is None or {n for s in sides if s is not None for n in symbols(s)} != {m[2]}:
        return None
    left, right = (replaced(side, m[2], value) for side in sides if side is not None)
    found = judge((left,), "=", (right,))
    if found.verdict not in ("true", "false"):
        return None
    why = f"for {m[2]} = {m[3]} the left side is {shown(left)}, the right side {shown(right)}"
    return truth((found.verdict == "true") != bool(m[4]), "solution", why)


NAMED_RULES: Final[tuple[Rule, ...]] = (
    modulus,
    conjugate,
    dozens,
    interest,
    changed,
    determinant,
    permutations,
    solves,
)
