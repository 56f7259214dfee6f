"""The values at each step of a recording are those that Python's own tracing sees, on two hundred generated blocks."""

import json
import os
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.stepped_programs import PROGRAMS
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.code_outline import Outline
from tutor_app.core.events import RunFinished
from tutor_app.core.parsing import parse
from tutor_app.core.parts import Code
from tutor_app.core.trace import Recording
from tutor_app.core.trace_values import Record
from tutor_app.core.unfolding import unfolded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the sandbox on Windows has not been run yet")
BLOCKS = 200
DATA = os.environ.get("MUMATH_STEPS_DATA", "")

# Runs inside the sandbox, too: the code is confined either way.
REFERENCE = """
import json, sys
from tutor_app.adapters.sandbox.value_text import Encoder
encode, seen, source = Encoder().encode, [], {source!r}
def values(frame):
    found = {{}}
    for name, value in frame.f_locals.items():
        kind, text, _ = encode(value)
        if not name.startswith(("__", ".")) and kind != "function" and not isinstance(value, (type, type(sys))):
            found[name] = text
    return found
def trace(frame, event, _):
    if frame.f_code.co_filename != "<traced>" or frame.f_code.co_name[0] == "<" and frame.f_code.co_name != "<module>":
        return None
    if event == "call":
        seen.append([0, "", {{}}])
    if event == "line":
        name = frame.f_code.co_name.replace("<module>", "")
        in_class = name and not frame.f_code.co_flags & 1
        seen.append([frame.f_lineno, "class " + name if in_class else name, values(frame)])
    return trace
scope = {{"__name__": "__main__"}}
code = compile(source, "<traced>", "exec")
sys.settrace(trace)
try:
    exec(code, scope)
except Exception:
    pass
finally:
    sys.settrace(None)
sys.stdout.write("\\x1e" + json.dumps(seen))
"""
# Lines on which Python's tracing stops and which hold no statement of their own.
BETWEEN = re.compile(r"\s*(?:except\b|case\b|with\b|finally\b|else\b|class\b|@)")


class Generator:
    """Writes small programs of every kind of statement; each ends, and some of them fail.

    Args:
        seed: Of the choices.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lines: list[str] = []
        self._names = ["a", "b", "c"]

    def program(self) -> str:
        """One program."""
        self._lines = ["a = 3", "b = 4", "c = [1, 2]"]
        if self._random.random() < 0.5:
            self._function()
        for _ in range(self._random.randint(4, 9)):
            self._statement("", 2)
        self._lines.append("print(a, b, c)")
        return "\n".join(self._lines)

    def _number(self) -> str:
        r = self._random
        return r.choice(
            ["a", "b", "len(c)", str(r.randint(-9, 9)), f"(a {r.choice('+-*')} {r.randint(1, 5)})", "b % 7"]
        )

    def _function(self) -> None:
        self._lines += [
            "def f(n, step=1):",
            '    "What it does."',
            "    total = 0",
            "    while n > 0:",
            "        n -= step",
            "        if n % 2:",
            "            continue",
            "        total += n",
            "    return total",
            "def g(n):",
            "    return 1 if n <= 1 else n * g(n - 1)",
            "def h(items):",
            "    for item in items:",
            "        items_seen = item",
            "        yield item * 2",
        ]
        self._names += ["f", "g", "h"]

    def _statement(self, indent: str, depth: int) -> None:
        r, add = self._random, self._lines.append
        kind = r.randrange(18)
        if kind <= 3 or not depth:
            name = r.choice("abde")
            add(f"{indent}{name} = {self._number()} {r.choice('+-*')} {self._number()}")
        elif kind == 4:
            add(f"{indent}{r.choice('ab')} {r.choice('+-')}= {self._number()}")
        elif kind == 5:
            add(f"{indent}a, b = {self._number()}, a")
        elif kind == 6:
            add(f"{indent}c.append({self._number()})")
            add(f"{indent}c[0] = {self._number()}")
        elif kind == 7:
            add(f"{indent}for i in range({r.randint(0, 3)}):")
            self._body(indent, depth, r.choice(["", "if i == 1: continue", "if i == 2: break"]))
        elif kind == 8:
            counter = f"w{depth}{len(self._lines)}"
            add(f"{indent}{counter} = {r.randint(0, 3)}")
            add(f"{indent}while {counter} > 0:")
            add(f"{indent}    {counter} -= 1")
            self._body(indent, depth, r.choice(["", f"if {counter} == 1: continue"]))
        elif kind in (9, 10):
            add(f"{indent}if {self._number()} < {self._number()}:")
            self._body(indent, depth)
            if r.random() < 0.6:
                add(f"{indent}elif b > 2:")
                self._body(indent, depth)
                add(f"{indent}else:")
                self._body(indent, depth)
        elif kind == 11:
            add(f"{indent}try:")
            self._body(indent, depth)
            add(f"{indent}    d = 1 / ({self._number()})")
            add(f"{indent}except ZeroDivisionError as e:")
            self._body(indent, depth)
            add(f"{indent}finally:")
            self._body(indent, depth)
        elif kind == 12 and "f" in self._names:
            add(f"{indent}a = {r.choice(['f(abs(b) % 6)', 'g(abs(a) % 5)', 'sum(h([1, 2]))', 'g(3) + f(4)'])}")
        elif kind == 13:
            add(f"{indent}c = [k * {self._number()} for k in c if k != 2] + [{self._number()}]")
        elif kind == 14:
            add(f"{indent}match {self._number()} % 3:")
            add(f"{indent}    case 0:")
            self._body(indent + "    ", depth)
            add(f"{indent}    case left:")
            self._body(indent + "    ", depth)
        elif kind == 15:
            add(f"{indent}first, *others = c")
            add(f"{indent}if (size := len(others)) > 1:")
            self._body(indent, depth)
        elif kind == 16:
            add(f"{indent}class P:")
            add(f"{indent}    side: int = {self._number()}")
            add(f"{indent}    twice = side * 2")
            add(f"{indent}    def area(self):")
            add(f"{indent}        square = self.side * self.side")
            add(f"{indent}        return square")
            add(f"{indent}    for step in range(2):")
            self._body(indent + "    ", depth)
            add(f"{indent}a = P().area() % 50")
        else:
            add(f"{indent}t = {{'k': a, b: (a, b)}}")
            add(f"{indent}del t")

    def _body(self, indent: str, depth: int, last: str = "") -> None:
        if last:
            self._lines += [f"{indent}    {last.partition(':')[0]}:", f"{indent}        {last.partition(': ')[2]}"]
        for _ in range(self._random.randint(1, 2)):
            self._statement(indent + "    ", depth - 1)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox(Limits(seconds=20), spares=2)
    yield box
    box.close()


Seen = tuple[int, str, dict[str, str]]


def traced(sandbox: Sandbox, source: str) -> list[Seen]:
    """What Python's own tracing sees before each line."""
    session = sandbox.open()
    *_, end = session.run(REFERENCE.format(source=source))
    session.close()
    assert isinstance(end, RunFinished)
    assert end.output.status == "ok", end.output.error
    seen = json.loads(end.output.stdout.partition("\\x1e")[2])
    lines, spans = source.splitlines(), {s.line: s.head_end for s in Outline(source).statements}
    found: list[Seen] = []
    before = 0
    for line, function, values in seen:
        # A statement of several lines is one step; Python stops on each of its lines, and on the first one again.
        returns = line < before <= spans.get(line, 0)
        if lines[line - 2].lstrip().startswith("@"):  # so it does on a decorated function, once it is decorated
            continue
        if line in spans and not returns and not BETWEEN.match(lines[line - 1]):
            found.append((line, function, values))
        before = line
    return found


