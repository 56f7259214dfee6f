"""MathML as latex2mathml writes it, prepared for ziamath: spaces as in a book, rules, text in any script.

:func:`prepare` changes a tree in place, knows no fonts and draws nothing. What it repairs are differences between TeX
and MathML (a sign is no difference, a name like sin has a space after it, a fence that is not told to keeps its size)
and what the two libraries leave out.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Final

from tutor_app.text.repair import Rules, table_rules

_SIGNS: Final = frozenset("+-\u2212\u00b1\u2213")
_BINARY: Final = frozenset(
    "+-\u2212\u00b1\u2213\u00d7\u00f7\u22c5\u00b7\u2217\u2218\u222a\u2229\u2227\u2228\u2295\u2296\u2297\u2299\u2216\u22c6\u2a2f"
)
_RELATIONS: Final = frozenset(
    "=<>\u2264\u2265\u2a7d\u2a7e\u2260\u2248\u2261\u2262\u223c\u2243\u2245\u221d\u226a\u226b\u2208\u2209\u220b\u2282\u2283\u2284"
    "\u2286\u2287\u2288\u228a\u228b\u2190\u2192\u2194\u21a6\u21d0\u21d2\u21d4\u27f5\u27f6\u27f7\u27f8\u27f9\u27fa\u2223\u2224"
    "\u2225\u2226\u22a5\u27c2\u22a2\u22a8\u227a\u227b\u224d\u2250\u2254\u2255\u225c\u225d\u2a74"
)
_CLOSE_UP: Final = frozenset("\u2200\u2203\u2204\u00ac\u2202\u2207\u2220\u25b3\u2221!")
_CLOSING: Final = frozenset([")", "]", "}", "|", "\u27e9", "\u2309", "\u230b", "!", "\u2032", "%", "\u2026", "\u22ef"])
_BETTER: Final = {"~": "\u223c", "\u29f5": "\u2216"}
_NOT_IN_TABLE: Final = frozenset("\u2a00\u2a01\u2a02\u2a04\u2a06")
"""Large signs with limits (circled dot, plus and times, and unions) that ziamath's table of operators lacks."""
LARGE_LIMITS: Final = frozenset("\u2211\u220f\u2210\u22c3\u22c2\u22c1\u22c0") | _NOT_IN_TABLE
"""Those whose limits stand above and below them in a display; the integral's stand beside it."""
_LARGE: Final = LARGE_LIMITS | frozenset("\u222b\u222c\u222d\u222e\u222f\u2230")
_LIMIT_NAMES: Final = frozenset(["lim", "max", "min"])
_BESIDE: Final = {"munder": "msub", "mover": "msup", "munderover": "msubsup"}
_NARROW_ACCENTS: Final = {"^": "\u02c6", "~": "\u02dc"}
_ESCAPED: Final = {
    "\\{": "{", "\\}": "}", "\\|": "\u2016", "\\lbrace": "{", "\\rbrace": "}", "\\lbrack": "[", "\\rbrack": "]",
    "\\langle": "\u27e8", "\\rangle": "\u27e9", "\\lt": "<", "\\gt": ">", "\\backslash": "\\", "\\vert": "|",
    "\\Vert": "\u2016", "\\lgroup": "(", "\\rgroup": ")", "\\lmoustache": "\u23b0", "\\rmoustache": "\u23b1",
}  # fmt: skip
_ROWS: Final = frozenset(["math", "mrow", "mtd", "mstyle"])
_SCRIPTED: Final = frozenset(["msub", "msup", "msubsup", "munder", "mover", "munderover"])
_NAMED_SPACES: Final = {
    "veryverythin": 1, "verythin": 2, "thin": 3, "medium": 4, "thick": 5, "verythick": 6, "veryverythick": 7,
}  # fmt: skip

# ziamath takes an em for 4/3 of the text size.
_EM: Final = 0.75
_COLUMN_GAP: Final = 0.9
_RELATION_SPACE: Final = f"{5 / 18 * _EM:.3f}em"
_BINARY_SPACE: Final = f"{4 / 18 * _EM:.3f}em"
# Heights that the converter gives to \\big, \\Big, \\bigg and \\Bigg, and those that TeX gives them.
_BIG: Final = {
    "1.2em": f"{1.2 * _EM:.3f}em", "1.623em": f"{1.8 * _EM:.3f}em",
    "2.047em": f"{2.4 * _EM:.3f}em", "2.470em": f"{3.0 * _EM:.3f}em",
}  # fmt: skip
_THIN_SPACE: Final = f"{3 / 18 * _EM:.3f}em"


