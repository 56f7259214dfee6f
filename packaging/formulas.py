"""Typesets every distinct formula of a file of problems and lists those that cannot be.

Usage: ``python packaging/formulas.py DATA.jsonl [--show N]``. Each line of the file is a JSON object; every string
in it is searched for mathematics (all delimiters the window understands). Exits with 1 if fewer than 99.9 % can
be typeset.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tutor_app.ui.delimiters import split
from tutor_app.ui.typeset import typeset

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


def main(argv: list[str] | None = None) -> int:
    """Run the measurement; returns the exit code."""
    parser = argparse.ArgumentParser(description="Typeset every formula of a JSON-lines file and list the failures.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=0, help="stop after this many formulas (0: all)")
    args = parser.parse_args(argv)
    wanted = list(formulas(args.data))
    if args.limit:
        wanted = wanted[: args.limit]
    failed = 0
    started = time.perf_counter()
    for n, (source, display) in enumerate(wanted, 1):
        if not typeset(source, display).ok:
            failed += 1
            print(f"cannot typeset: {' '.join(source.split())}")
        if n % 2000 == 0:
            print(f"{n}/{len(wanted)} formulas, {failed} failed", file=sys.stderr)
    seconds = time.perf_counter() - started
    rate = 1 - failed / len(wanted) if wanted else 1.0
    print(
        f"{len(wanted)} distinct formulas, {failed} failed, parse rate {rate:.3%}, "
        f"{len(wanted) / max(seconds, 1e-9):.0f} formulas/s"
    )
    return 0 if rate >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
