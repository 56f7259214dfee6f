"""The ways on which a student's work goes: a line need not go on from the one before.

It may come back to a case or a side calculation begun before, or to what stood before a line that differs. A line that
only differs from the one before it is a mistake if the work goes on from it, and one beside the way if a later line
goes on from what stood before it. What is false by itself stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from tutor_app.adapters.checking.work.compare import Comparison
from tutor_app.adapters.checking.work.state import Found, State
from tutor_app.adapters.checking.work.values import agree
from tutor_app.core.work import FAULTS, LineVerdict

MOST_WAYS: Final = 4
"""To which a line may come back, of each kind."""


class Ways:
    """Remembers where a work may go on."""

    def __init__(self, state: State, comparison: Comparison, judged: Callable[[str], Found]) -> None:
        """Begin without any.

        Args:
            state: What has been said so far; it is put to another way and back.
            comparison: Of the same work.
            judged: The finding about a line as the next step.
        """
        self._state = state
        self._comparison = comparison
        self._judged = judged
        self._begun: list[State] = []
        self._differing: list[tuple[int, State, bool]] = []
        self._beside: set[int] = set()

    def begin(self, state: State) -> None:
        """Remember a case or side line, to which later ones may come back."""
        self._begun = [*self._begun[-MOST_WAYS + 1 :], state]

    def elsewhere(self, text: str, start: State, found: Found) -> Found:
        """The finding about a line on the way on which it goes on.

        Args:
            text: The line.
            start: What was said before it.
            found: The finding about it as the next step.
        """
        after = self._state.saved()
        other = self._begun_before(text, start) if found.kind in FAULTS else None
        if other is None and found.kind not in ("equivalent", "empty", "words"):
            other = self._from_before(text, found)
        if other is not None:
            return other
        self._state.restore(after)
        if found.kind in FAULTS and not found.alone:
            self._differing = [*self._differing[-MOST_WAYS + 1 :], (self._comparison.place, start, "=" in text)]
        return found

    def _begun_before(self, text: str, start: State) -> Found | None:
        """As the next step of a case or side line; None if it is none."""
        sets = dict(self._comparison.sets)
        for k, begun in reversed(list(enumerate(self._begun))):
            self._state.restore(begun)
            found = self._judged(text)
            if found.kind in ("equivalent", "follows"):
                self._begun[k] = self._state.saved()
                self._state.restore(start)
                return found
            self._comparison.sets = dict(sets)
        return None

    def _from_before(self, text: str, next_step: Found) -> Found | None:
        """As a step from what stood before a line that differs, which then is beside the way; None if it is none."""
        sets = dict(self._comparison.sets)
        for place, before, is_identity in reversed(self._differing):
            self._state.restore(before)
            found = self._judged(text)
            is_new = next_step.kind in FAULTS or (is_identity and self._reaches_result())
            if found.kind == "equivalent" or (found.kind == "follows" and is_new):
                self._beside.update(p for p, _, _ in self._differing if p >= place)
                self._differing = [each for each in self._differing if each[0] < place]
                self._comparison.sets = {p: told for p, told in self._comparison.sets.items() if p not in self._beside}
                return found
            self._comparison.sets = dict(sets)
        return None

    def _reaches_result(self) -> bool:
        """Whether the last line is the derivative that the problem asks for."""
        wanted, last = self._state.derived, self._state.expression
        return wanted is not None and last is not None and agree(wanted, last[0])

    def without_lines_beside(self, lines: Sequence[LineVerdict]) -> list[LineVerdict]:
        """The verdicts, where those of lines beside the way are no mistakes."""
        return [
            replace(line, kind="new", counterexample="", slip="") if k in self._beside else line
            for k, line in enumerate(lines)
        ]
