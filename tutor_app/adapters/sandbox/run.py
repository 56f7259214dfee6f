"""One block on its way through a worker: deadlines, Stop, bounds, and what came of it.

It validates everything it reads: frames are checked one by one, and an invalid one ends the worker.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import math
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, Final, Literal

from tutor_app.adapters.sandbox.error_hints import hint_for
from tutor_app.adapters.sandbox.process import Limits, SandboxProcess, read_some, readable
from tutor_app.adapters.sandbox.received import Received
from tutor_app.core.events import FigureDrawn, OutputDelta, RunEvent, RunFinished
from tutor_app.core.parts import CodeError, Figure, Output, OutputStatus
from tutor_app.core.ports import Cancel
from tutor_app.core.terminal import TerminalLines
from tutor_app.core.trace import Recording
from tutor_app.core.trace_values import Record
from tutor_app.text.clean import clean_svg, png_size, visible, visible_except_cursor

POLL_SECONDS: Final = 0.01
WATCH_SECONDS: Final = 0.02
GRACE_STOP: Final = 0.025
GRACE_TIMEOUT: Final = 0.1
MAX_FIGURES: Final = 8
MAX_VALUE: Final = 20_000
MAX_SHOWN: Final = 20
"""Values that ``display`` shows as formulas; more are printed as text."""
REWRITE_SECONDS: Final = 0.1
"""How often a line that is overwritten again and again is given on."""
OVERWRITTEN: Final = 64
"""How many times the limit on output a block may write, where it overwrites most of it again."""

_Ended = Literal["timeout", "stopped", "output", "threads", "disk", "memory", "broken", ""]
"""Why a block was ended before it was done; empty if it was not."""


class Run:
    """One block on its way: reads the worker until it is done, late, stopped or dead.

    Args:
        worker: Where it runs.
        limits: Bounds.
        exit_status: Tells how a dead worker ended.
        number: Of the block, from 1.
        code: Python source.
        limit: Wall seconds.
        cancel: Stop.
        record: What to record; None records nothing.

    Attributes:
        lost: Whether the worker, and with it the namespace, is gone.
        ended: Final status, or None while running.
        seconds: Wall time.
    """

    def __init__(
        self,
        worker: SandboxProcess,
        limits: Limits,
        exit_status: Callable[[SandboxProcess], int | None],
        number: int,
        code: str,
        limit: float,
        cancel: Cancel,
        record: Record | None = None,
    ) -> None:
        self._worker = worker
        self._number, self._code, self._limit, self._cancel = number, code, limit, cancel
        self._received = Received(code, record) if record is not None else None
        self._limits, self._exit_status = limits, exit_status
        self._text: list[str] = []
        self._room = self._limits.output
        self._unsettled_room = OVERWRITTEN * self._limits.output
        self._lines = TerminalLines()
        self._given: list[str] = []  # of the unfinished line
        self._rewritten = 0.0  # when
        self._shown_values: list[tuple[str, str]] = []
        self._printed_raw: list[str] = []
        self._figures = 0
        self._drawn: list[Figure] = []
        self._done: dict[str, Any] | None = None
        self._why: _Ended = ""
        self._deadline, self._watch_at, self._kill_at = math.inf, math.inf, math.inf  # by the monotonic clock
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.lost = True  # until the block has ended well: the caller may close the iterator at any moment
        self.ended: OutputStatus | None = None
        self.seconds = 0.0

    def events(self) -> Iterator[RunEvent]:
        """Yield what happens, at last one ``RunFinished``."""
        worker = self._worker
        started = time.monotonic()
        try:
            self._begin()
            self._deadline, self._watch_at = started + self._limit, started + WATCH_SECONDS
            pipes = [worker.events, worker.raw]
            while self._done is None:
                self._keep_bounds(time.monotonic())
                ready = readable(pipes, POLL_SECONDS)
                if not ready:
                    continue
                # Raw output first: what was written there before a frame was sent has arrived by now.
                if worker.raw in pipes:
                    data = read_some(worker.raw)
                    if data == b"":
                        pipes.remove(worker.raw)
                    elif data:
                        yield from self._printed(self._decoder.decode(data), "stdout")
                if worker.events in ready:
                    data = read_some(worker.events)
                    if data == b"" or not (yield from self._read_frames(data or b"")):
                        break
                if self._room < 0 and self._why != "output" and self._done is None:
                    self._why, self._kill_at = "output", math.inf
                    worker.kill()
            yield from self._finish_output()
            self.seconds = time.monotonic() - started
            if self._done is not None and not worker.killed:  # it may have been done in the moment it was killed
                worker.pause()  # threads left behind rest until the next block
                self.lost = False
            output = self._outcome()
            yield RunFinished(output, self._recording(output))
        finally:
            if self.lost:
                worker.close()

    def _begin(self) -> None:
        """Give the block to the worker."""
        worker = self._worker
        try:
            while read_some(worker.raw):
                """What a thread that was left behind wrote before the process was paused is no one's output."""
            worker.resume()
            worker.send({"run": self._number, "code": self._code, **self._asked()})
        except TimeoutError:  # it pretended to be done and does not listen
            self._why = "broken"
            worker.kill()
        except OSError:
            pass  # it is gone, which its pipes say next

    def _keep_bounds(self, now: float) -> None:
        """Interrupt a block that is stopped or late; kill one that does not heed that, or passes another bound."""
        if not self._why:
            if self._cancel.is_set():
                self._why, self._kill_at = "stopped", now + GRACE_STOP
            elif now >= self._deadline:
                self._why, self._kill_at = "timeout", now + GRACE_TIMEOUT
            if self._why:
                self._worker.interrupt()
        if now >= self._kill_at:
            self._worker.kill()
            self._kill_at = math.inf
        if now >= self._watch_at:
            self._watch_at = now + WATCH_SECONDS
            excess = self._excess()
            if excess and self._why not in ("output", "broken"):
                self._why = excess
                self._worker.kill()

    def _read_frames(self, data: bytes) -> Generator[RunEvent, None, bool]:
        """Take in what the worker reports; returns False where a frame is invalid, which ends it."""
        worker = self._worker
        worker.buffer += data
        try:
            for message in worker.frames():
                yield from self._take_in(message)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ArithmeticError):
            self._why = self._why or "broken"
            worker.kill()
            return False
        return True

    def _take_in(self, message: dict[str, Any]) -> Iterator[RunEvent]:
        kind = message.get("k")
        if kind in ("o", "e"):
            text = message["t"]
            if not isinstance(text, str):
                raise TypeError("text is no text")
            yield from self._printed(text, "stdout" if kind == "o" else "stderr")
        elif kind == "show":
            self._shown_values.append((str(message["text"])[:MAX_VALUE], str(message["latex"])[:MAX_VALUE]))
            if self._text or self._lines.held or len(self._shown_values) > MAX_SHOWN:
                yield from self._print_shown_values()
        elif kind == "fig":
            figure = _figure(message)
            if figure is not None and self._figures < MAX_FIGURES:
                self._figures += 1
                if self._received is not None:
                    self._drawn.append(figure)
                yield FigureDrawn(figure)
        elif kind == "done":
            self._done = message
        elif kind == "step" and self._received is not None:
            self._received.take(message)

    def _asked(self) -> dict[str, Any]:
        """What the worker is to record."""
        return self._received.asked() if self._received is not None else {}

    def _printed(self, text: str, stream: str) -> Iterator[RunEvent]:
        if text:
            yield from self._print_shown_values()
            yield from self._print(text, stream)

    def _print(self, text: str, stream: str) -> Iterator[RunEvent]:
        if self._received is not None and self._unsettled_room > 0:
            self._printed_raw.append(visible_except_cursor(text[: self._limits.output]))
        self._unsettled_room -= len(text)
        for line, source in self._lines.feed(text, stream):
            yield from self._settled(line, source)
        if self._room >= 0 and (self._lines.held > self._room or self._unsettled_room < 0):
            for line, source in self._lines.end():
                yield from self._settled(line, source)
            self._room = min(self._room, -1)
        else:
            yield from self._given_early()

    def _given_early(self) -> Iterator[RunEvent]:
        """Give on what there is of the unfinished line, so that dots and progress bars are seen as they come."""
        news = self._lines.news()
        if news is not None:
            for text, stream in news:
                shown = visible(text)
                self._given.append(shown)
                yield OutputDelta(shown, stream)
        elif (now := time.monotonic()) - self._rewritten >= REWRITE_SECONDS:
            self._rewritten = now
            text, stream = self._lines.overwritten()
            shown = visible(text)
            yield from self._rewrite(shown, stream)
            self._given = [shown]

    def _rewrite(self, shown: str, stream: str) -> Iterator[RunEvent]:
        """Have ``shown`` take the place of what was given of the line, of which the common beginning stays."""
        given = "".join(self._given)
        self._given.clear()
        same = len(given)
        if not shown.startswith(given):
            same = next((n for n, (a, b) in enumerate(zip(given, shown, strict=False)) if a != b), len(shown))
        if same < max(len(shown), len(given)):
            yield OutputDelta(shown[same:], stream, len(given) - same)

    def _settled(self, text: str, stream: str) -> Iterator[RunEvent]:
        """Give on text that can no longer be overwritten."""
        room = max(self._room, 0)
        shown = visible(text[:room])
        self._room -= max(len(text), len(shown))  # an escape is longer than what it stands for
        shown = shown[:room]
        if not shown:
            return
        self._text.append(shown)
        given = "".join(self._given)
        if len(given) > len(shown) and given.startswith(shown):  # a piece of the line
            self._given = [given[len(shown) :]]
        else:
            yield from self._rewrite(shown, stream)

    def _print_shown_values(self) -> Iterator[RunEvent]:
        """Print what ``display`` was given as lines of text, because other text comes before or after it."""
        values, self._shown_values = self._shown_values, []
        for text, _ in values:
            yield from self._print(("\n" if self._lines.held else "") + text + "\n", "stdout")

    def _finish_output(self) -> Iterator[RunEvent]:
        """No more comes: give on what was held back, and settle what the value of the block is."""
        done = self._done or {}
        if self._text or self._lines.held or done.get("status") != "ok":
            yield from self._print_shown_values()
        for line, stream in self._lines.end():
            yield from self._settled(line, stream)
        yield from self._rewrite("", "stdout")
        if isinstance(done.get("value"), str):
            self._shown_values.append((done["value"][:MAX_VALUE], str(done.get("latex", ""))[:MAX_VALUE]))

    def _recording(self, output: Output) -> Recording | None:
        """The recording of a block that has ended."""
        if self._received is None:
            return None
        return self._received.recording(output, self._drawn, "".join(self._printed_raw))

    def _excess(self) -> Literal["threads", "disk", "memory", ""]:
        """Which bound that the kernel does not keep for us has been passed (Linux only)."""
        worker = self._worker
        if not worker.pid or sys.platform == "win32":
            return ""
        if sys.platform == "darwin":
            from tutor_app.adapters.sandbox.confine_macos import footprint

            if footprint(worker.pid) > self._limits.memory:
                return "memory"
            return "disk" if self._disk_full() else ""
        try:
            status = Path(f"/proc/{worker.pid}/stat").read_text().rsplit(")", 1)[1].split()
            if int(status[17]) > self._limits.threads:
                return "threads"
        except (OSError, IndexError, ValueError):
            return ""
        return "disk" if "mount" not in worker.hello.get("namespaces", ()) and self._disk_full() else ""

    def _disk_full(self) -> bool:
        """Whether the scratch folder, where it has no size of its own, holds too much."""
        scratch = self._worker.scratch
        if scratch is None:
            return False
        from tutor_app.adapters.sandbox.confine_notify import used

        return used(str(scratch), self._worker.pid) > self._limits.scratch * 3 // 4

    def _outcome(self) -> Output:
        why, text = self._why, "".join(self._text)
        done = self._done or {}
        truncated = self._room < 0 or done.get("truncated") is True
        error = _error(done.get("error"), self._code)
        status: OutputStatus
        if why == "timeout":
            status = "timeout"
            error = _stopped("TimeoutError", f"the block took longer than {self._limit:g} s", error)
        elif why == "stopped":
            status = "stopped"
            error = _stopped("KeyboardInterrupt", "the block was stopped", error)
        elif why in _LIMIT_ERRORS:
            kind, message = _LIMIT_ERRORS[why]
            status = "died"
            error = CodeError(kind, message.format(limits=self._limits), hint=hint_for(kind, message))
        elif self._done is None:
            status = "died"
            kind, message = _death(self._exit_status(self._worker))
            error = CodeError(kind, message, hint=hint_for(kind, message))
        else:
            status = "error" if done.get("status") == "error" else "ok"
            if status == "ok":
                error = None
            elif error is None:
                error = CodeError("Exception", "")
        self.ended = status
        values = self._shown_values if status == "ok" else []
        return Output(
            stdout=text,
            value=visible("\n".join(text for text, _ in values)[:MAX_VALUE]),
            value_latex=visible(_latex_of([latex for _, latex in values])),
            status=status,
            error=error,
            seconds=round(self.seconds, 4),
            truncated=truncated,
            warnings=visible(str(done.get("warnings", ""))[:MAX_VALUE]),
        )


