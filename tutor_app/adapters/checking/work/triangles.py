"""Lines about a triangle whose meaning the problem fixes: the third side by an angle, and ratios in a right triangle.

A line is false only where it gives the third side (or its square) or the sine, cosine or tangent of an angle another
value than two sides and the angle between them have, or than the two legs have. A triangle that is told with more
numbers, or an angle of which it is not told where it is, is left alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from tutor_app.adapters.checking.work.lines import read_line
from tutor_app.adapters.checking.work.notes import told
from tutor_app.adapters.checking.work.state import is_near
from tutor_app.adapters.checking.work.values import Value, alike, real
from tutor_app.adapters.grading.terms import symbols

Wrong = Callable[[str], str | None]
"""Whether a line is wrong: its slip, perhaps empty; None if it is not."""
_N: Final = r"(\d+(?:\.\d+)?)"
_ANY: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_DEGREES: Final = r" ?(?:°|\^\\circ|\^\{\\circ\}|degrees?\b)"
_GREEK: Final = {"α": "a", "alpha": "a", "β": "b", "beta": "b", "γ": "c", "gamma": "c"}
_NAMED_SIDE: Final = re.compile(rf"(?<![\w\\])([abc]) ?= ?{_N}")
_NAMED_ANGLE: Final = re.compile(rf"(?:(?<!\w)\\?(alpha|beta|gamma|[αβγABC])) ?= ?{_N}{_DEGREES}")
_BETWEEN: Final = re.compile(
    rf"(?i)(?:\bangle (?:of )?{_N}{_DEGREES} between|\bangle between [a-z ]*?is {_N}{_DEGREES})"
)
_TWO_SIDES: Final = re.compile(rf"(?i)\bsides?\b[a-z ]*?{_N}(?: ?(?:cm|m|km|mm))? and {_N}")
_GOAL: Final = re.compile(
    r"(?i)\b(?:find|calculate|compute|work out|determine|what is)\s+(?:the (?:length of )?(?:side )?)?([abc])\b"
)
_THIRD: Final = re.compile(r"(?i)\b(?:third|other|missing|remaining) side\b")
_SIDE_LINE: Final = re.compile(r"\s*([a-z])\s*(\^\s*\{?2\}?|²)?\s*=")
_LEGS: Final = re.compile(rf"(?i)\blegs\b\D*?(?:(a) ?= ?)?{_N}(?: ?(?:cm|m|km|mm))? (?:and|,) ?(?:(b) ?= ?)?{_N}")
_OPPOSITE: Final = re.compile(
    rf"(?i)\b(opposite|adjacent|next)\b(?: to)?(?: the)?(?: (?:leg|side))?(?: of(?: length)?)? ?{_N}"
)
_RATIO_LINE: Final = re.compile(
    r"\s*\\?(sin|cos|tan)e?\s*[({]?\s*\\?(alpha|beta|[αβ]|[a-zA-Zθφ]|theta|phi)\s*[)}]?\s*="
)
_ENDS: Final = {"sin": (0, 2), "cos": (1, 2), "tan": (0, 1)}
"""Which sides a ratio divides: the opposite one, the adjacent one, the hypotenuse."""


def of_third_side(problem: str) -> Wrong | None:
    """Whether a line gives the side across from a known angle another length; None if it is not known."""
    known = _named(problem) or _unnamed(problem)
    if known is None:
        return None
    a, b, degrees, letters = known
    around = 2 * a * b * math.cos(math.radians(degrees))
    right = a * a + b * b - around
    slips = {"sign": a * a + b * b + around, "formula": a * a + b * b, "order": (a - b) ** 2 * around / (2 * a * b)}

    def wrong(text: str) -> str | None:
        m = _SIDE_LINE.match(text)
        found = _result(text[m.end() :]) if m is not None and m[1] in letters else None
        if m is None or found is None:
            return None
        square = m[2] is not None
        if _is(found, right if square else math.sqrt(right)):
            return None
        return next((s for s, v in slips.items() if v >= 0 and _is(found, v if square else math.sqrt(v))), "")

    return wrong


def _named(problem: str) -> tuple[float, float, float, str] | None:
    """Two sides by their letters and the angle across from the third, which is asked for."""
    sides = {m[1]: float(m[2]) for m in _NAMED_SIDE.finditer(problem)}
    goal = _GOAL.search(problem)
    rest = set("abc") - sides.keys()
    if len(sides) != 2 or goal is None or {goal[1]} != rest or len(_ANY.findall(problem)) != 3:
        return None
    angle = _NAMED_ANGLE.search(problem)
    between = _BETWEEN.search(problem)
    if angle is not None and _GREEK.get(angle[1], angle[1].lower()) == goal[1]:
        degrees = float(angle[2])
    elif angle is None and between is not None:
        degrees = float(next(filter(None, between.groups())))
    else:
        return None
    a, b = sides.values()
    return (a, b, degrees, goal[1]) if 0 < degrees < 180 and a * b > 0 else None


def _unnamed(problem: str) -> tuple[float, float, float, str] | None:
    """Two sides without letters and the angle between them; the third is called c."""
    sides, between = _TWO_SIDES.search(problem), _BETWEEN.search(problem)
    if sides is None or between is None or _THIRD.search(problem) is None or len(_ANY.findall(problem)) != 3:
        return None
    degrees = float(next(filter(None, between.groups())))
    a, b = float(sides[1]), float(sides[2])
    is_triangle = re.search(r"(?i)\btriang(?:le|ular)\b", problem) is not None
    return (a, b, degrees, "c") if is_triangle and 0 < degrees < 180 and a * b > 0 else None


def of_ratio(problem: str) -> Wrong | None:
    """Whether a line gives sine, cosine or tangent another value than the legs do; None if they are not known."""
    m = _LEGS.search(problem)
    if m is None or not re.search(r"(?i)\bright(?:-angled)?\b", problem):
        return None
    a, b = float(m[2]), float(m[4])
    at, count = _OPPOSITE.search(problem[m.end() :]), len(_ANY.findall(problem))
    if at is not None and count == 3 and float(at[2]) in (a, b) and a != b:
        is_first = (float(at[2]) == a) == (at[1].lower() == "opposite")
        angles = dict.fromkeys(("α", "alpha", "x", "θ", "theta", "φ", "phi", "A"), (a, b) if is_first else (b, a))
    elif m[1] and m[3] and count == 2 and not re.search(r"(?i)adjacent|next to|opposite (?:to )?b\b", problem):
        angles = {"α": (a, b), "alpha": (a, b), "β": (b, a), "beta": (b, a)}
    else:
        return None

    def wrong(text: str) -> str | None:
        said = _RATIO_LINE.match(text)
        legs = angles.get(said[2]) if said is not None else None
        found = _result(text[said.end() :]) if said is not None else None
        if said is None or legs is None or found is None:
            return None
        sides = (*legs, math.hypot(*legs))
        above, below = _ENDS[said[1]]
        if not all(sides) or _is(found, sides[above] / sides[below]):
            return None
        others = [s / t for s in sides for t in sides if s is not t]
        return "formula" if any(_is(found, other) for other in others) else ""

    return wrong


def _result(text: str) -> Value | None:
    """The number with which the right side of a line ends."""
    statements = read_line(told(text).text).statements
    side = statements[0].sides[-1] if len(statements) == 1 and set(statements[0].relations) <= {"=", "~"} else None
    return None if side is None or symbols(side) else real(side)


def _is(found: Value, known: float) -> bool:
    """Whether a number is another, exactly or as it is rounded."""
    near = abs(float(found) - known) <= 0.006 * abs(known)
    return alike(found, known) or is_near(known, found) or near
