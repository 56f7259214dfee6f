"""A statement that changes an item or an attribute has its calculation, and runs as it does unrecorded."""

import sys
from collections.abc import Iterator

import pytest

from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.core.events import RunFinished
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


def run(sandbox: Sandbox, code: str, record: Record | None) -> tuple[Output, Recording | None]:
    session = sandbox.open()
    *_, end = session.run(code, record=record)
    session.close()
    assert isinstance(end, RunFinished)
    return end.output, end.recording


def calculations(sandbox: Sandbox, code: str) -> dict[str, str]:
    """The last calculation of each line that changes something in place, and that the run is that of plain code."""
    plain, _ = run(sandbox, code, None)
    output, recording = run(sandbox, code, Record())
    assert recording is not None
    assert (output.status, output.stdout, output.error) == (plain.status, plain.stdout, plain.error)
    found: dict[str, str] = {}
    for step in recording:
        line = recording.outline.line_text(step.line)
        unfolding = unfolded(recording, step.index)
        if unfolding is not None and "= " in line and line.split("= ")[0][-1] in "+-*/%":
            found[line] = " = ".join(s.text for s in unfolding.stages) + ("" if unfolding.complete else " = ?")
    return found


CHANGES = {
    "d = {'n': 7}\nd['n'] += 5": {"d['n'] += 5": "d['n'] + 5 = 7 + 5 = 12"},
    "a = [4, 5, 6]\ni = 1\na[i + 1] *= a[0] - i": {
        "a[i + 1] *= a[0] - i": "a[i + 1]·(a[0] - i) = a[i + 1]·(a[0] - 1) = 6·(a[0] - 1) = 6·(4 - 1) = 6·3 = 18"
    },
    "class P:\n    def __init__(self):\n        self.x = 1\n        self.__held = 9\n    def go(self, k):\n"
    "        self.x += k\n        self.__held -= 2 * k\np = P()\np.go(4)": {
        "self.x += k": "self.x + k = 1 + 4 = 5",
        "self.__held -= 2 * k": "self.__held - 2·k = 9 - 2·4 = 9 - 8 = 1",
    },
    "class P:\n    made = 0\nP.made += 2\nP().made += 3": {"P.made += 2": "P.made + 2 = 0 + 2 = 2"},
    "from collections import Counter, defaultdict\nc, d = Counter(), defaultdict(int)\nc['x'] += 2\nd['y'] -= 3": {
        "c['x'] += 2": "c['x'] + 2 = 0 + 2 = 2",
        "d['y'] -= 3": "d['y'] - 3 = 0 - 3 = -3",
    },
    "import numpy as np\nm = np.array([[1.5, 2], [3, 4]])\nm[0, 1] -= 6": {"m[0, 1] -= 6": "m[0, 1] - 6 = 2 - 6 = -4"},
    "from sympy import *\nx = symbols('x')\nM = Matrix([[1, x]])\nM[0, 1] += x": {
        "M[0, 1] += x": "M[0, 1] + x = x + x = 2·x"
    },
    "def f(d):\n    d['n'] = 50\n    return 1\nd = {'n': 2}\nd['n'] += f(d)\nprint(d)": {
        "d['n'] += f(d)": "d['n'] + f(d) = d['n'] + f({'n': 2}) = 2 + f({'n': 2}) = 2 + 1 = 3"
    },
    "d = {'n': 1}\ntry:\n    d['n'] += 'a'\nexcept TypeError as e:\n    print(e)": {
        "d['n'] += 'a'": "d['n'] + 'a' = 1 + 'a' = ?"
    },
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), CHANGES.items(), ids=range(len(CHANGES)))
def test_what_is_changed_in_place_is_worked_out(sandbox: Sandbox, code: str, expected: dict[str, str]) -> None:
    assert {k: v for k, v in calculations(sandbox, code).items() if k in expected} == expected


