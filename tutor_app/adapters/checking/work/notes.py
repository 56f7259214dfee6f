"""What stands around the formulas of a student's line: labels, side remarks, and what is said of a check.

A line may begin with what it is for ("multiply by 2:", "case 1:", "check x = 5:"). Most labels are only left out; a
check, a case or a note makes the line an aside, which is judged by itself and changes nothing for the lines behind.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tutor_app.adapters.grading.units import measure

_LABEL: Final = re.compile(r"\s*(?P<label>[^:]{0,79}(?:[^:\s]|(?<=[^\W\d_]{3})\s)):\s+(?P<rest>\S.*)$")
_WORD: Final = re.compile(r"(?<![\\\w])[^\W\d_]{2,}")
_ROMAN: Final = r"\(?(?:I{1,3}V?|IV)\)?"
_NUMBERED: Final = re.compile(
    rf"\s*(?:\d{{0,3}}\s*[*·×]?\s*)?{_ROMAN}\s*(?:[-+]\s*(?:\d\s*[*·×]?\s*)?{_ROMAN})?\s*[:=]?\s+(?=[-\w(\\√])"
)
"""The numbers of equations: ``(II)``, ``2*I + II:``."""
_REFERENCE: Final = r"(?:\d{0,3}\s*[*·×]?\s*(?:\([1-9]\)|[①-⑨]|\(?(?:I{1,3}V?|IV)\)?)(?:\s*[*·×/:]\s*\(?[-−]?\d+\)?)?)"
_BY_REFERENCES: Final = re.compile(
    rf"\s*{_REFERENCE}(?:\s*[-−+]\s*{_REFERENCE})*\s*(?::\s+|→\s*|⇒\s*|=>\s*|->\s*|(?<=[)①-⑨])\s+(?=[-−]?\d*[a-z]))"
    r"(?=[^=<>]*[a-zA-Z].*[=<>]|.*=.*[a-zA-Z]|\s*0\s*=\s*-?\d)"
)
"""What is done to numbered equations before what it gives: ``(1)·2: 8x + 6y = 20``."""
_FUNCTIONS: Final = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan log ln lim sqrt exp abs max min mod gcd lcm det pi".split()  # noqa: SIM905
)
_SIDE: Final = r"(?:[LR]\.?H\.?S\b\.?|(?:left|right)(?:[ -]hand)? side)"
_OF_SIDE: Final = re.compile(rf"(?i)^\s*{_SIDE}\s*[:=]?\s*(?=\S)")
_OF_MATRIX: Final = re.compile(r"^\s*(?:det\s*\(?[A-Z]\)?|det|\|[A-Z]\|)\s*=\s*(?=[-\d(])")
_IS_SIDE: Final = re.compile(rf"(?i)\s*=\s*{_SIDE}\s*$")
_IS: Final = re.compile(r"(?<=[\d)%€])\s+(?:is|are|equals?|makes?|gives?|which is)\s+(?=[-\d$€£(√])")
_ASIDE: Final = re.compile(
    r"(?i)\s*(?:(?:inner|outer|inside|outside|numerator|denominator|top|bottom|z[äa]hler|nenner|innere|[äa]u(?:ß|ss)ere)\b[^:=]*(?=:\s)"
    r"|[^:=]*[<>≤≥][^:=]*\s(?:and|und)\s[^:=]*[<>≤≥][^:=]*(?=:\s)|(?:check(?:ing)?|tests?|testing|try|trying|proof|verif(?:y|ication)|probe|note|recall|remember|remark"
    r"|reminder|side(?: calculation)?|aside|separately|other way|alternatively|for example|e\.g\.|because|since)\b"
    r"|(?:(?:for|at|if|when|put|take|with)\s+)?[a-zA-Z]\s*=\s*[-\d./]+\s*(?=:)|(?:case|fall|cas|caso)\b"
    r"|(?:(?:either|or|both|entweder|oder)\b[^:]*|(?:1st|2nd|3rd|first|second|third)(?: (?:case|option|factor))?\s*)"
    r"(?=:\s))"
)
_ASSUMED: Final = re.compile(
    r"(?i)\s*(?:(?:case|fall|cas|caso)\b\s*(?:\d|[ivab]{1,3}\b)?|(?:for|if|when|assume|suppose|let|für|wenn)\b)"
    r"[\s:.,)(]*(?:for|if|when|assume|let)?\s*(?P<assumed>[^:,()]*[<>≤≥≠][^:,()]*)(?:\)?\s*[:,]|\)?\s*$)"
    r"|(?i:\s*)(?P<range>[a-z]\s*[<>≤≥][^:,()]*):\s"
)
"""What a case assumes: ``case 1: x > 0``, ``for x < 3: ...``."""
_CONCLUDED: Final = re.compile(
    r"(?i)\s*(?:since|because|as|weil|da)\s[^,;]*[,;]\s*(?=(?:only|so|thus|hence|therefore|we|it|must|nur|ist)\b)"
)
"""A reason before what is concluded: ``since x > 3, only x = 5``."""
_SET_OF_NUMBERS: Final = re.compile(
    r"\s*(?:D(?:_?\w)?|[𝔻ⅅ])\s*=\s*.*[\\∖{}ℝ].*|.*[∈∉]\s*[DℝℤℕℚQRZN].*|[A-Z]\s*\([^()|;]*[|;][^()|;]*\)\s*"
)
"""The numbers that are allowed, told as a set, and the name and place of a point."""
_PAIR: Final = r"\(\s*-?[\d./]+\s*[,;|]\s*-?[\d./]+\s*\)"
_POINTS: Final = re.compile(
    rf"\s*(?:(?:,|and|und)?\s*(?:[A-Z]\w?\s*=?\s*)?{_PAIR}\s*)+|\s*\d+ (?:out )?of (?:the )?\d+\s*"
)
"""Points or pairs of numbers, and how many of how many there are."""
_OF_PART: Final = re.compile(r"(?<![\w\\])d([a-eg-xz])\s*/\s*d[a-z](?=\s*=)")
"""The derivative of a part: ``du/dx =``."""
_DIFFERENTIALS: Final = re.compile(r"(?<![\w\\])d([u-w])\s*=\s*([^=,;]*?[^=,;\s])\s*[*·]?\s*d[xt](?=\s*(?:$|[,;.]))")
"""The same of differentials: ``du = 2x dx``."""
_BOUNDS: Final = re.compile(r"\]\s*([₋₀-₉]+)\s*([⁻⁰¹²³⁴-⁹]+)")
"""Bounds behind an antiderivative in brackets: ``[x²]₀³``."""
_ROW: Final = re.compile(
    r"\s*(?P<left>\d[\d.,]*)\s*(?P<unit>%|[^\W\d_]+\.?)(?:\s[^\W\d_]{2,})?"
    r"\s*(?:→|⟶|↔|⇒|≙|\^=|<?[-=]+>|\\(?:right|Right|leftright)arrow\b"
    r"|(?<=%)\s*=|(?<=%)\s+(?:is|are|corresponds? to)\b)\s*"
    r"(?=[-$€£]?\s?\d)"
)
"""What stands before the arrow in a row of a proportion: ``100 km → 6.5 l``, ``1% = 459/85``."""
_PART_ROW: Final = re.compile(r"\s*\d+/\d+\s*(?:→|≙|\^=|->|⇒|=>)\s*(?=[\d./]+\s*(?:[$€£%]|[^\W\d_]{1,7}))")
"""The same of a part: ``1/20 -> 30/7 l``."""
_BY_FACTOR: Final = re.compile(r"^\s*[÷·×*]\s*\d+\s*:\s+(?=\S)")
"""What is done, before its colon: ``÷2: 42/63``."""
_OTHER_UNIT: Final = re.compile(r"\d\s*([^\W\d_]+)\.?\s*$")
_GENERAL: Final = re.compile(
    r"(?i)\s*(?:the )?(?:answer|result|solution|so|thus|hence|therefore|finally|ergebnis|antwort)\b"
)
_BARE: Final = re.compile(r"[-$€£]?\s?\d[\d.,/ ]*\s?(?:[$€£%]|[^\W\d_]+[²³]?)?\s*")
_BOTH_SIGNS: Final = re.compile(r"(?<![A-Za-z\\])([a-zA-Z])(?:_?\{?1\s?[,/;]\s?2\}?|₁\s?[,/]?\s?₂)(?=\s*[=≈][^=]*±)")
"""Both solutions at once: ``x_{1,2} = 3 ± 5``."""
_RELATION: Final = re.compile(r"[=<>≤≥≠≈]|\\(?:leq?|geq?|neq?|approx)\b")
_SO_IT_IS: Final = r"(?:(?:which |that )?is\s+)?"
_DENIED: Final = re.compile(
    rf"(?i)[\s,(:–-]*{_SO_IT_IS}(?:false|wrong|not true|no!?|contradiction|impossible|not equal|[✗✘×↯⚡])[)\s.!]*$"
)
_AFFIRMED: Final = re.compile(
    rf"(?i)[\s,(:–-]*\b{_SO_IT_IS}(?:true|right|correct|ok(?:ay)?|fits?|works?|yes|qed|q\.e\.d\.|holds)[)\s.!]*$"
    r"|[\s(]*[✓✔√☑■□∎][)\s.]*$"
)
_SMALL: Final = r"(?:[^\W\d_]{3,}|of|by|we|it|to|an|is|in|on|as|at|no|if)"
_LEADING: Final = re.compile(rf"\s*{_SMALL}(?:,?\s+{_SMALL})*\s*[,:]?\s+(?=[-+\w(\\√|∫\[{{])")
_MEANT: Final = re.compile(
    r"\s*(?:let\s+)?[a-zA-Z](?:_\w)?\s*(?:=|:|is|be|for)\s*(?:the\s+)?[^\W\d_]{2,}(?:[\s'’-]+[^\W\d_]+)*\s*$"
)
_SUPERSCRIPT: Final = re.compile("[\u00b2\u00b3\u00b9\u2070-\u207f]")
"""Written as a letter is, but no part of a word: ``x = e\u00b3``."""
_FUNCTION: Final = re.compile(r"(?<![\w\\])([A-Za-eijl-zA-Z])\s*('*)\(\s*([a-z])\s*\)\s*=(?!=)")
_NAMED: Final = re.compile(
    r"(?m)^\s*((?:(?:an?|one|the) )?(?!(?:LHS|RHS|left|right|answer|result|solution|check|test|proof)\b)"
    r"[A-Za-z]{3,}(?: [a-z]{3,})?)"
    r"\s*(?:(?:\^\s*|\*\*)\d|[²³])?\s*=(?!=)"
)
_EVENT: Final = re.compile(r"\bP\s?\((?=[^()]*(?:[a-z]{3}|[A-Z]))[^()]*\)")
"""A probability whose event is told in words."""
_INDEXED: Final = re.compile(r"(?<![\w\\.])([a-zA-Z](?:[3-9]|[1-9]\d{1,2}))\s*=(?!=)")
_CURVE: Final = re.compile(r"(?<![\w.'])y\s*=\s*(?=[^=]*x)")
_OF_CURVE: Final = re.compile(
    r"(?i)\b(?:tangent|normal|slope|gradient|steep|turning|stationary|extrem|maxim|minim|highest|lowest|inflection|increas|decreas)"
)
_ON_CURVE: Final = re.compile(
    r"(?<![\w\\])(?:(?P<primes>y'{1,3})(?:\(x\))?(?P<at>\([^()x]*\))?|y(?P<value>\([^()x]*\))|(?P<first>dy\s*/\s*dx)"
    r"|(?P<second>d(?:²|\^?2)\s*y\s*/\s*dx(?:²|\^?2)))(?=\s*[=<>])"
)
"""The curve of a problem and its slopes as a line writes them: ``y'(3) =``, ``dy/dx =``, ``y(3) =``."""
_FREE: Final = "ghf"
"""Letters that are read as functions."""
_SPARE: Final = "qkzvwtr"
"""Letters in the place of an unknown that is called e or i as a number is."""
_BASE: Final = re.compile(r"(?<![A-Za-z\\])log\s?(\d{1,2})\s?\(")
"""A logarithm with its base on the line: ``log5(x)``."""
_A_TIMES_T: Final = re.compile(r"(?<=[-+=*/·(])(\s?)at(?=\s*(?:$|[-+=)²^/]| for\b))")
"""A product of two letters that is a word too: ``v = u + at``."""
_CONSTANTS: Final = {
    "e": re.compile(r"(?<![A-Za-z])e\s*(?:\^|\*\*|[²³ˣ⁰-⁹])|\bln\b|\bexp\b"),
    "i": re.compile(
        r"(?<![A-Za-z])i\s*(?:\^|\*\*|[²³⁰-⁹])|(?i:\bcomplex|\bimaginary)|\A[^\n]*(?<![A-Za-z])i(?![A-Za-z])"
    ),
}
"""Where the letter is that number."""


