"""Names the slips in conditions: signs of solutions, inequalities that were not turned, solutions that were lost."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from tutor_app.adapters.checking.work.conditions import Condition, differing_point, solutions
from tutor_app.adapters.checking.work.lines import Statement, read_side
from tutor_app.adapters.checking.work.slips import first_of, slip_of_equation, with_one_sign_changed
from tutor_app.adapters.checking.work.values import value
from tutor_app.adapters.grading.algebra import normal
from tutor_app.adapters.grading.terms import (
    Call,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    negative,
    product,
    symbols,
    total,
    walk,
)


def equation_slip(old: Statement, new: Condition) -> str:
    """The slip that makes a condition of an equation, or empty."""
    for statement in new.statements:
        if len(old.sides) == 2 and len(statement.sides) == 2:
            slip = slip_of_equation(
                (old.sides[0], old.sides[1]), (old.sources[0], old.sources[1]), (statement.sides[0], statement.sides[1])
            )
            if slip:
                return slip
    return "arithmetic" if any(_is_miscounted(old, statement) for statement in new.statements) else ""


def _is_miscounted(old: Statement, new: Statement) -> bool:
    """Whether an equation is the right one but for one number that was worked out wrongly."""
    if len(old.sides) != 2 or len(new.sides) != 2 or isinstance(new.sides[0], Symbol):
        return False
    one, other = (normal(total(s.sides[0], negative(s.sides[1]))) for s in (old, new))
    if one is None or other is None or one.opaque or other.opaque or {*one.below, *other.below} != {()}:
        return False
    a, b = ({m: c / q.below[()] for m, c in q.above.items() if c} for q in (one, other))
    return a.keys() == b.keys() and len(a) > 1 and sum(a[m] != b[m] for m in a) == 1


def order_slip(old: Condition, new: Condition) -> str:
    """The slip that makes one inequality of another, or empty."""
    if differing_point(old, new.turned()) is None:
        return "direction"
    if _tells_both_roots(new) and all(_is_even(s, *old.names) for s in old.statements):
        return "plus_minus"  # "x^2 > 4" to "x > ±2"
    if differing_point(old, new, positive=True) is None and all(_is_even(s, *old.names) for s in old.statements):
        return "plus_minus"  # right for positive numbers only, as a root taken with one sign is
    if any(isinstance(part, Call) and part.name == "abs" for s in old.statements for t in s.sides for part in walk(t)):
        bare = [[replace(s, sides=tuple(map(_without_bars, s.sides))) for s in case] for case in old.cases]
        if differing_point(Condition(tuple(map(tuple, bare))), new) is None:
            return "plus_minus"
    return first_slip(old, new)


def _tells_both_roots(new: Condition) -> bool:
    """Whether two inequalities in the same direction compare a letter with a number and its opposite."""
    told = new.statements
    if (
        len(new.cases) != 2
        or len(told) != 2
        or told[0].relations != told[1].relations
        or told[0].sources == told[1].sources
    ):
        return False
    values = [value(s.sides[-1], {}) if not symbols(s.sides[-1]) else None for s in told]
    return (
        all(isinstance(s.sides[0], Symbol) for s in told)
        and values[0] is not None
        and values[0] == _opposite(values[1])
    )


def _opposite(number: Fraction | float | None) -> Fraction | float | None:
    return None if number is None else -number


def formula_slip(old: Condition, new: Condition) -> str:
    """Which mistake in the formula of a quadratic equation comes to what is told as its solutions, or empty."""
    told = {s.sides[-1] for s in new.statements if isinstance(s.sides[0], Symbol) and not symbols(s.sides[-1])}
    values = sorted(float(v) for side in told if (v := value(side, {})) is not None)
    known = _coefficients(old)
    if known is None or len(values) != 2:
        return ""
    a, b, c = known
    for slip, under in (("", b * b - 4 * a * c), ("sign", b * b + 4 * a * c)):
        if under < 0:
            continue
        root = math.sqrt(under)
        for name, middle, apart in (
            (slip, -b / (2 * a), root / (2 * a)), ("sign", b / (2 * a), root / (2 * a)), ("formula", -b / 2, root / 2),
            ("formula", b / 2, root / 2), ("formula", -b / a, root / a), ("order", -b, root / (2 * a)),
            ("order", -b / (2 * a), root), ("formula", -b / (2 * a), under / (2 * a)),
        ):  # fmt: skip
            both = sorted((middle - apart, middle + apart))
            if name and root and all(math.isclose(v, w, abs_tol=1e-6) for v, w in zip(values, both, strict=True)):
                return name
    return ""


def _coefficients(condition: Condition) -> tuple[float, float, float] | None:
    """Those of a quadratic equation; None of anything else."""
    if len(condition.statements) != 1 or len(condition.names) != 1:
        return None
    (statement,), (name,) = condition.statements, condition.names
    if statement.relations != ("=",):
        return None
    difference = total(statement.sides[0], negative(statement.sides[1]))
    at = [value(difference, {name: Fraction(k)}) for k in (0, 1, -1, 2, 3)]
    if any(v is None for v in at):
        return None
    c, plus, minus, two, three = (float(v) for v in at if v is not None)
    a, b = (plus + minus) / 2 - c, (plus - minus) / 2
    fits = math.isclose(4 * a + 2 * b + c, two, abs_tol=1e-9) and math.isclose(9 * a + 3 * b + c, three, abs_tol=1e-9)
    return (a, b, c) if fits and abs(a) > 1e-9 else None


def _without_bars(term: Term) -> Term:
    """The argument of an absolute value, with its factors."""
    match term:
        case Call("abs", (inner,)):
            return inner
        case Product(factors):
            return product(*map(_without_bars, factors))
        case Sum(terms):
            return total(*map(_without_bars, terms))
        case _:
            return term


def sign_of_solution(old: Condition, new: Condition) -> str:
    """Whether one other sign in what a letter is said to be makes it right."""
    told = sorted({s.sources for s in new.statements if isinstance(s.sides[0], Symbol) and s.relations == ("=",)})
    wanted = solutions(old)
    if not told or wanted is None or len(told) > 2:
        return ""
    variants = [_with_another_sign(right) for _, right in told]
    rows = list(zip(*variants, strict=True)) if len(set(map(len, variants))) == 1 else []
    for k, (_, right) in enumerate(told if len(told) > 1 else ()):
        others = [source for _, source in told]
        rows += [(*others[:k], changed, *others[k + 1 :]) for changed in _with_another_sign(right)]
    for rights in rows:
        changed = []
        for (left, _), right in zip(told, rights, strict=True):
            sides = read_side(left), read_side(right)
            if sides[0] is None or sides[1] is None:
                return ""
            changed.append((Statement((sides[0], sides[1]), ("=",), False, (left, right)),))
        found = solutions(Condition(tuple(changed)))
        if found is not None and found.equals(wanted):
            return "sign"
    return ""


def _with_another_sign(source: str) -> list[str]:
    """A side with one sign changed, or with one that it has not."""
    return [*with_one_sign_changed(source), *([] if source.startswith("-") else [f"-{source}"])]


def first_slip(old: Condition, new: Condition) -> str:
    """The slip that makes one condition of another, or empty."""
    return first_of(equation_slip(one, new) for one in old.statements)


def lost_slip(old: Condition, lost: Fraction | float, new: Condition) -> str:
    """Why a solution was lost: a root taken with one sign, or a division by what is zero there."""
    for statement in old.statements:
        if len(statement.sides) != 2:
            continue
        name = next(iter(statement.names))
        for side, other in (statement.sides, statement.sides[::-1]):
            if (isinstance(side, Power) or (isinstance(side, Call) and side.name == "abs")) and name not in symbols(
                other
            ):
                return "plus_minus"
        after = solutions(new)
        if after is not None and any(v == -lost for v in after.values) and lost != 0 and _is_even(statement, name):
            return "plus_minus"
        if all(v is not None and abs(float(v)) < 1e-9 for v in (value(s, {name: lost}) for s in statement.sides)):
            # Of an expanded "... = 0" only a letter itself can have been divided by, or a bracket that stands there.
            sums = [s for s in statement.sides if isinstance(s, Sum) and lost != 0]
            return "" if sums and any(s == Number(Fraction(0)) for s in statement.sides) else "zero"
    return ""


def _is_even(statement: Statement, name: str) -> bool:
    if len(statement.sides) != 2:
        return False
    difference = total(statement.sides[0], negative(statement.sides[1]))
    return all(value(difference, {name: Fraction(k)}) == value(difference, {name: Fraction(-k)}) for k in (1, 2, 3))
