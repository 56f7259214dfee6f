"""Asks a model several times and lets the attempts vote: one attempt as usual, the rest sampled, all decoded together.

Most attempts are asked to write code, and every third to reason in words alone, because the two err on different
problems; an attempt in words is longer and less often right. Code is run whoever writes it. Answers are grouped by the
grader. Of eight attempts five are begun; the vote ends as soon as two agree, or when the five have ended
(:data:`tutor_app.core.votes.AGREE`, :data:`~tutor_app.core.votes.FIRST`). An attempt that is far longer than the others
is given up, and another begins for it (:data:`~tutor_app.core.votes.SLOW`). All but the first end where their code has
printed a number. Every attempt is kept with the solution.

Every answer is one vote: measured (``packaging/bench/README.md``), that finds no fewer right answers than votes that
count less where something speaks against the attempt. What speaks against an attempt is told, and of those with the
answer that wins, one with nothing against it is shown. By a setting its vote counts less, too (:data:`FACTORS`); never
nothing, since all attempts may have the same fault.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.answers import NUMBER
from tutor_app.core.builder import Builder
from tutor_app.core.dialect import PromptSet
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.events import (
    AnswerFound,
    CodeDelta,
    EndReason,
    Finished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
    Usage,
    VoteCast,
)
from tutor_app.core.parts import Answer, Attempt, AttemptKind, Code, Output, Part, Text
from tutor_app.core.ports import Cancel, NeverCancelled, SolutionLibrary
from tutor_app.core.problem import check_problem
from tutor_app.core.solve_settings import AnswerCheck, SolveSettings, provenance
from tutor_app.core.transcript import Transcript, claims_of
from tutor_app.core.verdicts import NOT_LOOKED
from tutor_app.core.votes import (
    MOST_VOTES,
    PROBABILITIES,
    Equal,
    begun_together,
    promoted,
    representative,
    settled,
    slow,
    tally_of,
    vote_weight,
)
from tutor_app.tutor.checked import with_claims
from tutor_app.tutor.odds import SolutionVerifier, odds_of
from tutor_app.tutor.recorder import recorded
from tutor_app.tutor.service import REASONING_PROMPT, TRAINED_ON_THE_FORM, Tutor, load_prompt
from tutor_app.tutor.verdict import verdict_of

log = logging.getLogger(__name__)

TEMPERATURE: Final = 0.7
TOP_P: Final = 0.95
"""Of the sampled attempts, unless the user has chosen a temperature."""

KINDS: Final[tuple[AttemptKind, ...]] = ("code", "code", "reasoning")
"""What attempts are asked for, in turns."""

FACTORS: Final = {"output": 0.5, "prose": 0.8, "failed": 0.5, "false": 0.25, "unfinished": 0.5, "unboxed": 0.5}
"""What a weighed vote counts for each thing that speaks against it, one factor times the other."""
FALSE_BESIDE_CODE: Final = 0.8
"""The same for a false statement, where the answer is what the code printed: a slip in the words before the code does
not reach the answer, but in words alone it nearly always does."""
LEAST: Final = 0.1
"""What every weighed vote counts at least."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one attempt is made."""

    kind: AttemptKind
    temperature: float
    seed: int


def plans(votes: int, settings: SolveSettings, *, mixed: bool) -> tuple[Plan, ...]:
    """How each attempt is made: the first as usual, the others sampled, of both kinds where ``mixed``.

    Raises:
        UserFault: If that many attempts cannot be made.
    """
    if not 2 <= votes <= MOST_VOTES:
        raise UserFault(f"A vote of {votes} attempts cannot be held.", f"Ask for 2 to {MOST_VOTES}.")
    own: AttemptKind = "code" if settings.run_code else "reasoning"
    usual = settings.sampling
    temperature = usual.temperature or TEMPERATURE
    found = [Plan(own, usual.temperature, usual.seed)]
    for n in range(1, votes):
        kind = KINDS[n % len(KINDS)] if mixed and own == "code" else own
        found.append(Plan(kind, temperature, usual.seed + n))
    return tuple(found)


