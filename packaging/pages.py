"""Builds documents and PDFs of real solutions and says what went wrong and how fast it went.

Usage: ``python packaging/pages.py DATA.jsonl [--count N] [--keep DIR] [--random SEED]``. Each line of the file is a
JSON object: a saved transcript, or one with ``question`` and ``code`` (a list whose first text is a whole solution),
or with ``problem`` and ``solution``. A solution fails if it cannot be built, or if the text that a reader of the PDF
gets (``pdftotext`` if it is installed, else pypdf) lacks words of the problem or the reasoning, a line of an output,
or the answer. Where a TeX is installed, its LaTeX export must compile too. Exits with 1 if any does.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tutor_app.core.answers import find_answer
from tutor_app.core.parsing import parse
from tutor_app.core.parts import Output, Text
from tutor_app.core.transcript import Transcript
from tutor_app.export import write_export
from tutor_app.handout.options import Options
from tutor_app.render.run_cards import MAX_OUTPUT_LINES
from tutor_app.text.delimiters import split


def transcript(row: dict[str, Any]) -> Transcript:
    """The solution that a line of the file tells."""
    if "turns" in row:
        return Transcript.from_dict(row)
    problem = row.get("problem") or row["question"]
    solution = row.get("solution") or row["code"][0]
    parts = parse(solution)
    answer = find_answer(parts)
    return Transcript.of(problem, *parts, *([answer] if answer else []), meta={"source": "a file of solutions"})


def formulas(t: Transcript) -> Iterator[tuple[str, bool]]:
    """Formulas of the problem and the prose."""
    for text in (t.problem, *(getattr(p, "text", "") for p in t.solution)):
        for s in split(text).segments:
            if s.kind != "text":
                yield s.source, s.kind == "display"


def main(argv: list[str] | None = None) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build PDFs of the solutions in a JSON-lines file.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--count", type=int, default=200, help="how many (0: all)")
    parser.add_argument("--random", type=int, default=None, metavar="SEED", help="draw them at random")
    parser.add_argument("--keep", type=Path, help="a folder to keep the PDFs in")
    args = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    app = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    from tutor_app.render.pdf import to_pdf
    from tutor_app.render.typeset import FormulaCache

    rows = [json.loads(line) for line in args.data.read_text(encoding="utf-8").splitlines() if line.strip()]
    if args.random is not None:
        random.Random(args.random).shuffle(rows)
    rows = rows[: args.count] if args.count else rows
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
    cache = FormulaCache()
    failed = pages = shown = all_formulas = compiled = 0
    seconds = 0.0
    for n, row in enumerate(rows):
        t = transcript(row)
        try:
            started = time.perf_counter()
            data = to_pdf([t], Options(), cache)
            seconds += time.perf_counter() - started
        except Exception:  # noqa: BLE001  (whatever it is, it is what this program looks for)
            failed += 1
            print(f"{n}: failed\n{traceback.format_exc(limit=-4)}")
            continue
        text = text_of(data)
        pages += len(text)
        for source, display in formulas(t):
            all_formulas += 1
            if not cache.get_or_make(source, display).ok:
                shown += 1
                print(f"{n}: shown as source: {' '.join(source.split())[:160]}")
        if missing := _missing(t, "".join(text)):
            failed += 1
            print(f"{n}: not in the text of its PDF: {missing[:160]}")
        if (complaint := tex_fault(t)) is not None:
            compiled += 1
            failed += bool(complaint)
            if complaint:
                print(f"{n}: LaTeX does not compile: {complaint}")
        if args.keep:
            (args.keep / f"{n:05}.pdf").write_bytes(data)
        if (n + 1) % 250 == 0:
            print(f"{n + 1} of {len(rows)}, {failed} failed", file=sys.stderr, flush=True)
    print(
        f"{len(rows)} solutions, {failed} failed, {pages} pages, {pages / max(seconds, 1e-9):.1f} pages/s, "
        f"{shown} of {all_formulas} formulas shown as source"
    )
    print(f"{compiled} compiled by a TeX, {len(rows) - compiled} left out because none is installed for them")
    del app
    return 1 if failed else 0


def tex_fault(t: Transcript) -> str | None:
    """TeX's first complaint about the LaTeX export, empty if it compiles, None if there is no TeX for it.

    The engine is the one that the first line of the file asks for, else pdflatex.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "handout.tex"
        write_export(path, [t])
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        engine = first.rpartition("=")[2].strip() if first.startswith("% !TeX program") else "pdflatex"
        if shutil.which(engine) is None:
            return None
        command = [engine, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", path.name]
        try:
            run = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False)
        except subprocess.TimeoutExpired:
            return f"{engine} did not end"
        if run.returncode == 0:
            return ""
        lines = run.stdout.decode("utf-8", "replace").split("\n")
        at = next((k for k, line in enumerate(lines) if line.startswith("!")), len(lines) - 3)
        return " ".join(lines[at : at + 3])


def text_of(pdf: bytes) -> list[str]:
    """The text of each page, without running head and page number."""
    if shutil.which("pdftotext") is None:
        import io

        from pypdf import PdfReader

        return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    # What lies in the margins would stand in the middle of a sentence that goes on overleaf: they are cropped (points).
    crop = ["-x", "0", "-y", "50", "-W", "600", "-H", "745"]
    run = subprocess.run(["pdftotext", "-q", "-raw", *crop, "-", "-"], input=pdf, capture_output=True, check=True)
    return run.stdout.decode("utf-8", "replace").split("\f")[:-1]


def _missing(t: Transcript, text: str) -> str:
    """What of the words, the outputs or the answer cannot be found in the PDF's text, or empty."""
    squeezed = _squeezed(text)
    wanted: list[str] = []
    for prose in (t.problem, *(p.text for p in t.solution if isinstance(p, Text))):
        wanted += [line for s in split(prose).segments if s.kind == "text" for line in s.source.split("\n")]
    for output in (p for p in t.solution if isinstance(p, Output)):
        wanted += output.stdout.split("\n")[:MAX_OUTPUT_LINES]
    wanted += [t.answer.latex] if t.answer else []
    return next((w for w in wanted if _squeezed(w) not in squeezed), "")


def _squeezed(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())


if __name__ == "__main__":
    sys.exit(main())
