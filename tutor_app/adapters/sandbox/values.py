"""Reports a value or an exception of a block: bounded text, LaTeX, a traceback of the block's own lines.

A value may be of any class that the block makes, so whatever a look at it raises is expected.
"""

from __future__ import annotations

import linecache
import sys
import traceback
from contextlib import suppress
from typing import Any, Final

from tutor_app.adapters.sandbox import notebook_display

VALUE_CHARS: Final = 10_000
MESSAGE_CHARS: Final = 2_000
TRACEBACK_CHARS: Final = 6_000
FRAMES_SHOWN: Final = 6


def is_plot_handle(value: Any) -> bool:
    """Whether the value is what a plotting function returns: a part of a figure, or a list of such."""
    if type(value).__module__.startswith(("matplotlib", "mpl_toolkits", "sympy.plotting")):
        return True
    if isinstance(value, list | tuple) or type(value).__name__ == "ndarray":
        return any(is_plot_handle(v) for v in list(value)[:100])
    return False


def show(value: Any) -> tuple[str, str]:
    """A value as text and, if it is SymPy's or holds such, as LaTeX; both bounded."""
    if isinstance(value, notebook_display.Shown):
        return cut(value.data, VALUE_CHARS), value.latex if len(value.latex) <= VALUE_CHARS else ""
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
        return _describe(e, filename)
    except BaseException:  # noqa: BLE001 - it may be of the block's own making, and so whatever comes of a look at it
        kind = class_name(type(e))
        return {"type": kind, "message": "", "line": 0, "traceback": f"Traceback (most recent call last):\n{kind}"}


def class_name(kind: type) -> str:
    """A class's own name, also where its metaclass has something else to say."""
    name: str = type.__dict__["__name__"].__get__(kind)
    return name


def _describe(e: BaseException, filename: str) -> dict[str, Any]:
    try:
        message = str.__str__(str(e))  # of a subclass only the text
    except BaseException:  # noqa: BLE001 - as above; the rest can still be told
        message = ""
    line, shown = 0, []
    if isinstance(e, SyntaxError) and str(e.filename).startswith("<block "):
        line, message = e.lineno or 0, str(e.msg or message)
        # What the compiler finds after parsing ('return' outside function) comes without the text of its line.
        source = e.text if isinstance(e.text, str) else linecache.getline(str(e.filename), line)
        if source:
            shown = [f'  File "{e.filename}", line {line}', "    " + source.strip()[:200]]
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
    kind = class_name(type(e))
    message = cut(message, MESSAGE_CHARS)
    last = f"{kind}: {message}" if message else kind
    text = "\n".join(["Traceback (most recent call last):", *shown, last])
    return {
        "type": kind,
        "message": message,
        "line": line,
        "traceback": cut(text, TRACEBACK_CHARS),
        "library": _library_of(e),
    }


def _library_of(e: BaseException) -> str:
    """Top-level package of the code that raised it; empty for the block's own and for built-in functions."""
    module = ""
    for frame, _ in traceback.walk_tb(e.__traceback__):
        name = frame.f_globals.get("__name__")
        module = name if isinstance(name, str) and not frame.f_code.co_filename.startswith("<block ") else ""
    return module.partition(".")[0]
