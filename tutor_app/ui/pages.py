"""Solutions on pages: what the PDF, the print preview and the printer draw.

The document is the screen's own (:class:`tutor_app.ui.document.DocumentBuilder`), laid out once in a column as wide
as the paper allows and then cut into pages *here*, because Qt's pagination knows no "keep with next", no orphans and
no cards: every gap between two lines has a price, and the cheapest sequence of cuts is found as TeX finds its lines.
Lengths are CSS pixels (96 to the inch), so a page looks like the screen; outlines and text stay vector on any device.
Refuses to shrink text to make it fit: only a formula wider than the column is ever scaled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFontMetricsF,
    QPageSize,
    QPainter,
    QPainterPath,
    QPen,
    QPyTextObject,
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrame,
    QTextTable,
)
from shiboken6 import delete, isValid

from tutor_app import handout
from tutor_app.core.transcript import Answer, Code, CodeError, Figure, Output, Part, Text, Transcript
from tutor_app.handout import Options
from tutor_app.ui.blocks import FIGURE, FIGURE_KEY, FORMULA, KEEP, KIND, LABEL, RAW, ObjectPainter
from tutor_app.ui.document import ANSWER, ERROR, OUTPUT, PROBLEM, RUN, DocumentBuilder, paint_backdrop
from tutor_app.ui.theme import mono_font, paper, text_font, ui_font
from tutor_app.ui.typeset import Formula, FormulaCache

SIZE: Final = 15.0
"""Text size in pixels: 11.25 points."""
LARGE: Final = 24.0
"""Text size of large print: 18 points."""
PAPERS: Final = {"a4": QPageSize.PageSizeId.A4, "letter": QPageSize.PageSizeId.Letter}

_SIDE: Final = 80.0  # margins, in pixels: 21 mm
_TOP: Final = 80.0
_BOTTOM: Final = 82.0
_SLACK: Final = 24.0
_PAGE_COST: Final = 40.0
_NEVER: Final = 100_000.0
_HANG: Final = 1.7  # em by which the rest of a wrapped line of code is set in


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place to jump to: page from 0, ``y`` in pixels from its top, ``level`` from 0."""

    title: str
    level: int
    page: int
    y: float


@dataclass(frozen=True, slots=True)
class Link:
    """An area of a page (pixels) that leads to the beginning of another."""

    page: int
    area: QRectF
    target: int


@dataclass(slots=True)
class _Row:
    """One line of text, or several side by side in a table: what is never cut.

    Attributes:
        price: Of a page's end after it.
        joined: Whether the row and the next lie in one card.
        marker: Where the mark of a wrapped line of code goes, or None.
    """

    top: float
    bottom: float
    block: int
    price: float = 0.0
    joined: bool = False
    starts_page: bool = False
    marker: QPointF | None = None


@dataclass(frozen=True, slots=True)
class _Page:
    """A slice of the document; ``above`` and ``below`` are how far its cards reach past it."""

    top: float
    bottom: float
    above: float = 0.0
    below: float = 0.0
    markers: tuple[QPointF, ...] = ()


@dataclass(slots=True)
class _Anchor:
    title: str
    level: int
    position: int
    solution: int


class _Ready:
    """Formulas that are made at once."""

    def __init__(self, cache: FormulaCache) -> None:
        self._cache = cache

    def get(self, source: str, display: bool) -> Formula:
        return self._cache.get_or_make(source, display)


class _PaperObjects(QPyTextObject):
    """Draws formulas and pictures as the screen does, and lays their source over them as invisible text.

    So mathematics can be searched for, selected and copied as LaTeX, and a picture by its description.
    """

    def __init__(self, document: QTextDocument, objects: ObjectPainter) -> None:
        super().__init__(document)
        self._objects = objects

    def intrinsicSize(self, doc: QTextDocument, posInDocument: int, fmt: QTextFormat) -> QSizeF:  # noqa: N803
        return self._objects.intrinsicSize(doc, posInDocument, fmt)

    def drawObject(
        self,
        painter: QPainter,
        rect: QRectF | QRect,
        doc: QTextDocument,
        posInDocument: int,  # noqa: N803
        fmt: QTextFormat,
    ) -> None:
        rect = QRectF(rect)
        self._objects.drawObject(painter, rect, doc, posInDocument, fmt)
        if fmt.objectType() == FIGURE:
            text = self._objects.picture(fmt.intProperty(FIGURE_KEY)).figure.alt
        else:
            text = fmt.stringProperty(RAW)
        text = " ".join(text.split())
        if text:
            _hidden(painter, rect, text)


