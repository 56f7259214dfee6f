"""Points and vectors that a problem asks for, and those that a student's line tells without a letter.

A sum of vectors, a vector between two points and a midpoint are known from the problem alone. A pair that is a given
vector, or a multiple of one, is a step on the way and shows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Final

from tutor_app.adapters.checking.work.lines import read_line
from tutor_app.adapters.checking.work.values import Value, alike, real

Pair = tuple[Value, ...]
_NUMBER: Final = r"-?\d+(?:\.\d+|/\d+)?"
_TUPLE: Final = re.compile(rf"[(\[<]\s*({_NUMBER}(?:\s*[,;|]\s*{_NUMBER}){{1,2}})\s*[)\]>]")
_NAMED: Final = re.compile(rf"(?<![A-Za-z])(?:\\vec\{{)?([A-Za-z])\}}?\s*(?:=|\bis\b)?\s*(?={_TUPLE.pattern})")
_MIDPOINT: Final = re.compile(r"(?i)\bmid-?point|\bmittelpunkt\b")
_ADDED: Final = re.compile(r"(?i)\b(?:add|sum of|addiere)\b[^()]*(?:vectors?|vektoren)\b|\bvectors? (?:sum|addition)\b")
_TAKEN: Final = re.compile(r"(?i)\bsubtract\b[^()]*vector|\bdifference (?:of|between)\b[^()]*vectors?\b")
_ASKED: Final = re.compile(
    r"(?i:\b(?:find|compute|calculate|work out|evaluate|what is|determine|berechne))\s+(?i:the vector\s+)?"
    r"(?P<sum>-?\s*\d*\s*[*·]?\s*[a-zA-Z](?:\s*[-+]\s*\d*\s*[*·]?\s*[a-zA-Z])+|-?\d+\s*[*·]?\s*[a-zA-Z])\s*[.?!]*\s*$"
)
_TERM: Final = re.compile(r"([-+]?)\s*(\d*)\s*[*·]?\s*([a-zA-Z])")
_BETWEEN: Final = re.compile(
    r"\bvector\s+(?:\\vec\{)?(?P<a>[A-Z])(?P<b>[A-Z])\b|\bvector from (?P<c>[A-Z]) to (?P<d>[A-Z])\b"
)
_NAME: Final = re.compile(r"^\s*(?:[^\W\d_]{3,}:?\s+)?(?:\\vec\{)?[A-Za-z]{0,2}\}?\s*(?:=|(?=\())\s*")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a problem asks for.

    Attributes:
        pair: The right one.
        steps: Those that may be told on the way.
        terms: What it is the sum of, component by component.
    """

    pair: Pair
    steps: tuple[Pair, ...]
    terms: tuple[Pair, ...]

    def is_step(self, told: Pair) -> bool:
        """Whether a pair is a multiple of one that may be told on the way."""
        return any(_is_multiple(told, step) for step in self.steps)

    def slip(self, told: Pair) -> str:
        """``sign`` if other signs in the sum give what is told, else empty."""
        for k, number in enumerate(told):
            signed = (sum(s * t[k] for s, t in zip(signs, self.terms, strict=True)) for signs in _signs(self.terms))
            if not any(alike(number, found) for found in signed):
                return ""
        return "sign"


def _signs(terms: Sequence[Pair]) -> Iterator[tuple[int, ...]]:
    return product((1, -1), repeat=len(terms))


def _is_multiple(told: Pair, step: Pair) -> bool:
    if len(told) != len(step):
        return False
    ratios = [a / b for a, b in zip(told, step, strict=True) if b]
    zeros = all(a == 0 for a, b in zip(told, step, strict=True) if not b)
    return bool(ratios) and zeros and all(alike(r, ratios[0]) for r in ratios) and ratios[0] != 0


