"""A recording of how a block of code ran: every step of it, to be walked forward and back without running anything.

What a screen, a printer or a terminal reads:

* ``recording[i]`` is a :class:`~tutor_app.core.trace_values.Step`; ``len(recording)`` counts them.
* :meth:`Recording.frames`, :meth:`Recording.printed_at`, :meth:`Recording.figures_at` are the state at a step, before
  its line runs. :func:`tutor_app.core.trace_values.shown` says how to typeset a variable.
* :meth:`Recording.forward` and :meth:`Recording.over` and their kind find the step to go to, in both directions.
* :attr:`Recording.loops`, :meth:`Recording.loops_at`, :attr:`Recording.calls`, :meth:`Recording.where_changes`.
* :mod:`tutor_app.core.unfolding` gives the calculation of a line, :mod:`tutor_app.core.narration` the step in words.

A recording is a value with a JSON form. It keeps its steps as columns of numbers and each different value once, so that
tens of thousands of steps stay small; any step is found in bounded time. How it is made is no business of this module.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

from tutor_app.core.code_outline import Outline
from tutor_app.core.part_json import TranscriptFormatError
from tutor_app.core.parts import Code, CodeError, Figure, Output, Part
from tutor_app.core.terminal import settled
from tutor_app.core.trace_columns import Columns as Columns
from tutor_app.core.trace_columns import columns_from
from tutor_app.core.trace_frames import Frames
from tutor_app.core.trace_structure import calls_of, loops_of
from tutor_app.core.trace_values import EVENTS, KINDS, Call, Loop, Step, Variable
from tutor_app.core.transcript import Transcript

VERSION: Final = 3
LINE, CALL, RETURN, ERROR, END = range(5)
_SPACING: Final = 128
_MOST_KEPT: Final = 200_000
"""Frames in all states that are kept; of a deep recursion fewer states are kept, farther apart."""
_NONE: Final = -1


class TraceFormatError(ValueError):
    """The JSON is not a recording this version can read."""


_State = tuple[tuple[int, ...], dict[int, dict[str, int]], dict[int, int]]
"""Numbers of the frames under way, and of every frame its variables and its line."""


class Recording(Sequence[Step]):
    """A recorded run; see the module.

    Args:
        source: The block.
        columns: Its steps.
        result: What the run gave in the end; its error holds the hint in plain words.
        figures: What it drew.
        printed: All that was printed, its carriage returns included.
        stopped: Why recording ended before the block did, or what is not in it, in words; or empty.
        watches: Expressions that were evaluated at each step.
    """

    def __init__(
        self,
        source: str,
        columns: Columns,
        result: Output | None = None,
        figures: Sequence[Figure] = (),
        printed: str = "",
        stopped: str = "",
        watches: Sequence[str] = (),
    ) -> None:
        self.source = source
        self.watches = tuple(watches)
        self.result = result or Output()
        self.figures = tuple(figures)
        self.printed = printed
        self.stopped = stopped
        self.columns = columns
        self._keyframes: list[_State] = [((), {}, {})]
        self._spacing = _SPACING
        self._kept = 0
        self._last: tuple[int, _State] = (_NONE, self._keyframes[0])

    # ---------------------------------------------------------------------------------- steps

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, index: Any) -> Any:
        """A step; negative indices count from the end, a slice gives a tuple."""
        if isinstance(index, slice):
            return tuple(self.step(i) for i in range(*index.indices(len(self))))
        return self.step(index if index >= 0 else index + len(self))

    def __iter__(self) -> Iterator[Step]:
        return (self.step(i) for i in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recording) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    def step(self, i: int) -> Step:
        """Step ``i``, from 0.

        Raises:
            IndexError: If there is none.
        """
        if not 0 <= i < len(self):
            raise IndexError(f"there is no step {i}")
        c = self.columns
        value = c["value"][i]
        return Step(
            i,
            c["line"][i],
            EVENTS[c["event"][i]],
            c["depth"][i],
            self.function_of(c["frame"][i]),
            c["frame"][i],
            c["statement"][i],
            () if self._is_beginning(i) else self._named(i),
            None if value < 0 else c.variables[value],
            c["output"][i],
            c["figures"][i],
        )

    @property
    def carried(self) -> tuple[Variable, ...]:
        """What the blocks before have left, known when this one begins; nothing of it is a change of this one."""
        return self._named(0) if self._is_beginning(0) else ()

    def _is_beginning(self, i: int) -> bool:
        """Whether nothing of the block has run yet; a recording of its end alone has no such step."""
        return i == 0 and len(self) > 0 and self.columns["event"][0] == LINE

    def _named(self, i: int) -> tuple[Variable, ...]:
        return tuple(self.columns.variables[v] for v in self._changed(i))

    def _changed(self, i: int) -> array[int]:
        ends = self.columns["changes"]
        return self.columns["changed"][ends[i - 1] if i else 0 : ends[i]]

    def _outer(self, i: int) -> range:
        ends = self.columns["outer"]
        return range(ends[i - 1] if i else 0, ends[i])

    @cached_property
    def outline(self) -> Outline:
        """The numbered statements of the source."""
        return Outline(self.source)

    @cached_property
    def _functions(self) -> dict[int, str]:
        found = {0: ""}
        statements = self.outline.statements
        for frame, statement in zip(self.columns["frame"], self.columns["statement"], strict=True):
            if frame not in found:
                found[frame] = statements[statement].function if 0 <= statement < len(statements) else ""
        return found

    def function_of(self, frame: int) -> str:
        """Name of the function of a frame, empty for the block's own."""
        return self._functions.get(frame, "")

    # ---------------------------------------------------------------------------------- state

    def frames(self, i: int) -> Frames:
        """Names and values of each frame at step ``i``, the block's own first, the innermost last."""
        if i < 0:
            return Frames((0,), {}, {}, {}, (), self.function_of)
        stack, variables, lines = self._state(i)
        c = self.columns
        marks = {c["frame"][i]: frozenset(v.name for v in self.step(i).changed)}
        for at in self._outer(i):
            number = c["outer_frame"][at]
            marks[number] = marks.get(number, frozenset()) | {c.variables[c["outer_variable"][at]].name}
        return Frames(stack, variables, lines, marks, c.variables, self.function_of)

    def _state(self, i: int) -> _State:
        if self._last[0] == i:  # a step that is shown asks for its names, its calls and its sentence
            return self._last[1]
        while len(self._keyframes) <= i // self._spacing:
            start = (len(self._keyframes) - 1) * self._spacing
            state = self._folded(self._keyframes[-1], start, start + self._spacing)
            self._keyframes.append(state)
            self._kept += len(state[0])
            if self._kept > _MOST_KEPT:
                del self._keyframes[1::2]
                self._spacing *= 2
                self._kept = sum(len(state[0]) for state in self._keyframes)
        wanted = i // self._spacing
        self._last = (i, self._folded(self._keyframes[wanted], wanted * self._spacing, i + 1))
        return self._last[1]

    def _folded(self, state: _State, start: int, end: int) -> _State:
        """The state after the steps from ``start`` to ``end`` (exclusive); what has not changed is shared."""
        stack, variables, lines = list(state[0]), dict(state[1]), dict(state[2])
        own: set[int] = set()  # frames whose variables have been copied
        c = self.columns
        frames, depths, events, numbered = c["frame"], c["depth"], c["event"], c["line"]
        changes, changed, outer = c["changes"], c["changed"], c["outer"]
        ended = _NONE
        changed_at, outer_at = (changes[start - 1], outer[start - 1]) if start else (0, 0)
        for i in range(start, end):
            frame, depth, event = frames[i], depths[i], events[i]
            if ended != _NONE:
                variables.pop(ended, None)
                lines.pop(ended, None)
            ended = frame if depth and event in (RETURN, ERROR) else _NONE
            del stack[depth:]
            stack.append(frame)
            lines[frame] = numbered[i]
            changed_to, outer_to = changes[i], outer[i]
            if changed_at < changed_to:
                self._change(variables, own, frame, changed[changed_at:changed_to])
                changed_at = changed_to
            for at in range(outer_at, outer_to):
                self._change(variables, own, c["outer_frame"][at], (c["outer_variable"][at],))
            outer_at = outer_to
        return tuple(stack), variables, lines

    def _change(self, variables: dict[int, dict[str, int]], own: set[int], frame: int, numbers: Iterable[int]) -> None:
        """Put changed values into the names of a frame, a copy of those of the keyframe."""
        if frame not in own:
            own.add(frame)
            variables[frame] = dict(variables.get(frame, {}))
        names = variables[frame]
        for number in numbers:
            variable = self.columns.variables[number]
            if variable.text:
                names[variable.name] = number
            else:
                names.pop(variable.name, None)

    def printed_at(self, i: int) -> str:
        """What had been printed by step ``i``, as on a terminal."""
        return settled(self.printed[: self.columns["output"][i]]) if i >= 0 else ""

    def figures_at(self, i: int) -> tuple[Figure, ...]:
        """What had been drawn by step ``i``."""
        return self.figures[: self.columns["figures"][i]] if i >= 0 else ()

    @cached_property
    def error_step(self) -> int | None:
        """Where the error that ended the block was raised; None if it ended well."""
        if not len(self) or self.columns["event"][-1] != ERROR:
            return None
        i = len(self) - 1
        while i and self.columns["event"][i - 1] == ERROR:
            i -= 1
        return i

    @property
    def error(self) -> CodeError | None:
        """The error that ended the block, with its hint in plain words."""
        return self.result.error

    # ---------------------------------------------------------------------------------- walking

    def forward(self, i: int) -> int:
        """Into: the next step, or the last one."""
        return min(i + 1, len(self) - 1)

    def back(self, i: int) -> int:
        """The step before, or the first one."""
        return max(i - 1, 0)

    def over(self, i: int) -> int:
        """The next step that is not inside a function called from here, or the last one."""
        return self._shallower(i, 1)

    def back_over(self, i: int) -> int:
        """The step before that is not inside a function called from there, or the first one."""
        return self._shallower(i, -1)

    def _shallower(self, i: int, way: int, depth: int | None = None) -> int:
        depths = self.columns["depth"]
        if i < 0 or not len(self):
            return min(0, len(self) - 1)
        bound = depths[i] if depth is None else depth
        j = i + way
        while 0 <= j < len(depths) and depths[j] > bound:
            j += way
        return min(max(j, 0), len(depths) - 1)

    def out(self, i: int) -> int:
        """The next step of the calling frame, or the last one."""
        return self._shallower(i, 1, self.columns["depth"][i] - 1)

    def back_out(self, i: int) -> int:
        """The step of the calling frame from which this call began, or the first one."""
        return self._shallower(i, -1, self.columns["depth"][i] - 1)

    def find(self, i: int, lines: Iterable[int], *, backwards: bool = False) -> int | None:
        """The next step after ``i`` (or the last before it) about to run one of ``lines``; None if there is none."""
        wanted = set(lines)
        c = self.columns
        way = range(i - 1, -1, -1) if backwards else range(i + 1, len(self))
        return next((j for j in way if c["line"][j] in wanted and c["event"][j] in (LINE, ERROR)), None)

    @cached_property
    def _changes_by_name(self) -> dict[str, array[int]]:
        found: dict[str, array[int]] = {}
        c = self.columns
        for i in range(self._is_beginning(0), len(self)):
            numbers = (*self._changed(i), *(c["outer_variable"][at] for at in self._outer(i)))
            for name in {c.variables[v].name for v in numbers}:
                found.setdefault(name, array("i")).append(i)
        return found

    @cached_property
    def _first_changes(self) -> dict[str, int]:
        found: dict[str, int] = {}
        c = self.columns
        for numbers, ends in ((c["changed"], c["changes"]), (c["outer_variable"], c["outer"])):
            places = dict(zip(reversed(numbers), range(len(numbers) - 1, -1, -1), strict=True))  # the first one stays
            for number, at in places.items():
                name = c.variables[number].name
                step = bisect_right(ends, at)
                if step < found.get(name, len(self)):
                    found[name] = step
        return found

    def is_first_change(self, i: int, name: str) -> bool:
        """Whether ``name`` becomes something for the first time, in any frame, at step ``i``; never a carried one."""
        return self._first_changes.get(name) == i

    def where_changes(self, name: str) -> tuple[int, ...]:
        """The steps at which ``name`` has just become new or different, in any frame."""
        return tuple(self._changes_by_name.get(name, ()))

    def next_change(self, i: int, name: str, *, backwards: bool = False) -> int | None:
        """The next step after ``i`` (or the last before it) at which ``name`` has changed; None if there is none."""
        steps = self._changes_by_name.get(name, array("i"))
        at = bisect_left(steps, i) - 1 if backwards else bisect_right(steps, i)
        return steps[at] if 0 <= at < len(steps) else None

    # ---------------------------------------------------------------------------------- structure

    @cached_property
    def _loops(self) -> tuple[tuple[Loop, ...], array[int]]:
        c = self.columns
        return loops_of(self.outline, c["event"], c["statement"], c["frame"], c["depth"])

    @property
    def loops(self) -> tuple[Loop, ...]:
        """Every run of a loop, in the order in which they began; their ``parent`` makes a tree of them."""
        return self._loops[0]

    def loops_at(self, i: int) -> tuple[tuple[Loop, int], ...]:
        """The loops under way at step ``i``, outermost first, each with its turn: 1 is the first, 0 before it."""
        loops, innermost = self._loops
        found: list[tuple[Loop, int]] = []
        at = innermost[i] if 0 <= i < len(innermost) else _NONE
        while at != _NONE:
            found.append((loops[at], bisect_right(loops[at].turns, i)))
            at = loops[at].parent
        return tuple(reversed(found))

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Every call of a function of the block, in the order in which they began."""
        return calls_of(self.columns, self.function_of)

    @cached_property
    def _call_of_frame(self) -> dict[int, Call]:
        return {call.frame: call for call in self.calls}

    def calls_at(self, i: int) -> tuple[Call, ...]:
        """The calls under way at step ``i``, outermost first."""
        stack = self._state(i)[0] if i >= 0 else ()
        return tuple(self._call_of_frame[f] for f in stack if f in self._call_of_frame)

    def effect(self, i: int) -> int:
        """The step at which the line of step ``i`` has run: its changes, output and figures are those seen there."""
        c = self.columns
        frame = c["frame"][i]
        j = i + 1
        while j < len(self) and c["frame"][j] != frame and c["depth"][j] > c["depth"][i]:
            j += 1
        return min(j, len(self) - 1)

    # ---------------------------------------------------------------------------------- in words and in mathematics

    @cached_property
    def _noted(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for at, step in enumerate(self.columns["noted"]):
            if self.columns["noted_node"][at] >= 0:
                found.setdefault(step, []).append(at)
        return found

    @cached_property
    def _watched(self) -> tuple[tuple[array[int], array[int]], ...]:
        """Of each watch the steps at which its value changed, and the values."""
        found = tuple((array("i"), array("i")) for _ in self.watches)
        c = self.columns
        for step, node, value in zip(c["noted"], c["noted_node"], c["noted_variable"], strict=True):
            if 0 < -node <= len(found):
                found[-1 - node][0].append(step)
                found[-1 - node][1].append(value)
        return found

    def watched_at(self, i: int) -> tuple[Variable, ...]:
        """The value of each of :attr:`watches` at step ``i``; of kind ``error`` (and why) where it has none."""
        values = []
        for source, (steps, numbers) in zip(self.watches, self._watched, strict=True):
            at = bisect_right(steps, i) - 1
            found = self.columns.variables[numbers[at]] if at >= 0 else Variable("", "error", "has no value yet")
            values.append(Variable(source, found.kind, found.text, found.latex))
        return tuple(values)

    def noted_values(self, i: int) -> tuple[tuple[int, Variable], ...]:
        """The expressions that the line of step ``i`` evaluated, by number, in order."""
        c = self.columns
        return tuple((c["noted_node"][at], c.variables[c["noted_variable"][at]]) for at in self._noted.get(i, ()))

    # ---------------------------------------------------------------------------------- JSON

    def to_json(self) -> str:
        """The recording as JSON text."""
        parts: tuple[Part, ...] = (Code(self.source), *self.figures, self.result)
        variables = [[v.name, KINDS.index(v.kind), v.text, v.latex] for v in self.columns.variables]
        return json.dumps(
            {
                "version": VERSION,
                "run": Transcript.of("", *parts).to_dict(),
                "printed": self.printed,
                "stopped": self.stopped,
                "watches": list(self.watches),
                "variables": variables,
                "steps": {name: column.tolist() for name, column in self.columns.arrays.items()},
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Recording:
        """Read what :meth:`to_json` wrote.

        Raises:
            TraceFormatError: If it is something else.
        """
        try:
            data = json.loads(text)
            if data["version"] != VERSION:
                age = "a newer" if data["version"] > VERSION else "an older"
                raise TraceFormatError(f"The recording was made by {age} version of this program. Record it again.")
            parts = Transcript.from_dict(data["run"]).solution
            source = next(p.source for p in parts if isinstance(p, Code))
            result = next(p for p in parts if isinstance(p, Output))
            figures = tuple(p for p in parts if isinstance(p, Figure))
            columns = columns_from(data)
            watches = tuple(map(str, data["watches"]))
            return cls(source, columns, result, figures, str(data["printed"]), str(data["stopped"]), watches)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError, StopIteration, IndexError) as e:
            if isinstance(e, TraceFormatError) and not isinstance(e, TranscriptFormatError):
                raise
            raise TraceFormatError("This is not a recording of a run.") from None
