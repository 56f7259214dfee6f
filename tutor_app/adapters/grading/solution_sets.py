"""Which reals an inequality allows, as an interval or a union of them, so that answers may say it either way.

Exact, and small: bounds that are written out, and what is linear in one variable with rational coefficients.
"""

from __future__ import annotations

import itertools
import math
from typing import Final

from tutor_app.adapters.grading.algebra import linear, rational, real
from tutor_app.adapters.grading.terms import (
    INFINITY,
    Both,
    Call,
    Constant,
    Degrees,
    Group,
    Number,
    Power,
    Product,
    Relation,
    Sum,
    Symbol,
    Term,
    Union,
    Unreadable,
    children,
    negative,
    total,
    walk,
)

FLIPPED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
SCALAR: Final = (Number, Symbol, Constant, Sum, Product, Power, Call, Degrees)


def as_set(term: Term) -> Term:
    """Inequalities joined by "or" are the union of what they allow, by "and" or a comma what they have in common."""
    listed = isinstance(term, Group) and term.brackets == ""
    items = children(term) if listed or isinstance(term, Union | Both) else ()
    if not items or not (isinstance(term, Both) or all(isinstance(t, Relation) for t in items)):
        return term
    relations = [t for t in items if isinstance(t, Relation)]
    values = any(t.ops != ("=",) for t in relations)  # else a list of values, which is no set
    parts = [((values and _single(t)) or solution_set(t)) if isinstance(t, Relation) else t for t in items]
    if not all(isinstance(p, Group | Union) for p in parts):
        return term
    sets = tuple(p for p in parts if p is not None)
    if isinstance(term, Both):
        return (_common(sets) or Group((), "{}")) if all(map(_is_interval, sets)) else term
    # Of a list that has nothing in common the union was meant.
    return (_common(sets) if listed else None) or Union(sets)


def _single(relation: Relation) -> Group | None:
    """The set of the one value that ``x = a`` allows."""
    match relation.members, relation.ops:
        case (Symbol(), value), ("=",) if is_constant(value):
            return Group((value,), "{}")
        case _:
            return None


def _is_interval(part: Term) -> bool:
    return isinstance(part, Group) and len(part.items) == 2 and len(part.brackets) == 2 and "{" not in part.brackets


def _common(sets: tuple[Term, ...]) -> Term | None:
    """The interval that all intervals have in common, if there is one."""
    low: tuple[Term, float, str] = (negative(INFINITY), -math.inf, "(")
    high: tuple[Term, float, str] = (INFINITY, math.inf, ")")
    for part in sets:
        if not isinstance(part, Group) or not _is_interval(part):
            return None
        left, right = (_end(t) for t in part.items)
        if left is None or right is None:
            return None
        if left > low[1] or (left == low[1] and part.brackets[0] == "("):
            low = (part.items[0], left, part.brackets[0])
        if right < high[1] or (right == high[1] and part.brackets[1] == ")"):
            high = (part.items[1], right, part.brackets[1])
    return Group((low[0], high[0]), low[2] + high[2]) if low[1] < high[1] else None


def _end(term: Term) -> float | None:
    return -math.inf if term == negative(INFINITY) else math.inf if term == INFINITY else real(term)


def solution_set(relation: Relation) -> Term | None:
    """The set of reals that ``a < x <= b`` (or ``x in S``, ``x != a``) allows, if it is of that form."""
    members, ops = relation.members, relation.ops
    if len(members) == 2 and isinstance(members[1], Symbol) and ops[0] in ("<", ">", "<=", ">="):
        members, ops = (members[1], members[0]), (FLIPPED[ops[0]],)
    match members, ops:
        case (Symbol(), value), ("in",):
            return value
        case (Symbol(), value), ("<" | "<=" as op,) if is_constant(value):
            return Group((negative(INFINITY), value), "(" + (")" if op == "<" else "]"))
        case (Symbol(), value), (">" | ">=" as op,) if is_constant(value):
            return Group((value, INFINITY), ("(" if op == ">" else "[") + ")")
        case (Symbol(), value), ("!=",) if is_constant(value):
            return Union((Group((negative(INFINITY), value), "()"), Group((value, INFINITY), "()")))
        case (left, right), ("<" | "<=" | ">" | ">=" as op,):
            return _solved(left, right, op)
        case (low, Symbol(), high), ("<" | "<=" as left, "<" | "<=" as right):
            return Group((low, high), ("(" if left == "<" else "[") + (")" if right == "<" else "]"))
        case (high, Symbol(), low), (">" | ">=" as right, ">" | ">=" as left):
            return Group((low, high), ("(" if left == ">" else "[") + (")" if right == ">" else "]"))
        case _:
            return None


def _solved(left: Term, right: Term, op: str) -> Term | None:
    """What ``2x < 4`` or ``|x - 1| < 3`` allows, where it is linear with rational coefficients in one variable."""
    if isinstance(right, Call) and not isinstance(left, Call):
        left, right, op = right, left, FLIPPED[op]
    if isinstance(left, Call):
        bound = rational(right)
        if left.name != "abs" or len(left.args) != 1 or bound is None or bound <= 0:
            return None
        inside = [_solved(left.args[0], Number(b), o) for b, o in ((bound, op), (-bound, FLIPPED[op]))]
        if inside[0] is None or inside[1] is None:
            return None
        return _common((inside[0], inside[1])) if op in ("<", "<=") else Union((inside[1], inside[0]))
    found = linear(total(left, negative(right)))
    if found is None:
        return None
    slope, constant = found
    edge = Number(-constant / slope)
    op = op if slope > 0 else FLIPPED[op]
    if op in ("<", "<="):
        return Group((negative(INFINITY), edge), "(" + (")" if op == "<" else "]"))
    return Group((edge, INFINITY), ("(" if op == ">" else "[") + ")")


def variable(relation: Relation) -> str:
    """The name of the first variable in a relation."""
    return next((p.name for m in relation.members for p in walk(m) if isinstance(p, Symbol)), "")


def is_constant(term: Term) -> bool:
    """Whether a term is one value without a variable."""
    return isinstance(term, SCALAR) and not any(isinstance(part, Symbol) for part in walk(term))


def without_points(reals: Term, points: Term) -> list[Term]:
    """The parts of the line that are left when points or an interval are taken out of it.

    Raises:
        Unreadable: If it is not the whole line, or a point has no place on it.
    """
    whole = Group((negative(INFINITY), INFINITY), "()")
    if reals == whole and isinstance(points, Group) and len(points.items) == 2 and len(points.brackets) == 2:
        (low, high), opening, closing = points.items, points.brackets[0], points.brackets[1]
        if opening in "([" and closing in ")]":
            left = Group((negative(INFINITY), low), "(" + ("]" if opening == "(" else ")"))
            right = Group((high, INFINITY), ("[" if closing == ")" else "(") + ")")
            return [part for part in (left, right) if part.items[0] != part.items[1]]
    items = points.items if isinstance(points, Group) and points.brackets == "{}" else ()
    placed = {value: item for item in items if (value := real(item)) is not None}
    if reals != whole or not items or len(placed) != len(items):
        raise Unreadable("a difference of sets")
    ends = [negative(INFINITY), *(placed[value] for value in sorted(placed)), INFINITY]
    return [Group((low, high), "()") for low, high in itertools.pairwise(ends)]
