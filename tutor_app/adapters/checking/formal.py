"""Judges links that only formulas have: plus-minus signs, matrices and determinants."""

from __future__ import annotations

import re
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.chains import Chain
from tutor_app.adapters.checking.clauses import is_condition, is_refuted
from tutor_app.adapters.checking.context import Context
from tutor_app.adapters.checking.doubts import readings_of
from tutor_app.adapters.checking.formulas import determinant_of, matrices_of, signs_of, value_of
from tutor_app.adapters.checking.judging import Judgement, judge, shown
from tutor_app.adapters.checking.operators import (
    determinant,
    judge_going_on,
    judge_matrices,
    judge_operated,
    matrix_value,
)
from tutor_app.adapters.grading.algebra import rational, same
from tutor_app.adapters.grading.terms import Call, Number, symbols, walk

_DOTS: Final = re.compile(r"\\[cl]?dots[cb]?(?![a-z])|\.\.\.|…")
_BIG: Final = re.compile(
    r"\\(?:sum|prod|int|lim)(?![a-zA-Z])|[\]|]\s*[_^]|\\[dt]?frac\s*\{\s*d\s*(?:\^\s*\{?[23]\}?)?\s*\}\s*\{\s*d"
)


def judge_formal(chain: Chain, k: int, context: Context) -> Judgement | None:
    """The verdict on a link that only a formula can have, or None if it is an ordinary one."""
    left, relation, right = chain.members[k], chain.relations[k], chain.members[k + 1]
    if relation == "congruent":
        return judge_congruent(chain, k, context)
    if relation == "=" and k and chain.relations[k - 1] == "mod":
        return judge_remainder(chain, k)
    if relation != "=":
        return None
    found = judge_two_signs(left.source, right.source)
    if found is None and "matrix}" in left.source:
        found = judge_matrix_link(left.source, right.source)
    if found is None and _DOTS.search(left.source):
        found = judge_going_on(left.source, right.value)
    if found is None and _BIG.search(left.source):
        found = judge_operated(left.source, right.source)
    if found is not None and found.verdict == "false" and (is_condition(chain) or is_refuted(chain)):
        return None
    return found


def judge_two_signs(left: str, right: str) -> Judgement | None:
    """The verdict where plus-minus signs stand for two values each; None where they do not."""
    a, b = signs_of(left), signs_of(right)
    if a is None or b is None:
        return None
    pairs = (tuple(zip(a, b, strict=True)), tuple(zip(a, reversed(b), strict=True)))
    if any(all(same(x.term, y.term) for x, y in pair) for pair in pairs):
        return Judgement("true", "identity")
    parts = [part for v in (*a, *b) for part in walk(v.term)]
    # The root of a square of a cosine is one of two, and a decimal may be rounded.
    exact = not any(isinstance(part, Call) or (isinstance(part, Number) and part.places) for part in parts)
    if exact and symbols(a[0].term) == symbols(b[0].term):
        apart = [any(same(x.term, y.term) is False for x, y in pair) for pair in pairs]
        if all(apart):
            return Judgement("false", "different", " or ".join(filter(None, (shown(v.term) for v in a))))
    if any(symbols(v.term) for v in (*a, *b)):
        return Judgement("unchecked", "variables")
    verdicts = [[judge(readings_of(x), "=", readings_of(y)).verdict for x, y in pair] for pair in pairs]
    if all("false" in found for found in verdicts):
        return Judgement("false", "different", " or ".join(shown(v.term) for v in a))
    return Judgement("rounded" if any(set(v) <= {"true", "rounded"} for v in verdicts) else "unchecked", "beyond")


def judge_matrix_link(left: str, right: str) -> Judgement | None:
    """The verdict on a link with matrices or determinants; None where there are none."""
    square = determinant_of(left)
    if square is not None:
        matrix, value = matrix_value(square), value_of(right)
        found = determinant(matrix) if matrix is not None else None
        other = symbolic.built(value.term) if value is not None else None
        if found is None or other is None:
            return None
        verdict = symbolic.equal(found, other)
        if verdict is None or (verdict is False and found.free_symbols | other.free_symbols):
            return Judgement("unchecked", "beyond")
        return Judgement("true", "matrix") if verdict else Judgement("false", "matrix", symbolic.shown(found))
    a, b = matrices_of(left), matrices_of(right)
    return judge_matrices(a, b) if a is not None and b is not None else None


def judge_congruent(chain: Chain, k: int, context: Context) -> Judgement | None:
    r"""The verdict on "a \equiv b \pmod n"."""
    modulus = next((j + 1 for j in range(k, len(chain.relations)) if chain.relations[j] == "mod"), 0)
    if not modulus:
        return Judgement("unchecked", "unreadable")
    if k and chain.relations[k - 1] == "mod":
        return None
    values = [chain.members[i].value for i in (k, k + 1, modulus)]
    whole = [None if v is None else rational(context.resolved(v.term)) for v in values]
    numbers = [int(w) for w in whole if w is not None and w.denominator == 1]
    if len(numbers) < 3 or numbers[2] < 1:
        return None if is_condition(chain) else Judgement("unchecked", "variables")
    a, b, n = numbers
    if (a - b) % n == 0:
        return Judgement("true", "congruent")
    if is_condition(chain) or is_refuted(chain):
        return None
    return Judgement("false", "congruent", f"{a} leaves {a % n}, {b} leaves {b % n}")


def judge_remainder(chain: Chain, k: int) -> Judgement | None:
    """The verdict on "a mod n = b"."""
    values = [chain.members[i].value for i in (k - 1, k, k + 1)]
    whole = [None if v is None else rational(v.term) for v in values]
    numbers = [int(w) for w in whole if w is not None and w.denominator == 1]
    if len(numbers) < 3 or numbers[1] < 1:
        return None
    if numbers[0] % numbers[1] == numbers[2]:
        return Judgement("true", "congruent")
    return Judgement("false", "congruent", str(numbers[0] % numbers[1]))
