"""Finds a sentence of a solution on its page, though the page shows it without its Markdown."""

from __future__ import annotations

import re

from PySide6.QtGui import QTextDocument

from tutor_app.render.sources import part_index, sourced

_LIST_NUMBER = re.compile(r"[\s*_#>(-]*\d{1,3}[.)]\s+")


def place_of(document: QTextDocument, part: int, sentence: str) -> tuple[int, int] | None:
    """First and last position of a sentence, the last one behind it; None where it cannot be found.

    Args:
        document: A page.
        part: Index of the part of the solution in which the sentence stands.
        sentence: As it was written.
    """
    letters: list[str] = []
    places: list[int] = []
    block = document.begin()
    while block.isValid():
        if part_index(block) == part:
            for source, at in sourced(block):
                for letter in _letters(source):
                    letters.append(letter)
                    places.append(block.position() + at)
        block = block.next()
    text = "".join(letters)
    # The number of a list's item is drawn by the page and is no text of it.
    for wanted in (_letters(sentence), _letters(_LIST_NUMBER.sub("", sentence, count=1))):
        start = text.find(wanted) if wanted else -1
        if start >= 0:
            return places[start], places[start + len(wanted) - 1] + 1
    return None


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum() and len(c.lower()) == 1)
