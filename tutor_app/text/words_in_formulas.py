r"""Words inside a formula: accents, letters and signs that are commands in text, formulas in them, and direction.

:func:`plain_words` is for what stands in ``\text{}``; :func:`named_words` finds words that stand in a formula as the
name of a quantity. Pure text in, text out.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ACCENTS: Final = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "r": "\u030a", "k": "\u0328",
}  # fmt: skip
_LETTERS: Final = {
    "ss": "\u00df", "o": "\u00f8", "O": "\u00d8", "ae": "\u00e6", "AE": "\u00c6", "oe": "\u0153", "OE": "\u0152",
    "aa": "\u00e5", "AA": "\u00c5", "l": "\u0142", "L": "\u0141", "i": "\u0131", "j": "\u0237",
    "ldots": "...", "dots": "...", "textellipsis": "...", "textbackslash": "\u29f5", "euro": "\u20ac",
    "texteuro": "\u20ac", "pounds": "\u00a3", "textsterling": "\u00a3", "yen": "\u00a5", "S": "\u00a7", "P": "\u00b6",
    "copyright": "\u00a9", "textdegree": "\u00b0", "textbullet": "\u2022", "textquoteright": "\u2019",
    "textquoteleft": "\u2018", "textendash": "\u2013", "textemdash": "\u2014", "textasciitilde": "\u223c",
    "textasciicircum": "\u02c6", "textless": "<", "textgreater": ">", "textbar": "|", "quad": "\u2003",
}  # fmt: skip
_ACCENT: Final = re.compile(
    r"\\(?:([\"'`^~=.])\s*|([cvuHrk])(?=\s*\{|\s+[A-Za-z])\s*)(?:\{\s*(\\?[A-Za-z]?)\s*\}|(\\[ij](?![A-Za-z])|[A-Za-z]))"
)
_LETTER: Final = re.compile(rf"\\({'|'.join(sorted(_LETTERS, key=len, reverse=True))})(?:\{{\}}|(?![A-Za-z])[ ]?)")
_NAMED: Final = re.compile(
    r"\\(mathrm|mathsf|mathtt|mathbf|mathit|operatorname\*?)\s*\{\s*([A-Za-z]{2,}(?:\\?_[A-Za-z0-9]{2,})+)\s*\}"
)
_STYLES: Final = {"mathbf": "textbf", "mathit": "textit"}
_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def plain_words(words: str) -> str:
    """Words as characters: ``caf\\'e`` is a word with an accent, ``\\ldots`` three dots; other commands stay."""
    if "\\" in words:
        words = re.sub(r"\\\((.*?)\\\)", r"$\1$", words, flags=re.DOTALL)
        words = _LETTER.sub(lambda m: _LETTERS[m[1]], _ACCENT.sub(_accented, words))
    return re.sub(r"<(U\+[0-9A-F]{4,6})>", "\u2039\\1\u203a", words)  # how a character without a font is shown


def _accented(m: re.Match[str]) -> str:
    letter = (m[3] or m[4] or "").lstrip("\\")
    return unicodedata.normalize("NFC", f"{letter or chr(0xA0)}{_ACCENTS[m[1] or m[2]]}") if letter else m[1] or m[0]


def named_words(source: str) -> str:
    r"""``\mathrm{total_cost}`` as text: in such a name the line is a letter, not the mark of an index."""

    def text(m: re.Match[str]) -> str:
        words = re.sub(r"\\?_", r"\\_", m[2])
        return f"\\{_STYLES.get(m[1], 'text')}{{{words}}}"

    return _NAMED.sub(text, source) if "_" in source else source


def spaces_apart(words: str) -> tuple[str, str, str]:
    """Words from right to left without the spaces at their ends, which would stand at the wrong side of them."""
    if not _RIGHT_TO_LEFT.search(words):
        return "", words, ""
    inner = words.strip()
    before, _, after = words.partition(inner)
    return "\\ " if before else "", inner, "\\ " if after else ""
