"""The outline of a page: the sections that :class:`~tutor_app.render.document.DocumentBuilder` made.

The document itself is read, so an outline is right at any moment of a stream, after a change of theme and for a
solution from the library alike. It changes nothing and keeps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtGui import QTextBlock, QTextDocument, QTextFrame

from tutor_app.render.cards import ANSWER, ERROR, OUTPUT, PROBLEM, RUN, THOUGHT, WARNINGS
from tutor_app.render.properties import ASIDE, KEEP, KIND, LABEL
from tutor_app.render.sources import source
from tutor_app.text.plain import plain

HIDDEN: Final = 99
"""Kind of a card that is folded away altogether; its backdrop is not drawn."""

Kind = Literal["problem", "question", "thought", "text", "code", "output", "answer"]

_WORDS: Final = 64


@dataclass(frozen=True, slots=True)
class Card:
    """A block of code with what it printed and drew.

    Attributes:
        number: From 0, in the order of the page.
        frame: All of it.
        code: The frame of the code.
        output: The frame of the output, or None while there is none.
        warnings: The frame of the warnings, or None without any.
    """

    number: int
    frame: QTextFrame
    code: QTextFrame
    output: QTextFrame | None
    warnings: QTextFrame | None

    @property
    def failed(self) -> bool:
        """Whether the block raised, was cut short or was not run."""
        return self.output is not None and self.output.frameFormat().intProperty(KIND) == ERROR

    def section_at(self, position: int) -> Literal["code", "output", "warnings"] | None:
        """What of the card a position of the page lies in; None outside of the card."""
        sections: tuple[tuple[Literal["code", "output", "warnings"], QTextFrame | None], ...] = (
            ("output", self.output),
            ("warnings", self.warnings),
            ("code", self.frame),
        )
        for name, frame in sections:
            if frame is not None and frame.firstPosition() <= position <= frame.lastPosition():
                return name
        return None

    @property
    def is_timed(self) -> bool:
        """Whether the time it took stands at the right end of its head."""
        return bool(self.frame.frameFormat().stringProperty(ASIDE))

    @property
    def has_code(self) -> bool:
        """False for a recorded output whose code is not known."""
        return any(b.text() for b in blocks(self.code))


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page.

    Attributes:
        kind: What it is.
        first: Position of its first character.
        last: Position behind its last one.
        title: Its heading or its first words, in one line of plain text.
        card: Number of the card it belongs to, or -1.
        thought: Number of the thought that it is, or -1.
        failed: For an output, whether its block did not end well.
        title_source: The title with its formulas as they were written, for speech.
    """

    kind: Kind
    first: int
    last: int
    title: str
    card: int = -1
    thought: int = -1
    failed: bool = False
    title_source: str = ""


def cards(document: QTextDocument) -> list[Card]:
    """The blocks of code of a page, in order."""
    found: list[Card] = []
    for frame in document.rootFrame().childFrames():
        if frame.frameFormat().intProperty(KIND) in (RUN, HIDDEN):
            found.append(_card(len(found), frame))
    return found


def thoughts(document: QTextDocument) -> list[QTextFrame]:
    """What the model thought, in order."""
    frames = document.rootFrame().childFrames()
    return [frame for frame in frames if frame.frameFormat().intProperty(KIND) == THOUGHT]


def _card(number: int, frame: QTextFrame) -> Card:
    inner = frame.childFrames()
    output = next((f for f in inner if f.frameFormat().intProperty(KIND) in (OUTPUT, ERROR)), None)
    warnings = next((f for f in inner if f.frameFormat().intProperty(KIND) == WARNINGS), None)
    return Card(number, frame, inner[0], output, warnings)


