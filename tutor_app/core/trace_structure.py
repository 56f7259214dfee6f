"""Loops and calls, found in the steps of a recording."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tutor_app.core.code_outline import LOOPS, Outline
from tutor_app.core.trace_columns import Columns
from tutor_app.core.trace_values import Call, Loop

_LINE: Final = 0


@dataclass(slots=True)
class _Run:
    """A run of a loop that is being read."""

    statement: int
    first: int
    parent: int
    last: int = 0
    turns: list[int] = field(default_factory=list)
    at_head: bool = True


def loops_of(
    outline: Outline, events: array[int], statements: array[int], frames: array[int], depths: array[int]
) -> tuple[tuple[Loop, ...], array[int]]:
    """Every run of a loop, and for each step the innermost one under way (-1 for none).

    Args:
        outline: Of the source.
        events: Of each step.
        statements: Of each step.
        frames: Of each step.
        depths: Of each step.
    """
    runs: list[_Run] = []
    innermost = array("i")
    open_runs: dict[int, list[int]] = {}  # by frame
    around: list[int] = []  # innermost run at each depth
    known = outline.statements
    wanted_of = [(*s.loops, i) if isinstance(s.node, LOOPS) else s.loops for i, s in enumerate(known)]
    for i, (event, statement, frame, depth) in enumerate(zip(events, statements, frames, depths, strict=True)):
        del around[depth:]
        outside = around[-1] if around else -1
        stack = open_runs.setdefault(frame, [])
        wanted = wanted_of[statement] if event == _LINE and 0 <= statement < len(known) else None
        if wanted is None:  # a call, a return, an error or the end: the loops of the frame stay as they are
            if event != _LINE and event != 1 and stack:
                runs[stack[-1]].last = i
        else:
            kept = 0
            while kept < min(len(stack), len(wanted)) and runs[stack[kept]].statement == wanted[kept]:
                kept += 1
            del stack[kept:]
            for loop in wanted[kept:]:
                runs.append(_Run(loop, i, stack[-1] if stack else outside))
                stack.append(len(runs) - 1)
            for at in stack:
                run = runs[at]
                is_head = statement == run.statement
                if not is_head and run.at_head:
                    run.turns.append(i)
                run.at_head = is_head
        current = stack[-1] if stack else outside
        around.append(current)
        innermost.append(current)
        at = current
        while at != -1 and runs[at].last < i:
            runs[at].last = i
            at = runs[at].parent
    loops = []
    for index, run in enumerate(runs):
        head = known[run.statement]
        loops.append(
            Loop(index, run.statement, head.line, head.end_line, run.first, run.last, tuple(run.turns), run.parent)
        )
    return tuple(loops), innermost


def calls_of(c: Columns, function_of: Callable[[int], str]) -> tuple[Call, ...]:
    """Every call of a function of the block, in the order in which they began.

    Args:
        c: The steps.
        function_of: The name of the function of a frame.
    """
    begun: dict[int, int] = {}
    ended: dict[int, int] = {}
    last: dict[int, int] = {}
    for i, (event, frame) in enumerate(zip(c["event"], c["frame"], strict=True)):
        last[frame] = i
        if event == 1:
            begun.setdefault(frame, i)
        elif event in (2, 3) and frame:
            ended[frame] = i
    changes, changed, variables = c["changes"], c["changed"], c.variables
    found = []
    for frame, first in begun.items():
        end = ended.get(frame)
        value = c["value"][end] if end is not None else -1
        given = changed[changes[first - 1] if first else 0 : changes[first]]
        found.append(
            Call(
                function_of(frame),
                frame,
                c["line"][first],
                first,
                last[frame] if end is None else end,
                c["depth"][first],
                tuple(variables[v] for v in given),
                None if value < 0 else variables[value],
            )
        )
    return tuple(found)
