"""Speed of the sandbox with its confinement on, against a fresh Python, a process pool per call and Jupyter."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from statistics import median

from tutor_app.adapters.sandbox.process import readable
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox, Session
from tutor_app.core.events import FigureDrawn, OutputDelta, RunFinished
from tutor_app.core.narration import sentence
from tutor_app.core.trace import Recording
from tutor_app.core.trace_columns import Columns
from tutor_app.core.trace_values import Record, Variable
from tutor_app.core.unfolding import unfolded

Row = tuple[str, float, str, str, float]

RUNS = 20
TURNS = 10
PAUSE = 0.1
"""Seconds between two problems, for all warm runners alike."""
SNIPPET = "from sympy import *\nx = symbols('x')\nprint(solve(x**2 - 5*x + 6, x))"
SECOND = "y = 3*x + 1\nprint(y.subs(x, 2), expand(y**2))"
PLOT = """
import numpy as np, matplotlib.pyplot as plt
t = np.linspace(-3, 3, 400)
plt.plot(t, t**2)
plt.title(r'$x^2$')
plt.show()
"""
SYMBOLIC = """
from sympy import *
x, a, b = symbols('x a b')
f = x**3 - 6*x**2 + 11*x - 6
roots = solve(f, x)
g = diff(f, x)
turning = solve(g, x)
values = [f.subs(x, t) for t in turning]
h = integrate(f, (x, 1, 3))
p = expand((x + a)**3)
q = factor(p)
r = simplify(sin(x)**2 + cos(x)**2)
s = series(exp(x), x, 0, 6)
m = Matrix([[1, a], [b, 2]])
d = m.det()
e = solve([a + b - 10, a - b - 4], [a, b])
w = limit(sin(x)/x, x, 0)
k = integrate(x*exp(x), x)
u = apart(1/(x**2 - 1))
print(roots, h, r, w)
"""
LOOP = "t = 0\nfor i in range(20000):\n    t += i\n    t -= 1\nprint(t)"
STUBBORN = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
print('on')
while True: pass
"""

# A pool is made and thrown away for each program, in a parent that has not loaded sympy.
_POOL = """
import contextlib, io, multiprocessing, sys, time
from concurrent.futures import ProcessPoolExecutor
def run(code):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    return out.getvalue()
if __name__ == "__main__":
    for _ in range(int(sys.argv[2])):
        start = time.perf_counter()
        with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
            assert pool.submit(run, sys.argv[1]).result() == "[2, 3]\\n"
        print(time.perf_counter() - start)
"""


def _run(session: Session, code: str, record: Record | None = None) -> float:
    """Seconds of a block, from the call to its end."""
    start = time.perf_counter()
    for event in session.run(code, record=record):
        last = event
    seconds = time.perf_counter() - start
    assert isinstance(last, RunFinished), last
    assert last.output.status == "ok", last.output
    return seconds


def _settle(sandbox: Sandbox) -> None:
    """Wait until a spare is ready, as it is between two problems of a student."""
    time.sleep(PAUSE)
    while not sandbox.pool.state().spares:
        time.sleep(0.001)
    for spare in sandbox.pool.state().spares:
        readable((spare.events,), 10)


def _blocks(sandbox: Sandbox, jupyter: Callable[[], float] | None) -> tuple[float, float, float]:
    """Seconds of a first block from opening the session to its end, of a second one, and of Jupyter's, in turns.

    Nobody waits for a session to close, so that is left out.
    """
    first, second, theirs = [], [], []
    for _ in range(RUNS):
        _settle(sandbox)
        start = time.perf_counter()
        session = sandbox.open()
        _run(session, SNIPPET)
        first.append(time.perf_counter() - start)
        second.append(_run(session, SECOND))
        session.close()
        _settle(sandbox)
        if jupyter is not None:
            theirs.append(jupyter())
    return median(first), median(second), median(theirs) if theirs else 0.0


def _fresh() -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", SNIPPET], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return median(times)


