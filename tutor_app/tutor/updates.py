"""Looks for a newer version: only if the user has asked for it or switched it on, and never more than a look.

The last note is kept in the cache as it was fetched, signature and all, so that ``tutor --version`` and the next
start need no network, and nobody who can write there can make the program say anything.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from tutor_app import __version__
from tutor_app.adapters.files import write_file
from tutor_app.adapters.models.http_source import get_small
from tutor_app.adapters.models.transfer import PermanentError, Timing
from tutor_app.adapters.updates.signed_note import read_keys, read_note
from tutor_app.core.errors import HostFault, TutorError, UserFault
from tutor_app.core.ports import Cancel
from tutor_app.core.settings import Settings
from tutor_app.core.updates import UpdateAnswer
from tutor_app.resources import resource_text
from tutor_app.tutor.paths import Folders

MOST_BYTES: Final = 65_536
EVERY_SECONDS: Final = 86_400
_TIMING: Final = Timing(connect=10, stall=10)


class Updates:
    """Looks for a newer version.

    Args:
        folders: Of the user; the last note is kept in the cache.
        keys: Public keys that are believed; None takes the makers' own.
        running: The version of this program.
        timing: How patient to be.
    """

    def __init__(
        self,
        folders: Folders,
        *,
        keys: Sequence[bytes] | None = None,
        running: str = __version__,
        timing: Timing = _TIMING,
    ) -> None:
        self._kept = folders.cache / "update-note.json"
        self._keys, self._running, self._timing = keys, running, timing

    def look(self, settings: Settings, cancel: Cancel) -> UpdateAnswer:
        """Fetch the note from the address of the settings.

        Raises:
            UserFault: If no address is set, or it is none.
            HostFault: If nothing can be had from it; a subclass, ``UntrustedNote``, if what came is not believed.
        """
        url = settings.update_url
        if not url:
            raise UserFault("No address is set where newer versions are told.", "Set one in Settings, Updates.")
        host = _host(url)
        if not host:
            raise UserFault(f"{url} is not the address of a page on the web.", "Correct it in Settings, Updates.")
        try:
            data = get_small(url, MOST_BYTES, cancel, self._timing)
        except PermanentError as e:
            raise HostFault(f"{host} does not tell the newest version: {e}.") from None
        answer = self._read(data)
        with suppress(OSError):  # then it is asked again the next time
            write_file(self._kept, data)
        return answer

    def look_if_due(self, settings: Settings, cancel: Cancel) -> UpdateAnswer | None:
        """For a start of the window: a look once a day, else what is known; None if it is switched off."""
        if not settings.check_updates or not settings.update_url:
            return None
        with suppress(OSError):
            if 0 <= time.time() - self._kept.stat().st_mtime < EVERY_SECONDS:
                return self.known()
        return self.look(settings, cancel)

    def known(self) -> UpdateAnswer | None:
        """What the last look found, without a network; None if there was none, or it is not believed any more."""
        try:
            with self._kept.open("rb") as file:
                return self._read(file.read(MOST_BYTES))
        except (OSError, TutorError):
            return None

    def _read(self, data: bytes) -> UpdateAnswer:
        keys = own_keys() if self._keys is None else self._keys
        return UpdateAnswer(self._running, read_note(data, keys, date.today()))


def own_keys() -> list[bytes]:
    """The public keys of the makers.

    Raises:
        HostFault: If the program's own file of them is missing or damaged.
    """
    try:
        return read_keys(resource_text("update_keys.txt"))
    except ValueError:
        raise HostFault("The program's own file update_keys.txt is damaged.", "Install the program again.") from None


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        return parts.hostname or "" if parts.scheme in ("http", "https") else ""
    except ValueError:  # brackets that do not close
        return ""
