"""What is known of a problem beyond its own lines: the discriminant, what is calculated first, units of a quotient.

A step may be a right calculation and yet not the one that the problem asks for: ``2 + 3 = 5`` where ``2 + 3 * 4`` is
to be worked out, or ``D = 16 - 84`` where the last coefficient is negative.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from typing import Final

from tutor_app.adapters.checking.work.conditions import Condition
from tutor_app.adapters.checking.work.lines import Statement, read_side
from tutor_app.adapters.checking.work.orders import wrong_orders
from tutor_app.adapters.checking.work.slips import with_one_sign_changed
from tutor_app.adapters.checking.work.state import Found
from tutor_app.adapters.checking.work.values import Unknown, Value, alike, value
from tutor_app.adapters.grading.terms import Number, Power, Product, Sum, Symbol, Term, negative, symbols, total, walk

_DISCRIMINANT: Final = frozenset(("D", "Delta"))
_RATE: Final = re.compile(
    r"\s*(?P<a>\d+(?:\.\d+)?)\s*(?:/|:|\u00f7)\s*(?P<b>\d+(?:\.\d+)?)\s*=\s*-?\d+(?:\.\d+)?\s*(?P<above>[a-zA-Z]+)(?:/(?P<below>[a-zA-Z]+))?\s*"
)
_Step = tuple[str, tuple[Value, ...]]


def wrong_discriminant(statement: Statement, *equations: Condition | None) -> Found | None:
    """What is wrong with ``D = ...``, where it is not that of a quadratic equation; None if nothing is."""
    equal = next((k for k, r in enumerate(statement.relations) if r not in ("=", "~")), len(statement.relations))
    first, last = statement.sides[0], statement.sides[equal]  # "D = 9 - 20 = -11 < 0"
    if equal == 0 or not isinstance(first, Symbol) or first.name not in _DISCRIMINANT or symbols(last):
        return None
    known = [d for equation in equations if equation is not None for d in _discriminants(equation)]
    told = value(last, {})
    if not known or told is None or any(alike(told, d) for d in known):
        return None
    signs = (read_side(changed) for changed in with_one_sign_changed(statement.sources[1]))
    found = (value(term, {}) for term in signs if term is not None and not symbols(term))
    slip = "sign" if any(v is not None and alike(v, d) for v in found for d in known) else ""
    return Found("false", f"b^2 - 4ac of this equation is not {statement.sources[-1]}", slip)


def _discriminants(condition: Condition) -> Iterator[Value]:
    """That of a quadratic equation, the quarter of it, and that of the equation divided by its first coefficient."""
    (statement,) = condition.statements if len(condition.statements) == 1 else (None,)
    if statement is None or statement.relations != ("=",) or len(statement.names) != 1:
        return
    (name,) = statement.names
    difference = total(statement.sides[0], negative(statement.sides[1]))
    try:
        at = [value(difference, {name: Fraction(k)}) for k in (0, 1, -1, 2, 3)]
    except Unknown:
        return
    c, plus, minus, two, three = at
    if c is None or plus is None or minus is None or two is None or three is None:
        return
    a, b = (plus + minus) / 2 - c, (plus - minus) / 2
    if a == 0 or not alike(4 * a + 2 * b + c, two) or not alike(9 * a + 3 * b + c, three):
        return
    whole = b * b - 4 * a * c
    yield from (whole, whole / 4, whole / (a * a), whole / (4 * a * a))


def begins_in_wrong_order(expression: Term, source: str, statement: Statement) -> bool:
    """Whether a calculation takes two numbers of an expression together that do not belong together.

    Args:
        expression: What is to be worked out; without letters.
        source: As LaTeX.
        statement: The calculation.
    """
    mine = set(_steps(statement.sides[0]))
    if len(mine) != 1 or not statement.relations or statement.names:
        return False
    wrong = {step for form in wrong_orders(source) if (term := read_side(form)) is not None for step in _steps(term)}
    return mine <= (wrong | set(_cut_products(expression))) - set(_steps(expression))


def _cut_products(term: Term) -> Iterator[_Step]:
    """Sums with a product that is not worked out to its end: ``20 - 3`` of ``20 - 12/4 * 2``."""
    for part in walk(term):
        terms = part.terms if isinstance(part, Sum) else ()
        for k, each in enumerate(terms):
            factors = each.factors if isinstance(each, Product) else ()
            for cut in range(1, len(factors)):
                if k:
                    yield from _pairs("+", (terms[k - 1], Product(factors[:cut])))
                if k + 1 < len(terms):
                    yield from _pairs("+", (Product(factors[cut:]), terms[k + 1]))


def _steps(term: Term) -> Iterator[_Step]:
    """The numbers that are taken together in a term, with what is done to them."""
    for part in walk(term):
        match part:
            case Sum(terms):
                yield from _pairs("+", terms)
            case Product(factors):
                yield from _pairs("*", factors)
            case Power(base, exponent):
                yield from _pairs("^", (base, exponent)) if exponent != base and _is_shown(exponent) else ()


def _is_shown(exponent: Term) -> bool:
    number = exponent.value if isinstance(exponent, Number) else None
    return number is not None and number > 0 and float(number).is_integer()


def _pairs(sign: str, parts: tuple[Term, ...]) -> Iterator[_Step]:
    try:
        values = [value(part, {}) for part in parts]
    except Unknown:
        return
    known = [v for v in values if v is not None]
    if len(known) < len(values):
        return
    for k in range(2, len(known)):  # what has been taken together from the left
        so_far: Value = Fraction(0 if sign == "+" else 1)
        for v in known[:k]:
            so_far = so_far + v if sign == "+" else so_far * v
        known = [*known, so_far]
    for a, b in combinations(known, 2):
        yield sign, (a, b) if sign == "^" else tuple(sorted((a, b)))


def wrong_unit_of_quotient(text: str, units: Mapping[Fraction, str]) -> str:
    """Why the unit of a quotient of two numbers of the problem is none of theirs; empty if nothing is wrong.

    Args:
        text: The line as typed.
        units: The numbers of the problem with their units.
    """
    m = _RATE.fullmatch(text)
    if m is None:
        return ""
    above, below = units.get(Fraction(m["a"]), ""), units.get(Fraction(m["b"]), "")
    if not above or not below:
        return ""
    told, per = m["above"].lower(), (m["below"] or "").lower()
    if per and are_of_one_kind(below, per) and below != per:
        return f"{m['b']} are {below}, not {per}"
    if per and are_of_one_kind(above, told) and above != told:
        return f"{m['a']} are {above}, not {told}"
    return ""


_DURATION: Final = re.compile(
    r"(?<![\w.])(\d{1,2})\s?(?:h|hours?|hrs?|Stunden?)\s(?:and\s|und\s)?(\d{1,2})\s?(?:min\w*|Minuten?)\b", re.I
)


def minutes_as_decimals(problem: str, line: str) -> str:
    """Which duration of a problem a line calculates with as if an hour had a hundred minutes; empty if none."""
    for m in _DURATION.finditer(problem):
        if re.match(rf"\s*{m[1]}\s*[*·×]\s*100\s*\+\s*{m[2]}(?![\d.])", line):
            return "an hour has 60 minutes, not 100"
    if not re.search(r"[-+*/·×]|h\b", line) or re.search(r"\b(?:min|Uhr|o'clock)", line):
        return ""
    for m in _DURATION.finditer(problem):
        hours, minutes = m.groups()
        exact = Fraction(int(minutes), 60)
        for written in (f"{hours}.{int(minutes):02d}", f"{hours}.{int(minutes)}"):
            is_right = Fraction(written) == int(hours) + exact
            number = rf"(?<![\d.]){re.escape(written).removesuffix('0')}0?(?!\d)"
            if not is_right and minutes != "0" and re.search(number, line):
                return f"{m[0]} are not {written} h: an hour has 60 minutes"
    return ""


_KINDS_OF_UNITS: Final = (
    frozenset(("mm", "cm", "dm", "m", "km", "in", "ft", "yd", "mi")),
    frozenset(("mg", "g", "kg", "oz", "lb")),
    frozenset(("ml", "cl", "dl", "l", "m^3", "dm^3", "cm^3")),
    frozenset(("s", "min", "h", "d", "week")),
)


def are_of_one_kind(one: str, other: str) -> bool:
    """Whether two units measure the same: lengths, weights, volumes, times."""
    return any(one in kind and other in kind for kind in _KINDS_OF_UNITS)


def do_not_match(one: str, other: str, *, divided: bool) -> bool:
    """Whether two quantities are multiplied or divided as if their units were the same.

    Args:
        one: A unit, or a rate: ``l/min``.
        other: Of the second.
        divided: The first is divided by the second.
    """
    rate, plain = (other, one) if "/" in other else (one, other)
    above, _, below = rate.partition("/")
    against = above if divided else below if below else above
    if not below:
        return one != other and are_of_one_kind(one, other)
    return against != plain and are_of_one_kind(against, plain) and (divided is False or rate is other)
