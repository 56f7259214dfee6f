"""A model's words, read back into events as they come: prose, thoughts, code between fences, outputs.

:class:`Parser` is incremental: any cut of the stream gives the same events. It refuses to guess: a fence counts only
alone on its line, only with the info string ``python``, ``py``, ``python3`` or ``output``, and never inside a
triple-quoted string of the code.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Final

from tutor_app.core.events import (
    CodeDelta,
    CodeEnded,
    CodeStarted,
    OutputEnded,
    OutputStarted,
    ParseEvent,
    TextDelta,
    ThoughtDelta,
    ThoughtEnded,
)
from tutor_app.core.parts import Code, Output, Part, Text
from tutor_app.core.thoughts import MARK, ends_thought, mark_kind, unfinished_mark

_OPEN_CODE: Final = re.compile(r"([ \t]*)(`{3,})[ \t]*(?:python3?|py)[ \t]*", re.IGNORECASE)
_OPEN_OUTPUT: Final = re.compile(r"([ \t]*)(`{3,})[ \t]*output[ \t]*", re.IGNORECASE)
_CLOSE: Final = re.compile(r"[ \t]*(`{3,})[ \t]*")
# A line that may still become an opening fence when more of it arrives.
_MAYBE_OPEN: Final = re.compile(
    r"[ \t]*(?:`{0,2}|`{3,}[ \t]*(?:p|py|pyt|pyth|pytho|python|python3|o|ou|out|outp|outpu|output)?[ \t]*)\r?",
    re.IGNORECASE,
)
_MAYBE_CLOSE: Final = re.compile(r"[ \t]*`*[ \t]*\r?")
_QUOTES: Final = re.compile(r"""\\.|#|'''|\"\"\"|'|\"""", re.DOTALL)


def open_string(line: str, inside: str) -> str:
    """Which triple quote is open after ``line``, given the one open before it ("" for none)."""
    single = ""
    for m in _QUOTES.finditer(line):
        mark = m[0]
        if mark[0] == "\\":
            continue
        if inside:
            inside = "" if mark == inside else inside
        elif single:
            single = "" if mark[0] == single else single
        elif mark == "#":
            break
        elif len(mark) == 3:
            inside = mark
        else:
            single = mark
    return inside


