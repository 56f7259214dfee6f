"""The running parts of a program that stays open: the model's process, the sandbox and the library.

Each is started when it is first asked for, and made anew when a setting that it was made with has changed. What is done
with them is not decided here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from tutor_app.core.ports import Cancel
from tutor_app.core.settings import Settings

if TYPE_CHECKING:
    from tutor_app.adapters.library import Library
    from tutor_app.adapters.sandbox.sessions import Sandbox
    from tutor_app.tutor.paths import Folders
    from tutor_app.tutor.service import Tutor


class _Closeable(Protocol):
    def close(self) -> None:
        """End its processes."""


_Kept = TypeVar("_Kept", bound=_Closeable)


class Remade(Generic[_Kept]):
    """One object that is closed and made anew when what it was made for has changed; its owner holds a lock."""

    def __init__(self) -> None:
        self.value: _Kept | None = None
        self._made_for: tuple[object, ...] = ()

    def get(self, wanted: tuple[object, ...], make: Callable[[], _Kept]) -> _Kept:
        """The object for ``wanted``; the one before is closed first, for both would not fit into memory."""
        if self.value is None or self._made_for != wanted:
            self.close()
            self.value = make()
            self._made_for = wanted
        return self.value

    def forget(self) -> None:
        """Make it anew at the next call; until then it works."""
        self._made_for = ()

    def close(self) -> None:
        """Close the object, if there is one."""
        if self.value is not None:
            self.value.close()
            self.value = None


class Running:
    """The model, the sandbox and the library, for the settings of the moment. Any thread may call it.

    Args:
        folders: Of the user.
        library: The file of the solutions.
        settings: Of the moment.

    Attributes:
        settings: Of the moment; the next call heeds what has changed.
    """

    def __init__(self, folders: Folders, library: Path, settings: Settings) -> None:
        self.settings = settings
        self._folders, self._library_path = folders, library
        self._lock = threading.RLock()
        self._tutor: Remade[Tutor] = Remade()
        self._stepping: Remade[Sandbox] = Remade()
        self._library: Library | None = None

    @property
    def started_tutor(self) -> Tutor | None:
        """The tutor that there is, if one was asked for before; it may be one for earlier settings."""
        return self._tutor.value

    def tutor(self, at_once: int = 1, cancel: Cancel | None = None) -> Tutor:
        """The tutor for the present settings; another model or another context is another process.

        So is another number of attempts at once: those are decoded together, which changes the last bits of what is
        computed, and a single solution must be the same every time.

        Args:
            at_once: Attempts that are decoded together.
            cancel: Ends the wait for a server.

        Raises:
            UserFault: If no model is installed, or the settings name one that is not.
            HostFault: If a process cannot be started, or the server does not answer.
        """
        from tutor_app.tutor.service import connected, open_remote, open_tutor

        s = self.settings
        engine: tuple[object, ...]
        make: Callable[[], Tutor]
        if s.server:
            remote = connected(s, cancel)  # may take seconds: not while others wait for the lock
            engine = (s.server, s.server_key, remote.served)
            make = partial(open_remote, remote, s, n_seq=at_once)
        else:
            engine = (s.model, s.n_ctx, s.threads, s.gpu_layers)
            make = partial(open_tutor, s.model, self._folders, settings=s, n_seq=at_once, batched=at_once > 1)
        with self._lock:
            wanted = (*engine, s.require_full_sandbox, s.thinking, s.reasoning_only, s.check_statements, at_once)
            return self._tutor.get(wanted, make)

    def sandbox(self) -> Sandbox:
        """Where code is recorded and drawings are made; it needs no model."""
        from tutor_app.adapters.sandbox.sessions import Limits, Sandbox

        s = self.settings
        limits = Limits(seconds=float(s.code_timeout))
        with self._lock:
            return self._stepping.get(
                (s.code_timeout, s.require_full_sandbox),
                lambda: Sandbox(limits, spares=1, require_full=s.require_full_sandbox),
            )

    def library(self) -> Library:
        """Every solution that is kept.

        Raises:
            LibraryFault: If its file cannot be opened.
        """
        from tutor_app.adapters.library import Library

        with self._lock:
            if self._library is None:
                self._library = Library(self._library_path)
            return self._library

    def forget_tutor(self) -> None:
        """Make the tutor anew when it is next asked for: the models have changed."""
        with self._lock:
            self._tutor.forget()

    def close(self) -> None:
        """End both processes and close the library."""
        with self._lock:
            self._tutor.close()
            self._stepping.close()
            if self._library is not None:
                self._library.close()
                self._library = None
