"""Puts the interpreter of the confined process in order, before it is confined: libraries, input, caches.

What the kernel will refuse later is replaced here by what says so, or does without.
"""

from __future__ import annotations

import builtins
import io
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, Final, NoReturn


def prepare() -> None:
    """Load the libraries and put the interpreter in order; once per process, before anything is confined."""
    # The name of the computer must not even lie around in memory, and the call is refused later.
    machine = os.uname().machine if hasattr(os, "uname") else ""
    if hasattr(os, "uname"):
        known = os.uname_result((os.uname().sysname, "sandbox", "", "", machine))
        os.uname = lambda: known
    sys.set_int_max_str_digits(0)
    warnings.simplefilter("always")
    # As Python itself does: what is deprecated is said of the block's own lines, not of what libraries do inside.
    for advice in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
        warnings.simplefilter("ignore", advice)
    warnings.filterwarnings("always", category=DeprecationWarning, module=r"__main__\Z")
    for message in ("invalid escape sequence", r"Glyph \d+ .*missing from"):  # the second is said in other words
        warnings.filterwarnings("ignore", message)
    builtins.input = _no_input
    sys.breakpointhook = lambda *a, **k: None
    import mpmath  # noqa: F401
    import numpy  # noqa: F401
    import sympy

    _quicken(sympy.Integer)
    _prepare_files_and_processes()
    with suppress(ImportError):
        _prepare_figures()


def _quicken(integer: Any) -> None:
    """Have SymPy turn its small integers into complex numbers directly.

    It does so for every coefficient whenever the terms of a sum are put in order, which each printing does, and by way
    of an evaluation to 15 digits: half of the time that printing takes.
    """
    evaluated = integer.__complex__

    def as_complex(self: Any) -> complex:
        return complex(self.p) if -(1 << 53) < self.p < 1 << 53 else evaluated(self)

    integer.__complex__ = as_complex


def _prepare_files_and_processes() -> None:
    """Have the standard library say, or do without, what the confinement refuses."""
    for name in ("copymode", "copystat"):  # as on a disk that keeps no permissions: the copy itself succeeds
        setattr(shutil, name, _tolerant(getattr(shutil, name)))
    os.umask = lambda _: 0o077
    with suppress(ImportError, AttributeError):  # what shelve keeps its values in changes permissions, too
        database: Any = import_module("dbm.dumb")._Database
        database._chmod = lambda *_: None
    with suppress(ImportError, AttributeError):
        # Without it multiprocessing says at once that this platform lacks what it needs.
        delattr(import_module("_multiprocessing"), "SemLock")


def _tolerant(function: Callable[..., None]) -> Callable[..., None]:
    def wrapped(*args: Any, **kwargs: Any) -> None:
        with suppress(PermissionError):
            function(*args, **kwargs)

    return wrapped


TYPICAL: Final = """
from sympy import *
import numpy as np
x, y, t = symbols('x y t')
print(solve(x**2 - (k + 7)*x + k + 6, x), solve([x + y - k, x - y - 1], [x, y]), solve(Eq(3*t + k, 2*k + 1), t))
print(factor(x**2 - (k + 1)*x + k), expand((x + k)**3), simplify((x**2 - k**2)/(x - k)))
print(diff(x**3*sin(k*x), x), integrate(x**2 + k*x, (x, 0, 1)), (x**2 + k).subs(x, k))
print(Matrix([[1, k], [3, k + 7]]).det(), Rational(k, 7).evalf(), latex(sqrt(k)/3 + x**2 - 1/x))
print(np.linalg.det(np.eye(2)))
"""
"""What solutions commonly do, with a number ``k`` to be given."""

_MORE: Final = """
n = Symbol('n')
solve(2*x**2 - k*x - 3, x), solve(x**3 - k*x, x), nsolve(cos(x) - x/k, x, 1)
simplify(sin(x)**2 + cos(x)**2 + k), together(1/x + 1/(x + k))
limit(sin(k*x)/x, x, 0), summation(n, (n, 1, k))
factorint(gcd(360*k, 18*k)), isprime(101 + k), binomial(k + 5, 2), N(pi*sqrt(12*k))
m = Matrix([[1, k], [3, k + 7]])
m.inv(), m.rref(), m.eigenvals(), str(m)
"""


def warm_caches() -> None:
    """Run typical mathematics in the process that workers are forked from.

    The interpreter adapts its code, and SymPy fills its caches and imports its last modules, as they are used. The
    amount is fixed, never a matter of idle time: what SymPy answers can depend on what its caches hold, and a
    solution must run alike each time.
    """
    exec(TYPICAL + _MORE, {"k": 4})
    plt: Any = sys.modules.get("matplotlib.pyplot")
    if plt is not None:
        plt.plot([1, 4, 9])
        plt.title("$x^2$")
        for kind in ("svg", "png"):
            plt.savefig(io.BytesIO(), format=kind)
        plt.close("all")
        _release_fonts()


def _release_fonts() -> None:
    """Close the fonts that matplotlib keeps open.

    A forked worker closes what it inherits and gives the numbers of those descriptors to its own pipes and files. A
    font that still owned one of the numbers would close such a pipe when it is collected.
    """
    sys.modules["matplotlib.font_manager"]._get_font.cache_clear()
    sys.modules["matplotlib.mathtext"].MathTextParser._parse_cached.cache_clear()


def _no_input(prompt: object = "", /) -> NoReturn:
    raise EOFError("input() cannot be answered here: write the value into the program instead")


class NoInput(io.TextIOBase):
    """Standard input that fails at once, because no user can type into it."""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> str:
        _no_input()

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        _no_input()


def _prepare_figures() -> None:
    """Load matplotlib with its bundled fonts only: what is drawn must look the same on every computer."""
    walk = os.walk
    # Looking for the system's fonts takes seconds, and they are out of reach later anyway.
    os.walk = lambda top, *a, **k: walk(top, *a, **k) if "matplotlib" in str(top) else iter(())
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    finally:
        os.walk = walk
    plt.switch_backend("Agg")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # each missing font would be logged once a letter
    matplotlib.rcParams["svg.hashsalt"] = "tutor"
    matplotlib.rcParams["figure.max_open_warning"] = 0
    # There is no TeX to call; matplotlib's own parser of formulas is used instead.
    matplotlib.RcParams.validate["text.usetex"] = lambda _: False
    matplotlib.use = lambda *a, **k: None  # a window cannot be opened; asking for one shall not fail
    plt.switch_backend = lambda *a, **k: None
