r"""LaTeX that stands in prose, as the Markdown that means the same: tables, lists, headings, bold and slanted words.

Models and problem sets write ``\begin{tabular}``, ``\item`` and ``\textbf{(A)}`` between their sentences. Formulas are
no concern of this module: they are out of the text already, with a mark in their place.
"""

from __future__ import annotations

import re
from typing import Final

_TABLE: Final = re.compile(r"[ \t]*\\begin\s*\{(tabular[x*]?|longtable)\}(.*?)\\end\s*\{\1\}[ \t]*\n?", re.DOTALL)
_COLUMNS: Final = re.compile(r"\s*(?:\[[tbc]\])?\s*(?:\{[^{}]*width\}\s*)?\{((?:[^{}]|\{[^{}]*\})*)\}")
_RULES: Final = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|c(?:mid)?line\s*(?:\([lr]*\))?\s*\{[^{}]*\})"
)
_ROW_END: Final = re.compile(r"\\\\(?:\[[^\]\n]*\])?|\\tabularnewline(?![A-Za-z])")
_CELL_END: Final = re.compile(r"(?<!\\)&")
_SPAN: Final = re.compile(r"\\multi(?:column|row)\s*\{\s*([\d*]+)\s*\}\s*\{[^{}]*\}\s*\{([^{}]*)\}")
_LIST: Final = re.compile(
    r"[ \t]*\\begin\s*\{(itemize|enumerate)\}\s*(?:\[[^\]\n]*\])?((?:(?!\\begin\s*\{(?:itemize|enumerate)\}).)*?)"
    r"\\end\s*\{\1\}[ \t]*\n?",
    re.DOTALL,
)
_ITEM: Final = re.compile(r"\\item(?![A-Za-z])\s*(?:\[([^\]\n]*)\])?[ \t]*")
_CONVERTED: Final = re.compile(r"(?:- |\d+\. )")
"""The items of a list inside, which has become Markdown already."""
_STYLED: Final = re.compile(r"\\(textbf|textit|emph|textsl|underline|textsc|textrm|textnormal|texttt)\s*\{([^{}\n]*)\}")
_MARKS: Final = {"textbf": "**", "textit": "*", "emph": "*", "textsl": "*", "texttt": "`"}
_HEADING: Final = re.compile(r"^[ \t]*\\((?:sub){0,2}section|paragraph)\*?\s*\{([^{}\n]*)\}[ \t]*", re.MULTILINE)
_LEVELS: Final = {"section": "##", "subsection": "###", "subsubsection": "####", "paragraph": "####"}
_AROUND: Final = re.compile(
    r"\\(?:begin|end)\s*\{(?:center|table|figure|flushleft|flushright|quote)\*?\}(?:\[[^\]\n]*\])?"
    r"|\\(?:centering|noindent|smallskip|medskip|bigskip|newpage|par)(?![A-Za-z])[ \t]*"
)
_CAPTION: Final = re.compile(r"\\caption\s*\{([^{}\n]*)\}")
_ADDRESS: Final = re.compile(r"\\url\s*\{([^{}\s]*)\}|\\href\s*\{[^{}\s]*\}\s*\{([^{}\n]*)\}")
_MOST_NESTED: Final = 8


def as_markdown(text: str) -> str:
    """Words with what LaTeX has in them as Markdown."""
    if "\\" not in text:
        return text
    text = _ADDRESS.sub(lambda m: m[1] or m[2], text)
    for _ in range(_MOST_NESTED):
        plain = _STYLED.sub(_styled, text)
        if plain == text:
            break
        text = plain
    if "section" in text or "paragraph" in text:
        text = _HEADING.sub(lambda m: f"\n{_LEVELS[m[1]]} {m[2]}\n\n", text)
    if r"\begin" not in text and r"\centering" not in text and r"\noindent" not in text:
        return text
    text = _TABLE.sub(_table, text)
    for depth in range(_MOST_NESTED):
        plain = _LIST.sub(_list, text)
        if plain == text or depth == _MOST_NESTED - 1:
            break
        text = plain
    return _AROUND.sub("", _CAPTION.sub(r"\1", text))


def _styled(m: re.Match[str]) -> str:
    mark, said = _MARKS.get(m[1], ""), m[2].strip()
    if not said or not mark or mark in said:
        return m[2]
    before, after = m[2].split(said, 1)  # Markdown's marks must stand right at the words
    return f"{before}{mark}{said}{mark}{after}"


def _table(m: re.Match[str]) -> str:
    """The rows of a table; the first one becomes its head, which Markdown cannot do without."""
    columns = _COLUMNS.match(m[2])
    spec = (
        re.sub(r"[@!><]\s*\{[^{}]*\}|[pmb]\s*\{[^{}]*\}", lambda c: "l" if c[0][0] in "pmb" else "", columns[1])
        if columns
        else ""
    )
    body = _RULES.sub("", m[2][columns.end() :] if columns else m[2])
    rows = [_cells(row) for row in _ROW_END.split(body)]
    rows = [row for row in rows if any(row)]
    if not rows:
        return m[0]
    width = max(map(len, rows))
    aligned = [{"l": ":--", "r": "--:"}.get(c, ":-:") for c in re.findall("[lcrX]", spec)]
    aligned = (aligned + [":-:"] * width)[:width]
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in rows]
    lines.insert(1, f"| {' | '.join(aligned)} |")
    return "\n\n" + "\n".join(lines) + "\n\n"


def _cells(row: str) -> list[str]:
    cells = []
    for cell in _CELL_END.split(row):
        span = _SPAN.fullmatch(cell.strip())
        text = " ".join((span[2] if span else cell).split()).replace("|", r"\|")
        cells.append(text)
        if span and r"\multicolumn" in cell and span[1].isdecimal():
            cells += [""] * (min(int(span[1]), 20) - 1)
    return cells


def _list(m: re.Match[str]) -> str:
    items = _ITEM.split(m[2])[1:]
    out = []
    for n, (label, text) in enumerate(zip(items[::2], items[1::2], strict=True), 1):
        mark = f"{n}. " if m[1] == "enumerate" else "- "
        lines = text.strip("\n").split("\n")
        if not any(_CONVERTED.match(line) for line in lines):
            lines = [line.strip() for line in lines]
        out.append(mark + (f"{label} " if label else "") + ("\n" + " " * len(mark)).join(lines))
    return "\n\n" + "\n".join(out) + "\n\n"
