"""Keeps confined workers warm: starts them, hands each to one user, ends them, and lets all go when idle.

On Linux a template process forks them (:mod:`tutor_app.adapters.sandbox.worker`); elsewhere each is started alone.
It knows nothing of blocks of code.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypedDict, Unpack

from tutor_app.adapters.sandbox.process import (
    Limits,
    SandboxProcess,
    close_all,
    library_path,
    open_pipes,
    readable,
    start,
    worker_command,
)
from tutor_app.adapters.whole import script_fault
from tutor_app.core.errors import SandboxFault
from tutor_app.resources import reinstall
from tutor_app.text.clean import visible

START_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.2
"""How long after a block the next worker is made: until then the solution may well run another."""
_NEVER: Final = float("inf")
FULL: Final = frozenset({"files", "writes", "metadata", "network", "processes", "signals", "memory"})
"""What the worker's own attempts must have shown before the confinement counts as complete."""


class PoolOptions(TypedDict, total=False):
    """How a pool works; each may be left out.

    Attributes:
        spares: Workers kept ready, by default 1.
        require_full: Refuse to run code where a guarantee is missing; by default the strongest mode there is is used.
        namespaces: Whether to use namespaces where they are allowed, as by default.
        fork: Whether workers are forked from a template; by default where the system is fit for it.
        idle_seconds: When to let go of idle workers, by default after ten minutes.
        command: How to start a worker; by default with this interpreter.
    """

    spares: int
    require_full: bool
    namespaces: bool
    fork: bool
    idle_seconds: float
    command: Sequence[str]


@dataclass(frozen=True, slots=True)
class PoolState:
    """What a pool holds at a moment, for measurements and tests.

    Attributes:
        folder: The working folder of its processes, None where none runs.
        template_pid: Process that workers are forked from; 0 where none runs.
        workers: Workers that live, those in use included.
        spares: Workers that wait for a user.
        keeper: The thread that makes spares and lets go; None when there is nothing to keep.
        closed: Whether the pool has been closed.
    """

    folder: Path | None
    template_pid: int
    workers: tuple[SandboxProcess, ...]
    spares: tuple[SandboxProcess, ...]
    keeper: threading.Thread | None
    closed: bool


