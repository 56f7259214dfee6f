"""Copied HTML as the text of a problem: raised and lowered signs, formulas and fractions keep their meaning.

The plain text that browsers and word processors offer beside the HTML has lost them: 10 to the power of 6 is "106"
there. Only what a problem needs is kept, so bold print and links become plain text. Nothing is ever loaded.
"""

from __future__ import annotations

import re
from typing import Final

from tutor_app.text.html_tree import Node, tree_of
from tutor_app.text.katex_shown import SIGNS, is_katex, latex_as_shown

_BLOCKS: Final = frozenset(
    [
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "blockquote",
        "pre",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "article",
        "header",
        "footer",
        "dd",
        "dt",
        "dl",
    ]
)
_SILENT: Final = frozenset(["script", "style", "head", "title", "template", "noscript", "button", "svg"])
_RAISED: Final = re.compile(r"<su[bp]\b|vertical-align\s*:\s*(?:super|sub)\b|<math\b|katex|application/x-tex", re.I)
_ALIGN: Final = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.I)
_ORDINAL: Final = re.compile(r"(?:st|nd|rd|th)", re.I)
_NOTE: Final = re.compile(r"\[[^\]]*\]")
_INVISIBLE: Final = "\u2061\u2062\u2063\u2064\u200b"
_ACCENTS: Final = {
    "→": r"\vec", r"\to": r"\vec", r"\to ": r"\vec", r"\rightarrow": r"\vec", "¯": r"\overline", "‾": r"\overline",
    "―": r"\overline", "_": r"\overline", "^": r"\hat", "~": r"\tilde", "˙": r"\dot", ".": r"\dot",
}  # fmt: skip
"""What stands over a letter in MathML."""
_MATRICES: Final = {("(", ")"): "pmatrix", ("[", "]"): "bmatrix", ("|", "|"): "vmatrix", ("{", ""): "cases"}
_HIDDEN_CLASSES: Final = frozenset(("katex-html", "mwe-math-fallback-image", "MathJax_Preview"))


def has_lost_marks(html: str) -> bool:
    """Whether the HTML has raised or lowered signs or formulas, which its plain text cannot show."""
    return _RAISED.search(html) is not None


