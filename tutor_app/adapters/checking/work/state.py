"""What a student's work has said so far, the finding about a line, and small readings of terms that both need."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.judging import judge
from tutor_app.adapters.checking.work.conditions import Condition
from tutor_app.adapters.checking.work.lines import Statement
from tutor_app.adapters.checking.work.values import Point, shown, value
from tutor_app.adapters.grading.terms import (
    Call,
    Number,
    Power,
    Product,
    Sum,
    Term,
    negative,
    substituted,
    symbols,
    total,
    walk,
)
from tutor_app.core.work import LineKind


@dataclass(slots=True)
class State:
    """What has been said so far.

    Attributes:
        expression: The expression that is being rewritten, with its source.
        last_number: What the last calculation came to.
        aside: A part of it that has been rewritten by itself, with its source.
        condition: The equation or inequality of the line before.
        problem: That of the problem.
        names: What letters stand for by definition.
        data: Those of them whose numbers the problem gives.
        functions: Letter and right side of functions.
        system: All solutions of a system of equations that the problem gives.
        given: The function of which a derivative or integral is asked for.
        derived: The derivative or integral that the problem asks for.
        later: What comes of it in further steps: the second derivative.
        ambiguous: The expression of the problem can be read in two ways: ``6 / 2(1 + 2)``.
        up_to_constant: It is an integral: another one may differ by a constant.
        definite: The value of the definite integral that the problem asks for.
        limit: The variable whose limit is asked for, and what it goes to; empty name for none.
        quantities: Numbers of the problem with the one unit that each has there.
        limits: The range in which solutions are asked for, of an equation of angles; in radians.
        in_degrees: Angles are told in degrees without a sign.
        is_story: The problem is told in words, without an equation.
        is_given: The equation of the problem is given, and something else asked for.
        asked: The expression that the problem gives, with its source.
        domain: For which numbers the function of the problem is looked at.
        asks_value: An expression is to be rewritten or calculated.
        asks_all: All antiderivatives are asked for, not one of them.
        is_measure: The unknowns are lengths, ages or counts, which are not negative.
    """

    expression: tuple[Term, str] | None = None
    last_number: Term | None = None
    aside: tuple[Term, str] | None = None
    condition: Condition | None = None
    problem: Condition | None = None
    names: dict[str, Term] = field(default_factory=dict)
    data: frozenset[str] = frozenset()
    functions: dict[str, tuple[str, Term]] = field(default_factory=dict)
    system: list[Point] = field(default_factory=list)
    given: Term | None = None
    derived: Term | None = None
    later: Term | None = None
    ambiguous: bool = False
    up_to_constant: bool = False
    definite: Fraction | float | None = None
    limit: tuple[str, float] = ("", 0.0)
    quantities: dict[Fraction, str] = field(default_factory=dict)
    limits: Condition | None = None
    in_degrees: bool = False
    is_story: bool = False
    is_given: bool = False
    asked: tuple[Term, str] | None = None
    domain: Condition | None = None
    asks_value: bool = False
    asks_all: bool = False
    is_measure: bool = False

    @property
    def is_told_in_words(self) -> bool:
        """Whether there is neither an equation nor an expression from which the lines could go on."""
        return self.is_story and self.asked is None and self.given is None and self.definite is None

    def saved(self) -> State:
        """What has been said up to here, to come back to."""
        return replace(self, names=dict(self.names), functions=dict(self.functions), system=list(self.system))

    def restore(self, before: State) -> None:
        """Come back to what was said up to then."""
        again = before.saved()
        for each in fields(self):
            setattr(self, each.name, getattr(again, each.name))

    def forget(self) -> None:
        """Begin a line that stands by itself: only functions, names and units are known to it."""
        kept = State(
            names=self.names,
            data=self.data,
            functions=self.functions,
            quantities=self.quantities,
            is_measure=self.is_measure,
            in_degrees=self.in_degrees,
            limits=self.limits,
            is_story=self.is_story,
            is_given=self.is_given,
            asked=self.asked,
        )
        self.restore(kept)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found about one line; as in :class:`~tutor_app.core.work.LineVerdict`.

    Attributes:
        kind: See there.
        counterexample: See there.
        slip: See there.
        alone: It is false whatever stands before it; else it only differs from that, and may be a line beside the way.
    """

    kind: LineKind
    counterexample: str = ""
    slip: str = ""
    alone: bool = False


