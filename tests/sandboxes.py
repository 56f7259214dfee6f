"""Sandboxes that the commands of one test module share, since starting one costs two seconds of a processor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from unittest import mock

import pytest

from tutor_app.adapters.sandbox import sessions
from tutor_app.adapters.sandbox.sessions import Limits, Sandbox
from tutor_app.tutor import service


@contextmanager
def one_for_all(*modules: ModuleType) -> Iterator[None]:
    """Make what these modules start one sandbox for the same limits, closed at the end.

    Args:
        modules: They have ``Sandbox`` among their names; who imports it in a function takes it from ``sessions``.
    """
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

    with ExitStack() as stack:
        for module in modules:
            stack.enter_context(mock.patch.object(module, "Sandbox", Lent))
        yield
    for sandbox in shared.values():
        sandbox.close()


@pytest.fixture(scope="module")
def shared_sandboxes() -> Iterator[None]:
    with one_for_all(sessions, service):
        yield