def _latex_of(formulas: list[str]) -> str:
    """One formula for all values, one below the other; empty if one of them has none."""
    if not formulas or not all(formulas):
        return ""
    rows = r" \\ ".join(formulas)
    latex = rows if len(formulas) == 1 else rf"\begin{{gathered}}{rows}\end{{gathered}}"
    return latex if len(latex) <= MAX_VALUE else ""


_LIMIT_ERRORS: Final = {
    "output": ("OutputLimitError", "the block printed more than {limits.output} characters"),
    "threads": ("ThreadLimitError", "the block started more than {limits.threads} threads"),
    "memory": ("MemoryError", "the block used more memory than it is given"),
    "disk": ("DiskLimitError", "the block wrote more files than the scratch folder may hold"),
    "broken": ("ProcessDied", "the block disturbed the process that ran it"),
}
_SIGNALS: Final = {
    "SIGSEGV": "crashed (segmentation fault)",
    "SIGBUS": "crashed (bus error)",
    "SIGABRT": "crashed (abort)",
    "SIGILL": "crashed (illegal instruction)",
    "SIGFPE": "crashed (arithmetic fault in a library)",
    "SIGKILL": "was killed, most likely for want of memory",
    "SIGXCPU": "used up its processor time",
    "SIGXFSZ": "wrote too large a file",
    "SIGSYS": "made a forbidden system call",
}


