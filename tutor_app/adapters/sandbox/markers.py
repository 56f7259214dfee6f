"""Puts markers into a block's syntax tree: before each statement, around function bodies, around expressions.

A marker is a call of a name in Python's ``builtins``, so that a block which clears its own names cannot lose it, and
the name is none that a source could contain. The numbers that markers carry are those of
:mod:`tutor_app.core.code_outline`.
"""

from __future__ import annotations

import ast
from typing import Final

from tutor_app.core.code_outline import FUNCTIONS, is_noted, is_single_item, noted_of, root_of, statements

STEP: Final = "<step>"
NOTE: Final = "<note>"
BACK: Final = "<back>"
OWNER: Final = "<owner>"
KEY: Final = "<key>"
CHANGED: Final = "<changed>"
LINE, CALL, RETURN, ERROR, END, CONTINUED, DUE = range(7)
"""What has happened. The first five are steps of a recording; END has no marker. CONTINUED: the next turn of a loop
begins as soon as what must run before it has, and that is where DUE stands."""
SHIFT: Final = 3
_FUNCTION_LIKE: Final = (*FUNCTIONS, ast.Lambda)
_OTHER_SCOPES: Final = (ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_TRACING: Final = frozenset(("settrace", "setprofile", "monitoring"))
_TRACING_MODULES: Final = frozenset(("cProfile", "profile", "pdb", "bdb", "trace"))
_LEAVES: Final = (ast.expr_context, ast.Constant, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.alias)


class Markers:
    """Marks a block.

    Args:
        tree: The block as parsed, not yet changed.
        expressions: Whether expressions are marked, too.
    """

    def __init__(self, tree: ast.Module, expressions: bool) -> None:
        self.tree = tree
        self._expressions = expressions
        self._numbers = {id(node): i for i, node in enumerate(statements(tree))}
        self._lines = [(node.lineno, node.end_lineno or node.lineno) for node in statements(tree)]
        self._notes: dict[int, int] = {}
        self._continued = 0  # markers CONTINUED so far
        self._results: dict[int, int] = {}  # of a changed item or attribute, by the statement
        if expressions:
            number = 0
            for node in statements(tree):
                found = noted_of(node)
                self._notes.update((id(expression), number + k) for k, expression in enumerate(found))
                number += len(found)
                if isinstance(node, ast.AugAssign) and found and is_single_item(node.target):
                    del self._notes[id(found[-1])]  # made for its number alone
                    self._results[id(node)] = number - 1

    def number(self, statement: ast.stmt) -> int:
        """The statement's index."""
        return self._numbers[id(statement)]

    def innermost(self, line: int) -> int:
        """The innermost statement that spans a line, or -1."""
        found = -1
        for number, (first, last) in enumerate(self._lines):
            if first <= line <= last:
                found = number
        return found

    def mark(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The statements of the block with their markers; its docstring must stay the first one."""
        is_doc = bool(body) and ast.get_docstring(ast.Module(body, []), clean=False) is not None
        return [*body[:is_doc], *self._block(body[is_doc:], None, False)]

    def note(self, statement: ast.stmt) -> None:
        """Mark the expressions of a statement."""
        root = root_of(statement)
        if root is None or not self._expressions:
            return
        marked = self._noted(root)
        if isinstance(statement, ast.AugAssign) and id(statement) in self._results:
            self._target(statement.target)
        match statement:
            case ast.Expr() | ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Return():
                statement.value = marked
            case ast.If() | ast.While() | ast.Assert():
                statement.test = marked
            case ast.For() | ast.AsyncFor():
                statement.iter = marked
            case ast.Match():
                statement.subject = marked

    def _target(self, target: ast.expr) -> None:
        """Mark what holds the item or attribute that a statement changes, and the item's key."""
        number = ast.Constant(self._notes[id(target)])
        if isinstance(target, ast.Attribute):
            parts: list[ast.expr] = [number, target.value, ast.Constant(target.attr)]
            target.value = _marked(OWNER, parts, target.value)
        elif isinstance(target, ast.Subscript):
            target.value = _marked(OWNER, [number, target.value], target.value)
            target.slice = _marked(KEY, [number, target.slice], target.slice)

    def _step(self, node: ast.stmt, event: int) -> ast.Call:
        code = (self._numbers[id(node)] << SHIFT) + event
        call = ast.Call(ast.Name(STEP, ast.Load()), [ast.Constant(code)], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))

    def _step_statement(self, node: ast.stmt, event: int) -> ast.stmt:
        return ast.copy_location(ast.Expr(self._step(node, event)), node)

    def _block(self, body: list[ast.stmt], loop: ast.stmt | None, waits: bool) -> list[ast.stmt]:
        """Mark statements.

        Args:
            body: The statements.
            loop: The ``for`` whose next turn a ``continue`` among them begins.
            waits: Whether a ``finally`` or the end of a ``with`` runs before that turn.
        """
        out: list[ast.stmt] = []
        for statement in body:
            is_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            if not is_future and not isinstance(statement, ast.While | ast.Global | ast.Nonlocal):
                out.append(self._step_statement(statement, LINE))
            if isinstance(statement, ast.Continue) and loop is not None:
                out.append(self._step_statement(loop, CONTINUED if waits else LINE))
                self._continued += waits
            self.note(statement)
            before = self._continued
            self._inside(statement, loop, waits)
            if loop is not None and not waits and self._continued > before:
                statement = self._turning(statement, loop)
            out.append(statement)
            if id(statement) in self._results:
                out.append(self._changed(statement))
        return out

    def _changed(self, statement: ast.stmt) -> ast.stmt:
        """The marker after a statement that has changed an item or an attribute."""
        call = ast.Call(ast.Name(CHANGED, ast.Load()), [ast.Constant(self._results[id(statement)])], [])
        return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), statement))

    def _turning(self, statement: ast.stmt, loop: ast.stmt) -> ast.stmt:
        """A statement inside which a ``continue`` waits: the next turn of the loop begins where the statement ends."""
        whole = ast.Try(body=[statement], handlers=[], orelse=[], finalbody=[self._step_statement(loop, DUE)])
        return ast.fix_missing_locations(ast.copy_location(whole, statement))

    def _inside(self, node: ast.stmt, loop: ast.stmt | None, waits: bool) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._framed(node)
            case ast.ClassDef():
                self._framed(node)
            case ast.For() | ast.AsyncFor():
                node.body = [*self._block(node.body, node, False), self._step_statement(node, LINE)]
                node.orelse = self._block(node.orelse, loop, waits)
            case ast.While():
                # In its condition, so that the step comes whenever the condition is about to be worked out.
                test = ast.BoolOp(ast.Or(), [self._step(node, LINE), node.test])
                node.test = ast.fix_missing_locations(ast.copy_location(test, node.test))
                node.body = self._block(node.body, None, False)
                node.orelse = self._block(node.orelse, loop, waits)
            case ast.If():
                node.body, node.orelse = self._block(node.body, loop, waits), self._block(node.orelse, loop, waits)
            case ast.With() | ast.AsyncWith():
                node.body = self._block(node.body, loop, True)
            case ast.Try() | ast.TryStar():
                inner = waits or bool(node.finalbody)
                node.body, node.orelse = self._block(node.body, loop, inner), self._block(node.orelse, loop, inner)
                for handler in node.handlers:
                    handler.body = self._block(handler.body, loop, inner)
                node.finalbody = self._block(node.finalbody, loop, waits)
            case ast.Match():
                for case in node.cases:
                    case.body = self._block(case.body, loop, waits)
            case ast.Return(value=ast.expr() as value):
                back = ast.Call(ast.Name(BACK, ast.Load()), [value], [])
                node.value = ast.fix_missing_locations(ast.copy_location(back, value))
            case _:
                pass

    def _framed(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """Mark a body that runs in a frame of its own, with where it begins and how it ends."""
        doc = ast.get_docstring(node, clean=False) is not None
        head, rest = (node.body[:1], node.body[1:]) if doc else ([], node.body)
        if not rest:
            return
        begin, body = self._step_statement(node, CALL), self._block(rest, None, False)
        # A bare except needs no name, which the block may have redefined; a bare raise leaves the traceback alone.
        failed = ast.ExceptHandler(None, None, [self._step_statement(node, ERROR), ast.Raise()])
        inner = ast.Try(body=body, handlers=[failed], orelse=[], finalbody=[])
        outer = ast.Try(body=[inner], handlers=[], orelse=[], finalbody=[self._step_statement(node, RETURN)])
        node.body = [*head, begin, ast.fix_missing_locations(ast.copy_location(outer, rest[0]))]

    def _noted(self, node: ast.expr) -> ast.expr:
        """The expression with its parts marked."""
        number = self._notes.get(id(node))
        keep = is_noted(node)
        match node:
            case ast.BinOp():
                node.left, node.right = self._noted(node.left), self._noted(node.right)
            case ast.UnaryOp():
                node.operand = self._noted(node.operand)
            case ast.BoolOp():
                node.values = [self._noted(v) for v in node.values]
            case ast.Compare():
                node.left = self._noted(node.left)
                node.comparators = [self._noted(v) for v in node.comparators]
            case ast.Call():
                if isinstance(node.func, ast.Attribute):
                    node.func.value = self._noted(node.func.value)
                node.args = [self._noted(v) for v in node.args]
                for keyword in node.keywords:
                    keyword.value = self._noted(keyword.value)
            case ast.IfExp():
                node.test, node.body = self._noted(node.test), self._noted(node.body)
                node.orelse = self._noted(node.orelse)
            case ast.Subscript():
                node.value, node.slice = self._noted(node.value), self._noted(node.slice)
            case ast.Slice():
                node.lower = self._noted(node.lower) if node.lower else None
                node.upper = self._noted(node.upper) if node.upper else None
                node.step = self._noted(node.step) if node.step else None
            case ast.Attribute() | ast.Starred() | ast.NamedExpr() | ast.Await() | ast.YieldFrom():
                node.value = self._noted(node.value)
            case ast.Yield():
                node.value = self._noted(node.value) if node.value else None
            case ast.List() | ast.Tuple() | ast.Set():
                node.elts = [self._noted(v) for v in node.elts]
            case ast.Dict():
                node.keys = [self._noted(k) if k else None for k in node.keys]
                node.values = [self._noted(v) for v in node.values]
            case _:
                pass
        if number is None or not keep:
            return node
        return _marked(NOTE, [ast.Constant(number), node], node)


def _marked(name: str, arguments: list[ast.expr], node: ast.expr) -> ast.expr:
    call = ast.Call(ast.Name(name, ast.Load()), arguments, [])
    return ast.fix_missing_locations(ast.copy_location(call, node))


def traces_itself(tree: ast.Module) -> bool:
    """Whether the block asks Python to tell it each line or call that runs, which would show it the markers."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) | ast.Constant(value=str() as name):
                if "settrace" in name or "setprofile" in name:
                    return True
            case ast.Import(names=names):
                if not _TRACING_MODULES.isdisjoint(a.name for a in names):
                    return True
            case ast.ImportFrom(module=str() as module, names=names):
                if module in _TRACING_MODULES or (module == "sys" and not _TRACING.isdisjoint(a.name for a in names)):
                    return True
            case _:
                pass
    return False


def names_of(tree: ast.Module) -> tuple[set[str], set[str], set[str], set[str]]:
    """Names at the top of a block: given a value, imported, only used, and shared with functions.

    Star imports are left out. Shared are those that a function declares ``global`` or ``nonlocal``.
    """
    stored: set[str] = set()
    imported: set[str] = set()
    used: set[str] = set()
    of_block: set[str] = set()  # declared global
    shared: set[str] = set()

    def visit(node: ast.AST, inside: bool, in_function: bool) -> None:
        match node:
            case ast.Name(ctx=ast.Load()):
                used.add(node.id)
            case ast.Name() if not inside:
                stored.add(node.id)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if not inside:
                stored.add(node.name)
            case ast.Import() | ast.ImportFrom() if not inside:
                imported.update((a.asname or a.name).split(".")[0] for a in node.names)
            case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name) if not inside:
                stored.add(name)
            case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name) if not inside:
                stored.add(name)
            case ast.Global():
                of_block.update(node.names)
            case ast.Nonlocal():
                shared.update(node.names)
            case ast.NamedExpr(target=ast.Name(id=name)) if not in_function:
                stored.add(name)
            case _:
                pass
        is_function = isinstance(node, _FUNCTION_LIKE)
        inside = inside or is_function or isinstance(node, _OTHER_SCOPES)
        in_function = in_function or is_function or isinstance(node, ast.ClassDef)
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, _LEAVES):
                visit(child, inside, in_function)

    visit(tree, False, False)
    return stored | of_block, imported, used - stored - imported, shared | of_block
