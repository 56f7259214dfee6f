"""A solution in a terminal: the same events the window draws, as lines of text.

Colour only where it is wanted (a terminal, ``NO_COLOR`` not set). Control characters in what a model or its code
writes are shown, never sent to the terminal. A thought is left out but for its length.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TextIO

from tutor_app.core.claims import Claim, Tally, claim_line
from tutor_app.core.events import (
    AnswerFound,
    ClaimsFound,
    CodeDelta,
    CodeEnded,
    CodeStarted,
    FigureDrawn,
    Finished,
    LeftOut,
    OutputDelta,
    QuestionAsked,
    Reading,
    RunFinished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
    VoteCast,
    folded,
)
from tutor_app.core.parts import Answer, Output
from tutor_app.core.terminal import printable
from tutor_app.core.transcript import claims_of
from tutor_app.core.verdicts import MARKS, TONES
from tutor_app.handout.vote_lines import vote_text
from tutor_app.handout.wording import answer_lines

_STYLES: Final = {"code": "36", "output": "32", "error": "31", "answer": "1;35", "quiet": "2"}
_BAR: Final = "│ "


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour: a terminal whose owner has not asked for none (https://no-color.org)."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


class Lines:
    """Makes one text of what a block prints.

    Args:
        rewinds: Whether what was written can be taken back, as on a terminal; else only whole lines are given on.
    """

    def __init__(self, rewinds: bool) -> None:
        self._rewinds = rewinds
        self._held: list[OutputDelta] = []

    def add(self, delta: OutputDelta) -> list[tuple[str, str]]:
        """What to write now: texts with their streams; one without a stream goes to the terminal as it is."""
        if self._rewinds:
            # Wide letters take two columns and two backspaces are too many for a narrow one: both are rare in a bar.
            return [(f"\x1b[{delta.back}D\x1b[K", ""), (delta.text, delta.stream)][not delta.back :]
        self._held.append(delta)
        if "\n" not in delta.text:
            return []
        *before, last = folded(self._held)
        end = last.text.rfind("\n") + 1
        self._held = [replace(last, text=last.text[end:])]
        return [(d.text, d.stream) for d in (*before, replace(last, text=last.text[:end]))]

    def end(self) -> list[tuple[str, str]]:
        """The rest of a line that never ended."""
        held, self._held = folded(self._held), []
        return [(d.text, d.stream) for d in held]


class TerminalView:
    """Writes events as they come."""

    def __init__(self, out: TextIO, *, colour: bool | None = None, progress: TextIO | None = None) -> None:
        """Write to ``out``.

        Args:
            out: Where the solution goes.
            colour: None decides by :func:`wants_colour`.
            progress: Where a passing line about reading the prompt goes, if it is a terminal.
        """
        self._out = out
        self._colour = wants_colour(out) if colour is None else colour
        self._progress = progress if progress is not None and progress.isatty() else None
        self._fresh = True  # at the start of a line
        self._passing = False
        self._thought: list[str] = []
        self._claims: list[Claim] = []
        self._known: dict[int, frozenset[Claim]] = {}
        self._printed = Lines(out.isatty())

    def show(self, events: Iterable[SolveEvent]) -> Finished | None:
        """Write every event; returns the last one."""
        last: Finished | None = None
        for event in events:
            self.write(event)
            if isinstance(event, Finished):
                last = event
        return last

    def write(self, event: SolveEvent) -> None:
        """Write one event."""
        match event:
            case Reading(done, total):
                self._pass(f"reading the problem, {done} of {total} tokens")
            case ThoughtDelta(text):
                self._thought.append(text)
                self._pass("thinking")
            case VoteCast():
                self._pass(event.sentence())
            case OutputDelta():
                self._pass("")
                self._put_output(self._printed.add(event))
                self._out.flush()
            case _:
                self._pass("")
                self._put_output(self._printed.end())
                self._write_part(event)
                self._out.flush()

    def _write_part(self, event: SolveEvent) -> None:
        """Write what is no passing remark, once the output before it is complete."""
        match event:
            case TextDelta(text):
                self._put_text(text)
            case ClaimsFound(number, claims):
                self._take_claims(number, claims)
            case QuestionAsked(question):
                self._put_line(question, "answer", "? ")
            case LeftOut():
                self._put_line(event.sentence())
            case ThoughtEnded(True):
                self._put_line("[that was a thought; the solution follows]")
            case ThoughtEnded():
                self._end_thought()
            case CodeStarted():
                self._line()
                self._put_claims()
            case CodeDelta(text):
                self._put(text, "code", _BAR)
            case CodeEnded():
                self._line()
                self._pass("running the code")
            case FigureDrawn(figure):
                self._put_line(f"[figure: {figure.alt or f'{figure.width} x {figure.height} pixels'}]")
            case RunFinished(output):
                self._put_outcome(output)
            case AnswerFound(answer):
                self._put_answer(answer)
            case Finished():
                self._put_end(event)

    def _put_text(self, text: str) -> None:
        # What was checked in a line comes after it, never in the middle of the next one.
        head, end, rest = text.partition("\n") if self._claims else (text, "", "")
        self._put(head + end)
        self._put_claims(wait=not end)
        self._put(rest)

    def _take_claims(self, number: int, claims: tuple[Claim, ...]) -> None:
        known = self._known.get(number, frozenset())
        self._claims += [claim for claim in claims if claim not in known]
        self._known[number] = frozenset(claims)
        self._put_claims(wait=True)

    def _put_outcome(self, output: Output) -> None:
        """What became of a block, besides what it printed."""
        self._line()
        if output.value:
            self._put_line(output.value, "output", "» ")
        if output.warnings:
            self._put_line(output.warnings, margin="  ")
        if output.error is not None:
            self._put_line(output.error.last_line, "error", "» ")
            if output.error.hint:
                self._put_line(output.error.hint, margin="  ")

    def _put_answer(self, answer: Answer) -> None:
        self._line()
        self._put_claims()
        how = {"boxed": "", "phrase": "", "output": " (from the output)", "number": " (the last number)"}
        self._put_line(f"Answer{how[answer.source]}: {answer.latex}", "answer")
        for verdict, line in answer_lines(answer):
            style = {"bad": "error", "good": "output"}.get(TONES[verdict.kind], "quiet")
            self._put_line(f"{MARKS[verdict.kind]} {line}", style)

    def _put_end(self, end: Finished) -> None:
        self._end_thought()
        speed = f", {end.usage.tokens_per_second:.1f} tokens/s" if end.usage.tokens_per_second else ""
        self._put_line(f"{end.sentence()} {end.usage.seconds:.1f} s{speed}.")
        self._put_claims()
        tally = Tally.of(claims_of(end.transcript.solution)).sentence()
        if tally:
            self._put_line(f"{tally}.")
        final = end.transcript.answer if not end.transcript.attempts else None
        if final is not None and final.verdict.odds():
            self._put_line(f"{MARKS['votes']} {final.verdict.odds()}.")
        for line in vote_text(end.transcript):
            self._put_line(line)

    def _end_thought(self) -> None:
        words = len("".join(self._thought).split())
        self._thought.clear()
        if words:
            self._put_line(f"[thought: {words:,} word{'s' if words != 1 else ''}]")

    def _put_claims(self, *, wait: bool = False) -> None:
        """Write the statements that were checked; ``wait`` for the end of the line that is being written."""
        if wait and not self._fresh:
            return
        self._line()
        for claim in self._claims:
            if claim.verdict != "unchecked":
                self._put(claim_line(claim) + "\n", "error" if claim.verdict == "false" else "quiet", "  ")
        self._claims.clear()

    def _put_output(self, pieces: Iterable[tuple[str, str]]) -> None:
        for text, stream in pieces:
            if stream:
                self._put(text, "error" if stream == "stderr" else "output", "» ")
            else:
                self._out.write(text)

    def _put_line(self, text: str, style: str = "quiet", margin: str = "") -> None:
        """Write a remark on a line of its own."""
        self._line()
        self._put(f"{text}\n", style, margin)

    def _put(self, text: str, style: str = "", margin: str = "") -> None:
        text = printable(text)
        for line in text.splitlines(keepends=True):
            if self._fresh and margin:
                self._out.write(self._styled(margin, "quiet"))
            body = line.removesuffix("\n")
            self._out.write(self._styled(body, style) if body else "")
            self._fresh = line.endswith("\n")
            if self._fresh:
                self._out.write("\n")

    def _line(self) -> None:
        if not self._fresh:
            self._out.write("\n")
            self._fresh = True

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._colour and style else text

    def _pass(self, text: str) -> None:
        """A line that the next thing written takes the place of."""
        if self._progress is None or not (text or self._passing):
            return
        self._progress.write(f"\r\x1b[K{text}")
        self._progress.flush()
        self._passing = bool(text)
