"""The frames of a step, made when they are asked for: a deep recursion has thousands, and a screen shows a few."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tutor_app.core.trace_values import Frame, Variable


class Frames(Sequence[Frame]):
    """The frames under way at a step, the block's own first.

    Args:
        stack: Their numbers.
        variables: Of every frame its names, each with the index of its value.
        lines: Of every frame the line where it is.
        changed: The names that have just changed, by frame.
        values: Every value of the recording.
        function_of: Gives the name of a frame's function.
    """

    def __init__(
        self,
        stack: Sequence[int],
        variables: Mapping[int, Mapping[str, int]],
        lines: Mapping[int, int],
        changed: Mapping[int, frozenset[str]],
        values: Sequence[Variable],
        function_of: Callable[[int], str],
    ) -> None:
        self._stack, self._variables, self._lines, self._changed = stack, variables, lines, changed
        self._values, self._function_of = values, function_of

    def __len__(self) -> int:
        return len(self._stack)

    def __getitem__(self, index: Any) -> Any:
        """A frame; a slice gives a tuple."""
        if isinstance(index, slice):
            return tuple(map(self._frame, self._stack[index]))
        return self._frame(self._stack[index])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frames | tuple) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def with_changes(self) -> tuple[Frame, ...]:
        """The frames in which something has just changed."""
        return tuple(map(self._frame, sorted((n for n in self._changed if n in self._stack), key=self._stack.index)))

    def _frame(self, number: int) -> Frame:
        return Frame(
            number,
            self._function_of(number),
            self._lines.get(number, 0),
            tuple(self._values[v] for v in self._variables.get(number, {}).values()),
            self._changed.get(number, frozenset()),
        )
