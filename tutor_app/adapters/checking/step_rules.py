"""Rules about steps that a sentence tells: an equation solved, two added, a value put in, a term of a sequence."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.context import Context, replaced
from tutor_app.adapters.checking.judging import Judgement, judge, shown
from tutor_app.adapters.checking.rules import END, Rule, judge_value, numbers, rule, term_of, truth
from tutor_app.adapters.checking.solution_rules import formula_end
from tutor_app.adapters.grading.algebra import linear, proportional, rational
from tutor_app.adapters.grading.terms import Call, Number, Symbol, Term, negative, symbols, total, walk

_EQ: Final = r"[^=,;:]{1,80}=[^=,;:]{1,60}?"
_GIVES: Final = (
    r"(?:gives?(?: us)?|yields?|we (?:get|find|obtain|have|see)|you get|leads to|results in|means|shows"
    r"|implies)(?: that)?"
)
_ALL: Final = r"(?=\s*(?:[;:?]|\.(?!\d)|$))"
_DOUBTED: Final = re.compile(
    r"(?i)\b(?:not|n't|false|wrong|impossible|contradict\w*|fails?|works?|check\w*|test\w*|try\w*|tries|tried|instead|or)\b"
)
_LINKS: Final = re.compile(r"\s*(?:,\s*(?:and|so|hence|thus|therefore|then)?|\band\b|\bso\b(?: that)?|\bhence\b)\s*")


def _sides(text: str) -> tuple[Term, Term] | None:
    """The sides of an equation, without the words before it."""
    left, equals, right = formula_end(text.strip()).partition("=")
    a, b = term_of(left), term_of(right)
    if not equals or a is None or b is None or any(isinstance(p, Call) for t in (a, b) for p in walk(t)):
        return None
    return a, b


def _difference(text: str) -> Term | None:
    both = _sides(text)
    return None if both is None else total(both[0], negative(both[1]))


def _root(difference: Term | None, name: str) -> Fraction | None:
    found = linear(difference) if difference is not None and symbols(difference) == {name} else None
    return None if found is None or not found[0] else -found[1] / found[0]


def _decimal(term: Term) -> bool:
    return any(isinstance(p, Number) and p.places for p in walk(term))


@rule(
    rf"\b(?:solving|from|the equation|the solution (?:of|to)(?: the equation)?|solution (?:of|to)) (?P<eq>{_EQ}),?"
    rf" (?:for [a-z],? )?(?:{_GIVES}|is|has the solution) (?P<left>{_EQ}(?:(?:,|,? and|,? so) {_EQ})?){_ALL}",
    "solving", "from", "equation", "solution",
)  # fmt: skip
def solved_for(m: re.Match[str], _context: Context) -> Judgement | None:
    """A linear equation in one unknown, and what follows from it: "solving 2x + 7 = 15 gives x = 4"."""
    given = _difference(m["eq"])
    if given is None or len(symbols(given)) != 1 or _DOUBTED.search(m.string):
        return None
    (name,) = symbols(given)
    right = _root(given, name)
    told = [_difference(piece) for piece in _LINKS.split(m["left"]) if piece]
    roots = [_root(difference, name) for difference in told]
    if right is None or None in roots or any(map(_decimal, (d for d in told if d is not None))):
        return None
    return truth(all(root == right for root in roots), "solution", f"{name} = {shown(Number(right))}")


@rule(
    r"\b(?P<how>adding|subtracting|add|subtract)(?: (?:the|these|both|two|equations))* "
    rf"(?P<a>{_EQ}),? (?:and|from|to) (?P<b>{_EQ}),? {_GIVES} (?P<left>{_EQ}){END}",
    "adding", "subtract", "add ",
)  # fmt: skip
def added(m: re.Match[str], _context: Context) -> Judgement | None:
    """Two equations added or subtracted: "adding x + y = 7 and x - y = 1 gives 2x = 8"."""
    a, b, said = _sides(m["a"]), _sides(m["b"]), _difference(m["left"])
    if a is None or b is None or said is None or not symbols(said) or _DOUBTED.search(m.string):
        return None
    sign = negative if m["how"].lower().startswith("sub") else lambda t: t
    left, right = total(a[0], sign(b[0])), total(a[1], sign(b[1]))
    difference = total(left, negative(right))
    each = [symbols(side[0]) | symbols(side[1]) for side in (a, b)]
    if not symbols(difference) or not all(each) or _decimal(said) or not symbols(said) <= each[0] | each[1]:
        return None
    if proportional(said, difference):
        return Judgement("true", "system")
    x, y = symbolic.built(left), symbolic.built(right)
    if x is None or y is None or symbolic.is_undefined(x) or symbolic.is_undefined(y):
        return None
    return Judgement("false", "equation", f"{symbolic.shown(x)} = {symbolic.shown(y)}")


@rule(
    r"\b(?:substituting|plugging(?: in)?|putting|inserting) (?P<x>[a-z]) ?= ?(?P<v>[^=,;]{1,30}?) (?:back )?(?:into|in)"
    r"(?: the (?:(?:first|second|other|original) )?(?:equation|expression|formula))? "
    rf"(?P<eq>[^,;]{{1,80}}?),? {_GIVES} (?P<said>[^,;]{{1,60}}?){END}",
    "substitut", "plugging", "putting", "inserting",
)  # fmt: skip
def put_in(m: re.Match[str], _context: Context) -> Judgement | None:
    """A value put into a formula: "substituting x = 3 into y = 2x + 1 gives y = 7"."""
    value = term_of(m["v"])
    if value is None or symbols(value) or _DOUBTED.search(m.string):
        return None
    if "=" not in m["eq"]:
        expression, said = term_of(m["eq"]), term_of(m["said"].rpartition("=")[2])
        if expression is None or said is None or symbols(expression) != {m["x"]}:
            return None
        return _valued(expression, m["x"], value, said)
    given, told = _difference(m["eq"]), _difference(m["said"])
    if given is None or told is None or m["x"] not in symbols(given) or len(symbols(given)) != 2:
        return None
    (name,) = symbols(given) - {m["x"]}
    right, root = _root(replaced(given, m["x"], value), name), _root(told, name)
    if right is None or root is None or _decimal(told) or _decimal(value):
        return None
    return truth(root == right, "solution", f"{name} = {shown(Number(right))}")


@rule(
    r"\b(?:when|for|at) (?P<x>[a-z]) ?= ?(?P<v>[^=,;]{1,20}?), ?(?:(?:we|you) (?:have|get) |then )?(?:the (?:expression"
    r"|value of|polynomial) )?(?P<left>(?P<e>[^=,;]{1,60}?) ?(?:=|\bis\b|\bequals\b) ?(?P<r>[^=,;]{1,40}?))"
    + END,
    "when", "for", "at ",
)  # fmt: skip
def valued(m: re.Match[str], _context: Context) -> Judgement | None:
    """The value of an expression at a place: "when x = 2, 3x² - x = 10"."""
    value, expression, said = (term_of(m[group]) for group in "ver")
    if value is None or expression is None or said is None or symbols(expression) != {m["x"]} or symbols(value):
        return None
    if isinstance(expression, Symbol) or _DOUBTED.search(m.string) or rational(said) == 0:
        return None
    return _valued(expression, m["x"], value, said)


def _valued(expression: Term, name: str, value: Term, said: Term) -> Judgement | None:
    if symbols(said) or any(isinstance(p, Call) for p in walk(expression)):
        return None
    found = judge((replaced(expression, name, value),), "=", (said,), approximate=_decimal(said))
    if found.verdict == "unchecked":
        return None
    return Judgement(found.verdict, "substituted" if found.verdict == "true" else "different", found.right)


@rule(
    r"\b(?P<n>\d{1,4})(?:st|nd|rd|th) term (?:of|in) (?:the |this )?(?P<kind>arithmetic |geometric )?(?:(?:sequence"
    r"|progression|series) )?(?P<list>-?\d+(?:\.\d+)?(?: ?, ?-?\d+(?:\.\d+)?){2,8}) ?,? ?(?:\.\.\.|…|\\[cl]?dots),?"
    rf" (?:is|equals|=) (?P<said>[^,;=]{{1,40}}?){END}",
    "term",
)
def term_of_sequence(m: re.Match[str], _context: Context) -> Judgement | None:
    """A term of a sequence whose differences or ratios are the same: "the 10th term of 3, 7, 11, ... is 39"."""
    values, n = numbers(m["list"]), int(m["n"])
    differences = {b - a for a, b in pairwise(values)}
    ratios = {b / a for a, b in pairwise(values)} if all(values) else set()
    named = (m["kind"] or "").strip().lower()
    if n < 1:
        return None
    if len(differences) == 1 and named != "geometric":
        right = values[0] + (n - 1) * differences.pop()
    elif len(ratios) == 1 and named != "arithmetic" and n <= 60:
        right = values[0] * ratios.pop() ** (n - 1)
    else:
        return None
    found = judge_value(right, m["said"], "sequence")
    # 1, 2, 3 and 3, 5, 7 and 1, 2, 4 often go on otherwise.
    sure = named or len(values) > 3 or (values[0] + values[1] != values[2] and values[1] - values[0] > 2)
    return None if found is not None and found.verdict == "false" and not sure else found


_CORNERS: Final = {
    "triangle": 3, "quadrilateral": 4, "pentagon": 5, "hexagon": 6, "heptagon": 7, "octagon": 8, "nonagon": 9,
    "decagon": 10, "dodecagon": 12,
}  # fmt: skip


@rule(
    r"\bsum of (?:the |all )*(?:interior |inside )?angles (?:of|in) (?:an?|any|every|each|the) (?:convex |regular )?"
    rf"(?P<name>{'|'.join(_CORNERS)}),? (?:is|equals|=) (?P<said>\d+)(?: ?(?:degrees\b|°|\^ ?\{{?\\circ\}}?))?{END}",
    "angles",
)
def angle_sum(m: re.Match[str], _context: Context) -> Judgement | None:
    """The angles of a figure with so many corners."""
    return judge_value(180 * (_CORNERS[m["name"].lower()] - 2), m["said"], "geometry")


@rule(
    r"(?P<p>\d+(?:\.\d+)?) ?(?:%|percent) (?:discount|reduction|tax|tip|commission|interest|sales tax)"
    r" (?:on|of|for) (?:a price of |a bill of )?\$?(?P<a>\d[\d,]*(?:\.\d+)?),? (?:is|saves|equals|comes to|amounts to"
    rf"|means)(?: exactly)? \$?(?P<said>\d[\d,]*(?:\.\d+)?)(?: (?:dollars|euros))?{END}",
    "%", "percent",
)  # fmt: skip
def share(m: re.Match[str], _context: Context) -> Judgement | None:
    """A part of an amount that is told by its percentage: "a 30% discount on $50 saves $15"."""
    whole = Fraction(m["a"].replace(",", ""))
    amount = whole * Fraction(m["p"]) / 100
    if Fraction(m["said"].replace(",", "")) in (whole - amount, whole + amount):
        return None  # what is paid in all
    return judge_value(amount, m["said"].replace(",", ""), "percent")


_VALUE: Final = r"(\d[\d,]*(?:\.\d+)?)"


@rule(
    rf"\b(?P<how>dividing|multiplying) {_VALUE} by {_VALUE},? {_GIVES} {_VALUE}(?: (?:as|for) [^.,;]{{1,40}})?{END}",
    "dividing", "multiplying",
)  # fmt: skip
def dividing(m: re.Match[str], _context: Context) -> Judgement | None:
    """A quotient or product told as a deed: "dividing 84 by 7 gives 12"."""
    a, b, said = (Fraction(m[n].replace(",", "")) for n in (2, 3, 4))
    if m["how"].lower() == "dividing" and not b:
        return None
    right = a * b if m["how"].lower() == "multiplying" else a / b
    if right.denominator != 1 and said.denominator == 1 and abs(said - right) < 1:
        return None  # a whole part
    return judge_value(right, m[4].replace(",", ""), "exact" if right == said else "different")


@rule(
    rf"\bfrom \$?{_VALUE}(?: [a-z]+)? to \$?{_VALUE}(?: [a-z]+)?,? (?:which is |that is |this is )?an? (?P<how>increase"
    r"|decrease|rise|drop|reduction) of (?P<p>\d+(?:\.\d+)?) ?(?:%|percent)(?=\s*(?:[,;:]|\.(?!\d)|$))",
    "%", "percent",
)  # fmt: skip
def risen(m: re.Match[str], _context: Context) -> Judgement | None:
    """By how many percent something has changed: "from $40 to $50, an increase of 25%"."""
    a, b = (Fraction(m[n].replace(",", "")) for n in (1, 2))
    if not a or (b > a) != (m["how"].lower() in ("increase", "rise")):
        return None
    right = abs(b - a) / a * 100
    found = judge_value(right, m["p"], "percent")
    near = found is not None and found.verdict == "false" and abs(Fraction(m["p"]) - right) < 1
    return None if near else found


STEP_RULES: Final[tuple[Rule, ...]] = (
    solved_for, added, put_in, valued, term_of_sequence, angle_sum, share, dividing, risen,
)  # fmt: skip
