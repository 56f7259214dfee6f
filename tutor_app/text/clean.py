"""Which characters may be shown, and which SVG: the one policy for control characters.

What a confined process sent is made visible (control characters become escapes, SVG is rebuilt from an allow-list);
prose, code and formulas of models and users lose what is no text. It drops and escapes; it never repairs, loads or
runs anything.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from tutor_app.core.terminal import outside_controls

if TYPE_CHECKING:
    from tutor_app.core.trace_values import Variable

# Everything a terminal or a text layout could take as an order: C0 and C1 controls but line feed and tab, format
# characters (bidirectional overrides, invisible tags) but the joiners that scripts and emoji need, letters that
# are drawn as nothing, and what is no character at all.
_SUSPECT: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffc"
    "\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)
# Signs drawn over, under or into the one before: those of mathematics, of the scripts that have them, the
# choosers of a character's form and the joiners. Hebrew with all its points has four at most.
_COMBINING: Final = (
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u06d6-\u06dc\u06df-\u06e4\u0e31\u0e34-\u0e3a"
    "\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20ff\u302a-\u302f\u3099\u309a"
    "\ua66f-\ua67d\ufe00-\ufe0f\ufe20-\ufe2f]"
)
_NEVER_TEXT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffc\ufffe\uffff]")
_DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NOT_IN_FORMULAS: Final = re.compile("[\u200b-\u200f\u2028\u2029\u2060-\u206f\ue000-\uf8ff\ufeff]")
_MARKS: Final = re.compile(f"({_COMBINING}{{4}}){_COMBINING}+")


def visible(text: str) -> str:
    """The text with control, format and surrogate characters written as escapes, and towers of accents cut."""
    if text.isascii():
        return text if text.isprintable() else _SUSPECT.sub(_escape, text.replace("\r\n", "\n"))
    return _SUSPECT.sub(_escape, _MARKS.sub(r"\1", text.replace("\r\n", "\n")))


def visible_except_cursor(text: str) -> str:
    """The same, but carriage returns and what else moves the cursor within a line are kept for later."""
    return "".join(piece if control else visible(piece) for piece, control in outside_controls(text))


def without_controls(text: str, mark: str = "") -> str:
    """Prose and code without control characters and direction overrides; tabs and line ends stay.

    Args:
        text: What a model or a user wrote.
        mark: What is put for a control character; overrides leave nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _DIRECTIONS.sub("", _NEVER_TEXT.sub(mark, text))


def formula_text(source: str) -> str:
    """LaTeX without control characters, direction overrides and what has neither a width nor a glyph."""
    if source.isascii() and source.isprintable():
        return source
    return _NOT_IN_FORMULAS.sub("", without_controls(source))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if unicodedata.category(match[0]) == "Co":
        return "\ufffd"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


VALUE_CHARS: Final = 2_000


def clean_variable(name: object, kind: object, text: object, latex: object) -> Variable:
    """A value of a recording, its texts cut and made visible.

    Raises:
        ValueError: If it is none.
    """
    from tutor_app.core.trace_values import KINDS, Variable  # of recordings, which a window that opens has none of

    if not (isinstance(name, str) and isinstance(text, str) and isinstance(latex, str)) or kind not in KINDS:
        raise ValueError("no value of a recording")
    return Variable(_shown(name), kind, _shown(text), _shown(latex))


def _shown(text: str) -> str:
    return visible(text[:VALUE_CHARS])


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
# Known, harmless perhaps, but not drawn alike by all viewers; the same picture as pixels shows them.
_VISIBLE: Final = frozenset(("pattern", "mask", "filter"))
_ATTRIBUTES: Final = frozenset(
    (  # noqa: SIM905 - one name a line would hide the list
        "id d x y x1 y1 x2 y2 cx cy r rx ry fx fy dx dy width height viewBox version points transform style "
        "class clip-path clip-rule clipPathUnits fill fill-opacity fill-rule stroke stroke-width "
        "stroke-opacity stroke-linecap stroke-linejoin stroke-dasharray stroke-dashoffset stroke-miterlimit opacity "
        "font-size font-family font-style font-weight text-anchor offset stop-color stop-opacity "
        "gradientUnits gradientTransform preserveAspectRatio"
    ).split()
)
_SHAPES: Final = frozenset(("path", "rect", "circle", "ellipse", "line", "polyline", "polygon"))
# Patterns meet hostile text: each must fail in linear time, hence the possessive quantifiers.
_HARMLESS_VALUE: Final = re.compile(r"[^(){}<>\\]*+|[a-z]++\([-\d.,%\s]*+\)|url\(#[\w.-]++\)")
_TRANSFORM: Final = re.compile(
    r"\s*+((translate|scale|rotate|matrix|skewX|skewY)\([-+\d.,eE\s]*+\)[\s,]*+)*+",
)
_IMAGE: Final = "data:image/png;base64,"
MAX_SVG: Final = 2 << 20
MAX_ELEMENTS: Final = 20_000
MAX_DEPTH: Final = 40
MAX_REUSED: Final = 16 << 20
"""Characters of path data that all uses of shapes may draw together."""
# What matplotlib says in its style sheet, said on the root, since style sheets are dropped.
_DEFAULTS: Final = {"stroke-linejoin": "round", "stroke-linecap": "butt"}

