"""Rules about equations and expressions: "the roots are 2 and 3", "x^2 - 1 factors as ...", "the derivative of ..."."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.context import Context
from tutor_app.adapters.checking.formulas import matrices_of
from tutor_app.adapters.checking.judging import Judgement
from tutor_app.adapters.checking.operators import determinant, judge_matrices
from tutor_app.adapters.checking.rules import END, EXPR, IS, Rule, judge_value, rule, term_of, truth
from tutor_app.adapters.checking.systems import Row, solved
from tutor_app.adapters.checking.words import SUPPOSING
from tutor_app.adapters.grading.algebra import same
from tutor_app.adapters.grading.terms import Call, Group, Matrix, Number, Symbol, Term, negative, symbols, total, walk

_LAST_FORMULA: Final = re.compile(r"(?:(?<=\s)|^)((?:\\[a-zA-Z]+|[^a-zA-Z\\]|(?<![a-zA-Z])[a-zA-Z](?![a-zA-Z]))+)$")
"""The formula at the end of a stretch of text, without the words before it."""


def equation_in(text: str) -> tuple[Term, str] | None:
    """The difference of the sides of an equation in one unknown, or an expression, and the unknown."""
    sides = [term_of(side) for side in text.split("=")]
    if len(sides) > 2 or any(side is None for side in sides):
        return None
    terms = [side for side in sides if side is not None]
    difference = total(terms[0], negative(terms[1])) if len(terms) == 2 else terms[0]
    if len(terms) == 2 and isinstance(terms[0], Symbol | Call):
        difference = terms[1]  # y = ..., f(x) = ...
    names = symbols(difference)
    return (difference, next(iter(names))) if len(names) == 1 else None


def last_equation(context: Context, name: str = "") -> tuple[Term, str] | None:
    """The equation in one unknown that was stated last."""
    if not context.equations:
        return None
    difference = context.equations[-1].difference
    names = symbols(difference)
    if len(names) != 1 or any(isinstance(p, Call) for p in walk(difference)):
        return None
    (found,) = names
    return (difference, found) if name in ("", found) else None


def _found_roots(source: str | None, context: Context, name: str = "") -> tuple[list[Any], str, Term] | None:
    found = equation_in(source) if source else last_equation(context, name)
    if found is None:
        return None
    solutions = symbolic.roots(*found)
    return None if solutions is None else (solutions, found[1], found[0])


_SIGNS: Final = re.compile(r"\\pm(?![a-zA-Z])|±")
_PARTIAL: Final = re.compile(
    r"(?i)\b(?:number|sum|product|difference|average|absolute|largest|smallest|each|one|some|between|of|to"
    r"|possible|integer"
    r"|rational|positive|negative|common|extraneous|other|two of|no)\W+(?:\w+\W+){0,2}$"
)
"""Words before "roots" that speak of some of them, or of something made of them."""


def _certain(context: Context, name: str, right: list[Any]) -> bool:
    """Whether nothing was told about the unknown but equations with these very roots."""
    for equation in context.about(frozenset((name,))):
        if symbols(equation.difference) != {name}:
            return False
        found = symbolic.roots(equation.difference, name)
        if found is None or not _same_set(found, right):
            return False
    return True


def _values(text: str) -> list[Any] | None:
    """The values of "x = 2 and x = 3", "2, 3", "2 and -3"."""
    parts = re.split(r"\s*,\s*(?:and|or)?\s*|\s+(?:and|or)\s+", text.strip())
    both = [[_SIGNS.sub(sign, part) for sign in "+-"] if _SIGNS.search(part) else [part] for part in parts]
    out = []
    for part in filter(None, itertools.chain.from_iterable(both)):
        term = term_of(re.sub(r"^\s*[a-zA-Z](?:_\{?\d\}?)?\s*=", "", part))
        built = None if term is None or symbols(term) else symbolic.built(term)
        if built is None:
            return None
        out.append(built)
    return out or None


def _is_rounded(text: str, wrong: list[Any], right: list[Any]) -> bool:
    """Whether decimals are written, and one of the values is a root but for its last digits."""
    if not re.search(r"\d\.\d", text):
        return False
    return any(abs(complex(v) - complex(r)) < 0.02 * (1 + abs(complex(r))) for v in wrong for r in right)


def _same_set(said: list[Any], right: list[Any]) -> bool:
    left = list(right)
    for value in said:
        match = next((x for x in left if symbolic.equal(x, value)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


@rule(
    rf"\b(?:(?:roots|solutions|zeros|zeroes)(?: (?:of|to) (?:the )?(?:equation |quadratic |polynomial |function"
    rf" )*{EXPR})? are"
    rf"|(?:root|solution|zero)(?: (?:of|to) (?:the )?(?:equation |quadratic |polynomial |function )*{EXPR})? is)"
    rf"(?: given by)? (?!not\b|real\b|the\b|all\b|both\b|of\b){EXPR}"
    r"(?=\s*(?:[;:?]|\.(?!\d)|$|\b(?:so|because|since|which|where|but)\b))"
)
def roots_are(m: re.Match[str], context: Context) -> Judgement | None:
    """The roots of an equation, told as a list."""
    subject = (m[1] or m[2] or "").strip()
    if _PARTIAL.search(m.string[: m.start()]) or (
        subject and not re.search(r"\d|\^|^(?:this|it|the)?\s*equation$", subject)
    ):
        return None
    source = subject if re.search(r"\d|\^", subject) else None
    found, said = _found_roots(source, context), _values(m[3])
    if found is None or said is None:
        return None
    right, name, _ = found
    real = [r for r in right if r.is_real]
    if _same_set(said, right) or _same_set(said, real):
        return Judgement("true", "solution" if source is None else "roots")
    wrong = [v for v in said if not any(symbolic.equal(v, r) for r in right)]
    if not wrong:
        return Judgement("unchecked", "equation")
    if any(v.is_Float for v in wrong) or _is_rounded(m[3], wrong, right):
        return Judgement("unchecked", "approximate")
    if source is None and not _certain(context, name, right):
        return Judgement("unchecked", "equation")
    return Judgement("false", "solution", f"{name} = {' or '.join(map(symbolic.shown, real or right))}")


@rule(
    rf"\b(?:equation )?(?P<left>{EXPR} has (?:exactly )?(?:the )?(?:two |real )*"
    rf"(?:solutions?|roots?|zeros|zeroes) {EXPR})"
    r"(?=\s*(?:[;:?]|\.(?!\d)|$|\b(?:so|because|since|which|where|but)\b))",
    " has ",
)
def has_roots(m: re.Match[str], context: Context) -> Judgement | None:
    """An equation with its solutions behind it: "the equation x^2 = 4 has the solutions 2 and -2"."""
    subject = m[2].strip()
    source = _LAST_FORMULA.search(subject)
    cut = source is None or (source.start(1) > 0 and re.match(r"\s*(?:[-+*/=^]|[a-zA-Z]\s*$)", source[1]) is not None)
    if source is None or cut or not re.search(r"\d|\^", source[1]):
        return None  # "m^2 + Bm + C", of which "C" was read
    found, said = _found_roots(source[1], context), _values(m[3])
    if found is None or said is None:
        return None
    right, name, _ = found
    real = [r for r in right if r.is_real]
    if _same_set(said, right) or _same_set(said, real):
        return Judgement("true", "roots")
    wrong = [v for v in said if not any(symbolic.equal(v, r) for r in right)]
    if not wrong or any(v.is_Float for v in wrong) or _is_rounded(m[3], wrong, right):
        return None
    return Judgement("false", "solution", f"{name} = {' or '.join(map(symbolic.shown, real or right))}")


@rule(
    r"\b([a-zA-Z]) ?= ?([^,;=]{1,40}?),? (?:or|and) \1 ?= ?([^,;=]{1,40}?)(?=\s*(?:[,;:!?]|\.(?!\d)|$|\b(?:so"
    r"|because|since|which|where|but|as)\b))"
)
def either(m: re.Match[str], context: Context) -> Judgement | None:
    """Two solutions: "x = 3 or x = -2"."""
    found, said = _found_roots(None, context, m[1]), _values(f"{m[2]}, {m[3]}")
    if found is None or said is None:
        return None
    right, name, _ = found
    if _same_set(said, right) or _same_set(said, [r for r in right if r.is_real]):
        return Judgement("true", "solution")
    if len(right) == 2 and not any(v.is_Float for v in said) and not _is_rounded(f"{m[2]} {m[3]}", said, right):
        wrong = [v for v in said if not any(symbolic.equal(v, r) for r in right)]
        if wrong and " or" in m[0] and _certain(context, name, right):
            return Judgement("false", "solution", f"{name} = {' or '.join(map(symbolic.shown, right))}")
    return Judgement("unchecked", "equation")


@rule(rf"(?:{EXPR} )?\b(?:has|have|there (?:is|are)) no real (?:solutions?|roots?|zeros?)\b", "no real")
def no_real(m: re.Match[str], context: Context) -> Judgement | None:
    """An equation without real solutions."""
    subject = (m[1] or "").strip()
    formula = _LAST_FORMULA.search(subject)
    source = formula[1].strip() if formula and re.search(r"\^|=", formula[1]) else None
    if source is None and not re.search(r"(?i)\b(?:equation|it|this|there)$", subject or "it"):
        return None
    found = _found_roots(source, context)
    if found is None or (source is None and not _certain(context, found[1], found[0])):
        return None
    real = [r for r in found[0] if r.is_real]
    if any(r.is_real is None for r in found[0]):
        return None
    return truth(not real, "roots", f"{found[1]} = {' or '.join(map(symbolic.shown, real))}")


@rule(
    r"\bdiscriminant(?: of (?:the )?(?:equation |quadratic |polynomial )*(.{1,80}?))? (?:is|equals)( positive|"
    r" negative| zero| [^,;]{1,60}?)(?=\s*(?:[,;:!?]|\.(?!\d)|$|\b(?:and|so|because|since|which|where|but)\b))"
)
def discriminant(m: re.Match[str], context: Context) -> Judgement | None:
    """The discriminant of a quadratic."""
    import sympy as sp

    found = equation_in(m[1]) if m[1] and re.search(r"\^|\d", m[1]) else last_equation(context)
    built = None if found is None else symbolic.built(found[0])
    if found is None or built is None or not built.is_polynomial(sp.Symbol(found[1])):
        return None
    polynomial = sp.Poly(built, sp.Symbol(found[1]))
    if polynomial.degree() != 2:
        return None
    value = polynomial.discriminant()
    word = m[2].strip().lower()
    if word in ("positive", "negative", "zero"):
        holds = {"positive": value > 0, "negative": value < 0, "zero": value == 0}[word]
        return truth(bool(holds), "discriminant", symbolic.shown(value))
    return judge_value(Fraction(int(value.p), int(value.q)), m[2], "discriminant") if value.is_Rational else None


_SOLVED_BY: Final = (
    r"(?:ha(?:s|ve)(?: the| a)?(?: unique| only| common)*(?: solutions?| answer| intersection| point)?:?"
    r"|(?:is|are)(?: both)? (?:solved|satisfied) by|(?:is|are)(?: given by)?|(?:intersect|meet|cross)(?:es)?"
    r" (?:at|in)(?: the point)?|(?:we|you|one) (?:get|find|obtain|have|conclude)(?: that)?|gives?|yields?|leads? to)"
)
_GIVEN_BY: Final = re.compile(r"(?i)\b(?:system|solution|from|solv(?:e|ing)|equations|intersection|point)\b")
_BETWEEN: Final = re.compile(
    r"\s*(?:[,;]|\\\\|&(?!=)|\\begin\{\w+\}|\\end\{\w+\}|\\q?quad|\b(?:and|with|us|for|is|are|of|system)\b)\s*"
)
_ANEW: Final = re.compile(r"(?i)\b(?:when|let|(?<!\{)cases?|or|another|other|first|second|try|check|not)\b|[<>≤≥]")
"""What makes the equations of a sentence, or the values, not those of one system."""
_NAMED_VALUE: Final = r"[a-zA-Z] ?= ?[^=,;]{1,40}?"
_TUPLE: Final = r"(?:\([a-zA-Z](?: ?, ?[a-zA-Z]){1,3}\) ?= ?)?\([^()=]{3,60}\)"


@rule(
    rf"^ ?(?P<left>[^\s=][^=]{{1,140}}=(?:[^=]{{1,90}}=)+[^=]{{1,40}}?) {_SOLVED_BY} "
    rf"(?P<said>{_NAMED_VALUE}(?: ?(?:,|,? and) ?{_NAMED_VALUE}){{1,3}}|{_TUPLE}){END}",
    "solution", "solv", "from ", "satisf", "system", "equations", "intersect", " meet", " cross",
)  # fmt: skip
def system(m: re.Match[str], _context: Context) -> Judgement | None:
    """A system and its solution in one sentence: "x + y = 10 and x - y = 2 has the solution x = 6, y = 4"."""
    if not SUPPOSING.isdisjoint(m["left"].lower().split()) or _ANEW.search(m["left"]):
        return None
    if not _GIVEN_BY.search(m["left"]) and not re.search(r"(?i)solution|solved|satisf|intersect|meet|cross", m[0]):
        return None
    equations = [part for part in _BETWEEN.split(m["left"].replace("&=", "=")) if part and "=" in part]
    sides = [tuple(map(term_of, formula_end(part).split("="))) for part in equations]
    if len(sides) < 2 or any(len(both) != 2 or None in both for both in sides):
        return None
    rows = [(left, right) for left, right in sides if left is not None and right is not None]
    names = sorted(frozenset[str]().union(*(symbols(side) for row in rows for side in row)))
    values = _told_values(m["said"], names)
    if all(isinstance(left, Symbol) and not symbols(right) for left, right in rows):
        return None  # "from x = 2 and y = 3 we get"
    if values is None or sorted(values) != names or any(isinstance(p, Call) for r in rows for t in r for p in walk(t)):
        return None
    put = Context(values=values)
    held = [same(put.resolved(left), put.resolved(right)) for left, right in rows]
    if all(held):
        return Judgement("true", "system")
    if None in held or any(isinstance(p, Number) and p.places for value in values.values() for p in walk(value)):
        return Judgement("unchecked", "equation")
    if told := _solution(rows, names):
        return Judgement("false", "solution", told)
    failing = next(n for n, holds in enumerate(held) if not holds)
    return Judgement("false", "solution", f"it does not solve {equations[failing].strip()}")


def _solution(rows: Sequence[tuple[Term, Term]], names: Sequence[str]) -> str:
    """The one solution of equations, for the user; empty if it is not known."""
    right = solved([row for row in (Row.of(*sides) for sides in rows) if row is not None]) or {}
    if not all(name in right for name in names):
        return ""
    return ", ".join(f"{name} = {Fraction(right[name]).limit_denominator(1000)}" for name in names)


def formula_end(text: str) -> str:
    """An equation without the words before it."""
    left, equals, right = text.partition("=")
    formula = _LAST_FORMULA.search(left.rstrip())
    return f"{formula[1] if formula else left}{equals}{right}"


def _told_values(said: str, names: list[str]) -> dict[str, Term] | None:
    """The values of "x = 6, y = 4", "(x, y) = (6, 4)" or "(6, 4)"."""
    if said.endswith(")") and said.startswith("("):
        before, _, after = said.rpartition("=")
        named = re.findall(r"[a-zA-Z]", before) if before else names
        told = [term_of(part) for part in after.strip().strip("()").split(",")]
    else:
        parts = [part.split("=") for part in re.split(r"\s*(?:,\s*and\b|,|\band\b)\s*", said)]
        named, told = [part[0].strip() for part in parts], [term_of(part[-1]) for part in parts]
    values = {name: value for name, value in zip(named, told, strict=False) if value is not None}
    if len(values) != len(told) or len(named) != len(told) or any(map(symbols, values.values())):
        return None
    return values


@rule(rf"\b([a-zA-Z]) ?= ?([^=]{{1,100}}?),? (?:and|,) ?([a-zA-Z]) ?= ?{EXPR}{END}")
def pair(m: re.Match[str], context: Context) -> Judgement | None:
    """The solution of a system of two equations."""
    if m[1] == m[3]:
        return None
    a, b = term_of(m[2]), term_of(m[4])
    if a is None or b is None or symbols(a) or symbols(b):
        return None
    return _fits({m[1]: a, m[3]: b}, context, m.string[: m.start()])


@rule(r"\(([a-zA-Z]), ?([a-zA-Z])\) ?= ?\(([^(),]{1,40}), ?([^(),]{1,40})\)")
def ordered_pair(m: re.Match[str], context: Context) -> Judgement | None:
    """The same, told as a pair."""
    a, b = term_of(m[3]), term_of(m[4])
    if a is None or b is None or symbols(a) or symbols(b):
        return None
    return _fits({m[1]: a, m[2]: b}, context, m.string[: m.start()])


def _fits(values: dict[str, Term], context: Context, before: str) -> Judgement | None:
    """The verdict on values for two unknowns; false only where "the solution" of no other equations is told."""
    names = set(values)
    known = [e for e in context.equations if symbols(e.difference) and not isinstance(e.left, Group)]
    tried = [e for e in known[-6:] if symbols(e.difference) <= names]
    both = [e for e in tried if len(symbols(e.difference)) == 2]
    if len(both) < 2:
        return None
    put = Context(values=values)
    verdicts = [same(put.resolved(e.left), put.resolved(e.right)) for e in both]
    if all(verdicts):
        return Judgement("true", "system")
    told = re.search(r"(?i)\bsolution\b[\w\s:]*$", before) is not None and _ANEW.search(before) is None
    if told and len(both) == 2 and all(e in tried and not e.supposed for e in known if names & symbols(e.difference)):
        right = _solution([(e.left, e.right) for e in tried], sorted(names))
        if (
            right
            and None not in verdicts
            and not any(isinstance(p, Number) and p.places for v in values.values() for p in walk(v))
        ):
            return Judgement("false", "solution", right)
    return Judgement("unchecked", "equation")


# --- rewriting and calculus ---------------------------------------------------------------------------------------


@rule(
    rf"(?:^|(?<=[\s:,])){EXPR} (?:factors (?:as|into|to)|(?:can be |is )factored (?:as|into)|expands to|simplifies to"
    rf"|(?:can be |is )simplified to) {EXPR}{END}",
    "factor",
    "expand",
    "simplif",
)
def factors_as(m: re.Match[str], _context: Context) -> Judgement | None:
    """A factorisation, expansion or simplification: "x^2 - 1 factors as (x - 1)(x + 1)"."""
    return _rewritten(m[1], m[2])


@rule(
    rf"\b(?:factoring|expanding|simplifying|factor|expand|simplify) {EXPR},? (?:gives|we get|yields|as|into|to"
    rf" get) {EXPR}{END}"
)
def factoring(m: re.Match[str], _context: Context) -> Judgement | None:
    """The same, told as a deed: "expanding (x + 1)^2 gives x^2 + 2x + 1"."""
    return _rewritten(m[1], m[2])


def _rewritten(before: str, after: str) -> Judgement | None:
    formula = _LAST_FORMULA.search(before)
    a, b = term_of(formula[1]) if formula else None, term_of(after)
    if a is None or b is None or not symbols(a) or symbols(a) != symbols(b):
        return None
    if any(isinstance(p, Call) and p.name in "fghP" for t in (a, b) for p in walk(t)):
        return None
    if same(a, b):
        return Judgement("true", "identity")
    x, y = symbolic.built(a), symbolic.built(b)
    equal = None if x is None or y is None else symbolic.equal(x, y)
    if equal is None:
        return Judgement("unchecked", "beyond")
    return Judgement("true", "identity") if equal else Judgement("false", "identity", symbolic.counterexample(x, y))


@rule(
    rf"\bderivative of (?:the function )?(?:[fghy](?:\([a-z]\))? ?= ?)?{EXPR}(?: with respect to "
    rf"([a-z]))?{IS}{EXPR}{END}"
)
def derivative(m: re.Match[str], _context: Context) -> Judgement | None:
    """A derivative, told in words."""
    a, b = term_of(m[1]), term_of(m[3])
    if a is None or b is None or len(symbols(a)) != 1:
        return None
    right = symbolic.derivative(a, m[2] or next(iter(symbols(a))))
    return _compared(right, b, "derivative", symbols(a))


@rule(rf"\bantiderivative of (?:[fghy]\([a-z]\) ?= ?)?{EXPR}{IS}(?:[FGH]\([a-z]\) ?= ?)?{EXPR}{END}", "antiderivative")
def antiderivative(m: re.Match[str], _context: Context) -> Judgement | None:
    """An antiderivative, told in words; with or without a constant."""
    a, b = term_of(m[1]), term_of(m[2])
    if a is None or b is None or len(symbols(a)) != 1 or symbols(b) - symbols(a) - {"C", "c"}:
        return None
    slope = symbolic.derivative(b, next(iter(symbols(a))))
    found = _compared(slope, a, "antiderivative", symbols(a))
    return replace(found, right=f"its derivative is {found.right}") if found and found.verdict == "false" else found


@rule(rf"\bintegral of {EXPR}(?: with respect to ([a-z])| d([a-z]))? from {EXPR} to {EXPR}{IS}{EXPR}{END}")
def integral(m: re.Match[str], _context: Context) -> Judgement | None:
    """A definite integral, told in words."""
    terms = [term_of(m[i]) for i in (1, 4, 5, 6)]
    known = [t for t in terms if t is not None]
    if len(known) < 4 or len(symbols(known[0])) != 1:
        return None
    name = next(iter(symbols(known[0])))
    value = symbolic.integral(known[0], name, known[1], known[2])
    return _compared(value, known[3], "int", symbols(known[1]) | symbols(known[2]))


@rule(rf"\blimit of {EXPR} as ([a-z]) (?:approaches|goes to|tends to|\\to) {EXPR}{IS}{EXPR}{END}")
def limit(m: re.Match[str], _context: Context) -> Judgement | None:
    """A limit, told in words."""
    point = r"\infty" if m[3].strip().lower() == "infinity" else m[3]
    terms = [term_of(t) for t in (m[1], point, m[4])]
    known = [t for t in terms if t is not None]
    if len(known) < 3:
        return None
    names = (symbols(known[0]) - {m[2]}) | symbols(known[1])
    return _compared(symbolic.limit(known[0], m[2], known[1]), known[2], "lim", names)


_MATRIX: Final = r"(\\begin\{[pb]matrix\}.{1,160}?\\end\{[pb]matrix\})"


@rule(rf"\beigenvalues? of (?:the matrix )?{_MATRIX} (?:are|is) {EXPR}(?=\s*(?:[;:?]|\.(?!\d)|$))")
def eigenvalues(m: re.Match[str], _context: Context) -> Judgement | None:
    """The eigenvalues of a matrix of numbers."""
    import sympy as sp

    term, said = matrices_of(m[1]), _values(m[2])
    if not isinstance(term, Matrix) or said is None or len(term.rows) != len(term.rows[0]):
        return None
    square = sp.Matrix([[symbolic.built(cell) for cell in row] for row in term.rows])
    right = list(square.eigenvals())
    return truth(_same_set(said, right), "matrix", " and ".join(map(symbolic.shown, right)))


@rule(
    rf"\binverse of (?:the matrix )?{_MATRIX}(?: (?:is|equals) (?:the matrix )?| ?= ?){_MATRIX}"
    r"(?=\s*(?:[,;:?]|\.(?!\d)|$))"
)
def inverse(m: re.Match[str], _context: Context) -> Judgement | None:
    """The inverse of a matrix of numbers."""
    left, said = matrices_of(f"{m[1]}^{{-1}}"), matrices_of(m[2])
    found = None if left is None or said is None else judge_matrices(left, said)
    return None if found is None else Judgement(found.verdict, "matrix", found.right)


@rule(rf"\bdeterminant of (?:the matrix )?{_MATRIX}{IS}{EXPR}{END}")
def determinant_of(m: re.Match[str], _context: Context) -> Judgement | None:
    """The determinant of a matrix."""
    term, said = matrices_of(m[1]), term_of(m[2])
    if not isinstance(term, Matrix) or said is None:
        return None
    return _compared(determinant(term), said, "matrix", symbols(term))


def _compared(right: Any | None, said: Term, reason: str, names: AbstractSet[str]) -> Judgement | None:
    """The verdict on a value that is told.

    Args:
        right: The value.
        said: What is told.
        reason: For the verdict.
        names: What a value can hold. Another name is a word ("is found with SymPy") or an abbreviation ("is A").
    """
    if symbols(said) - names:
        return None
    other = symbolic.built(said)
    if right is None or other is None:
        return None
    equal = symbolic.equal(right, other)
    if equal is None or (equal is False and other.has(*_floats(other))):
        return Judgement("unchecked", "beyond")
    return truth(equal, reason, symbolic.shown(right))


def _floats(expression: Any) -> tuple[Any, ...]:
    import sympy as sp

    return (sp.Float,) if expression.atoms(sp.Float) else (sp.Wild("nothing"),)


SOLUTION_RULES: Final[tuple[Rule, ...]] = (
    roots_are, has_roots, either, no_real, discriminant, system, pair, ordered_pair, factors_as, factoring, derivative,
    antiderivative,
    integral, limit, eigenvalues, inverse, determinant_of,
)  # fmt: skip