def name_signs(mathml: ET.Element) -> None:
    r"""Put the sign in place of a command that the converter has left as its name, as in ``\Big\{``.

    And the ground of a coloured box behind what is in it; on its own ground, text is black in every theme.

    Raises:
        ValueError: If a command has no sign; letters of commands are never shown.
    """
    from latex2mathml.symbols_parser import convert_symbol  # reads a large table: not before there is a formula

    for leaf in mathml.iter():
        if (colour := leaf.get("mathcolor", "")).startswith("ground:"):
            leaf.attrib.update(mathcolor="#000000", mathbackground=colour.removeprefix("ground:"))
        if len(leaf) or not leaf.text or "\\" not in leaf.text:
            continue
        name = leaf.text.strip()
        code = convert_symbol(name)
        if name in _ESCAPED:
            leaf.text = _ESCAPED[name]
        elif code is not None and leaf.tag.rpartition("}")[2] != "mtext":
            leaf.text = chr(int(code, 16))
        elif name != "\\":
            raise ValueError(f"unknown command in {name}")


def prepare(mathml: ET.Element, source: str, known: Callable[[str], bool]) -> None:
    """Make a tree ready for layout.

    Args:
        mathml: The tree; its names lose their namespace.
        source: The LaTeX it comes from, for the rules of its arrays.
        known: Whether the mathematics font has all characters of a text.

    Raises:
        ValueError: If a command was not understood.
    """
    for element in mathml.iter():
        element.tag = element.tag.rpartition("}")[2]
    name_signs(mathml)
    stack_lines(mathml)
    _mark_tables(mathml, source)
    _fill_styles(mathml)
    keep_limits = "\\limits" in source  # asked for wherever it stands; which sign it was is not in the tree
    for parent in list(mathml.iter()):
        if parent.tag == "mspace":
            _true_width(parent)
        elif parent.tag == "mfrac" or parent.get("displaystyle") == "false":
            _set_text_style(parent, keep_limits)
        elif parent.tag in _SCRIPTED:
            for script in parent[1:]:
                _set_text_style(script, keep_limits)
        elif parent.tag == "mover":
            _narrow_accent(parent)
        if parent.tag in _ROWS:
            _space_names(parent)
        children = list(parent)
        for i, child in enumerate(children):
            _true_height(child, children[max(0, i - 1) : i + 2])
            if i == 0 and parent.tag in ("msub", "msup", "msubsup") and child.tag in ("mo", "mi"):
                child.attrib.setdefault("stretchy", "false")  # as every fence that is not told to grow
            if child.tag == "mi" and child.text in _BETTER:
                child.text = _BETTER[child.text]
            if child.tag == "mi" and child.text and child.text in _RELATIONS | _BINARY:
                child.tag = "mo"
            if child.text and child.text in _NOT_IN_TABLE:
                child.tag = "mo"
                child.attrib.update(largeop="true", movablelimits="true", form="prefix")
            if child.tag in ("mo", "mi") and child.text and parent.tag in _ROWS and not parent.get("scriptlevel"):
                beside = children[max(0, i - 1) : i + 2]
                if all(e.tag != "mtable" for e in beside):  # the fences of a matrix grow without being told to
                    child.attrib.setdefault("stretchy", "false")
            if child.tag == "mo" and child.text:
                _space_operator(child, children[:i], children[i + 1] if i + 1 < len(children) else None)
    for enclosure in mathml.iter("menclose"):
        _close_up(enclosure)
    _set_foreign_as_text(mathml, known)


def stack_lines(mathml: ET.Element) -> None:
    """Centre the lines of ``gather``, which come as one row with line breaks in it."""
    for row in list(mathml.iter()):
        if not any(child.tag == "mspace" and child.get("linebreak") for child in row):
            continue
        table = ET.Element("mtable", {"displaystyle": "true"})
        cell = ET.SubElement(ET.SubElement(table, "mtr"), "mtd")
        for child in list(row):
            row.remove(child)
            if child.tag == "mspace" and child.get("linebreak"):
                cell = ET.SubElement(ET.SubElement(table, "mtr"), "mtd")
            else:
                cell.append(child)
        for line in list(table):
            if not len(line[0]):
                table.remove(line)
        row.append(table)