def vote(
    tutor: Tutor,
    problem: str,
    *,
    votes: int,
    settings: SolveSettings,
    cancel: Cancel | None = None,
    meta: Mapping[str, Any] | None = None,
    library: Callable[[], SolutionLibrary] | None = None,
    to_the_last: bool = False,
    weigh: bool = False,
    verifier: SolutionVerifier | None = None,
) -> Iterator[SolveEvent]:
    """Attempt one problem several times at once, and keep the attempts with the solution that wins.

    Args:
        tutor: Whose engine generates several texts at once (:class:`~tutor_app.adapters.engine.client.EngineOptions`);
            one that does not makes the attempts one after the other.
        problem: As typed.
        votes: How many attempts.
        settings: Budgets of each.
        cancel: Raise it to stop; what there is is kept.
        meta: Provenance to keep besides the model's.
        library: See :meth:`Tutor.solve`.
        to_the_last: Make every attempt to its end, also where the vote is decided.
        weigh: Whether a vote counts less where something speaks against the attempt.
        verifier: Says how likely each attempt is right, and how much its vote counts by that.

    Yields:
        :class:`Recorded`, if the solution is kept; the events of the first attempt, without its answer, as they come;
        a :class:`VoteCast` for every attempt that ends; and :class:`Finished` with the solution that has won.

    Raises:
        UserFault: If the problem is empty or too long, or the number of votes is out of bounds.
    """
    problem = check_problem(problem)
    settings = tutor.defaults.applied(settings)
    mixed = tutor.dialect not in TRAINED_ON_THE_FORM
    planned = plans(votes, settings, mixed=mixed)
    made = {"created": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **(meta or {})}
    with Grader() as grader, contextlib.ExitStack() as stack:
        check = stack.enter_context(verdict_of(problem, tutor.checker))
        held = _Vote(
            tutor,
            problem,
            planned,
            settings,
            cancel or NeverCancelled(),
            _equality(grader),
            check,
            made,
            weigh,
            verifier,
        )
        events = held.events(to_the_last=to_the_last)
        yield from events if library is None else recorded(events, library, held.draft)


def _equality(grader: Grader) -> Equal:
    """Whether two answers have the same value, by the grader."""

    def equal(a: str, b: str) -> bool:
        try:
            return grader.grade(a, b).verdict == "correct"
        except HostFault as e:
            log.warning("two answers are not compared: %s", e)
            return a.strip() == b.strip()

    return equal


def weighed(attempt: Attempt, equal: Equal, *, weigh: bool) -> Attempt:
    """The attempt with what speaks against it, and what its vote counts: 1, or less where votes are weighed."""
    if attempt.answer is None:
        return replace(attempt, weight=0.0, why=())
    computed = _computed(attempt, equal)
    why = tuple(_doubts(attempt, computed, equal))
    weight = 1.0
    for word in why if weigh else ():
        weight *= FALSE_BESIDE_CODE if word == "false" and computed else FACTORS[word]
    return replace(attempt, weight=round(max(weight, LEAST), 3), why=why)


def _computed(attempt: Attempt, equal: Equal) -> bool | None:
    """Whether the answer is what the last code printed; None where no code ran, or the last failed."""
    outputs = [part for part in attempt.parts if isinstance(part, Output)]
    if attempt.answer is None or not outputs or outputs[-1].status != "ok":
        return None
    return attempt.answer.source == "output" or _says(_last_line(outputs[-1]), attempt.answer.latex, equal)


def _doubts(attempt: Attempt, computed: bool | None, equal: Equal) -> Iterator[str]:
    """Keys of what speaks against an attempt that gave an answer."""
    answer = attempt.answer
    assert answer is not None
    printed = answer.source == "output" and attempt.ended == EndReason.ANSWERED.value  # and it was not asked for more
    if answer.source in ("output", "number") and not printed:
        yield "unboxed"
    if attempt.ended not in (EndReason.ANSWERED.value, EndReason.NO_ANSWER.value):
        yield "unfinished"
    outputs = [part for part in attempt.parts if isinstance(part, Output)]
    if outputs and outputs[-1].status != "ok":
        yield "failed"
    elif computed is False:
        yield "output"
    if _prose_differs(attempt.parts, equal):
        yield "prose"
    if any(claim.verdict == "false" for claim in claims_of(attempt.parts)):
        yield "false"


def _prose_differs(parts: Sequence[Part], equal: Equal) -> bool:
    """Whether the words before the first code calculate, and never come to what that code prints last."""
    first = next((i for i, part in enumerate(parts) if isinstance(part, Code)), len(parts))
    words = " ".join(part.text for part in parts[:first] if isinstance(part, Text))
    output = next((part for part in parts[first:] if isinstance(part, Output)), None)
    if output is None or output.status != "ok" or "=" not in words:
        return False
    results = NUMBER.findall(_last_line(output))
    said = {number.replace(",", "") for number in NUMBER.findall(words)}
    return bool(results) and not any(equal(number, results[-1]) for number in said)


def _last_line(output: Output) -> str:
    return (output.stdout.strip() or output.value).strip().rpartition("\n")[2]


def _says(line: str, answer: str, equal: Equal) -> bool:
    """Whether a line of output is the answer, or has it among its numbers."""
    return not line or equal(line, answer) or any(equal(number, answer) for number in NUMBER.findall(line))


