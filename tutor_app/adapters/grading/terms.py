"""The meaning of an answer as a small tree: the language between the readers and the comparison.

Plain values, standard library only. Nothing here is simplified: ``2/4`` stays a quotient until somebody compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final


class Unreadable(Exception):
    """The text is not in the language of answers (or goes beyond its limits)."""


@dataclass(frozen=True, slots=True)
class Number:
    """A written number.

    Attributes:
        value: Exact, also of a decimal.
        places: Digits after the point, or None if it was not written as a decimal.
        digits: Significant digits as written; 0 if not a decimal.
    """

    value: Fraction
    places: int | None = None
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Symbol:
    """A variable, with its index if it has one."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """One of ``pi``, ``e``, ``i``, ``oo``."""

    name: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Terms added."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """Factors multiplied; a division is a factor with exponent -1."""

    factors: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Power:
    """Base and exponent; a square root has the exponent 1/2."""

    base: Term
    exponent: Term


@dataclass(frozen=True, slots=True)
class Call:
    """A function applied; ``log`` of two arguments has its base second."""

    name: str
    args: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Degrees:
    """An angle written with the degree sign."""

    value: Term


@dataclass(frozen=True, slots=True)
class Group:
    """Several values, with the brackets as written.

    Attributes:
        items: In the written order.
        brackets: ``()`` tuple or open interval, ``[]`` list or closed interval, ``(]``, ``[)``, ``{}`` a set,
            empty for values merely listed.
    """

    items: tuple[Term, ...]
    brackets: str = ""


@dataclass(frozen=True, slots=True)
class Union:
    """A union of sets."""

    parts: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """Conditions or sets of which all hold at once: written with "and" or as an intersection."""

    parts: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Piecewise:
    """Values with the condition under which each is taken; the condition of "otherwise" is None."""

    pieces: tuple[tuple[Term, Term | None], ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day, or a duration with colons.

    Attributes:
        fields: Hours, minutes and perhaps seconds.
        half: ``am``, ``pm`` or empty.
    """

    fields: tuple[int, ...]
    half: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of equal length."""

    rows: tuple[tuple[Term, ...], ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """A chain such as ``a < b <= c``; ``ops`` are ``= != < > <= >= in ~ ==mod``."""

    members: tuple[Term, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ratio:
    """``a:b`` or longer."""

    members: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Based:
    """Digits in a number base; the base is part of the answer."""

    digits: str
    base: int


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with a unit word as written, ``%`` and ``$`` included."""

    value: Term
    unit: str


@dataclass(frozen=True, slots=True)
class Words:
    """An answer in words, or the letter of a choice.

    Attributes:
        text: As written, white space collapsed.
        marked: It was written as text (``\\text{...}`` or a quoted string), so it is no product of variables.
    """

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Proposition:
    """A statement of logic about letters; see :mod:`tutor_app.adapters.grading.logic`.

    Attributes:
        form: Operators and their operands, nested, in an order that does not depend on how it was written.
    """

    form: tuple[Any, ...]


Term = (
    Number
    | Symbol
    | Constant
    | Sum
    | Product
    | Power
    | Call
    | Degrees
    | Group
    | Union
    | Both
    | Piecewise
    | Clock
    | Matrix
    | Relation
    | Ratio
    | Based
    | Quantity
    | Words
    | Proposition
)

ONE: Final = Number(Fraction(1))
HALF: Final = Number(Fraction(1, 2))
MINUS_ONE: Final = Number(Fraction(-1))
INFINITY: Final = Constant("oo")


def integer(value: int) -> Number:
    """A whole number."""
    return Number(Fraction(value))


def negative(term: Term) -> Term:
    """The opposite; the way a decimal was written is kept."""
    match term:
        case Number(value, places, digits):
            return Number(-value, places, digits)
        case Degrees(value):
            return Degrees(negative(value))
        case Based(digits, base):
            return Based(digits[1:] if digits.startswith("-") else f"-{digits}", base)
        case Quantity(value, unit):
            return Quantity(negative(value), unit)
        case Product((Number() as first, *rest)):
            return Product((negative(first), *rest))
        case _:
            return product(MINUS_ONE, term)


