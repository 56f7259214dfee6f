"""The finding of a comparison of two answers, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The finding of a comparison.

    Attributes:
        same: None if it could not be decided.
        reason: A short code.
    """

    same: bool | None
    reason: str

    def __bool__(self) -> bool:
        return self.same is True
