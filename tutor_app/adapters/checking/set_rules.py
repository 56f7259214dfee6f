"""Statements about sets whose members are listed: unions, intersections, differences, how many members they have."""

from __future__ import annotations

import re
from typing import Final

from tutor_app.adapters.checking.context import Context
from tutor_app.adapters.checking.judging import Judgement
from tutor_app.adapters.checking.rules import Rule, rule, truth

_LISTED: Final = r"\\?\{[^{}|:]{0,160}?\\?\}"
_OPERAND: Final = rf"(?:[A-Z](?![a-zA-Z])|{_LISTED})"
_SIGN: Final = r"(?:∩|∪|\\cap\b|\\cup\b|\\setminus\b|\\backslash\b)"
_EMPTY: Final = r"(?:∅|\\emptyset\b|\\varnothing\b)"
_JOINED: Final = rf"({_OPERAND}) ?({_SIGN}) ?({_OPERAND})"


def _members(text: str) -> frozenset[str] | None:
    """The members of a set as it is written, or None where they are not all listed."""
    inner = text.strip().removeprefix("\\").removeprefix("{").removesuffix("}").removesuffix("\\")
    found = ["".join(member.split()) for member in inner.split(",")] if inner.strip() else []
    if not all(re.fullmatch(r"-?\w+(?:\.\d+|/\d+)?", member) for member in found):
        return None  # "1, 2, ..., 9"
    return frozenset(found)


def _value(text: str, context: Context) -> frozenset[str] | None:
    if re.fullmatch(_EMPTY, text.strip()):
        return frozenset()
    return _members(text) if "{" in text else context.sets.get(text.strip())


@rule(
    rf"(?:^|[,;:.]|\b(?:let|if|and|sets?|suppose|given|where|with|then|so|consider|for)) ?([A-Z]) ?= ?({_LISTED})"
    r"(?! ?(?:∩|∪|\\c[au]p|\\setminus|-|\+))",
    "{",
)
def given(m: re.Match[str], context: Context) -> Judgement | None:
    """A set is given its members; this states nothing."""
    members = _members(m[2])
    if members is None or context.sets.get(m[1], members) != members:
        context.sets[m[1]] = None
    else:
        context.sets[m[1]] = members
    return None


@rule(rf"(?<![∩∪|A-Za-z\\(]) ?{_JOINED} ?(?:=|\bis\b|\bequals\b) ?({_LISTED}|{_EMPTY})(?! ?{_SIGN})", "{")
def joined(m: re.Match[str], context: Context) -> Judgement | None:
    """A union, intersection or difference: "A ∩ B = {3, 4}"."""
    right, said = _computed(m, context), _value(m[4], context)
    return None if right is None or said is None else truth(right == said, "sets", _shown(right))


@rule(
    rf"(?:\||\bn ?\(|\\lvert|\\vert) ?{_JOINED} ?(?:\||\)|\\rvert|\\vert) ?= ?(\d{{1,4}})(?![\d.]*\d| ?[-+*/^\\])",
    "=",
)
def counted(m: re.Match[str], context: Context) -> Judgement | None:
    """How many members a union, an intersection or a difference has."""
    right = _computed(m, context)
    return None if right is None else truth(len(right) == int(m[4]), "sets", str(len(right)))


def _computed(m: re.Match[str], context: Context) -> frozenset[str] | None:
    a, b = _value(m[1], context), _value(m[3], context)
    if a is None or b is None:
        return None
    sign = m[2].strip().removeprefix("\\")
    return a & b if sign in ("∩", "cap") else a | b if sign in ("∪", "cup") else a - b


def _shown(members: frozenset[str]) -> str:
    numeric = all(re.fullmatch(r"-?\d+", member) for member in members)
    ordered = sorted(members, key=int) if numeric else sorted(members)
    return f"{{{', '.join(ordered)}}}"


SET_RULES: Final[tuple[Rule, ...]] = (given, joined, counted)
