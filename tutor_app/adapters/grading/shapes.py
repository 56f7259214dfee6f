"""The shape of an answer: which unknowns it names, whether it is an interval or a list, its rows, its unit."""

from __future__ import annotations

import re
from typing import Final

from tutor_app.adapters.grading.algebra import linear, rational, real
from tutor_app.adapters.grading.python_reader import as_matrix
from tutor_app.adapters.grading.solution_sets import SCALAR, is_constant, solution_set, variable
from tutor_app.adapters.grading.terms import (
    MINUS_ONE,
    Both,
    Call,
    Constant,
    Degrees,
    Group,
    Matrix,
    Number,
    Power,
    Product,
    Quantity,
    Relation,
    Sum,
    Symbol,
    Term,
    Union,
    Unreadable,
    Words,
    children,
    negative,
    root,
    symbols,
)

_FUNCTION_LETTERS: Final = frozenset("fghFGHP")
_TEMPERATURES: Final = frozenset(("C", "F", "Celsius", "Fahrenheit", "celsius", "fahrenheit"))


def bounds(condition: Term | None) -> tuple[Term, ...] | None:
    """The bounds of a condition's interval, open or closed."""
    allowed = solution_set(condition) if isinstance(condition, Relation) else None
    return allowed.items if isinstance(allowed, Group) else None


def variables(term: Term) -> frozenset[str]:
    """The names that a list of conditions or equations is about."""
    if not isinstance(term, Group | Union | Both):
        return frozenset()
    relations = [part for part in children(term) if isinstance(part, Relation)]
    return frozenset(name for r in relations if (name := _about(r)))


def _about(relation: Relation) -> str:
    if relation.ops[0] == "=":
        first = relation.members[0]
        return first.name if isinstance(first, Symbol) else ""
    return variable(relation)


def without_indices(term: Term, names: frozenset[str]) -> Term:
    """Roots called ``x_1`` and ``x_2`` as values of ``x``."""
    if not isinstance(term, Group | Union) or len(names) != 1:
        return term
    (name,) = names

    def bare(part: Term) -> Term:
        match part:
            case Relation((Symbol(written), value), ("=",)) if re.fullmatch(rf"{re.escape(name)}_[\d,]+", written):
                return Relation((Symbol(name), value), ("=",))
            case _:
                return part

    parts = tuple(map(bare, children(term)))
    return Group(parts, term.brackets) if isinstance(term, Group) else Union(parts)


def mixes_names(term: Term) -> bool:
    """Whether a list gives values to several unknowns, which are no roots of one equation."""
    names = variables(term)
    if len(names) < 2 or not all(isinstance(p, Relation) and p.ops == ("=",) for p in children(term)):
        return len(names) > 1 and isinstance(term, Union | Both)
    bases = {name.partition("_")[0] for name in names}
    return len(bases) > 1 or not all("_" in name for name in names)


def two_solutions(relation: Relation) -> Term | None:
    """The two equations that ``|ax + b| = c`` or ``x^2 = c`` stands for."""
    match relation:
        case Relation((Call("abs", (inside,)), Number(bound)), ("=",)) if bound > 0:
            found = linear(inside)
            names = symbols(inside)
            if found is None:
                return None
            values: list[Term] = [Number((sign * bound - found[1]) / found[0]) for sign in (1, -1)]
        case Relation((Call("abs", (Symbol() as inside,)), bound), ("=",)) if (
            is_constant(bound) and (real(bound) or 0) > 0
        ):
            names, values = symbols(inside), [bound, negative(bound)]
        case Relation((Power(Symbol() as inside, Number(exponent, None)), Number(square)), ("=",)) if (
            exponent == 2 and square > 0
        ):
            names, values = symbols(inside), [root(Number(square)), negative(root(Number(square)))]
        case _:
            return None
    (name,) = names
    return Group(tuple(Relation((Symbol(name), value), ("=",)) for value in values))


