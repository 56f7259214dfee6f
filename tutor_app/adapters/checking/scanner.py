"""From a text to tokens with their places: prose word by word, every formula as one token.

Unicode spellings become plain ones of the same length, so that a place in the tokens is a place in the text. What is
no prose (code, the notes of a calculator ``<<2+3=5>>``, pictures in Asymptote) is blanked. Judges nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

from tutor_app.adapters.checking.words import OPERATIONS, RELATIONS
from tutor_app.adapters.grading.units import measure
from tutor_app.text.delimiters import split

Kind = Literal["num", "vulgar", "cur", "pct", "op", "rel", "open", "close", "word", "line", "sep", "formula"]

MAX_DIGITS: Final = 60
_SAME: Final = str.maketrans(
    {
        "−": "-", "–": "-", "‐": "-", "‑": "-", "×": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*", "÷": "/",
        "∕": "/", "⁄": "/", "＝": "=", "＋": "+", "：": ":", "（": "(", "）": ")", "≈": "~", "≃": "~", "≅": "~",
        "≤": "≤", "≥": "≥", "≦": "≤", "≧": "≥", "％": "%", "￡": "£", "￥": "¥", "＄": "$", "’": "'", "\u00a0": " ",
        "\u2009": " ", "\u202f": " ", "\u2007": " ", "\u3000": " ", "\t": " ", "\r": " ", "∶": ":", "✕": "*", "✖": "*",
        "•": ";", "—": ";", "➗": "/", "➕": "+", "➖": "-", "﹣": "-", "﹢": "+", "⨯": "*",
    }
)  # fmt: skip
_NOTE: Final = re.compile(r"<<[^<>]{0,400}>>")
_FENCED: Final = re.compile(r"^[ \t]*```.*?(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)
_PICTURE: Final = re.compile(r"\[asy\].*?\[/asy\]", re.DOTALL)
_LABEL: Final = re.compile(r"\\(?:tag|label|eqref|ref)\*?\s*\{[^{}]{0,40}\}")
"""The number of an equation, which is no part of it."""
_DEGREE: Final = re.compile(r"(?<=\d)°(?!\s*[CF])")
_TURNS: Final = re.compile(r"(?i)\b(?:arc)?(?:sin|cos|tan|cot|sec|csc|rad)|°\s*[CF]|°\s*[x×*]?\s*π")
"""Where an angle is more than a number of degrees."""
_VULGAR: Final = dict(
    zip(
        "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞",
        ["1/2", "1/3", "2/3", "1/4", "3/4", "1/5", "2/5", "3/5", "4/5", "1/6", "5/6", "1/8", "3/8", "5/8", "7/8"],
        strict=True,
    )
)
_RAISED: Final = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
_TOKEN: Final = re.compile(
    r"""(?P<space>\ +)
    |(?P<line>\n\s*)
    |(?P<ordinal>\d+(?:st|nd|rd|th)\b)
    |(?P<num>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)
    |(?P<vulgar>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])
    |(?P<raised>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
    |(?P<letter>(?<![^\W\d_])(?<!\d\ )(?<!/)[a-zA-Z](?=⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]))
    |(?P<word>[^\W\d_]\d+(?![\d.])|[^\W\d_](?:[^\W\d_]|['_](?=[^\W\d_]))*(?:_\w+|_\{\w+\})*)
    |(?P<cur>\\?[$]|[€£¥₹¢])
    |(?P<pct>\\?%)
    |(?P<rel><=|>=|==+|!=|[=<>≤≥≠~])
    |(?P<emphasis>(?:(?<=\s)|^|(?<=[(=$]))(?:\*\*|__)(?=\S)|(?<=[\w%.)!:])(?:\*\*|__)(?=[\s.,;:!?)]|$))
    |(?P<op>\*\*|[-+*/:^√∛∜!])
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<sep>.)""",
    re.VERBOSE | re.MULTILINE,
)
_UNIT_LETTERS: Final = {"m": "meter", "g": "gram", "h": "hour", "s": "second", "l": "liter", "L": "liter"}
LETTER_A: Final = {"a": "\N{MATHEMATICAL ITALIC SMALL A}", "A": "\N{MATHEMATICAL ITALIC CAPITAL A}"}
"""The article as a letter that stands for a value, told apart from the word."""
_CLOCK: Final = re.compile(r"0\d")
"""A time of day, or the end of a number with its commas at the wrong places."""
_RELATION: Final = {"==": "=", "≤": "<=", "≥": ">=", "≠": "!="}
_PHRASES: Final = {**{k: ("op", v) for k, v in OPERATIONS.items()}, **{k: ("rel", v) for k, v in RELATIONS.items()}}
_LONGEST: Final = max(map(len, _PHRASES))
_FIRST: Final = frozenset(words[0] for words in _PHRASES)


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text.

    Attributes:
        kind: What it is.
        text: In its plain spelling; of a formula its LaTeX.
        start: Its place in the text.
        end: Where it ends.
        spaced: White space stands before it.
        inner: Of a formula, where its LaTeX begins.
    """

    kind: Kind
    text: str
    start: int
    end: int
    spaced: bool = False
    inner: int = 0


Missing = list[tuple[int, int]]
"""Places, and how many characters of notes stood before each."""


def place(missing: Missing, at: int) -> int:
    """Where a place of the text without notes is in the whole text."""
    return at + missing[bisect_right(missing, (at, 1 << 62)) - 1][1]


def without_notes(text: str) -> tuple[str, Missing]:
    """The text without the notes of a calculator, and how many characters are missing from which place on."""
    out, missing, at, removed = [], [(0, 0)], 0, 0
    for m in _NOTE.finditer(text):
        out.append(text[at : m.start()])
        removed += len(m[0])
        missing.append((m.end() - removed, removed))
        at = m.end()
    return "".join([*out, text[at:]]), missing


def plain(text: str) -> str:
    """The text in plain spelling, every character in its place; what is no prose is blank."""
    # No picture is looked for after the last end of one: many that do not close would each be followed to the end.
    last = text.rfind("[/asy]") + 6
    text = _PICTURE.sub(_blank, text[:last]) + text[last:] if last > 5 else text
    text = _LABEL.sub(_blank, _FENCED.sub(_blank, text))
    if "°" in text and not _TURNS.search(text):
        text = _DEGREE.sub(" ", text)
    return text.translate(_SAME)


def _blank(m: re.Match[str]) -> str:
    return " " * len(m[0])


def scan(text: str, begin: int = 0) -> list[Token]:
    """The tokens of a text from the place ``begin`` on, formulas whole."""
    view = plain(text[begin:])
    found: list[Token] = []
    at = 0
    for segment in split(view).segments:
        end = at + len(segment.raw)
        if segment.kind == "text":
            _scan_prose(view, at, end, begin, found)
        else:
            inner = begin + at + max(0, segment.raw.find(segment.source))
            spaced = view[at - 1 : at].isspace()
            found.append(Token("formula", segment.source, begin + at, begin + end, spaced, inner))
        at = end
    return _with_words(_with_units(_with_letters(found)))


def _scan_prose(view: str, at: int, end: int, shift: int, found: list[Token]) -> None:
    spaced = view[at - 1 : at].isspace()
    for m in _TOKEN.finditer(view, at, end):
        kind, raw = str(m.lastgroup), m[0]
        if kind in ("space", "emphasis"):
            spaced = spaced or kind == "space"
            continue
        if kind == "raised":
            found.append(Token("op", "^", shift + m.start(), shift + m.start(), False))
            if raw[0] == "⁻":
                found.append(Token("op", "-", shift + m.start(), shift + m.start() + 1, False))
            kind, raw = "num", "".join(_RAISED[c] for c in raw.removeprefix("⁻"))
        elif kind in ("ordinal", "letter"):
            kind = "word"
        elif kind == "num":
            if len(raw) > MAX_DIGITS or _CLOCK.match(raw):
                kind = "sep"
            raw = raw.replace(",", "")
        elif kind == "vulgar":
            raw = _VULGAR[raw]
        elif kind == "rel":
            raw = _RELATION.get(raw, raw[:1] if raw[0] == "=" else raw)
        elif kind == "op" and raw == "**":
            raw = "^"
        elif kind in ("cur", "pct"):
            raw = raw[-1]
        found.append(Token(kind, raw, shift + m.start(), shift + m.end(), spaced))  # type: ignore[arg-type]
        spaced = kind == "line"


def _with_letters(found: list[Token]) -> list[Token]:
    """The same with the article "a" as a letter where it stands for a value: in "(a + b)^2" and "3a = a^2"."""
    for k, token in enumerate(found):
        if token.kind == "word" and token.text in LETTER_A and _is_letter(found, k):
            found[k] = replace(token, text=LETTER_A[token.text])
    return found


def _is_letter(found: list[Token], k: int) -> bool:
    """Whether operators, relations or brackets stand beside the "a" at ``k`` as beside a letter."""
    before, after = found[k - 1] if k else None, found[k + 1] if k + 1 < len(found) else None
    follows = found[k + 2] if k + 2 < len(found) else None
    operated = before is not None and (
        (before.kind == "op" and before.text in "+-*/^√") or (before.kind == "rel") or before.kind == "open"
    )
    ends = after is None or after.kind in ("close", "rel", "line", "sep")
    if after is not None and after.kind == "op":
        if after.text == "^":
            return True
        dash = after.text == "-" and not (after.spaced and follows is not None and follows.spaced)
        value = follows is not None and (follows.kind in ("num", "open") or len(follows.text) == 1)
        return after.text in "+*/-" and value and (operated or not dash)
    if after is not None and (after.kind == "rel" or (after.kind == "open" and not after.spaced)):
        return True
    return operated and ends


def _with_units(found: list[Token]) -> list[Token]:
    """The same with letters that are units as words: "2.4 km + 650 m", "84 km/h", not "3 m + 2 = 14".

    A letter is a unit in a sentence if each time a number or "km/" stands before it, the result of a relation has one,
    and no number is added without a unit.
    """
    begin = 0
    for end in [
        *(k for k, t in enumerate(found) if t.kind == "line" or (t.kind == "sep" and t.text in ".;?!")),
        len(found),
    ]:
        letters = [k for k in range(begin, end) if found[k].kind == "word" and found[k].text in _UNIT_LETTERS]
        if letters and all(_is_unit(found, k, begin) for k in letters) and _has_units(found, letters, begin, end):
            for k in letters:
                found[k] = replace(found[k], text=_UNIT_LETTERS[found[k].text])
        begin = end + 1
    return found


def _is_unit(found: list[Token], k: int, begin: int) -> bool:
    """Whether the letter at ``k`` stands where a unit does: "5 m", "km/h"."""
    before, earlier = (found[k - 1] if k > begin else None), (found[k - 2] if k - 1 > begin else None)
    if before is None:
        return False
    if before.kind == "num":
        return found[k].spaced
    return before.text == "/" and earlier is not None and earlier.kind == "word" and not found[k].spaced


def _has_units(found: list[Token], letters: list[int], begin: int, end: int) -> bool:
    """Whether the result of a relation has a unit, and every number that is added has some word."""
    results = (found[k - 2] if found[k - 1].kind == "num" else found[k - 4] for k in letters if k - 2 >= begin)
    if not any(token.kind == "rel" for token in results) and not any(
        found[k].kind == "rel" and found[k + 1].kind == "num" and measure(found[k + 2].text) is not None
        for k in range(begin, end - 2)
    ):
        return False
    for k in range(begin + 1, end - 1):
        if found[k].kind == "op" and found[k].text in "+-" and found[k + 1].kind == "num":
            after = found[k + 2] if k + 2 < end else None
            if after is None or after.kind != "word" or found[k - 1].kind == "num":
                return False
    return True


def _with_words(found: list[Token]) -> list[Token]:
    """The same with words that name an operation or relation as such, and the letter x as a sign of multiplication."""
    out: list[Token] = []
    names = {t.text for b, t in pairwise(found) if t.kind == "word" and b.kind != "num"}
    i = 0
    while i < len(found):
        token = found[i]
        if token.kind == "word":
            phrase = _phrase(found, i)
            if phrase is not None:
                (kind, text), count = phrase
                out.append(Token(kind, text, token.start, found[i + count - 1].end, True))  # type: ignore[arg-type]
                i += count
                continue
            if token.text in ("x", "X") and _is_times(found, i):
                token = Token("op", "*", token.start, token.end, token.spaced)
            elif (
                token.text[0] in "xX"
                and token.text[1:].isdigit()
                and i
                and found[i - 1].kind == "num"
                and not token.spaced
                and token.text not in names
            ):
                # "10x15", but "2x1" where x1 is a name
                out.append(Token("op", "*", token.start, token.start + 1))
                token = Token("num", token.text[1:], token.start + 1, token.end)
        out.append(token)
        i += 1
    return out


def _phrase(found: list[Token], i: int) -> tuple[tuple[str, str], int] | None:
    if found[i].text.lower() not in _FIRST:
        return None
    words = []
    for token in found[i : i + _LONGEST]:
        if token.kind != "word":
            break
        words.append(token.text.lower())
    for count in range(len(words), 0, -1):
        if (meaning := _PHRASES.get(tuple(words[:count]))) is not None:
            return meaning, count
    return None


def _is_times(found: list[Token], i: int) -> bool:
    """Whether the x at ``i`` multiplies: "3 x 4", "6 days x $5", "10x15"; not "2x + 3" or "2x(x + 1)"."""
    if not i or i + 1 >= len(found):
        return False
    before, after, token = found[i - 1], found[i + 1], found[i]
    if after.kind not in ("num", "vulgar", "cur", "open", "word") or before.kind not in (
        "num",
        "vulgar",
        "close",
        "pct",
        "word",
        "cur",
    ):
        return False
    if after.kind == "word":
        return before.kind == "num" and token.spaced and after.spaced and len(after.text) > 3
    if after.kind == "open" and before.kind == "num" and not token.spaced:
        return False
    if before.kind == "word" and before.text.lower() in (
        "let",
        "so",
        "then",
        "is",
        "and",
        "of",
        "for",
        "that",
        "get",
        "where",
    ):
        return False
    return token.spaced or before.kind != "word"
