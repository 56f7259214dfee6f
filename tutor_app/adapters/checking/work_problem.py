"""Reads the problem that a student's lines belong to: its equations, its expression and its task."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.work_conditions import Condition, joint_solutions
from tutor_app.adapters.checking.work_lines import Statement, formulas_of
from tutor_app.adapters.checking.work_state import State, defines_function, term_of
from tutor_app.adapters.grading.terms import (
    Call,
    Number,
    Power,
    Product,
    Symbol,
    Term,
    negative,
    symbols,
    total,
)

_DERIVATIVE: Final = re.compile(r"(?i)\b(?:derivative|differentiate|derive)\b|d/dx")
_INTEGRAL: Final = re.compile(r"(?i)\b(?:antiderivative|integrate|integral)\b|∫")
_BOUNDS: Final = re.compile(r"(?i)\b(?:from|between)\b.*\b(?:to|and)\b|∫ ?[_\d]")
_MEASURES: Final = re.compile(
    r"(?i)\b(?:lengths?|sides?|hypotenuse|legs?|triangle|rectangle|square|circle|distance|radius|diameter|width|height"
    r"|perimeter|area|volume|long|tall|wide|old|age|how (?:many|far|fast|much))\b"
)
_COMBINED: Final = re.compile(
    r"(?i)\b(?P<task>divide|multiply|subtract|add|(?:sum|product|quotient) of|difference (?:of|between))\b"
)

_EXPRESSION: Final = re.compile(
    r"(?i)\b(?:simplify|expand|factor(?:ise|ize)?|evaluate|compute|calculate|work out|what is|rationali[sz]e|combine"
    r"|reduce|write|express|multiply|add|subtract|divide|find the (?:value|sum|product|difference))\b"
)


def read_problem(problem: str) -> State:
    """What the problem gives before the first line."""
    state = State()
    found = formulas_of(problem)
    equations = []
    for statement in found:
        if defines_function(statement):
            if len(statement.sides) > 1 and state.expression is None:
                state.expression = (statement.sides[-1], statement.sources[-1])
            first = statement.sides[0]
            if isinstance(first, Call) and isinstance(first.args[0], Symbol):
                state.functions[first.name] = (first.args[0].name, statement.sides[-1])
        elif statement.relations and statement.names:
            equations.append(statement)
        elif not statement.relations and state.expression is None and not isinstance(statement.sides[0], Symbol | Call):
            state.expression = (statement.sides[0], statement.sources[0])
    expressions = [s for s in found if not s.relations]
    if len(expressions) > 1 and state.expression is not None and not defines_function(found[0]):
        state.expression = _combined(problem, expressions)
    state.is_measure = not equations and _MEASURES.search(problem) is not None
    if state.expression is not None and len(symbols(state.expression[0])) == 1:
        _derive(state, problem)
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
    return state


def _derive(state: State, problem: str) -> None:
    import sympy as sp

    assert state.expression is not None
    term = state.expression[0]
    name = next(iter(symbols(term)))
    if _DERIVATIVE.search(problem):
        state.derived = term_of(symbolic.derivative(term, name))
    elif _INTEGRAL.search(problem) and _BOUNDS.search(problem):
        # The lines go from an antiderivative to a number: they are no rewritings of one expression.
        state.expression = None
    elif _INTEGRAL.search(problem):
        built = symbolic.built(term)
        if built is not None:
            try:
                with symbolic.limited():
                    state.derived = term_of(sp.integrate(built, sp.Symbol(name)))
            except (symbolic.Late, ArithmeticError, ValueError, TypeError, NotImplementedError, AttributeError):
                state.derived = None


def _combined(problem: str, expressions: list[Statement]) -> tuple[Term, str] | None:
    """The expression that "divide 2/3 by 4/5" asks for; None where several are given and it is not told."""
    task = _COMBINED.search(problem)
    if task is None or len(expressions) != 2:
        return None
    (first,), (second,) = (statement.sides for statement in expressions)
    word = task["task"].lower()
    if word.startswith(("divide", "quotient")):
        return Product((first, Power(second, Number(Fraction(-1))))), ""
    if word.startswith(("multiply", "product")):
        return Product((first, second)), ""
    if word.startswith(("add", "sum")):
        return total(first, second), ""
    if word == "subtract" and re.search(r"(?i)\bfrom\b", problem):
        first, second = second, first
    return total(first, negative(second)), ""
