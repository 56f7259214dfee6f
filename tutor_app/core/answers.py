"""Finding the final answer in a solution, as text.

Whether two answers are equal is not decided here: that takes SymPy, which can hang (see the grading adapter).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tutor_app.core.transcript import Answer, Output, Part, Text

_BOX: Final = re.compile(r"\\(?:boxed|fbox)\s*")
_PHRASE: Final = re.compile(r"answer\s+is\s*:?\s*([^\n]+)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|-?\.\d+")


def boxed(text: str) -> Iterator[tuple[str, int]]:
    """The contents of every ``\\boxed{...}`` with the offset right after it, in order; empty boxes are skipped."""
    for m in _BOX.finditer(text):
        start = m.end()
        if start >= len(text):
            return
        if text[start] != "{":
            # \boxed 7 is TeX for \boxed{7}
            if m[0][-1].isspace() and text[start].isalnum():
                yield text[start], start + 1
            continue
        depth = 0
        for i in range(start, len(text)):
            if text[i] == "\\" or (i > start and text[i - 1] == "\\" and text[i - 2] != "\\"):
                continue
            depth += {"{": 1, "}": -1}.get(text[i], 0)
            if depth == 0:
                content = text[start + 1 : i].strip()
                if content and not set(content) <= set(". …"):
                    yield content, i + 1
                break


def find_answer(parts: Sequence[Part]) -> Answer | None:
    """The final answer by MuMath-Code's order of rules, and which rule found it.

    The last ``\\boxed{}`` in the prose; else what follows the last "answer is"; else the last line of the last
    successful output; else the last number in the prose.
    """
    prose = [p.text for p in parts if isinstance(p, Text)]
    for text in reversed(prose):
        found = list(boxed(text))
        if found:
            return Answer(found[-1][0], "boxed")
    for text in reversed(prose):
        phrases = _PHRASE.findall(text)
        if phrases and (words := _bare(phrases[-1])):
            return Answer(words, "phrase")
    for part in reversed(parts):
        if isinstance(part, Output) and part.status == "ok":
            lines = (part.stdout.strip() or part.value_latex or part.value).strip().splitlines()
            if lines:
                return Answer(lines[-1].strip(), "output")
    for text in reversed(prose):
        numbers = _NUMBER.findall(text)
        if numbers:
            return Answer(numbers[-1].replace(",", ""), "number")
    return None


def _bare(words: str) -> str:
    """A phrase without sentence end, bold marks and formula delimiters."""
    words = words.strip().strip("*").rstrip(".").strip().strip("*").strip()
    for left, right in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")):
        if len(words) > len(left) + len(right) and words.startswith(left) and words.endswith(right):
            return words[len(left) : -len(right)].strip()
    return words
