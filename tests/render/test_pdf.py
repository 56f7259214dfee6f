from __future__ import annotations

import io
import re
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from pypdf import PdfReader
from pypdf.generic import Destination
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtPrintSupport import QPrinter

from tests.export.solutions import ALL, BARE, FULL, HOSTILE, UNDRAWN, VALUE, png
from tests.export.test_any_text import TEXT, transcript
from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Question, Text
from tutor_app.core.transcript import Transcript
from tutor_app.export import export, read_transcripts
from tutor_app.handout.options import DEFAULTS, Options
from tutor_app.render import page_breaks
from tutor_app.render.legible import legible
from tutor_app.render.pages import Pages
from tutor_app.render.pdf import ATTACHMENT, to_pdf
from tutor_app.render.typeset import FormulaCache
from tutor_app.window.exporter import paint, printer_for

pytestmark = pytest.mark.usefixtures("qapp")
CACHE = FormulaCache()
LONG = Transcript.of(
    "Count.",
    Text("I count:"),
    Code("\n".join(f"value_{i} = {i}" for i in range(150))),
    Output("\n".join(f"line {i}" for i in range(120)) + "\n"),
    Text("# A heading\n\n" + "\n\n".join(f"Paragraph {i}. " + "Some words that fill it. " * 12 for i in range(12))),
    Answer("150"),
)


def reader(transcripts: Sequence[Transcript], options: Options = DEFAULTS) -> PdfReader:
    return PdfReader(io.BytesIO(to_pdf(transcripts, options, CACHE)))


def text_of(pdf: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in pdf.pages)


