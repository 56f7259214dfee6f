"""Puts the work of a solution's code into mathematics and words for a hint: no name, sign or call of Python.

What has no plain words is not said at all.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_SIGNS: Final[dict[type[ast.operator], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "×", ast.Div: "÷"}
_VERBS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.FloorDiv: "divide",
    ast.Mod: "take the remainder", ast.Pow: "take a power",
}  # fmt: skip
_SENTENCES: Final[dict[type[ast.operator], str]] = {
    ast.Add: "Add {all}", ast.Sub: "From {0} take away {1}", ast.Mult: "Multiply {all}", ast.Div: "Divide {0} by {1}",
    ast.FloorDiv: "Find how many times {1} goes into {0}", ast.Mod: "Divide {0} by {1} and keep the remainder",
}  # fmt: skip
_CALLS: Final = {
    "round": "{}, rounded", "ceil": "{}, rounded up", "floor": "{}, rounded down", "int": "the whole part of {}",
    "sum": "the sum of {}", "max": "the largest of {}", "min": "the smallest of {}", "len": "the number of {}",
    "sqrt": "the square root of {}", "abs": "the size of {}", "float": "{}", "str": "{}", "Integer": "{}",
}  # fmt: skip
_ROUNDINGS: Final = ("round", "ceil", "floor", "int")
_LONG_DECIMAL: Final = re.compile(r"\d+\.\d{7,}")
_POWERS: Final = {2: "squared", 3: "cubed"}
_MOST_STEPS: Final = 9


@dataclass(frozen=True, slots=True)
class Step:
    """A calculation.

    Attributes:
        text: In mathematics and words.
        verbs: What is done, in order, each once: "multiply".
    """

    text: str
    verbs: tuple[str, ...]


def calculations(source: str, problem: str = "") -> list[Step]:
    """The calculations whose results a block of code gives a name to, in order, as far as they can be said.

    Args:
        source: Of the block.
        problem: Its capital letters are taken over.
    """
    found = []
    for node in ast.walk(_parsed(source)):
        if isinstance(node, ast.Assign) and _operations(node.value) and (text := _said(node.value, problem)):
            found.append(Step(text, tuple(dict.fromkeys(_VERBS[op] for op in _operations(node.value) if op in _VERBS))))
    return found


def named_steps(source: str, problem: str = "") -> list[str]:
    """What a block of code works out, in the words of its own names: ``Add pens and paper: this gives total cost.``

    Quantities that are only written down are no steps; neither is anything of a name that says nothing.
    """
    said = list[str]()
    for node in _parsed(source).body:
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        found = (name for name in ast.walk(node.value) if isinstance(name, ast.Name))
        names = sorted(found, key=lambda name: (name.lineno, name.col_offset))
        of = [name for name in dict.fromkeys(name.id for name in names) if not _is_called(name, node.value)]
        operations = _operations(node.value)
        target = in_words(node.targets[0].id, problem)
        if not operations or len(target) < 3 or any(len(name) < 3 for name in of):
            continue
        words = [in_words(name, problem) for name in of]
        bare = not any(isinstance(part, ast.Call) for part in ast.walk(node.value))
        alike = bare and len(set(operations)) == 1 and len(operations) == len(of) - 1
        sentence = _SENTENCES.get(operations[0]) if alike else None
        if sentence is not None and (len(of) == 2 or operations[0] in (ast.Add, ast.Mult)):
            said.append(f"{sentence.format(*words, all=joined(words))}: this gives {target}.")
        else:
            verbs = list(dict.fromkeys(_VERBS[op] for op in operations if op in _VERBS))
            how = f": {joined(verbs)}" if verbs else ""
            said.append(f"Work out {target}{f' from {joined(words)}' if words else ''}{how}.")
    return list(dict.fromkeys(said))[:_MOST_STEPS]


def in_words(name: str, problem: str = "") -> str:
    """A name of the code in words: ``griffin_height`` is "Griffin's height" where the problem knows a Griffin."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("_", " ").split()
    told = set(re.findall(r"[A-Za-z]+", problem))
    proper = [word.capitalize() in told and word.lower() not in told and len(word) > 2 for word in words]
    if len(words) > 1 and proper[-1] and not any(proper[:-1]):  # whose it is comes first
        words, proper = [words[-1], *words[:-1]], [True, *proper[:-1]]
    said = []
    for n, word in enumerate(words):
        if not proper[n]:
            said.append(word if word.isupper() and len(word) > 1 else word.lower())
            continue
        following = words[n + 1] if n == 0 and len(words) > 1 and not proper[1] else ""
        owns = following and re.search(r"(?:ed|en|ing)$|^(?:in|at|of|and)$", following) is None
        said.append(word.capitalize() + ("'s" if owns else ""))
    return " ".join(said)


