"""Places of the checked statements of a solution on its page, and the marks under the false ones.

What is on the page differs from the text it was made from: Markdown's marks are gone and a formula is one character.
A statement is therefore looked for as :mod:`tutor_app.text.finding` does. Only formats are changed, never text, so a
page can be marked while it grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QTextBlock, QTextCharFormat, QTextCursor, QTextDocument

from tutor_app.core.claims import Claim
from tutor_app.core.parts import Part, Text
from tutor_app.render.properties import FALSE, FALSE_TEXT
from tutor_app.render.sources import part_index, sourced
from tutor_app.render.theme import Theme
from tutor_app.text.finding import compact, find


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a solution.

    Attributes:
        part: Index in the solution of the text it stands in.
        number: Which statement of that text, from 0.
        claim: What was found.
    """

    part: int
    number: int
    claim: Claim

    @property
    def key(self) -> str:
        """What the characters of a false one carry."""
        return f"{self.part}:{self.number}"


def statements(parts: Sequence[Part]) -> list[Statement]:
    """The statements of a solution, in order."""
    return [
        Statement(index, number, claim)
        for index, part in enumerate(parts)
        if isinstance(part, Text)
        for number, claim in enumerate(part.claims)
    ]


def places(document: QTextDocument, part: int, text: str, claims: Iterable[Claim]) -> list[tuple[int, int]]:
    """Where statements of one text stand: the positions before the first and behind the last character of each.

    A formula that holds a statement is taken whole. A statement that is not found as it was written (its macros were
    expanded, for instance) is said to be its line; ``(0, 0)`` where nothing of the text is on the page.

    Args:
        document: The page.
        part: Index in the solution of the text.
        text: The text as the model wrote it.
        claims: Statements of it.
    """
    claims = list(claims)
    shown = list(_characters(_blocks(document, part))) if claims else []
    if not shown:
        return [(0, 0) for _ in claims]
    spans = []
    for claim, at in zip(
        claims, find("".join(c for c, _, _ in shown), text, [(c.start, c.end) for c in claims]), strict=True
    ):
        first, last = shown[at.first][1], shown[at.last - 1][2]
        if not at.exact:
            block = document.findBlock(first)
            first, last = block.position(), block.position() + block.length() - 1
        elif claim.text.lstrip("\\").startswith("$") and document.characterAt(first - 1) == "$":  # of money
            first -= 1
        spans.append((first, last))
    return spans


def mark_false(document: QTextDocument, theme: Theme, part: int, text: str, claims: Sequence[Claim]) -> None:
    """Underline the false statements of one text and those that differ from the code, and nothing else of it.

    Args:
        document: The page.
        theme: Colours.
        part: Index in the solution of the text.
        text: The text as the model wrote it.
        claims: All statements of it.
    """
    false = [(n, claim) for n, claim in enumerate(claims) if claim.marked]
    spans = places(document, part, text, [claim for _, claim in false])
    wanted = {f"{part}:{n}": (c, span) for (n, c), span in zip(false, spans, strict=True) if span[0] < span[1]}
    there = {key: (first, last) for key, first, last in false_spans(document, {part})}
    for key, span in there.items():
        if key not in wanted or wanted[key][1] != span:
            _unmark(document, *span)
    for key, (claim, span) in wanted.items():
        if there.get(key) != span or _looks_false(document, span) != (claim.verdict == "false"):
            fmt = QTextCharFormat()
            fmt.setProperty(FALSE, key)
            fmt.setProperty(FALSE_TEXT, claim.text)
            false_one = claim.verdict == "false"  # else it differs from what the code printed: another line, too
            styles = QTextCharFormat.UnderlineStyle
            fmt.setUnderlineStyle(styles.WaveUnderline if false_one else styles.DashUnderline)
            fmt.setUnderlineColor(theme.color("bad" if false_one else "warn"))
            _select(document, *span).mergeCharFormat(fmt)


def false_spans(document: QTextDocument, parts: Iterable[int]) -> list[tuple[str, int, int]]:
    """The statements underlined as false in some texts of a page: key, and the positions before and behind it."""
    wanted = set(parts)
    found: list[tuple[str, int, int]] = []
    block = document.begin()
    while block.isValid() and wanted:
        if part_index(block) in wanted:
            for key, first, last in _marked(block):
                if found and found[-1][0] == key:
                    found[-1] = (key, found[-1][1], last)
                else:
                    found.append((key, first, last))
        block = block.next()
    return found


def false_key(fmt: QTextCharFormat) -> str:
    """Which false statement a character belongs to; empty for none."""
    return fmt.stringProperty(FALSE)


def _marked(block: QTextBlock) -> Iterator[tuple[str, int, int]]:
    it = block.begin()
    while not it.atEnd():
        fragment = it.fragment()
        if key := false_key(fragment.charFormat()):
            yield key, fragment.position(), fragment.position() + fragment.length()
        it += 1


def _unmark(document: QTextDocument, first: int, last: int) -> None:
    block = document.findBlock(first)
    while block.isValid() and block.position() <= last:
        for _, start, end in list(_marked(block)):
            if first <= start and end <= last:
                cursor = _select(document, start, end)
                fmt = cursor.charFormat()
                for name in (FALSE, FALSE_TEXT, QTextCharFormat.Property.TextUnderlineColor.value):
                    fmt.clearProperty(name)
                fmt.setUnderlineStyle(QTextCharFormat.UnderlineStyle.NoUnderline)
                cursor.setCharFormat(fmt)
        block = block.next()


def _looks_false(document: QTextDocument, span: tuple[int, int]) -> bool:
    """Whether what is underlined there is underlined as false."""
    fmt = _select(document, span[0], span[0] + 1).charFormat()
    return bool(fmt.underlineStyle() == QTextCharFormat.UnderlineStyle.WaveUnderline)


def _select(document: QTextDocument, first: int, last: int) -> QTextCursor:
    cursor = QTextCursor(document)
    cursor.setPosition(first)
    cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
    return cursor


def _blocks(document: QTextDocument, part: int) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        if part_index(block) == part:
            yield block
        block = block.next()


def _characters(found: Iterable[QTextBlock]) -> Iterator[tuple[str, int, int]]:
    """The characters of blocks as they were written, with the positions before and behind what shows each."""
    for block in found:
        for piece, at in sourced(block):
            first = block.position() + at
            width = 2 if len(piece) == 1 and ord(piece) > 0xFFFF else 1
            for c in compact(piece)[0]:
                yield c, first, first + width
