"""Vectors in a student's lines, told component by component as calculations with numbers.

``a - 2b = (1, -10)`` of known vectors is a line of numbers for each component; ``a · b`` and ``|a|`` are numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import permutations
from typing import Final

from tutor_app.adapters.checking.work.pairs import wanted_pair

_PART: Final = r"[^(),\[\]<>;|]+(?:\([^()]*\)[^(),\[\]<>;|]*)?"
_TUPLE: Final = re.compile(rf"[(\[<]\s*({_PART}(?:\s*[,;|]\s*{_PART}){{1,2}})\s*[)\]>]")
_GIVEN: Final = re.compile(rf"(?<![\w\\])(?:\\vec\{{)?([a-zA-Z])\}}?\s*=\s*{_TUPLE.pattern}")
_POINT: Final = re.compile(rf"(?<![A-Za-z])([A-Z])\s*=?\s*{_TUPLE.pattern}")
_NUMERIC: Final = re.compile(r"[-+\d\s./*^()√]+")
_NEW: Final = re.compile(r"\s*(?:\\vec\{)?([a-zA-Z])\}?\s*=(?!=)")
_EQUALS: Final = re.compile(r"(?<![<>!])=")


@dataclass(slots=True)
class Vectors:
    """The vectors of a work.

    Attributes:
        known: By their letters, as texts of numbers.
        unnamed: The two that a problem gives no letters, by the usual ones; only lengths and products are told by them.
        last: The components of the line before.
        is_sum_known: The vector that is asked for is known; one without a letter may be a part of it.
    """

    known: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unnamed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    last: tuple[str, ...] = ()
    is_sum_known: bool = False

    def read(self, text: str) -> None:
        """Take up the vectors that a problem gives letters to."""
        self.is_sum_known = wanted_pair(text) is not None
        for m in _GIVEN.finditer(text):
            members = _members(m[2])
            if all(_NUMERIC.fullmatch(member) for member in members):
                self.known.setdefault(m[1], members)
        unnamed = [_members(m[1]) for m in _TUPLE.finditer(_POINT.sub("", text))]
        if len(unnamed) == 2 and not self.known and re.search(r"(?i)\bangle\b|\bproduct\b|\bvectors?\b", text):
            for letters in ("ab", "uv"):
                self.unnamed.update(zip(letters, unnamed, strict=True))
        points = {m[1]: _members(m[2]) for m in _POINT.finditer(text)}
        for p, q in permutations(points, 2):
            if len(points[p]) == len(points[q]):
                self.known.setdefault(p + q, tuple(f"({b}) - ({a})" for a, b in zip(points[p], points[q], strict=True)))

    def lines(self, text: str) -> list[str]:
        """A line as calculations with numbers, one for each component; empty if it is none with known vectors."""
        if not (self.known or self.unnamed):
            return []
        text = self._with_numbers(text)
        tuples = [_members(m[1]) for m in _TUPLE.finditer(text)]
        named = self._named(_TUPLE.sub("", text))
        sizes = {len(t) for t in tuples} | {len(self.known[n]) for n in named}
        if not tuples and not named:
            return [text] if _EQUALS.search(text) and _has_numbers_only(text) else []
        if len(sizes) != 1:
            return []
        new = _NEW.match(text)
        letter = new[1] if new is not None and new[1] not in self.known else ""
        made = [self._component(text[new.end() :].strip() if new and letter else text, k) for k in range(sizes.pop())]
        if not all(map(_has_numbers_only, made)):
            return []
        if letter:
            self.known[letter] = tuple(_EQUALS.split(line)[-1].strip() for line in made)
        before, self.last = self.last, tuple(_EQUALS.split(line)[-1].strip() for line in made)
        if letter and not _EQUALS.search(made[0]):
            return [f"{line} = {line}" for line in made]
        if not _EQUALS.search(made[0]) and self.is_sum_known:
            return []
        if not _EQUALS.search(made[0]):
            made = [f"{old} = {new}" for old, new in zip(before, made, strict=True)] if len(before) == len(made) else []
        elif text.lstrip().startswith("=") and len(before) == len(made):
            made = [f"{old} {new}" for old, new in zip(before, made, strict=True)]
        return made

    def _named(self, text: str) -> set[str]:
        return {n for n in self.known if re.search(rf"(?<![A-Za-z\\]){n}(?![A-Za-z(])", text)}

    def _component(self, text: str, k: int) -> str:
        text = _TUPLE.sub(lambda m: f"({_members(m[1])[k]})", text)
        for name in self.known:
            text = re.sub(rf"(?<![A-Za-z\\]){name}(?![A-Za-z])", f"({self.known[name][k]})", text)
        return text

    def _with_numbers(self, text: str) -> str:
        """The line with lengths and scalar products put in."""
        known = {**self.unnamed, **self.known}
        for a, members in known.items():
            squares = " + ".join(f"({member})^2" for member in members)
            text = re.sub(rf"(?:\|+|‖)\s*(?:\\vec\{{)?{a}\}}?\s*(?:\|+|‖)", f"sqrt({squares})", text)
            for b, others in known.items():
                dot = " + ".join(f"({x})*({y})" for x, y in zip(members, others, strict=False))
                text = re.sub(rf"(?<![A-Za-z\\]){a}\s*(?:·|⋅|∙|•|\\cdot\s|\*|\.)\s*{b}(?![A-Za-z])", f"({dot})", text)
        return text


def _has_numbers_only(text: str) -> bool:
    return re.search(r"[a-zA-Z,;|]", text.replace("sqrt", "")) is None


def _members(text: str) -> tuple[str, ...]:
    return tuple(member.strip() for member in re.split(r"[,;|]", text))