def _close_up(enclosure: ET.Element) -> None:
    """A sign that is struck out stands alone in its enclosure: the stroke is as long as the sign, not as its space."""
    held = enclosure
    while len(held) == 1:
        held = held[0]
    if held.tag == "mo" and "strike" in enclosure.get("notation", ""):
        held.attrib.update(lspace="0em", rspace="0em")


def _true_width(space: ET.Element) -> None:
    width = space.get("width", "")
    if m := re.fullmatch(r"(-?[\d.]+)em", width):
        space.set("width", f"{float(m[1]) * _EM:.3f}em")
    elif (m := re.fullmatch(r"(negative)?([a-z]+)mathspace", width)) and m[2] in _NAMED_SPACES:
        space.set("width", f"{'-' if m[1] else ''}{_NAMED_SPACES[m[2]] / 18 * _EM:.3f}em")


def _true_height(sign: ET.Element, beside: list[ET.Element]) -> None:
    height = _BIG.get(sign.get("minsize", ""))
    if height is None or sign.get("maxsize") != sign.get("minsize"):
        return
    if any(e.tag == "mfrac" and e.get("linethickness") == "0" for e in beside):  # a binomial's grow with it
        del sign.attrib["minsize"], sign.attrib["maxsize"]
        sign.set("stretchy", "true")
        return
    sign.attrib.update(minsize=height, maxsize=height)
    sign.attrib.setdefault("stretchy", "true")


def _set_text_style(element: ET.Element, keep_limits: bool) -> None:
    """Large signs in a fraction, a script or a cell are small, with their limits beside them."""
    for child in element:
        if child.tag == "mtable" or (child.tag == "mstyle" and child.get("displaystyle") == "true"):
            continue
        if child.tag == "mo" and (child.text or "").strip() in _LARGE | _LIMIT_NAMES:
            child.attrib.setdefault("displaystyle", "false")
        elif not keep_limits and child.tag in _BESIDE and len(child) and (child[0].text or "").strip() in LARGE_LIMITS:
            child.tag = _BESIDE[child.tag]
        _set_text_style(child, keep_limits)


def _narrow_accent(over: ET.Element) -> None:
    """A hat over one letter is not the stretched one, which is placed beside it."""
    if over.get("accent") != "true" or len(over) != 2 or over[1].text not in _NARROW_ACCENTS:
        return
    letters = [e for e in over[0].iter() if not len(e)]
    if len(letters) == 1 and len((letters[0].text or "").strip()) == 1:
        over[1].text = _NARROW_ACCENTS[over[1].text or ""]
        over[1].set("stretchy", "false")


def _is_name(element: ET.Element) -> bool:
    """Whether an element is the name of a function or a large sign, with or without limits or powers."""
    if element.tag in _SCRIPTED and len(element):
        return _is_name(element[0])
    text = "".join((element.text or "").split())  # "arg max" is a name, too
    return element.tag in ("mi", "mo") and (text in _LARGE if len(text) == 1 else text.isalpha())


def _space_names(row: ET.Element) -> None:
    """Thin spaces around names like sin and signs like the sum's; ziamath puts them also at a formula's ends."""
    at = 0
    while at < len(row):
        element = row[at]
        if not _is_name(element):
            at += 1
            continue
        name = element
        while name.tag in _SCRIPTED:
            name = name[0]
        name.tag = "mo"
        modulo = name is element and name.text == "mod"
        remainder = modulo and at > 0 and (row[at - 1].text or "").strip() != "("
        name.attrib.update(dict.fromkeys(("lspace", "rspace"), _BINARY_SPACE if remainder else "0em"))
        if modulo:
            if not remainder and at > 1 and row[at - 2].tag == "mspace":
                row[at - 2].set("width", "0.6em")
            at += 1
            continue
        if at and _ends(row, at):
            row.insert(at, ET.Element("mspace", {"width": _THIN_SPACE}))
            at += 1
        if at + 1 < len(row) and _needs_space(row[at + 1]):
            row.insert(at + 1, ET.Element("mspace", {"width": "0.167em"}))
            at += 1
        at += 1