class _AnyOf:
    """A :class:`~tutor_app.core.ports.Cancel` that the user or the vote may raise."""

    def __init__(self, *raised: Cancel) -> None:
        self._raised = raised

    def is_set(self) -> bool:
        return any(one.is_set() for one in self._raised)


class _Vote:
    """The attempts under way: threads that make them, and one that collects what comes of them."""

    def __init__(
        self,
        tutor: Tutor,
        problem: str,
        planned: Sequence[Plan],
        settings: SolveSettings,
        cancel: Cancel,
        equal: Equal,
        check: AnswerCheck,
        made: dict[str, Any],
        weigh: bool,
        verifier: SolutionVerifier | None,
    ) -> None:
        self._tutor, self._problem, self._planned, self._settings = tutor, problem, planned, settings
        self._cancel, self._equal, self._check, self._made = cancel, equal, check, made
        self._weigh, self._verifier = weigh, verifier
        self._probabilities: dict[int, float] = {}
        self._builders = [Builder() for _ in planned]
        self._ended: dict[int, Attempt] = {}
        self._usages: list[Usage] = []
        self._inbox: queue.SimpleQueue[tuple[int, SolveEvent | Exception]] = queue.SimpleQueue()
        self._decided = threading.Event()
        self._written = dict.fromkeys(range(len(planned)), 0)
        self._given_up = [threading.Event() for _ in planned]
        self._threads: list[threading.Thread] = []
        self._whole = False

    def events(self, *, to_the_last: bool) -> Iterator[SolveEvent]:
        began = time.monotonic()
        self._whole = to_the_last
        at_first = len(self._planned) if to_the_last else begun_together(len(self._planned))
        fault = ""
        reason = EndReason.NO_ANSWER
        try:
            self._begin(at_first)
            while len(self._ended) < len(self._threads):
                number, event = self._inbox.get()
                if isinstance(event, Exception):
                    raise event
                if isinstance(event, Finished):
                    self._end(number, event)
                    if event.reason in (EndReason.ENGINE, EndReason.SANDBOX):
                        fault, reason = event.detail, event.reason
                    yield self._cast(number)
                    if not to_the_last and self._settled():
                        self._decided.set()
                        break
                    self._begin(at_first)
                    continue
                self._builders[number].apply(event)
                if isinstance(event, TextDelta | CodeDelta | ThoughtDelta):
                    self._written[number] += len(event.text)
                    if not to_the_last:
                        self._give_up_the_slow()
                if number == 0 and not isinstance(event, AnswerFound):
                    yield event
        finally:
            self._decided.set()
            for thread in self._threads:
                thread.join()
        yield self._finished(time.monotonic() - began, reason, fault)

    def draft(self) -> Transcript:
        """What there is so far, for the library."""
        attempts = self._attempts()
        found = Transcript.of(self._problem, meta=self._made | self._provenance()).with_solution(
            self._builders[0].parts()
        )
        return replace(found, attempts=attempts, chosen=0)

    # Making the attempts, each in its thread.

    def _begin(self, wanted: int) -> None:
        """Begin attempts until so many have been begun and not given up, if there are as many."""
        for number in range(len(self._threads), len(self._planned)):
            if len(self._threads) - sum("slow" in a.why for a in self._ended.values()) >= wanted:
                return
            thread = threading.Thread(target=self._attempt, args=(number,), name=f"vote-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _attempt(self, number: int) -> None:
        plan = self._planned[number]
        sampling = replace(self._settings.sampling, temperature=plan.temperature, seed=plan.seed)
        if number and self._settings.sampling.temperature == 0:
            sampling = replace(sampling, top_p=min(TOP_P, sampling.top_p))
        # The first is as usual; of the others the answer is wanted, and what they would say about it costs a tenth.
        number_is_enough = number > 0 and not self._whole and self._tutor.dialect not in TRAINED_ON_THE_FORM
        own = replace(self._settings, sampling=sampling, end_at_number=number_is_enough)
        one = Tutor(self._tutor.engine, self._tutor.executor, self._tutor.dialect, self._prompt(plan.kind))
        cancel = _AnyOf(self._cancel, self._decided, self._given_up[number])
        try:
            for event in one.solve(self._problem, settings=own, cancel=cancel):
                self._inbox.put((number, event))
        except Exception as e:  # noqa: BLE001 - handed to the thread that waits
            self._inbox.put((number, e))

    def _prompt(self, kind: AttemptKind) -> PromptSet:
        if kind == "code" or not self._settings.run_code:
            return self._tutor.prompt
        return load_prompt(REASONING_PROMPT, self._tutor.dialect)

    # Counting them.

    def _give_up_the_slow(self) -> None:
        ended = [n for n in self._ended if not self._given_up[n].is_set()]
        for number in slow(self._written, ended):
            self._given_up[number].set()

    def _end(self, number: int, event: Finished) -> None:
        if self._given_up[number].is_set() and event.reason is EndReason.STOPPED:
            self._usages.append(event.usage)
            self._ended[number] = replace(self._plain(number), why=("slow",))
            return
        attempt = replace(self._plain(number), ended=event.reason.value)
        if self._tutor.checker is not None:
            whole = Transcript.of(self._problem, *attempt.parts)
            attempt = replace(attempt, parts=with_claims(whole, self._tutor.checker).solution)
        self._usages.append(event.usage)
        attempt = weighed(attempt, self._equal, weigh=self._weigh)
        if self._verifier is not None and attempt.answer is not None:
            probability = self._verifier.probability(self._problem, attempt.parts)
            if probability is not None:
                self._probabilities[number] = probability
                weight = attempt.weight * vote_weight(probability, self._verifier.power)
                attempt = replace(attempt, weight=round(max(weight, LEAST), 3))
        self._ended[number] = attempt

    def _plain(self, number: int) -> Attempt:
        plan, parts = self._planned[number], self._builders[number].parts()
        # One that was asked for words alone and wrote code all the same had it run.
        kind: AttemptKind = "code" if any(isinstance(part, Output) for part in parts) else plan.kind
        return Attempt(parts, kind, plan.temperature, plan.seed)

    def _attempts(self) -> tuple[Attempt, ...]:
        """All of them; those under way cast no vote."""
        numbers = range(len(self._planned))
        return settled([self._ended.get(n) or self._plain(n) for n in numbers], self._equal)

    def _cast(self, number: int) -> VoteCast:
        options = tally_of(self._attempts()).options
        leading, agreeing = (options[0].answer, len(options[0].attempts)) if options else ("", 0)
        return VoteCast(number, len(self._ended), len(self._planned), leading, agreeing)

    def _settled(self) -> bool:
        return tally_of(self._attempts()).over(len(self._planned) - len(self._ended))

    def _finished(self, seconds: float, reason: EndReason, fault: str) -> Finished:
        attempts = self._attempts()
        tally = tally_of(attempts)
        chosen = max(0, representative(tally, attempts))
        shown = attempts[chosen]
        if shown.answer is not None:
            answer = self._check(shown.answer, shown.parts) or shown.answer
            attempts = tuple(
                _with_answer(a, answer) if n == chosen else _with_verdict(a, answer) if a.option == shown.option else a
                for n, a in enumerate(attempts)
            )
        graded = self._verifier.graded if self._verifier is not None else 0
        attempts = tuple(
            a if a.answer is None else _with_answer(a, odds_of(a.answer, self._probabilities.get(n), graded))
            for n, a in enumerate(attempts)
        )
        usage = self._usage(seconds)
        meta = self._made | self._provenance() | {"usage": asdict(usage)}
        found = replace(Transcript.of(self._problem, meta=meta), attempts=attempts)
        found = promoted(found, chosen)
        if self._cancel.is_set():
            reason = EndReason.STOPPED
        elif tally.options:
            reason, fault = EndReason.ANSWERED, ""
        elif not fault:
            reason = EndReason(shown.ended) if shown.ended else EndReason.NO_ANSWER
        extra: dict[str, Any] = {"ended": reason.value} | ({"detail": fault} if fault else {})
        if self._probabilities:
            known = self._probabilities
            extra[PROBABILITIES] = [round(known[n], 3) if n in known else None for n in range(len(attempts))]
        return Finished(reason, replace(found, meta={**found.meta, **extra}), usage, fault)

    def _usage(self, seconds: float) -> Usage:
        """What all attempts cost together; decoding at once, they share its time."""
        tokens = sum(u.generated_tokens for u in self._usages)
        return Usage(
            prompt_tokens=max((u.prompt_tokens for u in self._usages), default=0),
            evaluated_tokens=sum(u.evaluated_tokens for u in self._usages),
            generated_tokens=tokens,
            rounds=sum(u.rounds for u in self._usages),
            runs=sum(u.runs for u in self._usages),
            seconds=seconds,
            decode_seconds=max((u.decode_seconds for u in self._usages), default=0.0),
        )

    def _provenance(self) -> dict[str, Any]:
        t = self._tutor
        return provenance(t.engine.info, t.dialect, t.prompt, self._settings)


def _with_answer(attempt: Attempt, answer: Answer) -> Attempt:
    return replace(attempt, parts=tuple(answer if isinstance(part, Answer) else part for part in attempt.parts))


def _with_verdict(attempt: Attempt, checked: Answer) -> Attempt:
    """An attempt with the same answer, perhaps written in another way, has the same verdict."""
    if attempt.answer is None or checked.verdict == NOT_LOOKED:
        return attempt
    return _with_answer(attempt, replace(attempt.answer, verdict=checked.verdict))
