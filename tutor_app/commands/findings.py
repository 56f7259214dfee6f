"""What `tutor doctor` has found: printed by it, and written into its report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What.
        ok: Whether the program can do its work with it.
        text: What was found and, if it is not well, what to do.
    """

    name: str
    ok: bool
    text: str

    @property
    def line(self) -> str:
        """The finding as a line of a terminal."""
        return f"{'ok ' if self.ok else '!! '} {self.name:16} {self.text}"
