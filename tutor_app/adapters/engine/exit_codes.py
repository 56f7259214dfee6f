"""Explains the exit status of the model's process, and what to do about it, in one sentence each."""

from __future__ import annotations

import re
import signal
from typing import Final

from tutor_app.adapters.whole import ENGINE, cut_off
from tutor_app.resources import from_source, reinstall

ILLEGAL_INSTRUCTION: Final = (-4, 0xC000001D, 0xC000001D - 2**32)
"""Exit codes of a process that met an instruction its processor does not have (SIGILL, and Windows' name for it)."""


DRIVERS: Final = ("libcuda.", "libcudart.", "libcublas.", "libvulkan.")
"""Of what comes with a graphics card's driver or toolkit; an engine that is built for them does not start without."""


def rebuild() -> str:
    """What to do about an engine that this processor does not run."""
    if from_source():
        return "Run `make setup`: it builds the engine for what this processor can do."
    return "Install the program from its source: that builds the engine for what this processor can do."


_NOT_WHOLE: Final = re.compile(
    r"ModuleNotFoundError|ImportError|(?:Syntax|Indentation|Tab)Error|cannot open shared object|can't open file"
    r"|[Ss]hared library|file too short|invalid ELF header|undefined symbol"
)
"""In the last line of a process that could not load its parts."""


def explain_end(code: int, trace: str) -> tuple[str, str]:
    """What the end of the process means, and what to do, each in one sentence.

    Args:
        code: As ``Popen.returncode`` gives it: negative for a signal.
        trace: The last line of its errors.
    """
    if code > 0 and _NOT_WHOLE.search(trace):
        return explain_missing(trace)
    if code == -getattr(signal, "SIGBUS", 7):
        # A page of a file that was mapped is not there.
        if library := cut_off("llama_cpp", ENGINE):
            return f"The model engine is not installed properly ({library} is cut off).", reinstall()
        return (
            "A part of the model's or the engine's file cannot be read (SIGBUS).",
            f"Verify the model with `tutor models verify`; if it is whole: {reinstall()}",
        )
    if code == 0:
        return "The model process ended without a word.", f"Try again; if it ends so again: {reinstall()}"
    return explain_exit(code)


def explain_missing(trace: str) -> tuple[str, str]:
    """What a process that could not load its parts means, and what to do, each in one sentence."""
    if any(name in trace for name in DRIVERS):
        return (
            f"The graphics driver that the model engine was built for is missing ({trace}).",
            "Install the driver, or let the processor compute: make setup ENGINE=cpu",
        )
    return f"The model engine is not installed properly ({trace.rstrip('.')}).", reinstall()


def explain_exit(code: int) -> tuple[str, str]:
    """What an exit code means, and what to do, each in one sentence.

    Args:
        code: As ``Popen.returncode`` gives it: negative for a signal.
    """
    smaller = "Choose a smaller context or a smaller model in Settings, or close other programs."
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        if name == "SIGILL":
            return (
                "The model engine uses instructions this processor does not have (SIGILL).",
                rebuild(),
            )
        if name == "SIGKILL":
            return "The model process was killed (SIGKILL), most likely for lack of memory.", smaller
        if name == "SIGABRT":
            return "The model engine gave up (SIGABRT), most likely for lack of memory.", smaller
        return (
            f"The model engine crashed ({name}).",
            "Try again; if it happens again, set GPU layers to 0 in Settings or verify the model file.",
        )
    windows = {
        0xC000001D: (
            "The model engine uses instructions this processor does not have (0xC000001D).",
            "Install the program again.",
        ),
        0xC0000135: ("A library of the model engine is missing (0xC0000135).", "Install the Visual C++ runtime."),
        0xC0000017: ("There was not enough memory for the model (0xC0000017).", smaller),
    }
    if code & 0xFFFFFFFF in windows:
        return windows[code & 0xFFFFFFFF]
    return f"The model process ended unexpectedly (exit code {code}).", "Try again; `tutor doctor` says what is wrong."
