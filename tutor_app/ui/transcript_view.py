"""The page on which a solution appears while it is being written.

Closed parts are written once and never again; only the open tail (the paragraph that is still growing) is rewritten
when events arrive. The view follows the end only while the reader is at the end. It decides nothing about a
solution: it draws the events it is given.
"""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QMimeData, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCursor,
    QTextDocument,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from tutor_app.core.events import (
    AnswerFound,
    CodeDelta,
    CodeEnded,
    CodeStarted,
    EndReason,
    FigureDrawn,
    Finished,
    OutputDelta,
    Reading,
    RoundStarted,
    RunFinished,
    SolveEvent,
    TextDelta,
)
from tutor_app.core.transcript import Code, Part, Text, Transcript
from tutor_app.ui.blocks import JOINER, OBJECT_CHARACTER, RAW
from tutor_app.ui.delimiters import split
from tutor_app.ui.document import DocumentBuilder, paint_backdrop
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.theme import COLUMN, SPACE, Theme

BASE_SIZE: Final = 17.0
MAX_TAIL: Final = 6000
"""Characters after which a paragraph without an end is closed by force, so that rewriting it stays cheap."""
_BREAK: Final = re.compile(r"\n[ \t]*\n(?=[^\s])")
_FADE: Final = 18
_SLACK: Final = 4  # pixels from the end that still count as being at the end


