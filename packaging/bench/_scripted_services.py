"""Services of the window that need neither a model nor a disk: what is measured is the window alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tutor_app.core.confinement import Confinement
from tutor_app.core.events import (
    AnswerFound,
    CodeDelta,
    CodeEnded,
    CodeStarted,
    EndReason,
    Finished,
    OutputDelta,
    RoundStarted,
    RunFinished,
    SolveEvent,
    TextDelta,
    Usage,
)
from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Text
from tutor_app.core.ports import Cancel, ModelInfo
from tutor_app.core.settings import Settings
from tutor_app.core.trace import Columns, Recording
from tutor_app.core.transcript import Transcript
from tutor_app.core.values import Entry, FoundModel, ImportResult, Offer, Progress, Sample
from tutor_app.core.window_state import WindowState
from tutor_app.handout.options import Format, Options
from tutor_app.render.typeset import FormulaCache

_MODEL = "Scripted"


def events_of(problem: str, parts: Sequence[Part], pieces: int) -> Iterator[SolveEvent]:
    """The events by which ``parts`` arrive, text cut into pieces of that many characters."""
    yield RoundStarted(1)
    for part in parts:
        match part:
            case Text(text):
                for i in range(0, len(text), pieces):
                    yield TextDelta(text[i : i + pieces])
            case Code(source):
                yield CodeStarted()
                for i in range(0, len(source), pieces):
                    yield CodeDelta(source[i : i + pieces])
                yield CodeEnded(source)
            case Output():
                yield OutputDelta(part.stdout)
                yield RunFinished(part)
            case Answer():
                yield AnswerFound(part)
    yield Finished(EndReason.ANSWERED, Transcript.of(problem, *parts), Usage())


class ScriptedServices:
    """:class:`tutor_app.ui.services.Services` with one model, an empty library and nothing to fetch."""

    def solve(self, problem: str, cancel: Cancel) -> Iterator[SolveEvent]:
        """Play the events; a benchmark overrides it."""
        yield from events_of(problem, (), 1)

    def vote(self, problem: str, votes: int, cancel: Cancel) -> Iterator[SolveEvent]:
        """One attempt wins."""
        yield from self.solve(problem, cancel)

    def promote(self, entry_id: str, number: int) -> Transcript:
        """See the protocol."""
        return Transcript.of("")

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
        return Recording("", Columns())

    def model_info(self) -> ModelInfo | None:
        """See the protocol."""
        return ModelInfo(_MODEL, device="none")

    def model_name(self) -> str:
        """See the protocol."""
        return _MODEL

    def installed_models(self) -> Sequence[tuple[str, str]]:
        """See the protocol."""
        return [("scripted", _MODEL)]

    def offers(self) -> Sequence[Offer]:
        """See the protocol."""
        return ()

    def pull(self, model_id: str, progress: Callable[[Progress], None], cancel: Cancel) -> None:
        """See the protocol."""

    def add_from_hub(self, repository: str, file: str, cancel: Cancel) -> Offer:
        """See the protocol."""
        return Offer("", "", "", 0, 0)

    def import_model(self, path: str) -> str:
        """See the protocol."""
        return ""

    def memory_advice(self, model_id: str) -> str:
        """See the protocol."""
        return ""

    def found_models(self) -> Sequence[FoundModel]:
        """See the protocol."""
        return ()

    def confinement(self) -> Confinement:
        """See the protocol."""
        return Confinement(())

    def import_solutions(self, paths: Sequence[str]) -> ImportResult:
        """See the protocol."""
        return ImportResult((), 0)

    def entries(self, query: str, limit: int = 200, offset: int = 0) -> Sequence[Entry]:
        """See the protocol."""
        return ()

    def solution(self, entry_id: str) -> Transcript:
        """See the protocol."""
        return Transcript.of(entry_id)

    def delete(self, entry_id: str) -> None:
        """See the protocol."""

    def undelete(self, entry_id: str) -> None:
        """See the protocol."""

    def with_trace_tables(self, transcript: Transcript, options: Options, cancel: Cancel) -> Transcript:
        """See the protocol."""
        return transcript

    def export(
        self, path: str, transcripts: Sequence[Transcript], format: Format, options: Options, formulas: FormulaCache
    ) -> str:
        """See the protocol."""
        return path

    def has_folder(self, path: str) -> bool:
        """See the protocol."""
        raise NotImplementedError

    def export_name(self, transcript: Transcript | None, format: Format) -> str:
        """See the protocol."""
        return f"solution.{format}"

    def export_figure(self, path: str, figure: Figure) -> None:
        """See the protocol."""

    def samples(self) -> Sequence[Sample]:
        """See the protocol."""
        return ()

    def load_settings(self) -> Settings:
        """See the protocol."""
        return Settings(theme="light")

    def save_settings(self, settings: Settings) -> None:
        """See the protocol."""

    def window_state(self) -> WindowState:
        """See the protocol."""
        return WindowState(0, 0, 1280, 860)

    def save_window_state(self, state: WindowState) -> None:
        """See the protocol."""

    def log_folder(self) -> str:
        """See the protocol."""
        return ""
