"""A solution as an exact chain of calculations over literals and earlier results.

Everything is computed in fractions, so that "re-executes to the gold answer" means equality. What cannot be read
exactly is refused: other operators, names.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

_ALLOWED: Final = re.compile(r"[\d.,+\-*/() $%]+")
_MAX_VALUE: Final = 10**15


class NotAChain(ValueError):
    """The solution cannot be read as an exact chain; the text says why."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number as written.

    Attributes:
        text: Digits, without separators.
    """

    text: str

    @property
    def value(self) -> Fraction:
        return Fraction(self.text)


@dataclass(frozen=True, slots=True)
class Ref:
    """The result of an earlier step, by its index."""

    step: int


@dataclass(frozen=True, slots=True)
class Op:
    """``left operator right``; the operator is one of ``+ - * /``. A leading minus is ``0 - right`` folded away."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Neg:
    """Minus something."""

    operand: Node


Node = Literal | Ref | Op | Neg


@dataclass(frozen=True, slots=True)
class Step:
    """One calculation.

    Attributes:
        node: The expression.
        name: A name for the result: a Python identifier, unique in the chain.
        sentence: The line of the solution with its annotations worked out, as prose.
        goal: The same line without the result: the calculation, not what comes out.
        what: What is calculated, in words without any number, such as "the number of clips sold in May"; empty if the
            line does not tell.
    """

    node: Node
    name: str
    sentence: str
    goal: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """A solution as steps; the last one's result is the answer."""

    steps: tuple[Step, ...]

    def results(self, literals: Mapping[str, Fraction] | None = None) -> list[Fraction]:
        """Every step's value.

        Args:
            literals: Other values for literals, by their text.

        Raises:
            NotAChain: On division by zero or a value out of all bounds.
        """
        values: list[Fraction] = []
        for step in self.steps:
            value = _value(step.node, values, literals or {})
            if abs(value) > _MAX_VALUE or value.denominator > _MAX_VALUE:
                raise NotAChain("a result is out of all bounds")
            values.append(value)
        return values

    def literals(self) -> list[Literal]:
        """Every literal, in order, repeated as written."""
        found: list[Literal] = []
        for step in self.steps:
            found += leaves(step.node, Literal)
        return found

    def needed(self) -> Chain:
        """The same chain without steps that the answer does not depend on."""
        keep: set[int] = set()
        todo = [len(self.steps) - 1]
        while todo:
            i = todo.pop()
            if i not in keep:
                keep.add(i)
                todo += [r.step for r in leaves(self.steps[i].node, Ref)]
        new = {old: i for i, old in enumerate(sorted(keep))}
        steps = [self.steps[old] for old in sorted(keep)]
        return Chain(tuple(replace(s, node=_renumbered(s.node, new)) for s in steps))


def leaves(node: Node, kind: type) -> list:  # type: ignore[type-arg]  # the leaves are of ``kind``
    """All leaves of a kind, from left to right."""
    match node:
        case Op(_, left, right):
            return [*leaves(left, kind), *leaves(right, kind)]
        case Neg(operand):
            return leaves(operand, kind)
        case _:
            return [node] if isinstance(node, kind) else []


def divisors(node: Node) -> list[Node]:
    """The divisors in an expression."""
    if not isinstance(node, Op):
        return []
    own = [node.right] if node.operator == "/" and node.right != Literal("100") else []
    return [*own, *divisors(node.left), *divisors(node.right)]


def part_values(node: Node, values: Sequence[Fraction], literals: Mapping[str, Fraction]) -> list[Fraction]:
    """The value of every operation in an expression, from the inside out.

    Args:
        node: The expression.
        values: Results of the steps.
        literals: Other values for literals, by their text.

    Raises:
        NotAChain: On division by zero.
    """
    if not isinstance(node, Op):
        return []
    inner = [*part_values(node.left, values, literals), *part_values(node.right, values, literals)]
    return [*inner, _value(node, values, literals)]


def calculates(node: Node) -> bool:
    """Whether the expression calculates anything."""
    return isinstance(node, Op) or (isinstance(node, Neg) and calculates(node.operand))


def source(
    node: Node, names: Sequence[str], literals: Mapping[str, str] | None = None, exact: str = "", symbol: str = ""
) -> str:
    """Python source of an expression, with as few parentheses as keep its meaning.

    Args:
        node: The expression.
        names: Of the steps.
        literals: Other writings of literals, by their text.
        exact: Name of a class of exact fractions to divide with, such as ``Fraction``; empty divides floats.
        symbol: An unknown that may be in every operand but a literal; what holds it is divided as it is.
    """
    return _source(node, names, literals or {}, exact, symbol)[0]


