"""Symbols and templates that can be put into a problem: each as it is typed plainly, and as LaTeX."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SLOT: Final = "\u25a1"
"""Where something is to be typed into a template."""
MOST_CELLS: Final = 6
_MATRIX: Final = re.compile(r"matrix(\d)(?:x(\d))?")


@dataclass(frozen=True, slots=True)
class Symbol:
    r"""A symbol or template.

    Attributes:
        name: What completes it after a backslash.
        shown: On its button.
        plain: What is typed outside of dollar signs; empty where only LaTeX says it, which then gets its dollar signs.
        latex: What is typed between dollar signs.
        spoken: What it is, for tool tips and speech.
    """

    name: str
    shown: str
    plain: str
    latex: str
    spoken: str

    def text(self, *, in_formula: bool) -> str:
        """The text that is inserted."""
        if in_formula:
            return self.latex
        return self.plain or f"${self.latex}$"


def matrix(rows: int, columns: int) -> Symbol:
    """A matrix to be filled in."""
    row = " & ".join([SLOT] * columns)
    body = r" \\ ".join([row] * rows)
    latex = rf"\begin{{pmatrix}} {body} \end{{pmatrix}}"
    return Symbol(f"matrix{rows}x{columns}", "(\u22ef)", "", latex, f"matrix of {size_in_words(rows, columns)}")


def size_in_words(rows: int, columns: int) -> str:
    """The size of a matrix in words: ``1 row and 2 columns``."""
    return f"{rows} row{'s' * (rows != 1)} and {columns} column{'s' * (columns != 1)}"


TEMPLATES: Final = (
    Symbol("frac", "a\u2044b", "(\u25a1)/(\u25a1)", r"\frac{□}{□}", "fraction"),
    Symbol("power", "x\u207f", "^(\u25a1)", r"^{□}", "power"),
    Symbol("sub", "x\u2099", "_(\u25a1)", r"_{□}", "index"),
    Symbol("sqrt", "\u221ax", "sqrt(\u25a1)", r"\sqrt{□}", "square root"),
    Symbol("root", "\u207f\u221ax", "root(\u25a1, \u25a1)", r"\sqrt[□]{□}", "root: which one, and of what"),
    Symbol("abs", "|x|", "|\u25a1|", r"\left|□\right|", "absolute value"),
    Symbol("sum", "\u2211", "", r"\sum_{□}^{□} □", "sum from, to, of what"),
    Symbol("prod", "\u220f", "", r"\prod_{□}^{□} □", "product from, to, of what"),
    Symbol("int", "\u222b", "", r"\int_{□}^{□} □ \,dx", "integral from, to, of what"),
    Symbol("lim", "lim", "", r"\lim_{x \to □} □", "limit towards, of what"),
    Symbol("log", "log", "log_(\u25a1)(\u25a1)", r"\log_{□}(□)", "logarithm to a base"),
    Symbol("binom", "(\u207f\u2096)", "", r"\binom{□}{□}", "binomial coefficient"),
    Symbol("cases", "{\u22ee", "", r"\begin{cases} □ & □ \\ □ & □ \end{cases}", "cases: values and conditions"),
    Symbol("vec", "v\u20d7", "", r"\vec{□}", "vector"),
)


def _sign(sign: str, name: str, spoken: str) -> Symbol:
    return Symbol(name, sign, sign, rf"\{name} ", spoken)


SIGNS: Final = (
    _sign("\u00b1", "pm", "plus or minus"),
    _sign("\u00b7", "cdot", "times, as a dot"),
    _sign("\u00d7", "times", "times"),
    _sign("\u00f7", "div", "divided by"),
    _sign("\u2264", "le", "less than or equal"),
    _sign("\u2265", "ge", "greater than or equal"),
    _sign("\u2260", "ne", "not equal"),
    _sign("\u2248", "approx", "about equal"),
    _sign("\u221e", "infty", "infinity"),
    _sign("\u2192", "to", "towards"),
    Symbol("degree", "\u00b0", "\u00b0", r"^\circ ", "degrees"),
    _sign("\u2220", "angle", "angle"),
    _sign("\u25b3", "triangle", "triangle"),
    _sign("\u2208", "in", "element of"),
    _sign("\u222a", "cup", "union"),
    _sign("\u2229", "cap", "intersection"),
    _sign("\u2286", "subseteq", "subset of"),
    _sign("\u2225", "parallel", "parallel"),
    _sign("\u22a5", "perp", "perpendicular"),
    _sign("\u21d2", "Rightarrow", "implies"),
)
GREEK: Final = tuple(
    _sign(letter, name, name if name[0].islower() else f"capital {name.lower()}")
    for letter, name in zip(
        "\u03b1\u03b2\u03b3\u03b4\u03b5\u03b8\u03bb\u03bc\u03c0\u03c1\u03c3\u03c4\u03c6\u03c8\u03c9\u0393\u0394\u0398\u03a3\u03a6\u03a8\u03a9",
        "alpha beta gamma delta varepsilon theta lambda mu pi rho sigma tau varphi psi omega "  # noqa: SIM905
        "Gamma Delta Theta Sigma Phi Psi Omega".split(),
        strict=True,
    )
)
GROUPS: Final = {"Templates": TEMPLATES, "Signs": SIGNS, "Greek": GREEK}
_MATRICES: Final = tuple(matrix(rows, columns) for rows, columns in ((2, 2), (2, 3), (3, 2), (3, 3), (2, 1), (3, 1)))
ALL: Final = (*TEMPLATES, *SIGNS, *GREEK, *_MATRICES)


def completions(begun: str, most: int = 8) -> list[Symbol]:
    """What a name that was begun after a backslash can become, the shortest names first.

    A matrix has its size in its name: ``matrix3x4``.
    """
    found = sorted((s for s in ALL if s.name.startswith(begun)), key=lambda s: (len(s.name), s.name))
    found += [s for s in ALL if s.name.lower().startswith(begun.lower()) and s not in found]
    if (m := _MATRIX.fullmatch(begun)) and not found:
        rows, columns = int(m[1]), int(m[2] or m[1])
        if 1 <= rows <= MOST_CELLS and 1 <= columns <= MOST_CELLS:
            found = [matrix(rows, columns)]
    return found[:most]