def wanted_pair(problem: str) -> Wanted | None:
    """The pair that a problem asks for; None if that is not known."""
    found: list[Pair] = [tuple(map(Fraction, re.split(r"\s*[,;|]\s*", m[1]))) for m in _TUPLE.finditer(problem)]
    names = {m[1]: found[k] for k, m in enumerate(_named(problem)) if m is not None}
    if not found or len({len(pair) for pair in found}) != 1:
        return None
    if len(found) == 2 and _MIDPOINT.search(problem):
        halves = tuple(_times(Fraction(1, 2), pair) for pair in found)
        return Wanted(_added(halves), (*found, _added(found)), halves)
    if len(found) == 2 and _ADDED.search(problem):
        return Wanted(_added(found), tuple(found), tuple(found))
    if len(found) == 2 and _TAKEN.search(problem):
        first, second = found[::-1] if re.search(r"(?i)\bsubtract\b.*\bfrom\b", problem) else found
        terms = first, _times(Fraction(-1), second)
        return Wanted(_added(terms), tuple(found), terms)
    if (m := _BETWEEN.search(problem)) is not None:
        ends = [names.get(m[k]) for k in ("ab" if m["a"] else "cd")]
        if ends[0] is not None and ends[1] is not None:
            terms = ends[1], _times(Fraction(-1), ends[0])
            return Wanted(_added(terms), terms, terms)
    return _of_letters(problem, names)


def _named(problem: str) -> list[re.Match[str] | None]:
    """The letter before every pair of a problem."""
    ends = {m.end(): m for m in _NAMED.finditer(problem)}
    return [ends.get(m.start()) for m in _TUPLE.finditer(problem)]


def _of_letters(problem: str, names: dict[str, Pair]) -> Wanted | None:
    """The sum of letters that is asked for: ``2a - b``."""
    asked = _ASKED.search(problem)
    parts = _TERM.findall(asked["sum"]) if asked is not None else []
    if not parts or any(letter not in names for _, _, letter in parts):
        return None
    terms = tuple(_times(Fraction(int(n or 1) * (-1 if sign == "-" else 1)), names[a]) for sign, n, a in parts)
    return Wanted(_added(terms), terms, terms) if len(terms) > 1 else Wanted(terms[0], (), terms)


def _added(pairs: Sequence[Pair]) -> Pair:
    return tuple(sum(numbers, Fraction(0)) for numbers in zip(*pairs, strict=True))


def _times(factor: Fraction, pair: Pair) -> Pair:
    return tuple(factor * number for number in pair)


def told_pair(text: str) -> Pair | None:
    """The numbers of the pair that a line tells, which may be worked out in it; None if it tells something else."""
    side = re.split(r"(?<![<>!])=", _NAME.sub("", text.strip().rstrip(" .✓")))[-1].strip()
    if not re.fullmatch(r"[(\[<].*[)\]>]", side):
        return None
    numbers = [_number(part) for part in _parts(side[1:-1])]
    known = tuple(number for number in numbers if number is not None)
    return known if 1 < len(known) == len(numbers) < 4 else None


def _parts(text: str) -> list[str]:
    """A list cut at the commas that stand outside of brackets."""
    depth, parts = 0, [""]
    for sign in text:
        depth += (sign in "([") - (sign in ")]")
        if sign in ",;|" and depth == 0:
            parts.append("")
        elif depth < 0:
            return []
        else:
            parts[-1] += sign
    return parts


def _number(text: str) -> Value | None:
    statements = read_line(text).statements
    return real(statements[0].sides[0]) if len(statements) == 1 and not statements[0].relations else None


def first_wrong_pair(problem: str, texts: Sequence[str]) -> tuple[int, str] | None:
    """The place and slip of the line in which a work came to the wrong pair at its end; None if it did not."""
    told = [(k, pair) for k, text in enumerate(texts) if text.strip() and (pair := told_pair(text)) is not None]
    last = max((k for k, text in enumerate(texts) if text.strip()), default=-1)
    wanted = wanted_pair(problem) if told and told[-1][0] == last else None
    if wanted is None or any(_same(pair, wanted.pair) for _, pair in told):
        return None
    first, wrong = told[-1]
    if len(wrong) != len(wanted.pair) or wanted.is_step(wrong):
        return None
    for k, pair in reversed(told):
        if not _same(pair, wrong):
            break
        first = k
    return first, wanted.slip(wrong)


def _same(one: Pair, other: Pair) -> bool:
    return len(one) == len(other) and all(alike(a, b) for a, b in zip(one, other, strict=True))
