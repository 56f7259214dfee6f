"""The window's services (:class:`tutor_app.ui.services.Services`) on the real adapters.

Adapters are imported where they are first used: the window is on the screen before most of them. It knows no widget;
who starts Qt is :mod:`tutor_app.app`.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tutor_app.core.confinement import Confinement
from tutor_app.core.errors import HostFault, LibraryFault, SandboxFault, TutorError, UserFault
from tutor_app.core.ports import Cancel, ModelInfo, NeverCancelled
from tutor_app.core.practice import Exercise, Marked, Worksheet
from tutor_app.tutor import settings_file, window_state_file
from tutor_app.tutor.running import Running
from tutor_app.tutor.samples import sample_problems

if TYPE_CHECKING:
    from tutor_app.adapters.models.store import ModelStore
    from tutor_app.core.events import SolveEvent
    from tutor_app.core.hints import Hint, HintLimit, Ladder
    from tutor_app.core.parts import Figure
    from tutor_app.core.settings import Settings
    from tutor_app.core.trace import Recording
    from tutor_app.core.transcript import Transcript
    from tutor_app.core.updates import UpdateAnswer
    from tutor_app.core.values import Entry, FoundModel, ImportResult, Offer, Progress, Sample
    from tutor_app.core.window_state import WindowState
    from tutor_app.core.work import WorkHint, WorkReport
    from tutor_app.handout.options import Format, Options
    from tutor_app.render.typeset import FormulaCache
    from tutor_app.tutor.paths import Folders

STEPS = 40_000
"""Steps of a block that are recorded at most."""


class AppServices:
    """:class:`tutor_app.ui.services.Services` on the real adapters. Any thread may call it."""

    def __init__(self, folders: Folders, library: Path | None = None) -> None:
        """Nothing is started yet.

        Args:
            folders: Of the user.
            library: Another file for the solutions than the user's own.
        """
        self._folders = folders
        settings, self.complaints = settings_file.load(folders.settings)
        self._running = Running(folders, library or folders.library, settings)
        self._window_state = window_state_file.load(folders.window_state)

    # Solving

    def solve(self, problem: str, cancel: Cancel, *, as_typed: bool = False) -> Iterator[SolveEvent]:
        """See the protocol."""
        from tutor_app.tutor.service import solve_settings
        from tutor_app.tutor.verifiers import opened_verifier
        from tutor_app.tutor.worksheets import check_may_solve

        check_may_solve(self._folders.config, problem)
        settings, tutor = solve_settings(self._running.settings), self._running.tutor(cancel=cancel)
        verifier = opened_verifier(self._folders, tutor.engine.info.sha256)
        with verifier or contextlib.nullcontext():
            yield from tutor.solve(
                problem,
                settings=settings,
                cancel=cancel,
                library=self._running.library,
                verifier=verifier,
                meta=_shown_as(as_typed),
            )

    def hints(self, problem: str, cancel: Cancel, *, votes: int = 1) -> Ladder:
        """See the protocol."""
        from tutor_app.core.problem import check_problem
        from tutor_app.tutor.hints import known_solution, ladder, silent_ladder
        from tutor_app.tutor.service import solve_settings
        from tutor_app.tutor.votes import vote
        from tutor_app.tutor.worksheets import cap_for

        cap = cap_for(self._folders.config, problem)
        known = None
        with suppress(LibraryFault):  # the problem can be solved without it
            known = known_solution(check_problem(problem), self._running.library())
        if known is not None:
            return ladder(known, cap=cap)
        settings, tutor = solve_settings(self._running.settings), self._running.tutor(votes, cancel)
        if votes > 1:
            weigh = self._running.settings.weigh_votes
            events = vote(tutor, problem, votes=votes, settings=settings, cancel=cancel, weigh=weigh)
        else:
            events = tutor.solve(problem, settings=settings, cancel=cancel)
        return silent_ladder(events, cap=cap)

    def hint_given(self, problem: str, hint: Hint) -> None:
        """See the protocol."""
        from tutor_app.tutor.given_hints import note_quietly

        note_quietly(self._folders.given_hints, problem, hint)

    def check_work(self, problem: str, work: str, solved: Transcript | None, cancel: Cancel) -> WorkReport:
        """See the protocol."""
        from tutor_app.tutor.work import check_work_until

        return check_work_until(cancel, problem, work, solved)

    def work_hint(self, problem: str, report: WorkReport, cancel: Cancel) -> WorkHint:
        """See the protocol."""
        from tutor_app.tutor.work_hints import work_hint_until

        speaker = self._running.tutor(cancel=cancel) if self.model_name() else None
        return work_hint_until(cancel, problem, report, speaker)

    def hint_limit(self) -> HintLimit:
        """See the protocol."""
        from tutor_app.tutor.teacher import limit_of

        return limit_of(self._folders.config)

    def set_hint_limit(self, level: int, pin: str, new_pin: str = "") -> None:
        """See the protocol."""
        from tutor_app.tutor.teacher import set_cap

        set_cap(self._folders.config, level, pin, new_pin)

    def vote(self, problem: str, votes: int, cancel: Cancel, *, as_typed: bool = False) -> Iterator[SolveEvent]:
        """See the protocol."""
        from tutor_app.tutor.service import solve_settings
        from tutor_app.tutor.verifiers import opened_verifier
        from tutor_app.tutor.votes import vote
        from tutor_app.tutor.worksheets import check_may_solve

        check_may_solve(self._folders.config, problem)
        tutor = self._running.tutor(votes, cancel)
        verifier = opened_verifier(self._folders, tutor.engine.info.sha256)
        with verifier or contextlib.nullcontext():
            yield from vote(
                tutor,
                problem,
                votes=votes,
                settings=solve_settings(self._running.settings),
                cancel=cancel,
                library=self._running.library,
                weigh=self._running.settings.weigh_votes,
                verifier=verifier,
                meta=_shown_as(as_typed),
            )

    def promote(self, entry_id: str, number: int) -> Transcript:
        """See the protocol."""
        from tutor_app.core.votes import promoted

        library = self._running.library()
        found = promoted(library.get(entry_id), number)
        library.save(entry_id, found, "finished")
        return found

    def ask(self, transcript: Transcript, question: str, cancel: Cancel, *, key: str = "") -> Iterator[SolveEvent]:
        """See the protocol."""
        from tutor_app.tutor.service import solve_settings
        from tutor_app.tutor.worksheets import check_may_solve

        for asked in (transcript.problem, question):  # a question may be another problem
            check_may_solve(self._folders.config, asked)
        yield from self._running.tutor(cancel=cancel).ask(
            transcript,
            question,
            settings=solve_settings(self._running.settings),
            cancel=cancel,
            library=self._running.library,
            key=key,
        )

    def drawable(self, transcript: Transcript) -> bool:
        """See the protocol."""
        from tutor_app.tutor.drawing.finding import drawing_of

        return drawing_of(transcript) is not None

    def draw(self, transcript: Transcript, cancel: Cancel, *, key: str = "") -> Iterator[SolveEvent]:
        """See the protocol."""
        from tutor_app.tutor.drawing.reply import draw

        executor = self._running.sandbox()
        yield from draw(transcript, executor=executor, cancel=cancel, library=self._running.library, key=key)

    def another(self, transcript: Transcript, cancel: Cancel) -> Exercise:
        """See the protocol."""
        from tutor_app.adapters.grading.grader import Grader
        from tutor_app.tutor.practice.variants import variant
        from tutor_app.tutor.worksheets import capped

        with Grader() as grader:
            found = variant(
                transcript,
                executor=self._running.sandbox(),
                same=lambda a, b: grader.grade(a, b).verdict == "correct",
                rng=random.Random(),
                cancel=cancel,
            )
        return capped(self._folders.config, found)

    def missed_problems(self) -> Sequence[Exercise]:
        """See the protocol."""
        from tutor_app.tutor.practice import missed
        from tutor_app.tutor.worksheets import capped

        due = missed.due(missed.load(self._folders.practice), date.today())
        return [capped(self._folders.config, Exercise(p.problem, p.answer)) for p in due]

    def worksheet(self, path: Path) -> Worksheet:
        """See the protocol."""
        from tutor_app.tutor.worksheets import capped, note_limits, read_worksheet

        found = read_worksheet(path)
        note_limits(self._folders.config, found)
        return replace(found, exercises=tuple(capped(self._folders.config, one) for one in found.exercises))

    def mark(self, exercise: Exercise, given: str) -> Marked:
        """See the protocol."""
        from tutor_app.adapters.grading.grader import Grader
        from tutor_app.tutor.practice.marking import mark

        with Grader() as grader:
            return mark(exercise, given, grader=grader, path=self._folders.practice, today=date.today())

    def check_statements(self, transcript: Transcript) -> Transcript:
        """See the protocol."""
        from tutor_app.adapters.checking.checker import Checker
        from tutor_app.tutor.checked import with_claims

        if not self._running.settings.check_statements:
            return transcript
        with Checker() as checker:
            return with_claims(transcript, checker)

    def record_block(
        self,
        transcript: Transcript,
        block: int,
        cancel: Cancel,
        *,
        edited: str | None = None,
        watches: Sequence[str] = (),
    ) -> Recording:
        """See the protocol."""
        from tutor_app.core.trace_values import Record
        from tutor_app.tutor.stepping import record_block

        record = Record(STEPS, watches=tuple(watches))
        parts, executor = transcript.solution, self._running.sandbox()
        return record_block(parts, block, executor=executor, edited=edited, record=record, cancel=cancel)

    def warm(self, cancel: Cancel | None = None) -> None:
        """Start what the first problem will need, if a model is installed, until that is not wanted any more."""
        if not self._running.settings.server and not self.model_name():
            return  # nothing of what solves is loaded before there is something to solve with
        with suppress(TutorError):  # the first problem will say it
            self._running.tutor(cancel=cancel).warm(cancel)

    def model_info(self) -> ModelInfo | None:
        """See the protocol."""
        tutor = self._running.started_tutor
        return tutor.engine.info if tutor is not None and tutor.engine.info.device else None

    def close(self) -> None:
        """End both processes and close the library."""
        self._running.close()

    # Models

    def _store(self) -> ModelStore:
        from tutor_app.tutor.models import model_store

        return model_store(self._folders)

    def model_name(self) -> str:
        """See the protocol."""
        from tutor_app.tutor.models import chosen_model

        if self._running.settings.server:
            info = self.model_info()
            return info.name if info is not None and info.name else f"Model of {self._running.settings.server}"
        try:
            return chosen_model(self._store(), self._running.settings.model).name
        except (UserFault, HostFault):
            return ""

    def installed_models(self) -> Sequence[tuple[str, str]]:
        """See the protocol."""
        return [(m.id, m.name) for m in self._store().installed() if not m.problem]

    def offers(self, *, measured: bool = False) -> Sequence[Offer]:
        """See the protocol."""
        from tutor_app.tutor.models import measured_offers, offers

        return measured_offers(self._store()) if measured else offers(self._store())

    def pull(self, model_id: str, progress: Callable[[Progress], None], cancel: Cancel) -> None:
        """See the protocol."""
        self._store().pull(model_id, progress, cancel)
        self._running.forget_tutor()

    def add_from_hub(self, repository: str, file: str, cancel: Cancel) -> Offer:
        """See the protocol."""
        return self._store().add_from_hub(repository, file, cancel=cancel).offer

    def import_model(self, path: str) -> str:
        """See the protocol."""
        from tutor_app.adapters.models.chat_template import choose_dialect
        from tutor_app.adapters.models.pack import take_in

        model = take_in(self._store(), Path(path))
        self.save_settings(self._running.settings.changed(model=model.id))
        self._running.forget_tutor()
        return choose_dialect(model).note

    def memory_advice(self, model_id: str) -> str:
        """See the protocol."""
        from tutor_app.tutor.models import advise_on_memory

        return advise_on_memory(self._store(), model_id, self._running.settings.n_ctx)

    def found_models(self) -> Sequence[FoundModel]:
        """See the protocol."""
        from tutor_app.tutor.models import unused_models

        return unused_models(self._store())

    def confinement(self) -> Confinement:
        """See the protocol."""
        from tutor_app.adapters.sandbox.sessions import guarantees

        tutor = self._running.started_tutor
        if tutor is not None:
            with suppress(SandboxFault):  # it refuses to run anything where a limit is missing; which, is the question
                return Confinement(tutor.executor.guarantees())
        return Confinement(guarantees())

    # The library

    def entries(self, query: str, limit: int = 200, offset: int = 0) -> Sequence[Entry]:
        """See the protocol."""
        return self._running.library().entries(query, limit, offset)

    def solution(self, entry_id: str) -> Transcript:
        """See the protocol."""
        return self._running.library().get(entry_id)

    def delete(self, entry_id: str) -> None:
        """See the protocol."""
        self._running.library().delete(entry_id)

    def undelete(self, entry_id: str) -> None:
        """See the protocol."""
        self._running.library().undelete(entry_id)

    def import_solutions(self, paths: Sequence[str]) -> ImportResult:
        """See the protocol."""
        from tutor_app.export import read_transcripts
        from tutor_app.tutor.recorder import import_transcripts

        return import_transcripts([t for path in paths for t in read_transcripts(path)], self._running.library())

    def with_trace_tables(self, transcript: Transcript, options: Options, cancel: Cancel) -> Transcript:
        """See the protocol."""
        from tutor_app.handout.trace_table import with_chosen_tables
        from tutor_app.tutor.stepping import record_all

        return with_chosen_tables(
            transcript, options, lambda parts: record_all(parts, executor=self._running.sandbox(), cancel=cancel)
        )

    def export(
        self, path: str, transcripts: Sequence[Transcript], format: Format, options: Options, formulas: FormulaCache
    ) -> str:
        """See the protocol."""
        from tutor_app.export import write_export

        if options.hints:
            from tutor_app.tutor.given_hints import with_given

            transcripts = with_given(self._folders.given_hints, transcripts)
        return str(write_export(path, transcripts, format, options, formulas=formulas)[0])

    def export_name(self, transcript: Transcript | None, format: Format) -> str:
        """See the protocol."""
        from tutor_app.export import suggested_name

        return suggested_name([transcript] if transcript is not None else [], format)

    def has_folder(self, path: str) -> bool:
        """See the protocol."""
        from tutor_app.adapters.files import is_folder

        return is_folder(Path(path))

    def export_figure(self, path: str, figure: Figure) -> None:
        """See the protocol."""
        from tutor_app.export import write_figure

        write_figure(path, figure)

    # The rest

    def samples(self) -> Sequence[Sample]:
        """See the protocol."""
        return sample_problems()

    def load_settings(self) -> Settings:
        """See the protocol."""
        return self._running.settings

    def save_settings(self, settings: Settings) -> None:
        """See the protocol."""
        self._running.settings = settings
        settings_file.save(self._folders.settings, settings)

    def window_state(self) -> WindowState:
        """See the protocol."""
        return self._window_state

    def save_window_state(self, state: WindowState) -> None:
        """See the protocol."""
        self._window_state = state
        window_state_file.save(self._folders.window_state, state)

    def release_notes(self) -> str:
        """See the protocol."""
        from tutor_app.resources import resource_text

        return resource_text("release_notes.md")

    def update_if_due(self) -> UpdateAnswer | None:
        """See the protocol."""
        if not self._running.settings.check_updates:
            return None  # and nothing of it is loaded: five megabytes at every start
        from tutor_app.tutor.updates import Updates

        return Updates(self._folders).look_if_due(self._running.settings, NeverCancelled())

    def look_for_update(self, cancel: Cancel) -> UpdateAnswer:
        """See the protocol."""
        from tutor_app.tutor.updates import Updates

        return Updates(self._folders).look(self._running.settings, cancel)

    def log_folder(self) -> str:
        """See the protocol."""
        return str(self._folders.logs)


def _shown_as(as_typed: bool) -> dict[str, bool]:
    from tutor_app.core.transcript import AS_TYPED

    return {AS_TYPED: True} if as_typed else {}