ET.register_namespace("", _SVG)
ET.register_namespace("xlink", _XLINK)


def clean_svg(text: str) -> str:
    """The picture rebuilt from known elements and attributes, or empty if it is none or would look different.

    No scripts, style sheets, links, fonts, animations, external references or entities remain, and nothing that
    costs its viewer more than the size of the text suggests: only a plain shape may be drawn again by a ``use``,
    and the pictures inside unpack to no more than one picture may.
    """
    if len(text) > MAX_SVG:
        return ""
    before, doctype, rest = text.partition("<!DOCTYPE")
    declared, _, after = rest.partition(">")
    if "[" in declared or "<!DOCTYPE" in after or "<!ENTITY" in text:
        return ""
    text = before + after if doctype else text
    try:
        root = ET.fromstring(text)
    except (ET.ParseError, ValueError, RecursionError):
        return ""
    if root.tag != f"{{{_SVG}}}svg":
        return ""
    cleaner = _Cleaner(root)
    clean = cleaner.rebuild(root, MAX_DEPTH)
    if clean is None or cleaner.too_much or cleaner.lossy:
        return ""
    for name, value in _DEFAULTS.items():
        clean.attrib.setdefault(name, value)
    return ET.tostring(clean, encoding="unicode")


class _Cleaner:
    """One picture on its way, and what may still be spent on it."""

    def __init__(self, root: ET.Element) -> None:
        self._elements, self._reused, self._pixels = MAX_ELEMENTS, MAX_REUSED, MAX_PNG_SIDE**2
        self.lossy = False
        # Uses of uses would multiply: forty short lines can ask for more drawing than there is time in the world.
        self._shapes: dict[str, int] = {}
        others = set()
        for element in root.iter():
            name = element.get("id")
            if name is None:
                continue
            if _local(element) in _SHAPES:
                cost = sum(map(len, element.attrib.values()))
                self._shapes[name] = max(cost, self._shapes.get(name, 0))
            else:
                others.add(name)
        for name in others:
            self._shapes.pop(name, None)

    @property
    def too_much(self) -> bool:
        """Whether the picture is not worth its cost."""
        return min(self._elements, self._reused, self._pixels) < 0

    def rebuild(self, element: ET.Element, depth: int) -> ET.Element | None:
        """The element with what is known of it; None if it is not known itself."""
        self._elements -= 1
        name = _local(element)
        self.lossy = self.lossy or name in _VISIBLE
        if name not in _TAGS or self._elements < 0 or depth == 0:
            return None
        new = ET.Element(element.tag)
        for key, value in element.attrib.items():
            kept = self._attribute(name, key, value)
            if kept is not None:
                new.set(key, kept)
        if name == "path" and not new.get("d", "").strip():
            new.set("d", "M0 0")  # the shape of a blank; Qt complains of an empty one, and of every use of it
        if name in ("text", "tspan"):
            new.text = visible(element.text or "")
            new.tail = visible(element.tail or "") if name == "tspan" else None
        if name in _SHAPES:
            return new
        for child in element:
            rebuilt = self.rebuild(child, depth - 1)
            if rebuilt is not None:
                new.append(rebuilt)
        return new

    def _attribute(self, tag: str, key: str, value: str) -> str | None:
        if key in (f"{{{_XLINK}}}href", "href"):
            return self._reference(tag, value)
        if key not in _ATTRIBUTES:
            return None
        if key == "style":
            return "; ".join(_properties(value))
        if key in ("transform", "gradientTransform"):
            return value if _TRANSFORM.fullmatch(value) else None
        return value if _HARMLESS_VALUE.fullmatch(value.strip()) else None

    def _reference(self, tag: str, value: str) -> str | None:
        if tag == "image" and value.startswith(_IMAGE):
            data = "".join(value[len(_IMAGE) :].split())
            try:
                size = png_size(base64.b64decode(data, validate=True))
            except (ValueError, binascii.Error):
                return None
            if size is None:
                return None
            self._pixels -= size[0] * size[1]
            return _IMAGE + data
        if tag == "use" and value[:1] == "#" and value[1:] in self._shapes:
            self._reused -= self._shapes[value[1:]]
            return value
        return value if tag in ("linearGradient", "radialGradient") and value[:1] == "#" else None


def _local(element: ET.Element) -> str:
    """Name of an SVG element, empty for one of another kind."""
    namespace, _, name = str(element.tag).rpartition("}")
    return name if namespace == f"{{{_SVG}" else ""


def _properties(style: str) -> Iterator[str]:
    """The declarations that say how a shape looks; none that could move it about on a page."""
    for declaration in style.split(";"):
        name, colon, value = (part.strip() for part in declaration.partition(":"))
        if colon and name in _ATTRIBUTES and name != "style" and _HARMLESS_VALUE.fullmatch(value):
            yield f"{name}: {value}"
