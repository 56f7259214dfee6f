"""Renders text that moves its cursor within a line as a terminal shows it in the end.

Progress bars write a carriage return and then the line anew, or go back character by character. Only what stays inside
one line is followed: carriage return, backspace, "erase the line" and colours. Everything else is left as it came.
``printable`` is for whatever goes to a terminal itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_CONTROL: Final = re.compile(r"(\r|\x08|\x1b\[[02]?K|\x1b\[[\d;]{0,20}m)")


def printable(text: str) -> str:
    """``text`` with control characters as visible pictures, so that none can steer the terminal."""
    return "".join(c if c in "\n\t" or not _steers(c) else _picture(c) for c in text)


def _steers(c: str) -> bool:
    code = ord(c)
    return code < 32 or 0x7F <= code < 0xA0 or code in range(0x202A, 0x202F) or code in range(0x2066, 0x206A)


def _picture(c: str) -> str:
    return chr(0x2400 + ord(c)) if ord(c) < 32 else f"\\u{ord(c):04x}"


class TerminalLines:
    """Turns printed text, cut anywhere, into finished lines as a terminal would show them.

    A line is finished when its line feed comes; until then everything in it may still be overwritten.
    """

    def __init__(self) -> None:
        self._pieces: list[tuple[str, str]] = []  # text and stream of a line that has no control characters so far
        self._cells: list[str] | None = None  # of a line that has some
        self._at = 0
        self._stream = "stdout"
        self._told = 0  # pieces that news() has given
        self._rest = ""  # an escape sequence that may be cut
        self.held = 0
        """Characters of the unfinished line."""

    def feed(self, text: str, stream: str) -> Iterator[tuple[str, str]]:
        """Take in ``text``; yields finished text with the stream that it belongs to."""
        text, self._rest = self._rest + text, ""
        cut = text.rfind("\x1b", max(len(text) - 24, 0))
        if cut >= 0 and re.fullmatch(r"\x1b(\[[\d;]*)?", text[cut:]):
            text, self._rest = text[:cut], text[cut:]
        lines, newline, last = text.rpartition("\n")
        if newline:
            for line in lines.split("\n"):
                self._add(line, stream)
                yield from self._finish("\n", stream)
        self._add(last, stream)

    def news(self) -> list[tuple[str, str]] | None:
        """What has come to the unfinished line since the last call; None if it overwrites itself."""
        if self._cells is not None:
            return None
        new, self._told = self._pieces[self._told :], len(self._pieces)
        return new

    def overwritten(self) -> tuple[str, str]:
        """What an unfinished line that overwrites itself shows at this moment, and the stream it belongs to."""
        return "".join(self._cells or ()).rstrip(" "), self._stream

    def end(self) -> Iterator[tuple[str, str]]:
        """What the unfinished line shows, when no more text comes."""
        rest, self._rest = self._rest, ""
        if rest:
            self._write(rest, self._stream)
        yield from self._finish("", self._stream)

    def _add(self, text: str, stream: str) -> None:
        for piece in _CONTROL.split(text):
            if not _CONTROL.fullmatch(piece):
                self._write(piece, stream)
                continue
            if self._cells is None:
                self._cells = [c for written, _ in self._pieces for c in written]
                self._at = len(self._cells)
                self._pieces.clear()
                self._told = 0
            if piece == "\r":
                self._at = 0
            elif piece == "\b":
                self._at = max(self._at - 1, 0)
            elif piece == "\x1b[2K":  # programs go to the beginning of the line, too
                self._cells.clear()
                self._at = 0
            elif piece.endswith("K"):
                del self._cells[self._at :]
            self.held = len(self._cells)

    def _write(self, text: str, stream: str) -> None:
        if not text:
            return
        self._stream = stream
        if self._cells is None:
            self._pieces.append((text, stream))
            self.held += len(text)
        else:
            self._cells[self._at : self._at + len(text)] = text
            self._at += len(text)
            self.held = len(self._cells)

    def _finish(self, newline: str, stream: str) -> Iterator[tuple[str, str]]:
        if self._cells is not None:
            # Blanks at the end are what wiped an older, longer text.
            self._pieces = [("".join(self._cells).rstrip(" "), self._stream)]
            self._cells = None
        pieces, self._pieces, self.held, self._told = self._pieces, [], 0, 0
        if newline:
            before, last = pieces[-1] if pieces else ("", stream)
            pieces[-1:] = [(before + newline, last)]
        yield from (p for p in pieces if p[0])


def settled(text: str) -> str:
    """All of ``text`` as a terminal shows it in the end."""
    if not _CONTROL.search(text):
        return text
    lines = TerminalLines()
    return "".join(t for t, _ in (*lines.feed(text, "stdout"), *lines.end()))


def outside_controls(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of ``text``, each with whether it is one of the control sequences that are followed here."""
    for number, piece in enumerate(_CONTROL.split(text)):
        yield piece, bool(number % 2)
