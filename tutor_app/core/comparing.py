"""Two blocks of code and two runs of them side by side: what was changed, what came of it, and what can be changed.

For "what if" (the same block with another number) and for the block that failed beside the one that repaired it. Pure
functions of sources, recordings and parts.
"""

from __future__ import annotations

import ast
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from tutor_app.core.code_outline import source_lines
from tutor_app.core.parts import Code, CodeError, Output, Part
from tutor_app.core.trace import END, Recording
from tutor_app.core.trace_values import Variable

_ALIKE: Final = 0.4
"""From which likeness on two lines are one line that was changed."""


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """A line of one block beside a line of another.

    Attributes:
        kind: ``same``, ``changed`` (both are there), ``removed`` (only the left one), ``added`` (only the right one).
        left: Text of the left line, or empty.
        right: Text of the right line, or empty.
        left_number: From 1; 0 where there is none.
        right_number: From 1; 0 where there is none.
        left_marks: Where the left line differs, as (start, end) pairs of characters.
        right_marks: The same of the right one.
    """

    kind: Literal["same", "changed", "removed", "added"]
    left: str = ""
    right: str = ""
    left_number: int = 0
    right_number: int = 0
    left_marks: tuple[tuple[int, int], ...] = ()
    right_marks: tuple[tuple[int, int], ...] = ()


def compared_lines(left: str, right: str) -> tuple[ComparedLine, ...]:
    """Two texts line by line."""
    a, b = source_lines(left), source_lines(right)
    found: list[ComparedLine] = []
    for tag, i, i_end, j, j_end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag == "equal":
            found += [ComparedLine("same", a[i + n], b[j + n], i + n + 1, j + n + 1) for n in range(i_end - i)]
        else:
            found += _replaced(a, b, range(i, i_end), range(j, j_end))
    return tuple(found)


def _replaced(a: list[str], b: list[str], left: range, right: range) -> Iterator[ComparedLine]:
    """Lines that took the place of others: those that are alike stand side by side."""
    i, j = left.start, right.start
    while i < left.stop and j < right.stop:
        matcher = SequenceMatcher(None, a[i], b[j], autojunk=False)
        if matcher.ratio() >= _ALIKE:
            codes = [c for c in matcher.get_opcodes() if c[0] != "equal"]
            left_marks = tuple((c[1], c[2]) for c in codes if c[2] > c[1])
            right_marks = tuple((c[3], c[4]) for c in codes if c[4] > c[3])
            yield ComparedLine("changed", a[i], b[j], i + 1, j + 1, left_marks, right_marks)
            i, j = i + 1, j + 1
        elif right.stop - j > left.stop - i:
            yield ComparedLine("added", right=b[j], right_number=j + 1)
            j += 1
        else:
            yield ComparedLine("removed", left=a[i], left_number=i + 1)
            i += 1
    yield from (ComparedLine("removed", left=a[n], left_number=n + 1) for n in range(i, left.stop))
    yield from (ComparedLine("added", right=b[n], right_number=n + 1) for n in range(j, right.stop))


def changes(lines: Sequence[ComparedLine], side: Literal["left", "right"]) -> dict[int, tuple[tuple[int, int], ...]]:
    """The lines of one side that differ, by number, and where; a line that only one side has differs as a whole."""
    found = {}
    for line in lines:
        number = line.left_number if side == "left" else line.right_number
        if number and line.kind != "same":
            found[number] = line.left_marks if side == "left" else line.right_marks
    return found


# ------------------------------------------------------------------------------------------------- what if


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that the code gives to a name, and that may be changed.

    Attributes:
        name: The name.
        line: Where, from 1.
        text: The number as it is written, its sign included.
        value: The number.
        start: Where it begins in the line, in characters.
        end: Where it ends.
        least: Where a slider begins.
        most: Where it ends.
        step: By how much it moves.
    """

    name: str
    line: int
    text: str
    value: float
    start: int
    end: int
    least: float
    most: float
    step: float

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers make sense."""
        return "." not in self.text and "e" not in self.text.lower()


