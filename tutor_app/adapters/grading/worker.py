"""The grading process: the only place where SymPy touches an answer. Anything here may hang, so it can be killed.

Run by path as a child of :mod:`tutor_app.adapters.grading.grader`. It reads the two answers anew from their text
(nothing is unpickled, nothing evaluated as code) and compares them with the same rules, with SymPy as the oracle for
what exact arithmetic leaves open. A request has ``gold``, ``answer`` and ``paper``, an answer ``same`` and ``reason``.

Limits: address space by the operating system (where it has them), wall time by :func:`~.wire.serve_requests`, size by
refusing towers of powers before they are computed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run by its path: the package is found from here

from tutor_app.adapters.grading import judging
from tutor_app.adapters.grading.finding import Finding
from tutor_app.adapters.grading.paper import paper_same
from tutor_app.adapters.grading.terms import (
    Call,
    Constant,
    Degrees,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    Unreadable,
)
from tutor_app.adapters.wire import limit_memory, serve_requests

MEMORY: Final = 1 << 30
PRECISION: Final = 50
MAX_EXPONENT: Final = 20_000
MAX_BITS: Final = 200_000


class TooLarge(Exception):
    """Computing this would take more digits than any answer has."""


class SympyOracle:
    """Decides whether two scalar terms are equal: numerically to 50 digits at several points, then symbolically."""

    def __init__(self) -> None:
        import sympy

        self._sympy: Any = sympy
        self.too_large = False

    def __call__(self, a: Term, b: Term) -> bool | None:
        """True or False if that could be decided."""
        sp = self._sympy
        try:
            one, two = self.build(a), self.build(b)
            difference = one - two
            if difference == 0:
                return True
            names = sorted(difference.free_symbols, key=str)
            decided = self._by_points(difference, one, names)
            if decided is not None:
                return decided
            return True if sp.simplify(difference) == 0 else None
        except TooLarge:
            self.too_large = True
            return None
        except (
            ArithmeticError,
            TypeError,
            ValueError,
            AttributeError,
            NotImplementedError,
            RecursionError,
            Unreadable,
        ):
            # SymPy's own failures on odd input: no decision, not a defect of the answer.
            return None

    def _by_points(self, difference: Any, one: Any, names: list[Any]) -> bool | None:
        sp = self._sympy
        seen = 0
        for k in range(4 if names else 1):
            values = {
                name: sp.Rational(3 + 7 * (i + 1) + 11 * k, 13 + 2 * i) * (-1 if k == 3 else 1)
                for i, name in enumerate(names)
            }
            at, size = difference.subs(values), abs(one.subs(values).evalf(15))
            # ``strict=False``: a difference that is exactly zero comes out as a number far below the precision.
            value = at.evalf(PRECISION, maxn=4 * PRECISION)
            if value.free_symbols or value.has(sp.nan, sp.zoo, sp.oo) or not value.is_number or not size.is_finite:
                continue
            if k == 3 and not (value.is_real and size.is_real):
                continue  # a branch of a root or a logarithm, which no answer means
            if abs(value) > sp.Float(10) ** (12 - PRECISION) * (1 + size):
                return False
            seen += 1
        return True if seen >= (2 if names else 1) else None

    def build(self, term: Term) -> Any:
        """The SymPy expression of a scalar term."""
        sp = self._sympy
        match term:
            case Number(value):
                return sp.Rational(value.numerator, value.denominator)
            case Symbol(name):
                return sp.Symbol(name)
            case Constant(name):
                return {"pi": sp.pi, "e": sp.E, "i": sp.I, "oo": sp.oo}[name]
            case Degrees(value):
                return self.build(value) * sp.pi / 180
            case Sum(terms):
                return sp.Add(*map(self.build, terms))
            case Product(factors):
                return sp.Mul(*map(self.build, factors))
            case Power(base, exponent):
                return self._power(self.build(base), self.build(exponent))
            case Call(name, args):
                return self._call(name, [self.build(a) for a in args])
            case _:
                raise Unreadable("no scalar")

    def _power(self, base: Any, exponent: Any) -> Any:
        if exponent.is_number and not exponent.is_Rational:
            size = abs(exponent.evalf(15))
            if not size.is_finite or size > MAX_EXPONENT:
                raise TooLarge
        if exponent.is_Rational:
            if abs(exponent.p) > MAX_EXPONENT or exponent.q > 1000:
                raise TooLarge
            if base.is_Rational:
                bits = max(abs(int(base.p)).bit_length(), int(base.q).bit_length())
                if bits * abs(exponent.p) > MAX_BITS:
                    raise TooLarge
            elif not base.is_Atom and abs(exponent) > 200:
                raise TooLarge
        return base**exponent

    def _call(self, name: str, args: list[Any]) -> Any:
        sp = self._sympy
        if name == "factorial" and args[0].is_number and not args[0] <= 5000:
            raise TooLarge
        if name == "binomial" and args[0].is_number and not abs(args[0]) <= 5000:
            raise TooLarge
        known = {
            "abs": sp.Abs, "max": sp.Max, "min": sp.Min, "gcd": sp.gcd, "lcm": sp.lcm, "log": sp.log,
            "factorial": sp.factorial, "binomial": sp.binomial, "floor": sp.floor, "ceiling": sp.ceiling,
            "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "cot": sp.cot, "sec": sp.sec, "csc": sp.csc,
            "asin": sp.asin, "acos": sp.acos, "atan": sp.atan, "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh,
        }  # fmt: skip
        if name in known:
            return known[name](*args)
        return sp.Function(name)(*args)


def judge(oracle: SympyOracle, gold: str, answer: str, *, paper: bool) -> Finding:
    """One comparison with SymPy at hand."""
    oracle.too_large = False
    if paper:
        return paper_same(gold, answer, oracle)
    found = judging.judge(gold, answer, oracle)
    return Finding(None, "too_large") if found.same is None and oracle.too_large else found


def main() -> int:
    """Serve until the input ends."""
    limit_memory(MEMORY)
    oracle = SympyOracle()

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        try:
            found = judge(oracle, request["gold"], request["answer"], paper=bool(request["paper"]))
        except MemoryError:
            found = Finding(None, "out_of_memory")
        return {"same": found.same, "reason": found.reason}

    serve_requests(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
