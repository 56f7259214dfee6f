"""The stepping panel with its real widgets: how soon a recording of 40,000 steps is on the screen, what it weighs, and
what a step costs the GUI thread, painting included.

The times are processor time, which other programs on the machine cannot change.
"""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from _scripted_services import ScriptedServices
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from tutor_app.core.parts import Code, Output, Text
from tutor_app.core.ports import Cancel
from tutor_app.core.trace import Columns, Recording
from tutor_app.core.trace_values import Variable
from tutor_app.core.transcript import Transcript
from tutor_app.desk.stepper.panel import prepared
from tutor_app.window.window import MainWindow

Row = tuple[str, float, str, str, float]
STEPS, VISITS = 40_000, 1_000
SOURCE = (
    "from sympy import Matrix, Rational\n"  # 1
    "def twice(n):\n"  # 2
    "    return 2 * n\n"  # 3
    "total, share, table = 0, Rational(0), Matrix([[1, 0], [0, 1]])\n"  # 4
    "for k in range(10000):\n"  # 5
    "    total += twice(k)\n"  # 6
    "    share = Rational(k, k + 1)\n"  # 7
    "    print(k, total)\n"  # 8
)


class Recorded(ScriptedServices):
    """Gives the recording that is measured.

    Args:
        text: The recording as JSON.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def record_block(
        self,
        transcript: Transcript,
        block: int,
        cancel: Cancel,
        *,
        edited: str | None = None,
        watches: Sequence[str] = (),
    ) -> Recording:
        """See the protocol."""
        return Recording.from_json(self._text)


def recording() -> Recording:
    """40,000 steps of a loop with calls, fractions, a matrix that stays, a long list, and a line printed each turn."""
    columns = Columns()
    keep = columns.keep
    table = Variable(
        "table", "matrix", "Matrix([[1, 0], [0, 1]])", r"\left[\begin{matrix}1 & 0\\0 & 1\end{matrix}\right]"
    )
    parts = [Variable(f"part{n}", "number", str(n * n)) for n in range(20)]
    listed = Variable("numbers", "sequence", str(list(range(300))))
    printed = 0
    total = 0
    columns.add(0, 4, 5, 0, 0, changed=map(keep, (table, listed, *parts)))
    for k in range(STEPS // 5):
        columns.add(0, 5, 6, 0, 0, output=printed, changed=[keep(Variable("k", "number", str(k)))])
        columns.add(1, 1, 2, k + 1, 1, output=printed, changed=[keep(Variable("n", "number", str(k)))])
        columns.add(2, 1, 3, k + 1, 1, output=printed, value=keep(Variable("", "number", str(2 * k))))
        total += 2 * k
        columns.add(0, 6, 7, 0, 0, output=printed, changed=[keep(Variable("total", "number", str(total)))])
        share = Variable("share", "symbolic", f"{k}/{k + 1}", rf"\frac{{{k}}}{{{k + 1}}}")
        columns.add(0, 7, 8, 0, 0, output=printed, changed=[keep(share)])
        printed += len(f"{k} {total}\n")
    text = "".join(f"{k} {k * (k + 1)}\n" for k in range(STEPS // 5))
    return Recording(SOURCE, columns, Output(stdout=text), (), text)


def _resident() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _settle(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def rows() -> Iterator[Row]:
    """The table's rows: what, value, unit, reference, ratio of value to reference."""
    app = QApplication.instance() or QApplication([])
    text = recording().to_json()
    services = Recorded(text)
    window = MainWindow(services)
    window.resize(1366, 768)
    window.show()
    window.view.show_transcript(Transcript.of("Add.", Text("We add:"), Code(SOURCE), Output(stdout="9998 99970002\n")))
    window.desk.open_card(0)
    panel = window.desk.panel
    while not len(panel.stepper):
        app.processEvents()
    _settle(500)
    panel.stepper.close()
    _settle(200)
    before = _resident()
    start = time.process_time()
    made = prepared(Recording.from_json(text))
    panel.stepper.open(made)
    app.processEvents()
    opened = (time.process_time() - start) * 1000
    yield "a recording of 40,000 steps: on the screen", opened, "ms", "<= 300 ms", opened / 300
    chosen = random.Random(0)
    for what, places in (
        ("a random step of it, with its widgets, 99 of 100", [chosen.randrange(len(made)) for _ in range(VISITS)]),
        ("a step forward, with its widgets, 99 of 100", list(range(20_000, 20_000 + VISITS))),
        ("a step back, with its widgets, 99 of 100", list(range(20_000 + VISITS, 20_000, -1))),
    ):
        took = []
        for place in places:
            start = time.thread_time()
            panel.stepper.go(place)
            app.processEvents()
            took.append((time.thread_time() - start) * 1000)
        slow = sorted(took)[round(0.99 * len(took)) - 1]
        yield what, slow, "ms", "<= 16 ms", slow / 16
    _settle(200)
    weight = _resident() - before
    yield "a recording of 40,000 steps: memory, with its widgets", weight, "MB", "<= 60 MB", weight / 60
    window.close()
