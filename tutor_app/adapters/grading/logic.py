"""Propositions of single letters: "not p or q", with the signs of logic or in words.

Two propositions are the same if they have the same form, whatever the order around "and" and "or"; they differ if
some values of the letters tell them apart. A form that is another one rewritten (an implication as a disjunction)
is left undecided, because a question may ask for just that rewriting.
"""

from __future__ import annotations

import itertools
import re
from typing import Final

from tutor_app.adapters.grading.terms import Proposition, Unreadable

MAX_LETTERS: Final = 8
MAX_DEPTH: Final = 40
_SIGNS: Final = re.compile(
    r"\\(?:lnot|land|lor|wedge|vee|to|iff)(?![A-Za-z])|\bnot\b|(?:^|[\s(}])~\(?[A-Za-z](?![A-Za-z])"
    r"|^(?=.*(?:and|or))(?:[\s()]|[p-sP-S](?![A-Za-z])|\\text\{\s*(?:and|or)\s*\}|\b(?:and|or)\b)+$"
)
_TOKEN: Final = re.compile(
    r"\s*(?:\\(lnot|land|wedge|lor|vee|to|iff)(?![A-Za-z])|(not|and|or)\b|\\text\s*\{\s*(not|and|or)\s*\}|([~()])|([A-Za-z])(?![A-Za-z]))"
)
_NAMES: Final = {"lnot": "not", "~": "not", "land": "and", "wedge": "and", "lor": "or", "vee": "or"}
_LEVELS: Final = ("iff", "to", "or", "and")
"""From the loosest to the tightest."""

Form = tuple["str | Form", ...]
"""``("p",)``, ``("not", form)``, ``("and", form, form, ...)``, ``("to", form, form)``."""


def proposition(text: str) -> Proposition | None:
    """The proposition that a text is, if it is one."""
    if len(text) > 200 or not _SIGNS.search(text):
        return None
    found: list[str] = []
    at = 0
    text = text.strip()
    while at < len(text):
        m = _TOKEN.match(text, at)
        if m is None:
            return None
        word = m[1] or m[2] or m[3] or m[4] or m[5]
        found.append(_NAMES.get(word, word))
        at = m.end()
    try:
        form = _Reader(found).whole()
    except Unreadable:
        return None
    return Proposition(form) if len(_letters(form)) <= MAX_LETTERS else None


def same_proposition(gold: Proposition, answer: Proposition) -> bool | None:
    """Whether two propositions are one; None if they are only equivalent."""
    if gold.form == answer.form:
        return True
    letters = sorted(_letters(gold.form) | _letters(answer.form))
    if len(letters) > MAX_LETTERS:
        return None
    for values in itertools.product((False, True), repeat=len(letters)):
        given = dict(zip(letters, values, strict=True))
        if _true(gold.form, given) != _true(answer.form, given):
            return False
    return None


class _Reader:
    """Recursive descent over the words and signs of a proposition."""

    def __init__(self, found: list[str]) -> None:
        self._found = found
        self._at = 0
        self._depth = 0

    def whole(self) -> Form:
        form = self._level(0)
        if self._at < len(self._found):
            raise Unreadable("left over")
        return form

    def _peek(self) -> str:
        return self._found[self._at] if self._at < len(self._found) else ""

    def _level(self, level: int) -> Form:
        if level == len(_LEVELS):
            return self._single()
        operator = _LEVELS[level]
        parts = [self._level(level + 1)]
        while self._peek() == operator:
            self._at += 1
            parts.append(self._level(level if operator == "to" else level + 1))
        if len(parts) == 1:
            return parts[0]
        if operator in ("and", "or"):
            flat = [p for part in parts for p in (part[1:] if part[0] == operator else (part,))]
            return (operator, *sorted(flat, key=repr))
        return (operator, *(sorted(parts, key=repr) if operator == "iff" else parts))

    def _single(self) -> Form:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unreadable("nested too deeply")
        word = self._peek()
        self._at += 1
        if word == "not":
            inside = self._single()
            assert isinstance(inside, tuple)
            form: Form = inside[1] if inside[0] == "not" and isinstance(inside[1], tuple) else ("not", inside)
        elif word == "(":
            form = self._level(0)
            if self._peek() != ")":
                raise Unreadable("a bracket without its partner")
            self._at += 1
        elif len(word) == 1 and word.isalpha():
            form = (word,)
        else:
            raise Unreadable("nothing where a proposition should be")
        self._depth -= 1
        return form


def _parts(form: Form) -> list[Form]:
    return [part for part in form[1:] if isinstance(part, tuple)]


def _letters(form: Form) -> frozenset[str]:
    parts = _parts(form)
    return frozenset().union(*map(_letters, parts)) if parts else frozenset((str(form[0]),))


def _true(form: Form, values: dict[str, bool]) -> bool:
    parts = [_true(part, values) for part in _parts(form)]
    match form[0], parts:
        case letter, []:
            return values[str(letter)]
        case "not", [inside]:
            return not inside
        case "and", _:
            return all(parts)
        case "or", _:
            return any(parts)
        case "to", [condition, *rest]:
            return not condition or all(rest)
        case _:
            return len(set(parts)) == 1
