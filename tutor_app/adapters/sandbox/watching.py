"""Watch expressions: evaluated at each step of a recording, where evaluating them cannot change how the block runs.

Only operators, names, attributes and items are allowed, and calls of functions that are known to change nothing. What
else is asked for is refused in a sentence. It runs inside the confined process.
"""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tutor_app.adapters.sandbox.value_text import Encoded, Encoder, module_of, time_limited

_ALLOWED: Final = (
    ast.Expression, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.keyword, ast.Name,
    ast.Constant, ast.Attribute, ast.Subscript, ast.Slice, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call,
    ast.IfExp, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Starred,
)  # fmt: skip
_PURE: Final = frozenset(
    (
        "abs", "all", "any", "bin", "bool", "chr", "complex", "dict", "divmod", "float", "frozenset", "hex", "int",
        "isinstance", "len", "list", "max", "min", "oct", "ord", "pow", "range", "repr", "round", "set", "sorted",
        "str", "sum", "tuple", "type", "zip",
    )
)  # fmt: skip
_PURE_MODULES: Final = ("math", "cmath", "fractions", "statistics", "sympy", "numpy", "mpmath", "decimal")
_REFUSED: Final = frozenset(("seed", "shuffle", "fill", "put", "save", "load", "init_printing", "setattr", "exec"))


class Watches:
    """Watch expressions and what they gave last.

    Args:
        sources: The expressions.
        encoder: Turns values into text.
    """

    def __init__(self, sources: Iterable[str], encoder: Encoder) -> None:
        self._encoder = encoder
        self._watched = [_Watch(source) for source in sources]
        self._last: list[Encoded | None] = [None] * len(self._watched)

    def changed(self, module: dict[str, Any], scope: Mapping[str, Any]) -> Iterator[tuple[int, Encoded]]:
        """Number and value of each that is not what it was at the step before."""
        for number, watch in enumerate(self._watched):
            value = watch.value(module, scope, self._encoder)
            if value != self._last[number]:
                self._last[number] = value
                yield number, value


class _Watch:
    def __init__(self, source: str) -> None:
        self.problem = ""
        self._code: types.CodeType | None = None
        try:
            self._tree = ast.parse(source.strip(), "<watch>", "eval")
            self._code = compile(self._tree, "<watch>", "eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            self.problem = "This is no expression of Python."
            return
        for node in ast.walk(self._tree):
            if not isinstance(node, _ALLOWED):
                self.problem = "A watch may only compute: no assignments, loops or functions of its own."

    def value(self, module: dict[str, Any], scope: Mapping[str, Any], encoder: Encoder) -> Encoded:
        if self._code is None or self.problem:
            return "error", self.problem, ""
        names = dict(scope)
        try:
            refused = self._refused(module, names)
            if refused:
                return "error", refused, ""
            with time_limited():
                value = eval(self._code, {**module, **names})
            return encoder.encode(value)
        except NameError as e:
            return "error", f"{e.name} has no value yet", ""
        except Exception as e:  # noqa: BLE001 - whatever it raises is what it gives
            return "error", type(e).__name__, ""
        except BaseException as e:
            if isinstance(e, KeyboardInterrupt | SystemExit):
                raise
            return "error", "takes too long", ""

    def _refused(self, module: dict[str, Any], names: dict[str, Any]) -> str:
        """Why evaluating could change something, or empty."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Name):
                value = names.get(node.id, module.get(node.id))
                if hasattr(type(value), "__next__"):
                    return f"{node.id} would be used up by looking at it"
                if module_of(type(value)) == "__main__" and not isinstance(value, types.FunctionType | type):
                    return f"{node.id} is an object of this code, whose methods could change something"
            elif isinstance(node, ast.Call) and not _is_pure(node.func, module, names):
                return f"calling {ast.unparse(node.func)} could change something"
        return ""


def _is_pure(function: ast.expr, module: Mapping[str, Any], names: Mapping[str, Any]) -> bool:
    if isinstance(function, ast.Name):
        if function.id in names or function.id in module:
            value = names.get(function.id, module.get(function.id))
            return _of_pure_module(value)
        return function.id in _PURE
    if not isinstance(function, ast.Attribute) or function.attr in _REFUSED or function.attr.startswith("_"):
        return False
    if isinstance(function.value, ast.Name):
        owner = names.get(function.value.id, module.get(function.value.id))
        if isinstance(owner, types.ModuleType):
            return owner.__name__.partition(".")[0] in _PURE_MODULES and "random" not in owner.__name__
        sympy = sys.modules.get("sympy")
        if sympy is not None and isinstance(owner, sympy.Basic):
            return True
        if sympy is not None and isinstance(owner, sympy.MatrixBase):
            return function.attr in ("det", "inv", "rank", "trace", "transpose", "eigenvals", "rref", "norm")
        return type(owner) in (str, int, float, complex, tuple, frozenset) or (
            type(owner) in (list, dict)
            and function.attr in ("count", "index", "get", "keys", "values", "items", "copy")
        )
    return False


def _of_pure_module(value: object) -> bool:
    module = str(getattr(value, "__module__", "") or "")
    name = str(getattr(value, "__name__", ""))
    if name in _REFUSED or "random" in module:
        return False
    return module.partition(".")[0] in _PURE_MODULES or (module == "builtins" and name in _PURE)
