"""Runs the commands of a set-up: their output goes to a log, what they are at into one line.

Part of ``bootstrap.py``: of the standard library alone, and parsed by an older Python.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def clock(seconds: float) -> str:
    """``2 min 10 s``."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Status:
    """One line that shows what is going on; in a log a line whenever it says something new."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.percent: int | None = None
        self._start = time.monotonic()
        self._live = sys.stdout.isatty()
        self._logged = ("", -100)
        self._logged_at = -1e9

    def line(self) -> str:
        """``[ 37%] building llama.cpp, 2 min 10 s``."""
        head = "" if self.percent is None else f"[{self.percent:3d}%] "
        return f"{head}{self.title}, {clock(time.monotonic() - self._start)}"

    def show(self) -> None:
        """Draw it, or log it if it is time."""
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            sys.stdout.write(f"\r\033[K{self.line()[:width]}")
            sys.stdout.flush()
            return
        now, percent = time.monotonic(), self.percent or 0
        title, before = self._logged
        quiet = now - self._logged_at
        if percent >= before + 10 or quiet >= 30 or (quiet >= 5 and title != self.title):
            self._logged, self._logged_at = (self.title, percent), now
            print(self.line(), flush=True)

    def end(self, words: str = "") -> None:
        """Leave the last line standing, with ``words`` instead of what was going on."""
        self.title, self.percent = words or self.title, None
        if self._live:
            sys.stdout.write(f"\r\033[K{self.line()}\n")
            sys.stdout.flush()
        else:
            print(self.line(), flush=True)


def read_progress(line: str, status: Status) -> None:
    """Take from a line of pip's, CMake's or apt's output what it says about how far things are."""
    if found := re.match(r"\s*\[\s*(\d+)%\]", line):  # make
        status.title, status.percent = "building llama.cpp", int(found[1])
    elif found := re.match(r"\s*\[(\d+)/(\d+)\]", line):  # ninja
        status.title, status.percent = "building llama.cpp", 100 * int(found[1]) // max(1, int(found[2]))
    elif found := re.match(r"\s*Downloading (?:\S+/)?(\S+?)(?:\.metadata)? \(([\d.]+ [kMG]B)\)", line):
        status.title, status.percent = f"fetching {found[1]} ({found[2]})", None
    elif found := re.match(r"\s*Collecting ([\w.-]+)", line):
        status.title, status.percent = f"looking for {found[1]}", None
    elif "Installing collected packages" in line:
        status.title, status.percent = "unpacking", None
    elif "Preparing metadata" in line or "Installing build dependencies" in line:
        status.title, status.percent = "preparing the build", None


def stream(command: list[str], status: Status, log: Path, env: dict[str, str] | None = None) -> bool:
    """Run a command with its output in ``log`` and its progress in ``status``; True if it succeeded."""
    lines: queue.Queue[str | None] = queue.Queue()
    log.parent.mkdir(parents=True, exist_ok=True)
    # A session of its own, so that an interrupt ends the compilers too and not only their parent.
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
        cwd=ROOT,
        text=True,
        errors="replace",
        start_new_session=True,
    )

    def pump() -> None:
        assert process.stdout is not None
        with process.stdout as output, log.open("a", encoding="utf-8") as file:
            file.write(f"$ {shlex.join(command)}\n")
            for line in output:
                file.write(line)
                file.flush()
                lines.put(line)
        lines.put(None)

    reader = threading.Thread(target=pump)
    reader.start()
    try:
        while True:
            status.show()
            try:
                line = lines.get(timeout=1)
            except queue.Empty:
                continue
            if line is None:
                break
            read_progress(line, status)
        return process.wait() == 0
    except BaseException:
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()
        raise
    finally:
        reader.join()


def reason(log: Path) -> str:
    """What a failed command had to say, in one line."""
    text = log.read_text(encoding="utf-8", errors="replace").rpartition("\n$ ")[2]
    if re.search(r"name resolution|Failed to establish|ConnectionError|Network is unreachable|timed? out", text):
        return "the network cannot be reached; connect and try again"
    if "No space left on device" in text:
        return "the disk is full; make room and try again"
    if re.search(r"Killed signal terminated program|out of memory", text):
        return "there was not enough memory; close other programs and try again"
    lines = [line.strip() for line in text.splitlines() if re.search(r"^E: |\berror\b|\bfatal\b", line, re.I)]
    telling = [line for line in lines if not re.search(r"subprocess-exited|pip's|Failed building|make.*\*\*\*", line)]
    return (telling or lines or ["no reason was given"])[0][:300]