@dataclass(frozen=True, slots=True)
class Told:
    """A line without what stands around its formulas.

    Attributes:
        text: What is left.
        aside: It is judged by itself.
        denied: The line itself says that it is not true.
        named: Words or an amount before it say what its number is of, so it does not go on from the line before.
        assumed: The condition under which it and the next lines hold; empty for none.
    """

    text: str
    aside: bool = False
    denied: bool = False
    named: bool = False
    assumed: str = ""


def told(text: str) -> Told:
    """A line without its label and its last word."""
    aside = denied = False
    if (m := _DENIED.search(text)) is not None and _RELATION.search(text[: m.start()]):
        text, aside, denied = text[: m.start()], True, True
    elif (m := _AFFIRMED.search(text)) is not None and _RELATION.search(text[: m.start()]):
        text = text[: m.start()]
    text = _BY_FACTOR.sub("", text)
    text = _BOUNDS.sub(lambda m: f"]_{{{_plain(m[1])}}}^{{{_plain(m[2])}}}", text)
    text = _DIFFERENTIALS.sub(r"\1' = \2", text)
    text = _OF_PART.sub(r"\1'", _BOTH_SIGNS.sub(r"\1", _CONCLUDED.sub("", text)))
    if (m := _PART_ROW.match(text)) is not None:
        return Told(text[m.end() :], aside, denied, named=True)
    if (m := _ROW.match(text)) is not None:
        rest = text[m.end() :]
        if not _converts(m):
            return Told(rest, aside, denied, named=_RELATION.search(rest) is None)
        text = f"{m['left']} {m['unit']} = {rest}"
    text = _IS.sub(" = ", text)
    text = _OF_SIDE.sub("", _IS_SIDE.sub("", _OF_MATRIX.sub("", text)))
    if (m := _BY_REFERENCES.match(text) or _NUMBERED.match(text)) is not None:
        text = text[m.end() :]
    assumed = (m["assumed"] or m["range"]).strip() if (m := _ASSUMED.match(text)) is not None else ""
    m = _LABEL.match(text)
    if m is not None and is_label(m["label"]):
        aside = aside or _ASIDE.match(text) is not None
        named = (
            _WORD.search(m["label"]) is not None and not _GENERAL.match(text) and _BARE.fullmatch(m["rest"]) is not None
        )
        return Told(m["rest"], aside, denied, named, assumed)
    if (m := _ASIDE.match(text)) is not None and not text[: m.end()].strip()[-1].isdigit():
        rest = text[m.end() :].lstrip(" :,")
        return Told(rest, True, denied, False, assumed) if _RELATION.search(rest) else Told(text, aside, denied)
    return Told(text, aside, denied, False, assumed)


