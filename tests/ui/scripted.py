"""A whole program without a model: services that play a script. For tests and screenshots."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path

from tests.fakes import MemoryLibrary
from tests.ui.holding import Hold, go_on
from tests.ui.recordings import recorded
from tutor_app.adapters.files import is_folder
from tutor_app.core.builder import Builder
from tutor_app.core.confinement import Confinement, Guarantee
from tutor_app.core.errors import HostFault, ModelStoreFault, SandboxFault, UserFault
from tutor_app.core.events import (
    AnswerFound,
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
    Recorded,
    RoundStarted,
    RunFinished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
    Usage,
    VoteCast,
)
from tutor_app.core.hints import GIVEN, LEVELS, RESULT, SHORTEST_PIN, Hint, HintLimit, Ladder
from tutor_app.core.parts import Answer, Attempt, Code, CodeError, Figure, Output, Part, Text, Thought
from tutor_app.core.ports import Cancel, ModelInfo
from tutor_app.core.practice import Exercise, Marked, Worksheet
from tutor_app.core.problem import check_problem, check_question
from tutor_app.core.settings import Settings
from tutor_app.core.trace import Recording
from tutor_app.core.transcript import Transcript
from tutor_app.core.updates import UpdateAnswer
from tutor_app.core.values import Entry, FoundModel, ImportResult, Offer, Progress, Sample, Status
from tutor_app.core.verdicts import KNOWN_RIGHT
from tutor_app.core.votes import promoted, representative, settled, tally_of
from tutor_app.core.window_state import WindowState
from tutor_app.core.work import WorkHint, WorkReport
from tutor_app.export import read_transcripts, suggested_name, write_export, write_figure
from tutor_app.handout.options import Format, Options
from tutor_app.handout.trace_table import with_chosen_tables
from tutor_app.render.typeset import FormulaCache
from tutor_app.tutor.checked import StatementChecker, with_claims
from tutor_app.tutor.hints import silent_ladder
from tutor_app.tutor.practice.missed import Missed, answered
from tutor_app.tutor.recorder import import_transcripts
from tutor_app.tutor.work import check_work_until
from tutor_app.tutor.work_hints import work_hint_until
from tutor_app.tutor.worksheets import read_worksheet

CURVE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="240" viewBox="0 0 400 240">'
    '<path d="M10 200 Q 100 -100 390 200" stroke="#2a5d8f" fill="none" stroke-width="2"/>'
    '<path d="M10 200 H390" stroke="black"/></svg>'
)

QUADRATIC: tuple[Part, ...] = (
    Text(
        "We look for the roots of $f(x) = x^2 - 5x + 6$. By the quadratic formula\n\n"
        "$$x = \\frac{5 \\pm \\sqrt{5^2 - 4\\cdot 6}}{2},$$\n\n"
        "so there should be **two** of them. Let me check with SymPy:"
    ),
    Code(
        "from sympy import symbols, solve\n\n# the polynomial of the problem\nx = symbols('x')\n"
        "roots = solve(x**2 - 5*x + 6, x)\nprint(f'roots: {roots}')"
    ),
    Output(stdout="roots: [2, 3]\n", seconds=0.13),
    Text(
        "Both are integers, and indeed $(x-2)(x-3) = x^2 - 5x + 6$.\n\n1. For $x = 2$ we get $4 - 10 + 6 = 0$.\n"
        "2. For $x = 3$ we get $9 - 15 + 6 = 0$.\n\nThe answer is $\\boxed{\\{2, 3\\}}$."
    ),
    Answer("\\{2, 3\\}", verdict=KNOWN_RIGHT),
)
REPAIRED: tuple[Part, ...] = (
    Text("Let me compute the sum directly."),
    Code("total = sum(k**2 for k in range(1, n + 1))\nprint(total)"),
    Output(
        status="error",
        error=CodeError(
            "NameError",
            "name 'n' is not defined",
            1,
            "Line 1: total = sum(k**2 for k in range(1, n + 1))\nNameError: name 'n' is not defined",
            "The name n is used before it was given a value.",
        ),
        seconds=0.02,
    ),
    Text("I forgot to define $n$. With $n = 10$:"),
    Code("n = 10\ntotal = sum(k**2 for k in range(1, n + 1))\nprint(total)"),
    Figure(CURVE, "", 400, 240, "a curve"),
    Output(stdout="385\n", seconds=0.02),
    Text("Therefore $\\sum_{k=1}^{10} k^2 = \\boxed{385}$."),
    Answer("385"),
)


def attempt(n: int, answer: str, *, code: bool = True, why: tuple[str, ...] = (), ended: str = "answered") -> Attempt:
    """An attempt at the problem of the rolls: code that is run, or words alone."""
    words = Text(f"Attempt {n}: each bag holds $6$ rolls, so there are $84 \\div 6 = 14$ bags.")
    parts: tuple[Part, ...] = (words,)
    if code:
        parts += (Code("bags = 84 // 6\nprint(2 * bags)"), Output(stdout="28\n", seconds=0.01))
    if answer:
        parts += (Text(f"She gets $\\boxed{{{answer}}}$ euros."), Answer(answer))
    weight = 0.0 if not answer or not ended else 0.25 if why else 1.0
    return Attempt(parts, "code" if code else "reasoning", 0.7 if n else 0.0, n, ended, -1, weight, why)


ATTEMPTS = (
    attempt(0, "14", why=("output",)),
    attempt(1, "28", code=False),
    attempt(2, "28"),
    attempt(3, "14", code=False, why=("false",)),
    attempt(4, "28"),
    attempt(5, "", code=False, ended="tokens"),
    attempt(6, "28"),
    attempt(7, "168", code=False, ended=""),
)


def events_of(problem: str, parts: Sequence[Part], pieces: int = 4) -> Iterator[SolveEvent]:
    """The events by which ``parts`` would have arrived, text cut into pieces of that length."""
    yield Reading(0, 100)
    yield Reading(100, 100)
    yield RoundStarted(1)
    for part in parts:
        match part:
            case Text(text):
                for i in range(0, len(text), pieces):
                    yield TextDelta(text[i : i + pieces])
            case Thought(text):
                for i in range(0, len(text), pieces):
                    yield ThoughtDelta(text[i : i + pieces])
                yield ThoughtEnded()
            case Code(source):
                yield CodeStarted()
                for i in range(0, len(source), pieces):
                    yield CodeDelta(source[i : i + pieces])
                yield CodeEnded(source)
            case Output():
                for line in part.stdout.splitlines(keepends=True):
                    yield OutputDelta(line)
                yield RunFinished(part)
            case Figure():
                yield FigureDrawn(part)
            case Answer():
                yield AnswerFound(part)
    transcript = Transcript.of(problem).with_solution(tuple(parts))
    yield Finished(EndReason.ANSWERED, transcript, Usage(120, 40, 256, 2, 1, 8.4, 7.1))


SAMPLES = (
    Sample("arithmetic", 1, "A baker sells rolls in bags of 6 for $2$ euros a bag. She sells 84 rolls. How much?"),
    Sample("algebra", 2, "Let $f(x) = x^2 - 5x + 6$. Find all real $x$ with $f(x) = 0$."),
    Sample("fractions", 1, "A jug holds $\\frac{3}{4}$ of a litre; $\\frac{2}{5}$ is poured out. How much is left?"),
    Sample("calculus", 3, "Compute $\\int_0^1 x^2 \\sqrt{1 - x^2}\\,dx$."),
    Sample("number theory", 3, "What is the remainder when $7^{2025}$ is divided by $13$?"),
    Sample("linear algebra", 2, "Find $\\det \\begin{pmatrix} 2 & 1 \\\\ 5 & 3 \\end{pmatrix}$."),
    Sample("geometry", 2, "A triangle has sides $5$, $12$ and $13$. What is the radius of its circumscribed circle?"),
)
OFFERS = (
    Offer(
        "starter", "Qwen2.5-Coder 0.5B", "Apache-2.0", 397_000_000, 900_000_000, "Small and quick; for a first look."
    ),
    Offer("standard", "Qwen2.5-Coder 1.5B", "Apache-2.0", 986_000_000, 1_900_000_000, "Slower, and right more often."),
)


CONFINED = Confinement(
    (
        Guarantee("reads only Python and its libraries", True, "Landlock ABI 4 and a file tree of its own"),
        Guarantee("no network and no sockets", True, "seccomp and an empty network namespace"),
        Guarantee("namespaces", False, "not allowed here; not required", False),
    )
)
PARTLY = Confinement((*CONFINED.promises, Guarantee("starts no other program", False, "not on this computer")))

FIRST_WORDS = 8
"""Events of a solution after which it has said something: it can be held there, or fail."""


@dataclass
class ScriptedServices:
    """Services that play a script.

    Attributes:
        script: Parts by problem; ``default`` for any other.
        model: Name of the installed model, or empty.
        fail_pull: Sentence with which a download fails, or empty.
        fail_hub: Sentence with which the hub answers, or empty.
        more_offers: Offers that were added from the hub.
        import_note: What an import says of the file's chat template, or empty.
        fail_solve: What a solution raises after its first events, or None.
        checker: Of the statements of saved solutions, or None.
        attempts: What a vote is made of.
        hold_solve: Where a solution waits after its first words, and a reply after each of its pieces.
        hold_pull: Where a download waits after its first progress.
        hold_record: Where a recording waits before it begins.
        hold_hints: Where the silent solution of the hints waits before it begins.
        hold_work: Where the check of own lines, and a hint about one, waits before it begins.
        hold_vote: Where a vote waits before its attempt ``hold_vote_at``.
        replies: Parts by question; a sentence for any other.
        left_out: Questions that the model is not told of.
        update: What a look for a newer version finds; None stands for no network.
    """

    script: dict[str, Sequence[Part]] = field(default_factory=dict)
    default: Sequence[Part] = QUADRATIC
    model: str = "Qwen2.5-Coder 0.5B"
    fail_pull: str = ""
    fail_hub: str = ""
    more_offers: tuple[Offer, ...] = ()
    import_note: str = ""
    fail_solve: Exception | None = None
    checker: StatementChecker | None = None
    replies: dict[str, Sequence[Part]] = field(default_factory=dict)
    left_out: int = 0
    missed: Sequence[Missed] = ()
    hold_solve: Hold = go_on
    hold_pull: Hold = go_on
    settings: Settings = field(default_factory=lambda: Settings(theme="light"))
    library: MemoryLibrary = field(default_factory=MemoryLibrary)
    calls: list[str] = field(default_factory=list)
    given: list[tuple[str, Hint]] = field(default_factory=list)
    solve_thread: str = ""
    confined: Confinement = CONFINED
    advice: dict[str, str] = field(default_factory=dict)
    others: Sequence[FoundModel] = ()
    state: WindowState = field(default_factory=WindowState)
    logs: str = ""
    recordings: dict[int, Recording] = field(default_factory=dict)
    hold_record: Hold = go_on
    fail_record: str = ""
    hold_hints: Hold = go_on
    voted: Sequence[Part] | None = None
    hold_work: Hold = go_on
    cap: int = len(LEVELS)
    pin: str = ""
    attempts: Sequence[Attempt] = ATTEMPTS
    hold_vote: Hold = go_on
    hold_vote_at: int = 0
    update: UpdateAnswer | None = None

    def add(self, problem: str, parts: Sequence[Part], created: float | None = None) -> str:
        key = f"s{self.library.count() + self.library.count(deleted=True)}"
        self.keep(key, problem, parts, "finished", created)
        return key

    def keep(self, key: str, problem: str, parts: Sequence[Part], status: Status, created: float | None = None) -> None:
        self.put(key, self._transcript(problem, parts), status, created)

    def _transcript(self, problem: str, parts: Sequence[Part]) -> Transcript:
        return Transcript.of(problem, *parts, meta={"model": self.model})

    def put(self, key: str, transcript: Transcript, status: Status, created: float | None = None) -> None:
        self.library.put(key, transcript, status, created or 0.0)

    def solve(self, problem: str, cancel: Cancel, *, as_typed: bool = False) -> Iterator[SolveEvent]:
        self.calls.append(f"solve {problem}")
        self.solve_thread = threading.current_thread().name
        self._check_limit()
        problem = check_problem(problem)
        key = self.add(problem, ())
        self.keep(key, problem, (), "running")
        builder = Builder()
        status: Status = "interrupted"
        try:
            yield Recorded(key)
            for n, event in enumerate(events_of(problem, self.script.get(problem, self.default))):
                if n == FIRST_WORDS:
                    if self.fail_solve is not None:
                        raise self.fail_solve
                    self.hold_solve(cancel)
                if cancel.is_set():
                    status = "finished"
                    yield Finished(EndReason.STOPPED, Transcript.of(problem), Usage(seconds=0.1))
                    return
                builder.apply(event)
                if isinstance(event, Finished):
                    status = "finished"
                    self.library.save(key, self._transcript(problem, builder.parts()), status)
                yield event
        finally:
            if self.library.has(key):
                self.library.save(key, self._transcript(problem, builder.parts()), status)

    def hints(self, problem: str, cancel: Cancel, *, votes: int = 1) -> Ladder:
        self.calls.append(f"hints {problem}" if votes == 1 else f"hints by {votes} votes")
        self.hold_hints(cancel)
        script = self.script.get(problem, self.default) if votes == 1 or self.voted is None else self.voted
        events = events_of(check_problem(problem), script)
        return silent_ladder(self._stoppable(events, cancel), cap=self.cap)

    def hint_given(self, problem: str, hint: Hint) -> None:
        self.given.append((problem, hint))

    def check_work(self, problem: str, work: str, solved: Transcript | None, cancel: Cancel) -> WorkReport:
        self.calls.append(f"work on {problem}, {'solved' if solved is not None else 'not solved'}")
        self.hold_work(cancel)
        return check_work_until(cancel, problem, work, solved)

    def work_hint(self, problem: str, report: WorkReport, cancel: Cancel) -> WorkHint:
        self.calls.append(f"hint about line {(report.first_fault or 0) + 1}")
        self.hold_work(cancel)
        return work_hint_until(cancel, problem, report, None)

    def hint_limit(self) -> HintLimit:
        return HintLimit(self.cap, bool(self.pin))

    def set_hint_limit(self, level: int, pin: str, new_pin: str = "") -> None:
        if len(pin) < SHORTEST_PIN or pin != (self.pin or pin):
            raise UserFault("This is not the PIN that was set.", "Ask your teacher.")
        self.cap, self.pin = level, new_pin or pin

    def _check_limit(self) -> None:
        if self.cap < len(LEVELS):
            raise UserFault("The hints end earlier.", "Ask for a hint instead.")

    @staticmethod
    def _stoppable(events: Iterator[SolveEvent], cancel: Cancel) -> Iterator[SolveEvent]:
        for event in events:
            if cancel.is_set():
                yield Finished(EndReason.STOPPED, Transcript.of("p"), Usage())
                return
            yield event

    def vote(self, problem: str, votes: int, cancel: Cancel, *, as_typed: bool = False) -> Iterator[SolveEvent]:
        self.calls.append(f"vote {votes} {problem}")
        self._check_limit()
        problem = check_problem(problem)
        key = self.add(problem, ())
        self.keep(key, problem, (), "running")
        yield Recorded(key)
        attempts = [replace(a, ended="" if n >= votes else a.ended) for n, a in enumerate(self.attempts[:votes])]
        for event in events_of(problem, attempts[0].parts):
            if not isinstance(event, AnswerFound | Finished):
                yield event
        known = settled(attempts, lambda a, b: a == b)
        for n in range(votes):
            if n == self.hold_vote_at:
                self.hold_vote(cancel)
            if cancel.is_set():
                break
            leading = tally_of(settled(attempts[: n + 1], lambda a, b: a == b)).options
            first = (leading[0].answer, len(leading[0].attempts)) if leading else ("", 0)
            yield VoteCast(n, n + 1, votes, *first)
        found = replace(Transcript.of(problem, meta={"model": self.model}), attempts=known)
        chosen = max(0, representative(tally_of(known), known))
        reason = EndReason.STOPPED if cancel.is_set() else EndReason.ANSWERED
        found = promoted(found, chosen)
        found = replace(found, meta={**found.meta, "ended": reason.value})
        self.library.save(key, found, "finished")
        yield Finished(reason, found, Usage(120, 40, 256, 2, 1, 8.4, 7.1))

    def promote(self, entry_id: str, number: int) -> Transcript:
        self.calls.append(f"promote {number}")
        found = promoted(self.library.get(entry_id), number)
        self.library.save(entry_id, found, "finished")
        return found

    def ask(self, transcript: Transcript, question: str, cancel: Cancel, *, key: str = "") -> Iterator[SolveEvent]:
        self.calls.append(f"ask {question}")
        self._check_limit()
        question = check_question(question)
        builder = Builder(transcript.solution)
        key = key or self.add(transcript.problem, ())
        yield Recorded(key)
        builder.apply(QuestionAsked(question))
        yield QuestionAsked(question)
        if self.left_out:
            yield LeftOut(self.left_out)
        for event in events_of(question, self.replies.get(question, (Text("Because $2 + 2 = 4$."),))):
            if isinstance(event, Finished) or cancel.is_set():
                break
            builder.apply(event)
            yield event
            if isinstance(event, TextDelta):
                self.hold_solve(cancel)
        reason = EndReason.STOPPED if cancel.is_set() else EndReason.ANSWERED
        made = {"left_out": self.left_out} if self.left_out else {}
        replies = [*transcript.meta.get("replies", ()), made]
        whole = transcript.with_solution(builder.parts(), replies=replies)
        self.library.save(key, whole, "finished")
        yield Finished(reason, whole, Usage(150, 20, 60, 1, 0, 2.0, 1.5))

    def drawable(self, transcript: Transcript) -> bool:
        return "x^2" in transcript.problem

    def draw(self, transcript: Transcript, cancel: Cancel, *, key: str = "") -> Iterator[SolveEvent]:
        self.calls.append("draw")
        parts = (Text("This draws it."), Code("plot(x)"), Figure(CURVE, "", 400, 240, "a curve"), Output())
        builder = Builder(transcript.solution)
        for event in (QuestionAsked("Draw it."), *events_of("Draw it.", parts)):
            if not isinstance(event, Finished):
                builder.apply(event)
                yield event
        whole = transcript.with_solution(builder.parts(), replies=[{"drawn": True}])
        self.library.save(key or self.add(transcript.problem, ()), whole, "finished")
        yield Finished(EndReason.ANSWERED, whole, Usage(), "It is drawn.")

    def another(self, transcript: Transcript, cancel: Cancel) -> Exercise:
        self.calls.append("another")
        if not transcript.problem[-1:].isdigit():
            raise UserFault("No variant of this problem can be made: it has no numbers.")
        return Exercise("What is 3 + 5?", "8")

    def missed_problems(self) -> Sequence[Exercise]:
        return [Exercise(p.problem, p.answer) for p in self.missed]

    def worksheet(self, path: Path) -> Worksheet:
        return read_worksheet(path)

    def mark(self, exercise: Exercise, given: str) -> Marked:
        right = given == exercise.answer
        if exercise.hints_up_to < RESULT and not given.strip():
            return Marked(False, "It stays open.")
        if exercise.hints_up_to < RESULT:
            return Marked(right, "Right." if right else "That is not right. Try again; a hint may help.", not right)
        self.missed = [*answered(self.missed, exercise.problem, exercise.answer, right=right, today=date(2026, 3, 1))]
        wrong = "That is not right. " if given.strip() else ""
        return Marked(right, "Right." if right else f"{wrong}It is {exercise.answer}.")

    def check_statements(self, transcript: Transcript) -> Transcript:
        self.calls.append(f"check {transcript.problem}")
        return with_claims(transcript, self.checker) if self.checker is not None else transcript

    def record_block(
        self,
        transcript: Transcript,
        block: int,
        cancel: Cancel,
        *,
        edited: str | None = None,
        watches: Sequence[str] = (),
    ) -> Recording:
        self.calls.append(f"record block {block}")
        self.hold_record(cancel)
        if self.fail_record:
            raise SandboxFault(self.fail_record)
        sources = [p.source for p in transcript.solution if isinstance(p, Code)]
        self.calls += [f"watch {w}" for w in watches]
        if edited is not None:
            return recorded(edited, watches=watches)
        return self.recordings.get(block) or recorded(sources[block], watches=watches)

    def model_info(self) -> ModelInfo | None:
        return ModelInfo(self.model, device="CPU, 2 threads") if self.model else None

    def model_name(self) -> str:
        return self.model

    def installed_models(self) -> Sequence[tuple[str, str]]:
        known = next((o.id for o in self.offers() if o.name == self.model), self.model.lower())
        return [(known, self.model)] if self.model else []

    def offers(self, *, measured: bool = False) -> Sequence[Offer]:
        return (*OFFERS, *self.more_offers)

    def pull(self, model_id: str, progress: Callable[[Progress], None], cancel: Cancel) -> None:
        self.calls.append(f"pull {model_id}")
        progress(Progress("connect"))
        progress(Progress("download", "", "", 124_000_000, 397_000_000, 5_200_000.0, 52.0))
        if self.fail_pull:
            raise ModelStoreFault(self.fail_pull, "Try again when you are online.")
        self.hold_pull(cancel)
        if not cancel.is_set():
            self.model = next(o.name for o in self.offers() if o.id == model_id)

    def add_from_hub(self, repository: str, file: str, cancel: Cancel) -> Offer:
        self.calls.append(f"add {file} of {repository}")
        if self.fail_hub:
            raise ModelStoreFault(self.fail_hub, "Check the names and the connection, and try again.")
        name = file.removesuffix(".gguf")
        made = Offer(
            name.lower(), name, f"see {repository}", 986_000_000, 1_972_000_000, f"Added by you from {repository}"
        )
        self.more_offers = (*self.more_offers, made)
        return made

    def import_model(self, path: str) -> str:
        self.calls.append(f"import {path}")
        self.model = path.rsplit("/", 1)[-1]
        return self.import_note

    def memory_advice(self, model_id: str) -> str:
        return self.advice.get(model_id, "")

    def found_models(self) -> Sequence[FoundModel]:
        return self.others

    def confinement(self) -> Confinement:
        return self.confined

    def import_solutions(self, paths: Sequence[str]) -> ImportResult:
        return import_transcripts([t for path in paths for t in read_transcripts(path)], self.library)

    def entries(self, query: str, limit: int = 200, offset: int = 0) -> Sequence[Entry]:
        return self.library.entries(query, limit, offset)

    def solution(self, entry_id: str) -> Transcript:
        return self.library.get(entry_id)

    def delete(self, entry_id: str) -> None:
        self.library.delete(entry_id)

    def undelete(self, entry_id: str) -> None:
        self.library.undelete(entry_id)

    def with_trace_tables(self, transcript: Transcript, options: Options, cancel: Cancel) -> Transcript:
        if options.trace_tables:
            self.calls.append(f"trace tables of {transcript.problem}")
        return with_chosen_tables(
            transcript, options, lambda parts: [recorded(p.source) for p in parts if isinstance(p, Code)]
        )

    def export(
        self, path: str, transcripts: Sequence[Transcript], format: Format, options: Options, formulas: FormulaCache
    ) -> str:
        self.calls.append(f"export {len(transcripts)} as {format}")
        if options.hints:
            rows = {
                t.problem: [asdict(hint) for problem, hint in self.given if problem == t.problem] for t in transcripts
            }
            transcripts = [replace(t, meta={**t.meta, GIVEN: rows[t.problem]}) for t in transcripts]
        return str(write_export(path, transcripts, format, options, formulas=formulas)[0])

    def has_folder(self, path: str) -> bool:
        return is_folder(Path(path))

    def export_name(self, transcript: Transcript | None, format: Format) -> str:
        return suggested_name([transcript] if transcript is not None else [], format)

    def export_figure(self, path: str, figure: Figure) -> None:
        write_figure(path, figure)

    def samples(self) -> Sequence[Sample]:
        return SAMPLES

    def load_settings(self) -> Settings:
        return self.settings

    def save_settings(self, settings: Settings) -> None:
        self.settings = settings

    def window_state(self) -> WindowState:
        return self.state

    def save_window_state(self, state: WindowState) -> None:
        self.state = state

    def release_notes(self) -> str:
        return "# What is new\n\n## 0.1.0 (2026-11-29)\n\n- The first version.\n"

    def update_if_due(self) -> UpdateAnswer | None:
        return self.update if self.settings.check_updates else None

    def look_for_update(self, cancel: Cancel) -> UpdateAnswer:
        if self.update is None:
            raise HostFault("updates.example does not tell the newest version: the connection is refused.")
        return self.update

    def log_folder(self) -> str:
        return self.logs
