"""Values that are kept on the disk without the GUI thread waiting for it: the last one wins, shortly after it came."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from PySide6.QtCore import QObject

from tutor_app.core.errors import TutorError
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.building import once

T = TypeVar("T")
_DELAY_MS: Final = 400


class BackgroundSaver(QObject, Generic[T]):
    """Saves the last of several values in the background.

    Args:
        bridge: Runs what takes time; its parent owns this, too.
        save: Writes a value; called in a worker, never twice at once.
        saved: Called in the GUI thread after each write.
        complain: Called in the GUI thread with what went wrong.
    """

    def __init__(
        self,
        bridge: Bridge,
        save: Callable[[T], None],
        saved: Callable[[], None],
        complain: Callable[[Exception], object],
    ) -> None:
        super().__init__(bridge)
        self._bridge, self._save, self._saved, self._complain = bridge, save, saved, complain
        # Two locks: putting a value must not wait for the disk.
        self._guard, self._writing = threading.Lock(), threading.Lock()
        self._waiting: list[T] = []
        self._timer = once(self, _DELAY_MS, self.flush)

    def put(self, value: T) -> None:
        """Keep ``value`` soon."""
        with self._guard:
            self._waiting = [value]
        self._timer.start()

    def flush(self) -> None:
        """Write what waits now, in the background."""
        self._timer.stop()
        with self._guard:
            waits = bool(self._waiting)
        if waits:
            self._bridge.run_in_background(self.write, lambda _: None)

    def write(self) -> None:
        """Write what waits; for workers that need it to be written. Never raises a :class:`TutorError`."""
        with self._writing:
            with self._guard:
                waiting, self._waiting = self._waiting, []
            for value in waiting:
                try:
                    self._save(value)
                except TutorError as e:
                    self._bridge.post(lambda e=e: self._complain(e))  # type: ignore[misc]
                else:
                    self._bridge.post(self._saved)
