"""Judges answers and statements for the data engine: the strict grader and the checker of ``tutor check``.

One judge serves many threads. Both work in processes of their own, which are started at first use.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from tutor_app.adapters.checking.checker import Checker
from tutor_app.adapters.grading.grader import Grader
from tutor_app.core.claims import Claim
from tutor_app.core.parts import Output, Part, Text


class Judge:
    """Close it when it is no longer needed."""

    def __init__(self) -> None:
        self._grader, self._checker = Grader(), Checker()
        self._lock = threading.Lock()

    def equal(self, gold: str, answer: str) -> bool:
        """Whether an answer is the gold one, strictly."""
        return bool(answer.strip()) and self._grader.grade(gold, answer, mode="strict").verdict == "correct"

    def false_statements(self, parts: Sequence[Part]) -> list[Claim]:
        """The statements of a solution that are certainly false.

        Raises:
            HostFault: If nothing can be checked.
        """
        pieces = [
            ("text", p.text) if isinstance(p, Text) else ("output", p.stdout or p.value)
            for p in parts
            if isinstance(p, Text | Output)
        ]
        with self._lock:
            found = self._checker.check(pieces)
        return [claim for claims in found for claim in claims if claim.verdict == "false"]

    def close(self) -> None:
        """End both processes."""
        self._grader.close()
        self._checker.close()

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
