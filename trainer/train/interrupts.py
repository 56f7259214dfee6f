"""SIGINT (Ctrl+C) and SIGTERM during a long step: finish what is under way, save, then stop."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator


class Stop:
    """Whether somebody asked to stop."""

    asked = False

    def is_set(self) -> bool:
        """The same, for what takes a :class:`~tutor_app.core.ports.Cancel`."""
        return self.asked


@contextlib.contextmanager
def signals(*, loud: bool = True) -> Iterator[Stop]:
    """SIGINT and SIGTERM ask to stop after the step; a second SIGINT stops at once; said if ``loud``."""
    stop = Stop()

    def ask(number: int, _: object) -> None:
        if stop.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.asked = True
        if loud:
            os.write(2, b"\nStopping after this step; once more stops at once.\n")

    before = {s: signal.signal(s, ask) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
