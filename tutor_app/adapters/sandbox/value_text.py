"""Values as bounded text and LaTeX, for a recording; runs inside the confined process.

Never calls a method that the block's own classes define, never changes a value, and gives up on what would take long to
print: recording must not change how a block runs, nor hold it up.
"""

from __future__ import annotations

import enum
import math
import reprlib
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from itertools import islice
from time import perf_counter
from typing import Any, Final

from tutor_app.adapters.sandbox.symbol_printers import printers
from tutor_app.adapters.sandbox.values import cut

TEXT_CHARS: Final = 400
LATEX_CHARS: Final = 1_000
MAX_NODES: Final = 400
MAX_MATRIX: Final = 64
MAX_ITEMS: Final = 30
MAX_BITS: Final = 4_000
"""Of an integer that is written out: turning a large one into digits takes time that grows with its square."""
PRINT_SECONDS: Final = 0.15
"""Processor time that printing one value may take."""
PRINT_BUDGET: Final = 1.0
"""Seconds that printing SymPy's values may take in a whole recording."""
IMMUTABLE: Final = frozenset(
    (bool, int, float, complex, str, bytes, type(None), Fraction, types.FunctionType, types.BuiltinFunctionType, type)
)
"""Objects of these types stay what they are; of all others the text is compared."""
_IMMUTABLE_IDS: Final = frozenset(map(id, IMMUTABLE))
Encoded = tuple[str, str, str]
"""Kind, text, LaTeX."""
_OWN_PRINTING: Final = ("_latex", "_sympystr", "_sympyrepr", "__str__", "__repr__", "args", "__hash__", "__eq__")
_PLAIN_MODULES: Final = frozenset(("datetime", "decimal", "uuid", "ipaddress"))
_BRACKETS: Final[Mapping[type, tuple[str, str]]] = {
    list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}"), frozenset: ("{", "}"),
}  # fmt: skip


class _TooLong(BaseException):
    """Printing a value took too long; no ``except Exception`` of a library may swallow it."""


def is_settled(value: object) -> bool:
    """Whether the value stays what it is for good, so that the same object need not be looked at again."""
    kind = type(value)
    if id(kind) in _IMMUTABLE_IDS:  # a class may have a say in how it is looked up
        return True
    sympy = sys.modules.get("sympy")
    return sympy is not None and issubclass(kind, sympy.Basic) and not issubclass(kind, sympy.MatrixBase)


