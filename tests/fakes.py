"""Stand-ins for what the core needs from the outside: real classes, without processes."""

from __future__ import annotations

import json
import re
import time
import unicodedata
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

from tutor_app.adapters.checking.reading import Reading
from tutor_app.adapters.grading.grader import Grade
from tutor_app.core.claims import Claim
from tutor_app.core.errors import HostFault, LibraryFault, SandboxFault, UserFault
from tutor_app.core.events import FigureDrawn, OutputDelta, RunEvent, RunFinished
from tutor_app.core.parts import Code, CodeError, Figure, Output, Text
from tutor_app.core.ports import Cancel, CodeSession
from tutor_app.core.trace_values import Record
from tutor_app.core.transcript import Transcript
from tutor_app.core.values import Entry, Status
from tutor_app.core.verdicts import NOT_LOOKED, Verdict, VerdictKind


@dataclass
class FakeExecutor:
    """A :class:`~tutor_app.core.ports.CodeExecutor` that runs nothing and gives the next outcome instead.

    Attributes:
        outcomes: What the blocks come to, in order; a fault is raised after half of "partial" was printed. The
            last one is repeated.
        figures: Drawn by every block.
        on_run: Called with the source while a block "runs".
        fault_on_open: Raised by :meth:`open`.
        ran: Sources run so far.
        timeouts: The limit given for each.
        opened: Sessions opened.
        closed: Sessions closed.
    """

    outcomes: list[Output | SandboxFault] = field(default_factory=lambda: [Output(stdout="42\n")])
    figures: tuple[Figure, ...] = ()
    on_run: Callable[[str], None] = lambda _: None
    fault_on_open: SandboxFault | None = None
    ran: list[str] = field(default_factory=list)
    timeouts: list[float | None] = field(default_factory=list)
    opened: int = 0
    closed: int = 0

    def warm(self) -> None:
        pass

    def open(self) -> CodeSession:
        if self.fault_on_open is not None:
            raise self.fault_on_open
        self.opened += 1
        return _FakeSession(self)

    def close(self) -> None:
        pass


class _FakeSession:
    def __init__(self, executor: FakeExecutor) -> None:
        self._executor = executor
        self._closed = False

    def run(
        self, code: str, *, cancel: Cancel, timeout: float | None = None, record: Record | None = None
    ) -> Iterator[RunEvent]:
        executor = self._executor
        assert not self._closed
        outcome = executor.outcomes[min(len(executor.ran), len(executor.outcomes) - 1)]
        executor.ran.append(code)
        executor.timeouts.append(timeout)
        executor.on_run(code)
        if isinstance(outcome, SandboxFault):
            yield OutputDelta("half of ")
            raise outcome
        half = len(outcome.stdout) // 2
        for text in (outcome.stdout[:half], outcome.stdout[half:]):
            if text:
                yield OutputDelta(text)
        for figure in executor.figures:
            yield FigureDrawn(figure)
        if cancel.is_set():
            outcome = replace(outcome, status="stopped", error=CodeError("Stopped", "stopped by the user"))
        yield RunFinished(outcome)

    def close(self) -> None:
        if not self._closed:
            self._executor.closed += 1
        self._closed = True


@dataclass
class _Kept:
    """A row of a :class:`MemoryLibrary`."""

    transcript: Transcript
    status: Status
    created: float
    updated: float
    deleted: bool = False


