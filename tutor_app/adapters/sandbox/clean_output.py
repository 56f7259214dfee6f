"""Makes what a confined process sent fit to be shown: text without control characters, SVG from an allow-list.

It drops and escapes; it never repairs, loads or runs anything.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from typing import Final
from xml.etree import ElementTree as ET

# Everything a terminal or a text layout could take as an order: C0 and C1 controls but line feed and tab, format
# characters (bidirectional overrides, invisible tags) but the joiners that scripts and emoji need, and what is
# no character at all.
_SUSPECT: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ue000-\uf8ff\ufeff\ufff0-\ufffc\ufffe\uffff\U000e0000-\U0010ffff]"
)
_COMBINING: Final = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_MARKS: Final = re.compile(f"({_COMBINING}{{4}}){_COMBINING}+")


def visible(text: str) -> str:
    """The text with control, format and surrogate characters written as escapes, and towers of accents cut."""
    if text.isprintable():
        return text if text.isascii() else _MARKS.sub(r"\1", text)
    text = text.replace("\r\n", "\n")
    if not text.isascii():
        text = _MARKS.sub(r"\1", text)
    return _SUSPECT.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if unicodedata.category(match[0]) == "Co":
        return "\ufffd"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


MAX_PNG_SIDE: Final = 4000


def png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from a PNG's header, None if it is no PNG or decodes to too much."""
    if len(data) < 33 or data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    if not (0 < width <= MAX_PNG_SIDE and 0 < height <= MAX_PNG_SIDE):
        return None
    return width, height


_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_TAGS: Final = frozenset(
    (  # noqa: SIM905 - one name a line would hide the list
        "svg g defs path use clipPath rect circle ellipse line polyline polygon image text tspan "
        "linearGradient radialGradient stop"
    ).split()
)
_ATTRIBUTES: Final = frozenset(
    (  # noqa: SIM905 - one name a line would hide the list
        "id d x y x1 y1 x2 y2 cx cy r rx ry fx fy dx dy width height viewBox version points transform style "
        "class clip-path clip-rule clipPathUnits fill fill-opacity fill-rule stroke stroke-width "
        "stroke-opacity stroke-linecap stroke-linejoin stroke-dasharray stroke-dashoffset stroke-miterlimit opacity "
        "font-size font-family font-style font-weight text-anchor offset stop-color stop-opacity "
        "gradientUnits gradientTransform preserveAspectRatio"
    ).split()
)
_PROPERTY: Final = re.compile(r"\s*([a-z-]+)\s*:\s*([^;{}<>\\]*)\s*")
_HARMLESS_VALUE: Final = re.compile(r"[^()]*|[a-z]+\([-\d.,%\s]*\)|url\(#[\w.-]+\)")
_TRANSFORM: Final = re.compile(r"(\s*(translate|scale|rotate|matrix|skewX|skewY)\([-+\d.,eE\s]*\)\s*,?)*")
_IMAGE: Final = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=\s]*")
_DOCTYPE: Final = re.compile(r"<!DOCTYPE[^>\[]*>")
MAX_SVG: Final = 2 << 20
MAX_ELEMENTS: Final = 20_000
MAX_DEPTH: Final = 40
# What matplotlib says in its style sheet, said on the root, since style sheets are dropped.
_DEFAULTS: Final = {"stroke-linejoin": "round", "stroke-linecap": "butt"}

ET.register_namespace("", _SVG)
ET.register_namespace("xlink", _XLINK)


def clean_svg(text: str) -> str:
    """The picture rebuilt from known elements and attributes, or empty if it is none.

    No scripts, style sheets, links, fonts, animations, external references or entities remain.
    """
    if len(text) > MAX_SVG:
        return ""
    text = _DOCTYPE.sub("", text, count=1)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return ""
    try:
        root = ET.fromstring(text)
    except (ET.ParseError, ValueError, RecursionError):
        return ""
    if root.tag != f"{{{_SVG}}}svg":
        return ""
    left = [MAX_ELEMENTS]
    clean = _rebuild(root, left, MAX_DEPTH)
    if clean is None or left[0] < 0:
        return ""
    for name, value in _DEFAULTS.items():
        clean.attrib.setdefault(name, value)
    return ET.tostring(clean, encoding="unicode")


def _rebuild(element: ET.Element, left: list[int], depth: int) -> ET.Element | None:
    left[0] -= 1
    namespace, _, name = str(element.tag).rpartition("}")
    if namespace != f"{{{_SVG}" or name not in _TAGS or left[0] < 0 or depth == 0:
        return None
    new = ET.Element(element.tag)
    for key, value in element.attrib.items():
        kept = _attribute(name, key, value)
        if kept is not None:
            new.set(key, kept)
    if name in ("text", "tspan"):
        new.text = visible(element.text or "")
        new.tail = visible(element.tail or "") if name == "tspan" else None
    for child in element:
        rebuilt = _rebuild(child, left, depth - 1)
        if rebuilt is not None:
            new.append(rebuilt)
    return new


def _attribute(tag: str, key: str, value: str) -> str | None:
    if key in (f"{{{_XLINK}}}href", "href"):
        inside = value.startswith("#") and tag in ("use", "linearGradient", "radialGradient")
        return value if inside or (tag == "image" and _IMAGE.fullmatch(value)) else None
    if key not in _ATTRIBUTES:
        return None
    if key == "style":
        found = (_PROPERTY.fullmatch(p) for p in value.split(";") if p.strip())
        return "; ".join(f"{m[1]}: {m[2]}" for m in found if m and _HARMLESS_VALUE.fullmatch(m[2].strip()))
    if key in ("transform", "gradientTransform"):
        return value if _TRANSFORM.fullmatch(value) else None
    return value if _HARMLESS_VALUE.fullmatch(value.strip()) else None
