"""Breaks a document into pages: it becomes rows, every gap between two has a price, the cheapest cuts win.

Qt's own pagination knows no "keep with next", no orphans and no cards. The whole document is cut at once, as TeX
breaks a paragraph, so a page may end a little early to spare a worse end later. It draws nothing and moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextFrame,
    QTextTable,
)

from tutor_app.render.cards import ANSWER, ERROR, OUTPUT, PROBLEM, RUN
from tutor_app.render.properties import FIGURE, KEEP, KIND

SLACK: Final = 24.0
"""Pixels by which the last page may be fuller than the others."""
_PAGE_COST: Final = 40.0
_NEVER: Final = 100_000.0


@dataclass(slots=True)
class Row:
    """One line of text, or several side by side in a table: what is never cut.

    Attributes:
        price: Of a page's end after it.
        joined: Whether the row and the next lie in one card, and in the same part of it.
        block: Number of the block it is a line of.
        line: Which line of the block.
        marker: Where the mark of a wrapped line of code goes, or None.
    """

    top: float
    bottom: float
    block: int
    line: int
    price: float = 0.0
    joined: bool = False
    starts_page: bool = False
    marker: QPointF | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of the document.

    Attributes:
        above: How far its cards reach past its top.
        below: How far they reach past its bottom.
        markers: Where the marks of wrapped lines of code go.
        resumes: Block, by number, and line that it begins with, if the lines before are on the page before.
    """

    top: float
    bottom: float
    above: float = 0.0
    below: float = 0.0
    markers: tuple[QPointF, ...] = ()
    resumes: tuple[int, int] | None = None


def code_blocks(document: QTextDocument) -> list[tuple[QTextBlock, int]]:
    """The lines of code and output, each with what it is: :data:`RUN`, :data:`OUTPUT` or :data:`ERROR`."""
    found = []
    block = document.begin()
    while block.isValid():
        _, section, _ = _place(document, block)
        if section in (RUN, OUTPUT, ERROR):
            found.append((block, section))
        block = block.next()
    return found


def _is_bold(block: QTextBlock) -> bool:
    """Whether all of its text is bold, as a title that is no heading."""
    place, found = block.begin(), False
    while not place.atEnd():
        fragment = place.fragment()
        if fragment.text().strip():
            found = True
            if fragment.charFormat().fontWeight() < QFont.Weight.DemiBold:
                return False
        place += 1
    return found


def is_spacer(block: QTextBlock) -> bool:
    """Whether it is one of the blocks that Qt wants between frames; the builder makes them one pixel high."""
    fixed = block.blockFormat().lineHeightType() == QTextBlockFormat.LineHeightTypes.FixedHeight.value
    return fixed and not block.text()


def _place(document: QTextDocument, block: QTextBlock) -> tuple[QTextFrame | None, int, QTextTable | None]:
    """The card a block lies in, what part of the card (RUN is code), and the table it lies in."""
    root = document.rootFrame()
    frame: QTextFrame | None = QTextCursor(block).currentFrame()
    card: QTextFrame | None = None
    section, table = 0, None
    while frame is not None and frame != root:
        if isinstance(frame, QTextTable):
            table = frame
        kind = frame.frameFormat().intProperty(KIND)
        if kind and not section:
            section = kind
        if kind:
            card = frame
        frame = frame.parentFrame()
    return card, section, table


