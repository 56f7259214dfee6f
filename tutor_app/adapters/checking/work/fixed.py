"""Lines whose meaning the problem fixes: terms and sums of a sequence, a union of events, an inverse, a tangent,
a triangle.

Such a line may be a right calculation and yet not what its letter stands for: ``a10 = 5 + 10*4`` of a sequence that
begins with 5 and goes up by 4. It is false only where the problem gives all that is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Final

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.work.conditions import Condition
from tutor_app.adapters.checking.work.lines import Statement, formulas_of, read_line
from tutor_app.adapters.checking.work.notes import told
from tutor_app.adapters.checking.work.slips import slip_between
from tutor_app.adapters.checking.work.state import defines_function, is_near, term_of
from tutor_app.adapters.checking.work.triangles import of_ratio, of_third_side
from tutor_app.adapters.checking.work.values import Unknown, Value, alike, real, value
from tutor_app.adapters.grading.terms import Call, Number, Symbol, Term, symbols

Wrong = Callable[[str], str | None]
"""Whether a line is wrong: its slip, perhaps empty; None if it is not."""
_NUMBER: Final = r"-?\d+(?:\.\d+)?(?:/\d+)?"
_SEQUENCE: Final = re.compile(r"(?i)\b(?P<kind>arithmetic|geometric)\s+(?:sequence|progression|series)\b")
_FIRST: Final = re.compile(rf"(?i)\b(?:[atu]_?1|(?:first|1st) term)\s*(?:=|is|of|:)?\s*({_NUMBER})")
_STEP: Final = re.compile(rf"(?i)\b(?:[drq]|(?:common )?(?:difference|ratio))\s*(?:=|is|of|:)?\s*({_NUMBER})")
_LISTED: Final = re.compile(rf"({_NUMBER}),\s*({_NUMBER}),\s*({_NUMBER})")
_TERM: Final = re.compile(r"\s*(?P<what>[aAtTuUsS])_?\{?(?P<n>\d{1,2})\}?\s*=")
_EVENTS: Final = re.compile(
    rf"P\((?P<a>[A-Z])\)\s*=\s*(?P<p>{_NUMBER}).*?P\((?P<b>[A-Z])\)\s*=\s*(?P<q>{_NUMBER})", re.S
)
_BOTH: Final = re.compile(rf"P\(\s*[A-Z]\s*(?:and|∩|,)\s*[A-Z]\s*\)\s*=\s*({_NUMBER})")
_OF_EVENTS: Final = re.compile(r"\s*P\(\s*[A-Z]\s*(?P<how>and|or|∩|∪)\s*[A-Z]\s*\)\s*=")
_INVERSE: Final = re.compile(r"(?i)\binverse\b|\^\{?\(?-1|⁻¹")
_OF_INVERSE: Final = re.compile(r"[a-z]\s*(?:\^\s*[({]?\s*-\s*1\s*[)}]?|⁻¹)\s*\(\s*x\s*\)\s*(?==)")
_TANGENT: Final = re.compile(r"(?i)\btangent\b")
_AT: Final = re.compile(rf"(?i)\b(?:at|where|point)\s+(?:the\s+point\s+)?(?:x\s*=\s*|[A-Z]?\(\s*)({_NUMBER})")
_TWO_READINGS: Final = re.compile(r"[/÷:]\s*\d+\s*\(")
_VALUE: Final = re.compile(
    r"(?i)\s*(?:write|evaluate|calculate|compute|work out|simplify|find|what is)\s+(?:the value of\s+)?"
    r"(?P<what>[^a-z]+?)"
    r"(?:\s+(?:as\s+an?\s+(?:single\s+|whole\s+|improper\s+|mixed\s+)?(?:number|integer|fraction|decimal)|exactly"
    r"|without (?:a|using a) calculator))?\s*[.?!]*\s*"
)


def first_wrong(problem: str, texts: Sequence[str]) -> tuple[int, str] | None:
    """The first line that says something else than the problem fixes, from 0, and its slip; None if there is none."""
    for wrong in _readings(problem):
        for k, text in enumerate(texts):
            slip = wrong(text)
            if slip is not None:
                return k, slip
    return _wrong_value(problem, texts)


def _readings(problem: str) -> Iterator[Wrong]:
    for read in (_of_sequence, _of_events, _of_inverse, _of_tangent, of_third_side, of_ratio):
        try:
            wrong = read(problem)
        except (Unknown, ArithmeticError, ValueError):
            continue
        if wrong is not None:
            yield wrong


def _result(text: str) -> Value | None:
    """The number with which a line that gives a letter its value ends."""
    statements = read_line(told(text).text).statements
    side = statements[0].sides[-1] if len(statements) == 1 and set(statements[0].relations) <= {"=", "~"} else None
    return None if side is None or symbols(side) else real(side)


def _is_other(text: str, right: Value) -> bool:
    found = _result(text)
    return found is not None and not alike(found, right) and not is_near(right, found)


def _of_sequence(problem: str) -> Wrong | None:
    kind, first, step = _SEQUENCE.search(problem), _FIRST.search(problem), _STEP.search(problem)
    if kind is None or len(_SEQUENCE.findall(problem)) > 1:
        return None
    is_sum = kind["kind"].lower() == "arithmetic"
    if first is not None and step is not None:
        a, d = Fraction(first[1]), Fraction(step[1])
    elif (listed := _LISTED.search(problem)) is not None and not re.search(r"_\{?0", problem):
        a, second, third = map(Fraction, listed.groups())
        d, again = (second - a, third - second) if is_sum else (second / a, third / second)
        if d != again:
            return None
    else:
        return None

    def wrong(text: str) -> str | None:
        m = _TERM.match(text)
        if m is None or not 0 < (n := int(m["n"])) <= 40:
            return None
        terms = [a + k * d if is_sum else a * d**k for k in range(n + 1)]
        right = sum(terms[:n], Fraction(0)) if m["what"] in "sS" else terms[n - 1]
        return "formula" if _is_other(text[m.end() :], right) else None

    return wrong


def _of_events(problem: str) -> Wrong | None:
    m, known = _EVENTS.search(problem), _BOTH.search(problem)
    if m is None or "|" in problem:
        return None
    p, q = Fraction(m["p"]), Fraction(m["q"])
    if known is not None:
        both = Fraction(known[1])
    elif re.search(r"(?i)\b(?:mutually exclusive|disjoint|incompatible)\b", problem):
        both = Fraction(0)
    elif re.search(r"(?i)(?<!not )\bindependent\b", problem):
        both = p * q
    else:
        return None

    def wrong(text: str) -> str | None:
        said = _OF_EVENTS.match(text)
        if said is None:
            return None
        return "" if _is_other(text[said.end() :], p + q - both if said["how"] in ("or", "∪") else both) else None

    return wrong


def _function(problem: str) -> tuple[str, Term] | None:
    """The letter and the right side of the one function, or curve, of a problem."""
    found = []
    for statement in formulas_of(problem):
        first, last = statement.sides[0], statement.sides[-1]
        if defines_function(statement) and isinstance(first, Call) and isinstance(first.args[0], Symbol):
            found.append((first.args[0].name, last))
        elif first == Symbol("y") and statement.relations == ("=",) and symbols(last) == {"x"}:
            found.append(("x", last))
    return found[0] if len(found) == 1 and symbols(found[0][1]) == {found[0][0]} else None


def _in_both(text: str) -> Condition | None:
    """An equation in x and y that a line says; None of another line."""
    line = read_line(told(text).text)
    if len(line.cases) != 1 or len(line.statements) != 1:
        return None
    (statement,) = line.statements
    ends = Statement((statement.sides[0], statement.sides[-1]), ("=",), False, (statement.sources[0], ""))
    is_equation = set(statement.relations) == {"="} and ends.names == {"x", "y"}
    return Condition(((ends,),)) if is_equation else None


def _of_inverse(problem: str) -> Wrong | None:
    function = _function(problem) if _INVERSE.search(problem) else None
    if (
        function is None
        or function[0] != "x"
        or re.search(r"(?i)\binverse(?:ly)? (?:proportion|matrix)|\bsolve\b", problem)
    ):
        return None
    pairs = []
    for k in (2, 3, 5, 1, 7, Fraction(1, 2)):
        at = value(function[1], {"x": Fraction(k)})
        if at is not None and not alike(at, Fraction(k)):
            pairs.append((Fraction(k), at))

    def wrong(text: str) -> str | None:
        turned = _OF_INVERSE.search(text)
        said = _in_both(f"y {text[turned.end() :]}" if turned else text)
        if said is None or len(pairs) < 3:
            return None
        ways: list[list[bool]] = [[said.holds({"x": y, "y": x}) is True for x, y in pairs]]
        if not turned:
            ways.append([said.holds({"x": x, "y": y}) is True for x, y in pairs])
        return None if any(any(way) for way in ways) else ""

    return wrong


def _of_tangent(problem: str) -> Wrong | None:
    function, at = _function(problem), _AT.search(problem)
    if (
        function is None
        or at is None
        or not _TANGENT.search(problem)
        or re.search(r"(?i)\bnormal\b|\bangle\b", problem)
    ):
        return None
    name, body = function
    a = Fraction(at[1])
    height = value(body, {name: a})
    slope = term_of(symbolic.derivative(body, name, Number(a)))
    rise = None if slope is None or symbols(slope) else value(slope, {})
    if name != "x" or height is None or rise is None:
        return None
    ends: list[dict[str, Value]] = [{"x": a, "y": height}, {"x": a + 1, "y": height + rise}]
    curve = [{"x": Fraction(k), "y": y} for k in (2, 3, 5, 1, 7) if (y := value(body, {"x": Fraction(k)})) is not None]

    def wrong(text: str) -> str | None:
        said = _in_both(text)
        if said is None or sum(said.holds(dict(point)) is True for point in curve) > 2:
            return None
        return "" if any(said.holds(end) is False for end in ends) else None

    return wrong


def _wrong_value(problem: str, texts: Sequence[str]) -> tuple[int, str] | None:
    """Where a work first came to the wrong number, if one numeric expression is all that the problem has."""
    m = _VALUE.fullmatch(problem.replace("sqrt", "√"))
    statements = formulas_of(problem) if m is not None and not _TWO_READINGS.search(problem) else []
    if len(statements) != 1 or statements[0].relations or statements[0].names or len(texts) < 1:
        return None
    side, source = statements[0].sides[0], statements[0].sources[0]
    right = real(side)
    results = [_result(text) for text in texts]
    if right is None or isinstance(side, Number) or results[-1] is None:
        return None
    if any(found is not None and (alike(found, right) or is_near(right, found)) for found in results):
        return None
    last = results[-1]
    place = next(k for k, found in enumerate(results) if found is not None and alike(found, last))
    begun = read_line(told(texts[place]).text).statements[0]
    return place, slip_between(side, source, begun.sides[0], begun.sources[0])
