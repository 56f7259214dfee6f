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
from tutor_app.core.work import LineVerdict

SECONDS: Final = 1.5
"""For the pieces of one request that are new; the process is given up half a second later."""
ANSWER_SECONDS: Final = 6.0
"""For the independent computation of an answer."""
WORK_SECONDS: Final = 12.0
"""For all lines of a student's work."""
SHOWN: Final = 80

Excerpt = tuple[str, str]
"""A kind, ``text`` (prose) or ``output`` (what a block of code printed), and what it says."""
Excerpts = tuple[Excerpt, ...]
Found = tuple[tuple[Claim, ...], ...]
"""The claims of each piece."""


class Checker:
    """Checks solutions; safe to use from several threads. Close it, or use it in a ``with`` statement.

    Args:
        seconds: Wall time of one check, at the most.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process = AnswerProcess(worker_command, "checking")
        self._last: tuple[Excerpts, Found] = ((), ())
        self._given_up = False

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

    def check(self, pieces: Sequence[Excerpt]) -> tuple[tuple[Claim, ...], ...]:
        """The claims of every piece of one solution, in order; an output has none.

        Args:
            pieces: The solution so far. When it has grown since the last call, only what is new is read; one for which
                the process had to be ended is given up, so that it costs no more time.

        Raises:
            HostFault: If the checking process cannot be started.
        """
        before, known = self._last
        given_up = self._given_up and _goes_on(before, pieces)
        answer = None if given_up else self._ask({"pieces": [list(piece) for piece in pieces]}, self._seconds)
        self._given_up = answer is None
        if answer is None:
            same = known if _goes_on(before, pieces) else ()
            found = tuple(
                same[n] if n < len(same) and piece == before[n] else _unchecked(piece, *same[n : n + 1])
                for n, piece in enumerate(pieces)
            )
        else:
            found = tuple(tuple(Claim(*claim) for claim in claims) for claims in answer["claims"])
        self._last = tuple(pieces), found
        return found

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

    def work(self, problem: str, lines: Sequence[str]) -> tuple[LineVerdict, ...]:
        """The verdict of every line of a student's work.

        Args:
            problem: As typed; may be empty.
            lines: One formula or sentence each.

        Raises:
            HostFault: If the checking process cannot be started.
        """
        found = self._ask({"problem": problem, "lines": list(lines)}, WORK_SECONDS)
        if found is None:
            return tuple(LineVerdict(line, line, "unsure" if line.strip() else "empty") for line in lines)
        return tuple(LineVerdict(*line) for line in found["work"])

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


def _goes_on(before: Excerpts, pieces: Sequence[Excerpt]) -> bool:
    """Whether a solution is the one of before, with more pieces or a longer last one."""
    if not before or len(pieces) < len(before) or tuple(pieces[: len(before) - 1]) != before[:-1]:
        return False
    (kind, text), (now, longer) = before[-1], pieces[len(before) - 1]
    return kind == now and longer.startswith(text)


def _unchecked(piece: Excerpt, known: tuple[Claim, ...] = ()) -> tuple[Claim, ...]:
    """The claims of a piece whose check took too long: those that are known; the rest are marked as not checked."""
    kind, text = piece
    if kind != "text":
        return ()
    known = tuple(claim for claim in known if claim.reason != "timeout")
    begin = max((claim.end for claim in known), default=0)
    rest = text[begin : begin + SHOWN]
    return (*known, Claim(begin, begin + len(rest), rest, "unchecked", reason="timeout")) if rest.strip() else known


def worker_command() -> list[str]:
    """The command that starts the checking process."""
    return child.worker_command("--checking-worker", Path(__file__).with_name("worker.py"))
