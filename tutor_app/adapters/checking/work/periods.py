"""Equations of angles: the range in which a problem asks for solutions, degrees without a sign, and whole families.

A family is ``x = pi/6 + 2 pi k``: with every whole number ``k`` it must solve the equation, and together with the other
families of its line it must tell every solution.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.work.conditions import Condition, Solutions, solutions
from tutor_app.adapters.checking.work.lines import Statement, read_side
from tutor_app.adapters.checking.work.values import Value, shown, value
from tutor_app.adapters.grading.terms import (
    Call,
    Constant,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    product,
    substituted,
    symbols,
    walk,
)
from tutor_app.text.typing import latex_of

COUNTERS: Final = frozenset("knmKNM")
"""Letters that count the members of a family."""
_MEMBERS: Final = tuple(sorted(range(-8, 9), key=abs))
_REACH: Final = 6.0
"""Every solution up to this size must be told."""
_ANGLES: Final = ("sin", "cos", "tan", "cot", "sec", "csc")
_LARGEST_IN_RADIANS: Final = 13
"""A range that goes further, with no sign of degrees and no pi, is one of degrees: four times pi is 12.6."""
_END: Final = r"[^,;\[\]()]{1,20}"
_INTERVAL: Final = re.compile(
    r"(?:\b(?:on|in|over|within|for [a-z] in)\b|∈|\\in\b)\s*(?:the\s+)?(?:interval\s*)?\$?\s*"
    rf"(?P<open>[\[(])\s*(?P<low>{_END})[,;]\s*(?P<high>{_END})\s*(?P<close>[\])])"
    r"|\bbetween\s+(?P<from>\S{1,12})\s+and\s+(?P<to>[^\s?!,]{1,12})"
)


def is_periodic(condition: Condition) -> bool:
    """Whether a condition repeats without end, so that a solution alone is one of the range that is meant."""
    return any(_is_angular(s) for s in condition.statements)


def _is_angular(statement: Statement) -> bool:
    parts = (part for side in statement.sides for part in walk(side))
    return any(isinstance(part, Call) and part.name in _ANGLES and symbols(part) for part in parts)


def range_of(problem: str, statements: Sequence[Statement]) -> Condition | None:
    """The range in which a problem asks for the solutions of an equation of angles; None if it asks for all.

    Args:
        problem: As typed.
        statements: Its equations and inequalities.
    """
    if not any(_is_angular(s) for s in statements):
        return None
    limits = [s for s in statements if set(s.relations) <= {"<", "<=", ">", ">="} and not _is_angular(s)]
    if limits:
        return Condition((tuple(limits),))
    m = _INTERVAL.search(problem)
    names = frozenset().union(*(s.names for s in statements))
    if m is None or len(names) != 1:
        return None
    ends = [latex_of(end.strip().strip("$").rstrip(".")) for end in (m["low"] or m["from"], m["high"] or m["to"])]
    sides = [read_side(end) if end else None for end in ends]
    low, high = sides
    if low is None or high is None or symbols(low) or symbols(high):
        return None
    relations = ("<" if m["open"] == "(" else "<=", "<" if m["close"] == ")" else "<=")
    (name,) = names
    return Condition(((Statement((low, Symbol(name), high), relations, False, (ends[0] or "", name, ends[1] or "")),),))


def is_in_degrees(limits: Condition) -> bool:
    """Whether a range is told in degrees without a sign."""
    sides = [side for s in limits.statements for side in s.sides if not symbols(side)]
    if any(not isinstance(part, Number | Sum | Product | Power) for side in sides for part in walk(side)):
        return False  # a pi or a degree sign
    return any(abs(float(found)) > _LARGEST_IN_RADIANS for side in sides if (found := value(side, {})) is not None)


def in_radians(condition: Condition) -> Condition:
    """A condition whose unknown is told in degrees, for the same angle in radians."""
    return Condition(
        tuple(
            tuple(Statement(tuple(map(_in_radians, s.sides)), s.relations, s.continues, s.sources) for s in case)
            for case in condition.cases
        )
    )


def _in_radians(term: Term) -> Term:
    to_degrees: Final = product(Number(Fraction(180)), Power(Constant("pi"), Number(Fraction(-1))))
    scaled = substituted(term, {name: product(Symbol(name), to_degrees) for name in symbols(term)})
    return _with_angles(scaled)


def _with_angles(term: Term) -> Term:
    match term:
        case Call(name, args) if name in _ANGLES:
            return Call(name, tuple(product(a, Constant("pi"), Number(Fraction(1, 180))) for a in args))
        case Sum(terms):
            return Sum(tuple(map(_with_angles, terms)))
        case Product(factors):
            return Product(tuple(map(_with_angles, factors)))
        case Power(base, exponent):
            return Power(_with_angles(base), exponent)
        case _:
            return term


def inside(found: Solutions, limits: Condition) -> Solutions:
    """Solutions that lie in a range."""
    (name,) = limits.names
    return Solutions(tuple(v for v in found.values if limits.holds({name: v})))


def counter_of(old: Condition, new: Condition) -> str:
    """The letter that counts the members of families in a condition; empty if it tells none."""
    more = new.names - old.names
    if len(old.names) != 1 or len(more) != 1 or not more <= COUNTERS or not old.names <= new.names:
        return ""
    return next(iter(more)) if is_periodic(old) and not is_periodic(new) else ""


def compare_families(old: Condition, new: Condition, counter: str) -> tuple[str, str] | None:
    """Whether families solve an equation and are all its solutions: a kind and a counterexample; None if unknown.

    Args:
        old: The equation, in one unknown.
        new: The families, in this unknown and the counter.
        counter: The letter that counts.
    """
    (name,) = old.names
    told: list[Value] = []
    for k in _MEMBERS:
        member = Condition(tuple(tuple(_member(s, counter, k) for s in case) for case in new.cases))
        found = solutions(member)
        if found is None:
            return None
        for number in found.values:
            holds = old.holds({name: number})
            if holds is None:
                return None
            if not holds:
                return "false", f"for {counter} = {k}, {name} = {shown(number)} does not solve the line before"
        told += found.values
    wanted = solutions(old)
    if wanted is None:
        return None
    near = Solutions(tuple(v for v in wanted.values if abs(float(v)) <= _REACH))
    missing = near.without(Solutions(tuple(told)))
    if missing.values:
        return "lost", f"{name} = {shown(missing.values[0])} solves the line before, not this one"
    return "follows", ""


def _member(statement: Statement, counter: str, k: int) -> Statement:
    put: dict[str, Term] = {counter: Number(Fraction(k))}
    sides = tuple(substituted(side, put) for side in statement.sides)
    return Statement(sides, statement.relations, False, statement.sources)
