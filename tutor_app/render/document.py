"""A transcript as a document: one builder for the screen, the print preview and the PDF.

:class:`DocumentBuilder` writes closed parts and grows the open one; each block knows the part of the solution that it
came from. The cards behind the text are :mod:`tutor_app.render.backdrop`'s. It knows nothing of widgets, threads or
files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Final

from PySide6.QtGui import (
    QTextCursor,
    QTextDocument,
    QTextFrame,
)

from tutor_app.core.claims import MARKS, Claim
from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Question, Text, Thought
from tutor_app.core.transcript import Transcript, claims_of
from tutor_app.core.verdicts import TONES
from tutor_app.handout.wording import HINTS_GIVEN, answer_lines, false_statements, problem_of, question_of, tally
from tutor_app.render.blocks import Writer
from tutor_app.render.cards import ANSWER, PROBLEM, STUB, THOUGHT
from tutor_app.render.objects import FormulaSource
from tutor_app.render.properties import LABEL
from tutor_app.render.prose import write_markdown, write_plain
from tutor_app.render.run_cards import RunBuilder
from tutor_app.render.statements import mark_false
from tutor_app.render.theme import Theme
from tutor_app.text.definitions import Definitions
from tutor_app.text.markup import answer_segments

MAX_THOUGHT: Final = 20_000
"""Characters of a thought up to which its formulas are typeset; a longer one stands there as it was written."""
_THOUGHT_SCALE: Final = 0.86
_SOURCES: Final = {
    "phrase": "Taken from the model's last sentence; it boxed no answer.",
    "output": "Taken from the last output; the model boxed no answer.",
    "number": "The last number of the solution; the model boxed no answer.",
}


class DocumentBuilder(RunBuilder):
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
        super().__init__(Writer(document, theme, formulas, size), paper=paper)
        self._tally = ""  # of the statements of the solution, for its answer
        self._answer: QTextFrame | None = None
        self._tally_place: QTextCursor | None = None
        self._vote_place: QTextCursor | None = None
        self._definitions = Definitions()
        self._thought: QTextFrame | None = None
        self._thought_part = -1
        self._thinking = QTextCursor()
        self._thought_text = ""

    # -- whole parts --------------------------------------------------------------------------------------------

    def build(self, transcript: Transcript) -> None:
        """Write the problem and its solution."""
        self.problem(problem_of(transcript))
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
        write_markdown(self.w, self._definitions.resolve(question_of(text.strip())))
        self._leave(outer)

    def hints(self, text: str) -> None:
        """Write the hints that were given, set apart as the problem is."""
        self.close_run()
        outer = self._frame(PROBLEM, HINTS_GIVEN, top=0.2, bottom=1.2, pad_left=1.1, pad_top=1.55, pad_bottom=0.1)
        write_markdown(self.w, self._definitions.resolve(text))
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
        self._tally = tally(claims)
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
        sentence = self._tally
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

    def close_run(self) -> None:
        """Leave the open card or thought, if there is one."""
        self.end_thought()
        super().close_run()

    @property
    def thought_is_open(self) -> bool:
        """Whether a thought can still grow."""
        return self._thought is not None


def _reply(parts: Sequence[Part]) -> Iterable[Part]:
    """The parts up to the next question."""
    return takewhile(lambda part: not isinstance(part, Question), parts)
