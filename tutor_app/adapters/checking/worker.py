"""The checking process: what a text holds may take any time or memory to compute, so it is computed here.

Run by path as a child of :mod:`tutor_app.adapters.checking.checker`. A request has ``pieces``, the whole solution so
far as pairs of a kind (``text``, ``output``) and its text; the answer has ``claims``, a list for each piece. What was
read for the request before is kept, also of a text that has grown, so that a solution is read once; all requests about
it together have a limited time. Or it has ``problem``, ``answer`` and
``outputs``, and the answer has ``verdict``. Or it has ``problem`` and ``lines`` of a student's work, and the answer has
``work``, a verdict for each.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run by its path: the package is found from here

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.answers import check_answer
from tutor_app.adapters.checking.reading import Reading
from tutor_app.adapters.checking.work.judge import judge_work
from tutor_app.adapters.wire import limit_memory, serve_requests

MEMORY: Final = 1 << 30
SOLUTION_SECONDS: Final = 1.2
"""Wall time for the statements of one solution; those that are left then are not checked."""
OUTPUT_SHARE: Final = 0.25
"""Of the time that is left, for what one block of code printed."""


class CheckingWorker:
    """Answers requests, and remembers the solution of the last one."""

    def __init__(self) -> None:
        self._pieces: list[list[str]] = []
        self._claims: list[list[tuple[Any, ...]]] = []
        self._reading = Reading()
        self._left = SOLUTION_SECONDS

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The claims of every piece, or the verdict of an answer."""
        if "lines" in request:
            return {"work": [astuple(line) for line in judge_work(request["problem"], request["lines"])]}
        if "problem" in request:
            return {"verdict": astuple(check_answer(request["problem"], request["answer"], request["outputs"]))}
        pieces: list[list[str]] = request["pieces"]
        known = self._known(pieces)
        for n, (kind, text) in enumerate(pieces):
            if n < known:
                continue
            began = time.monotonic()
            found = self._read(kind, text, grown=n < len(self._pieces))
            self._left -= time.monotonic() - began
            self._pieces[n:], self._claims[n:] = [[kind, text]], [found]
        return {"claims": self._claims}

    def _known(self, pieces: list[list[str]]) -> int:
        """How many of the pieces need not be read again; the next one may be the last of before, which has grown."""
        count = len(self._pieces)
        if pieces[:count] == self._pieces:
            return count
        if count and len(pieces) >= count and pieces[: count - 1] == self._pieces[:-1]:
            (kind, before), (now, text) = self._pieces[-1], pieces[count - 1]
            if kind == now == "text" and text.startswith(before):
                return count - 1
        self._pieces, self._claims, self._reading, self._left = [], [], Reading(), SOLUTION_SECONDS
        return 0

    def _read(self, kind: str, text: str, *, grown: bool) -> list[tuple[Any, ...]]:
        seconds = max(0.0, self._left)
        try:
            if kind != "text":
                self._reading.output(text, seconds * OUTPUT_SHARE)
                return []
            read = self._reading.grown if grown else self._reading.text
            return [astuple(claim) for claim in read(text, seconds)]
        except MemoryError:
            self._reading = Reading()
            return [(0, min(80, len(text)), text[:80], "unchecked", "", "memory")]


def main() -> int:
    """Serve until the input ends."""
    limit_memory(MEMORY)
    symbolic.warm()
    serve_requests(CheckingWorker().answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
