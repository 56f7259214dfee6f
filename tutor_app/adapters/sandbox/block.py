"""Runs one block of Python inside the confined process and reports what it printed, drew, returned or raised.

Everything is reported as small dictionaries through one function, so that the order of text and pictures is
the order in which they happened. This module protects nothing: it shares its process with the code it runs, which
may change or imitate all of it. The kernel confines the process, and the program validates every message it reads.
"""

from __future__ import annotations

import ast
import base64
import builtins
import codecs
import io
import json
import linecache
import math
import random
import re
import signal
import sys
import threading
import types
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from time import perf_counter
from typing import Any, Final, Literal

from tutor_app.adapters.sandbox import notebook_display
from tutor_app.adapters.sandbox.figure_fonts import use_installed_fonts
from tutor_app.adapters.sandbox.figure_words import in_words
from tutor_app.adapters.sandbox.interpreter import TYPICAL, NoInput
from tutor_app.adapters.sandbox.threads import BlockThreads
from tutor_app.adapters.sandbox.values import class_name, describe, is_plot_handle, show

_set_trace, _set_profile = sys.settrace, sys.setprofile  # the block may put something else in their place
Send = Callable[[dict[str, Any]], object]

MAX_FIGURES: Final = 8
MAX_INCHES: Final = 20.0
PAD_INCHES: Final = 0.1
MAX_WARNINGS: Final = 10
_MADE_LATE: Final = "_made_by_a_late_thread"
WARNING_CHARS: Final = 500
MAX_PICTURE_BYTES: Final = 2 << 20
DPI: Final = 100


class OutputLimitError(Exception):
    """The block printed more than is kept."""


class _Bytes(io.RawIOBase):
    """The ``buffer`` of a text stream, for code that writes bytes."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing: a wrapper that is thrown away must not take the stream with it."""

    def write(self, data: Any, /) -> int:
        raw = bytes(data)
        self._stream.write(self._decoder.decode(raw))
        return len(raw)


class Stream(io.TextIOBase):
    """Standard output or error: sends text on at each line end, as Python does at a terminal."""

    encoding = "utf-8"
    errors = "replace"
    mode = "w"
    line_buffering = True

    def __init__(self, kind: Literal["o", "e"], block: Block) -> None:
        self.name = "<stdout>" if kind == "o" else "<stderr>"
        self._kind, self._block = kind, block
        self._held: list[str] = []
        self._size = 0
        self._line = 0  # characters of the unfinished line that count as output
        self.lock = threading.RLock()
        self.buffer = _Bytes(self)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return 1 if self._kind == "o" else 2

    def reconfigure(self, **_: object) -> None:
        """Accepted and ignored."""

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        size = len(text)
        with self.lock:
            if self._block.threads.is_late():
                return size
            room = self._block.room
            if "\r" in text and "\n" not in text:  # what is overwritten is no output
                room += self._line
                self._line = 0
                counted = size - text.rfind("\r") - 1
            else:
                counted = size
            if counted > room:
                text = text[: max(room, 0)]
            self._line = counted - text.rfind("\n") - 1 if "\n" in text else self._line + counted
            self._block.room = room - counted
            self._block.printed += len(text)
            self._held.append(text)
            self._size += len(text)
            if "\n" in text or self._size > 8192:
                self.flush()
        if self._block.room < 0:
            self._block.overflow()
        return size

    def discard(self) -> None:
        """Forget what has not been sent."""
        with self.lock:
            self._held.clear()
            self._size = self._line = 0

    def flush(self) -> None:
        with self.lock:
            if self._held:
                text = "".join(self._held)
                self._held.clear()
                self._size = 0
                self._block.send({"k": self._kind, "t": text})


