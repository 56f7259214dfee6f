"""The window: how soon it is there, what it weighs, and its longest stall while a solution streams in."""

from __future__ import annotations

import json
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
    from tutor_app.window_services import AppServices
    from tutor_app.tutor.paths import folders
    from tutor_app.window.window import MainWindow
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


def rows() -> Iterator[Row]:
    """Measure offscreen, each in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        ours = sorted(_start(scratch) for _ in range(5))[2]
        empty = sorted(_start("empty") for _ in range(5))[2]
    yield "start to window shown", ours[0], "s", f"an empty QMainWindow, {empty[0]:.2f} s", ours[0] / empty[0]
    yield "resident memory, no model", ours[1], "MB", f"an empty QMainWindow, {empty[1]:.0f} MB", ours[1] / empty[1]
    found = json.loads(_child([str(Path(__file__).with_name("_window_child.py"))]))
    for what, key in (("stall of the event loop", "stall"), ("work in one turn of it", "work")):
        value, reference = found[f"longest_{key}_ms"], found[f"typesetting_in_gui_thread_longest_{key}_ms"]
        name = f"typesetting in the GUI thread, {reference:.0f} ms"
        yield f"longest {what}, 200 tok/s, 40 formulas", value, "ms", name, value / reference


def _child(arguments: list[str]) -> str:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout.splitlines()[-1]


def _start(argument: str) -> tuple[float, float]:
    begun = time.time()
    shown, megabytes = _child(["-c", _START, argument, str(ROOT)]).split()
    return float(shown) - begun, float(megabytes)
