"""SymPy at the service of the check: derivatives, integrals, limits, sums, roots, each under a time limit of its own.

Loaded only in the checking process. Everything answers None where SymPy does not know or takes too long.
"""

from __future__ import annotations

import contextlib
import math
import signal
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from tutor_app.adapters.grading.terms import Term, Unreadable
from tutor_app.adapters.grading.worker import SympyOracle, TooLarge

SECONDS: Final = 0.5
POINTS: Final = ("7/5", "23/11", "31/9")
DIGITS: Final = 30
_TICK_SECONDS: Final = 0.01


class Late(Exception):
    """An operation took too long."""


class _Deadline:
    """When the whole check must be over, and the operation under way; and how many operations were cut short."""

    at = math.inf
    processor = math.inf
    cut = 0


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let the operations inside the block take no longer than this in all."""
    before = _Deadline.at
    _Deadline.at = min(before, time.monotonic() + seconds)
    try:
        yield
    finally:
        _Deadline.at = before


def cut_short() -> int:
    """How many operations have been cut short in this process.

    What is found while the number grows may be for want of a result, so nothing is called false then.
    """
    return _Deadline.cut


@contextlib.contextmanager
def uncounted() -> Iterator[None]:
    """Let operations inside the block be cut short without a trace: of what only gives a fault its name."""
    before = _Deadline.cut
    try:
        yield
    finally:
        _Deadline.cut = before


@contextlib.contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raise :class:`Late` inside the block when its time is over; where the system has no alarms, never.

    Args:
        seconds: Of the processor, so that other work on the machine changes nothing of what is found; a block within
            such a block has at most the time that is left to the outer one. Loading SymPy takes nothing of it.
    """
    warm()
    begun, outer = time.process_time(), _Deadline.processor
    seconds = min(seconds, _Deadline.at - time.monotonic(), outer - begun)
    if seconds <= 0:
        _Deadline.cut += 1
        raise Late
    with contextlib.nullcontext() if outer < math.inf else _ticking():
        try:
            try:
                _Deadline.processor = begun + seconds
                yield
            finally:
                _Deadline.processor = outer
        finally:
            _Deadline.processor = outer  # a tick may have come before it was done


