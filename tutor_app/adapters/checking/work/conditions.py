"""Conditions on unknowns: equations and inequalities joined by "or" and "and", their solutions, where two differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.work.lines import Statement
from tutor_app.adapters.checking.work.values import Point, Unknown, Value, alike, roots, shown, value

_ORDERS: Final = frozenset(("<", ">", "<=", ">=", "!="))
_TURNED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Solutions:
    """Real solutions, each once."""

    values: tuple[Value, ...]

    def has(self, number: Value) -> bool:
        """Whether a number is one of them."""
        return any(alike(number, v) for v in self.values)

    def within(self, other: Solutions | None) -> bool:
        """Whether each is a solution of the other."""
        return other is not None and all(other.has(v) for v in self.values)

    def equals(self, other: Solutions) -> bool:
        """Whether both are the same."""
        return self.within(other) and other.within(self)

    def without(self, other: Solutions) -> Solutions:
        """Those that the other has not; small whole numbers first."""
        left = [v for v in self.values if not other.has(v)]
        return Solutions(tuple(sorted(left, key=lambda v: (not isinstance(v, Fraction), abs(float(v))))))


@dataclass(frozen=True, slots=True)
class Condition:
    """Cases of which one must hold; of a case all statements must.

    Attributes:
        cases: Of statements with relations.
    """

    cases: tuple[tuple[Statement, ...], ...]

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All of them."""
        return tuple(s for case in self.cases for s in case)

    @property
    def names(self) -> frozenset[str]:
        """Its unknowns."""
        return frozenset().union(*(s.names for s in self.statements))

    @property
    def has_order(self) -> bool:
        """Whether an inequality is in it."""
        return any(r in _ORDERS for s in self.statements for r in s.relations)

    @property
    def is_approximate(self) -> bool:
        """Whether a value is told as rounded."""
        return any("~" in s.relations for s in self.statements)

    def holds(self, point: Point) -> bool | None:
        """Whether it holds at a point; None where that is not known."""
        try:
            return any(all(_holds(s, point) for s in case) for case in self.cases)
        except Unknown:
            return None

    def sides_at(self, point: Point) -> tuple[str, str]:
        """The values of the two sides of the first statement that fails at a point."""
        for statement in self.statements:
            for k in range(len(statement.relations)):
                pair = [value(side, point) for side in statement.sides[k : k + 2]]
                if not _related(pair[0], statement.relations[k], pair[1]):
                    a, b = ("not defined" if v is None else shown(v) for v in pair)
                    return a, b
        return "", ""

    def turned(self) -> Condition:
        """With every inequality the other way round."""
        return Condition(
            tuple(
                tuple(replace(s, relations=tuple(_TURNED.get(r, r) for r in s.relations)) for s in case)
                for case in self.cases
            )
        )


def _holds(statement: Statement, point: Point) -> bool:
    values = [value(side, point) for side in statement.sides]
    return all(_related(values[k], r, values[k + 1]) for k, r in enumerate(statement.relations))


def _related(a: Value | None, relation: str, b: Value | None) -> bool:
    if a is None or b is None:
        return False
    match relation:
        case "=":
            return alike(a, b)
        case "~":
            whole = isinstance(b, Fraction) and b.denominator == 1 and abs(b) >= 10
            return abs(float(a) - float(b)) <= max(0.006 * max(1.0, abs(float(b))), 0.5 if whole else 0.0)
        case "!=":
            return not alike(a, b)
        case "<":
            return a < b and not alike(a, b)
        case ">":
            return a > b and not alike(a, b)
        case "<=":
            return a <= b or alike(a, b)
        case _:
            return a >= b or alike(a, b)


