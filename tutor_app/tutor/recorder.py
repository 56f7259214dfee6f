"""Keeps solutions in the library: one that is being made, while it is made, and those that come in files.

A library that cannot be opened or written never stops a solution: the last event says that it was not kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tutor_app.core.errors import TutorError
from tutor_app.core.events import Finished, Recorded, RunFinished, SolveEvent
from tutor_app.core.ports import SolutionLibrary
from tutor_app.core.transcript import Transcript
from tutor_app.core.values import ImportResult, Status

SAVE_SECONDS: Final = 0.5
"""How often a solution that is being written is saved."""


def recorded(
    events: Iterator[SolveEvent],
    library: Callable[[], SolutionLibrary],
    draft: Callable[[], Transcript],
    *,
    key: str = "",
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[SolveEvent]:
    """Pass ``events`` on while writing the solution to the library, after one :class:`Recorded` with its id.

    The problem is written before the first event is asked for, the parts at least once a second while they come,
    everything at the end.

    Args:
        events: Of the solve loop.
        library: Opens the library, or gives the open one.
        draft: The solution so far, with its provenance.
        key: Of the solution in the library that goes on; empty for a new one.
        clock: Seconds, for the time between two saves.
    """
    row = _Row(library, draft(), key)
    saved = clock()
    finished = False
    try:
        if row.key:
            yield Recorded(row.key)
        for event in events:
            if isinstance(event, Finished):
                finished = True
                row.save(event.transcript, "finished")
                if row.fault:
                    event = Finished(event.reason, event.transcript, event.usage, f"{event.sentence()} {row.fault}")
            elif clock() - saved >= SAVE_SECONDS or isinstance(event, RunFinished):
                row.save(draft(), "running")
                saved = clock()
            yield event
    finally:
        if not finished:
            row.save(draft(), "interrupted")


class _Row:
    """The library's row of a solution that is being made; remembers what went wrong instead of raising it."""

    def __init__(self, library: Callable[[], SolutionLibrary], transcript: Transcript, key: str) -> None:
        self.key = self.fault = ""
        try:
            self._library = library()
            self.key = key or self._library.create(transcript)
        except TutorError as e:
            self.fault = f"The solution is not kept: {e}"

    def save(self, transcript: Transcript, status: Status) -> None:
        if not self.key:
            return
        try:
            self._library.save(self.key, transcript, status)
            self.fault = ""
        except TutorError as e:
            self.fault = f"The solution is not kept as a whole: {e}"


def import_transcripts(transcripts: Sequence[Transcript], library: SolutionLibrary) -> ImportResult:
    """Take transcripts into the library exactly as they are; those that are there already are not taken twice.

    Raises:
        LibraryFault: If the library cannot be read or written.
    """
    ids: list[str] = []
    new = 0
    for transcript in transcripts:
        key = library.find(transcript)
        if not key:
            key = library.create(transcript)
            ended = transcript.answer is not None or "ended" in transcript.meta
            library.save(key, transcript, "finished" if ended else "interrupted")
            new += 1
        ids.append(key)
    return ImportResult(tuple(ids), new)
