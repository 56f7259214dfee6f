"""The one file with threads: runs work outside the GUI thread and brings its results back by queued signals.

Three lanes, each a thread that ends with :meth:`Bridge.close`: the running solution, the typesetter, and one for
each other job. Events of a solution arrive in batches, about thirty a second however fast they come, with adjacent
deltas joined. Every method here belongs to the GUI thread and says so when called from another; what runs in a
worker may call only :meth:`Bridge.post`.
"""

from __future__ import annotations

import gc
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeVar

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QThread, QTimer, Signal

from tutor_app.core.events import CodeDelta, OutputDelta, Reading, SolveEvent, TextDelta, ThoughtDelta
from tutor_app.core.ports import Cancel

log = logging.getLogger(__name__)
T = TypeVar("T")

FRAME_MS: Final = 33
"""Shortest time between two batches."""


_COLLECT_MS: Final = 300
_holders = 0
"""How many bridges have taken the garbage collector into the GUI thread."""


class WrongThreadError(RuntimeError):
    """A method of the GUI thread was called from another one: a mistake in this program."""


class Job:
    """Work that was handed over.

    Attributes:
        cancel: Raised by :meth:`stop`; the work itself decides when to look.
    """

    def __init__(self) -> None:
        self.cancel = threading.Event()
        self.done = False

    def stop(self) -> None:
        """Ask the work to end; its callbacks are not called any more unless it ends by itself first."""
        self.cancel.set()


class Bridge(QObject):
    """Runs work in threads and delivers what comes of it in the GUI thread.

    Signals:
        batch: The next events of the running solution, a list.
        ended: The solution is over: the exception that ended it, or None.
    """

    batch = Signal(list)
    ended = Signal(object)
    _inbox = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._inbox.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._solution: _Solution | None = None
        self._jobs: set[threading.Thread] = set()
        self._live: set[Job] = set()
        self._lane: _Lane | None = None
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._drain)
        self._since = QElapsedTimer()
        self._collector = QTimer(self)
        self._collector.setInterval(_COLLECT_MS)
        self._collector.timeout.connect(self._collect)

    # -- the running solution -----------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a solution is running."""
        return self._solution is not None

    def solve(self, make: Callable[[Cancel], Iterator[SolveEvent]]) -> None:
        """Run ``make`` and iterate over what it returns, in a worker; at most one at a time."""
        self._check()
        if self._solution is not None:
            raise RuntimeError("a solution is already running")
        self._hold_collector()
        self._solution = _Solution(make, self)
        self._solution.thread.start()

    def stop(self) -> None:
        """Ask the running solution to end; its last events still arrive."""
        self._check()
        if self._solution is not None:
            self._solution.cancel.set()

    def _wake(self) -> None:
        if not self._since.isValid() or self._since.elapsed() >= FRAME_MS:
            self._drain()
        elif not self._timer.isActive():
            self._timer.start(max(1, FRAME_MS - int(self._since.elapsed())))

    def _drain(self) -> None:
        solution = self._solution
        if solution is None:
            return
        self._since.start()
        events, over = solution.take()
        if events:
            self.batch.emit(join(events))
        if over:
            self._solution = None
            solution.thread.join()
            self.ended.emit(solution.error)

    # -- other work ---------------------------------------------------------------------------------------------

    def run_in_background(
        self,
        fn: Callable[[], T],
        on_done: Callable[[T], None],
        on_error: Callable[[Exception], object] | None = None,
        *,
        job: Job | None = None,
    ) -> Job:
        """Run ``fn`` in a thread of its own; exactly one of the callbacks follows, in the GUI thread.

        Neither follows after :meth:`Job.stop` or :meth:`close`. Without ``on_error`` an exception is logged.
        """
        self._check()
        self._hold_collector()
        job = job or Job()
        self._live.add(job)

        def work() -> None:
            try:
                result = fn()
            except Exception as e:  # noqa: BLE001  (a thread's last line: everything goes to the GUI thread)
                self.post(lambda e=e: self._finish(job, thread, lambda: self._failed(e, on_error)))  # type: ignore[misc]
            else:
                self.post(lambda: self._finish(job, thread, lambda: on_done(result)))

        thread = threading.Thread(target=work, name="tutor-job", daemon=True)
        self._jobs.add(thread)
        thread.start()
        return job

    def queue_typesetting(self, fn: Callable[[], T], on_done: Callable[[T], None]) -> None:
        """Run ``fn`` in the typesetter's lane, one after another; it must not raise."""
        self._check()
        if self._closed:
            return
        if self._lane is None:
            # Typesetting is pure Python: with the default 5 ms the GUI thread would wait that long for the
            # interpreter at every turn of its loop.
            sys.setswitchinterval(0.001)
            self._hold_collector()
            self._lane = _Lane()
        self._lane.put(lambda: self._answer(fn, on_done))

    def _answer(self, fn: Callable[[], T], on_done: Callable[[T], None]) -> None:
        result = fn()
        self.post(lambda: on_done(result))

    def _failed(self, error: Exception, on_error: Callable[[Exception], object] | None) -> None:
        if on_error is not None:
            on_error(error)
        else:
            log.error("background work failed", exc_info=error)

    def _finish(self, job: Job, thread: threading.Thread, callback: Callable[[], None]) -> None:
        self._jobs.discard(thread)
        self._live.discard(job)
        job.done = True
        thread.join()
        if not job.cancel.is_set():
            callback()

    # -- between the threads ------------------------------------------------------------------------------------

    def post(self, fn: Callable[[], object]) -> None:
        """Call ``fn`` in the GUI thread soon; may be called from any thread."""
        try:
            self._inbox.emit(fn)
        except RuntimeError:  # the window is gone, and with it everybody who wanted to know
            log.debug("a result came after the window was closed")

    def _deliver(self, fn: Callable[[], object]) -> None:
        if not self._closed:
            fn()

    def close(self, timeout: float = 5.0) -> bool:
        """Stop everything and wait for it, ``timeout`` seconds in all; returns whether all threads ended in time."""
        self._check()
        self._closed = True
        self._timer.stop()
        threads = set(self._jobs)
        if self._solution is not None:
            self._solution.cancel.set()
            threads.add(self._solution.thread)
        for job in self._live:
            job.stop()
        if self._lane is not None:
            self._lane.stop()
            threads.add(self._lane.thread)
        deadline = time.monotonic() + timeout
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._solution = None
        self._release_collector()
        return not any(t.is_alive() for t in threads)

    # -- garbage ------------------------------------------------------------------------------------------------

    def _hold_collector(self) -> None:
        """Collect cyclic garbage in the GUI thread only, from now until :meth:`close`.

        Left to itself, Python collects in whichever thread allocates, and widgets in dead cycles would be destroyed
        in a worker, which Qt answers with a crash.
        """
        global _holders
        if not self._collector.isActive() and not self._closed:
            _holders += 1
            gc.disable()
            self._collector.start()

    def _release_collector(self) -> None:
        global _holders
        if self._collector.isActive():
            self._collector.stop()
            _holders -= 1
            if not _holders:
                gc.enable()

    def _collect(self) -> None:
        young, _, old = gc.get_count()
        if young > gc.get_threshold()[0]:
            # The oldest generation takes longest: not while something is to be drawn.
            gc.collect(2 if old > 10 and not self.busy else 1)

    def _check(self) -> None:
        if QThread.currentThread() is not self.thread():
            raise WrongThreadError("the bridge belongs to the GUI thread; a worker may only call post()")


