from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QBuffer, QRectF
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFontMetricsF,
    QImage,
    QPainter,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextFrame,
    QTextTable,
)
from pytestqt.qtbot import QtBot

from tests.export.solutions import UNDRAWN
from tests.ui.scripted import CURVE, QUADRATIC, REPAIRED
from tests.windows import FormulasNow
from tutor_app.core.parts import Answer, Code, CodeError, Figure, Output, Part, Text
from tutor_app.core.transcript import Transcript
from tutor_app.render import theme
from tutor_app.render.backdrop import paint_backdrop
from tutor_app.render.blocks import Writer
from tutor_app.render.cards import ANSWER, ERROR, OUTPUT, PROBLEM, RUN
from tutor_app.render.document import DocumentBuilder
from tutor_app.render.properties import FIGURE, FORMULA, KIND, SOURCE
from tutor_app.render.prose import write_markdown
from tutor_app.render.sources import plain_source
from tutor_app.ui import style

pytestmark = pytest.mark.usefixtures("qapp")


def build(formulas: FormulasNow, problem: str, *parts: Part, width: float = 700) -> QTextDocument:
    document = QTextDocument()
    document.setTextWidth(width)
    DocumentBuilder(document, theme.load("light"), formulas).build(Transcript.of(problem, *parts))
    return document


def text_of(document: QTextDocument) -> str:
    return plain_source(document, 0, document.characterCount() - 1)


def objects(document: QTextDocument) -> list[tuple[int, str]]:
    """Type and source of every object, in order."""
    out = []
    block = document.begin()
    while block.isValid():
        it = block.begin()
        while not it.atEnd():
            f = it.fragment().charFormat()
            if f.objectType() in (FORMULA, FIGURE):
                out += [(f.objectType(), f.stringProperty(SOURCE))] * it.fragment().length()
            it += 1
        block = block.next()
    return out


def frames(document: QTextDocument) -> list[int]:
    def walk(frame: QTextFrame) -> list[int]:
        kind = frame.frameFormat().intProperty(KIND)
        return ([kind] if kind else []) + [k for child in frame.childFrames() for k in walk(child)]

    return walk(document.rootFrame())


def render(document: QTextDocument, name: theme.Theme | None = None) -> QImage:
    look = name or theme.load("light")
    image = QImage(int(document.textWidth()), int(document.size().height()) + 1, QImage.Format.Format_RGB32)
    image.fill(look.color("page"))
    painter = QPainter(image)
    paint_backdrop(painter, document, look, QRectF(image.rect()), 17)
    document.documentLayout().draw(painter, QAbstractTextDocumentLayout.PaintContext())
    painter.end()
    return image


def test_a_solution_becomes_cards_and_prose(formulas_now: FormulasNow) -> None:
    document = build(formulas_now, "Find the roots of $x^2-5x+6$.", *QUADRATIC)
    assert frames(document) == [PROBLEM, RUN, OUTPUT, ANSWER]
    text = text_of(document)
    assert text.index("Find the roots") < text.index("By the quadratic formula") < text.index("from sympy")
    assert text.index("roots = solve") < text.index("roots: [2, 3]") < text.index("Both are integers")
    assert "Agrees with the known answer" in text
    assert (FORMULA, "\\{2, 3\\}") in objects(document)
    assert "**two**" not in text


def test_an_error_is_shown_with_its_hint_and_figures_inline(formulas_now: FormulasNow) -> None:
    document = build(formulas_now, "Sum", *REPAIRED)
    assert frames(document) == [PROBLEM, RUN, ERROR, RUN, OUTPUT, ANSWER]
    text = text_of(document)
    assert text.count("NameError: name 'n' is not defined") == 1
    assert "used before it was given a value" in text
    assert [t for t, _ in objects(document)].count(FIGURE) == 1


def test_a_run_without_output_says_so(formulas_now: FormulasNow) -> None:
    assert "No output" in text_of(build(formulas_now, "p", Code("x = 1"), Output()))
    timeout = build(formulas_now, "p", Code("while 1: pass"), Output(status="timeout"))
    assert "took too long" in text_of(timeout)
    value = build(formulas_now, "p", Code("x"), Output(value="x**2", value_latex="x^{2}"))
    assert (FORMULA, "x^{2}") in objects(value)


def test_a_value_and_warnings_stand_below_what_was_printed(formulas_now: FormulasNow) -> None:
    output = Output(stdout="printed\n", value="x**2", value_latex="x^{2}", warnings="UserWarning: careful")
    document = build(formulas_now, "p", Code("x"), output)
    assert (FORMULA, "x^{2}") in objects(document)
    text = text_of(document)
    assert text.index("printed") < text.index("UserWarning: careful")


