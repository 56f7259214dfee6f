"""LaTeX to MathML that a browser shows without a script, with the LaTeX kept as its annotation.

What the converter leaves to old MathML (boxes, column alignment) is said again in CSS, which is what MathML Core
browsers follow. What cannot be converted, even after :mod:`tutor_app.text.repair`, is None: the caller shows the
source. The result is built from known elements and attributes only, so a formula cannot bring markup of its own.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import lru_cache
from itertools import pairwise
from typing import Final

from tutor_app.text.clean import without_controls
from tutor_app.text.latex_import import prepare_import
from tutor_app.text.math_spacing import LARGE_LIMITS, name_signs
from tutor_app.text.repair import attempts
from tutor_app.text.speech import spoken

MAX_SOURCE: Final = 6000
_MATHML: Final = "http://www.w3.org/1998/Math/MathML"
_KNOWN_ELEMENTS = """
math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts
mprescripts mtable mtr mtd mstyle mpadded mphantom merror ms none
"""
_ELEMENTS: Final = frozenset(_KNOWN_ELEMENTS.split())
_KNOWN_ATTRIBUTES = """
display displaystyle scriptlevel mathvariant mathcolor mathbackground mathsize stretchy fence form separator
lspace rspace minsize maxsize largeop movablelimits accent accentunder symmetric linethickness width height depth
columnspan rowspan
"""
_ATTRIBUTES: Final = frozenset(_KNOWN_ATTRIBUTES.split())
_STACKED: Final = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_FENCES: Final = frozenset("()[]{}|\u2016\u2225")
_LONG: Final = 40
"""Characters of a display formula that fits in the column of a small page."""
_OPENING: Final = frozenset("([{\u27e8\u2308\u230a")
_CLOSING: Final = frozenset(")]}\u27e9\u2309\u230b")
_BREAKS: Final = frozenset("=<>\u2264\u2265\u2260\u2248\u2261\u223c\u21d2\u27f9\u21d4\u27fa\u2192+\u2212\u00b1-")
_ALIGNED: Final = {"left", "right", "center"}


def mathml(source: str, display: bool) -> str | None:
    """A ``<math>`` element, or None if the source cannot be converted."""
    return _converted(source, display) if source.strip() and len(source) <= MAX_SOURCE else None


def mathml_lines(source: str) -> tuple[str, ...]:
    """A long display formula as several ``<math>`` elements, between which a browser may begin another line.

    Browsers break no formula themselves, so that paper cuts it off. They are cut before relations and signs of sums
    outside of brackets; the first one keeps the source. Empty for a formula that is short or has no such place.
    """
    whole = mathml(source, display=True)
    if whole is None:
        return ()
    semantics = ET.fromstring(whole.replace(f' xmlns="{_MATHML}"', "", 1))[0]
    row, annotation = semantics[0], semantics[1]
    while len(row) == 1 and row[0].tag == "mrow":
        row = row[0]
    if len("".join(row.itertext())) <= _LONG:
        return ()
    cuts = [0, *_places_to_break(row), len(row)]
    lines = []
    for first, last in pairwise(cuts):
        math = ET.Element("math", {"displaystyle": "true"})
        part = ET.SubElement(math, "mrow")
        part.extend(list(row)[first:last])
        if first:
            part[0].set("form", "infix")
        else:
            math.remove(part)
            kept = ET.SubElement(math, "semantics")
            kept.extend((part, annotation))
        lines.append(_as_text(math))
    return tuple(lines) if len(lines) > 1 else ()


def _places_to_break(row: ET.Element) -> list[int]:
    """Before which elements of a row another line may begin."""
    found, depth = [], 0
    for k, element in enumerate(row):
        sign = element.text or "" if element.tag == "mo" else ""
        depth += (sign in _OPENING) - (sign in _CLOSING)
        before = row[k - 1] if k else None
        is_binary = before is not None and (before.tag != "mo" or (before.text or "") in _CLOSING)
        if depth == 0 and is_binary and sign in _BREAKS:
            found.append(k)
    return found


@lru_cache(maxsize=2048)
def _converted(source: str, display: bool) -> str | None:
    prepare_import()
    from latex2mathml.converter import convert

    for candidate in attempts(source):
        try:
            root = ET.fromstring(convert(candidate, display="block" if display else "inline"))
            name_signs(root)
            body = _body(root)
            if body is not None and "\\nolimits" not in candidate:
                _stack_limits(body)
        except (Exception, RecursionError):  # noqa: BLE001  (a parser over hostile text: any failure is "cannot")
            continue
        if body is None:
            continue
        math = ET.Element("math", {"display": "block"} if display else {})
        # For whoever hears the page: few screen readers read MathML, all read a name.
        math.set("alttext", without_controls(spoken(source)))
        semantics = ET.SubElement(math, "semantics")
        semantics.append(body)
        annotation = ET.SubElement(semantics, "annotation", {"encoding": "application/x-tex"})
        annotation.text = source
        return _as_text(math)
    return None


def _as_text(math: ET.Element) -> str:
    return ET.tostring(math, encoding="unicode").replace("<math", f'<math xmlns="{_MATHML}"', 1)


def _body(root: ET.Element) -> ET.Element | None:
    """The formula with known elements and attributes only; None if a command was not understood."""
    body = _cleaned(root)
    body.tag = "mrow"
    body.attrib.clear()
    for leaf in body.iter():
        if leaf.text and re.search(r"\\[A-Za-z]", leaf.text):
            return None
    return body


def _stack_limits(body: ET.Element) -> None:
    """Limits of sums, products and unions below and above their sign; a browser moves them beside it in a line."""
    for element in body.iter():
        if element.tag in _STACKED and len(element) and (element[0].text or "").strip() in LARGE_LIMITS:
            element.tag = _STACKED[element.tag]
            element[0].tag = "mo"
            element[0].attrib.update(largeop="true", movablelimits="true")


def _cleaned(element: ET.Element) -> ET.Element:
    tag = element.tag.rsplit("}", 1)[-1]
    given = dict(element.attrib)
    style = ""
    if tag == "menclose":
        tag = "mrow"
        notation = given.get("notation", "")
        style = {
            "box": "border:1px solid;padding:.15em .35em",
            "roundedbox": "border:1px solid;border-radius:.3em;padding:.15em .35em",
            "circle": "border:1px solid;border-radius:50%;padding:.15em .35em",
            "top": "border-top:1px solid",
            "bottom": "border-bottom:1px solid",
            "left": "border-left:1px solid",
            "right": "border-right:1px solid",
        }.get(notation.split(" ")[0], "text-decoration:line-through" if "strike" in notation else "")
    elif tag not in _ELEMENTS:
        tag = "mrow"
    if tag == "mtd" and given.get("columnalign") in _ALIGNED:
        style = f"text-align:{given['columnalign']}"
    out = ET.Element(tag, {k: v for k, v in given.items() if k in _ATTRIBUTES})
    if style:
        out.set("style", style)
    out.text = element.text
    for child in element:
        new = _cleaned(child)
        new.tail = None  # between elements there is only white space
        out.append(new)
    _fence(out)
    if tag == "mtable":
        _ruled(out, given)
    return out


def _fence(row: ET.Element) -> None:
    """Brackets beside a matrix grow with it; a plain round one does so in MathML everywhere, but not in LaTeX."""
    children = list(row)
    for k, sign in enumerate(children):
        if sign.tag == "mo" and (sign.text or "") in _FENCES:
            if any(beside.tag == "mtable" for beside in children[max(0, k - 1) : k + 2]):
                sign.attrib.setdefault("stretchy", "true")
            elif sign.text in ("(", ")"):
                sign.attrib.setdefault("stretchy", "false")


def _ruled(table: ET.Element, given: dict[str, str]) -> None:
    """The lines of an array, as borders of its cells; equal signs of an alignment stand close."""
    columns = given.get("columnlines", "").split()
    rows = given.get("rowlines", "").split()
    close = given.get("columnspacing", "").startswith("0em")
    for r, row in enumerate(table):
        for c, cell in enumerate(row):
            add = ""
            if c < len(columns) and columns[c] == "solid":
                add += ";border-right:1px solid"
            if r < len(rows) and rows[r] == "solid":
                add += ";border-bottom:1px solid"
            if close:
                add += ";padding-left:0;padding-right:0"
            if add:
                cell.set("style", (cell.get("style", "") + add).lstrip(";"))