def recorded(sandbox: Sandbox, source: str) -> list[Seen]:
    """The same as the recording has it."""
    session = sandbox.open()
    *_, end = session.run(source, record=Record())
    session.close()
    assert isinstance(end, RunFinished)
    assert isinstance(end.recording, Recording)
    lines = source.splitlines()
    found = []
    for step in end.recording:
        decorated = lines[step.line - 2].lstrip().startswith("@")
        if step.event == "line" and not BETWEEN.match(lines[step.line - 1]) and not decorated:
            frame = end.recording.frames(step.index)[-1]
            data = {v.name: v.text for v in frame.variables if v.kind != "function"}
            found.append((step.line, step.function, {n: t for n, t in data.items() if not t.startswith("class ")}))
    return found


@pytest.mark.parametrize(
    "ten", [0, 1, 2, 3, *(pytest.param(n, marks=pytest.mark.slow) for n in range(4, BLOCKS // 10))]
)
def test_values_at_each_step_are_those_of_pythons_own_tracing(sandbox: Sandbox, ten: int) -> None:
    for seed in range(10 * ten, 10 * ten + 10):
        source = Generator(seed).program()
        expected, found = traced(sandbox, source), recorded(sandbox, source)
        assert len(expected) > 3
        assert found == expected, f"program {seed}:\n{source}"


@pytest.mark.parametrize("kind", PROGRAMS)
def test_values_are_those_of_pythons_own_tracing_in_every_kind_of_program(sandbox: Sandbox, kind: str) -> None:
    source = PROGRAMS[kind].strip("\n")
    expected = traced(sandbox, source)
    assert len(expected) > 4
    assert recorded(sandbox, source) == expected


PYTHON = {"\u00b7": "*", "^": "**", " mod ": " % ", "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", " = ": " == "}


def number_of(stage: str) -> float | None:
    """What a stage that holds nothing but numbers comes to."""
    if not re.fullmatch(r"(?:[-+/(). \d\u00b7^<>\u2264\u2265\u2260=]|mod|and|or|not|True|False|e-?\d+)+", stage):
        return None
    for written, sign in PYTHON.items():
        stage = stage.replace(written, sign)
    try:
        return float(eval(stage, {"__builtins__": {}}))
    except (SyntaxError, TypeError, NameError, ArithmeticError):
        return None


def test_every_stage_of_a_calculation_has_the_same_value(sandbox: Sandbox) -> None:
    compared = 0
    for source in PROGRAMS.values():
        session = sandbox.open()
        *_, end = session.run(source, record=Record())
        session.close()
        assert isinstance(end, RunFinished)
        assert end.recording is not None
        for step in end.recording:
            unfolding = unfolded(end.recording, step.index)
            numbers = [n for s in unfolding.stages if (n := number_of(s.text)) is not None] if unfolding else []
            compared += max(len(numbers) - 1, 0)
            assert numbers == pytest.approx(numbers[-1:] * len(numbers)), unfolding
    assert compared > 250


@pytest.mark.slow
@pytest.mark.skipif(not DATA, reason="MUMATH_STEPS_DATA names no file of solutions")
def test_values_are_those_of_pythons_own_tracing_on_solutions(sandbox: Sandbox) -> None:
    rows = Path(DATA).read_text(encoding="utf-8").splitlines()
    solutions = [parse(text) for row in rows for text in json.loads(row)["code"]]
    sources = [next((p.source for p in parts if isinstance(p, Code)), "") for parts in solutions]
    chosen = random.Random(0).sample([s for s in sources if s], BLOCKS)
    for source in chosen:
        assert recorded(sandbox, source) == traced(sandbox, source), source
