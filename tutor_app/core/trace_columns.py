"""The steps of a recording as columns of numbers, and each different value once.

Tens of thousands of steps stay small in memory and in JSON, and any of them is found at once.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import chain
from operator import le, sub
from typing import Any, Final

from tutor_app.core.trace_values import EVENTS, KINDS, Variable

_NONE: Final = -1
_COLUMNS: Final = (
    "event", "statement", "line", "frame", "depth", "output", "figures", "value", "changes", "changed", "outer",
    "outer_frame", "outer_variable", "noted", "noted_node", "noted_variable",
)  # fmt: skip


class Columns:
    """The steps as numbers: one array a property, and the different values.

    ``changes`` and ``outer`` hold, for each step, where its own changes (``changed``) and those of the frames around
    (``outer_frame`` and ``outer_variable``) end. ``noted`` is the step of each value of an expression.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, array[int]] = {name: array("i") for name in _COLUMNS}
        self.variables: list[Variable] = []
        self._known: dict[Variable, int] = {}

    def __getitem__(self, name: str) -> array[int]:
        return self.arrays[name]

    def __len__(self) -> int:
        return len(self.arrays["event"])

    def keep(self, variable: Variable) -> int:
        """The number of a value; the same for an equal one."""
        number = self._known.get(variable)
        if number is None:
            number = self._known[variable] = len(self.variables)
            self.variables.append(variable)
        return number

    def add(
        self,
        event: int,
        statement: int,
        line: int,
        frame: int,
        depth: int,
        *,
        output: int = 0,
        figures: int = 0,
        changed: Iterable[int] = (),
        outer: Iterable[tuple[int, int]] = (),
        value: int = _NONE,
    ) -> None:
        """Append a step; its values by the numbers that :meth:`keep` gives.

        Args:
            event: Its index in :data:`EVENTS`.
            statement: Index of the statement, -1 for none.
            line: From 1.
            frame: Number of the frame.
            depth: Of the frame.
            output: Characters printed so far.
            figures: Figures drawn so far.
            changed: Names of this frame.
            outer: Names of frames around it, each with the number of its frame.
            value: What a call returned, -1 for nothing.
        """
        a = self.arrays
        a["event"].append(event)
        a["statement"].append(statement)
        a["line"].append(line)
        a["frame"].append(frame)
        a["depth"].append(depth)
        a["output"].append(output)
        a["figures"].append(figures)
        a["value"].append(value)
        a["changed"].extend(changed)
        a["changes"].append(len(a["changed"]))
        for number, variable in outer:
            a["outer_frame"].append(number)
            a["outer_variable"].append(variable)
        a["outer"].append(len(a["outer_frame"]))

    def note(self, step: int, node: int, value: int) -> None:
        """Append the number of the value of an expression that the line of ``step`` evaluated."""
        self.arrays["noted"].append(step)
        self.arrays["noted_node"].append(node)
        self.arrays["noted_variable"].append(value)


def columns_from(data: Any) -> Columns:
    """The steps of a JSON form, checked: whoever reads them may rely on every number.

    Raises:
        ValueError, KeyError, TypeError, OverflowError, IndexError: If they are none.
    """
    columns = Columns()
    names, kinds, texts, latexes = zip(*data["variables"], strict=True) if data["variables"] else ((),) * 4
    if set(map(type, chain(names, texts, latexes))) - {str}:
        raise TypeError("a variable is no text")
    columns.variables.extend(map(Variable, names, map(KINDS.__getitem__, kinds), texts, latexes))
    for name in _COLUMNS:
        columns.arrays[name] = array("i", data["steps"][name])
    a = columns.arrays
    count, most = len(a["event"]), len(columns.variables)
    steps = (*_COLUMNS[:9], "outer")
    paired = [("outer_frame", "outer_variable"), ("noted", "noted_node"), ("noted", "noted_variable")]
    fits = (
        all(len(a[name]) == count for name in steps)
        and all(len(a[x]) == len(a[y]) for x, y in paired)
        and _within(a["event"], 0, len(EVENTS))
        and _within(a["value"], _NONE, most)
        and all(_within(a[name], 0, most) for name in ("changed", "outer_variable", "noted_variable"))
        and _within(a["noted"], 0, count)
        and _ascends(a["changes"], len(a["changed"]))
        and _ascends(a["outer"], len(a["outer_frame"]))
        and all(min(a[name], default=0) >= 0 for name in ("line", "frame", "depth", "output", "figures"))
        and _is_nested(a["depth"])
    )
    if not fits:
        raise ValueError("the steps do not fit together")
    return columns


def _within(numbers: array[int], least: int, bound: int) -> bool:
    return not numbers or (least <= min(numbers) and max(numbers) < bound)


def _ascends(ends: array[int], last: int) -> bool:
    return all(map(le, chain((0,), ends), ends)) and (ends[-1] if ends else 0) == last


def _is_nested(depths: array[int]) -> bool:
    """Whether no step is more than one frame deeper than the one before."""
    return max(map(sub, depths, chain((_NONE,), depths)), default=0) <= 1
