"""Judges the lines of a student's work, each against the one before and the problem. Runs in the checking process.

"False" is said only where a point shows it: an expression that has another value there, or a solution of the line
before that does not solve this one. What cannot be compared is new, not false. Side calculations, definitions and
checks of the result are judged by themselves.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.judging import judge
from tutor_app.adapters.checking.work_conditions import (
    Condition,
    Solutions,
    differing_point,
    joint_solutions,
    solutions,
)
from tutor_app.adapters.checking.work_lines import Line, Statement, formulas_of, read_line
from tutor_app.adapters.checking.work_slips import slip_between, slip_of_equation
from tutor_app.adapters.checking.work_values import Point, Unknown, differ, roots, shown, value
from tutor_app.adapters.grading.terms import (
    Call,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    negative,
    substituted,
    symbols,
    total,
    walk,
)
from tutor_app.core.work import MOST_LINES, LineKind, LineVerdict
from tutor_app.text.typing import read_typed

SECONDS: Final = 8.0
"""For all lines; those that are left then are not decided."""
_DERIVATIVE: Final = re.compile(r"(?i)\b(?:derivative|differentiate|derive)\b|d/dx")
_INTEGRAL: Final = re.compile(r"(?i)\b(?:antiderivative|integrate|indefinite integral)\b")
_EXPRESSION: Final = re.compile(
    r"(?i)\b(?:simplify|expand|factor(?:ise|ize)?|evaluate|compute|calculate|work out|what is|rationali[sz]e|combine"
    r"|reduce|write|express|multiply|add|subtract|divide|find the (?:value|sum|product|difference))\b"
)


@dataclass(slots=True)
class _State:
    """What has been said so far.

    Attributes:
        expression: The expression that is being rewritten, with its source.
        condition: The equation or inequality of the line before.
        problem: That of the problem.
        names: What letters stand for by definition.
        functions: Letter and right side of functions.
        system: All solutions of a system of equations that the problem gives.
    """

    expression: tuple[Term, str] | None = None
    condition: Condition | None = None
    problem: Condition | None = None
    names: dict[str, Term] = field(default_factory=dict)
    functions: dict[str, tuple[str, Term]] = field(default_factory=dict)
    system: list[Point] = field(default_factory=list)
    derived: Term | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    kind: LineKind
    counterexample: str = ""
    slip: str = ""


def judge_work(problem: str, lines: Sequence[str], clock: Callable[[], float] = time.monotonic) -> list[LineVerdict]:
    """The verdict of every line, in order.

    Args:
        problem: As typed; may be empty.
        lines: The student's.
        clock: Seconds.
    """
    end = clock() + SECONDS
    work = _Work(problem)
    out: list[LineVerdict] = []
    for text in lines[:MOST_LINES]:
        found = work.line(text) if clock() < end else _Found("unsure")
        out.append(LineVerdict(text, _shown(text), found.kind, found.counterexample, found.slip))
    return work.with_losses(out)


def _shown(text: str) -> str:
    return read_typed(text).text


class _Work:
    """Goes through the lines."""

    def __init__(self, problem: str) -> None:
        self._state = _State()
        self._sets: dict[int, Solutions] = {}
        self._place = -1
        self._read_problem(problem)

    def _read_problem(self, problem: str) -> None:
        state = self._state
        found = formulas_of(problem)
        equations = []
        for statement in found:
            if self._defines_function(statement):
                if len(statement.sides) > 1 and state.expression is None:
                    state.expression = (statement.sides[-1], statement.sources[-1])
                first = statement.sides[0]
                if isinstance(first, Call) and isinstance(first.args[0], Symbol):
                    state.functions[first.name] = (first.args[0].name, statement.sides[-1])
            elif statement.relations and statement.names:
                equations.append(statement)
            elif (
                not statement.relations
                and state.expression is None
                and not isinstance(statement.sides[0], Symbol | Call)
            ):
                state.expression = (statement.sides[0], statement.sources[0])
        if state.expression is not None and len(symbols(state.expression[0])) == 1:
            self._derive(problem)
        values = [
            s
            for s in equations
            if isinstance(s.sides[0], Symbol) and len(s.sides) == 2 and not s.names - symbols(s.sides[0])
        ]
        if state.expression is not None and _EXPRESSION.search(problem) and values:
            # "Evaluate 2x + 3y for x = 2 and y = 1"
            for s in values:
                state.names[s.sources[0]] = s.sides[1]
            equations = [s for s in equations if s not in values]
        if equations:
            names = frozenset().union(*(s.names for s in equations))
            wanted = " or " in problem and len(names) == 1
            condition = Condition(tuple((s,) for s in equations) if wanted else (tuple(equations),))
            if len(equations) == 1 or len(names) == 1 or wanted:
                if len(equations) == 1 or len(names) > 1 or wanted:
                    state.problem = condition
                else:
                    state.problem = Condition(((equations[0],),))
            else:
                state.system = joint_solutions(equations, sorted(names))
                state.problem = condition
            state.condition = state.problem

    def _derive(self, problem: str) -> None:
        import sympy as sp

        assert self._state.expression is not None
        term = self._state.expression[0]
        name = next(iter(symbols(term)))
        if _DERIVATIVE.search(problem):
            self._state.derived = _term_of(symbolic.derivative(term, name))
        elif _INTEGRAL.search(problem):
            built = symbolic.built(term)
            if built is not None:
                try:
                    with symbolic.limited():
                        self._state.derived = _term_of(sp.integrate(built, sp.Symbol(name)))
                except (symbolic.Late, ArithmeticError, ValueError, TypeError, NotImplementedError, AttributeError):
                    self._state.derived = None

    # -- one line -----------------------------------------------------------------------------------------------

    def line(self, text: str) -> _Found:
        """The verdict of the next line."""
        self._place += 1
        if not text.strip():
            return _Found("empty")
        line = read_line(text)
        if not line.cases:
            return _Found("words" if line.words else "unread")
        try:
            found = self._judged(line)
        except (Unknown, ArithmeticError, ValueError, TypeError, AttributeError, RecursionError, KeyError):
            found = _Found("unsure")
        if found.kind == "false" and line.mixed_units and _holds_by_itself(line.without_units):
            return replace(found, slip="unit")
        return found

    def _judged(self, line: Line) -> _Found:
        statements = line.statements
        if len(line.cases) == 1 and len(statements) == 1:
            return self._single(statements[0])
        if not any(s.names for s in statements):
            return _worst([self._single(s) for s in statements])
        kept = tuple(tuple(r for s in case if (r := self._reduced(s)) is not None) for case in line.cases)
        chains = [self._inner_links(s) for s in statements]
        worst = _worst(chains)
        if worst.kind == "false":
            return worst
        kept = tuple(case for case in kept if case)
        if not kept:
            return worst
        return self._compared(Condition(kept))

    def _single(self, statement: Statement) -> _Found:
        state = self._state
        if statement.continues:
            if state.expression is None:
                return _Found("new")
            old, source = state.expression
            statement = Statement((old, *statement.sides), statement.relations, False, (source, *statement.sources))
            return self._rewritten(statement)
        if self._defines_function(statement):
            return self._function(statement)
        if not statement.relations:
            return self._expression(statement)
        if not statement.names:
            return self._calculation(statement)
        if self._is_rewriting(statement):
            return self._rewritten(statement)
        inner = self._inner_links(statement)
        if inner.kind == "false":
            return inner
        if self._defines(statement):
            return inner if inner.kind != "unsure" else _Found("new")
        reduced = self._reduced(statement)
        if reduced is None:
            return inner
        return self._compared(Condition(((reduced,),)))

    # -- expressions --------------------------------------------------------------------------------------------

    def _expression(self, statement: Statement) -> _Found:
        state = self._state
        new, source = statement.sides[0], statement.sources[0]
        if state.expression is None:
            if state.condition is not None:
                return self._bare_value(new)
            state.expression = (new, source)
            return _Found("new")
        return self._step(new, source)

    def _bare_value(self, new: Term) -> _Found:
        """An expression alone where an equation is being solved: perhaps its solution, perhaps a note."""
        found = self._known_solutions()
        if found is None or symbols(new):
            return _Found("words")
        number = value(new, {})
        return _Found("follows") if number is not None and found.has(number) else _Found("words")

    def _known_solutions(self) -> Solutions | None:
        return solutions(self._state.condition) if self._state.condition is not None else None

    def _step(self, new: Term, source: str) -> _Found:
        """From the expression of the line before to a new one."""
        state = self._state
        assert state.expression is not None
        old, old_source = state.expression
        found = self._equal(old, old_source, new)
        if found.kind == "false" and state.derived is not None:
            if (
                self._equal(state.derived, "", new).kind != "false"
                or (symbols(new) - symbols(state.derived))
                or _differs_by_number(state.derived, new)
            ):
                found = _Found("follows")
            else:
                found = self._equal(state.derived, "", new)
                found = replace(
                    found, counterexample=found.counterexample.replace("the line before", "the right result")
                )
        if found.kind in ("equivalent", "false", "follows"):
            state.expression = (new, source)
        return found

    def _equal(self, old: Term, old_source: str, new: Term) -> _Found:
        a, b = self._resolved(old), self._resolved(new)
        if not symbols(a) and not symbols(b):
            found = judge((a,), "=", (b,), approximate=_is_decimal(b))
            if found.verdict in ("true", "rounded"):
                return _Found("equivalent")
            x, y = value(a, {}), value(b, {})
            if x is None or y is None:
                return _Found("unsure")
            if found.verdict == "unchecked" and _is_decimal(b) and _is_near(x, y):
                return _Found("equivalent")
            said = f"the line before is {shown(x)}, this one {shown(y)}"
            return _Found("false", said, slip_between(old, old_source, new))
        where = differ(a, b)
        if where is None or where is True:
            return _Found("unsure")
        if where is False:
            return _Found("equivalent")
        x, y = value(a, where), value(b, where)
        assert x is not None
        assert y is not None
        said = f"for {_point(where)} the line before is {shown(x)}, this one {shown(y)}"
        return _Found("false", said, slip_between(old, old_source, new))

    def _rewritten(self, statement: Statement) -> _Found:
        """A chain whose sides are all the same expression; the first may be that of the line before."""
        state = self._state
        worst = _Found("equivalent")
        if (
            state.expression is not None
            and state.derived is None
            and state.expression[0] != statement.sides[0]
            and self._equal(*state.expression, statement.sides[0]).kind == "false"
        ):
            worst = _Found("new")
        for k, relation in enumerate(statement.relations):
            state.expression = (statement.sides[k], statement.sources[k])
            if relation in ("=", "~"):
                found = self._step(statement.sides[k + 1], statement.sources[k + 1])
                found = replace(found, counterexample=_as_sides(found.counterexample))
                if found.kind == "false":
                    state.expression = (statement.sides[-1], statement.sources[-1])
                    return found
                worst = found if found.kind == "unsure" else worst
        return worst

    def _is_rewriting(self, statement: Statement) -> bool:
        """Whether an equation says that two expressions are the same, and not what a letter is."""
        state = self._state
        if any(r not in ("=", "~") for r in statement.relations):
            return False
        if state.condition is not None or isinstance(statement.sides[0], Symbol):
            return False
        if state.expression is not None:
            if self._equal(*state.expression, statement.sides[0]).kind == "equivalent":
                return True
            return bool(symbols(state.expression[0])) and statement.names <= symbols(state.expression[0])
        return len(statement.sides) > 1 and differ(statement.sides[0], statement.sides[1]) is False

    # -- calculations and definitions ---------------------------------------------------------------------------

    def _calculation(self, statement: Statement) -> _Found:
        """Relations between numbers."""
        state = self._state
        for k, relation in enumerate(statement.relations):
            left, right = statement.sides[k], statement.sides[k + 1]
            found = judge(
                (left,), relation, (right,), approximate=relation == "~" or _has_decimals(statement.sources[k + 1])
            )
            if found.verdict == "false":
                x, y = value(left, {}), value(right, {})
                if x is None or y is None or (relation in ("=", "~") and _is_near(x, y)):
                    continue
                said = f"the left side is {shown(x)}, the right side {shown(y)}"
                if state.expression is not None and not symbols(state.expression[0]):
                    state.expression = (statement.sides[-1], statement.sources[-1])
                return _Found("false", said, slip_between(left, statement.sources[k], right))
        if state.expression is not None and not symbols(self._resolved(state.expression[0])):
            if self._equal(*state.expression, statement.sides[0]).kind == "equivalent":
                state.expression = (statement.sides[-1], statement.sources[-1])
                return _Found("equivalent")
            return _Found("follows")
        return _Found("follows")

    def _inner_links(self, statement: Statement) -> _Found:
        """The links behind the first one: in ``x = 6/2 = 3`` the last must hold by itself."""
        if len(statement.sides) < 3 or statement.relations[0] not in ("=", "~"):
            return _Found("follows")
        if not isinstance(statement.sides[0], Symbol | Call):
            return _Found("follows")
        rest = Statement(statement.sides[1:], statement.relations[1:], False, statement.sources[1:])
        for k, relation in enumerate(rest.relations):
            if relation not in ("=", "~"):
                continue
            left, right = self._resolved(rest.sides[k]), self._resolved(rest.sides[k + 1])
            if symbols(left) != symbols(right):
                continue
            found = self._equal(rest.sides[k], rest.sources[k], rest.sides[k + 1])
            if found.kind == "false":
                return replace(found, counterexample=_as_sides(found.counterexample))
        return _Found("follows")

    def _defines(self, statement: Statement) -> bool:
        """Whether it gives a letter its meaning that no equation so far has."""
        state = self._state
        first = statement.sides[0]
        if (
            not isinstance(first, Symbol)
            or statement.relations[0] not in ("=", "~")
            or first.name in symbols(statement.sides[-1])
        ):
            return False
        known = state.condition.names if state.condition else frozenset()
        if state.problem is not None:
            known |= state.problem.names
        if first.name in known:
            return False
        state.names[first.name] = statement.sides[-1]
        if state.condition is None and state.expression is None:
            state.condition = Condition(
                (
                    (
                        replace(
                            statement,
                            sides=(first, statement.sides[-1]),
                            relations=("=",),
                            sources=(statement.sources[0], statement.sources[-1]),
                        ),
                    ),
                )
            )
        return True

    def _defines_function(self, statement: Statement) -> bool:
        """Whether it begins with ``f(x) =``."""
        first = statement.sides[0]
        return (
            isinstance(first, Call)
            and len(first.args) == 1
            and len(first.name.rstrip("'")) == 1
            and bool(statement.relations)
        )

    def _function(self, statement: Statement) -> _Found:
        state = self._state
        first = statement.sides[0]
        assert isinstance(first, Call)
        argument = first.args[0]
        inner = self._inner_links(statement)
        if inner.kind == "false":
            return inner
        if not isinstance(argument, Symbol):
            return self._value_of_function(first, argument, statement) or inner
        known = state.functions.get(first.name)
        if known is not None:
            return self._equal(known[1], "", statement.sides[-1])
        state.functions[first.name] = (argument.name, statement.sides[-1])
        given = state.expression[0] if state.expression else None
        if (
            state.derived is not None
            and given is not None
            and self._equal(given, "", statement.sides[-1]).kind == "false"
        ):
            return self._step(statement.sides[1], statement.sources[1])
        return _Found("given")

    def _value_of_function(self, call: Call, argument: Term, statement: Statement) -> _Found | None:
        known = self._state.functions.get(call.name)
        if known is None:
            return None
        applied = substituted(known[1], {known[0]: argument})
        found = self._equal(applied, "", statement.sides[1])
        return replace(found, counterexample=_as_sides(found.counterexample))

    def _resolved(self, term: Term) -> Term:
        """With functions applied and defined numbers put in."""
        if self._state.functions:
            term = _applied(term, self._state.functions)
        values = {n: v for n, v in self._state.names.items() if not symbols(v)}
        return substituted(term, values) if values and symbols(term) & set(values) else term

    def _reduced(self, statement: Statement) -> Statement | None:
        """The equation in it: of ``x = 6/2 = 3`` the first and the last side; None if it only calculates."""
        if not statement.names:
            return None
        sides, relations, sources = statement.sides, statement.relations, statement.sources
        if not relations:
            return None
        if len(sides) > 2 and all(r in ("=", "~") for r in relations):
            sides, relations, sources = (sides[0], sides[-1]), (relations[-1],), (sources[0], sources[-1])
        defined = {n: v for n, v in self._state.names.items() if self._is_substitution(n)}
        sides = tuple(substituted(side, defined) for side in sides) if defined else sides
        if self._state.functions:
            sides = tuple(_applied(side, self._state.functions) for side in sides)
        return Statement(sides, relations, False, sources)

    def _is_substitution(self, name: str) -> bool:
        """Whether a letter was defined for a longer expression: ``u = x^2``."""
        known = self._state.problem.names if self._state.problem else frozenset()
        return name not in known and bool(symbols(self._state.names[name]) & known)

    # -- equations and inequalities -----------------------------------------------------------------------------

    def _compared(self, new: Condition) -> _Found:
        """A condition against that of the line before and of the problem."""
        state = self._state
        if state.system:
            return self._against_system(new)
        old = state.condition
        if old is None or (old.names != new.names and not (new.names < old.names and len(new.names) == 0)):
            return self._not_comparable(old, new)
        state.condition = new
        return self._in_one_unknown(old, new) if len(new.names) == 1 else self._in_several(old, new)

    def _not_comparable(self, old: Condition | None, new: Condition) -> _Found:
        state = self._state
        if old is None and state.expression is not None and new.names <= symbols(state.expression[0]):
            return _Found("new")
        if state.problem is not None and state.problem.names == new.names and len(new.names) == 1:
            state.condition = new
            return self._in_one_unknown(state.problem, new)
        state.condition = new
        return _Found("new")

    def _against_system(self, new: Condition) -> _Found:
        found = _Found("follows")
        for point in self._state.system:
            if new.holds(point) is False:
                a, b = new.sides_at(point)
                said = f"for {_point(point)} the left side is {a}, the right side {b}"
                found = _Found("false", said, self._slip(new))
                break
        self._state.condition = new
        return found

    def _slip(self, new: Condition) -> str:
        for condition in (self._state.condition, self._state.problem):
            for old in condition.statements if condition else ():
                if (slip := _equation_slip(old, new)) != "":
                    return slip
        before = self._state.condition.statements if self._state.condition else ()
        given = self._state.problem.statements if self._state.problem else ()
        for letter in before:
            if not isinstance(letter.sides[0], Symbol):
                continue
            # The line before tells a letter, which is put into an equation of the problem.
            put = {letter.sides[0].name: letter.sides[-1]}
            for old in given:
                sides = tuple(substituted(side, put) for side in old.sides)
                if (slip := _equation_slip(replace(old, sides=sides, sources=("", "")), new)) != "":
                    return slip
        return ""

    def _in_one_unknown(self, old: Condition, new: Condition) -> _Found:
        state = self._state
        if old.has_order or new.has_order:
            return self._orders(old, new)
        name = next(iter(new.names))
        before, after = solutions(old), solutions(new)
        if before is None or after is None:
            return _Found("unsure")
        self._sets[self._place] = after
        problem = solutions(state.problem) if state.problem is not None and state.problem.names == new.names else None
        if before.equals(after) or (problem is not None and problem.equals(after)):
            return _Found("equivalent")
        lost, gained = before.without(after), after.without(before)
        if new.is_approximate and not lost.values:
            return _Found("follows")
        if not gained.values and lost.values and after.values:
            said = f"{name} = {shown(lost.values[0])} solves the line before, not this one"
            return _Found("lost", said, _lost_slip(old, lost.values[0], new))
        if not lost.values and gained.values and before.values:
            said = f"{name} = {shown(gained.values[0])} solves this line, not the one before"
            return _Found("gained", said)
        return self._false(old, new, name, lost, gained)

    def _false(self, old: Condition, new: Condition, name: str, lost: Solutions, gained: Solutions) -> _Found:
        slip = _first_slip(old, new)
        if not slip and lost.values and any(g == -v and v != 0 for g in gained.values for v in lost.values):
            slip = "sign"
        if lost.values:
            point = {name: lost.values[0]}
            a, b = new.sides_at(point)
            return _Found("false", f"for {_point(point)} the left side is {a}, the right side {b}", slip)
        if gained.values:
            point = {name: gained.values[0]}
            a, b = old.sides_at(point)
            said = f"for {_point(point)} this line holds, in the line before the left side is {a}, the right side {b}"
            return _Found("false", said, slip)
        return _Found("unsure")

    def _orders(self, old: Condition, new: Condition) -> _Found:
        """Inequalities are compared at points."""
        for reference in (old, self._state.problem):
            if reference is None or reference.names != new.names:
                continue
            where = differing_point(reference, new)
            if where is None:
                return _Found("equivalent")
        where = differing_point(old, new)
        assert where is not None
        before, after = ("holds", "does not hold") if old.holds(where) else ("does not hold", "holds")
        said = f"for {_point(where)} the line before {before}, this one {after}"
        return _Found("false", said, _order_slip(old, new))

    def _in_several(self, old: Condition, new: Condition) -> _Found:
        """Equations in several letters: solutions of the line before are tried in this one."""
        tried = 0
        for statement in old.statements:
            if statement.relations != ("=",):
                return _Found("unsure")
            for point in _solution_points(statement):
                holds = new.holds(point)
                if holds is None:
                    continue
                tried += 1
                if holds is False:
                    a, b = new.sides_at(point)
                    slip = _equation_slip(statement, new)
                    return _Found("false", f"for {_point(point)} the left side is {a}, the right side {b}", slip)
        return _Found("equivalent") if tried >= 2 else _Found("unsure")

    # -- at the end ---------------------------------------------------------------------------------------------

    def with_losses(self, lines: list[LineVerdict]) -> list[LineVerdict]:
        """A solution that is missing in one line and told in a later one was not lost, but taken up one by one.

        In the same way a solution that squaring adds is no fault if it is thrown out again.
        """
        problem = solutions(self._state.problem) if self._state.problem is not None else None
        places = sorted(self._sets)
        out = list(lines)
        for k, place in enumerate(places):
            kind = lines[place].kind
            later = [self._sets[p] for p in places[k:]]
            if kind in ("lost", "false") and self._is_case(places, k, later):
                for p, found in zip(places[k:], later, strict=True):
                    if out[p].kind in ("lost", "gained", "false") and found.within(self._before(places, k, problem)):
                        out[p] = replace(out[p], kind="follows", counterexample="", slip="")
            elif (kind == "gained" and problem is not None and later[-1].equals(problem)) or (
                kind == "lost" and problem is not None and self._sets[place].equals(problem)
            ):
                out[place] = replace(out[place], kind="follows", counterexample="", slip="")
        return out

    def _before(self, places: list[int], k: int, problem: Solutions | None) -> Solutions | None:
        return self._sets[places[k - 1]] if k else problem

    def _is_case(self, places: list[int], k: int, later: list[Solutions]) -> bool:
        """Whether the lines from here on tell the solutions of the line before together."""
        problem = solutions(self._state.problem) if self._state.problem is not None else None
        before = self._before(places, k, problem)
        if before is None or not before.values or not later[0].within(before) or not later[0].values:
            return False
        inside = [found for found in later if found.within(before)]
        return before.within(Solutions(tuple(v for found in inside for v in found.values)))


def _worst(found: list[_Found]) -> _Found:
    order: Final = ("false", "lost", "gained", "unsure")
    for kind in order:
        for one in found:
            if one.kind == kind:
                return one
    return found[0] if found else _Found("unsure")


def _point(point: Point) -> str:
    return ", ".join(f"{name} = {shown(v)}" for name, v in sorted(point.items()))


def _as_sides(said: str) -> str:
    return said.replace("the line before is", "the left side is").replace("this one ", "the right side ")


def _is_near(x: Fraction | float, y: Fraction | float) -> bool:
    """Whether one is the other rounded to three digits."""
    return bool(abs(float(x) - float(y)) <= 0.005 * abs(float(x))) and not (
        isinstance(x, Fraction) and isinstance(y, Fraction) and x.denominator == y.denominator == 1
    )


def _is_decimal(term: Term) -> bool:
    return any(isinstance(part, Number) and part.places for part in walk(term))


def _has_decimals(source: str) -> bool:
    return "." in source


def _holds_by_itself(cases: tuple[tuple[Statement, ...], ...]) -> bool:
    statements = [s for case in cases for s in case]
    return bool(statements) and all(
        not s.names
        and all(
            judge((s.sides[k],), r, (s.sides[k + 1],)).verdict in ("true", "rounded") for k, r in enumerate(s.relations)
        )
        for s in statements
    )


def _differs_by_number(a: Term, b: Term) -> bool:
    """Whether two antiderivatives differ by a constant."""
    difference = total(a, negative(b))
    at = [value(difference, {n: Fraction(k) for n in symbols(difference)}) for k in (2, 3, 5)]
    return all(v is not None for v in at) and max(map(float, at)) - min(map(float, at)) < 1e-9  # type: ignore[arg-type]


def _applied(term: Term, functions: dict[str, tuple[str, Term]]) -> Term:
    match term:
        case Call(name, (argument,)) if name in functions:
            letter, body = functions[name]
            return substituted(body, {letter: _applied(argument, functions)})
        case Sum(terms):
            return total(*(_applied(t, functions) for t in terms))
        case Product(factors):
            return Product(tuple(_applied(f, functions) for f in factors))
        case Power(base, exponent):
            return Power(_applied(base, functions), _applied(exponent, functions))
        case _:
            return term


def _term_of(expression: object) -> Term | None:
    """A SymPy expression as a term."""
    import sympy as sp

    from tutor_app.adapters.checking.work_lines import read_side

    if expression is None:
        return None
    return read_side(sp.latex(expression, ln_notation=True))


def _solution_points(statement: Statement) -> list[dict[str, Fraction | float]]:
    """Points that solve an equation in several letters."""
    left, right = statement.sides[0], statement.sides[-1]
    names = sorted(statement.names)
    found: list[dict[str, Fraction | float]] = []
    for name in names:
        others = [n for n in names if n != name]
        for start in (2, 3, 5, 1):
            point: dict[str, Fraction | float] = {n: Fraction(start + 2 * k) for k, n in enumerate(others)}
            numbers = {n: _number(v) for n, v in point.items()}
            for root in (roots(substituted(left, numbers), substituted(right, numbers), name) or [])[:2]:
                if root > 0 or not found:
                    found.append({**point, name: root})
            if len(found) >= 6:
                return found
    return found


def _number(number: Fraction | float) -> Term:
    return Number(Fraction(number))


def _equation_slip(old: Statement, new: Condition) -> str:
    for statement in new.statements:
        if len(old.sides) == 2 and len(statement.sides) == 2:
            slip = slip_of_equation(
                (old.sides[0], old.sides[1]), (old.sources[0], old.sources[1]), (statement.sides[0], statement.sides[1])
            )
            if slip:
                return slip
    return ""


def _order_slip(old: Condition, new: Condition) -> str:
    turned = new.turned()
    return "direction" if differing_point(old, turned) is None else _first_slip(old, new)


def _first_slip(old: Condition, new: Condition) -> str:
    return next((s for one in old.statements if (s := _equation_slip(one, new)) != ""), "")


def _lost_slip(old: Condition, lost: Fraction | float, new: Condition) -> str:
    """Why a solution was lost: a root taken with one sign, or a division by what is zero there."""
    for statement in old.statements:
        if len(statement.sides) != 2:
            continue
        name = next(iter(statement.names))
        for side, other in (statement.sides, statement.sides[::-1]):
            if isinstance(side, Power) and name not in symbols(other):
                return "plus_minus"
        after = solutions(new)
        if after is not None and any(v == -lost for v in after.values) and lost != 0 and _is_even(statement, name):
            return "plus_minus"
        if all(v is not None and abs(float(v)) < 1e-9 for v in (value(s, {name: lost}) for s in statement.sides)):
            return "zero"
    return ""


def _is_even(statement: Statement, name: str) -> bool:
    difference = total(statement.sides[0], negative(statement.sides[1]))
    return all(value(difference, {name: Fraction(k)}) == value(difference, {name: Fraction(-k)}) for k in (1, 2, 3))
