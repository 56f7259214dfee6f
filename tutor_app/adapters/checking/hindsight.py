"""Finds the one equation of a text that the others contradict, once the text has been read.

The equations of a solution, with the values that it gives to its unknowns, are taken as one system. Where the system
has no solution, and has one as soon as one certain equation is left out, that one is wrong. So is one that would follow
from another if one number in it were another, and a value that solves nothing where its siblings do. Refuses to guess:
cases, suppositions and names that are used again make systems that no single equation mends, and those are left alone.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking.consequences import negatives
from tutor_app.adapters.checking.facts import Fact
from tutor_app.adapters.checking.judging import Judgement
from tutor_app.adapters.checking.near import mended_equation, mended_identity, written_alike
from tutor_app.adapters.checking.systems import solved, without_solution
from tutor_app.adapters.checking.work.values import Unknown, value
from tutor_app.adapters.grading.algebra import linear, normal, proportional
from tutor_app.adapters.grading.terms import Product, Sum, Symbol, Term, symbols, walk

MAX_FACTS: Final = 40
LEAST: Final = 3
"""Equations of which one may be found to be the wrong one by the others alone."""
SECONDS: Final = 0.25
"""For one text."""
_ANOTHER: Final = re.compile(
    r"(?i)(?<!,\$\$)(?<!, )\bor\b|\b(?:next|case|trying|try|alternatively|instead|otherwise)\b"
)
"""Between two equations: the second may speak of something else."""
_SEVERAL: Final = re.compile(
    r"(?i)\b(?:parallel|perpendicular|translated|translation|reflected|reflection|shift\w*|tangents|asymptotes?)\b"
)
"""In a text about several lines or curves with the same names."""
_TOLD: Final = re.compile(
    r"^(?!.*equation).*\b(?:is|are|equals|becomes|simplifies to)[\s$\[\\]*$", re.DOTALL | re.IGNORECASE
)
"""Before what is told as an expression and its rewriting: "the n-th term is 102 + 3(n - 1) = 3n + 99"."""
_CASE: Final = re.compile(
    r"\b(?:[Cc]ase|[Pp]ossibility|[Ss]cenario|[Ss]olution|[Mm]ethod|[Oo]ption|[Ss]ystem)\s*(?:\$?\d|[IVX]+\b|[A-D]\b)|\bOR\b"
    r"|\b(?:first|second|third|fourth|last|other|latter|former)\s+(?:case|possibility|equation gives)\b"
    r"|\b[Oo]therwise\b|\b[Aa]lternatively\b|\b(?:Second|Third|Next|Finally),|\bNow,? (?:assume|suppose|consider)\b"
    r"|\b(?:Suppose|Assume)\b|\bIf\s*\$"
)
"""Where something else begins with the same names."""


def blamed(facts: Sequence[Fact], text: str) -> Iterator[tuple[Fact, Judgement]]:
    """The facts that the others of their case contradict, at most one of each case, with the verdicts on them.

    Args:
        facts: All of a text, in order.
        text: The text.
    """
    if not any(fact.doubtful for fact in facts):
        return
    cuts = [m.start() for m in _CASE.finditer(text)]
    base = [fact for fact in facts if not cuts or fact.start < cuts[0]]
    deadline = time.monotonic() + SECONDS
    found: list[Fact] = []
    for start, end in itertools.pairwise([*(cuts or [0]), len(text)]):
        case = [*(base if cuts else []), *(fact for fact in facts if start <= fact.start < end)][-MAX_FACTS:]
        odd = _odd_one(case, text, deadline)
        if odd is not None and odd not in found:
            found.append(odd)
            values = solved([fact.row for fact in case if fact is not odd and not fact.case]) or {}
            yield odd, Judgement("false", "contradicted", _right(odd, values))


def _odd_one(facts: Sequence[Fact], text: str, deadline: float) -> Fact | None:
    """The one that the others contradict, if there is one."""
    facts = _with_cases(facts)
    cases = {name for fact in facts if fact.case and len(_names(fact)) == 1 for name in _names(fact)}
    single = [fact for fact in facts if not fact.case and fact.named not in cases]
    several_lines = _SEVERAL.search(text) is not None
    found = None if several_lines else _contradicted(single, text, deadline) or _stray_root(facts)
    curved = [fact for fact in single if not several_lines or _degree(fact) > 1]
    found = found or _one_number_off(curved, text, deadline) or _no_rewriting(single, text)
    if found is not None or several_lines:
        return found
    several = _several_valued(facts)
    rest = [fact for fact in single if several.isdisjoint(_names(fact))]
    return _contradicted(rest, text, deadline) if 0 < len(rest) < len(single) else None


def _with_cases(facts: Sequence[Fact]) -> list[Fact]:
    """The facts; "2x = 8 or x = 4" are no two cases, but the same in other words."""
    out = list(facts)
    for n, (first, second) in enumerate(itertools.pairwise(facts)):
        alike = not first.named and second.named and _degree(first) == 1 and _names(first) == {second.named}
        if first.case and second.case and alike:
            out[n], out[n + 1] = replace(first, case=False), replace(second, case=False)
    return out


def _names(fact: Fact) -> frozenset[str]:
    return symbols(fact.row.left) | symbols(fact.row.right)


def _contradicted(facts: Sequence[Fact], text: str, deadline: float) -> Fact | None:
    """Which fact all others contradict, or of two that contradict each other the later one."""
    odd = _odd_ones(facts, deadline)
    if len(odd) == 1 and len(facts) >= LEAST:
        (k,) = odd
        name = facts[k].named
        # Values that are only told, and perhaps for several cases, prove nothing against each other.
        equations = [fact.row for n, fact in enumerate(facts) if n != k and fact.named != name]
        return facts[k] if not name or without_solution([*equations, facts[k].row]) else None
    if len(odd) < 2:
        return None
    *before, last = (facts[k] for k in odd)
    if not last.named and all(fact.named for fact in before):
        return last  # "x = 5 and y = 2, so x + y = 8"
    if len(odd) == 2 and not (before[0].named and last.named) and not _is_alike(before[0], last):
        return None if _ANOTHER.search(text[before[0].end : last.start]) else last
    return None


def _stray_root(facts: Sequence[Fact]) -> Fact | None:
    """Which value of an unknown solves nothing, or which equation it does not solve, where all others agree."""
    for name in dict.fromkeys(fact.named for fact in facts if fact.named):
        told = [fact for fact in facts if fact.named == name]
        alone = [fact for fact in facts if _names(fact) == {name} and not fact.named and fact.row.polynomial]
        solving = [[q for q in alone if not without_solution([q.row, v.row])] for v in told]
        stray = [v for v, solved_by in zip(told, solving, strict=True) if not solved_by]
        if len(stray) == 1 and stray[0].doubtful and len({_key(v) for v in told}) > 1:
            siblings = [q for q in alone if _degree(q) > 1 and any(q in by for by in solving)]
            if siblings and all(q.start < stray[0].start for q in siblings):
                return stray[0]
        several = len({_key(v) for v in told}) > 1
        if several and len(stray) == len(told) and (wrong := _unsolved(alone, told)) is not None:
            return wrong
        if stray or not several:
            continue
        whole = [q for q in alone if all(q in by for by in solving)]
        odd = [q for q in alone if q.doubtful and q not in whole and any(_degree(q) == _degree(w) for w in whole)]
        if len(odd) == 1 and _degree(odd[0]) > 1:
            return odd[0]
    return None


def _unsolved(alone: Sequence[Fact], told: Sequence[Fact]) -> Fact | None:
    """The equation that would have the values that are told as its solutions if one number in it were another."""
    if len(alone) != 1 or not alone[0].doubtful or _degree(alone[0]) != len({_key(fact) for fact in told}):
        return None
    roots = {_key(fact): fact.difference for fact in told}
    meant = mended_equation(alone[0].left, alone[0].right, Product(tuple(roots.values())))
    return None if meant is None else alone[0]


def _key(fact: Fact) -> str:
    """The value that a fact gives, in a form in which equal ones are alike."""
    return _number(next(iter((solved([fact.row]) or {"": 0.0}).values()), 0.0))


def _degree(fact: Fact) -> int:
    monomials = fact.row.polynomial.keys() if fact.row.polynomial is not None else ()
    return max((sum(power for _, power in monomial) for monomial in monomials), default=0)


def _several_valued(facts: Sequence[Fact]) -> frozenset[str]:
    """The unknowns that are given several values, each in a case of its own."""
    values: dict[str, set[str]] = {}
    for fact in facts:
        if fact.named:
            values.setdefault(fact.named, set()).add(_key(fact))
    return frozenset(name for name, given in values.items() if len(given) > 1)


def _one_number_off(facts: Sequence[Fact], text: str, deadline: float) -> Fact | None:
    """Which equation would follow from another if one number in it were another; the one with less to support it."""
    for k, fact in enumerate(facts):
        names = symbols(fact.difference)
        if len(names) < 2 and _degree(fact) < 2:
            continue
        for m, other in enumerate(facts):
            if k == m or symbols(other.difference) != names or time.monotonic() > deadline:
                continue
            if not (fact.doubtful or other.doubtful) or proportional(fact.difference, other.difference):
                continue
            if not _is_off(fact, other):
                continue
            mine, theirs = _support(facts, fact), _support(facts, other)
            between = text[min(fact.end, other.end) : max(fact.start, other.start)]
            if not fact.doubtful or mine > theirs or (mine == theirs and (k < m or _ANOTHER.search(between))):
                continue
            found = normal(fact.difference)
            if found is None or found.opaque or (len(found.above) < 3 and not theirs):
                continue  # "y = 2x" and "y = 3x" may be two lines
            return fact
    return None


def _no_rewriting(facts: Sequence[Fact], text: str) -> Fact | None:
    """Which equation is told as what something is, would be a rewriting but for one number, and is solved nowhere."""
    for fact in facts:
        if not _TOLD.search(text[max(0, fact.start - 60) : max(0, fact.start)]):
            continue
        (name, *others) = symbols(fact.difference) or {""}
        root = linear(fact.difference)
        if not fact.doubtful or others or root is None or not symbols(fact.left) or not symbols(fact.right):
            continue
        solution = _number(-root[1] / root[0])
        if not mended_identity(fact.left, fact.right) or _is_literal(fact.left) == _is_literal(fact.right):
            continue
        if not any(other.named == name and _key(other) == solution for other in facts):
            return fact
    return None


def _is_literal(term: Term) -> bool:
    """Whether nothing is left to be done in it: "3n + 99", not "102 + 3(n - 1)"."""
    found = normal(term)
    parts = len(term.terms) if isinstance(term, Sum) else 1
    nested = any(isinstance(part, Sum) and part is not term for part in walk(term))
    return found is not None and len(found.above) == parts and not nested


def _support(facts: Sequence[Fact], fact: Fact) -> int:
    """How many other equations say the same."""
    return sum(1 for other in facts if other is not fact and proportional(fact.difference, other.difference))


def _is_off(fact: Fact, other: Fact) -> bool:
    """Whether an equation is another one, written in another way, but for one number."""
    mended = mended_equation(fact.left, fact.right, other.difference)
    if mended is None or all(map(written_alike, mended, (other.left, other.right))):
        return False
    before, after = (negatives(side) for side in ((fact.left, fact.right), mended))
    return before == after  # "2r + 1" in one case and "-2r + 1" in another


def _is_alike(fact: Fact, other: Fact) -> bool:
    """Whether two equations are written alike but for one number: "2x + 3y = 12" and "2x + 3y = 15"."""
    mended = mended_equation(fact.left, fact.right, other.difference)
    return mended is not None and all(map(written_alike, mended, (other.left, other.right)))


def _odd_ones(facts: Sequence[Fact], deadline: float) -> list[int]:
    """Which doubtful facts make the others agree, each alone, when left out; none where all agree or no one does."""
    rows = [fact.row for fact in facts]
    last = next((n for n in range(1, len(rows) + 1) if without_solution(rows[:n])), 0)
    found = []
    for k in range(last):
        if time.monotonic() > deadline:
            return []
        if facts[k].doubtful and not (
            without_solution([*rows[:k], *rows[k + 1 : last]]) or without_solution([*rows[:k], *rows[k + 1 :]])
        ):
            found.append(k)
    return found


def _right(fact: Fact, values: Mapping[str, float]) -> str:
    """What the other equations say instead."""
    names = symbols(fact.row.left) | symbols(fact.row.right)
    if not names <= values.keys():
        return "the other equations contradict this one; the sides do not agree"
    if len(names) == 1 and Symbol(*names) in (fact.left, fact.right):
        (name,) = names
        return f"{name} = {_number(values[name])} by the other equations"
    told = ", ".join(f"{name} = {_number(values[name])}" for name in sorted(names))
    try:
        a, b = value(fact.row.left, values), value(fact.row.right, values)
    except Unknown:
        a = b = None
    if a is None or b is None:
        return f"{told} by the other equations"
    return f"for {told} the left side is {_number(a)}, the right side {_number(b)}"


def _number(found: float | Fraction) -> str:
    close = Fraction(found).limit_denominator(1000)
    if abs(close - Fraction(found)) > 1e-6 * max(1.0, abs(float(found))):
        return f"{float(found):.6g}"
    return str(close)