def outline(document: QTextDocument) -> list[Section]:
    """The sections of a page, in order; prose is one section for each heading in it."""
    found: list[Section] = []
    prose: list[QTextBlock] = []
    number = thought = 0
    for item in pieces(document):
        if isinstance(item, QTextBlock):
            if _is_heading(item) and prose:
                found.append(_prose(prose))
                prose = []
            if item.text().strip():
                prose.append(item)
            continue
        if prose:
            found.append(_prose(prose))
            prose = []
        kind = item.frameFormat().intProperty(KIND)
        if kind in (PROBLEM, ANSWER):
            asked = item.frameFormat().stringProperty(LABEL) == "Question"
            name: Kind = "answer" if kind == ANSWER else "question" if asked else "problem"
            # Below an answer stands how it was checked.
            texts = [text for b in blocks(item) if (text := source(b)).strip()]
            raw = " ".join(texts if kind == PROBLEM else texts[:1])
            found.append(Section(name, item.firstPosition(), item.lastPosition(), _cut(plain(raw)), title_source=raw))
        elif kind == THOUGHT:
            found.append(Section("thought", item.firstPosition(), item.lastPosition(), "Thoughts", thought=thought))
            thought += 1
        elif kind in (RUN, HIDDEN):
            found += _run(_card(number, item))
            number += 1
    if prose:
        found.append(_prose(prose))
    return found


def pieces(document: QTextDocument) -> Iterator[QTextFrame | QTextBlock]:
    """What a page consists of at its top level: frames, and the blocks between them."""
    it = document.rootFrame().begin()
    while not it.atEnd():
        frame: QTextFrame | None = it.currentFrame()
        yield it.currentBlock() if frame is None else frame
        it += 1


def blocks(frame: QTextFrame) -> Iterator[QTextBlock]:
    """Every block of a frame, those of the frames inside it included."""
    # Not by frame.document(): PySide then takes the document for the frame's own, and drops it with the frame.
    block = frame.firstCursorPosition().block()
    last = frame.lastPosition()
    while block.isValid() and block.position() <= last:
        yield block
        block = block.next()


def count_lines(frame: QTextFrame) -> int:
    """Lines of text in the frame of a code or an output."""
    texts = [b.text() for b in blocks(frame)]
    while texts and not texts[-1].strip():
        texts.pop()
    return sum(t.count("\u2028") + 1 for t in texts)


def _is_heading(block: QTextBlock) -> bool:
    return bool(block.text()) and block.blockFormat().boolProperty(KEEP)


def _prose(found: list[QTextBlock]) -> Section:
    raw = source(found[0]).rstrip(" :")
    last = found[-1]
    return Section("text", found[0].position(), last.position() + last.length() - 1, _cut(plain(raw)), title_source=raw)


def _run(card: Card) -> Iterator[Section]:
    if card.has_code:
        lines = [b.text() for b in blocks(card.code)]
        yield Section("code", card.frame.firstPosition(), card.code.lastPosition(), _code_title(lines), card.number)
    if card.output is not None:
        lines = [s for b in blocks(card.output) if (s := source(b)).strip()]
        title = (lines[-1] if card.failed and len(lines) > 1 else lines[0]) if lines else ""
        if card.failed:  # the exception says more than where it was raised
            title = next(
                (line for line in reversed(lines) if re.match(r"\w*(?:Error|Exception|Interrupt)\b", line)), title
            )
        first, last = card.output.firstPosition(), card.output.lastPosition()
        yield Section("output", first, last, _cut(plain(title)) or "Nothing", card.number, failed=card.failed)


def _code_title(lines: list[str]) -> str:
    """What a block of code is about: its first comment, else its first line that is no import."""
    for line in lines:
        if m := re.match(r"\s*#+\s*(?=\w)(.+)", line):
            return _cut(m[1])
    plain_lines = [s for line in lines if (s := line.strip()) and not s.startswith("#")]
    statements = [s for s in plain_lines if not re.match(r"(?:import|from)\s", s)]
    return _cut(next(iter(statements or plain_lines), "Code"))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _WORDS else text[:_WORDS].rsplit(" ", 1)[0].rstrip(" ,.;:") + "\u2026"
