"""LaTeX prose as one readable line of plain text, for lists, titles and accessible names. Pure text in, text out."""

from __future__ import annotations

import re
from typing import Final

_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIGNS: Final = {
    "cdot": "·", "times": "×", "div": "÷", "pm": "±", "pi": "π", "theta": "θ", "alpha": "α",
    "beta": "β", "le": "≤", "ge": "≥", "leq": "≤", "geq": "≥", "ne": "≠", "neq": "≠", "infty": "∞",
    "sum": "∑", "int": "∫", "prod": "∏", "det": "det", "log": "log", "ln": "ln", "sin": "sin",
    "cos": "cos", "tan": "tan", "gcd": "gcd", "lim": "lim", "to": "→", "ldots": "…", "dots": "…",
    "cdots": "…", "angle": "∠", "triangle": "△", "quad": " ", "qquad": " ", "cup": "∪", "cap": "∩",
    "in": "∈", "equiv": "≡", "approx": "≈", "bmod": "mod", "circ": "°",
}  # fmt: skip


def plain(text: str) -> str:
    """LaTeX prose in one readable line, for lists and window titles."""
    text = re.sub(r"\\begin\s*\{[^{}]*\}(?:\{[^{}]*\})?(.*?)\\end\s*\{[^{}]*\}", _rows, text, flags=re.DOTALL)
    text = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"\1/\2", text)
    text = re.sub(r"\\(?:text|mathrm|boxed|operatorname)\s*\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\sqrt\s*\{([^{}]*)\}", "\u221a(\\1)", text)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: _SIGNS.get(m[1], m[0]), text)
    text = re.sub(r"\^\{?([0-9]+)\}?", lambda m: m[1].translate(_RAISED), text)
    text = re.sub(r"_\{([^{}]*)\}|\^\{([^{}]*)\}", lambda m: f"_{m[1]}" if m[1] is not None else f"^{m[2]}", text)
    text = re.sub(r"\\([{}%#&_])", r"\1", text)
    text = re.sub(r"\\(?:left|right|displaystyle|,|;|!)|\$+|\\[()\[\]]", "", text)
    text = re.sub(r"[\x00-\x1f\u202a-\u202e\u2066-\u2069]", " ", text)
    return " ".join(text.replace("\\$", "$").split())


def _rows(m: re.Match[str]) -> str:
    return "(" + "; ".join(" ".join(row.replace("&", " ").split()) for row in m[1].split("\\\\")) + ")"
