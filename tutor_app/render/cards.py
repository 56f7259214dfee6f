"""Cards of a solution as frames of a document: their kinds, and how one is opened and left.

What is painted behind them is :mod:`tutor_app.render.backdrop`'s.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import (
    QTextCursor,
    QTextFrame,
    QTextFrameFormat,
)

from tutor_app.render.blocks import Writer
from tutor_app.render.properties import KIND, LABEL

PROBLEM: Final = 1
RUN: Final = 2
OUTPUT: Final = 3
ANSWER: Final = 4
ERROR: Final = 5
THOUGHT: Final = 6
WARNINGS: Final = 7

STUB: Final = 1.5
"""Height of the line that a folded output, thought or solution leaves, in em."""


class CardBuilder:
    """Opens cards at the end of what a writer writes."""

    def __init__(self, writer: Writer) -> None:
        self.w = writer

    @property
    def part(self) -> int:
        """Index in the solution of the part that is written next: its blocks know it from then on."""
        return self.w.part

    @part.setter
    def part(self, index: int) -> None:
        self.w.part = index

    def _frame(
        self, kind: int, label: str, *, top: float, bottom: float, pad_left: float, pad_top: float, pad_bottom: float
    ) -> QTextCursor:
        """Insert a frame at the end and put the writer into it; returns a cursor to leave it by."""
        em = self.w.size
        f = QTextFrameFormat()
        f.setProperty(KIND, kind)
        f.setProperty(LABEL, label)
        f.setTopMargin(top * em)
        f.setBottomMargin(bottom * em)
        f.setLeftMargin(0)
        f.setRightMargin(0)
        f.setPadding(0)
        f.setBorder(0)
        cursor = self.w.cursor
        cursor.movePosition(QTextCursor.MoveOperation.End)
        # The paragraph the frame is inserted into stays in front of it: an unused one must take no room.
        self._shrink_block(cursor)
        frame = cursor.insertFrame(f)
        # QTextFrame has one padding for all sides; margins of an inner frame give each side its own.
        inner = QTextFrameFormat()
        inner.setTopMargin(pad_top * em)
        inner.setBottomMargin(pad_bottom * em)
        inner.setLeftMargin(pad_left * em)
        inner.setRightMargin(pad_left * em * 0.6)
        inner.setBorder(0)
        inner.setPadding(0)
        f.setBorder(0)
        frame.setFrameFormat(f)
        self._shrink_block(cursor)
        cursor.insertFrame(inner)
        self._shrink_block(frame.lastCursorPosition())
        self.w.fresh()
        return cursor

    def _leave(self, cursor: QTextCursor) -> None:
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self.w.fresh()

    def _shrink_block(self, cursor: QTextCursor) -> None:
        """Make the block at the cursor take almost no room, if it is empty; frames need one between them."""
        if cursor.block().text():
            return
        bf = cursor.blockFormat()
        bf.setTopMargin(0)
        bf.setBottomMargin(0)
        bf.setLineHeight(1, bf.LineHeightTypes.FixedHeight.value)
        cursor.setBlockFormat(bf)

    @staticmethod
    def _outer(frame: QTextFrame) -> QTextFrame:
        parent = frame.parentFrame()
        return parent if parent.frameFormat().intProperty(KIND) else frame