@contextmanager
def time_limited() -> Iterator[None]:
    """Raise :class:`_TooLong` when the block inside takes too much processor time; where a system can tell."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_time(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, on_time)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, PRINT_SECONDS, 0.05)  # again and again: a callback may swallow one
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Encoder:
    """Turns values into text; what was printed once is remembered."""

    def __init__(self) -> None:
        self._printed: dict[object, tuple[str, str]] = {}
        self._printers: tuple[Any, Any] | None = None
        self._budget = PRINT_BUDGET
        self._short = reprlib.Repr()
        self._short.maxstring = self._short.maxother = TEXT_CHARS // 2

    def encode(self, value: Any) -> Encoded:
        """Kind, text and LaTeX of a value; the text is never empty."""
        kind = type(value)
        if kind is int and value.bit_length() < 64:
            return "number", str(value), ""
        try:
            found = self._encode(value)
        except Exception:  # noqa: BLE001 - a value that cannot be shown must not change how the block runs
            found = "object", f"<{_name_of(kind)}>", ""
        name, text, latex = found
        return name, cut(text, TEXT_CHARS) or "''", latex if len(latex) <= LATEX_CHARS else ""

    def _encode(self, value: Any) -> Encoded:
        kind = type(value)
        if value is None:
            return "nothing", "None", ""
        if type(kind) is not type and module_of(type(kind)) == "__main__":  # even comparing such a class calls its code
            return "object", self._object(value, kind), ""
        if kind is bool:
            return "logical", str(value), ""
        if kind is int:
            return "number", _digits(value), ""
        if kind in (float, complex):
            return "number", repr(value), ""
        if kind is Fraction:
            return "number", _fraction(value), ""
        if kind in (str, bytes):
            return "text", self._short.repr(value), ""
        of_library = self._library_value(value, kind)
        if of_library is not None:
            return of_library
        if issubclass(kind, dict):
            return "mapping", self._inner(value, 3), self._mapping_latex(value)
        if issubclass(kind, list | tuple | set | frozenset):
            return "sequence", self._inner(value, 3), self._sequence_latex(value)
        if kind is range:
            return "sequence", repr(value), ""
        if kind is types.FunctionType:
            code = value.__code__
            return "function", f"{value.__name__}({', '.join(code.co_varnames[: code.co_argcount])})", ""
        if kind in (types.BuiltinFunctionType, types.MethodType):
            return "function", f"{value.__name__}()", ""
        if issubclass(kind, type):
            return "object", f"class {_name_of(value)}", ""
        return "object", self._object(value, kind), ""

    def _library_value(self, value: Any, kind: type) -> Encoded | None:
        sympy = sys.modules.get("sympy")
        if sympy is not None and issubclass(kind, sympy.MatrixBase):
            return "matrix", *self._matrix(value)
        if sympy is not None and issubclass(kind, sympy.Basic):
            return "symbolic", *self._symbolic(value)
        numpy = sys.modules.get("numpy")
        if numpy is not None and issubclass(kind, numpy.ndarray):
            return "matrix", self._array(value, numpy), ""
        if numpy is not None and issubclass(kind, numpy.generic):
            item = value.item()
            return ("number" if type(item) in (int, float, complex) else "object"), self._inner(item, 1), ""
        module = module_of(kind)
        if module.startswith("matplotlib"):
            return "figure", _name_of(kind), ""
        if module in _PLAIN_MODULES:
            return ("number" if module == "decimal" else "object"), str(value), ""
        if module.startswith("mpmath"):
            with time_limited():
                return "number", str(value), ""
        return None

    def _object(self, value: Any, kind: type) -> str:
        name = _name_of(kind)
        if issubclass(kind, enum.Enum):
            return f"{name}.{object.__getattribute__(value, '_name_')}"
        fields = fields_of(value, kind)
        if module_of(kind) != "__main__" or fields is None:
            return f"<{name}>"
        inside = ", ".join(f"{k}={self._inner(v, 2)}" for k, v in islice(fields.items(), 10))
        return f"{name}({inside})"

    def _inner(self, value: Any, level: int) -> str:
        """An item's text, or a container's item by item, so that no item is unbounded."""
        kind = type(value)
        if issubclass(kind, dict):
            if not level:
                return "…"
            size = dict.__len__(value)
            pairs = [
                f"{self._inner(k, level - 1)}: {self._inner(v, level - 1)}"
                for k, v in islice(dict.items(value), MAX_ITEMS)
            ]
            return "{" + ", ".join(pairs) + (f", … {size} in all" if size > MAX_ITEMS else "") + "}"
        base = next((b for b in _BRACKETS if issubclass(kind, b)), None)
        if base is not None:
            if not level:
                return "…"
            return self._items(value, base, level)
        sympy = sys.modules.get("sympy")
        if sympy is not None and issubclass(kind, sympy.Basic) and not issubclass(kind, sympy.MatrixBase):
            return cut(self._symbolic(value)[0], TEXT_CHARS // 4)
        return cut(self.encode(value)[1], TEXT_CHARS // 4)

    def _items(self, value: Any, base: type, level: int) -> str:
        size = base.__len__(value)  # type: ignore[attr-defined]
        items = [self._inner(v, level - 1) for v in islice(base.__iter__(value), MAX_ITEMS)]  # type: ignore[attr-defined]
        if not size and base in (set, frozenset):
            return "set()"
        opening, closing = _BRACKETS[base]
        more = f", … {size} in all" if size > MAX_ITEMS else ""
        comma = "," if base is tuple and size == 1 else ""
        return opening + ", ".join(items) + comma + more + closing

    # ------------------------------------------------------------------------------------- SymPy, NumPy

    def _symbolic(self, value: Any) -> tuple[str, str]:
        """Text and LaTeX of an expression; printing is what recording costs, so each is printed once."""
        known = self._printed.get(value)
        if known is None:
            known = self._printed[value] = self._print(lambda p: (p[0].doprint(value), p[1].doprint(value)), (value,))
        return known

    def _print(self, job: Callable[[tuple[Any, Any]], tuple[str, str]], values: Sequence[Any]) -> tuple[str, str]:
        """Print, unless the values are too large together or the time for it is used up."""
        refused = _size_problem(values)
        if refused:
            return refused, ""
        if self._budget <= 0:
            return "expression, not printed: printing took too long before", ""
        if self._printers is None:  # making one costs more than many a print
            self._printers = printers()
        started = perf_counter()
        try:
            with time_limited():
                return job(self._printers)
        except _TooLong:
            return "expression that takes too long to print", ""
        finally:
            self._budget -= perf_counter() - started

    def _matrix(self, value: Any) -> tuple[str, str]:
        rows, columns = value.shape
        if rows * columns > MAX_MATRIX:
            return f"{rows} x {columns} matrix", ""
        entries = tuple(value.flat())
        key = (type(value), rows, columns, entries)
        known = self._printed.get(key)
        if known is None:
            known = self._printed[key] = self._print(lambda p: (str(value), p[1].doprint(value)), entries)
        return known

    def _array(self, value: Any, numpy: Any) -> str:
        if value.size > MAX_MATRIX or value.dtype == object:
            shape = " x ".join(map(str, value.shape))
            named = f"{shape} array of {value.dtype}" if value.ndim > 1 else f"array of {shape} {value.dtype}"
            if value.dtype == object or not value.size:
                return named
            first = ", ".join(repr(v.item()) for v in value.flat[:3])
            return f"{named}: {first}, …, {value.flat[value.size - 1].item()!r}"
        key = (value.dtype.str, value.shape, value.tobytes())
        known = self._printed.get(key)
        if known is None:
            known = self._printed[key] = numpy.array2string(numpy.asarray(value), separator=", "), ""
        return known[0]

    def _sequence_latex(self, value: Any, level: int = 3) -> str:
        sympy = sys.modules.get("sympy")
        base = next(b for b in _BRACKETS if issubclass(type(value), b))
        if sympy is None or not 0 < base.__len__(value) <= 12:  # type: ignore[attr-defined]
            return ""
        items = [self._item_latex(v, level - 1) for v in base.__iter__(value)]  # type: ignore[attr-defined]
        if not all(items) or not any(issubclass(type(v), sympy.Basic) for v in base.__iter__(value)):  # type: ignore[attr-defined]
            return ""
        left, right = ("[", "]") if base is list else ("(", ")") if base is tuple else (r"\{", r"\}")
        inside = r", \  ".join(items)
        return rf"\left{left} {inside}\right{right}"

    def _mapping_latex(self, value: Any) -> str:
        sympy = sys.modules.get("sympy")
        if sympy is None or not 0 < dict.__len__(value) <= 12:
            return ""
        if not any(issubclass(type(v), sympy.Basic) for pair in dict.items(value) for v in pair):
            return ""
        pairs = [(self._item_latex(k, 2), self._item_latex(v, 2)) for k, v in dict.items(value)]
        if not all(k and v for k, v in pairs):
            return ""
        inside = r", \  ".join(f"{k} : {v}" for k, v in pairs)
        return rf"\left\{{ {inside}\right\}}"

    def _item_latex(self, value: Any, level: int) -> str:
        sympy = sys.modules["sympy"]
        kind = type(value)
        if issubclass(kind, sympy.Basic) and not issubclass(kind, sympy.MatrixBase):
            return self._symbolic(value)[1]
        if kind in (int, float) and math.isfinite(value):
            text = self.encode(value)[1]
            return "" if "e" in text or len(text) > 40 else text
        if level and kind in (list, tuple) and len(value) <= 12:
            return self._sequence_latex(value, level)
        return ""


def _size_problem(values: Sequence[Any]) -> str:
    """Why expressions are not printed, or empty: too many parts, too long numbers, or printing of the block's own."""
    from sympy import preorder_traversal

    count = 0
    for value in values:
        for node in preorder_traversal(value):
            count += 1
            if count > MAX_NODES:
                return f"expression of more than {MAX_NODES} parts"
            if getattr(node, "is_Rational", False) and max(node.p.bit_length(), node.q.bit_length()) > MAX_BITS:
                return "expression with a number of very many digits" if count > 1 else _about(node.p, node.q)
            if getattr(node, "is_Float", False) and node._prec > MAX_BITS:
                return "expression with a number of very many digits"
            kind = type(node)
            if module_of(kind) == "__main__" and any(name in vars(kind) for name in _OWN_PRINTING):
                return f"<{_name_of(kind)}>"
    return ""