def _death(status: int | None) -> tuple[str, str]:
    if status is None:
        return "ProcessDied", "the process that ran the block ended without saying why"
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return "ProcessDied", f"the process that ran the block {_SIGNALS.get(name, f'was ended by {name}')}"
    return "ProcessDied", f"the block ended its process with exit code {status}"


def _stopped(kind: str, message: str, where: CodeError | None) -> CodeError:
    """Why a block was cut short, with the place where the interrupt found it, if it did."""
    found = where is not None and where.type == "KeyboardInterrupt"
    traceback = where.traceback if where is not None and found else ""
    if found:
        traceback = traceback.rsplit("\n", 1)[0] + f"\n{kind}: {message}"
    line = where.line if where is not None and found else 0
    return CodeError(kind, message, line, traceback, hint_for(kind, message))


def _error(data: object, code: str) -> CodeError | None:
    """The error that a worker reports of ``code``, its texts cut and made visible."""
    if not isinstance(data, dict):
        return None
    line = data.get("line")
    kind = visible(str(data.get("type", "Exception"))[:200])
    message = visible(str(data.get("message", ""))[:3_000])
    traceback = visible(str(data.get("traceback", ""))[:8_000])
    line = line if isinstance(line, int) and 0 <= line < 1_000_000 else 0
    lines = code.splitlines()
    source = lines[line - 1][:1_000] if 0 < line <= len(lines) else ""
    hint = hint_for(kind, message, source, str(data.get("library", ""))[:100])
    return CodeError(kind, message, line, traceback, hint)


def _figure(message: dict[str, Any]) -> Figure | None:
    """A checked picture; None if its PNG is none."""
    png = message.get("png")
    if not isinstance(png, str) or len(png) > 4 << 20:
        return None
    try:
        size = png_size(base64.b64decode(png, validate=True))
    except (ValueError, binascii.Error):
        return None
    if size is None:
        return None
    svg = message.get("svg")
    alt = message.get("alt")
    return Figure(
        svg=clean_svg(svg) if isinstance(svg, str) else "",
        png=png,
        width=size[0],
        height=size[1],
        alt=visible(alt[:1_000]) if isinstance(alt, str) else "",
    )
