"""The card of a run: its code with colours, what it printed, its figures, its error and its time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFrame,
    QTextFrameFormat,
)

from tutor_app.core.parts import Figure, Output, Part
from tutor_app.handout.wording import STATUS, error_text
from tutor_app.render.blocks import Writer
from tutor_app.render.cards import ERROR, OUTPUT, RUN, WARNINGS, CardBuilder
from tutor_app.render.code_colors import Spans, spans, spans_now
from tutor_app.render.properties import ASIDE, KIND, PART

MAX_OUTPUT_LINES: Final = 300
MAX_OUTPUT_CHARS: Final = 24_000
MAX_ERROR_LINES: Final = 40
_MAX_BLANK: Final = 4


class RunBuilder(CardBuilder):
    """Writes code and output, a whole block or piece by piece; what comes is attached to the card that is open."""

    def __init__(self, writer: Writer, *, paper: bool) -> None:
        super().__init__(writer)
        self._paper = paper
        self._figures: list[QTextCursor] = []
        self._run: QTextFrame | None = None
        self._code: QTextCursor | None = None
        self._code_text = ""
        self._colored: Spans = ()
        self._colored_text: str | None = None
        self._output: QTextFrame | None = None
        self._out: QTextCursor | None = None
        self._out_empty = True
        self._out_lines = 0
        self._out_chars = 0
        self._out_line = ""
        self._out_cut = False
        self._newlines = 0

    def begin_code(self) -> None:
        """Open a card for a block of code; what it prints is attached to it."""
        self.close_run()
        self._frame(RUN, "Python", top=0.35, bottom=0.9, pad_left=1.0, pad_top=2.05, pad_bottom=0.75)
        self._run = self.w.cursor.currentFrame()
        self._code_block()
        self._code = QTextCursor(self.w.cursor)
        self._code_text = ""
        self._colored, self._colored_text = (), None

    def grow_code(self, text: str) -> None:
        """Append to the open block; complete lines are coloured."""
        self._append_code(text)
        if "\n" in text:
            self._highlight(spans_now(self._code_text))

    def _append_code(self, text: str) -> None:
        if self._code is None or not text:
            return
        lines = text.replace("\r\n", "\n").split("\n")
        outer, self.w.cursor = self.w.cursor, self._code
        for n, line in enumerate(lines):
            if n:
                self._code_block()
            self.w.write(line, self.w.mono_format())
        self.w.cursor = outer
        self._code_text += text

    def end_code(self, source: str) -> None:
        """The block is complete and reads ``source``."""
        if self._code is None:
            return
        if self._code_text.replace("\r\n", "\n").rstrip("\n") != source.rstrip("\n") or self._code_text.endswith("\n"):
            self._select_code().removeSelectedText()
            self._code_text = ""
            self._colored, self._colored_text = (), None
            self._append_code(source.rstrip("\n"))
        if self._colored_text != self._code_text:
            self._highlight(spans(self._code_text))

    def grow_output(self, text: str, stream: str = "stdout", back: int = 0) -> None:
        """Append to the output of the block; takes the place of the last ``back`` characters, all of the last line."""
        if not (text or back) or self._out_cut:
            return
        out = self._open_output()
        outer, self.w.cursor = self.w.cursor, out
        if back:
            self._take_back(back)
        text = text.replace("\r\n", "\n")
        fmt = self.w.mono_format(color="bad" if stream == "stderr" else "ink")
        lines = text.split("\n")
        for n, line in enumerate(lines):
            self._newlines += n > 0
            self._out_line = "" if n else self._out_line
            if not line:
                continue
            line = line.rstrip("\r").rsplit("\r", 1)[-1]
            room = MAX_OUTPUT_CHARS - self._out_chars
            if self._out_lines >= MAX_OUTPUT_LINES or room <= 0:
                self._cut_output(lines[n:])
                break
            # Line ends are written only before the next line, so that the last one leaves no empty line behind.
            for _ in range(1 if self._out_empty else min(self._newlines, _MAX_BLANK)):
                self._output_block()
                self._out_lines += 1
            self._newlines = 0
            self._out_chars += len(line)
            self._out_line += line
            self.w.write(line[:room], fmt)
            if len(line) > room:
                self._cut_output([line[room:], *lines[n + 1 :]])
                break
        self.w.cursor = outer

    def _take_back(self, count: int) -> None:
        """Remove the last characters of the output at the writer's cursor."""
        gone = self._out_line[-count:]
        self._out_line = self._out_line[: -len(gone)] if gone else self._out_line
        self._out_chars -= len(gone)
        cursor = self.w.cursor
        first = cursor.block().position()
        if "\u200b" in cursor.block().text():  # a very long line, with more characters than were printed
            cursor.setPosition(first, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            self.w.write(self._out_line, self.w.mono_format())
            return
        # A position counts units of UTF-16.
        start = cursor.position() - len(gone.encode("utf-16-le", "surrogatepass")) // 2
        cursor.setPosition(max(first, start), QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()

    def _cut_output(self, rest: Sequence[str]) -> None:
        """Say that ``rest`` is left out."""
        self._out_cut = True
        self._output_block(top=0.3)
        said = "the rest is not shown; Copy takes all of it"
        if self._paper:
            lines = sum(bool(line) for line in rest)
            unit, count = ("lines", lines) if lines > 1 else ("characters", sum(map(len, rest)))
            said = f"{unit} of output that are not printed: {count:,}"
        self.w.write(f"\u2026 {said}", self.w.ui_format())

    def figure(self, figure: Figure) -> None:
        """Attach a picture to the open block."""
        out = self._open_output()
        outer, self.w.cursor = self.w.cursor, out
        middle = Qt.AlignmentFlag.AlignHCenter if self._paper else Qt.AlignmentFlag.AlignLeft
        self._output_block(top=0.35, bottom=0.35, align=middle)
        self.w.figure(figure)
        place = QTextCursor(self.w.cursor)
        place.setKeepPositionOnInsert(True)
        self._figures.append(place)
        self._newlines = 1
        self.w.cursor = outer

    def number_figures(self, first: int) -> None:
        """Say which parts the figures of the running block are: an output that comes is put in front of them."""
        for index, place in enumerate(self._figures, first):
            fmt = QTextBlockFormat()
            fmt.setProperty(PART, index)
            QTextCursor(place.block()).mergeBlockFormat(fmt)  # the kept cursor holds its position, not its anchor

    def end_output(self, output: Output, figures: Sequence[Part] = ()) -> None:
        """The run is over: what was not streamed, its value, its error and its time are added.

        Args:
            output: What the block did; :attr:`part` is its index.
            figures: Those of the block that follow its output in the solution and are not drawn yet.
        """
        if self._run is None:  # a recorded output without its code
            # Nothing stands above the output but the card's label.
            self._frame(RUN, "Output", top=0.35, bottom=0.9, pad_left=1.0, pad_top=1.85, pad_bottom=0.0)
            self._run = self.w.cursor.currentFrame()
            self._shrink_block(self.w.cursor)
        if not self._out_lines and output.stdout:  # it was not streamed
            self.grow_output(output.stdout)
        index = self.part
        for self.part, figure in enumerate(figures, index + 1):
            if isinstance(figure, Figure):
                self.figure(figure)
        self.part = index
        out = self._open_output()
        outer, self.w.cursor = self.w.cursor, out
        if output.value_latex:
            self._output_block(top=0.2, bottom=0.2)
            self.w.formula(output.value_latex, False, output.value_latex, 1.05)
        elif output.value:
            self._newlines += 1
            self.grow_output(output.value)
        if self._paper:
            self._write_warnings(output)
        if output.truncated:
            self._output_block(top=0.3)
            self.w.write("\u2026 output was cut at its limit", self.w.ui_format())
        if output.error is not None or output.status != "ok":
            self._error(output)
        elif self._out_empty:
            self._output_block()
            self.w.write("No output", self.w.ui_format(scale=0.74, color="faint"))
        if output.warnings.strip() and not self._paper:
            _, self.w.cursor = self._section(WARNINGS)
            self._write_warnings(output)
        self.w.cursor = outer
        self._set_aside(f"{output.seconds:.1f} s" if output.seconds >= 0.05 else "")
        self.close_run()

    def _write_warnings(self, output: Output) -> None:
        for n, warning in enumerate(output.warnings.splitlines()):
            self._output_block(top=0.2 if n or self._paper else 0.0)
            self.w.write(warning, self.w.ui_format(scale=0.74, color="faint"))

    def close_run(self) -> None:
        """Leave the open card, if there is one."""
        if self._run is None:
            return
        self.w.cursor.movePosition(QTextCursor.MoveOperation.End)
        self._run = self._code = self._output = self._out = None
        self._out_empty, self._out_lines, self._out_chars, self._out_cut = True, 0, 0, False
        self._code_text, self._out_line, self._newlines = "", "", 0
        self._figures.clear()
        self.w.fresh()

    @property
    def run_is_open(self) -> bool:
        """Whether code or output can still grow."""
        return self._run is not None

    def _error(self, output: Output) -> None:
        error = output.error
        self._recolor_output(ERROR)
        if error is not None:
            lines = error_text(output).split("\n")
            if len(lines) > MAX_ERROR_LINES:
                self._output_block()
                self.w.write(f"\u2026 {len(lines) - MAX_ERROR_LINES:,} lines before", self.w.ui_format())
            for line in lines[-MAX_ERROR_LINES:]:
                self._output_block()
                self.w.write(line, self.w.mono_format(color="bad"))
        sentence = (error.hint if error is not None else "") or STATUS.get(output.status, "")
        if sentence:
            self._output_block(top=0.45)
            self.w.write(sentence, self.w.text_format(italic=True, scale=0.95))

    def _code_block(self) -> None:
        self.w.block(leading=0.16, code=True)

    def _output_block(
        self, top: float = 0.0, bottom: float = 0.0, align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft
    ) -> None:
        self._out_empty = False
        self.w.block(top=top, bottom=bottom, leading=0.12, align=align, code=True)

    def _open_output(self) -> QTextCursor:
        """The place where output goes: a section of its own at the foot of the card."""
        if self._run is None:
            self.begin_code()
        if self._out is None:
            self._output, self._out = self._section(OUTPUT)
            self._out_empty = True
        return self._out

    def _section(self, kind: int) -> tuple[QTextFrame, QTextCursor]:
        """A frame at the foot of the open card, and a cursor in it."""
        em = self.w.size
        cursor = self._end_of(self._run)
        f = QTextFrameFormat()
        f.setProperty(KIND, kind)
        f.setTopMargin(0.45 * em)
        f.setBottomMargin(0.6 * em)
        f.setLeftMargin(1.0 * em)
        f.setRightMargin(0.6 * em)
        f.setBorder(0)
        self._shrink_block(cursor)
        frame = cursor.insertFrame(f)
        self._shrink_block(self._end_of(self._run))
        self.w.fresh()
        return frame, cursor

    def _recolor_output(self, kind: int) -> None:
        if self._output is not None:
            f = self._output.frameFormat()
            f.setProperty(KIND, kind)
            self._output.setFrameFormat(f)

    def _set_aside(self, text: str) -> None:
        if self._run is not None and text:
            outer = self._outer(self._run)
            f = outer.frameFormat()
            f.setProperty(ASIDE, text)
            outer.setFrameFormat(f)

    def _end_of(self, frame: QTextFrame | None) -> QTextCursor:
        assert frame is not None
        return self._outer(frame).lastCursorPosition()

    def _select_code(self) -> QTextCursor:
        assert self._run is not None
        assert self._code is not None
        cursor = QTextCursor(self._run.firstCursorPosition())
        cursor.setPosition(self._code.position(), QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _highlight(self, found: Spans) -> None:
        """Colour the code; colours live in the layout of its lines, so text and selection are untouched."""
        assert self._run is not None
        cursor = self._run.firstCursorPosition()
        block = cursor.block()
        for n, line in enumerate(found):
            if not block.isValid():
                break
            # Only lines whose colours changed: a block of code is coloured again with each of its lines.
            if n >= len(self._colored) or self._colored[n] != line:
                for start, length, color, italic in line:
                    f = QTextCharFormat()
                    f.setForeground(self.w.theme.color(color))
                    if italic:
                        f.setFontItalic(True)
                    length = min(length, block.length() - 1 - start)
                    if length > 0:
                        cursor.setPosition(block.position() + start)
                        cursor.setPosition(block.position() + start + length, QTextCursor.MoveMode.KeepAnchor)
                        cursor.mergeCharFormat(f)
            block = block.next()
        self._colored, self._colored_text = found, self._code_text
