"""Tells which block of code a thread belongs to, so that a thread left behind cannot speak for a later block.

A thread belongs to the block that started it, as in a notebook; what an executor is given belongs to the block that
gave it. Like everything inside the confined process this is order, not protection: code can undo it.
"""

from __future__ import annotations

import _thread
import os
import threading
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
        write = os.write

        def start_attributed(thread: threading.Thread) -> None:
            thread.__dict__[_ATTRIBUTE] = self._block_of(threading.current_thread())
            start(thread)

        def submit_attributed(executor: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            return submit(executor, self._bound(fn), *args, **kwargs)

        def start_raw_attributed(function: Callable[..., Any], *args: Any) -> Any:
            return start_raw(self._bound(function), *args)

        def write_attributed(fd: int, data: Any, /) -> int:
            if fd in (1, 2) and self.is_late():
                return memoryview(data).nbytes
            return write(fd, data)

        setattr(threading.Thread, "start", start_attributed)  # noqa: B010 - a method may not be assigned to
        setattr(ThreadPoolExecutor, "submit", submit_attributed)  # noqa: B010
        setattr(_thread, "start_new_thread", start_raw_attributed)  # noqa: B010
        setattr(os, "write", write_attributed)  # noqa: B010

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
