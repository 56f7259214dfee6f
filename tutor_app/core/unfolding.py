"""A line of code as a calculation a student would write: ``2·area/c``, ``2·126/21``, ``252/21``, ``12``.

The source gives the expression, the recording the value of each of its parts. First every name is replaced by its
value, then one operation after the other by its result, in the order in which Python worked them out. What was not
evaluated (the other side of an ``or``) stays as it was written.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tutor_app.core.code_outline import is_noted, is_single_item, root_of
from tutor_app.core.trace import Recording
from tutor_app.core.trace_values import Stage, Unfolding, Variable, shown, tex_text

LONGEST: Final = 120
"""Characters of a value that takes the place of a name; for a longer one the name stays."""
_LOWEST, _OR, _AND, _NOT, _COMPARE, _MOD, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(11)
_LOOSE: Final = (ast.Lambda, ast.Await, ast.Yield, ast.YieldFrom)
_BINARY: Final[dict[type[ast.operator], tuple[str, str, int]]] = {
    ast.Add: (" + ", " + ", _SUM),
    ast.Sub: (" - ", " - ", _SUM),
    ast.Mult: ("·", r" \cdot ", _PRODUCT),
    ast.MatMult: (" @ ", r" \cdot ", _PRODUCT),
    ast.Div: ("/", "", _PRODUCT),
    ast.FloorDiv: (" // ", "", _PRODUCT),
    ast.Mod: (" mod ", r" \bmod ", _PRODUCT),
    ast.Pow: ("^", "", _POWER),
    ast.BitOr: (" | ", r" \mathbin{|} ", _COMPARE),
    ast.BitXor: (" ^ ", r" \oplus ", _COMPARE),
    ast.BitAnd: (" & ", r" \mathbin{\&} ", _COMPARE),
    ast.LShift: (" << ", r" \ll ", _COMPARE),
    ast.RShift: (" >> ", r" \gg ", _COMPARE),
}
_COMPARISONS: Final[dict[type[ast.cmpop], tuple[str, str]]] = {
    ast.Eq: (" = ", " = "),
    ast.NotEq: (" ≠ ", r" \ne "),
    ast.Lt: (" < ", " < "),
    ast.LtE: (" ≤ ", r" \le "),
    ast.Gt: (" > ", " > "),
    ast.GtE: (" ≥ ", r" \ge "),
    ast.Is: (" is ", r" \text{ is } "),
    ast.IsNot: (" is not ", r" \text{ is not } "),
    ast.In: (" in ", r" \in "),
    ast.NotIn: (" not in ", r" \notin "),
}
Written = tuple[str, str, int]
"""An expression as text, as LaTeX, and how tightly it binds."""


def unfolded(recording: Recording, i: int) -> Unfolding | None:
    """How the expression of the line of step ``i`` is worked out; None if there is nothing to work out."""
    step = recording.step(i)
    statements = recording.outline.statements
    if step.event != "line" or not 0 <= step.statement < len(statements):
        return None
    statement = statements[step.statement].node
    root = root_of(statement)
    if root is None:
        return None
    numbers = recording.outline.statements_with_expressions.get(step.statement)
    expressions = recording.outline.expressions
    evaluated: list[tuple[ast.expr, Variable]] = []
    if numbers is not None:
        evaluated = [(expressions[n][1], v) for n, v in recording.noted_values(i) if n in numbers]
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        root, evaluated, complete = _augmented(recording, i, statement, statement.target, evaluated)
    elif isinstance(statement, ast.AugAssign) and numbers is not None and is_single_item(statement.target):
        root = expressions[numbers[-1]][1]
        complete = any(node is root for node, _ in evaluated)
    else:
        complete = any(node is root for node, _ in evaluated)
        if not complete and not _stopped_inside(recording, i):
            # A list that is written out needs no value beside its items', and a call of print has none to note.
            complete = not is_noted(root) or (isinstance(root, ast.Call) and isinstance(statement, ast.Expr))
    if not evaluated:
        return None
    stages = _stages(root, evaluated)
    if len(stages) < 2:
        return None
    is_claim = isinstance(root, ast.Compare | ast.BoolOp) or (
        isinstance(root, ast.UnaryOp) and isinstance(root.op, ast.Not)
    )
    of_truth = all(v.text in ("True", "False") for node, v in evaluated if node is root)
    is_call = isinstance(statement, ast.Expr) and isinstance(root, ast.Call)  # made for what it does
    sign = "\u21d4" if is_claim and of_truth else "\u2192" if is_call else "="
    return Unfolding(_target(statement), stages, complete and not _failed(recording, i), sign)


def _stopped_inside(recording: Recording, i: int) -> bool:
    """Whether recording was stopped while the line of step ``i`` was being worked out."""
    return bool(recording.stopped) and recording.effect(i) == len(recording) - 1


def _failed(recording: Recording, i: int) -> bool:
    j = recording.effect(i)
    return recording.step(j).event == "error" and recording.step(j).frame == recording.step(i).frame


def _augmented(
    recording: Recording,
    i: int,
    statement: ast.AugAssign,
    target: ast.Name,
    evaluated: list[tuple[ast.expr, Variable]],
) -> tuple[ast.expr, list[tuple[ast.expr, Variable]], bool]:
    """``t += i`` as the calculation ``t + i``: its left side is what the name was, its result what it became."""
    left = ast.copy_location(ast.Name(target.id, ast.Load()), target)
    whole = ast.copy_location(ast.BinOp(left, statement.op, statement.value), statement)
    frames = recording.frames(i)
    where = -1 if frames[-1].get(target.id) is not None else 0  # else it is a name of the block's own
    before = frames[where].get(target.id)
    if before is not None:
        evaluated = [(left, before), *evaluated]
    after = recording.effect(i)
    own = recording.step(i).frame
    reached = recording.step(after)
    result = recording.frames(after)[where].get(target.id) if reached.frame == own else None
    if result is None or after == i or reached.event == "error":
        return whole, evaluated, False
    return whole, [*evaluated, (whole, result)], True


def _target(statement: ast.stmt) -> str:
    match statement:
        case ast.Assign(targets=[target]):
            return ast.unparse(target)
        case ast.AnnAssign() | ast.AugAssign():
            return ast.unparse(statement.target)
        case _:
            return ""


def _stages(root: ast.expr, evaluated: list[tuple[ast.expr, Variable]]) -> tuple[Stage, ...]:
    values: dict[int, Variable] = {}
    writer = _Writer(values)
    text, latex, _ = writer.write(root)
    stages = [Stage(text, latex)]
    evaluated = _worth_writing(root, evaluated)
    for node, value in evaluated:
        if isinstance(node, ast.Name | ast.Attribute) and len(value.text) <= LONGEST and node is not root:
            values[id(node)] = value
    # What a statement alone gives as nothing (print) is no result.
    rest = [(n, v) for n, v in evaluated if id(n) not in values and not (n is root and v.kind == "nothing")]
    text, latex, _ = writer.write(root)
    if text != stages[-1].text:
        stages.append(Stage(text, latex))
    for node, value in rest:
        if len(value.text) > LONGEST and node is not root:
            continue
        part = writer.write(node)[0]
        values[id(node)] = value
        text, latex, _ = writer.write(root)
        if text != stages[-1].text:
            stages.append(Stage(text, latex, part, value.text))
    return tuple(stages)


def _worth_writing(root: ast.expr, evaluated: list[tuple[ast.expr, Variable]]) -> list[tuple[ast.expr, Variable]]:
    """Without the values for which a student would go on writing the name.

    These are what an item or attribute is taken of (``a[2]``, not all items of ``a``), and what its text does not show:
    a generator, an array of a million numbers. The whole expression's own value stays.
    """
    items = {id(n.value) for n in ast.walk(root) if isinstance(n, ast.Subscript)}
    attributes = {id(n.value) for n in ast.walk(root) if isinstance(n, ast.Attribute)}

    def is_worth(node: ast.expr, value: Variable) -> bool:
        if node is root:
            return True
        if id(node) in items and value.kind in ("sequence", "mapping", "matrix", "text", "object"):
            return False
        if id(node) in attributes and value.kind in ("sequence", "mapping", "object"):
            return False
        opaque = value.kind in ("object", "matrix") and (value.text.startswith("<") or " array of " in value.text)
        return not opaque and "\u2026" not in value.text

    return [(n, v) for n, v in evaluated if is_worth(n, v)]


class _Writer:
    """Writes an expression, some of whose parts have been replaced by values.

    Args:
        values: By the identity of the node.
    """

    def __init__(self, values: Mapping[int, Variable]) -> None:
        self._values = values

    def write(self, node: ast.expr) -> Written:
        """The expression; parts in parentheses where they need some."""
        value = self._values.get(id(node))
        if value is not None:
            return of_value(value)
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return node.id, _name(node.id), _ATOM
            case ast.BinOp():
                return self._binary(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BoolOp():
                word, level = ("or", _OR) if isinstance(node.op, ast.Or) else ("and", _AND)
                pieces = [self._inside(v, level + 1) for v in node.values]
                return f" {word} ".join(p[0] for p in pieces), rf" \text{{ {word} }} ".join(p[1] for p in pieces), level
            case ast.Compare():
                text, latex = self._inside(node.left, _COMPARE + 1)
                for operator, right in zip(node.ops, node.comparators, strict=True):
                    sign = _COMPARISONS[type(operator)]
                    piece = self._inside(right, _COMPARE + 1)
                    text, latex = text + sign[0] + piece[0], latex + sign[1] + piece[1]
                return text, latex, _COMPARE
            case ast.Call():
                return self._call(node)
            case ast.Subscript():
                text, latex = self._inside(node.value, _ATOM)
                inside, inside_tex = self._key(node.slice)
                return f"{text}[{inside}]", f"{latex}[{inside_tex}]", _ATOM
            case ast.Attribute():
                return self._attribute(node)
            case ast.List():
                return self._display(node.elts, "[", "]")
            case ast.Set():
                return self._display(node.elts, "{", "}")
            case ast.Tuple():
                return self._display(node.elts, "(", ")")
            case ast.IfExp():
                decided = self._values.get(id(node.test))
                if decided is not None and decided.kind == "logical":  # the other side no longer matters
                    return self.write(node.body if decided.text == "True" else node.orelse)
                pieces = [self._inside(n, _OR) for n in (node.body, node.test, node.orelse)]
                (body, body_tex), (test, test_tex), (other, other_tex) = pieces
                latex = rf"{body_tex} \text{{ if }} {test_tex} \text{{ else }} {other_tex}"
                return f"{body} if {test} else {other}", latex, _LOWEST
            case ast.Starred():
                text, latex = self._inside(node.value, _ATOM)
                return f"*{text}", f"{{*}}{latex}", _ATOM
            case ast.NamedExpr():
                written = self.write(node.value)
                return f"({node.target.id} := {written[0]})", written[1], _ATOM
            case _:
                text = ast.unparse(node)
                return text, tex_text(text), _LOWEST if isinstance(node, _LOOSE) else _ATOM

    def _inside(self, node: ast.expr, least: int) -> tuple[str, str]:
        """The expression as part of another one that binds as tightly as ``least``."""
        text, latex, level = self.write(node)
        if level >= least:
            return text, latex
        return f"({text})", rf"\left({latex}\right)"

    def _key(self, node: ast.expr) -> tuple[str, str]:
        """What stands in the brackets of an item: several keys without parentheses."""
        if not isinstance(node, ast.Tuple) or not node.elts:
            text, latex, _ = self.write(node)
            return text, latex
        written = [self.write(key) for key in node.elts]
        comma = "," if len(written) == 1 else ""
        return ", ".join(w[0] for w in written) + comma, ", ".join(w[1] for w in written) + comma

    def _constant(self, node: ast.Constant) -> Written:
        if isinstance(node.value, str | bytes):
            text = repr(node.value)
            return text, tex_text(text), _ATOM
        is_number = isinstance(node.value, int | float | complex) and not isinstance(node.value, bool)
        return of_value(Variable("", "number" if is_number else "object", repr(node.value)))

    def _unary(self, node: ast.UnaryOp) -> Written:
        if isinstance(node.op, ast.Not):
            text, latex = self._inside(node.operand, _NOT)
            return f"not {text}", rf"\text{{not }} {latex}", _NOT
        sign = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}[type(node.op)]
        text, latex = self._inside(node.operand, _SIGN)
        return sign + text, (r"\sim " if sign == "~" else sign) + latex, _SUM if sign == "-" else _SIGN

    def _binary(self, node: ast.BinOp) -> Written:
        sign, tex_sign, level = _BINARY[type(node.op)]
        is_power = isinstance(node.op, ast.Pow)
        left, left_tex = self._inside(node.left, _ATOM if is_power else level)
        right, right_tex = self._inside(node.right, _POWER if is_power else level + 1)
        text = f"{left}{sign}{right}"
        if isinstance(node.op, ast.Div | ast.FloorDiv):
            fraction = rf"\frac{{{self.write(node.left)[1]}}}{{{self.write(node.right)[1]}}}"
            if isinstance(node.op, ast.FloorDiv):
                return text, rf"\left\lfloor {fraction} \right\rfloor", _PRODUCT
            return text, fraction, _PRODUCT
        if is_power:
            return text, f"{{{left_tex}}}^{{{self.write(node.right)[1]}}}", _POWER
        # In mathematics mod binds less than a sum, in Python as tightly as a product: parentheses say what is meant.
        return text, left_tex + tex_sign + right_tex, _MOD if isinstance(node.op, ast.Mod) else level

    def _call(self, node: ast.Call) -> Written:
        pieces = [self.write(a) for a in node.args]
        if len(pieces) == 1 and isinstance(node.args[0], ast.GeneratorExp) and id(node.args[0]) not in self._values:
            inner = pieces[0][0].removeprefix("(").removesuffix(")")
            pieces = [(inner, tex_text(inner), _LOWEST)]
        for keyword in node.keywords:
            value = self.write(keyword.value)
            name = keyword.arg
            if name is None:
                pieces.append((f"**{value[0]}", f"{{**}}{value[1]}", _ATOM))
            else:
                pieces.append((f"{name}={value[0]}", f"{_name(name)} = {value[1]}", _ATOM))
        inside, inside_tex = ", ".join(p[0] for p in pieces), ", ".join(p[1] for p in pieces)
        text, latex = self._function(node.func)
        plain = len(pieces) == 1 and not node.keywords and not isinstance(node.args[0], ast.Starred)
        if plain and text in ("sqrt", "abs", "Abs"):
            tex = rf"\sqrt{{{inside_tex}}}" if text == "sqrt" else rf"\left|{inside_tex}\right|"
            return f"{text}({inside})", tex, _ATOM
        return f"{text}({inside})", rf"{latex}\left({inside_tex}\right)", _ATOM

    def _function(self, node: ast.expr) -> tuple[str, str]:
        if isinstance(node, ast.Name):
            return node.id, _name(node.id)
        if isinstance(node, ast.Attribute):
            text, latex, _ = self._attribute(node)
            return text, latex
        return self._inside(node, _ATOM)

    def _attribute(self, node: ast.Attribute) -> Written:
        # A name without a value is a module or a class: what stands after it says enough.
        if isinstance(node.value, ast.Name) and id(node.value) not in self._values and self._values:
            return node.attr, _name(node.attr), _ATOM
        text, latex = self._inside(node.value, _ATOM)
        return f"{text}.{node.attr}", f"{latex}.{_name(node.attr)}", _ATOM

    def _display(self, items: list[ast.expr], left: str, right: str) -> Written:
        pieces = [self.write(item) for item in items]
        tex_left, tex_right = (rf"\{left}", rf"\{right}") if left == "{" else (left, right)
        comma = "," if left == "(" and len(pieces) == 1 else ""
        text = f"{left}{', '.join(p[0] for p in pieces)}{comma}{right}"
        return text, rf"\left{tex_left}{', '.join(p[1] for p in pieces)}{comma}\right{tex_right}", _ATOM


def of_value(value: Variable) -> Written:
    """A value as text and LaTeX, and how tightly it binds; a whole number without a decimal point, as one writes it."""
    if value.kind == "number" and value.text.endswith(".0"):
        value = replace(value, text=value.text[:-2] if value.text != "-0.0" else "0")
    if value.kind == "number" and value.text.startswith("("):  # a complex number, which Python puts in parentheses
        value = replace(value, text=value.text[1:-1])
    text = value.text
    if value.kind == "matrix":
        text = " ".join(text.split())
    elif value.kind == "sequence" and text.startswith("range(0, ") and text.count(",") == 1:
        text = f"range({text[9:-1]})"
        return text, tex_text(text), _ATOM
    if value.kind == "symbolic":
        text = text.replace("**", "^").replace("*", "·")
    latex = shown(value).latex or tex_text(" ".join(value.text.split()))
    if value.kind not in ("number", "symbolic"):
        return text, latex, _ATOM
    return text, latex, _level_of(value.text)


def _level_of(text: str) -> int:
    if text.startswith(("-", "+")):
        return _SUM
    if text.isalnum() or text.replace(".", "", 1).isalnum():
        return _ATOM
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _ATOM
    match node:
        case ast.BinOp():
            return _BINARY[type(node.op)][2]
        case ast.Compare():
            return _COMPARE
        case ast.UnaryOp():
            return _SIGN
        case _:
            return _PRODUCT if "e" in text and text[0].isdigit() else _ATOM


def _name(name: str) -> str:
    return name if len(name) == 1 else tex_text(name)