def _converts(row: re.Match[str]) -> bool:
    """Whether both sides of a row are amounts of one kind, which must be equal: ``2 h -> 120 min``."""
    other = _OTHER_UNIT.search(row.string[row.end() :])
    one, two = measure(row["unit"]), measure(other[1]) if other is not None else None
    return one is not None and two is not None and one[0] == two[0]


def is_label(text: str) -> bool:
    """Whether what stands before a colon says what the line is for, and is no part of a quotient."""
    words = [w for w in _WORD.findall(text) if w.lower() not in _FUNCTIONS]
    return bool(words) or _RELATION.search(text) is not None


def is_range_with_words(text: str) -> bool:
    """Whether a line says in words or signs what holds in a range: ``-1 < x < 2: negative``."""
    m = _LABEL.match(text)
    return (
        m is not None
        and re.search(r"[<>≤≥]", m["label"]) is not None
        and not re.search(r"[a-zA-Z]\s*[-+*/^=<>≤≥]|\d\s*[=<>≤≥]", m["rest"])
    )


def without_lead(text: str) -> str:
    """A line without the words at its beginning."""
    m = _LEADING.match(text)
    if m is None or any(word.lower() in _FUNCTIONS for word in _WORD.findall(m[0])):
        return text
    return text[m.end() :]


