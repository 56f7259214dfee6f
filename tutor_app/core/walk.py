"""Stepping over whole statements of a recording: a loop or a branch counts as one, with everything it calls.

:meth:`Recording.over` stays out of calls but goes into the bodies of loops and branches; these two do not.
"""

from __future__ import annotations

import ast

from tutor_app.core.trace import Recording


def over_statement(recording: Recording, i: int) -> int:
    """The step after the statement of step ``i`` with all it contains and calls; in a function that ends, its caller.

    Args:
        recording: The recording.
        i: Index of a step.
    """
    c = recording.columns
    frames, depths, events, statements = c["frame"], c["depth"], c["event"], c["statement"]
    step = recording[i]
    if step.event in ("return", "error"):
        return recording.out(i) if step.depth else recording.forward(i)
    first = step.statement
    last = first if step.event == "call" else _last_inside(recording, first)
    last_step = len(recording) - 1
    for p in range(i + 1, len(recording)):
        if depths[p] < depths[i]:
            return p
        if frames[p] == frames[i] and (events[p] != events[i] or not first <= statements[p] <= last):
            return p
    return last_step


def back_over_statement(recording: Recording, i: int) -> int:
    """The step at which the statement before step ``i`` began; at the start of a function, the line that called it.

    Args:
        recording: The recording.
        i: Index of a step.
    """
    c = recording.columns
    frames, depths, statements = c["frame"], c["depth"], c["statement"]
    step = recording[i]
    if step.event == "call":
        return recording.back_out(i)
    p = i - 1
    while p > 0 and depths[p] > depths[i]:
        p -= 1
    if p <= 0 or frames[p] != frames[i]:
        return max(p, 0)
    first, last = _outermost(recording, statements[p], step.statement)
    while p > 0 and (depths[p - 1] > depths[i] or (frames[p - 1] == frames[i] and first <= statements[p - 1] <= last)):
        p -= 1
    return p


def _last_inside(recording: Recording, statement: int) -> int:
    """Number of the last statement inside a statement; numbers follow the source, so all between are inside, too."""
    if statement < 0:
        return statement
    node = recording.outline.statements[statement].node
    return statement + sum(isinstance(n, ast.stmt) for n in ast.walk(node)) - 1


def _outermost(recording: Recording, inside: int, outside: int) -> tuple[int, int]:
    """The outermost statement that holds the one and not the other: its number and its last one's."""
    for number in range(inside + 1):
        last = _last_inside(recording, number)
        if number <= inside <= last and not number <= outside <= last:
            return number, last
    return inside, inside
