"""Judges the lines of a student's work, each against the one before and the problem. Runs in the checking process.

"False" is said only where a point shows it: an expression that has another value there, or a solution of the line
before that does not solve this one. What cannot be compared is new, not false. Side calculations, definitions and
checks of the result are judged by themselves.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.work.afterwards import with_note, with_order, with_restated, without_thrown_out
from tutor_app.adapters.checking.work.compare import Comparison
from tutor_app.adapters.checking.work.conditions import Condition, Solutions, solutions
from tutor_app.adapters.checking.work.endings import with_wrong_end
from tutor_app.adapters.checking.work.integrals import has_integral
from tutor_app.adapters.checking.work.known import minutes_as_decimals, wrong_discriminant, wrong_unit_of_quotient
from tutor_app.adapters.checking.work.limits import read_limits
from tutor_app.adapters.checking.work.lines import Line, Statement, is_conversion, read_line
from tutor_app.adapters.checking.work.notes import (
    Names,
    is_amount,
    is_meaning,
    is_range_with_words,
    is_set_or_point,
    told,
    with_products,
)
from tutor_app.adapters.checking.work.pairs import told_pair
from tutor_app.adapters.checking.work.pieces import all_with_points, parts_with_steps, steps_of
from tutor_app.adapters.checking.work.problem import read_problem
from tutor_app.adapters.checking.work.rewriting import Rewriting
from tutor_app.adapters.checking.work.sets import told_as_relations
from tutor_app.adapters.checking.work.state import (
    Found,
    applied,
    as_sides,
    defines_function,
    holds_by_itself,
    joins_derivatives,
    letters_like_units,
    vanishing,
    worst_of,
)
from tutor_app.adapters.checking.work.stories import read_story
from tutor_app.adapters.checking.work.unread import why_unread
from tutor_app.adapters.checking.work.values import Unknown, value
from tutor_app.adapters.checking.work.vectors import Vectors
from tutor_app.adapters.checking.work.ways import Ways
from tutor_app.adapters.grading.terms import (
    Call,
    Number,
    Symbol,
    Term,
    negative,
    product,
    substituted,
    symbols,
    total,
)
from tutor_app.core.work import FAULTS, MOST_LINES, UNREAD, LineVerdict
from tutor_app.text.typing import read_typed

_LIMIT: Final = r"(\{[^{}]*\}|\([^()]*\)|-?\w+)"
_BETWEEN: Final = re.compile(
    r"\s*=?\s*(?P<factor>-?\d[\d./]*\s?(?:π|pi\b|\\pi)?|-?(?:π|pi\b|\\pi)|-|)\s*[*·]?\s*(?:\\left)?\[([^\[\]=]+?)(?:\\right)?\]\s*"
    rf"(?:_{_LIMIT}\s*\^{_LIMIT}|from\s+(\S+)\s+to\s+(\S+))"
)
_EXTREMA: Final = re.compile(r"(?i)\b(?:stationary|turning|critical|(?:max|min)im(?:um|a|al)|extrem\w+)\b")
_RESULT: Final = re.compile(r"\s*(?:[fghy](?:'|\u2032|\^\\prime)\s*(?:\(\s*[a-z]\s*\))?|d[yf]/d[a-z])\s*=(?!=)")
SECONDS: Final = 8.0
"""For all lines; those that are left then are not decided."""
ENOUGH: Final = 10
"""Lines behind one that are looked at before it is called wrong, where time is short."""


def judge_work(problem: str, lines: Sequence[str], clock: Callable[[], float] = time.monotonic) -> list[LineVerdict]:
    """The verdict of every line, in order.

    Args:
        problem: As typed; may be empty.
        lines: The student's.
        clock: Seconds.
    """
    end, cut = clock() + SECONDS, symbolic.cut_short()
    problem, *read = all_with_points((problem, *lines[:MOST_LINES]))
    names = Names((problem, *read))
    work = _Work(names.told(problem))
    out: list[LineVerdict] = []
    whole = 0  # lines that were looked at before time was short
    for text, line in zip(lines, read, strict=False):
        found = work.next_line(names.told(line)) if clock() < end else Found("unsure")
        whole += clock() < end and symbolic.cut_short() == cut
        note = UNREAD[why_unread(text)] if found.kind == "unread" else ""
        out.append(LineVerdict(text, _shown(text), found.kind, names.back(found.counterexample), found.slip, note))
    judged = with_wrong_end(problem, work.afterwards(out), [*map(names.told, read)], lambda: clock() < end)
    if whole == len(out) and symbolic.cut_short() == cut:
        return judged
    # The lines behind one may tell what it left out, or that it stands beside the way: they must have been looked at.
    unsure = [v.is_fault and (k >= whole - ENOUGH or v.kind == "lost") for k, v in enumerate(judged)]
    return [LineVerdict(v.text, v.shown, "unsure") if is_so else v for v, is_so in zip(judged, unsure, strict=True)]


def _shown(text: str) -> str:
    return read_typed(text).text


class _Work:
    """Goes through the lines."""

    def __init__(self, problem: str) -> None:
        self._problem = problem
        self._state = read_problem(problem)
        self._letters = letters_like_units(self._state, problem)
        self._comparison = Comparison(self._state)
        self._rewriting = Rewriting(self._state)
        self._ways = Ways(self._state, self._comparison, self._parts)
        self._story = read_story(problem if self._state.is_story else "")
        self._vectors = Vectors()
        self._vectors.read(problem)

    def next_line(self, text: str) -> Found:
        """The verdict of the next line: as the next step, or as one of a case or side calculation begun before."""
        self._comparison.place += 1
        if not text.strip():
            return Found("empty")
        if is_range_with_words(text) or is_meaning(text):
            self._story.names(text)
            return Found("words")
        line, state = told(with_products(text, self._letters)), self._state
        if components := self._vectors.lines(line.text):
            return self._calculated(components)
        if line.named:
            return Found("new")
        if line.assumed:
            self._comparison.assume(line.assumed)
        start = state.saved()
        if line.aside:
            state.forget()
            found = self._parts(line.text)
            self._ways.begin(state.saved())
            state.restore(start)
            if found.kind in ("unread", "words"):
                return replace(found, kind="words")
            return found if found.kind not in FAULTS else Found("follows") if line.denied else found
        found = self._story.judged(line.text, self._parts(line.text))
        if found.kind == "new" and state.condition is not start.condition and start.condition is not None:
            self._ways.begin(start)
        elif len(state.system) != len(start.system) and start.system:
            self._ways.begin(start)  # one pair of several
        return self._ways.elsewhere(line.text, start, found)

    def _calculated(self, lines: Sequence[str]) -> Found:
        """The verdict of calculations with numbers that one line stands for."""
        start, found = self._state.saved(), []
        for text in lines:
            self._state.forget()
            found.append(self.line(text))
        self._state.restore(start)
        return worst_of(found)

    def _parts(self, text: str) -> Found:
        """The verdict of a line of which each part may go several steps: ``x = 3 => y = 7, x = 7 => y = 3``."""
        parts = parts_with_steps(text)
        if len(parts) < 2:
            return self.steps(text)
        start, found, ends = self._state.saved(), [], []
        for part in parts:
            self._state.restore(start)
            found.append(self.steps(part))
            ends.append(self._comparison.last)
        self._state.restore(start)
        worst = worst_of(found)
        cases = tuple(case for end in ends if end is not None for case in end.cases)
        if worst.kind != "lost" or None in ends or len(Condition(cases).names) != 1:
            return worst
        return self._comparison.compared(Condition(cases))

    def steps(self, text: str) -> Found:
        """The verdict of a line that may go several steps, joined by arrows: of its first fault, else of its last."""
        pieces = steps_of(text)
        if len(pieces) < 2:
            return self.line(pieces[0] if pieces else text)
        if all(map(is_amount, pieces)):
            return Found("new")  # "80 -> 40 -> 20"
        start = self._state.saved()
        found = case = self.line(pieces[0])
        for piece in pieces[1:]:
            if found.kind in FAULTS and found is not case:
                break
            if found.kind in ("false", "gained"):
                break
            found = self.line(piece)
        if case.kind == "lost" and found.kind not in FAULTS:
            self._state.restore(start)
            return case  # "x - 2 = 0 => x = 2": the other solutions may be told in the next lines
        return found

    # -- one line -----------------------------------------------------------------------------------------------

    def line(self, text: str) -> Found:
        """The verdict of the next line."""
        try:
            if has_integral(text):
                return self._rewriting.integrals(text)
            if (limits := read_limits(text)) is not None:
                return self._rewriting.limits(*limits)
            if (between := _BETWEEN.match(text)) is not None and (found := self._between(between)) is not None:
                return found
            result = _RESULT.match(text) if self._state.derived is not None else None
            if unit := wrong_unit_of_quotient(text, self._state.quantities) or minutes_as_decimals(self._problem, text):
                return Found("false", unit, "unit")
            line = read_line(text[result.end() :] if result is not None else text)
            if not line.cases and (relations := self._as_relations(text)):
                line = read_line(relations)
            if not line.cases and told_pair(text) is not None:
                return Found("new")
            if not line.cases:
                return Found("words" if line.words or is_set_or_point(text) else "unread")
            found = self._judged(line) if result is None else self._result(line)
        except (Unknown, ArithmeticError, ValueError, TypeError, AttributeError, RecursionError, KeyError):
            found = Found("unsure")
        if found.kind == "false" and (is_conversion(text) or any(map(holds_by_itself, line.with_wrong_units))):
            return replace(found, slip="unit")
        return found

    def _as_relations(self, text: str) -> str:
        """A set, an interval or a point of the unknowns, told as relations; empty if it is none."""
        state = self._state
        known = state.condition or state.problem
        if state.system:
            return told_as_relations(text, sorted(state.system[0]), of_points=True)
        of_order = any(c is not None and c.has_order for c in (state.condition, state.problem))
        names = sorted(known.names) if known is not None else ()
        return told_as_relations(text, names, of_points=False, of_order=of_order)

    def _judged(self, line: Line) -> Found:
        statements = line.statements
        if len(line.cases) == 1 and len(statements) == 1:
            return self._single(statements[0])
        if not any(s.names or s.relations for s in statements) and self._state.condition is None:
            return Found("new")  # a list of numbers
        if not any(s.names for s in statements):
            return worst_of([self._single(s) for s in statements])
        if len(line.cases) == 1 and not self._state.system and all(map(self._gives_meaning, statements)):
            for statement in statements:
                self._defines(statement)  # "u = 3x + 1, v = x^2"
            found = [part for s in statements if (part := self._derivative_of_part(s)) is not None]
            return worst_of([Found("new"), *found, *map(self._rewriting.inner_links, statements)])
        kept = tuple(tuple(r for s in case if (r := self._reduced(s)) is not None) for case in line.cases)
        chains = [self._rewriting.inner_links(s) for s in statements]
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
            if statement.names and not symbols(old):
                return Found("unsure")
            statement = Statement((old, *statement.sides), statement.relations, False, (source, *statement.sources))
            return self._rewriting.rewritten(statement)
        if defines_function(statement):
            return self._function(statement)
        if not statement.relations:
            return self._expression(statement)
        if state.functions:
            statement = replace(statement, sides=tuple(applied(side, state.functions) for side in statement.sides))
        if not statement.names:
            return self._rewriting.calculation(statement)
        if self._rewriting.is_rewriting(statement):
            return self._rewriting.rewritten(statement)
        inner = self._rewriting.inner_links(statement)
        if inner.kind == "false":
            return inner
        if (wrong := wrong_discriminant(statement, state.problem, state.condition)) is not None:
            return wrong
        if state.derived is not None and not state.up_to_constant and joins_derivatives(statement):
            return self._rewriting.of_parts(statement)
        if (claim := self._before_condition(statement)) is not None:
            found = self._single(claim)
            if found.kind not in FAULTS:
                wanted = replace(
                    statement, sides=statement.sides[-2:], relations=("=",), sources=statement.sources[-2:]
                )
                state.condition = Condition(((wanted,),))
            return found
        part = self._derivative_of_part(statement)
        if self._defines(statement):
            if part is not None:
                return part
            # With two sides there is nothing to compare: the letter is what the line says that it is.
            return inner if inner.kind != "unsure" and len(statement.sides) > 2 else Found("new")
        reduced = self._reduced(statement)
        if reduced is None:
            return inner
        return self._comparison.compared(Condition(((reduced,),)))

    # -- derivatives and integrals ------------------------------------------------------------------------------

    def _result(self, line: Line) -> Found:
        """A line that says "f'(x) =" or "dy/dx =" of the function whose derivative is asked for."""
        state = self._state
        statement = line.statements[0]
        if len(line.statements) > 1 or statement.continues:
            return self._judged(line)
        new = statement.sides[0]
        found = self._rewriting.against_result(new, statement.sources[0])
        if found.kind == "false" and state.later is not None:
            found = Found("follows") if self._rewriting.equal(state.later, "", new).kind != "false" else found
        state.expression = (new, statement.sources[0])
        return self._rewriting.rewritten(statement) if found.kind != "false" and statement.relations else found

    def _between(self, m: re.Match[str]) -> Found | None:
        """An antiderivative in brackets with its limits: ``[x^2]_1^3``; None if it is something else."""
        inner = read_line(m[2]).statements
        low, high = (read_line(text.strip("{}()")).statements for text in filter(None, m.groups()[2:]))
        factor = read_line({"": "1", "-": "-1"}.get(m["factor"], m["factor"])).statements
        if any(len(found) != 1 or found[0].relations for found in (factor, inner, low, high)):
            return None
        function = product(factor[0].sides[0], inner[0].sides[0]) if m["factor"] else inner[0].sides[0]
        names = symbols(function)
        if len(names) != 1:
            return None
        found = self._rewriting.antiderivative(function)
        (name,) = names
        ends = [substituted(function, {name: end[0].sides[0]}) for end in (high, low)]
        self._state.expression = (total(ends[0], negative(ends[1])), "")
        rest = m.string[m.end() :].strip()
        if found.kind in FAULTS or not rest:
            return found if found.kind != "new" else Found("follows")
        return self._judged(read_line(rest))

    # -- expressions --------------------------------------------------------------------------------------------

    def _expression(self, statement: Statement) -> Found:
        state = self._state
        new, source = statement.sides[0], statement.sources[0]
        if state.given is not None and state.derived is None and symbols(new):
            return self._rewriting.antiderivative(new)
        if state.expression is None and state.definite is not None:
            state.expression = (Number(Fraction(state.definite)), "")
        if state.expression is None:
            if state.condition is not None:
                return self._bare_value(new)
            state.expression = (new, source)
            return Found("new")
        begins = state.asked is None and state.definite is None and isinstance(state.expression[0], Number)
        if begins and not isinstance(new, Number):
            state.expression = (new, source)
            return Found("new")  # the next calculation of several
        if symbols(new) and not symbols(state.expression[0]):
            return Found("unsure")  # what the letter stands for is not known
        found = self._rewriting.step(new, source)
        if found.kind == "false" and not found.slip and state.is_told_in_words:
            return Found("new")  # another quantity of the story
        return found

    def _bare_value(self, new: Term) -> Found:
        """An expression alone where an equation is being solved: perhaps its solution, perhaps a note."""
        found = self._known_solutions()
        if found is None or symbols(new):
            return Found("words")
        number = value(new, {})
        return Found("follows") if number is not None and found.has(number) else Found("words")

    def _known_solutions(self) -> Solutions | None:
        return solutions(self._state.condition) if self._state.condition is not None else None

    # -- calculations and definitions ---------------------------------------------------------------------------

    def _gives_meaning(self, statement: Statement) -> bool:
        """Whether it says what a letter is that no equation so far has."""
        state, first = self._state, statement.sides[0]
        if not isinstance(first, Symbol) or not statement.relations or statement.relations[0] not in ("=", "~"):
            return False
        known = state.condition.names if state.condition else frozenset()
        known |= state.problem.names if state.problem is not None else frozenset()
        return first.name not in known | symbols(statement.sides[-1])

    def _before_condition(self, statement: Statement) -> Statement | None:
        """The expression of a letter in a line that then sets it to a number: ``A' = 50 - 2a = 0``; None if not so."""
        sides = statement.sides
        if self._state.system or len(sides) < 3 or set(statement.relations) != {"="} or symbols(sides[-1]):
            return None
        if not self._gives_meaning(statement) or not symbols(self._rewriting.resolved(sides[-2])):
            return None
        return Statement(sides[:-1], statement.relations[:-1], False, statement.sources[:-1])

    def _defines(self, statement: Statement) -> bool:
        """Whether it gives a letter its meaning that no equation so far has."""
        state, first = self._state, statement.sides[0]
        if not isinstance(first, Symbol) or not self._gives_meaning(statement):
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

    def _derivative_of_part(self, statement: Statement) -> Found | None:
        """A line that tells the derivative of a letter with a meaning, ``u' = 2x``; None if it is none."""
        first = statement.sides[0]
        if not isinstance(first, Symbol) or not first.name.endswith("'") or first.name.endswith("''"):
            return None
        known = self._state.names.get(first.name.removesuffix("'"))
        if known is None or len(symbols(known)) != 1 or symbols(statement.sides[-1]) - symbols(known):
            return None
        (name,) = symbols(known)
        return self._rewriting.derivative_of((name, known), statement.sides[-1], statement.sources[-1])

    def _function(self, statement: Statement) -> Found:
        state = self._state
        first = statement.sides[0]
        assert isinstance(first, Call)
        argument = first.args[0]
        inner = self._rewriting.inner_links(statement)
        if inner.kind == "false":
            return inner
        if not isinstance(argument, Symbol):
            return self._value_of_function(first, argument, statement) or inner
        known = state.functions.get(first.name)
        is_zero = statement.sides[-1] == Number(Fraction(0)) and first.name.endswith("'")
        if not symbols(statement.sides[-1]) and (is_zero if known is None else symbols(known[1])):
            return self._where(first, statement)
        if known is not None:
            return self._rewriting.equal(known[1], "", statement.sides[-1])
        if (base := state.functions.get(first.name.removesuffix("'"))) is not None:
            state.functions[first.name] = (argument.name, statement.sides[-1])
            found = self._rewriting.derivative_of(base, statement.sides[1], statement.sources[1])
            state.expression = (statement.sides[-1], statement.sources[-1])
            if state.condition is None and _EXTREMA.search(self._problem) and symbols(statement.sides[-1]):
                state.condition = vanishing(statement)
            return inner if found.kind == "follows" else found
        state.functions[first.name] = (argument.name, statement.sides[-1])
        given = state.expression[0] if state.expression else None
        if (
            state.derived is not None
            and given is not None
            and self._rewriting.equal(given, "", statement.sides[-1]).kind == "false"
        ):
            return self._rewriting.step(statement.sides[1], statement.sources[1])
        return Found("given")

    def _where(self, first: Call, statement: Statement) -> Found:
        """A line that asks where a function has a value: ``f'(x) = 0``, ``f'(x) = 2x - 6 = 0``."""
        found = Found("new")
        if len(statement.sides) > 2 and symbols(statement.sides[-2]):
            told = replace(
                statement,
                sides=statement.sides[:-1],
                relations=statement.relations[:-1],
                sources=statement.sources[:-1],
            )
            found = self._function(told)
        reduced = self._reduced(statement) if first.name in self._state.functions else None
        if found.kind != "false" and reduced is not None and len(reduced.names) == 1:
            self._state.condition = Condition(((reduced,),))
        return found

    def _value_of_function(self, call: Call, argument: Term, statement: Statement) -> Found | None:
        known = self._state.functions.get(call.name)
        if known is None:
            return None
        applied = substituted(known[1], {known[0]: argument})
        found = self._rewriting.equal(applied, "", statement.sides[1])
        return replace(found, counterexample=as_sides(found.counterexample))

    def _reduced(self, statement: Statement) -> Statement | None:
        """The equation in it: of ``x = 6/2 = 3`` the first and the last side; None if it only calculates."""
        if not statement.names:
            return None
        sides, relations, sources = statement.sides, statement.relations, statement.sources
        if not relations:
            return None
        if len(sides) > 2 and all(r in ("=", "~") for r in relations):
            exact = relations.index("~") if "~" in relations[1:] and relations[0] == "=" else len(relations)
            sides, relations, sources = (sides[0], sides[exact]), (relations[exact - 1],), (sources[0], sources[exact])
        defined = {n: v for n, v in self._state.names.items() if self._is_substitution(n)}
        sides = tuple(substituted(side, defined) for side in sides) if defined else sides
        if self._state.functions:
            sides = tuple(applied(side, self._state.functions) for side in sides)
        return Statement(sides, relations, False, sources)

    def _is_substitution(self, name: str) -> bool:
        """Whether a letter was defined for a longer expression: ``u = x^2``."""
        known = self._state.problem.names if self._state.problem else frozenset()
        if name in self._state.data:
            return True
        return name not in known and bool(symbols(self._state.names[name]) & known)

    def afterwards(self, lines: list[LineVerdict]) -> list[LineVerdict]:
        """The verdicts, once later lines are known."""
        lines = with_order(self._ways.without_lines_beside(lines), self._state.asked, self._rewriting)
        lines = without_thrown_out(self._comparison.with_losses(lines), self._state)
        return with_restated(with_note(lines, self._rewriting), self._state, self._rewriting)
