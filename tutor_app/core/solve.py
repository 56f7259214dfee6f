"""The loop: the model speaks until its code closes, the code runs, its output is put back, the model goes on.

The window, the command line, evaluation and data synthesis all drive this one generator of frozen events. It
draws nothing, stores nothing and knows no concrete model or executor. It never raises for what the model, its
code or the host does: every solution ends in exactly one ``Finished`` with an explicit reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from tutor_app.core.answers import boxed, find_answer
from tutor_app.core.builder import Builder
from tutor_app.core.claims import ARITHMETIC
from tutor_app.core.dialect import Dialect, PromptSet, Span, constant_spans, header, injection
from tutor_app.core.errors import HostFault, SandboxFault
from tutor_app.core.events import (
    AnswerFound,
    CodeEnded,
    EndReason,
    Finished,
    LeftOut,
    OutputEnded,
    OutputStarted,
    ParseEvent,
    QuestionAsked,
    Reading,
    RoundStarted,
    RunFinished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
    Usage,
)
from tutor_app.core.parsing import Parser
from tutor_app.core.ports import (
    Cancel,
    CodeExecutor,
    CodeSession,
    LanguageModel,
    ModelInfo,
    NeverCancelled,
    PromptProgress,
    Sampling,
    Stopped,
)
from tutor_app.core.several import asked, parts_of, whole
from tutor_app.core.thoughts import MARK, closing_mark, mark_kind, unfinished_mark
from tutor_app.core.trace_values import Record
from tutor_app.core.transcript import Answer, Code, Output, Part, Question, Text, Transcript
from tutor_app.core.turns import TurnGuard, repeats

AFTER_ANSWER: Final = 1500
"""Characters that a model may go on after a boxed answer without boxing another one, see
:attr:`SolveSettings.stop_after_answer`."""

THOUGHT_OVER: Final = (
    "\n\nConsidering the limited time by the user, I have to give the solution based on the thinking directly now.\n"
)
"""What ends a thought that has used up its budget, before the mark that closes it. Source: the thinking budget of
Qwen3's documentation."""

CORRECTION: Final = (
    "The calculation above has encountered a problem: {statement} is wrong, it is {right}. Now point out its "
    "mistakes and then correct them.\n"
)
"""What a model is told of a false statement, in the words of MuMath-Code's correction of code."""

MAX_CORRECTIONS: Final = 2
"""Of one solution: a model that does not take them goes on as it would have."""


@dataclass(frozen=True, slots=True)
class SolveSettings:
    """Budgets and choices of one solution.

    Attributes:
        max_rounds: Code blocks that may run; after the last the model may still conclude.
        max_tokens: Tokens the model may write in one round.
        seconds: Wall time for everything.
        code_timeout: Wall seconds for one block.
        feedback_limit: Characters of an output that go back to the model (half from each end).
        record_steps: Steps to record of each block as it runs; 0 records nothing.
        stop_after_answer: End the turn of a model that goes on for long (:data:`AFTER_ANSWER`) after a boxed answer.
            What it boxed may still turn out to have been a thought, or the first of several answers, so it is not
            ended at once.
        thought_tokens: After so many tokens a thought is closed as its makers close it (:data:`THOUGHT_OVER`), and the
            model goes on with the solution; 0 leaves it to the length of a round.
        run_code: Run the model's code; where not, it is shown and the model goes on.
        correct_statements: Tell the model of a false arithmetic statement (:data:`CORRECTION`) once its paragraph is
            over, unless code has run already. Claims come from whoever fills the builder between two events.
        sampling: How tokens are drawn.
    """

    max_rounds: int = 4
    max_tokens: int = 1024
    seconds: float = 300.0
    code_timeout: float = 10.0
    feedback_limit: int = 400
    record_steps: int = 0
    stop_after_answer: bool = True
    thought_tokens: int = 0
    run_code: bool = True
    correct_statements: bool = False
    sampling: Sampling = field(default_factory=Sampling)


def feedback(output: Output, limit: int = 400) -> str:
    """What the model is told of a run, as in MuMath-Code's executor.

    What was printed, else the value, else the last line of the traceback; cut to ``limit`` characters, the
    first and last halves of it. Unlike there, what was printed before an error is kept with the error line.
    """
    text = output.stdout.rstrip() or output.value
    if output.status != "ok":
        line = output.error.last_line if output.error else output.status
        text = f"{text}\n{line}" if text else line
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]}...{text[len(text) - half :]}"
    return text


