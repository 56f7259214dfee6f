"""Whether two answers are equal: the face of the grading.

Most answers end here in some microseconds: the same text, the same number. What is left is read and compared by
exact arithmetic in this process, which is bounded in time and memory by its own limits. Only what that cannot decide
goes to the grading process (:mod:`tutor_app.adapters.grading.worker`), where SymPy works under a wall clock and a
memory limit and is killed when it exceeds them. Never evaluates an answer as code; never imports SymPy here.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tutor_app.adapters.grading.compare import Finding
from tutor_app.adapters.grading.judging import judge
from tutor_app.adapters.grading.paper import paper_same
from tutor_app.core.errors import HostFault

Verdict = Literal["correct", "incorrect", "unknown"]
Mode = Literal["strict", "paper"]

START_SECONDS: Final = 60.0
MAX_CHARACTERS: Final = 8_000
_NUMBER: Final = re.compile(r"\s*\$?\s*(-?)\s*\$?\s*(\d{1,3}(?:,\d{3})+|\d{1,1000})(\.0{1,20})?\s*\$?\s*")


@dataclass(frozen=True, slots=True)
class Grade:
    """A verdict.

    Attributes:
        verdict: ``unknown`` if the comparison ran out of time or memory, or one of the two cannot be read.
        reason: A short code, such as ``equal``, ``rounded``, ``unit_dropped``, ``different_value``, ``timeout``.
        seconds: Wall time.
    """

    verdict: Verdict
    reason: str
    seconds: float


class Grader:
    """Grades answers; safe to use from several threads. Close it, or use it in a ``with`` statement.

    Args:
        timeout: Wall seconds for one comparison in the grading process.
        accept_rounded: Whether the correct rounding of an exact gold answer to three or more digits is correct
            (reason ``rounded``). If not, it is incorrect, with the reason ``rounded``.
    """

    def __init__(self, *, timeout: float = 5.0, accept_rounded: bool = True) -> None:
        self._timeout = timeout
        self._accept_rounded = accept_rounded
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._closed = False

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the grading process; safe to call twice. A comparison under way becomes ``unknown``."""
        self._closed = True
        worker = self._worker
        if worker is not None:
            worker.kill()
        with self._lock:
            if self._worker is not None:
                self._worker.kill()
                self._worker = None

    @property
    def process_id(self) -> int | None:
        """The identifier of the grading process, or None while none runs."""
        worker = self._worker
        return None if worker is None or worker.exited() else worker.process_id

    def warm(self) -> None:
        """Start the grading process now rather than at the first hard comparison.

        Raises:
            HostFault: If it cannot be started.
        """
        with self._lock:
            self._running()

    def grade(self, gold: str, answer: str, *, mode: Mode = "strict") -> Grade:
        """Whether the answer is as good as the gold answer.

        Args:
            gold: The published answer, LaTeX or plain.
            answer: The solver's final answer, without the words around it.
            mode: ``paper`` grades as the published results were graded; see :mod:`tutor_app.adapters.grading.paper`.

        Raises:
            HostFault: If the grading process is needed and cannot be started.
        """
        began = time.perf_counter()
        found = self._find(gold, answer, mode)
        if found.reason == "rounded" and not self._accept_rounded and mode == "strict":
            found = Finding(False, "rounded")
        verdict: Verdict = {True: "correct", False: "incorrect", None: "unknown"}[found.same]  # type: ignore[assignment]
        return Grade(verdict, found.reason, time.perf_counter() - began)

    def _find(self, gold: str, answer: str, mode: Mode) -> Finding:
        if mode == "paper":
            found = paper_same(gold, answer, None)
            return found if found.same is not None else self._ask(gold, answer, paper=True)
        quick = _quick(gold, answer)
        if quick is not None:
            return quick
        found = judge(gold, answer, None)
        return self._ask(gold, answer, paper=False) if found.reason == "needs_algebra" else found

    def _ask(self, gold: str, answer: str, *, paper: bool) -> Finding:
        """The grading process's finding; it is killed, and its successor started, when its time is over."""
        with self._lock:
            worker = self._running()
            request = {"gold": gold, "answer": answer, "paper": paper, "seconds": self._timeout}
            asked = time.monotonic()
            reply = worker.ask(request, self._timeout + 0.5)
            if reply is None:
                # At the limit its own watchdog ends it, so that it ends even when this process is gone.
                died = time.monotonic() - asked < self._timeout
                worker.kill()
                self._worker = None
                if not self._closed:
                    self._worker = _Worker()
                return Finding(None, "worker_died" if died else "timeout")
            return Finding(reply["same"], str(reply["reason"]))

    def _running(self) -> _Worker:
        if self._closed:
            raise HostFault("The grader is closed.", "Make a new one.")
        if self._worker is None or self._worker.exited():
            if self._worker is not None:
                self._worker.kill()
            self._worker = _Worker()
        self._worker.wait_ready(START_SECONDS)
        return self._worker


def _quick(gold: str, answer: str) -> Finding | None:
    """What needs no reading: the same text, two whole numbers, no answer at all, too much of an answer."""
    if not answer.strip():
        return Finding(False, "no_answer")
    if gold.strip() == answer.strip():
        return Finding(True, "same_text")
    if max(len(gold), len(answer)) > MAX_CHARACTERS:
        return Finding(None if len(gold) > MAX_CHARACTERS else False, "too_long")
    a, b = _NUMBER.fullmatch(gold), _NUMBER.fullmatch(answer)
    if a and b:
        if _whole(a) == _whole(b):
            return Finding(True, "equal")
        return Finding(False, "different_value")
    return None


def _whole(m: re.Match[str]) -> int:
    return int(m[1] + m[2].replace(",", ""))


def worker_command() -> list[str]:
    """The command that starts the grading process; a frozen program is its own interpreter."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--grading-worker"]
    return [sys.executable, str(Path(__file__).with_name("worker.py"))]


class _Worker:
    """One grading process, and the thread that reads what it says."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        try:
            # Ctrl+C in a terminal is for the program, which then ends this process in good order.
            self._child = subprocess.Popen(
                worker_command(),
                stdin=pipe,
                stdout=pipe,
                stderr=subprocess.DEVNULL,
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as e:
            raise HostFault(
                f"The grading process could not be started: {e.strerror or e}.", "Close other programs and try again."
            ) from e
        self._said: queue.Queue[bytes | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="grading reader", daemon=True)
        self._reader.start()
        self._ready = False

    def _read(self) -> None:
        assert self._child.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in self._child.stdout:
                self._said.put(line)
        self._said.put(None)

    @property
    def process_id(self) -> int:
        """The identifier that the system gave it."""
        return self._child.pid

    def exited(self) -> bool:
        """Whether the process has ended."""
        return self._child.poll() is not None

    def wait_ready(self, timeout: float) -> None:
        """Wait until SymPy is loaded.

        Raises:
            HostFault: If that fails.
        """
        if self._ready:
            return
        if self._next(timeout) is None:
            self.kill()
            raise HostFault(
                "The grading process did not start.", "Close other programs, or reinstall if it happens again."
            )
        self._ready = True

    def ask(self, request: Mapping[str, object], timeout: float) -> dict[str, Any] | None:
        """The reply, or None if the process died or took too long; it is then of no more use."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(request).encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            return None
        return self._next(timeout)

    def kill(self) -> None:
        """End the process and its reader; safe to call twice."""
        self._child.kill()
        self._child.wait()
        self._reader.join()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _next(self, timeout: float) -> dict[str, Any] | None:
        try:
            line = self._said.get(timeout=timeout)
            return None if line is None else json.loads(line)
        except (queue.Empty, ValueError):
            return None
