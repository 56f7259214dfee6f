"""The place of a parser in the tokens of a typed text, and the factors that it makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tutor_app.text.typed_tokens import Token

MAX_DEPTH: Final = 40


SAME: Final = {
    "from": ("from", "von", "de"), "to": ("to", "bis", "à", "vers", "gegen"), "of": ("of", "von", "de", "über", "aus"),
    "as": ("as", "für", "quand", "lorsque"), "approaches": ("approaches", "gegen"), "goes": ("goes", "geht"),
    "tends": ("tends", "tend"),
}  # fmt: skip
"""The small words between the parts of a formula that is told in words, in English, German and French."""


class NoFormula(Exception):
    """No formula begins at this token."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor.

    Attributes:
        latex: How it is written.
        bare: Inside of the brackets, if it is one pair of round brackets.
        kind: ``num``, ``var``, ``group``, ``func`` or ``other``.
    """

    latex: str
    bare: str = ""
    kind: str = "other"


class TokenCursor:
    """A place in a row of tokens.

    Args:
        tokens: Of the whole text.
        at: Where to begin.
    """

    def __init__(self, tokens: Sequence[Token], at: int = 0) -> None:
        self._tokens = tokens
        self.at = at
        self._depth = 0

    def _peek(self, ahead: int = 0) -> Token | None:
        at = self.at + ahead
        return self._tokens[at] if at < len(self._tokens) else None

    def _is(self, kind: str, *texts: str, ahead: int = 0) -> bool:
        token = self._peek(ahead)
        return token is not None and token.kind == kind and (not texts or token.text in texts)

    def _take(self, kind: str, *texts: str) -> Token:
        token = self._peek()
        if token is None or not self._is(kind, *texts):
            raise NoFormula
        self.at += 1
        return token

    def _word(self, *words: str) -> bool:
        """Take the words if they follow."""
        for k, word in enumerate(words):
            token = self._peek(k)
            kinds = ("word", "var", "big", "other")
            if token is None or token.kind not in kinds or token.text.lower() not in SAME.get(word, (word,)):
                return False
        self.at += len(words)
        return True

    def _tried(self, read: Callable[[], str]) -> str | None:
        start = self.at
        try:
            return read()
        except NoFormula:
            self.at = start
            return None


def braced(script: str) -> str:
    """A script in braces, where it needs them."""
    return script if len(script) == 1 else f"{{{script}}}"


def joined(run: Sequence[Factor]) -> str:
    """Factors beside each other; a command is kept apart from the letter behind it."""
    out = ""
    for factor in run:
        if out and _ends_in_command(out) and factor.latex[:1].isalpha():
            out += " "
        elif out and (out[-1].isdigit() and factor.latex[:1].isdigit()):
            out += r" \cdot "
        elif out and factor.kind == "func":
            out += " "
        out += factor.latex
    return out


def _ends_in_command(text: str) -> bool:
    k = len(text)
    while k and text[k - 1].isalpha():
        k -= 1
    return 0 < k < len(text) and text[k - 1] == "\\"
