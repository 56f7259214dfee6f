"""The signs of what a student types plainly: numbers, letters, functions, operators, words, and what must stay text.

Money, dates, times, amounts with a unit and addresses are one token each, so that no formula is ever made of their
parts. Whether signs make a formula is decided in :mod:`tutor_app.text.typed_formula`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final, Literal

from tutor_app.text.decimal_commas import comma_numbers

Kind = Literal[
    "num", "var", "diff", "func", "root", "greek", "big", "op", "rel", "open", "close", "bar", "raw", "sup", "sub",
    "frac", "sign", "comma", "blank", "dots", "word", "other", "opaque",
]  # fmt: skip

FUNCTIONS: Final = {
    **{n: rf"\{n}" for n in (
        "sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "log",
        "exp", "max", "min", "gcd", "det",
    )},
    "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "lg": r"\lg", "lcm": r"\operatorname{lcm}",
    "log10": r"\log_{10}", "log2": r"\log_{2}",
}  # fmt: skip
ROOTS: Final = {"sqrt": "", "cbrt": "[3]", "√": "", "∛": "[3]", "∜": "[4]"}
SHAPES: Final = frozenset(("abs", "floor", "ceil", "root", "nthroot", "binom", "nCr"))
"""Functions that are written with signs of their own."""
BIG: Final = {
    "∫": "int", "integral": "int", "int": "int", "∑": "sum", "Σ": "sum", "sum": "sum", "∏": "prod", "product": "prod",
    "prod": "prod", "lim": "lim", "limit": "lim", "intégrale": "int", "grenzwert": "lim",
    "limes": "lim", "limite": "lim",
}  # fmt: skip
GREEK: Final = frozenset(
    """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega Gamma
    Delta Theta Lambda Xi Pi Sigma Phi Psi Omega""".split()  # noqa: SIM905
)
GREEK_SIGNS: Final = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta",
    "Θ": "Theta", "Λ": "Lambda", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
OPERATORS: Final = {
    "+": "+", "-": "-", "*": r" \cdot ", "·": r" \cdot ", "⋅": r" \cdot ", "∙": r" \cdot ", "×": r" \times ",
    "/": "/", "÷": r" \div ", "±": r" \pm ", "∓": r" \mp ", "+-": r" \pm ", "+/-": r" \pm ", ":": " : ",
    "∩": r" \cap ", "∪": r" \cup ", "∘": r" \circ ", "∖": r" \setminus ",
    r"\cdot": r" \cdot ", r"\times": r" \times ", r"\div": r" \div ", r"\pm": r" \pm ", r"\mp": r" \mp ",
}  # fmt: skip
RELATIONS: Final = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": r"\le", ">=": r"\ge", "=<": r"\le", "!=": r"\ne", "/=": r"\ne",
    "<>": r"\ne", "≤": r"\le", "⩽": r"\le", "≥": r"\ge", "⩾": r"\ge", "≠": r"\ne", "≈": r"\approx", "~=": r"\approx",
    "≡": r"\equiv", "->": r"\to", "→": r"\to", "=>": r"\Rightarrow", "⇒": r"\Rightarrow", "<=>": r"\Leftrightarrow",
    "⇔": r"\Leftrightarrow", "∈": r"\in", "∉": r"\notin", "⊂": r"\subset", "⊆": r"\subseteq",
    **{rf"\{n}": rf"\{n}" for n in (
        "le", "leq", "ge", "geq", "ne", "neq", "approx", "equiv", "to", "in", "lt", "gt", "Rightarrow", "implies",
        "Leftrightarrow", "iff", "rightarrow",
    )},
}  # fmt: skip
FIGURES: Final = {"∠": r"\angle", "△": r"\triangle", "▵": r"\triangle"}
SETS: Final = {"ℝ": "R", "ℤ": "Z", "ℕ": "N", "ℚ": "Q", "ℂ": "C"}
_SIGNS_OF_SETS: Final = {"∅": r"\emptyset", "∀": r"\forall", "∃": r"\exists", "∂": r"\partial"}
FRACTIONS: Final = {c: unicodedata.normalize("NFKC", c).split("\u2044") for c in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒"}
_SUPER: Final = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣʸᵏᵐ", "0123456789+-()nixykm", strict=True))
_SUB: Final = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙₖₘᵢₓ", "0123456789+-()nkmix", strict=True))
_UNIT: Final = (
    r"(?:km|cm|mm|dm|nm|kg|mg|ml|mL|cl|dl|kW|kWh|MW|Hz|kHz|MHz|GB|MB|kB|TB|ft|yd|in|mi|lb|lbs|oz|mph|kph|min|sec|hr|hrs"
    r"|cents?|GHz|kb|Mb|Pa|kPa|kJ|kN|mol|ms)"
)
_LETTER_UNIT: Final = r"(?:[mgshlLNJWVKCFAt])"
_ANY_UNIT: Final = rf"(?:{_UNIT}|{_LETTER_UNIT})"
_RAISED: Final = r"(?:\^?-?[23]|[²³])?"
_PER: Final = rf"(?:\s?/\s?{_ANY_UNIT}{_RAISED}|\s?[*·]\s?{_ANY_UNIT}{_RAISED})*"
_NUMBER: Final = r"(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_OPAQUE: Final = (
    r"`{3}[\s\S]*?`{3}|`[^`\n]+`",
    r"\b\d+/\d+(?:th|rd|nd|st)s?\b",
    r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.]+",
    rf"(?:US)?[$€£¥]\s?{_NUMBER}(?:\s?(?:/|per)\s?[a-z]+)?|{_NUMBER}\s?[$€£¥](?![\w{{\\])",
    r"\b\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})\b|\b\d{4}[-/]\d{1,2}[-/]\d{1,2}\b|\b\d{1,2}[-.]\d{1,2}[-.]\d{4}\b",
    r"\b\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b\.?)?(?=\s*(?:[ap]m\b|[-–,.;?!)]|$|\s))(?!\s*=)",
    r"\b\d{3}-\d{3,4}-\d{4}\b|\b\d{3}-\d{4}\b(?=\s*(?:$|[.,;]))|\b\d+\.\d+\.\d+(?:\.\d+)*\b",
    rf"{_NUMBER}\s?[×x·*]\s?10(?:\^\(?-?\d+\)?|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)\s?{_ANY_UNIT}{_RAISED}{_PER}(?![\w(^=+*])",
    rf"{_NUMBER}\s?°\s?[CF]\b",
    rf"(?<![\^_]){_NUMBER}(?:\s?{_UNIT}|\s{_LETTER_UNIT}(?=\s*(?:[/^²³]|\s+[a-z]{{2}}|[.,;:?!)]|$)))"
    rf"{_RAISED}{_PER}(?![\w(^=+*])(?!\s*[=+*^]\s*[\w(])",
    rf"{_NUMBER}\s?%",
    r"(?<![\w)\]}²³])(?<![-+*/=^]\s)\b(?:m/s|km/h|m/min|g/mol|kg/m|g/cm|g/ml|kg/l|N/m|l/min)(?:\^?[23]|[²³])?"
    r"(?![\w(^])(?!\s*[-+=*/^]\s*[\w(])",
    r"\b(?:24/7|50/50|9/11|w/o|n/a|N/A|c/o|a/c|A/C|i/o|I/O|y/n|Y/N|and/or|e\.g\.|i\.e\.|a\.m\.|p\.m\.|(?<![∩∪+*/=<>-]\s)[A-Z]\.)(?!\w)",
    r"(?m:^)[ \t]*(?:\([a-zA-Z]\)|[a-zA-Z]\)|\d{1,2}\)|\d{1,2}\.(?=\s)|\((?:i{1,3}|iv|vi{0,3})\))"
    r"(?=[ \t]+[^\s+\-*/^=<>!·×÷])",
)
_RAW: Final = r"\\[a-zA-Z]+\*?"
_TOKEN: Final = rf"""(?P<opaque>{"|".join(_OPAQUE)})
    |(?P<raw>{_RAW}|\\[{{}}|,;:!%$ ])
    |(?P<dots>\.{{3,}}|…|⋯)
    |(?P<power>(?:\d+\.\d+|\d+)[eE][-+]?\d{{1,3}}(?![\w.]))
    |(?P<num>{_NUMBER})
    |(?P<log>log(?:10|2)(?=\(|\s+(?:\d|[a-z]\b)))
    |(?P<figure>[∠△▵]\s?[A-Z]{{1,4}}(?![A-Za-z]))
    |(?P<sup>[{"".join(_SUPER)}]+)|(?P<sub>[{"".join(_SUB)}]+)|(?P<frac>[{"".join(FRACTIONS)}])
    |(?P<set>[ℝℤℕℚℂ∅∀∃∂])
    |(?P<word>(?:(?![{"".join(_SUPER)}{"".join(_SUB)}{"".join(FRACTIONS)}])[^\W\d_])+(?:['’](?:s|t|re|ll|ve|d|m)\b)?)
    |(?P<blank>_{{2,}}|□|▢)
    |(?P<rel><=>|<=|>=|=<|!=|/=(?=\s)|<>|~=|==|->|=>|[=<>≤⩽≥⩾≠≈≡→⇒⇔∈∉⊂⊆])
    |(?P<op>\+/-|\+-(?=\s?[\d√(a-z])|\*\*|[-+*/·⋅∙×÷±∓:∩∪∘∖])
    |(?P<root>[√∛∜])|(?P<big>[∫∑∏])|(?P<inf>∞)|(?P<bar>\|)
    |(?P<open>[(\[{{])|(?P<close>[)\]}}])|(?P<comma>[,;])|(?P<sign>[\^_!°'′?])
    |(?P<other>\S|\n)"""


@cache
def _token() -> re.Pattern[str]:
    """Compiled when something is typed: it takes 10 ms of a window's start."""
    return re.compile(_TOKEN, re.VERBOSE)


_DASHES: Final = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "⁄": "/", "∕": "/", "∗": "*", "〖": "(", "〗": ")", "∣": "|"}
)
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_STYLED: Final = re.compile("[\U0001d400-\U0001d7ff\ufb00-\ufb06\uff01-\uff5e\u2107-\u2114]")
_ENGLISH: Final = frozenset(
    """ax ad an as at am be by do go he hi if in is it me my no of on or so to up us we pm mr ms dr vs st nd rd th act
    add all and any are ask bat bad bag ban bar bus buy but bad can cab cap car cat cut day did dad dry pad man map mad
    mat may way wax was war try two tax tub sad sat sum sun say run rat ran put pay pat nut not now my mud bad buy cry
    sky spy sub tan tab tap van yam zap cub cup bud pry sty""".split()  # noqa: SIM905
)
_PAIRS: Final = frozenset("ab bc ac cd ad bd mn pq rs uv ar br cr kr kt rt vt mc mv abc bcd".split())  # noqa: SIM905
_LIKE_WORDS: Final = frozenset(("ax", "an", "at", "by", "as", "un"))
"""Words of two letters that are a product in many formulas; what stands on both sides decides."""
_MADE_OF: Final = re.compile(r"[abcdkmnpqrstuvwxyz]{2,4}")
_TERMS: Final = re.compile(r"(?:[b-df-hj-np-tv-zB-DF-HJ-NP-TV-Z]|(?<=\w)a|a(?=\w)){2,3}")
"""Letters of formulas like F = ma, V = lwh, PV = nRT."""
_PRODUCT: Final = re.compile(r"(?!st|nd|rd|th)[abcdfghj-npqrstuvwxyz]{2,3}")
_UPPER: Final = re.compile(r"[A-EMNPQRSTX-Z]{2}")


@dataclass(frozen=True, slots=True)
class Token:
    """One sign.

    Attributes:
        kind: What it is.
        text: As typed, or its meaning: LaTeX of an operator, relation, function or Greek letter.
        start: Where it begins.
        end: Where it ends.
        spaced: White space stands before it.
        run: Letters that were written together have the same number; 0 for others.
    """

    kind: Kind
    text: str
    start: int
    end: int
    spaced: bool = False
    run: int = 0


def normalized(text: str) -> str:
    """The text with dashes as minus signs, styled letters as letters, and without invisible signs."""
    text = _BOTH.sub(r"\1_{1,2}", text)
    text = _ROUNDED.sub(lambda m: f"{'floor' if m[1] == '⌊' else 'ceil'}({m[2]})", text)
    text = (
        _WITHOUT.sub("∖", _linear(_INVISIBLE.sub("", text)))
        .replace("\u00a0", " ")
        .replace("\u202f", " ")
        .replace("\u2009", " ")
    )
    return _STYLED.sub(lambda m: _letter(m[0]), text)


def is_rewritten(text: str) -> bool:
    """Whether signs of a text are told in another way to be read, which is of no use where no formula is found."""
    return _BOTH.search(text) is not None or _ROUNDED.search(text) is not None


_WITHOUT: Final = re.compile(r"(?<=[A-Z})] )\\(?= [A-Z{(])|(?<=[ℝℤℕℚℂ])\s?\\\s?(?=\{)|(?<=\b[A-Z])\\(?=\{\s?-?\d)")
_BOTH: Final = re.compile(
    r"(?<![A-Za-z\d\\])([a-zλ])(?:_?1|₁)\s?(?:[,;]\s?[2₂](?=\s*[=≈])|/[2₂](?=\s*=[^=\n]*(?:±|\+/?-)))"
)
_ROUNDED: Final = re.compile(r"([⌊⌈])([^⌊⌈⌋⌉]+)[⌋⌉]")
_MATRIX: Final = re.compile(r"[\u25a0\u2588]\(([^()]*[&@][^()]*)\)")
_ROOT: Final = re.compile(r"√\(([^()&]+)&([^()&]+)\)")
_BELOW_ABOVE: Final = str.maketrans({"\u2592": " ", "\u252c": "_", "\u2534": "^", "\u251c": None, "\u2524": None})


def _linear(text: str) -> str:
    """The linear form of a word processor's formulas in the signs that are read: matrices, roots, bounds."""
    if not re.search("[\u2592\u252c\u2534\u25a0\u2588\u251c\u2524&]", text):
        return text
    text = _ROOT.sub(r"root(\1, \2)", text)

    def matrix(m: re.Match[str]) -> str:
        rows = m[1].split("@")
        if "&" not in m[1]:
            return ", ".join(rows)
        cells = ", ".join(f"[{row}]" for row in rows).replace("&", ",")
        return f"[{cells}]"

    return _MATRIX.sub(matrix, text).translate(_BELOW_ABOVE)


def _letter(sign: str) -> str:
    plain = unicodedata.normalize("NFKC", sign)
    return plain if plain.isascii() or plain in GREEK_SIGNS else sign


def tokens(text: str) -> list[Token]:
    """The signs of a text, in order."""
    # One character for one, so that places stay.
    signs = text.translate(_DASHES)
    commas = comma_numbers(signs)
    found: list[Token] = []
    last = 0
    while (m := _token().search(signs, last)) is not None:
        spaced = m.start() > last or not found
        if (number := commas.get(m.start())) is not None and m.lastgroup in ("num", "opaque") and m.end() <= number.end:
            end = number.end
            if money := _MONEY.match(signs, end):
                end = money.end()  # "1.234,56 €"
            is_number = number.value and not money and not re.search(r"[€£¥]\s?$", signs[: m.start()])
            found.append(Token("num" if is_number else "opaque", number.value or number.text, m.start(), end, spaced))
            last = end
            continue
        last = m.end()
        if m.lastgroup == "opaque":  # "€ 3,50"
            last = max([last, *(n.end for at, n in commas.items() if m.start() < at < last)])
        kind = m.lastgroup or "other"
        if kind == "word":
            found.extend(_word(signs, m, spaced, found[-1] if found else None))
        elif kind == "num" and not spaced and _is_index(signs, m, found):
            found.append(Token("sub", m[0], m.start(), m.end()))
        else:
            found.append(_sign(kind, m, spaced))
    return found


_MONEY: Final = re.compile(r"\s?[€£¥](?!\w)|\s?(?:EUR|Euro|CHF)\b")


def _is_index(text: str, m: re.Match[str], found: list[Token]) -> bool:
    """Whether digits right behind a letter are its index: "x1 + x2 = 7"; "x2" alone may be a power from a PDF."""
    if not m[0].isdigit() or len(m[0]) > 2 or re.match(r"[\w.,:'’°%]?\w", text[m.end() :]):
        return False
    if not found or found[-1].kind != "var" or found[-1].end != m.start():
        return False
    letter = text[m.start() - 1]
    return re.search(rf"(?<![A-Za-z.'’])(?<!\d[\s.]){letter}[01](?![\w.,:'’°%]?\w)", text) is not None


def _sign(kind: str, m: re.Match[str], spaced: bool) -> Token:
    text, start, end = m[0], m.start(), m.end()

    def token(kind: Kind, text: str) -> Token:
        return Token(kind, text, start, end, spaced)

    match kind:
        case "raw" if text in OPERATORS:
            return token("op", OPERATORS[text])
        case "raw" if text in RELATIONS:
            return token("rel", RELATIONS[text])
        case "raw" if text in (r"\%", r"\$"):
            return token("other", text)
        case "log":
            return token("func", FUNCTIONS[text])
        case "op" if text == "**":
            return token("sign", "^")
        case "op":
            return token("op", OPERATORS[text])
        case "rel":
            return token("rel", RELATIONS[text])
        case "sup":
            return token("sup", "".join(_SUPER[c] for c in text))
        case "sub":
            return token("sub", "".join(_SUB[c] for c in text))
        case "frac":
            above, below = FRACTIONS[text]
            return token("frac", rf"\frac{{{above}}}{{{below}}}")
        case "blank":
            return token("blank", r"\square ")
        case "inf":
            return token("greek", r"\infty")
        case "set":
            return token("greek", _SIGNS_OF_SETS.get(text) or rf"\mathbb{{{SETS[text]}}}")
        case "figure":
            return token("greek", f"{FIGURES[text[0]]} {text[1:].strip()}")
        case "power":
            number, _, power = text.lower().partition("e")
            return token("greek", rf"{number} \cdot 10^{{{power.removeprefix('+')}}}")
        case "big":
            return token("big", BIG[text])
        case "sign":
            return token("sign", "'" if text == "′" else text)
        case "num" | "root" | "bar" | "open" | "close" | "comma" | "opaque" | "dots":
            return token(kind, text)
        case "raw":
            return token("raw", text)
        case _:
            return token("other", text)


def _word(text: str, m: re.Match[str], spaced: bool, before: Token | None) -> list[Token]:
    word, start, end = m[0], m.start(), m.end()

    def token(kind: Kind, text: str) -> list[Token]:
        return [Token(kind, text, start, end, spaced)]

    if word in FUNCTIONS:
        return token("func", FUNCTIONS[word])
    if word in ROOTS:
        return token("root", word)
    if word in SHAPES and text[end : end + 1] == "(":
        return token("func", word)
    if word == "Σ" and text[end : end + 1] == "_":
        return token("big", "sum")
    if word.lower() in BIG and word not in ("Σ", "Int", "Prod"):
        return token("big", BIG[word.lower()])
    if word in GREEK:
        return token("greek", rf"\{word}")
    if word in GREEK_SIGNS:
        return token("greek", rf"\{GREEK_SIGNS[word]}")
    if word in ("infinity", "infty", "inf"):
        return token("greek", r"\infty")
    if len(word) == 1:
        return token("var" if word.isascii() else "other", word)
    if re.fullmatch(r"d[a-zθ]", word) and before is not None and _is_differential(text, start, end, word):
        return token("diff", word)
    if (
        all(c in GREEK_SIGNS or (c.isascii() and c.isalpha()) for c in word)
        and not word.isascii()
        and len(word) <= 3 + ("Δ" in word)
    ):
        return _letters(word, start, spaced)
    if word != "cosy" and (m3 := re.fullmatch(rf"(sin|cos|tan|cot|sec|csc|ln|log)([xyz{''.join(GREEK_SIGNS)}])", word)):
        return [Token("func", FUNCTIONS[m3[1]], start, end - 1, spaced), *_letters(m3[2], end - 1, spaced=False)]
    attached = before is not None and not spaced and before.kind in ("num", "sup", "frac", "close")
    if _are_letters(word, text, start, end, attached):
        return _letters(word, start, spaced)
    if attached and (parts := _functions(word, start)) is not None:
        return parts
    if attached and len(word) > 2 and (m2 := re.fullmatch(r"(pi|sqrt|sin|cos|tan|ln|log)([a-z]?)", word)):
        name = m2[1]
        kind: Kind = "greek" if name == "pi" else "root" if name == "sqrt" else "func"
        first = Token(kind, FUNCTIONS.get(name, r"\pi" if name == "pi" else name), start, start + len(name), spaced)
        rest = [Token("var", m2[2], end - 1, end)] if m2[2] else []
        return [first, *rest]
    return token("word", word)


def _functions(word: str, start: int) -> list[Token] | None:
    """Functions of letters that are written together: "2sinxcosx"; None of another word."""
    pieces = list(re.finditer(r"(sin|cos|tan|ln|log)([a-z])", word))
    if len(pieces) < 2 or "".join(m[0] for m in pieces) != word:
        return None
    out = []
    for m in pieces:
        at = start + m.start()
        out.append(Token("func", FUNCTIONS[m[1]], at, at + len(m[1])))
        out.append(Token("var", m[2], at + len(m[1]), at + len(m[0])))
    return out


def _letters(word: str, start: int, spaced: bool) -> list[Token]:
    """Letters written together are factors."""
    out = []
    for k, c in enumerate(word):
        kind: Kind = "greek" if c in GREEK_SIGNS else "var"
        name = rf"\{GREEK_SIGNS[c]}" if c in GREEK_SIGNS else c
        out.append(Token(kind, name, start + k, start + k + 1, spaced and k == 0, start + 1))
    return out


_BEFORE: Final = re.compile(r"(?:[\d+*/^=<>≤≥(,·|\]]|[)\]]\s?|(?:^|\s)-|[\w)]\s?-)\s?$")
_AFTER: Final = re.compile(r"\s?(?:[+*/^=<>≤≥²³·]|-\s?[\w(]|\()")


def _are_letters(word: str, text: str, start: int, end: int, attached: bool) -> bool:
    """Whether two to four letters written together are variables multiplied: an operator or a number is beside them."""
    if len(word) == 2 and _is_coefficient(word, text[:start], text[end:]):
        return True
    if word.lower() in _ENGLISH or len(word) > 4:
        return False
    if re.fullmatch(_UNIT, word):
        return attached and word in _PAIRS
    if _TERMS.fullmatch(word) and (re.search(r"=\s?$", text[:start][-2:]) or re.match(r"\s?=", text[end : end + 2])):
        return True
    if len(word) > 2 and not attached and word not in _PAIRS and _MADE_OF.fullmatch(word) and not _in_order(word):
        return False  # "5 days": a product's letters stand in the order of the alphabet
    if attached and text[start - 1] == ")" and _TERMS.fullmatch(word):
        return True  # "(1/2)bh"
    if len(word) < 4 and _PRODUCT.fullmatch(word) and _is_term(text[:start], text[end:], attached=attached):
        return True
    beside = attached or bool(_BEFORE.search(text[max(0, start - 4) : start]) or _AFTER.match(text, end))
    if _MADE_OF.fullmatch(word):
        return beside and (word in _PAIRS or not set(word).isdisjoint("xyz") or attached)
    return bool(_UPPER.fullmatch(word)) and bool(
        re.match(r"\s?[=+<>²]", text[end : end + 2]) or re.search(r"[=+]\s?$", text[max(0, start - 2) : start])
    )


def _is_coefficient(word: str, before: str, after: str) -> bool:
    """Whether two letters that are a word elsewhere are factors here: "ax^2 + bx", "ax + by = c", "v = u + at"."""
    if not word.isascii() or not word.islower():
        return False
    if re.match(r"\^|[²³](?=\s?[-+=<>≤≥)]|\s*$)", after):
        return True
    if word not in _LIKE_WORDS:
        return False
    left = bool(re.search(r"[\w)²³]\s?[-+*/=]\s?\d*$|=\s?\d*$", before))
    right = bool(re.match(r"\s?[+*=]\s?[-\w(√]|\s-\s[\w(√]|-[\w(]", after))
    begins, ends = (
        not before.strip() or bool(re.search(r"[.:;,(]\s*$", before)),
        bool(re.match(r"\s*(?:[.,;)]|$)", after)),
    )
    return (left and (right or ends)) or (right and (begins or word == "ax") and word not in ("as", "by"))


def _is_term(before: str, after: str, *, attached: bool) -> bool:
    """Whether letters stand where a term of a sum stands: "2lw + 2lh", "s = k + wt"."""
    ends = re.match(r"\s?(?:[-+=*/)^]|[.,;:?]?(?:\s*$|\n))", after) is not None
    if attached:
        return (
            ends
            and re.search(r"[-+*/=(]\s?\d+(?:\.\d+)?$|^\s*\d+(?:\.\d+)?$", before) is not None
            and "=" in before + after
        )
    return ends and re.search(r"=\s?(?:[^=\n]*[\w)²³]\s?[-+])\s?$", before) is not None


def _in_order(word: str) -> bool:
    return all(a < b for a, b in pairwise(word))


def _is_differential(text: str, start: int, end: int, word: str) -> bool:
    """Whether ``dx`` ends an integral or is below a derivative's stroke."""
    before, after = text[:start].rstrip(), text[end:].lstrip()
    if before.endswith(("d/", "/")) or after.startswith("/d"):
        return True
    return word not in ("do", "de") and bool(
        re.search(r"(?i)∫|(?<![a-z])int(?:[ée]grale?|egrate)?(?![a-zé])", before[-200:])
    )