def read_by_poppler(data: bytes, tmp_path: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    path = tmp_path / "read.pdf"
    path.write_bytes(data)
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


def squeezed(text: str) -> str:
    return "".join(text.split())


def page_images(pages: Pages, scale: float = 1.0) -> list[QImage]:
    """The pages as pictures."""
    images = []
    for index in range(pages.count):
        image = QImage(round(pages.width * scale), round(pages.height * scale), QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        painter.scale(scale, scale)
        pages.draw(painter, index)
        painter.end()
        images.append(image)
    return images


def test_the_text_holds_problem_code_outputs_answer_and_provenance(tmp_path: Path) -> None:
    text = read_by_poppler(to_pdf([FULL], Options(), CACHE), tmp_path)
    for part in (
        "Problem",
        "Tickets cost $5 and $7",
        "print(missing)",
        "NameError: name 'missing' is not defined",
        "roots: [2.0, 3.0]",
        "Agrees with the known answer",
        "Model: Kestrel 1.5B",
        "2026-03-04 10:20",
    ):
        assert part in text
    # Mathematics is found by its source, and so is a plot by its description.
    for part in ("$f(x) = x^2 - 5x + 6$", "\\frac{5 \\pm \\sqrt{1}}{2}", "\\{2, 3\\}", "a line from 0 to 40"):
        assert squeezed(part) in squeezed(text)


def test_the_text_is_in_the_order_of_reading(tmp_path: Path) -> None:
    many = FULL.with_solution((Text("Take $\\frac{11}{18}$ of $r$ nine times."), *FULL.solution))
    path = tmp_path / "a.pdf"
    path.write_bytes(to_pdf([many], Options(), CACHE))
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    for mode in ("-raw", "-layout"):
        text = subprocess.run(["pdftotext", mode, path, "-"], capture_output=True, text=True, check=True).stdout
        squeezed_text = squeezed(text)
        # A narrow formula stands among its words although its source is wider, and no character of it is lost.
        assert squeezed("Take $\\frac{11}{18}$ of $r$ nine times.") in squeezed_text
        places = [
            squeezed_text.index(squeezed(words))
            for words in (
                "Let $f(x)",
                "print('before')",
                "NameError: name",
                "a line from 0 to 40",
                "roots: [2.0",
                "Answer",
            )
        ]
        assert places == sorted(places)


@pytest.mark.parametrize(
    ("stdout", "note"),
    [
        ("line\n" * 1000, "lines of output that are not printed: 700"),
        ("z" * 100_000, "characters of output that are not printed: 76,000"),
        ("line\n" * 300, ""),
    ],
)
def test_paper_counts_the_output_that_it_leaves_out(stdout: str, note: str) -> None:
    text = text_of(reader([Transcript.of("p", Code("print()"), Output(stdout))]))
    assert squeezed(note) in squeezed(text)
    assert "Copy" not in text
    assert ("not printed" in text) is bool(note)


def test_plots_take_no_more_than_their_share_of_the_column() -> None:
    wide, tall = Figure("", png(640, 480), 640, 480), Figure("", png(300, 4000), 300, 4000)
    pages = Pages([Transcript.of("p", Code("plot()"), *[wide] * 4, tall)], Options(), CACHE)
    layout = pages.document.documentLayout()
    heights = [layout.blockBoundingRect(b).height() for b in _blocks(pages) if "\ufffc" in b.text()]
    assert len(heights) == 5
    assert all(300 < h < 400 for h in heights[:4])
    assert heights[4] < 600
    assert pages.count == 3  # two to a page


def test_what_a_plot_does_not_draw_is_no_path_without_a_beginning() -> None:
    pdf = reader([Transcript.of("p", Code("plot()"), Figure(UNDRAWN, "", 40, 24))])
    for page in pdf.pages:
        contents = page.get_contents()
        assert contents is not None
        begun = False
        for _, operator in contents.operations:
            begun = operator in (b"m", b"re") or (begun and operator in (b"l", b"c", b"v", b"y", b"h"))
            assert begun or operator != b"h"


def test_a_question_stays_with_its_reply() -> None:
    for filling in range(16, 32):
        parts = Text("\n\n".join(["word"] * filling)), Question("Draw it."), Text("This draws a line. " * 20)
        pages = Pages([Transcript.of("p", *parts)], Options(), CACHE)
        question = next(b for b in _blocks(pages) if b.text() == "Draw it.")
        reply = next(b for b in _blocks(pages) if b.text().startswith("This draws"))
        layout = pages.document.documentLayout()
        places = [layout.blockBoundingRect(question).center().y(), layout.blockBoundingRect(reply).top() + 5]
        assert any(page.top <= places[0] and places[1] <= page.bottom for page in pages.slices)


def test_a_sheet_says_which_problems_are_on_a_page() -> None:
    sheet = Pages([Transcript.of(f"Problem of {n} words. " + "word " * 150) for n in range(9)], Options(solution=False))
    assert sheet.count > 1
    text = text_of(reader([Transcript.of("word " * 150)] * 9, Options(solution=False)))
    assert re.search(r"Problems \d\u20139", text)


def test_the_small_print_is_not_left_alone_on_a_page() -> None:
    for lines in range(36, 46):
        pages = Pages([Transcript.of("p", Text("\n\n".join(["line"] * lines)), Answer("1"))], Options(), CACHE)
        last = pages.slices[-1]
        shown = [b.text() for b in _blocks(pages) if last.top <= _middle(pages, b) < last.bottom and b.text()]
        assert len(shown) >= 3


def _middle(pages: Pages, block) -> float:  # type: ignore[no-untyped-def]
    return float(pages.document.documentLayout().blockBoundingRect(block).center().y())


def test_fonts_are_embedded_and_ligatures_do_not_eat_text() -> None:
    pdf = reader([Transcript.of("We define a flow, fi ffi.", Code("if a != b and c == d -> e >= f <= g:\n    pass"))])
    text = text_of(pdf)
    for part in ("We define a flow, fi ffi.", "a != b", "c == d", "->", ">=", "<="):
        assert squeezed(part) in squeezed(text)
    assert "We define a flow, fi ffi." in text
    assert "\t" not in text
    fonts = [f.get_object() for page in pdf.pages for f in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.get_object())


def test_properties_bookmarks_and_the_attached_transcript(tmp_path: Path) -> None:
    pdf = reader([FULL, VALUE], Options(title="Week 3"))
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Week 3"
    assert (pdf.metadata.creator or "").startswith("MuMath Tutor")
    assert str(pdf.root_object["/Lang"]) == "en"
    titles = [(d.title, pdf.get_destination_page_number(d)) for d in pdf.outline if isinstance(d, Destination)]
    assert titles[0] == ("Contents", 0)
    assert (titles[1][0] or "").startswith("1. Let f(x)")
    assert [page for _, page in titles] == [0, 1, 2]
    below = [str(d.title) for d in pdf.outline[2] if isinstance(d, Destination)]
    assert below[0].startswith("Step 1: By the formula")
    assert below[-1] == "Answer"
    path = tmp_path / "back.jsonl"
    path.write_bytes(pdf.attachments[ATTACHMENT][0])
    assert read_transcripts(path) == [FULL, VALUE]


def test_bookmarks_take_a_heading_and_no_second_number() -> None:
    asked = Transcript.of(
        "Why?",
        Text("### Step 1: the idea\n\nWe multiply."),
        Text("## Checking\n\nWe add."),
        Answer("1"),
        Question("Is it so?"),
        Text("It is."),
    )
    titles = [str(d.title) for d in reader([asked]).outline if isinstance(d, Destination)]
    assert titles == [
        "Problem",
        "Step 1: the idea",
        "Step 2: Checking",
        "Answer",
        "Question: Is it so?",
        "Step 1: It is.",
    ]


def test_contents_name_the_page_and_lead_to_it() -> None:
    pdf = reader([FULL, VALUE, BARE])
    first = pdf.pages[0].extract_text()
    assert "Worked solutions" in first
    assert len(pdf.pages[0].annotations or []) == 3
    for n, page in enumerate(pdf.pages[1:], 1):
        assert f"Problem {n}" in page.extract_text()
        assert re.search(rf"{n}\.", first)


def test_a_handout_for_students_does_not_carry_its_answers_in_the_file() -> None:
    pdf = reader([FULL], Options(answer=False, output=False))
    assert not list(pdf.attachments)
    assert "2, 3" not in text_of(pdf)


def test_exercise_sheets_put_several_problems_on_a_page() -> None:
    pages = Pages([BARE] * 5, Options(solution=False), CACHE)
    assert pages.count == 1
    assert not pages.links
    text = text_of(reader([BARE] * 5, Options(solution=False)))
    assert text.count("$2 + 2$") == 5
    assert text.startswith("Problems")


@pytest.mark.parametrize("options", [Options(), Options(large=True, paper="letter", steps=True)])
@pytest.mark.parametrize("transcript", ALL)
def test_any_transcript_becomes_pages(transcript: Transcript, options: Options) -> None:
    pdf = reader([transcript], options)
    size = pdf.pages[0].mediabox
    assert (round(size.width), round(size.height)) == ((612, 792) if options.paper == "letter" else (595, 842))
    assert f"1 / {len(pdf.pages)}" in pdf.pages[0].extract_text()


def test_nothing_is_lost_doubled_or_cut_at_the_ends_of_pages(tmp_path: Path) -> None:
    pages = Pages([LONG], Options(), CACHE)
    assert pages.count >= 6
    text = read_by_poppler(to_pdf([LONG], Options(), CACHE), tmp_path)
    for i in range(150):
        assert len(re.findall(rf"value_{i} = {i}\b", text)) == 1
    for i in range(120):
        assert len(re.findall(rf"line {i}\b", text)) == 1
    for i in range(12):
        assert text.count(f"Paragraph {i}.") == 1


def test_no_line_is_doubled_where_a_paragraph_goes_on_overleaf(tmp_path: Path) -> None:
    words = " ".join(f"w{i}" for i in range(2500))
    problem = Transcript.of(words, Text("\n\n".join(words.replace("w", c) + " $x_1$" for c in "ab")))
    assert Pages([problem], Options(), CACHE).count > 3
    text = read_by_poppler(to_pdf([problem], Options(title="Words"), CACHE), tmp_path)
    for mark in "wab":
        assert re.findall(rf"\b{mark}(\d+)\b", text) == [str(i) for i in range(2500)]
    assert text.count("x_1") == 2


def test_pages_break_where_a_reader_would_break_them() -> None:
    pages = Pages([LONG], Options(), CACHE)
    rows = page_breaks.Rows(pages.document, pages.size, set())
    ends = [next(i for i, r in enumerate(rows.rows) if r.bottom >= p.bottom - 0.1) for p in pages.slices[:-1]]
    assert ends
    for end in ends:
        assert rows.rows[end].price < 400  # no heading alone, no single line of code or of a paragraph left behind
    for page in pages.slices:
        assert page.bottom - page.top <= pages.room + page_breaks.SLACK + 0.5
        for row in rows.rows:
            assert (
                row.bottom <= page.top + 0.5
                or row.top >= page.bottom - 0.5
                or (row.top >= page.top - 0.5 and row.bottom <= page.bottom + 0.5)
            )


@pytest.mark.parametrize("filling", [8, 13, 17, 22])
def test_no_line_and_no_formula_of_a_table_is_cut_by_the_end_of_a_page(filling: int) -> None:
    matrix = r"$\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}$"
    row = f"| 7 | `a name and more words of a line of code that goes on and on` | {matrix} | $x$ | {'word ' * 12} |\n"
    table = "| n | code | A | x | words |\n|---|---|---|---|---|\n" + row * 12
    pages = Pages([Transcript.of("p", Text("\n\n".join(["Before."] * filling) + "\n\n" + table))], Options(), CACHE)
    assert len(pages.slices) > 1
    ends = [p.bottom for p in pages.slices[:-1]]
    layout = pages.document.documentLayout()
    for block in _blocks(pages):
        if not block.text():  # the one that Qt wants before a table
            continue
        text = block.layout()
        top = layout.blockBoundingRect(block).top() - text.boundingRect().top()
        for n in range(text.lineCount()):
            line = text.lineAt(n)
            assert not any(top + line.y() + 0.6 < e < top + line.y() + line.height() - 0.6 for e in ends)


def test_a_heading_stays_with_what_follows() -> None:
    room = Pages([BARE], Options(), CACHE).room
    for filling in range(30, 60, 3):
        parts: tuple[Part, ...] = (Text("\n\n".join(["word"] * filling) + "\n\n# Heading\n\n" + "Text. " * 40),)
        pages = Pages([Transcript.of("p", *parts)], Options(), CACHE)
        assert pages.slices
        for page in pages.slices[:-1]:
            heading = next(b for b in _blocks(pages) if b.text() == "Heading")
            y = pages.document.documentLayout().blockBoundingRect(heading).bottom()
            assert not (page.bottom - room * 0.02 < y <= page.bottom + 0.5)


@pytest.mark.parametrize("title", ["**A table**", "### A table", "The values are:"])
def test_the_title_of_a_table_stays_with_it(title: str) -> None:
    table = "| n | v |\n|---|---|\n" + "| 7 | 8 |\n" * 4
    words = title.strip("*# ")
    for filling in range(18, 34):
        text = "\n\n".join(["Before."] * filling) + f"\n\n{title}\n\n{table}\nAfter.\n"
        pages = Pages([Transcript.of("p", Text(text))], Options(), CACHE)
        layout = pages.document.documentLayout()
        above = next(b for b in _blocks(pages) if b.text() == words)
        first = next(b for b in _blocks(pages) if b.text() == "n")
        at = [layout.blockBoundingRect(b).center().y() for b in (above, first)]
        page = [next(n for n, p in enumerate(pages.slices) if p.top <= y <= p.bottom) for y in at]
        assert page[0] == page[1], filling


def _blocks(pages: Pages):  # type: ignore[no-untyped-def]
    block = pages.document.begin()
    while block.isValid():
        yield block
        block = block.next()


def test_wrapped_code_is_marked_and_never_cut() -> None:
    line = "total = " + " + ".join(f"number_{i}" for i in range(40)) + "  # " + "x" * 300
    transcript = Transcript.of("p", Code("if True:\n    " + line), Output("y" * 700 + "\n"))
    pages = Pages([transcript], Options(), CACHE)
    assert sum(len(p.markers) for p in pages.slices) >= 8
    width = pages.column
    layout = pages.document.documentLayout()
    for block in _blocks(pages):
        box = layout.blockBoundingRect(block)
        assert box.right() <= width + 1
    text = squeezed(text_of(reader([transcript])))
    assert squeezed(line) in text
    assert "y" * 700 in text


def test_a_row_higher_than_a_page_goes_on_overleaf() -> None:
    matrix = "\\begin{pmatrix}" + "\\\\".join(f"a_{{{i}}}" for i in range(90)) + "\\end{pmatrix}"
    pages = Pages([Transcript.of("p", Text(f"$${matrix}$$"), Text("after"))], Options(), CACHE)
    assert pages.count >= 2
    heights = sum(p.bottom - p.top for p in pages.slices)
    assert heights > pages.room


def test_characters_without_a_font_are_told_by_their_code() -> None:
    missing = next(c for c in ("\U00012000", "\U000e0041", "\U0001f9ff") if legible(c) != c)
    text = text_of(
        reader([Transcript.of(f"a {missing} b \u03bb\u03cc\u03b3\u03bf\u03c2 \u043f\u0440\u0438\u0432\u0435\u0442")])
    )
    assert f"<U+{ord(missing):04X}>" in squeezed(text)
    assert "\u03bb\u03cc\u03b3\u03bf\u03c2" in text
    assert "\u043f\u0440\u0438\u0432\u0435\u0442" in text


def test_pages_have_ink_and_keep_their_margins_clear() -> None:
    for image in page_images(Pages([FULL, HOSTILE], Options(), CACHE), 0.5):
        inked = 0
        for y in range(0, image.height(), 2):
            for x in range(0, image.width(), 2):
                if image.pixelColor(x, y).lightness() < 200:
                    inked += 1
                    assert 30 <= x <= image.width() - 30
        assert inked > 20


def test_a_printer_gets_the_same_pages(tmp_path: Path) -> None:
    pages = Pages([LONG], Options(), CACHE)
    printer = printer_for(pages.options)
    path = tmp_path / "printed.pdf"
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(path))
    printer.setFromTo(2, 3)
    paint(pages, printer)
    printed = PdfReader(path)
    whole = reader([LONG])
    assert len(printed.pages) == 2
    assert squeezed(printed.pages[0].extract_text()) == squeezed(whole.pages[1].extract_text())


def test_other_paper_is_filled_without_cutting(tmp_path: Path) -> None:
    pages = Pages([FULL], Options(paper="letter"), CACHE)
    printer = printer_for(Options(paper="a4"))
    path = tmp_path / "printed.pdf"
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(path))
    paint(pages, printer)
    (page,) = PdfReader(path).pages
    assert "Ticketscost" in squeezed(page.extract_text())
    assert round(page.mediabox.height) == 842


