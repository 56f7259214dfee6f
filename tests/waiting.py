"""The one way in which tests wait for something that sends no event, such as another process."""

import threading
import time
from collections.abc import Callable


def comes_true(condition: Callable[[], object], seconds: float = 60.0) -> bool:
    """Whether a condition comes true; it is looked at every ten milliseconds.

    Args:
        condition: True, or anything that counts as true, when the wait is over.
        seconds: Far more than it can take.
    """
    pause, end = threading.Event(), time.monotonic() + seconds
    while not condition():
        left = end - time.monotonic()
        if left <= 0:
            return False
        pause.wait(min(0.01, left))
    return True


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for a condition; fail if it does not come true."""
    assert comes_true(condition, seconds), f"what was waited for has not come about within {seconds:.0f} s"
