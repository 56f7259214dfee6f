"""A recording of how a block of code ran, step by step, and a way to walk through it.

A recording is a value with a JSON form; walking forward and back runs nothing again. How it is made is no
business of this module.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from tutor_app.core.terminal import settled

VERSION: Final = 1

Event = Literal["line", "call", "return", "error", "end"]
Kind = Literal[
    "number", "text", "logical", "nothing", "symbolic", "matrix", "sequence", "mapping", "figure", "function", "object"
]
_KEYFRAME: Final = 64


class TraceFormatError(ValueError):
    """The JSON is not a recording this version can read."""


@dataclass(frozen=True, slots=True)
class Variable:
    """The value of a name, as it was; exact for numbers, bounded for what is large.

    Attributes:
        name: In the code.
        kind: What sort of value.
        text: For reading; empty where the name was deleted.
        latex: For SymPy's values, else empty.
    """

    name: str
    kind: Kind
    text: str
    latex: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One moment: what is about to run, and what the statement before has changed.

    Attributes:
        line: Line of the block, from 1.
        event: ``line`` (about to run it); ``call`` and ``return`` (a function of the block begins, ends);
            ``error``; ``end``.
        depth: 0 for the block itself, 1 inside a function it calls, and so on.
        function: Name of the function, empty for the block itself.
        changed: Names of this frame that are new, different or deleted since its step before.
        output: Characters printed so far.
        figures: Figures drawn so far.
    """

    line: int
    event: Event
    depth: int = 0
    function: str = ""
    changed: tuple[Variable, ...] = ()
    output: int = 0
    figures: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """A recording.

    Attributes:
        source: The block.
        steps: In order.
        output: All that was printed, its carriage returns included.
        stopped: Why recording ended before the block did, in words, or empty.
    """

    source: str
    steps: tuple[Step, ...]
    output: str = ""
    stopped: str = ""

    def to_json(self) -> str:
        """The recording as JSON text."""
        return json.dumps({"version": VERSION} | asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """Read what :meth:`to_json` wrote.

        Raises:
            TraceFormatError: If it is something else.
        """
        try:
            data = json.loads(text)
            if data["version"] > VERSION:
                raise TraceFormatError("The recording was made by a newer version of this program.")
            return cls(data["source"], tuple(map(step_from, data["steps"])), data["output"], data["stopped"])
        except (ValueError, KeyError, TypeError) as e:
            if isinstance(e, TraceFormatError):
                raise
            raise TraceFormatError("This is not a recording of a run.") from None


def step_from(data: Mapping[str, Any]) -> Step:
    """A step from its JSON form.

    Raises:
        KeyError, TypeError, ValueError: If it is none.
    """
    return Step(
        line=int(data["line"]),
        event=data["event"],
        depth=int(data.get("depth", 0)),
        function=str(data.get("function", "")),
        changed=tuple(
            Variable(str(v["name"]), v["kind"], str(v["text"]), str(v.get("latex", "")))
            for v in data.get("changed", ())
        ),
        output=int(data.get("output", 0)),
        figures=int(data.get("figures", 0)),
    )


Frame = dict[str, Variable]


class Replay:
    """Walks a recording; position -1 is before the first step.

    Args:
        trace: The recording.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.position = -1
        self._keyframes: list[tuple[Frame, ...]] = [({},)]

    def forward(self) -> bool:
        """Go one step on; False at the end."""
        return self.go(self.position + 1)

    def back(self) -> bool:
        """Go one step back; False at the start."""
        return self.go(self.position - 1)

    def go(self, position: int) -> bool:
        """Go to a step; False, and no move, if there is none."""
        if not -1 <= position < len(self.trace.steps):
            return False
        self.position = position
        return True

    @property
    def step(self) -> Step | None:
        """The step here."""
        return self.trace.steps[self.position] if self.position >= 0 else None

    @property
    def output(self) -> str:
        """What had been printed by now."""
        return settled(self.trace.output[: self.step.output]) if self.step else ""

    def frames(self) -> tuple[Mapping[str, Variable], ...]:
        """Names and values of each frame at this step, the block's own first, the innermost last."""
        count = self.position + 1
        while len(self._keyframes) <= count // _KEYFRAME:
            start = (len(self._keyframes) - 1) * _KEYFRAME
            self._keyframes.append(self._fold(self._keyframes[-1], start, start + _KEYFRAME))
        start = count // _KEYFRAME * _KEYFRAME
        frames = self._fold(self._keyframes[count // _KEYFRAME], start, count)
        depth = self.step.depth if self.step else 0
        return frames[: depth + 1]

    def _fold(self, frames: tuple[Frame, ...], start: int, end: int) -> tuple[Frame, ...]:
        """The frames after the steps from ``start`` to ``end`` (exclusive)."""
        stack = [dict(f) for f in frames]
        for step in self.trace.steps[start:end]:
            if step.event == "call":
                del stack[step.depth :]
            del stack[step.depth + 1 :]
            while len(stack) <= step.depth:
                stack.append({})
            for variable in step.changed:
                if variable.text:
                    stack[step.depth][variable.name] = variable
                else:
                    stack[step.depth].pop(variable.name, None)
        return tuple(stack)
