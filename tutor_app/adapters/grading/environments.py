"""The tokens of an answer, one after the other, and the LaTeX environments: matrices and functions by cases."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from tutor_app.adapters.grading.lexer import Token
from tutor_app.adapters.grading.terms import (
    Group,
    Matrix,
    Piecewise,
    Term,
    Unreadable,
    Words,
    negative,
    product,
    total,
)

_END: Final = Token("end", "")
_MAX_DETERMINANT: Final = 4
"""Rows; a determinant has as many products as there are orders of its rows."""


class TokenCursor:
    """A place in the tokens of an answer."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0

    def _peek(self, ahead: int = 0) -> Token:
        i = self._at + ahead
        return self._tokens[i] if i < len(self._tokens) else _END

    def _next(self) -> Token:
        token = self._peek()
        self._at = min(self._at + 1, len(self._tokens))
        return token

    def _take(self, *texts: str) -> bool:
        """Consume one of these operators or commands."""
        token = self._peek()
        if token.kind in ("op", "cmd", "sep") and token.text in texts:
            self._at += 1
            return True
        return False

    def _expect(self, *texts: str) -> str:
        token = self._next()
        if token.kind not in ("op", "cmd") or token.text not in texts:
            raise Unreadable(f"expected {' or '.join(texts)}")
        return token.text


class EnvironmentReader(TokenCursor, ABC):
    """Reads what stands between ``\\begin`` and ``\\end``; the grammar of its cells is the subclass's."""

    @abstractmethod
    def _list(self, closers: tuple[str, ...]) -> Term:
        """Values up to a closing token, which is not consumed."""

    def _matrix(self) -> Term:
        kind = self._environment()
        if kind == "cases":
            return self._cases()
        if kind not in ("pmatrix", "bmatrix", "matrix", "Bmatrix", "smallmatrix", "array", "vmatrix"):
            raise Unreadable(f"the environment {kind}")
        if kind == "array" and self._peek().text == "{":
            self._subscript_group()
        rows: list[list[Term]] = [[]]
        stops = ("&", "\\\\", r"\cr", r"\end")
        while True:
            rows[-1].append(self._cell(stops))
            stop = self._expect(*stops)
            if stop != "&":
                rows.append([])
            if stop != "&" and self._peek().text == r"\end":
                self._at += 1
                stop = r"\end"
            if stop == r"\end":
                break
        self._environment()
        full = [tuple(row) for row in rows if row]
        if len({len(row) for row in full}) != 1:
            raise Unreadable("rows of unequal length")
        return _determinant(tuple(full)) if kind == "vmatrix" else Matrix(tuple(full))

    def _cases(self) -> Term:
        pieces: list[tuple[Term, Term | None]] = []
        while self._peek().text != r"\end":
            value = self._list(("&",))
            self._expect("&")
            condition = self._list(("\\\\", r"\end"))
            pieces.append((value, None if isinstance(condition, Words) else condition))
            self._take("\\\\")
        self._expect(r"\end")
        self._environment()
        if len(pieces) < 2:
            raise Unreadable("a piecewise function of one piece")
        return Piecewise(tuple(pieces))

    def _cell(self, stops: tuple[str, ...]) -> Term:
        value = self._list(stops)
        if isinstance(value, Group) and not value.brackets:
            raise Unreadable("several values in one cell")
        return value

    def _environment(self) -> str:
        self._expect("{")
        letters = []
        while not self._take("}"):
            if self._peek().kind != "name":
                raise Unreadable("a broken environment")
            letters.append(self._next().text)
        return "".join(letters)

    def _subscript_group(self) -> None:
        self._at += 1
        while not self._take("}"):
            if self._next().kind == "end":
                raise Unreadable("a brace without its partner")


def _determinant(rows: tuple[tuple[Term, ...], ...]) -> Term:
    """Expanded along the first row."""
    if len(rows) != len(rows[0]) or len(rows) > _MAX_DETERMINANT:
        raise Unreadable("the determinant of what is no square, or of too many rows")
    if len(rows) == 1:
        return rows[0][0]
    terms = []
    for k, entry in enumerate(rows[0]):
        rest = product(entry, _determinant(tuple(row[:k] + row[k + 1 :] for row in rows[1:])))
        terms.append(negative(rest) if k % 2 else rest)
    return total(*terms)
