r"""Markdown prose with mathematics, written into a document.

Formulas are cut out before Markdown is read and put back after it, so ``_`` and ``*`` inside them mean nothing to
Markdown, and ``|`` inside them does not end a table's cell. HTML is text; links are shown with their address and never
followed; pictures are named and never loaded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextListFormat,
    QTextTableFormat,
)

from tutor_app.render.blocks import Writer
from tutor_app.render.properties import PART
from tutor_app.render.table_columns import CODE, CODE_SCALE, Columns, divide
from tutor_app.text.delimiters import Segment, split
from tutor_app.text.markup import MARK, read, restored, without_emphasis
from tutor_app.text.minus import minus_signs

if TYPE_CHECKING:
    from markdown_it.token import Token

_RAISED: Final = QTextCharFormat.VerticalAlignment.AlignSuperScript
_LOWERED: Final = QTextCharFormat.VerticalAlignment.AlignSubScript
_SPACES: Final = re.compile(r"[ \t]{2,}|\t")
_BLANK: Final = re.compile(
    r"(?:\\[hv]space\*?\s*\{[^{}]*\}|\\[hv]?phantom\s*\{[^{}]*\}|\\require\s*\{[^{}]*\}|\\[,;:!> ]"
    r"|\\(?:q?quad|enspace|displaystyle|textstyle|strut|null|nonumber|notag)(?![A-Za-z])|[\s~{}])+"
)
"""A formula in which nothing has ink: shown as its source it would look like a fault."""
_BELOW_DISPLAY: Final = 0.95
"""Ems below a display formula: as much white as above it, where the line before has its own leading."""
_BELOW_TABLE: Final = 1.15  # ems between a table and a heading
_HEADING: Final = {1: 1.35, 2: 1.22, 3: 1.1}


def write_markdown(writer: Writer, text: str, **paragraph: float) -> None:
    """Write ``text`` as blocks at the writer's cursor; ``paragraph`` changes every paragraph's block."""
    tokens, formulas = read(text)
    _Prose(writer, formulas, paragraph).write(tokens)


def write_plain(writer: Writer, text: str) -> None:
    """Write text that is still growing: closed formulas are typeset, all else stands as it was typed."""
    prose = _Prose(writer, [], {})
    writer.paragraph()
    fmt = writer.text_format()
    segments = split(text).segments
    for i, s in enumerate(segments):
        if s.kind == "text":
            shown = s.source.strip("\n") if i in (0, len(segments) - 1) else s.source
            prose.text(minus_signs(without_emphasis(shown)), fmt)
        else:
            prose.formula(s, fmt)


class _Prose:
    """One run over a token stream."""

    def __init__(self, writer: Writer, formulas: list[Segment], paragraph: dict[str, float]) -> None:
        self.w = writer
        self.formulas = formulas
        self.paragraph = paragraph
        self.lists: list[tuple[QTextListFormat, int]] = []
        self.quote = 0
        self.item_pending: QTextListFormat | None = None
        self.in_cell = False
        self.after_formula = False

    def write(self, tokens: list[Token]) -> None:
        i = 0
        while i < len(tokens):
            t = tokens[i]
            if t.type == "heading_open":
                level = int(t.tag[1:])
                scale = _HEADING.get(level, 1.0)
                self._block(top=0.9, bottom=0.35, keep=True, off_table=_BELOW_TABLE)
                self._inline(tokens[i + 1], self.w.text_format(bold=True, scale=scale), scale)
                i += 2
            elif t.type == "inline":
                self._block()
                self._inline(t, self.w.text_format())
            elif t.type in ("bullet_list_open", "ordered_list_open"):
                f = QTextListFormat()
                f.setIndent(len(self.lists) + 1)
                if t.type == "ordered_list_open":
                    f.setStyle(QTextListFormat.Style.ListDecimal)
                    start = t.attrGet("start")
                    f.setStart(int(start) if start is not None else 1)
                else:
                    # Qt draws a circle in broken lines on paper, and touching its text: discs at every level.
                    f.setStyle(QTextListFormat.Style.ListDisc)
                self.lists.append((f, 0))
            elif t.type in ("bullet_list_close", "ordered_list_close"):
                self.lists.pop()
                self.item_pending = None
            elif t.type == "list_item_open":
                f, count = self.lists[-1]
                self.item_pending = QTextListFormat(f)
                if count and f.style() == QTextListFormat.Style.ListDecimal:
                    # Every item is its own list: an open list would also take in what is written after it.
                    self.item_pending.setStart(f.start() + count)
                self.lists[-1] = (f, count + 1)
            elif t.type == "blockquote_open":
                self.quote += 1
            elif t.type == "blockquote_close":
                self.quote -= 1
            elif t.type == "fence":
                self._fence(t.content or t.info)
            elif t.type == "hr":
                self._rule()
            elif t.type == "table_open":
                i = self._table(tokens, i)
            i += 1

    # -- blocks -------------------------------------------------------------------------------------------------

    def _block(self, **changes: float | bool | Qt.AlignmentFlag) -> None:
        if self.in_cell:
            return
        self._display_done = False
        kw: dict[str, Any] = {**self.paragraph, **changes}
        if self.lists:
            kw.setdefault("bottom", 0.3)
            if self.item_pending is None:
                kw["indent"] = len(self.lists)
        if self.quote:
            kw["left"] = 1.2 * self.quote
        self.w.paragraph(**kw)
        if self.item_pending is not None:
            self.w.cursor.createList(self.item_pending)
            self.item_pending = None
        self.after_formula = False

    def _fence(self, content: str) -> None:
        lines = self._restore(content).rstrip("\n").split("\n")
        for n, line in enumerate(lines):
            self._block(bottom=0.62 if n == len(lines) - 1 else 0.0, leading=0.12, left=1.0, code=True)
            self.w.write(line, self.w.mono_format())

    def _rule(self) -> None:
        self._block(top=0.3, bottom=0.6, align=Qt.AlignmentFlag.AlignHCenter)
        self.w.write("\u2217\u2003\u2217\u2003\u2217", self.w.text_format(color="faint"))

    def _table(self, tokens: list[Token], i: int) -> int:
        end = i
        while tokens[end].type != "table_close":
            end += 1
        rows: list[list[tuple[Token, str, str]]] = []
        for k in range(i, end):
            t = tokens[k]
            if t.type == "tr_open":
                rows.append([])
            elif t.type in ("th_open", "td_open"):
                rows[-1].append((tokens[k + 1], t.tag, str(t.attrGet("style") or "")))
        columns = max((len(r) for r in rows), default=0)
        if not columns:
            return end
        self._block(bottom=0.0)
        f = QTextTableFormat()
        f.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        f.setBorderBrush(self.w.theme.color("line"))
        f.setBorder(1)
        f.setBorderCollapse(True)
        f.setCellPadding(self.w.size * 0.35)
        f.setTopMargin(self.w.size * 0.2)
        f.setBottomMargin(self.w.size * 0.7)
        f.setHeaderRowCount(1)
        plan = self._columns(rows)
        width = self.w.objects.available()
        f.setColumnWidthConstraints(
            [QTextLength(QTextLength.Type.PercentageLength, plan.percent(c, width)) for c in range(columns)]
            if plan.is_full
            else [QTextLength()] * columns
        )
        outer = self.w.cursor
        table = outer.insertTable(len(rows), columns, f)
        self.in_cell = True
        self._display_done = False
        for r, row in enumerate(rows):
            for c, (token, tag, style) in enumerate(row):
                cell = table.cellAt(r, c)
                cf = cell.format()
                cf.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
                cell.setFormat(cf)
                self.w.cursor = cell.firstCursorPosition()
                bf = QTextBlockFormat()
                bf.setAlignment(
                    Qt.AlignmentFlag.AlignRight
                    if "right" in style
                    else Qt.AlignmentFlag.AlignHCenter
                    if "center" in style
                    else Qt.AlignmentFlag.AlignLeft
                )
                # Without a distance of its own a line brings its font's, which is all below it.
                bf.setLineHeight(0.08 * self.w.size, QTextBlockFormat.LineHeightTypes.LineDistanceHeight.value)
                if self.w.part >= 0:
                    bf.setProperty(PART, self.w.part)
                self.w.cursor.setBlockFormat(bf)
                self.w.cell = plan.cell(c)
                self._inline(token, self.w.text_format(bold=tag == "th", scale=plan.scale), plan.scale)
        self.w.cell = None
        self.in_cell = False
        self.w.cursor = outer
        outer.movePosition(QTextCursor.MoveOperation.End)
        self.w.fresh(table)
        return end

    def _columns(self, rows: list[list[tuple[Token, str, str]]]) -> Columns:
        def text(token: Token) -> str:
            if token.type == "code_inline":
                return " ".join(CODE + word for word in self._restore(token.content).split())
            return "\n" if token.type.endswith("break") else token.content

        texts = [["".join(map(text, t.children or ())) for t, _, _ in row] for row in rows]
        return divide(
            texts,
            self.formulas,
            lambda s: self.w.formula_width(s.source, s.kind == "display"),
            self.w.size,
            self.w.objects.available(),
        )

    # -- inline -------------------------------------------------------------------------------------------------

    def _inline(self, token: Token, base: QTextCharFormat, scale: float = 1.0) -> None:
        stack = [QTextCharFormat(base)]
        address = ""
        for t in token.children or ():
            fmt = stack[-1]
            if t.type in ("strong_open", "em_open", "s_open", "link_open", "sup_open", "sub_open"):
                new = QTextCharFormat(fmt)
                font = QFont(new.font())
                if t.type == "strong_open":
                    font.setBold(True)
                elif t.type == "em_open":
                    font.setItalic(True)
                elif t.type == "s_open":
                    font.setStrikeOut(True)
                elif t.type in ("sup_open", "sub_open"):
                    new.setVerticalAlignment(_RAISED if t.tag == "sup" else _LOWERED)
                else:
                    font.setUnderline(True)
                    new.setForeground(self.w.theme.color("accent"))
                    address = str(t.attrGet("href") or "")
                new.setFont(font)
                stack.append(new)
            elif t.type in ("strong_close", "em_close", "s_close", "link_close", "sup_close", "sub_close"):
                stack.pop()
                if t.type == "link_close" and address:
                    self.text(f" ({address})", self.w.text_format(color="muted", scale=0.88))
                    address = ""
            elif t.type == "code_inline":
                code = self.w.mono_format(scale=CODE_SCALE * scale)
                code.setBackground(self.w.theme.color("code_back"))
                self.text(self._restore(t.content), code)
            elif t.type in ("softbreak", "hardbreak"):
                self.text("\n", fmt)
            elif t.type == "image":
                self.text(f"[picture: {self._restore(t.content)}]", self.w.text_format(color="muted", italic=True))
            else:
                self._marked(t.content, fmt, scale)

    def _marked(self, text: str, fmt: QTextCharFormat, scale: float) -> None:
        text = minus_signs(_SPACES.sub(" ", text))
        at = 0
        for m in MARK.finditer(text):
            self.text(text[at : m.start()], fmt)
            if int(m[1]) < len(self.formulas):
                self.formula(self.formulas[int(m[1])], fmt, scale)
            at = m.end()
        self.text(text[at:], fmt)

    def _restore(self, text: str) -> str:
        """The text with formulas put back as they were written, for code."""
        return restored(text, self.formulas)

    def text(self, text: str, fmt: QTextCharFormat) -> None:
        """Write text; punctuation right after a formula stays on the formula's line."""
        if not text:
            return
        joined = self.after_formula and not text[0].isspace()
        if self._display_done:
            text = text.lstrip()
            if not text:
                return
            if text in ".,;:":  # punctuation alone after a display formula has nowhere good to stand
                self._display_done = False
                return
            self._block()
        self.after_formula = False
        self._display_done = False
        if joined:
            self.w.join()
        self.w.write(text, fmt)

    _display_done = False

    def formula(self, segment: Segment, fmt: QTextCharFormat, scale: float = 1.0) -> None:
        """Write a formula; a display formula stands in a block of its own, and one of nothing but space is a space."""
        if _BLANK.fullmatch(segment.source):
            if segment.kind != "display" and self.w.cursor.positionInBlock() and not self._space_before():
                self.text(" ", fmt)
            return
        display = segment.kind == "display" and not self.in_cell
        if not display:
            if self._display_done:
                self._block()
                self._display_done = False
            if self.w.cursor.positionInBlock() and not self._space_before():
                self.w.join()
            mark = {_RAISED: "^", _LOWERED: "_"}.get(fmt.verticalAlignment(), "")
            source = f"{{}}{mark}{{{segment.source}}}" if mark else segment.source
            self.w.formula(source, segment.kind == "display", segment.raw, scale)
            self.after_formula = True
            return
        if self.w.cursor.positionInBlock() and not self._display_done:
            self._trim_end()
            bf = self.w.cursor.blockFormat()
            bf.setBottomMargin(0.4 * self.w.size)
            self.w.cursor.setBlockFormat(bf)
            self._block(align=Qt.AlignmentFlag.AlignHCenter, top=0.3, bottom=_BELOW_DISPLAY, leading=0.0)
        elif self._display_done:
            self._block(align=Qt.AlignmentFlag.AlignHCenter, top=0.3, bottom=_BELOW_DISPLAY, leading=0.0)
        else:
            bf = self.w.cursor.blockFormat()
            bf.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            bf.setTopMargin(0.3 * self.w.size)
            bf.setBottomMargin(_BELOW_DISPLAY * self.w.size)
            self.w.cursor.setBlockFormat(bf)
        self.w.formula(segment.source, True, segment.raw, scale)
        self._display_done = True
        self.after_formula = False

    def _space_before(self) -> bool:
        c = QTextCursor(self.w.cursor)
        c.movePosition(QTextCursor.MoveOperation.PreviousCharacter, QTextCursor.MoveMode.KeepAnchor)
        return c.selectedText().isspace()

    def _trim_end(self) -> None:
        """Drop line breaks and spaces before a display formula."""
        while self.w.cursor.positionInBlock():
            c = QTextCursor(self.w.cursor)
            c.movePosition(QTextCursor.MoveOperation.PreviousCharacter, QTextCursor.MoveMode.KeepAnchor)
            if not c.selectedText().isspace():
                return
            c.removeSelectedText()
