"""Traits of a solution that need no model: whether code, words and answer agree, what its statements are worth.

These are weak signs each, which a verifier's head weighs. They read the numbers in a text as they stand and never call
the grader: an answer without numbers agrees with nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final

from tutor_app.core.parts import Answer, Code, Output, Part, Text
from tutor_app.core.transcript import claims_of

TRAITS: Final = (
    "ran code",
    "code failed",
    "code agrees",
    "words agree",
    "true statements",
    "false statements",
    "boxed",
    "whole and positive",
    "lines of words",
    "numbers used",
    "numbers used by code",
    "numbers of the problem",
    "length of the problem",
)
"""The numbers of :func:`traits_of`; what agrees is 1, what differs -1, what cannot be said 0."""

_NUMBER: Final = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_CLOSE: Final = 1e-6


def traits_of(problem: str, parts: Sequence[Part]) -> list[float]:
    """The traits of a solution."""
    answer = next((part for part in reversed(parts) if isinstance(part, Answer)), None)
    values = numbers_in(answer.latex) if answer is not None else []
    value = values[-1] if values else None
    outputs = [part for part in parts if isinstance(part, Output)]
    before_code = [part.text for part in _until_code(parts)]
    claims = claims_of(parts)
    given, code = set(numbers_in(problem)), [part.source for part in parts if isinstance(part, Code)]
    printed = numbers_in(outputs[-1].feedback or outputs[-1].stdout) if outputs else []
    return [
        float(bool(outputs)),
        float(bool(outputs) and outputs[-1].status != "ok"),
        _agrees(value, printed),
        _agrees(value, numbers_in(before_code[-1])) if outputs and before_code else 0.0,
        math.log1p(sum(claim.verdict in ("true", "rounded") for claim in claims)),
        math.log1p(sum(claim.verdict in ("false", "differs") for claim in claims)),
        float(answer is not None and answer.source == "boxed"),
        float(value is not None and value > 0 and value.is_integer()),
        math.log1p(sum(line.strip() != "" for text in _texts(parts) for line in text.splitlines())),
        _share(given, [*_texts(parts), *code]),
        _share(given, code),
        math.log1p(len(numbers_in(problem))),
        math.log1p(len(problem)),
    ]


def numbers_in(text: str) -> list[float]:
    """The numbers of a text in their order, with commas between thousands or none."""
    return [float(found.replace(",", "")) for found in _NUMBER.findall(text)]


def _agrees(value: float | None, numbers: Sequence[float]) -> float:
    if value is None or not numbers:
        return 0.0
    return 1.0 if abs(numbers[-1] - value) <= _CLOSE * max(1.0, abs(value)) else -1.0


def _share(given: set[float], texts: Iterable[str]) -> float:
    """Share of the numbers that the texts name."""
    return len(given.intersection(n for text in texts for n in numbers_in(text))) / max(1, len(given))


def _until_code(parts: Sequence[Part]) -> list[Text]:
    first = next((i for i, part in enumerate(parts) if isinstance(part, Code)), len(parts))
    return [part for part in parts[:first] if isinstance(part, Text)]


def _texts(parts: Iterable[Part]) -> list[str]:
    return [part.text for part in parts if isinstance(part, Text)]
