"""Solutions on pages: what the PDF, the print preview and the printer draw.

The document is the screen's own (:class:`tutor_app.render.document.DocumentBuilder`), laid out once in a column as wide
as the paper allows and then cut into pages by :mod:`tutor_app.render.page_breaks`. Lengths are CSS pixels (96 to the
inch), so a page looks like the screen; outlines and text stay vector on any device.
Refuses to shrink text to make it fit: only a formula wider than the column is ever scaled.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFontMetrics,
    QFontMetricsF,
    QPageSize,
    QPainter,
    QPainterPath,
    QPen,
    QPyTextObject,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from shiboken6 import delete, isValid

from tutor_app.core.parts import Answer, Part, Question, Text
from tutor_app.core.transcript import Transcript
from tutor_app.handout import steps, wording
from tutor_app.handout.options import Options
from tutor_app.render.backdrop import paint_backdrop
from tutor_app.render.cards import PROBLEM, RUN
from tutor_app.render.document import DocumentBuilder
from tutor_app.render.legible import legible, legible_transcript
from tutor_app.render.objects import ObjectPainter
from tutor_app.render.page_breaks import Page, Rows, code_blocks, cut, is_spacer
from tutor_app.render.properties import DISPLAY, EM, FIGURE, FIGURE_KEY, FORMULA, KIND, LABEL, RAW
from tutor_app.render.theme import mono_font, paper, text_font, ui_font
from tutor_app.render.typeset import Formula, FormulaCache

SIZE: Final = 15.0
"""Text size in pixels: 11.25 points."""
LARGE: Final = 24.0
"""Text size of large print: 18 points."""
PAPERS: Final = {"a4": QPageSize.PageSizeId.A4, "letter": QPageSize.PageSizeId.Letter}

_SIDE: Final = 80.0  # margins, in pixels: 21 mm
_TOP: Final = 80.0
_BOTTOM: Final = 82.0
_FIGURE: Final = 0.72  # of the column: a plot's own lettering is then a little smaller than the text
_HEADING: Final = re.compile(r"\s{0,3}#{1,6}[ \t]+(\S.*)")
_NAMES_ITSELF: Final = re.compile(r"(?i)(?:step|schritt|\u00e9tape|paso|passo|krok|stap)\s*\d")
"""A heading that numbers its step needs no other number in the bookmarks."""
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

    def __init__(self, document: QTextDocument, objects: ObjectPainter, widest: float) -> None:
        super().__init__(document)
        self._objects = objects
        self._widest = widest

    def intrinsicSize(self, doc: QTextDocument, posInDocument: int, fmt: QTextFormat) -> QSizeF:  # noqa: N803
        if fmt.objectType() == FIGURE:
            return self._objects.picture(fmt.intProperty(FIGURE_KEY)).size(self._widest)
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
            text, em = self._objects.picture(fmt.intProperty(FIGURE_KEY)).figure.alt, SIZE
        else:
            text, em = fmt.stringProperty(RAW), fmt.doubleProperty(EM)
        baseline = rect.center().y() + 0.3 * em
        if fmt.objectType() == FORMULA and not fmt.boolProperty(DISPLAY):
            # On the line's own baseline and as high as its text: whoever reads the PDF sorts words into lines by both.
            font = fmt.toCharFormat()
            on_line = font.verticalAlignment() == QTextCharFormat.VerticalAlignment.AlignBaseline
            baseline = rect.bottom() - (QFontMetrics(font.font()).descent() if on_line else 0)
        text = " ".join(text.split())
        if text:
            _hidden(painter, rect, baseline, em, text)


def _hidden(painter: QPainter, rect: QRectF, baseline: float, em: float, text: str) -> None:
    font = mono_font(10)
    natural = QFontMetricsF(font).horizontalAdvance(text)
    if natural <= 0 or rect.isEmpty():
        return
    painter.save()
    painter.translate(rect.left(), baseline)
    # Readers take two equal characters closer than a tenth of their height for one that is printed twice, as bold.
    height = min(em, rect.width() / len(text) / 0.13)
    painter.scale(rect.width() / natural, height / 10)
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

    Attributes:
        column: Width of the text, in pixels.
        room: Height for the text on a page, in pixels.
        slices: What of the document each page shows; the pages of contents come before them.
    """

    def __init__(
        self, transcripts: Sequence[Transcript], options: Options, formulas: FormulaCache | None = None
    ) -> None:
        self.options = options
        self.title = wording.heading(transcripts, options)
        self.theme = paper()
        self.size = LARGE if options.large else SIZE
        page = QPageSize(PAPERS[options.paper]).rect(QPageSize.Unit.Point)
        self.width, self.height = page.width() / 0.75, page.height() / 0.75
        self.column = self.width - 2 * _SIDE
        self.room = self.height - _TOP - _BOTTOM
        self._many = len(transcripts) > 1
        self._titles = [wording.title_of(t) for t in transcripts]
        self._anchors: list[_Anchor] = []
        self._page_starts: set[int] = set()
        self._colophon = -1  # position of how the last solution was made
        self.document = QTextDocument()
        self.document.setDocumentMargin(0)
        self.document.setUseDesignMetrics(True)
        self.document.setTextWidth(self.column)
        self._cache = formulas if formulas is not None else FormulaCache()
        self._written = 0  # parts, of all solutions: each has a number of its own
        builder = DocumentBuilder(self.document, self.theme, _Ready(self._cache), self.size, paper=True)
        layout = self.document.documentLayout()
        self._objects = _PaperObjects(
            self.document, builder.w.objects, (0.95 if options.large else _FIGURE) * self.column - _HANG * self.size
        )
        layout.registerHandler(FORMULA, self._objects)
        layout.registerHandler(FIGURE, self._objects)
        # As one edit: Qt would otherwise lay a card out anew for every line that is added to it.
        edit = QTextCursor(self.document)
        edit.beginEditBlock()
        for n, transcript in enumerate(transcripts):
            self._write(builder, n, transcript)
        edit.endEditBlock()
        self._hang_code()
        rows = Rows(self.document, self.size, self._page_starts, self._colophon).rows
        self.slices = cut(rows, self.room)
        boxes = [layout.frameBoundingRect(f) for f in self.document.rootFrame().childFrames()]
        self._edges = sorted({y for box in boxes for y in (box.top(), box.bottom())})
        # A sheet of problems needs none: it is read from the first to the last.
        self._contents = self._contents_pages(len(transcripts)) if self._many and options.solution else 0
        self.bookmarks, self.links = self._places()

    @property
    def count(self) -> int:
        """Number of pages."""
        return self._contents + len(self.slices)

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
        transcript = legible_transcript(transcript)
        w = builder.w
        sheet = not self.options.solution
        if n == 0 and (self.options.title.strip() if not self._many else sheet):
            w.paragraph(bottom=0.8, keep=True)
            w.write(legible(self.title), w.text_format(bold=True, scale=1.45))
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
        builder.problem(wording.problem_of(transcript))
        if self._many:
            self._unlabel_problem()
        if not self._many:
            self._anchors.append(_Anchor("Problem", 0, before, n))
        if hints := wording.hints_given(transcript, self.options):
            at = self.document.characterCount() - 1
            builder.hints(hints)
            self._anchors.append(_Anchor(wording.HINTS_GIVEN, level, at, n))
        chosen = steps.chosen_parts(transcript, self.options)
        found = steps.numbered_steps(chosen)
        for step in found:
            k, parts = step.number, step.parts
            at = self.document.characterCount() - 1
            has_answer = isinstance(parts[-1], Answer)
            body = parts[:-1] if has_answer else parts
            if self.options.steps and k and body:
                builder.close_run()
                w.paragraph(top=0.7, bottom=0.25, keep=True)
                w.write(f"Step {k}", w.ui_format(bold=True, scale=0.82, color="accent"))
            if body and len(found) > 1:
                self._anchors.append(_Anchor(_step_title(k, body), level, at, n))
            builder.parts(body, self._written)
            self._written += len(body)
            if has_answer:
                self._anchors.append(_Anchor("Answer", level, self.document.characterCount() - 1, n))
                builder.parts(parts[-1:], self._written, step.claims)
                self._written += 1
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
        known = wording.provenance(transcript)
        w.paragraph(top=1.4, bottom=0.15, leading=0.2, keep=True)
        self._colophon = w.cursor.block().position()
        w.write("How this was made", w.ui_format(bold=True, scale=0.7))
        w.paragraph(bottom=0.0, leading=0.2)
        text = " \u00b7 ".join(f"{name}: {value}".rstrip(".") for name, value in known)
        maker = wording.made_by(transcript)
        w.write(legible(f"{text}. {maker}" if text else maker), w.ui_format(scale=0.7))

    def _hang_code(self) -> None:
        """Give wrapped lines of code and output an indent that shows them as one line, with room for the mark."""
        self.document.documentLayout().documentSize()  # lays out
        m = QFontMetricsF(mono_font(self.size * 0.82))
        space = m.horizontalAdvance(" ")
        edit = QTextCursor(self.document)
        edit.beginEditBlock()
        for block, kind in code_blocks(self.document):
            if block.layout().lineCount() < 2:
                continue
            text = block.text()
            own = (len(text) - len(text.lstrip(" "))) * space if kind == RUN else 0.0
            hang = min(own + _HANG * self.size, 0.45 * self.column)
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
        return max(1, int((self.room - 4.2 * self.size) // (2.0 * self.size)))

    def _places(self) -> tuple[list[Bookmark], list[Link]]:
        bookmarks = [Bookmark("Contents", 0, 0, 0.0)] if self._contents else []
        layout = self.document.documentLayout()
        starts: dict[int, int] = {}
        for a in self._anchors:
            block = self._first_from(a.position)
            y = layout.blockBoundingRect(block).bottom() - 1
            page = next((k for k, p in enumerate(self.slices) if y < p.bottom), len(self.slices) - 1)
            # What lies in the gap between two pages belongs to the later one.
            top = max(0.0, layout.blockBoundingRect(block).top() - self.slices[page].top)
            bookmarks.append(Bookmark(a.title, a.level, page + self._contents, _TOP + top))
            starts.setdefault(a.solution, page + self._contents)
        self._starts = starts
        links = []
        if self._contents:
            for n in range(len(self._titles)):
                sheet, line = divmod(n, self._entries_per_page)
                y = _TOP + 4.2 * self.size + line * 2.0 * self.size
                links.append(Link(sheet, QRectF(_SIDE, y, self.column, 1.8 * self.size), starts.get(n, 0)))
        return bookmarks, links

    def _first_from(self, position: int) -> QTextBlock:
        """The first block that shows anything of what was written when the document ended at ``position``."""
        block = self.document.findBlock(position)
        if block.position() < position:
            block = block.next()
        while block.next().isValid() and is_spacer(block):
            block = block.next()
        return block

    # -- drawing ------------------------------------------------------------------------------------------------

    def draw(self, painter: QPainter, index: int) -> None:
        """Draw page ``index`` (from 0) in pixels, its origin the corner of the paper."""
        painter.save()
        if index < self._contents:
            self._draw_contents(painter, index)
        else:
            self._draw_slice(painter, self.slices[index - self._contents])
        painter.restore()
        painter.save()
        self._draw_furniture(painter, index)
        painter.restore()

    def _draw_slice(self, painter: QPainter, page: Page) -> None:
        painter.translate(_SIDE, _TOP - page.top)
        # Card by card, each with the text in it: programs that read a PDF aloud follow the order of drawing.
        edges = [page.top, *(y for y in self._edges if page.top < y < page.bottom), page.bottom]
        done = page.top
        for top, bottom in pairwise(edges):
            above = page.above if top == page.top else 0.0
            below = page.below if bottom == page.bottom else 0.0
            back = QRectF(-_SIDE, top - above, self.width, bottom - top + above + below)
            painter.save()
            painter.setClipRect(back)
            paint_backdrop(painter, self.document, self.theme, back, self.size)
            painter.restore()
            if top == page.top:
                done = self._draw_resumed(painter, page)
            text = QRectF(-_SIDE, max(top, done), self.width, bottom - max(top, done))
            if text.height() < 2:
                continue
            painter.save()
            painter.setClipRect(text)
            context = QAbstractTextDocumentLayout.PaintContext()
            # A line that only touches the clip would be drawn, too: invisible, but there for whoever copies the text.
            context.clip = text.adjusted(0, 1, 0, -1)
            self.document.documentLayout().draw(painter, context)
            painter.restore()
        for at in page.markers:
            _wrap_mark(painter, at, self.size, self.theme.color("faint"))

    def _draw_resumed(self, painter: QPainter, page: Page) -> float:
        """Draw the rest of a paragraph that began on the page before; returns where the next block begins.

        Qt would draw one line more, the last of the page before: clipped, but there for whoever copies the text.
        """
        if page.resumes is None:
            return page.top
        number, first = page.resumes
        block = self.document.findBlockByNumber(number)
        box, text = self.document.documentLayout().blockBoundingRect(block), block.layout()
        origin = box.topLeft() - text.boundingRect().topLeft()
        for n in range(first, text.lineCount()):
            line = text.lineAt(n)
            if origin.y() + line.y() + line.height() > page.bottom + 1:
                return page.bottom
            line.draw(painter, origin)
        return box.bottom()

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
            last = max((n for n, p in self._starts.items() if p <= index), default=0)
            first = min((n for n, p in self._starts.items() if p == index), default=last)
            right = f"Problem {last + 1}" if first == last else f"Problems {first + 1}\u2013{last + 1}"
            painter.drawText(QPointF(self.width - _SIDE - m.horizontalAdvance(right), head), right)
        room = self.column - (m.horizontalAdvance(right) + 24 if right else 0)
        painter.drawText(QPointF(_SIDE, head), m.elidedText(legible(self.title), Qt.TextElideMode.ElideRight, room))
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
            m.elidedText(legible(self.title), Qt.TextElideMode.ElideRight, self.column),
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
            shown = m.elidedText(legible(text), Qt.TextElideMode.ElideRight, right - left - 3 * dot)
            painter.drawText(QPointF(left, y), shown)
            left += m.horizontalAdvance(shown) + dot
            # Dots stand on a common grid, so that they line up from row to row.
            count = max(0, int((right - 2 - left) // dot))
            painter.setPen(self.theme.color("faint"))
            painter.drawText(QPointF(right - 2 - count * dot, y), " ." * count)


def _step_title(number: int, body: Sequence[Part]) -> str:
    name = f"Step {number}" if number else "Question"
    for part in body:
        if isinstance(part, Text | Question) and part.text.strip():
            heading = _HEADING.match(part.text)
            title = wording.title_of(Transcript.of(heading[1] if heading else part.text), 50)
            return title if _NAMES_ITSELF.match(title) else f"{name}: {title}"
    return name


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
