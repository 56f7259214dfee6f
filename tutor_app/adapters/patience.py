"""Questions to something that may never answer, such as a network drive that is gone: asked for a while, not for ever.

What waits in the operating system cannot be interrupted, so it waits in a thread of its own, which is left behind.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def answer_within(seconds: float, ask: Callable[[], T]) -> T:
    """What ``ask`` returns or raises.

    Raises:
        TimeoutError: If it does neither within so many seconds.
    """
    answers: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put((ask(), None))
        except BaseException as e:  # noqa: BLE001 - raised again for who asked
            answers.put((None, e))

    threading.Thread(target=work, name="tutor-question", daemon=True).start()
    try:
        value, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]
