"""The words of :mod:`tutor_app.text.speech`: what signs, names and letters are called."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

SIGNS: Final = {
    "+": "plus", "-": "minus", "−": "minus", "±": "plus or minus", "∓": "minus or plus",
    "×": "times", "⋅": "times", "·": "times", "*": "times", "∗": "times", "÷": "divided by",
    "/": "over", "∘": "composed with", "=": "equals", "≠": "is not equal to", "<": "is less than",
    ">": "is greater than", "≤": "is less than or equal to", "≥": "is greater than or equal to",
    "⩽": "is less than or equal to", "⩾": "is greater than or equal to", "≪": "is much less than",
    "≫": "is much greater than", "≈": "is approximately equal to", "≡": "is equivalent to",
    "∼": "is similar to", "~": "is similar to", "≅": "is congruent to", "∝": "is proportional to",
    "≃": "is asymptotically equal to", "∈": "in", "∉": "not in", "∋": "contains",
    "⊂": "is a subset of", "⊃": "is a superset of", "⊄": "is not a subset of",
    "⊆": "is a subset of or equal to", "⊇": "is a superset of or equal to", "∪": "union",
    "∩": "intersection", "∖": "set minus", "⧵": "set minus", "∅": "the empty set",
    "∧": "and", "∨": "or", "¬": "not", "∀": "for all", "∃": "there exists",
    "∄": "there is no", "⇒": "implies", "⟹": "implies", "⇐": "is implied by",
    "⇔": "if and only if", "⟺": "if and only if", "→": "to", "⟶": "to", "←": "from",
    "↔": "if and only if", "↦": "maps to", "↑": "up arrow", "↓": "down arrow",
    "∥": "is parallel to", "∦": "is not parallel to", "⊥": "is perpendicular to",
    "⟂": "is perpendicular to", "∤": "does not divide", "∣": "divides", "∠": "angle",
    "∡": "angle", "△": "triangle", "▵": "triangle", "□": "square", "∞": "infinity",
    "…": "and so on", "⋯": "and so on", "⋮": "and so on", "⋱": "and so on", "!": "factorial",
    "%": "percent", "\u2032": "prime", "\u2033": "double prime", "\u2034": "triple prime", "°": "degrees",
    "∂": "partial", "∇": "nabla", "∑": "the sum of", "∏": "the product of",
    "∫": "the integral of", "∬": "the double integral of", "∭": "the triple integral of",
    "∮": "the contour integral of", "⋃": "the union of", "⋂": "the intersection of",
    "⊕": "direct sum", "⊗": "tensor", "∴": "therefore", "∵": "because", "✓": "check mark",
    "(": "open parenthesis", ")": "close parenthesis", "[": "open bracket", "]": "close bracket",
    "{": "open brace", "}": "close brace", "\u27e8": "open angle bracket", "\u27e9": "close angle bracket",
    "|": "vertical bar", "‖": "double bar", "\\": "backslash", "⊤": "top", "∥\u0338": "is not parallel to",
    "■": "end of proof", "•": "bullet", "⋆": "star", "\u2033\u2032": "triple prime", "#": "number",
    "?": "question mark",
}  # fmt: skip
NAMES: Final = {
    "sin": "sine", "cos": "cosine", "tan": "tangent", "cot": "cotangent", "sec": "secant", "csc": "cosecant",
    "arcsin": "arc sine", "arccos": "arc cosine", "arctan": "arc tangent", "sinh": "hyperbolic sine",
    "cosh": "hyperbolic cosine", "tanh": "hyperbolic tangent", "ln": "natural log", "log": "log", "exp": "exp",
    "lim": "the limit of", "max": "the maximum of", "min": "the minimum of", "sup": "the supremum of",
    "inf": "the infimum of", "gcd": "the greatest common divisor of", "lcm": "the least common multiple of",
    "det": "the determinant of", "dim": "the dimension of", "ker": "the kernel of", "arg": "the argument of",
    "deg": "the degree of", "Pr": "the probability of", "mod": "modulo",
}  # fmt: skip
LETTERS: Final = {
    "ℝ": "the real numbers", "ℕ": "the natural numbers", "ℤ": "the integers",
    "ℚ": "the rational numbers", "ℂ": "the complex numbers", "ℓ": "l", "ϕ": "phi", "ϵ": "epsilon",
    "ϑ": "theta", "ς": "sigma", "ϱ": "rho", "∂": "partial", "ℏ": "h bar", "ℵ": "aleph",
    "∞": "infinity", "∅": "the empty set", "°": "degrees", "∇": "nabla", "$": "dollars",
}  # fmt: skip
DOUBLE_STRUCK: Final = {"R": "ℝ", "N": "ℕ", "Z": "ℤ", "Q": "ℚ", "C": "ℂ"}
PARTS: Final = ["", "", "half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
OVER: Final = {
    "^": "hat", "\u02c6": "hat", "\u0302": "hat", "~": "tilde", "\u02dc": "tilde", "\u0303": "tilde", "\u02c7": "check",
    "\u02d9": "dot", "\u00a8": "double dot", "\u02d8": "breve", "\u00b4": "acute", "`": "grave",
}  # fmt: skip


def letter(c: str) -> str:
    """A letter by its name: those of mathematical alphabets as plain ones, Greek ones by their names."""
    c = unicodedata.normalize("NFKC", c)
    name = unicodedata.name(c, "") if len(c) == 1 else ""
    if m := re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)", name):
        word = {"LAMDA": "lambda"}.get(m[2], m[2].lower())
        return f"capital {word}" if m[1] == "CAPITAL" else word
    if c.isalnum() or not name:
        return c
    return name.lower()


def ordinal(index: str) -> str:
    """Which root an index makes it: square, cube, 4th, n-th."""
    index = index.strip()
    if index in ("2", "3"):
        return {"2": "square", "3": "cube"}[index]
    if index.isdecimal():
        last = 0 if 10 < int(index) % 100 < 20 else int(index) % 10
        return index + {1: "st", 2: "nd", 3: "rd"}.get(last, "th")
    return f"{index}-th"
