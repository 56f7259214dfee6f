"""A worker as seen from the program: how it is started, its pipes, its signals, its bounds.

It knows the protocol's framing but not what the messages mean, and trusts none of them.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tutor_app.adapters.wire import HEADER, pack

FRAME_LIMIT: Final = 8 << 20
MAX_PARTS: Final = 500_000
"""Commas and brackets in a frame: each may become an object, many times as large as what was sent."""
SEND_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one solution.

    Attributes:
        seconds: Wall time of a block.
        cpu_seconds: Processor time of a whole solution.
        memory: Bytes of address space.
        output: Characters printed by a block.
        scratch: Bytes of all files together.
        file: Bytes of one file.
        open_files: Descriptors.
        threads: Threads.
    """

    seconds: float = 10.0
    cpu_seconds: int = 300
    memory: int = 1 << 30
    output: int = 256 << 10
    scratch: int = 64 << 20
    file: int = 16 << 20
    open_files: int = 64
    threads: int = 64


@dataclass(slots=True)
class SandboxProcess:
    """A confined process and its pipes; ``pidfd`` is -1 where the system has none."""

    number: int
    commands: int
    events: int
    raw: int
    scratch: Path | None
    pid: int = 0
    pidfd: int = -1
    child: subprocess.Popen[bytes] | None = None
    status: int | None = None
    hello: dict[str, Any] = field(default_factory=dict)
    buffer: bytearray = field(default_factory=bytearray)
    killed: bool = False
    closed: bool = False
    reaped: bool = False

    def interrupt(self) -> None:
        """Ask the block to stop, as Ctrl+C does; without effect on Windows."""
        self._signal("SIGINT")

    def kill(self) -> None:
        """End the process at once."""
        self.killed = True
        if sys.platform == "win32" and self.child is not None:
            self.child.kill()
        self._signal("SIGKILL")

    def pause(self) -> None:
        """Let nothing of the process run until :meth:`resume`."""
        self._signal("SIGSTOP")

    def resume(self) -> None:
        """Let it run again."""
        self._signal("SIGCONT")

    def _signal(self, name: str) -> None:
        if sys.platform == "win32" or self.reaped:
            return
        number = signal.Signals[name]
        with suppress(ProcessLookupError):
            if self.pidfd >= 0:
                signal.pidfd_send_signal(self.pidfd, number)
            elif self.child is not None:
                self.child.send_signal(number)
            elif self.pid:
                os.kill(self.pid, number)

    def send(self, message: dict[str, Any]) -> None:
        """Write one command.

        Raises:
            TimeoutError: If the worker does not take it.
            OSError: If the worker is gone.
        """
        view = memoryview(pack(message))
        end = time.monotonic() + SEND_SECONDS
        while view:
            try:
                view = view[os.write(self.commands, view) :]
            except BlockingIOError:
                poll = select.poll()
                poll.register(self.commands, select.POLLOUT)
                if not poll.poll(max(end - time.monotonic(), 0) * 1000):
                    raise TimeoutError("the worker does not listen") from None

    def frames(self) -> Iterator[dict[str, Any]]:
        """The whole frames received so far.

        Raises:
            ValueError: If what came is no frame; the worker cannot be talked to any more.
        """
        while len(self.buffer) >= HEADER.size:
            (size,) = HEADER.unpack_from(self.buffer)
            if size > FRAME_LIMIT:
                raise ValueError("frame too large")
            if len(self.buffer) < HEADER.size + size:
                return
            data = bytes(self.buffer[HEADER.size : HEADER.size + size])
            if size > MAX_PARTS and sum(map(data.count, (b",", b"[", b"{"))) > MAX_PARTS:
                raise ValueError("frame of too many parts")
            del self.buffer[: HEADER.size + size]
            message = json.loads(data)
            if not isinstance(message, dict):
                raise ValueError("frame is no object")
            yield message

    def close(self) -> None:
        """Kill the process and let go of the pipes."""
        if self.closed:
            return
        self.closed = True
        self.kill()
        if self.child is not None:
            self.child.wait()
            self.status = self.child.returncode
        self.reaped = True  # from here on its descriptors' and its own number may come to mean something else
        for fd in (self.commands, self.events, self.raw, self.pidfd):
            if fd >= 0:
                os.close(fd)


