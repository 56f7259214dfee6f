"""Numbers with a decimal comma in what is typed: which ones are certain, and which may be two numbers as well.

The one rule for typed problems and for lines of a student's work.

``2,5x``, ``3,5 + 2,25`` and ``0,5`` can only be decimals, and so is every such number in a language that writes them
so. ``x = 2,3`` may be two values: it is left alone. ``1,000`` is a thousand, ``(2,3)`` a pair, ``1,2,3`` a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

_NUMBER: Final = re.compile(r"(?<![\w.,])(\d{1,3}(?:\.\d{3})+|\d+),(\d+)(?![\d]|[.,]\d)")
_OPERATED_BEFORE: Final = re.compile(r"(?:[\d\w)\]²³]\s?[-+]|[*/·×÷^]|\d\s?:)\s?$")
_OPERATED_AFTER: Final = re.compile(
    r"\s?[*/·×÷^]|\s?\\?%|\s?[€£°]|\s(?:km|[cdm]?m|kg|m?g|[cdm]?l|h|min|s)\b|\s?[-+]\s?[\d\w(√]|[a-zA-Z](?![a-zA-Z])|\(|\s?[²³]|\s(?:[xyz])\b"
)
_ROUNDED: Final = re.compile(r"[≈≃]\s*[-\u2212]?\s*$")
_COMPARED: Final = re.compile(r"[=<>≤≥≠≈]\s*[-\u2212]?\s*$")
_WORDS: Final = re.compile(
    r"(?i)\b(?:berechne|berechnen|l[öo]se|bestimme|wie|viel|viele|gro[ßs]s?|und|oder|dann|der|die|das|ist|eine?|mit|für|von|sind|gegeben"
    r"|calcule[rz]?|r[ée]sou(?:dre|s|dez)|combien|quelle?|est|les|des|une|pour|avec|dans|donc|alors|ou|trouve[rz]?"
    r"|calcula|calcular|resuelve|halla|cu[áa]nto|cu[áa]l|los|las|una|para|con|del|es"
    r"|calcola|risolvi|quanto|trova|della|bereken|hoeveel|het|een|van|oblicz|ile|rozwi[ąa][żz])\b"
)
_COMMON: Final = re.compile(r"(?i)\b(?:the|what|find|how|and|is|of|are|each|many|solve|compute|calculate|evaluate)\b")
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class CommaNumber:
    """A number that is written with a comma.

    Attributes:
        text: As typed.
        end: Where it ends.
        value: With a point; empty where it may be two numbers.
        compared: It stands right behind a sign such as ``=``.
    """

    text: str
    end: int
    value: str
    compared: bool


def comma_numbers(text: str) -> dict[int, CommaNumber]:
    """The numbers with a decimal comma, and those that may have one, by where they begin."""
    if "," not in text:
        return {}
    abroad = _writes_commas(text)
    found = {}
    one_certain = False
    for m in _NUMBER.finditer(text):
        before, after = text[: m.start()], text[m.end() :]
        if len(m[2]) == 3 and m[1] != "0" and not abroad and "." not in m[1]:
            continue  # a thousand
        if _in_brackets(before):
            parted = re.search(r"(?:[(\[{]|^)[^()\[\]{}]*;", before[-40:] + m[0] + after[:40])
            pair = re.search(r"[(\[{|]\s*$", before) and re.match(r"\s*[)\]}|]", after)
            if not parted and (pair or not abroad):
                continue  # a pair, a list or arguments; those of decimals have a semicolon between them
            certain = True
        else:
            operated = _OPERATED_BEFORE.search(before) or _ROUNDED.search(before) or _OPERATED_AFTER.match(after)
            certain = bool(abroad or operated or m[1] == "0" or "." in m[1])
        one_certain = one_certain or (certain and not _in_brackets(before))
        value = f"{m[1].replace('.', '')}.{m[2]}" if certain else ""
        found[m.start()] = CommaNumber(m[0], m.end(), value, _COMPARED.search(before) is not None)
    if one_certain:  # who writes one so writes all so
        found = {at: replace(n, value=n.value or n.text.replace(",", ".")) for at, n in found.items()}
    return found


def with_points(text: str) -> str:
    """The text with a point in every number whose comma can only be a decimal comma."""
    parts: list[str] = []
    end = 0
    for at, number in comma_numbers(text).items():
        if number.value:
            parts += (text[end:at], number.value)
            end = number.end
    return "".join((*parts, text[end:]))


def doubtful(text: str) -> tuple[str, ...]:
    """The numbers behind a sign such as ``=`` that may be a decimal, or two numbers."""
    return tuple(number.text for number in comma_numbers(text).values() if not number.value and number.compared)


def _writes_commas(text: str) -> bool:
    """Whether the text is in a language that writes a decimal comma."""
    return len(_WORDS.findall(text)) > len(_COMMON.findall(text))


def _in_brackets(before: str) -> bool:
    line = before[before.rfind("\n") + 1 :]
    return sum(line.count(c) for c in _OPENING) > sum(line.count(c) for c in _CLOSING)
