"""Limits in a student's lines, and their values by numbers near the point."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.work.lines import read_line, read_side
from tutor_app.adapters.checking.work.values import Unknown, real, value
from tutor_app.adapters.grading.terms import Term, symbols

_LIMIT: Final = re.compile(
    r"\s*\\?lim(?:it)?s?\s*(?:_\s*)?[({]?\s*(?P<name>[a-z])\s*(?:->|\u2192|\\to\b|\\rightarrow\b)\s*"
    r"(?P<point>[-+]?\s*(?:\\infty|\u221e|oo|inf(?:inity)?|\\pi|\u03c0|pi|\d[\d./]*|[a-z](?![a-z]))(?:/\d+)?)[-+\u207a\u207b]?\s*[)}]?\s*(?P<body>.*)"
)
_EQUALS: Final = re.compile(r"(?<![<>!])=")
_NEAR: Final = Fraction(1, 1000)
CLOSE: Final = 1e-3


def read_limits(text: str) -> tuple[str, float, list[tuple[Term, str]]] | None:
    """A line with limits: the letter, where it goes, and the sides with their sources; None if it is none."""
    sides: list[tuple[Term, str]] = []
    to: tuple[str, float] | None = None
    for k, side in enumerate(_EQUALS.split(text)):
        if k == 0 and not side.strip():
            continue
        m = _LIMIT.match(side)
        statements = read_line(m["body"] if m is not None else side).statements
        if len(statements) != 1 or statements[0].relations:
            return None
        if m is not None:
            point = _point(m["point"])
            if point is None or (to is not None and to != (m["name"], point)):
                return None
            to = m["name"], point
        elif to is None:
            return None
        sides.append((statements[0].sides[0], statements[0].sources[0]))
    return (*to, sides) if to is not None and sides else None


def _point(text: str) -> float | None:
    plain = text.replace(" ", "")
    if re.search(r"infty|\u221e|oo|inf", plain):
        return -math.inf if plain.startswith("-") else math.inf
    statements = read_line(plain).statements
    side = statements[0].sides[0] if len(statements) == 1 else read_side(plain)
    found = real(side) if side is not None and not symbols(side) else None
    return None if found is None else float(found)


def limit_of(term: Term, name: str, point: float) -> float | None:
    """The limit of a term as a number, by values near the point; None if it has none that is certain."""
    if not symbols(term):
        found = real(term)
        return None if found is None else float(found)
    if symbols(term) != {name}:
        return None
    if math.isinf(point):
        near = [Fraction(10**6), Fraction(10**7)] if point > 0 else [Fraction(-(10**6)), Fraction(-(10**7))]
    else:
        near = [Fraction(point) - _NEAR, Fraction(point) + _NEAR]
    try:
        values = [value(term, {name: x}) for x in near]
    except Unknown:
        return None
    one, other = (None if v is None else float(v) for v in values)
    if one is None or other is None or abs(one - other) > 0.05 * (1 + abs(one)):
        return None
    return other if math.isinf(point) else (one + other) / 2