def is_set_or_point(text: str) -> bool:
    """Whether a line tells which numbers are allowed, or where a point is: ``D = R \\ {1}``, ``S(3|5)``."""
    return _SET_OF_NUMBERS.fullmatch(text) is not None or _POINTS.fullmatch(text) is not None


def with_products(text: str, letters: str) -> str:
    """A line with signs between numbers and letters that are no units in its work: ``2 h`` as ``2*h``."""
    return re.sub(rf"(?<=\d)\s?(?=[{letters}](?![A-Za-z_0-9]))", "*", text) if letters else text


def is_amount(text: str) -> bool:
    """Whether a text is one number, perhaps with its unit."""
    return _BARE.fullmatch(text.strip()) is not None


def is_meaning(text: str) -> bool:
    """Whether every part says in words what a letter stands for: ``b = age of Ben, a = age of Anna``."""
    if _SUPERSCRIPT.search(text) or any(word.lower() in _FUNCTIONS for word in _WORD.findall(text)):
        return False
    parts = [part for part in re.split(r"[,;]\s+|\s+and\s+(?=[a-zA-Z]\s*[=:])", text) if part.strip()]
    return bool(parts) and all(_MEANT.fullmatch(part) for part in parts)


def _as_function(m: re.Match[str]) -> str:
    primes = "'" if m["first"] else "''" if m["second"] else (m["primes"] or "y")[1:]
    return f"f{primes}{m['at'] or m['value'] or '(x)'}"


