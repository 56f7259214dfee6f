"""The running solution: starts it, shows its events on the page and in the status line, says how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

from PySide6.QtCore import QObject, Signal

from tutor_app.core.events import (
    AnswerFound,
    CodeEnded,
    CodeStarted,
    EndReason,
    Finished,
    Reading,
    Recorded,
    RoundStarted,
    RunFinished,
    SolveEvent,
    TextDelta,
    ThoughtDelta,
)
from tutor_app.core.parts import Answer
from tutor_app.core.ports import Cancel
from tutor_app.core.transcript import Transcript
from tutor_app.handout import wording
from tutor_app.text.speech import spoken
from tutor_app.ui.announce import announce
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.page.transcript_view import TranscriptView
from tutor_app.ui.services import Services
from tutor_app.ui.status_line import StatusLine

log = logging.getLogger(__name__)


class Solving(QObject):
    """Runs one solution at a time.

    Attributes:
        meta: How the last solution was made; empty before its end.

    Signals:
        started: A solution, or a reply to a question about one, is being made.
        recorded: The solution is kept in the library: its id.
        ended: It is over, however it ended.

    Args:
        bridge: Runs it in a worker.
        services: Solve.
        view: The page.
        status: Says what happens now.
        complain: Tells the user what went wrong, and returns the sentence.
    """

    started = Signal()
    recorded = Signal(str)
    ended = Signal()

    def __init__(
        self,
        bridge: Bridge,
        services: Services,
        view: TranscriptView,
        status: StatusLine,
        complain: Callable[[Exception], str],
    ) -> None:
        super().__init__(bridge)
        self._bridge, self._services, self._view, self._status = bridge, services, view, status
        self._complain = complain
        self.meta: Mapping[str, object] = {}
        bridge.batch.connect(self._on_events)
        bridge.ended.connect(self._on_ended)

    def start(self, problem: str, before: Callable[[], None], votes: int = 1, *, as_typed: bool = False) -> None:
        """Solve a problem.

        Args:
            problem: As typed.
            votes: Attempts that vote; 1 is no vote.
            before: Called in the worker before anything else, to write what the solution must know.
            as_typed: Whether its formulas are to stay as typed where it is shown.
        """
        self.meta = {}
        self._view.begin(problem, as_typed=as_typed)
        services = self._services

        def events(cancel: Cancel) -> Iterator[SolveEvent]:
            if votes > 1:
                return services.vote(problem, votes, cancel, as_typed=as_typed)
            return services.solve(problem, cancel, as_typed=as_typed)

        self._run(before, events)

    def ask(self, transcript: Transcript, question: str, before: Callable[[], None], key: str = "") -> None:
        """Answer a question about the solution on the page.

        Args:
            transcript: The solution.
            question: As typed.
            before: As for :meth:`start`.
            key: Of the solution in the library, or empty.
        """
        self.meta = transcript.meta
        self._view.begin_reply()
        self._run(before, lambda cancel: self._services.ask(transcript, question, cancel, key=key))

    def draw(self, transcript: Transcript, before: Callable[[], None], key: str = "") -> None:
        """Draw what the solution on the page is about; the arguments are those of :meth:`ask`."""
        self.meta = transcript.meta
        self._view.begin_reply()
        self._run(before, lambda cancel: self._services.draw(transcript, cancel, key=key))

    def _run(self, before: Callable[[], None], events: Callable[[Cancel], Iterator[SolveEvent]]) -> None:
        self._status.start()
        self._status.say("Starting the model\u2026")
        self._bridge.queue_typesetting(load_parsers, lambda _: None)

        def run(cancel: Cancel) -> Iterator[SolveEvent]:
            before()
            yield from events(cancel)

        self._bridge.solve(run)
        self.started.emit()

    def stop(self) -> None:
        """Stop the running solution; what there is stays."""
        if self._bridge.busy:
            self._bridge.stop()
            self._status.say("Stopping\u2026")

    def _on_events(self, events: list[SolveEvent]) -> None:
        self._view.feed(events)
        state = ""
        for event in events:
            match event:
                case Recorded(solution_id):
                    self.recorded.emit(solution_id)
                case Reading(done, total):
                    state = (
                        f"Reading the problem\u2026 {100 * done // total} %" if total else "Reading the problem\u2026"
                    )
                case RoundStarted() | TextDelta() | ThoughtDelta() | RunFinished():
                    state = "Thinking\u2026"
                case CodeStarted():
                    state = "Writing code\u2026"
                case CodeEnded():
                    state = "Running code\u2026"
                case AnswerFound():
                    state = "Answer found"
                case Finished():
                    self._finished(event)
                    state = ""
        if state:
            self._status.say(state)

    def _finished(self, event: Finished) -> None:
        self._status.stop(event.usage)
        self._status.say(event.sentence())
        self.meta = event.transcript.meta
        first = event.transcript.answer if len(event.transcript.replies) == 1 else None
        judged = first is not None and bool(first.verdict.odds())
        if judged or (event.transcript.attempts and len(event.transcript.replies) == 1):
            # What has won takes the place of the first attempt, an answer with its probability that of one without.
            self._view.show_result(event.transcript, wording.ending(event.transcript))
        reply = event.transcript.replies[-1][1]
        answer = next((part for part in reversed(reply) if isinstance(part, Answer)), None)
        words = f"{event.sentence()} Answer: " if answer is not None else event.sentence()

        def describe(latex: str) -> None:
            self._view.setAccessibleDescription(words + latex)
            announce(self._view, words + latex)

        # Finding the words for a formula takes a moment that the window should not wait.
        self._bridge.queue_typesetting(lambda: spoken(answer.latex) if answer is not None else "", describe)
        if event.reason is EndReason.ENGINE:
            log.warning("solution ended: %s", event.sentence())

    def _on_ended(self, error: Exception | None) -> None:
        self._status.stop(None)
        if error is not None:
            self._view.fail(self._complain(error))
        self.ended.emit()


def load_parsers() -> None:
    """Import what the first lines of a solution need, outside the GUI thread and while the model loads."""
    from tutor_app.render.code_colors import load_lexer
    from tutor_app.text.markup import load_markdown

    load_markdown()
    load_lexer()