def _pool() -> float:
    command = [sys.executable, "-c", _POOL, SNIPPET, "5"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return median(float(line) for line in done.stdout.split())


@contextmanager
def _jupyter() -> Iterator[Callable[[], float] | None]:
    """Gives what runs the snippet in a warm kernel and returns its seconds; None if Jupyter is not installed."""
    if find_spec("jupyter_client") is None or find_spec("ipykernel") is None:
        yield None
        return
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")

    def run(code: str = SNIPPET) -> float:
        start = time.perf_counter()
        client.execute_interactive(code, output_hook=lambda m: None)
        return time.perf_counter() - start

    try:
        run("import sympy")
        run()
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _print_delay(session: Session) -> float:
    code = "import time\nfor _ in range(50):\n    print(time.monotonic())\n    time.sleep(0.005)"
    delays = [time.monotonic() - float(e.text) for e in session.run(code) if isinstance(e, OutputDelta)]
    return median(delays)


def _figure(session: Session) -> float:
    times = []
    for _ in range(6):
        start = time.perf_counter()
        for event in session.run(PLOT):
            if isinstance(event, FigureDrawn):
                times.append(time.perf_counter() - start)
    return median(times)


def _stop(sandbox: Sandbox) -> float:
    times = []
    for _ in range(5):
        session = sandbox.open()
        flag = threading.Event()
        start = 0.0
        for event in session.run(STUBBORN, cancel=flag):
            if isinstance(event, OutputDelta):
                flag.set()
                start = time.perf_counter()
        times.append(time.perf_counter() - start)
        session.close()
    return median(times)


def _recorded(sandbox: Sandbox, code: str, *records: Record | None) -> list[float]:
    """Seconds of a block in a fresh session, recorded in each of these ways; the quietest of several turns.

    The ways take turns, so that what else the computer does meanwhile befalls all of them.
    """
    times: list[list[float]] = [[] for _ in records]
    for _ in range(TURNS):
        for record, taken in zip(records, times, strict=True):
            _settle(sandbox)
            session = sandbox.open()
            start = time.perf_counter()
            _run(session, code, record)
            taken.append(time.perf_counter() - start)
            session.close()
    return [min(taken) for taken in times]


def _opened() -> tuple[float, float, float]:
    """Seconds to open a recording of 40,000 steps, its megabytes, and seconds of a random step, 99 of 100."""
    columns = Columns()
    source = "t = 0\nfor i in range(20000):\n    t += i\n    t -= 1"
    for i in range(40_000):
        values = [Variable("t", "number", str(i * i)), Variable("i", "number", str(i // 2))]
        columns.add(0, 2 + i % 2, 3 + i % 2, 0, 0, changed=map(columns.keep, values))
    text = Recording(source, columns).to_json()
    start = time.process_time()
    _look(Recording.from_json(text), 0)
    opened = time.process_time() - start
    tracemalloc.start()
    recording = Recording.from_json(text)
    times = []
    _look(recording, len(recording) - 1)
    megabytes = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    chosen = random.Random(0)
    for _ in range(1000):
        start = time.process_time()
        _look(recording, chosen.randrange(len(recording)))
        times.append(time.process_time() - start)
    return opened, megabytes, sorted(times)[989]


def _look(recording: Recording, i: int) -> None:
    """Everything that a screen shows of a step."""
    recording.frames(i), recording.printed_at(i), recording.loops_at(i), recording.calls_at(i)
    sentence(recording, i), unfolded(recording, i)


def rows() -> Iterator[Row]:
    """The table's rows: what, value, unit, reference, ratio of value to reference."""
    sandbox = Sandbox(Limits(seconds=30))
    try:
        sandbox.open().close()
        with _jupyter() as kernel:
            first, second, jupyter = _blocks(sandbox, kernel)
        ms = 1000.0
        fresh, pool = _fresh(), _pool()
        what = "a block in a fresh session, opening included"
        yield what, first * ms, "ms", f"fresh python -c, {fresh * ms:.0f} ms", first / fresh
        yield what, first * ms, "ms", f"process pool per call, {pool * ms:.0f} ms (<= 1/50)", first / pool
        if jupyter:
            yield what, first * ms, "ms", f"warm Jupyter kernel, {jupyter * ms:.1f} ms (<= 0.6)", first / jupyter
        else:
            yield what, first * ms, "ms", "Jupyter: jupyter_client is not installed", 0.0
        yield "a second block of the same solution", second * ms, "ms", "<= 3 ms", second * ms / 3
        session = sandbox.open()
        delay, figure = _print_delay(session), _figure(session)
        session.close()
        yield "print() to callback", delay * ms, "ms", "<= 1 ms", delay * ms
        yield "a plot to SVG and PNG", figure * ms, "ms", "<= 150 ms", figure * ms / 150
        stop = _stop(sandbox)
        yield "Stop to killed, code that ignores Ctrl+C", stop * ms, "ms", "<= 50 ms", stop * ms / 50
        lines, expressions = Record(1000, expressions=False), Record(1000)
        plain, traced, unfolded = _recorded(sandbox, SYMBOLIC, None, lines, expressions)
        against = f"not recorded, {plain * ms:.0f} ms"
        yield "a symbolic solution, recorded", traced * ms, "ms", f"{against} (<= 1.15)", traced / plain
        what = "a symbolic solution, recorded with its expressions"
        yield what, unfolded * ms, "ms", f"{against} (<= 1.3)", unfolded / plain
        plain, traced = _recorded(sandbox, LOOP, None, lines)
        more = (traced - plain) * ms
        yield "a loop of 40,000 statements, recorded: more", more, "ms", "<= 10 ms", more / 10
        opened, megabytes, step = _opened()
        yield "a recording of 40,000 steps: opened", opened * ms, "ms", "<= 300 ms", opened * ms / 300
        yield "a recording of 40,000 steps: memory", megabytes, "MB", "<= 60 MB", megabytes / 60
        yield "a random step of it, 99 of 100", step * ms, "ms", "<= 16 ms", step * ms / 16
        _settle(sandbox)
        memory = sandbox.idle_memory() / 1e6
        yield "idle memory of template and spare", memory, "MB", "<= 150 MB", memory / 150
    finally:
        sandbox.close()
