"""The loop: the model speaks until its code closes, the code runs, its output is put back, the model goes on.

The window, the command line, evaluation and data synthesis all drive this one generator of frozen events. It
draws nothing, stores nothing and knows no concrete model or executor. It never raises for what the model, its
code or the host does: every solution ends in exactly one ``Finished`` with an explicit reason.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from tutor_app.core.answers import NUMBER, boxed, find_answer
from tutor_app.core.builder import Builder
from tutor_app.core.dialect import Dialect, PromptSet, Span, constant_spans, header, injection
from tutor_app.core.errors import HostFault, SandboxFault
from tutor_app.core.events import (
    AnswerFound,
    EndReason,
    Finished,
    LeftOut,
    QuestionAsked,
    RoundStarted,
    RunFinished,
    SolveEvent,
)
from tutor_app.core.parts import Answer, Code, Output, Part, Question, Text
from tutor_app.core.ports import (
    Cancel,
    CodeExecutor,
    CodeSession,
    LanguageModel,
    NeverCancelled,
)
from tutor_app.core.several import asked, parts_of, whole
from tutor_app.core.solve_settings import THOUGHT_OVER, AnswerCheck, SolveSettings, feedback, provenance
from tutor_app.core.speaking import Round, Speaker
from tutor_app.core.thoughts import closing_mark
from tutor_app.core.trace_values import Record
from tutor_app.core.transcript import Transcript


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
    check: AnswerCheck | None = None,
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
        check: Gives the answer to these parts with its verdict; it may find one that a reply does not call so.
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


def to_the_end(events: Iterable[SolveEvent]) -> Finished:
    """Read the events of a solution to their end; returns the last, which says how it ended and has the transcript."""
    last: Finished | None = None
    for event in events:
        if isinstance(event, Finished):
            last = event
    assert last is not None
    return last


class _Solution(Speaker):
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
        super().__init__(model, dialect, settings, cancel, builder, clock)
        self._executor, self._prompt, self._earlier = executor, prompt, earlier
        self._session: CodeSession | None = None
        self._seen: set[str] = set()
        self._last_feedback = ""
        self._failed = False
        self._nudged = False

    def events(self, problem: str, meta: dict[str, Any], check: AnswerCheck | None) -> Iterator[SolveEvent]:
        """Prompt, rounds, answer, transcript; the arguments are those of :func:`solve`."""
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
            for left_out, told, more in _conversations(
                self._earlier.without_drawings() if self._earlier is not None else None
            ):
                self._keep_room = more
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
        reason = yield from self._find_answer(reason, before, check)
        meta |= provenance(self._model.info, self._dialect, self._prompt, self._settings)
        meta |= {"ended": reason.value, "usage": asdict(self._usage)}
        if detail:
            meta["detail"] = detail
        if left_out:
            meta["left_out"] = left_out
        yield Finished(reason, self._transcript(problem, meta), self._usage, detail)

    def _find_answer(
        self, reason: EndReason, before: tuple[Part, ...], check: AnswerCheck | None
    ) -> Generator[SolveEvent, None, EndReason]:
        """Find the answer, have it checked and tell it; returns why the solution ended, with that known."""
        answer = self._answer(reason)
        if check is not None and (answer is not None or self._earlier is not None):
            answer = check(answer, _whole_words(self._builder.parts()[len(before) :], reason))
        if answer is not None:
            yield self._tell(AnswerFound(answer))
            if reason is EndReason.NO_ANSWER and answer.source in ("boxed", "phrase"):
                reason = EndReason.ANSWERED
        if self._earlier is not None and reason is EndReason.NO_ANSWER and self._own.parts():
            reason = EndReason.ANSWERED  # a reply in words is one
        return reason

    def _transcript(self, problem: str, meta: dict[str, Any]) -> Transcript:
        """The solution as it is kept; a reply stands in the one that it is about."""
        if self._earlier is None:
            return Transcript.of(problem, meta=meta).with_solution(self._builder.parts())
        # How the solution was made stays as it is known; how each reply was made stands beside it.
        replies = [*self._earlier.meta.get("replies", ()), meta]
        return self._earlier.with_solution(self._builder.parts(), replies=replies)

    def _rounds(self, spans: list[Span], opening: str) -> Generator[SolveEvent, None, EndReason]:
        """Speak and run until there is a reason to end; returns it."""
        while True:
            self._spend(rounds=self._usage.rounds + 1)
            yield RoundStarted(self._usage.rounds)
            said = yield from self._speak(spans, opening)
            if not said.raw.strip() and not said.forged:
                # Nothing was written; a block that stands in the prompt's own opening is not the model's.
                return said.reason or EndReason.NO_ANSWER
            opening = self._continuation(said)
            if opening:
                spans += [Span(said.raw, supervised=True), Span(opening)]
                continue
            if said.code is None and not said.forged:
                return said.reason or EndReason.NO_ANSWER
            if said.reason not in (None, EndReason.NO_ANSWER):
                return said.reason
            if said.code is not None:
                ended = yield from self._execute(said.code.source)
                if ended is not None:
                    return ended
            elif self._usage.rounds > 2 * self._settings.max_rounds:
                return EndReason.ROUNDS
            spans.append(Span(said.raw, supervised=True))
            spans.append(Span(self._reply(said)))

    def _continuation(self, said: Round) -> str:
        """The words with which the model's turn goes on without a run; empty where it does not.

        They end a thought that has used up its budget, tell of a false statement, or ask for code.
        """
        if said.thought_spent:
            return f"{THOUGHT_OVER}{closing_mark(self._dialect.assistant_open + said.raw)}\n\n"
        told = ""
        if said.correction and said.reason is None:
            told = said.correction
        elif said.code is None and not said.forged and self._to_be_continued(said):
            told = self._prompt.nudge
        if not told:
            return ""
        return told if said.raw.endswith("\n") else f"\n{told}"

    def _to_be_continued(self, said: Round) -> bool:
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

    def _execute(self, source: str) -> Generator[SolveEvent, None, EndReason | None]:
        """Run a block, unless it has been run before or no run is left; returns a reason to end, or None to go on."""
        if source.strip() in self._seen:
            return EndReason.REPEATED
        self._seen.add(source.strip())
        if self._usage.runs >= self._settings.max_rounds:
            return EndReason.ROUNDS
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
        if output.status == "stopped" or self._cancel.is_set():
            return EndReason.STOPPED
        return EndReason.ANSWERED if self._settings.end_at_number and self._number_printed() else None

    def _number_printed(self) -> bool:
        """Whether all that the last code has printed is a number, and it is the only answer so far, and to all."""
        answer = find_answer(self._own.parts())
        if self._wanted > 1 or self._failed or answer is None or answer.source != "output":
            return False
        return NUMBER.fullmatch(self._last_feedback.strip()) is not None

    def _restore(self, session: CodeSession) -> None:
        """Run the code of the earlier turns once more, so that a reply's code can use its names."""
        parts = self._earlier.without_drawings().solution if self._earlier is not None else ()
        for source in [part.source for part in parts if isinstance(part, Code)]:
            if self._cancel.is_set():
                return
            for _ in session.run(source, cancel=self._cancel, timeout=self._settings.code_timeout):
                pass

    def _reply(self, said: Round) -> str:
        """The output of the last run in its fence, as it is put behind the model's words."""
        raw = said.raw
        opening = "" if not raw or raw.endswith("\n") else "\n"
        if said.code is not None and not said.code.closed:
            opening += f"{self._dialect.code_marks[1] if self._dialect.code_marks else '```'}\n"
        reply = opening + injection(self._last_feedback, self._dialect, at_line_start=True)
        return reply + self._prompt.correction if self._failed and not said.forged else reply

    def _answer(self, reason: EndReason) -> Answer | None:
        """The answer in the model's own words, by fall-backs only where they can be trusted.

        Where the problem asks for several things, or may do so, all that was boxed for them.

        A number in a turn that was cut off may be half of one, and any number of it; so may a last sentence.
        """
        parts = _whole_words(self._own.parts(), reason)
        answer = find_answer(parts)
        if self._earlier is not None and not (answer is not None and _is_value(answer)):
            return None
        if answer is None or answer.source in ("boxed", "phrase"):
            several = parts_of([part.text for part in parts if isinstance(part, Text)], self._wanted)
            return whole(several) if several else answer
        if answer.source == "number":
            return answer if reason is EndReason.NO_ANSWER else None
        return answer if reason not in _CUT_OFF or reason in _OUT_OF_BUDGET else None


