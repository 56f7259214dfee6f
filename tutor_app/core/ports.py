"""Protocols of what the core needs from outside. Real adapters and fakes pass the same contract tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from tutor_app.core.dialect import Span
    from tutor_app.core.events import RunEvent
    from tutor_app.core.trace_values import Record
    from tutor_app.core.transcript import Transcript
    from tutor_app.core.values import Entry, Status


class Cancel(Protocol):
    """A flag somebody else may raise; ``threading.Event`` is one."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


class NeverCancelled:
    """A :class:`Cancel` that is never raised."""

    def is_set(self) -> bool:
        """False."""
        return False


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn.

    Attributes:
        temperature: 0 is greedy.
        top_p: Nucleus size in (0, 1].
        seed: Of the random draw; the same seed gives the same text.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PromptProgress:
    """How far the prompt has been read.

    Attributes:
        done: Tokens that are in the context by now.
        total: Tokens of the whole prompt.
        evaluated: How many of ``done`` had to be computed; the rest were kept from before.
    """

    done: int
    total: int
    evaluated: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """More generated text, and how many tokens it took."""

    text: str
    tokens: int = 1


StopReason = Literal["eos", "stop", "length", "context", "cancelled"]


@dataclass(frozen=True, slots=True)
class Stopped:
    """Always the last item of a generation that ran to its end.

    Attributes:
        reason: ``eos`` (the model ended its turn), ``stop`` (a stop string, which is not part of the text),
            ``length`` (``max_tokens``), ``context`` (no room left), ``cancelled``.
        stop: The stop string that was met, or empty.
        prompt_tokens: Length of the whole prompt.
        evaluated_tokens: How many of them had to be computed; the rest were kept from before.
        generated_tokens: Tokens generated, the end-of-turn token included.
        decode_seconds: Wall time from the first generated token to the last.
    """

    reason: StopReason
    stop: str = ""
    prompt_tokens: int = 0
    evaluated_tokens: int = 0
    generated_tokens: int = 0
    decode_seconds: float = 0.0


Generation = PromptProgress | Piece | Stopped


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The loaded model and where it really runs.

    Attributes:
        name: For the user.
        sha256: Of the file, or empty if unknown.
        n_ctx: Context of one sequence, in tokens.
        n_seq: Solutions that can be generated at once.
        device: What really happened, for example ``CPU, 2 threads`` or ``29/29 layers on ...``.
        engine: Name and version of the engine.
    """

    name: str
    sha256: str = ""
    n_ctx: int = 0
    n_seq: int = 1
    device: str = ""
    engine: str = ""


class LanguageModel(Protocol):
    """Generates text after a prompt.

    The prompt is always the *whole* text so far. What an implementation keeps of earlier calls only makes it
    faster: for spans that it generated itself it must keep the very token ids, so that asking again with the
    generated text (or a beginning of it) and something new appended evaluates only what is new.
    """

    @property
    def info(self) -> ModelInfo:
        """The loaded model."""
        ...

    def generate(
        self,
        prompt: Sequence[Span],
        *,
        sampling: Sampling,
        max_tokens: int,
        stop: Sequence[str] = (),
        prefix: int = 0,
        cancel: Cancel,
    ) -> Iterator[Generation]:
        """Yield progress, pieces and at last one :class:`Stopped`.

        The first ``prefix`` spans of the prompt are the same for every problem, so worth keeping for good.

        Text comes as it is decoded, never with a broken character and never past a stop string. Closing the
        iterator early stops the generation. Safe to call from several threads at once; at most
        ``info.n_seq`` run at a time, the others wait.

        Raises:
            EngineFault: If the engine cannot start or dies; the next call starts it anew.
        """
        ...


class CodeSession(Protocol):
    """One solution's namespace: names persist from block to block."""

    def run(
        self, code: str, *, cancel: Cancel, timeout: float | None = None, record: Record | None = None
    ) -> Iterator[RunEvent]:
        """Run a block; yield what it prints and draws as it does, and at last one ``RunFinished``.

        Never raises for what the code does. A block that is killed (deadline, ``cancel``, a crash) ends in an
        output that says so and keeps what was printed; the next call restores the namespace by running the
        earlier blocks again, or says in its output that it could not.

        Args:
            code: Python source.
            cancel: When raised, the block is interrupted and then killed.
            timeout: Wall seconds for this block; None means the session's own limit.
            record: What to record of the run; the recording comes with ``RunFinished``. An implementation that
                cannot record leaves it out.

        Raises:
            SandboxFault: If code cannot be run here at all.
        """
        ...

    def close(self) -> None:
        """Throw the session away; safe to call twice."""
        ...


class CodeExecutor(Protocol):
    """Runs untrusted Python in a confined process of its own."""

    def warm(self) -> None:
        """Get ready for :meth:`open` in the background; returns at once and never fails."""
        ...

    def open(self) -> CodeSession:
        """A fresh session; nothing of another is visible in it.

        Raises:
            SandboxFault: If none can be started.
        """
        ...

    def close(self) -> None:
        """End every process; safe to call twice."""
        ...


class SolutionLibrary(Protocol):
    """Keeps solutions: written while they are made, listed newest first, searched, deleted and taken back.

    Every method raises :class:`~tutor_app.core.errors.LibraryFault` if the library cannot be read or written, or has
    been closed; those that take the id of a solution raise :class:`~tutor_app.core.errors.UserFault` if there is none.
    """

    def create(self, transcript: Transcript) -> str:
        """Add a problem, before its solution is begun; returns its id."""
        ...

    def save(self, id: str, transcript: Transcript, status: Status = "running") -> None:
        """Write what there is of a solution."""
        ...

    def get(self, id: str) -> Transcript:
        """The solution, also one in the trash."""
        ...

    def find(self, transcript: Transcript) -> str:
        """The id of a solution that equals ``transcript`` in everything, outside the trash; empty if none does."""
        ...

    def entries(
        self, query: str = "", limit: int = 200, offset: int = 0, *, deleted: bool = False
    ) -> tuple[Entry, ...]:
        """The solutions in which all words of ``query`` occur, newest first; those in the trash with ``deleted``."""
        ...

    def count(self, *, deleted: bool = False) -> int:
        """How many solutions there are outside the trash, or in it."""
        ...

    def has(self, id: str) -> bool:
        """Whether there is a solution of this id, outside the trash."""
        ...

    def ids(self, beginning: str, limit: int = 2) -> tuple[str, ...]:
        """The ids that begin so, outside the trash; by default just enough to tell one from several."""
        ...

    def delete(self, id: str) -> None:
        """Put a solution into the trash."""
        ...

    def undelete(self, id: str) -> None:
        """Take a solution out of the trash."""
        ...

    def close(self) -> None:
        """Let go; safe to call twice. What this object left running is then ``interrupted``."""
        ...
