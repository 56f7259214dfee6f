"""What the end of the model's process means, and what to do about it, each in one sentence."""

from __future__ import annotations

import signal
from typing import Final

ILLEGAL_INSTRUCTION: Final = (-4, 0xC000001D, 0xC000001D - 2**32)
"""Exit codes of a process that met an instruction its processor does not have (SIGILL, and Windows' name for it)."""


DRIVERS: Final = ("libcuda.", "libcudart.", "libcublas.", "libvulkan.")
"""Of what comes with a graphics card's driver or toolkit; an engine that is built for them does not start without."""
REBUILD: Final = "Run `make setup`: it builds the engine for what this processor can do."
"""What to do about an engine that this processor does not run."""


def explain_missing(trace: str) -> tuple[str, str]:
    """What a process that could not load its parts means, and what to do, each in one sentence."""
    if any(name in trace for name in DRIVERS):
        return (
            f"The graphics driver that the model engine was built for is missing ({trace}).",
            "Install the driver, or let the processor compute: make setup ENGINE=cpu",
        )
    return f"The model engine is not installed properly ({trace}).", "Run: make run"


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
                REBUILD,
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
