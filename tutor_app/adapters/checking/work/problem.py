"""Reads the problem that a student's lines belong to: its equations, its expression and its task."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.work.complex_numbers import has_unit
from tutor_app.adapters.checking.work.conditions import Condition, joint_solutions
from tutor_app.adapters.checking.work.lines import Statement, formulas_of, read_side, with_quotients
from tutor_app.adapters.checking.work.periods import in_radians, is_in_degrees, range_of
from tutor_app.adapters.checking.work.state import State, applied, defines_function, term_of
from tutor_app.adapters.checking.work.values import differ, replaced, value
from tutor_app.adapters.grading.terms import (
    Call,
    Constant,
    Number,
    Power,
    Product,
    Symbol,
    Term,
    negative,
    symbols,
    total,
)
from tutor_app.text.typing import read_typed

_DERIVATIVE: Final = re.compile(r"(?i)\b(?:derivative|differentiate|derive)\b|d/dx")
_SECOND: Final = re.compile(r"(?i)\bsecond derivative\b|\btwice\b|d\^?\{?2\}?/dx|d²/dx")
_INTEGRAL: Final = re.compile(r"(?i)\b(?:antiderivative|integrate|integral|area (?:under|below))\b|∫")
_ONE_ANTIDERIVATIVE: Final = re.compile(
    r"(?i)\ban antiderivative\b|\bF\s*\(\s*-?[\d.]+\s*\)\s*=|\bthe antiderivative .*(?:with|for which)\b"
)
_INTEGRAL_SIGN: Final = re.compile(
    r"\\int\s*(?:_(?P<low>\{[^{}]*\}|\S)\^(?P<high>\{[^{}]*\}|\S))?(?!\s*[_^])\s*(?P<body>[^$]+?)\s*(?:\\,)?\s*d[a-z]\b"
)
_TO_UNIT: Final = re.compile(
    r"(?i)^\s*(?:convert|change|express|write|how many)\b(?:.*\b(?:in|to|into))?"
    r"\s+(?:[cdkm]?m|in|ft)\s?(?:\^\{?[23]|[²³])"
)
_AREA: Final = re.compile(r"(?i)\barea (?:under|between|below)\b")
_FROM_TO: Final = re.compile(
    r"\b(?:from|between) \$?(?:[a-z] ?= ?)?(?P<low>[^$ ]+?)\$? (?:to|and) \$?(?:[a-z] ?= ?)?(?P<high>[^$ ]+?)\$?"
    r"[.?,]?(?:\s|$)"
)
_MEASURES: Final = re.compile(
    r"(?i)\b(?:lengths?|sides?|hypotenuse|legs?|triangle|rectangle|square|circle|distance|radius|diameter|width|height"
    r"|perimeter|area|volume|long|tall|wide|old|age|how (?:many|far|fast|much))\b"
)
_COMBINED: Final = re.compile(
    r"(?i)\b(?P<task>divide|multiply|subtract|add|(?:sum|product|quotient) of|difference (?:of|between))\b"
)

_PART: Final = r"(?:(?P<above>\d+)\s*/\s*(?P<below>[1-9]\d*)|(?P<percent>\d+(?:\.\d+)?)\s?\\?%)"
_PART_OF: Final = re.compile(rf"(?<![\d.]){_PART}\s+of\b")
_PART_OF_NUMBER: Final = re.compile(
    rf"\W*(?:what is|compute|calculate|find|evaluate|work out)?\s*{_PART}\s+of\s+(?P<whole>\d+(?:\.\d+)?)\W*", re.I
)
_TWO_READINGS: Final = re.compile(r"[/÷:]\s*(?:\d+|[a-z])\s*\(")
"""A division by a factor of a bracket without a sign between them: some divide by the factor alone."""
_VECTORS: Final = re.compile(r"\b[a-zA-Z]\s*=\s*[(\[<]\s*-?[\w.]+\s*,[^()]*[)\]>]")
_TUPLE: Final = re.compile(r"[(<\[]\s*(-?[\d./]+(?:\s*,\s*-?[\d./]+)+)\s*[)>\]]")
_DOT: Final = re.compile(r"(?i)\b(?:dot|scalar|inner) product\b|\b[a-z]\s*(?:·|⋅|\\cdot|\.)\s*[a-z]\b")
_LENGTH: Final = re.compile(
    r"(?i)\b(?:length|magnitude|norm) of\b.*\bvector\b|\bvector\b.*\b(?:length|magnitude|norm)\b"
)
_LEFT_OUT: Final = re.compile(r"\.{3}|\u2026|\u22ef|\\[lc]?dots")
_LIMIT: Final = re.compile(r"\\lim_\{?\s*([a-z])\s*\\to\s*([^{}^]+|[^{}]*\{[^{}]*\}[^{}]*)\}")
_QUANTITY: Final = re.compile(
    r"(?<![\w.,])(\d+(?:\.\d+)?)\s?(mm|cm|dm|km|m|inches|inch|in|feet|foot|ft|yards?|yd|miles?|mi|mg|kg|g|grams?|lb|oz"
    r"|ml|cl|dl|l|lit(?:re|er)s?|hours?|hrs?|h|minutes?|mins?|seconds?|secs?|s|days?|weeks?)\b(?!\s?/|\s+per\b|\^|[\u00b2\u00b3])",
    re.I,
)
_VOLUME: Final = re.compile(r"(?<![\w.,])(\d+(?:\.\d+)?)\s?([cd]?m)\s?(?:\^\{?3\}?|\u00b3)", re.I)
_RATE: Final = re.compile(
    r"(?<![\w.,])(\d+(?:\.\d+)?)\s?([a-z]{1,7})\s?(?:/|per|an?|each|every|in (?:an?|one))\s?"
    r"(s|sec|seconds?|min|minutes?|h|hours?|days?)\b",
    re.I,
)
_SHORT: Final = {
    "inches": "in", "inch": "in", "feet": "ft", "foot": "ft", "yards": "yd", "yard": "yd", "miles": "mi", "mile": "mi",
    "gram": "g", "grams": "g", "litre": "l", "litres": "l", "liter": "l", "liters": "l", "hour": "h", "hours": "h",
    "hr": "h", "hrs": "h", "minute": "min", "minutes": "min", "mins": "min", "second": "s", "seconds": "s", "sec": "s",
    "secs": "s", "day": "d", "days": "d", "week": "week", "weeks": "week",
}  # fmt: skip
_SCIENTIFIC: Final = re.compile(
    r"(?i)\b(?:write|express|give)\s+(?P<number>\d[\d,]*(?:\.\d+)?)\s+(?:in|using)\s+"
    r"(?:scientific notation|standard form)\b"
)
_FIND: Final = r"(?:find|what is|calculate|compute|determine|evaluate)\b"
_GIVEN: Final = re.compile(
    rf"(?i)\b{_FIND}(?!\s+\$?[a-z]\$?\s)[^.;]*?\b(?:if|when|given(?: that)?)\b[^.;]*="
    rf"|(?:given(?: that)?|if)\b[^.;]*=[^.;]*[,;]\s*{_FIND}(?!\s+\$?[a-z]\$?[.?]*\s*$)"
)
"""An equation that is given, where something else is asked for: what follows of it need not be as much as it."""
_MODULUS: Final = re.compile(r"(?i)\bmodulus\b|\babsolute value\b|\bmagnitude\b|\bbetrag\b")
_CONJUGATE: Final = re.compile(r"(?i)\b(?:conjugate|konjugierte?)\b(?! method)")
_PART_OF_COMPLEX: Final = re.compile(r"(?i)\b(?:argument|polar|angle|(?:real|imaginary) part|(?:square|cube) roots?)\b")
_EXPRESSION: Final = re.compile(
    r"(?i)\b(?:simplify|expand|factor(?:ise|ize)?|evaluate|compute|calculate|work out|what is|rationali[sz]e|combine"
    r"|reduce|write|express|multiply|add|subtract|divide|find the (?:value|sum|product|difference))\b"
)


def read_problem(problem: str) -> State:
    """The knowledge that the problem gives before the first line."""
    state = State()
    if _EXPRESSION.search(problem) and not re.search(r"(?i)\bratio\b", problem):
        problem = with_quotients(problem)
    found = formulas_of(problem)
    equations = _sort_formulas(state, found)
    _choose_expression(state, problem, found)
    equations = _without_data(state, equations)
    _describe(state, problem, equations)
    equations = _read_calculus(state, problem, equations)
    equations = _without_values(state, problem, equations)
    equations = _without_ranges(state, problem, equations)
    if equations:
        _pose(state, problem, equations)
    _read_identity(state)
    state.asked = state.expression
    return state


def _sort_formulas(state: State, found: list[Statement]) -> list[Statement]:
    """The equations and inequalities of a problem; its functions and its first expression are kept in the state."""
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
        elif not statement.relations and state.expression is None and not _is_name(statement.sides[0]):
            state.expression = (statement.sides[0], statement.sources[0])
    return equations


def _choose_expression(state: State, problem: str, found: list[Statement]) -> None:
    """Which expression the lines rewrite, where the words make another one of what is written, or of several none."""
    expressions = [s for s in found if not s.relations]
    if len(expressions) > 1 and state.expression is not None and not defines_function(found[0]):
        state.expression = _combined(problem, expressions)
    if len(state.functions) > 1:
        state.expression = _composed(state, expressions)
    if _PART_OF.search(problem):
        state.expression = _part(problem)
    if _TO_UNIT.search(problem):
        state.expression = None  # "cm^2" is no product of letters
    if state.expression is not None and _is_ratio_of_angle(state.expression[0]) and "triangle" in problem.lower():
        state.expression = None  # "sin x" has one value there, by the sides
    if _LEFT_OUT.search(problem) or _VECTORS.search(problem):
        state.expression = None  # what the dots stand for is not known here
    if (of_vectors := _vector_expression(problem)) is not None:
        state.expression = of_vectors
    _read_of_complex(state, problem)
    _read_limit(state, problem)


def _is_ratio_of_angle(term: Term) -> bool:
    return isinstance(term, Call) and len(term.args) == 1 and isinstance(term.args[0], Symbol)


def _without_data(state: State, equations: list[Statement]) -> list[Statement]:
    """The equations, or none where they only give numbers their names: "a = 7, b = 5"."""
    data = {
        s.sides[0].name: s.sides[-1]
        for s in equations
        if isinstance(s.sides[0], Symbol) and s.relations == ("=",) and not symbols(s.sides[-1])
    }
    if not len(data) == len(equations) > 1 or state.expression is not None:
        return equations
    state.names.update(data)
    state.data = frozenset(data)
    return []


def _describe(state: State, problem: str, equations: list[Statement]) -> None:
    """What kind of problem it is, by its words."""
    state.ambiguous = _TWO_READINGS.search(problem) is not None
    state.quantities = _quantities(problem)
    state.asks_value = _EXPRESSION.search(problem) is not None
    if (m := _SCIENTIFIC.search(problem)) is not None and (
        number := read_side(m["number"].replace(",", ""))
    ) is not None:
        state.expression, state.asks_value = (number, m["number"]), True
    if state.expression is not None and isinstance(state.expression[0], Number) and not state.asks_value:
        state.expression = None  # "is 3/8 full"
    state.is_given = bool(equations) and _GIVEN.search(problem) is not None
    state.is_story = bool(problem.strip()) and not equations
    state.is_measure = not equations and _MEASURES.search(problem) is not None


def _read_calculus(state: State, problem: str, equations: list[Statement]) -> list[Statement]:
    """The function that is to be differentiated or integrated; the equations without the curve that is."""
    if (_DERIVATIVE.search(problem) or _AREA.search(problem)) and state.expression is None and len(equations) == 1:
        curve = equations[0]  # "y = x^2"
        if isinstance(curve.sides[0], Symbol) and curve.sides[0].name not in symbols(curve.sides[-1]):
            state.expression, equations = (curve.sides[-1], curve.sources[-1]), []
    between = _read_integral(state, problem)
    if not between and state.expression is not None and len(symbols(state.expression[0])) == 1:
        _derive(state, problem)
    return equations


def _without_values(state: State, problem: str, equations: list[Statement]) -> list[Statement]:
    """The equations without those that say for which values an expression is evaluated, or where it is looked at."""
    if state.expression is None:
        return equations
    values = [
        s
        for s in equations
        if isinstance(s.sides[0], Symbol) and s.relations == ("=",) and not s.names - symbols(s.sides[0])
    ]
    if _EXPRESSION.search(problem) and values:
        # "Evaluate 2x + 3y for x = 2 and y = 1"
        for s in values:
            state.names[s.sources[0]] = s.sides[1]
        equations = [s for s in equations if s not in values]
    if state.asks_value and all(not {"=", "~"} & set(s.relations) for s in equations):
        equations = []  # "Simplify ... for x > 0"
    if state.functions:
        domain = [s for s in equations if _is_domain(s)]  # "f(x) = x + 4/x for x > 0"
        state.domain = Condition((tuple(domain),)) if domain else None
        equations = [s for s in equations if s not in domain]
    return equations


def _without_ranges(state: State, problem: str, equations: list[Statement]) -> list[Statement]:
    """The equations without those that say between which bounds an unknown lies."""
    limits = range_of(problem, equations)
    if limits is None or len(limits.names) != 1:
        return equations
    state.in_degrees = is_in_degrees(limits)
    state.limits = in_radians(limits) if state.in_degrees else limits
    return [s for s in equations if s not in limits.statements]


def _pose(state: State, problem: str, equations: list[Statement]) -> None:
    """The condition on the unknowns: one equation, several of which one holds, or a system."""
    names = frozenset().union(*(s.names for s in equations))
    wanted = " or " in problem and len(names) == 1
    if wanted:
        state.problem = Condition(tuple((s,) for s in equations))
    elif len(names) == 1:
        state.problem = Condition(((equations[0],),))
        if len(equations) > 1 and all(map(_is_domain, equations[1:])):
            state.domain = Condition((tuple(equations[1:]),))  # "1/x < 2 for x > 0"
    else:
        state.problem = Condition((tuple(equations),))
        if len(equations) > 1:
            state.system = joint_solutions(equations, sorted(names))
    if state.in_degrees:
        state.problem = in_radians(state.problem)
    state.condition = state.problem


def _read_identity(state: State) -> None:
    """An equation that holds everywhere is to be shown: one side is rewritten until it is the other."""
    known = state.problem.statements if state.problem is not None else ()
    if len(known) != 1 or known[0].relations != ("=",) or state.expression is not None:
        return
    left, right = known[0].sides
    if isinstance(left, Symbol) or not symbols(left) or differ(left, right) is not False:
        return
    state.expression = (left, known[0].sources[0])
    state.problem = state.condition = None


def _read_of_complex(state: State, problem: str) -> None:
    """The property of a complex number that is asked for: its length, or its mirror image."""
    if state.expression is None or not has_unit(state.expression[0]):
        return
    number, source = state.expression
    if _PART_OF_COMPLEX.search(problem):
        state.expression = None
    elif _CONJUGATE.search(problem):
        mirrored = replaced(number, Constant("i"), negative(Constant("i")))
        is_factor = re.search(r"(?i)\bby its\b", problem) is not None
        state.expression = (Product((number, mirrored)) if is_factor else mirrored), ""
    elif _MODULUS.search(problem):
        state.expression = Call("abs", (number,)), rf"\left|{source}\right|"


def _is_domain(statement: Statement) -> bool:
    """Whether it says for which numbers a function is looked at."""
    first = statement.sides[0]
    return isinstance(first, Symbol) and not symbols(statement.sides[-1]) and not {"=", "~"} & set(statement.relations)


def _is_name(term: Term) -> bool:
    """Whether it only names something: ``x``, or ``f(x)`` of a function that is not known."""
    return isinstance(term, Symbol) or (isinstance(term, Call) and len(term.name.rstrip("'")) == 1)


def _composed(state: State, expressions: list[Statement]) -> tuple[Term, str] | None:
    """What "f(g(x))" comes to, where it is asked for as an expression; of several functions none is rewritten."""
    for statement in expressions:
        side = statement.sides[0]
        if isinstance(side, Call) and isinstance(side.args[0], Call):
            found = applied(side, state.functions)
            return (found, statement.sources[0]) if symbols(found) else None
    return None


def _part(problem: str) -> tuple[Term, str] | None:
    """The product that "3/8 of 56" asks for; None where a part is told among other things."""
    m = _PART_OF_NUMBER.fullmatch(problem)
    if m is None:
        return None
    part = Fraction(m["percent"]) / 100 if m["percent"] else Fraction(int(m["above"]), int(m["below"]))
    return Product((Number(part), Number(Fraction(m["whole"])))), ""


def _read_limit(state: State, problem: str) -> None:
    """Which limit a problem asks for: of what, and where."""
    read = read_typed(problem).text
    m = _LIMIT.search(read)
    if m is None:
        return
    if "infty" in m[2]:
        state.limit = m[1], -math.inf if m[2].strip().startswith("-") else math.inf
    else:
        point = read_side(m[2])
        found = None if point is None or symbols(point) else value(point, {})
        state.limit = ("", 0.0) if found is None else (m[1], float(found))
    body = read_side(read[m.end() :].partition("$")[0])
    if state.limit[0] and body is not None and symbols(body) == {state.limit[0]}:
        state.expression = (body, "")


def _quantities(problem: str) -> dict[Fraction, str]:
    """The numbers of a problem that have one unit there, with it."""
    units: dict[Fraction, set[str]] = {}
    for m in _QUANTITY.finditer(problem):
        units.setdefault(Fraction(m[1]), set()).add(_short(m[2]))
    for m in _VOLUME.finditer(problem):
        units.setdefault(Fraction(m[1]), set()).add(f"{_short(m[2])}^3")
    for m in _RATE.finditer(problem):
        units.setdefault(Fraction(m[1]), set()).add(f"{_short(m[2])}/{_short(m[3])}")
    return {number: next(iter(found)) for number, found in units.items() if len(found) == 1}


def _short(unit: str) -> str:
    return _SHORT.get(unit.lower(), unit.lower())


def _derive(state: State, problem: str) -> None:
    import sympy as sp

    assert state.expression is not None
    term = state.expression[0]
    name = next(iter(symbols(term)))
    if _DERIVATIVE.search(problem) or _INTEGRAL.search(problem):
        state.given = term
    if _DERIVATIVE.search(problem):
        state.derived = term_of(symbolic.derivative(term, name))
        if state.derived is not None and _SECOND.search(problem):
            state.later = term_of(symbolic.derivative(state.derived, name))
    elif _INTEGRAL.search(problem):
        state.up_to_constant = True
        state.asks_all = _ONE_ANTIDERIVATIVE.search(problem) is None
        built = symbolic.built(term)
        if built is not None:
            try:
                with symbolic.limited():
                    state.derived = term_of(sp.integrate(built, sp.Symbol(name)))
            except (symbolic.Late, ArithmeticError, ValueError, TypeError, NotImplementedError, AttributeError):
                state.derived = None


def _read_integral(state: State, problem: str) -> bool:
    """The integrand, and whether it is integrated between limits: then the lines go from a function to a number."""
    read = read_typed(problem).text
    if (m := _INTEGRAL_SIGN.search(read)) is not None:
        body, low, high = read_side(m["body"]), m["low"], m["high"]
        if body is not None and low is None:
            state.expression = (body, m["body"])
    elif _INTEGRAL.search(problem) and (m := _FROM_TO.search(read)) is not None and state.expression is not None:
        body, low, high = state.expression[0], m["low"], m["high"]
    else:
        return False
    if body is None or low is None:
        return False
    state.expression = None
    first, last = read_side(low.strip("{}")), read_side(high.strip("{}"))
    if len(symbols(body)) != 1 or first is None or last is None:
        return True
    state.given = body
    found = term_of(symbolic.integral(body, next(iter(symbols(body))), first, last))
    state.definite = None if found is None or symbols(found) else value(found, {})
    return True


def _vector_expression(problem: str) -> tuple[Term, str] | None:
    """The sum that the dot product or the length of given vectors is."""
    tuples = [[read_side(part) for part in m[1].split(",")] for m in _TUPLE.finditer(problem)]
    known = [[part for part in members if part is not None and not symbols(part)] for members in tuples]
    if not known or any(len(a) != len(b) or len(a) not in (2, 3) for a, b in zip(known, tuples, strict=True)):
        return None
    if len(known) == 2 and len(known[0]) == len(known[1]) and _DOT.search(problem):
        pairs = [(value(a, {}), value(b, {})) for a, b in zip(*known, strict=True)]
        return total(*(Number(Fraction(a) * Fraction(b)) for a, b in pairs if a is not None and b is not None)), ""
    if len(known) == 1 and _LENGTH.search(problem):
        return Power(total(*(Power(a, Number(Fraction(2))) for a in known[0])), Number(Fraction(1, 2))), ""
    return None


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
