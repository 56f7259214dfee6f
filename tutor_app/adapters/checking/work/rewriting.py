"""Judges expressions of a student's lines that are rewritten step by step, and calculations with numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from tutor_app.adapters.checking.judging import judge
from tutor_app.adapters.checking.work.complex_numbers import are_equal, complex_value, has_unit
from tutor_app.adapters.checking.work.integrals import antiderivative_told, as_derivative, read_sides, value_of
from tutor_app.adapters.checking.work.known import are_of_one_kind, do_not_match
from tutor_app.adapters.checking.work.limits import CLOSE, limit_of
from tutor_app.adapters.checking.work.lines import Statement
from tutor_app.adapters.checking.work.slip_calculus import derivative, slip_of_derivative, slip_of_integral
from tutor_app.adapters.checking.work.slips import slip_between, slip_of_numbers
from tutor_app.adapters.checking.work.state import (
    Found,
    State,
    applied,
    as_sides,
    differ_by_number,
    is_decimal,
    is_near,
    point_words,
    without_constant,
)
from tutor_app.adapters.checking.work.values import Unknown, differ, has_no_value, real, shown, value
from tutor_app.adapters.grading.terms import (
    Call,
    Constant,
    Number,
    Product,
    Sum,
    Symbol,
    Term,
    product,
    substituted,
    symbols,
    walk,
)

_DECIMAL: Final = r"(\d+(?:\.\d+)?)"
_TWO_FACTORS: Final = re.compile(
    rf"\\frac\{{{_DECIMAL}\}}\{{{_DECIMAL}\}}|{_DECIMAL}\s*\\(?:cdot|times|div)\s*{_DECIMAL}"
)
_CERTAIN: Final = frozenset(("sign", "distribution", "square", "fractions", "order", "cancelled"))
"""Slips that show that a line takes up the whole expression, and not a part of it."""
_OPERATION: Final = re.compile(r"[-+*/^]|[\d)]\(|\\(?:frac|cdot|times|div)")


class Rewriting:
    """Compares an expression with that of the line before, and numbers with each other."""

    def __init__(self, state: State) -> None:
        self._state = state

    def step(self, new: Term, source: str) -> Found:
        """From the expression of the line before to a new one."""
        state = self._state
        assert state.expression is not None
        old, old_source = state.expression
        state.last_number = None if symbols(new) else new
        found = self.equal(old, old_source, new, source)
        if found.kind == "false" and state.aside is not None and self.equal(*state.aside, new).kind == "equivalent":
            state.aside = (new, source)
            return Found("equivalent")
        if found.kind == "false" and state.ambiguous:
            found, state.ambiguous = Found("follows"), False  # the other reading may be meant
        if (
            found.kind == "false"
            and state.later is not None
            and self.equal(state.later, "", new).kind in ("equivalent", "follows")
        ):
            found = Found("follows")
        if found.kind == "false" and state.derived is not None:
            found = self.against_result(new, source)
        if found.kind == "false" and state.limit[0] in symbols(old):
            found = self._limit_of((old, old_source), (new, source))
        if found.kind in ("equivalent", "false", "follows"):
            state.expression = (new, source)
        return found

    def against_result(self, new: Term, source: str) -> Found:
        """A line against the derivative or integral that the problem asks for."""
        state = self._state
        assert state.derived is not None
        new = without_constant(state.derived, new)
        if state.up_to_constant and state.given is not None:
            new = substituted(new, self._substitutions(state.given))
        known = symbols(state.derived) | (symbols(state.given) if state.given is not None else frozenset())
        if (
            self.equal(state.derived, "", new).kind != "false"
            or symbols(new) - known
            or (state.up_to_constant and differ_by_number(state.derived, new))
        ):
            return Found("follows")
        found = self.equal(state.derived, "", new, source)
        said = found.counterexample.replace("the line before", "the right result")
        slip = _of_calculus(found.slip, self._calculus_slip(new))
        return replace(found, counterexample=said, slip=slip)

    def is_reached(self, asked: Term) -> bool:
        """Whether the work has come to the value of an expression, as far as its last line tells."""
        last = self._state.last_number
        return last is None or self.equal(asked, "", last).kind != "false"

    def lacks_constant(self) -> bool:
        """Whether the last expression is one antiderivative where all are asked for."""
        state = self._state
        if not (state.asks_all and state.up_to_constant and state.derived and state.given and state.expression):
            return False
        last = state.expression[0]
        return symbols(last) == symbols(state.given) and differ_by_number(state.derived, last)

    def derivative_of(self, function: tuple[str, Term], new: Term, source: str) -> Found:
        """A line that tells the derivative of a known function."""
        name, body = function
        right = derivative(body, name)
        if right is None:
            return Found("unsure")
        found = self.equal(right, "", new, source)
        if found.kind != "false":
            return Found("follows") if found.kind == "equivalent" else found
        slip = _of_calculus(found.slip, slip_of_derivative(body, name, new))
        return replace(
            found, counterexample=found.counterexample.replace("the line before", "the right result"), slip=slip
        )

    def _calculus_slip(self, new: Term) -> str:
        given = self._state.given
        if given is None or len(symbols(given)) != 1:
            return ""
        name = next(iter(symbols(given)))
        return (slip_of_integral if self._state.up_to_constant else slip_of_derivative)(given, name, new)

    def antiderivative(self, new: Term) -> Found:
        """A line with letters where a definite integral is asked for: the function itself, or its antiderivative."""
        given = self._state.given
        if given is None:
            return Found("new")
        new = substituted(without_constant(given, new), self._substitutions(given))
        if symbols(new) != symbols(given):
            return Found("new")
        if self.equal(given, "", new).kind == "equivalent":
            return Found("equivalent")
        name = next(iter(symbols(given)))
        back = derivative(new, name)
        if back is None:
            return Found("new")
        found = self.equal(given, "", back)
        if found.kind != "false":
            return Found("follows")
        said = found.counterexample.replace("the line before is", "the function is")
        said = said.replace("this one", "the derivative of this line")
        return Found("false", said, slip_of_integral(given, name, new))

    def of_parts(self, statement: Statement) -> Found:
        """A derivative by those of two parts, ``u'v + uv' = ...``: by what the parts are, and as the whole result."""
        state, first = self._state, statement.sides[0]
        last, source = statement.sides[-1], statement.sources[-1]
        if isinstance(first, Product) and all(isinstance(f, Symbol) and f.name.endswith("'") for f in first.factors):
            return self.against_result(last, source)  # no rule multiplies derivatives alone
        parts: dict[str, Term] = {}
        for name in symbols(first):
            known = state.names.get(name.removesuffix("'"))
            if known is None or len(symbols(known)) != 1:
                return self.against_result(last, source)
            part = derivative(known, next(iter(symbols(known)))) if name.endswith("'") else known
            if part is None:
                return Found("unsure")
            parts[name] = part
        state.aside = (last, source)
        found = self.equal(substituted(first, parts), "", last, source)
        return (
            Found("follows")
            if found.kind == "equivalent"
            else replace(found, counterexample=as_sides(found.counterexample))
        )

    def _substitutions(self, given: Term) -> dict[str, Term]:
        """Letters that were defined by those of a function: ``u = x + 1``."""
        return {n: v for n, v in self._state.names.items() if n not in symbols(given) and symbols(v) == symbols(given)}

    def integrals(self, text: str) -> Found:
        """A line with integral signs: its sides against each other, and against the function to be integrated."""
        read = read_sides(text)
        if read is None:
            return Found("words")
        name, sides = read
        values = [value_of(side) for side in sides]
        is_definite = all(v is not None for v in values)
        made = values if is_definite else [as_derivative(side, name) for side in sides]
        terms = [term for term in made if term is not None]
        if len(terms) < len(made):
            return Found("unsure")
        for one, other in pairwise(terms):
            found = self.equal(one, "", other)
            if found.kind == "false":
                said = as_sides(found.counterexample)
                return Found("false", said if is_definite else f"of the derivatives {said}", found.slip)
        given = self._state.given
        if is_definite and self._state.definite is not None:
            asked = Number(Fraction(self._state.definite))
            return Found("follows" if self.equal(asked, "", terms[0]).kind == "equivalent" else "new")
        if is_definite or given is None or symbols(given) != {name} or self._state.definite is not None:
            return Found("new")
        found = self.equal(given, "", terms[0])
        if found.kind in ("equivalent", "unsure"):
            self._state.expression = antiderivative_told(sides[-1], text) or self._state.expression
            return found
        if text.lstrip().startswith("=") or found.slip in _CERTAIN:
            said = found.counterexample.replace("the line before is", "the function is")
            return Found("false", said.replace("this one", "the derivative of this line"), found.slip)
        return Found("new")

    def limits(self, name: str, point: float, sides: list[tuple[Term, str]]) -> Found:
        """A line with limits: its sides against each other and against the limit that is asked for."""
        state = self._state
        if state.limit[0] and state.limit != (name, point):
            return Found("new")
        known = state.expression if state.limit[0] else None
        state.limit, state.expression = (name, point), sides[-1]
        chain = [known, *sides] if known is not None else sides
        if len(chain) < 2:
            return Found("new")
        found = [self._limit_of(old, new) for old, new in pairwise(chain)]
        return next((f for f in found if f.kind == "false"), found[-1])

    def _limit_of(self, old: tuple[Term, str], new: tuple[Term, str]) -> Found:
        """Whether an expression has the limit of the one before, by values near the point."""
        name, point = self._state.limit
        one, other = (limit_of(self.resolved(term), name, point) for term, _ in (old, new))
        if one is None or other is None:
            return Found("unsure")
        if abs(one - other) <= CLOSE * (1 + abs(other)):
            return Found("follows")
        said = f"near {name} = {point:g} it is about {one:.4g}, not {other:.4g}"
        return Found("false", said, slip_between(*old, *new))

    def equal(self, old: Term, old_source: str, new: Term, source: str = "") -> Found:
        a, b = self.resolved(old), self.resolved(new)
        if not symbols(a) and not symbols(b):
            if has_unit(a, b) and (complex_found := _complex(a, old_source, b, source)) is not None:
                return complex_found
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
            if x is not None and has_no_value(b):
                slip = slip_between(old, old_source, new, source)
                return Found("false", f"the line before is {shown(x)}, this one is no real number", slip)
            if x is None or y is None:
                return Found("unsure")
            if found.verdict == "unchecked" and is_decimal(b) and is_near(x, y):
                return Found("equivalent")
            said = f"the line before is {shown(x)}, this one {shown(y)}"
            slip = slip_between(old, old_source, new, source)
            if a is not old and slip in ("", "arithmetic"):
                slip = slip_between(a, self.resolved_source(old_source), b, source) or slip
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

    def rewritten(self, statement: Statement) -> Found:
        """A chain whose sides are all the same expression; the first may be that of the line before."""
        state = self._state
        worst = Found("equivalent")
        main = state.expression
        if (
            state.expression is not None
            and state.derived is None
            and state.expression[0] != statement.sides[0]
            and (first := self.equal(*state.expression, statement.sides[0], statement.sources[0])).kind == "false"
        ):
            if first.slip in _CERTAIN and statement.sides[0] not in walk(state.expression[0]):
                state.expression = (statement.sides[-1], statement.sources[-1])
                return first
            worst = Found("new")
        elif state.derived is not None and state.expression is not None and len(statement.relations) > 0:
            begun = self.step(statement.sides[0], statement.sources[0])
            if begun.kind == "false":
                return begun
        for k, relation in enumerate(statement.relations):
            state.expression = (statement.sides[k], statement.sources[k])
            if relation in ("=", "~"):
                found = self.step(statement.sides[k + 1], statement.sources[k + 1])
                found = replace(found, counterexample=as_sides(found.counterexample))
                if found.kind == "false":
                    state.expression = (statement.sides[-1], statement.sources[-1])
                    return found
                worst = found if found.kind == "unsure" else worst
        new = symbols(state.expression[0]) if state.expression is not None else frozenset()
        if main is not None and state.derived is not None and new - symbols(main[0]) - {"C", "c"} - set(state.names):
            state.expression = main  # "1/(x^2 - 1) = A/(x - 1) + B/(x + 1)"
        if worst.kind == "new":
            state.aside, state.expression = state.expression, main  # a part was rewritten
        return worst

    def is_rewriting(self, statement: Statement) -> bool:
        """Whether an equation says that two expressions are the same, and not what a letter is."""
        state = self._state
        if any(r not in ("=", "~") for r in statement.relations):
            return False
        if isinstance(statement.sides[0], Symbol):
            return False
        if state.condition is not None:
            return any(_rewrites_side(statement, known) for known in state.condition.statements)
        vanishes = statement.sides[-1] == Number(Fraction(0)) and symbols(statement.sides[0])
        if vanishes and (state.functions or not state.asks_value):
            return False  # "-2x + 6 = 0": where the derivative or the curve is zero
        if state.expression is not None:
            if self.equal(*state.expression, statement.sides[0]).kind == "equivalent":
                return True
            first, last = statement.sides[0], statement.sides[-1]
            if state.is_told_in_words and (not symbols(last) or differ(first, last) is not False):
                return bool(symbols(last)) and slip_between(first, statement.sources[0], last) != ""
            return bool(symbols(state.expression[0])) and statement.names <= symbols(state.expression[0])
        return len(statement.sides) > 1 and differ(statement.sides[0], statement.sides[1]) is False

    def calculation(self, statement: Statement) -> Found:
        """Relations between numbers."""
        state = self._state
        state.last_number = statement.sides[-1]
        if mixed := self._mixed_units(statement.sides[0]) or self._mixed_factors(statement.sources[0]):
            return Found("false", mixed, "unit")
        for k, relation in enumerate(statement.relations):
            left, right = statement.sides[k], statement.sides[k + 1]
            if relation == "=" and has_unit(left, right):
                equal = self.equal(left, statement.sources[k], right, statement.sources[k + 1])
                if equal.kind == "false":
                    return replace(equal, counterexample="the sides are not equal", alone=True)
                continue
            found = judge((left,), relation, (right,), approximate=relation == "~")
            if found.verdict == "false":
                try:
                    x, y = value(left, {}), value(right, {})
                except Unknown:  # not real: then only what SymPy decided is known
                    sources = statement.sources[k], statement.sources[k + 1]
                    equal = self.equal(left, sources[0], right, sources[1])
                    return replace(equal, counterexample="the sides are not equal", alone=True)
                if x is None or y is None or (relation in ("=", "~") and is_near(x, y)):
                    continue
                said = f"the left side is {shown(x)}, the right side {shown(y)}"
                if state.expression is not None and not symbols(state.expression[0]):
                    state.expression = (statement.sides[-1], statement.sources[-1])
                slip = slip_between(left, statement.sources[k], right, statement.sources[k + 1])
                slip = slip or ("zero" if self._is_divided_by_letter(left, right) else "")
                return Found("false", said, slip, alone=True)
        if state.expression is not None and not symbols(self.resolved(state.expression[0])):
            if self.equal(*state.expression, statement.sides[0]).kind == "equivalent":
                state.expression = (statement.sides[-1], statement.sources[-1])
                return Found("equivalent")
            if self._begins_wrongly(statement):
                wrong = self.equal(*state.expression, statement.sides[0], statement.sources[0])
                state.expression = (statement.sides[-1], statement.sources[-1])
                return wrong
        return Found("follows")

    def _is_divided_by_letter(self, left: Term, right: Term) -> bool:
        """Whether two numbers are the sides of the line before without its letter: ``7x = 3x`` to ``7 = 3``."""
        known = self._state.condition
        if known is None or len(known.statements) != 1 or len(known.names) != 1:
            return False
        letter = Symbol(*known.names)
        sides = known.statements[0].sides
        return len(sides) == 2 and all(
            differ(side, product(number, letter)) is False for side, number in zip(sides, (left, right), strict=True)
        )

    def _begins_wrongly(self, statement: Statement) -> bool:
        """Whether a calculation takes up the whole expression by a wrong rule, and is not one of a part of it."""
        state = self._state
        assert state.expression is not None
        old, source = self.resolved(state.expression[0]), self.resolved_source(state.expression[1])
        side = statement.sides[0]
        if _is_part(old, side):
            return False
        slip = slip_between(old, source, side, statement.sources[0])
        if slip in ("", "arithmetic") and any(part == Constant("i") for part in walk(old)):
            slip = self.equal(old, source, side, statement.sources[0]).slip
        if slip in ("fractions", "square") or (slip == "reciprocal" and _OPERATION.search(statement.sources[0])):
            return True
        if slip == "order":
            return _OPERATION.search(statement.sources[0]) is not None and statement.sources[0] not in source
        if slip == "sign" and _are_opposite(old, side):
            return _OPERATION.search(statement.sources[0]) is not None
        if slip in ("sign", "distribution") and isinstance(old, Product) and isinstance(side, Sum):
            return any(isinstance(f, Sum) and len(f.terms) == len(side.terms) for f in old.factors)
        if slip in ("sign", "distribution") and isinstance(old, Sum) and isinstance(side, Sum):
            return _sizes(old) == _sizes(side) or (slip == "sign" and has_unit(old))
        return False

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
            if one != other and are_of_one_kind(one, other):
                return f"{shown(a)} {one} and {shown(b)} {other} have different units"
        return ""

    def _mixed_factors(self, source: str) -> str:
        """The same of two numbers that are multiplied or divided, and nothing else."""
        m = _TWO_FACTORS.fullmatch(source.strip())
        if m is None:
            return ""
        a, b = (Fraction(n) for n in m.groups() if n)
        one, other = self._state.quantities.get(a, ""), self._state.quantities.get(b, "")
        if do_not_match(one, other, divided="frac" in source or "div" in source):
            return f"{shown(a)} {one} and {shown(b)} {other} have different units"
        return ""

    def inner_links(self, statement: Statement) -> Found:
        """The links behind the first one: in ``x = 6/2 = 3`` the last must hold by itself."""
        if len(statement.sides) < 3 or statement.relations[0] not in ("=", "~"):
            return Found("follows")
        if not isinstance(statement.sides[0], Symbol | Call):
            return Found("follows")
        rest = Statement(statement.sides[1:], statement.relations[1:], False, statement.sources[1:])
        for k, relation in enumerate(rest.relations):
            if relation not in ("=", "~"):
                continue
            left, right = self.resolved(rest.sides[k]), self.resolved(rest.sides[k + 1])
            if symbols(left) != symbols(right):
                continue
            found = self.equal(rest.sides[k], rest.sources[k], rest.sides[k + 1])
            if found.kind == "false":
                return replace(found, counterexample=as_sides(found.counterexample), alone=True)
        return Found("follows")

    def resolved_source(self, source: str) -> str:
        """The LaTeX of an expression with defined numbers put in."""
        for name, known in self._state.names.items():
            if not symbols(known) and (number := value(known, {})) is not None:
                source = re.sub(rf"(?<![a-zA-Z\\]){re.escape(name)}(?![a-zA-Z])", f"({shown(number)})", source)
        return source

    def resolved(self, term: Term) -> Term:
        """With functions applied and defined numbers put in."""
        if self._state.functions:
            term = applied(term, self._state.functions)
        values = {n: v for n, v in self._state.names.items() if not symbols(v)}
        return substituted(term, values) if values and symbols(term) & set(values) else term


def _complex(old: Term, old_source: str, new: Term, source: str) -> Found | None:
    """Two numbers with the imaginary unit; None if one is not known."""
    x, y = complex_value(old), complex_value(new)
    if x is None or y is None:
        return None
    if are_equal(x, y):
        return Found("equivalent")

    def equal(one: Term, other: Term) -> bool:
        a, b = complex_value(one), complex_value(other)
        return a is not None and b is not None and are_equal(a, b)

    return Found("false", f"it is not equal to {old_source}", slip_of_numbers(old, old_source, new, source, equal))


def _of_calculus(slip: str, of_calculus: str) -> str:
    """The name of a slip where that of a calculation and that of a wrong rule both may fit."""
    of_calculus = of_calculus or ("derivative" if slip in ("terms", "order", "fractions", "arithmetic") else "")
    return slip if slip == "sign" and of_calculus != "chain" else of_calculus or slip


def _rewrites_side(statement: Statement, known: Statement) -> bool:
    """Whether a line writes one side of an equation in another way: ``2(x + 3) = 2x + 6`` for ``2(x + 3) = 14``."""
    if known.relations != ("=",) or len(known.sides) != 2:
        return False
    first, last = statement.sides[0], statement.sides[-1]
    is_part = any(first in walk(side) for side in known.sides) and symbols(first) and not isinstance(first, Symbol)
    if is_part and first != last and differ(first, last) is False:
        return True  # "-(2x - 3) = -2x + 3"
    for side, other in (known.sides, known.sides[::-1]):
        if side == statement.sides[0] and not isinstance(side, Symbol) and symbols(side):
            return symbols(statement.sides[-1]) == symbols(side) and not symbols(other)
    return False


def _is_part(whole: Term, side: Term) -> bool:
    """Whether a number is one that an expression is made of: ``21/5`` of ``4 1/5 - 3/2``."""
    number = real(side)
    if number is None or isinstance(side, Sum):
        return False
    return any(part != whole and real(part) == number for part in walk(whole))


def _are_opposite(a: Term, b: Term) -> bool:
    x, y = real(a), real(b)
    return x is not None and y is not None and x == -y


def _sizes(term: Sum) -> list[float]:
    """How large the terms of a sum of numbers are, in order."""
    values = [complex_value(t) for t in term.terms]
    return sorted(round(abs(v), 9) for v in values if v is not None)
