r"""Puts text, formulas and pictures into a QTextDocument: the low level under :mod:`prose` and :mod:`document`.

A formula is one object character, drawn from outlines on the baseline of the line it stands in. One that is not
typeset yet stands there as its source and is exchanged when it is ready, so a page never waits and never jumps
twice. Every text is inserted as plain text with explicit formats; no HTML is ever built or parsed, and no resource is
ever loaded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextTable,
)

from tutor_app.core.parts import Figure
from tutor_app.render.objects import FormulaSource, ObjectPainter, font_with_descent
from tutor_app.render.properties import (
    CELL,
    DISPLAY,
    EM,
    FALSE,
    FALSE_TEXT,
    FIGURE,
    FIGURE_KEY,
    FORMULA,
    JOINER,
    KEEP,
    OBJECT_CHARACTER,
    PART,
    RAW,
    SOURCE,
)
from tutor_app.render.table_columns import Cell
from tutor_app.render.theme import Theme, mono_font, text_font, ui_font
from tutor_app.render.typeset import Formula
from tutor_app.text.clean import without_controls

_MAX_LINE: Final = 4000


def clean(text: str) -> str:
    """Text for a document, where control characters and the signs of objects and frames would be taken as such."""
    return without_controls(text, "\ufffd")


@dataclass(slots=True)
class _Waiting:
    """A formula that stands in the document as its source until it is ready."""

    start: QTextCursor
    end: QTextCursor
    em: float
    raw: str
    cell: Cell | None


@dataclass(slots=True)
class Writer:
    """A place in a document and the formats to write with.

    Attributes:
        document: What is written into; its undo history is switched off.
        theme: Colours.
        formulas: Where formulas come from.
        size: Text size in pixels; everything else follows from it.
        cell: The cell of a table that is being written, if one is.
        part: Index in the solution of the part that is being written; -1 for what is none of it.
    """

    document: QTextDocument
    theme: Theme
    formulas: FormulaSource
    size: float = 17.0
    cell: Cell | None = None
    part: int = -1
    cursor: QTextCursor = field(init=False)
    objects: ObjectPainter = field(init=False)
    _fresh: bool = field(init=False, default=True)
    _table: QTextTable | None = field(init=False, default=None)
    _waiting: dict[tuple[str, bool], list[_Waiting]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.document.setUndoRedoEnabled(False)
        self.cursor = QTextCursor(self.document)
        self.cursor.movePosition(QTextCursor.MoveOperation.End)
        self.objects = ObjectPainter(self.document, self.formulas, self.theme)
        self.document.documentLayout().registerHandler(FORMULA, self.objects)
        self.document.documentLayout().registerHandler(FIGURE, self.objects)
        self.document.setDefaultFont(text_font(self.size))
        self.document.setIndentWidth(self.size * 1.6)

    # -- formats ------------------------------------------------------------------------------------------------

    def text_format(
        self, *, bold: bool = False, italic: bool = False, scale: float = 1.0, color: str = "ink"
    ) -> QTextCharFormat:
        """The book face."""
        font = text_font(self.size * scale)
        font.setBold(bold)
        font.setItalic(italic)
        return self._format(font, color)

    def ui_format(self, *, scale: float = 0.78, bold: bool = False, color: str = "muted") -> QTextCharFormat:
        """The face of labels and remarks."""
        font = ui_font(self.size * scale)
        if bold:
            font.setWeight(QFont.Weight.DemiBold)
        return self._format(font, color)

    def mono_format(self, *, scale: float = 0.82, color: str = "ink") -> QTextCharFormat:
        """The face of code."""
        return self._format(mono_font(self.size * scale), color)

    def _format(self, font: QFont, color: str) -> QTextCharFormat:
        f = QTextCharFormat()
        f.setFont(font)
        f.setForeground(self.theme.color(color))
        return f

    # -- blocks -------------------------------------------------------------------------------------------------

    def fresh(self, behind: QTextTable | None = None) -> None:
        """Say that the block at the cursor is empty and unused: the next :meth:`block` takes it.

        Args:
            behind: The table that ends right before it.
        """
        self._fresh, self._table = True, behind

    @property
    def is_fresh(self) -> bool:
        """Whether the block at the cursor is empty and unused."""
        return self._fresh

    @contextmanager
    def elsewhere(self, cursor: QTextCursor) -> Iterator[None]:
        """Write at the end of a block that is in use, then go back."""
        before, self.cursor = self.cursor, cursor
        fresh, self._fresh = self._fresh, False
        try:
            yield
        finally:
            self.cursor, self._fresh = before, fresh

    def block(
        self,
        *,
        top: float = 0.0,
        bottom: float = 0.0,
        left: float = 0.0,
        leading: float = 0.0,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        indent: int = 0,
        keep: bool = False,
        code: bool = False,
        off_table: float = 0.0,
    ) -> QTextBlockFormat:
        """Begin a block; lengths in em.

        ``keep`` holds it together with what follows on a printed page; the lines of ``code`` run from left to right,
        whatever script their words are in. ``off_table`` is the distance to a table before it, whose lower margin
        gives it: the layout drops the upper one of a block behind a frame.
        """
        f = QTextBlockFormat()
        f.setTopMargin(top * self.size)
        f.setBottomMargin(bottom * self.size)
        f.setLeftMargin(left * self.size)
        f.setAlignment(align)
        f.setIndent(indent)
        if leading:
            f.setLineHeight(leading * self.size, QTextBlockFormat.LineHeightTypes.LineDistanceHeight.value)
        if keep:
            f.setProperty(KEEP, True)
        if self.part >= 0:
            f.setProperty(PART, self.part)
        if code:
            f.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        if self._fresh and off_table and self._table is not None:
            outer = self._table.format().toTableFormat()
            outer.setBottomMargin(off_table * self.size)
            self._table.setFormat(outer)
        self._table = None
        if self._fresh:
            self.cursor.setBlockFormat(f)
            self.cursor.setBlockCharFormat(self.text_format())
            self._fresh = False
        else:
            self.cursor.insertBlock(f, self.text_format())
        return f

    def paragraph(self, **changes: Any) -> QTextBlockFormat:
        """Begin a block of running text."""
        return self.block(**{"bottom": 0.62, "leading": 0.34, **changes})

    def write(self, text: str, fmt: QTextCharFormat) -> None:
        """Insert text as it is; line ends become line breaks inside the block, absurdly long words can break."""
        text = clean(text)
        if len(text) > _MAX_LINE:
            text = re.sub(r"(\S{200})(?=\S)", "\\1\u200b", text)
        self.cursor.insertText(text.replace("\n", "\u2028"), fmt)

    def join(self) -> None:
        """Forbid a line break here, between a formula and what touches it.

        The character is in few fonts; set tiny, the font it is borrowed from cannot change the line's height.
        """
        font = text_font(1)
        font.setPixelSize(1)
        self.cursor.insertText(JOINER, self._format(font, "ink"))

    # -- formulas -----------------------------------------------------------------------------------------------

    def formula(self, source: str, display: bool, raw: str, scale: float = 1.0) -> None:
        """Insert a formula at the cursor; if it is not ready, its source, and remember to exchange it."""
        em = float(text_font(self.size * scale).pixelSize())  # as large as the text beside it, which Qt rounds
        formula = self.formulas.get(source, display)
        if formula is None:
            start = QTextCursor(self.cursor)
            start.setKeepPositionOnInsert(True)
            self.write(" ".join(raw.split()), self.text_format(color="muted"))
            end = QTextCursor(self.cursor)
            end.setKeepPositionOnInsert(True)
            self._waiting.setdefault((source, display), []).append(_Waiting(start, end, em, raw, self.cell))
            return
        self._insert(self.cursor, formula, em, raw, self.cell)

    def formula_width(self, source: str, display: bool) -> float:
        """Width of a formula in em; a guess from its length if it is not ready."""
        formula = self.formulas.get(source, display)
        if formula is None or not formula.ok:
            return 0.5 * len(re.sub(r"\\[A-Za-z]+|[{}_^\s]", "", source)) + 0.5
        return formula.width

    def exchange(self, ready: Iterable[tuple[str, bool]]) -> bool:
        """Put formulas that have become ready in their places; returns whether anything changed."""
        changed = False
        found = [(key, w) for key in ready for w in self._waiting.pop(key, ())]
        if not found:
            return False
        block = QTextCursor(self.document)
        block.beginEditBlock()
        try:
            for key, w in found:
                if w.end.position() <= w.start.position():
                    continue  # its text has been rewritten in the meantime
                formula = self.formulas.get(*key)
                if formula is None:
                    continue
                # A cursor of its own: the kept ones hold their position but not their anchor.
                place = QTextCursor(self.document)
                place.setPosition(w.start.position())
                place.setPosition(w.end.position(), QTextCursor.MoveMode.KeepAnchor)
                if "".join(place.selectedText().split()) != "".join(clean(w.raw).split()):
                    continue
                # In front of the source, and then the source goes: a cursor that marks the end of the source must
                # not be left in front of what takes its place.
                marked = _marked_in(place)
                place.setPosition(w.start.position())
                self._insert(place, formula, w.em, w.raw, w.cell, marked)
                place.setPosition(w.end.position(), QTextCursor.MoveMode.KeepAnchor)
                place.removeSelectedText()
                changed = True
        finally:
            block.endEditBlock()
        return changed

    def forget_waiting(self) -> None:
        """Forget formulas that stand in text that is about to be rewritten."""
        for key, waits in list(self._waiting.items()):
            waits[:] = [w for w in waits if w.end.position() > w.start.position()]
            if not waits:
                del self._waiting[key]

    def _insert(
        self,
        cursor: QTextCursor,
        formula: Formula,
        em: float,
        raw: str,
        cell: Cell | None,
        marked: QTextCharFormat | None = None,
    ) -> None:
        """Insert a formula; if its source was ``marked`` as false while it was not ready, it is, too."""
        if not formula.ok:
            fmt = self.mono_format(scale=0.82 * em / self.size)
            fmt.setBackground(self.theme.color("code_back"))
            _keep_mark(marked, fmt)
            cursor.insertText(clean(" ".join(formula.source.split())), fmt)
            return
        f = QTextCharFormat()
        f.setObjectType(FORMULA)
        f.setProperty(SOURCE, formula.source)
        f.setProperty(DISPLAY, formula.display)
        f.setProperty(EM, em)
        f.setProperty(RAW, raw)
        f.setForeground(self.theme.color("ink"))
        self.objects.keep(formula)
        if cell is not None:
            f.setProperty(CELL, [cell.least, cell.weight, cell.needed, cell.beside])
        fitted = self.objects.fitted(formula, em, cell)
        down = math.ceil(fitted.descent - 0.01)
        # Qt puts an object's bottom edge at the descent of *its own* font below the baseline, a whole number of
        # pixels: a font with just that descent is how an object gets a baseline of its own.
        if down > 0:
            f.setFont(font_with_descent(down))
            f.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignBaseline)
        f.setToolTip("")
        _keep_mark(marked, f)
        cursor.insertText(OBJECT_CHARACTER, f)

    # -- pictures -----------------------------------------------------------------------------------------------

    def figure(self, figure: Figure) -> None:
        """Insert a picture at the cursor."""
        f = QTextCharFormat()
        f.setObjectType(FIGURE)
        f.setProperty(FIGURE_KEY, self.objects.add_figure(figure))
        f.setProperty(RAW, figure.alt or "figure")
        self.cursor.insertText(OBJECT_CHARACTER, f)


def _marked_in(place: QTextCursor) -> QTextCharFormat | None:
    """The format of what is marked as false in a stretch of text; None if nothing is."""
    probe = QTextCursor(place)
    for position in range(place.selectionStart() + 1, place.selectionEnd() + 1):
        probe.setPosition(position)
        if (fmt := probe.charFormat()).hasProperty(FALSE):
            return fmt
    return None


def _keep_mark(marked: QTextCharFormat | None, fmt: QTextCharFormat) -> None:
    if marked is not None and marked.hasProperty(FALSE):
        for name in (FALSE, FALSE_TEXT):
            fmt.setProperty(name, marked.stringProperty(name))
        fmt.setUnderlineStyle(marked.underlineStyle())
        fmt.setUnderlineColor(marked.underlineColor())
