"""Compares the equations and inequalities of a student's lines, each with the line before and with the problem."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from tutor_app.adapters.checking.work.complex_numbers import has_unit, wrong_solution
from tutor_app.adapters.checking.work.conditions import (
    Condition,
    Solutions,
    agree_under,
    differing_point,
    joint_solutions,
    solutions,
)
from tutor_app.adapters.checking.work.lines import Statement, read_line
from tutor_app.adapters.checking.work.periods import compare_families, counter_of, in_radians, inside, is_periodic
from tutor_app.adapters.checking.work.rounding import is_one_angle, unrounded
from tutor_app.adapters.checking.work.slip_conditions import (
    equation_slip,
    first_slip,
    formula_slip,
    lost_slip,
    order_slip,
    sign_of_solution,
)
from tutor_app.adapters.checking.work.slips import first_of
from tutor_app.adapters.checking.work.state import Found, State, point_words
from tutor_app.adapters.checking.work.values import Point, alike, replaced, roots, shown, value
from tutor_app.adapters.grading.terms import (
    MINUS_ONE,
    Call,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    product,
    substituted,
    symbols,
    total,
    walk,
)
from tutor_app.core.work import FAULTS, LineVerdict


class Comparison:
    """Goes through the conditions of a work.

    Attributes:
        place: Of the line that is being judged, from 0.
        sets: The solutions of equations in one unknown by their lines.
        last: What has been compared last.
        assumed: What the case that is being looked at assumes of the unknown.
    """

    def __init__(self, state: State) -> None:
        self.place = -1
        self.last: Condition | None = None
        self.assumed: Condition | None = state.domain
        self.sets: dict[int, tuple[str, Solutions]] = {}
        self._state = state

    def compared(self, new: Condition) -> Found:
        """A condition against that of the line before and of the problem."""
        state = self._state
        self.last = new
        if state.system:
            return self._against_system(new)
        old = state.condition
        if old is not None and (counter := counter_of(old, new)):
            return self._families(old, new, counter)
        if state.in_degrees:
            new = in_radians(new)
        if old is None or (old.names != new.names and not (new.names < old.names and len(new.names) == 0)):
            return self._not_comparable(old, new)
        state.condition = new
        if len(new.names) > 1:
            return self._in_several(old, new)
        found = self._in_one_unknown(old, new)
        return found if found.kind not in FAULTS else self._under_assumption(old, new, found)

    def assume(self, text: str) -> None:
        """Begin a case: what is told now holds under a condition."""
        cases = read_line(text).cases
        self.assumed = Condition(cases) if len(cases) == 1 and len(Condition(cases).names) == 1 else None

    def _under_assumption(self, old: Condition, new: Condition, found: Found) -> Found:
        """A finding about a line, where it need hold only in the case that is being looked at."""
        assumed, problem = self.assumed, self._state.problem
        if assumed is None or assumed.names != new.names:
            return found
        for known in (old, problem):
            if known is None or known.names != new.names:
                continue
            if known.has_order and new.has_order:
                if differing_point(known, new, where=assumed) is None:
                    return Found("follows")
            elif agree_under(known, new, assumed):
                return Found("follows")
        return found

    def _families(self, old: Condition, new: Condition, counter: str) -> Found:
        if self._state.limits is not None:
            return Found("follows")  # the members in the range are told later
        match compare_families(old, new, counter):
            case ("false", said):
                return Found("false", said)
            case ("lost", said):
                return Found("lost", said)
            case (_, _):
                return Found("follows")
            case _:
                return Found("unsure")

    def _solutions(self, condition: Condition) -> Solutions | None:
        """Those in the range that the problem asks for."""
        found, limits = solutions(condition), self._state.limits
        return found if found is None or limits is None or condition.names != limits.names else inside(found, limits)

    def _not_comparable(self, old: Condition | None, new: Condition) -> Found:
        state = self._state
        if old is None and state.expression is not None and new.names <= symbols(state.expression[0]):
            if not state.asks_value:
                state.condition = new  # "2x - 6 = 0"
            return Found("new")
        if state.problem is not None and state.problem.names == new.names and len(new.names) == 1:
            state.condition = new
            return self._in_one_unknown(state.problem, new)
        state.condition = new
        if (
            state.is_story
            and state.problem is None
            and len(new.cases) == 1
            and len(new.statements) == len(new.names) > 1
        ):
            state.system = joint_solutions(new.statements, sorted(new.names))  # "a + b = 11 and ab = 24"
            state.problem = new if state.system else None
        return Found("new")

    def _against_system(self, new: Condition) -> Found:
        found, system = Found("follows"), self._state.system
        if len(system) > 1 and all(isinstance(s.sides[0], Symbol) and s.relations == ("=",) for s in new.statements):
            # "x = 3" of two pairs: what follows is told of the pairs that have it.
            system = [point for point in system if new.holds(point)] or system
            self._state.system = system
        if (wrong := _wrong_pair(new, system)) is not None:
            return Found("false", f"{point_words(wrong)} does not solve the system", self._slip(new))
        for point in system:
            if new.holds(point) is False:
                a, b = new.sides_at(point)
                said = f"for {point_words(point)} the left side is {a}, the right side {b}"
                found = Found("false", said, self._slip(new))
                break
        self._state.condition = new
        return found

    def _slip(self, new: Condition) -> str:
        fitting: list[str] = []
        for condition in (self._state.condition, self._state.problem):
            fitting += [equation_slip(old, new) for old in (condition.statements if condition else ())]
        before = self._state.condition.statements if self._state.condition else ()
        given = self._state.problem.statements if self._state.problem else ()
        for letter in before:
            if not isinstance(letter.sides[0], Symbol):
                continue
            # The line before tells a letter, which is put into an equation of the problem.
            put = {letter.sides[0].name: letter.sides[-1]}
            for old in given:
                sides = tuple(substituted(side, put) for side in old.sides)
                fitting.append(equation_slip(replace(old, sides=sides, sources=("", "")), new))
        if len(given) == 2 and all(len(s.sides) == 2 for s in given):
            for sign in (Number(Fraction(1)), Number(Fraction(-1))):  # both equations added or subtracted
                left, right = (total(given[0].sides[k], product(sign, given[1].sides[k])) for k in (0, 1))
                joined = replace(given[0], sides=(left, right), sources=("", ""))
                fitting.append(equation_slip(joined, new))
        return first_of(fitting)

    def _in_one_unknown(self, old: Condition, new: Condition) -> Found:
        found = self._by_solutions(old, new)
        if found.kind in FAULTS and _is_ambiguous(old, new):
            other = self._by_solutions(_with_natural_logarithms(old), _with_natural_logarithms(new))
            self._state.condition = new
            return found if other.kind in FAULTS else Found("unsure")
        if self._state.in_degrees and found.counterexample:
            found = replace(found, counterexample="")  # it tells angles in radians
        if found.kind == "lost" and is_periodic(old) and self._state.limits is None:
            return Found("follows")
        return found

    def _by_solutions(self, old: Condition, new: Condition) -> Found:
        state = self._state
        if old.has_order or new.has_order:
            return self._orders(old, new)
        name = next(iter(new.names))
        if _tells_complex(new):
            return self._complex(old, new, name) or Found("unsure")
        before, after = self._solutions(old), self._solutions(new)
        if (
            before is not None
            and after is not None
            and not (before.values or after.values)
            and (found := self._complex(old, new, name))
        ):
            return found
        if before is None or after is None:
            return Found("unsure")
        problem = (
            self._solutions(state.problem) if state.problem is not None and state.problem.names == new.names else None
        )
        self.sets[self.place] = name, unrounded(problem or before, after, new) if new.is_approximate else after
        if is_one_angle(before, new) and is_periodic(old) and state.limits is None:
            return Found("follows")
        if not (before.values and after.values) and (found := self._of_one_call(old, new)):
            return found
        if before.equals(after) or (problem is not None and problem.equals(after)):
            return Found("equivalent")
        exact = unrounded(before, after, new)
        if exact != after and before.equals(exact):
            return Found("follows")
        after = exact
        lost, gained = before.without(after), after.without(before)
        if new.is_approximate and not lost.values:
            return Found("follows")
        if not gained.values and lost.values and after.values:
            if state.is_measure and all(v < 0 for v in lost.values):
                return Found("follows")
            slip = lost_slip(old, lost.values[0], new)
            is_other = not slip or (slip == "zero" and all(v < 0 for v in lost.values))
            if is_other and state.is_story and _tells_number(new):
                return Found("follows")  # the other one does not fit the story
            said = f"{name} = {shown(lost.values[0])} solves the line before, not this one"
            return Found("lost", said, slip)
        if not lost.values and gained.values and state.is_story and _tells_number(old):
            state.condition = old
            return Found("follows")  # "k = 3/2", then "k^2 = 9/4"
        if not lost.values and gained.values and before.values and state.is_given:
            return Found("follows")  # "sin² x = 1 - cos² x"
        if not lost.values and gained.values and before.values:
            said = f"{name} = {shown(gained.values[0])} solves this line, not the one before"
            return Found("gained", said)
        periodic = is_periodic(old) and is_periodic(new) and state.limits is None
        if periodic and len(lost.values) < len(before.values):
            return Found("unsure")  # in one quadrant it may follow
        return self._false(old, new, name, lost, gained)

    def _complex(self, old: Condition, new: Condition, name: str) -> Found | None:
        """Numbers that are not real as solutions; None where that is not known."""
        known = [c for c in (old, self._state.problem) if c is not None and c.names == new.names]
        wrong = wrong_solution(new, known)
        if wrong is None or not wrong[0]:
            return None if wrong is None else Found("follows")
        return Found("false", f"{name} = {wrong[0]} does not solve the line before", wrong[1])

    def _of_one_call(self, old: Condition, new: Condition) -> Found | None:
        """Equations in one logarithm or the like, whose solutions are too large to be looked for; None if not so."""
        calls = {
            part
            for condition in (old, new)
            for statement in condition.statements
            for side in statement.sides
            for part in walk(side)
            if isinstance(part, Call) and symbols(part)
        }
        if len(calls) != 1:
            return None
        (call,) = calls
        (name,) = new.names
        one, other = (_with_letter(condition, call, name) for condition in (old, new))
        if one is None or other is None:
            return None
        before, after = solutions(one), solutions(other)
        if before is None or after is None or before.equals(after) or not before.values or not after.values:
            return None
        found = self._false(one, other, name, before.without(after), after.without(before))
        return replace(found, counterexample="") if found.kind == "false" else None

    def _false(self, old: Condition, new: Condition, name: str, lost: Solutions, gained: Solutions) -> Found:
        sign = sign_of_solution(old, new)
        slip = sign if len(new.cases) > 1 and sign else first_of((first_slip(old, new), sign))
        if slip in ("", "arithmetic", "terms", "order"):
            slip = formula_slip(old, new) or slip
        if (
            slip in ("", "arithmetic")
            and lost.values
            and any(g == -v and v != 0 for g in gained.values for v in lost.values)
        ):
            slip = "sign"
        if lost.values:
            point = {name: lost.values[0]}
            a, b = new.sides_at(point)
            if not a or not b:
                return Found("unsure")  # what cannot be computed there shows nothing
            return Found("false", f"for {point_words(point)} the left side is {a}, the right side {b}", slip)
        if gained.values:
            point = {name: gained.values[0]}
            a, b = old.sides_at(point)
            if not a or not b:
                return Found("unsure")
            said = (
                f"for {point_words(point)} this line holds, in the line before the left side is {a}, the right side {b}"
            )
            return Found("false", said, slip)
        return Found("unsure")

    def _orders(self, old: Condition, new: Condition) -> Found:
        """Inequalities are compared at points."""
        if new.has_order and not old.has_order and self._restricts(old, new):
            self._state.condition = old
            return Found("follows")
        if old.has_order and not new.has_order and (borders := _borders(old)) is not None and len(borders.values) > 1:
            told = solutions(new)
            if told is not None and told.values and told.within(borders):
                self._state.condition = old
                return Found("follows")  # where the sides are equal
        for reference in (old, self._state.problem):
            if reference is None or reference.names != new.names:
                continue
            where = differing_point(reference, new)
            if where is None:
                return Found("equivalent")
        where = differing_point(old, new)
        assert where is not None
        before, after = ("holds", "does not hold") if old.holds(where) else ("does not hold", "holds")
        said = f"for {point_words(where)} the line before {before}, this one {after}"
        return Found("false", said, order_slip(old, new))

    def _restricts(self, old: Condition, new: Condition) -> bool:
        """Whether an inequality holds for all solutions that are looked for: where an equation is defined."""
        for known in (self._state.problem, old):
            found = self._solutions(known) if known is not None and known.names == new.names else None
            if found is not None and found.values and all(new.holds(dict.fromkeys(new.names, v)) for v in found.values):
                return True
        return False

    def _in_several(self, old: Condition, new: Condition) -> Found:
        """Equations in several letters: solutions of the line before are tried in this one."""
        tried = 0
        if len(old.statements) > 1 and len(old.cases) == 1 and not _have_points(old):
            return Found("follows")  # of equations that contradict each other everything follows
        for statement in old.statements:
            if statement.relations != ("=",):
                return Found("unsure")
            for point in _solution_points(statement):
                holds = new.holds(point)
                if holds is None or self._is_left_out(point):
                    continue
                tried += 1
                if holds is False:
                    a, b = new.sides_at(point)
                    slip = equation_slip(statement, new)
                    if not slip and self._joins(old, new):
                        return Found("new")
                    return Found("false", f"for {point_words(point)} the left side is {a}, the right side {b}", slip)
        return Found("equivalent") if tried >= 2 else Found("unsure")

    def _is_left_out(self, point: Point) -> bool:
        """Whether a point is not among the numbers that the problem, or the case, looks at."""
        assumed = self.assumed
        return assumed is not None and assumed.names <= point.keys() and assumed.holds(point) is False

    def _joins(self, old: Condition, new: Condition) -> bool:
        """Whether a line is another equation in the letters of a story; both are a system from here on."""
        state = self._state
        both = (*old.statements, *new.statements)
        if state.problem is not None or len(both) != 2:
            return False
        state.system = joint_solutions(both, sorted(old.names))
        state.system = [point for point in state.system if any(point.values())]  # not 0, 0
        if state.system:
            state.problem = Condition((both,))
        return bool(state.system)

    def with_losses(self, lines: list[LineVerdict]) -> list[LineVerdict]:
        """A solution that is missing in one line and told in a later one was not lost, but taken up one by one.

        In the same way a solution that squaring adds is no fault if it is thrown out again.
        """
        out = list(lines)
        for name in sorted({name for name, _ in self.sets.values()}):
            known = self._state.problem if self._state.problem and self._state.problem.names == {name} else None
            self._with_losses_of(name, self._solutions(known) if known else None, out)
        return out

    def _with_losses_of(self, name: str, problem: Solutions | None, out: list[LineVerdict]) -> None:
        """The same of the lines about one unknown."""
        sets = [(place, found) for place, (of, found) in sorted(self.sets.items()) if of == name]
        for k, (place, told) in enumerate(sets):
            kind, later = out[place].kind, sets[k:]
            before = sets[k - 1][1] if k else problem
            if kind in ("lost", "false") and before is not None and _is_case(before, [found for _, found in later]):
                for p, found in later:
                    if out[p].kind in FAULTS and found.within(before):
                        out[p] = replace(out[p], kind="follows", counterexample="", slip="")
            elif problem is not None and (
                (kind == "gained" and later[-1][1].equals(problem)) or (kind == "lost" and told.equals(problem))
            ):
                out[place] = replace(out[place], kind="follows", counterexample="", slip="")


def _have_points(condition: Condition) -> bool:
    """Whether equations in several letters are known to have solutions together."""
    return bool(joint_solutions(condition.statements, sorted(condition.names)))


def _wrong_pair(new: Condition, system: list[Point]) -> Point | None:
    """Values that a line tells for all unknowns of a system and that do not solve it; None if there are none."""
    for case in new.cases if len(new.cases) > 1 else ():
        told = {s.sources[0]: value(s.sides[-1], {}) for s in case if not symbols(s.sides[-1])}
        point = {name: v for name, v in told.items() if v is not None}
        if (
            system
            and point.keys() == system[0].keys()
            and not any(all(alike(point[name], v) for name, v in known.items()) for known in system)
        ):
            return point
    return None


def _is_case(before: Solutions, later: list[Solutions]) -> bool:
    """Whether lines tell the solutions of the one before together."""
    if not before.values or not later[0].within(before) or not later[0].values:
        return False
    inside = [found for found in later if found.within(before)]
    return before.within(Solutions(tuple(v for found in inside for v in found.values)))


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


def _with_letter(condition: Condition, call: Term, name: str) -> Condition | None:
    """A condition with a letter in the place of a function's value; None if the letter stands elsewhere too."""

    def put(term: Term) -> Term:
        return replaced(term, call, Symbol("_"))

    cases = tuple(tuple(replace(s, sides=tuple(map(put, s.sides))) for s in case) for case in condition.cases)
    if any(name in s.names for case in cases for s in case):
        return None
    named = {"_": Symbol(name)}
    return Condition(
        tuple(
            tuple(replace(s, sides=tuple(substituted(side, named) for side in s.sides)) for s in case) for case in cases
        )
    )


