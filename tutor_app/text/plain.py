"""LaTeX prose as one readable line of plain text, for lists, titles and accessible names. Pure text in, text out."""

from __future__ import annotations

import re
from typing import Final

from tutor_app.text.clean import without_controls
from tutor_app.text.definitions import resolved
from tutor_app.text.delimiters import split
from tutor_app.text.minus import MINUS, minus_signs
from tutor_app.text.tex_characters import MATH, greek

_DEEP: Final = 6
_RAISED: Final = str.maketrans("0123456789-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
_LOWERED: Final = str.maketrans("0123456789-\u2212", "₀₁₂₃₄₅₆₇₈₉₋₋")
_DEFINES: Final = re.compile(r"\\(?:(?:re)?newcommand|providecommand|[gex]?def|let|Declare[A-Z][A-Za-z]+)(?![A-Za-z])")
_AMOUNT: Final = re.compile(r"(?<![\\$])\$(?=\.?\d)")
_SUBSCRIPT: Final = re.compile(
    r"(\\[A-Za-z]+|(?<![A-Za-z\d_\\])[A-Za-z]|[)\]}])_(?:\{([-\u2212]?\d+)\}|(\d))", re.ASCII
)
"""A number below a sign, a letter that stands alone or a bracket: not the one in ``total_1``, a name in code."""
_IN_WORDS: Final = re.compile(r"\\(?:text[a-z]*|mbox|operatorname|begin|end)\s*\{[^{}]*\}|-")
_FUNCTIONS = "max min arcsin arccos arctan sec csc cot sinh cosh tanh exp dim ker arg mod deg sup inf"
_WORDS: Final = frozenset(_FUNCTIONS.split())
_GOES_ON: Final = re.compile(
    r"[A-Za-z0-9(]|\\(?!(?:right|end|quad|qquad|text|le|ge|leq|geq|ne|neq|cdot|times)\b)[A-Za-z]"
)
"""What would be read as a part of the denominator of a fraction in front of it."""
_SIGNS: Final = {
    **{latex[1:-1]: sign for sign, latex in MATH.items() if re.fullmatch(r"\\[A-Za-z]+ ", latex)},
    **{name: c for c in map(chr, range(0x391, 0x3CA)) if (name := (greek(c) or "")[1:]).isalpha()},
    "cdot": "·", "times": "×", "leq": "≤", "geq": "≥", "leqslant": "≤", "geqslant": "≥", "neq": "≠", "det": "det",
    "log": "log", "ln": "ln", "sin": "sin", "cos": "cos", "tan": "tan", "gcd": "gcd", "lim": "lim", "dots": "…",
    "ldots": "…", "cdots": "…", "quad": " ", "qquad": " ", "bmod": "mod", "circ": "°", "degree": "°",
    "square": "\u25a1", "Box": "\u25a1", "mid": "|", "nmid": "∤", "vert": "|", "lvert": "|", "rvert": "|",
    "Vert": "‖", "lVert": "‖", "rVert": "‖", "mp": "∓", "prime": "′", "ell": "ℓ", "varepsilon": "ε", "epsilon": "ε",
    "phi": "φ", "varphi": "φ", "vartheta": "θ", "rightarrow": "→", "longrightarrow": "→", "Longrightarrow": "⇒",
    "implies": "⇒", "iff": "⇔", "Longleftrightarrow": "⇔", "land": "∧", "lor": "∨", "lnot": "¬", "nexists": "∄",
    "ni": "∋", "supset": "⊃", "supseteq": "⊇", "varnothing": "∅", "setminus": "∖", "oplus": "⊕", "otimes": "⊗",
    "ll": "≪", "gg": "≫", "simeq": "≃", "nless": "≮", "ngtr": "≯", "oint": "∮", "iint": "∬", "vdots": "⋮",
    "ddots": "⋱", "star": "⋆", "bullet": "•", "measuredangle": "∡", "top": "⊤", "bot": "⊥", "colon": ":",
    "Re": "Re", "Im": "Im", "uparrow": "↑", "downarrow": "↓", "dagger": "†", "hbar": "ℏ", "aleph": "ℵ",
}  # fmt: skip


def plain(text: str) -> str:
    """LaTeX prose in one readable line, for lists and window titles; the dollars of amounts stay."""
    if _DEFINES.search(text):
        (text,) = resolved([text])
    if _AMOUNT.search(text):
        text = "".join(_AMOUNT.sub(r"\\$", s.raw) if s.kind == "text" else s.raw for s in split(text).segments)
    if not text:
        return ""  # at the start of the window, where compiling the expressions below would cost 20 ms
    if "-" in text:
        text = "".join(minus_signs(s.raw) if s.kind == "text" else _minus(s.raw) for s in split(text).segments)
    text = re.sub(r"\\begin\s*\{[^{}]*\}(?:\{[^{}]*\})?(.*?)\\end\s*\{[^{}]*\}", _rows, text, flags=re.DOTALL)
    text = re.sub(r"<sup>\s*([^<>]*?)\s*</sup>", r"^{\1}", re.sub(r"<br\s*/?>", " ", text, flags=re.I), flags=re.I)
    text = re.sub(r"<sub>\s*([^<>]*?)\s*</sub>", r"_{\1}", text, flags=re.I)
    for _ in range(_DEEP):  # from the inside out
        before = text
        text = re.sub(r"\^\{([-\u2212]?[0-9]+)\}|\^([0-9])", lambda m: (m[1] or m[2]).translate(_RAISED), text)
        text = _SUBSCRIPT.sub(lambda m: m[1] + (m[2] or m[3]).translate(_LOWERED), text)
        text = re.sub(r"\\[cdt]?frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))", _fraction, text)
        text = re.sub(r"\\[dt]?binom\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))", _choice, text)
        text = re.sub(r"\\(?:[hv]?phantom|[hv]space\*?)\s*\{[^{}]*\}", " ", text)
        text = re.sub(r"\\(?:boxed|fbox)\s*\{(?:\s|\\q?quad|\\[,;:! ]|\\text\{\s*\})*\}", "\u25a1", text)
        text = re.sub(r"\\(?:text|textbf|mathrm|mathbf|mathbb|boxed|fbox|operatorname)\s*\{([^{}]*)\}", r"\1", text)
        text = re.sub(r"\\pmod\s*(?:\{([^{}]*)\}|(\d))", lambda m: f"(mod {m[1] or m[2]})", text)
        text = re.sub(r"\\sqrt\s*(?:\[([^][{}]*)\]\s*)?(?:\{([^{}]*)\}|(\d))", _root, text)
        if text == before:  # a power within a fraction or root keeps that one waiting
            text = re.sub(r"([_^])\{([^{}]*)\}", lambda m: m[1] + _grouped(m[2]), text)
        if text == before:
            break
    text = re.sub(r"\\([A-Za-z]+)", lambda m: _SIGNS.get(m[1], m[1] if m[1] in _WORDS else m[0]), text)
    text = re.sub(r"_\{([^{}]*)\}", lambda m: f"_{_grouped(m[1])}", text)
    text = re.sub(r"\^\{([^{}]*)\}", lambda m: f"^{_grouped(m[1])}", text)
    text = re.sub(r"(?<=\d)\{,\}(?=\d)", ",", text)
    text = re.sub(r"\\[:> ]", " ", re.sub(r"\\([{}%#&_])", r"\1", text))
    text = re.sub(r"\\(?:left|right|displaystyle|,|;|!)|(?<!\\)\$+|\\[()\[\]]", "", text)
    return " ".join(without_controls(text).replace("\\$", "$").split())


def _minus(formula: str) -> str:
    return _IN_WORDS.sub(lambda m: m[0] if len(m[0]) > 1 else MINUS, formula)


def _grouped(text: str) -> str:
    simple = re.fullmatch(r"[\d.]*|\\?[^\W\d]*|(?:[\u221a\u221b\u221c]|\\[a-z]+ ?)?\([^()]*\)", text.strip())
    return text if simple else f"({text})"


def _fraction(m: re.Match[str]) -> str:
    above, below = _grouped(m[1] or m[2] or ""), _grouped(m[3] or m[4] or "")
    # 3 1/2 is no 31/2, and 1/2 \u03c0 no half of 1/\u03c0.
    before = " " if m.string[m.start() - 1 : m.start()].isdigit() and above[:1].isdigit() else ""
    after = " " if _GOES_ON.match(m.string, m.end()) else ""
    return f"{before}{above}/{below}{after}"


def _choice(m: re.Match[str]) -> str:
    return f"C({m[1] or m[2] or ''}, {m[3] or m[4] or ''})"


def _root(m: re.Match[str]) -> str:
    inside = m[2] or m[3] or ""
    sign = {None: "\u221a", "2": "\u221a", "3": "\u221b", "4": "\u221c"}.get(m[1])
    return f"{sign}({inside})" if sign else f"root({inside}, {m[1]})"


def _rows(m: re.Match[str]) -> str:
    return "(" + "; ".join(" ".join(row.replace("&", " ").split()) for row in m[1].split("\\\\")) + ")"
