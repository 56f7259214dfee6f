"""A recording as it comes from a worker: every number and every text is checked, as nothing of it can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tutor_app.core.parts import Figure, Output
from tutor_app.core.trace import Recording
from tutor_app.core.trace_columns import Columns
from tutor_app.core.trace_values import EVENTS, Record
from tutor_app.text.clean import clean_variable, visible

MAX_STEPS: Final = 50_000
MAX_NOTED: Final = 250_000
MAX_RECORDED: Final = 32 << 20
"""Characters of all values together; well above what the recorder itself keeps to."""
MAX_DEPTH: Final = 10_000
MAX_CHANGED: Final = 1_000
MAX_NUMBER: Final = 2**31 - 1


class Received:
    """Steps of one block, as they come.

    Args:
        code: The block.
        record: What was asked for.
    """

    def __init__(self, code: str, record: Record) -> None:
        self._record = record
        self._steps = max(1, min(record.steps, MAX_STEPS))
        self._columns = Columns()
        self._empty = Recording(code, self._columns)
        self._statements = len(self._empty.outline.statements)
        self._lines = max(len(self._empty.outline.lines), 1)
        self._known: dict[tuple[str, ...], int] = {}
        self._characters = self._frames = 0
        self._depth = -1
        self._ended = False
        self._stopped = ""

    def asked(self) -> dict[str, Any]:
        """The part of the command that asks the worker to record."""
        record = self._record
        return {"record_steps": self._steps, "expressions": record.expressions, "watches": list(record.watches)}

    def take(self, message: dict[str, Any]) -> None:
        """Take in some steps.

        Raises:
            ValueError, TypeError, KeyError: If they are none, or more than a recorder sends.
        """
        for step in message["steps"]:
            self._take_step(*step)
        for note in message["noted"]:
            self._take_note(*note)
        self._stopped = visible(str(message.get("stopped", ""))[:300])

    def _take_step(
        self,
        event: Any,
        statement: Any,
        line: Any,
        frame: Any,
        depth: Any,
        printed: Any,
        drawn: Any,
        changed: Any,
        outer: Any,
        value: Any,
    ) -> None:
        numbers = (event, statement, line, frame, depth, printed, drawn)
        if not all(type(n) is int for n in numbers) or not (
            0 <= event < len(EVENTS)
            and -1 <= statement < self._statements
            and 0 <= line <= self._lines
            and 0 <= frame <= self._frames + 1
            and 0 <= depth <= min(self._depth + 1, MAX_DEPTH)
            and 0 <= printed <= MAX_NUMBER
            and 0 <= drawn <= MAX_NUMBER
        ):
            raise ValueError("a number of a recording is out of its range")
        if len(self._columns) > self._steps + 1 or self._ended or len(changed) + len(outer) > MAX_CHANGED:
            raise ValueError("more steps than a recorder sends")
        for number, _ in outer:
            _check(number, 0, self._frames)
        self._columns.add(
            event,
            statement,
            line,
            frame,
            depth,
            output=printed,
            figures=drawn,
            changed=map(self._variable, changed),
            outer=((number, self._variable(c)) for number, c in outer),
            value=-1 if value is None else self._variable(["", *value]),
        )
        self._depth, self._frames = depth, max(self._frames, frame)
        self._ended = EVENTS[event] == "end"

    def _take_note(self, step: Any, node: Any, kind: Any, text: Any, latex: Any) -> None:
        _check(step, 0, len(self._columns) - 1)
        _check(node, -len(self._record.watches), len(self._empty.outline.expressions) - 1)
        if len(self._columns["noted"]) >= MAX_NOTED:
            raise ValueError("more values than a recorder sends")
        self._columns.note(step, node, self._variable(["", kind, text, latex]))

    def _variable(self, data: Any) -> int:
        key = tuple(data)
        found = self._known.get(key)
        if found is None:
            clean = clean_variable(*key)
            found = self._known[key] = self._columns.keep(clean)
            self._characters += len(clean.name) + len(clean.text) + len(clean.latex)
            if self._characters > MAX_RECORDED:
                raise ValueError("more values than a recorder sends")
        return found

    def recording(self, output: Output, figures: Sequence[Figure], printed: str) -> Recording:
        """The recording of a block that has ended.

        Args:
            output: What came of it.
            figures: Drawn by it.
            printed: All that it printed.
        """
        stopped = self._stopped
        if output.status not in ("ok", "error") and not stopped:
            stopped = "Recording stopped because the block was cut short."
        return Recording(self._empty.source, self._columns, output, figures, printed, stopped, self._record.watches)


def _check(number: Any, least: int, most: int) -> None:
    if type(number) is not int or not least <= number <= most:
        raise ValueError("a number of a recording is out of its range")
