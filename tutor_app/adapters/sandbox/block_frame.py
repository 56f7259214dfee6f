"""A frame of a block that is being recorded: its names, its place among the others, and where errors left it."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tutor_app.adapters.sandbox.value_text import Encoded

Reader = Callable[[Any, Any], Any]
"""Gives what an object holds at a key, or as an attribute."""
_GIVEN_TO_CLASSES: Final = frozenset(
    (
        "__module__",
        "__qualname__",
        "__annotations__",
        "__doc__",
        "__firstlineno__",
        "__static_attributes__",
        "_generate_next_value_",
    )
)
"""Names that Python itself gives to the body of a class."""
_ASK_FOR_LOCALS: Final = frozenset(("locals", "vars", "dir", "eval", "exec"))


@dataclass(slots=True, eq=False)
class BlockFrame:
    """A frame of the block that is under way.

    Attributes:
        number: 0 is the block's own.
        frame: The frame itself; None for the block's own, whose names are the module's.
        parent: The block's frame from which it was called last.
        depth: Of the block's frames.
        total: Of all frames below it, for the limit on recursion.
        seen: Names with their value, if it is one that stays what it is, and its text.
        unsettled: Names whose values may change without being assigned to.
        step: Index of its last step.
        back: What it returns.
        failed: Whether an exception is leaving it.
        turning: Loops whose next turn has been asked for and begins when what must run before it has.
        target: The item or attribute that its statement is about to change: what holds it, and its key or name.
        locals: What ``locals()`` gives in it, where its code asks for that.
    """

    number: int
    frame: types.FrameType | None
    parent: BlockFrame | None
    depth: int
    total: int
    seen: dict[str, tuple[object, str]] = field(default_factory=dict)
    unsettled: set[str] = field(default_factory=set)
    step: int = -1
    back: Encoded | None = None
    failed: bool = False
    turning: set[int] = field(default_factory=set)
    target: tuple[object, object, Reader] | None = None
    locals: dict[str, Any] | None = None

    def scope(self) -> Mapping[str, Any]:
        """Its names; the block's own frame has none of its own.

        Until Python 3.12, looking at a frame's names refreshes the very dictionary that its ``locals()`` has given:
        where the code may hold that, it is put back as it was.
        """
        frame = self.frame
        if frame is None:
            return {}
        if is_class_body(frame):
            return _names_of_class(frame.f_locals)
        if _ASK_FOR_LOCALS.isdisjoint(frame.f_code.co_names) or sys.version_info >= (3, 13):
            return frame.f_locals
        before = None if self.locals is None else dict(self.locals)
        self.locals = frame.f_locals
        names = dict(self.locals)
        if before is not None:
            self.locals.clear()
            self.locals.update(before)
        return names


def is_class_body(frame: types.FrameType) -> bool:
    """Whether the body of a class runs in it, not a function."""
    return not frame.f_code.co_flags & inspect.CO_OPTIMIZED


def _names_of_class(names: Mapping[str, Any]) -> dict[str, Any]:
    """The names of a class body; none where a metaclass keeps them in what is no dictionary, which could run code."""
    if not issubclass(type(names), dict):
        return {}
    found: dict[object, Any] = dict.copy(names)  # type: ignore[arg-type]
    return {n: v for n, v in found.items() if type(n) is str and n not in _GIVEN_TO_CLASSES}


def height(frame: types.FrameType | None) -> int:
    """How many frames there are below and with this one."""
    found = 0
    while frame is not None:
        found, frame = found + 1, frame.f_back
    return found


def leave_out(e: BaseException, frame: types.FrameType) -> None:
    """Cut off what lies below ``frame`` of a traceback: a call that the recorder refused never began."""
    tb = e.__traceback__
    while tb is not None and tb.tb_frame is not frame:
        tb = tb.tb_next
    if tb is not None:
        tb.tb_next = None


def line_of(e: BaseException, filename: str, frame: types.FrameType | None = None) -> int:
    """The line at which an exception passed through the block's own code, or through one frame of it."""
    line, tb = 0, e.__traceback__
    while tb is not None:
        own = (
            tb.tb_frame is frame
            if frame is not None
            else (tb.tb_frame.f_code.co_filename == filename and tb.tb_frame.f_code.co_name == "<module>")
        )
        if own:
            line = tb.tb_lineno
        tb = tb.tb_next
    return line