def parameters(source: str) -> tuple[Parameter, ...]:
    """The numbers that a block gives to names, in order; none that the code itself changes later (a counter)."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    moving = {n.target.id for n in ast.walk(tree) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
    lines = source_lines(source)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            pairs = [pair for target in node.targets for pair in _bound(target, node.value)]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            pairs = _bound(node.target, node.value)
        else:
            continue
        found += [
            _parameter(name, value, lines)
            for name, value in pairs
            if name not in moving and _number(value) is not None and value.lineno == value.end_lineno
        ]
    return tuple(sorted(found, key=lambda p: (p.line, p.start)))


def _bound(target: ast.expr, value: ast.expr) -> list[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    if not (isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List)):
        return []
    if len(target.elts) != len(value.elts):
        return []
    return [(t.id, v) for t, v in zip(target.elts, value.elts, strict=True) if isinstance(t, ast.Name)]


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        try:
            return float(node.value)  # type: ignore[arg-type]
        except OverflowError:
            return None
    return None


def _parameter(name: str, node: ast.expr, lines: list[str]) -> Parameter:
    line = lines[node.lineno - 1].encode()
    start = len(line[: node.col_offset].decode())
    end = len(line[: node.end_col_offset].decode())
    value = _number(node) or 0.0
    text = lines[node.lineno - 1][start:end]
    size = abs(value)
    is_whole = value == int(value) and "." not in text and "e" not in text.lower()
    most = max(2 * size, 10.0) if is_whole else 2 * size or 1.0
    step = 1.0 if is_whole else _step(most)
    return Parameter(name, node.lineno, text, value, start, end, -most if value < 0 else 0.0, most, step)


def _step(most: float) -> float:
    step = 1.0
    while step * 100 > most and step > 1e-9:
        step /= 10
    return step


def with_number(source: str, parameter: Parameter, text: str) -> str:
    """The source with another number in the parameter's place; negative ones keep their meaning wherever they stand."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", source)
    line = lines[parameter.line - 1]
    lines[parameter.line - 1] = line[: parameter.start] + text + line[parameter.end :]
    return "".join(lines)