def test_where_the_answer_came_from_is_said(formulas_now: FormulasNow) -> None:
    assert "boxed no answer" in text_of(build(formulas_now, "p", Answer("5", source="output")))
    words = build(formulas_now, "p", Answer("12 apples"))
    assert "12 apples" in text_of(words)
    assert objects(words) == []


def test_markdown_becomes_blocks(formulas_now: FormulasNow) -> None:
    document = QTextDocument()
    document.setTextWidth(600)
    writer = Writer(document, theme.load("light"), formulas_now)
    write_markdown(
        writer,
        "# Title with $\\pi$\n\nSome *emphasis*, `code $x$`, [a link](http://example.com/a_b).\n\n"
        "3. three\n4. four with $x_1 * y_1 * z$\n   - inner\n\n> quoted\n\n"
        "| $|a|$ | b |\n|--|:-:|\n| 1 |\n| 2 | 3 | 4 |\n\n---\n\n```\nfenced $y$\n```\n\nthe end",
    )
    text = text_of(document)
    assert "code $x$" in text
    assert "a link (http://example.com/a_b)" in text
    assert "fenced $y$" in text
    assert "#" not in text
    assert [s for _, s in objects(document)] == ["\\pi", "x_1 * y_1 * z", "|a|"]
    tables = [f for f in document.rootFrame().childFrames() if isinstance(f, QTextTable)]
    assert [(t.rows(), t.columns()) for t in tables] == [(3, 2)]
    lists = {}
    block = document.begin()
    while block.isValid():
        if (lst := block.textList()) is not None:
            lists[block.text().strip("\ufffc ")] = lst.itemText(block)
        block = block.next()
    assert lists["three"] == "3."
    assert next(v for k, v in lists.items() if k.startswith("four")) == "4."
    assert text.endswith("the end")


def test_a_formula_in_a_raised_or_lowered_place_is_an_index(formulas_now: FormulasNow) -> None:
    document = build(formulas_now, "p", Text("x<sup>$n+1$</sup> and a<sub>$k$</sub> and $k$"))
    assert [s for _, s in objects(document)] == ["{}^{n+1}", "{}_{k}", "k"]


def test_a_display_formula_stands_alone_and_punctuation_sticks(formulas_now: FormulasNow) -> None:
    document = build(formulas_now, "", Text("First $x$, then\n$$y = 1$$.\nand so on."))
    lines = [line for line in text_of(document).split("\n") if line]
    assert lines == ["First $x$, then", "$$y = 1$$", "and so on."]


@pytest.mark.parametrize(
    "latex",
    ["x", "f(x) = 1", "\\frac{a}{b}", "\\sum_{i=1}^n i", "\\sqrt{\\frac{x}{y}}", "g_1", "\\int_0^1 y\\,dy", "Q"],
)
@pytest.mark.parametrize("size", [13.0, 17.0, 26.0])
def test_inline_formulas_sit_on_the_baseline(formulas_now: FormulasNow, latex: str, size: float) -> None:
    """The minus sign of a formula is drawn, and its height over the line's baseline measured."""
    document = QTextDocument()
    document.setTextWidth(500)
    writer = Writer(document, theme.load("light"), formulas_now, size)
    write_markdown(writer, f"H ${latex}$ H")
    image = render(document)
    layout = document.begin().layout()
    line = layout.lineAt(0)
    baseline = document.documentMargin() + line.y() + line.ascent()
    # The feet of the two letters H beside the formula are on the baseline ...
    left = QFontMetricsF(theme.text_font(size)).horizontalAdvance("H")
    foot = max(
        y for y in range(image.height()) for x in range(4, int(left) + 4) if QColor(image.pixel(x, y)).value() < 120
    )
    assert abs(foot + 1 - baseline) <= 1
    # ... and the formula's own baseline is where the painter puts it: ink height agrees with its metrics.
    formula = formulas_now.get(latex, False)
    assert formula is not None
    start = line.cursorToX(2)
    x0 = int(document.documentMargin() + float(start[0] if isinstance(start, tuple) else start))  # type: ignore[arg-type]
    x1 = int(x0 + formula.width * size)
    rows = [y for y in range(image.height()) if any(QColor(image.pixel(x, y)).value() < 160 for x in range(x0, x1))]
    ink_bottom = max(i.path.boundingRect().bottom() for i in formula.inks) * size
    assert abs(rows[-1] + 1 - (baseline + ink_bottom)) <= 1.2


