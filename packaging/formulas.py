"""Typesets every distinct formula of a file of problems and lists those that cannot be.

Usage: ``python packaging/formulas.py DATA.jsonl [--limit N] [--spoken]``. Each line of the file is a JSON object; every
string in it is searched for mathematics (all delimiters the window understands). Exits with 1 if fewer than 99.9 % can
be typeset; with ``--spoken`` it also says how many have no words and are given back as their source.

``python packaging/formulas.py --golden SHEET.png`` freezes the pictures that the tests compare with anew, from the list
in ``tests/ui/golden``, and draws them all on one sheet: look at it before you commit them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QGuiApplication

from tutor_app.render.typeset import typeset
from tutor_app.text.delimiters import split
from tutor_app.text.speech import spoken

TARGET = 0.999


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
            for text in strings(json.loads(line)) if line.strip() else ():
                for segment in split(text).segments:
                    if segment.kind != "text":
                        found[segment.source, segment.kind == "display"] = None
    return found


def freeze(sheet_file: Path) -> int:
    """Freeze the pictures; returns the exit code."""
    from tests.render import golden_images

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
    failed = silent = 0
    started = time.perf_counter()
    for n, (source, display) in enumerate(wanted, 1):
        if not typeset(source, display).ok:
            failed += 1
            print(f"cannot typeset: {' '.join(source.split())}")
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
    del application
    return 0 if rate >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
