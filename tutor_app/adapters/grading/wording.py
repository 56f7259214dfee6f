"""Answers that are words, letters of a choice, propositions, or digits in a number base."""

from __future__ import annotations

import re
from typing import Final

from tutor_app.adapters.grading.finding import Finding
from tutor_app.adapters.grading.logic import same_proposition
from tutor_app.adapters.grading.readings import NO_SOLUTION
from tutor_app.adapters.grading.terms import Based, Constant, Group, Number, Proposition, Symbol, Term, Words

_CHOICE: Final = re.compile(r"\(?([A-Za-z])[).:]?(?:(?<=[).:])\s.*)?")
_LETTERS: Final = re.compile(r"[A-Z](?:(?:[\s,;&]|\band\b)+[A-Z])+")


def same_words(gold: Term, answer: Term) -> Finding:
    """Words, letters of a choice and "no solution", whatever their case and their articles."""
    mine, theirs = _spelled(gold), _spelled(answer)
    if mine is None or theirs is None:
        return Finding(False, "different_type")
    a, b = _CHOICE.fullmatch(mine), _CHOICE.fullmatch(theirs)
    if a and b and (len(mine) <= 3 or len(theirs) <= 3):
        decorated = mine != a[1] or theirs != b[1]
        same_letter = a[1] == b[1] or (decorated and a[1].lower() == b[1].lower())
        return Finding(same_letter, "same_choice" if same_letter else "different_choice")
    if NO_SOLUTION.fullmatch(mine) and NO_SOLUTION.fullmatch(theirs):
        return Finding(True, "no_solution")
    one, two = _folded(mine), _folded(theirs)
    # Without a mark or a real word, capitals may tell variables apart.
    marked = any(isinstance(t, Words) and t.marked for t in (gold, answer)) or re.search(r"[a-z]{3}|\d [ap]m\b", one)
    if one and (one == two if marked else mine == theirs):
        return Finding(True, "same_words")
    if _LETTERS.fullmatch(mine) and _LETTERS.fullmatch(theirs):
        letters = [sorted(re.findall(r"\b[A-Z]\b", text)) for text in (mine, theirs)]
        if letters[0] == letters[1]:
            return Finding(True, "same_choices")
    return Finding(False, "different_words")


def same_propositions(gold: Term, answer: Term) -> Finding:
    """Two propositions; a single letter is one too."""
    if isinstance(gold, Symbol):
        gold = Proposition((gold.name,))
    if isinstance(answer, Symbol):
        answer = Proposition((answer.name,))
    if not isinstance(gold, Proposition) or not isinstance(answer, Proposition):
        return Finding(False, "different_type")
    alike = same_proposition(gold, answer)
    return Finding(alike, {True: "equal", False: "different_proposition", None: "undecided"}[alike])


def _spelled(term: Term) -> str | None:
    match term:
        case Words(text):
            return text
        case Symbol(name):
            return name
        case Constant(name) if len(name) == 1:
            return name
        case Group(items):
            parts = [_spelled(item) for item in items]
            return None if None in parts else ", ".join(p for p in parts if p)
        case _:
            return None


def _folded(text: str) -> str:
    text = re.sub(r"(?<=\b[a-z])\.(?=[a-z]?\b|\s|$)|(?<=[ap])\.(?=m\b)", "", text.casefold())
    text = re.sub(r"^(?:it\s+is|it's)\s+(?=[a-z])", "", text.strip())
    text = re.sub(r"^(?:an?|the)\s+(?=[a-z]{3})|^on\s+(?=[a-z]{3,6}day\b)", "", text)
    text = re.sub(r"(?<=\d)(?=[a-z])", " ", text)
    text = re.sub(r"(?<=[a-z]{2})-(?=[a-z]{2})", " ", text)
    return " ".join(text.replace("'", "").split()).strip(' .,;:!"')


def same_based(gold: Term, answer: Term) -> Finding:
    """Digits with their number base; the base is part of the answer."""
    match gold, answer:
        case Based(a, m), Based(b, n):
            if not n and m:
                return Finding(_digits(a) == _digits(b), "base_dropped")
            return Finding(m == n and _digits(a) == _digits(b), "equal" if m == n else "different_base")
        case Based(a, m), Number(value, None) if value.denominator == 1:
            # The question asks for the base; an answer that leaves it out shows the same digits.
            return Finding(_digits(a) == str(value), "base_dropped")
        case Number(value, None), Based(b, 10):
            return Finding(_digits(b) == str(value), "equal")
        case _:
            return Finding(False, "different_base")


def _digits(written: str) -> str:
    sign, body = ("-", written[1:]) if written.startswith("-") else ("", written)
    if "." in body:
        body = body.rstrip("0").rstrip(".")
    return sign + (body.lstrip("0") or "0")