class _FenceParser:
    """Reads text without thoughts into events; feed it any pieces, then :meth:`finish`.

    Line ends are read as ``\\n`` whether written ``\\n`` or ``\\r\\n``. Text is passed on as soon as it cannot be
    a fence any more, so at most part of one line is held back.

    Attributes:
        position: How many characters of the input lie before the end of the last event; with it a caller can
            cut the raw text right after a block.
    """

    def __init__(self, code_marks: tuple[str, str] | None) -> None:
        self.position = 0
        self._marks = code_marks
        self._closing_mark = ""  # of the block that is open, if a mark opened it
        self._state = "text"
        self._line = ""  # the incomplete line, raw
        self._sent = 0  # how much of it has been passed on already
        self._indent = 0
        self._fence = 3
        self._string = ""
        self._lines: list[str] = []
        self._false_close: int | None = None  # a fence inside a string that never closed

    def feed(self, chunk: str) -> Iterator[ParseEvent]:
        """Events of ``chunk``; lazily, so that a caller may stop after any event.

        What was passed on is noted before each event is given out, so that stopping there repeats nothing.
        """
        while chunk:
            cut = chunk.find("\n")
            if cut < 0:
                self._line += chunk
                yield from self._partial()
                return
            self._line += chunk[:cut]
            chunk = chunk[cut + 1 :]
            line, sent = self._line, self._sent
            self._line, self._sent = "", 0
            self.position += len(line) + 1
            yield from self._complete(line.removesuffix("\r"), sent)

    @property
    def in_block(self) -> bool:
        """Whether a fence is open."""
        return self._state != "text"

    def release(self) -> Iterator[ParseEvent]:
        """Pass on what is held back of the incomplete line of prose; what follows begins a line."""
        line, sent = self._line, self._sent
        self._line, self._sent = "", 0
        self.position += len(line)
        if line[sent:]:
            yield TextDelta(line[sent:])

    def finish(self) -> Iterator[ParseEvent]:
        """The last events, when no more text will come."""
        line, sent = self._line, self._sent
        self._line, self._sent = "", 0
        self.position += len(line)
        if self._state == "text":
            if self._opens_by_mark(line) or _OPEN_CODE.fullmatch(line) or _OPEN_OUTPUT.fullmatch(line):
                yield from self._complete(line, sent)
            elif line[sent:]:
                yield TextDelta(line[sent:])
        elif line:
            if self._closes(line):
                yield from self._complete(line, sent)
                return
            line = line.removesuffix("\r")
            body_line = self._dedented(line)
            stripped = body_line.rstrip().removesuffix("```")
            closed = self._state == "code" and stripped != body_line.rstrip() and not self._string
            self._lines.append(stripped if closed else body_line)
            if self._state == "code" and self._lines[-1][sent:]:
                yield CodeDelta(self._lines[-1][sent:])
        if self._state == "code":
            source = "\n".join(self._lines if self._false_close is None else self._lines[: self._false_close])
            self._state = "text"
            yield CodeEnded(source, closed=False)
        elif self._state == "output":
            self._state = "text"
            yield OutputEnded("\n".join(self._lines))

    def _complete(self, line: str, sent: int) -> Iterator[ParseEvent]:
        if self._state == "text":
            if self._opens_by_mark(line):
                self._state, self._indent, self._closing_mark = "code", 0, (self._marks or ("", ""))[1]
                self._lines, self._string, self._false_close = [], "", None
                yield CodeStarted()
            elif m := _OPEN_CODE.fullmatch(line):
                self._open("code", m)
                yield CodeStarted()
            elif m := _OPEN_OUTPUT.fullmatch(line):
                self._open("output", m)
                yield OutputStarted()
            else:
                yield TextDelta(line[sent:] + "\n")
        elif self._closes(line):
            state, self._state = self._state, "text"
            source = "\n".join(self._lines)
            yield CodeEnded(source) if state == "code" else OutputEnded(source)
        elif self._state == "code":
            if self._string and _CLOSE.fullmatch(line) and self._false_close is None:
                self._false_close = len(self._lines)
            body_line = self._dedented(line)
            self._lines.append(body_line)
            self._string = open_string(body_line, self._string)
            if not self._string:
                self._false_close = None
            yield CodeDelta(body_line[sent:] + "\n")
        else:
            self._lines.append(line)

    def _partial(self) -> Iterator[ParseEvent]:
        """Pass on what of the incomplete line is certain."""
        line = self._line.removesuffix("\r")
        if self._state == "text":
            if not self._may_open(line) and line[self._sent :]:
                new, self._sent = line[self._sent :], len(line)
                yield TextDelta(new)
        elif self._state == "code" and not self._may_close(line):
            # A trailing fence on the last line of all is only known at the end: hold backticks back.
            body_line = self._dedented(line).rstrip("` \t")
            if body_line[self._sent :]:
                new, self._sent = body_line[self._sent :], len(body_line)
                yield CodeDelta(new)

    def _opens_by_mark(self, line: str) -> bool:
        return self._marks is not None and line.strip() == self._marks[0]

    def _may_open(self, line: str) -> bool:
        if _MAYBE_OPEN.fullmatch(line):
            return True
        return self._marks is not None and self._marks[0].startswith(line.strip())

    def _may_close(self, line: str) -> bool:
        if self._closing_mark:
            return self._closing_mark.startswith(line.strip())
        return _MAYBE_CLOSE.fullmatch(line) is not None

    def _open(self, state: str, m: re.Match[str]) -> None:
        self._closing_mark = ""
        self._state, self._indent, self._fence = state, len(m[1]), len(m[2])
        self._lines, self._string, self._false_close = [], "", None

    def _closes(self, line: str) -> bool:
        if self._closing_mark:
            return line.strip() == self._closing_mark
        m = _CLOSE.fullmatch(line.removesuffix("\r"))
        # A longer fence is unambiguous; three backticks inside a triple-quoted string are part of it.
        return m is not None and len(m[1]) >= self._fence and (self._fence > 3 or not self._string)

    def _dedented(self, line: str) -> str:
        head = line[: self._indent]
        return head.lstrip(" \t") + line[self._indent :]