class MemoryLibrary:
    """A :class:`~tutor_app.core.ports.SolutionLibrary` that keeps everything in memory."""

    def __init__(self) -> None:
        self._rows: dict[str, _Kept] = {}
        self._closed = False

    def __enter__(self) -> MemoryLibrary:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def create(self, transcript: Transcript) -> str:
        key = uuid.uuid4().hex
        self.put(key, transcript)
        return key

    def put(self, id: str, transcript: Transcript, status: Status = "running", created: float = 0.0) -> None:
        """Add a solution with that id, made at that time, by default now."""
        now = time.time()
        self._open()[id] = _Kept(transcript, status, created or now, now)

    def save(self, id: str, transcript: Transcript, status: Status = "running") -> None:
        if status not in get_args(Status):
            raise ValueError(f"status {status!r}")
        row = self._row(id)
        row.transcript, row.status, row.updated = transcript, status, time.time()

    def get(self, id: str) -> Transcript:
        return self._row(id).transcript

    def find(self, transcript: Transcript) -> str:
        return next((key for key, row in self._shown() if row.transcript == transcript), "")

    def entries(
        self, query: str = "", limit: int = 200, offset: int = 0, *, deleted: bool = False
    ) -> tuple[Entry, ...]:
        words = [w[:60] for w in _folded(query).split()[:20]]
        found = [
            Entry(key, *_summary(row.transcript), row.status, row.created, row.updated, _verdict(row.transcript))
            for key, row in reversed(self._shown(deleted))
            if all(word in _folded(_body(row.transcript)) for word in words)
        ]
        found.sort(key=lambda entry: -entry.created)
        return tuple(found[offset:][: limit if limit >= 0 else None])

    def count(self, *, deleted: bool = False) -> int:
        return len(self._shown(deleted))

    def has(self, id: str) -> bool:
        return any(key == id for key, _ in self._shown())

    def ids(self, beginning: str, limit: int = 2) -> tuple[str, ...]:
        return tuple(key for key, _ in self._shown() if key.startswith(beginning))[:limit]

    def delete(self, id: str) -> None:
        self._row(id).deleted = True

    def undelete(self, id: str) -> None:
        self._row(id).deleted = False

    def purge(self) -> int:
        """Remove what is in the trash for good; returns how many solutions went."""
        gone = [key for key, _ in self._shown(deleted=True)]
        for key in gone:
            del self._rows[key]
        return len(gone)

    def close(self) -> None:
        self._closed = True

    def _open(self) -> dict[str, _Kept]:
        if self._closed:
            raise LibraryFault("The library is closed.")
        return self._rows

    def _row(self, id: str) -> _Kept:
        rows = self._open()
        if id not in rows:
            raise UserFault("This solution is no longer in the library.")
        return rows[id]

    def _shown(self, deleted: bool = False) -> list[tuple[str, _Kept]]:
        return [(key, row) for key, row in self._open().items() if row.deleted == deleted]


def _plain(text: str) -> str:
    return re.sub("[\0\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


def _folded(text: str) -> str:
    return _plain(unicodedata.normalize("NFC", text)).casefold()


def _summary(transcript: Transcript) -> tuple[str, str, str]:
    """Problem, model and answer, as a list shows them."""
    model = transcript.meta.get("model", "")
    shown = model if isinstance(model, str) else json.dumps(model)
    return _plain(transcript.problem), _plain(shown), _plain(transcript.answer.latex if transcript.answer else "")


def _verdict(transcript: Transcript) -> VerdictKind:
    return transcript.answer.judged if transcript.answer else "unchecked"


def _body(transcript: Transcript) -> str:
    """What is searched: the problem, prose, code and the answer."""
    parts = [p for turn in transcript.turns for p in turn.parts]
    pieces = [p.text if isinstance(p, Text) else p.source for p in parts if isinstance(p, Text | Code)]
    return "\n".join([*pieces, transcript.answer.latex if transcript.answer else ""])


class ScriptedGrader:
    """A grader whose verdicts are written down; "hangs" is a comparison that was killed at its limit.

    Args:
        script: The outcome for a gold answer and another one; what is not in it cannot be read.
    """

    process_id: int | None = None

    def __init__(self, script: Mapping[tuple[str, str], str]) -> None:
        self._script = script
        self._closed = False

    def __enter__(self) -> ScriptedGrader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """No more after this; safe to call twice."""
        self._closed = True

    def grade(self, gold: str, answer: str) -> Grade:
        """The outcome in the script.

        Raises:
            HostFault: If it is closed, and the comparison needs more than a look.
        """
        if not answer.strip():
            return Grade("incorrect", "no_answer", 0.0)
        if gold == answer:
            return Grade("correct", "same_text", 0.0)
        if self._closed:
            raise HostFault("The grader is closed.", "Make a new one.")
        match self._script.get((gold, answer)):
            case "correct":
                return Grade("correct", "equal", 0.0)
            case "incorrect":
                return Grade("incorrect", "different_value", 0.0)
            case "hangs":
                return Grade("unknown", "timeout", 0.0)
            case _:
                return Grade("unknown", "unreadable_answer", 0.0)


class HereChecker:
    """A :class:`~tutor_app.tutor.checked.StatementChecker` that checks in this process, and counts."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken, self.calls = broken, 0

    def begin(self) -> None:
        pass

    def check(self, pieces: Sequence[tuple[str, str]], /) -> Sequence[tuple[Claim, ...]]:
        self.calls += 1
        if self.broken:
            raise HostFault("It could not be started.")
        reading = Reading()
        return [tuple(reading.text(text)) if kind == "text" else () for kind, text in pieces]

    def answer(self, problem: str, answer: str, outputs: Sequence[str] = (), /) -> Verdict:
        return NOT_LOOKED

    def close(self) -> None:
        pass
