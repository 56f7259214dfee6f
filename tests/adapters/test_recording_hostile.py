"""Code of every awkward kind runs recorded as it runs plainly; what is too much is bounded and told."""

import re
import sys
from collections.abc import Iterator

import pytest

from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.events import RunFinished
from tutor_app.core.narration import sentence
from tutor_app.core.parts import Output
from tutor_app.core.trace import Recording
from tutor_app.core.trace_values import Record
from tutor_app.core.unfolding import unfolded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the sandbox on Windows has not been run yet")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(Limits(seconds=20), spares=2)
    yield box
    box.close()


def plain(sandbox: Sandbox, code: str, timeout: float | None = None) -> Output:
    session = sandbox.open()
    *_, end = session.run(code, timeout=timeout)
    session.close()
    assert isinstance(end, RunFinished)
    return end.output


def recorded(sandbox: Sandbox, code: str, record: Record = Record(), timeout: float | None = None) -> Recording:  # noqa: B008
    session = sandbox.open()
    *_, end = session.run(code, timeout=timeout, record=record)
    session.close()
    assert isinstance(end, RunFinished)
    assert end.recording is not None
    return end.recording


def at_end(recording: Recording) -> dict[str, str]:
    return {v.name: v.text for v in recording.frames(len(recording) - 1)[0].variables}


def came_to(output: Output) -> tuple[object, ...]:
    return output.status, output.stdout, output.value, output.error


