"""What stands around the formulas of a student's line: labels, side remarks, and what is said of a check.

A line may begin with what it is for ("multiply by 2:", "case 1:", "check x = 5:"). Most labels are only left out; a
check, a case or a note makes the line an aside, which is judged by itself and changes nothing for the lines behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_LABEL: Final = re.compile(r"\s*(?P<label>[^:]{0,79}(?:[^:\s]|(?<=[^\W\d_]{3})\s)):\s+(?P<rest>\S.*)$")
_WORD: Final = re.compile(r"(?<![\\\w])[^\W\d_]{2,}")
_ROMAN: Final = r"\(?(?:I{1,3}V?|IV)\)?"
_NUMBERED: Final = re.compile(
    rf"\s*(?:\d{{0,3}}\s*[*·×]?\s*)?{_ROMAN}\s*(?:[-+]\s*(?:\d\s*[*·×]?\s*)?{_ROMAN})?\s*[:=]?\s+(?=[-\w(\\√])"
)
"""The numbers of equations: ``(II)``, ``2*I + II:``."""
_FUNCTIONS: Final = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan log ln lim sqrt exp abs max min mod gcd lcm det pi".split()  # noqa: SIM905
)
_SIDE: Final = r"(?:[LR]\.?H\.?S\b\.?|(?:left|right)(?:[ -]hand)? side)"
_OF_SIDE: Final = re.compile(rf"(?i)^\s*{_SIDE}\s*[:=]?\s*(?=\S)")
_IS_SIDE: Final = re.compile(rf"(?i)\s*=\s*{_SIDE}\s*$")
_CORRESPONDS: Final = re.compile(r"(?<=%)\s*(?:<-+>|↔|≙|\^=|corresponds? to|is|are)\s*(?=[\d$€£])")
_SHARE: Final = re.compile(rf"^\s*\d+(?:\.\d+)?\s*%{_CORRESPONDS.pattern.partition(')')[2]}(?=[^=]*=)")
"""A share before the calculation of what it comes to: ``1% <-> 510/85 = 6``."""
_IS: Final = re.compile(r"(?<=[\d)%€])\s+(?:is|are|equals?|makes?|gives?|which is)\s+(?=[-\d$€£(√])")
_ASIDE: Final = re.compile(
    r"(?i)\s*(?:(?:check(?:ing)?|tests?|testing|try|trying|proof|verif(?:y|ication)|probe|note|recall|remember|remark"
    r"|reminder|side(?: calculation)?|aside|separately|other way|alternatively|for example|e\.g\.|because|since)\b"
    r"|(?:(?:for|at|if|when|put|take|with)\s+)?[a-zA-Z]\s*=\s*[-\d./]+\s*(?=:)|case\b)"
)
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
_FUNCTION: Final = re.compile(r"(?<![\w\\])([A-Za-eijl-zA-Z])\s*('*)\(\s*([a-z])\s*\)\s*=(?!=)")
_NAMED: Final = re.compile(
    r"(?m)^\s*((?:(?:an?|one|the) )?(?!(?:LHS|RHS|left|right|answer|result|solution|check|test|proof)\b)"
    r"[A-Za-z]{3,}(?: [a-z]{3,})?)"
    r"\s*(?:(?:\^\s*|\*\*)\d|[²³])?\s*=(?!=)"
)
_EVENT: Final = re.compile(r"\bP\((?=[^()]*[a-z]{3})[^()]*\)")
"""A probability whose event is told in words."""
_INDEXED: Final = re.compile(r"(?<![\w\\.])([a-zA-Z][3-9])\s*=(?!=)")
_FREE: Final = "ghf"
"""Letters that are read as functions."""


@dataclass(frozen=True, slots=True)
class Told:
    """A line without what stands around its formulas.

    Attributes:
        text: What is left.
        aside: It is judged by itself.
        denied: The line itself says that it is not true.
    """

    text: str
    aside: bool = False
    denied: bool = False


def told(text: str) -> Told:
    """What a line says, without its label and its last word."""
    aside = denied = False
    if (m := _DENIED.search(text)) is not None and _RELATION.search(text[: m.start()]):
        text, aside, denied = text[: m.start()], True, True
    elif (m := _AFFIRMED.search(text)) is not None and _RELATION.search(text[: m.start()]):
        text = text[: m.start()]
    text = _IS.sub(" = ", _CORRESPONDS.sub(" = ", _SHARE.sub("", text)))
    text = _OF_SIDE.sub("", _IS_SIDE.sub("", text))
    if (m := _NUMBERED.match(text)) is not None:
        text = text[m.end() :]
    m = _LABEL.match(text)
    if m is not None and is_label(m["label"]):
        aside = aside or _ASIDE.match(text) is not None
        return Told(m["rest"], aside, denied)
    if (m := _ASIDE.match(text)) is not None and not text[: m.end()].strip()[-1].isdigit():
        rest = text[m.end() :].lstrip(" :,")
        return Told(rest, True, denied) if _RELATION.search(rest) else Told(text, aside, denied)
    return Told(text, aside, denied)


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


def is_meaning(text: str) -> bool:
    """Whether every part says in words what a letter stands for: ``b = age of Ben, a = age of Anna``."""
    if any(word.lower() in _FUNCTIONS for word in _WORD.findall(text)):
        return False
    parts = [part for part in re.split(r"[,;]\s+|\s+and\s+(?=[a-zA-Z]\s*[=:])", text) if part.strip()]
    return bool(parts) and all(_MEANT.fullmatch(part) for part in parts)


class Names:
    """Functions and unknowns that a work names in its own way, told in names that can be read.

    ``A(t) = 5t`` defines a function as ``f(x)`` does, and ``area = 3 * 4`` an unknown as a letter does.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        whole = "\n".join(texts)
        letters = dict.fromkeys(m[1] for m in _FUNCTION.finditer(whole) if m[1] not in "fgh" and m[1] != m[3])
        free = [letter for letter in _FREE if not re.search(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])", whole)]
        self._functions = dict(zip(letters, free, strict=False))
        words = dict.fromkeys(
            m[1] for m in _NAMED.finditer(whole) if not any(w.lower() in _FUNCTIONS for w in m[1].split())
        )
        words |= dict.fromkeys(m[0] for m in _EVENT.finditer(whole))
        indexed = dict.fromkeys(m[1] for m in _INDEXED.finditer(whole))
        self._indexed = re.compile(rf"(?<![\w\\.])({'|'.join(indexed)})(?!\w)") if indexed else None
        self._words = {word: f"w_{{{k}}}" for k, word in enumerate(sorted(words, key=len, reverse=True), 3)}

    def told(self, text: str) -> str:
        """A line in names that can be read."""
        for letter, name in self._functions.items():
            text = re.sub(rf"(?<![A-Za-z\\]){letter}(?='*\s*\()", name, text)
        if self._indexed is not None:
            text = self._indexed.sub(lambda m: f"{m[0][0]}_{m[0][1]}", text)
        for word, name in self._words.items():
            text = re.sub(rf"(?<![\w\\]){re.escape(word)}(?=\s*(?:[-+*/^·×:²³=]|$))", name, text)
        return text

    def back(self, text: str) -> str:
        """What is said about a line, in the student's names."""
        for word, name in self._words.items():
            text = text.replace(name, word).replace(name.replace("{", "").replace("}", ""), word)
        return text
