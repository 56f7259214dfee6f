"""Sandboxes that the commands of one test module share, since starting one costs two seconds of a processor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from unittest import mock

import pytest

from tutor_app.adapters.sandbox import sessions
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.tutor import service

MAKERS = (service, sessions)
"""Modules by whose name of it the program starts its sandbox; its commands take it from the second one."""


@pytest.fixture(scope="module")
def shared_sandboxes() -> Iterator[Mapping[tuple[Limits, bool], Sandbox]]:
    """What the program starts in this module is one sandbox for the same limits, closed with the module's last test."""
    shared: dict[tuple[Limits, bool], Sandbox] = {}

    class Lent(Sandbox):
        """Uses the workers of the shared one, and leaves them when it is closed."""

        def __init__(self, limits: Limits | None = None, *, require_full: bool = False, **_: object) -> None:
            key = (limits or Limits(), require_full)
            if key not in shared:
                shared[key] = Sandbox(key[0], require_full=require_full)
            self.pool = shared[key].pool

        def close(self) -> None:
            """Nothing: others go on with it."""

    patches = [mock.patch.object(module, "Sandbox", Lent) for module in MAKERS]
    for patch in patches:
        patch.start()
    yield shared
    for patch in patches:
        patch.stop()
    for sandbox in shared.values():
        sandbox.close()
