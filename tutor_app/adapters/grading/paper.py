"""The lenient grading that published tool-integrated results use, so that numbers can be set side by side.

ToRA's grader, which MuMath-Code took over, described by what it does and written anew from that description. It is
deliberately wrong where the original is: a value and a hundredth or a hundredfold of it are the same; whole numbers
within one part in ten thousand are the same; expressions within one in a thousand; of "1,-2" only the 1 is read;
braces and parentheses are deleted before texts are compared; ``\\cdot`` and the letters "and" vanish. Use it only to
compare with published scores: the strict grader is what this program means by "correct".

One known difference: the original reads LaTeX with a generated grammar; here the reader of the strict grader reads
the same prefix, with letters as variables.
"""

from __future__ import annotations

import math
import re
from typing import Final

from tutor_app.adapters.grading.algebra import real, same
from tutor_app.adapters.grading.compare import Oracle
from tutor_app.adapters.grading.finding import Finding
from tutor_app.adapters.grading.latex_reader import read_prefix
from tutor_app.adapters.grading.python_reader import read_python
from tutor_app.adapters.grading.terms import Constant, Group, Relation, Symbol, Term, Unreadable, walk

MAX_CHARACTERS: Final = 4_000
NUMBER_TOLERANCE: Final = 1e-4
EXPRESSION_TOLERANCE: Final = 1e-3
MAX_DEPTH: Final = 3

_DELETED: Final = (
    r"\!", r"\left", r"\right", r"^{\circ}", r"^\circ", r"\$", "$", r"\text", r"x\in", r"\%", "%",
    r"\cdot", r"\mathbf", "and",
)  # fmt: skip
_BRACKETS: Final = str.maketrans("", "", "{}()")


def paper_same(gold: str, answer: str, oracle: Oracle | None) -> Finding:
    """Whether the published grader takes the answer for the gold answer."""
    if max(len(gold), len(answer)) > MAX_CHARACTERS:
        return Finding(gold == answer, "too_long")
    try:
        return _math_same(_stripped(gold), _stripped(answer), oracle, 0)
    except RecursionError:
        return Finding(False, "too_long")


def _math_same(gold: str, answer: str, oracle: Oracle | None, depth: int) -> Finding:
    if gold == answer:
        return Finding(True, "same_form")
    a, b = _float(gold), _float(answer)
    if a is not None and b is not None:
        close = any(math.isclose(v, b, rel_tol=NUMBER_TOLERANCE) for v in (a / 100, a, a * 100))
        return Finding(close, "close_number" if close else "different_value")
    if not answer:
        return Finding(False, "no_answer")
    inner_gold, inner_answer = gold, answer
    square = answer[:1] == "[" and answer[-1:] == "]"
    round_ = answer[:1] == "(" and answer[-1:] == ")"
    if (square and gold[:1] != "(") or (round_ and gold[:1] != "["):
        inner_gold, inner_answer = gold.strip("[]()"), answer.strip("[]()")
    if inner_gold.translate(_BRACKETS) == inner_answer.translate(_BRACKETS):
        return Finding(True, "same_form")
    alike = (square and gold[:1] == "[" and gold[-1:] == "]") or (round_ and gold[:1] == "(" and gold[-1:] == ")")
    if alike and depth < MAX_DEPTH:
        mine, theirs = gold[1:-1].split(","), answer[1:-1].split(",")
        if len(mine) == len(theirs):
            found = [_math_same(x, y, oracle, depth + 1) for x, y in zip(mine, theirs, strict=True)]
            if all(found):
                return Finding(True, "equal")
            if all(f.same is not False for f in found):
                return Finding(None, "needs_algebra" if oracle is None else "undecided")
    return _expressions(gold, answer, oracle)


def _expressions(gold: str, answer: str, oracle: Oracle | None) -> Finding:
    one, two = _read(gold), _read(answer)
    if one is None or two is None or isinstance(one, Relation | Group) or isinstance(two, Relation | Group):
        return Finding(False, "unreadable")
    exact = same(one, two)
    if exact:
        return Finding(True, "equal")
    a, b = real(one), real(two)
    if a is not None and b is not None and math.isclose(a, b, rel_tol=EXPRESSION_TOLERANCE):
        return Finding(True, "close_expression")
    if exact is False:
        return Finding(False, "different_value")
    if oracle is None:
        return Finding(None, "needs_algebra")
    decided = oracle(one, two)
    return Finding(decided, "equal_by_algebra" if decided else "different_value" if decided is False else "undecided")


def _read(text: str) -> Term | None:
    """The prefix of a LaTeX expression, else a Python expression, else nothing."""
    try:
        term = read_prefix(text)
    except (Unreadable, RecursionError):
        try:
            term = read_python(text)
        except Unreadable:
            return None
    # Infinity compares with nothing there.
    return None if any(part == Constant("oo") for part in walk(term)) and not _has_symbol(term) else term


def _has_symbol(term: Term) -> bool:
    return any(isinstance(part, Symbol) for part in walk(term))


def _float(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _stripped(text: str) -> str:
    """The original's lossy normal form."""
    text = text.strip().replace("\n", "").rstrip(".")
    text = text.replace("\\\\", "\\").replace("tfrac", "frac").replace("dfrac", "frac").replace("bmatrix", "pmatrix")
    without_unit = re.sub(r"\\text\{.*?\}$", "", text).strip()
    text = without_unit or text
    for word in _DELETED:
        text = text.replace(word, "")
    text = text.replace(" .", " 0.").replace("{.", "{0.")
    text = text.replace("infinity", r"\infty")
    text = re.sub(r"\\mbox\{.*?\}", "", text)
    if "j" in text and "i" not in text:
        text = text.replace("j", "i")
    text = re.sub(r"(\d+)\.0+(?=\D|$)", r"\1", text)
    if text.startswith("."):
        text = "0" + text
    left, equals, right = text.partition("=")
    if equals and "=" not in right and len(left.strip()) <= 2:
        text = right
    text = re.sub(r"\\sqrt\s*(\w)", r"\\sqrt{\1}", text)
    text = re.sub(r"\s+", "", text)
    text = re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", text)
    text = re.sub(r"\\frac(\d)(?=\{)", r"\\frac{\1}", text)
    if m := re.fullmatch(r"(-?\d+)/(-?\d+)", text):
        text = rf"\frac{{{m[1]}}}{{{m[2]}}}"
    return text
