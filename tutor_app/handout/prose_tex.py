"""Prose of a solution as LaTeX: Markdown's lists, tables and emphasis, with the formulas in their places.

How words are escaped, formulas written and code listed is for whoever asks: a whole document defines commands for it,
a piece to paste elsewhere cannot.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from tutor_app.text.delimiters import Segment
from tutor_app.text.markup import MARK, read, replaced, restored
from tutor_app.text.minus import minus_signs

if TYPE_CHECKING:
    from markdown_it.token import Token

_COMMAND: Final = re.compile(r"\\(?:[A-Za-z]+|.)|[{}$^_]")
_LINE: Final = 84
"""Characters that a line of the page has room for."""
_LONG_CELL: Final = 24


class _Lists:
    """The lists and quotations that are open at a place of a text.

    LaTeX nests each kind of list four deep, and six lists and quotations in all, of which one may stand around the
    text; then it stops. What is nested deeper gets its bullets and numbers without an environment.
    """

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []  # its environment, or nothing; and its kind
        self._numbers: list[int] = []

    def begin(self, kind: str, start: int = 1) -> str:
        """Open a list of that kind (bullet, ordered or quote), its items numbered from ``start``."""
        name = {"bullet": "itemize", "ordered": "enumerate", "quote": "quote"}[kind]
        names = [n for n, _ in self._open if n]
        alike = names.count(name)
        if len(names) >= 5 or (alike >= 4 and kind != "quote"):
            name = ""
        self._open.append((name, kind))
        self._numbers.append(start)
        if not name:
            return "\n\n"
        out = f"\n\\begin{{{name}}}\n"
        if name == "enumerate" and start != 1:
            out += f"\\setcounter{{enum{('i', 'ii', 'iii', 'iv')[alike]}}}{{{min(start, 10_000) - 1}}}\n"
        return out

    def item(self) -> str:
        """Begin an item of the innermost list."""
        name, kind = self._open[-1]
        number = self._numbers[-1]
        self._numbers[-1] += 1
        if name:
            return "\\item{} "
        return f"\n\n{number}. " if kind == "ordered" else "\n\n\\textbullet{} "

    def end(self) -> str:
        """Close the innermost list or quotation."""
        name, _ = self._open.pop()
        self._numbers.pop()
        return f"\\end{{{name}}}\n\n" if name else "\n\n"


def _begins_at_the_right(text: str) -> bool:
    """Whether the first letter is of a script that runs from right to left."""
    letter = next((c for c in MARK.sub("", text) if c.isalpha()), "")
    return letter != "" and unicodedata.bidirectional(letter) in ("R", "AL")


def _widths(rows: Sequence[Sequence[str]], count: int) -> list[int]:
    """About how many characters the widest cell of each column has; two are the space between columns."""
    cells = [[_COMMAND.sub("x", row[k]) if k < len(row) else "" for row in rows] for k in range(count)]
    return [2 + max(map(len, column)) for column in cells]


def _columns(rows: Sequence[Sequence[str]], styles: Sequence[str]) -> list[str]:
    """How the columns are set: those with much text get lines, and share the width that the others leave."""
    widths = _widths(rows, len(styles))
    long = [width > _LONG_CELL for width in widths]
    if sum(widths) <= _LINE or not any(long):
        return list(styles)
    rest = max(0.3, 0.92 - sum(w for w, is_long in zip(widths, long, strict=True) if not is_long) / _LINE)
    whole = sum(w for w, is_long in zip(widths, long, strict=True) if is_long)
    share = [max(0.1, rest * width / whole) for width in widths]
    return [f"p{{{share[k]:.2f}\\linewidth}}" if long[k] else style for k, style in enumerate(styles)]


class TexProse:
    """Writes prose.

    Args:
        words: Escapes running text.
        formula: Writes a formula with its delimiters.
        listing: Shows text as it is.
        wide: Makes a table fit that may be wider than the page.
        rightward: Sets a paragraph that begins in a script that runs from right to left.
    """

    def __init__(
        self,
        words: Callable[[str], str],
        formula: Callable[[Segment], str],
        listing: Callable[[str], str],
        wide: Callable[[str], str] = str,
        rightward: Callable[[str], str] = str,
    ) -> None:
        self._words, self._formula, self._listing = words, formula, listing
        self._wide, self._rightward = wide, rightward

    def __call__(self, text: str) -> str:
        """Markdown with mathematics as LaTeX."""
        tokens, formulas = read(text)
        lists = _Lists()
        out = ""
        i = 0
        while i < len(tokens):
            t = tokens[i]
            match t.type:
                case "inline":
                    text = self._inline(t, formulas)
                    out += self._rightward(text) if _begins_at_the_right(t.content) else text
                case "paragraph_close":
                    out += "\n" if t.hidden else "\n\n"
                case "heading_open":
                    out += "\n\\medskip\\textbf{" + ("\\large " if t.tag in ("h1", "h2") else "")
                case "heading_close":
                    out += "}\\nopagebreak\n\n"
                case "bullet_list_open" | "ordered_list_open":
                    start = t.attrGet("start")
                    out += lists.begin("ordered" if t.type.startswith("ordered") else "bullet", int(start or 1))
                case "list_item_open":
                    out += lists.item()
                case "blockquote_open":
                    out += lists.begin("quote")
                case "bullet_list_close" | "ordered_list_close" | "blockquote_close":
                    out += lists.end()
                case "fence":
                    out += self._listing(restored(t.content, formulas).rstrip("\n")) + "\n\n"
                case "hr":
                    out += "\n\\begin{center}$\\ast\\quad\\ast\\quad\\ast$\\end{center}\n\n"
                case "table_open":
                    i, table = self._table(tokens, i, formulas)
                    out += table
                case _:
                    pass
            i += 1
        return re.sub(r"\n{3,}", "\n\n", out).strip("\n")

    def _table(self, tokens: Sequence[Token], i: int, formulas: Sequence[Segment]) -> tuple[int, str]:
        rows: list[list[str]] = []
        styles: list[str] = []
        while tokens[i].type != "table_close":
            t = tokens[i]
            if t.type == "tr_open":
                rows.append([])
            elif t.type in ("th_open", "td_open"):
                if len(rows) == 1:
                    style = str(t.attrGet("style") or "")
                    styles.append("r" if "right" in style else "c" if "center" in style else "l")
                cell = self._inline(tokens[i + 1], formulas, inline_only=True)
                rows[-1].append(f"\\textbf{{{cell}}}" if t.type == "th_open" else cell)
            i += 1
        columns = _columns(rows, styles)
        lines = " \\\\ \\hline\n".join(" & ".join(r[: len(styles)]) for r in rows)
        table = f"\\begin{{tabular}}{{|{'|'.join(columns)}|}}\n\\hline\n{lines} \\\\ \\hline\n\\end{{tabular}}"
        if columns == styles and sum(_widths(rows, len(styles))) > _LINE:
            table = self._wide(table)
        return i, f"\n\\begin{{center}}{table}\\end{{center}}\n\n"

    def _inline(self, token: Token, formulas: Sequence[Segment], inline_only: bool = False) -> str:
        out = ""
        addresses: list[str] = []

        def write(s: Segment) -> str:
            return self._formula(Segment("inline", s.source, s.raw) if inline_only else s)

        for t in token.children or ():
            match t.type:
                case "strong_open":
                    out += "\\textbf{"
                case "em_open":
                    out += "\\emph{"
                case "sup_open" | "sub_open":
                    out += "\\textsuperscript{" if t.tag == "sup" else "\\textsubscript{"
                case "strong_close" | "em_close" | "sup_close" | "sub_close":
                    out += "}"
                case "code_inline":
                    out += f"\\texttt{{{self._words(restored(t.content, formulas))}}}"
                case "softbreak" | "hardbreak":
                    # A line break right after a display formula would be one too many ("no line here to end").
                    out += "\n" if out.rstrip().endswith(("\\]", "*}")) or not out.strip() else "\\\\{}\n"
                case "image":
                    out += f"\\emph{{[picture: {self._words(restored(t.content, formulas))}]}}"
                case "link_open":
                    addresses.append(str(t.attrGet("href") or ""))
                case "link_close":
                    if addresses and (address := addresses.pop()):
                        out += f" (\\texttt{{{self._words(address)}}})"
                case "s_open" | "s_close":
                    pass
                case _:
                    out += replaced(minus_signs(t.content), formulas, self._words, write)
        if inline_only and "\\\\{}" in out:  # a line break would end the row of the table
            return f"\\begin{{tabular}}{{@{{}}l@{{}}}}{out.strip()}\\end{{tabular}}"
        # Nor may one stand right before a display formula, where TeX would set an empty line.
        return re.sub(r"(?:\\\\\{\}\s*)+(?=\\\[|\\begin\{(?:align|gather|equation|multline|flalign)|$)", "\n", out)
