"""The one way in which tests wait for something that sends no event, such as another process."""

import threading
from collections.abc import Callable


def wait_until(condition: Callable[[], object], what: str = "", seconds: float = 60.0) -> None:
    """Wait for a condition, looked at every ten milliseconds; fail if it does not come true.

    Args:
        condition: True, or anything that counts as true, when the wait is over.
        what: For the message of a failure.
        seconds: Far more than it can take.
    """
    pause = threading.Event()
    for _ in range(int(seconds * 100)):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError(f"{what or 'what was waited for'} has not come about within {seconds:.0f} s")