OWN_CODE = {
    "items": "class D(dict):\n    def __getitem__(self, k):\n        print('get', k)\n        return 5\n"
    "    def __setitem__(self, k, v):\n        print('set', k, v)\nd = D()\nd['a'] += 1",
    "property": "class Q:\n    v_ = 1\n    @property\n    def v(self):\n        print('read')\n        return self.v_\n"
    "    @v.setter\n    def v(self, n):\n        print('set', n)\n        self.v_ = n\nq = Q()\nq.v += 4",
    "keys": "class K:\n    def __hash__(self):\n        print('hash')\n        return 1\n    def __eq__(self, o):\n"
    "        print('eq')\n        return True\nd = {K(): 1}\nd[K()] += 1",
    "attributes": "class G:\n    def __getattribute__(self, n):\n        print('ask', n)\n        return 3\n"
    "    def __setattr__(self, n, v):\n        print('give', n, v)\ng = G()\ng.x += 1",
    "absent": "class G:\n    def __getattr__(self, n):\n        print('ask', n)\n        return 3\n"
    "g = G()\ng.x += 1\nprint(g.x)",
    "order": "def a():\n    print('a')\n    return [1]\ndef k():\n    print('k')\n    return 0\ndef v():\n"
    "    print('v')\n    return 1\na()[k()] += v()",
    "slices": "a = [1, 2, 3]\na[1:] += [4]\na[:1] *= 2\nprint(a)",
    "no item": "a = []\na[3] += 1",
}


@pytest.mark.parametrize("code", OWN_CODE.values(), ids=OWN_CODE)
def test_code_of_the_block_is_called_once_as_without_recording(sandbox: Sandbox, code: str) -> None:
    calculations(sandbox, code)


WRITTEN = {
    "from sympy import Rational\nm = Rational(1, 2)\nok = m < 1":
    "ok = m < 1 ⇔ 1/2 < 1 ⇔ True",
    "n = 7\nif n % 2 == 0:\n    n = 1":
    "n mod 2 = 0 ⇔ 7 mod 2 = 0 ⇔ 1 = 0 ⇔ False",
    "a, b = 2, 5\nok = a < 3 and not b < a":
    "ok = a < 3 and not b < a ⇔ 2 < 3 and not 5 < 2 ⇔ True and not 5 < 2 ⇔ True and not False ⇔ True "
    "and True ⇔ True",
    "n = 7\nm = n // 2 if n > 9 else 3 * n + 1":
    "m = n // 2 if n > 9 else 3·n + 1 = n // 2 if 7 > 9 else 3·7 + 1 = 3·7 + 1 = 21 + 1 = 22",
    "total = 0\ndef add(n):\n    global total\n    total += n\nadd(4)":
    "total = total + n = 0 + 4 = 4",
    "class C:\n    r = 3\nc = C()\nb = c.r * 2":
    "b = c.r·2 = 3·2 = 6",
    "v = [1, 2, 3]\nk = 1\ns = v[k] + v[-1] + len(v)":
    "s = v[k] + v[-1] + len(v) = v[1] + v[-1] + len([1, 2, 3]) = 2 + v[-1] + len([1, 2, 3]) = 2 + 3 "
    "+ len([1, 2, 3]) = 5 + len([1, 2, 3]) = 5 + 3 = 8",
    "z = complex(1, 2) * 1j":
    "z = complex(1, 2)·1j = (1+2j)·1j = -2+1j",
    "s = sum(k * k for k in range(4)) / 2":
    "s = sum(k * k for k in range(4))/2 = 14/2 = 7",
    "import numpy as np\nb = np.ones(500)\nm = b.sum() / 4":
    "m = b.sum()/4 = 500/4 = 125",
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), WRITTEN.items(), ids=range(len(WRITTEN)))
def test_a_calculation_reads_as_a_student_would_write_it(sandbox: Sandbox, code: str, expected: str) -> None:
    _, recording = run(sandbox, code, Record())
    assert recording is not None
    assert expected in [u.words for i in range(len(recording)) if (u := unfolded(recording, i)) is not None]
