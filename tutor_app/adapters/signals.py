"""Passes the system's signals to end a program to a handler, which decides what is done then."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def wishes_to_end(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Ctrl+C, ``kill`` and a terminal that is closed reach ``handler`` meanwhile, but for what the caller ignores.

    ``nohup`` has a process ignore that its terminal is gone, and a shell that it starts in the background, Ctrl+C.
    """
    if threading.current_thread() is not threading.main_thread():  # only there may handlers be set
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    old = {number: signal.getsignal(number) for number in numbers}
    heeded = [number for number in numbers if old[number] not in (signal.SIG_IGN, None)]
    for number in heeded:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, old[number])
