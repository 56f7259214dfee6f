"""The commonest mistakes are explained; the exceptions are really raised."""

import math

import numpy as np
import pytest
import sympy

from tutor_app.adapters.sandbox.error_hints import hint_for


def hint_of(code: str) -> str:
    scope = {"sympy": sympy, "np": np, "math": math, "x": sympy.Symbol("x")}
    try:
        exec(compile(code, "<block 1>", "exec"), scope)
    except Exception as e:  # noqa: BLE001 - any of them
        return hint_for(type(e).__name__, e.msg if isinstance(e, SyntaxError) else str(e))
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("y + 1", "Nothing called y"),
        ("def f():\n    a += 1\nf()", "a is assigned inside the function"),
        ("import scipi", "library scipi"),
        ("from math import sine", "nothing called sine"),
        ("1 / 0", "divided by zero"),
        ("import urllib.error\nraise urllib.error.URLError('no host')", "reaches no network"),
        ("import socket\nraise socket.gaierror(-2, 'Name or service not known')", "reaches no network"),
        ("class ConnectionError(OSError): pass\nraise ConnectionError('Max retries exceeded')", "reaches no network"),
        ("await f()", "asyncio.run"),
        ("[][0]", "outside the list"),
        ("{}['a']", "no such key"),
        ("a = 5\na[0]", "type int has no parts"),
        ("a = 5\na(2)", "type int was called"),
        ("bool(x > 1)", "inequality with unknowns"),
        ("float(x)", "no plain number"),
        ("(lambda a: a)()", "wrong arguments"),
        ("'a' + 1", "cannot be joined by +"),
        ("[1] + 1", "another type"),
        ("[] - []", "cannot be combined"),
        ("(5).append(1)", "type int has nothing called append"),
        ("int('a')", "not a whole number"),
        ("a, b = 1, 2, 3", "number of names"),
        ("math.sqrt(-1)", "not defined for this number"),
        ("def f(): f()\nf()", "case in which it stops"),
        ("math.exp(10000)", "too large for a float"),
        ("a = (1", "bracket or quote"),
        ("a = 2y", "write 2*x"),
        ("if True:\na = 1", "indented"),
        ("def f():\n    k = 1\n    global k", "must come first"),
        ("def f():\n    print(k)\n    global k", "must come first"),
        ("nonlocal k", "function within a function"),
        ("def f():\n    nonlocal k", "function within a function"),
        ("np.linalg.inv(np.zeros((2, 2)))", "singular"),
        ("sympy.zeros(2).inv()", "no inverse"),
        ("sympy.zeros(2) * sympy.zeros(3)", "do not fit"),
        ("sympy.sympify('2x+')", "could not read"),
        ("assert 1 == 2", "does not hold"),
    ],
)
def test_a_hint_for_each_of_the_commonest(code: str, word: str) -> None:
    assert word in hint_of(code)


def test_the_marks_of_a_code_block_are_told_apart() -> None:
    assert "leave these lines out" in hint_for("SyntaxError", "invalid syntax", "```python")


def test_an_unknown_error_gets_no_hint() -> None:
    assert hint_for("QuiteNewError", "something") == ""


def test_whose_error_it_is_decides_what_is_said() -> None:
    assert "nsolve" in hint_for("NotImplementedError", "", library="sympy")
    assert "one process" in hint_for("NotImplementedError", "", library="multiprocessing")
    assert "scratch folder" in hint_for("PermissionError", "", "open('/a')")
    assert "one process" in hint_for("PermissionError", "", "os.fork()")
    assert hint_for("NotImplementedError", "") == ""
