"""Recordings on demand: a block of a saved solution, the same block changed, or a file, run again in the sandbox.

The blocks before it run first, unrecorded, so that it finds the names it used; what the model wrote is never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tutor_app.core.comparing import blocks_of
from tutor_app.core.errors import UserFault
from tutor_app.core.events import RunFinished
from tutor_app.core.parts import Part
from tutor_app.core.ports import Cancel, CodeExecutor, NeverCancelled
from tutor_app.core.trace import Recording
from tutor_app.core.trace_values import Record
from tutor_app.text.decoding import decoded_program

MAX_SOURCE: Final = 1 << 20
DEFAULTS: Final = Record()


def record_block(
    parts: Sequence[Part],
    block: int,
    *,
    executor: CodeExecutor,
    edited: str | None = None,
    record: Record = DEFAULTS,
    cancel: Cancel | None = None,
    timeout: float | None = None,
) -> Recording:
    """Record one block of a solution.

    Args:
        parts: Of the solution.
        block: Number of the block, from 0.
        executor: Runs it.
        edited: What to run in its place, for "what if".
        record: How much to record.
        cancel: Raise it to stop; the recording then ends there, and says so.
        timeout: Wall seconds for each block; None means the executor's limit.

    Raises:
        UserFault: If there is no such block.
        SandboxFault: If code cannot be run here.
    """
    sources = [source for source, _ in blocks_of(parts)]
    if not sources:
        raise UserFault("This solution has no code to step through.")
    if not 0 <= block < len(sources):
        count = f"{len(sources)} blocks" if len(sources) > 1 else "1 block"
        raise UserFault(f"There is no block {block + 1}: the solution has {count} of code.")
    sources = [*sources[:block], sources[block] if edited is None else edited]
    return record_last(sources, executor=executor, record=record, cancel=cancel, timeout=timeout)


def record_last(
    sources: Sequence[str],
    *,
    executor: CodeExecutor,
    record: Record = DEFAULTS,
    cancel: Cancel | None = None,
    timeout: float | None = None,
) -> Recording:
    """Record the last of some blocks, in one session in which the others have run.

    Raises:
        SandboxFault: If code cannot be run here.
    """
    cancel = cancel or NeverCancelled()
    session = executor.open()
    try:
        for source in sources[:-1]:
            for _ in session.run(source, cancel=cancel, timeout=timeout):
                pass
        for event in session.run(sources[-1], cancel=cancel, timeout=timeout, record=record):
            if isinstance(event, RunFinished):
                if event.recording is None:
                    raise UserFault("Code cannot be recorded here.")
                return event.recording
    finally:
        session.close()
    raise AssertionError("a run without an end")


def record_all(
    parts: Sequence[Part],
    *,
    executor: CodeExecutor,
    record: Record = DEFAULTS,
    cancel: Cancel | None = None,
    timeout: float | None = None,
) -> tuple[Recording, ...]:
    """Record every block of a solution, in one session.

    Raises:
        UserFault: If code cannot be recorded here.
        SandboxFault: If code cannot be run here.
    """
    session = executor.open()
    found = []
    try:
        for source, _ in blocks_of(parts):
            for event in session.run(source, cancel=cancel or NeverCancelled(), timeout=timeout, record=record):
                if isinstance(event, RunFinished):
                    if event.recording is None:
                        raise UserFault("Code cannot be recorded here.")
                    found.append(event.recording)
    finally:
        session.close()
    return tuple(found)


def source_of(path: Path) -> str:
    """The text of a Python file.

    Raises:
        UserFault: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SOURCE + 1)
    except OSError as e:
        raise UserFault(f"{path} cannot be read: {e.strerror or e}.") from None
    except ValueError:  # a null byte
        raise UserFault(f"{str(path)!r} cannot be the name of a file.") from None
    if len(data) > MAX_SOURCE:
        raise UserFault(f"{path} is longer than {MAX_SOURCE >> 20} MiB.", "Step through a smaller program.")
    text = decoded_program(data)
    if text is None:
        raise UserFault(f"{path} is not UTF-8 text.", "Save it as UTF-8.")
    return text.replace("\r\n", "\n")