def _about(value: int, below: int = 1) -> str:
    digits = [max(int(v.bit_length() * 0.30103), 1) for v in (value, below)]
    if below == 1:
        return f"integer of about {digits[0]} digits"
    return f"fraction of integers of about {digits[0]} and {digits[1]} digits"


def _digits(value: int) -> str:
    return str(value) if value.bit_length() <= MAX_BITS else _about(value)


def _fraction(value: Fraction) -> str:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        return _about(value.numerator, value.denominator)
    return str(value)


def _name_of(kind: type) -> str:
    """A class's own name, also where its metaclass has something else to say."""
    name: str = type.__dict__["__name__"].__get__(kind)
    return name


def module_of(kind: type) -> str:
    """The module of a class, whatever its metaclass has to say."""
    return str(type.__dict__["__module__"].__get__(kind))


def fields_of(value: object, kind: type) -> dict[str, Any] | None:
    """The attributes that an object itself holds; None if it has none, or its class has redefined what they are."""
    slots: dict[str, Any] = {}
    for base in type.__dict__["__mro__"].__get__(kind):
        names = type.__dict__["__dict__"].__get__(base)
        for name, found in names.items():
            if type(found) is types.MemberDescriptorType:
                with suppress(AttributeError):  # a slot that has no value yet
                    slots[name] = found.__get__(value)
        found = names.get("__dict__")
        if found is not None:
            fields = found.__get__(value) if type(found) is types.GetSetDescriptorType else None
            return slots | fields if type(fields) is dict else None
    return slots or None