def product(*factors: Term) -> Term:
    """Factors multiplied, flat; a scalar goes into a matrix."""
    flat: list[Term] = []
    for factor in factors:
        flat.extend(factor.factors if isinstance(factor, Product) else (factor,))
    matrices = [f for f in flat if isinstance(f, Matrix)]
    if len(matrices) == 1:
        scalars = tuple(f for f in flat if not isinstance(f, Matrix))
        rows = tuple(tuple(product(*scalars, cell) for cell in row) for row in matrices[0].rows)
        return Matrix(rows) if scalars else matrices[0]
    return flat[0] if len(flat) == 1 else Product(tuple(flat))


def quotient(above: Term, below: Term) -> Term:
    """A fraction; of two whole numbers it is the exact number."""
    match above, below:
        case Number(a, None), Number(b, None) if b:
            return Number(a / b)
        case _:
            return product(above, Power(below, MINUS_ONE))


def total(*terms: Term) -> Term:
    """Terms added, flat; matrices of one shape are added by element."""
    flat: list[Term] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Sum) else (term,))
    if len(flat) == 1:
        return flat[0]
    if all(isinstance(t, Matrix) for t in flat):
        matrices = [t for t in flat if isinstance(t, Matrix)]
        if len({(len(m.rows), len(m.rows[0])) for m in matrices}) == 1:
            pairs = zip(*(m.rows for m in matrices), strict=True)
            return Matrix(tuple(tuple(total(*cells) for cells in zip(*rows, strict=True)) for rows in pairs))
    return Sum(tuple(flat))


def root(term: Term, index: Term | None = None) -> Term:
    """A square root, or the root of the given index."""
    return Power(term, HALF if index is None else quotient(ONE, index))


def children(term: Term) -> tuple[Term, ...]:
    """The direct parts of a term."""
    match term:
        case Sum(parts) | Product(parts) | Union(parts) | Both(parts) | Ratio(parts):
            return parts
        case Power(base, exponent):
            return (base, exponent)
        case Call(_, args):
            return args
        case Degrees(value) | Quantity(value, _):
            return (value,)
        case Group(items, _):
            return items
        case Matrix(rows):
            return tuple(cell for row in rows for cell in row)
        case Relation(members, _):
            return members
        case Piecewise(pieces):
            return tuple(part for piece in pieces for part in piece if part is not None)
        case _:
            return ()


def walk(term: Term) -> Iterator[Term]:
    """The term and everything in it."""
    pending = [term]
    while pending:
        here = pending.pop()
        yield here
        pending.extend(children(here))


def substituted(term: Term, values: Mapping[str, Term]) -> Term:
    """The same scalar term with other terms put for some of its variables."""
    match term:
        case Symbol(name):
            return values.get(name, term)
        case Sum(terms):
            return total(*(substituted(t, values) for t in terms))
        case Product(factors):
            return product(*(substituted(f, values) for f in factors))
        case Power(base, exponent):
            return Power(substituted(base, values), substituted(exponent, values))
        case Call(name, args):
            return Call(name, tuple(substituted(a, values) for a in args))
        case Degrees(value):
            return Degrees(substituted(value, values))
        case Group(items, brackets):
            return Group(tuple(substituted(i, values) for i in items), brackets)
        case Matrix(rows):
            return Matrix(tuple(tuple(substituted(c, values) for c in row) for row in rows))
        case _:
            return term


def symbols(term: Term) -> frozenset[str]:
    """The names of the variables in a term."""
    return frozenset(part.name for part in walk(term) if isinstance(part, Symbol))


def without_degrees(term: Term) -> Term:
    """The same term with degree signs left out, as careless answers do."""
    match term:
        case Degrees(value):
            return without_degrees(value)
        case Sum(terms):
            return Sum(tuple(map(without_degrees, terms)))
        case Product(factors):
            return Product(tuple(map(without_degrees, factors)))
        case Power(base, exponent):
            return Power(without_degrees(base), without_degrees(exponent))
        case Call(name, args):
            return Call(name, tuple(map(without_degrees, args)))
        case _:
            return term
