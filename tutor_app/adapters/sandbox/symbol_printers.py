"""SymPy's printers of text and LaTeX with a memory, because printing is most of what recording costs.

Putting the terms of a sum in order takes about half of the time of printing it, and both printers need the same order;
a value of a solution often holds an earlier one. Both are remembered. What is printed is what SymPy prints.
"""

from __future__ import annotations

from functools import cache
from typing import Any


class _Remembering:
    """Remembers the order of terms, and how a part was printed. To be inherited before a printer of SymPy."""

    composed: frozenset[type] = frozenset()
    _print_level: int

    def __init__(self, settings: dict[str, Any], orders: dict[Any, list[Any]]) -> None:
        super().__init__(settings)  # type: ignore[call-arg]
        self._orders = orders
        self._parts: dict[Any, str] = {}

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        if order is not None:
            return list(super()._as_ordered_terms(expr, order))  # type: ignore[misc]
        found = self._orders.get(expr)
        if found is None:
            found = self._orders[expr] = super()._as_ordered_terms(expr)  # type: ignore[misc]
        return found

    def _print(self, expr: Any, **options: Any) -> str:
        # A whole expression is remembered by whoever asks; with options a part is written in another way.
        if options or not self._print_level or type(expr) not in self.composed:
            return str(super()._print(expr, **options))  # type: ignore[misc]
        found = self._parts.get(expr)
        if found is None:
            found = self._parts[expr] = super()._print(expr)  # type: ignore[misc]
        return found


@cache
def _classes() -> tuple[Any, Any]:
    """Printers of text and of LaTeX; SymPy is not loaded before the interpreter is in order."""
    from sympy import Add, Mul, Pow
    from sympy.printing.latex import LatexPrinter
    from sympy.printing.str import StrPrinter

    members = {"composed": frozenset((Add, Mul, Pow))}
    return tuple(type(base.__name__, (_Remembering, base), members) for base in (StrPrinter, LatexPrinter))  # type: ignore[return-value]


def printers() -> tuple[Any, Any]:
    """A printer of text and one of LaTeX that share what they remember."""
    orders: dict[Any, list[Any]] = {}
    text, latex = _classes()
    return text({"order": None}, orders), latex({}, orders)
