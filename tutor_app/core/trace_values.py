"""The values of a recording: steps, frames, variables, loops, calls, and what of a value can be typeset.

Plain data; :mod:`tutor_app.core.trace` puts them in order. A variable holds the bounded text that the sandbox gave of
it, and its LaTeX where it is SymPy's. :func:`shown` finds, from that text alone, how to set any value: as a formula, as
a table, or as text.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

Event = Literal["line", "call", "return", "error", "end"]
Kind = Literal[
    "number", "text", "logical", "nothing", "symbolic", "matrix", "sequence", "mapping", "figure", "function", "object",
    "error",
]  # fmt: skip

EVENTS: Final[tuple[Event, ...]] = get_args(Event)
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
FORMULA_ITEMS: Final = 12
"""Items of a flat list that are set in one formula; a longer one is text, which folds."""
MATRIX_SIDE: Final = 10
"""Rows and columns of a matrix that are set as a formula; a larger one is a table only."""
TABLE_CELLS: Final = 400


@dataclass(frozen=True, slots=True)
class Record:
    """What to record of a run.

    Attributes:
        steps: At most so many steps.
        expressions: Whether the values of the parts of expressions are recorded, too.
        watches: Expressions to evaluate at each step; see :meth:`tutor_app.core.trace.Recording.watched_at`.
    """

    steps: int = 50_000
    expressions: bool = True
    watches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """The value of a name, as it was; exact for numbers, bounded for what is large.

    Attributes:
        name: In the code.
        kind: What sort of value; ``error`` (only of a call's result) names an exception that was raised instead.
        text: For reading; empty where the name was deleted.
        latex: For SymPy's values and containers of them, else empty.
    """

    name: str
    kind: Kind
    text: str
    latex: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """How a value is typeset.

    Attributes:
        kind: ``formula`` (``latex`` is set), ``table`` (``rows`` is set, and ``latex`` where it is small enough for a
            formula), or ``text``.
        text: The value in one line; always set.
        latex: LaTeX of mathematics, without delimiters.
        rows: Cells of a table, row by row; every row has as many.
    """

    kind: Literal["formula", "table", "text"]
    text: str
    latex: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One moment: what is about to run, and what the statement before has changed.

    Attributes:
        index: Of the step, from 0.
        line: Line of the block, from 1; 0 where the code has ended.
        event: ``line`` (about to run it); ``call`` and ``return`` (a function of the block begins, ends); ``error``
            (an exception leaves this frame, raised at ``line``); ``end``.
        depth: 0 for the block itself, 1 inside a function it calls, and so on.
        function: Name of the function, empty for the block itself; ``class Point`` while the body of a class runs.
        frame: Number of the frame: 0 is the block's own, each call of a function has its own.
        statement: Index in :attr:`tutor_app.core.code_outline.Outline.statements`, -1 at the end.
        changed: Names of this frame that are new, different or deleted since its step before.
        value: What the function returned, or the exception that ended it; for ``return`` and ``error``.
        output: Characters printed so far.
        figures: Figures drawn so far.
    """

    index: int
    line: int
    event: Event
    depth: int = 0
    function: str = ""
    frame: int = 0
    statement: int = -1
    changed: tuple[Variable, ...] = ()
    value: Variable | None = None
    output: int = 0
    figures: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """The names of the block, or of one call that is under way, at a step.

    Attributes:
        number: Of the frame; 0 is the block's own.
        function: Name of the function, empty for the block itself.
        line: Where it is: about to run, or waiting for the call of the next frame to end.
        variables: In the order in which they appeared.
        changed: Names that have just become new or different.
    """

    number: int
    function: str
    line: int
    variables: tuple[Variable, ...]
    changed: frozenset[str] = frozenset()

    def get(self, name: str) -> Variable | None:
        """The variable of that name."""
        return next((v for v in self.variables if v.name == name), None)


@dataclass(frozen=True, slots=True)
class Loop:
    """One run of a loop, for folding and for choosing a turn.

    Attributes:
        index: In :attr:`Recording.loops`.
        statement: The loop's statement.
        line: Of its head.
        end_line: Last line of its body.
        first: Step at which the head is first about to run.
        last: Last step inside it.
        turns: The step at which each turn's first statement is about to run.
        parent: Index of the loop run around it (also one of the calling function), or -1.
    """

    index: int
    statement: int
    line: int
    end_line: int
    first: int
    last: int
    turns: tuple[int, ...]
    parent: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function of the block.

    Attributes:
        function: Its name.
        frame: Number of its frame.
        line: Of its definition.
        first: Step at which it begins.
        last: Step at which it ends, or the last step of the recording.
        depth: 1 if the block itself called it.
        arguments: Its names as they were when it began.
        value: What it returned, or the exception that ended it; None if it had not ended.
    """

    function: str
    frame: int
    line: int
    first: int
    last: int
    depth: int
    arguments: tuple[Variable, ...]
    value: Variable | None

    @property
    def text(self) -> str:
        """The call as a student would write it: ``area(width = 3, height = 4)``."""
        if self.function.startswith("class "):
            return self.function
        return f"{self.function}({', '.join(f'{v.name} = {v.text}' for v in self.arguments)})"


@dataclass(frozen=True, slots=True)
class Stage:
    """A line's expression after some of its parts have been worked out.

    Attributes:
        text: ``2·126/21``.
        latex: The same, typeset.
        part: The part that was just worked out, as it stood: ``2·126``; empty where names were replaced by values.
        part_value: What it gave.
    """

    text: str
    latex: str
    part: str = ""
    part_value: str = ""


@dataclass(frozen=True, slots=True)
class Unfolding:
    """How the expression of a line is worked out, as a calculation a student would write.

    Attributes:
        target: What gets the value (``area``), or empty.
        stages: From the source to the value; consecutive ones differ.
        complete: Whether the last stage is the value: False where an error or a call that never ended came between.
        sign: What stands between two stages: the sign of equality, ``⇔`` between statements that are true or false, or
            ``→`` for a call that is made for what it does.
    """

    target: str
    stages: tuple[Stage, ...]
    complete: bool
    sign: str = "="

    @property
    def words(self) -> str:
        """All of it in one line."""
        worked_out = f" {self.sign} ".join(s.text for s in self.stages)
        return f"{self.target} = {worked_out}" if self.target else worked_out


# ------------------------------------------------------------------------------------------------- typesetting

_NAMED_NUMBERS: Final = {"inf": r"\infty", "nan": r"\text{undefined}"}
_TEX: Final = {
    "\\": r"\backslash ", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "$": r"\$",
    "~": r"\sim ", "^": r"\wedge ", "…": r"\ldots ",
}  # fmt: skip
_BRACKETS: Final = {ast.List: ("[", "]"), ast.Tuple: ("(", ")"), ast.Set: (r"\{", r"\}")}


def tex_text(text: str) -> str:
    """Plain text as LaTeX of mathematics."""
    pieces = re.split(r"([\\~^…])", text)
    out = ""
    for piece in pieces:
        if piece in ("\\", "~", "^", "…"):
            out += _TEX[piece]
        elif piece:
            out += r"\text{" + "".join(_TEX.get(c, c) for c in piece) + "}"
    return out


def shown(variable: Variable) -> Shown:
    """How to set a value."""
    text = variable.text
    if variable.kind in ("number", "sequence", "matrix", "mapping") and not variable.latex:
        try:
            node = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Shown("text", text)
        if variable.kind == "mapping":
            return _mapping(node, text)
        return _container(node, text) or Shown("text", text)
    if variable.latex:
        return Shown("formula", text, variable.latex)
    return Shown("text", text)


def _number(node: ast.expr) -> str:
    """LaTeX of a number as the sandbox writes it (``-3``, ``1/3``, ``1e-05``, ``(1+2j)``), or empty."""
    match node:
        case ast.Constant(value=bool() | None):
            return r"\text{" + str(node.value) + "}"
        case ast.Constant(value=int() as value):
            return _digits(value)
        case ast.Constant(value=float() as value):
            mantissa, _, exponent = repr(value).partition("e")
            if mantissa == "inf":
                return r"\infty"
            return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa
        case ast.Constant(value=complex() as value):
            part = repr(value)[:-1]
            return ("" if part == "1" else part) + "i" if "e" not in part and "n" not in part else ""
        case ast.Name(id="inf" | "nan"):
            return _NAMED_NUMBERS[node.id]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inside = _number(operand)
            return f"-{inside}" if inside else ""
        case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=int() as below)):
            sign, left = ("-", left.operand) if isinstance(left, ast.UnaryOp) else ("", left)
            above = _number(left)
            return rf"{sign}\frac{{{above}}}{{{below}}}" if above else ""
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant(value=complex()) as right):
            real, imaginary = _number(left), _number(right)
            return f"{real}{'+' if isinstance(node.op, ast.Add) else '-'}{imaginary}" if real and imaginary else ""
        case _:
            return ""


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python turns into text
        return ""


def _plain(node: ast.expr, text: str) -> str:
    """A cell as text: a string without its quotes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ast.get_source_segment(text, node) or ast.unparse(node)


def _container(node: ast.expr, text: str) -> Shown | None:
    number = _number(node)
    if number:
        return Shown("formula", text, number)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "set":
        return Shown("formula", text, r"\emptyset")
    if not isinstance(node, ast.List | ast.Tuple | ast.Set):
        return None
    rows = _rows(node, text)
    if rows is not None:
        return rows
    items = [_number(item) for item in node.elts]
    if not all(items) or len(items) > FORMULA_ITEMS:
        return Shown("text", text)
    left, right = _BRACKETS[type(node)]
    return Shown("formula", text, rf"\left{left}{', '.join(items)}\right{right}")


def _rows(node: ast.List | ast.Tuple | ast.Set, text: str) -> Shown | None:
    """A table, if it is one: rows of the same length, of numbers, truth values or strings."""
    if isinstance(node, ast.Set) or not node.elts:
        return None
    lines = [row.elts for row in node.elts if isinstance(row, ast.List | ast.Tuple)]
    width = len(lines[0]) if lines else 0
    if len(lines) != len(node.elts) or not width or any(len(line) != width for line in lines):
        return None
    if len(lines) * width > TABLE_CELLS:
        return None
    cells = [cell for line in lines for cell in line]
    numbers = [_number(cell) for cell in cells]
    strings = [isinstance(c, ast.Constant) and isinstance(c.value, str) for c in cells]
    if not all(n or s for n, s in zip(numbers, strings, strict=True)):
        return None
    rows = tuple(tuple(_plain(cell, text) for cell in line) for line in lines)
    latex = ""
    if all(numbers) and len(lines) <= FORMULA_ITEMS and all(isinstance(row, ast.Tuple) for row in node.elts):
        pairs = (", ".join(numbers[r * width : (r + 1) * width]) for r in range(len(lines)))
        left, right = _BRACKETS[type(node)]
        comma = "," if width == 1 else ""
        latex = rf"\left{left}" + r", \ ".join(rf"\left({p}{comma}\right)" for p in pairs) + rf"\right{right}"
    elif all(numbers) and len(lines) <= MATRIX_SIDE and width <= MATRIX_SIDE:
        inside = r" \\ ".join(" & ".join(numbers[r * width : (r + 1) * width]) for r in range(len(lines)))
        latex = rf"\begin{{pmatrix}}{inside}\end{{pmatrix}}"
    return Shown("table", text, latex, rows)


def _mapping(node: ast.expr, text: str) -> Shown:
    if not isinstance(node, ast.Dict) or not node.keys or len(node.keys) > TABLE_CELLS // 2:
        return Shown("text", text)
    rows = []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            return Shown("text", text)
        rows.append((_plain(key, text), _plain(value, text)))
    return Shown("table", text, "", tuple(rows))
