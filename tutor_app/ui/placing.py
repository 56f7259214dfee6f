"""Where a window goes so that all of it is on a screen. Pure geometry in logical pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QWidget

from tutor_app.core.window_state import WindowState

FIRST_SIZE: Final = QSize(1280, 860)
_FRAME: Final = QSize(8, 40)
"""Room for the title bar and borders, which Qt does not know before the window is shown."""


def place(state: WindowState, screens: Sequence[QRect]) -> QRect:
    """The geometry for a window: its last one moved and shrunk onto a screen, or a first one in the middle.

    Args:
        state: Of the last time.
        screens: What can be used of each screen, the primary one first; empty without any.
    """
    if not screens:
        return QRect(0, 0, FIRST_SIZE.width(), FIRST_SIZE.height())
    known = state.width > 0 and state.height > 0
    last = QRect(state.x, state.y, state.width, state.height)
    screen = screens[0]
    if known:
        screen = max(screens, key=lambda s: _area(s.intersected(last)))
    wanted = last.size() if known else FIRST_SIZE
    size = wanted.boundedTo(screen.size() - _FRAME)
    if not known or not screen.intersects(last):
        left = screen.left() + (screen.width() - size.width()) // 2
        top = screen.top() + (screen.height() - size.height()) // 2
        return QRect(left, top, size.width(), size.height())
    left = max(screen.left(), min(last.left(), screen.left() + screen.width() - size.width()))
    top = max(screen.top(), min(last.top(), screen.top() + screen.height() - size.height()))
    return QRect(left, top, size.width(), size.height())


def _area(rect: QRect) -> int:
    return max(0, rect.width()) * max(0, rect.height())


def fit_dialog(dialog: QWidget, width: int, height: int) -> None:
    """Give a dialog a size, or less where the screen has no room for it."""
    dialog.resize(QSize(width, height).boundedTo(dialog.screen().availableGeometry().size() - _FRAME))
