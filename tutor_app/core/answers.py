"""Finding the final answer in a solution, as text.

Whether two answers are equal is not decided here: that takes SymPy, which can hang (see the grading adapter).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tutor_app.core.parts import Answer, Output, Part, Text

# An opened box; a box around a bare number or letter, as in \boxed 7; an escaped brace or backslash; a brace.
# A backslash too many before a box is overlooked.
_BOX: Final = re.compile(
    r"\\(?:boxed|fbox)(?![A-Za-z])\s*(?:(\{)|(-?\d+(?:[.,/]\d+)*|(?<=\s)[^\W\d_]\b))"
    r"|\\\\(?!boxed|fbox)|\\[{}]|[{}]"
)
# What may stand between boxes that are one list: a comma, "or" or "and", and perhaps "x =" before the next.
_LISTED: Final = re.compile(r"(?P<comma>[,;]?) ?(?P<word>(?:or|and)?) ?(?:[A-Za-z]\w* ?= ?)?")
_WORD_IN_FORMULA: Final = re.compile(r"\\(?:text|mbox|textrm|mathrm)\s*\{\s*(\w*)\s*\}")
_SIGN_OR: Final = re.compile(r"\\(?:lor|vee)(?![A-Za-z])")
_SIGN_AND: Final = re.compile(r"\\(?:land|wedge)(?![A-Za-z])")
_NO_WORDS: Final = re.compile(r"[\s$]|\\[()\[\] ,;:!]|\\q?quad(?![A-Za-z])")
_NEXT_BOX: Final = re.compile(r"\\(?:boxed|fbox)")
_LONGEST_BETWEEN: Final = 80
_FORMULA_MARK: Final = re.compile(r"(?<!\\)(?:\$\$?|\\[()\[\]])")
_EMPHASIS: Final = re.compile(r"(?<![\w)*])(\*\*|__|`)(?=\S)([^*_`]+?)(?<=\S)\1(?![\w(*])")
_AMOUNTS: Final = re.compile(r"[^$]*\$\d[\d.,]*[^$\d]*\$\d[^$]*")
"""Two amounts of money, each with its sign before it."""
_PHRASE: Final = re.compile(r"answers?\s+(?:is|are)\b[\s:]*([^\n]+)", re.IGNORECASE)
_REASON: Final = re.compile(
    r"(?<=\S)\s*,?\s+(?:because|since|which\s+(?:is|are|means|gives|can|has|was)|as\s+(?:said|required|desired|wanted|expected"
    r"|needed|claimed|asked|requested|we))\b.*",
    re.IGNORECASE,
)
"""What tells in the same sentence why, or what else is true of the answer."""
_REFUSED: Final = re.compile(r"(?<=\S)\s*,\s*(?:and\s+)?(?:not|rather\s+than|instead\s+of)\b.*", re.IGNORECASE)
"""What the same sentence says the answer is not."""
_NEXT_SENTENCE: Final = re.compile(
    r"(?<=[\w$)\]}%*])[.!]\**\s+(?=(?:I|It|This|That|The|We|Let|So|Hence|Thus|Therefore|Note|Since|If|You|There)\b).*"
)
"""A sentence of its own in the same line, as in "I hope it is correct."."""
_LABELLED: Final = re.compile(
    r"^[\s>#*_-]*(?:final\s+)?answers?[*_]*\s*:[*_]*[ \t]*([^\n]+)", re.IGNORECASE | re.MULTILINE
)
_LABELLED_LENGTH: Final = 60
"""Longer lines behind "Answer:" begin a solution."""
_CHOICE: Final = re.compile(
    r"(?:correct|right)\s+(?:option|choice|answer\s+choice)\s+is\b[\s:*$]*(?:\\(?:text|textbf|mathrm|mathbf)\s*\{\s*)?"
    r"(\([A-Ga-g]\)|[A-G](?![\w']))"
)
_FRACTION: Final = re.compile(r"-?\\[dt]?frac\s*(?:\{-?\d+\}|\d)\s*(?:\{-?\d+\}|\d)|(?<![\d/.])-?\d+/\d+(?![\d/]|\.\d)")
"""A fraction of numbers, which are no answers alone."""
_WHOLE_FLOAT: Final = re.compile(r"^(-?\d{1,15})\.0$")
"""How Python prints a whole number that was divided: "110.0"."""
NUMBER: Final = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|-?\.\d+")
"""A number in prose or output."""


def boxed(text: str) -> Iterator[tuple[str, int]]:
    """The contents of every ``\\boxed{...}`` with the offset right after it, in the order in which they open.

    A box within another comes after it; empty boxes and boxes that never close are skipped.
    """
    found: list[tuple[int, str, int]] = []
    open_braces: list[int] = []  # where a box's contents start, or -1 for any other brace
    for m in _BOX.finditer(text):
        if m[1]:
            open_braces.append(m.end())
        elif m[2]:
            found.append((m.start(2), m[2], m.end()))
        elif m[0] == "{":
            open_braces.append(-1)
        elif m[0] == "}" and open_braces and (start := open_braces.pop()) >= 0:
            found.append((start, text[start : m.start()].strip(), m.end()))
    for _, content, end in sorted(found):
        if not set(content) <= set(". …"):
            yield content, end


def final_boxes(text: str) -> str:
    """The content of the last box, or of all the boxes that it is listed with (``a or b``, ``a, b``), or empty."""
    return next(reversed(listed_boxes(text, each=False)), "")


def listed_boxes(text: str, *, each: bool = True) -> list[str]:
    """The contents of the last box and of those it is listed with.

    Args:
        text: Prose.
        each: If not, all boxes of the text are given instead, those that are one list as one answer.
    """
    groups: list[list[str]] = []
    answers: list[str] = []
    last = -1
    for content, end in boxed(text):
        if end <= last:  # inside the box before
            groups[-1][-1:] = [content]
            answers[-1] = content if len(groups[-1]) == 1 else answers[-1]
            continue
        between = _LISTED.fullmatch(_between(text, last)) if groups else None
        if between is None or not (between["word"] or between["comma"]):
            groups.append([content])
            answers.append(content)
        elif content not in groups[-1]:
            word = f" {between['word']}" if between["word"] else ","
            answers[-1] = f"{answers[-1]}{word} {content}"
            groups[-1].append(content)
        last = end
    if each:
        return groups[-1] if groups else []
    return answers


def _between(text: str, start: int) -> str:
    """The words from ``start`` to the next box, without spaces and marks of formulas; "?" if they are too many."""
    box = _NEXT_BOX.search(text, start, start + _LONGEST_BETWEEN)
    if box is None:
        return "?"
    between = _WORD_IN_FORMULA.sub(r" \1 ", text[start : box.start()])
    between = _SIGN_AND.sub(" and ", _SIGN_OR.sub(" or ", between))
    return " ".join(_NO_WORDS.sub(" ", between).split())


def find_answer(parts: Sequence[Part]) -> Answer | None:
    """The final answer by MuMath-Code's order of rules, and which rule found it.

    The last ``\\boxed{}`` in the prose, with those it is listed with; else what follows the last "answer is" or
    "Answer:"; else the last line of the last successful output; else the last number in the prose.
    """
    prose = [p.text for p in parts if isinstance(p, Text)]
    for text in reversed(prose):
        if values := final_boxes(text):
            return Answer(values, "boxed")
    for text in reversed(prose):
        if words := _phrase(text):
            return Answer(words, "phrase")
    for part in reversed(parts):
        if isinstance(part, Output) and part.status == "ok":
            lines = (part.stdout.strip() or part.value_latex or part.value).strip().splitlines()
            if lines:
                return Answer(_WHOLE_FLOAT.sub(r"\1", lines[-1].strip()), "output")
    for text in reversed(prose):
        if number := _last_number(text):
            return Answer(number, "number")
    return None


def _phrase(text: str) -> str:
    """What the last "the answer is", "Answer:" or "the correct option is" says, or empty."""
    found = [(m.start(1), m[1]) for m in _PHRASE.finditer(text)]
    found += [(m.start(1), m[1]) for m in _LABELLED.finditer(text) if len(m[1]) <= _LABELLED_LENGTH]
    found += [(m.start(1), m[1]) for m in _CHOICE.finditer(text)]
    return _bare(max(found)[1]) if found else ""


def _last_number(text: str) -> str:
    """The last number of the text, or the fraction that it is part of, or empty."""
    numbers = list(NUMBER.finditer(text))
    if not numbers:
        return ""
    last = numbers[-1]
    for fraction in _FRACTION.finditer(text):
        if fraction.start() <= last.start() < fraction.end():
            return fraction[0]
    return last[0].replace(",", "")


def _bare(words: str) -> str:
    """A phrase without what follows from it, sentence end, bold marks and formula delimiters."""
    words = _REFUSED.sub("", _REASON.sub("", _NEXT_SENTENCE.sub("", words)))
    words = _EMPHASIS.sub(r"\2", words.strip()).strip("*").rstrip(".").strip().strip("*").strip()
    marks = _FORMULA_MARK.findall(words)
    if len(marks) % 2 or _AMOUNTS.fullmatch(words):  # amounts of money
        return words
    return _FORMULA_MARK.sub("", words).strip()
