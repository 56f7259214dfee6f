"""Finds sets of real numbers in the words of a problem: intervals, their unions, single numbers, what is left out."""

from __future__ import annotations

import re
from typing import Final

from tutor_app.adapters.checking.expressions import Unsure, term_of
from tutor_app.adapters.grading.terms import symbols
from tutor_app.text.typing import latex_of
from tutor_app.tutor.drawing import programs
from tutor_app.tutor.drawing.formulas import NotDrawable, python
from tutor_app.tutor.drawing.programs import Drawing, Stretch

_NUMBER: Final = r"[-\u2212+]?\s?(?:\u221e|infinity|inf\b|\d+(?:\.\d+)?(?:/\d+)?\u03c0?|\u03c0|\u221a\d+)(?:/\d+)?"
_INTERVAL: Final = rf"(?P<open>[\[(\]])\s*(?P<low>{_NUMBER})\s*[,;]\s*(?P<high>{_NUMBER})\s*(?P<close>[\])\[])"
_JOINED: Final = r"\s*(?:\u222a|\bU\b|\bunion\b|\bor\b|\band\b|,)\s*"
_SET: Final = rf"\{{\s*{_NUMBER}(?:\s*[,;]\s*{_NUMBER})*\s*\}}"
_PLAIN_INTERVAL: Final = re.sub(r"\?P<\w+>", "?:", _INTERVAL)
_UNION: Final = re.compile(
    rf"(?:{_PLAIN_INTERVAL}|{_SET})(?:\s*(?:\u222a|\bU\b|\bunion\b)\s*(?:{_PLAIN_INTERVAL}|{_SET}))+"
)
_IN: Final = re.compile(rf"\b([a-z])\s*(?:\u2208|\bin\b)\s*(?P<set>{_PLAIN_INTERVAL}|{_SET})")
_ALONE: Final = re.compile(
    rf"\W*(?:draw|plot|graph|show|mark)?\s*(?:the\s+)?(?:interval|set)?\s*(?P<set>{_PLAIN_INTERVAL}|{_SET})\W*", re.I
)
_WORDED: Final = re.compile(rf"\b(?:interval|set)\s+(?P<set>{_PLAIN_INTERVAL}|{_SET})", re.I)
_BOUND: Final = (
    rf"(?:(?P<left>{_NUMBER})\s*(?P<first><|\u2264)\s*)?(?P<name>[a-z])\s*(?P<sign><|>|\u2264|\u2265)\s*"
    rf"(?P<right>{_NUMBER})"
)
_PLAIN_BOUND: Final = re.sub(r"\?P<\w+>", "?:", _BOUND)
_EITHER: Final = re.compile(rf"{_PLAIN_BOUND}(?:\s*,?\s*\bor\b\s*{_PLAIN_BOUND})+")
_UNEQUAL: Final = re.compile(rf"\W*(?:draw|plot|graph|show)?\s*([a-z])\s*\u2260\s*({_NUMBER})\W*", re.I)


def number_set(prose: str, *, asked: bool) -> Drawing | None:
    """A set of numbers.

    Args:
        prose: The text as plain text, formulas included.
        asked: Whether the user wants it drawn: then it may stand among other words, and a pair in round brackets is an
            interval.
    """
    wanted = asked or "number line" in prose.lower()
    try:
        if (m := _EITHER.search(prose)) and (wanted or not _is_said_beside(m, prose)):
            return _either(m[0])
        if (m := _UNION.search(prose)) and (wanted or not _is_said_beside(m, prose)):
            return programs.number_line(m[0].strip(), _name(prose), _stretches(m[0]))
        if (m := _IN.search(prose)) and (wanted or not _is_said_beside(m, prose)):
            return programs.number_line(f"{m[1]} \u2208 {m['set']}", m[1], _stretches(m["set"]))
        if wanted and (m := _UNEQUAL.fullmatch(prose)):
            end = _code(m[2])
            outside = [Stretch("-np.inf", end, False, False), Stretch(end, "np.inf", False, False)]
            return programs.number_line(f"{m[1]} \u2260 {m[2]}", m[1], outside)
        m = _ALONE.fullmatch(prose)
        if m and (wanted or re.search(r"[\[\]\u221e]", m["set"])):  # else it may be a point, or a plain list
            return programs.number_line(m["set"], _name(prose), _stretches(m["set"]))
        if wanted and (m := _WORDED.search(prose)):
            return programs.number_line(m["set"], _name(prose), _stretches(m["set"]))
    except (NotDrawable, Unsure):
        return None
    return None


def _is_said_beside(found: re.Match[str], prose: str) -> bool:
    """Whether there are other words: then the set may be a condition, and no result."""
    return re.search(r"[^\W\d_]{2,}", prose[: found.start()] + prose[found.end() :]) is not None


def _name(prose: str) -> str:
    m = re.search(r"\b([a-z])\s*(?:\u2208|\bin\b)", prose)
    return m[1] if m else "x"


def _either(text: str) -> Drawing | None:
    names = set()
    stretches = []
    for m in re.finditer(_BOUND, text):
        names.add(m["name"])
        bound, included, below = _code(m["right"]), m["sign"] in "\u2264\u2265", m["sign"] in "<\u2264"
        if m["left"]:
            if not below:
                return None
            stretches.append(Stretch(_code(m["left"]), bound, m["first"] == "\u2264", included))
        elif below:
            stretches.append(Stretch("-np.inf", bound, False, included))
        else:
            stretches.append(Stretch(bound, "np.inf", included, False))
    return programs.number_line(text, names.pop(), stretches) if len(names) == 1 else None


def _stretches(text: str) -> list[Stretch]:
    found = []
    for m in re.finditer(rf"{_INTERVAL}|(?P<numbers>{_SET})", text):
        if m["numbers"]:
            numbers = [_code(n) for n in re.split(r"[,;]", m["numbers"].strip("{} "))]
            found += [Stretch(n, n, True, True) for n in numbers]
        else:
            low, high = _code(m["low"]), _code(m["high"])
            found.append(
                Stretch(low, high, m["open"] == "[" and "inf" not in low, m["close"] == "]" and "inf" not in high)
            )
    return found


def _code(text: str) -> str:
    text = text.replace("\u2212", "-").replace(" ", "").removeprefix("+")
    if text.lstrip("-") in ("\u221e", "infinity", "inf"):
        return "-np.inf" if text.startswith("-") else "np.inf"
    latex = latex_of(text)
    if latex is None:
        raise NotDrawable
    term = term_of(latex)
    if symbols(term):
        raise NotDrawable
    return python(term, {})
