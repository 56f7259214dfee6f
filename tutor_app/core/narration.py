"""A step of a recording in words, for a screen reader and for a caption: ``line 4: area becomes 126``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tutor_app.core.parts import CodeError
from tutor_app.core.trace import Recording
from tutor_app.core.trace_values import Step, Variable

MOST_CHANGES: Final = 4
MOST_CHARACTERS: Final = 80


def sentence(recording: Recording, i: int) -> str:
    """What the statement before step ``i`` has done, and what comes next.

    The line that is named first is the one that has run; in the form ``line 4: area becomes 126; next is line 5``. What
    is not recorded is told at the last recorded step and at the end.
    """
    words = _sentence(recording, i)
    last = len(recording) - 1
    if i == last and recording.error is not None and recording.step(i).event not in ("error", "end"):
        words += f"; the code ends here: {_error_words(recording.error)}"
    ran_on = recording.result.status in ("ok", "error") and recording.step(last).event in ("error", "end")
    if recording.stopped and (i == last or (ran_on and i == last - 1)):
        words = f"{words.rstrip('.')}. {recording.stopped}"
    return words


def ending(recording: Recording) -> str:
    """How the code failed, in a sentence; empty if it did not."""
    if recording.error is None:
        return ""
    where = f"Line {recording.error.line} fails: " if recording.error.line else ""
    return f"{where}{_error_words(recording.error)}".rstrip(".") + "."


def why_no_steps(recording: Recording) -> str:
    """Why a recording has no step, in a sentence or two."""
    if recording.error is not None and not recording.outline.statements:
        error = recording.error
        line = f" (line {error.line})" if error.line else ""
        return f"The code cannot begin: {error.last_line}{line}. {error.hint}".strip()
    told = " ".join(filter(None, (ending(recording), recording.stopped)))
    return told or "There is nothing to step through: the code has no statement."


def _error_words(error: CodeError) -> str:
    return error.last_line.rstrip(".") + (f". {error.hint}" if error.hint else "")


def _sentence(recording: Recording, i: int) -> str:
    step = recording.step(i)
    before = _before(recording, i)
    done = [_change(v, before is None or recording.is_first_change(i, v.name)) for v in step.changed[:MOST_CHANGES]]
    if len(step.changed) > MOST_CHANGES:
        done.append(f"{len(step.changed) - MOST_CHANGES} more names change")
    done += _outer_changes(recording, i)
    if i == 0 and recording.carried:
        return f"{_carried(recording.carried)}; next is line {step.line}"
    printed = _printed(recording, i)
    if printed:
        done.append(f"prints {printed}")
    drawn = step.figures - (recording.step(i - 1).figures if i else 0)
    if drawn:
        done.append("draws a figure" if drawn == 1 else f"draws {drawn} figures")
    match step.event:
        case "call":
            given = ", ".join(f"{v.name} = {_short(v.text)}" for v in step.changed)
            return f"line {step.line}: {step.function} begins" + (f" with {given}" if given else "")
        case "return":
            what = f"{step.function} returns {_short(step.value.text)}" if step.value else f"{step.function} ends"
            return _at(before, step, done, what)
        case "error":
            return _at(before, step, done, _error(recording, step))
        case "end":
            return _at(before, step, done, "the code has ended")
    turns = recording.loops_at(i)
    turn = ""
    if turns and turns[-1][0].turns and i in turns[-1][0].turns:
        loop, number = turns[-1]
        turn = f"turn {number} of {len(loop.turns)}, "
    return _at(before, step, done, f"{turn}next is line {step.line}")


def _carried(variables: Sequence[Variable]) -> str:
    """The variables that a block finds when it begins, from the blocks before."""
    told = [v.name if v.kind == "function" else f"{v.name} = {_short(v.text)}" for v in variables]
    more = f" and {len(told) - MOST_CHANGES} more" if len(told) > MOST_CHANGES else ""
    return f"known from before: {', '.join(told[:MOST_CHANGES])}{more}"


def _at(before: int | None, step: Step, done: list[str], then: str) -> str:
    if not done:
        return then
    line = before or step.line  # none where nothing but the end is recorded
    return f"line {line}: {', '.join(done)}; {then}" if line else f"{', '.join(done)}; {then}"


def _before(recording: Recording, i: int) -> int | None:
    """Line of the statement of this frame that ran last."""
    c = recording.columns
    frame = c["frame"][i]
    for j in range(i - 1, max(i - 2000, -1), -1):
        if c["frame"][j] == frame:
            return c["line"][j]
    return None


def _change(variable: Variable, new: bool) -> str:
    if not variable.text:
        return f"{variable.name} is deleted"
    if variable.kind == "function":
        return f"{variable.name} is defined"
    return f"{variable.name} {'becomes' if new else 'changes to'} {_short(variable.text)}"


def _outer_changes(recording: Recording, i: int) -> list[str]:
    own = recording.columns["frame"][i]
    found = []
    for frame in recording.frames(i).with_changes():
        if frame.number == own:
            continue
        for variable in frame.variables:
            if variable.name in frame.changed:
                where = f" of {frame.function}" if frame.function else ""
                found.append(f"{variable.name}{where} changes to {_short(variable.text)}")
    return found[:MOST_CHANGES]


def _printed(recording: Recording, i: int) -> str:
    c = recording.columns
    start = c["output"][i - 1] if i else 0
    return _short(" ".join(recording.printed[start : c["output"][i]].split()))


def _error(recording: Recording, step: Step) -> str:
    kind = step.value.text if step.value else "an error"
    error = recording.error
    if error is None and kind == "SystemExit":
        return f"line {step.line} ends the code"
    if error is not None and recording.error_step is not None and step.index >= recording.error_step:
        kind = _error_words(error)
    return f"line {step.line} fails: {kind}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
