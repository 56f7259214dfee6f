"""Tells the user of an exception: one sentence, and for an unexpected one the way to the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from tutor_app.core.errors import TutorError
from tutor_app.ui.status_line import StatusLine

log = logging.getLogger(__name__)
UNEXPECTED: Final = (
    "Something unexpected went wrong in the program; the log (Help, Show the log) says what. You can go on."
)


class FaultReporter:
    """Puts exceptions into words, in the status line.

    Args:
        status: Shows the sentence, and a button that opens the log where the log says more.
        log_folder: Where the log is.
    """

    def __init__(self, status: StatusLine, log_folder: Callable[[], str]) -> None:
        self._status, self._log_folder = status, log_folder
        status.log_button.clicked.connect(self.show_log)

    def complain(self, error: Exception) -> str:
        """Tell the user what went wrong; returns the sentence, for other places that show it, too."""
        if isinstance(error, TutorError):
            self._status.say(str(error))
            return str(error)
        log.error("unexpected failure", exc_info=error)
        self._status.say(UNEXPECTED, with_log=True)
        return UNEXPECTED

    def show_log(self) -> None:
        """Open the folder of the log in the platform's file manager."""
        folder = self._log_folder()
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(folder)):
            self._status.say(f"The log is in {folder}")
