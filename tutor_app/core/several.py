"""Problems that ask for several things: how many, in which words each, and which of a solution's boxes answer them.

MuMath-Code's convention is that the last box is the answer. It holds where a problem asks for one thing, and in
evaluation (:mod:`trainer.evaluate`); a problem with parts ``(a)``, ``(b)``, with several questions, or one whose
solution boxes several values in its last words, has an answer of several parts, in the order of the solution.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tutor_app.core.answers import boxed, listed_boxes
from tutor_app.core.parts import Answer, AnswerPart

_LABEL: Final = re.compile(
    r"(?:(?<=\s)|(?<=[*_;:.?!])|^)(?:\(([a-h]|[1-9]|i{1,3}|iv|v)\)|(?:part|question)\s+\(?([A-Ha-h]|[1-9])\)?(?=[\s:.)*]))",
    re.IGNORECASE | re.MULTILINE,
)
_LABEL_OF_LINE: Final = re.compile(
    r"^[ \t>*_#-]*([a-h]|[1-9]|i{1,3}|iv|v)[.)][*_]*(?=\s)", re.IGNORECASE | re.MULTILINE
)
_SEQUENCES: Final = ("abcdefgh", "123456789", ("i", "ii", "iii", "iv", "v"))
# None holds the beginning of another: where one is never closed, the next is not searched to the end of the text.
_FORMULA: Final = re.compile(
    r"\$\$(?:(?!\$\$).)*+\$\$|\$[^$\n]*\$|\\\((?:(?!\\[()]).)*+\\\)|\\\[(?:(?!\\[\[\]]).)*+\\\]", re.DOTALL
)
_LISTS: Final = re.compile(r"\b(?:and|or|respectively|each|both|all)\b|[,;&]", re.IGNORECASE)
# Whole sentences, of which those are questions that end so: to look for questions alone begins anew at every letter.
_SENTENCE: Final = re.compile(r"(?:[^.!?\n]|[.](?=\d))*+\??")
_SPACES: Final = re.compile(r"\s|\\[ ,;!]|[${}]|\\(?:text|mathrm|left|right|dfrac|tfrac)\b")
_SEPARATOR: Final = re.compile(r"[,;]|\\text\s*\{\s*(?:and|or)\s*\}|\b(?:and|or)\b")


@dataclass(frozen=True, slots=True)
class Question:
    """One of the parts of a problem.

    Attributes:
        label: As ``(a)``; empty where the questions have no labels.
        text: What is asked, with what the problem says before its first part.
    """

    label: str
    text: str


def questions(problem: str) -> tuple[Question, ...]:
    """The labelled parts of a problem, at least two, else none."""
    for pattern in (_LABEL, _LABEL_OF_LINE):
        marks = _in_sequence([(m, (m[1] or m[m.lastindex or 1]).lower()) for m in pattern.finditer(problem)])
        if len(marks) > 1:
            stem = problem[: marks[0][0].start()].strip()
            ends = [m.start() for m, _ in marks[1:]] + [len(problem)]
            texts = [problem[m.end() : end].strip(" \t\n;*_:") for (m, _), end in zip(marks, ends, strict=True)]
            return tuple(
                Question(f"({name})", f"{stem}\n{text}".strip()) for (_, name), text in zip(marks, texts, strict=True)
            )
    return ()


def asked(problem: str) -> int:
    """How many things a problem asks for; 0 where it cannot be told."""
    if parts := questions(problem):
        return len(parts)
    found = [m[0] for m in _SENTENCE.finditer(_FORMULA.sub(" x ", problem)) if m[0].endswith("?")]
    if len(found) != 1:
        return len(found)
    return 0 if _LISTS.search(found[0]) else 1


def parts_of(prose: Sequence[str], wanted: int) -> tuple[AnswerPart, ...]:
    """The boxed answers to a problem that asks for ``wanted`` things, in order; none where there are not several.

    A part that is boxed again under its label is revised; a list or a box that repeats all of them adds nothing.

    Args:
        prose: The texts of the solution.
        wanted: See :func:`asked`; 1 gives none.
    """
    if wanted == 1:
        return ()
    texts = [text for text in prose if any(boxed(text))]
    if not texts:
        return ()
    found = [part for text in texts for part in _labelled(text)]
    named = list({part.label: part for part in found if part.label}.values())
    if len(named) > 1 and len(named) >= wanted:
        return tuple(named)
    last = listed_boxes(texts[-1])
    if wanted > 1 and len(last) >= wanted:
        return tuple(AnswerPart(value, p.label) for value, p in zip(last, _spread(named, len(last)), strict=True))
    rows = found if wanted > 1 else _grouped(texts[-1])
    rows = _without_repeats(rows, wanted)
    rows = rows[-wanted:] if wanted > 1 and not named else rows
    return tuple(rows) if len(rows) > 1 else ()


def whole(parts: Sequence[AnswerPart]) -> Answer:
    """The answer of several parts."""
    lists = any(_SEPARATOR.search(re.sub(r"\(.*?\)|\[.*?\]", "", part.latex)) for part in parts)
    return Answer(("; " if lists else ", ").join(part.latex for part in parts), "boxed", parts=tuple(parts))


def _in_sequence(marks: Sequence[tuple[re.Match[str], str]]) -> list[tuple[re.Match[str], str]]:
    """The marks that count up from the first of their kind: a, b, c; the others are no labels."""
    best: list[tuple[re.Match[str], str]] = []
    for names in _SEQUENCES:
        run: list[tuple[re.Match[str], str]] = []
        for mark, name in marks:
            if len(run) < len(names) and name == names[len(run)]:
                run.append((mark, name))
        best = max(best, run, key=len)
    return best


def _labelled(text: str) -> list[AnswerPart]:
    """Every box that stands in no other, with the last label between it and the box before."""
    rows: list[AnswerPart] = []
    last = 0
    for content, end in boxed(text):
        if end <= last:
            continue
        between = text[last : end - len(content)]
        labels = [*_LABEL.finditer(between), *_LABEL_OF_LINE.finditer(between)]
        labels = [m for m in labels if "step" not in between[max(0, m.start() - 5) : m.start()].lower()]
        newest = max(labels, key=lambda m: m.start(), default=None)
        name = (newest[1] or newest[newest.lastindex or 1]).lower() if newest is not None else ""
        rows.append(AnswerPart(content, f"({name})" if name else ""))
        last = end
    return rows


def _grouped(text: str) -> list[AnswerPart]:
    """Every box of a text; those that are one list are one."""
    return [AnswerPart(value) for value in listed_boxes(text, each=False)]


def _without_repeats(rows: Sequence[AnswerPart], wanted: int) -> list[AnswerPart]:
    """The parts without those that only say again what others have said.

    Without labels, equal values are equal answers of two parts only as long as there are too few of them.
    """
    kept: list[AnswerPart] = []
    for part in rows:
        plain = [_plain(known.latex) for known in kept]
        pieces = [piece for p in _SEPARATOR.split(part.latex) if (piece := _plain(p))]
        repeats = len(kept) > 1 and pieces == plain
        again = _plain(part.latex) in plain and (wanted == 0 or len(kept) >= wanted)
        if not (repeats or again):
            kept.append(part)
    return kept


def _spread(named: Sequence[AnswerPart], number: int) -> Sequence[AnswerPart]:
    return named if len(named) == number else [AnswerPart("")] * number


def _plain(latex: str) -> str:
    return _SPACES.sub("", latex)