def values_by_name(term: Term) -> dict[str, Term] | None:
    """The value of each unknown of a list of equations; None if it is no such list or names one twice."""
    if not isinstance(term, Group) or not term.items:
        return None
    found: dict[str, Term] = {}
    for part in term.items:
        match part:
            case Relation((Symbol(name), value), ("=",)) if name not in found:
                found[name] = value
            case _:
                return None
    return found


def by_component(term: Term) -> Group | None:
    """The equations that ``(x, y) = (1, 2)`` says, also written with columns; None if it is none of that form."""
    match term:
        case Relation((Group() | Matrix() as names, Group() | Matrix() as values), ("=",)):
            one, two = as_rows(names), as_rows(values)
            left = [entry for row in one for entry in row] if one else list(children(names))
            right = [entry for row in two for entry in row] if two else list(children(values))
            if len(left) != len(right) or len(set(left)) != len(left) or not all(isinstance(t, Symbol) for t in left):
                return None
            return Group(tuple(Relation(pair, ("=",)) for pair in zip(left, right, strict=True)))
        case _:
            return None


def unwrapped(term: Term) -> Term:
    """A group of one is its item, whatever its brackets."""
    while isinstance(term, Group) and len(term.items) == 1:
        term = term.items[0]
    return term


def measured(term: Term) -> tuple[Term, str]:
    """The value of an answer and its unit, which is empty if it has none."""
    match term:
        case Quantity(Degrees(value), unit) if unit in _TEMPERATURES:
            return value, unit
        case Quantity(value, unit):
            return value, "%" if unit == "percent" else unit
        case Degrees(value):
            return value, "deg"
        case _:
            return term, ""


def is_fraction(term: Term) -> bool:
    """Whether a term is a rational number between -1 and 1, and not 0."""
    value = rational(term) if isinstance(term, SCALAR) else None
    return value is not None and 0 < abs(value) < 1


def as_rows(term: Term) -> tuple[tuple[Term, ...], ...] | None:
    """The rows of a matrix, or of a tuple or list that stands for one."""
    if isinstance(term, Matrix):
        return term.rows
    if isinstance(term, Group) and term.brackets in ("()", "[]") and term.items:
        try:
            return as_matrix(term).rows
        except Unreadable:
            return None
    return None


def is_interval(group: Group) -> bool:
    """Whether a group of two may be an interval."""
    return len(group.items) == 2 and group.brackets != ""


def same_name(gold: Term, answer: Term) -> dict[str, Term] | None:
    """The renaming of arguments under which two left sides name one thing; None if they name two.

    ``f(x)`` and ``f(t)`` are the same function, ``y`` is what ``f(x)`` is called on a graph, ``f'`` is not ``f``.
    """
    if gold == answer:
        return {}
    match gold, answer:
        case Call(f, args), Call(g, others) if f == g and len(args) == len(others):
            pairs = zip(args, others, strict=True)
            return {b.name: a for a, b in pairs if isinstance(a, Symbol) and isinstance(b, Symbol)}
        case (Call(f), Symbol(y)) | (Symbol(y), Call(f)) if f == y or (
            f[0] in _FUNCTION_LETTERS and "_" not in f and y.rstrip("'") in ("y", "z") and f.count("'") == y.count("'")
        ):
            return {}
        case _:
            return None


def is_name(term: Term) -> bool:
    """Whether the left side of "... = value" only names the value: no number in it, except as an argument."""
    match term:
        case Call("abs", (Symbol("x"),)):
            return False  # an equation with two solutions
        case Symbol() | Words() | Constant("e" | "i"):
            return True
        case Power(Call() as function, Number(value, None)) if value > 0:
            return is_name(function)  # the square of a sine
        case Call(name, args):
            return name[0] in _FUNCTION_LETTERS or all(map(is_name, args))
        case Product(factors):
            return all(f == MINUS_ONE or is_name(f) for f in factors)
        case Sum(terms):
            return all(map(is_name, terms))
        case Group(items, "()"):
            return all(map(is_name, items))
        case Matrix(rows):
            return all(is_name(entry) for row in rows for entry in row)
        case Degrees(value):
            return is_name(value)
        case _:
            return False
