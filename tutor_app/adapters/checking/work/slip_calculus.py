"""Wrong rules for derivatives and antiderivatives: what each makes of a function.

The right derivative of a part is SymPy's. Loaded only in the checking process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from tutor_app.adapters.checking import symbolic
from tutor_app.adapters.checking.work.state import term_of
from tutor_app.adapters.checking.work.values import agree
from tutor_app.adapters.grading.terms import (
    MINUS_ONE,
    ONE,
    Call,
    Constant,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Term,
    negative,
    product,
    quotient,
    substituted,
    symbols,
    total,
)

Variant = tuple[str, Term]


def slip_of_derivative(given: Term, name: str, new: Term) -> str:
    """The wrong rule of differentiation that gives a line, or empty."""
    return _first(_derivatives(given, name), new)


def slip_of_integral(given: Term, name: str, new: Term) -> str:
    """The wrong rule of integration that gives a line without its constant, or empty."""
    return _first(_integrals(given, name), new)


def _first(variants: Iterator[Variant], new: Term) -> str:
    return next((slip for slip, wrong in variants if agree(wrong, new)), "")


def derivative(term: Term, name: str) -> Term | None:
    """The right one; None if SymPy does not know."""
    if name not in symbols(term):
        return Number(Fraction(0))
    return term_of(symbolic.derivative(term, name))


def _integral(term: Term, name: str) -> Term | None:
    """An elementary antiderivative: nobody takes one by Meijer's G functions for a derivative, and these take long."""
    import sympy as sp

    built = symbolic.built(term)
    if built is None:
        return None
    try:
        with symbolic.uncounted(), symbolic.limited():
            return term_of(sp.integrate(built, sp.Symbol(name), meijerg=False))
    except (symbolic.Late, ArithmeticError, ValueError, TypeError, NotImplementedError, AttributeError):
        return None


def _derivatives(term: Term, name: str) -> Iterator[Variant]:
    if name not in symbols(term):
        yield "derivative", term
        return
    match term:
        case Sum(terms):
            yield from _term_by_term(terms, name, derivative, _derivatives)
        case Power(base, Number() as exponent) if exponent != MINUS_ONE:
            yield from _of_power(base, exponent, name)
        case Power(Power(base, Number() as below), exponent) if exponent == MINUS_ONE:
            yield from _of_power(base, Number(-below.value), name)  # 1/x^3 as x^-3
        case Power(base, exponent) if name not in symbols(base):
            yield "chain", term
            yield "derivative", product(exponent, Power(base, total(exponent, MINUS_ONE)))
            inner = derivative(exponent, name)
            if inner is not None:
                yield "derivative", product(inner, term)  # without the logarithm of the base
        case Call(function, (argument, *more)):
            yield from _of_call(function, argument, tuple(more), name)
        case Product(factors):
            yield from _of_product(factors, name)
    if (right := _integral(term, name)) is not None:
        yield "derivative", right
    yield "derivative", term


def _term_by_term(
    terms: tuple[Term, ...],
    name: str,
    right: Callable[[Term, str], Term | None],
    wrong: Callable[[Term, str], Iterator[Variant]],
) -> Iterator[Variant]:
    """One term of a sum by a wrong rule; then the same rule for all of them."""
    rights = [right(t, name) for t in terms]
    if any(r is None for r in rights):
        return
    done = [r for r in rights if r is not None]
    options = [list(wrong(t, name)) for t in terms]
    for k, found in enumerate(options):
        for slip, one in found:
            yield slip, total(*done[:k], one, *done[k + 1 :])
        yield "sign", total(*done[:k], negative(done[k]), *done[k + 1 :])
    for choice in zip(*options, strict=False):
        if len({slip for slip, _ in choice}) == 1:
            yield choice[0][0], total(*(one for _, one in choice))


def _of_power(base: Term, exponent: Number, name: str) -> Iterator[Variant]:
    lower = Power(base, Number(exponent.value - 1))
    inner = derivative(base, name)
    if inner is None:
        return
    if not isinstance(base, Symbol):
        yield "chain", product(exponent, lower)
        yield "chain", product(exponent, Power(inner, Number(exponent.value - 1)))
        yield "chain", Power(inner, exponent)
    for wrong in (
        product(exponent, Power(base, exponent)),
        lower,
        product(exponent, Power(base, Number(exponent.value + 1))),
        product(Number(exponent.value - 1), lower),
        product(Number(exponent.value + 1), lower),
    ):
        yield "derivative", product(wrong, inner)


def _of_call(function: str, argument: Term, more: tuple[Term, ...], name: str) -> Iterator[Variant]:
    outer = derivative(Call(function, (Symbol(name), *more)), name)
    inner = derivative(argument, name)
    if outer is None or inner is None:
        return
    there = substituted(outer, {name: argument})
    if not isinstance(argument, Symbol):
        yield "chain", there
        yield "chain", substituted(outer, {name: inner})
        yield "chain", Call(function, (inner, *more))
    yield "sign", negative(product(there, inner))
    yield "chain", negative(there)
    yield "derivative", product(Call(function, (argument, *more)), inner)


