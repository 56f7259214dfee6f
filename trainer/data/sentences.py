"""Sentences of a question: what is known, and what is asked."""

from __future__ import annotations

import re
from typing import Final

_END: Final = re.compile(r"(?<=[.!?])[\"')\u201d\u2019]*\s+(?=[\"'(\u201c\u2018]?[A-Z0-9$])")
_TITLE: Final = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|Ph\.D|M\.D|Jr|Sr|No|vs|approx|e\.g|i\.e|a\.m|p\.m)|\b[A-Z])\.$"
)


def sentences(text: str) -> list[str]:
    """The sentences of a text; an abbreviation such as "Mr." or "sq. ft." ends none."""
    found: list[str] = []
    held = ""
    for piece in _END.split(" ".join(text.split())):
        held = f"{held} {piece}" if held else piece
        if not _TITLE.search(held):
            found.append(held)
            held = ""
    return [*found, held] if held else found


def asking(text: str) -> str:
    """The sentence that asks, or the last one."""
    found = sentences(text)
    return next((s for s in reversed(found) if s.rstrip("\"')").endswith("?")), found[-1] if found else "")


_CONDITION: Final = re.compile(
    r"(?:If|When|Given that|Assuming that|Assuming|Since) (?P<fact>.+?), (?:then )?"
    r"(?:how|what|calculate|find|determine|by how|in how|at what)\b.*",
    re.IGNORECASE | re.DOTALL,
)


def told(text: str) -> str:
    """What a problem tells before it asks: "If he takes 6, how much is paid?" tells "He takes 6."."""
    *facts, ask = sentences(text)
    if (m := _CONDITION.fullmatch(ask)) is not None:
        facts.append(f"{m['fact'][0].upper()}{m['fact'][1:]}.")
    return " ".join(facts)
