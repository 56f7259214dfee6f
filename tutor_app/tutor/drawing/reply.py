"""A drawing as a reply to a question about a solution: the program runs in the sandbox and is kept like a model's."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import Final

from tutor_app.core.builder import Builder
from tutor_app.core.errors import SandboxFault, UserFault
from tutor_app.core.events import (
    CodeDelta,
    CodeEnded,
    CodeStarted,
    EndReason,
    FigureDrawn,
    Finished,
    QuestionAsked,
    SolveEvent,
    TextDelta,
    Usage,
)
from tutor_app.core.parts import Figure, Output, Question
from tutor_app.core.ports import Cancel, CodeExecutor, SolutionLibrary
from tutor_app.core.transcript import Transcript
from tutor_app.tutor.drawing.finding import drawing_of
from tutor_app.tutor.drawing.programs import Drawing
from tutor_app.tutor.recorder import recorded

QUESTION: Final = "Draw it."


def draw(
    earlier: Transcript,
    *,
    executor: CodeExecutor,
    cancel: Cancel,
    library: Callable[[], SolutionLibrary] | None,
    key: str = "",
    timeout: float | None = None,
) -> Generator[SolveEvent]:
    """Draw what a solution is about; the solution goes on with the drawing.

    Args:
        earlier: The solution, with what was asked about it before.
        executor: Runs the program.
        cancel: Raise it to stop.
        library: Opens the library, or gives the open one; None keeps nothing.
        key: Id of the solution in it; empty if it is not there yet.
        timeout: Wall seconds of the program; None means the executor's limit.

    Raises:
        UserFault: If there is nothing to draw.
    """
    drawing = drawing_of(earlier)
    if drawing is None:
        raise UserFault(
            "There is nothing here that can be drawn.", "Functions, equations, inequalities, figures and data can be."
        )
    builder = Builder(earlier.solution)
    events = _events(earlier, drawing, builder, executor, cancel, timeout)
    if library is None:
        yield from events
    else:
        yield from recorded(events, library, lambda: earlier.with_solution(builder.parts()), key=key)


def _events(
    earlier: Transcript,
    drawing: Drawing,
    builder: Builder,
    executor: CodeExecutor,
    cancel: Cancel,
    timeout: float | None,
) -> Iterator[SolveEvent]:
    start = time.monotonic()
    reason, detail = EndReason.ANSWERED, "It is drawn."
    for event in _written(drawing):
        builder.apply(event)
        yield event
    session = executor.open()
    try:
        for run_event in session.run(drawing.program, cancel=cancel, timeout=timeout):
            builder.apply(run_event)
            yield run_event
    except SandboxFault as e:
        reason, detail = EndReason.SANDBOX, str(e)
    finally:
        session.close()
    parts = builder.parts()
    asked = max(n for n, part in enumerate(parts) if isinstance(part, Question))
    if cancel.is_set():
        reason, detail = EndReason.STOPPED, ""
    elif reason is EndReason.ANSWERED and not any(isinstance(part, Figure) for part in parts[asked:]):
        reason, detail = EndReason.NO_ANSWER, "It could not be drawn."
    made = {"created": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "drawn": True, "ended": reason.value}
    replies = [*earlier.meta.get("replies", ()), made]
    usage = Usage(runs=1, seconds=time.monotonic() - start)
    yield Finished(reason, earlier.with_solution(parts, replies=replies), usage, detail)


def _written(drawing: Drawing) -> Iterator[SolveEvent]:
    yield QuestionAsked(QUESTION)
    yield TextDelta(f"This draws {drawing.description}.")
    yield CodeStarted()
    yield CodeDelta(drawing.program)
    yield CodeEnded(drawing.program.rstrip("\n"))


def picture(
    drawing: Drawing, executor: CodeExecutor, cancel: Cancel, timeout: float | None = None
) -> tuple[Figure | None, str]:
    """Draw something alone: the picture, if there is one, and what is marked in it, in words.

    Raises:
        SandboxFault: If code cannot be run here.
    """
    builder = Builder()
    figure = None
    session = executor.open()
    try:
        for event in session.run(drawing.program, cancel=cancel, timeout=timeout):
            builder.apply(event)
            if isinstance(event, FigureDrawn):
                figure = event.figure
    finally:
        session.close()
    return figure, "\n".join(_outcome(part) for part in builder.parts()).strip()


def _outcome(part: object) -> str:
    """The words of a part of the run."""
    if not isinstance(part, Output):
        return ""
    error = part.error.last_line if part.error is not None else ""
    return f"{part.stdout}\n{error}".strip()
