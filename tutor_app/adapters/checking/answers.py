"""Whether an answer is what the problem asks for: computed independently and compared as the strict grader does.

Loaded only in the checking process.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure, relation, scalar
from tutor_app.adapters.checking.finished import is_finished, is_reducible, is_solved
from tutor_app.adapters.checking.symbolic import Late, cut_short, limited
from tutor_app.adapters.checking.tasks import (
    algebra,
    calculus,
    counting,
    everyday,
    figures,
    functions,
    notation,
    numbers,
    sequences,
    sets,
    stories,
    told,
    vectors,
)
from tutor_app.adapters.checking.tasks.problem import LONGEST, Expected, Problem, Rules
from tutor_app.adapters.grading.judging import judge
from tutor_app.adapters.grading.readings import readings
from tutor_app.adapters.grading.terms import (
    Call,
    Group,
    Number,
    Power,
    Product,
    Relation,
    Sum,
    Symbol,
    Term,
    Union,
    Words,
    symbols,
)
from tutor_app.adapters.grading.worker import SympyOracle, TooLarge
from tutor_app.core.verdicts import Verdict
from tutor_app.text.typing import read_typed

SECONDS: Final = 4.0
RULES: Final[tuple[Rules, ...]] = tuple(
    m.rule
    for m in (
        notation,
        algebra,
        numbers,
        calculus,
        vectors,
        sets,
        sequences,
        functions,
        figures,
        stories,
        everyday,
        counting,
        told,
    )
)
_DECIMAL_COMMA: Final = re.compile(r"(?<![\d,])\d+,\d{1,2}(?![\d,])")
_COMMA_NUMBER: Final = re.compile(r"-?\d+,\d+")
_COEFFICIENT: Final = re.compile(r"(?<![\d.])(\d+)\s?/\s?(\d+)\s?([a-z])(?![a-z])")
_OR: Final = re.compile(
    r"\s*(?:,?\s*\\(?:text|mbox|textrm|mathrm)\s*\{\s*,?\s*(?:or|oder)(?: also| equivalently)?,?\s*\}"
    r"|,?\s*(?<![A-Za-z\\])(?:or|oder)(?: also| equivalently)?,?(?![A-Za-z])"
    r"|\\(?:lor|vee)(?![A-Za-z])|;|,(?!\d)|(?<!\d),)\s*"
)
"""Words or signs between two forms of one value."""
ASSUMED: Final = ("arithmetic", "geometric")
"""How a sequence was read whose kind is not named."""
_TEXT: Final = re.compile(r"\\(?:text|mathrm|textrm|mbox)\s*\{([^{}]*)\}")
_REMAINDER: Final = re.compile(
    r"(?:(?:quotient|q)(?![a-z])\s*(?:is|=|:)?\s*)?(?P<q>[^=,;]+?)\s*[,;]?\s*(?:(?:and|with|und|mit)\s+(?:an?\s+|the\s+"
    r"|einem\s+)?)?(?:(?<![a-z])(?:remainder|rem\.?|rest)(?![a-z])|(?-i:(?<=\s)R(?=\s))|(?<=\d)\s*[rR]\s*(?=\d+$)"
    r"|(?<=, )r(?= =))"
    r"\s*(?:of|is|=|:|von)?\s*(?P<r>[^=,;]+)",
    re.IGNORECASE,
)
_WRITTEN: Final = {
    "decimal": re.compile(r"-?(?:\d[\d,]*(?:\{,\}\d{3})*)?\.?\d+"),
    "scientific": re.compile(
        r"[1-9](?:\.\d+)?\s*(?:\\times|\\cdot|[×x*·])\s*10\s*(?:(?:\^|\*\*)\s*[{(]?\s*-?\d+\s*[)}]?|⁻?[⁰¹²³⁴-⁹]+)"
    ),
    "percent": re.compile(r"[^%]+(?:\\?%| ?percent)"),
    "fraction": re.compile(r"[^.%]+"),
    "mixed": re.compile(r"-?\d+(?:\s+\d+\s*/\s*\d+|\s*\\[dt]?frac\s*\{?\d+\}?\s*\{?\d+\}?|\s*[¼-¾⅓-⅞])"),
}


def check_answer(problem: str, answer: str, outputs: Sequence[str] = ()) -> Verdict:
    """The verdict of an answer.

    Args:
        problem: As typed.
        answer: LaTeX, or as printed.
        outputs: What the code of the solution printed, in order.
    """
    if not answer.strip() or len(answer) > LONGEST:
        return Verdict("unchecked", "unreadable")
    cut = cut_short()
    try:
        with limited(SECONDS):
            found = _check(problem, answer, outputs)
            return Verdict("unchecked", "timeout") if found.kind == "wrong" and cut_short() > cut else found
    except Late:
        return Verdict("unchecked", "timeout")
    except MemoryError:
        return Verdict("unchecked", "unfinished")


def _task(problem: str) -> Expected | None:
    """The right answer of a problem, or None if it is not recognised for certain."""
    if len(problem) > LONGEST or ("$" not in problem and ex.DIVIDED_ON.search(problem)):
        return None
    texts = (problem,) if "$" in problem else (problem, read_typed(problem).text)
    for text in dict.fromkeys(texts):
        read = Problem(text)
        for rules in RULES:
            if (task := rules.expected(read)) is not None:
                return task
    return None


def _check(problem: str, answer: str, outputs: Sequence[str]) -> Verdict:
    try:
        task = _task(problem)
    except (
        Unsure, TooLarge, ArithmeticError, ValueError, TypeError, AttributeError, NotImplementedError, RecursionError,
        KeyError,
    ):  # fmt: skip
        # SymPy's own failures are of many types: the problem is then not computed.
        return Verdict("unchecked", "unfinished")
    if task is None:
        return Verdict("unchecked", "unrecognised")
    if task.form == "equation":
        return _same_line(task, answer)
    if _names_no_value(answer):
        return Verdict("unchecked", "unreadable")
    oracle = SympyOracle()
    if (parts := _quotient_and_remainder(answer)) or task.form == "divided":
        return _of_division(task, answer, parts, oracle)
    found = [judge(gold, answer, oracle) for gold in task.golds]
    if not any(f.same for f in found) and _DECIMAL_COMMA.search(problem) and _COMMA_NUMBER.fullmatch(answer.strip()):
        answer = answer.strip().replace(",", ".")
        found = [judge(gold, answer, oracle) for gold in task.golds]
    if not any(f.same for f in found) and (same := _one_in_several_forms(task, answer, oracle)) is not None:
        return same
    if any(f.same for f in found) and not (task.form == "primes" and _lists_no_prime(answer)):
        if any(f.same and f.reason == "rounded" for f in found) or not _formed(task, answer):
            return Verdict("unchecked", "form")
        exact = _exactly(task, answer)
        if not exact:
            return Verdict("numeric", "points")
        printed = [line for text in outputs if (lines := text.strip().splitlines()) and (line := lines[-1].strip())]
        if printed and task.how not in ASSUMED and any(judge(gold, printed[-1], oracle).same for gold in task.golds):
            return Verdict("checked", "code")
        return Verdict("checked", task.how)
    if (any(f.same for f in found) or all(f.same is False for f in found)) and is_solved(answer):
        if _is_meant_otherwise(problem, answer, oracle):
            return Verdict("unchecked", "undecided")
        if task.open:
            return Verdict("unchecked", "continued" if task.how in ASSUMED else "undecided", task.golds[0])
        return Verdict("wrong", "recomputed", task.golds[0])
    return Verdict("unchecked", "undecided" if readings(answer) else "unreadable")


def _one_in_several_forms(task: Expected, answer: str, oracle: SympyOracle) -> Verdict | None:
    """The verdict of one value that is told in several forms, as "x + 11 or 11 + x"; None if it is no such answer."""
    forms = _forms(answer)
    if len(forms) < 2 or any(_is_list(term) for gold in task.golds for term in readings(gold)):
        return None
    exact = []
    for form in forms:
        found = [judge(gold, form, oracle) for gold in task.golds]
        if not any(f.same for f in found):
            return None
        if not any(f.same and f.reason == "rounded" for f in found):
            exact.append(form)
    if not exact or not any(_formed(task, form) for form in exact):
        return Verdict("unchecked", "form")
    return Verdict("checked", task.how) if all(_exactly(task, form) for form in exact) else Verdict("numeric", "points")


def _forms(answer: str) -> list[str]:
    """The pieces between "or", commas and semicolons that stand in no brackets."""
    forms, start = [], 0
    for m in _OR.finditer(answer):
        before = answer[: m.start()]
        if all(before.count(opening) == before.count(closing) for opening, closing in ("()", "[]", "{}")):
            forms.append(answer[start : m.start()])
            start = m.end()
    return [form.strip(" $") for form in (*forms, answer[start:])]


def _is_list(term: Term) -> bool:
    listed = isinstance(term, Group) and term.brackets in ("", "{}") and len(term.items) > 1
    return listed or isinstance(term, Union)


def _is_meant_otherwise(problem: str, answer: str, oracle: SympyOracle) -> bool:
    """Whether the answer is right where "1/2x" means one over 2x."""
    other = _COEFFICIENT.sub(r"\1/(\2\3)", problem)
    task = _task(other) if other != problem else None
    return task is not None and any(judge(gold, answer, oracle).same for gold in task.golds)


def _quotient_and_remainder(answer: str) -> tuple[str, str] | None:
    """The two numbers or formulas of "3 R 2", "quotient x + 2, remainder 3"; None for another answer."""
    m = _REMAINDER.fullmatch(_TEXT.sub(r" \1 ", answer).replace("$", "").replace("\\ ", " ").strip().rstrip("."))
    return (m["q"].strip(" ,;"), m["r"].strip()) if m else None


def _of_division(task: Expected, answer: str, parts: tuple[str, str] | None, oracle: SympyOracle) -> Verdict:
    """The verdict of a quotient with a remainder, or of an answer where one is asked for."""
    if task.divided is None:
        return Verdict("unchecked", "unreadable")
    listed = re.split(r"\s*(?:[,;]|\band\b|\bund\b|\\text\{ ?and ?\})\s*", answer.strip().strip("$()"))
    one, two = parts or (listed if len(listed) == 2 else ("", ""))
    if not one:
        return Verdict("unchecked", "form")
    found = [judge(gold, said, oracle).same for gold, said in zip(task.divided, (one, two), strict=True)]
    if all(found):
        return Verdict("checked", task.how)
    if None in found or (not parts and judge(task.divided[0], two, oracle).same is not False):
        return Verdict("unchecked", "form")  # the other way round it may be right
    return Verdict("wrong", "recomputed", rf"{task.divided[0]} \text{{ remainder }} {task.divided[1]}")


def _same_line(task: Expected, answer: str) -> Verdict:
    """The verdict of an equation that may be written in any form."""
    try:
        (mine, _), (sides, ops) = relation(task.golds[0]), relation(answer)
    except Unsure:
        return Verdict("unchecked", "unreadable")
    if ops != ("=",) or not sides[0].is_polynomial() or not sides[1].is_polynomial():
        return Verdict("unchecked", "unreadable")
    ratio = ((sides[0] - sides[1]) / (mine[0] - mine[1])).cancel()
    if ratio.is_number and ratio != 0:
        return Verdict("checked", task.how)
    return Verdict("wrong", "recomputed", task.golds[0])


def _names_no_value(answer: str) -> bool:
    """Whether an equation in the answer has more on its left than a name: ``-x = 4`` does not say what x is."""
    found = readings(answer)
    items = found[0].items if found and isinstance(found[0], Group) else found[:1]
    equations = [item for item in items if isinstance(item, Relation) and item.ops == ("=",)]
    return any(not isinstance(e.members[0], Symbol | Call | Group | Words) for e in equations)


def _exactly(task: Expected, answer: str) -> bool:
    """Whether an answer with unknowns equals the computed one exactly, and not only at points."""
    import sympy as sp

    try:
        gold, said = scalar(task.golds[0]), scalar(answer)
    except Unsure:
        return True  # a list, a matrix, a word: their members were compared
    difference = gold - said
    if not gold.free_symbols:
        return True  # what was compared is a number, whatever unit it has
    if not difference.free_symbols or difference == 0:
        return True
    if difference.is_rational_function():
        return bool(sp.cancel(sp.together(difference)) == 0)
    return bool(sp.simplify(difference) == 0)


def _formed(task: Expected, answer: str) -> bool:
    """Whether the answer has the form that was asked for."""
    match task.form:
        case "new":
            return not _restated(task.given, answer) and is_finished(answer, fractions=False)
        case "simplest":
            return is_finished(answer, fractions=True) and not _restated(task.given, answer)
        case "factored":
            return _factored(answer)
        case "expanded":
            open_ = any(isinstance(t, Product | Power) and _has_sum(t) for t in _terms(answer))
            return not open_ and is_finished(answer, fractions=False)
        case "primes":
            return _is_product_of_primes(answer)
        case "square":
            return any(map(_has_square, _terms(answer)))
        case "literal":
            return re.sub(r"[$,\s]|\{,\}", "", answer) == task.golds[0]
        case "reduced":
            return _written(answer, "fraction") and not is_reducible(answer)
        case "subject":
            # What stands on the left, if anything does, is the letter that was asked for.
            name, equals, _ = answer.strip().strip("$").partition("=")
            return (not equals or name.strip() == task.given) and is_finished(answer, fractions=False)
        case "mixed":
            return _written(answer, task.form) and not is_reducible(answer)
        case "percent" | "decimal" | "fraction" | "scientific":
            return _written(answer, task.form)
        case _:
            return is_finished(answer, fractions=False) and is_solved(answer)


def _written(answer: str, form: str) -> bool:
    return _WRITTEN[form].fullmatch(answer.strip().strip("$").strip()) is not None


def _restated(given: str, answer: str) -> bool:
    """Whether an answer only repeats what the problem gives."""
    if not given:
        return False
    mine, theirs = readings(given), readings(answer)
    if mine and theirs and mine[0] == theirs[0]:
        return not isinstance(theirs[0], Number)
    return "".join(given.split()) == "".join(answer.split()) and bool(re.search(r"[a-zA-Z+*/^]", given))


def _has_square(term: Term) -> bool:
    """Whether a term is the square of a sum, or a number times one."""
    factors = term.factors if isinstance(term, Product) else (term,)
    return any(isinstance(f, Power) and f.exponent == Number(Fraction(2)) and _has_sum(f.base) for f in factors)


def _terms(answer: str) -> tuple[Term, ...]:
    found = readings(answer)
    if not found:
        return ()
    return found[0].terms if isinstance(found[0], Sum) else (found[0],)


def _has_sum(term: Any) -> bool:
    match term:
        case Sum():
            return bool(symbols(term))
        case Product(factors):
            return any(map(_has_sum, factors))
        case Power(base, _):
            return _has_sum(base)
        case _:
            return False


def _factored(answer: str) -> bool:
    """Whether every factor of a product is irreducible over the rational numbers."""
    import sympy as sp

    from tutor_app.adapters.checking.symbolic import built

    terms = _terms(answer)
    if len(terms) != 1:
        factors: tuple[Term, ...] = (readings(answer)[0],) if readings(answer) else ()
    else:
        factors = terms[0].factors if isinstance(terms[0], Product) else terms
    for factor in factors:
        base = factor.base if isinstance(factor, Power) else factor
        expression = built(base)
        if expression is None:
            return False
        if not expression.free_symbols:
            continue
        constant, found = sp.factor_list(expression)
        if sum(power for _, power in found) != 1 or abs(constant) != 1:
            return False
    return bool(factors)


def _lists_no_prime(answer: str) -> bool:
    """Whether a list of several numbers has one that is no prime: "4, 3"."""
    import sympy as sp

    found = readings(answer)
    items = found[0].items if found and isinstance(found[0], Group) and len(found[0].items) > 1 else ()
    return any(isinstance(n, Number) and not (n.value.denominator == 1 and sp.isprime(int(n.value))) for n in items)


def _is_product_of_primes(answer: str) -> bool:
    import sympy as sp

    found = readings(answer)
    if not found:
        return False
    match found[0]:
        case Product(factors):
            parts: tuple[Term, ...] = factors
        case Group(items):
            parts = items
        case one:
            parts = (one,)
    for factor in parts:
        base = factor.base if isinstance(factor, Power) else factor
        if not isinstance(base, Number) or base.value.denominator != 1 or not sp.isprime(int(base.value)):
            return False
    return True
