"""Paper and the page on the screen: a ten-page solution to PDF, and scrolling through a long solution.

The references: Qt's own reading of the same solution as Markdown, which shows formulas as their source, and has no
cards, no colours and no care for where a page ends; and, where it is installed, one run of pdflatex over the same
solution as LaTeX, which typesets all of it as we do when no formula is known yet.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage, QPdfWriter, QTextDocument
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QTextEdit

from tutor_app.core.parts import Answer, Code, Figure, Output, Part, Text
from tutor_app.core.transcript import Transcript
from tutor_app.export import export, write_export
from tutor_app.handout.options import Options
from tutor_app.render.pages import Pages
from tutor_app.render.pdf import to_pdf
from tutor_app.render.theme import load
from tutor_app.render.typeset import FormulaCache
from tutor_app.ui.bridge import Bridge
from tutor_app.ui.formulas import Formulas
from tutor_app.ui.page.transcript_view import TranscriptView
from tutor_app.ui.style import apply

Row = tuple[str, float, str, str, float]
TRIES = 5
PAGES = 10
BLOCKS = 200
STEP = 60
"""Pixels a frame: three lines of text, a notch of the wheel."""


def solution(parts: int) -> Transcript:
    """Steps of prose with formulas of their own, code, its output and now and then a plot; ``parts`` of them in all."""
    made: list[Part] = []
    step = 0
    while len(made) < parts:
        step += 1
        lines = [f"### Step {step}"]
        for k in range(1, 4):
            lines.append(
                f"We take $\\frac{{x_{{{step}}}^2+{k}}}{{{k}+1}}$ and see that **the sum** of $a_{{{k}}}$ and "
                f"$b_{{{step}}}$ is bounded by $\\sqrt{{{step}+{k}}}$, because every term is smaller than the last:"
            )
            lines.append(f"$$\\sum_{{k=1}}^{{{step}}} k^{{{k}}} = \\int_0^{{{step}}} t^{k}\\,dt$$")
        code = [f"value_{k} = sum(n**{k} for n in range({step}))  # a power of {k}" for k in range(12)]
        made += [Text("\n\n".join(lines)), Code("\n".join([*code, "print(value_1)"]))]
        if step % 3 == 0:
            made.append(_figure())
        made.append(Output("\n".join(f"line {k} of step {step}" for k in range(8)) + "\n", seconds=0.2))
    return Transcript.of("Find the sum of $1^k + 2^k + \\dots + n^k$.", *made[: parts - 1], Answer("42"))


def rows() -> Iterator[Row]:
    """Measure offscreen; every pair with its reference in turn, the best of each counts."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    apply(app, load("light"))
    yield from _paper()
    yield from _screen(app)


def _paper() -> Iterator[Row]:
    options = Options()
    cache = FormulaCache()
    parts = 4
    while _count(solution(parts), options, cache) < PAGES:
        parts += 2
    ours = solution(parts)
    markdown = export([ours], "md").data.decode()

    def cold() -> object:
        return to_pdf([ours], options, FormulaCache())

    def warm() -> object:
        return to_pdf([ours], options, cache)

    def plain() -> object:
        return _qt_pdf(markdown)

    with tempfile.TemporaryDirectory() as scratch:
        write_export(Path(scratch) / "solution.tex", [ours])

        def latex() -> object:
            command = ["pdflatex", "-interaction=batchmode", "solution.tex"]
            return subprocess.run(command, cwd=scratch, check=True, capture_output=True)

        with_latex = [latex] if shutil.which("pdflatex") else []
        times = _interleaved(warm, plain, cold, *with_latex)
    printed = f"QTextDocument.print_ of its Markdown, {times[1]:.2f} s"
    yield f"a solution of {PAGES} pages to PDF, formulas known", times[0], "s", printed, times[0] / times[1]
    yield "  pages to PDF, formulas known", PAGES / times[0], "pages/s", printed, times[1] / times[0]
    if with_latex:
        yield "  formulas typeset for it", times[2], "s", f"pdflatex, one run, {times[3]:.2f} s", times[2] / times[3]
    else:
        yield "  formulas typeset for it", times[2], "s", "pdflatex is not installed", 0.0


def _count(transcript: Transcript, options: Options, cache: FormulaCache) -> int:
    pages = Pages([transcript], options, cache)
    pages.close()
    return pages.count


def _qt_pdf(markdown: str) -> bytes:
    document = QTextDocument()
    document.setMarkdown(markdown)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    document.print_(QPdfWriter(buffer))
    return bytes(buffer.data().data())


def _screen(app: QApplication) -> Iterator[Row]:
    bridge = Bridge()
    formulas = Formulas(bridge)
    view = TranscriptView(formulas, load("light"))
    plain = QTextEdit()
    plain.setReadOnly(True)
    transcript = solution(BLOCKS)
    markdown = export([transcript], "md").data.decode()
    try:
        for widget in (view, plain):
            widget.resize(900, 900)
            widget.show()

        def show() -> None:
            view.show_transcript(transcript)
            app.processEvents()

        def show_plain() -> None:
            plain.setMarkdown(markdown)
            app.processEvents()

        show()
        while formulas.pending:
            app.processEvents()
            time.sleep(0.01)
        opened = _interleaved(show, show_plain)
        name = f"QTextEdit.setMarkdown, {opened[1]:.2f} s"
        yield f"a solution of {BLOCKS} parts opened, formulas known", opened[0], "s", name, opened[0] / opened[1]
        ours, theirs = _frames(app, view), _frames(app, plain)
        yield (
            f"scrolling through it, {STEP} px a frame",
            len(ours) / sum(ours),
            "frames/s",
            f"QTextEdit of its Markdown, {len(theirs) / sum(theirs):.0f} frames/s",
            len(ours) / sum(ours) / (len(theirs) / sum(theirs)),
        )
        slow, slow_plain = (1000 * sorted(f)[int(0.99 * len(f))] for f in (ours, theirs))
        yield "  99 of 100 frames take at most", slow, "ms", f"QTextEdit, {slow_plain:.1f} ms", slow / slow_plain
    finally:
        view.close()
        plain.close()
        bridge.close()


def _frames(app: QApplication, view: QAbstractScrollArea) -> list[float]:
    """Seconds each frame took: the bar moved, and everything painted that it uncovers."""
    bar = view.verticalScrollBar()
    bar.setValue(0)
    app.processEvents()
    times = []
    while bar.value() < bar.maximum():
        begun = time.perf_counter()
        bar.setValue(bar.value() + STEP)
        app.processEvents()
        times.append(time.perf_counter() - begun)
    return times


def _figure() -> Figure:
    image = QImage(480, 360, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFF)
    buffer = QBuffer()
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    curve = " ".join(f"L{x} {180 - (x - 240) ** 2 / 320:.1f}" for x in range(0, 480, 2))
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="360" viewBox="0 0 480 360">'
        f'<path d="M0 0 {curve}" stroke="black" fill="none"/></svg>'
    )
    return Figure(svg, base64.b64encode(buffer.data().data()).decode(), 480, 360, "a parabola")


def _interleaved(*work: Callable[[], object]) -> list[float]:
    """The best time of each, taken in turn so that what else the machine does falls on all."""
    best = [float("inf")] * len(work)
    for _ in range(TRIES):
        for n, each in enumerate(work):
            begun = time.perf_counter()
            each()
            best[n] = min(best[n], time.perf_counter() - begun)
    return best
