"""From the text of an answer to tokens: LaTeX and plain text in one alphabet.

What is dropped on the way carries no value: spacing, ``\\left``, ``\\displaystyle``, formula delimiters, the comma
of thousands. Nothing else is: a brace, a parenthesis or a word is never deleted to make texts look alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tutor_app.adapters.grading.spellings import rewritten, without_marks
from tutor_app.adapters.grading.terms import Unreadable
from tutor_app.adapters.grading.units import is_unit
from tutor_app.text.scan import group_end

MAX_CHARACTERS: Final = 8_000
MAX_TOKENS: Final = 1_500
MAX_DIGITS: Final = 4_000
"""Below the interpreter's own limit on converting text to an integer."""

FUNCTIONS: Final = {
    "sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "sec": "sec", "csc": "csc",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "asin": "asin", "acos": "acos", "atan": "atan",
    "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "log": "log", "ln": "log", "lg": "log10", "exp": "exp",
    "abs": "abs", "Abs": "abs", "max": "max", "min": "min", "gcd": "gcd", "lcm": "lcm", "floor": "floor",
    "cis": "cis", "ceil": "ceiling", "ceiling": "ceiling", "factorial": "factorial", "sqrt": "sqrt", "cbrt": "cbrt",
}  # fmt: skip
WORD_CONSTANTS: Final = {"pi": "pi", "infty": "oo", "infinity": "oo", "inf": "oo", "oo": "oo", "Infinity": "oo"}
JOINING: Final = {"and": "and", "or": "or", "und": "and", "oder": "or"}
"""Words between two values or conditions, in English and German."""
UNITS_AFTER_PI: Final = frozenset(
    """mm cm dm km ft yd sq square cubic unit units inch inches feet foot yards miles meter meters metre metres
    centimeter centimeters centimetre centimetres kilometers kilometres rad radian radians""".split()  # noqa: SIM905
)
"""Units of a length or an angle, which no product of letters is."""
GREEK: Final = frozenset(
    {
        "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "iota",
        "kappa", "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "varphi", "chi", "psi", "omega",
        "Gamma", "Delta", "Theta", "Lambda", "Xi", "Sigma", "Phi", "Psi", "Omega", "ell",
    }
)  # fmt: skip
TEXT_COMMANDS: Final = frozenset(
    {"text", "mbox", "textbf", "textit", "textrm", "mathrm", "operatorname", "textnormal", "texttt", "hbox"}
)
RELATIONS: Final = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!=", "~": "~",
    r"\lt": "<", r"\gt": ">", r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=",
    r"\geqslant": ">=", r"\ne": "!=", r"\neq": "!=", r"\in": "in", r"\approx": "~", r"\sim": "~", r"\simeq": "~",
    r"\equiv": "==mod",
}  # fmt: skip
_SAME: Final = {
    "−": "-", "–": "-", "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "÷": r"\div ", "π": r"\pi ",
    "∞": r"\infty ", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "√": "sqrt ", "°": r"^\circ ",
    "∪": r"\cup ", "∈": r"\in ", "±": r"\pm ", "²": "^2", "³": "^3", "½": "(1/2)", "¼": "(1/4)", "¾": "(3/4)",
    "θ": r"\theta ", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "’": "'", "“": '"', "”": '"', "∅": r"\emptyset ",
    "≡": r"\equiv ", "⁄": "/", "…": "...", "ℝ": r"\mathbb{R}", "⟨": "(", "⟩": ")",
    "∠": "", "⅓": "(1/3)", "⅔": "(2/3)", "⅕": "(1/5)", "⅖": "(2/5)", "⅗": "(3/5)", "⅘": "(4/5)", "⅙": "(1/6)",
    "⅚": "(5/6)", "⅛": "(1/8)", "⅜": "(3/8)", "⅝": "(5/8)", "⅞": "(7/8)",
}  # fmt: skip
_VULGAR: Final = re.compile(r"(?<![\w.])(\d+)\s?([½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])")
_RAISED: Final = re.compile(r"[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_RAISED_DIGITS: Final = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_TRANSLATE: Final = str.maketrans(_SAME)
_DELIMITERS: Final = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_DROPPED: Final = re.compile(
    r"\\(?:left|right)\s*\.(?!\d)"
    r"|\\(?:text)?color\s*\{[^{}]*\}|\\(?:bf|rm|it|angle|triangle)(?![A-Za-z])"
    r"|\\(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|nolimits|quad|qquad|thinspace)(?![A-Za-z])"
    r"|(?<!\\)\\[,;:!> ]|\\$|~(?=\s|$)|(?<=[^\s=])~(?=\S)"
)
_THOUSANDS_TEX: Final = re.compile(r"(?<=\d)(?:\{,\}|,\s*\\!|\\,)\s*(?=\d{3}(?!\d))")
_THOUSANDS_SPACE: Final = re.compile(r"-?\d{1,3}(?: \d{3})+(?:\.\d+)?")
_REPEATING: Final = re.compile(
    r"(\d{0,50})\.(\d{0,50})(?:\\(?:overline|bar|dot)\s*(?:\{(\d{1,50})\}|(\d))|\((\d{1,50})\)(?!\s*[\d(\w]))"
)
_GOING_ON: Final = re.compile(r"(\d{0,50})\.(\d{0,50}?)(?:(\d)\3\3+|(\d{2,25})\4+)(?:\.{3}|\\[lc]?dots)$")
_PREAMBLE: Final = re.compile(
    r"(?:(?:so|hence|thus|therefore|then|finally)\b,?\s*)?(?:"
    r"(?:(?:the|my|our)\s+)?(?:(?:final|correct)\s+)?(?:answer|ans|solution|result)\s*(?:is\s*:?|[:=])\s*"
    r"|(?:the\s+)?value\s+(?:of\s+[A-Za-z]\s+)?is\s*:?\s*|(?:there\s+(?:is|are)|it\s+is|it's|we\s+(?:get|have)|is)\s+(?!no\b)(?=.*\d)"
    r"|=\s*(?!=)|\\approx(?![a-z])\s*|\\therefore(?![a-z])\s*"
    r"|(?:option|choice)\s+(?=\(?[A-Za-z]\)?$))|(?:so|hence|thus|therefore)\b,?\s+(?=\S)",
    re.IGNORECASE,
)
_OVER: Final = re.compile(r"\{([^{}]*)\\over(?![A-Za-z])([^{}]*)\}|^([^{}]*)\\over(?![A-Za-z])([^{}]*)$")
_CHOOSE: Final = re.compile(r"\{\s*(\w+)\s*\\choose\s*(\w+)\s*\}|\b(\d+)\s+choose\s+(\d+)\b")
_ANGLES: Final = re.compile(r"\\langle(?![A-Za-z])(.*?)\\rangle(?![A-Za-z])|^<([^<>=]*,[^<>=]*)>$")
_TIMES_TEN: Final = re.compile(r"(?<=\d)\s*[xX]\s*(?=10\s*(?:\^|\*\*))")
_UNION: Final = re.compile(r"(?<=[)\]])(?:\s*U\s*|\s+u\s+)(?=[(\[])")
_FORMULA: Final = re.compile(r"(?<!\\)\$([^$\s](?:[^$]*[^$\s\\])?)\$(?![\d.])")
_TEMPERATURE: Final = re.compile(r"\^\s*(?:\\circ|\{\s*\\circ\s*\})\s*([CFK])\b")
_WRITTEN_DEGREE: Final = re.compile(r"\^\s*\{\s*\\(?:text|mathrm)\s*\{\s*o\s*\}\s*\}")
_QUOTED_UNIT: Final = re.compile(r"(\d\s?)(\"|''|')$")
_BASE_NAMES: Final = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12,
    "sixteen": 16,
}  # fmt: skip
_BASE_BRACKETS: Final = re.compile(r"(?<=[0-9A-Z)])_\s*\{?\s*\((\d{1,2})\)\s*\}?")
_BASE_TEXT: Final = re.compile(r"_\s*\{?\s*\\(?:text|mathrm)\s*\{\s*(\w+)\s*\}\s*\}?|_\{\s*([a-z]+)\s*\}")
_BASE_DIGITS: Final = re.compile(r"(?:\\(?:text|mathrm)\s*\{\s*([0-9A-Z]+)\s*\}|\(([0-9A-Z]+)\))(?=_\{?\d)")
_BASE_LETTERS: Final = re.compile(r"\b(\d[0-9a-z]*)(?=_\{?\d)")
_PREFIXED: Final = re.compile(r"0([box])([0-9a-fA-F]+)")
_CURRENCY_CODE: Final = re.compile(r"^(?:USD|US\\?\$)\s*(?=-?\d)")
_ABBREVIATED: Final = re.compile(r"(?<=[a-z])\.(?=\^)|(?<=\b(?:sq|cu|ft|in|lb|oz|yd|mi|hr))\.(?=\s)")
_UNDERSCORES: Final = re.compile(r"-?\d{1,3}(?:_\d{3})+")
_IN_BASE: Final = re.compile(r"(-?[0-9A-Z.]+)\s*\(?\s*(?:in\s+)?base\s*(\d{1,2})\s*\)?")
_MIXED: Final = re.compile(r"(?<![\d.)}\w])(\d+)\s+(\d+)\s*/\s*(\d+)(?![\w(])(?!\s*[\d(])(?!\s+[A-Za-z](?![A-Za-z]))")
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<based>\d[0-9A-Z]*(?:\.[0-9A-Z]+)?_(?:\{\s*\d{1,2}\s*\}|\d(?!\d)))
    |(?P<num>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,3}(?![\w.]))?|\d+\.(?=\D|$))
    |(?P<word>[A-Za-z]+)
    |(?P<cmd>\\(?:[A-Za-z]+|\\|.))
    |(?P<op>\*\*|<=|>=|==|!=|[-+*/^_=<>()\[\]{},;:!|'%&$~"])
    |(?P<bad>.)""",
    re.VERBOSE | re.DOTALL,
)
_DIGITS: Final = re.compile(r"\d+")
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?![\d,])(?:\.\d+)?")
_MATRIX_BREAK: Final = re.compile(r"(?<!\\)\\(?=\s*-?\d)")
_ENVIRONMENT: Final = re.compile(r"\\begin\s*\{[a-zA-Z*]*matrix\}.*?\\end\s*\{[a-zA-Z*]*matrix\}", re.DOTALL)
_NUMERIC_TEXT: Final = re.compile(r"[-\s$]*\\?\$?\d[\d,]*(?:\.\d+)?\s*(?:\\?%)?")


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        kind: ``num``, ``based``, ``name``, ``func``, ``const``, ``cmd``, ``op``, ``text``, ``sep``.
        text: As written, except ``text``, where it is the words inside.
        spaced: White space stood before it.
    """

    kind: str
    text: str
    spaced: bool = False


def clean(text: str) -> str:
    """The same answer without delimiters, spacing commands and typographic variants; lossless as to value."""
    if len(text) > MAX_CHARACTERS:
        raise Unreadable("longer than any answer")
    text = rewritten(text)
    if not text.isascii():
        text = _VULGAR.sub(lambda m: f"({m[1]}+{_SAME[m[2]]})", text)
        text = _RAISED.sub(lambda m: "^{" + m[0].translate(_RAISED_DIGITS) + "}", text)
        text = text.translate(_TRANSLATE)
    text = text.strip()
    if (text.endswith("...") or "dots" in text) and (m := _GOING_ON.fullmatch(text)):
        text = _fraction(m[1], m[2], m[3] or m[4])
    while True:
        before = text
        text = without_marks(text)
        for left, right in _DELIMITERS if text[:1] in ("$", "\\") else ():
            inner = text[len(left) : -len(right)]
            if text.startswith(left) and text.endswith(right) and len(text) > len(left) + len(right):
                if left.strip("\\") not in ("[", "(") and (left in inner.replace(r"\$", "") or inner.endswith("\\")):
                    continue
                text = inner.strip()
        # A sentence's full stop, and the comma after a formula; "p.m." keeps its points.
        if text.endswith(".") and not re.search(r"\.\s?[A-Za-z]?\.$", text):
            text = text[:-1].rstrip()
        text = _PREAMBLE.sub("", text, count=1) if _PREAMBLE.match(text) else text
        if text == before:
            break
    if "$" in text:
        text = _FORMULA.sub(r"\1", text)
    if "\\" in text or "{,}" in text:
        text = _THOUSANDS_TEX.sub("", text)
    if "\\" in text or "~" in text:
        text = _DROPPED.sub(" ", text)
    if "matrix" in text:
        text = _ENVIRONMENT.sub(lambda m: _MATRIX_BREAK.sub(r"\\\\", m[0]), text)
    if "." in text:
        text = _REPEATING.sub(lambda m: _fraction(m[1], m[2], m[3] or m[4] or m[5]), text)
    text = _respelled(text)
    text = _MIXED.sub(r"(\1+\2/\3)", text) if "/" in text else text
    if "base" in text and (m := _IN_BASE.fullmatch(text)):
        text = f"{m[1]}_{{{m[2]}}}"
    if _THOUSANDS_SPACE.fullmatch(text):
        text = text.replace(" ", "")
    return text.strip()


def tokens(text: str, *, thousands_in_brackets: bool = False, words: bool = True) -> list[Token]:
    """The tokens of a cleaned text.

    Args:
        text: From :func:`clean`.
        thousands_in_brackets: Read ``(1,234)`` as one number rather than as two values.
        words: Know function names, units and text; without, every letter is a variable, and the tokens end at the
            first character that is in no expression.

    Raises:
        Unreadable: At a character that belongs to no answer, or beyond the limits.
    """
    found: list[Token] = []
    depth, i, spaced = 0, 0, False
    while i < len(text):
        if len(found) > MAX_TOKENS:
            raise Unreadable("too many parts")
        if (not depth or thousands_in_brackets) and text[i].isdigit() and (m := _THOUSANDS.match(text, i)):
            found.append(Token("num", m[0].replace(",", ""), spaced))
            i, spaced = m.end(), False
            continue
        m = _TOKEN.match(text, i)
        if not words and (m is None or m.lastgroup in ("bad", "based") or m[0] in ("**", "$", '"')):
            if m is None or m.lastgroup != "based":
                return found
            m = _DIGITS.match(text, i)
            assert m is not None
            return [*found, Token("num", m[0], spaced)]
        if m is None or m.lastgroup == "bad":
            raise Unreadable(f"unexpected character {text[i]!r}")
        kind, raw = str(m.lastgroup), m[0]
        i = m.end()
        if kind == "space":
            spaced = True
            continue
        if kind == "num" and len(raw) > MAX_DIGITS:
            raise Unreadable("too many digits")
        if kind == "based" and not _is_based(raw):
            raise Unreadable("a digit that its base does not have")
        if kind == "word" and not words:
            found.extend(Token("name", letter) for letter in raw)
        elif kind == "word":
            _word(found, raw, spaced)
        elif kind == "cmd" and raw[1:] in TEXT_COMMANDS:
            inner, i = _braced(text, i)
            _text(found, inner, spaced)
        elif kind == "op" and raw == '"':
            end = text.find('"', i)
            if end < 0:
                raise Unreadable("a quotation mark without its partner")
            found.append(Token("text", text[i:end].strip(), spaced))
            i = end + 1
        elif kind == "op" and raw in ",;":
            found.append(Token("sep", raw, spaced))
        elif kind == "op" and raw == "'" and found and found[-1].kind == "name":
            found[-1] = Token("name", found[-1].text + "'", found[-1].spaced)
        else:
            depth += {"(": 1, "[": 1, r"\{": 1, ")": -1, "]": -1, r"\}": -1}.get(raw, 0)
            found.append(Token(kind, raw, spaced))
        spaced = False
    if len(found) > MAX_TOKENS:
        raise Unreadable("too many parts")
    return found


def plain_words(text: str) -> str:
    """The words of ``\\text{...}`` or of plain prose, white space collapsed."""
    return " ".join(text.split())


def _respelled(text: str) -> str:
    """Other ways to write a thing, each in the way that the grammar knows."""
    if "\\over" in text:
        text = _OVER.sub(lambda m: rf"\frac{{{m[1] or m[3]}}}{{{m[2] or m[4]}}}", text)
    if "choose" in text:
        text = _CHOOSE.sub(lambda m: rf"\binom{{{m[1] or m[3]}}}{{{m[2] or m[4]}}}", text)
    if "<" in text or "langle" in text:
        text = _ANGLES.sub(lambda m: f"({m[1] or m[2]})", text)
    if "U" in text or " u " in text:
        text = _UNION.sub(r" \\cup ", text)
    if "^" in text or "**" in text:
        text = _WRITTEN_DEGREE.sub(r"^\\circ ", _TIMES_TEN.sub(r"\\times ", text))
        text = _TEMPERATURE.sub(r"^\\circ\\text{\1}", text)
    if text[-1:] in ("'", '"') and (m := _QUOTED_UNIT.search(text)) and m[2][0] not in text[: m.start(2)]:
        text = f"{text[: m.start()]}{m[1]}\\text{{{'feet' if m[2] == chr(39) else 'inches'}}}"
    if "_" in text:
        text = _BASE_BRACKETS.sub(r"_{\1}", text)
        text = _BASE_TEXT.sub(lambda m: _base_name(m[1] or m[2]) or m[0], text)
        text = _BASE_DIGITS.sub(lambda m: m[1] or m[2], text)
        text = _BASE_LETTERS.sub(lambda m: m[1].upper(), text)
        if _UNDERSCORES.fullmatch(text):
            text = text.replace("_", "")
    if "." in text:
        text = _ABBREVIATED.sub("", text)
    if text.startswith("US"):
        text = _CURRENCY_CODE.sub(r"\\$", text)
    if text.startswith("0") and (m := _PREFIXED.fullmatch(text)):
        text = f"{m[2].upper()}_{{{ {'b': 2, 'o': 8, 'x': 16}[m[1]] }}}"
    return text


def _base_name(word: str) -> str:
    size = _BASE_NAMES.get(word) or (int(word) if word.isdecimal() and len(word) < 3 else 0)
    return f"_{{{size}}}" if size else ""


def _fraction(whole: str, start: str, period: str) -> str:
    """The fraction that a repeating decimal is."""
    whole = whole or "0"
    above = int(whole + start + period) - int(whole + start)
    return f"({above}/{(10 ** len(period) - 1) * 10 ** len(start)})"


def _is_based(raw: str) -> bool:
    digits, _, base = raw.partition("_")
    size = int(base.strip("{} "))
    return 2 <= size <= 36 and all(int(d, 36) < size for d in digits if d != ".")


def _braced(text: str, start: int) -> tuple[str, int]:
    """The contents of the brace group at ``start`` (or one word), and where it ends."""
    while start < len(text) and text[start] == " ":
        start += 1
    if start >= len(text) or text[start] != "{":
        m = re.compile(r"[A-Za-z]+").match(text, start)
        if m is None:
            raise Unreadable("a text command without text")
        return m[0], m.end()
    end = group_end(text, start)
    if end < 0:
        raise Unreadable("a brace without its partner")
    return text[start + 1 : end - 1], end


def _word(found: list[Token], word: str, spaced: bool) -> None:
    """A run of letters: a known name, a separator, a unit, or single-letter variables."""
    after_value = bool(found) and (found[-1].kind in ("num", "text") or found[-1].text in (")", "}", "]", r"\}", "/"))
    after_value = after_value or (
        spaced and word in UNITS_AFTER_PI and bool(found) and found[-1].text in ("pi", r"\pi")
    )
    counted = word == "min" and bool(found) and found[-1].kind == "num"
    if spaced and (counted or (word in ("sq", "cu") and after_value)):
        found.append(Token("text", word, spaced))
    elif word in JOINING:
        found.append(Token("sep", JOINING[word], spaced))
    elif word in FUNCTIONS:
        found.append(Token("func", word, spaced))
    elif word in WORD_CONSTANTS:
        found.append(Token("const", WORD_CONSTANTS[word], spaced))
    elif word == "mod":
        found.append(Token("cmd", r"\mod", spaced))
    elif (
        (len(word) >= 2 and after_value and is_unit(word, spaced=spaced))
        or (len(word) >= 3 and spaced and after_value)
        or (len(word) >= 2 and spaced and bool(found) and found[-1].kind == "text")
    ):
        found.append(Token("text", word, spaced))
    else:
        for k, letter in enumerate(word):
            found.append(Token("name", letter, spaced and k == 0))


def _text(found: list[Token], words: str, spaced: bool) -> None:
    inner = plain_words(_DROPPED.sub(" ", words))
    bare = inner.strip(" ,;")
    if bare in JOINING or not bare:
        if bare or "," in inner:
            found.append(Token("sep", JOINING.get(bare, ","), spaced))
    elif _NUMERIC_TEXT.fullmatch(bare):
        found.extend(tokens(bare))
    else:
        found.append(Token("text", inner, spaced))
