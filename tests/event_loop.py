"""How tests wait for what happens in the thread of the window: by its events, not by the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QAbstractEventDispatcher, QEventLoop, QTimer

LONGEST: Final = 60
"""Seconds after which what a test waits for does not come any more: far more than anything takes."""


def until(condition: Callable[[], object]) -> None:
    """Run the event loop until a condition holds.

    What a window shows changes only while an event is handled: the condition is looked at whenever all events that
    had come are handled, just before the loop would sleep.

    Args:
        condition: True, or anything that counts as true, when the wait is over; what it raises is raised.
    """
    if condition():
        return
    dispatcher = QAbstractEventDispatcher.instance()
    assert dispatcher is not None, "there is no application"
    loop, guard = QEventLoop(), QTimer()
    raised: list[Exception] = []

    def look() -> None:
        try:
            holds = condition()
        except Exception as e:  # noqa: BLE001  (raised again in the test, where it belongs)
            raised.append(e)
            holds = True
        if holds:
            loop.exit(1)

    guard.setSingleShot(True)
    guard.timeout.connect(loop.quit)
    guard.start(LONGEST * 1000)
    dispatcher.aboutToBlock.connect(look)
    try:
        came = loop.exec()
    finally:
        dispatcher.aboutToBlock.disconnect(look)
        guard.stop()
    if raised:
        raise raised[0]
    assert came, f"what was waited for has not come about within {LONGEST} s"
