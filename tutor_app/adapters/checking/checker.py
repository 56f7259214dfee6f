"""Checks the statements of a solution: the face of the checking.

A :class:`Checker` is given the pieces of one solution in their order and returns the claims of each. It never raises
for what a text holds: what it cannot read or decide is not checked.
"""

from __future__ import annotations

from tutor_app.adapters.checking.reading import Reading
from tutor_app.core.claims import Claim


class Checker:
    """Checks the text of one solution, piece by piece."""

    def __init__(self) -> None:
        self._reading = Reading()

    def text(self, text: str) -> tuple[Claim, ...]:
        """The claims of the next piece of text; places are counted from its beginning."""
        return tuple(self._reading.claims(text))