def plain_numbers(text: str) -> str:
    """A text without the digits that a computer's fractions leave behind: 0.30000000000000004 is 0.3."""
    return _LONG_DECIMAL.sub(lambda m: f"{float(m[0]):.6g}", text)


def joined(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])


def _is_called(name: str, tree: ast.expr) -> bool:
    called = [part.func for part in ast.walk(tree) if isinstance(part, ast.Call)]
    return any(name == getattr(getattr(func, "value", func), "id", "") for func in called)  # math of math.ceil, too


def _operations(node: ast.AST) -> list[type[ast.operator]]:
    """The operations in the order in which they are worked out."""
    inner = [op for child in ast.iter_child_nodes(node) for op in _operations(child)]
    return [*inner, type(node.op)] if isinstance(node, ast.BinOp) else inner


def _said(node: ast.expr, problem: str) -> str:
    """An expression in mathematics and words; empty if a part of it has none."""
    match node:
        case ast.Constant(value=bool()):
            return ""
        case ast.Constant(value=int() | float() as number):
            return plain_numbers(str(number))
        case ast.Name(id=name):
            return in_words(name, problem)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return f"-{said}" if (said := _said(inner, problem)) else ""
        case ast.BinOp(left=left, op=op, right=right):
            return _operated(left, op, right, problem)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            words = [_said(part, problem) for part in parts]
            return joined(words) if words and all(words) else ""
        case ast.Call(func=func, args=[inner, *more], keywords=[]):
            return _called(getattr(func, "id", "") or getattr(func, "attr", ""), inner, more, problem)
        case _:
            return ""


def _called(name: str, inner: ast.expr, more: list[ast.expr], problem: str) -> str:
    several = bool(more) and name in ("max", "min")
    said = _said(ast.Tuple([inner, *more]) if several else inner, problem)
    if name not in _CALLS or not said or (more and not several and name != "round"):
        return ""
    return _CALLS[name].format(said)


def _operated(left: ast.expr, op: ast.operator, right: ast.expr, problem: str) -> str:
    a, b = _said(left, problem), _said(right, problem)
    if not a or not b:
        return ""
    match op:
        case ast.FloorDiv():
            return f"how many times {b} goes into {a}"
        case ast.Mod():
            return f"the remainder of {a} divided by {b}"
        case ast.Pow():
            power = right.value if isinstance(right, ast.Constant) else None
            base = f"({a})" if isinstance(left, ast.BinOp) else a
            if re.fullmatch(r"[\d.]+", a) and re.fullmatch(r"\d+", b):
                return f"{a}^{b}"
            return (
                f"{base} {_POWERS[power]}" if power in (2, 3) and isinstance(power, int) else f"{base} to the power {b}"
            )
        case _ if type(op) in _SIGNS:
            a = f"({a})" if _binds_less(left, op) or _is_words(left) else a
            b = f"({b})" if _binds_less(right, op, is_right=True) or _is_words(right) else b
            return f"{a} {_SIGNS[type(op)]} {b}"
        case _:
            return ""


def _binds_less(operand: ast.expr, op: ast.operator, *, is_right: bool = False) -> bool:
    if not isinstance(operand, ast.BinOp):
        return False
    loose = isinstance(operand.op, ast.Add | ast.Sub)
    if isinstance(op, ast.Mult | ast.Div):
        return loose or (is_right and isinstance(operand.op, ast.Mult | ast.Div) and isinstance(op, ast.Div))
    return loose and is_right and isinstance(op, ast.Sub)


def _is_words(operand: ast.expr) -> bool:
    """Whether an operand is said in a phrase of its own, so that brackets must hold it together."""
    if isinstance(operand, ast.Call):
        return True
    return isinstance(operand, ast.BinOp) and type(operand.op) not in _SIGNS and not isinstance(operand.op, ast.Pow)
