"""Checks the statements of a solution: the face of the checking.

Everything is read and computed in a process of its own (:mod:`tutor_app.adapters.checking.worker`), which is killed
when its time is over. A text never makes the check fail: what cannot be read or decided in time is not checked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tutor_app.adapters import child
from tutor_app.adapters.child import AnswerProcess, ProcessClosed, ProcessDied
from tutor_app.adapters.wire import Message
from tutor_app.core.claims import Claim
from tutor_app.core.errors import HostFault
from tutor_app.core.verdicts import Verdict

SECONDS: Final = 1.5
"""For the pieces of one request that are new; the process is given up half a second later."""
ANSWER_SECONDS: Final = 6.0
"""For the independent computation of an answer."""
SHOWN: Final = 80

Piece = tuple[str, str]
"""A kind, ``text`` (prose) or ``output`` (what a block of code printed), and what it says."""


class Checker:
    """Checks solutions; safe to use from several threads. Close it, or use it in a ``with`` statement.

    Args:
        seconds: Wall time of one check, at the most.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process = AnswerProcess(worker_command, "checking")

    def __enter__(self) -> Checker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the checking process; safe to call twice."""
        self._process.close()

    def begin(self) -> None:
        """Start the checking process beforehand; it gets ready meanwhile. A failure is told by :meth:`check`."""
        with contextlib.suppress(OSError):
            self._process.begin()

    def check(self, pieces: Sequence[Piece]) -> tuple[tuple[Claim, ...], ...]:
        """The claims of every piece of one solution, in order; an output has none.

        Args:
            pieces: The solution so far. When it has grown since the last call, only what is new is read.

        Raises:
            HostFault: If the checking process cannot be started.
        """
        answer = self._ask({"pieces": [list(piece) for piece in pieces]}, self._seconds)
        if answer is None:
            return tuple(_unchecked(piece) for piece in pieces)
        return tuple(tuple(Claim(*claim) for claim in claims) for claims in answer["claims"])

    def answer(self, problem: str, answer: str, outputs: Sequence[str] = ()) -> Verdict:
        """Whether an answer is what the problem asks for, where the problem is a computation that is recognised.

        Args:
            problem: As typed.
            answer: LaTeX, or as printed.
            outputs: What the code of the solution printed, in order.

        Raises:
            HostFault: If the checking process cannot be started.
        """
        found = self._ask({"problem": problem, "answer": answer, "outputs": list(outputs)}, ANSWER_SECONDS)
        return Verdict("unchecked", "timeout") if found is None else Verdict(*found["verdict"])

    def _ask(self, request: Mapping[str, Any], seconds: float) -> Message | None:
        """The process's answer; None if it took too long or died of the request."""
        try:
            return self._process.ask(request, seconds)
        except (TimeoutError, ProcessDied):
            return None
        except ProcessClosed:
            raise HostFault("The check of statements is closed.", "Make a new one.") from None
        except OSError as e:
            raise HostFault(
                f"The process that checks statements could not be started: {e.strerror or e}.",
                "Close other programs and try again, or reinstall if it happens again.",
            ) from e

    def text(self, text: str) -> tuple[Claim, ...]:
        """The claims of a text that stands alone."""
        return self.check([("text", text)])[0]


def _unchecked(piece: Piece) -> tuple[Claim, ...]:
    """What is said of a piece whose check took too long."""
    kind, text = piece
    return (Claim(0, min(SHOWN, len(text)), text[:SHOWN], "unchecked", reason="timeout"),) if kind == "text" else ()


def worker_command() -> list[str]:
    """The command that starts the checking process."""
    return child.worker_command("--checking-worker", Path(__file__).with_name("worker.py"))
