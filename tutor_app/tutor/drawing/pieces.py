"""Finds functions that are given in pieces, or on an interval alone, in the words of a problem."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from tutor_app.adapters.checking.expressions import Unsure, term_of
from tutor_app.adapters.grading.terms import Piecewise, Relation, Symbol, Term, symbols
from tutor_app.text.typing import latex_of
from tutor_app.tutor.drawing import programs
from tutor_app.tutor.drawing.formulas import NotDrawable, python
from tutor_app.tutor.drawing.programs import Curve, Drawing

MOST: Final = 5
_HEAD: Final = re.compile(r"(?<![A-Za-z])(?:([A-Za-z])\s?\(\s?([a-z])\s?\)|(y))\s*=\s*\{?\s*")
_CONDITION: Final = r"[^,;{}\n]*?(?:[<>\u2264\u2265\u2260])[^,;{}\n]*?"
_PIECE: Final = re.compile(
    rf"(?P<value>[^;{{}}\n]+?)\s*(?:,\s*)?(?:\b(?:if|for|when|where|f\u00fcr|falls|wenn)\s+|,\s*(?=[^,;]*[<>\u2264\u2265]))(?P<holds>{_CONDITION})"
    r"\s*(?=[;,\n}.]|\band\b|\botherwise\b|\belse\b|\bund\b|$)",
)
_ELSE: Final = re.compile(
    r"\s*(?:[;,]|\band\b)?\s*(?:(?:otherwise|else|sonst)\s*[,:]?\s*(?P<after>[^;{}\n.?]+)"
    r"|(?P<before>[^;,{}\n.?]+?)\s*,?\s*(?:otherwise|else|sonst|for all other [a-z]))",
)
_BETWEEN: Final = re.compile(r"^\s*(?:[;,]|\band\b|\bund\b|\n)*\s*")
_NUMBER: Final = r"(?:[-\u2212]?\s?(?:\d+(?:\.\d+)?(?:/\d+)?\s?\u03c0?|\u03c0)(?:/\d+)?)"
_INTERVAL: Final = re.compile(
    rf"^(?P<value>[^,;:.?!\n]+?(?:\.\d[^,;:.?!\n]*?)*),?\s*(?:\bfrom\s+(?:[a-z]\s*=\s*)?(?P<a>{_NUMBER})\s*to\s+(?:[a-z]\s*=\s*)?(?P<b>{_NUMBER})"
    rf"|\bbetween\s+(?:[a-z]\s*=\s*)?(?P<c>{_NUMBER})\s*and\s+(?:[a-z]\s*=\s*)?(?P<d>{_NUMBER})"
    rf"|\b(?:on|over|in)\s+(?:the\s+)?(?:closed\s+|open\s+)?(?:interval\s+)?[\[(]\s*(?P<e>{_NUMBER})\s*[,;]\s*(?P<f>{_NUMBER})\s*[\])])",
    re.I,
)
_AREA: Final = re.compile(r"(?i)\barea\b|\bintegral\b")


def pieces(prose: str) -> Drawing | None:
    """A function given in pieces or on an interval.

    Args:
        prose: The problem as plain text, formulas included.
    """
    for m in _HEAD.finditer(prose):
        name, variable = (f"{m[1]}({m[2]})", m[2]) if m[1] else ("y", "x")
        rest = re.split(r"[.?!](?=\s|$)|\bFind\b|\bfind\b", prose[m.end() :], maxsplit=1)[0]
        try:
            found = _in_pieces(rest, name, variable) or _on_interval(rest, name, variable, prose)
        except (NotDrawable, Unsure):
            continue
        if found is not None:
            return found
    return None


def _term(text: str) -> Term:
    latex = latex_of(text.strip(" ,;"))
    if latex is None:
        raise NotDrawable
    return term_of(latex)


def _in_pieces(rest: str, name: str, variable: str) -> Drawing | None:
    head = re.compile(rf"^{re.escape(name[0])}\s?(?:\(\s?{variable}\s?\))?\s*=\s*")
    found: list[tuple[Term, Term | None]] = []
    labels: list[str] = []
    at = 0
    while len(found) < MOST:
        at += m.end() if (m := _BETWEEN.match(rest[at:])) else 0
        if m := head.match(rest[at:]):
            at += m.end()
        last = _ELSE.match(rest, at)
        piece = _PIECE.match(rest, at)
        if found and last and (piece is None or last.end() <= piece.start("holds")):
            found.append((_only(_term(last["after"] or last["before"]), variable), None))
            break
        if piece is None:
            break
        holds = _term(piece["holds"])
        if not isinstance(holds, Relation) or symbols(holds) != {variable}:
            raise NotDrawable
        found.append((_only(_term(piece["value"]), variable), holds))
        labels.append(f"{name} = {piece['value'].strip()} for {piece['holds'].strip()}")
        at = piece.end()
    if not found:
        return None
    label = labels[0] if len(found) == 1 else f"{name}, given in pieces"
    ends = list(dict.fromkeys(end for _, holds in found if holds is not None for end in _ends(holds, variable)))
    curve = Curve(label, python(Piecewise(tuple(found)), {variable: variable}))
    limits = (ends[0], ends[1]) if len(found) == 1 and len(ends) == 2 else None
    return programs.functions([curve], variable, name, limits=limits, breaks=ends)


def _only(term: Term, variable: str) -> Term:
    if isinstance(term, Relation) or not symbols(term) <= {variable}:
        raise NotDrawable
    return term


def _ends(holds: Term, variable: str) -> list[str]:
    """The numbers that a condition compares the variable with."""
    assert isinstance(holds, Relation)
    for a, b in pairwise(holds.members):
        if (a == Symbol(variable)) == (b == Symbol(variable)):
            raise NotDrawable
    return [python(member, {}) for member in holds.members if member != Symbol(variable)]


def _on_interval(rest: str, name: str, variable: str, prose: str) -> Drawing | None:
    m = _INTERVAL.match(rest)
    if m is None:
        return None
    low, high = next((m[a], m[b]) for a, b in ("ab", "cd", "ef") if m[a])
    term = _only(_term(m["value"]), variable)
    if not symbols(term):
        return None
    code, ends = python(term, {variable: variable}), (python(_term(low), {}), python(_term(high), {}))
    label = f"{name} = {m['value'].strip()}"
    if _AREA.search(prose):
        said = f"{label} and the area from {variable} = {low.strip()} to {high.strip()}"
        return programs.area(Curve(label, code), variable, *ends, said)
    inside = f"np.where(({variable} >= {ends[0]}) & ({variable} <= {ends[1]}), {code}, np.nan)"
    curve = Curve(f"{label} from {low.strip()} to {high.strip()}", inside)
    return programs.functions([curve], variable, name, limits=ends)
