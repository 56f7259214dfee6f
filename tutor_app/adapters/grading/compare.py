"""Whether an answer means the same as the gold answer: one rule for each type of answer.

The strict rules. Whole numbers and fractions are exact. A decimal counts by significant digits only where the gold
answer is one, or where it is the correct rounding of an exact gold answer to at least three digits (reason
``rounded``, so that it can be counted apart). Percent and units only where they are written. Tuples have an order,
sets and lists of solutions have none, intervals have their brackets, a number base is part of the answer.

Nothing here imports SymPy. Where exact arithmetic cannot decide, an ``Oracle`` is asked; without one the answer
to the question is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Final

from tutor_app.adapters.grading.algebra import proportional, same
from tutor_app.adapters.grading.families import renamed_line, same_clock, same_congruence, same_family, up_to_constant
from tutor_app.adapters.grading.finding import Finding
from tutor_app.adapters.grading.readings import NO_SOLUTION
from tutor_app.adapters.grading.residues import has_modulus, same_residues
from tutor_app.adapters.grading.rounding import rounding, to_gold_digits
from tutor_app.adapters.grading.shapes import (
    as_rows,
    bounds,
    by_component,
    is_fraction,
    is_interval,
    is_name,
    measured,
    mixes_names,
    same_name,
    two_solutions,
    unwrapped,
    values_by_name,
    variables,
    without_indices,
)
from tutor_app.adapters.grading.solution_sets import FLIPPED, SCALAR, as_set, is_constant, solution_set, variable
from tutor_app.adapters.grading.terms import (
    INFINITY,
    Based,
    Both,
    Clock,
    Constant,
    Degrees,
    Group,
    Matrix,
    Number,
    Piecewise,
    Proposition,
    Quantity,
    Ratio,
    Relation,
    Symbol,
    Term,
    Union,
    Words,
    children,
    negative,
    product,
    substituted,
    symbols,
    total,
    walk,
    without_degrees,
)
from tutor_app.adapters.grading.units import Measure, measures
from tutor_app.adapters.grading.wording import same_based, same_propositions, same_words

Oracle = Callable[[Term, Term], bool | None]
"""Decides whether two scalar terms are equal where exact arithmetic cannot; None if it cannot either."""

MAX_ITEMS: Final = 100
_RADIANS: Final = product(Constant("pi"), Number(Fraction(1, 180)))
_COORDINATES: Final = frozenset("xyz")
"""Names whose order is known, whatever order an answer lists them in."""


def compare_readings(golds: Sequence[Term], answers: Sequence[Term], oracle: Oracle | None = None) -> Finding:
    """The best finding over every pair of readings."""
    comparison = Comparison(oracle)
    best = Finding(False, "different")
    for gold in golds:
        for answer in answers:
            found = comparison.compare(gold, answer)
            if found:
                return found
            # Undecided outweighs different; otherwise the likeliest readings give the reason.
            if best.same is False and (found.same is None or best.reason == "different"):
                best = found
    return best


class Comparison:
    """The rules, with what they need for the hard cases."""

    def __init__(self, oracle: Oracle | None) -> None:
        self._oracle = oracle

    def compare(self, gold: Term, answer: Term) -> Finding:
        """Whether the answer means the gold answer."""
        if gold == answer:
            return Finding(True, "same_form")
        gold, answer = unwrapped(gold), unwrapped(answer)
        if (has_modulus(gold) or has_modulus(answer)) and (alike := same_residues(gold, answer)) is not None:
            return Finding(alike, "congruent" if alike else "different_residues")
        if isinstance(gold, Proposition) or isinstance(answer, Proposition):
            return same_propositions(gold, answer)
        if isinstance(gold, Clock) or isinstance(answer, Clock):
            return Finding(*same_clock(gold, answer))
        if isinstance(gold, Relation) or isinstance(answer, Relation):
            return self._relations(gold, answer)
        if isinstance(gold, Quantity | Degrees) or isinstance(answer, Quantity | Degrees):
            return self._quantities(gold, answer)
        if isinstance(gold, Based) or isinstance(answer, Based):
            return same_based(gold, answer)
        if isinstance(gold, Piecewise) or isinstance(answer, Piecewise):
            return self._piecewise(gold, answer)
        if isinstance(gold, Words) or isinstance(answer, Words):
            if any(t == Group((), "{}") for t in (gold, answer)):
                said = next(t.text for t in (gold, answer) if isinstance(t, Words))
                return Finding(bool(NO_SOLUTION.fullmatch(said)), "no_solution")
            return same_words(gold, answer)
        if isinstance(gold, Ratio) or isinstance(answer, Ratio):
            return self._ratios(gold, answer)
        if (renamed := renamed_line(gold, answer)) is not None:
            return self.compare(gold, renamed)
        if isinstance(gold, Matrix) or isinstance(answer, Matrix):
            return self._matrices(gold, answer)
        if isinstance(gold, Group | Union | Both) or isinstance(answer, Group | Union | Both):
            return self._groups(gold, answer)
        return self._scalars(gold, answer)

    # --- one value -------------------------------------------------------------------------------------------

    def _scalars(self, gold: Term, answer: Term) -> Finding:
        if gold == answer:
            return Finding(True, "same_form")
        exact = same(gold, answer)
        if exact:
            return Finding(True, "equal")
        if isinstance(answer, Number) and (found := rounding(gold, answer)):
            return found
        if isinstance(gold, Number) and gold.places is not None and (found := to_gold_digits(gold, answer)):
            return found
        degrees = [any(isinstance(part, Degrees) for part in walk(t)) for t in (gold, answer)]
        if degrees[0] != degrees[1] and same(without_degrees(gold), without_degrees(answer)):
            return Finding(True, "unit_dropped")  # "cos 13" for the cosine of 13 degrees
        if same_family(gold, answer):
            return Finding(True, "equal_family")
        differences = up_to_constant(gold, answer)
        if exact is False and not differences:
            return Finding(False, "different_value")
        if INFINITY in (gold, answer) or negative(INFINITY) in (gold, answer):
            return Finding(False, "different_value")
        if self._oracle is None:
            return Finding(None, "needs_algebra")
        decided = self._oracle(gold, answer) if exact is None else False
        if decided is False and any(self._oracle(*pair) for pair in differences):
            return Finding(True, "equal_family")
        reason = {True: "equal_by_algebra", False: "different_value", None: "undecided"}[decided]
        return Finding(decided, reason)

    def _quantities(self, gold: Term, answer: Term) -> Finding:
        gold, gold_unit = measured(gold)
        answer, answer_unit = measured(answer)
        if isinstance(gold, Quantity | Relation) or isinstance(answer, Quantity | Relation):
            return Finding(False, "different_unit")
        if gold_unit and answer_unit and (mine := measures(gold_unit)) and (theirs := measures(answer_unit)):
            return self._measured_alike(gold, answer, mine, theirs)
        if "%" in (gold_unit, answer_unit) and gold_unit and answer_unit:
            return Finding(False, "different_unit")
        if "p" in (gold_unit, answer_unit):
            return Finding(False, "different_unit")  # "50p" is pence only beside another amount of that money
        found = self.compare(gold, answer)
        if found and answer_unit == "%" and not gold_unit and is_fraction(gold):
            return Finding(False, "different_unit")  # a quarter is no quarter of a percent
        if found or bool(gold_unit) == bool(answer_unit):
            return found
        reason = "unit_dropped"
        if "%" in (gold_unit, answer_unit):
            hundredth = Number(Fraction(1, 100))
            if gold_unit:
                found = self.compare(product(hundredth, gold), answer)
            else:
                found = self.compare(gold, product(hundredth, answer))
            reason = "percent_as_fraction"
        elif "deg" in (gold_unit, answer_unit):
            if isinstance(gold, SCALAR) and isinstance(answer, SCALAR):
                found = self._scalars(Degrees(gold) if gold_unit else gold, Degrees(answer) if answer_unit else answer)
            reason = "degrees_as_radians"
        return Finding(True, reason) if found else found

    def _measured_alike(
        self, gold: Term, answer: Term, mine: tuple[Measure, ...], theirs: tuple[Measure, ...]
    ) -> Finding:
        """Values with units that are both known."""
        for kind, size in mine:
            for other, other_size in theirs:
                if kind == other and size == other_size:
                    return self.compare(gold, answer)
                if kind == other:
                    return self.compare(product(Number(size), gold), product(Number(other_size), answer))
                if {kind, other} == {"angle", "arc"} and isinstance(gold, SCALAR) and isinstance(answer, SCALAR):
                    gold = product(gold, _RADIANS) if kind == "angle" else gold
                    return self.compare(gold, product(answer, _RADIANS) if other == "angle" else answer)
        return Finding(False, "different_unit")

    def _ratios(self, gold: Term, answer: Term) -> Finding:
        def parts(term: Term) -> tuple[Term, ...]:
            return term.members if isinstance(term, Ratio) else (term, Number(Fraction(1)))

        a, b = parts(gold), parts(answer)
        if len(a) != len(b) or not all(isinstance(t, SCALAR) for t in (*a, *b)):
            return Finding(False, "different_ratio")
        for k in range(1, len(a)):
            found = self._scalars(product(a[0], b[k]), product(a[k], b[0]))
            if not found:
                return found
        return Finding(True, "equal")

    # --- several values --------------------------------------------------------------------------------------

    def _matrices(self, gold: Term, answer: Term) -> Finding:
        a, b = as_rows(gold), as_rows(answer)
        if a is None or b is None:
            return Finding(False, "different_type")
        if not (isinstance(gold, Matrix) and isinstance(answer, Matrix)) and len(a) == 1 and len(b[0]) == 1:
            a = tuple((cell,) for cell in a[0])  # a row vector against a tuple
        if not (isinstance(gold, Matrix) and isinstance(answer, Matrix)) and len(b) == 1 and len(a[0]) == 1:
            b = tuple((cell,) for cell in b[0])
        if (len(a), len(a[0])) != (len(b), len(b[0])):
            return Finding(False, "different_shape")
        pairs = [(x, y) for r, s in zip(a, b, strict=True) for x, y in zip(r, s, strict=True)]
        return self._in_order(pairs, "different_element")

    def _groups(self, gold: Term, answer: Term) -> Finding:
        mine, theirs = variables(gold), variables(answer)
        if mine and theirs and mine != theirs:
            answer = without_indices(answer, mine)
            if mine != variables(answer):
                return Finding(False, "different_variable")
        if mixes_names(gold) or mixes_names(answer):
            return self._named(gold, answer)
        gold, answer = as_set(gold), as_set(answer)
        if isinstance(gold, Both) or isinstance(answer, Both):
            if not isinstance(gold, Both) or not isinstance(answer, Both):
                return Finding(False, "different_type")
            return self._any_order(gold.parts, answer.parts)
        if isinstance(gold, Union) or isinstance(answer, Union):
            a = gold.parts if isinstance(gold, Union) else (gold,)
            b = answer.parts if isinstance(answer, Union) else (answer,)
            return self._any_order(a, b)
        if not isinstance(gold, Group) or not isinstance(answer, Group):
            if isinstance(gold, SCALAR) and isinstance(answer, Group) and (value := self._double_root(answer)):
                return self.compare(gold, value)
            return Finding(False, "different_count")
        a, b = gold.items, answer.items
        one, two = gold.brackets, answer.brackets
        return self._bracketed(a, b, one, two, interval=is_interval(gold))

    def _bracketed(self, a: Sequence[Term], b: Sequence[Term], mine: str, theirs: str, *, interval: bool) -> Finding:
        equations = mine == theirs == "" and all(isinstance(t, Relation) for t in (*a, *b))
        if len(a) != len(b) and not (mine == theirs == "{}" or equations):
            return Finding(False, "different_count")
        free = ("", "{}")
        if mine in free and theirs in (*free, "[]"):
            return self._any_order(a, b)
        if mine in free and theirs == "()":
            return self._in_order(zip(a, b, strict=True), "different_element")
        if mine == "()" and theirs == "":
            names = [t.members[0] for t in b if isinstance(t, Relation) and t.ops == ("=",)]
            if len(names) == len(b) and len(set(names)) < len(b):
                return Finding(False, "different_brackets")  # values of one unknown are no point
            return self._in_order(zip(a, b, strict=True), "different_element")
        if mine == "[]" and theirs in free and not interval:
            return self._any_order(a, b)
        if mine != theirs and (len(a) == 2 or "{}" in (mine, theirs) or {mine, theirs} - {"()", "[]"}):
            return Finding(False, "different_brackets")
        return self._in_order(list(zip(a, b, strict=True)), "different_element")

    def _named(self, gold: Term, answer: Term) -> Finding:
        """Values of several unknowns: by their names where both have them, else in the order of the alphabet."""
        mine, theirs = values_by_name(gold), values_by_name(answer)
        if mine is not None and theirs is not None:
            if sorted(mine) != sorted(theirs):
                return Finding(False, "different_variable")
            return self._in_order([(mine[name], theirs[name]) for name in sorted(mine)], "different_element")
        by_name = mine if mine is not None else theirs
        other = unwrapped(answer if mine is not None else gold)
        if by_name is None:
            if type(gold) is not type(answer):
                return Finding(False, "different_type")
            return self._any_order(children(gold), children(answer))
        values = [by_name[name] for name in sorted(by_name)]
        rows = as_rows(other) if isinstance(other, Matrix) else None
        items = tuple(row[0] for row in rows) if rows and len(rows[0]) == 1 else children(other)
        if not isinstance(other, Group | Matrix) or len(items) != len(values):
            return Finding(False, "different_count")
        pairs = zip(values, items, strict=True) if mine is not None else zip(items, values, strict=True)
        return self._in_order(list(pairs), "different_element")

    def _piecewise(self, gold: Term, answer: Term) -> Finding:
        if not isinstance(gold, Piecewise) or not isinstance(answer, Piecewise):
            return Finding(None, "undecided") if isinstance(gold, SCALAR) else Finding(False, "different_type")
        if len(gold.pieces) != len(answer.pieces):
            return Finding(None, "undecided")
        left = list(answer.pieces)
        pending: list[tuple[Term, Term | None]] = []
        for value, condition in gold.pieces:
            for k, (other, when) in enumerate(left):
                alike = condition is not None and when is not None and self.compare(condition, when)
                if alike or (condition is None and when is None):
                    if found := self.compare(value, other):
                        del left[k]
                        break
                    return Finding(found.same, "different_piece")
            else:
                pending.append((value, condition))
        if not pending:
            return Finding(True, "equal")
        if len(pending) == 1 and None in (pending[0][1], left[0][1]):
            # The last piece is all the rest, said with "otherwise" in one of them.
            found = self.compare(pending[0][0], left[0][0])
            return Finding(True, "otherwise") if found else Finding(found.same, "different_piece")
        values_match = self._any_order([v for v, _ in pending], [v for v, _ in left])
        ends = [{bounds(condition) for _, condition in pieces} for pieces in (pending, left)]
        if None not in ends[0] | ends[1]:
            swapped = any(
                self.compare(value, other).same is False
                for value, condition in pending
                for other, when in left
                if bounds(condition) == bounds(when)
            )
            if ends[0] != ends[1] or swapped:
                return Finding(False, "different_pieces")
        return Finding(None if values_match else False, "different_pieces")

    def _in_order(self, pairs: Iterable[tuple[Term, Term]], reason: str) -> Finding:
        undecided = rounded = False
        for a, b in pairs:
            found = self.compare(a, b)
            if found.same is False:
                return Finding(False, reason)
            undecided = undecided or found.same is None
            rounded = rounded or found.reason == "rounded"
        if undecided:
            return Finding(None, "needs_algebra" if self._oracle is None else "undecided")
        return Finding(True, "rounded" if rounded else "equal")

    def _any_order(self, gold: Sequence[Term], answer: Sequence[Term]) -> Finding:
        if len(gold) != len(answer):
            gold, answer = self._distinct(gold), self._distinct(answer)
        if len(gold) != len(answer):
            return Finding(False, "different_count")
        if len(gold) > MAX_ITEMS:
            return self._in_order(zip(gold, answer, strict=True), "different_element")
        left = list(answer)
        undecided = rounded = False
        for a in gold:
            for k, b in enumerate(left):
                found = self.compare(a, b)
                undecided = undecided or found.same is None
                if found:
                    rounded = rounded or found.reason == "rounded"
                    del left[k]
                    break
            else:
                if undecided:
                    return Finding(None, "needs_algebra" if self._oracle is None else "undecided")
                return Finding(False, "different_element")
        return Finding(True, "rounded" if rounded else "equal")

    def _distinct(self, items: Sequence[Term]) -> list[Term]:
        kept: list[Term] = []
        for item in items[:MAX_ITEMS]:
            if not any(self.compare(item, other) for other in kept):
                kept.append(item)
        return kept

    # --- equations and inequalities --------------------------------------------------------------------------

    def _relations(self, gold: Term, answer: Term) -> Finding:
        mine, theirs = by_component(gold), by_component(answer)
        if mine is not None and theirs is not None:
            return self.compare(mine, theirs)
        if any(named is not None and variables(named) <= _COORDINATES for named in (mine, theirs)):
            return self.compare(mine or gold, theirs or answer)
        if isinstance(gold, Relation) and isinstance(answer, Relation):
            return self._both_relations(gold, answer)
        relation, other = (gold, answer) if isinstance(gold, Relation) else (answer, gold)
        assert isinstance(relation, Relation)
        if isinstance(other, Group) and (once := self._repeated(relation, other)) is not None:
            return self.compare(gold, once) if relation is gold else self.compare(once, answer)
        names = variables(other) if relation.ops == ("=",) and isinstance(relation.members[0], Symbol) else frozenset()
        if names and all(relation.members[0] != Symbol(name) for name in names):
            return Finding(False, "different_variable")
        if (both := two_solutions(relation)) is not None and isinstance(other, Group):
            return self.compare(both, answer) if relation is gold else self.compare(gold, both)

        def judge(value: Term) -> Finding:
            return self.compare(value, answer) if relation is gold else self.compare(gold, value)

        if (as_set := solution_set(relation)) is not None and isinstance(other, Group | Union | Both):
            listed = isinstance(other, Group) and other.brackets in ("", "{}")
            if listed and isinstance(as_set, Group) and as_set.brackets not in ("", "{}"):
                return Finding(False, "different_brackets")  # two values are no interval
            return judge(as_set)
        if relation.ops[-1] == "mod":
            return judge(relation.members[1]) if is_name(relation.members[0]) else Finding(False, "different_type")
        if not set(relation.ops) <= {"=", "~", "in", "==mod"}:
            return Finding(False, "different_type")
        first, *values = relation.members
        if not is_name(first):
            if len(values) == 1 and is_name(values[0]) and relation.ops == ("=",):
                first, values = values[0], [first]  # "3 = x"
            elif relation.ops[-1] == "~" or (all(op == "=" for op in relation.ops) and len(values) > 1):
                values = [first, *values]  # "1/3 ~ 0.333", and a chain of steps
            elif relation.ops == ("=",) and is_constant(first) and self.compare(first, values[0]):
                values = [first, *values]  # "6/2 = 3", which is true
            else:
                return Finding(False, "different_type")
        found = judge(values[-1])
        if not found and relation.ops[-1] == "~" and len(values) > 1:
            found = judge(values[-2])
        return found

    def _repeated(self, relation: Relation, listed: Group) -> Term | None:
        """The one equation of a list that says it twice, such as ``x_1 = 2, x_2 = 2`` of a double root."""
        if relation.ops != ("=",) or not isinstance(relation.members[0], Symbol):
            return None
        bare = without_indices(listed, frozenset((relation.members[0].name,)))
        alone = self._distinct(children(bare)) if all(isinstance(t, Relation) for t in children(bare)) else []
        return alone[0] if len(alone) == 1 and alone[0] != listed else None

    def _double_root(self, listed: Group) -> Term | None:
        """The value of a root that is listed twice, as ``x_1 = 2, x_2 = 2``."""
        names = [t.members[0] for t in listed.items if isinstance(t, Relation) and t.ops == ("=",)]
        bases = {name.name.partition("_")[0] for name in names if isinstance(name, Symbol) and "_" in name.name}
        if len(names) != len(listed.items) or len(bases) != 1 or not all(isinstance(n, Symbol) for n in names):
            return None
        alone = self._distinct(children(without_indices(listed, frozenset(bases))))
        return alone[0] if len(alone) == 1 else None

    def _both_relations(self, gold: Relation, answer: Relation) -> Finding:
        if gold.ops[-1] == "mod" and answer.ops[-1] == "mod":
            return Finding(*same_congruence(gold, answer))
        a, b = solution_set(gold), solution_set(answer)
        if a is not None and b is not None and {"<", ">", "<=", ">=", "!=", "in"} & {*gold.ops, *answer.ops}:
            return self.compare(a, b) if variable(gold) == variable(answer) else Finding(False, "different_variable")
        if gold.ops == answer.ops and len(gold.members) == len(answer.members) and gold.ops != ("=",):
            return self._in_order(zip(gold.members, answer.members, strict=True), "different_element")
        if tuple(FLIPPED.get(op, op) for op in reversed(answer.ops)) == gold.ops and gold.ops != ("=",):
            pairs = zip(gold.members, reversed(answer.members), strict=True)
            found = self._in_order(pairs, "different_element")
            if found:
                return found
        if len(gold.members) != 2 or len(answer.members) != 2:
            if gold.ops == ("=",) and set(answer.ops) <= {"=", "~"} and is_name(gold.members[0]):
                return self.compare(gold.members[1], answer)
            return Finding(False, "different_type")
        op = answer.ops[0]
        if op == "~":
            op = "="
        if not all(isinstance(t, SCALAR) for t in (*gold.members, *answer.members)):
            if gold.members[0] == answer.members[0] and gold.ops[0] == op:
                return self.compare(gold.members[1], answer.members[1])
            return Finding(False, "different_type")
        return self._zero_sets(gold, answer, op)

    def _zero_sets(self, gold: Relation, answer: Relation, op: str) -> Finding:
        """Equations and inequalities of two members: left minus right, up to a factor."""
        one, two = (total(r.members[0], negative(r.members[1])) for r in (gold, answer))
        factor = proportional(one, two)
        if factor is not None:
            wanted = op if factor > 0 else FLIPPED.get(op, op)
            return Finding(wanted == gold.ops[0], "equal" if wanted == gold.ops[0] else "different_relation")
        if gold.ops[0] != op:
            return Finding(False, "different_relation")
        mine, theirs = (r.members[0] for r in (gold, answer))
        if is_name(mine) and is_name(theirs):
            # "y = 2x" and "f(x) = 2x" name the same thing; "a = 9" and "b = 9" do not.
            renamed = same_name(mine, theirs)
            free = symbols(answer.members[1]) - set(renamed or ())
            if renamed is None or any(new != Symbol(old) and symbols(new) & free for old, new in renamed.items()):
                return Finding(False, "different_variable")
            return self.compare(gold.members[1], substituted(answer.members[1], renamed))
        return Finding(False, "different_relation")
