"""Solutions as a PDF: the pages of :mod:`tutor_app.render.pages`, vector text and mathematics, fonts embedded.

Every formula carries its LaTeX as invisible text, so it can be searched and copied; the transcripts themselves are
attached, so the PDF can be turned back into solutions. Qt's writer knows neither bookmarks nor links inside a
document; a last pass with pypdf adds them, the language and the wish to show the title. Needs a ``QGuiApplication``
(a window is not needed); any thread may write, one document each. Writes no file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

from tutor_app import __version__
from tutor_app.core.errors import HostFault
from tutor_app.core.parts import Figure
from tutor_app.core.transcript import Transcript
from tutor_app.handout.options import Options
from tutor_app.render.figures import Picture
from tutor_app.render.pages import PAPERS, Pages
from tutor_app.render.typeset import FormulaCache

if TYPE_CHECKING:
    from pypdf import PdfWriter
    from pypdf.generic import IndirectObject

RESOLUTION = 1200
ATTACHMENT = "solutions.jsonl"
"""Name of the attached file: one transcript a line."""


def to_pdf(transcripts: Sequence[Transcript], options: Options, formulas: FormulaCache | None = None) -> bytes:
    """The solutions as one PDF; several begin with a page of contents.

    Raises:
        HostFault: If Qt cannot write it.
    """
    pages = Pages(transcripts, options, formulas)
    attached = "\n".join(t.to_json() for t in transcripts) if options.solution and options.answer else ""
    try:
        return _with_places(_written(pages, attached), pages)
    finally:
        pages.close()


def picture_to_pdf(figure: Figure) -> bytes:
    """A figure alone as a PDF of its own size, from its outlines; empty if it has none."""
    renderer = Picture(figure).vector()
    if renderer is None or figure.width <= 0 or figure.height <= 0:
        return b""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    points = QSizeF(figure.width, figure.height) * 0.72  # drawn with 100 pixels to the inch
    sheet = QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch)
    writer.setPageLayout(QPageLayout(sheet, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    writer.setResolution(RESOLUTION)
    painter = QPainter()
    if not painter.begin(writer):
        return b""
    try:
        renderer.render(painter, QRectF(0, 0, writer.width(), writer.height()))
    finally:
        painter.end()
    return bytes(buffer.data().data())


def _written(pages: Pages, attached: str) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageLayout(
        QPageLayout(QPageSize(PAPERS[pages.options.paper]), QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0))
    )
    writer.setResolution(RESOLUTION)
    writer.setTitle(pages.title)
    writer.setCreator(f"MuMath Tutor {__version__}")
    if attached:
        data = attached.encode("utf-8", "replace")
        writer.addFileAttachment(ATTACHMENT, QByteArray(data), "application/jsonl")
    painter = QPainter()
    if not painter.begin(writer):
        raise HostFault("The PDF cannot be written.", "Try again; if it stays so, export to HTML instead.")
    try:
        scale = RESOLUTION / 96
        for index in range(pages.count):
            if index:
                writer.newPage()
            painter.save()
            painter.scale(scale, scale)
            pages.draw(painter, index)
            painter.restore()
    finally:
        painter.end()
    return bytes(buffer.data().data())


def _with_places(data: bytes, pages: Pages) -> bytes:
    """The PDF with bookmarks, links from its contents, and its language."""
    from pypdf import PdfWriter
    from pypdf.annotations import Link
    from pypdf.generic import BooleanObject, DictionaryObject, Fit, NameObject, RectangleObject, TextStringObject

    writer = PdfWriter(clone_from=io.BytesIO(data))
    writer.pdf_header = "%PDF-1.7"
    parents: list[IndirectObject] = []
    for b in pages.bookmarks:
        del parents[b.level :]
        parent = parents[-1] if parents else None
        fit = Fit.xyz(left=0, top=(pages.height - max(0.0, b.y - 24)) * 0.75)
        parents.append(writer.add_outline_item(title=b.title, page_number=b.page, parent=parent, fit=fit))
    for link in pages.links:
        a = link.area
        height = pages.height
        box = RectangleObject(
            (a.left() * 0.75, (height - a.bottom()) * 0.75, a.right() * 0.75, (height - a.top()) * 0.75)
        )
        note = Link(rect=box, target_page_index=link.target)
        writer.add_annotation(link.page, note)
    _mend_spaces(writer)
    root = writer.root_object
    root[NameObject("/Lang")] = TextStringObject("en")
    root[NameObject("/ViewerPreferences")] = DictionaryObject({NameObject("/DisplayDocTitle"): BooleanObject(True)})
    if len(pages.bookmarks) > 1:
        root[NameObject("/PageMode")] = NameObject("/UseOutlines")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _mend_spaces(writer: PdfWriter) -> None:
    """Let spaces be spaces to whoever searches or copies.

    Fonts draw a tab with the glyph of the space, and Qt's table from glyphs to characters names the lower of the two:
    copied code would be full of tabs.
    """
    seen: set[int] = set()
    for page in writer.pages:
        fonts = page["/Resources"].get_object().get("/Font", {})  # type: ignore[union-attr]
        for reference in fonts.get_object().values():
            font = reference.get_object()
            if id(font) in seen or "/ToUnicode" not in font:
                continue
            seen.add(id(font))
            table = font["/ToUnicode"].get_object()
            data = table.get_data()
            # Only where characters stand, in a list or after a range: the same digits may also number a glyph.
            data = re.sub(rb"\[[^\]]*\]", lambda m: m[0].replace(b"<0009>", b"<0020>"), data)
            data = re.sub(rb"(<[0-9A-F]{4}> <[0-9A-F]{4}> )<0009>", rb"\1<0020>", data)
            table.set_data(data)
