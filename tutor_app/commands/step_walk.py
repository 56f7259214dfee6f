"""Walking a recording in the terminal, with Thonny's keys and with plain letters."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Final, TextIO

from tutor_app.core.narration import sentence
from tutor_app.core.trace import Recording
from tutor_app.core.unfolding import unfolded

KEYS: Final = {
    "\x1b[18~": "into", "\x1b[17~": "over", "\x1b[19~": "end", "\x1b[18;2~": "back", "\x1b[17;2~": "back over",
    "\x1b[19;2~": "start", "\x1b[C": "into", "\x1b[B": "into", "\x1b[D": "back", "\x1b[A": "back", "\x1b[F": "end",
    "\x1b[H": "start", "\x1bOC": "into", "\x1bOD": "back", " ": "into", "\r": "into", "\n": "into", "n": "into",
    "i": "into", "p": "back", "b": "back", "o": "over", "O": "back over", "u": "out", "e": "end", "s": "start",
    "x": "calculation", "q": "quit", "\x03": "quit", "\x04": "quit", "": "quit",
}  # fmt: skip
"""What each key means, as a terminal sends it; a letter works where function keys do not arrive."""
HELP: Final = (
    "n F7 into   o F6 over   u out   e F8 end   s start   x calculation   q quit",
    "p Shift+F7 back   O Shift+F6 back over",
)


class Walk:
    """A position in a recording, moved by keys.

    Args:
        recording: Of a run.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.position = 0
        self.calculation = True

    def press(self, key: str) -> bool:
        """Do what a key means; False if it means to end. A key that means nothing does nothing."""
        r, i = self.recording, self.position
        match KEYS.get(key, ""):
            case "quit":
                return False
            case "into":
                self.position = r.forward(i)
            case "back":
                self.position = r.back(i)
            case "over":
                self.position = r.over(i)
            case "back over":
                self.position = r.back_over(i)
            case "out":
                self.position = r.out(i)
            case "end":
                self.position = len(r) - 1
            case "start":
                self.position = 0
            case "calculation":
                self.calculation = not self.calculation
            case _:
                pass
        return True

    def lines(self, width: int = 80, height: int = 24) -> Iterator[str]:
        """What to show at this step, cut to a terminal of that size."""
        shown = list(self._lines(max(height - 4, 8)))[: max(height - 4, 6)]
        yield from (line if len(line) <= width else line[: width - 1] + "\u2026" for line in (*shown, "", *HELP))

    def _lines(self, height: int) -> Iterator[str]:
        r, i = self.recording, self.position
        step = r.step(i)
        turns = ", ".join(f"turn {n} of {len(loop.turns)}" for loop, n in r.loops_at(i) if n)
        yield f"step {i + 1} of {len(r)}" + (f", {turns}" if turns else "")
        source = r.outline.lines
        room = max(min(height // 2, len(source)), 3)
        first = max(min(step.line - 1 - room // 2, len(source) - room), 0)
        for number, text in enumerate(source[first : first + room], first + 1):
            yield f"{'>' if number == step.line else ' '} {number:3}  {text}"
        yield sentence(r, i)
        unfolding = unfolded(r, i) if self.calculation else None
        if unfolding is not None:
            yield f"  {unfolding.words}"
        for frame in r.frames(i):
            if frame.function:
                yield f"{frame.function}:"
            for v in frame.variables:
                if v.kind != "function":
                    yield f"  {'*' if v.name in frame.changed else ' '} {v.name} = {' '.join(v.text.split())}"
        printed = r.printed_at(i).splitlines()[-3:]
        yield from (f"| {line}" for line in printed)


def walk(recording: Recording, read_key: Callable[[], str], out: TextIO, size: Callable[[], tuple[int, int]]) -> None:
    """Show a recording step by step until a key says that it is enough.

    Args:
        recording: With at least one step.
        read_key: Waits for a key and gives it as the terminal sends it; empty at the end of the input.
        out: A terminal.
        size: Columns and rows of it.
    """
    position = Walk(recording)
    while True:
        out.write("\x1b[H\x1b[2J" + "\n".join(position.lines(*size())) + "\n")
        out.flush()
        if not position.press(read_key()):
            return


def key_reader() -> Callable[[], str]:
    """Reads single keys from the terminal where the system can; else lines, of which the first letter counts."""
    try:
        import termios
        import tty
    except ImportError:
        return lambda: sys.stdin.readline()[:1]
    import os
    import select

    def read() -> str:
        fd = sys.stdin.fileno()
        before = termios.tcgetattr(fd)
        try:
            tty.setcbreak(fd)
            data = os.read(fd, 1)
            # The rest of an escape sequence is there at once; Escape alone is followed by nothing.
            while data[:1] == b"\x1b" and len(data) < 8 and select.select([fd], [], [], 0.05)[0]:
                data += os.read(fd, 1)
                if len(data) > 2 and (data[-1:].isalpha() or data[-1:] == b"~") and data[-1:] != b"O":
                    break
        finally:
            termios.tcsetattr(fd, termios.TCSADRAIN, before)
        return data.decode("ascii", "replace")

    return read
