"""Child processes that may die or hang: how they are started, spoken to, and ended without leaving anything behind.

:class:`Child` is any process that speaks :mod:`tutor_app.adapters.wire` on its standard streams, with several requests
under way at once (the model engine). :class:`AnswerProcess` is one that answers one request at a time and is killed and
replaced when its time is over (grading). Neither knows what the messages mean, nor words a failure for the user.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tutor_app.adapters.whole import script_fault
from tutor_app.adapters.wire import Message, read_message, write_message

START_SECONDS: Final = 60.0
DIED: Final = "died"
"""The ``op`` of the last message in every inbox, which :class:`Child` itself puts there."""
KEPT_LINES: Final = 60
"""Lines of a child's standard error that are remembered."""

_NO_PYTHON: Final = re.compile(r"(?:Syntax|Indentation|Tab)Error\b")
_FILE: Final = re.compile(r'File "([^"]+)", line \d+')
"""The place of an error in the report of an exception."""

Inbox = queue.Queue[Message]


class ProcessDied(Exception):
    """The process died of a request, or was closed while it was at work."""


class ProcessClosed(Exception):
    """It has been closed, and is started no more."""


def worker_command(switch: str, script: Path) -> list[str]:
    """The command that starts a worker.

    Args:
        switch: What a frozen program, which is its own interpreter, is called with to become the worker.
        script: The worker's file.

    Raises:
        OSError: If it is missing or cut off.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, switch]
    if fault := script_fault(script):
        raise OSError(errno.ENOEXEC, fault)
    # -P: the worker's own folder is not searched, or its neighbours would shadow packages of the same names.
    return [sys.executable, "-P", str(script)]


class Child:
    """A child process, threads that write its requests and read its answers, and an inbox for every request.

    Requests go through a thread of their own: a pipe to a child that hangs fills up, and whoever writes to it waits.

    Args:
        command: Starts it.
        name: Of its threads.
        environment: Variables besides those of this process, which win.

    Raises:
        OSError: If it cannot be started.

    Attributes:
        ended: Whether :meth:`end` has ended it.
        hung: Whether that was because it did not answer.
        heard: When it last said something, by the monotonic clock.
    """

    def __init__(self, command: Sequence[str], name: str, environment: Mapping[str, str] | None = None) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env={**(environment or {}), **os.environ, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            # A process group of its own: Ctrl+C in a terminal is for the program, which then ends this process in good
            # order. Not a session of its own: where the program dies, the system wakes and ends what is halted in a
            # group whose last link to its session is gone, and only there; a halted process cannot see its input end.
            process_group=0 if os.name == "posix" else None,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        # From the first on: what it says of itself may arrive before anybody listens.
        self._inboxes: dict[int, Inbox] = {0: queue.Queue()}
        self._guard = threading.Lock()
        self._dead = False
        self.ended = self.hung = False
        self.heard = time.monotonic()
        self._requests: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._errors = threading.Thread(target=self._read_errors, name=f"{name}-log", daemon=True)
        self._threads = (
            threading.Thread(target=self._read_answers, name=f"{name}-answers", daemon=True),
            threading.Thread(target=self._write_requests, name=f"{name}-requests", daemon=True),
            self._errors,
        )
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The identifier that the system gave it."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can still answer, as far as is known."""
        return not self._dead

    def open(self, request_id: int = 0) -> Inbox:
        """Where the messages with that ``id`` arrive; those without one go to 0. The last one is :data:`DIED`.

        Those to 0 are kept from its start on.
        """
        with self._guard:
            inbox = self._inboxes.get(request_id)
            if inbox is None:
                inbox = self._inboxes[request_id] = queue.Queue()
                if self._dead:
                    inbox.put({"op": DIED})
        return inbox

    def close(self, request_id: int) -> None:
        """Listen no more to messages with that ``id``."""
        with self._guard:
            self._inboxes.pop(request_id, None)

    def send(self, **message: Any) -> None:
        """Hand over a request; returns at once."""
        self._requests.put(message)

    def end(self, *, hung: bool = False) -> None:
        """Kill it and leave nothing of it behind; safe to call twice.

        Args:
            hung: Whether the reason is that it did not answer.
        """
        self._dead = self.ended = True
        self.hung = self.hung or hung
        self._process.kill()
        self._process.wait()
        self._requests.put(None)
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def wait(self) -> int:
        """Exit code; a child that is not gone yet is ended."""
        try:
            return self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def last_error_line(self) -> str:
        """The last line it wrote to standard error; if that is about a module that is no Python, with its file."""
        self._errors.join(timeout=1)
        lines = [line for line in self._lines if line]
        last = lines[-1] if lines else ""
        if not _NO_PYTHON.match(last):
            return last
        files = [found[1] for line in lines if (found := _FILE.match(line))]
        return f"{Path(files[-1]).name}: {last}" if files else last

    def _read_answers(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            try:
                message = read_message(stream)
            except (OSError, ValueError):
                message = None
            if message is None:
                break
            self.heard = time.monotonic()
            with self._guard:
                inbox = self._inboxes.get(message.get("id", 0))
            if inbox is not None:
                inbox.put(message)
        self._requests.put(None)
        with self._guard:
            self._dead = True
            for inbox in self._inboxes.values():
                inbox.put({"op": DIED})

    def _write_requests(self) -> None:
        stream = self._process.stdin
        assert stream is not None
        while (message := self._requests.get()) is not None:
            try:
                write_message(stream, message)
            except (OSError, ValueError):
                self._dead = True  # the thread that reads the answers tells the inboxes
                return

    def _read_errors(self) -> None:
        stream = self._process.stderr
        assert stream is not None
        for line in stream:
            self._lines.append(line.decode("utf-8", "replace").strip())


class AnswerProcess:
    """A child that answers one request at a time; killed and started anew when it takes too long or dies.

    Starts nothing until the first :meth:`ask`. Safe to use from several threads, which wait for each other. Its
    worker is :func:`tutor_app.adapters.wire.serve_requests`.

    Args:
        command: Gives the command that starts the worker.
        name: Of its threads.
    """

    def __init__(self, command: Callable[[], Sequence[str]], name: str) -> None:
        self._command, self._name = command, name
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._inbox: Inbox = queue.Queue()
        self._ready = False
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process id, or None while none runs."""
        child = self._child
        return child.pid if child is not None and child.alive else None

    def begin(self) -> None:
        """Start the process, if none runs, and do not wait until it is ready.

        Raises:
            OSError: If it cannot be started.
        """
        with self._lock:
            if not self._closed and (self._child is None or not self._child.alive):
                self._discard()
                self._start()

    def ask(self, request: Mapping[str, Any], seconds: float) -> Message:
        """The answer to a request.

        Args:
            request: What the worker is asked; it gets ``seconds`` besides.
            seconds: Wall time for the answer, not counting the start of the process.

        Raises:
            TimeoutError: If there was none in time; the process is then replaced.
            ProcessDied: If it died of the request and was replaced, or was closed meanwhile.
            OSError: If it cannot be started or does not become ready.
            ProcessClosed: If this has been closed.
        """
        with self._lock:
            child = self._running()
            asked = time.monotonic()
            child.send(**request, seconds=seconds)
            try:
                # At the limit its own watchdog ends it, so that it ends even when this process is gone.
                answer = self._inbox.get(timeout=seconds + 0.5)
            except queue.Empty:
                answer = {"op": DIED}
            if answer["op"] != DIED:
                return answer
            over = time.monotonic() - asked >= seconds
            self._discard()
            if not self._closed:
                with contextlib.suppress(OSError):
                    self._start()  # it loads while the caller goes on
            raise TimeoutError if over else ProcessDied

    def close(self) -> None:
        """End the process; safe to call twice. A request under way ends with :class:`ProcessDied`."""
        self._closed = True
        child = self._child
        if child is not None:
            child.end()  # whoever waits for an answer has the lock, and lets go of it now
        with self._lock:
            self._discard()

    def _running(self) -> Child:
        if self._closed:
            raise ProcessClosed
        child = self._child
        if child is None or not child.alive:
            self._discard()
            child = self._start()
        if not self._ready:
            try:
                self._ready = self._inbox.get(timeout=START_SECONDS)["op"] != DIED
            except queue.Empty:
                self._ready = False
            if not self._ready:
                reason = child.last_error_line() if not child.alive else ""
                self._discard()
                raise OSError(reason or "it did not become ready")
        return child

    def _start(self) -> Child:
        self._child = Child(self._command(), self._name)
        self._inbox, self._ready = self._child.open(), False
        return self._child

    def _discard(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None