def worker_command() -> tuple[str, ...]:
    """How to start the worker; a frozen application is its own interpreter and has a switch for it."""
    if getattr(sys, "frozen", False):
        return (sys.executable, "--sandbox-worker")
    # On Windows the interpreter of a virtual environment starts another, which the worker's job would not allow.
    python = getattr(sys, "_base_executable", sys.executable) if sys.platform == "win32" else sys.executable
    # The environment is scrubbed, so -E would add nothing; it would only ignore the fixed hash seed below.
    return (python, "-s", "-P", "-B", str(Path(__file__).with_name("worker.py")))


def worker_environment(base: Path) -> dict[str, str]:
    """The whole environment of a worker: nothing of the program's own is in it."""
    env = {
        "PATH": "",
        "HOME": str(base),
        "MPLCONFIGDIR": str(base),
        "MPLBACKEND": "Agg",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",  # the order of sets, and so some of SymPy's output, is the same each time
        "PYTHONUTF8": "1",
        "MALLOC_ARENA_MAX": "1",  # each further arena takes 128 MiB of address space, for one thread
    }
    for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM", "NUMEXPR", "BLIS"):
        env[f"{library}_NUM_THREADS"] = "1"  # each thread would cost address space, and gain nothing here
    if sys.platform == "win32":
        env["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")
    return env


def library_path() -> list[str]:
    """Folders of the libraries, should the worker's own path not have them."""
    found = []
    for name in ("sympy", "numpy", "mpmath", "matplotlib"):
        spec = find_spec(name)
        if spec is not None and spec.origin:
            found.append(str(Path(spec.origin).parent.parent))
    return sorted(set(found))


def open_pipes() -> tuple[tuple[int, int, int], list[int]]:
    """Pipes for commands, events and raw output: our three ends, and the three of the worker."""
    ours: list[int] = []
    theirs: list[int] = []
    try:
        for reads in (False, True, True):
            read, write = os.pipe()
            ours.append(read if reads else write)
            theirs.append(write if reads else read)
            if sys.platform != "win32":
                os.set_blocking(ours[-1], False)
    except OSError:
        close_all((*ours, *theirs))
        raise
    return (ours[0], ours[1], ours[2]), theirs


def close_all(fds: Iterable[int]) -> None:
    """Close each descriptor."""
    for fd in fds:
        os.close(fd)


def readable(fds: Iterable[int], seconds: float) -> set[int]:
    """Which pipes have something to read or are at their end; waits up to ``seconds`` for the first."""
    if sys.platform == "win32":
        from tutor_app.adapters.sandbox.confine_windows import peek

        end = time.monotonic() + seconds
        while True:
            found = {fd for fd in fds if peek(fd)}
            if found or time.monotonic() >= end:
                return found
            time.sleep(0.001)  # anonymous pipes cannot be waited for
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return {fd for fd, _ in poll.poll(seconds * 1000)}


def read_some(fd: int) -> bytes | None:
    """Bytes that are there; None if there are none yet; empty at the end."""
    try:
        return os.read(fd, 1 << 18)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def start(command: Iterable[str], config: dict[str, Any], base: Path, fds: Iterable[int]) -> subprocess.Popen[bytes]:
    """Start a worker or a template with a scrubbed environment and no descriptors but ``fds``.

    Raises:
        OSError: If the system cannot.
    """
    if sys.platform == "win32":
        from tutor_app.adapters.sandbox.confine_windows import start_in_job

        return start_in_job(command, config, base, fds, worker_environment(base))
    return subprocess.Popen(
        [*command, json.dumps(config)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=worker_environment(base),
        cwd=base,
        pass_fds=tuple(fds),
        start_new_session=True,
    )
