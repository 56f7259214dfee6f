"""Finds curves that are given by an angle (``r = 2cos(theta)``) or by a parameter (``x = cos t, y = sin t``)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tutor_app.adapters.grading.terms import Call, Number, Power, Product, Relation, Symbol, Term, symbols, walk
from tutor_app.tutor.drawing import programs
from tutor_app.tutor.drawing.formulas import python
from tutor_app.tutor.drawing.programs import Drawing

_ANGLES: Final = frozenset(("theta", "phi", "varphi", "t"))
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
        if name != "r" or len(inside) > 1 or not (inside & _ANGLES - {"t"} or polar):
            continue
        angle = next(iter(inside), "theta")
        low, high = _range(terms, angle, value)
        radius = python(value, {angle: "t"})
        place = f"(({radius}) * np.cos(t), ({radius}) * np.sin(t))"
        return programs.path(label, place, low, high, "\u03b8" if angle == "theta" else angle, "polar")
    x = next(((value, label) for name, value, label in given if name == "x"), None)
    y = next(((value, label) for name, value, label in given if name == "y"), None)
    if x is None or y is None:
        return None
    names = symbols(x[0]) | symbols(y[0])
    if len(names) != 1 or names & {"x", "y"} or not (symbols(x[0]) and symbols(y[0])):
        return None
    (parameter,) = names
    low, high = _range(terms, parameter, x[0], y[0])
    place = f"({python(x[0], {parameter: 't'})} + 0 * t, {python(y[0], {parameter: 't'})} + 0 * t)"
    return programs.path(f"{x[1]}, {y[1]}", place, low, high, "\u03b8" if parameter == "theta" else parameter, "")


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


def _range(terms: Sequence[Term], parameter: str, *values: Term) -> tuple[str, str]:
    """From where to where the parameter goes: as it is told, else once around, else from -3 to 3."""
    for term in terms:
        if isinstance(term, Relation) and len(term.members) == 3 and term.members[1] == Symbol(parameter):
            low, _, high = term.members
            if set(term.ops) <= {"<", "<="} and not symbols(low) | symbols(high):
                return python(low, {}), python(high, {})
    parts = [part for value in values for part in walk(value)]
    if not any(isinstance(part, Call) and part.name in _PERIODIC for part in parts):
        return ("0", "4 * np.pi") if parameter in ("theta", "phi", "varphi") else ("-3", "3")
    halves = any(_is_parted(p) for p in _inside(parts))
    return "0", "4 * np.pi" if halves else "2 * np.pi"


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
