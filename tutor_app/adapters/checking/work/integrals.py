"""Lines of a student's work with integral signs: read, and compared by differentiating or by calculating them.

``x ln x - ∫ 1 dx`` is an antiderivative of the function that ``ln x - 1`` times the signs before it comes to, so no
integral has to be solved to judge it. An integral between limits is a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.work.lines import read_line, read_side
from tutor_app.adapters.checking.work.state import term_of
from tutor_app.adapters.grading.terms import ONE, Number, Symbol, Term, negative, product, symbols, total
from tutor_app.text.typing import latex_of

_ZERO: Final = Number(Fraction(0))
_END: Final = r"(?:\{[^{}]*\}|\([^()]*\)|-?[\w.π]+|\\[a-z]+)"
_SIGN: Final = re.compile(
    rf"(?:∫|\\int\b)\s*(?:\\limits\s*)?(?:_\s*(?P<low>{_END})\s*\^\s*(?P<high>{_END}))?(?![_^])\s*"
    r"(?P<body>[^∫=]*?)\s*(?:\\,|\*|·)?\s*\bd(?P<name>[a-zA-Z])(?![a-zA-Z])"
)
_EQUALS: Final = re.compile(r"(?<![<>!])=")
_HAS_SIGN: Final = re.compile(r"∫|\\int\b")
_BEFORE: Final = re.compile(r"(?P<sign>[-+])?\s*(?P<factor>\d+(?:/\d+)?|\\frac\{\d+\}\{\d+\})?\s*[*·]?\s*$")


@dataclass(frozen=True, slots=True)
class Integrated:
    """A side of a line that has integral signs.

    Attributes:
        outside: What stands beside the integrals.
        inside: What is integrated, with the factors before the signs.
        name: The letter that is integrated over.
        value: Of integrals between limits, with what stands beside them; None if there are none.
    """

    outside: Term
    inside: Term
    name: str
    value: Term | None = None


def has_integral(text: str) -> bool:
    """Whether a line has an integral sign."""
    return _HAS_SIGN.search(text) is not None


def read_integrals(side: str) -> Integrated | None:
    """A side of a line; None if it cannot be read or mixes letters or kinds of integrals."""
    outside, inside, values, last, names = "", [], [], 0, set()
    for m in _SIGN.finditer(side):
        before = _BEFORE.search(side, last, m.start())
        assert before is not None
        outside += side[last : before.start()]
        last = m.end()
        body = _term(m["body"] or "1")
        factor = _term(before["factor"]) if before["factor"] else ONE
        if body is None or factor is None or symbols(body) - {m["name"]}:
            return None
        scaled = product(factor, body) if before["sign"] != "-" else negative(product(factor, body))
        names.add(m["name"])
        if m["low"]:
            ends = [_term(m[end].strip("{}()")) for end in ("low", "high")]
            if ends[0] is None or ends[1] is None:
                return None
            values.append(term_of(symbolic.integral(scaled, m["name"], ends[0], ends[1])))
        else:
            inside.append(scaled)
    outside = (outside + side[last:]).strip().lstrip("+").strip()
    beside = _term(re.sub(r"\+\s*[Cc]\s*$", "", outside).strip() or "0")
    if (
        not names
        or len(names) > 1
        or beside is None
        or _HAS_SIGN.search(outside)
        or (values and inside)
        or None in values
    ):
        return None
    known = [v for v in values if v is not None]
    return Integrated(
        beside, total(*inside) if inside else _ZERO, names.pop(), total(beside, *known) if known else None
    )


def read_sides(text: str) -> tuple[str, list[Integrated | Term]] | None:
    """The letter that is integrated over in a line, and its sides; None if one of them cannot be read.

    A letter alone at the beginning only names what is integrated; a line that begins with an equals sign has an empty
    first side, which is left out too.
    """
    sides: list[Integrated | Term] = []
    name = ""
    for k, side in enumerate(_EQUALS.split(text)):
        if k == 0 and re.fullmatch(r"\s*(?:[A-Za-z](?:_\w)?|[A-Z]\([a-z]\)|)\s*", side):
            continue
        if not has_integral(side):
            term = _term(re.sub(r"\+\s*[Cc]\s*$", "", side))
            if term is None:
                return None
            sides.append(term)
        elif (found := read_integrals(side)) is None or (name and found.name != name):
            return None
        else:
            name = found.name
            sides.append(found)
    return (name, sides) if name else None


def value_of(side: Integrated | Term) -> Term | None:
    """The number that a side is; None if it has no limits."""
    return side.value if isinstance(side, Integrated) else None if symbols(side) else side


def as_derivative(side: Integrated | Term, name: str) -> Term | None:
    """The function of which a side is an antiderivative."""
    found = side if isinstance(side, Integrated) else Integrated(side, _ZERO, name)
    beside = term_of(symbolic.derivative(found.outside, found.name)) if symbols(found.outside) else _ZERO
    return None if beside is None else total(beside, found.inside)


def _term(text: str) -> Term | None:
    line = read_line(text)
    statements = line.statements
    if len(statements) == 1 and not statements[0].relations:
        return statements[0].sides[0]
    latex = latex_of(text)
    return read_side(latex) if latex else None


def antiderivative_told(side: Integrated | Term, text: str) -> tuple[Term, str] | None:
    """The last side of a line with integral signs, if it has none itself, with its constant of integration."""
    if isinstance(side, Integrated):
        return None
    constant = re.search(r"[-+]\s*([CcKk])\s*[.,]?\s*$", text)
    return (total(side, Symbol(constant[1])) if constant is not None else side), ""
