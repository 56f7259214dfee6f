"""The source of a page: the part of the solution that each block shows, and its characters as they were written.

Reads a document and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument

from tutor_app.render.properties import JOINER, OBJECT_CHARACTER, PART, RAW


def source(block: QTextBlock) -> str:
    """The text of a block, formulas and pictures as their source."""
    text = block.text()
    if OBJECT_CHARACTER not in text:
        return text.replace(JOINER, "").replace("\u200b", "")
    return "".join(piece for piece, _ in sourced(block))


def sourced(block: QTextBlock) -> Iterator[tuple[str, int]]:
    """The characters of a block's source with the positions in the block at which they stand.

    A character of text comes alone; the source of an object comes whole, at the object's position.
    """
    probe = QTextCursor(block)
    at = 0
    for c in block.text():
        width = 2 if ord(c) > 0xFFFF else 1
        if c == OBJECT_CHARACTER:
            probe.setPosition(block.position() + at + 1)
            yield probe.charFormat().stringProperty(RAW), at
        elif c not in (JOINER, "\u200b"):
            yield c, at
        at += width


def part_index(block: QTextBlock) -> int:
    """Index in the solution of the part that a block of a page came from; -1 for the problem and remarks."""
    fmt = block.blockFormat()
    return fmt.intProperty(PART) if fmt.hasProperty(PART) else -1


def parts_between(document: QTextDocument, first: int, last: int) -> list[int]:
    """Indices of the parts that two positions of a page enclose, each once, in order."""
    found: set[int] = set()
    block = document.findBlock(first)
    while block.isValid() and block.position() <= last:
        found.add(part_index(block))
        block = block.next()
    return sorted(found - {-1})


def plain_source(document: QTextDocument, start: int, end: int) -> str:
    """The text of a part of a document as it can be seen: objects as their source, nothing of what is folded."""
    cursor = QTextCursor(document)
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    out: list[str] = []
    at = start
    probe = QTextCursor(document)
    visible = document.findBlock(start).isVisible()
    for c in cursor.selectedText():
        at += 2 if ord(c) > 0xFFFF else 1
        if c in "\u2029\ufdd0\ufdd1":
            out.append("\n")
            visible = document.findBlock(at).isVisible()
        elif not visible:
            continue
        elif c == OBJECT_CHARACTER:
            probe.setPosition(at)
            out.append(probe.charFormat().stringProperty(RAW))
        elif c == "\u2028":
            out.append("\n")
        elif c not in (JOINER, "\u200b"):
            out.append(c)
    return re.sub(r"\n{3,}", "\n\n", "".join(out)).strip("\n")
