"""The process that ``window.py`` measures the event loop in; prints one JSON object.

A scripted 200 tokens/s stream with 40 formulas runs twice: typeset in the background, as the program does, and
typeset in the GUI thread for comparison. On a busy machine the stalls contain time that other programs took; "work" is
the processor time that the GUI thread itself spent in its longest turn, which they cannot change.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from _scripted_services import ScriptedServices, events_of
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from tutor_app.core.events import SolveEvent
from tutor_app.core.parts import Answer, Code, Output, Part, Text
from tutor_app.core.ports import Cancel
from tutor_app.window.window import MainWindow

TOKENS_PER_SECOND = 200
FORMULAS = 40


def solution(mark: str) -> tuple[Part, ...]:
    """Prose with 40 distinct formulas, half of them displayed, and a block of code."""
    lines = [
        f"Step {i}: we take $\\frac{{{mark}_{{{i}}}^2+{i}}}{{{i}+1}} = \\sqrt{{{i}+x}}$ and then "
        f"$$\\sum_{{k=1}}^{{{i}}} {mark}^{{{i % 7}}} = \\int_0^{{{i}}} t^2\\,dt$$ which is what was wanted."
        for i in range(1, FORMULAS // 2 + 1)
    ]
    code = "\n".join(f"x{i} = {i} * 2  # twice" for i in range(20))
    return (Text("\n\n".join(lines)), Code(code), Output(stdout="40\n"), Answer("5"))


class Stream(ScriptedServices):
    """Plays a solution at 200 tokens a second, four characters to a token."""

    def solve(self, problem: str, cancel: Cancel) -> Iterator[SolveEvent]:
        """The events, in time."""
        begun = time.perf_counter()
        for n, event in enumerate(events_of(problem, solution(problem), 4)):
            while time.perf_counter() - begun < n / TOKENS_PER_SECOND and not cancel.is_set():
                time.sleep(0.002)
            yield event


def spin(milliseconds: int) -> None:
    """Let the event loop run."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def stalls(window: MainWindow, mark: str) -> tuple[list[float], list[float]]:
    """Milliseconds between two turns of the event loop while a solution streams in, and of work in each; sorted."""
    gaps: list[float] = []
    works: list[float] = []
    last, worked = time.perf_counter(), time.thread_time()

    def tick() -> None:
        nonlocal last, worked
        now, work = time.perf_counter(), time.thread_time()
        gaps.append(1000 * (now - last))
        works.append(1000 * (work - worked))
        last, worked = now, work

    timer = QTimer()
    timer.setInterval(1)
    timer.timeout.connect(tick)
    loop = QEventLoop()
    window.bridge.ended.connect(loop.quit)
    window.box.set_text(mark)
    window.solve()
    spin(200)
    last, worked = time.perf_counter(), time.thread_time()
    timer.start()
    loop.exec()
    timer.stop()
    window.bridge.ended.disconnect(loop.quit)
    return sorted(gaps), sorted(works)


def main() -> int:
    """Run both and print."""
    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    window = MainWindow(Stream())
    window.show()
    app.processEvents()
    spin(1500)
    out: dict[str, Any] = {}
    gaps, works = stalls(window, "a")
    out["longest_stall_ms"] = round(gaps[-1], 1)
    out["longest_work_ms"] = round(works[-1], 1)

    def at_once(fn: Callable[[], Any], on_done: Callable[[Any], None]) -> None:
        on_done(fn())

    window.bridge.queue_typesetting = at_once  # type: ignore[method-assign]
    gaps, works = stalls(window, "b")
    out["typesetting_in_gui_thread_longest_stall_ms"] = round(gaps[-1], 1)
    out["typesetting_in_gui_thread_longest_work_ms"] = round(works[-1], 1)
    window.close()
    print(json.dumps(out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
