"""Letters of scripts that TeX's own fonts lack: which script a letter belongs to, and the fonts that have it. Data."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

FONTS: Final[dict[str, str]] = {
    "Han": "Noto Serif CJK SC,Noto Sans CJK SC,Source Han Serif SC,Songti SC,SimSun,Microsoft YaHei,FandolSong,"
    "WenQuanYi Zen Hei,Droid Sans Fallback",
    "Kana": "Noto Serif CJK JP,Noto Sans CJK JP,Source Han Serif JP,Hiragino Mincho ProN,Yu Mincho,MS Mincho,IPAMincho,"
    "Noto Serif CJK SC,Noto Sans CJK SC,Droid Sans Fallback",
    "Hangul": "Noto Serif CJK KR,Noto Sans CJK KR,Source Han Serif KR,AppleMyungjo,Malgun Gothic,UnBatang,"
    "Noto Serif CJK SC,Noto Sans CJK SC,Droid Sans Fallback",
    "Cyrillic": "CMU Serif,DejaVu Serif,Noto Serif,Times New Roman,FreeSerif",
    "Greek": "CMU Serif,DejaVu Serif,Noto Serif,Times New Roman,FreeSerif",
    "Latin": "DejaVu Serif,Noto Serif,Times New Roman,FreeSerif",
    "Arabic": "Amiri,Noto Naskh Arabic,Noto Sans Arabic,Geeza Pro,Arial,DejaVu Sans,FreeSerif",
    "Hebrew": "Noto Serif Hebrew,Noto Sans Hebrew,Arial Hebrew,David,Arial,DejaVu Sans,FreeSerif",
    "Devanagari": "Noto Serif Devanagari,Noto Sans Devanagari,Kohinoor Devanagari,Nirmala UI,Mangal,Lohit Devanagari,"
    "FreeSerif",
    "Bengali": "Noto Serif Bengali,Noto Sans Bengali,Nirmala UI,Lohit Bengali,FreeSerif",
    "Tamil": "Noto Serif Tamil,Noto Sans Tamil,Nirmala UI,Lohit Tamil,FreeSerif",
    "Thai": "Noto Serif Thai,Noto Sans Thai,Thonburi,Leelawadee UI,Norasi,FreeSerif",
    "Armenian": "Noto Serif Armenian,Noto Sans Armenian,DejaVu Serif,FreeSerif",
    "Georgian": "Noto Serif Georgian,Noto Sans Georgian,DejaVu Serif,FreeSerif",
}
"""Fonts of each script, the first that a computer has is taken."""
RIGHT_TO_LEFT: Final = frozenset({"Arabic", "Hebrew"})
UNSPACED: Final = frozenset({"Han", "Kana"})
"""Scripts whose lines may break between any two characters."""
SHAPED: Final = frozenset({"Arabic", "Hebrew", "Devanagari", "Bengali", "Tamil", "Thai"})
"""Scripts whose fonts must be told to join or place their letters."""
_BLOCKS: Final = {
    "CJK": "Han", "IDEOGRAPHIC": "Han", "FULLWIDTH": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana",
    "HALFWIDTH": "Kana", "HANGUL": "Hangul",
}  # fmt: skip


@lru_cache(maxsize=4096)
def script_of(c: str) -> str:
    """The script of one letter that needs a font of its own, a key of :data:`FONTS`; empty for all others."""
    if c < "\u0180" or unicodedata.category(c)[0] not in "LMPN":
        return ""
    if "\u3000" <= c <= "\u303f":
        return "Han"
    word = unicodedata.name(c, "").split(" ", 1)[0].split("-", 1)[0]
    script = _BLOCKS.get(word, word.capitalize())
    return script if script in FONTS else ""


def is_mark(c: str) -> bool:
    """Whether it is drawn with the letter before it."""
    return unicodedata.category(c)[0] == "M" or c in "\u200c\u200d"


def runs(text: str) -> list[tuple[str, str]]:
    """The text as (script, run) pairs, the script empty for what needs no font of its own.

    Spaces, marks and signs between two letters of a script belong to its run. One or two Greek letters without
    accents are mathematics.
    """
    if text.isascii():
        return [("", text)] if text else []
    found: list[tuple[str, str]] = []
    pending = ""
    for c in text:
        script = script_of(c)
        last = found[-1][0] if found else ""
        if script and script == last:
            found[-1] = (last, found[-1][1] + pending + c)
            pending = ""
        elif last and is_mark(c) and not pending:
            found[-1] = (last, found[-1][1] + c)
        elif last and not script and c in " -" and last not in UNSPACED:
            pending += c
        else:
            if pending:
                found.append(("", pending))
                pending = ""
            if found and found[-1][0] == script:
                found[-1] = (script, found[-1][1] + c)
            else:
                found.append((script, c))
    if pending:
        found.append(("", pending))
    return _merged([("" if s == "Greek" and _is_symbol(run) else s, run) for s, run in found])


def _is_symbol(run: str) -> bool:
    return len(run) <= 2 and all("\u0391" <= c <= "\u03c9" for c in run)


def _merged(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    for script, run in found:
        if out and out[-1][0] == script:
            out[-1] = (script, out[-1][1] + run)
        else:
            out.append((script, run))
    return out