class Rows:
    """The rows of a laid-out document, each with the price of ending a page after it.

    Args:
        document: As wide as the column.
        size: Text size that it was built with.
        page_starts: Positions of blocks that begin a page.
        colophon: Position of the small print at the end, which is not left alone on a page.
    """

    def __init__(self, document: QTextDocument, size: float, page_starts: set[int], colophon: int = -1) -> None:
        self._colophon = colophon
        self.rows: list[Row] = []
        self._kinds: list[tuple[int, int, int]] = []  # card's position, section, table's position; 0 for none
        self._table_rows: list[int] = []  # number in its table, -1 for what is in none
        self._lines: list[tuple[int, int]] = []  # line of its block, lines of the block
        self._blocks: list[QTextBlock] = []
        layout = document.documentLayout()
        layout.documentSize()
        block = document.begin()
        cards: dict[int, QTextFrame] = {}
        sections: dict[tuple[int, int], float] = {}
        edges: dict[int, float] = {}  # by the table's position, from its text to the line around it
        while block.isValid():
            box = layout.blockBoundingRect(block)
            if not is_spacer(block):
                card, section, table = _place(document, block)
                at = card.firstPosition() if card is not None else 0
                if card is not None:
                    cards[at] = card
                    if section in (OUTPUT, ERROR) and (at, section) not in sections:
                        frame = QTextCursor(block).currentFrame()
                        while frame.frameFormat().intProperty(KIND) not in (OUTPUT, ERROR):
                            frame = frame.parentFrame()
                        area = layout.frameBoundingRect(frame)
                        sections[at, section] = area.top() + frame.frameFormat().topMargin() - 0.45 * size
                key = (at, section, table.firstPosition() if table is not None else 0)
                table_row = -1
                if table is not None:
                    table_row = table.cellAt(block.position()).row()
                    edges[key[2]] = table.format().cellPadding() + table.format().border()
                self._add(block, box, key, table_row, block.position() in page_starts, size)
            block = block.next()
        self._reach(layout, cards, sections)
        self._reach_edges(edges)
        for i in range(len(self.rows) - 1):
            self.rows[i].price = self._price(i)
            self.rows[i].joined = bool(self._kinds[i][0]) and self._kinds[i][:2] == self._kinds[i + 1][:2]

    def _add(
        self,
        block: QTextBlock,
        box: QRectF,
        key: tuple[int, int, int],
        table_row: int,
        starts_page: bool,
        size: float,
    ) -> None:
        text = block.layout()
        inner = text.boundingRect()
        count = text.lineCount()
        for n in range(count):
            line = text.lineAt(n)
            top = box.top() + line.y() - inner.top()
            bottom = top + line.height()
            at = self._place_in_table(top, bottom, key, table_row) if key[2] else len(self.rows)
            if at < 0:
                continue
            marker = None
            if n and key[1] in (RUN, OUTPUT, ERROR):
                marker = QPointF(box.left() - inner.left() + line.x() - 0.95 * size, top + 0.5 * line.ascent())
            row = Row(top, bottom, block.blockNumber(), n, starts_page=starts_page and n == 0, marker=marker)
            self.rows.insert(at, row)
            self._kinds.insert(at, key)
            self._table_rows.insert(at, table_row)
            self._lines.insert(at, (n, count))
            self._blocks.insert(at, block)

    def _place_in_table(self, top: float, bottom: float, key: tuple[int, int, int], table_row: int) -> int:
        """Where a line goes among those of its table row; -1 if it stands beside some, which it then joins.

        Lines of a cell need not end where those of the cell beside it do: all that overlap are one row, never cut.
        """
        first = len(self.rows)
        while first and self._kinds[first - 1] == key and self._table_rows[first - 1] == table_row:
            first -= 1
        beside = [
            i
            for i in range(first, len(self.rows))
            if top < self.rows[i].bottom - 0.5 and bottom > self.rows[i].top + 0.5
        ]
        if not beside:
            return next((i for i in range(first, len(self.rows)) if self.rows[i].top >= bottom - 0.5), len(self.rows))
        kept = self.rows[beside[0]]
        kept.top = min(top, kept.top)
        kept.bottom = max(bottom, *(self.rows[i].bottom for i in beside))
        for i in reversed(beside[1:]):
            for parallel in (self.rows, self._kinds, self._table_rows, self._lines, self._blocks):
                del parallel[i]
        return -1

    def _reach(
        self,
        layout: QAbstractTextDocumentLayout,
        cards: dict[int, QTextFrame],
        sections: dict[tuple[int, int], float],
    ) -> None:
        """Let a card's first and last rows reach to its edges, and an output's first row to the line above it."""
        for at, card in cards.items():
            f = card.frameFormat()
            box = layout.frameBoundingRect(card).adjusted(0, f.topMargin(), 0, -f.bottomMargin())
            inside = [i for i, k in enumerate(self._kinds) if k[0] == at]
            self.rows[inside[0]].top = min(self.rows[inside[0]].top, box.top())
            self.rows[inside[-1]].bottom = max(self.rows[inside[-1]].bottom, box.bottom())
            for section in (OUTPUT, ERROR):
                first = next((i for i in inside if self._kinds[i][1] == section), None)
                if first is not None and (at, section) in sections:
                    self.rows[first].top = min(self.rows[first].top, sections[at, section])

    def _reach_edges(self, edges: dict[int, float]) -> None:
        """Let what stands first and last in a row of a table reach to the lines around that row."""
        rows = [(kind[2], number) for kind, number in zip(self._kinds, self._table_rows, strict=True)]
        for i, (table, number) in enumerate(rows):
            if table and (i == 0 or rows[i - 1] != (table, number)):
                self.rows[i].top -= edges[table]
                if i and rows[i - 1][0] != table:  # Qt wants a block before a table, which may reach into it
                    before = self.rows[i - 1]
                    before.bottom = max(before.top, min(before.bottom, self.rows[i].top))
            if table and (i + 1 == len(rows) or rows[i + 1] != (table, number)):
                self.rows[i].bottom += edges[table] + 1.0  # the line itself

    def _price(self, i: int) -> float:
        """What it costs to end a page between rows ``i`` and ``i + 1``; 1000 is an empty page."""
        (card, section, table), (next_card, next_section, next_table) = self._kinds[i], self._kinds[i + 1]
        line, count = self._lines[i]
        block, following = self._blocks[i], self._blocks[i + 1]
        if block.blockFormat().boolProperty(KEEP):
            return _NEVER
        if table and table == next_table:
            if self._table_rows[i] == self._table_rows[i + 1]:
                return 900.0  # inside a row of the table
            first = i == 0 or self._kinds[i - 1][2] != table
            last = i + 2 >= len(self.rows) or self._kinds[i + 2][2] != table
            return 2000.0 if first or last else 100.0
        if not table and self._leads_to_table(i):
            if not block.text():  # the one that Qt wants before a table
                return _NEVER
            return _NEVER if _is_bold(block) else 250.0 if block.text().rstrip().endswith(":") else 80.0
        if following.position() == self._colophon:
            return 250.0  # small print alone on a page
        if card and card == next_card and (self._is_figure(i) or self._is_figure(i + 1)):
            return 20.0 if section == next_section else 150.0
        if card and card == next_card:
            if section == ANSWER:
                return 5000.0
            if section == PROBLEM:
                return 300.0 if self._apart(i, 2) else 900.0
            if section != next_section:
                return 150.0 if self._apart(i, 2) else 500.0
            if line + 1 < count:
                return 600.0  # inside a wrapped line of code
            price = 60.0 if self._apart(i, 2) else 900.0
            return price / 3 if not block.text().strip() and price < 900 else price
        if block == following and line + 1 < count:
            return 25.0 if self._apart(i, 2) else 400.0
        if section == PROBLEM:
            return 400.0  # a problem or question belongs to what is said to it
        if next_card and not card and block.text().rstrip().endswith(":"):
            return 250.0
        if next_section == ANSWER:
            return 120.0  # at least the sentence that leads to it goes along
        if "\ufffc" in following.text() and following.blockFormat().alignment() & Qt.AlignmentFlag.AlignHCenter:
            return 80.0  # a display formula belongs to the words before it
        return 0.0

    def _leads_to_table(self, i: int) -> bool:
        """Whether a table follows row ``i``, perhaps after the empty block that Qt wants before it."""
        return any(
            self._kinds[k][2] and (k == i + 1 or not self._blocks[k - 1].text())
            for k in range(i + 1, min(i + 3, len(self.rows)))
        )

    def _is_figure(self, i: int) -> bool:
        start = self._blocks[i].begin()
        return not start.atEnd() and start.fragment().charFormat().objectType() == FIGURE

    def _apart(self, i: int, least: int) -> bool:
        """Whether at least ``least`` rows of the same kind stand on both sides of the gap after row ``i``."""

        def same(a: int, b: int) -> bool:
            if not (0 <= a < len(self.rows) and 0 <= b < len(self.rows)):
                return False
            if self._kinds[a] != self._kinds[b]:
                return False
            return bool(self._kinds[a][0]) or self._blocks[a] == self._blocks[b]

        before = all(same(i - k, i) for k in range(1, least))
        after = all(same(i + 1 + k, i + 1) for k in range(1, least))
        return before and after


