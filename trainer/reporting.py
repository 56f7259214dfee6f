"""Reports a step that failed: one sentence, once, whatever the number of processes, and last.

torchrun prints dozens of lines of its own after a rank has failed. The sentence is left in the error file that it
shows, and a small process that waits for torchrun to end says it once more, so that it is the last thing on the
screen. Nothing here needs torch.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from tutor_app.core.errors import TutorError
from tutor_app.core.terminal import printable

_LAST_WORDS: Final = """
import os, sys, time
parent, sentence = int(sys.argv[1]), sys.argv[2]
until = time.monotonic() + 90
while time.monotonic() < until:
    try:
        os.kill(parent, 0)
    except OSError:
        break
    time.sleep(0.05)
print(sentence, file=sys.stderr, flush=True)
"""


class ReportedElsewhere(TutorError):
    """Another rank has the same fault and says it."""


def rank() -> int:
    """Of this process among those that torchrun started; 0 if it is alone."""
    return int(os.environ.get("RANK", "0") or 0)


def report_fault(fault: TutorError) -> None:
    """Say it on standard error; under torchrun once for all ranks of this computer, and again when it has ended."""
    if isinstance(fault, ReportedElsewhere):
        return
    sentence = printable(str(fault))  # which may quote a file
    file = os.environ.get("TORCHELASTIC_ERROR_FILE", "")
    if not file:
        print(sentence, file=sys.stderr, flush=True)
        return
    _leave(Path(file), sentence)
    if _is_first(Path(file)):
        print(sentence, file=sys.stderr, flush=True)
        # In a session of its own: torchrun ends what belongs to its ranks.
        subprocess.Popen([sys.executable, "-c", _LAST_WORDS, str(os.getppid()), sentence], start_new_session=True)


def _leave(file: Path, sentence: str) -> None:
    """Where torchrun looks for what to show of a failed rank."""
    details = {"py_callstack": sentence, "timestamp": str(int(time.time()))}
    with contextlib.suppress(OSError):
        file.write_text(json.dumps({"message": {"message": sentence, "extraInfo": details}}), encoding="utf-8")


def _is_first(file: Path) -> bool:
    """Whether no other rank has said something; the folder above the ranks' own is of one start of torchrun."""
    try:
        (file.parents[1] / "said").open("x").close()
    except FileExistsError:
        return False
    except OSError:
        return rank() == 0
    return True
