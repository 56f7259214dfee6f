"""The log: one rotating text file in the user's log folder, small enough to be sent to whoever helps.

It holds what the program did and what failed, never the text of a problem, a solution or code.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from tutor_app.adapters.files import require_answer

MAX_BYTES: Final = 256 * 1024
"""Size at which the file is put aside; two earlier ones are kept."""
_FORM: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextlib.contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Write the program's log to ``path`` as long as the context lasts; the file is made at the first record.

    Where the drive does not answer there is no log: what uses the folder next says so.
    """
    handler: logging.Handler = logging.NullHandler()
    with contextlib.suppress(OSError, ValueError):
        require_answer(path)
        handler = _file(path)
    logger = logging.getLogger("tutor_app")
    level, propagate = logger.level, logger.propagate
    logger.setLevel(logging.INFO)
    logger.propagate = False  # a library that logs to the root puts a handler there, which would print to the terminal
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
        handler.close()


def _file(path: Path) -> _LogFile:
    handler = _LogFile(path, maxBytes=MAX_BYTES, backupCount=2, encoding="utf-8", errors="backslashreplace", delay=True)
    handler.setFormatter(logging.Formatter(_FORM))
    return handler


def last_lines(path: Path, count: int = 200) -> list[str]:
    """The end of the log, oldest line first; empty if there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except OSError:
        return []


class _LogFile(RotatingFileHandler):
    """Makes its folder when it is needed; a log that cannot be written is no reason to disturb the user."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say nothing."""
