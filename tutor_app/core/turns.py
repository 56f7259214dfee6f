"""Notices where a model that has answered goes on with a problem of its own, or speaks for the user.

Small models do not stop after their answer: they write ``Problem:`` and solve what nobody has asked. The beginning of
every line after the answer is held back until it is clear that it is no such mark, so that nothing of it is shown.
"""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final = r"(?:problem|question|exercise|example|user|human|instruction)"
_MARK: Final = re.compile(
    rf"[\s>*_#]*(?:(?:new|next|another|follow-up|similar|additional)\s+{_NAMES}\s*[*_]*[:\n]"
    rf"|{_NAMES}(?:\s*#?\d{{1,3}})?[*_]*\s*:"
    r"|<\|(?:im_start|user|start_header_id|eot_id|endoftext)|\[INST\]|<start_of_turn>)",
    re.IGNORECASE,
)
_LONGEST: Final = 48
"""Characters of a line that may become a mark."""
_BEGINNING: Final = re.compile(r"[\s>*_#\[<|]*(?:[A-Za-z_-]{0,18}\s*){0,3}[#\d*_\s]*$")
LONGEST_LOOP: Final = 120
"""Longest stretch that is recognised when a model says it again and again, in characters."""


class TurnGuard:
    """Passes text on until a line begins a turn that is not the model's.

    Attributes:
        over: Such a line has begun; what follows it is dropped.
    """

    def __init__(self) -> None:
        self.over = False
        self._held = ""
        self._at_start = False

    def feed(self, text: str, *, answered: bool) -> str:
        """What of ``text``, and of what was held back, can be shown.

        Args:
            text: The next words.
            answered: Whether everything that was asked has been answered before them.
        """
        return "".join(self._line(line, answered) for line in text.splitlines(keepends=True))

    def rest(self) -> str:
        """What was held back and turned out to be words."""
        held, self._held = self._held, ""
        return "" if self.over else held

    def _line(self, piece: str, answered: bool) -> str:
        if self.over:
            return ""
        if not answered:
            shown, self._held = self._held + piece, ""
            self._at_start = piece.endswith("\n")
            return shown
        if not (self._at_start or self._held):
            self._at_start = piece.endswith("\n")
            return piece
        self._held += piece
        if _MARK.match(self._held):
            self.over, self._held = True, ""
            return ""
        whole = piece.endswith("\n") and self._held.strip()
        if whole or len(self._held) > _LONGEST or not _BEGINNING.match(self._held):
            shown, self._held = self._held, ""
            self._at_start = piece.endswith("\n")
            return shown
        return ""


def repeats(text: str) -> bool:
    """Whether ``text`` ends in the same stretch over and over: at least five times, 80 characters in all.

    Small models, decoded greedily, fall into such loops and never leave them.
    """
    tail = text[-5 * LONGEST_LOOP :]
    for period in range(1, len(tail) // 5 + 1):
        count = max(5, -(-80 // period))
        if len(tail) >= count * period and tail[-period:].strip(" .\n-=_*#") and tail.endswith(tail[-period:] * count):
            return True
    return False
