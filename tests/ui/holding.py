"""Points at which scripted work waits: until somebody stops it, or until the test lets it go on."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tutor_app.core.ports import Cancel

Hold = Callable[[Cancel], None]
"""Called by the work, in its own thread; the work goes on when it returns."""

LONGEST = 60.0
"""Seconds after which a test that neither stops the work nor lets it go on has failed."""


def go_on(cancel: Cancel) -> None:
    """Holds nothing."""


def until_stopped(cancel: Cancel) -> None:
    """Holds the work until it is cancelled."""
    assert isinstance(cancel, threading.Event), "the window's own flag, on which a thread can wait"
    assert cancel.wait(LONGEST), "nobody has stopped the work"


class Gate:
    """Holds the work until the test opens it."""

    def __init__(self) -> None:
        self._opened = threading.Event()

    def open(self) -> None:
        self._opened.set()

    def __call__(self, cancel: Cancel) -> None:
        assert self._opened.wait(LONGEST), "the test has not let the work go on"