PROGRAMS = {
    "recursion without end": "def f(n):\n    return f(n + 1)\nf(0)",
    "recursion to the limit": """
import sys
class T:
    def f(self, n):
        try:
            return self.f(n + 1)
        except RecursionError:
            return n
def g(n): return 1 + h(n)
def h(n):
    try:
        return g(n + 1)
    except RecursionError:
        return n
print(T().f(0), g(0), sys.getrecursionlimit())
sys.setrecursionlimit(300)
print(T().f(0), g(0), sys.getrecursionlimit())
""",
    "names deleted": """
a = 1
for name in list(globals()):
    if not name.startswith('__'):
        del globals()[name]
c = 3
globals().clear()
d = 4
""",
    "names of Python redefined": """
old = print
def print(*a):
    old('<', *a, '>')
print(3)
abs, len, sum, BaseException = 5, None, None, None
print(abs)
""",
    "classes that watch what is done to them": """
old = print
class P:
    count = 0
    def __init__(self, x):
        self.x = x
        P.count += 1
    def __add__(self, o): return P(self.x + o.x)
    def __eq__(self, o):
        old('eq'); return True
    def __hash__(self):
        old('hash'); return 1
    def __repr__(self):
        old('repr'); return 'P'
    def __del__(self): old('del', self.x)
    def __getattr__(self, n): old('get', n); raise AttributeError(n)
    @property
    def double(self): return 2 * self.x
p = P(1) + P(2)
q = p.double
del p
s = {P(5)}
s = None
class D(dict):
    def items(self): old('items'); return []
    def __len__(self): old('len'); return 0
    def __iter__(self): old('iter'); return iter(())
d = D(a=1)
x = 9
""",
    "classes with a say in what they are": """
class M(type):
    def __getattribute__(c, n):
        if n == '__module__': print('meta', n)
        return type.__getattribute__(c, n)
    def __hash__(c):
        print('hash'); return 1
class A(metaclass=M):
    @property
    def __class__(self): print('class'); return int
    @property
    def __dict__(self): print('dict'); return {}
class L(list):
    def __iter__(self): print('iter'); return iter(())
    def __len__(self): print('len'); return 9
a = A()
b = [a, L([1, 2])]
c = A
print('done')
""",
    "bodies of classes": """
from dataclasses import dataclass, fields
from enum import Enum, auto
class Side(Enum):
    'What it is.'
    LEFT = auto()
    RIGHT = auto()
@dataclass
class Point:
    x: int
    y: int = 2
    names: list = None
    for step in range(2):
        try:
            total = step
            continue
        finally:
            last = step
    __slot = 4
    def f(self): return __class__.__name__, self.__slot
print([f.name for f in fields(Point)], Point.__annotations__, Point(1), Point(1).f(), list(Side), Side.__doc__)
class Counting(dict):
    def __setitem__(self, name, value):
        seen.append(name)
        dict.__setitem__(self, name, value)
    def get(self, *a): seen.append('get')
    def items(self): seen.append('items')
class Odd:
    def __init__(self): self.kept = {}
    def __getitem__(self, name): return self.kept[name]
    def __setitem__(self, name, value): self.kept[name] = value
class Meta(type):
    mapping = Counting
    def __prepare__(name, bases): return Meta.mapping()
    def __new__(cls, name, bases, names): return type.__new__(cls, name, bases, dict(getattr(names, 'kept', names)))
seen = []
class Seen(metaclass=Meta):
    a = 1
    b = a + 1
print(seen, Seen.b)
Meta.mapping = Odd
class Kept(metaclass=Meta):
    c = 3
    d = c * 2
print(Kept.d)
try:
    class Fails:
        a = 1
        def g(self): pass
        b = a / 0
except ZeroDivisionError as e:
    print(e, e.__traceback__.tb_next.tb_lineno)
def inside(n):
    class Local:
        m = n
        def h(self): return n + self.m
    return Local().h()
print(inside(4), [type(k, (), {'v': 1}).v for k in 'ab'])
""",
    "names of Python deleted and replaced for good": """
import builtins
del builtins.abs
real = builtins.print
builtins.print = lambda *a: real('<', *a, '>')
builtins.len, builtins.isinstance, builtins.Exception, builtins.str = (lambda x: 42), None, None, None
try:
    abs(1)
except NameError as e:
    print(e)
y = len([1]) + 1
print(y)
""",
    "every name of Python deleted": """
import builtins
say = print
for name in list(builtins.__dict__):
    if name not in ('print', '__import__') and name.isidentifier():
        builtins.__dict__.pop(name)
say('done')
""",
    "names that sound like the recorder's": """
__step__, __note__ = 3, 'note'
def __back__(x): return x + 1
print(__step__ * 2, __note__, __back__(1))
""",
    "objects that refuse every question": """
class Refuses:
    def __getattribute__(self, n):
        print('asked for', n)
        raise RuntimeError(n)
    def __repr__(self): raise RuntimeError
    __eq__ = __hash__ = __bool__ = __len__ = __repr__
import sympy
r = Refuses()
l, d, t = [r, 1], {'k': r}, (r,)
t[0]
None
""",
    "turns that wait for finally and with": """
class Quiet:
    def __enter__(self): return self
    def __exit__(self, *a):
        print('left')
        return True
for k in range(3):
    with Quiet():
        if k == 1: continue
        1 / (k - 2)
    for j in range(2):
        try:
            try:
                continue
            finally:
                print('a', k, j)
        finally:
            print('b')
            if j: break
def f():
    for n in (1, 2):
        try:
            continue
        finally:
            return n
print(f())
""",
    "names of the system redefined": """
import sys, threading
sys._getframe = sys.exc_info = None
threading.get_ident = lambda: 5
def f(): raise ValueError
try:
    f()
except ValueError: b = 2
print(b)
""",
    "lists nested without end": """
a = []
b = a
for i in range(2000):
    b.append([])
    b = b[0]
a.append(a)
print(i)
""",
    "generators": """
def g(n):
    for i in range(n):
        k = i * i
        got = yield k
def h():
    yield from g(2)
it = g(5)
a = next(it)
b = next(it)
t = sum(g(3)) + a
c = it.send(4)
l = list(h())
del it
r = [v for v in g(2)]
""",
    "comprehensions, lambdas, walrus, star unpacking, match, with": """
sq = [n * n for n in range(4) if n % 2]
d = {k: v for k, v in zip('ab', sq)}
f = lambda x, y=2: x * y
m = max(sq, key=lambda v: -v)
class C:
    def __enter__(self): return 5
    def __exit__(self, *a): return True
with C() as w:
    y = w
    1/0
match sq:
    case [a, *rest] if a > 5: r = 0
    case [1, b]: r = b
if (u := len(sq)) > 1:
    first, *others = sq
(p, q), *_ = [(1, 2), 3]
print([(o := k) for k in sq][0], o)
lst = [3, 1]
lst[0] += 5
lst[1:] = [8, 9]
a = b = 7
a, b = b, a
s = f"{lst[0]:>4}" "q"
""",
    "try, except, finally": """
def f(n):
    try:
        if n == 1: return 'try'
        if n == 2: raise ValueError('v')
        if n == 3: raise KeyError
    except ValueError as e:
        return 'except'
    finally:
        z = n
        print('finally', n)
    return 'end'
rs = [f(1), f(2), f(4)]
for i in range(4):
    try:
        if i == 1: continue
        if i == 2: break
    finally:
        print('inner', i)
try:
    f(3)
except KeyError as e:
    print(type(e), e.__traceback__.tb_lineno)
f(3)
""",
    "tracebacks that are printed": """
import traceback
def g(): raise ValueError('x')
def f():
    try:
        g()
    except ValueError as e:
        raise RuntimeError('y') from e
try:
    f()
except RuntimeError:
    traceback.print_exc()
f()
""",
    "decorators, closures, coroutines, exec": """
import asyncio, functools
def deco(f):
    @functools.wraps(f)
    def inner(*a, **k): return f(*a, **k) + 1
    return inner
@deco
@functools.lru_cache
def fib(n):
    "doc"
    return n if n < 2 else fib(n-1) + fib(n-2)
r = fib(4)
def outer():
    n = 0
    def inc():
        nonlocal n
        n += 1
    inc(); inc()
    return n
o = outer()
async def co():
    await asyncio.sleep(0)
    return 4
y = asyncio.run(co())
exec("dyn = 12")
print(fib.__doc__, sorted([3, 1], key=lambda q: fib(q)))
if True: one = 1; two = 2
""",
    "a function that looks at its own names": """
def f(a):
    b = a + 1
    d = locals()
    b = 5
    return sorted(d)
print(f(1), [n for n in dir() if n[0] != '_'], len(globals()))
""",
    "threads": """
import threading
out = []
def work(n): out.append(n * 2)
ts = [threading.Thread(target=work, args=(i,)) for i in range(3)]
for th in ts: th.start()
for th in ts: th.join()
print(sorted(out))
""",
    "trace hooks": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\na = 1\nprint(a)",
    "the end of the process": "import sys\na = 1\nsys.exit(3)",
    "a mistake in the syntax": "a = 1\nb = (",
    "an expression of a thousand terms": "a = " + " + ".join(["1"] * 1000) + "\nprint(a)",
    "parentheses ninety deep": "a = " + "(" * 90 + "1" + ")" * 90,
    "a docstring and imports from the future": (
        "'What it does.'\nfrom __future__ import annotations\nfrom __future__ import division\n"
        "def f(x: nothing) -> nowhere: return 1\nprint(__doc__, f(2))"
    ),
    "a docstring alone": "'What it does.'",
    "signs that end lines elsewhere": "a = '\x0c\u2028\x1c'\nb = len(a)\n1/0",
    "lines that end in other ways": "a = 1\r\nb = 2\rif a:\r\n    c = 3\n1/0",
    "names in other scripts": "größe = 3\nＡ = größe + 1\nprint(A)",
    "nothing": "",
    "only a comment": "# nothing",
    "arrays of a million": """
import numpy as np
a = np.arange(10**6)
b = a * 2.5
a[5] = 3
z = b.sum()
m = np.array([[1, 2], [3, 4]], dtype=object)
print(z)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_recorded_code_runs_as_it_runs_plainly(sandbox: Sandbox, name: str) -> None:
    assert_steps_can_be_told(same_recorded(sandbox, PROGRAMS[name]), most=400)


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in PROGRAMS if n.startswith("recursion")])
def test_each_of_thousands_of_deep_steps_can_be_told(sandbox: Sandbox, name: str) -> None:
    recording = same_recorded(sandbox, PROGRAMS[name])
    assert len(recording) > 2000
    assert_steps_can_be_told(recording, most=len(recording))


def same_recorded(sandbox: Sandbox, code: str) -> Recording:
    recording = recorded(sandbox, code)
    assert came_to(recording.result) == came_to(plain(sandbox, code))
    return recording


def assert_steps_can_be_told(recording: Recording, most: int) -> None:
    """At most so many of them, evenly taken, the first and the last among them."""
    stride = -(-len(recording) // most) or 1
    for i in {*range(0, len(recording), stride), *range(len(recording))[-1:]}:
        assert recording.frames(i)
        assert sentence(recording, i)
        unfolded(recording, i)
    assert Recording.from_json(recording.to_json()) == recording


@pytest.mark.parametrize(
    "body",
    [
        ["    try:", "        if k == 1: continue", "    finally:", "        last = k"],
        ["    with suppress(ValueError):", "        if k < 2: continue", "        raise ValueError"],
        ["    try:", "        with suppress(ValueError):", "            continue", "    finally:", "        last = k"],
        ["    try:", "        try: 1 / k", "        except ZeroDivisionError: continue", "    finally: last = k"],
    ],
)
def test_a_turn_that_continues_waits_for_what_must_run_before_the_next(sandbox: Sandbox, body: list[str]) -> None:
    code = "\n".join(["from contextlib import suppress", "for k in range(3):", *body, "print('end')"])
    recording = recorded(sandbox, code)
    (loop,) = recording.loops
    assert len(loop.turns) == 3
    turned = [i for i, s in enumerate(recording) if s.line == 2 and s.event == "line"]
    values = [recording.frames(i)[0].get("k") for i in turned]
    assert [v.text if v else "" for v in values] == ["", "0", "1", "2"]
    if "last" in code:
        assert [v.text for i in turned[1:] if (v := recording.frames(i)[0].get("last"))] == ["0", "1", "2"]


def test_a_call_during_which_recording_stopped_has_no_result(sandbox: Sandbox) -> None:
    recording = recorded(sandbox, "def f(n):\n    return n\nt = sum(f(k) for k in range(99))\nt", Record(50))
    unfolding = unfolded(recording, next(s.index for s in recording if s.line == 3))
    assert unfolding is None or not unfolding.complete
    assert at_end(recording)["t"] == "4851"


def test_generators_keep_their_names_while_others_run(sandbox: Sandbox) -> None:
    recording = recorded(sandbox, PROGRAMS["generators"])
    inside = [recording.frames(i)[-1] for i in range(len(recording)) if recording[i].function == "g"]
    sent = [f.get("got") for f in inside if f.number == inside[0].number]
    assert [v.text for v in sent if v is not None][-1] == "4"
    assert at_end(recording)["t"] == "5"


def test_a_list_that_a_function_changes_is_seen_in_the_frame_it_came_from(sandbox: Sandbox) -> None:
    code = "total = 0\ndef add(l):\n    global total\n    l.append(1)\n    total += 1\n    return l\nx = []\nadd(x)"
    recording = recorded(sandbox, code)
    step = next(s for s in recording if s.line == 6)
    outer, inner = recording.frames(step.index)
    assert [v.text for v in (outer.get("x"), outer.get("total"), inner.get("l")) if v] == ["[1]", "1", "[1]"]
    assert outer.changed == {"total"}


UNFINISHED = {
    "while": "t = 0\nwhile t < 5000:\n    t += 1\nprint(t)",
    "while with else": "t = 0\nwhile t < 90:\n    t += 2\n    if t % 7:\n        continue\nelse:\n    print('all', t)",
    "while that is left": "t = 1\nwhile True:\n    t *= 2\n    if t > 10**9:\n        break\nprint(t)",
    "while in a function": "def f(n):\n    while n > 1:\n        n -= 3\n    return n\nprint(f(270))",
    "while in a generator": "def g(n):\n    while n:\n        yield n\n        n -= 1\nprint(sum(g(50)))",
    "two loops": "s = 0\nfor i in range(30):\n    j = i\n    while j > 0:\n        s += j\n        j -= 1\nprint(s)",
    "not at all": "t = 9\nfor k in range(40):\n    t += k\nwhile t < 5:\n    t += 1\nprint(t)",
    "assert and if": "t = 0\nfor k in range(60):\n    if k % 3:\n        t += k\n    assert t >= 0\nprint(t)",
}


@pytest.mark.parametrize("steps", [3, 20])
@pytest.mark.parametrize("code", UNFINISHED.values(), ids=UNFINISHED)
def test_what_is_no_longer_recorded_still_runs_as_it_does_plainly(sandbox: Sandbox, code: str, steps: int) -> None:
    recording = recorded(sandbox, code, Record(steps))
    assert came_to(recording.result) == came_to(plain(sandbox, code))
    assert recording.result.status == "ok"
    assert "the block itself ran on" in recording.stopped


def test_code_that_never_ends_is_recorded_up_to_the_bound(sandbox: Sandbox) -> None:
    recording = recorded(sandbox, "n = 0\nwhile True:\n    n += 1", Record(500), timeout=1)
    assert recording.result.status == "timeout"
    assert recording.stopped == "Recording stopped after 500 steps; the block itself ran on."
    assert len(recording) == 501


def test_prints_without_end_are_recorded_up_to_the_limit(sandbox: Sandbox) -> None:
    recording = recorded(sandbox, "while True:\n    print('x' * 100)")
    assert recording.error is not None
    assert recording.error.type == "OutputLimitError"
    assert recording[-1].event == "error"
    assert recording.printed_at(len(recording) - 1).startswith("xxx")


def test_a_hundred_thousand_steps_are_bounded_and_the_end_is_true(sandbox: Sandbox) -> None:
    recording = recorded(sandbox, "t = 0\nfor i in range(50000):\n    t += i\n    t -= 1\nprint(t)", Record(10**6))
    # On a machine with much else to do the time for recording ends before the steps do.
    assert re.search("stopped (after 50000 steps|because it took too long)", recording.stopped)
    assert at_end(recording) == {"t": "1249925000", "i": "49999"}
    assert recording.printed_at(len(recording) - 1) == "1249925000\n"


@pytest.mark.parametrize(
    ("code", "name", "text"),
    [
        ("v = Integer(7)**(10**6)", "v", "integer of about 845098 digits"),
        ("v = 3**(10**6)", "v", "integer of about 477121 digits"),
        ("v = Rational(7**9999, 3**9999)", "v", "fraction of integers of about 8450 and 4771 digits"),
        ("v = Float('1.1', 10000)", "v", "expression with a number of very many digits"),
        ("v = x\nfor i in range(100): v = sin(v) + v", "v", "expression of more than 400 parts"),
        ("class S(Symbol):\n    def _sympystr(self, p):\n        while True: pass\n    _latex = _sympystr\n"
         "v = S('s') + x", "v", "<S>"),
    ],
)  # fmt: skip
def test_a_symbolic_value_that_takes_long_to_print_is_named_instead(
    sandbox: Sandbox, code: str, name: str, text: str
) -> None:
    recording = recorded(sandbox, f"from sympy import *\nx = symbols('x')\n{code}\ndone = 1")
    assert recording.result.status == "ok"
    assert at_end(recording)[name] == text


def test_printing_that_never_ends_is_given_up(sandbox: Sandbox) -> None:
    """A printer of SymPy that the block has replaced by one that never ends."""
    code = (
        "from sympy import *\nfrom sympy.printing.str import StrPrinter\nx = symbols('x')\n"
        "def forever(self, e):\n    while True: pass\nStrPrinter._print_Mul = forever\nv = 3*x\ndone = 1"
    )
    recording = recorded(sandbox, code)
    assert recording.result.status == "ok"
    assert at_end(recording)["v"] == "expression that takes too long to print"
    assert at_end(recording)["done"] == "1"


def test_objects_are_shown_by_what_they_hold(sandbox: Sandbox) -> None:
    code = (
        "class P:\n    def __init__(self, x): self.x = x\nclass S:\n    __slots__ = ('a', 'b')\np, s = P([1]), S()\n"
        "s.a = 2\n"
        "from enum import Enum\nclass C(Enum):\n    RED = 1\nc = C.RED\nfrom collections import namedtuple\n"
        "t = namedtuple('T', 'x y')(1, 2)"
    )
    found = at_end(recorded(sandbox, code))
    assert (found["p"], found["s"], found["c"], found["t"]) == ("P(x=[1])", "S(a=2)", "C.RED", "(1, 2)")


def test_arrays_of_a_million_are_named_by_their_shape(sandbox: Sandbox) -> None:
    found = at_end(recorded(sandbox, PROGRAMS["arrays of a million"]))
    assert found["a"] == "array of 1000000 int64: 0, 1, 2, …, 999999"
    assert found["m"] == "2 x 2 array of object"


def test_recording_gives_up_before_it_costs_the_block_its_time(sandbox: Sandbox) -> None:
    rows = "m = [[(i, str(j)) for j in range(30)] for i in range(30)]\n"
    code = rows + "k = n = o = p = [*m]\nfor i in range(20000):\n    i += 1\nprint('done')"
    recording = recorded(sandbox, code, timeout=60)
    assert recording.result.stdout == "done\n"
    assert recording.stopped == "Recording stopped because it took too long; the block itself ran on."
    assert at_end(recording)["i"] == "20000"


def test_the_body_of_a_class_is_stepped_through(sandbox: Sandbox) -> None:
    loop = "    for k in range(2):\n        x += k\n"
    code = f"class Point:\n    x = 1\n{loop}    def norm(self):\n        return self.x\nPoint.x"
    recording = recorded(sandbox, code)
    assert [(s.line, s.event, s.function) for s in recording][:4] == [
        (1, "line", ""), (1, "call", "class Point"), (2, "line", "class Point"), (3, "line", "class Point"),
    ]  # fmt: skip
    assert sentence(recording, 1) == "line 1: class Point begins"
    (end,) = [s.index for s in recording if s.event == "return"]
    assert sentence(recording, end) == "line 5: norm is defined; class Point ends"
    frame = recording.frames(end)[-1]
    assert [(v.name, v.text) for v in frame.variables][:2] == [("x", "2"), ("k", "1")]
    assert recording.calls[0].text == "class Point"
    assert at_end(recording) == {"Point": "class Point"}


def test_an_error_in_the_body_of_a_class_is_shown_there(sandbox: Sandbox) -> None:
    recording = recorded(sandbox, "class Bad:\n    a = 1\n    b = a / 0\n    c = 2")
    assert [(s.line, s.event, s.function) for s in recording][-2:] == [(3, "error", "class Bad"), (1, "error", "")]
    assert recording.error_step == len(recording) - 2


def test_what_other_threads_did_is_said_to_be_missing(sandbox: Sandbox) -> None:
    recording = recorded(sandbox, PROGRAMS["threads"])
    assert recording.stopped == "What other threads did is not shown."
    assert at_end(recording)["out"] == "[0, 2, 4]"


def test_an_error_inside_a_function_is_shown_in_its_frame(sandbox: Sandbox) -> None:
    recording = recorded(sandbox, "def f(n):\n    k = 10\n    return k / n\nf(0)")
    at = recording.error_step
    assert at is not None
    assert (recording[at].line, recording[at].function) == (3, "f")
    assert [v.name for v in recording.frames(at)[-1].variables] == ["n", "k"]
    assert sentence(recording, at).startswith(
        "line 3 fails: ZeroDivisionError: division by zero. Something was divided"
    )


def test_a_function_of_an_earlier_recorded_block_makes_no_steps(sandbox: Sandbox) -> None:
    session = sandbox.open()
    for _ in session.run("def f(n):\n    m = n\n    return m", record=Record()):
        pass
    *_, end = session.run("x = f(2)\ny = f(3)", record=Record())
    session.close()
    assert isinstance(end, RunFinished)
    assert end.recording is not None
    assert [(s.line, s.event) for s in end.recording] == [(1, "line"), (2, "line"), (0, "end")]
    assert at_end(end.recording) == {"x": "2", "y": "3"}


TRACED = {
    "lines": """
import sys
def told(frame, event, arg):
    print(event, frame.f_code.co_name, frame.f_lineno)
    return told
def g(x):
    y = x + 1
    return y
sys.settrace(told)
z = g(3)
sys.settrace(None)""",
    "calls": """
from sys import setprofile
n = 0
def told(frame, event, arg):
    global n
    n += 1
setprofile(told)
abs(-1)
setprofile(None)
z = n""",
    "a profiler": """
import cProfile
p = cProfile.Profile()
p.enable()
z = sum(range(10))
p.disable()
print(len(p.getstats()))""",
    "from a text": "exec('import sys; sys.settrace(lambda *a: print(a[1]))')\nz = sorted([2, 1], key=lambda v: -v)\nz",
    "that fails": "import sys\nz = 1\nsys.settrace(lambda *a: None)\nz / 0",
}


@pytest.mark.parametrize("code", TRACED.values(), ids=TRACED)
def test_code_that_traces_itself_sees_nothing_of_the_recorder(sandbox: Sandbox, code: str) -> None:
    recording = recorded(sandbox, code)
    assert came_to(recording.result) == came_to(plain(sandbox, code))
    assert "traces itself" in recording.stopped
    assert "z" in at_end(recording)
    assert len(recording) == 1


def test_tracing_that_is_not_seen_beforehand_stops_the_recording(sandbox: Sandbox) -> None:
    code = (
        "import sys\nstart = getattr(sys, 'set' + 'trace')\nn = 0\ndef told(*a):\n    return None\n"
        "start(told)\nfor k in range(3):\n    n += k\nstart(None)\nprint(n)"
    )
    recording = recorded(sandbox, code)
    assert recording.result.stdout == "3\n"
    assert recording.stopped.startswith("Recording stopped because the block traces itself")
    assert at_end(recording)["n"] == "3"


def test_names_that_only_sound_like_tracing_are_recorded(sandbox: Sandbox) -> None:
    recording = recorded(
        sandbox, "from sympy import trace, eye\nimport sys\nprofile = trace(eye(3))\nq = sys.gettrace()"
    )
    assert (recording.stopped, len(recording)) == ("", 5)
