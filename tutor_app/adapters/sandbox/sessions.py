"""Runs untrusted Python in warm, confined, killable processes: the program's side of the pipe.

What is promised is the operating system's work (:mod:`confine_linux`, :mod:`confine_macos`,
:mod:`confine_windows`) and is measured by each worker on itself before it sees any code; :func:`guarantees`
lists it. This side adds deadlines, Stop, bounds on what is received, and the rebuilding of a lost namespace.

It validates everything a worker sends: every frame is bounded and checked, text is stripped of control characters,
SVG is rebuilt from an allow-list, no file a worker wrote is ever opened. It never looks at the source to decide
whether code is safe.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Unpack

from tutor_app.adapters.sandbox.pool import Pool, PoolOptions
from tutor_app.adapters.sandbox.process import Limits, SandboxProcess
from tutor_app.adapters.sandbox.run import Run
from tutor_app.core.confinement import Guarantee
from tutor_app.core.errors import SandboxFault
from tutor_app.core.events import OutputDelta, RunEvent, RunFinished
from tutor_app.core.ports import Cancel, NeverCancelled
from tutor_app.core.trace_values import Record

__all__ = ["Limits", "Sandbox", "Session", "guarantees"]


class Sandbox:
    """A pool of warm, confined one-shot workers; a :class:`~tutor_app.core.ports.CodeExecutor`.

    Starts nothing until :meth:`warm` or :meth:`open`. A session takes a worker for itself; another warms up in
    the background; after some time without sessions everything is let go and started again when needed.

    Args:
        limits: Bounds on each solution.
        options: How many workers are kept, and how; see :class:`~tutor_app.adapters.sandbox.pool.PoolOptions`.
    """

    def __init__(self, limits: Limits | None = None, **options: Unpack[PoolOptions]) -> None:
        self.pool = Pool(limits, **options)

    @property
    def limits(self) -> Limits:
        """Bounds on each solution."""
        return self.pool.limits

    def warm(self) -> None:
        """Start getting workers ready; returns at once."""
        self.pool.warm()

    def open(self) -> Session:
        """A fresh session, as soon as a worker is ready (at once when one is warm).

        Raises:
            SandboxFault: If none can be started, or none that is confined as demanded.
        """
        return Session(self.pool, self.pool.take())

    def close(self) -> None:
        """End every process and remove every file; sessions still open are ended too."""
        self.pool.close()

    def guarantees(self) -> list[Guarantee]:
        """What holds on this computer, as measured by a worker on itself.

        Raises:
            SandboxFault: If no worker can be started.
        """
        worker = self.pool.take()
        try:
            return _guarantees(worker.hello, self.limits)
        finally:
            self.pool.release(worker)

    def idle_memory(self) -> int:
        """Bytes of memory of the idle processes, shared pages counted once; 0 if unknown or none runs."""
        return self.pool.idle_memory()


@dataclass(frozen=True, slots=True)
class _Ran:
    """A block of this solution that is part of its namespace."""

    code: str
    seconds: float


class Session:
    """One solution's namespace; a :class:`~tutor_app.core.ports.CodeSession`.

    Args:
        pool: Where workers come from.
        worker: Taken by this session.
    """

    def __init__(self, pool: Pool, worker: SandboxProcess) -> None:
        self._pool = pool
        self._worker: SandboxProcess | None = worker
        self._blocks: list[_Ran] = []
        self._number = 0
        self._closed = False

    @property
    def worker(self) -> SandboxProcess | None:
        """The process that holds the namespace; None while there is none."""
        return self._worker

    @property
    def confinement(self) -> dict[str, bool]:
        """What the worker found to hold when it tried forbidden things."""
        return dict(self._worker.hello["held"]) if self._worker else {}

    def run(
        self, code: str, *, cancel: Cancel | None = None, timeout: float | None = None, record: Record | None = None
    ) -> Iterator[RunEvent]:
        """Run a block; see the port."""
        cancel = cancel or NeverCancelled()
        if self._closed:
            raise SandboxFault("This solution's session has been closed.")
        limit = self._pool.limits.seconds if timeout is None else timeout
        note = self._restore(cancel)
        if note:
            yield OutputDelta(note, "stderr")
        self._number += 1
        worker = self._worker_or_fault()
        run = Run(worker, self._pool.limits, self._pool.exit_status, self._number, code, limit, cancel, record)
        try:
            for event in run.events():
                if isinstance(event, RunFinished):
                    event = replace(event, output=replace(event.output, stdout=note + event.output.stdout))
                yield event
        finally:
            if run.lost:
                self._drop_worker()
            elif run.ended in ("ok", "error"):
                self._blocks.append(_Ran(code, run.seconds))
        self._pool.replenish()

    def close(self) -> None:
        """Throw the session away."""
        if not self._closed:
            self._closed = True
            self._drop_worker()

    def _worker_or_fault(self) -> SandboxProcess:
        if self._worker is None:
            self._worker = self._pool.take()
        return self._worker

    def _drop_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            self._pool.release(worker)

    def _restore(self, cancel: Cancel) -> str:
        """Run the earlier blocks again in a new process if the last one is gone; returns what to tell, or ''."""
        if self._worker is not None and not self._worker.closed:
            return ""
        self._worker = None
        worker = self._worker_or_fault()
        budget = max(2.0, 3 * sum(b.seconds for b in self._blocks))
        end = time.monotonic() + budget
        for number, block in enumerate(self._blocks, 1):
            left = max(end - time.monotonic(), 0.01)
            run = Run(worker, self._pool.limits, self._pool.exit_status, number, block.code, left, cancel)
            for _ in run.events():
                pass
            if run.lost or run.ended not in ("ok", "error"):
                if run.lost:
                    self._drop_worker()
                self._blocks.clear()
                return "[The process was restarted; the names of earlier blocks could not be restored.]\n"
        return ""


def _guarantees(hello: dict[str, Any], limits: Limits) -> list[Guarantee]:
    held: dict[str, bool] = hello.get("held", {})
    spaces = tuple(hello.get("namespaces", ()))
    abi = hello.get("landlock", 0)
    by = [f"Landlock ABI {abi}"] if abi else []
    by += ["a file tree of its own"] if "mount" in spaces else []
    calls = "seccomp" if hello.get("seccomp") else "nothing"
    net = " and an empty network namespace" if "net" in spaces else ""
    exists = "a file tree of its own" if "mount" in spaces else "a supervisor of paths, unless raced"
    scratch = "a sized file system" if "mount" in spaces else "watching"

    def row(name: str, key: str, how: str) -> Guarantee:
        ok = held.get(key, False)
        return Guarantee(name, ok, how if ok else "not on this computer")

    return [
        row("reads only Python, its libraries and fonts", "files", " and ".join(by) or "nothing"),
        row("writes only its scratch folder", "writes", " and ".join(by) or "nothing"),
        row("cannot change files' metadata", "metadata", calls),
        row("cannot tell which files exist", "existence", exists),
        row("no network and no sockets", "network", calls + net),
        row("starts no other program", "processes", calls),
        row("signals no other process", "signals", calls),
        row("no memory outside its limit", "memory", f"{limits.memory >> 20} MiB of address space, {calls}"),
        Guarantee("bounded scratch folder", True, f"{limits.scratch >> 20} MiB, {scratch}"),
        Guarantee("bounded time and output", True, f"{limits.seconds:g} s and {limits.output >> 10} kB a block"),
        Guarantee("namespaces", bool(spaces), " ".join(spaces) or "not allowed here; not required", False),
    ]


def guarantees(limits: Limits | None = None) -> list[Guarantee]:
    """What this very computer guarantees, measured now; starts and ends a worker.

    Raises:
        SandboxFault: If code cannot be run here at all.
    """
    sandbox = Sandbox(limits)
    try:
        rows = sandbox.guarantees()
        sandbox.open().close()  # so that a spare is waiting, as between two solutions
        memory = sandbox.idle_memory() / 1e6
        return [*rows, Guarantee("idle memory of the pool", True, f"{memory:.0f} MB" if memory else "unknown", False)]
    finally:
        sandbox.close()
