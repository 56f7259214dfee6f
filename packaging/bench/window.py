"""The window: its longest stall while a solution streams in. How soon it is there, tells ``start.py``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

Row = tuple[str, float, str, str, float]


def rows() -> Iterator[Row]:
    """Measure offscreen, in a process of its own."""
    found = json.loads(_child([str(Path(__file__).with_name("_window_child.py"))]))
    for what, key in (("stall of the event loop", "stall"), ("work in one turn of it", "work")):
        value, reference = found[f"longest_{key}_ms"], found[f"typesetting_in_gui_thread_longest_{key}_ms"]
        name = f"typesetting in the GUI thread, {reference:.0f} ms"
        yield f"longest {what}, 200 tok/s, 40 formulas", value, "ms", name, value / reference


def _child(arguments: list[str]) -> str:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout.splitlines()[-1]
