"""A figure drawn for white paper, in colours that fit a dark page. Text of an SVG in, text out; pictures in it stay.

Lightness is turned round, so that what stood out still does, and a hue stays itself: the red curve stays red. A figure
whose own ground is dark already, or unknown, is left as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from PySide6.QtGui import QColor

_COLOUR: Final = re.compile(
    r"""(?<![-\w])((?:fill|stroke|stop-color)\s*(?::|=\s*["'])\s*)(#[0-9a-fA-F]{3,8}|rgba?\([^()]*\)|[a-zA-Z]+)"""
)
_DEFINED: Final = re.compile(r"<defs\b[^<>]*(?<!/)>.*?</defs\s*>", re.S)
_FIRST_SHAPE: Final = re.compile(r"<(?:path|rect)\b[^<>]*>")
_NO_COLOUR: Final = frozenset(("none", "inherit", "currentcolor", "url", "context", "transparent"))
_LIGHT: Final = 0.8
"""Lightness from which a ground is paper."""
_NEUTRAL: Final = 0.12
"""Saturation below which a colour is a grey, and gets the page's own tint."""
_SEEN: Final = 3.0
"""Contrast with its ground from which a line is seen."""


def ground_of(svg: str) -> QColor | None:
    """The colour behind a figure, which its first shape fills; None if it has none."""
    shape = _FIRST_SHAPE.search(_DEFINED.sub("", svg))
    if shape is None:
        return None
    filled = next((m[2] for m in _COLOUR.finditer(shape[0]) if m[1].startswith("fill")), "black")
    return QColor(filled) if QColor.isValidColorName(filled) else None


def for_dark(svg: str, ground: QColor, ink: QColor) -> str:
    """The same figure for a dark page.

    Args:
        svg: As it was drawn.
        ground: What white becomes.
        ink: What black becomes.

    Returns:
        The figure, or an empty text if its colours should stay.
    """
    own, start = ground_of(svg), re.search(r"<svg\b", svg)
    if own is None or start is None or own.lightnessF() < _LIGHT:
        return ""
    pair = ground.name(), ink.name()
    turned = _COLOUR.sub(lambda m: m[1] + _turned(m[2], *pair), svg[start.end() :])
    # What names no colour is black, such as the outlines of letters.
    inherited = "" if re.match(r"[^<>]*\sfill\s*=", turned) else f' fill="{ink.name()}"'
    return f"{svg[: start.end()]}{inherited}{turned}"


@lru_cache(maxsize=1024)
def _turned(written: str, ground: str, ink: str) -> str:
    if written.lower() in _NO_COLOUR:
        return written
    numbers = re.findall(r"[\d.]+", written) if written.startswith("rgb") else []
    if numbers and (len(numbers) != 3 or "%" in written):
        return written
    color = QColor(*(min(255, round(float(n))) for n in numbers)) if numbers else QColor(written)
    if not color.isValid():
        return written
    back, front = QColor(ground), QColor(ink)
    light, hue, saturation = color.lightnessF(), color.hslHueF(), color.hslSaturationF()
    mixed = [c * light + d * (1 - light) for c, d in zip(_parts(back), _parts(front), strict=True)]
    found = QColor.fromRgbF(*mixed)
    if saturation >= _NEUTRAL and 0 < light < 1:
        lightness = back.lightnessF() * light + front.lightnessF() * (1 - light)
        found = QColor.fromHslF(hue, min(saturation, 0.85), lightness)
        stood_out = _contrast(color, QColor("white")) >= _SEEN
        while stood_out and lightness < 0.95 and _contrast(found, back) < _SEEN:
            lightness += 0.02
            found = QColor.fromHslF(hue, min(saturation, 0.85), lightness)
    return found.name()


def _parts(color: QColor) -> tuple[float, float, float]:
    return color.redF(), color.greenF(), color.blueF()


def _contrast(one: QColor, other: QColor) -> float:
    """How far two colours stand apart, 1 to 21: https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: QColor) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _parts(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
