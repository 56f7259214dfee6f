"""Tasks of vectors: their products, length and angle, in words or with signs, as tuples or columns.

Loaded only in the checking process.
"""

from __future__ import annotations

import re
from typing import Any, Final

from tutor_app.adapters.checking import expressions as ex
from tutor_app.adapters.checking.expressions import Unsure
from tutor_app.adapters.checking.tasks.problem import ASK, OF, THE, Expected, Problem, Rules, tex, value_of

rule: Final = Rules()
_VECTOR: Final = r"(?:⟦\d+⟧|[(<⟨\[][^()<>\[\]]*[)>⟩\]])"
_WRITTEN: Final = (
    r"(?:\((?!\s*\d+,\d+\s*\))[^()]*,[^()]*\)|\\langle(?![a-z])[^<>()]*,[^<>()]*\\rangle|⟨[^⟨⟩()]*,[^⟨⟩()]*⟩"
    r"|\\begin\{[pbB]?matrix\}[^&]*?\\end\{[pbB]?matrix\})"
)
"""A tuple or a column; not "(1,5)", which may be a decimal number."""
_PRODUCT: Final = re.compile(rf"\s*({_WRITTEN})\s*(\\cdot|\\times|[·×x])\s*({_WRITTEN})\s*", re.DOTALL)
_NAMED_PRODUCT: Final = re.compile(r"\s*([a-zA-Z])\s*(\\cdot|\\times|[·×])\s*([a-zA-Z])\s*")
_ARROW: Final = re.compile(
    r"\\(?:vec|mathbf|overrightarrow|boldsymbol|bm|overline)(?:\s*\{\s*([a-zA-Z])\s*\}|\s+([a-zA-Z])|([a-zA-Z])(?![a-zA-Z]))"
)
_GIVEN: Final = r"(?P<{}>⟦\d+⟧|[a-z] ?= ?\(.+?\))"
_SIZED: Final = re.compile(r"\\(?:left|right|big|Big|bigg|Bigg)(?![A-Za-z])")


@rule(
    rf"{THE} (?:the )?(?P<what>dot product|scalar product|cross product|vector product|angle)(?: of| between){OF} "
    rf"?(?:vectors? )?(?P<a>{_VECTOR}) (?:and|with) (?P<b>{_VECTOR})",
    rf"{THE} (?:the )?(?P<what>magnitude|length|norm)(?: of){OF} ?(?:vector )(?P<a>{_VECTOR})",
)
def _vectors(p: Problem, m: re.Match[str]) -> Expected:
    import sympy as sp

    what, a = m["what"].lower(), _vector(p.formula(m["a"]))
    if not m.groupdict().get("b"):
        return value_of(a.norm())
    b = _vector(p.formula(m["b"]))
    if what != "angle":
        return _product(a, b, cross=what in ("cross product", "vector product"))
    if a.shape != b.shape or 0 in (a.norm(), b.norm()):
        raise Unsure
    angle = sp.acos(sp.simplify(a.dot(b) / (a.norm() * b.norm())))
    if not (angle / sp.pi).is_Rational:
        raise Unsure
    return Expected((f"{tex(180 * angle / sp.pi)}^\\circ", tex(angle)))


@rule(rf"(?:{ASK}:? )?(?P<f>⟦\d+⟧|[(⟨].+[)⟩])(?: ?=)?")
def _signed(p: Problem, m: re.Match[str]) -> Expected:
    """A product with its sign: "(1, 2, 3) × (4, 5, 6)"."""
    found = _PRODUCT.fullmatch(_SIZED.sub("", p.formula(m["f"])))
    if found is None:
        raise Unsure
    return _product(_vector(found[1]), _vector(found[3]), cross=found[2] not in ("\\cdot", "·"))


_TWO: Final = rf"{_GIVEN.format('a')}(?:,| and) {_GIVEN.format('b')}"
_OF_NAMES: Final = rf"{ASK}:? (?P<f>⟦\d+⟧|[a-z] ?[·×] ?[a-z])"


@rule(
    rf"{_OF_NAMES}(?:,? (?:if|where|when|for|given(?: that)?|with)) {_TWO}",
    rf"(?:if|let|given(?: that)?) {_TWO}[,.] {_OF_NAMES}",
)
def _named(p: Problem, m: re.Match[str]) -> Expected:
    """A product of two vectors that are given by their names."""
    found = _NAMED_PRODUCT.fullmatch(_plain(p.formula(m["f"])))
    given = dict(_plain(p.formula(m[side])).split("=", 1) for side in "ab" if "=" in p.formula(m[side]))
    vectors = {name.strip(): _vector(value) for name, value in given.items()}
    if found is None or set(vectors) != {found[1], found[3]} or len(vectors) != 2:
        raise Unsure
    return _product(vectors[found[1]], vectors[found[3]], cross=found[2] not in ("\\cdot", "·"))


def _plain(text: str) -> str:
    """A formula without the arrows over its letters."""
    return _ARROW.sub(lambda m: m[1] or m[2] or m[3], _SIZED.sub("", text))


def _vector(text: str) -> Any:
    """A column of what is written as a tuple, with angles, or as a matrix of one row or column."""
    import sympy as sp

    inner = re.sub(r"^\s*[<⟨]|\\langle", "(", re.sub(r"[>⟩]\s*$|\\rangle", ")", text))
    if "matrix}" in inner:
        column = ex.matrix(inner)
        if 1 not in column.shape:
            raise Unsure
        return sp.Matrix(list(column))
    return sp.Matrix(ex.point(re.sub(r"^\s*\[(.*)\]\s*$", r"(\1)", inner)))


def _product(a: Any, b: Any, *, cross: bool) -> Expected:
    if a.shape != b.shape:
        raise Unsure
    if not cross:
        return value_of(a.dot(b))
    if len(a) != 3:
        raise Unsure
    found = [tex(v) for v in a.cross(b)]
    rows = r" \\ ".join(found)
    return Expected((f"({', '.join(found)})", rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"))
