"""A solution in a document, whole or growing with the events of the one that is being made.

Closed parts are written once and never again; only the open tail (the paragraph that is still growing) is rewritten
when events arrive. What the solution consists of is what :class:`tutor_app.core.builder.Builder` makes of the events;
nothing of it is kept a second time here. Knows nothing of widgets: it writes into any document it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtGui import QTextCursor, QTextDocument

from tutor_app.core.builder import Builder
from tutor_app.core.claims import Claim
from tutor_app.core.events import (
    AnswerFound,
    ClaimsFound,
    CodeDelta,
    CodeEnded,
    CodeStarted,
    EndReason,
    FigureDrawn,
    Finished,
    LeftOut,
    OutputDelta,
    QuestionAsked,
    Reading,
    RoundStarted,
    RunFinished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
    folded,
)
from tutor_app.core.parts import Attempt, Figure, Part, Question, Text
from tutor_app.core.transcript import AS_TYPED, Transcript, claims_of
from tutor_app.handout.wording import problem_shown
from tutor_app.render.document import DocumentBuilder
from tutor_app.render.figures import Picture
from tutor_app.render.objects import FormulaSource
from tutor_app.render.statements import Statement, statements
from tutor_app.render.theme import Theme
from tutor_app.text.delimiters import split

MAX_TAIL: Final = 6000
"""Characters after which a paragraph without an end is closed by force, so that rewriting it stays cheap."""
_BREAK: Final = re.compile(r"\n[ \t]*\n(?=[^\s])")


class SolutionPage:
    """One solution and the document it is written into.

    Args:
        formulas: Where formulas come from.

    Attributes:
        problem: Text of the problem.
        as_typed: Whether what is typed plainly in it is shown so.
        is_streaming: Whether the solution is still being written.
        builder: Writes the document; another one after each :meth:`write_into`.
        false: The statements that were found to be false.
        attempts: Of the vote that the solution comes from.
    """

    builder: DocumentBuilder

    def __init__(self, formulas: FormulaSource) -> None:
        self._formulas = formulas
        self.clear()

    # -- what there is ------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Forget the solution; the document is written anew by :meth:`write_into`."""
        self.problem, self.as_typed, self.is_streaming = "", False, False
        self._fold, self._saved = Builder(), tuple[Part, ...]()
        self._remark = ("", "muted")
        self._notice = ""
        self.attempts, self._chosen = tuple[Attempt, ...](), -1
        self._left_out = ""  # what the model is not told of, until its first word
        self._remarks = dict[int, str]()  # the same for each question, by its number among the parts
        self.false: tuple[Statement, ...] = ()
        self._false_in = set[int]()  # texts in which something was found to be false
        self._rewritten = set[int]()  # texts that have been written since their false statements were underlined
        self._forget_tail()

    def begin(self, problem: str, *, as_typed: bool = False) -> None:
        """An empty solution of ``problem``; events follow."""
        self.clear()
        self.problem, self.as_typed, self.is_streaming = problem, as_typed, True

    def ask(self) -> None:
        """The finished solution goes on: the events of a reply follow."""
        self._fold, self._saved = Builder(self.parts()), ()
        self._remark, self.is_streaming = ("", "muted"), True

    def show(self, transcript: Transcript, remark: str = "") -> None:
        """A finished solution, and a sentence of the program's own below it."""
        self.clear()
        self.problem, self._saved = transcript.problem, transcript.solution
        self.as_typed = transcript.as_typed
        self.attempts, self._chosen = transcript.attempts, transcript.chosen
        self.false = _false(self._saved)
        self._remark = (remark, "muted")
        questions = [n for n, part in enumerate(self._saved) if isinstance(part, Question)]
        for at, left_out in zip(questions, transcript.left_out, strict=False):
            if left_out:
                self._remarks[at] = LeftOut(left_out).sentence()

    def take_claims(self, transcript: Transcript) -> bool:
        """What was found of the statements of the finished solution; returns whether it is the one on the page."""
        parts = transcript.solution
        bare = [replace(p, claims=()) if isinstance(p, Text) else p for p in parts]
        here = [replace(p, claims=()) if isinstance(p, Text) else p for p in self._saved]
        if transcript.problem != self.problem or bare != here:
            return False
        self._saved, self.false = parts, _false(parts)
        for index, part in enumerate(parts):
            if isinstance(part, Text):
                self.builder.mark(index, part)
        self.builder.tally(claims_of(_last_reply(parts)))
        return True

    def parts(self) -> tuple[Part, ...]:
        """The solution so far, as it is saved; the blocks of the document refer to these by their indices."""
        return self._saved or self._fold.parts()

    def transcript(self) -> Transcript:
        """The problem and the solution so far."""
        found = Transcript.of(self.problem, *self.parts(), meta={AS_TYPED: True} if self.as_typed else None)
        return replace(found, attempts=self.attempts, chosen=self._chosen)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see."""
        return not self.problem and not self.parts()

    @property
    def pictures(self) -> list[Picture]:
        """The figures in the document, by the key that their characters carry."""
        return self.builder.w.objects.pictures

    def refit(self) -> None:
        """After the column has another width: broken formulas keep their lines at the right height."""
        self.builder.w.objects.refit()

    # -- writing ------------------------------------------------------------------------------------------------

    def write_into(self, document: QTextDocument, theme: Theme, size: float) -> None:
        """Write all there is into an empty document, and go on there.

        Args:
            document: Empty.
            theme: Colours.
            size: Text size in pixels.
        """
        b = self.builder = DocumentBuilder(document, theme, self._formulas, size)
        self._forget_tail()
        if self.problem:
            b.problem(problem_shown(self.problem, as_typed=self.as_typed))
        if not self.is_streaming:
            b.parts(self.parts(), remarks=self._remarks)
            self._write_remark()
            return
        fold = self._fold
        b.parts(fold.closed, remarks=self._remarks)
        b.part = len(fold.closed)
        if fold.code is not None:
            b.begin_code()
            b.grow_code(fold.code)
        if fold.thought:
            b.begin_thought()
            b.grow_thought(fold.thought)
        if fold.printed:
            b.part = self._output_index()
            for delta in folded(fold.printed):
                b.grow_output(delta.text, delta.stream)
            b.number_figures(b.part + 1)
        if fold.words:
            self._text_part = len(fold.closed)
        self._write_tail()
        self._mark_false()

    def feed(self, events: Iterable[SolveEvent]) -> bool:
        """Write the next events; returns whether the document must be written anew.

        That is where words turned out to be a thought.
        """
        grew = is_outdated = False
        for event in events:
            self._fold.apply(event)
            if isinstance(event, ThoughtEnded) and event.before:
                is_outdated = True
                self._drop_tail()
                self._text_part, self._done = -1, 0
            grew |= self._write(event)
        if grew:
            self._write_tail()
        self._mark_false()
        return is_outdated

    def _write(self, event: SolveEvent) -> bool:
        """Write an event; returns whether the tail has to be written again."""
        b, closed = self.builder, self._fold.closed
        if self._left_out and not isinstance(event, LeftOut | Reading | RoundStarted):
            self._say_left_out()
        match event:
            case QuestionAsked(question):
                self._close_text()
                b.part = len(closed) - 1
                b.question(question)
            case LeftOut():
                # More may have to be left out before the model says a word.
                self._left_out = event.sentence()
            case TextDelta():
                self._notice = ""
                self._text_part = len(closed)
                return True
            case ThoughtDelta(text):
                self._think(text)
            case ThoughtEnded():
                b.end_thought()
                self._notice = "Thinking\u2026"
                return True
            case CodeStarted():
                self._close_text()
                b.part = len(closed)
                b.begin_code()
            case CodeDelta(text):
                b.grow_code(text)
            case CodeEnded(source, _):
                b.end_code(source)
            case OutputDelta(text, stream, back):
                b.part = self._output_index()
                b.grow_output(text, stream, back)
                b.number_figures(b.part + 1)
            case FigureDrawn(figure):
                b.part = len(closed) - 1 + bool(self._fold.printed)
                b.figure(figure)
            case RunFinished(output):
                b.part = self._output_index() - 1  # the output is closed now, before the figures
                b.number_figures(b.part + 1)
                b.end_output(output)
            case AnswerFound(answer):
                self._close_text()
                b.part = len(closed) - 1
                b.answer(answer)
                b.tally(claims_of(_last_reply(closed)))
            case ClaimsFound(number, claims):
                self._note_claims(number, claims)
            case Reading(done, total) if self._is_waiting and self._fold.code is None:
                self._notice = "Reading\u2026" + (f" {100 * done // total} %" if total else "")
                return True
            case RoundStarted() if self._is_waiting:
                self._notice = "Thinking\u2026"
                return True
            case Finished():
                self._end(event.sentence() if event.reason is not EndReason.ANSWERED else "")
                b.tally(claims_of(_last_reply(self._fold.closed)))
        return False

    @property
    def _is_waiting(self) -> bool:
        """Whether nothing is being written, neither by the model nor by its code."""
        return not self._fold.words and not self.builder.run_is_open

    def _note_claims(self, number: int, claims: Iterable[Claim]) -> None:
        """The statements of a text were checked; it is underlined where one is false."""
        texts = [n for n, part in enumerate(self._fold.parts()) if isinstance(part, Text)]
        for index in texts[number : number + 1]:
            if any(claim.marked for claim in claims):
                self._false_in.add(index)
            self._rewritten.add(index)

    def fail(self, sentence: str) -> None:
        """End a solution that could not go on, and say why."""
        self._end(sentence, "bad")

    def _end(self, remark: str, color: str = "muted") -> None:
        self._notice = ""
        self._close_text()
        self.builder.close_run()
        self.is_streaming = False
        self._remark = (remark, color)
        self._write_remark()

    def _write_remark(self) -> None:
        text, color = self._remark
        if text:
            self.builder.remark(text, color)

    def _mark_false(self) -> None:
        """Underline what is false in the texts that were written or checked since the last time."""
        if outdated := self._rewritten & self._false_in:
            parts = self._fold.parts()
            for index in sorted(outdated):
                if index < len(parts) and isinstance(part := parts[index], Text):
                    self.builder.mark(index, part)
            self.false = _false(parts)
        self._rewritten.clear()

    def _output_index(self) -> int:
        """Index of the part that the running block's output is, or will be: in front of the figures drawn so far."""
        parts = self._fold.closed
        at = len(parts)
        while at and isinstance(parts[at - 1], Figure):
            at -= 1
        return at

    def _say_left_out(self) -> None:
        """Write below the question what of the conversation the model is not told."""
        self._drop_tail()
        asked = [n for n, part in enumerate(self._fold.parts()) if isinstance(part, Question)]
        self._remarks[asked[-1]] = self._left_out
        self.builder.remark(self._left_out)
        self._left_out = ""

    def _think(self, text: str) -> None:
        """More of a thought; its card comes with its first word."""
        if self._fold.thought and not self.builder.thought_is_open:
            self._notice = ""
            self._close_text()
            self.builder.part = len(self._fold.closed)
            self.builder.begin_thought()
            text = text.lstrip()
        if self.builder.thought_is_open:
            self.builder.grow_thought(text)

    # -- the open paragraph -------------------------------------------------------------------------------------

    def _forget_tail(self) -> None:
        self._tail: tuple[QTextCursor, bool] | None = None
        self._text_part = -1  # of the prose that is growing
        self._done = 0  # how many of its characters are written for good

    def _close_text(self) -> None:
        """The prose has ended: write what is left of it for good."""
        self._drop_tail()
        at, closed = self._text_part, self._fold.closed
        if at >= 0:
            part = closed[at] if at < len(closed) else None
            text = part.text if isinstance(part, Text) else self._fold.words
            self.builder.part = at
            self.builder.text(text[self._done :])
            self._rewritten.add(at)
        self._text_part, self._done = -1, 0

    def _write_tail(self) -> None:
        """Write closed paragraphs for good and rewrite the open one."""
        self._drop_tail()
        b = self.builder
        rest = self._fold.words[self._done :] if self._text_part >= 0 else ""
        before, b.part = b.part, self._text_part
        self._rewritten.add(self._text_part)
        if (cut := closed_length(rest)) > 0:
            b.text(rest[:cut])
            self._done += cut
            rest = rest[cut:]
        if not (rest.strip() or self._notice):
            b.part = before
            return
        cursor = b.w.cursor
        cursor.movePosition(QTextCursor.MoveOperation.End)
        # A cursor, not a number: formulas that become ready above the tail move everything below them.
        place = QTextCursor(cursor)
        place.setKeepPositionOnInsert(True)
        self._tail = (place, b.w.is_fresh)
        if rest.strip():
            b.plain(rest)
        else:
            b.remark(self._notice, color="faint")
        b.part = before

    def _drop_tail(self) -> None:
        if self._tail is None:
            return
        place, fresh = self._tail
        self._tail = None
        w = self.builder.w
        w.cursor.setPosition(place.position())
        w.cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        w.cursor.removeSelectedText()
        w.forget_waiting()
        if fresh:
            w.fresh()


def _false(parts: Sequence[Part]) -> tuple[Statement, ...]:
    return tuple(s for s in statements(parts) if s.claim.marked)


def _last_reply(parts: Sequence[Part]) -> Sequence[Part]:
    """The parts after the last question."""
    asked = [n for n, part in enumerate(parts) if isinstance(part, Question)]
    return parts[asked[-1] + 1 :] if asked else parts


def closed_length(text: str) -> int:
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
