"""Equations and values that a text says to follow from the equation right before them, and that do not.

Refuses to guess: what stands between the two must say no more than that the second follows, and the second must be one
number away from following, or a value that does not solve an equation all of whose solutions are known.
"""

from __future__ import annotations

import re
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.chains import Chain
from tutor_app.adapters.checking.clauses import is_condition, is_refuted
from tutor_app.adapters.checking.context import Context, Equation, replaced
from tutor_app.adapters.checking.judging import Judgement, judge
from tutor_app.adapters.checking.near import mended_equation, written_alike
from tutor_app.adapters.checking.prose import Expression
from tutor_app.adapters.checking.words import CONCLUDING, CONNECTING, LEADING, SOLVING
from tutor_app.adapters.grading.algebra import rational
from tutor_app.adapters.grading.terms import Call, Degrees, Number, Term, symbols, walk

_MAX_GAP: Final = 60
_ARROW: Final = re.compile(r"\\(?:long)?(?:rightarrow|implies|iff)", re.IGNORECASE)
_SOLVED: Final = re.compile(r"(?i)\bsolv")
_ROW: Final = re.compile(r"\\\\")
_CONCLUDED: Final = frozenset(("so", "thus", "therefore", "hence"))
_NUMERAL: Final = re.compile(r"[A-Z]{2}")
"""Letters that are the digits of one number."""
_AGAIN: Final = re.compile(r"(?:[\s.]*,[\s$]*|[\s,.]*(?:\\\]|\$\$)\s*)or\s*(?:\\\[|\$+)?\s*")
"""Between an equation and the same in another form: ", or"."""
_CALLED: Final = re.compile(r"(?<![a-zA-Z\\\d])[a-zA-Z]\s*(?:\\left)?\(\s*-?\d")
_THEN: Final = frozenset(("then", "have", "get"))
"""Words that say of what follows a supposition that it follows from it."""
_CONDITIONAL: Final = frozenset(("if", "when", "suppose", "case", "or", "and", "let", "where", "also", "either"))


def leads(gap: str, names: frozenset[str], *, rows: bool, supposed: bool = False) -> bool:
    """Whether what stands between an equation and the next statement says that the second follows from the first.

    Args:
        gap: The text between them.
        names: Unknowns, which may stand there ("solving for x").
        rows: Whether the end of a row of an alignment says so, too.
        supposed: Whether the equation is a supposition, of which "then" tells what follows.
    """
    words = re.findall(r"[a-z]+", gap.lower())
    if "=" in gap and _SOLVED.search(gap.rpartition("=")[2]):
        return False  # "5x = 15, we find x = 3. Solving 2x = 8, ..."
    if (
        len(gap) > _MAX_GAP
        or not _CONDITIONAL.isdisjoint(words)
        or not (SOLVING | CONNECTING | LEADING | names).issuperset(words)
    ):
        return False
    concluding = CONCLUDING | _THEN if supposed else CONCLUDING
    said = not concluding.isdisjoint(words) or _ARROW.search(gap) is not None
    return said or (rows and _ROW.search(gap) is not None)


def judge_consequence(chain: Chain, a: Expression, b: Expression, before: Equation, gap: str) -> Judgement | None:
    """The verdict on an equation that would follow from the one before if one number in it were another.

    Args:
        chain: In which it stands.
        a: Left side.
        b: Right side.
        before: The equation before.
        gap: The text between the two.
    """
    names = symbols(a.term) | symbols(b.term)
    led = leads(gap, names, rows=len(names) == 1, supposed=before.supposed)
    again = not led and len(names) > 1 and _AGAIN.fullmatch(gap) is not None
    if not _plain(chain, a.term, b.term) or not (led or again):
        return None
    if a.units or b.units:
        return None  # "one pen is equal to 2x"
    mended = mended_equation(a.term, b.term, before.difference)
    if mended is None or all(map(written_alike, mended, (before.left, before.right))):
        return None  # the same with another number is rather another equation of a system
    if again and negatives((a.term, b.term)) != negatives(mended):
        return None  # "x + y = 4, or x - y = 4"
    sides = [None if built is None else symbolic.shown(built) for built in map(symbolic.built, mended)]
    right = f"{sides[0]} = {sides[1]} by the equation before" if all(sides) else ""
    return Judgement("false", "equation", right)