def number(text: str) -> Fraction:
    """An exact number from digits with thousands separators and a currency or percent sign.

    Raises:
        NotAChain: If it is none.
    """
    clean = text.strip().replace(",", "").replace("$", "").removesuffix("%").removesuffix(".")
    if not re.fullmatch(r"-?(?:\d+\.?\d*|\.\d+)", clean):
        raise NotAChain(f"{text.strip()!r} is not a number")
    return Fraction(clean)


def parse_expression(text: str) -> Node:
    """An expression tree.

    Raises:
        NotAChain: If there is anything but numbers, ``+ - * /`` and parentheses.
    """
    if not _ALLOWED.fullmatch(text):
        raise NotAChain(f"{text!r} is not arithmetic")
    clean = text.replace(",", "").replace("$", "")
    clean = re.sub(r"(\d+\.?\d*|\.\d+)\s*%", r"(\1/100)", clean)
    # A leading zero is no Python number.
    clean = re.sub(r"(?<![\d.])0+(?=\d)", "", clean)
    try:
        tree = ast.parse(clean.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise NotAChain(f"{text!r} is not arithmetic") from None
    return _node(tree, clean.strip())


def shown(value: Fraction) -> str:
    """The shortest exact writing: ``72``, ``0.5``, or ``1/3`` where no decimal is exact."""
    if value.denominator == 1:
        return str(value.numerator)
    rest = value.denominator
    twos = fives = 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    places = max(twos, fives)
    scaled = abs(value.numerator) * (10**places // value.denominator)
    digits = str(scaled).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def _node(tree: ast.expr, text: str) -> Node:
    operators: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
    match tree:
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            written = text[tree.col_offset : tree.end_col_offset].rstrip(".")
            return Literal("0" + written if written.startswith(".") else written)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in operators:
            return Op(operators[type(op)], _node(left, text), _node(right, text))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Neg(_node(operand, text))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _node(operand, text)
        case _:
            raise NotAChain(f"{text!r} is not arithmetic")


def _renumbered(node: Node, new: Mapping[int, int]) -> Node:
    match node:
        case Op(operator, left, right):
            return Op(operator, _renumbered(left, new), _renumbered(right, new))
        case Neg(operand):
            return Neg(_renumbered(operand, new))
        case Ref(step):
            return Ref(new[step])
        case _:
            return node


def _value(node: Node, values: Sequence[Fraction], literals: Mapping[str, Fraction]) -> Fraction:
    match node:
        case Literal(text):
            return literals.get(text, Fraction(text))
        case Ref(step):
            return values[step]
        case Neg(operand):
            return -_value(operand, values, literals)
        case Op(operator, left, right):
            a, b = _value(left, values, literals), _value(right, values, literals)
            if operator == "+":
                return a + b
            if operator == "-":
                return a - b
            if operator == "*":
                return a * b
            if not b:
                raise NotAChain("a step divides by zero")
            return a / b


def _source(node: Node, names: Sequence[str], literals: Mapping[str, str], exact: str, symbol: str) -> tuple[str, int]:
    """Source and binding strength: 1 for sums, 2 for products, 3 for the rest."""
    match node:
        case Literal(text):
            written = literals.get(text, text)
            return (f'{exact}("{written}")' if exact and "." in written else written), 3
        case Ref(step):
            return names[step], 3
        case Neg(operand):
            text, strength = _source(operand, names, literals, exact, symbol)
            return f"-{text}" if strength == 3 else f"-({text})", 3
        case Op(operator, left, right):
            own = 1 if operator in "+-" else 2
            a, strong_a = _source(left, names, literals, exact, symbol)
            b, strong_b = _source(right, names, literals, exact, symbol)
            if exact and operator == "/":
                if a.isdigit() and b.isdigit():
                    return f"{exact}({a}, {b})", 3
                if not symbol or a.isdigit():
                    a, strong_a = f"{exact}({a})", 3
            a = f"({a})" if strong_a < own else a
            # a - (b - c) and a / (b * c) keep their parentheses.
            inner = right.operator if isinstance(right, Op) else ""
            b = f"({b})" if strong_b < own or (strong_b == own and (operator in "-/" or inner == "/")) else b
            return f"{a} {operator} {b}", own
