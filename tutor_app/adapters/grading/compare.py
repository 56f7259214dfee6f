"""Whether an answer means the same as the gold answer: one rule for each type of answer.

The strict rules. Whole numbers and fractions are exact. A decimal counts by significant digits only where the gold
answer is one, or where it is the correct rounding of an exact gold answer to at least three digits (reason
``rounded``, so that it can be counted apart). Percent and units only where they are written. Tuples have an order,
sets and lists of solutions have none, intervals have their brackets, a number base is part of the answer.

Nothing here imports SymPy. Where exact arithmetic cannot decide, an ``Oracle`` is asked; without one the answer
to the question is None.

Longer than most files here because it is one table of rules, and they refer to each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from tutor_app.adapters.grading.algebra import linear, proportional, rational, real, same
from tutor_app.adapters.grading.families import renamed_line, same_clock, same_congruence, same_family
from tutor_app.adapters.grading.logic import same_proposition
from tutor_app.adapters.grading.python_reader import as_matrix
from tutor_app.adapters.grading.readings import NO_SOLUTION
from tutor_app.adapters.grading.residues import has_modulus, same_residues
from tutor_app.adapters.grading.solution_sets import FLIPPED, SCALAR, as_set, is_constant, solution_set, variable
from tutor_app.adapters.grading.terms import (
    INFINITY,
    MINUS_ONE,
    Based,
    Both,
    Call,
    Clock,
    Constant,
    Degrees,
    Group,
    Matrix,
    Number,
    Piecewise,
    Power,
    Product,
    Proposition,
    Quantity,
    Ratio,
    Relation,
    Sum,
    Symbol,
    Term,
    Union,
    Unreadable,
    Words,
    children,
    negative,
    product,
    root,
    substituted,
    symbols,
    total,
    walk,
    without_degrees,
)
from tutor_app.adapters.grading.units import Measure, measures

Oracle = Callable[[Term, Term], bool | None]
"""Decides whether two scalar terms are equal where exact arithmetic cannot; None if it cannot either."""

MAX_ITEMS: Final = 100
MIN_ROUNDED_DIGITS: Final = 3
FLOAT_DIGITS: Final = 15
"""A number printed with this many significant digits is a double, right to its last but one."""
_TEMPERATURES: Final = frozenset(("C", "F", "Celsius", "Fahrenheit", "celsius", "fahrenheit"))
_FUNCTION_LETTERS: Final = frozenset("fghFGHP")
_RADIANS: Final = product(Constant("pi"), Number(Fraction(1, 180)))
_CHOICE: Final = re.compile(r"\(?([A-Za-z])[).:]?(?:(?<=[).:])\s.*)?")
_LETTERS: Final = re.compile(r"[A-Z](?:(?:[\s,;&]|\band\b)+[A-Z])+")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a comparison found.

    Attributes:
        same: None if it could not be decided.
        reason: A short code.
    """

    same: bool | None
    reason: str

    def __bool__(self) -> bool:
        return self.same is True


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
        gold, answer = _unwrapped(gold), _unwrapped(answer)
        if (has_modulus(gold) or has_modulus(answer)) and (alike := same_residues(gold, answer)) is not None:
            return Finding(alike, "congruent" if alike else "different_residues")
        if isinstance(gold, Proposition) or isinstance(answer, Proposition):
            return _propositions(gold, answer)
        if isinstance(gold, Clock) or isinstance(answer, Clock):
            return Finding(*same_clock(gold, answer))
        if isinstance(gold, Relation) or isinstance(answer, Relation):
            return self._relations(gold, answer)
        if isinstance(gold, Quantity | Degrees) or isinstance(answer, Quantity | Degrees):
            return self._quantities(gold, answer)
        if isinstance(gold, Based) or isinstance(answer, Based):
            return _based(gold, answer)
        if isinstance(gold, Piecewise) or isinstance(answer, Piecewise):
            return self._piecewise(gold, answer)
        if isinstance(gold, Words) or isinstance(answer, Words):
            if any(t == Group((), "{}") for t in (gold, answer)):
                said = next(t.text for t in (gold, answer) if isinstance(t, Words))
                return Finding(bool(NO_SOLUTION.fullmatch(said)), "no_solution")
            return _words(gold, answer)
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
        if isinstance(answer, Number) and (found := _rounding(gold, answer)):
            return found
        if isinstance(gold, Number) and gold.places is not None and (found := _to_gold_digits(gold, answer)):
            return found
        degrees = [any(isinstance(part, Degrees) for part in walk(t)) for t in (gold, answer)]
        if degrees[0] != degrees[1] and same(without_degrees(gold), without_degrees(answer)):
            return Finding(True, "unit_dropped")  # "cos 13" for the cosine of 13 degrees
        if same_family(gold, answer):
            return Finding(True, "equal_family")
        if exact is False:
            return Finding(False, "different_value")
        if INFINITY in (gold, answer) or negative(INFINITY) in (gold, answer):
            return Finding(False, "different_value")
        if self._oracle is None:
            return Finding(None, "needs_algebra")
        decided = self._oracle(gold, answer)
        reason = {True: "equal_by_algebra", False: "different_value", None: "undecided"}[decided]
        return Finding(decided, reason)

    def _quantities(self, gold: Term, answer: Term) -> Finding:
        gold, gold_unit = _measured(gold)
        answer, answer_unit = _measured(answer)
        if isinstance(gold, Quantity | Relation) or isinstance(answer, Quantity | Relation):
            return Finding(False, "different_unit")
        if gold_unit and answer_unit and (mine := measures(gold_unit)) and (theirs := measures(answer_unit)):
            return self._measured_alike(gold, answer, mine, theirs)
        if "%" in (gold_unit, answer_unit) and gold_unit and answer_unit:
            return Finding(False, "different_unit")
        if "p" in (gold_unit, answer_unit):
            return Finding(False, "different_unit")  # "50p" is pence only beside another amount of that money
        found = self.compare(gold, answer)
        if found and answer_unit == "%" and not gold_unit and _is_fraction(gold):
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
        a, b = _as_rows(gold), _as_rows(answer)
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
        mine, theirs = _variables(gold), _variables(answer)
        if mine and theirs and mine != theirs:
            answer = _without_indices(answer, mine)
            if mine != _variables(answer):
                return Finding(False, "different_variable")
        if _mixes_names(gold) or _mixes_names(answer):
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
        return self._bracketed(a, b, one, two, interval=_is_interval(gold))

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
        mine, theirs = _values_by_name(gold), _values_by_name(answer)
        if mine is not None and theirs is not None:
            if sorted(mine) != sorted(theirs):
                return Finding(False, "different_variable")
            return self._in_order([(mine[name], theirs[name]) for name in sorted(mine)], "different_element")
        by_name = mine if mine is not None else theirs
        other = _unwrapped(answer if mine is not None else gold)
        if by_name is None:
            if type(gold) is not type(answer):
                return Finding(False, "different_type")
            return self._any_order(children(gold), children(answer))
        values = [by_name[name] for name in sorted(by_name)]
        rows = _as_rows(other) if isinstance(other, Matrix) else None
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
        ends = [{_ends(condition) for _, condition in pieces} for pieces in (pending, left)]
        if None not in ends[0] | ends[1]:
            swapped = any(
                self.compare(value, other).same is False
                for value, condition in pending
                for other, when in left
                if _ends(condition) == _ends(when)
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
        if isinstance(gold, Relation) and isinstance(answer, Relation):
            return self._both_relations(gold, answer)
        relation, other = (gold, answer) if isinstance(gold, Relation) else (answer, gold)
        assert isinstance(relation, Relation)
        if isinstance(other, Group) and (once := self._repeated(relation, other)) is not None:
            return self.compare(gold, once) if relation is gold else self.compare(once, answer)
        names = _variables(other) if relation.ops == ("=",) and isinstance(relation.members[0], Symbol) else frozenset()
        if names and all(relation.members[0] != Symbol(name) for name in names):
            return Finding(False, "different_variable")
        if (both := _two_solutions(relation)) is not None and isinstance(other, Group):
            return self.compare(both, answer) if relation is gold else self.compare(gold, both)

        def judge(value: Term) -> Finding:
            return self.compare(value, answer) if relation is gold else self.compare(gold, value)

        if (as_set := solution_set(relation)) is not None and isinstance(other, Group | Union | Both):
            listed = isinstance(other, Group) and other.brackets in ("", "{}")
            if listed and isinstance(as_set, Group) and as_set.brackets not in ("", "{}"):
                return Finding(False, "different_brackets")  # two values are no interval
            return judge(as_set)
        if relation.ops[-1] == "mod":
            return judge(relation.members[1]) if _is_name(relation.members[0]) else Finding(False, "different_type")
        if not set(relation.ops) <= {"=", "~", "in", "==mod"}:
            return Finding(False, "different_type")
        first, *values = relation.members
        if not _is_name(first):
            if len(values) == 1 and _is_name(values[0]) and relation.ops == ("=",):
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
        bare = _without_indices(listed, frozenset((relation.members[0].name,)))
        alone = self._distinct(children(bare)) if all(isinstance(t, Relation) for t in children(bare)) else []
        return alone[0] if len(alone) == 1 and alone[0] != listed else None

    def _double_root(self, listed: Group) -> Term | None:
        """The value of a root that is listed twice, as ``x_1 = 2, x_2 = 2``."""
        names = [t.members[0] for t in listed.items if isinstance(t, Relation) and t.ops == ("=",)]
        bases = {name.name.partition("_")[0] for name in names if isinstance(name, Symbol) and "_" in name.name}
        if len(names) != len(listed.items) or len(bases) != 1 or not all(isinstance(n, Symbol) for n in names):
            return None
        alone = self._distinct(children(_without_indices(listed, frozenset(bases))))
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
            if gold.ops == ("=",) and set(answer.ops) <= {"=", "~"} and _is_name(gold.members[0]):
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
        if _is_name(mine) and _is_name(theirs):
            # "y = 2x" and "f(x) = 2x" name the same thing; "a = 9" and "b = 9" do not.
            renamed = _same_name(mine, theirs)
            free = symbols(answer.members[1]) - set(renamed or ())
            if renamed is None or any(new != Symbol(old) and symbols(new) & free for old, new in renamed.items()):
                return Finding(False, "different_variable")
            return self.compare(gold.members[1], substituted(answer.members[1], renamed))
        return Finding(False, "different_relation")


# --- decimals ------------------------------------------------------------------------------------------------


def _rounding(gold: Term, answer: Number) -> Finding | None:
    """Whether a decimal answer is the gold value as a computer prints it, or rounded well enough by hand."""
    if answer.places is None:
        return None
    value = rational(gold)
    floating = float(value) if value is not None and abs(value) < 10**15 else real(gold)
    if floating is None or floating == 0:
        return None
    exact = value if value is not None else Fraction(floating)
    error = abs(exact - answer.value)
    if answer.digits >= FLOAT_DIGITS and error <= abs(exact) * Fraction(1, 10**13):
        return Finding(True, "float_noise")
    if exact.denominator == 1 and value is not None:
        return None  # a whole number is exact
    enough = answer.digits >= MIN_ROUNDED_DIGITS or (answer.digits == 2 and answer.places == MIN_ROUNDED_DIGITS)
    if isinstance(gold, Number) and gold.places is not None:
        # The gold answer chose its precision; only one with a computer's many digits may be rounded.
        enough = gold.digits >= 7 and answer.digits >= 6 and answer.places >= 2
    if enough and answer.places > 0 and error <= _half_unit(answer.places, exact):
        return Finding(True, "rounded")
    return None


def _to_gold_digits(gold: Number, answer: Term) -> Finding | None:
    """Whether the answer rounds to a decimal gold answer; one of one or two digits is taken as exact."""
    value = rational(answer)
    floating = real(answer)
    if gold.places is None or gold.places < 1 or gold.digits < MIN_ROUNDED_DIGITS or floating is None:
        return None
    if isinstance(answer, Number) and gold.digits >= FLOAT_DIGITS:
        error = abs(answer.value - gold.value)
        if error <= abs(gold.value) * Fraction(1, 10**13):
            return Finding(True, "float_noise")
    if isinstance(answer, Number) and answer.digits < gold.digits and answer.places is not None:
        return None
    places = gold.places - max(0, gold.digits - 12)
    exact = value if value is not None else Fraction(floating)
    if abs(exact - gold.value) <= _half_unit(places, exact):
        return Finding(True, "gold_digits")
    return None


def _half_unit(places: int, value: Fraction) -> Fraction:
    """Half a unit of the last place, and a little for the arithmetic that came before."""
    return Fraction(1, 2) / Fraction(10) ** places + abs(value) * Fraction(1, 10**13)


# --- words, letters, bases -----------------------------------------------------------------------------------


def _words(gold: Term, answer: Term) -> Finding:
    mine, theirs = _spelled(gold), _spelled(answer)
    if mine is None or theirs is None:
        return Finding(False, "different_type")
    a, b = _CHOICE.fullmatch(mine), _CHOICE.fullmatch(theirs)
    if a and b and (len(mine) <= 3 or len(theirs) <= 3):
        decorated = mine != a[1] or theirs != b[1]
        same_letter = a[1] == b[1] or (decorated and a[1].lower() == b[1].lower())
        return Finding(same_letter, "same_choice" if same_letter else "different_choice")
    if NO_SOLUTION.fullmatch(mine) and NO_SOLUTION.fullmatch(theirs):
        return Finding(True, "no_solution")
    one, two = _folded(mine), _folded(theirs)
    # Without a mark or a real word, capitals may tell variables apart.
    marked = any(isinstance(t, Words) and t.marked for t in (gold, answer)) or re.search(r"[a-z]{3}|\d [ap]m\b", one)
    if one and (one == two if marked else mine == theirs):
        return Finding(True, "same_words")
    if _LETTERS.fullmatch(mine) and _LETTERS.fullmatch(theirs):
        letters = [sorted(re.findall(r"\b[A-Z]\b", text)) for text in (mine, theirs)]
        if letters[0] == letters[1]:
            return Finding(True, "same_choices")
    return Finding(False, "different_words")


def _propositions(gold: Term, answer: Term) -> Finding:
    if isinstance(gold, Symbol):
        gold = Proposition((gold.name,))
    if isinstance(answer, Symbol):
        answer = Proposition((answer.name,))
    if not isinstance(gold, Proposition) or not isinstance(answer, Proposition):
        return Finding(False, "different_type")
    alike = same_proposition(gold, answer)
    return Finding(alike, {True: "equal", False: "different_proposition", None: "undecided"}[alike])


def _spelled(term: Term) -> str | None:
    match term:
        case Words(text):
            return text
        case Symbol(name):
            return name
        case Constant(name) if len(name) == 1:
            return name
        case Group(items):
            parts = [_spelled(item) for item in items]
            return None if None in parts else ", ".join(p for p in parts if p)
        case _:
            return None


def _folded(text: str) -> str:
    text = re.sub(r"(?<=\b[a-z])\.(?=[a-z]?\b|\s|$)|(?<=[ap])\.(?=m\b)", "", text.casefold())
    text = re.sub(r"^(?:an?|the)\s+(?=[a-z]{3})", "", text.strip())
    text = re.sub(r"(?<=\d)(?=[a-z])", " ", text)
    text = re.sub(r"(?<=[a-z]{2})-(?=[a-z]{2})", " ", text)
    return " ".join(text.replace("'", "").split()).strip(' .,;:!"')


def _based(gold: Term, answer: Term) -> Finding:
    match gold, answer:
        case Based(a, m), Based(b, n):
            if not n and m:
                return Finding(_digits(a) == _digits(b), "base_dropped")
            return Finding(m == n and _digits(a) == _digits(b), "equal" if m == n else "different_base")
        case Based(a, m), Number(value, None) if value.denominator == 1:
            # The question asks for the base; an answer that leaves it out shows the same digits.
            return Finding(_digits(a) == str(value), "base_dropped")
        case Number(value, None), Based(b, 10):
            return Finding(_digits(b) == str(value), "equal")
        case _:
            return Finding(False, "different_base")


def _digits(written: str) -> str:
    sign, body = ("-", written[1:]) if written.startswith("-") else ("", written)
    if "." in body:
        body = body.rstrip("0").rstrip(".")
    return sign + (body.lstrip("0") or "0")


# --- shapes --------------------------------------------------------------------------------------------------


def _ends(condition: Term | None) -> tuple[Term, ...] | None:
    """The bounds of a condition's interval, open or closed."""
    allowed = solution_set(condition) if isinstance(condition, Relation) else None
    return allowed.items if isinstance(allowed, Group) else None


def _variables(term: Term) -> frozenset[str]:
    """The names that a list of conditions or equations is about."""
    if not isinstance(term, Group | Union | Both):
        return frozenset()
    relations = [part for part in children(term) if isinstance(part, Relation)]
    return frozenset(name for r in relations if (name := _about(r)))


def _about(relation: Relation) -> str:
    if relation.ops[0] == "=":
        first = relation.members[0]
        return first.name if isinstance(first, Symbol) else ""
    return variable(relation)


def _without_indices(term: Term, names: frozenset[str]) -> Term:
    """Roots called ``x_1`` and ``x_2`` as values of ``x``."""
    if not isinstance(term, Group | Union) or len(names) != 1:
        return term
    (name,) = names

    def bare(part: Term) -> Term:
        match part:
            case Relation((Symbol(written), value), ("=",)) if re.fullmatch(rf"{re.escape(name)}_[\d,]+", written):
                return Relation((Symbol(name), value), ("=",))
            case _:
                return part

    parts = tuple(map(bare, children(term)))
    return Group(parts, term.brackets) if isinstance(term, Group) else Union(parts)


def _mixes_names(term: Term) -> bool:
    """Whether a list gives values to several unknowns, which are no roots of one equation."""
    names = _variables(term)
    if len(names) < 2 or not all(isinstance(p, Relation) and p.ops == ("=",) for p in children(term)):
        return len(names) > 1 and isinstance(term, Union | Both)
    bases = {name.partition("_")[0] for name in names}
    return len(bases) > 1 or not all("_" in name for name in names)


def _two_solutions(relation: Relation) -> Term | None:
    """The two equations that ``|ax + b| = c`` or ``x^2 = c`` stands for."""
    match relation:
        case Relation((Call("abs", (inside,)), Number(bound)), ("=",)) if bound > 0:
            found = linear(inside)
            names = symbols(inside)
            if found is None:
                return None
            values: list[Term] = [Number((sign * bound - found[1]) / found[0]) for sign in (1, -1)]
        case Relation((Call("abs", (Symbol() as inside,)), bound), ("=",)) if (
            is_constant(bound) and (real(bound) or 0) > 0
        ):
            names, values = symbols(inside), [bound, negative(bound)]
        case Relation((Power(Symbol() as inside, Number(exponent, None)), Number(square)), ("=",)) if (
            exponent == 2 and square > 0
        ):
            names, values = symbols(inside), [root(Number(square)), negative(root(Number(square)))]
        case _:
            return None
    (name,) = names
    return Group(tuple(Relation((Symbol(name), value), ("=",)) for value in values))


def _values_by_name(term: Term) -> dict[str, Term] | None:
    if not isinstance(term, Group) or not term.items:
        return None
    found: dict[str, Term] = {}
    for part in term.items:
        match part:
            case Relation((Symbol(name), value), ("=",)) if name not in found:
                found[name] = value
            case _:
                return None
    return found


def _unwrapped(term: Term) -> Term:
    """A group of one is its item, whatever its brackets."""
    while isinstance(term, Group) and len(term.items) == 1:
        term = term.items[0]
    return term


def _measured(term: Term) -> tuple[Term, str]:
    match term:
        case Quantity(Degrees(value), unit) if unit in _TEMPERATURES:
            return value, unit
        case Quantity(value, unit):
            return value, "%" if unit == "percent" else unit
        case Degrees(value):
            return value, "deg"
        case _:
            return term, ""


def _is_fraction(term: Term) -> bool:
    value = rational(term) if isinstance(term, SCALAR) else None
    return value is not None and 0 < abs(value) < 1


def _as_rows(term: Term) -> tuple[tuple[Term, ...], ...] | None:
    if isinstance(term, Matrix):
        return term.rows
    if isinstance(term, Group) and term.brackets in ("()", "[]") and term.items:
        try:
            return as_matrix(term).rows
        except Unreadable:
            return None
    return None


def _is_interval(group: Group) -> bool:
    return len(group.items) == 2 and group.brackets != ""


def _same_name(gold: Term, answer: Term) -> dict[str, Term] | None:
    """The renaming of arguments under which two left sides name one thing; None if they name two.

    ``f(x)`` and ``f(t)`` are the same function, ``y`` is what ``f(x)`` is called on a graph, ``f'`` is not ``f``.
    """
    if gold == answer:
        return {}
    match gold, answer:
        case Call(f, args), Call(g, others) if f == g and len(args) == len(others):
            pairs = zip(args, others, strict=True)
            return {b.name: a for a, b in pairs if isinstance(a, Symbol) and isinstance(b, Symbol)}
        case (Call(f), Symbol(y)) | (Symbol(y), Call(f)) if f == y or (
            f[0] in _FUNCTION_LETTERS and "_" not in f and y.rstrip("'") in ("y", "z") and f.count("'") == y.count("'")
        ):
            return {}
        case _:
            return None


def _is_name(term: Term) -> bool:
    """Whether the left side of "... = value" only names the value: no number in it, except as an argument."""
    match term:
        case Call("abs", (Symbol("x"),)):
            return False  # an equation with two solutions
        case Symbol() | Words() | Constant("e" | "i"):
            return True
        case Power(Call() as function, Number(value, None)) if value > 0:
            return _is_name(function)  # the square of a sine
        case Call(name, args):
            return name[0] in _FUNCTION_LETTERS or all(map(_is_name, args))
        case Product(factors):
            return all(f == MINUS_ONE or _is_name(f) for f in factors)
        case Sum(terms):
            return all(map(_is_name, terms))
        case Group(items, "()"):
            return all(map(_is_name, items))
        case Degrees(value):
            return _is_name(value)
        case _:
            return False