def _tells_complex(condition: Condition) -> bool:
    return any(has_unit(*statement.sides) for statement in condition.statements)


def _tells_number(condition: Condition) -> bool:
    """Whether it says what number one letter is."""
    return len(condition.statements) == 1 and all(
        isinstance(s.sides[0], Symbol) and not symbols(s.sides[-1]) for s in condition.statements
    )


def _borders(condition: Condition) -> Solutions | None:
    """Where the sides of an inequality are equal or not defined."""
    cases = [(replace(s, relations=("=",) * len(s.relations)),) for s in condition.statements]
    zero = Number(Fraction(0))
    for statement in condition.statements:
        below = [
            p.base for side in statement.sides for p in walk(side) if isinstance(p, Power) and p.exponent == MINUS_ONE
        ]
        cases += [(replace(statement, sides=(b, zero), relations=("=",)),) for b in below if symbols(b)]
    return solutions(Condition(tuple(cases)))


def _with_natural_logarithms(condition: Condition) -> Condition:
    def natural(term: Term) -> Term:
        match term:
            case Call("log", (argument, Number(base))) if base == 10:
                return Call("log", (natural(argument),))
            case Sum(terms):
                return Sum(tuple(map(natural, terms)))
            case Product(factors):
                return Product(tuple(map(natural, factors)))
            case Power(base, exponent):
                return Power(natural(base), natural(exponent))
            case _:
                return term

    cases = [[replace(s, sides=tuple(map(natural, s.sides))) for s in case] for case in condition.cases]
    return Condition(tuple(map(tuple, cases)))


def _is_ambiguous(*conditions: Condition) -> bool:
    """Whether a logarithm has no base: to some it is the natural one, to others that of ten."""
    sources = (source for c in conditions for s in c.statements for source in s.sources)
    return any(re.search(r"(?<![a-z])log(?![a-z_])", source) for source in sources)
