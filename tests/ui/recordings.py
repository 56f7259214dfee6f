"""Recordings of trusted code, made in this process by Python's own trace hook: exact, quick, and without a sandbox."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from tutor_app.core.parts import CodeError, Figure, Output
from tutor_app.core.trace import CALL, END, ERROR, LINE, RETURN, Columns, Recording
from tutor_app.core.trace_values import Kind, Variable


def variable(name: str, value: object) -> Variable:
    kinds: dict[type, Kind] = {int: "number", float: "number", bool: "logical", str: "text", list: "sequence"}
    kinds |= {tuple: "sequence", dict: "mapping", type(None): "nothing"}
    if callable(value):
        return Variable(name, "function", f"{getattr(value, '__name__', '?')}()")
    return Variable(name, kinds.get(type(value), "object"), repr(value))


class _Tracer:
    """Writes a step for each event of Python's trace hook."""

    def __init__(self, source: str) -> None:
        self.recording = Recording(source, Columns())
        self.columns = self.recording.columns
        self.out = io.StringIO()
        self.figures: list[Figure] = []
        self._lines: dict[int, int] = {}
        for number, s in reversed(list(enumerate(self.recording.outline.statements))):
            self._lines[s.line] = number
        self._frames: list[tuple[FrameType, int]] = []
        self._seen: dict[int, dict[str, Variable]] = {}
        self._count = 0

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "call":
            inner = frame.f_code.co_name.startswith("<") and bool(self._frames)  # a comprehension or a lambda
            if frame.f_code.co_filename != "<block>" or inner:
                return None
            number = self._count
            self._count += 1
            self._frames.append((frame, number))
            if number:
                self.add(CALL, frame.f_lineno, frame.f_locals)
        elif event == "line":
            self.add(LINE, frame.f_lineno, frame.f_locals)
        elif event == "return":
            if len(self._frames) > 1:
                self.add(RETURN, frame.f_lineno, frame.f_locals, variable("", arg))
            else:
                self.scope = dict(frame.f_locals)
            if len(self._frames) > 1:
                self._frames.pop()
        return self.trace

    def add(self, event: int, line: int, scope: Mapping[str, object], value: Variable | None = None) -> None:
        number = self._frames[-1][1]
        now = {k: variable(k, v) for k, v in scope.items() if not k.startswith("__") and k != "draw"}
        before = self._seen.get(number, {})
        self._seen[number] = now
        changed = [v for k, v in now.items() if before.get(k) != v]
        self.columns.add(
            event,
            self._lines.get(line, -1) if event != END else -1,
            line,
            number,
            len(self._frames) - 1,
            output=len(self.out.getvalue()),
            figures=len(self.figures),
            changed=[self.columns.keep(v) for v in changed],
            value=-1 if value is None else self.columns.keep(value),
        )


def noted_number(recording: Recording, line: int, source: str) -> int:
    """The number of a sub-expression of a line, by its source."""
    statements = recording.outline.statements
    for number, (statement, node) in enumerate(recording.outline.expressions):
        if statements[statement].line == line and ast.unparse(node) == source:
            return number
    raise AssertionError(f"line {line} has no part {source}")


def recorded(source: str, hint: str = "", stopped: str = "", watches: Sequence[str] = ()) -> Recording:
    """A recording of a block that prints, calls ``draw(figure)``, or fails."""
    tracer = _Tracer(source)
    error: CodeError | None = None
    code = compile(source, "<block>", "exec")
    scope: dict[str, object] = {"draw": tracer.figures.append}
    before = sys.gettrace()
    with contextlib.redirect_stdout(tracer.out):
        sys.settrace(tracer.trace)
        try:
            exec(code, scope)
        except Exception as e:  # noqa: BLE001  (the block's own failure is what is recorded)
            sys.settrace(before)
            line, tb = 0, e.__traceback__
            while tb is not None:
                line = tb.tb_lineno if tb.tb_frame.f_code.co_filename == "<block>" else line
                tb = tb.tb_next
            error = CodeError(type(e).__name__, str(e), line, "", hint)
            tracer.add(ERROR, line, tracer.scope)
        else:
            sys.settrace(before)
            tracer.add(END, 0, tracer.scope)
        finally:
            sys.settrace(before)
    result = Output(stdout=tracer.out.getvalue(), status="error" if error else "ok", error=error)
    return Recording(source, tracer.columns, result, tracer.figures, tracer.out.getvalue(), stopped, watches)