class _Solution:
    """The worker of one solution and what it has produced so far."""

    def __init__(self, make: Callable[[Cancel], Iterator[SolveEvent]], bridge: Bridge) -> None:
        self.cancel = threading.Event()
        self.error: Exception | None = None
        self.thread = threading.Thread(target=self._run, name="tutor-solve", daemon=True)
        self._make = make
        self._bridge = bridge
        self._lock = threading.Lock()
        self._events: list[SolveEvent] = []
        self._over = False
        self._wake_posted = False

    def take(self) -> tuple[list[SolveEvent], bool]:
        """What has come since the last call, and whether that was all."""
        with self._lock:
            events, self._events = self._events, []
            self._wake_posted = False
            return events, self._over

    def _run(self) -> None:
        try:
            for event in self._make(self.cancel):
                self._put(event)
        except Exception as e:  # noqa: BLE001  (shown to the user by the window)
            self.error = e
        with self._lock:
            self._over = True
        self._bridge.post(self._bridge._wake)

    def _put(self, event: SolveEvent) -> None:
        with self._lock:
            self._events.append(event)
            is_due = not self._wake_posted
            self._wake_posted = True
        if is_due:
            self._bridge.post(self._bridge._wake)


class _Lane:
    """One thread that does what is queued, in order."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, name="tutor-typeset", daemon=True)
        self.thread.start()

    def put(self, fn: Callable[[], None]) -> None:
        self._queue.put(fn)

    def stop(self) -> None:
        self._stopped.set()
        self._queue.put(None)

    def _run(self) -> None:
        while (fn := self._queue.get()) is not None and not self._stopped.is_set():
            fn()


def join(events: list[SolveEvent]) -> list[SolveEvent]:
    """The same events with adjacent deltas of a kind joined and outdated progress dropped."""
    out: list[SolveEvent] = []
    pieces: list[str] = []

    def flush() -> None:
        if pieces:
            last: Any = out[-1]
            text = "".join(pieces)
            out[-1] = replace(last, text=text)
            pieces.clear()

    for event in events:
        last = out[-1] if out else None
        if isinstance(event, TextDelta | ThoughtDelta | CodeDelta | OutputDelta):
            same = type(last) is type(event) and getattr(last, "stream", "") == getattr(event, "stream", "")
            if not (same and pieces) or (isinstance(event, OutputDelta) and event.back):
                flush()
                out.append(event)
            pieces.append(event.text)
            continue
        flush()
        if isinstance(event, Reading) and isinstance(last, Reading):
            out[-1] = event
        else:
            out.append(event)
    flush()
    return out
