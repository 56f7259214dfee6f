"""What holds where a model's code runs, in words: the same for the window, the terminal and ``tutor doctor``.

Only words: what holds is measured by the sandbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Promise(Protocol):
    """One limit on the code; :class:`tutor_app.adapters.sandbox.sessions.Guarantee` is one."""

    @property
    def name(self) -> str:
        """What the code cannot do."""
        ...

    @property
    def held(self) -> bool:
        """Whether this computer enforces it."""
        ...

    @property
    def how(self) -> str:
        """By what."""
        ...

    @property
    def required(self) -> bool:
        """False for what only adds to the others."""
        ...


@dataclass(frozen=True, slots=True)
class Confinement:
    """How code is confined on this computer.

    Attributes:
        promises: As measured, the required ones and the others.
    """

    promises: Sequence[Promise]

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
