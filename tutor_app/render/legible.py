"""Characters that no font on this computer has, shown by their code.

An empty box on paper tells nobody what stood there. Transcript in, transcript out; an answer and pictures stay as
they are.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from PySide6.QtGui import QFontMetricsF

from tutor_app.core.parts import Answer, Code, CodeError, Figure, Output, Part, Question, Text, Thought
from tutor_app.core.transcript import Transcript
from tutor_app.render.theme import text_font


@lru_cache(maxsize=4096)
def _drawable(char: str) -> bool:
    return QFontMetricsF(text_font(15)).inFontUcs4(ord(char))


def legible(text: str) -> str:
    """The text with every character that no font on this computer has as its code, ``<U+4E2D>``."""
    if text.isascii():
        return text
    return "".join(c if ord(c) < 0x300 or _invisible(c) or _drawable(c) else _code_of(c) for c in text)


def _code_of(char: str) -> str:
    code = ord(char)
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else f"<U+{code:04X}>"


def _invisible(char: str) -> bool:
    code = ord(char)
    return code in (0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF) or 0xFE00 <= code <= 0xFE0F or char.isspace()


def legible_transcript(transcript: Transcript) -> Transcript:
    """The problem and the solution with :func:`legible` text."""
    problem = legible(transcript.problem)
    solution = tuple(_legible_part(p) for p in transcript.solution)
    if problem == transcript.problem and solution == transcript.solution:
        return transcript
    return Transcript.of(problem, *solution, meta=transcript.meta)


def _legible_part(part: Part) -> Part:
    match part:
        case Text() | Thought() | Question():
            return replace(part, text=legible(part.text))
        case Code(source):
            return replace(part, source=legible(source))
        case Output():
            e = part.error
            error = None if e is None else CodeError(e.type, legible(e.message), e.line, legible(e.traceback), e.hint)
            return Output(
                legible(part.stdout),
                legible(part.value),
                part.value_latex,
                part.status,
                error,
                part.seconds,
                part.truncated,
                part.feedback,
                legible(part.warnings),
            )
        case Figure() | Answer():
            return part
