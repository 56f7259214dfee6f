"""What a solution has said so far: names with their values, functions, equations; and what follows from them.

Pure exact arithmetic; an equation that is beyond it is kept and never used.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.near import written_in_order
from tutor_app.adapters.grading.algebra import linear, proportional, rational, same
from tutor_app.adapters.grading.terms import (
    Call,
    Degrees,
    Group,
    Matrix,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    children,
    negative,
    product,
    symbols,
    total,
    walk,
)

MAX_EQUATIONS: Final = 60
MAX_SIZE: Final = 200
"""Parts of a term; what is larger is not kept."""


@dataclass(frozen=True, slots=True)
class Equation:
    """Left and right side, and their difference.

    Attributes:
        left: Left side.
        right: Right side.
        difference: What it says to be zero.
        supposed: It was told as a supposition: "if 2x = 8".
        end: Where it ends in its piece.
    """

    left: Term
    right: Term
    difference: Term
    supposed: bool = False
    end: int = -1


@dataclass(slots=True)
class Context:
    """Names, functions and equations of one solution, in order.

    Attributes:
        values: What a name stands for.
        functions: Variable and right side of each function that was defined.
        equations: With at least one unknown, the latest last.
        latest: The equation that was told last, also one that followed from others; None before the first.
        defined: The function that was defined last, and where that ends in its piece.
        given: The equation that gave a name a number last; None before the first.
        told: Names and functions that were given once and in so many words; False for those given anew since.
        sets: The members of each set that was given by listing them; None for those given anew since.
    """

    values: dict[str, Term] = field(default_factory=dict)
    functions: dict[str, tuple[str, Term]] = field(default_factory=dict)
    equations: deque[Equation] = field(default_factory=lambda: deque(maxlen=MAX_EQUATIONS))
    told: dict[str, bool] = field(default_factory=dict)
    latest: Equation | None = None
    given: Equation | None = None
    several: set[str] = field(default_factory=set)
    defined: tuple[str, int] = ("", -1)
    sets: dict[str, frozenset[str] | None] = field(default_factory=dict)

    def copy(self) -> Context:
        """The same, to be changed on its own."""
        return replace(
            self,
            values=self.values.copy(),
            functions=self.functions.copy(),
            equations=self.equations.copy(),
            told=self.told.copy(),
            several=self.several.copy(),
            sets=self.sets.copy(),
        )

    def resolved(self, term: Term, *, named: bool = True) -> Term:
        """The term with functions applied and, if ``named``, names replaced by their values."""
        match term:
            case Symbol(name):
                return self.values.get(name, term) if named else term
            case Sum(terms):
                return total(*(self.resolved(t, named=named) for t in terms))
            case Product(factors):
                return product(*(self.resolved(f, named=named) for f in factors))
            case Power(base, exponent):
                return Power(self.resolved(base, named=named), self.resolved(exponent, named=named))
            case Degrees(value):
                return Degrees(self.resolved(value, named=named))
            case Call(name, args):
                inner = tuple(self.resolved(a, named=named) for a in args)
                if len(inner) == 1 and name in self.functions:
                    variable, body = self.functions[name]
                    applied = replaced(body, variable, inner[0])
                    return applied if named is False else self.resolved_values(applied)
                return Call(name, inner)
            case Group(items, brackets):
                return Group(tuple(self.resolved(i, named=named) for i in items), brackets)
            case Matrix(rows):
                return Matrix(tuple(tuple(self.resolved(c, named=named) for c in row) for row in rows))
            case _:
                return term

    def resolved_values(self, term: Term) -> Term:
        """The term with names replaced by their values, functions left as they are."""
        for name in symbols(term) & set(self.values):
            term = replaced(term, name, self.values[name])
        return term

    def is_told(self, name: str) -> bool:
        """Whether a name or function was given its value once, and in so many words."""
        return self.told.get(name, False)

    def define(self, name: str, value: Term, *, told: bool = False) -> None:
        """Give a name its value."""
        if name not in symbols(value) and size(value) <= MAX_SIZE:
            if name in self.values and not same(self.values[name], value):
                self.several.add(name)
            self.values[name] = value
            self.told[name] = told and name not in self.told

    def define_function(self, name: str, variable: str, body: Term, *, told: bool = False) -> None:
        """Give a function its right side."""
        self.told[name] = told and name not in self.told
        if size(body) <= MAX_SIZE and not any(isinstance(p, Call) and p.name == name for p in walk(body)):
            self.functions[name] = (variable, body)

    def state(self, left: Term, right: Term) -> None:
        """Keep an equation."""
        if size(left) + size(right) <= MAX_SIZE:
            self.equations.append(Equation(left, right, total(left, negative(right))))

    def tell(self, left: Term, right: Term, end: int, *, supposed: bool) -> None:
        """Take an equation as the one that was told last."""
        small = size(left) + size(right) <= MAX_SIZE
        self.latest = Equation(left, right, total(left, negative(right)), supposed, end) if small else None

    def give(self, name: str, value: Term, end: int, *, supposed: bool) -> None:
        """Take an equation as the one that gave a name a number last."""
        self.given = Equation(Symbol(name), value, total(Symbol(name), negative(value)), supposed, end)

    def about(self, names: frozenset[str]) -> Iterator[Equation]:
        """The equations that have one of the unknowns, the latest first."""
        return (e for e in reversed(self.equations) if names & symbols(e.difference))

    def follows(self, left: Term, right: Term) -> str:
        """By which rule an equation follows from what was said, or empty."""
        difference = total(left, negative(right))
        for equation in self.about(symbols(difference)):
            ratio = proportional(difference, equation.difference)
            if ratio:
                return "equivalent"
            known, stated = self.resolved(equation.difference), self.resolved(difference)
            a, b = linear(known), linear(stated)
            if a is not None and b is not None and symbols(known) == symbols(stated) and a[0] * b[1] == b[0] * a[1]:
                return "equivalent"
        return ""

    def repeats(self, left: Term, right: Term) -> bool:
        """Whether an equation is one that was told before, in the same form."""
        sides = [written_in_order(left), written_in_order(right)]
        return any(
            sides in ([x, y], [y, x])
            for e in self.about(symbols(left) | symbols(right))
            for x, y in [(written_in_order(e.left), written_in_order(e.right))]
        )

    def solves(self, name: str, value: Term) -> str:
        """By which rule a value of an unknown fits an equation that has no other unknown, or empty."""
        for equation in self.about(frozenset((name,))):
            # What holds for every value, as "4^x = 2^(2x)" does, tells none.
            others = (total(value, Number(Fraction(n))) for n in (1, 2, 3))
            if self._holds(equation, name, value) and not all(self._holds(equation, name, v) for v in others):
                return "solution"
        return ""

    def _holds(self, equation: Equation, name: str, value: Term) -> bool:
        """Whether an equation holds with a value put for a name, and no other name is left in it."""
        left, right = (self._put(side, name, value) for side in (equation.left, equation.right))
        return not (symbols(left) | symbols(right)) and bool(same(left, right))

    def root(self, name: str) -> tuple[Equation, Number] | None:
        """The latest equation with the unknown, if it is linear and has no other unknown, and its solution."""
        for equation in self.about(frozenset((name,))):
            found = linear(equation.difference)
            if found is None or symbols(equation.difference) != {name}:
                return None
            return equation, Number(-found[1] / found[0])
        return None

    def agreed_root(self, name: str) -> bool:
        """Whether every equation with the unknown is linear, has no other unknown, and the same solution."""
        found = set()
        for equation in self.about(frozenset((name,))):
            both = linear(equation.difference)
            if both is None or symbols(equation.difference) != {name}:
                return False
            found.add(-both[1] / both[0])
        return len(found) == 1

    def _known(self, term: Term, unknown: str) -> Term:
        for name in (symbols(term) & set(self.values)) - {unknown}:
            if rational(self.values[name]) is not None:
                term = replaced(term, name, self.values[name])
        return term

    def _put(self, term: Term, name: str, value: Term) -> Term:
        return replaced(self._known(term, name), name, value)


def replaced(term: Term, name: str, value: Term) -> Term:
    """The term with a value put for a name, in functions too."""
    return Context(values={name: value}).resolved(term)


def size(term: Term) -> int:
    """How many parts a term has."""
    count, pending = 0, [term]
    while pending and count <= MAX_SIZE:
        count += 1
        pending.extend(children(pending.pop()))
    return count
