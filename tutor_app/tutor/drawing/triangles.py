"""Finds triangles in the words of a problem, by three of their sides and angles, and works out their corners."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from math import asin, cos, degrees, radians, sin, sqrt
from typing import Final

from tutor_app.tutor.drawing import programs
from tutor_app.tutor.drawing.programs import Drawing

NUMBER: Final = r"(\d+(?:\.\d+)?(?:/\d+)?)"
UNIT: Final = r"(?:\s*(?:cm|mm|km|m|ft|feet|in|inch|inches|units?|metres?|meters?))?"
_THEN: Final = rf"{UNIT}\s*(?:,\s*and|,|and|;)\s*"
_DEGREES: Final = r"\s*\^?\s*(?:\u00b0|deg(?:rees?)?\b)"
_SIDES: Final = re.compile(rf"\bsides?\b[^.?!\d]*?{NUMBER}{_THEN}{NUMBER}{_THEN}{NUMBER}(?!{_DEGREES})", re.I)
_BARE: Final = re.compile(
    rf"\btriangle\s*:?\s*{NUMBER}({_DEGREES})?(?:{_THEN}|\s+){NUMBER}({_DEGREES})?(?:{_THEN}|\s+){NUMBER}({_DEGREES})?(?!\w)",
    re.I,
)
_DASHED: Final = re.compile(rf"{NUMBER}\s*[-\u2013]\s*{NUMBER}\s*[-\u2013]\s*{NUMBER}\s+(?:right\s+)?triangle", re.I)
_LEGS: Final = re.compile(rf"\blegs?\b[^.?!\d]*?{NUMBER}{_THEN}{NUMBER}", re.I)
_HYPOTENUSE: Final = re.compile(rf"\bhypotenuse\b[^.?!\d]*?{NUMBER}", re.I)
_LEG: Final = re.compile(rf"\b(?:leg|side)\b[^.?!\d]*?{NUMBER}", re.I)
_TWO_SIDES: Final = re.compile(
    rf"\bsides?\b[^.?!\d]*?{NUMBER}{_THEN}{NUMBER}[^.?!\d]*angle[^.?!\d]*?{NUMBER}{_DEGREES}", re.I
)
_EQUILATERAL: Final = re.compile(rf"\bequilateral\b[^.?!\d]*?\bsides?\b[^.?!\d]*?{NUMBER}", re.I)
_BASE: Final = re.compile(rf"\bbase\b[^.?!\d]*?{NUMBER}", re.I)
_EQUAL_SIDES: Final = re.compile(
    rf"\b(?:legs?|(?:equal|congruent|two)\s+sides?|sides?)\b[^.?!\d]*?{NUMBER}(?:{_THEN}{NUMBER})?", re.I
)
_HEIGHT: Final = re.compile(rf"\b(?:height|altitude)\b[^.?!\d]*?{NUMBER}", re.I)
_ANGLES: Final = re.compile(
    rf"\bangles?\b[^.?!\d]*?{NUMBER}(?:{_DEGREES})?\s*(?:,\s*and|,|and)\s*{NUMBER}(?:{_DEGREES})?\s*(?:,\s*and|,|and)\s*{NUMBER}{_DEGREES}",
    re.I,
)
_BETWEEN: Final = re.compile(
    rf"\bangles?\b[^.?!\d]*?{NUMBER}{_DEGREES}\s*(?:,\s*and|,|and)\s*{NUMBER}{_DEGREES}[^.?!\d]*?\b(?:included|common|between)\b[^.?!\d]*?{NUMBER}",
    re.I,
)
_ENDMOST: Final = re.compile(
    rf"(?i)\b(?:(?P<short>shortest|smallest)|longest|largest|greatest)\s+side\b[^.?!\d]*?{NUMBER}|\bhypotenuse\b[^.?!\d]*?{NUMBER}"
)
_NAMED_SIDE: Final = re.compile(rf"(?<![A-Za-z])([A-Z])([A-Z])\s*(?:=|is|of)\s*{NUMBER}(?!{_DEGREES})")
_NAMED_ANGLE: Final = re.compile(
    rf"(?:(?:\b[Aa]ngle\s*|\u2220\s*)([A-Z]{{3}}|[A-Z]|[\u03b1\u03b2\u03b3])|(?<![A-Za-z])([A-C\u03b1\u03b2\u03b3]))\s*(?:=|is|of)\s*{NUMBER}{_DEGREES}"
)
_LETTERED: Final = re.compile(rf"(?<![A-Za-z])([abc])\s*=\s*{NUMBER}")
_GREEK: Final = {"\u03b1": "A", "\u03b2": "B", "\u03b3": "C"}


def triangle(prose: str) -> Drawing | None:
    """The triangle that a problem is about.

    Args:
        prose: The problem as plain text, formulas included.
    """
    if not re.search(r"(?i)\btriang(?:le|ular)\b|\u25b3", prose):
        return None
    return _by_letters(prose) or _by_words(prose)


def _by_words(prose: str) -> Drawing | None:
    if m := _TWO_SIDES.search(prose):
        b, c, angle = map(_value, m.groups())
        title = f"Triangle with sides {_told(b)} and {_told(c)} and an angle of {_told(angle)}\u00b0 between them"
        return _solved("ABC", {"b": b, "c": c}, {"A": angle}, title)
    if re.search(r"(?i)\bisosceles\b", prose) and (found := _isosceles(prose)):
        return found
    if m := _SIDES.search(prose) or _DASHED.search(prose):
        a, b, c = map(_value, m.groups())
        return sided("ABC", a, b, c)
    if m := _EQUILATERAL.search(prose):
        side = _value(m[1])
        return sided("ABC", side, side, side, f"Equilateral triangle with side {_told(side)}")
    if re.search(r"(?i)\bright\b", prose):
        if m := _LEGS.search(prose):
            a, b = map(_value, m.groups())
            title = f"Right triangle with legs {_told(a)} and {_told(b)}"
            return sided("ABC", sqrt(a * a + b * b), b, a, title)
        h, leg = _HYPOTENUSE.search(prose), _LEG.search(prose)
        if h and leg and _value(h[1]) > _value(leg[1]):
            c, a = _value(h[1]), _value(leg[1])
            title = f"Right triangle with hypotenuse {_told(c)} and a leg of {_told(a)}"
            return sided("ABC", c, sqrt(c * c - a * a), a, title)
    if m := _BETWEEN.search(prose):
        one, two, side = map(_value, m.groups())
        title = f"Triangle with angles {_told(one)}\u00b0, {_told(two)}\u00b0 and a side of {_told(side)} between them"
        return _solved("ABC", {"c": side}, {"A": one, "B": two}, title)
    if m := _ANGLES.search(prose):
        angles = dict(zip("ABC", map(_value, m.groups()), strict=True))
        if (told := _ENDMOST.search(prose)) and min(angles.values()) > 0:
            corner = (min if told["short"] else max)(angles, key=angles.__getitem__)
            length = _value(told[2] or told[3])
            shown = ", ".join(_told(angle) + "\u00b0" for angle in angles.values())
            which = "shortest" if told["short"] else "longest"
            title = f"Triangle with angles {shown} and {which} side {_told(length)}"
            return _solved("ABC", {corner.lower(): length}, angles, title)
        return _by_angles("ABC", angles)
    if m := _BARE.search(prose):
        one, two, three = (_value(m[n]) for n in (1, 3, 5))
        if m[2] or m[4] or m[6]:
            return _by_angles("ABC", {"A": one, "B": two, "C": three})
        return sided("ABC", one, two, three)
    return None


def _isosceles(prose: str) -> Drawing | None:
    base = _BASE.search(prose)
    if base is None:
        return None
    wide = _value(base[1])
    rest = prose[: base.start()] + prose[base.end() :]
    if m := _EQUAL_SIDES.search(rest):
        title = f"Isosceles triangle with base {_told(wide)} and sides {_told(_value(m[1]))}"
        return sided("ABC", _value(m[1]), _value(m[1]), wide, title)
    if m := _HEIGHT.search(rest):
        slope = sqrt(_value(m[1]) ** 2 + wide * wide / 4)
        title = f"Isosceles triangle with base {_told(wide)} and height {_told(_value(m[1]))}"
        return sided("ABC", slope, slope, wide, title)
    return None


def _by_letters(prose: str) -> Drawing | None:
    """By the names of its corners: sides ``a`` or ``BC``, angles ``A``, ``BAC`` or alpha."""
    written = [
        (_GREEK.get(long or short, long or short), _value(number))
        for long, short, number in _NAMED_ANGLE.findall(prose)
    ]
    pairs = {frozenset((a, b)): _value(n) for a, b, n in _NAMED_SIDE.findall(prose) if a != b}
    corners = sorted({c for pair in pairs for c in pair} | {c for name, _ in written for c in name})
    named = re.search(r"(?:[Tt]riangle|\u25b3)\s*([A-Z])([A-Z])([A-Z])\b", prose)
    if named is not None and set(corners) <= set(named.groups()):
        corners = sorted(named.groups())
    lettered = {name: _value(number) for name, number in _LETTERED.findall(prose)}
    if lettered and set(corners) <= set("ABC"):
        corners = ["A", "B", "C"]
    if len(corners) != 3:
        return None
    names = "".join(corners)
    sides = {
        low: pairs[frozenset(names) - {c}]
        for low, c in zip("abc", names, strict=True)
        if frozenset(names) - {c} in pairs
    }
    if names == "ABC":
        sides |= {name: value for name, value in lettered.items() if name not in sides}
    angles = {name[1] if len(name) == 3 else name: value for name, value in written}
    renamed = {up: angles[c] for up, c in zip("ABC", names, strict=True) if c in angles}
    return _solved(names, sides, renamed)


def _solved(names: str, sides: Mapping[str, float], angles: Mapping[str, float], title: str = "") -> Drawing | None:
    """The triangle of which three things are known; None if they do not determine one.

    Args:
        names: Of its corners.
        sides: Of ``a``, ``b`` and ``c``, those that are known; each lies opposite the corner of its place.
        angles: At ``A``, ``B`` and ``C``, in degrees.
        title: What is known, in words; left out, it is told by the names of the corners.
    """
    if any(not 0 < angle < 180 for angle in angles.values()) or any(side <= 0 for side in sides.values()):
        return None
    known = dict(sides)
    if len(known) == 3:
        return sided(names, known["a"], known["b"], known["c"], title)
    title = title or _title(names, sides, angles)
    if len(known) == 2 and len(angles) == 1:
        ((corner, angle),) = angles.items()
        opposite = corner.lower()
        if opposite not in known:
            p, q = known.values()
            known[opposite] = sqrt(p * p + q * q - 2 * p * q * cos(radians(angle)))
            return sided(names, known["a"], known["b"], known["c"], title)
        (other,) = (side for side in known if side != opposite)
        ratio = known[other] * sin(radians(angle)) / known[opposite]
        if ratio > 1 or (known[other] > known[opposite] and ratio < 1):
            return None  # there is none, or there are two
        second = degrees(asin(ratio))
        return _solved(names, {opposite: known[opposite]}, {corner: angle, other.upper(): second}, title)
    all_angles = dict(angles)
    if len(all_angles) == 2:
        (missing,) = set("ABC") - set(all_angles)
        all_angles[missing] = 180 - sum(all_angles.values())
    if len(all_angles) != 3 or min(all_angles.values()) <= 0 or abs(sum(all_angles.values()) - 180) > 1e-6:
        return None
    if not known:
        return _by_angles(names, all_angles)
    given, length = next(iter(known.items()))
    size = length / sin(radians(all_angles[given.upper()]))
    a, b, c = (size * sin(radians(all_angles[corner])) for corner in "ABC")
    return sided(names, a, b, c, title)


def _title(names: str, sides: Mapping[str, float], angles: Mapping[str, float]) -> str:
    """A triangle by what is given of it, its sides named by their ends."""
    ends = {"a": names[1:], "b": names[::2], "c": names[:2]}
    given = [f"{ends[side]} = {_told(length)}" for side, length in sides.items()]
    given += [f"{names['ABC'.index(corner)]} = {_told(angle)}\u00b0" for corner, angle in angles.items()]
    return f"Triangle {names} with {', '.join(given)}"


def _by_angles(names: str, angles: Mapping[str, float]) -> Drawing | None:
    """A triangle of which only the angles are known: its longest side is drawn 10 long, and that is said."""
    if abs(sum(angles.values()) - 180) > 1e-6 or min(angles.values()) <= 0:
        return None
    sines = [sin(radians(angles[corner])) for corner in "ABC"]
    a, b, c = (10 * s / max(sines) for s in sines)
    told = ", ".join(f"{_told(angles[corner])}\u00b0" for corner in "ABC")
    return sided(names, a, b, c, f"Triangle with angles {told}", ", with its longest side drawn 10 long")


def sided(names: str, a: float, b: float, c: float, title: str = "", remark: str = "") -> Drawing | None:
    """A triangle whose side ``a`` lies opposite its first corner; None if there is none."""
    if min(a, b, c) <= 0 or 2 * max(a, b, c) >= a + b + c:
        return None
    x = (b * b + c * c - a * a) / (2 * c)
    y = sqrt(max(0.0, b * b - x * x))
    places = ((0.0, 0.0), (c, 0.0), (x, y))
    corners = {name: (_short(p), _short(q)) for name, (p, q) in zip(names, places, strict=True)}
    title = title or f"Triangle with sides {', '.join(map(_told, (a, b, c)))}"
    return programs.polygon(corners, title, grid=False, remark=remark)


def _told(value: float) -> str:
    return f"{value:.6g}"


def _value(text: str) -> float:
    try:
        return float(Fraction(text))
    except ZeroDivisionError:
        return 0.0


def _short(value: float) -> str:
    rounded = round(value, 10)
    return str(int(rounded)) if rounded == int(rounded) else repr(rounded)