@dataclass(slots=True)
class _Round:
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


def solve(
    problem: str,
    *,
    model: LanguageModel,
    executor: CodeExecutor,
    dialect: Dialect,
    prompt: PromptSet | None = None,
    settings: SolveSettings | None = None,
    cancel: Cancel | None = None,
    meta: Mapping[str, Any] | None = None,
    check: Callable[[Answer, tuple[Part, ...]], Answer] | None = None,
    builder: Builder | None = None,
    clock: Callable[[], float] = time.monotonic,
    earlier: Transcript | None = None,
) -> Iterator[SolveEvent]:
    """Solve ``problem``, or answer what is asked about a solution, yielding what happens.

    Args:
        problem: As :func:`check_problem` gives it; or what is asked about the solution in ``earlier``.
        model: Writes.
        executor: Runs what the model writes.
        dialect: The model's wire form.
        prompt: System text and demonstrations.
        settings: Budgets.
        cancel: Raise it to stop; what there is is kept.
        meta: Provenance to keep with the transcript.
        check: Gives the answer to these parts with its verdict.
        builder: One that will hold the parts so far, for a caller who wants them between two events: empty, or with the
            parts of ``earlier``.
        clock: Seconds, for budgets.
        earlier: The conversation that goes on. The model is told all of it that fits into its context, and the names
            of its code are there again.
    """
    prompt, settings, cancel = prompt or PromptSet(), settings or SolveSettings(), cancel or NeverCancelled()
    if earlier is not None:
        prompt = replace(prompt, nudge="")  # what a solution without code is told is not for a reply
        builder = builder or Builder(earlier.solution)
    run = _Solution(model, executor, dialect, prompt, settings, cancel, builder or Builder(), clock, earlier)
    yield from run.events(problem, dict(meta or {}), check)


def provenance(info: ModelInfo, dialect: Dialect, prompt: PromptSet, settings: SolveSettings) -> dict[str, Any]:
    """What a transcript keeps of how it was made; known before its first word, but for the engine and device."""
    return {
        "model": info.name,
        "model_sha256": info.sha256,
        "engine": info.engine,
        "device": info.device,
        "dialect": dialect.name,
        "prompt": prompt.name,
        "sampling": asdict(settings.sampling),
    }


def to_the_end(events: Iterable[SolveEvent]) -> Finished:
    """What became of a solution, for who does not watch it."""
    last: Finished | None = None
    for event in events:
        if isinstance(event, Finished):
            last = event
    assert last is not None
    return last


class _Budget:
    """A :class:`~tutor_app.core.ports.Cancel` that is also raised when the time is up."""

    def __init__(self, cancel: Cancel, spent: Callable[[], bool]) -> None:
        self._cancel, self.spent = cancel, spent

    def is_set(self) -> bool:
        return self._cancel.is_set() or self.spent()


