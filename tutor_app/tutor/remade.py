"""An object that is made anew when what it was made for has changed, such as a model's process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


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
