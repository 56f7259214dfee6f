"""An executor for tests that runs code in this process: for code the tests themselves made."""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Iterator
from typing import Any

from tutor_app.core.events import RunEvent, RunFinished
from tutor_app.core.parts import CodeError, Output
from tutor_app.core.ports import Cancel
from tutor_app.core.trace_values import Record


class LocalSession:
    def __init__(self) -> None:
        self._names: dict[str, Any] = {"__name__": "__main__"}

    def run(
        self, code: str, *, cancel: Cancel, timeout: float | None = None, record: Record | None = None
    ) -> Iterator[RunEvent]:
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(code, "<block>", "exec"), self._names)
        except Exception as e:  # noqa: BLE001  # whatever the block raises is its result
            text = "".join(traceback.format_exception_only(e)).strip()
            error = CodeError(type(e).__name__, str(e), traceback=text)
            yield RunFinished(Output(stdout=printed.getvalue(), status="error", error=error))
            return
        yield RunFinished(Output(stdout=printed.getvalue()))

    def close(self) -> None:
        self._names.clear()


class LocalExecutor:
    def warm(self) -> None:
        pass

    def open(self) -> LocalSession:
        return LocalSession()

    def close(self) -> None:
        pass
