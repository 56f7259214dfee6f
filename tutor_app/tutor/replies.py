"""Compares the answer that a reply gives with the answer that its solution was found to have.

A small model that is asked "Why?" may come to another number than the solution it explains. That is told only where the
reply is surely about the same problem and states its result: a question that changes the problem, asks for something
else or for an example, and a sentence about a step, a mistake or a case, are never held against it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from tutor_app.adapters.checking.work.values import Value, alike
from tutor_app.core.answers import final_boxes
from tutor_app.core.parts import Answer, AnswerPart, Part, Text
from tutor_app.core.several import parts_of, questions, whole
from tutor_app.core.transcript import Transcript
from tutor_app.core.verdicts import Verdict
from tutor_app.tutor.about import about_what, claimed, numbers_of, texts_of
from tutor_app.tutor.leaks import values_of, written
from tutor_app.tutor.samples import known_answer
from tutor_app.tutor.stated import WORDS_FOR_NUMBERS, Said, last_said
from tutor_app.tutor.task import bare, stands_in

Same = Callable[[str, str], bool | None]
"""Whether two answers are equal; None where that cannot be told."""

_CHECKS: Final = re.compile(r"\b(?:check\w*|verif\w*|test\w*|prove|proof|sure|correct|right|plug\w*)\b", re.IGNORECASE)
_NAMED_PART: Final = re.compile(r"(?:\bpart\s+)?\(([a-h]|[1-9]|i{1,3}|iv|v)\)|\bpart\s+([a-h1-9])\b", re.IGNORECASE)
_LABEL: Final = re.compile(
    r"(?<![A-Za-z])(?:(?:the\s+)?part\s+)?\(([a-h]|[1-9]|i{1,3}|iv|v)\)[*_:.,]*|\bpart\s+([a-h1-9])\b[*_:.,)]*"
    r"|^[ \t>*_#-]*([a-h1-9])[.)][*_:]*(?=\s)",
    re.IGNORECASE | re.MULTILINE,
)
"""How a reply names a part."""
_HOW_MANY: Final = re.compile(r"\bhow (?:many|much)\b", re.IGNORECASE)
_REGION: Final = re.compile(
    r"[<>≤≥]|\\(?:leq?|geq?|lt|gt|cup|infty)(?![A-Za-z])|^\s*[(\[][^(),]*(?:,[^(),]*)+[)\]]\s*$"
)
"""An inequality, an interval, or a tuple, whose order counts."""
_YES_NO: Final = re.compile(r"yes|no|true|false")
_SIGN: Final = re.compile(r"[<>≤≥]|\\(?:leq?|geq?|lt|gt)(?![A-Za-z])")
_FIGURES: Final = re.compile(r"-?\s?\d+(?:\.\d+)?")


def judged_reply(
    question: str, solved: Transcript, given: Answer | None, parts: Sequence[Part], same: Same
) -> Answer | None:
    """The reply's answer with its verdict, where it is about the problem of the solution; else None.

    A solution that has several answers is compared part by part.

    Args:
        question: As asked.
        solved: The solution that it is about.
        given: The answer that the reply boxes, or calls so.
        parts: Of the reply, as far as they are complete.
        same: Whether two answers are equal; None where that cannot be told.
    """
    reply = "\n\n".join(part.text for part in _texts(parts))
    if solved.problem == question:
        return None
    if solved.answer is not None and solved.answer.parts:
        return _judged_parts(question, solved, reply, same)
    return _judged(question, solved, given, reply, same)


def _judged(question: str, solved: Transcript, given: Answer | None, reply: str, same: Same) -> Answer | None:
    right, sure = _right(solved)
    about = about_what(question, solved)
    if not right or about == "else" or (_HOW_MANY.search(question) and not _is_number(right)):
        return None
    said = last_said(reply, solved.problem, right)
    values = [said] if said is not None else []
    if given is not None and (said is None or not given.parts):
        values.append(Said(final_boxes(reply) or given.latex, "boxed"))
    for value in values:
        if same(right, value.latex) is True:
            agreed = Verdict("checked" if sure else "unchecked", "solution" if sure else "")
            if given is not None and given.source == "phrase" and said is not None:
                given = replace(given, latex=said.latex)  # "indeed 3 servings"
            return replace(given, verdict=agreed) if given is not None else None
    if said is None or not _contradicts(right, said, same):
        return None
    if said.latex in numbers_of(question) and not claimed(question):
        return None  # what is asked about, such as "Why 6?"
    if not said.firm and not (about == "all" and _stands_alone(reply, solved, right, said, question)):
        return None
    verdict = Verdict("wrong", "solution", right) if sure else Verdict("unchecked", "solution", right)
    return Answer(said.latex, said.source, verdict)


def _judged_parts(question: str, solved: Transcript, reply: str, same: Same) -> Answer | None:
    """The reply's answers to the parts of a problem, each with its verdict; None where none can be compared.

    A reply is read part by part where it names them; one that names none is about the part that the question names,
    or boxes an answer for each.
    """
    answer = solved.answer
    assert answer is not None
    texts = {part.label: part.text for part in questions(solved.problem)}
    named = [label for label in _labels(question) if label in texts]
    asked_about = _NAMED_PART.sub("it", question) if named else question
    if about_what(asked_about, solved) == "else":
        return None
    pieces = _by_label(reply, tuple(part.label for part in answer.parts))
    boxes = parts_of([reply], len(answer.parts))
    in_order = len(boxes) == len(answer.parts) and not pieces and not named
    found: list[AnswerPart] = []
    for number, part in enumerate(answer.parts):
        text = texts.get(part.label, solved.problem)
        verdict = part.verdict if part.verdict.has_outcome else answer.verdict
        one = Transcript.of(text, *_texts(solved.solution), Answer(part.latex, verdict=verdict))
        if in_order:
            piece = f"The answer is \\boxed{{{boxes[number].latex}}}."
        else:
            piece = pieces.get(part.label, "") or (reply if named == [part.label] and not pieces else "")
        said = last_said(piece, text, part.latex)
        given = Answer(box, "boxed") if (box := final_boxes(piece)) else Answer(said.latex, "phrase") if said else None
        judged = _judged(asked_about, one, given, piece, same) if piece else None
        if judged is not None:
            found.append(AnswerPart(judged.latex, part.label, judged.verdict))
    if not found:
        return None
    differs = (p.verdict for p in found if p.verdict.kind != "checked")
    return replace(whole(found), verdict=next(differs, found[0].verdict))


def _texts(parts: Sequence[Part]) -> list[Text]:
    return [part for part in parts if isinstance(part, Text)]


def _labels(text: str) -> list[str]:
    """The parts that a text names, in order, each once: ``(a)``."""
    return list(dict.fromkeys(f"({(m[1] or m[2]).lower()})" for m in _NAMED_PART.finditer(text)))


def _by_label(reply: str, labels: tuple[str, ...]) -> dict[str, str]:
    """What a reply says about each part that it names, from its name to the next."""
    marks = [
        (m, label) for m in _LABEL.finditer(reply) if (label := f"({next(filter(None, m.groups())).lower()})") in labels
    ]
    ends = [*(m.start() for m, _ in marks), len(reply)][1:]
    found = dict[str, str]()
    for (m, label), end in zip(marks, ends, strict=True):
        found[label] = f"{found.get(label, '')}\n{_lead(reply[: m.start()])}{reply[m.end() : end]}".strip()
    return found


def _lead(before: str) -> str:
    """The words of a sentence before the name of a part in it: ``So the answer to``."""
    words = re.split(r"[.!?,:;\n](?=\s|$)", before)[-1].lstrip("*_ ")
    return re.sub(r"\s*\b(?:to|for|of|in)\s*$", "", words) if re.search(r"[a-z]{2}", words) else ""


def _right(solved: Transcript) -> tuple[str, bool]:
    """The answer to hold a reply against, and whether it is known to be right; empty where there is none."""
    answer = solved.answer
    if answer is None:
        return "", False
    verdict = answer.verdict
    if verdict.kind in ("checked", "numeric"):
        return answer.latex, True
    if verdict.kind == "wrong":
        right = known_answer(solved.problem) if verdict.how == "known" else verdict.right
        return ("", False) if "=" in right or not right else (right, True)
    return answer.latex, False


# -- against the answer --------------------------------------------------------------------------------------------


def _contradicts(right: str, said: Said, same: Same) -> bool:
    """Whether a value cannot be the answer, nor a part of it, nor, unless it is called so, its opposite."""
    if _YES_NO.fullmatch(_words(right)) and _YES_NO.fullmatch(_words(said.latex)):
        return (_words(right) in ("yes", "true")) != (_words(said.latex) in ("yes", "true"))
    if not re.search(r"\d|\\pi|[=^]|^\W*[a-z]\W*$", right) or not re.search(r"\d|\\pi|[a-z]", said.latex):
        return False
    if same(right, said.latex) is not False:
        return False
    regions = [bool(_REGION.search(text)) for text in (right, said.latex)]
    ours, theirs = _numbers(right), _numbers(said.latex)
    if all(regions):
        half = (
            not said.firm and said.source != "boxed" and len(_SIGN.findall(said.latex)) == 1 and not _has_one_end(right)
        )
        return not half or not {*_FIGURES.findall(said.latex)} <= {*_FIGURES.findall(right)}
    if not ours or not theirs:
        # One is a formula, the other may be too; a number alone is no formula and is told of a formula only if boxed.
        return bool(ours) == bool(theirs) or (said.source == "boxed" and said.firm)
    shared = [value for value in theirs if any(alike(value, own) for own in ours)]
    if shared and (len(theirs) < len(ours) or len(ours) == 1 or len(shared) == len(theirs)):
        return False
    if len(ours) == len(theirs) == 1 and re.search(r"%|\d\.\d", said.latex) and _nearly(theirs[0], ours[0]):
        return False
    opposite = len(ours) == len(theirs) == 1 and alike(ours[0], -theirs[0])
    return not opposite or said.firm


def _words(latex: str) -> str:
    return re.sub(r"\\(?:text|mathrm|textbf)|[{}$.\s]", "", latex).lower()


def _has_one_end(region: str) -> bool:
    return len(_SIGN.findall(region)) == 1 or ("infty" in region and "cup" not in region)


def _nearly(said: Value, right: Value) -> bool:
    """Whether a number is another one rounded, perhaps in per cent."""
    a, b = float(said), float(right)
    return any(abs(a * factor - b) <= abs(b) / 200 for factor in (1, 100, 0.01))


def _is_number(latex: str) -> bool:
    return len(_numbers(latex)) == 1 and not _REGION.search(latex)


def _numbers(latex: str) -> tuple[Value, ...]:
    """The numbers that an answer consists of; none where it is a formula with letters."""
    bare = re.sub(
        r"\\\$|\\(?:text|mathrm)\s*\{[^{}]*\}|\\[A-Za-z]+|[A-Za-z]\w*\s*=|\b(?:and|or)\b", " ", _in_figures(latex)
    )
    letters = re.search(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])|[\d)][A-Za-z]", bare)
    return () if letters else values_of(_in_figures(latex))


def _in_figures(latex: str) -> str:
    """A number in words as figures."""
    if re.fullmatch(rf"(?:{WORDS_FOR_NUMBERS})", latex, re.IGNORECASE):
        return next((str(value) for value in list(written(latex))[-1:]), latex)
    return latex


def _stands_alone(reply: str, solved: Transcript, right: str, said: Said, question: str) -> bool:
    """Whether a value that nothing calls the answer can be nothing else.

    The right one is nowhere in the reply, and unless it is boxed, it is no number of the problem or the solution. A
    check of the answer that comes back to a number of the problem boxes that.
    """
    ours = _numbers(right)
    theirs = _numbers(said.latex)
    if not theirs and _CHECKS.search(question) and stands_in(said.latex, solved.problem):
        return False
    several = len(theirs) != 1 or _REGION.search(said.latex) is not None
    if (said.named and several) or not ours:
        return not (len(bare(right)) > 1 and stands_in(right, reply)) or said.source == "boxed"
    in_problem = [value for value in written(solved.problem) if any(alike(value, own) for own in ours)]
    place = (
        "\n".join(re.findall(r"(?:=|\bis\b|\bare\b|\bget\b|\bgives\b|boxed\{)([^\n.]{0,12})", reply))
        if in_problem
        else reply
    )
    if ours and all(any(alike(value, own) for value in written(place)) for own in ours):
        return False
    boxed = said.source == "boxed"
    if boxed and not _CHECKS.search(question):
        return True
    texts = [solved.problem] if boxed else texts_of(solved)
    known = [value for text in texts for value in written(text)]
    return not (theirs and all(any(alike(value, own) for value in known) for own in theirs))
