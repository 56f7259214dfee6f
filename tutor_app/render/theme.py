"""Colours, fonts and the spacing scale: the one place that says how the window looks.

A theme is a JSON file of colours in ``resources/themes``; the same :class:`Theme` styles widgets (one style sheet),
the transcript and, with :func:`paper`, what is printed. Reads only files that ship with the program.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from typing import Final, Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication

from tutor_app.resources import resources

SPACE: Final = 8
"""Unit of all gaps, in pixels."""
COLUMN: Final = 720
"""Widest line of text, in pixels at 100 % zoom: about 80 characters."""

_TEXT: Final = ("STIX Two Text", "Cambria", "Charter", "Georgia", "DejaVu Serif")
_UI: Final = ("Inter", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "DejaVu Sans")
_MONO: Final = ("JetBrains Mono", "Cascadia Mono", "SF Mono", "Menlo", "Consolas", "DejaVu Sans Mono")
_JOINING: Final = tuple(QFont.Tag(name) for name in ("liga", "clig", "dlig", "calt"))


@dataclass(frozen=True, slots=True)
class Theme:
    """Every colour the window uses, as ``#rrggbb``."""

    window: str
    sidebar: str
    page: str
    field: str
    ink: str
    muted: str
    faint: str
    line: str
    line_strong: str
    accent: str
    accent_hover: str
    accent_ink: str
    accent_soft: str
    selection: str
    code_back: str
    output_back: str
    answer_back: str
    answer_line: str
    good: str
    bad: str
    warn: str
    error_back: str
    figure_back: str
    mark: str
    mark_here: str
    mark_ink: str
    code_keyword: str
    code_string: str
    code_number: str
    code_comment: str
    code_name: str
    code_function: str
    code_operator: str

    def color(self, name: str) -> QColor:
        """The colour called ``name``."""
        return QColor(getattr(self, name))

    @property
    def is_dark(self) -> bool:
        """Whether text is lighter than the page."""
        return self.color("page").lightness() < 128


@cache
def load(name: Literal["light", "dark"]) -> Theme:
    """The theme of that name."""
    data = json.loads((resources() / "themes" / f"{name}.json").read_text(encoding="utf-8"))
    return Theme(**{f.name: data[f.name] for f in fields(Theme)})


@cache
def paper() -> Theme:
    """The light theme on white paper, for print and PDF."""
    light = load("light")
    return Theme(**{f.name: "#ffffff" if f.name == "page" else getattr(light, f.name) for f in fields(Theme)})


def resolve(choice: str) -> Theme:
    """The theme to use for the user's choice: ``light``, ``dark``, or whatever the desktop has."""
    if choice not in ("light", "dark"):
        hints = QGuiApplication.styleHints()
        choice = "dark" if hints.colorScheme() == Qt.ColorScheme.Dark else "light"
    return load("dark" if choice == "dark" else "light")


@cache
def _families() -> tuple[list[str], list[str], list[str]]:
    """Registers the shipped fonts; returns text, interface and monospace families, best first."""
    for file in sorted((resources() / "fonts").glob("*.[ot]tf")):
        QFontDatabase.addApplicationFont(str(file))
    return list(_TEXT), list(_UI), list(_MONO)


def text_font(pixels: float) -> QFont:
    """The book face of the transcript; ziamath's face is its mathematical companion."""
    return _font(_families()[0], pixels, QFont.StyleHint.Serif)


def ui_font(pixels: float) -> QFont:
    """The face of controls."""
    return _font(_families()[1], pixels, QFont.StyleHint.SansSerif)


def mono_font(pixels: float) -> QFont:
    """The face of code."""
    font = _font(_families()[2], pixels, QFont.StyleHint.Monospace)
    font.setFixedPitch(True)
    return font


def _font(families: list[str], pixels: float, hint: QFont.StyleHint) -> QFont:
    font = QFont(families)
    font.setStyleHint(hint)
    # Pixel sizes are whole numbers in Qt; going through points keeps zoom steps even.
    font.setPixelSize(max(6, round(pixels)))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    # Ligatures would merge "!=" in code into another sign, and what a PDF draws with one cannot be searched or copied.
    for feature in _JOINING:
        font.setFeature(feature, 0)
    return font
