"""Differences of two solutions side by side, word by word; a formula counts as one word.

What stands on the pages is compared, not what it was made from. What the program says about a solution is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from PySide6.QtGui import QTextDocument

from tutor_app.render.sources import part_index, sourced
from tutor_app.text.speech import spoken_prose
from tutor_app.ui.page.marks import Mark

_COLOR: Final = "mark"
_MOST_SAID: Final = 12
_LONGEST_SAID: Final = 80
_WORD: Final = re.compile(r"\w+(?:\.\d+)?|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a page.

    Attributes:
        text: As it was written.
        first: Position of its first character.
        last: Position behind its last one.
    """

    text: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A place at which two pages differ.

    Attributes:
        left: The words of the one that the other has not; may be empty.
        right: The words of the other in their place; may be empty.
    """

    left: tuple[Word, ...]
    right: tuple[Word, ...]

    def sentence(self) -> str:
        """The difference as a screen reader says it: ``here 10, beside it 9``."""
        here, there = (" ".join(word.text for word in words)[:_LONGEST_SAID] for words in (self.left, self.right))
        return f"here {spoken_prose(here) or 'nothing'}, beside it {spoken_prose(there) or 'nothing'}"


def words_of(document: QTextDocument) -> list[Word]:
    """The words of the solution on a page, in order."""
    found: list[Word] = []
    block = document.begin()
    while block.isValid():
        if part_index(block) >= 0:
            pieces = list(sourced(block))
            text = "".join(c if len(c) == 1 else "\ufffc" for c, _ in pieces)
            start = block.position()
            for m in _WORD.finditer(text):
                shown = "".join(c for c, _ in pieces[m.start() : m.end()])
                found.append(Word(shown, start + pieces[m.start()][1], start + pieces[m.end() - 1][1] + 1))
        block = block.next()
    return found


def differences(left: Sequence[Word], right: Sequence[Word]) -> list[Difference]:
    """Where two texts differ, in order."""
    matcher = SequenceMatcher(None, [w.text for w in left], [w.text for w in right], autojunk=False)
    return [
        Difference(tuple(left[i:i_end]), tuple(right[j:j_end]))
        for tag, i, i_end, j, j_end in matcher.get_opcodes()
        if tag != "equal"
    ]


def marks(found: Sequence[Difference], *, beside: bool) -> list[Mark]:
    """What to mark on one of the pages: a colour, and a line under it for those who do not see the colour."""
    return [
        Mark(words[0].first, words[-1].last, _COLOR, line="warn")
        for difference in found
        for words in _by_line(difference.right if beside else difference.left)
    ]


def said(found: Sequence[Difference]) -> str:
    """What a screen reader says of all differences."""
    lines = [f"{n}: {difference.sentence()}." for n, difference in enumerate(found[:_MOST_SAID], 1)]
    more = len(found) - _MOST_SAID
    return " ".join([*lines, f"And {more} more."] if more > 0 else lines)


def tally(found: Sequence[Difference]) -> str:
    """The number of differences in words: ``The two differ in 3 places``."""
    if not found:
        return "The two are the same, word by word."
    return f"The two differ in {len(found)} place{'s' if len(found) != 1 else ''}, underlined."


def _by_line(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Words that stand close together, so that what is folded or empty between them is not marked."""
    start = 0
    for n in range(1, len(words) + 1):
        if n == len(words) or words[n].first - words[n - 1].last > 2:
            if start < n:
                yield words[start:n]
            start = n
