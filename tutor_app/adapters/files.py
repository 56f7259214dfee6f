"""Writes files whole: what is on the disk afterwards is the old content or the new, never half of one.

The content is written to a fresh file in the same folder, flushed to the disk, and renamed onto its place. A symbolic
link stays a link, and its target is replaced; permissions stay what they were; what is no plain file, such as a device
or a pipe, is written to. Errors are plain ``OSError`` whose ``filename`` is the path that was asked for, and
``ValueError`` for a path that no system takes; callers put them into words.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tutor_app.adapters.patience import answer_within

_PRIVATE: Final = 0o600
ANSWER_SECONDS: Final = 5.0
"""After which a drive is taken for one that does not answer; a disk that sleeps needs some seconds to wake."""


def require_answer(path: Path) -> None:
    """Make sure that the drive of a path answers at all: one of a network that is gone keeps who asks waiting for ever.

    Raises:
        TimeoutError: If it does not answer for some seconds; names the path.
    """
    try:
        answer_within(ANSWER_SECONDS, lambda: os.path.exists(path))  # noqa: PTH110 - Path's raises for null bytes
    except TimeoutError:
        raise TimeoutError(errno.ETIMEDOUT, "its drive does not answer", str(path)) from None


def is_folder(path: Path) -> bool:
    """Whether a folder is there; not if its drive does not answer."""
    try:
        require_answer(path)
        return path.is_dir()
    except (OSError, ValueError):
        return False


def read_file(path: Path, most: int) -> bytes:
    """The content of one file that a person named; a pipe into which somebody writes is read to its end.

    Args:
        path: The file.
        most: Bytes that it may have; a device may give them without end.

    Raises:
        OSError: If it cannot be read, is larger, or is a pipe from which nothing comes.
        ValueError: If the path has a null byte.
    """
    require_answer(path)

    def content() -> bytes:
        with path.open("rb") as file:
            return file.read(most + 1)

    mode = _mode(path)
    try:
        # A pipe without a writer keeps waiting whoever opens it.
        plain = mode is None or stat.S_ISREG(mode)
        data = content() if plain else answer_within(ANSWER_SECONDS, content)
    except TimeoutError:
        raise TimeoutError(errno.ETIMEDOUT, "it is a pipe or a device, and nothing comes from it", str(path)) from None
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most:,} bytes", str(path))
    return data


def write_file(path: Path, data: bytes, *, private: bool = False) -> None:
    """Replace the content of one file, or make it.

    Args:
        path: The file.
        data: Its new content.
        private: Only its owner may read it from now on.

    Raises:
        OSError: If it cannot be written; the old content is there still.
        ValueError: If the path has a null byte.
    """
    write_files([(path, data)], private=private)


def write_files(files: Sequence[tuple[Path, bytes]], *, private: bool = False) -> None:
    """Replace several files that belong together: none is touched until the new content of all is on the disk.

    Args:
        files: Each with its new content.
        private: Only their owner may read them from now on.

    Raises:
        OSError: If one cannot be written.
        ValueError: If a path has a null byte.
    """
    for path, _ in files:
        require_answer(path)
    staged: list[tuple[Path, Path, Path]] = []
    streams: list[tuple[Path, bytes]] = []
    try:
        for path, data in files:
            with _naming(path):
                mode = _mode(path)
                if mode is not None and not stat.S_ISREG(mode):
                    streams.append((path, data))
                    continue
                target = Path(os.path.realpath(path))
                fresh = target.with_name(f".{os.urandom(8).hex()}.part")
                staged.append((path, fresh, target))
                _write_fresh(fresh, data, _PRIVATE if private else mode)
        for path, data in streams:
            with _naming(path), path.open("wb") as file:
                file.write(data)
        for path, fresh, target in staged:
            with _naming(path):
                fresh.replace(target)
    finally:
        for _, fresh, _ in staged:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
    for folder in {target.parent for _, _, target in staged}:
        _flush_folder(folder)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let an error name the path that was asked for, not a temporary one or the target of a link."""
    try:
        yield
    except OSError as e:
        e.filename, e.filename2 = str(path), None
        raise


def _mode(path: Path) -> int | None:
    """Kind and permissions of what is there, or at the end of a link; None for nothing."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _write_fresh(fresh: Path, data: bytes, mode: int | None) -> None:
    # Made by os.open with the permissions of any new file, which the system narrows by the umask; reading the umask
    # would mean to set it, for every thread of the program.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    with os.fdopen(os.open(fresh, flags, _PRIVATE if mode == _PRIVATE else 0o666), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if mode is not None:
        fresh.chmod(stat.S_IMODE(mode))


def _flush_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where the system can."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
