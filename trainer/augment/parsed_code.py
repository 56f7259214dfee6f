"""Python code with its syntax tree, asked and changed by place: what a bug is put into."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator


class ParsedCode:
    """Right code, parsed.

    Attributes:
        source: Its text.
        problem: The problem that it solves.
        tree: Its syntax tree.
    """

    def __init__(self, source: str, problem: str) -> None:
        self.source, self.problem = source, problem
        self.tree = ast.parse(source)
        starts = [0]
        for line in source.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        self._starts = starts

    def at(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where a node stands in the text."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._starts[node.lineno - 1] + node.col_offset, self._starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.expr | ast.stmt) -> str:
        """The source of a node."""
        start, end = self.at(node)
        return self.source[start:end]

    def replaced(self, node: ast.expr | ast.stmt, text: str) -> str:
        """The whole source with another text for a node."""
        start, end = self.at(node)
        return self.source[:start] + text + self.source[end:]

    def without(self, node: ast.stmt) -> str:
        """The whole source without a statement's line."""
        lines = self.source.split("\n")
        assert node.end_lineno is not None
        del lines[node.lineno - 1 : node.end_lineno]
        return "\n".join(lines).rstrip("\n")

    def assignments(self, rng: random.Random) -> list[tuple[str, ast.Assign]]:
        """Every ``name = expression`` whose expression calculates, in random order."""
        found = [
            (node.targets[0].id, node)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        ]
        rng.shuffle(found)
        return found

    def operations(self, rng: random.Random, *kinds: type[ast.operator]) -> Iterator[tuple[str, ast.BinOp]]:
        """Every operation of some kinds with the name that it is calculated for."""
        for name, node in self.assignments(rng):
            found = [n for n in ast.walk(node.value) if isinstance(n, ast.BinOp) and isinstance(n.op, kinds)]
            rng.shuffle(found)
            yield from ((name, n) for n in found)

    def printed(self) -> tuple[ast.Expr, ast.Call] | None:
        """The last statement, if it prints one value."""
        last = self.tree.body[-1]
        if (
            isinstance(last, ast.Expr)
            and isinstance(last.value, ast.Call)
            and isinstance(last.value.func, ast.Name)
            and last.value.func.id == "print"
            and len(last.value.args) == 1
        ):
            return last, last.value
        return None
