"""Which processes have a library open: a locked file for each.

Answers one question, whether the program that began something still runs, and leaves what to do about it to
the caller. Its errors are plain ``OSError``; the library maps them.
"""

from __future__ import annotations

import contextlib
import os
import sys
import uuid
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def try_lock(handle: int) -> bool:
        """Take the lock on the file if nobody has it."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def try_lock(handle: int) -> bool:
        """Take the lock on the file if nobody has it."""
        try:
            # flock, not lockf: a lockf lock is lost when the process closes any handle of the file.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class Presence:
    """A file that stays locked for as long as this library is open, whatever ends the process.

    The operating system drops the lock when the process dies, so others can tell a dead owner of a running
    solution from a live one: no guessing by process ids, which are used again, or by clocks.
    """

    def __init__(self, library: Path) -> None:
        self._stem = f".{library.name}."
        self._folder = library.parent
        while True:
            self.name = uuid.uuid4().hex
            path = self._file(self.name)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                # Between creating and locking, a sweep of another program may have taken it for a dead one's.
                if try_lock(self._handle) and path.exists():
                    return
            except OSError:  # a file system without locks
                self.close()
                raise
            os.close(self._handle)

    def is_alive(self, name: str) -> bool:
        """Whether the owner of that name still holds its lock; removes the file of one that does not."""
        if name == self.name:
            return True
        path = self._file(name)
        try:
            handle = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError:  # somebody has it in a way that we may not even look
            return True
        try:
            if not try_lock(handle):
                return True
            with contextlib.suppress(OSError):
                path.unlink()
            return False
        finally:
            os.close(handle)

    def sweep(self) -> None:
        """Remove what dead programs left."""
        for path in self._folder.glob(self._stem + "*.alive"):
            self.is_alive(path.name[len(self._stem) : -len(".alive")])

    def close(self) -> None:
        """Let go; safe to call twice."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
            with contextlib.suppress(OSError):
                self._file(self.name).unlink()

    def _file(self, name: str) -> Path:
        return self._folder / f"{self._stem}{name}.alive"