def judge_solution(chain: Chain, name: str, value: Term, before: Equation, gap: str) -> Judgement | None:
    """The verdict on a value that is told to follow from the equation before, and does not solve it."""
    names = frozenset((name,))
    if any(isinstance(part, Degrees) for part in walk(before.difference)):
        return None  # "10x = 360°, so x = 36 degrees"
    if symbols(before.difference) != names or not _exact(value) or not _plain(chain, before.left, before.right):
        return None
    if not leads(gap, names, rows=True, supposed=before.supposed):
        return None
    roots, said = symbolic.roots(before.difference, name), symbolic.built(value)
    if not roots or said is None or any(symbolic.equal(root, said) is not False for root in roots):
        return None
    shown = " or ".join(filter(None, map(symbolic.shown, [r for r in roots if r.is_real] or roots)))
    return Judgement("false", "solution", f"{name} = {shown}")


def judge_put(chain: Chain, a: Expression, b: Expression, given: Equation, text: str) -> Judgement | None:
    """The verdict on an equation that is told to follow from the value of its only unknown, and does not hold for it.

    Args:
        chain: In which it stands.
        a: Left side.
        b: Right side.
        given: The equation that gives the unknown its value.
        text: In which both stand.
    """
    names = symbols(a.term) | symbols(b.term)
    start = chain.members[0].start
    if names != symbols(given.left) or not 0 <= given.end <= start or a.units or b.units:
        return None
    if not _plain(chain, a.term, b.term) or not _exact(given.right):
        return None
    gap = text[given.end : start]
    if "=" in gap or _SOLVED.search(gap) or not leads(gap, names, rows=False, supposed=given.supposed):
        return None
    (name,) = names
    left, right = (replaced(side.term, name, given.right) for side in (a, b))
    found = judge((left,), "=", (right,))
    return found if found.verdict == "false" else None


def judge_valued(
    chain: Chain, names: frozenset[str], left: Term, right: Term, context: Context, text: str
) -> Judgement | None:
    """The verdict on "therefore, a + b = 12" where every name was given one value only, and the sum is another.

    Args:
        chain: In which it stands.
        names: Its unknowns.
        left: Its left side, with the values put in.
        right: Its right side, a number.
        context: What was said before.
        text: In which it stands.
    """
    given, start = context.given, chain.members[0].start
    if given is None or not 0 <= given.end <= start or not leads(text[given.end : start], names, rows=False):
        return None  # the last of the values does not stand right before it
    b = chain.members[1].value
    if b is None or symbols(b.term) or len(names) < 2 or symbols(left) or not names.isdisjoint(context.several):
        return None
    last = next((word for word in reversed(chain.before) if word != ","), "")
    if last not in _CONCLUDED or len(chain.relations) > 1 or not _plain(chain, left, right):
        return None
    if _NUMERAL.search(chain.members[0].source) or rational(left) is None or not _exact(right):
        return None
    found = judge((left,), "=", (right,))
    return found if found.verdict == "false" else None


def negatives(sides: tuple[Term, Term]) -> int:
    """How many negative numbers stand in both sides."""
    return sum(1 for side in sides for part in walk(side) if isinstance(part, Number) and part.value < 0)


def _exact(value: Term) -> bool:
    """Whether it is a number without decimals, so that it cannot be rounded."""
    return rational(value) is not None and not any(isinstance(p, Number) and p.places for p in walk(value))


def _plain(chain: Chain, *terms: Term) -> bool:
    """Whether it is told as it is meant: no condition, nothing rounded, no function."""
    if any(_CALLED.search(member.source) for member in chain.members[:2]):
        return False  # "p(1) = 2, so p(3) = 5" for a function p
    if is_condition(chain) or is_refuted(chain) or chain.approximate or not all(m.clear for m in chain.members[:2]):
        return False
    return not any(isinstance(part, Call) for term in terms for part in walk(term))