class Pool:
    """Warm workers, one use each. Starts nothing until :meth:`warm` or :meth:`take`. Safe to use from several threads.

    Making spares and ending idle processes is done by a background thread, which ends when no process is left.

    Args:
        limits: Bounds on each solution.
        options: See :class:`PoolOptions`.
    """

    def __init__(self, limits: Limits | None = None, **options: Unpack[PoolOptions]) -> None:
        self.limits = limits or Limits()
        self._spares_wanted = options.get("spares", 1)
        self._require_full = options.get("require_full", False)
        self._namespaces = options.get("namespaces", True)
        self._fork = options.get("fork", sys.platform == "linux")
        self._idle_seconds = options.get("idle_seconds", 600.0)
        self._command = tuple(options.get("command") or worker_command())
        self._lock = threading.Condition(threading.RLock())
        self._keeper: threading.Thread | None = None
        self._top_up_at = self._end_all_at = _NEVER
        self._template: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._base: Path | None = None
        self._workers: dict[int, SandboxProcess] = {}
        self._spares: list[SandboxProcess] = []
        self._in_use = 0
        self._number = 0
        self._closed = False

    def warm(self) -> None:
        """Start getting workers ready; returns at once."""
        with self._lock:
            self._plan(top_up_in=0)

    def take(self) -> SandboxProcess:
        """A worker that is ready, for the caller alone.

        Raises:
            SandboxFault: If none can be started, or none that is confined as demanded.
        """
        with self._lock:
            self._in_use += 1  # an idle pool would let go of the worker that is awaited
        try:
            worker = self._ready_worker()
            self._require_confinement(worker)
        except BaseException:
            with self._lock:
                self._in_use -= 1
                self._plan()
            raise
        return worker

    def _ready_worker(self) -> SandboxProcess:
        """A worker that has said that it is ready; the lock is free while it is awaited."""
        failures = 0
        while True:
            with self._lock:
                self._plan()
                self._drain_control()
                worker = self._spares.pop(0) if self._spares else self._spawn()
            try:
                self._await_ready(worker)
                return worker
            except SandboxFault:
                status = self.exit_status(worker)
                with self._lock:
                    self._discard(worker)
                failures += 1
                if failures == 3:
                    raise
                if failures == 2:
                    # What ends by itself twice may meet a namespace that this system half allows. Being killed
                    # tells of scarce memory, which must not make the confinement weaker.
                    with self._lock:
                        if status not in (None, -9):
                            self._namespaces = False
                        self._end_all()

    def _require_confinement(self, worker: SandboxProcess) -> None:
        """Refuse a worker that is confined less than demanded.

        Raises:
            SandboxFault: If it is.
        """
        missing = FULL - {k for k, v in worker.hello["held"].items() if v}
        if self._require_full and missing:
            with self._lock:
                self._discard(worker)
            raise SandboxFault(
                f"Code is not run: this computer cannot confine it fully (missing: {', '.join(sorted(missing))}).",
                "Allow the strongest available mode in Settings to run it nevertheless.",
            )

    def release(self, worker: SandboxProcess) -> None:
        """End a worker that was taken."""
        with self._lock:
            self._discard(worker)
            self._in_use -= 1
            self._plan(top_up_in=0)

    def replenish(self) -> None:
        """Get the next worker ready soon, now that the running one is not in a hurry."""
        with self._lock:
            if len(self._spares) < self._spares_wanted:
                self._plan(top_up_in=PAUSE_SECONDS)

    def close(self) -> None:
        """End every process and remove every file; workers still in use are ended too."""
        with self._lock:
            self._closed = True
            self._end_all()
            keeper = self._keeper
            self._lock.notify_all()
        if keeper is not None:
            keeper.join()
        atexit.unregister(self.close)

    def state(self) -> PoolState:
        """What the pool holds now."""
        with self._lock:
            template_pid = self._template.pid if self._template is not None else 0
            workers, spares = tuple(self._workers.values()), tuple(self._spares)
            return PoolState(self._base, template_pid, workers, spares, self._keeper, self._closed)

    def idle_memory(self) -> int:
        """Bytes of memory of the idle processes, shared pages counted once; 0 if unknown or none runs."""
        with self._lock:
            pids = [w.pid for w in self._spares]
            if self._template is not None:
                pids.append(self._template.pid)
        total = 0
        for pid in pids:
            with suppress(OSError, ValueError, IndexError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(text.split("\nPss:")[1].split()[0]) * 1024
        return total

    def _top_up(self) -> None:
        self._drain_control()
        while len(self._spares) < self._spares_wanted:
            self._spares.append(self._spawn())

    def _discard(self, worker: SandboxProcess) -> None:
        self._workers.pop(worker.number, None)
        worker.close()
        if worker.child is not None and worker.scratch is not None:
            shutil.rmtree(worker.scratch, ignore_errors=True)

    def _spawn(self) -> SandboxProcess:
        if self._closed:
            raise SandboxFault("The sandbox has been closed.")
        try:
            self._drain_control()
            return self._spawn_forked() if self._fork else self._spawn_alone()
        except OSError as e:
            raise SandboxFault(
                f"The process that runs code could not be started ({e.strerror or e}).",
                "Close other programs or free disk space, then try again.",
            ) from e

    def _config(self) -> dict[str, Any]:
        limits = self.limits
        return {
            "library_path": library_path(),
            "output_limit": limits.output,
            "policy": {
                "memory": limits.memory,
                "cpu": limits.cpu_seconds,
                "scratch_bytes": limits.scratch,
                "file_bytes": limits.file,
                "open_files": limits.open_files,
                "threads": limits.threads,
                "namespaces": self._namespaces,
            },
        }

    def _folder(self) -> Path:
        if self._base is None:
            # Generators that are collected while the interpreter ends must not start anything again.
            atexit.register(self.close)
            self._base = Path(tempfile.mkdtemp(prefix="tutor-sandbox-"))
        return self._base

    def _start_template(self) -> socket.socket:
        base = self._folder()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            config = self._config() | {"control": theirs.fileno(), "base": str(base)}
            try:
                self._template = start(self._command, config, base, (theirs.fileno(),))
            except OSError:
                ours.close()
                raise
        ours.settimeout(START_SECONDS)
        self._control = ours
        return ours

    def _pipes(self) -> tuple[SandboxProcess, list[int]]:
        """A worker-to-be with our ends, and the ends for the process."""
        (commands, events, raw), theirs = open_pipes()
        self._number += 1
        return SandboxProcess(self._number, commands, events, raw, scratch=None), theirs

    def _spawn_forked(self) -> SandboxProcess:
        control = self._control or self._start_template()
        worker, theirs = self._pipes()
        self._workers[worker.number] = worker
        worker.scratch = self._folder() / f"scratch{worker.number}"
        try:
            socket.send_fds(control, [json.dumps({"spawn": worker.number}).encode()], theirs)
        except OSError:
            self._workers.pop(worker.number)
            worker.close()
            self._end_all()
            raise
        finally:
            close_all(theirs)
        return worker

    def _spawn_alone(self) -> SandboxProcess:
        base = self._folder()
        worker, theirs = self._pipes()
        worker.scratch, root = base / f"scratch{worker.number}", base / f"root{worker.number}"
        worker.scratch.mkdir(mode=0o700)
        root.mkdir(mode=0o700, exist_ok=True)
        config = self._config() | dict(zip(("commands", "events", "raw"), theirs, strict=True))
        config["policy"] |= {"scratch": str(worker.scratch), "root": str(root)}
        try:
            worker.child = start(self._command, config, base, theirs)
        except OSError:
            worker.close()
            raise
        finally:
            close_all(theirs)
        worker.pid = worker.child.pid
        self._workers[worker.number] = worker
        return worker

    def _await_ready(self, worker: SandboxProcess) -> None:
        """Wait for the first frame of a worker.

        Raises:
            SandboxFault: If it died or did not come.
        """
        if worker.hello:
            return
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if worker.events not in readable((worker.events,), 0.2):
                with self._lock:
                    self._drain_control()
                continue
            data = os.read(worker.events, 1 << 16)
            if not data:
                break
            worker.buffer += data
            for message in worker.frames():
                worker.hello = message
                with self._lock:
                    self._drain_control(worker)
                return
        printed = b""
        with suppress(OSError):
            printed = os.read(worker.raw, 2000)
        script = Path(self._command[-1])
        if script.suffix == ".py" and (fault := script_fault(script)):
            raise SandboxFault(f"The process that runs code could not be started: {fault}.", reinstall())
        reason = printed.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it ended at once"]
        raise SandboxFault(
            f"The process that runs code could not be started ({visible(reason[0])}).",
            "`tutor doctor` says what this computer can do.",
        )

    def _drain_control(self, until: SandboxProcess | None = None) -> None:
        """Take in what the template says; with ``until``, wait for the process number of that worker."""
        control = self._control
        if control is None or (until is not None and until.child is not None):
            return
        while True:
            wait = until is not None and not until.pid
            try:
                control.settimeout(START_SECONDS if wait else 0.0)
                data, fds, _, _ = socket.recv_fds(control, 1 << 16, 1)
            except BlockingIOError:
                return
            except OSError:
                data, fds = b"", []
            if not data:
                self._end_all()
                return
            message = json.loads(data)
            worker = self._workers.get(message.get("spawned", message.get("exit")))
            if worker is None or worker.closed:
                close_all(fds)
            elif "spawned" in message:
                worker.pid = message["pid"]
                worker.pidfd = fds[0] if fds else -1
            else:
                worker.status = message["status"]

    def exit_status(self, worker: SandboxProcess) -> int | None:
        """How a dead worker ended: an exit code, or minus a signal's number; None if that is not known."""
        if worker.child is not None:
            with suppress(subprocess.TimeoutExpired):
                return worker.child.wait(1.0)
            return None
        end = time.monotonic() + 1.0
        while worker.status is None and time.monotonic() < end:
            with self._lock:
                if self._control is None:
                    break
                self._drain_control()
            if worker.status is None:
                time.sleep(0.001)
        return worker.status

    def _end_all(self) -> None:
        """End all processes and remove the working folder."""
        for worker in self._spares:
            worker.close()
        for worker in self._workers.values():
            worker.kill()  # who took it may be reading its pipes, so closing them is left to them
        self._workers.clear()
        self._spares.clear()
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._template is not None:
            try:
                self._template.wait(5.0)
            except subprocess.TimeoutExpired:
                self._template.kill()
                self._template.wait()
            self._template = None
        if self._base is not None:
            shutil.rmtree(self._base, ignore_errors=True)
            self._base = None

    def _plan(self, top_up_in: float = _NEVER) -> None:
        """Have the keeper top up then, and let go when the pool has been idle from now on."""
        if self._closed:
            return
        now = time.monotonic()
        self._top_up_at = min(self._top_up_at, now + top_up_in)
        self._end_all_at = now + self._idle_seconds
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, name="sandbox-pool", daemon=True)
            self._keeper.start()
        elif top_up_in < _NEVER:
            self._lock.notify_all()

    def _keep(self) -> None:
        with self._lock:
            while not self._closed:
                now = time.monotonic()
                if now >= self._top_up_at:
                    self._top_up_at = _NEVER
                    with suppress(SandboxFault):
                        self._top_up()
                elif self._in_use:
                    self._lock.wait(None if self._top_up_at == _NEVER else self._top_up_at - now)
                elif now >= self._end_all_at:
                    self._end_all()
                    break
                else:
                    self._lock.wait(min(self._top_up_at, self._end_all_at) - now)
            self._keeper = None
