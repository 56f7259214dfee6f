"""Shared parts of every way to fetch a file: the growing file, the lock, progress, checksum, and words for failures.

The file grows as ``NAME.part`` beside its place, with a small note (``NAME.part.json``) that says what it is a part
of. It knows nothing of where bytes come from, and it never trusts the note about what is on the disk: bytes that an
earlier run left are hashed again.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tutor_app.adapters.files import write_file
from tutor_app.core.errors import ModelFileFault, ModelStoreFault, UserFault
from tutor_app.core.ports import Cancel
from tutor_app.core.values import Progress, Stage
from tutor_app.text.amounts import size_text, time_left

BLOCK: Final = 2**18
"""Bytes handled at once."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient to be, in seconds.

    Attributes:
        connect: For looking up the name, connecting, and the first bytes.
        stall: Without a single byte, until a transfer counts as stalled.
        pause: Before a source is asked again.
        retries: Times a source is asked again without having gained a byte.
    """

    connect: float = 10.0
    stall: float = 30.0
    pause: float = 1.0
    retries: int = 2


DEFAULT_TIMING: Final = Timing()


def free_space(folder: Path) -> int:
    """Free bytes of the disk that holds ``folder``."""
    return shutil.disk_usage(folder).free


class TransferStopped(UserFault):
    """The user stopped it; what is there is kept."""


def sha256_of(path: Path, name: str, total: int, progress: Callable[[Progress], None], cancel: Cancel) -> str:
    """The SHA-256 of a file.

    Raises:
        TransferStopped: If ``cancel`` is raised.
        ModelFileFault: If the file cannot be read.
    """
    import hashlib  # and with it OpenSSL, 4 MB

    digest, done = hashlib.sha256(), 0
    try:
        with path.open("rb", buffering=0) as stream:
            while block := stream.read(4 * BLOCK):
                if cancel.is_set():
                    raise TransferStopped("The check was stopped.")
                digest.update(block)
                done += len(block)
                if done % (64 * BLOCK) == 0:
                    progress(Progress("check", name, done=done, total=total))
    except OSError as e:
        raise ModelFileFault(f'"{path}" cannot be read: {e.strerror or e}.', "Check the disk.") from None
    return digest.hexdigest()


class PermanentError(Exception):
    """A source cannot deliver; the text says why, in words that can follow its name and a colon."""


class TransientError(Exception):
    """A failure that may pass: worth asking again."""


class Meter:
    """Turns byte counts into :class:`Progress`, about ten times a second."""

    def __init__(
        self, name: str, total: int, report: Callable[[Progress], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._name = name
        self._total = total
        self._report = report
        self._seen: deque[tuple[float, int]] = deque()
        self._last_report: tuple[float, tuple[Stage, str] | None] = (0.0, None)
        self.source = ""
        self.note = ""

    def report(self, stage: Stage, done: int) -> None:
        """Report; repeated reports of a stage are thinned out, a new stage or source is always reported."""
        now = self._clock()
        reported_at, last = self._last_report
        if (stage, self.source) != last:
            self._seen.clear()
        elif now - reported_at < 0.1:
            return
        self._last_report = (now, (stage, self.source))
        self._seen.append((now, done))
        while now - self._seen[0][0] > 10 and len(self._seen) > 2:
            self._seen.popleft()
        then, before = self._seen[0]
        speed = (done - before) / (now - then) if now - then > 0.5 and done > before else 0.0
        left = (self._total - done) / speed if speed else None
        self._report(Progress(stage, self._name, self.source, done, self._total, speed, left, self.note))


def write_json(path: Path, value: object) -> None:
    """Replace ``path`` in one step."""
    # A path that is no UTF-8 has lone surrogates; they become their JSON escapes and are read as they were.
    text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    write_file(path, text.encode("utf-8", "backslashreplace"))


@contextmanager
def locked(path: Path, busy: str, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock file ``path``; the operating system frees it when this process dies.

    Args:
        path: Of the lock file, in a folder that exists.
        busy: The sentence if another process (or thread) holds it.
        wait: Seconds to wait for it.

    Raises:
        UserFault: ``busy``.
        ModelStoreFault: If the lock file cannot be written.
    """
    deadline = time.monotonic() + wait
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        except OSError as e:
            raise disk_fault(e, path) from None
        if _try_lock(handle):
            # Whoever held it before may have removed the file between our opening and our locking it.
            if os.name == "nt" or _is_file(path, handle):
                break
            os.close(handle)
            continue
        os.close(handle)
        if time.monotonic() >= deadline:
            raise UserFault(busy)
        time.sleep(0.05)
    try:
        yield
    finally:
        if os.name != "nt":  # Windows cannot remove an open file; the empty file stays there
            path.unlink(missing_ok=True)
        os.close(handle)


def _is_file(path: Path, handle: int) -> bool:
    """Whether ``path`` still names the open file; one ``stat``, since another may remove the file at any time."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def disk_fault(e: OSError, path: Path, option: str = "--data-dir") -> ModelStoreFault:
    """The one place that puts a failure of the local disk into words.

    Args:
        e: The failure.
        path: What was to be written.
        option: Of the command line, by which another place is chosen.
    """
    if e.errno in (errno.ENOSPC, errno.EDQUOT):
        return ModelStoreFault(f'The disk of "{path.parent}" is full.', "Free some space and run it again.")
    if e.errno == errno.EFBIG:  # FAT32, or a quota of the shell
        return ModelStoreFault(
            f'The disk of "{path.parent}" does not take files this large.',
            f"Choose a folder on another with {option}, or format a stick as exFAT.",
        )
    if e.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ModelStoreFault(
            f'The folder "{path.parent}" cannot be written: {(e.strerror or "no access").lower()}.',
            f"Change its access rights or choose another with {option}.",
        )
    return ModelStoreFault(f'"{path}" cannot be written: {e.strerror or e}.', "Check the disk.")


def stopped() -> TransferStopped:
    """What a transfer raises when it hears ``cancel``."""
    return TransferStopped("The download was stopped.", "Run it again to go on: what has arrived is kept.")


def wait(seconds: float, cancel: Cancel) -> None:
    """Wait; ends with :class:`TransferStopped` when ``cancel`` is raised."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if cancel.is_set():
            raise stopped()
        time.sleep(min(left, 0.1))


def describe(progress: Progress) -> str:
    """One line for a terminal or a status bar."""
    name, total = progress.name, size_text(progress.total)
    share = f"{100 * progress.done // progress.total if progress.total else 0} %"
    match progress.stage:
        case "connect":
            line = f"{name}: connecting to {progress.source}"
        case "check":
            line = f"{name}: checking, {share}"
        case "done":
            line = f"{name}: ready, {total} from {progress.source}"
        case "download":
            line = f"{name}: {size_text(progress.done)} of {total} ({share})"
            if progress.bytes_per_second:
                line += f", {size_text(progress.bytes_per_second)}/s"
            if progress.seconds_left is not None:
                line += f", {time_left(progress.seconds_left)} left"
            line += f", from {progress.source}"
    return f"{line} ({progress.note})" if progress.note and progress.stage == "connect" else line
