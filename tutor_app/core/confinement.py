"""The limits on a model's code, in words: the same for the window, the terminal and ``tutor doctor``.

Only words: what holds is measured by the sandbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One limit on the code that a model writes.

    Attributes:
        name: What the code cannot do.
        held: Whether this computer enforces it.
        how: By what.
        required: False for what only adds to the others.
    """

    name: str
    held: bool
    how: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Confinement:
    """How code is confined on this computer.

    Attributes:
        promises: As measured, the required ones and the others.
    """

    promises: Sequence[Guarantee]

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the required limits that do not hold."""
        return tuple(p.name for p in self.promises if p.required and not p.held)

    @property
    def sentence(self) -> str:
        """All of it, in one."""
        if not self.missing:
            return "The operating system confines the model's code: every limit holds."
        return f"The model's code is only partly confined; this computer cannot enforce: {'; '.join(self.missing)}."