def _ends(row: ET.Element, at: int) -> bool:
    """Whether something ends before ``at`` that a name must be kept apart from: a letter, a closed fence."""
    before = row[at - 1]
    if before.tag in ("mspace", "mtext") or _is_name(before):
        return False
    sign = (before.text or "").strip()
    if before.tag != "mo":
        return True
    if sign in ("|", "\u2016"):
        return sum((e.text or "").strip() == sign for e in row[:at]) % 2 == 0
    return sign in _CLOSING


def _needs_space(after: ET.Element) -> bool:
    """Whether what follows a name would touch it: not a fence, a sign or a space."""
    if after.tag in _SCRIPTED or after.tag == "mrow":
        return not len(after) or _needs_space(after[0]) or _is_name(after)
    return after.tag not in ("mo", "mspace", "mtext") or _is_name(after)


def _space_operator(mo: ET.Element, row: list[ET.Element], after: ET.Element | None) -> None:
    sign = (mo.text or "").strip()
    before = row[-1] if row else None
    if sign in _SIGNS and is_unary(row):
        mo.set("form", "prefix")
        space = ("0em", "0em")
    elif sign in _BINARY and before is not None and after is not None:
        space = (_BINARY_SPACE, _BINARY_SPACE)
    elif sign in _RELATIONS:
        space = (_RELATION_SPACE, _RELATION_SPACE)
    elif sign == ",":
        thousands = _digits(before) and len(_digits(after)) == 3 and len(_digits(before)) <= 3
        space = ("0em", "0em" if thousands or after is None else _THIN_SPACE)
    elif sign in _CLOSE_UP:
        space = ("0em", "0em")
    else:
        return
    mo.set("lspace", space[0])
    mo.set("rspace", space[1])


def is_unary(row: list[ET.Element]) -> bool:
    """Whether a sign after ``row`` belongs to the number behind it."""
    if not row:
        return True
    if row[-1].tag != "mo":
        return False
    sign = (row[-1].text or "").strip()
    if sign == "|":  # an odd one opens: |-3|
        return sum((e.text or "").strip() == "|" for e in row) % 2 == 1
    return sign not in _CLOSING


def _digits(element: ET.Element | None) -> str:
    text = (element.text or "") if element is not None and element.tag == "mn" else ""
    return text if text.isdigit() else ""


def _mark_tables(mathml: ET.Element, source: str) -> None:
    """Set the cells of arrays, matrices and cases in text style, and mark tables with the lines of their arrays.

    The converter places the lines wrongly or not at all; layout would set the cells in the style around the table.
    """
    tables = list(mathml.iter("mtable"))
    rules = table_rules(source) if tables else []
    if len(rules) != len(tables):
        rules = [Rules()] * len(tables)
    for table, lines in zip(tables, rules, strict=True):
        if lines.columns or lines.rows:
            table.set("columnrules", " ".join(map(str, lines.columns)))
            table.set("rowrules", " ".join(lines.rows))
        if lines.close:
            _close_columns(table, lines.close)
        if table.get("displaystyle") != "true" and not lines.display:
            for row in table:
                for cell in row:
                    cell.set("displaystyle", "false")


def _close_columns(table: ET.Element, close: tuple[int, ...]) -> None:
    """No gap between some columns, as in ``alignedat`` and where an array has ``@{}`` between two."""
    count = max((len(row) for row in table), default=1) - 1
    given = table.get("columnspacing", "").split() or [f"{_COLUMN_GAP * _EM:.3f}em"]
    gaps = ["0em" if k in close or -1 in close else given[k % len(given)] for k in range(count)]
    table.set("columnspacing", " ".join(gaps))


def _fill_styles(mathml: ET.Element) -> None:
    r"""Put what follows a ``\displaystyle`` in a cell into its element, which the converter leaves empty."""
    for parent in list(mathml.iter()):
        style: ET.Element | None = None
        for child in list(parent):
            if child.tag == "mstyle" and not len(child) and child.get("displaystyle"):
                style = child
            elif style is not None:
                parent.remove(child)
                style.append(child)


def _set_foreign_as_text(mathml: ET.Element, known: Callable[[str], bool]) -> None:
    """Make characters that the mathematics font lacks text, a run of them one text: it is set by Qt."""
    for parent in mathml.iter():
        before: ET.Element | None = None
        for child in list(parent):
            if len(child) or not child.text or child.text.isascii() or known(child.text):
                before = None
            elif before is not None:
                before.text = (before.text or "") + child.text
                parent.remove(child)
            else:
                child.tag = "mtext"
                before = child if parent.tag in _ROWS else None