def _of_product(factors: tuple[Term, ...], name: str) -> Iterator[Variant]:
    fixed = [f for f in factors if name not in symbols(f)]
    moving = [f for f in factors if name in symbols(f)]
    if fixed and moving:
        for slip, wrong in _derivatives(product(*moving), name):
            yield slip, product(*fixed, wrong)
        inner = derivative(product(*moving), name)
        if inner is not None:
            yield "derivative", inner  # the factor lost
    above = [f for f in factors if not (isinstance(f, Power) and f.exponent == MINUS_ONE)]
    below = [f.base for f in factors if isinstance(f, Power) and f.exponent == MINUS_ONE]
    if below and any(name in symbols(f) for f in below):
        yield from _of_quotient(product(*above) if above else ONE, product(*below), name)
    elif len(moving) == 2:
        u, v = moving
        du, dv = derivative(u, name), derivative(v, name)
        if du is not None and dv is not None:
            for wrong in (
                product(du, dv),
                product(du, v),
                product(u, dv),
                total(product(du, v), negative(product(u, dv))),
                total(product(u, dv), negative(product(du, v))),
                total(product(u, v), product(du, dv)),
                total(du, dv),
            ):
                yield "product", product(*fixed, wrong)


def _of_quotient(u: Term, v: Term, name: str) -> Iterator[Variant]:
    du, dv = derivative(u, name), derivative(v, name)
    if du is None or dv is None:
        return
    first, second = product(du, v), product(u, dv)
    for wrong in (
        quotient(du, dv),
        quotient(total(first, second), product(v, v)),
        quotient(total(second, negative(first)), product(v, v)),
        quotient(total(first, negative(second)), v),
        total(first, negative(second)),
    ):
        yield "product", wrong
    yield "derivative", Power(dv, MINUS_ONE)


def _integrals(term: Term, name: str) -> Iterator[Variant]:
    x = Symbol(name)
    if name not in symbols(term):
        yield "derivative", term
        yield "derivative", Number(Fraction(0))
        return
    match term:
        case Sum(terms):
            yield from _term_by_term(terms, name, _integral, _integrals)
        case Product(factors) if any(name not in symbols(f) for f in factors):
            fixed = [f for f in factors if name not in symbols(f)]
            moving = product(*(f for f in factors if name in symbols(f)))
            for slip, wrong in _integrals(moving, name):
                yield slip, product(*fixed, wrong)
            if (right := _integral(moving, name)) is not None:
                yield "derivative", right
        case Power() | Symbol() | Call():
            yield from _of_simple(term, x)
    if isinstance(term, Product) and len(moving_factors := [f for f in term.factors if name in symbols(f)]) == 2:
        parts = [_integral(f, name) for f in moving_factors]
        if parts[0] is not None and parts[1] is not None:
            yield (
                "product",
                product(*(f for f in term.factors if name not in symbols(f)), *(p for p in parts if p is not None)),
            )
    if (instead := derivative(term, name)) is not None:
        yield "derivative", instead
    right = _integral(term, name)
    if right is not None:
        yield "sign", negative(right)
    yield "derivative", term


def _of_simple(term: Term, x: Symbol) -> Iterator[Variant]:
    """Of a power, and of a function of a linear argument."""
    base, exponent = (term.base, term.exponent) if isinstance(term, Power) else (term, ONE)
    if isinstance(exponent, Number) and x.name in symbols(base) and not isinstance(base, Call):
        n = exponent.value
        raised = Power(base, Number(n + 1))
        yield "derivative", raised
        yield "derivative", product(exponent, raised)
        yield "derivative", product(Number(n + 1), raised)
        if n:
            yield "derivative", quotient(raised, exponent)
        if n != -1:
            yield "derivative", quotient(term, Number(n + 1))
            inner = derivative(base, x.name)
            if inner is not None and not isinstance(base, Symbol):
                yield "chain", quotient(raised, Number(n + 1))
                yield "chain", product(inner, quotient(raised, Number(n + 1)))
        yield "derivative", Call("log", (term if n > 0 else Power(term, MINUS_ONE),))
        yield "derivative", Call("log", (Power(term, MINUS_ONE),)) if n > 0 else Call("log", (base,))
    argument = term.args[0] if isinstance(term, Call) else term.exponent if isinstance(term, Power) else None
    if argument is None or isinstance(argument, Symbol) or x.name not in symbols(argument):
        if isinstance(term, Power) and isinstance(term.base, Constant | Number) and x.name in symbols(term.exponent):
            yield (
                "derivative",
                product(Power(term.base, total(term.exponent, ONE)), Power(total(term.exponent, ONE), MINUS_ONE)),
            )
        return
    right, inner = _integral(term, x.name), derivative(argument, x.name)
    if right is not None and inner is not None:
        yield "chain", product(right, inner)
        yield "chain", product(right, inner, inner)
        yield "chain", negative(product(right, inner))
