"""The file that grows while it is fetched, hashed on the way: ``NAME.part`` and the note beside it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tutor_app.adapters.models.transfer import (
    BLOCK,
    Meter,
    disk_fault,
    stopped,
    write_json,
)
from tutor_app.core.ports import Cancel


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
