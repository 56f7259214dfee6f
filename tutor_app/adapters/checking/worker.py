"""The checking process: what a text holds may take any time or memory to compute, so it is computed here.

Run by path as a child of :mod:`tutor_app.adapters.checking.checker`. A request has ``pieces``, the whole solution so
far as pairs of a kind (``text``, ``output``) and its text; the answer has ``claims``, a list for each piece. What was
read for the request before is kept, so that a solution that grows is read once. Or it has ``problem``, ``answer`` and
``outputs``, and the answer has ``verdict``.
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
from tutor_app.adapters.checking.reading import PIECE_SECONDS, Reading
from tutor_app.adapters.wire import limit_memory, serve_requests

MEMORY: Final = 1 << 30


class Worker:
    """Answers requests, and remembers the solution of the last one."""

    def __init__(self) -> None:
        self._pieces: list[list[str]] = []
        self._claims: list[list[tuple[Any, ...]]] = []
        self._reading = Reading()

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The claims of every piece, or the verdict of an answer."""
        if "problem" in request:
            return {"verdict": astuple(check_answer(request["problem"], request["answer"], request["outputs"]))}
        pieces: list[list[str]] = request["pieces"]
        known = len(self._pieces)
        if pieces[:known] != self._pieces:
            self._pieces, self._claims, self._reading, known = [], [], Reading(), 0
        end = time.monotonic() + PIECE_SECONDS
        for kind, text in pieces[known:]:
            found: list[tuple[Any, ...]] = []
            try:
                if kind == "text":
                    found = [astuple(claim) for claim in self._reading.text(text, end - time.monotonic())]
                else:
                    self._reading.output(text, end - time.monotonic())
            except MemoryError:
                self._reading = Reading()
                found = [(0, min(80, len(text)), text[:80], "unchecked", "", "memory")]
            self._pieces.append([kind, text])
            self._claims.append(found)
        return {"claims": self._claims}


def main() -> int:
    """Serve until the input ends."""
    limit_memory(MEMORY)
    symbolic.warm()
    serve_requests(Worker().answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
