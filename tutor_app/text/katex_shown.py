"""A formula as KaTeX shows it, in nested elements, as LaTeX: where the source for programs was not copied with it.

What stands above and below is told by the places of the rows in a stack: the higher one is raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tutor_app.text.html_tree import Node

SIGNS: Final = {
    "\u00d7": "\\times ",
    "\u22c5": "\\cdot ",
    "\u00b7": "\\cdot ",
    "\u00b1": "\\pm ",
    "\u2264": "\\le ",
    "\u2265": "\\ge ",
    "\u2260": "\\ne ",
    "\u221e": "\\infty ",
    "\u2212": "-",
    "\u03c0": "\\pi ",
    "\u222b": "\\int ",
    "\u2211": "\\sum ",
}
"""Signs in a formula by their commands."""
_SHOWN: Final = frozenset(
    "katex-html base mord mbin mrel mop mopen mclose mpunct minner msupsub mspace mfrac vlist-t".split()  # noqa: SIM905
)
_EMPTY: Final = frozenset("strut pstrut vlist-s frac-line nulldelimiter mspace katex-mathml hide-tail".split())  # noqa: SIM905
_TOP: Final = re.compile(r"top\s*:\s*(-?[\d.]+)em")


def is_katex(node: Node) -> bool:
    """Whether an element is a part of such a formula."""
    return bool(node.classes & _SHOWN)


def latex_as_shown(nodes: Iterable[Node]) -> str:
    """The formula of elements that stand side by side, between dollar signs; empty if there is nothing in them."""
    source = "".join(map(_latex, nodes)).strip()
    return f"${source}$" if source else ""


def _latex(node: Node) -> str:
    classes = node.classes
    if classes & _EMPTY or node.tag == "svg":
        return ""
    if "mfrac" in classes and len(rows := _rows(node)) > 1:
        return f"\\frac{{{rows[0]}}}{{{rows[-1]}}}"
    if "sqrt" in classes:
        index = next((_latex(c) for c in node.children if isinstance(c, Node) and "root" in c.classes), "")
        inner = "".join(_latex(c) for c in node.children if isinstance(c, Node) and "root" not in c.classes)
        return f"\\sqrt[{index}]{{{inner}}}" if index else f"\\sqrt{{{inner}}}"
    if "msupsub" in classes and (rows := _rows(node)):
        if len(rows) > 1:
            return f"^{{{rows[0]}}}_{{{rows[1]}}}"
        return f"{'_' if _has(node, 'vlist-t2') else '^'}{{{rows[0]}}}"
    if "op-limits" in classes and len(rows := _rows(node)) > 1:
        if len(rows) == 3:
            return f"{rows[1]}_{{{rows[2]}}}^{{{rows[0]}}} "
        return f"{rows[0]}_{{{rows[1]}}} "
    inner = "".join(_latex(c) if isinstance(c, Node) else _signs(c) for c in node.children)
    if "mop" in classes and inner.isascii() and inner.isalpha():
        return f"\\{inner} "
    return rf"\text{{{inner}}}" if "text" in classes else inner


def _rows(node: Node) -> list[str]:
    """What stands in the stack of an element, from the top down."""
    stack = _first(node, "vlist")
    if stack is None:
        return []
    placed = []
    for child in stack.children:
        top = _TOP.search(child.attributes.get("style", "")) if isinstance(child, Node) else None
        if top is not None and isinstance(child, Node) and (text := _latex(child).strip()):
            placed.append((float(top[1]), text))
    return [text for _, text in sorted(placed, key=lambda row: row[0])]


def _first(node: Node, name: str) -> Node | None:
    for child in node.children:
        if isinstance(child, Node):
            found = child if name in child.classes else _first(child, name)
            if found is not None:
                return found
    return None


def _has(node: Node, name: str) -> bool:
    return _first(node, name) is not None


def _signs(text: str) -> str:
    return "".join(SIGNS.get(c, c) for c in text if c not in "\u200b\u2061\u2062\u2063\u2064")
