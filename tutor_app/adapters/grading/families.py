"""Answers that stand for many values or depend on a name that is free to choose.

A parameter that runs through the integers, a constant of integration, a residue class, a time on the clock. Each
function says whether two answers mean the same (None where that cannot be told), by exact arithmetic alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from tutor_app.adapters.grading.algebra import proportional, rational, same
from tutor_app.adapters.grading.residues import INTEGER_PARAMETER, INTEGERS
from tutor_app.adapters.grading.terms import (
    MINUS_ONE,
    ONE,
    Clock,
    Constant,
    Degrees,
    Group,
    Matrix,
    Number,
    Power,
    Quantity,
    Ratio,
    Relation,
    Sum,
    Symbol,
    Term,
    integer,
    negative,
    product,
    substituted,
    symbols,
    total,
    walk,
)
from tutor_app.adapters.grading.units import measure

_LINE_PARAMETERS: Final = frozenset({"t", "s", "r", "u", "lambda", "mu", "k"})
_PLACES: Final = (Fraction(1), Fraction(1, 2), Fraction(3))
_CONSTANTS: Final = frozenset({"C", "c", "K", "k", "A", "D", "C_1", "c_1", "C_0", "const", "constant"})


def same_clock(gold: Term, answer: Term) -> tuple[bool | None, str]:
    """A time of day or a duration against another, a ratio or a quantity of time."""
    if isinstance(gold, Clock) and isinstance(answer, Clock):
        equal = _same_times(gold, answer)
        return equal, "same_time" if equal else "different_time"
    time, other = (gold, answer) if isinstance(gold, Clock) else (answer, gold)
    assert isinstance(time, Clock)
    if isinstance(other, Quantity) and not time.half:
        unit, value = measure(other.unit), rational(other.value)
        if unit is None or unit[0] != "time" or value is None:
            return False, "different_type"
        wanted = value * unit[1]
        fields = (*time.fields, 0)[:3]
        hours = Fraction(3600 * fields[0] + 60 * fields[1] + fields[2])
        minutes = Fraction(60 * fields[0] + fields[1])
        return wanted in (hours, *((minutes,) if len(time.fields) == 2 else ())), "duration"
    if isinstance(other, Ratio) and not time.half and len(other.members) == len(time.fields):
        values = [rational(m) for m in other.members]
        written = [Fraction(f) for f in time.fields]
        known = [v for v in values if v is not None]
        equal = len(known) == len(written) and all(
            written[0] * known[k] == written[k] * known[0] for k in range(1, len(written))
        )
        if known == written:
            return True, "equal"
        # "2:3" asks for a ratio; "10:15" may ask for a time, which "2:3" is not.
        return (False if not equal else None if time is gold else True), "time_or_ratio"
    return False, "different_type"


def _same_times(a: Clock, b: Clock) -> bool:
    fields = [(*clock.fields, 0)[:3] for clock in (a, b)]
    if a.half or b.half:
        instants = [
            (f[0] % 12 + 12 * (c.half == "pm") if c.half else f[0], *f[1:]) for c, f in zip((a, b), fields, strict=True)
        ]
        if instants[0] == instants[1]:
            return True
        # An answer that leaves "p.m." out shows the same digits.
        return bool(a.half) != bool(b.half) and fields[0] == fields[1]
    return fields[0] == fields[1]


def same_family(gold: Term, answer: Term) -> bool:
    """Whether two scalar terms are the same but for a free parameter or a constant of integration."""
    return _same_progression(gold, answer) or _same_up_to_constant(gold, answer)


def _progression(term: Term) -> tuple[Term, Term] | None:
    """Start and step of a term that is linear in one parameter running through the integers."""
    for name in sorted(symbols(term) & INTEGERS):
        start = substituted(term, {name: integer(0)})
        step = total(substituted(term, {name: ONE}), negative(start))
        periodic = any(part == Constant("pi") or isinstance(part, Degrees) for part in walk(step))
        linear = total(start, product(Symbol(name), step))
        if (periodic or name == INTEGER_PARAMETER) and name not in symbols(step) and same(term, linear):
            return start, step
    return None


def _same_progression(gold: Term, answer: Term) -> bool:
    if symbols(gold) == symbols(answer) == frozenset():
        return False
    one, two = _progression(gold), _progression(answer)
    mine, theirs = symbols(gold) & INTEGERS, symbols(answer) & INTEGERS
    if _alternates(gold) and _alternates(answer) and len(mine) == len(theirs) == 1:
        return same(gold, substituted(answer, {next(iter(theirs)): Symbol(next(iter(mine)))})) is True
    if one is None or two is None:
        return False
    if not same(one[1], two[1]) and not same(one[1], negative(two[1])):
        return False
    if same(one[0], two[0]):
        return True
    shift = proportional(total(one[0], negative(two[0])), one[1])
    return shift is not None and shift.denominator == 1


def _alternates(term: Term) -> bool:
    """Whether a power of minus one with a parameter stands in it, as in the solutions of a sine."""
    return any(isinstance(p, Power) and p.base == MINUS_ONE and bool(symbols(p.exponent)) for p in walk(term))


def _same_up_to_constant(gold: Term, answer: Term) -> bool:
    """``x^2 + C`` and ``x^2 + c``: a constant of integration is free, both must have one."""
    for mine, theirs in _constants(gold, answer):
        renamed = substituted(answer, {theirs: Symbol(mine)})
        if same(gold, renamed):
            return True
        if mine == "C" and _is_added(gold, mine) and _is_added(answer, theirs):
            difference = total(gold, negative(renamed))
            value = rational(difference)
            if value is not None and len(symbols(gold)) == 2:
                return True  # a constant takes another constant up
    return _two_constants(gold, answer)


def up_to_constant(gold: Term, answer: Term) -> list[tuple[Term, Term]]:
    """Pairs of which one must be equal if two antiderivatives with a constant of integration differ by a constant.

    The difference against its own value at a place, at several: the functions may not be defined everywhere.
    """
    for mine, theirs in _constants(gold, answer):
        if mine == "C" and _is_added(gold, mine) and _is_added(answer, theirs):
            none = integer(0)
            difference = total(substituted(gold, {mine: none}), negative(substituted(answer, {theirs: none})))
            names = symbols(difference)
            if len(names) == 1:
                (name,) = names
                return [(difference, substituted(difference, {name: Number(place)})) for place in _PLACES]
    return []


def _constants(gold: Term, answer: Term) -> Iterator[tuple[str, str]]:
    mine, theirs = symbols(gold), symbols(answer)
    shared = mine & theirs
    for one in sorted(mine & _CONSTANTS):
        for two in sorted(theirs & _CONSTANTS):
            rest = mine - {one}
            variables = bool(rest) and rest == theirs - {two} and all(name[:1].islower() for name in rest)
            capital = "C" in (one[0], two[0])
            both_added = _is_added(gold, one) and _is_added(answer, two)
            if variables and (one == two or one not in shared) and (capital or one == two) and (both_added or capital):
                yield one, two


def _two_constants(gold: Term, answer: Term) -> bool:
    """The general solution of an equation of second order, whatever its constants are called."""
    mine = sorted(name for name in symbols(gold) if name[:1] in "CcAB" and name not in ("c",))
    theirs = sorted(name for name in symbols(answer) if name[:1] in "CcAB" and name not in ("c",))
    if len(mine) != 2 or len(theirs) != 2 or not any("_" in name for name in (*mine, *theirs)):
        return False
    return any(
        same(gold, substituted(answer, {a: Symbol(b) for a, b in zip(order, mine, strict=True)})) is True
        for order in itertools.permutations(theirs)
    )


def _is_added(term: Term, name: str) -> bool:
    """Whether the variable stands in a sum alone, and nowhere else."""
    return (
        isinstance(term, Sum)
        and any(t == Symbol(name) for t in term.terms)
        and (sum(part == Symbol(name) for part in walk(term)) == 1)
    )


def renamed_line(gold: Term, answer: Term) -> Term | None:
    """The answer with its only parameter called as in the gold answer, for points of a line."""
    mine, theirs = symbols(gold), symbols(answer)
    if len(mine) != 1 or len(theirs) != 1 or mine == theirs or not (mine | theirs) <= _LINE_PARAMETERS:
        return None
    if not isinstance(gold, Group | Matrix) or not isinstance(answer, Group | Matrix):
        return None
    if any(isinstance(part, Relation) for part in (*walk(gold), *walk(answer))):
        return None  # in "t = 2" the letter is the unknown, which is not free
    return substituted(answer, {next(iter(theirs)): Symbol(next(iter(mine)))})


def same_congruence(gold: Relation, answer: Relation) -> tuple[bool | None, str]:
    """``x = a (mod m)`` against the same with another representative."""
    if len(gold.members) != 3 or len(answer.members) != 3:
        return False, "different_relation"
    names = [r.members[0] for r in (gold, answer)]
    if names[0] != names[1] and all(isinstance(name, Symbol) for name in names):
        return False, "different_variable"
    a, m = (rational(t) for t in gold.members[1:])
    b, n = (rational(t) for t in answer.members[1:])
    if a is None or b is None or m is None or n is None:
        equal = same(gold.members[1], answer.members[1]) is True and same(gold.members[2], answer.members[2]) is True
        return (True, "equal") if equal else (None, "undecided")
    if not m or abs(m) != abs(n):
        return False, "different_modulus"
    return ((a - b) / m).denominator == 1, "congruent"