_OUT_OF_BUDGET: Final = (EndReason.TOKENS, EndReason.SECONDS)
_MOST_WORDS: Final = 5
"""Of what a reply calls the answer; more are a sentence about it."""
_CUT_OFF: Final = (*_OUT_OF_BUDGET, EndReason.CONTEXT, EndReason.STOPPED, EndReason.ENGINE, EndReason.SANDBOX)


def _conversations(earlier: Transcript | None) -> Iterator[tuple[int, Transcript | None, bool]]:
    """What a model is told of a conversation: all of it, and where that does not fit less and less.

    The problem and its solution stay as long as there is anything; the oldest questions go first.

    Yields:
        How many questions are left out with their replies, the rest, and whether more could be left out.
    """
    if earlier is None:
        yield 0, None, False
        return
    (_, solution), *more = earlier.replies
    yield 0, earlier, bool(more)
    for left_out in range(1, len(more) + 1):
        kept = [part for asked, reply in more[left_out:] for part in (Question(asked), *reply)]
        yield left_out, earlier.with_solution((*solution, *kept)), left_out < len(more)


def _whole_words(parts: tuple[Part, ...], reason: EndReason) -> tuple[Part, ...]:
    """The parts without the last words that were cut off."""
    if reason not in _CUT_OFF or not parts or not isinstance(parts[-1], Text):
        return parts
    words = parts[-1].text
    return (*parts[:-1], Text(words[: _complete(words)]))


def _is_value(answer: Answer) -> bool:
    """Whether a reply gives an answer: what it boxes, or calls the answer if that is more than words."""
    if answer.source == "phrase":
        if len(re.findall(r"(?<![\\A-Za-z])[A-Za-z]{2,}", answer.latex)) > _MOST_WORDS:
            return False
        return re.search(r"\d|\\[A-Za-z]|[=^]|^\W*[A-Za-z]\W*$", answer.latex) is not None
    return answer.source == "boxed"


def _complete(words: str) -> int:
    """How much of prose that was cut off is complete: whole lines, and the last box if it closed."""
    return max(words.rfind("\n") + 1, max((end for _, end in boxed(words)), default=0))