def test_long_code_and_wide_formulas_stay_inside_the_column(formulas_now: FormulasNow) -> None:
    wide = " + ".join(f"\\frac{{x_{{{i}}}}}{{{i}}}" for i in range(1, 60))
    document = build(
        formulas_now, "p", Text(f"$$y = {wide}$$"), Code("x = '" + "ab" * 400 + "'"), Output(stdout="9" * 3000)
    )
    document.setTextWidth(500)
    assert document.size().width() <= 501


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b> <script>alert(1)</script> <img src='file:///etc/passwd'>",
        "![x](file:///etc/passwd) ![y](http://example.com/y.png) <http://example.com>",
        "a\x00b\x1b[31m \u202eevil\u202c \ufffc \ufdd0 \ue0005\ue001 \U0001f600 \u05d0\u05d1",
        "word" * 20_000,
        "$" * 999 + "\\(" * 999,
        "|" * 500 + "\n" + "-|" * 500,
        "> " * 300 + "deep",
        "- " * 300 + "deep",
        "[[[[" * 500,
        "```output\nforged\n```",
        "\ud800 lone surrogate",
    ],
)
def test_hostile_prose_is_only_text(formulas_now: FormulasNow, text: str) -> None:
    document = build(formulas_now, text[:200], Text(text), Output(stdout=text[:3000]), Answer(text[:50]))
    html = document.toHtml()
    assert "<img" not in html
    assert "<script" not in html
    assert document.size().width() <= 701
    render(document)
    block = document.begin()
    while block.isValid():
        it = block.begin()
        while not it.atEnd():
            f = it.fragment().charFormat()
            assert not f.isAnchor()
            assert not f.isImageFormat()
            it += 1
        block = block.next()


def test_megabytes_of_output_are_bounded(formulas_now: FormulasNow) -> None:
    document = build(formulas_now, "p", Code("x"), Output(stdout="line\n" * 200_000))
    assert document.blockCount() < 500
    assert "the rest is not shown" in text_of(document)


def png(width: int, height: int) -> str:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#ff0000"))
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return base64.b64encode(buffer.data().data()).decode()


@pytest.mark.parametrize(
    ("figure", "color"),
    [
        (Figure(CURVE, "", 400, 240), "#2a5d8f"),
        (Figure("", png(40, 30), 400, 300), "#ff0000"),
        (Figure("<svg><image href='file:///etc/passwd'/></svg>", png(40, 30), 400, 300), "#ff0000"),
        (Figure("not svg", png(40, 30), 9000, 9000), "#ff0000"),
        (Figure("", "!!not base64", 0, 0), "#dddddd"),
    ],
)
def test_figures_are_drawn_and_bounded(formulas_now: FormulasNow, figure: Figure, color: str) -> None:
    document = build(formulas_now, "p", Code("plot()"), figure, Output())
    assert document.size().width() <= 701
    assert document.size().height() < 1000
    image = render(document)
    seen = {QColor(image.pixel(x, y)).name() for x in range(0, 700, 1) for y in range(0, image.height(), 2)}
    assert color in seen


def test_a_line_outside_of_a_plot_leaves_no_dot(formulas_now: FormulasNow) -> None:
    image = render(build(formulas_now, "p", Code("plot()"), Figure(UNDRAWN, "", 400, 240), Output()))
    seen = {QColor(image.pixel(x, y)).name() for x in range(700) for y in range(image.height())}
    assert "#2a5d8f" in seen
    assert "#ff0000" not in seen


def test_an_output_without_its_code_has_no_empty_code_above_it(formulas_now: FormulasNow) -> None:
    document = build(formulas_now, "p", Output(stdout="6\n"))
    card = document.rootFrame().childFrames()[1]
    layout = document.documentLayout()
    top = layout.frameBoundingRect(card).top() + card.frameFormat().topMargin()
    line = document.findBlock(document.find("6").position())
    assert 1.5 * 17 < layout.blockBoundingRect(line).top() - top < 2.5 * 17  # the label, and no more


def test_themes_and_paper(formulas_now: FormulasNow) -> None:
    light, dark = theme.load("light"), theme.load("dark")
    assert not light.is_dark
    assert dark.is_dark
    assert theme.paper().page == "#ffffff"
    for look in (light, dark):
        for text in ("ink", "muted", "bad", "good", "accent", "code_comment", "code_string", "code_keyword"):
            for back in ("page", "code_back"):
                assert contrast(look.color(text), look.color(back)) >= 4.5, (text, back, look.is_dark)
        assert contrast(look.color("accent_ink"), look.color("accent")) >= 4.5
        assert "@" not in style.style_sheet(look)


