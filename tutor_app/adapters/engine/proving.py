"""The proof of llama.cpp's libraries from outside: started in a process of its own, read, remembered."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tutor_app.adapters.engine.exit_codes import ILLEGAL_INSTRUCTION
from tutor_app.adapters.engine.processor import Memory, one_of_several
from tutor_app.adapters.engine.proof import WRONG


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a proof in a process of its own ended.

    Attributes:
        code: Its exit code.
        why: The last line of its errors, or its exit code.
        version: Of llama-cpp-python; empty if it did not come so far.
        variant: What it computed with; empty if it did not come so far, or nothing has a name.
        gpu: Whether it can use a graphics card.
    """

    code: int
    why: str
    version: str = ""
    variant: str = ""
    gpu: bool = False

    @property
    def failed(self) -> bool:
        """Whether this processor does not do what the library asks of it."""
        return self.code in (WRONG, *ILLEGAL_INSTRUCTION)


def step_down(memory: Memory) -> Outcome:
    """Prove, each in a process of its own, one library after the other until one computes; the memory learns of each.

    Whoever loads llama.cpp then, without a client that takes the next one after a death, leaves out what it refuses.
    """
    while True:
        command = [sys.executable, "-P", str(Path(__file__).with_name("proof.py")), *memory.known.refused]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = done.stderr.strip().splitlines()
        why = lines[-1] if lines else f"exit code {done.returncode}"
        words = [*done.stdout.split(" "), "", ""][:3]
        outcome = Outcome(done.returncode, why, words[0], words[1], words[2].strip() == "True")
        if not done.returncode:
            memory.prove(outcome.variant)
        if not outcome.failed or memory.refuses(outcome.variant):
            return outcome
        memory.refuse(outcome.variant)
        if not one_of_several(outcome.variant):
            return outcome