def test_a_thread_may_write_while_the_first_draws() -> None:
    made: list[bytes] = []
    thread = threading.Thread(target=lambda: made.append(export([FULL, VALUE], "pdf", formulas=CACHE).data))
    thread.start()
    pages = Pages([FULL], Options(), CACHE)
    while thread.is_alive():
        assert len(page_images(pages, 0.25)) == pages.count
    thread.join()
    pages.close()
    pages.close()
    assert len(PdfReader(io.BytesIO(made[0])).pages) == 3


@pytest.mark.parametrize(
    "parts",
    [
        (Text("$" + "\\frac{1}{" * 60 + "x" + "}" * 60 + "$"),),
        (Text("$" + "x+" * 2500 + "1$"),),
        (Text("$\\frac{1}{2$ and $x}}$ and $$\\left(x$$"),),
        (Text("| a | b |\n|---|---|\n" + "| 1 |\n" * 120),),
        (Code("print(1)"), Output("z" * 3_000_000)),
        (Code("print(1)"), Output("line\n" * 200_000, truncated=True)),
        (Code("x = 1\n" * 3000),),
        (Code("x = '" + "y" * 5000 + "'"),),
        (
            Text("\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 $x$ \u202eevil"),
            Answer("\u05d0\u05d1\u05d2\u05d3"),
        ),
        (Output(status="refused"),),
        (Figure("<svg", "", 0, 0), Figure("", png(3000, 9000), 3000, 9000, "tall")),
    ],
    ids=[
        "deep",
        "long",
        "unbalanced",
        "ragged",
        "one line",
        "many lines",
        "much code",
        "a long line of code",
        "right to left",
        "bare",
        "figures",
    ],
)
def test_bad_input_becomes_pages(parts: tuple[Part, ...]) -> None:
    pages = Pages([Transcript.of("p", *parts)], Options(), CACHE)
    pages.close()
    data = to_pdf([Transcript.of("p", *parts)], Options(), CACHE)
    assert len(PdfReader(io.BytesIO(data)).pages) >= 1


@given(TEXT, TEXT)
@settings(max_examples=15)
def test_any_text_becomes_pages(a: str, b: str) -> None:
    assert to_pdf([transcript(a, b)], Options(steps=True), CACHE).startswith(b"%PDF-1.7")


def test_links_of_the_contents_cover_their_lines() -> None:
    pages = Pages([BARE] * 60, Options(), CACHE)
    assert {link.page for link in pages.links} == {0, 1, 2}
    assert [link.target for link in pages.links] == list(range(3, 63))
    for link in pages.links:
        assert QRectF(0, 0, pages.width, pages.height).contains(link.area)
