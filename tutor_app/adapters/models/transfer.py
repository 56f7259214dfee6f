"""What every way of fetching a file shares: the growing file, the lock, the progress, and the words for failures.

The file grows as ``NAME.part`` beside its place, with a small note (``NAME.part.json``) that says what it is a part
of. It knows nothing of where bytes come from, and it never trusts the note about what is on the disk: bytes that an
earlier run left are hashed again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tutor_app.adapters.files import write_file
from tutor_app.core.errors import ModelStoreFault, UserFault
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


class TransferStopped(UserFault):
    """The user stopped it; what is there is kept."""


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


class PartialFile:
    """The growing file: its bytes, their hash, and the note that says what it is a part of.

    Attributes:
        size: Bytes that are there.
        untouched: Bytes at the beginning that have not been replaced since the caller set this to ``size``.
    """

    def __init__(self, target: Path, total: int, sha256: str) -> None:
        self.total = total
        self.sha256 = sha256
        self.path = target.with_name(target.name + ".part")
        self.size = 0
        self.untouched = 0
        self.url = ""
        self.etag = ""
        self._refused = ""
        self._target = target
        self._note = target.with_name(target.name + ".part.json")
        self._hash = hashlib.sha256()

    @contextmanager
    def opened(self, meter: Meter, cancel: Cancel) -> Iterator[None]:
        """Take up what an earlier run left, if it is a part of this very file."""
        try:
            # Unbuffered, so that a failed write is known at once and close() has nothing left to write.
            self._file = self.path.open("r+b" if self.path.exists() else "x+b", buffering=0)
        except OSError as e:
            raise disk_fault(e, self.path) from None
        try:
            self._take_up(meter, cancel)
            yield
        finally:
            with suppress(OSError):
                self._file.close()
                if not self.path.exists() or not self.path.stat().st_size:
                    self.path.unlink(missing_ok=True)
                    self._note.unlink(missing_ok=True)

    def _take_up(self, meter: Meter, cancel: Cancel) -> None:
        try:
            known = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = None
        if not isinstance(known, dict):
            known = {}
        try:
            left_over = os.fstat(self._file.fileno()).st_size
            if known.get("sha256") != self.sha256 or left_over > self.total:
                self.clear()
                return
            self.url, self.etag = str(known.get("url", "")), str(known.get("etag", ""))
            self._refused = str(known.get("refused", ""))
            # The note is no proof of what is on the disk, so the bytes themselves are hashed again.
            while block := self._file.read(BLOCK):
                if cancel.is_set():
                    raise stopped()
                self._hash.update(block)
                self.size += len(block)
                meter.report("check", self.size)
        except OSError as e:
            raise disk_fault(e, self.path) from None

    def append(self, data: bytes) -> None:
        """Add bytes that follow what is there."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as e:
            # Half of the block may have been written; the file must end where the hash does.
            with suppress(OSError):
                self._file.truncate(self.size)
            raise disk_fault(e, self.path) from None
        self._hash.update(data)
        self.size += len(data)

    def note(self, url: str, etag: str) -> None:
        """Write down what this is a part of and where the bytes come from."""
        self.url, self.etag = url, etag
        note = {"sha256": self.sha256, "bytes": self.total, "url": url, "etag": etag, "refused": self._refused}
        try:
            write_json(self._note, note)
        except OSError as e:
            raise disk_fault(e, self._note) from None

    def clear(self) -> None:
        """Throw away what is there."""
        self.cut(0)
        self.url = self.etag = self._refused = ""

    def cut(self, size: int) -> None:
        """Throw away what is there from byte ``size`` on."""
        self.untouched = min(self.untouched, size)
        try:
            self._file.truncate(size)
            self._file.seek(0)
            self._hash = hashlib.sha256()
            while block := self._file.read(BLOCK):
                self._hash.update(block)
        except OSError as e:
            raise disk_fault(e, self.path) from None
        self.size = size

    def holds(self, at: int, data: bytes) -> bool:
        """Whether ``data`` is what stands at byte ``at``."""
        try:
            self._file.seek(at)
            found = b""
            while len(found) < len(data) and (block := self._file.read(len(data) - len(found))):
                found += block
            self._file.seek(0, os.SEEK_END)
        except OSError as e:
            raise disk_fault(e, self.path) from None
        return found == data

    def is_right(self) -> bool:
        """Whether the file is complete and has the right hash."""
        return self._hash.hexdigest() == self.sha256

    def refuse(self) -> bool:
        """The complete file is wrong: throw away what is not :attr:`untouched`; returns whether that is all of it.

        What stood before it is kept, because one bad answer must not cost the work of hours. It is thrown away too
        if the very same rest comes again: then it is most likely the rest that is right.
        """
        start = self.untouched
        try:
            self._file.seek(start)
            rest = f"{start}:{hashlib.file_digest(self._file, 'sha256').hexdigest()}"
        except OSError as e:
            raise disk_fault(e, self.path) from None
        if start == self.total or rest == self._refused:
            start = 0
        self.cut(start)
        self._refused = rest if start else ""
        self.note(self.url, self.etag)
        return not start

    def put_in_place(self) -> None:
        """Flush to the disk and rename: the file exists from here on, whole."""
        try:
            os.fsync(self._file.fileno())
            self._file.close()  # Windows does not rename an open file
            self.path.replace(self._target)
        except OSError as e:
            raise disk_fault(e, self._target) from None


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


def disk_fault(e: OSError, path: Path) -> ModelStoreFault:
    """The one place that puts a failure of the local disk into words."""
    if e.errno in (errno.ENOSPC, errno.EDQUOT):
        return ModelStoreFault(f'The disk of "{path.parent}" is full.', "Free some space and run it again.")
    if e.errno == errno.EFBIG:  # FAT32, or a quota of the shell
        return ModelStoreFault(
            f'The disk of "{path.parent}" does not take files this large.',
            "Choose a folder on another with --data-dir.",
        )
    if e.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ModelStoreFault(
            f'The folder "{path.parent}" cannot be written: {(e.strerror or "no access").lower()}.',
            "Change its access rights or choose another with --data-dir.",
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
