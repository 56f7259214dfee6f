"""Bytes of a user's file as text: UTF-8, UTF-16 that says so, or the encoding that a Python program declares.

Refuses to guess: other bytes are no text here.
"""

from __future__ import annotations

import codecs
import io
import tokenize


def decoded(data: bytes) -> str | None:
    """The text, without the mark that it may begin with; None if it is neither UTF-8 nor marked as UTF-16."""
    marked = len(data) > 2 and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        return None


def decoded_program(data: bytes) -> str | None:
    """The text of a Python program, also in the encoding that its first two lines declare; None if it is not in it."""
    text = decoded(data)
    if text is not None:
        return text
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        return None
