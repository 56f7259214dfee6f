"""A round of the model's words: parsed and passed on until code closes, a budget is spent or enough is said."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tutor_app.core.answers import boxed
from tutor_app.core.builder import Builder
from tutor_app.core.claims import ARITHMETIC
from tutor_app.core.dialect import Dialect, Span
from tutor_app.core.errors import HostFault
from tutor_app.core.events import (
    CodeEnded,
    EndReason,
    OutputEnded,
    OutputStarted,
    ParseEvent,
    Reading,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
    Usage,
)
from tutor_app.core.parsing import Parser
from tutor_app.core.parts import Text
from tutor_app.core.ports import (
    Cancel,
    Generation,
    LanguageModel,
    PromptProgress,
    Stopped,
)
from tutor_app.core.solve_settings import AFTER_ANSWER, CORRECTION, MAX_CORRECTIONS, THOUGHT_OVER, SolveSettings
from tutor_app.core.thoughts import MARK, mark_kind, unfinished_mark
from tutor_app.core.turns import TurnGuard, repeats

ROOM: Final = 256
"""Tokens of the context that are kept free for the beginning of a reply."""


@dataclass(slots=True)
class Round:
    """What one turn of the model's speech came to."""

    raw: str = ""
    begun: bool = False  # something of it has been passed on
    start: int = 0  # of this round's words within the prose since the last block
    code: CodeEnded | None = None
    forged: bool = False
    reason: EndReason | None = None
    in_thought: bool = False  # at its end
    thought_spent: bool = False  # its thought has used up its budget
    guard: TurnGuard = field(default_factory=TurnGuard)
    correction: str = ""  # what the model is told of a false statement that ended the round


@dataclass
class _Heard:
    """How much a model wrote in one round, and when.

    Attributes:
        began: Time of its first token; None before it.
        tokens: So far.
        read: Of the prompt.
        stopped: How it ended; None where it was ended from here.
    """

    began: float | None = None
    tokens: int = 0
    read: PromptProgress = field(default_factory=lambda: PromptProgress(0, 0))
    stopped: Stopped | None = None


class _Budget:
    """A :class:`~tutor_app.core.ports.Cancel` that is also raised when the time is up."""

    def __init__(self, cancel: Cancel, spent: Callable[[], bool]) -> None:
        self._cancel, self.spent = cancel, spent

    def is_set(self) -> bool:
        return self._cancel.is_set() or self.spent()


