"""The state of the window that the program remembers by itself: its place, and the folder that was used last."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WindowState:
    """Kept between two starts.

    Attributes:
        x: Left edge of the window in logical pixels of the desktop.
        y: Its top edge.
        width: Its width; 0 if the window was never shown.
        height: Its height.
        maximized: Whether it filled the screen; the other values are then those of before.
        folder: Of the last export, or empty.
        export: What was chosen for it, as the export dialog writes it, or empty.
        stepper_width: Pixels of the stepping panel beside the page; 0 if it was never opened.
        stepper_spread: Whether it lay over the page instead.
        stepper_parts: How its parts were divided, as Qt writes it.
    """

    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0
    maximized: bool = False
    folder: str = ""
    stepper_width: int = 0
    stepper_spread: bool = False
    stepper_parts: str = ""
    export: str = ""
