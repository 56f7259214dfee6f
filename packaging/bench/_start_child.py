"""The process that ``start.py`` measures; prints one JSON object.

    python _start_child.py FOLDER [SOLUTION.json]

Starts the program as ``tutor --data-dir FOLDER SOLUTION.json`` does, or an empty window if FOLDER is ``empty``.
Processor time is
that of all threads and of children that have ended, counted from the start of the interpreter to the first time that
the window is painted.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

_LOOK_MS = 3000
_QUIET = 0.05  # seconds of processor time between two looks

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

found: dict[str, float] = {}


def spent() -> float:
    """Seconds of processor time until now."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def megabytes(what: str) -> float:
    """Of the process: ``Rss``, or ``Pss``, which shares out what other processes have in memory, too."""
    text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    return int(text.split(f"{what}:")[1].split()[0]) / 1024


class FirstPaint(QObject):
    """Notes when a widget is painted for the first time, and how much memory the process has when all is quiet."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Paint events come before the painting: look when it is over."""
        if event.type() == QEvent.Type.Paint and not found:
            found["asked"] = spent()
            QTimer.singleShot(0, self.painted)
        return False

    def painted(self) -> None:
        """Take the times."""
        found.update(shown=spent(), clock=time.time())
        QTimer.singleShot(_LOOK_MS, self.settled)

    def settled(self) -> None:
        """Take the memory when nothing is done any more, and end without what an orderly end would cost."""
        before, found["later"] = found.get("later", 0.0), spent()
        if found["later"] - before > _QUIET:
            QTimer.singleShot(_LOOK_MS, self.settled)
            return
        found.update(rss=megabytes("Rss"), pss=megabytes("Pss"))
        print(json.dumps(found), flush=True)
        os._exit(0)


watch = FirstPaint()
show = QMainWindow.show


def watched_show(window: QWidget) -> None:
    """``show()`` of a main window, watched."""
    show(window)
    window.centralWidget().installEventFilter(watch)


QMainWindow.show = watched_show

if sys.argv[1] == "empty":
    app = QApplication([])
    app.setStyle("Fusion")
    window = QMainWindow()
    window.setCentralWidget(QWidget())
    window.resize(1200, 800)
    window.show()
    app.exec()
else:
    from tutor_app.__main__ import main

    sys.argv = ["tutor", "--data-dir", sys.argv[1], "window", *sys.argv[2:]]
    main()
