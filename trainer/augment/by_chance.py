"""Whether code is right for its problem alone: with another number in both it no longer comes to the answer.

A teacher's code may divide by 10 pupils where 10 is a price, and be right by chance. GSM8K's annotated steps say what
the answer is with another number; the code is run with it as well. A number is only taken where it stands once in the
question and once in the code, and can mean nothing else there, and where the results stay as whole as they were. Where
numbers of a question are sums or products of others (10 pupils: 5, 4 and the last), none may be another alone.
"""

from __future__ import annotations

import ast
import copy
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from trainer.augment.ground import composed, maskable
from trainer.data.chain import Chain, NotAChain
from trainer.data.number_words import said_numbers
from trainer.synthesize.make_code import printed_number, run_block
from tutor_app.core.ports import CodeExecutor

_TIMES: Final = (Fraction(2), Fraction(3), Fraction(1, 2))
"""What a number is multiplied by, the first that the problem allows."""
_NEAR: Final = Fraction(1, 10**6)


def right_by_chance(question: str, annotated: str, sources: Sequence[str], executor: CodeExecutor) -> bool:
    """Whether some number may be another in the problem and not in the code.

    Args:
        question: The problem.
        annotated: GSM8K's solution of it.
        sources: Blocks of code, of which the last prints the answer.
        executor: Runs them.

    Returns:
        False as well where the annotated solution is no chain of steps that says it.

    Raises:
        SandboxFault: If code cannot be run here at all.
    """
    try:
        base = maskable(question, annotated)
        trees = [ast.parse(source) for source in sources]
    except (NotAChain, SyntaxError, ValueError, RecursionError):
        return False
    near = {value + one for value in said_numbers(question) for one in (-1, 0, 1)}
    if composed({Fraction(text) for text in base.places}, near):
        return False
    if _printed(sources, executor) is None:
        return False  # it prints the answer with words around it
    for text in base.places:
        found = _other(base.chain, text)
        if found is None:
            continue
        number, answer = found
        if sum(_is(node, Fraction(text)) for tree in trees for node in ast.walk(tree)) != 1:
            continue  # it stands there in another unit, or as another number as well
        printed = _printed([_with(tree, Fraction(text), number) for tree in trees], executor)
        if printed is None or abs(printed - answer) > _NEAR:
            return True
    return False


def _other(chain: Chain, text: str) -> tuple[int, Fraction] | None:
    """Another number for a literal, and the answer with it."""
    old = chain.results()
    for times in _TIMES:
        number = Fraction(text) * times
        if number.denominator > 1 or number < 1:
            continue
        try:
            new = chain.results({text: number})
        except NotAChain:
            continue
        if all(n > 0 and (n.denominator == 1) == (o.denominator == 1) for n, o in zip(new, old, strict=True)):
            return int(number), new[-1]
    return None


def _is(node: ast.AST, value: Fraction) -> bool:
    """Whether a node is a number in digits, this one."""
    number = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(number, int | float) or isinstance(number, bool) or not math.isfinite(number):
        return False
    return Fraction(repr(number)) == value


class _Replaced(ast.NodeTransformer):
    def __init__(self, value: Fraction, number: int) -> None:
        self._value, self._number = value, number

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.copy_location(ast.Constant(self._number), node) if _is(node, self._value) else node


def _with(tree: ast.Module, value: Fraction, number: int) -> str:
    """The source of a tree with another number wherever it has this one."""
    return ast.unparse(_Replaced(value, number).visit(copy.deepcopy(tree)))


def _printed(sources: Sequence[str], executor: CodeExecutor) -> Fraction | None:
    """What the last block prints, or None if one fails or it prints no number."""
    session = executor.open()
    try:
        outputs = [run_block(session, source) for source in sources]
    finally:
        session.close()
    if not outputs or any(output.status != "ok" for output in outputs):
        return None
    return printed_number(outputs[-1].stdout or outputs[-1].value)
