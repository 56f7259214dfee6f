"""The proof of llama.cpp's libraries from outside: started in a process of its own, read, remembered."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tutor_app.adapters.engine.exit_codes import ILLEGAL_INSTRUCTION
from tutor_app.adapters.engine.hardware import gpu_backends
from tutor_app.adapters.engine.processor import Memory, one_of_several
from tutor_app.adapters.engine.proof import WRONG

SECONDS: Final = 180.0
"""For a proof; a card that compiles its programs takes some, one whose driver is stuck for ever."""
_POLL_SECONDS: Final = 0.02
_ENDED_FROM_OUTSIDE: Final = {-signal.SIGTERM, -signal.SIGINT, -getattr(signal, "SIGKILL", 9)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a proof in a process of its own ended.

    Attributes:
        code: Its exit code.
        why: The last line of its errors, or its exit code.
        version: Of llama-cpp-python; empty if it did not come so far.
        variant: What it computed with; empty if it did not come so far, or nothing has a name.
        stopped: Whether it did not end by itself.
    """

    code: int
    why: str
    version: str = ""
    variant: str = ""
    stopped: bool = False

    @property
    def failed(self) -> bool:
        """Whether this processor does not do what the library asks of it."""
        return self.code in (WRONG, *ILLEGAL_INSTRUCTION)


def command() -> list[str]:
    """What starts a proof."""
    return [sys.executable, "-P", str(Path(__file__).with_name("proof.py"))]


def step_down(memory: Memory) -> Outcome:
    """Prove, each in a process of its own, one library after the other until one computes; the memory learns of each.

    Whoever loads llama.cpp then, without a client that takes the next one after a death, leaves out what it refuses.
    """
    while True:
        outcome = _proof(memory.known.refused)
        if outcome.code == 0:
            memory.prove(outcome.variant)
        if not outcome.failed or memory.refuses(outcome.variant):
            return outcome
        memory.refuse(outcome.variant)
        if not one_of_several(outcome.variant):
            return outcome


def card_name() -> str:
    """What a graphics card is used by, as the memory knows it; empty for a build without such a part."""
    return "+".join(gpu_backends())


def card_works(memory: Memory, is_cancelled: Callable[[], bool] = lambda: False) -> bool:
    """Whether the graphics card computes rightly; found out in a process of its own, once, and remembered.

    A card whose driver dies, is stuck or computes something else is refused from then on. One that is not there, and a
    library that is missing, are found out anew each time.
    """
    name = card_name()
    if not name or memory.refuses(name):
        return False
    if name in memory.known.proved:
        return True
    outcome = _proof(["--card", *memory.known.refused], is_cancelled)
    if outcome.code == 0:
        memory.prove(name)
        return True
    stuck = outcome.stopped and not is_cancelled()
    died = not 0 <= outcome.code < 256 and outcome.code not in _ENDED_FROM_OUTSIDE
    if stuck or died or outcome.code == WRONG:
        memory.refuse(name)
    return False


def _proof(arguments: Sequence[str], is_cancelled: Callable[[], bool] = lambda: False) -> Outcome:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        with subprocess.Popen([*command(), *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=errors) as process:
            end = time.monotonic() + SECONDS
            while process.poll() is None and time.monotonic() < end and not is_cancelled():
                time.sleep(_POLL_SECONDS)
            if stopped := process.poll() is None:
                process.kill()
        code = process.returncode
        out.seek(0)
        errors.seek(0)
        words = [*out.read().decode("utf-8", "replace").strip("\r\n").split(" "), "", ""]
        lines = errors.read().decode("utf-8", "replace").strip().splitlines()
    return Outcome(code, lines[-1] if lines else f"exit code {code}", words[0], words[1], stopped)