@dataclass(frozen=True, slots=True)
class ChangedName:
    """A name whose value at the end of one run is not that at the end of the other.

    Attributes:
        name: The name.
        left: Its value in the left run; None if it has none.
        right: Its value in the right run; None if it has none.
    """

    name: str
    left: Variable | None
    right: Variable | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        lines: The sources.
        names: Names of the block that end differently.
        printed: What was printed, line by line.
        figures_differ: Whether they drew different figures.
        error: Sentence on an error that only one of them has, or on two different ones; else empty.
    """

    lines: tuple[ComparedLine, ...]
    names: tuple[ChangedName, ...]
    printed: tuple[ComparedLine, ...]
    figures_differ: bool
    error: str

    @property
    def differs(self) -> bool:
        """Whether anything that can be seen came out differently."""
        printed = any(line.kind != "same" for line in self.printed)
        return bool(self.names or printed or self.figures_differ or self.error)


def compared(left: Recording, right: Recording) -> Comparison:
    """What came out differently."""
    ends = [{v.name: v for v in r.frames(len(r) - 1)[0].variables} for r in (left, right)]
    names = [*ends[0], *(n for n in ends[1] if n not in ends[0])]
    changed = tuple(
        ChangedName(n, ends[0].get(n), ends[1].get(n)) for n in names if _text(ends[0].get(n)) != _text(ends[1].get(n))
    )
    a, b = left.error, right.error
    error = ""
    if (a.last_line if a else "") != (b.last_line if b else ""):
        error = "; ".join(
            f"the {side} run ends with {e.last_line}" if e else f"the {side} run ends well"
            for side, e in (("first", a), ("second", b))
        )
    return Comparison(
        compared_lines(left.source, right.source),
        changed,
        compared_lines(_said(left), _said(right)),
        [f.png for f in left.figures] != [f.png for f in right.figures],
        error,
    )


def _text(variable: Variable | None) -> str | None:
    return None if variable is None else variable.text


def _said(recording: Recording) -> str:
    value = recording.result.value
    return recording.result.stdout + (value if value else "")


class Beside:
    """The original run beside a changed one: which of its steps stands where a step of the changed run does.

    It is the same visit of the same line: the third time here is the third time there.

    Args:
        changed: The run that is stepped through.
        original: The run it is compared with.

    Attributes:
        original: As given.
        lines: The two sources, the original's on the left.
    """

    def __init__(self, changed: Recording, original: Recording) -> None:
        self.original = original
        self.lines = compared_lines(original.source, changed.source)
        numbers = {c.right_number: c.left_number for c in self.lines if c.right_number and c.left_number}
        visits: dict[tuple[int, int], list[int]] = {}
        c = original.columns
        for i, place in enumerate(zip(c["event"], c["line"], strict=True)):
            visits.setdefault(place, []).append(i)
        seen: dict[tuple[int, int], int] = {}
        self._steps = array("i")
        for event, line in zip(changed.columns["event"], changed.columns["line"], strict=True):
            place = (event, numbers.get(line, 0))
            at = seen[place] = seen.get(place, -1) + 1
            there = visits.get(place, []) if place[1] else []
            self._steps.append(there[at] if at < len(there) else -1)
        if self._steps and changed.columns["event"][-1] == END and c["event"][-1] == END:
            self._steps[-1] = len(original) - 1
        self._last = array("i")
        for there_is in self._steps:
            self._last.append(there_is if there_is >= 0 else self._last[-1] if self._last else 0)

    def step(self, i: int) -> tuple[int, bool]:
        """The original's step for step ``i`` of the changed run, and whether it stands at the very same place.

        Where the original never came there, it is the last one before that has a counterpart.
        """
        return self._last[i], self._steps[i] >= 0


# ------------------------------------------------------------------------------------------------- error lab


@dataclass(frozen=True, slots=True)
class Repair:
    """A block that failed, and the one that repaired it.

    Attributes:
        failed: Number of the block that failed, from 0.
        repaired: Number of the next block that ended well.
        error: Why the first failed; its ``hint`` says it in plain words.
        lines: The two blocks side by side.
    """

    failed: int
    repaired: int
    error: CodeError
    lines: tuple[ComparedLine, ...]


def repairs(parts: Sequence[Part]) -> tuple[Repair, ...]:
    """Every block of a solution that failed and was repaired later.

    Args:
        parts: Of the solution.
    """
    blocks = blocks_of(parts)
    found = []
    for failed, repaired in sorted(repaired_blocks(parts).items()):
        source, output = blocks[failed]
        assert output is not None
        assert output.error is not None
        found.append(Repair(failed, repaired, output.error, compared_lines(source, blocks[repaired][0])))
    return tuple(found)


def repaired_blocks(parts: Sequence[Part]) -> dict[int, int]:
    """For each block that failed, the next one that ended well; without what :func:`repairs` finds out besides."""
    outputs = [output for _, output in blocks_of(parts)]
    found = {}
    repaired = -1
    for number in reversed(range(len(outputs))):
        output = outputs[number]
        if output is not None and output.status == "ok":
            repaired = number
        elif output is not None and output.error is not None and repaired >= 0:
            found[number] = repaired
    return found


def blocks_of(parts: Sequence[Part]) -> tuple[tuple[str, Output | None], ...]:
    """The blocks of code of a solution, each with what came of it; None where it was not run."""
    blocks: list[tuple[str, Output | None]] = []
    for part in parts:
        if isinstance(part, Code):
            blocks.append((part.source, None))
        elif isinstance(part, Output) and blocks and blocks[-1][1] is None:
            blocks[-1] = (blocks[-1][0], part)
    return tuple(blocks)
