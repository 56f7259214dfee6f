"""Stand-ins for what the core needs from the outside: real classes, without processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from tutor_app.core.errors import SandboxFault
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
            outcome = replace(outcome, status="stopped", error=CodeError("Stopped", "stopped by the reader"))
        yield RunFinished(outcome)

    def close(self) -> None:
        if not self._closed:
            self._executor.closed += 1
        self._closed = True
