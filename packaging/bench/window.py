"""The window: how soon it is there, what it weighs, and its longest stall while a solution streams in."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

Row = tuple[str, float, str, str, float]
ROOT = Path(__file__).resolve().parent.parent.parent

_START = """
import sys, time
sys.path.insert(0, sys.argv[2])
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
if sys.argv[1] == "empty":
    window = QMainWindow()
else:
    from tutor_app.app import AppServices
    from tutor_app.paths import folders
    from tutor_app.ui.window import MainWindow
    where = folders(sys.argv[1])
    where.create()
    app.setStyle("Fusion")
    services = AppServices(where)
    window = MainWindow(services)
window.resize(1200, 800)
window.show()
app.processEvents()
shown = time.time()
QTimer.singleShot(1500, app.quit)
app.exec()
status = open("/proc/self/status").read() if sys.platform == "linux" else "VmRSS: 0 kB"
print(shown, int(status.split("VmRSS:")[1].split()[0]) / 1024)
window.close()
"""

_STREAM = """
import sys, time
sys.path.insert(0, sys.argv[2])
from PySide6.QtCore import QTimer, Qt, QElapsedTimer
from PySide6.QtWidgets import QApplication
from tests.ui.scripted import ScriptedServices
from tutor_app.core.events import EndReason, Finished, TextDelta, Usage
from tutor_app.core.transcript import Text, Transcript
from tutor_app.ui.window import MainWindow

FORMULAS = [rf"\\frac{{x^{i} + {i}}}{{\\sqrt{{{i} + y_{{{i}}}}}}} = \\sum_{{k=1}}^{{{i + 2}}} k^2" for i in range(1, 41)]
words = "".join(f"Step {i}: here we use $" + f + "$ and go on to the next line of the reasoning.\\n\\n" for i, f in enumerate(FORMULAS))
pieces = [words[i : i + 4] for i in range(0, len(words), 4)]

def events(problem, cancel):
    for piece in pieces:
        time.sleep(1 / 200)
        yield TextDelta(piece)
    yield Finished(EndReason.NO_ANSWER, Transcript.of(problem, Text(words)), Usage(1, 1, len(pieces), 1, 0, 1.0, 0.1, 1.0))

sys.setswitchinterval(0.001)
app = QApplication([])
app.setStyle("Fusion")
services = ScriptedServices()
services.solve = events
window = MainWindow(services)
window.resize(1200, 800)
window.show()
if sys.argv[1] == "gui":
    window.bridge.queue_typesetting = lambda fn, done: done(fn())
window.use_problem("A problem.")
app.processEvents()
longest, last = 0.0, None
def beat():
    global longest, last
    now = time.perf_counter()
    if last is not None:
        longest = max(longest, now - last)
    last = now
    if not window.bridge.busy and now - begun > 2:
        app.quit()
timer = QTimer()
timer.setTimerType(Qt.TimerType.PreciseTimer)
timer.timeout.connect(beat)
window.solve()
begun = time.perf_counter()
timer.start(1)
app.exec()
print(longest * 1000)
window.close()
"""


def rows() -> Iterator[Row]:
    """Measure offscreen, each in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        ours = sorted(_start(scratch) for _ in range(5))[2]
        empty = sorted(_start("empty") for _ in range(5))[2]
    yield "start to window shown", ours[0], "s", f"an empty QMainWindow, {empty[0]:.2f} s", ours[0] / empty[0]
    yield "resident memory, no model", ours[1], "MB", f"an empty QMainWindow, {empty[1]:.0f} MB", ours[1] / empty[1]
    stall, reference = _stall("thread"), _stall("gui")
    name = f"typesetting in the GUI thread, {reference:.0f} ms"
    yield "longest stall, 200 tokens/s with 40 formulas", stall, "ms", name, stall / reference


def _child(program: str, argument: str) -> str:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", program, argument, str(ROOT)]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout.splitlines()[-1]


def _start(argument: str) -> tuple[float, float]:
    begun = time.time()
    shown, megabytes = _child(_START, argument).split()
    return float(shown) - begun, float(megabytes)


def _stall(where: str) -> float:
    return float(_child(_STREAM, where))
