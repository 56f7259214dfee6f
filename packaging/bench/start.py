"""The start: how soon the window is painted, and what the program weighs with nothing in it and with a long solution.

The reference is an empty window of Qt in the same run. As after an installation, all modules are compiled before.
Processor time hardly depends on what else the machine does; that the window is there after as long is only true where
it does nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tutor_app.core.parts import Answer, Code, Output, Part, Text
from tutor_app.core.transcript import Transcript
from tutor_app.export import write_export

Row = tuple[str, float, str, str, float]
RUNS = 5
STEPS = 60
"""Of the long solution: as many paragraphs with two formulas each, and a tenth as many blocks of code."""


@dataclass(frozen=True)
class Start:
    """One start: seconds and megabytes."""

    shown: float
    spent: float
    rss: float
    pss: float


def rows() -> Iterator[Row]:
    """Measure offscreen, each in a process of its own; the best time and the middle memory of several runs."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        file = write_export(scratch / "long.mumath.json", [long_solution()])[0]
        start(scratch, "empty"), start(scratch, str(scratch / "data"))  # compiles
        empty = best([start(scratch, "empty") for _ in range(RUNS)])
        ours = best([start(scratch, str(scratch / "data")) for _ in range(RUNS)])
        long = best([start(scratch, str(scratch / "other"), str(file)) for _ in range(2)])
    yield from compared("program to window painted, processor time", ours.spent, "s", empty.spent)
    yield from compared("program to window painted, clock", ours.shown, "s", empty.shown)
    yield from compared("resident memory, no model", ours.rss, "MB", empty.rss)
    yield from compared("proportional memory, no model", ours.pss, "MB", empty.pss)
    yield from compared("resident memory, a long solution", long.rss, "MB", empty.rss)


def compared(what: str, value: float, unit: str, reference: float) -> Iterator[Row]:
    """A row against the empty window."""
    yield what, value, unit, f"an empty QMainWindow, {reference:.3g} {unit}", value / reference


def best(starts: list[Start]) -> Start:
    """The least times, the middle memory."""
    middle = sorted(starts, key=lambda s: s.rss)[len(starts) // 2]
    return replace(middle, shown=min(s.shown for s in starts), spent=min(s.spent for s in starts))


def start(scratch: Path, *arguments: str) -> Start:
    """Start once."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env |= {"QT_QPA_PLATFORM": "offscreen", "PYTHONPYCACHEPREFIX": str(scratch / "compiled")}
    command = [sys.executable, str(Path(__file__).with_name("_start_child.py")), *arguments]
    begun = time.time()
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout
    found = json.loads(text.splitlines()[-1])
    return Start(found["clock"] - begun, found["shown"], found["rss"], found["pss"])


def long_solution() -> Transcript:
    """Prose with formulas that are all different, code and outputs."""
    parts: list[Part] = []
    for n in range(1, STEPS + 1):
        formulas = (
            rf"$\frac{{x_{{{n}}}^2+{n}}}{{{n}+1}} = \sqrt{{{n}+x}}$ and $$\sum_{{k=1}}^{{{n}}} k = {n * (n + 1) // 2}$$"
        )
        parts.append(Text(f"Step {n}: we take {formulas} which is what was wanted."))
        if n % 10 == 0:
            code = "\n".join(f"x{i} = {i} * {n}  # once more" for i in range(20))
            parts += [Code(f"{code}\nprint(x19)"), Output(stdout=f"{19 * n}\n")]
    return Transcript.of("What is the sum of the first sixty numbers?", *parts, Answer("1830"))