class TranscriptView(QTextEdit):
    """Shows one solution, growing or finished.

    Signals:
        zoom_asked: The reader turned the wheel with Ctrl: +1 or -1.
    """

    zoom_asked = Signal(int)

    def __init__(self, formulas: Formulas, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formulas = formulas
        self._theme = theme
        self._size = BASE_SIZE
        self._problem = ""
        self._parts: list[Part] = []
        self._ending: Finished | None = None
        self._streaming = False
        self._text = ""
        self._code: str | None = None
        self._stdout: list[tuple[str, str]] = []
        self._tail: tuple[QTextCursor, bool] | None = None
        self._notice = ""
        self._following = True
        self._page: QTextDocument | None = None
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setObjectName("transcript")
        self.setAccessibleName("Solution")
        self.setAccessibleDescription("The problem, the model's reasoning, its code with output, and the answer.")
        bar = self.verticalScrollBar()
        bar.setAccessibleName("Scroll the solution")
        bar.actionTriggered.connect(self._reader_scrolled)
        bar.rangeChanged.connect(self._range_changed)
        self.horizontalScrollBar().setAccessibleName("Scroll the solution sideways")
        formulas.ready.connect(self._formulas_ready)
        self._new_document()

    # -- what is shown ------------------------------------------------------------------------------------------

    def clear_all(self) -> None:
        """Show nothing."""
        self._problem, self._parts, self._ending, self._streaming = "", [], None, False
        self._text, self._code, self._stdout, self._notice = "", None, [], ""
        self._following = True
        self._rebuild()

    def begin(self, problem: str) -> None:
        """Start an empty solution of ``problem``; events follow."""
        self.clear_all()
        self._problem = problem
        self._streaming = True
        self._rebuild()

    def show_transcript(self, transcript: Transcript, remark: str = "") -> None:
        """Show a finished solution from its beginning."""
        self.clear_all()
        self._problem = transcript.problem
        self._parts = list(transcript.solution)
        self._following = False
        self._rebuild()
        if remark:
            self._builder.remark(remark)
        self.verticalScrollBar().setValue(0)

    def fail(self, sentence: str) -> None:
        """End a solution that could not go on, and say why."""
        self._close_text()
        self._drop_tail()
        self._streaming = False
        self._builder.remark(sentence, color="bad")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see."""
        return not self._problem and not self._parts and not self._text

    def transcript(self) -> Transcript:
        """What is shown."""
        return Transcript.of(self._problem, *self._current_parts())

    def _current_parts(self) -> list[Part]:
        parts = list(self._parts)
        if self._text.strip():
            parts.append(Text(self._text))
        if self._code is not None:
            parts.append(Code(self._code))
        return parts

    # -- events -------------------------------------------------------------------------------------------------

    def feed(self, events: list[SolveEvent]) -> None:
        """Draw the next events."""
        keep = self.verticalScrollBar().value()
        # One edit block: the page is laid out once per batch, not once per insertion.
        block = QTextCursor(self._builder.w.document)
        block.beginEditBlock()
        try:
            self._draw(events)
        finally:
            block.endEditBlock()
        self._keep_place(keep)

    def _draw(self, events: list[SolveEvent]) -> None:
        grew = False
        for event in events:
            match event:
                case TextDelta(text):
                    self._notice = ""
                    self._text += text
                    grew = True
                case CodeStarted():
                    self._close_text()
                    self._builder.begin_code()
                    self._code = ""
                case CodeDelta(text):
                    self._code = (self._code or "") + text
                    self._builder.grow_code(text)
                case CodeEnded(source, _):
                    self._builder.end_code(source)
                    self._parts.append(Code(source))
                    self._code = None
                case OutputDelta(text, stream):
                    self._stdout.append((text, stream))
                    self._builder.grow_output(text, stream)
                case FigureDrawn(figure):
                    self._parts.append(figure)
                    self._builder.figure(figure)
                case RunFinished(output):
                    self._stdout.clear()
                    self._parts.append(output)
                    self._builder.end_output(output)
                case AnswerFound(answer):
                    self._close_text()
                    self._parts.append(answer)
                    self._builder.answer(answer)
                case Reading(done, total):
                    if not self._text and self._code is None and not self._builder.run_is_open:
                        share = f" {100 * done // total} %" if total else ""
                        self._notice = f"Reading\u2026{share}"
                        grew = True
                case RoundStarted(_):
                    if not self._text and not self._builder.run_is_open:
                        self._notice = "Thinking\u2026"
                        grew = True
                case Finished():
                    self._finish(event)
        if grew and (self._text or self._notice):
            self._write_tail()

    def _finish(self, event: Finished) -> None:
        self._notice = ""
        self._close_text()
        self._drop_tail()
        self._builder.close_run()
        self._streaming = False
        self._ending = event
        if event.reason is not EndReason.ANSWERED:
            self._builder.remark(event.sentence())

    def _close_text(self) -> None:
        """The prose has ended: write what is left of it for good."""
        self._drop_tail()
        if self._text.strip():
            self._builder.text(self._text[self._done :])
            self._parts.append(Text(self._text))
        self._text = ""
        self._done = 0

    _done = 0  # how much of self._text is written for good

    def _write_tail(self) -> None:
        """Write closed paragraphs for good and rewrite the open one."""
        self._drop_tail()
        rest = self._text[self._done :]
        if (cut := _closed(rest)) > 0:
            self._builder.text(rest[:cut])
            self._done += cut
            rest = rest[cut:]
        cursor = self._builder.w.cursor
        cursor.movePosition(QTextCursor.MoveOperation.End)
        # A cursor, not a number: formulas that become ready above the tail move everything below them.
        place = QTextCursor(cursor)
        place.setKeepPositionOnInsert(True)
        self._tail = (place, self._builder.w.is_fresh)
        if rest.strip():
            self._builder.plain(rest)
        elif self._notice:
            self._builder.remark(self._notice, color="faint")

    def _drop_tail(self) -> None:
        if self._tail is None:
            return
        place, fresh = self._tail
        self._tail = None
        cursor = self._builder.w.cursor
        cursor.setPosition(place.position())
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._builder.w.forget_waiting()
        if fresh:
            self._builder.w.fresh()

    # -- look ---------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = theme
        self._rebuild()

    def set_size(self, pixels: float) -> None:
        """Change the text size; everything else follows."""
        if pixels != self._size:
            self._size = pixels
            self._rebuild()

    def _new_document(self) -> None:
        document = QTextDocument(self)
        document.setDocumentMargin(3 * SPACE)
        old, self._page = self._page, document
        self.setDocument(document)
        if old is not None:
            old.deleteLater()
        self._builder = DocumentBuilder(document, self._theme, self._formulas, self._size)
        self._tail = None
        self._done = 0
        self._fit_column()

    def _rebuild(self) -> None:
        """Write everything anew: another theme, another size, another solution."""
        bar = self.verticalScrollBar()
        place = bar.value() / max(1, bar.maximum())
        self._new_document()
        b = self._builder
        block = QTextCursor(b.w.document)
        block.beginEditBlock()
        if self._problem:
            b.problem(self._problem)
        b.parts(self._parts)
        if self._code is not None:
            b.begin_code()
            b.grow_code(self._code)
        for text, stream in self._stdout:
            b.grow_output(text, stream)
        if self._ending is not None and self._ending.reason is not EndReason.ANSWERED:
            b.remark(self._ending.sentence())
        if self._text or self._notice:
            self._write_tail()
        block.endEditBlock()
        bar.setValue(bar.maximum() if self._following else round(place * bar.maximum()))

    def _formulas_ready(self, keys: list[tuple[str, bool]]) -> None:
        keep = self.verticalScrollBar().value()
        self._builder.w.exchange(keys)
        self._keep_place(keep)

    def _fit_column(self) -> None:
        column = COLUMN * self._size / BASE_SIZE + 6 * SPACE
        spare = max(0, int(self.width() - column) // 2)
        if self.viewportMargins().left() != spare:
            self.setViewportMargins(spare, 0, max(0, spare - self.verticalScrollBar().sizeHint().width()), 0)

    # -- place --------------------------------------------------------------------------------------------------

    def _keep_place(self, value: int) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum() if self._following else value)

    def _reader_scrolled(self, _action: int) -> None:
        bar = self.verticalScrollBar()
        self._following = bar.sliderPosition() >= bar.maximum() - _SLACK

    def _range_changed(self, _low: int, high: int) -> None:
        if self._following and self._streaming:
            self.verticalScrollBar().setValue(high)

    @property
    def following(self) -> bool:
        """Whether the view stays at the end while text arrives."""
        return self._following

    # -- Qt -----------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """A page."""
        return QSize(COLUMN, 480)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the column readable and in the middle."""
        self._fit_column()
        super().resizeEvent(event)
        if self._following:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Cards first, then the text."""
        painter = QPainter(self.viewport())
        dx, dy = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        painter.translate(-dx, -dy)
        clip = QRectF(event.rect()).translated(dx, dy)
        paint_backdrop(painter, self.document(), self._theme, clip, self._size)
        painter.end()
        super().paintEvent(event)
        if dy > 0:  # text that has gone up fades out instead of being cut by the edge
            painter = QPainter(self.viewport())
            fade = QLinearGradient(0, 0, 0, _FADE)
            page = self._theme.color("page")
            fade.setColorAt(0, page)
            page.setAlpha(0)
            fade.setColorAt(1, page)
            painter.fillRect(QRectF(0, 0, self.viewport().width(), _FADE), fade)
            painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Ctrl and the wheel zoom; the wheel alone scrolls."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if event.angleDelta().y():
                self.zoom_asked.emit(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
            return
        super().wheelEvent(event)

    def loadResource(self, kind: int, name: object) -> object:
        """Nothing in a transcript is ever loaded from anywhere."""
        return None

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Nothing can be dropped or pasted into a transcript."""
        return False

    def createMimeDataFromSelection(self) -> QMimeData:
        """Plain text with formulas as they were written; never HTML."""
        data = QMimeData()
        data.setText(self.selected_source())
        return data

    def selected_source(self) -> str:
        """The selected text; formulas as LaTeX with their delimiters."""
        cursor = self.textCursor()
        return plain_source(self.document(), cursor.selectionStart(), cursor.selectionEnd())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copy and Select All."""
        menu = self.createStandardContextMenu()
        menu.exec(event.globalPos())
        menu.deleteLater()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select the word or the formula."""
        super().mouseDoubleClickEvent(event)


def plain_source(document: QTextDocument, start: int, end: int) -> str:
    """The text of a part of a document, with objects as their source."""
    cursor = QTextCursor(document)
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    out: list[str] = []
    at = start
    probe = QTextCursor(document)
    for c in cursor.selectedText():
        at += 2 if ord(c) > 0xFFFF else 1
        if c == OBJECT_CHARACTER:
            probe.setPosition(at)
            out.append(probe.charFormat().stringProperty(RAW))
        elif c in "\u2029\u2028\ufdd0\ufdd1":
            out.append("\n")
        elif c not in (JOINER, "\u200b"):
            out.append(c)
    return re.sub(r"\n{3,}", "\n\n", "".join(out)).strip("\n")


def _closed(text: str) -> int:
    """How much of growing prose is complete: up to its last blank line outside an open formula or fence.

    An indented line after a blank one still belongs to the list item before it.
    """
    if len(text) > MAX_TAIL:
        cut = max(text.rfind("\n", 0, MAX_TAIL), text.rfind(" ", 0, MAX_TAIL))
        return cut + 1 if cut > 0 else MAX_TAIL
    last = 0
    for m in _BREAK.finditer(text):
        last = m.end()
    if not last:
        return 0
    opened = split(text).open_at
    if 0 <= opened < last:
        last = 0
        for m in _BREAK.finditer(text):
            if m.end() > opened:
                break
            last = m.end()
    return last
