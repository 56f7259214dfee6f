"""The services that the window needs from the rest of the program, as one protocol of plain calls.

The window never imports an adapter: it is given :class:`tutor_app.window_services.AppServices`, which has this shape.
Calls marked *worker* are made in a background thread, one at a time per kind, and may take as long as they must; the
others must answer at once.
Everything raises :class:`tutor_app.core.errors.TutorError` with one sentence for the user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tutor_app.core.confinement import Confinement
    from tutor_app.core.events import SolveEvent
    from tutor_app.core.hints import Hint, HintLimit, Ladder
    from tutor_app.core.parts import Figure
    from tutor_app.core.ports import Cancel, ModelInfo
    from tutor_app.core.practice import Exercise, Marked, Worksheet
    from tutor_app.core.settings import Settings
    from tutor_app.core.trace import Recording
    from tutor_app.core.transcript import Transcript
    from tutor_app.core.updates import UpdateAnswer
    from tutor_app.core.values import Entry, FoundModel, ImportResult, Offer, Progress, Sample
    from tutor_app.core.window_state import WindowState
    from tutor_app.core.work import WorkHint, WorkReport
    from tutor_app.handout.options import Format, Options
    from tutor_app.render.typeset import FormulaCache


class Services(Protocol):
    """Everything the window asks for."""

    def solve(self, problem: str, cancel: Cancel, *, as_typed: bool = False) -> Iterator[SolveEvent]:
        """*Worker.* Solve and save a problem; the last event is ``Finished``.

        Args:
            problem: As typed.
            cancel: Ends it.
            as_typed: Whether its formulas are to stay as typed where it is shown; kept with it.
        """
        ...

    def hints(self, problem: str, cancel: Cancel, *, votes: int = 1) -> Ladder:
        """*Worker.* Solve a problem silently, without keeping it, and give its hints as far as the teacher allows.

        Args:
            problem: As typed.
            cancel: Ends it.
            votes: How many attempts vote; 1 solves it once.
        """
        ...

    def hint_given(self, problem: str, hint: Hint) -> None:
        """*Worker.* Keep that a hint was shown, for handouts."""
        ...

    def check_work(self, problem: str, work: str, solved: Transcript | None, cancel: Cancel) -> WorkReport:
        """*Worker.* Judge a user's own lines.

        Args:
            problem: That they are about; may be empty.
            work: One line a row.
            solved: A solution of the problem, if there is one: the last line is compared with its answer.
            cancel: Ends the check.
        """
        ...

    def work_hint(self, problem: str, report: WorkReport, cancel: Cancel) -> WorkHint:
        """*Worker.* One hint about the first false line, of the model or without one of the kind of mistake."""
        ...

    def hint_limit(self) -> HintLimit:
        """*Worker.* The highest level of hints, and whether a PIN guards it."""
        ...

    def set_hint_limit(self, level: int, pin: str, new_pin: str = "") -> None:
        """*Worker.* Set the highest level of hints; the first PIN that is given is kept, or a new one in its place."""
        ...

    def vote(self, problem: str, votes: int, cancel: Cancel, *, as_typed: bool = False) -> Iterator[SolveEvent]:
        """*Worker.* Attempt a problem that often at once and save what wins; the last event is ``Finished``."""
        ...

    def promote(self, entry_id: str, number: int) -> Transcript:
        """*Worker.* Make an attempt of a saved vote, counted from 0, its solution; returns and saves that."""
        ...

    def ask(self, transcript: Transcript, question: str, cancel: Cancel, *, key: str = "") -> Iterator[SolveEvent]:
        """*Worker.* Answer a question about a solution and save both; the last event is ``Finished``.

        Args:
            transcript: The solution, with what was asked about it before.
            question: As typed.
            cancel: Ends the reply.
            key: Of the solution in the library; empty if it is not there, and a row of its own is made.
        """
        ...

    def drawable(self, transcript: Transcript) -> bool:
        """*Worker.* Whether what a problem is about, or its answer, can be drawn."""
        ...

    def draw(self, transcript: Transcript, cancel: Cancel, *, key: str = "") -> Iterator[SolveEvent]:
        """*Worker.* Draw it, as a reply that is saved with the solution; the last event is ``Finished``."""
        ...

    def another(self, transcript: Transcript, cancel: Cancel) -> Exercise:
        """*Worker.* A problem like a solved one, by other numbers in its code that ran."""
        ...

    def missed_problems(self) -> Sequence[Exercise]:
        """*Worker.* What was missed and is due today, the longest overdue first."""
        ...

    def worksheet(self, path: Path) -> Worksheet:
        """*Worker.* The problems of a teacher's file; its limit of hints holds for them from now on."""
        ...

    def mark(self, exercise: Exercise, given: str) -> Marked:
        """*Worker.* Compare an answer with the right one; what was missed is kept, to be asked again."""
        ...

    def check_statements(self, transcript: Transcript) -> Transcript:
        """*Worker.* A solution with its statements checked, if it was made without and the settings ask for it."""
        ...

    def record_block(
        self,
        transcript: Transcript,
        block: int,
        cancel: Cancel,
        *,
        edited: str | None = None,
        watches: Sequence[str] = (),
    ) -> Recording:
        """*Worker.* Run a code block after the blocks before it, and record every step.

        Args:
            transcript: The solution.
            block: Number of the block, from 0.
            cancel: Ends the run.
            edited: What to run in its place; the solution stays as it is.
            watches: Expressions to evaluate at every step.
        """
        ...

    def model_info(self) -> ModelInfo | None:
        """The loaded model and where it runs, or None before the first solution."""
        ...

    def model_name(self) -> str:
        """*Worker.* Name of the model that will answer, or empty if none is installed."""
        ...

    def installed_models(self) -> Sequence[tuple[str, str]]:
        """*Worker.* What can be chosen as the model: its id and its name."""
        ...

    def offers(self, *, measured: bool = False) -> Sequence[Offer]:
        """*Worker.* Models that can be fetched, the one to begin with first.

        Args:
            measured: Also tell how each would do on this computer, which takes a moment.
        """
        ...

    def pull(self, model_id: str, progress: Callable[[Progress], None], cancel: Cancel) -> None:
        """*Worker.* Fetch a model; calls ``progress`` about ten times a second."""
        ...

    def add_from_hub(self, repository: str, file: str, cancel: Cancel) -> Offer:
        """*Worker.* Put a GGUF file of the hub on the list of offers, with the length and hash that the hub states now.

        Args:
            repository: ``owner/name``, or the address of the file.
            file: Its name in the repository; empty if the address has it.
            cancel: Ends the wait for the hub.
        """
        ...

    def import_model(self, path: str) -> str:
        """*Worker.* Use a GGUF file of the user's own, or take in a packed model.

        Returns:
            A sentence where its chat template is not what will be spoken, else empty.
        """
        ...

    def memory_advice(self, model_id: str) -> str:
        """*Worker.* One sentence if that model will not fit into the memory that is free now, else empty."""
        ...

    def found_models(self) -> Sequence[FoundModel]:
        """*Worker.* Models of other programs on this computer that are not used here yet."""
        ...

    def confinement(self) -> Confinement:
        """*Worker.* What holds on this computer where code runs."""
        ...

    def import_solutions(self, paths: Sequence[str]) -> ImportResult:
        """*Worker.* Take exported solutions into the library; those that are there already are not taken twice."""
        ...

    def entries(self, query: str, limit: int = 200, offset: int = 0) -> Sequence[Entry]:
        """*Worker.* Saved solutions, newest first, that contain the words of ``query``.

        Args:
            query: Words; empty means all solutions.
            limit: How many at most.
            offset: How many to leave out at the beginning.
        """
        ...

    def solution(self, entry_id: str) -> Transcript:
        """*Worker.* A saved solution."""
        ...

    def delete(self, entry_id: str) -> None:
        """*Worker.* Move a solution to the trash."""
        ...

    def undelete(self, entry_id: str) -> None:
        """*Worker.* Take it back."""
        ...

    def with_trace_tables(self, transcript: Transcript, options: Options, cancel: Cancel) -> Transcript:
        """*Worker.* The solution with the trace tables that the options ask for; its code runs again for them."""
        ...

    def export(
        self, path: str, transcripts: Sequence[Transcript], format: Format, options: Options, formulas: FormulaCache
    ) -> str:
        """*Worker.* Write solutions to a file; returns where it is. ``formulas`` spares a PDF its typesetting."""
        ...

    def export_name(self, transcript: Transcript | None, format: Format) -> str:
        """*Worker.* A name for that file; ``None`` stands for several solutions."""
        ...

    def has_folder(self, path: str) -> bool:
        """*Worker.* Whether a folder is there; not if its drive does not answer."""
        ...

    def export_figure(self, path: str, figure: Figure) -> None:
        """*Worker.* Write a figure to a file, as SVG if its name says so, else as PNG."""
        ...

    def samples(self) -> Sequence[Sample]:
        """*Worker.* The sample problems."""
        ...

    def load_settings(self) -> Settings:
        """The user's settings."""
        ...

    def save_settings(self, settings: Settings) -> None:
        """*Worker.* Keep them; they hold from the next solution on."""
        ...

    def window_state(self) -> WindowState:
        """Where the window stood the last time."""
        ...

    def save_window_state(self, state: WindowState) -> None:
        """*Worker.* Keep it for the next time."""
        ...

    def release_notes(self) -> str:
        """*Worker.* What is new in each version, as Markdown."""
        ...

    def update_if_due(self) -> UpdateAnswer | None:
        """*Worker.* Whether there is a newer version, if the settings ask for a look; None if they do not."""
        ...

    def look_for_update(self, cancel: Cancel) -> UpdateAnswer:
        """*Worker.* Ask for the newest version now."""
        ...

    def log_folder(self) -> str:
        """Where the log is written."""
        ...
