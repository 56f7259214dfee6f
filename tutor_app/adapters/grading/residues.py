"""Residue classes: "x = 4 (mod 9)", "1 or 4 (mod 5)" and "x = 9k + 4", compared as sets of whole numbers.

Only rational coefficients that are whole; anything else has no classes here, and the other rules decide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from tutor_app.adapters.grading.algebra import linear, rational
from tutor_app.adapters.grading.terms import (
    Both,
    Group,
    Number,
    Product,
    Relation,
    Sum,
    Symbol,
    Term,
    Union,
    Words,
    children,
    symbols,
)

INTEGER_PARAMETER: Final = "any integer"
"""The name that a parameter has whose letter is said to be any integer."""
INTEGERS: Final = frozenset("kmnlj") | {INTEGER_PARAMETER}
"""The names of parameters that run through the integers."""
MAX_MODULUS: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Classes:
    """The whole numbers that are congruent to one of some numbers."""

    name: str
    modulus: int
    members: frozenset[int]

    def widened(self, modulus: int) -> frozenset[int]:
        """The same numbers, modulo a multiple of the modulus."""
        return frozenset(a + k * self.modulus for a in self.members for k in range(modulus // self.modulus))


def has_modulus(term: Term) -> bool:
    """Whether a modulus is written in a relation or in one of a list."""
    if isinstance(term, Relation):
        return term.ops[-1] == "mod"
    return isinstance(term, Group | Union | Both) and any(
        isinstance(t, Relation) and t.ops[-1] == "mod" for t in children(term)
    )


def same_residues(gold: Term, answer: Term) -> bool | None:
    """Whether two answers allow the same whole numbers; None if one of them is no residue class."""
    a, b = _classes(gold), _classes(answer)
    if a is None or b is None:
        return None
    if a.name and b.name and a.name != b.name:
        return False
    modulus = math.lcm(a.modulus, b.modulus)
    return modulus <= MAX_MODULUS and a.widened(modulus) == b.widened(modulus)


def _classes(term: Term) -> _Classes | None:
    match term:
        case Relation((left, value, modulus), ("==mod" | "=", "mod")):
            return _class(_named(left), value, modulus)
        case Relation((Symbol(name), value), ("=",)):
            found = _family(value, name)
            return found and _Classes(name, found.modulus, found.members)
        case Group(items, "" | "{}") | Union(items):
            return _joined(_with_modulus(items), common=False)
        case Both(items):
            return _joined(items, common=True)
        case Sum() | Product():
            return _family(term, "")
        case _:
            return None


def _with_modulus(items: tuple[Term, ...]) -> tuple[Term, ...]:
    """Of "1, 4 (mod 5)" every item with the modulus that the last one has."""
    last = items[-1] if items else None
    if not isinstance(last, Relation) or last.ops[-1] != "mod":
        return items
    modulus = last.members[-1]
    names = [left for item in items if isinstance(item, Relation) and _named(left := item.members[0])]
    name = names[0] if names else Words("")
    found: list[Term] = []
    for item in items:
        match item:
            case Relation((Words(""), value, own), ("==mod", "mod")):
                found.append(Relation((name, value, own), ("==mod", "mod")))
            case Relation((left, value), ("==mod" | "=",)):
                found.append(Relation((left, value, modulus), ("==mod", "mod")))
            case Relation():
                found.append(item)
            case _:
                found.append(Relation((name, item, modulus), ("==mod", "mod")))
    return tuple(found)


def _joined(items: tuple[Term, ...], *, common: bool) -> _Classes | None:
    parts = [_classes(item) for item in items]
    known = [part for part in parts if part is not None]
    if not known or len(known) != len(parts):
        return None
    names = {part.name for part in known if part.name}
    modulus = math.lcm(*(part.modulus for part in known))
    if len(names) > 1 or modulus > MAX_MODULUS:
        return None
    widened = [part.widened(modulus) for part in known]
    members = frozenset.intersection(*widened) if common else frozenset.union(*widened)
    return _Classes("".join(names), modulus, members)


def _class(name: str | None, value: Term, modulus: Term) -> _Classes | None:
    a, m = rational(value), rational(modulus)
    if name is None or a is None or m is None or a.denominator != 1 or m.denominator != 1:
        return None
    size = abs(int(m))
    return _Classes(name, size, frozenset((int(a) % size,))) if 0 < size <= MAX_MODULUS else None


def _family(term: Term, name: str) -> _Classes | None:
    """``9k + 4``: all that it is for a whole k."""
    letters = symbols(term)
    found = linear(term) if len(letters) == 1 and letters <= INTEGERS - {name} else None
    if found is None:
        return None
    slope, constant = found
    return _class("", Number(constant), Number(slope))


def _named(term: Term) -> str | None:
    match term:
        case Symbol(name):
            return name
        case Words(""):
            return ""
        case _:
            return None