def text_of_html(html: str) -> str:
    """The text of copied HTML, with ``x^2``, ``x_{10}``, ``1/2`` and formulas between dollar signs.

    Args:
        html: Of the clipboard; need not be well formed.
    """
    text = _plain(tree_of(html))
    text = re.sub(r"[ \t\xa0]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _plain(node: Node) -> str:
    """The text of an element's children."""
    out: list[str] = []
    shown: list[Node] = []
    hides = any(isinstance(c, Node) and "katex-mathml" in c.classes for c in node.children)
    for child in node.children:
        if isinstance(child, Node) and is_katex(child) and not hides:
            shown.append(child)
            continue
        if shown:
            out.append(latex_as_shown(shown))
            shown = []
        if isinstance(child, str):
            out.append(child.translate({ord(c): None for c in _INVISIBLE}))
        elif (level := _level(child)) is not None:
            before = "".join(out)
            out = [before, _moved(before, _plain(child).strip(), level)]
        else:
            out.append(_element(child))
    if shown:
        out.append(latex_as_shown(shown))
    return _fractions("".join(out))


def _element(node: Node) -> str:
    if node.tag in _SILENT or node.classes & _HIDDEN_CLASSES:
        return ""
    if node.tag == "math":
        source = _annotation(node) or _fenced(_math(node)).strip()
        source = re.sub(r"^\{\\displaystyle\s*(.*)\}$", r"\1", source, flags=re.S).strip()
        return f"${source}$" if source else ""
    if node.tag == "br":
        return "\n"
    if node.tag in ("td", "th"):
        return f"{_plain(node)} "
    inner = _plain(node)
    return f"\n{inner}\n" if node.tag in _BLOCKS else inner


def _level(node: Node) -> str | None:
    """``^`` or ``_`` for an element that stands above or below the line."""
    if node.tag in ("sup", "sub"):
        return "^" if node.tag == "sup" else "_"
    found = _ALIGN.search(node.attributes.get("style", ""))
    if found is None:
        return None
    return "^" if found[1].lower() == "super" else "_"


_SLASHED: Final = re.compile(r"\x01(?P<top>[^\x01\x02]*)\x02\s*[/\u2044]\s*_(?:\{(?P<low>[^{}]*)\}|(?P<one>\w))")


def _moved(before: str, inner: str, level: str) -> str:
    """A raised or lowered text behind ``before``."""
    inner = inner.replace("\u2212", "-")
    if not inner:
        return ""
    if level == "^" and (_NOTE.fullmatch(inner) or (_ORDINAL.fullmatch(inner) and before[-1:].isdigit())):
        return inner
    wrapped = inner if len(inner) == 1 else f"{{{inner}}}"
    # Kept with marks until it is known whether a lowered denominator follows.
    return f"\x01{inner}\x02" if level == "^" and inner.isdigit() else f"{level}{wrapped}"


def _fractions(text: str) -> str:
    """Raised and lowered digits around a stroke are a fraction; other raised digits are a power."""

    def fraction(m: re.Match[str]) -> str:
        space = " " if m.start() and text[m.start() - 1].isdigit() else ""
        return f"{space}{m['top']}/{m['low'] or m['one']}"

    text = _SLASHED.sub(fraction, text)
    return re.sub(r"\x01([^\x02]*)\x02", lambda m: f"^{m[1]}" if len(m[1]) == 1 else f"^{{{m[1]}}}", text)


def _annotation(node: Node) -> str:
    """The LaTeX that a formula carries for programs, or nothing."""
    for child in node.children:
        if isinstance(child, Node):
            if child.tag == "annotation" and "tex" in child.attributes.get("encoding", "").lower():
                return "".join(c for c in child.children if isinstance(c, str)).strip()
            if found := _annotation(child):
                return found
    return ""


def _math(node: Node) -> str:
    """Presentation MathML as LaTeX."""
    parts = [_math(c) if isinstance(c, Node) else _signs(c) for c in node.children if not _is_blank(c)]
    two = len(parts) == 2
    if node.tag == "annotation":
        return ""
    if node.tag == "mtable":
        return r"\begin{matrix}" + r" \\ ".join(parts) + r"\end{matrix}"
    if node.tag in ("mtr", "mlabeledtr"):
        return " & ".join(parts)
    if node.tag == "mfenced":
        inner = node.attributes.get("separators", ",").strip()[:1].join(parts)
        return f"{node.attributes.get('open', '(')}{inner}{node.attributes.get('close', ')')}"
    if node.tag == "mover" and two and parts[1] in _ACCENTS:
        return f"{_ACCENTS[parts[1]]}{{{parts[0]}}}"
    if node.tag == "mfrac" and two:
        return f"\\frac{{{parts[0]}}}{{{parts[1]}}}"
    if node.tag == "msqrt":
        return f"\\sqrt{{{''.join(parts)}}}"
    if node.tag == "mroot" and two:
        return f"\\sqrt[{parts[1]}]{{{parts[0]}}}"
    if node.tag in ("msup", "mover") and two:
        return f"{_base(parts[0])}^{_group(parts[1])}"
    if node.tag in ("msub", "munder") and two:
        return f"{_base(parts[0])}_{_group(parts[1])}"
    if node.tag in ("msubsup", "munderover") and len(parts) == 3:
        return f"{_base(parts[0])}_{_group(parts[1])}^{_group(parts[2])}"
    return "".join(parts)


def _fenced(latex: str) -> str:
    """A formula in which brackets around a table belong to it."""
    for (opening, closing), name in _MATRICES.items():
        latex = re.sub(
            rf"{re.escape(opening)}\\begin\{{matrix\}}((?:(?!\\begin|\\end).)*)\\end\{{matrix\}}{re.escape(closing)}",
            lambda m, name=name: rf"\begin{{{name}}}{m[1]}\end{{{name}}}",  # type: ignore[misc]
            latex,
            flags=re.S,
        )
    return latex


def _is_blank(child: Node | str) -> bool:
    return isinstance(child, str) and not child.strip()


def _signs(text: str) -> str:
    return "".join(SIGNS.get(c, c) for c in text.strip() if c not in _INVISIBLE)


def _base(text: str) -> str:
    return f"{{{text}}}" if "^" in text or "_" in text else text


def _group(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"