class Parser:
    """Reads a model's words into events; feed it any pieces, then :meth:`finish`.

    Thoughts are told apart from the solution by their marks (:mod:`tutor_app.core.thoughts`), outside code and
    outputs only; fences within a thought open no block. Marks are not passed on. Line ends are read as ``\\n``
    whether written ``\\n`` or ``\\r\\n``. Text is passed on as soon as it can be neither a fence nor a mark.

    Args:
        in_thought: The prompt has opened a thought: the words begin within it.
        code_marks: Lines that open and close a block of code besides fences, see :class:`Dialect`.
    """

    def __init__(self, *, in_thought: bool = False, code_marks: tuple[str, str] | None = None) -> None:
        self._fences = _FenceParser(code_marks)
        self._removed = 0  # characters that the fence parser has not seen
        self._held = ""  # what may be the beginning of a mark
        self._in_thought = in_thought
        self._thoughts = int(in_thought)
        self._unclosed = int(in_thought)  # opening marks that no closing one has followed
        self._last = "\n"  # the character before
        self._skips_blank = False  # blank lines after a thought belong to neither

    @property
    def in_thought(self) -> bool:
        """Whether a thought is open."""
        return self._in_thought

    @property
    def position(self) -> int:
        """How many characters of the input lie before the end of the last event.

        With it a caller can cut the raw text right after a block.
        """
        return self._fences.position + self._removed

    def feed(self, chunk: str) -> Iterator[ParseEvent]:
        """Events of ``chunk``; lazily, so that a caller may stop after any event."""
        rest, self._held = self._held + chunk, ""
        while rest:
            if self._fences.in_block:
                line, end, rest = rest.partition("\n")
                self._last = end or line[-1:] or self._last
                yield from self._fences.feed(line + end)
            elif self._in_thought:
                rest = yield from self._think(rest)
            else:
                rest = yield from self._speak(rest)

    def finish(self) -> Iterator[ParseEvent]:
        """The last events, when no more text will come."""
        held, self._held = self._held, ""
        if self._in_thought or self._skips_blank:
            self._removed += len(held)
            if self._in_thought and held:
                yield ThoughtDelta(held)
        elif held:
            yield from self._fences.feed(held)
        yield from self._fences.finish()

    def _think(self, text: str) -> Generator[ParseEvent, None, str]:
        """Pass on the beginning of ``text``, which is a thought; returns the rest."""
        mark = MARK.search(text)
        end = mark.start() if mark else len(text) - unfinished_mark(text)
        self._removed += mark.end() if mark else end
        self._held = "" if mark else text[end:]
        ends = mark is not None and ends_thought(mark[0])
        if ends:
            self._in_thought, self._skips_blank = False, self._last == "\n"
            self._unclosed -= 1
        elif mark is not None:
            self._unclosed += mark_kind(mark[0]) == "open"
        if text[:end]:
            yield ThoughtDelta(text[:end])
        if ends:
            yield ThoughtEnded()
        return text[mark.end() :] if mark else ""

    def _speak(self, text: str) -> Generator[ParseEvent, None, str]:
        """Pass on the beginning of ``text``, at most to the end of its line; returns the rest."""
        if self._skips_blank:
            words = text.lstrip()
            blank = text[: len(text) - len(words)]
            dropped = blank.rfind("\n") + 1
            self._removed += dropped
            if not words:
                self._held = text[dropped:]
                return ""
            self._skips_blank = False
            text = text[dropped:]
        at = text.find("\n") + 1
        line = text[:at] if at else text
        # A mark in backticks is being talked about.
        mark = next((m for m in MARK.finditer(line) if (line[m.start() - 1] if m.start() else self._last) != "`"), None)
        if mark is not None:
            words, rest = line[: mark.start()], text[mark.end() :]
        else:
            end = len(line) if at else len(line) - unfinished_mark(line)
            words, rest = line[:end], text[len(line) :]
            self._held = line[end:]
        self._last = words[-1:] or self._last
        yield from self._fences.feed(words)
        if mark is not None:
            self._removed += len(mark[0])
            yield from self._mark(mark[0])
        return rest

    def _mark(self, mark: str) -> Iterator[ParseEvent]:
        """Act on a mark within prose."""
        kind = mark_kind(mark)
        yield from self._fences.release()
        if kind == "open":
            self._in_thought = True
            self._thoughts += 1
            self._unclosed += 1
        elif kind == "close" and (self._unclosed or not self._thoughts):
            self._thoughts += 1
            self._unclosed = max(0, self._unclosed - 1)
            self._last, self._skips_blank = "\n", True
            yield ThoughtEnded(before=True)
        elif self._last == "\n":
            self._skips_blank = True


def parse(text: str) -> tuple[Part, ...]:
    """The parts of a complete assistant turn, without its thoughts.

    An output's recorded text is both its stdout and its feedback.
    """
    parser = Parser()
    parts: list[Part] = []
    words: list[str] = []

    def flush() -> None:
        if words:
            parts.append(Text("".join(words)))
            words.clear()

    for event in (*parser.feed(text), *parser.finish()):
        if isinstance(event, TextDelta):
            words.append(event.text)
        elif isinstance(event, ThoughtEnded) and event.before:
            words.clear()
        elif isinstance(event, CodeEnded):
            flush()
            parts.append(Code(event.source))
        elif isinstance(event, OutputEnded):
            flush()
            parts.append(Output(stdout=event.text, feedback=event.text))
    flush()
    return tuple(parts)