class Names:
    """Functions and unknowns that a work names in its own way, told in names that can be read.

    ``A(t) = 5t`` defines a function as ``f(x)`` does, and ``area = 3 * 4`` an unknown as a letter does.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        problem, *lines = texts
        whole = "\n".join((problem, *lines))
        self._of_curve = (
            len(_CURVE.findall(problem)) == 1
            and _OF_CURVE.search(problem) is not None
            and not re.search(r"(?<![A-Za-z\\])f'*\(|(?i:deriv|differentiat)", problem)
            and problem
        )
        letters = dict.fromkeys(m[1] for m in _FUNCTION.finditer(whole) if m[1] not in "fgh" and m[1] != m[3])
        free = [letter for letter in _FREE if not re.search(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])", whole)]
        self._functions = dict(zip(letters, free, strict=False))
        words = dict.fromkeys(
            m[1] for m in _NAMED.finditer(whole) if not any(w.lower() in _FUNCTIONS for w in m[1].split())
        )
        words |= dict.fromkeys(m[0] for m in _EVENT.finditer(whole))
        indexed = dict.fromkeys(m[1] for m in _INDEXED.finditer(whole))
        self._indexed = re.compile(rf"(?<![\w\\.])({'|'.join(indexed)})(?!\w)") if indexed else None
        spare = [letter for letter in _SPARE if not re.search(rf"(?<![A-Za-z]){letter}(?![A-Za-z])", whole)]
        taken = [
            letter
            for letter, constant in _CONSTANTS.items()
            if re.search(rf"(?m)(?:^|[,;(:]|\b(?:let|and|so))\s*{letter}\s*=(?!=)", whole)
            and not constant.search(whole)
        ]
        self._unknowns = dict(zip(taken, spare, strict=False))
        self._words = {word: f"w_{{{k}}}" for k, word in enumerate(sorted(words, key=len, reverse=True), 3)}

    def told(self, text: str) -> str:
        """A line in names that can be read."""
        text = _BASE.sub(r"log_\1(", _A_TIMES_T.sub(r"\1a*t", text))
        if self._of_curve:
            text = _CURVE.sub("f(x) = ", text) if text == self._of_curve else _ON_CURVE.sub(_as_function, text)
        for letter, name in self._functions.items():
            text = re.sub(rf"(?<![A-Za-z\\]){letter}(?='*\s*\()", name, text)
        if self._indexed is not None:
            text = self._indexed.sub(lambda m: f"{m[0][0]}_{{{m[0][1:]}}}", text)
        for letter, name in self._unknowns.items():
            text = re.sub(rf"(?<![A-Za-z\\_{{]){letter}(?![A-Za-z_])", name, text)
        for word, name in self._words.items():
            text = re.sub(rf"(?<![\w\\]){re.escape(word)}(?=\s*(?:[-+*/^·×:²³=]|$))", name, text)
        return text

    def back(self, text: str) -> str:
        """The sentence about a line, in the student's names."""
        for letter, name in self._unknowns.items():
            text = re.sub(rf"\b{name}\b", letter, text)
        for word, name in self._words.items():
            text = text.replace(name, word).replace(name.replace("{", "").replace("}", ""), word)
        return text


def _plain(signs: str) -> str:
    """Raised or lowered signs as signs of the line."""
    return unicodedata.normalize("NFKC", signs).replace("\u2212", "-")