def contrast(a: QColor, b: QColor) -> float:
    """Contrast ratio of the web's accessibility guidelines."""

    def luminance(c: QColor) -> float:
        parts = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in (c.redF(), c.greenF(), c.blueF())]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_selection_gives_formulas_back_as_they_were_written(formulas_now: FormulasNow) -> None:
    document = build(formulas_now, "", Text("Let \\(x\\) and $y_1$, \U0001f600 then $$z$$ \\boxed{5}"))
    assert text_of(document) == "Let \\(x\\) and $y_1$, \U0001f600 then\n$$z$$\n\\boxed{5}"
    cursor = QTextCursor(document)
    cursor.select(QTextCursor.SelectionType.Document)
    assert "\ufffc" in cursor.selectedText()


def test_the_rest_of_the_program_is_not_imported() -> None:
    code = (
        "import sys; import tutor_app.window.window, tutor_app.render.document\n"
        "names = 'sympy numpy matplotlib ziamath pygments markdown_it llama_cpp PySide6.QtWebEngineCore'.split()\n"
        "found = [m for m in sys.modules if m in names or m.startswith('tutor_app.adapters')]\n"
        "assert not found, found"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_code_error_without_traceback(formulas_now: FormulasNow) -> None:
    error = CodeError("ValueError", "bad", 2)
    text = text_of(build(formulas_now, "p", Code("f()"), Output(stdout="before\n", status="error", error=error)))
    assert text.index("before") < text.index("ValueError: bad")


def test_words_stay_findable(qtbot: QtBot, formulas_now: FormulasNow) -> None:
    document = build(formulas_now, "p", Text("The *quick* brown fox"))
    assert not document.find("quick brown").isNull()


def test_output_keeps_its_lines_however_it_is_cut(formulas_now: FormulasNow) -> None:
    def output_lines(pieces: list[str]) -> list[str]:
        document = QTextDocument()
        builder = DocumentBuilder(document, theme.load("light"), formulas_now)
        builder.begin_code()
        builder.end_code("x")
        for piece in pieces:
            builder.grow_output(piece)
        builder.end_output(Output(stdout="".join(pieces)))
        frame = document.rootFrame().childFrames()[0].childFrames()[1]
        cursor = frame.firstCursorPosition()
        cursor.setPosition(frame.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
        return cursor.selectedText().split("\u2029")

    text = "a\n\n[1 2]\n[3 4]\n  b\n\n"
    assert output_lines([text]) == ["a", "", "[1 2]", "[3 4]", "  b"]
    assert output_lines(list(text)) == ["a", "", "[1 2]", "[3 4]", "  b"]
    assert len(output_lines(["x"] * 2000)) == 1


def test_output_after_a_figure_is_not_lost(formulas_now: FormulasNow) -> None:
    document = build(formulas_now, "p", Code("x"), Figure(CURVE, "", 40, 24, "a curve"), Output(stdout="385\n"))
    assert text_of(document).endswith("a curve\n385")


def lines_of(document: QTextDocument) -> list[tuple[str, int, bool]]:
    """Text of each block of the tables, the number of its lines, and whether all of it is within its cell."""
    document.documentLayout().documentSize()  # lays it out
    found = []
    block = document.begin()
    while block.isValid():
        if QTextCursor(block).currentTable() is not None:
            layout = block.layout()
            lines = [layout.lineAt(i) for i in range(layout.lineCount())]
            found.append((block.text(), len(lines), all(x.naturalTextWidth() <= x.width() + 0.5 for x in lines)))
        block = block.next()
    return found


@pytest.mark.parametrize(
    "blank", [r"\hspace{1cm}", r"\quad", r"\,\;", r"\require{cancel}", r"\phantom{x+1}", r"\hspace*{2em} \qquad", "{}"]
)
def test_a_formula_of_nothing_but_space_shows_no_source(formulas_now: FormulasNow, blank: str) -> None:
    document = build(formulas_now, "", Text(f"a${blank}$b and $x$\n\n$${blank}$$\n\nend"))
    assert [source for _, source in objects(document)] == ["x"]
    assert "\\" not in text_of(document)
    assert "a b and" in text_of(document)


class TestTables:
    TERMS = "+".join(f"b_{{{n}}}" for n in range(1, 25))
    MATRIX = "\\begin{bmatrix} " + " & ".join(map(str, range(1, 30))) + " \\end{bmatrix}"

    @pytest.mark.parametrize("formula", [TERMS, MATRIX, "\\sqrt{" + TERMS + "}", "\\frac{" + TERMS + "}{2}"])
    @pytest.mark.parametrize("width", [380, 560, 900])
    def test_a_wide_formula_stays_within_its_cell(self, formulas_now: FormulasNow, formula: str, width: float) -> None:
        table = f"| What | How |\n|---|---|\n| the sum of all of these terms | ${formula}$ |\n| next | $x$ so |"
        found = lines_of(build(formulas_now, "", Text(table), width=width))
        assert len(found) == 6
        assert all(inside for _, _, inside in found)

    @pytest.mark.parametrize(("columns", "number"), [(8, "1234.567"), (12, "0.33333"), (15, "-2.718"), (17, "4096")])
    def test_a_number_is_never_in_two_lines(self, formulas_now: FormulasNow, columns: int, number: str) -> None:
        head = "|" + "|".join(f"k{n}" for n in range(columns)) + "|\n" + "|-" * columns + "|\n"
        found = lines_of(build(formulas_now, "", Text(head + ("|" + number) * columns + "|"), width=660))
        assert [(text, lines) for text, lines, _ in found][columns:] == [(number.replace("-", "\u2212"), 1)] * columns

    @pytest.mark.parametrize("columns", [4, 8])
    def test_a_name_in_code_is_never_in_two_lines(self, formulas_now: FormulasNow, columns: int) -> None:
        names = ["rate", "years", "total_sum", "m", "half", "interest", "root", "amount"][:columns]
        head = "| Code |" + "".join(f" `{n}` |" for n in names) + " Printed |\n" + "|-" * (columns + 2) + "|\n"
        row = "| `while amount <= 1500 and years < 30:` |" + " 1 |" * columns + " text that was printed here |\n"
        found = lines_of(build(formulas_now, "", Text(head + row * 2), width=660))
        assert [(text, lines) for text, lines, _ in found][1 : columns + 1] == [(name, 1) for name in names]

    def test_a_small_table_is_as_wide_as_its_words(self, formulas_now: FormulasNow) -> None:
        document = build(formulas_now, "", Text("| n | n² |\n|---|---|\n| 3 | $9$ |"), width=660)
        table = next(f for f in document.rootFrame().childFrames() if isinstance(f, QTextTable))
        assert document.documentLayout().frameBoundingRect(table).width() < 200


def test_code_and_output_run_from_left_to_right_in_any_script(formulas_now: FormulasNow) -> None:
    code = Code("# \u05d7\u05e9\u05d1\n\u05e2\u05e8\u05da = 3\nprint('\u0645\u0631\u062d\u0628\u0627')")
    fence = "\u05e9\u05dc\u05d5\u05dd\n\n```\n# \u05d4\u05e2\u05e8\u05d4\n```"
    document = build(formulas_now, "", Text(fence), code, Output("\u0645\u0631\u062d\u0628\u0627\n"))
    document.documentLayout().documentSize()
    directions = {}
    block = document.begin()
    while block.isValid():
        if block.text():
            directions[block.text()] = block.textDirection().name
            line = block.layout().lineAt(0)
            if block.text().startswith("#"):
                place: Any = line.cursorToX(0)  # PySide's stubs know nothing of the pair
                assert place[0] < 60, "the sign of a comment is at the left"
        block = block.next()
    assert directions.pop("\u05e9\u05dc\u05d5\u05dd") == "RightToLeft"
    assert len(directions) == 5
    assert set(directions.values()) == {"LeftToRight"}


def test_a_heading_keeps_off_the_table_before_it(formulas_now: FormulasNow) -> None:
    places = []
    for then in ("Then", "## Then"):
        document = QTextDocument()
        edit = QTextCursor(document)
        edit.beginEditBlock()  # as the window writes: frames are not known before its end
        text = Text(f"Rows:\n\n| n | m |\n|---|---|\n| 1 | 2 |\n\n{then}\n\nOne line.")
        DocumentBuilder(document, theme.load("light"), formulas_now).build(Transcript.of("", text))
        edit.endEditBlock()
        layout = document.documentLayout()
        places.append(next(layout.blockBoundingRect(b).top() for b in blocks_of(document) if b.text() == "Then"))
    assert places[0] + 3 <= places[1] <= places[0] + 12


def blocks_of(document: QTextDocument) -> list[QTextBlock]:
    """All blocks, in order."""
    found, block = list[QTextBlock](), document.begin()
    while block.isValid():
        found.append(block)
        block = block.next()
    return found
