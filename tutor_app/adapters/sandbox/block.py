"""Runs one block of Python inside the confined process and reports what it printed, drew, returned or raised.

Everything is reported as small dictionaries through one function, so that the order of text and pictures is
the order in which they happened. Nothing here protects anything: this code shares its process with the code it
runs, which may break or forge all of it. The kernel confines the process, and the other side of the pipe
believes nothing it reads.
"""

from __future__ import annotations

import ast
import base64
import builtins
import codecs
import io
import linecache
import os
import random
import signal
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any, Final, Literal, NoReturn

Send = Callable[[dict[str, Any]], None]

VALUE_CHARS: Final = 10_000
MESSAGE_CHARS: Final = 2_000
TRACEBACK_CHARS: Final = 6_000
FRAMES_SHOWN: Final = 6
MAX_FIGURES: Final = 8
MAX_INCHES: Final = 20.0
MAX_PICTURE_BYTES: Final = 2 << 20
DPI: Final = 100


class OutputLimitError(Exception):
    """The block printed more than is kept."""


def prepare() -> None:
    """Load the libraries and put the interpreter in order; once per process, before anything is confined."""
    # The name of the computer must not even lie around in memory, and the call is refused later.
    machine = os.uname().machine if hasattr(os, "uname") else ""
    if hasattr(os, "uname"):
        known = os.uname_result((os.uname().sysname, "sandbox", "", "", machine))
        os.uname = lambda: known
    sys.set_int_max_str_digits(0)
    warnings.filterwarnings("ignore")  # a library's advice to programmers is noise in a solution
    builtins.input = _no_input
    sys.breakpointhook = lambda *a, **k: None
    import mpmath  # noqa: F401
    import numpy  # noqa: F401
    import sympy  # noqa: F401

    with suppress(ImportError):
        _prepare_figures()


def _no_input(prompt: object = "", /) -> NoReturn:
    raise EOFError("input() cannot be answered here: write the value into the program instead")


class _NoInput(io.TextIOBase):
    """Standard input that says at once that nobody will type."""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> str:
        _no_input()

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        _no_input()


def _prepare_figures() -> None:
    """Load matplotlib with its bundled fonts only: what is drawn must look the same on every computer."""
    walk = os.walk
    # Looking for the system's fonts takes seconds, and they are out of reach later anyway.
    os.walk = lambda top, *a, **k: walk(top, *a, **k) if "matplotlib" in str(top) else iter(())
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    finally:
        os.walk = walk
    plt.switch_backend("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "tutor"
    matplotlib.use = lambda *a, **k: None  # a window cannot be opened; asking for one shall not fail
    plt.switch_backend = lambda *a, **k: None


class _Bytes(io.RawIOBase):
    """The ``buffer`` of a text stream, for code that writes bytes."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        raw = bytes(data)
        self._stream.write(self._decoder.decode(raw))
        return len(raw)


class Stream(io.TextIOBase):
    """Standard output or error: sends text on at each line end, as Python does at a terminal."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, kind: Literal["o", "e"], block: Block) -> None:
        self._kind, self._block = kind, block
        self._held: list[str] = []
        self._size = 0
        self._lock = threading.RLock()
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
        room = self._block.room
        with self._lock:
            if size > room:
                text = text[: max(room, 0)]
            self._block.room = room - size
            self._held.append(text)
            self._size += len(text)
            if "\n" in text or self._size > 8192:
                self.flush()
        if self._block.room < 0:
            self._block.overflow()
        return size

    def flush(self) -> None:
        with self._lock:
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
        self.main = types.ModuleType("__main__")
        self.main.__dict__["__builtins__"] = builtins
        self.stdout, self.stderr = Stream("o", self), Stream("e", self)
        self._figures = 0
        self._saved: set[int] = set()
        sys.modules["__main__"] = self.main
        sys.argv = [""]
        random.seed(0)  # so that running a solution again gives the same namespace
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(0)
        if "matplotlib.pyplot" in sys.modules:
            self._hook_figures()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._on_interrupt)

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
        self._saved.clear()
        sys.stdout, sys.stderr, sys.stdin = self.stdout, self.stderr, _NoInput()
        filename = f"<block {number}>"
        started = perf_counter()
        done: dict[str, Any] = {"k": "done", "status": "ok"}
        self._interrupted, self._running = False, True
        try:
            try:
                lines = code.splitlines(keepends=True)
                linecache.cache[filename] = (len(code), None, lines, filename)
                tree = ast.parse(code, filename)
                value = (execute or self.execute)(tree, filename)
                self._emit_open_figures()
                if value is not None and self.room == self.limit:
                    text, latex = show(value)
                    # The handle of a plot is no answer once the plot itself is there.
                    if not (self._figures and " object at 0x" in text):
                        done["value"], done["latex"] = text, latex
            except SystemExit as e:
                if e.code not in (None, 0):
                    done.update(status="error", error=describe(e, filename))
            except BaseException as e:  # noqa: BLE001 - whatever the block raises is its result
                done.update(status="error", error=describe(e, filename))
                with suppress(Exception):
                    self._emit_open_figures()
            finally:
                self.stdout.flush()
                self.stderr.flush()
        except BaseException as e:  # noqa: BLE001 - an interrupt while reporting
            done.update(status="error", error=describe(e, filename))
        finally:
            self._running = False
        done["seconds"] = perf_counter() - started
        done["truncated"] = self.room < 0
        self.send(done)

    @property
    def limit(self) -> int:
        """Characters a block may print."""
        return self._limit

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

    # ------------------------------------------------------------------------------------- figures

    def _hook_figures(self) -> None:
        """Send figures when shown; remember those that were saved, which a following close() would lose."""
        from importlib import import_module

        plt: Any = import_module("matplotlib.pyplot")
        figures: Any = import_module("matplotlib.figure").Figure
        close, savefig = plt.close, figures.savefig

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
        figures.show = show_now

    def _emit_open_figures(self) -> None:
        plt = sys.modules.get("matplotlib.pyplot")
        if plt is None:
            return
        for number in plt.get_fignums():
            figure = plt.figure(number)
            if figure.axes or figure.texts:
                self._emit(figure)
        self._saved.clear()
        self._close("all")

    def _emit(self, figure: Any) -> None:
        if self._figures >= MAX_FIGURES:
            return
        self._figures += 1
        self.stdout.flush()
        width, height = (min(float(s), MAX_INCHES) for s in figure.get_size_inches())
        figure.set_size_inches(width, height)
        figure.set_dpi(DPI)
        pictures = {}
        self._drawing = True
        try:
            for kind in ("svg", "png"):
                out = io.BytesIO()
                figure.savefig(out, format=kind, dpi=DPI, metadata={"Date": None} if kind == "svg" else None)
                data = out.getvalue()
                pictures[kind] = data if len(data) <= MAX_PICTURE_BYTES else b""
        finally:
            self._drawing = False
        self.send(
            {
                "k": "fig",
                "svg": pictures["svg"].decode("utf-8", "replace"),
                "png": base64.b64encode(pictures["png"]).decode(),
                "alt": _in_words(figure),
            }
        )


