"""Judges rewritings: "3x * 4 = 11x", "expanding, (x + 2)^2 = x^2 + 4"; equations that are to be solved are none."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.chains import Chain
from tutor_app.adapters.checking.clauses import clause_before, is_asked, is_condition, is_conditional, is_refuted
from tutor_app.adapters.checking.context import replaced
from tutor_app.adapters.checking.doubts import readings_of
from tutor_app.adapters.checking.judging import Judgement, judge, shown
from tutor_app.adapters.checking.near import mended_identity, ratio_apart, value_apart
from tutor_app.adapters.checking.prose import Expression
from tutor_app.adapters.checking.words import REWRITING, SUPPOSING
from tutor_app.adapters.grading.algebra import Quotient, linear, normal, same
from tutor_app.adapters.grading.terms import (
    ONE,
    Call,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    negative,
    symbols,
    total,
    walk,
)

_POSED: Final = SUPPOSING | frozenset(
    ("when", "whenever", "given", "let", "set", "solve", "solves", "satisfy", "satisfies", "satisfying", "such")
)

_UNSOLVABLE: Final = frozenset(("no", "never", "parallel", "inconsistent"))
_SOLVED: Final = _UNSOLVABLE | frozenset(("equation", "equations", "solution", "solutions"))
"""Words beside an equation that may have no solution; in the sentence that follows, those before say it."""
_VECTORS: Final = (r"\mathbf", r"\bold", r"\vec", r"\overrightarrow")
"""What is written so is multiplied in another way."""


def judge_rewriting(chain: Chain, a: Expression, b: Expression) -> Judgement | None:
    """The verdict on ``3x * 4 = 11x`` and ``x + 5 + 2 = x + 8``: no equations to be solved, but wrong rewritings."""
    difference = normal(total(a.term, negative(b.term)))
    if difference is None or difference.opaque or chain.formula or set(difference.below) != {()}:
        return None
    if len(difference.above) != 1 or not a.operations:
        return None
    if is_condition(chain) or is_conditional(chain) or is_refuted(chain):
        return None
    ((monomial, _),) = difference.above.items()
    if not monomial:
        return Judgement("false", "identity", f"the sides differ by {shown(_number(difference))}")
    if len(monomial) != 1 or not monomial[0][0].startswith("x ") or not (symbols(a.term) and symbols(b.term)):
        return None
    name = monomial[0][0].removeprefix("x ")
    x, y = (tuple(replaced(t, name, ONE) for t in readings_of(side)) for side in (a, b))
    found = judge(x, "=", y, approximate=chain.approximate)
    if found.verdict != "false":
        return found if found.verdict == "rounded" else Judgement("unchecked", "approximate")
    return Judgement(
        "false", "identity", f"for {name} = 1 the left side is {shown(x[0])}, the right side {shown(y[0])}"
    )


def judge_between(chain: Chain, k: int) -> Judgement | None:
    """The verdict on a link to or from a member of a chain whose neighbours on both sides are the same expression.

    In ``A = B = C`` with ``A`` and ``C`` always equal and ``B`` another expression with the same unknowns, the chain
    rewrites ``A`` step by step, and ``B`` is a slip.
    """
    for middle in (k, k + 1):
        if not 0 < middle < len(chain.members) - 1 or {*chain.relations[middle - 1 : middle + 1]} != {"="}:
            continue
        values = [chain.members[n].value for n in (middle - 1, middle, middle + 1)]
        if any(value is None for value in values) or _supposed(chain) or is_refuted(chain):
            continue
        before, here, after = (value.term for value in values if value is not None)
        if not symbols(here) or symbols(before) != symbols(after) or not symbols(here) <= symbols(before):
            continue
        if same(before, after) and not same(before, here) and _polynomial(before) and _polynomial(here):
            x, y = symbolic.built(before), symbolic.built(here)
            if x is not None and y is not None and symbolic.equal(x, y) is False:
                return Judgement("false", "identity", symbolic.counterexample(x, y))
    return None


def _polynomial(term: Term) -> bool:
    """Whether it is made of sums, products and powers, and no letter of it is read as a constant or a function."""
    found = normal(term)
    return found is not None and not found.opaque


def judge_announced(chain: Chain, a: Expression, b: Expression) -> Judgement | None:
    """The verdict on an expansion or factorisation that is announced as one, and whose sides differ."""
    names = symbols(a.term)
    if REWRITING.isdisjoint(chain.before[-6:]) or not names or names != symbols(b.term) or is_condition(chain):
        return None
    if (
        "equation" in chain.before
        or is_refuted(chain)
        or any(isinstance(p, Call) and p.name in "fghP" for p in walk(a.term))
    ):
        return None
    if _is_product(a.term) == _is_product(b.term) or not (isinstance(a.term, Sum) or isinstance(b.term, Sum)):
        return None  # both sides alike: rather an equation
    x, y = symbolic.built(a.term), symbolic.built(b.term)
    if x is None or y is None or symbolic.equal(x, y) is not False:
        return None
    return Judgement("false", "identity", symbolic.counterexample(x, y))


def judge_nearly(chain: Chain, k: int, a: Expression, b: Expression) -> Judgement | None:
    """The verdict on "(x + 3)(x - 2) = x^2 + 2x - 6": a product and its expansion, but for one coefficient.

    An equation that somebody wants to solve hardly ever has the same terms on both sides, of which all but one have
    the same coefficients. In a chain that rewrites an expression elsewhere the sides may be any.
    """
    if _supposed(chain) or is_refuted(chain):
        return None
    folded, sums = (a.term, b.term) if _has_brackets(a.term) else (b.term, a.term)
    left, right = _coefficients(folded), _coefficients(sums)
    if left is None or right is None or left.keys() != right.keys():
        return None
    if len(chain.relations) > 1:
        if not _rewrites(chain, k):
            return None
    elif not _has_brackets(folded) or _has_brackets(sums) or not isinstance(sums, Sum) or len(right) != len(sums.terms):
        return None
    different = [m for m in left if left[m] != right[m]]
    alike = [m for m in left if left[m] == right[m] and m]
    degrees = {m: sum(power for _, power in m) for m in left}
    curved = max(degrees.values(), default=0) > 1 or len(symbols(folded)) > 1
    if len(different) != 1 or not alike or not curved or max(map(degrees.__getitem__, alike)) < max(degrees.values()):
        return None
    x, y = symbolic.built(a.term), symbolic.built(b.term)
    if x is None or y is None or symbolic.equal(x, y) is not False:
        return None
    return Judgement("false", "identity", symbolic.counterexample(x, y))


def _is_solved(chain: Chain) -> bool:
    """Whether the words beside it speak of an equation that is to be solved, or that has no solution."""
    after = chain.after[:6]
    end = next((n for n, word in enumerate(after) if word in (".", ";")), len(after))
    return not _SOLVED.isdisjoint((*chain.before[-2:], *after[:end])) or not _UNSOLVABLE.isdisjoint(after[end:])


def judge_slip(chain: Chain, k: int, a: Expression, b: Expression) -> Judgement | None:
    """The verdict on "102 + 3(n - 1) = 3n + 95": a rewriting in which one number is wrong, whatever its form."""
    if _supposed(chain) or is_refuted(chain) or _is_solved(chain):
        return None
    if any(sign in member.source for member in chain.members[k : k + 2] for sign in _VECTORS):
        return None
    if not mended_identity(a.term, b.term) or (len(chain.relations) == 1 and _has_solution(a, b)):
        return None
    x, y = symbolic.built(a.term), symbolic.built(b.term)
    if x is None or y is None or symbolic.equal(x, y) is not False:
        return None
    return Judgement("false", "identity", symbolic.counterexample(x, y))


def judge_collected(chain: Chain, k: int, a: Expression, b: Expression) -> Judgement | None:
    """The verdict on "3x + 5x = 7x" and "(m + 6) - m = 5": one term collected from several, with a wrong number.

    Such an equation has no solution but zero, so hardly anybody wants to solve it.
    """
    if _supposed(chain) or is_refuted(chain) or _is_solved(chain):
        return None
    if (
        not chain.formula
        or not symbols(a.term)
        or any(sign in m.source for m in chain.members[k : k + 2] for sign in _VECTORS)
    ):
        return None
    collected = _coefficients(b.term)
    if collected is None or len(collected) != 1 or isinstance(b.term, Sum) or not _is_uncollected(a.term):
        return None
    if symbols(b.term):
        wrong = ratio_apart(a.term, b.term)
    else:
        wrong = (k > 0 or not _is_straight(a.term)) and value_apart(a.term, b.term)
    if not wrong:
        return None
    x, y = symbolic.built(a.term), symbolic.built(b.term)
    if x is None or y is None or symbolic.equal(x, y) is not False:
        return None
    return Judgement("false", "identity", symbolic.counterexample(x, y))


def _is_straight(term: Term) -> bool:
    """Whether it is a sum of multiples of names: "y - 1 + 3 - y", which may be a side of an equation to be solved."""
    parts = term.terms if isinstance(term, Sum) else (term,)
    return all(isinstance(p, Number | Symbol) or (isinstance(p, Product) and len(symbols(p)) < 2) for p in parts)


def _is_uncollected(term: Term) -> bool:
    """Whether it can be written as one term with less: a sum, several numbers multiplied, a name more than once."""
    numbers = term.factors if isinstance(term, Product) else ()
    many = sum(1 for f in numbers if isinstance(f, Number) and abs(f.value) != 1) > 1
    return many or isinstance(term, Sum) or _unmultiplied(term)


def _has_solution(a: Expression, b: Expression) -> bool:
    """Whether it may be an equation in one unknown, to be solved: linear, with a solution."""
    one = len(symbols(a.term) | symbols(b.term)) == 1
    return one and None not in map(linear, (a.term, b.term, total(a.term, negative(b.term))))


def _supposed(chain: Chain) -> bool:
    """Whether it is supposed or to be solved; "we want to find" and "the equation" may stand before a rewriting."""
    words = clause_before(chain)
    if words[-2:] == ("given", "by"):
        words = words[:-2]  # "the area is given by 2lw + 6l = ..."
    return not _POSED.isdisjoint(words) or is_asked(chain) or is_conditional(chain)


def _rewrites(chain: Chain, k: int) -> bool:
    """Whether a link beside the one at ``k`` writes an expression in another way, with the same unknowns all along."""
    terms = [member.value.term if member.value is not None else None for member in chain.members]
    known = [symbols(term) if term is not None else frozenset() for term in terms]
    if not all(known) or len(set(known)) != 1 or set(chain.relations) != {"="}:
        return False
    for j in range(len(chain.relations)):
        x, y = terms[j], terms[j + 1]
        if j != k and x is not None and y is not None and x != y and same(x, y):
            return True
    return False


def judge_powers(chain: Chain, a: Expression, b: Expression) -> Judgement | None:
    """The verdict on "x^3 * x^5 = x^15" and "(2y)^3 = 2y^3": powers multiplied out, with a wrong exponent or factor."""
    if _supposed(chain) or is_refuted(chain) or len(chain.relations) > 1 or not _unmultiplied(a.term):
        return None
    left, right = _coefficients(a.term), _coefficients(b.term)
    if left is None or right is None or len(left) != 1 or len(right) != 1 or _unmultiplied(b.term):
        return None
    if not any(isinstance(part, Power) for side in (a.term, b.term) for part in walk(side)):
        return None  # "(4A) * 3A = 12A": rather an equation, or digits
    ((x, p),), ((y, q),) = left.items(), right.items()
    if not x or {name for name, _ in x} != {name for name, _ in y} or (x == y) == (p == q):
        return None
    left_value, right_value = symbolic.built(a.term), symbolic.built(b.term)
    if left_value is None or right_value is None or symbolic.equal(left_value, right_value) is not False:
        return None
    return Judgement("false", "identity", symbolic.counterexample(left_value, right_value))


def _unmultiplied(term: Term) -> bool:
    """Whether it is a power of a product, or a product with the same unknown in two factors."""
    match term:
        case Power(Product() | Power() as base, _):
            return bool(symbols(base))
        case Product(factors):
            names = [name for factor in factors for name in symbols(factor)]
            return len(names) > len(set(names)) or any(_unmultiplied(factor) for factor in factors)
        case _:
            return False


def _coefficients(term: Term) -> dict[tuple[tuple[str, int], ...], Fraction] | None:
    """Of a polynomial, by the names and powers of its terms; None of anything else."""
    found = normal(term)
    if found is None or found.opaque or set(found.below) != {()}:
        return None
    return {monomial: value / found.below[()] for monomial, value in found.above.items() if value}


def _has_brackets(term: Term) -> bool:
    """Whether it is a product or power of sums, or a sum that has one."""
    match term:
        case Sum(terms):
            return any(_has_brackets(t) for t in terms)
        case Product(factors):
            return any(isinstance(f, Sum) or _has_brackets(f) for f in factors) and bool(symbols(term))
        case Power(base, _):
            return isinstance(base, Sum) and bool(symbols(base))
        case _:
            return False


def _is_product(term: Term) -> bool:
    """Whether it is what a factorisation gives: several factors with unknowns, or a power of a sum."""
    if isinstance(term, Product):
        return sum(1 for factor in term.factors if symbols(factor)) > 1
    return isinstance(term, Power) and isinstance(term.base, Sum)


def _number(difference: Quotient) -> Term:
    return Number(difference.above[()] / difference.below[()])
