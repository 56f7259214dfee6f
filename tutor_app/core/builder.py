"""From events to parts: what a solution holds so far, for whoever saves or draws it while it is being written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tutor_app.core.claims import Claim
from tutor_app.core.events import (
    AnswerFound,
    ClaimsFound,
    CodeDelta,
    CodeEnded,
    CodeStarted,
    FigureDrawn,
    OutputDelta,
    ParseEvent,
    QuestionAsked,
    RunFinished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
    printed,
)
from tutor_app.core.parts import Code, Figure, Output, Part, Question, Text, Thought


class Builder:
    """Folds events into parts, so that whoever listens can save or draw what there is so far.

    Args:
        parts: What there is already: of a solution that goes on.
    """

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self._parts: list[Part] = list(parts)
        self._words: list[str] = []
        self._thought: list[str] = []
        self._code: list[str] | None = None
        self._printed: list[OutputDelta] = []
        self._claims: dict[int, tuple[Claim, ...]] = {}

    def apply(self, event: SolveEvent | ParseEvent) -> None:
        """Take in one event."""
        match event:
            case TextDelta(text):
                self._end_thought()
                self._words.append(text)
            case ThoughtDelta(text):
                self._end_words()
                self._thought.append(text)
            case ThoughtEnded(before):
                self._end_thought()
                if before:
                    self._thought, self._words = self._words, []
                    self._end_thought()
            case CodeStarted():
                self._end_thought()
                if self._words:
                    self._parts.append(Text(self.words))
                    self._words.clear()
                self._code = []
            case CodeDelta(text):
                (self._code if self._code is not None else self._words).append(text)
            case CodeEnded(source):
                self._code = None
                self._parts.append(Code(source))
            case OutputDelta():
                self._printed.append(event)
            case FigureDrawn(figure):
                self._parts.append(figure)
            case RunFinished(output):
                self._printed.clear()
                self._parts = _with_output(self._parts, output)
            case ClaimsFound(number, claims):
                self._claims[number] = claims
            case QuestionAsked(question):
                self._end_with(Question(question))
            case AnswerFound(answer):
                self._end_with(answer)
            case _:
                pass

    @property
    def words(self) -> str:
        """The prose since the last block."""
        return "".join(self._words)

    @property
    def thought(self) -> str:
        """The thought that is open, from its first word on."""
        return "".join(self._thought).lstrip()

    @property
    def code(self) -> str | None:
        """The source of the open block as far as it is written, or None."""
        return None if self._code is None else "".join(self._code)

    @property
    def printed(self) -> tuple[OutputDelta, ...]:
        """What the running block has printed so far."""
        return tuple(self._printed)

    @property
    def closed(self) -> tuple[Part, ...]:
        """The parts that are over; what is being written or printed is left out."""
        return _with_claims(self._parts, self._claims)

    def parts(self) -> tuple[Part, ...]:
        """Everything so far; an open block and a running block's output are included as they stand."""
        return _with_claims(self._all(), self._claims)

    def _all(self) -> list[Part]:
        parts = self._parts
        if self._printed:
            parts = _with_output(parts, Output(stdout=printed(self._printed), status="stopped"))
        if self._code is not None:
            parts = [*parts, Code("".join(self._code).removesuffix("\n"))]
        elif self._words:
            parts = [*parts, Text(self.words)]
        elif self.thought:
            parts = [*parts, Thought(self.thought.rstrip())]
        return parts

    def _end_with(self, part: Part) -> None:
        """Close the open part, and append ``part``."""
        self._parts = [*self._all(), part]
        self._code = None
        self._words.clear()
        self._thought.clear()
        self._printed.clear()

    def _end_words(self) -> None:
        """A thought begins: the prose before it, if there is any, is a part of its own."""
        if self.words.strip():
            self._parts.append(Text(self.words))
        self._words.clear()

    def _end_thought(self) -> None:
        if self.thought:
            self._parts.append(Thought(self.thought.rstrip()))
        self._thought.clear()


def _with_claims(parts: list[Part], claims: Mapping[int, tuple[Claim, ...]]) -> tuple[Part, ...]:
    """``parts`` with their claims, by the number of the text; one that turned out to be a thought has none."""
    if not claims:
        return tuple(parts)
    out, number = list[Part](), 0
    for part in parts:
        if isinstance(part, Text):
            found = claims.get(number, part.claims)
            fitting = tuple(c for c in found if part.text[c.start : c.end] == c.text)
            part, number = replace(part, claims=fitting), number + 1
        out.append(part)
    return tuple(out)


def _with_output(parts: list[Part], output: Output) -> list[Part]:
    """``parts`` with the last block's output: right after the code, before the figures drawn meanwhile."""
    at = len(parts)
    while at and isinstance(parts[at - 1], Figure):
        at -= 1
    return [*parts[:at], output, *parts[at:]]
