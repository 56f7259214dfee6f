"""Starts the window: Qt, the services on the real adapters, and the main window on them.

Start-up, as a story: ``tutor`` is typed. :mod:`tutor_app.commands.window` sees that there is a display and calls
:func:`run_window`. Qt starts, the window is built with :class:`~tutor_app.window_services.AppServices` and shown; only
then, in the background, is the library opened and, if a model is installed, its process started and the sandbox
warmed, so that the first problem need not wait for them. A problem is typed: the bridge runs the services' ``solve``
in its thread, which drives the one solve loop, writes the library on the way and hands its events over in batches.
The window closes: a solution under way is stopped, both processes end.
"""

from __future__ import annotations

import builtins
import contextlib
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

from tutor_app.adapters.signals import wishes_to_end
from tutor_app.core.errors import HostFault
from tutor_app.resources import reinstall
from tutor_app.tutor.paths import Folders

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

_LOOK_MS = 3000
"""When the window looks at how code is confined: by then the sandbox is warm, and nothing waits for the answer."""


def _nothing(_: object) -> None:
    """Takes results that nobody waits for."""


def import_plainly() -> None:
    """Take PySide6's own ``__import__`` out again, after its first module was imported.

    It looks into the source of every module that is imported for ``from __feature__ import snake_case``, which this
    program does not use, and keeps all of that text: 50 ms and 11 MB at every start.
    https://doc.qt.io/qtforpython-6/considerations.html#features
    """
    original = getattr(builtins, "__orig_import__", None)
    if original is not None:
        builtins.__import__ = original


@contextlib.contextmanager
def _closed_by_signals(window: QWidget) -> Iterator[None]:
    """Ctrl+C, ``kill`` and the end of a terminal close the window in good order; a second one ends the program at once.

    Python handles a signal before its next instruction, and while nothing happens Qt waits outside of Python: a byte
    that Python sends through a socket wakes it.
    """
    from PySide6.QtCore import QCoreApplication, QSocketNotifier

    def end(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        window.close()
        QCoreApplication.exit(128 + number)  # out of open dialogs, too

    read, write = socket.socketpair()
    with read, write, wishes_to_end(end):
        for end_of_pair in (read, write):
            end_of_pair.setblocking(False)
        notifier = QSocketNotifier(read.fileno(), QSocketNotifier.Type.Read)
        notifier.activated.connect(lambda: read.recv(64))
        old = signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(old)
            notifier.setEnabled(False)


def run_window(folders: Folders, files: Sequence[str] = (), *, notice: str = "") -> int:
    """Show the window and stay until it is closed; returns the exit code.

    Args:
        folders: Of the user.
        files: Exported solutions or a model to open in it.
        notice: What the user should know first, in the status line.

    Raises:
        HostFault: If Qt cannot start.
    """
    try:
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication
    except ImportError as e:
        raise HostFault(f"The window cannot be shown: {e}.", reinstall()) from None
    import_plainly()
    from tutor_app.ui.bridge import Job
    from tutor_app.window.importer import OpenRequests
    from tutor_app.window.window import MainWindow
    from tutor_app.window_services import AppServices

    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    app.setApplicationName("MuMath Tutor")
    app.setDesktopFileName("mumath-tutor")
    services = AppServices(folders)
    try:
        window = MainWindow(services)
        window.show()
        job = Job()
        warm = partial(services.warm, job.cancel)
        QTimer.singleShot(0, lambda: window.bridge.run_in_background(warm, _nothing, _nothing, job=job))
        QTimer.singleShot(_LOOK_MS, window.confinement.look)
        QTimer.singleShot(_LOOK_MS, window.updates.start)
        app.installEventFilter(OpenRequests(window.importer.import_files, window))
        if files:
            window.importer.import_files(files)
        elif notice:
            window.status.say(notice)
        with _closed_by_signals(window):
            return app.exec()
    finally:
        services.close()
