"""Recording a block step by step in the real sandbox."""

import sys
from collections.abc import Iterator

import pytest

from tutor_app.adapters.sandbox import tracing
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox, Session
from tutor_app.core.events import FigureDrawn, RunEvent, RunFinished
from tutor_app.core.parts import Output
from tutor_app.core.trace import Recording
from tutor_app.core.trace_values import Record

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the sandbox on Windows has not been run yet")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(Limits(seconds=20))
    yield box
    box.close()


class Recorded:
    """A block that ran with a recording, and the events of that run."""

    def __init__(self, events: list[RunEvent]) -> None:
        self.events, end = events, events[-1]
        assert isinstance(end, RunFinished)
        assert end.recording is not None
        self.recording: Recording = end.recording
        self.output: Output = end.output
        self.figures = [e.figure for e in events if isinstance(e, FigureDrawn)]


def record(session: Session, code: str, steps: int = 1000, timeout: float | None = None) -> Recorded:
    return Recorded(list(session.run(code, timeout=timeout, record=Record(steps))))


def record_last(sandbox: Sandbox, blocks: list[str], steps: int = 1000) -> Recorded:
    """The last block recorded, in a session in which the others ran before it."""
    session = sandbox.open()
    try:
        for block in blocks[:-1]:
            list(session.run(block))
        return record(session, blocks[-1], steps)
    finally:
        session.close()


def values(traced: Recorded) -> dict[str, str]:
    recording = traced.recording
    return {v.name: v.text for v in recording.frames(len(recording) - 1)[0].variables}


def lines(traced: Recorded) -> list[int]:
    return [s.line for s in traced.recording]


def test_each_executed_line_and_the_names_it_changed(sandbox: Sandbox) -> None:
    traced = record_last(sandbox, ["a = 1\nb = a + 1\nif b > 5:\n    c = 0\nelse:\n    a = 7\nprint(a)"])
    assert lines(traced) == [1, 2, 3, 6, 7, 7]
    changed = [[(v.name, v.text) for v in s.changed] for s in traced.recording]
    assert changed == [[], [("a", "1")], [("b", "2")], [], [("a", "7")], []]
    assert traced.output.stdout == traced.recording.printed == "7\n"
    assert [s.output for s in traced.recording] == [0, 0, 0, 0, 0, 2]


def test_the_last_block_is_recorded_in_a_session_where_the_others_ran(sandbox: Sandbox) -> None:
    traced = record_last(sandbox, ["x = 20", "y = x + 1\ny"])
    assert values(traced) == {"x": "20", "y": "21"}
    assert traced.output.value == "21"


def test_values_are_exact_and_typed(sandbox: Sandbox) -> None:
    code = """
from fractions import Fraction
import numpy as np
from sympy import *
x = symbols('x')
n = 2**100
f = 0.1 + 0.2
q = Fraction(1, 3)
e = sqrt(x) / 2
M = Matrix([[1, x], [0, 2]])
l = [1, [2, 3], 'a']
d = {'k': x}
v = np.array([1, 2])
t = n > 3
def g(a, b): return a
class P:
    def __init__(self): self.u = 5
    def __repr__(self): raise RuntimeError
p = P()
del l
"""
    traced = record_last(sandbox, [code])
    assert traced.output.status == "ok", traced.output.error
    variables = traced.recording.frames(len(traced.recording) - 1)[0].variables
    found = {v.name: (v.kind, v.text) for v in variables}
    assert found["n"] == ("number", "1267650600228229401496703205376")
    assert found["f"] == ("number", "0.30000000000000004")
    assert found["q"] == ("number", "1/3")
    assert found["e"] == ("symbolic", "sqrt(x)/2")
    assert next(v for v in variables if v.name == "e").latex == r"\frac{\sqrt{x}}{2}"
    assert found["M"] == ("matrix", "Matrix([[1, x], [0, 2]])")
    assert found["d"] == ("mapping", "{'k': x}")
    assert found["v"] == ("matrix", "[1, 2]")
    assert found["t"] == ("logical", "True")
    assert found["g"] == ("function", "g(a, b)")
    assert found["p"] == ("object", "P(u=5)")
    assert "l" not in found
    assert "np" not in found


def test_a_list_that_is_changed_in_place_is_seen(sandbox: Sandbox) -> None:
    traced = record_last(sandbox, ["l = []\nl.append(1)\nl.append(2)\nl = l"])
    seen = [v.text for s in traced.recording for v in s.changed if v.name == "l"]
    assert seen == ["[]", "[1]", "[1, 2]"]


def test_functions_are_entered_and_left_by_depth(sandbox: Sandbox) -> None:
    code = "def f(n):\n    'doc'\n    if n == 0:\n        return 1\n    return n * f(n - 1)\nr = f(2)"
    steps = record_last(sandbox, [code]).recording
    assert [(s.event, s.depth) for s in steps if s.event in ("call", "return")] == [
        ("call", 1), ("call", 2), ("call", 3), ("return", 3), ("return", 2), ("return", 1),
    ]  # fmt: skip
    assert [v.text for s in steps if s.event == "call" for v in s.changed if v.name == "n"] == ["2", "1", "0"]
    assert {s.function for s in steps} == {"", "f"}


def test_library_code_makes_no_steps(sandbox: Sandbox) -> None:
    code = "from sympy import *\nx = symbols('x')\nr = integrate(sin(x) * x, x)\nr"
    traced = record_last(sandbox, [code])
    assert lines(traced) == [1, 2, 3, 4, 4]
    assert values(traced)["r"] == "-x*cos(x) + sin(x)"


