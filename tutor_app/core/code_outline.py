"""The statements and expressions of a block of Python, numbered: the common language of recorder and recording.

Inside the sandbox the recorder puts a marker before each statement and, if asked, around each expression; the markers
carry these numbers. The program numbers the same source in the same way and so never takes a line, a function's name or
an expression from the sandbox. Nothing here runs code.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

MAX_DEPTH: Final = 40
"""How deep an expression may nest to be unfolded; a deeper one is shown as a whole."""
LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_WHOLE: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.JoinedStr)


def source_lines(source: str) -> list[str]:
    """The lines as Python counts them; :meth:`str.splitlines` ends lines at more characters."""
    lines = re.split(r"\r\n|\r|\n", source)
    return lines[:-1] if not lines[-1] else lines


def statements(tree: ast.Module) -> list[ast.stmt]:
    """Every statement, each before those inside it, in the order of the source."""
    found: list[ast.stmt] = []

    def visit(body: Iterable[ast.AST]) -> None:
        for node in body:
            if isinstance(node, ast.stmt):
                found.append(node)
            for inner in bodies(node):
                visit(inner)

    visit(tree.body)
    return found


def bodies(node: ast.AST) -> Iterator[list[ast.AST]]:
    """The lists of statements (or of handlers and cases, which have some) of a statement."""
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt | ast.ExceptHandler | ast.match_case):
            yield value


def root_of(statement: ast.stmt) -> ast.expr | None:
    """The expression of a statement that is unfolded."""
    match statement:
        case ast.Expr() | ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Return():
            return statement.value
        case ast.If() | ast.While() | ast.Assert():
            return statement.test
        case ast.For() | ast.AsyncFor():
            return statement.iter
        case ast.Match():
            return statement.subject
        case _:
            return None


def noted(root: ast.expr | None) -> list[ast.expr]:
    """The sub-expressions whose values are noted, each after its own parts; none if it nests too deeply."""
    found: list[ast.expr] = []
    try:
        if root is not None:
            _note(root, found, 0)
    except _TooDeep:
        return []
    return found


def noted_of(statement: ast.stmt) -> list[ast.expr]:
    """The expressions of a statement whose values are noted.

    Of ``d[k] += v`` these are also the item (or the attribute) as it was, first, and what it becomes, last: the sum
    that Python works out without writing it.
    """
    found = noted(root_of(statement))
    if isinstance(statement, ast.AugAssign) and is_single_item(statement.target):
        whole = ast.BinOp(statement.target, statement.op, statement.value)
        return [statement.target, *found, ast.copy_location(whole, statement)]
    return found


def is_single_item(target: ast.expr) -> bool:
    """Whether it is an attribute or one item; slices are many."""
    if isinstance(target, ast.Subscript):
        return not any(isinstance(n, ast.Slice | ast.Starred) for n in ast.walk(target.slice))
    return isinstance(target, ast.Attribute)


class _TooDeep(Exception):
    """The expression nests deeper than is unfolded."""


def _note(node: ast.expr, found: list[ast.expr], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _TooDeep
    for part in parts(node):
        _note(part, found, depth + 1)
    if is_noted(node):
        found.append(node)


def is_noted(node: ast.expr) -> bool:
    """Whether the node's own value is noted: not a literal's, and not a display's, which shows its parts."""
    match node:
        case ast.UnaryOp(operand=ast.Constant()):
            return False
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return isinstance(node.ctx, ast.Load)
        case ast.BinOp() | ast.UnaryOp() | ast.BoolOp() | ast.Compare() | ast.Call() | ast.IfExp():
            return True
        case _:
            return isinstance(node, _WHOLE)


def parts(node: ast.expr) -> list[ast.expr]:
    """The sub-expressions that are evaluated in the frame of the node itself, in order."""
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.UnaryOp():
            return [node.operand]
        case ast.BoolOp():
            return node.values
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.Call():
            function = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            return [*function, *node.args, *(k.value for k in node.keywords)]
        case ast.IfExp():
            return [node.test, node.body, node.orelse]
        case ast.Subscript():
            return [node.value, node.slice]
        case ast.Slice():
            return [p for p in (node.lower, node.upper, node.step) if p is not None]
        case ast.Attribute() | ast.Starred() | ast.NamedExpr() | ast.Await() | ast.YieldFrom():
            return [node.value]
        case ast.Yield():
            return [node.value] if node.value is not None else []
        case ast.List() | ast.Tuple() | ast.Set():
            return node.elts
        case ast.Dict():
            return [e for pair in zip(node.keys, node.values, strict=True) for e in pair if e is not None]
        case _:
            return []


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the block.

    Attributes:
        node: As Python parsed it.
        line: First line, from 1.
        end_line: Last line.
        head_end: Last line of its head, for one that holds others.
        function: Name of the function it is in (its own for a definition), or empty; ``class Point`` in the body of a
            class, which runs in a frame of its own, too.
        loops: Statements, outermost first, of the loops of that function whose body it is in.
    """

    node: ast.stmt
    line: int
    end_line: int
    head_end: int
    function: str
    loops: tuple[int, ...]


class Outline:
    """The numbered statements of a source; one that Python cannot parse has none.

    Args:
        source: A block of Python.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = source_lines(source)
        try:
            self.tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.tree = ast.Module([], [])
        self.statements: tuple[Statement, ...] = tuple(self._outlined())

    def _outlined(self) -> Iterator[Statement]:
        places: dict[ast.AST, tuple[str, tuple[int, ...]]] = {node: ("", ()) for node in self.tree.body}
        for index, node in enumerate(statements(self.tree)):
            function, loops = places[node]
            inner = [n for body in bodies(node) for n in body]
            below = function, loops
            if isinstance(node, FUNCTIONS):
                function = node.name
                below = (function, ())
            elif isinstance(node, ast.ClassDef):
                function = f"class {node.name}"
                below = (function, ())
            for child in inner:
                places[child] = below
                for grand in (n for body in bodies(child) for n in body if not isinstance(child, ast.stmt)):
                    places[grand] = below
            if isinstance(node, LOOPS):
                for child in node.body:
                    places[child] = (function, (*loops, index))
            first = min((n.lineno for n in inner if isinstance(n, ast.stmt)), default=0)
            end = node.end_lineno or node.lineno
            yield Statement(node, node.lineno, end, max(node.lineno, first - 1) if first else end, function, loops)

    @cached_property
    def expressions(self) -> tuple[tuple[int, ast.expr], ...]:
        """Every noted expression by its number, with the index of its statement."""
        return tuple((i, node) for i, s in enumerate(self.statements) for node in noted_of(s.node))

    @cached_property
    def statements_with_expressions(self) -> dict[int, range]:
        """Numbers of the noted expressions of each statement that has some."""
        found: dict[int, range] = {}
        for number, (statement, _) in enumerate(self.expressions):
            first = found[statement].start if statement in found else number
            found[statement] = range(first, number + 1)
        return found

    def line_text(self, line: int) -> str:
        """A line of the source, without its indent; empty where there is none."""
        return self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