def worst_of(found: list[Found]) -> Found:
    """The finding that weighs most."""
    order: Final = ("false", "lost", "gained", "unsure")
    for kind in order:
        for one in found:
            if one.kind == kind:
                return one
    return found[0] if found else Found("unsure")


def point_words(point: Point) -> str:
    """``x = 2, y = 3``."""
    return ", ".join(f"{name} = {shown(v)}" for name, v in sorted(point.items()))


def as_sides(said: str) -> str:
    """A counterexample between two lines, said of the two sides of one."""
    return said.replace("the line before is", "the left side is").replace("this one ", "the right side ")


def is_near(x: Fraction | float, y: Fraction | float) -> bool:
    """Whether one is the other rounded to three digits."""
    return bool(abs(float(x) - float(y)) <= 0.005 * abs(float(x))) and not (
        isinstance(x, Fraction) and isinstance(y, Fraction) and x.denominator == y.denominator == 1
    )


def is_decimal(term: Term) -> bool:
    """Whether a number in it is written with decimals."""
    return any(isinstance(part, Number) and part.places for part in walk(term))


def has_decimals(source: str) -> bool:
    """The same of a side as it was typed."""
    return "." in source


def holds_by_itself(cases: tuple[tuple[Statement, ...], ...]) -> bool:
    """Whether every calculation in a line is right."""
    statements = [s for case in cases for s in case]
    return bool(statements) and all(
        not s.names
        and all(
            judge((s.sides[k],), r, (s.sides[k + 1],)).verdict in ("true", "rounded") for k, r in enumerate(s.relations)
        )
        for s in statements
    )


def letters_like_units(state: State, problem: str) -> str:
    """The unknowns of a problem whose letters are those of units too; not those that stand behind an amount there."""
    names = state.problem.names if state.problem is not None else frozenset()
    names |= symbols(state.asked[0]) if state.asked is not None and state.asks_value else frozenset()
    beside = r"(?<![\w.])(?<!\d ){0}\s*[-+*/=^)]|[-+*/=(]\s*{0}(?!\w)|\d{0}(?!\w)"
    return "".join(name for name in sorted(names & set("mgshltL")) if re.search(beside.format(name), problem))


def differ_by_number(a: Term, b: Term) -> bool:
    """Whether two antiderivatives differ by a constant."""
    difference = total(a, negative(b))
    at = [value(difference, {n: Fraction(k) for n in symbols(difference)}) for k in (2, 3, 5)]
    return all(v is not None for v in at) and max(map(float, at)) - min(map(float, at)) < 1e-9  # type: ignore[arg-type]


def without_constant(wanted: Term, new: Term) -> Term:
    """A stated antiderivative without its constant of integration."""
    names = {"C", "c", "K", "k"} & (symbols(new) - symbols(wanted))
    return substituted(new, {name: Number(Fraction(0)) for name in names}) if names else new


def applied(term: Term, functions: dict[str, tuple[str, Term]]) -> Term:
    """The term with the values of known functions put in."""
    match term:
        case Call(name, (argument,)) if name in functions:
            letter, body = functions[name]
            return substituted(body, {letter: applied(argument, functions)})
        case Sum(terms):
            return total(*(applied(t, functions) for t in terms))
        case Product(factors):
            return Product(tuple(applied(f, functions) for f in factors))
        case Power(base, exponent):
            return Power(applied(base, functions), applied(exponent, functions))
        case _:
            return term


def term_of(expression: object) -> Term | None:
    """A SymPy expression as a term."""
    import sympy as sp

    from tutor_app.adapters.checking.work.lines import read_side

    if expression is None:
        return None
    return read_side(sp.latex(expression, ln_notation=True))


def defines_function(statement: Statement) -> bool:
    """Whether it begins with ``f(x) =``."""
    first = statement.sides[0]
    return (
        isinstance(first, Call)
        and len(first.args) == 1
        and len(first.name.rstrip("'")) == 1
        and bool(statement.relations)
    )


def joins_derivatives(statement: Statement) -> bool:
    """Whether a line tells a derivative by those of two parts: ``u'v + uv' = ...``."""
    primed = {name for name in symbols(statement.sides[0]) if name.endswith("'")}
    return len(primed) > 1 and not any(name.endswith("'") for name in symbols(statement.sides[-1]))


def vanishing(statement: Statement) -> Condition:
    """That the last side of a statement is zero: where a derivative may have an extremum."""
    zero = Statement((statement.sides[-1], Number(Fraction(0))), ("=",), False, (statement.sources[-1], "0"))
    return Condition(((zero,),))
