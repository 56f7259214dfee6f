"""Places a window so that all of it is on a screen, and remembers it. Geometry in logical pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from tutor_app.core.window_state import WindowState

FIRST_SIZE: Final = QSize(1280, 860)
_FRAME: Final = QSize(8, 40)
"""Room for the title bar and borders, which Qt does not know before the window is shown."""


def place(state: WindowState, screens: Sequence[QRect]) -> QRect:
    """The geometry for a window: its last one moved and shrunk onto a screen, or a first one in the middle.

    Its place is that of the frame, its size that of what is inside, as :class:`QWidget` moves and resizes.

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
    room = screen.size() - _FRAME - size
    left, top = room.width() // 2, room.height() // 2
    if known and screen.intersects(last):
        left = max(0, min(last.left() - screen.left(), room.width()))
        top = max(0, min(last.top() - screen.top(), room.height()))
    return QRect(screen.left() + left, screen.top() + top, size.width(), size.height())


def _area(rect: QRect) -> int:
    return max(0, rect.width()) * max(0, rect.height())


def fit_dialog(dialog: QWidget, width: int, height: int) -> None:
    """Give a dialog a size, or less where the screen has no room for it."""
    dialog.resize(QSize(width, height).boundedTo(dialog.screen().availableGeometry().size() - _FRAME))


def grow_dialog(dialog: QWidget) -> None:
    """Make a dialog as high as its wrapped words need now, where the screen has room; it never shrinks."""
    layout = dialog.layout()
    if layout is not None:
        layout.activate()
        needed = max(dialog.height(), layout.totalHeightForWidth(dialog.width()))
        fit_dialog(dialog, dialog.width(), needed)


class PlaceKeeper(QObject):
    """Puts a window where it stood the last time, and keeps where it stands from then on.

    Attributes:
        state: What is kept.

    Args:
        window: The window; not shown yet.
        state: Of the last time.
        save: Keeps a changed state; must return at once.
    """

    def __init__(self, window: QWidget, state: WindowState, save: Callable[[WindowState], None]) -> None:
        super().__init__(window)
        self._window, self.state, self._save = window, state, save
        screens = sorted(QGuiApplication.screens(), key=lambda s: s is not QGuiApplication.primaryScreen())
        where = place(state, [s.availableGeometry() for s in screens])
        window.resize(where.size())
        window.move(where.topLeft())
        if state.maximized:
            window.setWindowState(Qt.WindowState.WindowMaximized)
        window.installEventFilter(self)

    def keep(self, state: WindowState) -> None:
        """Keep another state."""
        if state != self.state:
            self.state = state
            self._save(state)

    def keep_folder(self, folder: str) -> None:
        """Keep the folder of the last export."""
        self.keep(replace(self.state, folder=folder))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window has been moved, or has another size."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.WindowStateChange):
            self._note()
        return super().eventFilter(watched, event)

    def _note(self) -> None:
        """Note where the window stands, once it is shown; while it fills the screen, where it stood before."""
        w = self._window
        if not w.isVisible() or w.isMinimized():
            return
        if w.isMaximized() or w.isFullScreen():
            self.keep(replace(self.state, maximized=True))
        else:
            state = replace(self.state, x=w.x(), y=w.y(), width=w.width(), height=w.height(), maximized=False)
            self.keep(state)
