"""What later lines and the end of a work say about the verdicts of its lines."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from tutor_app.adapters.checking.work.conditions import solutions
from tutor_app.adapters.checking.work.known import begins_in_wrong_order
from tutor_app.adapters.checking.work.lines import read_line
from tutor_app.adapters.checking.work.notes import told
from tutor_app.adapters.checking.work.rewriting import Rewriting
from tutor_app.adapters.checking.work.state import State
from tutor_app.adapters.grading.terms import Term, symbols
from tutor_app.core.work import NO_CONSTANT, LineVerdict

_THROWN_OUT: Final = re.compile(
    r"(?i)\b(?:no (?:real )?solutions?|not (?:allowed|valid|defined|possible|a solution)|undefined|contradiction|never"
    r"|reject(?:ed)?|extraneous|does(?:n't| not) (?:work|fit|count)|excluded|impossible)\b"
)
_NO_SOLUTION: Final = re.compile(r"(?i)\bno (?:real )?solutions?\b")


def without_thrown_out(lines: list[LineVerdict], state: State) -> list[LineVerdict]:
    """The verdicts, where a solution is thrown out in words behind it, or the first of two is told by itself."""
    lines = _with_numbered(lines)
    if _has_solutions(state) and any(_NO_SOLUTION.search(line.text) for line in lines):
        return lines
    out = list(lines)
    for k, line in enumerate(lines):
        named = line.kind == "gained" or (line.kind == "false" and "not defined" in line.counterexample)
        named = named or (
            line.kind == "false" and re.fullmatch(r"[\d\s.+*/()-]+=[\d\s.+*/()-]+", told(line.text).text) is not None
        )
        if named and any(_THROWN_OUT.search(later.text) for later in lines[k:]):
            out[k] = replace(line, kind="follows", counterexample="", slip="")
    return out


def _has_solutions(state: State) -> bool:
    """Whether the equation of the problem is known to have real solutions."""
    known = solutions(state.problem) if state.problem is not None else None
    return known is not None and bool(known.values)


def with_restated(lines: list[LineVerdict], state: State, rewriting: Rewriting) -> list[LineVerdict]:
    """The verdicts, where a work ends with the function whose derivative or integral is asked for."""
    if state.given is None or state.derived is None or state.expression is None or not lines:
        return lines
    last, source = state.expression
    found = rewriting.against_result(last, source)
    if last != state.given or lines[-1].kind != "equivalent" or found.kind != "false":
        return lines
    said = "this is still the function itself"
    return [*lines[:-1], replace(lines[-1], kind="false", counterexample=said, slip=found.slip)]


def with_order(lines: list[LineVerdict], asked: tuple[Term, str] | None, rewriting: Rewriting) -> list[LineVerdict]:
    """The verdicts, where a work that comes to a wrong number has calculated in a wrong order before."""
    if asked is None or symbols(asked[0]) or rewriting.is_reached(asked[0]):
        return lines
    for k, line in enumerate(lines):
        if line.is_fault and line.slip:
            break
        statements = read_line(told(line.text).text).statements
        if len(statements) == 1 and begins_in_wrong_order(*asked, statements[0]):
            said = line.counterexample or "this is not what is calculated first"
            return [*lines[:k], replace(line, kind="false", counterexample=said, slip="order"), *lines[k + 1 :]]
    return lines


def with_note(lines: list[LineVerdict], rewriting: Rewriting) -> list[LineVerdict]:
    """The verdicts, where the constant of an indefinite integral is missing to the end."""
    last = max((k for k, line in enumerate(lines) if line.kind not in ("empty", "words")), default=None)
    if last is None or lines[last].kind not in ("equivalent", "follows") or not rewriting.lacks_constant():
        return lines
    return [*lines[:last], replace(lines[last], note=NO_CONSTANT), *lines[last + 1 :]]


_FIRST: Final = re.compile(r"\s*([a-zA-Z])_?\{?[1₁]\}?\s*(?:[=≈~]|\\approx)")


def _with_numbered(lines: list[LineVerdict]) -> list[LineVerdict]:
    """The first of several solutions that a later line goes on with, ``x1 = ...`` and ``x2 = ...``, loses none."""
    out = list(lines)
    for k, line in enumerate(lines):
        first = _FIRST.match(line.text) if line.kind == "lost" else None
        if first is not None and any(re.match(rf"\s*{first[1]}_?\{{?[2₂]", later.text) for later in lines[k + 1 :]):
            out[k] = replace(line, kind="follows", counterexample="", slip="")
    return out