class _Solution:
    """The state of one solution while it is being made."""

    def __init__(
        self,
        model: LanguageModel,
        executor: CodeExecutor,
        dialect: Dialect,
        prompt: PromptSet,
        settings: SolveSettings,
        cancel: Cancel,
        builder: Builder,
        clock: Callable[[], float],
        earlier: Transcript | None,
    ) -> None:
        self._earlier = earlier
        self._model, self._executor, self._dialect, self._prompt = model, executor, dialect, prompt
        self._settings, self._cancel, self._clock = settings, cancel, clock
        self._start = clock()
        self._builder = builder
        self._own = Builder()  # without what the prompt made the model's turns begin with
        self._usage = Usage()
        self._session: CodeSession | None = None
        self._seen: set[str] = set()
        self._constant = 0
        self._last_feedback = ""
        self._failed = False
        self._nudged = False
        self._corrected: set[str] = set()
        self._thought_over = False
        self._boxes = 0  # that have closed
        self._wanted = 0  # how many things the problem asks for; 0 where that cannot be told
        # A model that hangs sends nothing at which the time could be looked up: it is stopped as by the user.
        self._budget = _Budget(cancel, lambda: clock() - self._start > settings.seconds)

    def events(
        self, problem: str, meta: dict[str, Any], check: Callable[[Answer, tuple[Part, ...]], Answer] | None
    ) -> Iterator[SolveEvent]:
        self._wanted = asked(problem)
        before = self._builder.parts()
        # The examples for a kind of problem stand behind those for all, so that what an engine keeps serves both.
        self._constant = constant_spans(self._dialect, header(self._dialect, problem, self._prompt))
        self._prompt = self._prompt.shown_for(self._earlier.problem if self._earlier is not None else problem)
        # What a model is to begin its solution with has no place in a thought.
        opened = "" if self._dialect.thinks else self._prompt.opening
        opening = opened if self._earlier is None else ""
        reason, detail, left_out = EndReason.NO_ANSWER, "", 0
        if self._earlier is not None:
            question = QuestionAsked(problem)
            self._builder.apply(question)
            yield question
        try:
            for left_out, told in _told(self._earlier.without_drawings() if self._earlier is not None else None):
                if left_out:
                    yield LeftOut(left_out)
                spans = list(header(self._dialect, problem, self._prompt, earlier=told, opened=opened))
                spans += [Span(opening)] if opening else []
                reason = yield from self._rounds(spans, opening)
                if reason is not EndReason.CONTEXT or self._own.parts():
                    break
        except HostFault as e:
            reason = EndReason.SANDBOX if isinstance(e, SandboxFault) else EndReason.ENGINE
            detail = str(e)
        finally:
            if self._session is not None:
                self._session.close()
        self._spend(seconds=self._clock() - self._start)
        answer = self._answer(reason, problem)
        if answer is not None:
            if check is not None:
                answer = check(answer, self._builder.parts()[len(before) :])
            yield self._tell(AnswerFound(answer))
            if reason is EndReason.NO_ANSWER and answer.source in ("boxed", "phrase"):
                reason = EndReason.ANSWERED
        if self._earlier is not None and reason is EndReason.NO_ANSWER and self._own.parts():
            reason = EndReason.ANSWERED  # a reply in words is one
        meta |= provenance(self._model.info, self._dialect, self._prompt, self._settings)
        meta |= {"ended": reason.value, "usage": asdict(self._usage)}
        if detail:
            meta["detail"] = detail
        if left_out:
            meta["left_out"] = left_out
        if self._earlier is not None:
            # How the solution was made stays as it is known; how each reply was made stands beside it.
            replies = [*self._earlier.meta.get("replies", ()), meta]
            transcript = self._earlier.with_solution(self._builder.parts(), replies=replies)
        else:
            transcript = Transcript.of(problem, meta=meta).with_solution(self._builder.parts())
        yield Finished(reason, transcript, self._usage, detail)

    def _rounds(self, spans: list[Span], opening: str) -> Generator[SolveEvent, None, EndReason]:
        """Speak and run until there is a reason to end; returns it."""
        while True:
            self._spend(rounds=self._usage.rounds + 1)
            yield RoundStarted(self._usage.rounds)
            said = yield from self._speak(spans, opening)
            opening = ""
            if not said.raw.strip() and not said.forged:
                # Nothing was written; a block that stands in the prompt's own opening is not the model's.
                return said.reason or EndReason.NO_ANSWER
            if said.thought_spent:
                opening = f"{THOUGHT_OVER}{closing_mark(self._dialect.assistant_open + said.raw)}\n\n"
                spans += [Span(said.raw, supervised=True), Span(opening)]
                continue
            if said.correction and said.reason is None:
                opening = ("" if said.raw.endswith("\n") else "\n") + said.correction
                spans += [Span(said.raw, supervised=True), Span(opening)]
                continue
            if said.code is None and not said.forged:
                if not self._to_be_continued(said):
                    return said.reason or EndReason.NO_ANSWER
                opening = ("" if said.raw.endswith("\n") else "\n") + self._prompt.nudge
                spans += [Span(said.raw, supervised=True), Span(opening)]
                continue
            if said.reason not in (None, EndReason.NO_ANSWER):
                return said.reason
            if said.code is not None:
                source = said.code.source.strip()
                if source in self._seen:
                    return EndReason.REPEATED
                self._seen.add(source)
                if self._usage.runs >= self._settings.max_rounds:
                    return EndReason.ROUNDS
                stopped = yield from self._execute(said.code.source)
                if stopped is not None:
                    return stopped
            elif self._usage.rounds > 2 * self._settings.max_rounds:
                return EndReason.ROUNDS
            spans.append(Span(said.raw, supervised=True))
            spans.append(Span(self._reply(said)))

    def _to_be_continued(self, said: _Round) -> bool:
        """Whether the model is to be asked for code: its turn ended, or ran in circles, with neither code nor answer.

        It is asked once. One that has boxed an answer is left alone: asked for code after all, small models talk
        themselves out of more right answers than wrong ones.
        """
        if (
            not (self._prompt.nudge and self._settings.run_code)
            or self._nudged
            or self._usage.runs
            or not said.raw.strip()
            or said.in_thought
        ):
            return False
        if said.reason not in (None, EndReason.REPEATED):
            return False
        answer = find_answer(self._own.parts())
        self._nudged = answer is None or answer.source not in ("boxed", "phrase")
        return self._nudged

    def _speak(self, spans: list[Span], opening: str) -> Generator[SolveEvent, None, _Round]:
        """One round of the model's words, which begin with ``opening``; returns what they came to."""
        said = _Round()
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
        began: float | None = None
        tokens = 0
        read = PromptProgress(0, 0)
        stopped: Stopped | None = None
        try:
            for item in stream:
                if isinstance(item, Stopped):
                    stopped = item
                    break
                if self._budget.spent():
                    said.reason = EndReason.SECONDS
                    break
                if isinstance(item, PromptProgress):
                    read = item
                    yield Reading(item.done, item.total)
                    continue
                now = self._clock()
                began = began if began is not None else now
                tokens += item.tokens
                said.raw += item.text
                new = item.text
                if not said.begun:
                    if not _says_something(said.raw):
                        continue
                    opening = yield from self._begin(parser, opening, said)
                    new = said.raw
                if (yield from self._read(parser.feed(new), said)):
                    break
                if parser.in_thought and 0 < self._settings.thought_tokens <= tokens:
                    said.thought_spent = True
                    break
        except HostFault:
            # What the parser still holds back was said all the same.
            yield from self._finish(parser, opening, said)
            raise
        finally:
            close = getattr(stream, "close", None)
            if close is not None:
                close()
        if stopped is not None:
            tokens = stopped.generated_tokens
            read = PromptProgress(stopped.prompt_tokens, stopped.prompt_tokens, stopped.evaluated_tokens)
            yield from self._finish(parser, opening, said)
            said.reason = _reason(stopped)
            if said.reason is EndReason.STOPPED and not self._cancel.is_set() and self._budget.spent():
                said.reason = EndReason.SECONDS
        elif said.reason is not None:
            yield from self._finish(parser, opening, said)
        if began is not None:
            spent = stopped.decode_seconds if stopped is not None else self._clock() - began
            self._spend(decode_seconds=self._usage.decode_seconds + spent)
        self._spend(
            prompt_tokens=self._usage.prompt_tokens or read.total,
            evaluated_tokens=self._usage.evaluated_tokens + read.evaluated,
            generated_tokens=self._usage.generated_tokens + tokens,
        )
        said.in_thought = parser.in_thought
        if said.code is not None or said.forged or said.correction:
            said.raw = said.raw[: parser.position - len(opening)]
        if said.forged:
            # The fence goes, too: the real output may need a longer one.
            said.raw = said.raw[: said.raw.removesuffix("\n").rfind("\n") + 1]
        return said

    def _begin(self, parser: Parser, opening: str, said: _Round) -> Generator[SolveEvent, None, str]:
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

    def _finish(self, parser: Parser, opening: str, said: _Round) -> Iterator[SolveEvent]:
        """Pass on what is still held back, if the model has written anything."""
        if not said.raw.strip():
            return
        if not said.begun:
            yield from self._begin(parser, opening, said)
            yield from self._read(parser.feed(said.raw), said)
        yield from self._read(parser.finish(), said)
        yield from self._pass_rest(said)

    def _read(self, events: Iterator[ParseEvent], said: _Round) -> Generator[SolveEvent, None, bool]:
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

    def _pass_words(self, text: str, said: _Round) -> Iterator[SolveEvent]:
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

    def _pass_rest(self, said: _Round) -> Iterator[SolveEvent]:
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

    def _execute(self, source: str) -> Generator[SolveEvent, None, EndReason | None]:
        """Run a block; returns a reason to end, or None to go on."""
        if self._session is None:
            self._session = self._executor.open()
            self._restore(self._session)
        left = max(1.0, self._settings.seconds - (self._clock() - self._start))
        limit = min(left, self._settings.code_timeout)
        self._spend(runs=self._usage.runs + 1)
        output = Output(status="died")
        steps = self._settings.record_steps
        record = Record(steps, expressions=False) if steps else None
        for event in self._session.run(source, cancel=self._cancel, timeout=limit, record=record):
            if isinstance(event, RunFinished):
                output = replace(event.output, feedback=feedback(event.output, self._settings.feedback_limit))
                event = replace(event, output=output)
            yield self._tell(event)
        self._last_feedback = output.feedback
        self._failed = output.status != "ok"
        return EndReason.STOPPED if output.status == "stopped" or self._cancel.is_set() else None

    def _restore(self, session: CodeSession) -> None:
        """Run the code of the earlier turns once more, so that a reply's code can use its names."""
        parts = self._earlier.without_drawings().solution if self._earlier is not None else ()
        for source in [part.source for part in parts if isinstance(part, Code)]:
            if self._cancel.is_set():
                return
            for _ in session.run(source, cancel=self._cancel, timeout=self._settings.code_timeout):
                pass

    def _reply(self, said: _Round) -> str:
        """What is put after the model's words: the (last) output in its fence."""
        raw = said.raw
        opening = "" if not raw or raw.endswith("\n") else "\n"
        if said.code is not None and not said.code.closed:
            opening += f"{self._dialect.code_marks[1] if self._dialect.code_marks else '```'}\n"
        reply = opening + injection(self._last_feedback, self._dialect, at_line_start=True)
        return reply + self._prompt.correction if self._failed and not said.forged else reply

    def _answer(self, reason: EndReason, problem: str) -> Answer | None:
        """The answer in the model's own words, by fall-backs only where they can be trusted.

        Where the problem asks for several things, or may do so, all that was boxed for them.

        A number in a turn that was cut off may be half of one, and any number of it; so may a last sentence.
        """
        parts = self._own.parts()
        if reason in _CUT_OFF and parts and isinstance(parts[-1], Text):
            words = parts[-1].text
            parts = (*parts[:-1], Text(words[: _complete(words)]))
        answer = find_answer(parts)
        if self._earlier is not None and (answer is None or answer.source not in ("boxed", "phrase")):
            return None
        if answer is None or answer.source in ("boxed", "phrase"):
            several = parts_of([part.text for part in parts if isinstance(part, Text)], self._wanted)
            return whole(several) if several else answer
        if answer.source == "number":
            return answer if reason is EndReason.NO_ANSWER else None
        return answer if reason not in _CUT_OFF or reason in _OUT_OF_BUDGET else None

    def _tell(self, event: Any) -> Any:
        """Take in an event of the model's or the executor's."""
        self._builder.apply(event)
        self._own.apply(event)
        return event

    def _spend(self, **values: Any) -> None:
        self._usage = replace(self._usage, **values)


