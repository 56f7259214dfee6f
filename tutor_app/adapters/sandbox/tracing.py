"""Records how a block runs, by markers put into its syntax tree before each statement.

Only the block's own statements carry markers, so library code runs at full speed, and nothing the code does to
Python's own trace hooks matters. It runs inside the confined process; the program validates what it sends.
"""

from __future__ import annotations

import ast
import reprlib
import sys
import types
from collections.abc import Iterable
from fractions import Fraction
from itertools import islice
from typing import Any, Final

from tutor_app.adapters.sandbox.block import Block, cut

MARK: Final = "__step__"
LINE, CALL, RETURN = range(3)
_EVENTS: Final = ("line", "call", "return")
_SHIFT: Final = 2
BATCH: Final = 50
MAX_BYTES: Final = 3 << 20
TEXT_CHARS: Final = 400
LATEX_CHARS: Final = 1_000
MAX_NODES: Final = 400
MAX_MATRIX: Final = 64
_SMALL: Final = 10**15
_MISSING: Final = object()
# Objects of these types stay what they are; of all others the text is compared.
_IMMUTABLE: Final = frozenset((bool, int, float, complex, str, bytes, type(None), Fraction, types.FunctionType, type))


class _Insert:
    """Puts a marker before each statement, at the end of loop bodies, and around function bodies."""

    def mark(self, node: ast.stmt, event: int) -> ast.stmt:
        code = (node.lineno << _SHIFT) + event
        call = ast.Call(ast.Name(MARK, ast.Load()), [ast.Constant(code)], [])
        return ast.fix_missing_locations(ast.copy_location(ast.Expr(call), node))

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for statement in body:
            if not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
                out.append(self.mark(statement, LINE))
            self.inside(statement)
            out.append(statement)
        return out

    def inside(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.function(node)
            case ast.ClassDef():
                for statement in node.body:
                    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                        self.inside(statement)
            case ast.For() | ast.AsyncFor() | ast.While():
                node.body = [*self.block(node.body), self.mark(node, LINE)]
                node.orelse = self.block(node.orelse)
            case ast.If():
                node.body, node.orelse = self.block(node.body), self.block(node.orelse)
            case ast.With() | ast.AsyncWith():
                node.body = self.block(node.body)
            case ast.Try() | ast.TryStar():
                node.body, node.orelse = self.block(node.body), self.block(node.orelse)
                node.finalbody = self.block(node.finalbody)
                for handler in node.handlers:
                    handler.body = self.block(handler.body)
            case ast.Match():
                for case in node.cases:
                    case.body = self.block(case.body)
            case _:
                pass

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        doc = ast.get_docstring(node, clean=False) is not None
        head, rest = (node.body[:1], node.body[1:]) if doc else ([], node.body)
        if not rest:
            return
        body = [self.mark(node, CALL), *self.block(rest)]
        wrapped = ast.Try(body=body, handlers=[], orelse=[], finalbody=[self.mark(node, RETURN)])
        node.body = [*head, ast.fix_missing_locations(ast.copy_location(wrapped, rest[0]))]


def _stored(tree: ast.AST) -> set[str]:
    """Names the block itself gives values to; star imports and modules are left out."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


class Recorder:
    """Called by the markers.

    Args:
        block: Where the code runs.
        max_steps: Steps recorded.
    """

    def __init__(self, block: Block, max_steps: int) -> None:
        self._block, self._left = block, max_steps
        self._max = max_steps
        self._bytes = 0
        self._steps: list[dict[str, Any]] = []
        self._seen: dict[int, dict[str, tuple[object, str]]] = {}
        self._names: list[str] = []
        self._encoder = _Encoder()
        self.stopped = ""

    def execute(self, tree: ast.Module, filename: str) -> Any:
        """Run the block with markers; see :meth:`Block.execute`."""
        scope = self._block.main.__dict__
        insert = _Insert()
        self._names = sorted(_stored(tree))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        tree.body = insert.block(tree.body)
        scope[MARK] = self._mark
        value = None
        try:
            exec(compile(tree, filename, "exec", dont_inherit=True), scope)
            if last is not None and isinstance(last, ast.Expr):
                self._record(last.lineno, "line", scope, 0, "")
                value = eval(compile(ast.Expression(last.value), filename, "eval", dont_inherit=True), scope)
            self._record(last.lineno if last else 0, "end", scope, 0, "")
        except BaseException as e:
            self._on_error(e, filename, scope)
            raise
        finally:
            scope[MARK] = abs
            self.flush()
        return value

    def _mark(self, code: int) -> None:
        if self._block.threads.is_late():
            return
        line, event = code >> _SHIFT, code & ((1 << _SHIFT) - 1)
        frame = sys._getframe(1)
        depth, function = self._place(frame)
        self._record(line, _EVENTS[event], frame.f_locals, depth, function, key=id(frame))
        if event == RETURN:
            self._seen.pop(id(frame), None)

    def _place(self, frame: types.FrameType) -> tuple[int, str]:
        depth = -1
        above: types.FrameType | None = frame
        while above is not None and depth < 500:
            depth += above.f_code.co_filename.startswith("<block ")
            above = above.f_back
        name = frame.f_code.co_name
        return max(depth, 0), "" if name == "<module>" else name

    def _record(
        self,
        line: int,
        event: str,
        scope: dict[str, Any],
        depth: int,
        function: str,
        *,
        key: int = 0,
    ) -> None:
        if self._left <= 0:
            return
        self._left -= 1
        names: Iterable[str] = scope if function else self._names
        changed = self._changed(scope, names, key if function else 0)
        step: dict[str, Any] = {"line": line, "event": event, "depth": depth, "function": function}
        step |= {"changed": changed, "output": self._block.printed, "figures": self._block.drawn}
        self._steps.append(step)
        self._bytes += sum(len(c["text"]) + len(c.get("latex", "")) + 60 for c in changed) + 80
        if self._left == 0 and event not in ("end", "error"):
            self._stop(f"Recording stopped here, after {self._max} steps; the block itself ran on.")
        elif self._bytes > MAX_BYTES:
            self._stop("Recording stopped here, because the values are too large; the block itself ran on.")
        if len(self._steps) >= BATCH:
            self.flush()

    def _stop(self, why: str) -> None:
        self.stopped, self._left = why, 0
        self._block.main.__dict__[MARK] = abs  # the cheapest call there is: later markers cost next to nothing

    def _changed(self, scope: dict[str, Any], names: Iterable[str], key: int) -> list[dict[str, str]]:
        seen = self._seen.setdefault(key, {})
        changed = []
        for name in names:
            before = seen.get(name)
            value = scope.get(name, _MISSING)
            if before is not None and before[0] is value and self._settled(value):
                continue
            if value is _MISSING or isinstance(value, types.ModuleType):
                if before is not None:
                    del seen[name]
                    changed.append({"name": name, "kind": "nothing", "text": "", "latex": ""})
                continue
            if type(value) is int and -_SMALL < value < _SMALL:
                kind, text, latex = "number", str(value), ""
            else:
                kind, text, latex = self._encoder.encode(value)
            if before is None or before[1] != text:
                changed.append({"name": name, "kind": kind, "text": text, "latex": latex})
            seen[name] = (value, text)  # keeps the value alive, so that no other can pass for it
        return changed

    def _settled(self, value: object) -> bool:
        kind = type(value)
        if kind in _IMMUTABLE:
            return True
        sympy = sys.modules.get("sympy")
        return sympy is not None and isinstance(value, sympy.Basic) and not isinstance(value, sympy.MatrixBase)

    def _on_error(self, e: BaseException, filename: str, scope: dict[str, Any]) -> None:
        line, tb = 0, e.__traceback__
        while tb is not None:
            if tb.tb_frame.f_code.co_filename == filename:
                line = tb.tb_lineno
            tb = tb.tb_next
        self._left = max(self._left, 1)
        self._record(line, "error", scope, 0, "")

    def flush(self) -> None:
        """Send what has been recorded."""
        steps, self._steps = self._steps, []
        if steps:
            self._block.send({"k": "step", "steps": steps, "stopped": self.stopped})


class _Encoder:
    """Values as bounded text; never calls a method that the block's own classes define."""

    def __init__(self) -> None:
        self._printed: dict[object, tuple[str, str]] = {}
        self._printers: tuple[Any, Any] | None = None
        self._short = reprlib.Repr()
        self._short.maxlist = self._short.maxtuple = self._short.maxset = self._short.maxdict = 30
        self._short.maxstring = self._short.maxother = TEXT_CHARS // 2
        self._short.maxlong = TEXT_CHARS // 2
        self._short.maxlevel = 4

    def encode(self, value: Any) -> tuple[str, str, str]:
        try:
            kind, text, latex = self._encode(value)
        except Exception:  # noqa: BLE001 - a value that cannot be shown must not change how the block runs
            kind, text, latex = "object", f"<{type(value).__name__}>", ""
        return kind, cut(text, TEXT_CHARS) or "''", latex if len(latex) <= LATEX_CHARS else ""

    def _encode(self, value: Any) -> tuple[str, str, str]:
        if value is None:
            return "nothing", "None", ""
        if isinstance(value, bool):
            return "logical", str(value), ""
        if type(value) in (int, float, complex, Fraction):
            return "number", repr(value) if type(value) is not Fraction else str(value), ""
        if type(value) in (str, bytes):
            return "text", self._short.repr(value), ""
        sympy = sys.modules.get("sympy")
        if sympy is not None and isinstance(value, sympy.MatrixBase):
            rows, columns = value.shape
            if rows * columns > MAX_MATRIX:
                return "matrix", f"{rows} x {columns} matrix", ""
            return "matrix", str(value), str(sympy.latex(value))
        if sympy is not None and isinstance(value, sympy.Basic):
            return "symbolic", *self._symbolic(value, sympy)
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(value, numpy.ndarray):
            if value.size > MAX_MATRIX or value.dtype == object:
                return "matrix", f"{' x '.join(map(str, value.shape))} array of {value.dtype}", ""
            return "matrix", numpy.array2string(value, separator=", "), ""
        if numpy is not None and isinstance(value, numpy.generic):
            return "number", repr(value.item()), ""
        if type(value) in (list, tuple, set, frozenset):
            return "sequence", self._inner(value, 3), self._sequence_latex(value, sympy)
        if type(value) is dict or isinstance(value, dict):
            return "mapping", self._inner(dict(value), 3), ""
        if type(value).__module__.startswith("matplotlib"):
            return "figure", type(value).__name__, ""
        if isinstance(value, types.FunctionType):
            arguments = ", ".join(value.__code__.co_varnames[: value.__code__.co_argcount])
            return "function", f"{value.__name__}({arguments})", ""
        if isinstance(value, type):
            return "object", f"class {value.__name__}", ""
        fields = getattr(value, "__dict__", None) if type(value).__module__ == "__main__" else None
        if isinstance(fields, dict):
            inside = ", ".join(f"{k}={self._inner(v, 2)}" for k, v in islice(fields.items(), 10))
            return "object", f"{type(value).__name__}({inside})", ""
        return "object", f"<{type(value).__name__}>", ""

    def _inner(self, value: Any, level: int) -> str:
        """A container's text, item by item, so that no item is unbounded."""
        if type(value) in (list, tuple, set, frozenset):
            if not level:
                return "…"
            items = [self._inner(v, level - 1) for v in islice(value, 31)]
            if len(items) > 30:
                items[30:] = [f"… {len(value)} in all"]
            opening, closing = "[]" if type(value) is list else "()" if type(value) is tuple else "{}"
            return opening + ", ".join(items) + closing
        if type(value) is dict:
            if not level:
                return "…"
            pairs = [f"{self._inner(k, level - 1)}: {self._inner(v, level - 1)}" for k, v in islice(value.items(), 31)]
            if len(pairs) > 30:
                pairs[30:] = [f"… {len(value)} in all"]
            return "{" + ", ".join(pairs) + "}"
        sympy = sys.modules.get("sympy")
        if sympy is not None and isinstance(value, sympy.Basic):
            return cut(self._symbolic(value, sympy)[0], TEXT_CHARS // 4)
        return cut(self._encode(value)[1], TEXT_CHARS // 4)

    def _symbolic(self, value: Any, sympy: Any) -> tuple[str, str]:
        """Text and LaTeX of an expression; printing is what recording costs, so each is printed once."""
        known = self._printed.get(value)
        if known is None:
            if sum(1 for _ in islice(sympy.preorder_traversal(value), MAX_NODES + 1)) > MAX_NODES:
                known = f"expression of more than {MAX_NODES} parts", ""
            else:
                if self._printers is None:  # making one costs more than many a print
                    from sympy.printing.latex import LatexPrinter
                    from sympy.printing.str import StrPrinter

                    self._printers = StrPrinter({"order": None}), LatexPrinter()
                known = self._printers[0].doprint(value), self._printers[1].doprint(value)
            self._printed[value] = known
        return known

    def _sequence_latex(self, value: Any, sympy: Any) -> str:
        if sympy is None or not 0 < len(value) <= 12:
            return ""
        if not all(isinstance(v, sympy.Basic) for v in value):
            return ""
        inside = r", \  ".join(self._symbolic(v, sympy)[1] or r"\ldots" for v in value)
        left, right = (
            ("[", "]") if isinstance(value, list) else ("(", ")") if isinstance(value, tuple) else (r"\{", r"\}")
        )
        return rf"\left{left} {inside}\right{right}"


def run(block: Block, command: dict[str, Any]) -> None:
    """Run one block and record at most ``command["record_steps"]`` steps of it."""
    recorder = Recorder(block, int(command["record_steps"]))
    block.run(command["run"], command["code"], recorder.execute)
