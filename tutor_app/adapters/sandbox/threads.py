"""Tells which block of code a thread belongs to, so that a thread left behind cannot speak for a later block.

A thread belongs to the block that started it, as in a notebook; what an executor is given belongs to the block that
gave it. Like everything inside the confined process this is order, not protection: code can undo it.
"""

from __future__ import annotations

import _io
import _thread
import builtins
import functools
import io
import os
import threading
from abc import ABCMeta
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

_ATTRIBUTE: Final = "_started_by_block"


class BlockThreads:
    """Attributes each thread to a block.

    Attributes:
        current: Number of the block that runs, 0 between blocks.
    """

    def __init__(self) -> None:
        self.current = 0
        self._local = threading.local()

    def is_late(self) -> bool:
        """Whether the calling thread was left behind by a block that has ended."""
        thread = threading.current_thread()
        return thread is not threading.main_thread() and self._block_of(thread) != (self.current or None)

    def _block_of(self, thread: threading.Thread) -> int | None:
        if thread is threading.main_thread():
            return self.current
        own: int | None = getattr(self._local, "block", None)
        return own if own is not None else thread.__dict__.get(_ATTRIBUTE)

    def install(self) -> None:
        """Have threads, executors and writes to descriptors 1 and 2 attributed from now on."""
        start, submit, start_raw = threading.Thread.start, ThreadPoolExecutor.submit, _thread.start_new_thread
        write, open_file = os.write, io.open

        def start_attributed(thread: threading.Thread) -> None:
            thread.__dict__[_ATTRIBUTE] = self._block_of(threading.current_thread())
            start(thread)

        def submit_attributed(executor: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            return submit(executor, self._bound(fn), *args, **kwargs)

        def start_raw_attributed(function: Callable[..., Any], *args: Any) -> Any:
            return start_raw(self._bound(function), *args)

        def write_attributed(fd: int, data: Any, /) -> int:
            if _is_output(fd) and self.is_late():
                return memoryview(data).nbytes
            return write(fd, data)

        def writev_attributed(fd: int, buffers: Any, /) -> int:
            return write_attributed(fd, b"".join(buffers))

        def open_attributed(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            if type(file) is int and set(mode) <= set("wabt") and _is_output(file):
                return _reopened(file, mode, *args, **kwargs)
            return open_file(file, mode, *args, **kwargs)

        setattr(threading.Thread, "start", start_attributed)  # noqa: B010 - a method may not be assigned to
        setattr(ThreadPoolExecutor, "submit", submit_attributed)  # noqa: B010
        setattr(_thread, "start_new_thread", start_raw_attributed)  # noqa: B010
        setattr(os, "write", write_attributed)  # noqa: B010
        if hasattr(os, "writev"):
            setattr(os, "writev", writev_attributed)  # noqa: B010
        for module in (io, builtins):
            setattr(module, "open", functools.wraps(open_file)(open_attributed))  # noqa: B010
        for module in (io, _io):
            setattr(module, "FileIO", _Output)  # noqa: B010

    def _bound(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, attributed to the block of the calling thread wherever it runs."""
        block = self._block_of(threading.current_thread())

        def run(*args: Any, **kwargs: Any) -> Any:
            before = getattr(self._local, "block", None)
            self._local.block = block
            try:
                return function(*args, **kwargs)
            finally:
                self._local.block = before

        return run


def _is_output(fd: int) -> bool:
    """Whether a descriptor is 1 or 2, or a copy of one of them."""
    if fd in (1, 2):
        return True
    try:
        return any(os.path.samestat(os.fstat(fd), os.fstat(known)) for known in (1, 2))
    except (OSError, TypeError, OverflowError):
        return False


class _AnyFileIO(ABCMeta):
    """Counts what ``open`` makes as instances, too: code may ask for the type."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _FILE_IO)


_FILE_IO: Final = io.FileIO


class _Output(io.FileIO, metaclass=_AnyFileIO):
    """A file object on a descriptor; the one of Python writes without asking :func:`os.write`."""

    def write(self, data: Any, /) -> int:
        return os.write(self.fileno(), data) if _is_output(self.fileno()) else super().write(data)


_Output.__name__ = _Output.__qualname__ = "FileIO"
_Output.__module__ = "_io"


def _reopened(
    fd: int,
    mode: str,
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: object = None,
) -> Any:
    """What ``open`` gives for the descriptor of an output."""
    raw = _Output(fd, "w", closefd)
    if "b" in mode:
        return io.BufferedWriter(raw) if buffering else raw
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding or "utf-8", errors, newline, line_buffering=buffering == 1)