@contextlib.contextmanager
def _ticking() -> Iterator[None]:
    """Look again and again inside the block whether time is over: who swallows :class:`Late` gets another."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    try:
        old = signal.signal(signal.SIGPROF, _tick)
    except ValueError:  # not in the main thread
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, _TICK_SECONDS, _TICK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, old)


def _tick(*_: object) -> None:
    if time.process_time() >= _Deadline.processor:
        _Deadline.cut += 1
        raise Late


@lru_cache(maxsize=1)
def warm() -> None:
    """Do one of each operation, so that SymPy has loaded what they need before there is a time limit; once only."""
    import sympy as sp

    x, n = sp.symbols("x n")
    sp.summation(2 * x - 1, (x, 1, n))
    sp.product(x, (x, 1, n))
    sp.integrate(sp.sin(x) * x + 1 / x, (x, 1, 2))
    sp.limit(sp.sin(x) / x, x, 0)
    sp.roots(sp.Poly(x**2 - 2, x))
    sp.real_roots(sp.Poly(x**2 - 2, x))
    sp.solve([x + n - 3, x - n - 1], [x, n], dict=True)


@lru_cache(maxsize=1)
def _oracle() -> SympyOracle:
    return SympyOracle()


def built(term: Term) -> Any | None:
    """The SymPy expression of a scalar term."""
    try:
        return _oracle().build(term)
    except (Unreadable, TooLarge, KeyError, TypeError, ValueError, ArithmeticError):
        return None


def is_undefined(expression: Any) -> bool:
    """Whether a part of an expression has no value: a division by zero."""
    import sympy as sp

    return bool(expression.has(sp.nan, sp.zoo))


def derivative(term: Term, name: str, at: Term | None = None, *, times: int = 1) -> Any | None:
    """The derivative with respect to a name, or a higher one, and its value where a place is given."""
    import sympy as sp

    expression, place = built(term), sp.Symbol(name) if at is None else built(at)
    if expression is None or place is None:
        return None
    return _tried(lambda: sp.diff(expression, sp.Symbol(name), times).subs(sp.Symbol(name), place))


def integral(term: Term, name: str, low: Term, high: Term) -> Any | None:
    """The definite integral."""
    import sympy as sp

    parts = [built(t) for t in (term, low, high)]
    if None in parts:
        return None
    found = _tried(lambda: sp.integrate(parts[0], (sp.Symbol(name), parts[1], parts[2])))
    return None if found is None or found.has(sp.Integral) else found


def limit(term: Term, name: str, at: Term, side: str = "+-") -> Any | None:
    """The limit at a point, from both sides unless one is named."""
    import sympy as sp

    expression, point = built(term), built(at)
    if expression is None or point is None:
        return None
    direction = "-" if point == sp.oo else side
    found = _tried(lambda: sp.limit(expression, sp.Symbol(name), point, direction))
    return None if found is None or found.has(sp.Limit) else found


def summed(term: Term, name: str, low: Term, high: Term, *, product: bool = False) -> Any | None:
    """The sum, or product, over whole numbers."""
    import sympy as sp

    parts = [built(t) for t in (term, low, high)]
    if None in parts:
        return None
    over = (sp.Symbol(name), parts[1], parts[2])
    found = _tried(lambda: (sp.product if product else sp.summation)(parts[0], over))
    return None if found is None or found.has(sp.Sum, sp.Product) else found


def roots(term: Term, name: str) -> list[Any] | None:
    """All complex roots of a polynomial in one name, each once."""
    import sympy as sp

    expression = built(term)
    if expression is None or expression.free_symbols != {sp.Symbol(name)}:
        return None

    def find() -> list[Any] | None:
        above, below = sp.fraction(sp.together(expression))
        if below.free_symbols or not above.is_polynomial(sp.Symbol(name)):
            return None
        polynomial = sp.Poly(above, sp.Symbol(name))
        if not 1 <= polynomial.degree() <= 6:
            return None
        found = sp.roots(polynomial)
        return list(found) if sum(found.values()) == polynomial.degree() else None

    found: list[Any] | None = _tried(find)
    return found


def equal(a: Any, b: Any) -> bool | None:
    """Whether two expressions are equal: told apart at points to 30 digits, else by simplification."""
    import sympy as sp

    def decide() -> bool | None:
        a_, b_ = sp.sympify(a), sp.sympify(b)
        if a_ == b_:
            return True
        if any(x.has(sp.oo, sp.zoo, sp.nan, -sp.oo) for x in (a_, b_)):
            return False if a_.is_infinite != b_.is_infinite else None
        difference = a_ - b_
        names = sorted(a_.free_symbols | b_.free_symbols, key=str)  # also those that the difference lacks
        seen = 0
        for point in POINTS:
            values = {s: sp.Rational(point) + k for k, s in enumerate(names)}
            value = difference.subs(values).evalf(DIGITS)
            if not value.is_number or not value.is_finite:
                continue
            size = max(1, abs(a_.subs(values).evalf(DIGITS)))
            if abs(value) > size * sp.Float("1e-20"):
                return False
            seen += 1
        return True if seen else None

    found: bool | None = _tried(decide)
    return found


def counterexample(x: Any, y: Any) -> str:
    """A point at which two expressions differ, in words; empty if none is found."""
    for n in (1, 2, 3, 5):
        if not x.free_symbols | y.free_symbols:
            return shown(x)
        values = {s: n + k for k, s in enumerate(sorted(x.free_symbols | y.free_symbols, key=str))}
        a, b = x.subs(values), y.subs(values)
        if a.is_finite and b.is_finite and equal(a, b) is False:
            where = ", ".join(f"{s} = {v}" for s, v in values.items())
            return f"for {where} the left side is {shown(a)}, the right side {shown(b)}"
    return ""


def shown(expression: Any) -> str:
    """An expression for the user."""
    text = str(expression).replace("**", "^").replace("*", " ")
    return text if len(text) <= 120 else ""


def _tried(work: Any) -> Any | None:
    try:
        with limited():
            return work()
    except (
        Late,
        ArithmeticError,
        ValueError,
        TypeError,
        AttributeError,
        NotImplementedError,
        RecursionError,
        KeyError,
    ):
        return None