def _in_words(figure: Any) -> str:
    parts = []
    for axes in figure.axes[:4]:
        title, x, y = axes.get_title(), axes.get_xlabel(), axes.get_ylabel()
        said = [title] if title else []
        if x or y:
            said.append(f"{y or 'y'} against {x or 'x'}")
        if said:
            parts.append(", ".join(said))
    return "Plot" + (": " + "; ".join(parts) if parts else "")


# --------------------------------------------------------------------------------------------- values, errors


def show(value: Any) -> tuple[str, str]:
    """A value as text and, if it is SymPy's or holds such, as LaTeX; both bounded."""
    sympy = sys.modules.get("sympy")
    symbolic = sympy is not None and _is_symbolic(value, sympy)
    text = str(value) if symbolic and not isinstance(value, list | tuple | dict | set) else repr(value)
    latex = ""
    if symbolic and sympy is not None and len(text) <= VALUE_CHARS:
        with suppress(Exception):
            latex = str(sympy.latex(value))
    return cut(text, VALUE_CHARS), latex if len(latex) <= VALUE_CHARS else ""


def _is_symbolic(value: Any, sympy: Any, depth: int = 3) -> bool:
    if isinstance(value, sympy.Basic | sympy.MatrixBase):
        return True
    if depth and isinstance(value, list | tuple | set | frozenset):
        return any(_is_symbolic(v, sympy, depth - 1) for v in list(value)[:100])
    if depth and isinstance(value, dict):
        return any(_is_symbolic(v, sympy, depth - 1) for pair in list(value.items())[:100] for v in pair)
    return False


def cut(text: str, limit: int) -> str:
    """The text, or its first and last halves when it is longer than ``limit``."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n... [{len(text) - 2 * half} characters left out] ...\n{text[-half:]}"


def describe(e: BaseException, filename: str) -> dict[str, Any]:
    """Type, message, line of this block and the frames of solution code of an exception."""
    try:
        message = str(e)
    except Exception:  # noqa: BLE001 - the exception is the block's own class
        message = ""
    line, shown = 0, []
    if isinstance(e, SyntaxError) and (e.filename or "").startswith("<block "):
        line, message = e.lineno or 0, e.msg or message
        if e.text:
            shown = [f'  File "{e.filename}", line {line}', "    " + e.text.strip()]
    else:
        frames = [
            (f.f_code.co_filename, number, f.f_code.co_name)
            for f, number in traceback.walk_tb(e.__traceback__)
            if f.f_code.co_filename.startswith("<block ")
        ]
        line = next((number for name, number, _ in reversed(frames) if name == filename), 0)
        for name, number, function in frames[-FRAMES_SHOWN:]:
            shown.append(f'  File "{name}", line {number}, in {function}')
            source = linecache.getline(name, number).strip()
            if source:
                shown.append("    " + source[:200])
    kind = type(e).__name__
    message = cut(message, MESSAGE_CHARS)
    last = f"{kind}: {message}" if message else kind
    text = "\n".join(["Traceback (most recent call last):", *shown, last])
    return {"type": kind, "message": message, "line": line, "traceback": cut(text, TRACEBACK_CHARS)}


def warm_up() -> None:
    """Touch the paths of a typical solution, so that the first block does not pay for lazy imports and pages."""
    import numpy
    import sympy

    t = sympy.Symbol("t")
    x, y = sympy.symbols("x y")  # the commonest names, whose assumptions and powers SymPy then has at hand
    for k in (7, 9, 11):
        sympy.solve(x**2 - k * x + k - 1, x)
    sympy.solve([x + y - k, x - y - 1], [x, y])
    sympy.solve(sympy.Eq(2 * t, k), t)
    sympy.simplify((t**2 - 1) / (t - 1))
    sympy.integrate(t**2, (t, 0, 1))
    str(sympy.diff(sympy.sin(t) * t, t))
    sympy.latex(sympy.sqrt(2) / 3 + t**2 - 1 / t)
    sympy.Rational("1/3").evalf()
    numpy.linalg.det(numpy.eye(2))