def test_recording_stops_at_the_bound_and_the_block_runs_on(sandbox: Sandbox) -> None:
    traced = record_last(sandbox, ["t = 0\nfor i in range(20000):\n    t += i\nprint(t)"], steps=100)
    assert len(traced.recording) == 101
    assert values(traced) == {"i": "19999", "t": "199990000"}
    assert "stopped after 100 steps" in traced.recording.stopped
    assert traced.output.stdout == "199990000\n"


def recorded_by_a_clock(sandbox: Sandbox, clock: str, code: str) -> Recorded:
    """A recording that measures its time by that clock, so that the machine's speed decides nothing."""
    session = sandbox.open()
    try:
        list(session.run(f"import itertools, sys\nsys.modules[{tracing.__name__!r}].perf_counter = {clock}"))
        return record(session, code, steps=20_000)
    finally:
        session.close()


def test_recording_stops_when_the_values_take_too_much_room(sandbox: Sandbox) -> None:
    names = " = ".join(f"n{i}" for i in range(450))
    code = f"for step in range(100):\n    {names} = [str(step) * 9 for _ in range(29)]\n"
    traced = recorded_by_a_clock(sandbox, "lambda: 0.0", code)
    assert traced.recording.stopped == "Recording stopped because the values are too large; the block itself ran on."
    assert 50 < len(traced.recording) < 200
    assert len(traced.recording.to_json()) < 16 << 20
    assert traced.output.status == "ok"


def test_recording_stops_when_it_takes_too_long(sandbox: Sandbox) -> None:
    traced = recorded_by_a_clock(sandbox, "itertools.count().__next__", "a = 1\nb = 2\nc = 3\nd = 4\nprint(d)")
    assert traced.recording.stopped == "Recording stopped because it took too long; the block itself ran on."
    assert 0 < len(traced.recording) < 6
    assert traced.output.stdout == "4\n"


def test_large_values_are_bounded(sandbox: Sandbox) -> None:
    code = (
        "from sympy import *\nx = symbols('x')\ne = expand((x + 1)**900)\ns = 'a' * 10**6\n"
        "l = list(range(10**6))\nM = zeros(50)"
    )
    found = values(record_last(sandbox, [code]))
    assert found["e"] == "expression of more than 400 parts"
    assert len(found["s"]) < 1000
    assert found["l"].endswith("… 1000000 in all]")
    assert found["M"] == "50 x 50 matrix"


def test_an_error_is_the_last_step(sandbox: Sandbox) -> None:
    traced = record_last(sandbox, ["a = 1\nb = a / 0\nc = 2"])
    assert (traced.recording[-1].event, traced.recording[-1].line) == ("error", 2)
    assert traced.output.error is not None
    assert traced.output.error.line == 2


def test_a_block_that_is_cut_short_keeps_its_recording(sandbox: Sandbox) -> None:
    session = sandbox.open()
    traced = record(session, "a = 1\nb = 2\nwhile True:\n    pass", timeout=0.5, steps=10**6)
    session.close()
    assert traced.output.status == "timeout"
    assert lines(traced)[:3] == [1, 2, 3]
    assert "stopped" in traced.recording.stopped


def test_a_figure_is_counted_and_given_apart(sandbox: Sandbox) -> None:
    traced = record_last(sandbox, ["import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\na = 1"])
    assert len(traced.figures) == 1
    assert [s.figures for s in traced.recording] == [0, 0, 0, 1, 1]


def test_recording_changes_nothing_of_what_the_block_does(sandbox: Sandbox) -> None:
    code = """
from __future__ import annotations
import sys
class A:
    "doc"
    z = 1
    def m(self):
        nonlocal_free = 2
        return self.z + nonlocal_free
def gen():
    try:
        yield 1
        yield 2
    finally:
        print('closed')
def outer():
    k = 0
    def inner():
        nonlocal k
        k += 1
        return k
    inner()
    return inner()
total = 0
def add():
    global total
    total += 5
add()
match [1, 2]:
    case [a, *_]:
        pass
    case _:
        a = 0
try:
    raise KeyError('x')
except KeyError as e:
    print(repr(e))
else:
    print('no')
finally:
    print('finally')
with open('f', 'w') as f:
    f.write('x')
for i in range(5):
    if i == 1:
        continue
    if i == 3:
        break
else:
    print('not reached')
sys.settrace(None)
print(A().m(), list(gen()), outer(), total, a, i, A.__doc__, gen.__doc__, [n for n in range(3)], (lambda: 4)())
"""
    session = sandbox.open()
    *_, plain = session.run(code)
    session.close()
    traced = record_last(sandbox, [code])
    assert traced.output.stdout == plain.output.stdout  # type: ignore[union-attr]
    assert traced.output.error is None
    assert Recording.from_json(traced.recording.to_json()) == traced.recording


def test_names_and_later_blocks_are_as_without_recording(sandbox: Sandbox) -> None:
    session = sandbox.open()
    record(session, "def f():\n    x = 1\n    return x\ny = f()")
    *_, last = session.run("print(f(), y)")
    session.close()
    assert last.output.stdout == "1 1\n"  # type: ignore[union-attr]


def test_a_run_without_recording_brings_no_trace(sandbox: Sandbox) -> None:
    session = sandbox.open()
    *_, end = session.run("a = 1")
    session.close()
    assert isinstance(end, RunFinished)
    assert end.recording is None


def test_the_recording_of_a_run_is_of_that_very_run(sandbox: Sandbox) -> None:
    session = sandbox.open()
    first = record(session, "import time\nseen = time.perf_counter_ns()\nprint(seen)")
    *_, end = session.run("print(seen)")
    session.close()
    assert isinstance(end, RunFinished)
    assert values(first)["seen"] + "\n" == first.output.stdout == end.output.stdout
