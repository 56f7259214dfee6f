"""A place in a list of tokens, and what follows there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tutor_app.adapters.checking.scanner import Token
from tutor_app.adapters.checking.words import NUMBERS, VARIABLES
from tutor_app.adapters.grading.terms import Term, Unreadable


class Cursor:
    """Goes through tokens up to a stop.

    Args:
        tokens: Of a text.
        values: Names that stand for values.
    """

    def __init__(self, tokens: Sequence[Token], values: Mapping[str, Term]) -> None:
        self._tokens, self._values = tokens, values
        self._at = self._place = 0
        self._stop = len(tokens)

    def _peek(self, ahead: int = 0) -> Token | None:
        i = self._at + ahead
        return self._tokens[i] if i < self._stop else None

    def _is(self, kind: str, text: str = "", ahead: int = 0) -> bool:
        token = self._peek(ahead)
        return token is not None and token.kind == kind and (not text or token.text == text)

    def _next(self) -> Token:
        token = self._peek()
        if token is None:
            raise Unreadable("ends too early")
        self._at += 1
        self._place = token.end
        return token

    def _skip_line(self) -> None:
        """Go on in the next line after an operator."""
        if self._is("line"):
            self._at += 1

    def _operand_follows(self, ahead: int) -> bool:
        """Whether a value begins so many tokens on."""
        token = self._peek(ahead)
        while token is not None and (token.kind in ("line", "cur") or (token.kind == "op" and token.text in "-√∛∜")):
            ahead += 1
            token = self._peek(ahead)
        if token is None:
            return False
        if token.kind in ("num", "vulgar", "open"):
            return True
        return token.kind == "word" and (
            token.text in VARIABLES or token.text.lower() in NUMBERS or token.text in self._values
        )
