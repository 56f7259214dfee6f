"""The error lab in the terminal: each block that failed beside the one that repaired it, as a difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tutor_app.core.comparing import ComparedLine, Repair, repairs
from tutor_app.core.errors import UserFault
from tutor_app.core.parts import Part


def repairs_as_text(parts: Sequence[Part]) -> list[str]:
    """Each repair of a solution: the two blocks as a difference, and why the first failed, in plain words.

    Args:
        parts: Of the solution.

    Raises:
        UserFault: If no block failed and was repaired.
    """
    found = repairs(parts)
    if not found:
        raise UserFault("No block of this solution failed and was repaired.", "Step through a block without --errors.")
    return ["\n".join(_lines(repair)) for repair in found]


def _lines(repair: Repair) -> Iterator[str]:
    error = repair.error
    where = f" in line {error.line}" if error.line else ""
    yield f"Block {repair.failed + 1} failed{where}: {error.last_line}"
    if error.hint:
        yield error.hint
    yield f"Block {repair.repaired + 1} repaired it:"
    yield ""
    for line in repair.lines:
        yield from _difference(line)
    if all(line.kind == "same" for line in repair.lines):
        yield "Nothing was changed: the same code ran again."
    yield ""


def _difference(line: ComparedLine) -> Iterator[str]:
    if line.kind == "same":
        yield f"  {line.left_number:3}  {line.left}".rstrip()
    if line.kind in ("changed", "removed"):
        yield f"- {line.left_number:3}  {line.left}"
    if line.kind in ("changed", "added"):
        yield f"+ {line.right_number:3}  {line.right}"
