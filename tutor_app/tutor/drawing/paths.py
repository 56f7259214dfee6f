"""Finds curves that are given by an angle (``r = 2cos(theta)``) or by a parameter (``x = cos t, y = sin t``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tutor_app.adapters.grading.terms import Call, Group, Number, Power, Product, Relation, Symbol, Term, symbols, walk
from tutor_app.tutor.drawing import programs
from tutor_app.tutor.drawing.formulas import python
from tutor_app.tutor.drawing.programs import Drawing

_ANGLES: Final = frozenset(("theta", "phi", "varphi", "t"))
_END: Final = r"([-\u2212]?\s?(?:\d+(?:\.\d+)?|(?=\u03c0)))\s*(\u03c0?)(?:\s*/\s*(\d+))?"
"""A number, a multiple of \u03c0, or one of them divided."""
_PARAMETERS: Final = frozenset(("t", "s", "theta", "phi", "varphi"))
_PERIODIC: Final = frozenset(("sin", "cos", "tan", "sec", "csc", "cot"))


def path(formulas: Sequence[tuple[str, Term]], prose: str) -> Drawing | None:
    """A polar or parametric curve among formulas.

    Args:
        formulas: Of a text, each as it is written and what it means.
        prose: The text as plain text, formulas included.

    Raises:
        NotDrawable: If what they are equal to is no real function.
    """
    terms = [term for _, term in formulas]
    given = [(*found, label) for label, term in formulas if (found := _coordinate(term)) is not None]
    polar = re.search(r"(?i)\bpolar\b", prose) is not None
    for name, value, label in given:
        inside = symbols(value)
        turning = inside == {"t"} and any(isinstance(part, Call) and part.name in _PERIODIC for part in walk(value))
        if name != "r" or len(inside) > 1 or not (inside & _ANGLES - {"t"} or polar or turning):
            continue
        angle = next(iter(inside), "theta")
        low, high = _range(terms, prose, angle, value)
        radius = python(value, {angle: "t"})
        place = f"(({radius}) * np.cos(t), ({radius}) * np.sin(t))"
        return programs.path(label, place, low, high, "\u03b8" if angle == "theta" else angle, "polar")
    x = next(((value, label) for name, value, label in given if name == "x"), None)
    y = next(((value, label) for name, value, label in given if name == "y"), None)
    if x is None or y is None:
        return _pair(formulas, prose)
    names = symbols(x[0]) | symbols(y[0])
    if len(names) != 1 or names & {"x", "y"} or not (symbols(x[0]) and symbols(y[0])):
        return None
    (parameter,) = names
    low, high = _range(terms, prose, parameter, x[0], y[0])
    place = f"({python(x[0], {parameter: 't'})} + 0 * t, {python(y[0], {parameter: 't'})} + 0 * t)"
    return programs.path(f"{x[1]}, {y[1]}", place, low, high, "\u03b8" if parameter == "theta" else parameter, "")


def _pair(formulas: Sequence[tuple[str, Term]], prose: str) -> Drawing | None:
    """The curve of a point whose two coordinates are functions of the same parameter: ``(t cos t, t sin t)``."""
    terms = [term for _, term in formulas]
    for label, term in formulas:
        match term:
            case Group((x, y), "()") if (names := symbols(x) | symbols(y)) and names <= _PARAMETERS and len(names) == 1:
                (parameter,) = names
                low, high = _range(terms, prose, parameter, x, y)
                place = f"({python(x, {parameter: 't'})} + 0 * t, {python(y, {parameter: 't'})} + 0 * t)"
                shown = "\u03b8" if parameter == "theta" else parameter
                return programs.path(f"(x, y) = {label}", place, low, high, shown, "")
    return None


def _coordinate(term: Term) -> tuple[str, Term] | None:
    """For ``r = ...``, ``x = ...`` and ``x(t) = ...``: the name, and what it is equal to."""
    if not isinstance(term, Relation) or term.ops != ("=",):
        return None
    left, right = term.members
    match left:
        case Symbol(name) | Call(name, (Symbol(_),)) | Product((Symbol(name), Symbol(_))) if name in ("r", "x", "y"):
            return name, right
        case _:
            return None


def _range(terms: Sequence[Term], prose: str, parameter: str, *values: Term) -> tuple[str, str]:
    """From where to where the parameter goes: as it is told, else once around, else from -3 to 3."""
    for term in terms:
        if isinstance(term, Relation) and len(term.members) == 3 and term.members[1] == Symbol(parameter):
            low, _, high = term.members
            if set(term.ops) <= {"<", "<="} and not symbols(low) | symbols(high):
                return python(low, {}), python(high, {})
    letter = {"theta": "\u03b8", "phi": "\u03c6", "varphi": "\u03c6"}.get(parameter, parameter)
    if told := re.search(
        rf"(?<![A-Za-z]){letter}\s+(?:goes\s+|runs\s+)?(?:from|between)\s+{_END}\s+(?:to|and)\s+{_END}", prose
    ):
        return _code(told[1], told[2], told[3]), _code(told[4], told[5], told[6])
    parts = [part for value in values for part in walk(value)]
    if not any(isinstance(part, Call) and part.name in _PERIODIC for part in parts):
        return ("0", "4 * np.pi") if parameter in ("theta", "phi", "varphi") else ("-3", "3")
    halves = any(_is_parted(p) for p in _inside(parts))
    return "0", "4 * np.pi" if halves else "2 * np.pi"


def _code(number: str, pi: str, divisor: str) -> str:
    """A number with perhaps a multiple of \u03c0, as Python writes it."""
    sign = "-" if number[:1] in ("-", "\u2212") else ""
    digits = number.lstrip("-\u2212").strip()
    return f"{sign}{digits or '1'}{' * np.pi' if pi else ''}{f' / {divisor}' if divisor else ''}"


def _is_parted(part: Term) -> bool:
    """Whether it is a fraction, or divides."""
    match part:
        case Number(value):
            return value.denominator > 1
        case Power(Number(_), Number(value)):
            return value < 0
        case _:
            return False


def _inside(parts: Sequence[Term]) -> list[Term]:
    return [
        inner
        for part in parts
        if isinstance(part, Call) and part.name in _PERIODIC
        for a in part.args
        for inner in walk(a)
    ]
