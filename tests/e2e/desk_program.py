"""The window with the stepping panel, for a test that works it by the mouse and the keys of a display.

Run as ``python -m tests.e2e.desk_program FOLDER WIDTH HEIGHT THEME [FILE.py]``. It reads commands from standard input,
a line each (``rect NAME``, ``grab FILE``, ``open CARD``, ``state``, ``quit``), and writes what can be seen of the panel
as a line of JSON whenever that changes or ``state`` asks for it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QRect, QSocketNotifier
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionSlider, QWidget

from tutor_app.core.parts import Answer, Code, CodeError, Output, Text
from tutor_app.core.transcript import Transcript
from tutor_app.desk.stepper.view import StepView
from tutor_app.tutor.paths import folders
from tutor_app.window.window import MainWindow
from tutor_app.window_services import AppServices

FAILED = "width = 3\nheight = 4\narea = width * hight\nprint(area)"
REPAIRED = "width = 3\nheight = 4\narea = width * height\nprint(area)"
LOOP = (
    "from sympy import Rational, Matrix\n"  # 1
    "import matplotlib.pyplot as plt\n"  # 2
    "n = 4\n"  # 3
    "def share(k, whole):\n"  # 4
    "    part = Rational(k, whole)\n"  # 5
    "    return part\n"  # 6
    "total = 0\n"  # 7
    "for k in range(1, n + 1):\n"  # 8
    "    total += share(k, n)\n"  # 9
    "    print(k, total)\n"  # 10
    "M = Matrix([[total, 1], [0, n]])\n"  # 11
    "plt.plot([0, n], [0, float(total)])\n"  # 12
    "plt.show()\n"  # 13
    "mean = total / n"  # 14
)
SOLUTION = Transcript.of(
    "Add the shares.",
    Text("Step 1: We compute the area."),
    Code(FAILED),
    Output(status="error", error=CodeError("NameError", "name 'hight' is not defined", 3, "", "hight has no value.")),
    Text("The name is misspelt."),
    Code(REPAIRED),
    Output(stdout="12\n"),
    Text("Step 2: Now we add the shares $\\frac{k}{n}$ in a loop."),
    Code(LOOP),
    Output(stdout="1 1/4\n2 3/4\n3 3/2\n4 5/2\n"),
    Answer("5/8"),
)


class Driven:
    """The window, its panel's state in words, and where its parts are.

    Args:
        window: The window.
    """

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        s = window.desk.panel.stepper
        for signal in (s.opened, s.moved, s.breakpoints_changed, s.playing_changed, s.unfolded, s.announced):
            signal.connect(self.tell)
        self._input = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
        self._input.activated.connect(self._read)

    @property
    def view(self) -> StepView:
        """What is looked at: the projector's, while it is open."""
        projector = self.window.desk.projector
        return projector.view if projector is not None and projector.isVisible() else self.window.desk.panel.view

    def tell(self, *_: object) -> None:
        """Write the state."""
        panel = self.window.desk.panel
        s = panel.stepper
        step = s.step
        rows = [(r.original_of, r.variable) for r in self.view.values.values.rows if r.variable is not None]
        self._write(
            {
                "position": s.position,
                "count": len(s),
                "line": step.line if step is not None else -1,
                "event": step.event if step is not None else "",
                "values": {v.name: v.text for original_of, v in rows if not original_of},
                "original": {original_of: v.text for original_of, v in rows if original_of},
                "breakpoints": sorted(s.breakpoints),
                "playing": s.playing,
                "stages": s.stages_shown,
                "printed": self.view.output.text.toPlainText(),
                "beside": s.beside is not None,
                "projector": self.view is not panel.view,
                "active": self.view.window().isActiveWindow(),
                "lab": panel.lab.isVisible(),
                "source": panel.view.code.toPlainText(),
                "figures": 0 if step is None else step.figures,
                "words": self.view.words.text(),
            }
        )

    def _write(self, value: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()

    def _read(self) -> None:
        for line in sys.stdin.readline().splitlines():
            command, _, rest = line.partition(" ")
            if command == "rect":
                self._write({"rect": self._rect(rest)})
            elif command == "grab":
                shown = self.view.window()
                shown.grab().save(rest)
                self._write({"grabbed": rest})
            elif command == "open":
                self.window.desk.open_card(int(rest))
            elif command == "state":
                self.tell()
            elif command == "quit":
                self.window.close()
                QApplication.quit()

    def _rect(self, name: str) -> list[int]:
        """The middle of a part in pixels of the display."""
        panel, view = self.window.desk.panel, self.view
        what, _, number = name.partition(":")
        t = view.transport
        parts: dict[str, QWidget] = {
            "timeline": t.timeline,
            "speed": t.speed,
            "watch": view.watch,
            "code": view.code.viewport(),
            "values": view.values.viewport(),
            "projector": panel.projector,
            "what if": panel.what_if_button,
            "lab": panel.lab_button,
            "unfold": view.calculation,
        }
        widget: QWidget | None = parts.get(what)
        if what == "button":
            widget = t.buttons[number]
        elif what == "card":
            widget = self.window.view.control(int(number), "step")
        elif what == "turn":
            widget = view.loops.pickers()[int(number)]
        elif what == "number":
            widget = panel.what_if.numbers[int(number)].slider
        elif what in ("line", "gutter"):
            return self._line(int(number), what == "gutter")
        elif what == "step":
            place = QPoint(round(t.timeline.x_of(int(number))), t.timeline.height() // 2)
            return self._global(t.timeline, place)
        if widget is None:
            raise KeyError(name)
        if what == "number":
            return self._global(widget, _handle(widget))
        return self._global(widget, widget.rect().center())

    def _line(self, line: int, gutter: bool) -> list[int]:
        code = self.view.code
        cursor = QTextCursor(code.document().findBlockByNumber(line - 1))
        middle = code.cursorRect(cursor).center()
        if gutter:
            return self._global(code.gutter, QPoint(code.gutter.width() // 2, middle.y()))
        return self._global(code.viewport(), middle + QPoint(4, 0))

    def _global(self, widget: QWidget, at: QPoint) -> list[int]:
        ratio = self.window.devicePixelRatioF()
        place = widget.mapToGlobal(at)
        return [round(place.x() * ratio), round(place.y() * ratio)]


def _handle(slider: Any) -> QPoint:
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    style: QStyle = slider.style()
    found: QRect = style.subControlRect(
        QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
    )
    return found.center()


def main(argv: list[str]) -> int:
    """Open the window and do as told."""
    where = folders(argv[0])
    where.create()
    app = QApplication(["tutor"])
    services = AppServices(where)
    services.save_settings(services.load_settings().changed(theme=argv[3]))
    window = MainWindow(services)
    window.resize(int(argv[1]), int(argv[2]))
    solution = SOLUTION
    if len(argv) > 4:
        source = Path(argv[4]).read_text(encoding="utf-8")
        solution = Transcript.of("Run it.", Text("This code runs:"), Code(source), Output())
    file = where.data / "solution.json"
    file.write_text(solution.to_json(), encoding="utf-8")
    services.import_solutions([str(file)])
    window.saved.open(services.entries("")[0].id)
    window.show()
    driven = Driven(window)
    driven.tell()
    code = app.exec()
    services.close()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
