"""The stepping panel in a real window of a real display, worked by its mouse and keys."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(map(shutil.which, ("Xvfb", "openbox", "xdotool"))), reason="needs Xvfb, openbox and xdotool"
    ),
]
State = dict[str, Any]


class Display:
    """A display with a window manager, the program on it, and a hand at its mouse and keys.

    Args:
        folder: Of the program's data.
        scale: Pixels of the display for one of the window's.
    """

    def __init__(self, folder: Path, scale: int) -> None:
        width, height = 1366, 768
        self._scale = scale
        read, write = os.pipe()
        screen = f"{width * scale}x{height * scale}x24"
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", screen, "-nolisten", "tcp"],
            pass_fds=[write],
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as number:
            display = f":{number.readline().strip()}"
        self._env = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "QT_SCALE_FACTOR": str(scale)}
        self._manager = subprocess.Popen(["openbox"], env=self._env, stderr=subprocess.DEVNULL)
        command = [sys.executable, "-m", "tests.e2e.desk_program", str(folder), str(width), str(height), "light"]
        self._program = subprocess.Popen(
            command, env=self._env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.state: State = {}

    def close(self) -> None:
        """End all of it."""
        self.tell("quit")
        assert self._program.stdin is not None
        self._program.stdin.close()
        assert self._program.stdout is not None
        for _ in self._program.stdout:
            """What it still says."""
        self._program.stdout.close()
        code = self._program.wait(timeout=60)
        for process in (self._manager, self._server):
            process.terminate()
            process.wait(timeout=20)
        assert code == 0

    def tell(self, command: str) -> None:
        """Send the program a line."""
        assert self._program.stdin is not None
        self._program.stdin.write(f"{command}\n")

    def answer(self, wanted: Callable[[State], bool]) -> State:
        """The next line of the program that is ``wanted``; the state is kept up to date."""
        assert self._program.stdout is not None
        for line in self._program.stdout:
            said: State = json.loads(line)
            if "position" in said:
                self.state = said
            if wanted(said):
                return said
        raise AssertionError(f"the program has ended; the last state was {self.state}")

    def until(self, wanted: Callable[[State], bool]) -> State:
        """Read on until the panel is in a state."""
        return self.answer(lambda said: "position" in said and wanted(said))

    def ask(self, wanted: Callable[[State], bool]) -> State:
        """Ask for the state again and again until the panel is in the one wanted: windows come and go unannounced."""
        while True:
            self.tell("state")
            said = self.answer(lambda said: "position" in said)
            if wanted(said):
                return said

    def place(self, part: str) -> list[int]:
        """The middle of a part on the display."""
        self.tell(f"rect {part}")
        found: list[int] = self.answer(lambda said: "rect" in said)["rect"]
        return found

    def hand(self, *arguments: object) -> None:
        """Move the mouse and press keys."""
        subprocess.run(["xdotool", *map(str, arguments)], env=self._env, check=True)

    def click(self, part: str) -> None:
        """Click on a part."""
        self.hand("mousemove", *self.place(part), "click", 1)

    def drag(self, start: list[int], end: list[int]) -> None:
        """Drag from one place to another."""
        self.hand("mousemove", *start, "mousedown", 1)
        for k in range(1, 9):
            self.hand("mousemove", *(round(a + (b - a) * k / 8) for a, b in zip(start, end, strict=True)))
        self.hand("mouseup", 1)


@pytest.fixture(params=[1, 2])
def display(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Display]:
    found = Display(tmp_path, request.param)
    found.until(lambda s: True)
    found.tell("open 2")
    found.until(lambda s: s["count"] > 30)
    yield found
    found.close()


def test_the_panel_is_worked_by_mouse_and_keys(display: Display) -> None:
    d = display
    d.click("gutter:10")
    d.until(lambda s: s["breakpoints"] == [10])
    d.click("line:9")
    d.hand("key", "ctrl+F8")
    d.until(lambda s: s["line"] == 9 and s["values"]["k"] == "1")
    d.hand("key", "F7")
    d.until(lambda s: (s["line"], s["event"]) == (4, "call"))
    d.hand("key", "shift+F7", "F6")
    d.until(lambda s: s["line"] == 10 and s["values"]["total"] == "1/4")
    d.hand("key", "shift+F6")
    d.until(lambda s: s["line"] == 9)
    d.hand("key", "F8", "F8")
    d.until(lambda s: s["line"] == 10 and s["values"]["k"] == "2")
    d.click("gutter:10")
    d.until(lambda s: s["breakpoints"] == [])
    d.hand("key", "F8")
    end = d.until(lambda s: s["event"] == "end")
    assert (end["values"]["mean"], end["figures"]) == ("5/8", 1)
    assert end["printed"].splitlines() == ["1 1/4", "2 3/4", "3 3/2", "4 5/2"]
    d.hand("key", "shift+F8")
    d.until(lambda s: s["position"] == 0)
    middle = end["count"] // 2
    d.drag(d.place("step:0"), d.place(f"step:{middle}"))
    d.until(lambda s: abs(s["position"] - middle) <= 1)
    d.click("turn:0")
    d.hand("key", "ctrl+a", "4", "Return")
    d.until(lambda s: s["values"].get("k") == "4")
    d.click("watch")
    d.hand("type", "total*2 + k")
    d.hand("key", "Return")
    d.until(lambda s: s["values"].get("total*2 + k") == "7" and s["values"]["k"] == "4")


def test_play_what_if_error_lab_and_projector(display: Display) -> None:
    d = display
    d.click("speed")
    d.hand("key", "End", "Return")
    d.click("button:play")
    d.until(lambda s: s["playing"] and s["position"] > 3)
    d.until(lambda s: s["event"] == "end" and not s["playing"])
    d.click("what if")
    d.click("line:1")
    start = d.place("number:0")
    d.drag(start, [start[0] + 60, start[1]])
    d.until(lambda s: s["beside"] and s["event"] == "end")
    assert "\nn = 4\n" not in d.state["source"]
    assert (d.state["original"]["n"], d.state["original"]["mean"]) == ("4", "5/8")
    d.click("what if")
    d.until(lambda s: not s["beside"])
    d.click("lab")
    d.ask(lambda s: s["lab"])
    d.click("lab")
    d.ask(lambda s: not s["lab"])
    d.hand("key", "F11")
    d.ask(lambda s: s["projector"] and s["active"])
    d.hand("key", "shift+F8")
    d.until(lambda s: s["position"] == 0)
    d.hand("key", "F7", "F7")
    d.until(lambda s: s["position"] == 2 and s["projector"])
    d.hand("key", "Escape")
    d.ask(lambda s: not s["projector"] and s["active"])
    d.hand("key", "F7")
    d.until(lambda s: s["position"] == 3 and not s["projector"])
