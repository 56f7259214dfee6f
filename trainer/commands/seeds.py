"""``seeds``: GSM8K, MATH or MuMath JSONL files as records of reasoning or code.

The records go to ``seeds-FORMAT.jsonl`` in the run folder; the same problem is taken once.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Iterator
from itertools import chain

from trainer.arguments import add_input_files
from trainer.data import seeds
from trainer.data.records import read_lines
from trainer.data.testsets import refuse_test_sets
from trainer.runs import Run
from trainer.steps import InputFiles, finish
from tutor_app.core.errors import UserFault
from tutor_app.core.transcript import Transcript


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    add_input_files(parser, "FILE")
    parser.add_argument("--format", required=True, choices=sorted(seeds.FORMATS), help="form of the files")
    parser.add_argument("--source", default="", help="name of the source, for provenance (default: by format)")
    parser.add_argument("--licence", default="", help="licence of the source, for provenance (default: by format)")


def main(a: argparse.Namespace) -> int:
    """Run the step; the faults are those of :func:`import_seeds`."""
    run = Run.at(a.run)
    print(import_seeds(run, InputFiles.of(a, run), a.format, source=a.source, licence=a.licence))
    return 0


def import_seeds(run: Run, files: InputFiles, form: str, *, source: str = "", licence: str = "") -> str:
    """Source files to ``seeds-FORMAT.jsonl``; returns what to tell.

    Raises:
        UserFault: If a file cannot be read, holds nothing or is a test set, or a line is bad.
    """
    refuse_test_sets(files.paths, allowed=files.not_tests, named=not source)  # who names the source knows what it is
    name, default = seeds.SOURCES[form]
    source, licence = source or name, licence or default
    step = f"seeds-{form}"
    run.may_write(step, files.paths)
    provenance = run.provenance(step, {"format": form, "source": source, "licence": licence}, files.paths)
    rejects = files.rejects()
    read = seeds.FORMATS[form]
    why: Counter[str] = Counter()

    def unique() -> Iterator[Transcript]:
        seen: set[bytes] = set()
        for path in files.paths:
            for record in read_lines(path, lambda value, line: read(value, line, source, licence), rejects):
                # Ids of a million records are 100 MB as texts.
                name = hashlib.sha256(str(record.meta["id"]).encode()).digest()[:12]
                if name in seen:
                    why["twice the same"] += 1
                    continue
                seen.add(name)
                yield record

    records = unique()
    first = next(records, None)
    if first is None:
        listed = ", ".join(map(str, files.paths))
        raise UserFault(f"There is no {form} record in {listed}.", "Check the files and --format.")
    return finish(run, step, provenance, chain([first], records), why, rejects.lines)