class Block:
    """The namespace of a solution and the one block that runs in it.

    Args:
        send: Delivers one message to the other side; called with interrupts held back.
        output_limit: Characters printed per block.
    """

    def __init__(self, send: Send, output_limit: int) -> None:
        self._send = send
        self._limit = output_limit
        self._lock = threading.RLock()
        self._running = self._sending = self._interrupted = self._overflowed = False
        self.room = output_limit
        self.printed = 0
        self._builtins = builtins
        self.threads = BlockThreads()
        self.threads.install()
        self._blocks_run = 0
        self._warnings: dict[str, None] = {}
        self._figures_left_out = 0
        self._letters_lacking: set[str] = set()
        warnings.showwarning = self._warn
        notebook_display.install(self.display)
        self.stdout, self.stderr = Stream("o", self), Stream("e", self)
        self._figures = 0
        self._saved: set[int] = set()
        sys.argv = [""]
        self._begin()
        if "matplotlib.pyplot" in sys.modules:
            self._hook_figures()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._on_interrupt)

    def _begin(self) -> None:
        self.main = types.ModuleType("__main__")
        # A copy: what the block deletes or replaces among Python's own names, this program still needs.
        self._builtins = sys.modules["builtins"] = types.ModuleType("builtins")
        self.builtins.update(vars(builtins))
        sys.modules["__main__"] = self.main
        random.seed(0)  # so that running a solution again gives the same namespace
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(0)

    def warm_up(self, run: Callable[[int, str], None] | None = None) -> None:
        """Run a typical block, then restore the namespace.

        A forked process shares its memory with its parent until it writes to it, and counting a reference is a
        write: the first use of each page costs a copy, which is made here, before the solution is there to wait.

        Args:
            run: Runs a block by its number and source; :meth:`run` unless given.
        """
        send, self._send = self._send, json.dumps
        (run or self.run)(0, "k = 9" + TYPICAL)
        self._send = send
        linecache.cache.pop("<block 0>", None)
        self._begin()

    # ------------------------------------------------------------------------------------- messages

    def send(self, message: dict[str, Any]) -> None:
        """Deliver a message whole: an interrupt waits until it is out, or the stream would lose its framing."""
        with self._lock:
            outer, self._sending = self._sending, True
            try:
                self._send(message)
            finally:
                self._sending = outer
        if self._interrupted and not outer:
            self._interrupted = False
            raise KeyboardInterrupt

    def _on_interrupt(self, *_: object) -> None:
        if not self._running:
            return
        if self._sending:
            self._interrupted = True
        else:
            raise KeyboardInterrupt

    def overflow(self) -> None:
        """Stop a block that printed too much; once, so that it can still say so."""
        if not self._overflowed:
            self._overflowed = True
            raise OutputLimitError(f"the block printed more than {self._limit // 1024} kB")

    # ------------------------------------------------------------------------------------- running

    def run(self, number: int, code: str, execute: Callable[[ast.Module, str], Any] | None = None) -> None:
        """Run ``code`` and send what it did; the last message has the key ``done``.

        Args:
            number: Of the block, from 1.
            code: Python source.
            execute: Runs the parsed block and returns the value of its last expression; tracing gives its own.
        """
        self.room, self._overflowed, self._figures = self.limit, False, 0
        self.printed = self._figures_left_out = 0
        self._saved.clear()
        self._warnings.clear()
        self._letters_lacking.clear()
        for stream in (self.stdout, self.stderr):
            stream.discard()
        self._blocks_run += 1
        self.threads.current = self._blocks_run
        sys.stdout, sys.stderr, sys.stdin = self.stdout, self.stderr, NoInput()
        filename = f"<block {number}>"
        started = perf_counter()
        done: dict[str, Any] = {"k": "done", "status": "ok"}
        self._interrupted, self._running = False, True
        try:
            try:
                lines = code.splitlines(keepends=True)
                linecache.cache[filename] = (len(code), None, lines, filename)
                tree = ast.parse(code, filename)
                silenced = notebook_display.is_silenced(tree, code)
                self.main.__dict__["__builtins__"] = self._builtins
                try:
                    value = (execute or self.execute)(tree, filename)
                finally:
                    # What runs after the block is none of it, should it have had Python call it at each line.
                    _set_trace(None)
                    _set_profile(None)
                self._emit_open_figures()
                if type(value).__module__ == "matplotlib.figure" and not self._figures:
                    self._emit(value)  # one that pyplot knows nothing of
                # The handle of a plot is no answer once the plot itself is there.
                if value is not None and not silenced and not (self._figures and is_plot_handle(value)):
                    done["value"], done["latex"] = show(value)
            except SystemExit as e:
                if e.code not in (None, 0):
                    done.update(status="error", error=describe(e, filename))
            except BaseException as e:  # noqa: BLE001 - whatever the block raises is its result
                done.update(status="error", error=describe(e, filename))
                with suppress(Exception):
                    self._emit_open_figures()
            finally:
                for stream in (sys.stdout, sys.stderr):  # the block may have wrapped them
                    with suppress(Exception):
                        stream.flush()
                with self.stdout.lock, self.stderr.lock:
                    self.stdout.flush()
                    self.stderr.flush()
                    self.threads.current = 0  # what threads print from here on belongs to no block
        except BaseException as e:  # noqa: BLE001 - an interrupt while reporting
            done.update(status="error", error=describe(e, filename))
        finally:
            self._running = False
            self.threads.current = 0
        done["warnings"] = self._notes()
        done["seconds"] = perf_counter() - started
        done["truncated"] = self.room < 0
        self.send(done)

    @property
    def limit(self) -> int:
        """Characters a block may print."""
        return self._limit

    @property
    def builtins(self) -> dict[str, Any]:
        """Python's own names as the block sees them."""
        return self._builtins.__dict__

    @property
    def drawn(self) -> int:
        """Figures of this block so far."""
        return self._figures

    def execute(self, tree: ast.Module, filename: str) -> Any:
        """Run a parsed block; returns the value of a last expression, else None."""
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        scope = self.main.__dict__
        if tree.body:
            exec(compile(tree, filename, "exec", dont_inherit=True), scope)
        if last is None:
            return None
        assert isinstance(last, ast.Expr)
        expression = ast.Expression(last.value)
        return eval(compile(expression, filename, "eval", dont_inherit=True), scope)

    def display(self, *values: Any, **_: object) -> None:
        """Show values as a notebook does; options, which concern only notebooks, are ignored."""
        if self.threads.is_late():
            return
        self.stdout.flush()
        self.stderr.flush()
        for value in values:
            if type(value).__module__ == "matplotlib.figure":
                self._emit(value)
                self._close(value)
                continue
            text, latex = show(value)
            self.room -= len(text) + 1
            if self.room < 0:
                self.overflow()
                return
            self.printed += len(text) + 1
            self.send({"k": "show", "text": text, "latex": latex})

    def _warn(self, message: object, category: type, filename: str, lineno: int, *_: object, **__: object) -> None:
        """Keep a warning for the end of the block; the same one is kept once, and none of a thread left behind."""
        if self.threads.is_late() or not self.threads.current:
            return
        text = re.sub(r"(?<![\w/])/(?:[\w.@+-]+/)+([\w.@+-]+)", r"\1", " ".join(str(message).split()))
        text = text if len(text) <= WARNING_CHARS else text[:WARNING_CHARS] + "\u2026"
        where = f" (line {lineno})" if filename.startswith("<block ") else ""
        if len(self._warnings) <= 20 * MAX_WARNINGS:
            self._warnings[f"{class_name(category)}: {text}{where}"] = None

    def _notes(self) -> str:
        """Warnings, and what of the figures is not shown, a line each."""
        lines = list(self._warnings)
        if len(lines) > MAX_WARNINGS:
            lines[MAX_WARNINGS:] = [f"{len(lines) - MAX_WARNINGS} more warnings are not shown."]
        if self._figures_left_out:
            more = "1 more figure was" if self._figures_left_out == 1 else f"{self._figures_left_out} more figures were"
            lines.append(f"{more} drawn; only the first {MAX_FIGURES} are shown.")
        if self._letters_lacking:
            letters = "".join(sorted(self._letters_lacking))[:20]
            lines.append(f"This computer has no font for some letters of the figure: {letters}")
        return "\n".join(lines)

    # ------------------------------------------------------------------------------------- figures

    def _hook_figures(self) -> None:
        """Send figures when shown; remember those that were saved, which a following close() would lose."""
        plt: Any = import_module("matplotlib.pyplot")
        figures: Any = import_module("matplotlib.figure").Figure
        close, savefig, make = plt.close, figures.savefig, figures.__init__

        def make_attributed(figure: Any, *args: Any, **kwargs: Any) -> None:
            make(figure, *args, **kwargs)
            vars(figure)[_MADE_LATE] = self.threads.is_late()

        def show_now(*_: object, **__: object) -> None:
            self._emit_open_figures()

        def remember(figure: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._drawing:
                self._saved.add(id(figure))
            return savefig(figure, *args, **kwargs)

        def emit_and_close(fig: Any = None) -> None:
            if self._saved:
                for number in plt.get_fignums():
                    figure = plt.figure(number)
                    if id(figure) in self._saved:
                        self._saved.discard(id(figure))
                        self._emit(figure)
            close(fig)

        self._close = close
        self._drawing = False
        plt.show = show_now
        plt.close = emit_and_close
        figures.savefig = remember
        figures.__init__ = make_attributed
        figures.show = show_now

    def _emit_open_figures(self) -> None:
        plt = sys.modules.get("matplotlib.pyplot")
        if plt is None or self.threads.is_late():
            return
        failure: Exception | None = None
        for number in plt.get_fignums():
            figure = plt.figure(number)
            try:
                if figure.axes or figure.texts:
                    self._emit(figure)
            except Exception as e:  # noqa: BLE001  (a title that is no mathematics, for example: the others still come)
                failure = failure or e
        self._saved.clear()
        self._close("all")  # also what could not be drawn, or the next block would fail of it again
        if failure is not None:
            raise failure

    def _emit(self, figure: Any) -> None:
        if vars(figure).get(_MADE_LATE):  # by a thread that an earlier block left behind
            return
        if self._figures >= MAX_FIGURES:
            self._figures_left_out += 1
            return
        self._figures += 1
        self.stdout.flush()
        with suppress(Exception):  # a label in boxes is better than no figure
            self._letters_lacking.update(use_installed_fonts(figure))
        width, height = (min(float(s), MAX_INCHES) for s in figure.get_size_inches())
        figure.set_size_inches(width, height)
        figure.set_dpi(DPI)
        pictures: dict[str, bytes] = {}
        self._drawing = True
        try:
            whole = _whole(figure)
            # A picture must always come: where one is too large, a coarser one does.
            for kind, dpi in (("svg", DPI), ("png", DPI), ("png", DPI // 2), ("png", DPI // 4)):
                if pictures.get(kind):
                    continue
                out = io.BytesIO()
                metadata = {"Date": None} if kind == "svg" else None
                figure.savefig(out, format=kind, dpi=dpi, bbox_inches=whole, metadata=metadata)
                data = out.getvalue()
                pictures[kind] = data if len(data) <= MAX_PICTURE_BYTES else b""
        finally:
            self._drawing = False
        self.send(
            {
                "k": "fig",
                "svg": pictures["svg"].decode("utf-8", "replace"),
                "png": base64.b64encode(pictures["png"]).decode(),
                "alt": in_words(figure),
            }
        )


def _whole(figure: Any) -> Any:
    """The part of the plane, in inches, that holds all of the figure, as notebooks cut it out; None if unknown.

    What is drawn far outside would make a picture too large: there the figure's own edge is kept.
    """
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    if box is None or not all(math.isfinite(v) for v in box.extents) or box.width <= 0 or box.height <= 0:
        return None
    box = box.padded(PAD_INCHES)
    (x0, y0, x1, y1), (width, height) = box.extents, figure.get_size_inches()
    if box.width > MAX_INCHES:
        x0, x1 = 0, width
    if box.height > MAX_INCHES:
        y0, y1 = 0, height
    return type(box).from_extents(x0, y0, x1, y1)
