"""Tasks of sets: unions, intersections and differences of intervals and of sets whose members are listed.

Loaded only in the checking process.
"""

from __future__ import annotations

import re
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.problem import ASK, THE, Expected, Problem, Rules, tex

rule: Final = Rules()
_SET: Final = r"(?:\\?\{[^{}|:]*\\?\}|[(\[][^()\[\]{}]*,[^()\[\]{}]*[)\]])"
_SIGN: Final = (
    r"(?:\\cup(?![a-z])|\\cap(?![a-z])|\\setminus(?![a-z])|\\backslash(?![a-z])|∪|∩|\\|(?<=[)\]}])\s*U\s*(?=[(\[{\\]))"
)
_SIGNED: Final = re.compile(rf"\s*({_SET})\s*({_SIGN})\s*({_SET})\s*")
_SIZED: Final = re.compile(r"\\(?:left|right|big|Big|bigg|Bigg)(?![A-Za-z])")
_NAME: Final = re.compile(r"^\s*[A-Z]\s*=\s*")
_PLAIN: Final = r"(?:⟦\d+⟧|(?:[A-Z] ?= ?)?(?:\{[^{}]*\}|[(\[][^()\[\]]*,[^()\[\]]*[)\]]))"


@rule(rf"(?:{ASK}:? )?(?P<f>⟦\d+⟧|[\[({{].*[\])}}])(?: ?=)?")
def _signed(p: Problem, m: re.Match[str]) -> Expected:
    r"""An operation with its sign: ``[1, 5] \cap (3, 8)``."""
    found = _SIGNED.fullmatch(_SIZED.sub("", p.formula(m["f"])))
    if found is None:
        raise Unsure
    return _joined(found[1], found[2].strip().removeprefix("\\"), found[3])


@rule(
    rf"{THE} (?:the )?(?P<what>union|intersection|difference) of (?:the )?(?:two )?(?:sets |intervals )?"
    rf"(?P<a>{_PLAIN}) and (?P<b>{_PLAIN})"
)
def _worded(p: Problem, m: re.Match[str]) -> Expected:
    a, b = (_NAME.sub("", _SIZED.sub("", p.formula(m[side]))) for side in "ab")
    return _joined(a, {"union": "cup", "intersection": "cap"}.get(m["what"].lower(), ""), b)


def _joined(a: str, sign: str, b: str) -> Expected:
    import sympy as sp

    one, two = _read(a), _read(b)
    if isinstance(one, sp.FiniteSet) != isinstance(two, sp.FiniteSet) and sp.S.EmptySet not in (one, two):
        raise Unsure
    match sign:
        case "cup" | "∪" | "U":
            found = one | two
        case "cap" | "∩":
            found = one & two
        case "setminus" | "backslash" | "":
            found = one - two
        case _:
            raise Unsure
    if found is sp.S.EmptySet:
        return Expected((r"\emptyset", r"\{\}"))
    if isinstance(found, sp.FiniteSet):
        members = ", ".join(map(tex, sorted(found, key=lambda v: (not v.is_number, v.sort_key()))))
        return Expected((f"\\{{{members}\\}}", members))
    if not isinstance(found, sp.Interval | sp.Union):
        raise Unsure
    return Expected((tex(found), tex(found.as_relational(sp.Symbol("x")))))


def _read(text: str) -> Any:
    """An interval of numbers, or a set of listed numbers and letters."""
    import sympy as sp

    text = text.strip()
    if "{" in text:
        inner = re.sub(r"^\\?\{|\\?\}$", "", text).strip()
        if "..." in inner or r"\dots" in inner or r"\ldots" in inner:
            raise Unsure
        return sp.FiniteSet(*(ex.scalar(member) for member in inner.split(",")) if inner else ())
    low, high = (ex.scalar(bound) for bound in text[1:-1].split(","))
    if not (low.is_number and high.is_number and low < high):
        raise Unsure
    return sp.Interval(low, high, text[0] == "(", text[-1] == ")")