def solutions(condition: Condition) -> Solutions | None:
    """The real solutions of a condition in one unknown; None if they are not known."""
    if len(condition.names) != 1:
        return None
    (name,) = condition.names
    found: list[Value] = []
    for case in condition.cases:
        equation = next((s for s in case if s.relations in (("=",), ("~",))), None)
        if equation is None:
            return None
        candidates = roots(equation.sides[0], equation.sides[1], name)
        if candidates is None:
            return None
        for root in candidates:
            point = {name: root}
            if all(_holds(s, point) for s in case if s is not equation) and not any(alike(root, f) for f in found):
                found.append(root)
    return Solutions(tuple(found))


def agree_under(a: Condition, b: Condition, assumed: Condition) -> bool:
    """Whether two equations in one unknown say the same wherever a condition holds: their differences are multiples."""
    (name,) = a.names
    ratios = []
    one, two = solutions(a), solutions(b)
    agree = one is not None and two is not None and _held(one, name, assumed).equals(_held(two, name, assumed))
    if (
        len(a.statements) != 1
        or len(b.statements) != 1
        or (agree and one is not None and _held(one, name, assumed).values)
    ):
        return agree
    for k in range(-41, 42):
        point = {name: Fraction(k, 2)}
        if assumed.holds(point):
            x, y = (_difference(c.statements[0], point) for c in (a, b))
            if x is not None and y is not None and not alike(x, Fraction(0)):
                ratios.append(y / x)
    return len(ratios) > 3 and all(alike(r, ratios[0]) for r in ratios) and not alike(ratios[0], Fraction(0))


def _difference(statement: Statement, point: Point) -> Value | None:
    try:
        x, y = (value(side, point) for side in (statement.sides[0], statement.sides[-1]))
    except Unknown:
        return None
    return None if x is None or y is None else x - y


def _held(found: Solutions, name: str, assumed: Condition) -> Solutions:
    return Solutions(tuple(v for v in found.values if assumed.holds({name: v})))


def differing_point(
    a: Condition, b: Condition, *, positive: bool = False, where: Condition | None = None
) -> Point | None:
    """A point at which one condition in one unknown holds and the other does not; None if there is none.

    Args:
        a: In the same unknown as the other.
        b: See ``a``.
        positive: Look at numbers from 0 on only.
        where: Look only where this holds.
    """
    (name,) = a.names
    for number in _candidates(a, b, name):
        if positive and number < 0:
            continue
        point = {name: number}
        if where is not None and not where.holds(point):
            continue
        one, two = a.holds(point), b.holds(point)
        if one is not None and two is not None and one != two:
            return point
    return None


def _candidates(a: Condition, b: Condition, name: str) -> Iterator[Value]:
    """Whole numbers, and what lies about the boundaries."""
    for k in range(41):
        yield Fraction(k)
        yield Fraction(-k)
    for k in range(-81, 82, 2):
        yield Fraction(k, 2)
    for statement in (*a.statements, *b.statements):
        for k in range(len(statement.relations)):
            for root in roots(statement.sides[k], statement.sides[k + 1], name) or ():
                exact = Fraction(root).limit_denominator(10**6)
                yield from (root, exact - Fraction(1, 50), exact + Fraction(1, 50), exact - 7, exact + 7)


def joint_solutions(equations: Sequence[Statement], names: Sequence[str]) -> list[Point]:
    """The real solutions of a system of equations, as far as SymPy finds them."""
    import sympy as sp

    built = []
    for equation in equations:
        left, right = symbolic.built(equation.sides[0]), symbolic.built(equation.sides[-1])
        if left is None or right is None or equation.relations != ("=",):
            return []
        built.append(left - right)
    try:
        with symbolic.limited(1.5):
            found = sp.solve(built, [sp.Symbol(n) for n in names], dict=True)
    except (symbolic.Late, ArithmeticError, ValueError, TypeError, NotImplementedError, AttributeError):
        return []
    out: list[Point] = []
    for solution in found:
        point: dict[str, Value] = {}
        for symbol, number in solution.items():
            if number.free_symbols or not number.is_real:
                break
            point[str(symbol)] = Fraction(int(number.p), int(number.q)) if number.is_Rational else float(number)
        else:
            if len(point) == len(names):
                out.append(point)
    return out
