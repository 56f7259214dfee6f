"""Typesets every distinct formula of a file of problems, and judges what is drawn.

Usage: ``python packaging/formulas.py DATA.jsonl [--limit N] [--spoken] [--katex FOLDER]``. Each line of the file is a
JSON object; every string in it is searched for mathematics (all delimiters the window understands), a string named
``latex`` is a formula itself. Exits with 1 if fewer than 99.9 % can be typeset, or if one is drawn more than 1.6 times
as high or as wide as KaTeX lays it out, or the other way round, and ``formulas_judged.txt`` beside this file does not
list it. KaTeX runs in node, from FOLDER (``build/katex``, where npm puts it if it can); without it only heights that
nobody means are found, and the check says so. With ``--spoken`` it also says how many formulas have no words.

``python packaging/formulas.py --golden SHEET.png`` freezes the pictures that the tests compare with anew, from the list
in ``tests/render/golden``, and draws them all on one sheet: look at it before you commit them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QGuiApplication

from tutor_app.render.typeset import Formula, typeset
from tutor_app.text.delimiters import split
from tutor_app.text.speech import spoken

TARGET = 0.999
KATEX = "katex@0.19.1"
FACTOR = 1.6
"""How much higher, wider, lower or narrower than KaTeX's box a formula may be."""
SMALLEST = 1.0
"""In em: smaller boxes count as large as this, for ink is lower than the box of its letters."""
HIGHEST_ROW = 9.0
"""In em: what no row of a formula is higher than, for machines without KaTeX."""
SPACES = re.compile(r"^(?:\s|\\q?quad\b|\\[,;:! ])+|(?:\s|\\q?quad\b|\\[,;:! ])+$")
"""Spaces at the ends of a formula, which KaTeX counts and which are not drawn."""
HERE = Path(__file__).resolve().parent


def strings(value: Any) -> Iterator[str]:
    """Every string inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def formulas(path: Path) -> dict[tuple[str, bool], None]:
    """Distinct (source, display) pairs of the file, in order."""
    found: dict[tuple[str, bool], None] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            value = json.loads(line) if line.strip() else {}
            literal = {value["latex"]} if isinstance(value, dict) and isinstance(value.get("latex"), str) else set()
            for text in strings(value):
                if text in literal:
                    found[text, True] = None
                    continue
                for segment in split(text).segments:
                    if segment.kind != "text":
                        found[segment.source, segment.kind == "display"] = None
    return found


def katex_module(folder: Path) -> Path | None:
    """KaTeX's module in ``folder``, put there by npm if need be; None if this machine cannot have it."""
    module = folder / "node_modules" / "katex" / "dist" / "katex.mjs"
    npm = shutil.which("npm")
    if not module.exists() and npm and shutil.which("node"):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([npm, "install", "--no-save", "--prefix", str(folder), KATEX], check=False, capture_output=True)
    return module if module.exists() and shutil.which("node") else None


def katex_boxes(module: Path, wanted: list[tuple[str, bool]]) -> list[list[float] | None]:
    """Height and width in em of each formula, None where KaTeX has no opinion."""
    done = subprocess.run(
        ["node", str(HERE / "katex_boxes.mjs"), str(module)],
        input=json.dumps([(SPACES.sub("", source), display) for source, display in wanted]),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    boxes: list[list[float] | None] = json.loads(done.stdout)
    return boxes


def judged() -> set[str]:
    """Formulas whose size a person has looked at and found right; each is listed with the reason above it."""
    lines = (HERE / "formulas_judged.txt").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def misjudged(formula: Formula, box: list[float] | None) -> str:
    """How a formula's size differs from its box, or nothing."""
    height = formula.ascent + formula.descent
    if box is None:
        rows = formula.source.count("\\\\") + 1
        return f"{height:.1f} em high" if height > HIGHEST_ROW * rows else ""
    for name, ours, theirs in (("high", height, box[0]), ("wide", formula.width, box[1])):
        ratio = max(ours, SMALLEST) / max(theirs, SMALLEST)
        if max(ratio, 1 / ratio) > FACTOR:
            return f"{ours:.2f} em {name} instead of {theirs:.2f}"
    return ""


def freeze(sheet_file: Path) -> int:
    """Freeze the pictures; returns the exit code."""
    import golden_images

    pictures = list(golden_images.freeze())
    sheet_file.parent.mkdir(parents=True, exist_ok=True)
    size = sum(s.path.stat().st_size for s, _ in pictures if s.is_frozen)
    if not golden_images.sheet(pictures).save(str(sheet_file)):
        print(f"{sheet_file} cannot be written; name another file.", file=sys.stderr)
        return 2
    print(f"{len(pictures)} formulas, {size / 1024:.0f} kB in {golden_images.FOLDER}; look at {sheet_file}.")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run the measurement; returns the exit code."""
    parser = argparse.ArgumentParser(description="Typeset every formula of a JSON-lines file and list the failures.")
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--limit", type=int, default=0, help="stop after this many formulas (0: all)")
    parser.add_argument("--spoken", action="store_true", help="count formulas without words, too")
    parser.add_argument("--katex", type=Path, default=HERE.parent / "build" / "katex", help="where KaTeX is or goes")
    parser.add_argument("--golden", type=Path, metavar="SHEET.png", help="freeze the pictures of the tests instead")
    args = parser.parse_args(argv)
    application = QGuiApplication.instance() or QGuiApplication([])  # text in other scripts is set by Qt
    if args.golden:
        return freeze(args.golden)
    if args.data is None:
        parser.error("name a file of JSON lines, or --golden SHEET.png")
    wanted = list(formulas(args.data))
    if args.limit:
        wanted = wanted[: args.limit]
    module = katex_module(args.katex)
    boxes = katex_boxes(module, wanted) if module else [None] * len(wanted)
    known = judged()
    failed = silent = odd = 0
    started = time.perf_counter()
    for n, ((source, display), box) in enumerate(zip(wanted, boxes, strict=True), 1):
        formula = typeset(source, display)
        line = " ".join(source.split())
        if not formula.ok:
            failed += 1
            print(f"cannot typeset: {line}")
        elif (reason := misjudged(formula, box)) and line not in known:
            odd += 1
            print(f"{reason}: {line}")
        if n % 2000 == 0:
            print(f"{n}/{len(wanted)} formulas, {failed} failed", file=sys.stderr)
    seconds = time.perf_counter() - started
    if args.spoken:
        for source, _ in wanted:
            line = " ".join(source.split())
            if "\\" in line and spoken(source) == line:
                silent += 1
                print(f"cannot say: {line}")
    rate = 1 - failed / len(wanted) if wanted else 1.0
    print(
        f"{len(wanted)} distinct formulas, {failed} failed, parse rate {rate:.3%}, "
        f"{len(wanted) / max(seconds, 1e-9):.0f} formulas/s" + (f", {silent} without words" if args.spoken else "")
    )
    if module:
        compared = sum(box is not None for box in boxes)
        print(f"{compared} compared with KaTeX's boxes, {odd} differ by more than {FACTOR} times")
    else:
        print(f"KaTeX or node is not here: sizes were not compared; {odd} are higher than any formula")
    del application
    return 0 if rate >= TARGET and not odd else 1


if __name__ == "__main__":
    sys.exit(main())