def _hidden(painter: QPainter, rect: QRectF, text: str) -> None:
    font = mono_font(10)
    natural = QFontMetricsF(font).horizontalAdvance(text)
    if natural <= 0 or rect.isEmpty():
        return
    painter.save()
    height = min(rect.height(), 14.0)
    painter.translate(rect.left(), rect.center().y() + 0.3 * height)
    painter.scale(rect.width() / natural, height / 14.0)
    painter.setFont(font)
    painter.setPen(QColor(0, 0, 0, 0))
    painter.drawText(QPointF(0, 0), text)
    painter.restore()


class Pages:
    """Solutions laid out on pages.

    Args:
        transcripts: At least one.
        options: What is shown, and on what paper.
        formulas: Formulas made before, to be found again; None for a cache of its own.
    """

    def __init__(
        self, transcripts: Sequence[Transcript], options: Options, formulas: FormulaCache | None = None
    ) -> None:
        self.options = options
        self.title = handout.heading(transcripts, options)
        self.theme = paper()
        self.size = LARGE if options.large else SIZE
        page = QPageSize(PAPERS[options.paper]).rect(QPageSize.Unit.Point)
        self.width, self.height = page.width() / 0.75, page.height() / 0.75
        self._column = self.width - 2 * _SIDE
        self._room = self.height - _TOP - _BOTTOM
        self._many = len(transcripts) > 1
        self._titles = [handout.title_of(t) for t in transcripts]
        self.sources_shown: list[str] = []
        self._anchors: list[_Anchor] = []
        self._page_starts: set[int] = set()
        self.document = QTextDocument()
        self.document.setDocumentMargin(0)
        self.document.setUseDesignMetrics(True)
        self.document.setTextWidth(self._column)
        self._cache = formulas if formulas is not None else FormulaCache()
        builder = DocumentBuilder(self.document, self.theme, _Ready(self._cache), self.size)
        layout = self.document.documentLayout()
        self._objects = _PaperObjects(self.document, builder.w.objects)
        layout.registerHandler(FORMULA, self._objects)
        layout.registerHandler(FIGURE, self._objects)
        # As one edit: Qt would otherwise lay a card out anew for every line that is added to it.
        edit = QTextCursor(self.document)
        edit.beginEditBlock()
        for n, transcript in enumerate(transcripts):
            self._write(builder, n, transcript)
        edit.endEditBlock()
        self._hang_code()
        rows = _Rows(self.document, self.size, self._page_starts).rows
        self._pages = _cut(rows, self._room)
        # A sheet of problems needs none: it is read from the first to the last.
        self._contents = self._contents_pages(len(transcripts)) if self._many and options.solution else 0
        self.bookmarks, self.links = self._places()

    @property
    def count(self) -> int:
        """Number of pages."""
        return self._contents + len(self._pages)

    @property
    def closed(self) -> bool:
        """Whether the pages were thrown away."""
        return not isValid(self.document)

    def close(self) -> None:
        """Throw the document away, here and now.

        A document and its fonts belong to the thread that laid it out; Python's garbage collector, which may run in
        any, must not be the one to destroy it.
        """
        if not self.closed:
            delete(self.document)

    # -- writing ------------------------------------------------------------------------------------------------

    def _write(self, builder: DocumentBuilder, n: int, transcript: Transcript) -> None:
        transcript = _legible_transcript(transcript)
        w = builder.w
        sheet = not self.options.solution
        if n == 0 and (self.options.title.strip() if not self._many else sheet):
            w.paragraph(bottom=0.8, keep=True)
            w.write(_legible(self.title), w.text_format(bold=True, scale=1.45))
        before = self.document.characterCount() - 1
        if self._many:
            builder.close_run()
            w.paragraph(top=1.2 if n and sheet else 0.0, bottom=0.4, keep=True)
            w.write(f"Problem {n + 1}", w.text_format(bold=True, scale=1.3))
            if not sheet:
                self._page_starts.add(w.cursor.block().position())
        level = 1 if self._many else 0
        if self._many:
            self._anchors.append(_Anchor(f"{n + 1}. {self._titles[n]}", 0, before, n))
        builder.problem(transcript.problem)
        if self._many:
            self._unlabel_problem()
        if not self._many:
            self._anchors.append(_Anchor("Problem", 0, before, n))
        found = handout.steps(handout.parts(transcript, self.options))
        for k, step in enumerate(found, 1):
            at = self.document.characterCount() - 1
            has_answer = isinstance(step[-1], Answer)
            body = step[:-1] if has_answer else step
            if self.options.steps and body:
                builder.close_run()
                w.paragraph(top=0.7, bottom=0.25, keep=True)
                w.write(f"Step {k}", w.ui_format(bold=True, scale=0.82, color="accent"))
            if body and len(found) > 1:
                self._anchors.append(_Anchor(_step_title(k, body), level, at, n))
            builder.parts(body)
            if has_answer:
                self._anchors.append(_Anchor("Answer", level, self.document.characterCount() - 1, n))
                builder.parts(step[-1:])
        if self.options.solution and self.options.made:
            self._write_provenance(builder, transcript)

    def _unlabel_problem(self) -> None:
        """The heading has said already that it is a problem."""
        frames = [f for f in self.document.rootFrame().childFrames() if f.frameFormat().intProperty(KIND) == PROBLEM]
        if frames:
            outer = frames[-1].frameFormat()
            outer.setProperty(LABEL, "")
            frames[-1].setFrameFormat(outer)
            for inner in frames[-1].childFrames():
                f = inner.frameFormat()
                f.setTopMargin(0.3 * self.size)
                inner.setFrameFormat(f)

    def _write_provenance(self, builder: DocumentBuilder, transcript: Transcript) -> None:
        w = builder.w
        builder.close_run()
        known = handout.provenance(transcript)
        w.paragraph(top=1.4, bottom=0.15, leading=0.2, keep=True)
        w.write("How this was made", w.ui_format(bold=True, scale=0.7))
        w.paragraph(bottom=0.0, leading=0.2)
        text = " \u00b7 ".join(f"{name}: {value}".rstrip(".") for name, value in known)
        maker = handout.made_by(transcript)
        w.write(_legible(f"{text}. {maker}" if text else maker), w.ui_format(scale=0.7))

    def _hang_code(self) -> None:
        """Give wrapped lines of code and output an indent that shows them as one line, with room for the mark."""
        self.document.documentLayout().documentSize()  # lays out
        m = QFontMetricsF(mono_font(self.size * 0.82))
        space = m.horizontalAdvance(" ")
        edit = QTextCursor(self.document)
        edit.beginEditBlock()
        for block, kind in _code_blocks(self.document):
            if block.layout().lineCount() < 2:
                continue
            text = block.text()
            own = (len(text) - len(text.lstrip(" "))) * space if kind == RUN else 0.0
            hang = min(own + _HANG * self.size, 0.45 * self._column)
            cursor = QTextCursor(block)
            f = cursor.blockFormat()
            f.setLeftMargin(f.leftMargin() + hang)
            f.setTextIndent(-hang)
            cursor.setBlockFormat(f)
        edit.endEditBlock()

    # -- places -------------------------------------------------------------------------------------------------

    def _contents_pages(self, entries: int) -> int:
        return max(1, -(-entries // self._entries_per_page))

    @property
    def _entries_per_page(self) -> int:
        return max(1, int((self._room - 4.2 * self.size) // (2.0 * self.size)))

    def _places(self) -> tuple[list[Bookmark], list[Link]]:
        bookmarks = [Bookmark("Contents", 0, 0, 0.0)] if self._contents else []
        layout = self.document.documentLayout()
        starts: dict[int, int] = {}
        for a in self._anchors:
            block = self._first_from(a.position)
            y = layout.blockBoundingRect(block).bottom() - 1
            page = next((k for k, p in enumerate(self._pages) if y < p.bottom), len(self._pages) - 1)
            # What lies in the gap between two pages belongs to the later one.
            top = max(0.0, layout.blockBoundingRect(block).top() - self._pages[page].top)
            bookmarks.append(Bookmark(a.title, a.level, page + self._contents, _TOP + top))
            starts.setdefault(a.solution, page + self._contents)
        self._starts = starts
        links = []
        if self._contents:
            for n in range(len(self._titles)):
                sheet, line = divmod(n, self._entries_per_page)
                y = _TOP + 4.2 * self.size + line * 2.0 * self.size
                links.append(Link(sheet, QRectF(_SIDE, y, self._column, 1.8 * self.size), starts.get(n, 0)))
        return bookmarks, links

    def _first_from(self, position: int) -> QTextBlock:
        """The first block that shows anything of what was written when the document ended at ``position``."""
        block = self.document.findBlock(position)
        if block.position() < position:
            block = block.next()
        while block.next().isValid() and _is_spacer(block):
            block = block.next()
        return block

    # -- drawing ------------------------------------------------------------------------------------------------

    def draw(self, painter: QPainter, index: int) -> None:
        """Draw page ``index`` (from 0) in pixels, its origin the corner of the paper."""
        painter.save()
        if index < self._contents:
            self._draw_contents(painter, index)
        else:
            self._draw_slice(painter, self._pages[index - self._contents])
        painter.restore()
        painter.save()
        self._draw_furniture(painter, index)
        painter.restore()

    def _draw_slice(self, painter: QPainter, page: _Page) -> None:
        painter.translate(_SIDE, _TOP - page.top)
        back = QRectF(-_SIDE, page.top - page.above, self.width, page.bottom - page.top + page.above + page.below)
        painter.save()
        painter.setClipRect(back)
        paint_backdrop(painter, self.document, self.theme, back, self.size)
        painter.restore()
        text = QRectF(-_SIDE, page.top, self.width, page.bottom - page.top)
        painter.save()
        painter.setClipRect(text)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.clip = text
        self.document.documentLayout().draw(painter, context)
        painter.restore()
        for at in page.markers:
            _wrap_mark(painter, at, self.size, self.theme.color("faint"))

    def _draw_furniture(self, painter: QPainter, index: int) -> None:
        painter.setFont(ui_font(self.size * 0.66))
        m = QFontMetricsF(painter.font())
        painter.setPen(self.theme.color("muted"))
        foot = self.height - _BOTTOM * 0.5
        number = f"{index + 1} / {self.count}"
        painter.drawText(QPointF((self.width - m.horizontalAdvance(number)) / 2, foot), number)
        if index < max(1, self._contents):
            return
        head = _TOP * 0.58
        right = ""
        if self._many:
            solution = max((n for n, p in self._starts.items() if p <= index), default=0)
            right = f"Problem {solution + 1}"
            painter.drawText(QPointF(self.width - _SIDE - m.horizontalAdvance(right), head), right)
        room = self._column - (m.horizontalAdvance(right) + 24 if right else 0)
        painter.drawText(QPointF(_SIDE, head), m.elidedText(_legible(self.title), Qt.TextElideMode.ElideRight, room))
        painter.setPen(QPen(self.theme.color("line"), 0.75))
        painter.drawLine(QPointF(_SIDE, head + 6), QPointF(self.width - _SIDE, head + 6))

    def _draw_contents(self, painter: QPainter, sheet: int) -> None:
        size = self.size
        title = text_font(size * 1.6)
        title.setBold(True)
        painter.setFont(title)
        painter.setPen(self.theme.color("ink"))
        m = QFontMetricsF(title)
        painter.drawText(
            QPointF(_SIDE, _TOP + m.ascent()),
            m.elidedText(_legible(self.title), Qt.TextElideMode.ElideRight, self._column),
        )
        painter.setFont(text_font(size))
        m = QFontMetricsF(painter.font())
        dot = m.horizontalAdvance(" .")
        first = sheet * self._entries_per_page
        for line, text in enumerate(self._titles[first : first + self._entries_per_page]):
            y = _TOP + 4.2 * size + line * 2.0 * size + m.ascent()
            number, page = f"{first + line + 1}.", str(self._starts.get(first + line, 0) + 1)
            painter.setPen(self.theme.color("ink"))
            painter.drawText(QPointF(_SIDE, y), number)
            right = self.width - _SIDE - m.horizontalAdvance(page)
            painter.drawText(QPointF(right, y), page)
            left = _SIDE + 2.2 * size
            shown = m.elidedText(_legible(text), Qt.TextElideMode.ElideRight, right - left - 3 * dot)
            painter.drawText(QPointF(left, y), shown)
            left += m.horizontalAdvance(shown) + dot
            # Dots stand on a common grid, so that they line up from row to row.
            count = max(0, int((right - 2 - left) // dot))
            painter.setPen(self.theme.color("faint"))
            painter.drawText(QPointF(right - 2 - count * dot, y), " ." * count)


def _step_title(number: int, body: Sequence[Part]) -> str:
    for part in body:
        if isinstance(part, Text) and part.text.strip():
            return f"Step {number}: {handout.title_of(Transcript.of(part.text), 50)}"
    return f"Step {number}"


# -- rows and their prices --------------------------------------------------------------------------------------


def _code_blocks(document: QTextDocument) -> list[tuple[QTextBlock, int]]:
    found = []
    block = document.begin()
    while block.isValid():
        _, section, _ = _place(document, block)
        if section in (RUN, OUTPUT, ERROR):
            found.append((block, section))
        block = block.next()
    return found


def _is_spacer(block: QTextBlock) -> bool:
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


class _Rows:
    """The rows of a laid-out document, each with the price of ending a page after it."""

    def __init__(self, document: QTextDocument, size: float, page_starts: set[int]) -> None:
        self.rows: list[_Row] = []
        self._kinds: list[tuple[int, int, int]] = []  # card's position, section, table's position; 0 for none
        self._lines: list[tuple[int, int]] = []  # line of its block, lines of the block
        self._blocks: list[QTextBlock] = []
        layout = document.documentLayout()
        layout.documentSize()
        block = document.begin()
        cards: dict[int, QTextFrame] = {}
        sections: dict[tuple[int, int], float] = {}
        while block.isValid():
            box = layout.blockBoundingRect(block)
            if not _is_spacer(block):
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
                self._add(block, box, key, block.position() in page_starts, size)
            block = block.next()
        self._reach(layout, cards, sections)
        for i in range(len(self.rows) - 1):
            self.rows[i].price = self._price(i)
            self.rows[i].joined = bool(self._kinds[i][0]) and self._kinds[i][0] == self._kinds[i + 1][0]

    def _add(self, block: QTextBlock, box: QRectF, key: tuple[int, int, int], starts_page: bool, size: float) -> None:
        text = block.layout()
        inner = text.boundingRect()
        count = text.lineCount()
        for n in range(count):
            line = text.lineAt(n)
            top = box.top() + line.y() - inner.top()
            bottom = top + line.height()
            if self.rows and top < self.rows[-1].bottom - 0.5 and key[2] and key == self._kinds[-1]:
                self.rows[-1].bottom = max(self.rows[-1].bottom, bottom)  # another cell of the same table row
                self.rows[-1].top = min(self.rows[-1].top, top)
                continue
            marker = None
            if n and key[1] in (RUN, OUTPUT, ERROR):
                marker = QPointF(box.left() - inner.left() + line.x() - 0.95 * size, top + 0.5 * line.ascent())
            self.rows.append(_Row(top, bottom, block.blockNumber(), 0.0, False, starts_page and n == 0, marker))
            self._kinds.append(key)
            self._lines.append((n, count))
            self._blocks.append(block)

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

    def _price(self, i: int) -> float:
        """What it costs to end a page between rows ``i`` and ``i + 1``; 1000 is an empty page."""
        (card, section, table), (next_card, next_section, next_table) = self._kinds[i], self._kinds[i + 1]
        line, count = self._lines[i]
        block, following = self._blocks[i], self._blocks[i + 1]
        if block.blockFormat().boolProperty(KEEP):
            return _NEVER
        if table and table == next_table:
            first = i == 0 or self._kinds[i - 1][2] != table
            last = i + 2 >= len(self.rows) or self._kinds[i + 2][2] != table
            return 2000.0 if first or last else 100.0
        if card and card == next_card:
            if section == ANSWER_SECTION:
                return 5000.0
            if section == PROBLEM_SECTION:
                return 300.0 if self._apart(i, 2) else 900.0
            if section != next_section:
                return 150.0 if self._apart(i, 2) else 500.0
            if line + 1 < count:
                return 600.0  # inside a wrapped line of code
            price = 60.0 if self._apart(i, 2) else 900.0
            return price / 3 if not block.text().strip() and price < 900 else price
        if block == following and line + 1 < count:
            return 25.0 if self._apart(i, 2) else 400.0
        if next_card and not card and block.text().rstrip().endswith(":"):
            return 250.0
        if "\ufffc" in following.text() and following.blockFormat().alignment() & Qt.AlignmentFlag.AlignHCenter:
            return 80.0  # a display formula belongs to the words before it
        return 0.0

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


ANSWER_SECTION: Final = ANSWER
PROBLEM_SECTION: Final = PROBLEM


def _cut(rows: Sequence[_Row], room: float) -> list[_Page]:
    """The cheapest cutting of ``rows`` into pages ``room`` high."""
    if not rows:
        return [_Page(0.0, 0.0)]
    n = len(rows)
    best = [0.0] * (n + 1)
    ends = [n] * (n + 1)
    for i in range(n - 1, -1, -1):
        best[i] = float("inf")
        for j in range(i + 1, n + 1):
            used = rows[j - 1].bottom - rows[i].top
            forced = j == n or rows[j].starts_page
            # The last page may be a little fuller: better than one with nothing but its last two lines.
            if used > room + (_SLACK if forced else 0.0) and j > i + 1:
                break
            empty = max(0.0, 1.0 - used / room)
            cost = best[j] + _PAGE_COST + (0.0 if forced else 1000.0 * empty**2 + rows[j - 1].price)
            if cost < best[i]:
                best[i], ends[i] = cost, j
            if forced:
                break
    pages: list[_Page] = []
    i = 0
    while i < n:
        j = ends[i]
        top, bottom = rows[i].top, rows[j - 1].bottom
        above = min(5.0, (top - rows[i - 1].bottom) / 2 + 4) if i and rows[i - 1].joined else 0.5
        below = 5.0 if j < n and rows[j - 1].joined else 0.5
        markers = tuple(r.marker for r in rows[i:j] if r.marker is not None)
        while bottom - top > room + _SLACK + 0.5:  # one row higher than a page: nothing is lost, it goes on overleaf
            pages.append(_Page(top, top + room, above, 0.0, tuple(m for m in markers if m.y() < top + room)))
            top, above = top + room, 0.0
        pages.append(_Page(top, bottom, above, below, tuple(m for m in markers if m.y() >= top)))
        i = j
    return pages


def _wrap_mark(painter: QPainter, at: QPointF, size: float, color: QColor) -> None:
    """A small hooked arrow, drawn so that it is no part of text that is copied."""
    k = size * 0.045
    path = QPainterPath(QPointF(0, -4 * k))
    path.lineTo(0, 2 * k)
    path.lineTo(9 * k, 2 * k)
    path.moveTo(6 * k, -1 * k)
    path.lineTo(9 * k, 2 * k)
    path.lineTo(6 * k, 5 * k)
    painter.save()
    painter.translate(at)
    painter.setPen(QPen(color, 1.2 * k, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.restore()


# -- characters no font has -------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _drawable(char: str) -> bool:
    return QFontMetricsF(text_font(15)).inFontUcs4(ord(char))


def _legible(text: str) -> str:
    """The text with every character that no font on this computer has as its code, ``<U+4E2D>``.

    An empty box on paper tells nobody what stood there.
    """
    if text.isascii():
        return text
    return "".join(c if ord(c) < 0x300 or _invisible(c) or _drawable(c) else _code_of(c) for c in text)


def _code_of(char: str) -> str:
    code = ord(char)
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else f"<U+{code:04X}>"


def _invisible(char: str) -> bool:
    code = ord(char)
    return code in (0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF) or 0xFE00 <= code <= 0xFE0F or char.isspace()


def _legible_transcript(transcript: Transcript) -> Transcript:
    turns = transcript.turns
    problem = _legible(transcript.problem)
    solution = tuple(_legible_part(p) for p in transcript.solution)
    if problem == transcript.problem and solution == transcript.solution and len(turns) <= 2:
        return transcript
    return Transcript.of(problem, *solution, meta=transcript.meta)


def _legible_part(part: Part) -> Part:
    match part:
        case Text(text):
            return Text(_legible(text))
        case Code(source):
            return Code(_legible(source))
        case Output():
            e = part.error
            error = None if e is None else CodeError(e.type, _legible(e.message), e.line, _legible(e.traceback), e.hint)
            return Output(
                _legible(part.stdout),
                _legible(part.value),
                part.value_latex,
                part.status,
                error,
                part.seconds,
                part.truncated,
                part.feedback,
            )
        case Figure() | Answer():
            return part