_OUT_OF_BUDGET: Final = (EndReason.TOKENS, EndReason.SECONDS)
_CUT_OFF: Final = (*_OUT_OF_BUDGET, EndReason.CONTEXT, EndReason.STOPPED, EndReason.ENGINE, EndReason.SANDBOX)


def _told(earlier: Transcript | None) -> Iterator[tuple[int, Transcript | None]]:
    """What a model is told of a conversation: all of it, and where that does not fit less and less.

    The problem and its solution stay as long as there is anything; the oldest questions go first.

    Yields:
        How many questions are left out with their replies, and the rest.
    """
    yield 0, earlier
    if earlier is None:
        return
    (_, solution), *more = earlier.replies
    for left_out in range(1, len(more) + 1):
        kept = [part for asked, reply in more[left_out:] for part in (Question(asked), *reply)]
        yield left_out, earlier.with_solution((*solution, *kept))


def _says_something(raw: str) -> bool:
    """Whether the beginning of a reply is more than blanks and what may become the mark of a thought."""
    words = raw.lstrip()
    return bool(words) and unfinished_mark(words) < len(words)


def _complete(words: str) -> int:
    """How much of prose that was cut off is complete: whole lines, and the last box if it closed."""
    return max(words.rfind("\n") + 1, max((end for _, end in boxed(words)), default=0))


def _reason(stopped: Stopped) -> EndReason | None:
    return {
        "length": EndReason.TOKENS,
        "context": EndReason.CONTEXT,
        "cancelled": EndReason.STOPPED,
    }.get(stopped.reason)
