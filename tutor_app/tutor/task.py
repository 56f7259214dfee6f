"""Reads what a problem asks for: the letter, noun, words and units that tell its result, and its kind of task."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tutor_app.adapters.grading.units import is_unit
from tutor_app.core.against_output import asked_stems

_HEAD: Final = re.compile(
    r"\b(?:what (?:is|are|was|were)|find|list|calculate|determine|compute)\s+"
    r"(?:all\s+(?:the\s+)?|the\s+|its\s+|their\s+)([a-z]{3,})"
    r"|\bas an?\s+(?:\w+\s+)?(fraction|decimal|percentage|percent)\b",
    re.IGNORECASE,
)
_POINT: Final = re.compile(r"\([^(),]*,[^(),]*\)")
_RESULTS: Final = (
    (r"factor(?!s? of \d|ial)|factori[sz]e", r"(?:(?:full|complete)\s+)?factori[sz]ation|factored (?:form|expression)"),
    (r"expand|multiply out", r"expan(?:sion|ded (?:form|expression))"),
    (r"simplif", r"simpl(?:ified|est) (?:form|expression|fraction|version|result)"),
    (r"(?<!second )(?<!third )derivative|differentiate", r"(?:first )?derivative"),
    (r"integra|antiderivative", r"(?:(?:indefinite|definite) )?integral|antiderivative"),
    (r"solve|roots?\b|zeros\b", r"(?<!of the )(?<!of )(?:solution set|solutions|roots|zeros)"),
    (r"\badd\b", r"(?:sum|total)"),
    (r"\bmultiply\b(?! out)", r"product"),
    (
        r"\bmeet\b|intersect|\bcross\b",
        r"(?:point of intersection|intersection(?: point)?|(?:\w+\s+){0,3}(?:meet|intersect|cross))",
    ),
    (r"\bequation of\b", r"equation(?: of (?:the|this|our) {of}|(?! of\b))"),
)
"""Kinds of tasks, and by which names a result of each is told."""
_DERIVED: Final = r"[fgh]\s*'\s*\(\s*x\s*\)|y\s*'|dy\s*/\s*dx|\\frac\s*\{\s*dy\s*\}\s*\{\s*dx\s*\}"
_REWRITTEN: Final = re.compile(
    r"\b(?:factor(?:i[sz]e)?|expand|simplify|multiply out|compute|evaluate|calculate|what is)\b:?\s*"
    r"(?:the expression\s+)?((?:(?!\b[A-Za-z]{3,}\b)|(?=(?:sin|cos|tan|log|sqrt|frac|cdot|times)\b))[^?]+?)"
    r"\s*(?:completely|fully)?\s*[.?!]?\s*$",
    re.IGNORECASE,
)
"""A task whose result is another form of what stands there."""
_ASKED_NAME: Final = re.compile(
    r"\b(?:(?i:find|solve for|value of|what is|determine|compute|calculate)|for)\s+(?:the\s+)?(?:value\s+of\s+)?"
    r"\$?([b-zA-Z])\b\$?(?!\s*[-+*/^(_])"
)


@dataclass(frozen=True, slots=True)
class Task:
    """What a problem asks for.

    Attributes:
        name: The letter that is asked for, or empty.
        head: The first noun of "What is the area of ...", or empty.
        asked: The words that tell what is asked for.
        units: All units that stand in the problem and its answer, and those of the question alone.
        results: A pattern of the nouns that name a result of this kind of task, such as "factored form"; or empty.
        formula: The formula that is to be rewritten or worked out, without spaces; or empty.
        point: Whether the answer is a pair of numbers.
        text: The whole problem.
    """

    name: str
    head: str
    asked: frozenset[str]
    units: tuple[frozenset[str], frozenset[str]]
    results: str
    formula: str
    point: bool
    text: str

    @classmethod
    def of(cls, problem: str, right: str) -> Task:
        """Read a problem, with its answer."""
        question = re.split(r"(?<=[.!?])\s", problem.strip())[-1]
        asked = frozenset(units_in(question)) | frozenset(units_in(right))
        head = _HEAD.search(problem)
        units = (frozenset(units_in(problem)) | asked, asked)
        words = re.sub(r"\\[A-Za-z]+", " ", problem)  # signs and letters of formulas tell nothing
        named = frozenset(stem for stem in asked_stems(words) if len(stem) > 1)
        results = "|".join(names for kind, names in _RESULTS if re.search(rf"(?i){kind}", problem))
        of = re.search(r"(?i)\bequation of (?:the|a|an|this) (\w+)", problem)
        results = results.replace("{of}", re.escape(of[1]) if of is not None else "(?:line|curve)")
        rewritten = _REWRITTEN.search(problem.replace("$", ""))
        formula = bare(rewritten[1]) if rewritten is not None and re.search(r"[-+*/^(\\]", rewritten[1]) else ""
        noun = (head[1] or head[2]) if head is not None else ""
        return cls(
            _name(problem, right),
            noun,
            named,
            units,
            results,
            formula,
            _POINT.fullmatch(bare(right)) is not None,
            problem,
        )

    @property
    def names(self) -> str:
        """A pattern of what an equation for the result begins with; empty where there is nothing."""
        formula = r"\s*".join(map(re.escape, self.formula))
        return "|".join(name for name in (self.name, formula, _DERIVED if "derivative" in self.results else "") if name)


def bare(formula: str) -> str:
    """A formula without spaces, dollar signs and signs of multiplication."""
    return re.sub(r"\s", "", _unmarked(formula))


def _unmarked(text: str) -> str:
    return re.sub(r"\$|\\(?:cdot|times|left|right|[,;:!() \[\]])(?![a-z])|[*·×{}]", "", text)


def stands_in(formula: str, text: str) -> bool:
    """Whether a formula stands in a text by itself, not as a part of a longer one."""
    wanted = r"\s*".join(map(re.escape, bare(formula)))
    alone = rf"(?<![-+/^)\w\\])(?<![-+/^)\d]\s){wanted}(?!\w|\s*[-+/^(])"
    return bool(wanted) and re.search(alone, _unmarked(text)) is not None


def _name(problem: str, right: str) -> str:
    """The letter that is asked for; empty where there is none, or several."""
    if m := re.search(r"(?i)\b(?:find|what is|compute|evaluate|determine|calculate)\s+\$?([a-z]\(-?\d+\))", problem):
        return re.escape(m[1])
    if m := re.match(r"\s*\$?([A-Za-z]\s*(?:'|\^\{?-1\}?)?\s*\([a-z]\))\s*=", right):
        return r"\s*".join(map(re.escape, m[1].replace(" ", "")))
    if m := re.match(r"\s*\$?([A-Za-z])\s*=", right) or _ASKED_NAME.search(problem):
        return str(m[1])
    plain = re.sub(r"\\[A-Za-z]+", " ", problem)
    letters: set[str] = set(re.findall(r"(?<![A-Za-z])[\d.]*([A-Za-z])(?![A-Za-z])", plain.split("olve", 1)[-1]))
    if "=" in problem and re.search(r"\b[Ss]olve\b|^[^A-Za-z]*[A-Za-z]?[^A-Za-z]*$", plain) and len(letters) == 1:
        return letters.pop()
    return ""


def units_in(text: str) -> Iterator[str]:
    """The units behind numbers and in questions for an amount, without the endings of plurals."""
    yield from (unit for sign, unit in (("$", "dollar"), ("€", "euro"), ("£", "pound")) if sign in text)
    for word in re.findall(r"(?<![\\A-Za-z])[A-Za-z]+", re.sub(r"\\text\s*\{", " ", text)):
        if word not in ("in", "a", "A", "I", "am") and is_unit(word, spaced=True):
            yield word.removesuffix("s") if len(word) > 2 else word