class Speaker:
    """Lets a model speak, round by round, and holds what the rounds of a solution have in common."""

    def __init__(
        self,
        model: LanguageModel,
        dialect: Dialect,
        settings: SolveSettings,
        cancel: Cancel,
        builder: Builder,
        clock: Callable[[], float],
    ) -> None:
        self._model, self._dialect, self._settings, self._cancel, self._clock = model, dialect, settings, cancel, clock
        self._start = clock()
        self._builder = builder
        self._own = Builder()  # without what the prompt made the model's turns begin with
        self._usage = Usage()
        self._constant = 0  # spans of the prompt that are the same for every problem
        self._corrected: set[str] = set()
        self._thought_over = False
        self._keep_room = False  # for a reply: more of the conversation could be left out instead
        self._boxes = 0  # that have closed
        self._wanted = 0  # how many things the problem asks for; 0 where that cannot be told
        # A model that hangs sends nothing at which the time could be looked up: it is stopped as by the user.
        self._budget = _Budget(cancel, lambda: clock() - self._start > settings.seconds)

    def _is_full(self, tokens: int) -> bool:
        """Whether a prompt of that many tokens leaves little of the context for a reply; its length may be unknown."""
        context = self._model.info.n_ctx
        return 0 < context < tokens + min(ROOM, context // 4)

    def _speak(self, spans: list[Span], opening: str) -> Generator[SolveEvent, None, Round]:
        """One round of the model's words, which begin with ``opening``; returns what they came to."""
        said = Round()
        in_thought = opening.startswith(THOUGHT_OVER) or (self._dialect.opens_thought and self._usage.rounds == 1)
        parser = Parser(in_thought=in_thought, code_marks=self._dialect.code_marks)
        stream = self._model.generate(
            tuple(spans),
            sampling=self._settings.sampling,
            max_tokens=self._settings.max_tokens,
            stop=self._dialect.stop,
            prefix=self._constant,
            cancel=self._budget,
        )
        heard = _Heard()
        try:
            opening = yield from self._hear(stream, parser, opening, said, heard)
        except HostFault:
            # What the parser still holds back was said all the same.
            yield from self._finish(parser, opening, said)
            raise
        finally:
            close = getattr(stream, "close", None)
            if close is not None:
                close()
        if heard.stopped is not None or said.reason is not None:
            yield from self._finish(parser, opening, said)
        if heard.stopped is not None:
            said.reason = _reason(heard.stopped)
            if said.reason is EndReason.STOPPED and not self._cancel.is_set() and self._budget.spent():
                said.reason = EndReason.SECONDS
        self._account(heard)
        said.in_thought = parser.in_thought
        _cut_off(said, parser.position - len(opening))
        return said

    def _hear(
        self, stream: Iterator[Generation], parser: Parser, opening: str, said: Round, heard: _Heard
    ) -> Generator[SolveEvent, None, str]:
        """Pass on what the model writes until it stops or has said enough; returns what of ``opening`` is shown."""
        for item in stream:
            if isinstance(item, Stopped):
                heard.stopped = item
                break
            if self._budget.spent():
                said.reason = EndReason.SECONDS
                break
            if isinstance(item, PromptProgress):
                heard.read = item
                if self._keep_room and not self._own.parts() and self._is_full(item.total):
                    said.reason = EndReason.CONTEXT
                    break
                yield Reading(item.done, item.total)
                continue
            now = self._clock()
            heard.began = heard.began if heard.began is not None else now
            heard.tokens += item.tokens
            said.raw += item.text
            new = item.text
            if not said.begun:
                if not _says_something(said.raw):
                    continue
                opening = yield from self._begin(parser, opening, said)
                new = said.raw
            if (yield from self._read(parser.feed(new), said)):
                break
            if parser.in_thought and 0 < self._settings.thought_tokens <= heard.tokens:
                said.thought_spent = True
                break
        return opening

    def _account(self, heard: _Heard) -> None:
        """Add a round to what the solution has used."""
        read, tokens, stopped = heard.read, heard.tokens, heard.stopped
        if stopped is not None:
            tokens = stopped.generated_tokens
            read = PromptProgress(stopped.prompt_tokens, stopped.prompt_tokens, stopped.evaluated_tokens)
        seconds = 0.0
        if heard.began is not None:
            seconds = stopped.decode_seconds if stopped is not None else self._clock() - heard.began
        self._spend(
            prompt_tokens=self._usage.prompt_tokens or read.total,
            evaluated_tokens=self._usage.evaluated_tokens + read.evaluated,
            generated_tokens=self._usage.generated_tokens + tokens,
            decode_seconds=self._usage.decode_seconds + seconds,
        )

    def _begin(self, parser: Parser, opening: str, said: Round) -> Generator[SolveEvent, None, str]:
        """Pass on what the prompt made the words begin with; returns what of it is shown.

        It is shown with the first word of the model's, never alone, and not before a thought.
        """
        said.begun = True
        mark = MARK.match(said.raw.lstrip())
        if mark is not None and mark_kind(mark[0]) == "open":
            return ""
        for event in parser.feed(opening):
            self._builder.apply(event)
            if not isinstance(event, TextDelta):
                self._own.apply(event)
            if not isinstance(event, OutputStarted | OutputEnded):
                yield event
        said.start = len(self._builder.words)
        return opening

    def _finish(self, parser: Parser, opening: str, said: Round) -> Iterator[SolveEvent]:
        """Pass on what is still held back, if the model has written anything."""
        if not said.raw.strip():
            return
        if not said.begun:
            yield from self._begin(parser, opening, said)
            yield from self._read(parser.feed(said.raw), said)
        yield from self._read(parser.finish(), said)
        yield from self._pass_rest(said)

    def _read(self, events: Iterator[ParseEvent], said: Round) -> Generator[SolveEvent, None, bool]:
        """Pass parse events on; returns whether the model has said enough."""
        for event in events:
            if isinstance(event, OutputStarted | OutputEnded):
                if not self._settings.run_code:
                    continue
                # An output the model made up: cut it off, the real one goes there instead.
                said.forged = True
                return True
            if isinstance(event, TextDelta):
                yield from self._pass_words(event.text, said)
                if said.guard.over:
                    said.reason = EndReason.ANSWERED
                    return True
            else:
                yield from self._pass_rest(said)
                yield self._tell(event)
            if isinstance(event, CodeEnded) and self._settings.run_code:
                said.code = event
                return True
            if isinstance(event, TextDelta) and "\n" in event.text and (correction := self._correction()):
                said.correction = correction
                return True
            if isinstance(event, TextDelta) and repeats(self._builder.words):
                said.reason = EndReason.REPEATED
                return True
            if isinstance(event, ThoughtDelta | ThoughtEnded):
                said.start = 0
                self._thought_over = self._thought_over or isinstance(event, ThoughtEnded)
            # A model that may think without a mark at the beginning has its say first.
            may_think_yet = self._dialect.thinks and not self._thought_over
            stops = self._settings.stop_after_answer and not may_think_yet
            if isinstance(event, TextDelta) and stops and "\n" in event.text and self._enough():
                words = self._builder.words[said.start :]
                if len(words) - max((end for _, end in boxed(words)), default=len(words)) > AFTER_ANSWER:
                    said.reason = EndReason.ANSWERED
                    return True
        return False

    def _enough(self) -> bool:
        """Whether it is known how much the problem asks for, and as much has been boxed."""
        return 0 < self._wanted <= self._boxes

    def _pass_words(self, text: str, said: Round) -> Iterator[SolveEvent]:
        """Pass prose on, as far as it is the model's own turn."""
        # Line by line once there is a box, so that another split of the stream ends at the same place.
        boxes = self._boxes or "boxed" in self._builder.words or "box" in text
        for piece in text.splitlines(keepends=True) if boxes else [text]:
            shown = said.guard.feed(piece, answered=self._boxes >= max(1, self._wanted))
            if said.guard.over:
                return
            if shown:
                yield self._tell(TextDelta(shown))
            if boxes and ("}" in piece or "\n" in piece):
                texts = [part.text for part in self._own.parts() if isinstance(part, Text)]
                self._boxes = sum(1 for text in texts for _ in boxed(text))

    def _pass_rest(self, said: Round) -> Iterator[SolveEvent]:
        """Pass on what was held back of a line that has turned out to be the model's own."""
        if rest := said.guard.rest():
            yield self._tell(TextDelta(rest))

    def _correction(self) -> str:
        """What the model is to be told of the first false arithmetic statement that it was not told of; or empty."""
        if not self._settings.correct_statements or self._usage.runs or len(self._corrected) >= MAX_CORRECTIONS:
            return ""
        parts = self._builder.parts()
        claims = parts[-1].claims if parts and isinstance(parts[-1], Text) else ()
        for claim in claims:
            statement = " ".join(claim.text.split())
            if claim.verdict == "false" and claim.reason in ARITHMETIC and statement not in self._corrected:
                self._corrected.add(statement)
                return CORRECTION.format(statement=statement, right=claim.right)
        return ""

    def _tell(self, event: Any) -> Any:
        """Take in an event of the model's or the executor's."""
        self._builder.apply(event)
        self._own.apply(event)
        return event

    def _spend(self, **values: Any) -> None:
        self._usage = replace(self._usage, **values)


def _says_something(raw: str) -> bool:
    """Whether the beginning of a reply is more than blanks and what may become the mark of a thought."""
    words = raw.lstrip()
    return bool(words) and unfinished_mark(words) < len(words)


def _reason(stopped: Stopped) -> EndReason | None:
    return {
        "length": EndReason.TOKENS,
        "context": EndReason.CONTEXT,
        "cancelled": EndReason.STOPPED,
    }.get(stopped.reason)


def _cut_off(said: Round, position: int) -> None:
    """Cut what a model wrote behind the place at which its round was ended."""
    if said.code is not None or said.forged or said.correction:
        said.raw = said.raw[:position]
    if said.forged:
        # The fence goes, too: the real output may need a longer one.
        said.raw = said.raw[: said.raw.removesuffix("\n").rfind("\n") + 1]
