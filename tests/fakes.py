"""Stand-ins for what the core needs from the outside: real classes, without processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tutor_app.adapters.grading.grader import Grade
from tutor_app.core.errors import HostFault, SandboxFault
from tutor_app.core.events import FigureDrawn, OutputDelta, RunEvent, RunFinished
from tutor_app.core.ports import Cancel, CodeSession
from tutor_app.core.transcript import CodeError, Figure, Output


@dataclass
class FakeExecutor:
    """A :class:`~tutor_app.core.ports.CodeExecutor` that runs nothing and gives the next outcome instead.

    Attributes:
        outcomes: What the blocks come to, in order; a fault is raised after half of "partial" was printed. The
            last one is repeated.
        figures: Drawn by every block.
        on_run: Called with the source while a block "runs".
        fault_on_open: Raised by :meth:`open`.
        ran: Sources run so far.
        timeouts: The limit given for each.
        opened: Sessions opened.
        closed: Sessions closed.
    """

    outcomes: list[Output | SandboxFault] = field(default_factory=lambda: [Output(stdout="42\n")])
    figures: tuple[Figure, ...] = ()
    on_run: Callable[[str], None] = lambda _: None
    fault_on_open: SandboxFault | None = None
    ran: list[str] = field(default_factory=list)
    timeouts: list[float | None] = field(default_factory=list)
    opened: int = 0
    closed: int = 0

    def warm(self) -> None:
        pass

    def open(self) -> CodeSession:
        if self.fault_on_open is not None:
            raise self.fault_on_open
        self.opened += 1
        return _FakeSession(self)

    def close(self) -> None:
        pass


class _FakeSession:
    def __init__(self, executor: FakeExecutor) -> None:
        self._executor = executor
        self._closed = False

    def run(
        self, code: str, *, cancel: Cancel, timeout: float | None = None, record_steps: int = 0
    ) -> Iterator[RunEvent]:
        executor = self._executor
        assert not self._closed
        outcome = executor.outcomes[min(len(executor.ran), len(executor.outcomes) - 1)]
        executor.ran.append(code)
        executor.timeouts.append(timeout)
        executor.on_run(code)
        if isinstance(outcome, SandboxFault):
            yield OutputDelta("half of ")
            raise outcome
        half = len(outcome.stdout) // 2
        for text in (outcome.stdout[:half], outcome.stdout[half:]):
            if text:
                yield OutputDelta(text)
        for figure in executor.figures:
            yield FigureDrawn(figure)
        if cancel.is_set():
            outcome = replace(outcome, status="stopped", error=CodeError("Stopped", "stopped by the user"))
        yield RunFinished(outcome)

    def close(self) -> None:
        if not self._closed:
            self._executor.closed += 1
        self._closed = True


class ScriptedGrader:
    """A grader whose verdicts are written down; "hangs" is a comparison that was killed at its limit.

    Args:
        script: The outcome for a gold answer and another one; what is not in it cannot be read.
    """

    process_id: int | None = None

    def __init__(self, script: Mapping[tuple[str, str], str]) -> None:
        self._script = script
        self._closed = False

    def __enter__(self) -> ScriptedGrader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """No more after this; safe to call twice."""
        self._closed = True

    def warm(self) -> None:
        """Nothing to start, unless it is closed.

        Raises:
            HostFault: If it is closed.
        """
        if self._closed:
            raise HostFault("The grader is closed.", "Make a new one.")

    def grade(self, gold: str, answer: str) -> Grade:
        """The outcome in the script."""
        if not answer.strip():
            return Grade("incorrect", "no_answer", 0.0)
        if gold == answer:
            return Grade("correct", "same_text", 0.0)
        match self._script.get((gold, answer)):
            case "correct":
                return Grade("correct", "equal", 0.0)
            case "incorrect":
                return Grade("incorrect", "different_value", 0.0)
            case "hangs":
                return Grade("unknown", "timeout", 0.0)
            case _:
                return Grade("unknown", "unreadable_answer", 0.0)
