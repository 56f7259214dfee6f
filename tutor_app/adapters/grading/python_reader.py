"""Reads what Python and SymPy print, through the syntax tree and a whitelist. Nothing is ever evaluated."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from tutor_app.adapters.grading.lexer import FUNCTIONS
from tutor_app.adapters.grading.terms import (
    INFINITY,
    Call,
    Constant,
    Group,
    Matrix,
    Number,
    Piecewise,
    Power,
    Relation,
    Symbol,
    Term,
    Union,
    Unreadable,
    Words,
    negative,
    product,
    quotient,
    root,
    total,
)

MAX_CHARACTERS: Final = 4_000
MAX_DEPTH: Final = 60
_ALPHABET: Final = re.compile(r"[\w\s+\-*/().,:\[\]{}=<>!'\"]+", re.ASCII)
# Python warns of "1if" and the like; a number that runs into a name is never what Python prints.
_GLUED: Final = re.compile(r"(?<![A-Za-z_\d.])\d[\d.]*(?!e[+-]?\d|j\b)[A-Za-z_]")
_LAMBDA: Final = re.compile(r"\blambda\b(?=\s*(?:[-+*/)^,]|$))")
_INDEXED: Final = re.compile(r"([A-Za-z])(\d+)")
_NAMES: Final[dict[str, Term]] = {
    "pi": Constant("pi"),
    "E": Constant("e"),
    "I": Constant("i"),
    "oo": INFINITY,
    "inf": INFINITY,
    "zoo": INFINITY,
}
_VALUES: Final = frozenset(
    ("Integer", "Float", "Symbol", "N", "S", "int", "float", "float64", "float32", "int64", "int32", "sympify")
)
_MATRICES: Final = frozenset(("Matrix", "ImmutableMatrix", "ImmutableDenseMatrix", "MutableDenseMatrix", "array"))
_COMPARISONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "=",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def read_python(text: str) -> Term:
    """The term that a Python or SymPy expression stands for.

    Raises:
        Unreadable: If it is no such expression, or uses what is not on the whitelist.
    """
    if len(text) > MAX_CHARACTERS or not _ALPHABET.fullmatch(text) or _GLUED.search(text) or _nesting(text) > MAX_DEPTH:
        raise Unreadable("not Python output")
    # A keyword to Python, a name to SymPy, which prints it so.
    text = _LAMBDA.sub("lambda_", text.strip())
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as e:
        raise Unreadable("not a Python expression") from e
    return _Reader(text).read(tree.body)


def _nesting(text: str) -> int:
    depth = deepest = 0
    for c in text:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(c, 0)
        deepest = max(deepest, depth)
    return deepest


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._depth = 0

    def read(self, node: ast.expr) -> Term:
        self._depth += 1
        if self._depth > MAX_DEPTH * 4:
            raise Unreadable("nested too deeply")
        try:
            return self._read(node)
        finally:
            self._depth -= 1

    def _read(self, node: ast.expr) -> Term:
        match node:
            case ast.Constant(value=bool(value)):
                return Words(str(value), marked=True)
            case ast.Constant(value=int(value)):
                return Number(Fraction(value))
            case ast.Constant(value=float()):
                return self._decimal(node)
            case ast.Constant(value=complex(imag=value)):
                exact = Fraction(str(value))
                return product(Number(exact), Constant("i"))
            case ast.Constant(value=str(value)):
                return Words(" ".join(value.split()), marked=True)
            case ast.Name(id=name):
                return _NAMES.get(name) or Symbol(_INDEXED.sub(r"\1_\2", name.rstrip("_")) or name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return negative(self.read(operand))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.read(operand)
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(op, left, right)
            case ast.Tuple(elts=elements):
                inside = tuple(map(self.read, elements))
                # A bare "1, 2" is a tuple to Python; whether brackets were written is in the text.
                return Group(inside, "()" if self._source[node.col_offset : node.col_offset + 1] == "(" else "")
            case ast.List(elts=elements):
                return Group(tuple(map(self.read, elements)), "[]")
            case ast.Set(elts=elements):
                return Group(tuple(map(self.read, elements)), "{}")
            case ast.Dict(keys=[*keys], values=values) if keys:
                pairs = [(self.read(k), self.read(v)) for k, v in zip(keys, values, strict=True) if k is not None]
                named = tuple(Relation((Symbol(k.text) if isinstance(k, Words) else k, v), ("=",)) for k, v in pairs)
                return named[0] if len(named) == 1 else Group(named)
            case ast.Compare(left=left, ops=ops, comparators=others):
                if any(type(op) not in _COMPARISONS for op in ops):
                    raise Unreadable("a comparison that is no relation")
                members = tuple(map(self.read, (left, *others)))
                return Relation(members, tuple(_COMPARISONS[type(op)] for op in ops))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, args)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="Interval"), attr=kind), args=[low, high]):
                return self._interval(low, high, kind in ("open", "Lopen"), kind in ("open", "Ropen"))
            case _:
                raise Unreadable("Python that is no value")

    def _decimal(self, node: ast.expr) -> Term:
        written = self._source.encode()[node.col_offset : node.end_col_offset].decode().replace("_", "").lower()
        mantissa, _, exponent = written.partition("e")
        places = len(mantissa.partition(".")[2])
        scale = int(exponent or 0)
        if abs(scale) > 999:
            raise Unreadable("too large")
        digits = len(mantissa.replace(".", "").lstrip("0"))
        value = Fraction(mantissa) * Fraction(10) ** scale
        return Number(value, places - scale, digits) if places else Number(value)

    def _binary(self, op: ast.operator, left: ast.expr, right: ast.expr) -> Term:
        a, b = self.read(left), self.read(right)
        match op:
            case ast.Add():
                return total(a, b)
            case ast.Sub():
                return total(a, negative(b))
            case ast.Mult():
                return product(a, b)
            case ast.Div():
                return quotient(a, b)
            case ast.Pow():
                return Power(a, b)
            case _:
                raise Unreadable("an operator that answers do not use")

    def _call(self, name: str, args: list[ast.expr]) -> Term:
        special: dict[str, Callable[..., Term]] = {"Rational": quotient, "Fraction": quotient, "sqrt": root}
        if name in _MATRICES:
            if len(args) != 1:
                raise Unreadable("a matrix in another form")
            return as_matrix(self.read(args[0]))
        if name == "Interval" and 2 <= len(args) <= 4:
            flags = [isinstance(a, ast.Constant) and a.value is True for a in args[2:]] + [False, False]
            return self._interval(args[0], args[1], flags[0], flags[1])
        values = tuple(map(self.read, args))
        if name == "Piecewise" and all(isinstance(v, Group) and len(v.items) == 2 for v in values):
            pairs = [v.items for v in values if isinstance(v, Group)]
            return Piecewise(tuple((v, None if isinstance(when, Words) else when) for v, when in pairs))
        if name in special and len(values) in (1, 2):
            if len(values) == 1 and name != "sqrt":
                return values[0]
            return special[name](*values)
        if name in _VALUES and len(values) == 1:
            if name == "float" and isinstance(values[0], Words) and values[0].text.strip("+-") in ("inf", "infinity"):
                return negative(INFINITY) if values[0].text.startswith("-") else INFINITY
            return Symbol(values[0].text) if isinstance(values[0], Words) else values[0]
        if name in ("FiniteSet", "set", "list", "tuple", "Tuple", "frozenset"):
            inside = values[0].items if len(values) == 1 and isinstance(values[0], Group) else values
            return Group(inside, "()" if name in ("tuple", "Tuple") else "[]" if name == "list" else "{}")
        if name == "Union" and values:
            return Union(values)
        if name in ("Eq", "Ne", "Lt", "Le", "Gt", "Ge") and len(values) == 2:
            op = {"Eq": "=", "Ne": "!=", "Lt": "<", "Le": "<=", "Gt": ">", "Ge": ">="}[name]
            return Relation(values, (op,))
        if name == "exp" and len(values) == 1:
            return Power(Constant("e"), values[0])
        if name in ("binomial", "comb") and len(values) == 2:
            return Call("binomial", values)
        if name == "C" and len(values) == 2 and all(isinstance(v, Number) for v in values):
            return Call("binomial", values)
        if name in ("Point", "Point2D", "Point3D") and values:
            return Group(values[0].items if len(values) == 1 and isinstance(values[0], Group) else values, "()")
        if name == "root" and len(values) == 2:
            return root(*values)
        if name in ("log2", "log10") and len(values) == 1:
            return Call("log", (values[0], Number(Fraction(int(name[3:])))))
        if name in FUNCTIONS and name not in ("sqrt", "cbrt") and values:
            return Call("log" if name == "lg" else FUNCTIONS[name], values)
        if len(name) == 1 and values:
            # Only these letters name functions; "n(n + 1)" is a product.
            return Call(name, values) if name in "fghFGHP" or len(values) > 1 else product(Symbol(name), values[0])
        raise Unreadable(f"the function {name}")

    def _interval(self, low: ast.expr, high: ast.expr, left_open: bool, right_open: bool) -> Term:
        a, b = self.read(low), self.read(high)
        # SymPy opens an interval at infinity by itself and prints it without saying so.
        left_open = left_open or a == negative(INFINITY)
        right_open = right_open or b == INFINITY
        return Group((a, b), ("(" if left_open else "[") + (")" if right_open else "]"))


def as_matrix(term: Term) -> Matrix:
    """The matrix that a list, or a list of rows, stands for; a flat list is a column.

    Raises:
        Unreadable: If the rows differ in length.
    """
    if not isinstance(term, Group) or not term.items:
        raise Unreadable("no rows")
    rows = tuple(item.items if isinstance(item, Group) else (item,) for item in term.items)
    if len({len(row) for row in rows}) != 1 or not rows[0]:
        raise Unreadable("rows of unequal length")
    return Matrix(rows)
