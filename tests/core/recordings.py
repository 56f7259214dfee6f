"""Recordings made by hand, for the tests of what reads them."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from tutor_app.core.code_outline import Outline
from tutor_app.core.parts import Output
from tutor_app.core.trace import Recording
from tutor_app.core.trace_columns import Columns
from tutor_app.core.trace_values import EVENTS, Event, Variable

AREA = "a = 21\nc = 6\narea = a * c\nh = 2*area/a\nprint(h)"
CALLS = """\
def f(n):
    m = n + 1
    return m
b = 2
for i in range(2):
    b = f(b)
print(b)"""


def number(name: str, value: object) -> Variable:
    return Variable(name, "number", str(value))


class Writer:
    """Writes a recording line by line; statements are found by their lines."""

    def __init__(self, source: str) -> None:
        self.source, self.outline, self.columns = source, Outline(source), Columns()

    def step(
        self,
        line: int,
        *changed: Variable,
        event: Event = "line",
        frame: int = 0,
        depth: int = 0,
        output: int = 0,
        value: Variable | None = None,
        outer: Sequence[tuple[int, Variable]] = (),
    ) -> int:
        """Append a step; returns its index."""
        first = next((i for i, s in enumerate(self.outline.statements) if s.line == line), -1)
        self.columns.add(
            EVENTS.index(event),
            first,
            line,
            frame,
            depth,
            output=output,
            changed=map(self.columns.keep, changed),
            outer=[(number, self.columns.keep(v)) for number, v in outer],
            value=-1 if value is None else self.columns.keep(value),
        )
        return len(self.columns) - 1

    def note(self, step: int, part: str, value: Variable) -> None:
        """Give the first expression of that source, in the statement of the step, its value."""
        at = self.columns["statement"][step]
        number = next(
            n for n, (s, node) in enumerate(self.outline.expressions) if s == at and ast.unparse(node) == part
        )
        self.columns.note(step, number, self.columns.keep(value))

    def done(self, printed: str = "", result: Output | None = None, stopped: str = "") -> Recording:
        return Recording(self.source, self.columns, result, (), printed, stopped)


def area() -> Recording:
    """Five lines without calls, the fourth with its expression worked out."""
    w = Writer(AREA)
    w.step(1)
    w.step(2, number("a", 21))
    w.step(3, number("c", 6))
    at = w.step(4, number("area", 126))
    for part, value in (("area", 126), ("2 * area", 252), ("a", 21), ("2 * area / a", 12.0)):
        w.note(at, part, number("", value))
    w.step(5, number("h", 12.0))
    w.step(5, event="end", output=5)
    return w.done("12.0\n")


def calls() -> Recording:
    """A loop of two turns, each with a call."""
    w = Writer(CALLS)
    w.step(1)
    w.step(4, Variable("f", "function", "f(n)"))
    w.step(5, number("b", 2))
    for turn in (0, 1):
        b = 2 + turn
        w.step(6, number("i", turn))
        w.step(1, number("n", b), event="call", frame=turn + 1, depth=1)
        w.step(2, frame=turn + 1, depth=1)
        w.step(3, number("m", b + 1), frame=turn + 1, depth=1)
        w.step(1, event="return", frame=turn + 1, depth=1, value=number("", b + 1))
        w.step(5, number("b", b + 1))
    w.step(7)
    w.step(7, event="end", output=2)
    return w.done("4\n")
