"""Judges the lines of a student's work, each against the one before and the problem. Runs in the checking process.

"False" is said only where a point shows it: an expression that has another value there, or a solution of the line
before that does not solve this one. What cannot be compared is new, not false. Side calculations, definitions and
checks of the result are judged by themselves.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from tutor_app.adapters.checking.answers import check_answer
from tutor_app.adapters.checking.judging import judge
from tutor_app.adapters.checking.work_compare import Comparison
from tutor_app.adapters.checking.work_conditions import (
    Condition,
    Solutions,
    solutions,
)
from tutor_app.adapters.checking.work_lines import Line, Statement, read_line, read_side
from tutor_app.adapters.checking.work_problem import read_problem
from tutor_app.adapters.checking.work_slips import slip_between, slip_of_numbers
from tutor_app.adapters.checking.work_state import (
    Found,
    applied,
    as_sides,
    defines_function,
    differ_by_number,
    holds_by_itself,
    is_decimal,
    is_near,
    point_words,
    without_constant,
    worst_of,
)
from tutor_app.adapters.checking.work_values import Unknown, Value, alike, differ, shown, value
from tutor_app.adapters.grading.terms import (
    Call,
    Number,
    Sum,
    Symbol,
    Term,
    substituted,
    symbols,
)
from tutor_app.core.work import FAULTS, MOST_LINES, LineVerdict
from tutor_app.text.typing import read_typed

_KINDS_OF_UNITS: Final = (
    frozenset(("mm", "cm", "dm", "m", "km", "in", "ft", "yd", "mi")),
    frozenset(("mg", "g", "kg", "oz", "lb")),
    frozenset(("ml", "cl", "dl", "l")),
    frozenset(("s", "min", "h", "d", "week")),
)
_ARROW: Final = re.compile(
    r"\u21d2|\u27f9|\u21d4|\u27fa|<?=>|\\(?:R|Leftr|Longr|Longleftr)ightarrow\b|\\implies\b|\\iff\b"
)
SECONDS: Final = 8.0
"""For all lines; those that are left then are not decided."""


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
        found = work.steps(text) if clock() < end else Found("unsure")
        out.append(LineVerdict(text, _shown(text), found.kind, found.counterexample, found.slip))
    return _with_wrong_end(problem, work.with_losses(out), lambda: clock() < end)


_SILENT: Final = frozenset(("empty", "words", "unread", "picture"))
_OPERATION: Final = re.compile(r"(?<=[\w)}\]°])\s*(?:[-+*/^·×÷]|\\(?:cdot|times|div)(?![a-z]))|[a-z]{2,}\s*\(|√")


def _with_wrong_end(problem: str, lines: list[LineVerdict], in_time: Callable[[], bool]) -> list[LineVerdict]:
    """The verdicts, with the line where a work that ends with a wrong number first came to it.

    Only where nothing else is at fault, the problem is computed independently, and the line is a whole calculation, of
    two operations or more: a step that is not yet the answer is no mistake.
    """
    said = [k for k, line in enumerate(lines) if line.kind not in _SILENT]
    if not problem.strip() or not said or any(line.is_fault or line.kind == "unsure" for line in lines):
        return lines
    last = _number_of(lines[said[-1]].text)
    if last is None or not in_time():
        return lines
    answer = check_answer(problem, last[1])
    if answer.kind != "wrong":
        return lines
    first = said[-1]
    for k in reversed(said):
        number = _number_of(lines[k].text)
        if number is None or not alike(number[0], last[0]):
            break
        first = k
    right, line = read_side(answer.right), read_line(lines[first].text)
    if right is None or symbols(right) or first == said[-1] or len(_OPERATION.findall(lines[first].text)) < 2:
        return lines
    side, source = line.statements[0].sides[-1], line.statements[0].sources[-1]
    slip = "sign" if slip_between(right, "", side, source) == "sign" else ""
    said_wrong = "its value is not what the problem asks for"
    return [
        *lines[:first],
        replace(lines[first], kind="false", counterexample=said_wrong, slip=slip),
        *lines[first + 1 :],
    ]


def _number_of(text: str) -> tuple[Value, str] | None:
    """The number that a line comes to, with its side as LaTeX; None if it tells something else."""
    line = read_line(text)
    if len(line.statements) != 1 or any(r != "=" for r in line.statements[0].relations):
        return None
    statement = line.statements[0]
    try:
        found = None if symbols(statement.sides[-1]) else value(statement.sides[-1], {})
    except Unknown:
        return None
    return None if found is None else (found, statement.sources[-1])


def _shown(text: str) -> str:
    return read_typed(text).text


class _Work:
    """Goes through the lines."""

    def __init__(self, problem: str) -> None:
        self._state = read_problem(problem)
        self._comparison = Comparison(self._state)

    def steps(self, text: str) -> Found:
        """The verdict of a line that may go several steps, joined by arrows: of its first fault, else of its last."""
        pieces = [piece for piece in _ARROW.split(text) if piece.strip()]
        if len(pieces) < 2 or not all(re.search(r"[=<>\u2264\u2265]|\\[lg]eq?\b", piece) for piece in pieces):
            return self.line(text)
        place = self._comparison.place
        found = Found("unsure")
        for piece in pieces:
            self._comparison.place = place
            found = self.line(piece)
            if found.kind in FAULTS:
                break
        return found

    # -- one line -----------------------------------------------------------------------------------------------

    def line(self, text: str) -> Found:
        """The verdict of the next line."""
        self._comparison.place += 1
        if not text.strip():
            return Found("empty")
        line = read_line(text)
        if not line.cases:
            return Found("words" if line.words else "unread")
        try:
            found = self._judged(line)
        except (Unknown, ArithmeticError, ValueError, TypeError, AttributeError, RecursionError, KeyError):
            found = Found("unsure")
        if found.kind == "false" and any(map(holds_by_itself, line.with_wrong_units)):
            return replace(found, slip="unit")
        return found

    def _judged(self, line: Line) -> Found:
        statements = line.statements
        if len(line.cases) == 1 and len(statements) == 1:
            return self._single(statements[0])
        if not any(s.names or s.relations for s in statements) and self._state.condition is None:
            return Found("new")  # a list of numbers
        if not any(s.names for s in statements):
            return worst_of([self._single(s) for s in statements])
        kept = tuple(tuple(r for s in case if (r := self._reduced(s)) is not None) for case in line.cases)
        chains = [self._inner_links(s) for s in statements]
        worst = worst_of(chains)
        if worst.kind == "false":
            return worst
        kept = tuple(case for case in kept if case)
        if not kept:
            return worst
        return self._comparison.compared(Condition(kept))

    def _single(self, statement: Statement) -> Found:
        state = self._state
        if statement.continues:
            if state.expression is None:
                return Found("new")
            old, source = state.expression
            statement = Statement((old, *statement.sides), statement.relations, False, (source, *statement.sources))
            return self._rewritten(statement)
        if defines_function(statement):
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
            # With two sides there is nothing to compare: the letter is what the line says that it is.
            return inner if inner.kind != "unsure" and len(statement.sides) > 2 else Found("new")
        reduced = self._reduced(statement)
        if reduced is None:
            return inner
        return self._comparison.compared(Condition(((reduced,),)))

    # -- expressions --------------------------------------------------------------------------------------------

    def _expression(self, statement: Statement) -> Found:
        state = self._state
        new, source = statement.sides[0], statement.sources[0]
        if state.expression is None:
            if state.condition is not None:
                return self._bare_value(new)
            state.expression = (new, source)
            return Found("new")
        return self._step(new, source)

    def _bare_value(self, new: Term) -> Found:
        """An expression alone where an equation is being solved: perhaps its solution, perhaps a note."""
        found = self._known_solutions()
        if found is None or symbols(new):
            return Found("words")
        number = value(new, {})
        return Found("follows") if number is not None and found.has(number) else Found("words")

    def _known_solutions(self) -> Solutions | None:
        return solutions(self._state.condition) if self._state.condition is not None else None

    def _step(self, new: Term, source: str) -> Found:
        """From the expression of the line before to a new one."""
        state = self._state
        assert state.expression is not None
        old, old_source = state.expression
        found = self._equal(old, old_source, new, source)
        if found.kind == "false" and state.ambiguous:
            found, state.ambiguous = Found("follows"), False  # the other reading may be meant
        if (
            found.kind == "false"
            and state.later is not None
            and self._equal(state.later, "", new).kind in ("equivalent", "follows")
        ):
            found = Found("follows")
        if found.kind == "false" and state.derived is not None:
            new = without_constant(state.derived, new)
            if (
                self._equal(state.derived, "", new).kind != "false"
                or (symbols(new) - symbols(state.derived))
                or (state.up_to_constant and differ_by_number(state.derived, new))
            ):
                found = Found("follows")
            else:
                found = self._equal(state.derived, "", new, source)
                found = replace(
                    found, counterexample=found.counterexample.replace("the line before", "the right result")
                )
        if found.kind == "false" and state.limit[0] in symbols(old) and not symbols(new):
            found = self._limit_of(old, new)
        if found.kind in ("equivalent", "false", "follows"):
            state.expression = (new, source)
        return found

    def _limit_of(self, old: Term, new: Term) -> Found:
        """Whether a number is the limit of the expression before, by values near the point."""
        name, point = self._state.limit
        near = [-1e7, -1e6] if point == -math.inf else [1e6, 1e7] if point == math.inf else [point - 1e-5, point + 1e-5]
        if symbols(old) != {name}:
            return Found("unsure")
        values, number = [value(old, {name: Fraction(x)}) for x in near], value(new, {})
        if number is None or any(v is None for v in values):
            return Found("unsure")
        sides = [float(v) for v in values if v is not None]
        if max(sides) - min(sides) > 1e-3 * (1 + abs(sides[0])):
            return Found("unsure")
        if abs(sides[-1] - float(number)) <= 1e-3 * (1 + abs(float(number))):
            return Found("follows")
        return Found("false", f"near {name} = {point:g} it is about {sides[-1]:.4g}, not {shown(number)}")

    def _equal(self, old: Term, old_source: str, new: Term, source: str = "") -> Found:
        a, b = self._resolved(old), self._resolved(new)
        if not symbols(a) and not symbols(b):
            found = judge((a,), "=", (b,), approximate=is_decimal(b))
            if found.verdict in ("true", "rounded"):
                return Found("equivalent")
            try:
                x, y = value(a, {}), value(b, {})
            except Unknown:  # not real: then only what SymPy decided is known
                if found.verdict != "false":
                    return Found("unsure")
                slip = slip_of_numbers(a, old_source, b, source, lambda x, y: judge((x,), "=", (y,)).verdict == "true")
                return Found("false", f"it is not equal to {old_source}", slip)
            if x is None or y is None:
                return Found("unsure")
            if found.verdict == "unchecked" and is_decimal(b) and is_near(x, y):
                return Found("equivalent")
            said = f"the line before is {shown(x)}, this one {shown(y)}"
            slip = slip_between(old, old_source, new, source) or ("" if a is old else slip_between(a, "", b, source))
            return Found("false", said, slip)
        where = differ(a, b)
        if where is None or where is True:
            return Found("unsure")
        if where is False:
            return Found("equivalent")
        x, y = value(a, where), value(b, where)
        assert x is not None
        assert y is not None
        said = f"for {point_words(where)} the line before is {shown(x)}, this one {shown(y)}"
        return Found("false", said, slip_between(old, old_source, new, source))

    def _rewritten(self, statement: Statement) -> Found:
        """A chain whose sides are all the same expression; the first may be that of the line before."""
        state = self._state
        worst = Found("equivalent")
        if (
            state.expression is not None
            and state.derived is None
            and state.expression[0] != statement.sides[0]
            and self._equal(*state.expression, statement.sides[0]).kind == "false"
        ):
            worst = Found("new")
        for k, relation in enumerate(statement.relations):
            state.expression = (statement.sides[k], statement.sources[k])
            if relation in ("=", "~"):
                found = self._step(statement.sides[k + 1], statement.sources[k + 1])
                found = replace(found, counterexample=as_sides(found.counterexample))
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

    def _calculation(self, statement: Statement) -> Found:
        """Relations between numbers."""
        state = self._state
        if mixed := self._mixed_units(statement.sides[0]):
            return Found("false", mixed, "unit")
        for k, relation in enumerate(statement.relations):
            left, right = statement.sides[k], statement.sides[k + 1]
            found = judge((left,), relation, (right,), approximate=relation == "~")
            if found.verdict == "false":
                x, y = value(left, {}), value(right, {})
                if x is None or y is None or (relation in ("=", "~") and is_near(x, y)):
                    continue
                said = f"the left side is {shown(x)}, the right side {shown(y)}"
                if state.expression is not None and not symbols(state.expression[0]):
                    state.expression = (statement.sides[-1], statement.sources[-1])
                return Found("false", said, slip_between(left, statement.sources[k], right))
        if state.expression is not None and not symbols(self._resolved(state.expression[0])):
            if self._equal(*state.expression, statement.sides[0]).kind == "equivalent":
                state.expression = (statement.sides[-1], statement.sources[-1])
                return Found("equivalent")
            slip = slip_between(*state.expression, statement.sides[0], statement.sources[0])
            if slip == "fractions":
                return self._equal(*state.expression, statement.sides[0])  # no side calculation
        return Found("follows")

    def _mixed_units(self, term: Term) -> str:
        """Which two numbers of the problem are added that have different units of one kind there; empty if none."""
        if not isinstance(term, Sum):
            return ""
        units = self._state.quantities
        known = []
        for part in term.terms:
            number = part if isinstance(part, Number) else None
            if number is not None and abs(number.value) in units:
                known.append((abs(number.value), units[abs(number.value)]))
        for (a, one), (b, other) in pairwise(known):
            if one != other and any(one in kind and other in kind for kind in _KINDS_OF_UNITS):
                return f"{shown(a)} {one} and {shown(b)} {other} have different units"
        return ""

    def _inner_links(self, statement: Statement) -> Found:
        """The links behind the first one: in ``x = 6/2 = 3`` the last must hold by itself."""
        if len(statement.sides) < 3 or statement.relations[0] not in ("=", "~"):
            return Found("follows")
        if not isinstance(statement.sides[0], Symbol | Call):
            return Found("follows")
        rest = Statement(statement.sides[1:], statement.relations[1:], False, statement.sources[1:])
        for k, relation in enumerate(rest.relations):
            if relation not in ("=", "~"):
                continue
            left, right = self._resolved(rest.sides[k]), self._resolved(rest.sides[k + 1])
            if symbols(left) != symbols(right):
                continue
            found = self._equal(rest.sides[k], rest.sources[k], rest.sides[k + 1])
            if found.kind == "false":
                return replace(found, counterexample=as_sides(found.counterexample))
        return Found("follows")

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

    def _function(self, statement: Statement) -> Found:
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
        return Found("given")

    def _value_of_function(self, call: Call, argument: Term, statement: Statement) -> Found | None:
        known = self._state.functions.get(call.name)
        if known is None:
            return None
        applied = substituted(known[1], {known[0]: argument})
        found = self._equal(applied, "", statement.sides[1])
        return replace(found, counterexample=as_sides(found.counterexample))

    def _resolved(self, term: Term) -> Term:
        """With functions applied and defined numbers put in."""
        if self._state.functions:
            term = applied(term, self._state.functions)
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
            sides = tuple(applied(side, self._state.functions) for side in sides)
        return Statement(sides, relations, False, sources)

    def _is_substitution(self, name: str) -> bool:
        """Whether a letter was defined for a longer expression: ``u = x^2``."""
        known = self._state.problem.names if self._state.problem else frozenset()
        return name not in known and bool(symbols(self._state.names[name]) & known)

    def with_losses(self, lines: list[LineVerdict]) -> list[LineVerdict]:
        """The verdicts, once later lines are known."""
        return self._comparison.with_losses(lines)
