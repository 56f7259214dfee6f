"""Watches over the ranks of a run: one that is gone, or hangs, ends all of them within a minute, with one sentence.

A collective operation waits for every rank; one that died without closing its connections, or was stopped, would
keep the others waiting until the time-out of the process group, which has to be long. So every rank counts up a number
of its own in the store that torchrun or the first rank keeps, and reads those of the others; if one stands still, it
ends its process. A rank that fails in an orderly way leaves its sentence there for the others.

One thread speaks to the store and another judges: a store whose keeper was stopped answers nothing and keeps the
first one waiting. Neither takes part in a collective operation.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from trainer.reporting import report_fault
from tutor_app.core.errors import HostFault

BEAT: Final = 5.0
"""Seconds between two beats."""
SILENCE: Final = 40.0
"""Seconds without a beat after which a rank is taken for gone."""
AGAIN: Final = "Start the same command again: it goes on from the last checkpoint."
GRACE: Final = 10.0
"""Seconds for this rank to fail by itself after another said that it had: the fault may be everybody's."""
_ENDED: Final = b"ended"
_FAILED: Final = b"failed "


def lost(ranks: list[int], why: str = "") -> HostFault:
    """The sentence for ranks that are gone."""
    who = f"Rank {ranks[0]}" if len(ranks) == 1 else f"Ranks {', '.join(map(str, ranks))}"
    return HostFault(
        f"{who} ended or hang{'' if len(ranks) > 1 else 's'}, so the run was ended{f': {why}' if why else '.'}", AGAIN
    )


class Watch:
    """The beats of one rank, and its eye on the others; a context manager.

    Args:
        store: Of torch.distributed, for the use of this object's thread alone.
        rank: Of this process.
        world: Ranks in all.
        end: Called when a rank is gone; by default ends the process at once.
        silence: Seconds without a beat after which a rank is gone.
        beat: Seconds between two beats.
    """

    def __init__(
        self,
        store: Any,
        rank: int,
        world: int,
        end: Callable[[HostFault], None] | None = None,
        *,
        silence: float = SILENCE,
        beat: float = BEAT,
    ) -> None:
        self._store, self._rank, self._world = store, rank, world
        self._end = end or _end_process
        self._silence, self._beat = silence, beat
        self._last = _ENDED
        self._over = threading.Event()
        now = time.monotonic()
        # What each rank last wrote, and when that was first read; when the store last answered. A thread replaces
        # values whole, so the other needs no lock.
        self._seen = dict.fromkeys(range(world), (b"", now))
        self._answered = now
        self._talk = threading.Thread(target=self._beats, name="ranks-beat", daemon=True)
        self._judge = threading.Thread(target=self._judges, name="ranks-watch", daemon=True)

    def __enter__(self) -> Watch:
        self._store.set_timeout(timedelta(seconds=self._beat * 2))
        self._talk.start()
        self._judge.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        self._last = _ENDED if error is None else _FAILED + str(error).encode()
        self._over.set()
        # The judge has ended at once; the other may wait for a store that is gone, and is then left behind.
        self._judge.join()
        self._talk.join(self._beat * 2)

    def _beats(self) -> None:
        count = 0
        while not self._over.is_set():
            count += 1
            with contextlib.suppress(RuntimeError):  # how torch says that the store is gone; the judge sees it
                self._store.set(f"beat/{self._rank}", str(count))
                self._read()
            self._over.wait(self._beat)
        with contextlib.suppress(RuntimeError):
            self._store.set(f"beat/{self._rank}", self._last)

    def _read(self) -> None:
        for other in range(self._world):
            key = f"beat/{other}"
            value = bytes(self._store.get(key)) if self._store.check([key]) else b""
            if value != self._seen[other][0] or value == _ENDED:
                self._seen[other] = (value, time.monotonic())
        self._answered = time.monotonic()

    def _judges(self) -> None:
        while not self._over.wait(min(1.0, self._beat)):
            if time.monotonic() - self._answered > self._silence:
                self._end(lost([0]))
                return
            # Silence is counted up to the store's last answer: what it did not tell is nobody's fault.
            others = [(r, value, self._answered - since) for r, (value, since) in self._seen.items() if r != self._rank]
            gone = [r for r, value, quiet in others if quiet > _patience(value, self._silence)]
            if gone:
                why = self._seen[gone[0]][0]
                self._end(lost(gone, why.removeprefix(_FAILED).decode() if why.startswith(_FAILED) else ""))
                return


def _patience(value: bytes, silence: float) -> float:
    return min(GRACE, silence) if value.startswith(_FAILED) else silence


def _end_process(fault: HostFault) -> None:
    report_fault(fault)
    # Whatever the main thread waits for will not come, and it cannot be interrupted.
    os._exit(1)