def cut(rows: Sequence[Row], room: float) -> list[Page]:
    """The cheapest cutting of ``rows`` into pages ``room`` high."""
    if not rows:
        return [Page(0.0, 0.0)]
    n = len(rows)
    best = [0.0] * (n + 1)
    ends = [n] * (n + 1)
    for i in range(n - 1, -1, -1):
        best[i] = float("inf")
        for j in range(i + 1, n + 1):
            used = rows[j - 1].bottom - rows[i].top
            forced = j == n or rows[j].starts_page
            # The last page may be a little fuller: better than one with nothing but its last two lines.
            if used > room + (SLACK if forced else 0.0) and j > i + 1:
                break
            empty = max(0.0, 1.0 - used / room)
            cost = best[j] + _PAGE_COST + (0.0 if forced else 1000.0 * empty**2 + rows[j - 1].price)
            if cost < best[i]:
                best[i], ends[i] = cost, j
            if forced:
                break
    pages: list[Page] = []
    i = 0
    while i < n:
        j = ends[i]
        top, bottom = rows[i].top, rows[j - 1].bottom
        above = min(5.0, (top - rows[i - 1].bottom) / 2 + 4) if i and rows[i - 1].joined else 0.5
        below = 5.0 if j < n and rows[j - 1].joined else 0.5
        markers = tuple(r.marker for r in rows[i:j] if r.marker is not None)
        resumes = (rows[i].block, rows[i].line) if rows[i].line else None
        while bottom - top > room + SLACK + 0.5:  # one row higher than a page: nothing is lost, it goes on overleaf
            pages.append(Page(top, top + room, above, 0.0, tuple(m for m in markers if m.y() < top + room)))
            top, above, resumes = top + room, 0.0, None
        pages.append(Page(top, bottom, above, below, tuple(m for m in markers if m.y() >= top), resumes))
        i = j
    return pages
