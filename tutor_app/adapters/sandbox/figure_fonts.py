"""Finds an installed font for letters that matplotlib's own font does not have, such as Chinese ones.

It only reads font files, and only when a figure needs them: on a computer with many fonts looking at all takes seconds.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any, Final

FONT_FOLDERS: Final = {
    "linux": ("/usr/share/fonts", "/usr/local/share/fonts"),
    "darwin": ("/System/Library/Fonts", "/Library/Fonts"),
    "win32": ("C:/Windows/Fonts",),
}.get(sys.platform, ())
SEARCH_SECONDS: Final = 2.0
_FIRST_ASKED: Final = 0x0300
"""Everything below is in matplotlib's own font."""
_STYLED: Final = ("bold", "italic", "oblique", "black", "light", "thin", "heavy", "mono", "condensed", "medium")

_found: dict[str, str] = {}
"""Letters that only an installed font has, with its file."""
_absent: set[str] = set()


def use_installed_fonts(figure: Any) -> str:
    """Let the texts of ``figure`` fall back to installed fonts; returns the letters that none has."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if type(axis.get_major_formatter()).__name__ != "ScalarFormatter":
                axis.get_ticklabels()  # names of categories are not in the texts before they are asked for
    texts = [t for t in figure.findobj(import_module("matplotlib.text").Text) if t.get_text()]
    wanted = {c for t in texts for c in t.get_text() if ord(c) >= _FIRST_ASKED}
    lacking = {c for c in wanted if not _own_font().get_char_index(ord(c)) and unicodedata.category(c)[0] not in "CMZ"}
    if not lacking:
        return ""
    _find(lacking - _found.keys() - _absent)
    families = list(dict.fromkeys(_load(_found[c]).family_name for c in sorted(lacking & _found.keys())))
    for text in texts:
        if lacking.intersection(text.get_text()) and families:
            text.set_fontfamily([*text.get_fontfamily(), *families])
    return "".join(sorted(lacking & _absent))


def faces_with(letters: set[str], files: Iterable[str]) -> dict[str, str]:
    """For each letter the first of the font files that has it.

    It looks for :data:`SEARCH_SECONDS` at most and keeps no file open, as matplotlib's own cache of fonts would.
    """
    face = import_module("matplotlib.ft2font").FT2Font
    end = monotonic() + SEARCH_SECONDS
    found: dict[str, str] = {}
    for path in files:
        left = letters - found.keys()
        if not left or monotonic() > end:
            break
        with suppress(OSError, RuntimeError, ValueError), Path(path).open("rb") as file:
            font = face(file)
            found.update({c: path for c in left if font.scalable and font.get_char_index(ord(c))})
    return found


def _find(letters: set[str]) -> None:
    """Search the installed fonts for ``letters``."""
    found = faces_with(letters, _font_files())
    for path in dict.fromkeys(found.values()):
        import_module("matplotlib.font_manager").fontManager.addfont(path)
    _found.update(found)
    _absent.update(letters - found.keys())
    _serve_formulas()


@cache
def _font_files() -> tuple[str, ...]:
    """Files of fonts, plain upright faces first."""

    def files() -> Iterator[str]:
        for top in FONT_FOLDERS:
            for folder, _, names in os.walk(top):
                yield from (f"{folder}/{n}" for n in names if n.lower().endswith((".ttf", ".otf", ".ttc")))

    return tuple(sorted(files(), key=lambda p: (any(s in Path(p).name.lower() for s in _STYLED), p)))


@cache
def _load(path: str) -> Any:
    return import_module("matplotlib.font_manager").get_font(path)


@cache
def _own_font() -> Any:
    manager = import_module("matplotlib.font_manager")
    return manager.get_font(manager.findfont("DejaVu Sans"))


@cache
def _serve_formulas() -> None:
    """Have labels with a formula in them use the fonts that were found, too; they know of no fall-backs themselves."""
    fonts = import_module("matplotlib._mathtext").UnicodeFonts
    own_glyph = fonts._get_glyph

    def glyph(self: Any, fontname: str, font_class: str, sym: str) -> Any:
        if sym in _found:
            return _load(_found[sym]), ord(sym), False
        return own_glyph(self, fontname, font_class, sym)

    fonts._get_glyph = glyph
