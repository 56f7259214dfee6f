"""A transcript as a document: one builder for the screen, the print preview and the PDF.

:class:`DocumentBuilder` writes closed parts and grows the open one; each block knows the part of the solution that it
came from. The cards behind the text are :mod:`tutor_app.render.backdrop`'s. It knows nothing of widgets, threads or
files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrame,
    QTextFrameFormat,
)

from tutor_app.core.claims import MARKS, Claim, Tally
from tutor_app.core.transcript import Answer, Code, Figure, Output, Part, Question, Text, Thought, Transcript, claims_of
from tutor_app.core.verdicts import TONES
from tutor_app.handout.wording import STATUS, answer_lines, error_text, false_statements
from tutor_app.render.blocks import ASIDE, KIND, LABEL, PART, FormulaSource, Writer
from tutor_app.render.code_colors import Spans, spans, spans_now
from tutor_app.render.prose import write_markdown, write_plain
from tutor_app.render.statements import mark_false
from tutor_app.render.theme import Theme
from tutor_app.text.definitions import Definitions
from tutor_app.text.markup import answer_segments

PROBLEM: Final = 1
RUN: Final = 2
OUTPUT: Final = 3
ANSWER: Final = 4
ERROR: Final = 5
THOUGHT: Final = 6
WARNINGS: Final = 7

MAX_THOUGHT: Final = 20_000
"""Characters of a thought up to which its formulas are typeset; a longer one stands there as it was written."""
_THOUGHT_SCALE: Final = 0.86
MAX_OUTPUT_LINES: Final = 300
MAX_OUTPUT_CHARS: Final = 24_000
MAX_ERROR_LINES: Final = 40
_MAX_BLANK: Final = 4
STUB: Final = 1.5
"""Height of the line that a folded output, thought or solution leaves, in em."""
_SOURCES: Final = {
    "phrase": "Taken from the model's last sentence; it boxed no answer.",
    "output": "Taken from the last output; the model boxed no answer.",
    "number": "The last number of the solution; the model boxed no answer.",
}


class DocumentBuilder:
    """Writes a transcript into a document, part by part.

    Args:
        document: Written into from its end; give an empty one.
        theme: Colours (:func:`tutor_app.render.theme.paper` for print).
        formulas: Where formulas come from; one that answers at once for print.
        size: Text size in pixels.
        paper: Whether it is to be printed: nothing can be copied there, so what is left out is counted instead.
    """

    def __init__(
        self,
        document: QTextDocument,
        theme: Theme,
        formulas: FormulaSource,
        size: float = 17.0,
        *,
        paper: bool = False,
    ) -> None:
        self.w = Writer(document, theme, formulas, size)
        self._paper = paper
        self._tally = ""  # of the statements of the solution, for its answer
        self._answer: QTextFrame | None = None
        self._tally_place: QTextCursor | None = None
        self._vote_place: QTextCursor | None = None
        self._definitions = Definitions()
        self._thought: QTextFrame | None = None
        self._thought_part = -1
        self._figures: list[QTextCursor] = []
        self._thinking = QTextCursor()
        self._thought_text = ""
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

    # -- whole parts --------------------------------------------------------------------------------------------

    @property
    def part(self) -> int:
        """Index in the solution of the part that is written next: its blocks know it from then on."""
        return self.w.part

    @part.setter
    def part(self, index: int) -> None:
        self.w.part = index

    def build(self, transcript: Transcript) -> None:
        """Write the problem and its solution."""
        self.problem(transcript.problem)
        self.parts(transcript.solution)

    def parts(
        self,
        parts: Sequence[Part],
        first: int = 0,
        claims: Iterable[Claim] | None = None,
        remarks: Mapping[int, str] | None = None,
    ) -> None:
        """Write parts of a solution.

        Args:
            parts: From its beginning.
            first: Or from its part of that number on.
            claims: Of the whole solution, if these are not all of its parts.
            remarks: What the program says after a question, by the question's number among the parts.
        """
        self._answer = self._tally_place = self._vote_place = None  # an older one belongs to another solution
        self._definitions.note(p.text for p in parts if isinstance(p, Text))
        self.tally(claims_of(_reply(parts)) if claims is None else claims)
        drawn = -1  # index of the last figure that was written with its output
        for index, part in enumerate(parts):
            self.part = first + index
            match part:
                case Text():
                    self.text(part.text)
                    self._false_claims(part.claims)
                    if any(claim.marked for claim in part.claims):
                        self.mark(self.part, part)
                case Thought():
                    self.begin_thought()
                    self._thought_text = part.text
                    self.end_thought()
                case Question():
                    self.question(part.text)
                    self.tally(claims_of(_reply(parts[index + 1 :])))
                    if remark := (remarks or {}).get(self.part):
                        self.remark(remark)
                case Code():
                    self.begin_code()
                    self._append_code(part.source)
                    self.end_code(part.source)
                case Output():
                    figures = list(takewhile(lambda p: isinstance(p, Figure), parts[index + 1 :]))
                    drawn = index + len(figures)
                    self.end_output(part, figures)
                case Figure() if index > drawn:
                    self.figure(part)
                case Answer():
                    self.answer(part)
        self.part = -1

    def problem(self, text: str) -> None:
        """Write the problem, set apart."""
        if not text.strip():
            return
        self.close_run()
        self.part = -1
        outer = self._frame(PROBLEM, "Problem", top=0.2, bottom=1.2, pad_left=1.1, pad_top=1.55, pad_bottom=0.1)
        write_markdown(self.w, self._definitions.resolve(text.strip()))
        self._leave(outer)

    def question(self, text: str) -> None:
        """Write what was asked about the solution, set apart as the problem is."""
        self.close_run()
        self._answer = self._tally_place = None  # the answer above has its tally; a reply has one of its own
        self._tally = ""
        outer = self._frame(PROBLEM, "Question", top=0.6, bottom=1.0, pad_left=1.1, pad_top=1.55, pad_bottom=0.1)
        write_markdown(self.w, self._definitions.resolve(text.strip()))
        self._leave(outer)

    def text(self, text: str) -> None:
        """Write finished prose."""
        if text.strip():
            self.close_run()
            write_markdown(self.w, self._definitions.resolve(text.strip("\n")))

    def mark(self, index: int, part: Text) -> None:
        """Underline the false statements of a text that is written, and take back what is false no longer."""
        mark_false(self.w.document, self.w.theme, index, part.text, part.claims)

    @property
    def tally_place(self) -> QTextCursor | None:
        """In the line that tells how many statements were checked, if one is written."""
        return self._tally_place

    @property
    def vote_place(self) -> QTextCursor | None:
        """In the line that tells how many attempts agree with the answer, if one is written."""
        return self._vote_place

    def tally(self, claims: Iterable[Claim]) -> None:
        """How many statements were checked stands in the answer that is written, or will be written next."""
        self._tally = Tally.of(claims).sentence()
        if self._tally and self._answer is not None:
            self._write_tally()

    def _false_claims(self, claims: Sequence[Claim]) -> None:
        """On paper, say after a text which of its statements are false, and what is right."""
        for statement, right in false_statements(claims) if self._paper else ():
            self.w.paragraph(left=0.6, bottom=0.35)
            self.w.write(f"{MARKS['false']} {statement}", self.w.ui_format(color="bad", bold=True))
            self.w.write(right, self.w.ui_format(color="bad"))

    def plain(self, text: str) -> None:
        """Write prose that is still growing."""
        if text.strip():
            self.close_run()
            write_plain(self.w, self._definitions.resolve(text))

    def remark(self, text: str, color: str = "muted") -> None:
        """Write a remark of the program's own, as plain text; it is no part of the solution."""
        self.close_run()
        self.part = -1
        self.w.paragraph(top=0.6)
        self.w.write(text, self.w.ui_format(color=color))

    def answer(self, answer: Answer) -> None:
        """Write the final answer, set apart."""
        self.close_run()
        outer = self._frame(ANSWER, "Answer", top=0.7, bottom=1.0, pad_left=1.2, pad_top=2.0, pad_bottom=0.9)
        self.w.paragraph(bottom=0.0)
        for s in answer_segments(self._definitions.resolve_formula(answer.latex)):
            if s.kind == "text":
                self.w.write(s.source, self.w.text_format(scale=1.25))
            else:
                self.w.formula(s.source, False, s.raw, 1.4)
        for verdict, line in answer_lines(answer):
            color = TONES[verdict.kind]
            self.w.paragraph(top=0.5, bottom=0.0)
            self.w.write(line, self.w.ui_format(color=color, bold=color != "muted"))
            if verdict.of:
                self._vote_place = QTextCursor(self.w.cursor)
                self._vote_place.setKeepPositionOnInsert(True)
        if answer.source in _SOURCES:
            self.w.paragraph(top=0.5, bottom=0.0)
            self.w.write(_SOURCES[answer.source], self.w.ui_format())
        self._answer, self._tally_place = self.w.cursor.currentFrame(), None
        if self._tally:
            self._write_tally()
        self._leave(outer)

    def _write_tally(self) -> None:
        """Write the tally of the statements at the foot of the answer, in the place of an older one."""
        assert self._answer is not None
        sentence = self._tally[0].upper() + self._tally[1:] + "."
        if self._tally_place is not None and self._tally_place.block().text() == sentence:
            return
        with self.w.elsewhere(self._answer.lastCursorPosition()):
            if self._tally_place is None:
                self.w.paragraph(top=0.5, bottom=0.0)
                self._tally_place = QTextCursor(self.w.cursor)
                self._tally_place.setKeepPositionOnInsert(True)
            self.w.cursor.setPosition(self._tally_place.position(), QTextCursor.MoveMode.KeepAnchor)
            self.w.cursor.removeSelectedText()
            self.w.write(sentence, self.w.ui_format(color="bad" if "false" in sentence else "muted"))

    # -- thoughts -----------------------------------------------------------------------------------------------

    def begin_thought(self) -> None:
        """Open a card for what the model thinks."""
        self.close_run()
        self._frame(THOUGHT, "Thinking", top=0.2, bottom=0.8, pad_left=1.1, pad_top=STUB, pad_bottom=0.1)
        self._thought, self._thought_text = self.w.cursor.currentFrame(), ""
        self._thought_part = self.part
        self._thought_line()
        self._thinking = QTextCursor(self.w.cursor)

    def grow_thought(self, text: str) -> None:
        """Append to the open thought, as it was written."""
        outer, self.w.cursor = self.w.cursor, self._thinking
        fmt = self.w.text_format(scale=_THOUGHT_SCALE, color="muted")
        for n, line in enumerate(text.split("\n")):
            if n:
                self._thought_line()
            self.w.write(line, fmt)
        self.w.cursor = outer
        self._thought_text += text

    def end_thought(self) -> None:
        """The thought is over: its formulas are typeset."""
        if self._thought is None:
            return
        frame, self._thought = self._thought, None
        next_part, self.part = self.part, self._thought_part
        text, self._thought_text = self._thought_text.strip(), ""
        cursor = frame.firstCursorPosition()
        cursor.setPosition(frame.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self.w.cursor, size = cursor, self.w.size
        self.w.fresh()
        self.w.size = size * _THOUGHT_SCALE
        if len(text) <= MAX_THOUGHT:
            write_markdown(self.w, self._definitions.resolve(text))
        else:
            for line in text.split("\n"):
                self._thought_line()
                self.w.write(line, self.w.text_format(color="muted"))
        self.w.size = size
        outer = self._outer(frame)
        f = outer.frameFormat()
        f.setProperty(LABEL, "Thoughts")
        outer.setFrameFormat(f)
        self._leave(self.w.cursor)
        self.part = next_part

    def _thought_line(self) -> None:
        self.w.block(bottom=0.1, leading=0.2)

    # -- code and its output ------------------------------------------------------------------------------------

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
            self._frame(RUN, "Output", top=0.35, bottom=0.9, pad_left=1.0, pad_top=2.05, pad_bottom=0.75)
            self._run = self.w.cursor.currentFrame()
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
        """Leave the open card or thought, if there is one."""
        self.end_thought()
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

    @property
    def thought_is_open(self) -> bool:
        """Whether a thought can still grow."""
        return self._thought is not None

    # -- inside -------------------------------------------------------------------------------------------------

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

    @staticmethod
    def _outer(frame: QTextFrame) -> QTextFrame:
        parent = frame.parentFrame()
        return parent if parent.frameFormat().intProperty(KIND) else frame

    def _end_of(self, frame: QTextFrame | None) -> QTextCursor:
        assert frame is not None
        return self._outer(frame).lastCursorPosition()

    # -- colours of code ----------------------------------------------------------------------------------------

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


def _reply(parts: Sequence[Part]) -> Iterable[Part]:
    """The parts up to the next question."""
    return takewhile(lambda part: not isinstance(part, Question), parts)
